//! What goes back to an IMAP client: responses of RFC 3501 §7, spelt by imap-codec.
//!
//! Everything for one command is gathered and sent at once, the tagged line last.

use crate::model::Flags;
use imap_codec::ResponseCodec;
use imap_codec::encode::Encoder;
use imap_types::auth::AuthMechanism;
use imap_types::core::{Atom, NString, Tag, Text, Vec1};
use imap_types::extensions::uidplus::{UidElement, UidSet};
use imap_types::flag::{Flag, FlagFetch};
use imap_types::response::{
    Capability, Code, CodeOther, CommandContinuationRequest, Data, Response, Status, StatusKind,
};
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

    fn push(&mut self, response: &Response<'_>) {
        self.bytes
            .extend(ResponseCodec::default().encode(response).dump());
    }

    /// Untagged data.
    pub fn data(&mut self, data: Data<'_>) {
        self.push(&Response::Data(data));
    }

    fn status(
        &mut self,
        tag: Option<&Tag<'_>>,
        kind: StatusKind,
        code: Option<Code<'_>>,
        text: &str,
    ) {
        let text = Text::try_from(text).or_else(|_| Text::try_from("-"));
        let Ok(text) = text else { return };
        let Ok(status) = Status::new(tag.cloned(), kind, code, text);
        self.push(&Response::Status(status));
    }

    /// An untagged OK that carries a code.
    pub fn note(&mut self, code: Code<'_>, text: &str) {
        self.status(None, StatusKind::Ok, Some(code), text);
    }

    /// The command succeeded.
    pub fn ok(&mut self, tag: &Tag<'_>, code: Option<Code<'_>>, text: &str) {
        self.status(Some(tag), StatusKind::Ok, code, text);
    }

    /// The command failed; `code` as an atom, empty for none.
    pub fn no(&mut self, tag: &Tag<'_>, code: &'static str, text: &str) {
        let code = match code {
            "" => None,
            "TRYCREATE" => Some(Code::TryCreate),
            "TOOBIG" => Some(Code::TooBig),
            "OVERQUOTA" => Some(Code::OverQuota),
            other => Some(Code::Other(CodeOther::unvalidated(other.as_bytes()))),
        };
        self.status(Some(tag), StatusKind::No, code, text);
    }

    /// The command was not understood; without a tag if there was none to be read.
    pub fn bad(&mut self, tag: Option<&Tag<'_>>, text: &str) {
        self.status(tag, StatusKind::Bad, None, text);
    }

    /// The connection ends.
    pub fn bye(&mut self, text: &str) {
        if let Ok(bye) = Status::bye(None, text) {
            self.push(&Response::Status(bye));
        }
    }

    /// Asks for the rest of a command.
    pub fn go_on(&mut self, text: &str) {
        if let Ok(request) = CommandContinuationRequest::basic(None, text) {
            self.push(&Response::CommandContinuationRequest(request));
        }
    }

    /// Asks for a SASL answer with an empty challenge.
    pub fn challenge(&mut self) {
        self.bytes.extend_from_slice(b"+ \r\n");
    }
}

/// What the server can do, and nothing else.
pub fn capabilities(signed_in: bool) -> Vec1<Capability<'static>> {
    let mut all = vec![
        Capability::Imap4Rev1,
        Capability::LiteralPlus,
        Capability::SaslIr,
        Capability::Id,
    ];
    if signed_in {
        all.extend([
            Capability::Idle,
            Capability::Move,
            Capability::UidPlus,
            Capability::Unselect,
        ]);
        let named = ["SPECIAL-USE", "CHILDREN"];
        all.extend(
            named
                .iter()
                .filter_map(|n| Atom::try_from(*n).ok())
                .map(Capability::from),
        );
    } else {
        all.push(Capability::Auth(AuthMechanism::Plain));
    }
    Vec1::try_from(all).unwrap_or_else(|_| Vec1::from(Capability::Imap4Rev1))
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

/// A UID set in the order given; neighbours become ranges. `None` for an empty list.
pub fn uid_set(uids: &[u32]) -> Option<UidSet> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(*uid) => *end = *uid,
            _ => ranges.push((*uid, *uid)),
        }
    }
    let elements: Option<Vec<UidElement>> = ranges
        .into_iter()
        .map(|(a, b)| {
            let (a, b) = (NonZeroU32::new(a)?, NonZeroU32::new(b)?);
            Some(if a == b {
                UidElement::Single(a)
            } else {
                UidElement::Range(a, b)
            })
        })
        .collect();
    Vec1::try_from(elements?).ok().map(UidSet)
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
    fn neighbours_become_ranges() {
        let set = uid_set(&[1, 2, 3, 9]).unwrap();
        assert_eq!(set.0.as_ref().len(), 2);
        assert!(uid_set(&[]).is_none());
    }
}
