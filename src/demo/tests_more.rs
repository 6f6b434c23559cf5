//! The smaller extensions of the demo's server, other shapes of names, and what is switched off.

use super::rig::{Script, demo_of, letter};
use super::{Options, offer};

#[test]
fn lists_are_extended() {
    let (demo, ada) = demo_of(Options::empty());
    let hand = demo.hand("ada").unwrap();
    hand.create("Lists/a");
    hand.create("Lists/b");
    hand.subscribe("Lists/a", false);
    hand.deliver("Lists/b", &letter(1));
    let mut s = Script::imap(&ada);
    let got = s.ok("LIST (SPECIAL-USE) \"\" * RETURN (SPECIAL-USE)");
    assert_eq!(got.matches("* LIST").count(), 5, "{got}");
    let got = s.ok("LIST (SUBSCRIBED) \"\" Lists/%");
    assert!(
        got.contains("\\Subscribed) \"/\" Lists/b\r\n") && !got.contains("Lists/a"),
        "{got}"
    );
    let got = s.ok("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %");
    assert!(
        got.contains("\"/\" Lists (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n"),
        "{got}"
    );
    let got = s.ok("LIST \"\" (INBOX Lists/*) RETURN (SUBSCRIBED STATUS (MESSAGES SIZE HIGHESTMODSEQ MAILBOXID))");
    assert_eq!(got.matches("* LIST").count(), 3, "{got}");
    let size = letter(1).len();
    assert!(
        got.contains(&format!(
            "* STATUS Lists/b (MESSAGES 1 SIZE {size} HIGHESTMODSEQ "
        )),
        "{got}"
    );
    assert!(
        s.ok("LIST \"\" \"\"")
            .contains("* LIST (\\Noselect) \"/\" \"\"\r\n")
    );
    assert!(s.ok("LIST Lists/ %").contains(" Lists/a\r\n"));
    assert!(s.run("LIST (HOPLA) \"\" *").contains("t BAD"));
    assert!(s.run("LIST (RECURSIVEMATCH) \"\" *").contains("t BAD"));
}

#[test]
fn objects_have_ids_that_stay() {
    let (demo, ada) = demo_of(Options::empty());
    let hand = demo.hand("ada").unwrap();
    hand.deliver("INBOX", &letter(1));
    let mut s = Script::imap(&ada);
    let made = s.ok("CREATE Here");
    let id = made.split("[MAILBOXID (").nth(1).unwrap();
    let id = id.split(')').next().unwrap().to_owned();
    s.ok("RENAME Here There");
    assert!(
        s.ok("SELECT There")
            .contains(&format!("[MAILBOXID ({id})]"))
    );
    let opened = s.ok("SELECT INBOX");
    assert!(!opened.contains(&id), "{opened}");
    let ids = |s: &mut Script| {
        let got = s.ok("FETCH 1 (EMAILID THREADID)");
        got.split("EMAILID")
            .nth(1)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    let first = ids(&mut s);
    let email = first.split(['(', ')']).nth(1).unwrap().to_owned();
    assert!(
        s.ok(&format!("UID SEARCH EMAILID {email}"))
            .contains("* SEARCH 1\r\n")
    );
    assert!(s.ok("UID SEARCH THREADID Tnone").contains("* SEARCH\r\n"));
    s.ok("UID MOVE 1 There");
    s.ok("SELECT There");
    assert_eq!(ids(&mut s), first);
}

#[test]
fn previews_quota_and_namespace() {
    let (demo, ada) = demo_of(Options {
        quota: 100 * 1024,
        ..Options::empty()
    });
    let hand = demo.hand("ada").unwrap();
    hand.deliver("INBOX", b"Subject: x\r\n\r\nHello\r\nyou\r\n");
    let mut s = Script::imap(&ada);
    s.ok("SELECT INBOX");
    assert!(
        s.ok("FETCH 1 PREVIEW")
            .contains("* 1 FETCH (PREVIEW \"Hello you\")\r\n")
    );
    let got = s.ok("UID FETCH 1 (PREVIEW (LAZY) FLAGS)");
    assert!(
        got.contains("* 1 FETCH (UID 1 FLAGS () PREVIEW \"Hello you\")\r\n"),
        "{got}"
    );
    assert!(
        s.ok("NAMESPACE")
            .contains("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")
    );
    let got = s.ok("GETQUOTAROOT INBOX");
    assert!(got.contains("* QUOTAROOT INBOX everything\r\n"), "{got}");
    assert!(
        got.contains("* QUOTA everything (STORAGE 1 100)\r\n"),
        "{got}"
    );
    assert!(s.run("GETQUOTA nothing").contains("t NO"));
    let big = "x".repeat(100 * 1024);
    let got = s.run(&format!("APPEND INBOX {{{}+}}\r\n{big}", big.len()));
    assert!(got.contains("t NO [OVERQUOTA]"), "{got}");
    assert!(
        s.ok("STATUS INBOX (DELETED DELETED-STORAGE)")
            .contains("(DELETED 0 DELETED-STORAGE 0)")
    );
}

#[test]
fn names_are_utf8_once_that_is_enabled() {
    let (demo, ada) = demo_of(Options::empty());
    let hand = demo.hand("ada").unwrap();
    let mut s = Script::imap(&ada);
    s.ok("CREATE Entw&APw-rfe");
    assert!(s.run("CREATE \"Würfel\"").contains("t BAD"));
    assert!(
        s.ok("ENABLE UTF8=ACCEPT")
            .contains("* ENABLED UTF8=ACCEPT\r\n")
    );
    assert!(s.ok("LIST \"\" *").contains(" \"Entwürfe\"\r\n"));
    s.ok("CREATE \"Würfel & Co\"");
    assert!(hand.snapshot().contains_key("W&APw-rfel &- Co"));
    let raw = "Subject: grün\r\n\r\nx\r\n";
    s.ok(&format!(
        "APPEND \"Würfel & Co\" (\\Seen) UTF8 (~{{{}+}}\r\n{raw})",
        raw.len()
    ));
    assert_eq!(
        &*hand.snapshot()["W&APw-rfel &- Co"].letters[&1].raw,
        raw.as_bytes()
    );
    assert!(
        s.ok("STATUS \"Würfel & Co\" (MESSAGES)")
            .contains("* STATUS \"Würfel & Co\" (MESSAGES 1)")
    );
    assert!(s.ok("SELECT \"Würfel & Co\"").contains("* 1 EXISTS"));
    assert!(
        s.ok("UID SEARCH SUBJECT \"GRÜN\"")
            .contains("* SEARCH 1\r\n")
    );
    assert!(s.ok("LIST \"\" \"W*\"").contains("\"Würfel & Co\""));
}

#[test]
fn parts_are_given_decoded() {
    let (demo, ada) = demo_of(Options::empty());
    let hand = demo.hand("ada").unwrap();
    let raw =
        "Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n";
    hand.deliver("INBOX", raw.as_bytes());
    let mut s = Script::imap(&ada);
    s.ok("SELECT INBOX");
    let got = s.ok("FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[1]<1.2>)");
    assert!(got.contains("BINARY.SIZE[1] 5"), "{got}");
    assert!(got.contains("BINARY[1] {5}\r\nhello"), "{got}");
    assert!(got.contains("BINARY[1]<1> {2}\r\nel"), "{got}");
    assert!(s.ok("FETCH 1 BINARY[1]").contains("FLAGS (\\Seen)"));
}

#[test]
fn rev2_is_what_it_says() {
    let (demo, ada) = demo_of(Options::empty());
    demo.hand("ada").unwrap().deliver("INBOX", &letter(1));
    let mut s = Script::imap(&ada);
    assert!(s.ok("ENABLE IMAP4rev2").contains("* ENABLED IMAP4rev2\r\n"));
    let opened = s.ok("SELECT INBOX");
    assert!(
        !opened.contains("RECENT") && opened.contains("* LIST ("),
        "{opened}"
    );
    assert!(
        s.ok("UID SEARCH ALL")
            .contains("* ESEARCH (TAG \"t\") UID ALL 1\r\n")
    );
}

#[test]
fn other_delimiters_and_prefixes() {
    let (_demo, ada) = demo_of(Options {
        delimiter: '.',
        prefix: "INBOX.".to_owned(),
        ..Options::still()
    });
    let mut s = Script::imap(&ada);
    assert!(s.ok("NAMESPACE").contains("((\"INBOX.\" \".\"))"));
    let all = s.ok("LIST \"\" *");
    assert!(all.contains("\\Sent) \".\" INBOX.Sent\r\n"), "{all}");
    assert!(
        all.contains("* LIST (\\HasChildren) \".\" INBOX\r\n"),
        "{all}"
    );
    assert!(s.run("CREATE Elsewhere").contains("t NO [CANNOT]"));
    s.ok("CREATE INBOX.Lists.new");
    assert!(s.ok("LIST INBOX. %").contains(" INBOX.Lists\r\n"));
}

#[test]
fn nothing_that_is_switched_off_is_announced_or_honoured() {
    let (demo, ada) = demo_of(Options::empty().bare());
    demo.hand("ada").unwrap().deliver("INBOX", &letter(1));
    let mut s = Script::imap(&ada);
    assert!(s.ok("CAPABILITY").contains("* CAPABILITY IMAP4rev1\r\n"));
    let opened = s.ok("SELECT INBOX");
    assert!(
        !opened.contains("MODSEQ") && !opened.contains("MAILBOXID"),
        "{opened}"
    );
    for off in [
        "ID NIL",
        "IDLE",
        "ENABLE CONDSTORE",
        "NAMESPACE",
        "NOTIFY NONE",
        "COMPRESS DEFLATE",
        "GETQUOTA everything",
        "GETQUOTAROOT INBOX",
        "UID MOVE 1 Trash",
        "MOVE 1 Trash",
        "UID EXPUNGE 1",
        "UNSELECT",
        "LIST (SUBSCRIBED) \"\" *",
        "LIST \"\" (a b)",
        "LIST \"\" * RETURN (STATUS (MESSAGES))",
        "STATUS INBOX (SIZE)",
        "STATUS INBOX (HIGHESTMODSEQ)",
        "STATUS INBOX (MAILBOXID)",
        "SELECT INBOX (CONDSTORE)",
        "SELECT INBOX (QRESYNC (1 1))",
        "FETCH 1 (MODSEQ)",
        "FETCH 1 (EMAILID)",
        "FETCH 1 THREADID",
        "FETCH 1 (PREVIEW)",
        "FETCH 1 (BINARY.PEEK[1])",
        "FETCH 1 (X-GM-LABELS)",
        "FETCH 1 (FLAGS) (CHANGEDSINCE 1)",
        "STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)",
        "STORE 1 +X-GM-LABELS (x)",
        "SEARCH RETURN (COUNT) ALL",
        "SEARCH MODSEQ 1",
        "SEARCH EMAILID x",
        "SEARCH X-GM-RAW x",
        "SEARCH $",
        "APPEND INBOX {1+}\r\nx",
        "APPEND INBOX ~{1+}\r\nx",
    ] {
        let got = s.run(off);
        assert!(got.contains("t BAD"), "{off}: {got}");
    }
    s.send(b"t APPEND INBOX {1}\r\n");
    assert!(s.line().starts_with("+ "));
    s.send(b"x\r\n");
    assert!(!s.until("t OK").contains("APPENDUID"));
    assert!(!s.ok("COPY 1 Trash").contains("COPYUID"));
    let all = s.ok("LIST \"\" *");
    assert!(all.contains("* LIST () \"/\" Trash\r\n"), "{all}");
    let mut early = Script::connect(ada.imap.port);
    assert!(early.run("AUTHENTICATE PLAIN AGEAYg==").contains("t BAD"));
}

#[test]
fn each_capability_can_be_switched_off_alone() {
    for name in offer::ALL {
        let (_demo, ada) = demo_of(Options::empty().without(&[name]));
        let mut s = Script::imap(&ada);
        let can = s.ok("CAPABILITY");
        let mut words = can.split_whitespace();
        assert!(!words.any(|w| w == name), "{name}: {can}");
        s.ok("SELECT INBOX");
    }
}

#[test]
fn commands_are_counted() {
    let (demo, ada) = demo_of(Options::empty());
    let mut s = Script::imap(&ada);
    s.ok("SELECT INBOX");
    s.ok("UID FETCH 1:* (FLAGS)");
    s.ok("uid fetch 1:* (FLAGS)");
    let counts = demo.commands();
    assert_eq!(
        (counts["UID FETCH"], counts["SELECT"], counts["LOGIN"]),
        (2, 1, 1)
    );
    assert!(!counts.contains_key("EXPUNGE"));
    demo.forget_commands();
    assert!(demo.commands().is_empty());
}
