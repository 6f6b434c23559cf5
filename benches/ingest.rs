//! What a first sync costs us, without a server: headers parsed, threaded and stored with their
//! search index; then changes made elsewhere, and bodies.
//!
//! It answers in CPU time of this one thread, which other work on the machine hardly changes, and
//! needs nothing but `cargo bench --bench ingest [parse|store|far|changes|bodies]`. `MESSAGES` sets
//! how many (50,000). The mail is made up, always the same, in the proportions of a real archive:
//! some 22,000 threads in 50,000 messages, References of up to 25 identifiers, one subject in five
//! beyond ASCII.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for developers that prints its answer and may panic"
)]

use postrider::mime::parse::envelope;
use postrider::model::{AccountName, Flags, MailboxId, MsgId, System, Uid, UidSet, UidValidity};
use postrider::store::{Cache, CursorMove, HeaderPacker, NewBody, NewMessage, Packed};
use shared::Spent;
use std::fmt::Write as _;

mod shared;

/// As the pull hands them on.
const BATCH: usize = 1_000;
const WINDOW: usize = 2_000;
/// Some megabytes.
const BODIES: usize = 100;
const VALIDITY: UidValidity = UidValidity(7);

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let count = std::env::var("MESSAGES").map_or(50_000, |n| n.parse().unwrap());
    println!("{count} messages");
    let (mail, octets) = parsed(count, is_wanted("parse"));
    if ["store", "changes"].into_iter().any(is_wanted) {
        let mut there = There::new();
        there.ingest(&mail, octets);
        if is_wanted("changes") {
            there.changes(count);
        }
        there.size();
    }
    if is_wanted("bodies") {
        bodies(&mail[..mail.len().min(10_000)]);
    }
    if is_wanted("far") {
        far(&mail);
    }
}

/// Makes the headers and reads them; the middle of the parse's cost is told.
fn parsed(count: usize, told: bool) -> (Vec<NewMessage>, usize) {
    let headers = Corpus::new(count).headers();
    let octets = headers.iter().map(String::len).sum();
    if told {
        cost("parse", count, || {
            for header in &headers {
                std::hint::black_box(envelope(header.as_bytes()));
            }
        });
    }
    let mut dice = Dice::new(11);
    let mail = headers
        .iter()
        .enumerate()
        .map(|(at, header)| {
            let envelope = envelope(header.as_bytes());
            let seen = dice.one_in(20);
            NewMessage {
                uid: uid(at),
                flags: Flags::of(if seen { System(0) } else { System::SEEN }),
                internal_date: envelope.date.unwrap(),
                size: 14_000,
                envelope,
                identity: None,
                thread_hint: None,
            }
        })
        .collect();
    (mail, octets)
}

fn uid(at: usize) -> Uid {
    Uid::new(u32::try_from(at).unwrap() + 1).unwrap()
}

/// A cache in a folder of its own.
struct There {
    _dir: tempfile::TempDir,
    path: std::path::PathBuf,
    cache: Cache,
    mailbox: MailboxId,
}

impl There {
    fn new() -> There {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache.db");
        let mut cache = Cache::open(&path, 0).unwrap().cache;
        let account = AccountName("work".to_owned());
        let mailbox = shared::inbox(&mut cache, &account);
        There {
            _dir: dir,
            path,
            cache,
            mailbox,
        }
    }

    /// Newest window first, ascending within it, in the batches of a pull.
    fn ingest(&mut self, mail: &[NewMessage], octets: usize) -> Vec<MsgId> {
        let mut ids = Vec::new();
        let mut packed: Vec<Packed> = Vec::new();
        cost("pack", mail.len(), || {
            let mut packer = HeaderPacker::default();
            packed = mail.iter().map(|m| packer.pack(m.clone())).collect();
        });
        cost("store", mail.len(), || {
            for window in packed.rchunks(WINDOW) {
                for batch in window.chunks(BATCH) {
                    let taken = self
                        .cache
                        .ingest_packed(self.mailbox, VALIDITY, batch, None)
                        .unwrap();
                    ids.extend(taken.new.iter().map(|(_, id, _)| *id));
                }
            }
            let end = CursorMove {
                exists: Some(1),
                ..CursorMove::default()
            };
            self.cache
                .ingest(self.mailbox, VALIDITY, &[], Some(end))
                .unwrap();
        });
        if octets > 0 {
            println!("  headers {:.1} MB", octets as f64 / 1e6);
        }
        ids
    }

    /// A thousand flags and a thousand deletions that another client made.
    fn changes(&mut self, count: usize) {
        let step = (count / 1_000).max(2);
        let flags: Vec<(Uid, Flags)> = (0..count)
            .step_by(step)
            .map(|at| (uid(at), Flags::of(System::SEEN | System::FLAGGED)))
            .collect();
        cost("flags", flags.len(), || {
            self.cache
                .take_changes(self.mailbox, VALIDITY, &flags, &UidSet::new(), None)
                .unwrap();
        });
        let gone: UidSet = (1..count).step_by(step).map(uid).collect();
        cost("vanished", usize::try_from(gone.len()).unwrap(), || {
            self.cache
                .take_changes(self.mailbox, VALIDITY, &[], &gone, None)
                .unwrap();
        });
    }

    fn size(&self) {
        let len = |suffix: &str| {
            let mut name = self.path.as_os_str().to_owned();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |m| m.len()) as f64 / 1e6
        };
        println!("  cache.db {:.1} MB, WAL {:.1} MB", len(""), len("-wal"));
    }
}

/// Bodies of a realistic size, with the text that the search finds them by.
fn bodies(mail: &[NewMessage]) {
    let mut there = There::new();
    let ids = there.ingest(mail, 0);
    let mut dice = Dice::new(3);
    let mut text = String::new();
    let mut spent = Spent::default();
    for some in ids.chunks(BODIES) {
        let mut bodies = Vec::with_capacity(BODIES);
        for id in some {
            text.clear();
            // As skewed as mail is: most are short, some are very long.
            for _ in 0..60 << dice.below(6) {
                text.push_str(dice.word());
                text.push(if dice.one_in(11) { '\n' } else { ' ' });
            }
            let _ = write!(text, "only{:x} {:x}", id.0, dice.next());
            bodies.push(NewBody {
                message: *id,
                raw: vec![b'x'; text.len() * 7],
                text: text.clone(),
                snippet: "the beginning".to_owned(),
                attachments: Vec::new(),
            });
        }
        let from = Spent::now();
        there.cache.store_bodies(&bodies).unwrap();
        spent.add(from);
    }
    tell(&spent, "bodies", ids.len());
    there.size();
}

/// The same mail over and over in ever later UIDs with other identifiers, to see whether a large
/// mailbox slows it down: twenty times as many messages.
fn far(mail: &[NewMessage]) {
    let mut there = There::new();
    let count = u32::try_from(mail.len()).unwrap();
    for round in (0..20u32).rev() {
        let mail: Vec<NewMessage> = mail.iter().map(|m| later(m, round, count)).collect();
        there.ingest(&mail, 0);
    }
    there.size();
}

fn later(message: &NewMessage, round: u32, count: u32) -> NewMessage {
    let mut new = message.clone();
    new.uid = Uid::new(new.uid.get() + round * count).unwrap();
    let e = &mut new.envelope;
    let ids = e
        .message_id
        .iter_mut()
        .chain(&mut e.references)
        .chain(&mut e.in_reply_to);
    for id in ids {
        let text = format!("{round}.{}", id.as_str());
        *id = postrider::model::MessageId::new(&text).unwrap();
    }
    let later = i64::from(round) * 300_000_000 / 20;
    e.date = e.date.map(|d| d / 20 + 1_300_000_000 + later);
    new
}

/// Runs it and tells what it cost.
fn cost(what: &str, count: usize, job: impl FnOnce()) {
    let from = Spent::now();
    job();
    let mut spent = Spent::default();
    spent.add(from);
    tell(&spent, what, count);
}

fn tell(spent: &Spent, what: &str, count: usize) {
    println!(
        "{what:9} {:8.1} ms CPU {:8.1} ms wall {:7.2} µs each",
        spent.cpu.as_secs_f64() * 1e3,
        spent.wall.as_secs_f64() * 1e3,
        spent.each(count),
    );
}

/// Numbers that are always the same (a linear congruence).
struct Dice {
    state: u64,
    words: Vec<&'static str>,
}

impl Dice {
    fn new(state: u64) -> Dice {
        let words = WORDS.split_whitespace().collect();
        Dice { state, words }
    }

    fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next()).unwrap() % most.max(1)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn word(&mut self) -> &'static str {
        {
            let at = self.below(self.words.len());
            self.words[at]
        }
    }
}

const WORDS: &str = "report meeting budget invoice deploy server latency review patch kernel garden \
    recipe holiday train ticket contract signature quarter forecast database index \
    query cache thread mailbox archive folder release candidate regression coffee \
    lunch weekend project deadline customer support outage monday please find \
    attached thanks regards the a of to and in that for with this we have before \
    should because however machine network storage window";
const FIRST: [&str; 8] = [
    "Ada", "Brian", "Chen", "Dmitri", "Jörg", "Hiro", "Priya", "美咲",
];
const LAST: [&str; 6] = ["Adler", "Brown", "Diaz", "Müller", "O'Neil", "Rossi"];
const DOMAINS: [&str; 5] = [
    "example.com",
    "example.org",
    "lists.example.net",
    "corp.example",
    "mail.example.co.jp",
];

/// Who answers whom.
struct Corpus {
    dice: Dice,
    /// Of each message: the first of its thread, and those that it refers to.
    chains: Vec<(usize, Vec<usize>)>,
}

impl Corpus {
    fn new(count: usize) -> Corpus {
        let mut dice = Dice::new(7);
        let mut chains: Vec<(usize, Vec<usize>)> = Vec::with_capacity(count);
        let mut live: Vec<usize> = Vec::new();
        for at in 0..count {
            if !live.is_empty() && dice.below(100) < 55 {
                let near = dice.below(live.len().min(400));
                let parent = live[live.len() - 1 - near];
                let (root, mut chain) = chains[parent].clone();
                chain.push(parent);
                if chain.len() > 25 {
                    chain.remove(1);
                }
                chains.push((root, chain));
                live.push(at);
            } else {
                chains.push((at, Vec::new()));
                if dice.below(10) >= 4 {
                    live.push(at);
                }
            }
        }
        Corpus { dice, chains }
    }

    fn headers(mut self) -> Vec<String> {
        let chains = std::mem::take(&mut self.chains);
        let chains = chains.iter().enumerate();
        chains
            .map(|(at, (root, chain))| self.header(at, *root, chain))
            .collect()
    }

    /// What a server answers to the fetch of a list.
    fn header(&mut self, at: usize, root: usize, chain: &[usize]) -> String {
        let mut h = String::with_capacity(900);
        let date = 1_444_000_000 + i64::try_from(at).unwrap() * 6_000;
        let day = jiff::Timestamp::from_second(date).unwrap();
        let day = day.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let from = self.person();
        let _ = write!(h, "Date: {day}\r\nFrom: {from}\r\nTo: {}", self.person());
        for _ in 0..[0, 0, 0, 0, 1, 2][self.dice.below(6)] {
            let _ = write!(h, ",\r\n {}", self.person());
        }
        h.push_str("\r\n");
        let copies = [0, 0, 0, 0, 1, 2, 4, 18][self.dice.below(8)];
        for n in 0..copies {
            let _ = write!(
                h,
                "{}{}",
                if n == 0 { "Cc: " } else { ",\r\n " },
                self.person()
            );
        }
        if copies > 0 {
            h.push_str("\r\n");
        }
        let _ = write!(h, "Message-ID: {}\r\n", identifier(at));
        if let Some(parent) = chain.last() {
            let _ = write!(h, "In-Reply-To: {}\r\nReferences:", identifier(*parent));
            for (n, id) in chain.iter().enumerate() {
                let fold = if n == 0 { "" } else { "\r\n" };
                let _ = write!(h, "{fold} {}", identifier(*id));
            }
            h.push_str("\r\n");
        }
        let mut about = Dice::new(root as u64 * 77 + 1);
        let again = if chain.is_empty() { "" } else { "Re: " };
        let subject = match about.below(10) {
            0 => "=?utf-8?b?5Lya6K2w44Gu6LOH5paZ44KS5re75LuY44GX44G+44GZ44GU56K66KqN44GP44Gg?=\r\n =?utf-8?b?44GV44GE5p2l6YCx44Gu5LqI5a6a?=".to_owned(),
            1 => "=?koi8-r?b?z9TexdQg09LP3sXO3sUg?=".to_owned(),
            _ => (0..2 + about.below(8)).map(|_| about.word()).collect::<Vec<_>>().join(" "),
        };
        let _ = write!(h, "Subject: {again}{subject}\r\n");
        if at % 5 == 2 {
            let _ = write!(h, "List-Id: <dev.{}>\r\n", DOMAINS[at % 5]);
        }
        if self.dice.one_in(2) {
            let _ = write!(
                h,
                "Authentication-Results: relay0.example.net;\r\n\tdkim=pass header.d={};\r\n\tspf=pass smtp.mailfrom=u@{}\r\n",
                DOMAINS[at % 5],
                DOMAINS[at % 5]
            );
        }
        let media = [
            "text/plain; charset=utf-8",
            "multipart/alternative;\r\n boundary=\"=_Part_1\"",
            "text/html",
        ][self.dice.below(3)];
        let _ = write!(h, "Content-Type: {media}\r\n\r\n");
        h
    }

    fn person(&mut self) -> String {
        let (f, l) = (self.dice.below(FIRST.len()), self.dice.below(LAST.len()));
        let (first, last) = (FIRST[f], LAST[l]);
        let domain = DOMAINS[(f * 7 + l) % 5];
        let name = match (first, last) {
            ("Jörg", _) => "=?utf-8?q?J=C3=B6rg_Brown?=".to_owned(),
            ("美咲", _) => "=?utf-8?b?576O5ZKyIERpYXo=?=".to_owned(),
            (_, "Müller") => format!("=?utf-8?q?{first}_M=C3=BCller?="),
            (_, "O'Neil") => format!("\"{first} {last}\""),
            _ => format!("{first} {last}"),
        };
        format!("{name} <u{f}.{l}@{domain}>")
    }
}

fn identifier(at: usize) -> String {
    let letters = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 4;
    format!("<{letters:015x}.{at}@{}>", DOMAINS[at % 5])
}
