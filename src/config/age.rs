//! A file under a passphrase, in the format of age (age-encryption.org/v1) with its one recipient
//! `scrypt`, so that `age -d` reads it without this program. Pure: octets in, octets out.
//!
//! A header wraps a random file key by the passphrase; what follows is ChaCha20-Poly1305 in chunks
//! (STREAM) under a key made of the file key and a nonce. A file that is written anew keeps its
//! header and takes another nonce: who opened it once need not keep the passphrase in memory.
//!
//! What scrypt may cost is bounded while reading: a file could name more than there is memory.

use crate::model::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The first line.
const VERSION: &str = "age-encryption.org/v1";
/// What goes before the salt.
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
/// Octets of a salt, of a file key and of a nonce.
const SHORT: usize = 16;
/// Octets of a key, and of the header's seal.
const LONG: usize = 32;
/// Octets of a chunk, and what its seal adds.
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
/// A header is a few hundred octets.
const MOST_HEADER: usize = 4096;
/// scrypt's work for a new file: 2 to this power, 64 MiB of memory, about a quarter of a second.
pub const WORK: u8 = 16;
/// More is refused: 1 GiB of memory.
pub const MOST_WORK: u8 = 20;

/// Why a file can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// It is not one of ours.
    #[error("it is no file under a passphrase in the format of age")]
    Format,
    /// It asks for more work than is done.
    #[error("it asks for more work than is done here (2^{0}; at most 2^{MOST_WORK})")]
    Work(u8),
    /// The passphrase is another.
    #[error("the passphrase is another")]
    Passphrase,
    /// Somebody changed it, or it was cut.
    #[error("it is damaged: its seal does not fit")]
    Damaged,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// A file's header and the key that it wraps: all that is needed to read it and to write it anew.
pub struct Opened {
    header: Vec<u8>,
    key: Zeroizing<[u8; SHORT]>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opened(***)")
    }
}

impl Opened {
    /// A new header under this passphrase, at this work ([`WORK`]).
    ///
    /// # Errors
    /// Without random numbers, or with work that is none.
    pub fn new(passphrase: &Secret, work: u8) -> Result<Opened, AgeError> {
        let mut key = Zeroizing::new([0; SHORT]);
        random(&mut *key)?;
        let mut salt = [0; SHORT];
        random(&mut salt)?;
        let wrap = wrapping(passphrase, &salt, work)?;
        let body = cipher(&wrap)
            .encrypt(&Nonce::default(), key.as_slice())
            .map_err(|_| AgeError::Format)?;
        let mut header = format!(
            "{VERSION}\n-> scrypt {} {work}\n{}\n---",
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(body)
        )
        .into_bytes();
        let seal = sealing(&key, &header)?.finalize().into_bytes();
        header.extend(format!(" {}\n", STANDARD_NO_PAD.encode(seal)).bytes());
        Ok(Opened { header, key })
    }

    /// Opens the header of a file by its passphrase. Takes as long as the file says, and no longer
    /// than [`MOST_WORK`] does.
    ///
    /// # Errors
    /// When it is none, or the passphrase is another.
    pub fn open(file: &[u8], passphrase: &Secret) -> Result<Opened, AgeError> {
        let header = header(file)?;
        let text = std::str::from_utf8(header).map_err(|_| AgeError::Format)?;
        let mut lines = text.lines();
        let words: Vec<&str> = lines.nth(1).unwrap_or_default().split(' ').collect();
        let (["->", "scrypt", salt, work], Some(body), Some(seal), None) =
            (words.as_slice(), lines.next(), lines.next(), lines.next())
        else {
            return Err(AgeError::Format);
        };
        let salt: [u8; SHORT] = octets(salt)?;
        let work: u8 = match work.parse() {
            Ok(work) if !work_is_spelt_oddly(words.last()) => work,
            _ => return Err(AgeError::Format),
        };
        let body: [u8; SHORT + TAG] = octets(body)?;
        let wrap = wrapping(passphrase, &salt, work)?;
        let plain = cipher(&wrap).decrypt(&Nonce::default(), body.as_slice());
        let plain = Zeroizing::new(plain.map_err(|_| AgeError::Passphrase)?);
        let mut key = Zeroizing::new([0; SHORT]);
        if plain.len() != key.len() {
            return Err(AgeError::Format);
        }
        key.copy_from_slice(&plain);
        let seal = seal.strip_prefix("--- ").ok_or(AgeError::Format)?;
        let seal: [u8; LONG] = octets(seal)?;
        let marked = header.windows(4).rposition(|w| w == b"\n---");
        let covered = marked.and_then(|at| header.get(..at + 4));
        sealing(&key, covered.ok_or(AgeError::Format)?)?
            .verify_slice(&seal)
            .map_err(|_| AgeError::Damaged)?;
        Ok(Opened {
            header: header.to_owned(),
            key,
        })
    }

    /// Whether this file has the header that was opened, so that its key fits.
    pub fn fits(&self, file: &[u8]) -> bool {
        file.starts_with(&self.header)
    }

    /// What a file says that begins with this header.
    ///
    /// # Errors
    /// When it is damaged, or another.
    pub fn read(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, AgeError> {
        let rest = file.strip_prefix(self.header.as_slice());
        let (nonce, mut rest) = rest
            .and_then(|rest| rest.split_at_checked(SHORT))
            .ok_or(AgeError::Damaged)?;
        let cipher = cipher(&*self.payload(nonce)?);
        let mut plain = Zeroizing::new(Vec::with_capacity(rest.len()));
        for number in 0.. {
            let (chunk, after) = rest.split_at(rest.len().min(CHUNK + TAG));
            let last = after.is_empty();
            let text = cipher.decrypt(&numbered(number, last), chunk);
            let text = Zeroizing::new(text.map_err(|_| AgeError::Damaged)?);
            // Only an empty file ends with an empty chunk.
            if last && text.is_empty() && number > 0 {
                return Err(AgeError::Damaged);
            }
            plain.extend_from_slice(&text);
            if last {
                break;
            }
            rest = after;
        }
        Ok(plain)
    }

    /// A whole file that says this.
    ///
    /// # Errors
    /// Without random numbers.
    pub fn write(&self, plain: &[u8]) -> Result<Vec<u8>, AgeError> {
        let mut nonce = [0; SHORT];
        random(&mut nonce)?;
        let cipher = cipher(&*self.payload(&nonce)?);
        let mut file = self.header.clone();
        file.extend(nonce);
        let mut rest = plain;
        for number in 0.. {
            let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
            let last = after.is_empty();
            let sealed = cipher.encrypt(&numbered(number, last), chunk);
            file.extend(sealed.map_err(|_| AgeError::Damaged)?);
            if last {
                break;
            }
            rest = after;
        }
        Ok(file)
    }

    fn payload(&self, nonce: &[u8]) -> Result<Zeroizing<[u8; LONG]>, AgeError> {
        derived(&self.key, Some(nonce), b"payload")
    }
}

/// The header of a file: up to the line that seals it.
fn header(file: &[u8]) -> Result<&[u8], AgeError> {
    let start = file.get(..MOST_HEADER.min(file.len())).unwrap_or_default();
    if !start.starts_with(VERSION.as_bytes()) {
        return Err(AgeError::Format);
    }
    let seal = start.windows(5).position(|w| w == b"\n--- ");
    let end = seal.and_then(|seal| {
        let line = start.get(seal + 1..)?;
        Some(seal + 2 + line.iter().position(|b| *b == b'\n')?)
    });
    end.and_then(|end| start.get(..end)).ok_or(AgeError::Format)
}

/// Numbers have one spelling.
fn work_is_spelt_oddly(word: Option<&&str>) -> bool {
    word.is_none_or(|w| w.starts_with(['0', '+']))
}

fn octets<const N: usize>(text: &str) -> Result<[u8; N], AgeError> {
    let octets = STANDARD_NO_PAD.decode(text).map_err(|_| AgeError::Format)?;
    octets.try_into().map_err(|_| AgeError::Format)
}

fn random(into: &mut [u8]) -> Result<(), AgeError> {
    getrandom::fill(into).map_err(|_| AgeError::Random)
}

/// The key that wraps the file key.
fn wrapping(passphrase: &Secret, salt: &[u8], work: u8) -> Result<Zeroizing<[u8; LONG]>, AgeError> {
    if work > MOST_WORK {
        return Err(AgeError::Work(work));
    }
    let params = scrypt::Params::new(work, 8, 1).map_err(|_| AgeError::Format)?;
    let salt = [LABEL, salt].concat();
    let mut key = Zeroizing::new([0; LONG]);
    scrypt::scrypt(passphrase.reveal().as_bytes(), &salt, &params, &mut *key)
        .map_err(|_| AgeError::Format)?;
    Ok(key)
}

fn derived(
    key: &[u8; SHORT],
    salt: Option<&[u8]>,
    info: &[u8],
) -> Result<Zeroizing<[u8; LONG]>, AgeError> {
    let mut out = Zeroizing::new([0; LONG]);
    Hkdf::<Sha256>::new(salt, key)
        .expand(info, &mut *out)
        .map_err(|_| AgeError::Format)?;
    Ok(out)
}

/// What seals a header.
fn sealing(key: &[u8; SHORT], header: &[u8]) -> Result<Hmac<Sha256>, AgeError> {
    let key = derived(key, None, b"header")?;
    let seal = Hmac::<Sha256>::new_from_slice(&*key).map_err(|_| AgeError::Format)?;
    Ok(seal.chain_update(header))
}

fn cipher(key: &[u8; LONG]) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(*key))
}

/// The nonce of a chunk: its number, and whether it is the last.
fn numbered(number: u64, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    for (to, from) in nonce.iter_mut().skip(3).zip(number.to_be_bytes()) {
        *to = from;
    }
    if let Some(end) = nonce.last_mut() {
        *end = u8::from(last);
    }
    Nonce::from(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn what_age_reads_is_read() {
        // Made here with little work, and read by rage (a second implementation of the format).
        const FILE: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBCemg0blpQQmwyMFZ5TWl4VU0yWS93IDYKdEVicDhhUSt3VkM2Mmd6OUgrU1BENXBxcW9YQjlkc3JzQmRHd2RLTjBmNAotLS0gb3BmSW5RV3ZXTjZvdUJMakwybi9KZGNHZ1YwWEtDeDRGcENKRWpCNXBBMArhOl84ajaGBPcdMs1V5V46Q6/q6kv4D2pB2Clao1cMx80iD3khW+d/zImdfSia8hYSuvxuuHIkRi2Z4uM";
        let theirs = STANDARD_NO_PAD.decode(FILE).unwrap();
        let opened = Opened::open(&theirs, &secret("correct horse")).unwrap();
        let plain = opened.read(&theirs).unwrap();
        assert_eq!(&**plain, b"[\"work\",\"password\",\"hello\"]\n");
    }

    #[test]
    fn only_the_passphrase_opens_it_and_every_octet_counts() {
        let opened = Opened::new(&secret("correct horse"), 4).unwrap();
        let file = opened.write(b"text").unwrap();
        let again = Opened::open(&file, &secret("correct horse")).unwrap();
        assert_eq!(&**again.read(&file).unwrap(), b"text");
        assert_ne!(again.write(b"text").unwrap(), file);
        let wrong = Opened::open(&file, &secret("correct horsf")).unwrap_err();
        assert_eq!(wrong, AgeError::Passphrase);
        for at in 0..file.len() {
            let mut bad = file.clone();
            bad[at] ^= 1;
            let read = Opened::open(&bad, &secret("correct horse")).and_then(|o| o.read(&bad));
            assert!(read.is_err(), "octet {at}");
            assert!(Opened::open(&file[..at], &secret("x")).is_err() || at > 180);
            assert!(opened.read(&file[..at]).is_err(), "cut at {at}");
        }
        assert!(!format!("{opened:?}").contains("correct"));
    }

    #[test]
    fn work_without_measure_is_refused() {
        let file = Opened::new(&secret("x"), 4).unwrap().write(b"").unwrap();
        let text = String::from_utf8_lossy(&file).replacen(" 4\n", " 63\n", 1);
        let refused = Opened::open(text.as_bytes(), &secret("x")).unwrap_err();
        assert_eq!(refused, AgeError::Work(63));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_is_written_is_read(size in 0usize..200_000, edge in 0usize..5) {
            let edges = [0, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK];
            let size = if size % 2 == 0 { edges[edge] } else { size };
            let plain: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let opened = Opened::new(&secret("x"), 1).unwrap();
            let file = opened.write(&plain).unwrap();
            prop_assert_eq!(&**opened.read(&file).unwrap(), plain.as_slice());
            // A chunk can't be left out at the end.
            let short = &file[..file.len().saturating_sub(CHUNK + TAG).max(opened.header.len())];
            prop_assert!(opened.read(short).is_err());
        }

        #[test]
        fn anything_else_is_an_error(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Opened::open(&file, &secret("x")).is_err());
            let text = [VERSION.as_bytes(), b"\n-> scrypt ", file.as_slice()].concat();
            prop_assert!(Opened::open(&text, &secret("x")).is_err());
        }
    }
}
