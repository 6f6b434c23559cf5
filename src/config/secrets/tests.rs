//! Where the secrets of accounts go, stay and come from, with a store of this thread's own in the place
//! of the desktop's.

use super::*;
use crate::model::setup::{Proposal, SignIn, Source};
use std::cell::RefCell;

fn account(name: &str) -> Account {
    let proposal = Proposal {
        provider: None,
        source: Source::Typed,
        imap: Vec::new(),
        smtp: Vec::new(),
        user: "ada".to_owned(),
        sign_in: vec![SignIn::Password],
        outside: Vec::new(),
        meant: None,
        notes: Vec::new(),
    };
    let mut account = proposal
        .attempt("ada@example.test", "", Secret::new(String::new()))
        .account;
    account.name = AccountName(name.to_owned());
    account
}

#[test]
fn one_user_at_two_hosts_has_two_passwords() {
    let kept = RefCell::new(BTreeMap::from([("ada".to_owned(), "old".to_owned())]));
    let find = |entry: &str| Ok(kept.borrow().get(entry).cloned().map(Secret::new));
    let set = |entry: &str, secret: &Secret| {
        let secret = secret.reveal().to_owned();
        kept.borrow_mut().insert(entry.to_owned(), secret);
        Ok(())
    };
    let of = |name: &str| {
        let found = taken_over(&account(name), find, set).unwrap();
        found.map(|s| s.reveal().to_owned())
    };
    // The old one is taken over, once for each account.
    assert_eq!(of("home").as_deref(), Some("old"));
    assert_eq!(of("work").as_deref(), Some("old"));
    let work = Kind::Password.entry(&account("work"));
    set(&work, &Secret::new("new".to_owned())).unwrap();
    kept.borrow_mut().remove("ada");
    assert_eq!(of("work").as_deref(), Some("new"));
    assert_eq!(of("home").as_deref(), Some("old"));
    assert_eq!(of("other"), None);
}

#[test]
fn a_store_that_is_locked_for_a_while_costs_no_password_that_worked() {
    store::begin(&[("ada", "old")]);
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    let secrets = Secrets::at(&paths);
    let (home, work) = (account("home"), account("work"));
    let get = |account: &Account| secrets.password(account, Service::Imap);
    assert_eq!(get(&home).unwrap().reveal(), "old");
    store::lock(true);
    assert_eq!(get(&home).unwrap().reveal(), "old");
    // Another's was never given: that passes, and is no failure for good.
    assert!(matches!(get(&work), Err(SecretError::Passing(_))));
    // One that was refused is not given again.
    secrets.refused(&home.name, Service::Imap);
    assert!(matches!(get(&home), Err(SecretError::Passing(_))));
    store::lock(false);
    assert_eq!(get(&home).unwrap().reveal(), "old");
}

#[test]
fn a_password_is_for_the_servers_that_it_was_given_for() {
    store::begin(&[("ada", "old")]);
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    let secrets = Secrets::at(&paths);
    let (home, mut work) = (account("home"), account("work"));
    work.secret = SecretSource::Prompt;
    let get = |account: &Account| secrets.password(account, Service::Imap);
    secrets.serve(&[home.clone(), work.clone()]);
    // One that is set up just now stands in no file yet.
    let new = account("new");
    secrets.typed(&new.name, &secret("new"));
    secrets.typed(&work.name, &secret("typed"));
    assert_eq!(get(&home).unwrap().reveal(), "old");
    store::lock(true);
    let all = [home.clone(), work.clone(), new.clone()];
    secrets.serve(&all);
    assert_eq!(get(&home).unwrap().reveal(), "old");
    assert_eq!(get(&work).unwrap().reveal(), "typed");
    assert_eq!(get(&new).unwrap().reveal(), "new");
    // Another server, another user: they are asked for anew.
    let mut moved = all.clone();
    moved[0].imap.host = "imap.other.test".to_owned();
    moved[1].user = "eve".to_owned();
    secrets.serve(&moved);
    assert!(matches!(get(&moved[0]), Err(SecretError::Passing(_))));
    assert!(matches!(get(&moved[1]), Err(SecretError::Ask)));
    assert_eq!(get(&moved[2]).unwrap().reveal(), "new");
    // Nothing is remembered of one that is gone.
    secrets.serve(&[]);
    secrets.serve(&all);
    assert_ne!(
        get(&new).ok().map(|s| s.reveal().to_owned()),
        Some("new".to_owned())
    );
}

/// A secret store for one test; without one there is none in this session.
pub(super) mod store {
    use super::super::{OTHERWISE, SecretError};
    use crate::model::Secret;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    thread_local! {
        static KEPT: RefCell<Option<BTreeMap<String, String>>> = const { RefCell::new(None) };
    }

    /// From here on this test has one, with these entries.
    pub fn begin(entries: &[(&str, &str)]) {
        let all = entries
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        KEPT.set(Some(all.collect()));
    }

    thread_local! {
        static AWAY: RefCell<bool> = const { RefCell::new(false) };
    }

    thread_local! {
        static PLACE: Cell<bool> = const { Cell::new(true) };
    }

    /// Whether it has a collection from here on that things are put in.
    pub fn has_place(place: bool) {
        PLACE.set(place);
    }

    /// Whether it is locked from here on.
    pub fn lock(away: bool) {
        AWAY.set(away);
    }

    /// Which entries there are.
    pub fn entries() -> Vec<String> {
        KEPT.with_borrow(|kept| kept.iter().flatten().map(|(k, _)| k.clone()).collect())
    }

    fn with<T>(work: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> Result<T, SecretError> {
        if AWAY.with_borrow(|away| *away) {
            return Err(SecretError::Passing("it is locked".to_owned()));
        }
        let none = || SecretError::Store(format!("there is no secret store; {OTHERWISE}"));
        KEPT.with_borrow_mut(|kept| kept.as_mut().map(work).ok_or_else(none))
    }

    pub fn find(user: &str) -> Result<Option<Secret>, SecretError> {
        with(|kept| kept.get(user).cloned().map(Secret::new))
    }

    pub fn get(user: &str) -> Result<Secret, SecretError> {
        let none = || SecretError::Store(format!("no password for {user}"));
        find(user)?.ok_or_else(none)
    }

    pub fn remove(user: &str) -> Result<(), SecretError> {
        with(|kept| drop(kept.remove(user)))
    }

    pub fn set(user: &str, secret: &Secret) -> Result<(), SecretError> {
        if !PLACE.get() {
            return Err(SecretError::Passing("it has no collection".to_owned()));
        }
        with(|kept| drop(kept.insert(user.to_owned(), secret.reveal().to_owned())))
    }
}

fn secrets() -> (tempfile::TempDir, Secrets) {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    paths.ensure().unwrap();
    (folder, Secrets::at(&paths))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn signed_in(name: &str) -> Account {
    Account {
        secret: SecretSource::OAuth(Box::default()),
        ..account(name)
    }
}

fn found(secrets: &Secrets, account: &Account, kind: Kind) -> Option<String> {
    let found = secrets.find(account, kind).unwrap();
    found.map(|s| s.reveal().to_owned())
}

#[test]
fn each_account_and_each_kind_has_an_entry_of_its_own() {
    store::begin(&[]);
    let (_folder, secrets) = secrets();
    let (home, work) = (signed_in("home"), signed_in("work"));
    for (account, kind, text) in [
        (&home, Kind::RefreshToken, "a"),
        (&home, Kind::ClientSecret, "b"),
        (&work, Kind::RefreshToken, "c"),
    ] {
        secrets.keep(account, kind, &secret(text)).unwrap();
    }
    assert_eq!(
        found(&secrets, &home, Kind::RefreshToken).as_deref(),
        Some("a")
    );
    assert_eq!(
        found(&secrets, &home, Kind::ClientSecret).as_deref(),
        Some("b")
    );
    assert_eq!(
        found(&secrets, &work, Kind::RefreshToken).as_deref(),
        Some("c")
    );
    assert_eq!(found(&secrets, &work, Kind::ClientSecret), None);
    secrets.forget(&home, Kind::RefreshToken, false).unwrap();
    assert_eq!(found(&secrets, &home, Kind::RefreshToken), None);
    assert_eq!(
        found(&secrets, &work, Kind::RefreshToken).as_deref(),
        Some("c")
    );
    // Once there is the file, it keeps what comes; what was kept before is still found.
    secrets.vault().create(&secret("phrase")).unwrap();
    assert_eq!(
        found(&secrets, &work, Kind::RefreshToken).as_deref(),
        Some("c")
    );
    secrets
        .keep(&work, Kind::RefreshToken, &secret("d"))
        .unwrap();
    assert_eq!(
        found(&secrets, &work, Kind::RefreshToken).as_deref(),
        Some("d")
    );
    secrets.forget(&work, Kind::RefreshToken, false).unwrap();
    assert_eq!(found(&secrets, &work, Kind::RefreshToken), None);
}

/// Signed in to at this provider.
fn at(name: &str, host: &str) -> Account {
    let says = crate::model::OAuth {
        token_url: format!("https://{host}/token"),
        ..Default::default()
    };
    Account {
        secret: SecretSource::OAuth(Box::new(says)),
        ..account(name)
    }
}

#[test]
fn s09_what_one_provider_gave_is_given_to_no_other() {
    for in_file in [false, true] {
        // One that was kept before it was known for whom is given to nobody.
        store::begin(&[("ada (refresh token, home)", "old")]);
        let (_folder, secrets) = secrets();
        if in_file {
            secrets.vault().create(&secret("phrase")).unwrap();
        }
        let (one, other) = (at("home", "id.one.test"), at("home", "id.other.test"));
        for kind in [Kind::RefreshToken, Kind::ClientSecret] {
            assert_eq!(found(&secrets, &one, kind), None);
            secrets.keep(&one, kind, &secret("mine")).unwrap();
            assert_eq!(found(&secrets, &one, kind).as_deref(), Some("mine"));
            assert_eq!(found(&secrets, &other, kind), None);
        }
        // Nor while the store can't be asked.
        store::lock(true);
        let none = secrets.find(&other, Kind::RefreshToken);
        assert!(none.is_err(), "{none:?}");
        store::lock(false);
        // Whoever goes back is still signed in; an account that goes takes it all along.
        assert!(found(&secrets, &one, Kind::RefreshToken).is_some());
        for kind in [Kind::RefreshToken, Kind::ClientSecret] {
            secrets.forget(&one, kind, false).unwrap();
            assert_eq!(found(&secrets, &one, kind), None);
        }
        assert_eq!(store::entries(), [""; 0]);
    }
}

#[test]
fn an_account_that_goes_takes_its_own_entry_along_and_no_other() {
    let entry = |name: &str| Kind::Password.entry(&account(name));
    let (home, work) = (entry("home"), entry("work"));
    let (_folder, secrets) = secrets();
    store::begin(&[("ada", "old"), (&home, "one"), (&work, "two")]);
    secrets
        .forget(&account("home"), Kind::Password, true)
        .unwrap();
    assert_eq!(store::entries(), ["ada".to_owned(), work.clone()]);
    secrets
        .forget(&account("work"), Kind::Password, false)
        .unwrap();
    assert!(store::entries().is_empty());
}

#[test]
fn what_keeps_one_signed_in_is_remembered_while_the_store_is_locked() {
    store::begin(&[]);
    let (_folder, secrets) = secrets();
    let (home, work) = (signed_in("home"), signed_in("work"));
    let find = |account: &Account| secrets.find(account, Kind::RefreshToken);
    let is = |account: &Account, text: &str| {
        let found = find(account).unwrap().unwrap();
        assert_eq!(found.reveal(), text);
    };
    let keep = |text: &str| secrets.keep(&home, Kind::RefreshToken, &secret(text));
    keep("one").unwrap();
    is(&home, "one");
    keep("two").unwrap();
    store::lock(true);
    // The newest that was kept, and not the one that was read before.
    is(&home, "two");
    assert!(keep("three").is_err());
    is(&home, "two");
    assert!(matches!(find(&work), Err(SecretError::Passing(_))));
    // What was refused is not given again.
    secrets.refused(&home.name, Service::Smtp);
    is(&home, "two");
    secrets.refused(&home.name, Service::Imap);
    assert!(matches!(find(&home), Err(SecretError::Passing(_))));
    // With a file that has none, a locked store is no store without one.
    secrets.vault().create(&secret("phrase")).unwrap();
    assert!(matches!(find(&home), Err(SecretError::Passing(_))));
    store::lock(false);
    is(&home, "two");
    secrets.forget(&home, Kind::RefreshToken, false).unwrap();
    store::lock(true);
    assert!(matches!(find(&home), Err(SecretError::Passing(_))));
}

#[test]
fn a_store_works_that_keeps_what_it_is_given() {
    assert!(matches!(keyring(), Err(SecretError::Store(_))));
    store::begin(&[("ada", "old")]);
    keyring().unwrap();
    assert_eq!(store::entries(), ["ada"]);
    // It answers questions and has no place for anything.
    store::has_place(false);
    assert!(store::find("ada").unwrap().is_some());
    assert!(keyring().is_err());
}

#[test]
fn a_typed_password_that_is_refused_for_sending_still_reads() {
    let (_folder, secrets) = secrets();
    let prompted = Account {
        secret: SecretSource::Prompt,
        ..account("home")
    };
    let given = |service| {
        let found = secrets.password(&prompted, service);
        found.ok().map(|s| s.reveal().to_owned())
    };
    let both = || [Service::Imap, Service::Smtp].map(given);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(both(), [None, None]);
    secrets.typed(&prompted.name, &secret("one"));
    assert_eq!(both(), [some("one"), some("one")]);
    secrets.refused(&prompted.name, Service::Smtp);
    assert_eq!(both(), [some("one"), None]);
    // What is typed now is for whom it lacks.
    secrets.typed(&prompted.name, &secret("two"));
    assert_eq!(both(), [some("one"), some("two")]);
    secrets.refused(&prompted.name, Service::Imap);
    assert_eq!(both(), [None, None]);
    secrets.typed(&prompted.name, &secret("three"));
    secrets.typed(&prompted.name, &secret("four"));
    assert_eq!(both(), [some("four"), some("four")]);
}
