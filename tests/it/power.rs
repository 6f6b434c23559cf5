//! The power fails: what was written and not yet synced is gone, in whatever order the disk liked.
//! The cache may have gone back and is brought up again; what only we have never goes back.
//!
//! The program is ended at a step of its own, and then every octet is taken out of its files that
//! was written behind the last sync of the file, as a trace of its calls tells.

use crate::dovecot::need;
use crate::failing::{strace, traced};
use crate::kill::{changes, is_built_for_it, syncs, tell_with};
use crate::story::{Act, Play, Scenario, Stage, act, message, run, sending};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

/// Points of each scenario in an ordinary run.
const POINTS: usize = 6;

/// A call of the trace: its thread, its name, what stands in the brackets, how it ended. A call
/// that another thread's cut in two has its end in another line.
struct Call<'t> {
    thread: &'t str,
    name: &'t str,
    args: &'t str,
    began: bool,
    well: bool,
}

fn call(line: &str) -> Option<Call<'_>> {
    let (thread, rest) = line.split_once(' ')?;
    let rest = rest.trim_start();
    if let Some(rest) = rest.strip_prefix("<... ") {
        let (name, end) = rest.split_once(' ')?;
        return Some(Call {
            thread,
            name,
            args: "",
            began: false,
            well: !end.contains("= -1"),
        });
    }
    let (name, rest) = rest.split_once('(')?;
    let (args, end) = match rest.rsplit_once(" = ") {
        Some((args, end)) => (args.trim_end().strip_suffix(')')?, Some(end)),
        None => (rest.strip_suffix("<unfinished ...>")?.trim_end(), None),
    };
    Some(Call {
        thread,
        name,
        args,
        began: true,
        well: end.is_some_and(|e| !e.starts_with('-')),
    })
}

/// The file that a descriptor stands for: `12</home/cache.db-wal>`.
fn file(args: &str) -> Option<PathBuf> {
    let (_, path) = args.split_once('<')?;
    Some(PathBuf::from(path.split_once('>')?.0))
}

/// What each file was given and nobody made durable, as ranges of octets.
fn unsynced(trace: &str) -> BTreeMap<PathBuf, Vec<(u64, u64)>> {
    let mut loose: BTreeMap<PathBuf, Vec<(u64, u64)>> = BTreeMap::new();
    // Syncs that began: the file, and how many writes they cover.
    let mut syncing: BTreeMap<&str, (PathBuf, usize)> = BTreeMap::new();
    for call in trace.lines().filter_map(call) {
        let path = file(call.args);
        match (call.name, path) {
            // What processes share while they run is made anew after a start.
            ("pwrite64", Some(path)) if path.extension().is_none_or(|e| e != "db-shm") => {
                let mut numbers = call.args.rsplit(", ").map(|n| n.trim().parse::<u64>());
                let (Some(Ok(at)), Some(Ok(len))) = (numbers.next(), numbers.next()) else {
                    panic!("{}", call.args)
                };
                loose.entry(path).or_default().push((at, at + len));
            }
            ("fsync" | "fdatasync", Some(path)) => {
                let covered = loose.get(&path).map_or(0, Vec::len);
                if call.well {
                    loose.remove(&path);
                } else {
                    syncing.insert(call.thread, (path, covered));
                }
            }
            ("fsync" | "fdatasync", None) if !call.began && call.well => {
                if let Some((path, covered)) = syncing.remove(call.thread)
                    && let Some(writes) = loose.get_mut(&path)
                {
                    writes.drain(..covered.min(writes.len()));
                }
            }
            _ => {}
        }
    }
    loose
}

/// Takes out of the home's files what the disk never had; how many octets that were.
fn lose(play: &Play<'_>) -> u64 {
    let trace = fs::read_to_string(play.home.path.join("../trace")).unwrap();
    let mut lost = 0;
    for (path, writes) in unsynced(&trace) {
        let Ok(file) = OpenOptions::new().write(true).open(&path) else {
            // It is gone by itself.
            continue;
        };
        if !path.starts_with(&play.home.path) || path.extension().is_some_and(|e| e == "log") {
            continue;
        }
        let len = file.metadata().unwrap().len();
        let mut end = len;
        for (from, to) in writes {
            let to = to.min(len);
            if from < to {
                let nought = vec![0; usize::try_from(to - from).unwrap()];
                file.write_all_at(&nought, from).unwrap();
                lost += to - from;
            }
            if to == len {
                end = end.min(from);
            }
        }
        // What stood at its end never came to be.
        file.set_len(end).unwrap();
    }
    lost
}

/// What strace is to tell: calls that write and sync, with the names of files and no contents.
const CALLS: [&str; 5] = ["-y", "-s", "0", "-e", "trace=pwrite64,fsync,fdatasync"];

/// Tells scenarios with the power gone at points of them.
fn without_power(scenarios: &[Scenario]) {
    let Some(strace) = strace() else { return };
    if !is_built_for_it() {
        return;
    }
    let lost = std::cell::Cell::new(0);
    tell_with(scenarios, POINTS, &|play: &Play<'_>, act: &Act, point| {
        let done = traced(&strace, play, act, &CALLS, ("POSTRIDER_STEP", point));
        lost.set(lost.get() + lose(play));
        done
    });
    // Zero without Dovecot, too, which was said already.
    assert!(
        lost.get() > 0 || need("dovecot").is_none(),
        "nothing was lost"
    );
}

#[test]
fn f02_a_sync_that_lost_its_power_anywhere_goes_on() {
    without_power(&syncs());
}

#[test]
fn f02_a_change_that_lost_its_power_anywhere_happens_once() {
    without_power(&changes());
}

#[test]
fn f02_a_sending_that_lost_its_power_anywhere_is_sent_at_most_once() {
    without_power(&[sending()]);
}

#[test]
fn f02_what_somebody_is_told_of_is_on_the_disk() {
    let Some(strace) = strace() else { return };
    if !is_built_for_it() {
        return;
    }
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let acts: [fn(&Play<'_>) -> Act; 3] = [
        |play| act(&["flag", &play.home.id("INBOX", "in2"), "+flagged"]),
        |play| act(&["delete", &play.home.id("INBOX", "in3")]),
        |play| Act {
            input: message(play),
            ..act(&["send"])
        },
    ];
    for make in acts {
        let play = template.again();
        let list = play.home.path.join("../steps");
        let done = run(
            &play.home,
            &make(&play),
            ("POSTRIDER_STEPS", list.to_str().unwrap()),
        );
        assert!(done.status.success(), "{done:?}");
        let names = fs::read_to_string(&list).unwrap();
        let commits = names
            .lines()
            .enumerate()
            .filter(|(_, name)| *name == "local commit");
        let commits: Vec<usize> = commits.map(|(n, _)| n + 1).collect();
        assert!(!commits.is_empty(), "{names}");
        for n in commits {
            let play = template.again();
            let after = format!("{n}:after");
            let done = traced(
                &strace,
                &play,
                &make(&play),
                &CALLS,
                ("POSTRIDER_STEP", &after),
            );
            assert!(!done.status.success(), "it was not ended at {after}");
            let trace = fs::read_to_string(play.home.path.join("../trace")).unwrap();
            let own = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
            let loose = unsynced(&trace);
            let left = loose
                .iter()
                .find(|(path, writes)| own(path).starts_with("local.db") && !writes.is_empty());
            assert_eq!(left, None, "after commit {n} of {names}");
        }
    }
}

#[test]
fn the_trace_is_understood() {
    let trace = "1 pwrite64(3</h/a>, \"\"..., 10, 0) = 10\n\
                 1 pwrite64(3</h/a>, \"\"..., 10, 10 <unfinished ...>\n\
                 2 fdatasync(4</h/b> <unfinished ...>\n\
                 1 <... pwrite64 resumed>)          = 10\n\
                 2 <... fdatasync resumed>)         = 0\n\
                 1 fsync(3</h/a> <unfinished ...>\n\
                 2 pwrite64(3</h/a>, \"\"..., 5, 20) = 5\n\
                 1 <... fsync resumed>)             = 0\n\
                 2 pwrite64(4</h/b>, \"\"..., 5, 0) = 5\n\
                 2 fdatasync(4</h/b>)               = -1 EIO (Input/output error)\n";
    let all = unsynced(trace);
    assert_eq!(all[&PathBuf::from("/h/a")], [(20, 25)]);
    assert_eq!(all[&PathBuf::from("/h/b")], [(0, 5)]);
}
