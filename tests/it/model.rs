//! Two people on one account, at random: we change mail while online, offline or cut off in the
//! middle, another client changes it meanwhile, mailboxes are renamed and made anew. When it is
//! quiet again both sides agree, no message is lost or doubled that nobody removed or copied, and
//! what only we touched is as we left it.
//!
//! A few cases are tried by default; `PROPTEST_CASES` asks for more.

use crate::both::{agree, operations};
use crate::client::{Client, Held};
use crate::courier::Courier;
use crate::cyrus::Cyrus;
use crate::desk::Desk;
use crate::dovecot::Dovecot;
use crate::strip::{Cut, Strip};
use postrider::model::view::{Page, Scope};
use postrider::model::{
    FlagChange, Flags, Intent, LocationId, MailboxId, Role, System, Target, Verb,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};

/// The flags that are changed.
const FLAGS: [(&str, System); 3] = [
    ("\\Seen", System::SEEN),
    ("\\Flagged", System::FLAGGED),
    ("\\Answered", System::ANSWERED),
];

/// What happens next. Numbers choose among what there is when it happens.
#[derive(Clone, Debug)]
enum Step {
    Flag(usize, usize, bool),
    Move(usize, usize),
    Archive(usize),
    Trash(usize),
    Copy(usize, usize),
    Undo,
    TheyAppend(usize),
    TheyFlag(usize, usize, bool),
    TheyMove(usize, usize),
    TheyExpunge(usize),
    TheyRename(usize),
    TheyRecreate(usize),
    Offline,
    Online,
    Cut(usize, bool),
    Sync,
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..64_usize;
    prop_oneof![
        3 => (n(), 0..3_usize, any::<bool>()).prop_map(|(m, f, on)| Step::Flag(m, f, on)),
        3 => (n(), n()).prop_map(|(m, to)| Step::Move(m, to)),
        2 => n().prop_map(Step::Archive),
        2 => n().prop_map(Step::Trash),
        1 => (n(), n()).prop_map(|(m, to)| Step::Copy(m, to)),
        1 => Just(Step::Undo),
        2 => n().prop_map(Step::TheyAppend),
        2 => (n(), 0..3_usize, any::<bool>()).prop_map(|(m, f, on)| Step::TheyFlag(m, f, on)),
        2 => (n(), n()).prop_map(|(m, to)| Step::TheyMove(m, to)),
        1 => n().prop_map(Step::TheyExpunge),
        1 => n().prop_map(Step::TheyRename),
        1 => n().prop_map(Step::TheyRecreate),
        1 => Just(Step::Offline),
        2 => Just(Step::Online),
        2 => (1..24_usize, any::<bool>()).prop_map(|(n, arrives)| Step::Cut(n, arrives)),
        4 => Just(Step::Sync),
    ]
}

/// What is known of a message from what was done, not from what either side says.
#[derive(Debug, Default)]
struct Fate {
    /// Where it may be: where it was put, and where anybody moved it.
    allowed: BTreeSet<String>,
    /// Somebody may have removed it for good.
    removed: bool,
    /// More than one of it may be there.
    copies: usize,
    /// Somebody besides us moved or removed it, or the mailbox under it.
    disturbed: bool,
    /// Somebody put a new one in its place, without the flags that it had.
    remade: bool,
    /// Where we put it last, if we did.
    placed: Option<String>,
    /// Flags that we changed last to this.
    flags: BTreeMap<&'static str, bool>,
    /// Flags that they changed.
    theirs: BTreeSet<&'static str>,
}

struct Play {
    desk: Desk,
    strip: Strip,
    there: Client,
    prefix: &'static str,
    fates: BTreeMap<String, Fate>,
    undone: bool,
    named: usize,
    /// What mailboxes were called, and what then.
    renamed: Vec<(String, String)>,
}

/// A row of a list of ours.
struct Shown {
    location: LocationId,
    mailbox: MailboxId,
    id: String,
}

fn alive(held: &Held) -> impl Iterator<Item = (u32, &str)> {
    let letters = held.letters.iter();
    let alive = letters.filter(|(_, l)| !l.flags.contains("\\Deleted"));
    alive.map(|(uid, l)| (*uid, l.id.as_str()))
}

impl Play {
    fn new(port: u16, without: &[&str], prefix: &'static str) -> Play {
        static USERS: AtomicU32 = AtomicU32::new(0);
        let user = format!("m{}", USERS.fetch_add(1, Ordering::Relaxed));
        let strip = Strip::start(port, without);
        let mut play = Play {
            desk: Desk::new(strip.port, &user),
            strip,
            there: Client::plain(port, &user),
            prefix,
            fates: BTreeMap::new(),
            undone: false,
            named: 0,
            renamed: Vec::new(),
        };
        let has: BTreeSet<String> = play.there.mailboxes().into_iter().collect();
        for name in ["One", "Two", "Archive", "Trash"] {
            let name = play.name(name);
            if !has.contains(&name) {
                play.there.create(&name);
            }
        }
        for _ in 0..4 {
            play.append("INBOX");
        }
        let (one, two) = (play.name("One"), play.name("Two"));
        play.append(&one);
        play.append(&two);
        play.desk.sync().unwrap();
        play
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn append(&mut self, mailbox: &str) {
        self.named += 1;
        let id = format!("n{}@x", self.named);
        self.there.append(mailbox, "", &raw(&id));
        let fate = self.fates.entry(id).or_default();
        fate.allowed.insert(mailbox.to_owned());
        fate.copies = 1;
    }

    fn fate(&mut self, id: &str) -> &mut Fate {
        self.fates.get_mut(id).unwrap()
    }

    /// Everything that is shown to us, in a fixed order.
    fn shown(&self) -> Vec<Shown> {
        let reader = self.desk.reader();
        let mut all = Vec::new();
        for mailbox in reader.mailboxes().unwrap() {
            let scope = Scope::Mailbox(mailbox.id);
            let rows = reader.page(&scope, false, Page::Newest, 1000).unwrap();
            let rows = rows.iter().filter(|r| !r.flags.system.has(System::DELETED));
            all.extend(rows.map(|row| Shown {
                location: row.location,
                mailbox: mailbox.id,
                id: format!("{}@x", row.subject),
            }));
        }
        let wire = |m: &Shown| {
            reader
                .mailbox(m.mailbox)
                .unwrap()
                .map(|b| b.name.as_bytes().to_vec())
        };
        all.sort_by_key(|m| (wire(m), m.id.clone(), m.location));
        all
    }

    fn wire(&self, mailbox: MailboxId) -> String {
        let found = self.desk.reader().mailbox(mailbox).unwrap().unwrap();
        String::from_utf8(found.name.as_bytes().to_vec()).unwrap()
    }

    /// The mailboxes of ours that messages are moved to.
    fn ours(&self) -> Vec<MailboxId> {
        let rows = self.desk.reader().mailboxes().unwrap();
        rows.iter().filter(|m| m.selectable).map(|m| m.id).collect()
    }

    fn role(&self, role: Role) -> Option<MailboxId> {
        let rows = self.desk.reader().mailboxes().unwrap();
        rows.iter().find(|m| m.role == Some(role)).map(|m| m.id)
    }

    fn act(&self, verb: Verb, message: &Shown) {
        self.desk.act(Intent::Act {
            verb,
            targets: vec![Target::Location(message.location)],
        });
    }

    fn put(&mut self, message: &Shown, verb: Verb, to: MailboxId) {
        if message.mailbox == to {
            return;
        }
        let name = self.wire(to);
        self.act(verb, message);
        let fate = self.fate(&message.id);
        fate.allowed.insert(name.clone());
        fate.placed = Some(name);
    }

    /// One of the other client's messages.
    fn theirs(&mut self, number: usize) -> Option<(String, u32, String)> {
        let state = self.there.state();
        let all: Vec<_> = state
            .iter()
            .flat_map(|(name, held)| alive(held).map(move |(uid, id)| (name, uid, id)))
            .collect();
        let (name, uid, id) = *all.get(number % all.len().max(1))?;
        Some((name.clone(), uid, id.to_owned()))
    }

    /// One of the mailboxes that come and go.
    fn loose(&mut self, number: usize) -> Option<String> {
        let stem = [self.name("One"), self.name("Two")];
        let all = self.there.mailboxes();
        let all: Vec<String> = all
            .into_iter()
            .filter(|n| stem.iter().any(|s| n.starts_with(s.as_str())))
            .collect();
        all.get(number % all.len().max(1)).cloned()
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Flag(..)
            | Step::Move(..)
            | Step::Archive(_)
            | Step::Trash(_)
            | Step::Copy(..)
            | Step::Undo => self.we(step),
            Step::Offline => self.strip.shut(true),
            Step::Online => self.strip.shut(false),
            Step::Cut(commands, arrives) => self.strip.cut(Cut {
                commands: *commands,
                arrives: *arrives,
            }),
            Step::Sync => drop(self.desk.sync()),
            _ => self.they(step),
        }
    }

    fn we(&mut self, step: &Step) {
        if matches!(step, Step::Undo) {
            self.undone |= self.desk.act(Intent::Undo);
            return;
        }
        let (Step::Flag(number, ..)
        | Step::Move(number, _)
        | Step::Archive(number)
        | Step::Trash(number)
        | Step::Copy(number, _)) = step
        else {
            return;
        };
        let mut shown = self.shown();
        if shown.is_empty() {
            return;
        }
        let message = shown.swap_remove(number % shown.len());
        let boxes = self.ours();
        match step {
            Step::Flag(_, flag, on) => {
                let (name, bit) = FLAGS[*flag];
                let flags = Flags {
                    system: bit,
                    ..Flags::default()
                };
                let mut change = FlagChange::default();
                *if *on {
                    &mut change.add
                } else {
                    &mut change.remove
                } = flags;
                self.act(Verb::Flag(change), &message);
                self.fate(&message.id).flags.insert(name, *on);
            }
            Step::Move(_, to) => {
                let to = boxes[to % boxes.len()];
                self.put(&message, Verb::Move(to), to);
            }
            Step::Copy(_, to) => {
                let to = boxes[to % boxes.len()];
                if message.mailbox != to {
                    let name = self.wire(to);
                    self.act(Verb::Copy(to), &message);
                    let fate = self.fate(&message.id);
                    fate.copies += 1;
                    fate.allowed.insert(name);
                }
            }
            Step::Archive(_) => {
                if let Some(to) = self.role(Role::Archive) {
                    self.put(&message, Verb::Archive, to);
                }
            }
            _ => match self.role(Role::Trash) {
                Some(trash) if trash == message.mailbox => {
                    self.act(Verb::Trash, &message);
                    self.fate(&message.id).removed = true;
                }
                Some(trash) => self.put(&message, Verb::Trash, trash),
                None => {}
            },
        }
    }

    fn they(&mut self, step: &Step) {
        match step {
            Step::TheyAppend(number) => {
                let all = self.there.mailboxes();
                self.append(&all[number % all.len()]);
            }
            Step::TheyFlag(number, flag, on) => {
                let Some((mailbox, uid, id)) = self.theirs(*number) else {
                    return;
                };
                let (name, _) = FLAGS[*flag];
                let sign = if *on { '+' } else { '-' };
                self.there
                    .store(&mailbox, uid, &format!("{sign}FLAGS ({name})"));
                self.fate(&id).theirs.insert(name);
            }
            Step::TheyMove(number, to) => {
                let Some((mailbox, uid, id)) = self.theirs(*number) else {
                    return;
                };
                let all = self.there.mailboxes();
                let to = &all[to % all.len()];
                if *to != mailbox {
                    self.there.shift(&mailbox, uid, to);
                    let fate = self.fate(&id);
                    fate.allowed.insert(to.clone());
                    fate.disturbed = true;
                }
            }
            Step::TheyExpunge(number) => {
                if let Some((mailbox, uid, id)) = self.theirs(*number) {
                    self.there.expunge(&mailbox, uid);
                    self.fate(&id).removed = true;
                    self.fate(&id).disturbed = true;
                }
            }
            Step::TheyRename(number) => {
                let Some(name) = self.loose(*number) else {
                    return;
                };
                self.named += 1;
                let stem = if name.contains("One") { "One" } else { "Two" };
                let new = format!("{}{}", self.name(stem), self.named);
                self.there.rename(&name, &new);
                self.disturb(&name);
                self.renamed.push((name, new));
            }
            Step::TheyRecreate(number) => {
                let Some(name) = self.loose(*number) else {
                    return;
                };
                let held = self.there.held(&name);
                self.there.delete(&name);
                self.there.create(&name);
                for (at, (_, id)) in alive(&held).enumerate() {
                    // The first is lost, the others are put back, in another order.
                    if at > 0 {
                        self.there.append(&name, "", &raw(id));
                    }
                }
                self.disturb(&name);
                let mut first = true;
                for (_, id) in alive(&held) {
                    let fate = self.fates.get_mut(id).unwrap();
                    fate.remade = true;
                    fate.removed |= std::mem::take(&mut first);
                }
            }
            _ => {}
        }
    }

    /// The mailbox under some messages is another one now.
    fn disturb(&mut self, mailbox: &str) {
        let mut fates = std::mem::take(&mut self.fates);
        for fate in fates.values_mut() {
            fate.disturbed |= self.may_be(fate, mailbox);
        }
        self.fates = fates;
    }

    /// Whether a message may be in a mailbox: it was put there, or where that was renamed to, and we
    /// may have known it by the name of before.
    fn may_be(&self, fate: &Fate, place: &str) -> bool {
        let mut allowed = fate.allowed.clone();
        for (old, new) in &self.renamed {
            if allowed.contains(old) {
                allowed.insert(new.clone());
            }
        }
        allowed.contains(place)
    }

    /// The network is well and everybody rests: what must be true then.
    fn rest(mut self, steps: &[Step]) {
        self.strip.shut(false);
        let mut outcome = Err(String::new());
        for _ in 0..4 {
            outcome = self.desk.sync();
            if outcome.is_ok() && operations(self.desk.home.path()).0.is_empty() {
                break;
            }
        }
        // A mailbox that is missing is believed to be gone when it is missing twice.
        if outcome.is_ok() {
            outcome = self.desk.sync();
        }
        let fates: Vec<String> = self.fates.iter().map(|f| format!("{f:?}")).collect();
        let told = || format!("{steps:?}\n{}", fates.join("\n"));
        assert_eq!(outcome, Ok(()), "{}", told());
        let state = agree(self.desk.home.path(), &mut self.there, &told());
        let failed = operations(self.desk.home.path()).1;
        for (id, fate) in &self.fates {
            let places: Vec<&String> = state
                .iter()
                .flat_map(|(name, held)| alive(held).filter(|(_, i)| i == id).map(move |_| name))
                .collect();
            let when = || format!("{id} is in {places:?}\n{failed:#?}\n{}", told());
            assert!(!places.is_empty() || fate.removed, "lost: {}", when());
            assert!(places.len() <= fate.copies, "doubled: {}", when());
            assert!(
                places.iter().all(|p| self.may_be(fate, p)),
                "astray: {}",
                when()
            );
            if self.undone || !failed.is_empty() || fate.removed || fate.copies != 1 {
                continue;
            }
            let gone = |name: &String| self.renamed.iter().any(|(old, _)| old == name);
            // Who moved it last isn't known if they did, too.
            let placed = fate.placed.as_ref().filter(|_| !fate.disturbed);
            if let Some(placed) = placed.filter(|p| !gone(p)) {
                assert_eq!(places, [placed], "{}", when());
            }
            if fate.remade {
                continue;
            }
            let held = &state[places[0]];
            let uid = alive(held).find(|(_, i)| i == id).unwrap().0;
            let letter = &held.letters[&uid];
            for (flag, on) in &fate.flags {
                let ours = !fate.theirs.contains(flag);
                assert!(
                    !ours || letter.flags.contains(*flag) == *on,
                    "{flag}: {}",
                    when()
                );
            }
        }
        let refused = self.strip.refused();
        assert!(refused.is_empty(), "{refused:?} {}", told());
    }
}

fn raw(id: &str) -> String {
    let subject = id.trim_end_matches("@x");
    format!(
        "From: Ada <ada@example.test>\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\r\nText.\r\n"
    )
}

fn explore(cases: u32, port: u16, without: &[&str], prefix: &'static str) {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    let mut runner = TestRunner::new(Config {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let steps = prop::collection::vec(step(), 4..28);
    let outcome = runner.run(&steps, |steps| {
        let mut play = Play::new(port, without, prefix);
        for step in &steps {
            play.step(step);
        }
        play.rest(&steps);
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
}

#[test]
fn two_people_on_dovecot() {
    if let Some(server) = Dovecot::start(None) {
        explore(16, server.imap, &[], "");
    }
}

#[test]
fn two_people_on_dovecot_without_extensions() {
    if let Some(server) = Dovecot::start(None) {
        explore(8, server.imap, &["*"], "");
    }
}

/// Without UIDPLUS what was moved away stands where it was, marked as deleted: it is no copy that the
/// cut way back has left.
#[test]
fn a_move_is_taken_back_over_a_line_that_is_cut() {
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    for at in 1..24 {
        let steps = [
            Step::Sync,
            Step::Archive(0),
            Step::Sync,
            Step::Undo,
            Step::Cut(at, true),
            Step::Sync,
        ];
        let mut play = Play::new(server.imap, &["*"], "");
        for step in &steps {
            play.step(step);
        }
        play.rest(&steps);
    }
}

#[test]
fn two_people_on_cyrus() {
    if let Some(server) = Cyrus::start() {
        explore(6, server.imap, &[], "");
    }
}

#[test]
fn two_people_on_courier() {
    if let Some(server) = Courier::start() {
        explore(6, server.imap, &[], "INBOX.");
    }
}
