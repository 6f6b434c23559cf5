//! Killed at every step: whatever the program was doing, the next run brings everything to where it
//! would have been, nothing is lost and nothing happens twice.
//!
//! A step (`src/model/step.rs`) is a commit, a rename, an fsync, or something sent or received. A
//! scenario is told once undisturbed, counting its steps; then again for each step, ended before
//! it or after it. Every telling has its own user and home, copies of the same ones. What the user
//! asked for and was not yet durable is asked for again, as the user would.

use crate::program::Home;
use crate::story::{Dump, Look, Play, Stage, cache, letter, local, read, rows, spread};
use postrider::model::{
    AccountName, Draft, MailboxName, MessageId, MessageKey, NewOp, OpKind, Uid, UidValidity,
};
use postrider::store::Local;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

/// Points of each scenario in an ordinary run.
const POINTS: usize = 16;

/// What the program is run to do: its arguments and its input.
struct Act {
    args: Vec<String>,
    input: String,
}

fn act(args: &[&str]) -> Act {
    Act {
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        input: String::new(),
    }
}

/// A scenario: what happens first, undisturbed, and what the program does then.
struct Scenario {
    name: &'static str,
    /// Whether the home is empty when it begins.
    fresh: bool,
    before: fn(&Play<'_>),
    acts: fn(&Play<'_>) -> Vec<Act>,
    /// Whether this end is as good as the undisturbed one; asked only if it is another.
    also: fn(&Play<'_>) -> bool,
    /// What must be so in any case.
    always: fn(&Play<'_>),
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario {
            name: "",
            fresh: false,
            before: |_| {},
            acts: |_| vec![act(&["sync", "--once"])],
            also: |_| false,
            always: |_| {},
        }
    }
}

fn run(home: &Home, act: &Act, env: (&str, &str)) -> std::process::Output {
    let args: Vec<&str> = act.args.iter().map(String::as_str).collect();
    let mut command: Command = home.command(&args);
    command.stdin(Stdio::piped()).env(env.0, env.1);
    let mut child = command.spawn().unwrap();
    // One that is killed before it has read everything is what we want.
    let _ = child.stdin.take().unwrap().write_all(act.input.as_bytes());
    child.wait_with_output().unwrap()
}

fn begin<'s>(scenario: &Scenario, template: &Play<'s>) -> Play<'s> {
    let play = if scenario.fresh {
        template.fresh_home()
    } else {
        template.again()
    };
    (scenario.before)(&play);
    play
}

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

/// Tells a scenario with the program ended at a step of an act; whether it was.
fn told(scenario: &Scenario, template: &Play<'_>, point: (usize, &str), golden: &Dump) -> bool {
    let play = begin(scenario, template);
    let mut hit = false;
    for (n, act) in (scenario.acts)(&play).iter().enumerate() {
        let before = play.recorded();
        if n != point.0 {
            run(&play.home, act, ("POSTRIDER_STEP", "0"));
            continue;
        }
        let done = run(&play.home, act, ("POSTRIDER_STEP", point.1));
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
    play.settle();
    let dump = play.dump();
    if dump != *golden && !(scenario.also)(&play) {
        panic!(
            "{} killed at {point:?}:{}",
            scenario.name,
            golden.against(&dump)
        );
    }
    (scenario.always)(&play);
    play.is_quiet();
    hit
}

/// Whether the program counts its steps.
fn is_built_for_it() -> bool {
    let is = cfg!(feature = "faults");
    if !is {
        assert!(
            std::env::var_os("CI").is_none(),
            "built without `faults`; run tests/run"
        );
        eprintln!("skipped: built without the feature `faults` (tests/run builds with it)");
    }
    is
}

/// Tells scenarios, each at its points.
fn tell(scenarios: &[Scenario]) {
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
        let points = spread(points, POINTS);
        let mut hit = 0;
        for (n, step) in &points {
            hit += usize::from(told(scenario, &template, (*n, step), &dump));
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

fn look(play: &Play<'_>, work: impl FnOnce(&mut Look)) {
    let mut look = play.look();
    work(&mut look);
    look.logout().unwrap();
}

#[test]
fn a_sync_that_is_killed_anywhere_goes_on() {
    tell(&[
        Scenario {
            name: "first sync",
            fresh: true,
            ..Scenario::default()
        },
        Scenario {
            name: "new, changed and vanished messages",
            before: |play| {
                look(play, |look| {
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
            before: |play| look(play, |look| look.rename("Work", "Works").unwrap()),
            ..Scenario::default()
        },
        Scenario {
            name: "account added",
            fresh: true,
            before: |play| play.home.configure(""),
            acts: |play| {
                let (imap, smtp) = (play.imap.port, play.smtp.port);
                let answers = [
                    "ada@example.test",
                    "work",
                    "",
                    "127.0.0.1",
                    &imap.to_string(),
                    "none",
                    "127.0.0.1",
                    &smtp.to_string(),
                    "none",
                    &play.user,
                    "echo secret",
                    "",
                ];
                let add = Act {
                    input: answers.join("\n") + "\n",
                    ..act(&["account", "add"])
                };
                vec![add, act(&["sync", "--once", "--bodies", "all"])]
            },
            ..Scenario::default()
        },
    ]);
}

/// Queues a copy, as the screen does; no command can.
fn copy(play: &Play<'_>, subject: &str, to: &str) {
    let id = format!("{subject}@example.test");
    let sql = format!(
        "SELECT b.uidvalidity, l.uid, m.size FROM location l JOIN mailbox b ON b.id = l.mailbox
         JOIN message m ON m.id = l.message WHERE m.message_id LIKE '%{id}%' AND b.path = 'INBOX'"
    );
    let found = rows(&read(&cache(&play.home)), &sql);
    let numbers: Vec<u32> = found[0].split('|').map(|n| n.parse().unwrap()).collect();
    let op = NewOp {
        account: AccountName("work".to_owned()),
        kind: OpKind::Copy {
            to: MailboxName::new(to.as_bytes().to_vec()),
        },
        keys: vec![MessageKey {
            mailbox: MailboxName::new(*b"INBOX"),
            uidvalidity: UidValidity(numbers[0]),
            uid: Uid::new(numbers[1]).unwrap(),
            message_id: MessageId::new(&id),
            size: u64::from(numbers[2]),
        }],
        locations: Vec::new(),
    };
    let mut local = Local::open(&local(&play.home)).unwrap();
    local.act("Copied", 0, &[op]).unwrap();
}

#[test]
fn a_change_that_is_killed_anywhere_happens_once() {
    tell(&[
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
    ]);
}

fn message(play: &Play<'_>) -> String {
    let filler = "A line of a letter that is long enough to be cut in two.\r\n".repeat(40);
    let id = &play.user;
    format!(
        "From: ada@example.test\r\nTo: bo@example.test\r\nSubject: {id}\r\nMessage-ID: <{id}@example.test>\r\nDate: Sat, 21 Nov 2026 08:00:00 +0000\r\n\r\n{filler}"
    )
}

#[test]
fn a_sending_that_is_killed_anywhere_is_sent_at_most_once() {
    tell(&[Scenario {
        name: "send and file",
        acts: |play| {
            vec![Act {
                input: message(play),
                ..act(&["send", "--wait"])
            }]
        },
        also: |play| {
            // The crash came when the dot may have been out: the user is asked.
            let outbox = rows(&read(&local(&play.home)), "SELECT state FROM outbox");
            outbox == ["in-doubt"] && play.there()["Sent"].is_empty()
        },
        always: |play| {
            let outbox = rows(&read(&local(&play.home)), "SELECT state FROM outbox");
            let times = play.delivered(&format!("{}@example.test", play.user));
            match outbox[..] {
                [ref one] if one == "sent" => assert_eq!(times, 1),
                _ => assert!(times <= 1, "{outbox:?}"),
            }
        },
        ..Scenario::default()
    }]);
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
fn a_draft_that_is_killed_while_it_is_saved_is_the_old_one_or_the_new_one() {
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
