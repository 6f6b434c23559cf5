//! Saved views and tabs over the inbox, on the whole screen.

use super::*;
use crate::config::keep::{self, Keep};
use crate::config::{SavedView, Split};
use crate::store::Counted;

/// The screen with a view and two tabs; everything else is as ever.
fn bench(size: (u16, u16)) -> Bench {
    let split = |name: &str, query: &str| Split {
        name: name.into(),
        query: query.into(),
    };
    let setup = Setup {
        views: vec![SavedView {
            name: "Bills".into(),
            query: "subject:invoice newer:90d".into(),
            key: Some("g b".into()),
            icon: Some("€".into()),
            account: None,
        }],
        splits: vec![split("People", "-is:list"), split("Lists", "is:list")],
        ..setup()
    };
    let mut bench = Bench::new(three(), size);
    let (app, fx) = App::new(setup, size, bench.now);
    bench.app = app;
    bench.perform(fx);
    count(&mut bench);
    bench
}

/// The views thread counts.
fn count(bench: &mut Bench) {
    let mut fx = Vec::new();
    bench.app.panes.count(&mut fx);
    for effect in fx {
        if let Effect::Query(Question::Counts(lists)) = effect {
            let counts = lists.into_iter().zip(1..).map(|(list, n)| {
                let count = if n == 1 { 999 } else { n };
                (
                    list,
                    Counted {
                        count,
                        more: n == 1,
                    },
                )
            });
            bench.event(Event::Rows(Answer::Counts(counts.collect())));
        }
    }
}

fn listing(bench: &Bench) -> String {
    match bench.app.panes.index.listing() {
        Listing::Fitting(list) => list.query.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn tabs_stand_over_the_inbox_and_keys_and_clicks_go_to_them() {
    for (cols, rows) in [(40, 12), (80, 24), (200, 50)] {
        let bench = bench((cols, rows));
        insta::assert_snapshot!(format!("tabs_{cols}x{rows}"), bench.screen());
    }
    let mut bench = bench((80, 24));
    assert_eq!(listing(&bench), "-is:list");
    bench.keys("`");
    assert_eq!(listing(&bench), "is:list is:list");
    bench.keys("`");
    bench.sees("[Other");
    bench.keys("`~");
    assert_eq!(
        listing(&bench),
        "is:list -is:list",
        "around and back: the rest"
    );
    let column = bench
        .screen()
        .lines()
        .nth(1)
        .unwrap()
        .find("Lists")
        .unwrap();
    bench.event(Event::Mouse(crossterm::event::MouseEvent {
        kind: crossterm::event::MouseEventKind::Down(crossterm::event::MouseButton::Left),
        column: u16::try_from(column).unwrap(),
        row: 1,
        modifiers: KeyModifiers::NONE,
    }));
    bench.sees("[Lists");
    // Elsewhere there are none, and they are found again as they were left.
    bench.keys("ge");
    assert!(!bench.app.panes.has_tabs());
    bench.keys("gi");
    bench.sees("[Lists");
}

#[test]
fn a_view_is_listed_by_its_key_and_from_the_sidebar() {
    let mut bench = bench((80, 24));
    bench.sees("€ Bills");
    bench.sees("999+");
    bench.keys("gb");
    assert_eq!(listing(&bench), "subject:invoice newer:90d");
    bench.sees("Bills  999+ unread");
    bench.keys("e");
    assert!(matches!(bench.asked.last(), Some(Intent::Act { .. })));
    bench.keys("gi:view bills\n");
    assert_eq!(listing(&bench), "subject:invoice newer:90d");
    bench.keys(":view nonsense\n");
    bench.sees("No view is called `nonsense`");
}

#[test]
fn a_search_is_kept_and_a_view_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let mut bench = Bench::new(three(), (100, 24));
    let keep = |bench: &mut Bench, change: Keep| {
        let kept = keep::keep(&path, &change);
        bench.event(Event::Kept(change, kept));
    };
    bench.keys(":save-view Early\n");
    bench.sees("Search first");
    bench.keys("/lun newer:2d\n");
    let mut fx = Vec::new();
    let said = bench
        .app
        .panes
        .keeping_with(Command::SaveView, "Soon", bench.now, &mut fx);
    assert_eq!(said, Ok(()));
    let Some(Effect::Keep(change)) = fx.pop() else {
        panic!("{fx:?}")
    };
    keep(&mut bench, change);
    bench.sees("Kept as the view Soon.");
    // Relative dates stay so.
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("newer:2d"), "{text}");
    assert_eq!(bench.app.panes.shown_view().unwrap().name, "Soon");
    keep(&mut bench, Keep::NoView("Soon".into()));
    bench.sees("The view Soon is removed.");
    assert!(bench.app.panes.shown_view().is_none());
    assert!(matches!(
        bench.app.panes.index.listing(),
        Listing::Scope { .. }
    ));
    keep(&mut bench, Keep::NoView("Soon".into()));
    bench.sees("there is no view `Soon`");
}

#[test]
fn tabs_are_offered_to_who_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let mut bench = Bench::new(three(), (100, 24));
    bench.keys("`");
    bench.sees(":split-inbox makes some");
    bench.keys(":split-inbox\n");
    bench.sees("People, Notices, Lists");
    let change = Keep::Splits(crate::tui::app::views::suggestions().remove(1));
    let kept = keep::keep(&path, &change);
    bench.keys("\x1b");
    bench.event(Event::Kept(change, kept));
    bench.sees("[People");
    bench.sees("Notices");
    let change = Keep::Splits(Vec::new());
    let kept = keep::keep(&path, &change);
    bench.event(Event::Kept(change, kept));
    assert!(!bench.app.panes.has_tabs());
    bench.sees("one list again");
}

#[test]
fn a_list_is_narrowed_while_one_types_and_comes_back() {
    let mut bench = Bench::new(three(), (80, 24));
    let whole = bench.app.panes.index.listing().clone();
    bench.keys("\\from:ad");
    assert_eq!(listing(&bench), "from:ad*");
    bench.sees("Only: from:ad");
    bench.keys("a\n");
    bench.sees("All inboxes  only from:ada");
    // What is kept finds the same anywhere.
    bench.keys(":save-view Ada\n");
    let kept = bench.app.panes.narrowed().map(|n| n.text.clone());
    assert_eq!(kept.as_deref(), Some("from:ada"));
    // Narrowed anew it is a part of the same whole, and esc leaves nothing behind.
    bench.keys("\\is:unread");
    assert_eq!(listing(&bench), "is:unread");
    bench.keys("\x1b");
    assert_eq!(*bench.app.panes.index.listing(), whole);
    assert_eq!(bench.app.panes.narrowed(), None);

    bench.keys(":limit is:starred\n");
    assert_eq!(listing(&bench), "is:flagged");
    bench.rows.clear();
    bench.keys(":filter subject:nothing\n");
    bench.sees("Nothing here fits subject:nothing; esc shows all again.");
    bench.keys(":sort from\n");
    bench.sees("what is narrowed is listed by date");
    bench.keys("\x1b");
    assert_eq!(*bench.app.panes.index.listing(), whole);
    bench.keys(":filter wrong:x\n");
    bench.sees("there is no field `wrong:`");
    assert_eq!(*bench.app.panes.index.listing(), whole);
}

#[test]
fn a_tab_is_narrowed_and_its_line_stands_aside_meanwhile() {
    let mut bench = bench((80, 24));
    assert!(bench.app.panes.has_tabs());
    bench.keys("\\from:ada\n");
    assert_eq!(listing(&bench), "-is:list from:ada*");
    assert!(!bench.app.panes.has_tabs());
    bench.keys("\x1b");
    assert!(bench.app.panes.has_tabs());
}

#[test]
fn a_narrowed_list_is_kept_as_a_view_with_its_place() {
    let mut bench = Bench::new(three(), (80, 24));
    bench.keys("\\is:unread\n:save-view Mine\n");
    let panes = &bench.app.panes;
    assert_eq!(
        panes.narrowed_query().as_deref(),
        Some("is:unread in:inbox")
    );
}
