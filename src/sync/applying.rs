//! Rules that the user has asked about what is here already: what they would change, and changing
//! it. Each rule is one action, and so one step of undo.

use crate::lang::{self, tr, trn};
use crate::model::{Account, Done, LocationId, Role, Rule, Target, WhichRules};
use crate::store::{Answering, Reader, ResolvedTarget};
use crate::sync::error::LedgerError;
use crate::sync::ledger::{After, FAULT, Ledger, Reply};
use crate::sync::ruling::{Course, Verdict};
use crate::sync::{guard, rules};
use crate::text::when;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

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

/// What rules would change, in lines.
///
/// # Errors
/// As [`verdicts`].
fn test(
    reader: &Reader,
    rules: &[Rule],
    which: &WhichRules,
    accounts: &[Account],
    now: i64,
) -> Result<Done, LedgerError> {
    let verdicts = verdicts(reader, rules, which, accounts, now)?;
    let (mut lines, mut more) = (Vec::new(), 0);
    let changed: usize = verdicts.iter().map(|v| v.does.len()).sum();
    for verdict in &verdicts {
        let shown = LINES.saturating_sub(lines.len());
        let heading = (!verdict.does.is_empty()).then(|| lang::told(&verdict.label()).to_owned());
        let all = heading.iter().count() + verdict.does.len() + verdict.faults.len();
        let mut own: Vec<String> = heading.into_iter().take(shown).collect();
        for (target, deeds) in verdict.does.iter().take(shown.saturating_sub(own.len())) {
            let deeds: Vec<String> = deeds.iter().map(ToString::to_string).collect();
            let subject = reader.subject(target.location)?.unwrap_or_default();
            own.push(format!("· {}: {subject}", deeds.join(", ")));
        }
        let left = shown.saturating_sub(own.len());
        own.extend(verdict.faults.iter().take(left).cloned());
        more += all - own.len();
        lines.extend(own);
    }
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

impl Ledger {
    fn verdicts(&self, which: &WhichRules, now: i64) -> Result<Vec<Verdict>, LedgerError> {
        verdicts(&self.reader, &self.rules, which, &self.accounts, now)
    }

    /// What rules would change, in lines.
    pub(super) fn test_rules(&self, which: &WhichRules, now: i64) -> Result<Done, LedgerError> {
        test(&self.reader, &self.rules, which, &self.accounts, now)
    }

    /// The same on a thread of its own: of all mail that may take a while, and nothing is to be recorded.
    pub(super) fn test_rules_aside(&self, which: WhichRules, reply: Reply) {
        let (cache, accounts) = (self.stores.cache.clone(), self.accounts.clone());
        let rules = Arc::clone(&self.rules);
        guard::aside("rules", move || {
            let tested = catch_unwind(AssertUnwindSafe(|| {
                test(
                    &Reader::open(&cache)?,
                    &rules,
                    &which,
                    &accounts,
                    when::now(),
                )
            }));
            let fault = || Err(LedgerError::Refused(lang::of(FAULT).to_owned()));
            reply(
                tested
                    .unwrap_or_else(|_| fault())
                    .map_err(|e| e.to_string()),
            );
        });
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
