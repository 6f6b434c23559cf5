//! The program under test run as a script runs it: a home of its own, a command, what came out.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A home for one test.
pub struct Home {
    _folder: tempfile::TempDir,
    /// What `--home` is given.
    pub path: PathBuf,
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

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: output.stdout,
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
