//! The demo's mailboxes filled from the seed files: records become letters with senders, dates
//! before now, threads, quotes and flags.
//!
//! The same seed gives the same letters with the same ages. Everything is at reserved domains
//! (RFC 2606, RFC 6761), so nothing here can reach anybody.

use super::dice::Dice;
use super::letter::{Enclosure, Letter, date};
use super::markup;
use super::script::{Actor, Record, Turn, cast, records};
use super::world::Person;
use crate::model::{Address, Flags, Role, System};
use std::collections::BTreeMap;
use std::fmt::Write;

const CAST: &str = include_str!("../../assets/demo/cast.txt");
const FILES: [&str; 5] = [
    include_str!("../../assets/demo/tessera.txt"),
    include_str!("../../assets/demo/work.txt"),
    include_str!("../../assets/demo/family.txt"),
    include_str!("../../assets/demo/notices.txt"),
    include_str!("../../assets/demo/world.txt"),
];
const DRIP: &str = include_str!("../../assets/demo/drip.txt");

const DAY: i64 = 86_400;

/// A letter with its place.
pub struct Placed {
    /// The account's name.
    pub account: String,
    /// The folder.
    pub folder: String,
    /// Its flags.
    pub flags: Flags,
    /// When it came.
    pub date: i64,
    /// Its bytes.
    pub raw: Vec<u8>,
}

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
    let mut teller = Teller::new(seed, now, &people);
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
    let mut teller = Teller::new(seed ^ round, now, people);
    teller.prefix = format!("drip{round}-{now}");
    let mut all = Vec::new();
    for mut record in records(DRIP, &teller.cast) {
        (record.from, record.to) = (0, 0);
        teller.tell(&record, &mut all);
    }
    all
}

/// Turns records into letters.
struct Teller {
    cast: BTreeMap<String, Actor>,
    owners: BTreeMap<String, Address>,
    dice: Dice,
    now: i64,
    prefix: String,
    count: u32,
}

/// A letter of a conversation that later ones may answer.
struct Said {
    references: Vec<String>,
    text: String,
    by: Address,
    when: i64,
}

impl Teller {
    fn new(seed: u64, now: i64, people: &[Person]) -> Teller {
        let owner = |p: &Person| {
            let address = Address::new(p.full_name.clone(), p.email.clone());
            (p.name.clone(), address)
        };
        Teller {
            cast: cast(CAST),
            owners: people.iter().map(owner).collect(),
            dice: Dice::new(seed),
            now,
            prefix: "letter".to_owned(),
            count: 0,
        }
    }

    fn tell(&mut self, record: &Record, all: &mut Vec<Placed>) {
        if record.rows.is_empty() {
            return self.conversation(record, record.from, record.to, all);
        }
        let count = i64::try_from(record.rows.len()).unwrap_or(1);
        for (n, row) in (0_i64..).zip(&record.rows) {
            let step = (record.from - record.to) / (count - 1).max(1);
            let when = record.from - n * step;
            let mut one = record.clone();
            one.rows.clear();
            let fill = |text: &mut String| {
                *text = text.replace("{n}", &(n + 1).to_string());
                for (at, cell) in row.iter().enumerate() {
                    *text = text.replace(&format!("{{{}}}", at + 1), cell);
                }
            };
            one.turns.iter_mut().for_each(|t| fill(&mut t.text));
            one.keys.values_mut().for_each(fill);
            self.conversation(&one, when, when, all);
        }
    }

    fn conversation(&mut self, record: &Record, from: i64, to: i64, all: &mut Vec<Placed>) {
        let Some(owner) = self.owners.get(&record.account).cloned() else {
            return;
        };
        let mut said: Vec<Said> = Vec::new();
        let times = self.times(record.turns.len(), from, to);
        for (at, turn) in record.turns.iter().enumerate() {
            let when = times.get(at).copied().unwrap_or(self.now - to);
            let letter = self.letter(record, turn, &owner, &said, when);
            let zone = self.cast.get(&turn.who).map_or(1, |a| a.zone);
            let answered = record.turns.iter().skip(at + 1).any(|t| t.who == "me");
            let last = at + 1 == record.turns.len();
            self.place(record, turn, (&letter, zone), (answered, last), all);
            let mut references = letter.references.clone();
            references.push(letter.id);
            said.push(Said {
                references,
                text: turn.text.clone(),
                by: letter.from,
                when,
            });
        }
    }

    /// When each of so many letters was written, ascending, by ages of the first and the last.
    fn times(&mut self, count: usize, from: i64, to: i64) -> Vec<i64> {
        let steps: Vec<i64> = (1..count).map(|_| self.dice.between(2, 19)).collect();
        let total: i64 = steps.iter().sum::<i64>().max(1);
        // A letter alone gets an hour of its own; a series would have them all at the same one.
        let jitter = if from > 2 * DAY {
            self.dice.between(0, DAY / 3)
        } else {
            0
        };
        let mut passed = 0;
        let mut times = vec![self.now - from + jitter];
        for step in steps {
            passed += step;
            let age = from - (from - to) * passed / total;
            times
                .push((self.now - age + if age > 2 * DAY { jitter } else { 0 }).min(self.now - to));
        }
        times
    }

    fn actor(&self, who: &str, owner: &Address) -> Address {
        match self.cast.get(who) {
            Some(actor) if who != "me" => Address::new(actor.name.clone(), actor.addr.clone()),
            _ => owner.clone(),
        }
    }

    fn letter(
        &mut self,
        record: &Record,
        turn: &Turn,
        owner: &Address,
        said: &[Said],
        when: i64,
    ) -> Letter {
        self.count += 1;
        let from = self.actor(&turn.who, owner);
        let answers = turn
            .options
            .iter()
            .find_map(|o| o.strip_prefix('>')?.parse::<usize>().ok())
            .map_or(said.last(), |n| said.get(n.saturating_sub(1)));
        let (to, cc) = self.recipients(record, &from, owner, answers);
        let mut text = turn.text.clone();
        let signature = self.cast.get(&turn.who).map_or("", |a| &a.signature);
        let html = record.key("html");
        let plain_page = html.is_empty();
        if let (Some(parent), false, true) =
            (answers, turn.options.iter().any(|o| o == "new"), plain_page)
        {
            text = quoted(parent, &text, self.dice.chance(30));
        }
        if !signature.is_empty() && plain_page {
            let _ = write!(text, "\n\n-- \n{signature}");
        }
        let subject = record.key("subject");
        let domain = from.domain().to_owned();
        let files = turn
            .options
            .iter()
            .filter_map(|o| file(o.strip_prefix("attach=")?));
        let mut letter = Letter {
            subject: if said.is_empty() {
                subject.to_owned()
            } else {
                format!("Re: {subject}")
            },
            date: when,
            id: format!("{}.{}.{}@{domain}", self.prefix, self.count, record.account),
            references: answers.map(|p| p.references.clone()).unwrap_or_default(),
            html: (!plain_page).then(|| markup::html(subject, &text, html)),
            html_only: record.has("htmlonly"),
            charset: encoding_rs::Encoding::for_label(record.key("charset").as_bytes()),
            files: files.collect(),
            text: if plain_page {
                wrapped(&text)
            } else {
                markup::plain(&text)
            },
            from,
            to,
            cc,
            ..Letter::default()
        };
        if record.has("list") {
            letter.extra = list_fields(record.key("list"));
        }
        if !record.key("unsubscribe").is_empty() {
            letter.extra.push((
                "List-Unsubscribe",
                format!("<{}>", record.key("unsubscribe")),
            ));
        }
        if !record.key("invite").is_empty() && said.is_empty() {
            letter.calendar = Some(self.invitation(record, &letter, owner));
        }
        letter
    }

    fn recipients(
        &self,
        record: &Record,
        from: &Address,
        owner: &Address,
        answers: Option<&Said>,
    ) -> (Vec<Address>, Vec<Address>) {
        let list = record.key("list");
        if record.has("list") {
            let to = Address::new("", format!("{list}@lists.example.org"));
            let cc = answers.map(|a| a.by.clone()).filter(|a| a != from);
            return (vec![to], cc.into_iter().collect());
        }
        let named = record.key("to");
        if from == owner && !named.is_empty() {
            return (vec![self.actor(named, owner)], vec![]);
        }
        let to = if from == owner {
            answers.map_or_else(|| owner.clone(), |a| a.by.clone())
        } else {
            owner.clone()
        };
        let mut cc: Vec<Address> = Vec::new();
        for turn in &record.turns {
            let other = self.actor(&turn.who, owner);
            if other != *from && other != to && !cc.contains(&other) {
                cc.push(other);
            }
        }
        (vec![to], cc)
    }

    /// An invitation in some days at an hour: `3d 14 60 place`.
    fn invitation(&self, record: &Record, letter: &Letter, owner: &Address) -> String {
        let mut words = record.key("invite").splitn(4, ' ');
        let ahead = words.next().and_then(super::script::age).unwrap_or(DAY);
        let hour: i64 = words.next().and_then(|w| w.parse().ok()).unwrap_or(9);
        let minutes: i64 = words.next().and_then(|w| w.parse().ok()).unwrap_or(60);
        let place = words.next().unwrap_or("Room 1");
        let day = (self.now + ahead).div_euclid(DAY) * DAY;
        let stamp = |at: i64| {
            let spelt = jiff::Timestamp::from_second(at)
                .unwrap_or_default()
                .to_string();
            spelt.replace(['-', ':'], "")
        };
        let (start, end) = (day + hour * 3600, day + hour * 3600 + minutes * 60);
        let lines = [
            "BEGIN:VCALENDAR".to_owned(),
            "PRODID:-//Example//Calendar//EN".to_owned(),
            "VERSION:2.0".to_owned(),
            "METHOD:REQUEST".to_owned(),
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}", letter.id),
            format!("DTSTAMP:{}", stamp(letter.date)),
            format!("DTSTART:{}", stamp(start)),
            format!("DTEND:{}", stamp(end)),
            format!(
                "SUMMARY:{}",
                letter.subject.trim_start_matches("Invitation: ")
            ),
            format!("LOCATION:{place}"),
            format!(
                "ORGANIZER;CN={}:mailto:{}",
                letter.from.name, letter.from.addr
            ),
            format!(
                "ATTENDEE;CN={};PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{}",
                owner.name, owner.addr
            ),
            "STATUS:CONFIRMED".to_owned(),
            "END:VEVENT".to_owned(),
            "END:VCALENDAR".to_owned(),
        ];
        lines.join("\r\n") + "\r\n"
    }

    fn place(
        &mut self,
        record: &Record,
        turn: &Turn,
        (letter, zone): (&Letter, i8),
        (answered, last): (bool, bool),
        all: &mut Vec<Placed>,
    ) {
        let mut put = |folder: &str, flags: System| {
            let mut flags = Flags::of(flags);
            if record.has("list") && folder.starts_with("Lists") && last {
                flags.keywords.insert("$label1".to_owned());
            }
            all.push(Placed {
                account: record.account.clone(),
                folder: folder.to_owned(),
                flags,
                date: letter.date,
                raw: letter.bytes(zone),
            });
        };
        if record.has("drafts") {
            return put("Drafts", System::DRAFT | System::SEEN);
        }
        if turn.who == "me" {
            put("Sent", System::SEEN);
            if !record.has("list") {
                return;
            }
        }
        let age = self.now - letter.date;
        let read_by_now = self.dice.chance(if age > 3 * DAY { 94 } else { 35 });
        let mut flags = System::NONE;
        if turn.who == "me"
            || answered
            || record.folder == "Archive"
            || (read_by_now && !record.has("unread"))
        {
            flags = flags | System::SEEN;
        }
        if answered && turn.who != "me" {
            flags = flags | System::ANSWERED;
        }
        if record.has("star") && last {
            flags = flags | System::FLAGGED;
        }
        put(&record.folder, flags);
    }
}

fn list_fields(list: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Sender", format!("{list}-bounces@lists.example.org")),
        ("Precedence", "list".to_owned()),
        ("List-Id", format!("Discussion <{list}.lists.example.org>")),
        ("List-Post", format!("<mailto:{list}@lists.example.org>")),
        (
            "List-Archive",
            format!("<https://lists.example.org/{list}/>"),
        ),
        (
            "List-Unsubscribe",
            format!("<mailto:{list}-leave@lists.example.org>"),
        ),
    ]
}

/// The answer under the quoted letter, or above it as half the world does.
fn quoted(parent: &Said, answer: &str, above: bool) -> String {
    let day = date(parent.when, 0);
    let day = day.rsplit_once(':').map_or(&*day, |(d, _)| d);
    let mut quote = format!("On {day}, {} wrote:\n", parent.by.display());
    for line in wrapped(&parent.text).lines().take(14) {
        let _ = writeln!(
            quote,
            ">{}{line}",
            if line.is_empty() || line.starts_with('>') {
                ""
            } else {
                " "
            }
        );
    }
    if above {
        format!("{answer}\n\n{quote}")
    } else {
        format!("{quote}\n{answer}")
    }
}

/// Long lines of prose broken at 72 columns; tables, quotes, code and short lines are left alone.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let prose = line.len() > 76 && line.starts_with(|c: char| c.is_alphanumeric() || c == '"');
        if !prose {
            let _ = writeln!(out, "{line}");
            continue;
        }
        let mut width = 0;
        for word in line.split(' ') {
            let long = word.chars().count();
            if width > 0 && width + 1 + long > 72 {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += long;
        }
        out.push('\n');
    }
    out
}

fn file(name: &str) -> Option<Enclosure> {
    let (media_type, bytes): (&'static str, &[u8]) = match name {
        "floorplan.pdf" => (
            "application/pdf",
            include_bytes!("../../assets/demo/files/floorplan.pdf"),
        ),
        "invoice.pdf" => (
            "application/pdf",
            include_bytes!("../../assets/demo/files/invoice.pdf"),
        ),
        "tiles.png" => (
            "image/png",
            include_bytes!("../../assets/demo/files/tiles.png"),
        ),
        "readings.csv" => (
            "text/csv",
            include_bytes!("../../assets/demo/files/readings.csv"),
        ),
        _ => return None,
    };
    Some(Enclosure {
        name: name.to_owned(),
        media_type,
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::MessageParser;

    const NOW: i64 = 1_795_000_000;

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
        let mut ids = std::collections::BTreeMap::new();
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
