//! Secrets in a file under a passphrase (`secrets.age`), for who has no desktop with a secret store
//! and no program that prints passwords. The passphrase is asked for once a start and not kept: the
//! file's own key is, wiped at the end. Plain text is never on the disk.
//!
//! Every change reads the file anew under a lock and replaces it in one step, 0600: another process
//! may have kept something meanwhile, and a crash leaves the old file or the new one.

use super::age::{AgeError, Opened, WORK};
use super::files::{read_regular, replace_octets};
use super::paths::private_file;
use crate::model::Secret;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// A larger file is none of ours.
const MOST: u64 = 1 << 20;

/// Why the file gave nothing, or took nothing.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The passphrase has to be typed first.
    #[error("the passphrase of secrets.age has to be typed")]
    Locked,
    /// There is no file yet: it is made with a passphrase.
    #[error("there is no secrets.age yet")]
    Absent,
    /// There is one already, whose passphrase is to be typed.
    #[error("there is a secrets.age already")]
    There,
    /// What is typed is no passphrase.
    #[error("a passphrase can't be empty")]
    Empty,
    /// It can't be decrypted.
    #[error("secrets.age can't be opened: {0}")]
    Age(#[from] AgeError),
    /// What it says is not understood.
    #[error("secrets.age can't be read: what it holds is not understood")]
    Content,
    /// The disk refused.
    #[error("secrets.age can't be read or written: {0}")]
    Disk(#[from] io::Error),
}

/// What it holds: by account, and by kind below that.
type Kept = BTreeMap<(String, String), Secret>;

/// The file, and its key once somebody typed the passphrase.
#[derive(Debug)]
pub struct Vault {
    path: PathBuf,
    opened: Mutex<Option<Opened>>,
}

impl Vault {
    /// The file at this path, which need not be there.
    pub fn at(path: &Path) -> Vault {
        Vault {
            path: path.to_owned(),
            opened: Mutex::default(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a file.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Whether there is a file whose passphrase nobody typed in this process: also one that was made
    /// anew since, which the key does not fit. Reads the file.
    pub fn is_locked(&self) -> bool {
        match self.file() {
            Ok(file) => self.key().as_ref().is_none_or(|key| !key.fits(&file)),
            Err(VaultError::Absent) => false,
            Err(_) => self.is_there() && self.key().is_none(),
        }
    }

    /// Opens it. Takes a quarter of a second of work, by intent.
    ///
    /// # Errors
    /// [`VaultError::Absent`] without a file; another passphrase; a file that is none of ours.
    pub fn unlock(&self, passphrase: &Secret) -> Result<(), VaultError> {
        let file = self.file()?;
        let opened = Opened::open(&file, passphrase)?;
        unpacked(&opened.read(&file)?)?;
        *self.key() = Some(opened);
        Ok(())
    }

    /// Makes it, empty, under this passphrase.
    ///
    /// # Errors
    /// [`VaultError::There`] where there is one; when it can't be written.
    pub fn create(&self, passphrase: &Secret) -> Result<(), VaultError> {
        if passphrase.reveal().is_empty() {
            return Err(VaultError::Empty);
        }
        let _lock = self.lock()?;
        if self.is_there() {
            return Err(VaultError::There);
        }
        let opened = Opened::new(passphrase, WORK)?;
        replace_octets(&self.path, &opened.write(b"")?)?;
        *self.key() = Some(opened);
        Ok(())
    }

    /// The secret of that kind for an account, as the file says now; `None`: it has none.
    ///
    /// # Errors
    /// When it is locked, absent, damaged or can't be read.
    pub fn get(&self, account: &str, kind: &str) -> Result<Option<Secret>, VaultError> {
        let kept = self.kept()?;
        Ok(kept.get(&(account.to_owned(), kind.to_owned())).cloned())
    }

    /// Keeps a secret. It is durable when this returns.
    ///
    /// # Errors
    /// When it is locked, absent, damaged or can't be written; then the file is as before.
    pub fn set(&self, account: &str, kind: &str, secret: &Secret) -> Result<(), VaultError> {
        self.change(|kept| {
            kept.insert((account.to_owned(), kind.to_owned()), secret.clone());
        })
    }

    /// Forgets what an account has of these kinds. It is durable when this returns.
    ///
    /// # Errors
    /// As [`Vault::set`].
    pub fn forget(&self, account: &str, is_it: impl Fn(&str) -> bool) -> Result<(), VaultError> {
        self.change(|kept| kept.retain(|(name, kind), _| name != account || !is_it(kind)))
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), VaultError> {
        let _lock = self.lock()?;
        let mut kept = self.kept()?;
        change(&mut kept);
        let file = {
            let key = self.key();
            let opened = key.as_ref().ok_or(VaultError::Locked)?;
            opened.write(packed(&kept)?.as_bytes())?
        };
        Ok(replace_octets(&self.path, &file)?)
    }

    fn kept(&self) -> Result<Kept, VaultError> {
        let file = self.file()?;
        let key = self.key();
        let opened = key.as_ref().ok_or(VaultError::Locked)?;
        // Somebody made it anew: with another passphrase, perhaps.
        if !opened.fits(&file) {
            return Err(VaultError::Locked);
        }
        unpacked(&opened.read(&file)?)
    }

    fn file(&self) -> Result<Vec<u8>, VaultError> {
        read_regular(&self.path, MOST).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => VaultError::Absent,
            _ => error.into(),
        })
    }

    fn key(&self) -> MutexGuard<'_, Option<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One at a time reads and writes; gone when it is dropped.
    fn lock(&self) -> io::Result<std::fs::File> {
        let file = private_file(&self.path.with_extension("lock"))?;
        flock(&file, FlockOperation::LockExclusive)?;
        Ok(file)
    }
}

/// A line for each: account, kind, secret, as a JSON list.
fn packed(kept: &Kept) -> Result<Zeroizing<String>, VaultError> {
    let mut text = Zeroizing::new(String::new());
    for ((account, kind), secret) in kept {
        let line = serde_json::to_string(&[account.as_str(), kind.as_str(), secret.reveal()]);
        let line = Zeroizing::new(line.map_err(|_| VaultError::Content)?);
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}

fn unpacked(text: &[u8]) -> Result<Kept, VaultError> {
    let text = std::str::from_utf8(text).map_err(|_| VaultError::Content)?;
    let mut kept = Kept::new();
    for line in text.lines() {
        let [account, kind, secret]: [String; 3] =
            serde_json::from_str(line).map_err(|_| VaultError::Content)?;
        kept.insert((account, kind), Secret::new(secret));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn get(vault: &Vault, account: &str, kind: &str) -> Option<String> {
        let found = vault.get(account, kind).unwrap();
        found.map(|s| s.reveal().to_owned())
    }

    #[test]
    fn s38_s45_nothing_is_readable_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.age");
        let vault = Vault::at(&path);
        assert!(!vault.is_locked());
        assert!(matches!(
            vault.get("work", "password"),
            Err(VaultError::Absent)
        ));
        assert!(matches!(vault.create(&secret("")), Err(VaultError::Empty)));
        vault.create(&secret("PASS-7f3")).unwrap();
        vault
            .set("work", "password", &secret("CANARY-\"7f3\n"))
            .unwrap();
        vault
            .set("work", "refresh-token", &secret("CANARY-tok"))
            .unwrap();
        assert_eq!(get(&vault, "work", "password").unwrap(), "CANARY-\"7f3\n");
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let octets = std::fs::read(file.path()).unwrap();
            let shown = String::from_utf8_lossy(&octets);
            assert!(!shown.contains("CANARY") && !shown.contains("PASS"));
        }
        assert!(!format!("{vault:?}").contains("PASS"));
        assert!(matches!(
            vault.create(&secret("other")),
            Err(VaultError::There)
        ));
    }

    #[test]
    fn another_process_opens_it_by_the_passphrase_and_sees_what_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.age");
        let ours = Vault::at(&path);
        ours.create(&secret("pass")).unwrap();
        ours.set("a", "password", &secret("one")).unwrap();
        let theirs = Vault::at(&path);
        assert!(theirs.is_locked());
        assert!(matches!(
            theirs.get("a", "password"),
            Err(VaultError::Locked)
        ));
        let wrong = theirs.unlock(&secret("past")).unwrap_err();
        assert!(
            matches!(wrong, VaultError::Age(AgeError::Passphrase)),
            "{wrong}"
        );
        theirs.unlock(&secret("pass")).unwrap();
        theirs.set("b", "password", &secret("two")).unwrap();
        ours.forget("a", |kind| kind == "password").unwrap();
        assert_eq!(get(&ours, "b", "password").unwrap(), "two");
        assert_eq!(get(&theirs, "a", "password"), None);
        // Made anew meanwhile: the key does not fit, and nothing is written over.
        std::fs::remove_file(&path).unwrap();
        theirs.create(&secret("other")).unwrap();
        let refused = ours.set("a", "password", &secret("x")).unwrap_err();
        assert!(matches!(refused, VaultError::Locked));
        assert_eq!(get(&theirs, "a", "password"), None);
        assert!(ours.is_locked() && !theirs.is_locked());
        ours.unlock(&secret("other")).unwrap();
        assert!(!ours.is_locked());
        std::fs::remove_file(&path).unwrap();
        assert!(!ours.is_locked(), "there is none to open");
    }

    #[test]
    fn a_damaged_file_is_said_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.age");
        let vault = Vault::at(&path);
        vault.create(&secret("pass")).unwrap();
        let mut file = std::fs::read(&path).unwrap();
        *file.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &file).unwrap();
        assert!(matches!(
            vault.get("a", "password"),
            Err(VaultError::Age(AgeError::Damaged))
        ));
        assert!(vault.set("a", "password", &secret("x")).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), file);
        std::fs::write(&path, "password = hunter2").unwrap();
        let other = Vault::at(&path);
        assert!(matches!(
            other.unlock(&secret("pass")),
            Err(VaultError::Age(AgeError::Format))
        ));
    }
}
