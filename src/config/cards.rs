//! The files of an address book: found in the folders that hold them (one card a file, as programs
//! that sync keep them) or named one by one; only regular ones, and only so much of them.

use crate::config::files::read_regular;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest file that is read, and all of them together, in octets: an export with photos.
pub const LARGEST: u64 = 64 << 20;
const ALTOGETHER: u64 = 256 << 20;
/// Files looked at.
const FILES: usize = 20_000;
/// Folders in folders that are entered: those of collections, and then some.
const DEEP: usize = 4;

/// A file, and what tells whether it was changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// When it was written.
    pub written: Option<SystemTime>,
    /// Octets.
    pub size: u64,
}

/// The files that there are now, in order, and what is wrong, in plain words.
pub fn find(places: &[PathBuf]) -> (Vec<Found>, Vec<String>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for place in places {
        match std::fs::metadata(place) {
            Ok(about) if about.is_dir() => enter(place, DEEP, &mut found, &mut wrong),
            Ok(_) => found.extend(look(place)),
            Err(why) => wrong.push(format!("{}: {why}", place.display())),
        }
    }
    found.sort();
    found.dedup();
    let mut octets = 0u64;
    let most = found.len() > FILES;
    found.truncate(FILES);
    let before = found.len();
    found.retain(|f| {
        octets = octets.saturating_add(f.size);
        f.size <= LARGEST && octets <= ALTOGETHER
    });
    if most || found.len() < before {
        wrong.push("there are too many cards, or too large ones: some are left out".to_owned());
    }
    (found, wrong)
}

fn look(path: &Path) -> Option<Found> {
    let about = std::fs::metadata(path).ok()?;
    about.is_file().then(|| Found {
        path: path.to_owned(),
        written: about.modified().ok(),
        size: about.len(),
    })
}

fn enter(folder: &Path, deep: usize, found: &mut Vec<Found>, wrong: &mut Vec<String>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) => return wrong.push(format!("{}: {why}", folder.display())),
    };
    for entry in entries.flatten() {
        // One more than is read tells that there are too many.
        if found.len() > FILES {
            return;
        }
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if hidden {
            continue;
        }
        // A link to a folder is not entered: it may lead back.
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            if deep > 0 {
                enter(&path, deep - 1, found, wrong);
            }
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("vcf"))
        {
            found.extend(look(&path));
        }
    }
}

/// The octets of one.
///
/// # Errors
/// When it is gone, grew too large, or is no regular file.
pub fn read(file: &Found) -> io::Result<Vec<u8>> {
    read_regular(&file.path, LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_and_only_files_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("all/work")).unwrap();
        for name in [
            "all/a.vcf",
            "all/work/b.VCF",
            "all/notes.txt",
            "all/.a.vcf",
            "one",
        ] {
            std::fs::write(at(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(dir.path(), at("all/loop")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("all/zero.vcf")).unwrap();
        std::os::unix::fs::symlink(at("one"), at("all/linked.vcf")).unwrap();
        let places = [at("all"), at("one"), at("none"), at("one")];
        let (found, wrong) = find(&places);
        let names: Vec<_> = found.iter().filter_map(|f| f.path.file_name()).collect();
        assert_eq!(names, ["a.vcf", "linked.vcf", "b.VCF", "one"]);
        assert!(wrong.len() == 1 && wrong[0].contains("none"), "{wrong:?}");
        assert_eq!(read(&found[0]).unwrap(), b"x");
        let before = found.clone();
        std::fs::write(at("one"), "longer").unwrap();
        assert_ne!(find(&places).0, before);
    }
}
