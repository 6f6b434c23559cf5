//! The sidebar: every inbox as one, the local drafts and the outbox, then each account's
//! mailboxes with their unread counts, those with a role first.

use crate::model::view::{MailboxRow, Scope};
use crate::model::{AccountName, MailboxId, Role};
use crate::store::Counted;
use crate::tui::question::{Fitting, Tray};

/// What a line of the sidebar leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Every inbox.
    Unified {
        /// Unread messages in all of them.
        unread: u64,
    },
    /// Drafts kept here, with how many there are.
    Drafts(usize),
    /// Messages on their way out, with how many there are and how many are stuck.
    Outbox(Tray),
    /// A saved view, and how much is unread in it.
    View(ViewLine, Counted),
    /// An account's heading.
    Account(AccountName),
    /// A mailbox, indented by so many levels.
    Mailbox(MailboxRow, u16),
}

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewLine {
    /// Its name.
    pub name: String,
    /// A sign before it.
    pub icon: String,
    /// What it lists.
    pub list: Fitting,
}

/// What the selection holds on to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ident {
    Unified,
    Drafts,
    Outbox,
    View(String),
    Account(AccountName),
    Mailbox(MailboxId),
}

impl Entry {
    fn ident(&self) -> Ident {
        match self {
            Entry::Unified { .. } => Ident::Unified,
            Entry::Drafts(_) => Ident::Drafts,
            Entry::Outbox(_) => Ident::Outbox,
            Entry::View(view, _) => Ident::View(view.name.clone()),
            Entry::Account(name) => Ident::Account(name.clone()),
            Entry::Mailbox(row, _) => Ident::Mailbox(row.id),
        }
    }

    /// Whether it can be selected.
    pub fn selectable(&self) -> bool {
        match self {
            Entry::Account(_) => false,
            Entry::Mailbox(row, _) => row.selectable,
            _ => true,
        }
    }

    /// The index scope that it opens, if it does.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Entry::Unified { .. } => Some(Scope::UnifiedInbox),
            Entry::Mailbox(row, _) if row.selectable => Some(Scope::Mailbox(row.id)),
            _ => None,
        }
    }
}

/// The sidebar.
#[derive(Debug, Default)]
pub struct Sidebar {
    accounts: Vec<AccountName>,
    mailboxes: Vec<MailboxRow>,
    views: Vec<(ViewLine, Counted)>,
    tray: Tray,
    drafts: usize,
    entries: Vec<Entry>,
    cursor: usize,
    top: usize,
    loaded: bool,
}

impl Sidebar {
    /// A sidebar for these accounts, in this order.
    pub fn new(accounts: Vec<AccountName>) -> Sidebar {
        let mut sidebar = Sidebar {
            accounts,
            ..Sidebar::default()
        };
        sidebar.build();
        sidebar
    }

    /// Takes the mailboxes and counts in.
    pub fn set(&mut self, mailboxes: Vec<MailboxRow>, outbox: Tray, drafts: usize) {
        self.mailboxes = mailboxes;
        (self.tray, self.drafts) = (outbox, drafts);
        self.loaded = true;
        self.build();
    }

    /// Takes the saved views and what is unread in them in.
    pub fn set_views(&mut self, views: Vec<(ViewLine, Counted)>) {
        self.views = views;
        self.build();
    }

    /// Whether the mailboxes have been read once.
    pub fn loaded(&self) -> bool {
        self.loaded
    }

    /// The lines.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The selected line's number.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first line on the screen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Shows this line at the top of so many; what is selected comes along.
    pub fn to(&mut self, top: usize, height: usize) {
        let height = height.max(1);
        self.top = top.min(self.entries.len().saturating_sub(height));
        let seen = self.top..(self.top + height).min(self.entries.len());
        let able = |n: &usize| self.entries.get(*n).is_some_and(Entry::selectable);
        let near = seen.filter(able).min_by_key(|n| n.abs_diff(self.cursor));
        self.cursor = near.unwrap_or(self.cursor);
    }

    /// Tells how many lines fit.
    pub fn resize(&mut self, height: usize) {
        let height = height.max(1);
        let most = self.entries.len().saturating_sub(height);
        self.top = self
            .top
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(height))
            .min(most);
    }

    /// The selected entry.
    pub fn selected(&self) -> Option<&Entry> {
        self.entries.get(self.cursor)
    }

    /// Every mailbox.
    pub fn mailboxes(&self) -> &[MailboxRow] {
        &self.mailboxes
    }

    /// Every mailbox in the order of the lines.
    pub fn ordered(&self) -> impl Iterator<Item = &MailboxRow> {
        self.entries.iter().filter_map(|e| match e {
            Entry::Mailbox(row, _) => Some(row),
            _ => None,
        })
    }

    /// The mailbox of this row.
    pub fn mailbox(&self, id: MailboxId) -> Option<&MailboxRow> {
        self.mailboxes.iter().find(|m| m.id == id)
    }

    /// What is unread in a mailbox, or in all inboxes, and all that is there.
    pub fn count(&self, scope: &Scope) -> (u64, u64) {
        let meant = |m: &&MailboxRow| match scope {
            Scope::Mailbox(id) => m.id == *id,
            Scope::UnifiedInbox => m.role == Some(Role::Inbox),
        };
        let meant = self.mailboxes.iter().filter(meant);
        meant.fold((0, 0), |(u, t), m| (u + m.unread, t + m.total))
    }

    /// The mailbox with this role, of the account if one is given, else of the first that has one.
    pub fn with_role(&self, role: Role, account: Option<&AccountName>) -> Option<&MailboxRow> {
        let mut of_role = self.mailboxes.iter().filter(|m| m.role == Some(role));
        match account {
            Some(name) => of_role.find(|m| m.account == *name),
            None => self
                .accounts
                .iter()
                .find_map(|a| of_role.clone().find(|m| m.account == *a)),
        }
    }

    /// Moves the selection by so many selectable lines.
    pub fn step(&mut self, by: isize) {
        let able: Vec<usize> = (0..self.entries.len())
            .filter(|n| self.entries.get(*n).is_some_and(Entry::selectable))
            .collect();
        let at = able.iter().position(|n| *n >= self.cursor).unwrap_or(0);
        let to = at
            .saturating_add_signed(by)
            .min(able.len().saturating_sub(1));
        self.cursor = able.get(to).copied().unwrap_or(0);
    }

    /// Selects a line (a click), if it can be.
    pub fn select(&mut self, line: usize) -> bool {
        let able = self.entries.get(line).is_some_and(Entry::selectable);
        if able {
            self.cursor = line;
        }
        able
    }

    /// Selects the entry that opens this scope.
    pub fn select_scope(&mut self, scope: &Scope) {
        if let Some(n) = self
            .entries
            .iter()
            .position(|e| e.scope().as_ref() == Some(scope))
        {
            self.cursor = n;
        }
    }

    /// Selects the view of this name.
    pub fn select_view(&mut self, name: &str) {
        let is_it = |e: &Entry| matches!(e, Entry::View(view, _) if view.name == name);
        if let Some(n) = self.entries.iter().position(is_it) {
            self.cursor = n;
        }
    }

    fn build(&mut self) {
        let held = self.selected().map(Entry::ident);
        let unread = self
            .mailboxes
            .iter()
            .filter(|m| m.role == Some(Role::Inbox))
            .map(|m| m.unread)
            .sum();
        let mut entries = vec![
            Entry::Unified { unread },
            Entry::Drafts(self.drafts),
            Entry::Outbox(self.tray),
        ];
        let views = self.views.iter();
        entries.extend(views.map(|(view, unread)| Entry::View(view.clone(), *unread)));
        for account in &self.accounts {
            entries.push(Entry::Account(account.clone()));
            let mut own: Vec<_> = self
                .mailboxes
                .iter()
                .filter(|m| m.account == *account)
                .collect();
            own.sort_by_cached_key(|m| (Role::place(m.role), m.path.to_lowercase(), m.id));
            for row in &own {
                let depth = if row.role.is_some() {
                    0
                } else {
                    depth(row, &own)
                };
                entries.push(Entry::Mailbox((*row).clone(), depth));
            }
        }
        self.entries = entries;
        let at = held.and_then(|h| self.entries.iter().position(|e| e.ident() == h));
        self.cursor = at.unwrap_or(0);
    }
}

/// How many of a mailbox's ancestors stand above it among those without a role.
fn depth(row: &MailboxRow, all: &[&MailboxRow]) -> u16 {
    let above = row.path.match_indices('/').filter(|(at, _)| {
        let parent = row.path.get(..*at).unwrap_or_default();
        all.iter().any(|m| m.role.is_none() && m.path == parent)
    });
    u16::try_from(above.count()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(id: i64, account: &str, path: &str, role: Option<Role>, unread: u64) -> MailboxRow {
        MailboxRow {
            id: MailboxId(id),
            account: AccountName(account.into()),
            path: path.into(),
            role,
            selectable: true,
            total: 10,
            unread,
            there: Some(10),
        }
    }

    fn filled() -> Sidebar {
        let names = ["home", "work"].map(|n| AccountName(n.into()));
        let mut sidebar = Sidebar::new(names.to_vec());
        sidebar.set(
            vec![
                mailbox(1, "work", "INBOX", Some(Role::Inbox), 3),
                mailbox(2, "home", "Trash", Some(Role::Trash), 0),
                mailbox(3, "home", "INBOX", Some(Role::Inbox), 2),
                mailbox(4, "home", "lists/rust", None, 0),
                mailbox(5, "home", "lists", None, 0),
            ],
            Tray { all: 1, stuck: 0 },
            2,
        );
        sidebar
    }

    #[test]
    fn roles_come_first_and_children_are_indented() {
        let sidebar = filled();
        assert_eq!(sidebar.entries()[0], Entry::Unified { unread: 5 });
        let home: Vec<_> = sidebar.entries()[3..8]
            .iter()
            .map(|e| match e {
                Entry::Mailbox(m, depth) => (m.id.0, *depth),
                _ => (0, 0),
            })
            .collect();
        assert_eq!(home, [(0, 0), (3, 0), (2, 0), (5, 0), (4, 1)]);
    }

    #[test]
    fn the_selection_passes_headings_and_outlives_a_new_reading() {
        let mut sidebar = filled();
        sidebar.step(3);
        assert_eq!(
            sidebar.selected().unwrap().scope(),
            Some(Scope::Mailbox(MailboxId(3)))
        );
        sidebar.set(
            vec![mailbox(3, "home", "INBOX", Some(Role::Inbox), 0)],
            Tray::default(),
            0,
        );
        assert_eq!(
            sidebar.selected().unwrap().scope(),
            Some(Scope::Mailbox(MailboxId(3)))
        );
        sidebar.step(-100);
        assert_eq!(sidebar.cursor(), 0);
        assert!(!sidebar.select(3), "a heading can't be selected");
    }

    #[test]
    fn a_role_is_found_in_the_account_order() {
        let sidebar = filled();
        assert_eq!(sidebar.with_role(Role::Inbox, None).unwrap().id.0, 3);
        let work = AccountName("work".into());
        assert_eq!(sidebar.with_role(Role::Inbox, Some(&work)).unwrap().id.0, 1);
        assert!(sidebar.with_role(Role::Sent, None).is_none());
    }
}
