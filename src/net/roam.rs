//! Notices that the machine was asleep, that its clock was set, or that it is in another network:
//! connections of before are not to be relied on then.
//!
//! On Linux a netlink socket tells of addresses and routes (rtnetlink(7)), and a timer that is
//! cancelled when the clock is set tells of both a set clock and a wake from sleep
//! (timerfd_create(2), `TFD_TIMER_CANCEL_ON_SET`). Neither needs a tick: whoever waits here sleeps.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another network, or a clock that jumped.
    Elsewhere,
    /// The bell rings.
    Woken,
}

/// So many changes of one move (a link, its addresses, its routes) are taken for one.
pub const SETTLE: Duration = Duration::from_millis(300);

#[cfg(target_os = "linux")]
pub use linux::Roam;

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::net::netlink::SocketAddrNetlink;
    use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create,
        timerfd_settime,
    };
    use std::os::fd::{AsFd, OwnedFd};

    /// RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE.
    const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
    /// A timer needs a time; this one is never reached.
    const NEVER: i64 = 1 << 40;

    /// A look-out for changes.
    #[derive(Debug)]
    pub struct Roam {
        /// Missing where the system lets nobody listen (a container).
        routes: Option<OwnedFd>,
        clock: Option<OwnedFd>,
    }

    impl Roam {
        /// A look-out from now on.
        pub fn new() -> Roam {
            Roam {
                routes: routes().ok(),
                clock: clock().ok(),
            }
        }

        /// Waits for a change, or for `bell` to be readable.
        ///
        /// # Errors
        /// When waiting itself fails.
        pub fn wait(&mut self, bell: BorrowedFd<'_>) -> io::Result<Change> {
            loop {
                let mut fds = vec![PollFd::from_borrowed_fd(bell, PollFlags::IN)];
                let watched = self.routes.iter().chain(&self.clock);
                fds.extend(watched.map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
                match poll(&mut fds, None) {
                    Ok(_) if fds.first().is_some_and(|f| !f.revents().is_empty()) => {
                        return Ok(Change::Woken);
                    }
                    Ok(_) => {
                        // A move comes in several pieces: take the ones that follow with it.
                        let settle = Timespec {
                            tv_sec: 0,
                            tv_nsec: i64::from(SETTLE.subsec_nanos()),
                        };
                        let mut quiet = [PollFd::from_borrowed_fd(bell, PollFlags::IN)];
                        let _ = poll(&mut quiet, Some(&settle));
                        self.drain();
                        return Ok(Change::Elsewhere);
                    }
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }

        fn drain(&mut self) {
            let mut sink = [0u8; 8192];
            if let Some(routes) = &self.routes {
                while matches!(recv(routes, &mut sink[..], RecvFlags::DONTWAIT), Ok((n, _)) if n > 0)
                {
                }
            }
            if let Some(clock) = self.clock.take() {
                // A cancelled timer has to be set anew.
                self.clock = match rustix::io::read(&clock, &mut sink[..8]) {
                    Err(Errno::AGAIN) => Some(clock),
                    _ => set(&clock).ok().map(|()| clock),
                };
            }
        }
    }

    impl Default for Roam {
        fn default() -> Roam {
            Roam::new()
        }
    }

    fn routes() -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // NETLINK_ROUTE is protocol 0.
        let kind = SocketType::RAW;
        let fd = socket_with(AddressFamily::NETLINK, kind, flags, None)?;
        bind(&fd, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(fd)
    }

    fn clock() -> io::Result<OwnedFd> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let fd = timerfd_create(TimerfdClockId::Realtime, flags)?;
        set(&fd)?;
        Ok(fd)
    }

    fn set(fd: &OwnedFd) -> io::Result<()> {
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let at = Itimerspec {
            it_interval: zero,
            it_value: Timespec {
                tv_sec: NEVER,
                tv_nsec: 0,
            },
        };
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        timerfd_settime(fd, flags, &at)?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
pub use other::Roam;

#[cfg(not(target_os = "linux"))]
mod other {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use std::time::{Instant, SystemTime};

    /// How often the two clocks are compared where nothing tells of a jump.
    const LOOK: Duration = Duration::from_secs(30);
    /// A difference of this much is a jump, or a sleep.
    const JUMP: Duration = Duration::from_secs(20);

    /// A look-out for changes.
    #[derive(Debug)]
    pub struct Roam {
        seen: (Instant, SystemTime),
    }

    impl Roam {
        /// A look-out from now on.
        pub fn new() -> Roam {
            Roam {
                seen: (Instant::now(), SystemTime::now()),
            }
        }

        /// Waits for a change, or for `bell` to be readable.
        ///
        /// # Errors
        /// When waiting itself fails.
        pub fn wait(&mut self, bell: BorrowedFd<'_>) -> io::Result<Change> {
            let look = Timespec {
                tv_sec: LOOK.as_secs().cast_signed(),
                tv_nsec: 0,
            };
            loop {
                let mut fds = [PollFd::from_borrowed_fd(bell, PollFlags::IN)];
                match poll(&mut fds, Some(&look)) {
                    Ok(0) if self.jumped() => return Ok(Change::Elsewhere),
                    Ok(0) | Err(Errno::INTR) => {}
                    Ok(_) => return Ok(Change::Woken),
                    Err(error) => return Err(error.into()),
                }
            }
        }

        fn jumped(&mut self) -> bool {
            let now = (Instant::now(), SystemTime::now());
            let steady = now.0.saturating_duration_since(self.seen.0);
            let wall = now.1.duration_since(self.seen.1).unwrap_or_default();
            self.seen = now;
            wall.abs_diff(steady) > JUMP
        }
    }

    impl Default for Roam {
        fn default() -> Roam {
            Roam::new()
        }
    }
}
