//! Whom the composer offers for what is typed of a name or address, and in which order.
//!
//! First how well they fit: a word begins so, or it stands inside, or only its letters do, near to
//! each other. Among equals those we wrote to, often and lately; then groups; then who is in an
//! address book; then who was only seen, for a name that somebody chose for themselves proves
//! nothing. A group that is called exactly so comes before everybody.

use crate::config::Contacts;
use crate::lang::{tr, trc};
use crate::model::view::Person;
use crate::model::{Address, Contact, Group};
use crate::text::Clean;
use crate::text::fold::fold;
use crate::tui::widget::fuzzy;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use unicode_segmentation::UnicodeSegmentation;

/// With fewer letters, only whole beginnings and insides fit: nearly everybody has them somewhere.
pub const LOOSE: usize = 3;
/// Letters may be so many times as far from each other as they are many.
const SPREAD: usize = 2;
/// Seconds after which having written counts half as much.
const FADES: f64 = 60.0 * 86_400.0;

/// Where people come from, besides the mail.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// The address books.
    pub contacts: Contacts,
    /// The groups of the configuration.
    pub groups: Vec<Group>,
}

/// Where somebody is known from, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// We wrote to it.
    Written,
    /// A group.
    Group,
    /// A vCard file.
    Card,
    /// The program that prints addresses.
    Program,
    /// Only seen in mail.
    Seen,
}

/// Somebody, or a group, to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Whom it stands for: one, unless it is a group. Untrusted text.
    pub addresses: Vec<Address>,
    /// What the group is called. Untrusted text.
    pub group: Option<String>,
    /// Where it is known from.
    pub source: Source,
    /// Whether mail to it came back.
    pub bounced: bool,
}

impl Offered {
    /// What may be put into a line: nothing in it may divide, hide or reorder.
    pub fn fit(mut self) -> Option<Offered> {
        let clean = |address: Address| {
            let addr = address.addr.trim();
            let odd = |c: char| c.is_whitespace() || c.is_control() || ",;<>\"()".contains(c);
            let fits =
                !addr.is_empty() && !addr.contains(odd) && Clean::line(addr).as_str() == addr;
            let name = Clean::line(address.name.trim()).to_string();
            fits.then(|| Address::new(name, addr))
        };
        self.addresses = self.addresses.into_iter().filter_map(clean).collect();
        self.group = self.group.map(|g| Clean::line(g.trim()).to_string());
        (!self.addresses.is_empty()).then_some(self)
    }

    /// How it is shown.
    pub fn label(&self) -> String {
        match (&self.group, self.addresses.as_slice()) {
            (Some(group), members) => format!("{group} ({})", members.len()),
            (None, [address, ..]) => address.to_string(),
            (None, []) => String::new(),
        }
    }

    /// Where it is known from, unless we wrote to it; and what is to be known of it.
    pub fn mark(&self) -> String {
        let from = match self.source {
            Source::Written => "",
            Source::Group => trc!("person", "group"),
            Source::Card => trc!("person", "card"),
            Source::Program => trc!("person", "contacts"),
            Source::Seen => trc!("person", "only seen"),
        };
        match (self.bounced, from) {
            (true, "") => trc!("person", "came back").to_owned(),
            (true, from) => tr!("came back, {from}", from),
            (false, from) => from.to_owned(),
        }
    }
}

/// Splits what stands before the cursor: the addresses that are finished (with what divides them),
/// and what is typed of the next.
pub fn split(before: &str) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    let mut from = 0;
    for (at, c) in before.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' | ';' if !quoted => from = at + 1,
            _ => {}
        }
    }
    let (done, typed) = before.split_at_checked(from).unwrap_or(("", before));
    (done, typed.trim_start())
}

/// Whoever may be offered, one entry an address.
#[derive(Debug, Default)]
pub struct Candidates {
    people: BTreeMap<String, Candidate>,
    groups: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    offered: Offered,
    /// What is looked in, folded.
    text: String,
    weight: f64,
    /// Whether somebody else found it fit already.
    fits: bool,
}

impl Candidates {
    /// Adds somebody whom the mail knows. `now` is seconds since 1970.
    pub fn person(&mut self, person: Person, now: i64) {
        #[expect(clippy::cast_precision_loss, reason = "an order, not a count")]
        let (written, age) = (
            person.written as f64,
            now.saturating_sub(person.last).max(0) as f64,
        );
        let source = if person.written > 0 {
            Source::Written
        } else {
            Source::Seen
        };
        self.add(Candidate {
            text: folded(&person.address, ""),
            offered: Offered {
                addresses: vec![person.address],
                group: None,
                source,
                bounced: person.bounced,
            },
            weight: written / (1.0 + age / FADES),
            fits: false,
        });
    }

    /// Adds somebody of an address book. `fits`: the book itself says that they are meant.
    pub fn contact(&mut self, contact: &Contact, source: Source, fits: bool) {
        self.add(Candidate {
            text: folded(&contact.address, &contact.also),
            offered: Offered {
                addresses: vec![contact.address.clone()],
                group: None,
                source,
                bounced: false,
            },
            weight: 0.0,
            fits,
        });
    }

    /// Adds a group.
    pub fn group(&mut self, group: &Group) {
        self.groups.push(Candidate {
            text: fold(&group.name),
            offered: Offered {
                addresses: group.members.clone(),
                group: Some(group.name.clone()),
                source: Source::Group,
                bounced: false,
            },
            weight: 0.0,
            fits: false,
        });
    }

    fn add(&mut self, new: Candidate) {
        let Some(address) = new.offered.addresses.first() else {
            return;
        };
        match self.people.entry(address.addr.to_lowercase()) {
            Entry::Vacant(place) => {
                place.insert(new);
            }
            Entry::Occupied(mut place) => place.get_mut().join(new),
        }
    }

    /// The best that fit what is typed.
    pub fn best(self, typed: &str, limit: usize) -> Vec<Offered> {
        let words = words(typed);
        if words.is_empty() {
            return Vec::new();
        }
        let name = words.join(" ");
        let all: Vec<Candidate> = self.people.into_values().chain(self.groups).collect();
        let hits = fuzzy::find(&name, all.iter().map(|c| c.text.as_str()));
        // How near the letters stand, best first, for those that nothing else tells apart.
        let mut near: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
        for (rank, hit) in hits.into_iter().enumerate() {
            let ends = hit.marks.first().zip(hit.marks.last());
            let spread = ends.map_or(0, |(first, last)| last - first + 1);
            let close = words.len() > 1 || spread <= SPREAD * hit.marks.len();
            near.insert(hit.index, (rank, close));
        }
        let mut ranked: Vec<_> = all
            .into_iter()
            .enumerate()
            .filter_map(|(n, candidate)| {
                let (rank, close) = near.get(&n).copied().unwrap_or((usize::MAX, false));
                let exact = candidate.offered.group.is_some() && candidate.text.trim() == name;
                let fit = match fit(&words, &candidate.text) {
                    _ if exact => 0,
                    Some(fit) => fit,
                    None if close && letters(&words) >= LOOSE => 3,
                    None if candidate.fits => 3,
                    None => return None,
                };
                Some((fit, rank, candidate))
            })
            .collect();
        ranked.sort_by(|(fit_a, rank_a, a), (fit_b, rank_b, b)| {
            fit_a
                .cmp(fit_b)
                .then(a.offered.source.cmp(&b.offered.source))
                .then(b.weight.total_cmp(&a.weight))
                .then(rank_a.cmp(rank_b))
        });
        let best = ranked.into_iter().map(|(.., c)| c.offered);
        best.take(limit).collect()
    }
}

impl Candidate {
    /// Takes in what else is known of the same address. The name that the user keeps is better
    /// than the one that came with mail.
    fn join(&mut self, new: Candidate) {
        let kept = |c: &Candidate| matches!(c.offered.source, Source::Card | Source::Program);
        let nameless = self.offered.addresses.iter().all(|a| a.name.is_empty());
        if nameless || (kept(&new) && !kept(self)) {
            let named = new.offered.addresses.iter().any(|a| !a.name.is_empty());
            if named {
                self.offered.addresses = new.offered.addresses;
            }
        }
        self.text.push(' ');
        self.text.push_str(&new.text);
        self.offered.source = self.offered.source.min(new.offered.source);
        self.offered.bounced |= new.offered.bounced;
        self.weight = self.weight.max(new.weight);
        self.fits |= new.fits;
    }
}

/// What is typed as words to look for.
pub fn words(typed: &str) -> Vec<String> {
    let folded = fold(typed);
    folded.split_whitespace().map(str::to_owned).collect()
}

/// How many letters the words have together.
pub fn letters(words: &[String]) -> usize {
    words.iter().map(|w| w.chars().count()).sum()
}

/// Whether a contact may fit at all: cheap, for large books.
pub fn may_fit(words: &[String], contact: &Contact) -> bool {
    let text = folded(&contact.address, &contact.also);
    // As the matcher does: of each grapheme the first character counts.
    let firsts = |text: &str| -> Vec<char> {
        let symbols = text.graphemes(true);
        symbols.filter_map(|s| s.chars().next()).collect()
    };
    let found = firsts(&text);
    let loose = |word: &String| {
        let mut left = found.iter();
        firsts(word).iter().all(|c| left.any(|t| t == c))
    };
    fit(words, &text).is_some() || (letters(words) >= LOOSE && words.iter().all(loose))
}

fn folded(address: &Address, also: &str) -> String {
    fold(&format!("{} {} {also}", address.name, address.addr))
}

/// 1: every word begins a word of the text; 2: every one stands in it.
fn fit(words: &[String], text: &str) -> Option<u8> {
    let mut worst = 1;
    for word in words {
        let mut inside = text.match_indices(word.as_str()).peekable();
        inside.peek()?;
        let begins = |at: usize| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric())
        };
        if !inside.any(|(at, _)| begins(at)) {
            worst = 2;
        }
    }
    Some(worst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000;

    fn person(name: &str, addr: &str, written: u64, days_ago: i64) -> Person {
        Person {
            address: Address::new(name, addr),
            written,
            last: NOW - days_ago * 86_400,
            bounced: false,
        }
    }

    fn contact(name: &str, addr: &str, also: &str) -> Contact {
        Contact {
            address: Address::new(name, addr),
            also: also.into(),
        }
    }

    fn names(found: &[Offered]) -> Vec<&str> {
        let name = |o: &Offered| {
            o.group
                .clone()
                .unwrap_or_else(|| o.addresses[0].addr.clone())
        };
        found.iter().map(name).map(|n| &*n.leak()).collect()
    }

    fn everybody() -> Candidates {
        let mut all = Candidates::default();
        all.person(person("Ada Seen", "ada@seen.example", 0, 0), NOW);
        all.person(person("Ada Once", "ada@once.example", 1, 1), NOW);
        all.person(person("Ada Often", "ada@often.example", 9, 30), NOW);
        all.person(person("Ada Then", "ada@then.example", 9, 3000), NOW);
        all.person(person("Wanda", "w@x.example", 50, 0), NOW);
        all.contact(
            &contact("Ada Card", "ada@card.example", ""),
            Source::Card,
            false,
        );
        all.contact(
            &contact("Bo", "bo@x.example", "Adam"),
            Source::Program,
            false,
        );
        all.group(&Group {
            name: "Adafans".into(),
            members: vec![Address::new("", "a@x.example")],
        });
        all
    }

    #[test]
    fn the_last_address_is_what_is_typed() {
        for (before, done, typed) in [
            ("", "", ""),
            ("ad", "", "ad"),
            ("a@x.example, b", "a@x.example,", "b"),
            (
                "\"Doe, J\" <j@x.example>; \"Do",
                "\"Doe, J\" <j@x.example>;",
                "\"Do",
            ),
            ("\"a\\\", b", "", "\"a\\\", b"),
            ("é,日", "é,", "日"),
        ] {
            assert_eq!(split(before), (done, typed), "{before}");
        }
    }

    #[test]
    fn s52_those_we_wrote_to_come_first_and_those_only_seen_last() {
        let found = everybody().best("ada", 20);
        assert_eq!(
            names(&found),
            [
                "ada@often.example",
                "ada@once.example",
                "ada@then.example",
                "Adafans",
                "ada@card.example",
                "bo@x.example",
                "ada@seen.example",
                "w@x.example",
            ]
        );
        // Inside of a word: behind those of whom a word begins so, however often one wrote.
        assert_eq!(names(&everybody().best("anda", 20)), ["w@x.example"]);
        assert_eq!(names(&everybody().best("adafans", 20))[0], "Adafans");
        assert_eq!(names(&everybody().best("ada", 2)).len(), 2);
        assert_eq!(names(&everybody().best(" ?", 9)), [""; 0]);
    }

    #[test]
    fn letters_with_others_between_are_enough_if_they_are_near() {
        let mut all = Candidates::default();
        all.person(person("John Smith", "js@x.example", 0, 0), NOW);
        all.person(
            person("Jan van der Somewhere", "t@hotmail.example", 9, 0),
            NOW,
        );
        assert_eq!(names(&all.best("jsmith", 9)), ["js@x.example"]);
        for (typed, fits) in [("js", 1), ("jns", 2), ("jqs", 0)] {
            let mut all = Candidates::default();
            all.person(person("John Smith", "js@x.example", 0, 0), NOW);
            all.person(person("Jan Sommer", "t@x.example", 0, 0), NOW);
            assert_eq!(all.best(typed, 9).len(), fits, "{typed}");
        }
    }

    #[test]
    fn one_address_is_offered_once_with_the_name_that_the_user_keeps() {
        let mut all = Candidates::default();
        let mut known = person("CEO URGENT", "Ada@x.example", 0, 0);
        known.bounced = true;
        all.person(known, NOW);
        all.contact(
            &contact("Ada Example", "ada@X.example", ""),
            Source::Card,
            false,
        );
        all.contact(
            &contact("Other", "ada@x.example", ""),
            Source::Program,
            true,
        );
        let found = all.best("ada", 9);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].addresses[0].name, "Ada Example");
        assert_eq!((found[0].source, found[0].bounced), (Source::Card, true));
        let mut all = Candidates::default();
        all.contact(&contact("", "ada@x.example", ""), Source::Card, false);
        all.person(person("Ada", "ada@x.example", 2, 0), NOW);
        let found = all.best("ada", 9);
        assert_eq!(found[0].source, Source::Written);
        assert_eq!(found[0].addresses[0].name, "Ada");
        // What the program says that it fits is believed.
        let mut all = Candidates::default();
        all.contact(&contact("Ada", "ada@x.example", ""), Source::Program, true);
        assert_eq!(all.best("acme", 9).len(), 1);
    }

    proptest! {
        #[test]
        fn better_sources_come_first_among_equals(
            people in prop::collection::vec(("[ab]{1,3}", 0u64..3, 0i64..400), 0..20),
            typed in "[ab]{1,3}",
        ) {
            let mut all = Candidates::default();
            for (n, (name, written, days)) in people.iter().enumerate() {
                all.person(person(name, &format!("x{n}@y.test"), *written, *days), NOW);
            }
            let found = all.best(&typed, 99);
            let order: Vec<_> = found
                .iter()
                .map(|o| (fit(&words(&typed), &folded(&o.addresses[0], "")).unwrap_or(3), o.source))
                .collect();
            let mut sorted = order.clone();
            sorted.sort();
            prop_assert_eq!(order, sorted);
        }

        #[test]
        fn nothing_that_is_found_is_refused_before(name in "\\PC{0,8}", typed in "\\PC{0,5}") {
            let one = contact(&name, "some.body@x.example", "");
            let mut all = Candidates::default();
            all.contact(&one, Source::Card, false);
            let found = all.best(&typed, 9);
            prop_assert!(found.is_empty() || may_fit(&words(&typed), &one));
        }
    }
}
