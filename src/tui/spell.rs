//! Spelling, by the Hunspell dictionaries that the system has and the user's own words. Both are read
//! on a thread of their own; until they are there, and where there are none, every word is right.

use crate::lang::tr;
use spellbook::Dictionary;
use std::collections::{BTreeSet, HashMap};
use std::io::Write as _;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
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
/// Longer ones are no words, in octets.
const LONGEST: usize = 64;
/// Suggestions for a word at most.
pub const SUGGESTED: usize = 9;

/// Looks words up.
#[derive(Clone, Default)]
pub struct Spelling {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    dictionaries: OnceLock<Vec<Dictionary>>,
    known: Mutex<HashMap<String, bool>>,
    /// The user's own words.
    own: Mutex<BTreeSet<String>>,
    /// The file that they are in, a word a line.
    file: PathBuf,
}

impl std::fmt::Debug for Spelling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spelling")
    }
}

impl Spelling {
    /// Reads the dictionaries of these languages (`en_US`) and the user's words in `file`, aside. A
    /// word is right if one of them knows it. `then` is called once they are there, with the
    /// languages that have none.
    pub fn load(
        languages: Vec<String>,
        file: PathBuf,
        then: impl FnOnce(&[String]) + Send + 'static,
    ) -> Spelling {
        let inner = Arc::new(Inner {
            file,
            ..Inner::default()
        });
        let spelling = Spelling {
            inner: Arc::clone(&inner),
        };
        let folders = FOLDERS.map(PathBuf::from);
        let read = move || {
            let words = self::file(&inner.file).unwrap_or_default();
            let words = words.lines().map(|w| w.trim().to_owned());
            let words = words.filter(|w| is_word(w));
            let mut own = inner.own.lock().unwrap_or_else(PoisonError::into_inner);
            own.extend(words);
            drop(own);
            let mut lacking = Vec::new();
            let mut found = Vec::new();
            for language in languages {
                match read(&folders, &language) {
                    Some(dictionary) => found.push(dictionary),
                    None => lacking.push(language),
                }
            }
            if inner.dictionaries.set(found).is_ok() {
                then(&lacking);
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

    /// Whether there is a dictionary.
    pub fn is_ready(&self) -> bool {
        self.inner.dictionaries.get().is_some_and(|d| !d.is_empty())
    }

    /// What may have been meant, best first, at most [`SUGGESTED`]. Takes its time: not for a
    /// screen's thread.
    pub fn suggest(&self, word: &str) -> Vec<String> {
        if !is_word(word) {
            return Vec::new();
        }
        let mut each: Vec<Vec<String>> = Vec::new();
        for dictionary in self.inner.dictionaries.get().into_iter().flatten() {
            // One that brings its reader to panic has nothing to say.
            let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut out = Vec::new();
                dictionary.suggest(word, &mut out);
                out
            }));
            each.push(found.unwrap_or_default());
        }
        // The best of every language before the second best of one.
        let most = each.iter().map(Vec::len).max().unwrap_or(0);
        let mut out: Vec<String> = Vec::new();
        for n in 0..most {
            for word in each.iter().filter_map(|found| found.get(n)) {
                if !out.contains(word) {
                    out.push(word.clone());
                }
            }
        }
        out.truncate(SUGGESTED);
        out
    }

    /// From now on this word is right. [`Spelling::keep`] makes that last.
    pub fn learn(&self, word: &str) {
        let lock = |m| Mutex::lock(m).unwrap_or_else(PoisonError::into_inner);
        lock(&self.inner.own).insert(word.to_owned());
        let mut known = self
            .inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.clear();
    }

    /// Writes a word down among the user's. Goes to the disk: not for a screen's thread.
    ///
    /// # Errors
    /// In plain words, when it can't be written.
    pub fn keep(&self, word: &str) -> Result<(), String> {
        let file = &self.inner.file;
        let failed =
            |e: std::io::Error| tr!("{file} can't be written: {e}", file = file.display(), e);
        if !is_word(word) {
            return Err(tr!("this is no word").to_owned());
        }
        let mut open = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(file)
            .map_err(failed)?;
        // One write, so that two programs do not mix their words.
        open.write_all(format!("{word}\n").as_bytes())
            .map_err(failed)
    }

    /// Whether it is a word of the user's, or begins a sentence with one.
    fn is_own(&self, word: &str) -> bool {
        let own = &self.inner.own;
        let own = own.lock().unwrap_or_else(PoisonError::into_inner);
        own.contains(word) || own.contains(&word.to_lowercase())
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
        let right = dictionaries.iter().any(|d| d.check(word)) || self.is_own(word);
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

/// Whether it is one word, and not too long for one.
fn is_word(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    !text.is_empty() && text.len() <= LONGEST && !text.contains(odd)
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

/// Whether the system has a dictionary of this language.
pub fn is_there(language: &str) -> bool {
    let has = |folder: &&str, end: &str| {
        let name = format!("{language}.{end}");
        Path::new(folder).join(name).is_file()
    };
    is_name(language) && FOLDERS.iter().any(|f| has(f, "aff") && has(f, "dic"))
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
pub mod tests {
    //! A dictionary made by hand.

    use super::*;

    /// One that knows three words.
    pub fn spelling() -> Spelling {
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
    fn a_language_without_a_dictionary_is_named() {
        let (tell, told) = crossbeam_channel::bounded(1);
        let languages = vec!["xx_YY".to_owned(), "../etc".to_owned()];
        let file = tempfile::tempdir().unwrap().path().join("none");
        let _spelling = Spelling::load(languages, file, move |lacking| {
            let _ = tell.send(lacking.join(" "));
        });
        assert_eq!(told.recv().unwrap(), "xx_YY ../etc");
    }

    #[test]
    fn a_word_that_was_learnt_is_right_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("words.txt");
        std::fs::write(&file, "gnu\nno word\n").unwrap();
        let begin = || {
            let (tell, told) = crossbeam_channel::bounded::<()>(1);
            let spelling = Spelling::load(Vec::new(), file.clone(), move |_| drop(tell));
            let _ = told.recv();
            spelling
        };
        let mut known = begin();
        let checks = |spelling: &Spelling, word: &str| {
            let dictionary = Dictionary::new("SET UTF-8\n", "1\nhello\n").unwrap();
            spelling.is_right(&[dictionary], word)
        };
        assert!(checks(&known, "gnu") && checks(&known, "Gnu"));
        for word in ["wrold", "no", "Ngrok"] {
            assert!(!checks(&known, word), "{word}");
        }
        known.learn("Ngrok");
        assert!(checks(&known, "Ngrok") && !checks(&known, "ngrok"));
        known.keep("Ngrok").unwrap();
        assert!(known.keep("two words").is_err());
        known = begin();
        assert!(checks(&known, "Ngrok"));
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            "gnu\nno word\nNgrok\n"
        );
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
