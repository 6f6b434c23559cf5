//! Tests of `local.db` as its users see it: each reopens the file wherever a crash could fall.

use super::*;
use crate::model::*;
use std::sync::Arc;

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        Home {
            dir: tempfile::tempdir().unwrap(),
        }
    }
    fn open(&self) -> Local {
        Local::open(&self.dir.path().join("local.db")).unwrap()
    }
}

fn work() -> AccountName {
    AccountName("work".into())
}

fn key(mailbox: &str, uid: u32) -> MessageKey {
    MessageKey {
        mailbox: MailboxName::new(mailbox),
        uidvalidity: UidValidity(1),
        uid: Uid::new(uid).unwrap(),
        message_id: MessageId::new("a@b"),
        size: 10,
    }
}

fn op(kind: OpKind, keys: Vec<MessageKey>) -> NewOp {
    NewOp {
        account: work(),
        kind,
        keys,
        locations: Vec::new(),
    }
}

fn to(mailbox: &str) -> OpKind {
    OpKind::Move {
        to: MailboxName::new(mailbox),
    }
}

fn outgoing(draft: Option<DraftId>) -> Outgoing {
    Outgoing {
        account: work(),
        message_id: MessageId::new("m@x").unwrap(),
        mail_from: "me@x".into(),
        recipients: vec!["a@x".into(), "b@x".into()],
        subject: "s".into(),
        wire: Arc::from(*b"wire"),
        filed: Arc::from(*b"filed"),
        draft,
        not_before: 100,
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

    let undone = home.open().undo(3).unwrap().unwrap();
    assert_eq!(
        (
            undone.label.as_str(),
            undone.cancelled.len(),
            undone.inverse.len()
        ),
        ("Starred", 1, 0)
    );
    let undone = home.open().undo(3).unwrap().unwrap();
    assert_eq!(undone.label, "Archived");
    assert_eq!(undone.inverse[0].kind, to("INBOX"));
    assert_eq!(
        undone.inverse[0].keys[0].mailbox,
        MailboxName::new("Archive")
    );
    assert_eq!(undone.inverse[0].keys[0].uid.get(), 7);
    assert_eq!(home.open().undo(3).unwrap(), None);
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
    home.open().dot(id).unwrap();
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
    local.dot(id).unwrap();
    let states = [
        ("a@x".to_owned(), RecipientState::Accepted, None),
        ("b@x".to_owned(), RecipientState::TryLater, None),
    ];
    local.recipients(id, &states).unwrap();
    local
        .finish(id, SubmissionState::Queued, Some("later"), 200)
        .unwrap();
    local
        .recipients(id, &[("a@x".to_owned(), RecipientState::Refused, None)])
        .unwrap();
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
        DraftAttachment::File("/tmp/x".into()),
        DraftAttachment::Bytes {
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
    assert_eq!(local.undo(10).unwrap().unwrap().draft, Some(id));
    draft.saved = 8;
    assert_eq!(local.read().drafts().unwrap(), [draft]);
    assert_eq!(local.read().submission(sending).unwrap(), None);

    let again = local.submit(&outgoing(Some(id)), 11).unwrap();
    local.claim_submission(again, 100).unwrap();
    assert!(local.take_back(again).is_err(), "too late");
    local.dot(again).unwrap();
    local
        .finish(again, SubmissionState::Accepted, None, 0)
        .unwrap();
    local.finish(again, SubmissionState::Done, None, 0).unwrap();
    assert!(local.read().outbox().unwrap().is_empty());
    assert_eq!(local.undo(12).unwrap(), None);
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
            .complete(p, 9)
            .unwrap()
            .into_iter()
            .map(|p| p.address.addr)
            .collect::<Vec<_>>()
    };
    assert_eq!(names("jos"), ["JOSEFA@friend.test", "jose@seen.test"]);
    assert_eq!(names("alv"), ["jose@seen.test"]);
    assert_eq!(names("%"), Vec::<String>::new());
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
