//! Replies (RFC 5321 §4.2), read within bounds and forgiven much: only the three digits decide.

use crate::model::standing::status_of;
use crate::net::error::{NetError, Refusal};
use crate::net::web;
use std::fmt;

/// Octets of a line that are read; RFC 5321 §4.5.3.1.5 allows 512.
pub(super) const LONGEST_LINE: usize = 8 << 10;
/// Octets of all lines of one reply.
const LONGEST_REPLY: usize = 64 << 10;
/// Lines of one reply.
const MOST_LINES: usize = 100;

/// A whole reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The three digits; 0 for words of our own or of a program's, which no server said.
    pub code: u16,
    /// The text of each line, decoded as far as it can be. Untrusted.
    pub lines: Vec<String>,
}

/// One line of a reply: its code, whether it is the last, its text.
fn line(bytes: &[u8]) -> Option<(u16, bool, String)> {
    let digits = bytes.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits
        .iter()
        .fold(0u16, |n, d| n * 10 + u16::from(d - b'0'));
    let last = match bytes.get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    let text = String::from_utf8_lossy(bytes.get(4..).unwrap_or_default())
        .trim()
        .to_owned();
    (200..600).contains(&code).then_some((code, last, text))
}

/// A reply of which not every line is here yet.
#[derive(Debug, Default)]
pub struct Gathering {
    whole: Reply,
    octets: usize,
}

impl Gathering {
    /// Takes a line without its line end; the reply if that was the last of it.
    ///
    /// # Errors
    /// It is no reply, or one that goes on for ever. What was gathered is of no use then.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<Reply>, NetError> {
        let protocol = |why: &str| Err(NetError::Protocol(why.to_owned()));
        self.octets += bytes.len();
        let Some((code, last, text)) = line(bytes) else {
            return match web::is_page(bytes) {
                true => Err(NetError::Web),
                false => protocol("something that is not an SMTP reply"),
            };
        };
        if !self.whole.lines.is_empty() && code != self.whole.code {
            return protocol("a reply with two codes");
        }
        self.whole.code = code;
        self.whole.lines.push(text);
        if last {
            self.octets = 0;
            return Ok(Some(std::mem::take(&mut self.whole)));
        }
        if self.whole.lines.len() >= MOST_LINES || self.octets > LONGEST_REPLY {
            return protocol("a reply without an end");
        }
        Ok(None)
    }
}

impl Reply {
    /// 2xx.
    pub fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 4xx: not now.
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5xx: never.
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// The enhanced status code (RFC 3463), if the text begins with one of the same class.
    pub fn enhanced(&self) -> Option<String> {
        let status = status_of(self.lines.first()?.split(' ').next()?)?;
        let class = format!("{}.", self.code / 100);
        status.starts_with(&class).then(|| status.to_owned())
    }

    /// What the reply to RCPT means for its recipient: `Ok` where the message may go to it,
    /// otherwise whether it is refused for good.
    pub(super) fn for_recipient(&self) -> Result<(), bool> {
        match self.code / 100 {
            2 => Ok(()),
            5 => Err(!self.is_crowded()),
            _ => Err(false),
        }
    }

    /// Whether a recipient only found no room in this transaction: "too many recipients", also in the
    /// words of RFC 821 (RFC 5321 §4.5.3.1.10).
    pub(super) fn is_crowded(&self) -> bool {
        match (self.code, self.enhanced().as_deref()) {
            (452, Some("4.5.3")) | (552, Some("5.5.3")) => true,
            // A bare 452 is about room on the disk more often than not.
            // RFC 821 knew no 452 for it; a bare 552 is as a rule about a full mailbox.
            (452 | 552, None) => {
                let text = self.lines.join(" ").to_ascii_lowercase();
                text.contains("too many recipients")
            }
            _ => false,
        }
    }

    /// The reply as a refusal.
    pub fn refusal(&self) -> Refusal {
        Refusal {
            reply: self.code,
            code: self.enhanced(),
            text: self.lines.join(" "),
        }
    }

    /// The reply as the error of a command that had to succeed.
    pub fn error(&self) -> NetError {
        if self.code == 421 {
            NetError::Busy(self.refusal())
        } else if self.is_transient() {
            NetError::Later(self.refusal())
        } else {
            NetError::Refused(self.refusal())
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = (self.code != 0).then(|| self.code.to_string());
        let lines = self.lines.iter().filter(|l| !l.is_empty());
        let words: Vec<&str> = code.iter().chain(lines).map(String::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn lines_are_forgiven_much() {
        assert_eq!(line(b"250"), Some((250, true, String::new())));
        assert_eq!(line(b"250-   "), Some((250, false, String::new())));
        assert_eq!(
            line(b"250 caf\xe9"),
            Some((250, true, "caf\u{fffd}".into()))
        );
        for bad in [&b""[..], b"25", b"2x0 a", b"250x", b"999 a", b"100 a"] {
            assert_eq!(line(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn enhanced_codes_must_agree_with_the_reply() {
        let reply = |code, text: &str| Reply {
            code,
            lines: vec![text.into()],
        };
        assert_eq!(
            reply(550, "5.1.1 no such user").enhanced().as_deref(),
            Some("5.1.1")
        );
        for odd in ["#5.1.0 Address rejected", "5.1.0: rejected"] {
            assert_eq!(reply(550, odd).enhanced().as_deref(), Some("5.1.0"));
        }
        for (code, text, crowded) in [
            (452, "4.5.3 Error: too many recipients", true),
            (452, "too many recipients", true),
            (452, "4.3.1 no room", false),
            (452, "no room", false),
            (552, "5.5.3 too many recipients", true),
            (552, "Too many recipients", true),
            (552, "mailbox full", false),
            (552, "5.3.4 too large", false),
            (450, "4.5.3 x", false),
        ] {
            assert_eq!(reply(code, text).is_crowded(), crowded, "{code} {text}");
        }
        for (code, text) in [
            (550, "2.1.1 x"),
            (550, "5.1 x"),
            (550, "5.1.1.1 x"),
            (250, ""),
        ] {
            assert_eq!(reply(code, text).enhanced(), None, "{text}");
        }
    }
}
