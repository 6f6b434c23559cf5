//! Commands against servers that do what is legal but surprising, or plainly wrong (D-01, D-04 to
//! D-09, S-37, S-43, F-15, F-16, F-60 to F-62).

use crate::model::{FlagChange, Flags, MailboxName, MessageId, Role, System, UidSet, UidValidity};
use crate::net::imap::script::{inbox, session, set, uid};
use crate::net::imap::{Expunged, FetchBy, HEADER_ITEMS, HeaderItem, Mode, Session};

fn headers(session: &mut Session, by: FetchBy<'_>) -> (Vec<HeaderItem>, Vec<u32>) {
    let mut items = Vec::new();
    let report = session
        .fetch_headers(by, &mut |item| {
            items.push(item);
            Ok(())
        })
        .unwrap();
    assert_eq!(report.delivered, items.len() as u64);
    (items, report.bad.iter().map(|b| b.get()).collect())
}

#[test]
fn d01_untagged_no_in_select() {
    for status in [
        "* NO Disk is 98% full",
        "* NO [UIDNOTSTICKY] x",
        "* BAD x",
        "* OK x",
        "* 3 FETCH (FLAGS ())",
    ] {
        let (mut session, server) = session("", move |s| {
            s.expect("a2 SELECT \"INBOX\"");
            s.send(status);
            s.send("\n* CAPABILITY X\n* 3 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\na2 OK [READ-WRITE] x\n");
        });
        let selected = session.select(&inbox(), Mode::ReadWrite).unwrap();
        assert_eq!((selected.exists, selected.uidvalidity), (3, UidValidity(7)));
        assert!(selected.keywords && !selected.read_only && session.exists() == 3);
        assert_eq!(selected.uid_not_sticky, status.contains("UIDNOTSTICKY"));
        server.join().unwrap();
    }
}

#[test]
fn d04_append_keeps_the_reason_and_the_step() {
    let (mut session, server) = session("UIDPLUS", |s| {
        s.expect("a2 APPEND \"INBOX\" (\\Seen $Forwarded) \" 1-Jan-1970 00:00:00 +0000\" {6}");
        s.send("* 4 EXISTS\n+ go\n");
        assert_eq!(s.take(8), b"a\r\n.\r\n\r\n");
        s.send("a2 OK [APPENDUID 7 33] x\n");
        s.expect("a3 APPEND \"INBOX\" () {2}");
        s.send("a3 NO [TRYCREATE] no such mailbox\n");
        s.expect("a4 APPEND \"INBOX\" () {2}");
        s.send("+ go\n");
        s.take(4);
        s.send("* OK hold on\na4 NO [OVERQUOTA] full\n");
        s.expect("a5 NOOP");
        s.send("a5 OK x\n");
    });
    let mut flags = Flags::of(System::SEEN);
    flags.keywords.insert("$Forwarded".into());
    let at = session
        .append(&inbox(), &flags, Some(0), b"a\r\n.\r\n")
        .unwrap();
    assert_eq!(at, Some((UidValidity(7), uid(33))));
    for code in ["TRYCREATE", "OVERQUOTA"] {
        let error = session
            .append(&inbox(), &Flags::default(), None, b"x\n")
            .unwrap_err();
        assert!(format!("{error:?}").contains(code), "{error:?}");
    }
    session.noop().unwrap();
    server.join().unwrap();
}

#[test]
fn d05_names_are_quoted_or_sent_as_literals() {
    let evil = "a\" NOOP\r\na9 LOGOUT\r\n\"b";
    let (mut session, server) = session("LITERAL+", move |s| {
        s.expect("a2 SELECT \"a\\\"b\\\\ {5}\"");
        s.send("a2 NO [NONEXISTENT] x\n");
        s.expect(&format!("a3 CREATE {{{}+}}", evil.len()));
        assert_eq!(s.take(evil.len() + 2), format!("{evil}\r\n").as_bytes());
        s.send("a3 NO [ALREADYEXISTS] x\n");
        s.expect("a4 STATUS {5+}");
        s.expect("café (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)");
        s.send("* STATUS \"cafe\" (MESSAGES 3 X (1 2) UNSEEN -1 UIDNEXT 9)\na4 OK x\n");
    });
    session
        .select(&MailboxName::new("a\"b\\ {5}"), Mode::ReadWrite)
        .unwrap_err();
    session.create(&MailboxName::new(evil)).unwrap();
    let counts = session.status(&MailboxName::new("café")).unwrap();
    assert_eq!(
        (counts.messages, counts.unseen, counts.uidnext),
        (Some(3), None, Some(9))
    );
    server.join().unwrap();
}

#[test]
fn d06_d07_d09_s43_header_rows() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        s.expect(&format!("a3 UID FETCH 1:9 ({HEADER_ITEMS})"));
        s.send("* NO warning\n* CAPABILITY IMAP4rev1\n* LIST () NIL x\n* ENABLED X\n\n* X-ODD {3}\nabc\n");
        // Unknown items, lower case, sizes and dates of all kinds.
        s.send("* 1 fetch (uid 1 emailid (Mx) X-NEW {2}\nab PREVIEW NIL flags (\\seen $a) internaldate \" 7-Feb-1994 21:52:25 -0800\" rfc822.size 5000000000 body[header.fields (date \"from\")] {9}\nDate: )\n\n)\n");
        s.send("* 2 FETCH (UID 2 RFC822.SIZE -1 INTERNALDATE NIL FLAGS NIL BODY[HEADER.FIELDS (DATE)] \"X: \\\"q\\\"\")\n");
        // Not asked for, twice, zero, too large, no header, no UID, unbalanced.
        s.send("* 3 FETCH (UID 77 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\n");
        s.send("* 1 FETCH (UID 1 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\n");
        s.send("* 4 FETCH (UID 0 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\n");
        s.send("* 5 FETCH (UID 4294967296 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\n");
        s.send("* 6 FETCH (UID 6 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] NIL)\n");
        s.send("* 7 FETCH (((UID 7 RFC822.SIZE 1\n");
        // Somebody else's change in between.
        s.send("* 8 FETCH (UID 8 FLAGS (\\Flagged))\n* 10 EXISTS\n");
        s.send("* 9 FETCH (UID 9 RFC822.SIZE 3 FLAGS () BODY[HEADER.FIELDS (DATE)] {1}\n");
        s.raw(b"\xff)\r\na3 OK f\xfcr dich\r\n");
        // What had no name or no header is looked for again.
        s.expect(&format!("a4 UID FETCH 3:4 ({HEADER_ITEMS})"));
        s.send("a4 OK x\n");
        s.expect(&format!("a5 UID FETCH 5,7:8 ({HEADER_ITEMS})"));
        s.send("a5 OK x\n");
        s.expect("a6 UID FETCH 6 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])");
        s.send("* 6 FETCH (UID 6 BODY[HEADER] NIL)\na6 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (items, bad) = headers(&mut session, FetchBy::Uids(&UidSet::range(1, 9)));
    let got: Vec<_> = items
        .iter()
        .map(|i| (i.uid.get(), i.size, i.header.as_slice()))
        .collect();
    assert_eq!(
        got,
        [
            (1, 5_000_000_000, &b"Date: )\r\n"[..]),
            (9, 3, b"\xff"),
            // Its size might still have come.
            (2, 0, b"X: \"q\""),
        ]
    );
    assert_eq!(items[0].internal_date, Some(760_686_745));
    assert_eq!(items[0].flags.to_wire(), ["\\Seen", "$a"]);
    assert_eq!(bad, [6]);
    let news = session.take_unsolicited();
    assert_eq!((news.exists, news.flags.len()), (Some(10), 1));
    server.join().unwrap();
}

#[test]
fn s43_a_huge_literal_ends_the_session_and_a_large_header_its_tail() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 2);
        s.line();
        s.send("* 1 FETCH (UID 1 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {300000}\n");
        s.raw(&vec![b'x'; 300_000]);
        s.send(")\n* 2 FETCH (UID 2 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {1}\ny)\na3 OK x\n");
        s.line();
        s.send("* 1 FETCH (UID 1 RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {4294967295}\n");
        assert_eq!(s.rest(), "");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (items, _) = headers(&mut session, FetchBy::Seq(1, 2));
    assert_eq!(
        (items[0].header.len(), items[1].header.len()),
        (256 << 10, 1)
    );
    let all = UidSet::range(1, 2);
    session
        .fetch_headers(FetchBy::Uids(&all), &mut |_| Ok(()))
        .unwrap_err();
    assert!(session.is_dead());
    drop(session);
    server.join().unwrap();
}

#[test]
fn s43_floods_and_absurd_numbers() {
    let (mut session, server) = session("CONDSTORE", |s| {
        s.expect("a2 SELECT \"INBOX\" (CONDSTORE)");
        s.send("* 4000000000 EXISTS\n* OK [UIDVALIDITY 1] x\na2 OK x\n");
        s.expect("a3 SELECT \"INBOX\"");
        s.send("* 4000000000 EXISTS\n* OK [UIDVALIDITY 1] x\na3 OK x\n");
        s.expect("a4 SELECT \"INBOX\" (CONDSTORE)");
        s.send("* 40000000 EXISTS\n* 99999999999 EXISTS\n* 0 EXPUNGE\n* OK [UIDVALIDITY 1] x\n* OK [UIDNEXT 4294967295] x\n* OK [HIGHESTMODSEQ 9223372036854775808] x\na4 OK x\n");
        s.expect("a5 UID SEARCH HEADER MESSAGE-ID \"<a@b>\"");
        s.send("* SEARCH 5 0 4294967296 -1 x 3 (MODSEQ 9)\na5 OK x\n");
        s.expect("a6 NOOP");
        for _ in 0..300_000 {
            s.raw(b"* 1 EXISTS\r\n");
        }
        s.rest();
    });
    let absurd = session.select(&inbox(), Mode::ReadWrite).unwrap_err();
    assert!(!absurd.ends_session(), "{absurd}");
    let selected = session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(
        (selected.exists, selected.highestmodseq),
        (40_000_000, None)
    );
    let id = MessageId::new("a@b").unwrap();
    assert_eq!(session.search_message_id(&id).unwrap(), [uid(3), uid(5)]);
    session.noop().unwrap_err();
    assert!(session.is_dead());
    drop(session);
    server.join().unwrap();
}

#[test]
fn d08_moves_tell_where_to_and_only_of_what_was_asked() {
    let (mut session, server) = session("MOVE UIDPLUS", |s| {
        s.expect("a2 UID MOVE 3:4,9 \"T\"");
        s.send("* OK [COPYUID 8 9,3:4 20:22] x\n* 3 EXPUNGE\n* VANISHED 4\na2 OK done\n");
        s.expect("a3 UID COPY 1 \"T\"");
        s.send("a3 OK [COPYUID 8 1:4294967295 1:4294967295] x\n");
        s.expect("a4 UID COPY 1 \"T\"");
        s.send("* OK [COPYUID 8 1:2 5] uneven\n* [COPYUID 8 1 5]\na4 NO [TRYCREATE] x\n");
    });
    let to = MailboxName::new("T");
    let moved = session.move_to(&set(&[3, 4, 9]), &to).unwrap();
    let v = UidValidity(8);
    assert_eq!(
        moved,
        [
            (uid(3), v, uid(21)),
            (uid(4), v, uid(22)),
            (uid(9), v, uid(20))
        ]
    );
    assert_eq!(session.take_unsolicited().vanished, set(&[4]));
    assert_eq!(
        session.copy_to(&set(&[1]), &to).unwrap(),
        [(uid(1), v, uid(1))]
    );
    session.copy_to(&set(&[1]), &to).unwrap_err();
    assert!(!session.is_dead());
    server.join().unwrap();
}

#[test]
fn f60_f61_without_move_and_without_uidplus() {
    let (mut session, server) = session("UIDPLUS", |s| {
        s.expect("a2 UID COPY 5 \"T\"");
        s.send("a2 OK [COPYUID 8 5 6] x\n");
        s.expect("a3 UID STORE 5 +FLAGS.SILENT (\\Deleted)");
        s.send("a3 OK x\n");
        s.expect("a4 UID EXPUNGE 5");
        s.send("* 1 EXPUNGE\na4 OK x\n");
    });
    assert!(!session.has_move());
    let copied = session.copy_to(&set(&[5]), &MailboxName::new("T")).unwrap();
    assert_eq!(copied.len(), 1);
    assert_eq!(session.expunge(&set(&[5])).unwrap(), Expunged::Gone);
    server.join().unwrap();
    let (mut session, server) = self::session("", |s| {
        s.expect("a2 UID COPY 5 \"T\"");
        s.send("a2 OK x\n");
        s.expect("a3 UID STORE 5 +FLAGS.SILENT (\\Deleted)");
        s.send("a3 OK x\n");
        s.expect("a4 UID STORE 5 +FLAGS.SILENT (\\Seen)");
        s.send("a4 OK x\n");
        s.expect("a5 UID STORE 5 -FLAGS.SILENT (\\Flagged)");
        s.send("a5 OK x\n");
        assert_eq!(s.rest(), "");
    });
    let copied = session.copy_to(&set(&[5]), &MailboxName::new("T")).unwrap();
    assert!(copied.is_empty());
    assert_eq!(session.expunge(&set(&[5])).unwrap(), Expunged::OnlyMarked);
    let change = FlagChange {
        add: Flags::of(System::SEEN),
        remove: Flags::of(System::FLAGGED),
    };
    session.store(&set(&[5]), &change).unwrap();
    drop(session);
    server.join().unwrap();
}

#[test]
fn f16_bodies_come_in_pieces_and_are_whole_or_say_so() {
    const FIRST: usize = 256 << 10;
    let (mut session, server) = session("", |s| {
        // One piece, with an estimate of its size that is too large.
        s.expect("a2 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[]<0.262144>)");
        s.send(
            "* 1 FETCH (UID 1 RFC822.SIZE 9 BODY[]<0> {3}\na\nb)\na2 OK x\n"
                .replace("a\nb", "a\rb")
                .as_str(),
        );
        s.expect("a3 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[]<3.1048576>)");
        s.send("* 1 FETCH (UID 1 BODY[]<3> \"\")\na3 OK x\n");
        // Two pieces.
        s.line();
        s.send("* 1 FETCH (FLAGS () UID 2 BODY[]<0> {262144}\n");
        s.raw(&[b'x'; FIRST]);
        s.send(" RFC822.SIZE 262146)\na4 OK x\n");
        s.expect("a5 UID FETCH 2 (UID RFC822.SIZE BODY.PEEK[]<262144.1048576>)");
        s.send("* 1 FETCH (UID 2 BODY[]<262144> {2}\nyz)\na5 OK x\n");
        // A server without ranges; then one beyond the limit; then no message.
        s.line();
        s.send("* 1 FETCH (UID 3 RFC822.SIZE 4 BODY[] {4}\nabcd)\na6 OK x\n");
        s.expect("a7 UID FETCH 4 (UID RFC822.SIZE BODY.PEEK[]<0.2>)");
        s.send("* 1 FETCH (UID 4 RFC822.SIZE 4 BODY[]<0> {2}\nab)\na7 OK x\n");
        s.line();
        s.send("* 1 FETCH (UID 5 RFC822.SIZE 4 BODY[] {4}\nabcd)\na8 OK x\n");
        s.line();
        s.send("* 1 FETCH (UID 7 RFC822.SIZE 4 BODY[] {4}\nabcd)\na9 OK x\n");
        // The connection breaks in the middle.
        s.line();
        s.send("* 1 FETCH (UID 8 RFC822.SIZE 4 BODY[]<0> {4}\nab");
    });
    let mut body = |n, most| session.fetch_body_up_to(uid(n), most).unwrap();
    let one = body(1, 1 << 30).unwrap();
    assert!(one.complete && one.bytes == b"a\rb" && one.size == Some(9));
    let two = body(2, 1 << 30).unwrap();
    assert!(two.complete && two.bytes.len() == FIRST + 2 && two.bytes.ends_with(b"xyz"));
    assert!(body(3, 1 << 30).unwrap().complete);
    let four = body(4, 2).unwrap();
    assert!(!four.complete && four.bytes == b"ab");
    let five = body(5, 2).unwrap();
    assert!(!five.complete && five.bytes == b"ab");
    assert_eq!(body(6, 1 << 30), None);
    session.fetch_body(uid(8)).unwrap_err();
    assert!(session.is_dead());
    server.join().unwrap();
}

#[test]
fn s37_evil_names_are_listed_and_twins_stay_two() {
    let (mut session, server) = session("LIST-EXTENDED LIST-STATUS SPECIAL-USE", |s| {
        s.expect(
            "a2 LIST \"\" \"*\" RETURN (SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))",
        );
        s.send("* LIST () \"/\" inbox\n* STATUS INBOX (MESSAGES 4)\n* list (\\HasNoChildren \\Sent) \"/\" \"Gesendet\" (\"CHILDINFO\" (\"X\"))\n");
        s.send("* LIST () \"\\\\\" \"a\\\\b\"\n* LIST () NIL \"../../etc\"\n* LIST () \"//\" \"two\"\n* LIST (\\Noselect) \"/\" {3}\n");
        s.raw(b"a\r\n");
        s.send("\n* LIST () \"/\" &bad\n* LIST () \"/\" \"&AOQ-\"\n");
        s.raw("* LIST () \"/\" \"ä\"\r\n* LIST () \"/\" caf\u{e9}\r\n".as_bytes());
        s.raw(b"* LIST () \"/\" \"caf\xe9\"\r\n* LIST\r\n* LIST ()\r\n* LIST () NIL\r\n");
        s.send("a2 OK x\n");
    });
    let list = session.list().unwrap();
    let paths: Vec<&str> = list.iter().map(|l| l.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "INBOX",
            "Gesendet",
            "a/b",
            "..\u{2215}..\u{2215}etc",
            "two",
            "a\r\n",
            "&bad",
            "ä",
            "ä",
            "café",
            "caf\\xE9"
        ]
    );
    assert_eq!(list[0].role, Some(Role::Inbox));
    assert_eq!(list[0].status.as_ref().unwrap().messages, Some(4));
    assert_eq!(list[1].role, Some(Role::Sent));
    assert!(!list[5].selectable && list[7].name != list[8].name);
    server.join().unwrap();
}

#[test]
fn f62_plain_list_when_the_extended_one_is_refused() {
    let (mut session, server) = session("LIST-EXTENDED SPECIAL-USE", |s| {
        s.expect("a2 LIST \"\" \"*\" RETURN (SPECIAL-USE)");
        s.send("a2 BAD what\n");
        s.expect("a3 LIST \"\" \"*\"");
        s.send("* LIST () \".\" INBOX\n* LIST () \".\" INBOX.Trash\na3 OK x\n");
    });
    let list = session.list().unwrap();
    assert_eq!(list[1].role, Some(Role::Trash));
    server.join().unwrap();
}

#[test]
fn all_uids_with_and_without_esearch() {
    let (mut session, server) = session("ESEARCH", |s| {
        s.expect("a2 UID SEARCH RETURN (ALL) ALL");
        s.send("* ESEARCH (TAG \"a2\") UID ALL 1:90000\na2 OK x\n");
        s.expect("a3 UID SEARCH RETURN (ALL) ALL");
        s.send("* ESEARCH (TAG \"a3\") UID\na3 OK x\n");
        s.expect("a4 UID SEARCH RETURN (ALL) ALL");
        s.send("* ESEARCH (TAG \"a4\") UID ALL 1:4000000000\na4 OK x\n");
    });
    assert_eq!(session.uids().unwrap().len(), 90_000);
    assert!(session.uids().unwrap().is_empty());
    // Nobody told of so many.
    session.uids().unwrap_err();
    assert!(session.is_dead());
    server.join().unwrap();
    let (mut session, server) = self::session("", |s| {
        s.select("a2", 60_000);
        s.expect("a3 UID SEARCH 1:50000");
        s.send("* SEARCH 1 2\n* SEARCH 3\n* 2 EXPUNGE\na3 OK x\n");
        s.expect("a4 UID SEARCH 50001:59999");
        s.send("* SEARCH 70000\na4 OK x\n");
        // A message went in between: once more.
        s.expect("a5 UID SEARCH 1:50000");
        s.send("* SEARCH 1 3\na5 OK x\n");
        s.expect("a6 UID SEARCH 50001:59999");
        s.send("* SEARCH 70000\na6 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(session.uids().unwrap(), set(&[1, 3, 70_000]));
    server.join().unwrap();
}

#[test]
fn flags_come_with_their_modseq_and_f15_a_broken_line_is_an_error() {
    let (mut session, server) = session("CONDSTORE", |s| {
        s.expect("a2 UID FETCH 1:5 (UID FLAGS) (CHANGEDSINCE 9)");
        s.send("* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (12))\n* 2 FETCH (UID 99 FLAGS ())\n* 3 FETCH (FLAGS ())\na2 OK x\n");
        s.expect("a3 UID FETCH 1:5 (UID FLAGS)");
        s.send("* 1 FETCH (UID 1 FLAGS (\\Seen))\n* 2 FET");
    });
    let all = UidSet::range(1, 5);
    let mut seen = Vec::new();
    let mut sink = |item: super::FlagItem| {
        seen.push((item.uid.get(), item.modseq.map(|m| m.0)));
        Ok(())
    };
    let report = session
        .fetch_flags(&all, Some(crate::model::ModSeq(9)), &mut sink)
        .unwrap();
    assert_eq!(report.nameless, 1);
    session.fetch_flags(&all, None, &mut sink).unwrap_err();
    assert_eq!(seen, [(1, Some(12)), (1, None)]);
    assert!(session.is_dead());
    server.join().unwrap();
}

#[test]
fn a_sink_that_fails_ends_the_session() {
    let (mut session, server) = session("", |s| {
        s.line();
        s.send("* 1 FETCH (UID 1 FLAGS ())\na2 OK x\n");
    });
    let all = UidSet::range(1, 5);
    let stop = |_| Err(super::fail::protocol("stop"));
    session.fetch_flags(&all, None, &mut { stop }).unwrap_err();
    assert!(session.is_dead());
    server.join().unwrap();
}

#[test]
fn a_session_that_is_closed_says_nothing_more_and_is_gone_for_the_server_at_once() {
    let (mut session, server) = session("", |s| assert_eq!(s.rest(), ""));
    session.close();
    server.join().unwrap();
    assert!(session.is_dead());
    let error = session.noop().unwrap_err();
    assert!(error.ends_session(), "{error}");
}

#[test]
fn logout_says_good_bye_and_waits_for_the_answer() {
    let (mut session, server) = session("", |s| {
        s.expect("a2 LOGOUT");
        s.send("* BYE\na2 OK x\n");
        assert_eq!(s.rest(), "");
    });
    session.logout();
    server.join().unwrap();
}
