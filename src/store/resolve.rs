//! From what a user points at to the natural keys that an operation keeps.

use crate::model::{
    AccountName, Flags, LocationId, MailboxId, MailboxName, MessageId, MessageKey, Role, Target,
    UidValidity,
};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::pages::inboxes;
use crate::store::reader::Reader;
use crate::store::threads;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeSet;

/// One location that a target stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The location.
    pub location: LocationId,
    /// The mailbox that it is shown in.
    pub mailbox: MailboxId,
    /// Whose mailbox.
    pub account: AccountName,
    /// What that mailbox is for.
    pub role: Option<Role>,
    /// The key that an operation keeps; for a location that is on its way, that of the place it
    /// came from.
    pub key: MessageKey,
    /// Flags as shown.
    pub flags: Flags,
    /// When its server received it, seconds since 1970.
    pub date: i64,
    /// Who it is from, lower case; empty if that isn't told.
    pub sender: String,
}

impl Reader {
    /// The locations that targets stand for, each once. What is gone or hidden is left out.
    pub fn resolve(&self, targets: &[Target]) -> Result<Vec<ResolvedTarget>> {
        let moment = self.moment()?;
        let mut seen = BTreeSet::new();
        let mut resolved = Vec::new();
        for target in targets {
            for location in locations(&moment, target)? {
                if seen.insert(location) {
                    resolved.extend(one(&moment, location)?);
                }
            }
        }
        Ok(resolved)
    }
}

fn locations(conn: &Connection, target: &Target) -> Result<Vec<i64>> {
    let (thread, mailboxes) = match target {
        Target::Location(id) => return Ok(vec![id.0]),
        Target::Mailbox(id) => {
            let mut select = conn.prepare_cached(
                "SELECT id FROM location WHERE mailbox = ?1 AND hidden = 0 ORDER BY date, id",
            )?;
            let ids = select.query_map([id.0], |row| row.get(0))?;
            return Ok(ids.collect::<rusqlite::Result<Vec<i64>>>()?);
        }
        Target::Thread { thread, mailbox } => (
            threads::canonical(conn, thread.0)?,
            mailbox.map_or_else(|| inboxes(conn), |id| Ok(vec![id.0]))?,
        ),
    };
    let mut found = Vec::new();
    for mailbox in mailboxes {
        let mut select = conn.prepare_cached(
            "SELECT id FROM location WHERE thread = ?1 AND mailbox = ?2 AND hidden = 0 ORDER BY date, id",
        )?;
        let ids = select.query_map([thread, mailbox], |row| row.get(0))?;
        found.extend(ids.collect::<rusqlite::Result<Vec<i64>>>()?);
    }
    Ok(found)
}

/// One location with its key. A pending one has the key of the place it comes from, and one that
/// waits for its UID the key that it had before it was moved.
pub(super) fn one(conn: &Connection, location: i64) -> Result<Option<ResolvedTarget>> {
    let mut select = conn.prepare_cached(
        "SELECT l.mailbox, a.name, b.role, l.system, l.keywords, k.name,
             iif(r.uid IS NULL, w.uidvalidity, k.uidvalidity), coalesce(r.uid, w.uid), m.message_id, m.size, l.date, m.from_
         FROM location l
             JOIN mailbox b ON b.id = l.mailbox
             JOIN account a ON a.id = b.account
             JOIN message m ON m.id = l.message
             JOIN location r ON r.id = coalesce(l.root, l.id)
             LEFT JOIN alias w ON w.location = r.id AND r.uid IS NULL
             JOIN mailbox k ON k.id = iif(r.uid IS NULL, w.mailbox, r.mailbox)
         WHERE l.id = ?1 AND l.hidden = 0 LIMIT 1",
    )?;
    let found = select.query_row([location], |row| {
        let (Some(uid), Some(uidvalidity)) =
            (codec::uid_in(row.get(7)?), row.get::<_, Option<u32>>(6)?)
        else {
            return Ok(None);
        };
        Ok(Some(ResolvedTarget {
            location: LocationId(location),
            mailbox: MailboxId(row.get(0)?),
            account: AccountName(row.get(1)?),
            role: Role::from_name(row.get_ref(2)?.as_str()?),
            key: MessageKey {
                mailbox: MailboxName::new(row.get::<_, Vec<u8>>(5)?),
                uidvalidity: UidValidity(uidvalidity),
                uid,
                message_id: MessageId::new(row.get_ref(8)?.as_str()?),
                size: row.get(9)?,
            },
            flags: codec::flags_in(row.get(3)?, row.get_ref(4)?.as_str()?),
            date: row.get(10)?,
            sender: codec::addresses_in(row.get_ref(11)?.as_str()?)
                .first()
                .map(|from| from.addr.to_lowercase())
                .unwrap_or_default(),
        }))
    });
    Ok(found.optional()?.flatten())
}
