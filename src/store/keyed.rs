//! A message by the key that operations keep: what is here of it, for whoever carries it elsewhere.

use crate::model::{AccountName, Flags, MessageKey, MsgId};
use crate::store::accounts::account_id;
use crate::store::codec;
use crate::store::error::Result;
use crate::store::ops;
use crate::store::reader::Reader;
use rusqlite::OptionalExtension as _;

/// What is here of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// Its row.
    pub message: MsgId,
    /// Its flags, with what is pending.
    pub flags: Flags,
    /// By what it is sorted: what its sender wrote, or else when it came; seconds since 1970.
    pub date: i64,
    /// When its server received it (INTERNALDATE), seconds since 1970, if that is known.
    pub came: Option<i64>,
    /// Its size as the server told it, octets.
    pub size: u64,
    /// Whether all of it is here, attachments too.
    pub is_whole: bool,
    /// Octets of it that are here.
    pub octets: u64,
    /// Octets that were shown to be all of it, where its server tells more; 0 if none were.
    pub proved: u64,
    /// Why its body can't be had, if that was found out.
    pub body_error: Option<String>,
}

/// What the cache says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByKey {
    /// The message is here.
    Here(Box<Keyed>),
    /// The mailbox is known as it was, and the message is not in it.
    Gone,
    /// The mailbox was not read yet.
    Unread,
}

impl Reader {
    /// The message of a key: where the key says, where we moved it, or the only one of its account
    /// with its Message-ID and size.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn by_key(&self, account: &AccountName, key: &MessageKey) -> Result<ByKey> {
        let moment = self.moment()?;
        let Some(id) = account_id(&moment, account)? else {
            return Ok(ByKey::Unread);
        };
        let mut place = ops::find(&moment, id, key)?;
        if place.is_none()
            && let Some(message_id) = &key.message_id
        {
            let mut places = Vec::new();
            for message in self.find(account, message_id)? {
                let sql = "SELECT l.id FROM location l JOIN mailbox b ON b.id = l.mailbox
                     JOIN message m ON m.id = l.message
                     WHERE l.message = ?1 AND b.account = ?2 AND m.size = ?3 AND l.uid IS NOT NULL
                     LIMIT 1";
                let found: Option<i64> = moment
                    .prepare_cached(sql)?
                    .query_row(rusqlite::params![message.0, id, key.size], |r| r.get(0))
                    .optional()?;
                places.extend(found);
            }
            if let [only] = places[..] {
                place = Some(only);
            }
        }
        let Some(place) = place else {
            let sql = "SELECT count(*) FROM mailbox WHERE account = ?1 AND name = ?2 AND uidvalidity IS NOT NULL";
            let read: i64 = moment
                .prepare_cached(sql)?
                .query_row(rusqlite::params![id, key.mailbox.as_bytes()], |r| r.get(0))?;
            return Ok(if read > 0 { ByKey::Gone } else { ByKey::Unread });
        };
        let sql = "SELECT m.id, l.system, l.keywords, m.date, m.date + m.lag, m.size,
                 m.has_body AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.message = m.id AND k.hollow <> 0),
                 m.body_error, coalesce((SELECT raw FROM kept WHERE message = m.id),
                     (SELECT length(raw) FROM body WHERE message = m.id), 0), m.proved
             FROM location l JOIN message m ON m.id = l.message WHERE l.id = ?1";
        Ok(moment.prepare_cached(sql)?.query_row([place], |r| {
            Ok(ByKey::Here(Box::new(Keyed {
                message: MsgId(r.get(0)?),
                flags: codec::flags_in(r.get(1)?, r.get_ref(2)?.as_str()?),
                date: r.get(3)?,
                came: r.get(4)?,
                size: r.get(5)?,
                is_whole: r.get(6)?,
                body_error: r.get(7)?,
                octets: r.get(8)?,
                proved: r.get(9)?,
            })))
        })?)
    }
}
