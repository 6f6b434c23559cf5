//! Several windows on one home, and the end of one: what a user did is written down, once, and stays.

use super::desk::{Desk, Nobody, account};
use super::engine::{self, Engine, Parts};
use super::kit::Stores;
use super::ledger::Reply;
use super::rhythm::Rhythm;
use super::rules::Rules;
use crate::model::*;
use crate::net::http::Client;
use crate::signal::Board;
use crate::store::shelf::message;
use crate::store::{Cache, CursorMove, Local, MailboxInfo, NewMessage, Priority, Reader, Writer};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A draft that this process saved and another window has written on since.
fn parted(desk: &mut Desk) -> (Draft, DraftId) {
    let draft = Draft {
        to: "you@example.test".to_owned(),
        body: "begun".to_owned(),
        ..Draft::new(account().name)
    };
    let saved = Intent::SaveDraft(Box::new(draft));
    let done = desk.ledger.carry_out(saved).unwrap();
    let id = done.draft.unwrap();
    assert_eq!((done.rev, done.parted, done.label.as_str()), (1, false, ""));
    let seen = desk.ledger.local.read().draft(id).unwrap().unwrap();
    let db = rusqlite::Connection::open(&desk.ledger.stores.local).unwrap();
    let sql = "UPDATE draft SET body = 'theirs', rev = rev + 1, open = 7 WHERE id = ?1";
    assert_eq!(db.execute(sql, [id.0]).unwrap(), 1);
    (seen, id)
}

fn bodies(desk: &Desk) -> Vec<String> {
    let mut all = desk.ledger.local.read().drafts().unwrap();
    all.sort_by_key(|d| d.id.map(|id| id.0));
    all.into_iter().map(|d| d.body).collect()
}

#[test]
fn what_is_typed_in_two_windows_is_two_drafts_and_that_is_said() {
    let mut desk = Desk::new();
    let (seen, id) = parted(&mut desk);
    let ours = Draft {
        body: "ours".to_owned(),
        ..seen.clone()
    };
    let done = desk.ledger.carry_out(Intent::SaveDraft(Box::new(ours)));
    let done = done.unwrap();
    assert!(done.parted && done.draft != Some(id), "{done:?}");
    assert!(done.label.contains("another window"), "{done:?}");
    assert_eq!(bodies(&desk), ["theirs", "ours"]);
    // A window that only showed it leaves what is there now alone when it ends.
    desk.ledger.carry_out(Intent::LeaveOpen(id)).unwrap();
    assert_eq!(bodies(&desk), ["theirs", "ours"]);
    // Who throws his own away has not thrown the other's away.
    let thrown = desk.ledger.carry_out(Intent::Discard(Box::new(seen)));
    assert!(thrown.unwrap().label.contains("stays"));
    assert_eq!(bodies(&desk), ["theirs", "ours"]);
}

#[test]
fn two_saves_of_a_draft_that_has_no_row_yet_are_one_draft() {
    let mut desk = Desk::new();
    let typed = |begun, body: &str| {
        let draft = Draft {
            begun,
            body: body.to_owned(),
            ..Draft::new(account().name)
        };
        Box::new(draft)
    };
    for intent in [
        Intent::SaveDraft(typed(1, "a")),
        Intent::SaveDraft(typed(2, "b")),
        // The program ends before the first was answered.
        Intent::PutAside(typed(1, "a, and more")),
    ] {
        desk.ledger.carry_out(intent).unwrap();
    }
    assert_eq!(bodies(&desk), ["a, and more", "b"]);
}

#[test]
fn what_another_window_changed_is_not_sent_as_it_was() {
    let mut desk = Desk::new();
    let (seen, _) = parted(&mut desk);
    let submit = Intent::Submit(Box::new(seen.clone()));
    let why = desk.ledger.carry_out(submit).unwrap_err().to_string();
    assert!(why.contains("another window"), "{why}");
    // Nor on the way that the screen takes.
    let (myself, _built) = crossbeam_channel::bounded(1);
    let (tell, told) = crossbeam_channel::bounded(1);
    let reply = Box::new(move |said| drop(tell.send(said)));
    desk.ledger.freeze_aside(seen, reply, &Arc::new(myself));
    let said = told.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(said.unwrap_err().contains("another window"));
    let local = desk.ledger.local.read();
    assert!(local.outbox().unwrap().is_empty());
    assert_eq!(bodies(&desk), ["theirs"]);
}

#[test]
fn what_was_being_written_at_the_end_is_gone_on_with_and_was_no_crash() {
    let mut desk = Desk::new();
    let draft = Draft {
        body: "half a".to_owned(),
        ..Draft::new(account().name)
    };
    let aside = |desk: &mut Desk, draft: &Draft| {
        let intent = Intent::PutAside(Box::new(draft.clone()));
        desk.ledger.carry_out(intent).unwrap();
        let open = desk.ledger.local.read().open_drafts().unwrap();
        assert!(matches!(open[..], [(_, None)]), "{open:?}");
        desk.ledger.local.read().drafts().unwrap().remove(0)
    };
    let kept = aside(&mut desk, &draft);
    assert_eq!(kept.body, "half a");
    // What says the same is not written again.
    let again = Draft {
        saved: 1,
        ..kept.clone()
    };
    assert_eq!(aside(&mut desk, &again), kept);
    let more = Draft {
        body: "half a line".to_owned(),
        ..again
    };
    assert_eq!(aside(&mut desk, &more).body, "half a line");
}

/// What an engine without a server is made of.
fn parts(folder: &std::path::Path) -> Parts {
    let stores = Stores {
        cache: folder.join("cache.db"),
        local: folder.join("local.db"),
    };
    drop(Local::open(&stores.local).unwrap());
    let cache = Cache::open(&stores.cache, 0).unwrap().cache;
    Parts {
        accounts: vec![account()],
        stores,
        writer: Writer::spawn(cache).unwrap(),
        board: Arc::new(Board::new()),
        host: Arc::new(Nobody),
        web: Client::default(),
        rules: Arc::default(),
        by_subject: None,
        undo_window: 0,
        rhythm: Rhythm::default(),
        online: false,
    }
}

#[test]
fn whoever_quits_waits_until_all_that_he_did_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let parts = parts(dir.path());
    let file = parts.stores.local.clone();
    let engine = Engine::start(parts).unwrap();
    // Another process writes for longer than one cares to wait.
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for body in ["typed", "last"] {
        let draft = Draft {
            body: body.to_owned(),
            ..Draft::new(account().name)
        };
        engine.ask(Intent::PutAside(Box::new(draft)), Box::new(|_| ()));
    }
    let mut told = 0;
    let ended = engine.end(Duration::from_secs(20), &mut || {
        told += 1;
        other.execute_batch("COMMIT").unwrap();
    });
    assert!(ended.recorded && told == 1, "{ended:?}");
    let local = Local::open(&file).unwrap();
    assert_eq!(local.read().drafts().unwrap().len(), 2);
}

#[test]
fn a_pull_that_was_cut_hides_nothing_from_rules() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = parts(dir.path());
    let rule = Rule {
        name: "all".to_owned(),
        query: query::Query::parse("subject:x").unwrap(),
        deeds: vec![rule::Deed::Flag],
        on_arrival: true,
    };
    parts.rules = [rule].into();
    let take = |uids: std::ops::Range<u32>, whole: bool| {
        let letter = |n| {
            let envelope = Envelope {
                message_id: MessageId::new(&format!("{n}@x.example")),
                ..Envelope::default()
            };
            NewMessage {
                internal_date: crate::text::when::now(),
                ..message(n, envelope)
            }
        };
        let to = CursorMove {
            uidnext: Some(uids.end),
            highestmodseq: None,
            exists: None,
        };
        let all: Vec<NewMessage> = uids.map(letter).collect();
        let job = move |cache: &mut Cache| {
            let inbox = MailboxInfo::plain("INBOX", Some(Role::Inbox));
            cache.set_mailboxes(&account().name, &[inbox], 1, &[])?;
            let name = MailboxName::new("INBOX");
            let there = cache.read().mailbox_named(&account().name, &name)?.unwrap();
            cache.ingest(there.id, UidValidity(1), &all, whole.then_some(to))
        };
        parts.writer.run(Priority::Urgent, job).unwrap();
    };
    let mut local = Local::open(&parts.stores.local).unwrap();
    let kit = engine::kit(&parts, &account(), &Arc::new(AtomicBool::new(false)));
    let reader = Reader::open(&parts.stores.cache).unwrap();
    // Each time a program that has just begun.
    let mut begin = || {
        let begun = Rules::default().begin(&kit, &mut local, &reader);
        begun.unwrap();
        let waiting = local.read().arrivals(&account().name, 0, 100).unwrap();
        let mut uids: Vec<u32> = waiting.iter().map(|a| a.key.uid.get()).collect();
        uids.sort_unstable();
        uids
    };
    take(1..3, true);
    assert_eq!(begin(), Vec::<u32>::new());
    // The newest came, then it was cut.
    take(8..10, false);
    assert_eq!(begin(), Vec::<u32>::new());
    take(3..10, true);
    assert_eq!(begin(), [3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn what_rules_would_change_is_looked_for_while_others_are_served() {
    let desk = Desk::new();
    let ledger = desk.ledger;
    let (asks, asked) = crossbeam_channel::bounded(4);
    let (records, recorded) = crossbeam_channel::bounded(0);
    let myself = Arc::new(asks.clone());
    let stop = Arc::new(AtomicBool::new(false));
    let stops = Arc::clone(&stop);
    std::thread::spawn(move || ledger.run(&asked, &myself, &stops, records));
    let (go, wait) = crossbeam_channel::bounded::<()>(0);
    let (tell, told) = crossbeam_channel::bounded(2);
    let (first, second) = (tell.clone(), tell);
    let test: Reply = Box::new(move |_| {
        // All mail is a lot.
        let _ = wait.recv();
        let _ = first.send("rules");
    });
    let saved: Reply = Box::new(move |done| drop(done.map(|_| second.send("draft"))));
    asks.send((Intent::TestRules(WhichRules::default()), test))
        .unwrap();
    let draft = Draft::new(account().name);
    asks.send((Intent::SaveDraft(Box::new(draft)), saved))
        .unwrap();
    let next = || told.recv_timeout(Duration::from_secs(20));
    assert_eq!(next(), Ok("draft"));
    drop(go);
    assert_eq!(next(), Ok("rules"));
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    // It may sleep, or have ended.
    let _ = asks.send((Intent::CheckMail, Box::new(|_| ())));
    let ended = recorded.recv_timeout(Duration::from_secs(20));
    assert_eq!(
        ended,
        Err(crossbeam_channel::RecvTimeoutError::Disconnected)
    );
}
