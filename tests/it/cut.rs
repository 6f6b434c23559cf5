//! Cut at every octet: between the program and a real server sits a proxy that ends, resets or slows
//! the connection at a chosen octet of a session that was recorded before. Then the program runs
//! again and everything is as if nothing had happened; only where the final dot may have been out
//! the user is asked.

use crate::dump::Dump;
use crate::proxy::{Deed, Proxy, Way};
use crate::story::{Play, Scenario, Stage, begin, copy, run, sending, spread};

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// To the IMAP server.
    Imap,
    /// To the submission server.
    Smtp,
}

impl Line {
    fn of<'p>(self, play: &'p Play<'_>) -> &'p Proxy {
        match self {
            Line::Imap => &play.imap,
            Line::Smtp => &play.smtp,
        }
    }
}

/// An undisturbed telling: what is left, and what its last act said and heard.
pub struct Recorded {
    dump: Dump,
    /// What the program said to the IMAP server, and heard.
    pub imap: (Vec<u8>, Vec<u8>),
    /// The same with the submission server.
    pub smtp: (Vec<u8>, Vec<u8>),
}

fn record(scenario: &Scenario, template: &Play<'_>) -> Recorded {
    let play = begin(scenario, template);
    tell(scenario, &play, None);
    let imap = (play.imap.said(), play.imap.heard());
    let smtp = (play.smtp.said(), play.smtp.heard());
    play.settle();
    let dump = play.dump();
    (scenario.always)(&play);
    play.is_quiet();
    Recorded { dump, imap, smtp }
}

/// Runs the acts, the last one with a trap; whether that sprang. Only the last one uses the network.
fn tell(scenario: &Scenario, play: &Play<'_>, trap: Option<(Line, Way, usize, Deed)>) -> bool {
    let acts = (scenario.acts)(play);
    let (last, first) = acts.split_last().unwrap();
    for act in first {
        assert!(run(&play.home, act, ("LANG", "C")).status.success());
    }
    play.imap.disarm();
    play.smtp.disarm();
    let Some((line, way, at, deed)) = trap else {
        let done = run(&play.home, last, ("LANG", "C"));
        assert!(done.status.success(), "{}: {done:?}", scenario.name);
        return true;
    };
    let proxy = line.of(play);
    proxy.arm(way, at as u64, deed);
    run(&play.home, last, ("LANG", "C"));
    proxy.wait_sprung(|| true)
}

/// Where something first stands in what was said.
#[track_caller]
fn find(text: &[u8], what: &str) -> usize {
    let at = text.windows(what.len()).position(|w| w == what.as_bytes());
    at.unwrap_or_else(|| panic!("no {what:?} in {}", String::from_utf8_lossy(text)))
}

/// The octets of one direction that are of interest.
pub type Range = (Line, Way, std::ops::Range<usize>);

/// Tells a scenario for octets of the ranges, so many of each.
pub fn cut(
    template: &Play<'_>,
    scenario: &Scenario,
    most: usize,
    ranges: fn(&Recorded) -> Vec<Range>,
) {
    let recorded = record(scenario, template);
    let (mut hit, mut all) = (0, 0);
    for (line, way, octets) in ranges(&recorded) {
        assert!(
            !octets.is_empty(),
            "{}: nothing passed {way:?}",
            scenario.name
        );
        for (n, at) in spread(octets.collect(), most).into_iter().enumerate() {
            let deed = match n % 4 {
                1 => Deed::Reset,
                3 => Deed::Drip,
                _ => Deed::Cut,
            };
            let play = begin(scenario, template);
            hit += usize::from(tell(scenario, &play, Some((line, way, at, deed))));
            all += 1;
            let what = format!("{deed:?} after octet {at} {way:?} of {line:?}");
            scenario.judge(&play, &recorded.dump, &what);
        }
    }
    // The last octet of a direction has none behind it that could spring the trap.
    assert!(
        hit * 10 >= all * 8,
        "{}: {hit} of {all} were hit",
        scenario.name
    );
    eprintln!("{}: cut at {hit} of {all} octets", scenario.name);
}

fn heard(line: Line, recorded: &Recorded, from: &str) -> Range {
    let text = match line {
        Line::Imap => &recorded.imap.1,
        Line::Smtp => &recorded.smtp.1,
    };
    (line, Way::Down, find(text, from)..text.len())
}

#[test]
fn f15_f16_a_fetch_that_is_cut_anywhere_goes_on() {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let scenario = Scenario {
        name: "first sync",
        fresh: true,
        ..Scenario::default()
    };
    // Headers first, bodies after them: both are in the same stream.
    cut(&template, &scenario, 16, |r| {
        vec![(Line::Imap, Way::Down, 0..r.imap.1.len())]
    });
    cut(&template, &scenario, 5, |r| {
        vec![(Line::Imap, Way::Up, 0..r.imap.0.len())]
    });
}

#[test]
fn f19_a_change_that_is_answered_by_half_or_nothing_happens_once() {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    let change = |name, before: fn(&Play<'_>)| Scenario {
        name,
        before,
        ..Scenario::default()
    };
    // From the moment that the server may have done it.
    cut(
        &template,
        &change("store", |play| {
            let id = play.home.id("INBOX", "in2");
            play.home.run(&["flag", &id, "+flagged", "-seen"]).code(0);
        }),
        6,
        |r| vec![answered(r, "STORE")],
    );
    cut(
        &template,
        &change("move", |play| {
            let id = play.home.id("INBOX", "in3");
            play.home.run(&["move", &id, "Work"]).code(0);
        }),
        8,
        |r| vec![answered(r, "MOVE")],
    );
    cut(
        &template,
        &change("copy", |play| copy(play, "in4", "Work")),
        8,
        |r| vec![answered(r, "COPY")],
    );
    cut(
        &template,
        &change("expunge", |play| {
            let id = play.home.id("Trash", "old");
            play.home.run(&["delete", &id]).code(0);
        }),
        6,
        |r| vec![answered(r, "EXPUNGE")],
    );
}

/// What the server said from its answer to the first command of that name on, half a session long.
fn answered(recorded: &Recorded, command: &str) -> Range {
    let said = String::from_utf8_lossy(&recorded.imap.0).into_owned();
    let line = said.lines().find(|l| l.split(' ').any(|w| w == command));
    let tag = line.unwrap_or_else(|| panic!("no {command} in {said}"));
    let tag = tag.split(' ').next().unwrap();
    let down = &recorded.imap.1;
    let done = find(down, &format!("\r\n{tag} "));
    // Untagged answers stand before the tagged one.
    let before = done.saturating_sub(120);
    (Line::Imap, Way::Down, before..(done + 160).min(down.len()))
}

#[test]
fn f17_f18_a_copy_in_sent_that_is_cut_anywhere_is_filed_once() {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    cut(&template, &sending(), 10, |r| {
        let said = &r.imap.0;
        vec![
            (Line::Imap, Way::Up, find(said, "APPEND")..said.len() - 30),
            answered(r, "APPEND"),
        ]
    });
}

#[test]
fn f43_f44_a_sending_that_is_cut_anywhere_is_sent_at_most_once() {
    let Some(stage) = Stage::start() else { return };
    let template = stage.template();
    cut(&template, &sending(), 12, |r| {
        vec![
            (
                Line::Smtp,
                Way::Up,
                find(&r.smtp.0, "MAIL FROM")..find(&r.smtp.0, "\r\n.\r\n") + 4,
            ),
            heard(Line::Smtp, r, "354 "),
        ]
    });
}
