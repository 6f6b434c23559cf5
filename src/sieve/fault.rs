//! What is wrong with a script, and where.

/// Why a script can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct SieveError {
    /// The line of the trouble, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}
