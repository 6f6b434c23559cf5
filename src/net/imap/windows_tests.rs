//! Windows of headers that are asked for before the one before is here.

use crate::model::{Uid, UidSet};
use crate::net::imap::script::{Script, inbox, session};
use crate::net::imap::{FetchReport, HEADER_ITEMS, Mode, Session};

/// The row of one message.
fn row(n: u32) -> String {
    format!("* {n} FETCH (UID {n} FLAGS () RFC822.SIZE 1 BODY[HEADER] {{0}}\n)\n")
}

fn asks(s: &mut Script, tag: &str, set: &str) {
    s.expect(&format!("{tag} UID FETCH {set} ({HEADER_ITEMS})"));
}

fn fetch(
    session: &mut Session,
    set: (u32, u32),
    next: Option<(u32, u32)>,
) -> (Vec<u32>, FetchReport) {
    let mut seen = Vec::new();
    let range = |(from, to)| UidSet::range(from, to);
    let report = session
        .fetch_window(&range(set), next.map(range).as_ref(), &mut |item| {
            seen.push(item.uid.get());
            Ok(())
        })
        .unwrap();
    (seen, report)
}

fn all(report: &FetchReport) -> Vec<u32> {
    report.uids.iter().map(Uid::get).collect()
}

#[test]
fn the_next_window_is_asked_for_before_the_present_one_is_here() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        asks(s, "a3", "7:9");
        asks(s, "a4", "4:6");
        for n in 7..=9 {
            s.send(&row(n));
        }
        s.send("a3 OK x\n");
        asks(s, "a5", "1:3");
        // This server answers both at once, and is done with the later one first.
        for n in [4, 1, 2, 5, 3] {
            s.send(&row(n));
        }
        s.send("a5 OK x\n");
        s.send(&row(6));
        s.send("a4 OK x\n");
        s.expect("a6 NOOP");
        s.send("a6 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (seen, report) = fetch(&mut session, (7, 9), Some((4, 6)));
    assert_eq!((seen, all(&report)), (vec![7, 8, 9], vec![7, 8, 9]));
    assert!(session.has_asked());
    let (seen, report) = fetch(&mut session, (4, 6), Some((1, 3)));
    assert_eq!(
        (seen, all(&report)),
        (vec![4, 1, 2, 5, 3, 6], vec![4, 5, 6])
    );
    let (seen, report) = fetch(&mut session, (1, 3), None);
    assert_eq!((seen, all(&report)), (vec![], vec![1, 2, 3]));
    assert_eq!((report.delivered, session.has_asked()), (3, false));
    session.noop().unwrap();
    server.join().unwrap();
}

#[test]
fn whatever_else_is_asked_lets_a_window_go() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        asks(s, "a3", "7:9");
        asks(s, "a4", "4:6");
        s.send(&row(7));
        s.send("a3 OK x\n");
        s.send(&row(4));
        s.send("* 10 EXISTS\na4 OK x\n");
        s.expect("a5 NOOP");
        s.send("a5 OK x\n");
        asks(s, "a6", "4:6");
        s.send(&row(4));
        s.send("a6 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    fetch(&mut session, (7, 9), Some((4, 6)));
    session.noop().unwrap();
    assert_eq!((session.exists(), session.has_asked()), (10, false));
    assert_eq!(fetch(&mut session, (4, 6), None).0, [4]);
    server.join().unwrap();
}

#[test]
fn a_refused_window_is_halved_and_the_one_asked_for_ahead_is_asked_for_again() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        asks(s, "a3", "8:9");
        asks(s, "a4", "4:6");
        s.send("a3 NO [SERVERBUG] x\na4 OK x\n");
        for (tag, n) in [("a5", 8), ("a6", 9)] {
            asks(s, tag, &n.to_string());
            s.send(&row(n));
            s.send(&format!("{tag} OK x\n"));
        }
        asks(s, "a7", "4:6");
        s.send(&row(5));
        s.send("a7 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (_, report) = fetch(&mut session, (8, 9), Some((4, 6)));
    assert_eq!(all(&report), [8, 9]);
    assert_eq!(fetch(&mut session, (4, 6), None).0, [5]);
    server.join().unwrap();
}

#[test]
fn an_answer_to_nothing_ends_the_session() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        asks(s, "a3", "7:9");
        asks(s, "a4", "4:6");
        s.send("a4 OK x\na4 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (set, next) = (UidSet::range(7, 9), UidSet::range(4, 6));
    let outcome = session.fetch_window(&set, Some(&next), &mut |_| Ok(()));
    assert!(outcome.is_err() && session.is_dead());
    drop(session);
    server.join().unwrap();
}
