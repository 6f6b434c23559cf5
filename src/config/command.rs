//! Running a command that prints something for us (a password, addresses, the text of a file that
//! it is given): without shell and terminal, its output bounded, killed in time.

use crate::model::Secret;
use crate::text::Clean;
use crossbeam_channel::{Receiver, bounded};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, kill_process_group, prlimit};
use std::io::{self, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// No password is longer.
const LONGEST: u64 = 64 << 10;
/// Octets of a file that a command may write which reads what others sent.
const LARGEST_FILE: u64 = 1 << 20;
/// How long a command that failed may take to say why, after its end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why a command gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such program, or it can't be run.
    #[error("`{program}` can't be run: {source}")]
    NotRun {
        /// Its name, cleaned.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// It said that it failed.
    #[error("`{program}` failed ({how}){said}")]
    Failed {
        /// Its name, cleaned.
        program: String,
        /// The exit code or signal.
        how: String,
        /// The last line of what it wrote to stderr, cleaned, after a colon; or nothing.
        said: String,
    },
    /// It took too long and was killed.
    #[error(
        "`{program}` gave no answer within {seconds} s; it has no terminal to ask on: if it keeps secrets, unlock its store first"
    )]
    TimedOut {
        /// Its name, cleaned.
        program: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It printed nothing on its first line, or something that is no text.
    #[error("`{program}` printed no password on its first line")]
    Empty {
        /// Its name, cleaned.
        program: String,
    },
}

/// The first line that the command prints.
///
/// # Errors
/// See [`CommandError`]; no variant holds anything that the command printed on stdout.
pub fn first_line(argv: &[String], limit: Duration) -> Result<Secret, CommandError> {
    let program = Clean::line(argv.first().map_or("", String::as_str)).to_string();
    run(argv, limit, None, &[], read_line)?.ok_or(CommandError::Empty { program })
}

/// What the command prints, at most `most` octets of it; the rest is read and dropped.
///
/// # Errors
/// See [`CommandError`].
pub fn output(argv: &[String], limit: Duration, most: u64) -> Result<Vec<u8>, CommandError> {
    run(argv, limit, None, &[], begin(most))
}

/// What the command prints that is given `input`, at most `most` octets of it; the rest is read
/// and dropped. A command that stops reading before the end may do so.
///
/// # Errors
/// See [`CommandError`].
pub fn filter(
    argv: &[String],
    input: Vec<u8>,
    limit: Duration,
    most: u64,
) -> Result<Vec<u8>, CommandError> {
    run(argv, limit, Some(input), &[], begin(most))
}

/// The same of a command that reads what others sent: it may have no more than so many octets of memory,
/// works no longer than it is waited for, even if nobody is left to end it, and writes no large files.
///
/// # Errors
/// See [`CommandError`].
pub fn sift(
    argv: &[String],
    input: Vec<u8>,
    limit: Duration,
    most: u64,
    memory: u64,
) -> Result<Vec<u8>, CommandError> {
    run_within(argv, limit, Some(input), &[], Some(memory), begin(most))
}

/// Whether there is such a program.
pub fn is_there(program: &str) -> bool {
    find(program).is_ok()
}

/// Runs a command that is told something by its environment; what it prints is dropped.
///
/// # Errors
/// See [`CommandError`].
pub fn tell(
    argv: &[String],
    told: &[(String, String)],
    limit: Duration,
) -> Result<(), CommandError> {
    run(argv, limit, None, told, begin(0)).map(drop)
}

/// Reads so many octets, and the rest without keeping it.
fn begin(most: u64) -> impl FnOnce(ChildStdout) -> Vec<u8> + Send {
    move |mut stream| {
        let mut bytes = Vec::new();
        let _ = stream.by_ref().take(most).read_to_end(&mut bytes);
        let _ = io::copy(&mut stream, &mut io::sink());
        bytes
    }
}

/// Runs it; `read` makes of its output what is wanted, on a thread of its own.
fn run<T: Send + 'static>(
    argv: &[String],
    limit: Duration,
    input: Option<Vec<u8>>,
    told: &[(String, String)],
    read: impl FnOnce(ChildStdout) -> T + Send + 'static,
) -> Result<T, CommandError> {
    run_within(argv, limit, input, told, None, read)
}

fn run_within<T: Send + 'static>(
    argv: &[String],
    limit: Duration,
    input: Option<Vec<u8>>,
    told: &[(String, String)],
    bounds: Option<u64>,
    read: impl FnOnce(ChildStdout) -> T + Send + 'static,
) -> Result<T, CommandError> {
    let deadline = Instant::now() + limit;
    let typed = argv.first().map_or("", String::as_str);
    let program = Clean::line(typed).to_string();
    let not_run = |source| CommandError::NotRun {
        program: program.clone(),
        source,
    };
    let path = find(typed).map_err(not_run)?;
    let mut child = spawn(&path, argv, input.is_some(), told).map_err(not_run)?;
    let pid = Pid::from_child(&child);
    if let Some(memory) = bounds {
        // Before it is given anything to read.
        let bounds = [
            (Resource::As, memory),
            (Resource::Cpu, limit.as_secs() + 1),
            (Resource::Fsize, LARGEST_FILE),
        ];
        let bound = |(what, most)| {
            let most = Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            prlimit(Some(pid), what, most)
        };
        if let Err(error) = bounds.into_iter().try_for_each(|one| bound(one).map(drop)) {
            kill(pid);
            let _ = child.wait();
            return Err(not_run(error.into()));
        }
    }
    if let Some((mut stdin, input)) = child.stdin.take().zip(input) {
        // Written aside: a command may print before it has read everything.
        let feed = std::thread::Builder::new().spawn(move || {
            let _ = stdin.write_all(&input);
        });
        feed.map_err(not_run)?;
    }
    let line = on_thread(child.stdout.take(), read);
    let said = on_thread(child.stderr.take(), last_line);
    let ended = wait(child);
    let timed_out = || {
        kill(pid);
        CommandError::TimedOut {
            program: program.clone(),
            seconds: limit.as_secs(),
        }
    };
    let status = match ended.recv_deadline(deadline) {
        Ok(status) => status.map_err(not_run)?,
        Err(_) => return Err(timed_out()),
    };
    if !status.success() {
        let said = said.recv_timeout(LAST_WORDS).unwrap_or_default();
        let said = Clean::line(&said).to_string();
        return Err(CommandError::Failed {
            program,
            how: how(status),
            said: if said.is_empty() {
                said
            } else {
                format!(": {said}")
            },
        });
    }
    match line.recv_deadline(deadline) {
        Ok(read) => Ok(read),
        // A child of it holds the pipe.
        Err(_) => Err(timed_out()),
    }
}

/// The program's file, looked for as a shell would.
fn find(program: &str) -> io::Result<PathBuf> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "there is no such program");
    if program.contains('/') {
        let path = Path::new(program);
        return path.exists().then(|| path.to_owned()).ok_or_else(missing);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| !program.is_empty() && file.is_file())
        .ok_or_else(missing)
}

/// Starts it in a session of its own, so that nothing it starts can reach our terminal (a pinentry
/// would draw over the screen); without `setsid` at least in a group of its own.
fn spawn(path: &Path, argv: &[String], fed: bool, told: &[(String, String)]) -> io::Result<Child> {
    let arguments = argv.iter().skip(1);
    let ready = |command: &mut Command| {
        command
            .stdin(if fed { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env_remove("GPG_TTY")
            .envs(told.iter().map(|(name, value)| (name, value)))
            .spawn()
    };
    if let Ok(setsid) = find("setsid") {
        let mut command = Command::new(setsid);
        return ready(command.arg(path).args(arguments));
    }
    ready(Command::new(path).args(arguments).process_group(0))
}

fn kill(pid: Pid) {
    // Before `setsid` has run there is no group of that number yet.
    if kill_process_group(pid, Signal::KILL).is_err() {
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn wait(mut child: Child) -> Receiver<io::Result<ExitStatus>> {
    let (sender, receiver) = bounded(1);
    // Where there is no thread to be had, nobody answers.
    let _ = std::thread::Builder::new().spawn(move || {
        let _ = sender.send(child.wait());
    });
    receiver
}

fn on_thread<S: Read + Send + 'static, T: Send + 'static>(
    stream: Option<S>,
    read: impl FnOnce(S) -> T + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = bounded(1);
    if let Some(stream) = stream {
        // Where there is no thread to be had, nobody answers.
        let _ = std::thread::Builder::new().spawn(move || {
            let _ = sender.send(read(stream));
        });
    }
    receiver
}

/// The first line without its end, if it is a text; the rest is read and dropped, so that the
/// command can end.
fn read_line(mut stream: impl Read) -> Option<Secret> {
    // As large as it can get: growing would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    let mut byte = [0u8];
    while (line.len() as u64) < LONGEST && matches!(stream.read(&mut byte), Ok(1)) {
        if byte == [b'\n'] {
            break;
        }
        line.extend_from_slice(&byte);
    }
    let _ = io::copy(&mut stream, &mut io::sink());
    let text = std::str::from_utf8(&line).ok()?.trim_end_matches('\r');
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}

/// The last line that isn't empty.
fn last_line(stream: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = stream.take(LONGEST).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let last = text.lines().rev().find(|l| !l.trim().is_empty());
    last.map(|l| l.trim().chars().take(200).collect())
        .unwrap_or_default()
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    const LIMIT: Duration = Duration::from_secs(30);

    fn run(script: &str, limit: Duration) -> Result<Secret, CommandError> {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        first_line(&argv, limit)
    }

    #[test]
    fn s39_the_first_line_only_and_spaces_stay() {
        let secret = run("printf ' a b \\r\\nuser: x\\n'", LIMIT).unwrap();
        assert_eq!(secret.reveal(), " a b ");
        assert_eq!(run("printf x", LIMIT).unwrap().reveal(), "x");
        // More output than a pipe holds.
        let many = "echo p; i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done";
        assert_eq!(run(many, LIMIT).unwrap().reveal(), "p");
    }

    #[test]
    fn what_is_given_comes_back_and_nobody_has_to_read_it_all() {
        let of = |program: &[&str], input: Vec<u8>| {
            let argv: Vec<String> = program.iter().map(|w| (*w).to_owned()).collect();
            filter(&argv, input, LIMIT, 1 << 20)
        };
        let much = vec![b'x'; 500_000];
        assert_eq!(of(&["cat"], much.clone()).unwrap(), much);
        assert_eq!(of(&["head", "-c", "3"], much.clone()).unwrap(), b"xxx");
        assert_eq!(of(&["true"], much).unwrap(), b"");
        assert!(matches!(
            of(&["no-such-program-here"], Vec::new()),
            Err(CommandError::NotRun { .. })
        ));
    }

    #[test]
    fn output_is_cut_and_one_that_never_ends_is_killed() {
        let of = |script: &str, limit: Duration| {
            let argv = ["/bin/sh", "-c", script, "sh", "a b"].map(str::to_owned);
            output(&argv, limit, 5)
        };
        assert_eq!(of("printf '<%s>' \"$1\"", LIMIT).unwrap(), b"<a b>");
        assert_eq!(of("printf 1234567", LIMIT).unwrap(), b"12345");
        assert_eq!(of("true", LIMIT).unwrap(), b"");
        let endless = of("while :; do echo y; done", Duration::from_millis(200));
        assert!(matches!(endless, Err(CommandError::TimedOut { .. })));
    }

    #[test]
    fn s39_a_failure_says_why_and_keeps_the_secret() {
        let error = run(
            "echo hunter2; printf 'a\\n\\033[31mlocked\\n' >&2; exit 3",
            LIMIT,
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("exit code 3") && error.contains("locked"),
            "{error}"
        );
        assert!(
            !error.contains("hunter2") && !error.contains('\x1b'),
            "{error}"
        );
        let missing = first_line(&["no-such-program-here".to_owned()], LIMIT).unwrap_err();
        assert!(matches!(missing, CommandError::NotRun { .. }));
        assert!(matches!(
            run("true", LIMIT),
            Err(CommandError::Empty { .. })
        ));
        assert!(matches!(
            run("echo; echo x", LIMIT),
            Err(CommandError::Empty { .. })
        ));
    }

    #[test]
    fn s39_a_command_that_hangs_is_killed_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("p");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let flags = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK;
        let end = rustix::fs::open(&pipe, flags, rustix::fs::Mode::empty()).unwrap();
        // The child of the command holds the pipe open for writing until it is killed.
        let script = format!("(echo up; exec sleep 1000) > {} & wait", pipe.display());
        let result = run(&script, Duration::from_millis(300));
        assert!(matches!(result, Err(CommandError::TimedOut { .. })));
        let mut bytes = [0u8; 16];
        loop {
            match rustix::io::read(&end, &mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    let mut fds = [PollFd::new(&end, PollFlags::IN)];
                    let limit = Timespec {
                        tv_sec: 20,
                        tv_nsec: 0,
                    };
                    assert_ne!(poll(&mut fds, Some(&limit)).unwrap(), 0, "it lives");
                }
                Err(e) => panic!("{e}"),
            }
        }
    }

    #[test]
    fn s39_what_reads_the_mail_of_others_is_bounded_by_the_system_too() {
        // It reads first: by then it is bounded.
        let script = "read -r _; ulimit -t; ulimit -v; ulimit -f";
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        let said = sift(&argv, b"x\n".to_vec(), LIMIT, 1 << 10, 1 << 30).unwrap();
        let said = String::from_utf8(said).unwrap();
        let said: Vec<&str> = said.lines().collect();
        assert_eq!(said[..2], ["31", "1048576"]);
        assert_ne!(said[2], "unlimited");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn it_leads_a_session_without_a_terminal() {
        // Fields 6 and 7 of the line: the session, the terminal.
        let script = "read -r _ _ _ _ _ session tty _ < /proc/$$/stat; echo $((session - $$)) $tty";
        assert_eq!(run(script, LIMIT).unwrap().reveal(), "0 0");
    }
}
