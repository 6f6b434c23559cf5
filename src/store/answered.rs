//! Whether anybody answered a message: another message of its conversation names it (RFC 5322
//! §3.6.4) and is neither our own nor thrown away.

use super::codec;
use super::error::Result;
use super::reader::{Reader, in_thread_of};
use super::refs;
use crate::model::{AccountName, MessageId, Role};
use rusqlite::params;

impl Reader {
    /// The messages, by Message-ID (none for one without), that answer this one, from somebody else
    /// than `own` (addresses in lower case), and lie anywhere but in Sent, Drafts, Trash and Junk.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn answers(
        &self,
        account: &AccountName,
        id: &MessageId,
        own: &[String],
    ) -> Result<Vec<Option<MessageId>>> {
        let Some(thread) = refs::noted(&self.conn, id.hash64())? else {
            return Ok(Vec::new());
        };
        let mut select = self.conn.prepare_cached(&in_thread_of(
            "m.message_id, m.in_reply_to, m.refs, m.from_, b.role",
            "a.name = ?2 AND m.message_id <> ?3",
        ))?;
        let mut rows = select.query(params![thread, account.as_str(), id.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let texts: [String; 4] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            let [answered, references, from, role] = texts;
            if matches!(
                Role::from_name(&role),
                Some(Role::Sent | Role::Drafts | Role::Trash | Role::Junk)
            ) {
                continue;
            }
            let named = codec::ids_in(&answered)
                .into_iter()
                .chain(codec::ids_in(&references))
                .any(|named| named == *id);
            let from = codec::addresses_in(&from);
            let ours = from
                .iter()
                .any(|from| own.contains(&from.addr.to_lowercase()));
            if named && !ours {
                found.push(MessageId::new(&row.get::<_, String>(0)?));
            }
        }
        Ok(found)
    }
}
