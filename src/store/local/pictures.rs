//! Senders whose pictures are loaded without a question, because the user said "always".

use super::connection::{Local, LocalReader};
use crate::store::error::Result;
use rusqlite::params;

impl Local {
    /// Pictures of this sender are loaded without a question from now on, or no longer. Says
    /// whether that changed.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn load_pictures_of(&mut self, sender: &str, always: bool, now: i64) -> Result<bool> {
        let sender = sender.to_lowercase();
        self.write(|tx| {
            let changed = match always {
                true => tx.execute(
                    "INSERT OR IGNORE INTO picture_sender(addr, since) VALUES (?1, ?2)",
                    params![sender, now],
                )?,
                false => tx.execute("DELETE FROM picture_sender WHERE addr = ?1", [sender])?,
            };
            Ok(changed == 1)
        })
    }
}

impl LocalReader {
    /// Whether pictures of this sender are loaded without a question.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn loads_pictures_of(&self, sender: &str) -> Result<bool> {
        self.look(|conn| {
            let sql = "SELECT count(*) FROM picture_sender WHERE addr = ?1";
            let mut query = conn.prepare_cached(sql)?;
            Ok(query.query_row([sender.to_lowercase()], |r| r.get::<_, i64>(0))? > 0)
        })
    }

    /// All of them, in order.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn picture_senders(&self) -> Result<Vec<String>> {
        self.look(|conn| {
            let mut query = conn.prepare_cached("SELECT addr FROM picture_sender ORDER BY addr")?;
            let rows = query.query_map([], |r| r.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Home;

    #[test]
    fn a_sender_is_remembered_and_taken_back() {
        let home = Home::new();
        let mut local = home.open();
        assert!(local.load_pictures_of("News@X.example", true, 5).unwrap());
        assert!(!local.load_pictures_of("news@x.example", true, 6).unwrap());
        assert!(local.load_pictures_of("a@x.example", true, 7).unwrap());
        assert!(local.read().loads_pictures_of("NEWS@x.example").unwrap());
        assert!(!local.read().loads_pictures_of("ews@x.example").unwrap());
        assert_eq!(
            local.read().picture_senders().unwrap(),
            ["a@x.example", "news@x.example"]
        );
        assert!(local.load_pictures_of("news@X.example", false, 8).unwrap());
        assert!(!local.load_pictures_of("news@x.example", false, 9).unwrap());
        assert!(!local.read().loads_pictures_of("news@x.example").unwrap());
    }
}
