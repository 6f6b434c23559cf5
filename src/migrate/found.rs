//! What a client's configuration says, in our nouns: accounts as far as they are known, names for
//! people, keys, and what was not taken over, each with the place where it stands.

use crate::model::{Address, Auth, Contact, Endpoint, Identity, Secret};
use std::path::PathBuf;

/// Where something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file. Untrusted text: a configuration may name anything.
    pub file: String,
    /// The line, from 1; 0: the file as a whole.
    pub line: u32,
}

impl Place {
    /// A file as a whole.
    pub fn of(file: &std::path::Path) -> Place {
        Place {
            file: file.to_string_lossy().into_owned(),
            line: 0,
        }
    }

    /// A line of the same file.
    pub fn at(&self, line: u32) -> Place {
        Place {
            file: self.file.clone(),
            line,
        }
    }
}

/// Why something was not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The user must do something about it.
    Yours,
    /// Its meaning is not known.
    NotUnderstood,
    /// Nothing here does the same.
    NoCounterpart,
    /// It is seen to here without being said, or in another way.
    Otherwise,
}

impl Kind {
    /// Its name in what is printed for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Yours => "yours",
            Kind::NotUnderstood => "not-understood",
            Kind::NoCounterpart => "no-counterpart",
            Kind::Otherwise => "otherwise",
        }
    }
}

/// Something that was not taken over, or not as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub place: Place,
    /// What it is called there; never its value, which may be a password. Untrusted text.
    pub what: String,
    /// Why, in short.
    pub kind: Kind,
    /// Why, and what to do, as a sentence without its stop.
    pub why: String,
}

/// What is given to sign in with.
#[derive(Clone, Debug, Default)]
pub enum Given {
    /// Nothing that could be taken.
    #[default]
    Nothing,
    /// A program that prints it.
    Command(Vec<String>),
    /// A password in clear text.
    Clear(Secret),
}

impl Given {
    /// Whether there is none.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Given::Nothing)
    }

    /// Whether both are the same.
    pub fn same(&self, other: &Given) -> bool {
        match (self, other) {
            (Given::Nothing, Given::Nothing) => true,
            (Given::Command(one), Given::Command(two)) => one == two,
            (Given::Clear(one), Given::Clear(two)) => one.reveal() == two.reveal(),
            _ => false,
        }
    }
}

/// An account, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What it is called there; may be empty.
    pub name: String,
    /// The address; may be empty.
    pub email: String,
    /// The name beside it; may be empty.
    pub full_name: String,
    /// The name to sign in with; empty: the address.
    pub user: String,
    /// Where its mail is.
    pub imap: Option<Endpoint>,
    /// Where it is sent.
    pub smtp: Option<Endpoint>,
    /// The program that sends, in place of a server.
    pub sendmail: Option<Vec<String>>,
    /// What it signs in with.
    pub given: Given,
    /// How.
    pub auth: Auth,
    /// Whether its user signs in to it in a browser.
    pub browser: bool,
    /// Further trusted certificates.
    pub ca_file: Option<PathBuf>,
    /// What stands below its messages.
    pub signature: Option<String>,
    /// Further addresses.
    pub identities: Vec<Identity>,
    /// Mailboxes that are left out.
    pub exclude: Vec<String>,
    /// Extensions of the server that are not to be used.
    pub without: Vec<String>,
    /// Whether what is sent is filed.
    pub save_sent: Option<bool>,
    /// Whose Authentication-Results are believed.
    pub authserv_id: Vec<String>,
    /// Where it begins.
    pub place: Place,
}

impl Found {
    /// The name to sign in with.
    pub fn login(&self) -> &str {
        match self.user.is_empty() {
            true => &self.email,
            false => &self.user,
        }
    }

    /// Adds an address that mail is sent from, unless the account has it already.
    pub fn also(&mut self, identity: Identity) {
        let known = |email: &str| email.eq_ignore_ascii_case(&identity.email);
        if !known(&self.email) && !self.identities.iter().any(|i| known(&i.email)) {
            self.identities.push(identity);
        }
    }
}

/// A name for one person or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// What is typed.
    pub name: String,
    /// Who is meant.
    pub members: Vec<Address>,
    /// Where it stands.
    pub place: Place,
}

/// A key and what it does here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The screen: a table of `keys.toml`.
    pub screen: &'static str,
    /// The keys, as they are written there.
    pub key: String,
    /// The commands, one after the other; `none` takes the key away.
    pub commands: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// The accounts, in their order.
    pub accounts: Vec<Found>,
    /// Names for people.
    pub aliases: Vec<Alias>,
    /// People without such a name.
    pub people: Vec<Contact>,
    /// Address books that are databases: whoever has a reader for them reads them.
    pub books: Vec<PathBuf>,
    /// The program that prints people.
    pub people_command: Option<Vec<String>>,
    /// The preset of keys that is like the client's.
    pub preset: Option<&'static str>,
    /// Keys that the user chose.
    pub keys: Vec<Binding>,
    /// Programs that show attachments, by type.
    pub open: Vec<(String, Vec<String>)>,
    /// What was not taken over.
    pub notes: Vec<Note>,
}

impl Findings {
    /// Notes that something was not taken over.
    pub fn note(&mut self, place: &Place, what: &str, kind: Kind, why: &str) {
        self.notes.push(Note {
            place: place.clone(),
            what: what.chars().take(80).collect(),
            kind,
            why: why.to_owned(),
        });
    }
}
