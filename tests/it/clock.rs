//! Time and neighbours: the clock jumps, the machine sleeps, somebody else holds a database, two
//! programs work on one home. Mail arrives all the same, and everything happens once.

use crate::dump::{cache, local, read, rows, write};
use crate::elsewhere::faketime;
use crate::program::eventually;
use crate::story::{Play, Stage, letter, message, past};
use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Whether the cache has a message of that subject.
fn has(play: &Play<'_>, subject: &str) -> bool {
    let sql = format!("SELECT id FROM message WHERE subject = '{subject}'");
    !rows(&read(&cache(&play.home)), &sql).is_empty()
}

/// A program that runs beside the test; it is ended with it.
struct Beside(Child);

impl Beside {
    fn start(mut command: Command) -> Beside {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Beside(command.spawn().unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal).unwrap();
    }

    /// Whether each of its threads has stopped: one may still have been within a call of the system.
    fn is_stopped(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        threads.flatten().all(|thread| {
            let state = std::fs::read_to_string(thread.path().join("stat"));
            // Name, then state.
            state.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|s| s.starts_with('T')))
        })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn f09_mail_arrives_whatever_the_clock_says() {
    let Some(library) = faketime() else { return };
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let clock = play.home.path.join("../clock");
    fs::write(&clock, "+0").unwrap();
    let mut command = play.home.command(&["sync", "--watch"]);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", &clock)
        .env("FAKETIME_NO_CACHE", "1")
        // A jump is of the wall's clock; what measures waits is not set by anybody.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let _watch = Beside::start(command);
    for (n, jump) in ["+0", "+1h", "-1h", "+3650d", "-3650d", "+0"]
        .iter()
        .enumerate()
    {
        fs::write(&clock, jump).unwrap();
        let subject = format!("jump{n}");
        past(&play, |look| letter(look, "INBOX", &subject));
        eventually(&format!("mail after {jump}"), || has(&play, &subject));
    }
}

#[test]
fn f09_a_letter_put_off_by_a_clock_that_was_wrong_goes_out() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    stage.sink.refuse("bo@example.test", "451 4.7.1 later");
    play.home
        .feed(&["send", "--wait"], message(&play).as_bytes())
        .code(75);
    stage.sink.take("bo@example.test");
    // It was written down while the clock was ten years ahead.
    let late = "UPDATE outbox SET next_try = next_try + 315360000 WHERE state = 'queued'";
    assert_eq!(write(&local(&play.home)).execute(late, []).unwrap(), 1);
    play.sync().code(0);
    assert_eq!(
        rows(&read(&local(&play.home)), "SELECT state FROM outbox"),
        ["sent"]
    );
}

#[test]
fn mail_arrives_after_a_sleep() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let watch = Beside::start(play.home.command(&["sync", "--watch"]));
    past(&play, |look| letter(look, "INBOX", "before"));
    eventually("mail before the sleep", || has(&play, "before"));
    watch.signal(rustix::process::Signal::STOP);
    past(&play, |look| letter(look, "INBOX", "asleep"));
    // The connections did not live through it.
    play.imap.disarm();
    watch.signal(rustix::process::Signal::CONT);
    eventually("mail after the sleep", || has(&play, "asleep"));
    past(&play, |look| letter(look, "INBOX", "after"));
    eventually("mail to the new connection", || has(&play, "after"));
}

#[test]
fn f11_a_connection_that_leads_nowhere_is_left() {
    let Some(stage) = Stage::start() else { return };
    let mut play = stage.template();
    // What waits for minutes waits for a fraction of a second.
    play.home.hurry = 500;
    let _watch = Beside::start(play.home.command(&["sync", "--watch"]));
    for n in 0..3 {
        let subject = format!("before{n}");
        past(&play, |look| letter(look, "INBOX", &subject));
        eventually("mail before", || has(&play, &subject));
        let before = play.imap.opened();
        assert!(play.imap.vanish() > 0);
        let subject = format!("after{n}");
        past(&play, |look| letter(look, "INBOX", &subject));
        eventually("mail over a new connection", || has(&play, &subject));
        let redialled = play.imap.opened() - before;
        assert!(redialled < 40, "{redialled} connections");
    }
}

#[test]
fn f11_connections_that_a_sleep_has_cost_are_left_and_what_was_done_meanwhile_is_done() {
    let Some(stage) = Stage::start() else { return };
    let mut play = stage.template();
    play.home.hurry = 500;
    let watch = Beside::start(play.home.command(&["sync", "--watch"]));
    past(&play, |look| letter(look, "INBOX", "before"));
    eventually("mail before the sleep", || has(&play, "before"));
    // Whoever sleeps in the middle of a transaction keeps everybody else waiting.
    eventually("a moment in which nothing is being written", || {
        watch.signal(rustix::process::Signal::STOP);
        eventually("all threads asleep", || watch.is_stopped());
        let free = [local(&play.home), cache(&play.home)].iter().all(|file| {
            let other = write(file);
            other.busy_timeout(Duration::from_millis(100)).unwrap();
            other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok()
        });
        if !free {
            watch.signal(rustix::process::Signal::CONT);
        }
        free
    });
    past(&play, |look| letter(look, "INBOX", "asleep"));
    let id = play.home.id("INBOX", "in1");
    play.home.run(&["move", &id, "Work"]).code(0);
    assert!(play.imap.vanish() > 0);
    watch.signal(rustix::process::Signal::CONT);
    eventually("mail of the time asleep", || has(&play, "asleep"));
    eventually("the move", || play.there()["Work"].len() == 4);
    drop(watch);
    play.settle();
    play.dump();
    play.is_quiet();
}

#[test]
fn f06_a_database_that_somebody_holds_is_waited_for() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let id = play.home.id("INBOX", "in1");
    past(&play, |look| letter(look, "INBOX", "late"));
    for (file, args) in [
        (local(&play.home), vec!["flag", &id, "+flagged"]),
        (cache(&play.home), vec!["sync", "--once"]),
    ] {
        let holder = write(&file);
        holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let mut child = play.home.command(&args).spawn().unwrap();
        // That it waits all this time is the fault that is made, not a way to meet it.
        std::thread::sleep(Duration::from_secs(2));
        assert!(
            child.try_wait().unwrap().is_none(),
            "{args:?} did not need {file:?}"
        );
        holder.execute_batch("COMMIT").unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
    }
    play.settle();
    play.dump();
    assert!(has(&play, "late"));
    assert!(
        play.there()["INBOX"]
            .iter()
            .any(|m| m.contains("\\Flagged|in1@"))
    );
    play.is_quiet();
}

#[test]
fn f07_programs_on_one_home_do_everything_once() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    let (moved, kept) = (play.home.id("INBOX", "in1"), play.home.id("INBOX", "in2"));
    let mut beside = Vec::new();
    for n in 0..3 {
        let mut child = play
            .home
            .command(&["send", "--wait"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let letter =
            message(&play).replace(&format!("<{}@", play.user), &format!("<{}-{n}@", play.user));
        child
            .stdin
            .take()
            .unwrap()
            .write_all(letter.as_bytes())
            .unwrap();
        beside.push(child);
    }
    for args in [
        vec!["move", &moved, "Work"],
        vec!["sync", "--once"],
        vec!["flag", &kept, "+flagged"],
        vec!["sync", "--once"],
    ] {
        beside.push(play.home.command(&args).spawn().unwrap());
    }
    for child in beside {
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    play.settle();
    play.dump();
    for n in 0..3 {
        assert_eq!(
            play.delivered(&format!("{}-{n}@example.test", play.user)),
            1
        );
    }
    let there = play.there();
    assert_eq!(
        (
            there["Sent"].len(),
            there["Work"].len(),
            there["INBOX"].len()
        ),
        (3, 4, 7)
    );
    play.is_quiet();
}
