//! Usual names and ports, when nobody says better: all knocked at at once, and only those count that
//! show a certificate for the name and speak as such a server does. Nothing of the user is said.

use crate::model::setup::{Proposal, SignIn, Source};
use crate::model::{Endpoint, Security};
use crate::net::causes::Service;
use crate::net::connect;
use crate::net::error::NetError;
use crate::net::stream::Stream;
use crate::net::tls::Trust;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Octets of a greeting or an answer that are read.
const LINE: usize = 4 << 10;
/// Lines of an answer.
const LINES: usize = 64;

/// Whether such a server stands there, found out by then.
pub type Knock = Arc<dyn Fn(&Endpoint, Service, Instant) -> bool + Send + Sync>;

/// Knocks at real doors.
pub fn knock(trust: Trust) -> Knock {
    Arc::new(
        move |end, service, until| match visit(end, service, &trust, until) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(host = %end.host, port = end.port, %error, "no server by guessing");
                false
            }
        },
    )
}

/// The servers that stand at usual places below a domain.
pub fn guess(knock: &Knock, email: &str, domain: &str, until: Instant) -> Option<Proposal> {
    let usual = [
        (Service::Imap, ["imap.", "mail.", ""], [993, 143]),
        (Service::Smtp, ["smtp.", "mail.", ""], [465, 587]),
    ];
    let mut all = Vec::new();
    for (service, names, ports) in usual {
        // TLS from the first octet before STARTTLS, whatever the name (RFC 8314 §3).
        for (port, security) in ports.into_iter().zip([Security::Tls, Security::StartTls]) {
            let each = names.iter().map(|name| Endpoint {
                host: format!("{name}{domain}"),
                port,
                security,
                pin_sha256: None,
            });
            all.extend(each.map(|end| (service, end)));
        }
    }
    let (mut imap, mut smtp) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let asked: Vec<_> = all
            .into_iter()
            .map(|(service, end)| {
                let at = end.clone();
                let ask = move || knock(&at, service, until);
                (
                    service,
                    end,
                    thread::Builder::new().spawn_scoped(scope, ask),
                )
            })
            .collect();
        for (service, end, thread) in asked {
            if !thread.is_ok_and(|t| t.join().is_ok_and(|opened| opened)) {
                continue;
            }
            match service {
                Service::Imap => imap.push(end),
                Service::Smtp => smtp.push(end),
            }
        }
    });
    (!imap.is_empty()).then(|| Proposal {
        provider: None,
        source: Source::Guess,
        imap,
        smtp,
        user: email.to_owned(),
        sign_in: vec![SignIn::Password],
        outside: Vec::new(),
        meant: None,
        notes: Vec::new(),
    })
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// As far as a secure connection and a greeting.
fn visit(end: &Endpoint, service: Service, trust: &Trust, until: Instant) -> Result<(), NetError> {
    let addresses = connect::lookup(&end.host, end.port, left(until))?;
    let socket = connect::dial(end, &addresses, left(until))?;
    let mut talk = Talk {
        stream: Stream::new(socket, None)?,
        held: Vec::new(),
        until,
    };
    let (greets, hello, ready) = match service {
        Service::Imap => ("* OK", "", "s1 OK"),
        Service::Smtp => ("220", "EHLO [127.0.0.1]\r\n", "220"),
    };
    if end.security == Security::Tls {
        talk.stream.secure(&end.host, trust, left(until))?;
        return talk.hears(greets);
    }
    talk.hears(greets)?;
    if !hello.is_empty() {
        talk.stream.send(hello.as_bytes(), left(until))?;
        talk.hears("250")?;
    }
    let ask = match service {
        Service::Imap => "s1 STARTTLS\r\n",
        Service::Smtp => "STARTTLS\r\n",
    };
    talk.stream.send(ask.as_bytes(), left(until))?;
    talk.hears(ready)?;
    // Nothing that came in the clear outlives it.
    if !talk.held.is_empty() {
        return Err(no_such());
    }
    talk.stream.secure(&end.host, trust, left(until))
}

fn no_such() -> NetError {
    NetError::Protocol("no such server".to_owned())
}

/// Lines of a server, few and short.
struct Talk {
    stream: Stream,
    held: Vec<u8>,
    until: Instant,
}

impl Talk {
    /// Reads to the end of an answer, which must begin so.
    fn hears(&mut self, wanted: &str) -> Result<(), NetError> {
        for _ in 0..LINES {
            let line = self.line()?;
            let text = String::from_utf8_lossy(&line);
            let fits = text
                .get(..wanted.len())
                .is_some_and(|s| s.eq_ignore_ascii_case(wanted));
            match text.as_bytes().get(wanted.len()) {
                // More lines of a reply of SMTP (RFC 5321 §4.2.1), or of IMAP before the tagged one.
                Some(b'-') if fits && !wanted.contains(' ') => {}
                _ if fits => return Ok(()),
                _ if wanted.starts_with("s1") && text.starts_with("* ") => {}
                _ => break,
            }
        }
        Err(no_such())
    }

    fn line(&mut self) -> Result<Vec<u8>, NetError> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.held) {
                return Ok(self.held.drain(..=at).collect());
            }
            if self.held.len() > LINE {
                return Err(no_such());
            }
            let mut piece = [0; 1024];
            let n = self.stream.receive(&mut piece, self.until)?;
            self.held
                .extend_from_slice(piece.get(..n).unwrap_or_default());
        }
    }
}
