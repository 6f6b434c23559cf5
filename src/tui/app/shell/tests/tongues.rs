//! Every screen in every language: nothing that has a translation stands there in English.

use super::screens::{SCREENS, shown, timeless};
use super::*;
use crate::config::Look;
use crate::lang::{Book, Lang, during};
use crate::model::checkup::{Progress, called};
use crate::model::setup::Cancel;
use crate::tui::golden::{self, SIZES};
use crate::tui::{Taste, checkup};

const OTHERS: [Lang; 2] = [Lang::German, Lang::Japanese];

/// English that can be told from names: whole texts of several words that are said otherwise.
fn english(lang: Lang) -> Vec<String> {
    let book = Book::read(lang.catalogue()).unwrap();
    let texts = book.entries().filter(|(_, id, said)| {
        let words = id.split_whitespace().count();
        let sentence = id.starts_with(char::is_uppercase) && words > 1 || words > 3;
        sentence && !id.contains(['{', '\n']) && said.forms.iter().all(|f| f != id)
    });
    texts.map(|(_, id, _)| id.to_owned()).collect()
}

#[test]
fn no_screen_is_left_in_english() {
    for lang in OTHERS {
        let english = english(lang);
        let mut wrong = Vec::new();
        for (name, _) in SCREENS {
            for size in SIZES {
                let drawn = during(lang, || shown(name, size, setup()).drawn().0);
                let text = golden::text(&drawn);
                let found = english.iter().filter(|id| text.contains(id.as_str()));
                wrong.extend(found.map(|id| format!("{name} at {size:?}: {id}")));
            }
        }
        assert!(wrong.is_empty(), "{lang:?}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn some_screens_in_each_language() {
    for lang in OTHERS {
        for name in ["list", "reader", "composer", "settings", "help", "outbox"] {
            assert!(SCREENS.iter().any(|(known, _)| *known == name), "{name}");
            let drawn = during(lang, || {
                let text = golden::text(&shown(name, (80, 24), setup()).drawn().0);
                timeless(text)
            });
            insta::assert_snapshot!(format!("{name}-{}", lang.code()), drawn);
        }
    }
}

/// What is looked at on this machine, in terminals that differ in all that is told of them.
fn machine(bench: &mut Bench) {
    let set: [&[(&str, &str)]; 4] = [
        &[("TERM", "xterm-kitty"), ("LANG", "de_DE.UTF-8")],
        &[("TERM", "tmux-256color"), ("TMUX", "x"), ("LC_ALL", "C")],
        &[("TERM", "xterm"), ("COLORTERM", "truecolor"), ("LANG", "C")],
        &[],
    ];
    let cancel = Cancel::default();
    for set in set {
        let look = Look {
            spell: (set.len() > 2).then(|| vec!["xx_XX".to_owned()]),
            ..Look::default()
        };
        let var = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        for step in checkup::around(&look, var) {
            let step = Some(Progress::Done(step));
            bench.event(Event::Examined(cancel.clone(), step));
        }
    }
    let begun = Some(Progress::Begun("helper programs"));
    bench.event(Event::Examined(cancel, begun));
}

#[test]
fn a_doctor_speaks_each_language() {
    // A screen that has all of it, and one that is read aloud.
    let size = (160, 100);
    for lang in OTHERS {
        for linear in [false, true] {
            let text = during(lang, || {
                let taste = Taste {
                    linear,
                    ..Taste::default()
                };
                let mut bench = shown("list", size, Setup { taste, ..setup() });
                machine(&mut bench);
                golden::text(&bench.drawn().0)
            });
            let of_step = |name| during(lang, || called(name));
            for name in ["terminal", "locale", "spelling", "helper programs"] {
                assert_ne!(of_step(name), name);
                assert!(text.contains(of_step(name)), "{lang:?}: {name}:\n{text}");
            }
            let english = english(lang);
            let found: Vec<_> = english.iter().filter(|id| text.contains(*id)).collect();
            assert!(found.is_empty(), "{lang:?}: {found:?}\n{text}");
        }
    }
}
