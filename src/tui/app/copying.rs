//! What is copied to the terminal's clipboard, and what is said of it.

use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::state::Panes;
use crate::tui::clip::{MOST, clip};
use crate::tui::effect::Effect;
use crate::tui::event::Now;

impl Panes {
    /// Copies the sender's address of the message that is read or selected; in the reader, what is
    /// selected there, if anything is.
    pub fn yank(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let reading = self.pager.as_ref().filter(|_| self.focus == Pane::Reader);
        if let Some(text) = reading.and_then(|p| p.selected_text()) {
            return self.copy(&text, "what is selected", now, fx);
        }
        let Some(line) = self.index.selected() else {
            return;
        };
        let Some(from) = line.row.from.first() else {
            self.tell(Clean::lit("There is no sender to copy."), now);
            return;
        };
        // Through Clean: whoever pastes it pastes no control characters.
        let address = Clean::line(&from.addr);
        fx.push(Effect::Copy(address.to_string()));
        let text = format!("Copied {address}");
        self.tell(Clean::line(&text), now);
    }

    /// Copies the text of the message that is read.
    pub fn copy_message(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let text = self.pager.as_ref().and_then(|p| p.text());
        match text {
            Some(text) => self.copy(&text, "the text", now, fx),
            None => self.tell(Clean::lit("There is no text to copy yet."), now),
        }
    }

    /// Copies what was selected with the mouse, once the button is let go.
    pub fn copy_selection(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if let Some(text) = self.pager.as_ref().and_then(|p| p.selected_text()) {
            self.copy(&text, "what is selected", now, fx);
        }
    }

    fn copy(&mut self, text: &str, what: &str, now: Now, fx: &mut Vec<Effect>) {
        let (text, cut) = clip(text);
        fx.push(Effect::Copy(text));
        let said = match cut {
            true => format!("Copied the first {} KiB of {what}.", MOST / 1024),
            false => format!("Copied {what}."),
        };
        self.tell(Clean::line(&said), now);
    }
}
