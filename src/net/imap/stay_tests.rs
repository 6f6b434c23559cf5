//! News of the open mailbox, in order, and when they are not enough (RFC 7162 §3.2).

use crate::model::{Flags, MailboxName, System, Uid, UidSet, UidValidity};
use crate::net::imap::script::{Script, session};
use crate::net::imap::{Fresh, HEADER_ITEMS, Mode, Session};
use std::thread::JoinHandle;

fn inbox() -> MailboxName {
    MailboxName::new("INBOX")
}

/// A session that stays in an INBOX of four, and what the server does then.
fn staying(then: impl FnOnce(&mut Script) + Send + 'static) -> (Session, JoinHandle<()>) {
    let (mut session, server) = session("ENABLE QRESYNC", move |s| {
        s.expect("a2 ENABLE QRESYNC");
        s.send("* ENABLED QRESYNC\na2 OK x\n");
        s.line();
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 9] x\na3 OK x\n");
        then(s);
    });
    session.select(&inbox(), Mode::ReadOnly).unwrap();
    session.stay();
    (session, server)
}

fn asked(s: &mut Script) {
    // Both come before any answer.
    s.expect("a4 NOOP");
    s.expect(&format!("a5 UID FETCH 5:14 ({HEADER_ITEMS} MODSEQ)"));
}

const ROW: &str = "* 5 FETCH (UID 5 FLAGS () INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\" \
                   RFC822.SIZE 9 MODSEQ (12) BODY[HEADER.FIELDS (DATE)] {2}\n\n)\n";

fn told(session: &mut Session) -> (Option<UidSet>, Vec<(u32, bool, Flags)>) {
    let mut all = Vec::new();
    let gone = session.catch_up(5, 10, &mut |fresh| {
        all.push(match fresh {
            Fresh::Header(item) => (item.uid.get(), true, item.flags),
            Fresh::Flags(item) => (item.uid.get(), false, item.flags),
        });
        Ok(())
    });
    (gone.unwrap(), all)
}

#[test]
fn everything_is_told_in_its_order_and_in_one_round_trip() {
    let (mut session, server) = staying(|s| {
        asked(s);
        s.send("* VANISHED 2\n* 4 EXISTS\n* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (11))\na4 OK x\n");
        s.send(ROW);
        s.send("* 4 FETCH (UID 5 FLAGS (\\Seen) MODSEQ (13))\na5 OK x\n");
    });
    assert_eq!(session.stays_in(&inbox()), Some(UidValidity(7)));
    let (gone, all) = told(&mut session);
    let seen = Flags::of(System::SEEN);
    let order = [
        (1, false, seen.clone()),
        (5, true, Flags::default()),
        (5, false, seen),
    ];
    assert_eq!(all, order);
    assert_eq!(gone.unwrap(), Uid::new(2).into_iter().collect());
    assert_eq!(session.exists(), 4);
    // What was heard is to be written before it may be asked again.
    assert_eq!(session.stays_in(&inbox()), None);
    assert_eq!(told(&mut session), (None, Vec::new()));
    session.stay();
    assert!(session.stays_in(&inbox()).is_some());
    server.join().unwrap();
}

#[test]
fn a_server_that_looks_for_news_after_it_fetched_is_asked_once_more() {
    let (mut session, server) = staying(|s| {
        asked(s);
        s.send("a5 OK x\n* 5 EXISTS\na4 OK x\n");
        s.expect(&format!("a6 UID FETCH 5:14 ({HEADER_ITEMS} MODSEQ)"));
        s.send(ROW);
        s.send("a6 OK x\n");
    });
    let (gone, all) = told(&mut session);
    assert_eq!(all, [(5, true, Flags::default())]);
    assert!(gone.is_some_and(|gone| gone.is_empty()));
    server.join().unwrap();
}

#[test]
fn news_that_can_not_be_used_are_not_enough() {
    for said in [
        "* 2 EXPUNGE\na4 OK x\na5 OK x\n",
        "* 2 FETCH (FLAGS (\\Seen))\na4 OK x\na5 OK x\n",
        "a4 NO x\na5 OK x\n",
        "a4 OK x\na5 BAD x\n",
        "a4 OK x\n* 5 FETCH (UID 5 RFC822.SIZE 9 FLAGS ())\na5 OK x\n",
        "a4 OK x\n* 5 FETCH (RFC822.SIZE 9 FLAGS ())\na5 OK x\n",
    ] {
        let (mut session, server) = staying(move |s| {
            asked(s);
            s.send(said);
        });
        assert_eq!(told(&mut session).0, None, "{said}");
        assert!(!session.is_dead() && session.stays_in(&inbox()).is_none());
        server.join().unwrap();
    }
}

#[test]
fn a_mailbox_that_is_renumbered_ends_the_session() {
    let (mut session, server) = staying(|s| {
        asked(s);
        s.send("* OK [UIDVALIDITY 8] x\na4 OK x\na5 OK x\n");
    });
    session.catch_up(5, 10, &mut |_| Ok(())).unwrap_err();
    assert!(session.is_dead());
    server.join().unwrap();
}

#[test]
fn who_opens_another_or_throws_news_away_follows_no_longer() {
    let (mut session, server) = staying(|s| {
        s.line();
        s.send("* 1 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 9] x\na4 OK x\n");
    });
    session.take_unsolicited();
    assert_eq!(session.stays_in(&inbox()), None);
    session.stay();
    assert!(session.stays_in(&inbox()).is_some());
    assert_eq!(session.stays_in(&MailboxName::new("Other")), None);
    session.select(&inbox(), Mode::ReadOnly).unwrap();
    assert_eq!(session.stays_in(&inbox()), None);
    server.join().unwrap();
}
