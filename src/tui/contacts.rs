//! The contacts thread: it knows the people of the mail, the files of cards, the program that
//! prints addresses and the groups, and says whom a composer may offer.
//!
//! Only the newest question counts. What the databases and the cards that were read already give is
//! answered at once; when more is there (cards were read, the program has printed), the same
//! question is answered again. The program runs on a thread of its own, once at a time, and is
//! ended after [`PATIENCE`]; a slow disk or a program that hangs holds up nothing but itself.

use crate::config::{cards, command};
use crate::lang::tr;
use crate::mime::{roster, vcard};
use crate::model::{Contact, Group};
use crate::store::{Error, LocalReader};
use crate::text::when;
use crate::tui::event::Event;
use crate::tui::offer::{Books, Candidates, LOOSE, Offered, Source, letters, may_fit, words};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Whoever is offered at most.
const OFFERED: usize = 12;
/// People of the mail looked at for one question, of each kind of fit.
const LOOKED_AT: usize = 300;
/// How long the program may take.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Octets of its output that are read.
const OUTPUT: u64 = 4 << 20;
/// With less typed, a program that is asked for each word is not asked.
const ENOUGH: usize = 2;
/// Answers of the program that are kept.
const KEPT: usize = 16;
/// How often the files are looked at for changes, and the program that prints everybody is run.
const CARDS_DUE: Duration = Duration::from_secs(20);
const EVERYBODY_DUE: Duration = Duration::from_secs(600);

/// The thread, as the loop sees it. It ends when this is dropped.
pub struct Asker {
    notes: Sender<Note>,
}

enum Note {
    Question {
        serial: u64,
        typed: String,
    },
    Printed {
        typed: String,
        people: Result<Vec<Contact>, String>,
    },
    Gone,
}

impl Asker {
    /// Starts the thread; answers go to `events` as [`Event::Offered`].
    ///
    /// # Errors
    /// When threads have run out.
    pub fn start(local: &Path, books: Books, events: Sender<Event>) -> io::Result<Asker> {
        let (notes, inbox) = unbounded();
        let mut desk = Desk {
            local: local.to_path_buf(),
            own: None,
            books,
            events,
            back: notes.clone(),
            asked: None,
            answered: None,
            cards: Cards::default(),
            program: Program::default(),
            told: BTreeSet::new(),
        };
        std::thread::Builder::new()
            .name("contacts".into())
            .spawn(move || desk.serve(&inbox))?;
        Ok(Asker { notes })
    }

    /// Asks; never waits.
    pub fn ask(&self, serial: u64, typed: String) {
        let _ = self.notes.send(Note::Question { serial, typed });
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        // The thread holds a sender itself.
        let _ = self.notes.send(Note::Gone);
    }
}

/// What was read of the files.
#[derive(Default)]
struct Cards {
    files: Vec<cards::Found>,
    people: Vec<Contact>,
    groups: Vec<Group>,
    looked: Option<Instant>,
}

/// What the program printed: for which question, the newest last.
#[derive(Default)]
struct Program {
    printed: Vec<(String, Vec<Contact>)>,
    running: bool,
    ran: Option<Instant>,
}

struct Desk {
    local: PathBuf,
    own: Option<LocalReader>,
    books: Books,
    events: Sender<Event>,
    back: Sender<Note>,
    asked: Option<(u64, String)>,
    /// What was answered last, so that nothing is said twice.
    answered: Option<(u64, Vec<Offered>)>,
    cards: Cards,
    program: Program,
    told: BTreeSet<String>,
}

impl Desk {
    fn serve(&mut self, inbox: &Receiver<Note>) {
        while let Ok(first) = inbox.recv() {
            for note in std::iter::once(first).chain(inbox.try_iter()) {
                match note {
                    Note::Gone => return,
                    Note::Question { serial, typed } => self.asked = Some((serial, typed)),
                    Note::Printed { typed, people } => self.printed(typed, people),
                }
            }
            self.answer();
            if self.read_cards() {
                self.answer();
            }
            self.run_program();
        }
    }

    /// What was typed, as the program is asked for it: everybody at once if it takes no word.
    fn wanted(&self) -> Option<String> {
        let argv = self.books.contacts.command.as_ref()?;
        let (_, typed) = self.asked.as_ref()?;
        if !argv.iter().skip(1).any(|a| a.contains("%s")) {
            return Some(String::new());
        }
        let typed = typed.trim();
        // What could be taken for an option is none of a name or an address.
        let typed = typed.trim_start_matches(['-', '"', '<']);
        (typed.chars().count() >= ENOUGH && !typed.contains('\0')).then(|| typed.to_lowercase())
    }

    fn printed(&mut self, typed: String, people: Result<Vec<Contact>, String>) {
        self.program.running = false;
        match people {
            Ok(people) => {
                self.program.printed.retain(|(t, _)| *t != typed);
                self.program.printed.push((typed, people));
                let more = self.program.printed.len().saturating_sub(KEPT);
                self.program.printed.drain(..more);
            }
            Err(why) => {
                // Not again for the same letters.
                self.program.printed.push((typed, Vec::new()));
                self.tell(tr!("The contacts can't be asked: {why}", why));
            }
        }
    }

    /// Says what is wrong, once.
    fn tell(&mut self, why: String) {
        tracing::warn!(%why, "contacts");
        if self.told.insert(why.clone()) {
            let _ = self.events.send(Event::Told(Err(why)));
        }
    }

    fn run_program(&mut self) {
        let Some(argv) = self.books.contacts.command.clone() else {
            return;
        };
        let Some(typed) = self.wanted().filter(|_| !self.program.running) else {
            return;
        };
        let known = self.program.printed.iter().any(|(t, _)| *t == typed);
        let stale =
            typed.is_empty() && self.program.ran.is_none_or(|r| r.elapsed() > EVERYBODY_DUE);
        if known && !stale {
            return;
        }
        let argv: Vec<String> = argv.iter().map(|a| a.replace("%s", &typed)).collect();
        let back = self.back.clone();
        let spawned = std::thread::Builder::new()
            .name("contacts-command".into())
            .spawn(move || {
                let people = people(&argv);
                let _ = back.send(Note::Printed { typed, people });
            });
        match spawned {
            Ok(_) => {
                self.program.running = true;
                self.program.ran = Some(Instant::now());
            }
            Err(error) => tracing::error!(%error, "no thread for the contacts' program"),
        }
    }

    /// Reads the files of cards if they changed; says whether they did.
    fn read_cards(&mut self) -> bool {
        let due = self.cards.looked.is_none_or(|at| at.elapsed() > CARDS_DUE);
        if self.books.contacts.vcards.is_empty() || !due {
            return false;
        }
        let (files, wrong) = cards::find(&self.books.contacts.vcards);
        self.cards.looked = Some(Instant::now());
        for why in wrong {
            self.tell(tr!("Some contacts can't be read: {why}", why));
        }
        if files == self.cards.files {
            return false;
        }
        let mut read = vcard::Cards::default();
        for file in &files {
            match cards::read(file) {
                Ok(bytes) => read.read(&bytes),
                Err(why) => self.tell(tr!(
                    "Some contacts can't be read: {file}: {why}",
                    file = file.path.display(),
                    why
                )),
            }
        }
        (self.cards.people, self.cards.groups) = read.finish();
        self.cards.files = files;
        true
    }

    fn answer(&mut self) {
        let Some((serial, typed)) = self.asked.clone() else {
            return;
        };
        let found = match self.find(&typed) {
            Ok(found) => found,
            Err(error) => return self.tell(tr!("The contacts can't be read: {error}", error)),
        };
        let answer = (serial, found);
        if self.answered.as_ref() == Some(&answer) {
            return;
        }
        let (serial, people) = answer.clone();
        self.answered = Some(answer);
        let _ = self.events.send(Event::Offered { serial, people });
    }

    fn find(&mut self, typed: &str) -> Result<Vec<Offered>, Error> {
        let wanted = words(typed);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        if self.own.is_none() {
            self.own = Some(LocalReader::open(&self.local)?);
        }
        let own = self.own.as_ref().ok_or(Error::Stopped)?;
        let now = when::now();
        let mut all = Candidates::default();
        let parts: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut people = own.complete(&parts, false, LOOKED_AT)?;
        if people.len() < OFFERED && letters(&wanted) >= LOOSE {
            people.extend(own.complete(&parts, true, LOOKED_AT)?);
        }
        let known: BTreeSet<String> = people
            .iter()
            .map(|p| p.address.addr.to_lowercase())
            .collect();
        people.into_iter().for_each(|p| all.person(p, now));
        let asked = self.wanted();
        let printed = self.program.printed.iter();
        let printed = printed.rev().find(|(t, _)| Some(t) == asked.as_ref());
        let sure = asked.is_some_and(|a| !a.is_empty());
        let printed = printed.iter().flat_map(|(_, people)| people);
        let cards = self.cards.people.iter().map(|c| (c, Source::Card, false));
        let printed = printed.map(|c| (c, Source::Program, sure));
        let fitting = cards
            .chain(printed)
            .filter(|(c, _, fits)| *fits || may_fit(&wanted, c));
        for (contact, source, fits) in fitting.take(LOOKED_AT) {
            // The mail may know it under a name that doesn't fit.
            if !known.contains(&contact.address.addr.to_lowercase())
                && let Some(person) = own.person(&contact.address.addr)?
            {
                all.person(person, now);
            }
            all.contact(contact, source, fits);
        }
        let groups = self.books.groups.iter().chain(&self.cards.groups);
        groups.for_each(|g| all.group(g));
        Ok(all.best(typed, OFFERED))
    }
}

/// Whom the program prints. One that fails has found nobody, as such programs say it.
fn people(argv: &[String]) -> Result<Vec<Contact>, String> {
    match command::output(argv, PATIENCE, OUTPUT) {
        Ok(bytes) => Ok(roster::people(&String::from_utf8_lossy(&bytes))),
        Err(error @ command::CommandError::Failed { .. }) => {
            tracing::info!(%error, "the contacts' program found nobody");
            Ok(Vec::new())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;
    use crate::store::Local;

    fn argv(script: &str) -> Option<Vec<String>> {
        Some(
            ["/bin/sh", "-c", script, "sh", "%s"]
                .map(str::to_owned)
                .to_vec(),
        )
    }

    /// Waits for an answer to this question in which these are offered.
    fn wait_for(inbox: &Receiver<Event>, serial: u64, wanted: &[(&str, Source)]) {
        let until = Instant::now() + Duration::from_secs(60);
        let mut last = Vec::new();
        while let Ok(event) = inbox.recv_deadline(until) {
            let Event::Offered { serial: of, people } = event else {
                continue;
            };
            if of != serial {
                continue;
            }
            last = people
                .into_iter()
                .map(|o| (o.addresses[0].addr.clone(), o.source))
                .collect();
            if last
                .iter()
                .map(|(a, s)| (a.as_str(), *s))
                .eq(wanted.iter().copied())
            {
                return;
            }
        }
        panic!("{last:?}");
    }

    #[test]
    fn mail_cards_program_and_groups_are_asked_together() {
        let dir = tempfile::tempdir().unwrap();
        let local = dir.path().join("local.db");
        let mut own = Local::open(&local).unwrap();
        own.wrote_to(&[Address::new("Ada", "ada@mail.example")], 1)
            .unwrap();
        own.saw(&[(Address::new("Adam", "adam@seen.example"), 1)])
            .unwrap();
        let cards = dir.path().join("cards");
        std::fs::create_dir(&cards).unwrap();
        let card = |file: &str, addr: &str| {
            let text = format!("BEGIN:VCARD\nFN:Ada Card\nEMAIL:{addr}\nEND:VCARD\n");
            std::fs::write(cards.join(file), text).unwrap();
        };
        card("a.vcf", "ada@card.example");
        card("b.vcf", "ADA@mail.example");
        let books = Books {
            contacts: crate::config::Contacts {
                vcards: vec![cards.clone(), dir.path().join("none.vcf")],
                command: argv("printf 'x@prog.example\\tFor %s\\n' \"$1\""),
            },
            groups: vec![Group {
                name: "adas".into(),
                members: vec![Address::new("", "g@x.example")],
            }],
        };
        let (events, inbox) = unbounded();
        let asker = Asker::start(&local, books, events).unwrap();
        asker.ask(1, "ada".into());
        let wanted = [
            ("ADA@mail.example", Source::Written),
            ("g@x.example", Source::Group),
            ("ada@card.example", Source::Card),
            ("x@prog.example", Source::Program),
            ("adam@seen.example", Source::Seen),
        ];
        wait_for(&inbox, 1, &wanted);
        // What the program prints holds for what it was asked.
        asker.ask(2, "zoe".into());
        wait_for(&inbox, 2, &[("x@prog.example", Source::Program)]);
        asker.ask(3, "ada".into());
        wait_for(&inbox, 3, &wanted);
        drop(asker);
        let told = inbox.iter().count();
        assert_eq!(told, 0, "the thread has ended");
    }

    #[test]
    fn a_program_that_prints_everybody_is_run_once_and_one_that_is_missing_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let local = dir.path().join("local.db");
        Local::open(&local).unwrap();
        let runs = dir.path().join("runs");
        let script = format!(
            "echo x >> '{}'; echo 'Ada <ada@x.example>'; echo 'Bo <bo@x.example>'",
            runs.display()
        );
        let books = |command: &[&str]| Books {
            contacts: crate::config::Contacts {
                vcards: Vec::new(),
                command: Some(command.iter().map(|a| (*a).to_owned()).collect()),
            },
            groups: Vec::new(),
        };
        let (events, inbox) = unbounded();
        let asker =
            Asker::start(&local, books(&["/bin/sh", "-c", &script]), events.clone()).unwrap();
        asker.ask(1, "ada".into());
        wait_for(&inbox, 1, &[("ada@x.example", Source::Program)]);
        asker.ask(2, "bo".into());
        wait_for(&inbox, 2, &[("bo@x.example", Source::Program)]);
        assert_eq!(std::fs::read_to_string(&runs).unwrap(), "x\n");
        drop(asker);
        let missing = Asker::start(&local, books(&["no-such-program-here", "%s"]), events).unwrap();
        missing.ask(1, "ada".into());
        missing.ask(2, "bob".into());
        let told = inbox.iter().find_map(|e| match e {
            Event::Told(Err(why)) => Some(why),
            _ => None,
        });
        assert!(told.unwrap().contains("no-such-program-here"));
    }
}
