//! IDLE with servers that begin, end or answer it oddly (D-02, D-03, D-13, F-12, F-13).

use crate::net::imap::IdleEnd;
use crate::net::imap::script::{patient, session, with_bell};
use std::time::Duration;

#[test]
fn d02_d03_idle_begins_oddly() {
    // A tagged OK at once.
    let (mut session, server) = session("IDLE", |s| {
        s.expect("a2 IDLE");
        s.send("a2 OK that was it\n");
        s.expect("a3 NOOP");
        s.send("a3 OK x\n");
    });
    session.idle(Duration::from_secs(60)).unwrap_err();
    assert!(!session.is_dead() && !session.can_idle());
    session.noop().unwrap();
    server.join().unwrap();
    // BAD.
    let (mut session, server) = self::session("IDLE", |s| {
        s.line();
        s.send("a2 BAD no such thing\n");
    });
    session.idle(Duration::from_secs(60)).unwrap_err();
    assert!(!session.is_dead() && !session.can_idle());
    server.join().unwrap();
    // News before the continuation.
    let (mut session, server) = self::session("IDLE", |s| {
        s.expect("a2 IDLE");
        s.send("* 5 EXISTS\n+ idling\n");
        s.expect("DONE");
        s.send("* 6 EXISTS\na2 OK x\n");
    });
    assert_eq!(
        session.idle(Duration::from_secs(60)).unwrap(),
        IdleEnd::Changed
    );
    assert_eq!(session.take_unsolicited().exists, Some(6));
    server.join().unwrap();
    // Neither continuation nor answer.
    let (mut session, server) = patient(60, "IDLE", |s| {
        s.expect("a2 IDLE");
        assert_eq!(s.rest(), "");
    });
    session.idle(Duration::from_secs(60)).unwrap_err();
    assert!(session.is_dead());
    drop(session);
    server.join().unwrap();
}

#[test]
fn f12_f13_idle_ends_for_news_and_for_time_and_is_skipped_for_old_news() {
    let (mut session, server) = session("IDLE", |s| {
        s.expect("a2 IDLE");
        s.send("+ idling\n* OK Still here\n");
        s.expect("DONE");
        s.send("a2 OK x\n");
        s.expect("a3 IDLE");
        s.send("+ idling\n* 1 RECENT\n* 4 EXP");
        s.send("UNGE\n");
        s.expect("DONE");
        s.send("a3 OK x\n");
    });
    assert_eq!(
        session.idle(Duration::from_millis(30)).unwrap(),
        IdleEnd::Timeout
    );
    assert_eq!(
        session.idle(Duration::from_secs(60)).unwrap(),
        IdleEnd::Changed
    );
    assert_eq!(
        session.idle(Duration::from_secs(60)).unwrap(),
        IdleEnd::Changed
    );
    assert_eq!(session.take_unsolicited().expunged, 1);
    server.join().unwrap();
}

#[test]
fn d13_a_peer_that_is_silent_after_done_is_left() {
    let (mut session, server) = patient(60, "IDLE", |s| {
        s.expect("a2 IDLE");
        s.send("+ idling\n* 9 EXISTS\n");
        s.expect("DONE");
        assert_eq!(s.rest(), "");
    });
    session.idle(Duration::from_secs(60)).unwrap_err();
    assert!(session.is_dead());
    drop(session);
    server.join().unwrap();
    // And one that hangs up.
    let (mut session, server) = self::session("IDLE", |s| {
        s.expect("a2 IDLE");
        s.send("+ idling\n* BYE I go to bed\n");
    });
    let error = session.idle(Duration::from_secs(60)).unwrap_err();
    assert!(error.to_string().contains("I go to bed"), "{error}");
    assert!(session.is_dead());
    server.join().unwrap();
}

#[test]
fn a_bell_ends_idle_and_half_a_line_is_not_lost() {
    let (wait, ring) = rustix::pipe::pipe().unwrap();
    let (mut session, server) = with_bell(wait, "IDLE", move |s| {
        s.expect("a2 IDLE");
        s.send("+ idling\n* 4 EXI");
        rustix::io::write(&ring, &[1]).unwrap();
        s.expect("DONE");
        s.send("STS\na2 OK x\n");
        s.expect("a3 NOOP");
        s.send("a3 OK x\n");
    });
    assert_eq!(
        session.idle(Duration::from_secs(60)).unwrap(),
        IdleEnd::Woken
    );
    assert_eq!(session.take_unsolicited().exists, Some(4));
    // The bell still rings; only IDLE minds it.
    session.noop().unwrap();
    server.join().unwrap();
}
