//! The only kind of string that the screen draws.
//!
//! Whatever a mail, a server or a file says goes through [`Clean`] before it is shown. What a
//! terminal could obey (C0, C1, DEL) becomes a visible picture of itself; what could make text
//! look like other text (bidirectional controls, zero-width characters, tags, invisible fillers)
//! is taken out; what could overflow a cell (a grapheme of more than [`MAX_POINTS`] code points)
//! is cut. RFC 2047 §5 and §6.2 leave this to the client; Unicode TR 36 and "Trojan Source"
//! (CVE-2021-42574) say why it is needed.

use super::symbols::{is_plain, symbols};
use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

/// The most code points that one grapheme keeps.
pub const MAX_POINTS: usize = 8;

/// Columns between tab stops in [`Clean::block`].
const TAB: usize = 8;

/// Text that is safe to draw. It can only be made by cleaning.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clean(String);

impl Clean {
    /// One line: line breaks and tabs become spaces.
    pub fn line(text: &str) -> Clean {
        if is_clean(text) {
            return Clean(text.to_owned());
        }
        Clean(clean(text, false))
    }

    /// As [`Clean::line`], of a text that is not needed otherwise: most need no cleaning.
    pub fn from_line(text: String) -> Clean {
        if is_clean(&text) {
            return Clean(text);
        }
        Clean(clean(&text, false))
    }

    /// Several lines: `\n` stays (`\r\n`, `\r` and Unicode's own line ends become it), tabs are
    /// expanded to stops of eight columns.
    pub fn block(text: &str) -> Clean {
        if is_clean(text) {
            return Clean(text.to_owned());
        }
        Clean(clean(text, true))
    }

    /// Text of our own, which is clean already.
    pub fn lit(text: &'static str) -> Clean {
        debug_assert_eq!(clean(text, true), text, "not clean");
        Clean(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, to be put together with other.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Clean {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Whether a text is clean, as most are; a quick look that may miss some.
fn is_clean(text: &str) -> bool {
    let printable = |b: &u8| (0x20..0x7f).contains(b);
    let plain = text.bytes().take_while(|b| printable(b)).count();
    // Up to there it is ASCII.
    text.get(plain..)
        .is_some_and(|rest| rest.chars().all(is_plain))
}

fn clean(text: &str, lines: bool) -> String {
    let filtered = filter(text, lines);
    // Nothing below the first combining mark is ever part of another character.
    if filtered.chars().all(|c| c < '\u{300}') {
        return filtered;
    }
    bound_graphemes(&filtered)
}

/// Replaces and removes single characters.
fn filter(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let put = match c {
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => {
                column = 0;
                out.push(if lines { '\n' } else { ' ' });
                continue;
            }
            '\t' if lines => {
                let fill = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', fill));
                column += fill;
                continue;
            }
            '\t' => ' ',
            // U+2400 and on are the pictures of the control characters.
            '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            '\u{80}'..='\u{9f}' => '\u{fffd}',
            '\u{200d}' => {
                let joins = out.chars().next_back().is_some_and(joins_left)
                    && chars.peek().is_some_and(|next| is_pictograph(*next));
                if !joins {
                    continue;
                }
                c
            }
            '\u{fe0f}' => {
                let keycap = chars.peek() == Some(&'\u{20e3}');
                let styles = out.chars().next_back().is_some_and(|last| {
                    is_pictograph(last) || (keycap && matches!(last, '0'..='9' | '#' | '*'))
                });
                if !styles {
                    continue;
                }
                c
            }
            _ if is_hidden(c) => continue,
            _ if is_noncharacter(c) => '\u{fffd}',
            _ => c,
        };
        column += 1;
        out.push(put);
    }
    out
}

/// Cuts every grapheme to [`MAX_POINTS`] code points, so that what remains holds no longer one.
fn bound_graphemes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut cut_before = false;
    for (_, symbol) in symbols(text) {
        if cut_before && joined(&out, symbol) {
            // Hangul and prepended marks would flow together again across the cut.
            out.push('\u{fffd}');
        }
        let kept = symbol
            .char_indices()
            .nth(MAX_POINTS)
            .and_then(|(end, _)| symbol.get(..end));
        cut_before = kept.is_some();
        out.push_str(kept.map_or(symbol, |k| k.trim_end_matches(['\u{200d}', '\u{fe0f}'])));
    }
    out
}

/// Whether the end of `before` and the start of `after` would be one grapheme.
fn joined(before: &str, after: &str) -> bool {
    let (Some(last), Some(first)) = (before.chars().next_back(), after.chars().next()) else {
        return false;
    };
    let pair: String = [last, first].iter().collect();
    pair.graphemes(true).count() == 1
}

/// Characters that take no room or change the direction of others, and those that look like a
/// space but are letters. A zero-width non-joiner has honest uses, but not one that is worth a
/// look-alike address.
fn is_hidden(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x70f | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f
        | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x13430..=0x1343f | 0x1bca0..=0x1bca3
        | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

fn is_noncharacter(c: char) -> bool {
    let n = u32::from(c);
    (0xfdd0..=0xfdef).contains(&n) || n & 0xfffe == 0xfffe
}

/// Whether a joiner after this character can be a part of an emoji.
fn joins_left(c: char) -> bool {
    is_pictograph(c) || c == '\u{fe0f}'
}

/// Whether this is a picture that emoji sequences are made of (roughly Extended_Pictographic and
/// the skin tones; what is taken in too much by a range only ever keeps a joiner between pictures).
fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c),
        0xa9 | 0xae | 0x203c | 0x2049 | 0x2122 | 0x2139 | 0x2190..=0x21ff | 0x2300..=0x23ff
        | 0x24c2 | 0x25a0..=0x27bf | 0x2934..=0x2935 | 0x2b05..=0x2b55 | 0x3030 | 0x303d
        | 0x3297 | 0x3299 | 0x1f000..=0x1faff)
}

/// Whether a character may never stand in cleaned text (besides `\n` in blocks, and besides
/// U+200D and U+FE0F, which depend on their neighbours). For tests of whoever shows text.
pub fn is_forbidden(c: char) -> bool {
    c.is_control() || (is_hidden(c) && c != '\u{200d}' && c != '\u{fe0f}') || is_noncharacter(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s15_control_characters_become_visible() {
        assert_eq!(Clean::line("a\u{1b}[2Jb").as_str(), "a␛[2Jb");
        assert_eq!(
            Clean::line("\u{7f}\u{9b}31m\u{7}\0").as_str(),
            "␡\u{fffd}31m␇␀"
        );
        assert_eq!(
            Clean::line("a\r\nBcc: x\ty\u{2028}z").as_str(),
            "a Bcc: x y z"
        );
    }

    #[test]
    fn s18_tricks_are_taken_out() {
        assert_eq!(
            Clean::line("invoice\u{202e}fdp.exe").as_str(),
            "invoicefdp.exe"
        );
        assert_eq!(
            Clean::line("pay\u{200b}pal\u{feff}\u{e0041}").as_str(),
            "paypal"
        );
        assert_eq!(Clean::line("a\u{200d}b\u{fe0f}").as_str(), "ab");
    }

    #[test]
    fn what_is_plain_is_clean() {
        for c in ('\0'..=char::MAX).filter(|c| is_plain(*c)) {
            let text = format!("a{c}{c}é");
            assert_eq!(clean(&text, true), text, "{c:?}");
            assert_eq!(clean(&text, false), text, "{c:?}");
            assert!(!is_forbidden(c), "{c:?}");
        }
    }

    #[test]
    fn real_emoji_stay_whole() {
        for emoji in [
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "🏳\u{fe0f}\u{200d}🌈",
            "👍🏽",
            "🇩🇪",
        ] {
            assert_eq!(Clean::line(emoji).as_str(), emoji);
        }
    }

    #[test]
    fn s18_floods_of_marks_are_cut() {
        let flood = format!("x{}y", "\u{301}".repeat(1_000_000));
        assert_eq!(Clean::line(&flood).as_str().chars().count(), MAX_POINTS + 1);
        let split = format!("x{}", "\u{301}\u{200b}".repeat(100));
        assert_eq!(Clean::line(&split).as_str().chars().count(), MAX_POINTS);
    }

    #[test]
    fn blocks_keep_lines_and_expand_tabs() {
        assert_eq!(
            Clean::block("a\tb\r\n\tc\rd").as_str(),
            "a       b\n        c\nd"
        );
    }

    fn hostile() -> impl Strategy<Value = String> {
        let nasty = prop::sample::select(vec![
            '\u{1b}',
            '\u{9b}',
            '\u{7f}',
            '\u{202e}',
            '\u{200d}',
            '\u{fe0f}',
            '\u{200b}',
            '\u{e0041}',
            '\n',
            '\t',
            '\r',
            '\u{301}',
            '\u{1100}',
            '\u{11a8}',
            '\u{ac00}',
            '\u{600}',
            '👩',
            '❤',
            '🇩',
            'a',
            '\u{fdd0}',
            '\u{110bd}',
        ]);
        prop::collection::vec(prop_oneof![3 => nasty, 1 => any::<char>()], 0..60)
            .prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_forbidden_is_left(text in hostile()) {
            let line = Clean::line(&text);
            prop_assert!(!line.as_str().chars().any(is_forbidden));
            let block = Clean::block(&text);
            prop_assert!(!block.as_str().chars().any(|c| c != '\n' && is_forbidden(c)));
            for symbol in line.as_str().graphemes(true) {
                prop_assert!(symbol.chars().count() <= MAX_POINTS, "{:?}", symbol);
            }
            // What is left of joiners stands between pictures.
            let left: Vec<char> = line.as_str().chars().collect();
            for (i, c) in left.iter().enumerate() {
                if *c == '\u{200d}' {
                    prop_assert!(joins_left(left[i - 1]) && is_pictograph(left[i + 1]));
                }
            }
            prop_assert_eq!(Clean::line(line.as_str()), line);
        }
    }
}
