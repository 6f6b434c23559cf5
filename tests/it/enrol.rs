//! `account add`, `account list`, `account remove`: from an address to first subjects on standard
//! output, and back out again without losing anything.

use crate::dovecot::Dovecot;
use crate::firm::Firm;
use crate::kill::is_built_for_it;
use crate::program::{Home, Ran, ran};
use crate::pty::Terminal;
use crate::smtp::Sink;
use postrider::config::Paths;
use postrider::config::load::load;
use postrider::config::secrets::{Kind, Secrets};
use postrider::demo::{Demo, Options};
use postrider::model::{
    Account, AccountName, Draft, MessageId, OutboxId, Outgoing, Secret, SecretSource,
    SubmissionState,
};
use postrider::store::Local;
use std::process::Command;
use std::sync::Arc;

/// A home without a configuration, whose organisation lists the demo's server as its provider.
fn home(demo: &Demo, sign_in: &str) -> Home {
    let home = Home::new("");
    std::fs::remove_file(home.path.join("config.toml")).unwrap();
    let account = &demo.accounts()[0];
    let domain = account.email.rsplit_once('@').unwrap().1;
    let text = format!(
        "[[provider]]\nname = \"Firm\"\ndomains = [\"{domain}\"]\nimap = [\"none:127.0.0.1:{}\"]\nsmtp = [\"none:127.0.0.1:{}\"]\nsign-in = [\"{sign_in}\"]\n",
        account.imap.port, account.smtp.port
    );
    std::fs::write(home.path.join("providers.toml"), text).unwrap();
    home
}

fn password(account: &Account) -> String {
    match &account.secret {
        SecretSource::Memory(secret) => secret.0.reveal().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Runs it without a desktop that could keep the password.
fn feed(home: &Home, args: &[&str], input: &str) -> Ran {
    home.feed(args, input.as_bytes())
}

#[test]
fn an_address_and_a_password_are_enough() {
    let demo = Demo::start(Options::default()).unwrap();
    let account = demo.accounts().remove(0);
    let home = home(&demo, "password");
    let typed = format!("{}\n{}\n", account.email, password(&account));
    let ran = feed(&home, &["account", "add", "--json"], &typed).code(0);
    let told = ran.json();
    assert_eq!(told["email"], account.email);
    assert_eq!(
        (&told["found"], &told["provider"]),
        (&"own".into(), &"Firm".into())
    );
    assert_eq!(told["newest"].as_array().unwrap().len(), 5, "{told}");
    assert!(
        told["newest"][0]["subject"]
            .as_str()
            .is_some_and(|s| !s.is_empty())
    );
    for said in ["reading", "✓ sign in", "✓ mailboxes", "✓ sign in to send"] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    // Nowhere is the password written down.
    assert!(!ran.err.contains(&password(&account)));
    let config = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    assert!(!config.contains(&password(&account)), "{config}");
    let listed = home.json(&["account", "list"]);
    assert_eq!(listed["accounts"][0]["email"], account.email);
    assert_eq!(listed["accounts"][0]["name"], told["added"]);
    // A second one of the same address gets a name of its own.
    let typed = format!("{}\n", password(&account));
    let again = feed(&home, &["account", "add", &account.email, "--json"], &typed).code(0);
    assert_ne!(again.json()["added"], told["added"]);
}

#[test]
fn f53_nothing_is_written_until_it_works() {
    let demo = Demo::start(Options::default()).unwrap();
    let account = demo.accounts().remove(0);
    let home = home(&demo, "app-password");
    let typed = format!("{}\nwrong\n", account.email);
    let ran = feed(&home, &["account", "add"], &typed).code(77);
    assert!(ran.err.contains("App password"), "{}", ran.err);
    assert!(ran.err.contains("✗ sign in"), "{}", ran.err);
    assert!(ran.err.contains("do: "), "{}", ran.err);
    assert!(ran.err.contains("nothing was written"), "{}", ran.err);
    assert!(!home.path.join("config.toml").exists());
    // Input that ends, and an address that is none.
    feed(&home, &["account", "add"], "nonsense\n").code(65);
    feed(&home, &["account", "add", "nonsense"], "").code(64);
    feed(&home, &["account", "add", &account.email], "").code(65);
    assert!(!home.path.join("config.toml").exists());
}

#[test]
fn f54_who_wants_a_browser_says_so_before_a_password_is_typed() {
    let demo = Demo::start(Options::default()).unwrap();
    let account = demo.accounts().remove(0);
    let home = home(&demo, "oauth:microsoft");
    let ran = feed(&home, &["account", "add", &account.email], "").code(77);
    assert!(
        ran.err.contains("OAuth") && !ran.err.contains("Password:"),
        "{}",
        ran.err
    );
}

/// Adds an account of a firm's for somebody without a desktop, in a home without any; `tokens`: whether
/// what comes of it has a place.
fn add_at(firm: &Firm, tokens: bool) -> (Home, Ran) {
    let home = Home::new("");
    std::fs::remove_file(home.path.join("config.toml")).unwrap();
    // The page hears what the command prints.
    let secret = "CANARY".to_owned();
    let more = format!("client-secret = [\"echo\", \"{secret}\"]\n");
    firm.provider.state().secret = Some(secret);
    std::fs::write(home.path.join("providers.toml"), firm.listed(&more)).unwrap();
    let mut command = home.command(&["account", "add", "ada@example.test", "--json"]);
    command
        .env("SSL_CERT_FILE", firm.provider.ca_file())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY");
    if tokens {
        let folder = home.path.join("tokens");
        std::fs::create_dir(&folder).unwrap();
        command.env("POSTRIDER_TOKENS", folder);
    }
    let ran = ran(command.output().unwrap());
    (home, ran)
}

#[test]
fn f54_an_account_at_a_provider_s_own_page_is_set_up_without_a_screen() {
    if !is_built_for_it() {
        return;
    }
    let firm = Firm::start();
    let (home, ran) = add_at(&firm, true);
    let ran = ran.code(0);
    assert!(ran.err.contains("WDJB-MJHT"), "{}", ran.err);
    let name = ran.json()["added"].as_str().unwrap().to_owned();
    let config = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    assert!(
        config.contains("postrider test") && config.contains("\"echo\""),
        "{config}"
    );
    assert!(!config.contains("refresh-1"), "{config}");
    let kept = home.path.join(format!("tokens/{name}-RefreshToken"));
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "refresh-1");
}

#[test]
fn f54_nobody_is_sent_to_a_page_whose_answer_has_no_place() {
    let firm = Firm::start();
    let (home, ran) = add_at(&firm, false);
    let ran = ran.code(77);
    assert!(ran.err.contains("has to lie somewhere"), "{}", ran.err);
    assert!(!ran.err.contains("WDJB-MJHT"), "{}", ran.err);
    assert!(!home.path.join("config.toml").exists());
}

#[test]
fn s39_a_password_command_that_fails_is_told_and_its_output_is_not() {
    let home = Home::new("");
    let args = |command: &'static str| {
        [
            "account",
            "add",
            "me@example.test",
            "--imap",
            "none:127.0.0.1:1",
            "--smtp",
            "none:127.0.0.1:1",
            "--password-command",
            command,
        ]
    };
    let failing = args("sh -c 'echo CANARY; echo locked >&2; exit 3'");
    let ran = feed(&home, &failing, "").code(77);
    for said in ["the password command", "exit code 3", "locked"] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert!(!ran.err.contains("CANARY"), "{}", ran.err);
    let missing = args("no-such-program-here");
    let ran = feed(&home, &missing, "").code(77);
    assert!(ran.err.contains("no-such-program-here"), "{}", ran.err);
}

#[test]
fn f21_a_server_that_is_not_there_is_told_with_what_to_do() {
    let home = Home::new("");
    let args = [
        "account",
        "add",
        "me@example.test",
        "--imap",
        "none:127.0.0.1:1",
        "--smtp",
        "none:127.0.0.1:1",
    ];
    let ran = feed(&home, &args, "secret\n").code(69);
    assert!(
        ran.err.contains("nothing listens at 127.0.0.1 port 1"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("IMAP is usually 993"), "{}", ran.err);
    let wrong = [
        "account",
        "add",
        "me@example.test",
        "--imap",
        "none:192.0.2.1:143",
    ];
    let ran = feed(&home, &wrong, "").code(64);
    assert!(ran.err.contains("in the clear"), "{}", ran.err);
}

#[test]
fn a_real_server_with_tls_is_set_up_with_its_own_certificates() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    server.deliver(
        "ada",
        "From: Bo <bo@example.test>\r\nSubject: First words\r\n\r\nHello.\r\n",
    );
    let home = Home::new("");
    let ca = server.ca_file();
    let (imap, smtp) = (
        format!("tls:localhost:{}", server.imaps),
        format!("tls:localhost:{}", server.submissions),
    );
    let mut args = vec![
        "account",
        "add",
        "ada@example.test",
        "--name",
        "work",
        "--user",
        "ada",
        "--imap",
        &imap,
        "--smtp",
        &smtp,
        "--json",
    ];
    // A certificate that nobody vouches for: the password stays here.
    let ran = feed(&home, &args, "secret\n").code(69);
    assert!(ran.err.contains("✗ secure connection"), "{}", ran.err);
    assert!(ran.err.contains("ca-file"), "{}", ran.err);
    let file = ca.to_str().unwrap();
    args.extend(["--ca-file", file, "--password-command", "echo secret"]);
    let told = feed(&home, &args, "").code(0).json();
    assert_eq!(told["added"], "work");
    assert_eq!(told["newest"][0]["subject"], "First words");
    assert_eq!(told["newest"][0]["from"], "Bo");
    // And it is an account like any other.
    home.sync();
    assert_eq!(home.subjects("INBOX"), ["First words"]);
}

/// An account that nobody talks to.
const ACCOUNT: &str = "# mine\n[ui]\nmouse = false\n\n[[account]]\nname = \"work\"\nemail = \"me@example.test\"\npassword = \"prompt\"\nimap = { host = \"127.0.0.1\", port = 1, security = \"none\" }\nsmtp = { host = \"127.0.0.1\", port = 1, security = \"none\" }\n";

/// A draft of it, and a message that waits to be sent.
fn unsent(home: &Home) -> OutboxId {
    let name = AccountName("work".into());
    let mut local = Local::open(&home.path.join("local.db")).unwrap();
    let mut draft = Draft::new(name.clone());
    draft.subject = "Half a thought".into();
    draft.body = "It begins.\n".into();
    local.save_draft(&draft, 0).unwrap();
    let bytes = Arc::new(b"Subject: Whole\r\n\r\nIt ends.\r\n".to_vec());
    let outgoing = Outgoing {
        mail_from: "me@example.test".into(),
        recipients: vec!["you@example.test".into()],
        subject: "Whole".into(),
        wire: Arc::clone(&bytes),
        filed: bytes,
        ..Outgoing::new(name, MessageId::new("1@x").unwrap(), 0)
    };
    local.submit(&outgoing, 0).unwrap()
}

fn state(home: &Home, id: OutboxId) -> SubmissionState {
    let local = Local::open(&home.path.join("local.db")).unwrap();
    local.read().submission(id).unwrap().unwrap().state
}

/// A removal of the account, its files written into `kept`.
fn removal(home: &Home) -> Command {
    let mut command = home.command(&["account", "remove", "work", "--yes", "--export"]);
    command.arg(home.path.join("kept"));
    command
}

#[test]
fn f72_where_the_configuration_can_not_be_written_all_that_waits_goes_on_waiting() {
    let home = Home::new(ACCOUNT);
    let id = unsent(&home);
    // So deep that no file with a longer name comes beside it: whoever may write anywhere can't either.
    let mut deep = home.path.join("deep");
    while deep.as_os_str().len() < 4080 {
        let long = (4080 - deep.as_os_str().len() - 1).clamp(1, 200);
        deep.push("d".repeat(long));
        std::fs::create_dir_all(&deep).unwrap();
    }
    let config = home.path.join("config.toml");
    std::fs::write(deep.join("config.toml"), ACCOUNT).unwrap();
    std::fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink(deep.join("config.toml"), &config).unwrap();
    let ran = ran(removal(&home).output().unwrap()).code(78);
    assert!(ran.err.contains("config.toml"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&config).unwrap(), ACCOUNT);
    assert_eq!(state(&home, id), SubmissionState::Queued);
    let local = Local::open(&home.path.join("local.db")).unwrap();
    assert_eq!(local.read().removals().unwrap(), []);
}

#[test]
fn f72_a_removal_that_is_killed_leaves_all_or_is_ended_by_the_next_start() {
    if !is_built_for_it() {
        return;
    }
    let other = ACCOUNT.replace("\"work\"", "\"other\"");
    let (_, other) = other.split_once("[[account]]").unwrap();
    let text = format!("{ACCOUNT}\n[[account]]{other}");
    let begin = || {
        let home = Home::new(&text);
        let id = unsent(&home);
        (home, id)
    };
    let steps = {
        let (home, _) = begin();
        let list = home.path.join("steps");
        let ran = removal(&home).env("POSTRIDER_STEPS", &list).output();
        assert!(ran.unwrap().status.success());
        std::fs::read_to_string(list).unwrap().lines().count()
    };
    let (mut before, mut after) = (0, 0);
    for step in 1..=steps {
        let (home, id) = begin();
        let done = removal(&home)
            .env("POSTRIDER_STEP", format!("{step}:after"))
            .output();
        assert!(!done.unwrap().status.success(), "{step} of {steps}");
        let loaded = load(&home.path.join("config.toml")).unwrap();
        let stays = loaded.config.accounts.len() == 2;
        let cut = Local::open(&home.path.join("local.db"))
            .unwrap()
            .read()
            .removals()
            .unwrap();
        if stays {
            before += 1;
            assert_eq!(state(&home, id), SubmissionState::Queued, "{step}");
        } else {
            after += 1;
            // Nobody is there whom it could be sent by; but nobody of its name sends it later.
            home.run(&["sync", "--once"]);
            assert_eq!(
                state(&home, id),
                SubmissionState::Held,
                "{step}, cut: {cut:?}"
            );
        }
    }
    assert!(before > 0 && after > 1, "{before} {after}");
}

#[test]
fn f72_what_was_not_sent_of_an_account_that_goes_is_written_into_files() {
    let home = Home::new(ACCOUNT);
    let id = unsent(&home);
    // Asked, and nobody is there to answer.
    let ran = home.run(&["account", "remove", "work"]).code(64);
    assert!(
        ran.err.contains("1 draft and 1 unsent message"),
        "{}",
        ran.err
    );
    assert_eq!(
        std::fs::read_to_string(home.path.join("config.toml")).unwrap(),
        ACCOUNT
    );
    home.run(&["account", "remove", "other", "--yes"]).code(66);
    let folder = home.path.join("kept");
    let place = folder.to_str().unwrap();
    let told = home.json(&["account", "remove", "work", "--yes", "--export", place]);
    assert_eq!((&told["drafts"], &told["unsent"]), (&1.into(), &1.into()));
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 2);
    let read = |at: usize| std::fs::read_to_string(&files[at]).unwrap();
    assert!(read(0).contains("Subject: Half a thought") && read(0).contains("It begins."));
    assert!(read(1).contains("It ends."));
    // The rest of the configuration stays, and what waited waits for the user now.
    let left = std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    assert_eq!(left.trim_end(), "# mine\n[ui]\nmouse = false");
    let local = Local::open(&home.path.join("local.db")).unwrap();
    let row = local.read().submission(id).unwrap().unwrap();
    assert_eq!(row.state, SubmissionState::Held);
    assert_eq!(local.read().drafts().unwrap().len(), 1);
}

#[test]
fn f72_who_leaves_the_question_for_the_passphrase_still_has_the_account() {
    let config = ACCOUNT.replace("\"prompt\"", "\"file\"");
    let home = Home::new(&config);
    let paths = Paths::locate(Some(&home.path)).unwrap();
    let account = load(&paths.config).unwrap().config.accounts.remove(0);
    {
        let secrets = Secrets::at(&paths);
        secrets
            .vault()
            .create(&Secret::new("open".to_owned()))
            .unwrap();
        let password = Secret::new("hunter".to_owned());
        secrets.keep(&account, Kind::Password, &password).unwrap();
    }
    let kept = || {
        let secrets = Secrets::at(&paths);
        secrets
            .vault()
            .unlock(&Secret::new("open".to_owned()))
            .unwrap();
        secrets.find(&account, Kind::Password).unwrap().is_some()
    };
    let begin = || {
        let args = ["account", "remove", "work", "--yes"];
        let t = Terminal::postrider(&args, &home.path, 80, 24);
        t.wait_for("Passphrase of secrets.age");
        t
    };
    let text = || std::fs::read_to_string(home.path.join("config.toml")).unwrap();
    let mut t = begin();
    t.send("\x03");
    t.wait_exit();
    assert_eq!(text(), config);
    assert!(kept());
    let mut t = begin();
    t.send("open\r");
    assert_eq!(t.wait_exit(), 0);
    assert!(!text().contains("[[account]]"), "{}", text());
    assert!(!kept());
}
