//! Text as what people take for one character: extended grapheme clusters (UAX #29). Most text is
//! plain ASCII, for which no table of properties has to be asked.

use unicode_segmentation::UnicodeSegmentation as _;

/// Every grapheme with the octets before it.
pub fn symbols(text: &str) -> Symbols<'_> {
    Symbols { text, at: 0 }
}

/// See [`symbols`].
#[derive(Clone, Debug)]
pub struct Symbols<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Symbols<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.text.get(self.at..)?;
        // Between two of these there always is a boundary, whatever stands around them.
        let symbol = match rest.as_bytes() {
            [first] if is_plain(*first) => rest,
            [first, second, ..] if is_plain(*first) && is_plain(*second) => rest.get(..1)?,
            _ => rest.graphemes(true).next()?,
        };
        let at = self.at;
        self.at += symbol.len();
        Some((at, symbol))
    }
}

fn is_plain(octet: u8) -> bool {
    (0x20..0x7f).contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_what_the_standard_says(
            text in "([a-z ]|[\\r\\n\\t\u{7f}]|\\PC|[\u{300}\u{301}\u{200d}\u{fe0f}🇦🇧🇨👩👧🏽]|[각ㄱ가\u{0600}क्]){0,24}"
        ) {
            let ours: Vec<(usize, &str)> = symbols(&text).collect();
            let theirs: Vec<(usize, &str)> = text.grapheme_indices(true).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
