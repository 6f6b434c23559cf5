//! Rules, asked by the worker about what came: after mail was pulled, each message once. What comes
//! is written down first (`local.db`), so that no crash loses or repeats anything; a rule that asks
//! for a message's text waits until that is here, and has it fetched.

use crate::model::{AccountName, LocationId, MsgId, Op, Role, Rule};
use crate::store::{self, Arrival, Asked, Local, Mailbox, Reader, Ruled, Since};
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use crate::sync::ondemand;
use crate::sync::overlay::{self, Layer};
use crate::sync::ruling::{Course, Verdict};
use crate::text::{Clean, when};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that are looked at in one transaction.
const AT_ONCE: usize = 500;
/// Larger texts are not fetched for a rule: it waits until somebody opens the message.
const LARGEST: u64 = 5 << 20;
/// A message that was written and came so long before the rule, in seconds, is an old one that somebody
/// put there: a week.
const OLD: i64 = 7 * 24 * 3600;

/// Asks the rules of an account about what came.
#[derive(Debug, Default)]
pub struct Rules {
    /// Since when each is asked, once this process has looked.
    since: Option<BTreeMap<String, Since>>,
    /// What was told of rules that can't do what they say.
    told: BTreeSet<String>,
}

impl Rules {
    /// Before mail is pulled: which rules there are, and what is here already, which they are not
    /// asked about.
    ///
    /// # Errors
    /// When a database fails.
    pub fn begin(
        &mut self,
        kit: &Kit,
        local: &mut Local,
        reader: &Reader,
    ) -> Result<(), SyncError> {
        if self.since.is_some() {
            return Ok(());
        }
        // What came before a crash belongs to the rules that were known then.
        self.register(kit, local, reader)?;
        let rules: Vec<(String, String)> = arriving(&kit.rules)
            .map(|rule| (rule.name.clone(), rule.text()))
            .collect();
        let account = &kit.account.name;
        self.since = Some(local.know_rules(account, &rules, when::now())?);
        Ok(())
    }

    /// After mail was pulled: asks the rules about what came. Answers how many operations they queued.
    ///
    /// # Errors
    /// When a database fails, or the session ends while a text is fetched.
    pub fn look(
        &mut self,
        session: &mut Connection,
        kit: &Kit,
        local: &mut Local,
        reader: &Reader,
    ) -> Result<usize, SyncError> {
        self.begin(kit, local, reader)?;
        if arriving(&kit.rules).next().is_none() {
            return Ok(0);
        }
        self.register(kit, local, reader)?;
        let arrivals = local.read().arrivals(&kit.account.name, AT_ONCE)?;
        if arrivals.is_empty() {
            return Ok(0);
        }
        let mut turn = Turn::of(kit, reader, arrivals)?;
        for rule in arriving(&kit.rules) {
            let Some(since) = self.since.as_ref().and_then(|s| s.get(&rule.name)) else {
                continue;
            };
            turn.ask(session, kit, reader, rule, *since)?;
        }
        let (ruled, asked, faults) = turn.end();
        let ops = local.ruled(&ruled, &asked, when::now())?;
        for fault in faults {
            if self.told.insert(fault.clone()) {
                kit.report.notice(Clean::line(&fault).as_str());
            }
        }
        if ops.is_empty() {
            return Ok(0);
        }
        let count = ops.len();
        lay(kit, ops)?;
        Ok(count)
    }

    /// Writes down what came since it was looked last.
    fn register(&self, kit: &Kit, local: &mut Local, reader: &Reader) -> Result<(), SyncError> {
        let account = &kit.account.name;
        let everywhere = arriving(&kit.rules).any(Rule::names_mailboxes);
        let any = arriving(&kit.rules).next().is_some();
        for mailbox in reader.mailboxes_of(account)? {
            if !any || !is_asked_about(&mailbox, everywhere) {
                continue;
            }
            let cursor = reader.cursor(mailbox.id)?;
            // Before the first pull has ended everything is what was there before.
            let Some(validity) = cursor.uidvalidity.filter(|_| cursor.uidnext > 0) else {
                continue;
            };
            // A pull that was cut may have brought the newest and left out what is before them.
            let highest = cursor.uidnext.saturating_sub(1);
            let mark = local.read().arrival_mark(account, &mailbox.name)?;
            let known = self.since.is_some() || has_rules(local, account)?;
            match mark.filter(|(marked, _)| *marked == validity && known) {
                Some((_, uid)) if uid >= highest => {}
                Some(mark) => {
                    let since = when::now() - 400 * 24 * 3600;
                    let mut keys = reader.above(mailbox.id, &mailbox.name, mark, since)?;
                    keys.retain(|key| key.uid.get() <= highest);
                    let upto = (validity, highest);
                    local.arrived(account, &mailbox.name, upto, &keys, when::now())?;
                }
                None => {
                    let upto = (validity, highest);
                    local.arrived(account, &mailbox.name, upto, &[], when::now())?;
                }
            }
        }
        Ok(())
    }
}

/// Whether there were rules when it was looked last: else the marks are from before.
fn has_rules(local: &Local, account: &AccountName) -> Result<bool, SyncError> {
    Ok(local.read().has_rules(account)?)
}

/// The rules that are asked about what comes.
fn arriving(rules: &[Rule]) -> impl Iterator<Item = &Rule> {
    rules.iter().filter(|rule| rule.on_arrival)
}

/// Inboxes, and where a rule names mailboxes also those that people or other programs file into.
fn is_asked_about(mailbox: &Mailbox, everywhere: bool) -> bool {
    let filed = matches!(mailbox.role, None | Some(Role::Junk | Role::Archive));
    mailbox.role == Some(Role::Inbox) || (everywhere && mailbox.selectable && filed)
}

fn lay(kit: &Kit, ops: Vec<Op>) -> Result<(), SyncError> {
    overlay::lay(&Layer::of(kit), Vec::new(), ops)
}

/// A message that came, where it lies now.
struct Candidate {
    arrival: Arrival,
    message: MsgId,
    location: LocationId,
    date: i64,
    inbox: bool,
    /// Whether a rule waits for its text: no later one is asked before.
    waits: bool,
}

/// One look at what came.
struct Turn {
    candidates: Vec<Candidate>,
    course: Course,
    ruled: Vec<Ruled>,
    asked: Vec<Asked>,
    faults: BTreeSet<String>,
}

impl Turn {
    fn of(kit: &Kit, reader: &Reader, arrivals: Vec<Arrival>) -> Result<Turn, SyncError> {
        let mut candidates = Vec::new();
        let mut asked = Vec::new();
        for arrival in arrivals {
            let account = &kit.account.name;
            let place = reader.place_of(account, &arrival.key)?;
            let row = place.map(|(id, _)| reader.message(id)).transpose()?;
            let (Some((message, location)), Some(Some(row))) = (place, row) else {
                // Somebody has filed it already.
                asked.push(Asked {
                    seq: arrival.seq,
                    rules: arrival.asked,
                    done: true,
                });
                continue;
            };
            let mailbox = reader.mailbox_named(account, &arrival.key.mailbox)?;
            candidates.push(Candidate {
                arrival,
                message,
                location,
                // Anybody may write any date: then it counts when it came.
                date: reader
                    .came_at(message)?
                    .map_or(row.date, |at| at.max(row.date)),
                inbox: mailbox.is_some_and(|m| m.role == Some(Role::Inbox)),
                waits: false,
            });
        }
        Ok(Turn {
            candidates,
            course: Course::default(),
            ruled: Vec::new(),
            asked,
            faults: BTreeSet::new(),
        })
    }

    /// Asks one rule about all that it was not asked about.
    fn ask(
        &mut self,
        session: &mut Connection,
        kit: &Kit,
        reader: &Reader,
        rule: &Rule,
        since: Since,
    ) -> Result<(), SyncError> {
        let elsewhere = rule.names_mailboxes();
        let mut about = Vec::new();
        for candidate in &mut self.candidates {
            let other = candidate.arrival.seq <= since.seq
                || candidate.date < since.at - OLD
                || !(candidate.inbox || elsewhere)
                || candidate.arrival.asked.contains(&rule.name);
            if candidate.waits || other || self.course.is_over(candidate.location) {
                continue;
            }
            if rule.needs_body() && !has_body(session, kit, reader, candidate.message)? {
                candidate.waits = true;
                continue;
            }
            candidate.arrival.asked.insert(rule.name.clone());
            about.push((candidate.message, candidate.location));
        }
        if about.is_empty() {
            return Ok(());
        }
        let messages: Vec<MsgId> = about.iter().map(|(message, _)| *message).collect();
        let answering = reader.answering(&rule.query, when::now(), Some(&messages))?;
        let answering: BTreeSet<LocationId> = answering.iter().map(|a| a.location).collect();
        let places = about.iter().map(|(_, place)| *place);
        let places: Vec<LocationId> = places.filter(|place| answering.contains(place)).collect();
        let accounts = std::slice::from_ref(&kit.account);
        let verdict = self.course.judge(reader, rule, &places, accounts)?;
        self.faults.extend(verdict.faults.iter().cloned());
        if !verdict.ops.is_empty() {
            self.ruled.push(ruled(reader, &verdict)?);
        }
        Ok(())
    }

    fn end(mut self) -> (Vec<Ruled>, Vec<Asked>, BTreeSet<String>) {
        for candidate in self.candidates {
            self.asked.push(Asked {
                seq: candidate.arrival.seq,
                rules: candidate.arrival.asked,
                done: !candidate.waits,
            });
        }
        (self.ruled, self.asked, self.faults)
    }
}

/// What is written down of what a rule does.
///
/// # Errors
/// When the cache can't be read.
pub fn ruled(reader: &Reader, verdict: &Verdict) -> store::Result<Ruled> {
    let first = verdict.does.first().map(|(target, _)| target.location);
    let about = first.map(|at| reader.subject(at)).transpose()?.flatten();
    Ok(Ruled {
        label: verdict.label(),
        about: about.unwrap_or_default(),
        ops: verdict.ops.clone(),
    })
}

/// Whether a message's text is here; it is fetched if it is not.
fn has_body(
    session: &mut Connection,
    kit: &Kit,
    reader: &Reader,
    message: MsgId,
) -> Result<bool, SyncError> {
    let Some(row) = reader.message(message)? else {
        return Ok(false);
    };
    if row.has_body || row.size > LARGEST {
        return Ok(row.has_body);
    }
    ondemand::fetch(kit, session, message)?;
    Ok(reader.message(message)?.is_some_and(|row| row.has_body))
}
