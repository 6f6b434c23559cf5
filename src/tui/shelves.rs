//! Both databases as a thread of the screen reads them: opened when they are first asked, and where
//! that failed, when they are asked again.

use crate::store::{Error, LocalReader, Reader};
use std::path::{Path, PathBuf};

/// The databases of one thread.
pub struct Shelves {
    cache: PathBuf,
    local: PathBuf,
    reader: Option<Reader>,
    own: Option<LocalReader>,
}

impl Shelves {
    /// `cache.db` and `local.db`.
    pub fn new(cache: &Path, local: &Path) -> Shelves {
        Shelves {
            cache: cache.to_path_buf(),
            local: local.to_path_buf(),
            reader: None,
            own: None,
        }
    }

    /// The cache.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn reader(&mut self) -> Result<&Reader, Error> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::open(&self.cache)?,
        };
        Ok(self.reader.insert(reader))
    }

    /// What only we have.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn own(&mut self) -> Result<&LocalReader, Error> {
        let own = match self.own.take() {
            Some(own) => own,
            None => LocalReader::open(&self.local)?,
        };
        Ok(self.own.insert(own))
    }

    /// Both.
    ///
    /// # Errors
    /// One of them can't be opened.
    pub fn both(&mut self) -> Result<(&Reader, &LocalReader), Error> {
        self.reader()?;
        self.own()?;
        let both = self.reader.as_ref().zip(self.own.as_ref());
        both.ok_or(Error::Stopped)
    }

    /// Why the mail can't be read, as [`unreadable`].
    pub fn unreadable(&self, error: &Error) -> String {
        unreadable(&self.cache, error)
    }
}

/// Why the mail can't be read, in words. Damage is noted, too: nobody else may read that page, and
/// only a start can mend it.
pub fn unreadable(cache: &Path, error: &Error) -> String {
    Reader::note_damage(cache, error);
    format!("the mail can't be read: {error}")
}
