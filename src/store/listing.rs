//! A mailbox as LIST tells it, and which of the known ones it is: one that was renamed elsewhere is
//! known again by its MAILBOXID (RFC 8474) or, without such names, by what is in it: equal counts
//! make a guess, and somebody who can open it has to prove it. Pure.

use crate::model::{MailboxName, Role, UidValidity};
use std::collections::{BTreeMap, BTreeSet};

/// A mailbox as LIST tells it (RFC 9051 §7.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxInfo {
    /// Its name on the wire.
    pub name: MailboxName,
    /// Its whole name decoded, levels joined by `/`.
    pub path: String,
    /// The server's hierarchy delimiter.
    pub delimiter: Option<char>,
    /// What it is for.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// What names it for ever, whatever it is called (MAILBOXID, RFC 8474), if the server says.
    pub mailbox_id: Option<String>,
    /// What is in it, if the server said so with the list.
    pub contents: Option<Contents>,
    /// The known mailbox that it was found to be, by the messages in it; see
    /// [`super::Reader::perhaps_renamed`].
    pub was: Option<MailboxName>,
}

#[cfg(test)]
impl MailboxInfo {
    /// One that can be opened and has no parent, as most servers list it.
    pub(crate) fn plain(wire: &str, role: Option<Role>) -> MailboxInfo {
        MailboxInfo {
            name: MailboxName::new(wire),
            path: wire.to_owned(),
            delimiter: Some('/'),
            role,
            selectable: true,
            mailbox_id: None,
            contents: None,
            was: None,
        }
    }
}

/// What STATUS says of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contents {
    /// UIDVALIDITY.
    pub uidvalidity: UidValidity,
    /// UIDNEXT.
    pub uidnext: u32,
    /// MESSAGES.
    pub messages: u32,
}

/// A mailbox that is known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) name: MailboxName,
    /// Empty if it has none.
    pub(super) mailbox_id: String,
    /// As of the last turn that was finished.
    pub(super) contents: Option<Contents>,
    /// Since when lists don't name it, seconds since 1970; `None` if the last one did.
    pub(super) missing: Option<i64>,
    /// Whether it is still to be made, so that no list can name it.
    pub(super) making: bool,
}

/// Which mailboxes of a list are known under another name: (place in `known`, place in `list`).
/// INBOX is never among them: renaming it moves its messages and leaves it where it is
/// (RFC 9051 §6.3.6).
pub(super) fn renames(known: &[Known], list: &[&MailboxInfo]) -> Vec<(usize, usize)> {
    let mut match_up = MatchUp::begin(known, list);
    match_up.by_proof();
    match_up.below();
    match_up.was.into_iter().collect()
}

/// Which mailboxes of a list may be known under another name, for all that the counts say:
/// (place in `known`, place in `list`). Whether they are is to be found out by opening them.
pub(super) fn guesses(known: &[Known], list: &[&MailboxInfo]) -> Vec<(usize, usize)> {
    let mut match_up = MatchUp::begin(known, list);
    let certain = match_up.was.clone();
    match_up.by_contents();
    let found = match_up.was.into_iter();
    found
        .filter(|(row, _)| !certain.contains_key(row))
        .collect()
}

struct MatchUp<'a> {
    known: &'a [Known],
    list: &'a [&'a MailboxInfo],
    /// What was found: known to listed, and back.
    was: BTreeMap<usize, usize>,
    now: BTreeMap<usize, usize>,
}

impl<'a> MatchUp<'a> {
    /// What the lasting names tell.
    fn begin(known: &'a [Known], list: &'a [&'a MailboxInfo]) -> MatchUp<'a> {
        let mut match_up = MatchUp {
            known,
            list,
            was: BTreeMap::new(),
            now: BTreeMap::new(),
        };
        match_up.by_id();
        match_up
    }

    fn pair(&mut self, known: usize, listed: usize) {
        self.was.insert(known, listed);
        self.now.insert(listed, known);
    }

    fn by_id(&mut self) {
        let ids = self.known.iter().map(|k| Some(k.mailbox_id.as_str()));
        let known = unambiguous(ids.map(|id| id.filter(|id| !id.is_empty())));
        let listed = unambiguous(self.list.iter().map(|l| l.mailbox_id.as_deref()));
        for (id, at) in listed {
            if let Some(&row) = known.get(id)
                && let (Some(k), Some(l)) = (self.known.get(row), self.list.get(at))
                && k.name != l.name
                && !is_inbox(&k.name)
                && !is_inbox(&l.name)
            {
                self.pair(row, at);
            }
        }
    }

    /// What was looked into and found to be another one.
    fn by_proof(&mut self) {
        let rows: BTreeMap<&MailboxName, usize> =
            self.known.iter().map(|k| &k.name).zip(0..).collect();
        for (at, info) in (0..).zip(self.list) {
            if let Some(&row) = info.was.as_ref().and_then(|was| rows.get(was))
                && self.may_be(row, at)
            {
                self.pair(row, at);
            }
        }
    }

    /// What is new while another one disappears, and holds just as much as that one held; and no
    /// other mailbox, old or new, does.
    fn by_contents(&mut self) {
        let some = |c: Option<Contents>| c.filter(|c| c.messages > 0 && c.uidnext > 1);
        let known = unambiguous(self.known.iter().map(|k| some(k.contents)));
        let listed = unambiguous(self.list.iter().map(|l| some(l.contents)));
        for (contents, at) in listed {
            if let Some(&row) = known.get(&contents)
                && self.may_be(row, at)
            {
                self.pair(row, at);
            }
        }
    }

    /// What lies below a mailbox that was renamed was renamed with it.
    fn below(&mut self) {
        let names = |&(row, at): &(usize, usize)| {
            let (k, l) = (self.known.get(row)?, self.list.get(at)?);
            let mut delimiter = [0; 4];
            let delimiter = l.delimiter?.encode_utf8(&mut delimiter).as_bytes();
            Some((
                [k.name.as_bytes(), delimiter].concat(),
                [l.name.as_bytes(), delimiter].concat(),
            ))
        };
        let pairs: Vec<(usize, usize)> = self.was.iter().map(|(row, at)| (*row, *at)).collect();
        let above: Vec<(Vec<u8>, Vec<u8>)> = pairs.iter().filter_map(names).collect();
        let places: BTreeMap<&[u8], usize> = (0..)
            .zip(self.list)
            .map(|(at, l)| (l.name.as_bytes(), at))
            .collect();
        for (row, k) in (0..).zip(self.known) {
            let renamed = above.iter().filter_map(|(was, now)| {
                let rest = k.name.as_bytes().strip_prefix(was.as_slice())?;
                places.get([now.as_slice(), rest].concat().as_slice())
            });
            let found: BTreeSet<usize> = renamed.copied().collect();
            if let (1, Some(&at)) = (found.len(), found.first())
                && self.may_be(row, at)
                && self.same_generation(row, at)
            {
                self.pair(row, at);
            }
        }
    }

    /// Whether a known mailbox may be the listed one: neither is spoken for, and nothing says that
    /// they are two.
    fn may_be(&self, row: usize, at: usize) -> bool {
        let (Some(k), Some(l)) = (self.known.get(row), self.list.get(at)) else {
            return false;
        };
        let disappears = self.list.iter().all(|l| l.name != k.name);
        let is_new = (0..)
            .zip(self.known)
            .all(|(row, k)| k.name != l.name || self.was.contains_key(&row));
        let other_id = !k.mailbox_id.is_empty()
            && (l.mailbox_id.as_ref()).is_some_and(|id| *id != k.mailbox_id);
        let free = !self.was.contains_key(&row) && !self.now.contains_key(&at);
        free && disappears && is_new && !other_id
    }

    fn same_generation(&self, row: usize, at: usize) -> bool {
        let was = self.known.get(row).and_then(|k| k.contents);
        let now = self.list.get(at).and_then(|l| l.contents);
        match (was, now) {
            (Some(was), Some(now)) => was.uidvalidity == now.uidvalidity,
            _ => true,
        }
    }
}

fn is_inbox(name: &MailboxName) -> bool {
    name.as_bytes() == b"INBOX"
}

/// Where each value stands that stands in one place only.
fn unambiguous<T: Ord>(values: impl Iterator<Item = Option<T>>) -> BTreeMap<T, usize> {
    let mut places: BTreeMap<T, Option<usize>> = BTreeMap::new();
    for (at, value) in (0..).zip(values) {
        if let Some(value) = value {
            places
                .entry(value)
                .and_modify(|p| *p = None)
                .or_insert(Some(at));
        }
    }
    let only = |(value, at): (T, Option<usize>)| Some((value, at?));
    places.into_iter().filter_map(only).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(n: u32) -> Option<Contents> {
        (n != 0).then_some(Contents {
            uidvalidity: UidValidity(n / 100 + 1),
            uidnext: n + 1,
            messages: n,
        })
    }

    /// From `name=id#contents`, where the last two may be absent.
    fn parts(text: &str) -> (MailboxName, String, Option<Contents>) {
        let (text, count) = text.split_once('#').unwrap_or((text, "0"));
        let (name, id) = text.split_once('=').unwrap_or((text, ""));
        let count = count.parse().unwrap();
        (MailboxName::new(name), id.to_owned(), contents(count))
    }

    /// `was>now` of everything that was renamed.
    fn found(known: &[&str], list: &[&str]) -> Vec<String> {
        let known: Vec<Known> = (1..)
            .zip(known)
            .map(|(id, text)| {
                let (name, mailbox_id, contents) = parts(text);
                let missing = None;
                Known {
                    id,
                    name,
                    mailbox_id,
                    contents,
                    missing,
                    making: false,
                }
            })
            .collect();
        let list: Vec<MailboxInfo> = list
            .iter()
            .map(|text| {
                let (name, id, contents) = parts(text);
                MailboxInfo {
                    path: String::new(),
                    delimiter: Some('/'),
                    role: None,
                    selectable: true,
                    mailbox_id: Some(id).filter(|id| !id.is_empty()),
                    contents,
                    name,
                    was: None,
                }
            })
            .collect();
        let unproved: Vec<&MailboxInfo> = list.iter().collect();
        let guessed = guesses(&known, &unproved);
        let certain = renames(&known, &unproved);
        assert!(guessed.iter().all(|pair| !certain.contains(pair)));
        let mut list = list.clone();
        for (row, at) in guessed {
            list[at].was = Some(known[row].name.clone());
        }
        let list: Vec<&MailboxInfo> = list.iter().collect();
        let text = |name: &MailboxName| String::from_utf8_lossy(name.as_bytes()).into_owned();
        renames(&known, &list)
            .into_iter()
            .map(|(k, l)| format!("{}>{}", text(&known[k].name), text(&list[l].name)))
            .collect()
    }

    #[test]
    fn what_is_a_rename_and_what_is_not() {
        for (what, known, list, expected) in [
            ("same", &["A=1", "B#5"][..], &["A=1", "B#5"][..], &[][..]),
            ("by id", &["A=1"], &["B=1"], &["A>B"]),
            ("by id, whatever is in it", &["A=1#5"], &["B=1#7"], &["A>B"]),
            ("swapped", &["A=1", "B=2"], &["A=2", "B=1"], &["A>B", "B>A"]),
            ("a chain", &["A=1", "B=2"], &["B=1", "C=2"], &["A>B", "B>C"]),
            ("onto another's name", &["A=1", "B=2"], &["A=2"], &["B>A"]),
            ("an id twice", &["A=1"], &["B=1", "C=1"], &[]),
            ("by contents", &["A#5", "C#6"], &["B#5", "C#6"], &["A>B"]),
            ("other contents", &["A#5"], &["B#6"], &[]),
            ("empty ones", &["A"], &["B"], &[]),
            ("the old one is still there", &["A#5"], &["A#5", "B#5"], &[]),
            ("two that look alike", &["A#5", "B#5"], &["A#5", "C#5"], &[]),
            ("two that may be it", &["A#5"], &["B#5", "C#5"], &[]),
            ("another id", &["A=1#5"], &["B=2#5"], &[]),
            ("no id any more", &["A=1#5"], &["B#5"], &["A>B"]),
            ("INBOX by id", &["INBOX=1#5"], &["B=1#5", "INBOX=2"], &[]),
            (
                "below",
                &["A=1", "A/x"],
                &["B=1", "B/x"],
                &["A>B", "A/x>B/x"],
            ),
            (
                "below, but another",
                &["A=1", "A/x#5"],
                &["B=1", "B/x#700"],
                &["A>B"],
            ),
            (
                "beside, not below",
                &["A=1", "Ax"],
                &["B=1", "Bx"],
                &["A>B"],
            ),
        ] {
            assert_eq!(found(known, list), expected, "{what}");
        }
    }
}
