//! Nothing by colour alone: two screens that differ in one state differ without colours, too, in
//! what is written or in how (bold, underlined, reversed).

use super::screens::{chord, post};
use super::*;
use crate::mime::render::{RenderOptions, render};
use crate::model::Link;
use crate::tui::golden;
use crate::tui::screen::status::Tone;
use crate::tui::theme::{Colours, Surroundings};

/// What leads to a state; what else is the same in both.
type Lead = fn(&mut Bench);

fn row_with(bench: &mut Bench, change: impl Fn(&mut IndexRow)) {
    change(&mut bench.rows[1]);
    bench.keys(":go-mailbox Archive\n:go-inbox\n");
}

fn keyword(bench: &mut Bench, word: &str) {
    row_with(bench, |r| {
        r.flags.keywords.insert(word.into());
    });
}

fn read(bench: &mut Bench, text: &str) {
    let raw = format!("From: ada@example.org\r\nSubject: x\r\n\r\n{text}\r\n");
    bench.body = Arc::new(render(raw.as_bytes(), &RenderOptions::default()));
    bench.keys("\n");
}

fn say(bench: &mut Bench, tone: Tone) {
    let now = bench.now.mono;
    bench
        .app
        .panes
        .status
        .say(Clean::lit("the same words"), tone, false, now);
}

fn again(bench: &mut Bench) {
    bench.keys(":go-mailbox Archive\n:go-inbox\n");
}

fn online(bench: &mut Bench) {
    post(bench, Link::Online);
}

/// What is told apart: one state, another, and which.
const PAIRS: &[(&str, Lead, Lead)] = &[
    ("unread", again, |b| {
        row_with(b, |r| {
            r.unread = 1;
            r.flags = Flags::default();
        })
    }),
    ("starred", again, |b| {
        row_with(b, |r| r.flags.system = System::SEEN | System::FLAGGED)
    }),
    ("answered", again, |b| {
        row_with(b, |r| r.flags.system = System::SEEN | System::ANSWERED)
    }),
    ("draft", again, |b| {
        row_with(b, |r| r.flags.system = System::SEEN | System::DRAFT)
    }),
    ("forwarded", again, |b| keyword(b, "$Forwarded")),
    ("muted", again, |b| keyword(b, crate::model::mark::MUTED)),
    ("tagged", again, |b| keyword(b, "work")),
    ("attachment", again, |b| {
        row_with(b, |r| r.attachments = Some(true))
    }),
    ("doubtful sender", again, |b| {
        row_with(b, |r| {
            r.from = vec![Address::new("Sender 2", "s@xn--pple-43d.com")];
        })
    }),
    ("a conversation", again, |b| row_with(b, |r| r.count = 3)),
    (
        "folded or not",
        |b| {
            row_with(b, |r| r.count = 3);
            b.keys("j");
        },
        |b| {
            row_with(b, |r| r.count = 3);
            b.keys("j:fold\n");
        },
    ),
    ("selected for an action", |b| b.keys("j"), |b| b.keys("x")),
    ("the line that keys are about", |_| {}, |b| b.keys("j")),
    ("which pane has the keys", |_| {}, |b| chord(b, "shift-tab")),
    (
        "the mailbox that is chosen",
        |b| chord(b, "shift-tab"),
        |b| {
            chord(b, "shift-tab");
            b.keys("j");
        },
    ),
    ("connected or not", online, |b| {
        post(
            b,
            Link::Stopped {
                reason: String::new(),
            },
        )
    }),
    ("connected or connecting", online, |b| {
        post(b, Link::Connecting)
    }),
    (
        "quoted once or not",
        |b| read(b, "soup"),
        |b| read(b, "> soup"),
    ),
    (
        "quoted twice or once",
        |b| read(b, "> soup"),
        |b| read(b, ">> soup"),
    ),
    (
        "a word that was looked for",
        |b| read(b, "soup"),
        |b| {
            read(b, "soup");
            b.keys("/soup\n");
            b.now.mono += Duration::from_secs(60);
            b.event(Event::Tick);
        },
    ),
    (
        "a link or text",
        |b| read(b, "example/org"),
        |b| read(b, "http://example.org"),
    ),
    (
        "the message of a conversation that keys are about",
        |b| b.keys("G\n"),
        |b| b.keys("G\nn"),
    ),
    (
        "failed or done",
        |b| say(b, Tone::Good),
        |b| say(b, Tone::Bad),
    ),
    (
        "failed or told",
        |b| say(b, Tone::Plain),
        |b| say(b, Tone::Bad),
    ),
    (
        "the entry of a list that is chosen",
        |b| b.keys("v"),
        |b| {
            b.keys("v");
            chord(b, "down");
        },
    ),
    (
        "the field that is written in",
        |b| b.keys("c"),
        |b| b.keys("c\n"),
    ),
];

fn without_colours(lead: Lead) -> (String, String) {
    let surroundings = Surroundings {
        colours: Colours::None,
        ..Surroundings::read(|_| None)
    };
    let setup = Setup {
        surroundings,
        ..setup()
    };
    let mut rows = three();
    rows[1].attachments = None;
    rows[1].flags = Flags::of(System::SEEN);
    let mut bench = Bench::of(setup, rows, (100, 24));
    lead(&mut bench);
    let (buf, _) = bench.drawn();
    (golden::text(&buf), golden::modifiers(&buf))
}

#[test]
fn states_are_told_apart_without_colours() {
    let same: Vec<&str> = PAIRS
        .iter()
        .filter(|(_, one, other)| without_colours(*one) == without_colours(*other))
        .map(|(name, ..)| *name)
        .collect();
    assert_eq!(same, [""; 0], "these look the same");
}

#[test]
fn what_failed_is_marked_by_more_than_a_colour_in_every_theme() {
    // A theme of the user's may give both one colour: the sign stays.
    let (text, _) = without_colours(|b| say(b, Tone::Bad));
    assert!(text.contains("✕ the same words"), "{text}");
}
