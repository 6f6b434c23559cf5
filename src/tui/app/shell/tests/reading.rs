//! Reading on the whole screen: a message, a conversation, words looked for.

use super::*;

#[test]
fn opening_reads_and_marks_seen() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("\n");
    let screen = bench.screen();
    assert!(screen.contains("Shall we?") && screen.contains("Ada <ada@example.org>"));
    assert!(matches!(&bench.asked[..], [Intent::Read(targets)]
        if targets[..] == [Target::Location(LocationId(1))]));
    bench.keys("q");
    assert!(!bench.screen().contains("Shall we?"));
    assert_eq!(bench.app.panes.index.selected().unwrap().row.unread, 0);
}

#[test]
fn a_thread_opens_as_a_conversation_at_its_first_unread() {
    let mut bench = Bench::new(three(), (200, 50));
    bench.keys("G\n");
    let location = |b: &Bench| b.app.panes.pager.as_ref().unwrap().location();
    assert_eq!(location(&bench), Some(LocationId(100)));
    let read = |b: &Bench| -> Vec<Target> {
        let acts = b.asked.iter().map(|i| match i {
            Intent::Read(targets) | Intent::Act { targets, .. } => targets.clone(),
            other => panic!("{other:?}"),
        });
        acts.flatten().collect()
    };
    let seen = |n| Target::Location(LocationId(n));
    assert_eq!(
        read(&bench),
        [100, 101, 102].map(seen),
        "all are on the screen"
    );
    bench.keys("n");
    assert_eq!(location(&bench), Some(LocationId(101)));
    bench.keys("s");
    assert_eq!(
        read(&bench).last(),
        Some(&seen(101)),
        "one message is starred"
    );
    bench.keys("e");
    assert!(
        matches!(read(&bench).last(), Some(Target::Thread { .. })),
        "the whole conversation is filed"
    );
}

#[test]
fn words_are_looked_for_in_what_is_read() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("\n/shall\n");
    bench.sees("hit 1 of 1");
    bench.keys("\x1b");
    assert!(!bench.screen().contains("hit 1"));
    assert!(bench.screen().contains("Shall we?"), "still open");
    bench.keys("/nowhere\n");
    bench.sees("That is not here");
}

#[test]
fn a_conversation_stands_at_every_size() {
    for (cols, rows) in [(40, 12), (80, 24), (200, 50)] {
        let mut bench = Bench::new(three(), (cols, rows));
        bench.keys("G\n");
        insta::assert_snapshot!(format!("conversation_{cols}x{rows}"), bench.screen());
    }
}

#[test]
fn names_that_pretend_are_marked_in_the_list() {
    let mut rows = three();
    rows[0].from = vec![Address::new("joe@good.example", "evil@evil.example")];
    rows[1].from = vec![Address::new("", "u@xn--pple-43d.com")];
    let bench = Bench::new(rows, (80, 24));
    insta::assert_snapshot!(bench.screen());
}

/// What a key held with Alt puts on the clipboard.
fn copied(bench: &mut Bench, key: char) -> Vec<String> {
    let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::ALT);
    let fx = bench.app.update(Event::Key(key), bench.now);
    let copied = |e: &Effect| match e {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    };
    fx.iter().filter_map(copied).collect()
}

fn reading(raw: &str) -> Bench {
    use crate::mime::render::{RenderOptions, render};
    let mut bench = Bench::new(three(), (80, 24));
    bench.body = Arc::new(render(raw.as_bytes(), &RenderOptions::default()));
    bench.keys("\n");
    bench
}

#[test]
fn a_one_time_code_is_copied_in_the_reader_and_from_the_list() {
    let mut bench = reading("Subject: x\n\nYour code is 482 913.\n");
    assert_eq!(copied(&mut bench, 'c'), ["482913"]);
    assert!(bench.screen().contains("Copied the code 482913."));
    let mut bench = reading("Subject: x\n\nNothing here in 2026.\n");
    assert_eq!(copied(&mut bench, 'c'), Vec::<String>::new());
    assert!(bench.screen().contains("There is no one-time code here."));
    let mut rows = three();
    rows[0].snippet = Some("482913 is your sign-in code".into());
    let mut bench = Bench::new(rows, (80, 24));
    assert_eq!(copied(&mut bench, 'c'), ["482913"]);
}

#[test]
fn of_several_blocks_of_code_one_is_chosen() {
    let one = "Subject: x\n\nRun this:\n```\ncargo build \u{202e}\n  --release\n```\n";
    let mut bench = reading(one);
    let block = "cargo build \n  --release";
    assert_eq!(
        copied(&mut bench, 'y'),
        [block],
        "hidden characters are left out"
    );
    let page = "Subject: x\nContent-Type: text/html\n\n<pre>first\n  line</pre><p>and</p><pre><code>second</code></pre>";
    let mut bench = reading(page);
    assert_eq!(copied(&mut bench, 'y'), Vec::<String>::new());
    assert!(bench.screen().contains("second"), "{}", bench.screen());
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let fx = bench.app.update(Event::Key(enter), bench.now);
    assert!(
        matches!(&fx[..], [Effect::Copy(text)] if text == "first\n  line"),
        "{fx:?}"
    );
    let patch = "Subject: x\n\nHere:\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    let mut bench = reading(patch);
    assert!(copied(&mut bench, 'y')[0].starts_with("--- a/x\n+++ b/x"));
}

#[test]
fn another_time_can_be_given_with_the_command_and_still_waits_for_enter() {
    let calendar = "Subject: x\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Lunch\nDTSTART:20261102T100000Z\nORGANIZER:mailto:o@x.example\nATTENDEE:mailto:me@example.org\nEND:VEVENT\nEND:VCALENDAR\n";
    let mut bench = reading(calendar);
    bench.keys(":counter in 3 days\n");
    let screen = bench.screen();
    assert!(
        screen.contains("Propose another time") && screen.contains("in 3 days"),
        "{screen}"
    );
    assert!(screen.contains("to o@x.example"), "who is told: {screen}");
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    let fx = bench.app.update(Event::Key(enter), bench.now);
    assert!(matches!(&fx[..], [Effect::Build(..)]), "{fx:?}");
}

#[test]
fn what_is_not_in_a_long_message_is_told_once_all_of_it_was_looked_through() {
    let mut bench = Bench::new(three(), (100, 24));
    let mut long = Rendered::clone(&body());
    let line = long.lines[0].clone();
    long.lines = vec![line; 30_000];
    bench.body = Arc::new(long);
    bench.keys("\n/nowhere\n");
    let told = |bench: &Bench| bench.screen().contains("That is not here");
    assert!(!told(&bench), "{}", bench.screen());
    let mut turns = 0;
    while bench.app.deadline() == Some(bench.now.mono) {
        assert!(!told(&bench));
        bench.event(Event::Tick);
        turns += 1;
    }
    assert!(turns > 3 && told(&bench), "{turns}: {}", bench.screen());
}
