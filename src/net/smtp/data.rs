//! The message as DATA carries it (RFC 5321 §4.5.2): every line end CRLF, every leading dot
//! doubled. A bare CR or LF on the wire would let a body pass for commands on some servers.

use crate::net::error::NetError;

/// Octets that one line may have without its end (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;

/// What DATA sends before the final dot; ends with CRLF. Lone CR and LF count as line ends.
///
/// # Errors
/// [`NetError::Unsendable`] for a NUL or a line over 998 octets.
pub fn stuffed(message: &[u8]) -> Result<Vec<u8>, NetError> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 50 + 2);
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|b| matches!(b, b'\r' | b'\n'))
            .unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        if line.len() > LONGEST_LINE {
            return Err(NetError::Unsendable(format!(
                "a line of the message has {} octets; at most 998 can be sent",
                line.len()
            )));
        }
        if line.contains(&0) {
            return Err(NetError::Unsendable(
                "the message holds a NUL character, which can't be sent".to_owned(),
            ));
        }
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = tail
            .strip_prefix(b"\r\n")
            .or_else(|| tail.get(1..))
            .unwrap_or_default();
    }
    Ok(out)
}

#[cfg(test)]
mod unit {
    use super::*;
    use proptest::prelude::*;

    fn normal(message: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(message)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let mut out = text.replace('\n', "\r\n");
        if !out.is_empty() && !out.ends_with("\r\n") {
            out.push_str("\r\n");
        }
        out.into_bytes()
    }

    #[test]
    fn smuggling_is_not_possible() {
        for body in [
            "a\n.\nMAIL FROM:<x>",
            "a\r.\rb",
            "a\n.\r\nb",
            "\r\n.\rb",
            ".",
        ] {
            let sent = stuffed(body.as_bytes()).unwrap();
            assert!(!sent.windows(5).any(|w| w == b"\r\n.\r\n"), "{body:?}");
            assert!(!sent.starts_with(b".\r\n"));
        }
        assert!(stuffed(&[b'a'; 999]).is_err());
        assert!(stuffed(b"a\0b").is_err());
    }

    proptest! {
        #[test]
        fn unstuffing_gives_the_normal_message(message in "[a.\r\n]{0,60}") {
            let sent = stuffed(message.as_bytes()).unwrap();
            let mut back = Vec::new();
            for line in sent.split_inclusive(|b| *b == b'\n') {
                prop_assert!(line.ends_with(b"\r\n"));
                prop_assert_ne!(line, b".\r\n");
                back.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            }
            prop_assert_eq!(back, normal(message.as_bytes()));
        }
    }
}
