//! Records told as letters: recipients, quotes, threads, dates before now, places and flags.

use super::dice::Dice;
use super::letter::{Enclosure, Letter, date};
use super::markup;
use super::person::Person;
use super::script::{self, Actor, Record, Turn};
use crate::model::{Address, Flags, System};
use std::collections::BTreeMap;
use std::fmt::Write;

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

/// An account's owner.
pub struct Named {
    /// The account's name.
    pub account: String,
    /// Name and address.
    pub address: Address,
}

impl Named {
    /// Who this is.
    pub fn of(person: &Person) -> Named {
        Named {
            account: person.name.clone(),
            address: Address::new(person.full_name.clone(), person.email.clone()),
        }
    }
}

/// Turns records into letters.
pub struct Teller {
    cast: BTreeMap<String, Actor>,
    owners: BTreeMap<String, Address>,
    dice: Dice,
    now: i64,
    /// What Message-IDs begin with, so that the same record told twice is two letters.
    pub prefix: String,
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
    /// A teller of letters before `now` to these people, with the cast that they know.
    pub fn new(cast: BTreeMap<String, Actor>, seed: u64, now: i64, people: &[Named]) -> Teller {
        let owner = |p: &Named| (p.account.clone(), p.address.clone());
        Teller {
            cast,
            owners: people.iter().map(owner).collect(),
            dice: Dice::new(seed),
            now,
            prefix: "letter".to_owned(),
            count: 0,
        }
    }

    /// Adds the letters of one record.
    pub fn tell(&mut self, record: &Record, all: &mut Vec<Placed>) {
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
        let ahead = words.next().and_then(script::age).unwrap_or(DAY);
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
            if last && folder == record.folder {
                flags.keywords.extend(record.tags());
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
