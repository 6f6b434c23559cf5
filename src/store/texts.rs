//! Which messages say something in their texts: the index of texts knows which words a text has, and
//! where that does not settle it the text itself is looked at.
//!
//! What a program before schema 12 kept lies in an index of its own, which knew places, until it is
//! read once more (`reread.rs`); it is asked as well as long as there is any.

use crate::model::query::Field;
use crate::store::error::Result;
use crate::store::kept::{Unpacker, Wanted as Part};
use crate::store::words::{self, Loose};
use crate::text::tokens::Wanted;
use rusqlite::Connection;

/// Words or a phrase that a text is asked for.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// For the index of headers and that of before, in the language of FTS5.
    pub phrase: String,
    /// For the index of texts.
    pub loose: Loose,
    /// The same, for a look at the text.
    wanted: Option<Wanted>,
    /// Whether what attachments are called counts.
    names: bool,
}

impl Said {
    /// `firsts` stand in place of the part of a word that the text begins with.
    pub(super) fn new(
        field: Field,
        text: &str,
        prefix: bool,
        firsts: Option<&[String]>,
    ) -> Option<Said> {
        let mut phrase = words::phrase(field, text, prefix)?;
        if let (Some(firsts), Some((_, rest))) = (firsts, words::part(text)) {
            phrase = words::phrases(field, firsts, rest, prefix);
        }
        Some(Said {
            phrase,
            loose: words::loose(text, prefix, firsts)?,
            wanted: Wanted::new(&words::bounded(text), firsts.is_some(), prefix),
            names: field != Field::Body,
        })
    }

    /// Whether a text has to be looked at for it: always, for some that can be told, never.
    pub(super) fn doubt(&self) -> Doubt {
        match (self.loose.exact, self.names) {
            (false, _) => Doubt::All,
            (true, false) => Doubt::Names,
            (true, true) => Doubt::None,
        }
    }
}

/// Of which messages that the index finds a text has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    /// Of those that have all words in names of attachments, too.
    Names,
    All,
}

/// Whether there is an index of before.
pub(super) fn has_old(conn: &Connection) -> Result<bool> {
    let has = conn
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM body_word_docsize)")?
        .query_row([], |row| row.get(0));
    Ok(has?)
}

/// Pages of the index of before that are removed at once.
const AT_ONCE: usize = 500;
/// Rows up to this one of such an index say what it is made of.
const OWN: i64 = 10;

/// Whether all that was in the index of before has gone over, and its pages are still there.
pub(super) fn has_leavings(conn: &Connection) -> Result<bool> {
    let has = conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM body_word_data WHERE id > ?1)",
        [OWN],
        |row| row.get::<_, bool>(0),
    )?;
    Ok(has && !has_old(conn)?)
}

/// Removes some of these pages: to remove all at once would take too long. Whether there may be more.
pub(super) fn clear_leavings(conn: &Connection) -> Result<bool> {
    let cleared = conn.execute(
        "DELETE FROM body_word_data WHERE id IN
             (SELECT id FROM body_word_data WHERE id > ?1 LIMIT ?2)",
        [OWN, AT_ONCE as i64],
    )?;
    if cleared == 0 {
        conn.execute_batch("INSERT INTO body_word (body_word) VALUES ('delete-all')")?;
    }
    Ok(cleared > 0)
}

/// Looks at texts.
pub(super) struct Texts<'c> {
    unpacker: Unpacker<'c>,
}

impl<'c> Texts<'c> {
    pub(super) fn new(conn: &'c Connection) -> Texts<'c> {
        Texts {
            unpacker: Unpacker::new(conn),
        }
    }

    /// Whether the text of a message, or a name of its attachments if these count, says it.
    pub(super) fn say(&mut self, message: i64, said: &Said) -> Result<bool> {
        if said.wanted.is_none() {
            return Ok(true);
        }
        Ok(self.read(message)?.is_some_and(|read| read.says(said)))
    }

    /// What a message says; `None` if that is not here.
    pub(super) fn read(&mut self, message: i64) -> Result<Option<Read>> {
        let read = self.unpacker.read(message, Part::Text)?;
        Ok(read.map(|(octets, lengths)| Read {
            all: String::from_utf8(octets)
                .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
            text: usize::try_from(lengths.text).unwrap_or(usize::MAX),
        }))
    }

    /// The text of a message; `None` if it is not here.
    pub(super) fn text(&mut self, message: i64) -> Result<Option<String>> {
        let read = self.unpacker.read(message, Part::Text)?;
        Ok(read.map(|(mut octets, lengths)| {
            octets.truncate(usize::try_from(lengths.text).unwrap_or(usize::MAX));
            String::from_utf8_lossy(&octets).into_owned()
        }))
    }
}

/// The text of a message, and what its attachments are called.
pub(super) struct Read {
    all: String,
    /// Octets of the text.
    text: usize,
}

impl Read {
    /// Whether the text, or a name if these count, says it.
    pub(super) fn says(&self, said: &Said) -> bool {
        let Some(wanted) = &said.wanted else {
            return true;
        };
        let whole = (self.all.as_str(), "");
        let (text, names) = self.all.split_at_checked(self.text).unwrap_or(whole);
        let in_names = |name: &str| said.names && wanted.is_in(name);
        wanted.is_in(text) || names.lines().any(in_names)
    }
}

/// Messages that the index of texts finds and that don't say it, or those that do, in order: whichever
/// has to be named.
pub(super) enum Named {
    /// All that the index finds but these.
    But(Vec<i64>),
    /// These.
    Only(Vec<i64>),
}

/// What the index of texts finds, looked at where that is wanted.
pub(super) fn named(conn: &Connection, said: &Said) -> Result<Named> {
    let doubtful = match said.doubt() {
        Doubt::None => return Ok(Named::But(Vec::new())),
        Doubt::Names => format!("({}) AND ({})", said.loose.any, said.loose.files),
        Doubt::All => said.loose.any.clone(),
    };
    let mut texts = Texts::new(conn);
    let (mut says, mut does_not) = (Vec::new(), Vec::new());
    // As long as it is under way an interrupt is noticed.
    let mut select =
        conn.prepare_cached("SELECT rowid FROM text_word WHERE text_word MATCH ?1 ORDER BY rowid")?;
    let mut rows = select.query([doubtful])?;
    while let Some(row) = rows.next()? {
        let message = row.get(0)?;
        match texts.say(message, said)? {
            true => says.push(message),
            false => does_not.push(message),
        }
    }
    Ok(match said.doubt() {
        Doubt::All => Named::Only(says),
        _ => Named::But(does_not),
    })
}
