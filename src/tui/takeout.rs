//! Messages out of the program: into a file or a folder. Runs on a thread of its own, reads only what
//! is here, and says what was not.

use crate::lang::{tr, trn};
use crate::mime::mbox::{self, Letter};
use crate::model::Target;
use crate::store::Reader;
use crate::tui::paths::{expand, home};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeout {
    /// A new mbox file; with a `/` at its end a folder, of one `.eml` file for each message.
    Export(String),
}

/// What came of it, in plain words. `go_on` hears how many of how many are done, and says whether the
/// rest is wanted still.
///
/// # Errors
/// Why it failed, and how far it came.
pub fn take_out(
    cache: &Path,
    what: &Takeout,
    targets: &[Target],
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<String, String> {
    let unread = |error: crate::store::Error| tr!("the mail can't be read: {error}", error);
    let reader = Reader::open(cache).map_err(unread)?;
    let mut to = match what {
        Takeout::Export(path) => Way::open(path)?,
    };
    let (mut done, mut missing) = (0_usize, 0_usize);
    let all = reader.resolve(targets).map_err(unread)?;
    let total = all.len();
    for (n, target) in all.into_iter().enumerate() {
        if !go_on(n, total) {
            to.end()?;
            return Ok(tr!("Stopped. {said}", said = said(what, done)));
        }
        let body = match reader.message_at(target.location).map_err(unread)? {
            Some(message) => reader.body(message).map_err(unread)?,
            None => None,
        };
        let Some(bytes) = body else {
            missing += 1;
            continue;
        };
        let letter = Letter {
            bytes,
            flags: target.flags,
            date: Some(target.date),
        };
        to.take(&letter, &target.sender, done + 1)
            .map_err(|why| tr!("{why}; {said} before that", why, said = said(what, done)))?;
        done += 1;
    }
    to.end()?;
    match missing {
        0 => Ok(said(what, done)),
        n => Err(trn!(
            n,
            "{said}; {n} not here, or not with what is attached: fetch all with :offline",
            "{said}; {n} not here, or not with what is attached: fetch all with :offline",
            said = said(what, done)
        )),
    }
}

fn said(what: &Takeout, done: usize) -> String {
    let Takeout::Export(path) = what;
    trn!(
        n = done,
        "Wrote {n} message to {path}",
        "Wrote {n} messages to {path}",
        path
    )
}

enum Way<'a> {
    Mbox(BufWriter<std::fs::File>, &'a str),
    Folder(std::path::PathBuf),
}

impl Way<'_> {
    fn open(typed: &str) -> Result<Way<'_>, String> {
        let path = expand(typed, home().as_deref());
        let failed = |error: io::Error| format!("{typed}: {error}");
        if typed.ends_with('/') {
            let mut folder = DirBuilder::new();
            folder.mode(0o700).recursive(true);
            folder.create(&path).map_err(failed)?;
            return Ok(Way::Folder(path));
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(failed)?;
        Ok(Way::Mbox(BufWriter::new(file), typed))
    }

    fn take(&mut self, letter: &Letter, sender: &str, number: usize) -> Result<(), String> {
        match self {
            Way::Mbox(file, typed) => mbox::write(file, sender, letter)
                .map(|_| ())
                .map_err(|error| format!("{typed}: {error}")),
            Way::Folder(folder) => {
                // Numbers as names: nothing of a message comes into a path.
                let written = (number..number.saturating_add(1_000_000)).find_map(|n| {
                    let path = folder.join(format!("{n:06}.eml"));
                    let mut options = OpenOptions::new();
                    options.write(true).create_new(true).mode(0o600);
                    match options.open(&path) {
                        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => None,
                        Err(e) => Some(Err(e)),
                        Ok(mut file) => Some(file.write_all(&letter.bytes)),
                    }
                });
                written
                    .unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))
                    .map_err(|error| format!("{}: {error}", folder.display()))
            }
        }
    }

    fn end(self) -> Result<(), String> {
        match self {
            Way::Mbox(mut file, typed) => file
                .flush()
                .and_then(|()| file.get_ref().sync_all())
                .map_err(|error| format!("{typed}: {error}")),
            Way::Folder(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_new_and_no_name_comes_from_a_message() {
        let dir = tempfile::tempdir().unwrap();
        let folder = format!("{}/", dir.path().join("mail").display());
        let letter = Letter {
            bytes: b"Subject: ../../x\r\n\r\nhello\r\n".to_vec(),
            ..Letter::default()
        };
        for _ in 0..2 {
            let mut way = Way::open(&folder).unwrap();
            way.take(&letter, "a@example.org", 1).unwrap();
            way.end().unwrap();
        }
        let files = std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(files, 2, "what is there is not written over");
        let file = dir.path().join("all.mbox").display().to_string();
        let mut way = Way::open(&file).unwrap();
        way.take(&letter, "a@example.org", 1).unwrap();
        way.end().unwrap();
        assert!(Way::open(&file).is_err());
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("From a@example.org "), "{text}");
    }
}
