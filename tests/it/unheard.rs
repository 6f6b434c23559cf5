//! What a command did counts, whoever hears of it: standard output and error that are full or closed,
//! a log that takes nothing, a database that fails afterwards. A script that is told of a failure
//! does it once more.

use crate::dump::{local, read, rows, write};
use crate::program::{Home, Ran, ran};
use postrider::config::Paths;
use postrider::config::secrets::Secrets;
use postrider::model::Secret;
use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// An account that nobody talks to, with its password in the encrypted file.
const ACCOUNT: &str = "[[account]]\nname = \"work\"\nemail = \"me@example.test\"\npassword = \"file\"\n\
    imap = { host = \"127.0.0.1\", port = 1, security = \"none\" }\n\
    smtp = { host = \"127.0.0.1\", port = 1, security = \"none\" }\n";

const LETTER: &str = "To: you@example.test\r\nSubject: Tea\r\n\r\nAt four.\r\n";

/// What takes nothing, as on a full disk.
fn full() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

/// A pipe that nobody reads any more.
fn closed() -> Stdio {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn fed(command: &mut Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ran(child.wait_with_output().unwrap())
}

/// The states of what is in the outbox.
fn outbox(home: &Home) -> Vec<String> {
    let all = home.json(&["outbox", "--all"]);
    let states = all["outbox"].as_array().unwrap().iter();
    states
        .map(|row| row["state"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_message_that_is_queued_is_told_as_queued_though_it_could_not_be_sent_now() {
    let home = Home::new(ACCOUNT);
    let secrets = Secrets::at(&Paths::locate(Some(&home.path)).unwrap());
    let passphrase = Secret::new("open".to_owned());
    secrets.vault().create(&passphrase).unwrap();
    let ran = home
        .feed(&["send", "--wait", "--json"], LETTER.as_bytes())
        .code(75);
    assert!(ran.err.contains("passphrase"), "{}", ran.err);
    let told = ran.json();
    assert_eq!(
        (&told["state"], &told["id"]),
        (&"queued".into(), &"o1".into())
    );
    assert_eq!(outbox(&home), ["queued"]);
}

#[test]
fn a_message_that_is_queued_is_no_failure_where_that_can_not_be_told() {
    let home = Home::new(ACCOUNT);
    for (out, sent) in [(Stdio::from(full()), 1), (closed(), 2)] {
        let mut send = home.command(&["send", "--json"]);
        fed(send.stdout(out), LETTER).code(0);
        assert_eq!(outbox(&home).len(), sent);
    }
    // Its state decides, and not that nobody listens.
    let mut send = home.command(&["send", "--wait", "--json"]);
    fed(send.stdout(closed()), LETTER).code(75);
    // Nor do other deeds fail over that: what would be done again is another deed.
    let mut cancel = home.command(&["outbox", "cancel", "o1", "--json"]);
    ran(cancel.stdout(full()).output().unwrap()).code(0);
    let mut undo = home.command(&["undo", "--json"]);
    ran(undo.stdout(full()).output().unwrap()).code(0);
}

#[test]
fn a_database_that_fails_is_told_as_that_and_not_as_a_mistake_in_the_message() {
    let home = Home::new(ACCOUNT);
    assert_eq!(outbox(&home), Vec::<String>::new());
    let sql =
        "CREATE TRIGGER fails BEFORE INSERT ON outbox BEGIN SELECT RAISE(FAIL, 'no room'); END";
    write(&local(&home)).execute_batch(sql).unwrap();
    let ran = home.feed(&["send"], LETTER.as_bytes()).code(74);
    assert!(ran.err.contains("no room"), "{}", ran.err);
    assert_eq!(
        rows(&read(&local(&home)), "SELECT count(*) FROM outbox"),
        ["0"]
    );
    // What the present state does not allow is the caller's mistake, as before.
    home.run(&["outbox", "cancel", "o7"]).code(66);
}

#[test]
fn a_log_that_takes_nothing_ends_nothing_and_is_not_told_on_the_screen() {
    let home = Home::new(ACCOUNT);
    let log = Paths::locate(Some(&home.path)).unwrap().log;
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();
    // What is refused stands in the log.
    let args = ["outbox", "cancel", "o7"];
    let told = home.run(&args).code(66).err;
    assert_eq!(told.lines().count(), 1, "{told}");
    let mut command = home.command(&args);
    ran(command.stderr(full()).output().unwrap()).code(66);
}

#[test]
fn a_question_that_can_not_be_written_is_no_fault() {
    let home = Home::new("");
    let mut add = home.command(&["account", "add"]);
    fed(add.stderr(full()), "nonsense\n").code(65);
}
