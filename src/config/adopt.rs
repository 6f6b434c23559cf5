//! What is taken over from another program, put into the text of `config.toml`: comments and order
//! kept, and nothing that stands there touched.

use super::append::with_account;
use super::files::{read_regular, replace};
use super::load::{self, Config, LONGEST};
use super::policy::usual_budget;
use crate::model::Account;
use std::io;
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, Table, value};

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

/// Why an account can't stand in a configuration in this folder; `None` if it can.
pub fn refusal(account: &Account, folder: &Path) -> Option<String> {
    let mut account = account.clone();
    account.sync.budget = usual_budget(&account.imap);
    let read = load::parse(&with_account("", &account), folder);
    if let Some(problem) = read.problems.first() {
        return Some(problem.message.clone());
    }
    let whole = read.config.accounts.contains(&account);
    (!whole).then(|| "it would not be read back as it is meant".to_owned())
}

/// The text of the configuration with it; `None`: there is nothing to be added.
///
/// # Errors
/// When the file can't be read, or what it would become would not be read back as it is meant.
pub fn config(path: &Path, adopted: &Adopted) -> io::Result<Option<String>> {
    if adopted.is_empty() {
        return Ok(None);
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
    let mut document = document(&new)?;
    for (name, members) in &adopted.groups {
        put(&mut document, "groups", name, members)?;
    }
    for (kind, argv) in &adopted.open {
        put(&mut document, "open", kind, argv)?;
    }
    if let Some(argv) = &adopted.people {
        put(&mut document, "contacts", "command", argv)?;
    }
    if let Some(file) = &adopted.vcards {
        with_cards(&mut document, file)?;
    }
    let new = document.to_string();
    if new.len() as u64 > LONGEST {
        let why = format!("it would be larger than {} MiB", LONGEST >> 20);
        return Err(io::Error::other(why));
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
    Ok(Some(new))
}

/// Writes the text of a configuration or of keys (made 0600 if there is no such file), in one step.
///
/// # Errors
/// When it can't be written; the file stays as it was.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    super::paths::make_private(path.parent().unwrap_or(Path::new(".")))?;
    replace(path, text)
}

/// A list of texts in a section.
fn put(document: &mut DocumentMut, name: &str, key: &str, texts: &[String]) -> io::Result<()> {
    let first = document.is_empty();
    let list: Array = texts.iter().map(String::as_str).collect();
    section(document, name, first)?.insert(key, value(list));
    Ok(())
}

/// A file of cards more.
fn with_cards(document: &mut DocumentMut, file: &str) -> io::Result<()> {
    let first = document.is_empty();
    let table = section(document, "contacts", first)?;
    let list = table.entry("vcards").or_insert_with(|| value(Array::new()));
    let list = list
        .as_array_mut()
        .ok_or_else(|| io::Error::other("`vcards` is no list"))?;
    if !list.iter().any(|v| v.as_str() == Some(file)) {
        list.push(file);
    }
    Ok(())
}

pub(super) fn text(path: &Path) -> io::Result<String> {
    match read_regular(path, LONGEST) {
        Ok(octets) => String::from_utf8(octets)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is not UTF-8")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(e),
    }
}

pub(super) fn document(text: &str) -> io::Result<DocumentMut> {
    text.parse()
        .map_err(|_| io::Error::other("the file is no TOML; mend it first"))
}

/// A section, made at the end if it isn't there.
pub(super) fn section<'d>(
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
        let text = config(&path, &adopted).unwrap().unwrap();
        write(&path, &text).unwrap();
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
        assert_eq!(config(&path, &Adopted::default()).unwrap(), None);
    }

    #[test]
    fn what_the_configuration_would_refuse_is_known_before() {
        let dir = tempfile::tempdir().unwrap();
        let account = load::parse(SAMPLE, dir.path()).config.accounts.remove(0);
        assert_eq!(refusal(&account, dir.path()), None);
        let mut colon = account.clone();
        colon.imap.host = "imap.x.test:993".to_owned();
        let why = refusal(&colon, dir.path()).unwrap();
        assert!(why.contains("colon"), "{why}");
        let mut reads = account.clone();
        reads.sendmail = Some(vec!["msmtp".to_owned(), "-t".to_owned()]);
        let why = refusal(&reads, dir.path()).unwrap();
        assert!(why.contains("recipients"), "{why}");
    }

    #[test]
    fn what_could_not_be_read_again_for_its_size_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let group = |n: usize| {
            (
                format!("g{n}"),
                vec![format!("{}@x.test", "a".repeat(1_000))],
            )
        };
        let of = |many: usize| Adopted {
            groups: (0..many).map(group).collect(),
            ..Adopted::default()
        };
        assert!(config(&path, &of(900)).unwrap().is_some());
        let error = config(&path, &of(1_100)).unwrap_err().to_string();
        assert!(error.contains("1 MiB"), "{error}");
    }
}
