//! Files that go in, and the configuration itself going out: only regular files are read, and what is
//! replaced is replaced in one step.

use super::paths::make_private;
use crate::lang::tr;
use crate::model::step;
use crate::text::size;
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The largest file that can be attached: 100 MiB.
pub const MOST_ATTACHED: u64 = 100 << 20;

/// A file that can be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachable {
    /// Absolute.
    pub path: PathBuf,
    /// Octets, when it was looked at.
    pub size: u64,
}

/// The file that can be attached under this path. Its bytes are read when the message is queued.
///
/// # Errors
/// In plain words: it isn't there, is no ordinary file, or is too large.
pub fn attachable(path: &Path) -> Result<Attachable, String> {
    let shown = path.display();
    let path = std::path::absolute(path).map_err(|e| format!("{shown}: {e}"))?;
    let about = std::fs::metadata(&path)
        .map_err(|e| tr!("{path} can't be attached: {why}", path = shown, why = e))?;
    if about.is_dir() {
        return Err(tr!(
            "{path} is a folder; pack it into one file first",
            path = shown
        ));
    }
    if !about.is_file() {
        return Err(tr!("{path} is no ordinary file", path = shown));
    }
    if about.len() > MOST_ATTACHED {
        let size = size::human(about.len());
        return Err(tr!(
            "{path} is too large to be sent ({size})",
            path = shown,
            size
        ));
    }
    Ok(Attachable {
        size: about.len(),
        path,
    })
}

/// The bytes of a file to attach, of at most [`MOST_ATTACHED`] octets.
///
/// # Errors
/// Why it can't be attached, in plain words.
pub fn read_attachment(path: &Path) -> Result<Vec<u8>, String> {
    read_regular(path, MOST_ATTACHED).map_err(|why| {
        tr!(
            "{path} can't be attached: {why}",
            path = path.display(),
            why
        )
    })
}

/// A file as the text of a message, of at most as many octets as can be attached.
///
/// # Errors
/// Why it can't be read, in plain words.
pub fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_regular(path, MOST_ATTACHED);
    let bytes =
        bytes.map_err(|why| tr!("{path} can't be read: {why}", path = path.display(), why))?;
    String::from_utf8(bytes).map_err(|_| tr!("{path} is no text in UTF-8", path = path.display()))
}

/// The bytes of a regular file of at most `max` octets. Devices, pipes and folders are refused
/// without waiting on them.
///
/// # Errors
/// No such file, not a regular one, too large, or what the system says.
pub fn read_regular(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = regular(path)?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        let why = tr!("it is larger than {n} MiB", n = max >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(bytes)
}

fn regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let bad = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    let found = file.metadata()?;
    if found.is_dir() {
        return bad(tr!("it is a folder"));
    }
    if !found.is_file() {
        return bad(tr!("it is not a regular file"));
    }
    Ok(file)
}

/// The beginning of a regular file, at most so many octets. Devices, pipes and folders are refused
/// without waiting on them.
///
/// # Errors
/// No such file, not a regular one, or what the system says.
pub fn read_beginning(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    regular(path)?.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Held from the reading of a file of the configuration to its replacement, so that nobody else of
/// ours, in this process or another, writes over what it has not read; gone when it is dropped.
#[derive(Debug)]
#[must_use = "others write meanwhile once it is dropped"]
pub struct Alone {
    _folder: File,
    _here: MutexGuard<'static, ()>,
}

/// Whoever writes in this process: not every file system locks.
static HERE: Mutex<()> = Mutex::new(());

/// Waits until nobody else holds it for a file of the same folder, which is made (0700) if there is
/// none. It is the folder itself that is locked: a file for that would lie in somebody's dotfiles.
/// Where folders can't be locked (NFS wants a file that is open for writing) no other process is waited
/// for; within this one only one writes at a time, whatever the folder.
///
/// # Errors
/// When the folder can't be made or opened.
pub fn alone(path: &Path) -> io::Result<Alone> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private(folder)?;
    let held = File::open(folder)?;
    let here = HERE.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match flock(&held, FlockOperation::LockExclusive) {
            Err(Errno::INTR) => {}
            Ok(()) | Err(_) => {
                return Ok(Alone {
                    _folder: held,
                    _here: here,
                });
            }
        }
    }
}

/// Replaces a file by new content in one step, 0600. A link (into a folder of dotfiles) stays a
/// link: what it leads to is replaced.
///
/// # Errors
/// When it can't be written; the old content stays.
pub fn replace(path: &Path, content: &str) -> io::Result<()> {
    replace_octets(path, content.as_bytes())
}

/// [`replace`] for what is no text.
///
/// # Errors
/// When it can't be written; the old content stays.
pub fn replace_octets(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".postrider-")
        .permissions(std::fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(content)?;
    step("file fsync", || file.as_file().sync_all())?;
    step("file rename", || file.persist(&path))?;
    step("folder fsync", || File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s28_only_files_are_attached() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read_attachment(dir.path()).is_err());
        assert!(read_attachment(Path::new("/dev/zero")).is_err());
        assert!(read_attachment(&dir.path().join("none")).is_err());
        let pipe = dir.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        assert!(
            read_attachment(&pipe).is_err(),
            "a pipe without a writer must not hang"
        );
        let file = dir.path().join("a");
        std::fs::write(&file, "x").unwrap();
        assert!(read_regular(&file, 0).is_err());
        assert_eq!(read_attachment(&file).unwrap(), b"x");
    }
}
