//! The setting up of an account on the screen, as somebody types it: a first one, a further one from
//! inside a running program, one from inside the demo, one at a provider's own page; what is left
//! behind when it is left; and the tour.

use crate::dovecot::Dovecot;
use crate::firm::Firm;
use crate::kill::is_built_for_it;
use crate::program::Home;
use crate::pty::{Terminal, home};
use crate::smtp::Sink;
use portable_pty::CommandBuilder;
use std::fs;
use std::path::Path;
use std::time::Instant;

const ESC: &str = "\x1b";
const LETTER: &str = "From: Bo <bo@example.test>\r\nSubject: First words\r\n\r\nHello.\r\n";

/// The program on a home, trusting this authority as if the system did, without a desktop.
fn start(path: &Path, ca: &Path, cols: u16, rows: u16) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
    command.env("POSTRIDER_HOME", path);
    command.env("SSL_CERT_FILE", ca);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    command.env_remove("DISPLAY");
    command.env_remove("WAYLAND_DISPLAY");
    command.env("POSTRIDER_TOKENS", path.join("tokens"));
    Terminal::start(command, cols, rows)
}

/// The organisation's list: this server for all of example.test.
fn listed(server: &Dovecot) -> String {
    format!(
        "[[provider]]\nname = \"Firm\"\ndomains = [\"example.test\"]\nimap = [\"tls:localhost:{}\"]\nsmtp = [\"tls:localhost:{}\"]\nuser = \"local\"\nsign-in = [\"password\"]\n",
        server.imaps, server.submissions
    )
}

#[test]
fn a_first_account_takes_two_typed_items_and_shows_first_subjects_before_anything_is_written() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    server.deliver("ada", LETTER);
    let (_folder, path) = home();
    fs::write(path.join("providers.toml"), listed(&server)).unwrap();
    let config = path.join("config.toml");
    let begun = Instant::now();
    let mut t = start(&path, &server.ca_file(), 80, 24);
    t.wait_for("Type your mail address");
    t.send("ada@example.test");
    t.wait_for("Firm: found in your own providers.toml");
    t.send("\r");
    t.wait_for("Password");
    t.send("secret\r");
    t.wait_until("the newest subject, before it closes", |s| {
        s.contains("First words") && s.contains("Set up an account")
    });
    t.wait_for("Everything works.");
    assert!(!config.exists(), "it was written before the user was done");
    // No place for the password is made: it is asked for at each start.
    t.send("\r");
    t.wait_for("it is written down");
    let written = fs::read_to_string(&config).unwrap();
    assert!(written.contains("ada@example.test"), "{written}");
    assert!(!written.contains("secret"), "{written}");
    t.send("\r");
    t.wait_until("the mail itself", |s| {
        s.contains("First words") && s.contains("All inboxes")
    });
    let took = begun.elapsed();
    eprintln!(
        "from the start to the mail: {:.1} s of wall time",
        took.as_secs_f32()
    );
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}

#[test]
fn who_comes_from_another_program_takes_its_accounts_over_from_the_screen() {
    let (folder, path) = home();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    let muttrc = "set from=ada@example.test imap_user=ada imap_pass=\"`pass show x`\"\n\
        set folder=imaps://localhost/ smtp_url=smtps://ada@localhost/\n";
    fs::write(theirs.join(".muttrc"), muttrc).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
    command.env("POSTRIDER_HOME", &path);
    command.env("HOME", &theirs);
    command.env_remove("XDG_CONFIG_HOME");
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let mut t = Terminal::start(command, 80, 24);
    let config = path.join("config.toml");
    let offered = |t: &mut Terminal| t.wait_for("Coming from mutt");
    // What was asked before stands above it.
    let asked = |t: &mut Terminal, what: &str| {
        t.wait_until(what, |s| s.trim_end().ends_with(what));
    };
    offered(&mut t);
    t.send("\x07");
    asked(&mut t, "[y/N]:");
    t.send("n\r");
    asked(&mut t, "Enter goes on:");
    t.send("\r");
    offered(&mut t);
    assert!(!config.exists(), "it was written without a yes");
    t.send("\x07");
    asked(&mut t, "[y/N]:");
    t.send("y\r");
    asked(&mut t, "Enter goes on:");
    let written = fs::read_to_string(&config).unwrap();
    assert!(written.contains("ada@example.test"), "{written}");
    t.send("\r");
    t.wait_for("All inboxes");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
}

#[test]
fn a_further_account_is_set_up_from_inside_and_both_are_there() {
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    server.deliver("ada", LETTER);
    server.deliver("bo", &LETTER.replace("First words", "For Bo"));
    let home = Home::new(&server.account("work", "ada"));
    fs::write(home.path.join("providers.toml"), listed(&server)).unwrap();
    let mut t = start(&home.path, &server.ca_file(), 100, 30);
    t.wait_for("First words");
    t.send(":account add\r");
    t.wait_for("Type your mail address");
    // Left, everything is as it was; the key does the same as the word.
    t.send(ESC);
    t.wait_for("First words");
    t.send("gn");
    t.wait_for("Type your mail address");
    t.send("bo@example.test");
    t.wait_for("Firm: found");
    t.send("\r");
    t.wait_for("Password");
    t.send("secret\r");
    t.wait_for("Everything works.");
    t.send("\r");
    t.wait_for("it is written down");
    t.send("\r");
    t.wait_until("mail of both accounts", |s| {
        s.contains("First words") && s.contains("For Bo")
    });
    t.send("gc");
    t.wait_until("both accounts", |s| {
        s.contains("ada@example.test") && s.contains("bo@example.test")
    });
    let written = fs::read_to_string(home.path.join("config.toml")).unwrap();
    assert_eq!(written.matches("[[account]]").count(), 2, "{written}");
    t.send("gi");
    t.wait_for("First words");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}

#[test]
fn the_demo_lets_one_set_up_an_account_for_real() {
    let (folder, path) = home();
    let mut t = Terminal::postrider(&["demo"], &path, 50, 15);
    t.wait_for("All inboxes");
    for way in [":account add\r", "gn"] {
        t.send(way);
        t.wait_until("the set-up, and that it is for real", |s| {
            s.contains("Set up an account") && s.contains("for real")
        });
        t.send(ESC);
        t.wait_for("All inboxes");
    }
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    // Set up, it goes on in the own home.
    let sink = Sink::start();
    let Some(server) = Dovecot::start(Some(&sink)) else {
        return;
    };
    server.deliver("ada", LETTER);
    fs::write(path.join("providers.toml"), listed(&server)).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_postrider"));
    command.arg("demo");
    command.env("POSTRIDER_HOME", &path);
    command.env("SSL_CERT_FILE", server.ca_file());
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let mut t = Terminal::start(command, 80, 24);
    t.wait_for("All inboxes");
    t.send("gn");
    t.wait_for("for real");
    t.send("ada@example.test");
    t.wait_for("Firm: found");
    t.send("\r");
    t.wait_for("Password");
    t.send("secret\r");
    t.wait_for("Everything works.");
    // The home that goes on has to know the password: an encrypted file keeps it.
    t.send("phrase\rphrase\r");
    t.wait_for("it is written down");
    t.send("\r");
    t.wait_for("The passphrase of secrets.age, please");
    t.send("phrase\r");
    t.wait_until("the mail of the own account", |s| {
        s.contains("First words") && s.contains("All inboxes")
    });
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}

#[test]
fn who_leaves_the_set_up_leaves_nothing_behind() {
    let (_folder, path) = home();
    let path = path.join("new");
    let mut t = Terminal::postrider(&[], &path, 80, 24);
    t.wait_for("Type your mail address");
    t.send(ESC);
    assert_eq!(t.wait_exit(), 0);
    assert!(t.is_restored());
    assert!(!path.exists(), "{:?}", fs::read_dir(&path).unwrap().count());
}

#[test]
fn a_password_that_is_left_at_a_terminal_leaves_its_echo() {
    let (_folder, path) = home();
    let mut command = CommandBuilder::new("sh");
    let line = "trap : INT; \"$0\" account add you@example.test --imap none:127.0.0.1:1 --smtp none:127.0.0.1:1; echo over; stty -a; read end";
    command.args(["-c", line, env!("CARGO_BIN_EXE_postrider")]);
    command.env("POSTRIDER_HOME", &path);
    let mut t = Terminal::start(command, 100, 30);
    t.wait_for("Password: ");
    t.send("gehei\x03");
    t.wait_for("over");
    let seen = t.wait_for("echo ");
    assert!(
        !seen.contains("-echo ") && !seen.contains("-icanon"),
        "{seen}"
    );
    assert!(!seen.contains("gehei"), "{seen}");
    t.send("\r");
    t.wait_exit();
}

#[test]
fn f54_a_device_code_on_the_set_up_screen_signs_in_and_can_be_left() {
    if !is_built_for_it() {
        return;
    }
    let firm = Firm::start();
    let provider = &firm.provider;
    let (_folder, path) = home();
    fs::create_dir(path.join("tokens")).unwrap();
    fs::write(path.join("providers.toml"), firm.listed("")).unwrap();
    let pending = ["authorization_pending"; 200];
    provider.state().device.errors.extend(pending);
    let mut t = start(&path, provider.ca_file(), 90, 40);
    t.wait_for("Type your mail address");
    t.send("ada@example.test");
    t.wait_for("on the provider's own page");
    t.send("\r");
    t.wait_until("the code, the address and the picture", |s| {
        s.contains("WDJB-MJHT") && s.contains("https://id.example.test/device") && s.contains('█')
    });
    // Left, it is over; begun anew, it is shown anew.
    t.send(ESC);
    t.wait_for("The sign-in was left");
    t.send("\r");
    t.wait_for("WDJB-MJHT");
    provider.state().device.errors.clear();
    t.wait_for("Everything works.");
    assert!(!path.join("config.toml").exists());
    // What keeps one signed in has to lie somewhere.
    t.send("\r");
    t.wait_for("a passphrase, please");
    t.send("phrase\rphrase\r");
    t.wait_for("it is written down");
    let written = fs::read_to_string(path.join("config.toml")).unwrap();
    assert!(
        written.contains("postrider test") && written.contains("/token"),
        "{written}"
    );
    assert!(!written.contains("refresh-1"), "{written}");
    let kept = fs::read_to_string(path.join("tokens/example-RefreshToken")).unwrap();
    assert_eq!(kept, "refresh-1");
    t.send("\r");
    t.wait_for("All inboxes");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}

#[test]
fn the_tour_teaches_ten_keys_in_forty_columns() {
    let (_folder, path) = home();
    let mut t = Terminal::postrider(&["demo"], &path, 40, 12);
    t.wait_for("teaches ten keys");
    t.wait_for("Lena Fis");
    t.send("g?");
    let steps = [
        ("1/10", "j"),
        ("2/10", "\r"),
        ("3/10", ESC),
        ("4/10", "s"),
        ("5/10", "e"),
        ("6/10", "z"),
        ("7/10", "/subject:potatoes\r"),
        ("8/10", "gi"),
    ];
    for (shown, keys) in steps {
        t.wait_for(shown);
        t.send(keys);
    }
    // Other keys do what they do meanwhile.
    t.wait_for("9/10");
    t.send("j");
    t.wait_for("9/10");
    // Left before its end.
    t.send("g?");
    t.wait_for("The tour is over.");
    t.wait_gone("9/10");
    t.send("q");
    assert_eq!(t.wait_exit(), 0);
}
