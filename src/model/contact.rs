//! Who can be written to, as the user keeps them: people of an address book, groups, and what is
//! known of a domain before anything is sent to it.

use super::Address;

/// Somebody in an address book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name and address. Untrusted text: a file may come from anywhere.
    pub address: Address,
    /// What it is found by besides (a nickname). Untrusted text.
    pub also: String,
}

/// Several people with one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What it is called. Untrusted text where it comes from a file of cards.
    pub name: String,
    /// Who belongs to it.
    pub members: Vec<Address>,
}

/// What the name system says of a domain that mail shall go to (RFC 5321 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailDomain {
    /// It names a server for its mail, or is one itself.
    Takes,
    /// It says that it takes no mail (a null MX, RFC 7505).
    TakesNone,
    /// It names no server and has no address.
    HasNoServer,
    /// There is no such domain.
    IsNot,
    /// Nobody answered in time, or nothing that could be understood.
    Unknown,
}
