//! The last lines of a conversation with a server, for `doctor` to show when something fails.
//!
//! Bounded, and without secrets: who speaks calls [`Ring::hidden`] for what must not be kept.
//! Control characters are escaped, and long lines are cut: what is kept is for eyes only.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The last lines that went over a connection. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Ring(Arc<Mutex<VecDeque<String>>>);

impl Ring {
    /// So many lines are kept.
    pub const LINES: usize = 24;
    /// So many octets of a line are kept.
    pub const OCTETS: usize = 200;

    /// Keeps what we said.
    pub fn ours(&self, bytes: &[u8]) {
        self.keep("C: ", bytes);
    }

    /// Keeps what the server said.
    pub fn theirs(&self, bytes: &[u8]) {
        self.keep("S: ", bytes);
    }

    /// Keeps that we said something secret, and what kind of thing: `AUTH PLAIN`.
    pub fn hidden(&self, what: &str) {
        self.keep("C: ", format!("{what} ***").trim_start().as_bytes());
    }

    /// What is kept, oldest first; fit to be shown.
    pub fn lines(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn keep(&self, who: &str, bytes: &[u8]) {
        let bytes = bytes.trim_ascii_end();
        let cut = bytes.get(..Self::OCTETS).unwrap_or(bytes);
        let mut line = format!("{who}{}", cut.escape_ascii());
        if cut.len() < bytes.len() {
            // Writing to a string can't fail.
            let _ = write!(line, "… ({} octets)", bytes.len());
        }
        let mut lines = self.lock();
        if lines.len() >= Self::LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        // Lines are whole or not there.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_fit_to_be_shown() {
        let ring = Ring::default();
        for n in 0..100 {
            ring.ours(format!("line {n}\r\n").as_bytes());
        }
        ring.theirs(&[b'x'; 10_000]);
        ring.theirs(b"250 \x1b[2J\xff\x9b\r\n");
        ring.hidden("AUTH PLAIN");
        let lines = ring.clone().lines();
        assert_eq!(lines.len(), Ring::LINES);
        assert_eq!(lines.last().unwrap(), "C: AUTH PLAIN ***");
        assert!(lines.iter().all(|l| l.len() < 250));
        assert!(!lines.concat().contains(char::is_control), "{lines:?}");
    }
}
