//! What it costs to read: from a message in the cache to drawn cells.
//!
//!     cargo bench --bench reading [open|step|large|page|newsletter|many]
//!
//! `open` is the whole way of a message, with the threads that take part: from the key to its text
//! on a buffer of 120 by 50, nothing prepared. `step` is the same for the next message, which was
//! laid out while the one before it was read. `large` opens 50 MB, `page` newsletters of up to
//! 2 MB; they tell for how long the screen's thread was busy at once. `newsletter` lays the largest
//! of them out again and again, nothing else, and counts processor time. `many` lays out every
//! message on two threads. `MESSAGES` sets how many there are in the made-up corpus
//! (10,000); the other is the demo's.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for developers that prints its answer and may panic"
)]

use crossbeam_channel::{Receiver, unbounded};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use postrider::demo::offer::Shape;
use postrider::demo::{Demo, Options, seed};
use postrider::mime::parse::digest;
use postrider::mime::render::{RenderOptions, render};
use postrider::model::view::{IndexRow, Page, Scope};
use postrider::model::{Account, Flags, MsgId, System, Uid, UidValidity};
use postrider::store::{Cache, Local, NewBody, NewMessage, Reader};
use postrider::tui::app::{App, Setup};
use postrider::tui::effect::Effect;
use postrider::tui::event::{Event, Now};
use postrider::tui::layout::Layout;
use postrider::tui::question::LaidOut;
use postrider::tui::reader::Readers;
use postrider::tui::theme::Surroundings;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

mod shared;

const SIZE: (u16, u16) = (120, 50);
const VALIDITY: UidValidity = UidValidity(7);
/// Messages that `step` goes through.
const STEPS: usize = 300;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    let count = std::env::var("MESSAGES").map_or(10_000, |n| n.parse().unwrap());
    let demo = Demo::start(Options::default()).unwrap().accounts();
    let account = demo[0].clone();
    let corpora = [("demo", letters()), ("made up", made_up(count))];
    for (name, mail) in &corpora {
        let octets: usize = mail.iter().map(Vec::len).sum();
        println!(
            "{name}: {} messages, {} kB each",
            mail.len(),
            octets / mail.len() / 1000
        );
        let shelf = Shelf::new(&account, mail);
        if is_wanted("open") {
            open(&shelf, &account);
        }
        if is_wanted("step") {
            step(&shelf, &account);
        }
        if is_wanted("many") {
            many(&shelf);
        }
    }
    if is_wanted("large") {
        let line = "A line as people write it, and https://x.example/ in it.\r\n";
        let text = line.repeat((50 << 20) / line.len());
        one("50 MB of text", &account, letter("", &text));
        let html = format!("<p>{}", line.repeat((50 << 20) / line.len()));
        one(
            "50 MB of HTML",
            &account,
            letter("Content-Type: text/html\r\n", &html),
        );
        let file = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx\r\n";
        let file = file.repeat((50 << 20) / file.len());
        let mixed = format!(
            "--b\r\n\r\nSee the file.\r\n--b\r\nContent-Type: application/zip; name=x.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}--b--\r\n"
        );
        one(
            "a file of 50 MB",
            &account,
            letter("Content-Type: multipart/mixed; boundary=b\r\n", &mixed),
        );
        one(
            "base64 text of 50 MB",
            &account,
            letter(
                "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n",
                &file,
            ),
        );
    }
    if is_wanted("newsletter") {
        let raw = letter(
            "Content-Type: text/html; charset=utf-8\r\n",
            &newsletter(2_000_000),
        );
        again(&raw);
    }
    if is_wanted("page") {
        for octets in [200 << 10, 700 << 10, 2_000_000] {
            let raw = letter(
                "Content-Type: text/html; charset=utf-8\r\n",
                &newsletter(octets),
            );
            one(
                &format!("newsletter of {} kB", octets / 1000),
                &account,
                raw,
            );
        }
    }
}

/// A cache and what is needed to look into it.
struct Shelf {
    dir: tempfile::TempDir,
    rows: Vec<IndexRow>,
}

impl Shelf {
    fn new(account: &Account, mail: &[Vec<u8>]) -> Shelf {
        let dir = tempfile::tempdir().unwrap();
        drop(Local::open(&dir.path().join("local.db")).unwrap());
        let mut cache = Cache::open(&dir.path().join("cache.db"), 100)
            .unwrap()
            .cache;
        let mailbox = shared::inbox(&mut cache, &account.name);
        let digests: Vec<_> = mail.iter().map(|raw| digest(raw)).collect();
        let new: Vec<NewMessage> = digests
            .iter()
            .zip(mail)
            .enumerate()
            .map(|(n, (digest, raw))| NewMessage {
                uid: Uid::new(u32::try_from(n + 1).unwrap()).unwrap(),
                flags: Flags::of(System::SEEN),
                internal_date: digest.envelope.date.unwrap_or(n as i64),
                size: raw.len() as u64,
                envelope: digest.envelope.clone(),
                identity: None,
                thread_hint: None,
            })
            .collect();
        for batch in new.chunks(1_000) {
            cache.ingest(mailbox, VALIDITY, batch, None).unwrap();
        }
        let scope = Scope::Mailbox(mailbox);
        let mut rows = cache
            .read()
            .page(&scope, false, Page::Newest, mail.len())
            .unwrap();
        rows.sort_by_key(|row| row.uid);
        for (at, rows) in rows.chunks(100).enumerate() {
            let bodies = rows.iter().enumerate().map(|(n, row)| {
                let digest = &digests[at * 100 + n];
                NewBody {
                    message: row.message,
                    raw: mail[at * 100 + n].clone(),
                    text: digest.text.clone(),
                    snippet: digest.snippet.clone(),
                    attachments: digest.attachments.clone(),
                }
            });
            cache.store_bodies(&bodies.collect::<Vec<_>>()).unwrap();
        }
        Shelf { dir, rows }
    }

    /// As the list shows them.
    fn newest_first(&self) -> Vec<&IndexRow> {
        let mut rows: Vec<&IndexRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.date, row.message)));
        rows
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache.db")
    }
}

/// The screen with its threads, without a terminal.
struct Live {
    app: App,
    readers: Readers,
    layout: Layout,
    inbox: Receiver<Event>,
    /// The longest that the screen's thread was busy at once since this was last emptied.
    busy: Duration,
}

fn now() -> Now {
    Now {
        wall: 1_700_000_000,
        mono: Instant::now(),
    }
}

impl Live {
    fn new(shelf: &Shelf, account: &Account) -> Live {
        let (cache, local) = (shelf.cache(), shelf.dir.path().join("local.db"));
        let (events, inbox) = unbounded();
        let readers = Readers::start(&cache, &local, &events).unwrap();
        let downloads = shelf.dir.path().join("downloads");
        let accounts = vec![account.clone()];
        let layout =
            Layout::start((&cache, &local), accounts.clone(), PathBuf::new(), events).unwrap();
        let setup = Setup {
            left_open: Vec::new(),
            put_aside: Default::default(),
            compose: None,
            taste: postrider::tui::Taste {
                threads: false,
                ..Default::default()
            },
            spelling: Default::default(),
            groups: Vec::new(),
            views: Vec::new(),
            splits: Vec::new(),
            check_domains: false,
            downloads,
            accounts,
            theme: None,
            keys: None,
            surroundings: Surroundings::read(|_| None),
            warnings: Vec::new(),
            fresh: Default::default(),
            past: Vec::new(),
            shape: String::new(),
            tour: false,
        };
        let (app, first) = App::new(setup, SIZE, now());
        let mut live = Live {
            app,
            readers,
            layout,
            inbox,
            busy: Duration::ZERO,
        };
        live.perform(first);
        live
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Query(question) => self.readers.ask(question),
                Effect::Layout(jobs) => self.layout.lay(jobs),
                _ => {}
            }
        }
    }

    /// One turn of the screen's thread: the event, its effects, a frame.
    fn turn(&mut self, event: Event) {
        let begun = Instant::now();
        let effects = self.app.update(event, now());
        self.perform(effects);
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        self.app.paint(&mut buffer, 1_700_000_000);
        std::hint::black_box(&buffer);
        self.busy = self.busy.max(begun.elapsed());
    }

    fn key(&mut self, code: KeyCode) {
        self.turn(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    /// Takes events until this message is laid out and drawn, be it its beginning; how long it took,
    /// and whether more of it comes.
    fn until_drawn(&mut self, wanted: MsgId) -> (Duration, bool) {
        let begun = Instant::now();
        loop {
            let event = self
                .inbox
                .recv_timeout(Duration::from_secs(60))
                .expect("nothing came");
            let done = match &event {
                Event::Laid(job, laid @ LaidOut::Message(_)) if job.message == wanted => {
                    Some(laid.is_beginning())
                }
                _ => None,
            };
            self.turn(event);
            if let Some(more) = done {
                return (begun.elapsed(), more);
            }
        }
    }

    /// Takes events until none comes for so long.
    fn idle(&mut self, quiet: Duration) {
        while let Ok(event) = self.inbox.recv_timeout(quiet) {
            self.turn(event);
        }
    }

    /// Takes everything in that comes at the start.
    fn settle(&mut self) {
        self.idle(Duration::from_millis(300));
        self.busy = Duration::ZERO;
    }
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// The middle, the hundredth worst and the worst of these.
fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |n: usize| ms(took[n.min(took.len() - 1)]);
    println!(
        "  {what:24} median {:7.2} ms, p99 {:7.2} ms, worst {:7.2} ms",
        at(took.len() / 2),
        at(took.len() * 99 / 100),
        at(took.len())
    );
}

/// Every other message by Enter, so that none was prepared while the one before it was read.
fn open(shelf: &Shelf, account: &Account) {
    let mut live = Live::new(shelf, account);
    live.settle();
    let mut took = Vec::new();
    for row in shelf.newest_first().iter().step_by(2) {
        let begun = Instant::now();
        live.key(KeyCode::Enter);
        live.until_drawn(row.message);
        took.push(begun.elapsed());
        live.idle(Duration::from_millis(3));
        live.key(KeyCode::Char('h'));
        live.key(KeyCode::Char('j'));
        live.key(KeyCode::Char('j'));
        live.idle(Duration::from_millis(1));
    }
    tell("opened", took);
    println!("  {:24} {:7.2} ms", "screen busy at most", ms(live.busy));
}

/// One after the other by J: the next was prepared while the one before it was looked at.
fn step(shelf: &Shelf, account: &Account) {
    let mut live = Live::new(shelf, account);
    live.settle();
    let rows = shelf.newest_first();
    live.key(KeyCode::Enter);
    live.until_drawn(rows[0].message);
    live.settle();
    let mut took = Vec::new();
    for row in rows.iter().skip(1).take(STEPS) {
        let begun = Instant::now();
        live.key(KeyCode::Char('J'));
        live.until_drawn(row.message);
        took.push(begun.elapsed());
        // Somebody looks at it; what is prepared meanwhile is not counted.
        live.idle(Duration::from_millis(20));
    }
    tell("next by key", took);
}

fn one(what: &str, account: &Account, raw: Vec<u8>) {
    let shelf = Shelf::new(account, &[raw]);
    let mut live = Live::new(&shelf, account);
    live.settle();
    let begun = Instant::now();
    live.key(KeyCode::Enter);
    let mut more = live.until_drawn(shelf.rows[0].message).1;
    let first = begun.elapsed();
    while more {
        more = live.until_drawn(shelf.rows[0].message).1;
    }
    println!(
        "{what:24} first page after {:6.1} ms, all of it after {:6.1} ms, screen busy at most {:5.2} ms",
        ms(first),
        ms(begun.elapsed()),
        ms(live.busy)
    );
}

/// Lays one message out again and again.
fn again(raw: &[u8]) {
    let (mut wall, mut busy) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        let (begun, before) = (Instant::now(), processor());
        std::hint::black_box(render(raw, &RenderOptions::default()));
        wall.push(begun.elapsed());
        busy.push(processor() - before);
    }
    tell("laid out again, clock", wall);
    tell("… processor", busy);
}

/// What this thread has had of a processor.
fn processor() -> Duration {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_THREAD).unwrap();
    let of = |t: nix::sys::time::TimeVal| {
        Duration::from_micros(u64::try_from(t.tv_sec() * 1_000_000 + t.tv_usec()).unwrap())
    };
    of(usage.user_time()) + of(usage.system_time())
}

fn many(shelf: &Shelf) {
    let next = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let reader = Reader::open(&shelf.cache()).unwrap();
                while let Some(row) = shelf.rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let raw = reader.body(row.message).unwrap().unwrap();
                    let rendered = render(&raw, &RenderOptions::default());
                    let text: String = rendered.lines.iter().map(|l| l.text() + "\n").collect();
                    std::hint::black_box(text);
                }
            });
        }
    });
    let each = shelf.rows.len() as f64 / begun.elapsed().as_secs_f64();
    println!("  {:24} {each:7.0} a second on two threads", "laid out");
}

/// Everything in the demo's mailboxes.
fn letters() -> Vec<Vec<u8>> {
    let people = seed::people(1, 1_700_000_000, 1, &Shape::default());
    let folders = people.iter().flat_map(|p| p.folders.values());
    folders
        .flat_map(|f| f.messages.iter().map(|m| m.raw.to_vec()))
        .collect()
}

fn letter(more: &str, body: &str) -> Vec<u8> {
    format!("From: Ada <ada@x.example>\r\nTo: b@y.example\r\nSubject: s\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{}@x.example>\r\n{more}\r\n{body}", body.len()).into_bytes()
}

const WORDS: [&str; 24] = [
    "the",
    "a",
    "meeting",
    "tomorrow",
    "report",
    "größer",
    "please",
    "find",
    "budget",
    "and",
    "for",
    "with",
    "日本語",
    "quarter",
    "numbers",
    "attached",
    "looks",
    "good",
    "we",
    "should",
    "discuss",
    "this",
    "next",
    "week",
];

/// A sentence or several, always the same for the same number.
fn prose(seed: usize, words: usize) -> String {
    let mut out = String::new();
    let mut n = seed.wrapping_mul(2_654_435_761) | 1;
    for at in 0..words {
        n = n
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = WORDS[(n >> 33) % WORDS.len()];
        out.push_str(word);
        out.push_str(if at % 12 == 11 { ".\r\n" } else { " " });
    }
    out
}

/// A page as shops send them: tables in tables, a style sheet, pictures and links.
fn newsletter(octets: usize) -> String {
    let mut page = "<html><head><style>.p{color:#333;font-size:14px}.h{display:none}@media(max-width:600px){.c{width:100%}}</style></head><body><div class=h>preheader</div><table width=\"600\" align=center>".to_owned();
    let mut n = 0;
    while page.len() < octets {
        n += 1;
        write!(page, "<tr><td class=\"c\" style=\"padding:10px;font-family:Arial,sans-serif\"><table width=\"100%\"><tr><td><a href=\"https://shop.example/p/{n}?utm_source=mail&id={n}\"><img src=\"https://shop.example/{n}.png\" alt=\"Item {n}\" width=\"200\"></a></td><td class=\"p\"><h2>Item {n}</h2><p>{}</p><p><b>{}.99</b> <a href=\"https://shop.example/buy/{n}\">Buy now</a></p></td></tr></table></td></tr>", prose(n, 40), n % 90).unwrap();
    }
    page + "</table><p><a href=\"https://shop.example/unsubscribe\">Unsubscribe</a></body></html>"
}

/// Mail in the proportions of an archive: notes and long answers with quotations, lists' mail,
/// two forms of one text, newsletters, files.
fn made_up(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| {
            let head = format!(
                "Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000\r\nFrom: Person {} <p{}@x.example>\r\nTo: me@y.example\r\nSubject: =?utf-8?q?Letter_{n}_=E2=9C=93?=\r\nMessage-ID: <{n}@x.example>\r\nDate: {}\r\nMIME-Version: 1.0\r\n",
                n % 97, n % 97, postrider::text::when::rfc5322(1_600_000_000 + n as i64 * 600),
            );
            let text = prose(n, 60 + n % 400);
            let quoted = |t: &str| t.lines().map(|l| format!("> {l}\r\n")).collect::<String>();
            let body = match n % 10 {
                0..=2 => format!("Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"),
                3 | 4 => format!("Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n{}\r\n{text}\r\n{}-- \r\nA\r\nhttps://x.example/{n}\r\n", prose(n, 20), quoted(&prose(n + 1, 300))),
                5 | 6 => format!("Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{text}</p>\r\n--a--\r\n"),
                7 => format!("Content-Type: text/html; charset=utf-8\r\n\r\n{}", newsletter(20_000 + n % 40_000)),
                8 => format!("Content-Type: text/html; charset=utf-8\r\n\r\n<div>{}</div><blockquote>{}</blockquote>", text, prose(n + 2, 200)),
                _ => format!("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\n{text}\r\n--m\r\nContent-Type: application/pdf; name=\"file {n}.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}--m--\r\n", "JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0\r\n".repeat(800)),
            };
            (head + &body).into_bytes()
        })
        .collect()
}
