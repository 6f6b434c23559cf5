//! The certificates that a server sends behind its own, one after the other up to the authority: whom
//! each is for, who issued it, until when it counts, and which one is missing. For looking only, as
//! [`super::shown`]. The handshake is held to TLS 1.2, where certificates are not hidden from whoever
//! reads along (RFC 5246 §7.4.2); a server that speaks TLS 1.3 alone shows its own certificate only.

use super::shown::{self, DAY, SOON, clean, words_of};
use crate::model::checkup::{Advice, Step};
use crate::net::causes;
use crate::net::error::NetError;
use crate::text::when;
use native_tls::Protocol;
use std::net::TcpStream;
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// Octets of a handshake that are looked at.
const KEPT: usize = 1 << 16;
/// Certificates that are told; no chain that is right has as many.
const MOST: usize = 10;

/// One certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
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

/// Shakes hands over a connection and looks at all that is sent. The connection ends with it.
///
/// # Errors
/// When there is no handshake of TLS 1.2 within `patience` of each wait.
pub fn look(socket: TcpStream, host: &str, patience: Duration) -> Result<Vec<Ring>, NetError> {
    let tls = shown::shake(socket, host, patience, Some(Protocol::Tlsv12), KEPT)?;
    Ok(read(&tls.get_ref().first))
}

/// The certificates in the first octets of a server, its own first.
pub fn read(first: &[u8]) -> Vec<Ring> {
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
fn certificates(body: &[u8]) -> Vec<Ring> {
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

fn ring(der: &[u8]) -> Option<Ring> {
    let told = Certificate::from_der(der).ok()?.tbs_certificate;
    let seconds = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
    };
    Some(Ring {
        subject: words_of(&told.subject.to_string()),
        issuer: words_of(&told.issuer.to_string()),
        alone: told.issuer == told.subject,
        from: seconds(told.validity.not_before),
        until: seconds(told.validity.not_after),
    })
}

/// Which certificate is missing, by whom it is for: the first whose issuer does not follow it, unless
/// that is an authority that machines know of themselves.
pub fn missing(chain: &[Ring], trusted: bool) -> Option<&str> {
    let mut each = chain.iter().zip(chain.iter().skip(1));
    if let Some((ring, _)) = each.find(|(ring, next)| !ring.alone && ring.issuer != next.subject) {
        return (!trusted).then_some(ring.issuer.as_str());
    }
    let last = chain.last().filter(|last| !last.alone && !trusted)?;
    Some(&last.issuer)
}

/// What to say of a chain at `now`, where the connection that is used for mail came about (`trusted`)
/// or did not.
pub fn judge(name: &'static str, chain: &[Ring], trusted: bool, now: i64) -> Step {
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
        match trusted {
            true => Step::careful(name, advice),
            false => Step::wrong(name, advice),
        }
    };
    // The server's own has a step of its own.
    let behind = || chain.iter().skip(1);
    if behind().any(|ring| ring.until < now || now < ring.from) {
        return advise(words, &causes::EXPIRED);
    }
    if let Some(who) = missing(chain, trusted) {
        let words = format!("{words}; the certificate of {} is missing", clean(who));
        return advise(words, &causes::HALF_CHAIN);
    }
    match behind().any(|ring| ring.until - now <= SOON * DAY) {
        true => advise(words, &causes::EXPIRES_SOON),
        false => Step::fine(name, words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000;

    fn of(subject: &str, issuer: &str, days: i64) -> Ring {
        Ring {
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
        let step = judge("IMAP chain", &whole, true, NOW);
        assert_eq!(step.level, Level::Fine);
        let words = step.found.unwrap();
        assert!(
            words.contains("1. mail.example.test, by Middle, until "),
            "{words}"
        );
        assert!(words.contains("2. Middle, by Root, until "), "{words}");
        // The authority is nobody's that this machine knows, or it was not sent.
        let half = judge("IMAP chain", &whole[..1], false, NOW);
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
        // One in the middle: whoever came before it is told.
        let gap = [
            of("mail.example.test", "Middle", 40),
            of("Root", "Root", 400),
        ];
        assert_eq!(missing(&gap, false), Some("Middle"));
        assert_eq!(missing(&[of("a", "a", 1)], false), None);
        let old = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", -2),
        ];
        let line = judge("IMAP chain", &old, false, NOW)
            .found
            .unwrap_err()
            .line();
        assert!(line.contains("2. Middle, by Root, ended on"), "{line}");
        assert!(line.contains("the server's owner must renew it"), "{line}");
        let soon = [
            of("mail.example.test", "Middle", 40),
            of("Middle", "Root", 3),
        ];
        assert_eq!(judge("IMAP chain", &soon, true, NOW).level, Level::Careful);
    }

    #[test]
    fn the_chain_of_a_real_handshake_is_read() {
        use crate::net::testing::{Identity, Leaf, serve, shake};
        use std::io::Read as _;
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
