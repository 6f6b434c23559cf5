//! Reports that a message did not arrive: shown on what was sent, of whichever kind they are, and
//! settling a doubt only where nobody can have made them up.

use crate::dump::{local, rows, write};
use crate::outbox::Rig;

/// A report about a message of ours, as a server sends it.
fn bounce(id: &str, who: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: ada@example.test\r\nSubject: Undelivered\r\n\
         Message-ID: <report-{who}>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {who}\r\nAction: failed\r\n\
         Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {id}\r\n\r\n--b--\r\n"
    )
}

#[test]
fn a_bounce_is_shown_on_what_was_sent_whatever_the_policy_fetches() {
    let Some(rig) = Rig::start() else { return };
    rig.without_bodies();
    let (_, id) = rig.queue("bo@example.test, cy@example.test");
    rig.sync();
    assert_eq!(rig.state(), "sent");
    assert_eq!(rig.row()["reports"].as_array().unwrap().len(), 0);
    for raw in [
        bounce(&id, "bo@example.test"),
        bounce("<not-ours@example.test>", "cy@example.test"),
    ] {
        rig.put("INBOX", &raw);
    }
    rig.sync();
    let row = rig.row();
    let words = "not delivered to bo@example.test: no such user (in its words: 550 5.1.1 unknown)";
    assert_eq!(row["reports"][0]["words"], words, "{row}");
    assert_eq!(row["reports"].as_array().unwrap().len(), 1);
    let sql = "SELECT count(*) || ' ' || max(addr) FROM person WHERE bounced > 0";
    assert_eq!(rows(&write(&local(&rig.home)), sql), ["1 bo@example.test"]);
    let said = rig.home.run(&["outbox", "--all"]).code(0).text();
    assert!(said.contains(words), "{said}");
    let sent = rig.home.list("Sent")[0]["id"].as_str().unwrap().to_owned();
    let shown = rig.home.run(&["show", &sent]).code(0).text();
    assert!(shown.contains(words), "{shown}");
    rig.quiet();
}

#[test]
fn forged_reports_do_not_silence_the_true_one() {
    let Some(rig) = Rig::start() else { return };
    rig.without_bodies();
    let (_, id) = rig.queue("bo@example.test, cy@example.test");
    rig.sync();
    for n in 0..6 {
        let many: String = (0..100)
            .map(|k| format!("Final-Recipient: rfc822; x{n}.{k}@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"))
            .collect();
        let raw = bounce(&id, "x@example.test");
        let raw = raw.replacen("Final-Recipient", &format!("{many}Final-Recipient"), 1);
        rig.put("INBOX", &raw);
    }
    rig.sync();
    assert_eq!(rig.row()["reports"].as_array().unwrap().len(), 0);
    rig.put("INBOX", &bounce(&id, "bo@example.test"));
    rig.sync();
    let reports = rig.row()["reports"].clone();
    let words = reports[0]["words"].as_str().unwrap();
    assert!(
        words.starts_with("not delivered to bo@example.test"),
        "{words}"
    );
    rig.quiet();
}

/// As qmail, and as others that name a recipient in the header, with or without what came back.
fn old_bounce(head: &str, text: &str, id: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: ada@example.test\r\nSubject: failure notice\r\n{head}\r\n{text}\r\n\r\n\
         --- Below this line is a copy of the message.\r\n\r\nMessage-ID: {id}\r\n\r\nText\r\n"
    )
}

#[test]
fn bounces_of_older_kinds_are_shown_too_and_harm_nobody_whom_they_name_besides() {
    let Some(rig) = Rig::start() else { return };
    rig.without_bodies();
    let (_, id) = rig.queue("bo@example.test, cy@example.test");
    rig.sync();
    // Somebody else whom we know, and whom we did not write to.
    rig.sql("INSERT OR IGNORE INTO person(addr, name) VALUES ('eve@example.test', '')");
    let qmail = "Hi. This is the qmail-send program at mx.example.\r\nSorry.\r\n\r\n\
                 <bo@example.test>:\r\nNo mailbox here by that name. (#5.1.1)\r\n\r\n\
                 <eve@example.test>:\r\nGone.";
    let exim = "X-Failed-Recipients: cy@example.test\r\n";
    for raw in [
        old_bounce("", qmail, &id),
        // Nothing came back with it: it is of the only one that went to him.
        old_bounce(exim, "Sorry.", "<nobody@example.test>").replace("Message-ID", "X-ID"),
        // Of nothing that was ever sent.
        old_bounce(
            "X-Failed-Recipients: bo@example.test\r\n",
            "Sorry.",
            "<not-ours@example.test>",
        ),
        old_bounce("X-Failed-Recipients: eve@example.test\r\n", "Sorry.", "x"),
    ] {
        rig.put("INBOX", &raw);
    }
    rig.sync();
    let row = rig.row();
    let reports = row["reports"].as_array().unwrap();
    let mut words: Vec<&str> = reports
        .iter()
        .map(|r| r["words"].as_str().unwrap())
        .collect();
    words.sort_unstable();
    assert_eq!(
        words,
        [
            "not delivered to bo@example.test: no such user (in its words: No mailbox here by that name. (#5.1.1))",
            "not delivered to cy@example.test",
        ]
    );
    let sql = "SELECT addr FROM person WHERE bounced > 0";
    assert_eq!(rows(&write(&local(&rig.home)), sql), ["bo@example.test"]);
    assert_eq!(rig.state(), "sent");
    rig.quiet();
}

#[test]
fn a_bounce_settles_a_doubt_and_the_copy_is_filed() {
    for old in [false, true] {
        let Some(rig) = Rig::start() else { return };
        let (_, id) = rig.queue("bo@example.test, cy@example.test");
        rig.cut_after_the_dot();
        rig.sync();
        assert_eq!(rig.state(), "in-doubt");
        let named = "X-Failed-Recipients: bo@example.test\r\n";
        // A stranger who guesses whom we wrote to knows no Message-ID, and settles nothing.
        let guess = old_bounce(named, "Sorry.", "x").replace("Message-ID", "X-ID");
        rig.put("INBOX", &guess);
        rig.sync();
        assert_eq!(rig.state(), "in-doubt");
        let raw = match old {
            true => old_bounce(named, "Sorry.", &id),
            false => bounce(&id, "bo@example.test"),
        };
        rig.put("INBOX", &raw);
        rig.sync();
        rig.sync();
        assert_eq!((rig.state().as_str(), rig.filed()), ("sent", 1));
        assert!(rig.reached(&id).is_empty(), "never sent again");
        rig.quiet();
    }
}

#[test]
fn a_bounce_by_one_who_had_it_before_settles_no_doubt_of_the_others() {
    let Some(rig) = Rig::start() else { return };
    let (_, id) = rig.queue("bo@example.test, cy@example.test");
    rig.cut_after_the_dot();
    rig.sql("UPDATE recipient SET state = 'accepted' WHERE address = 'bo@example.test'");
    let forged = bounce(&id, "cy@example.test");
    rig.put("INBOX", &forged);
    rig.sync();
    assert_eq!(rig.state(), "in-doubt");
    assert_eq!(rig.row()["reports"].as_array().unwrap().len(), 1);
}
