//! The disk is full while somebody writes and saves. What is typed stays on the screen and it is
//! said, and once there is room it goes on; of a file that can't be written nothing is left.
//!
//! strace attaches itself to the program that runs and has its calls fail until it is ended.

use crate::dovecot::{Dovecot, skip};
use crate::failing::strace;
use crate::program::Home;
use crate::pty::Terminal;
use crate::screen::{begin_letter, is_saved};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// The time in which calls fail. What strace says later is read by nobody, but must not end it.
struct Full {
    strace: Child,
    _said: BufReader<ChildStderr>,
}

impl Full {
    /// Begins it for a program. `None` where nobody may look into one that runs.
    fn begin(strace: &Path, program: u32, options: &[&str]) -> Option<Full> {
        let mut command = Command::new(strace);
        command.args(["-f", "-o", "/dev/null"]).args(options);
        command.args(["-p", &program.to_string()]);
        let mut strace = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(strace.stderr.take().unwrap());
        let mut line = String::new();
        while said.read_line(&mut line).unwrap() > 0 {
            if line.contains(" attached") {
                return Some(Full {
                    strace,
                    _said: said,
                });
            }
            line.clear();
        }
        let _ = strace.wait();
        skip("this machine lets nobody trace a process that runs");
        None
    }

    /// There is room again.
    fn end(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.strace.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.strace.wait().unwrap();
    }
}

fn open(home: &Home) -> Terminal {
    Terminal::postrider(&[], &home.path, 110, 32)
}

#[test]
fn f03_a_full_disk_keeps_what_is_typed_until_there_is_room() {
    let Some(strace) = strace() else { return };
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let home = Home::new(&server.account("work", "ada"));
    let mut t = open(&home);
    t.wait_for("work connected");
    begin_letter(&mut t, "A letter and a full disk", "There was room.");
    let inject = ["-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC"];
    let Some(full) = Full::begin(&strace, t.pid(), &inject) else {
        return;
    };
    t.send(" Then there was none.");
    let screen = t.wait_until("why it is not saved", |s| {
        s.contains("Not saved: ") && s.contains("the disk is full")
    });
    assert!(
        screen.contains("There was room. Then there was none."),
        "{screen}"
    );
    full.end();
    t.send(" And then again.");
    t.wait_until("a word that it is saved again", is_saved);
    t.kill();
    let mut t = open(&home);
    t.wait_for("Recovered: A letter and a full disk");
    t.send("w");
    t.wait_for("There was room. Then there was none. And then again.");
    t.kill();
}

#[test]
fn f03_of_a_file_that_can_not_be_written_nothing_is_left() {
    let Some(strace) = strace() else { return };
    let Some(server) = Dovecot::start(None) else {
        return;
    };
    let text = "A line of the plan.\r\n".repeat(3_000);
    let raw = format!(
        "From: Bo <bo@example.test>\r\nTo: ada@example.test\r\nSubject: the plan\r\n\
         Message-ID: <plan@example.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n\
         --b\r\nContent-Type: application/x-plan; name=plan.dat\r\n\
         Content-Disposition: attachment; filename=plan.dat\r\n\r\n{text}\r\n--b--\r\n"
    );
    server
        .look("ada")
        .append("INBOX", raw.as_bytes())
        .finish()
        .unwrap();
    let home = Home::new(&server.account("work", "ada"));
    let (folder, file) = (
        home.path.join("downloads"),
        home.path.join("downloads/plan.dat"),
    );
    let mut t = open(&home);
    t.wait_for("the plan");
    t.send("gg\r");
    // The list shows the text, too; what is attached only the message that is open.
    t.wait_for("application/x-plan");
    // So it is called until it is whole.
    let part = folder.join(".postrider-.part");
    let path = part.to_str().unwrap();
    // None of it can be written, then all of it and it is not certain to stay.
    for call in ["write", "fsync"] {
        let inject = format!("inject={call}:error=ENOSPC");
        let trace = format!("trace={call}");
        let options = ["-P", path, "-e", &trace, "-e", &inject];
        let Some(full) = Full::begin(&strace, t.pid(), &options) else {
            return;
        };
        t.send("S");
        t.wait_until("what can't be saved", |s| {
            s.contains("plan.dat can't be saved in ")
        });
        full.end();
        let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
        assert!(left.is_empty(), "{call}: {left:?}");
        // A key that says something else, so that the next word is a new one.
        t.send("hgg\r");
        t.wait_until("the message again, and nothing said", |s| {
            s.contains("application/x-plan") && !s.contains("can't be saved")
        });
    }
    t.send("S");
    t.wait_for("Saved ");
    assert_eq!(fs::read(&file).unwrap().len(), text.len());
    t.kill();
}
