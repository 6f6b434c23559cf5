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
