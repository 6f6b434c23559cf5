//! Messages in files, for `import`: mbox files, Maildirs with their mailboxes below, folders of
//! `.eml` files. One message is held at a time. No link is followed, and what a file is called only
//! tells a mailbox's name, never where anything is written.

use super::exit::{self, Failure};
use crate::mime::maildir::{self, Keywords};
use crate::mime::mbox::{self, Mbox, Next};
use crate::model::name;
use crate::model::{Flags, MailboxName};
use crate::net::imap::Addition;
use anyhow::{Context as _, Result};
use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Folders below each other that are looked into.
const DEPTH: usize = 16;
/// Octets of a list of keywords that are read; it holds 26 at most.
const MOST_KEYWORDS: u64 = 64 << 10;

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

/// A message, or why there is none.
pub type Came = std::result::Result<Addition, String>;

/// What is to be read of these files and folders.
///
/// # Errors
/// One that can't be read, or in which there is nothing to import.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let mut all = Vec::new();
    for path in paths {
        let before = all.len();
        let meta = fs::metadata(path).with_context(|| path.display().to_string())?;
        if meta.is_dir() {
            folder(path, 0, &mut all)?;
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

fn source(kind: Kind, path: &Path, below: &str) -> Source {
    Source {
        kind,
        path: path.to_owned(),
        below: below.to_owned(),
    }
}

fn folder(path: &Path, depth: usize, all: &mut Vec<Source>) -> Result<()> {
    if is_maildir(path) {
        all.push(source(Kind::Maildir, path, ""));
        for (name, inside) in entries(path)? {
            // Maildir++: `.Work.2024`; names are spelled as on the wire.
            let Some(levels) = name.strip_prefix('.').filter(|n| !n.is_empty()) else {
                continue;
            };
            let is_dir = fs::symlink_metadata(&inside)?.is_dir();
            if is_dir && is_maildir(&inside) {
                let wire = MailboxName::new(levels.as_bytes().to_vec());
                let below = name::path(&wire, Some(b'.'));
                all.push(source(Kind::Maildir, &inside, &below));
            }
        }
        return Ok(());
    }
    for (name, inside) in entries(path)? {
        let meta = fs::symlink_metadata(&inside)?;
        let name = name.to_ascii_lowercase();
        if meta.is_dir() && depth < DEPTH {
            folder(&inside, depth + 1, all)?;
        } else if meta.is_file() && name.ends_with(".eml") {
            all.push(source(Kind::Eml, &inside, ""));
        } else if meta.is_file() && (name.ends_with(".mbox") || name.ends_with(".mbx")) {
            all.push(source(Kind::Mbox, &inside, ""));
        }
    }
    Ok(())
}

fn is_maildir(path: &Path) -> bool {
    let is_dir = |name: &str| fs::symlink_metadata(path.join(name)).is_ok_and(|m| m.is_dir());
    is_dir("cur") && is_dir("new")
}

/// The entries of a folder by name.
fn entries(path: &Path) -> Result<Vec<(String, PathBuf)>> {
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

/// Hands every message of a source to `each`, with how many octets of the source were read for it.
///
/// # Errors
/// When it can't be read, or `each` fails.
pub fn read(source: &Source, each: &mut dyn FnMut(Came, u64) -> Result<()>) -> Result<()> {
    let told = || source.path.display().to_string();
    match source.kind {
        Kind::Mbox => {
            let file = File::open(&source.path).with_context(told)?;
            let mut mbox = Mbox::new(BufReader::with_capacity(1 << 20, file));
            while let Some(next) = mbox.read().with_context(told)? {
                match next {
                    Next::Letter(letter) => {
                        let octets = letter.bytes.len() as u64;
                        let addition = Addition {
                            flags: letter.flags,
                            date: letter.date.or_else(|| date_in(&letter.bytes)),
                            bytes: letter.bytes,
                        };
                        each(Ok(addition), octets)?;
                    }
                    Next::TooLong(octets) => each(Err(TOO_LONG.to_owned()), octets)?,
                }
            }
            Ok(())
        }
        Kind::Eml => {
            let name = source
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            let (date, flags) = of_our_name(&name);
            one(&source.path, flags, date, false, each)
        }
        Kind::Maildir => {
            let keywords = keywords(&source.path);
            for part in ["cur", "new"] {
                for (name, path) in entries(&source.path.join(part))? {
                    if fs::symlink_metadata(&path).is_ok_and(|m| m.is_file())
                        && !name.starts_with('.')
                    {
                        let flags = maildir::flags(&name, &keywords);
                        one(&path, flags, None, true, each)?;
                    }
                }
            }
            Ok(())
        }
    }
}

/// The keywords that a Maildir's letters stand for: its `dovecot-keywords`, if that is a file and no
/// link, device or pipe. None if it can't be read.
pub fn keywords(maildir: &Path) -> Keywords {
    let path = maildir.join("dovecot-keywords");
    let mut text = Vec::new();
    if fs::symlink_metadata(&path).is_ok_and(|m| m.is_file())
        && let Ok(file) = File::open(&path)
    {
        // What can't be read has no names in it.
        let _ = file.take(MOST_KEYWORDS).read_to_end(&mut text);
    }
    Keywords::parse(&String::from_utf8_lossy(&text))
}

/// What is said of a message beyond all bounds.
const TOO_LONG: &str = "it is longer than 256 MB";

/// One message in a file of its own. `kept`: the file's time says when it came.
fn one(
    path: &Path,
    flags: Flags,
    date: Option<i64>,
    kept: bool,
    each: &mut dyn FnMut(Came, u64) -> Result<()>,
) -> Result<()> {
    let told = || path.display().to_string();
    let meta = fs::metadata(path).with_context(told)?;
    if meta.len() > mbox::LONGEST as u64 {
        return each(Err(TOO_LONG.to_owned()), meta.len());
    }
    if meta.len() == 0 {
        return each(Err("its file is empty".to_owned()), 0);
    }
    let bytes = crlf(fs::read(path).with_context(told)?);
    let since = meta
        .modified()
        .ok()
        .and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let modified = since.map(|d| d.as_secs().cast_signed());
    let date = match kept {
        true => modified,
        false => date.or_else(|| date_in(&bytes)).or(modified),
    };
    let octets = bytes.len() as u64;
    each(Ok(Addition { flags, date, bytes }), octets)
}

/// Lines end with CRLF, as mail has them: a server would make it so, and know the message by
/// another size then.
fn crlf(bytes: Vec<u8>) -> Vec<u8> {
    let mut before = 0;
    let bare = |b: u8, before: &mut u8| {
        let bare = b == b'\n' && *before != b'\r';
        *before = b;
        bare
    };
    if !bytes.iter().any(|b| bare(*b, &mut before)) {
        return bytes;
    }
    let mut all = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    before = 0;
    for b in bytes {
        if bare(b, &mut before) {
            all.push(b'\r');
        }
        all.push(b);
    }
    all
}

fn date_in(bytes: &[u8]) -> Option<i64> {
    crate::mime::parse::envelope(bytes).date
}

/// What a name that `export` gave tells: `1700000000-0123456789abcdef,FS.eml`.
fn of_our_name(name: &str) -> (Option<i64>, Flags) {
    let told = || {
        let stem = name.strip_suffix(".eml")?;
        let (stem, letters) = stem.split_once(',')?;
        let (date, mark) = stem.split_once('-')?;
        let hex = mark.len() == 16 && mark.bytes().all(|b| b.is_ascii_hexdigit());
        let flags = maildir::flags(&format!(":2,{letters}"), &Keywords::default());
        Some((hex.then(|| date.parse().ok()).flatten(), flags))
    };
    told().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn maildir(path: &Path) {
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(path.join(part)).unwrap();
        }
    }

    #[test]
    fn no_link_in_a_maildir_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (root, other) = (dir.path().join("mail"), dir.path().join("other"));
        for path in [&root, &other, &root.join(".Work")] {
            maildir(path);
        }
        symlink(&other, root.join(".Linked")).unwrap();
        fs::write(dir.path().join("secret.eml"), "Subject: x\n\n").unwrap();
        symlink(dir.path().join("secret.eml"), root.join("cur/1:2,")).unwrap();
        let sources = find(std::slice::from_ref(&root)).unwrap();
        let below: Vec<&str> = sources.iter().map(|s| s.below.as_str()).collect();
        assert_eq!(below, ["", "Work"]);
        for source in &sources {
            read(source, &mut |_, _| panic!("there is none")).unwrap();
        }
    }

    #[test]
    fn keywords_stand_in_a_file_of_bounded_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dovecot-keywords");
        fs::write(&path, "0 $Forwarded\n").unwrap();
        assert_ne!(keywords(dir.path()), Keywords::default());
        fs::rename(&path, dir.path().join("elsewhere")).unwrap();
        symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert_eq!(keywords(dir.path()), Keywords::default());
        fs::remove_file(&path).unwrap();
        let long = format!("{}0 $Forwarded\n", "\n".repeat(70_000));
        fs::write(&path, long).unwrap();
        assert_eq!(keywords(dir.path()), Keywords::default());
    }
}
