//! A program in place of a submission server: it takes a finished message on its standard input and
//! the recipients as arguments, as sendmail has always done.
//!
//! It is run without a shell as `argv... -i -f SENDER -- RECIPIENT...`: `-i` because a dot on a line
//! of its own ends nothing, and never `-t`, which would ask the message and not us whom it is for.
//! The message is written down first, so that a crash of ours can't end it in the middle: the
//! program has all of it or was not started. What it means to say is its exit code
//! (sysexits.h); once it was started, an end that says nothing leaves the outcome unknown.

use crate::lang::{kept, tr};
use crate::model::step;
use crate::net::error::NetError;
use crate::net::smtp::{Asked, Mail, Outcome, Reply, SendReport, Stage, Witness, data};
use crate::text::Clean;
use crossbeam_channel::{Receiver, bounded};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long the program may take: it may talk to a server that looks for viruses.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long what it said may still come once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Octets of what it says that are read.
const LONGEST_WORDS: u64 = 64 << 10;
/// Characters of what it says that are shown.
const SHOWN: usize = 200;

/// The program of an account.
#[derive(Clone, Debug)]
pub struct Program {
    argv: Vec<String>,
    patience: Duration,
}

impl Program {
    /// Of these words: the program and its own arguments.
    pub fn new(argv: &[String]) -> Program {
        Program {
            argv: argv.to_vec(),
            patience: PATIENCE,
        }
    }

    /// Hands one message over. `stage` is called before each stage; if it fails, the stage is not
    /// begun and nothing was sent.
    pub fn send<E: std::fmt::Display>(
        &self,
        mail: &Mail<'_>,
        stage: &mut Witness<'_, E>,
    ) -> SendReport {
        let (outcome, said) = match self.hand_over(mail, stage) {
            Ok(ended) => self.judge(ended, mail.dsn),
            Err(Failed::Now(why)) => (Outcome::TryLater, why),
            Err(Failed::ForGood(why)) => (Outcome::Refused, why),
        };
        let reply = Reply {
            code: 0,
            lines: vec![said.clone()],
        };
        let asked = mail.recipients.iter().map(|address| Asked {
            address: (*address).to_owned(),
            outcome,
            reply: Some(reply.clone()).filter(|_| outcome != Outcome::Unknown),
        });
        SendReport {
            recipients: asked.collect(),
            error: (outcome != Outcome::Accepted).then_some(NetError::Unsendable(said)),
            connection_lost: false,
        }
    }

    fn hand_over<E: std::fmt::Display>(
        &self,
        mail: &Mail<'_>,
        stage: &mut Witness<'_, E>,
    ) -> Result<Ended, Failed> {
        let for_good = |e: NetError| match e {
            NetError::Unsendable(why) => Failed::ForGood(why),
            other => Failed::ForGood(other.to_string()),
        };
        data::measure(mail.bytes).map_err(for_good)?;
        let command = self.command(mail)?;
        let mut announce = |next| {
            let stopped = |why| Failed::Now(kept(|| tr!("stopped before sending: {why}", why)));
            stage(next, &[]).map_err(stopped)
        };
        announce(Stage::Envelope)?;
        announce(Stage::Data)?;
        let unwritten = |why| {
            Failed::Now(kept(|| {
                tr!("the message can't be written down: {why}", why)
            }))
        };
        let file = written(mail.bytes).map_err(unwritten)?;
        announce(Stage::Dot)?;
        step("send", || self.run(command, file)).map_err(|why| self.is_not_run(&why))
    }

    fn is_not_run(&self, why: &io::Error) -> Failed {
        let name = self.name();
        Failed::ForGood(kept(|| tr!("`{name}` can't be run: {why}", name, why)))
    }

    fn command(&self, mail: &Mail<'_>) -> Result<Command, Failed> {
        let name = self.argv.first().map_or("", String::as_str);
        let program = find(name).map_err(|why| self.is_not_run(&why))?;
        if mail.hold_until.is_some() {
            return Err(Failed::ForGood(kept(|| {
                tr!("a program holds no message back until later").to_owned()
            })));
        }
        // In a session of its own nothing that it starts reaches our terminal.
        let mut command = match find("setsid") {
            Ok(setsid) => {
                let mut command = Command::new(setsid);
                command.arg(program);
                command
            }
            Err(_) => {
                let mut command = Command::new(program);
                command.process_group(0);
                command
            }
        };
        command.args(self.argv.iter().skip(1)).arg("-i");
        if mail.dsn {
            command.args(["-N", "success,failure,delay", "-R", "hdrs"]);
        }
        let from = match mail.from {
            "" => "<>",
            from => from,
        };
        command.args(["-f", from, "--"]).args(mail.recipients);
        Ok(command)
    }

    fn run(&self, mut command: Command, message: File) -> io::Result<Ended> {
        let mut child = command
            .stdin(message)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = Pid::from_child(&child);
        let words = child
            .stderr
            .take()
            .map(|stream| on_thread(|| last_line(stream)));
        let status = match waited(child).recv_timeout(self.patience) {
            Ok(status) => status.ok(),
            Err(_) => {
                kill(pid);
                None
            }
        };
        let said = words.and_then(|words| words.recv_timeout(LAST_WORDS).ok());
        Ok(Ended {
            status,
            said: Clean::line(&said.unwrap_or_default()).to_string(),
        })
    }

    /// What its end means for everybody, and in words, which are [`kept`].
    fn judge(&self, ended: Ended, dsn: bool) -> (Outcome, String) {
        let words = kept(|| self.words(&ended, dsn));
        (meaning(ended.status), words)
    }

    /// Its end in the language of now.
    fn words(&self, ended: &Ended, dsn: bool) -> String {
        let name = self.name();
        let how = match ended.status {
            None => tr!("no answer within {n} s", n = self.patience.as_secs()),
            Some(status) => match (status.code(), status.signal()) {
                (Some(0), _) => return tr!("taken by {name}", name),
                (Some(code), _) => tr!("exit code {code}", code),
                (None, Some(signal)) => tr!("signal {signal}", signal),
                (None, None) => tr!("no exit code").to_owned(),
            },
        };
        let said = match ended.said.as_str() {
            "" => tr!("{name} failed ({how})", name, how),
            said => format!("{name}: {said} ({how})"),
        };
        // Qmail's says 100 to options that it does not know, others EX_USAGE.
        let usage = ended.status.and_then(|s| s.code());
        match usage.filter(|code| dsn && matches!(code, 64 | 100)) {
            Some(_) => tr!(
                "{said}; it may know no reports of delivery: send without",
                said
            ),
            None => said,
        }
    }

    /// The program's name without its folder.
    fn name(&self) -> String {
        let whole = self.argv.first().map_or("", String::as_str);
        let last = whole.rsplit('/').next().unwrap_or(whole);
        Clean::line(last).to_string()
    }
}

/// Where a program is, looked for as a shell would.
///
/// # Errors
/// When there is none.
pub fn find(program: &str) -> io::Result<PathBuf> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, "there is no such program");
    if program.contains('/') {
        let path = Path::new(program);
        return path.is_file().then(|| path.to_owned()).ok_or_else(missing);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Many systems have sendmail where only the administrator's PATH leads.
    let usual = ["/usr/sbin", "/usr/lib"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(usual)
        .map(|dir| dir.join(program))
        .find(|file| !program.is_empty() && file.is_file())
        .ok_or_else(missing)
}

/// Why nothing was handed over.
enum Failed {
    Now(String),
    ForGood(String),
}

struct Ended {
    /// `None` if it had to be killed.
    status: Option<ExitStatus>,
    said: String,
}

/// What an exit code means (sysexits.h).
fn meaning(status: Option<ExitStatus>) -> Outcome {
    match status.and_then(|s| s.code()) {
        Some(0) => Outcome::Accepted,
        // EX_OSERR; EX_NOHOST says of programs that speak to a server (msmtp) that its name can't
        // be looked up, as without a network.
        // Qmail's own code for what may pass is 111.
        Some(68 | 71 | 111) => Outcome::TryLater,
        // EX_IOERR and EX_PROTOCOL may come after the last octet was said. So may a death.
        // EX_TEMPFAIL means "queued" when Sendmail says it, "not taken" when Postfix or msmtp do.
        Some(74..=76) | None => Outcome::Unknown,
        Some(_) => Outcome::Refused,
    }
}

/// The message with the line ends that programs expect, in a file without a name.
fn written(message: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    for piece in data::plain(message) {
        file.write_all(&piece)?;
    }
    file.rewind()?;
    Ok(file)
}

fn kill(pid: Pid) {
    // Before `setsid` has run there is no group of that number yet.
    if kill_process_group(pid, Signal::KILL).is_err() {
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn waited(mut child: Child) -> Receiver<io::Result<ExitStatus>> {
    on_thread(move || child.wait())
}

fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = bounded(1);
    // Where there is no thread to be had, nobody answers.
    let _ = std::thread::Builder::new().spawn(move || {
        let _ = sender.send(work());
    });
    receiver
}

/// The last line that isn't empty. The rest is read and dropped, so that the program can end.
fn last_line(mut stream: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = stream.by_ref().take(LONGEST_WORDS).read_to_end(&mut bytes);
    let _ = io::copy(&mut stream, &mut io::sink());
    let text = String::from_utf8_lossy(&bytes);
    let last = text.lines().rev().find(|l| !l.trim().is_empty());
    last.map(|l| l.trim().chars().take(SHOWN).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod unit {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A program of these lines; it runs in the folder, where it may write.
    fn program(dir: &Path, lines: &str) -> Program {
        let file = dir.join("prog");
        let text = format!("#!/bin/sh\ncd {}\n{lines}\n", dir.display());
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        Program::new(&[file.display().to_string(), "--own".to_owned()])
    }

    fn mail() -> Mail<'static> {
        Mail {
            from: "me@example.test",
            recipients: &["a@x.test", "-x@x.test"],
            bytes: b"Subject: x\r\n\r\n.\r\n.hidden\r\n",
            ..Mail::default()
        }
    }

    fn sent(program: &Program, mail: &Mail<'_>) -> (SendReport, Vec<Stage>) {
        let mut stages = Vec::new();
        let report = program.send(mail, &mut |stage, _| {
            stages.push(stage);
            Ok::<(), String>(())
        });
        (report, stages)
    }

    fn outcome(lines: &str) -> (Outcome, String) {
        let dir = tempfile::tempdir().unwrap();
        let (report, _) = sent(&program(dir.path(), lines), &mail());
        let first = report.recipients[0].outcome;
        assert!(report.recipients.iter().all(|r| r.outcome == first));
        (
            first,
            report.error.map(|e| e.to_string()).unwrap_or_default(),
        )
    }

    #[test]
    fn it_gets_the_message_and_the_recipients_as_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let program = program(dir.path(), "for a; do echo \"$a\"; done > args; cat > in");
        let (report, stages) = sent(&program, &mail());
        assert!(report.error.is_none(), "{report:?}");
        assert!(
            report
                .recipients
                .iter()
                .all(|r| r.outcome == Outcome::Accepted)
        );
        assert_eq!(stages, [Stage::Envelope, Stage::Data, Stage::Dot]);
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        let args = "--own\n-i\n-f\nme@example.test\n--\na@x.test\n-x@x.test\n";
        assert_eq!(read("args"), args);
        assert_eq!(read("in"), "Subject: x\n\n.\n.hidden\n");
        let receipt = Mail { from: "", ..mail() };
        sent(&program, &receipt);
        assert!(read("args").contains("-f\n<>\n--\n"));
        let wanted = Mail {
            dsn: true,
            ..mail()
        };
        sent(&program, &wanted);
        assert!(read("args").contains("-N\nsuccess,failure,delay\n-R\nhdrs\n"));
    }

    #[test]
    fn its_exit_code_decides() {
        for (code, wanted) in [
            (0, Outcome::Accepted),
            (75, Outcome::Unknown),
            (71, Outcome::TryLater),
            (68, Outcome::TryLater),
            (111, Outcome::TryLater),
            (100, Outcome::Refused),
            (64, Outcome::Refused),
            (65, Outcome::Refused),
            (67, Outcome::Refused),
            (77, Outcome::Refused),
            (78, Outcome::Refused),
            (1, Outcome::Refused),
            (74, Outcome::Unknown),
        ] {
            assert_eq!(outcome(&format!("exit {code}")).0, wanted, "{code}");
        }
        assert_eq!(outcome("kill -9 $$").0, Outcome::Unknown);
    }

    #[test]
    fn why_it_failed_is_kept_in_two_languages() {
        use crate::lang::{Lang, during};
        for script in ["exit 67", "echo 'no such user' >&2; exit 64", "kill -9 $$"] {
            let dir = tempfile::tempdir().unwrap();
            let program = program(dir.path(), script);
            let (report, _) = during(Lang::German, || sent(&program, &mail()));
            let error = report.error.unwrap();
            let (german, english) = (
                during(Lang::German, || error.to_string()),
                error.to_string(),
            );
            assert_ne!(german, english, "{script}");
            assert!(
                english.contains("exit code") || english.contains("signal"),
                "{english}"
            );
            assert!(
                german.contains("Exit-Code") || german.contains("Signal"),
                "{german}"
            );
        }
    }

    #[test]
    fn options_that_it_does_not_know_are_named_as_the_likely_cause() {
        let told = |code: u8, dsn| {
            let dir = tempfile::tempdir().unwrap();
            let program = program(dir.path(), &format!("exit {code}"));
            let (report, _) = sent(&program, &Mail { dsn, ..mail() });
            report.error.unwrap().to_string()
        };
        for code in [64, 100] {
            assert!(told(code, true).contains("reports of delivery"));
            assert!(!told(code, false).contains("reports of delivery"));
        }
        assert!(!told(67, true).contains("reports of delivery"));
    }

    #[test]
    fn what_it_says_is_shown_clean_and_bounded() {
        let script = "printf 'x\\n\\033[31mno such user\\n\\n' >&2; exit 67";
        let (_, said) = outcome(script);
        assert!(
            said.contains("no such user") && said.contains("exit code 67"),
            "{said}"
        );
        assert!(!said.contains('\x1b'));
        let flood =
            "i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; exit 71";
        let (got, said) = outcome(flood);
        assert_eq!(got, Outcome::TryLater);
        assert!(said.len() < 300, "{said}");
    }

    #[test]
    fn a_program_that_hangs_leaves_doubt_and_one_that_is_not_there_none() {
        let dir = tempfile::tempdir().unwrap();
        let mut program = program(dir.path(), "sleep 1000 & wait");
        program.patience = Duration::from_millis(300);
        let (report, _) = sent(&program, &mail());
        assert_eq!(report.recipients[0].outcome, Outcome::Unknown);

        let none = Program::new(&["no-such-program-here".to_owned()]);
        let (report, stages) = sent(&none, &mail());
        assert_eq!(report.recipients[0].outcome, Outcome::Refused);
        assert!(stages.is_empty(), "nothing was begun");
    }

    #[test]
    fn a_stage_that_can_not_be_written_down_does_not_happen() {
        for at in [Stage::Envelope, Stage::Data, Stage::Dot] {
            let dir = tempfile::tempdir().unwrap();
            let program = program(dir.path(), "touch ran");
            let report = program.send(&mail(), &mut |stage, _| match stage == at {
                true => Err("disk full"),
                false => Ok(()),
            });
            assert_eq!(report.recipients[0].outcome, Outcome::TryLater);
            assert!(!dir.path().join("ran").exists());
        }
    }
}
