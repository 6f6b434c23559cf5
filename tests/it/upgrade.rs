//! Databases of the first schema under a new program that is killed while it brings them up: at
//! each of its steps, and at each write into a file. The next run finds the old schema or the new
//! one, never something between, and nothing that waited there is lost.

use crate::dump::{cache, local, read, rows};
use crate::failing::strace;
use crate::kill::is_built_for_it;
use crate::program::Home;
use crate::script::{Script, letter};
use crate::story::spread;
use rusqlite::Connection;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

/// The first schemas, which are never changed.
const CACHE: &str = include_str!("../../src/store/schema.sql");
const LOCAL: &str = include_str!("../../src/store/local/schema.sql");

/// A server with two letters, and a home of the first schema that knows them: a flag waits to be
/// set, a refused message and a draft are there.
fn old() -> (Script, Home) {
    let server = Script::start(|mail| {
        mail.add("INBOX", "one");
        mail.add("INBOX", "two");
    });
    let home = Home::new(&server.account("work"));
    let db = Connection::open(cache(&home)).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.execute_batch(CACHE).unwrap();
    let (one, two) = (letter("one").len(), letter("two").len());
    db.execute_batch(&format!(
        "INSERT INTO account VALUES (101, 'work');
         INSERT INTO mailbox (id, account, name, path, delimiter, role, selectable, uidvalidity, uidnext, backfill, total, unread)
             VALUES (102, 101, x'494E424F58', 'INBOX', '/', 'inbox', 1, 7, 3, 1, 2, 2);
         INSERT INTO message (id, date, size, maybe_attachments, subject, from_, to_, message_id, in_reply_to, refs,
                 sender, reply_to, cc)
             VALUES (103, 5, {one}, 0, 'one', '', '', 'one@example.test', '', '', '', '', ''),
                 (104, 6, {two}, 0, 'two', '', '', 'two@example.test', '', '', '', '', '');
         INSERT INTO location (id, mailbox, message, thread, date, uid, server_system, server_keywords, system, keywords)
             VALUES (105, 102, 103, 103, 5, 1, 0, '', 0, ''), (106, 102, 104, 104, 6, 2, 0, '', 0, '');
         INSERT INTO thread_row VALUES (102, 103, 5, 1, 1, 0, 105), (102, 104, 6, 1, 1, 0, 106);
         PRAGMA user_version = 1;"
    ))
    .unwrap();
    let db = Connection::open(local(&home)).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.execute_batch(LOCAL).unwrap();
    db.execute_batch(&format!(
        "INSERT INTO action (id, label, at, undo) VALUES (1, 'read', 1, 1);
         INSERT INTO op (id, action, account, kind, add_system) VALUES (1, 1, 'work', 'store', 1);
         INSERT INTO target VALUES (1, 0, x'494E424F58', 7, 1, 'one@example.test', {one});
         INSERT INTO outbox (account, message_id, mail_from, subject, wire, filed, state, next_try, created)
             VALUES ('work', 'out@example.test', 'ada@example.test', 'stuck', x'410D0A', x'410D0A', 'refused', 0, 1);
         INSERT INTO recipient VALUES (1, 0, 'bo@example.test', 'refused', '550 no');
         INSERT INTO draft (account, kind, from_line, to_line, cc_line, bcc_line, subject, body, in_reply_to, refs, saved)
             VALUES ('work', 0, '', 'bo@example.test', '', '', 'begun', 'Dear Bo', '', '', 1);
         PRAGMA user_version = 1;"
    ))
    .unwrap();
    (server, home)
}

fn version(path: &std::path::Path) -> String {
    rows(&read(path), "PRAGMA user_version").concat()
}

/// What is there in the end, here and on the server.
fn left(server: &Script, home: &Home) -> Vec<String> {
    let flags = server.mail(|m| m.folder("INBOX").messages[0].flags.clone());
    let db = read(&local(home));
    [
        vec![
            version(&cache(home)),
            version(&local(home)),
            flags.join(" "),
        ],
        home.subjects("INBOX"),
        rows(&db, "SELECT state FROM op"),
        rows(&db, "SELECT subject, state FROM outbox"),
        rows(&db, "SELECT address, state, reply FROM recipient"),
        rows(&db, "SELECT subject, to_line, body FROM draft"),
    ]
    .concat()
}

/// Brings an old home up with a program that is ended by `kill`, then with one that is not; whether
/// it was ended.
fn judged(golden: &[String], what: &str, kill: impl Fn(&Home) -> Command) -> bool {
    let (server, home) = old();
    let done = kill(&home).output().unwrap();
    let ended = done.status.signal().is_some() || done.status.code() == Some(137);
    for (path, newest) in [(cache(&home), &golden[0]), (local(&home), &golden[1])] {
        let found = version(&path);
        assert!(found == "1" || found == **newest, "{what}: {found}");
    }
    assert!(!home.path.read_dir().unwrap().any(|file| {
        let name = file.unwrap().file_name();
        name.to_string_lossy().contains("corrupt")
    }));
    home.sync();
    home.sync();
    assert_eq!(left(&server, &home), golden, "{what}");
    ended
}

#[test]
fn f08_an_upgrade_that_is_killed_at_a_step_is_as_if_never_begun_or_done() {
    if !is_built_for_it() {
        return;
    }
    let (server, home) = old();
    let list = home.path.join("../steps");
    let mut command = home.command(&["sync", "--once"]);
    command.env("POSTRIDER_STEPS", &list);
    assert!(command.status().unwrap().success());
    let golden = left(&server, &home);
    assert!(golden[0] != "1" && golden[1] != "1", "{golden:?}");
    assert_eq!(golden[2], "\\Seen");
    let names = std::fs::read_to_string(&list).unwrap();
    let steps: Vec<&str> = names.lines().collect();
    let upgrades = steps.iter().filter(|name| **name == "migration").count();
    assert!(upgrades >= 2, "{steps:?}");
    let all = (1..)
        .zip(&steps)
        .map(|(n, name)| (n, **name == *"migration"));
    let (certain, others): (Vec<_>, Vec<_>) = all.partition(|(_, upgrade)| *upgrade);
    let points = certain.into_iter().chain(spread(others, 6));
    let mut ended = 0;
    for (n, _) in points {
        for point in [format!("{n}"), format!("{n}:after")] {
            ended += usize::from(judged(&golden, &point, |home| {
                let mut command = home.command(&["sync", "--once"]);
                command.env("POSTRIDER_STEP", &point);
                command
            }));
        }
    }
    assert!(ended >= 8, "only {ended} were ended");
}

#[test]
fn f08_an_upgrade_that_is_killed_at_a_write_is_as_if_never_begun_or_done() {
    let Some(strace) = strace() else { return };
    let (server, home) = old();
    home.sync();
    let golden = left(&server, &home);
    let mut ended = 0;
    for n in spread((1..=24).collect::<Vec<usize>>(), 12) {
        let what = format!("write {n}");
        ended += usize::from(judged(&golden, &what, |home| {
            let plain = home.command(&["sync", "--once"]);
            let mut command = Command::new(&strace);
            command
                .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64"])
                .args(["-e", &format!("inject=pwrite64:signal=KILL:when={n}")])
                .arg(plain.get_program())
                .args(plain.get_args());
            for (name, value) in plain.get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            command
        }));
    }
    assert!(ended >= 6, "only {ended} were ended");
}

#[test]
fn f08_a_newer_database_is_refused_and_left_as_it_is() {
    for which in ["cache.db", "local.db"] {
        let (server, home) = old();
        home.sync();
        let path = home.path.join(which);
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "user_version", 999).unwrap();
        drop(db);
        server.forget();
        let ran = home.run(&["sync", "--once"]);
        assert_ne!(ran.code, 0, "{which}");
        assert!(ran.err.contains("newer"), "{which}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        assert_eq!(version(&path), "999");
        assert!(server.heard().is_empty(), "nothing is done meanwhile");
    }
}
