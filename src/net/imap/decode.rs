//! Responses as values: what a framed response says (RFC 9051 §7), as far as we ask for it.
//!
//! Nothing here fails: what is not understood is [`Untagged::Other`]. Mailbox names become modified
//! UTF-7 here whatever the server sends, so that a name means the same in every session.

use crate::model::name;
use crate::model::{MailboxName, ModSeq, UidSet};
use crate::net::imap::caps::Caps;
use crate::net::imap::code::{Code, UidList, modseq};
use crate::net::imap::item::{Item, item};
use crate::net::imap::token::{Cursor, Token, number, objectid};
use crate::net::imap::wire::Response;
use std::borrow::Cow;

/// Human-readable text is cut to so many octets.
const TEXT: usize = 1000;
/// Flags of a mailbox that are kept.
const FLAGS: usize = 256;
/// Pairs of an ID that are read (RFC 2971 §3.3 allows 30), and octets of each half.
const PAIRS: usize = 30;
const HALF: usize = 1024;
/// Resources of one quota root that are read.
const RESOURCES: usize = 64;

/// How a command or a state was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Done, or so be it.
    Ok,
    /// Refused.
    No,
    /// Not understood.
    Bad,
    /// The server hangs up.
    Bye,
    /// A greeting without a need to log in.
    Preauth,
}

/// A status response: its verdict, code and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The verdict.
    pub verdict: Verdict,
    /// What stood in brackets.
    pub code: Option<Code>,
    /// The server's words, not cleaned.
    pub text: String,
}

/// One response.
#[derive(Clone, Debug)]
pub enum Said<'a> {
    /// `+`, with the rest of its line.
    Continue(&'a [u8]),
    /// The end of a command.
    Tagged(&'a [u8], Reply),
    /// Everything else.
    Untagged(Untagged<'a>),
}

/// A response that belongs to no command by name.
#[derive(Clone, Debug)]
pub enum Untagged<'a> {
    /// OK, NO, BAD, BYE, PREAUTH.
    Reply(Reply),
    /// CAPABILITY.
    Capability(Caps),
    /// So many messages are in the mailbox.
    Exists(u32),
    /// One message number is gone.
    Expunge(u32),
    /// UIDs are gone (RFC 7162); `earlier`: before now.
    Vanished {
        /// Whether they were gone before we asked.
        earlier: bool,
        /// Which.
        uids: UidSet,
    },
    /// Data of one message.
    Fetch(Item<'a>),
    /// One mailbox.
    List(ListItem),
    /// Status of one mailbox.
    Status(MailboxName, Status),
    /// Hits of a search, in the server's order.
    Search(Vec<u32>),
    /// The answer to an extended search.
    Esearch(Esearch),
    /// Extensions that are in force from now on (RFC 5161).
    Enabled(Caps),
    /// What the server calls itself: names in lower case and values, not cleaned (RFC 2971).
    Id(Vec<(String, String)>),
    /// A quota root and its resources: name in upper case, used, limit (RFC 9208).
    Quota(String, Vec<(String, u64, u64)>),
    /// The first personal namespace, if there is one (RFC 2342).
    Namespace(Option<Namespace>),
    /// FLAGS of the mailbox that is being selected.
    Flags(Vec<String>),
    /// Messages that are gone, which can't be read or are too many.
    Torn,
    /// Known to be of no use, or not known.
    Other,
}

impl Status {
    /// Takes what is told now; what is not told now stays.
    pub fn update(&mut self, now: Status) {
        let old = std::mem::replace(self, now);
        self.messages = self.messages.or(old.messages);
        self.unseen = self.unseen.or(old.unseen);
        self.uidnext = self.uidnext.or(old.uidnext);
        self.uidvalidity = self.uidvalidity.or(old.uidvalidity);
        self.highestmodseq = self.highestmodseq.or(old.highestmodseq);
        self.size = self.size.or(old.size);
        self.mailbox_id = self.mailbox_id.take().or(old.mailbox_id);
    }
}

/// What ESEARCH says (RFC 4731).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Esearch {
    /// Every hit.
    pub all: Option<UidList>,
    /// Whether there are hits that can't be read, or too many.
    pub torn: bool,
    /// How many there are.
    pub count: Option<u64>,
}

/// Where a user's own mailboxes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// What their names begin with; may be empty. In modified UTF-7.
    pub prefix: Vec<u8>,
    /// What separates levels, if there are levels.
    pub delimiter: Option<u8>,
}

/// One line of LIST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// The name as it came.
    pub name: MailboxName,
    /// What separates levels, if there are levels.
    pub delimiter: Option<u8>,
    /// Attributes, lower case.
    pub attributes: Vec<String>,
}

/// What STATUS says (RFC 9051 §6.3.11). Nonsense is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// MESSAGES
    pub messages: Option<u32>,
    /// UNSEEN
    pub unseen: Option<u32>,
    /// UIDNEXT
    pub uidnext: Option<u32>,
    /// UIDVALIDITY
    pub uidvalidity: Option<u32>,
    /// HIGHESTMODSEQ
    pub highestmodseq: Option<ModSeq>,
    /// SIZE in octets (RFC 8438).
    pub size: Option<u64>,
    /// MAILBOXID (RFC 8474).
    pub mailbox_id: Option<String>,
}

/// Reads one framed response. `utf8`: whether the server sends names in UTF-8 (RFC 6855, RFC 9051)
/// and not in modified UTF-7.
pub fn decode(response: Response<'_>, utf8: bool) -> Said<'_> {
    let mut cursor = Cursor::new(response);
    match response.bytes.first() {
        Some(b'*') => {
            cursor.skip();
            Said::Untagged(untagged(cursor, utf8))
        }
        Some(b'+') => Said::Continue(
            response
                .bytes
                .get(1..)
                .map(<[u8]>::trim_ascii)
                .unwrap_or_default(),
        ),
        _ => {
            let tag = cursor.atom().unwrap_or_default();
            let verdict = cursor.atom().and_then(verdict);
            match verdict {
                Some(verdict) => Said::Tagged(tag, status(verdict, cursor.rest())),
                None => Said::Untagged(Untagged::Other),
            }
        }
    }
}

fn untagged(mut cursor: Cursor<'_>, utf8: bool) -> Untagged<'_> {
    let Some(word) = cursor.atom() else {
        return Untagged::Other;
    };
    if let Some(verdict) = verdict(word) {
        return Untagged::Reply(status(verdict, cursor.rest()));
    }
    if word.first().is_some_and(u8::is_ascii_digit) {
        let (seq, what) = (number::<u32>(word), cursor.atom().unwrap_or_default());
        return match (seq, what.to_ascii_uppercase().as_slice()) {
            (Some(n), b"EXISTS") => Untagged::Exists(n),
            (Some(n), b"EXPUNGE") if n > 0 => Untagged::Expunge(n),
            (_, b"FETCH") => Untagged::Fetch(item(seq.unwrap_or(0), cursor, utf8)),
            _ => Untagged::Other,
        };
    }
    match word.to_ascii_uppercase().as_slice() {
        b"CAPABILITY" => Untagged::Capability(Caps::parse(cursor.rest())),
        b"LIST" | b"XLIST" => list(cursor, utf8).map_or(Untagged::Other, Untagged::List),
        b"STATUS" => counts(cursor, utf8).unwrap_or(Untagged::Other),
        b"SEARCH" => {
            let mut hits = Vec::new();
            while let Some(token) = cursor.token() {
                match token {
                    Token::Word(word) => hits.extend(number::<u32>(word).filter(|&n| n > 0)),
                    // `(MODSEQ 9)` at the end (RFC 7162 §3.1.5).
                    Token::Open => cursor.close(),
                    _ => {}
                }
            }
            Untagged::Search(hits)
        }
        b"ESEARCH" => esearch(cursor),
        b"ENABLED" => Untagged::Enabled(Caps::parse(cursor.rest())),
        b"ID" => id(cursor),
        b"QUOTA" => quota(cursor).unwrap_or(Untagged::Other),
        b"NAMESPACE" => Untagged::Namespace(namespace(cursor, utf8)),
        b"VANISHED" => vanished(cursor).unwrap_or(Untagged::Other),
        b"FLAGS" => {
            let flags = cursor.list(FLAGS);
            let text = |f: &Cow<'_, [u8]>| String::from_utf8_lossy(f).into_owned();
            Untagged::Flags(flags.iter().map(text).collect())
        }
        _ => Untagged::Other,
    }
}

fn verdict(word: &[u8]) -> Option<Verdict> {
    let known = [
        ("OK", Verdict::Ok),
        ("NO", Verdict::No),
        ("BAD", Verdict::Bad),
        ("BYE", Verdict::Bye),
        ("PREAUTH", Verdict::Preauth),
    ];
    let same = |name: &str| name.as_bytes().eq_ignore_ascii_case(word);
    known.into_iter().find(|(n, _)| same(n)).map(|(_, v)| v)
}

fn status(verdict: Verdict, rest: &[u8]) -> Reply {
    let coded = rest.strip_prefix(b"[").and_then(|rest| {
        let end = code_end(rest)?;
        Some((rest.get(..end)?, rest.get(end + 1..)?))
    });
    let (code, text) = match coded {
        Some((inside, text)) => (Some(Code::parse(inside)), text),
        None => (None, rest),
    };
    let text = text.trim_ascii();
    let text = text.get(..TEXT).unwrap_or(text);
    Reply {
        verdict,
        code,
        text: String::from_utf8_lossy(text).into_owned(),
    }
}

/// Where a code ends. A keyword may hold a bracket (Gmail tells `OIB-Seen-[Gmail]/Trash`): a list in
/// parentheses ends before the code does.
fn code_end(rest: &[u8]) -> Option<usize> {
    let listed = ["PERMANENTFLAGS (", "BADEVENT ("].iter().any(|name| {
        let begins = rest.get(..name.len());
        begins.is_some_and(|b| b.eq_ignore_ascii_case(name.as_bytes()))
    });
    let whole = rest.windows(2).position(|pair| pair == b")]");
    whole
        .filter(|_| listed)
        .map(|at| at + 1)
        .or_else(|| rest.iter().position(|&b| b == b']'))
}

fn named(wire: Cow<'_, [u8]>, utf8: bool) -> MailboxName {
    MailboxName::new(name::from_wire(wire.into_owned(), utf8))
}

/// What separates levels. More than one character is nothing that we could split by.
fn delimiter(token: Token<'_>) -> Option<u8> {
    if token.is_nil() {
        return None;
    }
    let bytes = token.bytes()?;
    <[u8; 1]>::try_from(bytes.as_ref()).ok().map(|[b]| b)
}

fn list(mut cursor: Cursor<'_>, utf8: bool) -> Option<ListItem> {
    let lower = |a: &Cow<'_, [u8]>| String::from_utf8_lossy(a).to_ascii_lowercase();
    let attributes = cursor.list(64).iter().map(lower).collect();
    let delimiter = delimiter(cursor.token()?);
    let name = cursor.token()?.bytes()?;
    Some(ListItem {
        name: named(name, utf8),
        delimiter,
        attributes,
    })
}

fn counts(mut cursor: Cursor<'_>, utf8: bool) -> Option<Untagged<'_>> {
    let name = named(cursor.token()?.bytes()?, utf8);
    let mut counts = Status::default();
    if cursor.token() != Some(Token::Open) {
        return None;
    }
    while let Some(Token::Word(name)) = cursor.token() {
        match name.to_ascii_uppercase().as_slice() {
            b"MESSAGES" => counts.messages = cursor.number(),
            b"UNSEEN" => counts.unseen = cursor.number(),
            b"UIDNEXT" => counts.uidnext = cursor.number().filter(|&n| n > 0),
            b"UIDVALIDITY" => counts.uidvalidity = cursor.number().filter(|&n| n > 0),
            b"HIGHESTMODSEQ" => counts.highestmodseq = cursor.atom().and_then(modseq),
            b"SIZE" => counts.size = cursor.number(),
            b"MAILBOXID" => {
                counts.mailbox_id = cursor.list(1).first().and_then(|id| objectid(id));
            }
            _ => cursor.skip(),
        }
    }
    Some(Untagged::Status(name, counts))
}

fn esearch(mut cursor: Cursor<'_>) -> Untagged<'_> {
    let mut found = Esearch::default();
    while let Some(token) = cursor.token() {
        match token {
            // The correlator.
            Token::Open => cursor.close(),
            Token::Word(word) if word.eq_ignore_ascii_case(b"ALL") => {
                found.all = cursor.atom().and_then(UidList::parse);
                found.torn = found.all.is_none();
            }
            Token::Word(word) if word.eq_ignore_ascii_case(b"COUNT") => {
                found.count = cursor.number();
            }
            _ => {}
        }
    }
    Untagged::Esearch(found)
}

fn id(mut cursor: Cursor<'_>) -> Untagged<'_> {
    let words = cursor.list(2 * PAIRS);
    let text = |word: &Cow<'_, [u8]>| {
        String::from_utf8_lossy(word.get(..HALF).unwrap_or(word)).into_owned()
    };
    let pairs = words.chunks_exact(2).filter_map(|pair| match pair {
        [name, value] => Some((text(name).to_ascii_lowercase(), text(value))),
        _ => None,
    });
    Untagged::Id(pairs.collect())
}

fn quota(mut cursor: Cursor<'_>) -> Option<Untagged<'_>> {
    let root = cursor.token()?.bytes()?;
    let root = String::from_utf8_lossy(root.get(..HALF).unwrap_or(&root)).into_owned();
    let words = cursor.list(3 * RESOURCES);
    let resources = words.chunks_exact(3).filter_map(|triple| match triple {
        [name, used, limit] => {
            let name =
                String::from_utf8_lossy(name.get(..HALF).unwrap_or(name)).to_ascii_uppercase();
            Some((name, number(used)?, number(limit)?))
        }
        _ => None,
    });
    Some(Untagged::Quota(root, resources.collect()))
}

fn namespace(mut cursor: Cursor<'_>, utf8: bool) -> Option<Namespace> {
    let (Some(Token::Open), Some(Token::Open)) = (cursor.token(), cursor.token()) else {
        return None;
    };
    let prefix = cursor.token()?.bytes()?.into_owned();
    Some(Namespace {
        prefix: name::from_wire(prefix, utf8),
        delimiter: delimiter(cursor.token()?),
    })
}

fn vanished(mut cursor: Cursor<'_>) -> Option<Untagged<'_>> {
    let mut earlier = false;
    let word = match cursor.token()? {
        Token::Open => {
            cursor.close();
            earlier = true;
            cursor.atom()?
        }
        Token::Word(word) => word,
        _ => return None,
    };
    // What begins as a list was to be one.
    let torn = word.first()?.is_ascii_digit().then_some(Untagged::Torn);
    let Some(uids) = UidList::parse(word) else {
        return torn;
    };
    let uids = uids.to_set();
    Some(Untagged::Vanished { earlier, uids })
}
