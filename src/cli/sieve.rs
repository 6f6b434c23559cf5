//! `rules export --sieve`, `rules import`: rules as a script of the server's own filter, and back.

use super::exit::{self, Failure};
use super::home::Home;
use super::json;
use super::say::{aside, say};
use crate::config::append::{append_rules, rules_text};
use crate::config::files;
use crate::model::Role;
use crate::sieve::read::LONGEST;
use crate::sieve::{Naming, export as to_script, import as of_script};
use crate::store::Mailbox;
use crate::text::{Clean, when};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::{self, IsTerminal as _};
use std::path::Path;

/// `rules export --sieve [FILE]`: exit code 65 if not all of it could be said.
///
/// # Errors
/// No such account, or a file that can't be written.
pub fn export(
    home: &Home,
    as_json: bool,
    account: Option<&str>,
    file: Option<&Path>,
) -> Result<u8> {
    let account = home.account_or_first(account)?;
    let mailboxes = home.reader()?.mailboxes_of(&account.name)?;
    let named = |name: &str| server_name(&mailboxes, name);
    let naming = Naming {
        account: account.name.as_str(),
        mailbox: &named,
    };
    let exported = to_script(&home.config.rules, &naming, when::now());
    let script = exported.script.to_string();
    if let Some(file) = file {
        std::fs::write(file, &script)
            .with_context(|| format!("{} can't be written", file.display()))?;
    }
    if as_json {
        let script = file.is_none().then_some(&script);
        json::print(json!({ "script": script, "remarks": exported.remarks }))?;
    } else {
        if file.is_none() {
            say!("{}", printed(script.trim_end()));
        }
        for remark in &exported.remarks {
            aside!("{}", Clean::line(remark));
        }
    }
    Ok(if exported.remarks.is_empty() {
        0
    } else {
        exit::DATA
    })
}

/// A text for standard output: a terminal is shown it cleaned, and whoever reads it instead has it
/// as it is.
fn printed(text: &str) -> Cow<'_, str> {
    match io::stdout().is_terminal() {
        true => Cow::Owned(Clean::block(text).to_string()),
        false => Cow::Borrowed(text),
    }
}

/// What the server calls a mailbox, by the name or role that a rule has for it.
fn server_name(mailboxes: &[Mailbox], name: &str) -> String {
    let wanted = name.to_lowercase();
    let path = |m: &&Mailbox| m.path.to_lowercase() == wanted;
    let role = |m: &&Mailbox| m.role.is_some_and(|role| role.name() == wanted);
    let last = |m: &&Mailbox| m.path.to_lowercase().rsplit('/').next() == Some(&wanted);
    let all = || mailboxes.iter();
    let archive = |m: &&Mailbox| wanted == "archive" && m.role == Some(Role::All);
    let theirs = |m: &&Mailbox| m.server_path().is_some_and(|p| p.to_lowercase() == wanted);
    let found = all().find(path).or_else(|| all().find(theirs));
    let found = found.or_else(|| all().find(role));
    let found = found
        .or_else(|| all().find(last))
        .or_else(|| all().find(archive));
    match found {
        Some(m) => m.server_path().unwrap_or_else(|| m.path.clone()),
        None => match wanted.as_str() {
            "archive" => "Archive".to_owned(),
            "junk" => "Junk".to_owned(),
            "trash" => "Trash".to_owned(),
            _ => name.to_owned(),
        },
    }
}

/// `rules import FILE`: exit code 65 if not all of it could be said.
///
/// # Errors
/// A file that can't be read or is no script, or rules that can't be added.
pub fn import(home: &Home, as_json: bool, file: &Path, add: bool) -> Result<u8> {
    let unreadable = |why: String| {
        let told = format!("{}: {why}", file.display());
        Failure::new(exit::DATA, told)
    };
    let longest = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    let bytes = files::read_regular(file, longest).map_err(|e| {
        let told = format!("{}: {e}", file.display());
        Failure::new(exit::NO_INPUT, told)
    })?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    let imported = of_script(&text).map_err(|why| unreadable(why.to_string()))?;
    let rules = rules_text(&imported.rules);
    if add && !imported.rules.is_empty() {
        append_rules(&home.paths.config, &imported.rules)
            .with_context(|| format!("{}: nothing was added", home.paths.config.display()))?;
    }
    if as_json {
        let remark = |(line, text): &(usize, String)| json!({ "line": line, "text": text });
        let remarks: Vec<Value> = imported.remarks.iter().map(remark).collect();
        let added = add.then_some(imported.rules.len());
        json::print(json!({ "rules": rules, "added": added, "remarks": remarks }))?;
    } else {
        match add {
            true => say!("{} rules were added", imported.rules.len()),
            false => say!("{}", printed(rules.trim_end())),
        }
        for (line, remark) in &imported.remarks {
            let told = format!("{}, line {line}: {remark}", file.display());
            aside!("{}", Clean::line(&told));
        }
    }
    Ok(if imported.remarks.is_empty() {
        0
    } else {
        exit::DATA
    })
}
