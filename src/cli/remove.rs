//! `account remove`: out of the configuration, and nothing that only this machine has is lost. Drafts
//! and messages that were not sent are written into files first and stay in the database as well,
//! but what waited to be sent waits no more: an account of the same name that comes later must not
//! send it unasked.

use super::ask::agrees;
use super::exit::{self, Failure};
use super::home::Home;
use super::host::Desk;
use super::say::{aside, say};
use super::words::RemoveAccount;
use super::{json, passphrase};
use crate::config::lock::EngineLock;
use crate::config::remove;
use crate::config::secrets::{Kind, SecretError};
use crate::mime::build::{self, Attached};
use crate::mime::draft_copy::draft_copy;
use crate::model::{Account, Draft, SecretSource, Submission};
use crate::store::Local;
use crate::sync::freeze;
use crate::text::{Clean, when};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{IsTerminal as _, Write as _, stdin};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// `account remove`
///
/// # Errors
/// There is no such account, postrider runs, an answer that is no; a file that can't be written:
/// then nothing was changed.
pub fn remove(home: &Home, as_json: bool, args: &RemoveAccount) -> Result<u8> {
    let account = home.account(&args.name)?.clone();
    // Whoever talks to its servers would go on sending.
    let Some(_lock) = EngineLock::try_take(&home.paths.lock)? else {
        let told = "postrider is running here: close it first";
        return Err(Failure::new(exit::TEMPORARY, told).into());
    };
    let local = home.local_reader()?;
    let mut drafts = local.drafts()?;
    drafts.retain(|d| d.account == account.name);
    let mut unsent = local.outbox()?;
    unsent.retain(|s| s.account == account.name);
    let folder = folder(home, args);
    if !args.yes {
        let changes = local.changes_open(&account.name)?;
        sure(&account, (drafts.len(), unsent.len(), changes), &folder)?;
    }
    // All that asks or may fail comes before the first change: what is left here leaves all as it was.
    let opened = unlock(home, &account);
    let left = remove::without(&home.paths.config, &account.name)
        .map_err(|why| Failure::new(exit::CONFIG, why))?;
    let exported = !drafts.is_empty() || !unsent.is_empty();
    if exported {
        export(home, &account, &folder, &drafts, &unsent)
            .with_context(|| format!("nothing was removed: {}", folder.display()))?;
    }
    let mut local = Local::open(&home.paths.local)?;
    let changes = local.read().changes_open(&account.name)?;
    // Nothing that waits is touched before the file is written, and a crash between the two is noted.
    local.begin_removal(&account.name)?;
    if let Err(why) = remove::write(&home.paths.config, &left) {
        // Where it is written and only not durable yet, the next start sees what stands there.
        if std::fs::read_to_string(&home.paths.config).is_ok_and(|text| text != left.text()) {
            local.drop_removal(&account.name)?;
        }
        return Err(Failure::new(exit::CONFIG, why).into());
    }
    drop(left);
    local.end_removal(&account.name)?;
    forget(home, &account, opened);
    if as_json {
        let place = exported.then(|| folder.to_string_lossy().into_owned());
        // It is done, whoever can be told.
        let _ = json::print(json!({
            "removed": account.name.as_str(), "drafts": drafts.len(), "unsent": unsent.len(),
            "exported": place, "changes": changes,
        }));
        return Ok(0);
    }
    say!(
        "{} is not in the configuration any more.",
        Clean::line(account.name.as_str())
    );
    if exported {
        say!("What was not sent is in {}.", folder.display());
    }
    if changes > 0 {
        say!("Changes that its servers did not have yet: {changes}. They are not made any more.");
    }
    say!(
        "What it has on its servers stays there; its mail goes from this machine with the next start."
    );
    Ok(0)
}

/// Opens the file that has its secrets, if one has; whether it is open. Who forgot the passphrase can
/// still part with the account, and is told what stays.
fn unlock(home: &Home, account: &Account) -> bool {
    let opened = passphrase::unlock(&home.secrets, std::slice::from_ref(account)).is_ok();
    if !opened {
        aside!(
            "What secrets.age keeps for {} stays there, for its passphrase was not given: an account of the same name would replace it.",
            Clean::line(account.name.as_str())
        );
    }
    opened
}

/// Its password and tokens go too, unless another account signs in by them. What can't be taken away
/// stays, and that is said; of a file that was not `opened` it was.
fn forget(home: &Home, account: &Account, opened: bool) {
    let accounts = home.config.accounts.iter();
    let mut others = accounts.filter(|a| a.name != account.name);
    // What the desktop's secret store has for the user alone may be another account's.
    let shared = others.any(|a| a.secret == SecretSource::Keyring && a.user == account.user);
    let kinds = [Kind::Password, Kind::RefreshToken, Kind::ClientSecret];
    let failed = kinds.map(|kind| home.secrets.forget(account, kind, shared).err());
    let other = |e: &SecretError| opened || *e != SecretError::Locked;
    // Where there is no store, each kind fails for the same reason.
    if let Some(error) = failed.into_iter().flatten().find(other) {
        let error = Clean::line(&error.to_string());
        aside!("What is kept to sign in stays where it is: {error}");
    }
}

fn folder(home: &Home, args: &RemoveAccount) -> PathBuf {
    let named = args.export.clone();
    // Made of nothing that anybody else wrote.
    named.unwrap_or_else(|| {
        let now = when::now();
        home.paths.downloads.join(format!("postrider-unsent-{now}"))
    })
}

fn sure(
    account: &Account,
    (drafts, unsent, changes): (usize, usize, usize),
    folder: &Path,
) -> Result<()> {
    let name = Clean::line(account.name.as_str());
    let mut asked = format!("Remove {name} ({})?", Clean::line(&account.email));
    let count = |n: usize, one: &str, more: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    };
    if changes > 0 {
        asked.push_str(&format!(
            " {} its servers don't have yet will not be made.",
            count(changes, "change that", "changes that"),
        ));
    }
    if drafts + unsent > 0 {
        asked.push_str(&format!(
            " {} and {} are written into {} first.",
            count(drafts, "draft", "drafts"),
            count(unsent, "unsent message", "unsent messages"),
            folder.display()
        ));
    }
    if !stdin().is_terminal() {
        return Err(Failure::new(exit::USAGE, format!("{asked} Say --yes")).into());
    }
    match agrees(&asked)? {
        true => Ok(()),
        false => Err(Failure::new(exit::USAGE, "nothing was done").into()),
    }
}

/// Writes each into a file of its own, durably.
fn export(
    home: &Home,
    account: &Account,
    folder: &Path,
    drafts: &[Draft],
    unsent: &[Submission],
) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let local = home.local_reader()?;
    for (at, draft) in drafts.iter().enumerate() {
        let number = draft.id.map_or(at as i64, |id| id.0);
        let bytes = letter(home, account, draft);
        write(&folder.join(format!("draft-{number}.eml")), &bytes)?;
    }
    for message in unsent {
        // With Bcc where that form is kept.
        let bytes = match local.filed(message.id) {
            Ok(bytes) if !bytes.is_empty() => bytes,
            _ => local.wire(message.id)?,
        };
        write(&folder.join(format!("outbox-{}.eml", message.id.0)), &bytes)?;
    }
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn letter(home: &Home, account: &Account, draft: &Draft) -> Vec<u8> {
    let desk = Desk::new(&home.paths, &home.secrets, false);
    let (mut files, mut left_out): (Vec<Attached>, Vec<String>) = (Vec::new(), Vec::new());
    for attached in &draft.attachments {
        match freeze::read(attached, &desk) {
            Ok(file) => files.push(file),
            Err(_) => left_out.push(attached.name()),
        }
    }
    let id = build::new_message_id(&account.email);
    draft_copy(draft, account, &files, &left_out, id, when::now())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| path.display().to_string())?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}
