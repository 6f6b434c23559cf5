//! A new message, as it was told and as the cache's columns hold it. The second is made where the
//! header was parsed, so that the one thread that writes has nothing left to do but to write.

use crate::model::{Address, Envelope, Flags, Uid};
use crate::store::codec;
use crate::store::threads;
use crate::text::tokens::spaced;
use std::borrow::Cow;

/// A message as a header fetch tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its UID.
    pub uid: Uid,
    /// The server's flags.
    pub flags: Flags,
    /// INTERNALDATE, seconds since 1970.
    pub internal_date: i64,
    /// RFC822.SIZE in octets.
    pub size: u64,
    /// Its header fields.
    pub envelope: Envelope,
    /// What names the message for ever within the account, wherever it lies (OBJECTID's EMAILID,
    /// RFC 8474, or Gmail's X-GM-MSGID), if the server has such names.
    pub identity: Option<String>,
    /// What the messages of its conversation share (THREADID, X-GM-THRID), if the server says.
    pub thread_hint: Option<String>,
}

/// A [`NewMessage`], ready to be written.
#[derive(Clone, Debug)]
pub struct Packed {
    pub(super) uid: Uid,
    pub(super) flags: Flags,
    pub(super) internal_date: i64,
    pub(super) size: u64,
    pub(super) identity: Option<String>,
    pub(super) thread_hint: Option<String>,
    pub(super) header: Header,
}

/// A text of a header: a column, or words for the search.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    Subject,
    From,
    Sender,
    ReplyTo,
    To,
    Cc,
    MessageId,
    InReplyTo,
    Refs,
    ListId,
    AuthResults,
    SubjectWords,
    Senders,
    Recipients,
}

/// Room for the texts of nearly every header.
const ROOM: usize = 2_048;
/// How many there are.
const TEXTS: usize = Text::Recipients as usize + 1;

/// The columns of a header. It goes to another thread, and what is made here and let go there is
/// dear: so its texts lie in one piece.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) date: Option<i64>,
    pub(super) maybe_attachments: bool,
    /// The identifiers that it joins, hashed.
    pub(super) hashes: Vec<i64>,
    texts: Box<str>,
    /// Where each text ends and the next one begins.
    ends: [usize; TEXTS],
    has_list_id: bool,
    has_auth_results: bool,
}

impl Header {
    /// `texts`: room to work in.
    fn of(envelope: &Envelope, texts: &mut String) -> Header {
        let e = envelope;
        texts.clear();
        let mut ends = [0; TEXTS];
        let mut add = |which: Text, write: &dyn Fn(&mut String)| {
            write(texts);
            if let Some(end) = ends.get_mut(which as usize) {
                *end = texts.len();
            }
        };
        // In the order of `Text`.
        add(Text::Subject, &|t| t.push_str(&e.subject));
        add(Text::From, &|t| codec::push_addresses(t, &e.from));
        let sender = e.sender.as_slice();
        add(Text::Sender, &|t| codec::push_addresses(t, sender));
        add(Text::ReplyTo, &|t| codec::push_addresses(t, &e.reply_to));
        add(Text::To, &|t| codec::push_addresses(t, &e.to));
        add(Text::Cc, &|t| codec::push_addresses(t, &e.cc));
        let id = e.message_id.as_slice();
        add(Text::MessageId, &|t| codec::push_ids(t, id));
        add(Text::InReplyTo, &|t| codec::push_ids(t, &e.in_reply_to));
        add(Text::Refs, &|t| codec::push_ids(t, &e.references));
        let list = e.list_id.as_deref();
        add(Text::ListId, &|t| t.push_str(list.unwrap_or_default()));
        let auth = e.auth_results.as_deref();
        add(Text::AuthResults, &|t| t.push_str(auth.unwrap_or_default()));
        add(Text::SubjectWords, &|t| {
            // Only where they differ from it.
            if let Cow::Owned(words) = spaced(&e.subject) {
                t.push_str(&words);
            }
        });
        add(Text::Senders, &|t| {
            people(t, &mut e.from.iter().chain(&e.sender));
        });
        add(Text::Recipients, &|t| {
            people(t, &mut e.to.iter().chain(&e.cc));
        });
        Header {
            date: e.date,
            maybe_attachments: e.maybe_attachments,
            hashes: threads::hashes(e),
            texts: texts.as_str().into(),
            ends,
            has_list_id: list.is_some(),
            has_auth_results: auth.is_some(),
        }
    }

    /// A text; empty if there is none.
    pub(super) fn get(&self, which: Text) -> &str {
        let at = which as usize;
        let before = at.checked_sub(1).and_then(|at| self.ends.get(at));
        let from = before.copied().unwrap_or(0);
        let to = self.ends.get(at).copied().unwrap_or(from);
        self.texts.get(from..to).unwrap_or_default()
    }

    /// The list's identifier.
    pub(super) fn list_id(&self) -> Option<&str> {
        self.has_list_id.then(|| self.get(Text::ListId))
    }

    /// What a server says of who sent it.
    pub(super) fn auth_results(&self) -> Option<&str> {
        self.has_auth_results.then(|| self.get(Text::AuthResults))
    }

    /// All that the search finds it by.
    pub(super) fn all_words(&self) -> [&str; 3] {
        [Text::Subject, Text::Senders, Text::Recipients].map(|which| self.get(which))
    }

    /// What the search finds the subject by.
    pub(super) fn subject_words(&self) -> &str {
        match self.get(Text::SubjectWords) {
            "" => self.get(Text::Subject),
            words => words,
        }
    }
}

/// Makes messages ready, many of them: the room to work in is made once.
#[derive(Debug)]
pub struct HeaderPacker(String);

impl Default for HeaderPacker {
    fn default() -> HeaderPacker {
        HeaderPacker(String::with_capacity(ROOM))
    }
}

impl HeaderPacker {
    /// Makes a message ready.
    pub fn pack(&mut self, new: NewMessage) -> Packed {
        Packed {
            uid: new.uid,
            flags: new.flags,
            internal_date: new.internal_date,
            size: new.size,
            identity: new.identity,
            thread_hint: new.thread_hint,
            header: Header::of(&new.envelope, &mut self.0),
        }
    }
}

/// Adds people as words for the search.
fn people(text: &mut String, people: &mut dyn Iterator<Item = &Address>) {
    let from = text.len();
    codec::push_people(text, people);
    if let Cow::Owned(words) = spaced(text.get(from..).unwrap_or_default()) {
        text.truncate(from);
        text.push_str(&words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MessageId;

    #[test]
    fn every_text_is_found_in_its_place() {
        let person = |name: &str| Address::new(name, format!("{name}@x"));
        let id = |text: &str| MessageId::new(text).unwrap();
        let mut e = Envelope {
            subject: "日本".to_owned(),
            from: vec![person("from")],
            sender: Some(person("sender")),
            reply_to: vec![person("reply")],
            to: vec![person("to"), person("日")],
            cc: vec![person("cc")],
            message_id: Some(id("m@x")),
            in_reply_to: vec![id("i@x")],
            references: vec![id("a@x"), id("b@x")],
            list_id: Some("list".to_owned()),
            auth_results: Some(String::new()),
            ..Envelope::default()
        };
        let header = Header::of(&e, &mut String::new());
        let found = |header: &Header, which| header.get(which).to_owned();
        assert_eq!(found(&header, Text::Subject), "日本");
        assert_eq!(header.subject_words(), " 日  本 ");
        assert_eq!(found(&header, Text::From), r#"[["from","from@x"]]"#);
        assert_eq!(found(&header, Text::Sender), r#"[["sender","sender@x"]]"#);
        assert_eq!(found(&header, Text::ReplyTo), r#"[["reply","reply@x"]]"#);
        assert_eq!(found(&header, Text::To), r#"[["to","to@x"],["日","日@x"]]"#);
        assert_eq!(found(&header, Text::Cc), r#"[["cc","cc@x"]]"#);
        assert_eq!(found(&header, Text::MessageId), "m@x");
        assert_eq!(found(&header, Text::InReplyTo), "i@x");
        assert_eq!(found(&header, Text::Refs), "a@x b@x");
        assert_eq!(
            (header.list_id(), header.auth_results()),
            (Some("list"), Some(""))
        );
        assert_eq!(
            found(&header, Text::Senders),
            "from from@x\nsender sender@x\n"
        );
        let recipients = "to to@x\n 日   日 @x\ncc cc@x\n";
        assert_eq!(found(&header, Text::Recipients), recipients);
        e.list_id = None;
        e.auth_results = None;
        e.subject = "plain".to_owned();
        let header = Header::of(&e, &mut String::new());
        assert_eq!((header.list_id(), header.auth_results()), (None, None));
        assert_eq!(header.subject_words(), "plain");
    }
}
