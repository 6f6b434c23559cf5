//! Undo against a server that does what operations say: whatever was done, cut and taken back in
//! whatever order, the server ends with what the user last saw.

use super::tests::{Home, key, op, outgoing, to, undo, work};
use super::*;
use crate::model::*;
use crate::store::open::now;
use proptest::prelude::*;

const BOXES: [&str; 4] = ["INBOX", "Archive", "Trash", "Lists"];

/// What can happen next.
#[derive(Clone, Debug)]
enum Step {
    /// The user moves messages.
    Move(Vec<usize>, usize),
    /// The user stars messages.
    Star(Vec<usize>),
    /// The user takes the last action back.
    Undo,
    /// The user does once more what was taken back last.
    Redo,
    /// The worker claims the first operation; the connection is cut before the answer.
    Begin,
    /// The worker carries the first operation out and confirms it.
    Work,
    /// The program ends and starts again.
    Restart,
}

/// A message: on the server, and as the screen shows it.
#[derive(Clone, Debug, PartialEq)]
struct State {
    mailbox: usize,
    starred: bool,
}

struct World {
    home: Home,
    local: Local,
    /// Mailbox and UID on the server.
    places: Vec<(usize, u32)>,
    stars: Vec<bool>,
    shown: Vec<State>,
    /// What was shown before each action.
    before: Vec<Vec<State>>,
    /// What was shown before each undo since.
    undone: Vec<Vec<State>>,
    next_uid: u32,
}

impl World {
    fn new() -> World {
        let home = Home::new();
        let local = home.open();
        let shown = State {
            mailbox: 0,
            starred: false,
        };
        World {
            home,
            local,
            places: (0..3).map(|n| (0, n + 1)).collect(),
            stars: vec![false; 3],
            shown: vec![shown; 3],
            before: Vec::new(),
            undone: Vec::new(),
            next_uid: 10,
        }
    }

    /// The key that the cache would give: where the server last said that the message is.
    fn key(&self, message: usize) -> MessageKey {
        let (mailbox, uid) = self.places[message];
        key(BOXES[mailbox], uid)
    }

    fn act(&mut self, kind: OpKind, messages: &[usize], show: impl Fn(&mut State)) {
        if messages.is_empty() {
            return;
        }
        let keys = messages.iter().map(|m| self.key(*m)).collect();
        self.local.act("act", now(), &[op(kind, keys)]).unwrap();
        self.before.push(self.shown.clone());
        self.undone.clear();
        for message in messages {
            show(&mut self.shown[*message]);
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Move(messages, mailbox) => {
                let mut real = messages.clone();
                real.retain(|m| self.shown[*m].mailbox != *mailbox);
                self.act(to(BOXES[*mailbox]), &real, |s| s.mailbox = *mailbox);
            }
            Step::Star(messages) => {
                let mut real = messages.clone();
                real.retain(|m| !self.shown[*m].starred);
                let star = OpKind::Store(FlagChange::set(System::FLAGGED));
                self.act(star, &real, |s| s.starred = true);
            }
            Step::Undo => {
                let undone = undo(&mut self.local, now());
                assert_eq!(undone.is_some(), !self.before.is_empty());
                if let Some(before) = self.before.pop() {
                    self.undone.push(std::mem::replace(&mut self.shown, before));
                }
            }
            Step::Redo => {
                let redone = self.local.redo(now()).unwrap();
                let expected = self.undone.pop();
                assert_eq!(
                    matches!(redone, Redo::Done(_)),
                    expected.is_some(),
                    "{redone:?}"
                );
                if let Some(after) = expected {
                    self.before.push(std::mem::replace(&mut self.shown, after));
                }
            }
            Step::Begin => {
                if let Some(op) = self.first() {
                    self.local.claim(op.id).unwrap();
                }
            }
            Step::Work => {
                if let Some(op) = self.first() {
                    self.local.claim(op.id).unwrap();
                    let moved = self.carry_out(&op);
                    self.local.confirm(op.id, &moved).unwrap();
                }
            }
            Step::Restart => self.local = self.home.open(),
        }
    }

    /// What the server has once it has done all that waits.
    fn server(&mut self) -> Vec<State> {
        while self.first().is_some() {
            self.take(&Step::Work);
        }
        let each = self.places.iter().zip(&self.stars);
        let state = |((mailbox, _), starred): (&(usize, u32), &bool)| State {
            mailbox: *mailbox,
            starred: *starred,
        };
        each.map(state).collect()
    }

    fn first(&self) -> Option<Op> {
        let pending = self.local.read().pending(&work()).unwrap();
        pending.into_iter().next()
    }

    fn carry_out(&mut self, op: &Op) -> Vec<Moved> {
        let mut moved = Vec::new();
        for key in &op.keys {
            let followed = self.local.read().follow(&work(), key).unwrap();
            let at = followed.map_or((key.mailbox.clone(), key.uid), |p| {
                (p.mailbox, p.at.unwrap().1)
            });
            let place = |p: &(usize, u32)| {
                (MailboxName::new(BOXES[p.0]), p.1) == (at.0.clone(), at.1.get())
            };
            let message = self
                .places
                .iter()
                .position(place)
                .expect("the message is not where it was followed to");
            match &op.kind {
                OpKind::Move { to } if *to != at.0 => {
                    let mailbox = BOXES
                        .iter()
                        .position(|b| b.as_bytes() == to.as_bytes())
                        .unwrap();
                    self.places[message] = (mailbox, self.next_uid);
                    moved.push(Moved {
                        key: key.clone(),
                        to: Place {
                            mailbox: to.clone(),
                            at: Uid::new(self.next_uid).map(|uid| (UidValidity(1), uid)),
                        },
                    });
                    self.next_uid += 1;
                }
                OpKind::Store(change) => {
                    let star = Flags::of(if self.stars[message] {
                        System::FLAGGED
                    } else {
                        System::NONE
                    });
                    self.stars[message] = star.after(change).system.has(System::FLAGGED);
                }
                _ => {}
            }
        }
        moved
    }
}

fn messages() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::btree_set(0usize..3, 1..3).prop_map(|s| s.into_iter().collect())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (messages(), 0..BOXES.len()).prop_map(|(m, b)| Step::Move(m, b)),
        2 => messages().prop_map(Step::Star),
        3 => Just(Step::Undo),
        2 => Just(Step::Redo),
        1 => Just(Step::Begin),
        4 => Just(Step::Work),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_server_ends_with_what_the_user_saw(steps in prop::collection::vec(step(), 1..24)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        prop_assert_eq!(world.server(), world.shown.clone());
    }

    #[test]
    fn undone_it_is_the_start_and_redone_the_end(
        steps in prop::collection::vec(step(), 1..16),
        settled in any::<bool>(),
    ) {
        let mut world = World::new();
        let start = world.shown.clone();
        for step in &steps {
            world.take(step);
        }
        while !world.undone.is_empty() {
            world.take(&Step::Redo);
        }
        let (end, acts) = (world.shown.clone(), world.before.len());
        for turn in 0..2 {
            for (step, goal) in [(Step::Undo, &start), (Step::Redo, &end)] {
                for _ in 0..acts {
                    world.take(&step);
                }
                world.take(&Step::Restart);
                prop_assert_eq!(&world.shown, goal);
                if settled || turn == 1 {
                    prop_assert_eq!(&world.server(), goal);
                }
            }
        }
        // As the journal tells it: one row an action, none of them waiting or taken back.
        let journal = world.local.read().journal(100).unwrap();
        prop_assert!(journal.iter().filter(|p| p.undoable).count() == acts);
        prop_assert!(journal.iter().all(|p| p.stand.waiting == 0 && p.stand.refused == 0));
    }
}

#[test]
fn what_was_put_off_may_be_done_in_part_and_is_put_back_not_forgotten() {
    let home = Home::new();
    let mut local = home.open();
    let new = op(to("Archive"), vec![key("INBOX", 1), key("INBOX", 2)]);
    let (_, ops) = local.act("archive", now(), &[new]).unwrap();
    local.claim(ops[0].id).unwrap();
    local.release(ops[0].id).unwrap();
    let undone = undo(&mut local, now()).unwrap();
    assert!(undone.cancelled.is_empty());
    assert_eq!(undone.inverse.len(), 1);
    let waiting: Vec<OpId> = local
        .read()
        .pending(&work())
        .unwrap()
        .iter()
        .map(|op| op.id)
        .collect();
    assert_eq!(
        waiting,
        [ops[0].id, undone.inverse[0].id],
        "one behind the other"
    );
}

fn archive(local: &mut Local, label: &str, at: i64) {
    let ops = [op(to("Archive"), vec![key("INBOX", 1)])];
    local.act(label, at, &ops).unwrap();
}

#[test]
fn what_is_old_or_lies_behind_a_message_that_is_out_is_named_first() {
    let home = Home::new();
    let mut local = home.open();
    archive(&mut local, "old", 100);
    let named = |undo: Undo| match undo {
        Undo::Named { entry, .. } => entry.label,
        other => panic!("{other:?}"),
    };
    assert_eq!(named(local.undo(1_000, 500).unwrap()), "old");
    assert_eq!(local.read().pending(&work()).unwrap().len(), 1);
    // Asked once more, even by another process, it goes.
    let again = home.open().undo(1_001, 500).unwrap();
    assert!(matches!(again, Undo::Done(u) if u.cancelled.len() == 1));

    archive(&mut local, "older", 600);
    archive(&mut local, "newer", 1_100);
    let sent = local.submit(&outgoing(None), 1_200).unwrap();
    local.claim_submission(sent, 1_300).unwrap();
    local.dot(sent, &[]).unwrap();
    local
        .finish(sent, SubmissionState::Accepted, None, 0)
        .unwrap();
    let late = local.undo(1_400, 500).unwrap();
    assert!(
        matches!(&late, Undo::Late { sent: Some(_), next: Some(n) } if n.label == "newer"),
        "{late:?}"
    );
    // Nothing is taken back yet; the mark on what was answered waits with them.
    assert_eq!(local.read().pending(&work()).unwrap().len(), 3);
    let done = local.undo(1_401, 500).unwrap();
    assert!(matches!(done, Undo::Done(u) if u.label == "newer"));
    // Something that changed nothing was meant: what lies before it is named.
    local.nothing_done(1_500).unwrap();
    assert_eq!(named(local.undo(1_501, 500).unwrap()), "older");
    // What was named on another day is named once more.
    assert_eq!(named(local.undo(99_001, 500).unwrap()), "older");
    assert!(matches!(local.undo(99_002, 500).unwrap(), Undo::Done(_)));
    assert_eq!(local.undo(1_503, 500).unwrap(), Undo::Nothing);
}

#[test]
fn a_message_without_a_draft_is_held_by_an_undo() {
    let mut local = Home::new().open();
    archive(&mut local, "before", 1);
    let id = local.submit(&outgoing(None), 2).unwrap();
    assert!(local.claim_submission(id, 200).unwrap());
    let undone = undo(&mut local, 3).unwrap();
    assert!(undone.sending && undone.draft.is_none());
    let rows = local.read().outbox().unwrap();
    assert_eq!(rows[0].state, SubmissionState::Held);
    assert_eq!(local.read().wire(id).unwrap(), *outgoing(None).wire);
    assert!(local.dot(id, &[]).is_err(), "whoever was sending it stops");
    assert_eq!(undo(&mut local, 4).unwrap().label, "before");
    // One that nobody took is held, too; one that was to go later keeps its time.
    for (state, scheduled) in [
        (SubmissionState::Refused, false),
        (SubmissionState::Queued, true),
    ] {
        let mut out = outgoing(None);
        out.message_id = MessageId::new(&format!("{scheduled}@x")).unwrap();
        (out.not_before, out.scheduled) = (900, scheduled);
        let id = local.submit(&out, 5).unwrap();
        if state == SubmissionState::Refused {
            local.claim_submission(id, 1_000).unwrap();
            let end = End {
                state,
                error: Some("no"),
                next_try: 0,
            };
            local.conclude(id, &[], &end, 1_000).unwrap();
        }
        let undone = undo(&mut local, 6).unwrap();
        assert_eq!(undone.was_for, scheduled.then_some(900));
        let row = local.read().submission(id).unwrap().unwrap();
        assert_eq!(
            (row.state, row.scheduled),
            (SubmissionState::Held, scheduled)
        );
    }
}

#[test]
fn a_draft_that_was_thrown_away_comes_back_whole() {
    let home = Home::new();
    let mut local = home.open();
    let mut draft = Draft {
        subject: "Tea".to_owned(),
        attachments: vec![DraftAttachment::Bytes {
            name: "n".into(),
            media_type: "a/b".into(),
            bytes: (*b"x").into(),
            inline: false,
        }],
        ..Draft::new(work())
    };
    let id = local.save_draft(&draft, 5).unwrap();
    (draft.id, draft.saved, draft.rev) = (Some(id), 5, 1);
    local.discard_draft(id, 10).unwrap();
    let gone = |local: &Local| {
        let read = local.read();
        read.drafts().unwrap().is_empty()
            && read.draft_lines().unwrap().is_empty()
            && read.draft_lines().unwrap().is_empty()
            && read.open_drafts().unwrap().is_empty()
            && read.draft(id).unwrap().is_none()
            && read.uncopied(&work(), 1_000, 1).unwrap().is_empty()
    };
    assert!(gone(&local));
    local.discard_draft(id, 11).unwrap();
    let undone = undo(&mut home.open(), 12).unwrap();
    assert_eq!((undone.draft, undone.sending), (Some(id), false));
    assert_eq!(local.read().drafts().unwrap(), [draft.clone()]);
    // Who goes on writing in another window has it again, too.
    local.discard_draft(id, 13).unwrap();
    assert_eq!(local.save_draft(&draft, 14).unwrap(), id);
    assert_eq!(local.read().draft_lines().unwrap().len(), 1);
    // After a month it is gone for good.
    local.discard_draft(id, 15).unwrap();
    let other = local.save_draft(&Draft::new(work()), 16).unwrap();
    local.discard_draft(other, 15 + 31 * 24 * 3600).unwrap();
    assert_eq!(undo(&mut local, 20).unwrap().draft, Some(other));
    assert_eq!(undo(&mut local, 21), None);
}

#[test]
fn what_reached_no_server_is_due_when_one_can_be_reached() {
    let mut local = Home::new().open();
    let put_off = |local: &mut Local, unreached: bool| {
        let mut out = outgoing(None);
        out.message_id = MessageId::new(&format!("{unreached}@x")).unwrap();
        out.not_before = 0;
        let id = local.submit(&out, 1).unwrap();
        local.claim_submission(id, 100).unwrap();
        let end = End {
            state: SubmissionState::Queued,
            error: Some("no"),
            next_try: 900,
        };
        local.conclude(id, &[], &end, 100).unwrap();
        if unreached {
            local.unreached(id).unwrap();
        }
        id
    };
    let (cut, busy) = (put_off(&mut local, true), put_off(&mut local, false));
    assert_eq!(local.read().due(&work(), 200).unwrap(), None);
    local.reachable(&work(), 200).unwrap();
    assert_eq!(local.read().due(&work(), 200).unwrap().unwrap().id, cut);
    local.hold(cut).unwrap();
    assert_eq!(local.read().due(&work(), 200).unwrap(), None, "{busy:?}");
}
