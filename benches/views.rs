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

use postrider::model::view::{Page, Scope};
use postrider::model::{
    AccountName, Address, Envelope, Flags, MailboxName, MessageId, Query, Role, System, Uid,
    UidValidity,
};
use postrider::store::{Cache, CursorMove, Listed, MailboxInfo, NewMessage, Reader};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

const NOW: i64 = 1_795_262_400;
const BATCH: u32 = 1_000;

fn main() {
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

/// The time that this thread had.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap(),
    )
}

fn fill(path: &std::path::Path, count: u32) {
    let mut cache = Cache::open(path, 1).unwrap().cache;
    let account = AccountName("work".to_owned());
    cache.ensure_account(&account).unwrap();
    let info = |wire: &str, role| MailboxInfo {
        name: MailboxName::new(wire),
        path: wire.to_owned(),
        delimiter: Some('/'),
        role: Some(role),
        selectable: true,
        mailbox_id: None,
        contents: None,
        was: None,
    };
    let list = [info("INBOX", Role::Inbox), info("Archive", Role::Archive)];
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
