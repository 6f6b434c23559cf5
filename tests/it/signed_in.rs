//! The whole road of accounts that are signed in to in a browser: the command, syncing and sending by
//! token, tokens that run out in the middle, sign-ins that are taken back, ends in the middle of a
//! refresh; on the screen, too. Tokens are kept in a folder of the test's, which only a program built
//! for tests does.

use crate::kill::is_built_for_it;
use crate::program::{Home, Ran, eventually};
use crate::provider::{Fault, Provider, visit};
use crate::pty::Terminal;
use crate::script::Script;
use crate::tokens::{LETTER, Told, files, refuse, submission, word};
use portable_pty::CommandBuilder;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

struct Bench {
    provider: Provider,
    server: Script,
    told: Told,
    home: Home,
    kept: tempfile::TempDir,
}

impl Bench {
    /// An account whose submission server takes only this token.
    fn new(good: &'static str) -> Bench {
        let provider = Provider::start();
        let server = Script::start(|mail| {
            mail.greeting = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR".to_owned();
            mail.make("Sent", "\\Sent");
            mail.add("INBOX", "in1");
        });
        let (port, told) = submission(good);
        let table = server.account_with("work", port);
        let table = table.replace(
            "password-command = [\"echo\", \"secret\"]\n",
            &provider.lines(),
        );
        let home = Home::new(&format!("{table}[ui]\nundo-send = 0\n"));
        Bench {
            provider,
            server,
            told,
            home,
            kept: tempfile::tempdir().unwrap(),
        }
    }

    /// One that is signed in to.
    fn signed_in(good: &'static str) -> Bench {
        let bench = Bench::new(good);
        bench.provider.grant("CANARY-first");
        bench.keep("CANARY-first");
        bench
    }

    fn keep(&self, refresh: &str) {
        fs::write(self.kept.path().join("work-RefreshToken"), refresh).unwrap();
    }

    fn kept(&self) -> Option<String> {
        fs::read_to_string(self.kept.path().join("work-RefreshToken")).ok()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command
            .env("POSTRIDER_TOKENS", self.kept.path())
            .env("POSTRIDER_LOG", "trace")
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn send(&self) -> i32 {
        let mut command = self.command(&["send", "--wait"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        use std::io::Write as _;
        child.stdin.take().unwrap().write_all(LETTER).unwrap();
        child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The mechanisms and words with which somebody signed in, in order.
    fn sign_ins(&self) -> Vec<String> {
        assert_eq!(self.server.said("LOGIN"), [""; 0], "a password was tried");
        self.server.said("AUTHENTICATE")
    }

    fn screen(&self) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
        command.env("POSTRIDER_HOME", &self.home.path);
        command.env("POSTRIDER_TOKENS", self.kept.path());
        command.env_remove("DISPLAY");
        command.env_remove("WAYLAND_DISPLAY");
        Terminal::start(command, 100, 36)
    }

    /// Nothing that a provider gave stands anywhere below the home.
    fn is_clean(&self) {
        let mut left = Vec::new();
        files(&self.home.path, &mut left);
        assert!(
            left.iter().any(|f| f.ends_with("postrider.log")),
            "{left:?}"
        );
        for file in left {
            let bytes = fs::read(&file).unwrap_or_default();
            for secret in ["CANARY-", "refresh-1", "access-1", "access-2", "code-1"] {
                let there = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
                assert!(!there, "{secret} is in {}", file.display());
            }
        }
    }
}

fn says(server: &Script, token: &str) -> String {
    format!(
        "AUTHENTICATE XOAUTH2 {}",
        word("XOAUTH2", token, server.port)
    )
}

#[test]
fn an_account_is_signed_in_to_by_a_command_and_then_works() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::new("Bearer access-3");
    // Not signed in: told, and nobody is asked anything.
    let told = bench.run(&["sync", "--once"]).code(77);
    assert!(told.err.contains("not signed in yet"), "{}", told.err);
    assert!(
        told.err.contains("postrider account sign-in work"),
        "{}",
        told.err
    );
    assert_eq!((bench.server.dialled(), bench.provider.asked()), (0, 0));

    let mut child = bench
        .command(&["account", "sign-in", "work", "--browser", "--json"])
        .spawn()
        .unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut url = String::new();
    while !url.starts_with("https://") {
        url.clear();
        assert!(err.read_line(&mut url).unwrap() > 0, "no address");
    }
    assert!(
        visit(&bench.provider.agree(url.trim()))
            .unwrap()
            .contains("go back")
    );
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(String::from_utf8_lossy(&done.stdout).contains("\"signed_in\":\"work\""));
    assert_eq!(bench.kept().as_deref(), Some("refresh-2"));
    // What the page gave was tried at the server.
    assert_eq!(bench.sign_ins(), [says(&bench.server, "access-2")]);
    bench.server.forget();

    let done = bench.send();
    assert_eq!(done, 0, "{:?}", bench.told);
    assert_eq!(bench.provider.asked(), 2);
    bench.is_clean();
}

#[test]
fn a_device_code_signs_in_where_there_is_no_display() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::new("");
    bench.provider.state().device.lasts = 600;
    bench
        .provider
        .state()
        .device
        .errors
        .push_back("authorization_pending");
    let told = bench.run(&["account", "sign-in", "work"]).code(0);
    assert!(
        told.err.contains("WDJB-MJHT") && told.err.contains("█"),
        "{}",
        told.err
    );
    assert!(
        told.err.contains("https://id.example.test/device"),
        "{}",
        told.err
    );
    assert!(!told.err.contains('\u{1b}'), "{}", told.err);
    assert!(told.text().contains("Signed in to work."));
    assert_eq!(bench.kept().as_deref(), Some("refresh-1"));
    bench.is_clean();
    // Refused there: nothing changes here.
    bench
        .provider
        .state()
        .device
        .errors
        .push_back("access_denied");
    let told = bench
        .run(&["account", "sign-in", "work", "--device"])
        .code(77);
    assert!(told.err.contains("refused in the browser"), "{}", told.err);
    assert_eq!(bench.kept().as_deref(), Some("refresh-1"));
}

#[test]
fn a_client_secret_that_was_mistyped_is_asked_for_again() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::new("");
    let config = bench.home.path.join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let with = "client-secret = \"keyring\", client-id";
    fs::write(&config, text.replace("client-id", with)).unwrap();
    {
        let mut state = bench.provider.state();
        state.device.lasts = 600;
        state.secret = Some("CANARY-right".to_owned());
    }
    let begin = || {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
        command.args(["account", "sign-in", "work", "--device"]);
        command.env("POSTRIDER_HOME", &bench.home.path);
        command.env("POSTRIDER_TOKENS", bench.kept.path());
        Terminal::start(command, 100, 36)
    };
    for (asked, typed, code) in [
        ("Client secret:", "CANARY-wrong", 77),
        ("Client secret:", "CANARY-right", 0),
        ("Client secret (empty: the one that is kept):", "", 0),
        (
            "Client secret (empty: the one that is kept):",
            "CANARY-other",
            77,
        ),
        ("Client secret (empty: the one that is kept):", "", 0),
    ] {
        let mut terminal = begin();
        terminal.wait_for(asked);
        terminal.send(&format!("{typed}\r"));
        assert_eq!(terminal.wait_exit(), code, "{typed}: {}", terminal.screen());
        let sent = bench.provider.state().asked.clone();
        let sent = sent.iter().rev().find(|(path, _)| path == "/token");
        let said = if typed.is_empty() {
            "CANARY-right"
        } else {
            typed
        };
        assert_eq!(sent.unwrap().1["client_secret"], said);
    }
    bench.is_clean();
}

#[test]
fn f55_a_token_that_runs_out_in_the_middle_is_renewed_once_for_all() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::signed_in("Bearer access-2");
    bench.provider.state().rotates = true;
    let mut command = bench.command(&["sync", "--watch"]);
    command.env("POSTRIDER_HURRY", "20");
    let mut child = command.spawn().unwrap();
    // Worker and watcher, and perhaps more.
    let first = says(&bench.server, "access-1");
    eventually("two connections", || bench.server.said(&first).len() >= 2);
    assert_eq!(bench.provider.asked(), 1);
    // Now the server has enough of it, on every connection.
    refuse(&bench.server, "XOAUTH2", "access-1");
    bench.server.hang_up();
    let second = says(&bench.server, "access-2");
    eventually("two connections with another token", || {
        bench.server.said(&second).len() >= 2
    });
    assert_eq!(bench.provider.asked(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(bench.kept().as_deref(), Some("refresh-2"));
    bench.sign_ins();
    bench.is_clean();
}

#[test]
fn f55_a_dead_sign_in_stops_the_account_until_the_user_acts() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::signed_in("Bearer access-2");
    bench.provider.revoke();
    // What is sent stays in the outbox.
    assert_ne!(bench.send(), 0);
    assert!(bench.told.lock().unwrap().is_empty());
    let asked = bench.provider.asked();
    assert!((1..=2).contains(&asked), "{asked}");
    assert_eq!(bench.server.dialled(), 0);

    bench.provider.state().device.lasts = 600;
    let mut screen = bench.screen();
    screen.wait_for("signed out");
    screen.send("gc");
    screen.wait_for("signs in anew");
    assert_eq!(bench.server.dialled(), 0);
    screen.send("gl");
    screen.wait_for("WDJB-MJHT");
    // That it was done is said only until there is other news.
    screen.wait_for("connected since");
    // Its own try, then the worker; and what waited goes out.
    eventually("the letter is sent", || {
        let told = bench.told.lock().unwrap();
        told.iter().any(|l| l.starts_with("Message-ID: "))
    });
    screen.kill();
    bench.is_clean();
}

#[test]
fn a_sign_in_on_the_screen_can_be_left_and_begun_another_way() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::new("");
    bench.provider.state().device.lasts = 600;
    let pending = ["authorization_pending"; 100];
    bench.provider.state().device.errors.extend(pending);
    let mut screen = bench.screen();
    screen.wait_for("not signed in yet");
    screen.send(":sign-in nobody\r");
    screen.wait_for("No account is called");
    screen.send(":sign-in work\r");
    screen.wait_for("WDJB-MJHT");
    screen.send("b");
    screen.wait_for("Open this address in a browser");
    screen.send("\x1b");
    screen.wait_gone("Open this address in a browser");
    assert_eq!(bench.kept(), None);
    bench.provider.fails(&[Fault::Status(500)]);
    screen.send(":sign-in\r");
    screen.wait_for("can't answer now");
    screen.send("q");
    screen.wait_gone("can't answer now");
    screen.kill();
}

/// `doctor`, which asks for a token before anything else; ended at that step.
fn killed(bench: &Bench, step: &str) {
    let mut command = bench.command(&["doctor"]);
    let done = command.env("POSTRIDER_STEP", step).output().unwrap();
    assert_eq!(done.status.code(), None, "{step}: {done:?}");
}

#[test]
fn an_end_between_a_refresh_and_its_keeping_is_survived() {
    if !is_built_for_it() {
        return;
    }
    // At which step is it?
    let bench = Bench::signed_in("");
    bench.provider.state().rotates = true;
    let steps = bench.kept.path().join("steps");
    let mut command = bench.command(&["doctor"]);
    command.env("POSTRIDER_STEPS", &steps).output().unwrap();
    let names = fs::read_to_string(&steps).unwrap();
    let at = names.lines().position(|n| n == "keep a token").unwrap() + 1;
    let asks = names.lines().position(|n| n == "refresh").unwrap() + 1;

    // Before anything was asked, and after the new one was kept: nothing is lost.
    for (step, kept) in [
        (format!("{asks}"), "CANARY-first"),
        (format!("{at}:after"), "refresh-1"),
    ] {
        let bench = Bench::signed_in("");
        bench.provider.state().rotates = true;
        killed(&bench, &step);
        assert_eq!(bench.kept().as_deref(), Some(kept), "{step}");
        bench.run(&["sync", "--once"]).code(0);
        bench.is_clean();
    }
    // In between only the provider knows the new one. Most take the old one for a while.
    for grace in [true, false] {
        let bench = Bench::signed_in("");
        bench.provider.state().rotates = true;
        killed(&bench, &at.to_string());
        assert_eq!(bench.kept().as_deref(), Some("CANARY-first"));
        if grace {
            bench.provider.grant("CANARY-first");
            bench.run(&["sync", "--once"]).code(0);
            assert_eq!(bench.kept().as_deref(), Some("refresh-2"));
        } else {
            let told = bench.run(&["sync", "--once"]).code(77);
            assert!(told.err.contains("signed out"), "{}", told.err);
            assert_eq!(bench.server.dialled(), 0);
        }
        bench.is_clean();
    }
}

#[test]
fn s09_a_server_that_offers_only_passwords_gets_none() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::signed_in("");
    bench
        .server
        .mail(|mail| mail.greeting = "IMAP4rev1 AUTH=PLAIN AUTH=LOGIN".to_owned());
    let told = bench.run(&["sync", "--once"]).code(77);
    assert!(
        told.err.contains("not by XOAUTH2 or OAUTHBEARER"),
        "{}",
        told.err
    );
    assert_eq!(bench.server.said("AUTHENTICATE"), [""; 0]);
    assert_eq!(bench.server.said("LOGIN"), [""; 0]);
    // Where there is only the other mechanism that one is used.
    bench
        .server
        .mail(|mail| mail.greeting = "IMAP4rev1 AUTH=PLAIN AUTH=OAUTHBEARER SASL-IR".to_owned());
    bench.run(&["sync", "--once"]).code(0);
    assert!(bench.server.said("AUTHENTICATE OAUTHBEARER").len() == 1);
}

#[test]
fn a_provider_that_is_away_is_waited_for() {
    if !is_built_for_it() {
        return;
    }
    let bench = Bench::signed_in("");
    bench.provider.fails(&[Fault::Status(503), Fault::Cut]);
    let mut command = bench.command(&["sync", "--watch"]);
    command.env("POSTRIDER_HURRY", "20").stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    eventually("a connection", || !bench.sign_ins().is_empty());
    assert_eq!(bench.provider.asked(), 3);
    child.kill().unwrap();
    let mut said = String::new();
    let _ = child.stderr.take().unwrap().read_to_string(&mut said);
    child.wait().unwrap();
    assert!(!said.contains("signed out"), "{said}");
    bench.is_clean();
}
