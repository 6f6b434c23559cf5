//! Mail comes and goes while somebody chooses or types what is to be done to a message.

use super::*;
use crate::tui::effect::Outward;
use crate::tui::takeout::Takeout;

fn posted(topic: Topic) -> Event {
    Event::Board(crate::signal::Posted {
        topics: [topic].into(),
        ..Default::default()
    })
}

/// Types so far; then the first message goes, and the second stands in its place.
fn typed(keys: &str) -> Bench {
    let mut bench = Bench::new(three(), (100, 24));
    bench.keys(keys);
    bench.rows.remove(0);
    bench.event(posted(Topic::Mailbox(MailboxId(1))));
    let selected = bench.app.panes.index.selected();
    assert_eq!(selected.unwrap().row.location, LocationId(2));
    bench
}

/// What Enter asks for.
fn enter(bench: &mut Bench) -> Vec<Effect> {
    let key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let fx = bench.app.update(Event::Key(key), bench.now);
    assert!(bench.app.layers.is_empty() && bench.app.panes.meant.is_none());
    fx
}

fn targets(fx: &[Effect]) -> Vec<Target> {
    let found = fx.iter().find_map(|effect| match effect {
        Effect::Ask(Intent::Act { targets, .. }, _)
        | Effect::Part(PartJob::Give { targets, .. })
        | Effect::Takeout(Takeout::Export(_), targets) => Some(targets.clone()),
        _ => None,
    });
    found.unwrap_or_default()
}

#[test]
fn what_is_typed_or_chosen_is_about_the_message_that_it_was_opened_for() {
    let first = [Target::Location(LocationId(1))];
    for keys in [
        "vArch",
        ":move\nArch",
        ":tag\nurgent",
        ":snooze\ntomorrow",
        ":pipe\ncat",
        ":export /tmp/never-written",
        ":archive",
        ":star",
        ":toggle-read",
        ":do archive; first",
    ] {
        let mut bench = typed(keys);
        let fx = enter(&mut bench);
        assert_eq!(targets(&fx), first, "{keys}");
        // And what comes then is about what is there then.
        let fx = bench.app.update(
            Event::Key(KeyEvent::new(KeyCode::Char('e'), KeyModifiers::NONE)),
            bench.now,
        );
        assert_eq!(targets(&fx), [Target::Location(LocationId(2))], "{keys}");
    }
}

#[test]
fn a_message_is_sent_on_that_the_line_was_opened_for() {
    let mut bench = typed(":redirect\nada@example.org");
    let fx = enter(&mut bench);
    let built = fx.iter().find_map(|effect| match effect {
        Effect::Build(Outward::Redirect(_), message) => Some(*message),
        _ => None,
    });
    assert_eq!(built, Some(MsgId(1)));
}

#[test]
fn a_tag_is_taken_away_from_what_had_it_when_the_line_was_opened() {
    let mut rows = three();
    rows[0].flags.keywords.insert("urgent".to_owned());
    let mut bench = Bench::new(rows, (100, 24));
    bench.keys(":tag\nurgent");
    bench.rows.remove(0);
    bench.event(posted(Topic::Mailbox(MailboxId(1))));
    let fx = enter(&mut bench);
    let verb = fx.iter().find_map(|effect| match effect {
        Effect::Ask(Intent::Act { verb, .. }, _) => Some(verb.clone()),
        _ => None,
    });
    assert!(
        matches!(
            verb,
            Some(Verb::Tag {
                given: Some(false),
                ..
            })
        ),
        "{verb:?}"
    );
    assert_eq!(targets(&fx), [Target::Location(LocationId(1))]);
}

#[test]
fn of_several_commands_the_later_ones_are_about_what_the_earlier_left() {
    let mut bench = typed(":do select-all; archive");
    let fx = enter(&mut bench);
    let here = Target::Thread {
        thread: crate::model::ThreadId(3),
        mailbox: None,
    };
    assert_eq!(targets(&fx), [Target::Location(LocationId(2)), here]);
}

#[test]
fn who_leaves_a_line_has_meant_nothing() {
    let mut bench = typed("v");
    bench.keys("\x1be");
    let asked = bench.asked.iter().find_map(|intent| match intent {
        Intent::Act { targets, .. } => Some(targets.clone()),
        _ => None,
    });
    assert_eq!(asked, Some(vec![Target::Location(LocationId(2))]));
}

#[test]
fn a_draft_in_the_row_that_moved_up_does_not_make_a_draft_of_what_was_meant() {
    let drafted = |fx: &[Effect]| {
        fx.iter().find_map(|effect| match effect {
            Effect::Draft { message, .. } => Some(*message),
            _ => None,
        })
    };
    for (draft, taken_up) in [(1, None), (0, Some(MsgId(1)))] {
        let mut rows = three();
        rows[draft].flags.system = System::SEEN | System::DRAFT;
        let mut bench = Bench::new(rows, (100, 24));
        bench.keys(":open");
        bench.rows.remove(0);
        bench.event(posted(Topic::Mailbox(MailboxId(1))));
        let fx = enter(&mut bench);
        assert_eq!(drafted(&fx), taken_up, "{draft}");
        assert!(
            bench.app.panes.pager.is_none(),
            "what moved up is not opened"
        );
    }
}

#[test]
fn what_is_merged_copied_or_done_is_what_it_was_asked_for() {
    let first = [Target::Location(LocationId(1))];
    let mut bench = typed(":merge-threads");
    let fx = enter(&mut bench);
    let merged = fx.iter().find_map(|effect| match effect {
        Effect::Ask(Intent::Merge(targets), _) => Some(targets.clone()),
        _ => None,
    });
    assert_eq!(merged.as_deref(), Some(&first[..]));
    let mut bench = Bench::new(three(), (100, 24));
    let sender = bench.rows[0].from[0].addr.clone();
    assert_ne!(sender, bench.rows[1].from[0].addr);
    bench.keys(":copy");
    bench.rows.remove(0);
    bench.event(posted(Topic::Mailbox(MailboxId(1))));
    let fx = enter(&mut bench);
    let copied = |e: &Effect| matches!(e, Effect::Copy(text) if *text == sender);
    assert!(fx.iter().any(copied), "{fx:?}");
    let mut bench = Bench::new(three(), (100, 24));
    let mut fx = Vec::new();
    bench
        .app
        .fulfil(crate::tui::app::outward::Wants::Do, bench.now, &mut fx);
    bench.keys("archive");
    bench.rows.remove(0);
    bench.event(posted(Topic::Mailbox(MailboxId(1))));
    assert_eq!(targets(&enter(&mut bench)), first);
}
