//! A domain's DKIM key as receivers read it (RFC 6376 §3.6.1): whether it counts, and how strong it
//! is. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// RSA of so many bits.
    Rsa(usize),
    /// Ed25519 (RFC 8463).
    Ed25519,
    /// Taken back: there is none any more.
    Revoked,
    /// It can't be read.
    Broken,
}

/// Names under which providers keep keys, tried where no signed message tells the name.
pub(super) const USUAL: [&str; 32] = [
    "default",
    "dkim",
    "mail",
    "google",
    "20230601",
    "selector1",
    "selector2",
    "s1",
    "s2",
    "k1",
    "k2",
    "k3",
    "fm1",
    "fm2",
    "fm3",
    "sig1",
    "key1",
    "key2",
    "key3",
    "zoho",
    "zmail",
    "protonmail",
    "protonmail2",
    "protonmail3",
    "mbo0001",
    "s1-ionos",
    "s2-ionos",
    "strato-dkim-0002",
    "dkim1",
    "dkim2",
    "mxvault",
    "smtp",
];

/// Reads a key's record; `None` for a text that is none.
pub(super) fn key(record: &str) -> Option<Key> {
    let (mut kind, mut data) = ("rsa".to_owned(), None);
    for tag in record.split(';') {
        let Some((name, value)) = tag.split_once('=') else {
            continue;
        };
        match name.trim() {
            "v" if value.trim() != "DKIM1" => return None,
            "k" => kind = value.trim().to_ascii_lowercase(),
            "p" => data = Some(value.split_whitespace().collect::<String>()),
            _ => {}
        }
    }
    let data = data?;
    if data.is_empty() {
        return Some(Key::Revoked);
    }
    let Ok(bytes) = STANDARD.decode(&data) else {
        return Some(Key::Broken);
    };
    Some(match kind.as_str() {
        "ed25519" if bytes.len() == 32 => Key::Ed25519,
        "rsa" => bits(&bytes).map_or(Key::Broken, Key::Rsa),
        _ => Key::Broken,
    })
}

/// The length of an RSA key's modulus, of a SubjectPublicKeyInfo or an RSAPublicKey in DER.
fn bits(der: &[u8]) -> Option<usize> {
    const INTEGER: u8 = 0x02;
    const BITS: u8 = 0x03;
    const SEQUENCE: u8 = 0x30;
    let (tag, inside, _) = element(der)?;
    if tag != SEQUENCE {
        return None;
    }
    let (tag, first, rest) = element(inside)?;
    if tag == SEQUENCE {
        let (tag, key, _) = element(rest)?;
        // No bit of the last octet is unused.
        return match (tag, key.split_first()) {
            (BITS, Some((0, key))) if key.len() < der.len() => bits(key),
            _ => None,
        };
    }
    let modulus = first
        .iter()
        .position(|b| *b != 0)
        .and_then(|at| first.get(at..))?;
    let leading = modulus.first()?.leading_zeros() as usize;
    (tag == INTEGER).then(|| modulus.len() * 8 - leading)
}

/// A DER element: its tag, what is in it, what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..0x80 => (usize::from(short), rest),
        long => {
            let (octets, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let add =
                |sum: usize, octet: &u8| sum.checked_mul(256)?.checked_add(usize::from(*octet));
            (octets.iter().try_fold(0usize, add)?, rest)
        }
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((*tag, inside, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::rsa::Rsa;
    use proptest::prelude::*;

    #[test]
    fn keys_are_measured() {
        for size in [1024, 2048] {
            let rsa = Rsa::generate(size).unwrap();
            let spki = STANDARD.encode(rsa.public_key_to_der().unwrap());
            let bare = STANDARD.encode(rsa.public_key_to_der_pkcs1().unwrap());
            let size = usize::try_from(size).unwrap();
            for data in [spki, bare] {
                let (first, second) = data.split_at(40);
                let record = format!("v=DKIM1; k=rsa; p={first} {second}");
                assert_eq!(key(&record), Some(Key::Rsa(size)));
                assert_eq!(key(&format!("p={data}")), Some(Key::Rsa(size)));
            }
        }
        let edwards = STANDARD.encode([7; 32]);
        assert_eq!(
            key(&format!("v=DKIM1;k=ed25519;p={edwards}")),
            Some(Key::Ed25519)
        );
        assert_eq!(key("v=DKIM1; p="), Some(Key::Revoked));
        assert_eq!(key("v=DKIM1; p=!!"), Some(Key::Broken));
        assert_eq!(
            key(&format!("v=DKIM1; k=dsa; p={edwards}")),
            Some(Key::Broken)
        );
        assert_eq!(key("v=spf1 -all"), None);
        assert_eq!(key("hello"), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(record in "[ -~]{0,60}", der in prop::collection::vec(any::<u8>(), 0..60)) {
            key(&record);
            bits(&der);
            key(&format!("p={}", STANDARD.encode(&der)));
        }
    }
}
