//! The terms of a query as SQL: the sets of messages that it names, and what is asked of one place `l`.

use crate::model::MessageId;
use crate::model::own;
use crate::model::query::period::in_zone;
use crate::model::query::{Expr, Field, Has, Is, Term};
use crate::store::error::Result;
use crate::store::reader::in_thread_of;
use crate::store::refs;
use crate::store::terms::{
    ATTACHED, HAS_ATTACHMENT, all, is_set, is_silent, joined, mailboxes, mailboxes_of, one_of,
};
use crate::store::texts::{self, Named, Said};
use crate::store::threads;
use crate::store::together;
use crate::store::vocabulary;
use crate::store::words;
use crate::text::tokens;
use jiff::Zoned;
use rusqlite::Connection;
use rusqlite::types::Value;

/// What conditions are made with.
pub(super) struct Maker<'a> {
    pub conn: &'a Connection,
    now: Zoned,
    /// What is bound so far, from ?1 on.
    pub values: Vec<Value>,
    /// Whether few places are asked, so that a look at the message itself is cheaper than a set.
    pub one_by_one: bool,
}

impl<'a> Maker<'a> {
    pub(super) fn new(conn: &'a Connection, now: i64) -> Maker<'a> {
        Maker {
            conn,
            now: in_zone(now),
            values: Vec::new(),
            one_by_one: false,
        }
    }

    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// The set of messages (a column `id`) outside of which nothing fits, if the query names one.
    pub(super) fn messages(&mut self, expr: &Expr) -> Result<Option<String>> {
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
    pub(super) fn beyond(&mut self, expr: &Expr) -> Result<Option<String>> {
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
    pub(super) fn condition(&mut self, expr: &Expr) -> Result<Option<String>> {
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
            Term::Me(field) => self.names_me(*field),
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
                self.says(*field, text, *prefix)?
            }
            _ => return None,
        })
    }

    /// Whether a message `m` has these words there; `None` where a look at it does not tell.
    fn says(&mut self, field: Field, text: &str, prefix: bool) -> Option<String> {
        let columns: &[&str] = match field {
            Field::From => &["people_say(m.from_", "people_say(m.sender"],
            Field::To => &["people_say(m.to_", "people_say(m.cc"],
            Field::Cc => &["people_say(m.cc"],
            Field::Subject => &["text_says(m.subject"],
            Field::File => &["m.attachments IS NOT NULL AND files_say(m.attachments"],
            Field::Any | Field::Body => return None,
        };
        let (text, prefix) = (self.bind(text.to_owned()), self.bind(prefix));
        let each = columns.iter();
        let each: Vec<String> = each.map(|c| format!("{c}, {text}, {prefix})")).collect();
        Some(format!("({})", each.join(" OR ")))
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
            Term::Me(field) => Some(self.me(*field)?),
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
                let thread = self.bind(threads::canonical(self.conn, *thread)?);
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
        let mut word = format!("SELECT rowid AS id FROM word WHERE word MATCH {phrase}");
        // It knows no Cc apart from To, and parts words at marks that stand for vowels: what it finds is
        // looked at.
        let marked = part.is_none() && tokens::has_marks(text);
        let fields: &[Field] = match field {
            Field::Any if marked => &[Field::From, Field::To, Field::Subject],
            Field::From | Field::To | Field::Subject if marked => &[field],
            Field::Cc => &[field],
            _ => &[],
        };
        let says = fields.iter().filter_map(|f| self.says(*f, text, prefix));
        let says: Vec<String> = says.collect();
        if !says.is_empty() {
            word = format!(
                "SELECT w.id FROM ({word} ORDER BY 1) w CROSS JOIN message m ON m.id = w.id WHERE ({})",
                says.join(" OR ")
            );
        }
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
            // Only the index of headers has these.
            Field::From | Field::To | Field::Cc | Field::Subject => format!("({word} ORDER BY 1)"),
        }))
    }

    /// The messages that name an address of the user's there. The index finds more: it takes
    /// `mary.ann@x` for `ann@x`.
    fn me(&mut self, field: Field) -> Result<String> {
        let mut sets = Vec::new();
        for address in own::addresses().iter() {
            sets.extend(self.matching(field, address, false)?);
        }
        let Some(found) = joined(&sets, "UNION") else {
            return Ok("(SELECT 0 AS id WHERE 0)".to_owned());
        };
        let names = self.names_me(field);
        Ok(format!(
            "(SELECT w.id FROM (SELECT id FROM {found} ORDER BY 1) w \
             CROSS JOIN message m ON m.id = w.id WHERE {names})"
        ))
    }

    /// Whether a message `m` names an address of the user's there.
    fn names_me(&mut self, field: Field) -> String {
        let columns: &[&str] = match field {
            Field::From => &["m.from_"],
            Field::Cc => &["m.cc"],
            _ => &["m.to_", "m.cc"],
        };
        let own = self.bind(own::addresses().join("\n"));
        let each = columns.iter().map(|c| format!("people_are({c}, {own})"));
        format!("({})", each.collect::<Vec<String>>().join(" OR "))
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
            | Term::Me(_)
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
    pub(super) fn staying(&self) -> Result<Option<String>> {
        let mut select = self
            .conn
            .prepare_cached("SELECT id FROM mailbox WHERE account < 0")?;
        let ids = select.query_map([], |row| row.get(0))?;
        let leaving: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
        Ok((!leaving.is_empty()).then(|| format!("NOT ({})", one_of(&leaving))))
    }
}
