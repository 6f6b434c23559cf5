//! Sections such as `[[view]]` put into `config.toml` and taken out of it, and options set there,
//! leaving everything else that the user wrote as it is: comments, order, empty lines.

use super::files::{alone, replace};
use super::load::{self, Config};
use super::problem::Problem;
use super::set::set;
use super::settings::{Value, Way};
use super::views::{SavedView, Split};
use std::io;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A change of what is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// A view more.
    View(SavedView),
    /// The view of this name no more.
    NoView(String),
    /// These tabs over the inbox, in place of those that there are.
    Splits(Vec<Split>),
    /// This option is set so; `None`: its default holds.
    Set(Way, Option<Value>),
}

/// Writes the change down, in one step, and answers what is kept from now on.
///
/// # Errors
/// In plain words: there already is a view of that name, or none; the file can't be written, or
/// would not be read back as it was meant.
pub fn keep(path: &Path, change: &Keep) -> Result<(Vec<SavedView>, Vec<Split>), String> {
    let said = |e: io::Error| format!("{}: {e}", path.display());
    // Each change reads what the one before has written.
    let _alone = alone(path).map_err(said)?;
    let old = match std::fs::read_to_string(path) {
        Ok(old) => old,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(said(e)),
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let before = load::parse(&old, folder);
    let mut after = before.config.clone();
    let mut new = old;
    match change {
        Keep::View(view) => {
            if before
                .config
                .views
                .iter()
                .any(|v| same(&v.name, &view.name))
            {
                return Err(format!("there already is a view `{}`", view.name));
            }
            append(&mut new, &view_text(view));
            after.views.push(view.clone());
        }
        Keep::NoView(name) => {
            let none = || format!("there is no view `{name}`");
            let is_it = |table: &DeTable<'_>| {
                let found = table.get("name").and_then(|n| n.get_ref().as_str());
                found.is_some_and(|found| same(found, name))
            };
            let place = places(&new, "view", is_it).pop().ok_or_else(none)?;
            cut(&mut new, place);
            after.views.retain(|v| !same(&v.name, name));
        }
        Keep::Splits(splits) => {
            for place in places(&new, "split", |_| true).into_iter().rev() {
                cut(&mut new, place);
            }
            for split in splits {
                append(&mut new, &split_text(split));
            }
            after.splits.clone_from(splits);
        }
        Keep::Set(way, value) => new = set(&new, way, value.as_ref())?,
    }
    let read = load::parse(&new, folder);
    if let Keep::Set(..) = change {
        let known = |p: &Problem| before.problems.iter().any(|b| b.message == p.message);
        if let Some(problem) = read.problems.iter().find(|p| !known(p)) {
            let hint = Some(problem.hint.as_str()).filter(|h| !h.is_empty());
            let hint = hint.map_or_else(String::new, |h| format!("; {h}"));
            return Err(format!("{}{hint}", problem.message));
        }
        after.clone_from(&read.config);
    }
    // What was wrong before may stay wrong, but nothing else may change.
    if read.config != after || read.problems.len() > before.problems.len() {
        return Err(format!(
            "{} can't be changed safely: mend its problems first, or write it by hand",
            path.display()
        ));
    }
    replace(path, &new).map_err(said)?;
    let Config { views, splits, .. } = read.config;
    Ok((views, splits))
}

/// Names are told apart without regard to case.
fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn append(text: &mut String, section: &str) {
    if !text.is_empty() {
        let gap = match text.ends_with("\n\n") {
            true => "",
            false if text.ends_with('\n') => "\n",
            false => "\n\n",
        };
        text.push_str(gap);
    }
    text.push_str(section);
}

fn view_text(view: &SavedView) -> String {
    let mut out = "[[view]]\n".to_owned();
    line(&mut out, "name", &view.name);
    line(&mut out, "query", &view.query);
    let more = [
        ("key", view.key.as_deref()),
        ("icon", view.icon.as_deref()),
        ("account", view.account.as_ref().map(|a| a.as_str())),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            line(&mut out, key, value);
        }
    }
    out
}

fn split_text(split: &Split) -> String {
    let mut out = "[[split]]\n".to_owned();
    line(&mut out, "name", &split.name);
    line(&mut out, "query", &split.query);
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    let value = toml::Value::String(value.to_owned());
    out.push_str(&format!("{key} = {value}\n"));
}

/// Where the sections of an array stand in the text, those that are meant: whole lines, from the
/// heading to the last value.
pub(super) fn places(
    text: &str,
    key: &str,
    is_it: impl Fn(&DeTable<'_>) -> bool,
) -> Vec<Range<usize>> {
    let (root, _) = DeTable::parse_recoverable(text);
    let Some(DeValue::Array(items)) = root.get_ref().get(key).map(|found| found.get_ref()) else {
        return Vec::new();
    };
    let mut places = Vec::new();
    for item in items.iter() {
        let DeValue::Table(table) = item.get_ref() else {
            continue;
        };
        if !is_it(table) {
            continue;
        }
        let ends = table.values().map(|value| value.span().end);
        let end = ends.max().unwrap_or(0).max(item.span().start);
        let start = text.get(..item.span().start).unwrap_or_default();
        let start = start.rfind('\n').map_or(0, |at| at + 1);
        let rest = text.get(end..).unwrap_or_default();
        let end = rest.find('\n').map_or(text.len(), |at| end + at + 1);
        places.push(start..end);
    }
    places
}

/// Takes the lines out, and one of two empty lines that come to stand beside each other.
pub(super) fn cut(text: &mut String, place: Range<usize>) {
    let Range { start, mut end } = place;
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    if (before.is_empty() || before.ends_with("\n\n")) && after.starts_with('\n') {
        end += 1;
    }
    if text.is_char_boundary(start) && text.is_char_boundary(end) && start <= end {
        text.replace_range(start..end, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::Step;
    use std::os::unix::fs::PermissionsExt as _;

    fn view(name: &str, query: &str) -> SavedView {
        SavedView {
            name: name.to_owned(),
            query: query.to_owned(),
            ..SavedView::default()
        }
    }

    #[test]
    fn a_view_comes_and_goes_and_the_rest_stays_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let own = "# mine\n[ui]\nmouse = false # no\n\n[[view]]\nname = \"Keep\"\nquery = \"is:read\"\n\n# the end\n";
        std::fs::write(&path, own).unwrap();
        let odd = view("a \"b\" 'c'", "\"two words\" from:\\x newer:2d");
        let (views, _) = keep(&path, &Keep::View(odd.clone())).unwrap();
        assert_eq!(views, [view("Keep", "is:read"), odd.clone()]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let twice = keep(&path, &Keep::View(view("keep", "is:unread")));
        assert!(twice.unwrap_err().contains("already is"));
        keep(&path, &Keep::View(view("Third", "is:flagged"))).unwrap();
        let (views, _) = keep(&path, &Keep::NoView(odd.name.clone())).unwrap();
        assert_eq!(views.len(), 2);
        let (views, _) = keep(&path, &Keep::NoView("THIRD".to_owned())).unwrap();
        assert_eq!(views, [view("Keep", "is:read")]);
        let now = std::fs::read_to_string(&path).unwrap();
        assert_eq!(now.trim_end(), own.trim_end());
        assert!(keep(&path, &Keep::NoView("none".to_owned())).is_err());
    }

    #[test]
    fn an_option_is_set_where_it_can_be_that_and_refused_with_the_reason_where_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let own = "# mine\n[ui]\nmouse = true # yes\nlayout = \"sideways\"\n";
        std::fs::write(&path, own).unwrap();
        let way = |key: &str| vec![Step::Key("ui".to_owned()), Step::Key(key.to_owned())];
        let set = |key, value| keep(&path, &Keep::Set(way(key), value));
        set("mouse", Some(Value::Flag(false))).unwrap();
        let now = || std::fs::read_to_string(&path).unwrap();
        assert_eq!(now(), own.replace("true", "false"));
        let why = set("undo-send", Some(Value::Number(601))).unwrap_err();
        assert!(why.contains("undo-send") && why.contains("600"), "{why}");
        set("layout", None).unwrap();
        assert_eq!(now(), "# mine\n[ui]\nmouse = false # yes\n");
        std::fs::write(&path, "[").unwrap();
        assert!(set("mouse", None).is_err());
    }

    #[test]
    fn only_the_section_itself_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = "# above\n[[view]] # one\nname = \"A\"\n# inside\nquery = '''\nis:read'''\n# of the next\n[[view]]\nname = \"B\"\nquery = \"is:read\"\n[ui]\nmouse = true\n";
        // A query of two lines is one that is refused; the section is found all the same.
        std::fs::write(&path, text.replace("'''\nis:read'''", "'is:read'")).unwrap();
        let (views, _) = keep(&path, &Keep::NoView("A".to_owned())).unwrap();
        assert_eq!(views, [view("B", "is:read")]);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "# above\n# of the next\n[[view]]\nname = \"B\"\nquery = \"is:read\"\n[ui]\nmouse = true\n"
        );
    }

    #[test]
    fn tabs_are_replaced_and_a_file_that_is_broken_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub").join("config.toml");
        let split = |name: &str, query: &str| Split {
            name: name.to_owned(),
            query: query.to_owned(),
        };
        let both = vec![split("People", "-is:list"), split("Lists", "is:list")];
        let (_, splits) = keep(&path, &Keep::Splits(both.clone())).unwrap();
        assert_eq!(splits, both);
        let (_, splits) = keep(&path, &Keep::Splits(both[1..].to_vec())).unwrap();
        assert_eq!(splits, both[1..]);
        let (_, splits) = keep(&path, &Keep::Splits(Vec::new())).unwrap();
        assert_eq!(splits, []);
        assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), "");
        for broken in [
            "broken [",
            "view = [{ name = \"a\", query = \"is:read\" }]\n",
        ] {
            std::fs::write(&path, broken).unwrap();
            let gone = Keep::NoView("a".to_owned());
            assert!(keep(&path, &Keep::View(view("x", "is:read"))).is_err());
            let _ = keep(&path, &gone);
            let left = std::fs::read_to_string(&path).unwrap();
            assert!(left == broken || load::parse(&left, dir.path()).problems.is_empty());
        }
    }
}
