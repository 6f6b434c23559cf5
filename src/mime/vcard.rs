//! Address books as files: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), as programs write them.
//!
//! Of a card only what a message can be addressed by is taken: FN or N, NICKNAME, EMAIL with its
//! preference, and for a group (RFC 6350 §6.1.4, §6.6.5, and the way of doing it that came before)
//! its members, by address or by the UID of another card. A file may come from anywhere: nothing in
//! it panics, what is kept is bounded, and a card that is cut or nested in another costs only
//! itself.

use super::charset;
use super::ical::{self, Property};
use super::mailto;
use super::recipients::check_addr;
use crate::model::{Address, Contact, Group};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Cards read at most, of all files together.
const CARDS: usize = 50_000;
/// Addresses of one card.
const ADDRESSES: usize = 32;
/// Members of one group.
const MEMBERS: usize = 1_000;
/// Octets of a value that are kept.
const VALUE: usize = 2_000;
/// The longest name that is offered.
const LONGEST: usize = 254;
/// What no preference is counted as: behind every one (RFC 6350 §5.3 ends at 100).
const NONE: u32 = 101;

/// Reads files of cards one after another.
#[derive(Debug, Default)]
pub struct Cards {
    cards: Vec<Card>,
}

#[derive(Debug, Default)]
struct Card {
    name: String,
    /// From N, where there is no FN.
    parts: String,
    nick: String,
    uid: String,
    group: bool,
    mails: Vec<(u32, String)>,
    members: Vec<String>,
}

impl Cards {
    /// Takes the cards of one file.
    pub fn read(&mut self, bytes: &[u8]) {
        let mut lines = Lines::new(bytes);
        let mut card: Option<Card> = None;
        // Cards inside a card (AGENT of 2.1) are somebody else's.
        let mut inside = 0usize;
        let mut agent = false;
        while let Some(line) = lines.next_wanted() {
            let begins_or_ends = |word: &str| {
                line.head.name == word && line.value.trim_ascii().eq_ignore_ascii_case(b"VCARD")
            };
            if begins_or_ends("BEGIN") {
                if card.is_some() && agent {
                    inside += 1;
                } else {
                    // The one before was cut.
                    self.keep(card.replace(Card::default()));
                }
                agent = false;
            } else if begins_or_ends("END") {
                if inside > 0 {
                    inside -= 1;
                } else {
                    self.keep(card.take());
                }
            } else if line.head.name == "AGENT" {
                agent = line.value.trim_ascii().is_empty();
            } else if let Some(card) = card.as_mut().filter(|_| inside == 0) {
                card.take(&line);
            }
        }
        self.keep(card);
    }

    fn keep(&mut self, card: Option<Card>) {
        let useful = |c: &Card| !c.mails.is_empty() || c.group;
        if let Some(mut card) = card.filter(useful)
            && self.cards.len() < CARDS
        {
            card.mails.sort_by_key(|(preference, _)| *preference);
            self.cards.push(card);
        }
    }

    /// The people, each address of a card for itself with the preferred one first, and the groups.
    pub fn finish(self) -> (Vec<Contact>, Vec<Group>) {
        let by_uid: BTreeMap<&str, &Card> = self
            .cards
            .iter()
            .filter(|c| !c.uid.is_empty() && !c.group)
            .map(|c| (c.uid.as_str(), c))
            .collect();
        let (mut people, mut groups) = (Vec::new(), Vec::new());
        for card in &self.cards {
            if card.group {
                let members = card.members.iter().filter_map(|m| member(m, &by_uid));
                let group = Group {
                    name: card.called().to_owned(),
                    members: members.collect(),
                };
                if !group.members.is_empty() && !group.name.is_empty() {
                    groups.push(group);
                }
                continue;
            }
            people.extend(card.mails.iter().map(|(_, addr)| Contact {
                address: Address::new(card.called(), addr.as_str()),
                also: card.nick.clone(),
            }));
        }
        (people, groups)
    }
}

/// A member's address: its own, or the preferred one of the card with that UID.
fn member(text: &str, by_uid: &BTreeMap<&str, &Card>) -> Option<Address> {
    if let Some(addr) = mailto::read(text.trim()).map(|link| link.to) {
        return check_addr(&addr).is_ok().then(|| Address::new("", addr));
    }
    let card = by_uid.get(uid(text).as_str())?;
    let (_, addr) = card.mails.first()?;
    Some(Address::new(card.called(), addr.as_str()))
}

impl Card {
    fn called(&self) -> &str {
        if self.name.is_empty() {
            &self.parts
        } else {
            &self.name
        }
    }

    fn take(&mut self, line: &Line<'_>) {
        let text = line.text();
        match line.head.name.as_str() {
            "FN" if self.name.is_empty() => self.name = words(&ical::unescape(&text)),
            "N" if self.parts.is_empty() => self.parts = name_of_parts(&text),
            "NICKNAME" => self.nick = words(&ical::unescape(&text)),
            "UID" => self.uid = uid(&text),
            "KIND" | "X-ADDRESSBOOKSERVER-KIND" => {
                self.group = text.trim().eq_ignore_ascii_case("group");
            }
            "EMAIL" if self.mails.len() < ADDRESSES => {
                let text = ical::unescape(&text);
                let link = mailto::read(text.trim());
                let addr = link.map_or_else(|| text.trim().to_owned(), |link| link.to);
                if check_addr(&addr).is_ok() && self.mails.iter().all(|(_, a)| *a != addr) {
                    self.mails.push((line.preference(), addr));
                }
            }
            "MEMBER" | "X-ADDRESSBOOKSERVER-MEMBER" if self.members.len() < MEMBERS => {
                self.members.push(text.trim().to_owned());
            }
            _ => {}
        }
    }
}

/// Family; given; additional; prefixes; suffixes (RFC 6350 §6.2.2), as one says it.
pub(super) fn name_of_parts(text: &str) -> String {
    let parts = ical::parts(text);
    let part = |n: usize| parts.get(n).map_or("", String::as_str);
    words(&format!("{} {} {}", part(1), part(2), part(0)))
}

/// What stands apart by one space each, no longer than is worth offering.
fn words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut text = words.join(" ");
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

fn uid(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    text.strip_prefix("urn:uuid:").unwrap_or(&text).to_owned()
}

/// A property, its value as it stands in the file: 2.1 knows other character sets.
struct Line<'a> {
    head: Property,
    value: Cow<'a, [u8]>,
}

impl Line<'_> {
    /// The value as text, undone as its parameters say.
    fn text(&self) -> String {
        let decoded = self.head.octets(&self.value);
        let bytes = decoded.as_deref().unwrap_or(&self.value);
        charset::decode(bytes, self.head.param("CHARSET"))
    }

    /// 1 is best (RFC 6350 §5.3); before 4.0 there was only "preferred".
    fn preference(&self) -> u32 {
        let of = |(key, value): &(String, String)| match key.as_str() {
            "PREF" => value.parse().ok().filter(|n| (1..NONE).contains(n)),
            "TYPE" => {
                let mut types = value.split(',');
                types.any(|t| t.eq_ignore_ascii_case("pref")).then_some(1)
            }
            _ => None,
        };
        self.head.params.iter().filter_map(of).min().unwrap_or(NONE)
    }
}

/// The properties of a file that matter here; the others, photos above all, are passed over
/// without being kept.
struct Lines<'a> {
    left: &'a [u8],
}

const WANTED: [&str; 12] = [
    "BEGIN",
    "END",
    "AGENT",
    "FN",
    "N",
    "NICKNAME",
    "UID",
    "KIND",
    "X-ADDRESSBOOKSERVER-KIND",
    "EMAIL",
    "MEMBER",
    "X-ADDRESSBOOKSERVER-MEMBER",
];

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Lines<'a> {
        let left = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Lines { left }
    }

    /// The next line as it stands in the file, without its end.
    fn physical(&mut self) -> Option<&'a [u8]> {
        if self.left.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.left).unwrap_or(self.left.len());
        let (line, rest) = self.left.split_at_checked(end)?;
        self.left = rest.get(1..).unwrap_or(&[]);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn next_wanted(&mut self) -> Option<Line<'a>> {
        loop {
            let (head, value) = self.head()?;
            let head = format!("{}:", String::from_utf8_lossy(&head));
            let head = ical::property(&head).unwrap_or_default();
            let wanted = WANTED.contains(&head.name.as_str());
            let value = self.unfold(value, head.is_quoted_printable(), wanted);
            if wanted {
                return Some(Line { head, value });
            }
        }
    }

    /// The next line's head, folded or not, and what of its value stands beside it. A line without
    /// a colon has an empty head.
    fn head(&mut self) -> Option<(Cow<'a, [u8]>, &'a [u8])> {
        let first = self.physical()?;
        if let Some((head, value)) = divide(first) {
            return Some((Cow::Borrowed(head), value));
        }
        let mut head = first.get(..first.len().min(VALUE))?.to_vec();
        while matches!(self.left.first(), Some(b' ' | b'\t')) && head.len() < VALUE {
            let more = self.physical()?.get(1..)?;
            if let Some((rest, value)) = divide(more) {
                head.extend_from_slice(rest);
                return Some((Cow::Owned(head), value));
            }
            head.extend_from_slice(more.get(..more.len().min(VALUE))?);
        }
        Some((Cow::Borrowed(b""), b""))
    }

    /// The value with the lines that go on with it (RFC 6350 §3.2; soft line breaks in 2.1).
    fn unfold(&mut self, first: &'a [u8], quoted: bool, keep: bool) -> Cow<'a, [u8]> {
        let cut = |bytes: &'a [u8]| bytes.get(..bytes.len().min(VALUE)).unwrap_or(bytes);
        let mut value = Cow::Borrowed(if keep { cut(first) } else { &[] });
        let mut soft = quoted && first.ends_with(b"=");
        loop {
            let folded = matches!(self.left.first(), Some(b' ' | b'\t'));
            if !soft && !folded {
                return value;
            }
            let Some(more) = self.physical() else {
                return value;
            };
            // After a soft line break a space is part of the text.
            let folded = folded && !soft;
            soft = quoted && more.ends_with(b"=");
            if keep && value.len() < VALUE {
                let more = if folded {
                    more.get(1..).unwrap_or(&[])
                } else {
                    more
                };
                let value = value.to_mut();
                if quoted && value.ends_with(b"=") {
                    value.pop();
                }
                value.extend_from_slice(cut(more));
            }
        }
    }
}

/// A line's head and value: what a colon outside of quotation marks divides.
fn divide(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut quoted = false;
    let colon = line.iter().take(VALUE).position(|b| {
        quoted ^= *b == b'"';
        *b == b':' && !quoted
    });
    let (head, value) = line.split_at_checked(colon?)?;
    Some((head, value.get(1..).unwrap_or(&[])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Vec<String>, Vec<Group>) {
        let mut cards = Cards::default();
        cards.read(text.as_bytes());
        let (people, groups) = cards.finish();
        let shown = people.iter().map(|p| match p.also.as_str() {
            "" => p.address.to_string(),
            also => format!("{} [{also}]", p.address),
        });
        (shown.collect(), groups)
    }

    #[test]
    fn three_versions_of_the_same_people() {
        let four = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:1\r\nFN:Ada \r\n Lovelace\r\n\
            N:Lovelace;Ada;;;\r\nEMAIL;TYPE=home:ada@home.example\r\nEMAIL;PREF=1;TYPE=\"work,x:y\":ada@work.example\r\n\
            NICKNAME:Countess\r\nPHOTO:data:image/png;base64,AAAA\r\n EMAIL:no@x.example\r\nEND:VCARD\r\n";
        assert_eq!(
            read(four).0,
            [
                "Ada Lovelace <ada@work.example> [Countess]",
                "Ada Lovelace <ada@home.example> [Countess]"
            ]
        );
        let three = "BEGIN:VCARD\nVERSION:3.0\nN:O\\;Neil;Ann;B.;Dr.;\nitem1.EMAIL;type=INTERNET:a@x.example\n\
            item2.EMAIL;type=INTERNET;type=pref:b@x.example\nEND:VCARD\n";
        assert_eq!(
            read(three).0,
            [
                "\"Ann B. O;Neil\" <b@x.example>",
                "\"Ann B. O;Neil\" <a@x.example>"
            ]
        );
        let two = "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:J=FCrgen=\n M=FCller\n\
            NOTE;QUOTED-PRINTABLE:one=\nEMAIL:trap@x.example=\nEND:VCARD\nEMAIL;PREF;INTERNET:j@x.example\nEND:VCARD\n";
        assert_eq!(read(two).0, ["Jürgen Müller <j@x.example>"]);
    }

    #[test]
    fn groups_name_people_by_address_and_by_card() {
        let text = "BEGIN:VCARD\nUID:AB-1\nFN:Ada\nEMAIL:ada@x.example\nEND:VCARD\n\
            BEGIN:VCARD\nKIND:group\nFN:Team\nMEMBER:mailto:bo%2Bb@x.example?subject=x\nMEMBER:urn:uuid:ab-1\nMEMBER:urn:uuid:none\nEND:VCARD\n\
            BEGIN:VCARD\nX-ADDRESSBOOKSERVER-KIND:group\nFN:Old\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:AB-1\nEND:VCARD\n\
            BEGIN:VCARD\nKIND:group\nFN:Nobody\nEND:VCARD\n";
        let (people, groups) = read(text);
        assert_eq!(people, ["Ada <ada@x.example>"]);
        let ada = Address::new("Ada", "ada@x.example");
        assert_eq!(
            groups,
            [
                Group {
                    name: "Team".into(),
                    members: vec![Address::new("", "bo+b@x.example"), ada.clone()],
                },
                Group {
                    name: "Old".into(),
                    members: vec![ada],
                },
            ]
        );
    }

    #[test]
    fn what_is_cut_nested_or_odd_costs_only_itself() {
        let text = "BEGIN:VCARD\nFN:Cut\nEMAIL:cut@x.example\nBEGIN:VCARD\nFN:Boss\nAGENT:\nBEGIN:VCARD\nFN:Agent\n\
            EMAIL:agent@x.example\nEND:VCARD\nEMAIL:boss@x.example\nEND:VCARD\nEMAIL:outside@x.example\n\
            BEGIN:VCARD\nEMAIL:a@x.example, b@x.example\nEMAIL:no address\nEMAIL:ok@x.example\nEMAIL:ok@x.example\n";
        assert_eq!(
            read(text).0,
            [
                "Cut <cut@x.example>",
                "Boss <boss@x.example>",
                "ok@x.example"
            ]
        );
        let many = "EMAIL:a@x.example\n".repeat(3)
            + &(0..99)
                .map(|n| format!("EMAIL:{n}@x.example\n"))
                .collect::<String>();
        assert_eq!(read(&format!("BEGIN:VCARD\n{many}")).0.len(), ADDRESSES);
        let long = format!("BEGIN:VCARD\nFN:{}\nEMAIL:a@x.example\n", "é".repeat(9_000));
        assert!(read(&long).0[0].len() < 300);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_every_address_is_one(
            bytes in "(BEGIN:VCARD|END:VCARD|FN|N|EMAIL|KIND:group|MEMBER:mailto:|;|;PREF=|;ENCODING=QUOTED-PRINTABLE|:|=\n|\r\n|\n| |@|,|é|\\\\|\"|\\PC){0,80}"
        ) {
            let mut cards = Cards::default();
            cards.read(bytes.as_bytes());
            let (people, groups) = cards.finish();
            let members = groups.into_iter().flat_map(|g| g.members);
            for address in people.into_iter().map(|p| p.address).chain(members) {
                let list = crate::mime::recipients::parse_list(&address.addr);
                prop_assert_eq!(list.map(|l| l.len()), Ok(1), "{}", address.addr);
            }
        }

        #[test]
        fn a_card_that_was_folded_anywhere_is_the_same(at in 3usize..40) {
            let line = "EMAIL;TYPE=home:somebody.with.a.long@address.example";
            let (a, b) = line.split_at(at);
            let folded = format!("BEGIN:VCARD\nFN:Ada\n{a}\n {b}\nEND:VCARD");
            let whole = format!("BEGIN:VCARD\nFN:Ada\n{line}\nEND:VCARD");
            prop_assert_eq!(read(&folded).0, read(&whole).0);
        }
    }
}
