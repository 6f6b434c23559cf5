//! People: whom we wrote to and who wrote to us, for completing addresses.

use super::connection::{Local, LocalReader};
use crate::model::Address;
use crate::model::view::Person;
use crate::store::error::Result;
use rusqlite::params;
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

    /// Remembers who was seen in mail, and when.
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
                   folded = CASE WHEN excluded.name <> '' THEN excluded.folded ELSE folded END,
                   name = CASE WHEN excluded.name <> '' THEN excluded.name ELSE name END",
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
        let mut query = self.conn.prepare_cached(sql)?;
        let rows = query.query_map([], |r| r.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Addresses, in lower case, from which mail came back, and when it last did.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn bounced(&self) -> Result<BTreeMap<String, i64>> {
        let sql = "SELECT addr, bounced FROM person WHERE bounced > 0";
        let mut query = self.conn.prepare_cached(sql)?;
        let rows = query.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// People of whom a word of the name, or the address, begins with `prefix`: those we wrote to
    /// first, then the latest.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn complete(&self, prefix: &str, limit: usize) -> Result<Vec<Person>> {
        let wanted = fold(prefix);
        let wanted = wanted.trim();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let escaped: String = wanted
            .chars()
            .flat_map(|c| {
                matches!(c, '%' | '_' | '\\')
                    .then_some('\\')
                    .into_iter()
                    .chain([c])
            })
            .collect();
        self.look(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT name, spelled, written > 0, last FROM person
             WHERE folded LIKE ?1 ESCAPE '\\' OR folded LIKE ?2 ESCAPE '\\'
             ORDER BY written > 0 DESC, written DESC, last DESC LIMIT ?3",
            )?;
            let rows = query.query_map(
                params![format!("{escaped}%"), format!("% {escaped}%"), limit],
                |r| {
                    Ok(Person {
                        address: Address {
                            name: r.get(0)?,
                            addr: r.get(1)?,
                        },
                        written_to: r.get(2)?,
                        last: r.get(3)?,
                    })
                },
            )?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Lower case, Latin letters without their accents, anything but letters, digits and `@.-_+` as a
/// space.
fn fold(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        // Accents as marks of their own.
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .map(|c| match c {
            'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
            'ď' | 'đ' | 'ð' => 'd',
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
            'ì'..='ï' | 'ĩ' | 'ī' | 'į' | 'ı' => 'i',
            'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
            'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
            'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' => 'o',
            'ŕ' | 'ř' => 'r',
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => 's',
            'ţ' | 'ť' | 'ț' => 't',
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            c if c.is_alphanumeric() || "@.-_+".contains(c) => c,
            _ => ' ',
        })
        .collect()
}
