//! Saving an attachment: a new file under a safe name, never over an existing one, never through a
//! link, readable by its owner only.

use crate::lang::tr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// So many numbers are tried behind a name that is taken.
const TRIES: u32 = 1000;

/// Writes `bytes` to a new file `name` (or `name (2)` …) in `dir`, which is made if it is not there.
/// `name` must be a bare file name.
///
/// # Errors
/// When the folder can't be made or the file can't be written.
pub fn save(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    if !dir.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let (path, mut file) = create(dir, name)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(e) = written {
        let _ = std::fs::remove_file(&path);
        return Err(e);
    }
    Ok(path)
}

fn create(dir: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    let bare = Path::new(name).file_name().is_some_and(|f| f == name);
    if !bare {
        return Err(io::Error::other(tr!("not a file name")));
    }
    for n in 1..=TRIES {
        let path = dir.join(numbered(name, n));
        // create_new is O_EXCL: neither a file nor a dangling link is followed or replaced.
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
        {
            Ok(file) => return Ok((path, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
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
}
