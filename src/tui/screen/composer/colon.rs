//! The colon of vi in the composer: `:w`, `:q`, `:wq` as fingers know them, and the composer's own
//! commands by name.

use super::{Composer, Outcome, Over};
use crate::lang::{self, mark, tr};
use crate::text::Clean;
use crate::tui::command::{Command, Context};
use crate::tui::screen::prompt::{Kind, Outcome as Typed, Prompt};
use std::time::Instant;

/// What can be typed, for who doesn't know.
const KNOWN: &str = mark!("w saves, q closes, wq keeps the draft, send sends; or another command");

/// What a word after the colon means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    /// Save, and go on.
    Save,
    /// Run this.
    Run(Command),
}

fn meant(word: &str) -> Option<Meant> {
    Some(match word {
        "w" | "write" | "w!" => Meant::Save,
        "q" | "quit" | "close" => Meant::Run(Command::Leave),
        "q!" | "quit!" => Meant::Run(Command::Discard),
        "wq" | "wq!" | "x" | "x!" | "xit" => Meant::Run(Command::KeepDraft),
        name => {
            let named = Command::from_name(name);
            Meant::Run(named.filter(|c| c.fits(Context::Composer))?)
        }
    })
}

impl Composer {
    /// Asks for what comes after the colon.
    pub(super) fn ask_colon(&mut self) {
        let mut prompt = Prompt::new(Clean::lit(":"), Kind::Text, "");
        prompt.remark(Clean::lit(lang::of(KNOWN)));
        self.over = Over::Colon(prompt);
    }

    /// What came of typing after the colon.
    pub(super) fn colon(&mut self, outcome: &Typed, now: Instant, out: &mut Vec<Outcome>) {
        let text = match outcome {
            Typed::Stay | Typed::Changed => return,
            Typed::Text(text) => text.trim(),
            _ => "",
        };
        let Some(meant) = meant(text) else {
            if let Over::Colon(prompt) = &mut self.over
                && !text.is_empty()
            {
                let said = tr!(
                    "`{text}` is not a command here; {known}",
                    text,
                    known = lang::of(KNOWN)
                );
                prompt.fail(&said);
                return;
            }
            self.over = Over::Nothing;
            return;
        };
        self.over = Over::Nothing;
        match meant {
            Meant::Save => self.save_if(self.saves.unsaved(), out),
            Meant::Run(command) => self.run(command, now, out),
        }
    }
}
