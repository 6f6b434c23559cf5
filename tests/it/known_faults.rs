//! docs/faults.md against the tests: each id that a test's name or a comment bears has a row there,
//! and each row names files in which a test bears it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows: an id, and the files that are named in its last column.
fn rows() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|l| l.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !is_id(cells[0]) {
            continue;
        }
        assert_eq!(cells.len(), 4, "{line}");
        let files = cells[3].split('`').skip(1).step_by(2);
        let before = rows.insert(cells[0].to_owned(), files.map(str::to_owned).collect());
        assert!(before.is_none(), "{} stands there twice", cells[0]);
    }
    rows
}

/// `F-01`, `S-53`, `D-10`.
fn is_id(word: &str) -> bool {
    let (letter, number) = word.split_once('-').unwrap_or_default();
    matches!(letter, "F" | "S" | "D")
        && number.len() == 2
        && number.chars().all(|c| c.is_ascii_digit())
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The ids that the names of tests begin with: `f43_f44_…`.
fn in_names(text: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        let Some(name) = line.trim_start().strip_prefix("fn ") else {
            continue;
        };
        for word in name.split('_') {
            let (letter, number) = word.split_at_checked(1).unwrap_or_default();
            let id = format!("{}-{number}", letter.to_ascii_uppercase());
            let small = letter.chars().all(|c| c.is_ascii_lowercase());
            if !small || !is_id(&id) {
                break;
            }
            ids.insert(id);
        }
    }
    ids
}

/// The ids that comments name.
fn in_comments(text: &str) -> BTreeSet<String> {
    let comments = text.lines().filter_map(|l| l.split_once("//").map(|l| l.1));
    let words = comments.flat_map(|c| c.split(|c: char| !(c.is_alphanumeric() || c == '-')));
    words.filter(|w| is_id(w)).map(str::to_owned).collect()
}

#[test]
fn every_fault_that_a_test_names_is_listed_and_every_listed_one_is_tested() {
    let rows = rows();
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz"] {
        sources(&root().join(folder), &mut files);
    }
    let mut named: BTreeSet<String> = BTreeSet::new();
    let mut borne: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|f| !f.ends_with("known_faults.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let place = file.strip_prefix(root()).unwrap().to_str().unwrap();
        let ids = in_names(&text);
        named.extend(ids.iter().cloned());
        named.extend(in_comments(&text));
        borne.insert(place.to_owned(), ids);
    }
    let lacking: Vec<&String> = named.iter().filter(|id| !rows.contains_key(*id)).collect();
    assert!(lacking.is_empty(), "docs/faults.md lacks {lacking:?}");
    for (id, files) in &rows {
        assert!(!files.is_empty(), "{id} names no test");
        for file in files {
            let there = borne.get(file).is_some_and(|ids| ids.contains(id));
            assert!(there, "no test of {file} bears {id}");
        }
    }
    assert!(rows.len() >= 100, "only {} rows", rows.len());
}
