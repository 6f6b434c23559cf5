//! One client's session: who it is, which mailbox it has open, and what it has been told of it.
//!
//! The view is the list of messages as the client knows it; sequence numbers are positions in it.
//! Telling the client of changes is comparing the view with the mailbox, and no message leaves the
//! view before its EXPUNGE has been written (RFC 3501 §5.2, §5.5, §7.4.1).

use super::answer::{Answer, flag, flags};
use super::search::{ranges, within};
use super::world::{Folder, Shared, World};
use crate::model::{Flags, System};
use imap_types::core::{Tag, Vec1};
use imap_types::fetch::MessageDataItem;
use imap_types::flag::FlagPerm;
use imap_types::response::{Code, Data};
use imap_types::sequence::SequenceSet;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The mailbox that is open.
pub struct View {
    /// Its name.
    pub mailbox: String,
    /// Its UIDVALIDITY when it was opened.
    pub validity: u32,
    /// Opened by EXAMINE.
    pub read_only: bool,
    /// UID and flags of every message, as the client was told.
    pub known: Vec<(u32, Flags)>,
}

/// A message that a command names: its place in the view and its UID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Sequence number, from 1.
    pub seq: u32,
    /// UID.
    pub uid: u32,
}

/// One client's session.
pub struct Session {
    /// The world.
    pub shared: Arc<Shared>,
    /// The login name, once it has been proved.
    pub who: Option<String>,
    /// The open mailbox.
    pub view: Option<View>,
    /// Whether the connection is to end.
    pub over: bool,
    /// How many passwords were wrong.
    pub refused: u32,
}

impl Session {
    /// A session that has proved nothing yet.
    pub fn new(shared: Arc<Shared>) -> Session {
        Session {
            shared,
            who: None,
            view: None,
            over: false,
            refused: 0,
        }
    }

    /// The open mailbox in the world; `None` if nothing is open, or if it was deleted or replaced.
    pub fn folder<'w>(&self, world: &'w mut World) -> Option<&'w mut Folder> {
        let view = self.view.as_ref()?;
        let person = world.person(self.who.as_deref()?)?;
        let folder = person.folders.get_mut(&view.mailbox)?;
        (folder.validity == view.validity).then_some(folder)
    }

    /// Opens a mailbox and tells what SELECT must tell; `false` if there is none of that name.
    pub fn open(
        &mut self,
        tag: &Tag<'_>,
        mailbox: &str,
        read_only: bool,
        out: &mut Answer,
    ) -> bool {
        self.view = None;
        let shared = Arc::clone(&self.shared);
        let mut world = shared.world();
        let person = self.who.as_deref().and_then(|w| world.person(w));
        let Some(folder) = person.and_then(|p| p.folders.get(mailbox)) else {
            return false;
        };
        let known: Vec<(u32, Flags)> = folder
            .messages
            .iter()
            .map(|m| (m.uid, m.flags.clone()))
            .collect();
        let mut names: Vec<String> = System::ALL.iter().map(|(_, n)| (*n).to_owned()).collect();
        for (_, f) in &known {
            for keyword in &f.keywords {
                if !names.contains(keyword) {
                    names.push(keyword.clone());
                }
            }
        }
        let all: Vec<_> = names.iter().filter_map(|n| flag(n)).collect();
        let mut permanent: Vec<FlagPerm<'_>> = Vec::new();
        if !read_only {
            permanent.extend(all.iter().cloned().map(FlagPerm::Flag));
            permanent.push(FlagPerm::Asterisk);
        }
        out.data(Data::Flags(all));
        out.data(Data::Exists(u32::try_from(known.len()).unwrap_or(u32::MAX)));
        out.data(Data::Recent(0));
        let unseen = known.iter().position(|(_, f)| !f.system.has(System::SEEN));
        if let Some(seq) = unseen.and_then(|at| NonZeroU32::new(u32::try_from(at).ok()? + 1)) {
            out.note(Code::Unseen(seq), "first unread");
        }
        if let Some(validity) = NonZeroU32::new(folder.validity) {
            out.note(Code::UidValidity(validity), "UIDs valid");
        }
        if let Some(next) = NonZeroU32::new(folder.next) {
            out.note(Code::UidNext(next), "predicted next UID");
        }
        out.note(Code::PermanentFlags(permanent), "flags that are kept");
        self.view = Some(View {
            mailbox: mailbox.to_owned(),
            validity: folder.validity,
            read_only,
            known,
        });
        let (code, text) = if read_only {
            (Code::ReadOnly, "opened for reading")
        } else {
            (Code::ReadWrite, "opened")
        };
        out.ok(tag, Some(code), text);
        true
    }

    /// Tells the client what changed since it was last told. EXPUNGE may be said only when the
    /// client can't be using sequence numbers: `expunge` says whether.
    pub fn tell(&mut self, expunge: bool, out: &mut Answer) {
        let shared = Arc::clone(&self.shared);
        let mut world = shared.world();
        let now: Vec<(u32, Flags)> = match self.folder(&mut world) {
            Some(folder) => {
                let all = folder.messages.iter();
                all.map(|m| (m.uid, m.flags.clone())).collect()
            }
            None => Vec::new(),
        };
        drop(world);
        let Some(view) = self.view.as_mut() else {
            return;
        };
        let at = |uid: u32| now.binary_search_by_key(&uid, |(u, _)| *u).ok();
        if expunge {
            for place in (0..view.known.len()).rev() {
                let Some((uid, _)) = view.known.get(place) else {
                    continue;
                };
                if at(*uid).is_none() {
                    view.known.remove(place);
                    if let Some(seq) = u32::try_from(place + 1).ok().and_then(NonZeroU32::new) {
                        out.data(Data::Expunge(seq));
                    }
                }
            }
        }
        let last = view.known.last().map_or(0, |(uid, _)| *uid);
        let before = view.known.len();
        for (place, (uid, told)) in view.known.iter_mut().enumerate() {
            let Some((_, current)) = at(*uid).and_then(|i| now.get(i)) else {
                continue;
            };
            if current != told {
                *told = current.clone();
                tell_flags(place, *uid, current, out);
            }
        }
        view.known
            .extend(now.into_iter().filter(|(uid, _)| *uid > last));
        if view.known.len() != before {
            out.data(Data::Exists(
                u32::try_from(view.known.len()).unwrap_or(u32::MAX),
            ));
            out.data(Data::Recent(0));
        }
    }

    /// The messages that a set names, in the order of the mailbox; `None` if a sequence number is
    /// beyond the last message. UIDs that are gone are passed over.
    pub fn named(&self, set: &SequenceSet, by_uid: bool) -> Option<Vec<Named>> {
        let view = self.view.as_ref()?;
        let count = u32::try_from(view.known.len()).unwrap_or(u32::MAX);
        let last = if by_uid {
            view.known.last().map_or(0, |(uid, _)| *uid)
        } else {
            count
        };
        let ranges = ranges(set, last);
        if !by_uid && ranges.iter().any(|(a, b)| *a == 0 || *b > count) {
            return None;
        }
        let all = (1..)
            .zip(&view.known)
            .map(|(seq, (uid, _))| Named { seq, uid: *uid });
        let wanted = all.filter(|n| within(&ranges, if by_uid { n.uid } else { n.seq }));
        Some(wanted.collect())
    }

    /// Remembers flags that the client has been told or needs no telling of.
    pub fn knows_flags(&mut self, named: Named, flags: &Flags) {
        let place = usize::try_from(named.seq).unwrap_or(0).wrapping_sub(1);
        if let Some((_, told)) = self.view.as_mut().and_then(|v| v.known.get_mut(place)) {
            *told = flags.clone();
        }
    }
}

fn tell_flags(place: usize, uid: u32, now: &Flags, out: &mut Answer) {
    let seq = u32::try_from(place + 1).ok().and_then(NonZeroU32::new);
    let (Some(seq), Some(uid)) = (seq, NonZeroU32::new(uid)) else {
        return;
    };
    let flags = MessageDataItem::Flags(flags(now));
    if let Ok(items) = Vec1::try_from(vec![flags, MessageDataItem::Uid(uid)]) {
        out.data(Data::Fetch { seq, items });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::Person;

    fn opened(n: usize) -> Session {
        let mut p = Person::new("a", "a@example.org", "A", 9);
        let inbox = p.folders.get_mut("INBOX").unwrap();
        for _ in 0..n {
            inbox.add(b"x\r\n"[..].into(), Flags::default(), 0);
        }
        let mut s = Session::new(Arc::new(Shared::new(vec![p], "pw".to_owned())));
        s.who = Some("a@example.org".to_owned());
        let mut out = Answer::default();
        assert!(s.open(&Tag::try_from("a").unwrap(), "INBOX", false, &mut out));
        s
    }

    fn told(s: &mut Session, expunge: bool) -> String {
        let mut out = Answer::default();
        s.tell(expunge, &mut out);
        String::from_utf8(out.take()).unwrap()
    }

    #[test]
    fn changes_are_told_once_and_vanished_ones_only_when_allowed() {
        let mut s = opened(4);
        assert_eq!(told(&mut s, true), "");
        let shared = Arc::clone(&s.shared);
        shared.world().people[0].remove("INBOX", &[1, 3]);
        shared.deliver("a@example.org", b"new\r\n", 0);
        assert_eq!(told(&mut s, false), "* 5 EXISTS\r\n* 0 RECENT\r\n");
        assert_eq!(told(&mut s, true), "* 3 EXPUNGE\r\n* 1 EXPUNGE\r\n");
        {
            let mut world = shared.world();
            let inbox = world.people[0].folders.get_mut("INBOX").unwrap();
            inbox.replace(4, &Flags::of(System::SEEN));
        }
        assert_eq!(told(&mut s, true), "* 2 FETCH (FLAGS (\\Seen) UID 4)\r\n");
        assert_eq!(told(&mut s, true), "");
    }

    #[test]
    fn sets_name_messages() {
        let s = opened(3);
        let seqs = |set: &str, by_uid| {
            let named = s.named(&SequenceSet::try_from(set).unwrap(), by_uid)?;
            Some(named.iter().map(|n| n.seq).collect::<Vec<_>>())
        };
        assert_eq!(seqs("1:2,3", false).unwrap(), [1, 2, 3]);
        assert_eq!(seqs("*", false).unwrap(), [3]);
        assert_eq!(seqs("4", false), None);
        assert_eq!(seqs("4:9", true).unwrap(), Vec::<u32>::new());
        assert_eq!(seqs("9:*", true).unwrap(), [3]);
        assert_eq!(seqs("1:4294967295", true).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_mailbox_that_was_deleted_is_empty() {
        let mut s = opened(2);
        let shared = Arc::clone(&s.shared);
        shared.world().people[0].folders.remove("INBOX");
        assert_eq!(told(&mut s, true), "* 2 EXPUNGE\r\n* 1 EXPUNGE\r\n");
    }
}
