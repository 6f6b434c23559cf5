//! An account taken out of `config.toml`, leaving everything else that the user wrote as it is.

use super::files::{Alone, alone, replace};
use super::keep::{cut, places};
use super::load;
use crate::model::AccountName;
use std::ops::Range;
use std::path::Path;
use toml::de::DeTable;

/// What is left of the file; nobody else of ours writes it as long as this is held.
#[derive(Debug)]
pub struct Left {
    text: String,
    _alone: Alone,
}

impl Left {
    /// As it will stand in the file.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The file without the account, its identities and mailboxes; for [`write()`].
///
/// # Errors
/// In plain words: there is none of that name, the file can't be read, or would not be read back
/// as it was without the account.
pub fn without(path: &Path, name: &AccountName) -> Result<Left, String> {
    let said = |e: std::io::Error| format!("{}: {e}", path.display());
    let held = alone(path).map_err(said)?;
    let mut text = std::fs::read_to_string(path).map_err(said)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let before = load::parse(&text, folder);
    let is_it = |table: &DeTable<'_>| {
        let found = table.get("name").and_then(|n| n.get_ref().as_str());
        found == Some(name.as_str())
    };
    let found = places(&text, "account", is_it).pop();
    let found = found.ok_or_else(|| format!("there is no account `{name}`"))?;
    let place = whole(&text, found.start);
    cut(&mut text, place);
    let mut after = before.config;
    after.accounts.retain(|a| a.name != *name);
    let read = load::parse(&text, folder);
    if read.config != after || read.problems.len() > before.problems.len() {
        return Err(format!(
            "{} can't be changed safely: take the account out by hand",
            path.display()
        ));
    }
    Ok(Left { text, _alone: held })
}

/// Writes what is left, in one step.
///
/// # Errors
/// In plain words: the file can't be written.
pub fn write(path: &Path, left: &Left) -> Result<(), String> {
    replace(path, &left.text).map_err(|e| format!("{}: {e}", path.display()))
}

/// From its heading to the last line of its last table; what stands above the next heading belongs
/// to that.
fn whole(text: &str, start: usize) -> Range<usize> {
    let mut end = start;
    let mut at = start;
    for (number, line) in text
        .get(start..)
        .unwrap_or_default()
        .split_inclusive('\n')
        .enumerate()
    {
        let bare = line.trim();
        let heading = bare.trim_start_matches('[');
        if number > 0 && bare.starts_with('[') && !heading.starts_with("account.") {
            break;
        }
        at += line.len();
        if !bare.is_empty() && !bare.starts_with('#') {
            end = at;
        }
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remove(path: &Path, name: &str) -> Result<(), String> {
        write(path, &without(path, &AccountName(name.to_owned()))?)
    }

    fn account(name: &str) -> String {
        format!(
            "[[account]] # {name}\nname = \"{name}\"\nemail = \"me@{name}.test\"\npassword = \"prompt\"\nimap = {{ host = \"imap.{name}.test\" }}\nsmtp = {{ host = \"smtp.{name}.test\" }}\n"
        )
    }

    #[test]
    fn an_account_goes_with_its_tables_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let tables = "\n[[account.identity]]\nemail = \"other@one.test\"\n\n[[account.mailbox]]\nname = \"Lists/*\"\nheaders = \"all\"\n";
        let (one, two) = (account("one"), account("two"));
        let text =
            format!("# mine\n\n{one}{tables}\n# the second\n{two}\n[ui]\nmouse = false # no\n");
        std::fs::write(&path, &text).unwrap();
        let loaded = load::load(&path).unwrap();
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        remove(&path, "one").unwrap();
        let left = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            left,
            format!("# mine\n\n# the second\n{two}\n[ui]\nmouse = false # no\n")
        );
        let none = remove(&path, "one");
        assert!(none.unwrap_err().contains("there is no account `one`"));
        remove(&path, "two").unwrap();
        assert!(load::load(&path).unwrap().config.accounts.is_empty());
    }

    #[test]
    fn what_can_not_be_taken_out_safely_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let odd = "account = [{ name = \"one\", email = \"a@b.test\", password = \"prompt\", imap = { host = \"h.test\" }, smtp = { host = \"h.test\" } }, { name = \"two\", email = \"a@c.test\", password = \"prompt\", imap = { host = \"h.test\" }, smtp = { host = \"h.test\" } }]\n";
        std::fs::write(&path, odd).unwrap();
        let said = remove(&path, "one").unwrap_err();
        assert!(said.contains("by hand"), "{said}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), odd);
    }
}
