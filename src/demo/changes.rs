//! Commands on the messages of the open mailbox: FETCH, STORE, COPY, MOVE, EXPUNGE, SEARCH
//! (RFC 3501 §6.4, RFC 4315 UIDPLUS, RFC 6851 MOVE), and APPEND.

use super::answer::{Answer, flags, uid_set};
use super::fetch;
use super::search::Candidate;
use super::session::{Named, Session};
use crate::model::{FlagChange, Flags, System};
use imap_types::core::{Tag, Vec1};
use imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName};
use imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_types::response::{Code, Data};
use imap_types::search::SearchKey;
use imap_types::sequence::SequenceSet;
use std::num::NonZeroU32;
use std::sync::Arc;

/// How many bytes of an answer are gathered before they go out.
const CHUNK: usize = 256 * 1024;

/// Sends what has been gathered; `false` if the client is gone.
pub type Flush<'a> = &'a mut dyn FnMut(&mut Answer) -> bool;

/// The messages named, or the answer that there are no such messages.
fn named(
    s: &Session,
    tag: &Tag<'_>,
    set: &SequenceSet,
    uid: bool,
    out: &mut Answer,
) -> Option<Vec<Named>> {
    let found = s.named(set, uid);
    if found.is_none() {
        out.bad(Some(tag), "no such message");
    }
    found
}

/// FETCH and UID FETCH.
pub fn fetch(
    s: &mut Session,
    tag: &Tag<'_>,
    set: &SequenceSet,
    names: MacroOrMessageDataItemNames<'_>,
    uid: bool,
    out: &mut Answer,
    flush: Flush<'_>,
) {
    let mut names: Vec<MessageDataItemName<'_>> = match &names {
        MacroOrMessageDataItemNames::Macro(m) => m.expand(),
        MacroOrMessageDataItemNames::MessageDataItemNames(all) => all.clone(),
    };
    if uid && !names.contains(&MessageDataItemName::Uid) {
        names.insert(0, MessageDataItemName::Uid);
    }
    let unknown = |n: &MessageDataItemName<'_>| {
        matches!(
            n,
            MessageDataItemName::Binary { .. }
                | MessageDataItemName::BinarySize { .. }
                | MessageDataItemName::ModSeq
        )
    };
    if names.iter().any(unknown) {
        return out.bad(Some(tag), "BINARY and CONDSTORE are not offered");
    }
    let Some(named) = named(s, tag, set, uid, out) else {
        return;
    };
    let reads =
        names.iter().any(fetch::marks_seen) && s.view.as_ref().is_some_and(|v| !v.read_only);
    let shared = Arc::clone(&s.shared);
    let mut marked = false;
    for n in named {
        let mut world = shared.world();
        let Some(folder) = s.folder(&mut world) else {
            break;
        };
        let seen = FlagChange::set(System::SEEN);
        let unread = folder
            .get(n.uid)
            .is_some_and(|m| !m.flags.system.has(System::SEEN));
        let mark = reads && unread;
        if mark {
            folder.change(n.uid, &seen);
            marked = true;
        }
        let Some(message) = folder.get(n.uid).cloned() else {
            continue;
        };
        drop(world);
        let mut items = fetch::items(&message, &names);
        if mark && !names.contains(&MessageDataItemName::Flags) {
            items.push(MessageDataItem::Flags(flags(&message.flags)));
        }
        if mark || names.contains(&MessageDataItemName::Flags) {
            s.knows_flags(n, &message.flags);
        }
        if let (Some(seq), Ok(items)) = (NonZeroU32::new(n.seq), Vec1::try_from(items)) {
            out.data(Data::Fetch { seq, items });
        }
        if out.waiting() > CHUNK && !flush(out) {
            s.over = true;
            return;
        }
    }
    if marked {
        shared.world().ring();
    }
    s.tell(uid, out);
    out.ok(tag, None, "FETCH done");
}

/// The flags of a command; `\Recent` and unknown system flags are left out.
fn model_flags(all: &[Flag<'_>]) -> Flags {
    let mut flags = Flags::default();
    for f in all {
        flags.insert_wire(&f.to_string());
    }
    flags
}

/// STORE and UID STORE.
pub fn store(
    s: &mut Session,
    tag: &Tag<'_>,
    set: &SequenceSet,
    (kind, response): (StoreType, StoreResponse),
    given: &[Flag<'_>],
    uid: bool,
    out: &mut Answer,
) {
    if s.view.as_ref().is_some_and(|v| v.read_only) {
        return out.no(tag, "", "the mailbox is open for reading only");
    }
    let Some(named) = named(s, tag, set, uid, out) else {
        return;
    };
    let given = model_flags(given);
    let change = match kind {
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
    let mut after: Vec<(Named, Flags)> = Vec::new();
    if let Some(folder) = s.folder(&mut world) {
        for n in named {
            let now = match kind {
                StoreType::Replace => folder.replace(n.uid, &given),
                _ => folder.change(n.uid, &change),
            };
            after.extend(now.map(|f| (n, f)));
        }
    }
    world.ring();
    drop(world);
    for (n, now) in after {
        s.knows_flags(n, &now);
        if response == StoreResponse::Silent {
            continue;
        }
        let (Some(seq), Some(number)) = (NonZeroU32::new(n.seq), NonZeroU32::new(n.uid)) else {
            continue;
        };
        let mut items = vec![MessageDataItem::Flags(flags(&now))];
        if uid {
            items.push(MessageDataItem::Uid(number));
        }
        if let Ok(items) = Vec1::try_from(items) {
            out.data(Data::Fetch { seq, items });
        }
    }
    s.tell(uid, out);
    out.ok(tag, None, "STORE done");
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
    if moving && s.view.as_ref().is_some_and(|v| v.read_only) {
        return out.no(tag, "", "the mailbox is open for reading only");
    }
    let Some(named) = named(s, tag, set, uid, out) else {
        return;
    };
    let uids: Vec<u32> = named.iter().map(|n| n.uid).collect();
    let Some(from) = s.view.as_ref().map(|v| v.mailbox.clone()) else {
        return out.bad(Some(tag), "no mailbox is open");
    };
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let open = s.folder(&mut world).is_some();
    let person = s.who.as_deref().and_then(|w| world.person(w));
    let Some(person) = person.filter(|_| open) else {
        return out.no(tag, "", "the mailbox is gone");
    };
    let Some(validity) = person.folders.get(to).map(|f| f.validity) else {
        return out.no(tag, "TRYCREATE", "no such mailbox");
    };
    if moving && from == to {
        return out.no(tag, "", "it is there already");
    }
    let Some(pairs) = person.copy(&from, &uids, to) else {
        return out.no(tag, "OVERQUOTA", "that mailbox is full");
    };
    let (old, new): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
    if moving {
        person.remove(&from, &old);
    }
    world.ring();
    drop(world);
    let sets = (NonZeroU32::new(validity), uid_set(&old), uid_set(&new));
    let code = match sets {
        (Some(uid_validity), Some(source), Some(destination)) => Some(Code::CopyUid {
            uid_validity,
            source,
            destination,
        }),
        _ => None,
    };
    if moving {
        // RFC 6851 §4.3: the code goes before the EXPUNGEs, in an untagged OK.
        if let Some(code) = code {
            out.note(code, "moved");
        }
        s.tell(true, out);
        out.ok(tag, None, "MOVE done");
    } else {
        s.tell(true, out);
        out.ok(tag, code, "COPY done");
    }
}

/// EXPUNGE, or UID EXPUNGE of a set: removes what is marked as deleted.
pub fn expunge(s: &mut Session, tag: &Tag<'_>, set: Option<&SequenceSet>, out: &mut Answer) {
    if s.view.as_ref().is_some_and(|v| v.read_only) {
        return out.no(tag, "", "the mailbox is open for reading only");
    }
    let only = match set {
        Some(set) => match named(s, tag, set, true, out) {
            Some(named) => Some(named.iter().map(|n| n.uid).collect::<Vec<_>>()),
            None => return,
        },
        None => None,
    };
    remove_deleted(s, only.as_deref());
    s.tell(true, out);
    out.ok(tag, None, "EXPUNGE done");
}

/// Removes what is marked as deleted, of these or of all.
pub fn remove_deleted(s: &Session, only: Option<&[u32]>) {
    let mut world = s.shared.world();
    if let Some(folder) = s.folder(&mut world) {
        folder.messages.retain(|m| {
            let meant = only.is_none_or(|uids| uids.contains(&m.uid));
            !(meant && m.flags.system.has(System::DELETED))
        });
    }
    world.ring();
}

/// SEARCH and UID SEARCH.
pub fn search(s: &mut Session, tag: &Tag<'_>, keys: &[SearchKey<'_>], uid: bool, out: &mut Answer) {
    let mut found = Vec::new();
    {
        let mut world = s.shared.world();
        let known = s.view.as_ref().map(|v| &v.known[..]).unwrap_or_default();
        let count = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let last_uid = known.last().map_or(0, |(u, _)| *u);
        if let Some(folder) = s.folder(&mut world) {
            for (seq, (number, _)) in (1..).zip(known) {
                let Some(message) = folder.get(*number) else {
                    continue;
                };
                let candidate = Candidate {
                    message,
                    seq,
                    count,
                    last_uid,
                };
                if keys.iter().all(|k| candidate.matches(k)) {
                    found.extend(NonZeroU32::new(if uid { *number } else { seq }));
                }
            }
        }
    }
    out.data(Data::Search(found, None));
    s.tell(uid, out);
    out.ok(tag, None, "SEARCH done");
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
    let person = s.who.as_deref().and_then(|w| world.person(w));
    let Some(folder) = person.and_then(|p| p.folders.get_mut(to)) else {
        return out.no(tag, "TRYCREATE", "no such mailbox");
    };
    let Some(uid) = folder.add(raw.into(), model_flags(given), date) else {
        return out.no(tag, "OVERQUOTA", "that mailbox is full");
    };
    let numbers = (NonZeroU32::new(folder.validity), NonZeroU32::new(uid));
    world.ring();
    drop(world);
    s.tell(true, out);
    let code = match numbers {
        (Some(uid_validity), Some(uid)) => Some(Code::AppendUid { uid_validity, uid }),
        _ => None,
    };
    out.ok(tag, code, "APPEND done");
}
