//! The demo's mailboxes filled from the seed files: records become letters with senders, dates
//! before now, threads, quotes and flags.
//!
//! The same seed gives the same letters with the same ages. Everything is at reserved domains
//! (RFC 2606, RFC 6761), so nothing here can reach anybody.

use super::dice::Dice;
use super::gmail;
use super::letter::Letter;
use super::offer::Shape;
use super::person::Person;
use super::script::{cast, records};
use super::teller::{Named, Placed, Teller};
use super::world::Wish;
use crate::model::{Address, Role};
use mail_parser::MessageParser;

const CAST: &str = include_str!("../../assets/demo/cast.txt");
const FILES: [&str; 5] = [
    include_str!("../../assets/demo/tessera.txt"),
    include_str!("../../assets/demo/work.txt"),
    include_str!("../../assets/demo/family.txt"),
    include_str!("../../assets/demo/notices.txt"),
    include_str!("../../assets/demo/world.txt"),
];
const DRIP: &str = include_str!("../../assets/demo/drip.txt");
const ANSWERS: &str = include_str!("../../assets/demo/answers.txt");

/// The special mailboxes, as they are called where nobody says otherwise.
const ROLES: [(&str, Role); 5] = [
    ("Archive", Role::Archive),
    ("Drafts", Role::Drafts),
    ("Sent", Role::Sent),
    ("Junk", Role::Junk),
    ("Trash", Role::Trash),
];

/// The two people of the demo, with nothing in their mailboxes.
pub fn bare(validity: u32, shape: &Shape) -> Vec<Person> {
    let mut people = vec![
        Person::new("ada", "ada@example.org", "Ada Winter", validity, shape),
        Person::new("home", "winter@example.net", "Ada Winter", validity, shape),
    ];
    for person in &mut people {
        if shape.gmail {
            person.furnish();
            continue;
        }
        for (name, role) in ROLES {
            person.create(&person.local(name), Some(role));
        }
    }
    people
}

/// What a mailbox of the seed files is called in somebody's account.
fn local(person: &Person, name: &str) -> String {
    let role = ROLES.iter().find(|(n, _)| *n == name).map(|(_, r)| *r);
    if !person.shape.gmail {
        return person.local(name);
    }
    // What is archived is in All Mail and has no label.
    let role = role.map(|r| if r == Role::Archive { Role::All } else { r });
    let special = gmail::SPECIAL.iter().find(|(_, r, _)| Some(*r) == role);
    special.map_or_else(|| person.local(name), |(name, _, _)| (*name).to_owned())
}

/// The two people of the demo with everything in their mailboxes.
pub fn people(seed: u64, now: i64, validity: u32, shape: &Shape) -> Vec<Person> {
    let mut people = bare(validity, shape);
    let names: Vec<Named> = people.iter().map(Named::of).collect();
    let mut teller = Teller::new(cast(CAST), seed, now, &names);
    let mut all: Vec<Placed> = Vec::new();
    for record in FILES.iter().flat_map(|f| records(f, &cast(CAST))) {
        teller.tell(&record, &mut all);
    }
    all.sort_by_key(|p| p.date);
    for placed in all {
        if let Some(person) = people.iter_mut().find(|p| p.name == placed.account) {
            let folder = local(person, &placed.folder);
            person.create(&folder, None);
            person.add(&folder, placed.raw.into(), placed.flags, placed.date);
        }
    }
    people
}

/// The letters that drop in one after the other, dated `now`; `round` makes their ids new.
pub fn drips(seed: u64, now: i64, round: u64, people: &[Named]) -> Vec<Placed> {
    let mut teller = Teller::new(cast(CAST), seed ^ round, now, people);
    teller.prefix = format!("drip{round}-{now}");
    let mut all = Vec::new();
    for mut record in records(DRIP, &cast(CAST)) {
        (record.from, record.to) = (0, 0);
        teller.tell(&record, &mut all);
    }
    all
}

/// What somebody of the cast answers; `None` for an address that nobody of them has, and for a
/// message that a program wrote (RFC 3834 §2).
pub fn answer(seed: u64, now: i64, wish: &Wish) -> Option<Vec<u8>> {
    let all = cast(CAST);
    let mut actors = all.values().filter(|a| !a.signature.is_empty());
    let actor = actors.find(|a| a.addr.eq_ignore_ascii_case(&wish.by))?;
    let asked = MessageParser::default().parse(&wish.raw[..])?;
    if asked.parts.is_empty() || asked.header("Auto-Submitted").is_some() {
        return None;
    }
    let lines: Vec<&str> = ANSWERS.lines().collect();
    let said = Dice::new(seed).pick(&lines).copied()?;
    let author = asked.from().and_then(|f| f.first())?;
    let author = Address::new(author.name().unwrap_or_default(), author.address()?);
    let subject = asked.subject().unwrap_or_default();
    let known = asked.references().as_text_list().unwrap_or_default();
    let id = asked.message_id().map(str::to_owned);
    let letter = Letter {
        from: Address::new(actor.name.clone(), actor.addr.clone()),
        to: vec![author],
        subject: match subject.get(..3) {
            Some(re) if re.eq_ignore_ascii_case("re:") => subject.to_owned(),
            _ => format!("Re: {subject}"),
        },
        date: now,
        id: format!("answer.{seed}.{now}@{}", actor.addr.rsplit_once('@')?.1),
        references: known.iter().map(|r| r.to_string()).chain(id).collect(),
        extra: vec![("Auto-Submitted", "auto-replied".to_owned())],
        text: format!("{said}\n\n-- \n{}\n", actor.signature),
        ..Letter::default()
    };
    Some(letter.bytes(actor.zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::System;
    use std::collections::BTreeMap;

    const NOW: i64 = 1_795_000_000;
    const DAY: i64 = 86_400;

    fn all(people: &[Person]) -> Vec<(&str, &str, &super::super::folder::Stored)> {
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
        let people = people(7, NOW, 1, &Shape::default());
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
        let people = people(7, NOW, 1, &Shape::default());
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
        let people = people(7, NOW, 1, &Shape::default());
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
        let (a, b) = (
            people(7, NOW, 1, &Shape::default()),
            people(7, NOW, 1, &Shape::default()),
        );
        let raws = |p: &[Person]| {
            all(p)
                .iter()
                .map(|(_, _, m)| m.raw.to_vec())
                .collect::<Vec<_>>()
        };
        assert_eq!(raws(&a), raws(&b));
        let names: Vec<Named> = a.iter().map(Named::of).collect();
        let (first, second) = (drips(7, NOW, 0, &names), drips(7, NOW, 1, &names));
        assert!(first.len() >= 10 && first.len() == second.len());
        assert!(first.iter().all(|p| p.date == NOW && p.folder == "INBOX"));
        assert_ne!(first[0].raw, second[0].raw);
    }

    #[test]
    fn the_cast_answers_people_and_not_programs() {
        let raw = "From: Ada <ada@example.org>\r\nSubject: Tea?\r\nMessage-ID: <q@example.org>\r\n\r\nx\r\n";
        let mut wish = Wish {
            by: "MARA@lindqvist.example".to_owned(),
            to: "ada@example.org".to_owned(),
            raw: raw.as_bytes().to_vec(),
        };
        let raw = answer(1, NOW, &wish).unwrap();
        assert!(
            answer(
                2,
                NOW,
                &Wish {
                    raw: raw.clone(),
                    ..wish.clone()
                }
            )
            .is_none()
        );
        let text = String::from_utf8(raw).unwrap();
        assert!(text.contains("Subject: Re: Tea?\r\n"), "{text}");
        assert!(text.contains("In-Reply-To: <q@example.org>"), "{text}");
        wish.by = "stranger@example.com".to_owned();
        assert!(answer(1, NOW, &wish).is_none());
    }
}
