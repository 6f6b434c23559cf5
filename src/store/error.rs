//! What can go wrong with a database, with a variant wherever a caller does something else.

use std::path::PathBuf;

/// Result of everything in the store.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the store can't do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file was written by a newer program: it must not be touched.
    #[error("{} was made by a newer postrider (schema {found}, this one knows {known})", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema number.
        found: i64,
        /// The newest number that this program knows.
        known: i64,
    },
    /// The bundled SQLite is older than 3.51.3, which can corrupt a WAL.
    #[error("SQLite {0} can damage databases; 3.51.3 or newer is needed")]
    OldSqlite(String),
    /// SQLite found the file damaged. The cache is rebuilt at the next start.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// A file that holds what only we have is damaged: it is left as it is.
    #[error("the database is damaged: {0}")]
    Precious(String),
    /// The query was interrupted by a newer one.
    #[error("interrupted")]
    Interrupted,
    /// The mailbox has another UIDVALIDITY than the caller assumes: reset it first.
    #[error("the mailbox's UIDVALIDITY is another one")]
    Generation,
    /// A row that the caller names does not exist (any more).
    #[error("there is no such {0}")]
    Gone(&'static str),
    /// The present state does not allow it: why, in plain words.
    #[error("{0}")]
    Refused(String),
    /// The writer's thread has ended.
    #[error("the store has been closed")]
    Stopped,
    /// A job panicked; its transaction was rolled back.
    #[error("a job of the store failed unexpectedly: {0}")]
    Panicked(String),
    /// A file could not be made, renamed or read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Anything else that SQLite says: disk full, locked for too long, a bug of ours.
    #[error("{}", plain(.0))]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, OperationInterrupted};
        match e.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Error::Corrupt(e.to_string()),
            // A damaged number in the file's header: no program of ours writes another format.
            _ if e.to_string() == "unsupported file format" => Error::Corrupt(e.to_string()),
            // The same in a table of FTS5's own.
            _ if e.to_string().starts_with("invalid fts5 file format") => {
                Error::Corrupt(e.to_string())
            }
            // A value that its column can't hold: damage that SQLite can't know for what it is.
            None if is_impossible(&e) => Error::Corrupt(e.to_string()),
            Some(OperationInterrupted) => Error::Interrupted,
            _ => Error::Sqlite(e),
        }
    }
}

/// Whether a row holds what was never written: our tables are STRICT, and all text is UTF-8.
fn is_impossible(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..)
    )
}

/// What SQLite says, with what it means for the user's disk where it is about that.
fn plain(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode::{CannotOpen, DatabaseBusy, DiskFull, SystemIoFailure};
    let means = match error.sqlite_error_code() {
        Some(DiskFull) => ": the disk is full; it goes on once there is room",
        Some(SystemIoFailure) => ": the disk is full or failing",
        Some(CannotOpen) => ": the file can't be opened, or too many are open",
        Some(DatabaseBusy) => ": another program keeps it locked",
        _ => "",
    };
    format!("database: {error}{means}")
}
