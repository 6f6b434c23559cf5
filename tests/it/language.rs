//! The catalogues say everything that the sources mark, and nothing else.
//!
//! `UPDATE_LANG=1 cargo test --test it language` writes both anew: entries in the order of the sources,
//! those of `assets/lang/parts` joined, new ones empty, and tells of those that nobody says any more.

use crate::rust_texts::{Marked, marked, unmarked};
use postrider::lang::{Book, Lang, Said};
use postrider::text::{Clean, width};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const OTHERS: [Lang; 2] = [Lang::German, Lang::Japanese];

/// Columns that a text of this context has room for.
const WIDTHS: [(&str, usize); 7] = [
    ("ago", 6),
    ("key", 14),
    ("field", 9),
    ("form", 12),
    ("row", 9),
    ("head", 14),
    ("set", 8),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(lang: Lang) -> PathBuf {
    root().join(format!("assets/lang/{}.po", lang.code()))
}

/// Everything that is marked, in the order of the sources: each with the files that say it.
fn said_in_sources() -> Vec<(Marked, BTreeSet<String>)> {
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut all: Vec<(Marked, BTreeSet<String>)> = Vec::new();
    for (path, found) in marked(root()) {
        for text in found {
            let key = (text.context.clone(), text.text.clone());
            let at = *places.entry(key).or_insert_with(|| {
                all.push((text.clone(), BTreeSet::new()));
                all.len() - 1
            });
            all[at].1.insert(path.clone());
            // One that is about a number somewhere is about a number everywhere.
            if let (None, Some(_)) = (&all[at].0.plural, &text.plural) {
                all[at].0.plural = text.plural;
            }
        }
    }
    all
}

fn book(lang: Lang) -> Book {
    let text = std::fs::read_to_string(file(lang)).unwrap();
    match Book::read(text.leak()) {
        Ok(book) => book,
        Err((line, what)) => panic!("{}:{line}: {what}", file(lang).display()),
    }
}

#[test]
fn every_text_is_in_each_catalogue_and_nothing_else() {
    if std::env::var_os("UPDATE_LANG").is_some() {
        return OTHERS.into_iter().for_each(write_anew);
    }
    let said = said_in_sources();
    let mut wrong = String::new();
    for lang in OTHERS {
        let book = book(lang);
        let entries: BTreeMap<(&str, &str), &Said> = book
            .entries()
            .map(|(context, id, said)| ((context, id), said))
            .collect();
        for (text, files) in &said {
            let found = entries.get(&(text.context.as_str(), text.text.as_str()));
            let what = match found {
                None => "is missing",
                Some(said) if said.forms.iter().any(|f| f.is_empty()) => "is not translated",
                Some(said) if said.fuzzy => "is fuzzy",
                Some(said) if said.plural.as_deref() != text.plural.as_deref() => {
                    "has another plural"
                }
                Some(_) => continue,
            };
            let _ = writeln!(wrong, "{}: {:?} {what} ({files:?})", lang.code(), text.text);
        }
        let known: BTreeSet<(&str, &str)> = said
            .iter()
            .map(|(t, _)| (t.context.as_str(), t.text.as_str()))
            .collect();
        for (context, id) in entries.keys() {
            if !id.is_empty() && !known.contains(&(*context, *id)) {
                let _ = writeln!(wrong, "{}: nobody says {id:?} ({context:?})", lang.code());
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong}UPDATE_LANG=1 makes places for what is missing"
    );
}

/// What a doctor shows on the screen comes from these. The lines and tables of the command line, which
/// are English, stand in `tell.rs` beside them.
const DOCTOR: [&str; 11] = [
    "src/net/check/",
    "src/cli/doctor/account.rs",
    "src/cli/doctor/imap.rs",
    "src/cli/doctor/machine.rs",
    "src/cli/doctor/reach.rs",
    "src/cli/doctor/sender.rs",
    "src/cli/doctor/smtp.rs",
    "src/cli/doctor/visit.rs",
    "src/model/checkup.rs",
    "src/tui/checkup.rs",
    "src/tui/screen/doctor.rs",
];

/// What is said to servers, or is never shown.
const NOT_SHOWN: &[&str] = &[
    "EHLO localhost\r\n",
    "a STARTTLS\r\n",
    "avg technologies",
    "palo alto",
    "blue coat",
    "check point",
    "cisco umbrella",
    "eset ",
    "{}: `port = {port}, security = \"{security}\"`",
    "the server ends before TLS begins",
    "the server showed no certificate that can be read",
];

#[test]
fn nothing_that_a_doctor_shows_is_unmarked() {
    let sources = crate::rust_texts::sources(root());
    let shown = sources
        .iter()
        .filter(|(path, _)| DOCTOR.iter().any(|place| path.starts_with(place)));
    let mut wrong = String::new();
    let test = |path: &str| path.ends_with("/fake.rs") || path.ends_with("/tongues.rs");
    for (path, source) in shown.filter(|(path, _)| !test(path)) {
        for text in unmarked(source) {
            if !NOT_SHOWN.contains(&text.as_str()) {
                let _ = writeln!(wrong, "{path}: {text:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_form_fits_its_english() {
    let mut wrong = String::new();
    for lang in OTHERS {
        let book = book(lang);
        for (context, id, said) in book.entries().filter(|(_, id, _)| !id.is_empty()) {
            let plural = said.plural.as_deref();
            let wanted = match (plural, lang) {
                (None, _) | (_, Lang::Japanese) => 1,
                _ => 2,
            };
            if said.forms.len() != wanted {
                let _ = writeln!(wrong, "{}: {id:?}: {} forms", lang.code(), said.forms.len());
            }
            for (number, form) in said.forms.iter().enumerate() {
                // The last form is said of many.
                let last = number + 1 == said.forms.len();
                let english = plural.filter(|_| last).unwrap_or(id);
                for what in misfits(context, english, form) {
                    let _ = writeln!(wrong, "{}: {english:?} -> {form:?}: {what}", lang.code());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is wrong with a form of a text.
fn misfits(context: &str, english: &str, form: &str) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    let mut check = |good: bool, what| {
        if !good {
            wrong.push(what);
        }
    };
    check(places(english) == places(form), "other places");
    check(
        form.matches('\n').count() == english.matches('\n').count(),
        "other lines",
    );
    check(
        Clean::block(form).as_str() == form && !form.contains('\t'),
        "what a terminal must not get",
    );
    // A comma of Japanese brings its blank with it.
    let wide = ['、', '。', '：', '；', '（'];
    let begins = |text: &str| text.starts_with([' ', '\n']) || text.starts_with(wide);
    let ends = |text: &str| text.ends_with([' ', '\n']) || text.ends_with(wide);
    check(
        begins(english) == begins(form) || form.starts_with(wide),
        "other blanks before it",
    );
    check(
        ends(english) == ends(form) || form.ends_with(wide),
        "other blanks behind it",
    );
    check(kept(english) == kept(form), "other keys, commands or files");
    let room = WIDTHS.iter().find(|(known, _)| *known == context);
    check(
        room.is_none_or(|(_, cols)| width::width(form) <= (*cols).max(width::width(english))),
        "too wide",
    );
    wrong
}

/// The `{names}` of a text, as often as they stand there.
fn places(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect();
    found.sort_unstable();
    found
}

/// What is typed or pointed at: keys by name, `:commands`, options, files, addresses.
fn kept(text: &str) -> Vec<String> {
    const KEYS: [&str; 8] = [
        "enter", "esc", "ctrl-", "alt-", "docs/", ".toml", "https://", "--",
    ];
    let mut found = Vec::new();
    let lower = text.to_lowercase();
    for key in KEYS {
        // "Enter" begins a sentence as often as a key's name stands in one, and "esc" is in many a word.
        let whole = |at: usize| {
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
            let before = inside(lower[..at].chars().next_back());
            let after = inside(lower[at + key.len()..].chars().next());
            !key.ends_with(|c: char| c.is_alphabetic())
                || key.starts_with('.')
                || !(before || after)
        };
        let times = lower
            .match_indices(key)
            .filter(|(at, _)| whole(*at))
            .count();
        if times > 0 && (key != "enter" || text.contains("enter")) {
            found.push(format!("{key} {times}"));
        }
    }
    // A command stands behind a blank, a bracket or, in Japanese, behind anything.
    let commands = text.match_indices(':').filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        let begins = before.is_none_or(|c| c.is_whitespace() || c == '(' || !c.is_ascii());
        begins && text[at + 1..].starts_with(|c: char| c.is_ascii_lowercase())
    });
    found.extend(commands.map(|(at, _)| {
        let name = text[at + 1..].split(|c: char| !c.is_ascii_lowercase() && c != '-');
        format!(":{}", name.into_iter().next().unwrap_or_default())
    }));
    found.sort();
    found
}

#[test]
fn plural_forms_are_those_that_the_header_names() {
    for lang in OTHERS {
        let book = book(lang);
        let mut entries = book.entries();
        let (_, _, said) = entries.find(|(_, id, _)| id.is_empty()).unwrap();
        let header = said.forms.concat();
        let (count, rule): (usize, fn(u64) -> usize) = match lang {
            Lang::German => (2, |n| usize::from(n != 1)),
            _ => (1, |_| 0),
        };
        assert!(header.contains(&format!("nplurals={count};")), "{header}");
        assert!(header.contains("charset=UTF-8"), "{header}");
        assert!(header.contains(&format!("Language: {}\n", lang.code())));
        for n in 0..=120 {
            assert_eq!(lang.form(n), rule(n), "{n}");
        }
    }
}

#[test]
fn only_main_chooses() {
    for (path, text) in crate::rust_texts::sources(root()) {
        let chooses = text.contains("lang::choose(") || text.contains("choose(Lang::");
        assert!(
            !chooses || path.starts_with("src/main") || path == "src/lang/mod.rs",
            "{path}"
        );
    }
}

/// Writes a catalogue anew from what is marked, what it said before, and the parts beside it.
fn write_anew(lang: Lang) {
    let mut before: BTreeMap<(String, String), Said> = BTreeMap::new();
    let mut parts = vec![file(lang)];
    if let Ok(folder) = std::fs::read_dir(root().join("assets/lang/parts")) {
        let code = format!("{}-", lang.code());
        let mine = folder.map(|entry| entry.unwrap().path());
        parts.extend(mine.filter(|p| {
            let name = p.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&code)
        }));
        parts[1..].sort();
    }
    for part in &parts {
        let text = std::fs::read_to_string(part).unwrap();
        let book = match Book::read(text.leak()) {
            Ok(book) => book,
            Err((line, what)) => panic!("{}:{line}: {what}", part.display()),
        };
        for (context, id, said) in book.entries() {
            let key = (context.to_owned(), id.to_owned());
            let kept = before.entry(key).or_insert_with(|| said.clone());
            if kept.forms.iter().any(|f| f.is_empty()) {
                *kept = said.clone();
            }
        }
    }
    let own = std::fs::read_to_string(file(lang)).unwrap();
    let head = own.split("\n\n").next().unwrap_or_default();
    let mut out = format!("{}\n", head.trim_end());
    for (text, files) in said_in_sources() {
        let said = before.remove(&(text.context.clone(), text.text.clone()));
        out.push('\n');
        for path in files {
            let _ = writeln!(out, "#: {path}");
        }
        if !text.context.is_empty() {
            let _ = writeln!(out, "msgctxt {}", quoted(&text.context));
        }
        let _ = writeln!(out, "msgid {}", quoted(&text.text));
        let mut forms: Vec<String> = said
            .iter()
            .flat_map(|s| s.forms.iter().map(|f| f.to_string()))
            .collect();
        match &text.plural {
            None => {
                let form = forms.first().map_or("", String::as_str);
                let _ = writeln!(out, "msgstr {}", quoted(form));
            }
            Some(plural) => {
                let _ = writeln!(out, "msgid_plural {}", quoted(plural));
                forms.resize(if lang == Lang::Japanese { 1 } else { 2 }, String::new());
                for (number, form) in forms.iter().enumerate() {
                    let _ = writeln!(out, "msgstr[{number}] {}", quoted(form));
                }
            }
        }
    }
    for (context, id) in before.keys().filter(|(_, id)| !id.is_empty()) {
        eprintln!("{}: nobody says {id:?} ({context:?})", lang.code());
    }
    std::fs::write(file(lang), out).unwrap();
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
