//! From a verb and its targets to operations: which mailbox, which flags really change, and what
//! to say about it. Reads the cache, changes nothing.

use crate::lang::{self, tr};
use crate::model::{
    Account, AccountName, ArchiveBy, FlagChange, Flags, MailboxName, MessageKey, NewOp, OpKind,
    Role, System, Target, Verb, tag,
};
use crate::store::{Reader, ResolvedTarget, Result};
use crate::sync::planned::{Planned, What, add, place};
use crate::sync::putoff;
use crate::text::when;
use std::collections::{BTreeMap, BTreeSet};

/// Messages that go to another account in one operation: so many are copied before their originals
/// are removed.
const TOGETHER: usize = 50;

/// Plans a verb.
///
/// # Errors
/// When the cache can't be read.
pub fn ops(
    reader: &Reader,
    accounts: &[Account],
    verb: &Verb,
    targets: &[ResolvedTarget],
) -> Result<Planned> {
    match verb {
        Verb::Flag(change) => Ok(flag(change, targets)),
        Verb::ToggleRead => Ok(toggle(System::SEEN, targets)),
        Verb::ToggleStar => Ok(toggle(System::FLAGGED, targets)),
        Verb::Tag { name, given } => Ok(tagged(accounts, name, *given, targets)),
        Verb::Archive => archive(reader, accounts, targets),
        Verb::Trash => trash(reader, targets),
        Verb::Junk => junk(reader, targets),
        Verb::Move(mailbox) => to_mailbox(reader, targets, *mailbox, false),
        Verb::Copy(mailbox) => to_mailbox(reader, targets, *mailbox, true),
        Verb::Mute => putoff::mute(reader, targets),
        Verb::Snooze(until) => putoff::snooze(reader, targets, *until),
        Verb::Expunge => Ok(expunge(targets)),
    }
}

/// The operations that mark these as read, as far as they are not.
pub fn seen(targets: &[ResolvedTarget]) -> Vec<NewOp> {
    flag(&FlagChange::set(System::SEEN), targets).ops
}

/// The places that an action is about, and what it comes to: a star that is turned over several
/// conversations goes to the newest message of each that has none, as it does of one. `lay_over` adds
/// to the flags of a place what the cache does not show yet.
///
/// # Errors
/// When the cache can't be read, or what `lay_over` says.
pub fn settled(
    reader: &Reader,
    verb: Verb,
    targets: &[Target],
    lay_over: &dyn Fn(&mut ResolvedTarget) -> Result<()>,
) -> Result<(Verb, Vec<ResolvedTarget>)> {
    let resolve = |targets: &[Target]| -> Result<Vec<ResolvedTarget>> {
        let mut found = reader.resolve(targets)?;
        found.iter_mut().try_for_each(lay_over)?;
        Ok(found)
    };
    if verb != Verb::ToggleStar {
        return Ok((verb, resolve(targets)?));
    }
    let (mut all, mut without) = (Vec::new(), Vec::new());
    for target in targets {
        let messages = resolve(std::slice::from_ref(target))?;
        if !messages.iter().any(|t| has(t, System::FLAGGED)) {
            let newest = messages.iter().max_by_key(|t| (t.date, t.location));
            without.extend(newest.cloned());
        }
        all.extend(messages);
    }
    let (change, mut about) = match without.is_empty() {
        true => (FlagChange::clear(System::FLAGGED), all),
        false => (FlagChange::set(System::FLAGGED), without),
    };
    // A conversation and one of its messages may both be selected.
    let mut seen = BTreeSet::new();
    about.retain(|target| seen.insert(target.location));
    Ok((Verb::Flag(change), about))
}

/// Gives all of them a flag, or takes it away where all have it.
fn toggle(flags: System, targets: &[ResolvedTarget]) -> Planned {
    let change = match targets.iter().all(|t| has(t, flags)) {
        true => FlagChange::clear(flags),
        false => FlagChange::set(flags),
    };
    flag(&change, targets)
}

fn has(target: &ResolvedTarget, flags: System) -> bool {
    target.flags.system.has(flags)
}

fn flag(change: &FlagChange, targets: &[ResolvedTarget]) -> Planned {
    flagged(flag_what(change), targets, |_| change.clone())
}

/// Gives all of them a tag or takes it away: as a label where the account has labels, and away
/// however it is spelt. Where an account can't have such a tag, its messages stay without.
fn tagged(
    accounts: &[Account],
    name: &str,
    given: Option<bool>,
    targets: &[ResolvedTarget],
) -> Planned {
    let sought = tag::Sought::new(name);
    let of = |target: &ResolvedTarget| -> BTreeSet<String> {
        let keywords = target.flags.keywords.iter();
        keywords.filter(|k| sought.is(k)).cloned().collect()
    };
    let keyword = |target: &ResolvedTarget| {
        let account = accounts.iter().find(|a| a.name == target.account);
        tag::keyword(name, account.is_some_and(Account::has_labels))
    };
    // One that can't have it must not keep it on the others for ever.
    let lacks = |t: &ResolvedTarget| of(t).is_empty() && keyword(t).is_ok();
    let none = || targets.iter().all(|t| of(t).is_empty());
    let given = given.unwrap_or_else(|| targets.iter().any(lacks) || none());
    let what = if given { What::Tagged } else { What::Untagged };
    flagged(what, targets, |target| {
        let mut change = FlagChange::default();
        let has = of(target);
        if !given {
            change.remove.keywords = has;
        } else if has.is_empty() {
            change.add.keywords.extend(keyword(target));
        }
        change
    })
}

/// Changes the flags of each as is said of it.
fn flagged(
    what: What,
    targets: &[ResolvedTarget],
    change: impl Fn(&ResolvedTarget) -> FlagChange,
) -> Planned {
    let mut ops = Vec::new();
    let mut changed = 0;
    for target in targets {
        // Only what really changes, so that undo puts back exactly what was.
        let real = minimal(&change(target), &target.flags);
        if real != FlagChange::default() {
            add(&mut ops, target, OpKind::Store(real));
            changed += 1;
        }
    }
    Planned {
        ops,
        label: what.label(changed),
        gone: Vec::new(),
        undoable: changed > 0,
    }
}

/// What of a change is one for these flags. Keywords have no case (RFC 9051 §2.3.2): one that is
/// there in another is there, and goes as it is spelt there.
pub fn minimal(change: &FlagChange, now: &Flags) -> FlagChange {
    let has = |all: &BTreeSet<String>, keyword: &str| {
        all.contains(keyword) || all.iter().any(|k| k.eq_ignore_ascii_case(keyword))
    };
    let new = change.add.keywords.iter();
    let add = Flags {
        system: change.add.system & !now.system,
        keywords: new.filter(|k| !has(&now.keywords, k)).cloned().collect(),
    };
    let there = now.keywords.iter();
    let gone = &change.remove.keywords;
    let remove = Flags {
        system: change.remove.system & now.system,
        keywords: there.filter(|k| has(gone, k)).cloned().collect(),
    };
    FlagChange { add, remove }
}

fn flag_what(change: &FlagChange) -> What {
    let (add, remove) = (change.add.system, change.remove.system);
    if add.has(System::SEEN) && add != System::NONE {
        What::Read
    } else if remove != System::NONE && remove.has(System::SEEN) {
        What::Unread
    } else if add != System::NONE && add.has(System::FLAGGED) {
        What::Starred
    } else if remove != System::NONE && remove.has(System::FLAGGED) {
        What::Unstarred
    } else if !change.add.keywords.is_empty() {
        What::Tagged
    } else if !change.remove.keywords.is_empty() {
        What::Untagged
    } else {
        What::Changed
    }
}

/// Moves everything to each account's mailbox of a role, which is made where there is none.
fn by_role(reader: &Reader, targets: &[ResolvedTarget], role: Role, done: What) -> Result<Planned> {
    let mut places: BTreeMap<AccountName, MailboxName> = BTreeMap::new();
    let mut ops = Vec::new();
    let mut gone = Vec::new();
    for target in targets.iter().filter(|t| t.role != Some(role)) {
        let to = match places.get(&target.account) {
            Some(to) => to.clone(),
            None => {
                let to = place(reader, &target.account, role, &mut ops)?;
                places.insert(target.account.clone(), to.clone());
                to
            }
        };
        add(&mut ops, target, OpKind::Move { to });
        gone.push(target.location);
    }
    let label = done.label(gone.len());
    Ok(Planned {
        ops,
        label,
        undoable: !gone.is_empty(),
        gone,
    })
}

/// To each account's archive, divided as the account wants it; what lies in it stays.
fn archive(reader: &Reader, accounts: &[Account], targets: &[ResolvedTarget]) -> Result<Planned> {
    let divided = |name: &AccountName| {
        let account = accounts.iter().find(|a| a.name == *name);
        account.map_or(ArchiveBy::Flat, |a| a.archive)
    };
    let (flat, dated): (Vec<_>, Vec<_>) = targets
        .iter()
        .cloned()
        .partition(|t| divided(&t.account) == ArchiveBy::Flat);
    let mut planned = by_role(reader, &flat, Role::Archive, What::Archived)?;
    let mut places: BTreeMap<(AccountName, String), MailboxName> = BTreeMap::new();
    for target in &dated {
        let (year, month) = when::year_and_month(target.date);
        let levels: Vec<&str> = match divided(&target.account) {
            ArchiveBy::Month => vec![&year, &month],
            _ => vec![&year],
        };
        let key = (target.account.clone(), levels.join("/"));
        let to = match places.get(&key) {
            Some(to) => to.clone(),
            None => {
                let to = below_archive(reader, &target.account, &levels, &mut planned.ops)?;
                places.insert(key, to.clone());
                to
            }
        };
        if to != target.key.mailbox {
            add(&mut planned.ops, target, OpKind::Move { to });
            planned.gone.push(target.location);
        }
    }
    planned.label = What::Archived.label(planned.gone.len());
    planned.undoable = !planned.gone.is_empty();
    Ok(planned)
}

/// The mailbox of these levels below an account's archive; made, with those above it, where there
/// is none. Gmail's All Mail has none below it.
fn below_archive(
    reader: &Reader,
    account: &AccountName,
    levels: &[&str],
    ops: &mut Vec<NewOp>,
) -> Result<MailboxName> {
    let archive = place(reader, account, Role::Archive, ops)?;
    let all = reader.mailboxes_of(account)?;
    let known = all.iter().find(|m| m.name == archive);
    let delimiter = known.or(all.first()).and_then(|m| m.delimiter);
    let Some(delimiter) = delimiter.filter(|_| known.is_none_or(|m| m.role != Some(Role::All)))
    else {
        return Ok(archive);
    };
    let mut name = archive.as_bytes().to_vec();
    for level in levels {
        name.extend(delimiter.to_string().into_bytes());
        name.extend_from_slice(level.as_bytes());
        let made = MailboxName::new(name.clone());
        let create = OpKind::CreateMailbox { name: made.clone() };
        let asked = ops
            .iter()
            .any(|op| op.account == *account && op.kind == create);
        if !asked && all.iter().all(|m| m.name != made) {
            ops.push(NewOp {
                account: account.clone(),
                kind: create,
                keys: Vec::new(),
            });
        }
    }
    Ok(MailboxName::new(name))
}

/// To the trash; what is there already goes for good.
fn trash(reader: &Reader, targets: &[ResolvedTarget]) -> Result<Planned> {
    let (dead, alive): (Vec<_>, Vec<_>) = targets
        .iter()
        .cloned()
        .partition(|t| t.role == Some(Role::Trash));
    let mut planned = by_role(reader, &alive, Role::Trash, What::Trashed)?;
    if !dead.is_empty() {
        let mut ops = Vec::new();
        for target in &dead {
            add(&mut ops, target, OpKind::Expunge);
        }
        let deleted = What::Deleted.label(dead.len());
        planned.label = match alive.is_empty() {
            true => deleted,
            false => lang::kept(|| {
                let (moved, deleted) = (lang::told(&planned.label), lang::told(&deleted));
                tr!("{moved}. {deleted}", moved, deleted)
            }),
        };
        planned.ops.extend(ops);
        planned.gone.extend(dead.iter().map(|t| t.location));
        planned.undoable = !alive.is_empty();
    }
    Ok(planned)
}

/// For good, wherever it lies.
fn expunge(targets: &[ResolvedTarget]) -> Planned {
    let mut ops = Vec::new();
    for target in targets {
        add(&mut ops, target, OpKind::Expunge);
    }
    Planned {
        ops,
        label: What::Deleted.label(targets.len()),
        gone: targets.iter().map(|t| t.location).collect(),
        undoable: false,
    }
}

/// To junk; what is there already goes back to the inbox.
fn junk(reader: &Reader, targets: &[ResolvedTarget]) -> Result<Planned> {
    if targets.iter().all(|t| t.role == Some(Role::Junk)) {
        by_role(reader, targets, Role::Inbox, What::NotJunk)
    } else {
        by_role(reader, targets, Role::Junk, What::Junked)
    }
}

fn to_mailbox(
    reader: &Reader,
    targets: &[ResolvedTarget],
    mailbox: crate::model::MailboxId,
    copy: bool,
) -> Result<Planned> {
    let Some(to) = reader.mailbox(mailbox)? else {
        return Ok(Planned {
            label: tr!("That mailbox is gone").to_owned(),
            ..Planned::default()
        });
    };
    let mut ops = Vec::new();
    let mut gone = Vec::new();
    let mut foreign: BTreeMap<(AccountName, MailboxName, u32), Vec<MessageKey>> = BTreeMap::new();
    for target in targets.iter().filter(|t| t.mailbox != mailbox) {
        if target.account != to.account {
            foreign
                .entry((
                    target.account.clone(),
                    target.key.mailbox.clone(),
                    target.key.uidvalidity.0,
                ))
                .or_default()
                .push(target.key.clone());
            gone.push(target.location);
            continue;
        }
        let kind = if copy {
            OpKind::Copy {
                to: to.name.clone(),
            }
        } else {
            OpKind::Move {
                to: to.name.clone(),
            }
        };
        add(&mut ops, target, kind);
        gone.push(target.location);
    }
    let done = if copy { What::Copied } else { What::Moved };
    let label = done.label(gone.len());
    for ((from, _, _), keys) in foreign {
        for keys in keys.chunks(TOGETHER) {
            let kind = OpKind::Carry {
                from: from.clone(),
                to: to.name.clone(),
            };
            ops.push(NewOp {
                account: to.account.clone(),
                kind,
                keys: keys.to_vec(),
            });
            if !copy {
                ops.push(NewOp {
                    account: from.clone(),
                    kind: OpKind::Vacate,
                    keys: keys.to_vec(),
                });
            }
        }
    }
    let undoable = !gone.is_empty() && !copy;
    Ok(Planned {
        ops,
        label,
        gone: if copy { Vec::new() } else { gone },
        undoable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_that_a_server_spells_otherwise_are_the_same() {
        let now = Flags {
            keywords: ["$LABEL1".to_owned(), "rust".to_owned()].into(),
            ..Flags::default()
        };
        let change = |add: &str, remove: &str| {
            let mut change = FlagChange::default();
            change.add.insert_wire(add);
            change.remove.insert_wire(remove);
            minimal(&change, &now)
        };
        assert_eq!(change("$label1", "Rust").add, Flags::default());
        assert_eq!(change("$label1", "Rust").remove.to_wire(), ["rust"]);
        assert_eq!(change("$label2", "x").add.to_wire(), ["$label2"]);
    }
}
