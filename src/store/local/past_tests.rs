//! The journal, read and acted on: one action of many taken back, what stands in the way of that, and
//! what servers refused.

use super::past::Origin;
use super::tests::{Home, key, op, outgoing, to, undo, work};
use super::*;
use crate::model::*;
use crate::store::open::now;

fn act(local: &mut Local, label: &str, kind: OpKind, uids: &[u32]) -> ActionId {
    let keys = uids.iter().map(|uid| key("INBOX", *uid)).collect();
    local.act(label, now(), &[op(kind, keys)]).unwrap().0
}

/// The server does all that waits; what it moves gets UIDs from 100 on.
fn work_off(local: &mut Local) {
    for op in local.read().pending(&work()).unwrap() {
        assert!(local.claim(op.id).unwrap());
        let moved = match &op.kind {
            OpKind::Move { to } => op.keys.iter().map(|key| Moved {
                key: key.clone(),
                to: Place {
                    mailbox: to.clone(),
                    at: Uid::new(key.uid.get() + 100).map(|uid| (UidValidity(1), uid)),
                },
            }),
            _ => {
                local.confirm(op.id, &[]).unwrap();
                continue;
            }
        };
        let moved: Vec<Moved> = moved.collect();
        local.confirm(op.id, &moved).unwrap();
    }
}

fn here(_: &AccountName, _: &MessageKey) -> bool {
    false
}

fn star() -> OpKind {
    OpKind::Store(FlagChange::set(System::FLAGGED))
}

#[test]
fn one_of_many_is_taken_back_and_done_again() {
    let home = Home::new();
    let mut local = home.open();
    let archived = act(&mut local, "archived", to("Archive"), &[1, 2]);
    let starred = act(&mut local, "starred", star(), &[1]);
    work_off(&mut local);
    let would = local.read().would_undo(archived, &here).unwrap();
    assert_eq!(would.steps.len(), 1);
    assert_eq!(would.steps[0].kind, to("INBOX"));
    assert_eq!(would.steps[0].keys[0].mailbox, MailboxName::new("Archive"));
    let UndoOne::Done(undone) = local.undo_one(archived, now(), &here).unwrap() else {
        panic!("not undone");
    };
    assert_eq!(undone.inverse.len(), 1);
    assert_eq!(
        local.undo_one(archived, now(), &here).unwrap(),
        UndoOne::Nothing
    );
    let rows = home.open().read().journal(10).unwrap();
    assert_eq!(rows.len(), 2, "an undo is no row of its own: {rows:?}");
    assert_eq!((rows[0].id, rows[1].id), (starred, archived));
    assert_eq!(rows[1].undone.as_ref().unwrap().waiting, 1);
    assert!(rows[0].undone.is_none() && rows[0].undoable && rows[0].origin == Origin::User);
    work_off(&mut local);
    assert_eq!(
        local.read().journal(10).unwrap()[1]
            .undone
            .as_ref()
            .unwrap()
            .done,
        1
    );
    let again = home.open().redo_one(archived, now(), &here).unwrap();
    assert!(matches!(again, Redo::Done(r) if r.ops.len() == 1 && r.ops[0].keys.len() == 2));
    let rows = local.read().journal(10).unwrap();
    assert!(rows[1].undone.is_none() && rows[1].stand.waiting == 1);
}

#[test]
fn a_later_action_stands_in_the_way_of_its_messages_alone() {
    let mut local = Home::new().open();
    let archived = act(&mut local, "archived", to("Archive"), &[1, 2]);
    let moved = act(&mut local, "moved", to("Lists"), &[1]);
    let later = |why: &Hindrance| matches!(why, Hindrance::Later(e) if e.label == "moved");
    for settled in [false, true] {
        if settled {
            work_off(&mut local);
        }
        let would = local.read().would_undo(archived, &here).unwrap();
        assert_eq!(would.hindered.len(), 1);
        assert!(later(&would.hindered[0].2));
        assert_eq!(would.steps[0].keys.len(), 1);
    }
    // Flags are in nobody's way but of the same flags.
    let starred = act(&mut local, "starred", star(), &[2]);
    let read = OpKind::Store(FlagChange::set(System::SEEN));
    act(&mut local, "read", read, &[2]);
    assert!(
        local
            .read()
            .would_undo(starred, &here)
            .unwrap()
            .hindered
            .is_empty()
    );
    act(
        &mut local,
        "unstarred",
        OpKind::Store(FlagChange::clear(System::FLAGGED)),
        &[2],
    );
    assert_eq!(
        local
            .read()
            .would_undo(starred, &here)
            .unwrap()
            .hindered
            .len(),
        1
    );
    let cannot = local.undo_one(starred, now(), &here).unwrap();
    assert!(matches!(cannot, UndoOne::Cannot(l, Some(Hindrance::Later(_))) if l == "starred"));
    let rows = local.read().journal(10).unwrap();
    assert!(
        rows.iter().find(|r| r.id == starred).unwrap().undoable,
        "it stays as it was"
    );
    // Once what stands in the way is taken back, nothing does.
    assert!(matches!(
        local.undo_one(moved, now(), &here).unwrap(),
        UndoOne::Done(_)
    ));
    assert!(
        local
            .read()
            .would_undo(archived, &here)
            .unwrap()
            .hindered
            .is_empty()
    );
    let UndoOne::Done(whole) = local.undo_one(archived, now(), &here).unwrap() else {
        panic!("not undone");
    };
    assert!(whole.hindered.is_empty());
}

#[test]
fn what_is_gone_or_has_no_opposite_stays() {
    let mut local = Home::new().open();
    let archived = act(&mut local, "archived", to("Archive"), &[1, 2]);
    work_off(&mut local);
    let gone = |_: &AccountName, key: &MessageKey| key.uid.get() == 101;
    let would = local.read().would_undo(archived, &gone).unwrap();
    assert_eq!((would.hindered.len(), would.steps[0].keys.len()), (1, 1));
    assert!(matches!(
        local.undo_one(archived, now(), &|_, _| true).unwrap(),
        UndoOne::Cannot(_, Some(Hindrance::Gone))
    ));
    let copied = act(
        &mut local,
        "copied",
        OpKind::Copy {
            to: MailboxName::new("Lists"),
        },
        &[3],
    );
    work_off(&mut local);
    assert!(matches!(
        local.undo_one(copied, now(), &here).unwrap(),
        UndoOne::Cannot(_, Some(Hindrance::Lasting))
    ));
    // Removed for good: nothing before it can be had back, either.
    let starred = act(&mut local, "starred", star(), &[4]);
    act(&mut local, "deleted", OpKind::Expunge, &[4]);
    work_off(&mut local);
    let would = local.read().would_undo(starred, &here).unwrap();
    assert_eq!(would.hindered[0].2, Hindrance::Gone);
}

#[test]
fn stepping_back_takes_back_what_came_after() {
    let home = Home::new();
    let mut local = home.open();
    let first = act(&mut local, "first", star(), &[1]);
    act(&mut local, "second", to("Archive"), &[1]);
    work_off(&mut local);
    act(&mut local, "third", to("Lists"), &[1]);
    local.submit(&outgoing(None), now()).unwrap();
    let sending = &local.read().journal(1).unwrap()[0];
    assert_eq!(
        (sending.label.as_str(), sending.about.as_str()),
        ("Sending a message", "s")
    );
    let undone = home.open().undo_since(first, now()).unwrap();
    let labels: Vec<&str> = undone.iter().map(|u| u.label.as_str()).collect();
    assert_eq!(labels, ["Sending a message", "third", "second"]);
    assert!(local.undo_since(first, now()).unwrap().is_empty());
    // Each is done again by itself, the oldest first; a message is a draft again and stays one.
    let redone = |local: &mut Local| match local.redo(now()).unwrap() {
        Redo::Done(redone) => redone.label,
        other => panic!("{other:?}"),
    };
    assert_eq!(redone(&mut local), "second");
    assert_eq!(redone(&mut local), "third");
    assert_eq!(local.redo(now()).unwrap(), Redo::Nothing);
    assert_eq!(undo(&mut local, now()).unwrap().label, "third");
    act(&mut local, "other", star(), &[9]);
    assert_eq!(
        local.redo(now()).unwrap(),
        Redo::Nothing,
        "something else was done since"
    );
}

#[test]
fn what_a_server_refused_is_listed_with_its_words() {
    let mut local = Home::new().open();
    let action = act(&mut local, "moved", to("Lists"), &[1]);
    let id = local.read().pending(&work()).unwrap()[0].id;
    local.claim(id).unwrap();
    local.fail(id, "Lists is gone there").unwrap();
    let mark = op(star(), vec![key("INBOX", 2)]);
    let quiet = local.queue(&[mark], now()).unwrap();
    assert_eq!(
        local.read().journal(10).unwrap().len(),
        1,
        "nobody asked for the second"
    );
    local.claim(quiet[0].id).unwrap();
    local.fail(quiet[0].id, "no").unwrap();
    let rows = local.read().journal(10).unwrap();
    assert_eq!((rows[0].origin, rows[1].id), (Origin::Program, action));
    assert_eq!(rows[1].stand.reasons, ["Lists is gone there"]);
    assert_eq!((rows[1].stand.refused, rows[1].stand.all()), (1, 1));
    // There is nothing to take back, and nothing to do again.
    assert!(matches!(
        local.undo_one(action, now(), &here).unwrap(),
        UndoOne::Cannot(..)
    ));
}

#[test]
fn a_draft_is_thrown_away_again() {
    let mut local = Home::new().open();
    let id = local.save_draft(&Draft::new(work()), now()).unwrap();
    local.discard_draft(id, now()).unwrap();
    assert_eq!(undo(&mut local, now()).unwrap().draft, Some(id));
    assert!(matches!(local.redo(now()).unwrap(), Redo::Done(r) if r.draft == Some(id)));
    assert!(local.read().drafts().unwrap().is_empty());
    assert_eq!(undo(&mut local, now()).unwrap().draft, Some(id));
    assert_eq!(local.read().drafts().unwrap().len(), 1);
}

#[test]
fn labels_are_told_in_the_language_of_whoever_reads_them() {
    use crate::lang::{Lang, during, kept, told};
    use crate::lang::{mark, tr};
    let home = Home::new();
    let mut local = home.open();
    let path = "Lists";
    during(Lang::German, || {
        let label = kept(|| tr!("Subscribed to {path}", path));
        let kind = OpKind::Expunge;
        act(&mut local, &label, kind.clone(), &[1]);
        act(&mut local, mark!("Draft discarded"), kind, &[2]);
        assert_ne!(told(&label), "Subscribed to Lists");
    });
    let labels = |lang| {
        during(lang, || {
            let all = local.read().journal(9).unwrap();
            all.into_iter().map(|past| past.label).collect::<Vec<_>>()
        })
    };
    assert_eq!(
        labels(Lang::English),
        ["Draft discarded", "Subscribed to Lists"]
    );
    let (german, english) = (labels(Lang::German), labels(Lang::English));
    assert!(german.iter().zip(&english).all(|(one, other)| one != other));
}
