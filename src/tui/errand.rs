//! Small things that the composer wants looked up on the disk or in a message: done aside, on the
//! layout thread (words: on one of their own), never on the screen's.

use crate::lang::tr;
use crate::mime::transfer::percent;
use crate::model::{DraftAttachment, MailDomain, MsgId};
use crate::tui::paths;
use std::path::{Path, PathBuf};

pub use crate::config::files::Attachable as Found;

/// Templates offered at most, and the largest that is read, in octets.
const TEMPLATES: usize = 200;
const LARGEST_TEMPLATE: u64 = 256 * 1024;
/// Paths looked at in one paste at most.
const DROPPED: usize = 32;

/// A text to begin with, from the templates folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The file's name without its ending.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Whether a path as typed can be attached.
    Attach(String),
    /// How large these files are now.
    Weigh(Vec<PathBuf>),
    /// Whether a pasted text is nothing but paths of files.
    Dropped(String),
    /// The templates.
    Templates,
    /// An attachment of a message (the parts that lead to it), to be attached as well.
    Take(MsgId, Vec<u32>),
    /// What may have been meant by a word.
    Suggest(String),
    /// A word becomes one of the user's.
    Learn(String),
    /// What the name system says of these domains.
    Domains(Vec<String>),
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// To [`Errand::Attach`].
    Attached(Result<Found, String>),
    /// To [`Errand::Weigh`]: those that are there.
    Weighed(Vec<Found>),
    /// To [`Errand::Dropped`]: the text, and its files; none if it is anything else.
    Dropped(String, Vec<Found>),
    /// To [`Errand::Templates`], by name; or why there are none.
    Templates(Result<Vec<Template>, String>),
    /// To [`Errand::Take`].
    Taken(Result<DraftAttachment, String>),
    /// To [`Errand::Suggest`]: the word, and what may have been meant, best first.
    Suggested(String, Vec<String>),
    /// To [`Errand::Domains`]: each of them.
    Domains(Vec<(String, MailDomain)>),
}

/// Looks everything up but [`Errand::Take`], which needs the cache, [`Errand::Domains`], which needs
/// the network, and what is about words. `folder` is that of the templates.
pub fn run(errand: &Errand, home: Option<&Path>, folder: &Path) -> Option<Brought> {
    Some(match errand {
        Errand::Attach(typed) => Brought::Attached(paths::attachable(typed, home)),
        Errand::Weigh(files) => {
            let weigh = |path: &PathBuf| {
                let about = std::fs::metadata(path).ok()?;
                Some(Found {
                    path: path.clone(),
                    size: about.len(),
                })
            };
            Brought::Weighed(files.iter().filter_map(weigh).collect())
        }
        Errand::Dropped(text) => {
            let found = named(text).and_then(|names| {
                let found = names.iter().map(|n| paths::attachable(n, home).ok());
                found.collect::<Option<Vec<_>>>()
            });
            Brought::Dropped(text.clone(), found.unwrap_or_default())
        }
        Errand::Templates => Brought::Templates(templates(folder)),
        Errand::Take(..) | Errand::Suggest(_) | Errand::Learn(_) | Errand::Domains(_) => {
            return None;
        }
    })
}

/// Whether a pasted text could be paths of files that a terminal wrote for what was dropped on it.
pub fn may_be_paths(text: &str) -> bool {
    let text = text.trim();
    let begins = ["/", "~/", "'/", "\"/", "file:///"];
    text.len() <= 8 * 1024 && begins.iter().any(|b| text.starts_with(b))
}

/// The paths of a pasted text: one a line, or quoted and escaped as a shell would read them.
fn named(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if !may_be_paths(text) {
        return None;
    }
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let whole = lines
        .iter()
        .all(|l| Path::new(l).is_absolute() && Path::new(l).exists());
    let words = if whole {
        lines.iter().map(|l| (*l).to_owned()).collect()
    } else {
        shell_words::split(text).ok()?
    };
    let names: Vec<String> = words
        .into_iter()
        .map(|w| match w.strip_prefix("file://") {
            // A `file:` address (RFC 8089).
            Some(path) => String::from_utf8_lossy(&percent(path.as_bytes())).into_owned(),
            None => w,
        })
        .collect();
    let paths = names
        .iter()
        .all(|n| n.starts_with('/') || n.starts_with("~/"));
    (paths && names.len() <= DROPPED).then_some(names)
}

fn templates(folder: &Path) -> Result<Vec<Template>, String> {
    let none = || {
        tr!(
            "there are no templates: put files that end in .txt or .md into {folder}",
            folder = folder.display()
        )
    };
    let entries = std::fs::read_dir(folder).map_err(|_| none())?;
    let mut all: Vec<Template> = entries
        .flatten()
        .filter_map(|e| {
            let path = e.path();
            let ending = path.extension()?.to_str()?;
            let small =
                std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= LARGEST_TEMPLATE);
            if !small || !matches!(ending, "txt" | "md") {
                return None;
            }
            Some(Template {
                name: path.file_stem()?.to_string_lossy().into_owned(),
                text: std::fs::read_to_string(&path).ok()?,
            })
        })
        .take(TEMPLATES)
        .collect();
    all.sort_by_key(|t| t.name.to_lowercase());
    if all.is_empty() { Err(none()) } else { Ok(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_is_paths_only_if_every_word_is_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, spaced) = (dir.path().join("a.txt"), dir.path().join("b c.txt"));
        for path in [&plain, &spaced] {
            std::fs::write(path, "12345").unwrap();
        }
        let found = |text: &str| match run(&Errand::Dropped(text.to_owned()), None, dir.path()) {
            Some(Brought::Dropped(_, found)) => found.len(),
            other => panic!("{other:?}"),
        };
        let (a, b) = (plain.display(), spaced.display());
        assert_eq!(found(&format!("{a}\n")), 1);
        assert_eq!(found(&format!("'{a}' '{b}' ")), 2);
        assert_eq!(found(&format!("{a}\n{b}")), 2);
        assert_eq!(
            found(&format!("file://{}", b.to_string().replace(' ', "%20"))),
            1
        );
        for other in [
            format!("{a} and more"),
            format!("{a}x"),
            "/etc".into(),
            "hello".into(),
            format!("see {a}"),
        ] {
            assert_eq!(found(&other), 0, "{other}");
        }
    }

    #[test]
    fn templates_are_read_by_name() {
        let dir = tempfile::tempdir().unwrap();
        assert!(templates(&dir.path().join("none")).is_err());
        for (name, text) in [("b.txt", "B"), ("a.md", "A"), ("c.html", "C")] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let names: Vec<_> = templates(dir.path())
            .unwrap()
            .into_iter()
            .map(|t| t.name)
            .collect();
        assert_eq!(names, ["a", "b"]);
    }
}
