//! Sequences by which a terminal tells its user of something while another window is looked at:
//! OSC 9 (iTerm2), OSC 777 (rxvt-unicode, foot, Ghostty, WezTerm, VTE), OSC 99 (kitty), else the bell.
//!
//! Only cleaned text goes in, of bounded length, and nothing of it can end the sequence or be taken
//! for its syntax. Which terminal it is, the environment tells; it is asked nothing.

use super::clean::Clean;
use super::width;
use crate::lang::tr;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Columns of a title and of what follows it.
const TITLE: usize = 80;
const BODY: usize = 240;

/// How a terminal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its bell.
    Bell,
    /// OSC 9: one text.
    Nine,
    /// OSC 777: a title and a text.
    Seven,
    /// OSC 99: a title and a text, encoded.
    Kitty,
}

impl Way {
    /// What this terminal is known to understand, by its environment. Inside another that draws
    /// for it (tmux, screen) there is only the bell.
    pub fn found(var: impl Fn(&str) -> Option<String>) -> Way {
        let var = |name: &str| var(name).unwrap_or_default();
        let (term, program) = (var("TERM"), var("TERM_PROGRAM"));
        let inside = ["TMUX", "STY", "ZELLIJ"].iter().any(|v| !var(v).is_empty());
        if inside || term.starts_with("tmux") || term.starts_with("screen") {
            return Way::Bell;
        }
        if term == "xterm-kitty" || !var("KITTY_WINDOW_ID").is_empty() {
            return Way::Kitty;
        }
        let seven = [
            "foot",
            "rxvt-unicode",
            "xterm-ghostty",
            "contour",
            "wezterm",
        ];
        let seven = seven.iter().any(|t| term.starts_with(t));
        if seven
            || matches!(program.as_str(), "ghostty" | "WezTerm")
            || !var("VTE_VERSION").is_empty()
        {
            return Way::Seven;
        }
        if program == "iTerm.app" || var("LC_TERMINAL") == "iTerm2" {
            return Way::Nine;
        }
        Way::Bell
    }

    /// What is written to tell this.
    pub fn sequence(self, title: &Clean, body: &Clean) -> String {
        let title = plain(title, TITLE);
        let body = plain(body, BODY);
        match self {
            Way::Bell => "\x07".to_owned(),
            // Numbers at its beginning would be another command (ConEmu's).
            Way::Nine => {
                let told = tr!("Mail: {title}: {body}", title, body);
                format!("\x1b]9;{told}\x1b\\")
            }
            Way::Seven => format!("\x1b]777;notify;{title};{body}\x1b\\"),
            Way::Kitty => {
                let (title, body) = (BASE64.encode(title), BASE64.encode(body));
                format!(
                    "\x1b]99;i=postrider:d=0:e=1;{title}\x1b\\\x1b]99;i=postrider:d=1:e=1:p=body;{body}\x1b\\"
                )
            }
        }
    }
}

/// What gives the window a title (OSC 2).
pub fn title(title: &Clean) -> String {
    format!("\x1b]2;{}\x1b\\", plain(title, TITLE))
}

/// Whether the terminal's window has a title that can be put back, by its environment: not a console,
/// and not screen, which would take it for the name of its own window and keep it.
pub fn has_title(var: impl Fn(&str) -> Option<String>) -> bool {
    let var = |name: &str| var(name).unwrap_or_default();
    let term = var("TERM");
    let screen = !var("STY").is_empty() && var("TMUX").is_empty();
    !screen && !matches!(term.as_str(), "" | "linux" | "dumb" | "vt100" | "vt220")
}

/// Whether a terminal is worth being asked for kitty's keyboard protocol, by its environment: those
/// that have it say who they are, and those that draw for another have none of it.
pub fn may_have_kitty_keys(var: impl Fn(&str) -> Option<String>) -> bool {
    let var = |name: &str| var(name).unwrap_or_default();
    let (term, program) = (var("TERM"), var("TERM_PROGRAM"));
    if ["TMUX", "STY"].iter().any(|v| !var(v).is_empty())
        || term.starts_with("tmux")
        || term.starts_with("screen")
    {
        return false;
    }
    let named = [
        "kitty",
        "foot",
        "ghostty",
        "alacritty",
        "wezterm",
        "rio",
        "contour",
    ];
    let known = [
        "KITTY_WINDOW_ID",
        "ALACRITTY_WINDOW_ID",
        "WEZTERM_PANE",
        "ZELLIJ",
    ];
    named.iter().any(|n| term.contains(n))
        || known.iter().any(|v| !var(v).is_empty())
        || matches!(
            program.as_str(),
            "ghostty" | "WezTerm" | "iTerm.app" | "rio" | "vscode"
        )
}

/// So much of a text, without what separates the fields of a sequence.
fn plain(text: &Clean, cols: usize) -> String {
    width::cut(text.as_str(), cols).replace(';', ",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_terminal_is_told_in_its_way() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> = set
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            Way::found(move |name| set.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        assert_eq!(of(&[]), Way::Bell);
        assert_eq!(of(&[("TERM", "xterm-256color")]), Way::Bell);
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Way::Kitty);
        assert_eq!(of(&[("TERM", "foot")]), Way::Seven);
        assert_eq!(
            of(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7402")]),
            Way::Seven
        );
        assert_eq!(of(&[("TERM_PROGRAM", "iTerm.app")]), Way::Nine);
        assert_eq!(
            of(&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")]),
            Way::Bell
        );
    }

    #[test]
    fn titles_and_keys_are_for_terminals_that_have_them() {
        let of = |set: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = set.iter().find(|(k, _)| *k == name);
                found.map(|(_, v)| (*v).to_owned())
            }
        };
        assert!(has_title(of(&[("TERM", "xterm-256color")])));
        assert!(has_title(of(&[
            ("TERM", "screen-256color"),
            ("TMUX", "x"),
            ("STY", "y")
        ])));
        assert!(!has_title(of(&[("TERM", "screen"), ("STY", "1.x")])));
        assert!(!has_title(of(&[("TERM", "linux")])));
        assert!(may_have_kitty_keys(of(&[("TERM", "xterm-kitty")])));
        assert!(may_have_kitty_keys(of(&[
            ("TERM", "xterm-256color"),
            ("ZELLIJ", "0")
        ])));
        assert!(!may_have_kitty_keys(of(&[
            ("TERM", "xterm-kitty"),
            ("TMUX", "x")
        ])));
        assert!(!may_have_kitty_keys(of(&[("TERM", "xterm-256color")])));
        let written = title(&Clean::line("a\u{1b}]0;b\u{7}"));
        assert_eq!(written.matches('\u{1b}').count(), 2, "{written:?}");
        assert!(!written.contains('\u{7}'));
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_acts_on_the_terminal(title in any::<String>(), body in any::<String>()) {
            let (title, body) = (Clean::line(&title), Clean::line(&body));
            for way in [Way::Bell, Way::Nine, Way::Seven, Way::Kitty] {
                let written = way.sequence(&title, &body);
                let begins = written.matches("\x1b]").count();
                let ends = written.matches("\x1b\\").count();
                let escapes = written.matches('\x1b').count();
                prop_assert_eq!((begins, begins * 2), (ends, escapes));
                let controls = written.chars().filter(|c| c.is_control()).count();
                prop_assert_eq!(controls, escapes + usize::from(way == Way::Bell));
                prop_assert!(written.len() < 4_096 * 2);
                if way == Way::Seven {
                    prop_assert_eq!(written.matches(';').count(), 3);
                }
            }
        }
    }
}
