//! The certificate that a server shows, whoever it is: for looking only. Nothing is said over such a
//! connection, and none of it is ever used for mail. What is trusted, `tls.rs` decides.

use crate::lang::{tr, trn};
use crate::model::Endpoint;
use crate::model::checkup::Step;
use crate::net::causes;
use crate::net::connect;
use crate::net::error::NetError;
use crate::net::tls::{self, names};
use crate::text::{Clean, when};
use native_tls::{Protocol, TlsConnector, TlsStream};
use sha2::{Digest as _, Sha256};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Days before its end from which on a certificate is worth a word.
pub(super) const SOON: i64 = 14;
pub(super) const DAY: i64 = 24 * 3600;
/// Octets of the server's first words that are kept.
const KEPT: usize = 1 << 10;

/// Who opens secure connections on their way and signs them anew, by what their issuers call
/// themselves.
const INSPECTORS: [&str; 22] = [
    "avast",
    "avg technologies",
    "kaspersky",
    "eset ",
    "bitdefender",
    "norton",
    "mcafee",
    "sophos",
    "fortinet",
    "fortigate",
    "zscaler",
    "netskope",
    "palo alto",
    "blue coat",
    "bluecoat",
    "checkpoint",
    "check point",
    "cisco umbrella",
    "barracuda",
    "watchguard",
    "untangle",
    "adguard",
];

/// A certificate and the connection that it came by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// Whether the host that was asked for is among them.
    pub is_for_host: bool,
    /// Who issued it: the most telling words of its name.
    pub issuer: String,
    /// Whether it issued itself.
    pub alone: bool,
    /// When it begins to count, seconds since 1970.
    pub from: i64,
    /// When it ends.
    pub until: i64,
    /// What `pin-sha256` would be for its key.
    pub pin: [u8; 32],
    /// The version of TLS, if it could be told: `1.3`.
    pub version: Option<&'static str>,
}

/// Sets how long the next wait of a socket may take, so that all of them together end at `until`: a
/// server that sends an octet now and then holds nobody up.
///
/// # Errors
/// When that time has come.
pub(super) fn hurry(socket: &TcpStream, until: Instant) -> io::Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    socket.set_read_timeout(Some(left))?;
    socket.set_write_timeout(Some(left))
}

/// Keeps what came first.
#[derive(Debug)]
pub(super) struct Tap {
    socket: TcpStream,
    until: Instant,
    /// What came first.
    pub first: Vec<u8>,
    most: usize,
}

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        hurry(&self.socket, self.until)?;
        let n = self.socket.read(buffer)?;
        let room = self.most.saturating_sub(self.first.len()).min(n);
        self.first
            .extend_from_slice(buffer.get(..room).unwrap_or_default());
        Ok(n)
    }
}

impl Write for Tap {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        hurry(&self.socket, self.until)?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// Connects for [`look()`] only.
///
/// # Errors
/// When no address answers.
pub fn dial(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    patience: Duration,
) -> Result<TcpStream, NetError> {
    connect::dial(endpoint, addresses, patience)
}

/// Shakes hands until then, by no newer version than this, and keeps so many of the first octets that
/// came.
pub(super) fn shake(
    socket: TcpStream,
    host: &str,
    until: Instant,
    newest: Option<Protocol>,
    most: usize,
) -> Result<TlsStream<Tap>, NetError> {
    socket
        .set_nonblocking(false)
        .map_err(|e| NetError::io(&e))?;
    let name = tls::server_name(host);
    let mut builder = TlsConnector::builder();
    // Whoever it is: that is the question. Nothing is said to it.
    builder
        .min_protocol_version(Some(Protocol::Tlsv10))
        .max_protocol_version(newest)
        .danger_accept_invalid_certs(true)
        .danger_accept_invalid_hostnames(true);
    let connector = builder.build().map_err(|e| tls::fault(&e, host))?;
    let tap = Tap {
        socket,
        until,
        first: Vec::new(),
        most,
    };
    match connector.connect(&name, tap) {
        Ok(tls) => Ok(tls),
        Err(native_tls::HandshakeError::Failure(error)) => Err(tls::fault(&error, host)),
        Err(native_tls::HandshakeError::WouldBlock(_)) => Err(NetError::Timeout),
    }
}

/// Shakes hands over a connection and looks at what is shown. The connection ends with it.
///
/// # Errors
/// When there is no handshake until then.
pub fn look(socket: TcpStream, host: &str, until: Instant) -> Result<Shown, NetError> {
    let name = tls::server_name(host);
    let tls = shake(socket, host, until, None, KEPT)?;
    let der = tls.peer_certificate().ok().flatten();
    let der = der.and_then(|c| c.to_der().ok()).unwrap_or_default();
    let mut shown = read(&der, &name).ok_or_else(|| {
        NetError::Protocol("the server showed no certificate that can be read".to_owned())
    })?;
    shown.version = version(&tls.get_ref().first);
    Ok(shown)
}

/// What a certificate in DER says, where `host` was asked for.
pub fn read(der: &[u8], host: &str) -> Option<Shown> {
    let host = &tls::server_name(host);
    let leaf = Certificate::from_der(der).ok()?;
    let told = &leaf.tbs_certificate;
    let seconds = |time: x509_cert::time::Time| {
        i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
    };
    let san = told.get::<SubjectAltName>().ok().flatten();
    let all = san.map(|(_, san)| san.0).unwrap_or_default();
    let all = all.iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            four if four.len() == 4 => {
                let four = <[u8; 4]>::try_from(four).ok()?;
                Some(std::net::Ipv4Addr::from(four).to_string())
            }
            other => {
                let six = <[u8; 16]>::try_from(other).ok()?;
                Some(std::net::Ipv6Addr::from(six).to_string())
            }
        },
        _ => None,
    });
    let key = told.subject_public_key_info.to_der().ok()?;
    Some(Shown {
        names: all.collect(),
        is_for_host: names(&leaf, host),
        issuer: words_of(&told.issuer.to_string()),
        alone: told.issuer == told.subject,
        from: seconds(told.validity.not_before),
        until: seconds(told.validity.not_after),
        pin: Sha256::digest(&key).into(),
        version: None,
    })
}

/// Of `CN=R11,O=Let's Encrypt,C=US` the organisation and the name.
pub(super) fn words_of(name: &str) -> String {
    let part = |key: &str| {
        let parts = name.split([',', '+']);
        let mut found = parts.filter_map(|p| p.trim().strip_prefix(key));
        found.next().map(|v| v.replace('\\', ""))
    };
    match (part("O="), part("CN=")) {
        (Some(organisation), Some(common)) => format!("{organisation} ({common})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => name.to_owned(),
    }
}

/// The version that a ServerHello chose (RFC 8446 §4.1.3, §4.2.1; RFC 5246 §7.4.1.3).
fn version(first: &[u8]) -> Option<&'static str> {
    const HANDSHAKE: u8 = 22;
    const SERVER_HELLO: u8 = 2;
    let word = |at: usize| -> Option<u16> {
        let bytes = first.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*bytes))
    };
    if *first.first()? != HANDSHAKE || *first.get(5)? != SERVER_HELLO {
        return None;
    }
    let mut chosen = word(9)?;
    // Behind 32 octets of chance and the session's name: cipher, compression, extensions.
    let session = usize::from(*first.get(43)?);
    let mut at = 44 + session + 3;
    let end = word(at).map_or(at, |length| at + 2 + usize::from(length));
    at += 2;
    while let (Some(kind), Some(length)) = (word(at), word(at + 2)) {
        if at >= end {
            break;
        }
        if kind == 43 {
            chosen = word(at + 4)?;
        }
        at += 4 + usize::from(length);
    }
    match chosen {
        0x0304 => Some("1.3"),
        0x0303 => Some("1.2"),
        0x0302 => Some("1.1"),
        0x0301 => Some("1.0"),
        _ => None,
    }
}

/// What to say of a certificate at `now`, where the connection that is used for mail came about
/// (`trusted`) or did not.
pub fn judge(
    name: &'static str,
    shown: &Shown,
    endpoint: &Endpoint,
    trusted: bool,
    now: i64,
) -> Step {
    let names: Vec<String> = shown.names.iter().take(4).map(|n| clean(n)).collect();
    let more = shown.names.len().saturating_sub(names.len());
    let names = names.join(tr!(", "));
    let mut words = vec![match (names.is_empty(), more) {
        (true, _) => tr!("for no name at all").to_owned(),
        (_, 0) => tr!("for {names}", names),
        _ => tr!("for {names} and {more} more", names, more),
    }];
    words.push(match shown.alone {
        true => tr!("signed by itself").to_owned(),
        false => tr!("issued by {issuer}", issuer = clean(&shown.issuer)),
    });
    let days = shown.until.saturating_sub(now).div_euclid(DAY);
    let day = when::day(shown.until);
    words.push(if now < shown.from {
        tr!("counts only from {day}", day = when::day(shown.from))
    } else if days < 0 {
        tr!("ended on {day}", day)
    } else {
        trn!(
            n = days,
            "until {day} ({n} day left)",
            "until {day} ({n} days left)",
            day
        )
    });
    words.extend(shown.version.map(|version| format!("TLS {version}")));
    let words = words.join(tr!(", "));
    let advise = |words: String, cause: &causes::Cause| {
        let advice = cause.advice(words);
        match trusted {
            true => Step::careful(name, advice),
            false => Step::wrong(name, advice),
        }
    };
    let issuer = shown.issuer.to_lowercase();
    if endpoint.pin_sha256.is_some() {
        return match endpoint.pin_sha256 == Some(shown.pin) {
            true => Step::fine(
                name,
                tr!(
                    "{words}; its key is the pinned one, which alone decides",
                    words
                ),
            ),
            false => advise(
                tr!("{words}; its key is not the pinned one", words),
                &causes::PIN,
            ),
        };
    }
    if INSPECTORS.iter().any(|who| issuer.contains(who)) {
        return advise(words, &causes::INSPECTED);
    }
    if trusted {
        return match days <= SOON {
            true => advise(words, &causes::EXPIRES_SOON),
            false => Step::fine(name, tr!("{words}, trusted", words)),
        };
    }
    // The step before has said why; this one shows what was seen.
    let pin: String = shown.pin.iter().map(|b| format!("{b:02x}")).collect();
    Step::note(
        name,
        tr!("{words}; the SHA-256 of its key is {pin}", words, pin),
    )
}

/// What others wrote, as it may be shown.
pub(super) fn clean(text: &str) -> String {
    Clean::line(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Security;
    use crate::model::checkup::Level;
    use crate::net::testing::{Identity, Leaf, serve, shake};

    const HOST: &str = "mail.example.test";
    const PATIENCE: Duration = Duration::from_secs(20);

    fn seen(identity: &Identity) -> Shown {
        let acceptor = identity.acceptor(None);
        let (port, server) = serve(move |socket| {
            let mut got = Vec::new();
            if let Some(mut tls) = shake(&acceptor, socket) {
                let _ = tls.read_to_end(&mut got);
            }
            got
        });
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let shown = look(socket, HOST, Instant::now() + PATIENCE).unwrap();
        assert_eq!(server.join().unwrap(), b"", "something was said");
        shown
    }

    fn endpoint(pin: Option<[u8; 32]>) -> Endpoint {
        Endpoint {
            host: HOST.into(),
            port: 993,
            security: Security::Tls,
            pin_sha256: pin,
        }
    }

    fn told(shown: &Shown, pin: Option<[u8; 32]>, trusted: bool) -> (Level, String) {
        let step = judge("certificate", shown, &endpoint(pin), trusted, when::now());
        let words = match step.found {
            Ok(words) => words,
            Err(advice) => advice.line(),
        };
        (step.level, words)
    }

    #[test]
    fn s06_what_is_shown_is_seen_whoever_shows_it() {
        let ca = Identity::authority();
        let good = ca.sign(&Leaf::default());
        let shown = seen(&good);
        assert!(shown.is_for_host && !shown.alone);
        assert_eq!(shown.pin, good.pin());
        assert_eq!(shown.version, Some("1.3"));
        let (level, words) = told(&shown, None, true);
        assert!(
            words.contains("for mail.example.test") && words.contains("TLS 1.3"),
            "{words}"
        );
        assert!(level <= Level::Careful, "{words}");
        let alone = seen(&Identity::alone(&Leaf {
            dns: &["other.test"],
            ..Leaf::default()
        }));
        assert!(alone.alone && !alone.is_for_host);
        let (_, words) = told(&alone, None, false);
        assert!(
            words.contains("for other.test, signed by itself"),
            "{words}"
        );
        let old = seen(&ca.sign(&Leaf {
            days: (-9, -1),
            ..Leaf::default()
        }));
        assert!(told(&old, None, false).1.contains("ended on"));
        let early = seen(&ca.sign(&Leaf {
            days: (2, 9),
            ..Leaf::default()
        }));
        assert!(told(&early, None, false).1.contains("counts only from"));
        let (level, words) = told(&shown, Some([7; 32]), false);
        assert!(
            level == Level::Wrong && words.contains("only then change `pin-sha256`"),
            "{words}"
        );
        assert_eq!(told(&old, Some(old.pin), true).0, Level::Fine);
    }

    #[test]
    fn an_end_that_is_near_and_who_looks_inside_are_told() {
        let now = when::now();
        let shown = Shown {
            names: vec![HOST.into()],
            issuer: "Let's Encrypt (R11)".into(),
            from: now - 80 * DAY,
            until: now + 10 * DAY + 60,
            ..Shown::default()
        };
        let (level, words) = told(&shown, None, true);
        assert_eq!(level, Level::Careful);
        assert!(
            words.contains("10 days left") && words.contains("renew it"),
            "{words}"
        );
        let far = Shown {
            until: now + 60 * DAY,
            ..shown.clone()
        };
        assert_eq!(told(&far, None, true).0, Level::Fine);
        let inspected = Shown {
            issuer: words_of("CN=Avast Web/Mail Shield Root,O=Avast"),
            ..far
        };
        for trusted in [true, false] {
            let (level, words) = told(&inspected, None, trusted);
            assert!(
                words.contains("antivirus") && words.contains("SSL scanning"),
                "{words}"
            );
            assert_eq!(level == Level::Wrong, !trusted);
        }
    }

    #[test]
    fn s43_a_server_that_drips_holds_nobody_up() {
        let (port, server) = serve(|mut socket| {
            // The head of a record that never ends, an octet at a time, until nobody listens.
            let mut octets = [22, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(0));
            let mut sent = 0;
            while let Some(octet) = octets.next()
                && socket.write_all(&[octet]).is_ok()
            {
                sent += 1;
                std::thread::sleep(Duration::from_millis(2));
            }
            sent
        });
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let until = Instant::now() + Duration::from_millis(200);
        let failed = look(socket, HOST, until).unwrap_err();
        assert!(matches!(failed, NetError::Timeout), "{failed:?}");
        // The record was not sent to its end: it is the time that ended it.
        assert!(server.join().unwrap() < 0x4000);
    }

    #[test]
    fn no_hello_has_no_version() {
        for bytes in [
            &b""[..],
            b"HTTP/1.1 400",
            &[22, 3, 3, 0, 1, 2],
            &[22; 60],
            &[22, 3, 1, 0, 60, 2, 0, 0, 56, 3, 3],
        ] {
            assert_eq!(version(bytes), None, "{bytes:?}");
        }
    }
}
