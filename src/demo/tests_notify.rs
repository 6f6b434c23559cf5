//! NOTIFY of the demo's server, as RFC 5465 has it.

use super::rig::{Script, demo_of, letter};
use super::{Demo, Hand, Options};
use crate::model::{FlagChange, System};

fn filled() -> (Demo, Script, Hand) {
    let (demo, ada) = demo_of(Options::empty());
    let hand = demo.hand("ada").unwrap();
    hand.create("Lists");
    hand.create("Lists/a");
    for i in 0..3 {
        hand.deliver("INBOX", &letter(i)).unwrap();
        hand.deliver("Lists/a", &letter(10 + i)).unwrap();
    }
    let s = Script::imap(&ada);
    (demo, s, hand)
}

const ALL: &str = "(MessageNew MessageExpunge FlagChange)";

#[test]
fn other_mailboxes_are_told_of_at_once() {
    let (_demo, mut s, hand) = filled();
    let got = s.ok(&format!(
        "NOTIFY SET STATUS (selected {ALL}) (subtree Lists {ALL})"
    ));
    assert!(
        got.contains("* STATUS Lists/a (MESSAGES 3 UIDNEXT 4 UIDVALIDITY "),
        "{got}"
    );
    assert!(!got.contains("STATUS INBOX"), "{got}");
    hand.deliver("Lists/a", &letter(20));
    let got = s.line();
    assert!(
        got.starts_with("* STATUS Lists/a (MESSAGES 4 UIDNEXT 5 "),
        "{got}"
    );
    assert!(!got.contains("HIGHESTMODSEQ"), "{got}");
    hand.deliver("INBOX", &letter(21));
    hand.expunge("Lists/a", &[1]);
    let got = s.line();
    assert!(
        got.starts_with("* STATUS Lists/a (MESSAGES 3 UIDNEXT 5 "),
        "{got}"
    );
    s.ok("ENABLE CONDSTORE");
    hand.set_flags("Lists/a", 2, &FlagChange::set(System::SEEN));
    let highest = hand.snapshot()["Lists/a"].highest;
    let got = s.line();
    assert!(got.contains("STATUS Lists/a (UIDVALIDITY "), "{got}");
    assert!(got.contains(&format!("HIGHESTMODSEQ {highest})")), "{got}");
    // The open one is never told of by STATUS.
    s.ok("SELECT Lists/a");
    hand.set_flags("Lists/a", 2, &FlagChange::set(System::FLAGGED));
    let got = s.line();
    assert!(
        got.starts_with("* 1 FETCH (FLAGS (\\Seen \\Flagged) UID 2 MODSEQ ("),
        "{got}"
    );
    hand.expunge("Lists/a", &[2]);
    assert_eq!(s.line(), "* 1 EXPUNGE\r\n");
}

#[test]
fn new_messages_of_the_open_one_come_with_what_was_asked() {
    let (_demo, mut s, hand) = filled();
    s.ok("SELECT INBOX");
    s.ok("NOTIFY SET (selected (MessageNew (FLAGS EMAILID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge))");
    hand.deliver("INBOX", &letter(7));
    assert_eq!(s.line(), "* 4 EXISTS\r\n");
    assert_eq!(s.line(), "* 0 RECENT\r\n");
    let mut got = String::new();
    while !got.contains(" EMAILID (") {
        got.push_str(&s.line());
    }
    assert!(
        got.contains("UID 4 ") && got.contains("Subject: letter 7\r\n"),
        "{got}"
    );
}

#[test]
fn a_delayed_expunge_waits_for_a_command() {
    let (_demo, mut s, hand) = filled();
    s.ok("SELECT INBOX");
    s.ok(&format!("NOTIFY SET (selected-delayed {ALL})"));
    hand.expunge("INBOX", &[1]);
    hand.deliver("INBOX", &letter(7));
    assert_eq!(s.line(), "* 4 EXISTS\r\n");
    assert_eq!(s.line(), "* 0 RECENT\r\n");
    assert!(s.ok("NOOP").contains("* 1 EXPUNGE\r\n"));
}

#[test]
fn without_selected_nothing_is_told_of_the_open_one() {
    let (_demo, mut s, hand) = filled();
    s.ok("SELECT INBOX");
    s.ok(&format!("NOTIFY SET (mailboxes (INBOX Lists/a) {ALL})"));
    hand.deliver("INBOX", &letter(7));
    hand.deliver("Lists/a", &letter(8));
    assert!(s.line().starts_with("* STATUS Lists/a "));
    assert!(!s.ok("NOOP").contains("EXISTS"));
    s.ok("NOTIFY NONE");
    hand.deliver("Lists/a", &letter(9));
    hand.expunge("INBOX", &[1]);
    assert_eq!(s.ok("NOOP"), "t OK done\r\n");
    // What the client does itself it hears of all the same.
    s.ok("UID STORE 2 +FLAGS.SILENT (\\Deleted)");
    assert!(s.ok("UID EXPUNGE 2").contains("EXPUNGE\r\n"));
    s.ok(&format!("NOTIFY SET (selected {ALL})"));
    hand.set_flags("INBOX", 3, &FlagChange::set(System::SEEN));
    assert!(s.until("* ").contains("UID 3"));
}

#[test]
fn names_and_subscriptions_are_told_of() {
    let (_demo, mut s, hand) = filled();
    s.ok("NOTIFY SET (personal (MailboxName SubscriptionChange))");
    hand.create("New");
    let got = s.line();
    assert!(
        got.starts_with("* LIST (") && got.ends_with(" \"/\" New\r\n"),
        "{got}"
    );
    hand.rename("New", "Newer");
    let got = s.line();
    assert!(
        got.ends_with(" \"/\" Newer (\"OLDNAME\" (New))\r\n"),
        "{got}"
    );
    hand.subscribe("Newer", false);
    assert!(!s.line().contains("\\Subscribed"));
    hand.subscribe("Newer", true);
    assert!(s.line().contains("\\Subscribed"));
    hand.delete("Newer");
    assert_eq!(s.line(), "* LIST (\\NonExistent) \"/\" Newer\r\n");
    hand.deliver("INBOX", &letter(7));
    assert_eq!(s.ok("NOOP"), "t OK done\r\n");
}

#[test]
fn nonsense_and_what_is_not_known_is_refused() {
    let (_demo, mut s, _) = filled();
    for bad in [
        "NOTIFY",
        "NOTIFY SET",
        "NOTIFY NONE x",
        "NOTIFY SET (selected (MessageNew))",
        "NOTIFY SET (personal (FlagChange))",
        "NOTIFY SET (selected (MailboxName))",
        "NOTIFY SET (personal (MessageNew (UID) MessageExpunge))",
        "NOTIFY SET (selected NONE) (selected-delayed NONE)",
        "NOTIFY SET (nowhere (MessageNew MessageExpunge))",
    ] {
        assert!(s.run(bad).contains("t BAD"), "{bad}");
    }
    let got = s.run("NOTIFY SET (personal (MessageNew MessageExpunge AnnotationChange))");
    assert!(
        got.contains("t NO [BADEVENT (MessageNew MessageExpunge FlagChange"),
        "{got}"
    );
}
