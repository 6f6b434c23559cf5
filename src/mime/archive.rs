//! What lies in an archive, by name: zip (its central directory), tar, and either behind gzip.
//!
//! Nothing is unpacked. A tar behind gzip has to be inflated to be read, so no more of it than
//! [`MOST_INFLATED`] is; a zip archive is read entry by entry and never held as a whole. Names are
//! text to be shown, never paths.

use crate::lang::{tr, trn};
use flate2::read::MultiGzDecoder;
use std::io::{Cursor, Read};
use zip::read::Config;
use zip::unstable::read::ZipIterable;

/// Names listed at most.
pub const MOST: usize = 2_000;
/// Octets that are inflated at most.
pub const MOST_INFLATED: u64 = 64 << 20;
/// The longest name that is kept, in octets.
const LONGEST: usize = 1_024;
/// Where a tar header says what it is (POSIX.1-1988 ustar).
const MAGIC: std::ops::Range<usize> = 257..262;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name as it stands, decoded. Untrusted text: never a path.
    pub name: String,
    /// Octets once unpacked, as the archive says; nobody has counted them.
    pub size: u64,
    /// Whether it can't be read without a password.
    pub locked: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The entries, in the archive's order.
    pub entries: Vec<Entry>,
    /// What else there is to say: more than is listed, damage.
    pub note: Option<String>,
}

/// The entries of an archive; `None` if the octets are none that is known here.
pub fn list(bytes: &[u8]) -> Option<Listing> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some(zip(bytes));
    }
    if is_tar(bytes) {
        return Some(tar(bytes));
    }
    let head = inflate(bytes, 512).filter(|head| is_tar(head));
    head.map(|_| tar(MultiGzDecoder::new(bytes).take(MOST_INFLATED)))
}

/// The first `most` octets of what is behind gzip; `None` if it is not gzip. What is damaged ends
/// there.
pub fn inflate(bytes: &[u8], most: u64) -> Option<Vec<u8>> {
    if !bytes.starts_with(b"\x1f\x8b\x08") {
        return None;
    }
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most).read_to_end(&mut out);
    (read.is_ok() || !out.is_empty()).then_some(out)
}

fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(MAGIC) == Some(b"ustar")
}

fn zip(bytes: &[u8]) -> Listing {
    let mut listing = Listing::default();
    let damaged = tr!("The archive is damaged; not all of it could be listed.");
    let config = Config::default();
    let Ok(mut archive) = ZipIterable::try_new(Cursor::new(bytes), config) else {
        listing.note =
            Some(tr!("The archive is damaged: its list of contents can't be read.").into());
        return listing;
    };
    let total = archive.len();
    let Ok(files) = archive.files() else {
        listing.note = Some(damaged.into());
        return listing;
    };
    for file in files.take(MOST) {
        let Ok(file) = file else {
            listing.note = Some(damaged.into());
            return listing;
        };
        let name = match file.name() {
            Ok(name) => shortened(&name),
            Err(_) => shortened(&String::from_utf8_lossy(file.name_raw())),
        };
        listing.entries.push(Entry {
            name,
            size: file.size(),
            locked: file.encrypted(),
        });
    }
    listing.note = (total > MOST).then(|| trn!(n = total - MOST, "And {n} more.", "And {n} more."));
    listing
}

fn tar(stream: impl Read) -> Listing {
    let mut listing = Listing::default();
    let mut archive = tar::Archive::new(stream);
    let Ok(entries) = archive.entries() else {
        return listing;
    };
    for entry in entries {
        if listing.entries.len() >= MOST {
            listing.note = Some(tr!("And more.").into());
            break;
        }
        let Ok(entry) = entry else {
            listing.note =
                Some(tr!("The archive is damaged or very large; not all of it is listed.").into());
            break;
        };
        listing.entries.push(Entry {
            name: shortened(&String::from_utf8_lossy(&entry.path_bytes())),
            size: entry.size(),
            locked: false,
        });
    }
    listing
}

fn shortened(name: &str) -> String {
    let (name, _) = name.split_at(name.floor_char_boundary(LONGEST));
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::Write;

    /// A zip archive of empty files, written by hand: what is hostile no library would write.
    fn zip_of(names: &[&[u8]], declared: u32) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for name in names {
            let at = u32::try_from(out.len()).unwrap();
            let len = u16::try_from(name.len()).unwrap().to_le_bytes();
            out.extend(b"PK\x03\x04\x14\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
            out.extend(len);
            out.extend([0, 0]);
            out.extend(*name);
            directory.extend(b"PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\0\0\0\0\0\0");
            directory.extend(0u32.to_le_bytes());
            directory.extend(declared.to_le_bytes());
            directory.extend(len);
            directory.extend([0; 12]);
            directory.extend(at.to_le_bytes());
            directory.extend(*name);
        }
        let count = u16::try_from(names.len()).unwrap().to_le_bytes();
        let at = u32::try_from(out.len()).unwrap();
        out.extend(&directory);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(count);
        out.extend(count);
        out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend([0, 0]);
        out
    }

    fn tar_of(names: &[&str], body: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for name in names {
            let mut header = tar::Header::new_ustar();
            header.set_size(body.len() as u64);
            header.set_cksum();
            builder.append_data(&mut header, name, body).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn names(listing: &Listing) -> Vec<&str> {
        listing.entries.iter().map(|e| e.name.as_str()).collect()
    }

    #[test]
    fn s42_names_are_told_without_unpacking() {
        // Each entry claims four gigabytes: nobody makes room for them.
        let listing = list(&zip_of(&[b"../a.txt", "ä/b".as_bytes()], u32::MAX - 1)).unwrap();
        assert_eq!(names(&listing), ["../a.txt", "ä/b"]);
        assert_eq!(listing.entries[0].size, u64::from(u32::MAX - 1));
        let tar = tar_of(&["a", "b/c"], b"hello");
        for bytes in [tar.clone(), gzip(&tar)] {
            let listing = list(&bytes).unwrap();
            assert_eq!(names(&listing), ["a", "b/c"]);
            assert_eq!((listing.entries[1].size, listing.note), (5, None));
        }
        for other in [&b"hello"[..], b"", b"%PDF", &gzip(b"just text")] {
            assert_eq!(list(other), None);
        }
    }

    #[test]
    fn s42_a_bomb_is_left_alone_after_a_while() {
        let size = usize::try_from(MOST_INFLATED).unwrap() + (1 << 20);
        let big = gzip(&tar_of(&["zeros", "behind"], &vec![0; size]));
        assert!(big.len() < 1 << 20);
        let listing = list(&big).unwrap();
        assert_eq!(names(&listing), ["zeros"]);
        assert!(listing.note.is_some());
        assert_eq!(inflate(&big, 1000).unwrap().len(), 1000);
        let many = vec![&b"x"[..]; MOST + 7];
        let listing = list(&zip_of(&many, 0)).unwrap();
        assert_eq!(listing.entries.len(), MOST);
        assert_eq!(listing.note.as_deref(), Some("And 7 more."));
    }

    #[test]
    fn damage_is_told() {
        let good = zip_of(&[b"a", b"b"], 0);
        let cut = list(&good[..good.len() - 30]).unwrap();
        assert!(cut.entries.is_empty() && cut.note.is_some());
        let tar = tar_of(&["a", "b"], b"x");
        let cut = list(&tar[..600]).unwrap();
        assert_eq!(names(&cut), ["a"]);
        assert!(cut.note.is_some());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(
            mut bytes in prop_oneof![
                Just(zip_of(&[b"a", b"b"], 9)),
                Just(tar_of(&["a", "b"], b"x")),
                Just(gzip(&tar_of(&["a"], b"x"))),
            ],
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        ) {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(listing) = list(&bytes) {
                prop_assert!(listing.entries.len() <= MOST);
            }
        }
    }
}
