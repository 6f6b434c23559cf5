//! A plan of `migrate` made ready and carried out. All texts are built before anybody is asked; then
//! secrets go to where they are kept, and a file of cards, the configuration and the keys are
//! written. What fails leaves the files that were there as they were.

use super::account::store;
use super::exit::{self, Failure};
use crate::config::adopt::{self, Adopted};
use crate::config::adopt_keys;
use crate::config::secrets::Secrets;
use crate::config::{Paths, files, paths};
use crate::migrate::plan::LeftOut;
use crate::migrate::{Client, Plan};
use crate::model::{Account, Contact, SecretSource};
use crate::setup;
use anyhow::Result;
use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The files that were written.
    pub written: Vec<PathBuf>,
    /// What to know, in sentences.
    pub notes: Vec<String>,
    /// Why the rest was not written.
    pub failed: Option<anyhow::Error>,
}

/// The file that a program's people are written into, as seen from the configuration.
pub(super) fn cards(client: Client) -> String {
    format!("contacts/{}.vcf", client.name())
}

/// Takes the accounts out of the plan that the configuration would refuse.
pub(super) fn refuse(places: &Paths, plan: &mut Plan) {
    let folder = folder(places);
    for planned in std::mem::take(&mut plan.accounts) {
        match adopt::refusal(&as_written(&planned.account), folder) {
            None => plan.accounts.push(planned),
            Some(why) => plan.left_out.push(LeftOut {
                name: planned.account.name.to_string(),
                why: format!("{why}: `postrider account add {}`", planned.account.email),
                is_here: false,
            }),
        }
    }
}

/// What will be written.
#[derive(Debug)]
pub(super) struct Ready {
    adopted: Adopted,
    keys: Option<String>,
}

/// Makes the texts, and writes nothing.
///
/// # Errors
/// A file that can't be read, or would not be read back as it is meant.
pub(super) fn ready(client: Client, places: &Paths, plan: &Plan) -> Result<Ready> {
    let words = |argv: &Vec<String>| {
        let mut argv = argv.clone();
        at_home(&mut argv);
        argv
    };
    let open = plan
        .open
        .iter()
        .map(|(kind, argv)| (kind.clone(), words(argv)));
    let adopted = Adopted {
        accounts: plan
            .accounts
            .iter()
            .map(|p| as_written(&p.account))
            .collect(),
        groups: plan.groups.clone(),
        vcards: (!plan.people.is_empty()).then(|| cards(client)),
        people: plan.people_command.as_ref().map(words),
        open: open.collect(),
    };
    adopt::config(&places.config, &adopted).map_err(|e| failed(&places.config, &e))?;
    let keys: Vec<(&str, &str, &[String])> = plan
        .keys
        .iter()
        .map(|k| (k.screen, k.key.as_str(), k.commands.as_slice()))
        .collect();
    let keys = adopt_keys::keys(&places.keys, plan.preset, &keys);
    let keys = keys.map_err(|e| failed(&places.keys, &e))?;
    Ok(Ready { adopted, keys })
}

/// Carries it out; `asks`: whether a passphrase may be asked for.
pub(super) fn adopt(places: &Paths, plan: &Plan, ready: Ready, asks: bool) -> Done {
    let mut done = Done::default();
    done.failed = carry_out(places, plan, ready, asks, &mut done).err();
    done
}

fn carry_out(places: &Paths, plan: &Plan, ready: Ready, asks: bool, done: &mut Done) -> Result<()> {
    let Ready { mut adopted, keys } = ready;
    // Since the plan was made somebody may have taken a name, and what lies under it is his.
    let _alone = setup::adding(places).map_err(|e| failed(&places.config, &e))?;
    adopt::config(&places.config, &adopted).map_err(|e| failed(&places.config, &e))?;
    let secrets = Secrets::at(places);
    for (planned, account) in plan.accounts.iter().zip(&mut adopted.accounts) {
        let Some(secret) = &planned.clear else {
            continue;
        };
        match store(&secrets, account, secret, asks) {
            Ok((source, note)) => {
                account.secret = source;
                let told = note.map(|n| format!("{}: {n}", account.name));
                done.notes.extend(told);
            }
            Err(why) => {
                account.secret = SecretSource::Prompt;
                let told = format!("{}: {why}; the password will be asked for", account.name);
                done.notes.push(told);
            }
        }
    }
    let mut made = None;
    if let Some(name) = &adopted.vcards {
        let path = folder(places).join(name);
        match write(&path, &plan.people).map_err(|e| failed(&path, &e))? {
            Wrote::New => made = Some(path),
            Wrote::Same => {}
            Wrote::Other => {
                let told = format!("{} is there already and stays as it is", path.display());
                done.notes.push(told);
                adopted.vcards = None;
            }
        }
    }
    let config = &places.config;
    let taken = files::alone(config).and_then(|_alone| {
        let text = adopt::config(config, &adopted)?;
        text.map(|text| adopt::write(config, &text)).transpose()
    });
    match taken {
        Ok(wrote) => {
            done.written.extend(made);
            done.written.extend(wrote.map(|()| config.clone()));
        }
        Err(error) => {
            // Only what was made here: nothing names it.
            if let Some(made) = made {
                let _ = std::fs::remove_file(made);
            }
            return Err(failed(config, &error));
        }
    }
    if let Some(text) = keys {
        adopt::write(&places.keys, &text).map_err(|e| failed(&places.keys, &e))?;
        done.written.push(places.keys.clone());
    }
    Ok(())
}

fn folder(places: &Paths) -> &Path {
    places.config.parent().unwrap_or(Path::new("."))
}

fn failed(path: &Path, error: &io::Error) -> anyhow::Error {
    Failure::new(exit::IO, format!("{}: {error}", path.display())).into()
}

/// An account as it is read back.
fn as_written(account: &Account) -> Account {
    let mut account = account.clone();
    if let SecretSource::Command(argv) = &mut account.secret {
        at_home(argv);
    }
    if let Some(argv) = &mut account.sendmail {
        at_home(argv);
    }
    account
}

/// Words that begin in the user's home, as a shell would have it. What a shell reads itself stays.
fn at_home(argv: &mut [String]) {
    if argv.first().is_some_and(|p| p == "sh") {
        return;
    }
    for word in argv.iter_mut().filter(|w| w.starts_with("~/")) {
        *word = paths::expand(word, Path::new(""))
            .to_string_lossy()
            .into_owned();
    }
}

/// What became of a file of cards.
#[derive(Debug, PartialEq, Eq)]
enum Wrote {
    /// It is new.
    New,
    /// The same stands there already.
    Same,
    /// Another stands there, and stays.
    Other,
}

/// Writes people down as vCards 4.0 (RFC 6350), in one step, into a file that is not there yet.
fn write(path: &Path, people: &[Contact]) -> io::Result<Wrote> {
    let text = text(people);
    let folder = path.parent().unwrap_or(Path::new("."));
    paths::make_private(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".postrider-")
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            File::open(folder)?.sync_all()?;
            Ok(Wrote::New)
        }
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => {
            match std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
                true => Ok(Wrote::Same),
                false => Ok(Wrote::Other),
            }
        }
        Err(e) => Err(e.error),
    }
}

fn text(people: &[Contact]) -> String {
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
    text
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
    use crate::config::load;
    use crate::migrate::plan::Planned;
    use crate::mime::vcard::Cards;
    use crate::model::{Address, Secret};

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
        assert_eq!(write(&path, &people).unwrap(), Wrote::New);
        let mut read = Cards::default();
        read.read(&std::fs::read(&path).unwrap());
        let (read, _) = read.finish();
        assert_eq!(read[0].address, people[0].address);
        assert_eq!(read[0].also, "ada");
        assert_eq!(read[1].address.addr, "b@x.test");
        assert_eq!(write(&path, &people).unwrap(), Wrote::Same);
        assert_eq!(write(&path, &people[1..]).unwrap(), Wrote::Other);
        let there = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(there.count(), 1, "nothing else is left there");
    }

    #[test]
    fn a_name_that_was_taken_meanwhile_keeps_its_secret() {
        let dir = tempfile::tempdir().unwrap();
        let places = Paths::locate(Some(dir.path())).unwrap();
        places.ensure().unwrap();
        let text = "[[account]]\nname = \"x\"\nemail = \"ada@x.test\"\nimap = { host = \"i.x.test\" }\nsmtp = { host = \"s.x.test\" }\npassword = \"file\"\n";
        let account = load::parse(text, dir.path()).config.accounts.remove(0);
        let plan = Plan {
            accounts: vec![Planned {
                account,
                clear: Some(Secret::new("theirs".to_owned())),
                notes: Vec::new(),
            }],
            ..Plan::default()
        };
        let ready = ready(Client::Mutt, &places, &plan).unwrap();
        std::fs::write(&places.config, text).unwrap();
        let done = adopt(&places, &plan, ready, false);
        assert!(done.failed.is_some());
        assert!(done.notes.is_empty(), "a place was looked for: {done:?}");
        assert_eq!(std::fs::read_to_string(&places.config).unwrap(), text);
    }

    #[test]
    fn words_at_home_become_paths_where_no_shell_reads_them() {
        let read = |words: &[&str]| {
            let mut argv: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            at_home(&mut argv);
            argv
        };
        let argv = read(&["~/bin/x", "~/y", "a~/z"]);
        assert!(
            argv[0].ends_with("/bin/x") && !argv[0].starts_with('~'),
            "{argv:?}"
        );
        assert!(
            argv[1].ends_with("/y") && !argv[1].starts_with('~'),
            "{argv:?}"
        );
        assert_eq!(argv[2], "a~/z");
        assert_eq!(read(&["sh", "-c", "~/x | y"])[2], "~/x | y");
    }
}
