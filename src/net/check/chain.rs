//! The certificates that a server sends behind its own, one after the other up to the authority: whom
//! each is for, who issued it, until when it counts, and which one is missing. For looking only, as
//! [`super::shown`]. The handshake is held to TLS 1.2, where certificates are not hidden from whoever
//! reads along (RFC 5246 §7.4.2); a server that speaks TLS 1.3 alone shows its own certificate only.

use super::shown::{self, DAY, SOON, clean, words_of};
use crate::model::checkup::{Advice, Step};
use crate::net::causes::{self, Service};
use crate::net::error::{NetError, TlsFault};
use crate::text::when;
use native_tls::Protocol;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// Octets of a handshake that are looked at.
const KEPT: usize = 1 << 16;
/// Certificates that are told; no chain that is right has as many.
const MOST: usize = 10;

/// One certificate of a chain, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Whom it is for.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Whether it issued itself: an authority's own.
    pub alone: bool,
    /// When it begins to count, seconds since 1970.
    pub from: i64,
    /// When it ends.
    pub until: i64,
}

/// What came of the connection that is used for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It came about.
    Works,
    /// The issuer of what is shown is not known.
    Untrusted,
    /// It failed over something else.
    Fails,
}

impl Use {
    /// After this outcome.
    pub fn after<T>(outcome: &Result<T, NetError>) -> Use {
        match outcome {
            Ok(_) => Use::Works,
            Err(NetError::Tls {
                fault: TlsFault::Untrusted,
                ..
            }) => Use::Untrusted,
            Err(_) => Use::Fails,
        }
    }
}

/// Shakes hands over a connection and looks at all that is sent. The connection ends with it.
///
/// # Errors
/// When there is no handshake of TLS 1.2 within `patience` of each wait.
pub fn look(socket: TcpStream, host: &str, patience: Duration) -> Result<Vec<Sent>, NetError> {
    let tls = shown::shake(socket, host, patience, Some(Protocol::Tlsv12), KEPT)?;
    Ok(read(&tls.get_ref().first))
}

/// Says what leads to TLS where a connection begins in the clear (RFC 9051 §6.2.1, RFC 3207), and
/// nothing of whom it is for.
///
/// # Errors
/// When the server does not agree within `patience` of each wait.
pub fn start_tls(
    socket: &mut TcpStream,
    service: Service,
    patience: Duration,
) -> Result<(), NetError> {
    socket
        .set_nonblocking(false)
        .map_err(|e| NetError::io(&e))?;
    for set in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
        set(socket, Some(patience)).map_err(|e| NetError::io(&e))?;
    }
    let mut left = KEPT;
    let mut say = |words: &str, ends: &dyn Fn(&str) -> Option<bool>| {
        let sent = socket.write_all(words.as_bytes());
        sent.map_err(|e| NetError::io(&e))?;
        loop {
            let line = line(socket, &mut left)?;
            match ends(&line) {
                Some(true) => return Ok(()),
                Some(false) => return Err(NetError::Protocol(line)),
                None => {}
            }
        }
    };
    match service {
        Service::Imap => {
            say("", &|line| Some(line.starts_with("* OK")))?;
            let tagged = |line: &str| line.starts_with("a ").then(|| line.starts_with("a OK"));
            say("a STARTTLS\r\n", &tagged)
        }
        Service::Smtp => {
            // The last line of a reply has no dash behind its number.
            let last = |line: &str| line.as_bytes().get(3) != Some(&b'-');
            let good = |line: &str| last(line).then(|| line.starts_with('2'));
            say("", &good)?;
            say("EHLO localhost\r\n", &good)?;
            say("STARTTLS\r\n", &good)
        }
    }
}

/// A line, octet by octet: what follows it is not ours to read.
fn line(socket: &mut TcpStream, left: &mut usize) -> Result<String, NetError> {
    let mut line = Vec::new();
    let mut octet = [0];
    loop {
        let read = socket.read(&mut octet).map_err(|e| NetError::io(&e))?;
        *left = left.saturating_sub(1);
        match octet {
            _ if read == 0 || *left == 0 => {
                let why = "the server ends before TLS begins";
                return Err(NetError::Protocol(why.to_owned()));
            }
            [b'\n'] => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            [other] => line.push(other),
        }
    }
}

/// The certificates in the first octets of a server, its own first.
pub fn read(first: &[u8]) -> Vec<Sent> {
    let said = messages(first);
    let mut rest = said.as_slice();
    while let Some((kind, body, after)) = message(rest) {
        if kind == 11 {
            return certificates(body);
        }
        rest = after;
    }
    Vec::new()
}

/// What stands in the records of the handshake up to the first of another kind (RFC 5246 §6.2.1).
fn messages(mut first: &[u8]) -> Vec<u8> {
    const HANDSHAKE: u8 = 22;
    let mut said = Vec::new();
    while let [HANDSHAKE, _, _, high, low, rest @ ..] = first {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((fragment, after)) = rest.split_at_checked(length) else {
            break;
        };
        said.extend_from_slice(fragment);
        first = after;
    }
    said
}

/// A number of three octets, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let ([a, b, c], rest) = bytes.split_first_chunk::<3>()?;
    let number = u32::from_be_bytes([0, *a, *b, *c]);
    Some((usize::try_from(number).ok()?, rest))
}

/// The first message: its kind, what it says, and what follows it (RFC 5246 §7.4).
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (length, rest) = number(rest)?;
    let (body, after) = rest.split_at_checked(length)?;
    Some((*kind, body, after))
}

/// The list of a Certificate message (RFC 5246 §7.4.2).
fn certificates(body: &[u8]) -> Vec<Sent> {
    let mut found = Vec::new();
    let Some((_, mut rest)) = number(body) else {
        return found;
    };
    while found.len() < MOST
        && let Some((length, after)) = number(rest)
        && let Some((der, after)) = after.split_at_checked(length)
    {
        found.extend(ring(der));
        rest = after;
    }
    found
}

fn ring(der: &[u8]) -> Option<Sent> {
    let told = Certificate::from_der(der).ok()?.tbs_certificate;
    let seconds = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
    };
    Some(Sent {
        subject: words_of(&told.subject.to_string()),
        issuer: words_of(&told.issuer.to_string()),
        alone: told.issuer == told.subject,
        from: seconds(told.validity.not_before),
        until: seconds(told.validity.not_after),
    })
}

/// Which certificate is missing of a chain that leads to nobody known, by whom it is for: the first
/// whose issuer does not follow it.
pub fn missing(chain: &[Sent]) -> Option<&str> {
    let mut each = chain.iter().zip(chain.iter().skip(1));
    let gap = each.find(|(ring, next)| !ring.alone && ring.issuer != next.subject);
    let last = || chain.last().filter(|last| !last.alone);
    let before = gap.map(|(ring, _)| ring).or_else(last)?;
    Some(&before.issuer)
}

/// What to say of a chain at `now`, after what came of the connection that is used for mail.
pub fn judge(name: &'static str, chain: &[Sent], came: Use, now: i64) -> Step {
    let each = chain.iter().enumerate().map(|(n, ring)| {
        let by = match ring.alone {
            true => "an authority's own".to_owned(),
            false => format!("by {}", clean(&ring.issuer)),
        };
        let ends = match ring.until < now {
            true => "ended on",
            false => "until",
        };
        let day = when::day(ring.until);
        format!("{}. {}, {by}, {ends} {day}", n + 1, clean(&ring.subject))
    });
    let words = each.collect::<Vec<_>>().join("; ");
    let advise = |words: String, cause: &causes::Cause| {
        let advice = Advice::new(words, cause.why, cause.todo);
        match came {
            Use::Works => Step::careful(name, advice),
            Use::Untrusted | Use::Fails => Step::wrong(name, advice),
        }
    };
    // The server's own has a step of its own.
    let behind = || chain.iter().skip(1);
    if behind().any(|ring| ring.until < now || now < ring.from) {
        return advise(words, &causes::EXPIRED);
    }
    if came == Use::Untrusted
        && let Some(who) = missing(chain)
    {
        let words = format!("{words}; the certificate of {} is missing", clean(who));
        return advise(words, &causes::HALF_CHAIN);
    }
    match behind().any(|ring| ring.until - now <= SOON * DAY) {
        true => advise(words, &causes::EXPIRES_SOON),
        // The step before has said what is wrong; this one shows what was seen.
        false if came != Use::Works => Step::note(name, words),
        false => Step::fine(name, words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000;

    fn of(subject: &str, issuer: &str, days: i64) -> Sent {
        Sent {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            alone: subject == issuer,
            from: NOW - DAY,
            until: NOW + days * DAY,
        }
    }

    #[test]
    fn s06_each_certificate_of_the_chain_is_told_and_which_is_missing() {
        let whole = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", 400),
        ];
        let step = judge("IMAP chain", &whole, Use::Works, NOW);
        assert_eq!(step.level, Level::Fine);
        let words = step.found.unwrap();
        assert!(
            words.contains("1. mail.example.test, by Middle, until "),
            "{words}"
        );
        assert!(words.contains("2. Middle, by Root, until "), "{words}");
        // The authority is nobody's that this machine knows, or it was not sent.
        let half = judge("IMAP chain", &whole[..1], Use::Untrusted, NOW);
        assert_eq!(half.level, Level::Wrong);
        let line = half.found.unwrap_err().line();
        assert!(
            line.contains("the certificate of Middle is missing"),
            "{line}"
        );
        assert!(
            line.contains("ask the server's owner to send the whole chain"),
            "{line}"
        );
        // A name that does not fit is no fault of the chain.
        let other = judge("IMAP chain", &whole[..1], Use::Fails, NOW);
        assert_eq!(other.level, Level::Note);
        // One in the middle: whoever came before it is told.
        let gap = [
            of("mail.example.test", "Middle", 40),
            of("Root", "Root", 400),
        ];
        assert_eq!(missing(&gap), Some("Middle"));
        assert_eq!(missing(&[of("a", "a", 1)]), None);
        let old = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", -2),
        ];
        let line = judge("IMAP chain", &old, Use::Untrusted, NOW)
            .found
            .unwrap_err()
            .line();
        assert!(line.contains("2. Middle, by Root, ended on"), "{line}");
        assert!(line.contains("the server's owner must renew it"), "{line}");
        let soon = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", 3),
        ];
        assert_eq!(
            judge("IMAP chain", &soon, Use::Works, NOW).level,
            Level::Careful
        );
    }

    #[test]
    fn the_chain_of_a_real_handshake_is_read() {
        use crate::net::testing::{Identity, Leaf, serve, shake};
        let identity = Identity::authority().sign(&Leaf::default());
        let acceptor = identity.acceptor(None);
        let (port, server) = serve(move |socket| {
            let mut got = Vec::new();
            if let Some(mut tls) = shake(&acceptor, socket) {
                let _ = tls.read_to_end(&mut got);
            }
            got
        });
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let chain = look(socket, "mail.example.test", Duration::from_secs(20)).unwrap();
        assert_eq!(server.join().unwrap(), b"", "something was said");
        assert!(!chain.is_empty());
        assert!(chain[0].until > chain[0].from, "{chain:?}");
    }

    #[test]
    fn what_leads_to_tls_is_said_and_nothing_read_beyond_it() {
        use std::net::TcpListener;
        let talk = |service: Service, says: &'static [(&'static str, &'static str)]| {
            let door = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = door.local_addr().unwrap().port();
            let server = std::thread::spawn(move || {
                let (mut socket, _) = door.accept().unwrap();
                for (awaited, answer) in says {
                    let mut heard = vec![0; awaited.len()];
                    socket.read_exact(&mut heard).unwrap();
                    assert_eq!(&heard, awaited.as_bytes());
                    socket.write_all(answer.as_bytes()).unwrap();
                }
            });
            let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let done = start_tls(&mut socket, service, Duration::from_secs(20));
            server.join().unwrap();
            let mut rest = String::new();
            socket.read_to_string(&mut rest).unwrap();
            (done.is_ok(), rest)
        };
        let imap = talk(
            Service::Imap,
            &[
                ("", "* OK hello\r\n"),
                ("a STARTTLS\r\n", "* NO wait\r\na OK go\r\nTLS"),
            ],
        );
        assert_eq!(imap, (true, "TLS".to_owned()));
        let smtp = talk(
            Service::Smtp,
            &[
                ("", "220-hello\r\n220 mx\r\n"),
                ("EHLO localhost\r\n", "250-mx\r\n250 STARTTLS\r\n"),
                ("STARTTLS\r\n", "220 go\r\n"),
            ],
        );
        assert!(smtp.0);
        assert!(!talk(Service::Imap, &[("", "* BYE no\r\n")]).0);
    }

    proptest! {
        #[test]
        fn no_octets_are_too_odd(mut octets in prop::collection::vec(any::<u8>(), 0..400), kind in 0u8..3) {
            // Often enough something that begins like a handshake.
            if kind > 0 && octets.len() > 12 {
                octets[0] = 22;
                octets[3] = 0;
                octets[5] = 11;
                octets[6] = 0;
                octets[9] = 0;
            }
            prop_assert!(read(&octets).len() <= MOST);
        }
    }
}
