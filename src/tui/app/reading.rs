//! What keys do to a message or conversation that is read.

use crate::lang::tr;
use crate::text::Clean;
use crate::tui::app::outward::Wants;
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::event::Now;
use crate::tui::question::Mode;
use crate::tui::screen::pager::{Find, Pager};

impl Panes {
    /// The next or previous message of the conversation; of what was looked for, the next place.
    pub fn read_in_thread(&mut self, by: isize, now: Now) {
        let Some(pager) = self.pager.as_mut() else {
            return;
        };
        let finds = pager
            .finding()
            .is_some_and(|f| f.is_typed() || f.place().is_some());
        if finds {
            pager.find_on(by);
        } else if !pager.step(by) {
            let text = if by > 0 {
                tr!("This is the last message of the conversation.")
            } else {
                tr!("This is the first message of the conversation.")
            };
            self.tell(Clean::lit(text), now);
        }
    }

    /// Folds or unfolds the message of the conversation.
    pub fn fold_letter(&mut self) {
        if let Some(pager) = self.pager.as_mut() {
            pager.toggle();
        }
    }

    /// Unfolds every message of the conversation, or folds the others.
    pub fn fold_letters(&mut self) {
        if let Some(pager) = self.pager.as_mut() {
            pager.toggle_all();
        }
    }

    /// Folds long quotations, or unfolds them.
    pub fn fold_quotes(&mut self, now: Now) {
        let any = self.pager.as_mut().is_some_and(|p| p.toggle_quotes());
        if !any {
            self.tell(Clean::lit(tr!("There are no long quotations here.")), now);
        }
    }

    /// Whether words can be asked for: not without something to look in.
    pub fn wants_find(&self) -> Wants {
        if self.reading() {
            Wants::Find
        } else {
            Wants::Nothing
        }
    }

    /// Looks for words in what is read; `None` ends that. Says whether there was something.
    pub fn find(&mut self, words: Option<&str>) -> bool {
        let Some(pager) = self.pager.as_mut() else {
            return false;
        };
        let before = pager.finding().is_some_and(Find::is_typed);
        if words.is_none() && !before {
            // What a search led to stays marked.
            return false;
        }
        pager.find(words.filter(|w| !w.is_empty()));
        before
    }

    /// Says of the words that are looked for that they are not here, as soon as that is known.
    pub fn tell_if_nowhere(&mut self, now: Now) {
        if let Some(pager) = &mut self.pager {
            pager.tell_if_nowhere();
        }
        self.tell_nowhere(now);
    }

    fn tell_nowhere(&mut self, now: Now) {
        if self.pager.as_mut().is_some_and(Pager::take_nowhere) {
            let key = self.way_to(Command::Search);
            let words = tr!("That is not here; {key} looks for it in all mail.", key);
            self.tell(Clean::line(&words), now);
        }
    }

    /// Looks on for words in what is read.
    pub fn find_more(&mut self, now: Now) {
        if let Some(pager) = self.pager.as_mut().filter(|p| p.is_finding()) {
            pager.find_more();
            self.tell_nowhere(now);
        }
    }

    /// Whether there is more to look through, and so another turn of the screen.
    pub fn plan_finding(&mut self, now: Now) {
        let finding = self.pager.as_ref().is_some_and(Pager::is_finding);
        self.finding = finding.then_some(now.mono);
    }

    /// Shows the message in another way, or back in the best one.
    pub fn mode(&mut self, mode: Mode) {
        if let Some(pager) = self.pager.as_mut() {
            pager.toggle_mode(mode);
        }
    }
}
