//! Saving an attachment: a new file under a safe name, never over an existing one, never through a
//! link, readable by its owner only. It has its name once it is whole.

use crate::lang::tr;
use std::fs::{DirBuilder, DirEntry, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::{NamedTempFile, PersistError};

/// So many numbers are tried behind a name that is taken.
const TRIES: u32 = 1000;
/// What a file is called until it is whole: this, anything, and that.
const PREFIX: &str = ".postrider-";
const SUFFIX: &str = ".part";
/// After so long without a byte nobody writes on such a file any more.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Writes `bytes` to a new file `name` (or `name (2)` …) in `dir`, which is made if it is not there.
/// `name` must be a bare file name. Whatever ends the program meanwhile, a file of that name is whole.
///
/// # Errors
/// When the folder can't be made or the file can't be written; then there is none.
pub fn save(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    save_by(dir, name, |file| file.write_all(bytes))
}

fn save_by(
    dir: &Path,
    name: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let bare = Path::new(name).file_name().is_some_and(|f| f == name);
    if !bare {
        return Err(io::Error::other(tr!("not a file name")));
    }
    if !dir.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    sweep(dir);
    let mut file = begin(dir)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    for n in 1..=TRIES {
        let path = dir.join(numbered(name, n));
        match put(file, &path) {
            Ok(()) => return Ok(path),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => file = taken.file,
            Err(failed) => return Err(failed.error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A file in `dir` that is not whole yet: always of one name, unless another one is being written.
fn begin(dir: &Path) -> io::Result<NamedTempFile> {
    let made = |random| {
        let mut part = tempfile::Builder::new();
        let part = part.prefix(PREFIX).suffix(SUFFIX).rand_bytes(random);
        part.tempfile_in(dir)
    };
    let file = match made(0) {
        Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists => made(6),
        other => other,
    };
    // Else its name would be told, which nobody gave it.
    file.map_err(|error| error.kind().into())
}

/// Takes away what programs left in `dir` that ended while they wrote.
fn sweep(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let ours = name.starts_with(PREFIX.as_bytes()) && name.ends_with(SUFFIX.as_bytes());
        if ours && is_stale(&entry) {
            // It is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether it is a file that nobody wrote on for long.
fn is_stale(entry: &DirEntry) -> bool {
    let Ok(about) = entry.metadata() else {
        return false;
    };
    let written = about.modified().ok();
    let age = written.and_then(|at| at.elapsed().ok());
    about.is_file() && age.is_some_and(|age| age > STALE)
}

/// Gives a whole file its name, never in the place of a file or of a link.
fn put(file: NamedTempFile, path: &Path) -> Result<(), PersistError> {
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Err(taken),
        // Not every file system can do that at once.
        Err(failed) => take_and_put(failed.file, path),
    }
}

/// The same in two steps: the name is taken first, and then belongs to nobody else.
fn take_and_put(file: NamedTempFile, path: &Path) -> Result<(), PersistError> {
    let mut options = OpenOptions::new();
    // O_EXCL: neither a file nor a dangling link is followed or replaced.
    options.write(true).create_new(true).mode(0o600);
    if let Err(error) = options.open(path) {
        return Err(PersistError { error, file });
    }
    file.persist(path).map(drop).inspect_err(|_| {
        let _ = std::fs::remove_file(path);
    })
}

fn numbered(name: &str, n: u32) -> String {
    if n == 1 {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem} ({n}).{ending}"),
        _ => format!("{name} ({n})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn s32_a_taken_name_gets_a_number_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("in/side");
        let first = save(&inner, "a.txt", b"1").unwrap();
        let second = save(&inner, "a.txt", b"2").unwrap();
        assert_eq!(second.file_name().unwrap(), "a (2).txt");
        assert_eq!(std::fs::read(first).unwrap(), b"1");
        let mode = std::fs::metadata(second).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn s33_links_are_not_followed_and_paths_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        std::os::unix::fs::symlink(&target, dir.path().join("x")).unwrap();
        let saved = save(dir.path(), "x", b"data").unwrap();
        assert_eq!(saved.file_name().unwrap(), "x (2)");
        assert!(!target.exists());
        for bad in ["../x", "/etc/x", "", "a/b", "..", ".", "a/", "a\0b"] {
            assert!(save(dir.path(), bad, b"").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        let failed = save_by(dir.path(), "a.txt", |file| {
            file.write_all(b"half of it")?;
            assert!(!path.exists(), "a crash would leave that");
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        save(dir.path(), "a.txt", b"all of it").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_program_left_that_was_ended_goes_with_the_next_save() {
        let dir = tempfile::tempdir().unwrap();
        let left = |name: &str, days: u64| {
            let file = File::create(dir.path().join(name)).unwrap();
            let at = std::time::SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
            file.set_modified(at).unwrap();
        };
        left(".postrider-gone.part", 2);
        for (name, days) in [
            (".postrider-now.part", 0),
            (".postrider-notes", 2),
            ("mine.part", 2),
        ] {
            left(name, days);
        }
        save(dir.path(), "a.txt", b"new").unwrap();
        let names = std::fs::read_dir(dir.path()).unwrap();
        let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        let want = [
            ".postrider-notes",
            ".postrider-now.part",
            "a.txt",
            "mine.part",
        ];
        assert_eq!(names, want);
    }

    #[test]
    fn a_name_that_nobody_gave_is_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let failed = begin(&dir.path().join("gone")).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::NotFound);
        assert!(!failed.to_string().contains(".postrider-"), "{failed}");
    }

    #[test]
    fn nothing_is_overwritten_whatever_the_file_system_can_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let whole = || {
            let mut file = NamedTempFile::new_in(dir.path()).unwrap();
            file.write_all(b"ours").unwrap();
            file
        };
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        let taken = take_and_put(whole(), &path).unwrap_err();
        assert_eq!(taken.error.kind(), io::ErrorKind::AlreadyExists);
        std::fs::remove_file(&path).unwrap();
        take_and_put(whole(), &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"ours");
        let taken = take_and_put(whole(), &path).unwrap_err();
        assert_eq!(taken.error.kind(), io::ErrorKind::AlreadyExists);
    }
}
