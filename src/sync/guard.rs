//! A panic ends a turn and never a thread: a parser (ours or a crate's) that gives up on what a
//! server said must not leave an account without its worker until the program is started again.

use crate::sync::error::SyncError;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs one turn of a thread. What it had taken out for itself (a session, a transaction) is
/// dropped as the panic unwinds, so nothing half done is used again.
///
/// # Errors
/// What the turn says; [`SyncError::Panicked`] if it panicked.
pub fn turn<T>(work: impl FnOnce() -> Result<T, SyncError>) -> Result<T, SyncError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(SyncError::Panicked(said.unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_words() {
        let said = |text: &'static str| turn::<()>(move || std::panic::panic_any(text));
        assert!(matches!(said("on purpose"), Err(SyncError::Panicked(why)) if why == "on purpose"));
        let formatted: Result<(), _> = turn(|| panic!("number {}", 7));
        assert!(matches!(formatted, Err(SyncError::Panicked(why)) if why == "number 7"));
        assert!(matches!(turn(|| Ok(5)), Ok(5)));
    }
}
