//! What stands where there is nothing to show, and above what is shown: always words, never an
//! empty screen that may mean anything.

use crate::model::view::{Order, Scope, Sort};
use crate::model::{Role, System};
use crate::text::Clean;
use crate::text::gauge::{bar, grouped};
use crate::tui::app::geometry::Pane;
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
            return Clean::line(&format!(
                "There is no account yet. {} sets one up; `postrider demo` lets you look around.",
                self.way_to(Command::AddAccount)
            ));
        }
        if !self.index.loaded() {
            return Clean::lit("Reading…");
        }
        if let Some(why) = self.index.trouble() {
            return why.clone();
        }
        if let Listing::Search(text, _) = self.index.listing() {
            return Clean::line(&format!(
                "Nothing found for {text} on this machine. Enter in the search line asks the \
                 servers, too; `*part` looks inside words."
            ));
        }
        if let Some(task) = self.status.task() {
            // A bar where there is a whole; the numbers say the same without it.
            let bar = match task.total {
                0 => String::new(),
                total => format!("{} ", bar(task.done, total, BAR)),
            };
            return Clean::line(&format!("{bar}Syncing {}…", progress(task)));
        }
        if self.status.connecting() {
            return Clean::lit("Connecting…");
        }
        if self.status.offline() {
            return Clean::lit("Nothing here yet, and no connection. The status line says why.");
        }
        if self.sidebar.loaded() && self.sidebar.mailboxes().is_empty() {
            return Clean::lit("Waiting for the first mailboxes…");
        }
        match self.index.listing() {
            Listing::Fitting(list) if list.scope.is_some() => {
                let next = self.way_to(Command::NextTab);
                Clean::line(&format!("Nothing in this tab; {next} goes to the next."))
            }
            Listing::Fitting(list) => {
                Clean::line(&format!("Nothing fits this view now: {}", list.query))
            }
            Listing::Scope {
                scope: Scope::UnifiedInbox,
                ..
            } => Clean::line(&format!(
                "Nothing in any inbox. Well done. {} looks for new mail, {} finds what is elsewhere.",
                self.way_to(Command::CheckMail),
                self.way_to(Command::Search)
            )),
            Listing::Conversation(..) => {
                Clean::lit("This conversation is not here: it was removed, or not fetched yet.")
            }
            _ => Clean::line(&format!(
                "This mailbox is empty. {} goes to another, {} to the inboxes.",
                self.way_to(Command::GoMailbox),
                self.way_to(Command::GoInbox)
            )),
        }
    }

    /// What the window is called: what is listed, but not what is looked for.
    pub fn window_title(&self) -> Clean {
        let listed = match self.is_searching() {
            true => "search".to_owned(),
            false => self.list_title().as_str().replace("  ", ", "),
        };
        Clean::line(&format!("postrider: {listed}"))
    }

    /// What stands above the list.
    pub fn list_title(&self) -> Clean {
        match &self.view {
            View::Outbox(_) => return Clean::lit("Outbox"),
            View::Drafts(_) => return Clean::lit("Drafts"),
            View::Accounts(_) => return Clean::lit("Accounts"),
            View::Mail => {}
        }
        let (name, unread) = match self.index.listing() {
            Listing::Search(text, order) => {
                let count = self.index.lines().len();
                let served = match self.index.from_servers() {
                    0 => String::new(),
                    n => format!(", {} by the server", grouped(n as u64)),
                };
                let newest = match order {
                    Order::Best => "",
                    Order::Newest => ", newest first",
                };
                let count = grouped(count as u64);
                return Clean::line(&format!("Search: {text}  {count} found{served}{newest}"));
            }
            Listing::Conversation(..) => ("Conversation".to_owned(), (0, 0)),
            Listing::Fitting(list) if list.scope.is_none() => {
                let name = self.shown_view().map_or("View", |v| v.name.as_str());
                let unread = tabs::number(self.sorted.unread(list));
                let unread = unread.map_or_else(String::new, |n| format!("  {n} unread"));
                (format!("{name}{unread}"), (0, 0))
            }
            listing => match listing.scope() {
                Some(Scope::UnifiedInbox) | None => {
                    let inboxes = || {
                        let all = self.sidebar.mailboxes().iter();
                        all.filter(|m| m.role == Some(Role::Inbox))
                    };
                    let total: u64 = inboxes().map(|m| m.total).sum();
                    let unread: u64 = inboxes().map(|m| m.unread).sum();
                    ("All inboxes".to_owned(), (unread, total))
                }
                Some(Scope::Mailbox(id)) => match self.sidebar.mailbox(*id) {
                    Some(m) if self.accounts.len() > 1 => (
                        format!("{} · {}", m.account, mailbox_name(m)),
                        (m.unread, m.total),
                    ),
                    Some(m) => (mailbox_name(m).to_string(), (m.unread, m.total)),
                    None => ("Mailbox".to_owned(), (0, 0)),
                },
            },
        };
        let sort = self.index.listing().sort();
        let order = match sort == Sort::default() {
            true => String::new(),
            false => format!("  {}", sort.words()),
        };
        let (unread, total) = unread;
        let numbers = match (unread, total) {
            (_, 0) => String::new(),
            (0, total) => format!("  {}", grouped(total)),
            (unread, total) => format!("  {} unread of {}", grouped(unread), grouped(total)),
        };
        Clean::line(&format!("{name}{numbers}{order}"))
    }

    /// The reader's title: what it shows, and how far.
    pub fn reader_title(&self) -> (Clean, Clean) {
        let Some(pager) = &self.pager else {
            return (Clean::default(), Clean::default());
        };
        let mode = match pager.mode() {
            Mode::Best => "",
            Mode::Plain => " (plain text)",
            Mode::Html => " (HTML)",
            Mode::Reader => " (text alone)",
            Mode::Raw => " (source)",
        };
        let subject = pager.subject();
        let subject = match subject.as_str().trim() {
            "" => "(no subject)",
            subject => subject,
        };
        let found = match (pager.finding(), pager.finding().and_then(Find::place)) {
            (_, Some((at, count))) => format!("hit {at} of {count} "),
            (Some(find), None) if !find.words().is_empty() => "not found ".to_owned(),
            _ => String::new(),
        };
        let number = pager
            .number()
            .map_or_else(String::new, |(at, count)| format!("{at} of {count} "));
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

    /// Whether the selected message is one of the server's drafts, to be edited rather than read.
    pub fn on_server_draft(&self) -> bool {
        let line = self.index.selected();
        self.focus != Pane::Sidebar && line.is_some_and(|l| l.row.flags.system.has(System::DRAFT))
    }
}
