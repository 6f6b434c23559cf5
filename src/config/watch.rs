//! Tells when the user changed a file of the configuration: by an editor that writes into it, or
//! that puts another in its place. The system tells of it (inotify); nobody looks, so an idle
//! program sleeps.

use super::lock::{Listener, attend};
use super::paths::Paths;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What belongs together (a copy put aside, the new file in its place) is told once.
const TOGETHER: Duration = Duration::from_millis(40);

/// Calls `changed` on a thread of its own whenever `config.toml`, `keys.toml` or a theme may have
/// become another, until the listener is dropped.
///
/// # Errors
/// When nothing can be watched.
pub fn watch(paths: &Paths, changed: impl Fn() + Send + 'static) -> io::Result<Listener> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let files = [paths.config.clone(), paths.keys.clone()];
    let themes = paths.themes.clone();
    look_at(&watch, &files, &themes)?;
    let wanted = |name: &str| name.ends_with(".toml") || name == "themes";
    attend("files", watch, Some(TOGETHER), wanted, move |watch| {
        // A folder for themes may have come, a link may lead elsewhere.
        if let Err(error) = look_at(watch, &files, &themes) {
            tracing::warn!(%error, "changes of the configuration are not seen any more");
        }
        changed();
    })
}

/// Watches the folders of these files and of what they are links to. One that is watched already
/// stays so.
fn look_at(watch: &impl std::os::fd::AsFd, files: &[PathBuf], themes: &Path) -> io::Result<()> {
    let mut folders = BTreeSet::new();
    for file in files {
        folders.extend(file.parent().map(Path::to_owned));
        let real = std::fs::canonicalize(file).ok();
        folders.extend(real.and_then(|f| f.parent().map(Path::to_owned)));
    }
    if themes.is_dir() {
        folders.insert(themes.to_owned());
    }
    let flags = WatchFlags::CLOSE_WRITE
        | WatchFlags::MOVED_TO
        | WatchFlags::MOVED_FROM
        | WatchFlags::DELETE
        | WatchFlags::ONLYDIR;
    for folder in folders {
        // A folder that is made (themes) is told of by the one above it.
        inotify::add_watch(watch, &folder, flags | WatchFlags::CREATE)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{Receiver, unbounded};

    fn watched(paths: &Paths) -> (Listener, Receiver<()>) {
        let (tell, told) = unbounded();
        let listener = watch(paths, move || {
            let _ = tell.send(());
        })
        .unwrap();
        (listener, told)
    }

    /// Something is told of, and then nothing any more.
    fn wait(told: &Receiver<()>) {
        told.recv_timeout(Duration::from_secs(30)).unwrap();
        while told.recv_timeout(Duration::from_millis(300)).is_ok() {}
    }

    #[test]
    fn a_write_a_rename_and_a_new_theme_are_seen_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::locate(Some(dir.path())).unwrap();
        paths.ensure().unwrap();
        let (listener, told) = watched(&paths);
        std::fs::write(&paths.config, "a").unwrap();
        wait(&told);
        let aside = dir.path().join(".new");
        std::fs::write(&aside, "b").unwrap();
        std::fs::rename(&aside, &paths.config).unwrap();
        wait(&told);
        std::fs::create_dir(&paths.themes).unwrap();
        wait(&told);
        std::fs::write(paths.themes.join("mine.toml"), "x").unwrap();
        wait(&told);
        std::fs::remove_file(paths.themes.join("mine.toml")).unwrap();
        wait(&told);
        std::fs::write(dir.path().join("cache.db"), "x").unwrap();
        drop(listener);
        // The thread ends with the listener, and with it what it would tell.
        assert!(told.iter().next().is_none());
    }

    #[test]
    fn what_a_link_leads_to_is_seen() {
        let (dir, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let real = far.path().join("dot.toml");
        std::fs::write(&real, "a").unwrap();
        let paths = Paths::locate(Some(dir.path())).unwrap();
        paths.ensure().unwrap();
        std::os::unix::fs::symlink(&real, &paths.config).unwrap();
        let (_listener, told) = watched(&paths);
        std::fs::write(&real, "b").unwrap();
        wait(&told);
    }
}
