//! Messages whose answer comes in several responses. A server may tell what it has at hand first and
//! the rest when it has read the message (RFC 9051 §7.5.2 forbids it nowhere; seen by MailKit #1401 and
//! emailjs-imap-client #53): what belongs to one message number is put together until it is whole.

use crate::model::{Flags, ModSeq, Uid};
use crate::net::imap::item::Item;
use std::collections::BTreeMap;

/// What a list shows of a message, before its header is parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderItem {
    /// Which message.
    pub uid: Uid,
    /// Its flags.
    pub flags: Flags,
    /// When it arrived, seconds since 1970.
    pub internal_date: Option<i64>,
    /// RFC822.SIZE in octets, 0 if not told; an estimate with some servers.
    pub size: u64,
    /// The header fields that were asked for, at most 256 KiB of them.
    pub header: Vec<u8>,
    /// What names the message for ever, wherever it is: EMAILID (RFC 8474), or `gm:` and Gmail's
    /// X-GM-MSGID. Where the server has such names.
    pub identity: Option<String>,
    /// What the messages of its conversation share: THREADID, or `gm:` and X-GM-THRID.
    pub thread_hint: Option<String>,
    /// Its modification sequence, if the mailbox keeps any.
    pub modseq: Option<ModSeq>,
}

/// Octets of headers that wait for the rest of their messages, and messages.
const MOST_OCTETS: usize = 4 << 20;
const MOST: usize = 10_000;

/// What was told of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Half {
    pub(super) uid: Option<Uid>,
    header: Option<Vec<u8>>,
    /// Whether it was told in answer to what was asked, and not because it changed.
    asked: bool,
    flags: Option<Flags>,
    date: Option<i64>,
    size: Option<u64>,
    identity: Option<String>,
    thread: Option<String>,
    modseq: Option<ModSeq>,
}

impl Half {
    fn of(item: Item<'_>) -> Half {
        Half {
            uid: item.uid,
            asked: item.section.is_some() || item.size.is_some(),
            header: item.section.and_then(|s| s.bytes).map(|b| b.into_owned()),
            flags: item.flags,
            date: item.date,
            size: item.size,
            identity: item.identity,
            thread: item.thread,
            modseq: item.modseq,
        }
    }

    /// What is told now counts; what is not told now stays.
    fn and(self, now: Half) -> Half {
        Half {
            uid: now.uid.or(self.uid),
            header: now.header.or(self.header),
            asked: now.asked || self.asked,
            flags: now.flags.or(self.flags),
            date: now.date.or(self.date),
            size: now.size.or(self.size),
            identity: now.identity.or(self.identity),
            thread: now.thread.or(self.thread),
            modseq: now.modseq.or(self.modseq),
        }
    }

    /// Whether nothing more needs to come. Where no size is told the whole answer is waited for.
    fn is_whole(&self) -> bool {
        let named = self.uid.is_some() && self.header.is_some();
        named && self.flags.is_some() && self.size.is_some()
    }

    /// The message, as far as it was told; nothing without a UID or a header.
    pub(super) fn item(self) -> Option<HeaderItem> {
        Some(HeaderItem {
            uid: self.uid?,
            header: self.header?,
            flags: self.flags.unwrap_or_default(),
            internal_date: self.date,
            size: self.size.unwrap_or(0),
            identity: self.identity,
            thread_hint: self.thread,
            modseq: self.modseq,
        })
    }
}

/// Those of one fetch that are not whole yet, by message number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Halves {
    open: BTreeMap<u32, Half>,
    octets: usize,
    /// Those of which no more can come under their number.
    over: Vec<Half>,
}

impl Halves {
    /// Whether something was told of this message number, and not all of it.
    pub(super) fn has(&self, seq: u32) -> bool {
        self.open.contains_key(&seq)
    }

    /// Takes a response; the message, once it is whole.
    pub(super) fn add(&mut self, item: Item<'_>) -> Option<HeaderItem> {
        let (seq, now) = (item.seq, Half::of(item));
        let whole = match self.take(seq) {
            Some(before)
                if before.uid.is_none() || now.uid.is_none_or(|u| before.uid == Some(u)) =>
            {
                before.and(now)
            }
            other => {
                self.over.extend(other);
                now
            }
        };
        if whole.is_whole() {
            return whole.item();
        }
        self.octets += whole.header.as_ref().map_or(0, Vec::len);
        self.open.insert(seq, whole);
        if self.octets > MOST_OCTETS || self.open.len() > MOST {
            self.renumbered();
        }
        None
    }

    /// Remembers what was told of a message because it changed: the rest of its answer may not say it
    /// again.
    pub(super) fn changed(&mut self, seq: u32, uid: Uid, flags: &Flags) {
        let now = Half {
            uid: Some(uid),
            flags: Some(flags.clone()),
            ..Half::default()
        };
        let before = self
            .take(seq)
            .filter(|half| half.uid.is_none_or(|u| u == uid));
        let half = before.unwrap_or_default().and(now);
        if self.open.len() < MOST {
            self.octets += half.header.as_ref().map_or(0, Vec::len);
            self.open.insert(seq, half);
        }
    }

    /// Numbers mean other messages from now on: of those that are not whole no more can come.
    pub(super) fn renumbered(&mut self) {
        self.octets = 0;
        let open = std::mem::take(&mut self.open).into_values();
        self.over.extend(open.filter(|half| half.asked));
    }

    /// Takes those of which no more can come.
    pub(super) fn ended(&mut self) -> Vec<Half> {
        std::mem::take(&mut self.over)
    }

    fn take(&mut self, seq: u32) -> Option<Half> {
        let half = self.open.remove(&seq)?;
        let octets = half.header.as_ref().map_or(0, Vec::len);
        self.octets = self.octets.saturating_sub(octets);
        Some(half)
    }
}
