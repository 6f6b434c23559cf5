//! What goes to the terminal's clipboard (OSC 52): text and nothing else, and no more than terminals
//! take. The strictest of them takes 100,000 octets of base64.

/// The most that is copied, in octets before base64.
pub const MOST: usize = 72 * 1024;

/// A text that is fit for a clipboard: without control characters, so that whoever pastes it into a
/// shell runs nothing, and whether something was left out because it was too long.
pub fn clip(text: &str) -> (String, bool) {
    let text = text.replace("\r\n", "\n");
    let mut kept: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let long = kept.len() > MOST;
    if long {
        let end = (0..=MOST).rev().find(|at| kept.is_char_boundary(*at));
        kept.truncate(end.unwrap_or(0));
    }
    (kept, long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s16_only_text_is_copied_and_not_too_much() {
        let (text, long) = clip("one\r\ntwo\x1b[201~\u{9b}0m\tthree\x07");
        assert_eq!((text.as_str(), long), ("one\ntwo[201~0m\tthree", false));
        let (text, long) = clip(&"日".repeat(MOST));
        assert!(long && text.len() <= MOST && text.ends_with('日'));
    }
}
