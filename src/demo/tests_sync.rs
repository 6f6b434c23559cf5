//! CONDSTORE, QRESYNC, ESEARCH, SEARCHRES and COMPRESS of the demo's server, as the RFCs have them.

use super::rig::{Script, demo_of, letter};
use super::{Demo, Hand, Options};
use crate::model::{FlagChange, System};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use std::io::{Read, Write};

fn filled(n: usize, options: Options) -> (Demo, Script, Hand) {
    let (demo, ada) = demo_of(options);
    let hand = demo.hand("ada").unwrap();
    for i in 0..n {
        hand.deliver("INBOX", &letter(i)).unwrap();
    }
    let s = Script::imap(&ada);
    (demo, s, hand)
}

fn highest(hand: &Hand) -> u64 {
    hand.snapshot()["INBOX"].highest
}

fn validity(hand: &Hand) -> u32 {
    hand.snapshot()["INBOX"].validity
}

#[test]
fn mod_sequences_are_told_once_the_client_knows_them() {
    let (_demo, mut s, hand) = filled(3, Options::empty());
    let opened = s.ok("SELECT INBOX");
    let h = highest(&hand);
    assert!(
        opened.contains(&format!("* OK [HIGHESTMODSEQ {h}]")),
        "{opened}"
    );
    hand.set_flags("INBOX", 1, &FlagChange::set(System::SEEN));
    assert!(!s.ok("NOOP").contains("MODSEQ"), "not before it is known");
    let first = s.ok("UID FETCH 2 (MODSEQ)");
    assert!(
        first.contains("[HIGHESTMODSEQ ") && first.contains("UID 2"),
        "{first}"
    );
    hand.set_flags("INBOX", 1, &FlagChange::set(System::FLAGGED));
    let h = highest(&hand);
    let told = s.ok("NOOP");
    assert!(told.contains(&format!("UID 1 MODSEQ ({h})")), "{told}");
    let silent = s.ok("UID STORE 2 +FLAGS.SILENT (\\Seen)");
    assert!(
        silent.contains("MODSEQ (") && !silent.contains("FLAGS"),
        "{silent}"
    );
    let since = s.ok(&format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {h})"));
    assert!(
        since.contains("UID 2") && !since.contains("UID 1 "),
        "{since}"
    );
    assert!(since.contains("MODSEQ ("), "{since}");
}

#[test]
fn a_conditional_store_changes_only_what_is_unchanged() {
    let (_demo, mut s, hand) = filled(3, Options::empty());
    s.ok("SELECT INBOX (CONDSTORE)");
    let h = highest(&hand);
    hand.set_flags("INBOX", 2, &FlagChange::set(System::SEEN));
    let got = s.ok(&format!(
        "UID STORE 1:3 (UNCHANGEDSINCE {h}) +FLAGS (\\Flagged)"
    ));
    assert!(got.contains("t OK [MODIFIED 2]"), "{got}");
    let shot = hand.snapshot();
    let flagged = |uid: u32| {
        shot["INBOX"].letters[&uid]
            .flags
            .system
            .has(System::FLAGGED)
    };
    assert!(flagged(1) && !flagged(2) && flagged(3));
    let got = s.ok("STORE 1 (UNCHANGEDSINCE 0) -FLAGS (\\Flagged)");
    assert!(got.contains("[MODIFIED 1]"), "{got}");
}

#[test]
fn search_knows_mod_sequences_and_answers_as_asked() {
    let (_demo, mut s, hand) = filled(5, Options::empty());
    s.ok("SELECT INBOX");
    let h = highest(&hand);
    hand.set_flags("INBOX", 2, &FlagChange::set(System::SEEN));
    hand.set_flags("INBOX", 4, &FlagChange::set(System::SEEN));
    let now = highest(&hand);
    let got = s.ok(&format!("UID SEARCH MODSEQ {}", h + 1));
    assert!(
        got.contains(&format!("* SEARCH 2 4 (MODSEQ {now})")),
        "{got}"
    );
    let got = s.ok("UID SEARCH RETURN (MIN MAX COUNT ALL) UID 2:*");
    assert!(
        got.contains("* ESEARCH (TAG \"t\") UID MIN 2 MAX 5 COUNT 4 ALL 2:5\r\n"),
        "{got}"
    );
    let got = s.ok("SEARCH RETURN () KEYWORD none");
    assert!(got.contains("* ESEARCH (TAG \"t\")\r\n"), "{got}");
    let got = s.ok("UID SEARCH RETURN (SAVE) SEEN");
    assert!(!got.contains("ESEARCH"), "{got}");
    let got = s.ok("UID FETCH $ (FLAGS)");
    assert!(
        got.contains("UID 2 ") && got.contains("UID 4 ") && !got.contains("UID 3 "),
        "{got}"
    );
    let got = s.ok("SEARCH RETURN (COUNT) NOT $");
    assert!(got.contains("COUNT 3"), "{got}");
    s.ok("UID SEARCH RETURN (SAVE) KEYWORD none");
    assert!(!s.ok("FETCH $ (FLAGS)").contains("FETCH ("));
    let got = s.ok(&format!("UID SEARCH RETURN (MIN) MODSEQ {}", h + 1));
    assert!(
        got.contains(&format!("MIN 2 MODSEQ {}\r\n", now - 1)),
        "{got}"
    );
}

#[test]
fn qresync_tells_what_vanished_and_what_changed() {
    let (_demo, mut s, hand) = filled(9, Options::empty());
    let (v, h) = (validity(&hand), highest(&hand));
    assert!(
        s.run(&format!("SELECT INBOX (QRESYNC ({v} {h}))"))
            .contains("t BAD")
    );
    assert!(
        s.ok("ENABLE QRESYNC X-NONE")
            .contains("* ENABLED QRESYNC\r\n")
    );
    hand.expunge("INBOX", &[2, 3, 7]);
    hand.set_flags("INBOX", 5, &FlagChange::set(System::SEEN));
    hand.deliver("INBOX", &letter(99));
    let got = s.ok(&format!("SELECT INBOX (QRESYNC ({v} {h} 1:9))"));
    assert!(got.contains("* VANISHED (EARLIER) 2:3,7\r\n"), "{got}");
    assert!(
        got.contains("FETCH (FLAGS (\\Seen) UID 5 MODSEQ ("),
        "{got}"
    );
    assert!(!got.contains("UID 10 "), "{got}");
    assert!(got.find("VANISHED") < got.find("FETCH"), "{got}");
    let again = s.ok(&format!("SELECT INBOX (QRESYNC ({v} {h}))"));
    assert!(
        again.contains("* OK [CLOSED]") && again.contains("UID 10 "),
        "{again}"
    );
    let other = s.ok(&format!("SELECT INBOX (QRESYNC ({} {h} 1:9))", v + 7));
    assert!(
        !other.contains("VANISHED") && !other.contains("FETCH"),
        "{other}"
    );
    // From here on VANISHED takes the place of EXPUNGE.
    hand.expunge("INBOX", &[9]);
    let got = s.ok("NOOP");
    assert!(
        got.contains("* VANISHED 9\r\n") && !got.contains("EXPUNGE"),
        "{got}"
    );
    s.ok("UID STORE 1,4 +FLAGS (\\Deleted)");
    let got = s.ok("EXPUNGE");
    let now = highest(&hand);
    assert!(got.contains("* VANISHED 1,4\r\n"), "{got}");
    assert!(
        got.contains(&format!("t OK [HIGHESTMODSEQ {now}]")),
        "{got}"
    );
    assert!(!s.ok("EXPUNGE").contains("HIGHESTMODSEQ"));
    let got = s.ok(&format!(
        "UID FETCH 1:8 (FLAGS) (CHANGEDSINCE {h} VANISHED)"
    ));
    assert!(got.starts_with("* VANISHED (EARLIER) 1:4,7\r\n"), "{got}");
    assert!(
        s.run("FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)")
            .contains("t BAD")
    );
    assert!(s.run("UID FETCH 1 (FLAGS) (VANISHED)").contains("t BAD"));
    let got = s.ok("UID MOVE 5 Trash");
    assert!(
        got.contains("[COPYUID ") && got.contains("* VANISHED 5\r\n"),
        "{got}"
    );
    assert!(got.contains("t OK [HIGHESTMODSEQ "), "{got}");
}

#[test]
fn a_server_that_forgot_names_everything_that_is_not_there() {
    let (_demo, mut s, hand) = filled(6, Options::empty());
    let (v, h) = (validity(&hand), highest(&hand));
    s.ok("ENABLE QRESYNC");
    hand.expunge("INBOX", &[2]);
    hand.forget_expunges("INBOX");
    let h2 = highest(&hand);
    hand.expunge("INBOX", &[5]);
    let got = s.ok(&format!("SELECT INBOX (QRESYNC ({v} {h2} 1:6))"));
    assert!(got.contains("* VANISHED (EARLIER) 5\r\n"), "{got}");
    let got = s.ok(&format!("SELECT INBOX (QRESYNC ({v} {h} 1:6))"));
    assert!(got.contains("* VANISHED (EARLIER) 2,5\r\n"), "{got}");
    // The second message is UID 3 on both sides: what was expunged before it is known.
    let got = s.ok(&format!("SELECT INBOX (QRESYNC ({v} {h} 1:6 (2 3)))"));
    assert!(got.contains("* VANISHED (EARLIER) 5\r\n"), "{got}");
}

#[test]
fn another_uidvalidity_sends_whoever_is_there_away() {
    let (_demo, mut s, hand) = filled(2, Options::empty());
    s.ok("SELECT INBOX");
    s.send(b"t IDLE\r\n");
    s.until("+ ");
    let before = validity(&hand);
    assert!(hand.bump_uidvalidity("INBOX"));
    assert!(s.line().starts_with("* BYE"));
    assert_ne!(validity(&hand), before);
}

#[test]
fn a_cut_ends_without_a_word() {
    let (demo, mut s, _) = filled(1, Options::empty());
    s.ok("SELECT INBOX");
    demo.cut();
    assert_eq!(s.line(), "");
}

#[test]
fn what_is_compressed_can_be_read() {
    let (_demo, mut s, _) = filled(40, Options::empty());
    s.ok("SELECT INBOX");
    s.ok("COMPRESS DEFLATE");
    let socket = s.reader.get_mut();
    let mut out = Compress::new(Compression::best(), false);
    let mut inn = Decompress::new(false);
    let (mut raw, mut text) = (Vec::new(), Vec::with_capacity(1 << 20));
    let commands = "a UID FETCH 1:* (BODY.PEEK[])\r\nb COMPRESS DEFLATE\r\nc LOGOUT\r\n";
    for line in commands.split_inclusive('\n') {
        let mut squeezed = Vec::with_capacity(1000);
        out.compress_vec(line.as_bytes(), &mut squeezed, FlushCompress::Sync)
            .unwrap();
        // Byte by byte: a stream knows no packets.
        for byte in squeezed {
            socket.write_all(&[byte]).unwrap();
        }
    }
    socket.read_to_end(&mut raw).unwrap();
    let mut from = 0;
    while from < raw.len() {
        let before = inn.total_in();
        inn.decompress_vec(&raw[from..], &mut text, FlushDecompress::Sync)
            .unwrap();
        from += usize::try_from(inn.total_in() - before).unwrap();
        assert!(inn.total_in() > before && text.len() < text.capacity());
    }
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("letter 39") && text.contains("a OK"),
        "{text}"
    );
    assert!(text.contains("b NO [COMPRESSIONACTIVE]"), "{text}");
    assert!(text.ends_with("c OK LOGOUT done\r\n"), "{text}");
    assert!(
        raw.len() * 2 < text.len(),
        "{} of {}",
        raw.len(),
        text.len()
    );
}
