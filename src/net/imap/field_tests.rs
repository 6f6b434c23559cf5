//! What servers in the field were seen to do: Gmail, Yahoo, Exchange, DavMail, Dovecot. Each costs what
//! it is about and nothing else.

use crate::model::{Flags, MailboxName, ModSeq, Security, Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::append::Addition;
use crate::net::imap::is_refusal;
use crate::net::imap::script::{Script, connect, inbox, patient, session, set, uid};
use crate::net::imap::{FetchBy, HEADER_ITEMS, HeaderItem, Mode, Session};

/// What Yahoo says to a question that it does not like.
pub(super) const CLIENTBUG: &str = "BAD [CLIENTBUG] UID FETCH Command arguments invalid";

pub(super) fn headers(session: &mut Session, set: &UidSet) -> (Vec<HeaderItem>, UidSet) {
    let mut items = Vec::new();
    let report = session
        .fetch_headers(FetchBy::Uids(set), &mut |item| {
            items.push(item);
            Ok(())
        })
        .unwrap();
    assert!(report.bad.is_empty(), "{report:?}");
    (items, report.left)
}

pub(super) fn row(n: u32) -> String {
    format!("* {n} FETCH (UID {n} FLAGS () RFC822.SIZE 1 BODY[HEADER] {{0}}\n)\n")
}

#[test]
fn a_sequence_that_is_told_and_not_offered_is_not_asked_by() {
    let (mut session, server) = session("XYMHIGHESTMODSEQ", |s| {
        s.expect("a2 SELECT \"INBOX\"");
        s.send("* 2 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 102784] x\na2 OK x\n");
        s.expect(&format!("a3 UID FETCH 1:2 ({HEADER_ITEMS})"));
        s.send(&format!("{}{}a3 OK x\n", row(1), row(2)));
        s.expect("a4 UID FETCH 1:* (UID FLAGS)");
        s.send("a4 OK x\n");
    });
    let selected = session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(selected.highestmodseq, None);
    assert_eq!(headers(&mut session, &UidSet::range(1, 2)).0.len(), 2);
    session.changes_since(ModSeq(9), &mut |_| Ok(())).unwrap();
    server.join().unwrap();
}

#[test]
fn a_mailbox_that_is_called_temporary_is_no_promise() {
    let name = MailboxName::new("Temporary");
    for (words, later) in [
        ("NO [NONEXISTENT] Mailbox doesn't exist: Temporary", false),
        ("NO Temporary doesn't exist.", false),
        ("NO [TRYCREATE] Mailbox doesn't exist: Temporary", false),
        ("NO Temporary is locked, try again", true),
    ] {
        let (mut session, server) = session("MOVE", move |s| {
            s.expect("a2 UID MOVE 1 \"Temporary\"");
            s.send(&format!("a2 {words}\n"));
        });
        let error = session.move_to(&set(&[1]), &name).unwrap_err();
        assert_eq!(matches!(error, NetError::Later(_)), later, "{words}");
        assert_eq!(error.no_such_mailbox(), !later, "{words}");
        server.join().unwrap();
    }
}

#[test]
fn messages_that_go_are_noticed_when_no_more_of_them_is_kept() {
    let (mut session, server) = session("ESEARCH", |s| {
        s.select("a2", 160_000);
        let odd: Vec<String> = (0..50_001).map(|n| (2 * n + 1).to_string()).collect();
        s.expect("a3 NOOP");
        s.send(&format!("* VANISHED {}\na3 OK x\n", odd.join(",")));
        for n in 4..10 {
            let line = s.line();
            let (_, range) = line.split_once(" UID SEARCH RETURN (ALL) ").unwrap();
            let (lo, hi) = range.split_once(':').unwrap();
            let (lo, hi): (u32, u32) = (lo.parse().unwrap(), hi.parse().unwrap());
            // One goes between the windows of the first look.
            let gone = if n == 4 { "* VANISHED 7\n" } else { "" };
            let (lo, hi) = (lo + u32::from(n < 7), hi + 1);
            s.send(&format!(
                "{gone}* ESEARCH (TAG \"a{n}\") UID ALL {lo}:{hi}\na{n} OK x\n"
            ));
        }
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    session.noop().unwrap();
    assert_eq!(session.uids().unwrap().ranges(), [(1, 109_999)]);
    server.join().unwrap();
}

#[test]
fn all_uids_of_a_large_mailbox_are_asked_for_in_windows_with_esearch_too() {
    let holes = |lo: u32, hi: u32| {
        let all: Vec<String> = (lo..=hi).map(|n| (2 * n).to_string()).collect();
        all.join(",")
    };
    let (mut session, server) = session("ESEARCH", move |s| {
        s.select("a2", 120_000);
        for (tag, lo, hi) in [
            ("a3", 1, 50_000),
            ("a4", 50_001, 100_000),
            ("a5", 100_001, 120_000),
        ] {
            s.expect(&format!("{tag} UID SEARCH RETURN (ALL) {lo}:{hi}"));
            s.send(&format!(
                "* ESEARCH (TAG \"{tag}\") UID ALL {}\n{tag} OK x\n",
                holes(lo, hi)
            ));
        }
        // In one line: more than a megabyte, and more than a hundred thousand ranges.
        s.expect("a6 UID SEARCH RETURN (ALL) 1:120000");
        s.send(&format!(
            "* ESEARCH (TAG \"a6\") UID ALL {}\n",
            holes(1, 120_000)
        ));
        s.send(&format!(
            "* VANISHED {}\na6 OK x\n",
            holes(200_001, 320_000)
        ));
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(session.uids().unwrap().ranges().len(), 120_000);
    assert_eq!(session.newest(120_000).unwrap().ranges().len(), 120_000);
    assert!(session.take_unsolicited().more, "more than are kept");
    server.join().unwrap();
}

#[test]
fn what_is_new_or_young_in_a_large_mailbox_is_asked_for_in_windows() {
    let (mut session, server) = session("ESEARCH", |s| {
        s.select("a2", 120_000);
        let mut answer = |tag: &str, what: &str, found: &str| {
            s.expect(&format!("{tag} UID SEARCH RETURN (ALL) {what}"));
            s.send(&format!(
                "* ESEARCH (TAG \"{tag}\") UID{found}\n{tag} OK x\n"
            ));
        };
        // The newest first, and no further than there are any; `n:*` names the last in any case.
        answer("a3", "70001:* UID 140000:*", " ALL 140000:240000");
        answer("a4", "20001:70000 UID 140000:*", " ALL 139999");
        answer("a5", "70001:* UID 999999:*", " ALL 240000");
        // Down to the first.
        answer("a6", "70001:* UID 3:*", " ALL 140002:240000");
        answer("a7", "20001:70000 UID 3:*", " ALL 40002:140001");
        answer("a8", "1:20000 UID 3:*", " ALL 4:40001");
        answer("a9", "1:50000 SINCE 7-Feb-1994", " ALL 7");
        answer("a10", "50001:100000 SINCE 7-Feb-1994", "");
        answer("a11", "100001:120000 SINCE 7-Feb-1994", " ALL 240000");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let range = UidSet::range;
    assert_eq!(session.uids_from(140_000).unwrap(), range(140_000, 240_000));
    assert!(session.uids_from(999_999).unwrap().is_empty());
    assert_eq!(session.uids_from(3).unwrap(), range(4, 240_000));
    assert_eq!(session.uids_since(760_600_000).unwrap(), set(&[7, 240_000]));
    server.join().unwrap();
}

#[test]
fn a_list_that_can_t_be_read_whole_is_an_error_and_no_shorter_list() {
    let long: String = (1..1_000_010).map(|n| format!("{},", n % 9 + 1)).collect();
    for list in [format!("{long}1"), "1:3,x".to_owned()] {
        let (mut session, server) = patient(20_000, "ESEARCH", move |s| {
            s.select("a2", 1_000);
            s.line();
            s.send(&format!("* ESEARCH (TAG \"a3\") UID ALL {list}\na3 OK x\n"));
        });
        session.select(&inbox(), Mode::ReadWrite).unwrap();
        session.uids().unwrap_err();
        drop(session);
        server.join().unwrap();
    }
}

#[test]
fn refusals_that_pass_are_no_last_word() {
    for (words, refusal) in [
        (
            "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)",
            false,
        ),
        ("NO System Error (Failure)", true),
        (
            "NO [SERVERBUG] UID SEARCH Server error - Please try again later",
            false,
        ),
        (
            "NO [SERVERBUG] Internal error occurred. Refer to server log for more information.",
            true,
        ),
        (
            "NO [OVERQUOTA] Quota exceeded, try again after removing some",
            true,
        ),
        ("BAD Unknown command", true),
    ] {
        let (mut session, server) = session("", move |s| {
            s.line();
            s.send(&format!("a2 {words}\n"));
        });
        let error = session.noop().unwrap_err();
        let final_word = words.contains("OVERQUOTA") || words.contains("Unknown");
        assert_eq!(error.is_transient(), !final_word, "{words}");
        // What may be asked in another way, or in pieces.
        assert_eq!(is_refusal(&error), refusal, "{words}");
        server.join().unwrap();
    }
}

#[test]
fn a_wrong_password_stays_wrong_and_a_server_in_trouble_is_no_wrong_password() {
    for (words, wrong) in [
        (
            "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
            true,
        ),
        ("NO Invalid user name or password. Please try again.", true),
        (
            "NO [AUTHENTICATIONFAILED] temporarily refused, try again",
            true,
        ),
        ("NO LOGIN failed.", true),
        // That one may try again is no word on the server.
        ("NO Authentication failed. Please try again.", true),
        ("NO Login failed, please try again later", true),
        ("NO Access denied, try again", true),
        ("NO Please try again", true),
        ("NO Please try again later", false),
        ("NO Too many attempts. Try again in 15 minutes", false),
        ("NO System error, login failed", false),
        (
            "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)",
            false,
        ),
        (
            "NO [SERVERBUG] LOGIN Server error - Please try again later",
            false,
        ),
        ("NO Temporary authentication failure", false),
        ("NO [UNAVAILABLE] The password server is away", false),
    ] {
        let (outcome, server) = connect(Security::None, 20_000, move |s| {
            s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\n");
            s.line();
            s.send(&format!("a1 {words}\n"));
            s.rest();
        });
        let error = outcome.unwrap_err();
        assert_eq!(
            matches!(error, NetError::Auth(_)),
            wrong,
            "{words}: {error:?}"
        );
        assert_eq!(matches!(error, NetError::AuthLater(_)), !wrong, "{words}");
        server.join().unwrap();
    }
}

#[test]
fn an_empty_answer_about_a_message_that_has_a_size_is_not_the_message() {
    let empty = |s: &mut Script, tag: &str| {
        s.line();
        s.send(&format!(
            "* 12 FETCH (UID 345 RFC822.SIZE 48213 BODY[] \"\")\n{tag} OK x\n"
        ));
    };
    let (mut session, server) = session("", move |s| {
        empty(s, "a2");
        // Alone it is asked for twice; the second time it is there.
        empty(s, "a3");
        s.expect("a4 UID FETCH 345 (UID RFC822.SIZE BODY.PEEK[]<0.262144>)");
        s.send("* 12 FETCH (UID 345 RFC822.SIZE 5 BODY[]<0> {5}\nhello)\na4 OK x\n");
        empty(s, "a5");
        empty(s, "a6");
    });
    let mut whole = Vec::new();
    let mut sink = |_: Uid, body: super::Body| {
        whole.push(body.complete);
        Ok(())
    };
    session
        .fetch_bodies(&set(&[345]), 1 << 20, &mut sink)
        .unwrap();
    assert_eq!(whole, [false]);
    let body = session.fetch_body(uid(345)).unwrap().unwrap();
    assert!(body.complete && body.bytes == b"hello");
    assert!(!session.fetch_body(uid(345)).unwrap().unwrap().complete);
    server.join().unwrap();
}

#[test]
fn f66_less_than_half_of_a_message_is_asked_for_again_before_it_is_believed() {
    let (mut session, server) = session("", move |s| {
        let mut give = |tag: &str, words: &str| {
            s.line();
            s.send(&format!(
                "* 1 FETCH (UID 9 RFC822.SIZE 11 BODY[] \"{words}\")\n{tag} OK x\n"
            ));
        };
        give("a2", "head");
        // Cut short once; then by a server that counts wrong; then by one that never says the same.
        give("a3", "head");
        give("a4", "head + tail");
        give("a5", "head");
        give("a6", "head");
        give("a7", "head");
        give("a8", "hea");
    });
    let mut whole = Vec::new();
    session
        .fetch_bodies(&set(&[9]), 1 << 20, &mut |_, body| {
            whole.push(body.complete);
            Ok(())
        })
        .unwrap();
    assert_eq!(whole, [false]);
    let mut body = || session.fetch_body(uid(9)).unwrap().unwrap();
    let mended = body();
    assert!(mended.complete && mended.bytes == b"head + tail");
    let small = body();
    assert!(small.complete && small.bytes == b"head");
    assert!(!body().complete);
    server.join().unwrap();
}

#[test]
fn a_server_that_works_for_long_is_not_left() {
    // A patience of half a second; both take longer.
    let (mut session, server) = patient(500, "", |s| {
        s.line();
        // Blanks while the folder is read.
        for _ in 0..8 {
            std::thread::park_timeout(std::time::Duration::from_millis(100));
            s.raw(b" ");
        }
        s.send("\n* 2 EXISTS\n* OK [UIDVALIDITY 7] x\na2 OK x\n");
        s.line();
        std::thread::park_timeout(std::time::Duration::from_millis(800));
        s.send("a3 OK x\n");
        s.expect("a4 NOOP");
        assert_eq!(s.rest(), "");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    session.copy_to(&set(&[1]), &inbox()).unwrap();
    // What takes no time is not waited for.
    assert!(matches!(session.noop(), Err(NetError::Timeout)));
    drop(session);
    server.join().unwrap();
}

#[test]
fn flags_of_a_message_without_a_uid_are_news_of_the_open_mailbox_only() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        s.expect("a3 NOOP");
        s.send("* 7 FETCH (FLAGS (\\Seen))\n* 4 FETCH (FLAGS ())\na3 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert!(session.noop().unwrap());
    let news = session.take_unsolicited();
    assert_eq!((news.unnamed, news.more), (Some(4), false));
    server.join().unwrap();
}

#[test]
fn keywords_may_hold_brackets() {
    let (mut session, server) = session("LITERAL+", |s| {
        s.expect("a2 SELECT \"INBOX\"");
        s.send("* 1 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [PERMANENTFLAGS (\\Answered OIB-Seen-[Gmail]/Trash \\*)] ok\na2 OK x\n");
        // What is no atom is not said, and keeps no message away.
        for tag in ["a3", "a4", "a5"] {
            s.expect(&format!("{tag} APPEND \"INBOX\" ($Work) {{1+}}"));
            s.take(3);
            s.send(&format!("{tag} OK x\n"));
        }
    });
    let selected = session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert!(selected.keywords, "{selected:?}");
    assert_eq!(selected.permanent_flags[1], "OIB-Seen-[Gmail]/Trash");
    let mut flags = Flags::default();
    flags.keywords.insert("OIB-Seen-[Gmail]/Trash".into());
    flags.keywords.insert("$Work".into());
    session.append(&inbox(), &flags, None, b"x").unwrap();
    let one = Addition {
        flags,
        date: None,
        bytes: b"x".to_vec(),
    };
    let added = session.append_all(&inbox(), &[one.clone(), one]).unwrap();
    assert!(added.iter().all(Result::is_ok));
    server.join().unwrap();
}

#[test]
fn a_large_message_is_not_sent_before_it_is_wanted_nor_one_that_is_too_large() {
    let (mut session, server) = session("LITERAL+ APPENDLIMIT=100000", |s| {
        s.expect("a2 APPEND \"INBOX\" () {70000}");
        s.send("a2 NO [TOOBIG] not so large\n");
        s.expect("a3 NOOP");
        s.send("a3 OK x\n");
    });
    let flags = Flags::default();
    let mut send = |octets: usize| {
        let bytes = vec![b'x'; octets];
        session.append(&inbox(), &flags, None, &bytes).unwrap_err()
    };
    assert!(send(70_000).to_string().contains("not so large"));
    let refused = send(100_001);
    assert!(matches!(refused, NetError::Unsendable(_)), "{refused:?}");
    assert!(refused.to_string().contains("98 KB"), "{refused}");
    session.noop().unwrap();
    server.join().unwrap();
}
