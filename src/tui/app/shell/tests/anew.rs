//! What the files say now, taken up or not.

use super::*;
use crate::config::Problem;
use crate::config::load::{self, Loaded};
use crate::tui::files::{CONFIG, Fresh, Wrong};

/// What the files say: `config.toml` this.
fn fresh(text: &str) -> Fresh {
    let Loaded {
        config, problems, ..
    } = load::parse(text, std::path::Path::new("/c"));
    let wrong = problems.into_iter().map(|problem| Wrong {
        file: CONFIG.to_owned(),
        problem,
    });
    Fresh {
        config: Some(Box::new(config)),
        wrong: wrong.collect(),
        ..Fresh::default()
    }
}

/// They were read, for the how manieth time.
fn read(text: &str, number: u64) -> Event {
    Event::Fresh {
        fresh: Box::new(fresh(text)),
        number,
        open: false,
    }
}

#[test]
fn what_waits_is_not_begun_anew_with_a_file_that_became_wrong() {
    let mut bench = Bench::new(three(), (100, 30));
    bench.keys(":");
    bench.event(read("[ui]\nundo-send = 7\n", 1));
    assert!(!bench.quit, "somebody types");
    bench.event(read("[ui]\nundo-send = 7\nmouse = 3\n", 2));
    bench.keys("\x1b");
    assert!(!bench.quit, "the file is wrong now");
    bench.sees("mouse");
    bench.event(read("[ui]\nundo-send = 7\n", 3));
    assert!(bench.quit);
}

#[test]
fn the_same_mistake_in_another_account_is_another_one() {
    let account = |name: &str, more: &str| {
        format!(
            "[[account]]\nname = \"{name}\"\nemail = \"{name}@example.org\"\n\
             imap = {{ host = \"mail.example.org\" }}\nsmtp = {{ host = \"mail.example.org\" }}\n{more}"
        )
    };
    let wrong = account("a", "colour = 1\n");
    let begun = Setup {
        fresh: fresh(&wrong),
        ..setup()
    };
    let mut bench = Bench::of(begun, three(), (100, 30));
    // The other account would be left out now: nothing is taken up, and it is said.
    let other = format!("{}{}", account("a", ""), account("b", "colour = 1\n"));
    bench.event(read(&other, 1));
    assert!(!bench.quit);
    bench.sees("config.toml");
    bench.sees("Nothing changed");
    // What was wrong when it was taken up is known, wherever it stands now.
    let moved = format!("\n\n{wrong}{}", account("b", ""));
    bench.event(read(&moved, 2));
    assert!(bench.quit);
}

#[test]
fn a_theme_that_went_holds_nothing_else_up() {
    let mut bench = Bench::new(three(), (100, 30));
    let text = "[ui]\ntheme = \"mine\"\nundo-send = 7\n";
    let gone = Wrong {
        file: CONFIG.to_owned(),
        problem: Problem::at(text, 5, "there is no theme `mine`".to_owned()),
    };
    let mut fresh = fresh(text);
    fresh.wrong.push(gone.clone());
    fresh.themeless = Some(gone);
    bench.event(Event::Fresh {
        fresh: Box::new(fresh),
        number: 1,
        open: false,
    });
    assert!(bench.quit, "another time for taking back begins anew");
}

#[test]
fn a_theme_that_there_is_not_is_told_and_changes_nothing() {
    let mut bench = Bench::new(three(), (100, 30));
    bench.keys(":theme nord\n:theme light\n");
    bench.sees("there is no theme `light`; did you mean");
    assert_eq!(bench.app.dress.setting(), "nord");
}
