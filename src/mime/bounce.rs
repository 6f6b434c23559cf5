//! Bounces older than RFC 3464, and those of servers that never came to it: qmail's (QSBMF, a text that
//! begins with "Hi. This is the"), Exim's and others' that name who did not get it in
//! X-Failed-Recipients, with the message behind a line of dashes.
//!
//! As with every report anybody can have written it: it is read within bounds, and what follows from
//! it is words on a message of ours.

use super::field::{self, Field};
use super::tree::{Part, Tree};
use crate::model::{Fact, MessageId, standing};

/// Recipients of one bounce that are read.
const MOST: usize = 100;
/// Octets of its text that are looked at.
const LONGEST: usize = 256 << 10;
/// Characters that are kept of a server's words.
const WORDS: usize = 500;
/// Lines of dashes in it below which the message is looked for, and octets of the header there.
const TRIES: usize = 20;
const HEADER: usize = 16 << 10;
/// Octets of a From that are looked at.
const FROM: usize = 1_000;
/// What a qmail-send begins with, whatever it is the program of.
const QMAIL: &str = "Hi. This is the ";
/// Who says that mail could not be delivered, in lower case.
const DAEMONS: [&str; 2] = ["mailer-daemon@", "postmaster@"];

/// What a bounce says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounce {
    /// Message-ID of the message that came back, where it came back with its header or is answered.
    pub original: Option<MessageId>,
    /// Who did not get it.
    pub facts: Vec<Fact>,
}

/// Whether a header is one of those who write bounces; cheap, for every new message.
pub fn is_by_a_daemon(fields: &[Field<'_>]) -> bool {
    field::find(fields, "From").is_some_and(|f| {
        let value = f.value.get(..FROM).unwrap_or(f.value);
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        let mut words = value.split(['<', ' ', '\t', '"']);
        words.any(|word| DAEMONS.iter().any(|daemon| word.starts_with(daemon)))
    })
}

/// Reads a message as a bounce; `None` if it is none.
pub fn read(tree: &Tree<'_>) -> Option<Bounce> {
    let text = text(tree);
    let facts = match text.trim_start().starts_with(QMAIL) {
        true => by_paragraph(&text),
        false => by_header(tree, &text),
    };
    (!facts.is_empty()).then(|| Bounce {
        original: attached(tree)
            .or_else(|| copied(&text))
            .or_else(|| field::message_id(&tree.fields, "In-Reply-To")),
        facts,
    })
}

/// The first text of the message, cut.
fn text(tree: &Tree<'_>) -> String {
    let part = tree.parts.iter().find(|p| p.is("text", "plain"));
    let mut text = part.map(Part::text).unwrap_or_default();
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

/// QSBMF: after the introduction each recipient has a paragraph, `<address>:` and why. One that
/// begins with a dash ends them.
fn by_paragraph(text: &str) -> Vec<Fact> {
    let paragraphs = text.trim_start().split("\n\n").skip(1).map(str::trim);
    let recipients = paragraphs.take_while(|p| !p.starts_with('-'));
    let facts = recipients.filter_map(|paragraph| {
        let (who, why) = paragraph.strip_prefix('<')?.split_once(">:")?;
        let why: Vec<&str> = why.split_whitespace().collect();
        Some(failed(address(who)?, &why.join(" ")))
    });
    facts.take(MOST).collect()
}

/// Whom the header names, and what the text says of each: the lines below its address.
fn by_header(tree: &Tree<'_>, text: &str) -> Vec<Fact> {
    let named = tree.fields.iter().filter(|f| f.is("X-Failed-Recipients"));
    let mut facts: Vec<Fact> = Vec::new();
    for field in named {
        for who in field::unfolded(field.value).split(',') {
            let Some(who) = address(who).filter(|_| facts.len() < MOST) else {
                continue;
            };
            if facts.iter().all(|f| f.recipient != who) {
                let why = why(text, &who);
                facts.push(failed(who, &why));
            }
        }
    }
    facts
}

fn why(text: &str, who: &str) -> String {
    let bare = |line: &str| {
        line.trim()
            .trim_matches(['<', '>', ':'])
            .eq_ignore_ascii_case(who)
    };
    let below = text.lines().skip_while(|line| !bare(line)).skip(1);
    let indented =
        below.take_while(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty());
    let words: Vec<&str> = indented.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

fn failed(recipient: String, why: &str) -> Fact {
    let mut words = why.split(|c: char| !c.is_ascii_digit() && c != '.');
    let status = words.find(|word| standing::is_status(word.trim_matches('.')));
    Fact {
        recipient,
        action: "failed".to_owned(),
        status: status.unwrap_or_default().trim_matches('.').to_owned(),
        diagnostic: why.chars().take(WORDS).collect(),
    }
}

fn address(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>']);
    let is = text.contains('@') && !text.contains(char::is_whitespace);
    (is && text.chars().count() <= WORDS).then(|| text.to_owned())
}

/// The Message-ID of the message, or its header, that is a part of the bounce.
fn attached(tree: &Tree<'_>) -> Option<MessageId> {
    let is = |p: &&Part<'_>| p.is("message", "rfc822") || p.is("text", "rfc822-headers");
    let bytes = tree.parts.iter().find(is)?.bytes();
    let bytes = bytes.get(..LONGEST).unwrap_or(&bytes);
    field::message_id(&field::split(bytes).0, "Message-ID")
}

/// The Message-ID of a message that stands in the text, below a line of dashes.
fn copied(text: &str) -> Option<MessageId> {
    let mut tries = TRIES;
    let mut rest = text;
    while tries > 0
        && let Some((line, below)) = rest.split_once('\n')
    {
        rest = below;
        if line.starts_with("---") {
            tries -= 1;
            let header = below.trim_start_matches('\n').as_bytes();
            let header = header.get(..HEADER).unwrap_or(header);
            let found = field::message_id(&field::split(header).0, "Message-ID");
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QSBMF: &str = "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n\
        Hi. This is the qmail-send program at mx.example.\r\n\
        I'm afraid I wasn't able to deliver your message to the following addresses.\r\n\
        This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n\
        <bo@example.test>:\r\n192.0.2.7 does not like recipient.\r\nRemote host said: 550 5.1.1 unknown\r\n\r\n\
        <cy@example.test>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n\
        --- Below this line is a copy of the message.\r\n\r\n\
        Return-Path: <ada@example.test>\r\nMessage-ID: <own@example.test>\r\nSubject: Tea\r\n\r\n<no@example.test>:\r\nx\r\n";
    const EXIM: &str = "X-Failed-Recipients: bo@example.test,\r\n cy@example.test, bo@example.test, nobody\r\n\
        Auto-Submitted: auto-replied\r\nFrom: Mail Delivery System <Mailer-Daemon@mx.example>\r\n\
        Subject: Mail delivery failed: returning message to sender\r\n\r\n\
        This message was created automatically by mail delivery software.\r\n\r\n\
        \x20 bo@example.test\r\n    host mx.test [192.0.2.1]\r\n    SMTP error: 550 5.2.2 full\r\n\
        \x20 cy@example.test\r\n    Unrouteable address\r\n\r\n\
        ------ This is a copy of the message, including all the headers. ------\r\n\r\n\
        Return-path: <ada@example.test>\r\nMessage-ID: <own@example.test>\r\n\r\nText\r\n";

    /// Who, the status and the words.
    type Said = (String, String, String);

    fn told(raw: &str) -> Option<(Option<MessageId>, Vec<Said>)> {
        let bounce = read(&Tree::read(raw.as_bytes()))?;
        let facts = bounce.facts.into_iter();
        let facts = facts.inspect(|f| assert_eq!(f.action, "failed"));
        let facts = facts.map(|f| (f.recipient, f.status, f.diagnostic));
        Some((bounce.original, facts.collect()))
    }

    fn fact(who: &str, status: &str, why: &str) -> Said {
        (who.to_owned(), status.to_owned(), why.to_owned())
    }

    #[test]
    fn qmail_has_a_paragraph_for_each() {
        let bo = "192.0.2.7 does not like recipient. Remote host said: 550 5.1.1 unknown";
        let cy = "Sorry, no mailbox here by that name. (#5.1.1)";
        let facts = vec![
            fact("bo@example.test", "5.1.1", bo),
            fact("cy@example.test", "5.1.1", cy),
        ];
        let own = MessageId::new("<own@example.test>");
        assert_eq!(told(QSBMF), Some((own, facts)));
    }

    #[test]
    fn exim_names_them_in_the_header() {
        let full = "host mx.test [192.0.2.1] SMTP error: 550 5.2.2 full cy@example.test Unrouteable address";
        let (id, facts) = told(EXIM).unwrap();
        assert_eq!(id, MessageId::new("<own@example.test>"));
        assert_eq!(facts.len(), 2, "{facts:?}");
        assert_eq!(facts[1], fact("cy@example.test", "", "Unrouteable address"));
        assert!(full.starts_with(&facts[0].2), "{facts:?}");
        assert_eq!(facts[0].1, "5.2.2");
    }

    #[test]
    fn the_message_may_be_a_part_or_only_answered_or_nowhere() {
        let head =
            "X-Failed-Recipients: bo@example.test\r\nIn-Reply-To: <answered@example.test>\r\n";
        let with = format!(
            "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSorry.\r\n--b\r\n\
             Content-Type: message/rfc822\r\n\r\nMessage-ID: <own@example.test>\r\n\r\nx\r\n--b--\r\n"
        );
        let own = MessageId::new("<own@example.test>");
        assert_eq!(told(&with).unwrap().0, own);
        let answered = MessageId::new("<answered@example.test>");
        assert_eq!(told(&format!("{head}\r\nSorry.\r\n")).unwrap().0, answered);
        let bare = "X-Failed-Recipients: bo@example.test\r\n\r\nSorry.\r\n";
        let facts = vec![fact("bo@example.test", "", "")];
        assert_eq!(told(bare), Some((None, facts)));
    }

    #[test]
    fn the_message_is_looked_for_below_few_lines_of_dashes() {
        let head = "From: mailer-daemon@mx.example\r\nX-Failed-Recipients: bo@example.test\r\n\r\n";
        let own = MessageId::new("<own@example.test>");
        let found = |before: &str, between: &str| {
            let copy = format!("---\r\n{between}Message-ID: <own@example.test>\r\n");
            told(&format!("{head}{before}{copy}")).unwrap().0
        };
        let dashes = |lines: usize| "---\r\nsomething else\r\n".repeat(lines);
        assert_eq!(found(&dashes(TRIES - 1), ""), own);
        assert_eq!(found(&dashes(TRIES), ""), None);
        // Of each header no more is read than this.
        let long = |octets: usize| format!("To: {}\r\n", "x".repeat(octets));
        assert_eq!(found("", &long(HEADER / 2)), own);
        assert_eq!(found("", &long(HEADER)), None);
        assert_eq!(found(&"---\r\nTo:\r\n".repeat(LONGEST / 10), ""), None);
    }

    #[test]
    fn what_only_talks_of_failure_is_none() {
        for raw in [
            "From: mailer-daemon@mx.example\r\n\r\n<bo@example.test>: no\r\n",
            "X-Failed-Recipients: nobody\r\n\r\nx",
            "Subject: x\r\n\r\n> Hi. This is the qmail-send program\r\n\r\n<bo@example.test>:\r\nno\r\n",
            "\r\nHi. This is the life.\r\n\r\nBo\r\n",
        ] {
            assert_eq!(told(raw), None, "{raw}");
        }
    }

    #[test]
    fn daemons_are_known_by_their_from() {
        for (from, is) in [
            ("MAILER-DAEMON@mx.example", true),
            ("Mail System <Mailer-Daemon@mx.example>", true),
            ("postmaster@mx.example", true),
            ("\"postmaster@mx\" <bo@example.test>", true),
            ("Bo <bo+postmaster@example.test>", false),
            ("", false),
        ] {
            let raw = format!("From: {from}\r\n\r\n");
            assert_eq!(
                is_by_a_daemon(&field::split(raw.as_bytes()).0),
                is,
                "{from}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_within_bounds(
            who in "(\\PC|@|,|\r\n ){0,80}",
            body in "((<|  )?(\\PC|@|>:|5\\.1\\.1|---|Message-ID: <a@b>){0,30}\r\n(\r\n)?){0,20}",
            qmail in any::<bool>(),
        ) {
            let hello = if qmail { QMAIL } else { "" };
            let raw = format!("X-Failed-Recipients: {who}\r\n\r\n{hello}{body}");
            if let Some(bounce) = read(&Tree::read(raw.as_bytes())) {
                prop_assert!(!bounce.facts.is_empty() && bounce.facts.len() <= MOST);
                for fact in &bounce.facts {
                    prop_assert!(fact.recipient.contains('@') && fact.diagnostic.chars().count() <= WORDS);
                }
            }
        }

        #[test]
        fn any_octets_are_survived(raw in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&Tree::read(&raw));
            let mut bounce = b"X-Failed-Recipients: a@b\r\n\r\n".to_vec();
            bounce.extend(raw);
            prop_assert!(read(&Tree::read(&bounce)).is_some());
        }
    }
}
