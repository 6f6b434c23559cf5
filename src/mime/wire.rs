//! What every message on its way out is made with: fields, addresses, identifiers, line ends.

use super::recipients::{self, wire_addr};
use crate::lang::{of_in, tr};
use crate::model::{Account, Address, MessageId};
use crate::text::when;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_builder::headers::Header as _;
use mail_builder::headers::address::Address as Header;
use mail_builder::headers::message_id::MessageId as Ids;
use mail_builder::headers::text::Text;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

/// What we call ourselves in what we write.
pub(crate) const AGENT: &str = concat!("postrider/", env!("CARGO_PKG_VERSION"));
/// The longest identifier that is repeated in a field, in octets.
const MAX_ID: usize = 900;
/// Octets of text in one encoded-word: with the name of a field before it less than a line.
const WORD: usize = 42;
/// The most octets of a text that is written in encoded-words.
const MAX_ENCODED: usize = 100_000;

/// Why a message can't be built: which field, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// Nobody to send to.
    #[error("{}", nobody())]
    NoRecipient,
    /// A field that holds addresses can't be read.
    #[error("{}", faulty(.field, *.at, .message))]
    Address {
        /// Which field: `From`, `To`, `Cc` or `Bcc`.
        field: &'static str,
        /// Where, in characters from the start.
        at: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// What was given to be sent as it is is not a message that can be sent.
    #[error("{}", refused(.0))]
    NotAMessage(String),
}

fn nobody() -> &'static str {
    tr!("nobody to send to: fill in To, Cc or Bcc")
}

fn faulty(field: &str, at: usize, message: &str) -> String {
    let (field, n) = (of_in("field", field), at + 1);
    tr!("{field}: {message} (at character {n})", field, message, n)
}

fn refused(why: &str) -> String {
    tr!("not a message that can be sent: {why}", why)
}

/// A Message-ID that nobody else makes: 128 random bits in the domain of `email`.
pub fn new_message_id(email: &str) -> MessageId {
    let mut bits = [0u8; 16];
    if getrandom::fill(&mut bits).is_err() {
        // Without the system's source: the keys that the standard library seeds its maps with.
        let half = || RandomState::new().build_hasher().finish().to_be_bytes();
        for (bit, random) in bits.iter_mut().zip(half().into_iter().chain(half())) {
            *bit = random;
        }
    }
    let unique: String = bits.iter().map(|b| format!("{b:02x}")).collect();
    let domain = email
        .rsplit_once('@')
        .and_then(|(_, d)| recipients::ascii_domain(d));
    let domain = domain
        .filter(|d| !d.starts_with('['))
        .unwrap_or_else(|| "postrider.invalid".to_owned());
    random_id(&unique, &domain)
}

fn random_id(unique: &str, domain: &str) -> MessageId {
    // A domain in ASCII always makes an identifier, and so does the other.
    match MessageId::new(&format!("{unique}@{domain}")) {
        Some(id) => id,
        None => random_id(unique, "postrider.invalid"),
    }
}

/// The bytes with a Bcc field put in at `at` (the end of a field), if there is anybody in it; else
/// the same bytes, not a copy.
pub(crate) fn with_bcc(wire: &Arc<Vec<u8>>, at: usize, bcc: &[Address]) -> Arc<Vec<u8>> {
    if bcc.is_empty() {
        return Arc::clone(wire);
    }
    let mut field = Fields::default();
    field.addresses("Bcc", bcc);
    let (before, after) = wire.split_at(at.min(wire.len()));
    Arc::new([before, &field.bytes, after].concat())
}

/// The one address that the message is from, in wire form.
pub(crate) fn sender(typed: &str, account: &Account) -> Result<Address, BuildError> {
    let list = if typed.trim().is_empty() {
        vec![wire("From", 0, &account.identity())?]
    } else {
        self::typed("From", typed)?
    };
    match <[Address; 1]>::try_from(list) {
        Ok([one]) => Ok(one),
        Err(_) => Err(BuildError::Address {
            field: "From",
            at: 0,
            message: "exactly one sender is needed".to_owned(),
        }),
    }
}

/// A list as typed, in wire form.
pub(crate) fn typed(field: &'static str, text: &str) -> Result<Vec<Address>, BuildError> {
    let list = recipients::parse_list(text).map_err(|e| BuildError::Address {
        field,
        at: e.at,
        message: e.message,
    })?;
    list.iter().map(|a| wire(field, 0, a)).collect()
}

/// An address as it goes on the wire, its name in one line.
pub(crate) fn wire(field: &'static str, at: usize, a: &Address) -> Result<Address, BuildError> {
    let addr = recipients::check_addr(&a.addr).and_then(|()| {
        wire_addr(&a.addr).ok_or_else(|| "the domain can't be written to".to_owned())
    });
    match addr {
        Ok(addr) => Ok(Address::new(one_line(&a.name), addr)),
        Err(message) => Err(BuildError::Address { field, at, message }),
    }
}

/// The envelope's recipients, each once.
pub(crate) fn envelope<'a>(
    all: impl Iterator<Item = &'a Address>,
) -> Result<Vec<String>, BuildError> {
    let mut seen = BTreeSet::new();
    let once: Vec<String> = all
        .filter(|a| seen.insert(a.addr.to_ascii_lowercase()))
        .map(|a| a.addr.clone())
        .collect();
    if once.is_empty() {
        return Err(BuildError::NoRecipient);
    }
    Ok(once)
}

/// In one line: whatever a reader could take for a line's end, or obey, becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if recipients::is_break(c) { ' ' } else { c })
        .collect();
    plain.trim().to_owned()
}

/// Whether an identifier of somebody else's may be repeated in a field of ours.
pub(crate) fn is_plain(id: &MessageId) -> bool {
    id.as_str().len() <= MAX_ID && id.as_str().bytes().all(|b| b.is_ascii_graphic())
}

/// Header fields being written.
#[derive(Default)]
pub(crate) struct Fields {
    /// The fields so far, each ended by CRLF.
    pub bytes: Vec<u8>,
}

impl Fields {
    /// Those of a message that we write by ourselves in answer to another, up to MIME-Version.
    pub fn answer(
        (from, to): (&Address, &[Address]),
        subject: &str,
        message_id: &MessageId,
        original: &[MessageId],
        now: i64,
    ) -> Fields {
        let mut head = Fields::default();
        head.text("Date", &when::rfc5322(now));
        head.addresses("From", std::slice::from_ref(from));
        head.addresses("To", to);
        head.subject("Subject", subject);
        head.ids("Message-ID", std::slice::from_ref(message_id));
        head.ids("In-Reply-To", original);
        head.ids("References", original);
        head.text("MIME-Version", "1.0");
        head
    }

    fn name(&mut self, name: &str) -> usize {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        name.len() + 2
    }

    /// A field of plain ASCII, short enough for a line.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.bytes
            .extend(value.bytes().filter(|b| (0x20..0x7f).contains(b)));
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A field of any text, encoded and folded as it needs.
    pub fn subject(&mut self, name: &str, value: &str) {
        let value = one_line(value);
        // What looks like an encoded word would be decoded at the other end (RFC 2047 §5).
        if value.is_ascii() && value.contains("=?") {
            return self.encoded(name, &value);
        }
        let column = self.name(name);
        Text::new(value).write_header(&mut self.bytes, column);
    }

    /// A field of any text, cut where it is too long, and all of it in encoded-words: nothing in it
    /// can be taken for anything else.
    pub fn encoded(&mut self, name: &str, value: &str) {
        self.name(name);
        let (mut rest, _) = value.split_at(value.floor_char_boundary(MAX_ENCODED));
        loop {
            let (piece, more) = rest.split_at(rest.floor_char_boundary(WORD));
            let word = format!("=?utf-8?B?{}?=", STANDARD.encode(piece));
            self.bytes.extend_from_slice(word.as_bytes());
            if more.is_empty() {
                break;
            }
            self.bytes.extend_from_slice(b"\r\n ");
            rest = more;
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A field of addresses in wire form; nothing if there are none.
    pub fn addresses(&mut self, name: &str, list: &[Address]) {
        if list.is_empty() {
            return;
        }
        let column = self.name(name);
        let one = |a: &Address| {
            // What looks like an encoded-word many would decode, in quotation marks, too.
            let shown = one_line(&a.name).replace("=?", "= ?");
            Header::new_address((!shown.is_empty()).then_some(shown), a.addr.clone())
        };
        Header::new_list(list.iter().map(one).collect()).write_header(&mut self.bytes, column);
    }

    /// A field of identifiers; nothing if none may be written.
    pub fn ids(&mut self, name: &str, ids: &[MessageId]) {
        let plain: Vec<&str> = ids
            .iter()
            .filter(|id| is_plain(id))
            .map(MessageId::as_str)
            .collect();
        if !plain.is_empty() {
            let column = self.name(name);
            Ids::new_list(plain.into_iter()).write_header(&mut self.bytes, column);
        }
    }
}

/// The longest line in octets, without its end.
pub(crate) fn longest_line(bytes: &[u8]) -> usize {
    let lines = bytes.split(|b| *b == b'\n');
    lines
        .map(|l| l.strip_suffix(b"\r").unwrap_or(l).len())
        .max()
        .unwrap_or(0)
}

/// Every CR, LF and CRLF as CRLF: a lone one on the wire could end a message early (outbound SMTP
/// smuggling).
pub(crate) fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 40);
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
        let (line, end) = rest.split_at(at);
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = end
            .strip_prefix(b"\r\n")
            .or_else(|| end.get(1..))
            .unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// A whole message with its line ends, the last one too.
pub(crate) fn finished(message: &[u8]) -> Vec<u8> {
    let mut out = crlf(message);
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::mime::field;
    use crate::model::{AccountName, Endpoint, Reach, SecretSource, Security, SyncPolicy};
    use proptest::prelude::*;

    pub fn account() -> Account {
        let endpoint = Endpoint {
            host: "mail.x.example".to_owned(),
            port: 993,
            security: Security::Tls,
            pin_sha256: None,
        };
        Account {
            name: AccountName("ada".to_owned()),
            email: "ada@x.example".to_owned(),
            full_name: "Ada W.".to_owned(),
            user: "ada".to_owned(),
            secret: SecretSource::Prompt,
            imap: endpoint.clone(),
            smtp: endpoint,
            ca_file: None,
            sync: SyncPolicy {
                bodies: Reach::All,
                ..SyncPolicy::default()
            },
            save_sent: None,
            mirror_drafts: true,
            archive: crate::model::ArchiveBy::default(),
            auth: crate::model::Auth::Password,
            identities: Vec::new(),
            sendmail: None,
            authserv_id: Vec::new(),
            future_release: false,
            signature: Some("Ada\n+1 555".to_owned()),
        }
    }

    pub fn names(message: &[u8]) -> Vec<String> {
        field::split(message)
            .0
            .iter()
            .map(|f| f.name.to_owned())
            .collect()
    }

    /// What every message on the wire must be.
    pub fn sound(wire: &[u8]) -> Result<(), TestCaseError> {
        prop_assert!(wire.ends_with(b"\r\n"));
        prop_assert!(longest_line(wire) <= 998);
        prop_assert_eq!(&crlf(wire), wire);
        prop_assert!(!wire.contains(&0));
        Ok(())
    }

    #[test]
    fn a_name_is_not_decoded_once_more() {
        let mut head = Fields::default();
        let name = "=?utf-8?q?x=0a?=";
        head.addresses("To", &[Address::new(name, "b@y.example")]);
        let (_, value) = head.bytes.split_at("To:".len());
        let read = field::addresses(value);
        let read: Vec<&str> = read.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(read, ["= ?utf-8?q?x=0a?="]);
    }

    proptest! {
        #[test]
        fn no_lone_line_end_is_left(text in "(\r|\n|\r\n|\\.|x){0,40}") {
            let out = crlf(text.as_bytes());
            let bare = String::from_utf8(out).unwrap().replace("\r\n", "");
            prop_assert!(!bare.contains(['\r', '\n']));
        }
    }
}
