//! `[[account]]`: one account from its table, or the mistakes that leave it out.

use crate::config::endpoint::{Server, endpoint, nowhere};
use crate::config::options::{Part, keys};
use crate::config::paths::expand;
use crate::config::policy::policy;
use crate::config::problem::Problems;
use crate::config::section::{Found, Section};
use crate::config::{oauth, sending};
use crate::model::{Account, AccountName, ArchiveBy, SecretSource};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Reads an account. `None` after a mistake, all of which are noted with the account's name.
pub(super) fn account(
    table: &DeTable<'_>,
    span: Range<usize>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> (Option<Found<AccountName>>, Option<Account>) {
    let before = problems.found.len();
    let section = Section::new(table, span, &keys(Part::Account), problems);
    let name = name(&section, problems);
    let email = email(&section, problems);
    let full_name = section.line("full-name", problems).map(|f| f.value);
    let user = section.line("user", problems);
    if let Some(empty) = user.as_ref().filter(|u| u.value.is_empty()) {
        let hint = "leave the key out to use the address".to_owned();
        problems.add(&empty.span, "`user` is empty", Some(hint));
    }
    let secret = secret(&section, base, problems);
    let imap = endpoint(&section, Server::Imap, problems);
    let auth = sending::auth(&section, secret.as_ref(), problems);
    let sendmail = sending::sendmail(&section, base, problems);
    let smtp = match (section.raw("sendmail"), section.raw("smtp")) {
        (Some(_), None) => Some(nowhere()),
        _ => endpoint(&section, Server::Smtp, problems),
    };
    let own = email.as_ref().map(|e| e.value.as_str());
    let identities = sending::identities(&section, own, problems);
    let ca_file = ca_file(&section, base, problems);
    let sync = policy(&section, imap.as_ref(), problems);
    let save_sent = section.flag("save-sent", problems);
    let mirror_drafts = section.flag("mirror-drafts", problems).unwrap_or(true);
    let archive = archive(&section, problems).unwrap_or_default();
    let future_release = section.flag("future-release", problems).unwrap_or(false);
    let signature = section.text("signature", problems).map(|f| f.value);
    let authserv_id = section.list("authserv-id", "[\"mx.example.org\"]", problems);
    if let Some(new) = problems.found.get_mut(before..) {
        for problem in new {
            problem.account = name.as_ref().map(|n| n.value.clone());
            problem.part = Some(Part::Account);
        }
    }
    let whole = problems.found.len() == before;
    let account = || {
        let email = email?.value;
        Some(Account {
            name: name.as_ref()?.value.clone(),
            full_name: full_name.unwrap_or_default(),
            user: user.map_or_else(|| email.clone(), |u| u.value),
            email,
            secret: secret?,
            imap: imap?,
            smtp: smtp?,
            ca_file,
            sync,
            save_sent,
            mirror_drafts,
            archive,
            signature,
            auth,
            identities,
            sendmail,
            authserv_id: authserv_id.map(|f| f.value).unwrap_or_default(),
            future_release,
        })
    };
    let account = if whole { account() } else { None };
    (name, account)
}

/// How the archive is divided.
fn archive(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<ArchiveBy> {
    let found = section.line("archive", problems)?;
    let known = ArchiveBy::ALL.iter().find(|(name, _)| *name == found.value);
    if known.is_none() {
        let hint = "\"flat\", \"year\" or \"month\"".to_owned();
        problems.add(&found.span, "`archive` is none of its words", Some(hint));
    }
    known.map(|(_, by)| *by)
}

fn required(
    section: &Section<'_, '_>,
    key: &str,
    example: &str,
    problems: &mut Problems<'_>,
) -> Option<Found<String>> {
    let found = match section.raw(key) {
        Some(_) => section.line(key, problems)?,
        None => {
            let hint = format!("add {key} = \"{example}\"");
            problems.add(
                &section.span,
                format!("the account has no `{key}`"),
                Some(hint),
            );
            return None;
        }
    };
    if found.value.trim().is_empty() {
        problems.add(&found.span, format!("`{key}` is empty"), None);
        return None;
    }
    Some(found)
}

fn name(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Found<AccountName>> {
    let name = required(section, "name", "work", problems)?;
    Some(Found {
        value: AccountName(name.value),
        span: name.span,
    })
}

fn email(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Found<String>> {
    required(section, "email", "you@example.org", problems)?;
    sending::address(section, "email", problems)
}

/// Never repeats what stands there: people write passwords into it.
fn secret(
    section: &Section<'_, '_>,
    base: &Path,
    problems: &mut Problems<'_>,
) -> Option<SecretSource> {
    let ways = "write password = \"keyring\", \"file\" or \"prompt\", or password-command = [\"pass\", \"show\", \"mail/work\"]";
    let command = section.raw("password-command");
    let word = section.raw("password").or(command);
    if let (Some(browser), Some(_)) = (section.raw("oauth"), word) {
        let message = "`oauth` and a password exclude each other";
        problems.add(&browser.span(), message, None);
        return None;
    }
    if section.raw("oauth").is_some() {
        let oauth = oauth::oauth(section, base, problems)?;
        return Some(SecretSource::OAuth(Box::new(oauth)));
    }
    if let (Some(word), Some(_)) = (section.raw("password"), command) {
        let message = "`password` and `password-command` exclude each other";
        problems.add(&word.span(), message, None);
        return None;
    }
    if command.is_some() {
        let argv = sending::argv(section, "password-command", base, problems)?;
        return Some(SecretSource::Command(argv.value));
    }
    let Some(found) = section.raw("password") else {
        return Some(SecretSource::Keyring);
    };
    match found.get_ref().as_str() {
        Some("keyring") => Some(SecretSource::Keyring),
        Some("file") => Some(SecretSource::File),
        Some("prompt") => Some(SecretSource::Prompt),
        _ => {
            let message = "a password must not stand in this file";
            problems.add(&found.span(), message, Some(ways.to_owned()));
            None
        }
    }
}

fn ca_file(section: &Section<'_, '_>, base: &Path, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let found = section.line("ca-file", problems)?;
    let path = expand(&found.value, base);
    if !path.is_file() {
        let shown = path.display().to_string();
        problems.add(
            &found.span,
            format!("there is no file {}", shown.escape_debug()),
            Some("a certificate in PEM; a relative path starts at this file's folder".to_owned()),
        );
    }
    Some(path)
}
