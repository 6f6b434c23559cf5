//! `mailto:` addresses (RFC 6068): whom they write to, and what they may put into a message.
//!
//! Only recipients, subject, text and what is answered are read; whatever else a link asks for is
//! named and left out (RFC 6068 §7). No value can bring another header with it.

use super::recipients::{format_list, parse_list};
use super::transfer::percent;
use crate::model::MessageId;

/// The most that a link may put into one field, in octets.
pub const LONGEST: usize = 64 * 1024;

/// So many of the fields that it may not set are named.
const MOST_NAMED: usize = 20;

/// What a link says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailto {
    /// To whom, as one would type it.
    pub to: String,
    /// To whom besides.
    pub cc: String,
    /// To whom out of the others' sight.
    pub bcc: String,
    /// The subject, in one line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// What it answers.
    pub in_reply_to: Option<MessageId>,
    /// The names of fields that it may not set, the first twenty. Untrusted text without control
    /// characters.
    pub left_out: Vec<String>,
}

/// Reads an address; `None` if it is no `mailto:`.
pub fn read(url: &str) -> Option<Mailto> {
    let (scheme, rest) = url.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("mailto") {
        return None;
    }
    let rest = rest.split_once('#').map_or(rest, |(r, _)| r);
    let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut out = Mailto::default();
    add(&mut out.to, &people(to), ", ");
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match decoded(name).to_ascii_lowercase().as_str() {
            "to" => add(&mut out.to, &people(value), ", "),
            "cc" => add(&mut out.cc, &people(value), ", "),
            "bcc" => add(&mut out.bcc, &people(value), ", "),
            "subject" => out.subject = line(value),
            "body" => add(&mut out.body, &block(value), "\n"),
            "in-reply-to" => out.in_reply_to = MessageId::new(&decoded(value)),
            other if out.left_out.len() < MOST_NAMED => {
                let name = other.chars().filter(|c| !c.is_control()).take(40);
                out.left_out.push(name.collect());
            }
            _ => {}
        }
    }
    Some(out)
}

fn add(field: &mut String, value: &str, between: &str) {
    let between = if field.is_empty() { "" } else { between };
    if value.is_empty() || field.len() + between.len() + value.len() > LONGEST {
        return;
    }
    field.push_str(between);
    field.push_str(value);
}

/// Percent-decoded; what is no UTF-8 is replaced. A `+` is a plus (RFC 6068 §5).
fn decoded(text: &str) -> String {
    let mut bytes = percent(text.as_bytes());
    bytes.truncate(LONGEST);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One line: a header must not get another header from a link.
fn line(text: &str) -> String {
    let text = decoded(text);
    let spaced = text.replace(
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
        " ",
    );
    spaced.trim().to_owned()
}

/// Addresses, one beside the other: blanks and commas between them would push the last out of sight.
fn people(text: &str) -> String {
    let words = line(text);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match parse_list(&words) {
        Ok(list) => format_list(&list),
        Err(_) => words,
    }
}

fn block(text: &str) -> String {
    let text = decoded(text).replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn s27_what_it_may_not_set_is_named() {
        let link = "mailto:leave@x.example?subject=go&attach=/etc/passwd&Fr%0Aom=z@y&body=a%0d%0ab";
        let read = read(link).unwrap();
        assert_eq!(
            (read.to.as_str(), read.subject.as_str()),
            ("leave@x.example", "go")
        );
        assert_eq!(read.body, "a\nb");
        assert_eq!(read.left_out, ["attach", "from"]);
        assert_eq!(super::read("https://x.example"), None);
    }

    #[test]
    fn s27_a_link_without_an_end_fills_no_field_beyond_its_bound() {
        const HUGE: usize = 4 * LONGEST;
        let bounded = |link: &str| {
            let read = read(link).unwrap();
            let held = [&read.to, &read.cc, &read.bcc, &read.body];
            assert!(held.iter().all(|f| f.len() <= LONGEST), "{link:.60}");
            // What is no UTF-8 is replaced by three octets each.
            assert!(read.subject.len() <= 3 * LONGEST, "{link:.60}");
            assert!(read.left_out.len() <= MOST_NAMED, "{link:.60}");
            assert!(read.in_reply_to.is_none());
        };
        let letters = "a".repeat(HUGE);
        for name in ["to", "cc", "subject", "body", "in-reply-to", "attach"] {
            bounded(&format!("mailto:?{name}={letters}&{name}={letters}"));
        }
        let octets = "%ff".repeat(HUGE / 3);
        bounded(&format!("mailto:{octets}?subject={octets}&body={octets}"));
        let names = "a%40x.example,".repeat(HUGE / 14);
        bounded(&format!("mailto:{names}?bcc={names}"));
        let pieces = "body=b&".repeat(LONGEST);
        let fields = "x=y&".repeat(1_000);
        bounded(&format!("mailto:bo@x.example?{pieces}{fields}"));
        // A text that fits comes whole.
        let fits = read(&format!("mailto:bo@x.example?body={}", "b".repeat(LONGEST))).unwrap();
        assert_eq!(
            (fits.to.as_str(), fits.body.len()),
            ("bo@x.example", LONGEST)
        );
    }

    proptest! {
        #[test]
        fn s27_no_field_holds_a_line_end(rest in "(\\PC|%0[aAdD]|%e2%80%a8|[?&=@,]|subject=|body=|to=){0,40}") {
            let read = read(&format!("mailto:{rest}")).unwrap();
            for field in [&read.to, &read.cc, &read.bcc, &read.subject] {
                let ends = field.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
                prop_assert!(!ends, "{field:?}");
            }
        }
    }
}
