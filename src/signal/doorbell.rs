//! A wake-up of capacity one over a pipe, so that a thread can wait for it and for a socket in
//! one `poll`.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The end that waits. One thread owns it; its descriptor may be lent to `net`.
#[derive(Debug)]
pub struct Doorbell {
    wait: OwnedFd,
    ring: Arc<OwnedFd>,
}

/// The end that rings. Cheap to clone, usable from any thread, never blocks.
#[derive(Clone, Debug)]
pub struct Ringer(Arc<OwnedFd>);

impl Doorbell {
    /// A silent bell.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn new() -> io::Result<Doorbell> {
        let (wait, ring) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Doorbell {
            wait,
            ring: Arc::new(ring),
        })
    }

    /// A handle that rings this bell.
    pub fn ringer(&self) -> Ringer {
        Ringer(Arc::clone(&self.ring))
    }

    /// The descriptor that is readable while the bell rings. Poll it; only [`Doorbell::clear`] reads.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.wait.as_fd()
    }

    /// Silences the bell. Clear first, then look for work: a ring between the two is not lost.
    pub fn clear(&self) {
        let mut sink = [0u8; 64];
        while matches!(rustix::io::read(&self.wait, &mut sink), Ok(n) if n > 0) {}
    }

    /// Waits until the bell rings or `timeout` has passed (`None`: for ever). Returns whether it
    /// rings; it is not cleared.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.map(|t| Instant::now() + t);
        loop {
            let left = until.map(|u| u.saturating_duration_since(Instant::now()));
            let spec = left.map(|l| Timespec {
                tv_sec: l.as_secs() as i64,
                tv_nsec: i64::from(l.subsec_nanos()),
            });
            let mut fds = [PollFd::new(&self.wait, PollFlags::IN)];
            match poll(&mut fds, spec.as_ref()) {
                Ok(0) => return false,
                Ok(_) => return true,
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }
}

impl Ringer {
    /// Rings. A bell that rings already stays ringing: a full pipe is a success.
    pub fn ring(&self) {
        let _ = rustix::io::write(&*self.0, &[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rings_are_one_and_clearing_silences() {
        let bell = Doorbell::new().unwrap();
        let ringer = bell.ringer();
        assert!(!bell.wait(Some(Duration::ZERO)));
        for _ in 0..100_000 {
            ringer.ring();
        }
        assert!(bell.wait(None));
        bell.clear();
        assert!(!bell.wait(Some(Duration::ZERO)));
    }

    #[test]
    fn another_thread_wakes_it() {
        let bell = Doorbell::new().unwrap();
        let ringer = bell.ringer();
        let thread = std::thread::spawn(move || ringer.ring());
        assert!(bell.wait(Some(Duration::from_secs(20))));
        thread.join().unwrap();
    }
}
