//! Reading and storing with extensions: bulk, counts, previews, names, labels, identities, and the
//! message that a server can't give (F-30, RFC 4731, 6855, 8474, 8970, 9208).

use crate::model::{FlagChange, Flags, MailboxName, Uid, UidSet};
use crate::net::imap::script::{Script, inbox, patient, session, set, uid};
use crate::net::imap::{Body, Criterion, FetchBy, HEADER_ITEMS, Mode};
use std::time::Duration;

#[test]
fn bodies_in_bulk() {
    let (mut session, server) = session("", |s| {
        s.expect("a2 UID FETCH 1:5 (UID RFC822.SIZE BODY.PEEK[])");
        s.send("* 1 FETCH (UID 1 RFC822.SIZE 3 BODY[] {3}\nabc)\n* 2 FETCH (UID 2 FLAGS ())\n");
        s.send("* 3 FETCH (UID 3 RFC822.SIZE 9 BODY[] {9}\nlong long)\n* 1 FETCH (UID 1 BODY[] {1}\nx)\n");
        s.send("* 9 FETCH (UID 9 BODY[] {1}\nx)\n* 4 FETCH (UID 4 BODY[] NIL)\n* 5 FETCH (UID 5 BODY[] \"\")\na2 OK x\n");
        s.expect("a3 UID FETCH 1 (UID RFC822.SIZE BODY.PEEK[])");
        s.send("a3 NO x\n");
    });
    let mut got: Vec<(u32, Body)> = Vec::new();
    let mut sink = |uid: Uid, body: Body| {
        got.push((uid.get(), body));
        Ok(())
    };
    session
        .fetch_bodies(&UidSet::range(1, 5), 4, &mut sink)
        .unwrap();
    session.fetch_bodies(&set(&[1]), 4, &mut sink).unwrap_err();
    let short: Vec<_> = got
        .iter()
        .map(|(n, b)| (*n, b.bytes.as_slice(), b.complete))
        .collect();
    assert_eq!(
        short,
        [(1, &b"abc"[..], true), (3, b"long", false), (5, b"", true)]
    );
    assert_eq!(session.take_unsolicited().flags.len(), 1);
    server.join().unwrap();
}

#[test]
fn counting_with_and_without_esearch() {
    let (mut session, server) = session("ESEARCH", |s| {
        s.select("a2", 60_000);
        s.expect("a3 UID SEARCH RETURN (COUNT) SEEN");
        s.send("* ESEARCH (TAG \"a3\") UID COUNT 17\na3 OK x\n");
        // It can't after all.
        s.expect("a4 UID SEARCH RETURN (COUNT) FLAGGED");
        s.send("a4 BAD x\n");
        s.expect("a5 UID SEARCH 1:50000 FLAGGED");
        s.send("* SEARCH 1 2 2\na5 OK x\n");
        s.expect("a6 UID SEARCH 50001:60000 FLAGGED");
        s.send("* SEARCH 9\na6 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    assert_eq!(session.count(Criterion::Seen).unwrap(), 17);
    assert_eq!(session.count(Criterion::Flagged).unwrap(), 3);
    server.join().unwrap();
}

#[test]
fn previews_quota_and_namespace() {
    let (mut session, server) = session("PREVIEW QUOTA NAMESPACE", |s| {
        s.expect("a2 UID FETCH 1:4 (UID PREVIEW)");
        s.send("* 1 FETCH (UID 1 PREVIEW \"Hi \\\"you\\\"\")\n* 2 FETCH (UID 2 PREVIEW NIL)\n* 8 FETCH (UID 8 PREVIEW \"x\")\n");
        s.send(&format!(
            "* 3 FETCH (UID 3 PREVIEW {{4000}}\n{})\na2 OK x\n",
            "é".repeat(2000)
        ));
        s.expect("a3 GETQUOTAROOT \"INBOX\"");
        s.send("* QUOTAROOT INBOX \"User quota\"\n* QUOTA \"User quota\" (STORAGE 10 512 MESSAGE 3 100)\n* QUOTA x (STORAGE 18446744073709551615 -1 A 1 2)\na3 OK x\n");
        s.expect("a4 NAMESPACE");
        s.send("* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#p\" \"/\"))\na4 OK x\n");
        s.expect("a5 NAMESPACE");
        s.send("* NAMESPACE NIL NIL NIL\na5 OK x\n");
    });
    let mut got = Vec::new();
    let all = UidSet::range(1, 4);
    assert!(
        session
            .fetch_previews(&all, &mut |uid, text| {
                got.push((uid.get(), text));
                Ok(())
            })
            .unwrap()
    );
    assert_eq!(got[0], (1, "Hi \"you\"".to_owned()));
    assert_eq!((got[1].0, got[1].1.len(), got.len()), (3, 1024, 2));
    let quota = session.quota().unwrap();
    assert_eq!(
        (quota[0].used, quota[0].limit, quota[0].root.as_str()),
        (10_240, 524_288, "User quota")
    );
    assert_eq!(quota[1].resource, "MESSAGE");
    assert_eq!((quota.len(), quota[2].resource.as_str()), (3, "A"));
    let space = session.namespace().unwrap().unwrap();
    assert_eq!(
        (space.prefix, space.delimiter),
        (b"INBOX.".to_vec(), Some(b'.'))
    );
    assert_eq!(session.namespace().unwrap(), None);
    server.join().unwrap();
    let (mut session, server) = self::session("", |_| {});
    assert!(session.quota().unwrap().is_empty() && session.namespace().unwrap().is_none());
    assert!(!session.fetch_previews(&all, &mut |_, _| Ok(())).unwrap());
    server.join().unwrap();
}

#[test]
fn names_in_utf8_stay_the_same_names() {
    let (mut session, server) = session("ENABLE UTF8=ACCEPT LITERAL+", |s| {
        s.expect("a2 ENABLE UTF8=ACCEPT");
        s.send("* ENABLED UTF8=ACCEPT\na2 OK x\n");
        s.expect("a3 LIST \"\" \"*\"");
        s.raw("* LIST () \"/\" \"Entwürfe\"\r\n* LIST () \"/\" \"a&b\"\r\n* LIST () \"/\" INBOX\r\na3 OK x\r\n".as_bytes());
        s.expect("a4 STATUS \"Entwürfe\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)");
        s.raw("* STATUS \"Entwürfe\" (MESSAGES 4)\r\na4 OK x\r\n".as_bytes());
        s.expect("a5 CREATE \"A/Ä \\\"x\\\"\"");
        s.send("a5 OK x\n");
        // It waits even where LITERAL+ is offered.
        s.expect("a6 APPEND \"INBOX\" () UTF8 (~{15}");
        s.send("+ go\n");
        assert_eq!(s.take(18), "Subject: é\n\né)\r\n".as_bytes());
        s.send("a6 OK x\n");
        s.expect("a7 APPEND \"INBOX\" () {8+}");
        s.take(10);
        s.send("a7 OK x\n");
        // Enabled, and not known; then a refusal with a reason.
        s.expect("a8 APPEND \"INBOX\" () UTF8 (~{15}");
        s.send("a8 BAD x\n");
        s.expect("a9 APPEND \"INBOX\" () {15+}");
        s.take(17);
        s.send("a9 OK x\n");
        s.line();
        s.send("a10 NO [OVERQUOTA] x\n");
    });
    let list = session.list().unwrap();
    assert_eq!(list[0].name.as_bytes(), b"Entw&APw-rfe");
    assert_eq!(
        (list[0].path.as_str(), list[1].path.as_str()),
        ("Entwürfe", "a&b")
    );
    assert_eq!(list[1].name.as_bytes(), b"a&-b");
    let told = session.status(&list[0].name).unwrap();
    assert_eq!(told.messages, Some(4));
    session.create(&MailboxName::new("A/&AMQ- \"x\"")).unwrap();
    let flags = Flags::default();
    session
        .append(&inbox(), &flags, None, "Subject: é\n\né".as_bytes())
        .unwrap();
    session
        .append(&inbox(), &flags, None, "a: b\n\né".as_bytes())
        .unwrap();
    let eight = "Subject: é\n\né".as_bytes();
    session.append(&inbox(), &flags, None, eight).unwrap();
    session.append(&inbox(), &flags, None, eight).unwrap_err();
    server.join().unwrap();
}

#[test]
fn labels_of_gmail() {
    let (mut session, server) = session("X-GM-EXT-1", |s| {
        s.select("a2", 2);
        s.expect(&format!(
            "a3 UID FETCH 1:2 ({HEADER_ITEMS} X-GM-MSGID X-GM-THRID X-GM-LABELS)"
        ));
        s.send("* 1 FETCH (X-GM-THRID 12 X-GM-MSGID 34 X-GM-LABELS (\"\\\\Inbox\" Work \"Entw&APw-rfe 1\") UID 1 FLAGS (\\Seen) RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\na3 OK x\n");
        s.expect("a4 UID FETCH 1:2 (UID FLAGS X-GM-LABELS)");
        s.send("* 1 FETCH (UID 1 FLAGS () X-GM-LABELS ())\na4 OK x\n");
        s.expect("a5 UID STORE 1 +FLAGS.SILENT ($Forwarded)");
        s.send("a5 OK x\n");
        s.expect("a6 UID STORE 1 +X-GM-LABELS.SILENT (\"Entw&APw-rfe 1\" \"Work\")");
        s.send("a6 OK x\n");
        s.expect("a7 UID STORE 1 -X-GM-LABELS.SILENT (\"Old\")");
        // Flags without labels are half of them.
        s.send("* 1 FETCH (UID 1 FLAGS ())\na7 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let all = UidSet::range(1, 2);
    let mut items = Vec::new();
    session
        .fetch_headers(FetchBy::Uids(&all), &mut |item| {
            items.push(item);
            Ok(())
        })
        .unwrap();
    assert_eq!(
        items[0].flags.to_wire(),
        ["\\Seen", "label:Entw%C3%BCrfe%201", "label:Work"]
    );
    assert_eq!(items[0].identity.as_deref(), Some("gm:34"));
    assert_eq!(items[0].thread_hint.as_deref(), Some("gm:12"));
    session
        .fetch_flags(&all, None, &mut |item| {
            assert!(item.flags.is_empty());
            Ok(())
        })
        .unwrap();
    let mut change = FlagChange::default();
    change.add.keywords.extend(items[0].flags.keywords.clone());
    change.add.keywords.insert("$Forwarded".into());
    change.remove.keywords.insert("label:Old".into());
    session.store(&set(&[1]), &change).unwrap();
    let news = session.take_unsolicited();
    assert!(news.flags.is_empty() && news.unnamed == Some(1) && !news.more);
    server.join().unwrap();
    // Elsewhere they are nobody's business.
    let (mut session, server) = self::session("", |s| {
        s.expect("a2 UID STORE 1 +FLAGS.SILENT ($Forwarded)");
        s.send("a2 OK x\n");
        assert_eq!(s.rest(), "");
    });
    session.store(&set(&[1]), &change).unwrap();
    drop(session);
    server.join().unwrap();
}

#[test]
fn identities_and_sequences_come_with_headers_where_they_are() {
    let (mut session, server) = session("OBJECTID CONDSTORE", |s| {
        s.line();
        s.send("* 2 EXISTS\n* OK [UIDVALIDITY 7] x\n* OK [HIGHESTMODSEQ 9] x\na2 OK x\n");
        s.expect(&format!(
            "a3 UID FETCH 1:2 ({HEADER_ITEMS} MODSEQ EMAILID THREADID)"
        ));
        s.send("* 1 FETCH (UID 1 MODSEQ (8) EMAILID (M1) THREADID (T1) RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\n");
        s.send("* 2 FETCH (UID 2 MODSEQ (0) EMAILID (a b) THREADID NIL RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {0}\n)\na3 OK x\n");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let mut items = Vec::new();
    session
        .fetch_headers(FetchBy::Uids(&UidSet::range(1, 2)), &mut |item| {
            items.push((item.identity, item.thread_hint, item.modseq.map(|m| m.0)));
            Ok(())
        })
        .unwrap();
    assert_eq!(items[0], (Some("M1".into()), Some("T1".into()), Some(8)));
    assert_eq!((&items[1].1, items[1].2), (&None, None));
    server.join().unwrap();
}

/// A server that refuses every FETCH with one of these in it, and does not give the second's header
/// at all.
fn poisoned(s: &mut Script, poison: u32, plain: bool) -> u32 {
    let mut commands = 0;
    loop {
        let line = s.line();
        let Some((tag, rest)) = line.split_once(" UID FETCH ") else {
            return commands;
        };
        commands += 1;
        let (range, items) = rest.split_once(' ').unwrap();
        let (lo, hi) = range.split_once(':').unwrap_or((range, range));
        let (lo, hi): (u32, u32) = (lo.parse().unwrap(), hi.parse().unwrap());
        for n in lo..=hi {
            if n == poison && !(plain && items.contains("BODY.PEEK[HEADER]")) {
                s.send(&format!("{tag} NO [SERVERBUG] can't\n"));
                break;
            }
            s.send(&format!(
                "* {n} FETCH (UID {n} FLAGS (\\Seen) BODY[HEADER] {{0}}\n)\n"
            ));
            if n == hi {
                s.send(&format!("{tag} OK x\n"));
            }
        }
    }
}

#[test]
fn f30_one_message_costs_itself_only() {
    for plain in [false, true] {
        let (mut session, server) = session("", move |s| {
            s.select("a2", 1000);
            let commands = poisoned(s, 700, plain);
            assert!((3..=22).contains(&commands), "{commands}");
        });
        session.select(&inbox(), Mode::ReadWrite).unwrap();
        let mut seen = UidSet::new();
        let all = UidSet::range(1, 1000);
        let report = session
            .fetch_headers(FetchBy::Uids(&all), &mut |item| {
                seen.insert(item.uid);
                Ok(())
            })
            .unwrap();
        assert_eq!(report.delivered, if plain { 1000 } else { 999 });
        assert_eq!((seen == report.uids, report.left.is_empty()), (true, true));
        let bad: &[Uid] = if plain { &[] } else { &[uid(700)] };
        assert_eq!(report.bad, bad);
        drop(session);
        server.join().unwrap();
    }
}

#[test]
fn f30_a_server_that_refuses_everything_is_not_asked_for_ever() {
    let (mut session, server) = session("", |s| {
        s.select("a2", 100_000);
        let mut commands = 0;
        loop {
            let line = s.line();
            let Some((tag, _)) = line.split_once(' ') else {
                break;
            };
            commands += 1;
            match line.contains("FETCH") {
                true => s.send(&format!("{tag} NO x\n")),
                // By message number at first: which are they?
                false => s.send(&format!("* SEARCH 1 2 3\n{tag} OK x\n")),
            }
        }
        assert!(commands < 150, "{commands}");
    });
    session.select(&inbox(), Mode::ReadWrite).unwrap();
    let all = UidSet::range(1, 4_000_000_000);
    let report = session
        .fetch_headers(FetchBy::Uids(&all), &mut |_| Ok(()))
        .unwrap();
    assert!(report.bad.len() < 100 && report.left.len() > 3_000_000_000);
    let report = session
        .fetch_headers(FetchBy::Seq(1, 3), &mut |_| Ok(()))
        .unwrap();
    assert_eq!(report.bad, [uid(1), uid(2), uid(3)]);
    drop(session);
    server.join().unwrap();
    // One that puts us off is believed at once.
    let (mut session, server) = patient(20_000, "", |s| {
        s.line();
        s.send("a2 NO [UNAVAILABLE] try again in 30 seconds\n");
        assert_eq!(s.rest(), "");
    });
    let error = session
        .fetch_headers(FetchBy::Uids(&all), &mut |_| Ok(()))
        .unwrap_err();
    assert_eq!(error.wait_hint(), Some(Duration::from_secs(30)));
    drop(session);
    server.join().unwrap();
}
