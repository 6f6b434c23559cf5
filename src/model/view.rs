//! The rows that screens and scripts show: what a store reader answers. Text in them is as
//! received and must be cleaned before it is drawn.

use super::{AccountName, Address, Flags, LocationId, MailboxId, MsgId, Role, ThreadId, Uid};
use crate::lang::tr;
use std::collections::BTreeSet;

/// What a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every inbox of every account.
    UnifiedInbox,
    /// One mailbox.
    Mailbox(MailboxId),
}

/// In which order a search lists what it finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What fits best and is new, first.
    #[default]
    Best,
    /// The newest first.
    Newest,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// Its date, the newest first.
    #[default]
    Date,
    /// Who it is from, A to Z.
    From,
    /// What it is about, A to Z, without what answers put before it.
    Subject,
    /// How large it is, the largest first. A conversation is as large as its newest message.
    Size,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The other way round.
    pub reversed: bool,
}

impl Sort {
    /// Every order with its name; with a minus before it, it is the other way round.
    pub const NAMES: [(&'static str, SortBy); 4] = [
        ("date", SortBy::Date),
        ("from", SortBy::From),
        ("subject", SortBy::Subject),
        ("size", SortBy::Size),
    ];

    /// All that a user may say.
    pub fn spelled() -> Vec<String> {
        let known = Sort::NAMES.iter();
        known
            .flat_map(|(name, _)| [(*name).to_owned(), format!("-{name}")])
            .chain(["thread", "reverse"].map(str::to_owned))
            .collect()
    }

    /// Reads `size` and `-size`.
    pub fn parse(text: &str) -> Option<Sort> {
        let (reversed, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let mut all = Sort::NAMES.iter();
        let (_, by) = all.find(|(known, _)| *known == name)?;
        Some(Sort { by: *by, reversed })
    }

    /// As [`Sort::parse`] reads it.
    pub fn name(self) -> String {
        let mut all = Sort::NAMES.iter();
        let name = all.find(|(_, by)| *by == self.by).map_or("", |(n, _)| n);
        format!("{}{name}", if self.reversed { "-" } else { "" })
    }

    /// What is said of it, e.g. `largest first`.
    pub fn words(self) -> &'static str {
        match (self.by, self.reversed) {
            (SortBy::Date, false) => tr!("newest first"),
            (SortBy::Date, true) => tr!("oldest first"),
            (SortBy::From, false) => tr!("by sender"),
            (SortBy::From, true) => tr!("by sender, Z to A"),
            (SortBy::Subject, false) => tr!("by subject"),
            (SortBy::Subject, true) => tr!("by subject, Z to A"),
            (SortBy::Size, false) => tr!("largest first"),
            (SortBy::Size, true) => tr!("smallest first"),
        }
    }
}

/// A mailbox for the sidebar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxRow {
    /// Its row.
    pub id: MailboxId,
    /// Whose it is.
    pub account: AccountName,
    /// Its whole name, decoded, levels joined by `/`. Untrusted text.
    pub path: String,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Messages shown in it.
    pub total: u64,
    /// Of these, unread.
    pub unread: u64,
    /// How many messages the server has in it, as far as is known here: more than are shown where a
    /// policy leaves older ones out. `None` if it was never looked at.
    pub there: Option<u64>,
}

/// Where a page begins: the sort key of the row before it, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
    /// Sort time, seconds since 1970.
    pub date: i64,
    /// Tie-breaker: the location's id in flat lists, the thread's in threaded ones.
    pub id: i64,
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest rows.
    Newest,
    /// The oldest rows (End key), still answered newest first.
    Oldest,
    /// The rows just after (older than) this one.
    After(PageKey),
    /// The rows just before (newer than) this one, still answered newest first.
    Before(PageKey),
    /// The row itself and those after it.
    From(PageKey),
}

impl Page {
    /// Whether it is read from older rows to newer ones, so that a row too many stands first.
    pub fn is_backward(self) -> bool {
        matches!(self, Page::Before(_) | Page::Oldest)
    }
}

/// One row of an index: a message, or a thread shown by its newest message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Where it stands in the order.
    pub key: PageKey,
    /// The (newest) message.
    pub message: MsgId,
    /// Where that message lies.
    pub location: LocationId,
    /// The mailbox that it lies in.
    pub mailbox: MailboxId,
    /// Its UID there; `None` while it is on its way.
    pub uid: Option<Uid>,
    /// Its thread.
    pub thread: ThreadId,
    /// Messages of the thread in this scope; 1 in flat lists.
    pub count: u32,
    /// Of these, unread (0 or 1 in flat lists).
    pub unread: u32,
    /// Date shown, seconds since 1970.
    pub date: i64,
    /// From.
    pub from: Vec<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Subject.
    pub subject: String,
    /// Flags as shown: the server's with pending changes applied; in threads, `\Flagged` if any is.
    pub flags: Flags,
    /// Whether there are attachments; `None` until the body is here.
    pub attachments: Option<bool>,
    /// Beginning of the text, once the body is here.
    pub snippet: Option<String>,
    /// Depth in the thread's tree when listed inside a thread, else 0.
    pub depth: u16,
}

impl IndexRow {
    /// Whether a letter of another row seems to be the same one: date, subject and who wrote it.
    pub fn seems(&self, other: &IndexRow) -> bool {
        (self.date, &self.subject, &self.from) == (other.date, &other.subject, &other.from)
    }
}

/// An attachment or inline part, as recorded when the body came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Index of the MIME part in the parsed message.
    pub part: u32,
    /// Name as received. Untrusted text: never a path.
    pub name: String,
    /// Media type, lower case.
    pub media_type: String,
    /// Octets, decoded.
    pub size: u64,
}

/// Everything known of one message without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its row.
    pub id: MsgId,
    /// Its thread.
    pub thread: ThreadId,
    /// Header fields.
    pub envelope: super::Envelope,
    /// Sort date, seconds since 1970.
    pub date: i64,
    /// Octets on the server (RFC822.SIZE), not to be relied on.
    pub size: u64,
    /// Where it lies.
    pub places: Vec<Place>,
    /// Attachments; `None` until the body is here.
    pub attachments: Option<Vec<AttachmentRow>>,
    /// Whether the body is here.
    pub has_body: bool,
    /// Why the body can't be had, if so.
    pub body_error: Option<String>,
}

/// One place where a message lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its row.
    pub location: LocationId,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// Whose mailbox.
    pub account: AccountName,
    /// The mailbox's name for people. Untrusted text.
    pub path: String,
    /// UID there; `None` while on its way.
    pub uid: Option<Uid>,
    /// Flags as shown.
    pub flags: Flags,
}

/// What is known of a message's sender from other mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Whether the user wrote to the address.
    pub written: bool,
    /// Other messages from it that are here; more than a few are not counted.
    pub others: u64,
    /// Addresses that the user wrote to under the same name.
    pub namesakes: Vec<String>,
    /// Domains that the user wrote to, lower case.
    pub domains: BTreeSet<String>,
}

/// A person for address completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Name and address. Untrusted text.
    pub address: Address,
    /// How often we wrote to it; 0: it was only seen.
    pub written: u64,
    /// When it was last used or seen, seconds since 1970.
    pub last: i64,
    /// Whether mail to it came back, the last time that anything is known of.
    pub bounced: bool,
}
