//! The linear mode on every screen of the table: the cursor stands on what is chosen, nothing is
//! drawn but words, and what changes is said.

use super::screens::{SCREENS, shown};
use super::*;
use crate::tui::golden::SIZES;
use crate::tui::{Taste, linear};

fn linear() -> Setup {
    let taste = Taste {
        linear: true,
        ..Taste::default()
    };
    Setup { taste, ..setup() }
}

fn line(bench: &Bench) -> String {
    let (buf, cursor) = bench.drawn();
    let at = cursor.expect("a cursor");
    let text = golden::text(&buf);
    text.lines()
        .nth(usize::from(at.y))
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn every_screen_has_a_cursor_and_only_words() {
    for (name, _) in SCREENS {
        for size in SIZES {
            let bench = shown(name, size, linear());
            let (buf, cursor) = bench.drawn();
            assert!(cursor.is_some(), "{name} {size:?}");
            let text = golden::text(&buf);
            assert!(!linear::has_signs(&text), "{name}: {text}");
            let marks = linear::HERE | linear::BEGIN;
            let marked = buf.content.iter().any(|c| c.modifier.intersects(marks));
            assert!(!marked, "{name}: a mark is left");
            let row = usize::from(cursor.unwrap().y);
            let line = text.lines().nth(row).unwrap_or_default();
            assert!(!line.trim().is_empty(), "{name} {size:?} {row}: {text}");
        }
        let bench = shown(name, (80, 24), linear());
        let (buf, cursor) = bench.drawn();
        let at = cursor
            .map(|c| format!("{},{}", c.x, c.y))
            .unwrap_or_default();
        let text = format!("cursor {at}\n{}", golden::text(&buf));
        insta::assert_snapshot!(format!("linear-{name}"), super::screens::timeless(text));
    }
}

#[test]
fn the_cursor_goes_with_the_keys() {
    let mut bench = Bench::of(linear(), super::screens::states(), (80, 24));
    assert!(
        line(&bench).contains("unread, Ada Lovelace, Lunch on Friday"),
        "{}",
        line(&bench)
    );
    bench.keys("j");
    assert!(
        line(&bench).contains("Bo, Subject 2, starred"),
        "{}",
        line(&bench)
    );
    bench.keys("s");
    bench.sees("Star taken away.");
    bench.keys("x");
    bench.keys("k");
    assert!(line(&bench).contains("selected, Bo") || line(&bench).contains("Ada"));
    bench.keys(":links\n");
    bench.sees("Open a message first.");
}
