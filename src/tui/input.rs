//! The input thread: waits for the tty, its own bell and the signals in one `poll`, and asks
//! crossterm only when there is something to read, so that it can be paused at once while
//! another program has the terminal.

use crate::signal::{Doorbell, Ringer};
use crate::text::osc;
use crate::tui::event::Event;
use crate::tui::ground::Ear;
use crate::tui::terminal;
use crossbeam_channel::{Receiver, Sender};
use crossterm::event::{Event as Raw, KeyEventKind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a pause is waited for; crossterm may sit in a read after half an escape sequence.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long crossterm's own news of another size may come after ours: both are written by one
/// signal, one after the other.
const NEWS: Duration = Duration::from_millis(20);

/// How long the rest of an answer of the terminal may come after its beginning.
const ANSWER: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Run,
    Pause,
    Paused,
    Stop,
}

#[derive(Default)]
struct Control {
    mode: Mutex<Option<Mode>>,
    changed: Condvar,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Option<Mode>> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self) -> Mode {
        self.lock().unwrap_or(Mode::Run)
    }

    fn set(&self, mode: Mode) {
        *self.lock() = Some(mode);
        self.changed.notify_all();
    }
}

/// Where events go; another screen may take the place of the one that is shown.
type Target = Arc<Mutex<Sender<Event>>>;

/// The handle that the loop keeps.
pub struct Input {
    control: Arc<Control>,
    to: Target,
    ring: Ringer,
    thread: Option<JoinHandle<()>>,
}

impl Input {
    /// Starts the thread. Keys, mouse, paste, focus, size and quit signals go to `events`.
    ///
    /// # Errors
    /// When descriptors or threads have run out.
    pub fn start(events: Sender<Event>) -> io::Result<Input> {
        let bell = Doorbell::new()?;
        let ring = bell.ringer();
        let control = Arc::new(Control::default());
        let winch = signal_pipe(&[SIGWINCH])?;
        let quit = signal_pipe(&[SIGTERM, SIGHUP])?;
        let interrupt = signal_pipe(&[SIGINT])?;
        let shared = Arc::clone(&control);
        let to = Arc::new(Mutex::new(events));
        let events = Arc::clone(&to);
        let thread = std::thread::Builder::new()
            .name("input".into())
            .spawn(move || {
                Listener {
                    ear: Ear::default(),
                    bell,
                    winch,
                    quit,
                    interrupt,
                    control: shared,
                    events,
                }
                .run();
            })?;
        Ok(Input {
            control,
            to,
            ring,
            thread: Some(thread),
        })
    }

    /// Lets another hear what comes from now on, after what was typed and not taken from `before`.
    pub fn hand_to(&self, events: Sender<Event>, before: &Receiver<Event>) {
        // Nobody types between the two while this is held.
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        for event in before.try_iter().filter(Event::is_typed) {
            let _ = events.send(event);
        }
        *to = events;
    }

    /// Keeps the thread away from the tty. Returns once it is, or after half a second.
    pub fn pause(&self) {
        self.control.set(Mode::Pause);
        self.ring.ring();
        let guard = self.control.lock();
        let _ = self
            .control
            .changed
            .wait_timeout_while(guard, PATIENCE, |m| *m == Some(Mode::Pause));
    }

    /// Lets the thread read again.
    pub fn resume(&self) {
        self.control.set(Mode::Run);
        self.ring.ring();
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.control.set(Mode::Stop);
        self.ring.ring();
        // Not joined: crossterm may sit in a read that only a key ends.
        drop(self.thread.take());
    }
}

/// A stream that gets a byte whenever one of the signals comes.
fn signal_pipe(signals: &[i32]) -> io::Result<UnixStream> {
    let (wait, ring) = UnixStream::pair()?;
    wait.set_nonblocking(true)?;
    for signal in signals {
        signal_hook::low_level::pipe::register(*signal, ring.try_clone()?)?;
    }
    Ok(wait)
}

struct Listener {
    ear: Ear,
    bell: Doorbell,
    winch: UnixStream,
    quit: UnixStream,
    interrupt: UnixStream,
    control: Arc<Control>,
    events: Target,
}

/// What a wait found.
#[derive(Clone, Copy, Default)]
struct Found {
    rung: bool,
    tty: bool,
    gone: bool,
    winch: bool,
    quit: bool,
    interrupt: bool,
}

impl Listener {
    fn run(mut self) {
        let stdin = io::stdin();
        // crossterm reads standard input where it is a terminal, else /dev/tty.
        let fallback = std::fs::File::open("/dev/tty").ok();
        let tty = if rustix::termios::isatty(&stdin) {
            stdin.as_fd()
        } else {
            match &fallback {
                Some(file) => file.as_fd(),
                None => stdin.as_fd(),
            }
        };
        // The answer comes among the keys, and those that are pressed meanwhile stay where they are.
        if osc::may_have_kitty_keys(|name| std::env::var(name).ok())
            && crossterm::terminal::supports_keyboard_enhancement().unwrap_or(false)
        {
            terminal::has_kitty_keys();
        }
        // Keys that came while the answer was waited for are in nobody's descriptor any more.
        if self.read(Duration::ZERO).is_err() {
            let _ = self.tell(Event::Quit);
            return;
        }
        let mut fruitless = false;
        loop {
            let listening = match self.control.get() {
                Mode::Stop => return,
                Mode::Pause => {
                    self.control.set(Mode::Paused);
                    false
                }
                Mode::Paused => false,
                Mode::Run => true,
            };
            let Ok(found) = self.wait(tty, listening, fruitless) else {
                let _ = self.tell(Event::Quit);
                return;
            };
            // Away, it was meant for the program that has the terminal.
            if found.interrupt {
                drain(&mut self.interrupt);
            }
            if found.quit || (found.interrupt && listening) {
                drain(&mut self.quit);
                if self.tell(Event::Quit).is_err() {
                    return;
                }
            }
            if found.winch {
                drain(&mut self.winch);
                if let Ok((w, h)) = crossterm::terminal::size() {
                    let _ = self.tell(Event::Resize(w, h));
                }
            }
            // crossterm hears of the size, too, and would forget a key that it finds beside that
            // news until the next key: it is let have its news before there is a key. So it is
            // after a pause, in which it heard nothing.
            let heard = match (found.winch, found.rung) {
                _ if !listening => Duration::ZERO,
                (true, _) => NEWS,
                (false, true) => Duration::from_millis(1),
                (false, false) => Duration::ZERO,
            };
            if !heard.is_zero() && !found.gone && self.read(heard).is_err() {
                let _ = self.tell(Event::Quit);
                return;
            }
            if found.gone {
                // crossterm would spin on a terminal that has hung up: never ask it again.
                let _ = self.tell(Event::Quit);
                return;
            }
            if found.tty {
                match self.read(Duration::ZERO) {
                    Ok(n) => {
                        fruitless = n == 0;
                        if fruitless {
                            remind(tty);
                        }
                    }
                    Err(_) => {
                        let _ = self.tell(Event::Quit);
                        return;
                    }
                }
            } else {
                fruitless = false;
            }
        }
    }

    /// Waits for the tty (if `listening`), the bell and the signals. After a `fruitless` read the
    /// tty is left out for a moment: crossterm waits for an edge, `poll` for a level, and the two
    /// must not make a busy loop.
    fn wait(&self, tty: BorrowedFd<'_>, listening: bool, fruitless: bool) -> Result<Found, Errno> {
        let mut fds = vec![
            PollFd::from_borrowed_fd(self.bell.fd(), PollFlags::IN),
            PollFd::new(&self.winch, PollFlags::IN),
            PollFd::new(&self.quit, PollFlags::IN),
            PollFd::new(&self.interrupt, PollFlags::IN),
        ];
        if listening && !fruitless {
            fds.push(PollFd::from_borrowed_fd(tty, PollFlags::IN));
        }
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        match poll(&mut fds, fruitless.then_some(&moment)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
        let at = |n: usize| fds.get(n).map_or(PollFlags::empty(), PollFd::revents);
        let rung = at(0).contains(PollFlags::IN);
        if rung {
            self.bell.clear();
        }
        Ok(Found {
            rung,
            winch: at(1).contains(PollFlags::IN),
            quit: at(2).contains(PollFlags::IN),
            interrupt: at(3).contains(PollFlags::IN),
            tty: at(4).contains(PollFlags::IN),
            gone: at(4).intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
        })
    }

    /// Reads all that crossterm has, waiting so long for the first; returns how many events there
    /// were.
    fn read(&mut self, first: Duration) -> io::Result<usize> {
        let mut count = 0;
        let mut patience = first;
        while crossterm::event::poll(patience)? {
            count += 1;
            let heard = self.ear.hear(crossterm::event::read()?);
            self.send(heard.through)?;
            if let Some(light) = heard.light {
                self.tell(Event::Background { light })?;
            }
            patience = match self.ear.holds() {
                true => ANSWER,
                false => Duration::ZERO,
            };
        }
        let kept = self.ear.release();
        self.send(kept)?;
        Ok(count)
    }

    fn send(&self, raws: Vec<Raw>) -> io::Result<()> {
        raws.into_iter()
            .filter_map(translate)
            .try_for_each(|event| self.tell(event))
    }

    fn tell(&self, event: Event) -> io::Result<()> {
        let gone = |_| io::ErrorKind::BrokenPipe.into();
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.send(event).map_err(gone)
    }
}

/// Tells crossterm once more that there is something to read. It waits for an edge, and one that
/// came together with a signal it has forgotten; to set a terminal's attributes, to what they are,
/// makes another.
fn remind(tty: BorrowedFd<'_>) {
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    if let Ok(attributes) = tcgetattr(tty) {
        let _ = tcsetattr(tty, OptionalActions::Now, &attributes);
    }
}

fn drain(stream: &mut UnixStream) {
    let mut sink = [0u8; 64];
    while matches!(stream.read(&mut sink), Ok(n) if n > 0) {}
}

/// Our event for crossterm's; releases and the like are dropped.
fn translate(raw: Raw) -> Option<Event> {
    Some(match raw {
        Raw::Key(key) if key.kind != KeyEventKind::Release => Event::Key(key),
        Raw::Key(_) => return None,
        Raw::Mouse(mouse) => Event::Mouse(mouse),
        Raw::Paste(text) => Event::Paste(text),
        Raw::Resize(w, h) => Event::Resize(w, h),
        Raw::FocusGained => Event::Focus(true),
        Raw::FocusLost => Event::Focus(false),
    })
}
