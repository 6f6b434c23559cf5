//! From a host name to a signed-in session: greeting, STARTTLS, capabilities, AUTHENTICATE or
//! LOGIN (RFC 9051 §6.2, RFC 8314, RFC 4959 SASL-IR, RFC 4616 PLAIN, RFC 7628 OAUTHBEARER).
//!
//! Nothing that was said in the clear outlives the handshake, and no credentials go out before it:
//! only [`Security::None`] signs in without TLS, and only to a loopback address.

use crate::lang::tr;
use crate::model::{Account, Auth, Secret, Security};
use crate::net::connect::{self, Patience};
use crate::net::error::{NetError, TlsFault};
use crate::net::imap::caps::Caps;
use crate::net::imap::code::Code;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{Reply, Said, Verdict};
use crate::net::imap::session::{Session, guard, lost};
use crate::net::imap::shim::{Line, Pace, Port};
use crate::net::imap::{fail, quirks};
use crate::net::onlooker::Onlooker;
use crate::net::sasl;
use crate::net::trace::Ring;
use std::cell::Cell;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Octets of a command that any server reads (RFC 2683 §3.2.1.5); a longer token goes out once it
/// is asked for.
const LONGEST_COMMAND: usize = 8000;

/// What a session is opened with.
#[derive(Debug, Default)]
pub struct Options {
    /// How patient we are once connected.
    pub pace: Pace,
    /// How patient we are while connecting.
    pub patience: Patience,
    /// A doorbell's descriptor: IDLE ends while it is readable.
    pub bell: Option<Arc<OwnedFd>>,
    /// Where the last lines of the conversation are kept, if anybody wants to see them.
    pub ring: Option<Ring>,
    /// Who is told that an answer is long in coming (`true`), and then that it came or was given up
    /// (`false`).
    pub onlooker: Onlooker<bool>,
}

/// A connection before it is signed in: nothing secret was said on it yet.
pub struct Greeted {
    client: imap::Client<Port>,
    port: Port,
    caps: Caps,
    greeting: Reply,
    pace: Pace,
}

impl Session {
    /// Connects and signs in.
    ///
    /// # Errors
    /// When the server can't be reached, can't be trusted, is not what it should be, or refuses us.
    pub fn connect(
        account: &Account,
        secret: &Secret,
        options: &Options,
    ) -> Result<Session, NetError> {
        Session::greet(account, options)?.sign_in(account, secret)
    }

    /// Connects as far as before signing in.
    ///
    /// # Errors
    /// When the server can't be reached, can't be trusted, or is not what it should be.
    pub fn greet(account: &Account, options: &Options) -> Result<Greeted, NetError> {
        let stream = connect::open(
            account,
            &account.imap,
            options.bell.clone(),
            options.patience,
        )?;
        let mut line = Line::new(stream, options.pace);
        line.set_ring(options.ring.clone());
        line.set_onlooker(options.onlooker.clone());
        let port = Port::new(line);
        let mut client = imap::Client::new(port.clone());
        call(&port, || client.read_greeting())?;
        let greeting = port.line().take_heard().pop().ok_or_else(fail::over)?;
        match greeting.verdict {
            Verdict::Ok => {}
            Verdict::Preauth => {
                return Err(NetError::tls(TlsFault::NoStartTls, || {
                    tr!("the server signs us in unasked (PREAUTH)").to_owned()
                }));
            }
            _ => return Err(fail::closed(&greeting)),
        }
        let mut caps = None;
        if account.imap.security == Security::StartTls {
            start_tls(&port, account, options.patience)?;
        } else {
            caps = told(std::slice::from_ref(&greeting));
        }
        let mut caps = match caps {
            Some(caps) => caps,
            None => {
                call(&port, || client.capabilities())?;
                told(&port.line().take_heard()).unwrap_or_default()
            }
        };
        caps.drop_all(&account.sync.without);
        Ok(Greeted {
            client,
            port,
            caps,
            greeting,
            pace: options.pace,
        })
    }

    /// The certificate that the server showed, in DER.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        self.port.line().stream().certificate()
    }

    fn ask_caps(&mut self) -> Result<Caps, NetError> {
        let mut caps = Caps::default();
        self.run(&Command::new("CAPABILITY"), &mut |said| match said {
            crate::net::imap::decode::Untagged::Capability(told) => {
                caps = told;
                Ok(None)
            }
            other => Ok(Some(other)),
        })?;
        Ok(caps)
    }
}

impl Greeted {
    /// Signs in.
    ///
    /// # Errors
    /// When the server refuses us, or is not what it should be. The secret may have been said then,
    /// unless it is [`NetError::Tls`].
    pub fn sign_in(self, account: &Account, secret: &Secret) -> Result<Session, NetError> {
        let Greeted {
            client,
            port,
            caps,
            greeting,
            pace,
        } = self;
        port.line().set_secret(true);
        let signed_in = sign_in(client, &port, &caps, account, secret);
        port.line().set_secret(false);
        let imap = signed_in
            .map_err(|e| sasl::hidden(e, account.auth, &account.user, secret, &account.imap))?;
        // What the server can do may differ now (RFC 9051 §6.2).
        let heard = port.line().take_heard();
        let mut session = Session::new(imap, port, Caps::default(), pace);
        let mut caps = match told(&heard) {
            Some(caps) => caps,
            None => session.ask_caps()?,
        };
        quirks::apply(&greeting.text, &mut caps);
        caps.drop_all(&account.sync.without);
        session.caps = caps;
        session.settle(&account.sync)?;
        Ok(session)
    }
}

/// Calls a method of the crate that waits for an answer.
fn call<T>(port: &Port, method: impl FnOnce() -> imap::Result<T>) -> Result<T, NetError> {
    guard(port, method)?.map_err(|error| answer(port, &error))
}

/// The error behind the crate's: a refusal in the server's words, or the end of the connection.
fn answer(port: &Port, error: &imap::Error) -> NetError {
    let refusal = matches!(error, imap::Error::No(_) | imap::Error::Bad(_));
    let status = port.line().take_heard().pop();
    match status {
        Some(status) if refusal => fail::refused(&status, &[]),
        _ => lost(port, error),
    }
}

/// The capabilities among what was heard, the last ones if there are several.
fn told(heard: &[Reply]) -> Option<Caps> {
    heard.iter().rev().find_map(|status| match &status.code {
        Some(Code::Capability(caps)) => Some(caps.clone()),
        _ => None,
    })
}

/// STARTTLS by hand: the crate's client has no words for it. Whatever the server said before is
/// forgotten, and bytes that came before the handshake are refused.
fn start_tls(port: &Port, account: &Account, patience: Patience) -> Result<(), NetError> {
    let mut line = port.line();
    line.send(b"s1 STARTTLS\r\n")?;
    let status = line.hear(&mut |said| match said {
        Said::Tagged(b"s1", status) => Ok(Some(status)),
        Said::Untagged(_) => Ok(None),
        _ => Err(fail::protocol("an answer to no question of ours")),
    })?;
    if status.verdict != Verdict::Ok {
        line.kill();
        return Err(match fail::refused(&status, &[]) {
            later @ NetError::Later(_) => later,
            _ => NetError::tls(TlsFault::NoStartTls, || {
                tr!("the server refused STARTTLS ({said})", said = status.text)
            }),
        });
    }
    if line.has_unread() || line.stream().has_arrived()? {
        line.kill();
        return Err(NetError::tls(TlsFault::Injected, || {
            tr!("something spoke in the clear between STARTTLS and the handshake").to_owned()
        }));
    }
    let secured = connect::trust(account, &account.imap).and_then(|trust| {
        line.stream()
            .secure(&account.imap.host, &trust, patience.handshake)
    });
    line.judge(secured)
}

/// Answers the first challenge with the client's message, unless that went with the command, and
/// later ones, which hold the reasons of a refusal, as the mechanism wants it.
struct Mechanism {
    unsaid: Cell<Option<Zeroizing<String>>>,
    again: &'static str,
}

impl imap::Authenticator for Mechanism {
    type Response = Zeroizing<String>;
    fn process(&self, _challenge: &[u8]) -> Self::Response {
        let again = || Zeroizing::new(self.again.to_owned());
        self.unsaid.take().unwrap_or_else(again)
    }
}

fn sign_in(
    client: imap::Client<Port>,
    port: &Port,
    caps: &Caps,
    account: &Account,
    secret: &Secret,
) -> Result<imap::Session<Port>, NetError> {
    let auth = sasl::chosen(account.auth, |name| caps.has(&format!("AUTH={name}")));
    let (user, password) = (account.user.as_str(), secret.reveal());
    {
        let mut line = port.line();
        let stream = line.stream();
        if !stream.is_secure() && !stream.is_loopback() {
            return Err(NetError::tls(TlsFault::ClearText, || {
                tr!("no password is sent without TLS").to_owned()
            }));
        }
    }
    // What none can have is found out before anything is sent.
    sasl::first(auth, user, secret, &account.imap)?;
    let (mut client, mut before) = (client, None);
    if caps.has(&format!("AUTH={}", sasl::name(auth))) {
        (client, before) = match authenticate(client, port, caps, auth, (account, secret))? {
            Tried::In(session) => return Ok(session),
            Tried::NotUnderstood(error, client)
                if auth == Auth::Password && !caps.has("LOGINDISABLED") =>
            {
                (client, Some(error))
            }
            Tried::NotUnderstood(error, _) => return Err(error),
        };
    } else if auth != Auth::Password {
        let offered: Vec<&str> = caps
            .iter()
            .filter_map(|c| c.strip_prefix("AUTH="))
            .collect();
        return Err(sasl::not_offered(auth, &offered));
    }
    if caps.has("LOGINDISABLED") {
        return Err(fail::sign_in(&Reply {
            verdict: Verdict::No,
            code: None,
            text: "the server takes no password (LOGINDISABLED)".to_owned(),
        }));
    }
    let signed_in = if quotable(user) && quotable(password) {
        guard(port, || boxed(client.login(user, password)))?
    } else {
        let status = login_by_literals(port, user, password)?;
        port.line().answer_for(true);
        let signed_in = guard(port, || boxed(client.login("", "")))?;
        port.line().answer_for(false);
        port.line().remember(status);
        signed_in
    };
    signed_in.map_err(|refused| first_of(before, refusal(port, &refused.0).0))
}

/// What a server said before it hung up on another way of saying the same counts: who is cut off is
/// tried again by himself, and with that a password.
fn first_of(before: Option<NetError>, error: NetError) -> NetError {
    match (before, &error) {
        (Some(before), NetError::Cut(_) | NetError::Timeout | NetError::Busy(_)) => before,
        _ => error,
    }
}

/// The client comes back with a refusal, and is large.
fn boxed<T>(
    outcome: Result<T, (imap::Error, imap::Client<Port>)>,
) -> Result<T, Box<(imap::Error, imap::Client<Port>)>> {
    outcome.map_err(Box::new)
}

/// What came of AUTHENTICATE.
enum Tried {
    /// We are in.
    In(imap::Session<Port>),
    /// The server offers it and can't read it.
    NotUnderstood(NetError, imap::Client<Port>),
}

/// AUTHENTICATE with the client's first message in it, then with that behind it: some announce SASL-IR
/// and answer BAD to it (Coremail at 163.com and 126.com: modern-email/defects #54).
fn authenticate(
    mut client: imap::Client<Port>,
    port: &Port,
    caps: &Caps,
    auth: Auth,
    (account, secret): (&Account, &Secret),
) -> Result<Tried, NetError> {
    let name = sasl::name(auth);
    let message = || sasl::first(auth, &account.user, secret, &account.imap);
    let whole = Zeroizing::new(format!("{name} {}", *sasl::encoded(&message()?)));
    let at_once = caps.includes("SASL-IR") && whole.len() <= LONGEST_COMMAND;
    let bare = (Zeroizing::new(name.to_owned()), Some(message()?));
    let mut ways = vec![bare];
    if at_once {
        ways.insert(0, (whole, None));
    }
    let mut before = None;
    for (command, unsaid) in ways {
        let mechanism = Mechanism {
            unsaid: Cell::new(unsaid),
            again: sasl::again(auth),
        };
        let tried = || boxed(client.authenticate(command.as_str(), &mechanism));
        client = match guard(port, tried)? {
            Ok(session) => return Ok(Tried::In(session)),
            Err(refused) => {
                let (why, client) = *refused;
                let (error, understood) = refusal(port, &why);
                if understood {
                    return Err(first_of(before, error));
                }
                before = Some(error);
                client
            }
        };
    }
    let error = before.unwrap_or_else(fail::over);
    Ok(Tried::NotUnderstood(error, client))
}

/// The error behind the crate's, and whether the server understood what it refused.
fn refusal(port: &Port, error: &imap::Error) -> (NetError, bool) {
    // Taken out first: the line is locked while it is looked at.
    let status = port.line().take_heard().pop();
    match (error, status) {
        (imap::Error::No(_) | imap::Error::Bad(_), Some(status)) => {
            (fail::sign_in(&status), !fail::is_not_understood(&status))
        }
        _ => (lost(port, error), true),
    }
}

/// Whether a quoted string can hold it (RFC 9051 §9 `quoted`): the crate quotes everything.
fn quotable(text: &str) -> bool {
    text.len() <= 900 && text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// LOGIN with literals, for a name or password that no quoted string can hold.
fn login_by_literals(port: &Port, user: &str, password: &str) -> Result<Reply, NetError> {
    let mut line = port.line();
    let begin = format!("l1 LOGIN {{{}}}\r\n", user.len());
    let middle = format!("{user} {{{}}}\r\n", password.len());
    let end = Zeroizing::new(format!("{password}\r\n"));
    for bytes in [&begin, &middle, &*end] {
        line.send(bytes.as_bytes())?;
        let last = std::ptr::eq(bytes, &*end);
        let done = line.hear(&mut |said| match said {
            Said::Continue(_) => Ok((!last).then_some(None)),
            Said::Tagged(b"l1", status) => Ok(Some(Some(status))),
            Said::Tagged(..) => Err(fail::protocol("an answer to no question of ours")),
            Said::Untagged(_) => Ok(None),
        })?;
        match done {
            Some(status) if last && status.verdict == Verdict::Ok => return Ok(status),
            Some(status) => {
                line.kill();
                return Err(fail::sign_in(&status));
            }
            None => {}
        }
    }
    line.kill();
    Err(fail::protocol("LOGIN without an answer"))
}
