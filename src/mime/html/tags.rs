//! Elements by name: which say nothing, which stand on lines of their own, how items are numbered
//! (HTML §15, rendering).

use super::style::{Look, pixels};
use super::tree::{Attributes, Dom, Id};
use crate::lang::mark;

/// Whether what is in it is never text.
pub fn is_silent(tag: &str) -> bool {
    matches!(
        tag,
        "style"
            | "script"
            | "head"
            | "title"
            | "noscript"
            | "template"
            | "svg"
            | "object"
            | "iframe"
            | "video"
            | "audio"
            | "canvas"
            | "select"
            | "textarea"
            | "datalist"
            | "input"
            | "map"
            | "meta"
            | "link"
            | "base"
            | "applet"
            | "embed"
            | "progress"
            | "meter"
            | "frameset"
    )
}

/// Whether it stands on lines of its own unless styles say otherwise; none that nobody knows does.
pub fn is_block(tag: &str) -> bool {
    matches!(
        tag,
        "p" | "div"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "ul"
            | "ol"
            | "menu"
            | "dir"
            | "li"
            | "dl"
            | "dt"
            | "dd"
            | "blockquote"
            | "pre"
            | "listing"
            | "xmp"
            | "plaintext"
            | "table"
            | "hr"
            | "section"
            | "article"
            | "aside"
            | "header"
            | "footer"
            | "main"
            | "nav"
            | "center"
            | "form"
            | "fieldset"
            | "legend"
            | "figure"
            | "figcaption"
            | "details"
            | "summary"
            | "body"
            | "html"
            | "caption"
            | "tr"
            | "hgroup"
            | "search"
            | "optgroup"
    )
}

/// The sign of an item of a numbered list.
pub fn numeral(kind: &str, n: i64) -> String {
    let text = match (kind, u32::try_from(n)) {
        ("a" | "A", Ok(n)) if (1..=702).contains(&n) => letters(n),
        ("i" | "I", Ok(n)) if (1..=3999).contains(&n) => roman(n),
        _ => n.to_string(),
    };
    if matches!(kind, "A" | "I") {
        format!("{}.", text.to_uppercase())
    } else {
        format!("{text}.")
    }
}

fn letters(n: u32) -> String {
    let letter = |n: u32| u8::try_from(n).map_or('?', |n| char::from(b'a' + n % 26));
    match n.checked_sub(27) {
        Some(rest) => [letter(rest / 26), letter(rest % 26)].iter().collect(),
        None => letter(n.saturating_sub(1)).to_string(),
    }
}

fn roman(mut n: u32) -> String {
    const SIGNS: [(u32, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    let mut out = String::new();
    for (value, sign) in SIGNS {
        while n >= value {
            out.push_str(sign);
            n -= value;
        }
    }
    out
}

/// What is said in place of a drawing: what it can ask for has no end.
pub const NOT_DRAWN: &str = mark!("picture (SVG), not shown");

/// Whether a picture is a drawing, by where it lies.
pub fn is_drawing(source: &str) -> bool {
    let source = source.trim_start();
    let begins = |sign: &str| {
        let begin = source.get(..sign.len());
        begin.is_some_and(|b| b.eq_ignore_ascii_case(sign))
    };
    let path = source.split(['?', '#']).next().unwrap_or_default();
    let ending = path.get(path.len().saturating_sub(4)..);
    let named = ending.is_some_and(|e| e.eq_ignore_ascii_case(".svg"));
    begins("data:image/svg") || begins("http") && named
}

/// The width and the height of a picture in pixels, as far as the page says.
pub fn sides(attributes: Attributes<'_>, look: &Look) -> [Option<f32>; 2] {
    let side = |name: &str, said: Option<f32>| {
        said.or_else(|| attributes.get(name).and_then(|v| pixels(v.trim())))
    };
    [side("width", look.width), side("height", look.height)]
}

/// Whether a picture's words say more than that there is one.
pub fn tells(alt: &str) -> bool {
    const NOTHING: [&str; 24] = [
        "image",
        "img",
        "images",
        "picture",
        "photo",
        "pic",
        "bild",
        "foto",
        "logo",
        "icon",
        "spacer",
        "banner",
        "header",
        "footer",
        "divider",
        "line",
        "separator",
        "hero",
        "pixel",
        "blank",
        "placeholder",
        "background",
        "shadow",
        "arrow",
    ];
    let lower = alt.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    if bare.is_empty() || NOTHING.contains(&bare) {
        return false;
    }
    // The name of a file or an address is not for people.
    let is_file = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"]
        .iter()
        .any(|e| lower.ends_with(e));
    !(is_file
        || lower.starts_with("http:")
        || lower.starts_with("https:")
        || lower.starts_with("cid:"))
}

/// Whether an element begins with the header of a message, as Outlook puts it above what it
/// quotes: its first words are those for From.
pub fn begins_a_header(dom: &Dom, node: Id) -> bool {
    const FROM: [&str; 16] = [
        "From:",
        "Von:",
        "De:",
        "De :",
        "Da:",
        "Van:",
        "Från:",
        "Fra:",
        "Lähettäjä:",
        "Od:",
        "От:",
        "发件人:",
        "寄件者:",
        "差出人:",
        "보낸 사람:",
        "Kimden:",
    ];
    let Some(first) = first_words(dom, node) else {
        return false;
    };
    let first = first
        .trim()
        .replace(['\u{a0}', '：'], " ")
        .replace("  ", " ");
    FROM.iter()
        .any(|f| first.starts_with(f) || first.trim_end() == f.trim_end_matches(':').trim_end())
}

fn first_words(dom: &Dom, node: Id) -> Option<String> {
    let mut todo = vec![node];
    let mut looked = 0;
    while let Some(node) = todo.pop() {
        looked += 1;
        if looked > 50 {
            return None;
        }
        match dom.text(node) {
            Some(words) if !words.trim().is_empty() => {
                return Some(words.chars().take(40).collect());
            }
            _ => todo.extend(dom.children(node).rev()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_numbered_as_asked() {
        let all: Vec<String> = [
            ("1", 7),
            ("a", 1),
            ("a", 26),
            ("a", 27),
            ("A", 52),
            ("i", 4),
            ("I", 9),
            ("a", -1),
        ]
        .iter()
        .map(|(kind, n)| numeral(kind, *n))
        .collect();
        assert_eq!(all, ["7.", "a.", "z.", "aa.", "AZ.", "iv.", "IX.", "-1."]);
    }

    #[test]
    fn drawings_are_known_by_where_they_lie() {
        for yes in [
            "data:image/svg+xml;utf8,<svg>",
            "https://x.example/a.SVG?b=.png",
        ] {
            assert!(is_drawing(yes), "{yes}");
        }
        for no in ["https://x.example/a.png?b=.svg", "cid:a.svg", "svg", ""] {
            assert!(!is_drawing(no), "{no}");
        }
    }

    #[test]
    fn words_of_pictures_are_weighed() {
        assert!(tells("Garden letters"));
        for nothing in [
            "",
            "Image",
            "[image]",
            "logo.png",
            "https://x.example/",
            "—",
        ] {
            assert!(!tells(nothing), "{nothing}");
        }
    }
}
