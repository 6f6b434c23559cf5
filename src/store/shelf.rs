//! For tests of every floor: a cache with one account, in a folder that goes with it.

use crate::model::{AccountName, Envelope, Flags, MailboxId, MailboxName, Role, Uid, UidValidity};
use crate::store::{Cache, MailboxInfo, NewMessage};
use std::path::PathBuf;
use tempfile::TempDir;

/// The generation of every mailbox here.
pub(crate) const V: UidValidity = UidValidity(7);

/// The cache.
pub(crate) struct Shelf {
    pub(crate) dir: TempDir,
    pub(crate) cache: Cache,
}

/// Whose mail it is.
pub(crate) fn account() -> AccountName {
    AccountName("work".to_owned())
}

/// A message with this header, which came at the second of its UID.
pub(crate) fn message(uid: u32, envelope: Envelope) -> NewMessage {
    NewMessage {
        uid: Uid::new(uid).unwrap(),
        flags: Flags::default(),
        internal_date: i64::from(uid),
        size: 1_000,
        envelope,
        identity: None,
        thread_hint: None,
    }
}

impl Shelf {
    /// With these mailboxes, which are empty.
    pub(crate) fn new(mailboxes: &[(&str, Option<Role>)]) -> Shelf {
        let dir = tempfile::tempdir().unwrap();
        let opened = Cache::open(&dir.path().join("cache.db"), 100).unwrap();
        let mut cache = opened.cache;
        cache.ensure_account(&account()).unwrap();
        let all = mailboxes.iter();
        let list: Vec<_> = all.map(|(wire, r)| MailboxInfo::plain(wire, *r)).collect();
        cache.set_mailboxes(&account(), &list, 0, &[]).unwrap();
        Shelf { dir, cache }
    }

    /// Where the cache is.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("cache.db")
    }

    /// The mailbox of this name.
    pub(crate) fn mailbox(&self, wire: &str) -> MailboxId {
        let name = MailboxName::new(wire);
        let found = self.cache.read().mailbox_named(&account(), &name);
        found.unwrap().unwrap().id
    }
}
