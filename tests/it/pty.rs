//! A terminal in which the real binary runs: keys go in, and what a person would see comes out.
#![allow(
    dead_code,
    reason = "a rig has what the next test will want: none is to drive a terminal its own way"
)]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// How long something may take to come about, on a slow machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long nothing is written by a program that has done all that it was told.
const REST: Duration = Duration::from_secs(2);

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    over: bool,
}

/// A program in a terminal of its own.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn some(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

impl Terminal {
    /// Starts `postrider ARGS` with its home in `home`, in a terminal of that many columns and rows.
    pub fn postrider(args: &[&str], home: &Path, cols: u16, rows: u16) -> Terminal {
        Terminal::kind(None, args, home, cols, rows)
    }

    /// The same in a terminal that is known by this variable of the environment.
    pub fn kind(
        known_by: Option<(&str, &str)>,
        args: &[&str],
        home: &Path,
        cols: u16,
        rows: u16,
    ) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
        command.args(args);
        command.env("POSTRIDER_HOME", home);
        for others in [
            "VTE_VERSION",
            "KITTY_WINDOW_ID",
            "KONSOLE_VERSION",
            "MLTERM",
        ] {
            command.env_remove(others);
        }
        if let Some((name, value)) = known_by {
            command.env(name, value);
            command.env_remove("TMUX");
        }
        Terminal::start(command, cols, rows)
    }

    /// Starts any command; the environment that decides about colours and editors is settled.
    pub fn start(mut command: CommandBuilder, cols: u16, rows: u16) -> Terminal {
        for gone in [
            "NO_COLOR",
            "LC_ALL",
            "LC_MESSAGES",
            "COLORTERM",
            "VISUAL",
            "EDITOR",
            "XDG_CONFIG_HOME",
        ] {
            command.env_remove(gone);
        }
        command.env("TERM", "xterm-256color");
        command.env("TZ", "UTC");
        command.env("LANG", "C.UTF-8");
        command.cwd(std::env::temp_dir());
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let seen = Seen {
            parser: vt100::Parser::new(some(rows), some(cols), 0),
            raw: Vec::new(),
            over: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            loop {
                let read = reader.read(&mut buffer);
                let mut seen = shared.0.lock().unwrap();
                match read {
                    Ok(n) if n > 0 => {
                        seen.parser.process(&buffer[..n]);
                        seen.raw.extend_from_slice(&buffer[..n]);
                    }
                    _ => seen.over = true,
                }
                shared.1.notify_all();
                if seen.over {
                    return;
                }
            }
        });
        Terminal {
            master: pair.master,
            writer,
            child,
            seen,
        }
    }

    /// The program's process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// The screen as text, a line a row.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Every byte that the program wrote, for looking for what must not be there.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().raw.clone()
    }

    /// Waits until the screen satisfies `what`; fails with the screen after [`PATIENCE`].
    pub fn wait_until(&self, wanted: &str, what: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let (lock, bell) = &*self.seen;
        let mut seen = lock.lock().unwrap();
        loop {
            let screen = seen.parser.screen().contents();
            if what(&screen) {
                return screen;
            }
            let left = until.saturating_duration_since(Instant::now());
            let why = if seen.over {
                "the program ended"
            } else {
                "all patience was spent"
            };
            assert!(
                !seen.over && !left.is_zero(),
                "{why} before {wanted:?} was there:\n{screen}"
            );
            seen = bell.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until the cursor is shown on a row that satisfies `what`; the row.
    pub fn wait_at_cursor(&self, wanted: &str, what: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let (lock, bell) = &*self.seen;
        let mut seen = lock.lock().unwrap();
        loop {
            let screen = seen.parser.screen();
            let (row, _) = screen.cursor_position();
            let line = screen.rows(0, screen.size().1.into()).nth(usize::from(row));
            let line = line.unwrap_or_default().trim_end().to_owned();
            if !screen.hide_cursor() && what(&line) {
                return line;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !seen.over && !left.is_zero(),
                "the cursor is not on {wanted:?}, but on {line:?}:\n{}",
                screen.contents()
            );
            seen = bell.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until these octets were written once more behind the first `from`.
    pub fn wait_written(&self, from: usize, octets: &[u8]) {
        let (lock, bell) = &*self.seen;
        let missing = |seen: &mut Seen| {
            let new = seen.raw.get(from..).unwrap_or_default();
            !seen.over && !new.windows(octets.len()).any(|w| w == octets)
        };
        let seen = lock.lock().unwrap();
        let (seen, wait) = bell.wait_timeout_while(seen, PATIENCE, missing).unwrap();
        assert!(
            !wait.timed_out() && !seen.over,
            "{:?} was not written:\n{}",
            octets.escape_ascii().to_string(),
            seen.parser.screen().contents()
        );
    }

    /// Waits until the program has written nothing for a while, and reads the screen then.
    pub fn at_rest<T>(&self, read: impl Fn(&vt100::Screen) -> T) -> T {
        let (lock, bell) = &*self.seen;
        let mut seen = lock.lock().unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let before = seen.raw.len();
            let more = |seen: &mut Seen| seen.raw.len() == before && !seen.over;
            let (now, wait) = bell.wait_timeout_while(seen, REST, more).unwrap();
            seen = now;
            assert!(
                !seen.over && Instant::now() < until,
                "the program does not rest"
            );
            if wait.timed_out() {
                return read(seen.parser.screen());
            }
        }
    }

    /// Waits until the text is on the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the text is on the screen no more.
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_until(&format!("{text} gone"), |screen| !screen.contains(text))
    }

    /// Makes the terminal another size, as a window manager would.
    pub fn resize(&self, cols: u16, rows: u16) {
        let mut seen = self.seen.0.lock().unwrap();
        seen.parser.screen_mut().set_size(some(rows), some(cols));
        self.master.resize(size(cols, rows)).unwrap();
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.process_id().and_then(|p| i32::try_from(p).ok());
        let pid = pid.and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits until the program ends by itself; its exit code.
    pub fn wait_exit(&mut self) -> u32 {
        let (lock, bell) = &*self.seen;
        let seen = lock.lock().unwrap();
        let (seen, _) = bell
            .wait_timeout_while(seen, PATIENCE, |s| !s.over)
            .unwrap();
        let (over, screen) = (seen.over, seen.parser.screen().contents());
        drop(seen);
        assert!(over, "the program did not end:\n{screen}");
        self.child.wait().unwrap().exit_code()
    }

    /// Whether the terminal is as it was found: main screen, cursor shown, no mouse, no paste mode.
    pub fn is_restored(&self) -> bool {
        let seen = self.seen.0.lock().unwrap();
        let screen = seen.parser.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A home of its own for one test, 0700.
pub fn home() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::Builder::new().prefix("prh").tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

#[test]
fn the_rig_types_and_reads() {
    let mut command = CommandBuilder::new("sh");
    command.args([
        "-c",
        "printf 'size '; stty size; read word; echo \"got $word\"; read end; exit 3",
    ]);
    let mut t = Terminal::start(command, 60, 12);
    t.wait_for("size 12 60");
    t.resize(70, 20);
    t.send("horse\r");
    t.wait_for("got horse");
    assert!(t.is_restored());
    assert!(t.raw().windows(9).any(|w| w == b"got horse"));
    t.send("\r");
    assert_eq!(t.wait_exit(), 3);
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "echo here; read x"]);
    let mut t = Terminal::start(command, 20, 5);
    t.wait_for("here");
    t.kill();
}
