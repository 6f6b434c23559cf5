//! What tags are called: Thunderbird's five, which other programs write too, and the names that the
//! user gave.
//!
//! The five are keywords from `$label1` to `$label5`, in whatever case a server keeps them. Each is
//! known by its English name and by those of the screen's languages, whichever of these the screen
//! has now: what is asked for must not depend on what is shown.

use crate::lang::{self, Lang, mark};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The keywords of the five, and what they are called in English.
pub const FIVE: [(&str, &str); 5] = [
    ("$label1", mark!("tag", "Important")),
    ("$label2", mark!("tag", "Work")),
    ("$label3", mark!("tag", "Personal")),
    ("$label4", mark!("tag", "To Do")),
    ("$label5", mark!("tag", "Later")),
];

/// A name that the user gave a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The tag, as the user wrote it: a keyword, or what it is called without this.
    pub key: String,
    /// What it is called.
    pub name: String,
}

/// One of them, ready to be compared: every row of a list and of a search asks.
#[derive(Debug)]
struct Given {
    id: String,
    lower: String,
    named: Named,
}

type All = Option<Arc<Vec<Given>>>;

/// The names of the process. Like the language they belong to it as a whole; whoever reads the
/// configuration sets them.
static GIVEN: RwLock<All> = RwLock::new(None);

#[cfg(test)]
thread_local! {
    /// Those of a test's thread alone.
    static HERE: std::cell::RefCell<All> = const { std::cell::RefCell::new(None) };
}

/// Calls tags so from now on, on every thread.
pub fn choose(names: Vec<Named>) {
    *GIVEN.write().unwrap_or_else(PoisonError::into_inner) = ready(names);
}

/// Calls tags so on this thread while a test does something.
#[cfg(test)]
pub fn during<T>(names: Vec<Named>, work: impl FnOnce() -> T) -> T {
    let before = HERE.replace(ready(names));
    let done = work();
    HERE.replace(before);
    done
}

fn ready(names: Vec<Named>) -> All {
    let given = |named: Named| Given {
        id: id(&named.key),
        lower: named.name.to_lowercase(),
        named,
    };
    (!names.is_empty()).then(|| Arc::new(names.into_iter().map(given).collect()))
}

/// The names that the user gave, if there are any.
fn given() -> All {
    #[cfg(test)]
    if let Some(here) = HERE.with_borrow(Clone::clone) {
        return Some(here);
    }
    let all = GIVEN.read().unwrap_or_else(PoisonError::into_inner);
    all.clone()
}

/// Tags with names of the user's, in the order in which they were given.
pub fn all_given() -> Vec<Named> {
    let all = given();
    let all = all.iter().flat_map(|all| all.iter());
    all.map(|given| given.named.clone()).collect()
}

/// The one of the five that this keyword is, in any case.
fn among_five(keyword: &str) -> Option<(&'static str, &'static str)> {
    let mut all = FIVE.into_iter();
    all.find(|(known, _)| known.eq_ignore_ascii_case(keyword))
}

/// The keyword of the five that this is, in any case, as it is written.
pub fn five(keyword: &str) -> Option<&'static str> {
    among_five(keyword).map(|(known, _)| known)
}

/// What one of the five is called in English.
pub fn in_english(keyword: &str) -> Option<&'static str> {
    among_five(keyword).map(|(_, english)| english)
}

/// The keyword of the five that is called so: itself, in English, or in a language of the screen.
/// Neither case nor what stands between the words counts.
pub fn five_called(name: &str) -> Option<&'static str> {
    five(name).or_else(|| {
        let name = squeezed(plain(name)?);
        let called = |n: usize| {
            names_of_five()
                .get(n)
                .is_some_and(|all| all.contains(&name))
        };
        let mut all = FIVE.iter().enumerate();
        all.find(|(n, _)| called(*n)).map(|(_, (known, _))| *known)
    })
}

/// What one of the five is called in the language of the screen.
pub fn of_five(keyword: &str) -> Option<&'static str> {
    Some(lang::of_in("tag", in_english(keyword)?))
}

/// By what a tag is known, whichever way it is written: one of the five by its keyword, also where
/// only its English name stands as a keyword or a label, any other by its name in lower case.
pub fn id(own: &str) -> String {
    let english = || {
        let own = squeezed(plain(own)?);
        let mut all = FIVE.iter().zip(names_of_five());
        all.find(|(_, names)| names.first() == Some(&own))
            .map(|((known, _), _)| *known)
    };
    match five(own).or_else(english) {
        Some(known) => known.to_owned(),
        None => own.to_lowercase(),
    }
}

/// What the user called the tag of this id.
pub fn of_id(id: &str) -> Option<String> {
    let all = given()?;
    let found = all.iter().find(|given| given.id == id)?;
    Some(found.named.name.clone())
}

/// The tag that the user called so, as he wrote it.
pub fn key_of(name: &str) -> Option<String> {
    let all = given()?;
    let name = name.trim().to_lowercase();
    let found = all.iter().find(|given| given.lower == name)?;
    Some(found.named.key.clone())
}

/// The names of each of the five in every language, as they are compared.
fn names_of_five() -> &'static [Vec<String>; 5] {
    static ALL: OnceLock<[Vec<String>; 5]> = OnceLock::new();
    ALL.get_or_init(|| {
        FIVE.map(|(_, english)| {
            let said = |lang| lang::during(lang, || squeezed(lang::of_in("tag", english)));
            Lang::ALL.map(said).to_vec()
        })
    })
}

/// A name that is none of a program's keywords.
fn plain(name: &str) -> Option<&str> {
    (!name.starts_with('$')).then_some(name)
}

/// Letters and figures alone, in lower case.
pub fn squeezed(name: &str) -> String {
    let signs = name.chars().filter(|c| c.is_alphanumeric());
    signs.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_are_known_by_every_name_in_every_language() {
        for (name, known) in [
            ("important", Some("$label1")),
            ("WICHTIG", Some("$label1")),
            ("重要", Some("$label1")),
            ("todo", Some("$label4")),
            ("To do", Some("$label4")),
            ("to-do", Some("$label4")),
            ("$LABEL4", Some("$label4")),
            ("label4", None),
            ("$label6", None),
            ("$Todo", None),
            ("", None),
            ("--", None),
        ] {
            for lang in Lang::ALL {
                let found = lang::during(lang, || five_called(name));
                assert_eq!(found, known, "{name}");
            }
        }
        assert_eq!(
            lang::during(Lang::German, || of_five("$Label5")),
            Some("Später")
        );
    }

    #[test]
    fn a_tag_has_one_id_however_it_is_written() {
        assert_eq!(id("$LABEL2"), id("Work"));
        assert_eq!(id("TODO"), "$label4");
        assert_eq!(id("Rust"), "rust");
        // Names in other languages may be somebody's own.
        assert_eq!(id("Arbeit"), "arbeit");
    }
}
