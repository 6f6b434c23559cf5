//! Messages that others collected because they are difficult: those of Python's `test.test_email`
//! and those that come with the crate mail-parser. Each is shown, wide and narrow, and searched;
//! what Python reads as its text has to be found in ours. `COLLECTION=FOLDER` names a folder of
//! others.

use crate::targets;
use postrider::mime::render::{Prefer, RenderOptions, Rendered, raw_source, render};
use postrider::mime::{attachment, parse};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

/// What takes longer never ends.
const NEVER: Duration = Duration::from_secs(60);

/// Says for each file what Python makes of it: name, subject, and the words of its plain text,
/// each field on a line of its own.
const READ: &str = r#"
import email, email.policy, json, os, sys
import test.test_email
folder = os.path.join(os.path.dirname(test.test_email.__file__), "data")
for name in sorted(os.listdir(folder)):
    if not name.endswith(".txt"):
        continue
    path = os.path.join(folder, name)
    subject, words = "", []
    try:
        with open(path, "rb") as f:
            message = email.message_from_binary_file(f, policy=email.policy.default)
        subject = " ".join(str(message.get("subject", "")).split())
        body = message.get_body(("plain",))
        if body is not None and body.get_content_charset("us-ascii") in ("us-ascii", "utf-8"):
            words = [w for w in body.get_content().split() if w.isalpha() and w.isascii()]
    except Exception:
        pass
    print(path)
    print(subject)
    print(" ".join(words))
"#;

/// A line in a header that is no field begins the text for Python; we leave it out.
const OTHERWISE: [&str; 2] = ["msg_35.txt", "msg_47.txt"];

/// Nothing is in them, or nothing that could not as well be an end.
const EMPTY: [&str; 2] = ["malformed/000.eml", "malformed/005.eml"];

struct Read {
    path: PathBuf,
    subject: String,
    words: Vec<String>,
}

fn python() -> Option<Vec<Read>> {
    let out = Command::new("python3").args(["-c", READ]).output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    let read = |chunk: &[&str]| Read {
        path: PathBuf::from(chunk[0]),
        subject: chunk[1].to_owned(),
        words: chunk[2].split(' ').map(str::to_owned).collect(),
    };
    let all: Vec<Read> = lines.chunks_exact(3).map(read).collect();
    (out.status.success() && !all.is_empty()).then_some(all)
}

fn parser() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.map(|h| h.join("registry/src"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = sources.into_iter().collect();
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|e| e.path()) {
            let depth = path.components().count();
            let inside = path.to_string_lossy().contains("/mail-parser-");
            let registry = folder.ends_with("registry/src");
            if path.extension().is_some_and(|e| e == "eml") {
                found.push(path);
            } else if path.is_dir() && (inside || registry) && depth < 40 {
                open.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Shows a message in every way, on a thread of its own.
fn survives(path: &Path) -> (Rendered, parse::Digest) {
    let raw = std::fs::read(path).unwrap();
    let name = path.display().to_string();
    let (tx, rx) = mpsc::channel();
    std::thread::spawn(move || {
        for (width, prefer) in [(80, Prefer::Best), (24, Prefer::Html), (200, Prefer::Plain)] {
            let shown = render(&raw, &RenderOptions { width, prefer });
            targets::sound(&shown, width, raw.len());
        }
        let shown = render(&raw, &RenderOptions::default());
        for row in &shown.attachments {
            let saved = attachment::extract(&raw, row.part).unwrap();
            assert!(!saved.name.contains('/'));
        }
        raw_source(&raw);
        let _ = tx.send((shown, parse::digest(&raw)));
    });
    let done = rx.recv_timeout(NEVER);
    done.unwrap_or_else(|e| panic!("{name} can't be shown: {e}"))
}

#[test]
fn pythons_messages_are_read_as_python_reads_them() {
    let Some(all) = python() else {
        eprintln!("skipped: this Python has no test.test_email");
        return;
    };
    let mut wrong = Vec::new();
    for read in &all {
        let (shown, digest) = survives(&read.path);
        let name = read
            .path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if OTHERWISE.contains(&name.as_str()) {
            continue;
        }
        let subject = digest.envelope.subject.split_whitespace();
        let subject = subject.collect::<Vec<_>>().join(" ");
        if subject != read.subject {
            wrong.push(format!(
                "{name}: subject {subject:?}, {:?} to Python",
                read.subject
            ));
        }
        let text: String = shown.lines.iter().map(|l| l.text() + "\n").collect();
        let missing: Vec<&String> = read
            .words
            .iter()
            .filter(|w| !digest.text.contains(w.as_str()) && !text.contains(w.as_str()))
            .collect();
        if !missing.is_empty() {
            wrong.push(format!("{name}: without {missing:?}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn messages_of_a_parsers_own_tests_are_survived() {
    let all = parser();
    if all.is_empty() {
        eprintln!("skipped: the sources of mail-parser are not where cargo keeps them");
        return;
    }
    let mut empty = Vec::new();
    for path in &all {
        let (shown, _) = survives(path);
        let raw = std::fs::read(path).unwrap();
        let nothing = shown.lines.is_empty() && shown.attachments.is_empty();
        let known = EMPTY.iter().any(|name| path.ends_with(name));
        if nothing && !known && shown.headers.len() < 2 && raw.len() > 20 {
            empty.push(path.display().to_string());
        }
    }
    assert!(empty.is_empty(), "nothing is shown of {empty:?}");
}

#[test]
fn messages_of_a_folder_that_is_named_are_survived() {
    let Some(folder) = std::env::var_os("COLLECTION") else {
        eprintln!("skipped: COLLECTION names no folder of messages");
        return;
    };
    let mut open = vec![PathBuf::from(folder)];
    let mut count = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let inside = std::fs::read_dir(&path).unwrap();
            open.extend(inside.map(|e| e.unwrap().path()));
        } else {
            survives(&path);
            count += 1;
        }
    }
    assert!(count > 0, "there are none");
}
