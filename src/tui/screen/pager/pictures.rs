//! The pictures of what is read: what makes them ready, and where they stand.

use super::Pager;
use super::letter::Letter;
use crate::model::MsgId;
use crate::tui::part::{PartJob, PartOf};
use crate::tui::picture::Inlay;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Pager {
    /// Its pictures that were loaded from the web.
    pub fn loaded(&self) -> &[PartOf] {
        self.current().map_or(&[], Letter::loaded)
    }

    /// These pictures of a message were loaded from the web. Whether some of them stand in its text.
    pub fn set_loaded(&mut self, message: MsgId, parts: Vec<PartOf>) -> bool {
        let held = self.place();
        let set = &self.set;
        let mut letters = self.letters.iter_mut();
        if let Some(letter) = letters.find(|l| l.row().message == message) {
            let stand = letter.set_loaded(parts, set);
            self.recount(held);
            return stand;
        }
        false
    }

    /// What is to be done so that the pictures of what is near the screen can be seen.
    pub fn ask_pictures(&mut self) -> Vec<PartJob> {
        let near = self.scroll.saturating_sub(self.height)..self.scroll + 2 * self.height;
        let set = &self.set;
        let starts = &self.starts;
        let start = |n: usize| starts.get(n).copied().unwrap_or(usize::MAX);
        let letters = self.letters.iter_mut().enumerate();
        letters
            .filter(|(n, _)| start(*n) < near.end && start(n + 1) >= near.start)
            .flat_map(|(_, letter)| letter.wants_pictures(set))
            .collect()
    }

    /// Pictures of a message's text are ready for so many columns.
    pub fn inlaid(&mut self, message: MsgId, columns: u16, pictures: &BTreeMap<u32, Arc<Inlay>>) {
        let held = self.place();
        let set = &self.set;
        let mut letters = self.letters.iter_mut();
        if let Some(letter) = letters.find(|l| l.row().message == message) {
            letter.inlaid(columns, pictures, set);
            self.recount(held);
        }
    }

    /// The picture with this number of the message that a row of what is seen belongs to.
    pub fn inlay(&self, row: usize, number: u32) -> Option<&Inlay> {
        let letter = self.letters.get(self.letter_at(self.scroll + row))?;
        letter.inlay(number)
    }
}
