//! What was typed on the command line before, gone through with the arrows from an empty line.

use super::{Kind, Outcome, Prompt};

impl Prompt {
    /// Whether the arrow goes through what was typed before.
    pub(super) fn recalls(&self) -> bool {
        matches!(self.kind, Kind::Command(..)) && (self.recalled.is_some() || self.input.is_empty())
    }

    /// Brings the line that was typed so much earlier (or later) than the one shown.
    pub(super) fn recall(&mut self, by: isize) -> Outcome {
        let Kind::Command(_, words) = &self.kind else {
            return Outcome::Stay;
        };
        let now = self
            .recalled
            .map_or(Some(0), |at| at.checked_add_signed(by));
        let now = if self.recalled.is_none() && by < 0 {
            None
        } else {
            now
        };
        let Some(at) = now else {
            self.recalled = None;
            self.input.set("");
            self.complete();
            return Outcome::Changed;
        };
        // The newest stands last.
        let Some(line) = words.past.iter().rev().nth(at).cloned() else {
            return Outcome::Stay;
        };
        self.recalled = Some(at);
        self.input.set(&line);
        self.complete();
        Outcome::Changed
    }
}
