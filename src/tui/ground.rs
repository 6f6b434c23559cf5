//! What the terminal says of its background, found among the keys.
//!
//! The question is OSC 11 (xterm's control sequences, "Operating System Commands"). The answer
//! comes as if it were typed: crossterm reads it as Alt-`]`, letter by letter, and Alt-`\` or
//! Ctrl-G. [`Ear`] takes exactly that out of the keys and lets through everything else, whenever
//! it comes: an answer that is late must not run commands.

use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyModifiers};

/// The question, to be written to the terminal.
pub const ASK: &str = "\x1b]11;?\x1b\\";

/// How an answer begins after its Alt-`]`.
const BEGIN: &str = "11;rgb";
/// No answer is longer: `11;rgba:` and four times four digits.
const LONGEST: usize = 32;

/// What was heard.
#[derive(Debug, Default, PartialEq)]
pub struct Heard {
    /// What is no part of an answer, in order.
    pub through: Vec<Raw>,
    /// Whether the background is light, if that was the answer.
    pub light: Option<bool>,
}

impl Heard {
    fn only(raw: Raw) -> Heard {
        Heard {
            through: vec![raw],
            light: None,
        }
    }
}

/// Listens to the keys.
#[derive(Debug, Default)]
pub struct Ear {
    held: Vec<Raw>,
    said: String,
}

impl Ear {
    /// Whether keys are held back because they may be an answer.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes what crossterm read.
    pub fn hear(&mut self, raw: Raw) -> Heard {
        let Raw::Key(key) = raw else {
            return self.interrupted(raw);
        };
        if is(&key, ']', KeyModifiers::ALT) {
            let through = self.release();
            self.held.push(raw);
            return Heard {
                through,
                light: None,
            };
        }
        if !self.holds() {
            return Heard::only(raw);
        }
        let ends = is(&key, '\\', KeyModifiers::ALT) || is(&key, 'g', KeyModifiers::CONTROL);
        if ends && let Some(light) = is_light(&self.said) {
            self.held.clear();
            self.said.clear();
            return Heard {
                through: Vec::new(),
                light: Some(light),
            };
        }
        match key.code {
            KeyCode::Char(c) if !ends && self.may_go_on(c, key.modifiers) => {
                self.said.push(c);
                self.held.push(raw);
                Heard::default()
            }
            _ => self.interrupted(raw),
        }
    }

    /// Gives back what is held: nothing more came.
    pub fn release(&mut self) -> Vec<Raw> {
        self.said.clear();
        std::mem::take(&mut self.held)
    }

    fn interrupted(&mut self, raw: Raw) -> Heard {
        let mut through = self.release();
        through.push(raw);
        Heard {
            through,
            light: None,
        }
    }

    fn may_go_on(&self, c: char, modifiers: KeyModifiers) -> bool {
        if !(KeyModifiers::SHIFT).contains(modifiers) {
            return false;
        }
        match BEGIN.chars().nth(self.said.len()) {
            Some(wanted) => c == wanted,
            None => self.said.len() < LONGEST && (c.is_ascii_hexdigit() || matches!(c, ':' | '/')),
        }
    }
}

fn is(key: &KeyEvent, c: char, modifiers: KeyModifiers) -> bool {
    key.code == KeyCode::Char(c) && key.modifiers == modifiers
}

/// Whether `11;rgb:RRRR/GGGG/BBBB` is a light colour; `None` if it is no colour. Each part has one
/// to four digits, of the full scale that so many digits have.
fn is_light(said: &str) -> Option<bool> {
    let (_, colour) = said.strip_prefix(BEGIN)?.split_once(':')?;
    let mut parts = colour.split('/').map(|digits| {
        let most = 16f64.powi(i32::try_from(digits.len()).ok()?) - 1.0;
        let value = u16::from_str_radix(digits, 16).ok()?;
        Some(f64::from(value) / most)
    });
    let mut next = || parts.next().flatten();
    let (r, g, b) = (next()?, next()?, next()?);
    // How bright it looks (ITU-R BT.601).
    Some(0.299 * r + 0.587 * g + 0.114 * b > 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(c: char, modifiers: KeyModifiers) -> Raw {
        Raw::Key(KeyEvent::new(KeyCode::Char(c), modifiers))
    }

    fn typed(text: &str) -> Vec<Raw> {
        let shift = |c: char| match c.is_ascii_uppercase() {
            true => KeyModifiers::SHIFT,
            false => KeyModifiers::NONE,
        };
        text.chars().map(|c| key(c, shift(c))).collect()
    }

    fn answer(text: &str, end: Raw) -> Vec<Raw> {
        let mut all = vec![key(']', KeyModifiers::ALT)];
        all.extend(typed(text));
        all.push(end);
        all
    }

    fn hear(ear: &mut Ear, raws: &[Raw]) -> Heard {
        let mut all = Heard::default();
        for raw in raws {
            let heard = ear.hear(raw.clone());
            all.through.extend(heard.through);
            all.light = heard.light.or(all.light);
        }
        all
    }

    #[test]
    fn answers_are_taken_out_of_the_keys() {
        let st = || key('\\', KeyModifiers::ALT);
        let bell = || key('g', KeyModifiers::CONTROL);
        for (text, end, light) in [
            ("11;rgb:ffff/ffff/ffff", st(), true),
            ("11;rgb:0000/2B2B/3636", bell(), false),
            ("11;rgb:fd/f6/e3", st(), true),
            ("11;rgb:0/0/0", bell(), false),
            ("11;rgba:1e1e/1e1e/2e2e/ffff", st(), false),
        ] {
            let mut ear = Ear::default();
            let mut all = typed("j");
            all.extend(answer(text, end));
            all.extend(typed("k"));
            let heard = hear(&mut ear, &all);
            assert_eq!(heard.light, Some(light), "{text}");
            assert_eq!(heard.through, typed("jk"), "{text}");
            assert!(!ear.holds());
        }
    }

    #[test]
    fn what_is_no_answer_is_let_through_whole() {
        let st = || key('\\', KeyModifiers::ALT);
        for text in [
            "",
            "1",
            "11;",
            "10;rgb:0/0/0",
            "11;rgb:0/0",
            "11;rgb:0/0/xyz",
            "11;rgb:12345/0/0",
        ] {
            let mut ear = Ear::default();
            let all = answer(text, st());
            let mut heard = hear(&mut ear, &all);
            heard.through.extend(ear.release());
            assert_eq!(heard.through, all, "{text}");
            assert_eq!(heard.light, None);
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_held_for_long(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just(vec![key(']', KeyModifiers::ALT)]),
                    Just(typed("11;rgb:")),
                    "[0-9a-fA-F/:;]{0,6}".prop_map(|t| typed(&t)),
                    Just(vec![Raw::FocusGained]),
                    Just(vec![key('x', KeyModifiers::ALT)]),
                ],
                0..12,
            )
        ) {
            let all: Vec<Raw> = pieces.concat();
            let mut ear = Ear::default();
            let mut heard = hear(&mut ear, &all);
            prop_assert!(ear.held.len() <= LONGEST + 1);
            heard.through.extend(ear.release());
            prop_assert_eq!(heard.light, None);
            prop_assert_eq!(heard.through, all);
        }
    }
}
