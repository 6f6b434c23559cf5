//! The signs on the screen: Unicode's, those of a Nerd Font where the user asks for them, and plain
//! ASCII where the terminal takes nothing else.
//!
//! Who draws writes Unicode. A Nerd Font's signs stand in their place where [`Signs::of`] is asked;
//! ASCII is made of the finished frame ([`Signs::finish`]), so that no part of the screen can forget
//! it, and a mail's text is shown as well as ASCII can.

use crate::config::Icons;
use crate::model::Role;
use crate::text::Clean;
use crate::text::fold::bare;
use ratatui::buffer::Buffer;
use unicode_segmentation::UnicodeSegmentation as _;

/// Which signs are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signs {
    /// Those that every font has.
    #[default]
    Unicode,
    /// Those of a Nerd Font, where it has better ones.
    Nerd,
    /// Nothing beyond ASCII.
    Ascii,
}

/// What a Nerd Font has for a sign.
const NERD: [(&str, &str); 14] = [
    ("✓", "\u{f00c}"),
    ("●", "\u{f111}"),
    ("★", "\u{f005}"),
    ("⊘", "\u{f1f6}"),
    ("✎", "\u{f040}"),
    ("↩", "\u{f112}"),
    ("→", "\u{f064}"),
    ("+", "\u{f0c6}"),
    ("◌", "\u{f10c}"),
    ("✕", "\u{f00d}"),
    ("!", "\u{f071}"),
    ("▸", "\u{f054}"),
    ("▾", "\u{f078}"),
    ("✗", "\u{f00d}"),
];

/// What ASCII has for a sign. Each stands in one cell.
const ASCII: [(char, char); 68] = [
    ('✓', 'x'),
    ('●', '*'),
    ('◌', 'o'),
    ('★', '!'),
    ('⊘', 'm'),
    ('✎', 'd'),
    ('↩', 'r'),
    ('→', '>'),
    ('←', '<'),
    ('↑', '^'),
    ('↓', 'v'),
    ('✕', 'X'),
    ('▸', '>'),
    ('▾', 'v'),
    ('⟳', '~'),
    ('⚠', '!'),
    ('…', '.'),
    ('·', '.'),
    ('•', '*'),
    ('─', '-'),
    ('━', '-'),
    ('═', '='),
    ('│', '|'),
    ('┃', '|'),
    ('┆', '|'),
    ('▏', '|'),
    ('▎', '|'),
    ('▍', '.'),
    ('▌', '#'),
    ('▐', '#'),
    ('├', '|'),
    ('└', '`'),
    ('┌', '+'),
    ('┐', '+'),
    ('┘', '+'),
    ('┤', '+'),
    ('┬', '+'),
    ('┴', '+'),
    ('┼', '+'),
    ('╭', '+'),
    ('╮', '+'),
    ('╯', '+'),
    ('╰', '+'),
    ('█', '#'),
    ('▉', '#'),
    ('▊', '#'),
    ('▋', '#'),
    ('░', '.'),
    ('▒', ':'),
    ('▓', '#'),
    ('▀', '"'),
    ('▄', '_'),
    ('‘', '\''),
    ('’', '\''),
    ('“', '"'),
    ('”', '"'),
    ('«', '"'),
    ('»', '"'),
    ('–', '-'),
    ('—', '-'),
    ('×', 'x'),
    ('\u{a0}', ' '),
    ('€', 'E'),
    ('£', 'L'),
    ('✗', 'X'),
    ('›', '>'),
    ('‹', '<'),
    ('↵', '<'),
];

/// What ASCII has for a lower case letter that is none with an accent.
const LETTERS: [(char, char); 11] = [
    ('æ', 'a'),
    ('œ', 'o'),
    ('þ', 't'),
    ('ß', 's'),
    ('ſ', 's'),
    ('ŋ', 'n'),
    ('ŉ', 'n'),
    ('ħ', 'h'),
    ('ŧ', 't'),
    ('ŀ', 'l'),
    ('ə', 'e'),
];

impl Signs {
    /// What the user set, or for `auto` what the environment tells: a locale that is named and is not
    /// UTF-8 has a terminal that takes our octets for something else.
    pub fn found(icons: Icons, var: impl Fn(&str) -> Option<String>) -> Signs {
        match icons {
            Icons::Unicode => Signs::Unicode,
            Icons::Nerd => Signs::Nerd,
            Icons::Ascii => Signs::Ascii,
            Icons::Auto => {
                let mut names = ["LC_ALL", "LC_CTYPE", "LANG"].iter();
                let locale = names.find_map(|name| var(name).filter(|v| !v.is_empty()));
                let lower = locale.map(|l| l.to_ascii_lowercase());
                let other = |l: &String| !l.contains("utf-8") && !l.contains("utf8");
                match lower.as_ref().is_some_and(other) {
                    true => Signs::Ascii,
                    false => Signs::Unicode,
                }
            }
        }
    }

    /// The same for this process.
    pub fn of_process(icons: Icons) -> Signs {
        Signs::found(icons, |name| std::env::var(name).ok())
    }

    /// The sign that is shown for one of Unicode's.
    pub fn of(self, sign: &'static str) -> &'static str {
        match self {
            Signs::Nerd => {
                let mut all = NERD.iter();
                all.find(|(known, _)| *known == sign)
                    .map_or(sign, |(_, nerd)| nerd)
            }
            Signs::Unicode | Signs::Ascii => sign,
        }
    }

    /// The sign of a mailbox, where there are such signs.
    pub fn mailbox(self, role: Option<Role>) -> Option<&'static str> {
        (self == Signs::Nerd).then_some(match role {
            Some(Role::Inbox) => "\u{f01c}",
            Some(Role::Sent) => "\u{f1d8}",
            Some(Role::Drafts) => "\u{f040}",
            Some(Role::Trash) => "\u{f1f8}",
            Some(Role::Junk) => "\u{f05e}",
            Some(Role::Archive | Role::All) => "\u{f187}",
            _ => "\u{f07b}",
        })
    }

    /// What of a text may be written beside the frame: a title, an announcement. In a terminal that
    /// is not UTF-8 the octets of a letter would end a sequence or begin another.
    pub fn written(self, text: &Clean) -> Clean {
        match self {
            Signs::Unicode | Signs::Nerd => text.clone(),
            Signs::Ascii => {
                let plain: String = text.as_str().graphemes(true).map(plain).collect();
                Clean::line(&plain)
            }
        }
    }

    /// Makes of a finished frame what the terminal can take.
    pub fn finish(self, buf: &mut Buffer) {
        if self != Signs::Ascii {
            return;
        }
        for cell in &mut buf.content {
            let symbol = cell.symbol();
            if symbol.is_ascii() {
                continue;
            }
            let plain = plain(symbol);
            cell.set_char(plain);
        }
    }
}

/// What ASCII has for a grapheme; a question mark, if it has nothing.
fn plain(symbol: &str) -> char {
    let Some(first) = symbol.chars().next() else {
        return ' ';
    };
    if first.is_ascii() {
        // A letter with a mark behind it.
        return first;
    }
    let sign = ASCII.iter().find(|(c, _)| *c == first).map(|(_, a)| *a);
    sign.or_else(|| letter(first)).unwrap_or('?')
}

/// The letter of ASCII that is nearest, in the same case.
fn letter(letter: char) -> Option<char> {
    // A capital may become a letter and a mark.
    let lower = letter.to_lowercase().next()?;
    let known = LETTERS.iter().find(|(c, _)| *c == lower);
    let bare = known.map_or_else(|| bare(lower), |(_, a)| *a);
    let cased = match letter.is_uppercase() {
        true => bare.to_ascii_uppercase(),
        false => bare,
    };
    cased.is_ascii_alphabetic().then_some(cased)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use unicode_width::UnicodeWidthStr as _;

    #[test]
    fn the_locale_decides_unless_the_user_does() {
        let of = |icons, locale: &str| {
            let locale = locale.to_owned();
            Signs::found(icons, move |name| (name == "LANG").then(|| locale.clone()))
        };
        assert_eq!(of(Icons::Auto, "de_DE.UTF-8"), Signs::Unicode);
        assert_eq!(of(Icons::Auto, "C.utf8"), Signs::Unicode);
        assert_eq!(of(Icons::Auto, ""), Signs::Unicode, "nobody says so");
        assert_eq!(of(Icons::Auto, "C"), Signs::Ascii);
        assert_eq!(of(Icons::Auto, "de_DE.ISO-8859-1"), Signs::Ascii);
        assert_eq!(of(Icons::Nerd, "C"), Signs::Nerd);
        assert_eq!(of(Icons::Unicode, "C"), Signs::Unicode);
    }

    #[test]
    fn nothing_but_ascii_is_left_and_nothing_moves() {
        let area = Rect::new(0, 0, 24, 1);
        let mut buf = Buffer::empty(area);
        buf.set_string(0, 0, "●★│é日本ß…└e\u{301}Ж", Style::default());
        Signs::Ascii.finish(&mut buf);
        let shown: String = buf.content.iter().map(|c| c.symbol()).collect();
        assert_eq!(shown.trim_end(), "*!|e? ? s.`e?");
        assert!(shown.is_ascii());
    }

    #[test]
    fn letters_keep_their_case_and_lose_only_their_marks() {
        let plain: String = "ÝŷÆæŒþÐðĞŞŽźŁßøØẞ".graphemes(true).map(plain).collect();
        assert_eq!(plain, "YyAaOtDdGSZzLsoOS");
    }

    #[test]
    fn what_is_written_beside_the_frame_has_no_octet_that_ends_a_sequence() {
        let text = Clean::line("postrider: Überschrift, é, Û, 日本");
        let written = Signs::Ascii.written(&text);
        assert_eq!(written.as_str(), "postrider: Uberschrift, e, U, ??");
        assert_eq!(Signs::Unicode.written(&text), text);
    }

    /// The signs in a source's literals, comments and tests left out.
    fn signs_in(source: &str) -> impl Iterator<Item = (&str, char)> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = source.lines().filter(|l| !l.trim_start().starts_with("//"));
        lines.flat_map(|line| line.chars().map(move |c| (line, c)))
    }

    #[test]
    fn ascii_has_something_for_every_sign_that_a_screen_writes() {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                // What is looked for in what was written or said is never drawn.
                if name == "announced.rs"
                    || name == "answers.rs"
                    || name == "tests"
                    || name == "tests.rs"
                    || name == "vi_tests.rs"
                {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                if !name.ends_with(".rs") {
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                // The signs of a Nerd Font are asked for one by one, and never where there is ASCII.
                let private = '\u{e000}'..='\u{f8ff}';
                for (line, sign) in signs_in(&source) {
                    let fine = sign.is_ascii() || private.contains(&sign);
                    assert!(
                        fine || plain(&sign.to_string()) != '?',
                        "{}: {sign} in {line}",
                        path.display()
                    );
                }
            }
        }
    }

    #[test]
    fn a_nerd_font_has_one_column_for_each_of_its_signs() {
        for (_, sign) in NERD {
            assert_eq!(sign.width(), 1);
        }
        assert_eq!(Signs::Nerd.of("★"), "\u{f005}");
        assert_eq!(Signs::Unicode.of("★"), "★");
        assert_eq!(Signs::Nerd.of("?"), "?");
    }
}
