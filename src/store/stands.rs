//! What a key of `local.db` names in the cache now: which message, and whether it is gone.

use crate::model::{AccountName, LocationId, MessageKey, MsgId};
use crate::store::accounts::account_id;
use crate::store::error::Result;
use crate::store::ops::find;
use crate::store::reader::Reader;
use rusqlite::{OptionalExtension as _, params};

impl Reader {
    /// The message that a key names, or else one with its Message-ID.
    pub fn named(&self, account: &AccountName, key: &MessageKey) -> Result<Option<MsgId>> {
        let moment = self.moment()?;
        let Some(number) = account_id(&moment, account)? else {
            return Ok(None);
        };
        if let Some(location) = find(&moment, number, key)? {
            let sql = "SELECT message FROM location WHERE id = ?1 AND gone = 0";
            let mut select = moment.prepare_cached(sql)?;
            let message: Option<i64> = select.query_row([location], |r| r.get(0)).optional()?;
            if let Some(message) = message {
                return Ok(Some(MsgId(message)));
            }
        }
        drop(moment);
        match &key.message_id {
            Some(id) => Ok(self.find(account, id)?.into_iter().next()),
            None => Ok(None),
        }
    }

    /// The message of a key, if it still lies where the key says and is shown there, and that place.
    pub fn place_of(
        &self,
        account: &AccountName,
        key: &MessageKey,
    ) -> Result<Option<(MsgId, LocationId)>> {
        let moment = self.moment()?;
        let mut select = moment.prepare_cached(
            "SELECT l.message, l.id FROM location l JOIN mailbox b ON b.id = l.mailbox
                 JOIN account a ON a.id = b.account
             WHERE a.name = ?1 AND b.name = ?2 AND b.uidvalidity = ?3 AND l.uid = ?4
                 AND l.hidden = 0 AND l.gone = 0",
        )?;
        let mailbox = key.mailbox.as_bytes();
        let values = params![account.as_str(), mailbox, key.uidvalidity.0, key.uid.get()];
        let found = select.query_row(values, |r| Ok((MsgId(r.get(0)?), LocationId(r.get(1)?))));
        Ok(found.optional()?)
    }

    /// Whether the server has the message of a key no more, as far as the cache can tell: it knows
    /// the mailbox in that generation, and the message nowhere.
    pub fn is_gone(&self, account: &AccountName, key: &MessageKey) -> Result<bool> {
        let known = self.mailbox_named(account, &key.mailbox)?;
        let Some(mailbox) = known else {
            return Ok(false);
        };
        let cursor = self.cursor(mailbox.id)?;
        let synced = cursor.uidvalidity == Some(key.uidvalidity) && cursor.uidnext > 0;
        Ok(synced && key.uid.get() < cursor.uidnext && self.named(account, key)?.is_none())
    }

    /// The subject of the message at a place.
    pub fn subject(&self, location: LocationId) -> Result<Option<String>> {
        let moment = self.moment()?;
        let mut select = moment.prepare_cached(
            "SELECT m.subject FROM location l JOIN message m ON m.id = l.message WHERE l.id = ?1",
        )?;
        Ok(select
            .query_row(params![location.0], |r| r.get(0))
            .optional()?)
    }
}
