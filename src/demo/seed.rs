//! The demo's mailboxes filled from the seed files: records become letters with senders, dates
//! before now, threads, quotes and flags.
//!
//! The same seed gives the same letters with the same ages. Everything is at reserved domains
//! (RFC 2606, RFC 6761), so nothing here can reach anybody.

use super::script::{cast, records};
use super::teller::{Placed, Teller};
use super::world::Person;
use crate::model::Role;

const CAST: &str = include_str!("../../assets/demo/cast.txt");
const FILES: [&str; 5] = [
    include_str!("../../assets/demo/tessera.txt"),
    include_str!("../../assets/demo/work.txt"),
    include_str!("../../assets/demo/family.txt"),
    include_str!("../../assets/demo/notices.txt"),
    include_str!("../../assets/demo/world.txt"),
];
const DRIP: &str = include_str!("../../assets/demo/drip.txt");

/// The two people of the demo with everything in their mailboxes.
pub fn people(seed: u64, now: i64, validity: u32) -> Vec<Person> {
    let mut people = vec![
        Person::new("ada", "ada@example.org", "Ada Winter", validity),
        Person::new("home", "winter@example.net", "Ada Winter", validity),
    ];
    let roles = [
        ("Archive", Role::Archive),
        ("Drafts", Role::Drafts),
        ("Sent", Role::Sent),
        ("Junk", Role::Junk),
        ("Trash", Role::Trash),
    ];
    for person in &mut people {
        for (name, role) in roles {
            person.create(name, Some(role));
        }
    }
    let mut teller = Teller::new(cast(CAST), seed, now, &people);
    let mut all: Vec<Placed> = Vec::new();
    for record in FILES.iter().flat_map(|f| records(f, &cast(CAST))) {
        teller.tell(&record, &mut all);
    }
    all.sort_by_key(|p| p.date);
    for placed in all {
        if let Some(person) = people.iter_mut().find(|p| p.name == placed.account) {
            person.create(&placed.folder, None);
            if let Some(folder) = person.folders.get_mut(&placed.folder) {
                folder.add(placed.raw.into(), placed.flags, placed.date);
            }
        }
    }
    people
}

/// The letters that drop in one after the other, dated `now`; `round` makes their ids new.
pub fn drips(seed: u64, now: i64, round: u64, people: &[Person]) -> Vec<Placed> {
    let mut teller = Teller::new(cast(CAST), seed ^ round, now, people);
    teller.prefix = format!("drip{round}-{now}");
    let mut all = Vec::new();
    for mut record in records(DRIP, &cast(CAST)) {
        (record.from, record.to) = (0, 0);
        teller.tell(&record, &mut all);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::System;
    use mail_parser::MessageParser;
    use std::collections::BTreeMap;

    const NOW: i64 = 1_795_000_000;
    const DAY: i64 = 86_400;

    fn all(people: &[Person]) -> Vec<(&str, &str, &super::super::world::Stored)> {
        let mut all = Vec::new();
        for p in people {
            for (name, f) in &p.folders {
                all.extend(f.messages.iter().map(|m| (&*p.name, &**name, m)));
            }
        }
        all
    }

    #[test]
    fn the_mailboxes_are_full_of_life() {
        let people = people(7, NOW, 1);
        let all = all(&people);
        assert!((250..600).contains(&all.len()), "{}", all.len());
        let texts: Vec<String> = all
            .iter()
            .map(|(_, _, m)| String::from_utf8_lossy(&m.raw).into_owned())
            .collect();
        for sign in [
            "method=REQUEST",
            "List-Id:",
            "multipart/alternative",
            "application/pdf",
            "image/png",
            "text/csv",
            "diff --git",
            "iso-2022-jp",
        ] {
            assert!(texts.iter().any(|t| t.contains(sign)), "{sign}");
        }
        for p in &people {
            for name in ["INBOX", "Archive", "Drafts", "Sent", "Junk", "Trash"] {
                assert!(!p.folders[name].messages.is_empty(), "{} {name}", p.name);
            }
        }
        let unread = all
            .iter()
            .filter(|(_, _, m)| !m.flags.system.has(System::SEEN))
            .count();
        assert!(unread > 15 && unread * 2 < all.len(), "{unread}");
    }

    #[test]
    fn every_letter_is_sound_and_in_the_past() {
        let people = people(7, NOW, 1);
        let mut ids = BTreeMap::new();
        for (account, folder, m) in all(&people) {
            let parsed = MessageParser::default().parse(&m.raw[..]).unwrap();
            assert!(parsed.from().is_some() && parsed.message_id().is_some());
            assert!(m.date <= NOW && m.date > NOW - 400 * DAY, "{folder}");
            assert!(
                !parsed.parts.iter().any(|p| p.is_encoding_problem),
                "{:?}",
                parsed.subject()
            );
            assert!(m.raw.windows(2).all(|w| w[1] != b'\n' || w[0] == b'\r'));
            let list = folder.starts_with("Lists") || folder == "Sent";
            let seen: &mut u32 = ids
                .entry((account, parsed.message_id().unwrap().to_owned()))
                .or_default();
            *seen += 1;
            assert!(*seen == 1 || list, "{folder} {:?}", parsed.message_id());
        }
    }

    #[test]
    fn only_reserved_domains_are_named() {
        let sources = FILES.iter().chain([&CAST, &DRIP]);
        for text in sources {
            let words = text.split(|c: char| c.is_whitespace() || "<>()[]|\"',;".contains(c));
            for word in words.filter(|w| w.contains('@') && w.contains('.') || w.contains("://")) {
                let host = word.rsplit_once("://").map_or(word, |(_, h)| h);
                let host = host
                    .split(['/', '?'])
                    .next()
                    .unwrap()
                    .rsplit('@')
                    .next()
                    .unwrap();
                let host = host.trim_end_matches(['.', ':']);
                let reserved = [
                    "example.org",
                    "example.net",
                    "example.com",
                    ".test",
                    ".example",
                    ".invalid",
                ];
                assert!(reserved.iter().any(|r| host.ends_with(r)), "{word}");
            }
        }
    }

    #[test]
    fn one_thread_is_very_long_and_holds_together() {
        let people = people(7, NOW, 1);
        let mut roots: BTreeMap<String, u32> = BTreeMap::new();
        for (_, folder, m) in all(&people) {
            if folder == "Sent" {
                continue;
            }
            let raw = String::from_utf8_lossy(&m.raw).into_owned();
            if let Some((_, rest)) = raw.split_once("\r\nReferences: <") {
                *roots
                    .entry(rest.split('>').next().unwrap().to_owned())
                    .or_default() += 1;
            }
        }
        assert!(roots.values().any(|n| *n >= 40), "{roots:?}");
    }

    #[test]
    fn the_same_seed_tells_the_same_and_drips_are_new_each_round() {
        let (a, b) = (people(7, NOW, 1), people(7, NOW, 1));
        let raws = |p: &[Person]| {
            all(p)
                .iter()
                .map(|(_, _, m)| m.raw.to_vec())
                .collect::<Vec<_>>()
        };
        assert_eq!(raws(&a), raws(&b));
        let (first, second) = (drips(7, NOW, 0, &a), drips(7, NOW, 1, &a));
        assert!(first.len() >= 10 && first.len() == second.len());
        assert!(first.iter().all(|p| p.date == NOW && p.folder == "INBOX"));
        assert_ne!(first[0].raw, second[0].raw);
    }
}
