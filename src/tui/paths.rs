//! Files named by the user: `~` expanded, names completed, and whether one can be attached.
//!
//! Looks at the disk, so it runs aside, never on the screen's thread.

use crate::config::files::{self, Attachable};
use std::path::{Path, PathBuf};

/// Names offered at most.
const OFFERED: usize = 200;

/// The user's home folder.
pub fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|d| d.home_dir().to_path_buf())
}

/// The path with `~/` replaced by the home folder. A path that is not absolute belongs to the
/// folder that the program was started in.
pub fn expand(typed: &str, home: Option<&Path>) -> PathBuf {
    match (typed.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(typed),
    }
}

/// What the path typed so far could become, folders with a `/` at their end. Hidden names only
/// where the dot is typed.
pub fn complete(typed: &str, home: Option<&Path>) -> Vec<String> {
    let (folder, begun) = match typed.rsplit_once('/') {
        Some((folder, begun)) => (format!("{folder}/"), begun),
        None => (String::new(), typed),
    };
    let at = match folder.as_str() {
        "" => PathBuf::from("."),
        folder => expand(folder, home),
    };
    let Ok(entries) = std::fs::read_dir(at) else {
        return Vec::new();
    };
    let wanted = begun.to_lowercase();
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|e| {
            let name = e.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            let fits = name.to_lowercase().starts_with(&wanted) && !hidden;
            // The link's target decides, as it will when it is attached.
            let slash = if fits && e.path().is_dir() { "/" } else { "" };
            fits.then(|| format!("{folder}{name}{slash}"))
        })
        .collect();
    names.sort_by_key(|n| (!n.ends_with('/'), n.to_lowercase()));
    names.truncate(OFFERED);
    names
}

/// The file that can be attached under the path that is typed.
///
/// # Errors
/// Why there is none, in plain words.
pub fn attachable(typed: &str, home: Option<&Path>) -> Result<Attachable, String> {
    files::attachable(&expand(typed.trim(), home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_is_expanded_only_where_it_is_meant() {
        let home = Some(Path::new("/home/u"));
        assert_eq!(expand("~/a b", home), Path::new("/home/u/a b"));
        assert_eq!(expand("~", home), Path::new("/home/u"));
        assert_eq!(expand("~other/x", home), Path::new("~other/x"));
        assert_eq!(expand("/x/~/y", home), Path::new("/x/~/y"));
        assert_eq!(expand("~/x", None), Path::new("~/x"));
    }

    #[test]
    fn names_are_completed_folders_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["report.pdf", "Readme", ".rc"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(dir.path().join("recipes")).unwrap();
        let home = Some(dir.path());
        assert_eq!(
            complete("~/re", home),
            ["~/recipes/", "~/Readme", "~/report.pdf"]
        );
        assert_eq!(complete("~/.", home), ["~/.rc"]);
        assert_eq!(complete("~/nothing/x", home), [""; 0]);
    }

    #[test]
    fn only_ordinary_files_are_attached() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "x").unwrap();
        let home = Some(dir.path());
        let a = Attachable {
            path: dir.path().join("a"),
            size: 1,
        };
        assert_eq!(attachable(" ~/a ", home), Ok(a));
        assert!(attachable("~", home).unwrap_err().contains("folder"));
        assert!(
            attachable("/dev/zero", home)
                .unwrap_err()
                .contains("no ordinary file")
        );
        assert!(
            attachable("~/b", home)
                .unwrap_err()
                .contains("can't be attached")
        );
    }
}
