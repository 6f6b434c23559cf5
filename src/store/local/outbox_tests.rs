//! Tests of the outbox: what is sent once, what is in doubt, and what may be taken back.

use super::tests::{Home, key, op, outgoing, undo, work};
use super::*;
use crate::model::*;
use std::sync::Arc;

#[test]
fn f46_a_crash_before_the_dot_retries_and_after_it_is_doubt() {
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
    let source = sent::source(&local.read().conn, id).unwrap();
    assert_eq!(source.unwrap().1, key("INBOX", 3));
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
    (draft.saved, draft.rev) = (8, 2);
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
    // Nothing was typed since: there is nothing to keep beside it.
    assert_eq!(local.save_draft(&draft, 10).unwrap(), id);
    assert!(local.keep_to_send(&draft, 10).is_err());
    assert!(local.read().drafts().unwrap().is_empty());
    assert!(local.submit(&outgoing(Some(id)), 10).is_err());
    assert_eq!(local.read().outbox().unwrap().len(), 1);
}

#[test]
fn f56_what_the_user_may_take_back() {
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
fn f56_taking_back_beats_an_attempt_that_has_not_written_the_dot() {
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

#[test]
fn what_went_wrong_is_told_in_the_language_of_whoever_reads_it() {
    use crate::lang::{Lang, during, kept, tr};
    let home = Home::new();
    let mut local = home.open();
    let id = local.submit(&outgoing(None), 0).unwrap();
    during(Lang::German, || {
        let why = kept(|| tr!("its copy could not be filed: {words}", words = "no room"));
        let end = End {
            state: SubmissionState::Queued,
            error: Some(&why),
            next_try: 0,
        };
        local.conclude(id, &[], &end, 1).unwrap().unwrap();
    });
    let error = |lang| {
        during(lang, || {
            let row = local.read().submission(id).unwrap().unwrap();
            row.error.unwrap()
        })
    };
    assert_eq!(error(Lang::English), "its copy could not be filed: no room");
    assert_ne!(error(Lang::German), error(Lang::English));
}

#[test]
fn only_what_was_sent_or_may_have_been_is_taken_for_another() {
    let home = Home::new();
    let mut local = home.open();
    let plain = Outgoing {
        source: None,
        ..outgoing(None)
    };
    let (one, two) = (
        local.submit(&plain, 50).unwrap(),
        local.submit(&plain, 50).unwrap(),
    );
    let twin = |local: &Local, id| {
        let row = local.read().submission(id).unwrap().unwrap();
        local.read().has_twin(&row).unwrap()
    };
    assert!(!twin(&local, two), "it only waits");
    assert!(local.claim_submission(one, 100).unwrap());
    assert!(!twin(&local, two), "nothing of it was sent");
    local.dot(one, &[]).unwrap();
    assert!(twin(&local, two) && !twin(&local, one));
    let fates = [("a@x".to_owned(), RecipientState::Accepted, None)];
    let end = End {
        state: SubmissionState::Queued,
        error: None,
        next_try: 200,
    };
    local.conclude(one, &fates, &end, 150).unwrap();
    assert!(twin(&local, two), "somebody has it");
}
