//! Commands that change the messages of the open mailbox: STORE, COPY, MOVE, EXPUNGE (RFC 3501
//! §6.4, RFC 4315 UIDPLUS, RFC 6851 MOVE, RFC 7162 CONDSTORE), and APPEND.

use super::answer::{Answer, flags};
use super::give;
use super::reading::named;
use super::session::{Named, Session};
use super::spell;
use crate::model::{FlagChange, Flags, System};
use imap_types::core::Tag;
use imap_types::fetch::MessageDataItem;
use imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_types::sequence::SequenceSet;
use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

const READ_ONLY: &str = "the mailbox is open for reading only";

/// The flags of a command; `\Recent` and unknown system flags are left out.
fn model_flags(all: &[Flag<'_>]) -> Flags {
    let mut flags = Flags::default();
    for f in all {
        flags.insert_wire(&f.to_string());
    }
    flags
}

/// What a STORE asks.
pub struct Store<'a> {
    /// Which messages.
    pub set: &'a SequenceSet,
    /// Whether they are named by UID.
    pub uid: bool,
    /// Add, remove or replace.
    pub kind: StoreType,
    /// Whether the outcome is wanted.
    pub response: StoreResponse,
    /// The flags.
    pub flags: &'a [Flag<'a>],
    /// UNCHANGEDSINCE.
    pub unchanged: Option<u64>,
}

/// STORE and UID STORE.
pub fn store(s: &mut Session, tag: &Tag<'_>, asked: &Store<'_>, out: &mut Answer) {
    if is_read_only(s) {
        return out.no(tag, "", READ_ONLY);
    }
    let Some(named) = named(s, tag, asked.set, asked.uid, out) else {
        return;
    };
    if asked.unchanged.is_some() {
        s.enable_condstore(out);
    }
    let given = model_flags(asked.flags);
    let change = match asked.kind {
        StoreType::Remove => FlagChange {
            add: Flags::default(),
            remove: given.clone(),
        },
        _ => FlagChange {
            add: given.clone(),
            remove: Flags::default(),
        },
    };
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let mut after: Vec<(Named, Flags, u64)> = Vec::new();
    let mut modified: Vec<u32> = Vec::new();
    if let Some((person, name)) = s.opened(&mut world) {
        for n in named {
            let message = person.folders.get(&name).and_then(|f| f.get(n.uid));
            let Some(message) = message else { continue };
            if asked.unchanged.is_some_and(|since| message.modseq > since) {
                modified.push(if asked.uid { n.uid } else { n.seq });
                continue;
            }
            let wanted = match asked.kind {
                StoreType::Replace => given.clone(),
                _ => message.flags.after(&change),
            };
            let Some(now) = person.set_flags(&name, n.uid, wanted) else {
                continue;
            };
            let message = person.folders.get(&name).and_then(|f| f.get(n.uid));
            after.push((n, now, message.map_or(0, |m| m.modseq)));
        }
    }
    world.ring();
    drop(world);
    for (n, now, modseq) in after {
        s.knows(n, modseq);
        let mut items = Vec::new();
        if asked.response != StoreResponse::Silent {
            items.push(MessageDataItem::Flags(flags(&now)));
        }
        // RFC 7162 §3.1.4.2: the mod-sequence is told even where silence was asked for.
        if s.condstore {
            items.extend(NonZeroU64::new(modseq).map(MessageDataItem::ModSeq));
        }
        if (asked.uid || s.qresync) && !items.is_empty() {
            items.extend(NonZeroU32::new(n.uid).map(MessageDataItem::Uid));
        }
        out.fetch(n.seq, items, &[]);
    }
    s.tell(asked.uid, out);
    let code = match modified.is_empty() {
        true => String::new(),
        false => format!("MODIFIED {}", spell::set(&modified)),
    };
    out.ok(tag, &code, "STORE done");
}

/// What a STORE of X-GM-LABELS asks.
pub struct Labels<'a> {
    /// Which messages.
    pub set: &'a SequenceSet,
    /// Whether they are named by UID.
    pub uid: bool,
    /// Adds, removes, or (neither) replaces.
    pub add: Option<bool>,
    /// Whether the outcome is not to be told.
    pub silent: bool,
    /// The labels.
    pub labels: &'a [String],
}

/// STORE of X-GM-LABELS.
pub fn label(s: &mut Session, tag: &Tag<'_>, asked: &Labels<'_>, out: &mut Answer) {
    if is_read_only(s) {
        return out.no(tag, "", READ_ONLY);
    }
    let Some(named) = named(s, tag, asked.set, asked.uid, out) else {
        return;
    };
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    if let Some((person, name)) = s.opened(&mut world) {
        for n in &named {
            person.relabel(&name, n.uid, asked.labels, asked.add);
        }
        for n in named.iter().filter(|_| !asked.silent) {
            let message = person.folders.get(&name).and_then(|f| f.get(n.uid));
            let Some(message) = message else { continue };
            let labels = give::labels(&person.labels(message.email, &name));
            let uid = NonZeroU32::new(n.uid).filter(|_| asked.uid);
            let items = uid.map(MessageDataItem::Uid).into_iter().collect();
            out.fetch(n.seq, items, &[labels]);
        }
    }
    world.ring();
    drop(world);
    s.tell(asked.uid, out);
    out.ok(tag, "", "STORE done");
}

fn is_read_only(s: &Session) -> bool {
    s.view.as_ref().is_some_and(|v| v.read_only)
}

/// COPY, MOVE and their UID forms.
pub fn copy(
    s: &mut Session,
    tag: &Tag<'_>,
    set: &SequenceSet,
    to: &str,
    (uid, moving): (bool, bool),
    out: &mut Answer,
) {
    if moving && is_read_only(s) {
        return out.no(tag, "", READ_ONLY);
    }
    let Some(named) = named(s, tag, set, uid, out) else {
        return;
    };
    let uids: Vec<u32> = named.iter().map(|n| n.uid).collect();
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let Some((person, from)) = s.opened(&mut world) else {
        return out.no(tag, "", "the mailbox is gone");
    };
    let Some(validity) = person.folders.get(to).map(|f| f.validity) else {
        return out.no(tag, "TRYCREATE", "no such mailbox");
    };
    if moving && from == to {
        return out.no(tag, "", "it is there already");
    }
    let done = match moving {
        true => person.shift(&from, &uids, to),
        false => person.copy(&from, &uids, to),
    };
    let Some(pairs) = done else {
        return out.no(tag, "OVERQUOTA", "that mailbox is full");
    };
    world.ring();
    drop(world);
    let (old, new): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
    let code = match s.offers("UIDPLUS") && !old.is_empty() {
        true => format!(
            "COPYUID {validity} {} {}",
            spell::set(&old),
            spell::set(&new)
        ),
        false => String::new(),
    };
    if moving {
        // RFC 6851 §4.3: the code goes before the EXPUNGEs, in an untagged OK.
        if !code.is_empty() {
            out.note(&code, "moved");
        }
        s.tell_own(out);
        let code = highest(s, !old.is_empty());
        out.ok(tag, &code, "MOVE done");
    } else {
        s.tell(true, out);
        out.ok(tag, &code, "COPY done");
    }
}

/// HIGHESTMODSEQ as a code, after messages were removed with QRESYNC enabled (RFC 7162 §3.2.7).
fn highest(s: &Session, removed: bool) -> String {
    if !(s.qresync && removed) {
        return String::new();
    }
    let highest = s.highest(&mut s.shared.world());
    highest.map_or_else(String::new, |h| format!("HIGHESTMODSEQ {h}"))
}

/// EXPUNGE, or UID EXPUNGE of a set: removes what is marked as deleted.
pub fn expunge(s: &mut Session, tag: &Tag<'_>, set: Option<&SequenceSet>, out: &mut Answer) {
    if is_read_only(s) {
        return out.no(tag, "", READ_ONLY);
    }
    let only = match set {
        Some(set) => match named(s, tag, set, true, out) {
            Some(named) => Some(named.iter().map(|n| n.uid).collect::<BTreeSet<_>>()),
            None => return,
        },
        None => None,
    };
    let removed = remove_deleted(s, only.as_ref());
    s.tell_own(out);
    let code = highest(s, removed);
    out.ok(tag, &code, "EXPUNGE done");
}

/// CLOSE: removes what is marked as deleted without a word of each.
pub fn close(s: &mut Session, tag: &Tag<'_>, out: &mut Answer) {
    let removed = !is_read_only(s) && remove_deleted(s, None);
    let code = highest(s, removed);
    s.view = None;
    out.ok(tag, &code, "CLOSE done");
}

/// Removes what is marked as deleted, of these or of all; whether there was any.
fn remove_deleted(s: &Session, only: Option<&BTreeSet<u32>>) -> bool {
    let mut world = s.shared.world();
    let mut removed = false;
    if let Some((person, name)) = s.opened(&mut world) {
        let all = person.folders.get(&name).map(|f| &f.messages[..]);
        let deleted = all.unwrap_or_default().iter().filter(|m| {
            let meant = only.is_none_or(|uids| uids.contains(&m.uid));
            meant && m.flags.system.has(System::DELETED)
        });
        let uids: Vec<u32> = deleted.map(|m| m.uid).collect();
        removed = person.remove(&name, &uids) > 0;
    }
    world.ring();
    removed
}

/// APPEND: puts a message into a mailbox, as the client's own or as a copy.
pub fn append(
    s: &mut Session,
    tag: &Tag<'_>,
    to: &str,
    given: &[Flag<'_>],
    date: i64,
    raw: &[u8],
    out: &mut Answer,
) {
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let person = s.person(&mut world);
    let Some(person) = person.filter(|p| p.folders.contains_key(to)) else {
        return out.no(tag, "TRYCREATE", "no such mailbox");
    };
    if person.used() + raw.len() as u64 > person.quota {
        return out.no(tag, "OVERQUOTA", "there is no room left");
    }
    let Some(uid) = person.add(to, raw.into(), model_flags(given), date) else {
        return out.no(tag, "OVERQUOTA", "that mailbox is full");
    };
    let validity = person.folders.get(to).map_or(0, |f| f.validity);
    world.ring();
    drop(world);
    s.tell(true, out);
    let code = match s.offers("UIDPLUS") {
        true => format!("APPENDUID {validity} {uid}"),
        false => String::new(),
    };
    out.ok(tag, &code, "APPEND done");
}
