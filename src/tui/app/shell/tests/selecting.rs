//! Selecting on the whole screen, and what is done to what is selected.

use super::*;
use crate::store::Stub;
use crate::tui::app::geometry::Pane;
use crate::tui::command::{Argument, Section, TABLE};
use crate::tui::question::{How, Which};
use std::collections::BTreeSet;

/// The list is longer than what is here: the store is asked.
fn long() -> Bench {
    let mut bench = Bench::new(three(), (80, 24));
    bench.more = true;
    let (rows, now) = (bench.rows.clone(), bench.now.mono);
    let serial = match &bench.app.panes.index.reload(now)[..] {
        [Question::Window { serial, .. }, ..] => *serial,
        other => panic!("{other:?}"),
    };
    bench.event(Event::Rows(Answer::Window {
        serial,
        page: Page::Newest,
        rows,
        more: true,
    }));
    bench
}

/// What was asked of the store last about the selection, with its ticket.
fn pick(fx: &[Effect]) -> (u64, u64, Which, How) {
    let found = fx.iter().find_map(|effect| match effect {
        Effect::Query(Question::Pick {
            serial,
            ticket,
            which,
            how,
            ..
        }) => Some((*serial, *ticket, which.clone(), *how)),
        _ => None,
    });
    found.expect("the store is asked")
}

fn press(bench: &mut Bench, keys: &str) -> Vec<Effect> {
    let mut fx = Vec::new();
    for c in keys.chars() {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        fx.extend(bench.app.update(Event::Key(key), bench.now));
    }
    fx
}

fn targets(fx: &[Effect]) -> BTreeSet<LocationId> {
    let all = fx.iter().filter_map(|effect| match effect {
        Effect::Ask(Intent::Act { targets, .. } | Intent::Merge(targets), _)
        | Effect::Takeout(_, targets) => Some(targets.clone()),
        _ => None,
    });
    all.flatten()
        .filter_map(|target| match target {
            Target::Location(place) => Some(place),
            Target::Thread { thread, .. } => Some(LocationId(thread.0)),
            Target::Mailbox(_) => None,
        })
        .collect()
}

#[test]
fn every_command_about_mail_is_done_to_all_that_is_selected() {
    // About the message under the cursor alone: there is no doing it to several.
    let one = [Command::SplitThread, Command::Unsubscribe];
    let none = [Command::Undo, Command::Redo, Command::ApplyRules];
    let mut walked = 0;
    for info in TABLE {
        let listed = info.contexts.contains(&Context::Index) || info.contexts == [Context::Global];
        let selects = info.name.contains("select");
        if info.section != Section::Mail
            || !listed
            || selects
            || one.contains(&info.command)
            || none.contains(&info.command)
        {
            continue;
        }
        let mut bench = Bench::new(three(), (80, 24));
        bench.keys("xjjx");
        bench.sees("2 selected");
        let argument = match info.argument {
            Argument::No => None,
            Argument::Mailbox => Some("Archive"),
            Argument::Tag => Some("urgent"),
            Argument::Time => Some("tomorrow"),
            _ => Some("/tmp/never-written"),
        };
        let call = Call {
            command: info.command,
            argument: argument.map(str::to_owned),
        };
        let mut fx = Vec::new();
        bench.app.call(&call, bench.now, &mut fx);
        let done = targets(&fx);
        assert_eq!(done, [1, 3].map(LocationId).into(), "{}", info.name);
        assert_eq!(bench.app.panes.index.marked(), 0, "{}", info.name);
        walked += 1;
    }
    assert!(walked >= 12, "{walked}");
}

#[test]
fn what_selected_rows_come_to_the_ledger_says_and_not_the_page_that_is_here() {
    let tag = Verb::Tag {
        name: "urgent".to_owned(),
        given: None,
    };
    for (key, verb) in [("s", Verb::ToggleStar), ("u", Verb::ToggleRead), ("", tag)] {
        let mut bench = long();
        let fx = press(&mut bench, "*a");
        let (serial, ticket, _, how) = pick(&fx);
        let found = Ok((1..=5000).map(|n| Stub::Place(LocationId(n))).collect());
        bench.event(Event::Rows(Answer::Picked {
            serial,
            ticket,
            how,
            found,
        }));
        let mut fx = press(&mut bench, key);
        if key.is_empty() {
            bench.app.panes.tag("urgent", bench.now, &mut fx);
        }
        assert_eq!(targets(&fx).len(), 5000);
        let asked = fx.iter().find_map(|effect| match effect {
            Effect::Ask(Intent::Act { verb, .. }, _) => Some(verb.clone()),
            _ => None,
        });
        assert_eq!(asked, Some(verb));
    }
}

#[test]
fn keys_wait_until_all_of_a_long_list_is_selected() {
    let mut bench = long();
    let fx = press(&mut bench, "*a");
    let (serial, ticket, which, how) = pick(&fx);
    assert_eq!((which, how), (Which::All, How::Only));
    bench.sees("3 selected…");
    let fx = press(&mut bench, "e");
    assert!(targets(&fx).is_empty(), "the key waits");
    let found = (1..=5000).map(|n| Stub::Place(LocationId(n))).collect();
    let fx = bench.app.update(
        Event::Rows(Answer::Picked {
            serial,
            ticket,
            how,
            found: Ok(found),
        }),
        bench.now,
    );
    assert_eq!(targets(&fx).len(), 5000, "and is done to all of it");
    bench.app.update(Event::Tick, bench.now);
    let screen = bench.screen();
    assert!(
        !screen.contains("Lunch"),
        "they are hidden in the same turn: {screen}"
    );
}

#[test]
fn what_waits_for_a_selection_of_nothing_is_not_done_to_something_else() {
    let mut bench = long();
    let fx = press(&mut bench, "*a");
    let (serial, ticket, _, how) = pick(&fx);
    press(&mut bench, "e");
    let nothing = Answer::Picked {
        serial,
        ticket,
        how,
        found: Ok(Vec::new()),
    };
    let fx = bench.app.update(Event::Rows(nothing), bench.now);
    assert!(targets(&fx).is_empty(), "{fx:?}");
    // Nor is what follows in a row of commands.
    let mut fx = Vec::new();
    bench
        .app
        .several("select-starred; archive", bench.now, &mut fx);
    assert!(targets(&fx).is_empty(), "it waits: {fx:?}");
    let (serial, ticket, _, how) = pick(&fx);
    let found = vec![Stub::Place(LocationId(77))];
    let one = Answer::Picked {
        serial,
        ticket,
        how,
        found: Ok(found),
    };
    let fx = bench.app.update(Event::Rows(one), bench.now);
    assert_eq!(targets(&fx), BTreeSet::from([LocationId(77)]));
}

#[test]
fn what_waits_for_a_selection_that_fails_is_not_done_to_the_page_that_is_here() {
    for how in ["*a", "x*u"] {
        let mut bench = long();
        let fx = press(&mut bench, how);
        let (serial, ticket, _, how) = pick(&fx);
        press(&mut bench, "e");
        let failed = Answer::Picked {
            serial,
            ticket,
            how,
            found: Err("the database is busy".to_owned()),
        };
        let fx = bench.app.update(Event::Rows(failed), bench.now);
        assert!(targets(&fx).is_empty(), "{fx:?}");
        bench.sees("the database is busy");
        assert!(!bench.screen().contains("selected"), "{}", bench.screen());
    }
    // Nor is what follows in a row of commands.
    let mut bench = long();
    let mut fx = Vec::new();
    bench.app.several("select-all; archive", bench.now, &mut fx);
    let (serial, ticket, _, how) = pick(&fx);
    let failed = Answer::Picked {
        serial,
        ticket,
        how,
        found: Err("the database is busy".to_owned()),
    };
    let fx = bench.app.update(Event::Rows(failed), bench.now);
    assert!(targets(&fx).is_empty(), "{fx:?}");
}

#[test]
fn who_waits_for_too_long_selects_nothing() {
    let mut bench = long();
    press(&mut bench, "*a");
    press(&mut bench, "e");
    bench.now.mono += std::time::Duration::from_secs(11);
    let fx = press(&mut bench, "j");
    assert!(targets(&fx).is_empty(), "{fx:?}");
}

#[test]
fn who_leaves_while_a_long_list_is_selected_selects_nothing() {
    let mut bench = long();
    let fx = press(&mut bench, "*a");
    let (serial, ticket, _, how) = pick(&fx);
    press(&mut bench, "e");
    bench.keys("\x1b");
    let fx = bench.app.update(
        Event::Rows(Answer::Picked {
            serial,
            ticket,
            how,
            found: Ok(vec![Stub::Place(LocationId(1))]),
        }),
        bench.now,
    );
    assert!(targets(&fx).is_empty());
    assert_eq!(bench.app.panes.index.marked(), 0);
}

#[test]
fn who_leaves_a_selection_that_is_being_made_leaves_nothing_else() {
    let mut bench = Bench::new(three(), (160, 40));
    bench.more = true;
    bench.keys("\n");
    bench.event(Event::Board(crate::signal::Posted {
        topics: [Topic::Mailbox(MailboxId(1))].into(),
        ..Default::default()
    }));
    bench.app.panes.focus = Pane::Index;
    for several in [false, true] {
        let mut fx = match several {
            false => press(&mut bench, "*a"),
            true => Vec::new(),
        };
        if several {
            bench.app.several("select-all; archive", bench.now, &mut fx);
        }
        let (serial, ticket, _, how) = pick(&fx);
        let escape = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
        let fx = bench.app.update(Event::Key(escape), bench.now);
        assert!(targets(&fx).is_empty());
        assert!(bench.app.panes.pager.is_some(), "the message stays open");
        assert!(!bench.app.panes.index.is_picking());
        let late = Answer::Picked {
            serial,
            ticket,
            how,
            found: Ok(vec![Stub::Place(LocationId(77))]),
        };
        let fx = bench.app.update(Event::Rows(late), bench.now);
        assert!(targets(&fx).is_empty(), "{fx:?}");
        assert_eq!(bench.app.panes.index.marked(), 0);
    }
    let fx = press(&mut bench, "e");
    assert_eq!(targets(&fx).len(), 1, "only what is under the cursor");
}

#[test]
fn what_the_ledger_refuses_stands_in_the_list_again() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.ledger = false;
    bench.keys("xjx");
    let fx = press(&mut bench, "e");
    let screen = bench.screen();
    assert!(!screen.contains("Lunch"), "{screen}");
    let about = fx.iter().find_map(|effect| match effect {
        Effect::Ask(Intent::Act { .. }, about) => Some(*about),
        _ => None,
    });
    bench.event(Event::Reply {
        about: about.unwrap(),
        result: Err("the disk is full".into()),
    });
    bench.sees("Lunch");
    bench.sees("the disk is full");
}

#[test]
fn what_fits_a_search_is_selected_and_taken_out_again() {
    let mut bench = long();
    let fx = {
        press(&mut bench, ":");
        let mut fx = press(&mut bench, "select from:ada");
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        fx.extend(bench.app.update(Event::Key(enter), bench.now));
        fx
    };
    let (.., which, how) = pick(&fx);
    assert!(matches!(which, Which::Fitting(q, true) if q.to_string() == "from:ada"));
    assert_eq!(how, How::Add);
    bench.sees("selecting");
}

#[test]
fn what_is_selected_is_counted_in_the_smallest_terminal_too() {
    let mut bench = Bench::new(three(), (40, 12));
    bench.keys("*a");
    bench.sees("3 selected");
    bench.keys("*n");
    assert!(!bench.screen().contains("selected"));
    bench.keys("xjX");
    bench.sees("2 selected");
    bench.keys("\n");
    bench.sees("2 selected");
}

#[test]
fn a_mailbox_is_listed_in_the_order_that_it_was_given() {
    let mut bench = Bench::new(three(), (100, 24));
    bench.keys(":sort size\n");
    bench.sees("largest first");
    let asked = |bench: &Bench| match bench.asked.last() {
        Some(Intent::SortBy(None, kept)) => kept.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(&bench).as_deref(), Some("size"));
    bench.keys("x:sort reverse\n");
    bench.sees("smallest first");
    bench.sees("1 selected");
    assert_eq!(asked(&bench).as_deref(), Some("-size"));
    // Each mailbox has its own.
    bench.keys("ge");
    assert!(!bench.screen().contains("smallest first "));
    bench.keys("gi");
    bench.sees("smallest first");
    bench.keys(":sort date\n");
    assert_eq!(asked(&bench), None);
    bench.keys(":sort colour\n");
    bench.sees("is no order");
}
