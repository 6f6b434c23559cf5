//! Mailboxes: their names as the server spells them, and what each is for.

use std::fmt;

/// A mailbox name exactly as the server gave it, byte for byte (modified UTF-7 or UTF-8). It goes
/// back to the server unchanged, is never shown and never becomes a path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxName(Vec<u8>);

impl MailboxName {
    /// A name from the wire. INBOX in any case becomes `INBOX` (RFC 9051 §5.1).
    pub fn new(bytes: impl Into<Vec<u8>>) -> MailboxName {
        let bytes = bytes.into();
        if bytes.eq_ignore_ascii_case(b"INBOX") {
            MailboxName(b"INBOX".to_vec())
        } else {
            MailboxName(bytes)
        }
    }

    /// The bytes as they go over the wire (before quoting).
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxName({})", self.0.escape_ascii())
    }
}

/// What a mailbox is for: SPECIAL-USE (RFC 6154), or recognised by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Where new mail arrives.
    Inbox,
    /// Unfinished messages.
    Drafts,
    /// Copies of what was sent.
    Sent,
    /// Out of the inbox, kept.
    Archive,
    /// Unwanted mail.
    Junk,
    /// On its way out.
    Trash,
    /// Every message of the account (Gmail's All Mail).
    All,
    /// Every flagged message (a virtual mailbox of some servers).
    Flagged,
}

impl Role {
    /// Every role with its name in JSON, databases and configuration.
    pub const ALL: [(Role, &'static str); 8] = [
        (Role::Inbox, "inbox"),
        (Role::Drafts, "drafts"),
        (Role::Sent, "sent"),
        (Role::Archive, "archive"),
        (Role::Junk, "junk"),
        (Role::Trash, "trash"),
        (Role::All, "all"),
        (Role::Flagged, "flagged"),
    ];

    /// The place in lists of a mailbox with this role: the usual ones first, those without any last.
    pub fn place(role: Option<Role>) -> usize {
        const ORDER: [Role; 8] = [
            Role::Inbox,
            Role::Flagged,
            Role::Drafts,
            Role::Sent,
            Role::Archive,
            Role::All,
            Role::Junk,
            Role::Trash,
        ];
        let place = role.and_then(|role| ORDER.iter().position(|other| *other == role));
        place.unwrap_or(ORDER.len())
    }

    /// The role's name in JSON, databases and configuration.
    pub fn name(self) -> &'static str {
        Role::ALL
            .iter()
            .find(|(r, _)| *r == self)
            .map_or("", |(_, n)| n)
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.iter().find(|(_, n)| *n == name).map(|(r, _)| *r)
    }
}
