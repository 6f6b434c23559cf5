//! A letter made into bytes: header, MIME parts, encodings (RFC 5322, RFC 2045 to 2047).
//!
//! Written here and not by the builder that outgoing mail uses, because the demo stands for other
//! people's programs: charsets of their own, quoted-printable, nested parts, invitations.

use crate::model::Address;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// A file inside a letter.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A letter before it is bytes.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// Who wrote it.
    pub from: Address,
    /// To whom.
    pub to: Vec<Address>,
    /// Who else.
    pub cc: Vec<Address>,
    /// The subject, any script.
    pub subject: String,
    /// When, in seconds of Unix time.
    pub date: i64,
    /// Message-ID without brackets.
    pub id: String,
    /// Message-IDs of the thread so far, oldest first.
    pub references: Vec<String>,
    /// Further header fields.
    pub extra: Vec<(&'static str, String)>,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// Without a plain alternative.
    pub html_only: bool,
    /// A charset other than UTF-8 for the text.
    pub charset: Option<&'static encoding_rs::Encoding>,
    /// An invitation (RFC 5546), as its iCalendar text.
    pub calendar: Option<String>,
    /// Attached files.
    pub files: Vec<Enclosure>,
}

/// How many earlier messages References names; the first and the latest, as mailers do.
const MAX_REFERENCES: usize = 20;

/// A date as the header has it, at this offset from UTC in hours.
pub fn date(seconds: i64, hours: i8) -> String {
    let stamp = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(hours));
    jiff::fmt::rfc2822::to_string(&stamp.to_zoned(zone)).unwrap_or_default()
}

/// Text for an unstructured field or a name, as encoded words where it is not ASCII.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words: Vec<String> = vec![String::new()];
    for c in text.chars() {
        if words.last().is_some_and(|w| w.len() + c.len_utf8() > 42) {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut() {
            last.push(c);
        }
    }
    let spelt: Vec<String> = words
        .iter()
        .map(|w| format!("=?utf-8?B?{}?=", STANDARD.encode(w)))
        .collect();
    spelt.join("\r\n ")
}

fn addresses(all: &[Address]) -> String {
    let spelt: Vec<String> = all
        .iter()
        .map(|a| {
            if a.name.is_ascii() {
                a.to_string()
            } else {
                format!("{} <{}>", encoded(&a.name), a.addr)
            }
        })
        .collect();
    spelt.join(",\r\n ")
}

/// One MIME entity: its header fields, then its body.
struct Entity {
    header: String,
    body: String,
}

fn leaf(kind: &str, bytes: &[u8], disposition: &str) -> Entity {
    let mut header = format!("Content-Type: {kind}\r\n");
    if !disposition.is_empty() {
        let _ = write!(header, "Content-Disposition: {disposition}\r\n");
    }
    let high = bytes.iter().filter(|b| **b >= 0x80 || **b == 0).count();
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let short = text.lines().all(|l| l.len() < 900);
    let (encoding, body) = if high == 0 && short && kind.starts_with("text/") {
        ("7bit", crlf(text))
    } else if high * 5 < bytes.len() && kind.starts_with("text/") {
        ("quoted-printable", quoted_printable(&crlf(text)))
    } else {
        ("base64", base64_lines(bytes))
    };
    let _ = write!(header, "Content-Transfer-Encoding: {encoding}\r\n");
    Entity { header, body }
}

fn crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out
}

fn base64_lines(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(57) {
        out.push_str(&STANDARD.encode(chunk));
        out.push_str("\r\n");
    }
    out
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_terminator("\r\n") {
        let mut width = 0;
        let last = line.len().saturating_sub(1);
        for (at, b) in line.bytes().enumerate() {
            let plain = (b' '..=b'~').contains(&b) && b != b'=' && !(b == b' ' && at == last);
            let spelt = if plain {
                char::from(b).to_string()
            } else {
                format!("={b:02X}")
            };
            if width + spelt.len() > 75 {
                out.push_str("=\r\n");
                width = 0;
            }
            width += spelt.len();
            out.push_str(&spelt);
        }
        out.push_str("\r\n");
    }
    out
}

fn multi(kind: &str, boundary: &str, parts: Vec<Entity>) -> Entity {
    let header = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n");
    let mut body = String::new();
    for part in parts {
        let _ = write!(body, "--{boundary}\r\n{}\r\n{}", part.header, part.body);
    }
    let _ = write!(body, "--{boundary}--\r\n");
    Entity { header, body }
}

impl Letter {
    fn content(&self) -> Entity {
        let plain = match self.charset {
            Some(charset) => {
                let (bytes, _, _) = charset.encode(&self.text);
                let label = charset.name().to_ascii_lowercase();
                let kind = format!("text/plain; charset={label}");
                if charset == encoding_rs::ISO_2022_JP {
                    // Seven bits by design (RFC 1468): it needs no encoding, and gets none.
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    Entity {
                        header: format!(
                            "Content-Type: {kind}\r\nContent-Transfer-Encoding: 7bit\r\n"
                        ),
                        body: crlf(&text),
                    }
                } else {
                    leaf(&kind, &bytes, "")
                }
            }
            None => leaf("text/plain; charset=utf-8", self.text.as_bytes(), ""),
        };
        let mut versions = vec![plain];
        if let Some(html) = &self.html {
            let page = leaf("text/html; charset=utf-8", html.as_bytes(), "");
            if self.html_only {
                versions = vec![page];
            } else {
                versions.push(page);
            }
        }
        if let Some(calendar) = &self.calendar {
            let kind = "text/calendar; charset=utf-8; method=REQUEST";
            versions.push(leaf(kind, calendar.as_bytes(), ""));
        }
        let mark: String = self
            .id
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let body = match versions.len() {
            1 => versions.pop(),
            _ => Some(multi("alternative", &format!("=_a{mark}"), versions)),
        };
        let mut parts: Vec<Entity> = body.into_iter().collect();
        for file in &self.files {
            let kind = format!("{}; name=\"{}\"", file.media_type, file.name);
            let disposition = format!("attachment; filename=\"{}\"", file.name);
            parts.push(leaf(&kind, &file.bytes, &disposition));
        }
        match (parts.len(), parts.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                multi("mixed", &format!("=_m{mark}"), parts)
            }
        }
    }

    /// The letter as it travels.
    pub fn bytes(&self, hours: i8) -> Vec<u8> {
        let mut head = String::new();
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = write!(head, "{name}: {value}\r\n");
            }
        };
        field("From", &addresses(std::slice::from_ref(&self.from)));
        field("To", &addresses(&self.to));
        field("Cc", &addresses(&self.cc));
        field("Subject", &encoded(&self.subject));
        field("Date", &date(self.date, hours));
        field("Message-ID", &format!("<{}>", self.id));
        if let Some(parent) = self.references.last() {
            field("In-Reply-To", &format!("<{parent}>"));
            let skipped = self.references.len().saturating_sub(MAX_REFERENCES);
            let first = self.references.iter().take(1);
            let named = first.chain(self.references.iter().skip(skipped.max(1)));
            let ids: Vec<String> = named.map(|id| format!("<{id}>")).collect();
            field("References", &ids.join("\r\n "));
        }
        for (name, value) in &self.extra {
            field(name, &encoded(value));
        }
        field("MIME-Version", "1.0");
        let content = self.content();
        format!("{head}{}\r\n{}", content.header, content.body).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders};

    fn letter() -> Letter {
        Letter {
            from: Address::new("J\u{fc}rgen Wei\u{df}", "j@example.com"),
            to: vec![Address::new("Ada", "ada@example.org")],
            subject:
                "\u{4f1a}\u{8b70}\u{306e}\u{65e5}\u{7a0b}\u{306b}\u{3064}\u{3044}\u{3066} \u{1f363}"
                    .repeat(4),
            date: 1_790_000_000,
            id: "1@example.com".to_owned(),
            text: "gr\u{fc}n = green \n.\nend".to_owned(),
            ..Letter::default()
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut l = letter();
        l.html = Some("<p>x</p>".to_owned());
        l.files = vec![Enclosure {
            name: "a.bin".to_owned(),
            media_type: "application/octet-stream",
            bytes: (0..=255).collect(),
        }];
        let raw = l.bytes(2);
        let m = MessageParser::default().parse(&raw).unwrap();
        assert_eq!(m.subject().unwrap(), l.subject);
        assert_eq!(
            m.from().unwrap().first().unwrap().name().unwrap(),
            "J\u{fc}rgen Wei\u{df}"
        );
        assert_eq!(
            m.body_text(0).unwrap().trim_end(),
            "gr\u{fc}n = green \r\n.\r\nend"
        );
        assert_eq!(m.body_html(0).unwrap().trim_end(), "<p>x</p>");
        let file = m.attachment(0).unwrap();
        assert_eq!(file.attachment_name(), Some("a.bin"));
        assert_eq!(file.contents(), (0..=255).collect::<Vec<u8>>());
        assert_eq!(m.date().unwrap().to_timestamp(), l.date);
        let lines = raw.split(|b| *b == b'\n');
        assert!(
            lines
                .clone()
                .all(|l| l.len() < 998 && (l.is_empty() || l.ends_with(b"\r")))
        );
    }

    #[test]
    fn japanese_mail_is_seven_bit() {
        let mut l = letter();
        l.subject = "x".to_owned();
        l.from.name = String::new();
        l.text = "\u{4e86}\u{89e3}\u{3057}\u{307e}\u{3057}\u{305f}\u{3002}".to_owned();
        l.charset = Some(encoding_rs::ISO_2022_JP);
        let raw = l.bytes(9);
        assert!(raw.is_ascii());
        let m = MessageParser::default().parse(&raw).unwrap();
        assert_eq!(m.body_text(0).unwrap().trim_end(), l.text);
    }

    #[test]
    fn references_stay_short() {
        let mut l = letter();
        l.references = (0..90).map(|n| format!("{n}@example.com")).collect();
        let raw = String::from_utf8(l.bytes(0)).unwrap();
        assert!(raw.contains("References: <0@example.com>\r\n <70@example.com>"));
        assert!(raw.contains("In-Reply-To: <89@example.com>"));
    }
}
