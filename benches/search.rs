//! What it takes to find and to look through much mail: a store that is made up, with 50,000 messages
//! and their texts, and with `--huge` also one with a million.
//!
//! `cargo bench --bench search -- [--messages N] [--huge] [--at FOLDER]`. With `--at` the stores are
//! kept there, and used again. Words are as frequent as in real texts (Zipf's law, and one word in
//! forty is in no other text), in subjects, too. A process of its own looks, because its memory is told
//! as well. Times are of the thread that asks, on a processor and on the clock: the middle one and the
//! longest of many. What is wanted stands beside; nothing fails because it is slow, but for words that
//! are not found.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for developers that prints its answer and may panic"
)]

use postrider::model::view::{Page, PageKey, Scope};
use postrider::model::{
    AccountName, Address, Envelope, Flags, MailboxId, MessageId, MsgId, Query, System, Uid,
    UidValidity,
};
use postrider::store::{Cache, HeaderPacker, NewBody, NewMessage, Packed, Reader, SearchResult};
use rusqlite::{Connection, OpenFlags};
use shared::Spent;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

mod shared;

/// A way of asking.
type Asked<'a> = &'a dyn Fn(&Query) -> SearchResult;

const VALIDITY: UidValidity = UidValidity(7);
/// Headers in one transaction, and bodies, as a sync has them.
const BATCH: usize = 1_000;
const BODIES: usize = 200;
/// Words that texts choose from.
const WORDS: usize = 60_000;
/// Pairs of words that were put into one text each.
const PLANTED: usize = 50;
/// The newest message is of 2025-06-01.
const NEWEST: i64 = 1_748_736_000;
/// Rows that a screen asks for at once, and while somebody types.
const ROWS: usize = 200;
const TYPED: usize = 500;
/// Rows that it shows before all of these, where they are found at once.
const SOON: usize = 60;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).cloned()
    };
    if let Some(folder) = value("--look") {
        look(Path::new(&folder));
        return;
    }
    let count = value("--messages").map_or(50_000, |n| n.parse().unwrap());
    let mut counts = vec![count];
    if args.iter().any(|arg| arg == "--huge") {
        counts.push(1_000_000);
    }
    for count in counts {
        let kept = value("--at").map(|at| PathBuf::from(at).join(count.to_string()));
        let dir = tempfile::tempdir().unwrap();
        let folder = kept.unwrap_or_else(|| dir.path().to_owned());
        println!("\n== {count} messages");
        if !folder.join("done").exists() {
            std::fs::create_dir_all(&folder).unwrap();
            make(&folder, count);
        }
        let me = std::env::current_exe().unwrap();
        let looked = Command::new(me).arg("--look").arg(&folder).status();
        assert!(looked.unwrap().success());
    }
}

/// Makes a store, the newest messages first, as a first sync does.
fn make(folder: &Path, count: usize) {
    let mut cache = Cache::open(&folder.join("cache.db"), 0).unwrap().cache;
    let account = AccountName("work".to_owned());
    let mailbox = shared::inbox(&mut cache, &account);
    let zipf = Zipf::new();
    let (mut headers, mut bodies) = (Spent::default(), Spent::default());
    let (mut text, mut raw, mut done) = (0, 0, 0);
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.rchunks(BATCH) {
        let mut packer = HeaderPacker::default();
        let packed: Vec<Packed> = batch
            .iter()
            .map(|at| packer.pack(message(*at, count, &zipf)))
            .collect();
        let from = Spent::now();
        let taken = cache
            .ingest_packed(mailbox, VALIDITY, &packed, None)
            .unwrap();
        headers.add(from);
        let ids: Vec<MsgId> = taken.new.iter().map(|(_, id, _)| *id).collect();
        for (batch, ids) in batch.chunks(BODIES).zip(ids.chunks(BODIES)) {
            let new: Vec<NewBody> = batch
                .iter()
                .zip(ids)
                .map(|(at, id)| body(*at, count, *id, &zipf))
                .collect();
            text += new.iter().map(|b| b.text.len()).sum::<usize>();
            raw += new.iter().map(|b| b.raw.len()).sum::<usize>();
            let from = Spent::now();
            cache.store_bodies(&new).unwrap();
            bodies.add(from);
        }
        done += batch.len();
        if done % 50_000 == 0 {
            println!("  {done} made");
        }
    }
    tell(&headers, "headers stored", count, "µs");
    tell(&bodies, "texts stored and indexed", count, "µs");
    let from = Spent::now();
    while cache.is_untidy() {
        cache.tidy().unwrap();
    }
    let mut merged = Spent::default();
    merged.add(from);
    tell(&merged, "merged while idle, all of it", 1_000, "ms");
    drop(cache);
    let told = format!("{mailbox} {count} {text} {raw}", mailbox = mailbox.0);
    std::fs::write(folder.join("done"), told).unwrap();
}

/// Asks what a screen asks.
fn look(folder: &Path) {
    let told = std::fs::read_to_string(folder.join("done")).unwrap();
    let mut told = told.split(' ').map(|n| n.parse::<i64>().unwrap());
    let mut next = || told.next().unwrap();
    let (mailbox, count, text, raw) = (MailboxId(next()), next(), next(), next());
    let reader = Reader::open(&folder.join("cache.db")).unwrap();
    let huge = count >= 500_000;
    let most = if huge { "80" } else { "30" };
    println!("| asked | median | longest | found | wanted, ms |\n| --- | --- | --- | --- | --- |");
    let ask = |what: &str, wanted: &str, queries: &[String]| {
        let mut found = 0;
        let times = each(queries, |query| {
            let query = Query::parse(query).unwrap();
            found += reader.search(&query, NEWEST, ROWS).unwrap().count;
        });
        times.tell(what, &found.to_string(), wanted);
        found
    };
    let mut dice = Dice::new(99);
    let planted: Vec<String> = (0..PLANTED)
        .map(|n| planted(n).replace('\n', " "))
        .collect();
    let found = ask("two words that are in one text only", most, &planted);
    assert_eq!(found, PLANTED as u64, "planted words were not found");
    let mut pairs = |a: std::ops::Range<usize>, b: std::ops::Range<usize>| -> Vec<String> {
        let mut pick = |r: &std::ops::Range<usize>| word(r.start + dice.below(r.len()));
        (0..40)
            .map(|_| format!("body:{} {}", pick(&a), pick(&b)))
            .collect()
    };
    let kinds = [
        ("a rare word and a common one", 5_000..20_000, 10..100),
        ("two words of the middle", 500..2_000, 500..2_000),
        ("a word of the middle and a common one", 500..2_000, 10..100),
        ("two common words", 20..100, 20..100),
    ];
    for (what, a, b) in kinds {
        let queries = pairs(a, b);
        ask(what, most, &queries);
    }
    let one: Vec<String> = (0..20).map(|n| word(300 + n * 50)).collect();
    ask("one word of the middle", most, &one);
    let typed: Vec<String> = (0..20)
        .map(|n| format!("{} {}*", word(700 + n), &word(900 + n)[..4]))
        .collect();
    ask("a word, and four letters of another", most, &typed);
    // As a screen asks while somebody types: what it shows first, the best of the newest, and all of them.
    let typing = |what: &str, queries: &[String]| {
        let first = |query: &Query| {
            let soon = reader.search_ranked_soon(query, NEWEST, SOON).unwrap();
            soon.unwrap_or_else(|| reader.search_ranked_first(query, NEWEST, TYPED).unwrap())
        };
        let best = |query: &Query| reader.search_ranked_first(query, NEWEST, TYPED).unwrap();
        let all = |query: &Query| reader.search_ranked(query, NEWEST, TYPED).unwrap();
        let asked: [(&str, Asked<'_>, &str); 3] = [
            ("what shows first", &first, most),
            ("the best of the newest", &best, ""),
            ("and how many", &all, ""),
        ];
        for (how, ask, wanted) in asked {
            let mut found = 0;
            let times = each(queries, |query| {
                found += ask(&Query::parse(query).unwrap()).rows.len();
            });
            times.tell(
                &format!("typing: {what}, {how}"),
                &found.to_string(),
                wanted,
            );
        }
    };
    for letters in 1..5 {
        let begun = |n: usize| word(n).chars().take(letters).collect::<String>();
        let common: Vec<String> = (0..20).map(|n| format!("{}*", begun(n * 3))).collect();
        typing(&format!("{letters} letters of a very common word"), &common);
    }
    for n in [0, 10, 100, 1_000, 10_000] {
        let queries: Vec<String> = (n..n + 20).map(|n| format!("{}*", word(n))).collect();
        typing(&format!("words from the {n}th on, as beginnings"), &queries);
    }
    let two: Vec<String> = (0..20)
        .map(|n| format!("{} {}*", word(n), &word(19 - n)[..3]))
        .collect();
    typing("a very common word, and a part of another", &two);
    let two: Vec<String> = (0..20)
        .map(|n| format!("{} {}", word(n), word(19 - n)))
        .collect();
    typing("two very common words", &two);
    typing("a word, and four letters of another", &typed);
    lists(&reader, mailbox, count);
    drop(reader);
    println!("| memory, at most | {:.1} MB | | | 64 |", memory());
    sizes(folder, text, raw);
}

fn lists(reader: &Reader, mailbox: MailboxId, count: i64) {
    let scope = Scope::Mailbox(mailbox);
    let frame = "16";
    let keys: Vec<PageKey> = (1..40)
        .map(|n| PageKey {
            date: NEWEST - n * (count * 60 / 40),
            id: i64::MAX / 2,
        })
        .collect();
    for threaded in [true, false] {
        let how = if threaded { "threads" } else { "messages" };
        let page = |page: Page| {
            let rows = reader.page(&scope, threaded, page, 60).unwrap();
            assert!(!rows.is_empty());
        };
        let told = |what: &str, times: Times| times.tell(&format!("{how}: {what}"), "", frame);
        told("a page anywhere", each(&keys, |key| page(Page::From(*key))));
        told("the first page", each(&[(); 20], |_| page(Page::Newest)));
        told("the last page", each(&[(); 20], |_| page(Page::Oldest)));
        let position = |key: &PageKey| reader.position(&scope, threaded, *key).unwrap();
        told("which of how many", each(&keys[..8], position));
        let total = |_: &()| reader.total(&scope, threaded).unwrap();
        told("how many", each(&[(); 8], total));
        let unread = |key: &PageKey| reader.next_unread(&scope, threaded, Some(*key)).unwrap();
        told("the next unread", each(&keys, unread));
    }
    let counts = each(&[(); 20], |_| reader.mailboxes().unwrap());
    counts.tell("unread counts of the mailboxes", "", frame);
    let rows = reader.page(&scope, true, Page::Newest, 60).unwrap();
    let open = each(&rows, |row| reader.thread(row.thread, None).unwrap());
    open.tell("a thread opened", "", frame);
    let together = |_: &()| {
        reader
            .page(&Scope::UnifiedInbox, true, Page::Newest, 60)
            .unwrap()
    };
    each(&[(); 20], together).tell("the view of all inboxes", "", frame);
}

/// What the texts and their index take on disk, beside the texts themselves.
fn sizes(folder: &Path, text: i64, raw: i64) {
    let conn =
        Connection::open_with_flags(folder.join("cache.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)
            .unwrap();
    let size = |what: &str| -> i64 {
        let sql =
            "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate = 1 AND name LIKE ?1";
        conn.query_row(sql, [what], |row| row.get(0)).unwrap()
    };
    let text = text as f64;
    let tell = |what: &str, octets: i64, wanted: &str| {
        let beside = octets as f64 / text;
        println!(
            "| {what} | {:.1} MB | | {beside:.2} of the texts | {wanted} |",
            octets as f64 / 1e6
        );
    };
    tell("whole messages as they came", raw, "");
    let (body, index) = (size("kept%") + size("pressed"), size("text_word%"));
    tell("messages as they are kept", body, "");
    tell("index of texts", index, "");
    tell("both", body + index, "0.60");
    tell("index of headers", size("word_%"), "");
    tell("all of the cache", size("%"), "");
}

/// The most memory that was resident, in megabytes.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: f64 = line.trim().split(' ').next().unwrap().parse().unwrap();
    kib * 1_024.0 / 1e6
}

struct Times {
    cpu: Vec<Duration>,
    wall: Vec<Duration>,
}

/// Asks each once, and how long it took.
fn each<T, R>(asked: &[T], mut ask: impl FnMut(&T) -> R) -> Times {
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    for one in asked {
        let from = Spent::now();
        std::hint::black_box(ask(one));
        let mut spent = Spent::default();
        spent.add(from);
        cpu.push(spent.cpu);
        wall.push(spent.wall);
    }
    cpu.sort_unstable();
    wall.sort_unstable();
    Times { cpu, wall }
}

impl Times {
    fn tell(&self, what: &str, found: &str, wanted: &str) {
        let at = |list: &[Duration], at: usize| list[at].as_secs_f64() * 1e3;
        let (middle, last) = (self.cpu.len() / 2, self.cpu.len() - 1);
        println!(
            "| {what} | {:.2} ms ({:.2} CPU) | {:.2} ms ({:.2} CPU) | {found} | {wanted} |",
            at(&self.wall, middle),
            at(&self.cpu, middle),
            at(&self.wall, last),
            at(&self.cpu, last),
        );
    }
}

fn tell(spent: &Spent, what: &str, count: usize, unit: &str) {
    let (all, each) = (spent.cpu.as_secs_f64(), spent.each(count));
    println!("{what}: {all:.1} s CPU, {each:.1} {unit} each");
}

/// Numbers that are always the same (xorshift64*).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51_7c_c1_b7);
        for _ in 0..3 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        let x = &mut self.0;
        *x ^= *x >> 12;
        *x ^= *x << 25;
        *x ^= *x >> 27;
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

/// Chooses words as texts do: the n-th most frequent one with a weight of one in n.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new() -> Zipf {
        let mut sum = 0.0;
        let sums = (0..WORDS).map(|n| {
            sum += 1.0 / (n as f64 + 2.7);
            sum
        });
        Zipf(sums.collect())
    }

    fn choose(&self, dice: &mut Dice) -> usize {
        let last = self.0[WORDS - 1];
        let at = dice.below(1 << 40) as f64 / (1u64 << 40) as f64 * last;
        self.0.partition_point(|sum| *sum < at).min(WORDS - 1)
    }
}

/// The n-th most frequent word: the more frequent, the shorter.
fn word(n: usize) -> String {
    const HEADS: [&str; 20] = [
        "b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "st", "tr",
        "sch", "pl",
    ];
    const TAILS: [&str; 10] = ["a", "e", "i", "o", "u", "en", "er", "al", "in", "ou"];
    let mut word = String::new();
    let mut rest = n + 200;
    while rest > 0 {
        word.push_str(HEADS[rest % 20]);
        rest /= 20;
        word.push_str(TAILS[rest % 10]);
        rest /= 10;
    }
    word
}

/// Two words that no other text has.
fn planted(n: usize) -> String {
    format!("planted{n}x\nplanted{n}y")
}

fn words(text: &mut String, count: usize, dice: &mut Dice, zipf: &Zipf) {
    for n in 0..count {
        if n > 0 {
            text.push(if n % 12 == 11 { '\n' } else { ' ' });
        }
        match dice.below(40) {
            0 => text.push_str(&format!("{:x}", dice.next())),
            _ => text.push_str(&word(zipf.choose(dice))),
        }
        if dice.below(9) == 0 {
            text.push(',');
        }
    }
}

fn id(at: usize) -> MessageId {
    let letters = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4;
    MessageId::new(&format!("<{letters:015x}.{at}@mail.example.org>")).unwrap()
}

fn message(at: usize, count: usize, zipf: &Zipf) -> NewMessage {
    let mut dice = Dice::new(at as u64 + 1);
    let mut person = || {
        let n = zipf.choose(&mut dice) % 4_000;
        Address::new(word(n), format!("{}@{}.example", word(n), word(n % 40)))
    };
    let (from, to) = (vec![person()], vec![person(), person()]);
    let mut subject = String::new();
    let length = 3 + dice.below(6);
    words(&mut subject, length, &mut dice, zipf);
    let date = NEWEST - (count - at) as i64 * 60;
    let answers = at > 0 && dice.below(100) < 55;
    let parent = answers.then(|| id(at - 1 - dice.below(at.min(300))));
    let seen = dice.below(20) > 0;
    NewMessage {
        uid: Uid::new(u32::try_from(at).unwrap() + 1).unwrap(),
        flags: Flags::of(if seen { System::SEEN } else { System(0) }),
        internal_date: date,
        size: 3_000,
        envelope: Envelope {
            date: Some(date),
            subject,
            from,
            to,
            message_id: Some(id(at)),
            in_reply_to: parent.into_iter().collect(),
            ..Envelope::default()
        },
        identity: None,
        thread_hint: None,
    }
}

fn body(at: usize, count: usize, message: MsgId, zipf: &Zipf) -> NewBody {
    let mut dice = Dice::new(at as u64 + 0x1_0000_0000);
    let mut text = String::new();
    // As skewed as mail is: most are short, some are long.
    let length = 20 + (30 << dice.below(5)) + dice.below(60);
    words(&mut text, length, &mut dice, zipf);
    if at.is_multiple_of((count / PLANTED).max(1)) {
        text.push('\n');
        text.push_str(&planted(at / (count / PLANTED).max(1)));
    }
    let raw = format!(
        "Return-Path: <bounce-{at}@mail.example.org>\r\nReceived: from mx.mail.example.org (mx.mail.example.org [192.0.2.{}])\r\n\
         \tby mail.example.test (Postfix) with ESMTPS id {:012X}\r\n\tfor <bench@example.test>; Sun, 01 Jun 2025 10:00:00 +0000\r\n\
         Message-ID: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\nSubject: {}\r\n\r\n{}\r\n",
        dice.below(250),
        dice.next(),
        id(at),
        word(dice.below(500)),
        text.replace('\n', "\r\n"),
    );
    NewBody {
        message,
        raw: raw.into_bytes(),
        snippet: text.chars().take(120).collect(),
        text,
        attachments: Vec::new(),
    }
}
