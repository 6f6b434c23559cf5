//! Trying and keeping accounts, against the demo's server and against servers that go wrong.

use super::{attempt, keep, name_for};
use crate::config::Paths;
use crate::demo::{Demo, Options};
use crate::model::setup::{
    Attempt, Cancel, Check, Glimpse, Mend, Proposal, SignIn, Source, State, Step, Tried,
};
use crate::model::{Account, AccountName, Endpoint, Secret, SecretSource, Security};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// What was told: the last state of each step, the newest messages, and the end.
#[derive(Default)]
struct Told {
    last: BTreeMap<Step, State>,
    newest: Option<Vec<Glimpse>>,
    done: Option<Option<Account>>,
}

impl Told {
    fn failed(&self, step: Step) -> (String, Mend) {
        match &self.last[&step] {
            State::Failed {
                what,
                why,
                todo,
                mend,
            } => (format!("{what}; {why}; {todo}"), *mend),
            other => panic!("{step:?}: {other:?}"),
        }
    }

    fn worked(&self, step: Step) -> &str {
        match &self.last[&step] {
            State::Worked(found) => found,
            other => panic!("{step:?}: {other:?}"),
        }
    }

    fn skipped(&self, step: Step) -> bool {
        self.last[&step] == State::Skipped
    }
}

fn hear(wanted: &Attempt) -> Told {
    let mut told = Told::default();
    attempt(wanted, &Cancel::default(), &mut |event| {
        assert!(told.done.is_none(), "{event:?} after the end");
        match event {
            Tried::Check(Check { step, state }) => {
                told.last.insert(step, state);
            }
            Tried::Newest(newest) => told.newest = Some(newest),
            Tried::Done(account) => told.done = Some(account.map(|a| *a)),
        }
    });
    assert_eq!(told.last.len(), Step::ALL.len());
    told
}

/// The demo's first account as somebody would type it.
fn wanted(demo: &Demo) -> Attempt {
    let mut account = demo.accounts().remove(0);
    let SecretSource::Memory(secret) = account.secret.clone() else {
        panic!("the demo's passwords are in memory");
    };
    account.secret = SecretSource::Keyring;
    account.name = AccountName(String::new());
    Attempt {
        imap: vec![account.imap.clone()],
        smtp: vec![account.smtp.clone()],
        account,
        secret: secret.0,
    }
}

/// A port where nothing listens.
fn closed() -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    Endpoint {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        security: Security::None,
        pin_sha256: None,
    }
}

#[test]
fn what_works_is_told_step_by_step_with_the_newest_messages() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    // What nobody answers at is passed over.
    wanted.imap.insert(0, closed());
    wanted.smtp.insert(0, closed());
    let told = hear(&wanted);
    for step in Step::ALL {
        assert!(!told.worked(step).is_empty(), "{step:?}");
    }
    assert!(told.worked(Step::Mailboxes).contains("mailboxes"));
    let newest = told.newest.unwrap();
    assert_eq!(newest.len(), 5);
    assert!(
        newest
            .iter()
            .all(|g| !g.from.is_empty() && !g.subject.is_empty() && g.when > 0)
    );
    let account = told.done.unwrap().unwrap();
    assert_eq!(account.imap, demo.accounts()[0].imap);
    assert_eq!(account.smtp, demo.accounts()[0].smtp);
}

#[test]
fn f53_a_wrong_password_is_said_once_and_what_follows_is_not_tried() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    wanted.secret = Secret::new("wrong".into());
    wanted.imap.push(wanted.imap[0].clone());
    let told = hear(&wanted);
    let (words, mend) = told.failed(Step::ImapSignIn);
    assert!(
        words.contains("password is wrong") && !words.contains("wrong;wrong"),
        "{words}"
    );
    assert_eq!(mend, Mend::SignIn);
    for step in [
        Step::Mailboxes,
        Step::Newest,
        Step::SmtpName,
        Step::SmtpTls,
        Step::SmtpSignIn,
    ] {
        assert!(told.skipped(step), "{step:?}");
    }
    assert_eq!(told.done, Some(None));
}

#[test]
fn f53_a_wrong_password_is_told_whatever_another_server_showed_before() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    wanted.secret = Secret::new("wrong".into());
    // The demo speaks no TLS.
    let mut bad = wanted.imap[0].clone();
    bad.security = Security::Tls;
    wanted.imap.insert(0, bad);
    let (words, mend) = hear(&wanted).failed(Step::ImapSignIn);
    assert!(words.contains("password is wrong"), "{words}");
    assert_eq!(mend, Mend::SignIn);
}

#[test]
fn f21_servers_that_are_not_there_are_told_with_what_to_do() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut nobody = wanted(&demo);
    nobody.smtp = vec![closed()];
    let told = hear(&nobody);
    let (words, mend) = told.failed(Step::SmtpTls);
    assert!(
        words.contains("nothing listens at") && words.contains("465"),
        "{words}"
    );
    assert_eq!(mend, Mend::Server);
    assert!(told.skipped(Step::SmtpSignIn));
    assert_eq!(told.newest.map(|n| n.len()), Some(5));
    assert_eq!(told.done, Some(None));
    // A name that is none; of several tries the one is told that came furthest.
    let mut nowhere = wanted(&demo);
    nowhere.imap = vec![Endpoint {
        host: "no such name".into(),
        ..closed()
    }];
    let told = hear(&nowhere);
    let (words, mend) = told.failed(Step::ImapName);
    assert!(
        words.contains("can't be found") && !words.contains("config.toml"),
        "{words}"
    );
    assert_eq!(mend, Mend::Server);
    nowhere.imap.push(closed());
    let told = hear(&nowhere);
    assert!(told.failed(Step::ImapTls).0.contains("nothing listens"));
    assert_eq!(told.worked(Step::ImapName), "127.0.0.1");
    // And none at all.
    nowhere.imap.clear();
    nowhere.account.imap.host.clear();
    assert!(
        hear(&nowhere)
            .failed(Step::ImapName)
            .0
            .contains("no server is named")
    );
}

#[test]
fn s06_no_password_goes_where_the_certificate_is_not_right() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    // The demo speaks no TLS: a page, a proxy, or the wrong port looks the same.
    wanted.imap[0].security = Security::Tls;
    let told = hear(&wanted);
    let (words, mend) = told.failed(Step::ImapTls);
    assert!(words.contains("security"), "{words}");
    assert_eq!(mend, Mend::Server);
    assert!(told.skipped(Step::ImapSignIn));
    assert_eq!(told.done, Some(None));
}

#[test]
fn what_was_cancelled_says_nothing_more() {
    let demo = Demo::start(Options::default()).unwrap();
    let cancel = Cancel::default();
    let mut events = 0;
    attempt(&wanted(&demo), &cancel, &mut |event| {
        assert!(!matches!(event, Tried::Done(_)));
        events += 1;
        cancel.cancel();
    });
    assert_eq!(events, 1);
}

fn works() -> Account {
    let at = |port| Endpoint {
        host: "mail.example.test".into(),
        port,
        security: Security::Tls,
        pin_sha256: None,
    };
    let found = Proposal {
        provider: None,
        source: Source::Srv,
        imap: vec![at(993)],
        smtp: vec![at(465)],
        user: "me".into(),
        sign_in: vec![SignIn::Password],
        outside: Vec::new(),
        meant: None,
        notes: Vec::new(),
    };
    let secret = Secret::new("hunter2".into());
    found.attempt("me@example.test", "", secret).account
}

#[test]
fn an_account_is_kept_with_a_name_of_its_own_and_a_secret_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    let config = paths.config.clone();
    let secret = Secret::new("hunter2".into());
    let kept = |account: &Account| {
        keep(&paths, account, &secret, &|a, _| {
            assert!(!a.name.0.is_empty());
            Ok((
                SecretSource::Prompt,
                Some("it will be asked for".to_owned()),
            ))
        })
    };
    let first = kept(&works()).unwrap();
    assert_eq!(first.account.name.as_str(), "example");
    assert_eq!(first.account.secret, SecretSource::Prompt);
    assert_eq!(first.notes, ["it will be asked for"]);
    let second = kept(&works()).unwrap();
    assert_eq!(second.account.name.as_str(), "example-me");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(!text.contains("hunter2"));
    assert_eq!(text.matches("[[account]]").count(), 2);
    // A command gives the secret itself, and is not asked where to keep it.
    let mut by_command = works();
    by_command.secret = SecretSource::Command(vec!["true".into()]);
    let third = keep(&paths, &by_command, &secret, &|_, _| panic!("asked")).unwrap();
    assert_eq!(third.account.name.as_str(), "example-2");
}

#[test]
fn two_accounts_that_are_kept_at_once_have_a_secret_each() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    let (sender, stored) = std::sync::mpsc::channel();
    let (began, begun) = std::sync::mpsc::channel();
    let (paths_here, sender_here) = (paths.clone(), sender.clone());
    let other = std::thread::spawn(move || {
        begun.recv().unwrap();
        keep(&paths_here, &works(), &Secret::new("2".into()), &|a, _| {
            sender_here.send(a.name.clone()).unwrap();
            Ok((SecretSource::Prompt, None))
        })
    });
    let mut names = Vec::new();
    let met = std::cell::Cell::new(None);
    let first = keep(&paths, &works(), &Secret::new("1".into()), &|_, _| {
        began.send(()).unwrap();
        // The other has the time to get here, if it may.
        met.set(stored.recv_timeout(Duration::from_millis(500)).ok());
        Ok((SecretSource::Prompt, None))
    });
    names.extend(met.into_inner());
    names.push(first.unwrap().account.name);
    names.push(other.join().unwrap().unwrap().account.name);
    let names: Vec<&str> = names.iter().map(AccountName::as_str).collect();
    assert_eq!(names, ["example", "example-me"]);
}

#[test]
fn the_bounds_of_a_provider_hold_for_an_account_that_is_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    let config = paths.config.clone();
    let mut account = works();
    account.imap.host = "imap.gmail.com".to_owned();
    let stored = |_: &Account, _: &Secret| Ok((SecretSource::Prompt, None));
    let secret = Secret::new("hunter2".into());
    let kept = keep(&paths, &account, &secret, &stored).unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(!text.contains("daily-budget"), "{text}");
    let read = crate::config::load::load(&config).unwrap().config.accounts;
    assert_eq!(read, [kept.account]);
    assert_eq!(read[0].sync.budget, Some(11 * (1 << 30) / 5));
}

#[test]
fn what_can_not_be_kept_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::locate(Some(folder.path())).unwrap();
    let config = paths.config.clone();
    let secret = Secret::new("hunter2".into());
    let refused = keep(&paths, &works(), &secret, &|_, _| Err("locked".to_owned()));
    assert_eq!(refused, Err("locked".to_owned()));
    assert!(!config.exists());
    // A configuration with a mistake is told and not touched.
    std::fs::write(&config, "[[account]]\nnaem = \"x\"\n").unwrap();
    let before = std::fs::read_to_string(&config).unwrap();
    let stored = |_: &Account, _: &Secret| Ok((SecretSource::Prompt, None));
    assert!(keep(&paths, &works(), &secret, &stored).is_err());
    assert_eq!(std::fs::read_to_string(&config).unwrap(), before);
}

#[test]
fn names_are_made_of_the_address() {
    let taken = |names: &[&str]| -> Vec<AccountName> {
        names.iter().map(|n| AccountName((*n).to_owned())).collect()
    };
    assert_eq!(name_for("me@gmail.com", &[]).as_str(), "gmail");
    assert_eq!(
        name_for("Ann.Lee@gmail.com", &taken(&["gmail"])).as_str(),
        "gmail-annlee"
    );
    assert_eq!(
        name_for("me@x.test", &taken(&["x", "x-me"])).as_str(),
        "x-2"
    );
    assert_eq!(name_for("\u{202e}@\u{7}.test", &[]).as_str(), "mail");
    let long = format!("me@{}.test", "a".repeat(60));
    assert_eq!(name_for(&long, &[]).as_str().len(), 24);
}

#[test]
fn an_organisations_providers_are_read_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let own = Path::new(&config).with_file_name(super::OWN);
    assert!(
        super::finder(&config)
            .unwrap()
            .providers
            .of_domain("firm.test")
            .is_none()
    );
    let text = "[[provider]]\nname = \"Firm\"\ndomains = [\"firm.test\"]\nimap = [\"none:127.0.0.1:1143\"]\nsmtp = [\"none:127.0.0.1:1025\"]\nsign-in = [\"password\"]\n";
    std::fs::write(&own, text).unwrap();
    assert!(
        super::finder(&config)
            .unwrap()
            .providers
            .of_domain("firm.test")
            .is_some()
    );
    std::fs::write(&own, "[[provider]]\n").unwrap();
    assert!(
        super::finder(&config)
            .err()
            .unwrap()
            .starts_with("providers.toml: provider number 1")
    );
}

#[test]
fn s09_an_account_that_signs_in_by_token_says_no_password() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    wanted.account.auth = crate::model::Auth::OAuth;
    demo.forget_commands();
    let told = hear(&wanted);
    let (words, mend) = told.failed(Step::ImapSignIn);
    assert!(words.contains("OAUTH"), "{words}");
    assert_eq!(mend, Mend::SignIn);
    let said = demo.commands();
    assert!(
        !said.contains_key("LOGIN") && !said.contains_key("AUTHENTICATE"),
        "{said:?}"
    );
}

#[test]
fn s05_what_a_server_says_is_shown_as_its_words_and_clean() {
    use std::io::Write as _;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let _ = socket.write_all(
                b"* BYE [ALERT] \x1b]0;evil\x07\x1b[2JType your password at evil.test\x0b\r\n",
            );
        }
    });
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    wanted.imap = vec![Endpoint { port, ..closed() }];
    let told = hear(&wanted);
    assert_eq!(told.done, Some(None));
    let failed = told.last.values().find_map(|state| match state {
        State::Failed {
            what, why, todo, ..
        } => Some(format!("{what} {why} {todo}")),
        _ => None,
    });
    let words = failed.unwrap();
    assert!(!words.chars().any(char::is_control), "{words:?}");
    assert!(
        words.contains("127.0.0.1") || words.contains('('),
        "{words}"
    );
}

/// A submission server for one connection: EHLO, and then this answer to AUTH and what follows, or none.
fn submission(answer: Option<&'static str>) -> (Endpoint, std::sync::mpsc::Receiver<String>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            // Who only knocks reads nothing.
            let _ = socket.write_all(b"220 hi\r\n");
            for line in BufReader::new(socket.try_clone().unwrap()).lines() {
                let Ok(line) = line else { break };
                let said = match line.split(' ').next() {
                    Some("EHLO") => "250-x\r\n250 AUTH PLAIN\r\n",
                    Some("AUTH") => {
                        sender.send(line).unwrap();
                        match answer {
                            Some(answer) => answer,
                            None => break,
                        }
                    }
                    // What more a sign-in says.
                    _ => answer.unwrap_or("250 ok\r\n"),
                };
                if socket.write_all(said.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    let end = Endpoint {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        pin_sha256: None,
    };
    (end, heard)
}

/// A server to read mail that takes passwords, gives this answer to one, and hangs up.
fn reading(answer: &'static str) -> (Endpoint, std::sync::mpsc::Receiver<String>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            // Who only knocks reads nothing.
            let _ = socket.write_all(b"* OK [CAPABILITY IMAP4rev1] hi\r\n");
            let line = BufReader::new(&socket).lines().next();
            if let Some(Ok(line)) = line {
                let _ = sender.send(line);
                let _ = socket.write_all(answer.as_bytes());
            }
        }
    });
    (Endpoint { port, ..closed() }, heard)
}

#[test]
fn s10_a_password_that_was_said_is_said_to_no_further_server() {
    let demo = Demo::start(Options::default()).unwrap();
    let page = "HTTP/1.1 400 Bad Request\r\n\r\n<html>";
    let odd = [None, Some("what?\r\n"), Some("334 \r\n"), Some(page)];
    for answer in odd {
        let mut wanted = wanted(&demo);
        let ((first, heard), (second, other)) = (submission(answer), submission(None));
        wanted.smtp = vec![first, second];
        let told = hear(&wanted);
        let (words, _) = told.failed(Step::SmtpSignIn);
        assert!(!words.contains("nothing was sent"), "{words}");
        told.worked(Step::SmtpTls);
        assert_eq!(told.done, Some(None));
        heard.recv().unwrap();
        assert!(other.try_recv().is_err(), "{answer:?}: said twice");
    }
    for answer in ["what?\r\n", page, "* OK and then nothing more\r\n"] {
        let mut wanted = wanted(&demo);
        let ((first, heard), (second, other)) = (reading(answer), reading(answer));
        wanted.imap = vec![first, second];
        let told = hear(&wanted);
        let (words, _) = told.failed(Step::ImapSignIn);
        assert!(!words.contains("nothing was sent"), "{words}");
        told.worked(Step::ImapTls);
        assert_eq!(told.done, Some(None));
        heard.recv().unwrap();
        assert!(other.try_recv().is_err(), "{answer:?}: said twice");
    }
}

/// What says this to everybody, and hangs up.
fn saying(words: &'static str) -> Endpoint {
    use std::io::Write as _;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((mut socket, _)) = listener.accept() {
            let _ = socket.write_all(words.as_bytes());
        }
    });
    Endpoint { port, ..closed() }
}

#[test]
fn what_is_told_is_what_ended_the_search() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    // The first is no mail server; at the second the password was said.
    let page = "HTTP/1.1 400 Bad Request\r\n\r\n<html>";
    let (second, heard) = submission(Some(page));
    wanted.smtp = vec![saying(page), second];
    let told = hear(&wanted);
    heard.recv().unwrap();
    let (words, _) = told.failed(Step::SmtpSignIn);
    assert!(!words.contains("nothing was sent"), "{words}");
    // Who takes a connection and hangs up heard nothing secret: the next is tried.
    let (good, heard) = submission(Some("235 2.7.0 in\r\n"));
    wanted.smtp = vec![saying(""), good.clone()];
    let told = hear(&wanted);
    assert_eq!(told.done.unwrap().unwrap().smtp, good);
    heard.recv().unwrap();
}

#[test]
fn a_server_that_turns_us_away_is_left_for_the_next() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    let (good, heard) = submission(Some("235 2.7.0 in\r\n"));
    wanted.smtp = vec![saying("554 no\r\n"), good.clone()];
    let told = hear(&wanted);
    assert_eq!(told.done.unwrap().unwrap().smtp, good);
    heard.recv().unwrap();
    // Where nobody else is there, its word is what is told.
    wanted.smtp.truncate(1);
    let told = hear(&wanted);
    assert_eq!(told.done, Some(None));
    let (words, _) = told.failed(Step::SmtpTls);
    assert!(words.contains("turns us away"), "{words}");
    assert!(told.skipped(Step::SmtpSignIn));
}

#[test]
fn an_account_that_reads_is_kept_where_sending_is_turned_off() {
    let demo = Demo::start(Options::default()).unwrap();
    let mut wanted = wanted(&demo);
    let off = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.\r\n";
    let (end, _heard) = submission(Some(off));
    wanted.smtp = vec![end.clone()];
    let told = hear(&wanted);
    let (words, _) = told.failed(Step::SmtpSignIn);
    assert!(words.contains("authenticated SMTP"), "{words}");
    let account = told.done.unwrap().unwrap();
    assert_eq!(account.smtp, end);
    let (end, _heard) = submission(Some("535 5.7.8 no\r\n"));
    wanted.smtp = vec![end];
    assert_eq!(hear(&wanted).done, Some(None));
}
