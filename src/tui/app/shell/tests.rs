//! The screen as triples: rows, keys, what is then to be seen. A store of hand-made rows answers
//! the questions; nothing here has a thread.

use super::*;
use crate::mime::render::{Line, Mark, Rendered, Span};
use crate::model::view::{IndexRow, MailboxRow, Page, Scope};
use crate::model::{
    Account, Address, Done as Answered, DraftId, Flags, Group, Intent, LocationId, MailboxId,
    MsgId, Role, System, Target, Verb,
};
use crate::tui::golden;
use crate::tui::part::PartJob;
use crate::tui::question::tests::row;
use crate::tui::question::{Answer, DraftAt, DraftRow, LaidOut, Listing, Question, Tray};
use crate::tui::whole::{Since, Then};
use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::sync::Arc;
use std::time::Duration;

mod anew;
mod attached;
mod barred;
mod bench;
mod clicked;
mod heard;
mod meant;
mod passwords;
mod reading;
mod said;
mod screens;
mod selecting;
mod sorted;
mod standing;
mod told_apart;
mod tongues;
mod vanished;
mod writing;

pub use bench::setup;
use bench::{Bench, account, body, mailbox, three};

const WALL: i64 = 1_700_000_000;

#[test]
fn the_list_stands_in_a_usual_terminal() {
    let bench = Bench::new(three(), (80, 24));
    insta::assert_snapshot!(bench.screen());
}

#[test]
fn the_list_stands_in_the_smallest_terminal() {
    let bench = Bench::new(three(), (40, 12));
    insta::assert_snapshot!(bench.screen());
}

#[test]
fn the_reader_stands_beside_the_list_where_there_is_room() {
    let mut bench = Bench::new(three(), (200, 50));
    bench.keys("\n");
    insta::assert_snapshot!(bench.screen());
}

#[test]
fn hostile_subjects_move_nothing() {
    let mut rows = three();
    rows[0].subject = "\x1b[2J\x1b]0;owned\x07 \u{9b}31m".into();
    rows[1].subject =
        "שלום \u{202e}evil\u{202c} 日本語のとても長い件名がここに続きます、まだまだ続く".into();
    rows[2].subject = "👩‍👩‍👧‍👦 e\u{301}\u{301}\u{301} \u{200b}\u{e0041}zero\tand\r\nlines".into();
    let bench = Bench::new(rows, (80, 24));
    let screen = bench.screen();
    assert!(!screen.contains('\x1b') && !screen.contains('\u{9b}') && !screen.contains('\u{202e}'));
    insta::assert_snapshot!(screen);
}

#[test]
fn below_the_smallest_it_says_so() {
    let mut bench = Bench::new(three(), (39, 11));
    bench.sees("terminal too small (need 40×12)");
    bench.keys("jjj\nq");
    bench.event(Event::Resize(1, 1));
    let _ = bench.screen();
    bench.event(Event::Resize(80, 24));
    bench.sees("Lunch");
}

#[test]
fn archiving_shows_in_the_turn_of_the_answer_and_undo_brings_it_back() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("e");
    let screen = bench.screen();
    assert!(!screen.contains("Lunch"), "{screen}");
    assert!(screen.contains("Archived 1 message") && screen.contains("z undo"));
    assert_eq!(
        bench.app.panes.index.selected().unwrap().row.location,
        LocationId(2)
    );
    let undo = bench.app.panes.acts.undo();
    bench.perform(vec![undo]);
    bench.sees("Lunch");
}

#[test]
fn nothing_changes_until_the_ledger_answers() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.ledger = false;
    bench.keys("e");
    bench.sees("Lunch");
    assert!(matches!(bench.asked[..], [Intent::Act { .. }]));
}

#[test]
fn a_refused_action_is_told() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.ledger = false;
    let effect = bench
        .app
        .panes
        .acts
        .act(crate::model::Verb::Archive, vec![]);
    let (_, Effect::Ask(_, about)) = effect else {
        panic!()
    };
    let result = Err("there is no Archive mailbox".into());
    bench.event(Event::Reply { about, result });
    bench.sees("there is no Archive mailbox");
}

#[test]
fn a_toast_goes_by_itself_and_then_nothing_ticks() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("e");
    // The store has taken the change.
    bench.rows.remove(0);
    bench.event(Event::Board(crate::signal::Posted {
        topics: [crate::signal::Topic::Mailbox(MailboxId(1))].into(),
        ..Default::default()
    }));
    let at = bench.app.deadline().unwrap();
    bench.now.mono = at + Duration::from_millis(1);
    bench.event(Event::Tick);
    assert_eq!(bench.app.deadline(), None);
    assert!(!bench.screen().contains("Archived"));
}

#[test]
fn empty_states_are_in_words() {
    let mut bench = Bench::new(Vec::new(), (80, 24));
    bench.sees("Nothing in any inbox");
    bench.app.panes.accounts.clear();
    bench.sees("There is no account yet");
}

#[test]
fn q_leaves_at_the_top_level_only() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("\nq");
    assert!(!bench.quit);
}

#[test]
fn the_command_line_runs_what_the_table_names() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys(":arch\n");
    assert!(bench.app.layers.is_empty());
    bench.keys(":archive\n");
    bench.sees("Archived 1 message");
    bench.keys(":nonsense\n");
    bench.sees("there is no command");
}

#[test]
fn moving_asks_for_a_mailbox_and_moves_there() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("vArch\n");
    assert!(
        matches!(&bench.asked[..], [Intent::Act { verb: crate::model::Verb::Move(id), .. }]
        if *id == MailboxId(2))
    );
}

#[test]
fn a_search_follows_the_typing_and_leaves_no_trace_when_left() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("/lun");
    bench.sees("Search: lun");
    bench.keys("\x1b");
    bench.sees("All inboxes  2 unread");
    bench.keys("/lun\n");
    assert!(bench.app.layers.is_empty() && bench.screen().contains("Search: lun"));
    bench.keys("Tq");
    let panes = &bench.app.panes;
    assert!(
        !panes.threaded && !panes.index.threaded(),
        "as it was chosen"
    );
    assert!(bench.screen().contains("All inboxes  2 unread") && !bench.quit);
    bench.keys("q");
    assert!(bench.quit);
}

#[test]
fn help_and_palette_open_over_the_panes() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("?");
    bench.sees("Keys (q closes");
    bench.keys("q");
    assert!(bench.app.layers.is_empty() && !bench.quit);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_keys_and_no_size_make_it_panic(
        keys in prop::collection::vec((any::<char>(), 0u8..12), 0..80),
        cols in 1u16..220, rows in 1u16..70,
    ) {
        let mut bench = Bench::new(three(), (cols, rows));
        for (c, what) in keys {
            let code = match what {
                0 => KeyCode::Enter,
                1 => KeyCode::Esc,
                2 => KeyCode::Tab,
                3 => KeyCode::Down,
                4 => KeyCode::Char(c),
                5 => { bench.event(Event::Resize(c as u16 % 250, c as u16 % 90)); continue }
                6 => { bench.event(Event::Paste(c.to_string())); continue }
                _ => KeyCode::Char(char::from(b'!' + (c as u32 % 94) as u8)),
            };
            let modifiers = if what == 11 { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
            bench.event(Event::Key(KeyEvent::new(code, modifiers)));
        }
        let _ = bench.screen();
    }
}
