//! What every thread of one account is handed: who it works for, where the stores are, whom to
//! tell, and how to get a connection.

use crate::lang::tr;
use crate::model::{
    Account, Auth, Link, MailboxId, MsgId, Rule, Secret, SecretSource, Service, UidValidity,
};
use crate::net::http::Client;
use crate::net::imap::{Options, Pace, Session};
use crate::net::{Kind, NetError, Onlooker, TlsFault, diagnose};
use crate::signal::{Board, Doorbell, Topic};
use crate::store::{Cache, Local, Priority, Reader, Writer};
use crate::sync::connections::{Connections, Rank};
use crate::sync::error::SyncError;
use crate::sync::host::{Host, NoSecret};
use crate::sync::marks::Marks;
use crate::sync::peers::Peers;
use crate::sync::report::Report;
use crate::sync::rhythm::Rhythm;
use crate::sync::usage::Usage;
use crossbeam_channel::{Receiver, Sender};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// Who asks web servers.
    pub web: Client,
    /// How long anything waits.
    pub rhythm: Rhythm,
    /// Set when everything is to stop.
    pub stop: Arc<AtomicBool>,
    /// What is done to mail that answers a query.
    pub rules: Arc<[Rule]>,
    /// What others leave for its threads.
    pub marks: Arc<Marks>,
    /// How many connections there may be.
    pub connections: Arc<Connections>,
    /// Whether the watcher is at its post.
    pub watched: Arc<AtomicBool>,
    /// Whether the server tells of every mailbox, so that they need not be asked after.
    pub told: Arc<AtomicBool>,
    /// Whether the worker has to fetch bodies itself, because there is no connection to spare.
    pub crowded: Arc<AtomicBool>,
    /// Whether the server is believed to have previews of messages.
    pub previews: Arc<AtomicBool>,
    /// Bodies that somebody waits for and that the worker has to fetch for the same reason.
    pub errands: (Sender<Errand>, Receiver<Errand>),
    /// The other accounts' workers.
    pub peers: Peers,
    /// What was received.
    pub usage: Arc<Usage>,
}

/// A body that the worker is to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Of which message.
    pub message: MsgId,
    /// It was not where the cache has it: it is asked for again once the mailboxes were read anew.
    pub slipped: bool,
}

/// A session that is counted while it lives.
pub struct Connection {
    session: Session,
    counted: u64,
    place: Occupied,
}

/// One of the account's connections; free again when it is closed or dropped.
struct Occupied {
    rank: Rank,
    network: u64,
    left: bool,
    kit: Kit,
}

impl Deref for Connection {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Connection {
    /// Whether it was made in another network than the one that we are in.
    pub fn is_stale(&self) -> bool {
        self.place.network != self.place.kit.marks.network.load(Ordering::SeqCst)
    }

    /// Counts what was received since this was asked last.
    pub fn tally(&mut self) {
        let received = self.session.received();
        let fresh = received.saturating_sub(self.counted);
        self.place.kit.usage.add(fresh);
        self.counted = received;
    }

    /// Puts a new connection of the same rank in the place of this one, which is closed in any case: a
    /// server may allow no second one.
    ///
    /// # Errors
    /// As [`Kit::dial`]; then every call to this one fails.
    pub fn dial_again(&mut self) -> Result<(), SyncError> {
        self.tally();
        self.session.close();
        self.place.leave();
        let (kit, rank) = (self.place.kit.clone(), self.place.rank);
        *self = kit.dial(rank, None)?;
        Ok(())
    }

    /// Says good-bye where somebody may hear it.
    pub fn hang_up(mut self) {
        self.tally();
        if !self.session.is_dead() && !self.is_stale() {
            self.session.logout();
        }
    }
}

impl Occupied {
    fn leave(&mut self) {
        if !std::mem::replace(&mut self.left, true) {
            self.kit.connections.ended();
            self.kit.report.connections(self.kit.connections.open());
        }
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Kit {
    /// The mailbox of this account that is on a screen.
    pub fn attended(&self) -> Option<MailboxId> {
        let row = self.marks.attended.load(Ordering::SeqCst);
        (row != 0).then_some(MailboxId(row))
    }

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
    /// No password, any network error, or [`SyncError::Crowded`] if there is no connection to be
    /// had for this rank.
    pub fn dial(&self, rank: Rank, bell: Option<&Doorbell>) -> Result<Connection, SyncError> {
        if !self.connections.allow(rank) {
            return Err(SyncError::Crowded);
        }
        let network = self.marks.network.load(Ordering::SeqCst);
        let bell = bell
            .map(|b| b.fd().try_clone_to_owned().map(Arc::new))
            .transpose()?;
        let options = Options {
            bell,
            pace: Pace {
                stall: self.rhythm.stall,
                slow: self.rhythm.slow,
                ..Pace::default()
            },
            onlooker: self.onlooker(rank),
            ..Options::default()
        };
        let signed_in = self.sign_in(Service::Imap, |secret| {
            Session::connect(&self.account, secret, &options)
        });
        let mut session = match signed_in {
            Err(SyncError::Net(error)) if error.is_connection_limit() => {
                if self.connections.refused(rank) {
                    self.report
                        .notice(tr!("the server allows fewer connections than were wanted; some work waits for the others"));
                }
                return Err(match rank {
                    Rank::Worker => error.into(),
                    _ => SyncError::Crowded,
                });
            }
            Err(error) => {
                if matches!(error, SyncError::Net(NetError::Auth(_))) {
                    self.connections.bar();
                }
                return Err(error);
            }
            Ok(session) => session,
        };
        session.numbered(self.reader()?.generations(&self.account.name)?);
        if rank == Rank::Worker {
            self.connections.unbar();
        }
        self.connections.opened();
        self.report.connections(self.connections.open());
        let place = Occupied {
            rank,
            network,
            left: false,
            kit: self.clone(),
        };
        Ok(Connection {
            session,
            counted: 0,
            place,
        })
    }

    /// Says on the board that the server lets us wait where somebody may be waiting, too.
    fn onlooker(&self, rank: Rank) -> Onlooker<bool> {
        if !matches!(rank, Rank::Worker | Rank::OnDemand) {
            return Onlooker::default();
        }
        let report = self.report.clone();
        Onlooker::new(move |waiting| report.slow(waiting))
    }

    /// Connects to this server with the account's password or token. A token that is refused may just have
    /// run out: it is fetched once more, and if that gives another one that is tried.
    ///
    /// # Errors
    /// No password, or any network error.
    pub fn sign_in<T>(
        &self,
        service: Service,
        connect: impl Fn(&Secret) -> Result<T, NetError>,
    ) -> Result<T, SyncError> {
        let secret = self.secret(service)?;
        match connect(&secret) {
            Err(NetError::Auth(refusal)) if self.account.auth != Auth::Password => {
                self.host.spent(&self.account.name, &secret);
                let fresh = self.secret(service)?;
                if fresh.reveal() == secret.reveal() {
                    return Err(NetError::Auth(refusal).into());
                }
                Ok(connect(&fresh)?)
            }
            done => Ok(done?),
        }
    }

    fn secret(&self, service: Service) -> Result<Secret, SyncError> {
        let secret = self.host.secret(&self.account, service);
        secret.map_err(|no| match no {
            NoSecret::Ask => SyncError::PasswordWanted,
            NoSecret::SignIn(why) => SyncError::SignedOut(why),
            NoSecret::Later(why) => SyncError::NoToken(why),
            NoSecret::Failed(why) => SyncError::Secret(why),
        })
    }

    /// Forgets what is here of a mailbox, in small jobs; its UIDs are of this generation then.
    ///
    /// # Errors
    /// When the cache can't be written.
    pub fn reset_mailbox(&self, id: MailboxId, validity: UidValidity) -> Result<(), SyncError> {
        let mut done = false;
        while !done {
            let reset = move |cache: &mut Cache| cache.reset_mailbox(id, validity);
            done = self.writer.run(Priority::Batch, reset)?;
        }
        Ok(())
    }

    /// Tells the screen and other processes that something in the stores changed.
    pub fn changed(&self, topic: Topic) {
        self.report.post(topic);
        self.host.changed();
    }

    /// Damage that was found by looking at the cache is noted: the next start makes it anew.
    pub fn note_damage(&self, error: &SyncError) {
        if let SyncError::Store(error) = error {
            Reader::note_damage(&self.stores.cache, error);
        }
    }

    /// A password that was typed and that this server refused is forgotten, and asked for again.
    pub fn refused_password(&self, error: &NetError, service: Service) {
        if matches!(error, NetError::Auth(_)) {
            self.host.forget(&self.account.name, service);
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
                stopped(tr!("the password is needed").to_owned())
            }
            SyncError::Secret(why) | SyncError::SignedOut(why) => stopped(why.clone()),
            SyncError::Net(net) => {
                let known = self.connections.most() > 0 && net.kind() == Kind::Offline;
                let reason = match known {
                    // It worked before: nobody needs to look for a mistake in the settings.
                    true => tr!("server not reachable").to_owned(),
                    false => diagnose::explain(net, &self.account, Service::Imap).line(),
                };
                if is_for_the_user(net) {
                    self.refused_password(net, Service::Imap);
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
