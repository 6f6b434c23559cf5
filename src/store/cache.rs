//! The cache's one writing connection.

use super::error::Result;
use super::reader::Reader;
use std::path::{Path, PathBuf};

/// The writing connection to `cache.db`: one a process, normally behind a [`super::Writer`].
/// Every method that writes is one transaction.
pub struct Cache {
    pub(super) db: Reader,
}

/// A cache that was opened.
pub struct Opened {
    /// The cache.
    pub cache: Cache,
    /// Whether it was made anew: everything must be fetched again.
    pub created: bool,
    /// Where a damaged file was moved to.
    pub moved_aside: Option<PathBuf>,
}

impl Cache {
    /// Opens the cache, making it if there is none. A damaged file is moved aside and made anew.
    ///
    /// `id_seed`: a new file's row ids begin above it. It has to be larger than any id that an
    /// earlier cache handed out, so that an id never comes to mean another message.
    ///
    /// # Errors
    /// A newer schema, or the file can't be made or read.
    pub fn open(path: &Path, id_seed: i64) -> Result<Opened> {
        let _ = (path, id_seed);
        unimplemented!()
    }

    /// All the questions of a [`Reader`], for use inside a job.
    pub fn read(&self) -> &Reader {
        &self.db
    }
}
