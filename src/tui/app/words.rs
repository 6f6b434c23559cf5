//! What stands where there is nothing to show, and above what is shown: always words, never an
//! empty screen that may mean anything.

use crate::lang::tr;
use crate::model::view::{Order, Scope, Sort};
use crate::model::{MsgId, Role, System};
use crate::text::Clean;
use crate::text::gauge::{bar, grouped};
use crate::tui::app::state::{Panes, View};
use crate::tui::command::Command;
use crate::tui::question::{Listing, Mode};
use crate::tui::screen::pager::Find;
use crate::tui::screen::sidebar_view::mailbox_name;
use crate::tui::screen::state::progress;
use crate::tui::screen::tabs;

/// Columns of the bar in an empty list.
const BAR: usize = 20;

impl Panes {
    /// What the empty list means.
    pub fn emptiness(&self) -> Clean {
        if self.accounts.is_empty() {
            return Clean::line(&tr!(
                "There is no account yet. {key} sets one up; `postrider demo` lets you look around.",
                key = self.way_to(Command::AddAccount)
            ));
        }
        if !self.index.loaded() {
            return Clean::lit(tr!("Reading…"));
        }
        if let Some(why) = self.index.trouble() {
            return why.clone();
        }
        if let Listing::Search(text, _) = self.index.listing()
            && *text == self.sought
        {
            return Clean::line(&tr!(
                "Nothing found for {text} on this machine; what servers find comes in here. \
                 `*part` looks inside words.",
                text
            ));
        }
        if let Listing::Search(text, _) = self.index.listing() {
            return Clean::line(&tr!(
                "Nothing found for {text} on this machine. Enter in the search line asks the \
                 servers, too; `*part` looks inside words.",
                text
            ));
        }
        if let Some(task) = self.status.task() {
            // A bar where there is a whole; the numbers say the same without it.
            let bar = match task.total {
                0 => String::new(),
                total => format!("{} ", bar(task.done, total, BAR)),
            };
            let said = tr!("Syncing {what}…", what = progress(task));
            return Clean::line(&format!("{bar}{said}"));
        }
        if self.status.connecting() {
            return Clean::lit(tr!("Connecting…"));
        }
        if self.status.offline() {
            return Clean::lit(tr!(
                "Nothing here yet, and no connection. The status line says why."
            ));
        }
        if self.sidebar.loaded() && self.sidebar.mailboxes().is_empty() {
            return Clean::lit(tr!("Waiting for the first mailboxes…"));
        }
        if let Some(narrowing) = self.narrowed() {
            return Clean::line(&tr!(
                "Nothing here fits {text}; {key} shows all again.",
                text = narrowing.text,
                key = self.way_to(Command::Back)
            ));
        }
        match self.index.listing() {
            Listing::Fitting(list) if list.scope.is_some() => {
                let key = self.way_to(Command::NextTab);
                Clean::line(&tr!("Nothing in this tab; {key} goes to the next.", key))
            }
            Listing::Fitting(list) => Clean::line(&tr!(
                "Nothing fits this view now: {query}",
                query = list.query
            )),
            Listing::Scope {
                scope: Scope::UnifiedInbox,
                ..
            } => Clean::line(&tr!(
                "Nothing in any inbox. Well done. {check} looks for new mail, {search} finds what is elsewhere.",
                check = self.way_to(Command::CheckMail),
                search = self.way_to(Command::Search)
            )),
            Listing::Conversation(..) => Clean::lit(tr!(
                "This conversation is not here: it was removed, or not fetched yet."
            )),
            _ => Clean::line(&tr!(
                "This mailbox is empty. {another} goes to another, {inboxes} to the inboxes.",
                another = self.way_to(Command::GoMailbox),
                inboxes = self.way_to(Command::GoInbox)
            )),
        }
    }

    /// What the window is called: what is listed, but not what is looked for.
    pub fn window_title(&self) -> Clean {
        let listed = match self.is_searching() {
            true => tr!("search").to_owned(),
            false => self.title_parts().join(tr!(", ")),
        };
        Clean::line(&format!("postrider: {listed}"))
    }

    /// What stands above the list.
    pub fn list_title(&self) -> Clean {
        Clean::line(&self.title_parts().join("  "))
    }

    /// What is listed, how much of it, and in which order.
    fn title_parts(&self) -> Vec<String> {
        match self.narrowed() {
            Some(narrowing) if matches!(self.view, View::Mail) => {
                let name = self.parts_of(&narrowing.whole).into_iter().next();
                let only = tr!("only {text}", text = narrowing.text);
                name.into_iter().chain([only]).collect()
            }
            _ => self.parts_of(self.index.listing()),
        }
    }

    fn parts_of(&self, listing: &Listing) -> Vec<String> {
        let (name, unread, total) = match &self.view {
            View::Outbox(_) => (tr!("Outbox").to_owned(), 0, 0),
            View::Drafts(_) => (tr!("Drafts").to_owned(), 0, 0),
            View::Accounts(_) => (tr!("Accounts").to_owned(), 0, 0),
            View::Mail => match listing {
                Listing::Search(text, order) => return self.search_title(text, *order),
                Listing::Conversation(..) => (tr!("Conversation").to_owned(), 0, 0),
                Listing::Fitting(list) if list.scope.is_none() => {
                    let name = self
                        .view_of(listing)
                        .map_or(tr!("View"), |v| v.name.as_str());
                    let unread = tabs::number(self.sorted.unread(list));
                    let unread = unread.map(|n| tr!("{n} unread", n));
                    return std::iter::once(name.to_owned()).chain(unread).collect();
                }
                listing => self.scope_title(listing.scope()),
            },
        };
        let mut parts = vec![name];
        match (unread, total) {
            (_, 0) => {}
            (0, total) => parts.push(grouped(total)),
            (unread, total) => parts.push(tr!(
                "{unread} unread of {total}",
                unread = grouped(unread),
                total = grouped(total)
            )),
        }
        let sort = listing.sort();
        if matches!(self.view, View::Mail) && sort != Sort::default() {
            parts.push(sort.words().to_owned());
        }
        parts
    }

    fn search_title(&self, text: &str, order: Order) -> Vec<String> {
        let count = grouped(self.index.lines().len() as u64);
        let mut found = vec![tr!("{count} found", count)];
        match self.index.from_servers() {
            0 => {}
            n => found.push(tr!("{count} by the server", count = grouped(n as u64))),
        }
        if order == Order::Newest {
            found.push(tr!("newest first").to_owned());
        }
        vec![tr!("Search: {text}", text), found.join(tr!(", "))]
    }

    /// The name of a mailbox, or of all inboxes; what is unread in it, and all that is there.
    pub(super) fn scope_title(&self, scope: Option<&Scope>) -> (String, u64, u64) {
        let scope = scope.unwrap_or(&Scope::UnifiedInbox);
        let (unread, total) = self.sidebar.count(scope);
        let name = match scope {
            Scope::UnifiedInbox => tr!("All inboxes").to_owned(),
            Scope::Mailbox(id) => match self.sidebar.mailbox(*id) {
                None => tr!("Mailbox").to_owned(),
                Some(m) if self.accounts.len() > 1 => {
                    format!("{} · {}", m.account, mailbox_name(m))
                }
                Some(m) => mailbox_name(m).to_string(),
            },
        };
        (name, unread, total)
    }

    /// The reader's title: what it shows, and how far.
    pub fn reader_title(&self) -> (Clean, Clean) {
        let Some(pager) = &self.pager else {
            return (Clean::default(), Clean::default());
        };
        let mode = match pager.mode() {
            Mode::Best => "",
            Mode::Plain => tr!(" (plain text)"),
            Mode::Html => " (HTML)",
            Mode::Reader => tr!(" (text alone)"),
            Mode::Raw => tr!(" (source)"),
        };
        let subject = pager.subject();
        let subject = match subject.as_str().trim() {
            "" => tr!("(no subject)"),
            subject => subject,
        };
        let found = match (pager.finding(), pager.finding().and_then(Find::place)) {
            (find, Some((at, count))) => {
                let more = if find.is_some_and(Find::is_looking) {
                    "…"
                } else {
                    ""
                };
                format!("{}{more} ", tr!("hit {at} of {count}", at, count))
            }
            (Some(find), None) if find.is_looking() => "… ".to_owned(),
            (Some(find), None) if !find.words().is_empty() => format!("{} ", tr!("not found")),
            _ => String::new(),
        };
        let number = pager.number().map_or_else(String::new, |(at, count)| {
            format!("{} ", tr!("{at} of {count}", at, count))
        });
        let percent = pager
            .percent()
            .map_or_else(String::new, |p| format!("{p}% "));
        (
            Clean::line(&format!("{subject}{mode}")),
            Clean::line(&format!("{found}{number}{percent}")),
        )
    }

    /// Whether the list is what a search found.
    pub fn is_searching(&self) -> bool {
        match self.index.listing() {
            Listing::Search(..) => true,
            Listing::Fitting(list) => list.scope.is_none(),
            Listing::Scope { .. } | Listing::Conversation(..) => false,
        }
    }

    /// Whether the list shows to whom messages went.
    pub fn outgoing(&self) -> bool {
        self.index
            .mailbox()
            .and_then(|id| self.sidebar.mailbox(id))
            .is_some_and(|m| matches!(m.role, Some(Role::Sent | Role::Drafts)))
    }

    /// The message at hand, if it is one of the server's drafts, to be edited rather than read.
    pub fn server_draft(&self) -> Option<MsgId> {
        let row = self.row_at_hand()?;
        let draft = row.flags.system.has(System::DRAFT);
        draft.then_some(row.message)
    }
}
