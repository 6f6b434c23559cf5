//! Mailboxes that are labels: what is different at Gmail (its "IMAP extensions" page).
//!
//! A message is one object. It lies in All Mail and in the mailbox of each of its labels, or else
//! in Spam or in Trash alone. Its flags are the same everywhere but `\Deleted`; `\Flagged` is the
//! label Starred. Expunging takes a label away; only from Trash and Spam is it the end. What is
//! expunged from All Mail goes to Trash.

use super::folder::Stored;
use super::person::Person;
use crate::model::{Flags, Role, System};
use std::collections::BTreeSet;

/// Every special mailbox: its name, what it is for, its label in X-GM-LABELS.
pub const SPECIAL: [(&str, Role, &str); 6] = [
    ("[Gmail]/All Mail", Role::All, ""),
    ("[Gmail]/Drafts", Role::Drafts, "\\Draft"),
    ("[Gmail]/Sent Mail", Role::Sent, "\\Sent"),
    ("[Gmail]/Spam", Role::Junk, "\\Spam"),
    ("[Gmail]/Starred", Role::Flagged, "\\Starred"),
    ("[Gmail]/Trash", Role::Trash, "\\Trash"),
];

const ALL_MAIL: &str = "[Gmail]/All Mail";
const STARRED: &str = "[Gmail]/Starred";
const SPAM: &str = "[Gmail]/Spam";
const TRASH: &str = "[Gmail]/Trash";

/// Whether what lies there lies nowhere else.
fn is_bin(name: &str) -> bool {
    name == SPAM || name == TRASH
}

impl Person {
    /// Makes the special mailboxes.
    pub fn furnish(&mut self) {
        for (name, role, _) in SPECIAL {
            self.create(name, Some(role));
        }
    }

    /// Whether this is where everything is.
    pub fn is_all_mail(&self, name: &str) -> bool {
        name == ALL_MAIL
    }

    /// The mailboxes that a message lies in, with its UID there.
    fn places(&self, email: u64) -> Vec<(String, u32)> {
        let at = |(name, f): (&String, &super::folder::Folder)| {
            f.uid_of(email).map(|uid| (name.clone(), uid))
        };
        self.folders.iter().filter_map(at).collect()
    }

    fn put(&mut self, name: &str, message: &Stored) -> Option<u32> {
        let folder = self.folders.get_mut(name)?;
        match folder.uid_of(message.email) {
            Some(uid) => Some(uid),
            None => folder.add(message.clone()),
        }
    }

    fn drop_from(&mut self, name: &str, uid: u32) {
        if let Some(folder) = self.folders.get_mut(name) {
            folder.remove(&BTreeSet::from([uid]));
        }
    }

    /// The message's labels changed: who looks by mod-sequence shall see it.
    fn relabelled(&mut self, email: u64) {
        for (name, uid) in self.places(email) {
            if let Some(folder) = self.folders.get_mut(&name) {
                folder.touch(uid);
            }
        }
    }

    /// The same of many, whose label got another name or went.
    pub fn relabelled_all(&mut self, held: BTreeSet<u64>) {
        for folder in self.folders.values_mut() {
            let all = folder.messages.iter().filter(|m| held.contains(&m.email));
            let uids: Vec<u32> = all.map(|m| m.uid).collect();
            for uid in uids {
                folder.touch(uid);
            }
        }
    }

    /// Puts a message into a mailbox as Gmail does; its UID there, an old one if it lay there
    /// already.
    pub fn label(&mut self, to: &str, mut message: Stored) -> Option<u32> {
        if !self.folders.contains_key(to) {
            return None;
        }
        message.flags.system = message.flags.system & !System::DELETED;
        if to == STARRED {
            message.flags.system = message.flags.system | System::FLAGGED;
        }
        let there = self.places(message.email);
        if let Some((_, uid)) = there.iter().find(|(name, _)| name == to) {
            return Some(*uid);
        }
        for (name, uid) in &there {
            if is_bin(to) || is_bin(name) {
                self.drop_from(name, *uid);
            }
        }
        let new = self.put(to, &message)?;
        if !is_bin(to) {
            self.put(ALL_MAIL, &message);
            if message.flags.system.has(System::FLAGGED) {
                self.put(STARRED, &message);
            }
        }
        self.share_flags(to, message.email, &message.flags);
        self.relabelled(message.email);
        Some(new)
    }

    /// Expunges messages from a mailbox as Gmail does; how many there were.
    pub fn unlabel(&mut self, from: &str, uids: &[u32]) -> usize {
        let uids: BTreeSet<u32> = uids.iter().copied().collect();
        let Some(folder) = self.folders.get_mut(from) else {
            return 0;
        };
        let out = folder.remove(&uids);
        for message in &out {
            if from == ALL_MAIL {
                self.label(TRASH, message.clone());
            } else if from == STARRED {
                let mut flags = message.flags.clone();
                flags.system = flags.system & !(System::FLAGGED | System::DELETED);
                self.share_flags(from, message.email, &flags);
            }
            self.relabelled(message.email);
        }
        out.len()
    }

    /// Gives the other places of a message its flags, and a place among the starred or none.
    pub fn share_flags(&mut self, name: &str, email: u64, flags: &Flags) {
        for (other, uid) in self.places(email) {
            let Some(folder) = self.folders.get_mut(&other).filter(|_| other != name) else {
                continue;
            };
            let deleted = folder.get(uid).map(|m| m.flags.system & System::DELETED);
            let mut flags = flags.clone();
            let kept = flags.system & !System::DELETED;
            flags.system = kept | deleted.unwrap_or_default();
            folder.set_flags(uid, flags);
        }
        let places = self.places(email);
        let starred = places.iter().find(|(n, _)| n == STARRED);
        match (flags.system.has(System::FLAGGED), starred) {
            (true, None) if places.iter().any(|(n, _)| n == ALL_MAIL) => {
                let all = self.folders.get(ALL_MAIL);
                let message = all.and_then(|f| f.get(f.uid_of(email)?)).cloned();
                if let Some(message) = message {
                    self.put(STARRED, &message);
                    self.relabelled(email);
                }
            }
            (false, Some((_, uid))) => {
                let uid = *uid;
                self.drop_from(STARRED, uid);
                self.relabelled(email);
            }
            _ => {}
        }
    }

    /// The labels of a message as X-GM-LABELS has them, that of the mailbox it is read in left
    /// out as Gmail does.
    pub fn labels(&self, email: u64, read_in: &str) -> Vec<String> {
        let places = self.places(email).into_iter();
        let other = places.filter(|(name, _)| name != read_in);
        other.filter_map(|(name, _)| label_of(&name)).collect()
    }

    /// Changes the labels of a message: adds, removes or (neither) replaces; `false` if it is gone.
    pub fn relabel(&mut self, name: &str, uid: u32, labels: &[String], add: Option<bool>) -> bool {
        let Some(message) = self.folders.get(name).and_then(|f| f.get(uid)).cloned() else {
            return false;
        };
        let named: Vec<String> = labels.iter().map(|l| mailbox_of(l)).collect();
        if add != Some(true) {
            for (place, uid) in self.places(message.email) {
                let meant = match add {
                    Some(_) => named.contains(&place),
                    None => !named.contains(&place) && place != name,
                };
                if meant && place != ALL_MAIL && !is_bin(&place) {
                    self.unlabel(&place, &[uid]);
                }
            }
        }
        if add != Some(false) {
            for place in named {
                self.create(&place, None);
                self.label(&place, message.clone());
            }
        }
        true
    }
}

/// The label of a mailbox; `None` for All Mail, which is none.
fn label_of(name: &str) -> Option<String> {
    if name == "INBOX" {
        return Some("\\Inbox".to_owned());
    }
    match SPECIAL.iter().find(|(n, _, _)| *n == name) {
        Some((_, _, "")) => None,
        Some((_, _, label)) => Some((*label).to_owned()),
        None => Some(name.to_owned()),
    }
}

/// The mailbox of a label.
fn mailbox_of(label: &str) -> String {
    if label.eq_ignore_ascii_case("\\Inbox") {
        return "INBOX".to_owned();
    }
    let special = SPECIAL.iter().filter(|(_, _, l)| !l.is_empty());
    special
        .clone()
        .find(|(_, _, l)| l.eq_ignore_ascii_case(label))
        .map_or_else(|| label.to_owned(), |(name, _, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::offer::Shape;

    fn person() -> Person {
        let shape = Shape {
            gmail: true,
            ..Shape::default()
        };
        let mut p = Person::new("g", "g@example.org", "G", 1, &shape);
        p.furnish();
        p.create("Work", None);
        p.add("INBOX", b"x"[..].into(), Flags::default(), 0)
            .unwrap();
        p
    }

    fn places(p: &Person) -> Vec<String> {
        let held = p.folders.iter().filter(|(_, f)| !f.messages.is_empty());
        held.map(|(n, _)| n.clone()).collect()
    }

    #[test]
    fn a_message_lies_in_all_mail_and_in_its_labels() {
        let mut p = person();
        assert_eq!(places(&p), ["INBOX", ALL_MAIL]);
        assert_eq!(p.copy("INBOX", &[1], "Work"), Some(vec![(1, 1)]));
        assert_eq!(
            p.copy("INBOX", &[1], "Work"),
            Some(vec![(1, 1)]),
            "only once"
        );
        let email = p.folders["INBOX"].messages[0].email;
        assert_eq!(p.labels(email, ALL_MAIL), ["\\Inbox", "Work"]);
        assert_eq!(p.labels(email, "INBOX"), ["Work"]);
        p.remove("INBOX", &[1]);
        assert_eq!(places(&p), ["Work", ALL_MAIL]);
        p.shift("Work", &[1], TRASH);
        assert_eq!(places(&p), [TRASH]);
        p.shift(TRASH, &[1], "INBOX");
        assert_eq!(places(&p), ["INBOX", ALL_MAIL]);
        p.remove(ALL_MAIL, &[2]);
        assert_eq!(places(&p), [TRASH]);
        p.remove(TRASH, &[2]);
        assert_eq!(places(&p), [""; 0]);
    }

    #[test]
    fn a_star_is_a_flag_and_a_place() {
        let mut p = person();
        p.set_flags("INBOX", 1, Flags::of(System::FLAGGED | System::SEEN));
        assert_eq!(places(&p), ["INBOX", ALL_MAIL, STARRED]);
        assert!(
            p.folders[ALL_MAIL].messages[0]
                .flags
                .system
                .has(System::SEEN)
        );
        p.remove(STARRED, &[1]);
        assert_eq!(places(&p), ["INBOX", ALL_MAIL]);
        assert!(
            !p.folders["INBOX"].messages[0]
                .flags
                .system
                .has(System::FLAGGED)
        );
    }

    #[test]
    fn labels_are_added_removed_and_replaced() {
        let mut p = person();
        let l = |n: &str| vec![n.to_owned()];
        assert!(p.relabel("INBOX", 1, &l("New one"), Some(true)));
        assert_eq!(places(&p), ["INBOX", "New one", ALL_MAIL]);
        assert!(p.relabel(ALL_MAIL, 1, &l("\\inbox"), Some(false)));
        assert_eq!(places(&p), ["New one", ALL_MAIL]);
        assert!(p.relabel(ALL_MAIL, 1, &l("Work"), None));
        assert_eq!(places(&p), ["Work", ALL_MAIL]);
        assert!(p.relabel("Work", 1, &l("\\Trash"), Some(true)));
        assert_eq!(places(&p), [TRASH]);
        assert!(!p.relabel("Work", 1, &[], None));
    }
}
