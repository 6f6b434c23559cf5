//! Servers that refuse a window of headers, for one message in it or for what extensions add: what of it
//! is asked for again, and without what.

use crate::model::UidSet;
use crate::net::imap::field_tests::{CLIENTBUG, headers, row};
use crate::net::imap::script::{inbox, session, set};
use crate::net::imap::{HEADER_ITEMS, HeaderItem, Mode};

#[test]
fn what_an_extension_adds_is_left_out_where_it_is_refused() {
    let (mut session, server) = session("CONDSTORE OBJECTID", |s| {
        s.line();
        s.send("* 9 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 9] x\na2 OK x\n");
        for n in 3.. {
            let line = s.line();
            let Some((_, rest)) = line.split_once(" UID FETCH ") else {
                assert!(n < 12, "{n} commands");
                return;
            };
            match rest.contains("MODSEQ") || rest.contains("EMAILID") {
                true => s.send(&format!("a{n} {CLIENTBUG}\n")),
                false => {
                    let range = rest.split(' ').next().unwrap();
                    let (lo, hi) = range.split_once(':').unwrap_or((range, range));
                    let (lo, hi): (u32, u32) = (lo.parse().unwrap(), hi.parse().unwrap());
                    for uid in lo..=hi {
                        s.send(&row(uid));
                    }
                    s.send(&format!("a{n} OK x\n"));
                }
            }
        }
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (items, left) = headers(&mut session, &UidSet::range(1, 6));
    assert_eq!((items.len(), left.is_empty()), (6, true));
    // From now on it is not asked for, not in a window that was asked for ahead either.
    let (first, second) = (UidSet::range(7, 8), UidSet::range(9, 9));
    let mut seen = 0;
    for (now, next) in [(&first, Some(&second)), (&second, None)] {
        let mut sink = |_| {
            seen += 1;
            Ok(())
        };
        session.fetch_window(now, next, &mut sink).unwrap();
    }
    assert_eq!(seen, 3);
    drop(session);
    server.join().unwrap();
}

#[test]
fn one_poisoned_message_does_not_take_identities_from_the_others() {
    let (mut session, server) = session("OBJECTID", |s| {
        s.select("a2", 4);
        let items = format!("{HEADER_ITEMS} EMAILID THREADID");
        s.expect(&format!("a3 UID FETCH 1:4 ({items})"));
        s.send("a3 NO [SERVERBUG] Internal error occurred. Refer to server log\n");
        // The last is given with what extensions add: so that is not what is refused.
        s.expect(&format!("a4 UID FETCH 4 ({items})"));
        s.send(&row(4));
        s.send("a4 OK x\n");
        s.expect(&format!("a5 UID FETCH 1 ({items})"));
        s.send(&row(1));
        s.send("a5 OK x\n");
        s.expect(&format!("a6 UID FETCH 2:3 ({items})"));
        s.send(&format!("{}{}a6 OK x\n", row(2), row(3)));
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(headers(&mut session, &UidSet::range(1, 4)).0.len(), 4);
    server.join().unwrap();
}

#[test]
fn a_message_that_is_had_by_its_plain_header_keeps_its_date_size_and_identity() {
    let (mut session, server) = session("OBJECTID", |s| {
        s.select("a2", 1);
        s.line();
        s.send("a3 NO x\n");
        s.expect("a4 UID FETCH 5 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER] EMAILID THREADID)");
        s.send("* 1 FETCH (UID 5 EMAILID (M5) INTERNALDATE \" 7-Feb-1994 21:52:25 -0800\" RFC822.SIZE 77 BODY[HEADER] {0}\n)\na4 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (items, _) = headers(&mut session, &set(&[5]));
    let one = &items[0];
    assert_eq!((one.internal_date, one.size), (Some(760_686_745), 77));
    assert_eq!(one.identity.as_deref(), Some("M5"));
    server.join().unwrap();
}

/// A server that refuses a message whenever it is asked for any of these with it; what it was asked.
fn asked_for_one(refuses: &'static [&'static str]) -> (Vec<HeaderItem>, u32) {
    let (mut session, server) = session("OBJECTID", move |s| {
        s.select("a2", 1);
        for n in 3.. {
            let line = s.line();
            if !line.contains(" UID FETCH 5 ") {
                assert!(line.contains("NOOP"), "{line}");
                s.send(&format!("* {n} EXISTS\na{n} OK x\n"));
                return;
            }
            match refuses.iter().any(|item| line.contains(item)) {
                true => s.send(&format!("a{n} NO [SERVERBUG] Internal error\n")),
                false => s.send(&format!(
                    "* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[HEADER] {{0}}\n)\na{n} OK x\n"
                )),
            }
        }
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let (items, _) = headers(&mut session, &set(&[5]));
    session.noop().unwrap();
    let commands = session.exists() - 3;
    drop(session);
    server.join().unwrap();
    (items, commands)
}

#[test]
fn one_message_is_had_without_what_the_server_stumbles_over() {
    for (refuses, commands) in [
        (&["EMAILID"][..], 3),
        (&["RFC822.SIZE"], 4),
        (&["INTERNALDATE", "EMAILID"], 4),
    ] {
        let (items, asked) = asked_for_one(refuses);
        assert_eq!((items.len(), asked), (1, commands), "{refuses:?}");
        assert!(items[0].flags.system.has(crate::model::System::SEEN));
    }
}

#[test]
fn what_names_a_message_at_gmail_is_asked_for_after_a_passing_error_too() {
    let (mut session, server) = session("X-GM-EXT-1", |s| {
        s.select("a2", 4);
        for n in 3.. {
            let line = s.line();
            let Some((_, rest)) = line.split_once(" UID FETCH ") else {
                return;
            };
            assert!(rest.contains("X-GM-MSGID X-GM-THRID X-GM-LABELS"), "{line}");
            let range = rest.split(' ').next().unwrap();
            let (lo, hi) = range.split_once(':').unwrap_or((range, range));
            let (lo, hi): (u32, u32) = (lo.parse().unwrap(), hi.parse().unwrap());
            // It passes once the whole set and both of its ends were refused.
            if n < 6 {
                s.send(&format!("a{n} NO System Error (Failure)\n"));
                continue;
            }
            (lo..=hi).for_each(|uid| s.send(&row(uid)));
            s.send(&format!("a{n} OK x\n"));
        }
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(headers(&mut session, &UidSet::range(1, 4)).0.len(), 4);
    assert_eq!(headers(&mut session, &UidSet::range(5, 6)).0.len(), 2);
    drop(session);
    server.join().unwrap();
}
