//! The parts of a message as IMAP counts them: ENVELOPE, BODYSTRUCTURE and sections by number
//! (RFC 3501 §7.4.2), from what mail-parser sees.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imap_types::body::{
    BasicFields, Body, BodyStructure, Disposition, MultiPartExtensionData, SinglePartExtensionData,
    SpecificFields,
};
use imap_types::core::{IString, NString, Quoted, Vec1};
use imap_types::envelope::{Address, Envelope};
use mail_parser::{HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::num::NonZeroU32;

/// How deep parts may lie in parts before they are given as mere bytes.
const MAX_DEPTH: usize = 16;

/// One part as bytes.
pub struct Cut {
    /// Its MIME header with the empty line.
    pub header: Vec<u8>,
    /// Its body as it stands in the message, still encoded.
    pub body: Vec<u8>,
}

fn slice(raw: &[u8], from: u32, to: u32) -> &[u8] {
    let (from, to) = (from as usize, to as usize);
    raw.get(from..to.min(raw.len())).unwrap_or_default()
}

/// The part with that number; `None` if there is none.
pub fn part(raw: &[u8], path: &[NonZeroU32]) -> Option<Cut> {
    let message = MessageParser::default().parse(raw)?;
    let mut id = 0_usize;
    let mut rest = path;
    loop {
        let part = message.parts.get(id)?;
        let cut = Cut {
            header: slice(raw, part.offset_header, part.offset_body).to_vec(),
            body: slice(raw, part.offset_body, part.offset_end).to_vec(),
        };
        let Some((number, deeper)) = rest.split_first() else {
            return Some(cut);
        };
        let number = usize::try_from(number.get()).ok()?;
        match &part.body {
            PartType::Multipart(children) => {
                id = usize::try_from(*children.get(number - 1)?).ok()?;
                rest = deeper;
            }
            PartType::Message(_) if id != 0 => return self::part(&cut.body, rest),
            // "1" is the body of a message that has only one part.
            _ => return (id == 0 && number == 1 && deeper.is_empty()).then_some(cut),
        }
    }
}

/// The body of the part with that number, its transfer encoding undone (RFC 3516); the whole
/// message for no number. `None` if there is no such part.
pub fn decoded(raw: &[u8], path: &[NonZeroU32]) -> Option<Vec<u8>> {
    let cut = part(raw, path)?;
    if path.is_empty() {
        return Some(raw.to_vec());
    }
    let header = match cut.header.is_empty() {
        true => b"\r\n".to_vec(),
        false => cut.header,
    };
    let alone = [header, cut.body.clone()].concat();
    let message = MessageParser::default().parse(&alone[..])?;
    match &message.parts.first()?.body {
        PartType::Multipart(_) | PartType::Message(_) => Some(cut.body),
        PartType::Text(text) | PartType::Html(text) => {
            let first = message.parts.first()?;
            // mail-parser turns text into UTF-8 too; the bytes are wanted as they were encoded.
            let plain = matches!(first.encoding, mail_parser::Encoding::None);
            Some(if plain {
                cut.body
            } else {
                undone(first, &cut.body, text)
            })
        }
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(bytes.to_vec()),
    }
}

/// Base64 or quoted-printable undone; what mail-parser made of it where that fails.
fn undone(part: &MessagePart<'_>, body: &[u8], text: &str) -> Vec<u8> {
    let decoded = match part.encoding {
        mail_parser::Encoding::Base64 => mail_parser::decoders::base64::base64_decode(body),
        _ => mail_parser::decoders::quoted_printable::quoted_printable_decode(body),
    };
    decoded.unwrap_or_else(|| text.as_bytes().to_vec())
}

/// The message that lies inside a message at that number.
pub fn nested(raw: &[u8], path: &[NonZeroU32]) -> Option<Vec<u8>> {
    part(raw, path).map(|p| p.body)
}

fn string(text: &str) -> IString<'static> {
    let usable: String = text.chars().filter(|c| !c.is_control()).collect();
    IString::try_from(usable).unwrap_or_else(|_| IString::Quoted(Quoted::unvalidated("")))
}

fn text(text: Option<&str>) -> NString<'static> {
    let Some(text) = text else {
        return NString(None);
    };
    if text.is_ascii() {
        return NString(Some(string(text)));
    }
    // What stands in the message is an encoded word; the client decodes one (RFC 2047).
    let word = format!("=?utf-8?B?{}?=", STANDARD.encode(text));
    NString(Some(string(&word)))
}

fn addresses(from: Option<&mail_parser::Address<'_>>) -> Vec<Address<'static>> {
    let Some(from) = from else { return vec![] };
    let one = |a: &mail_parser::Addr<'_>| {
        let address = a.address.as_deref().unwrap_or_default();
        let (mailbox, host) = address.rsplit_once('@').unwrap_or((address, ""));
        Address {
            name: text(a.name.as_deref()),
            adl: NString(None),
            mailbox: text(Some(mailbox)),
            host: text(Some(host)),
        }
    };
    from.iter().take(1000).map(one).collect()
}

fn ids(value: &mail_parser::HeaderValue<'_>) -> Option<String> {
    let all = value.as_text_list()?;
    let spelt: Vec<String> = all.iter().map(|id| format!("<{id}>")).collect();
    Some(spelt.join(" "))
}

/// ENVELOPE of a message.
pub fn envelope(raw: &[u8]) -> Envelope<'static> {
    let parsed = MessageParser::default().parse_headers(raw);
    // mail-parser's getters index the first part without asking.
    let Some(parsed) = parsed.filter(|m| !m.parts.is_empty()) else {
        return Envelope {
            date: NString(None),
            subject: NString(None),
            from: vec![],
            sender: vec![],
            reply_to: vec![],
            to: vec![],
            cc: vec![],
            bcc: vec![],
            in_reply_to: NString(None),
            message_id: NString(None),
        };
    };
    let from = addresses(parsed.from());
    let or_from = |a: Vec<Address<'static>>| if a.is_empty() { from.clone() } else { a };
    let message_id = parsed.message_id().map(|id| format!("<{id}>"));
    Envelope {
        date: text(parsed.header_raw(HeaderName::Date).map(str::trim)),
        subject: text(parsed.subject()),
        sender: or_from(addresses(parsed.sender())),
        reply_to: or_from(addresses(parsed.reply_to())),
        to: addresses(parsed.to()),
        cc: addresses(parsed.cc()),
        bcc: addresses(parsed.bcc()),
        in_reply_to: text(ids(parsed.in_reply_to()).as_deref()),
        message_id: text(message_id.as_deref()),
        from,
    }
}

/// BODYSTRUCTURE of a message; `None` if nothing can be made of it.
pub fn body(raw: &[u8]) -> Option<BodyStructure<'static>> {
    let message = MessageParser::default().parse(raw)?;
    describe(raw, &message, 0, 0)
}

fn pairs(of: Option<&mail_parser::ContentType<'_>>) -> Vec<(IString<'static>, IString<'static>)> {
    let attributes = of.and_then(|c| c.attributes()).unwrap_or_default();
    let spelt = attributes.iter().map(|a| {
        let value = match text(Some(&a.value)).0 {
            Some(value) => value,
            None => string(""),
        };
        (string(&a.name), value)
    });
    spelt.collect()
}

fn disposition(part: &MessagePart<'_>) -> Option<Disposition<'static>> {
    let header = part.content_disposition()?;
    Some(Disposition {
        disposition: Some((string(header.ctype()), pairs(Some(header)))),
        tail: None,
    })
}

fn describe(
    raw: &[u8],
    message: &Message<'_>,
    id: u32,
    depth: usize,
) -> Option<BodyStructure<'static>> {
    let part = message.parts.get(usize::try_from(id).ok()?)?;
    let kind = part.content_type();
    let bytes = slice(raw, part.offset_body, part.offset_end);
    let lines = bytes.iter().filter(|b| **b == b'\n').count();
    let lines = u32::try_from(lines).unwrap_or(u32::MAX);
    if let (PartType::Multipart(children), true) = (&part.body, depth < MAX_DEPTH) {
        let bodies: Vec<_> = children
            .iter()
            .filter_map(|c| describe(raw, message, *c, depth + 1))
            .collect();
        return Some(BodyStructure::Multi {
            bodies: Vec1::try_from(bodies).ok()?,
            subtype: string(kind.and_then(|k| k.subtype()).unwrap_or("mixed")),
            extension_data: Some(MultiPartExtensionData {
                parameter_list: pairs(kind),
                tail: disposition(part),
            }),
        });
    }
    let (main, sub) = match kind {
        Some(k) => (k.ctype(), k.subtype().unwrap_or("octet-stream")),
        None => ("text", "plain"),
    };
    let specific = if main.eq_ignore_ascii_case("text") {
        SpecificFields::Text {
            subtype: string(sub),
            number_of_lines: lines,
        }
    } else if main.eq_ignore_ascii_case("message")
        && sub.eq_ignore_ascii_case("rfc822")
        && depth < MAX_DEPTH
        && id != 0
    {
        SpecificFields::Message {
            envelope: Box::new(envelope(bytes)),
            body_structure: Box::new(body(bytes)?),
            number_of_lines: lines,
        }
    } else {
        SpecificFields::Basic {
            r#type: string(main),
            subtype: string(sub),
        }
    };
    let basic = BasicFields {
        parameter_list: pairs(kind),
        id: text(part.content_id().map(|i| format!("<{i}>")).as_deref()),
        description: text(part.content_description()),
        content_transfer_encoding: string(part.content_transfer_encoding().unwrap_or("7bit")),
        size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
    };
    Some(BodyStructure::Single {
        body: Body { basic, specific },
        extension_data: Some(SinglePartExtensionData {
            md5: NString(None),
            tail: disposition(part),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RAW: &[u8] = b"From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\n\
        Message-ID: <1@example.org>\r\nIn-Reply-To: <0@example.org>\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n\
        --b\r\nContent-Type: image/png; name=x.png\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=x.png\r\n\r\nAAAA\r\n--b--\r\n";

    fn path(n: &[u32]) -> Vec<NonZeroU32> {
        n.iter().map(|n| NonZeroU32::new(*n).unwrap()).collect()
    }

    #[test]
    fn sections_are_counted_from_one() {
        assert_eq!(part(RAW, &path(&[1])).unwrap().body, b"hello");
        let second = part(RAW, &path(&[2])).unwrap();
        assert_eq!(second.body, b"AAAA");
        assert!(second.header.starts_with(b"Content-Type: image/png"));
        assert!(part(RAW, &path(&[3])).is_none());
        assert!(part(RAW, &path(&[1, 1])).is_none());
        let single = b"Subject: x\r\n\r\nall\r\n";
        assert_eq!(part(single, &path(&[1])).unwrap().body, b"all\r\n");
        assert!(part(single, &path(&[2])).is_none());
    }

    #[test]
    fn a_message_in_a_message_is_descended_into() {
        let mut raw = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\
            Content-Type: message/rfc822\r\n\r\n"
            .to_vec();
        raw.extend_from_slice(RAW);
        raw.extend_from_slice(b"\r\n--o--\r\n");
        assert_eq!(part(&raw, &path(&[1, 1])).unwrap().body, b"hello");
        assert!(nested(&raw, &path(&[1])).unwrap().starts_with(b"From:"));
        let Some(BodyStructure::Multi { bodies, .. }) = body(&raw) else {
            panic!("not multi")
        };
        let BodyStructure::Single { body, .. } = &bodies.as_ref()[0] else {
            panic!("not single")
        };
        assert!(matches!(body.specific, SpecificFields::Message { .. }));
    }

    #[test]
    fn the_envelope_names_people_and_ids() {
        let e = envelope(RAW);
        assert_eq!(e.from.len(), 1);
        assert_eq!(e.sender, e.from);
        assert_eq!(
            e.message_id.into_option().unwrap().as_ref(),
            b"<1@example.org>"
        );
        assert_eq!(
            e.in_reply_to.into_option().unwrap().as_ref(),
            b"<0@example.org>"
        );
        assert!(envelope(b"").from.is_empty());
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange_to_be_described(
            raw in proptest::collection::vec(
                prop_oneof![
                    Just("Content-Type: multipart/mixed; boundary=b\r\n".to_owned()),
                    Just("Content-Type: message/rfc822\r\n".to_owned()),
                    Just("Content-Transfer-Encoding: base64\r\n".to_owned()),
                    Just("From: \"a\" <b@c>, d:;\r\n".to_owned()),
                    Just("In-Reply-To: <a> <b>\r\n".to_owned()),
                    Just("\r\n".to_owned()),
                    Just("--b\r\n".to_owned()),
                    Just("--b--".to_owned()),
                    "\\PC{0,12}",
                ],
                0..24,
            ),
            path in proptest::collection::vec(1_u32..4, 0..4),
        ) {
            let raw = raw.concat();
            let _ = (envelope(raw.as_bytes()), body(raw.as_bytes()));
            if let Some(cut) = part(raw.as_bytes(), &self::path(&path)) {
                prop_assert!(cut.body.len() <= raw.len());
            }
        }
    }
}
