//! People: whom we wrote to and who wrote to us, for completing addresses.

use super::connection::{Local, LocalReader};
use crate::model::Address;
use crate::model::view::Person;
use crate::store::error::Result;
use crate::text::fold::fold;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row, params, params_from_iter};
use std::collections::{BTreeMap, BTreeSet};

/// Longer names and addresses are not worth completing.
const LONGEST: usize = 200;

impl Local {
    /// Remembers that we wrote to somebody.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn wrote_to(&mut self, people: &[Address], now: i64) -> Result<()> {
        let dated: Vec<(Address, i64)> = people.iter().map(|a| (a.clone(), now)).collect();
        self.remember(&dated, 1, 0)
    }

    /// Remembers who was seen in mail, and when. The name of somebody whom we wrote to stays: any
    /// mail that claims to be theirs could change it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn saw(&mut self, people: &[(Address, i64)]) -> Result<()> {
        self.remember(people, 0, 1)
    }

    fn remember(&mut self, people: &[(Address, i64)], written: i64, seen: i64) -> Result<()> {
        self.write(|tx| {
            let mut upsert = tx.prepare_cached(
                "INSERT INTO person(addr, spelled, name, folded, written, seen, last)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT(addr) DO UPDATE SET
                   written = written + excluded.written,
                   seen = seen + excluded.seen,
                   last = max(last, excluded.last),
                   folded = CASE WHEN excluded.name <> '' AND (excluded.written > 0 OR written = 0)
                     THEN excluded.folded ELSE folded END,
                   name = CASE WHEN excluded.name <> '' AND (excluded.written > 0 OR written = 0)
                     THEN excluded.name ELSE name END",
            )?;
            for (person, last) in people {
                let usable = person.addr.contains('@')
                    && person.addr.len() <= LONGEST
                    && person.name.len() <= LONGEST
                    && !person
                        .addr
                        .chars()
                        .any(|c| c.is_control() || c.is_whitespace());
                if usable {
                    let addr = person.addr.to_lowercase();
                    let folded = fold(&format!("{} {}", person.name, person.addr));
                    upsert.execute(params![
                        addr,
                        person.addr,
                        person.name,
                        folded,
                        written,
                        seen,
                        last
                    ])?;
                }
            }
            Ok(())
        })
    }
}

impl LocalReader {
    /// The domains that we wrote to, in lower case.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn domains(&self) -> Result<BTreeSet<String>> {
        let sql =
            "SELECT DISTINCT substr(addr, instr(addr, '@') + 1) FROM person WHERE written > 0";
        self.look(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([], |r| r.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The addresses, a few at most, that we wrote to under this name, in whatever case.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn written_as(&self, name: &str) -> Result<Vec<String>> {
        let sql = "SELECT spelled FROM person
             WHERE written > 0 AND name = ?1 COLLATE NOCASE ORDER BY written DESC LIMIT 20";
        self.look(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([name], |r| r.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Addresses, in lower case, from which mail came back, and when it last did.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn bounced(&self) -> Result<BTreeMap<String, i64>> {
        let sql = "SELECT addr, bounced FROM person WHERE bounced > 0";
        self.look(|conn| {
            let mut query = conn.prepare_cached(sql)?;
            let rows = query.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// People who may be meant by these words, each of which must be there: as it stands in the
    /// name or the address or, if `loose`, its letters in that order with others between. Words
    /// as [`fold()`] leaves them, at most eight. Those come first of whom a word begins so, then
    /// those we wrote to, then the latest.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn complete(&self, words: &[&str], loose: bool, limit: usize) -> Result<Vec<Person>> {
        let Some(first) = words.first() else {
            return Ok(Vec::new());
        };
        let all: String = (4..)
            .zip(words.iter().take(WORDS))
            .map(|(n, _)| format!(" AND folded LIKE ?{n} ESCAPE '\\'"))
            .collect();
        let sql = format!(
            "{PERSON} WHERE 1{all}
             ORDER BY (folded LIKE ?1 ESCAPE '\\' OR folded LIKE ?2 ESCAPE '\\') DESC,
               written > 0 DESC, written DESC, last DESC LIMIT ?3"
        );
        let begins = escaped(first);
        let mut values = vec![
            Value::from(format!("{begins}%")),
            Value::from(format!("% {begins}%")),
            Value::from(i64::try_from(limit).unwrap_or(i64::MAX)),
        ];
        values.extend(words.iter().take(WORDS).map(|word| {
            let inside = if loose {
                let letters: Vec<String> = word.chars().map(|c| escaped(&c.to_string())).collect();
                letters.join("%")
            } else {
                escaped(word)
            };
            Value::from(format!("%{inside}%"))
        }));
        self.look(|conn| {
            let mut query = conn.prepare_cached(&sql)?;
            let rows = query.query_map(params_from_iter(values), person)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The person with this address, in whatever case.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn person(&self, addr: &str) -> Result<Option<Person>> {
        self.look(|conn| {
            let mut query = conn.prepare_cached(&format!("{PERSON} WHERE addr = ?1"))?;
            Ok(query.query_row([addr.to_lowercase()], person).optional()?)
        })
    }
}

const PERSON: &str = "SELECT name, spelled, written, last, bounced FROM person";
/// Words of a question that are looked for.
const WORDS: usize = 8;

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        address: Address {
            name: row.get(0)?,
            addr: row.get(1)?,
        },
        written: row.get(2)?,
        last: row.get(3)?,
        bounced: row.get::<_, i64>(4)? > 0,
    })
}

/// A text as a pattern that means itself.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::Home;
    use super::*;

    #[test]
    fn s52_nobody_renames_those_whom_we_wrote_to() {
        let dir = tempfile::tempdir().unwrap();
        let mut local = Local::open(&dir.path().join("local.db")).unwrap();
        let bank = |name: &str| Address::new(name, "bob@bank.test");
        local.saw(&[(bank("Robert"), 1)]).unwrap();
        local.wrote_to(&[bank("Bob")], 2).unwrap();
        local.saw(&[(bank("Alice Boss"), 3)]).unwrap();
        let sql = "SELECT name || '|' || folded FROM person";
        let found = |local: &Local| -> String {
            let conn = &local.read().conn;
            conn.query_row(sql, [], |r| r.get(0)).unwrap()
        };
        assert_eq!(found(&local), "Bob|bob bob@bank.test");
        local.wrote_to(&[bank("")], 4).unwrap();
        local.wrote_to(&[bank("Bobby")], 4).unwrap();
        assert_eq!(found(&local), "Bobby|bobby bob@bank.test");
        local.saw(&[(Address::new("One", "x@y.test"), 1)]).unwrap();
        local.saw(&[(Address::new("Two", "x@y.test"), 2)]).unwrap();
        let sql = "SELECT name FROM person WHERE addr = 'x@y.test'";
        let name: String = local.read().conn.query_row(sql, [], |r| r.get(0)).unwrap();
        assert_eq!(name, "Two");
    }

    #[test]
    fn s52_people_we_wrote_to_come_first_and_accents_do_not_matter() {
        let home = Home::new();
        let mut local = home.open();
        local
            .saw(&[
                (Address::new("José Álvarez", "jose@seen.test"), 900),
                (Address::new("100%_x", "odd@x"), 1),
            ])
            .unwrap();
        local
            .wrote_to(&[Address::new("", "JOSEFA@friend.test")], 5)
            .unwrap();
        let names = |p: &str| {
            local
                .read()
                .complete(&[p], false, 9)
                .unwrap()
                .into_iter()
                .map(|p| p.address.addr)
                .collect::<Vec<_>>()
        };
        assert_eq!(names("jos"), ["JOSEFA@friend.test", "jose@seen.test"]);
        assert_eq!(names("alv"), ["jose@seen.test"]);
        assert_eq!(names("sef"), ["JOSEFA@friend.test"]);
        assert_eq!(names("%"), Vec::<String>::new());
        assert_eq!(
            (names("_x"), names("o_d")),
            (vec!["odd@x".to_owned()], vec![])
        );
        let loose = |words: &[&str]| local.read().complete(words, true, 9).unwrap().len();
        assert_eq!(
            (loose(&["jse"]), loose(&["jsz"]), loose(&["alvz", "test"])),
            (2, 1, 1)
        );
        assert_eq!((loose(&[]), loose(&["j"; 40])), (0, 2));
        let one = |addr| local.read().person(addr).unwrap().map(|p| p.written);
        assert_eq!(
            (
                one("josefa@FRIEND.test"),
                one("jose@seen.test"),
                one("x@y.test")
            ),
            (Some(1), Some(0), None)
        );
    }

    #[test]
    fn accents_as_marks_of_their_own_are_folded_too() {
        let home = Home::new();
        let mut local = home.open();
        local
            .saw(&[(Address::new("A\u{301}lvarez Ko\u{308}nig", "x@y.test"), 1)])
            .unwrap();
        for typed in ["alv", "Álv", "kön", "ko\u{308}n"] {
            let word = fold(typed);
            let found = local.read().complete(&[&word], false, 5).unwrap();
            assert_eq!(found.len(), 1, "{typed}");
        }
    }
}
