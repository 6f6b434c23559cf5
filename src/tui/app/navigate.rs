//! Going about: from mailbox to mailbox, into a message and out of it.

use crate::lang::tr;
use crate::model::view::{MailboxRow, Order, Scope};
use crate::model::{AccountName, Intent, MailboxId, MessageId, Role, Target};
use crate::text::Clean;
use crate::tui::app::geometry::{Pane, Places};
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::found::Found;
use crate::tui::narrowing::Narrowing;
use crate::tui::question::{Job, LaidOut, Listing, Mode, Question};
use crate::tui::screen::drafts::Drafts;
use crate::tui::screen::index::{Kind, Outcome};
use crate::tui::screen::outbox::Outbox;
use crate::tui::screen::pager::Pager;
use crate::tui::screen::sidebar::Entry;
use crate::tui::screen::sidebar_view::mailbox_name;

/// What is said where an account has no mailbox for a role.
fn lacking(role: Role) -> &'static str {
    match role {
        Role::All => tr!("This account has no mailbox with all its mail."),
        Role::Sent => tr!("This account has no mailbox for sent mail."),
        Role::Archive => tr!("This account has no archive."),
        _ => tr!("This account has no such mailbox."),
    }
}

impl Panes {
    /// Lists a mailbox or the unified inbox, from its newest message.
    pub fn show_scope(&mut self, scope: Scope, now: Now, fx: &mut Vec<Effect>) {
        self.view = View::Mail;
        self.before_search = None;
        self.close_reader();
        self.focus = Pane::Index;
        self.sidebar.select_scope(&scope);
        if let Scope::Mailbox(id) = &scope {
            fx.push(Effect::Ask(Intent::Attend(*id), About::Quiet));
        }
        let listing = self.listing_of(scope);
        self.ask(fx, |p| p.index.show(listing, now.mono));
        if self.has_tabs() {
            self.count(fx);
        }
    }

    /// Lists the inbox where this mailbox was listed and is no longer there: its rows would stay, and
    /// nothing could be done with them. What is being read stays open.
    pub fn leave_if_gone(&mut self, listed: &MailboxRow, now: Now, fx: &mut Vec<Effect>) {
        let there = self.sidebar.mailbox(listed.id);
        if there.is_some_and(|m| m.selectable) || !listed.selectable {
            return;
        }
        let listing = self.listing_of(Scope::UnifiedInbox);
        self.ask(fx, |p| p.index.show(listing, now.mono));
        if !matches!(self.view, View::Mail) {
            return;
        }
        self.sidebar.select_scope(&Scope::UnifiedInbox);
        let name = mailbox_name(listed);
        self.tell(
            Clean::line(&tr!(
                "The mailbox {name} is no longer there; this is the inbox.",
                name
            )),
            now,
        );
    }

    /// Opens what the sidebar's selection stands for.
    pub fn open_entry(&mut self, now: Now, fx: &mut Vec<Effect>) {
        match self.sidebar.selected().cloned() {
            Some(Entry::Outbox(_)) => self.show_outbox(fx),
            Some(Entry::Drafts(_)) => self.show_drafts(fx),
            Some(Entry::View(view, _)) => {
                self.show_view(&view.name, now, fx);
            }
            Some(entry) => {
                if let Some(scope) = entry.scope() {
                    self.show_scope(scope, now, fx);
                }
            }
            None => {}
        }
    }

    /// Lists what is on its way out.
    pub fn show_outbox(&mut self, fx: &mut Vec<Effect>) {
        self.view = View::Outbox(Outbox::default());
        self.focus = Pane::Index;
        fx.push(Effect::Query(Question::Outbox));
    }

    /// Lists the drafts kept here.
    pub fn show_drafts(&mut self, fx: &mut Vec<Effect>) {
        self.view = View::Drafts(Drafts::default());
        self.focus = Pane::Index;
        fx.push(Effect::Query(Question::Drafts));
    }

    /// Whose mailbox is shown, or whose message is selected.
    pub fn shown_account(&self) -> Option<AccountName> {
        let selected = self.index.selected().map(|l| l.row.mailbox);
        let id = self.index.mailbox().or(selected)?;
        self.sidebar.mailbox(id).map(|m| m.account.clone())
    }

    /// How likely mail like that at hand is filed in a mailbox: how often its sender's was, how often
    /// any was, and when last.
    pub fn habit(&self, mailbox: MailboxId) -> (u32, u32, i64) {
        let row = self.index.selected().map(|l| &l.row);
        let sender = row
            .and_then(|r| r.from.first())
            .map(|from| from.addr.to_lowercase());
        let mut habit = (0, 0, 0);
        let all = self.habits.iter().flatten();
        for one in all.filter(|h| h.mailbox == mailbox) {
            if one.sender.is_empty() {
                habit = (habit.0, one.times, one.last);
            } else if Some(&one.sender) == sender.as_ref() {
                habit.0 = one.times;
            }
        }
        habit
    }

    /// Goes to the mailbox with a role: of the account whose mailbox is shown, else of the first.
    pub fn go_role(&mut self, role: Role, now: Now, fx: &mut Vec<Effect>) {
        let account = self.shown_account();
        let found = self.sidebar.with_role(role, account.as_ref()).map(|m| m.id);
        match found {
            Some(id) => self.show_scope(Scope::Mailbox(id), now, fx),
            None => {
                self.tell(Clean::lit(lacking(role)), now);
            }
        }
    }

    /// Searches while the user types. An empty text shows what was there before.
    pub fn search(&mut self, text: &str, now: Now, fx: &mut Vec<Effect>) {
        self.view = View::Mail;
        self.close_reader();
        if self.before_search.is_none() {
            self.before_search = Some(self.index.listing().clone());
        }
        let listing = if text.trim().is_empty() {
            self.before_search.clone()
        } else {
            Some(Listing::Search(text.to_owned(), self.order))
        };
        if let Some(listing) = listing
            && listing != *self.index.listing()
        {
            self.ask(fx, |p| p.index.show(listing, now.mono));
        }
    }

    /// Lists a conversation wherever its messages lie, as a search does: one step back leads to
    /// what was listed before.
    pub fn show_conversation(
        &mut self,
        account: AccountName,
        id: MessageId,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        self.view = View::Mail;
        self.close_reader();
        self.focus = Pane::Index;
        if self.before_search.is_none() {
            self.before_search = Some(self.index.listing().clone());
        }
        let listing = Listing::Conversation(account, id);
        self.ask(fx, |p| p.index.show(listing, now.mono));
    }

    /// Ends a search; back to what was listed before. Says whether there was one.
    pub fn end_search(&mut self, now: Now, fx: &mut Vec<Effect>) -> bool {
        let Some(mut listing) = self.before_search.take() else {
            return false;
        };
        self.sought.clear();
        // It may have been chosen otherwise since, or be gone.
        if let Some(mut scope) = listing.scope().cloned() {
            let is_gone = |id| self.sidebar.loaded() && self.sidebar.mailbox(id).is_none();
            if matches!(scope, Scope::Mailbox(id) if is_gone(id)) {
                scope = Scope::UnifiedInbox;
            }
            listing = self.listing_of(scope);
        }
        if listing != *self.index.listing() {
            self.ask(fx, |p| p.index.show(listing, now.mono));
        }
        true
    }

    /// How the list is narrowed, if it is.
    pub fn narrowed(&self) -> Option<&Narrowing> {
        let narrowing = self.narrowing.as_ref();
        narrowing.filter(|n| n.part == *self.index.listing() && n.part != n.whole)
    }

    /// What the list is a part of, or all that is listed.
    pub(super) fn whole(&self) -> Listing {
        let listed = self.index.listing();
        self.narrowed().map_or(listed, |n| &n.whole).clone()
    }

    /// Whether the list can be narrowed.
    pub fn may_narrow(&self) -> bool {
        matches!(self.view, View::Mail) && Narrowing::new(self.whole(), "").is_some()
    }

    /// Lists only what fits, of what was listed before anything was narrowed.
    pub fn narrow(&mut self, text: &str, now: Now, fx: &mut Vec<Effect>) {
        let Some(narrowing) = Narrowing::new(self.whole(), text) else {
            return;
        };
        if narrowing.part != *self.index.listing() {
            self.close_reader();
            let part = narrowing.part.clone();
            self.ask(fx, |p| p.index.show(part, now.mono));
        }
        self.focus = Pane::Index;
        self.narrowing = Some(narrowing);
    }

    /// Lists all again. Says whether only a part was listed.
    pub fn widen(&mut self, now: Now, fx: &mut Vec<Effect>) -> bool {
        let Some(whole) = self.narrowed().map(|n| n.whole.clone()) else {
            return false;
        };
        self.narrowing = None;
        // It may have been chosen otherwise since.
        let whole = match whole.scope().cloned() {
            Some(scope) => self.listing_of(scope),
            None => whole,
        };
        self.ask(fx, |p| p.index.show(whole, now.mono));
        true
    }

    /// What fits best first, or what is newest: of this search, and of those to come.
    pub fn turn_order(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let (order, said) = match self.order {
            Order::Best => (Order::Newest, tr!("Searches list the newest first.")),
            Order::Newest => (Order::Best, tr!("Searches list what fits best first.")),
        };
        self.order = order;
        if let Listing::Search(text, _) = self.index.listing() {
            let listing = Listing::Search(text.clone(), order);
            self.ask(fx, |p| p.index.show(listing, now.mono));
        }
        self.tell(Clean::lit(said), now);
    }

    /// One row a thread, or one a message.
    pub fn toggle_threads(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.threaded = !self.threaded;
        if let Some(scope) = self.index.listing().scope().cloned() {
            let listing = self.listing_of(scope);
            self.ask(fx, |p| p.index.show(listing, now.mono));
            self.count(fx);
        }
        let text = if self.threaded {
            tr!("One line a thread.")
        } else {
            tr!("One line a message.")
        };
        self.tell(Clean::lit(text), now);
    }

    /// Opens what is selected in the list.
    pub fn open_selected(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let Some(line) = self.index.selected() else {
            self.tell(Clean::lit(tr!("There is nothing to open.")), now);
            return;
        };
        let width = Places::reader_columns(self.room(), &self.shape);
        let found = match self.index.listing() {
            Listing::Search(..) => true,
            Listing::Fitting(list) => list.scope.is_none(),
            Listing::Scope { .. } | Listing::Conversation(..) => false,
        };
        let pager = if self.index.threaded() || (found && self.threaded) {
            let whole = self.index.threaded() && line.kind != Kind::Child;
            let within = self.index.mailbox();
            let (pager, question) = Pager::conversation(&line.row, whole, within, width, now.wall);
            fx.push(Effect::Query(question));
            pager
        } else {
            Pager::open(&line.row, width, now.wall)
        };
        let mut pager = pager;
        pager.seek(self.index.found().map(Found::all).unwrap_or_default());
        self.pager = Some(pager);
        self.focus = Pane::Reader;
    }

    /// Marks what can be seen in the reader as read, and asks for what is to be laid out.
    pub fn read_on(&mut self, fx: &mut Vec<Effect>) {
        if !self.reading() {
            return;
        }
        let ahead = self.ahead();
        let Some(pager) = self.pager.as_mut() else {
            return;
        };
        fx.extend(pager.ask(ahead).map(Effect::Layout));
        fx.extend(pager.ask_pictures().into_iter().map(Effect::Part));
        for location in pager.look() {
            fx.push(self.acts.read(vec![Target::Location(location)]));
        }
    }

    /// What is laid out while something else is read: the next message of the list.
    fn ahead(&self) -> Option<Job> {
        let next = self.index.lines().get(self.index.cursor() + 1)?;
        Some(Job {
            message: next.row.message,
            width: Places::reader_columns(self.room(), &self.shape),
            mode: Mode::Best,
            reach: 0,
        })
    }

    /// The next or previous message while one is read.
    pub fn read_neighbour(&mut self, by: isize, now: Now, fx: &mut Vec<Effect>) {
        let (questions, moved) = self.index.neighbour(by, now.mono);
        fx.extend(questions.into_iter().map(Effect::Query));
        if !moved {
            let text = if by > 0 {
                tr!("This is the last message.")
            } else {
                tr!("This is the first message.")
            };
            self.tell(Clean::lit(text), now);
        } else if self.reading() {
            self.open_selected(now, fx);
        }
    }

    /// The next unread message; opened if one is being read.
    pub fn next_unread(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let before = self.index.selected().map(|l| l.ident);
        let (questions, outcome) = self.index.next_unread(now.mono);
        fx.extend(questions.into_iter().map(Effect::Query));
        self.index_outcome(outcome, now);
        let moved = self.index.selected().map(|l| l.ident) != before;
        if moved && self.reading() && self.focus == Pane::Reader {
            self.open_selected(now, fx);
        }
    }

    /// What a list's answer led to.
    pub fn index_outcome(&mut self, outcome: Outcome, now: Now) {
        if outcome.no_unread {
            self.tell(Clean::lit(tr!("Nothing unread here.")), now);
        }
    }

    /// Takes a laid out message; asks for its body if that is not here.
    pub fn laid(&mut self, job: Job, result: LaidOut, fx: &mut Vec<Effect>) {
        let Some(pager) = self.pager.as_mut() else {
            return;
        };
        if let Some(message) = pager.laid(job, result) {
            fx.push(Effect::Ask(Intent::FetchBody(message), About::Quiet));
        }
    }

    /// One step back: from marks, the reader, a search, another list. `false` at the top level.
    pub fn back(&mut self, now: Now, fx: &mut Vec<Effect>) -> bool {
        if !matches!(self.view, View::Mail) {
            self.view = View::Mail;
            return true;
        }
        if self.focus == Pane::Reader && self.find(None) {
            return true;
        }
        if self.focus == Pane::Reader || (self.focus == Pane::Index && self.pager.is_some()) {
            self.close_reader();
            return true;
        }
        if self.index.unmark_all() || self.widen(now, fx) || self.end_search(now, fx) {
            return true;
        }
        if self.focus == Pane::Sidebar {
            self.focus = Pane::Index;
            return true;
        }
        false
    }
}
