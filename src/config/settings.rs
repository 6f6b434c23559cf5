//! What `config.toml` says of each option, for a screen that shows and changes it: its value as it
//! is written, the line that it stands in, and the way there.
//!
//! Secrets are not among what is read here: of how a password is come by only the kind is told.

use crate::config::options::{Choice, Kind, OPTIONS, Part, Usual, of};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into the table's value of this key.
    Key(String),
    /// Into the list's item of this number, from 0, or where others were written above it meanwhile,
    /// into the one that is marked so. `None`: whatever it is.
    Item(usize, Option<Mark>),
}

/// By what an item of a list is known again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it says of itself: a key and its text.
    pub says: Option<(String, String)>,
    /// Whether it is the only one of its list that says so.
    pub alone: bool,
    /// How many items its list has.
    pub many: usize,
}

/// The way to a value from the top of the file.
pub type Way = Vec<Step>;

/// What an option is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// An option and what the file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The way to it.
    pub way: Way,
    /// Its row in the table of options.
    pub option: &'static Choice,
    /// What it is called: the option's key, or a free one.
    pub key: String,
    /// What is written; `None`: nothing, the default holds.
    pub value: Option<String>,
    /// The line that it stands in, from 1.
    pub line: Option<usize>,
}

impl Row {
    /// What holds: what is written, or the default.
    pub fn holds(&self) -> &str {
        self.value.as_deref().unwrap_or(match self.option.usual {
            Usual::Needed => "",
            usual => usual.words(),
        })
    }

    /// The text of it where it is one, as one types it.
    pub fn typed(&self) -> String {
        let holds = match (&self.value, self.option.usual) {
            (Some(value), _) => value.as_str(),
            (None, Usual::Is(value)) => value,
            (None, _) => return String::new(),
        };
        let Ok(read) = holds.parse::<toml::Value>() else {
            return holds.to_owned();
        };
        match read {
            // Only a text of several lines is read with its backslashes.
            toml::Value::String(text) if self.option.kind == Kind::Text => {
                text.replace('\\', "\\\\").replace('\n', "\\n")
            }
            toml::Value::String(text) => text,
            toml::Value::Array(list) => {
                let words = list.iter().filter_map(toml::Value::as_str);
                shell_words::join(words)
            }
            _ => holds.to_owned(),
        }
    }
}

/// A section of the file with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which kind.
    pub part: Part,
    /// What it is called on the screen.
    pub title: String,
    /// Its options, in the order of the table.
    pub rows: Vec<Row>,
}

/// What was typed for an option.
///
/// # Errors
/// In plain words: it can't be that. `Ok(None)` is the default.
pub fn parse(kind: Kind, typed: &str) -> Result<Option<Value>, String> {
    let text = typed.trim();
    match kind {
        Kind::Flag => match text {
            "true" => Ok(Some(Value::Flag(true))),
            "false" => Ok(Some(Value::Flag(false))),
            "" => Ok(None),
            _ => Err("true or false".to_owned()),
        },
        Kind::Number(..) if text.is_empty() => Ok(None),
        Kind::Number(from, to) => {
            let number = text.parse().ok().filter(|n| (from..=to).contains(n));
            let number = number.ok_or_else(|| format!("a number from {from} to {to}"))?;
            Ok(Some(Value::Number(i64::from(number))))
        }
        Kind::Texts | Kind::Program => {
            let words = shell_words::split(text);
            let words = words.map_err(|_| "a quote has no end".to_owned())?;
            let none = words.is_empty() && kind == Kind::Program;
            Ok((!none).then_some(Value::Texts(words)))
        }
        Kind::Text => Ok(Some(Value::Text(unescaped(typed)))),
        _ if text.is_empty() => Ok(None),
        _ => Ok(Some(Value::Text(text.to_owned()))),
    }
}

/// `\n` is the end of a line, `\\` a backslash.
fn unescaped(typed: &str) -> String {
    let mut out = String::new();
    let mut signs = typed.chars();
    while let Some(sign) = signs.next() {
        match (sign, sign == '\\') {
            (_, true) => match signs.next() {
                Some('n') => out.push('\n'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
            (sign, false) => out.push(sign),
        }
    }
    out
}

/// Every section that the file has or could have, in the order of the documentation. What can't be
/// read has no value.
pub fn read(text: &str) -> Vec<Group> {
    let (root, _) = DeTable::parse_recoverable(text);
    let file = File { text };
    let root = root.get_ref();
    let mut groups = Vec::new();
    for (part, heading, _) in Part::ALL {
        let Some(key) = part.key() else { continue };
        let found = root.get(key);
        let top = vec![Step::Key(key.to_owned())];
        if !part.repeats() {
            let table = found.and_then(|f| f.get_ref().as_table());
            if part == Part::Tags {
                file.tags(table, &top, &mut groups);
                continue;
            }
            let rows = match part {
                Part::Open | Part::Groups => file.free(part, table, &top),
                _ => file.rows(part, table, &top),
            };
            groups.push(Group {
                part,
                title: heading.trim_matches(['[', ']']).to_owned(),
                rows,
            });
            continue;
        }
        let Some(DeValue::Array(items)) = found.map(|f| f.get_ref()) else {
            continue;
        };
        for (n, item) in items.iter().enumerate() {
            let Some(table) = item.get_ref().as_table() else {
                continue;
            };
            let mark = mark(items, table, &["name", "query", "how"]);
            let way = with(&top, Step::Item(n, Some(mark.clone())));
            let title = match mark.says.as_ref().map(|(_, name)| name) {
                Some(name) => format!("{key} {name}"),
                None => format!("{key} {}", n + 1),
            };
            groups.push(Group {
                part,
                title: title.clone(),
                rows: file.rows(part, Some(table), &way),
            });
            if part == Part::Account {
                file.within(table, &title, &way, &mut groups);
            }
        }
    }
    groups.retain(|g| !g.rows.is_empty());
    groups
}

fn with(way: &Way, step: Step) -> Way {
    let mut way = way.clone();
    way.push(step);
    way
}

/// The first of these keys that an item names itself by, with its text.
fn naming(item: &DeTable<'_>, keys: &[&str]) -> Option<(String, String)> {
    let text = |key: &&str| {
        let text = item.get(*key)?.get_ref().as_str()?;
        Some(((*key).to_owned(), text.to_owned()))
    };
    keys.iter().find_map(text)
}

/// By what this item of a list is known again, which names itself by one of these keys.
fn mark(items: &[Spanned<DeValue<'_>>], item: &DeTable<'_>, keys: &[&str]) -> Mark {
    let says = naming(item, keys);
    let tables = items.iter().filter_map(|i| i.get_ref().as_table());
    let same = tables.filter(|other| naming(other, keys) == says).count();
    Mark {
        alone: says.is_some() && same == 1,
        says,
        many: items.len(),
    }
}

struct File<'t> {
    text: &'t str,
}

impl File<'_> {
    /// What belongs to an account and has a section of its own.
    fn within(&self, account: &DeTable<'_>, title: &str, way: &Way, groups: &mut Vec<Group>) {
        for (key, part) in [
            ("imap", Part::Server),
            ("smtp", Part::Server),
            ("oauth", Part::OAuth),
        ] {
            let table = account.get(key).and_then(|f| f.get_ref().as_table());
            if let Some(table) = table {
                groups.push(Group {
                    part,
                    title: format!("{title}: {key}"),
                    rows: self.rows(part, Some(table), &with(way, Step::Key(key.into()))),
                });
            }
        }
        for (key, part, name) in [
            ("identity", Part::Identity, "email"),
            ("mailbox", Part::Mailbox, "name"),
        ] {
            let Some(DeValue::Array(items)) = account.get(key).map(|f| f.get_ref()) else {
                continue;
            };
            for (n, item) in items.iter().enumerate() {
                let Some(table) = item.get_ref().as_table() else {
                    continue;
                };
                let named = table.get(name).and_then(|v| v.get_ref().as_str());
                let item = Step::Item(n, Some(mark(items, table, &[name])));
                let way = with(&with(way, Step::Key(key.into())), item);
                groups.push(Group {
                    part,
                    title: format!("{title}: {}", named.unwrap_or(key)),
                    rows: self.rows(part, Some(table), &way),
                });
            }
        }
    }

    /// The tags that the user says something of, each with a section of its own.
    fn tags(&self, table: Option<&DeTable<'_>>, way: &Way, groups: &mut Vec<Group>) {
        let mut found: Vec<_> = table.into_iter().flatten().collect();
        found.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in found {
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            if let Some(table) = value.get_ref().as_table() {
                let way = with(way, Step::Key(key.to_string()));
                groups.push(Group {
                    part: Part::Tags,
                    title: format!("tags {key}"),
                    rows: self.rows(Part::Tags, Some(table), &way),
                });
            }
        }
    }

    fn rows(&self, part: Part, table: Option<&DeTable<'_>>, way: &Way) -> Vec<Row> {
        let options = of(part).filter(|o| o.kind != Kind::Table);
        let row = |option: &'static Choice| {
            let found = table.and_then(|t| t.get(option.key));
            self.row(option, option.key, found, way)
        };
        options.map(row).collect()
    }

    /// The rows of a section in which any key may stand.
    fn free(&self, part: Part, table: Option<&DeTable<'_>>, way: &Way) -> Vec<Row> {
        let Some(option) = OPTIONS.iter().find(|o| o.part == part) else {
            return Vec::new();
        };
        let mut found: Vec<_> = table.into_iter().flatten().collect();
        found.sort_by_key(|(key, _)| key.span().start);
        let row = |(key, value): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let key: &std::borrow::Cow<'_, str> = key.get_ref();
            self.row(option, key, Some(value), way)
        };
        found.iter().map(row).collect()
    }

    fn row(
        &self,
        option: &'static Choice,
        key: &str,
        found: Option<&Spanned<DeValue<'_>>>,
        way: &Way,
    ) -> Row {
        let value = found.map(|f| match option.kind {
            Kind::Secret => secret(f.get_ref()),
            _ => self.written(f.span()),
        });
        Row {
            way: with(way, Step::Key(key.to_owned())),
            option,
            key: key.to_owned(),
            value,
            line: found.map(|f| self.line(f.span().start)),
        }
    }

    fn written(&self, span: Range<usize>) -> String {
        self.text.get(span).unwrap_or_default().to_owned()
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        1 + before.matches('\n').count()
    }
}

/// What may be shown of how a password is come by: of a program its name.
fn secret(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(word) if ["keyring", "file", "prompt"].contains(&word.as_ref()) => {
            format!("\"{word}\"")
        }
        DeValue::Array(words) => {
            let program = words.iter().next().and_then(|w| w.get_ref().as_str());
            format!("[\"{}\", …]", program.unwrap_or_default())
        }
        _ => "(not shown)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

    #[test]
    fn the_sample_is_read_with_its_lines() {
        let groups = read(SAMPLE);
        let titles: Vec<&str> = groups.iter().map(|g| g.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "ui",
                "list",
                "compose",
                "contacts",
                "account work",
                "account work: imap",
                "account work: smtp",
                "account home",
                "account home: imap",
                "account home: smtp"
            ]
        );
        let row = |group: &str, key: &str| {
            let group = groups.iter().find(|g| g.title == group).unwrap();
            group.rows.iter().find(|r| r.key == key).unwrap().clone()
        };
        let threads = row("ui", "threads");
        assert_eq!(threads.value.as_deref(), Some("true"));
        let line = SAMPLE.lines().nth(threads.line.unwrap() - 1).unwrap();
        assert!(line.starts_with("threads ="));
        assert_eq!(row("ui", "spell").holds(), "the environment's language");
        assert_eq!(row("account home: imap", "port").holds(), "143");
        assert_eq!(row("ui", "theme").typed(), "auto");
        // Of a program that prints a password its arguments are nobody's business.
        assert_eq!(
            row("account work", "password-command").holds(),
            "[\"pass\", …]"
        );
    }

    #[test]
    fn a_sign_in_with_a_browser_has_its_options_and_no_secret() {
        let text = "[[account]]\nname = \"a\"\npassword = \"file\"\noauth = { provider = \"google\", client-secret = \"GOCSPX-CANARY\" }\n";
        let groups = read(text);
        let holds = |group: &str, key: &str| {
            let group = groups.iter().find(|g| g.title == group).unwrap();
            let row = group.rows.iter().find(|r| r.key == key).unwrap();
            row.holds().to_owned()
        };
        assert_eq!(holds("account a", "password"), "\"file\"");
        assert_eq!(holds("account a: oauth", "provider"), "\"google\"");
        assert!(!format!("{groups:?}").contains("CANARY"));
    }

    #[test]
    fn each_tag_has_its_options() {
        let text =
            "[tags.\"Tax 2024\"]\ncolour = \"blue\"\n[tags]\nwork = { name = \"Büro\" }\nx = 1\n";
        let groups = read(text);
        let tags: Vec<_> = groups.iter().filter(|g| g.part == Part::Tags).collect();
        let told: Vec<_> = tags
            .iter()
            .map(|g| (g.title.as_str(), g.rows[0].holds(), g.rows[1].holds()))
            .collect();
        assert_eq!(
            told,
            [
                ("tags Tax 2024", "its own", "\"blue\""),
                ("tags work", "\"Büro\"", "the theme's"),
            ]
        );
    }

    #[test]
    fn secrets_in_the_wrong_place_are_not_shown() {
        let groups = read("[[account]]\npassword = \"hunter2\"\nname = 7\n[ui]\nmouse = [1]\n");
        assert!(!format!("{groups:?}").contains("hunter2"));
        assert!(groups.iter().any(|g| g.title == "account 1"));
        for broken in [
            "",
            "ui = 1",
            "[[account]]\nimap = 3\nidentity = [1]\n",
            "account = [1]",
            "[",
        ] {
            read(broken);
        }
    }

    #[test]
    fn what_is_typed_is_what_is_meant() {
        use Value::{Flag, Number, Text, Texts};
        for (kind, typed, meant) in [
            (Kind::Flag, "true", Ok(Some(Flag(true)))),
            (Kind::Number(0, 600), "12", Ok(Some(Number(12)))),
            (Kind::Number(0, 600), "", Ok(None)),
            (Kind::Line, " a b ", Ok(Some(Text("a b".into())))),
            (Kind::Line, " ", Ok(None)),
            (Kind::Text, "a\\nb\\\\", Ok(Some(Text("a\nb\\".into())))),
            (
                Kind::Texts,
                "a 'b c'",
                Ok(Some(Texts(vec!["a".into(), "b c".into()]))),
            ),
            (Kind::Texts, "", Ok(Some(Texts(vec![])))),
            (Kind::Program, "", Ok(None)),
        ] {
            assert_eq!(parse(kind, typed), meant, "{typed}");
        }
        for (kind, typed) in [
            (Kind::Flag, "1"),
            (Kind::Number(0, 600), "601"),
            (Kind::Program, "'"),
        ] {
            assert!(parse(kind, typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn what_is_written_is_typed_as_it_is_read() {
        let text = "[[account]]\nname = \"a\"\nuser = 'CORP\\ada'\n\
            signature = 'C:\\new'\nexclude = ['a\\b', 'c d']\n\
            [[account.identity]]\nemail = 'a@x'\nsignature = \"Ada\\nC:\\\\n\"\n";
        let groups = read(text);
        let typed = |group: &str, key: &str| {
            let group = groups.iter().find(|g| g.title == group).unwrap();
            let row = group.rows.iter().find(|r| r.key == key).unwrap();
            parse(row.option.kind, &row.typed()).unwrap().unwrap()
        };
        let meant = |text: &str| Value::Text(text.to_owned());
        assert_eq!(typed("account a", "user"), meant("CORP\\ada"));
        assert_eq!(typed("account a", "signature"), meant("C:\\new"));
        assert_eq!(typed("account a: a@x", "signature"), meant("Ada\nC:\\n"));
        let words = ["a\\b", "c d"].map(str::to_owned).into();
        assert_eq!(typed("account a", "exclude"), Value::Texts(words));
    }
}
