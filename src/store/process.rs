//! Which process it is. The system gives a number again once its process is gone; together with the
//! moment that the process began at, and the run of the machine, a number means one process for ever.

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use std::sync::OnceLock;

/// Bits of the system's number (Linux: `pid_max` is 2^22 at most).
const PID: u32 = 22;
/// Bits of what tells two processes of one number apart.
const STAMP: u32 = 40;
/// Where a process began, counted among what stands behind its name (proc(5), `stat`).
const BEGAN: usize = 19;

/// A process, of those that ran on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(i64);

impl Process {
    /// This one.
    pub fn own() -> Process {
        static OWN: OnceLock<Process> = OnceLock::new();
        *OWN.get_or_init(|| {
            let pid = std::process::id();
            Process::of(pid, stamp(pid).unwrap_or(0))
        })
    }

    /// The one that was written down as this number. Before there were stamps it was the system's.
    pub fn numbered(number: i64) -> Process {
        Process(number)
    }

    /// As it is written down: above 0.
    pub fn number(self) -> i64 {
        self.0
    }

    /// Whether it is another process than this one, and runs. One that can't be looked at is believed
    /// to be the one that it was.
    pub fn is_other_running(self) -> bool {
        if self.0 <= 0 {
            return false;
        }
        let pid = u32::try_from(self.0 & ((1 << PID) - 1)).unwrap_or(0);
        let Some(running) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
            return false;
        };
        // Somebody else's process is one all the same.
        if self == Process::own() || matches!(test_kill_process(running), Err(Errno::SRCH)) {
            return false;
        }
        match (self.0 >> PID, stamp(pid)) {
            (0, _) => pid != std::process::id(),
            (_, None) => true,
            (_, Some(stamp)) => self == Process::of(pid, stamp),
        }
    }

    fn of(pid: u32, stamp: u64) -> Process {
        let stamp = (stamp & ((1 << STAMP) - 1)).cast_signed();
        Process(i64::from(pid) | (stamp << PID))
    }
}

/// Tells a process from every other that has or had its number.
fn stamp(pid: u32) -> Option<u64> {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // Its name may have any octet in it.
    let named = stat.iter().rposition(|octet| *octet == b')')?;
    let mut behind = stat.get(named + 2..)?.split(|octet| *octet == b' ');
    Some(mixed(&[&boot, behind.nth(BEGAN)?]))
}

/// FNV-1a, folded to the bits that there are: of every build the same, and never 0.
fn mixed(parts: &[&[u8]]) -> u64 {
    let octets = parts.iter().copied().flatten();
    let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    });
    ((hash ^ (hash >> STAMP)) & ((1 << STAMP) - 1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_is_told_from_one_that_has_its_number_now() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        let other = Process::of(pid, stamp(pid).unwrap());
        assert!(other.is_other_running());
        assert_eq!(Process::numbered(other.number()), other);
        assert!(other.number() > i64::from(pid));
        // Of another run of the machine, or another moment.
        assert!(!Process::of(pid, stamp(pid).unwrap() ^ 1).is_other_running());
        // As it was written down before.
        assert!(Process::numbered(i64::from(pid)).is_other_running());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!other.is_other_running());
        let own = Process::own();
        assert!(!own.is_other_running() && own.number() > 0);
        // One that began with our own number before us.
        let before = Process::of(std::process::id(), 7);
        assert!(before != own && !before.is_other_running());
        assert!(!Process::numbered(0).is_other_running());
        assert!(!Process::numbered(-1).is_other_running());
    }
}
