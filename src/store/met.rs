//! Who a message's sender is to the user: what other mail tells, from both databases.

use crate::model::query::Field;
use crate::model::view::{MessageRow, Met};
use crate::model::{Address, MsgId};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::local::LocalReader;
use crate::store::reader::Reader;
use crate::store::words;
use rusqlite::params;

/// Messages that are compared; whoever wrote so many is known.
const MOST: u32 = 50;

impl Reader {
    /// Messages besides this one that came from an address, as far as the newest that name it
    /// tell.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn others_from(&self, from: &Address, but: MsgId) -> Result<u64> {
        let Some(phrase) = words::phrase(Field::From, &from.addr, false) else {
            return Ok(0);
        };
        let moment = self.moment()?;
        let mut select = moment.prepare_cached(
            "SELECT m.from_ FROM (SELECT rowid AS id FROM word WHERE word MATCH ?1 AND rowid <> ?2
                 ORDER BY rowid DESC LIMIT ?3) f JOIN message m ON m.id = f.id",
        )?;
        let mut rows = select.query(params![phrase, but.0, MOST])?;
        let mut found = 0;
        while let Some(row) = rows.next()? {
            let text: String = row.get(0)?;
            let senders = codec::addresses_in(&text);
            found += u64::from(senders.iter().any(|s| s.same_mailbox(from)));
        }
        Ok(found)
    }
}

/// What is known of who sent a message.
///
/// # Errors
/// When one of the databases can't be read.
pub fn met(cache: &Reader, local: &LocalReader, message: &MessageRow) -> Result<Met> {
    let Some(from) = message.envelope.from.first() else {
        return Ok(Met::default());
    };
    let person = local.person(&from.addr)?;
    let written = person.is_some_and(|p| p.written > 0);
    let namesakes = match from.name.trim() {
        "" => Vec::new(),
        name => local.written_as(name)?,
    };
    Ok(Met {
        written,
        others: if written {
            0
        } else {
            cache.others_from(from, message.id)?
        },
        namesakes,
        domains: local.domains()?,
    })
}
