//! Which new mail is to be told of, and by which rule.
//!
//! Not what came while it was read elsewhere, not what is muted, not what a first sync or a move
//! brought, and nothing twice. Mail in Sent, Drafts, Junk and Trash is nobody's news; without a
//! query of its own, a rule is about inboxes alone.

use super::words::{self, Words};
use crate::config::{How, Notify};
use crate::model::query::period::in_zone;
use crate::model::view::{IndexRow, MailboxRow};
use crate::model::{LocationId, MailboxId, MsgId, Query, Role};
use crate::store::{Marks, Reader, Result};
use crate::text::Clean;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Messages that were told of or passed over, and are remembered.
const REMEMBERED: usize = 20_000;

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
        let rules = rules.iter().map(|rule| Rule {
            rule: rule.clone(),
            // It was read when the configuration was.
            query: rule.query.as_ref().and_then(|q| Query::parse(q).ok()),
        });
        Watch {
            rules: rules.collect(),
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
        if arrived.is_empty() {
            return Ok(Vec::new());
        }
        let mailboxes: BTreeMap<MailboxId, MailboxRow> = reader
            .mailboxes()?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let mut places: Vec<(LocationId, MsgId, &MailboxRow)> = Vec::new();
        let mut met = BTreeSet::new();
        for one in &arrived {
            let Some(mailbox) = mailboxes.get(&one.mailbox) else {
                continue;
            };
            // Where it was met before this look, it was moved here.
            if !self.known.contains(&one.message) {
                met.insert(one.message);
                places.push((one.location, one.message, mailbox));
            }
        }
        for message in met {
            self.remember(message);
        }
        let minute = minute(now);
        let mut told: Vec<(How, BTreeSet<MsgId>)> = Vec::new();
        let mut tellings = Vec::new();
        for Rule { rule, query } in &self.rules {
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
            let own: Vec<LocationId> = places
                .iter()
                .filter(|(_, _, mailbox)| fits(mailbox))
                .map(|(place, _, _)| *place)
                .collect();
            let worth = reader.worth_telling(&own, query.as_ref(), now)?;
            // Two rules may be about the same mail.
            let already: BTreeSet<MsgId> = told
                .iter()
                .filter(|(how, _)| *how == rule.how)
                .flat_map(|(_, messages)| messages.iter().copied())
                .collect();
            let mut once = BTreeSet::new();
            let mut rows: Vec<IndexRow> = Vec::new();
            for (place, message, _) in &places {
                if worth.contains(place) && !already.contains(message) && once.insert(*message) {
                    rows.extend(reader.row_at(*place)?);
                }
            }
            rows.sort_by_key(|row| std::cmp::Reverse(row.key));
            if let Some(newest) = rows.first() {
                let mailbox = mailboxes.get(&newest.mailbox);
                tellings.push(telling(&rule.how, &rows, newest, mailbox));
            }
            told.push((rule.how.clone(), once));
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
