//! A panic ends a turn and never a thread: a parser (ours or a crate's) that gives up on what a
//! server said must not leave an account without its worker until the program is started again.

use crate::sync::error::SyncError;
use crossbeam_channel::bounded;
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

/// Works on a thread of its own. The work is handed over only once there is one: without it the work
/// is done here, so that whoever asked is answered in any case.
pub fn aside(name: &str, work: impl FnOnce() + Send + 'static) {
    let work: Box<dyn FnOnce() + Send> = Box::new(work);
    let (hand, handed) = bounded::<Box<dyn FnOnce() + Send>>(1);
    let spawned = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || handed.recv().map(|work| work()));
    match spawned {
        Ok(_) => drop(hand.send(work)),
        Err(error) => {
            tracing::error!(%error, name, "no thread for this");
            work();
        }
    }
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
