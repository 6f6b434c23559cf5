//! Which messages a SEARCH finds (RFC 3501 §6.4.4): every key is judged for one message at a time.

use super::ask::{Key, keyword};
use super::fetch::{field_name, fields, split};
use super::folder::Stored;
use crate::model::System;
use imap_types::datetime::NaiveDate;
use imap_types::search::SearchKey;
use imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};
use mail_parser::{Message, MessageParser, PartType};

/// How deep keys may be nested.
const MAX_DEPTH: usize = 32;

/// The numbers that a set names, as ranges; `*` is `last`.
///
/// imap-codec normalises sets and then spells a single `*` as the highest number there is.
pub fn ranges(set: &SequenceSet, last: u32) -> Vec<(u32, u32)> {
    let number = |n: &SeqOrUid| match n {
        SeqOrUid::Value(v) if v.get() != u32::MAX => v.get(),
        _ => last,
    };
    let one = |s: &Sequence| match s {
        Sequence::Single(n) => (number(n), number(n)),
        Sequence::Range(a, b) => (number(a).min(number(b)), number(a).max(number(b))),
    };
    set.0.as_ref().iter().map(one).collect()
}

/// Whether one of the ranges holds the number.
pub fn within(ranges: &[(u32, u32)], number: u32) -> bool {
    ranges.iter().any(|(a, b)| (*a..=*b).contains(&number))
}

/// A message and what a key may ask about its place.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The message.
    pub message: &'a Stored,
    /// Its sequence number.
    pub seq: u32,
    /// How many messages there are.
    pub count: u32,
    /// The highest UID.
    pub last_uid: u32,
    /// Keys that stand as keywords.
    pub keys: &'a [Key],
    /// Judges one of them.
    pub own: &'a dyn Fn(&Key) -> bool,
}

impl Candidate<'_> {
    /// Whether the key holds.
    pub fn matches(&self, key: &SearchKey<'_>) -> bool {
        self.judge(key, 0)
    }

    fn judge(&self, key: &SearchKey<'_>, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let has = |f: System| self.message.flags.system.has(f);
        let tagged = |k: &str| self.message.flags.keywords.contains(k);
        match key {
            SearchKey::And(all) => all.as_ref().iter().all(|k| self.judge(k, depth + 1)),
            SearchKey::Not(k) => !self.judge(k, depth + 1),
            SearchKey::Or(a, b) => self.judge(a, depth + 1) || self.judge(b, depth + 1),
            SearchKey::All | SearchKey::Old => true,
            SearchKey::New | SearchKey::Recent => false,
            SearchKey::SequenceSet(set) => within(&ranges(set, self.count), self.seq),
            SearchKey::Uid(set) => within(&ranges(set, self.last_uid), self.message.uid),
            SearchKey::Answered => has(System::ANSWERED),
            SearchKey::Deleted => has(System::DELETED),
            SearchKey::Draft => has(System::DRAFT),
            SearchKey::Flagged => has(System::FLAGGED),
            SearchKey::Seen => has(System::SEEN),
            SearchKey::Unanswered => !has(System::ANSWERED),
            SearchKey::Undeleted => !has(System::DELETED),
            SearchKey::Undraft => !has(System::DRAFT),
            SearchKey::Unflagged => !has(System::FLAGGED),
            SearchKey::Unseen => !has(System::SEEN),
            SearchKey::Keyword(k) => match self.place_of(k.as_ref()) {
                Some(key) => (self.own)(key),
                None => tagged(k.as_ref()),
            },
            SearchKey::ModSequence { modseq, .. } => self.message.modseq >= *modseq,
            SearchKey::Unkeyword(k) => !tagged(k.as_ref()),
            SearchKey::Larger(n) => self.message.raw.len() as u64 > u64::from(*n),
            SearchKey::Smaller(n) => (self.message.raw.len() as u64) < u64::from(*n),
            SearchKey::Before(d) => self.arrived() < day(d),
            SearchKey::On(d) => self.arrived() == day(d),
            SearchKey::Since(d) => self.arrived() >= day(d),
            SearchKey::SentBefore(d) => self.written().is_some_and(|w| w < day(d)),
            SearchKey::SentOn(d) => self.written().is_some_and(|w| w == day(d)),
            SearchKey::SentSince(d) => self.written().is_some_and(|w| w >= day(d)),
            SearchKey::From(t) => self.header("From", t.as_ref()),
            SearchKey::To(t) => self.header("To", t.as_ref()),
            SearchKey::Cc(t) => self.header("Cc", t.as_ref()),
            SearchKey::Bcc(t) => self.header("Bcc", t.as_ref()),
            SearchKey::Subject(t) => self.header("Subject", t.as_ref()),
            SearchKey::Header(name, t) => {
                std::str::from_utf8(name.as_ref()).is_ok_and(|n| self.header(n, t.as_ref()))
            }
            SearchKey::Body(t) => self.body(t.as_ref()),
            SearchKey::Text(t) => {
                holds(split(&self.message.raw).0, t.as_ref()) || self.body(t.as_ref())
            }
        }
    }

    fn place_of(&self, word: &str) -> Option<&Key> {
        let named = |(place, _): &(usize, &Key)| keyword(*place) == word;
        self.keys.iter().enumerate().find(named).map(|(_, key)| key)
    }

    /// Whether all the words hold as they would in Gmail's search field.
    pub fn raw(&self, words: &str) -> bool {
        words.split_whitespace().all(|word| {
            let has = |f: System| self.message.flags.system.has(f);
            let (name, value) = word.split_once(':').unwrap_or(("", word));
            let value = value.trim_matches('"').as_bytes();
            match (name, value) {
                ("rfc822msgid", id) => self.header("Message-ID", id),
                ("from" | "to" | "subject", value) => self.header(name, value),
                ("is", b"unread") => !has(System::SEEN),
                ("is", b"read") => has(System::SEEN),
                ("is", b"starred") => has(System::FLAGGED),
                _ => holds(&self.message.raw, word.trim_matches('"').as_bytes()),
            }
        })
    }

    /// The day of INTERNALDATE as `YYYY-MM-DD`, which sorts as days do.
    fn arrived(&self) -> String {
        text_of(self.message.date)
    }

    /// mail-parser's getters index the first part without asking, so there has to be one.
    fn parsed_header(&self) -> Option<Message<'_>> {
        let parsed = MessageParser::default().parse_headers(&self.message.raw[..]);
        parsed.filter(|m| !m.parts.is_empty())
    }

    fn written(&self) -> Option<String> {
        let parsed = self.parsed_header()?;
        let date = parsed.date()?;
        Some(format!(
            "{:04}-{:02}-{:02}",
            date.year, date.month, date.day
        ))
    }

    fn header(&self, name: &str, wanted: &[u8]) -> bool {
        let header = split(&self.message.raw).0;
        let own = |f: &&[u8]| field_name(f).eq_ignore_ascii_case(name.as_bytes());
        let mut found = fields(header).into_iter().filter(own).peekable();
        if found.peek().is_none() {
            return false;
        }
        let value = |f: &[u8]| {
            let start = f.iter().position(|b| *b == b':').map_or(0, |at| at + 1);
            f.get(start..).unwrap_or_default().to_vec()
        };
        if wanted.is_empty() || found.any(|f| holds(&value(f), wanted)) {
            return true;
        }
        let parsed = self.parsed_header();
        let decoded = parsed.as_ref().and_then(|m| m.header(name));
        decoded.is_some_and(|d| holds(format!("{d:?}").as_bytes(), wanted))
    }

    fn body(&self, wanted: &[u8]) -> bool {
        let parsed = MessageParser::default().parse(&self.message.raw[..]);
        let Some(parsed) = parsed else {
            return holds(&self.message.raw, wanted);
        };
        parsed.parts.iter().any(|p| match &p.body {
            PartType::Text(t) | PartType::Html(t) => holds(t.as_bytes(), wanted),
            _ => false,
        })
    }
}

fn text_of(seconds: i64) -> String {
    let stamp = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    stamp.to_string().chars().take(10).collect()
}

fn day(date: &NaiveDate) -> String {
    date.as_ref().to_string()
}

/// Whether `text` holds `wanted`, without regard to case.
fn holds(text: &[u8], wanted: &[u8]) -> bool {
    let fold = |b: &[u8]| String::from_utf8_lossy(b).to_lowercase();
    fold(text).contains(&fold(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::ask::About;
    use crate::model::Flags;
    use imap_types::core::{AString, Vec1};
    use proptest::prelude::*;

    fn found(key: &SearchKey<'_>) -> bool {
        let raw = "From: a@example.org\r\nSubject: =?utf-8?Q?gr=C3=BCn?=\r\n\
            Message-ID: <7@example.org>\r\nDate: Tue, 3 Mar 2026 10:00:00 +0000\r\n\r\nThe Body\r\n";
        let message = Stored {
            uid: 40,
            flags: Flags::of(System::SEEN),
            date: 1_772_532_000,
            raw: raw.as_bytes().into(),
            modseq: 9,
            email: 1,
            thread: 1,
        };
        let keys = [Key {
            about: About::Raw,
            is: "rfc822msgid:7@example.org is:read".to_owned(),
        }];
        let candidate = Candidate {
            message: &message,
            seq: 2,
            count: 2,
            last_uid: 40,
            keys: &keys,
            own: &|_| true,
        };
        assert!(candidate.raw(&keys[0].is) && !candidate.raw("is:unread"));
        candidate.matches(key)
    }

    fn text(t: &str) -> AString<'static> {
        AString::try_from(t.to_owned()).unwrap()
    }

    #[test]
    fn keys_hold_or_do_not() {
        let set = |s: &str| SequenceSet::try_from(s).unwrap();
        assert!(found(&SearchKey::Uid(set("39:*"))));
        assert!(
            found(&SearchKey::Uid(set("99:*"))),
            "the last one is always in a range to *"
        );
        assert!(!found(&SearchKey::Uid(set("1:39"))));
        assert!(found(&SearchKey::SequenceSet(set("*"))));
        assert!(found(&SearchKey::Header(
            text("message-id"),
            text("<7@EXAMPLE.org>")
        )));
        assert!(!found(&SearchKey::Header(
            text("message-id"),
            text("<8@example.org>")
        )));
        assert!(found(&SearchKey::Header(text("date"), text(""))));
        assert!(!found(&SearchKey::Header(text("x-none"), text(""))));
        assert!(found(&SearchKey::Subject(text("GRÜN"))));
        assert!(found(&SearchKey::Body(text("the body"))));
        assert!(!found(&SearchKey::Body(text("subject"))));
        let unseen_or_seen = SearchKey::Or(Box::new(SearchKey::Unseen), Box::new(SearchKey::Seen));
        assert!(found(&unseen_or_seen));
        assert!(!found(&SearchKey::Not(Box::new(unseen_or_seen))));
        let modseq = |modseq| SearchKey::ModSequence {
            entry: None,
            modseq,
        };
        assert!(found(&modseq(9)) && !found(&modseq(10)));
        let key =
            |k: &str| SearchKey::Keyword(imap_types::core::Atom::try_from(k.to_owned()).unwrap());
        assert!(found(&key(&keyword(0))) && !found(&key(&keyword(1))));
        assert!(found(&SearchKey::And(Vec1::from(SearchKey::All))));
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange_to_be_searched(raw in "([A-Z][a-z]{1,4}: ?|\\PC{0,9}|\r\n|[\\x00-\\xff]{0,5}){0,20}") {
            let message = Stored { uid: 1, flags: Flags::default(), date: 0, raw: raw.into_bytes().into(), modseq: 1, email: 1, thread: 1 };
            let candidate = Candidate { message: &message, seq: 1, count: 1, last_uid: 1, keys: &[], own: &|_| false };
            let date = a_day();
            for key in [SearchKey::Subject(text("x")), SearchKey::Text(text("x")), SearchKey::SentOn(date)] {
                let all = SearchKey::Or(Box::new(key.clone()), Box::new(SearchKey::Not(Box::new(key))));
                prop_assert!(candidate.matches(&all));
            }
        }
    }

    fn a_day() -> NaiveDate {
        "2026-03-03".parse().map(NaiveDate::unvalidated).unwrap()
    }
}
