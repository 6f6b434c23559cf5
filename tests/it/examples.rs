//! What the documents tell somebody to type, tried: commands are those of the program, commands of
//! the screen are in its table, key files are taken, and links lead to headings that are there.

use clap::error::ErrorKind;
use postrider::cli::args;
use postrider::tui::command::Call;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The documents, with their places.
fn documents() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = fs::read_dir(root.join("docs"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "md"))
        .collect();
    for name in [
        "README.md",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
    ] {
        paths.push(root.join(name));
    }
    paths.sort();
    let read = |p: PathBuf| (p.clone(), fs::read_to_string(&p).unwrap());
    paths.into_iter().map(read).collect()
}

/// A document without its blocks between fences.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// What stands between backquotes in the prose.
fn quoted(text: &str) -> Vec<String> {
    let prose = prose(text);
    prose
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// What a document tells to type into a shell, beginning with the program's name.
fn command_lines(text: &str) -> Vec<String> {
    let indented = text.lines().filter_map(|l| l.strip_prefix("    "));
    let fenced = text.split("```").skip(1).step_by(2).flat_map(str::lines);
    let all = indented
        .chain(fenced)
        .map(str::to_owned)
        .chain(quoted(text));
    let own = |l: &String| l == "postrider" || l.starts_with("postrider ");
    all.filter(own).collect()
}

/// Words that stand for what one would type there.
fn filled_in(word: &str) -> String {
    match word {
        "ID" | "ID…" => "m1".to_owned(),
        "WHEN" => "tomorrow".to_owned(),
        "SHELL" => "bash".to_owned(),
        word => word.replace(['[', ']'], ""),
    }
}

#[test]
fn commands_for_the_shell_are_taken_by_the_program() {
    let mut seen = 0;
    for (path, text) in documents() {
        for line in command_lines(&text) {
            // Behind the first sign that is the shell's.
            let own = line.split([';', '|', '>', '&', '#']).next().unwrap();
            let words = shell_words::split(own).unwrap();
            let words = words.iter().map(|w| filled_in(w).into());
            let outcome = args::read(words);
            // A command may be spoken of without what it wants.
            let name_only = |e: &clap::Error| e.kind() == ErrorKind::MissingRequiredArgument;
            assert!(
                outcome.as_ref().map_or_else(name_only, |_| true),
                "{}: `{line}`: {}",
                path.display(),
                outcome.unwrap_err()
            );
            seen += 1;
        }
    }
    assert!(seen >= 15, "only {seen} were found");
}

#[test]
fn commands_for_the_screen_are_in_its_table() {
    let mut seen = 0;
    for (path, text) in documents() {
        for line in quoted(&text) {
            let Some(command) = line.strip_prefix(':') else {
                continue;
            };
            let command = command.strip_prefix("do ").unwrap_or(command);
            // A test of Sieve; what vi's own command line takes; programs.
            let other = matches!(command, "contains" | "q" | "w" | "wq" | "x");
            if other || !command.starts_with(char::is_lowercase) {
                continue;
            }
            let outcome = Call::several(command);
            assert!(outcome.is_ok(), "{}: `{line}`: {outcome:?}", path.display());
            // Any word is taken for an account's name; a document means a number or says ACCOUNT.
            let account = command.strip_prefix("account ");
            let meant = |w: &str| {
                w.chars()
                    .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
            };
            assert!(account.is_none_or(meant), "{}: `{line}`", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 15, "only {seen} were found");
}

/// What a heading is called in a link, as GitHub does it.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let text: String = heading.trim().to_lowercase().chars().filter(kept).collect();
    text.replace(' ', "-")
}

#[test]
fn links_lead_to_headings_that_are_there() {
    let documents: BTreeMap<PathBuf, String> = documents()
        .into_iter()
        .map(|(p, t)| (p.canonicalize().unwrap(), t))
        .collect();
    let headings = |text: &str| -> Vec<String> {
        let prose = prose(text);
        let lines = prose.lines().filter(|l| l.starts_with('#'));
        lines.map(|l| anchor(l.trim_start_matches('#'))).collect()
    };
    let mut seen = 0;
    for (path, text) in &documents {
        let shown: String = prose(text).split('`').step_by(2).collect();
        for link in shown.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let Some((file, wanted)) = target.split_once('#') else {
                continue;
            };
            if target.contains("://") {
                continue;
            }
            let file = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file).canonicalize().unwrap(),
            };
            let there = headings(&documents[&file]);
            assert!(
                there.iter().any(|h| h == wanted),
                "{}: {target}; there are {there:?}",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} were found");
}

/// Where the Debian package puts a file of ours, below its folder of documents.
fn packaged(file: &str) -> bool {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].clone();
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let there = |asset: &toml::Value| {
        let (from, to) = (asset[0].as_str().unwrap(), asset[1].as_str().unwrap());
        let (from, pattern) = from.rsplit_once('/').unwrap_or(("", from));
        let below = to.strip_prefix("usr/share/doc/postrider/");
        let fits = match pattern.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == pattern,
        };
        fits && from == folder && below.is_some_and(|to| to.trim_end_matches('/') == folder)
    };
    assets.as_array().unwrap().iter().any(there)
}

#[test]
fn what_documents_link_to_is_in_the_package() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for (path, text) in documents() {
        let shown: String = prose(&text).split('`').step_by(2).collect();
        for link in shown.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            let file = target.split('#').next().unwrap();
            if target.contains("://") || file.is_empty() {
                continue;
            }
            let place = path.parent().unwrap().join(file).canonicalize();
            let place = place.unwrap_or_else(|e| panic!("{}: {target}: {e}", path.display()));
            let own = place.strip_prefix(root).unwrap().to_str().unwrap();
            let within = |p: PathBuf| packaged(p.strip_prefix(root).unwrap().to_str().unwrap());
            let is = match place.is_dir() {
                true => fs::read_dir(&place)
                    .unwrap()
                    .all(|f| within(f.unwrap().path())),
                false => packaged(own),
            };
            assert!(is, "{}: {target} is not packaged", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 50, "only {seen} were found");
}

#[test]
fn the_index_of_documents_names_each() {
    let all = documents();
    let is_index = |(p, _): &&(PathBuf, String)| p.ends_with("docs/README.md");
    let (_, index) = all.iter().find(is_index).unwrap();
    for (path, _) in &all {
        let name = path.file_name().unwrap().to_str().unwrap();
        let below = path.parent().unwrap().ends_with("docs");
        assert!(
            !below || name == "README.md" || index.contains(&format!("]({name})")),
            "docs/README.md lacks {name}"
        );
    }
}
