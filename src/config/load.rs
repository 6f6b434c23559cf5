//! `config.toml` to accounts and settings. Every mistake is told with line, column and hint; an
//! account with a mistake is left out, the others stay usable.
//!
//! The text of the file never gets into a message except for names of keys and the words of
//! closed lists: a password written in the wrong place must not be repeated.

use crate::config::accounts::account;
use crate::config::contacts::{Checks, Contacts, checks, contacts, groups};
use crate::config::files::read_regular;
use crate::config::list::{ListLook, list};
use crate::config::look::{Look, look};
use crate::config::notify::{Notify, notify};
use crate::config::open::open;
use crate::config::options::Part;
use crate::config::problem::{ConfigError, Problem, Problems};
use crate::config::rules::rules;
use crate::config::section::{Section, wrong};
use crate::config::tags::{TagLook, tags};
use crate::config::views::{SavedView, Split, splits, views};
use crate::model::{Account, AccountName, Group, Rule};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use toml::de::{DeTable, DeValue};

pub use crate::config::policy::{reach, reach_name};

/// More than any configuration or file of keys needs, in octets.
pub(super) const LONGEST: u64 = 1 << 20;

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The accounts without mistakes, in the order of the file.
    pub accounts: Vec<Account>,
    /// The settings of `[ui]`.
    pub look: Look,
    /// The settings of `[list]`.
    pub list: ListLook,
    /// What tags are called, and their colours: `[tags.NAME]`.
    pub tags: Vec<TagLook>,
    /// The address books of `[contacts]`.
    pub contacts: Contacts,
    /// `[groups]`, by name.
    pub groups: Vec<Group>,
    /// The settings of `[compose]`.
    pub checks: Checks,
    /// The programs that show attachments, by media type: `[open]`.
    pub open: Vec<(String, Vec<String>)>,
    /// The searches that are kept under a name, in the order of the file: `[[view]]`.
    pub views: Vec<SavedView>,
    /// The tabs over the inbox, in their order: `[[split]]`.
    pub splits: Vec<Split>,
    /// Of which new mail one is told: `[[notify]]`.
    pub notify: Vec<Notify>,
    /// `[[rule]]`, in the order of the file.
    pub rules: Vec<Rule>,
}

/// A configuration and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// What can be used.
    pub config: Config,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// The configuration, for whoever can do nothing with a part of it.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`] after a mistake; `path` is the file's.
    pub fn whole(self, path: &Path) -> Result<Config, ConfigError> {
        if self.problems.is_empty() {
            return Ok(self.config);
        }
        Err(ConfigError::Wrong {
            path: path.to_owned(),
            problems: self.problems,
        })
    }
}

/// Reads the file.
///
/// # Errors
/// When there is none, or it can't be read at all.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let failed = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = match read_regular(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(ConfigError::NoAccount {
                path: path.to_owned(),
            });
        }
        Err(e) => return Err(failed(e)),
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        failed(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is not UTF-8",
        ))
    })?;
    Ok(parse(&text, path.parent().unwrap_or(Path::new("."))))
}

/// Reads the text of a configuration whose relative paths start at `base`.
pub fn parse(text: &str, base: &Path) -> Loaded {
    let mut problems = Problems::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // The reader's own message; its display would quote the line.
        let span = error.span().unwrap_or(0..0);
        let hint = "the file is TOML; texts stand in double quotes".to_owned();
        problems.add(&span, error.message().to_owned(), Some(hint));
    }
    // What a broken file seems to say could be less than what was meant (a pin, a setting).
    let config = if errors.is_empty() {
        config(root.get_ref(), base, &mut problems)
    } else {
        Config::default()
    };
    let mut problems = problems.found;
    problems.sort_by_key(|p| (p.line, p.column));
    Loaded { config, problems }
}

fn config(root: &DeTable<'_>, base: &Path, problems: &mut Problems<'_>) -> Config {
    let known: Vec<&str> = Part::ALL
        .iter()
        .filter_map(|(part, ..)| part.key())
        .collect();
    let section = Section::new(root, 0..0, &known, problems);
    let part = |key: &str, problems: &mut Problems<'_>| match section.raw(key) {
        None => None,
        Some(found) => match found.get_ref() {
            DeValue::Table(table) => Some((table, found.span())),
            other => {
                let wanted = format!("a section: [{key}]");
                wrong(key, other, &wanted, found.span(), problems);
                None
            }
        },
    };
    let mut config = Config::default();
    if let Some((table, span)) = part("ui", problems) {
        config.look = look(table, span, problems);
    }
    if let Some((table, span)) = part("list", problems) {
        config.list = list(table, span, problems);
    }
    if let Some((table, _)) = part("tags", problems) {
        config.tags = tags(table, problems);
    }
    if let Some((table, span)) = part("contacts", problems) {
        config.contacts = contacts(table, span, base, problems);
    }
    if let Some((table, span)) = part("groups", problems) {
        config.groups = groups(table, span, problems);
    }
    if let Some((table, span)) = part("compose", problems) {
        config.checks = checks(table, span, problems);
    }
    if let Some((table, span)) = part("open", problems) {
        config.open = open(table, span, base, problems);
    }
    if let Some(found) = section.raw("rule") {
        let before = problems.found.len();
        config.rules = rules(found, problems);
        let new = problems.found.iter_mut().skip(before);
        new.for_each(|problem| problem.part = Some(Part::Rule));
    }
    let mut names: BTreeSet<AccountName> = BTreeSet::new();
    if let Some(found) = section.raw("account") {
        let wanted = "a section for each account: [[account]]";
        let DeValue::Array(tables) = found.get_ref() else {
            wrong("account", found.get_ref(), wanted, found.span(), problems);
            return config;
        };
        for item in tables {
            let DeValue::Table(table) = item.get_ref() else {
                wrong("account", item.get_ref(), wanted, item.span(), problems);
                continue;
            };
            let (name, read) = account(table, item.span(), base, problems);
            let Some(name) = name else { continue };
            if !names.insert(name.value.clone()) {
                let message = format!(
                    "there is another account \"{}\"",
                    name.value.as_str().escape_debug()
                );
                let hint = "mail is kept by the account's name: give each its own".to_owned();
                problems.add(&name.span, message, Some(hint));
                continue;
            }
            config.accounts.extend(read);
        }
    }
    let names: Vec<AccountName> = names.into_iter().collect();
    config.views = views(section.raw("view"), &names, problems);
    config.splits = splits(section.raw("split"), problems);
    config.notify = notify(section.raw("notify"), &names, base, problems);
    config
}
