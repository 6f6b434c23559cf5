//! The message index: a window of rows around the selection, moved by keyset pages.
//!
//! The selection follows a thread or a location, never a row number: mail that arrives above does
//! not move what the user looks at. Nothing here reads the store; it asks questions and takes
//! answers.

use crate::lang::tr;
use crate::model::view::{IndexRow, Page, PageKey, Scope};
use crate::model::{MailboxId, MsgId, ThreadId};
use crate::text::Clean;
use crate::tui::found::Found;
use crate::tui::overlay::Overlay;
use crate::tui::question::{How, Listing, Question, Which};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

mod line;
mod marks;
mod act;
mod moving;
mod extent;
mod pages;
mod selecting;

pub use line::{Ident, Kind, Line, guides};
use marks::Marks;

/// Rows asked for at once.
pub const WINDOW: usize = 200;
/// Rows kept at most; beyond, the far end is dropped.
pub const KEPT: usize = 800;
/// So near to the end of the window, the next page is asked for.
const NEAR: usize = 60;

/// Where the selection goes once the asked page is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    First,
    Last,
    Key(PageKey),
}

/// The index.
#[derive(Debug)]
pub struct Index {
    listing: Listing,
    serial: u64,
    rows: Vec<IndexRow>,
    threads: BTreeMap<ThreadId, Vec<IndexRow>>,
    lines: Vec<Line>,
    cursor: usize,
    anchor: Option<Ident>,
    top: usize,
    height: usize,
    loaded: bool,
    at_newest: bool,
    at_oldest: bool,
    /// Rows above the window that were dropped; `None`: nobody counted them.
    above: Option<usize>,
    asked: Option<(Page, Instant)>,
    again: bool,
    wish: Option<Wish>,
    marks: Marks,
    /// The row that was selected last: where a range begins.
    marked_last: Option<(Ident, PageKey)>,
    /// What is to be picked of the whole list, one after another; the first was asked.
    picks: VecDeque<(Which, How)>,
    /// Which question it was; an answer to another is not for this selection.
    pick_ticket: u64,
    /// Whether the last of them could not be picked.
    pick_failed: bool,
    trouble: Option<Clean>,
    /// Of a search: what it looks for, what stands around it in texts, and which were asked for.
    found: Option<Found>,
    excerpts: BTreeMap<MsgId, String>,
    excerpts_asked: BTreeSet<MsgId>,
    /// Of a search: what servers found, which is not here whole.
    served: BTreeSet<MsgId>,
    /// Nobody pressed a key yet: the selection stays on the newest row, whatever comes in above.
    untouched: bool,
    /// Whether a window of this list came.
    answered: bool,
}

/// What an answer led to beyond the list itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Nothing unread was found.
    pub no_unread: bool,
}

impl Index {
    /// An index that has not asked yet.
    pub fn new(listing: Listing) -> Index {
        Index {
            listing,
            serial: 1,
            rows: Vec::new(),
            threads: BTreeMap::new(),
            lines: Vec::new(),
            cursor: 0,
            anchor: None,
            top: 0,
            height: 20,
            loaded: false,
            at_newest: true,
            at_oldest: false,
            above: None,
            asked: None,
            again: false,
            wish: None,
            marks: Marks::default(),
            marked_last: None,
            picks: VecDeque::new(),
            pick_ticket: 0,
            pick_failed: false,
            trouble: None,
            found: None,
            excerpts: BTreeMap::new(),
            excerpts_asked: BTreeSet::new(),
            served: BTreeSet::new(),
            untouched: true,
            answered: false,
        }
    }

    /// What is listed.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Whether a first answer has come.
    pub fn loaded(&self) -> bool {
        self.loaded
    }

    /// The lines shown, newest first.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The selected line.
    pub fn selected(&self) -> Option<&Line> {
        self.lines.get(self.cursor)
    }

    /// The selected line's number.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first line that is on the screen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Lines that fit on the screen.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Whether the line is marked.
    pub fn is_marked(&self, line: &Line) -> bool {
        self.marks.has(line.ident)
    }

    /// How many are marked.
    pub fn marked(&self) -> usize {
        self.marks.len()
    }

    /// Whether a thread is one row.
    pub fn threaded(&self) -> bool {
        self.listing.threaded()
    }

    /// The mailbox shown, if it is one.
    pub fn mailbox(&self) -> Option<MailboxId> {
        match self.listing.scope() {
            Some(Scope::Mailbox(id)) => Some(*id),
            _ => None,
        }
    }

    /// Shows another list from its newest row.
    pub fn show(&mut self, listing: Listing, now: Instant) -> Vec<Question> {
        if listing == self.listing && self.loaded {
            return self.reload(now);
        }
        let serial = self.serial + 1;
        let (height, untouched) = (self.height, self.untouched);
        // While a search is typed, what was found last stays until the answer comes.
        let typing = matches!(
            (&self.listing, &listing),
            (Listing::Search(..), Listing::Search(..))
        );
        let excerpts = match typing {
            true => std::mem::take(&mut self.excerpts),
            false => BTreeMap::new(),
        };
        // As a list that is put in another order does.
        let again = matches!(
            (&self.listing, &listing),
            (
                Listing::Scope { scope: one, threaded: before, .. },
                Listing::Scope { scope: other, threaded: after, .. },
            ) if one == other && before == after
        );
        let marks = again.then(|| std::mem::take(&mut self.marks));
        let kept = (typing || again).then(|| {
            let rows = std::mem::take(&mut self.rows);
            (rows, std::mem::take(&mut self.lines), self.loaded)
        });
        *self = Index::new(listing);
        (self.serial, self.height, self.untouched) = (serial, height, untouched);
        if let Some(kept) = kept {
            (self.rows, self.lines, self.loaded) = kept;
        }
        self.marks = marks.unwrap_or_default();
        self.excerpts = excerpts;
        self.found = match &self.listing {
            Listing::Search(text, _) => Some(Found::of(text)),
            _ => None,
        };
        self.ask(Page::Newest, WINDOW, now)
    }

    /// Asks for the shown window again, because the store changed or at the start.
    pub fn reload(&mut self, now: Instant) -> Vec<Question> {
        if self.asked.is_some() {
            // The running question may have been answered from before the change.
            self.again = true;
            return Vec::new();
        }
        let limit = self.rows.len().max(WINDOW);
        let page = match self.rows.first() {
            Some(first) if !self.at_newest => Page::From(first.key),
            _ => Page::Newest,
        };
        let mut questions = self.ask(page, limit, now);
        questions.extend(
            self.threads
                .keys()
                .map(|thread| self.thread_question(*thread)),
        );
        questions.extend(self.still_marked());
        questions
    }

    /// Whether the store's change in this mailbox can be seen here.
    pub fn concerns(&self, mailbox: MailboxId, is_inbox: bool) -> bool {
        match self.listing.scope() {
            Some(Scope::Mailbox(id)) => *id == mailbox,
            Some(Scope::UnifiedInbox) => is_inbox,
            None => true,
        }
    }

    /// Takes in what is found sooner than all that is asked for, unless something stands there already
    /// that was found by the same words.
    pub fn soon(&mut self, serial: u64, rows: Vec<IndexRow>, overlay: &Overlay) {
        if serial != self.serial || self.answered {
            return;
        }
        self.rows = rows;
        self.loaded = true;
        self.trouble = None;
        self.rebuild(overlay);
    }

    /// Takes a window in. Answers to other lists are dropped, and those that another question replaced.
    pub fn window(
        &mut self,
        serial: u64,
        page: Page,
        rows: Vec<IndexRow>,
        more: bool,
        overlay: &mut Overlay,
        now: Instant,
    ) -> Vec<Question> {
        // What was asked for instead meanwhile is waited for, and nothing comes after it.
        let wanted = match self.asked {
            Some((wanted, _)) => wanted == page,
            None => !self.loaded || self.trouble.is_some(),
        };
        if serial != self.serial || !wanted {
            return Vec::new();
        }
        let asked = self.asked.take().map_or(now, |(_, at)| at);
        self.answered = true;
        match page {
            Page::Newest | Page::Oldest | Page::From(_) => {
                overlay.settle(&rows, asked);
                self.replace(page, rows, more);
            }
            Page::After(_) => self.append(rows, more),
            Page::Before(_) => self.prepend(rows, more),
        }
        self.loaded = true;
        self.trouble = None;
        self.rebuild(overlay);
        self.unmark_gone();
        self.go_on(now)
    }

    /// Goes where it was to go once a window came, and asks for what is still missing.
    fn go_on(&mut self, now: Instant) -> Vec<Question> {
        let mut questions = Vec::new();
        match self.wish.take() {
            Some(Wish::First) => self.go(0),
            Some(Wish::Last) => self.go(self.lines.len().saturating_sub(1)),
            Some(Wish::Key(key)) => {
                let at = self.lines.iter().position(|l| l.row.key == key);
                self.go(at.unwrap_or(0));
                questions.extend(self.near(now));
            }
            None => {}
        }
        // What is asked for already may have been answered from before the change.
        if self.again && self.asked.is_none() {
            self.again = false;
            questions.extend(self.reload(now));
        }
        let few = self.lines.len() < self.height.min(self.rows.len());
        if few
            && !self.at_oldest
            && self.asked.is_none()
            && let Some(last) = self.rows.last()
        {
            // What was done hides the others: those below come up.
            questions.extend(self.ask(Page::After(last.key), WINDOW, now));
        }
        questions
    }

    /// The question could not be answered: the list says why, if it was its own. A mailbox's rows
    /// stay, a search's would be those of another.
    pub fn failed(&mut self, serial: u64, why: &str) {
        if serial == self.serial {
            self.asked = None;
            self.wish = None;
            self.loaded = true;
            if matches!(self.listing, Listing::Search(..)) {
                self.rows.clear();
                self.lines.clear();
                self.go(0);
            }
            self.trouble = Some(Clean::line(why));
        }
    }

    /// What is looked for, in a search.
    pub fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// What stands in a message's text around what was found there.
    pub fn excerpt(&self, message: MsgId) -> Option<&str> {
        match self.served.contains(&message) {
            true => Some(tr!("(found by the server: its text is not here yet)")),
            false => self.excerpts.get(&message).map(String::as_str),
        }
    }

    /// Takes in which messages of the list only a server found.
    pub fn served(&mut self, serial: u64, messages: Vec<MsgId>) {
        if serial == self.serial {
            self.served = messages.into_iter().collect();
        }
    }

    /// How many lines only a server found.
    pub fn from_servers(&self) -> usize {
        let served = |line: &&Line| self.served.contains(&line.row.message);
        self.lines.iter().filter(served).count()
    }

    /// Asks for the excerpts of what is on the screen; `None`: they are here, or asked for.
    pub fn excerpts_wanted(&mut self) -> Option<Question> {
        let Listing::Search(query, _) = &self.listing else {
            return None;
        };
        // Rows of the search before stand there until its own come.
        if self.asked.is_some() || !self.found.as_ref().is_some_and(Found::wants_text) {
            return None;
        }
        let shown = self.lines.iter().skip(self.top).take(self.height);
        let messages: Vec<MsgId> = shown
            .map(|line| line.row.message)
            .filter(|message| self.excerpts_asked.insert(*message))
            .collect();
        (!messages.is_empty()).then(|| Question::Excerpts {
            serial: self.serial,
            query: query.clone(),
            messages,
        })
    }

    /// Takes excerpts in. Those of another list are dropped.
    pub fn excerpts(&mut self, serial: u64, found: Vec<(MsgId, String)>) {
        if serial == self.serial {
            self.excerpts.extend(found);
        }
    }

    /// Why there is no list, if there could be none.
    pub fn trouble(&self) -> Option<&Clean> {
        self.trouble.as_ref()
    }

    /// Takes the messages of an unfolded thread in.
    pub fn thread(
        &mut self,
        serial: u64,
        thread: ThreadId,
        rows: Vec<IndexRow>,
        overlay: &Overlay,
    ) {
        if serial == self.serial && self.threads.contains_key(&thread) {
            self.threads.insert(thread, rows);
            self.rebuild(overlay);
        }
    }

    /// Builds the lines anew after rows or overlay changed. The selection stays on what it held;
    /// if that is gone, on what came next.
    pub fn rebuild(&mut self, overlay: &Overlay) {
        let threaded = self.threaded();
        let mut lines = Vec::with_capacity(self.rows.len());
        for row in self.rows.iter().filter(|r| !overlay.hides(r)) {
            let children = self.threads.get(&row.thread).filter(|_| threaded);
            let kind = match children {
                _ if !threaded || row.count <= 1 => Kind::Single,
                Some(_) => Kind::Unfolded,
                None => Kind::Folded,
            };
            let ident = if threaded {
                Ident::Thread(row.thread)
            } else {
                Ident::Location(row.location)
            };
            lines.push(Line {
                row: overlay.shown(row, threaded && row.count > 1),
                kind,
                ident,
                guide: Clean::default(),
            });
            if kind != Kind::Unfolded {
                continue;
            }
            let children = children.into_iter().flatten();
            let children: Vec<_> = children.filter(|c| !overlay.hides(c)).collect();
            let depths: Vec<u16> = children.iter().map(|c| c.depth).collect();
            for (child, guide) in children.into_iter().zip(guides(&depths)) {
                lines.push(Line {
                    row: overlay.shown(child, false),
                    kind: Kind::Child,
                    ident: Ident::Location(child.location),
                    guide,
                });
            }
        }
        let offset = self.cursor.saturating_sub(self.top);
        self.lines = lines;
        let held = self
            .anchor
            .and_then(|a| self.lines.iter().position(|l| l.ident == a));
        let at = match self.untouched {
            true => 0,
            false => held.unwrap_or(self.cursor),
        };
        if self.top > 0 {
            // Keep the selected row where it stands on the screen; at the top of the list, let
            // new mail come into sight instead.
            self.top = at.saturating_sub(offset);
        }
        self.go(at);
    }

    /// Somebody is at the keyboard: from now on the selection stays on what it holds.
    pub fn touch(&mut self) {
        self.untouched = false;
    }

    /// Tells how many lines fit.
    pub fn resize(&mut self, height: usize) {
        if self.height != height {
            self.height = height.max(1);
            self.go(self.cursor);
        }
    }

    fn thread_question(&self, thread: ThreadId) -> Question {
        Question::Thread {
            serial: self.serial,
            thread,
            mailbox: self.mailbox(),
        }
    }
}

#[cfg(test)]
mod tests;
