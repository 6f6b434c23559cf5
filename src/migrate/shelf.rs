//! The files of a client, as its configuration names them: read through whoever can (this floor
//! touches no disk), within bounds. What was too large, too long, too many or no text is noted.

use crate::migrate::found::{Findings, Kind, Place};
use std::path::{Path, PathBuf};

/// Files read for one client.
const FILES: usize = 100;
/// Octets of one file.
const OCTETS: usize = 4 << 20;
/// Octets of one line.
const LINE: usize = 32 << 10;
/// Files that name each other, one in another.
pub const DEEP: usize = 16;

/// The beginning of a file, at most so many octets; an error in plain words. Devices, pipes and
/// folders must be refused.
pub type Read<'a> = dyn FnMut(&Path, usize) -> Result<Vec<u8>, String> + 'a;

/// The folders that a configuration may begin a path with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dirs {
    /// The user's home.
    pub home: PathBuf,
    /// `$XDG_CONFIG_HOME`.
    pub config: PathBuf,
    /// `$XDG_DATA_HOME`.
    pub data: PathBuf,
}

impl Dirs {
    /// The folders of somebody whose home is that and who moved none of them.
    pub fn under(home: &Path) -> Dirs {
        Dirs {
            home: home.to_owned(),
            config: home.join(".config"),
            data: home.join(".local/share"),
        }
    }

    /// The value of one of the few variables that are known.
    pub fn variable(&self, name: &str) -> Option<String> {
        let path = match name {
            "HOME" => self.home.clone(),
            "XDG_CONFIG_HOME" => self.config.clone(),
            "XDG_DATA_HOME" => self.data.clone(),
            "XDG_CACHE_HOME" => self.home.join(".cache"),
            "XDG_STATE_HOME" => self.home.join(".local/state"),
            _ => return None,
        };
        Some(path.to_string_lossy().into_owned())
    }

    /// A path as it is written: `~/`, `$HOME/` and the like before it; a relative one begins at
    /// `base`.
    pub fn path(&self, written: &str, base: &Path) -> PathBuf {
        let written = written.trim();
        if written == "~" {
            return self.home.clone();
        }
        if let Some(rest) = written.strip_prefix("~/") {
            return self.home.join(rest);
        }
        let named = written.strip_prefix('$').and_then(|rest| {
            let (name, rest) = match rest.strip_prefix('{') {
                Some(rest) => rest.split_once('}')?,
                None => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            };
            let rest = rest.trim_start_matches('/');
            Some(PathBuf::from(self.variable(name)?).join(rest))
        });
        named.unwrap_or_else(|| base.join(written))
    }
}

/// Where files are taken from.
pub struct Shelf<'a> {
    read: &'a mut Read<'a>,
    /// The user's folders.
    pub dirs: Dirs,
    left: usize,
}

impl<'a> Shelf<'a> {
    /// A shelf of files that this reads.
    pub fn new(dirs: Dirs, read: &'a mut Read<'a>) -> Shelf<'a> {
        Shelf {
            read,
            dirs,
            left: FILES,
        }
    }

    /// The text of a file that is named at `from`; `None` where there is none, which is noted.
    pub fn text(&mut self, path: &Path, from: &Place, out: &mut Findings) -> Option<String> {
        let shown = path.display().to_string();
        match self.bytes(path, out) {
            Ok(text) => Some(text),
            Err(why) => {
                out.note(from, &shown, Kind::Yours, &why);
                None
            }
        }
    }

    /// The text of a file that need not be there.
    pub fn maybe(&mut self, path: &Path, out: &mut Findings) -> Option<String> {
        self.bytes(path, out).ok()
    }

    fn bytes(&mut self, path: &Path, out: &mut Findings) -> Result<String, String> {
        if self.left == 0 {
            return Err(format!(
                "more than {FILES} files name each other; this one was not read"
            ));
        }
        let mut octets = (self.read)(path, OCTETS + 1)?;
        self.left -= 1;
        let whole = Place::of(path);
        if octets.len() > OCTETS {
            octets.truncate(OCTETS);
            let why = format!("only its first {} MiB were read", OCTETS >> 20);
            out.note(&whole, "a large file", Kind::Yours, &why);
        }
        if octets.contains(&0) {
            return Err("it is no text".to_owned());
        }
        let text = match String::from_utf8(octets) {
            Ok(text) => text,
            Err(other) => {
                let text = String::from_utf8_lossy(other.as_bytes()).into_owned();
                let why = "it is not UTF-8: letters beyond ASCII may have been lost";
                out.note(&whole, "its letters", Kind::Yours, why);
                text
            }
        };
        out.files.push(path.to_owned());
        Ok(bounded(&text, &whole, out))
    }
}

/// The text without a byte order mark, with line feeds only, and with its long lines cut.
fn bounded(text: &str, whole: &Place, out: &mut Findings) -> String {
    let mut kept = String::with_capacity(text.len());
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let mut end = line.len().min(LINE);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        if end < line.len() {
            let why = format!("only its first {} KiB were read", LINE >> 10);
            let place = whole.at(u32::try_from(n + 1).unwrap_or(u32::MAX));
            out.note(&place, "a long line", Kind::Yours, &why);
        }
        kept.push_str(line.get(..end).unwrap_or_default());
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_where_they_say() {
        let dirs = Dirs::under(Path::new("/h"));
        for (written, path) in [
            ("~/a", "/h/a"),
            ("~", "/h"),
            ("$HOME/a", "/h/a"),
            ("${XDG_CONFIG_HOME}/mutt", "/h/.config/mutt"),
            ("$EVIL/a", "/b/$EVIL/a"),
            ("a", "/b/a"),
            ("/a", "/a"),
        ] {
            assert_eq!(dirs.path(written, Path::new("/b")), Path::new(path));
        }
    }

    #[test]
    fn files_are_bounded_and_what_is_cut_is_noted() {
        let mut read = |path: &Path, most: usize| match path.to_str() {
            Some("/long") => Ok(vec![b'x'; most]),
            Some("/binary") => Ok(b"a\0b".to_vec()),
            Some("/latin") => Ok(b"\xe9\r\n".to_vec()),
            _ => Err("gone".to_owned()),
        };
        let mut out = Findings::default();
        let mut shelf = Shelf::new(Dirs::default(), &mut read);
        let here = Place::default();
        let long = shelf.text(Path::new("/long"), &here, &mut out);
        assert_eq!(long.map(|t| t.len()), Some(LINE + 1));
        assert_eq!(shelf.text(Path::new("/binary"), &here, &mut out), None);
        let latin = shelf.text(Path::new("/latin"), &here, &mut out);
        assert_eq!(latin.as_deref(), Some("\u{fffd}\n"));
        assert_eq!(shelf.maybe(Path::new("/none"), &mut out), None);
        assert_eq!(out.notes.len(), 4, "{:?}", out.notes);
        assert_eq!(out.files.len(), 2);
        for _ in 0..2 * FILES {
            shelf.maybe(Path::new("/latin"), &mut out);
        }
        // The binary one was read too.
        assert_eq!(out.files.len(), FILES - 1);
    }
}
