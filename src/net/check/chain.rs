//! The certificates that a server sends behind its own, one after the other up to the authority: whom
//! each is for, who issued it, until when it counts, and which one is missing. For looking only, as
//! [`super::shown`]. The handshake is held to TLS 1.2, where certificates are not hidden from whoever
//! reads along (RFC 5246 §7.4.2); of a server that speaks TLS 1.3 alone it is said that they are not seen.

use super::shown::{self, DAY, SOON, clean, words_of};
use crate::lang::tr;
use crate::model::checkup::Step;
use crate::net::causes::{self, Cause, Service};
use crate::net::diagnose;
use crate::net::error::{NetError, TlsFault};
use crate::text::when;
use native_tls::Protocol;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;
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

impl Sent {
    /// Keeps the place of one that says nothing to us.
    fn unreadable() -> Sent {
        Sent {
            subject: String::new(),
            issuer: String::new(),
            alone: false,
            from: i64::MIN,
            until: i64::MAX,
        }
    }

    fn is_readable(&self) -> bool {
        self.until != i64::MAX || self.from != i64::MIN
    }
}

/// What came of the connection that is used for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Its TLS came about.
    Works,
    /// What is shown is not trusted, for this reason.
    Untrusted(&'static Cause),
    /// It failed over something else.
    Fails,
}

impl Use {
    /// After this outcome.
    pub fn after<T>(outcome: &Result<T, NetError>) -> Use {
        match outcome {
            // Nothing of who one is was said before the certificate was found right.
            Ok(_) | Err(NetError::Auth(_) | NetError::AuthLater(_)) => Use::Works,
            Err(NetError::Tls {
                fault: TlsFault::Untrusted,
                why,
            }) => Use::Untrusted(diagnose::untrusted(why)),
            Err(_) => Use::Fails,
        }
    }
}

/// Shakes hands over a connection and looks at all that is sent. The connection ends with it.
///
/// # Errors
/// When there is no handshake of TLS 1.2 until then.
pub fn look(socket: TcpStream, host: &str, until: Instant) -> Result<Vec<Sent>, NetError> {
    let tls = shown::shake(socket, host, until, Some(Protocol::Tlsv12), KEPT)?;
    Ok(read(&tls.get_ref().first))
}

/// Says what leads to TLS where a connection begins in the clear (RFC 9051 §6.2.1, RFC 3207), and
/// nothing of whom it is for.
///
/// # Errors
/// When the server does not agree until then.
pub fn start_tls(socket: &mut TcpStream, service: Service, until: Instant) -> Result<(), NetError> {
    socket
        .set_nonblocking(false)
        .map_err(|e| NetError::io(&e))?;
    let mut left = KEPT;
    let mut say = |words: &str, ends: &dyn Fn(&str) -> Option<bool>| {
        let sent = shown::hurry(socket, until).and_then(|()| socket.write_all(words.as_bytes()));
        sent.map_err(|e| NetError::io(&e))?;
        loop {
            let line = line(socket, &mut left, until)?;
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
fn line(socket: &mut TcpStream, left: &mut usize, until: Instant) -> Result<String, NetError> {
    let mut line = Vec::new();
    let mut octet = [0];
    loop {
        let read = shown::hurry(socket, until).and_then(|()| socket.read(&mut octet));
        let read = read.map_err(|e| NetError::io(&e))?;
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
        found.push(ring(der).unwrap_or_else(Sent::unreadable));
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

/// The certificates that lead from the server's own to an authority, each issued by the next, in
/// whichever order they were sent.
fn path(chain: &[Sent]) -> Vec<&Sent> {
    let mut path: Vec<&Sent> = chain.first().into_iter().collect();
    while let Some(last) = path.last().filter(|last| !last.alone)
        && let Some(next) = chain.iter().find(|ring| ring.subject == last.issuer)
        && !path.contains(&next)
    {
        path.push(next);
    }
    path
}

/// Which certificate a chain that leads to nobody known ends without, by whom it is for, and whether
/// that one issued the server's own. An authority's own need not be sent. `None` too where one of them
/// can't be read: it may be that.
pub fn missing(chain: &[Sent]) -> Option<(&str, bool)> {
    if !chain.iter().all(Sent::is_readable) {
        return None;
    }
    let path = path(chain);
    let last = path.last().filter(|last| !last.alone)?;
    Some((&last.issuer, path.len() == 1))
}

fn told(n: usize, ring: &Sent, now: i64) -> String {
    if !ring.is_readable() {
        return tr!("{n}. one that can't be read", n = n + 1);
    }
    let by = match ring.alone {
        true => tr!("an authority's own").to_owned(),
        false => tr!("by {issuer}", issuer = clean(&ring.issuer)),
    };
    let time = if now < ring.from {
        tr!("counts only from {day}", day = when::day(ring.from))
    } else if ring.until < now {
        tr!("ended on {day}", day = when::day(ring.until))
    } else {
        tr!("until {day}", day = when::day(ring.until))
    };
    let words = [clean(&ring.subject), by, time].join(tr!(", "));
    format!("{}. {words}", n + 1)
}

/// What to say of a chain at `now`, after what came of the connection that is used for mail.
pub fn judge(name: &'static str, chain: &[Sent], came: Use, now: i64) -> Step {
    let each = chain.iter().enumerate();
    let each: Vec<String> = each.map(|(n, ring)| told(n, ring, now)).collect();
    let words = each.join("; ");
    let advise = |words: String, cause: &Cause| {
        let advice = cause.advice(words);
        match came {
            Use::Works => Step::careful(name, advice),
            Use::Untrusted(_) | Use::Fails => Step::wrong(name, advice),
        }
    };
    // The server's own has a step of its own; what leads nowhere was sent for nothing.
    let path = path(chain);
    let behind = || path.iter().skip(1).filter(|ring| ring.is_readable());
    let is_over = |ring: &Sent| ring.until < now || now < ring.from;
    match came {
        Use::Works => {
            let soon = behind().any(|r| !r.alone && !is_over(r) && r.until - now <= SOON * DAY);
            if soon {
                return advise(words, &causes::EXPIRES_SOON);
            }
            // Whoever checks found another way around it.
            match chain.iter().skip(1).any(|r| !r.is_readable() || is_over(r)) {
                true => Step::note(name, words),
                false => Step::fine(name, words),
            }
        }
        _ if behind().any(|ring| is_over(ring)) => advise(words, &causes::EXPIRED),
        Use::Untrusted(cause)
            if [&causes::UNTRUSTED, &causes::HALF_CHAIN].contains(&cause)
                && let Some((who, first)) = missing(chain) =>
        {
            let who = clean(who);
            let lacks = match first {
                true => tr!("the certificate of {who} is missing", who),
                false => tr!(
                    "{who} was neither sent nor is it known to this machine",
                    who
                ),
            };
            advise(format!("{words}; {lacks}"), &causes::HALF_CHAIN)
        }
        // The step before has said what is wrong; this one shows what was seen.
        Use::Untrusted(_) | Use::Fails => Step::note(name, words),
    }
}

/// What to say where a server takes no version of TLS in which the chain can be read along.
pub fn hidden(name: &'static str) -> Step {
    let words = tr!(
        "not seen: the server takes nothing but TLS 1.3, where what follows its own certificate is encrypted"
    );
    Step::note(name, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000;

    const UNKNOWN: Use = Use::Untrusted(&causes::UNTRUSTED);

    fn patience() -> Instant {
        Instant::now() + std::time::Duration::from_secs(20)
    }

    fn line_of(step: &Step) -> String {
        step.found.as_ref().unwrap_err().line()
    }

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
        let half = judge("IMAP chain", &whole[..1], UNKNOWN, NOW);
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
        assert_eq!(missing(&gap), Some(("Middle", true)));
        assert_eq!(missing(&[of("a", "a", 1)]), None);
        // In another order nothing is missing but what no server has to send.
        let mixed = [
            of("mail.example.test", "Middle", 40),
            of("Upper", "Root", 400),
            of("Middle", "Upper", 400),
        ];
        assert_eq!(missing(&mixed), Some(("Root", false)));
        let line = line_of(&judge("IMAP chain", &mixed, UNKNOWN, NOW));
        assert!(line.contains("Root was neither sent"), "{line}");
        assert!(!line.contains("Root is missing"), "{line}");
        let old = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", -2),
        ];
        let line = line_of(&judge("IMAP chain", &old, UNKNOWN, NOW));
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
    fn the_chain_is_blamed_for_nothing_but_what_is_its_own_fault() {
        let half = [of("mail.example.test", "Middle", 40)];
        for cause in [&causes::PURPOSE, &causes::WEAK, &causes::REVOKED] {
            let step = judge("IMAP chain", &half, Use::Untrusted(cause), NOW);
            assert_eq!(step.level, Level::Note, "{cause:?}");
            assert!(!step.found.unwrap().contains("missing"), "{cause:?}");
        }
        // An old one that leads nowhere is sent along by many a server that works.
        let extra = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", 400),
            of("Other", "Old Root", -30),
        ];
        let step = judge("IMAP chain", &extra, Use::Works, NOW);
        assert_eq!(step.level, Level::Note);
        assert_eq!(
            judge("IMAP chain", &extra, Use::Fails, NOW).level,
            Level::Note
        );
        let mut early = extra[..2].to_vec();
        early[1].from = NOW + 3 * DAY;
        let line = line_of(&judge("IMAP chain", &early, Use::Fails, NOW));
        assert!(
            line.contains("2. Middle, by Root, counts only from"),
            "{line}"
        );
    }

    #[test]
    fn one_that_can_t_be_read_keeps_its_place() {
        let body = [0, 0, 4, 0, 0, 1, 7];
        assert_eq!(certificates(&body), [Sent::unreadable()]);
        let chain = [
            of("mail.example.test", "Middle", 40),
            Sent::unreadable(),
            of("Upper", "Upper", 400),
        ];
        let step = judge("IMAP chain", &chain, UNKNOWN, NOW);
        assert_eq!(step.level, Level::Note);
        let words = step.found.unwrap();
        assert!(
            words.contains("2. one that can't be read; 3. Upper"),
            "{words}"
        );
        assert!(!words.contains("missing"), "{words}");
    }

    #[test]
    fn a_refused_password_is_no_fault_of_tls() {
        let refused: Result<(), _> = Err(NetError::Auth(Default::default()));
        assert_eq!(Use::after(&refused), Use::Works);
        let weak: Result<(), _> = Err(NetError::tls_said(
            TlsFault::Untrusted,
            "this machine does not trust the certificate (EE certificate key too weak)",
        ));
        assert_eq!(Use::after(&weak), Use::Untrusted(&causes::WEAK));
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
        let chain = look(socket, "mail.example.test", patience()).unwrap();
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
            let done = start_tls(&mut socket, service, patience());
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
