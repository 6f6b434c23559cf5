//! Answers in another form than most give them: in several pieces, with more or less than was asked for,
//! or in words of the server's own. Each means what it means everywhere.

use crate::model::{Flags, Security, System, Uid, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::script::{Script, connect, inbox, session, set, uid};
use crate::net::imap::{
    Expunged, FetchBy, FetchReport, Fresh, HEADER_ITEMS, HeaderItem, Mode, Session,
};

const PATIENT: u64 = 20_000;

type Row = (u32, Vec<String>, u64, Vec<u8>);

fn row(item: HeaderItem) -> Row {
    let flags = item.flags.to_wire();
    (item.uid.get(), flags, item.size, item.header)
}

fn headers(session: &mut Session, uids: &UidSet) -> (Vec<Row>, FetchReport) {
    let mut rows = Vec::new();
    let report = session
        .fetch_headers(FetchBy::Uids(uids), &mut |item| {
            rows.push(row(item));
            Ok(())
        })
        .unwrap();
    rows.sort();
    (rows, report)
}

/// Three messages in pieces: by UID, by number, and with a change of flags as the first of them.
const PIECES: &str = "* 1 FETCH (UID 5 FLAGS (\\Seen))\n\
    * 1 FETCH (UID 5 RFC822.SIZE 77 INTERNALDATE \" 7-Feb-1994 21:52:25 -0800\")\n\
    * 2 FETCH (UID 6 RFC822.SIZE 3 FLAGS (\\Flagged))\n\
    * 3 FETCH (BODY[HEADER] {1}\nc)\n\
    * 1 FETCH (UID 5 BODY[HEADER] {1}\na)\n\
    * 2 FETCH (BODY[HEADER] {1}\nb)\n\
    * 3 FETCH (UID 7 FLAGS (\\Draft) RFC822.SIZE 9)\n";

fn pieces() -> Vec<Row> {
    let row = |uid, flag: &str, size, head: &[u8]| (uid, vec![flag.into()], size, head.to_vec());
    vec![
        row(5, "\\Seen", 77, b"a"),
        row(6, "\\Flagged", 3, b"b"),
        row(7, "\\Draft", 9, b"c"),
    ]
}

#[test]
fn a_message_that_is_told_in_pieces_is_one_message() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        s.expect(&format!("a3 UID FETCH 5:7 ({HEADER_ITEMS})"));
        s.send(PIECES);
        s.send("a3 OK x\n");
        // Numbers that mean other messages by now put nothing together.
        s.expect(&format!("a4 UID FETCH 8:9 ({HEADER_ITEMS})"));
        s.send("* 4 FETCH (UID 8 RFC822.SIZE 4 FLAGS (\\Seen))\n* 3 EXPUNGE\n");
        s.send(
            "* 4 FETCH (UID 9 BODY[HEADER] {1}\ne)\n* 4 FETCH (FLAGS () RFC822.SIZE 5)\na4 OK x\n",
        );
        s.expect("a5 UID FETCH 8 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])");
        s.send("* 3 FETCH (UID 8 FLAGS (\\Seen) RFC822.SIZE 4 BODY[HEADER] {1}\nd)\na5 OK x\n");
        // The size comes last, or never.
        s.expect(&format!("a6 UID FETCH 10:11 ({HEADER_ITEMS})"));
        s.send("* 1 FETCH (UID 10 FLAGS () BODY[HEADER] {1}\nf)\n* 2 FETCH (UID 11 FLAGS () BODY[HEADER] {1}\ng)\n");
        s.send("* 1 FETCH (RFC822.SIZE 6)\na6 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (rows, report) = headers(&mut session, &UidSet::range(5, 7));
    assert_eq!(rows, pieces());
    assert!(report.bad.is_empty() && report.nameless == 0, "{report:?}");
    let (rows, report) = headers(&mut session, &UidSet::range(8, 9));
    assert_eq!(rows[0], (8, vec!["\\Seen".into()], 4, b"d".to_vec()));
    assert_eq!(rows[1], (9, vec![], 5, b"e".to_vec()));
    assert!(report.bad.is_empty(), "{report:?}");
    let (rows, report) = headers(&mut session, &UidSet::range(10, 11));
    assert_eq!(rows[0], (10, vec![], 6, b"f".to_vec()));
    assert_eq!(rows[1], (11, vec![], 0, b"g".to_vec()));
    assert!(report.bad.is_empty() && report.nameless == 0, "{report:?}");
    server.join().unwrap();
}

#[test]
fn pieces_are_put_together_in_windows_and_at_a_glance() {
    let (mut session, server) = session("QRESYNC CONDSTORE ENABLE", |s| {
        s.expect("a2 ENABLE QRESYNC");
        s.send("* ENABLED CONDSTORE\n* ENABLED QRESYNC\na2 OK x\n");
        s.line();
        s.send("* 9 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [UIDNEXT 5] x\n* OK [HIGHESTMODSEQ 9] x\na3 OK x\n");
        s.line();
        s.line();
        // Whose a number is that was never told may be either window's.
        let (lines, last) = PIECES
            .split_once("* 3 FETCH (BODY[HEADER] {1}\nc)\n")
            .unwrap();
        let (last, third) = last.split_once("* 3 ").unwrap();
        s.send(&format!(
            "{lines}{last}* 3 {third}* 3 FETCH (BODY[HEADER] {{1}}\nc)\na4 OK x\n"
        ));
        s.send("* 8 FETCH (UID 8 FLAGS (\\Seen) RFC822.SIZE 1)\n* 8 FETCH (UID 8 BODY[HEADER] {1}\nx)\na5 OK x\n");
        s.line();
        s.line();
        s.send("a6 OK x\n");
        s.send(PIECES);
        s.send("a7 OK x\n");
    });
    assert!(session.enabled().condstore && session.enabled().qresync);
    session.select(&inbox(), Mode::ReadOnly).unwrap();
    let (now, next) = (set(&[5, 6, 7]), set(&[8]));
    let mut rows = Vec::new();
    let mut sink = |item| {
        rows.push(row(item));
        Ok(())
    };
    session.fetch_window(&now, Some(&next), &mut sink).unwrap();
    session.fetch_window(&next, None, &mut sink).unwrap();
    rows.sort();
    assert_eq!(rows[..3], pieces());
    assert_eq!(rows[3], (8, vec!["\\Seen".into()], 1, b"x".to_vec()));
    session.take_unsolicited();
    session.stay();
    let mut rows = Vec::new();
    session
        .catch_up(5, 200, &mut |fresh| {
            if let Fresh::Header(item) = fresh {
                rows.push(row(*item));
            }
            Ok(())
        })
        .unwrap();
    rows.sort();
    assert_eq!(rows, pieces());
    server.join().unwrap();
}

#[test]
fn f16_a_range_that_is_told_with_its_length_or_not_at_all_is_a_range() {
    const FIRST: usize = 256 << 10;
    let mut message = vec![b'x'; FIRST];
    message.extend(b"the rest");
    let wanted = message.clone();
    let (mut session, server) = session("", move |s| {
        let size = message.len();
        let mut give = |tag: &str, section: &str, bytes: &[u8]| {
            s.line();
            s.send(&format!(
                "* 1 FETCH (UID 1 RFC822.SIZE {size} {section} {{{}}}\n",
                bytes.len()
            ));
            s.raw(bytes);
            s.send(&format!(")\n{tag} OK x\n"));
        };
        let (first, rest) = message.split_at(FIRST);
        give("a2", "BODY[]<0.262144>", first);
        give("a3", "BODY[]<262144.1048576>", rest);
        give("a4", "BODY[]", first);
        give("a5", "BODY[]", rest);
        // A server without ranges.
        give("a6", "BODY[]", &message);
        // One without UIDs.
        s.line();
        s.send("* 1 FETCH (BODY[]<0> {3}\nabc RFC822.SIZE 3)\na7 OK x\n");
    });
    for way in ["told with its length", "not told", "not honoured"] {
        let body = session.fetch_body(uid(1)).unwrap().unwrap();
        assert!(
            body.complete && body.bytes == wanted,
            "{way}: {}",
            body.bytes.len()
        );
    }
    let body = session.fetch_body(uid(1)).unwrap().unwrap();
    assert!(body.complete && body.bytes == b"abc");
    server.join().unwrap();
}

fn signs_in(script: impl FnOnce(&mut Script) + Send + 'static) -> Result<Session, NetError> {
    let (session, server) = connect(Security::None, PATIENT, script);
    server.join().unwrap();
    session
}

#[test]
fn what_a_server_offers_to_sign_in_and_does_not_understand_is_left() {
    const COREMAIL: &str = "BAD Request not ending with \\r\\n";
    let session = signs_in(|s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\n");
        s.expect("a1 AUTHENTICATE PLAIN AG1lAHBhc3M=");
        s.send(&format!("a1 {COREMAIL}\n"));
        s.expect("a2 AUTHENTICATE PLAIN");
        s.send("+ \n");
        s.expect("AG1lAHBhc3M=");
        s.send("a2 OK [CAPABILITY IMAP4rev1 IDLE] in\n");
    });
    assert!(session.unwrap().caps().has("IDLE"));
    let session = signs_in(|s| {
        s.send("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\n");
        s.expect("a1 AUTHENTICATE PLAIN");
        s.send("a1 BAD Unknown command\n");
        s.expect("a2 LOGIN \"me\" \"pass\"");
        s.send("a2 OK [CAPABILITY IMAP4rev1 IDLE] in\n");
    });
    assert!(session.unwrap().caps().has("IDLE"));
    // A wrong password is sent once, whatever the word for it; and where LOGIN is forbidden it is.
    for (caps, answer) in [
        ("AUTH=PLAIN SASL-IR", "BAD Invalid credentials"),
        ("AUTH=PLAIN SASL-IR", "BAD [AUTHENTICATIONFAILED] no"),
        ("AUTH=PLAIN SASL-IR", "NO what?"),
        ("AUTH=PLAIN LOGINDISABLED", "BAD what?"),
    ] {
        let refused = signs_in(move |s| {
            s.send(&format!("* OK [CAPABILITY IMAP4rev1 {caps}] hello\n"));
            s.line();
            s.send(&format!("a1 {answer}\n"));
            assert_eq!(s.rest(), "", "{answer}");
        });
        assert!(matches!(refused, Err(NetError::Auth(_))), "{answer}");
    }
}

#[test]
fn a_mailbox_that_never_had_a_uidvalidity_can_be_read() {
    let select = |validity: &'static str| {
        move |s: &mut Script, command: &str| {
            let line = s.line();
            let (tag, said) = line.split_once(' ').unwrap();
            assert_eq!(said, command);
            s.send(&format!(
                "* 2 EXISTS\n{validity}* OK [UIDNEXT 9] x\n{tag} OK x\n"
            ));
        }
    };
    let (none, zero, told) = (
        select(""),
        select("* OK [UIDVALIDITY 0] x\n"),
        select("* OK [UIDVALIDITY 7] x\n"),
    );
    let (mut session, server) = session("", move |s| {
        // Tencent, SmarterMail, Xeams.
        none(s, "EXAMINE \"INBOX\"");
        none(s, "SELECT \"INBOX\"");
        zero(s, "SELECT \"INBOX\"");
        none(s, "EXAMINE \"INBOX\"");
        told(s, "SELECT \"INBOX\"");
        // It was seen with one.
        none(s, "SELECT \"INBOX\"");
        none(s, "EXAMINE \"INBOX\"");
        none(s, "SELECT \"INBOX\"");
    });
    let mut open = |mode| {
        session
            .select(&inbox(), mode)
            .map(|s| (s.uidvalidity, s.exists))
    };
    let one = (UidValidity(1), 2);
    assert_eq!(open(Mode::ReadOnly).unwrap(), one);
    assert_eq!(open(Mode::ReadWrite).unwrap(), one);
    assert_eq!(open(Mode::ReadOnly).unwrap(), (UidValidity(7), 2));
    for mode in [Mode::ReadWrite, Mode::ReadOnly] {
        let error = open(mode).unwrap_err();
        assert!(!error.ends_session() && error.to_string().contains("UIDVALIDITY"));
    }
    server.join().unwrap();
}

#[test]
fn f60_a_removal_by_uid_that_is_offered_and_not_done_leaves_its_mark() {
    let (mut session, server) = session("UIDPLUS", |s| {
        s.select("a2", 9);
        s.expect("a3 UID STORE 5 +FLAGS.SILENT (\\Deleted)");
        s.send("a3 OK x\n");
        s.expect("a4 UID EXPUNGE 5");
        s.send("a4 NO operation not allowed\n");
        s.expect("a5 UID STORE 6 +FLAGS.SILENT (\\Deleted)");
        s.send("a5 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    for n in [5, 6] {
        let done = session.expunge(&set(&[n])).unwrap();
        assert_eq!(done, Expunged::OnlyMarked);
    }
    server.join().unwrap();
    // A reason is one.
    let (mut session, server) = self::session("UIDPLUS", |s| {
        s.select("a2", 9);
        s.line();
        s.send("a3 OK x\n");
        s.line();
        s.send("a4 NO [NOPERM] not here\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    session.expunge(&set(&[5])).unwrap_err();
    server.join().unwrap();
}

#[test]
fn a_mailbox_that_is_gone_is_known_by_many_words() {
    for words in [
        "Folder could not be found.",
        "Folder not exist",
        "STATUS failed: no such folder",
        "[NONEXISTENT] x",
    ] {
        let (mut session, server) = session("", move |s| {
            s.line();
            s.send(&format!("a2 NO {words}\n"));
        });
        let error = session.select(&inbox(), Mode::ReadWrite).unwrap_err();
        assert!(error.no_such_mailbox(), "{words}");
        server.join().unwrap();
    }
}

#[test]
fn flags_that_are_all_there_is_stay_news() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 9);
        s.line();
        s.send("* 8 FETCH (UID 8 FLAGS (\\Flagged))\na3 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (rows, report) = headers(&mut session, &set(&[8]));
    assert!(rows.is_empty() && report.bad.is_empty(), "{report:?}");
    let news = session.take_unsolicited();
    assert_eq!(news.flags[0].flags, Flags::of(System::FLAGGED));
    assert_eq!(Uid::new(8), Some(news.flags[0].uid));
    server.join().unwrap();
}
