//! What the user's files say: `config.toml`, `keys.toml` and the themes, read together and without
//! an order in which one of them could hold another up.

use crate::config::options::Part;
use crate::config::settings::{self, Group};
use crate::config::{Config, Paths, Problem, files, load};
use crate::lang::tr;
use crate::model::Account;
use crate::tui::keymap::Keymap;
use crate::tui::theme::{Theme, unknown};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Something that is wrong, and in which file: as seen from their folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// `config.toml`, `keys.toml`, `themes/NAME.toml`.
    pub file: String,
    /// What.
    pub problem: Problem,
}

/// The file of the configuration.
pub const CONFIG: &str = "config.toml";
/// The file of the keys.
pub const KEYS: &str = "keys.toml";

/// What the files say now.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    /// The configuration; `None`: there is none that could be used.
    pub config: Option<Box<Config>>,
    /// The text of the user's key file.
    pub keys: Option<String>,
    /// The user's themes: name and text.
    pub themes: Vec<(String, String)>,
    /// Everything that is wrong.
    pub wrong: Vec<Wrong>,
    /// Of that, what keeps nothing else of its file from holding: that no theme has the name there.
    pub themeless: Option<Wrong>,
    /// What is right, and may surprise.
    pub notes: Vec<Wrong>,
    /// Every option and what is said of it.
    pub settings: Vec<Group>,
}

/// Reads them all. The demo has accounts that stand in no file.
pub fn look(paths: &Paths, demo: Option<&[Account]>) -> Fresh {
    let mut fresh = Fresh::default();
    let themes = own_themes(paths);
    let text = match read(&paths.config) {
        Ok(None) if demo.is_none() => {
            fresh.add(CONFIG, [Problem::of_all(tr!("the file is gone"))]);
            None
        }
        Ok(text) => Some(text.unwrap_or_default()),
        Err(problem) => {
            fresh.add(CONFIG, [problem]);
            None
        }
    };
    if let Some(text) = text {
        let folder = paths.config.parent().unwrap_or(Path::new("."));
        let mut loaded = load::parse(&text, folder);
        fresh.settings = settings::read(&text);
        if let Some(accounts) = demo {
            loaded.config.accounts = accounts.to_vec();
        }
        let usable = !loaded.config.accounts.is_empty();
        if !usable && loaded.problems.is_empty() {
            fresh.add(
                CONFIG,
                [Problem::of_all(tr!("there is no account any more"))],
            );
        }
        fresh.add(CONFIG, loaded.problems);
        let problem = no_theme(&text, loaded.config.look.theme.as_deref(), &themes);
        fresh.add(CONFIG, problem.clone());
        fresh.themeless = problem.map(|problem| Wrong {
            file: CONFIG.to_owned(),
            problem,
        });
        fresh.config = usable.then(|| Box::new(loaded.config));
    }
    match read(&paths.keys) {
        Ok(keys) => {
            if let Some(text) = keys.as_deref() {
                let (map, wrong) = Keymap::read(Some(text));
                let note = |problem| Wrong {
                    file: KEYS.to_owned(),
                    problem,
                };
                fresh.notes.extend(map.notes(text).into_iter().map(note));
                fresh.add(KEYS, wrong);
            }
            fresh.keys = keys;
        }
        Err(problem) => fresh.add(KEYS, [problem]),
    }
    for (name, path) in themes {
        let file = format!("themes/{name}.toml");
        match read(&path) {
            Ok(text) => {
                let text = text.unwrap_or_default();
                fresh.add(&file, Theme::check(&text));
                // It is told from a name by its lines.
                fresh.themes.push((name, format!("{text}\n")));
            }
            Err(problem) => fresh.add(&file, [problem]),
        }
    }
    fresh
}

impl Fresh {
    fn add(&mut self, file: &str, problems: impl IntoIterator<Item = Problem>) {
        let wrong = problems.into_iter().map(|problem| Wrong {
            file: file.to_owned(),
            problem,
        });
        self.wrong.extend(wrong);
    }
}

/// The text of a file, if there is one.
fn read(path: &Path) -> Result<Option<String>, Problem> {
    match path.symlink_metadata() {
        Err(_) => Ok(None),
        Ok(_) => files::read_text(path).map(Some).map_err(Problem::of_all),
    }
}

/// The user's theme files with their names, in the order of these.
fn own_themes(paths: &Paths) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(&paths.themes).into_iter().flatten();
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let named = files
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter_map(|path| Some((path.file_stem()?.to_string_lossy().into_owned(), path)));
    let mut themes: Vec<_> = named.collect();
    themes.sort();
    themes
}

/// That the configuration names a theme that there is not, and where.
fn no_theme(text: &str, name: Option<&str>, own: &[(String, PathBuf)]) -> Option<Problem> {
    let problem = unknown(name?, own.iter().map(|(name, _)| name.as_str()))?;
    let (root, _) = DeTable::parse_recoverable(text);
    let written = || {
        let ui = root.get_ref().get("ui")?.get_ref().as_table()?;
        Some(ui.get("theme")?.span().start)
    };
    Some(Problem {
        hint: problem.hint,
        part: Some(Part::Ui),
        ..Problem::at(text, written().unwrap_or(0), problem.message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_read_and_what_is_wrong_has_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::locate(Some(dir.path())).unwrap();
        let fresh = look(&paths, None);
        assert!(fresh.config.is_none() && fresh.wrong.len() == 1);
        assert!(look(&paths, Some(&[])).config.is_none());
        std::fs::write(&paths.config, "[ui]\nmouse = 1\n").unwrap();
        std::fs::write(&paths.keys, "[index]\n\"e\" = \"tarsh\"\n").unwrap();
        std::fs::create_dir(&paths.themes).unwrap();
        std::fs::write(paths.themes.join("mine.toml"), "inherits = \"nord\"").unwrap();
        std::fs::write(paths.themes.join("odd.toml"), "[styles]\ntitle = 3\n").unwrap();
        let fresh = look(&paths, None);
        let files: Vec<&str> = fresh.wrong.iter().map(|w| w.file.as_str()).collect();
        assert_eq!(files, [CONFIG, KEYS, "themes/odd.toml"]);
        assert_eq!(fresh.themes.len(), 2);
        assert_eq!(fresh.settings[0].title, "ui");
    }

    #[test]
    fn a_theme_that_there_is_not_is_wrong_where_it_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::locate(Some(dir.path())).unwrap();
        std::fs::create_dir(&paths.themes).unwrap();
        std::fs::write(paths.themes.join("mine.toml"), "inherits = \"nord\"").unwrap();
        let wrong = |name: &str| {
            let text = format!("[ui]\nmouse = true\ntheme = \"{name}\"\n");
            std::fs::write(&paths.config, text).unwrap();
            let wrong = look(&paths, Some(&[])).wrong.into_iter();
            let themes = wrong.filter(|w| w.problem.message.contains("theme"));
            themes
                .map(|w| (w.file, w.problem.line, w.problem.column))
                .collect::<Vec<_>>()
        };
        for known in ["mine", "nord", "auto", ""] {
            assert_eq!(wrong(known), [], "{known}");
        }
        assert_eq!(wrong("light"), [(CONFIG.to_owned(), 3, 9)]);
        let fresh = look(&paths, Some(&[]));
        assert!(fresh.themeless.is_some_and(|w| fresh.wrong.contains(&w)));
    }
}
