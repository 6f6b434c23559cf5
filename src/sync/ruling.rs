//! From rules and the messages that answer them to operations: in the order of the rules, each
//! message moved at most once, flags changed only where they differ. Reads the cache, changes
//! nothing, so that a dry run is the same as the real one up to its last step.

use crate::lang::{self, tr, trn};
use crate::model::{
    Account, AccountName, Deed, FlagChange, Flags, LocationId, NewOp, OpKind, Role, Rule, System,
    Target, Verb, tag,
};
use crate::store::{Mailbox, Reader, ResolvedTarget, Result};
use crate::sync::intend;
use std::collections::{BTreeMap, BTreeSet};

/// What one rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The rule's name.
    pub rule: String,
    /// What it does to each of its messages, as far as that changes anything.
    pub does: Vec<(ResolvedTarget, Vec<Deed>)>,
    /// The operations.
    pub ops: Vec<NewOp>,
    /// What it can't do, in words.
    pub faults: BTreeSet<String>,
}

impl Verdict {
    /// What is said of it; [`kept`](lang::kept).
    pub fn label(&self) -> String {
        lang::kept(|| {
            trn!(
                n = self.does.len(),
                "Rule {rule}: {n} message",
                "Rule {rule}: {n} messages",
                rule = self.rule
            )
        })
    }
}

/// What rules did so far: a message that a rule stopped at is not asked about again, one that was
/// moved stays there, and flags are as the rules before left them.
#[derive(Debug, Default)]
pub struct Course {
    stopped: BTreeSet<LocationId>,
    moved: BTreeSet<LocationId>,
    flags: BTreeMap<LocationId, Flags>,
}

impl Course {
    /// Whether no other rule is asked about a message.
    pub fn is_over(&self, location: LocationId) -> bool {
        self.stopped.contains(&location)
    }

    /// Whether a rule has moved a message.
    pub fn is_moved(&self, location: LocationId) -> bool {
        self.moved.contains(&location)
    }

    /// What a rule does to these places, which answer its query, in these accounts.
    ///
    /// # Errors
    /// When the cache can't be read.
    pub fn judge(
        &mut self,
        reader: &Reader,
        rule: &Rule,
        places: &[LocationId],
        accounts: &[Account],
    ) -> Result<Verdict> {
        let open = places.iter().filter(|place| !self.is_over(**place));
        let targets: Vec<Target> = open.map(|place| Target::Location(*place)).collect();
        let mut targets = reader.resolve(&targets)?;
        for target in &mut targets {
            if let Some(flags) = self.flags.get(&target.location) {
                target.flags.clone_from(flags);
            }
        }
        if rule.stops() {
            self.stopped.extend(targets.iter().map(|t| t.location));
        }
        let mut work = Work {
            reader,
            accounts,
            known: BTreeMap::new(),
            does: BTreeMap::new(),
            flags: BTreeMap::new(),
            verdict: Verdict {
                rule: rule.name.clone(),
                does: Vec::new(),
                ops: Vec::new(),
                faults: BTreeSet::new(),
            },
        };
        // Flags first, so that copies have them, and what moves is moved at the end.
        work.flags(rule, &targets);
        for deed in &rule.deeds {
            if let Deed::Copy(to) = deed {
                work.file_in(deed, to, &targets, true)?;
            }
        }
        let staying: Vec<ResolvedTarget> = targets
            .iter()
            .filter(|t| !self.is_moved(t.location))
            .cloned()
            .collect();
        for deed in rule.deeds.iter().filter(|deed| deed.moves()) {
            match deed {
                Deed::Move(to) => work.file_in(deed, to, &staying, false)?,
                Deed::Archive => work.by_role(deed, Verb::Archive, Role::Archive, &staying)?,
                Deed::Junk => work.by_role(deed, Verb::Junk, Role::Junk, &staying)?,
                Deed::Trash => work.by_role(deed, Verb::Trash, Role::Trash, &staying)?,
                _ => {}
            }
        }
        let moved = work.does.values();
        let moved = moved.filter(|(_, deeds)| deeds.iter().any(Deed::moves));
        self.moved.extend(moved.map(|(t, _)| t.location));
        self.flags.extend(work.flags);
        work.verdict.does = work.does.into_values().collect();
        Ok(work.verdict)
    }
}

struct Work<'a> {
    reader: &'a Reader,
    accounts: &'a [Account],
    known: BTreeMap<AccountName, Vec<Mailbox>>,
    does: BTreeMap<LocationId, (ResolvedTarget, Vec<Deed>)>,
    /// What the flags are after this rule, where it changes any.
    flags: BTreeMap<LocationId, Flags>,
    verdict: Verdict,
}

impl Work<'_> {
    fn note(&mut self, target: &ResolvedTarget, deed: &Deed) {
        let entry = self.does.entry(target.location);
        let (_, deeds) = entry.or_insert_with(|| (target.clone(), Vec::new()));
        deeds.push(deed.clone());
    }

    fn flags(&mut self, rule: &Rule, targets: &[ResolvedTarget]) {
        for target in targets {
            let account = self.accounts.iter().find(|a| a.name == target.account);
            let labels = account.is_some_and(Account::has_labels);
            let mut now = target.flags.clone();
            let mut did = Vec::new();
            for deed in &rule.deeds {
                let change = match change(deed, labels, &now) {
                    Ok(Some(change)) => intend::minimal(&change, &now),
                    Ok(None) => continue,
                    Err(why) => {
                        let fault = tr!(
                            "rule \"{rule}\", {deed}: {why}",
                            rule = rule.name,
                            deed,
                            why
                        );
                        self.verdict.faults.insert(fault);
                        continue;
                    }
                };
                if change != FlagChange::default() {
                    now = now.after(&change);
                    did.push((deed, change));
                }
            }
            // What one deed does and the next takes back is nothing, also for undo.
            let all = did.iter().map(|(_, change)| change);
            let all = all.fold(FlagChange::default(), |all, change| all.and(change));
            let all = intend::minimal(&all, &target.flags);
            if all != FlagChange::default() {
                did.iter().for_each(|(deed, _)| self.note(target, deed));
                self.flags.insert(target.location, now);
                let key = target.key.clone();
                NewOp::put(
                    &mut self.verdict.ops,
                    &target.account,
                    OpKind::Store(all),
                    key,
                );
            }
        }
    }

    fn file_in(
        &mut self,
        deed: &Deed,
        to: &str,
        targets: &[ResolvedTarget],
        copy: bool,
    ) -> Result<()> {
        for target in targets {
            let Some(mailbox) = self.mailbox(&target.account, to)? else {
                let fault = tr!(
                    "rule \"{rule}\": there is no mailbox `{to}` in {account}",
                    rule = self.verdict.rule,
                    to,
                    account = target.account
                );
                self.verdict.faults.insert(fault);
                continue;
            };
            if mailbox.id == target.mailbox {
                continue;
            }
            let to = mailbox.name;
            let kind = if copy {
                OpKind::Copy { to }
            } else {
                OpKind::Move { to }
            };
            let key = target.key.clone();
            NewOp::put(&mut self.verdict.ops, &target.account, kind, key);
            self.note(target, deed);
        }
        Ok(())
    }

    fn by_role(
        &mut self,
        deed: &Deed,
        verb: Verb,
        role: Role,
        targets: &[ResolvedTarget],
    ) -> Result<()> {
        // From Junk back, or from Trash for good: that is for people to say.
        let elsewhere = targets.iter().filter(|t| t.role != Some(role)).cloned();
        let elsewhere: Vec<ResolvedTarget> = elsewhere.collect();
        let planned = intend::ops(self.reader, self.accounts, &verb, &elsewhere)?;
        self.verdict.ops.extend(planned.ops);
        for target in elsewhere
            .iter()
            .filter(|t| planned.gone.contains(&t.location))
        {
            self.note(target, deed);
        }
        Ok(())
    }

    /// An account's mailbox by its path, also as the server writes it, its last level or its role;
    /// without regard to case.
    fn mailbox(&mut self, account: &AccountName, name: &str) -> Result<Option<Mailbox>> {
        if !self.known.contains_key(account) {
            let all = self.reader.mailboxes_of(account)?;
            self.known.insert(account.clone(), all);
        }
        let all = self.known.get(account).map_or(&[][..], Vec::as_slice);
        let all = || all.iter().filter(|m| m.selectable);
        let wanted = name.to_lowercase();
        let path = |m: &&Mailbox| m.path.to_lowercase() == wanted;
        let last = |m: &&Mailbox| m.path.to_lowercase().rsplit('/').next() == Some(&wanted);
        let role = |m: &&Mailbox| m.role.is_some_and(|role| role.name() == wanted);
        // As scripts of its filter say it.
        let theirs = |m: &&Mailbox| m.server_path().is_some_and(|p| p.to_lowercase() == wanted);
        let found = all().find(path).or_else(|| all().find(theirs));
        let found = found.or_else(|| all().find(role));
        Ok(found.or_else(|| all().find(last)).cloned())
    }
}

/// What a deed changes in flags, if it changes any; `now`: those of the message.
fn change(
    deed: &Deed,
    labels: bool,
    now: &Flags,
) -> std::result::Result<Option<FlagChange>, &'static str> {
    let keyword = |name: &str| -> std::result::Result<Flags, &'static str> {
        let mut flags = Flags::default();
        flags.keywords.insert(tag::keyword(name, labels)?);
        Ok(flags)
    };
    let with = |add: Flags, remove: Flags| Some(FlagChange { add, remove });
    Ok(match deed {
        Deed::Flag => Some(FlagChange::set(System::FLAGGED)),
        Deed::Unflag => Some(FlagChange::clear(System::FLAGGED)),
        Deed::Read => Some(FlagChange::set(System::SEEN)),
        Deed::Unread => Some(FlagChange::clear(System::SEEN)),
        // Other programs may have written the same tag otherwise.
        Deed::Tag(name) => {
            let add = keyword(name)?;
            let has = now.keywords.iter().any(|k| tag::is(k, name));
            with(if has { Flags::default() } else { add }, Flags::default())
        }
        Deed::Untag(name) => {
            let mut remove = keyword(name)?;
            let there = now.keywords.iter().filter(|k| tag::is(k, name));
            remove.keywords.extend(there.cloned());
            with(Flags::default(), remove)
        }
        Deed::Mute => {
            let mut flags = Flags::default();
            flags.keywords.insert("$muted".to_owned());
            with(flags, Flags::default())
        }
        _ => None,
    })
}
