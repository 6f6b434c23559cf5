//! What every thread of one account is handed: who it works for, where the stores are, whom to
//! tell, and how to get a connection.

use crate::model::{Account, Link, SecretSource};
use crate::net::imap::{Options, Session};
use crate::net::{Kind, NetError, TlsFault, diagnose};
use crate::signal::{Board, Doorbell, Topic};
use crate::store::{Local, Reader, Writer};
use crate::sync::error::SyncError;
use crate::sync::host::{Host, NoSecret};
use crate::sync::report::Report;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Whether an error will not pass by itself. A certificate that is not right may: the network may
/// be one that shows a page of its own first, and no credentials go out before it is right.
pub fn is_for_the_user(error: &NetError) -> bool {
    let passing = matches!(
        error,
        NetError::Tls {
            fault: TlsFault::Name
                | TlsFault::Untrusted
                | TlsFault::Expired
                | TlsFault::Handshake
                | TlsFault::NoStartTls
                | TlsFault::Injected,
            ..
        }
    );
    error.kind() == Kind::User && !passing
}

/// Where the databases are.
#[derive(Clone, Debug)]
pub struct Stores {
    /// `cache.db`.
    pub cache: PathBuf,
    /// `local.db`.
    pub local: PathBuf,
}

/// The means of one account's threads. Cloned for each of them.
#[derive(Clone)]
pub struct Kit {
    /// The account.
    pub account: Account,
    /// Where the databases are.
    pub stores: Stores,
    /// The thread that writes the cache.
    pub writer: Writer,
    /// The account's voice on the board.
    pub report: Report,
    /// Whom to tell.
    pub board: Arc<Board>,
    /// The world outside.
    pub host: Arc<dyn Host>,
    /// Set when everything is to stop.
    pub stop: Arc<AtomicBool>,
    /// Whether everything is to be fetched for a journey.
    pub journey: Arc<AtomicBool>,
    /// Octets that ended sessions have received, for `sync --json`.
    pub received: Arc<AtomicU64>,
}

impl Kit {
    /// Whether the engine stops.
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// A reading connection to the cache.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn reader(&self) -> Result<Reader, SyncError> {
        Ok(Reader::open(&self.stores.cache)?)
    }

    /// A connection to `local.db`.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn local(&self) -> Result<Local, SyncError> {
        Ok(Local::open(&self.stores.local)?)
    }

    /// Dials and signs in. `bell` wakes the session while it idles.
    ///
    /// # Errors
    /// No password, or any network error.
    pub fn dial(&self, bell: Option<&Doorbell>) -> Result<Session, SyncError> {
        let secret = self.host.secret(&self.account).map_err(|no| match no {
            NoSecret::Ask => SyncError::PasswordWanted,
            NoSecret::Failed(why) => SyncError::Secret(why),
        })?;
        let bell = bell
            .map(|b| b.fd().try_clone_to_owned().map(Arc::new))
            .transpose()?;
        Ok(Session::connect(
            &self.account,
            &secret,
            &Options {
                bell,
                ..Options::default()
            },
        )?)
    }

    /// Tells the screen and other processes that something in the stores changed.
    pub fn changed(&self, topic: Topic) {
        self.report.post(topic);
        self.host.changed();
    }

    /// A password that was typed and refused is forgotten, and asked for again.
    pub fn refused_password(&self, error: &NetError) {
        if matches!(error, NetError::Auth(_)) {
            self.host.forget(&self.account.name);
            if self.account.secret == SecretSource::Prompt {
                self.report
                    .post(Topic::PasswordWanted(self.account.name.clone()));
            }
        }
    }

    /// Says that the account is offline because of `error`, and whether trying again makes sense.
    pub fn offline(&self, error: &SyncError, retry_at: i64) -> bool {
        let stopped = |reason: String| Link::Stopped { reason };
        let link = match error {
            SyncError::PasswordWanted => {
                self.report
                    .post(Topic::PasswordWanted(self.account.name.clone()));
                stopped("the password is needed".to_owned())
            }
            SyncError::Secret(why) => stopped(why.clone()),
            SyncError::Net(net) => {
                let reason =
                    diagnose::explain(net, &self.account.imap, diagnose::Service::Imap).line();
                if is_for_the_user(net) {
                    self.refused_password(net);
                    stopped(reason)
                } else {
                    Link::Waiting { reason, retry_at }
                }
            }
            other => Link::Waiting {
                reason: other.to_string(),
                retry_at,
            },
        };
        let again = !matches!(link, Link::Stopped { .. });
        self.report.link(link);
        again
    }
}
