//! Where messages lie in files, for `import`: mbox files, Maildirs with their mailboxes below, folders
//! of `.eml` files. No link is followed, and what a file is called only tells a mailbox's name, never
//! where anything is written.

use super::exit::{self, Failure};
use crate::model::{MailboxName, name};
use anyhow::{Context as _, Result};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Folders below each other that are looked into.
const DEPTH: usize = 16;

/// What a file or folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Many messages in one file.
    Mbox,
    /// A folder with `cur` and `new`.
    Maildir,
    /// One message.
    Eml,
}

/// Where messages come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub path: PathBuf,
    /// The mailbox below the one that was asked for, levels separated by `/`; empty: that one.
    pub below: String,
}

/// What is to be read of these files and folders.
///
/// # Errors
/// One that can't be read, or in which there is nothing to import.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let mut all = Vec::new();
    for path in paths {
        let before = all.len();
        let meta = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => not_there(path, &error.to_string()),
            _ => anyhow::Error::new(error).context(path.display().to_string()),
        })?;
        if meta.is_dir() {
            folder(path, 0, "", &mut all)?;
        } else if !meta.is_file() {
            // It is opened more than once, and a pipe gives nothing twice.
            let why = "it is no file; write what comes through a pipe into one first";
            return Err(not_there(path, why));
        } else {
            all.push(source(kind(path, meta.len())?, path, ""));
        }
        if all.len() == before {
            let told = format!(
                "{}: no Maildir, and no file in it ends in .eml or .mbox",
                path.display()
            );
            return Err(Failure::new(exit::NO_INPUT, told).into());
        }
    }
    Ok(all)
}

fn not_there(path: &Path, why: &str) -> anyhow::Error {
    Failure::new(exit::NO_INPUT, format!("{}: {why}", path.display())).into()
}

fn source(kind: Kind, path: &Path, below: &str) -> Source {
    Source {
        kind,
        path: path.to_owned(),
        below: below.to_owned(),
    }
}

/// What is in a folder: a mailbox if it is a Maildir, and in any case those below it, however those are
/// laid out: `.Work.2024` in one (Maildir++), `Work/2024` in folders (Dovecot's `fs`, mbsync's
/// `Verbatim`) or `.Work/.2024` (its `Legacy`).
fn folder(path: &Path, depth: usize, below: &str, all: &mut Vec<Source>) -> Result<()> {
    let own = is_maildir(path);
    if own {
        all.push(source(Kind::Maildir, path, below));
    }
    for (name, inside) in entries(path)? {
        if own && matches!(name.as_str(), "cur" | "new" | "tmp") {
            continue;
        }
        let meta = fs::symlink_metadata(&inside)?;
        if meta.is_dir() {
            let hidden = name.starts_with('.') && own && !is_maildir(&inside);
            if depth < DEPTH && !hidden {
                folder(&inside, depth + 1, &join(below, &name), all)?;
            }
            continue;
        }
        let name = name.to_ascii_lowercase();
        if own || !meta.is_file() {
            continue;
        }
        if name.ends_with(".eml") {
            all.push(source(Kind::Eml, &inside, ""));
        } else if name.ends_with(".mbox") || name.ends_with(".mbx") {
            all.push(source(Kind::Mbox, &inside, ""));
        }
    }
    Ok(())
}

/// The mailbox of a folder in that of another. Names are spelled as on the wire.
fn join(below: &str, folder: &str) -> String {
    let (levels, delimiter) = match folder.strip_prefix('.').filter(|n| !n.is_empty()) {
        Some(levels) => (levels, Some(b'.')),
        None => (folder, None),
    };
    let own = name::path(&MailboxName::new(levels.as_bytes().to_vec()), delimiter);
    match below {
        "" => own,
        below => format!("{below}/{own}"),
    }
}

fn is_maildir(path: &Path) -> bool {
    let is_dir = |name: &str| fs::symlink_metadata(path.join(name)).is_ok_and(|m| m.is_dir());
    is_dir("cur") && is_dir("new")
}

/// The entries of a folder by name.
///
/// # Errors
/// When it can't be read.
pub fn entries(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        let entry = entry?;
        all.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        ));
    }
    all.sort();
    Ok(all)
}

/// What a file that was named is: by how it begins.
fn kind(path: &Path, length: u64) -> Result<Kind> {
    let mut start = [0; 256];
    let mut file = File::open(path).with_context(|| path.display().to_string())?;
    let read = file.read(&mut start)?;
    let text = start.get(..read).unwrap_or_default();
    let begin = text.iter().position(|b| !b"\r\n".contains(b));
    let text = begin.and_then(|at| text.get(at..)).unwrap_or_default();
    let is_eml = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("eml"));
    if text.starts_with(b"From ") || (length == 0 && !is_eml) {
        return Ok(Kind::Mbox);
    }
    if begins_with_field(text) || length == 0 {
        return Ok(Kind::Eml);
    }
    let told = format!("{} is neither an mbox nor a message", path.display());
    Err(Failure::new(exit::DATA, told).into())
}

/// `Name:`, as every message begins (RFC 5322 §2.2, and the blanks of §4.5).
fn begins_with_field(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |b| *b == b':');
    let name = parts.next().unwrap_or_default().trim_ascii_end();
    parts.next().is_some() && !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::io::Write as _;

    /// A Maildir without a message.
    pub fn maildir(path: &Path) {
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(path.join(part)).unwrap();
        }
    }

    #[test]
    fn a_pipe_and_what_is_not_there_are_no_sources() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        // Open at both ends, so that nobody waits for the other.
        let mut both = File::options().read(true).write(true).open(&pipe).unwrap();
        both.write_all(b"Subject: x\n\n").unwrap();
        for (path, said) in [(pipe, "no file"), (dir.path().join("no"), "No such file")] {
            let error = find(&[path]).unwrap_err();
            assert_eq!(exit::code(&error), exit::NO_INPUT, "{error:#}");
            assert!(error.to_string().contains(said), "{error:#}");
        }
    }

    #[test]
    fn mailboxes_below_are_found_however_they_are_laid_out() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let all = [
            "A",
            "A/B",
            "A/none/C",
            "A/.Gr&APY-n.2024",
            ".top.x",
            "Work/.2024",
            "Work/.2024/.q1",
            "Work",
        ];
        for path in all {
            maildir(&root.join(path));
        }
        for letter in [
            "a.eml",
            "plain/deep/b.eml",
            "A/loose.eml",
            "A/.hidden/c.eml",
        ] {
            fs::create_dir_all(root.join(letter).parent().unwrap()).unwrap();
            fs::write(root.join(letter), "Subject: x\n\n").unwrap();
        }
        let sources = find(&[root.to_owned()]).unwrap();
        let of = |kind: Kind| -> Vec<&str> {
            let all = sources.iter().filter(|s| s.kind == kind);
            all.map(|s| s.below.as_str()).collect()
        };
        let below = [
            "top/x",
            "A",
            "A/Gr\u{f6}n/2024",
            "A/B",
            "A/none/C",
            "Work",
            "Work/2024",
            "Work/2024/q1",
        ];
        assert_eq!(of(Kind::Maildir), below);
        assert_eq!(of(Kind::Eml), ["", ""]);
        let inside = find(&[root.join("A")]).unwrap();
        let below: Vec<&str> = inside.iter().map(|s| s.below.as_str()).collect();
        assert_eq!(below, ["", "Gr\u{f6}n/2024", "B", "none/C"]);
    }
}
