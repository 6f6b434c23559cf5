//! Killed at every step: whatever the program was doing, the next run brings everything to where it
//! would have been, nothing is lost and nothing happens twice.
//!
//! A step (`src/model/step.rs`) is a commit, a rename, an fsync, or something sent or received. A
//! scenario is told once undisturbed, counting its steps; then again for each step, ended before
//! it or after it. Every telling has its own user and home, copies of the same ones. What the user
//! asked for and was not yet durable is asked for again, as the user would.

use crate::dovecot::skip;
use crate::dump::Dump;
use crate::story::{
    Act, Play, Scenario, Stage, act, begin, copy, letter, past, run, sending, spread,
};
use postrider::model::{AccountName, Draft};
use postrider::store::Local;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};

/// Points of each scenario in an ordinary run.
const POINTS: usize = 16;

/// The undisturbed telling: how many steps each act has, and what is left.
fn golden(scenario: &Scenario, template: &Play<'_>) -> (Vec<usize>, Dump) {
    let play = begin(scenario, template);
    let mut steps = Vec::new();
    for act in (scenario.acts)(&play) {
        let list = play.home.path.join("../steps");
        let _ = std::fs::remove_file(&list);
        let done = run(
            &play.home,
            &act,
            ("POSTRIDER_STEPS", list.to_str().unwrap()),
        );
        assert!(
            done.status.success(),
            "{}: {}",
            scenario.name,
            String::from_utf8_lossy(&done.stderr)
        );
        let names = std::fs::read_to_string(&list).unwrap_or_default();
        steps.push(names.lines().count());
    }
    play.settle();
    let dump = play.dump();
    (scenario.always)(&play);
    play.is_quiet();
    (steps, dump)
}

/// How an act is run that is ended at a point.
pub type How<'h> = &'h dyn Fn(&Play<'_>, &Act, &str) -> Output;

/// Tells a scenario with the program ended at a step of an act; whether it was.
fn told(
    scenario: &Scenario,
    template: &Play<'_>,
    point: (usize, &str),
    golden: &Dump,
    how: How<'_>,
) -> bool {
    let play = begin(scenario, template);
    let mut hit = false;
    for (n, act) in (scenario.acts)(&play).iter().enumerate() {
        let before = play.recorded();
        if n != point.0 {
            run(&play.home, act, ("POSTRIDER_STEP", "0"));
            continue;
        }
        let done = how(&play, act, point.1);
        hit = done.status.signal() == Some(6);
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            hit || done.status.success(),
            "{} {point:?}: {words}",
            scenario.name
        );
        if hit && act.args[0] != "sync" && play.recorded() == before {
            run(&play.home, act, ("POSTRIDER_STEP", "0"));
        }
    }
    scenario.judge(&play, golden, &format!("killed at {point:?}"));
    hit
}

/// Whether the program counts its steps.
pub fn is_built_for_it() -> bool {
    let is = cfg!(feature = "faults");
    if !is {
        skip("built without the feature `faults` (tests/run builds with it)");
    }
    is
}

/// Tells scenarios, each at its points, ended by nothing but an end.
fn tell(scenarios: &[Scenario]) {
    tell_with(scenarios, POINTS, &|play, act, point| {
        run(&play.home, act, ("POSTRIDER_STEP", point))
    });
}

/// Tells scenarios, each at so many points.
pub fn tell_with(scenarios: &[Scenario], most: usize, how: How<'_>) {
    if !is_built_for_it() {
        return;
    }
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    for scenario in scenarios {
        let (steps, dump) = golden(scenario, &template);
        let mut points = Vec::new();
        for (n, count) in steps.iter().enumerate() {
            for step in 1..=*count {
                points.push((n, step.to_string()));
                points.push((n, format!("{step}:after")));
            }
        }
        let all = points.len();
        assert!(all >= 20, "{}: only {steps:?} steps", scenario.name);
        let points = spread(points, most);
        let mut hit = 0;
        for (n, step) in &points {
            hit += usize::from(told(scenario, &template, (*n, step), &dump, how));
        }
        // Threads and packets may make one step more or less.
        assert!(
            hit * 10 >= points.len() * 8,
            "{}: {hit} of {points:?} were hit",
            scenario.name
        );
        eprintln!("{}: killed at {hit} of {all} points", scenario.name);
    }
}

/// Syncs that have something to bring.
pub fn syncs() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "first sync",
            fresh: true,
            ..Scenario::default()
        },
        Scenario {
            name: "new, changed and vanished messages",
            before: |play| {
                past(play, |look| {
                    for n in 0..4 {
                        letter(look, "INBOX", &format!("new{n}"));
                    }
                    look.select("INBOX").unwrap();
                    look.uid_store("1:2", "+FLAGS (\\Seen $Todo)").unwrap();
                    look.uid_store("4:5", "+FLAGS (\\Deleted)").unwrap();
                    look.uid_expunge("4:5").unwrap();
                    look.uid_mv("7", "Work").unwrap();
                });
            },
            ..Scenario::default()
        },
        Scenario {
            name: "mailbox renamed",
            before: |play| past(play, |look| look.rename("Work", "Works").unwrap()),
            ..Scenario::default()
        },
        Scenario {
            name: "account added",
            fresh: true,
            before: |play| play.home.configure(""),
            acts: |play| {
                let (imap, smtp) = (play.imap.port, play.smtp.port);
                let (imap, smtp) = (
                    format!("none:127.0.0.1:{imap}"),
                    format!("none:127.0.0.1:{smtp}"),
                );
                let add = act(&[
                    "account",
                    "add",
                    "ada@example.test",
                    "--name",
                    "work",
                    "--imap",
                    &imap,
                    "--smtp",
                    &smtp,
                    "--user",
                    &play.user,
                    "--password-command",
                    "echo secret",
                ]);
                vec![add, act(&["sync", "--once", "--bodies", "all"])]
            },
            ..Scenario::default()
        },
    ]
}

/// Changes that are made here.
pub fn changes() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "flags",
            acts: |play| {
                let id = play.home.id("INBOX", "in2");
                vec![
                    act(&["flag", &id, "+flagged", "+$Todo"]),
                    act(&["sync", "--once"]),
                ]
            },
            ..Scenario::default()
        },
        Scenario {
            name: "move",
            acts: |play| {
                let id = play.home.id("INBOX", "in3");
                vec![act(&["move", &id, "Work"]), act(&["sync", "--once"])]
            },
            ..Scenario::default()
        },
        Scenario {
            name: "copy",
            before: |play| copy(play, "in4", "Work"),
            ..Scenario::default()
        },
        Scenario {
            name: "delete for good",
            acts: |play| {
                let id = play.home.id("Trash", "old");
                vec![act(&["delete", &id]), act(&["sync", "--once"])]
            },
            ..Scenario::default()
        },
    ]
}

#[test]
fn f01_a_sync_that_is_killed_anywhere_goes_on() {
    tell(&syncs());
}

#[test]
fn f01_a_change_that_is_killed_anywhere_happens_once() {
    tell(&changes());
}

#[test]
fn f01_f46_a_sending_that_is_killed_anywhere_is_sent_at_most_once() {
    tell(&[sending()]);
}

const CHILD: &str = "POSTRIDER_TEST_DRAFTS";
const VERSIONS: usize = 6;

/// Not a test of its own: the process that the next test kills. Saves versions of a draft and says
/// which is durable.
#[test]
#[ignore = "run by the test beside it"]
fn a_child_that_saves_drafts() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let mut local = Local::open(path.as_ref()).unwrap();
    let mut draft = Draft::new(AccountName("work".to_owned()));
    for n in 1..=VERSIONS {
        draft.subject = format!("version {n}");
        draft.body = format!("Words of version {n}.\n").repeat(400 * (n % 3 + 1));
        draft.id = Some(local.save_draft(&draft, 0).unwrap());
        eprintln!("durable {n}");
    }
}

#[test]
fn f01_a_draft_that_is_killed_while_it_is_saved_is_the_old_one_or_the_new_one() {
    if !is_built_for_it() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let points = (1..=VERSIONS + 1).flat_map(|n| [n.to_string(), format!("{n}:after")]);
    for point in points {
        let path = folder.path().join(format!("{point}.db"));
        let done = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "kill::a_child_that_saves_drafts",
                "--ignored",
                "--nocapture",
            ])
            .env("POSTRIDER_STEP", &point)
            .env(CHILD, &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.signal(), Some(6), "{point}: {said}");
        let last = said.lines().filter(|l| l.starts_with("durable")).count();
        let local = Local::open(&path).unwrap();
        let drafts = local.read().drafts().unwrap();
        let found: Vec<&str> = drafts.iter().map(|d| d.subject.as_str()).collect();
        match found[..] {
            [] => assert_eq!(last, 0, "{point}: {said}"),
            [subject] => {
                let n: usize = subject.trim_start_matches("version ").parse().unwrap();
                assert!(
                    n == last || n == last + 1,
                    "{point}: {subject} after {last}"
                );
                let words = format!("Words of version {n}.\n").repeat(400 * (n % 3 + 1));
                assert!(drafts[0].body == words, "{point}: not the words of {n}");
            }
            _ => panic!("{point}: {found:?}"),
        }
    }
}
