//! Tests of `local.db` as its users see it: each reopens the file wherever a crash could fall.

use super::*;
use crate::model::*;
use std::sync::Arc;

pub(super) struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub(super) fn new() -> Home {
        Home {
            dir: tempfile::tempdir().unwrap(),
        }
    }
    pub(super) fn path(&self) -> &std::path::Path {
        self.dir.path()
    }
    pub(super) fn open(&self) -> Local {
        Local::open(&self.dir.path().join("local.db")).unwrap()
    }
}

pub(super) fn work() -> AccountName {
    AccountName("work".into())
}

pub(super) fn key(mailbox: &str, uid: u32) -> MessageKey {
    MessageKey {
        mailbox: MailboxName::new(mailbox),
        uidvalidity: UidValidity(1),
        uid: Uid::new(uid).unwrap(),
        message_id: MessageId::new("a@b"),
        size: 10,
    }
}

pub(super) fn op(kind: OpKind, keys: Vec<MessageKey>) -> NewOp {
    NewOp {
        account: work(),
        kind,
        keys,
    }
}

/// What an undo took back, whenever that was done.
pub(super) fn undo(local: &mut Local, now: i64) -> Option<Undone> {
    match local.undo(now, i64::MIN).unwrap() {
        Undo::Done(undone) => Some(undone),
        Undo::Nothing | Undo::Late { .. } => None,
        Undo::Named { entry, .. } => panic!("{entry:?} was only named"),
    }
}

pub(super) fn to(mailbox: &str) -> OpKind {
    OpKind::Move {
        to: MailboxName::new(mailbox),
    }
}

pub(super) fn outgoing(draft: Option<DraftId>) -> Outgoing {
    Outgoing {
        account: work(),
        message_id: MessageId::new("m@x").unwrap(),
        mail_from: "me@x".into(),
        recipients: vec!["a@x".into(), "b@x".into()],
        subject: "s".into(),
        wire: Arc::new(b"wire".to_vec()),
        filed: Arc::new(b"filed".to_vec()),
        draft: draft.map(|id| (id, 0)),
        attached: Vec::new(),
        not_before: 100,
        scheduled: false,
        dsn: false,
        remind: None,
        source: Some((key("INBOX", 3), FlagChange::set(System::ANSWERED))),
    }
}

#[test]
fn operations_survive_a_crash_in_order_and_in_flight() {
    let home = Home::new();
    let change = FlagChange {
        add: Flags {
            system: System::SEEN,
            keywords: ["x".into()].into(),
        },
        ..Default::default()
    };
    let ops = [
        op(
            OpKind::Store(change),
            vec![key("INBOX", 1), key("INBOX", 2)],
        ),
        op(to("Archive"), vec![key("INBOX", 1)]),
    ];
    let (_, queued) = home.open().act("label", 5, &ops).unwrap();
    let mut local = home.open();
    assert_eq!(local.read().pending(&work()).unwrap(), queued);
    assert!(local.claim(queued[0].id).unwrap());
    assert!(!local.claim(queued[0].id).unwrap());
    drop(local);
    let pending = home.open().read().pending(&work()).unwrap();
    assert_eq!(pending[0].state, OpState::InFlight);
    assert_eq!(pending[1].state, OpState::Pending);
}

#[test]
fn a_moved_message_is_followed_through_several_moves() {
    let home = Home::new();
    let mut local = home.open();
    let at = |m: &str, uid| Place {
        mailbox: MailboxName::new(m),
        at: Uid::new(uid).map(|u| (UidValidity(1), u)),
    };
    for (from, dest) in [
        (key("INBOX", 1), at("Archive", 5)),
        (key("Archive", 5), at("Trash", 9)),
    ] {
        let (_, ops) = local
            .act("m", 1, &[op(to("x"), vec![from.clone()])])
            .unwrap();
        local
            .confirm(
                ops[0].id,
                &[Moved {
                    key: from,
                    to: dest,
                }],
            )
            .unwrap();
    }
    assert_eq!(
        local.read().follow(&work(), &key("INBOX", 1)).unwrap(),
        Some(at("Trash", 9))
    );
    assert_eq!(
        local.read().follow(&work(), &key("INBOX", 2)).unwrap(),
        None
    );
}

#[test]
fn undo_cancels_what_waits_and_inverts_what_was_done_last_first() {
    let home = Home::new();
    let mut local = home.open();
    let (_, first) = local
        .act(
            "Archived",
            crate::store::open::now(),
            &[op(to("Archive"), vec![key("INBOX", 1)])],
        )
        .unwrap();
    local
        .act(
            "Starred",
            crate::store::open::now(),
            &[op(
                OpKind::Store(FlagChange::set(System::FLAGGED)),
                vec![key("INBOX", 2)],
            )],
        )
        .unwrap();
    assert!(local.claim(first[0].id).unwrap());
    let place = Place {
        mailbox: MailboxName::new("Archive"),
        at: Some((UidValidity(1), Uid::new(7).unwrap())),
    };
    local
        .confirm(
            first[0].id,
            &[Moved {
                key: key("INBOX", 1),
                to: place,
            }],
        )
        .unwrap();

    let undone = undo(&mut home.open(), 3).unwrap();
    assert_eq!(
        (
            undone.label.as_str(),
            undone.cancelled.len(),
            undone.inverse.len()
        ),
        ("Starred", 1, 0)
    );
    let undone = undo(&mut home.open(), 3).unwrap();
    assert_eq!(undone.label, "Archived");
    assert_eq!(undone.inverse[0].kind, to("INBOX"));
    assert_eq!(
        undone.inverse[0].keys[0].mailbox,
        MailboxName::new("Archive")
    );
    assert_eq!(undone.inverse[0].keys[0].uid.get(), 7);
    assert_eq!(undo(&mut home.open(), 3), None);
    assert_eq!(home.open().read().pending(&work()).unwrap().len(), 1);
}

#[test]
fn what_is_being_written_is_known_until_it_is_closed() {
    let home = Home::new();
    let mut local = home.open();
    let first = local.save_draft(&Draft::new(work()), 1).unwrap();
    let second = local.save_draft(&Draft::new(work()), 2).unwrap();
    let me = Some(crate::store::Process::own());
    let open = |local: &Local| local.read().open_drafts().unwrap();
    assert_eq!(open(&local), [(second, me), (first, me)]);
    local.close_draft(second).unwrap();
    local.submit(&outgoing(Some(first)), 3).unwrap();
    assert_eq!(open(&local), [], "what is on its way is not being written");
    local.put_aside(second).unwrap();
    assert_eq!(open(&local), [(second, None)]);
    assert_eq!(local.read().draft_lines().unwrap().len(), 1);
}

#[test]
fn a_new_cache_gets_a_new_generation() {
    let home = Home::new();
    assert_eq!(home.open().next_cache_epoch().unwrap(), 0);
    assert_eq!(home.open().next_cache_epoch().unwrap(), 1);
}

#[test]
fn a_damaged_file_is_named_and_left_alone() {
    let home = Home::new();
    let path = home.dir.path().join("local.db");
    std::fs::write(&path, vec![0x55; 8192]).unwrap();
    let Err(error) = Local::open(&path) else {
        panic!("opened rubbish")
    };
    assert!(error.to_string().contains("local.db"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), vec![0x55; 8192]);
}

#[test]
fn a_failed_operation_is_kept_for_a_while_and_no_step_is_skipped() {
    let home = Home::new();
    let mut local = home.open();
    let new = op(to("Archive"), vec![key("INBOX", 1)]);
    let today = crate::store::open::now();
    let (_, ops) = local.act("a", today, &[new.clone(), new]).unwrap();
    let (first, second) = (ops[0].id, ops[1].id);
    assert!(local.release(first).is_err(), "it is not in flight");
    local.claim(first).unwrap();
    local.release(first).unwrap();
    local.claim(first).unwrap();
    local.fail(first, "no such mailbox").unwrap();
    assert!(local.confirm(first, &[]).is_err(), "it was refused");
    drop(local);
    let mut local = home.open();
    let failed = local.read().failed().unwrap();
    assert_eq!(
        (failed[0].attempts, failed[0].error.as_deref()),
        (2, Some("no such mailbox"))
    );
    local.claim(second).unwrap();
    local.confirm(second, &[]).unwrap();
    assert_eq!(local.read().failed().unwrap().len(), 1);
    let sql = "UPDATE action SET at = 0";
    local.reader.conn.execute(sql, []).unwrap();
    local.confirm(second, &[]).unwrap();
    assert!(local.read().failed().unwrap().is_empty(), "long past");
    assert!(local.fail(second, "late").is_err(), "it is done");
}

#[test]
fn where_messages_went_is_remembered_while_anything_waits() {
    let home = Home::new();
    let mut local = home.open();
    let long_ago = |local: &mut Local| {
        let sql = "UPDATE moved SET at = 0";
        local.reader.conn.execute(sql, []).unwrap();
    };
    let place = Place {
        mailbox: MailboxName::new("Archive"),
        at: None,
    };
    let moved = [Moved {
        key: key("INBOX", 1),
        to: place.clone(),
    }];
    let new = op(to("Archive"), vec![key("INBOX", 1)]);
    let (_, ops) = local.act("a", 1, &[new.clone(), new.clone(), new]).unwrap();
    local.confirm(ops[0].id, &moved).unwrap();
    long_ago(&mut local);
    local.confirm(ops[1].id, &[]).unwrap();
    let follow = |local: &Local| local.read().follow(&work(), &key("INBOX", 1)).unwrap();
    assert_eq!(follow(&local), Some(place));
    local.confirm(ops[2].id, &[]).unwrap();
    assert_eq!(follow(&local), None);
}

#[test]
fn ten_thousand_messages_in_one_action_come_back_whole() {
    let home = Home::new();
    let keys: Vec<MessageKey> = (1..=10_000).map(|uid| key("INBOX", uid)).collect();
    let (_, ops) = home
        .open()
        .act("Archived 10000", 1, &[op(to("Archive"), keys)])
        .unwrap();
    assert_eq!(home.open().read().all_pending().unwrap(), ops);
    assert_eq!(undo(&mut home.open(), 2).unwrap().cancelled, ops);
    assert!(home.open().read().all_pending().unwrap().is_empty());
}

#[test]
fn undo_leaves_a_mailbox_to_be_made_that_another_action_moves_into() {
    let home = Home::new();
    let mut local = home.open();
    let create = || OpKind::CreateMailbox {
        name: MailboxName::new("Later"),
    };
    let first = [
        op(create(), Vec::new()),
        op(to("Later"), vec![key("INBOX", 1)]),
    ];
    let second = [op(to("Later"), vec![key("INBOX", 2)])];
    let (first, _) = local.act("first", 1, &first).unwrap();
    local.act("second", 2, &second).unwrap();
    let pending = |local: &Local| -> Vec<OpKind> {
        let ops = local.read().pending(&work()).unwrap();
        ops.into_iter().map(|op| op.kind).collect()
    };
    let UndoOne::Done(undone) = local.undo_one(first, 3, &|_, _| false).unwrap() else {
        panic!();
    };
    assert_eq!(undone.cancelled.len(), 1);
    assert_eq!(pending(&local), [create(), to("Later")]);
    // Alone it goes with what was to be moved there.
    let both = [
        op(
            OpKind::CreateMailbox {
                name: MailboxName::new("Other"),
            },
            Vec::new(),
        ),
        op(to("Other"), vec![key("INBOX", 3)]),
    ];
    local.act("third", 4, &both).unwrap();
    assert_eq!(undo(&mut local, 5).unwrap().cancelled.len(), 2);
    assert_eq!(pending(&local), [create(), to("Later")]);
}
