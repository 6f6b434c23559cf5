//! Access tokens that run out (RFC 7628 §3.2.3): the command that gives them is asked once more, and the
//! sign-in is tried once more, at IMAP and at submission alike. And whatever a sign-in comes to, what
//! it was made with stands nowhere afterwards: not on the screen, in no file, in no argument.

use crate::program::Home;
use crate::pty::Terminal;
use crate::script::{Script, deed};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portable_pty::CommandBuilder;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const USER: &str = "ada";
const MECHANISMS: [(&str, &str); 2] = [("xoauth2", "XOAUTH2"), ("oauthbearer", "OAUTHBEARER")];

/// What a submission server was told, line by line.
pub type Told = Arc<Mutex<Vec<String>>>;

/// A submission server that takes only sign-ins with `good` in them; it refuses others with its
/// reasons first, and says them back.
pub fn submission(good: &'static str) -> (u16, Told) {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    let told = Told::default();
    let shared = Arc::clone(&told);
    std::thread::spawn(move || {
        for socket in door.incoming().flatten() {
            let told = Arc::clone(&shared);
            std::thread::spawn(move || submit(socket, good, &told));
        }
    });
    (port, told)
}

fn submit(socket: TcpStream, good: &str, told: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(socket.try_clone().ok()?);
    let mut socket = socket;
    let mut say = |line: &str| socket.write_all(format!("{line}\r\n").as_bytes()).ok();
    let mut hear = || {
        let mut line = String::new();
        let read = lines.read_line(&mut line).ok().filter(|n| *n > 0);
        told.lock().unwrap().push(line.trim_end().to_owned());
        read.map(|_| line.trim_end().to_owned())
    };
    say("220 mx.example ESMTP")?;
    loop {
        let line = hear()?;
        match line.get(..4).unwrap_or("").to_ascii_uppercase().as_str() {
            "EHLO" => say("250-mx.example\r\n250 AUTH PLAIN XOAUTH2 OAUTHBEARER")?,
            "AUTH" => {
                let word = line.split(' ').nth(2).unwrap_or("");
                let said = String::from_utf8(STANDARD.decode(word).ok()?).ok()?;
                if said.contains(good) {
                    say("235 2.7.0 in")?;
                    continue;
                }
                if !line.contains("PLAIN") {
                    say("334 eyJzdGF0dXMiOiI0MDEifQ==")?;
                    hear()?;
                }
                say(&format!("535 5.7.8 not with {word} or {said:?}"))?;
            }
            "DATA" => {
                say("354 go on")?;
                while hear()? != "." {}
                say("250 2.0.0 taken")?;
            }
            "QUIT" => return say("221 2.0.0 bye"),
            _ => say("250 2.0.0 fine")?,
        }
    }
}

/// What a client says to sign in, encoded.
pub fn word(mechanism: &str, token: &str, port: u16) -> String {
    STANDARD.encode(match mechanism {
        "XOAUTH2" => format!("user={USER}\x01auth=Bearer {token}\x01\x01"),
        "OAUTHBEARER" => {
            format!("n,a={USER},\x01host=127.0.0.1\x01port={port}\x01auth=Bearer {token}\x01\x01")
        }
        _ => format!("\0{USER}\0{token}"),
    })
}

/// Refuses this sign-in, with the reasons first where it is by token, and says it back.
pub fn refuse(server: &Script, mechanism: &'static str, token: &'static str) {
    let word = word(mechanism, token, server.port);
    let command = format!("AUTHENTICATE {mechanism} {word}");
    let act = deed(move |wire, tag| {
        if mechanism != "PLAIN" {
            wire.say("+ eyJzdGF0dXMiOiI0MDEifQ==\n");
            wire.hear();
        }
        wire.say(&format!(
            "{tag} NO [AUTHENTICATIONFAILED] not with {word} or {token}\n"
        ));
    });
    server.always(&command, act);
}

/// A command that gives the first secret the first time, and the second from then on.
struct Giver {
    folder: tempfile::TempDir,
}

impl Giver {
    fn new(first: &str, then: &str) -> Giver {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("first", first), ("then", then), ("asked", "")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let script = "cd \"$(dirname \"$0\")\"; if [ -s asked ]; then cat then; else cat first; fi; printf x >> asked\n";
        fs::write(folder.path().join("give.sh"), script).unwrap();
        Giver { folder }
    }

    fn argument(&self) -> PathBuf {
        self.folder.path().join("give.sh")
    }

    /// How often it was asked since the last time.
    fn asked(&self) -> usize {
        let file = self.folder.path().join("asked");
        let times = fs::read(&file).unwrap().len();
        fs::write(file, "").unwrap();
        times
    }
}

fn server(mechanism: &str) -> Script {
    Script::start(|mail| {
        mail.greeting = format!("IMAP4rev1 AUTH={mechanism} SASL-IR");
        mail.make("Sent", "\\Sent");
        mail.add("INBOX", "in1");
    })
}

fn account(server: &Script, smtp: u16, auth: &str, giver: &Giver) -> String {
    let command = format!("[\"sh\", \"{}\"]", giver.argument().display());
    let table = server.account_with("work", smtp);
    let table = table.replace("[\"echo\", \"secret\"]", &command);
    format!("{table}auth = \"{auth}\"\n[ui]\nundo-send = 0\n")
}

/// A letter to send.
pub const LETTER: &[u8] = b"From: work@example.test\r\nTo: bo@example.test\r\nSubject: Tea\r\nMessage-ID: <tea@example.test>\r\n\r\nText.\r\n";

#[test]
fn f55_a_token_that_ran_out_is_asked_for_once_more_and_tried_once_more() {
    for (auth, mechanism) in MECHANISMS {
        let server = server(mechanism);
        refuse(&server, mechanism, "stale");
        let (port, told) = submission("Bearer fresh");
        let giver = Giver::new("stale\n", "fresh\n");
        let home = Home::new(&account(&server, port, auth, &giver));
        home.sync();
        assert_eq!(home.subjects("INBOX"), ["in1"]);
        assert_eq!((giver.asked(), server.said("AUTHENTICATE").len()), (2, 2));

        let sent = home.feed(&["send", "--wait"], LETTER);
        assert_eq!(sent.code, 0, "{}", sent.err);
        let tries = |told: &Told| {
            let told = told.lock().unwrap();
            told.iter().filter(|l| l.starts_with("AUTH ")).count()
        };
        assert_eq!(tries(&told), 2, "{told:?}");
        let told = told.lock().unwrap().clone();
        let taken = told
            .iter()
            .filter(|l| l.starts_with("Message-ID: "))
            .count();
        assert_eq!(taken, 1, "{told:?}");
    }
}

#[test]
fn f55_a_token_that_is_refused_twice_or_stays_the_same_is_not_tried_without_end() {
    for (auth, mechanism) in MECHANISMS {
        for (then, tries) in [("staler", 2), ("stale", 1)] {
            let server = server(mechanism);
            refuse(&server, mechanism, "stale");
            refuse(&server, mechanism, "staler");
            let (port, told) = submission("Bearer fresh");
            let giver = Giver::new("stale", then);
            let home = Home::new(&account(&server, port, auth, &giver));
            home.run(&["sync", "--once"]).code(77);
            let said = server.said("AUTHENTICATE").len();
            assert_eq!((giver.asked(), said), (2, tries), "{then}");
            // What can't be sent now waits for the user; there is one try for it, too.
            let sent = home.feed(&["send", "--wait"], LETTER);
            assert_ne!(sent.code, 0, "{}", sent.err);
            let told = told.lock().unwrap().clone();
            let tried = told.iter().filter(|l| l.starts_with("AUTH ")).count();
            assert_eq!(tried, tries, "{told:?}");
            assert!(!told.iter().any(|l| l.starts_with("MAIL")), "{told:?}");
        }
    }
}

/// What must be nowhere, spelled in every way in which it could be.
fn spellings(secret: &str, words: &[String]) -> Vec<Vec<u8>> {
    let wide = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let percent: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    let coded = [
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        percent,
    ];
    let coded = coded.iter().chain(words).map(|w| w.trim_end_matches('='));
    let mut all: Vec<Vec<u8>> = coded.map(|w| w.as_bytes().to_vec()).collect();
    all.extend([secret.as_bytes().to_vec(), wide]);
    all
}

fn holds(bytes: &[u8], needles: &[Vec<u8>]) -> bool {
    let found = |needle: &Vec<u8>| bytes.windows(needle.len()).any(|w| w == &needle[..]);
    needles.iter().any(found)
}

/// Every file below a folder.
pub fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, into),
            false => into.push(path),
        }
    }
}

/// Arguments and environment of every process that is us or was started by us.
fn processes(root: u32) -> Vec<u8> {
    let mut all = Vec::new();
    let mut ours = vec![root];
    while let Some(pid) = ours.pop() {
        for file in ["cmdline", "environ"] {
            all.extend(fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default());
        }
        let children = format!("/proc/{pid}/task/{pid}/children");
        let children = fs::read_to_string(children).unwrap_or_default();
        ours.extend(
            children
                .split_whitespace()
                .filter_map(|c| c.parse::<u32>().ok()),
        );
    }
    all
}

#[test]
fn s45_no_secret_is_anywhere_after_sign_ins_that_failed() {
    const SECRET: &str = "CANARY-7f3=tok";
    for (auth, mechanism) in [("password", "PLAIN"), MECHANISMS[0], MECHANISMS[1]] {
        let server = server(mechanism);
        refuse(&server, mechanism, SECRET);
        let (port, told) = submission("Bearer nobody");
        let giver = Giver::new(SECRET, SECRET);
        let home = Home::new(&account(&server, port, auth, &giver));
        let words = [server.port, port].map(|port| word(mechanism, SECRET, port));
        let needles = spellings(SECRET, &words);
        let clean = |what: &str, bytes: &[u8]| {
            assert!(
                !holds(bytes, &needles),
                "{auth}: {what}: {}",
                String::from_utf8_lossy(bytes)
            );
        };
        let calls: [&[&str]; 5] = [
            &["sync", "--once"],
            &["sync", "--once", "--json"],
            &["doctor"],
            &["doctor", "--json"],
            &["send", "--wait"],
        ];
        for args in calls {
            let mut command = home.command(args);
            command
                .env("POSTRIDER_LOG", "trace")
                .stdin(std::process::Stdio::piped());
            let mut child = command.spawn().unwrap();
            clean("arguments", &processes(child.id()));
            let _ = child.stdin.take().unwrap().write_all(LETTER);
            let done = child.wait_with_output().unwrap();
            assert!(!done.status.success(), "{args:?}: {done:?}");
            clean(&format!("{args:?}"), &done.stdout);
            clean(&format!("{args:?}"), &done.stderr);
        }
        // The needles are what goes over the wire: the test can fail.
        let heard: Vec<String> = server.said("AUTHENTICATE");
        assert!(heard.iter().all(|said| holds(said.as_bytes(), &needles)));
        let heard = told.lock().unwrap().join("\n");
        assert!(holds(heard.as_bytes(), &needles), "{heard}");

        server.forget();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
        command.env("POSTRIDER_HOME", &home.path);
        command.env("POSTRIDER_LOG", "trace");
        let mut screen = Terminal::start(command, 110, 32);
        screen.wait_for(match auth {
            "password" => "the password is wrong",
            _ => "the access token has",
        });
        clean("the screen's arguments", &processes(screen.pid()));
        clean("the screen", &screen.raw());
        screen.kill();
        clean("the screen", &screen.raw());

        let mut left = Vec::new();
        files(&home.path, &mut left);
        let names: Vec<String> = left.iter().map(|p| p.display().to_string()).collect();
        for wanted in ["cache.db", "local.db", "postrider.log"] {
            assert!(names.iter().any(|n| n.ends_with(wanted)), "{names:?}");
        }
        for file in left.iter().filter(|f| !f.ends_with("config.toml")) {
            clean(
                &file.display().to_string(),
                &fs::read(file).unwrap_or_default(),
            );
        }
    }
}
