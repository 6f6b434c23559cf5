//! Rules that the user has asked about what is here already: what they would change, and changing
//! it. Each rule is one action, and so one step of undo.

use crate::lang::{self, tr, trn};
use crate::model::{Account, Done, LocationId, Role, Rule, Target, WhichRules};
use crate::store::{Answering, Reader, ResolvedTarget};
use crate::sync::error::LedgerError;
use crate::sync::ledger::{After, Ledger};
use crate::sync::rules;
use crate::sync::ruling::{Course, Verdict};

/// Lines that tell what rules would do, at most.
const LINES: usize = 200;

/// What rules would do to what is here: in inboxes, or where a rule names mailboxes itself.
///
/// # Errors
/// No rule at all or not this one, or the cache can't be read.
pub fn verdicts(
    reader: &Reader,
    rules: &[Rule],
    which: &WhichRules,
    accounts: &[Account],
    now: i64,
) -> Result<Vec<Verdict>, LedgerError> {
    if rules.is_empty() {
        let told = tr!("there are no rules yet; docs/rules.md tells how to write one");
        return Err(LedgerError::Refused(told.to_owned()));
    }
    let asked = |rule: &&Rule| which.name.as_ref().is_none_or(|name| rule.name == *name);
    let rules: Vec<&Rule> = rules.iter().filter(asked).collect();
    if let (true, Some(name)) = (rules.is_empty(), &which.name) {
        let told = tr!("there is no rule \"{rule}\"", rule = name.escape_debug());
        return Err(LedgerError::Refused(told));
    }
    let mut course = Course::default();
    let mut all = Vec::new();
    for rule in rules {
        let found = reader.answering(&rule.query, now, None)?;
        let fresh = |a: &&Answering| which.since.is_none_or(|since| a.date >= since);
        let targets = found.iter().filter(fresh);
        let targets: Vec<Target> = targets.map(|a| Target::Location(a.location)).collect();
        let here = |t: &&ResolvedTarget| rule.names_mailboxes() || t.role == Some(Role::Inbox);
        let targets = reader.resolve(&targets)?;
        let places: Vec<LocationId> = targets.iter().filter(here).map(|t| t.location).collect();
        all.push(course.judge(reader, rule, &places, accounts)?);
    }
    Ok(all)
}

impl Ledger {
    fn verdicts(&self, which: &WhichRules, now: i64) -> Result<Vec<Verdict>, LedgerError> {
        verdicts(&self.reader, &self.rules, which, &self.accounts, now)
    }

    /// What rules would change, in lines.
    pub(super) fn test_rules(&self, which: &WhichRules, now: i64) -> Result<Done, LedgerError> {
        let verdicts = self.verdicts(which, now)?;
        let mut lines = Vec::new();
        let changed: usize = verdicts.iter().map(|v| v.does.len()).sum();
        for verdict in &verdicts {
            if !verdict.does.is_empty() {
                lines.push(lang::told(&verdict.label()).to_owned());
            }
            for (target, deeds) in &verdict.does {
                let deeds: Vec<String> = deeds.iter().map(ToString::to_string).collect();
                let subject = self.reader.subject(target.location)?.unwrap_or_default();
                lines.push(format!("· {}: {subject}", deeds.join(", ")));
            }
            lines.extend(verdict.faults.iter().cloned());
        }
        let more = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        if more > 0 {
            lines.push(trn!(n = more, "and {n} lines more", "and {n} lines more"));
        }
        let label = match changed {
            0 => tr!("The rules would change nothing").to_owned(),
            n => trn!(
                n,
                "The rules would change {n} message",
                "The rules would change {n} messages"
            ),
        };
        Ok(Done {
            lines,
            ..Done::said(label)
        })
    }

    /// Has rules do what they say.
    pub(super) fn apply_rules(
        &mut self,
        which: &WhichRules,
        now: i64,
        after: &mut After,
    ) -> Result<Done, LedgerError> {
        let verdicts = self.verdicts(which, now)?;
        let (mut done, mut lines) = (Done::default(), Vec::new());
        let mut changed = 0;
        for verdict in &verdicts {
            lines.extend(verdict.faults.iter().cloned());
            if verdict.ops.is_empty() {
                continue;
            }
            let ruled = rules::ruled(&self.reader, verdict)?;
            let acted = self
                .local
                .act_on(&ruled.label, &ruled.about, now, &ruled.ops)?;
            after.apply.extend(acted.1);
            changed += verdict.does.len();
            let moved = verdict.does.iter();
            let moved = moved.filter(|(_, deeds)| deeds.iter().any(|deed| deed.moves()));
            done.gone.extend(moved.map(|(target, _)| target.location));
        }
        if changed == 0 {
            self.local.nothing_done(now)?;
        }
        done.label = match changed {
            0 => tr!("The rules changed nothing").to_owned(),
            n => trn!(
                n,
                "The rules changed {n} message",
                "The rules changed {n} messages"
            ),
        };
        if let Some(fault) = lines.first() {
            done.label.push_str(&format!("; {fault}"));
        }
        done.undoable = changed > 0;
        done.lines = lines;
        Ok(done)
    }
}
