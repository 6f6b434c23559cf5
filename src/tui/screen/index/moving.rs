//! Moving the selection: by lines, to the ends, to what is unread; and the pages that this asks for.

use super::{Index, Line, NEAR, Outcome, WINDOW, Wish};
use crate::model::view::{Page, PageKey};
use crate::tui::question::Question;
use std::time::Instant;

impl Index {
    /// Moves the selection by lines; asks for more rows near an end.
    pub fn step(&mut self, by: isize, now: Instant) -> Vec<Question> {
        self.go(self.cursor.saturating_add_signed(by));
        self.near(now)
    }

    /// Selects the line (a click).
    pub fn select(&mut self, line: usize, now: Instant) -> Vec<Question> {
        self.touch();
        self.go(line);
        self.near(now)
    }

    /// Goes to the newest row.
    pub fn first(&mut self, now: Instant) -> Vec<Question> {
        // Unless it is leaving them: what is fetched would take the selection along.
        if self.at_newest && self.wish.is_none() {
            self.go(0);
            return Vec::new();
        }
        self.wish = Some(Wish::First);
        self.ask(Page::Newest, WINDOW, now)
    }

    /// Goes to the oldest row.
    pub fn last(&mut self, now: Instant) -> Vec<Question> {
        if self.at_oldest && self.wish.is_none() {
            self.go(self.lines.len().saturating_sub(1));
            return Vec::new();
        }
        self.wish = Some(Wish::Last);
        self.ask(Page::Oldest, WINDOW, now)
    }

    /// Goes to the next unread line: below in the window, else wherever the store finds one, else
    /// above.
    pub fn next_unread(&mut self, now: Instant) -> (Vec<Question>, Outcome) {
        self.touch();
        let below = self.lines.iter().skip(self.cursor + 1).position(is_unread);
        if let Some(n) = below {
            self.go(self.cursor + 1 + n);
            return (self.near(now), Outcome::default());
        }
        if self.at_oldest {
            return self.unread_above();
        }
        let question = Question::NextUnread {
            serial: self.serial,
            listing: self.listing.clone(),
            after: self.rows.last().map(|r| r.key),
        };
        (vec![question], Outcome::default())
    }

    /// Takes the store's answer to [`Question::NextUnread`].
    pub fn unread_at(
        &mut self,
        serial: u64,
        key: Option<PageKey>,
        now: Instant,
    ) -> (Vec<Question>, Outcome) {
        if serial != self.serial {
            return (Vec::new(), Outcome::default());
        }
        let Some(key) = key else {
            return self.unread_above();
        };
        self.wish = Some(Wish::Key(key));
        self.at_newest = false;
        (self.ask(Page::From(key), WINDOW, now), Outcome::default())
    }

    fn unread_above(&mut self) -> (Vec<Question>, Outcome) {
        let above = self.lines.iter().take(self.cursor).position(is_unread);
        if let Some(n) = above {
            self.go(n);
        }
        let outcome = Outcome {
            no_unread: above.is_none(),
        };
        (Vec::new(), outcome)
    }

    pub(super) fn go(&mut self, line: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.cursor = line.min(last);
        self.untouched &= self.cursor == 0;
        self.anchor = self.lines.get(self.cursor).map(|l| l.ident);
        let most = self.lines.len().saturating_sub(self.height);
        self.top = self
            .top
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(self.height))
            .min(most);
    }

    pub(super) fn near(&mut self, now: Instant) -> Vec<Question> {
        if self.asked.is_some() {
            return Vec::new();
        }
        if !self.at_oldest
            && self.cursor + NEAR >= self.lines.len()
            && let Some(last) = self.rows.last()
        {
            return self.ask(Page::After(last.key), WINDOW, now);
        }
        if !self.at_newest
            && self.cursor < NEAR
            && let Some(first) = self.rows.first()
        {
            return self.ask(Page::Before(first.key), WINDOW, now);
        }
        Vec::new()
    }

    pub(super) fn ask(&mut self, page: Page, limit: usize, now: Instant) -> Vec<Question> {
        self.asked = Some((page, now));
        vec![Question::Window {
            serial: self.serial,
            listing: self.listing.clone(),
            page,
            limit,
        }]
    }
}

fn is_unread(line: &Line) -> bool {
    line.row.unread > 0
}
