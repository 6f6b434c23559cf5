//! The tags of a page, one after the other, without a tree: quick, linear in time, and nothing that
//! anybody could build up.

use std::borrow::Cow;

/// Elements that have no end tag.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// A tag, or a comment or declaration.
pub struct Tag<'a> {
    /// Lower case; empty for comments and declarations.
    pub name: Cow<'a, str>,
    /// Whether it ends an element.
    pub closing: bool,
    /// Whether it says that it is all of its element.
    empty: bool,
    /// The attributes.
    rest: &'a str,
}

impl<'a> Tag<'a> {
    /// Whether it begins an element that another tag ends.
    pub fn opens(&self) -> bool {
        !self.closing && !self.empty && !self.is_void()
    }

    /// Whether its element has no end tag.
    pub fn is_void(&self) -> bool {
        VOID.contains(&&*self.name)
    }

    /// The value of an attribute as it stands, empty for one that has none.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let blank = |c: char| c.is_ascii_whitespace();
        let mut rest = self.rest;
        loop {
            rest = rest.trim_start_matches(|c: char| blank(c) || c == '/');
            let first = rest.chars().next()?.len_utf8();
            let ends = |c: char| blank(c) || c == '/' || c == '=';
            let end = rest
                .get(first..)?
                .find(ends)
                .map_or(rest.len(), |n| n + first);
            let (own, after) = rest.split_at(end);
            let (value, next) = match after.trim_start_matches(blank).strip_prefix('=') {
                None => ("", after),
                Some(value) => {
                    let value = value.trim_start_matches(blank);
                    match value.chars().next() {
                        Some(quote @ ('"' | '\'')) => {
                            let inner = value.get(1..).unwrap_or_default();
                            inner.split_once(quote).unwrap_or((inner, ""))
                        }
                        _ => value.split_at(value.find(blank).unwrap_or(value.len())),
                    }
                }
            };
            if own.eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = next;
        }
    }
}

/// What follows a comment that has begun, whose ends are not only the usual ones (HTML, 13.2.5.43
/// to 13.2.5.51).
fn commented(comment: &str) -> &str {
    for whole in [">", "->"] {
        if let Some(after) = comment.strip_prefix(whole) {
            return after;
        }
    }
    let mut rest = comment;
    while let Some((_, after)) = rest.split_once("--") {
        // Of several dashes the last two count.
        let after = after.trim_start_matches('-');
        match after.strip_prefix("!>").or(after.strip_prefix('>')) {
            Some(after) => return after,
            None => rest = after,
        }
    }
    ""
}

/// The tag or comment at the start of `text`, and what follows it.
pub fn tag(text: &str) -> Option<(Tag<'_>, &str)> {
    let nothing = |after| {
        let tag = Tag {
            name: Cow::Borrowed(""),
            closing: false,
            empty: true,
            rest: "",
        };
        Some((tag, after))
    };
    if let Some(comment) = text.strip_prefix("<!--") {
        // Without an end, everything that follows is comment.
        return nothing(commented(comment));
    }
    if text.starts_with("<!") || text.starts_with("<?") {
        return nothing(text.split_once('>').map_or("", |(_, after)| after));
    }
    let inside = text.strip_prefix('<')?;
    let (closing, inside) = match inside.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, inside),
    };
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let name_end = inside
        .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')
        .unwrap_or(inside.len());
    let (name, rest) = inside.split_at(name_end);
    let end = tag_end(rest);
    let attributes = rest.get(..end).unwrap_or_default();
    let tag = Tag {
        name: short(name),
        closing,
        empty: attributes.ends_with('/'),
        rest: attributes,
    };
    Some((tag, rest.get(end + 1..).unwrap_or_default()))
}

/// As much of a name as is compared, in lower case.
fn short(name: &str) -> Cow<'_, str> {
    let (name, _) = name.split_at(name.floor_char_boundary(40));
    match name.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => Cow::Borrowed(name),
    }
}

/// Where the `>` of a tag is: not inside quotes, unless the quotes never end.
fn tag_end(rest: &str) -> usize {
    let mut quote: Option<u8> = None;
    for (n, b) in rest.bytes().enumerate().take(64 << 10) {
        match (quote, b) {
            (Some(q), _) if q == b => quote = None,
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'>') => return n,
            _ => {}
        }
    }
    rest.find('>').unwrap_or(rest.len())
}

#[cfg(test)]
mod comments {
    use super::tag;

    #[test]
    fn a_comment_ends_as_it_does_for_a_parser() {
        for (page, after) in [
            ("<!-- a -->b", "b"),
            ("<!-- a --!>b", "b"),
            ("<!-->b", "b"),
            ("<!--->b", "b"),
            ("<!---->b", "b"),
            ("<!-- a ---->b", "b"),
            ("<!-- a -- b --! c -->d", "d"),
            ("<!-- a", ""),
        ] {
            assert_eq!(tag(page).unwrap().1, after, "{page}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_are_found_however_they_are_written() {
        let (tag, after) = tag("<P a=1 HIDDEN style = 'x: \"y\"' =b c=\"d>e\" f/>rest").unwrap();
        assert_eq!((&*tag.name, after), ("p", "rest"));
        for (name, want) in [
            ("a", Some("1")),
            ("hidden", Some("")),
            ("style", Some("x: \"y\"")),
            ("c", Some("d>e")),
            ("f", Some("")),
            ("x", None),
        ] {
            assert_eq!(tag.attribute(name), want, "{name}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "<(a|/|!|--|\"|'|=|é| |>|\\PC){0,40}") {
            if let Some((tag, _)) = tag(&text) {
                tag.attribute("style");
            }
        }
    }
}
