//! One message as a FETCH response gives it: what imap-codec spells, and what extensions add
//! (RFC 8474 OBJECTID, RFC 8970 PREVIEW, RFC 3516 BINARY, Gmail's X-GM-EXT-1).

use super::ask::Item;
use super::fetch::window;
use super::folder::Stored;
use super::person::Person;
use super::spell;
use super::structure;
use imap_types::fetch::MessageDataItemName;
use mail_parser::MessageParser;
use std::num::NonZeroU32;

/// The longest preview (RFC 8970 §3.1), in characters.
const MAX_PREVIEW: usize = 200;

/// EMAILID as the wire has it.
pub fn email_id(id: u64) -> String {
    format!("M{id:x}")
}

/// THREADID as the wire has it.
pub fn thread_id(id: u64) -> String {
    format!("T{id:x}")
}

/// MAILBOXID as the wire has it.
pub fn mailbox_id(id: u64) -> String {
    format!("F{id:x}")
}

/// What extensions add to a FETCH of this message, read in that mailbox.
pub fn more(
    person: &Person,
    mailbox: &str,
    message: &Stored,
    items: &[Item],
    names: &[MessageDataItemName<'_>],
) -> Vec<Vec<u8>> {
    let own = items.iter().map(|i| item(person, mailbox, message, *i));
    let binary = names.iter().filter_map(|n| binary(message, n));
    own.chain(binary).collect()
}

fn item(person: &Person, mailbox: &str, message: &Stored, item: Item) -> Vec<u8> {
    let text = match item {
        Item::EmailId => format!("EMAILID ({})", email_id(message.email)),
        Item::ThreadId => format!("THREADID ({})", thread_id(message.thread)),
        Item::GmMessage => format!("X-GM-MSGID {}", message.email),
        Item::GmThread => format!("X-GM-THRID {}", message.thread),
        Item::GmLabels => return labels(&person.labels(message.email, mailbox)),
        Item::Preview => {
            let mut bytes = b"PREVIEW ".to_vec();
            bytes.extend(spell::string(&preview(&message.raw)));
            return bytes;
        }
    };
    text.into_bytes()
}

/// X-GM-LABELS with these labels.
pub fn labels(all: &[String]) -> Vec<u8> {
    let spelt = all.iter().map(|l| match l.starts_with('\\') {
        true => l.clone(),
        false => spell::mailbox(l, false),
    });
    let spelt: Vec<String> = spelt.collect();
    format!("X-GM-LABELS ({})", spelt.join(" ")).into_bytes()
}

/// The first words of a message.
fn preview(raw: &[u8]) -> String {
    let parsed = MessageParser::default().parse(raw);
    let text = parsed.filter(|m| !m.parts.is_empty()).and_then(|m| {
        let text = m.body_text(0)?;
        let words: Vec<&str> = text.split_whitespace().take(MAX_PREVIEW).collect();
        Some(words.join(" "))
    });
    text.unwrap_or_default().chars().take(MAX_PREVIEW).collect()
}

fn binary(message: &Stored, name: &MessageDataItemName<'_>) -> Option<Vec<u8>> {
    let path = |section: &[NonZeroU32]| {
        let numbers: Vec<String> = section.iter().map(ToString::to_string).collect();
        numbers.join(".")
    };
    Some(match name {
        MessageDataItemName::BinarySize { section } => {
            let size = structure::decoded(&message.raw, section).map_or(0, |d| d.len());
            format!("BINARY.SIZE[{}] {size}", path(section)).into_bytes()
        }
        MessageDataItemName::Binary {
            section, partial, ..
        } => {
            let data = structure::decoded(&message.raw, section);
            let (data, origin) = match (data, partial) {
                (Some(d), Some((from, count))) => {
                    (Some(window(&d, *from, *count)), format!("<{from}>"))
                }
                (d, _) => (d, String::new()),
            };
            let mut bytes = format!("BINARY[{}]{origin} ", path(section)).into_bytes();
            match data {
                None => bytes.extend_from_slice(b"NIL"),
                Some(data) => {
                    let eight = if data.contains(&0) { "~" } else { "" };
                    bytes.extend_from_slice(format!("{eight}{{{}}}\r\n", data.len()).as_bytes());
                    bytes.extend_from_slice(&data);
                }
            }
            bytes
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_is_the_first_words() {
        let raw = b"Subject: x\r\n\r\n  Hello\r\n\r\nthere \xc3\xbc \r\n";
        assert_eq!(preview(raw), "Hello there \u{fc}");
        assert_eq!(preview(b""), "");
        let long = format!("\r\n{}", "word ".repeat(500));
        assert_eq!(preview(long.as_bytes()).chars().count(), MAX_PREVIEW);
    }

    #[test]
    fn a_part_is_given_decoded() {
        let raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9t=E9\r\n--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";
        let n = |n| NonZeroU32::new(n).unwrap();
        assert_eq!(structure::decoded(raw, &[n(1)]).unwrap(), b"\xe9t\xe9");
        assert_eq!(structure::decoded(raw, &[n(2)]).unwrap(), [0, 1, 2]);
        assert_eq!(structure::decoded(raw, &[n(3)]), None);
    }
}
