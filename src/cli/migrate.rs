//! `migrate`: reads another program's configuration, shows what would be done, and does it after a
//! yes. Nothing is written before, and nothing that is there is changed.

use super::adopting::{adopt, cards, ready, refuse};
use super::ask::{agrees, is_somebody_there, question};
use super::exit::{self, Failure};
use super::json;
use super::plan_words::{shown, told};
use super::say::{aside, say};
use super::words::Migrate;
use crate::config::adopt_keys::Keys;
use crate::config::policy::EXTENSIONS;
use crate::config::{Paths, files, load};
use crate::migrate::found::{Findings, Found, Kind, Place};
use crate::migrate::{Client, Dirs, Here, Plan, Shelf, plan};
use crate::model::{Address, Contact, Endpoint};
use crate::net::discover::Providers;
use crate::setup;
use crate::store::books;
use anyhow::Result;
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// `migrate`
///
/// # Errors
/// No such configuration; our own can't be read or written; the input ends before the answer.
pub fn migrate(home: Option<&Path>, as_json: bool, args: &Migrate) -> Result<u8> {
    let paths = Paths::locate(home)?;
    let client = args.client.client();
    let (file, dirs, is_known) = begins(client, args.from.as_deref())?;
    let home_is = dirs.home.clone();
    let mut read = |path: &Path, most: usize| {
        files::read_beginning(path, most).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => e.to_string(),
        })
    };
    let mut shelf = Shelf::new(dirs, &mut read);
    let mut found = client.read(&file, &mut shelf);
    if !is_known {
        let why = format!(
            "whose home the file is in can't be told: ~ was read as {}; --from HOME names another",
            home_is.display()
        );
        found.note(&Place::of(&file), "~", Kind::Yours, &why);
    }
    from_books(&mut found);
    let mut plan = planned(client, &paths, found)?;
    refuse(&paths, &mut plan);
    if !as_json {
        say!("{}", shown(client, &plan));
    }
    let nothing = plan.is_empty();
    // What can't be written is said before the question.
    let ready = ready(client, &paths, &plan)?;
    let agreed = !nothing
        && !args.dry_run
        && (args.yes || agrees(&format!("Write this into {}?", paths.config.display()))?);
    let (mut written, mut failed) = (Vec::new(), None);
    if agreed {
        paths.ensure()?;
        // A yes for all is none to the question for a passphrase.
        let asks = !args.yes && is_somebody_there();
        let done = adopt(&paths, &plan, ready, asks);
        for note in &done.notes {
            aside!("{note}");
        }
        (written, failed) = (done.written, done.failed);
    }
    let done = agreed && failed.is_none();
    tell(as_json, client, &plan, done, &written)?;
    failed.map_or(Ok(0), Err)
}

/// Whether all of it was done, and what was written where.
fn tell(as_json: bool, client: Client, plan: &Plan, done: bool, written: &[PathBuf]) -> Result<()> {
    if as_json {
        let mut all = told(client, plan);
        let files: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
        if let Some(all) = all.as_object_mut() {
            all.insert("done".to_owned(), json!(done));
            all.insert("written".to_owned(), json!(files));
        }
        json::print(all)?;
        return Ok(());
    }
    for path in written {
        say!("written: {}", path.display());
    }
    if done {
        say!("Run `postrider doctor` to try the accounts, or `postrider`.");
    } else if written.is_empty() && !plan.is_empty() {
        say!("Nothing was written.");
    }
    Ok(())
}

/// Which of the programs have a configuration on this machine.
pub fn configured() -> Vec<Client> {
    dirs().map_or_else(|_| Vec::new(), |dirs| configured_in(&dirs))
}

/// The same of these folders. A file that several of them read counts for the first.
fn configured_in(dirs: &Dirs) -> Vec<Client> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut all = Vec::new();
    for client in Client::ALL {
        let file = client.places(dirs).into_iter().find(|path| path.is_file());
        if let Some(file) = file.filter(|file| !files.contains(file)) {
            files.push(file);
            all.push(client);
        }
    }
    all
}

/// Waits until what was said has been read.
pub fn wait() {
    let _ = question("Enter goes on", "");
}

/// The user's folders. Nothing else of the environment counts.
fn dirs() -> Result<Dirs> {
    let none = || Failure::new(exit::CONFIG, "there is no home directory; say --from PATH");
    let users = directories::UserDirs::new().ok_or_else(none)?;
    let mut dirs = Dirs::under(users.home_dir());
    let named = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    dirs.config = named("XDG_CONFIG_HOME").unwrap_or(dirs.config);
    dirs.data = named("XDG_DATA_HOME").unwrap_or(dirs.data);
    Ok(dirs)
}

/// The file in which the configuration begins, and the folders of whoever it is of; `false` where
/// that is only supposed.
fn begins(client: Client, from: Option<&Path>) -> Result<(PathBuf, Dirs, bool)> {
    let absolute = from.map(std::path::absolute).transpose()?;
    let (places, named) = match &absolute {
        None => (client.places(&dirs()?), None),
        Some(path) if path.is_dir() => (client.within(path), Some(path.as_path())),
        Some(path) => (vec![path.clone()], None),
    };
    let file = places.iter().find(|path| path.is_file()).ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|p| p.display().to_string()).collect();
        let told = format!(
            "there is no configuration of {} (looked for: {}); say --from PATH",
            client.name(),
            looked.join(", ")
        );
        Failure::new(exit::NO_INPUT, told)
    })?;
    let (dirs, is_known) = match absolute {
        None => (dirs()?, true),
        Some(_) => whose(client, file, named, dirs()),
    };
    Ok((file.clone(), dirs, is_known))
}

/// The folders of whoever a file is of that was named, by itself or in a folder; `false` where that is
/// only supposed.
fn whose(client: Client, file: &Path, named: Option<&Path>, own: Result<Dirs>) -> (Dirs, bool) {
    let is_usual = |home: &Dirs| {
        let here = |place: &PathBuf| {
            let folder = place.parent().unwrap_or(place);
            let is_shared = folder == home.home || folder == home.config;
            place == file || (!is_shared && file.starts_with(folder))
        };
        client.places(home).iter().any(here)
    };
    // A home that was named is that of somebody else, or of another time.
    let named = named.map(Dirs::under).filter(is_usual);
    match (own, named) {
        (Ok(own), Some(named)) if own.home == named.home => (own, true),
        (_, Some(named)) => (named, true),
        (Ok(own), None)
            if [&own.home, &own.config, &own.data]
                .iter()
                .any(|d| file.starts_with(d)) =>
        {
            (own, true)
        }
        (own, None) => {
            let mut above = file.ancestors().skip(1).map(Dirs::under);
            let theirs = above.find(is_usual);
            let is_known = theirs.is_some();
            let folder = || Dirs::under(file.parent().unwrap_or(Path::new("/")));
            let supposed = || own.unwrap_or_else(|_| folder());
            (theirs.unwrap_or_else(supposed), is_known)
        }
    }
}

/// The people and lists of address books that are databases.
fn from_books(found: &mut Findings) {
    for path in std::mem::take(&mut found.books) {
        if !path.is_file() {
            continue;
        }
        let place = Place::of(&path);
        let book = match books::book(&path) {
            Ok(book) => book,
            Err(error) => {
                let why = format!("the address book could not be read: {error}");
                found.note(&place, "address book", Kind::Yours, &why);
                continue;
            }
        };
        found.files.push(path);
        for card in book.cards.values() {
            let get = |key: &str| card.get(key).map_or("", |v| v.trim());
            for key in ["PrimaryEmail", "SecondEmail"] {
                if !get(key).is_empty() {
                    found.people.push(Contact {
                        address: Address::new(get("DisplayName"), get(key)),
                        also: get("NickName").to_owned(),
                    });
                }
            }
        }
        for (name, cards) in book.lists {
            let cards = cards.iter().filter_map(|id| book.cards.get(id));
            let members = cards.filter_map(|card| {
                let name = card.get("DisplayName").map_or("", String::as_str);
                Some(Address::new(name, card.get("PrimaryEmail")?.trim()))
            });
            found.aliases.push(crate::migrate::found::Alias {
                name,
                members: members.collect(),
                place: place.clone(),
            });
        }
    }
}

/// What is to be done about it, seen from what is here.
fn planned(client: Client, paths: &Paths, found: Findings) -> Result<Plan> {
    let config = match paths.config.exists() {
        true => match load::load(&paths.config) {
            Ok(loaded) => loaded.whole(&paths.config)?,
            Err(crate::config::ConfigError::NoAccount { .. }) => Default::default(),
            Err(other) => return Err(other.into()),
        },
        false => Default::default(),
    };
    let keys = Keys::read(&paths.keys)
        .map_err(|e| Failure::new(exit::CONFIG, format!("{}: {e}", paths.keys.display())))?;
    let finder = setup::finder(&paths.config).map_err(|why| Failure::new(exit::CONFIG, why))?;
    let providers = finder.providers;
    let cards = paths.config.with_file_name(cards(client));
    let here = Here {
        accounts: &config.accounts,
        groups: &config.groups,
        has_people: config.contacts.command.is_some(),
        has_cards: config.contacts.vcards.contains(&cards),
        preset: keys.preset(),
        has_key: &|screen, key| keys.has(screen, key),
        open: &config.open,
        smtp: &|found| sender(&providers, found),
        name_for: &setup::name_for,
        is_extension: &|name| EXTENSIONS.contains(&name) || name.starts_with("AUTH="),
        is_file: &|path| path.is_file(),
    };
    Ok(plan(found, &here))
}

/// The server of a known provider that sends.
fn sender(providers: &Providers, found: &Found) -> Option<Endpoint> {
    let host = found.imap.as_ref()?.host.as_str();
    let domain = found.email.rsplit_once('@').map_or("", |(_, d)| d);
    let provider = providers
        .of_host(host)
        .or_else(|| providers.of_domain(domain))?;
    let proposal = provider.proposal(&found.email, crate::model::setup::Source::Provider, None)?;
    // Whose server for reading is another one may have another for sending.
    proposal
        .imap
        .iter()
        .any(|e| e.host.eq_ignore_ascii_case(host))
        .then_some(())?;
    proposal.smtp.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::discover;

    #[test]
    fn each_configuration_is_offered_once() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(home.path());
        assert_eq!(configured_in(&dirs), []);
        std::fs::write(home.path().join(".muttrc"), "").unwrap();
        std::fs::write(home.path().join(".pinerc"), "").unwrap();
        assert_eq!(configured_in(&dirs), [Client::Mutt, Client::Alpine]);
        std::fs::write(home.path().join(".neomuttrc"), "").unwrap();
        let all = [Client::Mutt, Client::Neomutt, Client::Alpine];
        assert_eq!(configured_in(&dirs), all);
    }

    #[test]
    fn f54_the_organisation_s_list_tells_the_server_that_sends() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::locate(Some(home.path())).unwrap();
        let text = "[[provider]]\nname = \"Firm\"\ndomains = [\"firm.test\"]\nimap = [\"imap.firm.test:993\"]\nsmtp = [\"out.firm.test:465\"]\nsign-in = [\"password\"]\n";
        std::fs::write(home.path().join(setup::OWN), text).unwrap();
        let found = Found {
            email: "ada@firm.test".to_owned(),
            imap: Some(discover::server("imap.firm.test:993", "imap").unwrap()),
            ..Found::default()
        };
        let accounts = vec![found];
        let found = Findings {
            accounts,
            ..Findings::default()
        };
        let plan = planned(Client::Mutt, &paths, found).unwrap();
        assert_eq!(plan.accounts[0].account.smtp.host, "out.firm.test");
    }

    #[test]
    fn a_home_that_is_named_is_whose_configuration_it_is() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".muttrc"), "").unwrap();
        let theirs = Dirs::under(home.path());
        let (file, dirs, is_known) = begins(Client::Mutt, Some(home.path())).unwrap();
        assert_eq!(file, home.path().join(".muttrc"));
        assert_eq!((dirs, is_known), (theirs.clone(), true));
        // So it is where the file is named, or one beside it.
        std::fs::create_dir(home.path().join(".mutt")).unwrap();
        std::fs::write(home.path().join(".mutt/of-work"), "").unwrap();
        for name in [".muttrc", ".mutt/of-work"] {
            let named = home.path().join(name);
            let (file, dirs, is_known) = begins(Client::Mutt, Some(&named)).unwrap();
            assert_eq!((file, dirs, is_known), (named, theirs.clone(), true));
        }
        // A folder of one's own configuration is no home.
        let folder = home.path().join("mine");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("muttrc"), "").unwrap();
        let (_, dirs, is_known) = begins(Client::Mutt, Some(&folder)).unwrap();
        assert_ne!(dirs.home, folder);
        assert!(!is_known);
    }
}
