//! Text to words and parentheses, with the places where they stand.

/// What a query is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(`
    Open,
    /// `)`
    Close,
    /// Anything else up to white space or a parenthesis; quotation marks are still in it.
    Word,
}

/// A piece of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// Octets before it.
    pub at: usize,
    /// As it stands there.
    pub text: &'a str,
    /// What it is.
    pub kind: Kind,
}

impl Piece<'_> {
    /// Octets before what comes behind it.
    pub fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// Cuts at white space and parentheses outside double quotes; an open quote runs to the end.
pub(super) fn cut(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut begun: Option<usize> = None;
    let mut quoted = false;
    let word = |from: usize, to: usize| Piece {
        at: from,
        text: text.get(from..to).unwrap_or_default(),
        kind: Kind::Word,
    };
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        let kind = match c {
            '(' if !quoted => Some(Kind::Open),
            ')' if !quoted => Some(Kind::Close),
            _ => None,
        };
        if kind.is_none() && (quoted || !c.is_whitespace()) {
            begun.get_or_insert(at);
            continue;
        }
        out.extend(begun.take().map(|from| word(from, at)));
        out.extend(kind.map(|kind| Piece {
            at,
            text: text.get(at..=at).unwrap_or_default(),
            kind,
        }));
    }
    out.extend(begun.map(|from| word(from, text.len())));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_together_what_spaces_and_parentheses_part() {
        let cut = |text: &'static str| -> Vec<(usize, &str)> {
            cut(text).iter().map(|p| (p.at, p.text)).collect()
        };
        assert_eq!(
            cut(r#"a (b c)-d:"e (f" "g"#),
            [
                (0, "a"),
                (2, "("),
                (3, "b"),
                (5, "c"),
                (6, ")"),
                (7, r#"-d:"e (f""#),
                (17, "\"g")
            ]
        );
        assert_eq!(cut(" \u{3000}ü\u{a0}"), [(4, "ü")]);
        assert!(cut("").is_empty());
    }
}
