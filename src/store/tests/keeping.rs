//! The file and the thread that keep it: damage, newer schemas, who may read it, order, panics.

use super::fixture::*;
use crate::model::*;
use crate::store::*;
use crossbeam_channel::bounded;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn open(path: &Path, seed: i64) -> Opened {
    Cache::open(path, seed).unwrap()
}

#[test]
fn only_the_owner_may_read_it() {
    let f = Fixture::new();
    for file in std::fs::read_dir(f.dir.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            file.path()
        );
    }
}

#[test]
fn a_second_opening_finds_it_all() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let largest = f.cache.read().all_uids(f.mailbox("INBOX")).unwrap();
    let path = f.dir.path().join("cache.db");
    let again = open(&path, 5);
    assert!(!again.created && again.moved_aside.is_none());
    assert_eq!(
        again.cache.read().all_uids(f.mailbox("INBOX")).unwrap(),
        largest
    );
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let f = Fixture::new();
    let path = f.dir.path().join("cache.db");
    f.cache
        .read()
        .conn
        .pragma_update(None, "user_version", 999)
        .unwrap();
    assert!(matches!(
        Cache::open(&path, 0),
        Err(Error::Newer { found: 999, .. })
    ));
    assert!(matches!(Reader::open(&path), Err(Error::Newer { .. })));
    assert_eq!(f.cache.read().mailboxes().unwrap().len(), 4);
}

#[test]
fn no_file_is_no_cache_for_a_reader() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Reader::open(&dir.path().join("cache.db")).is_err());
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        0,
        "nothing was made"
    );
}

#[test]
fn f05_a_damaged_file_is_moved_aside_and_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    for rubbish in [
        &b"not a database, but long enough to have a header of one"[..],
        &[0xff; 9_000],
    ] {
        std::fs::write(&path, rubbish).unwrap();
        let opened = open(&path, 0);
        assert!(opened.created);
        assert_eq!(std::fs::read(opened.moved_aside.unwrap()).unwrap(), rubbish);
    }
}

#[test]
fn f05_flipped_bytes_never_make_it_panic_or_stay_broken() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &(1..200).map(message).collect::<Vec<_>>());
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.db");
    f.cache
        .read()
        .conn
        .execute("VACUUM INTO ?1", [whole.to_str().unwrap()])
        .unwrap();
    let good = std::fs::read(&whole).unwrap();
    let mut rebuilt = 0;
    for page in 0..good.len() / 4096 {
        let path = dir.path().join(format!("{page}.db"));
        let mut bad = good.clone();
        // The page's header: its kind and where its cells begin.
        for byte in bad
            .iter_mut()
            .skip(page * 4096 + if page == 0 { 100 } else { 0 })
            .take(12)
        {
            *byte ^= 0x5a;
        }
        std::fs::write(&path, &bad).unwrap();
        let opened = open(&path, 0);
        if opened.moved_aside.is_some() {
            rebuilt += 1;
            continue;
        }
        let mut cache = opened.cache;
        let inbox = MailboxId(101);
        let found = cache
            .ingest(inbox, V, &[message(500)], None)
            .map(drop)
            .and_then(|()| {
                cache
                    .take_changes(inbox, V, &[], &UidSet::range(1, 300), None)
                    .map(drop)
            });
        if matches!(found, Err(Error::Corrupt(_))) {
            cache.mark_suspect();
            drop(cache);
            assert!(open(&path, 0).moved_aside.is_some(), "page {page}");
            rebuilt += 1;
        }
    }
    assert!(rebuilt > 5, "{rebuilt}");
}

#[test]
fn an_urgent_job_goes_before_batches_that_wait() {
    let f = Fixture::new();
    let Fixture { dir, cache } = f;
    let writer = Writer::spawn(cache).unwrap();
    let (go, wait) = bounded::<()>(0);
    let (done, order) = bounded(8);
    writer
        .post(Priority::Batch, move |_| {
            wait.recv().map_err(|_| Error::Stopped)
        })
        .unwrap();
    for (priority, name) in [(Priority::Batch, "batch"), (Priority::Urgent, "urgent")] {
        let done = done.clone();
        writer
            .post(priority, move |_| {
                done.send(name).map_err(|_| Error::Stopped)
            })
            .unwrap();
    }
    go.send(()).unwrap();
    let last = writer.clone();
    drop(writer);
    drop(last);
    drop(done);
    assert_eq!(
        order.iter().collect::<Vec<_>>(),
        ["urgent", "batch"],
        "drained before the end"
    );
    drop(dir);
}

#[test]
fn a_panic_costs_its_job_and_nothing_else() {
    let mut f = Fixture::new();
    f.ingest("INBOX", &[message(1)]);
    let inbox = f.mailbox("INBOX");
    let writer = Writer::spawn(f.cache).unwrap();
    let answer: Result<()> = writer.run(Priority::Batch, move |cache| {
        cache.write(|tx, _| {
            tx.execute("DELETE FROM location", [])?;
            panic!("on purpose")
        })
    });
    assert!(matches!(answer, Err(Error::Panicked(why)) if why == "on purpose"));
    let held = writer
        .run(Priority::Urgent, move |cache| {
            Ok(cache.read().cursor(inbox)?.held)
        })
        .unwrap();
    assert_eq!(held, 1, "rolled back");
    assert!(!writer.found_damage());
}

#[test]
fn f05_damage_found_in_use_is_noted_for_the_next_start() {
    let f = Fixture::new();
    let path = f.dir.path().join("cache.db");
    let writer = Writer::spawn(f.cache).unwrap();
    writer
        .post(Priority::Batch, |_| Err(Error::Corrupt("a page".into())))
        .unwrap();
    writer.run(Priority::Batch, |_| Ok(())).unwrap();
    assert!(writer.found_damage());
    drop(writer);
    let opened = open(&path, 0);
    assert!(opened.moved_aside.is_some() && opened.created);
    assert!(!path.with_extension("db.suspect").exists());
}
