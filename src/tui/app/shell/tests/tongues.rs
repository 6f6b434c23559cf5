//! Every screen in every language: nothing that has a translation stands there in English.

use super::screens::{SCREENS, shown, timeless};
use super::*;
use crate::lang::{Book, Lang, during};
use crate::tui::golden::{self, SIZES};

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
