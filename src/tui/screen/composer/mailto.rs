//! What a `mailto:` link may put into a new message (RFC 6068): recipients, subject, text and what
//! it answers. Nothing else: a link must not attach a file or choose the sender (RFC 6068 §7), and
//! nothing is sent without the composer. A blind copy stands where it is seen, and is spoken of.

use crate::mime::recipients::{format_list, parse_list};
use crate::model::{Account, Draft, MessageId};
use crate::text::Clean;
use crate::tui::screen::composer::blank;

/// The most that a link may put into one field, in octets.
const LONGEST: usize = 64 * 1024;

/// What is to be said of a draft that a link made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(Vec<String>);

impl Said {
    /// The words, cleaned; nothing if there is nothing to say.
    pub fn words(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| Clean::line(&self.0.join("; ")).to_string())
    }
}

/// A draft from a link, and what is to be said of it: fields that were left out, and a blind copy;
/// `None` if it is no `mailto:` link.
pub fn from_mailto(url: &str, account: &Account) -> Option<(Draft, Said)> {
    let (scheme, rest) = url.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("mailto") {
        return None;
    }
    let rest = rest.split_once('#').map_or(rest, |(r, _)| r);
    let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut draft = blank(account);
    let mut left_out: Vec<String> = Vec::new();
    let mut text = String::new();
    add(&mut draft.to, &people(to), ", ");
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match decoded(name).to_ascii_lowercase().as_str() {
            "to" => add(&mut draft.to, &people(value), ", "),
            "cc" => add(&mut draft.cc, &people(value), ", "),
            "bcc" => add(&mut draft.bcc, &people(value), ", "),
            "subject" => draft.subject = line(value),
            "body" => add(&mut text, &block(value), "\n"),
            "in-reply-to" => draft.in_reply_to = MessageId::new(&decoded(value)),
            other => left_out.push(other.chars().filter(|c| !c.is_control()).take(40).collect()),
        }
    }
    draft.references = draft.in_reply_to.clone().into_iter().collect();
    draft.body = format!("{text}{}", draft.body);
    let mut said = Vec::new();
    if !draft.bcc.is_empty() {
        said.push("the link asks for a blind copy: see Bcc".to_owned());
    }
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        said.push(format!("it may not set {names}: left out"));
    }
    Some((draft, Said(said)))
}

fn add(field: &mut String, value: &str, between: &str) {
    if value.is_empty() || field.len() + value.len() > LONGEST {
        return;
    }
    if !field.is_empty() {
        field.push_str(between);
    }
    field.push_str(value);
}

/// Percent-decoded; what is no UTF-8 is replaced. A `+` is a plus (RFC 6068 §5).
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).filter(|_| *first == b'%');
        let code = hex
            .and_then(|h| std::str::from_utf8(h).ok())
            .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = match code {
            Some(_) => more.get(2..).unwrap_or(&[]),
            None => more,
        };
        if bytes.len() >= LONGEST {
            break;
        }
    }
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
    use crate::tui::screen::composer::tests::account;

    fn parsed(url: &str) -> (Draft, String) {
        let (draft, said) = from_mailto(url, &account("work", None)).unwrap();
        (draft, said.words().unwrap_or_default())
    }

    #[test]
    fn what_is_allowed_is_taken() {
        let (draft, left_out) = parsed(
            "MAILTO:a@x.example,b%40y.example?to=c@z.example&cc=d+e@w.example&subject=caf%C3%A9%20now\
             &body=one%0D%0Atwo%3f&in-reply-to=%3Cid@x.example%3E",
        );
        assert_eq!(draft.to, "a@x.example, b@y.example, c@z.example");
        assert_eq!(draft.cc, "d+e@w.example");
        assert_eq!(draft.subject, "café now");
        assert_eq!(draft.body, "one\ntwo?\n");
        assert_eq!(draft.in_reply_to, MessageId::new("id@x.example"));
        assert_eq!(left_out, "");
    }

    #[test]
    fn what_is_dangerous_is_left_out_and_a_blind_copy_is_told() {
        let (draft, said) = parsed(
            "mailto:joe@x.example?attach=~/.ssh/id_rsa&attachment=/etc/passwd&bcc=evil@x.example\
             &subject=a%0d%0aX:y&from=z@y.example&%62cc=eve@x.example",
        );
        assert_eq!(
            said,
            "the link asks for a blind copy: see Bcc; \
             it may not set attach, attachment, from: left out"
        );
        assert!(draft.attachments.is_empty());
        assert_eq!(draft.bcc, "evil@x.example, eve@x.example");
        assert_eq!(draft.from, "Ada Example <work@example.org>");
        assert_eq!(draft.subject, "a  X:y");
        let (draft, _) = parsed(&format!("mailto:?body={}&to=%zz%", "x".repeat(10_000_000)));
        assert!(draft.body.len() <= LONGEST + 1);
        assert_eq!(draft.to, "%zz%");
        assert!(from_mailto("https://x.example", &account("work", None)).is_none());
    }

    #[test]
    fn nobody_is_pushed_out_of_sight() {
        let wide = "%20".repeat(300);
        let url = format!(
            "mailto:joe@x.example,{wide}eve@y.example?cc=a@x.example,,{},b@x.example",
            "%2C".repeat(300)
        );
        let (draft, _) = parsed(&url);
        assert_eq!(draft.to, "joe@x.example, eve@y.example");
        assert_eq!(draft.cc, "a@x.example, b@x.example");
        let (draft, _) = parsed(&format!("mailto:joe,{wide}eve@y.example"));
        assert_eq!(draft.to, "joe, eve@y.example");
    }
}
