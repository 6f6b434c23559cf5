//! The usual ports of a server, one by one, and what the way they answer says: refused, swallowed,
//! taken by a web page, or open with another security than was configured. A port that begins in the
//! clear is asked what it offers; nothing else is said to any.

use super::shown;
use crate::lang::{self, tr};
use crate::model::checkup::{Advice, Step};
use crate::model::{Endpoint, Security};
use crate::net::causes::{self, Service};
use crate::net::connect;
use crate::net::error::NetError;
use crate::net::web;
use crate::text::Clean;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Octets of a greeting that are read.
const MOST: usize = 4 << 10;

/// What a port turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// Nothing listens.
    Refused,
    /// Nothing came back.
    Silent,
    /// A connection, and then nothing.
    Mute,
    /// TLS from the first byte.
    Tls,
    /// A mail server that begins in the clear; whether it offers STARTTLS.
    Mail {
        /// Which kind.
        service: Service,
        /// Whether TLS can follow.
        starttls: bool,
        /// Whether somebody in between wrote over what it says.
        masked: bool,
    },
    /// A web page.
    Web,
    /// Something else.
    Else(String),
}

/// The ports to look at for a kind of server, with the security that belongs to each.
pub fn usual(service: Service) -> &'static [(u16, Security)] {
    match service {
        Service::Imap => &[(993, Security::Tls), (143, Security::StartTls)],
        Service::Smtp => &[
            (465, Security::Tls),
            (587, Security::StartTls),
            (2525, Security::StartTls),
            (25, Security::StartTls),
        ],
    }
}

/// Looks at these ports of a server, all at once.
pub fn look(
    host: &str,
    addresses: &[SocketAddr],
    ports: &[(u16, Security)],
    patience: Duration,
) -> Vec<(u16, Security, Met)> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = ports
            .iter()
            .map(|(port, security)| {
                let look = move || one(host, addresses, *port, *security, patience);
                let thread = std::thread::Builder::new().spawn_scoped(scope, look);
                (*port, *security, thread)
            })
            .collect();
        let met = asked.into_iter().map(|(port, security, thread)| {
            let met = thread.ok().and_then(|t| t.join().ok());
            (port, security, met.unwrap_or(Met::Silent))
        });
        met.collect()
    })
}

fn one(
    host: &str,
    addresses: &[SocketAddr],
    port: u16,
    security: Security,
    patience: Duration,
) -> Met {
    let endpoint = Endpoint {
        host: host.to_owned(),
        port,
        security,
        pin_sha256: None,
    };
    let addresses: Vec<SocketAddr> = addresses
        .iter()
        .map(|a| SocketAddr::new(a.ip(), port))
        .collect();
    let dial = || connect::dial(&endpoint, &addresses, patience);
    let socket = match dial() {
        Ok(socket) => socket,
        Err(NetError::Connect { refused: true, .. }) => return Met::Refused,
        Err(_) => return Met::Silent,
    };
    if security != Security::Tls {
        return greeted(socket, patience);
    }
    match shown::look(socket, host, Instant::now() + patience) {
        Ok(_) => Met::Tls,
        Err(NetError::Timeout) => Met::Mute,
        // Whoever does not shake hands may greet.
        Err(_) => match dial() {
            Ok(socket) => greeted(socket, patience),
            Err(_) => Met::Else(tr!("it hangs up").to_owned()),
        },
    }
}

/// Whether what was heard is a whole answer.
type Ends = fn(&[u8]) -> bool;

/// What the first words are, and what is offered then.
fn greeted(mut socket: TcpStream, patience: Duration) -> Met {
    let until = Instant::now() + patience;
    let _ = socket.set_nonblocking(false);
    let _ = socket.set_write_timeout(Some(patience));
    let greeting = match heard(&mut socket, until, |said| said.contains(&b'\n')) {
        Some(said) if said.is_empty() => return Met::Else(tr!("it hangs up").to_owned()),
        Some(said) => said,
        None => return Met::Mute,
    };
    let (question, ends): (&[u8], Ends) = match greeting.as_slice() {
        said if web::is_page(said) => return Met::Web,
        said if said.starts_with(b"* ") => (b"p CAPABILITY\r\n", |said| has(said, b"\np ")),
        said if said.starts_with(b"220") => (b"EHLO [127.0.0.1]\r\n", |said| {
            let last = said.split(|b| *b == b'\n').rev().nth(1);
            last.is_some_and(|line| line.get(3) == Some(&b' '))
        }),
        said => {
            let line = said.split(|b| *b == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(line);
            let line: String = line.chars().take(60).collect();
            return Met::Else(Clean::line(line.trim_end()).to_string());
        }
    };
    let service = match greeting.starts_with(b"* ") {
        true => Service::Imap,
        false => Service::Smtp,
    };
    let mut offered = match greeting.starts_with(b"* ") {
        true => greeting.clone(),
        false => Vec::new(),
    };
    if socket.write_all(question).is_ok() {
        offered.extend(heard(&mut socket, until, ends).unwrap_or_default());
    }
    let offered = offered.to_ascii_uppercase();
    Met::Mail {
        service,
        starttls: has(&offered, b"STARTTLS"),
        // What Cisco's "fixup" and its heirs leave of a greeting and of STARTTLS.
        masked: has(&greeting, b"*****") || has(&offered, b"XXXXXXX"),
    }
}

fn has(said: &[u8], what: &[u8]) -> bool {
    said.windows(what.len()).any(|w| w == what)
}

/// What is said until it is enough; `None` if nothing came in time.
fn heard(
    socket: &mut TcpStream,
    until: Instant,
    enough: impl Fn(&[u8]) -> bool,
) -> Option<Vec<u8>> {
    let mut said = Vec::new();
    let mut some = [0; 512];
    while said.len() < MOST && !enough(&said) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || socket.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match socket.read(&mut some) {
            Ok(0) => return Some(said),
            Ok(n) => said.extend_from_slice(some.get(..n).unwrap_or_default()),
            Err(_) => break,
        }
    }
    (!said.is_empty()).then_some(said)
}

/// What the ports tell. `works`: the configured one does.
pub fn judge(
    name: &'static str,
    service: Service,
    configured: &Endpoint,
    met: &[(u16, Security, Met)],
    works: bool,
) -> Step {
    let words: Vec<String> = met
        .iter()
        .map(|(port, _, met)| format!("{port} {}", said_of(*port, service, met)))
        .collect();
    let words = words.join(tr!(", "));
    let masked = |met: &Met| matches!(met, Met::Mail { masked: true, .. });
    if met.iter().any(|(port, _, met)| *port != 25 && masked(met)) {
        let cause = &causes::MASKED;
        return Step::careful(name, cause.advice(words));
    }
    if works {
        return Step::note(name, words);
    }
    let good = met.iter().find_map(|(port, _, met)| match met {
        _ if *port == 25 => None,
        Met::Tls => Some((*port, "tls")),
        Met::Mail {
            service: other,
            starttls: true,
            ..
        } if *other == service => Some((*port, "starttls")),
        _ => None,
    });
    match good {
        Some((port, security)) => {
            let todo = format!(
                "{}: `port = {port}, security = \"{security}\"`",
                lang::of(causes::OTHER_PORT.todo)
            );
            let what = match port == configured.port {
                true => tr!(
                    "port {port} works with \"{security}\" ({words})",
                    port,
                    security,
                    words
                ),
                false => tr!("port {port} answers ({words})", port, words),
            };
            Step::careful(name, Advice::new(what, causes::OTHER_PORT.why(), todo))
        }
        None => Step::note(name, words),
    }
}

fn said_of(port: u16, wanted: Service, met: &Met) -> String {
    match met {
        Met::Refused => tr!("refused").to_owned(),
        Met::Silent if port == 25 => tr!("silent (networks block it; not needed)").to_owned(),
        Met::Silent => tr!("silent").to_owned(),
        Met::Mute => tr!("open, but says nothing").to_owned(),
        Met::Tls => "TLS".to_owned(),
        Met::Mail { masked: true, .. } => tr!("written over by a firewall").to_owned(),
        Met::Mail { service, .. } if *service != wanted => match service {
            Service::Imap => tr!("an IMAP server").to_owned(),
            Service::Smtp => tr!("an SMTP server").to_owned(),
        },
        Met::Mail { starttls: true, .. } => "STARTTLS".to_owned(),
        Met::Mail { .. } => tr!("in the clear only, without STARTTLS").to_owned(),
        Met::Web => tr!("a web page").to_owned(),
        Met::Else(said) => tr!("something else (\"{said}\")", said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;
    use crate::net::testing::{Identity, Leaf, serve};
    use std::net::TcpListener;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn met(port: u16, security: Security) -> Met {
        let at = SocketAddr::from(([127, 0, 0, 1], port));
        one("mail.example.test", &[at], port, security, PATIENCE)
    }

    /// A server that says this, and this after a question.
    fn says(first: &'static [u8], then: &'static [u8]) -> u16 {
        let (port, _) = serve(move |mut socket| {
            socket.write_all(first).unwrap();
            let mut some = [0; 100];
            if !then.is_empty() && socket.read(&mut some).is_ok() {
                let _ = socket.write_all(then);
            }
            let _ = socket.read(&mut some);
        });
        port
    }

    #[test]
    fn each_way_to_answer_is_told_apart() {
        let clear = Security::StartTls;
        let mail = |service, starttls, masked| Met::Mail {
            service,
            starttls,
            masked,
        };
        let port = says(
            b"* OK hi\r\n",
            b"* CAPABILITY IMAP4rev1 STARTTLS\r\np OK done\r\n",
        );
        assert_eq!(met(port, clear), mail(Service::Imap, true, false));
        let port = says(b"* OK [CAPABILITY IMAP4rev1] hi\r\n", b"p OK done\r\n");
        assert_eq!(met(port, clear), mail(Service::Imap, false, false));
        let port = says(b"220 hi\r\n", b"250-hi\r\n250-SIZE 1\r\n250 STARTTLS\r\n");
        assert_eq!(met(port, clear), mail(Service::Smtp, true, false));
        let port = says(
            b"220 ********************\r\n",
            b"250-hi\r\n250 XXXXXXXA\r\n",
        );
        assert_eq!(met(port, clear), mail(Service::Smtp, false, true));
        assert_eq!(
            met(says(b"HTTP/1.1 302 Found\r\n\r\n", b""), clear),
            Met::Web
        );
        assert_eq!(
            met(says(b"SSH-2.0-x\r\n", b""), clear),
            Met::Else("SSH-2.0-x".into())
        );
        let gone = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        assert_eq!(met(gone.port(), clear), Met::Refused);
        let acceptor = Identity::alone(&Leaf::default()).acceptor(None);
        let (port, _) = serve(move |socket| drop(acceptor.accept(socket)));
        assert_eq!(met(port, Security::Tls), Met::Tls);
        // A server that waits for a handshake says nothing to one who waits for a greeting.
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = mute.local_addr().unwrap();
        let patience = Duration::from_millis(50);
        assert_eq!(one("x", &[at], at.port(), clear, patience), Met::Mute);
    }

    #[test]
    fn what_answers_instead_is_the_remedy() {
        let configured = Endpoint {
            host: "x".into(),
            port: 587,
            security: Security::Tls,
            pin_sha256: None,
        };
        let told = |met: &[(u16, Security, Met)], works| {
            let step = judge("ports", Service::Smtp, &configured, met, works);
            match step.found {
                Ok(words) => (step.level, words),
                Err(advice) => (step.level, advice.line()),
            }
        };
        let open = Met::Mail {
            service: Service::Smtp,
            starttls: true,
            masked: false,
        };
        let clear = Security::StartTls;
        let (level, words) = told(
            &[
                (465, Security::Tls, Met::Silent),
                (587, clear, open.clone()),
            ],
            false,
        );
        assert_eq!(level, Level::Careful);
        assert!(
            words.contains("`port = 587, security = \"starttls\"`"),
            "{words}"
        );
        let (level, words) = told(
            &[(587, clear, open.clone()), (25, clear, Met::Silent)],
            true,
        );
        assert_eq!(level, Level::Note);
        assert!(
            words.contains("25 silent (networks block it; not needed)"),
            "{words}"
        );
        // Port 25 is no remedy.
        let (level, _) = told(&[(587, clear, Met::Silent), (25, clear, open)], false);
        assert_eq!(level, Level::Note);
        let masked = Met::Mail {
            service: Service::Smtp,
            starttls: false,
            masked: true,
        };
        let (_, words) = told(&[(587, clear, masked)], true);
        assert!(words.contains("use port 465"), "{words}");
    }
}
