//! A query as SQL.
//!
//! What was typed as words becomes FTS5 expressions of one quoted phrase each, so nothing typed can
//! be taken for its syntax. Headers and texts are two indices of words: each phrase gives the
//! messages that either finds, and SQL puts these sets together. Where a query names such sets, they
//! say which messages are looked at, and the other conditions are asked of these alone.

use crate::model::MessageId;
use crate::model::query::period::in_zone;
use crate::model::query::{Expr, Field, Has, Is, Query, Term};
use crate::store::error::Result;
use crate::store::reader::in_thread_of;
use crate::store::refs;
use crate::store::vocabulary;
use crate::store::words;
use jiff::Zoned;
use rusqlite::Connection;
use rusqlite::types::Value;

/// Rows of (message, location, date), grouped by message.
pub(super) struct Plan {
    pub sql: String,
    /// What is bound, from ?1 on.
    pub values: Vec<Value>,
}

/// Every shown place, by an index that holds all that is read and keeps a message's places together.
const EVERYTHING: &str =
    "SELECT l.message, l.id, l.date FROM location l INDEXED BY location_message
    WHERE l.message > 0 AND l.hidden = 0";
/// The same of the messages of a set, in their order.
const MATCHING: &str = "SELECT l.message, l.id, l.date
    FROM (SELECT id FROM {found} ORDER BY 1) f
    CROSS JOIN location l INDEXED BY location_message ON l.message = f.id
    WHERE l.hidden = 0";
/// Certain once the body is here, likely before.
const HAS_ATTACHMENT: &str = "EXISTS (SELECT 1 FROM message m WHERE m.id = l.message
    AND coalesce(m.attachments <> '[]', m.maybe_attachments))";
/// Messages with attachments, by an index of these alone.
const ATTACHED: &str = "SELECT m.id FROM message m INDEXED BY message_attached
    WHERE m.attachments IS NOT NULL AND m.attachments <> '[]'";
impl Plan {
    pub(super) fn make(conn: &Connection, query: &Query, now: i64) -> Result<Plan> {
        let mut maker = Maker {
            conn,
            now: in_zone(now),
            values: Vec::new(),
        };
        let mut sql = match maker.messages(&query.root)? {
            Some(found) => MATCHING.replace("{found}", &found),
            None => EVERYTHING.to_owned(),
        };
        for condition in [maker.beyond(&query.root)?, maker.staying()?]
            .into_iter()
            .flatten()
        {
            sql.push_str(&format!(" AND ({condition})"));
        }
        let values = maker.values;
        Ok(Plan { sql, values })
    }
}

struct Maker<'a> {
    conn: &'a Connection,
    now: Zoned,
    values: Vec<Value>,
}

impl Maker<'_> {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// The set of messages (a column `id`) outside of which nothing fits, if the query names one.
    fn messages(&mut self, expr: &Expr) -> Result<Option<String>> {
        match expr {
            Expr::Term(term) => self.set(term),
            Expr::Not(_) => Ok(None),
            Expr::All(sides) => {
                let mut sets = Vec::new();
                for side in sides {
                    sets.extend(self.messages(side)?);
                }
                Ok(joined(&sets, "INTERSECT"))
            }
            Expr::Any(sides) => {
                let mut sets = Vec::new();
                for side in sides.iter().filter(|side| !is_silent(side)) {
                    let Some(set) = self.messages(side)? else {
                        return Ok(None);
                    };
                    sets.push(set);
                }
                Ok(joined(&sets, "UNION"))
            }
        }
    }

    /// What must hold besides being in that set; `None` if nothing must.
    fn beyond(&mut self, expr: &Expr) -> Result<Option<String>> {
        match expr {
            Expr::All(sides) => {
                let mut conditions = Vec::new();
                for side in sides {
                    conditions.extend(self.beyond(side)?);
                }
                Ok(all(conditions))
            }
            expr if is_set(expr) => Ok(None),
            expr => self.condition(expr),
        }
    }

    /// A condition on a place `l`; `None` if it says nothing, as words without a letter.
    fn condition(&mut self, expr: &Expr) -> Result<Option<String>> {
        let mut several = |sides: &[Expr]| {
            let each = sides.iter().map(|side| self.condition(side));
            let each: Result<Vec<Option<String>>> = each.collect();
            each.map(|each| each.into_iter().flatten().collect::<Vec<String>>())
        };
        match expr {
            Expr::All(sides) => several(sides).map(all),
            Expr::Any(sides) => {
                let sides = several(sides)?;
                Ok((!sides.is_empty()).then(|| format!("({})", sides.join(" OR "))))
            }
            Expr::Not(side) => {
                let side = self.condition(side)?;
                Ok(side.map(|side| format!("NOT ({side})")))
            }
            Expr::Term(term) => match self.set(term)? {
                Some(set) => Ok(Some(format!("l.message IN (SELECT id FROM {set})"))),
                None => self.place(term),
            },
        }
    }

    /// The messages that a term alone names, in parentheses, with a column `id`.
    fn set(&mut self, term: &Term) -> Result<Option<String>> {
        Ok(match term {
            Term::Words {
                field,
                text,
                prefix,
            } => self.matching(*field, text, *prefix)?,
            Term::Has(Has::Link) => {
                let web = self.bind("body : (\"http\" OR \"https\" OR \"www\")".to_owned());
                Some(format!(
                    "(SELECT rowid AS id FROM body_word WHERE body_word MATCH {web} \
                     UNION SELECT rowid FROM word WHERE word MATCH {web})"
                ))
            }
            Term::Has(Has::Image) => Some(self.attached("image")),
            Term::Has(Has::Invite) => Some(self.attached("text/calendar")),
            Term::Type(kind) => Some(self.attached(kind)),
            Term::Is(Is::List) => {
                Some("(SELECT id FROM message WHERE list_id IS NOT NULL)".to_owned())
            }
            Term::List(name) => {
                let name = self.bind(name.to_lowercase());
                Some(format!(
                    "(SELECT id FROM message WHERE list_id IS NOT NULL AND instr(lower(list_id), {name}) > 0)"
                ))
            }
            Term::Thread(thread) => {
                let thread = self.bind(*thread);
                Some(format!(
                    "(SELECT message AS id FROM location WHERE thread = {thread})"
                ))
            }
            Term::Id(id) => Some(self.message(id)?),
            _ => None,
        })
    }

    /// The messages, in order, in which these words are found.
    fn matching(&mut self, field: Field, text: &str, prefix: bool) -> Result<Option<String>> {
        let Some(mut phrase) = words::phrase(field, text, prefix) else {
            return Ok(None);
        };
        if let Some((part, rest)) = words::part(text) {
            let goes_on = prefix && rest.is_empty();
            let firsts = vocabulary::with_part(self.conn, part, goes_on)?;
            phrase = words::phrases(field, &firsts, rest, prefix);
        }
        if field == Field::File {
            let phrase = self.bind(phrase);
            let (text, prefix) = (self.bind(text.to_owned()), self.bind(prefix));
            return Ok(Some(format!(
                "(SELECT w.id FROM (SELECT rowid AS id FROM body_word WHERE body_word MATCH {phrase} \
                 ORDER BY 1) w CROSS JOIN message m ON m.id = w.id \
                 WHERE files_say(m.attachments, {text}, {prefix}))"
            )));
        }
        let phrase = self.bind(phrase);
        let word = format!("SELECT rowid AS id FROM word WHERE word MATCH {phrase}");
        Ok(Some(match field {
            Field::Any | Field::Body => format!(
                "({word} UNION SELECT rowid FROM body_word WHERE body_word MATCH {phrase} ORDER BY 1)"
            ),
            Field::Cc => {
                let (text, prefix) = (self.bind(text.to_owned()), self.bind(prefix));
                format!(
                    "(SELECT w.id FROM ({word} ORDER BY 1) w CROSS JOIN message m ON m.id = w.id \
                     WHERE people_say(m.cc, {text}, {prefix}))"
                )
            }
            // Only the index of headers has these.
            Field::From | Field::To | Field::Subject | Field::File => {
                format!("({word} ORDER BY 1)")
            }
        }))
    }

    fn attached(&mut self, kind: &str) -> String {
        let kind = self.bind(kind.to_owned());
        format!("({ATTACHED} AND types_say(m.attachments, {kind}))")
    }

    /// A message by its number here (`m12`) or by its Message-ID.
    fn message(&mut self, id: &str) -> Result<String> {
        let number = id.strip_prefix('m').unwrap_or(id).parse::<i64>();
        if let Ok(number) = number {
            let number = self.bind(number);
            return Ok(format!("(SELECT id FROM message WHERE id = {number})"));
        }
        let none = "(SELECT 0 AS id WHERE 0)".to_owned();
        let Some(id) = MessageId::new(id.trim_matches(['<', '>'])) else {
            return Ok(none);
        };
        let Some(thread) = refs::noted(self.conn, id.hash64())? else {
            return Ok(none);
        };
        let thread = self.bind(thread);
        let id = self.bind(id.as_str().to_owned());
        let found = in_thread_of("m.id AS id", "m.message_id = {id}");
        let found = found.replace("?1", &thread).replace("{id}", &id);
        Ok(format!("({found})"))
    }

    /// A condition on a place.
    fn place(&mut self, term: &Term) -> Result<Option<String>> {
        let date = |comparison: &str, bound: Option<i64>| {
            // Where the calendar ends nothing is, before or after.
            bound.map_or_else(
                || "0".to_owned(),
                |bound| format!("l.date {comparison} {bound}"),
            )
        };
        Ok(Some(match term {
            Term::Is(Is::Unread) => "l.system & 1 = 0".to_owned(),
            Term::Is(Is::Read) => "l.system & 1 <> 0".to_owned(),
            Term::Is(Is::Answered) => "l.system & 2 <> 0".to_owned(),
            Term::Is(Is::Flagged) => "l.system & 4 <> 0".to_owned(),
            Term::Is(Is::Draft) => "l.system & 16 <> 0".to_owned(),
            Term::Is(Is::Muted) => {
                "l.keywords <> '' AND flagged_with(l.keywords, '$muted')".to_owned()
            }
            Term::Tag(name) => {
                let name = self.bind(name.clone());
                format!("l.keywords <> '' AND tagged(l.keywords, {name})")
            }
            Term::Has(Has::Attachment) => HAS_ATTACHMENT.to_owned(),
            Term::In(name) => one_of(&mailboxes(self.conn, name)?),
            Term::Account(name) => one_of(&mailboxes_of(self.conn, name)?),
            Term::Larger(octets) => self.size(">", *octets),
            Term::Smaller(octets) => self.size("<", *octets),
            Term::Within(first, last) => {
                let from = first.range(&self.now).map(|range| range.start);
                let to = last.range(&self.now).map(|range| range.end);
                format!("{} AND {}", date(">=", from), date("<", to))
            }
            Term::Before(period) => date("<", period.range(&self.now).map(|range| range.start)),
            Term::After(period) => date(">=", period.range(&self.now).map(|range| range.start)),
            Term::Older(age) => date("<=", age.before(&self.now)),
            Term::Newer(age) => date(">", age.before(&self.now)),
            // Sets, or words that say nothing.
            Term::Words { .. }
            | Term::Is(Is::List)
            | Term::Has(_)
            | Term::List(_)
            | Term::Type(_)
            | Term::Thread(_)
            | Term::Id(_) => return Ok(None),
        }))
    }

    fn size(&mut self, comparison: &str, octets: u64) -> String {
        let octets = self.bind(i64::try_from(octets).unwrap_or(i64::MAX));
        format!(
            "EXISTS (SELECT 1 FROM message m WHERE m.id = l.message AND m.size {comparison} {octets})"
        )
    }

    /// Leaves out mailboxes of accounts that are gone, whose mail is on its way out.
    fn staying(&self) -> Result<Option<String>> {
        let mut select = self
            .conn
            .prepare_cached("SELECT id FROM mailbox WHERE account < 0")?;
        let ids = select.query_map([], |row| row.get(0))?;
        let leaving: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
        Ok((!leaving.is_empty()).then(|| format!("NOT ({})", one_of(&leaving))))
    }
}

/// Whether it holds for everything, as words without a letter do.
fn is_silent(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) => sides.iter().all(is_silent),
        Expr::Any(sides) => sides.iter().all(is_silent),
        Expr::Not(side) => is_silent(side),
        Expr::Term(Term::Words {
            field,
            text,
            prefix,
        }) => words::phrase(*field, text, *prefix).is_none(),
        Expr::Term(_) => false,
    }
}

/// Whether it says nothing of a place, only which messages are meant.
fn is_set(expr: &Expr) -> bool {
    match expr {
        Expr::All(sides) | Expr::Any(sides) => sides.iter().all(is_set),
        Expr::Not(_) => false,
        Expr::Term(term) => matches!(
            term,
            Term::Words { .. }
                | Term::Has(Has::Link | Has::Image | Has::Invite)
                | Term::Is(Is::List)
                | Term::Type(_)
                | Term::List(_)
                | Term::Thread(_)
                | Term::Id(_)
        ),
    }
}

fn all(conditions: Vec<String>) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

fn joined(sets: &[String], how: &str) -> Option<String> {
    match sets {
        [] => None,
        [only] => Some(only.clone()),
        sets => {
            let sets: Vec<String> = sets
                .iter()
                .map(|set| format!("SELECT id FROM {set}"))
                .collect();
            Some(format!("({})", sets.join(&format!(" {how} "))))
        }
    }
}

fn one_of(mailboxes: &[i64]) -> String {
    let ids: Vec<String> = mailboxes.iter().map(i64::to_string).collect();
    format!("l.mailbox IN ({})", ids.join(", "))
}

/// Mailboxes of this role or name: the whole one, or its last level; without regard to case.
fn mailboxes(conn: &Connection, name: &str) -> Result<Vec<i64>> {
    let name = name.to_lowercase();
    let mut select = conn.prepare_cached("SELECT id, path, role FROM mailbox ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let path = row.get::<_, String>(1)?.to_lowercase();
        let last = path.rsplit('/').next().unwrap_or_default();
        if path == name || last == name || row.get_ref(2)?.as_str().is_ok_and(|role| role == name) {
            ids.push(row.get(0)?);
        }
    }
    Ok(ids)
}

fn mailboxes_of(conn: &Connection, account: &str) -> Result<Vec<i64>> {
    let mut select = conn.prepare_cached(
        "SELECT b.id FROM mailbox b JOIN account a ON a.id = b.account WHERE a.name = ?1 COLLATE NOCASE",
    )?;
    let ids = select.query_map([account], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
