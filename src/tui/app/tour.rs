//! The tour: ten keys, learned by doing. One key at a time stands first in the hint line; who pressed
//! it is told the next. Nothing is covered and nothing is held back: every other key does what it
//! does, and the command that began the tour ends it. Keys are asked of the keymap, so the tour
//! teaches those of the preset in use. Pure.

use crate::lang::{self, mark, tr};
use crate::text::{Clean, width};
use crate::tui::app::keys::Hint;
use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;

/// The offer goes after so many commands.
const OFFERED: usize = 15;
/// Columns from which the long words have room beside other hints.
const WIDE: u16 = 80;

/// A step: the command that is taught, in few words and in more.
struct Step {
    command: Command,
    few: &'static str,
    more: &'static str,
}

const fn step(command: Command, few: &'static str, more: &'static str) -> Step {
    Step { command, few, more }
}

/// What is taught, each once.
const STEPS: [Step; 10] = [
    step(
        Command::Down,
        mark!("goes one line down"),
        mark!("goes one line down"),
    ),
    step(
        Command::Open,
        mark!("opens the message"),
        mark!("opens the message"),
    ),
    step(
        Command::Back,
        mark!("closes it again"),
        mark!("closes it again; it always leads back"),
    ),
    step(
        Command::Star,
        mark!("sets a star"),
        mark!("sets a star, or takes it away"),
    ),
    step(
        Command::Archive,
        mark!("archives it"),
        mark!("puts it into Archive: done, and out of the inbox"),
    ),
    step(
        Command::Undo,
        mark!("takes that back"),
        mark!("takes that back, as it does everything"),
    ),
    step(
        Command::Search,
        mark!("searches: a word, enter"),
        mark!("searches all mail: type a word, then enter"),
    ),
    step(
        Command::GoInbox,
        mark!("goes to the inbox"),
        mark!("goes to the inbox, key after key"),
    ),
    step(
        Command::Compose,
        mark!("writes; its keys stand below"),
        mark!("writes a message; how to leave it stands at the bottom then"),
    ),
    step(
        Command::Help,
        mark!("shows every key here"),
        mark!("shows every key that holds here"),
    ),
];

/// Where the tour is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tour {
    /// Nowhere.
    #[default]
    Off,
    /// Offered, for so many commands more.
    Offered(usize),
    /// At the step of this number, from 0.
    At(usize),
}

impl Tour {
    /// At the start of the program.
    pub fn offered(offered: bool) -> Tour {
        match offered {
            true => Tour::Offered(OFFERED),
            false => Tour::Off,
        }
    }

    /// A command was given. Says something where it ended the tour.
    pub fn did(&mut self, command: Command, keymap: &Keymap) -> Option<Clean> {
        if command == Command::Tour {
            let was = std::mem::take(self);
            if matches!(was, Tour::At(_)) {
                return Some(Clean::lit(tr!("The tour is over.")));
            }
            *self = Tour::At(0);
            return None;
        }
        match *self {
            Tour::Off => None,
            Tour::Offered(left) => {
                *self = left.checked_sub(1).map_or(Tour::Off, Tour::Offered);
                None
            }
            Tour::At(n) if STEPS.get(n).is_none_or(|s| s.command != command) => None,
            Tour::At(n) if n + 1 < STEPS.len() => {
                *self = Tour::At(n + 1);
                None
            }
            Tour::At(_) => {
                *self = Tour::Off;
                let palette = keymap.way_to(Context::Index, Command::Palette);
                let text = tr!(
                    "These were ten. {key} finds every other command by a part of its name.",
                    key = palette
                );
                Some(Clean::line(&text))
            }
        }
    }

    /// What stands first in the hint line of a screen of this width.
    pub fn hints(&self, keymap: &Keymap, cols: u16) -> Vec<Hint> {
        // The shortest way, and of several the first.
        let key = |command| {
            let keys = keymap.keys_of(Context::Index, command).into_iter();
            let short = keys.min_by_key(|key| key.split(' ').count());
            short.unwrap_or_else(|| keymap.way_to(Context::Index, command))
        };
        let fits = |key: &str, words: &str| {
            // As much as the line takes: a blank before it, one behind the key, two at the end.
            let room = usize::from(cols).saturating_sub(width::width(key) + 4);
            (Clean::line(key), Clean::line(&width::cut(words, room)))
        };
        match *self {
            Tour::Off => Vec::new(),
            Tour::Offered(_) => vec![fits(
                &key(Command::Tour),
                tr!("teaches ten keys, in two minutes"),
            )],
            Tour::At(n) => {
                let Some(step) = STEPS.get(n) else {
                    return Vec::new();
                };
                let words = lang::of(if cols < WIDE { step.few } else { step.more });
                let words = format!("{}/{} {words}", n + 1, STEPS.len());
                let ends = fits(&key(Command::Tour), tr!("ends the tour"));
                vec![fits(&key(step.command), &words), ends]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::keys::Keys;

    fn words(hints: &[Hint]) -> Vec<String> {
        let each = hints.iter();
        each.map(|(key, what)| format!("{key} {what}")).collect()
    }

    fn keymap(keys: &str) -> std::sync::Arc<Keymap> {
        let (keys, trouble) = Keys::load(Some(keys), &[]);
        assert!(trouble.is_empty(), "{trouble:?}");
        std::sync::Arc::clone(keys.map())
    }

    #[test]
    fn each_step_waits_for_its_key_and_the_tour_ends_after_ten() {
        let keymap = keymap("");
        let mut tour = Tour::offered(true);
        assert_eq!(
            words(&tour.hints(&keymap, 40)),
            ["g ? teaches ten keys, in two minutes"]
        );
        assert_eq!(tour.did(Command::Tour, &keymap), None);
        assert_eq!(
            words(&tour.hints(&keymap, 40)),
            ["j 1/10 goes one line down", "g ? ends the tour"]
        );
        // Other keys do what they do, and the tour waits.
        assert_eq!(tour.did(Command::Up, &keymap), None);
        assert_eq!(tour, Tour::At(0));
        for step in &STEPS[..9] {
            assert_eq!(tour.did(step.command, &keymap), None);
        }
        let last = tour.did(Command::Help, &keymap).unwrap();
        assert!(last.as_str().contains("ctrl-k finds"), "{last}");
        assert_eq!((tour, tour.hints(&keymap, 200)), (Tour::Off, Vec::new()));
    }

    #[test]
    fn it_ends_at_any_time_and_an_offer_ends_by_itself() {
        let keymap = keymap("");
        let mut tour = Tour::At(4);
        let said = tour.did(Command::Tour, &keymap).unwrap();
        assert_eq!((said.as_str(), tour), ("The tour is over.", Tour::Off));
        let mut tour = Tour::offered(true);
        for _ in 0..=OFFERED {
            tour.did(Command::Down, &keymap);
        }
        assert_eq!((tour, Tour::offered(false)), (Tour::Off, Tour::Off));
    }

    #[test]
    fn every_preset_is_taught_its_own_keys_in_forty_columns() {
        for (preset, lang) in ["gmail", "mutt", "aerc", "alpine", "emacs"]
            .into_iter()
            .flat_map(|preset| lang::Lang::ALL.map(|lang| (preset, lang)))
        {
            let keymap = keymap(&format!("preset = \"{preset}\"\n"));
            for (n, step) in STEPS.iter().enumerate() {
                let (shown, few) = lang::during(lang, || {
                    let shown = Tour::At(n).hints(&keymap, 40).remove(0);
                    (shown, lang::of(step.few))
                });
                let cols = width::width(shown.0.as_str()) + width::width(shown.1.as_str());
                assert!(cols + 4 <= 40, "{preset}: {shown:?}");
                // Nothing of it is cut off, and it is a key, not a name to type.
                assert!(shown.1.as_str().ends_with(few), "{preset}: {shown:?}");
                assert!(!shown.0.as_str().starts_with(":"), "{preset}: {shown:?}");
            }
        }
        let alpine = keymap("preset = \"alpine\"\n");
        let gmail = keymap("");
        assert_ne!(
            Tour::At(0).hints(&alpine, 80),
            Tour::At(0).hints(&gmail, 80)
        );
    }
}
