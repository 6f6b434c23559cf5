//! Whether two messages are one letter: the copy in Sent and what came back of it, as of a letter
//! to oneself.
//!
//! A Message-ID proves nothing, for anybody can repeat one (S-24). One letter they are only if the
//! texts are the same octet for octet, but for line ends, and so is every header field but those
//! that a message gets on its way (RFC 5321 §4.4, RFC 8601, RFC 6376) or that only the sender's own
//! copy has (Bcc). Whatever differs in what is shown makes them two.

use super::field::{self, Field};

/// Fields that say something of the way that a message took, or that only a program reads.
fn is_of_the_way(field: &Field<'_>) -> bool {
    const NAMES: [&str; 14] = [
        "Received",
        "Return-Path",
        "Delivered-To",
        "Envelope-To",
        "Original-To",
        "Authentication-Results",
        "Received-SPF",
        "DKIM-Signature",
        "Autocrypt",
        "Lines",
        "Status",
        "Bcc",
        "Feedback-ID",
        "User-Agent",
    ];
    let name = field.name.as_bytes();
    let begins = |start: &[u8]| {
        let head = name.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    NAMES.iter().any(|n| field.is(n)) || begins(b"X-") || begins(b"ARC-")
}

/// The fields that matter, by name, and what they say: folds and blanks count as one blank.
fn told<'a>(fields: &[Field<'a>]) -> Vec<(String, Vec<&'a [u8]>)> {
    let mut out: Vec<_> = fields
        .iter()
        .filter(|f| !is_of_the_way(f))
        .map(|f| {
            let words = f.value.split(u8::is_ascii_whitespace);
            let words = words.filter(|w| !w.is_empty()).collect();
            (f.name.to_ascii_lowercase(), words)
        })
        .collect();
    out.sort();
    out
}

/// The octets of a text without the carriage returns of line ends, and without what only ends it.
fn bare(text: &[u8]) -> impl Iterator<Item = u8> {
    let text = text.trim_ascii_end();
    let next = text.iter().skip(1).chain([&b'\n']);
    let pairs = text.iter().zip(next);
    pairs
        .filter(|(now, next)| **now != b'\r' || **next != b'\n')
        .map(|(now, _)| *now)
}

/// Whether these are one letter.
pub fn are_one(one: &[u8], other: &[u8]) -> bool {
    let (one_fields, one_body) = field::split(one);
    let (other_fields, other_body) = field::split(other);
    let named = |fields: &[Field<'_>]| fields.iter().any(|f| f.is("Message-ID"));
    // Beyond so many nothing is known of the rest.
    let whole = |fields: &[Field<'_>]| fields.len() < field::MAX_FIELDS;
    named(&one_fields)
        && whole(&one_fields)
        && whole(&other_fields)
        && told(&one_fields) == told(&other_fields)
        && bare(one.get(one_body..).unwrap_or_default())
            .eq(bare(other.get(other_body..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SENT: &str = "From: Me <me@x.example>\nTo: me@x.example\nBcc: b@x.example\nSubject: a note that is folded\nDate: Mon, 2 Nov 2026 10:00:00 +0000\nMessage-ID: <1@x.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nBuy milk.\n";
    const CAME: &str = "Return-Path: <me@x.example>\r\nReceived: from a by b;\r\n Mon, 2 Nov 2026 10:00:01 +0000\r\nDKIM-Signature: v=1\r\nX-Spam: no\r\nFrom: Me <me@x.example>\r\nTo: me@x.example\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nSubject: a note\r\n that is folded\r\nMessage-ID: <1@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n\r\nBuy milk.\r\n\r\n";

    #[test]
    fn what_came_back_is_the_letter_that_was_sent() {
        assert!(are_one(SENT.as_bytes(), CAME.as_bytes()));
        assert!(are_one(CAME.as_bytes(), SENT.as_bytes()));
    }

    #[test]
    fn s24_whatever_is_shown_otherwise_makes_another_letter() {
        for (from, to) in [
            ("Buy milk.", "Buy gold."),
            ("Buy milk.", "Buy  milk."),
            ("Buy milk.", "Buy milk.\r\n\r\nhttps://evil.example"),
            ("a note", "another note"),
            ("To: me@x.example", "To: you@x.example"),
            (
                "From: Me <me@x.example>",
                "From: Me <me@x.example>, evil@x.example",
            ),
            ("10:00:00 +0000", "10:00:00 +0100"),
            ("text/plain", "text/html"),
            ("utf-8", "utf-7"),
            (
                "MIME-Version: 1.0",
                "MIME-Version: 1.0\r\nReply-To: evil@x.example",
            ),
            (
                "MIME-Version: 1.0",
                "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64",
            ),
            ("Subject: a", "Subject: b\r\nSubject: a"),
            ("<1@x.example>", "<2@x.example>"),
        ] {
            assert!(CAME.contains(from), "{from}");
            let forged = CAME.replacen(from, to, 1);
            assert!(!are_one(SENT.as_bytes(), forged.as_bytes()), "{to}");
        }
        let nameless = "From: me@x.example\n\ntext\n";
        assert!(!are_one(nameless.as_bytes(), nameless.as_bytes()));
    }

    proptest! {
        #[test]
        fn line_ends_alone_differ_in_nothing(lines in prop::collection::vec("[a-z =]{0,8}", 0..6)) {
            let text = |end: &str| format!("Message-ID: <1@x>{end}{end}{}", lines.join(end));
            prop_assert!(are_one(text("\n").as_bytes(), text("\r\n").as_bytes()));
        }
    }
}
