//! What lies in two mailboxes stands in a conversation once: of a letter to oneself the copy in Sent is
//! left out, of what was copied elsewhere the copy. What differs in anything that is shown stays, so
//! that a forged Message-ID hides nothing.

use crate::mime::hollow::hollow;
use crate::mime::twin;
use crate::model::view::IndexRow;
use crate::model::{MailboxId, MsgId, Role};
use crate::store::{Error, Reader};
use std::collections::{BTreeMap, BTreeSet};

/// So many pairs of a conversation are compared; the rest is shown as it is.
const PAIRS: usize = 32;
/// Larger messages are not compared.
const LARGEST: u64 = 8 << 20;

/// The rows of a conversation without the copies. `within`: the mailbox that is listed, whose
/// messages stay. `goal`: a message that stays whatever else.
///
/// # Errors
/// When the cache can't be read.
pub fn once(
    reader: &Reader,
    rows: Vec<IndexRow>,
    within: Option<MailboxId>,
    goal: Option<MsgId>,
) -> Result<Vec<IndexRow>, Error> {
    let ranked = ranked(reader, &rows)?;
    let mut gone: BTreeSet<MsgId> = BTreeSet::new();
    let mut left = PAIRS;
    for (n, copy) in ranked.iter().enumerate() {
        for other in ranked.iter().skip(n + 1) {
            if gone.contains(&copy.message) {
                break;
            }
            let alike =
                copy.mailbox != other.mailbox && copy.message != other.message && copy.seems(other);
            if !alike || gone.contains(&other.message) || left == 0 {
                continue;
            }
            // Nobody misses a message that was read.
            let spare = |row: &&&IndexRow| {
                row.unread == 0 && goal != Some(row.message) && within != Some(row.mailbox)
            };
            let Some(less) = [copy, other].into_iter().find(spare) else {
                continue;
            };
            left -= 1;
            if is_one(reader, copy.message, other.message)? {
                gone.insert(less.message);
            }
        }
    }
    let mut rows = rows;
    rows.retain(|row| !gone.contains(&row.message));
    Ok(rows)
}

/// The rows in the order in which they give way: what lies in the trash or in junk first, then the copy
/// in Sent, what lies in an inbox last.
fn ranked<'a>(reader: &Reader, rows: &'a [IndexRow]) -> Result<Vec<&'a IndexRow>, Error> {
    let mut ranks = BTreeMap::new();
    for mailbox in rows.iter().map(|r| r.mailbox).collect::<BTreeSet<_>>() {
        let rank = match reader.mailbox(mailbox)?.and_then(|m| m.role) {
            Some(Role::Trash | Role::Junk) => 0,
            Some(Role::Sent) => 1,
            Some(Role::Inbox) => 3,
            _ => 2,
        };
        ranks.insert(mailbox, rank);
    }
    let mut ranked: Vec<&IndexRow> = rows.iter().collect();
    ranked.sort_by_key(|row| ranks.get(&row.mailbox).copied());
    Ok(ranked)
}

/// Whether both are here, in one account, and one letter.
fn is_one(reader: &Reader, one: MsgId, other: MsgId) -> Result<bool, Error> {
    let (Some(a), Some(b)) = (reader.message(one)?, reader.message(other)?) else {
        return Ok(false);
    };
    let account =
        |row: &crate::model::view::MessageRow| row.places.first().map(|p| p.account.clone());
    let same = a.envelope.message_id.is_some()
        && a.envelope.message_id == b.envelope.message_id
        && account(&a) == account(&b)
        && a.size.max(b.size) <= LARGEST;
    if !same {
        return Ok(false);
    }
    let (Some(mut a), Some(mut b)) = (reader.shown(one)?, reader.shown(other)?) else {
        return Ok(false);
    };
    // One may be here without its attachments: what stands in their place says which they were.
    if a.is_hollow != b.is_hollow {
        hollow(&mut a.raw);
        hollow(&mut b.raw);
    }
    Ok(twin::are_one(&a.raw, &b.raw))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::{Page, Scope};
    use crate::model::{Address, Envelope, Flags, MessageId, System, ThreadId};
    use crate::store::shelf::{Shelf, V, message};
    use crate::store::{NewBody, NewMessage};

    const MAILBOXES: [(&str, Option<Role>); 4] = [
        ("INBOX", Some(Role::Inbox)),
        ("Sent", Some(Role::Sent)),
        ("Projects", Some(Role::Archive)),
        ("Trash", Some(Role::Trash)),
    ];

    /// Letters to oneself.
    struct Letters(Shelf);

    impl Letters {
        /// One that lies in these mailboxes, and whether it was read there.
        fn of(places: &[(&str, bool)]) -> Letters {
            let mut letters = Letters(Shelf::new(&MAILBOXES));
            for (wire, read) in places {
                letters.put(wire, 1, *read, "milk");
            }
            letters
        }

        /// One more of its name, with this text.
        fn put(&mut self, wire: &str, uid: u32, read: bool, text: &str) {
            let me = Address::new("Me", "me@x.example");
            let envelope = Envelope {
                message_id: MessageId::new("1@x.example"),
                date: Some(60),
                from: vec![me.clone()],
                to: vec![me],
                subject: "note".into(),
                ..Envelope::default()
            };
            let new = NewMessage {
                flags: Flags::of(if read { System::SEEN } else { System::NONE }),
                internal_date: 60,
                ..message(uid, envelope)
            };
            let mailbox = self.0.mailbox(wire);
            let cache = &mut self.0.cache;
            cache.ingest(mailbox, V, &[new], None).unwrap();
            let wanted = cache.read().previews_wanted(mailbox, 9).unwrap();
            let message = wanted.iter().find(|(_, at)| at.get() == uid).unwrap().0;
            let raw = format!("Message-ID: <1@x.example>\nSubject: note\n\n{text}\n").into_bytes();
            let body = NewBody {
                message,
                raw,
                text: String::new(),
                snippet: String::new(),
                attachments: Vec::new(),
            };
            assert_eq!(cache.store_bodies(&[body]).unwrap(), 1);
        }

        fn thread(&self) -> ThreadId {
            let reader = self.0.cache.read();
            let first = |(wire, _): &(&str, _)| {
                let scope = Scope::Mailbox(self.0.mailbox(wire));
                let page = reader.page(&scope, false, Page::Newest, 9).unwrap();
                Some(page.first()?.thread)
            };
            MAILBOXES.iter().find_map(first).unwrap()
        }

        /// The mailboxes of what is left.
        fn left(&self, within: Option<&str>, goal: Option<MsgId>) -> Vec<&'static str> {
            let within = within.map(|wire| self.0.mailbox(wire));
            let reader = self.0.cache.read();
            let rows = reader.thread(self.thread(), within).unwrap();
            let left = once(reader, rows, within, goal).unwrap();
            let of = |row: &IndexRow| {
                let mut all = MAILBOXES.iter().map(|(wire, _)| *wire);
                all.find(|wire| self.0.mailbox(wire) == row.mailbox)
            };
            left.iter().filter_map(of).collect()
        }
    }

    #[test]
    fn a_letter_to_oneself_stands_once() {
        let letters = Letters::of(&[("Sent", true), ("INBOX", false)]);
        assert_eq!(letters.left(None, None), ["INBOX"]);
        assert_eq!(letters.left(Some("INBOX"), None), ["INBOX"]);
        // In Sent its own copy is looked at, and what came is unread: both stay.
        assert_eq!(letters.left(Some("Sent"), None).len(), 2);
        let rows = letters.0.cache.read().thread(letters.thread(), None);
        let sent = letters.0.mailbox("Sent");
        let copy = rows.unwrap().into_iter().find(|r| r.mailbox == sent);
        assert_eq!(letters.left(None, Some(copy.unwrap().message)).len(), 2);
    }

    #[test]
    fn what_was_read_gives_way_to_the_copy_that_is_looked_at() {
        let letters = Letters::of(&[("Sent", true), ("INBOX", true)]);
        assert_eq!(letters.left(Some("Sent"), None), ["Sent"]);
        assert_eq!(letters.left(None, None), ["INBOX"]);
    }

    #[test]
    fn what_was_copied_elsewhere_stands_once_wherever_it_is_looked_at() {
        let mut letters = Letters::of(&[("Projects", true), ("INBOX", true)]);
        assert_eq!(letters.left(None, None), ["INBOX"]);
        assert_eq!(letters.left(Some("INBOX"), None), ["INBOX"]);
        assert_eq!(letters.left(Some("Projects"), None), ["Projects"]);
        // Two in one mailbox are two.
        letters.put("INBOX", 2, true, "milk");
        assert_eq!(letters.left(None, None), ["INBOX", "INBOX"]);
    }

    #[test]
    fn what_lies_in_the_trash_gives_way_first() {
        let mut letters = Letters::of(&[("Projects", true), ("Trash", true)]);
        assert_eq!(letters.left(Some("INBOX"), None), ["Projects"]);
        letters.put("Sent", 1, true, "milk");
        assert_eq!(letters.left(Some("INBOX"), None), ["Projects"]);
        let letters = Letters::of(&[("Trash", true), ("Sent", true)]);
        assert_eq!(letters.left(None, None), ["Sent"]);
    }

    #[test]
    fn s24_a_forged_twin_hides_nothing_and_is_not_hidden() {
        let mut letters = Letters::of(&[("Sent", true)]);
        letters.put("INBOX", 1, true, "gold");
        assert_eq!(letters.left(None, None).len(), 2);
        // What came is the copy's twin; the forged one stays.
        letters.put("INBOX", 2, true, "milk");
        assert_eq!(letters.left(None, None), ["INBOX", "INBOX"]);
    }
}
