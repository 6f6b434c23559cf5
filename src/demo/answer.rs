//! What goes back to an IMAP client: responses of RFC 3501 §7. What imap-codec knows it spells;
//! what extensions add is spelt here or by whoever adds it.
//!
//! Everything for one command is gathered and sent at once, the tagged line last.

use crate::model::Flags;
use imap_codec::ResponseCodec;
use imap_codec::encode::Encoder;
use imap_types::core::{Atom, NString, Tag, Vec1};
use imap_types::fetch::MessageDataItem;
use imap_types::flag::{Flag, FlagFetch};
use imap_types::response::{Data, Response};
use std::num::NonZeroU32;

/// Responses waiting to be sent.
#[derive(Default)]
pub struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// The bytes so far, leaving none.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// How many bytes wait.
    pub fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// Untagged data, spelt by imap-codec.
    pub fn data(&mut self, data: Data<'_>) {
        let bytes = ResponseCodec::default()
            .encode(&Response::Data(data))
            .dump();
        self.bytes.extend(bytes);
    }

    /// Untagged data, spelt by the caller, without `*` and line end.
    pub fn line(&mut self, data: impl AsRef<[u8]>) {
        self.bytes.extend_from_slice(b"* ");
        self.bytes.extend_from_slice(data.as_ref());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A FETCH response: what imap-codec spells, then what it does not know.
    pub fn fetch(&mut self, seq: u32, items: Vec<MessageDataItem<'_>>, more: &[Vec<u8>]) {
        let Some(seq) = NonZeroU32::new(seq) else {
            return;
        };
        match Vec1::try_from(items) {
            Ok(items) => {
                self.data(Data::Fetch { seq, items });
                if more.is_empty() {
                    return;
                }
                // The `)` and the line end, to come again after the rest.
                self.bytes.truncate(self.bytes.len().saturating_sub(3));
                self.bytes.push(b' ');
            }
            Err(_) if more.is_empty() => return,
            Err(_) => self
                .bytes
                .extend_from_slice(format!("* {seq} FETCH (").as_bytes()),
        }
        self.bytes.extend_from_slice(&more.join(&b' '));
        self.bytes.extend_from_slice(b")\r\n");
    }

    fn status(&mut self, tag: Option<&Tag<'_>>, kind: &str, code: &str, text: &str) {
        let tag = tag.map_or("*", |t| t.inner());
        let code = match code {
            "" => String::new(),
            code => format!("[{code}] "),
        };
        let line = format!("{tag} {kind} {code}{text}\r\n");
        self.bytes.extend_from_slice(line.as_bytes());
    }

    /// An untagged OK that carries a code.
    pub fn note(&mut self, code: &str, text: &str) {
        self.status(None, "OK", code, text);
    }

    /// The command succeeded; `code` as it stands between brackets, empty for none.
    pub fn ok(&mut self, tag: &Tag<'_>, code: &str, text: &str) {
        self.status(Some(tag), "OK", code, text);
    }

    /// The command failed; `code` as it stands between brackets, empty for none.
    pub fn no(&mut self, tag: &Tag<'_>, code: &str, text: &str) {
        self.status(Some(tag), "NO", code, text);
    }

    /// The command was not understood; without a tag if there was none to be read.
    pub fn bad(&mut self, tag: Option<&Tag<'_>>, text: &str) {
        self.status(tag, "BAD", "", text);
    }

    /// The connection ends.
    pub fn bye(&mut self, text: &str) {
        self.status(None, "BYE", "", text);
    }

    /// Asks for the rest of a command.
    pub fn go_on(&mut self, text: &str) {
        self.bytes
            .extend_from_slice(format!("+ {text}\r\n").as_bytes());
    }

    /// Asks for a SASL answer with an empty challenge.
    pub fn challenge(&mut self) {
        self.bytes.extend_from_slice(b"+ \r\n");
    }
}

/// Flags as the wire has them.
pub fn flags(flags: &Flags) -> Vec<FlagFetch<'static>> {
    let mut all = Vec::new();
    for name in flags.to_wire() {
        if let Some(flag) = flag(&name) {
            all.push(FlagFetch::Flag(flag));
        }
    }
    all
}

/// One flag as the wire has it; `None` for what is no flag.
pub fn flag(name: &str) -> Option<Flag<'static>> {
    if let Some(system) = name.strip_prefix('\\') {
        Some(Flag::system(Atom::try_from(system.to_owned()).ok()?))
    } else {
        Some(Flag::keyword(Atom::try_from(name.to_owned()).ok()?))
    }
}

/// Text that may be missing or unspeakable (NUL can't be in an IMAP string).
pub fn nstring(bytes: Option<Vec<u8>>) -> NString<'static> {
    bytes
        .and_then(|b| NString::try_from(b).ok())
        .unwrap_or(NString(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_spelt_as_rfc_3501_has_them() {
        let mut a = Answer::default();
        let tag = Tag::try_from("a1").unwrap();
        a.data(Data::Exists(3));
        a.no(&tag, "TRYCREATE", "no such mailbox");
        a.bad(None, "what?");
        a.go_on("idling");
        let text = String::from_utf8(a.take()).unwrap();
        assert_eq!(
            text,
            "* 3 EXISTS\r\na1 NO [TRYCREATE] no such mailbox\r\n* BAD what?\r\n+ idling\r\n"
        );
    }

    #[test]
    fn what_the_codec_does_not_know_is_added() {
        let mut a = Answer::default();
        let uid = || MessageDataItem::Uid(NonZeroU32::MIN);
        a.fetch(1, vec![uid()], &[]);
        a.fetch(2, vec![uid()], &[b"X 1".to_vec(), b"Y 2".to_vec()]);
        a.fetch(3, vec![], &[b"X 1".to_vec()]);
        a.fetch(4, vec![], &[]);
        let text = String::from_utf8(a.take()).unwrap();
        assert_eq!(
            text,
            "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 1 X 1 Y 2)\r\n* 3 FETCH (X 1)\r\n"
        );
    }
}
