//! Several processes on one home: one talks to servers, all may read and queue. The lock says who;
//! a bell is a file that is written to, watched by inotify.

use super::paths::private_file;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::fs::File;
use std::io::{self, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// Held while this process is the one that talks to servers; gone when it ends, however it ends.
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}

impl EngineLock {
    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// When the lock's file can't be opened.
    pub fn try_take(path: &Path) -> io::Result<Option<EngineLock>> {
        let file = private_file(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(EngineLock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Holds it until the process ends: threads that talk to servers end with that, not before.
    pub fn keep(self) {
        std::mem::forget(self);
    }

    /// Waits until nobody holds the lock and takes it.
    ///
    /// # Errors
    /// When the lock's file can't be opened.
    pub fn take(path: &Path) -> io::Result<EngineLock> {
        let file = private_file(path)?;
        loop {
            match flock(&file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(EngineLock { _file: file }),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Rings a bell between processes. A bell that can't be rung is only slower: queues are also
/// looked at from time to time.
pub fn ring(bell: &Path) {
    if let Ok(mut file) = File::options().write(true).open(bell) {
        // Over what is there: that is one event.
        let _ = file.write_all(b"!");
    }
}

/// After so many things in a row one is told even if there are more.
const MOST_TOGETHER: usize = 50;

/// Somebody listens for a bell until this is dropped.
#[derive(Debug)]
#[must_use = "nobody listens once it is dropped"]
pub struct Listener {
    /// Nothing is ever written to it: the thread hears that it is closed.
    _end: OwnedFd,
}

/// Calls `heard` on a thread of its own whenever the bell is rung, until the listener is dropped.
///
/// # Errors
/// When the file can't be watched.
pub fn listen(bell: &Path, heard: impl Fn() + Send + 'static) -> io::Result<Listener> {
    private_file(bell)?;
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    // Every command opens it at its start ([`private_file`]): only what is written rings.
    inotify::add_watch(&watch, bell, WatchFlags::MODIFY)?;
    // Many rings are one.
    attend("bell", watch, None, |_| true, move |_| heard())
}

/// Calls `heard` on a thread of this name for whatever the system tells of a file that is `wanted`
/// (by its name in a folder), until the listener is dropped. What comes within `together` of the
/// one before is told with it.
///
/// # Errors
/// When there is no thread to be had.
pub(super) fn attend(
    name: &str,
    watch: OwnedFd,
    together: Option<Duration>,
    wanted: impl Fn(&str) -> bool + Send + 'static,
    heard: impl Fn(&OwnedFd) + Send + 'static,
) -> io::Result<Listener> {
    let (ended, end) = pipe_with(PipeFlags::CLOEXEC)?;
    let work = move || {
        // A file that is written to without an end is told of all the same.
        let pause = together.and_then(|t| Timespec::try_from(t).ok());
        let mut rung = 0;
        loop {
            let mut fds = [
                PollFd::new(&watch, PollFlags::IN),
                PollFd::new(&ended, PollFlags::IN),
            ];
            let quiet = match poll(&mut fds, pause.as_ref().filter(|_| rung > 0)) {
                Ok(events) => events == 0,
                Err(Errno::INTR) => false,
                Err(_) => return,
            };
            let [_, over] = &fds;
            if !over.revents().is_empty() {
                return;
            }
            rung += usize::from(rung > 0) + usize::from(news(&watch, &wanted));
            if rung > 0 && (quiet || pause.is_none() || rung > MOST_TOGETHER) {
                rung = 0;
                heard(&watch);
            }
        }
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)?;
    Ok(Listener { _end: end })
}

/// Whether anything that is there to be told is about a file that is wanted.
fn news(watch: &OwnedFd, wanted: &impl Fn(&str) -> bool) -> bool {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(watch, &mut buffer);
    let mut rung = false;
    while let Ok(event) = events.next() {
        let name = event.file_name().map(|n| n.to_string_lossy());
        rung |= wanted(name.as_deref().unwrap_or_default());
    }
    rung
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_holds_the_lock_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = EngineLock::try_take(&path).unwrap();
        assert!(held.is_some());
        assert!(EngineLock::try_take(&path).unwrap().is_none());
        drop(held);
        assert!(EngineLock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn a_bell_is_heard() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bell");
        let (tell, heard) = crossbeam_channel::bounded(8);
        let ear = listen(&path, move || tell.try_send(()).unwrap_or_default()).unwrap();
        // Other commands begin with this.
        private_file(&path).unwrap();
        assert!(heard.recv_timeout(Duration::from_millis(200)).is_err());
        for _ in 0..2 {
            ring(&path);
            assert!(heard.recv_timeout(Duration::from_secs(20)).is_ok());
        }
        drop(ear);
        // The thread is gone, and what it called with it; a ring that it had not heard may come.
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while heard.recv_deadline(until).is_ok() {}
        assert!(std::time::Instant::now() < until);
    }
}
