//! What is copied to the terminal's clipboard, and what is said of it.

use crate::lang::tr;
use crate::mime::one_time;
use crate::mime::render::Line;
use crate::text::Clean;
use crate::text::clean::is_forbidden;
use crate::tui::app::geometry::Pane;
use crate::tui::app::outward::{Excerpt, Wants};
use crate::tui::app::state::Panes;
use crate::tui::clip::{MOST, clip};
use crate::tui::effect::Effect;
use crate::tui::event::Now;

/// Lines of a message in which codes are looked for.
const MOST_LINES: usize = 400;

/// What was copied.
#[derive(Clone, Copy)]
enum What<'a> {
    Selected,
    Text,
    Code(&'a str),
    Block,
}

impl What<'_> {
    /// Says that it was copied, or the first so many KiB of it.
    fn copied(self, first: Option<usize>) -> String {
        match (self, first) {
            (What::Selected, None) => tr!("Copied what is selected.").to_owned(),
            (What::Text, None) => tr!("Copied the text.").to_owned(),
            (What::Code(code), None) => tr!("Copied the code {code}.", code),
            (What::Block, None) => tr!("Copied the block of code.").to_owned(),
            (What::Selected, Some(n)) => {
                tr!("Copied the first {n} KiB of what is selected.", n)
            }
            (What::Text, Some(n)) => tr!("Copied the first {n} KiB of the text.", n),
            (What::Code(code), Some(n)) => {
                tr!("Copied the first {n} KiB of the code {code}.", n, code)
            }
            (What::Block, Some(n)) => tr!("Copied the first {n} KiB of the block of code.", n),
        }
    }
}

fn codes(lines: &[String]) -> Vec<String> {
    let found = one_time::find(lines.iter().map(String::as_str));
    found.iter().map(Clean::to_string).collect()
}

impl Panes {
    /// Copies the sender's address of the message that is read or selected; in the reader, what is
    /// selected there, if anything is.
    pub fn yank(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let reading = self.pager.as_ref().filter(|_| self.focus == Pane::Reader);
        if let Some(text) = reading.and_then(|p| p.selected_text()) {
            return self.copy(&text, What::Selected, now, fx);
        }
        // Of several that are selected, the one that is gone to.
        let row = match self.about_selected() {
            true => self.index.selected().map(|l| &l.row),
            false => self.rows_at_hand().into_iter().next(),
        };
        let Some(row) = row else {
            return;
        };
        let Some(from) = row.from.first() else {
            self.tell(Clean::lit(tr!("There is no sender to copy.")), now);
            return;
        };
        // Through Clean: whoever pastes it pastes no control characters.
        let address = Clean::line(&from.addr);
        fx.push(Effect::Copy(address.to_string()));
        let text = tr!("Copied {address}", address);
        self.tell(Clean::line(&text), now);
    }

    /// Copies the text of the message that is read.
    pub fn copy_message(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let text = self.pager.as_ref().and_then(|p| p.text());
        match text {
            Some(text) => self.copy(&text, What::Text, now, fx),
            None => self.tell(Clean::lit(tr!("There is no text to copy yet.")), now),
        }
    }

    /// Copies a one-time code or a block of code; of several one is chosen.
    pub fn copy_one(&mut self, what: Excerpt, now: Now, fx: &mut Vec<Effect>) -> Wants {
        match self.excerpts(what).as_slice() {
            [one] if what == Excerpt::Code => self.copy(one, What::Code(one), now, fx),
            [one] => self.copy(one, What::Block, now, fx),
            _ => return Wants::CopyOne(what),
        }
        Wants::Nothing
    }

    /// What can be copied out of the message that is read or, of codes, selected.
    pub fn excerpts(&self, what: Excerpt) -> Vec<String> {
        let reading = self.pager.as_ref().filter(|_| self.focus == Pane::Reader);
        let lines = reading.and_then(|p| p.rendered()).map(|r| &r.lines);
        match (what, lines) {
            (Excerpt::Block, lines) => {
                let blocks = lines.into_iter().flatten().filter_map(|l| l.block.as_ref());
                // What nobody sees must not be pasted into a source or a shell.
                let seen = |c: &char| matches!(c, '\n' | '\t') || !is_forbidden(*c);
                blocks.map(|b| b.chars().filter(seen).collect()).collect()
            }
            (Excerpt::Code, Some(lines)) => {
                let subject = reading.map(|p| p.subject().to_string()).unwrap_or_default();
                let text: Vec<String> = lines.iter().take(MOST_LINES).map(Line::text).collect();
                let all = [subject, String::new()].into_iter().chain(text);
                codes(&all.collect::<Vec<_>>())
            }
            (Excerpt::Code, None) => {
                let row = self.index.selected().map(|line| &line.row);
                let texts = row.map(|r| (r.subject.clone(), r.snippet.clone().unwrap_or_default()));
                let (subject, snippet) = texts.unwrap_or_default();
                codes(&[subject, String::new(), snippet])
            }
        }
    }

    /// Copies what was selected with the mouse, once the button is let go.
    pub fn copy_selection(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if let Some(text) = self.pager.as_ref().and_then(|p| p.selected_text()) {
            self.copy(&text, What::Selected, now, fx);
        }
    }

    fn copy(&mut self, text: &str, what: What<'_>, now: Now, fx: &mut Vec<Effect>) {
        let (text, cut) = clip(text);
        fx.push(Effect::Copy(text));
        let said = what.copied(cut.then_some(MOST / 1024));
        self.tell(Clean::line(&said), now);
    }
}
