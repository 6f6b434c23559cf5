//! The demo's servers over real sockets, spoken to as clients speak, by script and by the `imap`
//! crate.

use super::rig::{NOTE, Script, demo, secret};
use super::{Demo, Options};
use crate::model::Account;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn a_wrong_password_is_refused_and_the_right_one_is_not() {
    let (_demo, ada, home) = demo();
    let mut s = Script::connect(ada.imap.port);
    assert!(s.run("SELECT INBOX").contains("t BAD"));
    assert!(
        s.run(&format!("LOGIN {} wrong", ada.user))
            .contains("NO [AUTHENTICATIONFAILED]")
    );
    s.ok(&format!("LOGIN {} {}", home.user, secret(&home)));
    assert!(s.ok("CAPABILITY").contains(" IDLE"));
    let mut s = Script::connect(ada.imap.port);
    for _ in 0..3 {
        assert!(s.run("LOGIN nobody@example.org x").contains("t NO"));
    }
    assert!(s.line().starts_with("* BYE"));
    assert_eq!(s.line(), "");
}

#[test]
fn sasl_plain_with_and_without_initial_response() {
    use base64::Engine;
    let (_demo, ada, _) = demo();
    let plain = format!("\0{}\0{}", ada.user, secret(&ada));
    let plain = base64::engine::general_purpose::STANDARD.encode(plain);
    let mut s = Script::connect(ada.imap.port);
    s.ok(&format!("AUTHENTICATE PLAIN {plain}"));
    let mut s = Script::connect(ada.imap.port);
    s.send(b"t AUTHENTICATE PLAIN\r\n");
    assert_eq!(s.line(), "+ \r\n");
    s.send(format!("{plain}\r\n").as_bytes());
    assert!(s.line().starts_with("t OK"));
    let mut s = Script::smtp(&ada);
    assert!(s.reply("MAIL FROM:<a@example.org>").starts_with("530"));
    assert!(s.reply(&format!("AUTH PLAIN {plain}")).starts_with("235"));
}

#[test]
fn folders_are_listed_with_their_roles() {
    let (_demo, ada, _) = demo();
    let mut s = Script::imap(&ada);
    let all = s.ok("LIST \"\" *");
    for role in ["Drafts", "Sent", "Archive", "Junk", "Trash"] {
        assert!(all.contains(&format!("\\{role})")), "{role}: {all}");
    }
    assert!(
        s.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)")
            .contains("MESSAGES")
    );
    s.ok("CREATE New/one");
    s.ok("RENAME New/one Old");
    assert!(s.ok("LSUB \"\" %").contains(" Old\r\n"));
    s.ok("UNSUBSCRIBE Old");
    assert!(!s.ok("LSUB \"\" %").contains(" Old\r\n"));
    s.ok("DELETE Old");
    assert!(s.run("DELETE INBOX").contains("t NO"));
    assert!(s.run("SELECT nowhere").contains("t NO"));
}

#[test]
fn a_message_is_appended_found_read_moved_and_expunged() {
    let (_demo, ada, _) = demo();
    let mut s = Script::imap(&ada);
    s.ok("CREATE Here");
    s.ok("CREATE There");
    s.send(
        format!(
            "t APPEND Here (\\Seen k) \"01-Feb-2026 10:00:00 +0100\" {{{}}}\r\n",
            NOTE.len()
        )
        .as_bytes(),
    );
    assert!(s.line().starts_with("+ "));
    s.send(format!("{NOTE}\r\n").as_bytes());
    assert!(s.line().contains("[APPENDUID "));
    let two = format!("APPEND Here {{{}+}}\r\n{NOTE}", NOTE.len());
    assert!(s.ok(&two).contains("[APPENDUID "));
    assert!(s.ok("SELECT Here").contains("* 2 EXISTS"));
    assert!(
        s.ok("UID SEARCH HEADER Message-ID <note@example.com> SEEN")
            .contains("* SEARCH 1\r\n")
    );
    assert!(s.ok("UID SEARCH UID 1:* UNSEEN").contains("* SEARCH 2\r\n"));
    let got =
        s.ok("UID FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
    assert!(got.contains("FLAGS (\\Seen k)"), "{got}");
    assert!(got.contains("\"01-Feb-2026 09:00:00 +0000\""), "{got}");
    assert!(
        got.contains(&format!("RFC822.SIZE {}", NOTE.len())),
        "{got}"
    );
    assert!(got.contains("Subject: a note\r\n\r\n"), "{got}");
    let got = s.ok("UID FETCH 2 (BODY.PEEK[TEXT]<2.3> ENVELOPE BODYSTRUCTURE)");
    assert!(got.contains("BODY[TEXT]<2> \"llo\""), "{got}");
    assert!(s.ok("FETCH 2 BODY[]").contains("FLAGS (\\Seen)"));
    assert!(s.ok("UID STORE 2 +FLAGS (\\Flagged)").contains("\\Flagged"));
    let silent = s.ok("UID STORE 1:2 -FLAGS.SILENT (\\Seen)");
    assert!(!silent.contains("FETCH"), "{silent}");
    let moved = s.ok("UID MOVE 2 There");
    assert!(
        moved.contains("[COPYUID ") && moved.contains("* 2 EXPUNGE"),
        "{moved}"
    );
    assert!(s.run("UID COPY 1 Nowhere").contains("[TRYCREATE]"));
    s.ok("UID COPY 1 There");
    s.ok("UID STORE 1 +FLAGS.SILENT (\\Deleted)");
    assert!(!s.ok("UID EXPUNGE 7:9").contains("EXPUNGE\r\n"));
    assert!(s.ok("UID EXPUNGE 1").contains("* 1 EXPUNGE"));
    assert!(s.ok("EXAMINE There").contains("[READ-ONLY]"));
    assert!(s.run("STORE 1 FLAGS (\\Seen)").contains("t NO"));
    s.ok("UNSELECT");
    assert!(s.run("FETCH 1 FLAGS").contains("t BAD"));
    assert!(s.run("LOGOUT").contains("* BYE"));
}

#[test]
fn nonsense_is_answered_and_survived() {
    let (_demo, ada, _) = demo();
    let mut s = Script::imap(&ada);
    for junk in [
        "",
        "HOPLA",
        "FETCH",
        "SELECT INBOX (HOPLA)",
        "SELECT INBOX (QRESYNC (1 1))",
        "UID FETCH 0 FLAGS",
        "LOGIN a b",
    ] {
        assert!(s.run(junk).contains("BAD"), "{junk}");
    }
    s.send(b"\r\n");
    assert!(s.line().starts_with("* BAD"));
    s.send(b"\xff\xfe\x00 \x80\r\n");
    assert!(s.line().contains("BAD"));
    s.ok("SELECT INBOX");
    assert!(s.run("FETCH 4000000000 FLAGS").contains("t BAD"));
    s.send(b"t APPEND INBOX {4000000000}\r\n");
    assert!(s.line().contains("[TOOBIG]"));
    s.ok("NOOP");
    s.send(&[b'x'; 100_000]);
    assert!(s.line().starts_with("* BYE"));
    let mut early = Script::connect(ada.imap.port);
    early.send(b"t LOGIN {5000+}\r\n");
    assert!(early.line().starts_with("* BYE"));
}

#[test]
fn idle_hears_of_other_clients_at_once() {
    let (demo, ada, _) = demo();
    let mut waiting = Script::imap(&ada);
    let mut busy = Script::imap(&ada);
    busy.ok("CREATE Room");
    waiting.ok("SELECT Room");
    waiting.send(b"t IDLE\r\n");
    assert!(waiting.line().starts_with("+ "));
    busy.ok(&format!("APPEND Room {{{}+}}\r\n{NOTE}", NOTE.len()));
    assert_eq!(waiting.line(), "* 1 EXISTS\r\n");
    assert_eq!(waiting.line(), "* 0 RECENT\r\n");
    busy.ok("SELECT Room");
    busy.ok("STORE 1 +FLAGS (\\Flagged)");
    assert_eq!(waiting.line(), "* 1 FETCH (FLAGS (\\Flagged) UID 1)\r\n");
    busy.ok("UID MOVE 1 Trash");
    assert_eq!(waiting.line(), "* 1 EXPUNGE\r\n");
    waiting.send(b"DONE\r\n");
    assert!(waiting.until("t ").ends_with("IDLE done\r\n"));
    waiting.send(b"u IDLE\r\n");
    waiting.until("+ ");
    drop(demo);
    assert!(
        waiting.line().starts_with("* BYE"),
        "stopping ends every connection"
    );
    assert_eq!(waiting.line(), "");
}

fn login_smtp(account: &Account) -> Script {
    use base64::Engine;
    let encode = |t: &str| base64::engine::general_purpose::STANDARD.encode(t);
    let mut s = Script::smtp(account);
    assert_eq!(s.reply("AUTH LOGIN"), "334 VXNlcm5hbWU6\r\n");
    assert_eq!(s.reply(&encode(&account.user)), "334 UGFzc3dvcmQ6\r\n");
    assert!(s.reply(&encode(&secret(account))).starts_with("235"));
    s
}

#[test]
fn a_message_to_the_other_account_arrives_and_wakes_its_idle() {
    let (_demo, ada, home) = demo();
    let mut waiting = Script::imap(&home);
    let opened = waiting.ok("SELECT INBOX");
    let before: u32 = opened
        .split("* ")
        .find_map(|l| l.strip_suffix(" EXISTS\r\n"))
        .unwrap()
        .parse()
        .unwrap();
    waiting.send(b"t IDLE\r\n");
    waiting.until("+ ");
    let mut s = login_smtp(&ada);
    assert!(
        s.reply(&format!("MAIL FROM:<{}> SIZE=100 BODY=8BITMIME", ada.email))
            .starts_with("250")
    );
    assert!(
        s.reply("RCPT TO:<nobody@example.net>")
            .starts_with("550 5.1.1")
    );
    assert!(s.reply("RCPT TO:<elsewhere@example.com>").contains("demo"));
    assert!(
        s.reply(&format!("RCPT TO:<{}>", home.email))
            .starts_with("250")
    );
    assert!(s.reply("DATA").starts_with("354"));
    assert!(
        s.reply("Subject: dots\r\n\r\n..one\r\n...\r\nend\r\n.")
            .starts_with("250 2.0.0")
    );
    assert_eq!(waiting.line(), format!("* {} EXISTS\r\n", before + 1));
    waiting.line();
    waiting.send(b"DONE\r\n");
    waiting.until("t ");
    let got = waiting.ok("UID FETCH * (BODY.PEEK[])");
    assert!(got.contains("\r\n.one\r\n..\r\nend\r\n"), "{got}");
    assert!(
        got.contains(&format!("Return-Path: <{}>", ada.email)),
        "{got}"
    );
}

#[test]
fn smtp_refuses_what_it_must() {
    let (_demo, ada, _) = demo();
    let mut s = login_smtp(&ada);
    assert!(s.reply("DATA").starts_with("554"));
    assert!(s.reply("RCPT TO:<a@example.com>").starts_with("503"));
    assert!(
        s.reply("MAIL FROM:<a@example.org> RET=FULL")
            .starts_with("555")
    );
    assert!(
        s.reply("MAIL FROM:<a@example.org> SIZE=99999999")
            .starts_with("552")
    );
    assert!(
        s.reply("MAIL FROM:<gr\u{fc}n@example.org>")
            .starts_with("553")
    );
    assert!(
        s.reply("MAIL FROM:<gr\u{fc}n@example.org> SMTPUTF8")
            .starts_with("250")
    );
    assert!(s.reply("RCPT TO:<a@example.com>").starts_with("250"));
    assert!(s.reply("DATA").starts_with("354"));
    assert!(s.reply("a bare\nline end\r\n.").starts_with("554 5.6.0"));
    assert!(s.reply("RSET").starts_with("250"));
    assert!(s.reply("HELO x").starts_with("250"));
    assert!(s.reply("QUIT").starts_with("221"));
    let mut rest = String::new();
    s.reader.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let (_demo, ada, home) = demo();
    let mut s = login_smtp(&ada);
    let burst = format!(
        "MAIL FROM:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n",
        ada.email, home.email
    );
    s.send(burst.as_bytes());
    let codes: Vec<String> = (0..3).map(|_| s.line()[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "354"]);
    assert!(s.reply("Subject: x\r\n\r\ny\r\n.").starts_with("250"));
}

#[test]
fn new_mail_drops_in_when_it_is_wanted() {
    let demo = Demo::start(Options {
        drip: Some(Duration::from_millis(1)),
        ..Options::default()
    })
    .unwrap();
    let mut s = Script::imap(&demo.accounts()[0]);
    let opened = s.ok("SELECT INBOX");
    let before: u32 = opened
        .split("* ")
        .find_map(|l| l.strip_suffix(" EXISTS\r\n"))
        .unwrap()
        .parse()
        .unwrap();
    s.send(b"t IDLE\r\n");
    s.until("+ ");
    loop {
        let line = s.line();
        if let Some(now) = line
            .strip_prefix("* ")
            .and_then(|l| l.strip_suffix(" EXISTS\r\n"))
        {
            assert!(now.parse::<u32>().unwrap() > before);
            break;
        }
    }
}

#[test]
fn somebody_of_the_cast_answers() {
    let every = Duration::from_millis(20);
    let demo = Demo::start(Options {
        drip: Some(every),
        ..Options::default()
    })
    .unwrap();
    let ada = demo.accounts()[0].clone();
    let mut s = login_smtp(&ada);
    assert!(
        s.reply(&format!("MAIL FROM:<{}>", ada.email))
            .starts_with("250")
    );
    assert!(
        s.reply("RCPT TO:<mara@lindqvist.example>")
            .contains("nothing leaves")
    );
    assert!(s.reply("DATA").starts_with("354"));
    let from = &ada.email;
    let note =
        format!("From: <{from}>\r\nMessage-ID: <q@example.org>\r\nSubject: Tea?\r\n\r\nx\r\n.");
    assert!(s.reply(&note).starts_with("250"));
    let mut s = Script::imap(&ada);
    s.ok("SELECT INBOX");
    while s
        .ok("UID SEARCH HEADER In-Reply-To <q@example.org>")
        .contains("* SEARCH\r\n")
    {
        s.send(b"t IDLE\r\n");
        s.until("* ");
        s.send(b"DONE\r\n");
        s.until("t ");
    }
}

#[test]
fn the_imap_crate_can_live_with_it() {
    let (demo, ada, _) = demo();
    let socket = TcpStream::connect(("127.0.0.1", ada.imap.port)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut client = imap::Client::new(socket);
    client.read_greeting().unwrap();
    let mut session = client
        .login(&ada.user, secret(&ada))
        .map_err(|(e, _)| e)
        .unwrap();
    assert!(session.list(None, Some("*")).unwrap().len() > 5);
    let inbox = session.select("INBOX").unwrap();
    assert!(demo.deliver("ada", NOTE.as_bytes()) && !demo.deliver("nobody", b"x"));
    session.noop().unwrap();
    let items = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])";
    let all = session.uid_fetch("1:*", items).unwrap();
    assert_eq!(all.len(), inbox.exists as usize + 1);
    let last = all.iter().last().unwrap();
    assert_eq!(last.body(), Some(NOTE.as_bytes()));
    assert_eq!(
        last.envelope().unwrap().subject.as_deref(),
        Some(&b"a note"[..])
    );
    assert!(
        all.iter()
            .all(|m| m.bodystructure().is_some() && m.size.is_some())
    );
    session.logout().unwrap();
}
