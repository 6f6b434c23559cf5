//! Both databases as a thread of the screen reads them: opened when they are first asked, and where
//! that failed, when they are asked again.

use crate::lang::tr;
use crate::model::view::{IndexRow, Page, PageKey, Scope, Sort};
use crate::store::{Error, LocalReader, Ranks, Reader};
use std::path::{Path, PathBuf};

/// The databases of one thread.
pub struct Shelves {
    cache: PathBuf,
    local: PathBuf,
    reader: Option<Reader>,
    own: Option<LocalReader>,
    /// The list that was sorted last.
    ranks: Option<Ranks>,
}

impl Shelves {
    /// `cache.db` and `local.db`.
    pub fn new(cache: &Path, local: &Path) -> Shelves {
        Shelves {
            cache: cache.to_path_buf(),
            local: local.to_path_buf(),
            reader: None,
            own: None,
            ranks: None,
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

    /// A page of a list in an order.
    ///
    /// # Errors
    /// The cache can't be opened or read.
    pub fn sorted(
        &mut self,
        of: (&Scope, bool, Sort),
        page: Page,
        limit: usize,
    ) -> Result<Vec<IndexRow>, Error> {
        let mut ranks = self.ranks.take();
        let rows = self.reader()?.sorted(&mut ranks, of, page, limit);
        self.ranks = ranks;
        rows
    }

    /// The orders that mailboxes have, as far as these are still there.
    ///
    /// # Errors
    /// A database can't be opened or read.
    pub fn sorts(&mut self) -> Result<Vec<(Scope, Sort)>, Error> {
        let kept = self.own()?.sorts()?;
        let reader = self.reader()?;
        let mut sorts = Vec::new();
        for (place, sort) in kept {
            let scope = match place {
                None => Some(Scope::UnifiedInbox),
                Some((account, name)) => {
                    let mailbox = reader.mailbox_named(&account, &name)?;
                    mailbox.map(|mailbox| Scope::Mailbox(mailbox.id))
                }
            };
            sorts.extend(scope.zip(Sort::parse(&sort)));
        }
        Ok(sorts)
    }

    /// The first unread row of such a list below a place.
    ///
    /// # Errors
    /// As [`Shelves::sorted`].
    pub fn next_unread(
        &mut self,
        of: (&Scope, bool, Sort),
        after: Option<PageKey>,
    ) -> Result<Option<PageKey>, Error> {
        let mut ranks = self.ranks.take();
        let key = self.reader()?.next_unread_sorted(&mut ranks, of, after);
        self.ranks = ranks;
        key
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
    tr!("the mail can't be read: {error}", error)
}
