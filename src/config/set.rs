//! One option written into the text of `config.toml`, or taken out of it. Comments, order and
//! everything else stay as the user wrote them.

use crate::config::settings::{Mark, Step, Value};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike};

/// The text with the value at the end of this way; `None`: without it.
///
/// # Errors
/// In plain words: the file is no TOML, or there is no such place in it.
pub(super) fn set(text: &str, way: &[Step], value: Option<&Value>) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|_| "config.toml is no TOML; mend it first".to_owned())?;
    let gone = || "config.toml was changed meanwhile: the place is not there any more".to_owned();
    let Some((Step::Key(key), before)) = way.split_last() else {
        return Err(gone());
    };
    if let ([Step::Key(section)], Some(_)) = (before, value)
        && document.get(section).is_none()
    {
        let mut table = Table::new();
        if !text.trim().is_empty() {
            table.decor_mut().set_prefix("\n");
        }
        document.insert(section, Item::Table(table));
    }
    let mut at: &mut Item = document.as_item_mut();
    for step in before {
        at = match step {
            Step::Key(key) => at.get_mut(key.as_str()),
            Step::Item(n, mark) => {
                let n = place(at, *n, mark.as_ref()).ok_or_else(gone)?;
                at.get_mut(n)
            }
        }
        .ok_or_else(gone)?;
    }
    let table = at.as_table_like_mut().ok_or_else(gone)?;
    match value {
        Some(value) => put(table, key, value),
        None => drop(table.remove(key)),
    }
    Ok(document.to_string())
}

/// Where the item is that is marked so: one that nothing sets apart from others must stand where it
/// stood, in a list that is as long as it was. `None`: it can't be told.
fn place(list: &Item, number: usize, mark: Option<&Mark>) -> Option<usize> {
    let Some(mark) = mark else {
        return Some(number);
    };
    let says = |n: usize, key: &str| {
        let said = list.get(n).and_then(|item| item.get(key));
        said.and_then(Item::as_str)
    };
    let fits = |n: &usize| match &mark.says {
        Some((key, text)) => says(*n, key) == Some(text.as_str()),
        None => true,
    };
    let many = match list {
        Item::ArrayOfTables(tables) => tables.len(),
        other => other.as_array().map_or(0, Array::len),
    };
    let fitting: Vec<usize> = (0..many).filter(fits).collect();
    match fitting.as_slice() {
        [one] if mark.alone => Some(*one),
        several if several.contains(&number) && many == mark.many => Some(number),
        _ => None,
    }
}

/// What stands around an old value (a comment behind it) stays around the new one.
fn put(table: &mut dyn TableLike, key: &str, value: &Value) {
    let mut new: toml_edit::Value = match value {
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Texts(texts) => texts.iter().map(String::as_str).collect::<Array>().into(),
    };
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(key, Item::Value(new))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::parse;
    use crate::config::options::Kind;
    use crate::config::settings::{self, read};
    use proptest::prelude::*;
    use std::path::Path;

    const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

    fn way(text: &str) -> Vec<Step> {
        let step = |word: &str| match word.parse() {
            Ok(n) => Step::Item(n, None),
            Err(_) => Step::Key(word.to_owned()),
        };
        text.split('.').map(step).collect()
    }

    #[test]
    fn only_the_value_changes() {
        let off = Value::Flag(false);
        let new = set(SAMPLE, &way("ui.threads"), Some(&off)).unwrap();
        assert_eq!(new, SAMPLE.replace("threads = true", "threads = false"));
        let theme = Value::Text("nord".to_owned());
        let new = set(SAMPLE, &way("ui.theme"), Some(&theme)).unwrap();
        let line = "theme = \"nord\"              # or the name of a theme";
        assert!(new.contains(line), "{new}");
        let port = Value::Number(1993);
        let new = set(SAMPLE, &way("account.0.imap.port"), Some(&port)).unwrap();
        assert_eq!(new, SAMPLE.replacen("port = 993", "port = 1993", 1));
        // A comment before a key that goes may go with it; nothing else does.
        let text = "# top\n[ui] # here\nmouse = true # why\n# next\nthreads = true\n# end\n";
        let new = set(text, &way("ui.mouse"), None).unwrap();
        assert_eq!(new, "# top\n[ui] # here\n# next\nthreads = true\n# end\n");
        let new = set("# mine\n", &way("ui.mouse"), Some(&off)).unwrap();
        assert_eq!(parse(&new, Path::new("/c")).problems, [], "{new}");
        assert!(
            new.contains("# mine") && new.contains("[ui]\nmouse = false\n"),
            "{new}"
        );
        for inline in ["ui = { mouse = true } # x\n", "ui.mouse = true # x\n"] {
            let new = set(inline, &way("ui.mouse"), Some(&off)).unwrap();
            assert_eq!(new, inline.replace("true", "false"));
        }
        let tags = "[tags.work]\ncolour = \"blue\" # as ever\n";
        let red = Value::Text("red".to_owned());
        let new = set(tags, &way("tags.work.colour"), Some(&red)).unwrap();
        assert_eq!(new, tags.replace("blue", "red"));
        assert!(set("[", &way("ui.mouse"), Some(&off)).is_err());
        assert!(set("", &way("account.3.name"), Some(&off)).is_err());
    }

    #[test]
    fn an_account_that_was_written_above_meanwhile_does_not_get_the_value() {
        let account = |name: &str, user: &str| {
            format!("[[account]]\nname = \"{name}\"\nuser = \"{user}\"\n\n")
        };
        let before = account("home", "a") + &account("work", "b");
        let rows: Vec<_> = read(&before).into_iter().flat_map(|g| g.rows).collect();
        let is_of_work = |r: &&settings::Row| {
            let mark = Mark {
                says: Some(("name".to_owned(), "work".to_owned())),
                alone: true,
                many: 2,
            };
            r.key == "user" && r.way.contains(&Step::Item(1, Some(mark)))
        };
        let row = rows.iter().find(is_of_work).unwrap();
        let value = Value::Text("c".to_owned());
        let meanwhile = account("new", "x") + &before;
        let after = set(&meanwhile, &row.way, Some(&value)).unwrap();
        assert_eq!(
            after,
            account("new", "x") + &account("home", "a") + &account("work", "c")
        );
        // Where it is gone nobody gets it.
        assert!(set(&account("home", "a"), &row.way, Some(&value)).is_err());
        let one = account("work", "b") + &account("home", "a");
        let after = set(&one, &row.way, Some(&value)).unwrap();
        assert_eq!(after, account("work", "c") + &account("home", "a"));
    }

    #[test]
    fn one_of_several_that_look_alike_gets_nothing_where_it_can_t_be_told_apart() {
        let notify = |when: &str| format!("[[notify]]\nhow = \"desktop\"\nquiet = \"{when}\"\n\n");
        let before = notify("a") + &notify("b");
        let rows: Vec<_> = read(&before).into_iter().flat_map(|g| g.rows).collect();
        let quiet = |r: &&settings::Row| r.key == "quiet";
        let second = rows.iter().filter(quiet).nth(1).unwrap();
        let value = Value::Text("c".to_owned());
        let after = set(&before, &second.way, Some(&value)).unwrap();
        assert_eq!(after, notify("a") + &notify("c"));
        // One more, or one less: the second may be another now.
        for meanwhile in [notify("x") + &before, notify("a"), notify("b")] {
            assert!(set(&meanwhile, &second.way, Some(&value)).is_err());
        }
    }

    /// The way by numbers alone: who changes a name changes the way, too.
    fn numbered(way: &[Step]) -> Vec<Step> {
        let bare = |step: &Step| match step {
            Step::Item(n, _) => Step::Item(*n, None),
            key => key.clone(),
        };
        way.iter().map(bare).collect()
    }

    proptest! {
        #[test]
        fn what_is_set_reads_back_and_nothing_else_is_touched(
            at in any::<prop::sample::Index>(), text in "[ !$-~äß\\n]{0,12}", flag: bool
        ) {
            let rows: Vec<_> = read(SAMPLE).into_iter().flat_map(|g| g.rows).collect();
            let row = &rows[at.index(rows.len())];
            let value = match row.option.kind {
                Kind::Flag => Value::Flag(flag),
                Kind::Number(from, _) => Value::Number(i64::from(from)),
                Kind::Texts | Kind::Program => Value::Texts(vec![text]),
                _ => Value::Text(text),
            };
            let new = set(SAMPLE, &row.way, Some(&value)).unwrap();
            let comments = |t: &str| t.lines().filter(|l| l.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(comments(&new), comments(SAMPLE));
            let after: Vec<_> = settings::read(&new).into_iter().flat_map(|g| g.rows).collect();
            let this = numbered(&row.way);
            let other = |r: &&settings::Row| numbered(&r.way) != this;
            let said = |r: &settings::Row| (numbered(&r.way), r.value.clone());
            let before = rows.iter().filter(other).map(said);
            prop_assert!(before.eq(after.iter().filter(other).map(said)));
            let gone = set(&new, &this, None).unwrap();
            let gone = settings::read(&gone);
            let found = gone.iter().flat_map(|g| &g.rows).find(|r| numbered(&r.way) == this);
            prop_assert!(found.is_none_or(|r| r.value.is_none()));
        }
    }
}
