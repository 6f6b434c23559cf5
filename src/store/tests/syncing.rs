//! What a worker does: mailboxes, batches, flags, what vanished, a new UIDVALIDITY, bodies.

use super::fixture::*;
use crate::model::view::{AttachmentRow, Page, Scope};
use crate::model::*;
use crate::store::*;

#[test]
fn a_batch_is_there_at_once_for_a_reader() {
    let mut f = Fixture::new();
    let reader = f.reader();
    let inbox = f.mailbox("INBOX");
    let cursor = CursorMove {
        uidnext: Some(4),
        highestmodseq: Some(ModSeq(9)),
        exists: Some(1),
    };
    let new = f
        .cache
        .ingest(inbox, V, &[message(1), message(3)], Some(cursor))
        .unwrap()
        .new;
    assert_eq!(new.len(), 2);
    assert!(
        new.iter()
            .all(|(_, message, location)| message.0 > 100 && location.0 > 100),
        "ids begin above the seed"
    );
    let rows = reader
        .page(&Scope::Mailbox(inbox), false, Page::Newest, 10)
        .unwrap();
    assert_eq!(
        rows.iter().map(|r| r.subject.as_str()).collect::<Vec<_>>(),
        ["subject 3", "subject 1"]
    );
    let known = reader.cursor(inbox).unwrap();
    assert_eq!(
        known,
        Cursor {
            uidvalidity: Some(V),
            uidnext: 4,
            highestmodseq: ModSeq(9),
            exists: 1,
            held: 2
        }
    );
    let row = &reader.mailboxes().unwrap()[0];
    assert_eq!((row.path.as_str(), row.total, row.unread), ("INBOX", 2, 2));
    assert_eq!(reader.all_uids(inbox).unwrap(), uids(&[1, 3]));
    f.check();
}

#[test]
fn a_batch_taken_twice_is_taken_once() {
    let mut f = Fixture::new();
    let batch = [message(1), answer(2, &[1]), message(3)];
    f.ingest("INBOX", &batch);
    let before = f.shown("INBOX");
    let again = f.ingest("INBOX", &batch);
    assert_eq!((again.new.len(), again.known), (0, 3));
    assert_eq!(f.shown("INBOX"), before);
    f.check();
}

#[test]
fn another_generation_is_refused_until_the_mailbox_is_reset() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let inbox = f.mailbox("INBOX");
    let refused = f.cache.ingest(inbox, UidValidity(8), &[message(1)], None);
    assert!(matches!(refused, Err(Error::Generation)));
    f.cache.reset_mailbox(inbox, UidValidity(8)).unwrap();
    assert_eq!(
        f.cache.read().cursor(inbox).unwrap(),
        Cursor {
            uidvalidity: Some(UidValidity(8)),
            ..Cursor::default()
        }
    );
    assert!(f.shown("INBOX").is_empty());
    f.cache
        .ingest(inbox, UidValidity(8), &[message(1)], None)
        .unwrap();
    f.check();
}

#[test]
fn a_large_mailbox_is_reset_in_pieces_and_a_crash_between_two_is_found_out() {
    let mut f = Fixture::new();
    let many: Vec<NewMessage> = (1..=25).map(message).collect();
    f.ingest("INBOX", &many);
    let inbox = f.mailbox("INBOX");
    let new = UidValidity(8);
    assert!(!f.cache.reset_some(inbox, new, 10).unwrap());
    f.check();
    // Here the program ends: nothing that is left may be taken for a message of either generation.
    let cursor = f.cache.read().cursor(inbox).unwrap();
    assert_eq!((cursor.uidvalidity, cursor.held), (None, 15));
    for validity in [V, new] {
        let refused = f.cache.ingest(inbox, validity, &[message(1)], None);
        assert!(matches!(refused, Err(Error::Generation)));
    }
    assert!(!f.cache.reset_some(inbox, new, 10).unwrap());
    assert!(f.cache.reset_some(inbox, new, 10).unwrap());
    let cursor = f.cache.read().cursor(inbox).unwrap();
    assert_eq!((cursor.uidvalidity, cursor.held), (Some(new), 0));
    f.cache.ingest(inbox, new, &[message(1)], None).unwrap();
    f.check();
}

#[test]
fn bodies_survive_a_new_generation() {
    let mut f = Fixture::new();
    let new = f.ingest("INBOX", &[message(1), message(2), message(3)]).new;
    let (with_body, without) = (new[0].1, new[1].1);
    f.body(with_body);
    let inbox = f.mailbox("INBOX");
    f.cache.reset_mailbox(inbox, UidValidity(8)).unwrap();
    f.check();
    assert_eq!(
        f.cache.read().message(with_body).unwrap(),
        None,
        "shown nowhere"
    );
    // The same messages under other UIDs, and one that only looks a little like the first.
    let renumbered = NewMessage {
        uid: uid(11),
        ..message(1)
    };
    let alike = NewMessage {
        uid: uid(12),
        size: 5,
        ..message(1)
    };
    let other = NewMessage {
        uid: uid(13),
        ..message(2)
    };
    let new = f
        .cache
        .ingest(inbox, UidValidity(8), &[alike, renumbered, other], None)
        .unwrap()
        .new;
    assert_eq!(new[1].1, with_body);
    assert!(new[0].1 != with_body && new[2].1 != without);
    assert_eq!(
        f.cache.read().body(with_body).unwrap().as_deref(),
        Some(&b"raw"[..])
    );
    let wanted = f
        .cache
        .read()
        .bodies_wanted(inbox, 0, u64::MAX, 10)
        .unwrap();
    assert_eq!(
        wanted.iter().map(|w| w.uid.get()).collect::<Vec<_>>(),
        [13, 12]
    );
    f.check();
}

#[test]
fn what_vanished_comes_back_with_its_body_and_is_swept_in_the_end() {
    let mut f = Fixture::new();
    let message_id = f.ingest("INBOX", &[message(1), message(2)]).new[0].1;
    f.body(message_id);
    assert_eq!(f.vanish("INBOX", &UidSet::range(1, u32::MAX)), 2);
    assert!(f.shown("INBOX").is_empty());
    f.check();
    assert_eq!(f.ingest("INBOX", &[message(1)]).new[0].1, message_id);
    f.vanish("INBOX", &uids(&[1]));
    assert_eq!(f.cache.sweep().unwrap(), 0);
    assert_eq!(f.cache.sweep_before(i64::MAX).unwrap(), 1);
    f.check();
    assert_ne!(
        f.ingest("INBOX", &[message(1)]).new[0].1,
        message_id,
        "ids are never used again"
    );
}

#[test]
fn flags_are_taken_and_counted() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1), answer(2, &[1])]);
    let inbox = f.mailbox("INBOX");
    let mut flags = Flags::of(System::SEEN | System::FLAGGED);
    flags.insert_wire("$Junk");
    let cursor = CursorMove {
        highestmodseq: Some(ModSeq(5)),
        ..CursorMove::default()
    };
    let news = [(uid(1), flags.clone()), (uid(9), seen())];
    let changed = f
        .cache
        .take_changes(inbox, V, &news, &UidSet::new(), Some(cursor))
        .unwrap();
    assert_eq!((changed.flags, changed.vanished), (1, 0));
    assert_eq!(f.flags("INBOX", &[(uid(1), flags.clone())]), 0);
    let other = f
        .cache
        .take_changes(inbox, UidValidity(8), &[], &uids(&[1]), None);
    assert!(matches!(other, Err(Error::Generation)));
    let row = &f
        .cache
        .read()
        .page(&Scope::Mailbox(inbox), true, Page::Newest, 10)
        .unwrap()[0];
    assert_eq!(
        (row.count, row.unread, row.flags.system),
        (2, 1, System::FLAGGED)
    );
    let mut seen = Vec::new();
    f.cache
        .read()
        .flags_between(inbox, 1, 9, &mut |uid, flags| seen.push((uid.get(), flags)))
        .unwrap();
    assert_eq!(seen, [(1, flags), (2, Flags::default())]);
    assert_eq!(
        f.cache.read().cursor(inbox).unwrap().highestmodseq,
        ModSeq(5)
    );
    f.check();
}

#[test]
fn a_body_brings_words_attachments_and_a_snippet() {
    let mut f = Fixture::new();
    let message_id = f.ingest("INBOX", &[message(1)]).new[0].1;
    let file = AttachmentRow {
        part: 2,
        name: "a.pdf".into(),
        media_type: "application/pdf".into(),
        size: 9,
    };
    let body = |message| NewBody {
        message,
        raw: b"raw\0bytes".to_vec(),
        text: "grüße aus 東京都".to_owned(),
        snippet: "grüße".to_owned(),
        attachments: vec![file.clone()],
    };
    f.cache
        .set_snippets(&[(message_id, "soon".to_owned())])
        .unwrap();
    let bodies = [body(MsgId(1)), body(message_id)];
    assert_eq!(f.cache.store_bodies(&bodies).unwrap(), 1);
    f.cache
        .set_snippets(&[(message_id, "late".to_owned())])
        .unwrap();
    let read = f.cache.read();
    let row = read.message(message_id).unwrap().unwrap();
    assert_eq!((row.has_body, row.attachments), (true, Some(vec![file])));
    assert_eq!(row.envelope, message(1).envelope);
    assert_eq!(row.places.len(), 1);
    let index = &read
        .page(&Scope::UnifiedInbox, false, Page::Newest, 1)
        .unwrap()[0];
    assert_eq!(
        (index.attachments, index.snippet.as_deref()),
        (Some(true), Some("grüße"))
    );
    for words in [
        "GRUSSE",
        "body:gruße",
        "東京",
        "subject:1",
        "from:s1@example.org",
        "京都 grü*",
        // One word of the header, one of the text.
        "subject:1 body:gruße",
        "s1@example.org 東京 -body:missing -subject:2",
        "-subject:1",
        "1 -gruße",
    ] {
        assert_eq!(
            read.search(&Query::parse(words).unwrap(), 0, 5)
                .unwrap()
                .count,
            u64::from(!["GRUSSE", "-subject:1", "1 -gruße"].contains(&words)),
            "{words}"
        );
    }
    f.check();
}

#[test]
fn a_body_that_cannot_be_had_is_not_asked_for_again() {
    let mut f = Fixture::new();
    let new = f.ingest("INBOX", &[message(1), message(2)]).new;
    let inbox = f.mailbox("INBOX");
    f.cache.body_failed(new[1].1, "the server hung up").unwrap();
    let wanted = |f: &Fixture| {
        f.cache
            .read()
            .bodies_wanted(inbox, 0, u64::MAX, 9)
            .unwrap()
            .len()
    };
    assert_eq!(wanted(&f), 1);
    assert_eq!(
        f.cache
            .read()
            .message(new[1].1)
            .unwrap()
            .unwrap()
            .body_error
            .as_deref(),
        Some("the server hung up")
    );
    let failed = f.cache.read().bodies_failed().unwrap();
    assert_eq!(failed, [new[1].1]);
    f.cache.forget_failures(&failed).unwrap();
    assert_eq!(wanted(&f), 2);
    assert_eq!(
        f.cache
            .read()
            .bodies_wanted(inbox, 2, u64::MAX, 9)
            .unwrap()
            .len(),
        1
    );
    let place = &f.cache.read().locate(new[0].1).unwrap()[0];
    assert_eq!(
        (place.mailbox, place.uid, place.uidvalidity),
        (inbox, uid(1), V)
    );
}

#[test]
fn a_message_is_found_by_its_id_through_merged_threads() {
    let mut f = Fixture::new();
    let new = f
        .ingest("Sent", &[message(1), message(2), answer(3, &[1, 2])])
        .new;
    for (n, (_, message, _)) in (1..).zip(new) {
        assert_eq!(
            f.cache
                .read()
                .find(&account(), &id(&format!("{n}@x")))
                .unwrap(),
            [message]
        );
    }
    assert!(
        f.cache
            .read()
            .find(&account(), &id("9@x"))
            .unwrap()
            .is_empty()
    );
}
