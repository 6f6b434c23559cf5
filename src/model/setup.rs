//! Setting an account up, in nouns: what was found for an address and how far it is to be trusted,
//! and each step of trying it. What finds and tries stands on other floors; a screen and a command
//! line show the same things in the same words.
//!
//! Servers that nobody vouches for are named to the user before anything secret goes there
//! (RFC 6186 §6): see [`Proposal::outside`].

use super::{Account, AccountName, Auth, Endpoint, OAuth, Secret, SecretSource, SyncPolicy};
use crate::lang::{self, tr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Where an answer comes from, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The user named the servers.
    Typed,
    /// The providers that the user or an organisation lists beside the configuration.
    Own,
    /// The providers that this program knows, by the address's domain.
    Provider,
    /// Mozilla's list of providers, over HTTPS.
    Ispdb,
    /// The domain's own file for mail programs, over HTTPS.
    Domain,
    /// The providers that this program knows, by the servers that take the domain's mail. The name
    /// system says so, and nobody signed it.
    Mx,
    /// The name system's records of the domain's mail servers (RFC 6186, RFC 8314 §5.1), which
    /// nobody signed.
    Srv,
    /// A usual name below the domain where a server showed a certificate for it.
    Guess,
}

impl Source {
    /// That it was found, and where, in the language of the screen.
    pub fn found(self) -> &'static str {
        match self {
            Source::Typed => tr!("found as you typed it"),
            Source::Own => tr!("found in your own providers.toml"),
            Source::Provider => tr!("found in the list of providers"),
            Source::Ispdb => tr!("found in Mozilla's list of providers"),
            Source::Domain => tr!("found in the domain's own file for mail programs"),
            Source::Mx => tr!("found by the servers that take the domain's mail"),
            Source::Srv => tr!("found in the domain's DNS records"),
            Source::Guess => tr!("found by trying usual names"),
        }
    }

    /// Where it comes from, to follow "found", in English.
    pub fn words(self) -> &'static str {
        match self {
            Source::Typed => "as you typed it",
            Source::Own => "in your own providers.toml",
            Source::Provider => "in the list of providers",
            Source::Ispdb => "in Mozilla's list of providers",
            Source::Domain => "in the domain's own file for mail programs",
            Source::Mx => "by the servers that take the domain's mail",
            Source::Srv => "in the domain's DNS records",
            Source::Guess => "by trying usual names",
        }
    }

    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Source::Typed => "typed",
            Source::Own => "own",
            Source::Provider => "provider",
            Source::Ispdb => "ispdb",
            Source::Domain => "autoconfig",
            Source::Mx => "mx",
            Source::Srv => "srv",
            Source::Guess => "guess",
        }
    }
}

/// A way to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// The account's own password.
    Password,
    /// A password made for mail programs only, on the page at this address if it is known.
    AppPassword {
        /// Shown as text; never opened by itself.
        page: Option<String>,
    },
    /// Through the browser, at the provider of this name (`google`, `microsoft`).
    OAuth {
        /// The provider's name in the list of those that we know.
        provider: String,
    },
}

/// What was found for an address: servers, and what to know of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The provider's name, if there is a known one. From outside: clean it to show it.
    pub provider: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// Servers to read mail, the best first; never empty.
    pub imap: Vec<Endpoint>,
    /// Servers to send mail, the best first; may be empty where only reading was found.
    pub smtp: Vec<Endpoint>,
    /// The name to sign in with.
    pub user: String,
    /// Ways to sign in, the usual one first; never empty.
    pub sign_in: Vec<SignIn>,
    /// Servers that neither belong to the address's domain nor are vouched for by anybody whose
    /// word counts: the user must agree to them before anything secret goes there.
    pub outside: Vec<String>,
    /// A well-known domain that was perhaps meant, where the address's differs from it by a slip of
    /// the hand: the user must be asked then, too.
    pub meant: Option<String>,
    /// What to know of this provider, each a sentence.
    pub notes: Vec<String>,
}

impl Proposal {
    /// Whether the user must agree to its servers by name first.
    pub fn must_ask(&self) -> bool {
        !self.outside.is_empty() || self.meant.is_some()
    }

    /// The question then; `None` where there is none. From outside: clean it to show it.
    /// One answer agrees to all of it, so all of it is in the question (RFC 6186 §6).
    pub fn question(&self) -> Option<String> {
        let hosts = lang::and(&self.outside);
        let outside = (!hosts.is_empty()).then(|| {
            tr!(
                "{hosts}: {found}, outside of your address's domain, and nobody vouches for it.",
                hosts,
                found = self.source.found()
            )
        });
        match (&self.meant, outside) {
            (Some(meant), Some(outside)) => Some(tr!(
                "The address's domain is nearly {meant}. {outside} Is the address right as it is, and is that where your mail is?",
                meant,
                outside
            )),
            (Some(meant), None) => Some(tr!(
                "The address's domain is nearly {meant}. Is it right as it is?",
                meant
            )),
            (None, Some(outside)) => Some(tr!("{outside} Is that where your mail is?", outside)),
            (None, None) => None,
        }
    }

    /// Whether a password of some kind is enough.
    pub fn takes_password(&self) -> bool {
        let browser = |way: &SignIn| matches!(way, SignIn::OAuth { .. });
        !self.sign_in.iter().all(browser)
    }

    /// The word of the provider at whose page one may sign in with a browser.
    pub fn browser(&self) -> Option<&str> {
        self.sign_in.iter().find_map(|way| match way {
            SignIn::OAuth { provider } => Some(provider.as_str()),
            _ => None,
        })
    }

    /// The page where app passwords are made, if it is known.
    pub fn app_password_page(&self) -> Option<&str> {
        self.sign_in.iter().find_map(|way| match way {
            SignIn::AppPassword { page } => page.as_deref(),
            _ => None,
        })
    }

    /// Whether a password made for mail programs is wanted in place of the account's own.
    pub fn wants_app_password(&self) -> bool {
        let app = |way: &SignIn| matches!(way, SignIn::AppPassword { .. });
        self.sign_in.iter().any(app) && !self.sign_in.contains(&SignIn::Password)
    }

    /// What is to be tried for this address with this password.
    pub fn attempt(&self, email: &str, full_name: &str, secret: Secret) -> Attempt {
        let nowhere = || Endpoint {
            host: String::new(),
            port: 0,
            security: super::Security::Tls,
            pin_sha256: None,
        };
        let first = |list: &[Endpoint]| list.first().cloned().unwrap_or_else(nowhere);
        Attempt {
            account: Account {
                name: AccountName(String::new()),
                email: email.to_owned(),
                full_name: full_name.to_owned(),
                user: self.user.clone(),
                secret: SecretSource::Keyring,
                imap: first(&self.imap),
                smtp: first(&self.smtp),
                ca_file: None,
                sync: SyncPolicy::default(),
                save_sent: None,
                mirror_drafts: true,
                archive: super::ArchiveBy::default(),
                signature: None,
                auth: Auth::Password,
                identities: Vec::new(),
                sendmail: None,
                authserv_id: Vec::new(),
                future_release: false,
            },
            imap: self.imap.clone(),
            smtp: self.smtp.clone(),
            secret,
        }
    }
}

/// What comes while servers are looked for, in this order: any number of `Looking` and
/// `Proposal`, each proposal more trusted than those before it, then one `Done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Somebody is asked: whom, in words.
    Looking(String),
    /// An answer.
    Proposal(Box<Proposal>),
    /// There is no such domain, but a well-known one that differs by a slip of the hand.
    Meant(String),
    /// That is all. Without any proposal: why not and what to do, in words (clean).
    Done(Option<String>),
}

/// An account that is to be tried.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The account; its two servers are those that will be tried first. An empty name is made up
    /// when it is kept.
    pub account: Account,
    /// Servers to read mail, tried in this order; where empty, the account's own.
    pub imap: Vec<Endpoint>,
    /// Servers to send mail, tried in this order; where empty, the account's own.
    pub smtp: Vec<Endpoint>,
    /// The password, or an access token where the account signs in by one.
    pub secret: Secret,
}

impl Attempt {
    /// Every server that the secret may go to.
    pub fn servers(&self) -> Vec<Endpoint> {
        let own = [&self.account.imap, &self.account.smtp];
        let all = self.imap.iter().chain(&self.smtp).chain(own);
        all.filter(|end| !end.host.is_empty()).cloned().collect()
    }
}

/// A step of trying an account, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The name of the server that mail is read from.
    ImapName,
    /// A secure connection to it.
    ImapTls,
    /// Signing in there.
    ImapSignIn,
    /// The list of mailboxes.
    Mailboxes,
    /// The newest messages of the inbox.
    Newest,
    /// The name of the server that mail is sent by.
    SmtpName,
    /// A secure connection to it.
    SmtpTls,
    /// Signing in there.
    SmtpSignIn,
}

impl Step {
    /// Every step in its order.
    pub const ALL: [Step; 8] = [
        Step::ImapName,
        Step::ImapTls,
        Step::ImapSignIn,
        Step::Mailboxes,
        Step::Newest,
        Step::SmtpName,
        Step::SmtpTls,
        Step::SmtpSignIn,
    ];

    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Step::ImapName => tr!("find the mail server"),
            Step::ImapTls => tr!("secure connection"),
            Step::ImapSignIn => tr!("sign in"),
            Step::Mailboxes => tr!("mailboxes"),
            Step::Newest => tr!("newest messages"),
            Step::SmtpName => tr!("find the sending server"),
            Step::SmtpTls => tr!("secure connection to send"),
            Step::SmtpSignIn => tr!("sign in to send"),
        }
    }

    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Step::ImapName => "imap-name",
            Step::ImapTls => "imap-tls",
            Step::ImapSignIn => "imap-sign-in",
            Step::Mailboxes => "mailboxes",
            Step::Newest => "newest",
            Step::SmtpName => "smtp-name",
            Step::SmtpTls => "smtp-tls",
            Step::SmtpSignIn => "smtp-sign-in",
        }
    }

    /// Whether it is about the server that mail is read from.
    pub fn is_reading(self) -> bool {
        self < Step::SmtpName
    }
}

/// What the user can change about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Nothing here: the network, or the server.
    Again,
    /// Name, port or security of the server of that step.
    Server,
    /// The user name or the password.
    SignIn,
}

/// How a step stands. All words are clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun.
    Waiting,
    /// Under way: with what.
    Running(String),
    /// It worked: what was found.
    Worked(String),
    /// It did not.
    Failed {
        /// What happened, with the server's own words.
        what: String,
        /// Why it usually does; may be empty.
        why: String,
        /// What to do; may be empty.
        todo: String,
        /// What to change for that.
        mend: Mend,
    },
    /// Not tried, because a step before it failed.
    Skipped,
}

/// One step and how it stands now. The same step comes several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub step: Step,
    /// How it stands.
    pub state: State,
}

/// One of the newest messages, clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glimpse {
    /// Who sent it: a name, else an address.
    pub from: String,
    /// Its subject.
    pub subject: String,
    /// When it came, in seconds since 1970; 0 where the server does not say.
    pub when: i64,
    /// Whether it was read.
    pub seen: bool,
}

/// What comes while an account is tried: checks and the newest messages, then one `Done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// A step stands differently.
    Check(Check),
    /// The newest messages of the inbox, newest first; comes once, if at all.
    Newest(Vec<Glimpse>),
    /// Everything was tried. The account with the servers that worked; `None`: something failed.
    Done(Option<Box<Account>>),
}

/// What is known of signing in with a browser at a provider.
#[derive(Clone, Debug)]
pub struct AtProvider {
    /// Its pages, and the client that is registered there; its id is empty where nobody said it yet.
    pub says: OAuth,
    /// The client's secret, where another account keeps it ([`super::ClientSecret::Kept`]).
    pub secret: Option<Secret>,
    /// Whether that is all that is needed; otherwise the user completes the client.
    pub whole: bool,
}

/// What a sign-in with a browser brought.
#[derive(Clone, Debug)]
pub struct Brought {
    /// What the servers are shown.
    pub access: Secret,
    /// What is kept.
    pub refresh: Secret,
}

/// What is to be kept of an account.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The account.
    pub account: Account,
    /// Its password, or what keeps one signed in.
    pub secret: Secret,
    /// The secret of the client that was registered with the provider.
    pub client_secret: Option<Secret>,
}

/// What became of keeping an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The account as it stands in the configuration now, with its name.
    pub account: Account,
    /// What to know: a password that could not be kept will be asked for. Clean.
    pub notes: Vec<String>,
}

/// Says to a worker that nobody wants its answer any more. Clones say it together.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the work at its next step; what waits for a server is left behind.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Security;

    fn proposal() -> Proposal {
        let at = |host: &str, port| Endpoint {
            host: host.to_owned(),
            port,
            security: Security::Tls,
            pin_sha256: None,
        };
        Proposal {
            provider: None,
            source: Source::Srv,
            imap: vec![at("imap.example.net", 993)],
            smtp: vec![at("smtp.example.net", 465)],
            user: "me@example.test".into(),
            sign_in: vec![SignIn::Password],
            outside: Vec::new(),
            meant: None,
            notes: Vec::new(),
        }
    }

    #[test]
    fn rfc6186_s6_a_server_elsewhere_is_a_question() {
        let mut found = proposal();
        assert!(!found.must_ask() && found.question().is_none());
        found.outside = vec!["imap.example.net".into(), "smtp.example.net".into()];
        let asked = found.question().unwrap();
        assert!(asked.starts_with("imap.example.net and smtp.example.net: found in the domain's"));
        // Both doubts stand in the one question that a single answer settles.
        found.meant = Some("example.org".into());
        let both = found.question().unwrap();
        assert!(both.contains("nearly example.org"), "{both}");
        assert!(
            both.contains("imap.example.net and smtp.example.net: found"),
            "{both}"
        );
        found.outside.clear();
        assert!(found.question().unwrap().ends_with("Is it right as it is?"));
    }

    #[test]
    fn ways_to_sign_in_say_what_is_wanted() {
        let mut found = proposal();
        assert!(found.takes_password() && !found.wants_app_password());
        let page = Some("https://example.net/app".to_owned());
        let browser = SignIn::OAuth {
            provider: "google".into(),
        };
        found.sign_in = vec![SignIn::AppPassword { page }, browser.clone()];
        assert!(found.takes_password() && found.wants_app_password());
        assert_eq!(found.app_password_page(), Some("https://example.net/app"));
        found.sign_in = vec![browser];
        assert!(!found.takes_password() && !found.wants_app_password());
    }

    #[test]
    fn steps_and_sources_stand_in_their_order() {
        assert!(Step::ALL.is_sorted());
        assert!(Step::Newest.is_reading() && !Step::SmtpName.is_reading());
        assert!(Source::Provider < Source::Ispdb && Source::Srv < Source::Guess);
        let cancel = Cancel::default();
        cancel.clone().cancel();
        assert!(cancel.is_cancelled());
    }
}
