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
            let alike = copy.mailbox != other.mailbox
                && copy.message != other.message
                && (copy.date, &copy.subject, &copy.from)
                    == (other.date, &other.subject, &other.from);
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
    use crate::model::{
        AccountName, Address, Envelope, Flags, MailboxName, MessageId, System, ThreadId, Uid,
        UidValidity,
    };
    use crate::store::{Cache, MailboxInfo, NewBody, NewMessage};
    use tempfile::TempDir;

    struct Shelf {
        _dir: TempDir,
        cache: Cache,
        inbox: MailboxId,
        sent: MailboxId,
        projects: MailboxId,
        trash: MailboxId,
    }

    impl Shelf {
        fn new() -> Shelf {
            let dir = tempfile::tempdir().unwrap();
            let mut cache = Cache::open(&dir.path().join("cache.db"), 100)
                .unwrap()
                .cache;
            let account = AccountName("work".into());
            cache.ensure_account(&account).unwrap();
            let info = |wire: &str, role| MailboxInfo::plain(wire, Some(role));
            let list = [
                info("INBOX", Role::Inbox),
                info("Sent", Role::Sent),
                info("Projects", Role::Archive),
                info("Trash", Role::Trash),
            ];
            cache.set_mailboxes(&account, &list, 0, &[]).unwrap();
            let id = |cache: &Cache, wire| {
                let found = cache
                    .read()
                    .mailbox_named(&account, &MailboxName::new(wire));
                found.unwrap().unwrap().id
            };
            let (inbox, sent) = (id(&cache, "INBOX"), id(&cache, "Sent"));
            let (projects, trash) = (id(&cache, "Projects"), id(&cache, "Trash"));
            Shelf {
                _dir: dir,
                cache,
                inbox,
                sent,
                projects,
                trash,
            }
        }

        /// A letter to oneself, with this text.
        fn put(&mut self, mailbox: MailboxId, uid: u32, read: bool, text: &str) {
            let me = Address::new("Me", "me@x.example");
            let new = NewMessage {
                uid: Uid::new(uid).unwrap(),
                flags: if read {
                    Flags::of(System::SEEN)
                } else {
                    Flags::default()
                },
                internal_date: 60,
                size: 100,
                envelope: Envelope {
                    message_id: MessageId::new("1@x.example"),
                    date: Some(60),
                    from: vec![me.clone()],
                    to: vec![me],
                    subject: "note".into(),
                    ..Envelope::default()
                },
                identity: None,
                thread_hint: None,
            };
            self.cache
                .ingest(mailbox, UidValidity(7), &[new], None)
                .unwrap();
            let wanted = self.cache.read().previews_wanted(mailbox, 9).unwrap();
            let message = wanted.iter().find(|(_, at)| at.get() == uid).unwrap().0;
            let raw = format!("Message-ID: <1@x.example>\nSubject: note\n\n{text}\n").into_bytes();
            let body = NewBody {
                message,
                raw,
                text: String::new(),
                snippet: String::new(),
                attachments: Vec::new(),
            };
            assert_eq!(self.cache.store_bodies(&[body]).unwrap(), 1);
        }

        fn thread(&self) -> (Vec<IndexRow>, ThreadId) {
            let all = [self.inbox, self.sent, self.projects].map(Scope::Mailbox);
            let page = |scope| {
                let page = self.cache.read().page(scope, false, Page::Newest, 9);
                page.unwrap()
            };
            let thread = all
                .iter()
                .find_map(|scope| Some(page(scope).first()?.thread));
            let thread = thread.unwrap();
            (self.cache.read().thread(thread, None).unwrap(), thread)
        }

        /// The mailboxes of what is left.
        fn left(&self, within: Option<MailboxId>, goal: Option<MsgId>) -> Vec<MailboxId> {
            let (_, thread) = self.thread();
            let rows = self.cache.read().thread(thread, within).unwrap();
            let left = once(self.cache.read(), rows, within, goal).unwrap();
            left.iter().map(|r| r.mailbox).collect()
        }
    }

    #[test]
    fn a_letter_to_oneself_stands_once() {
        let mut shelf = Shelf::new();
        let (inbox, sent) = (shelf.inbox, shelf.sent);
        shelf.put(sent, 1, true, "milk");
        shelf.put(inbox, 1, false, "milk");
        assert_eq!(shelf.left(None, None), [inbox]);
        assert_eq!(shelf.left(Some(inbox), None), [inbox]);
        // In Sent its own copy is looked at, and what came is unread: both stay.
        assert_eq!(shelf.left(Some(sent), None).len(), 2);
        let (rows, _) = shelf.thread();
        let copy = rows.iter().find(|r| r.mailbox == sent).unwrap().message;
        assert_eq!(shelf.left(None, Some(copy)).len(), 2);
    }

    #[test]
    fn what_was_read_gives_way_to_the_copy_that_is_looked_at() {
        let mut shelf = Shelf::new();
        let (inbox, sent) = (shelf.inbox, shelf.sent);
        shelf.put(sent, 1, true, "milk");
        shelf.put(inbox, 1, true, "milk");
        assert_eq!(shelf.left(Some(sent), None), [sent]);
        assert_eq!(shelf.left(None, None), [inbox]);
    }

    #[test]
    fn what_was_copied_elsewhere_stands_once_wherever_it_is_looked_at() {
        let mut shelf = Shelf::new();
        let (inbox, projects) = (shelf.inbox, shelf.projects);
        shelf.put(projects, 1, true, "milk");
        shelf.put(inbox, 1, true, "milk");
        assert_eq!(shelf.left(None, None), [inbox]);
        assert_eq!(shelf.left(Some(inbox), None), [inbox]);
        assert_eq!(shelf.left(Some(projects), None), [projects]);
        // Two in one mailbox are two.
        shelf.put(inbox, 2, true, "milk");
        assert_eq!(shelf.left(None, None), [inbox, inbox]);
    }

    #[test]
    fn what_lies_in_the_trash_gives_way_first() {
        let mut shelf = Shelf::new();
        let (projects, trash) = (shelf.projects, shelf.trash);
        let (inbox, sent) = (shelf.inbox, shelf.sent);
        shelf.put(projects, 1, true, "milk");
        shelf.put(trash, 1, true, "milk");
        assert_eq!(shelf.left(Some(inbox), None), [projects]);
        shelf.put(sent, 1, true, "milk");
        assert_eq!(shelf.left(Some(inbox), None), [projects]);
        let mut shelf = Shelf::new();
        let (sent, trash) = (shelf.sent, shelf.trash);
        shelf.put(trash, 1, true, "milk");
        shelf.put(sent, 1, true, "milk");
        assert_eq!(shelf.left(None, None), [sent]);
    }

    #[test]
    fn s24_a_forged_twin_hides_nothing_and_is_not_hidden() {
        let mut shelf = Shelf::new();
        let (inbox, sent) = (shelf.inbox, shelf.sent);
        shelf.put(sent, 1, true, "milk");
        shelf.put(inbox, 1, true, "gold");
        assert_eq!(shelf.left(None, None).len(), 2);
        // What came is the copy's twin; the forged one stays.
        shelf.put(inbox, 2, true, "milk");
        let left = shelf.left(None, None);
        assert_eq!(left, [inbox, inbox]);
    }
}
