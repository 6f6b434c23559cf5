//! Opening a database file: modes, pragmas, the version of SQLite, and moving a damaged file aside.
//!
//! Databases are 0600. The journal is a WAL, so readers never wait for the writer; SQLite before
//! 3.51.3 could corrupt a WAL that two connections write, so an older one is refused.

use crate::model::step;
use crate::store::error::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Octets of a log that are kept for the next one.
const LOG: i64 = 32_000_000;

/// How much may be lost at a power cut; never consistency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// `synchronous=NORMAL`: the last commits may be lost. Right for what can be fetched again.
    Normal,
    /// `synchronous=FULL`: what was committed stays. For what nobody else has.
    Full,
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

/// Opens for writing, makes the file (0600) if there is none, and sets it up.
pub(super) fn writing(path: &Path, durability: Durability) -> Result<Connection> {
    check_version()?;
    make(path)?;
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(Duration::from_secs(10))?;
    // Of a new file: fewer and larger pages make a first sync a twentieth faster.
    conn.pragma_update(None, "page_size", 8_192)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    match durability {
        Durability::Normal => conn.pragma_update(None, "synchronous", "normal")?,
        Durability::Full => conn.pragma_update(None, "synchronous", "full")?,
    }
    // The whole process is to stay below 64 MB: caches are small, and nothing is mapped, because
    // mapped pages count as resident.
    conn.pragma_update(None, "cache_size", -8_000)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    conn.pragma_update(None, "journal_size_limit", LOG)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    plan_once(&conn)?;
    conn.set_prepared_statement_cache_capacity(112);
    Ok(conn)
}

/// Makes the file (0600) if there is none. One that is there is not opened: to close it again would
/// take away the locks that this process has on it through other connections (POSIX).
fn make(path: &Path) -> Result<()> {
    let mut new = OpenOptions::new();
    match new.write(true).create_new(true).mode(0o600).open(path) {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => Err(Error::File {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Opens an existing file only to carry its log over ([`crate::store::spill`]).
pub(super) fn carrying(path: &Path) -> Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.pragma_update(None, "synchronous", "normal")?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "journal_size_limit", LOG)?;
    Ok(conn)
}

/// Opens an existing file for reading only.
pub(super) fn reading(path: &Path) -> Result<Connection> {
    check_version()?;
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(Duration::from_secs(5))?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -2_000)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    plan_once(&conn)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Statements are planned once, whatever is bound to them. Without it this build of SQLite (STAT4)
/// plans many of ours anew at each run, to look at the values: half of the time of a recount.
fn plan_once(conn: &Connection) -> Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn check_version() -> Result<()> {
    if rusqlite::version_number() < 3_051_003 {
        return Err(Error::OldSqlite(rusqlite::version().to_owned()));
    }
    Ok(())
}

/// The file beside `path` whose presence says that damage was found in it while it was in use.
pub(super) fn suspect_marker(path: &Path) -> PathBuf {
    beside(path, ".suspect")
}

/// Notes beside `path` that damage was found in it.
pub(super) fn suspect(path: &Path) {
    // If even this fails there is nothing left to try; the next error will come by itself.
    let _ = std::fs::write(suspect_marker(path), b"");
}

/// Moves a damaged database with its WAL to `*.corrupt-<time>` and answers the new name.
pub(super) fn move_aside(path: &Path) -> Result<PathBuf> {
    let mut at = now();
    let mut aside = beside(path, &format!(".corrupt-{at}"));
    while aside.exists() {
        at += 1;
        aside = beside(path, &format!(".corrupt-{at}"));
    }
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(path, suffix);
        if from.exists() {
            let to = beside(&aside, suffix);
            step("move aside", || std::fs::rename(&from, to))
                .map_err(|source| Error::File { path: from, source })?;
        }
    }
    Ok(aside)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
