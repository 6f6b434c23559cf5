//! Where everything is: one folder (`--home`, `POSTRIDER_HOME`), or the XDG places. Folders are
//! 0700 and files 0600 whatever the umask, for mail is private.

use directories::{ProjectDirs, UserDirs};
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

/// The program's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml`.
    pub config: PathBuf,
    /// The user's `keys.toml`, laid over the default keys.
    pub keys: PathBuf,
    /// Secrets under a passphrase.
    pub secrets: PathBuf,
    /// The user's themes.
    pub themes: PathBuf,
    /// `cache.db`: what a server can give again.
    pub cache: PathBuf,
    /// `local.db`: what only we have.
    pub local: PathBuf,
    /// The log.
    pub log: PathBuf,
    /// Where attachments are saved.
    pub downloads: PathBuf,
    /// Held by the process that talks to servers.
    pub lock: PathBuf,
    /// Touched to make the process that holds the lock look at its queues.
    pub bell: PathBuf,
    /// Touched by that process when something in the stores changed.
    pub news: PathBuf,
    /// Held by the process that asks a provider for fresh tokens.
    pub tokens: PathBuf,
}

impl Paths {
    /// The places: all under `home` if it is given, else as the system's conventions say.
    ///
    /// # Errors
    /// When there is no home directory to put them in.
    pub fn locate(home: Option<&Path>) -> io::Result<Paths> {
        if let Some(home) = home {
            return Ok(Paths::under(&std::path::absolute(home)?));
        }
        let none = || {
            io::Error::new(
                io::ErrorKind::NotFound,
                "there is no home directory; say --home DIR",
            )
        };
        let dirs = ProjectDirs::from("", "", "postrider").ok_or_else(none)?;
        let data = dirs.data_dir();
        let state = dirs.state_dir().unwrap_or(data);
        let downloads = UserDirs::new().and_then(|u| u.download_dir().map(Path::to_owned));
        Ok(Paths {
            config: dirs.config_dir().join("config.toml"),
            keys: dirs.config_dir().join("keys.toml"),
            secrets: dirs.config_dir().join("secrets.age"),
            themes: dirs.config_dir().join("themes"),
            cache: dirs.cache_dir().join("cache.db"),
            local: data.join("local.db"),
            log: state.join("postrider.log"),
            downloads: downloads.unwrap_or_else(|| data.join("downloads")),
            lock: state.join("engine.lock"),
            bell: state.join("bell"),
            news: state.join("news"),
            tokens: state.join("tokens.lock"),
        })
    }

    fn under(home: &Path) -> Paths {
        Paths {
            config: home.join("config.toml"),
            keys: home.join("keys.toml"),
            secrets: home.join("secrets.age"),
            themes: home.join("themes"),
            cache: home.join("cache.db"),
            local: home.join("local.db"),
            log: home.join("postrider.log"),
            downloads: home.join("downloads"),
            lock: home.join("engine.lock"),
            bell: home.join("bell"),
            news: home.join("news"),
            tokens: home.join("tokens.lock"),
        }
    }

    /// Makes the folders and tightens what is looser than it may be. Says what it tightened, for
    /// somebody else may have read it.
    ///
    /// # Errors
    /// When a folder can't be made, or is somebody else's.
    pub fn ensure(&self) -> io::Result<Vec<String>> {
        let mut said = Vec::new();
        for file in [&self.config, &self.cache, &self.local, &self.log] {
            if let Some(folder) = file.parent() {
                make_private(folder).map_err(unusable(folder))?;
                check_owner(folder)?;
                said.extend(tighten(&fs::canonicalize(folder)?, 0o700)?);
            }
        }
        if !self.downloads.exists() {
            make_private(&self.downloads).map_err(unusable(&self.downloads))?;
        }
        said.extend(tighten(&self.secrets, 0o600)?);
        for file in [&self.config, &self.cache, &self.local, &self.log] {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = file.as_os_str().to_owned();
                name.push(suffix);
                said.extend(tighten(Path::new(&name), 0o600)?);
            }
        }
        for file in [&self.lock, &self.bell, &self.news] {
            private_file(file).map_err(unusable(file))?;
        }
        Ok(said)
    }
}

/// The system's reason, with what it is about and what to do.
fn unusable(path: &Path) -> impl Fn(io::Error) -> io::Error {
    let shown = path.display().to_string();
    move |error| {
        let why =
            format!("{shown} can't be made or written ({error}); choose another place with --home");
        io::Error::new(error.kind(), why)
    }
}

/// Makes a folder and those above it, each 0700.
///
/// # Errors
/// When it can't be made.
pub fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens a file for appending, made 0600 if there is none.
///
/// # Errors
/// When it can't be opened.
pub fn private_file(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// A path as typed: a leading `~/` is the user's home, a relative path starts at `base`.
pub fn expand(typed: &str, base: &Path) -> PathBuf {
    let home = typed
        .strip_prefix("~/")
        .and_then(|rest| UserDirs::new().map(|u| u.home_dir().join(rest)));
    home.unwrap_or_else(|| base.join(typed))
}

/// Takes away what others may do with a file or folder of ours. A file that is a link is left
/// alone: it may lead to what others are meant to read (a folder of dotfiles).
fn tighten(path: &Path, most: u32) -> io::Result<Option<String>> {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return Ok(None);
    };
    let mode = meta.permissions().mode() & 0o777;
    if meta.is_symlink() || mode & !most == 0 || meta.uid() != geteuid().as_raw() {
        return Ok(None);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & most))?;
    Ok(Some(format!(
        "{} could be used by others (mode {mode:03o}); it is private now",
        path.display()
    )))
}

/// Mail in a folder of somebody else could be read and changed by him.
fn check_owner(folder: &Path) -> io::Result<()> {
    if fs::metadata(folder)?.uid() == geteuid().as_raw() {
        return Ok(());
    }
    let why = format!(
        "{} belongs to somebody else; choose another place with --home",
        folder.display()
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_private_and_loose_modes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("a/b");
        let paths = Paths::locate(Some(&home)).unwrap();
        assert_eq!(paths.ensure().unwrap(), Vec::<String>::new());
        fs::write(&paths.config, "x").unwrap();
        fs::set_permissions(&paths.config, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&home, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(paths.ensure().unwrap().len(), 2);
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&home), mode(&paths.config), mode(&paths.lock)),
            (0o700, 0o600, 0o600)
        );
    }

    #[test]
    fn a_place_that_cant_be_used_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let told = Paths::under(&file.join("home")).ensure().unwrap_err();
        let told = told.to_string();
        assert!(
            told.contains("file/home") && told.contains("--home"),
            "{told}"
        );
    }

    #[test]
    fn what_a_link_leads_to_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let shared = dir.path().join("dotfile");
        fs::write(&shared, "").unwrap();
        fs::set_permissions(&shared, Permissions::from_mode(0o644)).unwrap();
        let paths = Paths::under(&dir.path().join("home"));
        paths.ensure().unwrap();
        std::os::unix::fs::symlink(&shared, &paths.config).unwrap();
        assert!(paths.ensure().unwrap().is_empty());
        let mode = fs::metadata(&shared).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644);
    }

    #[test]
    fn relative_paths_begin_at_the_base() {
        assert_eq!(expand("ca.pem", Path::new("/c")), Path::new("/c/ca.pem"));
        assert_eq!(expand("/x/ca.pem", Path::new("/c")), Path::new("/x/ca.pem"));
    }
}
