//! Whom we trust: TLS 1.2 at least, the system's roots and the account's own, a certificate whose
//! SAN carries the host's name (the CN does not count, RFC 9525 §6.3), or exactly one pinned key.

use crate::lang::tr;
use crate::net::error::{NetError, TlsFault};
use crate::text::when;
use native_tls::{Certificate, Protocol, TlsConnector, TlsStream};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use x509_cert::Certificate as Parsed;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Roots that the system's administrator changes count after this time at the latest.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// This program was written after this time (2026-11-01), seconds since 1970: a clock that says
/// less is wrong.
const WRITTEN: i64 = 1_793_491_200;

/// Connectors that were made lately, with what they trust: nothing but a memory of the same answer.
static MADE: Mutex<Vec<(Trust, TlsConnector, Instant)>> = Mutex::new(Vec::new());

/// What a server's certificate is checked against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    anchors: Vec<Vec<u8>>,
    pin: Option<[u8; 32]>,
}

impl Trust {
    /// Trusts the system's roots and the certificates in `ca_file` (PEM); or, with `pin` (SHA-256
    /// of the SubjectPublicKeyInfo), that one key whatever its certificate says.
    ///
    /// # Errors
    /// When the file can't be read or holds no certificate.
    pub fn new(ca_file: Option<&Path>, pin: Option<[u8; 32]>) -> Result<Trust, NetError> {
        let anchors = match ca_file {
            None => Vec::new(),
            Some(path) => {
                let file = path.display();
                let pem = std::fs::read_to_string(path);
                let pem =
                    pem.map_err(|e| NetError::tls_said(TlsFault::Anchor, &format!("{file}: {e}")))?;
                let anchors = certificates(&pem);
                if anchors.is_empty() {
                    return Err(NetError::tls(TlsFault::Anchor, || {
                        tr!("there is no certificate in {file}", file)
                    }));
                }
                anchors
            }
        };
        Ok(Trust { anchors, pin })
    }

    /// The connector for this trust. Reading the system's roots takes some 70 ms of processor time,
    /// so one that was made lately serves again.
    pub(super) fn connector(&self) -> Result<TlsConnector, NetError> {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|(_, _, at)| at.elapsed() < FRESH);
        if let Some((_, connector, _)) = made.iter().find(|(trust, _, _)| trust == self) {
            return Ok(connector.clone());
        }
        // Whoever wants the same meanwhile waits for this one instead of making another.
        let connector = self.make()?;
        made.push((self.clone(), connector.clone(), Instant::now()));
        Ok(connector)
    }

    fn make(&self) -> Result<TlsConnector, NetError> {
        let mut builder = TlsConnector::builder();
        builder.min_protocol_version(Some(Protocol::Tlsv12));
        for pem in &self.anchors {
            let anchor = Certificate::from_pem(pem)
                .map_err(|e| NetError::tls_said(TlsFault::Anchor, &e.to_string()))?;
            builder.add_root_certificate(anchor);
        }
        if self.pin.is_some() {
            // The pin alone decides, in `check`, before anything is sent.
            builder
                .disable_built_in_roots(true)
                .danger_accept_invalid_certs(true)
                .danger_accept_invalid_hostnames(true);
        }
        builder
            .build()
            .map_err(|e| NetError::tls_said(TlsFault::Anchor, &e.to_string()))
    }

    /// What the handshake itself does not check.
    pub(super) fn check(
        &self,
        host: &str,
        tls: &TlsStream<impl Read + Write>,
    ) -> Result<(), NetError> {
        let unreadable = || {
            NetError::tls(TlsFault::Handshake, || {
                tr!("the server showed no certificate that can be read").to_owned()
            })
        };
        let der = tls
            .peer_certificate()
            .ok()
            .flatten()
            .and_then(|c| c.to_der().ok())
            .ok_or_else(unreadable)?;
        let leaf = Parsed::from_der(&der).map_err(|_| unreadable())?;
        match self.pin {
            Some(pin) => {
                let spki = leaf
                    .tbs_certificate
                    .subject_public_key_info
                    .to_der()
                    .map_err(|_| unreadable())?;
                if Sha256::digest(&spki).as_slice() == pin {
                    Ok(())
                } else {
                    Err(NetError::tls(TlsFault::Pin, || {
                        tr!("{host} shows another key than the pinned one", host)
                    }))
                }
            }
            None if names(&leaf, host) => Ok(()),
            None => Err(misnamed(host)),
        }
    }
}

fn misnamed(host: &str) -> NetError {
    NetError::tls(TlsFault::Name, || {
        tr!("the certificate is not for {host}", host)
    })
}

/// A configured host as certificates and SNI spell it: no brackets, no final dot, ASCII.
pub(super) fn server_name(host: &str) -> String {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.');
    if bare.parse::<IpAddr>().is_ok() {
        return bare.to_owned();
    }
    idna::domain_to_ascii(bare).unwrap_or_else(|_| bare.to_owned())
}

/// The blocks of a PEM file that are certificates.
fn certificates(pem: &str) -> Vec<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut found = Vec::new();
    for block in pem.split(BEGIN).skip(1) {
        if let Some((body, _)) = block.split_once(END) {
            found.push(format!("{BEGIN}{body}{END}\n").into_bytes());
        }
    }
    found
}

/// Whether a name in the certificate's SAN is `host`.
pub(super) fn names(leaf: &Parsed, host: &str) -> bool {
    let Ok(Some((_, san))) = leaf.tbs_certificate.get::<SubjectAltName>() else {
        return false;
    };
    let ip: Option<IpAddr> = host.parse().ok();
    san.0.iter().any(|name| match (name, ip) {
        (GeneralName::IpAddress(bytes), Some(IpAddr::V4(ip))) => bytes.as_bytes() == ip.octets(),
        (GeneralName::IpAddress(bytes), Some(IpAddr::V6(ip))) => bytes.as_bytes() == ip.octets(),
        (GeneralName::DnsName(pattern), None) => dns_matches(pattern.as_str(), host),
        _ => false,
    })
}

/// RFC 9525 §6.3: without regard to case; `*` may only be the whole left-most label and stands for
/// exactly one.
fn dns_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(label, parent)| {
            !label.is_empty() && rest.contains('.') && parent.eq_ignore_ascii_case(rest)
        }),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// Why a certificate does not count at `now`, by this machine's clock. `early`: it will later.
fn out_of_time(early: bool, now: i64) -> String {
    let time = when::rfc3339(now);
    if now < WRITTEN {
        tr!(
            "this machine's clock, which says {time}, is wrong, and so no certificate seems to be valid",
            time
        )
    } else if early {
        // Nobody hands certificates out before they count.
        tr!(
            "the certificate does not count yet by this machine's clock, which says {time}: the clock is probably slow",
            time
        )
    } else {
        tr!(
            "the certificate has expired by this machine's clock, which says {time}: unless the clock is wrong, it is so",
            time
        )
    }
}

/// What a failed handshake means. OpenSSL tells it only in words.
pub(super) fn fault(error: &native_tls::Error, host: &str) -> NetError {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        source = inner.source();
    }
    let lower = words.to_ascii_lowercase();
    let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
    if has(&["hostname mismatch", "ip address mismatch"]) {
        misnamed(host)
    } else if has(&["certificate has expired", "not yet valid"]) {
        let early = has(&["not yet valid"]);
        let now = when::now();
        NetError::tls(TlsFault::Expired, || out_of_time(early, now))
    } else if has(&["certificate verify failed"]) {
        // The verdict stands in the last brackets of the outermost error.
        let outer = error.to_string();
        let verdict = outer.rsplit_once('(').map_or("", |(_, v)| v);
        let verdict = verdict.trim_end_matches(')');
        NetError::tls(TlsFault::Untrusted, || {
            tr!(
                "this machine does not trust the certificate ({verdict})",
                verdict
            )
        })
    } else if has(&["unexpected eof", "connection reset", "broken pipe"]) {
        NetError::Cut("the server hung up during the TLS handshake".to_owned())
    } else if has(&["wrong version number", "packet length too long"]) {
        NetError::tls(TlsFault::Handshake, || {
            tr!("the server does not speak TLS at this point").to_owned()
        })
    } else if has(&["unsupported protocol", "protocol version"]) {
        NetError::tls(TlsFault::Handshake, || {
            tr!("the server speaks only versions of TLS that are not secure any more").to_owned()
        })
    } else {
        NetError::tls_said(TlsFault::Handshake, &words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_one_label() {
        assert!(dns_matches("Mail.example.test", "mail.EXAMPLE.test"));
        assert!(dns_matches("*.example.test", "mail.example.test"));
        for (pattern, host) in [
            ("*.example.test", "a.b.example.test"),
            ("*.example.test", "example.test"),
            ("*.test", "example.test"),
            ("m*.example.test", "mail.example.test"),
            ("example.test", "evil-example.test"),
        ] {
            assert!(!dns_matches(pattern, host), "{pattern} {host}");
        }
    }

    #[test]
    fn f09_a_clock_that_is_wrong_is_named() {
        let said = |early, now| out_of_time(early, now);
        assert!(said(false, 0).contains("1970-01-01") && said(false, 0).contains("is wrong"));
        assert!(said(true, WRITTEN - 1).contains("is wrong"));
        assert!(said(true, WRITTEN + 1).contains("clock is probably slow"));
        assert!(said(false, WRITTEN * 2).contains("has expired by this machine's clock"));
    }

    #[test]
    fn a_host_is_spelt_as_certificates_spell_it() {
        for (host, name) in [
            ("Mail.example.test.", "mail.example.test"),
            ("[::1]", "::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("b\u{fc}cher.test", "xn--bcher-kva.test"),
        ] {
            assert_eq!(server_name(host), name);
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "nothing").unwrap();
        assert!(Trust::new(Some(file.path()), None).is_err());
        assert!(Trust::new(Some(Path::new("/nonexistent")), None).is_err());
    }
}
