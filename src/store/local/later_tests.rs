//! Tests of messages that wait for the user, or for a time that the user chose.

use super::tests::{Home, outgoing, undo, work};
use super::*;
use crate::model::{
    Draft, DraftAttachment, MDN_SENT, OutboxId, Outgoing, RecipientState, Submission,
    SubmissionState,
};
use crate::text::when;
use std::sync::Arc;

#[test]
fn a_held_message_waits_for_the_user_and_a_scheduled_one_for_its_time() {
    let home = Home::new();
    let mut local = home.open();
    let id = local.submit(&outgoing(None), 0).unwrap();
    local.hold(id).unwrap();
    assert!(local.read().due(&work(), 1_000).unwrap().is_none());
    let far = 400 * 24 * 3600;
    local.send_at(id, far).unwrap();
    let due = |local: &Local, now| local.read().due(&work(), now).unwrap().is_some();
    assert!(!due(&local, 1_000), "however far off its time is");
    assert!(!local.claim_submission(id, 1_000).unwrap());
    assert!(due(&local, far));
    local.retry(id, 1_000).unwrap();
    assert!(local.claim_submission(id, 1_000).unwrap());
    assert!(local.hold(id).is_err(), "it is being sent");
}

/// A message that says that it was written then.
fn written(at: i64) -> String {
    format!("Date: {}\r\nSubject: s\r\n\r\ntext\r\n", when::rfc5322(at))
}

#[test]
fn what_was_to_go_later_is_dated_when_it_goes() {
    let home = Home::new();
    let mut local = home.open();
    let submit = |local: &mut Local, draft, scheduled| {
        let out = Outgoing {
            wire: written(50).into_bytes().into(),
            filed: format!("{}filed\r\n", written(50)).into_bytes().into(),
            not_before: 90_000,
            scheduled,
            ..outgoing(draft)
        };
        let id = local.submit(&out, 60).unwrap();
        assert!(local.claim_submission(id, 90_005).unwrap());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let read = local.read();
        (text(read.wire(id).unwrap()), text(read.filed(id).unwrap()))
    };
    let draft = |local: &mut Local| Some(local.save_draft(&Draft::new(work()), 7).unwrap());
    let later = draft(&mut local);
    let (wire, filed) = submit(&mut local, later, true);
    assert_eq!(wire, written(90_005));
    assert_eq!(filed, format!("{}filed\r\n", written(90_005)));
    let at_once = draft(&mut local);
    assert_eq!(submit(&mut local, at_once, false).0, written(50));
    assert_eq!(
        submit(&mut local, None, true).0,
        written(50),
        "not written here"
    );
}

#[test]
fn f09_a_clock_that_is_put_back_by_hours_delays_nothing_by_hours() {
    let home = Home::new();
    let mut local = home.open();
    let (ahead, right) = (100_000, 100_000 - 5 * 3600);
    let waits = Outgoing {
        not_before: ahead + 600,
        ..outgoing(None)
    };
    let due = |local: &Local, now| local.read().due(&work(), now).unwrap().is_some();
    let id = local.submit(&waits, ahead).unwrap();
    assert!(!due(&local, ahead), "it can be taken back");
    assert!(due(&local, right));
    // So does what was put off, or reached no server.
    assert!(local.claim_submission(id, right).unwrap());
    for (wait, reached) in [(7_200, true), (300, false)] {
        let put_off = End {
            next_try: ahead + wait,
            ..end(SubmissionState::Queued)
        };
        local.conclude(id, &[], &put_off, ahead).unwrap().unwrap();
        if !reached {
            local.unreached(id).unwrap();
        }
        assert!(!due(&local, ahead) && due(&local, right), "{wait}");
        assert!(!due(&local, ahead - 3_600), "{wait}");
        assert!(local.claim_submission(id, right).unwrap());
    }
}

#[test]
fn what_waited_long_stays_in_the_history_for_as_long_as_anything() {
    let home = Home::new();
    let mut local = home.open();
    let day = 24 * 3600;
    let id = under_way(&mut local);
    local.dot(id, &[]).unwrap();
    let sent = End {
        next_try: 0,
        ..end(SubmissionState::Accepted)
    };
    local.conclude(id, &[], &sent, 40 * day).unwrap().unwrap();
    local.finish(id, SubmissionState::Done, None, 0).unwrap();
    local.submit(&outgoing(None), 41 * day).unwrap();
    assert_eq!(row(&local, id).sent_at, 40 * day, "it is forgotten");
    local.submit(&outgoing(None), 71 * day).unwrap();
    assert!(local.read().submission(id).unwrap().is_none());
}

#[test]
fn what_is_only_passed_on_has_no_copy_to_file() {
    let home = Home::new();
    let mut local = home.open();
    let mut out = outgoing(None);
    let own = local.submit(&out, 0).unwrap();
    out.filed = std::sync::Arc::default();
    let passed = local.submit(&out, 0).unwrap();
    let filed = |id| local.read().submission(id).unwrap().unwrap().filed;
    assert!(filed(own) && !filed(passed));
    assert_eq!(local.read().filed(passed).unwrap(), b"wire");
}

/// A message to two, submitted and under way.
fn under_way(local: &mut Local) -> OutboxId {
    let draft = local.save_draft(&Draft::new(work()), 1).unwrap();
    let id = local.submit(&outgoing(Some(draft)), 2).unwrap();
    assert!(local.claim_submission(id, 1_000).unwrap());
    id
}

fn fate(who: &str, state: RecipientState) -> Fate {
    (who.to_owned(), state, Some("450 later".to_owned()))
}

fn end(state: SubmissionState) -> End<'static> {
    End {
        state,
        error: None,
        next_try: 2_000,
    }
}

fn row(local: &Local, id: OutboxId) -> Submission {
    local.read().submission(id).unwrap().unwrap()
}

fn states(local: &Local, id: OutboxId) -> Vec<RecipientState> {
    let stands = row(local, id).recipients;
    stands.iter().map(|r| r.state).collect()
}

#[test]
fn the_mark_follows_from_being_sent_once_and_survives_a_crash_right_after() {
    let home = Home::new();
    let mut local = home.open();
    let id = under_way(&mut local);
    local.dot(id, &[]).unwrap();
    let fates = ["a@x", "b@x"].map(|who| fate(who, RecipientState::Accepted));
    let marks = local.conclude(id, &fates, &end(SubmissionState::Accepted), 1_001);
    let marks = marks.unwrap().unwrap();
    assert_eq!(marks.len(), 1);
    drop(local);
    let mut local = home.open();
    assert_eq!(local.read().all_pending().unwrap(), marks);
    assert_eq!(row(&local, id).sent_at, 1_001);
    assert_eq!(
        local.finish(id, SubmissionState::Done, None, 0).unwrap(),
        []
    );
    assert_eq!(local.read().all_pending().unwrap().len(), 1, "once");
    assert_eq!(row(&local, id).sent_at, 1_001);
}

#[test]
fn who_was_put_off_is_not_in_doubt_and_still_gets_it() {
    let home = Home::new();
    let mut local = home.open();
    let id = under_way(&mut local);
    let put_off = [("b@x".to_owned(), Some("450 later".to_owned()))];
    local.dot(id, &put_off).unwrap();
    drop(local);
    let mut local = home.open();
    local.crashed(&work()).unwrap();
    use RecipientState::{Accepted, TryLater, Unknown};
    assert_eq!(states(&local, id), [Unknown, TryLater]);
    assert_eq!(local.read().doubtful(&work(), Some(0)).unwrap().len(), 1);
    local.looked(id, 500).unwrap();
    assert_eq!(row(&local, id).looked, 1);
    assert!(
        local
            .read()
            .doubtful(&work(), Some(499))
            .unwrap()
            .is_empty()
    );
    assert_eq!(local.read().next_due(&work(), 0).unwrap(), Some(500));
    let (state, marks) = local.was_sent(id, true, 600).unwrap();
    assert_eq!((state, marks.len()), (SubmissionState::Queued, 0));
    assert_eq!(states(&local, id), [Accepted, TryLater]);
    assert!(local.was_sent(id, true, 600).is_err(), "no doubt is left");
}

/// A message that a@x has and b@x was put off for.
fn half_sent(local: &mut Local) -> OutboxId {
    let id = under_way(local);
    local.dot(id, &[]).unwrap();
    let fates = [
        fate("a@x", RecipientState::Accepted),
        fate("b@x", RecipientState::TryLater),
    ];
    let waits = end(SubmissionState::Queued);
    local.conclude(id, &fates, &waits, 1_001).unwrap().unwrap();
    id
}

#[test]
fn a_message_that_some_have_is_no_draft_any_more() {
    use RecipientState::{Accepted, Refused};
    let home = Home::new();
    let mut local = home.open();
    let id = half_sent(&mut local);
    let error = local.take_back(id).unwrap_err().to_string();
    assert!(error.contains("some have it"), "{error}");
    assert_eq!(undo(&mut local, 1_002), None);
    local.claim_submission(id, 2_000).unwrap();
    let refused = end(SubmissionState::Refused);
    let fates = [fate("b@x", Refused)];
    local
        .conclude(id, &fates, &refused, 2_001)
        .unwrap()
        .unwrap();
    assert!(local.take_back(id).is_err());
    let marks = local.give_up_refused(id, 2_002).unwrap();
    assert_eq!(marks.len(), 1, "those who are left have it");
    assert_eq!(row(&local, id).state, SubmissionState::Accepted);
    assert_eq!(states(&local, id), [Accepted]);
}

#[test]
fn dropping_a_message_that_some_have_keeps_it_as_sent_to_them() {
    let home = Home::new();
    let mut local = home.open();
    let id = half_sent(&mut local);
    assert_eq!(local.cancel_submission(id, 1_002).unwrap().len(), 1);
    assert_eq!(row(&local, id).state, SubmissionState::Accepted);
    assert_eq!(states(&local, id), [RecipientState::Accepted]);
    assert_eq!(local.read().unfiled(&work(), Some(1_003)).unwrap().len(), 1);
    let whole = under_way(&mut local);
    assert!(local.cancel_submission(whole, 5).unwrap().is_empty());
    assert_eq!(local.read().submission(whole).unwrap(), None);
}

#[test]
fn after_five_days_those_put_off_can_be_given_up_but_not_everybody() {
    let home = Home::new();
    let mut local = home.open();
    for (first, left) in [
        (RecipientState::Accepted, true),
        (RecipientState::TryLater, false),
    ] {
        let id = under_way(&mut local);
        local.dot(id, &[]).unwrap();
        let fates = [fate("a@x", first), fate("b@x", RecipientState::TryLater)];
        let asks = end(SubmissionState::Refused);
        local.conclude(id, &fates, &asks, 1_001).unwrap().unwrap();
        assert_eq!(local.give_up_refused(id, 1_002).is_ok(), left);
        let stands = row(&local, id);
        assert_eq!(stands.recipients.len(), if left { 1 } else { 2 });
    }
}

#[test]
fn a_reminder_begins_when_the_message_is_sent() {
    let home = Home::new();
    let mut local = home.open();
    let wanted = Outgoing {
        remind: Some(300),
        ..outgoing(None)
    };
    let id = local.submit(&wanted, 2).unwrap();
    local.claim_submission(id, 1_000).unwrap();
    local.dot(id, &[]).unwrap();
    let sql = "SELECT due || ' ' || recipients FROM reminder";
    let due = |local: &Local| -> Option<String> {
        let conn = &local.reader.conn;
        conn.query_row(sql, [], |r| r.get(0)).ok()
    };
    assert_eq!(due(&local), None);
    let fates = ["a@x", "b@x"].map(|who| fate(who, RecipientState::Accepted));
    let accepted = end(SubmissionState::Accepted);
    local.conclude(id, &fates, &accepted, 1_001).unwrap();
    assert_eq!(due(&local).as_deref(), Some("1301 a@x, b@x"));
}

#[test]
fn a_file_of_the_first_schema_keeps_what_waits() {
    let home = Home::new();
    let path = home.path().join("local.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("schema.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO outbox(account, message_id, mail_from, subject, wire, filed, state, next_try, created)
         VALUES ('work', 'a@x', 'me@x', 's', x'0102', x'0102', 'queued', 0, 0),
                ('work', 'b@x', 'me@x', 's', x'0102', x'010203', 'queued', 0, 0),
                ('work', 'c@x', 'me@x', 's', x'0102', x'0102', 'sent', 0, 0);
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    let local = home.open();
    let read = local.read();
    assert_eq!(read.outbox().unwrap().len(), 2);
    assert!(
        read.outbox()
            .unwrap()
            .iter()
            .all(|row| row.size == 2 && row.filed)
    );
    assert_eq!(read.filed(OutboxId(1)).unwrap(), [1, 2]);
    assert_eq!(read.filed(OutboxId(2)).unwrap(), [1, 2, 3]);
    assert_eq!(read.wire(OutboxId(2)).unwrap(), [1, 2]);
    assert!(
        read.wire(OutboxId(3)).is_err(),
        "the history needs no bytes"
    );
}

#[test]
fn the_days_of_being_put_off_begin_with_the_first_answer() {
    let home = Home::new();
    let mut local = home.open();
    let id = under_way(&mut local);
    assert_eq!(row(&local, id).first_try, 0, "no server said anything yet");
    local.answered(id, 2_000).unwrap();
    local.answered(id, 3_000).unwrap();
    assert_eq!(row(&local, id).first_try, 2_000);
}

#[test]
fn one_receipt_is_under_way_at_a_time() {
    let home = Home::new();
    let mut local = home.open();
    let mut receipt = outgoing(None);
    let (key, mut mark) = receipt.source.take().unwrap();
    mark.add.keywords = [MDN_SENT.to_owned()].into();
    let plain = outgoing(None);
    local.submit(&plain, 1_000).unwrap();
    receipt.source = Some((key.clone(), mark.clone()));
    let first = local.submit(&receipt, 1_000).unwrap();
    let error = local.submit(&receipt, 1_001).unwrap_err().to_string();
    assert!(error.contains("on its way already"), "{error}");
    local.hold(first).unwrap();
    let error = local.submit(&receipt, 1_001).unwrap_err().to_string();
    assert!(error.contains("in the outbox"), "{error}");
    local.cancel_submission(first, 1_002).unwrap();
    local.submit(&receipt, 1_003).unwrap();
    local.submit(&plain, 1_004).unwrap();
}

#[test]
fn giving_somebody_up_sends_to_none_of_those_who_were_put_off() {
    let home = Home::new();
    let mut local = home.open();
    let asks = end(SubmissionState::Refused);
    // Put off at the greeting for five days: nobody was ever asked, and nobody would be left.
    let id = under_way(&mut local);
    local.conclude(id, &[], &asks, 1_001).unwrap().unwrap();
    assert!(local.give_up_refused(id, 1_002).is_err());
    assert_eq!(row(&local, id).recipients.len(), 2);
    // The same after one has it and the other was refused before.
    let id = half_sent(&mut local);
    assert!(local.claim_submission(id, 2_000).unwrap());
    let fates = [fate("b@x", RecipientState::Refused)];
    local.conclude(id, &fates, &asks, 2_001).unwrap().unwrap();
    local.retry(id, 2_002).unwrap();
    assert!(local.claim_submission(id, 2_003).unwrap());
    local.conclude(id, &[], &asks, 2_004).unwrap().unwrap();
    local.give_up_refused(id, 2_005).unwrap();
    assert_eq!(row(&local, id).state, SubmissionState::Accepted);
    assert_eq!(states(&local, id), [RecipientState::Accepted]);
}

/// A message that is written here at 50, for 90 000, and its row.
fn for_later(local: &mut Local) -> OutboxId {
    let draft = local.save_draft(&Draft::new(work()), 7).unwrap();
    let out = Outgoing {
        wire: written(50).into_bytes().into(),
        not_before: 90_000,
        scheduled: true,
        ..outgoing(Some(draft))
    };
    local.submit(&out, 60).unwrap()
}

fn wire(local: &Local, id: OutboxId) -> String {
    String::from_utf8(local.read().wire(id).unwrap()).unwrap()
}

#[test]
fn what_was_for_later_and_is_sent_now_is_dated_now() {
    let home = Home::new();
    let mut local = home.open();
    let waits = for_later(&mut local);
    let held = for_later(&mut local);
    local.hold(held).unwrap();
    // A server was offered it, dated as it would be sent, and did not take it.
    let offered = for_later(&mut local);
    assert!(local.claim_early(offered).unwrap());
    assert_eq!(wire(&local, offered), written(90_000));
    let back = End {
        next_try: 90_000,
        ..end(SubmissionState::Queued)
    };
    local.conclude(offered, &[], &back, 200).unwrap().unwrap();
    for id in [waits, held, offered] {
        local.retry(id, 300).unwrap();
        assert_eq!(wire(&local, id), written(300));
        assert!(local.claim_submission(id, 301).unwrap());
        assert_eq!(wire(&local, id), written(300), "the same in every attempt");
    }
    // A server may have taken it ahead of its time; the user has it sent again.
    let doubt = for_later(&mut local);
    assert!(local.claim_early(doubt).unwrap());
    local.dot(doubt, &[]).unwrap();
    local.answered(doubt, 250).unwrap();
    local.crashed(&work()).unwrap();
    local.send_again(doubt, 300).unwrap();
    assert_eq!(wire(&local, doubt), written(300));
    // What a server put off was dated before it was tried.
    local.claim_submission(doubt, 301).unwrap();
    let later = end(SubmissionState::Queued);
    local.conclude(doubt, &[], &later, 302).unwrap().unwrap();
    local.retry(doubt, 400).unwrap();
    assert_eq!(wire(&local, doubt), written(300));
}

#[test]
fn the_days_of_being_put_off_begin_anew_with_a_time_of_the_users() {
    let home = Home::new();
    let mut local = home.open();
    let id = under_way(&mut local);
    local.answered(id, 1_001).unwrap();
    let waits = end(SubmissionState::Queued);
    local.conclude(id, &[], &waits, 1_001).unwrap().unwrap();
    let week = 7 * 24 * 3600;
    local.send_at(id, week).unwrap();
    assert_eq!(row(&local, id).first_try, -1, "nobody answered since");
    // Days without a network count for nothing.
    assert!(local.claim_submission(id, 2 * week).unwrap());
    local.answered(id, 2 * week + 1).unwrap();
    assert_eq!(row(&local, id).first_try, 2 * week + 1);
    local.answered(id, 2 * week + 2).unwrap();
    assert_eq!(row(&local, id).first_try, 2 * week + 1);
    let new = local.submit(&outgoing(None), 2).unwrap();
    local.send_at(new, week).unwrap();
    assert_eq!(row(&local, new).first_try, 0, "nobody answered yet");
}

#[test]
fn what_was_to_go_later_comes_back_with_what_was_attached() {
    let home = Home::new();
    let mut local = home.open();
    let file = DraftAttachment::file("/nowhere/tea.txt".into());
    let read = DraftAttachment::Bytes {
        name: "tea.txt".into(),
        media_type: "text/plain".into(),
        bytes: Arc::from(*b"green"),
        inline: false,
    };
    for scheduled in [true, false] {
        let mut draft = Draft::new(work());
        draft.attachments = vec![file.clone()];
        let kept = local.keep_draft(&draft, 7).unwrap();
        let out = Outgoing {
            attached: vec![read.clone()],
            not_before: 90_000,
            scheduled,
            ..outgoing(Some(kept.id))
        };
        let id = local.submit(&out, 8).unwrap();
        assert_eq!(local.take_back(id).unwrap(), kept.id);
        let back = local.read().draft(kept.id).unwrap().unwrap();
        // Within a moment a file is put right and sent again; after a day it may be gone.
        let (want, more) = match scheduled {
            true => (&read, 1),
            false => (&file, 0),
        };
        assert_eq!(back.attachments, std::slice::from_ref(want));
        assert_eq!(back.rev, kept.rev + more);
    }
}

#[test]
fn what_was_settled_is_not_looked_for() {
    let home = Home::new();
    let mut local = home.open();
    let id = under_way(&mut local);
    local.dot(id, &[]).unwrap();
    local.crashed(&work()).unwrap();
    assert!(local.looked(id, 500).unwrap());
    local.was_sent(id, true, 600).unwrap();
    assert!(!local.looked(id, 700).unwrap());
}
