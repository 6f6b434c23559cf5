//! The keys that sentences among a message's headers name, as the keymap has them.

use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;

/// How each of these is reached in the reader: a key, or `:command`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// Leaves the mailing list.
    pub leave: String,
    /// Loads pictures from the web.
    pub load: String,
    /// Shows the pictures.
    pub show: String,
    /// Accepts an invitation.
    pub accept: String,
    /// Answers it with perhaps.
    pub perhaps: String,
    /// Declines it.
    pub decline: String,
}

impl Ways {
    /// As these keys have them.
    pub fn of(keymap: &Keymap) -> Ways {
        let way = |command| keymap.way_to(Context::Reader, command);
        Ways {
            leave: way(Command::Unsubscribe),
            load: way(Command::LoadPictures),
            show: way(Command::Pictures),
            accept: way(Command::Accept),
            perhaps: way(Command::Tentative),
            decline: way(Command::Decline),
        }
    }
}

impl Default for Ways {
    /// As the usual keys have them.
    fn default() -> Ways {
        let [leave, load, show] = ["U", "P", "I"].map(str::to_owned);
        let [accept, perhaps, decline] = ["i a", "i t", "i d"].map(str::to_owned);
        Ways {
            leave,
            load,
            show,
            accept,
            perhaps,
            decline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_told_its_own_keys() {
        let of = |keys: &str| Ways::of(&Keymap::load(Some(keys)).0);
        assert_eq!(of(""), Ways::default());
        // There, U takes the last action back.
        let alpine = of("preset = \"alpine\"\n");
        assert_eq!(
            (alpine.leave.as_str(), alpine.load.as_str()),
            ("alt-u", "alt-p")
        );
    }
}
