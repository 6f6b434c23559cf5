//! Messages out of the program: into a file or a folder. Runs on a thread of its own, has fetched what is
//! not here, and says what did not come.

use crate::lang::{tr, trn};
use crate::mime::mbox::{self, Letter};
use crate::model::{MsgId, Target};
use crate::store::{Error, Reader};
use crate::tui::paths::{expand, home};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeout {
    /// A new mbox file; with a `/` at its end a folder, of one `.eml` file for each message.
    Export(String),
}

/// How long one message is waited for. After one that did not come no other is.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks whether it came.
const BETWEEN: Duration = Duration::from_millis(50);

/// What came of it, in plain words. `go_on` hears how many of how many are done, and says whether the
/// rest is wanted still; `fetch` has all of a message fetched, or does nothing.
///
/// # Errors
/// Why it failed, and how far it came.
pub fn take_out(
    cache: &Path,
    what: &Takeout,
    targets: &[Target],
    go_on: &mut dyn FnMut(usize, usize) -> bool,
    fetch: &mut dyn FnMut(MsgId),
) -> Result<String, String> {
    let unread = |error: Error| tr!("the mail can't be read: {error}", error);
    let reader = Reader::open(cache).map_err(unread)?;
    let mut to = match what {
        Takeout::Export(path) => Way::open(path)?,
    };
    let folder = matches!(to, Way::Folder(_));
    let (mut done, mut missing) = (0_usize, 0_usize);
    let mut patience = PATIENCE;
    let all = reader.resolve(targets).map_err(unread)?;
    let total = all.len();
    for (n, target) in all.into_iter().enumerate() {
        if !go_on(n, total) {
            to.end()?;
            return Ok(tr!("Stopped. {said}", said = said(what, done)));
        }
        let body = match reader.message_at(target.location).map_err(unread)? {
            Some(message) => match reader.body(message).map_err(unread)? {
                None if !patience.is_zero() => {
                    let tries = reader.body_tries(message).map_err(unread)?;
                    fetch(message);
                    let waits = || go_on(n, total);
                    let asked = (message, tries);
                    let came = came(&reader, asked, patience, waits).map_err(unread)?;
                    came.unwrap_or_else(|| {
                        patience = Duration::ZERO;
                        None
                    })
                }
                here => here,
            },
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
            .map_err(|why| match folder {
                true => tr!("{why}; {said} before that", why, said = said(what, done)),
                // What there was of the file is gone again.
                false => why,
            })?;
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

/// A message once all of it came; nothing in it if it can't be had, which counts only if it was found
/// out since it was asked for, with so many tries before: by another number of them, or because the
/// failure of before was forgotten meanwhile, and its tries with it. `None`: it did not come.
fn came(
    reader: &Reader,
    (message, tries): (MsgId, u32),
    patience: Duration,
    mut waits: impl FnMut() -> bool,
) -> Result<Option<Option<Vec<u8>>>, Error> {
    let until = Instant::now() + patience;
    let mut old = true;
    loop {
        if let Some(bytes) = reader.body(message)? {
            return Ok(Some(Some(bytes)));
        }
        match reader.message(message)? {
            Some(row) if row.body_error.is_none() => old = false,
            Some(_) if old && reader.body_tries(message)? == tries => {}
            _ => return Ok(Some(None)),
        }
        if !waits() || Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(BETWEEN);
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
    Mbox(Mbox, &'a str),
    Folder(PathBuf),
}

/// A file that has its name only once it is whole; until then it goes with this.
struct Mbox {
    out: BufWriter<std::fs::File>,
    part: PathBuf,
    path: PathBuf,
}

impl Mbox {
    fn new(path: PathBuf) -> io::Result<Mbox> {
        if std::fs::symlink_metadata(&path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut part = path.clone().into_os_string();
        part.push(format!(".{}.tmp", std::process::id()));
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let out = BufWriter::new(options.open(&part)?);
        Ok(Mbox { out, part, path })
    }

    fn end(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        // Never over what came to stand there meanwhile, where links are to be had.
        match std::fs::hard_link(&self.part, &self.path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => std::fs::rename(&self.part, &self.path),
        }
    }
}

impl Drop for Mbox {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
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
        Ok(Way::Mbox(Mbox::new(path).map_err(failed)?, typed))
    }

    fn take(&mut self, letter: &Letter, sender: &str, number: usize) -> Result<(), String> {
        match self {
            Way::Mbox(file, typed) => mbox::write(&mut file.out, sender, letter)
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
            Way::Mbox(file, typed) => file.end().map_err(|error| format!("{typed}: {error}")),
            Way::Folder(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Envelope;
    use crate::store::shelf::{Shelf, V, message};

    #[test]
    fn a_failure_is_new_though_the_one_of_before_was_forgotten() {
        let mut shelf = Shelf::new(&[("INBOX", None)]);
        let mailbox = shelf.mailbox("INBOX");
        let reader = Reader::open(&shelf.path()).unwrap();
        let cache = &mut shelf.cache;
        let new = message(1, Envelope::default());
        cache.ingest(mailbox, V, &[new], None).unwrap();
        let all = [Target::Mailbox(mailbox)];
        let place = cache.read().resolve(&all).unwrap()[0].location;
        let message = cache.read().message_at(place).unwrap().unwrap();
        cache.body_failed(message, "it is not there").unwrap();
        let tries = cache.read().body_tries(message).unwrap();
        // It is forgotten, and found out anew: as many tries as before.
        let mut looks = 0;
        let came = came(&reader, (message, tries), Duration::from_secs(3600), || {
            looks += 1;
            match looks {
                1 => cache.forget_failures(&[message]).unwrap(),
                2 => cache.body_failed(message, "it is not there").unwrap(),
                _ => {}
            }
            looks < 4
        });
        assert_eq!(came.unwrap(), Some(None));
    }

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
        // What fails leaves nothing that looks whole.
        let half = dir.path().join("half.mbox").display().to_string();
        let mut way = Way::open(&half).unwrap();
        way.take(&letter, "a@example.org", 1).unwrap();
        drop(way);
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 2, "the folder and the file from before");
    }
}
