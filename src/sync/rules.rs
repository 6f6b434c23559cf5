//! Rules, asked by the worker about what came: after mail was pulled, each message once. What comes
//! is written down first (`local.db`), so that no crash loses or repeats anything; a rule that asks
//! for a message's text waits until that is here, and has it fetched.

use crate::lang::tr;
use crate::model::view::MessageRow;
use crate::model::{AccountName, LocationId, MsgId, Op, Query, Role, Rule};
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
        let (mut queued, mut after) = (0, 0);
        // What waits for its text takes nobody's place.
        loop {
            let arrivals = local.read().arrivals(&kit.account.name, after, AT_ONCE)?;
            let Some(last) = arrivals.last().map(|arrival| arrival.seq) else {
                return Ok(queued);
            };
            let all = arrivals.len() < AT_ONCE;
            queued += self.look_at(session, kit, (local, reader), arrivals)?;
            if all {
                return Ok(queued);
            }
            after = last;
        }
    }

    /// Asks the rules about some of what came.
    fn look_at(
        &mut self,
        session: &mut Connection,
        kit: &Kit,
        (local, reader): (&mut Local, &Reader),
        arrivals: Vec<Arrival>,
    ) -> Result<usize, SyncError> {
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

impl Candidate {
    /// Whether a rule is still to be asked about it.
    fn is_open(&self, rule: &Rule, since: Since) -> bool {
        !self.waits
            && self.arrival.seq > since.seq
            && self.date >= since.at - OLD
            && (self.inbox || rule.names_mailboxes())
            && !self.arrival.asked.contains(&rule.name)
    }

    fn was_asked(&mut self, rule: &Rule) {
        self.arrival.asked.insert(rule.name.clone());
    }
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
        let course = &self.course;
        let open = self.candidates.iter_mut();
        let open = open.filter(|c| c.is_open(rule, since) && !course.is_over(c.location));
        let mut open: Vec<&mut Candidate> = open.collect();
        if rule.needs_body() {
            let texts = Texts {
                kit,
                reader,
                rule,
                course,
            };
            open = texts.here(session, open, &mut self.faults)?;
        }
        let mut about = Vec::new();
        for candidate in open {
            candidate.was_asked(rule);
            about.push((candidate.message, candidate.location));
        }
        if about.is_empty() {
            return Ok(());
        }
        let messages: Vec<MsgId> = about.iter().map(|(message, _)| *message).collect();
        let answering = fitting(reader, &rule.query, &messages)?;
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

/// Where those of these messages lie that answer a query.
fn fitting(
    reader: &Reader,
    query: &Query,
    messages: &[MsgId],
) -> Result<BTreeSet<LocationId>, SyncError> {
    let answering = reader.answering(query, when::now(), Some(messages))?;
    Ok(answering.iter().map(|a| a.location).collect())
}

/// What a rule that asks for a message's text finds of it.
enum Text {
    Here,
    /// It is not here yet.
    Awaited,
    /// It can't be had: nobody waits for it, and it is not asked for once more.
    Refused,
    /// What is known of the message says already that it does not answer.
    NotNeeded,
}

/// The texts that a rule asks for.
struct Texts<'a> {
    kit: &'a Kit,
    reader: &'a Reader,
    rule: &'a Rule,
    course: &'a Course,
}

impl Texts<'_> {
    /// Those of what came whose texts are here. The others wait, or the rule is not about them.
    fn here<'c>(
        &self,
        session: &mut Connection,
        open: Vec<&'c mut Candidate>,
        faults: &mut BTreeSet<String>,
    ) -> Result<Vec<&'c mut Candidate>, SyncError> {
        let messages: Vec<MsgId> = open.iter().map(|c| c.message).collect();
        let may = fitting(self.reader, &self.rule.before_body(), &messages)?;
        let mut here = Vec::new();
        for candidate in open {
            let text = match may.contains(&candidate.location) {
                true => self.of(session, candidate.message)?,
                false => Text::NotNeeded,
            };
            // What this turn has moved is not found where it came any more: it can't wait.
            let text = match text {
                Text::Awaited if self.course.is_moved(candidate.location) => Text::Refused,
                text => text,
            };
            match text {
                Text::Here => here.push(candidate),
                Text::Awaited => candidate.waits = true,
                Text::NotNeeded => candidate.was_asked(self.rule),
                Text::Refused => {
                    candidate.was_asked(self.rule);
                    faults.insert(tr!(
                        "rule \"{rule}\" was not asked about a message whose text can't be had",
                        rule = self.rule.name
                    ));
                }
            }
        }
        Ok(here)
    }

    /// Looks for a message's text, which is fetched if it is not here.
    fn of(&self, session: &mut Connection, message: MsgId) -> Result<Text, SyncError> {
        let text = |row: Option<MessageRow>| match row {
            Some(row) if row.has_body => Text::Here,
            Some(row) if row.body_error.is_some() => Text::Refused,
            _ => Text::Awaited,
        };
        let row = self.reader.message(message)?;
        let fetches = row.as_ref().is_some_and(|row| row.size <= LARGEST);
        match text(row) {
            Text::Awaited if fetches => {
                ondemand::fetch(self.kit, session, message)?;
                Ok(text(self.reader.message(message)?))
            }
            known => Ok(known),
        }
    }
}
