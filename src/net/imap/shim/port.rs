//! The crate's end of a line: what it writes is taken apart, and it reads lines of our own making.

use super::Line;
use crate::net::error::NetError;
use crate::net::imap::decode::{Said, Untagged, Verdict};
use crate::net::imap::fail;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Reply responses that are remembered while the crate reads.
const MOST_HEARD: usize = 64;
/// Challenges in one sign-in; the crate would answer for ever.
const MOST_CHALLENGES: u32 = 3;

/// The crate's end of a [`Line`].
#[derive(Clone, Debug)]
pub struct Port(Arc<Mutex<Line>>);

impl Port {
    /// A port over `line`.
    pub fn new(line: Line) -> Port {
        Port(Arc::new(Mutex::new(line)))
    }

    /// The line. One thread uses both ends in turn, so this never waits; a panic of the crate's
    /// leaves nothing half-done here that matters, the session ends anyway.
    pub fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Port {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut line = self.line();
        if line.to_crate.is_empty()
            && let Err(error) = line.serve()
        {
            return line.fail(error);
        }
        line.to_crate.read(buf)
    }
}

impl Write for Port {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut line = self.line();
        match line.written(buf) {
            Ok(()) => Ok(buf.len()),
            Err(error) => line.fail(error),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut line = self.line();
        match line.flush() {
            Ok(()) => Ok(()),
            Err(error) => line.fail(error),
        }
    }
}

impl Line {
    /// Waits for the server and makes a line for the crate of what it says.
    fn serve(&mut self) -> Result<(), NetError> {
        let greeting = std::mem::take(&mut self.greeting);
        let expected = self.tag.clone();
        let mut heard = std::mem::take(&mut self.heard);
        let outcome = self.hear(&mut |said| {
            let (line, status) = match said {
                Said::Untagged(Untagged::Reply(status)) if greeting => {
                    (Some(b"* OK ready\r\n".to_vec()), Some(status))
                }
                _ if greeting => return Err(fail::protocol("the server's greeting is none")),
                Said::Untagged(Untagged::Reply(status)) => (None, Some(status)),
                Said::Untagged(Untagged::Capability(caps)) => (None, Some(fail::told(caps))),
                Said::Untagged(_) => (None, None),
                Said::Continue(text) => (Some(challenge(text)), None),
                Said::Tagged(tag, status) if tag == expected => {
                    (Some(plain(&expected, status.verdict)?), Some(status))
                }
                Said::Tagged(..) => return Err(fail::protocol("an answer to no question of ours")),
            };
            if let Some(status) = status
                && (heard.len() < MOST_HEARD || line.is_some())
            {
                heard.push(status);
            }
            Ok(line)
        });
        self.heard = heard;
        let line = outcome?;
        if line.starts_with(b"+") {
            self.challenges += 1;
            if self.challenges > MOST_CHALLENGES {
                self.kill();
                return Err(fail::protocol("the server challenges without end"));
            }
        }
        self.to_crate.extend(line);
        Ok(())
    }

    /// What the crate writes: a command with its tag, or an answer to a challenge.
    fn written(&mut self, bytes: &[u8]) -> Result<(), NetError> {
        let command = bytes.split(|&b| b == b' ').next();
        if let Some(tag) = command.filter(|tag| tag.len() < bytes.len() && is_tag(tag)) {
            self.tag = tag.to_vec();
            self.long = takes_long(bytes.get(tag.len() + 1..).unwrap_or_default());
            self.challenges = 0;
        }
        match self.secret {
            true => tracing::trace!("C: ***"),
            false => tracing::trace!("C: {}", bytes.trim_ascii_end().escape_ascii()),
        }
        if self.pretend {
            let line = plain(&self.tag, Verdict::Ok)?;
            self.to_crate = line.into();
            return Ok(());
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn fail<T>(&mut self, error: NetError) -> io::Result<T> {
        let text = error.to_string();
        self.error = Some(error);
        Err(io::Error::other(text))
    }
}

/// Whether a command may be answered after minutes of honest work.
fn takes_long(command: &[u8]) -> bool {
    let verbs = [
        "SELECT", "EXAMINE", "SEARCH", "COPY", "MOVE", "EXPUNGE", "APPEND", "STATUS", "RENAME",
        "DELETE",
    ];
    let mut words = command.split(|b| b.is_ascii_whitespace());
    let verb = words.find(|word| !word.eq_ignore_ascii_case(b"UID"));
    let is = |long: &&str| verb.is_some_and(|verb| verb.eq_ignore_ascii_case(long.as_bytes()));
    verbs.iter().any(is)
}

/// A continuation whose text the crate can read: base64 or nothing.
fn challenge(text: &[u8]) -> Vec<u8> {
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/=".contains(b);
    let whole = text.len().is_multiple_of(4) && text.iter().all(base64);
    let text = if whole { text } else { &[] };
    [b"+ ", text, b"\r\n"].concat()
}

fn plain(tag: &[u8], verdict: Verdict) -> Result<Vec<u8>, NetError> {
    let verdict: &[u8] = match verdict {
        Verdict::Ok => b" OK done\r\n",
        Verdict::No => b" NO refused\r\n",
        Verdict::Bad => b" BAD refused\r\n",
        Verdict::Bye | Verdict::Preauth => {
            return Err(fail::protocol("an answer that is none"));
        }
    };
    Ok([tag, verdict].concat())
}

/// The crate's tags are `a1`, `a2` and so on.
fn is_tag(word: &[u8]) -> bool {
    matches!(word, [b'a', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_command_is_known_by_its_verb() {
        let long = |command: &str| super::takes_long(command.as_bytes());
        assert!(long("UID EXPUNGE 1:7") && long("select \"x\"") && long("uid move 1 x"));
        assert!(
            long("DELETE \"x\"") && long("RENAME \"x\" \"y\"") && long("STATUS \"x\" (UNSEEN)")
        );
        assert!(!long("UID STORE 1 x") && !long("NOOP\r\n") && !long("") && !long("UID"));
        assert!(!long("LOGIN \"SELECT\" \"COPY\""));
    }
}
