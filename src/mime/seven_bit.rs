//! A message with 8-bit text, made fit for a server that takes only seven bits (no 8BITMIME, RFC
//! 6152 §3): the parts that hold it become quoted-printable or base64, and nothing else changes.
//!
//! The same bytes always become the same, so that every attempt hands over one message. What is
//! signed or encrypted is never touched, and what came out must read as what went in: otherwise
//! there is no conversion at all.

use super::field;
use super::params::Parameterised;
use super::transfer::{Encoding, to_quoted_printable};
use super::tree::{MAX_DEPTH, Tree, delimiter};
use super::wire::BuildError;
use base64::Engine as _;

/// The message in seven bits.
///
/// # Errors
/// Why it can't be: what holds 8-bit text must not be touched, or can't be.
pub fn seven_bit(message: &[u8]) -> Result<Vec<u8>, BuildError> {
    let converted = entity(message, 0)?;
    let read = |bytes| {
        let tree = Tree::read(bytes);
        let parts = tree
            .parts
            .iter()
            .filter(|p| !p.is_open() && !p.is("message", "rfc822"));
        parts
            .map(|p| (p.media.clone(), p.file_name.clone(), p.bytes().into_owned()))
            .collect::<Vec<_>>()
    };
    if !converted.is_ascii() || read(message) != read(&converted) {
        return Err(refused("it would not be the same message"));
    }
    Ok(converted)
}

fn refused(why: &str) -> BuildError {
    BuildError::NotAMessage(format!(
        "the server takes only 7-bit text (no 8BITMIME), and this can't be re-encoded: {why}"
    ))
}

/// A header and what follows it.
fn entity(bytes: &[u8], depth: usize) -> Result<Vec<u8>, BuildError> {
    if bytes.is_ascii() {
        return Ok(bytes.to_vec());
    }
    if depth > MAX_DEPTH {
        return Err(refused("its parts lie too deep"));
    }
    let (fields, at) = field::split(bytes);
    let (header, body) = bytes.split_at(at.min(bytes.len()));
    if !header.is_ascii() {
        return Err(refused("a header holds 8-bit text"));
    }
    let find = |name: &str| field::find(&fields, name);
    let media = find("Content-Type").and_then(|f| Parameterised::read(f.value));
    let encoding = find("Content-Transfer-Encoding");
    let encoding = encoding.map(|f| Encoding::from_value(&field::unfolded(f.value)));
    if encoding.unwrap_or_default() != Encoding::Identity {
        return Err(refused(
            "a part holds 8-bit text that its own encoding does not have",
        ));
    }
    let of = |main: &str| media.as_ref().filter(|m| m.main == main);
    let (label, body) = if let Some(media) = of("multipart") {
        if matches!(media.sub.as_str(), "signed" | "encrypted") {
            return Err(refused("it is signed, and no signature outlives that"));
        }
        ("7bit", parts(body, media.param("boundary"), depth)?)
    } else if let Some(media) = of("message") {
        if media.sub != "rfc822" {
            return Err(refused("a report or a piece of a message holds 8-bit text"));
        }
        ("7bit", entity(body, depth + 1)?)
    } else if media.as_ref().is_none_or(|m| m.main == "text") {
        ("quoted-printable", to_quoted_printable(body))
    } else {
        ("base64", base64_text(body))
    };
    let mut out = Vec::with_capacity(header.len() + body.len() + 64);
    for f in fields.iter().filter(|f| !f.is("Content-Transfer-Encoding")) {
        out.extend_from_slice(f.raw);
    }
    out.extend_from_slice(format!("Content-Transfer-Encoding: {label}\r\n\r\n").as_bytes());
    out.extend_from_slice(&body);
    Ok(out)
}

/// The body of a multipart: what lies between its delimiters (RFC 2046 §5.1.1). The line end before
/// a delimiter is the delimiter's.
fn parts(body: &[u8], boundary: Option<&str>, depth: usize) -> Result<Vec<u8>, BuildError> {
    let boundary = boundary.ok_or_else(|| refused("a multipart has no boundary"))?;
    let mut out = Vec::with_capacity(body.len() * 2);
    let (mut begin, mut at, mut inside) = (0, 0, false);
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1);
        let (line, more) = rest.split_at(end);
        rest = more;
        if let Some(closing) = delimiter(line, boundary.as_bytes()) {
            let content = body.get(begin..at).unwrap_or_default();
            put(&mut out, content, inside, depth)?;
            out.extend_from_slice(line);
            begin = at + line.len();
            inside = !closing;
            if closing {
                break;
            }
        }
        at += line.len();
    }
    let content = body.get(begin..).unwrap_or_default();
    put(&mut out, content, inside, depth)?;
    Ok(out)
}

/// A part with the line end behind it, or what stands before the first and behind the last.
fn put(out: &mut Vec<u8>, content: &[u8], is_part: bool, depth: usize) -> Result<(), BuildError> {
    if !is_part || content.is_ascii() {
        out.extend_from_slice(content);
        return Ok(());
    }
    let inner = content.strip_suffix(b"\r\n");
    out.extend_from_slice(&entity(inner.unwrap_or(content), depth + 1)?);
    if inner.is_some() {
        out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

fn base64_text(bytes: &[u8]) -> Vec<u8> {
    let engine = base64::engine::general_purpose::STANDARD;
    let lines: Vec<String> = bytes.chunks(57).map(|line| engine.encode(line)).collect();
    lines.join("\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_becomes_quoted_printable_and_the_rest_stays() {
        let raw = "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nX-Mine: a  b\r\n\r\nnaïve \r\n.dot\r\n";
        let out = String::from_utf8(seven_bit(raw.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            out,
            "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nX-Mine: a  b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nna=C3=AFve=20\r\n.dot\r\n"
        );
        assert_eq!(
            seven_bit(b"To: x\r\n\r\nplain\r\n").unwrap(),
            b"To: x\r\n\r\nplain\r\n"
        );
    }

    #[test]
    fn only_the_parts_that_need_it_change() {
        let raw = "Content-Type: multipart/mixed; boundary=\"b b\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\nbefore\r\n--b b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf@\r\n--b b\r\nContent-Type: application/x-thing\r\nContent-Transfer-Encoding: 8bit\r\n\r\n@@\r\n--b b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>@</p>\r\n--b b--\r\nbehind\r\n";
        let raw: Vec<u8> = raw
            .bytes()
            .map(|b| if b == b'@' { 0xe9 } else { b })
            .collect();
        let out = String::from_utf8(seven_bit(&raw).unwrap()).unwrap();
        for there in [
            "before\r\n--b b\r\n",
            "caf=E9\r\n--b b\r\n",
            "base64\r\n\r\n6ek=\r\n--b b\r\n",
            "Content-Type: text/plain\r\n\r\nplain\r\n--b b\r\n",
            "<p>=E9</p>\r\n--b b--\r\nbehind\r\n",
        ] {
            assert!(out.contains(there), "{there:?} in {out}");
        }
    }

    #[test]
    fn what_must_not_be_touched_is_refused_in_plain_words() {
        for (raw, why) in [
            (
                "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\né\r\n--b--\r\n",
                "signed",
            ),
            ("Subject: é\r\n\r\nx\r\n", "header"),
            ("Content-Type: multipart/mixed\r\n\r\né\r\n", "boundary"),
            ("Content-Transfer-Encoding: base64\r\n\r\né\r\n", "encoding"),
            (
                "Content-Type: message/delivery-status\r\n\r\né\r\n",
                "report",
            ),
            (
                "Content-Type: multipart/mixed; boundary=b\r\n\r\né\r\n--b\r\n\r\nx\r\n--b--\r\n",
                "same",
            ),
        ] {
            let said = seven_bit(raw.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(why) && said.contains("8BITMIME"), "{said}");
        }
    }

    proptest! {
        #[test]
        fn what_comes_out_is_seven_bit_and_reads_the_same(
            texts in prop::collection::vec("[a é\t.=-]{0,40}(\r\n[ é-]{0,4}){0,3}", 1..4),
        ) {
            let mut raw = String::from("Content-Type: multipart/mixed; boundary=xx\r\n\r\n");
            for text in &texts {
                raw.push_str(&format!("--xx\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"));
            }
            raw.push_str("--xx--\r\n");
            let out = seven_bit(raw.as_bytes()).unwrap();
            prop_assert!(out.is_ascii());
            let tree = Tree::read(&out);
            for (n, text) in texts.iter().enumerate() {
                prop_assert_eq!(tree.parts[n + 1].text(), text.replace("\r\n", "\n"));
            }
            prop_assert_eq!(seven_bit(raw.as_bytes()).unwrap(), out);
        }
    }
}
