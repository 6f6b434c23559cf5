//! The ledger as the screen and scripts use it, over real databases and no network.

use super::desk::{Desk, account};
use super::error::LedgerError;
use super::intend;
use super::planned::What;
use crate::model::*;
use crate::signal::Topic;
use crate::store::{Cache, NewBody, PackedBody, Priority, ResolvedTarget};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn somebody_at_the_keyboard_wakes_the_account_that_waits() {
    let mut desk = Desk::new();
    let present = |desk: &Desk| {
        let bells = desk.ledger.bells.accounts.get(&account().name).unwrap();
        bells
            .marks
            .present
            .load(std::sync::atomic::Ordering::SeqCst)
    };
    let other = AccountName("other".to_owned());
    desk.ledger.carry_out(Intent::TryAgain(other)).unwrap();
    assert!(!present(&desk));
    let name = account().name;
    desk.ledger.carry_out(Intent::TryAgain(name)).unwrap();
    assert!(present(&desk) && desk.worker.wait(Some(Duration::ZERO)));
}

#[test]
fn whoever_waits_for_a_message_that_nobody_can_fetch_is_told() {
    let mut desk = Desk::new();
    let (message, _) = desk.receive("INBOX");
    let (fetcher, wanted) = crossbeam_channel::bounded(1);
    let bells = &mut desk.ledger.bells.accounts;
    bells.get_mut(&account().name).unwrap().fetcher = fetcher;
    let told = |desk: &mut Desk, message| {
        let asked = desk.ledger.carry_out(Intent::FetchBody(message));
        asked.unwrap();
        let posted = desk.ledger.board.take().topics.into_iter();
        let why = posted.filter_map(|topic| match topic {
            Topic::NoBody(id, why) if id == message => Some(why),
            _ => None,
        });
        why.collect::<String>()
    };
    assert_eq!(told(&mut desk, message), "");
    assert_eq!(wanted.len(), 1);
    assert!(told(&mut desk, message).contains("many others"));
    desk.ledger.bells.accounts.clear();
    assert!(told(&mut desk, message).contains("another window"));
    assert!(told(&mut desk, MsgId(i64::MAX)).contains("on its way"));
}

#[test]
fn what_is_used_stays_here_though_nobody_here_talks_to_the_server() {
    let mut desk = Desk::new();
    let (message, _) = desk.receive("INBOX");
    let keep = move |cache: &mut Cache| {
        let body = NewBody {
            message,
            raw: b"raw".to_vec(),
            text: "text".to_owned(),
            snippet: String::new(),
            attachments: Vec::new(),
        };
        cache.store_packed(&[PackedBody::new(&body, None).again(true)])
    };
    desk.ledger.writer.run(Priority::Urgent, keep).unwrap();
    assert!(desk.ledger.reader.will_be_hollow(message).unwrap());
    desk.ledger.bells.accounts.clear();
    let asked = Intent::FetchBody(message);
    desk.ledger.carry_out(asked).unwrap();
    let posted = desk.ledger.board.take().topics;
    assert!(posted.contains(&Topic::Body(message)), "{posted:?}");
    desk.starred(&[]);
    assert!(!desk.ledger.reader.will_be_hollow(message).unwrap());
}

#[test]
fn a_star_turned_over_twice_is_as_before_however_late_the_cache_hears_of_it() {
    let mut desk = Desk::new();
    let (_, place) = desk.receive("INBOX");
    let (go, held) = crossbeam_channel::bounded::<()>(0);
    let wait = move |_: &mut Cache| {
        let _ = held.recv();
        Ok(())
    };
    desk.ledger.writer.post(Priority::Urgent, wait).unwrap();
    for (verb, times) in [(Verb::ToggleStar, 2), (Verb::ToggleRead, 3)] {
        for _ in 0..times {
            let (verb, targets) = (verb.clone(), vec![Target::Location(place)]);
            let done = desk.ledger.carry_out(Intent::Act { verb, targets });
            assert!(done.unwrap().undoable);
        }
    }
    drop(go);
    assert_eq!(desk.starred(&[place]), [false]);
    let row = desk.ledger.reader.row_at(place).unwrap().unwrap();
    assert!(row.flags.system.has(System::SEEN));
}

#[test]
fn stars_of_several_go_to_the_newest_of_each_and_all_go_where_each_has_one() {
    let mut desk = Desk::new();
    let (places, thread) = desk.receive_three();
    let conversation = Target::Thread {
        thread,
        mailbox: None,
    };
    let targets = vec![Target::Location(places[0]), conversation];
    let mut turn = |verb: Verb| {
        let targets = targets.clone();
        desk.ledger
            .carry_out(Intent::Act { verb, targets })
            .unwrap();
        desk.starred(&places)
    };
    assert_eq!(turn(Verb::ToggleStar), [true, false, true]);
    assert_eq!(turn(Verb::ToggleStar), [false, false, false]);
    // A conversation with a star of an older message has one.
    let star = FlagChange::set(System::FLAGGED);
    let old = Intent::Act {
        verb: Verb::Flag(star),
        targets: vec![Target::Location(places[1])],
    };
    desk.ledger.carry_out(old).unwrap();
    assert_eq!(desk.starred(&places), [false, true, false]);
    let mut turn = |verb: Verb| {
        let targets = targets.clone();
        desk.ledger
            .carry_out(Intent::Act { verb, targets })
            .unwrap();
        desk.starred(&places)
    };
    assert_eq!(turn(Verb::ToggleStar), [true, true, false]);
    assert_eq!(turn(Verb::ToggleStar), [false, false, false]);
    // One that is selected with its conversation counts once.
    let twice = [Target::Location(places[2]), targets[1]];
    let none = |_: &mut ResolvedTarget| Ok(());
    let reader = &desk.ledger.reader;
    let (_, about) = intend::settled(reader, Verb::ToggleStar, &twice, &none).unwrap();
    assert_eq!(about.len(), 1);
}

#[test]
fn a_tag_that_one_account_cant_have_goes_away_from_the_others() {
    let desk = Desk::new();
    let (places, _) = desk.receive_three();
    let places: Vec<Target> = places.iter().copied().map(Target::Location).collect();
    let reader = &desk.ledger.reader;
    let mut targets = reader.resolve(&places).unwrap();
    let mut labels = account();
    labels.name = AccountName("labels".to_owned());
    labels.imap.host = "imap.gmail.com".to_owned();
    targets[0].account = labels.name.clone();
    let verb = Verb::Tag {
        name: "two words".to_owned(),
        given: None,
    };
    let accounts = [labels, account()];
    let given = intend::ops(reader, &accounts, &verb, &targets).unwrap();
    assert_eq!(given.label, "Tagged 1 message");
    let OpKind::Store(change) = &given.ops[0].kind else {
        panic!("{given:?}");
    };
    targets[0].flags = change.add.clone();
    let taken = intend::ops(reader, &accounts, &verb, &targets).unwrap();
    assert_eq!(taken.label, "Untagged 1 message");
}

#[test]
fn a_tag_goes_away_only_where_all_have_it_and_however_it_is_spelt() {
    let mut desk = Desk::new();
    let (places, _) = desk.receive_three();
    let mut tag = |name: &str, given, places: &[LocationId]| {
        let name = name.to_owned();
        let targets = places.iter().copied().map(Target::Location).collect();
        let verb = Verb::Tag { name, given };
        let done = desk.ledger.carry_out(Intent::Act { verb, targets });
        desk.starred(&[]);
        done.unwrap().label
    };
    assert_eq!(tag("Work", None, &places[..1]), "Tagged 1 message");
    assert_eq!(tag("work", None, &places), "Tagged 2 messages");
    assert_eq!(tag("work", Some(true), &places), "Nothing was changed");
    assert_eq!(tag("DIENSTLICH", None, &places), "Untagged 3 messages");
    assert_eq!(tag("two words", None, &places), "Nothing was changed");
}

#[test]
fn several_are_marked_read_where_any_is_unread() {
    let mut desk = Desk::new();
    let (places, _) = desk.receive_three();
    let mut turn = |places: &[LocationId]| {
        let targets = places.iter().copied().map(Target::Location).collect();
        let verb = Verb::ToggleRead;
        let done = desk.ledger.carry_out(Intent::Act { verb, targets });
        desk.starred(&[]);
        done.unwrap().label
    };
    assert_eq!(turn(&places[..1]), "Marked read: 1 message");
    assert_eq!(turn(&places), "Marked read: 2 messages");
    assert_eq!(turn(&places), "Marked unread: 3 messages");
}

#[test]
fn what_is_thrown_away_is_told_from_what_is_deleted_for_good() {
    // Each time another desk: what was deleted is gone from the first, a moment later.
    let deleted = |mailboxes: &[&'static str]| {
        let mut desk = Desk::new();
        let received = mailboxes.iter().map(|name| desk.receive(name).1);
        let targets = received.map(Target::Location).collect();
        let verb = Verb::Trash;
        let done = desk.ledger.carry_out(Intent::Act { verb, targets });
        done.unwrap().label
    };
    assert_eq!(
        deleted(&["INBOX", "Trash"]),
        "Moved to trash: 1 message. Deleted 1 message for good"
    );
    assert_eq!(deleted(&["Trash"]), "Deleted 1 message for good");
}

#[test]
fn what_changes_nothing_is_not_told_as_done() {
    let mut desk = Desk::new();
    let (_, place) = desk.receive("INBOX");
    let mut act = |verb: Verb, place| {
        let targets = vec![Target::Location(place)];
        let done = desk.ledger.carry_out(Intent::Act { verb, targets });
        done.unwrap()
    };
    let inbox = act(Verb::Archive, LocationId(place.0 + 1000));
    assert_eq!(
        (inbox.label.as_str(), inbox.undoable),
        ("Nothing was changed: it is no longer here", false)
    );
    assert_eq!(act(Verb::Archive, place).label, "Archived 1 message");
    let archive = What::Archived.label(0);
    assert_eq!(archive, "Nothing was moved: it is there already");
}

#[test]
fn a_message_that_a_script_queued_can_be_edited() {
    let mut desk = Desk::new();
    let id = desk.queue();
    let draft = desk.decide(id, OutboxVerb::Edit).unwrap().draft.unwrap();
    let local = desk.ledger.local.read();
    let draft = local.draft(draft).unwrap().unwrap();
    assert_eq!(
        (draft.to.as_str(), draft.bcc.as_str()),
        ("you@example.test", "them@example.test")
    );
    assert_eq!(
        (draft.subject.as_str(), draft.body.trim_end()),
        ("Tea", "At four.")
    );
    assert!(local.outbox().unwrap().is_empty());
    assert!(desk.decide(id, OutboxVerb::Edit).is_err(), "it is gone");
}

#[test]
fn what_somebody_else_wrote_and_was_sent_on_is_cleaned_when_it_is_taken_back() {
    let mut desk = Desk::new();
    let raw = "From: bo@y.example\r\nSubject: a\u{202e}b\r\n\r\nc\u{e0041}d\r\n";
    let sent_on = crate::mime::redirect::redirect(raw.as_bytes(), &account(), "cy@z.example", 1);
    let queued = Intent::Queue(Box::new(sent_on.unwrap()));
    let id = desk.ledger.carry_out(queued).unwrap().outbox.unwrap();
    let draft = desk.decide(id, OutboxVerb::Edit).unwrap().draft.unwrap();
    let draft = desk.ledger.local.read().draft(draft).unwrap().unwrap();
    assert_eq!(
        (draft.subject.as_str(), draft.body.trim_end()),
        ("ab", "cd")
    );
}

#[test]
fn what_is_taken_as_sent_still_gets_its_copy() {
    let mut desk = Desk::new();
    let id = desk.queue();
    let local = &mut desk.ledger.local;
    assert!(local.claim_submission(id, i64::MAX).unwrap());
    local.dot(id, &[]).unwrap();
    assert!(
        desk.decide(id, OutboxVerb::Cancel).is_err(),
        "the dot may be out"
    );
    desk.ledger.local.crashed(&account().name).unwrap();
    desk.worker.clear();
    desk.decide(id, OutboxVerb::AssumeSent).unwrap();
    let row = desk.ledger.local.read().submission(id).unwrap().unwrap();
    assert_eq!(row.state, SubmissionState::Accepted);
    assert!(
        desk.worker.wait(Some(Duration::ZERO)),
        "nobody files the copy"
    );
}

#[test]
fn a_draft_for_later_waits_for_its_time_and_not_for_the_undo_window() {
    let mut desk = Desk::new();
    let at = crate::text::when::now() + 90_000;
    let mut draft = Draft {
        to: "you@example.test".to_owned(),
        ..Draft::new(account().name)
    };
    draft.options.send_at = Some(at);
    let done = desk
        .ledger
        .carry_out(Intent::Submit(Box::new(draft.clone())));
    let done = done.unwrap();
    assert!(
        done.undoable && done.label.starts_with("Goes out"),
        "{done:?}"
    );
    let row = |desk: &Desk, id| desk.ledger.local.read().submission(id).unwrap().unwrap();
    let waits = row(&desk, done.outbox.unwrap());
    assert_eq!((waits.next_try, waits.scheduled), (at, true));
    draft.options.send_at = Some(7);
    let done = desk.ledger.carry_out(Intent::Submit(Box::new(draft)));
    let waits = row(&desk, done.unwrap().outbox.unwrap());
    assert!(
        waits.next_try > 7 && !waits.scheduled,
        "that time has passed"
    );
}

#[test]
fn a_draft_is_sent_once_and_undo_brings_it_back() {
    let mut desk = Desk::new();
    let draft = Draft {
        to: "you@example.test".to_owned(),
        subject: "Tea".to_owned(),
        ..Draft::new(account().name)
    };
    let saved = desk
        .ledger
        .carry_out(Intent::SaveDraft(Box::new(draft.clone())));
    let id = saved.unwrap().draft;
    let draft = Draft { id, ..draft };
    let send = || Intent::Submit(Box::new(draft.clone()));
    assert!(desk.ledger.carry_out(send()).unwrap().undoable);
    assert!(desk.ledger.carry_out(send()).is_err(), "twice");
    assert_eq!(desk.ledger.carry_out(Intent::Undo).unwrap().draft, id);
    assert!(
        desk.ledger.carry_out(Intent::Undo).is_err(),
        "nothing is left to undo"
    );
    assert!(desk.ledger.carry_out(send()).is_ok());
}

#[test]
fn what_is_sent_is_a_draft_while_its_message_is_built() {
    let mut desk = Desk::new();
    let draft = Draft {
        to: "you@example.test".to_owned(),
        body: "typed last".to_owned(),
        ..Draft::new(account().name)
    };
    let (myself, built) = crossbeam_channel::bounded(1);
    desk.ledger
        .freeze_aside(draft, Box::new(|_| ()), &Arc::new(myself));
    // The program may end here.
    let kept = desk.ledger.local.read().drafts().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].body, "typed last");
    let (queue, _) = built.recv_timeout(Duration::from_secs(20)).unwrap();
    desk.ledger.carry_out(queue).unwrap();
    let local = desk.ledger.local.read();
    assert!(local.drafts().unwrap().is_empty());
    assert_eq!(local.outbox().unwrap().len(), 1);
}

#[test]
fn nothing_is_taken_back_by_surprise() {
    let mut desk = Desk::new();
    let label = |done: Result<Done, LedgerError>| done.unwrap().label;
    let id = desk.queue();
    desk.ledger.begun = i64::MAX;
    let named = desk.ledger.carry_out(Intent::Undo);
    let named = label(named);
    assert!(
        named.starts_with("Undo again takes back: Sending a message ("),
        "{named}"
    );
    assert!(desk.ledger.local.read().submission(id).unwrap().is_some());
    let held = label(desk.ledger.carry_out(Intent::Undo));
    assert_eq!(held, "Not sent: it is held in the outbox");
    assert!(desk.ledger.local.read().submission(id).unwrap().is_some());

    desk.ledger.begun = 0;
    let draft = Draft {
        body: "not saved yet".to_owned(),
        ..Draft::new(account().name)
    };
    let thrown = desk
        .ledger
        .carry_out(Intent::Discard(Box::new(draft)))
        .unwrap();
    assert!(thrown.undoable);
    assert!(desk.ledger.local.read().draft_lines().unwrap().is_empty());
    label(desk.ledger.carry_out(Intent::Undo));
    let back = desk.ledger.local.read().drafts().unwrap();
    assert_eq!(back[0].body, "not saved yet");
    assert!(desk.ledger.carry_out(Intent::Undo).is_err());
}

#[test]
fn what_no_composer_wrote_can_be_taken_back_for_a_while_too() {
    let mut desk = Desk::new();
    let now = crate::text::when::now();
    let id = desk.queue();
    let row = |desk: &Desk| desk.ledger.local.read().submission(id).unwrap();
    assert!(row(&desk).unwrap().next_try >= now + 10);
    let undone = desk.ledger.carry_out(Intent::Undo).unwrap();
    assert_eq!(undone.label, "Not sent: it is held in the outbox");
    assert_eq!(row(&desk).unwrap().state, SubmissionState::Held);
}
