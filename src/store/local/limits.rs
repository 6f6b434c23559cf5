//! The largest message that each account's submission server said to take when it was last spoken
//! to: known while one writes, before anybody dials.

use super::connection::{Local, LocalReader};
use super::meta;
use crate::model::AccountName;
use crate::store::error::Result;
use rusqlite::params;
use std::collections::BTreeMap;

/// The beginning of the keys in `meta`.
const PREFIX: &str = "largest/";

impl Local {
    /// Notes what an account's server takes at most, in octets; `None`: it does not say. Writes
    /// only what is new.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn note_largest(&mut self, account: &AccountName, largest: Option<u64>) -> Result<()> {
        let key = format!("{PREFIX}{account}");
        let largest = largest.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        if self.reader.look(|conn| meta::get(conn, &key))? == largest {
            return Ok(());
        }
        self.write(|tx| match largest {
            Some(octets) => meta::put(tx, &key, octets),
            None => {
                tx.execute("DELETE FROM meta WHERE key = ?1", [&key])?;
                Ok(())
            }
        })
    }
}

impl LocalReader {
    /// What [`Local::note_largest`] noted, by account.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn largest(&self) -> Result<BTreeMap<AccountName, u64>> {
        self.look(|conn| {
            let sql = "SELECT substr(key, ?2), value FROM meta WHERE key LIKE ?1 AND value > 0";
            let mut query = conn.prepare_cached(sql)?;
            let from = PREFIX.len() + 1;
            let rows = query.query_map(params![format!("{PREFIX}%"), from], |r| {
                Ok((AccountName(r.get(0)?), r.get(1)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_each_server_counts() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let (a, b) = (AccountName("a".into()), AccountName("b/%".into()));
        local.note_largest(&a, Some(25 << 20)).unwrap();
        local.note_largest(&a, Some(50 << 20)).unwrap();
        local.note_largest(&b, Some(u64::MAX)).unwrap();
        let known = local.read().largest().unwrap();
        assert_eq!(known.get(&a), Some(&(50 << 20)));
        assert_eq!(known.get(&b), Some(&i64::MAX.cast_unsigned()));
        local.note_largest(&a, None).unwrap();
        assert_eq!(local.read().largest().unwrap().len(), 1);
    }
}
