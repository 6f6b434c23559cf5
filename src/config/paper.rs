//! The text of PDF documents, as a program of the system reads it: poppler's `pdftotext`. It is given
//! what strangers sent, so it is bounded in time, in memory and in what it prints.

use crate::config::command::{self, CommandError};
use std::time::Duration;

/// The program.
const PROGRAM: &str = "pdftotext";
/// How long it may take, and what memory it may have (octets).
const PATIENCE: Duration = Duration::from_secs(20);
const MEMORY: u64 = 1 << 30;

/// How the text is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Its words, one after the other.
    Search,
    /// As it stands on the page.
    Reading,
}

/// Whether documents can be read here.
pub fn is_readable() -> bool {
    command::is_there(PROGRAM)
}

/// The text of the first pages of a document, at most so many octets of it. Untrusted text.
///
/// # Errors
/// See [`CommandError`].
pub fn text(pdf: Vec<u8>, wanted: For, most: u64) -> Result<Vec<u8>, CommandError> {
    let mut argv = vec![PROGRAM, "-q", "-enc", "UTF-8"];
    argv.extend(match wanted {
        For::Search => ["-l", "100"].as_slice(),
        For::Reading => ["-l", "50", "-layout"].as_slice(),
    });
    argv.extend(["-", "-"]);
    let argv: Vec<String> = argv.into_iter().map(str::to_owned).collect();
    command::sift(&argv, pdf, PATIENCE, most, MEMORY)
}
