//! One client's session: who it is, what it has enabled, which mailbox it has open, and what it
//! has been told of it.
//!
//! The view is the list of messages as the client knows it; sequence numbers are positions in it.
//! Telling the client of changes is comparing the view with the mailbox, and no message leaves the
//! view before its EXPUNGE or VANISHED has been written (RFC 3501 §5.2, §5.5, §7.4.1; RFC 7162
//! §3.2.10). Once NOTIFY was used, it says what is told (RFC 5465 §3.1).

use super::answer::{Answer, flags};
use super::fetch;
use super::folder::{Folder, Stored};
use super::give;
use super::listing::Style;
use super::notify::{Asked, Events, Filter};
use super::person::Person;
use super::reader::State;
use super::search::{ranges, within};
use super::spell;
use super::world::{Shared, World};
use imap_types::fetch::MessageDataItem;
use imap_types::response::Data;
use imap_types::sequence::SequenceSet;
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

/// The mailbox that is open.
pub struct View {
    /// Its name.
    pub mailbox: String,
    /// Which mailbox it is, whatever it is called by now.
    pub id: u64,
    /// Its UIDVALIDITY when it was opened.
    pub validity: u32,
    /// Opened by EXAMINE.
    pub read_only: bool,
    /// UID of every message, and the mod-sequence up to which the client was told of it.
    pub known: Vec<(u32, u64)>,
    /// The mailbox's mod-sequence when everything had been told.
    pub told: u64,
}

/// What was told of a mailbox that is not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Whether it was subscribed to.
    pub subscribed: bool,
    /// UIDNEXT.
    pub next: u32,
    /// MESSAGES.
    pub messages: usize,
    /// HIGHESTMODSEQ.
    pub highest: u64,
    /// UIDVALIDITY.
    pub validity: u32,
}

/// NOTIFY, once it was used.
#[derive(Default)]
pub struct Listening {
    /// What for.
    pub asked: Asked,
    /// Every mailbox by its id, as it was told.
    pub told: BTreeMap<u64, Told>,
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
    /// Whether the client knows mod-sequences (RFC 7162 §3.1).
    pub condstore: bool,
    /// Whether QRESYNC is enabled.
    pub qresync: bool,
    /// Whether names and strings are in UTF-8.
    pub utf8: bool,
    /// Whether IMAP4rev2 is enabled.
    pub rev2: bool,
    /// What NOTIFY asked for; `None` before the first one.
    pub listening: Option<Listening>,
    /// What `$` stands for, as UIDs (RFC 5182).
    pub saved: BTreeSet<u32>,
    /// Whether everything after this answer is to be compressed.
    pub compress: bool,
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
            condstore: false,
            qresync: false,
            utf8: false,
            rev2: false,
            listening: None,
            saved: BTreeSet::new(),
            compress: false,
        }
    }

    /// Whether this is offered.
    pub fn offers(&self, name: &str) -> bool {
        self.shared.offer.has(name)
    }

    /// What the meaning of the next command depends on.
    pub fn state(&self) -> State<'_> {
        let known = self.view.as_ref().map(|v| &v.known[..]).unwrap_or_default();
        let here = (1..)
            .zip(known)
            .filter(|(_, (uid, _))| self.saved.contains(uid));
        let (seqs, uids): (Vec<u32>, Vec<u32>) = here.map(|(seq, (uid, _))| (seq, *uid)).unzip();
        State {
            offer: &self.shared.offer,
            utf8: self.utf8,
            qresync: self.qresync,
            saved: (spell::set(&uids), spell::set(&seqs)),
        }
    }

    /// How it wants to be answered.
    pub fn style(&self) -> Style<'_> {
        Style {
            offer: &self.shared.offer,
            utf8: self.utf8,
        }
    }

    /// The account of this session, in the world.
    pub fn person<'w>(&self, world: &'w mut World) -> Option<&'w mut Person> {
        world.person(self.who.as_deref()?)
    }

    /// The name that the open mailbox has by now; `None` if nothing is open, or if it was deleted
    /// or has got another UIDVALIDITY.
    pub fn open_name(&self, person: &Person) -> Option<String> {
        let view = self.view.as_ref()?;
        let same = |f: &Folder| f.id == view.id && f.validity == view.validity;
        if person.folders.get(&view.mailbox).is_some_and(same) {
            return Some(view.mailbox.clone());
        }
        let mut all = person.folders.iter();
        all.find(|(_, f)| same(f)).map(|(name, _)| name.clone())
    }

    /// The open mailbox in the world, with the account that it belongs to; see
    /// [`open_name`](Session::open_name).
    pub fn opened<'w>(&self, world: &'w mut World) -> Option<(&'w mut Person, String)> {
        let person = self.person(world)?;
        let name = self.open_name(person)?;
        Some((person, name))
    }

    /// The client shows that it knows mod-sequences. If a mailbox is open it is told the highest
    /// one (RFC 7162 §3.1).
    pub fn enable_condstore(&mut self, out: &mut Answer) {
        if self.condstore || !self.offers("CONDSTORE") {
            return;
        }
        self.condstore = true;
        let shared = Arc::clone(&self.shared);
        let mut world = shared.world();
        if let Some(highest) = self.highest(&mut world) {
            out.note(&format!("HIGHESTMODSEQ {highest}"), "highest");
        }
    }

    /// Whether the open mailbox has got another UIDVALIDITY.
    fn is_replaced(&self, world: &mut World) -> bool {
        let (Some(view), Some(person)) = (&self.view, self.person(world)) else {
            return false;
        };
        let mut all = person.folders.values();
        all.any(|f| f.id == view.id && f.validity != view.validity)
    }

    /// HIGHESTMODSEQ of the open mailbox.
    pub fn highest(&self, world: &mut World) -> Option<u64> {
        let (person, name) = self.opened(world)?;
        person.folders.get(&name).map(|f| f.highest)
    }

    /// What is to be told of the open mailbox: `None` for everything, as before any NOTIFY. And
    /// whether expunges have to wait for a command.
    fn selected_events(&self) -> (Option<Events>, bool) {
        let Some(listening) = &self.listening else {
            return (None, true);
        };
        for group in &listening.asked.groups {
            match group.filter {
                Filter::Selected => return (Some(group.events.clone()), false),
                Filter::SelectedDelayed => return (Some(group.events.clone()), true),
                _ => {}
            }
        }
        (Some(Events::default()), true)
    }

    /// Tells what changed while no command is in progress, as far as NOTIFY asked for it.
    pub fn tell_unasked(&mut self, out: &mut Answer) {
        let (events, delayed) = self.selected_events();
        if events.is_some() {
            self.tell_open(!delayed, events, out);
        }
    }

    /// Tells the client what changed in the open mailbox since it was last told. EXPUNGE may be
    /// said only when the client can't be using sequence numbers: `expunge` says whether.
    pub fn tell(&mut self, expunge: bool, out: &mut Answer) {
        let (events, _) = self.selected_events();
        self.tell_open(expunge, events, out);
    }

    /// The same after a command of the client's own that removes messages: it hears of them,
    /// whatever NOTIFY asked for.
    pub fn tell_own(&mut self, out: &mut Answer) {
        let (events, _) = self.selected_events();
        let events = events.map(|e| Events { expunge: true, ..e });
        self.tell_open(true, events, out);
    }

    fn tell_open(&mut self, expunge: bool, events: Option<Events>, out: &mut Answer) {
        let shared = Arc::clone(&self.shared);
        let mut world = shared.world();
        if self.is_replaced(&mut world) {
            // Every UID means something else now; there is nothing that could be told of them.
            out.bye("the mailbox has got another UIDVALIDITY");
            self.over = true;
            return;
        }
        let opened = self.opened(&mut world);
        let wants = |f: fn(&Events) -> bool| events.as_ref().is_none_or(f);
        let expunge = expunge && wants(|e| e.expunge);
        let none = Vec::new();
        let (person, name, now, highest) = match &opened {
            Some((person, name)) => match person.folders.get(name) {
                Some(f) => (Some(&**person), name.as_str(), &f.messages, f.highest),
                None => (None, "", &none, u64::MAX),
            },
            None => (None, "", &none, u64::MAX),
        };
        let (condstore, qresync, rev2) = (self.condstore, self.qresync, self.rev2);
        let Some(view) = self.view.as_mut() else {
            return;
        };
        if person.is_some() {
            view.mailbox = name.to_owned();
        }
        if view.told == highest {
            return;
        }
        let gone = withdraw(view, now, expunge, qresync, out);
        let last = view.known.last().map_or(0, |(uid, _)| *uid);
        if wants(|e| e.flags) {
            for (place, (uid, told)) in view.known.iter_mut().enumerate() {
                let message = now.binary_search_by_key(uid, |m| m.uid);
                let Some(message) = message.ok().and_then(|at| now.get(at)) else {
                    continue;
                };
                if message.modseq > *told {
                    *told = message.modseq;
                    tell_flags(place, message, condstore, out);
                }
            }
        }
        if wants(|e| e.new) {
            let before = view.known.len();
            let new = now.iter().filter(|m| m.uid > last);
            view.known.extend(new.map(|m| (m.uid, m.modseq)));
            if view.known.len() != before {
                out.data(Data::Exists(count(view.known.len())));
                if !rev2 {
                    out.data(Data::Recent(0));
                }
                if let (Some(person), Some((names, extra))) =
                    (person, events.as_ref().and_then(|e| e.fetch.as_ref()))
                {
                    for (place, m) in now.iter().filter(|m| m.uid > last).enumerate() {
                        let mut items = fetch::items(m, names);
                        if !names.contains(&imap_types::fetch::MessageDataItemName::Uid) {
                            items.extend(NonZeroU32::new(m.uid).map(MessageDataItem::Uid));
                        }
                        let more = give::more(person, name, m, &extra.items, names);
                        out.fetch(count(before + place + 1), items, &more);
                    }
                }
            }
        }
        let everything = wants(|e| e.flags) && wants(|e| e.new);
        if gone && everything {
            view.told = highest;
        }
    }

    /// The messages that a set names, in the order of the mailbox; `None` if a sequence number is
    /// beyond the last message. UIDs that are gone are passed over.
    pub fn named(&self, set: &SequenceSet, by_uid: bool) -> Option<Vec<Named>> {
        let view = self.view.as_ref()?;
        let count = count(view.known.len());
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

    /// Remembers up to where the client has been told of a message, or needs no telling.
    pub fn knows(&mut self, named: Named, modseq: u64) {
        let place = usize::try_from(named.seq).unwrap_or(0).wrapping_sub(1);
        if let Some((_, told)) = self.view.as_mut().and_then(|v| v.known.get_mut(place)) {
            *told = modseq;
        }
    }
}

/// A number of messages as the wire has it.
pub fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Takes what is gone out of the view and says so, if that is allowed; whether nothing that is
/// gone is left in the view.
fn withdraw(
    view: &mut View,
    now: &[Stored],
    expunge: bool,
    qresync: bool,
    out: &mut Answer,
) -> bool {
    let here = |uid: u32| now.binary_search_by_key(&uid, |m| m.uid).is_ok();
    if !expunge {
        return view.known.iter().all(|(uid, _)| here(*uid));
    }
    let mut gone = Vec::new();
    for (place, (uid, _)) in view.known.iter().enumerate() {
        if !here(*uid) {
            gone.push((place, *uid));
        }
    }
    if gone.is_empty() {
        return true;
    }
    if qresync {
        let uids: Vec<u32> = gone.iter().map(|(_, uid)| *uid).collect();
        out.line(format!("VANISHED {}", spell::set(&uids)));
    } else {
        for (place, _) in gone.iter().rev() {
            out.line(format!("{} EXPUNGE", place + 1));
        }
    }
    view.known.retain(|(uid, _)| here(*uid));
    true
}

/// A FETCH that nobody asked for: flags, UID, and the mod-sequence for who knows what that is.
pub fn tell_flags(place: usize, message: &Stored, condstore: bool, out: &mut Answer) {
    let mut items = vec![MessageDataItem::Flags(flags(&message.flags))];
    items.extend(NonZeroU32::new(message.uid).map(MessageDataItem::Uid));
    if condstore {
        items.extend(NonZeroU64::new(message.modseq).map(MessageDataItem::ModSeq));
    }
    out.fetch(count(place + 1), items, &[]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::offer::{Offer, Shape};
    use crate::demo::opening::{Ask, open};
    use crate::model::{Flags, System};
    use imap_types::core::Tag;

    fn opened(n: usize) -> Session {
        let mut p = Person::new("a", "a@example.org", "A", 9, &Shape::default());
        for _ in 0..n {
            p.add("INBOX", b"x\r\n"[..].into(), Flags::default(), 0);
        }
        let shared = Shared::new(vec![p], "pw".to_owned(), Offer::default());
        let mut s = Session::new(Arc::new(shared));
        s.who = Some("a@example.org".to_owned());
        let mut out = Answer::default();
        open(
            &mut s,
            &Tag::try_from("a").unwrap(),
            "INBOX",
            false,
            &Ask::default(),
            &mut out,
        );
        assert!(s.view.is_some());
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
        shared.world().people[0].set_flags("INBOX", 4, Flags::of(System::SEEN));
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
    fn a_mailbox_that_was_deleted_is_empty_and_a_renamed_one_stays_open() {
        let mut s = opened(2);
        let shared = Arc::clone(&s.shared);
        let inbox = shared.world().people[0].folders.remove("INBOX").unwrap();
        shared.world().people[0]
            .folders
            .insert("Other".to_owned(), inbox);
        assert_eq!(told(&mut s, true), "");
        shared.world().people[0].remove("Other", &[1]);
        assert_eq!(told(&mut s, true), "* 1 EXPUNGE\r\n");
        shared.world().people[0].folders.remove("Other");
        assert_eq!(told(&mut s, true), "* 1 EXPUNGE\r\n");
    }

    #[test]
    fn another_uidvalidity_ends_the_session() {
        let mut s = opened(2);
        let shared = Arc::clone(&s.shared);
        shared.world().people[0].renumber("INBOX");
        assert!(told(&mut s, true).starts_with("* BYE") && s.over);
    }
}
