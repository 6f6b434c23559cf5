//! A query as SQL.
//!
//! What was typed as words becomes FTS5 expressions of one quoted phrase each, so nothing typed can
//! be taken for its syntax. Headers and texts are two indices of words: each phrase gives the
//! messages that either finds, and SQL puts these sets together. Where a query names such sets, they
//! say which messages are looked at, and the other conditions are asked of these alone. Where it
//! names none, a flag, a tag or a mailbox may say which places are looked at; only a query without
//! any of these looks at all.
//!
//! A list that is walked in its order asks the same of one place after another: a [`Filter`].

use crate::model::MessageId;
use crate::model::query::period::in_zone;
use crate::model::query::{Expr, Field, Has, Is, Query, Term};
use crate::store::error::Result;
use crate::store::reader::in_thread_of;
use crate::store::refs;
use crate::store::terms::{
    ATTACHED, EVERYTHING, FLAGGED, HAS_ATTACHMENT, KEYWORDED, MATCHING, NOTHING, SHOWN, SORTING,
    UNREAD, all, is_set, is_silent, joined, looks_up, mailboxes, mailboxes_of, one_of,
};
use crate::store::texts::{self, Named, Said};
use crate::store::together;
use crate::store::vocabulary;
use crate::store::words;
use jiff::Zoned;
use rusqlite::types::Value;
use rusqlite::{Connection, Params, Statement};

/// Rows of (message, location, date), grouped by message.
pub(super) struct Plan {
    pub sql: String,
    /// What is bound, from ?1 on.
    pub values: Vec<Value>,
}

impl Plan {
    pub(super) fn make(conn: &Connection, query: &Query, now: i64) -> Result<Plan> {
        let mut maker = Maker::new(conn, now);
        let (mut sql, sorted) = match maker.messages(&query.root)? {
            Some(found) => (MATCHING.replace("{found}", &found), true),
            None => maker.places(&query.root)?,
        };
        for condition in [maker.beyond(&query.root)?, maker.staying()?]
            .into_iter()
            .flatten()
        {
            sql.push_str(&format!(" AND ({condition})"));
        }
        if !sorted {
            sql.push_str(" ORDER BY l.message, l.mailbox");
        }
        let values = maker.values;
        Ok(Plan { sql, values })
    }
}

/// A query as a condition on one place `l`, for a list that is walked in its own order.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// The condition.
    pub condition: String,
    /// The messages (a column `id`) outside of which nothing fits, if they are few.
    pub few: Option<String>,
    /// Whether words are looked up in an index for it, which takes its time whatever is walked.
    pub looks_up: bool,
    /// The mailboxes outside of which nothing fits, if the query names any.
    pub mailboxes: Option<Vec<i64>>,
    /// Whether nothing fits that is not unread.
    pub unread: bool,
    /// What is bound, from ?1 on: those of the walk itself, left empty, then those of the filter.
    pub values: Vec<Value>,
}

/// Values that a walk binds itself: ?1 to ?4.
pub(super) const OF_WALK: usize = 4;
/// Messages that are few.
const FEW: usize = if cfg!(test) { 2 } else { 5_000 };

impl Filter {
    pub(super) fn make(conn: &Connection, query: &Query, now: i64) -> Result<Filter> {
        let mut maker = Maker::new(conn, now);
        maker.values = vec![Value::Null; OF_WALK];
        let mut few = maker.messages(&query.root)?;
        if let Some(set) = &few
            && !maker.are_few(set)?
        {
            few = None;
            maker.values.truncate(OF_WALK);
        }
        let only = maker.only(&query.root)?;
        maker.one_by_one = true;
        let condition = match few {
            Some(_) => maker.beyond(&query.root)?,
            None => maker.condition(&query.root)?,
        };
        // A star or a tag names no set of its own; the index of them bounds what is looked at.
        if few.is_none()
            && let Some(set) = only.rare()
            && maker.are_few(&set)?
        {
            few = Some(set);
        }
        let conditions = [condition, maker.staying()?].into_iter().flatten();
        Ok(Filter {
            condition: all(conditions.collect()).unwrap_or_else(|| "1".to_owned()),
            few,
            looks_up: looks_up(&query.root),
            mailboxes: only.mailboxes,
            unread: only.unread,
            values: maker.values,
        })
    }
}

/// As many of the values as a statement wants: those of a walk need not all stand in it.
pub(super) fn bound(statement: &Statement<'_>, values: &[Value]) -> impl Params + use<> {
    let values = values.iter().take(statement.parameter_count());
    rusqlite::params_from_iter(values.cloned().collect::<Vec<Value>>())
}

/// What must hold of a place, as far as an index can tell.
#[derive(Default)]
struct Only {
    mailboxes: Option<Vec<i64>>,
    unread: bool,
    flagged: bool,
    keyworded: bool,
}

impl Only {
    /// The messages with a star or a tag, if nothing else fits.
    fn rare(&self) -> Option<String> {
        let places = match (self.flagged, self.keyworded) {
            (true, _) => FLAGGED,
            (false, true) => KEYWORDED,
            (false, false) => return None,
        };
        Some(format!("(SELECT DISTINCT message AS id FROM ({places}))"))
    }
}

impl Plan {
    /// The places of these messages, which are in order.
    pub(super) fn of(conn: &Connection, messages: &[i64], now: i64) -> Result<Plan> {
        let mut maker = Maker::new(conn, now);
        let messages = maker.bind(together::as_json(messages));
        let found = format!("(SELECT value AS id FROM json_each({messages}))");
        let mut sql = MATCHING.replace("{found}", &found);
        if let Some(condition) = maker.staying()? {
            sql.push_str(&format!(" AND ({condition})"));
        }
        let values = maker.values;
        Ok(Plan { sql, values })
    }

    /// The places of what servers found for a search that was typed so, as far as the query holds for
    /// them.
    pub(super) fn of_hits(conn: &Connection, text: &str, query: &Query, now: i64) -> Result<Plan> {
        let mut maker = Maker::new(conn, now);
        let text = maker.bind(text.to_owned());
        let found = format!("(SELECT message AS id FROM server_hit WHERE query = {text})");
        let mut sql = MATCHING.replace("{found}", &found);
        sql.push_str(" AND l.body <> 1");
        for condition in [maker.condition(&query.root)?, maker.staying()?]
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
    /// Whether few places are asked, so that a look at the message itself is cheaper than a set.
    one_by_one: bool,
}

impl<'a> Maker<'a> {
    fn new(conn: &'a Connection, now: i64) -> Maker<'a> {
        Maker {
            conn,
            now: in_zone(now),
            values: Vec::new(),
            one_by_one: false,
        }
    }

    /// Whether a set has few messages.
    fn are_few(&self, set: &str) -> Result<bool> {
        let most = FEW + 1;
        let count = format!("SELECT count(*) FROM (SELECT id FROM {set} LIMIT {most})");
        let mut select = self.conn.prepare(&count)?;
        let values = bound(&select, &self.values);
        Ok(select.query_row(values, |row| row.get::<_, usize>(0))? <= FEW)
    }

    /// What all that fits has in common.
    fn only(&self, root: &Expr) -> Result<Only> {
        let sides = match root {
            Expr::All(sides) => sides.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut only = Only::default();
        for side in sides {
            let Expr::Term(term) = side else { continue };
            let ids = match term {
                Term::In(name) => mailboxes(self.conn, name)?,
                Term::Account(name) => mailboxes_of(self.conn, name)?,
                _ => {
                    only.unread |= *term == Term::Is(Is::Unread);
                    only.flagged |= *term == Term::Is(Is::Flagged);
                    only.keyworded |= matches!(term, Term::Tag(_) | Term::Is(Is::Muted));
                    continue;
                }
            };
            match &mut only.mailboxes {
                Some(known) => known.retain(|id| ids.contains(id)),
                None => only.mailboxes = Some(ids),
            }
        }
        Ok(only)
    }

    /// Which places are looked at where no set of messages is named, and whether they come in the
    /// order of their messages.
    fn places(&self, root: &Expr) -> Result<(String, bool)> {
        let only = self.only(root)?;
        if only.mailboxes.as_ref().is_some_and(Vec::is_empty) {
            return Ok((NOTHING.to_owned(), true));
        }
        if only.flagged {
            return Ok((FLAGGED.to_owned(), true));
        }
        if only.keyworded {
            return Ok((KEYWORDED.to_owned(), true));
        }
        let mut select = self
            .conn
            .prepare_cached("SELECT id, total, unread FROM mailbox")?;
        let mut rows = select.query([])?;
        let (mut all, mut wanted) = (0, 0);
        while let Some(row) = rows.next()? {
            let (id, total, unread): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            all += total;
            let inside = only.mailboxes.as_ref().is_none_or(|m| m.contains(&id));
            wanted += match (inside, only.unread) {
                (false, _) => 0,
                (true, false) => total,
                (true, true) => unread,
            };
        }
        let inside = only.mailboxes.as_deref().map(one_of);
        let sql = match (only.unread, inside) {
            _ if wanted.saturating_mul(SORTING) > all => return Ok((EVERYTHING.to_owned(), true)),
            (true, Some(inside)) => format!("{UNREAD} AND {inside}"),
            (true, None) => UNREAD.to_owned(),
            (false, Some(inside)) => format!("{SHOWN} AND {inside}"),
            (false, None) => return Ok((EVERYTHING.to_owned(), true)),
        };
        Ok((sql, false))
    }

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
                let (words, others) = together::parted(sides);
                if !words.is_empty() {
                    let found = self.bind(together::all_as_json(self.conn, &words)?);
                    sets.push(format!("(SELECT value AS id FROM json_each({found}))"));
                }
                for side in others {
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
            Expr::Term(term) => {
                if self.one_by_one
                    && let Some(condition) = self.message_says(term)
                {
                    return Ok(Some(format!(
                        "EXISTS (SELECT 1 FROM message m WHERE m.id = l.message AND {condition})"
                    )));
                }
                match self.set(term)? {
                    Some(set) => Ok(Some(format!("l.message IN (SELECT id FROM {set})"))),
                    None => self.place(term),
                }
            }
        }
    }

    /// What a look at a message `m` tells of a term that otherwise names a set.
    fn message_says(&mut self, term: &Term) -> Option<String> {
        Some(match term {
            Term::Is(Is::List) => "m.list_id IS NOT NULL".to_owned(),
            Term::List(name) => {
                let name = self.bind(name.to_lowercase());
                format!("m.list_id IS NOT NULL AND instr(lower(m.list_id), {name}) > 0")
            }
            Term::Has(Has::Image) => self.is_attached("image"),
            Term::Has(Has::Invite) => self.is_attached("text/calendar"),
            Term::Type(kind) => self.is_attached(kind),
            Term::Words {
                field,
                text,
                prefix,
            } => {
                // As elsewhere, words without a letter say nothing. Parts of words are an index's affair.
                words::phrase(*field, text, *prefix).filter(|_| !text.starts_with('*'))?;
                let columns: &[&str] = match field {
                    Field::From => &["people_say(m.from_"],
                    Field::To => &["people_say(m.to_", "people_say(m.cc"],
                    Field::Cc => &["people_say(m.cc"],
                    Field::Subject => &["text_says(m.subject"],
                    Field::File => &["m.attachments IS NOT NULL AND files_say(m.attachments"],
                    Field::Any | Field::Body => return None,
                };
                let (text, prefix) = (self.bind(text.clone()), self.bind(*prefix));
                let each = columns.iter();
                let each: Vec<String> = each.map(|c| format!("{c}, {text}, {prefix})")).collect();
                format!("({})", each.join(" OR "))
            }
            _ => return None,
        })
    }

    fn is_attached(&mut self, kind: &str) -> String {
        let kind = self.bind(kind.to_owned());
        format!("m.attachments IS NOT NULL AND types_say(m.attachments, {kind})")
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
                let mut sets = Vec::new();
                for word in ["http", "https", "www"] {
                    sets.extend(self.matching(Field::Body, word, false)?);
                }
                joined(&sets, "UNION")
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
        let part = words::part(text);
        let firsts = match part {
            Some((part, rest)) => {
                let goes_on = prefix && rest.is_empty();
                Some(vocabulary::with_part(self.conn, part, goes_on)?)
            }
            None => None,
        };
        let Some(said) = Said::new(field, text, prefix, firsts.as_deref()) else {
            return Ok(None);
        };
        let phrase = self.bind(said.phrase.clone());
        let word = format!("SELECT rowid AS id FROM word WHERE word MATCH {phrase}");
        Ok(Some(match field {
            Field::File => {
                let old = self.old(&phrase)?;
                let loose = self.bind(said.loose.files);
                let (text, prefix) = (self.bind(text.to_owned()), self.bind(prefix));
                format!(
                    "(SELECT w.id FROM (SELECT rowid AS id FROM text_word WHERE text_word MATCH {loose}{old} \
                     ORDER BY 1) w CROSS JOIN message m ON m.id = w.id \
                     WHERE files_say(m.attachments, {text}, {prefix}))"
                )
            }
            Field::Any | Field::Body => {
                let texts = match texts::named(self.conn, &said)? {
                    Named::But(not) => {
                        let loose = self.bind(said.loose.any);
                        let found =
                            format!("SELECT rowid FROM text_word WHERE text_word MATCH {loose}");
                        match not.is_empty() {
                            true => found,
                            false => format!(
                                "{found} AND rowid NOT IN (SELECT value FROM json_each({}))",
                                self.bind(together::as_json(&not))
                            ),
                        }
                    }
                    Named::Only(these) => {
                        format!(
                            "SELECT value FROM json_each({})",
                            self.bind(together::as_json(&these))
                        )
                    }
                };
                let old = self.old(&phrase)?;
                format!("({word} UNION {texts}{old} ORDER BY 1)")
            }
            Field::Cc => {
                let (text, prefix) = (self.bind(text.to_owned()), self.bind(prefix));
                format!(
                    "(SELECT w.id FROM ({word} ORDER BY 1) w CROSS JOIN message m ON m.id = w.id \
                     WHERE people_say(m.cc, {text}, {prefix}))"
                )
            }
            // Only the index of headers has these.
            Field::From | Field::To | Field::Subject => {
                format!("({word} ORDER BY 1)")
            }
        }))
    }

    /// What the index of before finds besides, if there is any.
    fn old(&self, phrase: &str) -> Result<String> {
        Ok(match texts::has_old(self.conn)? {
            true => format!(" UNION SELECT rowid FROM body_word WHERE body_word MATCH {phrase}"),
            false => String::new(),
        })
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
                || "l.date IS NULL".to_owned(),
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
            Term::Is(Is::Snoozed) => {
                let now = self.bind(self.now.timestamp().as_second());
                format!("l.keywords <> '' AND coalesce(snoozed_until(l.keywords) > {now}, 0)")
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
