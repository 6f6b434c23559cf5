//! What is read: one message, and conversations.

mod arriving;

use super::*;
use crate::mime::render::{Line, Mark, Span};
use crate::model::{Done, Flags, System, Verb};
use crate::tui::question::tests::row;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Instant;

const NOW: i64 = 1_700_000_000;

fn line(text: &str, quote: u8) -> Line {
    Line {
        spans: vec![Span {
            text: Clean::line(text),
            style: Mark::Plain,
        }],
        quote,
        block: None,
        pictures: Vec::new(),
    }
}

fn rendered(lines: Vec<Line>) -> LaidOut {
    LaidOut::Message(Arc::new(Rendered {
        headers: vec![(Clean::lit("To"), Clean::lit("Ada"))],
        lines,
        ..Rendered::default()
    }))
}

fn plain(lines: usize) -> LaidOut {
    rendered((0..lines).map(|n| line(&format!("line {n}"), 0)).collect())
}

fn letter(n: i64, read: bool) -> IndexRow {
    let mut it = row(n, NOW - 1_000 + n);
    it.thread = ThreadId(1);
    if read {
        it.flags = Flags::of(System::SEEN);
        it.unread = 0;
    }
    it
}

/// A conversation of so many messages, of which those from `unread` on are unread.
fn conversation(count: i64, unread: i64, height: usize) -> Pager {
    let rows: Vec<_> = (1..=count).map(|n| letter(n, n < unread)).collect();
    let head = rows.last().unwrap().clone();
    let (mut pager, question) = Pager::conversation(&head, true, None, 60, NOW);
    assert!(matches!(question, Question::Conversation { thread, .. } if thread == ThreadId(1)));
    pager.resize(60, height);
    pager.gather(ThreadId(1), rows, &Overlay::default());
    pager
}

fn lay_all(pager: &mut Pager, lines: usize) {
    while let Some(jobs) = pager.ask(None) {
        for job in jobs {
            pager.laid(job, plain(lines));
        }
    }
}

fn text(pager: &Pager) -> Vec<String> {
    pager
        .visible()
        .map(|(line, _)| line.iter().map(|p| p.0.as_str()).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect()
}

#[test]
fn a_missing_body_is_fetched_once_and_then_shown() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    let jobs = pager.ask(None).unwrap();
    assert_eq!(pager.ask(None), None, "asked for already");
    assert_eq!(pager.laid(jobs[0], LaidOut::Missing), Some(MsgId(1)));
    assert_eq!(pager.laid(jobs[0], LaidOut::Missing), None);
    pager.came(MsgId(1));
    let again = pager.ask(None).unwrap();
    pager.laid(again[0], plain(3));
    pager.resize(60, 10);
    assert_eq!(text(&pager).len(), 5);
}

#[test]
fn a_copy_that_goes_while_it_is_read_leaves_one_at_its_twin() {
    let mut pager = conversation(4, 2, 10);
    let twin = |n: i64| IndexRow {
        message: MsgId(n),
        location: LocationId(n),
        ..letter(2, false)
    };
    let mut rows: Vec<_> = (1..=4).map(|n| letter(n, n < 2)).collect();
    rows.push(twin(9));
    pager.gather(ThreadId(1), rows.clone(), &Overlay::default());
    lay_all(&mut pager, 3);
    pager.step(1);
    assert_eq!(pager.message(), Some(MsgId(9)));
    rows.pop();
    pager.gather(ThreadId(1), rows, &Overlay::default());
    assert_eq!(pager.message(), Some(MsgId(2)));
}

#[test]
fn a_long_text_is_looked_through_a_piece_a_turn() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 10);
    lay_all(&mut pager, 40_000);
    pager.find(Some("line 39999"));
    assert!(pager.is_finding() && pager.finding().unwrap().place().is_none());
    assert!(!pager.take_nowhere());
    let mut turns = 0;
    while pager.is_finding() {
        pager.find_more();
        turns += 1;
    }
    assert!(turns >= 5, "{turns}");
    assert_eq!(pager.finding().unwrap().place(), Some((1, 1)));
    assert!(text(&pager).contains(&"line 39999".to_owned()));
    // Who moves by hand meanwhile stays where he goes.
    pager.scroll_to(false);
    pager.find(Some("line 39999"));
    pager.scroll_by(5);
    let there = text(&pager);
    while pager.is_finding() {
        pager.find_more();
    }
    assert_eq!(text(&pager), there);
    pager.find_on(1);
    assert!(text(&pager).contains(&"line 39999".to_owned()));
}

#[test]
fn words_are_found_where_they_stand_once_the_conversation_has_grown() {
    let mut pager = conversation(2, 1, 60);
    lay_all(&mut pager, 2);
    pager.find(Some("line 1"));
    assert_eq!(pager.finding().unwrap().place(), Some((1, 2)));
    let before = IndexRow {
        date: NOW - 5_000,
        ..letter(3, false)
    };
    let rows = vec![before, letter(1, false), letter(2, false)];
    pager.gather(ThreadId(1), rows, &Overlay::default());
    let line = pager.finding().unwrap().line().unwrap();
    assert!(
        pager
            .line(line)
            .unwrap()
            .iter()
            .any(|p| p.0.as_str().contains("line 1"))
    );
}

#[test]
fn where_there_are_few_lines_headers_are_one() {
    let mut pager = Pager::open(&row(1, NOW), 60, NOW);
    pager.resize(60, 8);
    lay_all(&mut pager, 20);
    let shown = text(&pager);
    assert!(
        shown[0].starts_with("Sender 1 <s@example.org>"),
        "{shown:?}"
    );
    assert_eq!(shown[2], "line 0");
    pager.toggle_headers();
    assert!(!text(&pager)[0].starts_with("Sender 1"));
    pager.resize(60, 30);
    assert!(
        text(&pager)[0].chars().all(|c| c == '─'),
        "all headers: there are none here"
    );
}

#[test]
fn an_answer_for_another_width_is_not_shown() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    let jobs = pager.ask(None).unwrap();
    pager.resize(40, 10);
    pager.laid(jobs[0], plain(3));
    let shown = text(&pager);
    assert!(
        pager.rendered().is_none() && shown.len() == 1,
        "only who wrote it: {shown:?}"
    );
    assert_eq!(pager.ask(None).unwrap()[0].width, 40);
}

#[test]
fn what_the_mouse_was_dragged_over_is_selected() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 10);
    lay_all(&mut pager, 100);
    pager.press(4, 2);
    assert_eq!(pager.selected_text(), None, "a click selects nothing");
    pager.drag(2, 3);
    assert_eq!(pager.selected_text().as_deref(), Some("e 0\nline 1\nlin"));
    let from_three = Some(3..usize::MAX);
    assert_eq!((pager.selected(2), pager.selected(5)), (from_three, None));
    pager.scroll_by(1);
    assert_eq!(
        pager.selected(1),
        Some(3..usize::MAX),
        "it moves with the text"
    );
    pager.toggle_headers();
    assert_eq!(pager.selected_text(), None);
    assert!(
        pager
            .text()
            .is_some_and(|t| t.starts_with("line 0\nline 1\n"))
    );
}

#[test]
fn scrolling_stops_at_both_ends() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 10);
    lay_all(&mut pager, 100);
    assert!(!pager.scroll_by(-5));
    pager.scroll_to(true);
    assert_eq!(pager.percent(), Some(100));
    assert!(!pager.scroll_by(1) && pager.scroll_by(-1));
}

#[test]
fn a_conversation_opens_at_its_first_unread_and_folds_what_was_read() {
    let mut pager = conversation(5, 4, 40);
    lay_all(&mut pager, 2);
    assert_eq!(pager.message(), Some(MsgId(4)));
    let shown = text(&pager);
    assert!(shown[0].starts_with("▸ Sender 1") && shown[2].starts_with("▸ Sender 3"));
    assert!(shown[3].starts_with("▾ Sender 4"));
    assert_eq!(shown.iter().filter(|l| l.as_str() == "line 1").count(), 2);
    assert_eq!(pager.look(), [LocationId(4), LocationId(5)]);
    assert!(pager.look().is_empty(), "told once");
}

#[test]
fn nothing_unread_opens_the_newest() {
    let pager = conversation(5, 9, 40);
    assert_eq!(
        (pager.message(), pager.number()),
        (Some(MsgId(5)), Some((5, 5)))
    );
}

#[test]
fn what_is_laid_out_above_moves_nothing_on_the_screen() {
    let mut pager = conversation(30, 1, 10);
    let jobs = pager.ask(None).unwrap();
    assert!(jobs.len() < 30, "only what is near: {}", jobs.len());
    pager.step(1);
    pager.step(1);
    let before = text(&pager)[0].clone();
    assert!(before.starts_with("▾ Sender 3"), "{before}");
    for job in jobs {
        pager.laid(job, plain(7));
    }
    assert_eq!(text(&pager)[0], before);
}

#[test]
fn new_mail_in_the_conversation_leaves_the_reader_where_it_was() {
    let mut pager = conversation(5, 3, 6);
    lay_all(&mut pager, 9);
    pager.scroll_by(4);
    let before = (text(&pager), pager.message());
    let rows = (1..=7).map(|n| letter(n, n < 3)).collect();
    pager.gather(ThreadId(1), rows, &Overlay::default());
    assert_eq!((text(&pager), pager.message()), before);
    assert_eq!(pager.number(), Some((3, 7)));
}

#[test]
fn news_leave_the_message_that_keys_are_about() {
    let mut pager = conversation(3, 1, 60);
    lay_all(&mut pager, 2);
    assert!(pager.step(1) && pager.step(1));
    assert_eq!((pager.message(), pager.scroll), (Some(MsgId(3)), 0));
    let rows: Vec<_> = (1..=3).map(|n| letter(n, false)).collect();
    pager.gather(ThreadId(1), rows.clone(), &Overlay::default());
    assert_eq!(pager.message(), Some(MsgId(3)));
    // One that comes before it has no part in that.
    let between = IndexRow {
        date: letter(3, false).date,
        message: MsgId(2),
        ..letter(9, false)
    };
    let more = [vec![between], rows[..1].to_vec(), rows[2..].to_vec()].concat();
    pager.gather(ThreadId(1), more, &Overlay::default());
    assert_eq!(pager.number(), Some((3, 3)));
    assert_eq!(pager.message(), Some(MsgId(3)));
}

#[test]
fn what_comes_in_between_takes_nothing_off_the_screen_that_keys_are_about() {
    let mut pager = conversation(2, 1, 12);
    lay_all(&mut pager, 2);
    pager.scroll_by(1);
    pager.step(1);
    pager.scroll_by(-9);
    assert_eq!((pager.message(), pager.scroll), (Some(MsgId(2)), 0));
    let mut rows: Vec<_> = (1..=2).map(|n| letter(n, true)).collect();
    for n in 3..20 {
        rows.push(IndexRow {
            date: letter(1, true).date,
            ..letter(n, true)
        });
    }
    pager.gather(ThreadId(1), rows, &Overlay::default());
    assert_eq!(pager.message(), Some(MsgId(2)));
    assert!(pager.visible().any(|(_, current)| current));
}

#[test]
fn what_goes_before_it_leaves_the_message_that_keys_are_about() {
    let gone = |n: i64| {
        let done = Done {
            gone: vec![LocationId(n)],
            ..Done::default()
        };
        let mut overlay = Overlay::default();
        overlay.add(&Verb::Archive, &[], &done, Instant::now());
        overlay
    };
    let mut pager = conversation(4, 1, 60);
    lay_all(&mut pager, 2);
    assert!(pager.step(1) && pager.step(1));
    assert!(pager.overlay(&gone(1)));
    assert_eq!(pager.message(), Some(MsgId(3)));
    // If it goes itself, they are about the next.
    assert!(pager.overlay(&gone(3)));
    assert_eq!(pager.message(), Some(MsgId(4)));
}

#[test]
fn a_conversation_of_ten_thousand_asks_for_little() {
    let mut pager = conversation(10_000, 1, 50);
    let jobs = pager.ask(None).unwrap();
    assert!(jobs.len() <= 150, "{}", jobs.len());
    pager.scroll_to(true);
    assert_eq!(pager.message(), Some(MsgId(10_000)));
    pager.toggle_all();
    assert!(text(&pager).len() <= 50);
}

#[test]
fn stepping_and_folding() {
    let mut pager = conversation(3, 9, 20);
    lay_all(&mut pager, 2);
    assert!(!pager.step(1) && pager.step(-1) && pager.step(-1) && !pager.step(-1));
    lay_all(&mut pager, 2);
    assert_eq!(pager.letters.iter().filter(|l| l.is_open()).count(), 3);
    pager.toggle_all();
    assert_eq!(pager.letters.iter().filter(|l| l.is_open()).count(), 1);
    pager.toggle();
    assert!(pager.is_folded());
    assert_eq!(text(&pager).len(), 3);
    pager.click(1);
    assert_eq!(pager.message(), Some(MsgId(2)));
    assert!(!pager.is_folded());
}

#[test]
fn long_quotations_fold_in_conversations() {
    let mut lines: Vec<Line> = (0..20).map(|n| line(&format!("q{n}"), 1)).collect();
    lines.push(line("an answer", 0));
    lines.extend((0..5).map(|n| line(&format!("end{n}"), 1)));
    let mut pager = conversation(2, 9, 60);
    let jobs = pager.ask(None).unwrap();
    pager.laid(jobs[0], rendered(lines.clone()));
    let shown = text(&pager);
    assert!(
        shown.contains(&"··· 16 quoted lines".to_owned()),
        "{shown:?}"
    );
    assert!(shown.contains(&"q16".to_owned()) && !shown.contains(&"q15".to_owned()));
    assert!(shown.contains(&"··· 5 quoted lines".to_owned()));
    assert!(pager.toggle_quotes());
    assert!(text(&pager).contains(&"q0".to_owned()));
    // A message by itself shows all that it says.
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 60);
    let jobs = pager.ask(None).unwrap();
    pager.laid(jobs[0], rendered(lines));
    assert!(text(&pager).contains(&"q0".to_owned()));
}

#[test]
fn words_are_found_and_gone_to() {
    let mut pager = Pager::open(&row(1, 1), 60, NOW);
    pager.resize(60, 10);
    lay_all(&mut pager, 100);
    pager.find(Some("LINE 5"));
    assert_eq!(pager.finding().unwrap().place(), Some((1, 11)));
    pager.find_on(-1);
    assert_eq!(pager.finding().unwrap().place(), Some((11, 11)));
    assert!(text(&pager).contains(&"line 59".to_owned()));
    pager.find(None);
    assert_eq!(pager.finding(), None);
}

#[test]
fn keys_stay_with_the_message_that_a_search_opened() {
    for (words, at) in [("sender", 3), ("line 7", 3), ("nowhere", 3)] {
        let mut pager = conversation(3, 3, 20);
        let wanted = crate::text::tokens::Wanted::new(words, false, false);
        pager.seek(&[wanted.unwrap()]);
        // The folded ones before it have "Sender" in their line, and all have the text.
        lay_all(&mut pager, 60);
        assert_eq!(pager.message(), Some(MsgId(at)), "{words}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_the_screen_shows_lines_and_keys_have_a_message(
        steps in prop::collection::vec((0u8..12, -9isize..40), 0..60),
        count in 1i64..40,
        unread in 1i64..40,
    ) {
        let mut pager = conversation(count, unread, 12);
        for (what, by) in steps {
            match what {
                0 => pager.resize(20 + by.unsigned_abs() as u16, by.unsigned_abs()),
                1 => { pager.scroll_by(by); }
                2 => pager.scroll_to(by > 0),
                3 => { pager.step(by.signum()); }
                4 => pager.toggle(),
                5 => pager.toggle_all(),
                6 => { pager.toggle_quotes(); }
                7 => pager.click(by.unsigned_abs()),
                8 => pager.find((by > 0).then_some("line 1")),
                9 => pager.find_on(by),
                10 => {
                    let rows = (1..=count + by.max(0) as i64).map(|n| letter(n, n < unread)).collect();
                    pager.gather(ThreadId(1), rows, &Overlay::default());
                }
                _ => for job in pager.ask(None).unwrap_or_default() {
                    pager.laid(job, plain(by.unsigned_abs()));
                },
            }
            prop_assert!(pager.message().is_some());
            let (shown, total) = (text(&pager).len(), pager.total());
            prop_assert_eq!(shown, pager.height().min(total - pager.scroll));
            prop_assert!(shown == pager.height() || pager.scroll == 0, "the pane is filled");
        }
    }
}

#[test]
fn what_speaks_against_a_sender_is_one_line_and_all_of_it_on_request() {
    use crate::mime::trust;
    let raw = b"From: \"boss@corp.example\" <evil@x.example>\nReply-To: c@d.example\n\n";
    let mut pager = Pager::open(&row(1, 1), 100, NOW);
    pager.resize(100, 20);
    let jobs = pager.ask(None).unwrap();
    pager.laid(
        jobs[0],
        LaidOut::Message(Arc::new(Rendered {
            headers: vec![(Clean::lit("To"), Clean::lit("Ada"))],
            trust: trust::of(raw, &trust::Known::default()),
            lines: vec![line("words", 0)],
            ..Rendered::default()
        })),
    );
    let worst =
        "\u{2717} The sender's name looks like an address, but the real one is evil@x.example.";
    assert_eq!(text(&pager)[1], format!("{worst} (and 1 more)"));
    pager.toggle_trust();
    assert_eq!(
        text(&pager)[1..4],
        [
            worst,
            "\u{b7} Answers go to c@d.example, not to the sender.",
            "\u{2713} Your mail server does not say how it was checked.",
        ]
    );
    pager.toggle_trust();
    assert_eq!(text(&pager).len(), 4);
}

#[test]
fn a_folded_message_of_a_pretender_is_marked() {
    let mut rows: Vec<_> = (1..=3).map(|n| letter(n, true)).collect();
    rows[0].from = vec![crate::model::Address::new(
        "boss@corp.example",
        "evil@x.example",
    )];
    let head = rows.last().unwrap().clone();
    let (mut pager, _) = Pager::conversation(&head, true, None, 60, NOW);
    pager.resize(60, 20);
    pager.gather(ThreadId(1), rows, &Overlay::default());
    let shown = text(&pager);
    let glyph = crate::mime::trust::of_names(&[crate::model::Address::new(
        "boss@corp.example",
        "evil@x.example",
    )])
    .glyph();
    assert!(
        shown[0].starts_with(&format!("▸ {glyph} evil@x.example ")),
        "{shown:?}"
    );
    assert!(shown[1].starts_with("▸ Sender"), "{shown:?}");
}
