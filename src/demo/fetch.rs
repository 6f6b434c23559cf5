//! What a FETCH gives of one message (RFC 3501 §6.4.5), cut out of its bytes.

use super::answer::{flags, nstring};
use super::folder::Stored;
use super::structure;
use imap_types::core::AString;
use imap_types::datetime::DateTime;
use imap_types::fetch::{MessageDataItem, MessageDataItemName, Section};
use std::num::{NonZeroU32, NonZeroU64};

/// The items asked for; one that can't be given is left out.
pub fn items(message: &Stored, names: &[MessageDataItemName<'_>]) -> Vec<MessageDataItem<'static>> {
    names.iter().filter_map(|n| item(message, n)).collect()
}

/// Whether giving this marks the message as read.
pub fn marks_seen(name: &MessageDataItemName<'_>) -> bool {
    matches!(
        name,
        MessageDataItemName::BodyExt { peek: false, .. }
            | MessageDataItemName::Rfc822
            | MessageDataItemName::Rfc822Text
            | MessageDataItemName::Binary { peek: false, .. }
    )
}

fn item(message: &Stored, name: &MessageDataItemName<'_>) -> Option<MessageDataItem<'static>> {
    let raw = &message.raw;
    Some(match name {
        MessageDataItemName::Uid => MessageDataItem::Uid(NonZeroU32::new(message.uid)?),
        MessageDataItemName::Flags => MessageDataItem::Flags(flags(&message.flags)),
        MessageDataItemName::InternalDate => MessageDataItem::InternalDate(date(message.date)?),
        MessageDataItemName::Rfc822Size => {
            MessageDataItem::Rfc822Size(u32::try_from(raw.len()).unwrap_or(u32::MAX))
        }
        MessageDataItemName::Rfc822 => MessageDataItem::Rfc822(nstring(Some(raw.to_vec()))),
        MessageDataItemName::Rfc822Header => {
            MessageDataItem::Rfc822Header(nstring(Some(split(raw).0.to_vec())))
        }
        MessageDataItemName::Rfc822Text => {
            MessageDataItem::Rfc822Text(nstring(Some(split(raw).1.to_vec())))
        }
        MessageDataItemName::BodyExt {
            section, partial, ..
        } => {
            let data = match section {
                Some(section) => cut(raw, section),
                None => Some(raw.to_vec()),
            };
            let (data, origin) = match (data, partial) {
                (Some(data), Some((from, count))) => {
                    (Some(window(&data, *from, *count)), Some(*from))
                }
                (data, _) => (data, None),
            };
            MessageDataItem::BodyExt {
                section: section.as_ref().map(own),
                origin,
                data: nstring(data),
            }
        }
        MessageDataItemName::ModSeq => MessageDataItem::ModSeq(NonZeroU64::new(message.modseq)?),
        MessageDataItemName::Envelope => MessageDataItem::Envelope(structure::envelope(raw)),
        MessageDataItemName::Body => MessageDataItem::Body(structure::body(raw)?),
        MessageDataItemName::BodyStructure => MessageDataItem::BodyStructure(structure::body(raw)?),
        _ => return None,
    })
}

fn own(section: &Section<'_>) -> Section<'static> {
    use imap_types::IntoStatic;
    section.clone().into_static()
}

/// A moment as IMAP dates have it, in UTC.
pub fn date(seconds: i64) -> Option<DateTime> {
    // The last moment that a year of four digits can be written for, in every zone.
    let seconds = seconds.clamp(0, 253_402_207_200);
    let stamp = jiff::Timestamp::from_second(seconds).ok()?.to_string();
    stamp.parse().ok().map(DateTime::unvalidated)
}

/// Header (with the empty line) and body.
pub fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    if raw.starts_with(b"\r\n") {
        return raw.split_at(2);
    }
    match raw.windows(4).position(|w| w == b"\r\n\r\n") {
        Some(at) => raw.split_at(at + 4),
        None => (raw, &[]),
    }
}

/// The fields of a header, each with its folded lines and its CRLF, without the empty line.
pub fn fields(header: &[u8]) -> Vec<&[u8]> {
    let mut starts = vec![];
    let mut at = 0;
    for line in header.split_inclusive(|b| *b == b'\n') {
        if line == b"\r\n" {
            break;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") || starts.is_empty() {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(at);
    let pairs = starts.iter().zip(starts.iter().skip(1));
    pairs.filter_map(|(a, b)| header.get(*a..*b)).collect()
}

/// The name of a field.
pub fn field_name(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|b| *b == b':').unwrap_or(field.len());
    field.get(..end).unwrap_or_default().trim_ascii()
}

fn picked(header: &[u8], names: &[AString<'_>], wanted: bool) -> Vec<u8> {
    let mut all = Vec::new();
    for field in fields(header) {
        let named = names
            .iter()
            .any(|n| field_name(field).eq_ignore_ascii_case(n.as_ref()));
        if named == wanted {
            all.extend_from_slice(field);
        }
    }
    all.extend_from_slice(b"\r\n");
    all
}

/// The bytes of a section; `None` if the message has no such part.
fn cut(raw: &[u8], section: &Section<'_>) -> Option<Vec<u8>> {
    let inside = |part: &Option<imap_types::fetch::Part>| match part {
        None => Some(raw.to_vec()),
        Some(part) => structure::nested(raw, part.0.as_ref()),
    };
    Some(match section {
        Section::Header(part) => split(&inside(part)?).0.to_vec(),
        Section::Text(part) => split(&inside(part)?).1.to_vec(),
        Section::HeaderFields(part, names) => picked(split(&inside(part)?).0, names.as_ref(), true),
        Section::HeaderFieldsNot(part, names) => {
            picked(split(&inside(part)?).0, names.as_ref(), false)
        }
        Section::Part(part) => structure::part(raw, part.0.as_ref())?.body,
        Section::Mime(part) => structure::part(raw, part.0.as_ref())?.header,
    })
}

/// The bytes of `data` that are asked for with `<from.count>`.
pub fn window(data: &[u8], from: u32, count: NonZeroU32) -> Vec<u8> {
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let count = usize::try_from(count.get()).unwrap_or(usize::MAX);
    data.iter().skip(from).take(count).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &[u8] = b"From: a@example.org\r\nSubject: one\r\n two\r\nX: y\r\n\r\nbody\r\n";

    #[test]
    fn header_and_body_part_at_the_empty_line() {
        assert_eq!(split(RAW).1, b"body\r\n");
        assert_eq!(split(b"no end").1, b"");
        assert_eq!(split(b"\r\nall body"), (&b"\r\n"[..], &b"all body"[..]));
    }

    #[test]
    fn fields_keep_their_folds() {
        let all = fields(split(RAW).0);
        assert_eq!(all.len(), 3);
        assert_eq!(all[1], b"Subject: one\r\n two\r\n");
        assert_eq!(field_name(all[1]), b"Subject");
        let names = [AString::try_from("SUBJECT").unwrap()];
        assert_eq!(picked(RAW, &names, true), b"Subject: one\r\n two\r\n\r\n");
        assert_eq!(
            picked(RAW, &names, false),
            b"From: a@example.org\r\nX: y\r\n\r\n"
        );
    }

    #[test]
    fn a_window_beyond_the_end_is_empty() {
        let n = NonZeroU32::new(3).unwrap();
        assert_eq!(window(b"abcdef", 4, n), b"ef");
        assert_eq!(window(b"abcdef", 9, n), b"");
    }

    #[test]
    fn dates_of_any_number_can_be_written() {
        for s in [i64::MIN, -1, 0, 1_700_000_000, i64::MAX] {
            assert!(date(s).is_some(), "{s}");
        }
    }
}
