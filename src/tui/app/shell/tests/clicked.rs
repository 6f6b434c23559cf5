//! The mouse: what is clicked is what is seen there.

use super::*;
use crate::tui::screen::confirm::{Answer, Confirm};
use crate::tui::screen::status::Tone;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

fn mouse(bench: &mut Bench, kind: MouseEventKind, (column, row): (u16, u16)) -> Vec<Effect> {
    let event = Event::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    });
    bench.app.update(event, bench.now)
}

fn down(bench: &mut Bench, at: (u16, u16)) -> Vec<Effect> {
    mouse(bench, MouseEventKind::Down(MouseButton::Left), at)
}

/// Where these words begin on the screen.
fn place(bench: &Bench, words: &str) -> (u16, u16) {
    let screen = bench.screen();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        let octets = line.find(words)?;
        let before = line.get(..octets)?;
        Some((crate::text::width::width(before), row))
    });
    let (column, row) = found.unwrap_or_else(|| panic!("{words}: {screen}"));
    (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
}

fn does_mail(fx: &[Effect]) -> bool {
    fx.iter().any(|effect| matches!(effect, Effect::Ask(..)))
}

#[test]
fn hints_under_a_long_failure_are_not_there_to_be_clicked() {
    let mut bench = Bench::new(three(), (80, 24));
    let archive = place(&bench, "e archive");
    bench.event(Event::Told(Err("it can't be saved ".repeat(12))));
    assert!(!bench.screen().contains("e archive"));
    for column in 0..80 {
        for row in 20..24 {
            let fx = down(&mut bench, (column, row));
            assert!(!does_mail(&fx), "{column},{row}: {fx:?}");
        }
    }
    bench.now.mono += Duration::from_secs(60);
    bench.event(Event::Tick);
    assert!(does_mail(&down(&mut bench, archive)), "{}", bench.screen());
}

#[test]
fn undo_is_where_it_stands_and_nowhere_else() {
    for linear in [false, true] {
        let taste = crate::tui::Taste {
            linear,
            ..crate::tui::Taste::default()
        };
        // In the one screen it stands in the status line, in the others below.
        for size in [(100, 24), (40, 12)] {
            let setup = Setup {
                taste: taste.clone(),
                ..setup()
            };
            let mut bench = Bench::of(setup, three(), size);
            let long = "Archived a message that has quite a long subject";
            bench
                .app
                .panes
                .status
                .say(Clean::lit(long), Tone::Bad, true, bench.now.mono);
            let (x, y) = place(&bench, "z undo");
            let undo = |fx: &[Effect]| {
                let undo = |e: &Effect| matches!(e, Effect::Ask(Intent::Undo, _));
                fx.iter().any(undo)
            };
            let beside = [(x.saturating_sub(4), y), (x + 7, y)];
            for at in beside {
                let fx = down(&mut bench, at);
                assert!(!undo(&fx), "{linear} {size:?} {at:?}: {fx:?}");
            }
            let fx = down(&mut bench, (x, y));
            assert!(undo(&fx), "{linear} {size:?}: {}", bench.screen());
        }
    }
}

#[test]
fn a_link_is_clicked_where_the_button_was_pressed_on_it() {
    let mut bench = Bench::new(three(), (100, 20));
    let mut body = (*body()).clone();
    let url = "https://one.example/".to_owned();
    body.links = vec![crate::mime::render::Link {
        text: Clean::lit("Shall we?"),
        target: Clean::lit("one.example"),
        url,
        deceives: false,
    }];
    body.lines[0].spans[0].style = Mark::Link(1);
    bench.body = Arc::new(body);
    bench.keys("\n");
    let link = place(&bench, "Shall we?");
    let title = place(&bench, "At noon");
    let up = MouseEventKind::Up(MouseButton::Left);
    down(&mut bench, title);
    mouse(&mut bench, up, link);
    assert!(bench.app.layers.is_empty(), "{}", bench.screen());
    down(&mut bench, link);
    mouse(&mut bench, up, title);
    mouse(&mut bench, up, link);
    assert!(bench.app.layers.is_empty(), "{}", bench.screen());
    down(&mut bench, link);
    mouse(&mut bench, up, link);
    bench.sees("one.example");
    assert_eq!(bench.app.layers.len(), 1);
}

#[test]
fn only_the_left_button_answers_a_question() {
    let mut bench = Bench::new(three(), (80, 24));
    let answer = Answer {
        key: 'y',
        label: Clean::lit("do it"),
        value: vec![Effect::Redraw],
    };
    let question = Confirm::new(Clean::lit("Really?"), vec![answer], bench.now.mono);
    bench.app.layers.push(Layer::Question(question));
    bench.now.mono += Duration::from_secs(5);
    for button in [MouseButton::Right, MouseButton::Middle] {
        for row in 0..24 {
            for column in 0..80 {
                let fx = mouse(&mut bench, MouseEventKind::Down(button), (column, row));
                assert!(fx.is_empty(), "{fx:?}");
            }
        }
    }
    assert_eq!(bench.app.layers.len(), 1, "it stays");
    let at = place(&bench, "y do it");
    let fx = down(&mut bench, at);
    assert!(matches!(fx.as_slice(), [Effect::Redraw, ..]), "{fx:?}");
}
