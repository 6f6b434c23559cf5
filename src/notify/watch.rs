//! Which new mail is to be told of, and by which rule.
//!
//! Not what came while it was read elsewhere, not what is muted, not what a first sync or a move
//! brought, and nothing twice. Mail in Sent, Drafts, Junk and Trash is nobody's news; without a
//! query of its own, a rule is about inboxes alone.

use super::words::{self, Words};
use crate::config::{How, Notify};
use crate::model::query::Term;
use crate::model::query::period::in_zone;
use crate::model::view::{IndexRow, MailboxRow};
use crate::model::{LocationId, MailboxId, MsgId, Query, Role};
use crate::store::{Marks, Reader, Result};
use crate::text::Clean;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Messages that were told of or passed over, and are remembered.
const REMEMBERED: usize = 20_000;

/// So long a rule that asks for a text waits for that of a message, in seconds: what is told later is
/// no news.
const PATIENCE: i64 = 600;

/// Messages whose texts a rule waits for, at most.
const WAITING: usize = 500;

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// How.
    pub how: How,
    /// The title: who wrote, or how many came.
    pub title: Clean,
    /// What about.
    pub body: Clean,
    /// How many messages.
    pub count: usize,
    /// The newest: whose mailbox, its name, who wrote, and the subject.
    pub newest: [(&'static str, Clean); 4],
}

struct Rule {
    rule: Notify,
    query: Option<Query>,
    /// What must hold before the text is here, where the query asks for that.
    before: Option<Query>,
    /// What may answer once its text is here.
    waiting: Vec<Come>,
}

/// A message that came.
#[derive(Clone, Copy)]
struct Come {
    place: LocationId,
    message: MsgId,
    /// Until when its text is waited for, in seconds since 1970.
    until: i64,
}

/// Remembers what was looked at.
pub struct Watch {
    rules: Vec<Rule>,
    marks: Marks,
    known: BTreeSet<MsgId>,
    order: VecDeque<MsgId>,
}

impl Watch {
    /// What is here now is not new.
    pub fn new(rules: &[Notify]) -> Watch {
        Watch {
            rules: rules.iter().map(Rule::new).collect(),
            marks: Marks::default(),
            known: BTreeSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Looks, and says what there is to tell at `now` (seconds since 1970).
    ///
    /// # Errors
    /// The database fails.
    pub fn look(&mut self, reader: &Reader, now: i64) -> Result<Vec<Telling>> {
        let arrived = reader.arrived(&mut self.marks)?;
        if arrived.is_empty() && self.rules.iter().all(|rule| rule.waiting.is_empty()) {
            return Ok(Vec::new());
        }
        let mailboxes: BTreeMap<MailboxId, MailboxRow> = reader
            .mailboxes()?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut places: Vec<(Come, &MailboxRow)> = Vec::new();
        let mut met = BTreeSet::new();
        for one in &arrived {
            let Some(mailbox) = mailboxes.get(&one.mailbox) else {
                continue;
            };
            // Where it was met before this look, it was moved here.
            if !self.known.contains(&one.message) {
                met.insert(one.message);
                let come = Come {
                    place: one.location,
                    message: one.message,
                    until: now.saturating_add(PATIENCE),
                };
                places.push((come, mailbox));
            }
        }
        for message in met {
            self.remember(message);
        }
        let minute = minute(now);
        let mut told: Vec<(How, BTreeSet<MsgId>)> = Vec::new();
        let mut tellings = Vec::new();
        for asked in &mut self.rules {
            // What still waits when quiet hours begin is not told after them.
            let waited = std::mem::take(&mut asked.waiting).into_iter();
            let waited = waited.filter(|one| one.until > now);
            let (rule, query) = (&asked.rule, &asked.query);
            if rule.quiet.is_some_and(|quiet| quiet.holds(minute)) {
                continue;
            }
            let fits = |mailbox: &MailboxRow| {
                let account = rule.account.as_ref().is_none_or(|a| *a == mailbox.account);
                account
                    && match mailbox.role {
                        Some(Role::Sent | Role::Drafts | Role::Junk | Role::Trash) => false,
                        Some(Role::Inbox) => true,
                        _ => query.is_some(),
                    }
            };
            let came = places.iter().filter(|(_, mailbox)| fits(mailbox));
            let own: Vec<Come> = came.map(|(come, _)| *come).chain(waited).collect();
            // Before the query is asked: a text that comes between the two is seen by the next look.
            let waiting = match &asked.before {
                Some(before) => lacking(reader, before, &own, now)?,
                None => Vec::new(),
            };
            let worth = reader.worth_telling(&ids(&own), query.as_ref(), now)?;
            // Two rules may be about the same mail.
            let already: BTreeSet<MsgId> = told
                .iter()
                .filter(|(how, _)| *how == rule.how)
                .flat_map(|(_, messages)| messages.iter().copied())
                .collect();
            let mut once = BTreeSet::new();
            let mut rows: Vec<IndexRow> = Vec::new();
            for Come { place, message, .. } in &own {
                if worth.contains(place) && !already.contains(message) && once.insert(*message) {
                    let row = reader.row_at(*place)?;
                    // What waited may be gone, and its row another's.
                    rows.extend(row.filter(|row| row.message == *message));
                }
            }
            rows.sort_by_key(|row| std::cmp::Reverse(row.key));
            if let Some(newest) = rows.first() {
                let mailbox = mailboxes.get(&newest.mailbox);
                tellings.push(telling(&rule.how, &rows, newest, mailbox));
            }
            told.push((rule.how.clone(), once));
            asked.waiting = waiting;
        }
        for Rule { rule, waiting, .. } in &mut self.rules {
            let done = |one: &Come| {
                let mut alike = told.iter().filter(|(how, _)| *how == rule.how);
                alike.any(|(_, messages)| messages.contains(&one.message))
            };
            waiting.retain(|one| !done(one));
        }
        Ok(tellings)
    }

    fn remember(&mut self, message: MsgId) {
        if self.known.insert(message) {
            self.order.push_back(message);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

impl Rule {
    fn new(rule: &Notify) -> Rule {
        // It was read when the configuration was.
        let query = rule.query.as_ref().and_then(|q| Query::parse(q).ok());
        let of_text = query.as_ref();
        let of_text = of_text.filter(|query| query.root.names(&Term::needs_text));
        Rule {
            rule: rule.clone(),
            before: of_text.map(|query| Query {
                root: query.root.without(&Term::needs_text),
            }),
            query,
            waiting: Vec::new(),
        }
    }
}

fn ids(all: &[Come]) -> Vec<LocationId> {
    all.iter().map(|one| one.place).collect()
}

/// Those of these that may answer once their texts are here.
fn lacking(reader: &Reader, before: &Query, all: &[Come], now: i64) -> Result<Vec<Come>> {
    let may = reader.worth_telling(&ids(all), Some(before), now)?;
    let mut lacking = Vec::new();
    for one in all {
        if lacking.len() == WAITING {
            break;
        }
        if one.until <= now || !may.contains(&one.place) {
            continue;
        }
        let row = reader.message(one.message)?;
        if row.is_some_and(|row| !row.has_body && row.body_error.is_none()) {
            lacking.push(*one);
        }
    }
    Ok(lacking)
}

fn telling(
    how: &How,
    rows: &[IndexRow],
    newest: &IndexRow,
    mailbox: Option<&MailboxRow>,
) -> Telling {
    let Words { title, body } = words::of(rows, rows.len());
    let of = |text: fn(&MailboxRow) -> &str| Clean::line(mailbox.map_or("", text));
    Telling {
        how: how.clone(),
        title,
        body,
        count: rows.len(),
        newest: [
            ("ACCOUNT", of(|m| m.account.as_str())),
            ("MAILBOX", of(|m| &m.path)),
            ("FROM", words::sender(newest)),
            ("SUBJECT", words::subject(newest)),
        ],
    }
}

/// The minute of the day, on the clock of this machine.
fn minute(now: i64) -> u16 {
    let time = in_zone(now).time();
    let all = i32::from(time.hour()) * 60 + i32::from(time.minute());
    u16::try_from(all).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests;
