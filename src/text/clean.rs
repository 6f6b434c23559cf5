//! The only kind of text that is drawn: whatever came from outside, made harmless.
//!
//! A message chooses every byte of its headers and body. Control characters would drive the
//! terminal, bidi controls would reorder what stands beside them, invisible characters would hide
//! differences, and towers of combining marks would break the layout. [`Clean`] has none of them,
//! and nothing else makes one (RFC 2047 §5, UTS #55).

use std::fmt;
use unicode_segmentation::UnicodeSegmentation;

/// Text without control characters, bidi controls, invisible characters or overlong graphemes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clean(String);

/// Columns between tab stops in a block.
const TAB: usize = 8;
/// Code points of one grapheme that are kept: enough for a family emoji with joiners.
const LONGEST_GRAPHEME: usize = 8;

impl Clean {
    /// One line: line ends and tabs become spaces.
    pub fn line(text: &str) -> Clean {
        Clean(clean(text, false))
    }

    /// Several lines, ended by `\n`; CR LF and lone CR count as line ends, tabs are expanded.
    pub fn block(text: &str) -> Clean {
        Clean(clean(text, true))
    }

    /// A text of our own, written in the source.
    pub fn lit(text: &'static str) -> Clean {
        Clean(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to see.
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

fn clean(text: &str, block: bool) -> String {
    if is_plain(text, block) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut column = 0usize;
    for grapheme in text.graphemes(true) {
        match grapheme {
            "\r\n" | "\n" | "\r" if block => {
                out.push('\n');
                column = 0;
            }
            "\r\n" | "\n" | "\r" => out.push(' '),
            "\t" if block => {
                let spaces = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            "\t" => out.push(' '),
            _ => {
                push_grapheme(&mut out, grapheme);
                column += 1;
            }
        }
    }
    out
}

/// The common case, decided without looking at graphemes.
fn is_plain(text: &str, block: bool) -> bool {
    text.bytes()
        .all(|b| matches!(b, 0x20..=0x7e) || (block && b == b'\n'))
}

fn push_grapheme(out: &mut String, grapheme: &str) {
    let emoji = grapheme.chars().any(is_pictographic);
    let mut kept = 0usize;
    for c in grapheme.chars() {
        let shown = match c {
            '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
            '\u{7f}' => Some('\u{2421}'),
            '\u{80}'..='\u{9f}' => Some('\u{fffd}'),
            '\u{2028}' | '\u{2029}' => Some(' '),
            // Joiners and variation selectors mean something inside an emoji only.
            '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' if emoji && kept > 0 => Some(c),
            c if is_invisible(c) => None,
            c => Some(c),
        };
        if let Some(c) = shown {
            if kept == LONGEST_GRAPHEME {
                return;
            }
            out.push(c);
            kept += 1;
        }
    }
}

/// Characters that show nothing themselves but change or hide what others show.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Roughly the characters that emoji sequences are built on.
fn is_pictographic(c: char) -> bool {
    matches!(c,
        '#' | '*' | '0'..='9' | '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2194}'..='\u{21aa}' | '\u{231a}'..='\u{27bf}' | '\u{2934}' | '\u{2935}'
        | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
        | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_shown_not_obeyed() {
        assert_eq!(
            Clean::line("a\x1b]0;t\x07b\u{9b}2J\x7f").as_str(),
            "a␛]0;t␇b\u{fffd}2J␡"
        );
        assert_eq!(Clean::line("a\r\nb\tc\nd").as_str(), "a b c d");
        assert_eq!(Clean::block("a\r\nb\rc\td").as_str(), "a\nb\nc       d");
    }

    #[test]
    fn order_and_invisible_tricks_are_gone() {
        assert_eq!(
            Clean::line("invoice\u{202e}fdp.exe").as_str(),
            "invoicefdp.exe"
        );
        assert_eq!(
            Clean::line("pay\u{200b}pal\u{e0041}\u{feff}").as_str(),
            "paypal"
        );
    }

    #[test]
    fn emoji_stay_whole_and_towers_are_cut() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        assert_eq!(Clean::line(family).as_str(), family);
        let zalgo = format!("z{}", "\u{301}".repeat(1_000_000));
        assert_eq!(
            Clean::line(&zalgo).as_str().chars().count(),
            LONGEST_GRAPHEME
        );
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(text in "\\PC*|(.|\\p{Cc}|\\p{Cf}){0,60}") {
            for (block, cleaned) in [(false, Clean::line(&text)), (true, Clean::block(&text))] {
                for c in cleaned.as_str().chars() {
                    prop_assert!(!c.is_control() || (block && c == '\n'), "{c:?}");
                    prop_assert!(!is_invisible(c) || matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}'), "{c:?}");
                }
            }
        }
    }
}
