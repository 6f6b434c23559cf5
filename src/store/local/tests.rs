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
        locations: Vec::new(),
    }
}

/// What an undo took back, whenever that was done.
pub(super) fn undo(local: &mut Local, now: i64) -> Option<Undone> {
    match local.undo(now, i64::MIN).unwrap() {
        Undo::Done(undone) => Some(undone),
        Undo::Nothing | Undo::Late { .. } => None,
        Undo::Named(entry) => panic!("{entry:?} was only named"),
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
        draft,
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
fn a_crash_before_the_dot_retries_and_after_it_is_doubt() {
    let home = Home::new();
    let id = home.open().submit(&outgoing(None), 50).unwrap();
    assert_eq!(home.open().read().due(&work(), 99).unwrap(), None);
    assert!(home.open().claim_submission(id, 100).unwrap());
    assert!(
        !home.open().claim_submission(id, 100).unwrap(),
        "two processes must not both send"
    );
    home.open().crashed(&work()).unwrap();
    assert_eq!(
        home.open().read().submission(id).unwrap().unwrap().state,
        SubmissionState::Queued
    );

    assert!(home.open().claim_submission(id, 100).unwrap());
    home.open().dot(id, &[]).unwrap();
    home.open().crashed(&work()).unwrap();
    let row = home.open().read().submission(id).unwrap().unwrap();
    assert_eq!(row.state, SubmissionState::InDoubt);
    assert!(
        row.recipients
            .iter()
            .all(|r| r.state == RecipientState::Unknown)
    );
    assert_eq!(row.attempts, 2);
    assert!(
        home.open()
            .finish(id, SubmissionState::Queued, None, 0)
            .is_err(),
        "doubt never becomes a retry by itself"
    );
    assert!(home.open().retry(id, 0).is_err());
    home.open().send_again(id, 100).unwrap();
    assert!(home.open().read().due(&work(), 100).unwrap().is_some());
}

#[test]
fn an_accepted_recipient_is_never_asked_again() {
    let home = Home::new();
    let mut local = home.open();
    let id = local.submit(&outgoing(None), 50).unwrap();
    local.claim_submission(id, 100).unwrap();
    local.dot(id, &[]).unwrap();
    let states = [
        ("a@x".to_owned(), RecipientState::Accepted, None),
        ("b@x".to_owned(), RecipientState::TryLater, None),
    ];
    let end = End {
        state: SubmissionState::Queued,
        error: Some("later"),
        next_try: 200,
    };
    local.conclude(id, &states, &end, 100).unwrap().unwrap();
    local.claim_submission(id, 200).unwrap();
    let late = [("a@x".to_owned(), RecipientState::Refused, None)];
    local.conclude(id, &late, &end, 201).unwrap().unwrap();
    let row = local.read().submission(id).unwrap().unwrap();
    assert_eq!(row.recipients[0].state, RecipientState::Accepted);
    assert_eq!(local.read().source(id).unwrap().unwrap().0, key("INBOX", 3));
}

#[test]
fn a_submitted_draft_is_hidden_comes_back_on_undo_and_goes_when_sent() {
    let home = Home::new();
    let mut local = home.open();
    let mut draft = Draft::new(work());
    draft.body = "text\n".into();
    draft.attachments = vec![
        DraftAttachment::File {
            inline: false,
            path: "/tmp/x".into(),
            name: Some("y".into()),
        },
        DraftAttachment::Bytes {
            inline: true,
            name: "n".into(),
            media_type: "a/b".into(),
            bytes: Arc::from(*b"\0\xff"),
        },
    ];
    let id = local.save_draft(&draft, 7).unwrap();
    draft.id = Some(id);
    draft.subject = "later".into();
    assert_eq!(local.save_draft(&draft, 8).unwrap(), id);
    let sending = local.submit(&outgoing(Some(id)), 9).unwrap();
    assert!(local.read().drafts().unwrap().is_empty());
    assert_eq!(undo(&mut local, 10).unwrap().draft, Some(id));
    draft.saved = 8;
    assert_eq!(local.read().drafts().unwrap(), [draft]);
    assert_eq!(local.read().submission(sending).unwrap(), None);

    let again = local.submit(&outgoing(Some(id)), 11).unwrap();
    local.claim_submission(again, 100).unwrap();
    local.dot(again, &[]).unwrap();
    assert!(local.take_back(again).is_err(), "too late");
    local
        .finish(again, SubmissionState::Accepted, None, 0)
        .unwrap();
    local.finish(again, SubmissionState::Done, None, 0).unwrap();
    assert!(local.read().outbox().unwrap().is_empty());
    assert_eq!(undo(&mut local, 12), None);
    let kept = local
        .save_draft(
            &Draft {
                id: Some(id),
                ..Draft::new(work())
            },
            13,
        )
        .unwrap();
    assert_ne!(kept, id, "ids are not given twice");
}

#[test]
fn what_is_being_written_is_known_until_it_is_closed() {
    let home = Home::new();
    let mut local = home.open();
    let first = local.save_draft(&Draft::new(work()), 1).unwrap();
    let second = local.save_draft(&Draft::new(work()), 2).unwrap();
    let me = Some(std::process::id());
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
fn people_we_wrote_to_come_first_and_accents_do_not_matter() {
    let home = Home::new();
    let mut local = home.open();
    local
        .saw(&[
            (Address::new("José Álvarez", "jose@seen.test"), 900),
            (Address::new("100%_x", "odd@x"), 1),
        ])
        .unwrap();
    local
        .wrote_to(&[Address::new("", "JOSEFA@friend.test")], 5)
        .unwrap();
    let names = |p: &str| {
        local
            .read()
            .complete(&[p], false, 9)
            .unwrap()
            .into_iter()
            .map(|p| p.address.addr)
            .collect::<Vec<_>>()
    };
    assert_eq!(names("jos"), ["JOSEFA@friend.test", "jose@seen.test"]);
    assert_eq!(names("alv"), ["jose@seen.test"]);
    assert_eq!(names("sef"), ["JOSEFA@friend.test"]);
    assert_eq!(names("%"), Vec::<String>::new());
    assert_eq!(
        (names("_x"), names("o_d")),
        (vec!["odd@x".to_owned()], vec![])
    );
    let loose = |words: &[&str]| local.read().complete(words, true, 9).unwrap().len();
    assert_eq!(
        (loose(&["jse"]), loose(&["jsz"]), loose(&["alvz", "test"])),
        (2, 1, 1)
    );
    assert_eq!((loose(&[]), loose(&["j"; 40])), (0, 2));
    let one = |addr| local.read().person(addr).unwrap().map(|p| p.written);
    assert_eq!(
        (
            one("josefa@FRIEND.test"),
            one("jose@seen.test"),
            one("x@y.test")
        ),
        (Some(1), Some(0), None)
    );
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
fn a_draft_is_submitted_once_however_often_it_is_asked() {
    let home = Home::new();
    let mut local = home.open();
    let draft = Draft::new(work());
    let id = local.save_draft(&draft, 7).unwrap();
    let draft = Draft {
        id: Some(id),
        ..draft
    };
    local.submit(&outgoing(Some(id)), 9).unwrap();
    assert!(local.save_draft(&draft, 10).is_err());
    assert!(local.submit(&outgoing(Some(id)), 10).is_err());
    assert_eq!(local.read().outbox().unwrap().len(), 1);
}

#[test]
fn what_the_user_may_take_back() {
    let home = Home::new();
    let mut local = home.open();
    let id = local.submit(&outgoing(None), 9).unwrap();
    assert!(local.take_back(id).is_err(), "it has no draft");
    local.claim_submission(id, 100).unwrap();
    let again = Draft {
        subject: "made from its bytes".into(),
        ..Draft::new(work())
    };
    assert!(local.dot(id, &[]).is_ok() && local.dot(id, &[]).is_err());
    assert!(local.take_back_as(id, &again, 11).is_err(), "too late");
    assert!(local.cancel_submission(id, 0).is_err(), "too late");
    local.crashed(&work()).unwrap();
    assert!(
        local
            .read()
            .submission(id)
            .unwrap()
            .unwrap()
            .error
            .unwrap()
            .contains("may or may not")
    );
    let draft = local.take_back_as(id, &again, 12).unwrap();
    assert_eq!(
        local.read().draft(draft).unwrap().unwrap().subject,
        again.subject
    );
    assert!(local.read().outbox().unwrap().is_empty());
}

/// Every step of a submission from every state: what is not meant to be possible changes nothing.
#[test]
fn no_step_leads_back_from_maybe_sent_to_not_sent() {
    use SubmissionState::{Accepted, Done, Dot, InDoubt, Queued, Refused, Sending};
    let allowed = [
        (Queued, vec![Queued, Refused]),
        (Sending, vec![Queued, Refused]),
        (Dot, vec![Queued, Refused, InDoubt, Accepted]),
        (InDoubt, vec![InDoubt, Accepted, Done]),
        (Refused, vec![Refused]),
        (Accepted, vec![Accepted, Done]),
        (Done, vec![Done]),
    ];
    for (from, to) in allowed {
        for (target, _) in SubmissionState::ALL {
            let home = Home::new();
            let mut local = home.open();
            let id = local.submit(&outgoing(None), 9).unwrap();
            let sql = "UPDATE outbox SET state = ?1";
            local.reader.conn.execute(sql, [from.name()]).unwrap();
            let result = local.finish(id, target, None, 0);
            assert_eq!(
                result.is_ok(),
                to.contains(&target),
                "{from:?} to {target:?}"
            );
            let state = local.read().submission(id).unwrap().unwrap().state;
            assert_eq!(state, if result.is_ok() { target } else { from });
        }
    }
}

#[test]
fn two_connections_write_at_once_and_one_of_them_sends() {
    let home = Home::new();
    let id = home.open().submit(&outgoing(None), 9).unwrap();
    let claims: Vec<_> = (0..4)
        .map(|_| {
            let mut local = home.open();
            std::thread::spawn(move || {
                local
                    .act("x", 1, &[op(OpKind::Expunge, vec![key("Trash", 1)])])
                    .unwrap();
                local.claim_submission(id, 100).unwrap()
            })
        })
        .collect();
    let won: Vec<bool> = claims.into_iter().map(|c| c.join().unwrap()).collect();
    assert_eq!(won.iter().filter(|w| **w).count(), 1);
    assert_eq!(home.open().read().all_pending().unwrap().len(), 4);
}

#[test]
fn accents_as_marks_of_their_own_are_folded_too() {
    let home = Home::new();
    let mut local = home.open();
    local
        .saw(&[(Address::new("A\u{301}lvarez Ko\u{308}nig", "x@y.test"), 1)])
        .unwrap();
    for typed in ["alv", "Álv", "kön", "ko\u{308}n"] {
        let word = crate::text::fold::fold(typed);
        let found = local.read().complete(&[&word], false, 5).unwrap();
        assert_eq!(found.len(), 1, "{typed}");
    }
}

#[test]
fn taking_back_beats_an_attempt_that_has_not_written_the_dot() {
    let home = Home::new();
    let mut local = home.open();
    let id = local.save_draft(&Draft::new(work()), 7).unwrap();
    let sending = local.submit(&outgoing(Some(id)), 9).unwrap();
    assert!(local.claim_submission(sending, 100).unwrap());
    assert_eq!(undo(&mut home.open(), 10).unwrap().draft, Some(id));
    assert!(local.dot(sending, &[]).is_err(), "it would be sent");
    let plain = local.submit(&outgoing(None), 9).unwrap();
    assert!(local.claim_submission(plain, 100).unwrap());
    home.open().cancel_submission(plain, 0).unwrap();
    assert!(local.dot(plain, &[]).is_err(), "it would be sent");
}
