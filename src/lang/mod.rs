//! The languages of the screen. A text stands in English where it is said, marked by a macro, and is
//! looked up by itself in the catalogue of the language that was chosen; what a catalogue lacks is
//! said in English. `tests/it/language.rs` keeps the catalogues complete.
//!
//! ```
//! use postrider::lang::{mark, tr, trn};
//! let name = "Archive";
//! assert_eq!(tr!("No mail here yet"), "No mail here yet");
//! assert_eq!(tr!("Rename {path} to: ", path = name), "Rename Archive to: ");
//! assert_eq!(trn!(n = 2, "{n} message in {name}", "{n} messages in {name}", name), "2 messages in Archive");
//! // Texts of a table are marked there, and looked up where they are drawn.
//! const TITLES: [&str; 2] = [mark!("Reading"), mark!("Writing")];
//! assert_eq!(TITLES.map(postrider::lang::of), ["Reading", "Writing"]);
//! ```

mod fill;
mod mark;
mod po;

pub use crate::{mark, tr, trc, trn};
pub use fill::fill;
#[doc(hidden)]
pub use mark::{Count, counts, plain, takes};
pub use po::{Book, Said};

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

/// A language in which the screen can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Lang {
    /// That of the sources.
    #[default]
    English = 0,
    /// German.
    German = 1,
    /// Japanese.
    Japanese = 2,
}

/// The choice of the process. Like the zone and the locale it belongs to the process as a whole, and
/// nothing that is done depends on it, only what is said. One `main` chooses, before there are
/// threads that say anything.
static CHOSEN: AtomicU8 = AtomicU8::new(0);
static BOOKS: [OnceLock<Book>; Lang::ALL.len() - 1] =
    [const { OnceLock::new() }; Lang::ALL.len() - 1];
/// Their catalogues, which are built in packed (`build.rs`).
static UNPACKED: [OnceLock<String>; Lang::ALL.len() - 1] =
    [const { OnceLock::new() }; Lang::ALL.len() - 1];

thread_local! {
    /// What this thread alone says something in for a moment.
    static HERE: Cell<Option<Lang>> = const { Cell::new(None) };
}

/// Between the forms of what is kept (see [`kept`]). No clean text has it.
const BESIDE: char = '\u{1f}';

impl Lang {
    /// All of them.
    pub const ALL: [Lang; 3] = [Lang::English, Lang::German, Lang::Japanese];

    /// Its code (ISO 639-1).
    pub fn code(self) -> &'static str {
        match self {
            Lang::English => "en",
            Lang::German => "de",
            Lang::Japanese => "ja",
        }
    }

    /// The one of this code.
    pub fn of_code(code: &str) -> Option<Lang> {
        Lang::ALL.into_iter().find(|l| l.code() == code)
    }

    /// Its catalogue as it stands in the sources (the PO format of GNU gettext); English has none.
    pub fn catalogue(self) -> &'static str {
        let packed: &[u8] = match self {
            Lang::English => return "",
            Lang::German => include_bytes!(concat!(env!("OUT_DIR"), "/de.po.zst")),
            Lang::Japanese => include_bytes!(concat!(env!("OUT_DIR"), "/ja.po.zst")),
        };
        let unpack = || String::from_utf8(zstd::decode_all(packed).ok()?).ok();
        let shelf = UNPACKED.get((self as usize).saturating_sub(1));
        shelf.map_or("", |text| text.get_or_init(|| unpack().unwrap_or_default()))
    }

    /// Which form of a text with a number is said of `n`: the first or the second.
    pub fn form(self, n: u64) -> usize {
        match self {
            Lang::English | Lang::German => usize::from(n != 1),
            Lang::Japanese => 0,
        }
    }

    /// What stands before the decimals.
    pub fn decimal(self) -> char {
        match self {
            Lang::German => ',',
            Lang::English | Lang::Japanese => '.',
        }
    }

    /// What stands between thousands.
    pub fn thousands(self) -> char {
        match self {
            Lang::German => '.',
            Lang::English | Lang::Japanese => ',',
        }
    }

    fn book(self) -> Option<&'static Book> {
        let shelf = BOOKS.get((self as usize).checked_sub(1)?)?;
        // The test reads the catalogues strictly; whatever could not be read is said in English.
        Some(shelf.get_or_init(|| Book::read(self.catalogue()).unwrap_or_default()))
    }
}

/// The language that a locale asks for: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says
/// anything (POSIX, 8.2). English if there is no catalogue for it.
pub fn of_environment(var: impl Fn(&str) -> Option<String>) -> Lang {
    let mut names = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
    let locale = names.find_map(|n| var(n).filter(|v| !v.is_empty()));
    let locale = locale.unwrap_or_default();
    let code = locale.split(['_', '.', '@']).next().unwrap_or_default();
    Lang::of_code(code).unwrap_or_default()
}

/// Says everything in this language from now on. Only `main` chooses.
pub fn choose(lang: Lang) {
    let _ = lang.book();
    CHOSEN.store(lang as u8, Ordering::Relaxed);
}

/// The language in which things are said now.
pub fn now() -> Lang {
    if let Some(lang) = HERE.get() {
        return lang;
    }
    let chosen = usize::from(CHOSEN.load(Ordering::Relaxed));
    Lang::ALL.get(chosen).copied().unwrap_or_default()
}

/// Does something in a language on this thread alone.
pub fn during<T>(lang: Lang, work: impl FnOnce() -> T) -> T {
    struct Back(Option<Lang>);
    impl Drop for Back {
        fn drop(&mut self) {
            HERE.set(self.0);
        }
    }
    let _back = Back(HERE.replace(Some(lang)));
    work()
}

/// What is said, to be written down: in English, for scripts and for whoever reads it in another
/// language later, and behind that in the language of now, if that is another.
pub fn kept(say: impl Fn() -> String) -> String {
    let one = |lang| during(lang, &say).replace(BESIDE, " ");
    let (english, lang) = (one(Lang::English), now());
    let here = one(lang);
    match here == english {
        true => english,
        false => [&english, lang.code(), &here].join(BESIDE.encode_utf8(&mut [0; 4])),
    }
}

/// What was [`kept`], as it was said in the language of now; in English if it was said in another.
/// What was written down in another way is as it is.
pub fn told(kept: &str) -> &str {
    let mut forms = kept.splitn(3, BESIDE);
    let english = forms.next().unwrap_or_default();
    match (forms.next(), forms.next()) {
        (Some(code), Some(here)) if code == now().code() => here,
        _ => english,
    }
}

/// A marked text in the language of the screen; one that no catalogue has as it is, so also what was
/// stored may be asked for.
pub fn of(text: &str) -> &str {
    of_in("", text)
}

/// The same for a text marked with a context, as one word may mean two things.
pub fn of_in<'a>(context: &str, text: &'a str) -> &'a str {
    match now().book() {
        None => text,
        Some(book) => book.text(context, text).unwrap_or(text),
    }
}

/// The template of another language, if the screen has another language: for the macros.
#[doc(hidden)]
pub fn other(context: &str, text: &str) -> Option<&'static str> {
    now().book()?.text(context, text)
}

/// The same for a text with a number: for the macros.
#[doc(hidden)]
pub fn other_of(one: &str, n: u64) -> Option<&'static str> {
    let lang = now();
    lang.book()?.form("", one, lang.form(n))
}

/// Names as one says them: `A`, `A and B`, `A, B and C`.
pub fn and<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [before @ .., last] => {
            let before: Vec<&str> = before.iter().map(AsRef::as_ref).collect();
            let before = before.join(tr!(", "));
            tr!("{before} and {last}", before, last = last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_chooses_as_posix_says() {
        let table: [(&[(&str, &str)], Lang); 8] = [
            (&[], Lang::English),
            (&[("LANG", "de_DE.UTF-8")], Lang::German),
            (&[("LANG", "ja")], Lang::Japanese),
            (&[("LANG", "fr_FR.UTF-8")], Lang::English),
            (&[("LC_ALL", ""), ("LANG", "de_AT@euro")], Lang::German),
            (
                &[("LC_MESSAGES", "ja_JP.UTF-8"), ("LANG", "de_DE")],
                Lang::Japanese,
            ),
            (
                &[("LC_ALL", "C"), ("LC_MESSAGES", "ja_JP.UTF-8")],
                Lang::English,
            ),
            (&[("LANG", "deutsch")], Lang::English),
        ];
        for (set, wanted) in table {
            let found = of_environment(|name| {
                let mut set = set.iter();
                set.find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
            });
            assert_eq!(found, wanted, "{set:?}");
        }
    }

    #[test]
    fn names_in_a_row() {
        assert_eq!(and::<&str>(&[]), "");
        assert_eq!(and(&["Ada"]), "Ada");
        assert_eq!(and(&["Ada", "Grace"]), "Ada and Grace");
        assert_eq!(and(&["Ada", "Grace", "Mary"]), "Ada, Grace and Mary");
        let german = during(Lang::German, || and(&["Ada", "Grace", "Mary"]));
        assert_eq!(german, "Ada, Grace und Mary");
    }

    #[test]
    fn another_language_is_this_threads_alone() {
        let said = || trn!(n = 1_u32, "{n} more", "{n} more");
        assert_eq!(said(), "1 more");
        assert_eq!(during(Lang::German, said), "1 weitere");
        assert_eq!(during(Lang::Japanese, said), "ほか1件");
        let elsewhere = during(Lang::German, || {
            std::thread::spawn(|| tr!("{before} and {last}", before = 1, last = 2))
                .join()
                .unwrap()
        });
        assert_eq!(elsewhere, "1 and 2");
    }

    #[test]
    fn what_is_written_down_is_english_for_whoever_reads_another_language() {
        let n = 2_u32;
        let said = during(Lang::German, || {
            let rest = kept(|| trn!(n, "{n} more", "{n} more"));
            assert_eq!(told(&rest), "2 weitere");
            kept(|| {
                tr!(
                    "{before} and {last}",
                    before = told(&rest),
                    last = "\u{1f}x"
                )
            })
        });
        for (lang, form) in [
            (Lang::English, "2 more and  x"),
            (Lang::German, "2 weitere und  x"),
            (Lang::Japanese, "2 more and  x"),
        ] {
            assert_eq!(during(lang, || told(&said).to_owned()), form);
        }
        assert_eq!(kept(|| "a".to_owned()), "a");
        assert_eq!(told("an old row"), "an old row");
    }

    #[test]
    fn what_no_catalogue_has_is_said_as_it_is() {
        during(Lang::German, || {
            assert_eq!(of("said by nobody"), "said by nobody");
            assert_eq!(of_in("no such context", "Mon"), "Mon");
            assert_eq!(of(""), "", "not the catalogue's header");
        });
    }
}
