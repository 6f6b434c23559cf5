//! A plan of `migrate` carried out: secrets first, to where they are kept, then a file of cards, the
//! configuration and the keys. What fails leaves the files that were there as they were.

use super::account::store;
use super::exit::{self, Failure};
use crate::config::adopt::{self, Adopted};
use crate::config::secrets::Secrets;
use crate::config::{Paths, paths};
use crate::migrate::{Client, Plan};
use crate::model::{Contact, SecretSource};
use anyhow::Result;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The files that were written.
    pub written: Vec<PathBuf>,
    /// What to know, in sentences.
    pub notes: Vec<String>,
}

/// The file that a program's people are written into, as seen from the configuration.
pub(super) fn cards(client: Client) -> String {
    format!("contacts/{}.vcf", client.name())
}

/// Carries it out.
///
/// # Errors
/// A file that can't be written, or would not be read back as it is meant.
pub(super) fn adopt(client: Client, places: &Paths, plan: &Plan) -> Result<Done> {
    let mut done = Done::default();
    let folder = places.config.parent().unwrap_or(Path::new("."));
    let mut adopted = Adopted {
        groups: plan.groups.clone(),
        people: plan.people_command.clone(),
        open: plan.open.clone(),
        ..Adopted::default()
    };
    let secrets = Secrets::at(places);
    for planned in &plan.accounts {
        let mut account = planned.account.clone();
        if let Some(secret) = &planned.clear {
            match store(&secrets, &account, secret) {
                Ok((source, note)) => {
                    account.secret = source;
                    done.notes
                        .extend(note.map(|n| format!("{}: {n}", account.name)));
                }
                Err(why) => {
                    account.secret = SecretSource::Prompt;
                    let told = format!("{}: {why}; the password will be asked for", account.name);
                    done.notes.push(told);
                }
            }
        }
        if let SecretSource::Command(argv) = &mut account.secret {
            at_home(argv);
        }
        if let Some(argv) = &mut account.sendmail {
            at_home(argv);
        }
        adopted.accounts.push(account);
    }
    if !plan.people.is_empty() {
        let name = cards(client);
        let path = folder.join(&name);
        match write(&path, &plan.people) {
            Ok(()) => {
                adopted.vcards = Some(name);
                done.written.push(path);
            }
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                let told = format!("{} is there already and stays as it is", path.display());
                done.notes.push(told);
            }
            Err(e) => return Err(e.into()),
        }
    }
    let failed =
        |path: &Path, e: std::io::Error| Failure::new(exit::IO, format!("{}: {e}", path.display()));
    let taken = adopt::config(&places.config, &adopted);
    if taken.is_err() {
        // Only what was made here: nothing names it.
        for made in &done.written {
            let _ = std::fs::remove_file(made);
        }
    }
    if taken.map_err(|e| failed(&places.config, e))? {
        done.written.push(places.config.clone());
    }
    let keys: Vec<(&str, &str, &[String])> = plan
        .keys
        .iter()
        .map(|k| (k.screen, k.key.as_str(), k.commands.as_slice()))
        .collect();
    if adopt::keys(&places.keys, plan.preset, &keys).map_err(|e| failed(&places.keys, e))? {
        done.written.push(places.keys.clone());
    }
    Ok(done)
}

/// A program in the user's home, as it is read back.
fn at_home(argv: &mut [String]) {
    if let Some(program) = argv.first_mut().filter(|p| p.starts_with("~/")) {
        *program = paths::expand(program, Path::new(""))
            .to_string_lossy()
            .into_owned();
    }
}

/// Writes people down as vCards 4.0 (RFC 6350), into a file that is not there yet.
fn write(path: &Path, people: &[Contact]) -> std::io::Result<()> {
    let mut text = String::new();
    for person in people {
        let address = &person.address;
        let name = match address.name.trim() {
            "" => &address.addr,
            name => name,
        };
        let mut line = |key: &str, value: &str| {
            text.push_str(&format!("{key}:{}\r\n", escaped(value)));
        };
        line("BEGIN", "VCARD");
        line("VERSION", "4.0");
        line("FN", name);
        if !person.also.is_empty() {
            line("NICKNAME", &person.also);
        }
        line("EMAIL", &address.addr);
        line("END", "VCARD");
    }
    if let Some(folder) = path.parent() {
        paths::make_private(folder)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars().filter(|c| !c.is_control()) {
        if matches!(c, '\\' | ',' | ';') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::vcard::Cards;
    use crate::model::Address;

    #[test]
    fn people_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("contacts/a.vcf");
        let people = vec![
            Contact {
                address: Address::new("L, Ada; \\A", "a@x.test"),
                also: "ada".to_owned(),
            },
            Contact {
                address: Address::new("", "b@x.test"),
                also: String::new(),
            },
        ];
        write(&path, &people).unwrap();
        let mut read = Cards::default();
        read.read(&std::fs::read(&path).unwrap());
        let (read, _) = read.finish();
        assert_eq!(read[0].address, people[0].address);
        assert_eq!(read[0].also, "ada");
        assert_eq!(read[1].address.addr, "b@x.test");
        assert!(write(&path, &people).is_err());
    }
}
