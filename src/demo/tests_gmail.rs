//! The demo's server as Gmail: X-GM-EXT-1 over the wire.

use super::Options;
use super::rig::{Script, demo_of, letter};

fn gmail() -> Options {
    Options {
        gmail: true,
        ..Options::empty()
    }
}

#[test]
fn it_looks_like_gmail() {
    let (_demo, ada) = demo_of(gmail());
    let mut s = Script::imap(&ada);
    let can = s.ok("CAPABILITY");
    assert!(
        can.contains(" X-GM-EXT-1") && can.contains(" CONDSTORE"),
        "{can}"
    );
    assert!(!can.contains("QRESYNC") && !can.contains("NOTIFY"), "{can}");
    let all = s.ok("LIST \"\" *");
    for line in [
        "* LIST (\\HasNoChildren \\All) \"/\" \"[Gmail]/All Mail\"\r\n",
        "* LIST (\\HasNoChildren \\Flagged) \"/\" \"[Gmail]/Starred\"\r\n",
        "* LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"\r\n",
    ] {
        assert!(all.contains(line), "{all}");
    }
}

#[test]
fn labels_are_mailboxes() {
    let (demo, ada) = demo_of(gmail());
    let hand = demo.hand("ada").unwrap();
    hand.create("Work");
    for n in 0..3 {
        hand.deliver("INBOX", &letter(n)).unwrap();
    }
    let id = hand.snapshot()["INBOX"].letters[&2].email;
    let mut s = Script::imap(&ada);
    s.ok("SELECT \"[Gmail]/All Mail\"");
    let got = s.ok("UID FETCH 2 (X-GM-MSGID X-GM-THRID X-GM-LABELS FLAGS)");
    assert!(
        got.contains(&format!(
            "X-GM-MSGID {id} X-GM-THRID {id} X-GM-LABELS (\\Inbox)"
        )),
        "{got}"
    );
    let got = s.ok("UID STORE 2 +X-GM-LABELS (Work \"two words\")");
    assert!(
        got.contains("X-GM-LABELS (\\Inbox Work \"two words\")"),
        "{got}"
    );
    assert_eq!(hand.snapshot()["two words"].letters.len(), 1);
    let got = s.ok(&format!("UID SEARCH X-GM-MSGID {id}"));
    assert!(got.contains("* SEARCH 2\r\n"), "{got}");
    let got = s.ok("UID SEARCH X-GM-LABELS Work NOT X-GM-RAW \"rfc822msgid:0@example.com\"");
    assert!(got.contains("* SEARCH 2\r\n"), "{got}");
    let got = s.ok("UID STORE 2 -X-GM-LABELS (\\Inbox)");
    assert!(got.contains("X-GM-LABELS (Work \"two words\")"), "{got}");
    assert!(!hand.snapshot()["INBOX"].letters.contains_key(&2));
    // A copy is a label; a second one the same.
    s.ok("SELECT INBOX");
    let got = s.ok("UID COPY 1 Work");
    assert!(got.contains("[COPYUID ") && got.contains(" 1 2]"), "{got}");
    assert!(s.ok("UID COPY 1 Work").contains(" 1 2]"));
    // An expunge takes the label away, and nothing else.
    s.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)");
    assert!(s.ok("UID EXPUNGE 1").contains("* 1 EXPUNGE\r\n"));
    assert_eq!(hand.snapshot()["[Gmail]/All Mail"].letters.len(), 3);
    assert_eq!(hand.labels("Work", 2).unwrap(), ["Work"]);
    // To Trash is out of everywhere else.
    s.ok("SELECT Work");
    let got = s.ok("UID MOVE 2 [Gmail]/Trash");
    assert!(got.contains("EXPUNGE\r\n"), "{got}");
    assert_eq!(hand.snapshot()["[Gmail]/All Mail"].letters.len(), 2);
    assert_eq!(hand.snapshot()["[Gmail]/Trash"].letters.len(), 1);
}

#[test]
fn a_flag_is_the_same_everywhere_and_told_everywhere() {
    let (demo, ada) = demo_of(gmail());
    let hand = demo.hand("ada").unwrap();
    hand.deliver("INBOX", &letter(1)).unwrap();
    let mut waiting = Script::imap(&ada);
    waiting.ok("SELECT \"[Gmail]/All Mail\"");
    waiting.send(b"t IDLE\r\n");
    waiting.until("+ ");
    let mut s = Script::imap(&ada);
    s.ok("SELECT INBOX");
    s.ok("STORE 1 +FLAGS (\\Flagged \\Seen)");
    let line = waiting.line();
    assert!(line.contains("FLAGS (\\Seen \\Flagged)"), "{line}");
    assert_eq!(hand.snapshot()["[Gmail]/Starred"].letters.len(), 1);
}

#[test]
fn the_demo_letters_lie_in_all_mail() {
    let (demo, _) = demo_of(Options {
        gmail: true,
        ..Options::still()
    });
    let shot = demo.hand("ada").unwrap().snapshot();
    let all = shot["[Gmail]/All Mail"].letters.len();
    assert!(all > 100 && shot["INBOX"].letters.len() < all, "{all}");
    assert!(!shot["[Gmail]/Sent Mail"].letters.is_empty());
    assert!(!shot.contains_key("Archive") && !shot.contains_key("Sent"));
}
