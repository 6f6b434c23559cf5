//! How much each account received in a day: kept here because a budget must outlive the cache.

use super::connection::Local;
use super::meta;
use crate::model::AccountName;
use crate::store::error::Result;

/// Days that are remembered.
const DAYS: i64 = 7;

fn key(account: &AccountName, day: i64) -> String {
    format!("received/{day:08}/{account}")
}

impl Local {
    /// Adds octets to what an account received on a day (days since 1970); answers the sum.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn add_received(&mut self, account: &AccountName, day: i64, octets: u64) -> Result<u64> {
        self.write(|tx| {
            let key = key(account, day);
            let before = meta::get(tx, &key)?.unwrap_or(0).max(0).cast_unsigned();
            let sum = before.saturating_add(octets);
            if octets > 0 {
                meta::put(tx, &key, i64::try_from(sum).unwrap_or(i64::MAX))?;
                tx.execute(
                    "DELETE FROM meta WHERE key LIKE 'received/%' AND key < ?1",
                    [format!("received/{:08}", day - DAYS)],
                )?;
            }
            Ok(sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_accounts_are_counted_apart_and_old_days_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let (a, b) = (AccountName("a".into()), AccountName("b".into()));
        assert_eq!(local.add_received(&a, 20_000, 5).unwrap(), 5);
        assert_eq!(local.add_received(&a, 20_000, 7).unwrap(), 12);
        assert_eq!(local.add_received(&b, 20_000, 0).unwrap(), 0);
        assert_eq!(local.add_received(&a, 20_001, 1).unwrap(), 1);
        assert_eq!(local.add_received(&a, 20_009, 1).unwrap(), 1);
        assert_eq!(local.add_received(&a, 20_000, 0).unwrap(), 0);
    }
}
