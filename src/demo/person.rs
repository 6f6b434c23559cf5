//! One account: its mailboxes, and everything that may be done to them.
//!
//! Whoever changes something, a session, a delivery or a test acting as another client, comes
//! through here; what is different at Gmail is in `gmail.rs`.

use super::folder::{Folder, MAX_MESSAGES, Stored};
use super::offer::Shape;
use crate::model::{Flags, Role};
use mail_parser::MessageParser;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most mailboxes that an account may have.
pub const MAX_MAILBOXES: usize = 2000;
/// How much an account may hold, in bytes, unless it is said.
pub const QUOTA: u64 = 1 << 30;

/// One account.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account's short name.
    pub name: String,
    /// Its address, also its login name.
    pub email: String,
    /// The display name.
    pub full_name: String,
    /// Its mailboxes by name as on the wire (modified UTF-7).
    pub folders: BTreeMap<String, Folder>,
    /// How its mailboxes are named.
    pub shape: Shape,
    /// The most bytes that its messages may have together.
    pub quota: u64,
    last_validity: u32,
    last_id: u64,
    /// The conversation of every Message-ID that was seen.
    threads: BTreeMap<String, u64>,
}

impl Person {
    /// An account with an empty INBOX; the UIDVALIDITYs begin at `validity`.
    pub fn new(name: &str, email: &str, full_name: &str, validity: u32, shape: &Shape) -> Person {
        let mut person = Person {
            name: name.to_owned(),
            email: email.to_owned(),
            full_name: full_name.to_owned(),
            folders: BTreeMap::new(),
            shape: shape.clone(),
            quota: QUOTA,
            last_validity: validity,
            last_id: u64::from(validity) << 20,
            threads: BTreeMap::new(),
        };
        person.create("INBOX", Some(Role::Inbox));
        person
    }

    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The name here of a mailbox that is called so where levels are parted by `/`.
    pub fn local(&self, name: &str) -> String {
        if name == "INBOX" {
            return name.to_owned();
        }
        let name = name.replace('/', &self.shape.delimiter.to_string());
        format!("{}{name}", self.shape.prefix)
    }

    /// Makes a mailbox; `false` if it is there already or there are too many.
    pub fn create(&mut self, name: &str, role: Option<Role>) -> bool {
        if self.folders.contains_key(name) || self.folders.len() >= MAX_MAILBOXES {
            return false;
        }
        self.last_validity = self.last_validity.saturating_add(1).max(1);
        let folder = Folder::new(self.id(), role, self.last_validity);
        self.folders.insert(name.to_owned(), folder);
        true
    }

    /// Takes a mailbox away with what is in it; `false` for INBOX and for what is not there. At
    /// Gmail the messages stay in All Mail.
    pub fn delete(&mut self, name: &str) -> bool {
        if name == "INBOX" {
            return false;
        }
        let gone = self.folders.remove(name);
        if let Some(folder) = gone.as_ref().filter(|_| self.shape.gmail) {
            self.relabelled_all(folder.messages.iter().map(|m| m.email).collect());
        }
        gone.is_some()
    }

    /// RENAME with everything below; renaming INBOX moves its messages and leaves it
    /// (RFC 3501 §6.3.5). `false` if it can't be.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let below = format!("{from}{}", self.shape.delimiter);
        if self.folders.contains_key(to) || to.starts_with(&below) {
            return false;
        }
        if from == "INBOX" {
            let all = self.uids("INBOX");
            let copied = self.create(to, None) && self.copy("INBOX", &all, to).is_some();
            if copied {
                self.remove("INBOX", &all);
            }
            return copied;
        }
        let moving: Vec<String> = self
            .folders
            .keys()
            .filter(|n| *n == from || n.starts_with(&below))
            .cloned()
            .collect();
        let target = |old: &str| format!("{to}{}", old.get(from.len()..).unwrap_or_default());
        if moving.is_empty() || moving.iter().any(|n| self.folders.contains_key(&target(n))) {
            return false;
        }
        for old in moving {
            if let Some(folder) = self.folders.remove(&old) {
                let held = folder.messages.iter().map(|m| m.email).collect();
                self.folders.insert(target(&old), folder);
                if self.shape.gmail {
                    self.relabelled_all(held);
                }
            }
        }
        true
    }

    /// Gives a mailbox another UIDVALIDITY, and its messages other UIDs; `false` if it is not there.
    pub fn renumber(&mut self, name: &str) -> bool {
        let Some(folder) = self.folders.get_mut(name) else {
            return false;
        };
        self.last_validity = self.last_validity.saturating_add(1).max(1);
        folder.renumber(self.last_validity);
        true
    }

    /// Every UID of a mailbox, ascending.
    pub fn uids(&self, name: &str) -> Vec<u32> {
        let messages = self.folders.get(name).map(|f| &f.messages[..]);
        messages.unwrap_or_default().iter().map(|m| m.uid).collect()
    }

    /// How many bytes its messages have; a copy costs nothing.
    pub fn used(&self) -> u64 {
        let mut seen = BTreeSet::new();
        let all = self.folders.values().flat_map(|f| &f.messages);
        all.filter(|m| seen.insert(m.email))
            .map(|m| m.raw.len() as u64)
            .sum()
    }

    /// Puts a message into a mailbox; its UID, or `None` if there is no such mailbox or no room.
    pub fn add(&mut self, to: &str, raw: Arc<[u8]>, flags: Flags, date: i64) -> Option<u32> {
        if self.folders.get(to)?.messages.len() >= MAX_MESSAGES {
            return None;
        }
        let email = self.id();
        let message = Stored {
            uid: 0,
            modseq: 0,
            email,
            thread: self.thread(&raw, email),
            flags,
            date,
            raw,
        };
        if self.shape.gmail {
            return self.label(to, message);
        }
        self.folders.get_mut(to)?.add(message)
    }

    /// The conversation of a message: that of the newest message it refers to, or one of its own.
    fn thread(&mut self, raw: &[u8], own: u64) -> u64 {
        let parsed = MessageParser::default().parse_headers(raw);
        // mail-parser's getters index the first part without asking.
        let Some(parsed) = parsed.filter(|m| !m.parts.is_empty()) else {
            return own;
        };
        let mut ids: Vec<String> = Vec::new();
        for field in [parsed.references(), parsed.in_reply_to()] {
            let list = field.as_text_list().unwrap_or_default();
            ids.extend(list.iter().take(1000).map(|id| id.to_string()));
        }
        ids.extend(parsed.message_id().map(str::to_owned));
        let known = ids
            .iter()
            .rev()
            .find_map(|id| self.threads.get(id).copied());
        let thread = known.unwrap_or(own);
        for id in ids {
            self.threads.entry(id).or_insert(thread);
        }
        thread
    }

    /// Gives a message these flags, in every mailbox that it lies in at Gmail; those it has now,
    /// or `None` if it is gone.
    pub fn set_flags(&mut self, name: &str, uid: u32, flags: Flags) -> Option<Flags> {
        let folder = self.folders.get_mut(name)?;
        let email = folder.get(uid)?.email;
        let now = folder.set_flags(uid, flags)?;
        if self.shape.gmail {
            self.share_flags(name, email, &now);
        }
        Some(now)
    }

    /// Copies messages by UID to another mailbox: pairs of old and new UID; `None` if one of the
    /// mailboxes is missing or the second one is full.
    pub fn copy(&mut self, from: &str, uids: &[u32], to: &str) -> Option<Vec<(u32, u32)>> {
        let source = self.folders.get(from)?;
        let copies: Vec<Stored> = uids
            .iter()
            .filter_map(|u| source.get(*u).cloned())
            .collect();
        let room = self.folders.get(to)?.messages.len() + copies.len() <= MAX_MESSAGES;
        if !room {
            return None;
        }
        let mut pairs = Vec::new();
        for message in copies {
            let old = message.uid;
            let new = match self.shape.gmail {
                true => self.label(to, message),
                false => self.folders.get_mut(to)?.add(message),
            };
            pairs.extend(new.map(|new| (old, new)));
        }
        Some(pairs)
    }

    /// Copies and then removes where they were.
    pub fn shift(&mut self, from: &str, uids: &[u32], to: &str) -> Option<Vec<(u32, u32)>> {
        let pairs = self.copy(from, uids, to)?;
        let old: Vec<u32> = pairs.iter().map(|(old, _)| *old).collect();
        if !(self.shape.gmail && self.is_all_mail(from)) {
            self.remove(from, &old);
        }
        Some(pairs)
    }

    /// Removes messages by UID from a mailbox; how many there were. At Gmail that is a label less.
    pub fn remove(&mut self, from: &str, uids: &[u32]) -> usize {
        if self.shape.gmail {
            return self.unlabel(from, uids);
        }
        let uids: BTreeSet<u32> = uids.iter().copied().collect();
        let folder = self.folders.get_mut(from);
        folder.map_or(0, |f| f.remove(&uids).len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::System;

    fn person() -> Person {
        Person::new("a", "a@example.org", "A", 41, &Shape::default())
    }

    fn add(p: &mut Person, raw: &[u8]) -> u32 {
        p.add("INBOX", raw.into(), Flags::default(), 0).unwrap()
    }

    #[test]
    fn uids_ascend_and_a_mailbox_made_again_is_another_one() {
        let mut p = person();
        assert_eq!((add(&mut p, b"x"), add(&mut p, b"y")), (1, 2));
        p.remove("INBOX", &[2]);
        assert_eq!(add(&mut p, b"z"), 3);
        assert!(p.create("X", None) && !p.create("X", None));
        let (validity, id) = (p.folders["X"].validity, p.folders["X"].id);
        assert!(p.delete("X") && p.create("X", None));
        assert_ne!(p.folders["X"].validity, validity);
        assert_ne!(p.folders["X"].id, id);
    }

    #[test]
    fn a_copy_keeps_flags_and_date_and_skips_what_is_gone() {
        let mut p = person();
        p.create("B", None);
        p.add("INBOX", b"x"[..].into(), Flags::of(System::FLAGGED), 77);
        assert_eq!(p.copy("INBOX", &[1, 9], "B").unwrap(), [(1, 1)]);
        assert_eq!(p.copy("INBOX", &[1], "C"), None);
        let copy = p.folders["B"].get(1).unwrap();
        assert!(copy.flags.system.has(System::FLAGGED) && copy.date == 77);
        assert_eq!(copy.email, p.folders["INBOX"].get(1).unwrap().email);
        assert_eq!(p.used(), 1);
    }

    #[test]
    fn renaming_takes_what_is_below_along() {
        let mut p = person();
        assert!(p.create("Lists", None) && p.create("Lists/x", None) && p.create("Listsy", None));
        let id = p.folders["Lists/x"].id;
        assert!(p.rename("Lists", "Old"));
        let names: Vec<_> = p.folders.keys().cloned().collect();
        assert_eq!(names, ["INBOX", "Listsy", "Old", "Old/x"]);
        assert_eq!(p.folders["Old/x"].id, id);
        assert!(!p.rename("Old", "Old/y") && !p.rename("Old", "Listsy"));
        assert!(!p.rename("gone", "new"));
        add(&mut p, b"x");
        assert!(p.rename("INBOX", "Was"));
        assert_eq!((p.uids("INBOX"), p.uids("Was")), (vec![], vec![1]));
    }

    #[test]
    fn every_change_raises_the_mod_sequence_and_expunges_are_remembered() {
        let mut p = person();
        for _ in 0..3 {
            add(&mut p, b"x");
        }
        let before = p.folders["INBOX"].highest;
        p.set_flags("INBOX", 2, Flags::of(System::SEEN));
        let after = p.folders["INBOX"].highest;
        assert!(after > before);
        p.set_flags("INBOX", 2, Flags::of(System::SEEN));
        assert_eq!(p.folders["INBOX"].highest, after, "nothing changed");
        assert_eq!(p.remove("INBOX", &[1, 3, 9]), 2);
        let f = p.folders.get_mut("INBOX").unwrap();
        assert!(f.highest > after);
        assert_eq!(f.gone_since(after), Some([1, 3].into()));
        assert_eq!(f.gone_since(f.highest), Some([].into()));
        f.forget();
        assert_eq!(f.gone_since(after), None);
        assert!(p.renumber("INBOX"));
        assert_eq!(p.uids("INBOX"), [1]);
        assert_ne!(p.folders["INBOX"].validity, 42);
    }

    #[test]
    fn conversations_hang_together() {
        let mut p = person();
        add(&mut p, b"Message-ID: <1@x>\r\n\r\n");
        add(&mut p, b"Message-ID: <2@x>\r\nReferences: <1@x>\r\n\r\n");
        add(&mut p, b"Message-ID: <3@x>\r\nIn-Reply-To: <2@x>\r\n\r\n");
        add(&mut p, b"Message-ID: <4@x>\r\n\r\n");
        let t: Vec<u64> = p.folders["INBOX"]
            .messages
            .iter()
            .map(|m| m.thread)
            .collect();
        assert!(t[0] == t[1] && t[1] == t[2] && t[2] != t[3]);
    }
}
