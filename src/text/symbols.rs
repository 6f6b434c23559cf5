//! Text as what people take for one character: extended grapheme clusters (UAX #29). Most text is
//! of letters that never join with each other, for which no table of properties has to be asked.

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
            [] => return None,
            [first, second, ..] if is_printable(*first) && is_printable(*second) => {
                rest.get(..1)?
            }
            _ => {
                let mut chars = rest.chars();
                let plain = chars.next().is_some_and(is_plain);
                let end = rest.len() - chars.as_str().len();
                match plain && chars.next().is_none_or(is_plain) {
                    true => rest.get(..end)?,
                    false => rest.graphemes(true).next()?,
                }
            }
        };
        let at = self.at;
        self.at += symbol.len();
        Some((at, symbol))
    }
}

fn is_printable(octet: u8) -> bool {
    (0x20..0x7f).contains(&octet)
}

/// Whether a character is drawn as it is and is one grapheme wherever only its like stand beside
/// it: letters, digits and signs of most scripts that need no shaping. Not all that are so.
pub fn is_plain(c: char) -> bool {
    matches!(u32::from(c),
        0x20..=0x7e | 0xa0..=0xac | 0xae..=0x2ff
        // Greek, Cyrillic, Armenian; what is above and below Latin letters.
        | 0x370..=0x377 | 0x37b..=0x37f | 0x384..=0x38a | 0x38e..=0x3a1 | 0x3a3..=0x482
        | 0x48a..=0x52f | 0x531..=0x556 | 0x561..=0x586 | 0x1e00..=0x1eff
        // Dashes, quotation marks, money.
        | 0x2010..=0x2027 | 0x2030..=0x203b | 0x203d..=0x2048 | 0x20a0..=0x20bf
        // Chinese, Japanese, whole Korean syllables, and their signs.
        | 0x3000..=0x3029 | 0x3041..=0x3096 | 0x30a1..=0x30fa | 0x30fc..=0x30fe
        | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xff01..=0xff60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_ones_are_one_each() {
        let plain = || ('\0'..=char::MAX).filter(|c| is_plain(*c));
        // Each beside some of every kind, from both sides.
        let others: Vec<char> = plain().step_by(997).collect();
        for c in plain() {
            for other in others
                .iter()
                .chain(['a', 'é', '日', '가', '각', '©'].iter())
            {
                let pair: String = [c, *other, c].iter().collect();
                assert_eq!(pair.graphemes(true).count(), 3, "{pair:?}");
            }
        }
    }

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
