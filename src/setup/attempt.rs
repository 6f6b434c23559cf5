//! Trying an account: each step as it goes, several servers and ports in their order, and the newest
//! messages as a proof that it is the right mailbox. Nothing is written anywhere.
//!
//! The password goes out after TLS only, to a server whose certificate is right, and to the
//! submission server only where reading worked: a wrong one is said once and not twice, because
//! providers count.

use super::words::{failed, tells, tries_next};
use crate::lang::{tr, trn};
use crate::mime::parse;
use crate::model::setup::{Attempt, Cancel, Check, Glimpse, State, Step, Tried};
use crate::model::{Account, Endpoint, MailboxName, Secret, Security, System};
use crate::net::connect::{self, Patience};
use crate::net::diagnose::{Service, is_sending_off};
use crate::net::error::NetError;
use crate::net::imap::{FetchBy, Greeted, Listed, Mode, Options, Session};
use crate::net::smtp::{Pace, SmtpSession, Watch};
use crate::net::trace::Ring;
use crate::text::{Clean, size};
use crossbeam_channel::{RecvTimeoutError, Sender, unbounded};
use std::thread;
use std::time::Duration;

/// How many of the newest messages are shown.
pub const NEWEST: u32 = 5;
/// How often it is looked whether anybody still wants to know.
const LOOK: Duration = Duration::from_millis(50);
/// Said of a web page where the answer to a password should be: that nothing was sent would be wrong.
const PAGE: &str = "a web page in place of an answer";
/// Somebody sits and waits.
const PATIENCE: Patience = Patience {
    lookup: Duration::from_secs(8),
    connect: Duration::from_secs(8),
    handshake: Duration::from_secs(10),
};

/// Tries it. Answers after the last event, or soon after it was cancelled: what waits for a server
/// then is left behind, says nothing more, and ends by itself.
pub fn attempt(wanted: &Attempt, cancel: &Cancel, tell: &mut dyn FnMut(Tried)) {
    let (sender, events) = unbounded();
    let (wanted, stop) = (wanted.clone(), cancel.clone());
    let work = move || {
        let mut trial = Trial {
            wanted,
            cancel: stop,
            events: sender,
        };
        let account = trial.run();
        let _ = trial.events.send(Tried::Done(account.map(Box::new)));
    };
    let begun = thread::Builder::new().name("setup".to_owned()).spawn(work);
    if begun.is_err() {
        return tell(Tried::Done(None));
    }
    let mut done = false;
    while !done && !cancel.is_cancelled() {
        match events.recv_timeout(LOOK) {
            Ok(event) => {
                done = matches!(event, Tried::Done(_));
                tell(event);
            }
            Err(RecvTimeoutError::Timeout) => {}
            // It ended without a last word.
            Err(RecvTimeoutError::Disconnected) => return tell(Tried::Done(None)),
        }
    }
}

/// One attempt under way.
struct Trial {
    wanted: Attempt,
    cancel: Cancel,
    events: Sender<Tried>,
}

/// What ended a service's steps: nothing is left to be told.
enum Over {
    Failed,
    /// No password or server mends it, and the account is of use without.
    SendingOff(Endpoint),
}

impl Trial {
    fn run(&mut self) -> Option<Account> {
        for step in Step::ALL {
            self.say(step, State::Waiting);
        }
        let (account, secret) = (self.wanted.account.clone(), self.wanted.secret.clone());
        let imap = servers(&self.wanted.imap, &account.imap);
        let Ok(account) = self.read(account, &secret, &imap) else {
            let rest = Step::ALL.into_iter().filter(|s| !s.is_reading());
            rest.for_each(|step| self.say(step, State::Skipped));
            return None;
        };
        let smtp = servers(&self.wanted.smtp, &account.smtp);
        match self.send(account.clone(), &secret, &smtp) {
            Ok(account) => Some(account),
            // It reads mail; its step says what is to be asked for, and of whom.
            Err(Over::SendingOff(smtp)) => Some(Account { smtp, ..account }),
            Err(Over::Failed) => None,
        }
    }

    fn say(&self, step: Step, state: State) {
        // Nobody listens any more once it was cancelled.
        let _ = self.events.send(Tried::Check(Check { step, state }));
    }

    fn worked(&self, step: Step, found: String) {
        self.say(step, State::Worked(Clean::line(&found).to_string()));
    }

    /// The step failed; those that would follow are not tried.
    fn failed(&self, step: Step, error: &NetError, account: &Account, skipped: &[Step]) -> Over {
        let service = service(step);
        self.say(step, failed(error, account, service));
        skipped.iter().for_each(|s| self.say(*s, State::Skipped));
        match error {
            NetError::Auth(r) if service == Service::Smtp && is_sending_off(r) => {
                Over::SendingOff(account.smtp.clone())
            }
            _ => Over::Failed,
        }
    }

    fn stop_if_cancelled(&self) -> Result<(), Over> {
        if self.cancel.is_cancelled() {
            Err(Over::Failed)
        } else {
            Ok(())
        }
    }

    /// Finds the server that mail is read from and looks into it.
    fn read(
        &self,
        account: Account,
        secret: &Secret,
        servers: &[Endpoint],
    ) -> Result<Account, Over> {
        let steps = [Step::ImapName, Step::ImapTls, Step::ImapSignIn];
        let greet = |account: &Account| {
            let options = Options {
                patience: PATIENCE,
                ..Options::default()
            };
            Session::greet(account, &options)
        };
        let sign_in = |account: &Account, greeted: Greeted| greeted.sign_in(account, secret);
        let (account, session) = self.first(account, servers, steps, (greet, sign_in))?;
        self.look(&account, session)?;
        Ok(account)
    }

    /// Finds the server that mail is sent by.
    fn send(
        &self,
        account: Account,
        secret: &Secret,
        servers: &[Endpoint],
    ) -> Result<Account, Over> {
        let steps = [Step::SmtpName, Step::SmtpTls, Step::SmtpSignIn];
        let greet = |account: &Account| {
            SmtpSession::greet(account, Pace::brisk(), Ring::default(), Watch::default())
        };
        let sign_in = |account: &Account, mut session: SmtpSession| {
            session.sign_in(account, secret)?;
            Ok(session)
        };
        let (account, session) = self.first(account, servers, steps, (greet, sign_in))?;
        session.quit();
        Ok(account)
    }

    /// Tries servers in their order, to the first that lets us in; the account with it.
    fn first<G, S>(
        &self,
        mut account: Account,
        servers: &[Endpoint],
        steps: [Step; 3],
        enter: (
            impl Fn(&Account) -> Result<G, NetError>,
            impl Fn(&Account, G) -> Result<S, NetError>,
        ),
    ) -> Result<(Account, S), Over> {
        let [name, tls, sign_in] = steps;
        let mut worst: Option<(Step, NetError, Account)> = None;
        for end in servers {
            self.stop_if_cancelled()?;
            match service(name) {
                Service::Imap => account.imap = end.clone(),
                Service::Smtp => account.smtp = end.clone(),
            }
            let (step, error) = match self.enter(&account, end, steps, &enter) {
                Ok(session) => {
                    self.worked(sign_in, tr!("as {user}", user = account.user));
                    return Ok((account, session));
                }
                Err(failed) => failed,
            };
            // Where the password may have been said, whatever followed, nobody else hears it.
            let goes_on = tries_next(&error) && step < sign_in;
            // What ended the search is told, else who came furthest.
            let further = |(_, before, _): &(_, NetError, _)| tells(&error) > tells(before);
            if !goes_on || worst.as_ref().is_none_or(further) {
                worst = Some((step, error, account.clone()));
            }
            if !goes_on {
                break;
            }
        }
        let (step, error, account) = worst.unwrap_or_else(|| {
            let none = NetError::Lookup {
                host: String::new(),
                why: tr!("no server is named").to_owned(),
            };
            (name, none, account)
        });
        // Steps of an earlier server that went further are not those of the one that is told.
        let mut skipped = Vec::new();
        for other in [name, tls, sign_in] {
            if other > step {
                skipped.push(other);
            }
        }
        if step.is_reading() {
            skipped.extend([Step::Mailboxes, Step::Newest]);
        }
        let several = servers.len() > 1;
        if several && step > name {
            let end = service(step).endpoint(&account);
            self.worked(name, end.host.clone());
        }
        if step > tls {
            let end = service(step).endpoint(&account);
            // Of one that begins in the clear it is known only now.
            if several || end.security == Security::StartTls {
                self.worked(tls, secured(end));
            }
        }
        Err(self.failed(step, &error, &account, &skipped))
    }

    /// One server: its name, a connection, and in. Where it failed, and why.
    fn enter<G, S>(
        &self,
        account: &Account,
        end: &Endpoint,
        [name, tls, sign_in]: [Step; 3],
        (greet, enter): &(
            impl Fn(&Account) -> Result<G, NetError>,
            impl Fn(&Account, G) -> Result<S, NetError>,
        ),
    ) -> Result<S, (Step, NetError)> {
        let host = Clean::line(&end.host);
        self.say(name, State::Running(tr!("looking for {host}", host)));
        let found = connect::lookup(&end.host, end.port, PATIENCE.lookup).map_err(|e| (name, e))?;
        let address = found
            .first()
            .map(|a| a.ip().to_string())
            .unwrap_or_default();
        let words = match found.len() {
            0 | 1 => tr!("{host} is {address}", host, address),
            n => trn!(
                n = n - 1,
                "{host} is {address} and {n} more",
                "{host} is {address} and {n} more",
                host,
                address
            ),
        };
        self.worked(name, words);
        self.say(
            tls,
            State::Running(tr!("{host} port {port}", host, port = end.port)),
        );
        let stream = connect::open(account, end, None, PATIENCE).map_err(|e| (tls, e))?;
        stream.shut();
        // With STARTTLS it is secured only on the way in; until then nothing secret is said.
        if end.security != Security::StartTls {
            self.worked(tls, secured(end));
        }
        self.say(
            sign_in,
            State::Running(tr!("as {user}", user = Clean::line(&account.user))),
        );
        // Nothing secret was said yet: all of it is of the connection.
        let greeted = greet(account).map_err(|error| (tls, error))?;
        let inside = enter(account, greeted).map_err(|error| match error {
            NetError::Tls { .. } => (tls, error),
            NetError::Web => (sign_in, NetError::Protocol(PAGE.to_owned())),
            other => (sign_in, other),
        })?;
        if end.security == Security::StartTls {
            self.worked(tls, secured(end));
        }
        Ok(inside)
    }

    /// The mailboxes, and the newest messages of the inbox.
    fn look(&self, account: &Account, mut session: Session) -> Result<(), Over> {
        self.stop_if_cancelled()?;
        let fail = |step, error: NetError, skipped: &[Step]| {
            Err(self.failed(step, &error, account, skipped))
        };
        self.say(Step::Mailboxes, State::Running(String::new()));
        let listed = match session.list() {
            Ok(listed) => listed,
            Err(error) => return fail(Step::Mailboxes, error, &[Step::Newest]),
        };
        self.worked(Step::Mailboxes, counted(&listed));
        self.stop_if_cancelled()?;
        self.say(Step::Newest, State::Running(String::new()));
        let (exists, newest) = match newest(&mut session) {
            Ok(newest) => newest,
            Err(error) => return fail(Step::Newest, error, &[]),
        };
        let found = match (exists, newest.len()) {
            (0, _) => tr!("the inbox is empty").to_owned(),
            (n, _) => trn!(n, "{n} message in the inbox", "{n} messages in the inbox"),
        };
        self.worked(Step::Newest, found);
        let _ = self.events.send(Tried::Newest(newest));
        session.logout();
        Ok(())
    }
}

/// The servers to try: those that are named, else the account's own.
fn servers(named: &[Endpoint], own: &Endpoint) -> Vec<Endpoint> {
    let all = if named.is_empty() {
        std::slice::from_ref(own)
    } else {
        named
    };
    all.iter()
        .filter(|end| !end.host.is_empty())
        .cloned()
        .collect()
}

fn service(step: Step) -> Service {
    if step.is_reading() {
        Service::Imap
    } else {
        Service::Smtp
    }
}

/// How a connection is secured, in words.
fn secured(end: &Endpoint) -> String {
    let port = end.port;
    match end.security {
        Security::Tls => tr!("port {port}, TLS, certificate right", port),
        Security::StartTls => tr!("port {port}, STARTTLS, certificate right", port),
        Security::None => tr!("port {port}, on this machine, without TLS", port),
    }
}

fn counted(listed: &[Listed]) -> String {
    let told = listed.iter().filter_map(|l| l.status.as_ref());
    let (messages, octets) = told.fold((0u64, 0u64), |(messages, octets), status| {
        let here = u64::from(status.messages.unwrap_or(0));
        (messages + here, octets + status.size.unwrap_or(0))
    });
    let mut words = trn!(n = listed.len(), "{n} mailbox", "{n} mailboxes");
    if messages > 0 {
        words.push_str(&trn!(n = messages, ", {n} messages", ", {n} messages"));
    }
    if octets > 0 {
        words.push_str(&format!(", {}", size::human(octets)));
    }
    words
}

/// How many messages the inbox has, and the newest of them, newest first.
fn newest(session: &mut Session) -> Result<(u32, Vec<Glimpse>), NetError> {
    let inbox = session.select(&MailboxName::new("INBOX"), Mode::ReadOnly)?;
    if inbox.exists == 0 {
        return Ok((0, Vec::new()));
    }
    let from = inbox.exists.saturating_sub(NEWEST - 1).max(1);
    let mut items = Vec::new();
    session.fetch_headers(FetchBy::Seq(from, inbox.exists), &mut |item| {
        items.push(item);
        Ok(())
    })?;
    items.sort_by_key(|item| std::cmp::Reverse(item.uid));
    let glimpses = items.into_iter().map(|item| {
        let envelope = parse::envelope(&item.header);
        let from = envelope.from.first();
        let from = from.map(|a| {
            if a.name.trim().is_empty() {
                a.addr.clone()
            } else {
                a.name.clone()
            }
        });
        Glimpse {
            from: Clean::line(&from.unwrap_or_default()).to_string(),
            subject: Clean::line(&envelope.subject).to_string(),
            when: envelope.date.or(item.internal_date).unwrap_or(0),
            seen: item.flags.system.has(System::SEEN),
        }
    });
    Ok((inbox.exists, glimpses.take(NEWEST as usize).collect()))
}
