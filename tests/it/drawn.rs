//! Messages thrown together by dice, through the whole reader: read, laid out, drawn in terminals
//! of every size, scrolled and switched from form to form. No cell holds a character that a
//! terminal could obey, every row is as wide as the terminal, nothing panics, and what a message
//! costs is counted.
//!
//! `FUZZ=100` draws a hundred times as many.

use crate::dice::Dice;
use openssl::base64::encode_block;
use postrider::mime::render::{Prefer, RenderOptions, raw_source, render};
use postrider::model::view::{IndexRow, PageKey};
use postrider::model::{Address, Flags, LocationId, MailboxId, MsgId, ThreadId};
use postrider::text::clean::is_forbidden;
use postrider::text::width;
use postrider::tui::question::{Job, LaidOut, Mode, Source};
use postrider::tui::screen::pager::Pager;
use postrider::tui::screen::pager_view;
use postrider::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

/// Messages.
const CASES: usize = 120;
/// What showing one may hold at once, and how often it may ask for memory: both whatever it is, and
/// for each octet of it. It is laid out and drawn a dozen times.
const HELD: (u64, u64) = (16 << 20, 4_000);
const ASKED: (u64, u64) = (2_000_000, 8_000);

/// Words of any kind, some of them hostile.
const WORDS: [&str; 26] = [
    "word ",
    "a\u{301}b ",
    "日本語 ",
    "שלום ",
    "👨\u{200d}👩\u{200d}👧 ",
    "🇩🇪",
    "\u{1b}[2J",
    "\u{9b}31m",
    "\u{202e}fdp.exe",
    "\u{200b}\u{feff}",
    "\t\t",
    "\r",
    "\u{2028}",
    "\0\u{7}\u{8}",
    "https://x.example/a?b=c ",
    "mailto:a@x.example ",
    "> ",
    ">> > ",
    "-- \n",
    "\n",
    "\n\n",
    "```\n",
    "    code\n",
    "=?utf-8?B?G1sySg==?= ",
    "<b>&#27;</b>",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ",
];
/// Tags, opened and closed at will.
const TAGS: [&str; 16] = [
    "p",
    "div",
    "b",
    "i",
    "a href='https://h.example/'",
    "table",
    "tr",
    "td",
    "th",
    "ul",
    "li",
    "blockquote",
    "pre",
    "h1",
    "code",
    "style",
];

fn text(dice: &mut Dice, most: usize) -> String {
    (0..dice.below(most + 1))
        .map(|_| *dice.one(&WORDS))
        .collect()
}

fn one_line(dice: &mut Dice) -> String {
    text(dice, 6).replace('\n', "\n ")
}

fn page(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..dice.below(60) {
        let tag = *dice.one(&TAGS);
        match dice.below(3) {
            0 => out.push_str(&format!("<{tag}>")),
            1 => out.push_str(&format!("</{}>", tag.split(' ').next().unwrap())),
            _ => out.push_str(dice.one::<&str>(&WORDS)),
        }
    }
    out
}

/// A type and what is of it.
fn leaf(dice: &mut Dice, depth: usize) -> (String, Vec<u8>) {
    let words = text(dice, 40);
    let line = one_line(dice);
    let (media, body) = match dice.below(11) {
        0 => ("text/plain; charset=utf-8", words),
        1 => ("text/plain; charset=utf-8; format=flowed; delsp=yes", words),
        2 => ("text/plain; charset=iso-2022-jp", words),
        3 => ("text/plain; charset=hz-gb-2312", format!("~{{{words}")),
        4 => ("text/html; charset=utf-8", page(dice)),
        5 => ("text/enriched", format!("<bold>{words}</bold><x>")),
        6 => (
            "text/calendar; method=REQUEST",
            format!(
                "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:{line}\nDTSTART:20261102T100000Z\nRRULE:FREQ=DAILY\nORGANIZER;CN={line}:mailto:a@x.example\nATTENDEE:mailto:{line}\nEND:VEVENT\nEND:VCALENDAR\n"
            ),
        ),
        7 => (
            "text/vcard",
            format!("BEGIN:VCARD\nFN:{line}\nEMAIL:{line}@x.example\nNOTE:{words}\nEND:VCARD\n"),
        ),
        8 => (
            "text/x-patch",
            format!("--- a/{line}\n+++ b/{line}\n@@ -1 +1 @@\n-{line}\n+{line}\n{words}"),
        ),
        9 => (
            "message/delivery-status",
            format!(
                "Reporting-MTA: dns; {line}\n\nFinal-Recipient: rfc822; {line}\nAction: {line}\nStatus: 5.1.1\n"
            ),
        ),
        _ if depth < 4 => return ("message/rfc822".to_owned(), message(dice, depth + 1)),
        _ => ("application/octet-stream", words),
    };
    (media.to_owned(), body.into_bytes())
}

/// A part with its header.
fn entity(dice: &mut Dice, depth: usize) -> Vec<u8> {
    if depth < 5 && dice.below(3) == 0 {
        let kind = *dice.one(&[
            "mixed",
            "alternative",
            "related",
            "signed",
            "digest",
            "report",
            "x",
        ]);
        let mark = format!("b{depth}");
        let said = if dice.below(9) == 0 { "" } else { &mark };
        let mut out =
            format!("Content-Type: multipart/{kind}; boundary=\"{said}\"\n\n").into_bytes();
        for _ in 0..dice.below(4) {
            out.extend_from_slice(format!("--{mark}\n").as_bytes());
            out.extend(entity(dice, depth + 1));
            out.push(b'\n');
        }
        if dice.below(4) > 0 {
            out.extend_from_slice(format!("--{mark}--\n").as_bytes());
        }
        return out;
    }
    let (media, body) = leaf(dice, depth);
    let mut head = format!("Content-Type: {media}\n");
    if dice.below(4) == 0 {
        let name = one_line(dice);
        let how = *dice.one(&["inline", "attachment", "x"]);
        head.push_str(&format!(
            "Content-Disposition: {how}; filename=\"{name}\"\n"
        ));
    }
    let body = match dice.below(4) {
        0 => {
            head.push_str("Content-Transfer-Encoding: base64\n");
            encode_block(&body).into_bytes()
        }
        1 => {
            head.push_str("Content-Transfer-Encoding: quoted-printable\n");
            body
        }
        _ => body,
    };
    head.push('\n');
    [head.into_bytes(), body].concat()
}

fn message(dice: &mut Dice, depth: usize) -> Vec<u8> {
    let mut out = String::new();
    for name in [
        "From", "To", "Cc", "Reply-To", "Subject", "Date", "X-Any", "List-Id",
    ] {
        for _ in 0..dice.below(3) {
            let line = one_line(dice);
            match dice.below(3) {
                0 => out.push_str(&format!("{name}: {line} <{line}@x.example>\n")),
                1 => out.push_str(&format!("{name}: {line}\n")),
                _ => out.push_str(&format!("{name}: a@x.example, \"{line}\" <b@y.example>\n")),
            }
        }
    }
    [out.into_bytes(), entity(dice, depth)].concat()
}

fn row() -> IndexRow {
    IndexRow {
        key: PageKey { date: 0, id: 1 },
        message: MsgId(1),
        location: LocationId(1),
        mailbox: MailboxId(1),
        uid: None,
        thread: ThreadId(1),
        count: 1,
        unread: 1,
        date: 0,
        from: vec![Address::new("A \u{1b}[2J", "a@x.example")],
        to: Vec::new(),
        subject: "s\u{202e}\u{9b}".to_owned(),
        flags: Flags::default(),
        attachments: None,
        snippet: None,
        depth: 0,
    }
}

fn laid(raw: &[u8], job: Job) -> LaidOut {
    let prefer = match job.mode {
        Mode::Best => Prefer::Best,
        Mode::Plain => Prefer::Plain,
        Mode::Html => Prefer::Html,
        Mode::Reader => Prefer::Reader,
        Mode::Raw => {
            let lines = raw_source(raw);
            return LaidOut::Source(Arc::new(Source { lines, more: false }));
        }
    };
    let width = usize::from(job.width);
    LaidOut::Message(Arc::new(render(raw, &RenderOptions { width, prefer })))
}

/// Draws it; what is wrong with a cell, if anything is.
fn wrong(pager: &Pager, columns: u16, rows: u16) -> Option<String> {
    let area = Rect::new(0, 0, columns, rows);
    let mut buf = Buffer::empty(area);
    pager_view::draw(pager, true, false, &mut buf, area, &Theme::default());
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let symbol = buf.cell((x, y)).unwrap().symbol();
            if symbol.is_empty() || symbol.chars().any(is_forbidden) {
                return Some(format!("{symbol:?} stands at {x}, {y}"));
            }
            x += u16::try_from(width::of_grapheme(symbol).max(1)).unwrap();
        }
        if x != columns {
            return Some(format!("row {y} has {x} columns of {columns}"));
        }
    }
    None
}

/// Goes through a message with keys that the dice choose.
fn read(dice: &mut Dice, raw: &[u8]) -> Result<(), String> {
    let size = |dice: &mut Dice| {
        let columns = 20 + dice.below(181);
        let rows = 5 + dice.below(56);
        (
            u16::try_from(columns).unwrap(),
            u16::try_from(rows).unwrap(),
        )
    };
    let (mut columns, mut rows) = size(dice);
    let text_columns = |columns: u16| columns.saturating_sub(3).clamp(20, 110);
    let mut pager = Pager::open(&row(), text_columns(columns), 0);
    for _ in 0..12 {
        pager.resize(text_columns(columns), usize::from(rows));
        for job in pager.ask(None).unwrap_or_default() {
            pager.laid(job, laid(raw, job));
        }
        if let Some(why) = wrong(&pager, columns, rows) {
            return Err(format!("{why} in {columns}x{rows}, {:?}", pager.mode()));
        }
        match dice.below(8) {
            0 => (columns, rows) = size(dice),
            1 => pager.toggle_headers(),
            2 => pager.toggle_trust(),
            3 => pager.toggle_mode(Mode::Html),
            4 => pager.toggle_mode(Mode::Raw),
            5 => pager.find(Some("word")),
            6 => pager.scroll_to(true),
            _ => {
                pager.scroll_by(30);
            }
        }
    }
    Ok(())
}

#[test]
fn s19_any_message_is_drawn_in_any_terminal() {
    let many = std::env::var("FUZZ").ok();
    let many = many.and_then(|n| n.parse::<usize>().ok()).unwrap_or(1);
    let mut dice = Dice::new(2045);
    let mut last = Vec::new();
    for n in 0..CASES * many {
        let mut raw = message(&mut dice, 0);
        if dice.below(3) == 0 {
            dice.mutate(&mut raw, &last, 16 << 10);
        }
        let mut outcome = Ok(());
        let cost = allocation_counter::measure(|| outcome = read(&mut dice, &raw));
        if let Err(why) = outcome {
            panic!("case {n}: {why}\n{}", raw.escape_ascii());
        }
        let bound = |(least, each): (u64, u64)| least + each * raw.len() as u64;
        assert!(
            cost.bytes_max < bound(HELD) && cost.count_total < bound(ASKED),
            "case {n}: {} octets cost {cost:?}",
            raw.len()
        );
        last = raw;
    }
}
