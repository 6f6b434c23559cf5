//! The machine fails: the disk is full, can't be written or is damaged, descriptors run out. What
//! failed is said, nothing is half done, no cursor runs ahead of what is stored, and once the
//! machine is well again everything comes to where it would have been.
//!
//! Calls are made to fail by strace, which can do it to the nth call of each thread.

use crate::dovecot::{need, skip};
use crate::dump::{Dump, cache, local, read, rows, write};
use crate::story::{Act, Play, Scenario, Stage, act, begin, message, run, sending, spread};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// strace, if it is here and may trace: in some containers nobody may.
pub fn strace() -> Option<PathBuf> {
    let strace = need("strace")?;
    let mut probe = Command::new(&strace);
    let tried = probe.args(["-f", "-e", "trace=none", "true"]).output();
    if tried.is_ok_and(|t| t.status.success()) {
        return Some(strace);
    }
    skip("this machine lets nobody trace a process");
    None
}

/// Runs an act under strace with these expressions, and one more word in its environment. The trace
/// is in `trace` beside the home.
pub fn traced(
    strace: &PathBuf,
    play: &Play<'_>,
    act: &Act,
    options: &[&str],
    env: (&str, &str),
) -> Output {
    let mut command = Command::new(strace);
    command
        .args(["-f", "--seccomp-bpf", "-o"])
        .arg(play.home.path.join("../trace"))
        .args(options)
        .arg(env!("CARGO_BIN_EXE_postrider"))
        .args(&act.args)
        .env("POSTRIDER_HOME", &play.home.path)
        .env("TZ", "UTC")
        .env(env.0, env.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(act.input.as_bytes());
    child.wait_with_output().unwrap()
}

/// How often a thread of the program makes a call at most, and how often before it touches its home
/// for the first time.
fn calls(strace: &PathBuf, play: &Play<'_>, act: &Act, call: &str) -> (usize, usize) {
    let trace = format!("trace={call}");
    let done = traced(strace, play, act, &["-e", &trace], ("LANG", "C"));
    assert!(done.status.success(), "{done:?}");
    let trace = fs::read_to_string(play.home.path.join("../trace")).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    let (mut first, home) = (0, play.home.path.display().to_string());
    for line in trace.lines().filter(|l| l.contains(&format!("{call}("))) {
        let thread = line.split(' ').next().unwrap();
        let count = counts.entry(thread.to_owned()).or_insert(0);
        *count += 1;
        if first == 0 && line.contains(&home) {
            first = *count;
        }
    }
    (counts.into_values().max().unwrap_or(0), first)
}

/// No cursor stands above a message that the cache lacks.
#[track_caller]
fn no_cursor_ran_ahead(play: &Play<'_>, what: &str) {
    if !cache(&play.home).exists() {
        return;
    }
    let db = read(&cache(&play.home));
    let there = play.there();
    let sql = "SELECT path, uidnext FROM mailbox WHERE uidvalidity IS NOT NULL";
    if db.prepare(sql).is_err() {
        // It was not even made.
        return;
    }
    for row in rows(&db, sql) {
        let (path, next) = row.split_once('|').unwrap();
        let next: u64 = next.parse().unwrap();
        let held = format!(
            "SELECT l.uid FROM location l JOIN mailbox b ON b.id = l.mailbox WHERE b.path = '{path}'"
        );
        let held = rows(&db, &held);
        for message in there.get(path).into_iter().flatten() {
            let uid = message.split('|').next().unwrap();
            let below = uid.parse::<u64>().unwrap() < next;
            assert!(
                !below || held.iter().any(|h| h == uid),
                "{what}: {path} lacks {uid} below {next}"
            );
        }
    }
}

/// One kind of failure.
struct Failure {
    call: &'static str,
    error: &'static str,
    /// Whether every later call fails too.
    on: bool,
    /// One of these is said.
    words: &'static [&'static str],
}

fn fail(
    strace: &PathBuf,
    template: &Play<'_>,
    scenario: &Scenario,
    failure: &Failure,
    most: usize,
) {
    let counted = begin(scenario, template);
    let acts = (scenario.acts)(&counted);
    let (victim, first) = acts.split_last().unwrap();
    for act in first {
        assert!(run(&counted.home, act, ("LANG", "C")).status.success());
    }
    let (all, start) = calls(strace, &counted, victim, failure.call);
    let golden: Dump = {
        counted.settle();
        counted.dump()
    };
    assert!(all > 0, "{}: no {}", scenario.name, failure.call);
    let mut failed = 0;
    let points = spread((start.max(1)..=all).collect(), most);
    for n in &points {
        let play = begin(scenario, template);
        let acts = (scenario.acts)(&play);
        let (victim, first) = acts.split_last().unwrap();
        for act in first {
            run(&play.home, act, ("LANG", "C"));
        }
        let before = play.recorded();
        let on = if failure.on { "+" } else { "" };
        let (call, error) = (failure.call, failure.error);
        let inject = format!("inject={call}:error={error}:when={n}{on}");
        let done = traced(
            strace,
            &play,
            victim,
            &["-e", &format!("trace={call}"), "-e", &inject],
            ("LANG", "C"),
        );
        let said = String::from_utf8_lossy(&[&done.stderr[..], &done.stdout].concat()).into_owned();
        let what = format!("{inject}: {said}");
        assert!(!said.contains("panicked"), "{what}");
        if !done.status.success() {
            failed += 1;
            let low = said.to_lowercase();
            assert!(failure.words.iter().any(|w| low.contains(w)), "{what}");
        }
        no_cursor_ran_ahead(&play, &what);
        if victim.args[0] != "sync" && play.recorded() == before {
            run(&play.home, victim, ("LANG", "C"));
        }
        scenario.judge(&play, &golden, &what);
    }
    assert!(
        failed > 0,
        "{}: nothing failed at {points:?}",
        scenario.name
    );
    eprintln!(
        "{}: {} failed {failed} of {} runs",
        scenario.name,
        failure.call,
        points.len()
    );
}

const FULL: Failure = Failure {
    call: "pwrite64",
    error: "ENOSPC",
    on: true,
    words: &["full"],
};

fn first_sync() -> Scenario {
    Scenario {
        name: "first sync",
        fresh: true,
        ..Scenario::default()
    }
}

fn flags() -> Scenario {
    Scenario {
        name: "flags",
        acts: |play| vec![act(&["flag", &play.home.id("INBOX", "in2"), "+flagged"])],
        ..Scenario::default()
    }
}

#[test]
fn f03_a_disk_that_fills_in_a_first_sync_loses_nothing() {
    let Some(strace) = strace() else { return };
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    fail(&strace, &template, &first_sync(), &FULL, 8);
}

#[test]
fn f03_a_full_disk_loses_neither_a_change_nor_a_letter() {
    let Some(strace) = strace() else { return };
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    fail(&strace, &template, &flags(), &FULL, 3);
    fail(&strace, &template, &sending(), &FULL, 6);
}

#[test]
fn f04_a_failing_disk_and_a_want_of_descriptors_lose_nothing() {
    let Some(strace) = strace() else { return };
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let failure = Failure {
        call: "fsync",
        error: "EIO",
        on: false,
        words: &["disk"],
    };
    fail(&strace, &template, &sending(), &failure, 8);
    let failure = Failure {
        call: "openat",
        error: "EMFILE",
        on: true,
        words: &["open"],
    };
    fail(&strace, &template, &first_sync(), &failure, 6);
}

/// A first sync under a limit of the shell's; whether it went well.
fn limited(play: &Play<'_>, limit: &str) -> bool {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_postrider");
    let line = format!("ulimit {limit}; exec {program} sync --once");
    let done = command
        .args(["-c", &line])
        .env("POSTRIDER_HOME", &play.home.path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!said.contains("panicked"), "{limit}: {said}");
    if done.status.code().is_some_and(|code| code != 0) {
        assert!(!said.trim().is_empty(), "{limit}: it says nothing");
    }
    done.status.success()
}

#[test]
fn f10_a_want_of_memory_loses_nothing() {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let scenario = first_sync();
    let golden = {
        let play = begin(&scenario, &template);
        play.settle();
        play.dump()
    };
    // Sixty-four descriptors are enough, and a limit of a size that nobody reaches is none.
    for enough in ["-n 64", "-v 4000000"] {
        let play = begin(&scenario, &template);
        assert!(limited(&play, enough), "{enough}");
        scenario.judge(&play, &golden, enough);
    }
    let limits = (4..=60).map(|n| format!("-v {}", n * 6_000)).collect();
    let mut failed = 0;
    for limit in spread(limits, 14) {
        let play = begin(&scenario, &template);
        failed += usize::from(!limited(&play, &limit));
        no_cursor_ran_ahead(&play, &limit);
        scenario.judge(&play, &golden, &limit);
    }
    assert!(failed > 0, "all was enough");
}

/// One way to damage a file, at a place in it.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// Sixteen octets turned round.
    Flip(u64),
    /// Everything from there on is gone.
    Truncate(u64),
    /// Everything from there on is noughts.
    Nought(u64),
    /// A WAL of that many octets of rubbish lies beside it.
    Wal(usize),
}

fn damage(file: &Path, how: Damage) {
    let mut bytes = fs::read(file).unwrap();
    match how {
        Damage::Flip(at) => {
            let at = usize::try_from(at).unwrap();
            let end = (at + 16).min(bytes.len());
            bytes[at..end].iter_mut().for_each(|b| *b = !*b);
        }
        Damage::Truncate(at) => bytes.truncate(usize::try_from(at).unwrap()),
        Damage::Nought(at) => bytes[usize::try_from(at).unwrap()..].fill(0),
        Damage::Wal(size) => {
            let wal = file.with_file_name(format!("{}-wal", file.file_name().unwrap().display()));
            fs::write(wal, [0x37, 0x7f, 6, 0x82].repeat(size / 4)).unwrap();
        }
    }
    fs::write(file, bytes).unwrap();
}

/// Places all over a file of that size.
fn damages(size: u64) -> Vec<Damage> {
    let mut all = vec![
        Damage::Flip(0),
        Damage::Flip(16),
        Damage::Flip(40),
        Damage::Flip(100),
    ];
    // The heads of pages, where damage is always found once the page is read.
    for page in 1..size / PAGE {
        all.push(Damage::Flip(page * PAGE));
    }
    all.extend([0, 1, 511, PAGE, size / 2, size - 1].map(Damage::Truncate));
    all.extend([0, PAGE, size / 3].map(Damage::Nought));
    all.extend([8, 4000].map(Damage::Wal));
    all
}

/// Damaged files that were moved out of the way.
fn aside(play: &Play<'_>) -> usize {
    let names = fs::read_dir(&play.home.path).unwrap();
    let names = names.map(|n| n.unwrap().file_name().display().to_string());
    let main = |n: &String| n.starts_with("cache.db.corrupt-") && !n.ends_with(['l', 'm']);
    names.filter(main).count()
}

#[test]
fn f05_a_damaged_cache_is_moved_aside_and_made_anew() {
    mended(damages);
}

#[test]
fn f05_a_cache_with_damaged_rows_is_moved_aside_and_made_anew() {
    mended(|size| {
        // Rows lie at the ends of pages.
        let inside = |page| (page + 1) * PAGE - 64 - page % 7 * 40;
        (1..size / PAGE)
            .map(|page| Damage::Flip(inside(page)))
            .collect()
    });
}

/// A page of SQLite.
const PAGE: u64 = 8192;

fn mended(damages: fn(u64) -> Vec<Damage>) {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let golden = {
        let play = template.again();
        play.settle();
        play.dump()
    };
    let size = fs::metadata(cache(&template.home)).unwrap().len();
    let (mut found, mut all) = (0, 0);
    for how in spread(damages(size), 40) {
        let play = template.again();
        damage(&cache(&play.home), how);
        let mut said = String::new();
        // What is found while it is used is proved and mended at the next start.
        let uses = [
            &["sync", "--once"][..],
            &["list", "-m", "INBOX"],
            &["search", "words"],
        ];
        let well = (0..3).any(|_| {
            let ran: Vec<_> = uses.iter().map(|args| play.home.run(args)).collect();
            said.extend(ran.iter().map(|r| r.err.as_str()));
            ran.iter().all(|r| r.code == 0)
        });
        assert!(well, "{how:?}: it never came right: {said}");
        assert!(!said.contains("panicked"), "{how:?}: {said}");
        assert!(
            aside(&play) <= 1,
            "{how:?}: moved aside again and again: {said}"
        );
        all += 1;
        if aside(&play) == 1 {
            found += 1;
            play.settle();
            assert_eq!(play.dump(), golden, "{how:?}");
        }
    }
    // Most of it lies where nobody has read yet: whoever reads it will find it.
    assert!(found >= 3, "only {found} of {all} were found");
    eprintln!("{found} of {all} damaged caches were found so and made anew");
}

#[test]
fn f05_a_damaged_local_database_is_left_alone_and_named() {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    for how in [
        Damage::Flip(0),
        Damage::Flip(100),
        Damage::Nought(0),
        Damage::Truncate(5000),
    ] {
        let play = template.again();
        let file = local(&play.home);
        damage(&file, how);
        let before = fs::read(&file).unwrap();
        for args in [
            &["sync", "--once"][..],
            &["flag", "m1", "+seen"],
            &["outbox"],
        ] {
            let ran = play.home.run(args);
            assert_eq!(ran.code, 74, "{how:?} {args:?}: {}", ran.err);
            assert!(
                ran.err.contains("local.db") && ran.err.contains("drafts"),
                "{}",
                ran.err
            );
        }
        assert!(
            fs::read(&file).unwrap() == before,
            "{how:?}: it was touched"
        );
        // Moved aside by the user, as it was said.
        fs::rename(&file, file.with_extension("old")).unwrap();
        play.sync().code(0);
    }
}

#[test]
fn f05_damage_in_the_local_database_that_is_met_later_is_no_damage_of_the_cache() {
    let Some(stage) = Stage::start() else { return };
    let play = stage.template();
    stage.sink.refuse("bo@example.test", "451 4.7.1 later");
    play.home
        .feed(&["send", "--wait"], message(&play).as_bytes())
        .code(75);
    // It opens well, and one row is not what was written.
    let sql = "UPDATE outbox SET subject = cast(x'ff' AS TEXT)";
    assert_eq!(write(&local(&play.home)).execute(sql, []).unwrap(), 1);
    for args in [&["outbox"][..], &["sync", "--once"], &["list"]] {
        let ran = play.home.run(args);
        let told = ran.err.contains("local.db") && ran.err.contains("drafts");
        assert!(ran.code == 0 || told, "{args:?}: {} {}", ran.code, ran.err);
    }
    assert_ne!(play.home.run(&["outbox"]).code, 0);
    let left = fs::read_dir(&play.home.path).unwrap();
    let names: Vec<_> = left.map(|f| f.unwrap().file_name()).collect();
    let moved = |n: &&std::ffi::OsString| {
        let name = n.to_string_lossy();
        name.contains("suspect") || name.contains("corrupt")
    };
    assert_eq!(names.iter().find(moved), None);
    assert_eq!(play.home.list("INBOX").len(), 8);
}
