//! An account as the configuration describes it.

use super::{Address, SyncPolicy};
use crate::lang::tr;
use std::fmt;
use std::path::PathBuf;

/// The name that the user gave an account; the key that `local.db` refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(pub String);

impl AccountName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3).
    Tls,
    /// Upgraded by STARTTLS, which must succeed before anything is sent.
    StartTls,
    /// In the clear; allowed only to a peer whose address is loopback.
    None,
}

/// One server of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name, also the name that the certificate must carry.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// SHA-256 of the certificate's SubjectPublicKeyInfo: when set, exactly this key is accepted,
    /// whatever the certificate's name, issuer or dates.
    pub pin_sha256: Option<[u8; 32]>,
}

/// Which of an account's two servers is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Reading mail.
    Imap,
    /// Sending mail.
    Smtp,
}

impl Service {
    /// Where the account's server of this kind is.
    pub fn endpoint(self, account: &Account) -> &Endpoint {
        match self {
            Service::Imap => &account.imap,
            Service::Smtp => &account.smtp,
        }
    }

    /// Its usual ports, in words.
    pub fn usual_ports(self) -> &'static str {
        match self {
            Service::Imap => tr!("IMAP is usually 993 with \"tls\", or 143 with \"starttls\""),
            Service::Smtp => tr!("sending is usually 465 with \"tls\", or 587 with \"starttls\""),
        }
    }
}

/// Where an account's password comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// The desktop's secret store, under service `postrider` and the account's user.
    Keyring,
    /// The file `secrets.age` in the configuration's folder, under a passphrase.
    File,
    /// Asked for when needed, kept in memory only.
    Prompt,
    /// The first line that this command prints; run without a terminal or shell, 30 s at most.
    Command(Vec<String>),
    /// Access tokens of a provider that the user signed in to in a browser.
    OAuth(Box<super::OAuth>),
    /// Already in memory (the demo).
    Memory(SecretText),
}

/// A secret inside a comparable configuration value; see [`super::Secret`].
#[derive(Clone)]
pub struct SecretText(pub super::Secret);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &SecretText) -> bool {
        self.0.reveal() == other.0.reveal()
    }
}

impl Eq for SecretText {}

/// How one proves who one is to both servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// A password (SASL PLAIN or LOGIN).
    #[default]
    Password,
    /// An OAuth 2.0 access token by Google's and Microsoft's XOAUTH2.
    XOauth2,
    /// An OAuth 2.0 access token by OAUTHBEARER (RFC 7628).
    OAuthBearer,
    /// An OAuth 2.0 access token by whichever of the two the server offers.
    OAuth,
}

/// A further address that mail is sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The address.
    pub email: String,
    /// The display name; may be empty.
    pub full_name: String,
    /// Text put below new messages, after `-- `; `None`: the account's.
    pub signature: Option<String>,
    /// Where answers are to go, if not to the address; a Reply-To line.
    pub reply_to: Option<String>,
}

/// How an archive is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ArchiveBy {
    /// Not at all.
    #[default]
    Flat,
    /// A mailbox for each year below it.
    Year,
    /// A mailbox for each month, below that of its year.
    Month,
}

impl ArchiveBy {
    /// Each with its name in the configuration.
    pub const ALL: [(&str, ArchiveBy); 3] = [
        ("flat", ArchiveBy::Flat),
        ("year", ArchiveBy::Year),
        ("month", ArchiveBy::Month),
    ];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        let found = ArchiveBy::ALL.iter().find(|(_, by)| *by == self);
        found.map_or("", |(name, _)| name)
    }
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's name for it, unique.
    pub name: AccountName,
    /// The address that mail is sent from.
    pub email: String,
    /// The display name that mail is sent with; may be empty.
    pub full_name: String,
    /// Login name on both servers.
    pub user: String,
    /// Where the password comes from.
    pub secret: SecretSource,
    /// The IMAP server.
    pub imap: Endpoint,
    /// The submission server (RFC 6409).
    pub smtp: Endpoint,
    /// Extra trust anchors in PEM.
    pub ca_file: Option<PathBuf>,
    /// What is fetched before anybody asks.
    pub sync: SyncPolicy,
    /// Whether a copy of what was sent is filed by us; `None`: decided by the provider's host.
    pub save_sent: Option<bool>,
    /// Whether drafts are copied to the server's Drafts mailbox.
    pub mirror_drafts: bool,
    /// How its archive is divided.
    pub archive: ArchiveBy,
    /// Text put below new messages, after `-- `.
    pub signature: Option<String>,
    /// How one signs in.
    pub auth: Auth,
    /// Further addresses that mail is sent from.
    pub identities: Vec<Identity>,
    /// A program that takes finished messages on its standard input and recipients as arguments, as
    /// sendmail does, in place of the submission server.
    pub sendmail: Option<Vec<String>>,
    /// The names by which the server that receives for this account signs its
    /// Authentication-Results (RFC 8601 §2.5); empty: those of its domain.
    pub authserv_id: Vec<String>,
    /// Whether a message for later is handed to a server that holds it back until then (RFC 4865).
    /// It goes out while this machine is off, and can't be taken back any more.
    pub future_release: bool,
}

impl Account {
    /// The address that mail is sent from, with its name.
    pub fn identity(&self) -> Address {
        Address::new(self.full_name.clone(), self.email.clone())
    }

    /// Whether its server has labels in place of keywords.
    pub fn has_labels(&self) -> bool {
        const WITH_LABELS: [&str; 2] = ["imap.gmail.com", "imap.googlemail.com"];
        let host = self.imap.host.to_ascii_lowercase();
        WITH_LABELS.contains(&host.as_str())
    }

    /// Every address that mail is sent from, with its name, the account's own first.
    pub fn senders(&self) -> Vec<Address> {
        let others = self.identities.iter();
        let others = others.map(|i| Address::new(i.full_name.clone(), i.email.clone()));
        std::iter::once(self.identity()).chain(others).collect()
    }

    /// Whether mail is sent from that address.
    pub fn sends_as(&self, address: &Address) -> bool {
        self.senders().iter().any(|own| own.same_mailbox(address))
    }
}
