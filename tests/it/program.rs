//! The program under test run as a script runs it: a home of its own, a command, what came out.

use crate::pty::PATIENCE;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// A home for one test.
pub struct Home {
    _folder: tempfile::TempDir,
    /// What `--home` is given.
    pub path: PathBuf,
    /// By how much the engine's long waits are shortened.
    pub hurry: u32,
}

/// What a command did.
pub struct Ran {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output, byte for byte.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Wants this exit code.
    #[track_caller]
    pub fn code(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{}\n{}", self.err, self.text());
        self
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }

    /// The one JSON object that stands on standard output, of schema 1.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_slice(&self.out)
            .unwrap_or_else(|e| panic!("{e}: {:?}; {}", self.text(), self.err));
        assert_eq!(value["schema"], 1, "{value}");
        value
    }
}

impl Home {
    /// A home with this configuration.
    pub fn new(config: &str) -> Home {
        let folder = tempfile::Builder::new().prefix("prh").tempdir().unwrap();
        let path = folder.path().join("home");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let home = Home {
            _folder: folder,
            path,
            hurry: 1,
        };
        home.configure(config);
        home
    }

    /// Writes the configuration anew.
    pub fn configure(&self, config: &str) {
        let file = self.path.join("config.toml");
        fs::write(&file, config).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The command, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
        command
            .args(args)
            .env("POSTRIDER_HOME", &self.path)
            .env("TZ", "UTC")
            .env("POSTRIDER_HURRY", self.hurry.to_string())
            .env_remove("POSTRIDER_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs it with something on standard input.
    pub fn feed(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses its input before it read all of it is no failure of the rig.
        let _ = child.stdin.take().unwrap().write_all(input);
        ran(child.wait_with_output().unwrap())
    }

    /// Runs it with `--json`, wants success, and answers the object.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        self.run(&args).code(0).json()
    }

    /// `sync --once`, which must go well.
    #[track_caller]
    pub fn sync(&self) -> Value {
        self.json(&["sync", "--once"])
    }

    /// The rows of `list` of one mailbox.
    #[track_caller]
    pub fn list(&self, mailbox: &str) -> Vec<Value> {
        let args = ["list", "-m", mailbox, "--limit", "1000"];
        self.json(&args)["messages"].as_array().unwrap().clone()
    }

    /// The id of the one message of that subject in a mailbox.
    #[track_caller]
    pub fn id(&self, mailbox: &str, subject: &str) -> String {
        let rows = self.list(mailbox);
        let found: Vec<&Value> = rows.iter().filter(|r| r["subject"] == subject).collect();
        assert_eq!(found.len(), 1, "{subject} in {mailbox}: {rows:#?}");
        found[0]["id"].as_str().unwrap().to_owned()
    }

    /// The subjects in a mailbox, sorted.
    #[track_caller]
    pub fn subjects(&self, mailbox: &str) -> Vec<String> {
        let rows = self.list(mailbox);
        let mut all: Vec<String> = rows
            .iter()
            .map(|r| r["subject"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all
    }
}

/// What a program that ended did.
pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits until it is so.
#[track_caller]
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < until, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Home {
    /// Runs it to its end; also the most memory that it ever held, in octets. With a generous bound
    /// on its time, after which it is killed and the test fails.
    #[track_caller]
    pub fn measured(&self, args: &[&str]) -> (Ran, u64) {
        let mut child = self.command(args).spawn().unwrap();
        let until = Instant::now() + PATIENCE;
        // Its pipes hold less than a flood of notices could be.
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (out, err) = (drain(out), drain(err));
        let mut most = 0;
        let status = loop {
            most = most.max(peak(child.id()).unwrap_or(0));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                child.kill().unwrap();
                panic!("{args:?} does not end");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let ran = Ran {
            code: status.code().unwrap_or(-1),
            out: out.join().unwrap(),
            err: String::from_utf8_lossy(&err.join().unwrap()).into_owned(),
        };
        (ran, most)
    }

    /// Starts `sync --watch`.
    pub fn watch(&self) -> Watch {
        let mut child = self
            .command(&["sync", "--watch", "--json"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).unwrap());
            }
        });
        Watch {
            child,
            told,
            all: Vec::new(),
        }
    }
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        let _ = from.read_to_end(&mut all);
        all
    })
}

/// The most memory that a process ever held, in octets.
fn peak(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib << 10)
}

/// A running `sync --watch`; it is ended with this.
pub struct Watch {
    child: Child,
    told: Receiver<Value>,
    all: Vec<Value>,
}

impl Watch {
    /// Waits until it says something that `fits`.
    #[track_caller]
    pub fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(said) = self.told.recv_timeout(left) else {
                panic!("it never said {what}: {:#?}", self.all);
            };
            self.all.push(said.clone());
            if fits(&said) {
                return said;
            }
        }
    }

    /// Waits until an account is in this state.
    #[track_caller]
    pub fn state(&mut self, account: &str, state: &str) -> Value {
        self.until(&format!("{account} {state}"), |said| {
            said["account"] == account && said["state"] == state
        })
    }

    /// Everything that it said and that was waited past.
    pub fn said(&self) -> &[Value] {
        &self.all
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}
