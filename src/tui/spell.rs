//! Spelling, by the Hunspell dictionaries that the system has. They are read on a thread of their
//! own; until they are there, and where there are none, every word is right.

use spellbook::Dictionary;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use unicode_segmentation::UnicodeSegmentation;

/// Where systems keep dictionaries.
const FOLDERS: [&str; 4] = [
    "/usr/share/hunspell",
    "/usr/share/myspell",
    "/usr/local/share/hunspell",
    "/Library/Spelling",
];
/// Files of a dictionary that are larger than this are left alone, in octets.
const LARGEST: u64 = 64 << 20;
/// Words whose verdict is kept.
const KEPT: usize = 20_000;
/// Longer ones are no words.
const LONGEST: usize = 64;

/// Looks words up.
#[derive(Clone, Default)]
pub struct Spelling {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    dictionaries: OnceLock<Vec<Dictionary>>,
    known: Mutex<HashMap<String, bool>>,
}

impl std::fmt::Debug for Spelling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spelling")
    }
}

impl Spelling {
    /// Reads the dictionaries of these languages (`en_US`), aside. A word is right if one of them
    /// knows it. `then` is called once they are there.
    pub fn load(languages: Vec<String>, then: impl FnOnce() + Send + 'static) -> Spelling {
        let spelling = Spelling::default();
        let inner = Arc::clone(&spelling.inner);
        let folders = FOLDERS.map(PathBuf::from);
        let read = move || {
            let found = languages.iter().filter_map(|l| read(&folders, l)).collect();
            if inner.dictionaries.set(found).is_ok() {
                then();
            }
        };
        // Without a thread nothing is marked.
        let _ = std::thread::Builder::new()
            .name("spelling".into())
            .spawn(read);
        spelling
    }

    /// The words of a line that no dictionary knows, in octets. Addresses, links, and words with
    /// digits are nobody's business.
    pub fn wrong(&self, line: &str) -> Vec<Range<usize>> {
        let Some(dictionaries) = self.inner.dictionaries.get().filter(|d| !d.is_empty()) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let mut at = 0;
        for piece in line.split_inclusive(char::is_whitespace) {
            let start = at;
            at += piece.len();
            if piece.contains(['@', '/', '\\', '_']) {
                continue;
            }
            for (offset, word) in piece.unicode_word_indices() {
                if !self.is_right(dictionaries, word) {
                    out.push(start + offset..start + offset + word.len());
                }
            }
        }
        out
    }

    /// What may have been meant, best first, at most nine. Takes its time: not for a screen's thread.
    pub fn suggest(&self, word: &str) -> Vec<String> {
        let mut out = Vec::new();
        for dictionary in self.inner.dictionaries.get().into_iter().flatten() {
            dictionary.suggest(word, &mut out);
        }
        out.truncate(9);
        out
    }

    fn is_right(&self, dictionaries: &[Dictionary], word: &str) -> bool {
        let plain = word.len() <= LONGEST && word.chars().count() > 1;
        if !plain || word.chars().any(|c| c.is_numeric()) {
            return true;
        }
        let mut known = self
            .inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(right) = known.get(word) {
            return *right;
        }
        let right = dictionaries.iter().any(|d| d.check(word));
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(word.to_owned(), right);
        right
    }
}

/// The language that the environment names (`en_US` of `en_US.UTF-8`), if it names one.
pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let value = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|n| variable(n).filter(|v| !v.is_empty()))?;
    let name = value.split(['.', '@']).next()?;
    is_name(name).then(|| name.to_owned())
}

/// Whether a language's name is one, and no path.
fn is_name(name: &str) -> bool {
    name.len() >= 2
        && name.len() <= 20
        && !matches!(name, "POSIX")
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn read(folders: &[PathBuf], language: &str) -> Option<Dictionary> {
    if !is_name(language) {
        return None;
    }
    folders.iter().find_map(|folder| {
        let aff = file(&folder.join(format!("{language}.aff")))?;
        let dic = file(&folder.join(format!("{language}.dic")))?;
        // A dictionary that brings its reader to panic is none.
        std::panic::catch_unwind(|| Dictionary::new(&aff, &dic).ok()).ok()?
    })
}

/// A text file, in UTF-8 or, as older ones are, in Latin-1.
fn file(path: &Path) -> Option<String> {
    let about = std::fs::metadata(path).ok()?;
    if !about.is_file() || about.len() > LARGEST {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    Some(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(other) => encoding_rs::WINDOWS_1252
            .decode(other.as_bytes())
            .0
            .into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling() -> Spelling {
        let spelling = Spelling::default();
        let dictionary =
            Dictionary::new("SET UTF-8\nTRY hello\n", "3\nhello\nworld\nKäse\n").unwrap();
        spelling
            .inner
            .dictionaries
            .set(vec![dictionary])
            .ok()
            .unwrap();
        spelling
    }

    #[test]
    fn unknown_words_are_found_and_no_more() {
        let spelling = spelling();
        for (line, wrong) in [
            ("Hello wrold, Käse!", vec!["wrold"]),
            (
                "see https://exmaple.org/helo or a@helo.example",
                vec!["see", "or"],
            ),
            ("x 3rd v2 a", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<&str> = spelling
                .wrong(line)
                .into_iter()
                .filter_map(|r| line.get(r))
                .collect();
            assert_eq!(found, wrong, "{line}");
        }
        assert!(spelling.suggest("helo").contains(&"hello".to_owned()));
        assert!(Spelling::default().wrong("wrold").is_empty());
    }

    #[test]
    fn a_language_is_a_name_and_no_path() {
        let of = |value: &str| of_environment(|n| (n == "LANG").then(|| value.to_owned()));
        assert_eq!(of("de_DE.UTF-8").as_deref(), Some("de_DE"));
        assert_eq!(of("C.UTF-8"), None);
        assert_eq!(of("POSIX"), None);
        assert_eq!(of("../../etc/passwd"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn dictionaries_are_read_from_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        put("xx.aff", b"SET ISO8859-1\n");
        put("xx.dic", b"1\nK\xe4se\n");
        let found = read(&[dir.path().to_owned()], "xx").unwrap();
        assert!(found.check("Käse") && !found.check("Kaese"));
        assert!(read(&[dir.path().to_owned()], "../xx").is_none());
        assert!(read(&[dir.path().to_owned()], "yy").is_none());
    }
}
