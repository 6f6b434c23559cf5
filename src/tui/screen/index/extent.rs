//! How much there is and where one is in it, as far as that is known: the window is a part of the list,
//! and nothing is asked to find out.

use super::{Index, WINDOW, Wish};
use crate::tui::question::Question;
use crate::tui::widget::bar::Extent;
use std::time::Instant;

impl Index {
    /// All lines, and which of them are seen. `messages`: how many there are in the mailbox, where it
    /// lists all of them. What is not known is taken for one window more, so that an end is one only
    /// where there is no more.
    pub fn extent(&self, messages: Option<u64>) -> Extent {
        let (above, below) = self.beyond(messages);
        Extent {
            whole: above + self.lines.len() + below,
            top: above + self.top,
            seen: self.height,
        }
    }

    /// How many lines there are above the window and below it.
    fn beyond(&self, messages: Option<u64>) -> (usize, usize) {
        let lines = self.lines.len();
        // As many messages a line as in the window.
        let told: u64 = self
            .rows
            .iter()
            .map(|row| row.count.max(1))
            .map(u64::from)
            .sum();
        let all = messages.filter(|_| told > 0).map(|messages| {
            let all = u128::from(messages) * lines as u128 / u128::from(told.max(1));
            usize::try_from(all).unwrap_or(usize::MAX / 4)
        });
        let above = match (self.at_newest, self.above) {
            (true, _) => 0,
            (false, Some(above)) => above.max(1),
            (false, None) if self.at_oldest => {
                all.map_or(WINDOW, |all| all.saturating_sub(lines)).max(1)
            }
            (false, None) => WINDOW,
        };
        let below = match self.at_oldest {
            true => 0,
            false => all
                .map_or(WINDOW, |all| all.saturating_sub(above + lines))
                .max(1),
        };
        (above, below)
    }

    /// Shows this line of them at the top; what is selected comes along. Where the window does not
    /// reach so far it is shown as far as it does, and more is asked for.
    pub fn to(&mut self, top: usize, messages: Option<u64>, now: Instant) -> Vec<Question> {
        self.touch();
        let extent = self.extent(messages);
        let (above, _) = self.beyond(messages);
        // An end that is being fetched is asked for once; the other one in its place.
        if top == 0 && (!self.at_newest || self.wish.is_some()) {
            return match self.wish {
                Some(Wish::First) => Vec::new(),
                _ => self.first(now),
            };
        }
        if top + extent.seen >= extent.whole && (!self.at_oldest || self.wish.is_some()) {
            return match self.wish {
                Some(Wish::Last) => Vec::new(),
                _ => self.last(now),
            };
        }
        let most = self.lines.len().saturating_sub(self.height);
        self.top = top.saturating_sub(above).min(most);
        let last = self.top + self.height.saturating_sub(1);
        self.go(self.cursor.clamp(self.top, last));
        self.near(now)
    }
}
