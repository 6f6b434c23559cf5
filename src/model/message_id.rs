//! The Message-ID of RFC 5322 §3.6.4, kept without its angle brackets.

use std::fmt;

/// A Message-ID as its text, without `<` and `>`, without white space, at most 998 octets.
///
/// It can be forged and repeated: it threads messages and finds our own again, but it never
/// decides that two messages are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// The longest identifier that is believed; a header line can't be longer (RFC 5322 §2.1.1).
    pub const MAX: usize = 998;

    /// Takes `text` with or without brackets; `None` if nothing usable is left: empty, too long,
    /// or with white space or control characters inside.
    pub fn new(text: &str) -> Option<MessageId> {
        // Nearly all of them.
        let good = |b: u8| b.is_ascii_graphic() && b != b'<' && b != b'>';
        if (1..=Self::MAX).contains(&text.len()) && text.bytes().all(good) {
            return Some(MessageId(text.to_owned()));
        }
        let id = text
            .trim()
            .trim_start_matches('<')
            .trim_end_matches('>')
            .trim();
        let usable = !id.is_empty()
            && id.len() <= Self::MAX
            && !id.contains(|c: char| c.is_whitespace() || c.is_control() || c == '<' || c == '>');
        usable.then(|| MessageId(id.to_owned()))
    }

    /// The identifier without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A stable 64-bit hash (FNV-1a, finished with a multiply-shift) for look-ups on disk. Equal
    /// identifiers have equal hashes on every machine and in every version of the program.
    pub fn hash64(&self) -> i64 {
        hash64(&[self.0.as_bytes()])
    }
}

/// The hash of these pieces, one behind the other, as [`MessageId::hash64`] makes it.
pub fn hash64(pieces: &[&[u8]]) -> i64 {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in pieces.iter().copied().flatten() {
        h = (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    h ^= h >> 32;
    h = h.wrapping_mul(0xd6e8_feb8_6659_fd93);
    (h ^ (h >> 32)) as i64
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_come_off_and_rubbish_is_refused() {
        assert_eq!(MessageId::new(" <a@b> ").unwrap().as_str(), "a@b");
        assert_eq!(MessageId::new("a@b").unwrap().to_string(), "<a@b>");
        for bad in ["", "<>", "a b", "a\r\nBcc: x", "<a><b>"] {
            assert!(MessageId::new(bad).is_none(), "{bad:?}");
        }
        assert!(MessageId::new(&"x".repeat(999)).is_none());
    }

    #[test]
    fn the_hash_is_stable() {
        assert_eq!(hash64(&[b"a@b"]), 4_529_157_529_254_930_871);
        assert_eq!(hash64(&[b"a", b"", b"@b"]), hash64(&[b"a@b"]));
        assert_eq!(
            MessageId::new("a@b").unwrap().hash64(),
            MessageId::new("<a@b>").unwrap().hash64()
        );
        assert_ne!(
            MessageId::new("a@b").unwrap().hash64(),
            MessageId::new("a@c").unwrap().hash64()
        );
    }
}
