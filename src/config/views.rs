//! `[[view]]` and `[[split]]`: searches that are kept under a name, and the tabs over the inbox.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::{Found, Section, wrong};
use crate::model::{AccountName, Query};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// More of either than anybody could tell apart.
const MOST: usize = 100;

/// A search under a name, for the sidebar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedView {
    /// What it is called.
    pub name: String,
    /// What is looked for, in the language of searches; it reads without an error.
    pub query: String,
    /// The keys that open it, as a key file writes them.
    pub key: Option<String>,
    /// A sign or two before its name.
    pub icon: Option<String>,
    /// The account that alone is looked through.
    pub account: Option<AccountName>,
}

/// A tab over the inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// What it is called.
    pub name: String,
    /// What belongs into it, of what no tab before it takes.
    pub query: String,
}

/// The tables of an array such as `[[view]]`, if it is one.
pub(super) fn tables<'a, 'i>(
    key: &str,
    found: Option<&'a Spanned<DeValue<'i>>>,
    problems: &mut Problems<'_>,
) -> Vec<(&'a DeTable<'i>, Range<usize>)> {
    let Some(found) = found else {
        return Vec::new();
    };
    let wanted = format!("a section for each: [[{key}]]");
    let DeValue::Array(items) = found.get_ref() else {
        wrong(key, found.get_ref(), &wanted, found.span(), problems);
        return Vec::new();
    };
    if items.len() > MOST {
        let message = format!("there are more than {MOST} of [[{key}]]");
        problems.add(&found.span(), message, None);
    }
    let mut tables = Vec::new();
    for item in items.iter().take(MOST) {
        match item.get_ref() {
            DeValue::Table(table) => tables.push((table, item.span())),
            other => wrong(key, other, &wanted, item.span(), problems),
        }
    }
    tables
}

/// Reads `[[view]]`; `accounts` are those of the file.
pub(super) fn views(
    found: Option<&Spanned<DeValue<'_>>>,
    accounts: &[AccountName],
    problems: &mut Problems<'_>,
) -> Vec<SavedView> {
    let mut views: Vec<SavedView> = Vec::new();
    for (table, span) in tables("view", found, problems) {
        let section = Section::new(table, span, &keys(Part::View), problems);
        let name = name(&section, "view", views.iter().map(|v| &v.name), problems);
        let query = query(&section, "view", problems);
        let view = SavedView {
            name: name.unwrap_or_default(),
            query: query.map(|q| q.value).unwrap_or_default(),
            key: section.line("key", problems).map(|k| k.value),
            icon: section.line("icon", problems).map(|i| i.value),
            account: account(&section, accounts, problems),
        };
        if !view.name.is_empty() && !view.query.is_empty() {
            views.push(view);
        }
    }
    views
}

/// Reads `[[split]]`.
pub(super) fn splits(
    found: Option<&Spanned<DeValue<'_>>>,
    problems: &mut Problems<'_>,
) -> Vec<Split> {
    let mut splits: Vec<Split> = Vec::new();
    for (table, span) in tables("split", found, problems) {
        let section = Section::new(table, span, &keys(Part::Split), problems);
        let name = name(&section, "split", splits.iter().map(|s| &s.name), problems);
        let query = query(&section, "split", problems);
        if let (Some(name), Some(query)) = (name, query) {
            let query = query.value;
            splits.push(Split { name, query });
        }
    }
    splits
}

/// The name that a section must have, and have alone.
fn name<'n>(
    section: &Section<'_, '_>,
    what: &str,
    mut others: impl Iterator<Item = &'n String>,
    problems: &mut Problems<'_>,
) -> Option<String> {
    if section.raw("name").is_none() {
        let hint = "add name = \"People\"".to_owned();
        problems.add(
            &section.span,
            format!("the {what} has no `name`"),
            Some(hint),
        );
        return None;
    }
    let name = section.line("name", problems)?;
    let text = name.value.trim();
    if text.is_empty() {
        problems.add(&name.span, "`name` is empty", None);
        return None;
    }
    if others.any(|other| other.to_lowercase() == text.to_lowercase()) {
        let message = format!("there is another {what} \"{}\"", text.escape_debug());
        let hint = "each is called by its name: give it its own".to_owned();
        problems.add(&name.span, message, Some(hint));
        return None;
    }
    Some(text.to_owned())
}

/// A query that reads. Whatever is wrong with it is told where it stands.
pub(super) fn query(
    section: &Section<'_, '_>,
    what: &str,
    problems: &mut Problems<'_>,
) -> Option<Found<String>> {
    let Some(raw) = section.raw("query") else {
        let hint = "add query = \"is:unread\"; the language: docs/searching.md".to_owned();
        problems.add(
            &section.span,
            format!("the {what} has no `query`"),
            Some(hint),
        );
        return None;
    };
    let query = section.line("query", problems)?;
    match Query::parse(&query.value) {
        Ok(read) if read.is_empty() => {
            let hint = "everything would be in it; the language: docs/searching.md".to_owned();
            problems.add(&query.span, "`query` asks for nothing", Some(hint));
            None
        }
        Ok(_) => Some(query),
        Err(error) => {
            let place = problems.within(&raw.span(), &query.value, error.at);
            let hint = "the language: docs/searching.md".to_owned();
            problems.add(&place, format!("the query: {error}"), Some(hint));
            None
        }
    }
}

/// The account that a section is about, which must be one of the file's.
pub(super) fn account(
    section: &Section<'_, '_>,
    accounts: &[AccountName],
    problems: &mut Problems<'_>,
) -> Option<AccountName> {
    let found = section.line("account", problems)?;
    let known = accounts.iter().find(|a| a.as_str() == found.value);
    if known.is_none() {
        let names: Vec<&str> = accounts.iter().map(AccountName::as_str).collect();
        let message = format!("there is no account \"{}\"", found.value.escape_debug());
        let hint = (!names.is_empty()).then(|| format!("there are: {}", names.join(", ")));
        problems.add(&found.span, message, hint);
    }
    known.cloned()
}

#[cfg(test)]
mod tests {
    use crate::config::load::parse;
    use std::path::Path;

    fn told(text: &str) -> Vec<(usize, usize, String)> {
        let loaded = parse(text, Path::new("/c"));
        let told = loaded.problems.into_iter();
        told.map(|p| (p.line, p.column, p.message)).collect()
    }

    #[test]
    fn views_and_splits_are_read_in_their_order() {
        let text = "[[view]]\nname = \"Bills\"\nquery = 'subject:invoice newer:30d'\nkey = \"g b\"\nicon = \"€\"\n\
                    [[view]]\nname = \"Old\"\nquery = \"older:5y\"\n\
                    [[split]]\nname = \"People\"\nquery = \"-is:list\"\n\
                    [[split]]\nname = \"Lists\"\nquery = \"is:list\"\n";
        let loaded = parse(text, Path::new("/c"));
        assert_eq!(loaded.problems, []);
        let names: Vec<_> = loaded.config.views.iter().map(|v| &v.name).collect();
        assert_eq!(names, ["Bills", "Old"]);
        let bills = &loaded.config.views[0];
        assert_eq!(bills.key.as_deref(), Some("g b"));
        assert_eq!(bills.icon.as_deref(), Some("€"));
        let splits: Vec<_> = loaded.config.splits.iter().map(|s| &s.query).collect();
        assert_eq!(splits, ["-is:list", "is:list"]);
    }

    #[test]
    fn a_mistake_in_a_query_is_told_where_it_stands() {
        // Nine of `query = "`, then `from:ada or larger:`.
        let told_plain = told("[[view]]\nname = \"a\"\nquery = \"from:ada or larger:x\"\n");
        assert_eq!(told_plain.len(), 1, "{told_plain:?}");
        assert_eq!(
            (told_plain[0].0, told_plain[0].1),
            (3, 29),
            "{told_plain:?}"
        );
        // With an escape in it the text's own columns are not those of the query.
        let escaped = told("[[view]]\nname = \"a\"\nquery = \"\\\"x y\\\" larger:x\"\n");
        assert_eq!((escaped[0].0, escaped[0].1), (3, 9), "{escaped:?}");
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_counts() {
        for (text, said) in [
            ("view = 1\n", "`view` is a number"),
            ("[view]\nname = \"a\"\n", "`view` is a table"),
            ("[[view]]\nquery = \"is:read\"\n", "has no `name`"),
            ("[[split]]\nname = \"a\"\n", "has no `query`"),
            (
                "[[split]]\nname = \"a\"\nquery = \"\"\n",
                "asks for nothing",
            ),
            ("[[view]]\nname = \" \"\nquery = \"is:read\"\n", "is empty"),
            (
                "[[view]]\nname = \"a\"\nquery = \"is:read\"\nqery = 1\n",
                "unknown key `qery`",
            ),
            (
                "[[view]]\nname = \"a\"\nquery = \"is:read\"\n[[view]]\nname = \"A\"\nquery = \"is:read\"\n",
                "another view",
            ),
            (
                "[[view]]\nname = \"a\"\nquery = \"is:read\"\naccount = \"x\"\n",
                "no account \"x\"",
            ),
        ] {
            let told = told(text);
            assert!(
                told.len() == 1 && told[0].2.contains(said),
                "{text}: {told:?}"
            );
        }
    }
}
