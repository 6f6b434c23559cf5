//! The bars beside what is longer than its room: where they stand, that they take nobody's place where
//! there is little, and what the mouse does with them.

use super::*;
use crate::signal::{Posted, Topic};
use crate::tui::Taste;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

/// Sixty messages, forty mailboxes and a long text.
fn long(setup: Setup, size: (u16, u16)) -> Bench {
    let rows = (1..=60).map(|n| row(n, WALL - n * 86_400)).collect();
    let mut bench = Bench::of(setup, rows, size);
    let more = (3..40).map(|n| MailboxRow {
        role: None,
        ..mailbox(n, &format!("Lists/{n}"), Role::Inbox, 0)
    });
    bench.mailboxes.extend(more);
    for mailbox in &mut bench.mailboxes {
        mailbox.total = 60;
    }
    let line = |n: usize| Line {
        spans: vec![Span {
            text: Clean::line(&format!("line {n}")),
            style: Mark::Plain,
        }],
        quote: 0,
        block: None,
        pictures: Vec::new(),
    };
    bench.body = Arc::new(Rendered {
        lines: (1..=200).map(line).collect(),
        ..Rendered::default()
    });
    bench.event(Event::Board(Posted {
        topics: [Topic::Mailbox(MailboxId(1))].into(),
        ..Posted::default()
    }));
    bench
}

fn mouse(bench: &mut Bench, kind: MouseEventKind, column: u16, row: u16) {
    // As the loop does: what is clicked was drawn before.
    bench.drawn();
    bench.event(Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

/// The rows of this column in which a thumb stands.
fn thumb(bench: &Bench, column: u16) -> Vec<u16> {
    let (buf, _) = bench.drawn();
    let rows = 0..buf.area.height;
    rows.filter(|y| ["▐", "#"].contains(&buf[(column, *y)].symbol()))
        .collect()
}

/// Leaves one setting of a taste to a test.
fn with(change: impl Fn(&mut Taste)) -> Setup {
    let mut taste = Taste::default();
    change(&mut taste);
    Setup { taste, ..setup() }
}

#[test]
fn each_pane_shows_where_one_is() {
    let golden = golden::golden(|size, surroundings| {
        let setup = Setup {
            surroundings,
            ..setup()
        };
        let mut bench = long(setup, size);
        bench.keys("jjj\n");
        bench.drawn()
    });
    insta::assert_snapshot!("bars", super::screens::timeless(golden));
    let golden = golden::golden(|size, surroundings| {
        let setup = Setup {
            surroundings,
            ..setup()
        };
        long(setup, size).drawn()
    });
    insta::assert_snapshot!("bars-list", super::screens::timeless(golden));
}

#[test]
fn a_narrow_list_keeps_its_columns_and_a_wide_one_loses_no_word_but_of_a_subject() {
    for size in [(40, 12), (80, 24), (200, 50)] {
        let with_bars = long(setup(), size).screen();
        let without = long(with(|t| t.scrollbar = false), size).screen();
        assert_eq!(with_bars == without, size.0 == 40, "{size:?}\n{with_bars}");
        for (a, b) in with_bars.lines().zip(without.lines()) {
            let date = b.split_whitespace().last().unwrap_or_default();
            assert!(a.contains(date), "{a}\n{b}");
        }
        assert!(!without.contains('▐'));
    }
    // What leaves a margin has its bar there, however narrow it is.
    let mut bench = long(setup(), (40, 12));
    bench.keys("\n");
    assert!(!thumb(&bench, 39).is_empty(), "{}", bench.screen());
    let text = bench.screen().replace('▐', " ");
    let mut bare = long(with(|t| t.scrollbar = false), (40, 12));
    bare.keys("\n");
    let trimmed = |text: &str| text.lines().map(|l| l.trim_end().to_owned()).collect();
    let (text, bare): (Vec<String>, Vec<String>) = (trimmed(&text), trimmed(&bare.screen()));
    assert_eq!(text, bare);
}

#[test]
fn who_hears_the_screen_and_what_fits_have_none() {
    let heard = long(with(|t| t.linear = true), (80, 24));
    assert!(!heard.screen().contains('▐'));
    assert!(!Bench::new(three(), (80, 24)).screen().contains('▐'));
    let mut ascii = long(setup(), (80, 24));
    ascii.app.panes.signs = crate::tui::signs::Signs::Ascii;
    assert!(ascii.screen().is_ascii(), "{}", ascii.screen());
    assert!(!thumb(&ascii, 79).is_empty(), "{}", ascii.screen());
}

#[test]
fn the_list_follows_the_mouse_on_its_bar() {
    let mut bench = long(setup(), (80, 24));
    let top = |bench: &Bench| bench.app.panes.index.top();
    assert_eq!(thumb(&bench, 79)[0], 1, "below the title");
    mouse(&mut bench, DOWN, 79, 21);
    mouse(&mut bench, UP, 79, 21);
    assert_eq!(top(&bench), 60 - bench.app.panes.index.height());
    assert_eq!(thumb(&bench, 79).last(), Some(&21));
    // Nothing was opened by it, and what is selected is seen.
    assert!(bench.app.panes.pager.is_none());
    let (cursor, at) = (bench.app.panes.index.cursor(), top(&bench));
    assert!(cursor >= at);
    mouse(&mut bench, DOWN, 79, 20);
    mouse(&mut bench, DRAG, 60, 12);
    let middle = top(&bench);
    assert!(0 < middle && middle < at, "{middle}");
    mouse(&mut bench, DRAG, 60, 0);
    mouse(&mut bench, UP, 60, 0);
    assert_eq!(top(&bench), 0);
    mouse(&mut bench, DRAG, 79, 20);
    assert_eq!(top(&bench), 0, "it was let go");
}

#[test]
fn mailboxes_and_what_is_read_follow_it_too() {
    let mut bench = long(setup(), (200, 50));
    bench.event(Event::Resize(200, 24));
    bench.keys("\n");
    let places = bench.app.panes.places().unwrap();
    let column = |pane: crate::tui::app::geometry::Titled| pane.inner.right() - 1;
    let side = column(places.sidebar.unwrap());
    assert!(!thumb(&bench, side).is_empty(), "{}", bench.screen());
    mouse(&mut bench, DOWN, side, 21);
    mouse(&mut bench, UP, side, 21);
    bench.sees("Lists/39");
    assert!(bench.app.panes.pager.is_some(), "nothing was opened");
    let text = column(places.reader.unwrap());
    mouse(&mut bench, DOWN, text, 21);
    bench.sees("line 200");
    mouse(&mut bench, DRAG, 0, 1);
    mouse(&mut bench, UP, 0, 1);
    bench.sees("line 1");
    assert!(!bench.screen().contains("line 200"));
    let copies = bench.app.panes.pager.as_ref().unwrap().is_dragged();
    assert!(!copies, "no text is selected");
}

#[test]
fn what_lies_over_the_panes_has_its_bar_in_the_frame() {
    for size in [(40, 12), (80, 24), (120, 30)] {
        for name in ["help", "settings", "palette"] {
            let mut bench = super::screens::shown(name, size, setup());
            // What was typed leaves so few commands that they have room.
            for _ in "rep".chars().filter(|_| name == "palette") {
                let key = KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE);
                bench.event(Event::Key(key));
            }
            let (buf, _) = bench.drawn();
            let found = (0..size.0).rev().find(|x| !thumb(&bench, *x).is_empty());
            let column = found.unwrap_or_else(|| panic!("{name} {size:?}\n{}", bench.screen()));
            assert!(column >= size.0 / 2 && buf.area.width > column);
            let before = bench.screen();
            let last = *thumb(&bench, column).last().unwrap();
            // To its end, and back.
            for row in last..size.1 {
                mouse(&mut bench, DOWN, column, row);
                mouse(&mut bench, UP, column, row);
                if bench.app.layers.is_empty() {
                    panic!("{name} {size:?}: a click on the bar closed it\n{before}");
                }
                if bench.screen() != before {
                    break;
                }
            }
            assert_ne!(bench.screen(), before, "{name} {size:?}");
            let first = thumb(&bench, column)[0];
            mouse(&mut bench, DOWN, column, first);
            mouse(&mut bench, DRAG, 0, 0);
            mouse(&mut bench, UP, 0, 0);
            let rows = |bench: &Bench| thumb(bench, column)[0];
            assert!(rows(&bench) <= 3, "{}", bench.screen());
        }
    }
}
