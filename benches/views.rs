//! What it costs to change from one tab or view to another, and to count what is unread in it, in
//! a mailbox of a million messages: `cargo bench --bench views`. `MESSAGES` sets how many.
//!
//! The time of this one thread is told. A screen has 16 ms for a frame; the questions are answered
//! on a thread of their own.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers that prints its answer and may panic"
)]

use postrider::model::view::{Order, Page, Scope, Sort};
use postrider::model::{
    AccountName, Address, Done, Envelope, Flags, MailboxName, MessageId, Op, Query, Role, System,
    Uid, UidValidity, Verb,
};
use postrider::store::{Cache, CursorMove, Listed, Local, NewMessage, Picking, Reader, Undo};
use postrider::sync::intend;
use postrider::tui::overlay::Overlay;
use postrider::tui::question::{How, Listing};
use postrider::tui::screen::index::Index;
use shared::{cpu, mailbox};
use std::time::Duration;

mod shared;

const NOW: i64 = 1_795_262_400;
const BATCH: u32 = 1_000;

fn main() {
    bulk();
    let count: u32 = std::env::var("MESSAGES").map_or(1_000_000, |n| n.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    let began = cpu();
    fill(&path, count);
    println!("{count} messages stored in {:?}", cpu() - began);
    let reader = Reader::open(&path).unwrap();
    let inbox = Scope::UnifiedInbox;
    println!(
        "{:<44} {:>10} {:>10} {:>8}",
        "", "200 rows", "unread", "counted"
    );
    for (scope, text) in [
        (Some(&inbox), "-is:list"),
        (Some(&inbox), "is:list"),
        (Some(&inbox), "-is:list -from:noreply -from:no-reply"),
        (Some(&inbox), "from:seldom"),
        (Some(&inbox), "subject:often"),
        (Some(&inbox), "is:flagged"),
        (None, "is:unread"),
        (None, "is:flagged"),
        (None, "in:inbox newer:30d"),
        (None, "in:archive"),
        (None, "from:seldom is:unread"),
        (None, "often lunch"),
        (None, "larger:5M"),
    ] {
        let query = Query::parse(text).unwrap();
        let list = Listed {
            scope,
            threaded: scope.is_some(),
            query: &query,
            now: NOW,
        };
        // Once to read the pages of the file.
        reader.listed(&list, Page::Newest, 200).unwrap();
        let began = cpu();
        let rows = reader.listed(&list, Page::Newest, 200).unwrap();
        let listed = cpu() - began;
        let began = cpu();
        let unread = reader.unread_listed(&list, 999).unwrap();
        let counted = cpu() - began;
        let name = format!("{} {text}", if scope.is_some() { "tab" } else { "view" });
        let more = if unread.more { "+" } else { "" };
        println!(
            "{name:<44} {listed:>10.1?} {counted:>10.1?} {:>7}{more} of {}",
            unread.count,
            rows.len()
        );
    }
}

/// Ten thousand messages that are selected and archived with one key, and that taken back: what each
/// thread has to do for it.
fn bulk() {
    const MANY: u32 = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let (path, own) = (dir.path().join("cache.db"), dir.path().join("local.db"));
    fill(&path, MANY + MANY / 19);
    let reader = Reader::open(&path).unwrap();
    let account = AccountName("work".to_owned());
    let inbox = reader.mailbox_named(&account, &MailboxName::new("INBOX"));
    let inbox = inbox.unwrap().unwrap().id;
    let told = |what: &str, began: Duration| println!("{what:<44} {:>10.1?}", cpu() - began);
    let began = cpu();
    let scope = Scope::Mailbox(inbox);
    let list = Picking {
        scope: Some(&scope),
        threaded: true,
        sort: Sort::default(),
        query: None,
        now: NOW,
    };
    let stubs = reader.picked(&list).unwrap();
    told(
        &format!("all {} rows selected, on the search thread", stubs.len()),
        began,
    );
    // The screen: the answer comes in, then the key; each is one turn.
    let rows = reader.page(&scope, true, Page::Newest, 201).unwrap();
    let listing = Listing::Scope {
        scope: scope.clone(),
        threaded: true,
        sort: Sort::default(),
    };
    let now = std::time::Instant::now();
    let mut overlay = Overlay::default();
    let mut index = Index::new(Listing::Search(String::new(), Order::Best));
    index.show(listing, now);
    index.window(2, Page::Newest, rows, true, &mut overlay, now);
    index.mark_all();
    let began = cpu();
    index.picked((2, 0), How::Only, Ok(stubs)).1.unwrap();
    told("the selection taken in, on the screen's", began);
    let began = cpu();
    let targets = index.targets();
    overlay.leave(1, &targets);
    index.unmark_all();
    index.rebuild(&overlay);
    told("the key: all of it hidden, on the screen's", began);
    assert!(index.lines().is_empty());
    let mut local = Local::open(&own).unwrap();
    let began = cpu();
    let resolved = reader.resolve(&targets).unwrap();
    let planned = intend::ops(&reader, &[], &Verb::Archive, &resolved).unwrap();
    let (_, ops) = local.act(&planned.label, NOW, &planned.ops).unwrap();
    told("planned and made durable, on the ledger's", began);
    let done = Done {
        gone: planned.gone,
        ..Done::default()
    };
    let began = cpu();
    overlay.left(1);
    overlay.add(&Verb::Archive, &targets, &done, now);
    index.rebuild(&overlay);
    told("the answer, on the screen's", began);
    drop(reader);
    let mut cache = Cache::open(&path, 1).unwrap().cache;
    let mut worst = Duration::ZERO;
    let began = cpu();
    for op in &ops {
        for keys in op.keys.chunks(500) {
            let one = cpu();
            let part = Op {
                keys: keys.to_vec(),
                ..op.clone()
            };
            cache.apply(&part).unwrap();
            worst = worst.max(cpu() - one);
        }
    }
    told("laid over the cache, on its writer's", began);
    println!("{:<44} {worst:>10.1?}", "  the longest of its pieces");
    let began = cpu();
    let rows = cache.read().page(&scope, true, Page::Newest, 201).unwrap();
    assert!(rows.is_empty());
    told("the list read again, on the reader's", began);
    let began = cpu();
    let undone = local.undo(NOW, NOW - 60).unwrap();
    assert!(matches!(undone, Undo::Done(_)), "{undone:?}");
    told("taken back, on the ledger's", began);
    let began = cpu();
    for op in &ops {
        for _ in op.keys.chunks(500) {
            cache.take_off(op.id, 500).unwrap();
        }
    }
    told("and off the cache, on its writer's", began);
    assert_eq!(cache.read().total(&scope, false).unwrap(), u64::from(MANY));
}

fn fill(path: &std::path::Path, count: u32) {
    let mut cache = Cache::open(path, 1).unwrap().cache;
    let account = AccountName("work".to_owned());
    cache.ensure_account(&account).unwrap();
    let list = [
        mailbox("INBOX", Role::Inbox),
        mailbox("Archive", Role::Archive),
    ];
    cache.set_mailboxes(&account, &list, 0, &[]).unwrap();
    for (wire, share) in [("INBOX", count - count / 20), ("Archive", count / 20)] {
        let id = cache
            .read()
            .mailbox_named(&account, &MailboxName::new(wire))
            .unwrap()
            .unwrap()
            .id;
        let mut from = 1;
        while from <= share {
            let to = (from + BATCH).min(share + 1);
            let batch: Vec<NewMessage> = (from..to).map(|n| message(wire, n)).collect();
            cache
                .ingest(id, UidValidity(7), &batch, Some(CursorMove::default()))
                .unwrap();
            from = to;
        }
    }
}

/// One in three came over a list, one in twenty is unread, one in a thousand has a star, one in
/// two thousand is from somebody who seldom writes.
fn message(wire: &str, n: u32) -> NewMessage {
    let one_in = |m: u32| n.is_multiple_of(m);
    let mut flags = System(0);
    if !one_in(20) {
        flags = flags | System::SEEN;
    }
    if one_in(1_000) {
        flags = flags | System::FLAGGED;
    }
    let from = match n {
        _ if one_in(2_000) => "seldom",
        _ if one_in(7) => "noreply",
        _ => "ada",
    };
    NewMessage {
        uid: Uid::new(n).unwrap(),
        flags: Flags::of(flags),
        internal_date: NOW - i64::from(2_000_000 - n) * 60,
        size: if one_in(300_000) { 8 << 20 } else { 4_000 },
        envelope: Envelope {
            message_id: MessageId::new(&format!("{n}.{wire}@x.example")),
            from: vec![Address::new(from, format!("{from}@x.example"))],
            to: vec![Address::new("", "me@y.example")],
            subject: if one_in(3) {
                format!("often lunch {n}")
            } else {
                format!("subject {n}")
            },
            list_id: one_in(3).then(|| "dev.lists.example".to_owned()),
            ..Envelope::default()
        },
        identity: None,
        thread_hint: None,
    }
}
