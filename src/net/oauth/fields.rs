//! Names and values as forms and addresses carry them (`application/x-www-form-urlencoded`), and the
//! random words of a sign-in (RFC 7636 §4, RFC 6749 §10.12).

use crate::net::oauth::error::OAuthError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Fields that an address may have.
const MOST: usize = 32;

/// Puts a value into a form or an address.
fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(b));
            }
            _ => {
                out.push('%');
                for nibble in [b >> 4, b & 15] {
                    out.push(
                        HEX.get(usize::from(nibble))
                            .copied()
                            .map_or('0', char::from),
                    );
                }
            }
        }
    }
}

/// `a=1&b=2`. It is as large as it will be from the beginning, so that nothing secret is left behind.
pub(super) fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let room = |(name, value): &(&str, &str)| 3 * (name.len() + value.len()) + 2;
    let mut out = Zeroizing::new(String::with_capacity(fields.iter().map(room).sum()));
    for (name, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        encode(name, &mut out);
        out.push('=');
        encode(value, &mut out);
    }
    out
}

/// The fields behind an address's `?`; not more than a few, and what is no text is left out.
pub(super) fn read(query: &str) -> Vec<(String, Zeroizing<String>)> {
    let fields = query.split('&').filter(|f| !f.is_empty()).take(MOST);
    fields
        .filter_map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            Some((decode(name)?.to_string(), decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Option<Zeroizing<String>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let digit = |b: u8| char::from(b).to_digit(16);
                let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok().map(Zeroizing::new)
}

/// The only value of a field; `None` if it is not there or there twice.
pub(super) fn value<'f>(
    fields: &'f [(String, Zeroizing<String>)],
    name: &str,
) -> Option<&'f Zeroizing<String>> {
    let mut found = fields.iter().filter(|(n, _)| n == name);
    let first = found.next();
    first.filter(|_| found.next().is_none()).map(|(_, v)| v)
}

/// A word of 256 random bits.
///
/// # Errors
/// When the system has no randomness to give.
pub(super) fn random() -> Result<Zeroizing<String>, OAuthError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut())
        .map_err(|e| OAuthError::System(std::io::Error::other(e.to_string())))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// What a verifier is announced by (RFC 7636 §4.2, S256).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Whether two words are the same, in a time that tells nothing of where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    let differ = a.bytes().zip(b.bytes()).fold(0, |d, (a, b)| d | (a ^ b));
    a.len() == b.len() && differ == 0
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = challenge(verifier);
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let words: std::collections::BTreeSet<String> =
            (0..50).map(|_| random().unwrap().to_string()).collect();
        assert_eq!(words.len(), 50);
        assert!(words.iter().all(|w| w.len() == 43));
    }

    #[test]
    fn a_field_that_comes_twice_has_no_value() {
        let fields = read("a=1&b=2&a=3&c&%zz=1&=4");
        assert_eq!(value(&fields, "b").map(|v| v.as_str()), Some("2"));
        assert_eq!(value(&fields, "c").map(|v| v.as_str()), Some(""));
        assert_eq!(value(&fields, "a"), None);
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab"));
        assert_eq!(read(&"a=1&".repeat(1000)).len(), MOST);
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(pairs in proptest::collection::vec(("\\PC{1,9}", "\\PC{0,30}"), 1..6)) {
            let given: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let text = form(&given);
            prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
            let back = read(&text);
            let back: Vec<(&str, &str)> = back.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            prop_assert_eq!(back, given);
        }

        #[test]
        fn any_query_is_read(query in "\\PC{0,80}") {
            read(&query);
        }
    }
}
