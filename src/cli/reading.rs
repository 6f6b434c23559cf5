//! Messages out of files, for `import`. One is held at a time, no link is followed, and a program that
//! uses the same Maildir meanwhile hides none.

use super::sources::{Kind, Source, entries};
use crate::mime::maildir::{self, Keywords};
use crate::mime::mbox::{self, Mbox, Next};
use crate::model::Flags;
use crate::net::imap::Addition;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Octets of a list of keywords that are read; it holds 26 at most.
const MOST_KEYWORDS: u64 = 64 << 10;
/// So often the new name is looked for of a message that has another while it is to be read.
const AGAIN: usize = 5;

/// What came out of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// A message.
    Message(Addition),
    /// Something that is none, or can't be had, and why.
    Not(String),
    /// A message that is deleted there, and not removed yet.
    Deleted,
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
                        each(Came::Message(addition), octets)?;
                    }
                    Next::TooLong(octets) => each(Came::Not(TOO_LONG.to_owned()), octets)?,
                    Next::Deleted(octets) => each(Came::Deleted, octets)?,
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
            if !one(&source.path, flags, date, false, each)? {
                bail!("{}: it is there no longer", told());
            }
            Ok(())
        }
        Kind::Maildir => all_of(&source.path, each),
    }
}

/// The messages of a Maildir. Whoever uses it meanwhile moves what is new to `cur` and gives a message
/// whose flags change another name: each is known by what does not change of it.
fn all_of(maildir: &Path, each: &mut dyn FnMut(Came, u64) -> Result<()>) -> Result<()> {
    let keywords = keywords(maildir);
    let mut there = names_of(maildir)?;
    let stems: Vec<String> = there.keys().cloned().collect();
    for stem in stems {
        for _ in 0..AGAIN {
            let Some(names) = there.get(&stem) else {
                break;
            };
            let mut done = false;
            for (name, path) in names {
                done |= match fs::symlink_metadata(path) {
                    Ok(meta) if !meta.is_file() => true,
                    Ok(meta) if maildir::is_deleted(name) => {
                        each(Came::Deleted, meta.len())?;
                        true
                    }
                    Ok(_) => one(path, maildir::flags(name, &keywords), None, true, each)?,
                    Err(error) if error.kind() == ErrorKind::NotFound => false,
                    Err(error) => return Err(error).with_context(|| path.display().to_string()),
                };
            }
            if done {
                break;
            }
            there = names_of(maildir)?;
        }
    }
    Ok(())
}

/// What a Maildir's messages are called, and where they are, by what does not change of their names;
/// that is one message each, unless somebody copied files. First what is new: what goes to `cur`
/// meanwhile is found there.
fn names_of(maildir: &Path) -> Result<BTreeMap<String, Vec<(String, PathBuf)>>> {
    let mut all: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for part in ["new", "cur"] {
        for (name, path) in entries(&maildir.join(part))? {
            if !name.starts_with('.') {
                let stem = maildir::stem(&name).to_owned();
                all.entry(stem).or_default().push((name, path));
            }
        }
    }
    Ok(all)
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

/// One message in a file of its own; whether it was there. `kept`: the file's time says when it came.
fn one(
    path: &Path,
    flags: Flags,
    date: Option<i64>,
    kept: bool,
    each: &mut dyn FnMut(Came, u64) -> Result<()>,
) -> Result<bool> {
    let read = || -> std::io::Result<(fs::Metadata, Vec<u8>)> {
        let meta = fs::metadata(path)?;
        let bytes = match meta.len() <= mbox::LONGEST as u64 {
            true => fs::read(path)?,
            false => Vec::new(),
        };
        Ok((meta, bytes))
    };
    let (meta, bytes) = match read() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        done => done.with_context(|| path.display().to_string())?,
    };
    if meta.len() > mbox::LONGEST as u64 {
        each(Came::Not(TOO_LONG.to_owned()), meta.len())?;
        return Ok(true);
    }
    if bytes.is_empty() {
        each(Came::Not("its file is empty".to_owned()), 0)?;
        return Ok(true);
    }
    let bytes = crlf(bytes);
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
    each(Came::Message(Addition { flags, date, bytes }), octets)?;
    Ok(true)
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
    use crate::cli::sources::find;
    use crate::cli::sources::tests::maildir;
    use crate::model::System;
    use std::os::unix::fs::symlink;

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

    #[test]
    fn what_another_program_reads_or_deletes_meanwhile_comes_once_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        maildir(dir.path());
        let all = [
            "cur/1:2,",
            "new/2",
            "cur/3:2,F",
            "cur/4:2,S",
            "cur/5:2,ST",
            "new/6",
        ];
        for name in all {
            fs::write(path(name), format!("Subject: {name}\n\n")).unwrap();
        }
        let source = Source {
            kind: Kind::Maildir,
            path: dir.path().to_owned(),
            below: String::new(),
        };
        let mut came = Vec::new();
        read(&source, &mut |one, _| {
            if came.is_empty() {
                fs::rename(path("new/2"), path("cur/2:2,S")).unwrap();
                fs::rename(path("cur/3:2,F"), path("cur/3:2,FRS")).unwrap();
                fs::remove_file(path("cur/4:2,S")).unwrap();
                fs::rename(path("new/6"), path("cur/6:2,T")).unwrap();
            }
            came.push(one);
            Ok(())
        })
        .unwrap();
        let told: Vec<_> = came
            .iter()
            .map(|one| match one {
                Came::Message(a) => {
                    let text = String::from_utf8_lossy(&a.bytes);
                    (text.trim().to_owned(), a.flags.system)
                }
                other => (format!("{other:?}"), System::default()),
            })
            .collect();
        let told: Vec<(&str, System)> = told.iter().map(|(t, f)| (t.as_str(), *f)).collect();
        let answered = System::FLAGGED | System::ANSWERED | System::SEEN;
        let expected = [
            ("Subject: cur/1:2,", System::default()),
            ("Subject: new/2", System::SEEN),
            ("Subject: cur/3:2,F", answered),
            ("Deleted", System::default()),
            ("Deleted", System::default()),
        ];
        assert_eq!(told, expected);
    }
}
