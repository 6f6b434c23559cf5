//! One key as people write it: `g`, `ctrl-k`, `alt-r`, `enter`, `#`.
//!
//! Terminals tell the same key in several ways (`J` with or without Shift, Shift-Tab as a key of
//! its own); here each has one form, so that what is bound is what is pressed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// A key in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// The keys that have a name.
const NAMES: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("shift-tab", KeyCode::BackTab),
];

/// The modifiers that count.
const MODIFIERS: [(&str, KeyModifiers); 3] = [
    ("ctrl-", KeyModifiers::CONTROL),
    ("alt-", KeyModifiers::ALT),
    ("shift-", KeyModifiers::SHIFT),
];

/// The key that a terminal without kitty's protocol would tell instead: there Ctrl and one of these
/// letters is what Esc, Enter, Tab and the key that erases send, and some type them so.
pub fn older(event: &KeyEvent) -> Option<KeyEvent> {
    let key = Key::of(event);
    if key.modifiers != KeyModifiers::CONTROL {
        return None;
    }
    let code = match key.code {
        KeyCode::Char('[') => KeyCode::Esc,
        KeyCode::Char('m') => KeyCode::Enter,
        KeyCode::Char('i') => KeyCode::Tab,
        KeyCode::Char('h') => KeyCode::Backspace,
        _ => return None,
    };
    Some(KeyEvent::new(code, KeyModifiers::NONE))
}

impl Key {
    /// The key of an event, in its one form.
    pub fn of(event: &KeyEvent) -> Key {
        Key::new(event.code, event.modifiers)
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Key {
        let mut modifiers =
            modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let mut code = code;
        let shifted = modifiers.contains(KeyModifiers::SHIFT);
        match code {
            KeyCode::Tab if shifted => code = KeyCode::BackTab,
            // A letter with Ctrl is told in lower case by most terminals, in either by some.
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
            KeyCode::Char(c) if shifted => code = KeyCode::Char(c.to_ascii_uppercase()),
            _ => {}
        }
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers.remove(KeyModifiers::SHIFT);
        }
        Key { code, modifiers }
    }

    /// Reads one key.
    ///
    /// # Errors
    /// In plain words: no key has this name.
    pub fn parse(text: &str) -> Result<Key, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            if let Some((_, code)) = NAMES.iter().find(|(n, _)| *n == rest) {
                return Ok(Key::new(*code, modifiers));
            }
            let found = MODIFIERS
                .iter()
                .find_map(|(n, m)| rest.strip_prefix(n).map(|r| (r, *m)));
            match found {
                // `ctrl--` is Ctrl with a minus.
                Some((after, modifier)) if !after.is_empty() => {
                    modifiers |= modifier;
                    rest = after;
                }
                _ => break,
            }
        }
        let mut letters = rest.chars();
        if let (Some(c), None) = (letters.next(), letters.next())
            && !c.is_control()
        {
            return Ok(Key::new(KeyCode::Char(c), modifiers));
        }
        let number = rest.strip_prefix('f').and_then(|n| n.parse::<u8>().ok());
        match number {
            Some(n) if (1..=12).contains(&n) => Ok(Key::new(KeyCode::F(n), modifiers)),
            _ => Err(format!("there is no key `{text}`")),
        }
    }

    /// Reads keys with spaces between them.
    ///
    /// # Errors
    /// As [`Key::parse`]; also for no key at all and for more than four.
    pub fn sequence(text: &str) -> Result<Vec<Key>, String> {
        let keys: Vec<Key> = text
            .split_whitespace()
            .map(Key::parse)
            .collect::<Result<_, _>>()?;
        match keys.len() {
            0 => Err("a key is missing; the space bar is written `space`".to_owned()),
            1..=4 => Ok(keys),
            _ => Err(format!("`{text}` is longer than four keys")),
        }
    }

    /// The event that a terminal sends for it.
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// The letter, digit or sign that it is, without another key held.
    pub fn letter(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() => Some(c),
            _ => None,
        }
    }

    /// Whether it is the plain Escape key, which takes a begun sequence back.
    pub fn is_escape(self) -> bool {
        self.code == KeyCode::Esc && self.modifiers.is_empty()
    }

    /// Whether typing it writes a letter or sign.
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_))
            && !self
                .modifiers
                .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMES.iter().find(|(_, c)| *c == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "f{n}"),
            _ => f.write_str("?"),
        }
    }
}

/// Keys one after another, as in a key file.
pub fn written(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(Key::to_string).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> String {
        Key::of(&KeyEvent::new(code, modifiers)).to_string()
    }

    #[test]
    fn every_way_to_tell_a_key_is_one_key() {
        let shift = KeyModifiers::SHIFT;
        assert_eq!(pressed(KeyCode::Char('J'), shift), "J");
        assert_eq!(pressed(KeyCode::Char('j'), shift), "J");
        assert_eq!(pressed(KeyCode::Char('J'), KeyModifiers::NONE), "J");
        assert_eq!(pressed(KeyCode::Char('#'), shift), "#");
        assert_eq!(pressed(KeyCode::Tab, shift), "shift-tab");
        assert_eq!(pressed(KeyCode::BackTab, shift), "shift-tab");
        assert_eq!(pressed(KeyCode::Char('K'), KeyModifiers::CONTROL), "ctrl-k");
        assert_eq!(pressed(KeyCode::Enter, KeyModifiers::CONTROL), "ctrl-enter");
        assert_eq!(pressed(KeyCode::Char(' '), KeyModifiers::NONE), "space");
    }

    #[test]
    fn written_keys_are_read_back() {
        for name in [
            "g",
            "G",
            "#",
            "-",
            "ctrl--",
            "alt-r",
            "ctrl-alt-x",
            "ctrl-k",
            "shift-tab",
            "space",
            "f12",
            "ctrl-enter",
            "shift-up",
            "é",
            "alt-1",
        ] {
            assert_eq!(Key::parse(name).unwrap().to_string(), name);
        }
        for bad in ["", "ctrl-", "gg", "f13", "return", "hyper-x", "\u{1b}"] {
            assert!(Key::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(written(&Key::sequence(" g  g ").unwrap()), "g g");
        assert!(Key::sequence("a b c d e").is_err() && Key::sequence(" ").is_err());
    }
}
