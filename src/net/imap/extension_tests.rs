//! Extensions against servers that do them, do half of them, or only say so (S-11, RFC 2971,
//! 3691, 4978, 5161, 5465, 7162, 8438, 8474).

use crate::model::{MailboxName, ModSeq, SyncPolicy, UidValidity};
use crate::net::deflate::Squeeze;
use crate::net::error::NetError;
use crate::net::imap::script::{Script, inbox, session, set, uid, under};
use crate::net::imap::{Change, Enabled, IdleEnd, Mode, Resync, Selected, Session};
use std::time::Duration;

const ID: &str = concat!(
    "\"name\" \"postrider\" \"version\" \"",
    env!("CARGO_PKG_VERSION"),
    "\""
);

fn with_compress() -> SyncPolicy {
    SyncPolicy {
        compress: Some(true),
        ..SyncPolicy::default()
    }
}

#[test]
fn everything_is_arranged_in_one_round_trip() {
    let caps = "ENABLE CONDSTORE QRESYNC UTF8=ACCEPT IMAP4rev2 ID COMPRESS=DEFLATE";
    let (session, server) = session(caps, |s| {
        // All lines come before any answer. The peer is this machine: no compression.
        s.expect("a2 ENABLE QRESYNC UTF8=ACCEPT IMAP4rev2");
        s.expect(&format!("a3 ID ({ID})"));
        s.send("* ENABLED QRESYNC X-MORE\n* OK x\na2 OK x\n");
        s.send("* ID (\"Name\" \"Cyrus\" \"VERSION\" {3}\n3.6 \"os\" NIL)\na3 OK x\n");
        assert_eq!(s.rest(), "");
    });
    let enabled = Enabled {
        condstore: true,
        qresync: true,
        ..Enabled::default()
    };
    assert_eq!(session.enabled(), enabled);
    assert_eq!(session.server_id(), Some("Cyrus 3.6"));
    assert!(!session.compressed() && session.quiet_for() < Duration::from_secs(20));
    drop(session);
    server.join().unwrap();
}

#[test]
fn refusals_and_nonsense_change_nothing() {
    for (enable, id) in [
        ("a2 NO x\n", "a3 BAD x\n"),
        ("* ENABLED CONDSTORE\na2 BAD x\n", "* ID NIL\na3 OK x\n"),
        ("a2 OK x\n", "* ID (\"a\")\n* ID\na3 NO [X] x\n"),
    ] {
        let (mut session, server) = session("ENABLE QRESYNC ID", move |s| {
            s.expect("a2 ENABLE QRESYNC");
            s.line();
            // In the other order.
            s.send(id);
            s.send(enable);
            s.expect("a4 NOOP");
            s.send("a4 OK x\n");
        });
        assert_eq!(session.enabled(), Enabled::default(), "{enable}");
        assert_eq!(session.server_id(), None);
        session.noop().unwrap();
        server.join().unwrap();
    }
    // A server that would be twice as long as it may be, and an answer that nobody asked for.
    let (session, server) = session("ID", |s| {
        s.line();
        let long = "x".repeat(100_000);
        s.send(&format!("* ID (\"name\" \"{long}\")\na2 OK x\n"));
    });
    assert_eq!(session.server_id().unwrap().len(), 200);
    server.join().unwrap();
    let (session, server) = self::under(SyncPolicy::default(), "ID", |s| {
        s.line();
        s.send("a9 OK x\n");
    });
    session.unwrap_err();
    server.join().unwrap();
}

#[test]
fn what_is_not_to_be_used_is_not_there() {
    let policy = SyncPolicy {
        without: vec![
            "QRESYNC".into(),
            "ID".into(),
            "Move".into(),
            "SASL-IR".into(),
        ],
        ..SyncPolicy::default()
    };
    // SASL-IR is not used even while signing in.
    let (port, server) = super::script::serve(|s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\n");
        s.expect("a1 AUTHENTICATE PLAIN");
        s.send("+ \n");
        s.expect("AG1lAHBhc3M=");
        s.send("a1 OK [CAPABILITY IMAP4rev1 ENABLE QRESYNC CONDSTORE ID MOVE] in\n");
        s.expect("a2 ENABLE CONDSTORE");
        s.send("* ENABLED CONDSTORE QRESYNC\na2 OK x\n");
    });
    let mut account = super::script::account(port, crate::model::Security::None);
    account.sync = policy;
    let secret = crate::model::Secret::new("pass".into());
    let session = Session::connect(&account, &secret, &super::Options::default()).unwrap();
    assert!(!session.caps().has("QRESYNC") && !session.has_move());
    assert!(session.enabled().condstore && !session.enabled().qresync);
    server.join().unwrap();
}

/// The server's end of a compressed connection.
struct Packed<'a> {
    script: &'a mut Script,
    squeeze: Squeeze,
}

impl Packed<'_> {
    fn send(&mut self, text: &str) {
        let bytes = self.squeeze.pack(text.replace('\n', "\r\n").as_bytes());
        self.script.raw(&bytes.unwrap());
    }

    fn expect(&mut self, line: &str) {
        let mut got = Vec::new();
        let mut buffer = [0; 1];
        while !got.ends_with(b"\n") {
            let n = self.squeeze.read(&mut self.script.0, &mut buffer).unwrap();
            assert_ne!(n, 0, "{got:?}");
            got.extend_from_slice(&buffer[..n]);
        }
        assert_eq!(String::from_utf8_lossy(&got).trim_end(), line);
    }
}

#[test]
fn compression_is_swapped_in_place() {
    let (session, server) = under(with_compress(), "COMPRESS=DEFLATE IDLE", |s| {
        s.expect("a2 COMPRESS DEFLATE");
        let mut squeeze = Squeeze::new(Vec::new());
        // The OK and the first compressed octets in one segment.
        let mut wire = b"a2 OK squeeze\r\n".to_vec();
        wire.extend(squeeze.pack(b"* 3 EXISTS\r\n* 4 EXI").unwrap());
        s.raw(&wire);
        let mut packed = Packed { script: s, squeeze };
        packed.expect("a3 NOOP");
        packed.send("STS\na3 OK x\n");
        packed.expect("a4 IDLE");
        packed.send("+ idling\n* 5 EXISTS\n");
        packed.expect("DONE");
        packed.send("a4 OK x\n");
        packed.expect("a5 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[]<0.262144>)");
        let body = "long ".repeat(20_000);
        packed.send(&format!(
            "* 1 FETCH (UID 1 RFC822.SIZE 100000 BODY[]<0> {{100000}}\n{body})\na5 OK x\n"
        ));
    });
    let mut session = session.unwrap();
    assert!(session.compressed());
    session.noop().unwrap();
    assert_eq!(session.take_unsolicited().exists, Some(4));
    let end = session.idle(Duration::from_secs(60)).unwrap();
    assert_eq!(end, IdleEnd::Changed);
    session.take_unsolicited();
    let body = session.fetch_body(uid(1)).unwrap().unwrap();
    assert!(body.complete && body.bytes.len() == 100_000);
    assert!(session.received() < 10_000, "{}", session.received());
    server.join().unwrap();
}

#[test]
fn s11_compression_that_is_refused_broken_or_a_bomb() {
    for no in ["a2 NO [COMPRESSIONACTIVE] x\n", "a2 BAD x\n"] {
        let (session, server) = under(with_compress(), "COMPRESS=DEFLATE", move |s| {
            s.line();
            s.send(no);
            s.expect("a3 NOOP");
            s.send("a3 OK x\n");
        });
        let mut session = session.unwrap();
        assert!(!session.compressed());
        session.noop().unwrap();
        server.join().unwrap();
    }
    // It says OK and goes on with something else.
    let (session, server) = under(with_compress(), "COMPRESS=DEFLATE", |s| {
        s.line();
        s.raw(b"a2 OK x\r\n\xff\xff\xff\xff");
        s.rest();
    });
    let mut session = session.unwrap();
    let error = session.noop().unwrap_err();
    assert!(matches!(error, NetError::Protocol(_)) && session.is_dead());
    drop(session);
    server.join().unwrap();
    // An OK to a COMPRESS that was never sent: what follows stays what it is.
    let (mut session, server) = self::session("COMPRESS=DEFLATE", |s| {
        s.expect("a2 NOOP");
        s.send("* OK [COMPRESSIONACTIVE] DEFLATE active\n* 3 EXISTS\na2 OK x\n");
    });
    session.noop().unwrap();
    assert!(!session.compressed());
    server.join().unwrap();
    // A bomb inside a literal that would be allowed.
    let (session, server) = under(with_compress(), "COMPRESS=DEFLATE", |s| {
        s.line();
        s.send("a2 OK x\n");
        let mut squeeze = Squeeze::new(Vec::new());
        let zeros = vec![0; 4 << 20];
        for _ in 0..64 {
            let literal = format!("* 1 FETCH (UID 1 BODY[] {{{}}}\r\n", zeros.len());
            s.raw(&squeeze.pack(literal.as_bytes()).unwrap());
            s.raw(&squeeze.pack(&zeros).unwrap());
            s.raw(&squeeze.pack(b")\r\n").unwrap());
        }
        s.rest();
    });
    let mut session = session.unwrap();
    let error = session.noop().unwrap_err();
    assert!(error.to_string().contains("proportion"), "{error}");
    drop(session);
    server.join().unwrap();
}

fn resync(modseq: u64) -> Resync {
    Resync {
        uidvalidity: UidValidity(7),
        modseq: ModSeq(modseq),
        known: Some((uid(1), uid(90))),
    }
}

fn resume(session: &mut Session, since: &Resync) -> (Selected, Vec<String>) {
    let mut told = Vec::new();
    let selected = session
        .select_since(&inbox(), Mode::ReadOnly, since, &mut |change| {
            told.push(match change {
                Change::Flags(item) => {
                    let modseq = item.modseq.map(|m| m.0);
                    format!("{} {:?} {modseq:?}", item.uid, item.flags.to_wire())
                }
                Change::Vanished(uids) => format!("-{}", uids.to_wire()),
            });
            Ok(())
        })
        .unwrap();
    (selected, told)
}

fn enabled(s: &mut Script) {
    s.expect("a2 ENABLE QRESYNC");
    s.send("* ENABLED QRESYNC\na2 OK x\n");
}

#[test]
fn a_mailbox_is_resumed() {
    let (mut session, server) = session("ENABLE QRESYNC OBJECTID", |s| {
        enabled(s);
        s.expect("a3 EXAMINE \"INBOX\" (QRESYNC (7 9 1:90))");
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 100] x\n* OK [HIGHESTMODSEQ 12] x\n* OK [MAILBOXID (F1)] x\n");
        s.send("* VANISHED (EARLIER) 3:5,9\n* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (11))\n* 2 FETCH (FLAGS ())\n* VANISHED x\na3 OK x\n");
        // Another generation: whatever it tells is not told on.
        s.expect("a4 EXAMINE \"INBOX\" (QRESYNC (7 12 1:90))");
        s.send("* OK [CLOSED] x\n* 4 EXISTS\n* OK [UIDVALIDITY 8] x\n* OK [HIGHESTMODSEQ 13] x\n* VANISHED (EARLIER) 1:9\na4 OK x\n");
        // It speaks too early.
        s.expect("a5 EXAMINE \"INBOX\" (QRESYNC (7 12 1:90))");
        s.send("* VANISHED (EARLIER) 1:9\n* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 13] x\na5 OK x\n");
        // From a backup, and without sequences at all.
        s.expect("a6 EXAMINE \"INBOX\" (QRESYNC (7 12 1:90))");
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 11] x\na6 OK x\n");
        s.expect("a7 EXAMINE \"INBOX\" (QRESYNC (7 12 1:90))");
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [NOMODSEQ] x\na7 OK x\n");
        // Never any sequence of ours.
        s.expect("a8 EXAMINE \"INBOX\"");
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\na8 OK x\n");
    });
    let (selected, told) = resume(&mut session, &resync(9));
    assert_eq!(told, ["-3:5,9", "1 [\"\\\\Seen\"] Some(11)"]);
    assert!(selected.resynced && selected.exists == 4);
    assert_eq!(selected.mailbox_id.as_deref(), Some("F1"));
    for _ in 0..4 {
        let (selected, told) = resume(&mut session, &resync(12));
        assert!(!selected.resynced && told.is_empty(), "{selected:?}");
    }
    assert!(!resume(&mut session, &resync(0)).0.resynced);
    assert!(session.take_unsolicited().is_empty());
    server.join().unwrap();
}

#[test]
fn a_mailbox_that_can_not_be_resumed_is_opened() {
    let (mut session, server) = session("ENABLE QRESYNC", |s| {
        enabled(s);
        s.expect("a3 EXAMINE \"INBOX\" (QRESYNC (7 9 1:90))");
        s.send("a3 BAD what\n");
        s.expect("a4 EXAMINE \"INBOX\"");
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\na4 OK x\n");
        s.expect("a5 EXAMINE \"INBOX\"");
        s.send("a5 NO [NONEXISTENT] x\n");
    });
    let (selected, _) = resume(&mut session, &resync(9));
    assert!(!selected.resynced && selected.exists == 4);
    session
        .select_since(&inbox(), Mode::ReadOnly, &resync(9), &mut |_| Ok(()))
        .unwrap_err();
    assert!(!session.is_dead() && session.selected().is_none());
    server.join().unwrap();
    // Not enabled, and not even CONDSTORE understood: the plain form.
    let (mut session, server) = self::session("CONDSTORE", |s| {
        s.expect("a2 EXAMINE \"INBOX\" (CONDSTORE)");
        s.send("a2 BAD Unrecognised option condstore on Examine\n");
        s.expect("a3 EXAMINE \"INBOX\"");
        s.send("* 4 EXISTS\n* OK [UIDVALIDITY 7] x\na3 OK x\n");
    });
    assert!(!resume(&mut session, &resync(9)).0.resynced);
    assert!(!session.caps().condstore());
    server.join().unwrap();
}

#[test]
fn changes_while_it_is_open() {
    fn changes(session: &mut Session) -> (bool, Vec<Change>) {
        let mut told = Vec::new();
        let vanished = session
            .changes_since(ModSeq(9), &mut |change| {
                told.push(change);
                Ok(())
            })
            .unwrap();
        (vanished, told)
    }
    let open = "* 4 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 9] x\n";
    let (mut session, server) = session("ENABLE QRESYNC UNSELECT", move |s| {
        enabled(s);
        s.line();
        s.send(open);
        s.send("a3 OK x\n");
        s.expect("a4 UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 9 VANISHED)");
        s.send("* VANISHED (EARLIER) 3\n* VANISHED 4\n* 1 FETCH (UID 1 FLAGS () MODSEQ (11))\n* 2 FETCH (UID 2)\na4 OK x\n");
        s.expect("a5 UNSELECT");
        s.send("a5 OK x\n");
    });
    session.select(&inbox(), Mode::ReadOnly).unwrap();
    let (vanished, told) = changes(&mut session);
    assert!(vanished && told.len() == 3 && told[0] == Change::Vanished(set(&[3])));
    // What goes meanwhile is news besides.
    assert_eq!(told[1], Change::Vanished(set(&[4])));
    assert_eq!(session.take_unsolicited().vanished, set(&[4]));
    session.leave().unwrap();
    session.leave().unwrap();
    server.join().unwrap();
    let (mut session, server) = self::session("CONDSTORE", move |s| {
        s.line();
        s.send(open);
        s.send("a2 OK x\n");
        s.expect("a3 UID FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 9)");
        s.send("* 1 FETCH (UID 1 FLAGS () MODSEQ (11))\na3 OK x\n");
        s.expect("a4 NOOP");
        s.send("* 5 EXISTS\na4 OK x\n");
    });
    session.select(&inbox(), Mode::ReadOnly).unwrap();
    let (vanished, told) = changes(&mut session);
    assert!(!vanished && told.len() == 1);
    session.leave().unwrap();
    assert!(session.selected().is_some());
    server.join().unwrap();
}

#[test]
fn every_mailbox_is_heard_of() {
    const ALL: &str = "MessageNew MessageExpunge FlagChange";
    let (mut session, server) = session("NOTIFY IDLE", |s| {
        s.expect(&format!(
            "a2 NOTIFY SET STATUS (selected-delayed ({ALL})) (personal ({ALL} MailboxName))"
        ));
        s.send("* STATUS other (MESSAGES 3 UIDNEXT 9)\na2 OK x\n");
        s.expect("a3 IDLE");
        s.send("+ idling\n* STATUS other (MESSAGES 4)\n* LIST () \"/\" new\n* OK Still here\n");
        s.expect("DONE");
        s.send("* OK [NOTIFICATIONOVERFLOW] enough\na3 OK x\n");
    });
    assert!(session.notify().unwrap() && session.notifying());
    let other = MailboxName::new("other");
    let told = session.take_unsolicited();
    assert_eq!(told.statuses[&other].messages, Some(3));
    assert_eq!(
        session.idle(Duration::from_secs(60)).unwrap(),
        IdleEnd::Changed
    );
    let told = session.take_unsolicited();
    assert_eq!(told.statuses[&other].messages, Some(4));
    assert!(told.mailboxes && told.more && !session.notifying());
    server.join().unwrap();
}

#[test]
fn notify_asks_for_less_and_gives_up() {
    let (mut session, server) = session("NOTIFY", |s| {
        s.line();
        s.send("a2 NO [BADEVENT (MessageNew MessageExpunge X)] x\n");
        s.expect("a3 NOTIFY SET STATUS (selected-delayed (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge))");
        s.send("a3 OK x\n");
        // Without a word on what it knows.
        for n in 4..7 {
            s.line();
            s.send(&format!("a{n} BAD x\n"));
        }
        // A list that says nothing new.
        s.line();
        s.send("a7 NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName)] x\n");
    });
    assert!(session.notify().unwrap());
    assert!(!session.notify().unwrap() && !session.notify().unwrap());
    assert!(!session.notifying() && !session.is_dead());
    server.join().unwrap();
    let (mut session, server) = self::session("", |_| {});
    assert!(!session.notify().unwrap());
    server.join().unwrap();
}

#[test]
fn counts_of_many_mailboxes_in_few_round_trips() {
    let names: Vec<MailboxName> = (0..45).map(|n| MailboxName::new(format!("m{n}"))).collect();
    let (mut session, server) = session("STATUS=SIZE OBJECTID", |s| {
        s.select("a2", 1);
        let items = "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE MAILBOXID)";
        // All of a group are here before the first answer.
        for n in 0..40 {
            s.expect(&format!("a{} STATUS \"m{n}\" {items}", n + 3));
        }
        for n in 0..40 {
            match n {
                1 => s.send("a4 NO [NONEXISTENT] x\n"),
                2 => s.send("* STATUS \"M2\" (MESSAGES 2)\na5 OK x\n"),
                _ => s.send(&format!(
                    "* STATUS m{n} (MESSAGES {n} SIZE 9 MAILBOXID (F{n}))\na{} OK x\n",
                    n + 3
                )),
            }
        }
        for n in 40..45 {
            s.expect(&format!("a{} STATUS \"m{n}\" {items}", n + 3));
        }
        // In another order.
        for n in (40..45).rev() {
            s.send(&format!("* STATUS m{n} (MESSAGES {n})\na{} OK x\n", n + 3));
        }
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let mut asked = names.clone();
    asked.push(inbox());
    let told = session.statuses(&asked).unwrap();
    assert_eq!(told.len(), 46);
    let of = |n: usize| told[n].1.as_ref().and_then(|status| status.messages);
    assert_eq!(
        (of(0), of(1), of(2), of(44)),
        (Some(0), None, Some(2), Some(44))
    );
    let third = told[3].1.as_ref().unwrap();
    assert_eq!(
        (third.size, third.mailbox_id.as_deref()),
        (Some(9), Some("F3"))
    );
    server.join().unwrap();
}

#[test]
fn s43_what_vanishes_is_bounded() {
    let (mut session, server) = session("", |s| {
        s.line();
        for part in 0..4 {
            let uids: Vec<String> = (0..20_000)
                .map(|n| (part * 40_000 + n * 2 + 1).to_string())
                .collect();
            s.send(&format!("* VANISHED {}\n", uids.join(",")));
        }
        s.send("a2 OK x\n");
    });
    session.noop().unwrap();
    let news = session.take_unsolicited();
    assert!(news.more && news.vanished.ranges().len() == 50_000);
    server.join().unwrap();
}
