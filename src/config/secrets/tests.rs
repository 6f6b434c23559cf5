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
    let get = |account: &Account| secrets.fetch(account, Kind::Password);
    assert_eq!(get(&home).unwrap().reveal(), "old");
    store::lock(true);
    assert_eq!(get(&home).unwrap().reveal(), "old");
    // Another's was never given: that passes, and is no failure for good.
    assert!(matches!(get(&work), Err(SecretError::Passing(_))));
    // One that was refused is not given again.
    secrets.typed(&home.name, None);
    assert!(matches!(get(&home), Err(SecretError::Passing(_))));
    store::lock(false);
    assert_eq!(get(&home).unwrap().reveal(), "old");
}

/// A secret store for one test; without one there is none in this session.
pub(super) mod store {
    use super::super::{OTHERWISE, SecretError};
    use crate::model::Secret;
    use std::cell::RefCell;
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

    pub fn works() -> Result<(), SecretError> {
        with(|_| ())
    }

    pub fn set(user: &str, secret: &Secret) -> Result<(), SecretError> {
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
