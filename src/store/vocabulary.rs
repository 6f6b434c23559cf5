//! All words that texts were found to have, for questions about parts of words (`*dampf`).
//!
//! An index of words finds a word or its beginning. For a part from its middle the words themselves
//! are looked through, and those that have it are looked for. Words of letters are kept, not
//! numbers, names of machines and the like, which would be most of them. A word stays when the last
//! message that has it goes.

use crate::store::error::Result;
use crate::text::fold::fold;
use crate::text::tokens::stands_alone;
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Octets of a word that is kept.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=60;
/// Words with the same part that are looked for, the shortest of them.
const MOST: usize = 250;
/// Slots for words that were met last, by their hash: four octets each.
const WORDS: usize = 1 << 15;
/// And for lines: people, and subjects.
const LINES: usize = 1 << 14;

/// What was learnt last, so that the words that every text has are not written again and again.
#[derive(Default)]
pub(super) struct Vocabulary {
    words: Met<WORDS>,
    lines: Met<LINES>,
}

/// Hashes that were met last.
#[derive(Default)]
struct Met<const SLOTS: usize>(Vec<u32>);

impl<const SLOTS: usize> Met<SLOTS> {
    /// Meets a hash; whether it is one that was met lately.
    fn meet(&mut self, hash: u64) -> bool {
        if self.0.is_empty() {
            self.0 = vec![0; SLOTS];
        }
        let (slot, tag) = (hash as usize % SLOTS, (hash >> 32) as u32 | 1);
        let met = self.0.get_mut(slot);
        met.is_some_and(|met| std::mem::replace(met, tag) == tag)
    }
}

impl Vocabulary {
    /// Keeps the words of these texts, in a transaction. Where it is not committed, a new one has to
    /// be begun.
    pub(super) fn learn<'a>(
        &mut self,
        conn: &Connection,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        // In order, for neighbours lie in one page.
        let mut new = BTreeSet::new();
        for line in texts.flat_map(|text| text.split('\n')) {
            // Most people write more than once.
            if line.is_empty() || self.lines.meet(hash_of(line)) {
                continue;
            }
            each(line, &mut |word, hash| {
                if !self.words.meet(hash) {
                    new.insert(word.to_lowercase());
                }
            });
        }
        let mut insert = conn.prepare_cached("INSERT OR IGNORE INTO vocabulary VALUES (?1)")?;
        for word in new {
            insert.execute([word])?;
        }
        Ok(())
    }
}

/// Tells the runs of letters that are kept, with their hashes. A first sync looks at some hundred
/// octets of every message, which are nearly all ASCII: those once each.
fn each(text: &str, tell: &mut dyn FnMut(&str, u64)) {
    if !text.is_ascii() {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let kept = |word: &&str| {
            let odd = |c: char| c.is_numeric() || stands_alone(c);
            LENGTHS.contains(&word.len()) && !word.contains(odd)
        };
        return words
            .filter(kept)
            .for_each(|word| tell(word, word.bytes().fold(OFFSET, hashed)));
    }
    let mut end = |from: usize, to: usize, hash: u64, letters: bool| {
        if letters && LENGTHS.contains(&(to - from)) {
            tell(text.get(from..to).unwrap_or_default(), hash);
        }
    };
    let (mut from, mut hash, mut letters) = (0, OFFSET, true);
    for (at, &octet) in text.as_bytes().iter().enumerate() {
        if octet.is_ascii_alphanumeric() {
            hash = hashed(hash, octet);
            letters &= !octet.is_ascii_digit();
        } else {
            end(from, at, hash, letters);
            (from, hash, letters) = (at + 1, OFFSET, true);
        }
    }
    end(from, text.len(), hash, letters);
}

/// The hash of a line, made of eight octets at a time.
fn hash_of(line: &str) -> u64 {
    let mix = |hash: u64, octets: u64| {
        let product = u128::from(hash ^ octets) * u128::from(OFFSET);
        (product as u64) ^ (product >> 64) as u64
    };
    let (chunks, rest) = line.as_bytes().as_chunks::<8>();
    let hash = chunks.iter().fold(line.len() as u64, |hash, chunk| {
        mix(hash, u64::from_le_bytes(*chunk))
    });
    let last = rest.iter().fold(1, |last, b| last << 8 | u64::from(*b));
    mix(mix(hash, last), OFFSET)
}

/// Where FNV-1a begins.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a with one octet more, ASCII letters without case.
fn hashed(hash: u64, octet: u8) -> u64 {
    (hash ^ u64::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
}

/// The words that end in `part`, or have it anywhere; case and accents don't count.
pub(super) fn with_part(conn: &Connection, part: &str, goes_on: bool) -> Result<Vec<String>> {
    let mut select =
        conn.prepare_cached("SELECT word FROM vocabulary WHERE has_part(word, ?1, ?2)")?;
    let rows = select.query_map((fold(part), goes_on), |row| row.get(0))?;
    let mut found: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    found.sort_by_key(String::len);
    found.truncate(MOST);
    // It may be a word that is in no text that is here.
    if !found.iter().any(|word| word == part) {
        found.push(part.to_owned());
    }
    Ok(found)
}

/// Whether a word of the vocabulary has a folded part at its end, or anywhere.
pub(super) fn has_part(word: &str, part: &str, goes_on: bool) -> bool {
    let has = |word: &str| match goes_on {
        true => word.contains(part),
        false => word.ends_with(part),
    };
    match word.is_ascii() {
        true => has(word),
        false => has(&fold(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn ascii_is_cut_as_any_text(text in "([a-zA-Z0-9]{0,5}[ .@-]?){0,6}") {
            let words = |text: &str| {
                let mut all = Vec::new();
                each(text, &mut |word, hash| all.push((word.to_owned(), hash)));
                all
            };
            let mut longer = words(&format!("{text} é"));
            longer.retain(|(word, _)| word != "é");
            proptest::prop_assert_eq!(words(&text), longer);
        }
    }

    #[test]
    fn lines_have_hashes_of_their_own() {
        let lines = [
            "",
            "a",
            "aa",
            "Ada <a@x>",
            "Ada <b@x>",
            "Ada <a@x> ",
            "12345678",
            "123456780",
        ];
        let hashes: BTreeSet<u64> = lines.iter().map(|line| hash_of(line)).collect();
        assert_eq!(hashes.len(), lines.len());
        let mut met = Met::<16>::default();
        assert_eq!(
            [7, 7, 23, 7].map(|hash| met.meet(hash << 32 | hash)),
            [false, true, false, false]
        );
    }

    #[test]
    fn words_are_kept_once_and_found_by_their_parts() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE vocabulary (word TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")
            .unwrap();
        crate::store::says::add(&conn).unwrap();
        let mut vocabulary = Vocabulary::default();
        let texts = [
            "Donaudampfschiff, DAMPF! x1y2dampf3 日本語 dämpfen",
            "donaudampfschiff Volldampf",
        ];
        vocabulary.learn(&conn, texts.into_iter()).unwrap();
        Vocabulary::default()
            .learn(&conn, texts.into_iter())
            .unwrap();
        let count: i64 = conn
            .query_row("SELECT count(*) FROM vocabulary", [], |r| r.get(0))
            .unwrap();
        assert_eq!(count, 4);
        let found = |part, goes_on| with_part(&conn, part, goes_on).unwrap();
        assert_eq!(found("dampf", false), ["dampf", "volldampf"]);
        assert_eq!(
            found("dampf", true),
            ["dampf", "dämpfen", "volldampf", "donaudampfschiff"]
        );
        assert_eq!(found("%_", true), ["%_"]);
    }
}
