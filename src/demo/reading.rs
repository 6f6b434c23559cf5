//! FETCH and SEARCH of the open mailbox (RFC 3501 §6.4, RFC 7162 CONDSTORE and QRESYNC, RFC 4731
//! ESEARCH, RFC 5182 SEARCHRES).

use super::answer::{Answer, flags};
use super::ask::{About, Extra, Item, Key, Returns};
use super::fetch;
use super::folder::Stored;
use super::give::{self, email_id, thread_id};
use super::opening::vanished;
use super::person::Person;
use super::search::{Candidate, ranges};
use super::session::{Named, Session, count};
use super::spell;
use crate::model::System;
use imap_types::command::FetchModifier;
use imap_types::core::Tag;
use imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName};
use imap_types::search::SearchKey;
use imap_types::sequence::SequenceSet;
use std::num::NonZeroU64;
use std::sync::Arc;

/// How many bytes of an answer are gathered before they go out.
const CHUNK: usize = 256 * 1024;

/// Sends what has been gathered; `false` if the client is gone.
pub type Flush<'a> = &'a mut dyn FnMut(&mut Answer) -> bool;

/// The messages named, or the answer that there are no such messages.
pub fn named(
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

/// What a FETCH asks.
pub struct Fetch<'a> {
    /// Which messages.
    pub set: &'a SequenceSet,
    /// Whether they are named by UID.
    pub uid: bool,
    /// What of them.
    pub names: MacroOrMessageDataItemNames<'a>,
    /// What imap-codec does not know of it.
    pub extra: &'a Extra,
    /// What stands in parentheses behind.
    pub modifiers: Vec<FetchModifier>,
}

/// FETCH and UID FETCH.
pub fn fetch(s: &mut Session, tag: &Tag<'_>, asked: Fetch<'_>, out: &mut Answer, flush: Flush<'_>) {
    let mut names: Vec<MessageDataItemName<'_>> = match &asked.names {
        MacroOrMessageDataItemNames::Macro(m) => m.expand(),
        MacroOrMessageDataItemNames::MessageDataItemNames(all) => all.clone(),
    };
    let mut since = None;
    let mut earlier = false;
    for modifier in &asked.modifiers {
        match modifier {
            FetchModifier::ChangedSince(modseq) => since = Some(modseq.get()),
            FetchModifier::Vanished => earlier = true,
        }
    }
    if earlier && since.is_none() {
        return out.bad(Some(tag), "VANISHED goes with CHANGEDSINCE");
    }
    let mut add = |name: MessageDataItemName<'static>, wanted: bool| {
        if wanted && !names.contains(&name) {
            names.insert(0, name);
        }
    };
    add(MessageDataItemName::Uid, asked.uid);
    add(MessageDataItemName::ModSeq, since.is_some());
    let Some(mut all) = named(s, tag, asked.set, asked.uid, out) else {
        return;
    };
    if names.contains(&MessageDataItemName::ModSeq) {
        s.enable_condstore(out);
    }
    let shared = Arc::clone(&s.shared);
    if let Some(since) = since {
        let mut world = shared.world();
        let opened = s.opened(&mut world);
        if let Some(folder) = opened.and_then(|(p, name)| p.folders.get(&name)) {
            all.retain(|n| folder.get(n.uid).is_some_and(|m| m.modseq > since));
            let held = ranges(asked.set, folder.next.saturating_sub(1));
            let gone = match earlier {
                true => vanished(folder, since, &held, 0),
                false => Vec::new(),
            };
            if !gone.is_empty() {
                out.line(format!("VANISHED (EARLIER) {}", spell::set(&gone)));
            }
        }
    }
    let reads =
        names.iter().any(fetch::marks_seen) && s.view.as_ref().is_some_and(|v| !v.read_only);
    let mut marked = false;
    for n in all {
        marked |= give_one(s, n, &names, asked.extra, reads, out);
        if out.waiting() > CHUNK && !flush(out) {
            s.over = true;
            return;
        }
    }
    if marked {
        shared.world().ring();
    }
    s.tell(asked.uid, out);
    out.ok(tag, "", "FETCH done");
}

/// Gives one message; whether that marked it as read.
fn give_one(
    s: &mut Session,
    n: Named,
    names: &[MessageDataItemName<'_>],
    extra: &Extra,
    reads: bool,
    out: &mut Answer,
) -> bool {
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let Some((person, name)) = s.opened(&mut world) else {
        return false;
    };
    let get = |p: &Person| p.folders.get(&name).and_then(|f| f.get(n.uid)).cloned();
    let Some(mut message) = get(person) else {
        return false;
    };
    let mark = reads && !message.flags.system.has(System::SEEN);
    if mark {
        let mut flags = message.flags.clone();
        flags.system = flags.system | System::SEEN;
        person.set_flags(&name, n.uid, flags);
        let Some(now) = get(person) else {
            return true;
        };
        message = now;
    }
    let more = give::more(person, &name, &message, &extra.items, names);
    drop(world);
    let mut items = fetch::items(&message, names);
    let asks = |name: &MessageDataItemName<'_>| names.contains(name);
    if mark && !asks(&MessageDataItemName::Flags) {
        items.push(MessageDataItem::Flags(flags(&message.flags)));
    }
    if mark && s.condstore && !asks(&MessageDataItemName::ModSeq) {
        items.extend(NonZeroU64::new(message.modseq).map(MessageDataItem::ModSeq));
    }
    if mark || asks(&MessageDataItemName::Flags) {
        s.knows(n, message.modseq);
    }
    out.fetch(n.seq, items, &more);
    mark
}

/// Whether a key asks for mod-sequences.
fn asks_modseq(key: &SearchKey<'_>) -> bool {
    match key {
        SearchKey::ModSequence { .. } => true,
        SearchKey::And(all) => all.as_ref().iter().any(asks_modseq),
        SearchKey::Not(key) => asks_modseq(key),
        SearchKey::Or(a, b) => asks_modseq(a) || asks_modseq(b),
        _ => false,
    }
}

/// A message that was found.
struct Found {
    seq: u32,
    uid: u32,
    modseq: u64,
}

/// SEARCH and UID SEARCH.
pub fn search(
    s: &mut Session,
    tag: &Tag<'_>,
    keys: &[SearchKey<'_>],
    extra: &Extra,
    uid: bool,
    out: &mut Answer,
) {
    let modseq = keys.iter().any(asks_modseq);
    if modseq {
        s.enable_condstore(out);
    }
    let found = find(s, keys, &extra.keys);
    let returns = extra.returns.or(s.rev2.then_some(Returns {
        all: true,
        ..Returns::default()
    }));
    let number = |f: &Found| if uid { f.uid } else { f.seq };
    let Some(returns) = returns else {
        let mut line = "SEARCH".to_owned();
        for f in &found {
            line.push_str(&format!(" {}", number(f)));
        }
        let highest = found.iter().map(|f| f.modseq).max();
        if let Some(highest) = highest.filter(|_| modseq) {
            line.push_str(&format!(" (MODSEQ {highest})"));
        }
        out.line(line);
        s.tell(uid, out);
        return out.ok(tag, "", "SEARCH done");
    };
    let ends_only = (returns.min || returns.max) && !returns.all && !returns.count;
    let ends: Vec<&Found> = [
        found.first().filter(|_| returns.min),
        found.last().filter(|_| returns.max),
    ]
    .into_iter()
    .flatten()
    .collect();
    let told: Vec<&Found> = match ends_only {
        true => ends,
        false => found.iter().collect(),
    };
    if returns.save {
        s.saved = told.iter().map(|f| f.uid).collect();
    }
    let only_save = returns
        == Returns {
            save: true,
            ..Returns::default()
        };
    if !only_save {
        let mut line = format!("ESEARCH (TAG \"{}\")", tag.inner());
        if uid {
            line.push_str(" UID");
        }
        let first = found.first().filter(|_| returns.min);
        let last = found.last().filter(|_| returns.max);
        for (word, f) in [("MIN", first), ("MAX", last)] {
            if let Some(f) = f {
                line.push_str(&format!(" {word} {}", number(f)));
            }
        }
        if returns.count {
            line.push_str(&format!(" COUNT {}", found.len()));
        }
        if returns.all && !found.is_empty() {
            let numbers: Vec<u32> = found.iter().map(number).collect();
            line.push_str(&format!(" ALL {}", spell::set(&numbers)));
        }
        let highest = told.iter().map(|f| f.modseq).max();
        if let Some(highest) = highest.filter(|_| modseq) {
            line.push_str(&format!(" MODSEQ {highest}"));
        }
        out.line(line);
    }
    s.tell(uid, out);
    out.ok(tag, "", "SEARCH done");
}

fn find(s: &Session, keys: &[SearchKey<'_>], own: &[Key]) -> Vec<Found> {
    let mut world = s.shared.world();
    let known = s.view.as_ref().map(|v| &v.known[..]).unwrap_or_default();
    let last_uid = known.last().map_or(0, |(u, _)| *u);
    let Some((person, name)) = s.opened(&mut world) else {
        return Vec::new();
    };
    let person = &*person;
    let Some(folder) = person.folders.get(&name) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (seq, (uid, _)) in (1..).zip(known) {
        let Some(message) = folder.get(*uid) else {
            continue;
        };
        let mut candidate = Candidate {
            message,
            seq,
            count: count(known.len()),
            last_uid,
            keys: own,
            own: &|_| false,
        };
        let plain = candidate;
        let judge = |key: &Key| judge(person, message, &plain, key);
        candidate.own = &judge;
        if keys.iter().all(|k| candidate.matches(k)) {
            found.push(Found {
                seq,
                uid: *uid,
                modseq: message.modseq,
            });
        }
    }
    found
}

fn judge(person: &Person, message: &Stored, candidate: &Candidate<'_>, key: &Key) -> bool {
    match key.about {
        About::Raw => candidate.raw(&key.is),
        About::Item(Item::EmailId) => email_id(message.email) == key.is,
        About::Item(Item::ThreadId) => thread_id(message.thread) == key.is,
        About::Item(Item::GmMessage) => message.email.to_string() == key.is,
        About::Item(Item::GmThread) => message.thread.to_string() == key.is,
        About::Item(Item::GmLabels) => {
            let labels = person.labels(message.email, "");
            labels.iter().any(|l| l.eq_ignore_ascii_case(&key.is))
        }
        About::Item(Item::Preview) => false,
    }
}
