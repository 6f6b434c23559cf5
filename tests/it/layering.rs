//! The architecture kept: who may import whom, as the table in ARCHITECTURE.md says, and the few
//! rules about files that a compiler does not know.
//!
//! Each failure is a sentence that says what to do about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One source file: its module path below the crate (`store::local::rows`), its text.
struct Source {
    path: PathBuf,
    module: Vec<String>,
    is_folder: bool,
    text: String,
}

impl Source {
    fn shown(&self) -> String {
        self.path
            .strip_prefix(root())
            .unwrap()
            .display()
            .to_string()
    }

    fn floor(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    gather(&root().join("src"), &mut all);
    assert!(all.len() > 20, "the sources were not found");
    all
}

fn gather(folder: &Path, all: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            gather(&path, all);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let inside = path
                .strip_prefix(root().join("src"))
                .unwrap()
                .with_extension("");
            let mut module: Vec<String> = inside
                .iter()
                .map(|p| p.to_str().unwrap().to_owned())
                .collect();
            let is_folder = matches!(module.last().map(String::as_str), Some("mod" | "lib"));
            if is_folder {
                module.pop();
            }
            let text = fs::read_to_string(&path).unwrap();
            all.push(Source {
                path,
                module,
                is_folder,
                text,
            });
        }
    }
}

/// The text without comments and without what is under `#[cfg(test)]`.
fn shipped(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if code.starts_with("#[cfg(test)]") || code.starts_with("#[cfg(any(test") {
            let indent = line.len() - code.len();
            // The item ends at a closing brace in the same column, or at its semicolon.
            for inner in lines.by_ref() {
                let trimmed = inner.trim_start();
                let same = inner.len() - trimmed.len() == indent;
                if same
                    && (trimmed.starts_with('}')
                        || trimmed.ends_with(';')
                        || trimmed.ends_with("{}"))
                {
                    break;
                }
            }
        } else if !code.starts_with("//") {
            out.push_str(line.split(" // ").next().unwrap());
            out.push('\n');
        }
    }
    out
}

/// The modules that are declared under `#[cfg(test)] mod name;`.
fn test_modules(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let mut all = BTreeSet::new();
    for source in sources {
        let mut lines = source.text.lines();
        while let Some(line) = lines.next() {
            if line.trim() != "#[cfg(test)]" {
                continue;
            }
            let next = lines.next().unwrap_or("").trim();
            if let Some(name) = next.strip_prefix("mod ").and_then(|n| n.strip_suffix(';')) {
                let mut module = source.module.clone();
                module.push(name.to_owned());
                all.insert(module);
            }
        }
    }
    all
}

/// Every path in `text` that begins with `start` (`crate::`, `super::`): its segments after it,
/// groups in braces taken apart.
fn paths(text: &str, start: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (at, _) in text.match_indices(start) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        tree(&text[at + start.len()..], &[], &mut all);
    }
    all
}

/// Reads one use-tree; the rest after it.
fn tree<'t>(text: &'t str, before: &[String], all: &mut Vec<Vec<String>>) -> &'t str {
    let mut path = before.to_vec();
    let mut text = text.trim_start();
    loop {
        if let Some(mut inner) = text.strip_prefix('{') {
            loop {
                inner = inner.trim_start();
                if let Some(rest) = inner.strip_prefix('}') {
                    return rest;
                }
                if inner.is_empty() {
                    return inner;
                }
                let rest = tree(inner, &path, all).trim_start();
                let rest = rest.strip_prefix(',').unwrap_or(rest);
                assert!(
                    rest.len() < inner.len(),
                    "can't read an import near {inner:.60}"
                );
                inner = rest;
            }
        }
        let end = text
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        if word.is_empty() {
            all.push(path);
            return text.strip_prefix('*').unwrap_or(text);
        }
        path.push(word.to_owned());
        match rest.strip_prefix("::") {
            Some(rest) if !rest.starts_with('<') => text = rest,
            _ => {
                all.push(path);
                let rest = rest.trim_start();
                return match rest.strip_prefix("as ") {
                    Some(named) => {
                        named.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
                    }
                    None => rest,
                };
            }
        }
    }
}

/// What a file imports of this crate, as paths from its root.
fn imports(source: &Source) -> BTreeSet<Vec<String>> {
    let text = shipped(&source.text);
    let mut all: BTreeSet<Vec<String>> = paths(&text, "crate::").into_iter().collect();
    let up = if source.is_folder { 0 } else { 1 };
    for path in paths(&text, "super::") {
        let more = path.iter().take_while(|s| *s == "super").count();
        let levels = if source.is_folder {
            more + 1
        } else {
            more + up
        };
        let Some(keep) = source.module.len().checked_sub(levels) else {
            continue;
        };
        let mut full = source.module[..keep].to_vec();
        full.extend(path[more..].iter().cloned());
        all.insert(full);
    }
    all.extend(paths(&text, "postrider::"));
    all
}

/// The table: floor, and the floors that it may import.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let after = text
        .split("<!-- layers -->")
        .nth(1)
        .expect("the mark <!-- layers --> in ARCHITECTURE.md");
    let rows = after
        .lines()
        .skip_while(|l| !l.starts_with('|'))
        .take_while(|l| l.starts_with('|'));
    let mut all = BTreeMap::new();
    for row in rows.skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let floor = cells[0].trim_matches('`').to_owned();
        let below = cells[1]
            .split(',')
            .map(|f| f.trim().trim_matches('`').to_owned());
        all.insert(floor, below.filter(|f| !f.is_empty() && f != "-").collect());
    }
    all
}

#[test]
fn every_floor_imports_only_what_the_table_allows() {
    let table = table();
    let sources = sources();
    let tests = test_modules(&sources);
    let mut faults = Vec::new();
    for source in sources.iter().filter(|s| !tests.contains(&s.module)) {
        let floor = source.floor();
        if floor == "lib" {
            continue;
        }
        let Some(allowed) = table.get(floor) else {
            faults.push(format!(
                "{}: the floor `{floor}` is not in the table of ARCHITECTURE.md. Add a row that says \
                 what it may import, or move the file to a floor that exists.",
                source.shown()
            ));
            continue;
        };
        for path in imports(source) {
            let Some(target) = path.first() else { continue };
            if target != floor && table.contains_key(target) && !allowed.contains(target) {
                faults.push(format!(
                    "{} imports {}, but `{floor}` may not know `{target}` (table in ARCHITECTURE.md). \
                     Move the shared part to a floor below both, or hand it in as a value or a trait \
                     from main.",
                    source.shown(),
                    path.join("::"),
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_table_has_no_cycle_and_no_floor_too_many() {
    let table = table();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < table.len() {
        let free = table.iter().find(|(floor, below)| {
            !done.contains(floor.as_str()) && below.iter().all(|b| done.contains(b.as_str()))
        });
        let Some((floor, _)) = free else {
            panic!("the table in ARCHITECTURE.md has a cycle, or names a floor that has no row");
        };
        done.insert(floor);
    }
    let floors: BTreeSet<String> = sources().iter().map(|s| s.floor().to_owned()).collect();
    for floor in table.keys() {
        assert!(
            floors.contains(floor),
            "`{floor}` has a row in ARCHITECTURE.md but no folder in src"
        );
    }
}

/// What [`declared`] finds: modules in order, and re-exported names.
type Listing = (Vec<String>, BTreeMap<String, String>);

/// The modules that a `mod.rs` declares, in order, and which of them each re-exported name is from.
fn declared(text: &str) -> Listing {
    let text = shipped(text);
    let mut order = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line
            .strip_prefix("pub(crate) ")
            .or(line.strip_prefix("pub "))
            .unwrap_or(line);
        if let Some(name) = line.strip_prefix("mod ").and_then(|n| n.strip_suffix(';')) {
            order.push(name.to_owned());
        }
    }
    let mut from = BTreeMap::new();
    for path in paths(&text, "use ") {
        if let (Some(first), Some(last)) = (path.first(), path.last())
            && order.contains(first)
            && path.len() > 1
        {
            from.insert(last.clone(), first.clone());
        }
    }
    (order, from)
}

#[test]
fn within_a_folder_files_import_only_siblings_listed_before_them() {
    let sources = sources();
    let tests = test_modules(&sources);
    let folders: BTreeMap<&[String], Listing> = sources
        .iter()
        .filter(|s| s.is_folder && !s.module.is_empty())
        .map(|s| (&s.module[..], declared(&s.text)))
        .collect();
    let mut faults = Vec::new();
    for source in sources.iter().filter(|s| !tests.contains(&s.module)) {
        for path in imports(source) {
            let common = source
                .module
                .iter()
                .zip(&path)
                .take_while(|(a, b)| a == b)
                .count();
            let (Some(own), Some(name)) = (source.module.get(common), path.get(common)) else {
                continue;
            };
            let Some((order, from)) = folders.get(&source.module[..common]) else {
                continue;
            };
            let name = from.get(name).unwrap_or(name);
            let place = |n: &String| order.iter().position(|o| o == n);
            if let (Some(here), Some(there)) = (place(own), place(name))
                && there > here
            {
                let folder = source.module[..common].join("/");
                faults.push(format!(
                    "{} imports {}, but src/{folder}/mod.rs lists `{name}` after `{own}`. If `{own}` \
                     really stands on `{name}`, list it first; if they need each other, the part \
                     that both need wants a file of its own.",
                    source.shown(),
                    path.join("::"),
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn files_are_short_and_begin_by_saying_what_they_are_for() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > 600 {
            faults.push(format!(
                "{} has {lines} lines. Over 600 a file has more than one idea in it: part them.",
                source.shown()
            ));
        }
        let first = source.text.lines().next().unwrap_or("");
        if first
            .strip_prefix("//! ")
            .is_none_or(|words| words.trim().len() < 10)
        {
            faults.push(format!(
                "{} does not begin with `//!` and a sentence that says why it exists.",
                source.shown()
            ));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn only_the_command_line_prints() {
    let mut faults = Vec::new();
    for source in sources() {
        if matches!(source.floor(), "cli" | "main") {
            continue;
        }
        let text = shipped(&source.text);
        for call in ["println!", "print!(", "dbg!("] {
            if text.contains(call) {
                faults.push(format!(
                    "{} prints ({call}). Only `cli` and `main` may: give the text back as a value, or log it.",
                    source.shown()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_doc_comment_is_empty() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        let doc = |at: usize| {
            lines
                .get(at)
                .is_some_and(|l| l.starts_with("///") || l.starts_with("//!"))
        };
        for (at, line) in lines.iter().enumerate() {
            let lonely = matches!(*line, "///" | "//!") && !doc(at + 1);
            let lonely = lonely && (at == 0 || !doc(at - 1));
            if lonely {
                faults.push(format!(
                    "{}:{}: a doc comment that says nothing",
                    source.shown(),
                    at + 1
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_reader_of_imports_reads_them() {
    let text = "use crate::model::{Account, uid::{Uid, UidSet as S}, *};\nlet x = crate::text::now();\n// crate::no::way\n#[cfg(test)]\nmod tests {\n    use crate::tui::X;\n}\n";
    let found = paths(&shipped(text), "crate::");
    let found: Vec<String> = found.iter().map(|p| p.join("::")).collect();
    assert_eq!(
        found,
        [
            "model::Account",
            "model::uid::Uid",
            "model::uid::UidSet",
            "model",
            "text::now"
        ]
    );
    let (order, from) = declared("pub mod a;\nmod b;\npub use a::{X, Y};\n");
    assert_eq!(order, ["a", "b"]);
    assert_eq!(from["X"], "a");
}
