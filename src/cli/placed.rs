//! Files that are written beside their names and get them once they are whole, and durably.

use super::exit::{self, Failure};
use anyhow::{Context as _, Result};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Makes a folder and those that it lies in, durably: 0700 where there was none.
///
/// # Errors
/// When it can't be made.
pub fn folder(path: &Path) -> Result<()> {
    let missing = missing(path);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(path)
        .with_context(|| path.display().to_string())?;
    // Each stands by its name in the one that it lies in.
    missing
        .into_iter()
        .try_for_each(|made| settle(parent(made)))
}

/// Of a folder and those that it lies in those that are not there, the innermost first.
fn missing(path: &Path) -> Vec<&Path> {
    let named = |p: &&Path| !p.as_os_str().is_empty();
    let above = path.ancestors().filter(named);
    above.take_while(|p| !p.exists()).collect()
}

/// The folder that this lies in.
fn parent(path: &Path) -> &Path {
    let named = path.parent().filter(|p| !p.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

/// A file under way. What stands there from a run that was cut goes first, a link without what it
/// leads to: nothing else is ever written into.
///
/// # Errors
/// When it can't be made.
pub fn create(path: &Path) -> Result<File> {
    let told = || path.display().to_string();
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e).with_context(told),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).with_context(told)
}

/// A file that is gone on with, if it is one and no link.
///
/// # Errors
/// When it can't be opened or made.
pub fn go_on(path: &Path) -> Result<File> {
    let told = || path.display().to_string();
    if fs::symlink_metadata(path).is_ok_and(|m| !m.is_file()) {
        return create(path);
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    options.mode(0o600).custom_flags(flags);
    options.open(path).with_context(told)
}

/// Keeps every other process from going on with this file that was opened at `path`, until all of its
/// handles are closed.
///
/// # Errors
/// When another process does, or has finished it meanwhile.
pub fn alone(file: &File, path: &Path) -> Result<()> {
    let busy = |told: &str| {
        let told = format!("{}: {told}", path.display());
        Err(Failure::new(exit::TEMPORARY, told).into())
    };
    // Not every file system can do that: then nobody is told of.
    let locked = flock(file, FlockOperation::NonBlockingLockExclusive);
    if locked == Err(rustix::io::Errno::WOULDBLOCK) {
        return busy("another export is under way there");
    }
    let own = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) if (named.dev(), named.ino()) == (own.dev(), own.ino()) => Ok(()),
        _ => busy("another export has just finished it"),
    }
}

/// What an unfinished file is called.
pub fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Gives a whole file its name, durably; not in the place of one that somebody made meanwhile.
///
/// # Errors
/// When there is one, or the name can't be given.
pub fn put(part: &Path, path: &Path) -> Result<()> {
    let flags = rustix::fs::RenameFlags::NOREPLACE;
    let here = rustix::fs::CWD;
    let named = match rustix::fs::renameat_with(here, part, here, path, flags) {
        // Not every file system can do that at once.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            look_and_put(part, path)
        }
        done => done.map_err(io::Error::from),
    };
    named.with_context(|| {
        let (path, part) = (path.display(), part.display());
        format!("{path}: what was written is in {part}")
    })?;
    settle(parent(path))
}

fn look_and_put(part: &Path, path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "it is there already",
        ));
    }
    fs::rename(part, path)
}

/// The names in a folder are on the disk when this returns, where the file system knows of that.
///
/// # Errors
/// When they can't be written.
pub fn settle(folder: &Path) -> Result<()> {
    match File::open(folder).and_then(|f| f.sync_all()) {
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done.with_context(|| folder.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_made_meanwhile_is_named_whatever_the_file_system_can_do() {
        let dir = tempfile::tempdir().unwrap();
        let [part, path] = ["a.part", "a"].map(|name| dir.path().join(name));
        fs::write(&part, "ours").unwrap();
        fs::write(&path, "theirs").unwrap();
        let said = look_and_put(&part, &path).unwrap_err();
        assert_eq!(said.to_string(), "it is there already");
        let said = format!("{:#}", put(&part, &path).unwrap_err());
        assert!(said.contains("what was written is in"), "{said}");
        fs::remove_file(&path).unwrap();
        look_and_put(&part, &path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ours");
    }

    #[test]
    fn one_process_goes_on_with_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.part");
        let [first, second] = [(); 2].map(|()| go_on(&path).unwrap());
        alone(&first, &path).unwrap();
        let copy = first.try_clone().unwrap();
        drop(first);
        let said = alone(&second, &path).unwrap_err().to_string();
        assert!(said.contains("is under way"), "{said}");
        // It gets its name and is let go.
        fs::rename(&path, dir.path().join("a")).unwrap();
        drop(copy);
        let said = alone(&second, &path).unwrap_err().to_string();
        assert!(said.contains("has just finished"), "{said}");
        let third = go_on(&path).unwrap();
        alone(&third, &path).unwrap();
    }

    #[test]
    fn a_file_system_without_durable_names_costs_nothing_that_was_written() {
        // It says EINVAL to this.
        settle(Path::new("/proc")).unwrap();
        assert!(settle(Path::new("/no such folder")).is_err());
    }

    #[test]
    fn each_folder_that_is_made_is_on_the_disk_in_the_one_above() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b/c");
        let made: Vec<&Path> = missing(&deep);
        let (a, b) = (dir.path().join("a"), dir.path().join("a/b"));
        assert_eq!(made, [&*deep, &*b, &*a]);
        folder(&deep).unwrap();
        assert!(deep.is_dir());
        assert_eq!(missing(&deep), [] as [&Path; 0]);
        assert_eq!(
            (parent(Path::new("x")), parent(&a)),
            (Path::new("."), dir.path())
        );
    }
}
