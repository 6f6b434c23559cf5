//! What mail takes on disk: messages of a Maildir, kept as a sync keeps them, beside the size of their
//! text parts.
//!
//! `cargo bench --bench kept -- MAILDIR [--most N] [--whole] [--pages] [--at FILE]`: at most `N` messages,
//! evenly out of all; `--whole` keeps attachments, too, `--pages` also tells the size with pages of 4, 8
//! and 16 KiB, `--at` leaves a copy of the store in that file. The text parts' own size is that of all parts that are
//! no attachments, as they stand in the messages. Octets are counted by SQLite, page by page (dbstat).

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for developers that prints its answer and may panic"
)]

use postrider::mime::hollow::hollow;
use postrider::mime::tree::Tree;
use postrider::mime::{body, parse};
use postrider::model::{AccountName, Flags, MsgId, Uid, UidValidity};
use postrider::store::{
    Cache, HeaderPacker, NewBody, NewMessage, Packed, PackedBody, Reader, Repacked,
};
use rusqlite::{Connection, OpenFlags};
use shared::cpu;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod shared;

const VALIDITY: UidValidity = UidValidity(7);
/// Messages of one transaction.
const BATCH: usize = 200;

#[derive(Default)]
struct Sizes {
    messages: usize,
    mail: usize,
    text_parts: usize,
    text: usize,
    left_out: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| args.iter().any(|arg| arg == name);
    let most = args.iter().position(|arg| arg == "--most");
    let most: usize = most.map_or(usize::MAX, |at| args[at + 1].parse().unwrap());
    let Some(mail) = args.iter().find(|arg| Path::new(arg).is_dir()) else {
        println!("a Maildir is wanted: cargo bench --bench kept -- MAILDIR");
        return;
    };
    let mut files: Vec<PathBuf> = ["cur", "new"]
        .iter()
        .flat_map(|sub| {
            std::fs::read_dir(Path::new(mail).join(sub))
                .into_iter()
                .flatten()
        })
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let step = files.len().div_ceil(most.max(1)).max(1);
    let files: Vec<PathBuf> = files.into_iter().step_by(step).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache.db");
    let sizes = fill(&path, &files, flag("--whole"));
    tell(&path, &sizes);
    if flag("--pages") {
        for page in [4_096, 8_192, 16_384] {
            let other = dir.path().join(format!("{page}.db"));
            let conn = Connection::open(&path).unwrap();
            conn.execute("VACUUM INTO ?1", [other.to_str().unwrap()])
                .unwrap();
            let conn = Connection::open(&other).unwrap();
            conn.execute_batch(&format!(
                "PRAGMA journal_mode = DELETE; PRAGMA page_size = {page}; VACUUM"
            ))
            .unwrap();
            println!("\n-- pages of {page} octets");
            tell(&other, &sizes);
        }
    }
    let at = args.iter().position(|arg| arg == "--at");
    if let Some(at) = at {
        std::fs::copy(&path, &args[at + 1]).unwrap();
    }
}

fn fill(path: &Path, files: &[PathBuf], whole: bool) -> Sizes {
    let mut cache = Cache::open(path, 0).unwrap().cache;
    let account = AccountName("work".to_owned());
    let mailbox = shared::inbox(&mut cache, &account);
    let mut sizes = Sizes::default();
    let mut uid = 0;
    let mut spent = cpu();
    for batch in files.chunks(BATCH) {
        let raws: Vec<Vec<u8>> = batch
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect();
        let mut packer = HeaderPacker::default();
        let new: Vec<Packed> = raws
            .iter()
            .map(|raw| {
                uid += 1;
                let envelope = parse::envelope(raw);
                packer.pack(NewMessage {
                    uid: Uid::new(uid).unwrap(),
                    flags: Flags::default(),
                    internal_date: envelope.date.unwrap_or(0),
                    size: raw.len() as u64,
                    envelope,
                    identity: None,
                    thread_hint: None,
                })
            })
            .collect();
        let taken = cache.ingest_packed(mailbox, VALIDITY, &new, None).unwrap();
        let ids = taken.new.iter().map(|(_, id, _)| *id);
        let bodies: Vec<PackedBody> = ids
            .zip(raws)
            .map(|(id, raw)| keep(id, raw, whole, &mut sizes))
            .collect();
        cache.store_packed(&bodies).unwrap();
    }
    told("read, packed and indexed", &mut spent);
    while cache.is_untidy() {
        cache.tidy().unwrap();
    }
    told("merged", &mut spent);
    if let Some(octets) = cache.read().make_dictionary().unwrap() {
        println!("a dictionary of {} octets", octets.len());
        cache.keep_dictionary(&octets).unwrap();
    }
    told("dictionary made", &mut spent);
    pack(&mut cache, &account);
    told("packed once more", &mut spent);
    sizes
}

fn keep(message: MsgId, mut raw: Vec<u8>, whole: bool, sizes: &mut Sizes) -> PackedBody {
    sizes.messages += 1;
    sizes.mail += raw.len();
    let digest = parse::digest(&raw);
    {
        let tree = Tree::read(&raw);
        let attached: Vec<u32> = body::attachments(&tree)
            .iter()
            .map(|row| row.part)
            .collect();
        for (n, part) in (0..).zip(&tree.parts) {
            if part.media.main == "text" && !attached.contains(&n) {
                sizes.text_parts += part.body.len();
            }
        }
    }
    sizes.text += digest.text.len();
    let left_out = match whole {
        true => 0,
        false => hollow(&mut raw),
    };
    sizes.left_out += left_out;
    let body = NewBody {
        message,
        raw,
        text: digest.text,
        snippet: digest.snippet,
        attachments: digest.attachments,
    };
    let packed = PackedBody::new(&body, None);
    match left_out {
        0 => packed,
        _ => packed.hollow(),
    }
}

fn pack(cache: &mut Cache, account: &AccountName) {
    let Some(packer) = cache.read().packer().unwrap() else {
        return;
    };
    let mut before = None;
    loop {
        let reader: &Reader = cache.read();
        let alone = reader.packed_alone(account, before, BATCH).unwrap();
        let Some(last) = alone.last() else { return };
        before = Some(*last);
        let again: Vec<Repacked> = alone
            .iter()
            .filter_map(|id| reader.repacked(*id, &packer).unwrap())
            .collect();
        cache.repack(&again).unwrap();
    }
}

fn tell(path: &Path, sizes: &Sizes) {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let size = |like: &str| -> i64 {
        let sql =
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1 AND name LIKE ?1";
        conn.query_row(sql, [like], |row| row.get(0)).unwrap()
    };
    let own = sizes.text_parts as f64;
    let line = |what: &str, octets: f64, wanted: &str| {
        println!(
            "| {what} | {:.1} MB | {:.2} | {wanted} |",
            octets / 1e6,
            octets / own
        );
    };
    println!(
        "\n{} messages\n\n| | octets | of the text parts | wanted |\n| --- | --- | --- | --- |",
        sizes.messages
    );
    line("the messages as they came", sizes.mail as f64, "");
    line("their text parts", own, "");
    line("their text", sizes.text as f64, "");
    line("attachments left out", sizes.left_out as f64, "");
    let index = (size("text_word%") + size("vocabulary%")) as f64;
    // What one row takes, without the free room of its page.
    let held: i64 = conn
        .query_row("SELECT sum(length(octets)) FROM (SELECT octets FROM kept UNION ALL SELECT octets FROM pressed)", [], |row| row.get(0))
        .unwrap();
    let kept = (size("kept%") + size("pressed") + size("dictionary")) as f64;
    line("messages as they are kept", kept, "");
    line("of that packed messages", held as f64, "");
    line("index of texts, and vocabulary", index, "");
    line("both", kept + index, "0.60");
    line("all of the cache", size("%") as f64, "");
    println!("\n| table | octets | of the text parts |\n| --- | --- | --- |");
    let sql = "SELECT name, sum(pgsize) FROM dbstat WHERE aggregate = 1 GROUP BY name ORDER BY 2 DESC LIMIT 16";
    let mut select = conn.prepare(sql).unwrap();
    let mut rows = select.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (name, octets): (String, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        println!(
            "| {name} | {:.1} MB | {:.2} |",
            octets as f64 / 1e6,
            octets as f64 / own
        );
    }
}

/// Seconds of this thread on a processor.
fn told(what: &str, since: &mut Duration) {
    let now = cpu();
    println!(
        "{what}: {:.1} s of a processor",
        (now - *since).as_secs_f64()
    );
    *since = now;
}
