//! What is taken over from another program, written into `config.toml` and `keys.toml`: each file in
//! one step, comments and order kept, and nothing that stands there touched.

use super::append::with_account;
use super::files::{read_regular, replace};
use super::load::{self, Config};
use super::policy::usual_budget;
use super::set::set;
use super::settings::{Step, Value};
use crate::model::Account;
use std::io;
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, Table, value};

/// More than any file of keys needs, in octets.
const LONGEST: u64 = 1 << 20;

/// What goes into `config.toml`.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// Accounts, with names that are free. Their daily budget is the usual one.
    pub accounts: Vec<Account>,
    /// Groups and their members.
    pub groups: Vec<(String, Vec<String>)>,
    /// A file of cards, as it is written there.
    pub vcards: Option<String>,
    /// The program that prints people.
    pub people: Option<Vec<String>>,
    /// Programs that show attachments, by type.
    pub open: Vec<(String, Vec<String>)>,
}

impl Adopted {
    fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.groups.is_empty()
            && self.vcards.is_none()
            && self.people.is_none()
            && self.open.is_empty()
    }
}

/// Writes it into the configuration (made 0600 if there is none); whether there was anything.
///
/// # Errors
/// When it can't be written, or would not be read back as it is meant: nothing is written then.
pub fn config(path: &Path, adopted: &Adopted) -> io::Result<bool> {
    if adopted.is_empty() {
        return Ok(false);
    }
    let old = text(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let before = load::parse(&old, folder);
    let mut new = old;
    let mut accounts = adopted.accounts.clone();
    for account in &mut accounts {
        account.sync.budget = usual_budget(&account.imap);
        new = with_account(&new, account);
    }
    let way = |section: &str, key: &str| [section, key].map(|k| Step::Key(k.to_owned()));
    let mut put = |section: &str, key: &str, texts: &[String]| -> io::Result<()> {
        let texts = Value::Texts(texts.to_vec());
        new = set(&new, &way(section, key), Some(&texts)).map_err(io::Error::other)?;
        Ok(())
    };
    for (name, members) in &adopted.groups {
        put("groups", name, members)?;
    }
    for (kind, argv) in &adopted.open {
        put("open", kind, argv)?;
    }
    if let Some(argv) = &adopted.people {
        put("contacts", "command", argv)?;
    }
    if let Some(file) = &adopted.vcards {
        new = with_cards(&new, file)?;
    }
    let read = load::parse(&new, folder);
    let Config {
        accounts: there,
        groups,
        ..
    } = &read.config;
    let whole = accounts.iter().all(|a| there.contains(a))
        && before.config.accounts.iter().all(|a| there.contains(a))
        && groups.len() == before.config.groups.len() + adopted.groups.len();
    if !whole || read.problems.len() > before.problems.len() {
        let told = read.problems.iter().find(|p| !before.problems.contains(p));
        let told = told.map_or_else(String::new, |p| format!(" ({})", p.message));
        let why = format!("it would not be read back as it is meant{told}; mend the file first");
        return Err(io::Error::other(why));
    }
    super::paths::make_private(folder)?;
    replace(path, &new)?;
    Ok(true)
}

/// A file of cards more.
fn with_cards(text: &str, file: &str) -> io::Result<String> {
    let mut document = document(text)?;
    let table = section(&mut document, "contacts", text.trim().is_empty())?;
    let list = table.entry("vcards").or_insert_with(|| value(Array::new()));
    let list = list
        .as_array_mut()
        .ok_or_else(|| io::Error::other("`vcards` is no list"))?;
    if !list.iter().any(|v| v.as_str() == Some(file)) {
        list.push(file);
    }
    Ok(document.to_string())
}

/// The preset of a file of keys, and whether a key of a screen is bound there.
#[derive(Debug, Default)]
pub struct Keys(Option<DocumentMut>);

impl Keys {
    /// What stands in this file; nothing if there is none.
    ///
    /// # Errors
    /// When it can't be read, or is no TOML.
    pub fn read(path: &Path) -> io::Result<Keys> {
        Ok(Keys(Some(document(&text(path)?)?)))
    }

    /// Whether it names a preset.
    pub fn has_preset(&self) -> bool {
        self.0.as_ref().is_some_and(|d| d.get("preset").is_some())
    }

    /// Whether a key of a screen is bound.
    pub fn has(&self, screen: &str, key: &str) -> bool {
        let table = self
            .0
            .as_ref()
            .and_then(|d| d.get(screen))
            .and_then(Item::as_table_like);
        table.is_some_and(|t| t.get(key).is_some())
    }
}

/// Writes a preset and keys (screen, key, commands) into a file of keys; whether there was
/// anything. What is bound there stays.
///
/// # Errors
/// When it can't be read or written.
pub fn keys(
    path: &Path,
    preset: Option<&str>,
    bound: &[(&str, &str, &[String])],
) -> io::Result<bool> {
    if preset.is_none() && bound.is_empty() {
        return Ok(false);
    }
    let old = text(path)?;
    let mut document = document(&old)?;
    if let Some(preset) = preset.filter(|_| document.get("preset").is_none()) {
        document.insert("preset", value(preset));
    }
    for (screen, key, commands) in bound {
        let first = document.is_empty();
        let table = section(&mut document, screen, first)?;
        if table.get(key).is_none() {
            let said = match commands {
                [one] => value(one.as_str()),
                more => value(more.iter().map(String::as_str).collect::<Array>()),
            };
            table.insert(key, said);
        }
    }
    super::paths::make_private(path.parent().unwrap_or(Path::new(".")))?;
    replace(path, &document.to_string())?;
    Ok(true)
}

fn text(path: &Path) -> io::Result<String> {
    match read_regular(path, LONGEST) {
        Ok(octets) => String::from_utf8(octets)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is not UTF-8")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(e),
    }
}

fn document(text: &str) -> io::Result<DocumentMut> {
    text.parse()
        .map_err(|_| io::Error::other("the file is no TOML; mend it first"))
}

/// A section, made at the end if it isn't there.
fn section<'d>(
    document: &'d mut DocumentMut,
    name: &str,
    first: bool,
) -> io::Result<&'d mut dyn toml_edit::TableLike> {
    if document.get(name).is_none() {
        let mut table = Table::new();
        if !first {
            table.decor_mut().set_prefix("\n");
        }
        document.insert(name, Item::Table(table));
    }
    let table = document.get_mut(name).and_then(Item::as_table_like_mut);
    table.ok_or_else(|| io::Error::other(format!("`{name}` is no section; mend the file first")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../assets/config.sample.toml");

    #[test]
    fn what_is_taken_over_stands_beside_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, SAMPLE).unwrap();
        let mut account = load::parse(SAMPLE, dir.path()).config.accounts.remove(0);
        account.name.0.push('2');
        account.imap.host = "imap.gmail.com".to_owned();
        let adopted = Adopted {
            accounts: vec![account],
            groups: vec![("book club".to_owned(), vec!["L, Ada <a@x.test>".to_owned()])],
            vcards: Some("contacts/mutt.vcf".to_owned()),
            people: Some(vec!["khard".to_owned(), "%s".to_owned()]),
            open: vec![(
                "image/*".to_owned(),
                vec!["imv".to_owned(), "{}".to_owned()],
            )],
        };
        assert!(config(&path, &adopted).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        let read = load::parse(&text, dir.path());
        assert_eq!(read.problems, [], "{text}");
        assert_eq!(read.config.accounts.len(), 3);
        assert_eq!(read.config.groups[0].members[0].name, "L, Ada");
        assert_eq!(
            read.config.contacts.vcards,
            [dir.path().join("contacts/mutt.vcf")]
        );
        assert_eq!(read.config.open.len(), 1);
        for line in SAMPLE.lines() {
            assert!(text.contains(line), "{line}");
        }
        // The same name once more would not be read back.
        let before = text;
        assert!(config(&path, &adopted).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
        assert!(!config(&path, &Adopted::default()).unwrap());
    }

    #[test]
    fn keys_are_added_and_never_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let mine = "# mine\n[index] # here\n\"d\" = \"archive\" # why\n# end\n";
        std::fs::write(&path, mine).unwrap();
        let commands = ["trash".to_owned(), "down".to_owned()];
        let bound: Vec<(&str, &str, &[String])> = vec![
            ("index", "d", &commands),
            ("index", "ctrl-x", &commands),
            ("reader", "g g", &commands[..1]),
        ];
        assert!(keys(&path, Some("mutt"), &bound).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        for kept in mine.lines() {
            assert!(text.contains(kept), "{text}");
        }
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["preset"].as_str(), Some("mutt"), "{text}");
        assert_eq!(read["index"]["d"].as_str(), Some("archive"));
        assert_eq!(read["index"]["ctrl-x"].as_array().unwrap().len(), 2);
        assert_eq!(read["reader"]["g g"].as_str(), Some("trash"));
        let keys = Keys::read(&path).unwrap();
        assert!(keys.has_preset() && keys.has("reader", "g g") && !keys.has("reader", "d"));
    }
}
