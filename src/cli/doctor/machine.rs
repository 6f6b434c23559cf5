//! This machine: the configuration, who may read our files, the databases, room on the disk, the name
//! servers.

use super::visit::Visit;
use crate::config::{Config, Paths, Problem};
use crate::lang::{mark, tr, trn};
use crate::model::AccountName;
use crate::model::checkup::{Advice, Step};
use crate::net::check::names;
use crate::net::domain::Resolver;
use crate::store::intact::{self, Intact};
use crate::store::{LocalReader, Stranded};
use crate::text::{Clean, size};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// How long a database is looked through.
const PATIENCE: Duration = Duration::from_secs(10);
/// Less free room than this is worth a word, in octets; less than the second is too little.
const LITTLE: u64 = 500 << 20;
const TOO_LITTLE: u64 = 50 << 20;

/// The steps that need no network. `tightened`: what was open to others until now.
pub(super) fn machine(
    paths: &Paths,
    config: &Config,
    problems: &[Problem],
    tightened: &[String],
    visit: &mut Visit<'_>,
) {
    configuration(paths, config, problems, visit);
    visit.look(mark!("step", "files"), || files(paths, tightened));
    let databases = [
        (
            "cache.db",
            &paths.cache,
            tr!("move it away: it is made anew from the servers"),
        ),
        (
            "local.db",
            &paths.local,
            tr!(
                "keep a copy of it, then take it back from a backup: it holds drafts and what waits to be sent"
            ),
        ),
    ];
    for (name, path, todo) in databases {
        visit.look(name, || database(name, path, todo));
    }
    // One that is left out for a mistake is not one that is gone.
    if problems.is_empty() {
        let configured: Vec<AccountName> = config.accounts.iter().map(|a| a.name.clone()).collect();
        for step in strays(&paths.local, &configured) {
            visit.done(step);
        }
    }
    visit.look(mark!("step", "free room"), || room(&paths.cache));
}

/// Whether the name servers answer and tell the truth.
pub(super) fn network(resolver: &Resolver, visit: &mut Visit<'_>) {
    visit.look(mark!("step", "name servers"), || names::servers(resolver));
}

fn configuration(paths: &Paths, config: &Config, problems: &[Problem], visit: &mut Visit<'_>) {
    const NAME: &str = mark!("step", "configuration");
    for problem in problems {
        let place = tr!(
            "line {line}, column {column}: {what}",
            line = problem.line,
            column = problem.column,
            what = problem.message
        );
        let why = match &problem.account {
            Some(account) => tr!("the account {account} is left out because of it", account),
            None => String::new(),
        };
        let advice = Advice::new(clean(&place), clean(&why), clean(&problem.hint));
        visit.done(Step::wrong(NAME, advice));
    }
    if problems.is_empty() {
        let words = trn!(
            n = config.accounts.len(),
            "{file}: {n} account",
            "{file}: {n} accounts",
            file = clean(&paths.config.display().to_string())
        );
        visit.done(Step::fine(NAME, words));
    }
}

fn files(paths: &Paths, tightened: &[String]) -> Step {
    const NAME: &str = mark!("step", "files");
    let open: Vec<String> = [&paths.config, &paths.cache, &paths.local, &paths.log]
        .into_iter()
        .filter(|path| {
            let mode = std::fs::metadata(path).map(|m| m.permissions().mode());
            mode.is_ok_and(|mode| mode & 0o077 != 0)
        })
        .map(|path| path.display().to_string())
        .collect();
    if !open.is_empty() {
        let what = tr!(
            "others may read {files}",
            files = clean(&open.join(tr!(", ")))
        );
        return Step::wrong(
            NAME,
            Advice::new(
                what,
                tr!("the file system keeps no permissions, or they were changed just now"),
                tr!("take them away with `chmod go=`, or move the folder to another file system"),
            ),
        );
    }
    match tightened {
        [] => Step::fine(NAME, tr!("nobody else may read them")),
        said => Step::careful(
            NAME,
            Advice::new(
                clean(&said.join(tr!(", "))),
                tr!("somebody else may have read them until now"),
                tr!("if a password stands in one of them, change it"),
            ),
        ),
    }
}

fn database(name: &'static str, path: &Path, todo: &str) -> Step {
    let Ok(about) = std::fs::metadata(path) else {
        return Step::note(name, tr!("not there yet"));
    };
    let much = size::human(about.len());
    match intact::look(path, PATIENCE) {
        Ok(Intact::Whole) => Step::fine(name, tr!("{size}, whole", size = much)),
        Ok(Intact::SoFar) => Step::fine(
            name,
            tr!(
                "{size}, nothing wrong in what was looked at within ten seconds",
                size = much
            ),
        ),
        Ok(Intact::Damaged(said)) => {
            let what = tr!("damaged ({why})", why = clean(&said));
            let why = tr!("a disk that fails, or a copy that was made while it was in use");
            Step::wrong(name, Advice::new(what, why, todo))
        }
        Err(error) => Step::wrong(name, Advice::new(clean(&error.to_string()), "", todo)),
    }
}

/// A word about each account that is not configured any more and for which something waits.
fn strays(local: &Path, configured: &[AccountName]) -> Vec<Step> {
    if !LocalReader::is_current(local) {
        return Vec::new();
    }
    // That it can't be read stands in the row of the database.
    let stranded = LocalReader::open(local).and_then(|local| local.stranded(configured));
    stranded.unwrap_or_default().iter().map(stray).collect()
}

fn stray(stranded: &Stranded) -> Step {
    let account = clean(stranded.account.as_str());
    let unsent = trn!(
        n = stranded.unsent,
        "{n} unsent message",
        "{n} unsent messages"
    );
    let changes = trn!(n = stranded.changes, "{n} change", "{n} changes");
    let reminders = trn!(n = stranded.reminders, "{n} reminder", "{n} reminders");
    let counts = [stranded.unsent, stranded.changes, stranded.reminders];
    let waits = counts.into_iter().zip([unsent, changes, reminders]);
    let waits: Vec<String> = waits
        .filter(|(n, _)| *n > 0)
        .map(|(_, words)| words)
        .collect();
    let advice = Advice::new(
        tr!(
            "{account} is not configured, and this waits for it: {what}",
            account,
            what = waits.join(tr!(", "))
        ),
        tr!("it has another name in the configuration by now, or was taken out of it by hand"),
        tr!(
            "give it the name `{account}` again and run `postrider sync --once`; once nothing waits it can be renamed, or taken out with `postrider account remove {account}`",
            account
        ),
    );
    Step::careful(mark!("step", "accounts that are gone"), advice)
}

fn room(cache: &Path) -> Step {
    const NAME: &str = mark!("step", "free room");
    let folder = cache.parent().unwrap_or(cache);
    let Ok(found) = rustix::fs::statvfs(folder) else {
        return Step::note(NAME, tr!("the file system does not tell"));
    };
    judge_room(found.f_bavail.saturating_mul(found.f_frsize))
}

fn judge_room(free: u64) -> Step {
    const NAME: &str = mark!("step", "free room");
    let words = tr!("{size} where the databases are", size = size::human(free));
    let advice = |words| {
        Advice::new(
            words,
            tr!("databases need room to be written, also for deleting"),
            tr!("make room on that file system"),
        )
    };
    match free {
        0..TOO_LITTLE => Step::wrong(NAME, advice(words)),
        TOO_LITTLE..LITTLE => Step::careful(NAME, advice(words)),
        _ => Step::fine(NAME, words),
    }
}

fn clean(text: &str) -> String {
    Clean::line(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;

    #[test]
    fn little_room_is_told() {
        assert_eq!(judge_room(10 << 20).level, Level::Wrong);
        assert_eq!(judge_room(100 << 20).level, Level::Careful);
        assert_eq!(judge_room(10 << 30).level, Level::Fine);
    }

    #[test]
    fn files_that_others_may_read_and_damage_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::locate(Some(dir.path())).unwrap();
        paths.ensure().unwrap();
        std::fs::write(&paths.config, "").unwrap();
        std::fs::set_permissions(
            &paths.config,
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )
        .unwrap();
        assert_eq!(files(&paths, &[]).level, Level::Fine);
        let told = files(&paths, &["config.toml was open to others".to_owned()]);
        assert_eq!(told.level, Level::Careful);
        std::fs::set_permissions(
            &paths.config,
            std::os::unix::fs::PermissionsExt::from_mode(0o644),
        )
        .unwrap();
        let open = files(&paths, &[]).found.unwrap_err().line();
        assert!(
            open.contains("config.toml") && open.contains("chmod go="),
            "{open}"
        );
        assert_eq!(database("cache.db", &paths.cache, "x").level, Level::Note);
        std::fs::write(&paths.cache, vec![7; 9000]).unwrap();
        let damaged = database("cache.db", &paths.cache, "move it away");
        assert!(damaged.is_wrong() && damaged.found.unwrap_err().todo == "move it away");
    }
}
