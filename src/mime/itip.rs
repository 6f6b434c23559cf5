//! Answers to an invitation (iTIP, RFC 5546 §3.2.3 and §3.2.7) as mail (iMIP, RFC 6047): the
//! organizer learns whether one comes, or what other time one proposes.
//!
//! What goes out names the event as the invitation did (UID, RECURRENCE-ID, SEQUENCE) and nobody
//! of its guests but ourselves. It goes to the organizer alone, and only when the user says so.

use super::answer::{self, Hints};
use super::calendar;
use super::ical::{self, Component, Property};
use super::invite;
use super::moment::{self, Moment};
use super::recipients::check_addr;
use super::tree::Tree;
use super::wire::{BuildError, Fields, envelope, finished, new_message_id, one_line, sender, wire};
use super::{field, parse};
use crate::lang::tr;
use crate::model::{Account, Address, Outgoing};
use crate::text::when;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::{BodyPart, MimePart};
use std::sync::Arc;

/// The longest note to the organizer that goes along, in characters.
const MAX_NOTE: usize = 2_000;
/// The longest event that another time is proposed for, in seconds: about ten years.
const MAX_LENGTH: i64 = 10 * 366 * 86_400;

/// What the organizer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One comes.
    Accept,
    /// Perhaps.
    Tentative,
    /// One does not come.
    Decline,
    /// One proposes that it begin then, in seconds since 1970.
    Counter(i64),
}

impl Answer {
    fn method(self) -> &'static str {
        match self {
            Answer::Counter(_) => "COUNTER",
            _ => "REPLY",
        }
    }

    /// The PARTSTAT of the one who answers.
    fn standing(self) -> &'static str {
        match self {
            Answer::Accept => "ACCEPTED",
            Answer::Tentative | Answer::Counter(_) => "TENTATIVE",
            Answer::Decline => "DECLINED",
        }
    }

    /// The first word of the subject.
    fn word(self) -> &'static str {
        match self {
            Answer::Accept => "Accepted",
            Answer::Tentative => "Tentative",
            Answer::Decline => "Declined",
            Answer::Counter(_) => "Another time proposed",
        }
    }

    fn sentence(self, who: &str, what: &str) -> String {
        match self {
            Answer::Accept => format!("{who} will come to: {what}"),
            Answer::Tentative => format!("{who} may come to: {what}"),
            Answer::Decline => format!("{who} will not come to: {what}"),
            Answer::Counter(at) => {
                format!("{who} proposes {} for: {what}", when::sent(at))
            }
        }
    }
}

/// The answer to the invitation in `raw`, with a note to the organizer (may be empty). It is from
/// the address that was invited, where that is one of the account's.
///
/// # Errors
/// If the message invites to nothing, or its organizer can't be written to.
pub fn answer(
    raw: &[u8],
    account: &Account,
    what: Answer,
    note: &str,
    now: i64,
) -> Result<Outgoing, BuildError> {
    let none = |why: &str| BuildError::NotAMessage(why.to_owned());
    let tree = Tree::read(raw);
    let nothing = || none(tr!("it has no invitation that asks for an answer"));
    let file = invite::file(&tree).ok_or_else(nothing)?;
    let calendar = calendar::whole(&file);
    let events = invite::answerable(calendar);
    let first = events.first().copied().ok_or_else(nothing)?;
    let organizer =
        invite::organizer(first).ok_or_else(|| none(tr!("its organizer can't be written to")))?;
    let to = wire("To", 0, &organizer)?;
    let (own, guest) = invited(first, &tree, raw, account);
    let from = sender(&own.to_string(), account)?;
    if from.same_mailbox(&to) {
        return Err(none(tr!("you are its organizer yourself")));
    }
    let recipients = envelope([&to].into_iter())?;
    let title = one_line(&first.text("SUMMARY"));
    let title: String = title.chars().take(200).collect();
    let note: String = note.trim().chars().take(MAX_NOTE).collect();

    let guest = guest.unwrap_or_else(|| from.addr.clone());
    let guest = attendee(&guest, &from.name, what);
    let reply = reply(calendar, &events, what, &guest, &note, now)?;
    let mut text = what.sentence(from.display(), &title);
    text.push('\n');
    if !note.is_empty() {
        text = format!("{text}\n{note}\n");
    }

    let original = field::message_id(&tree.fields, "Message-ID");
    let message_id = new_message_id(&from.addr);
    let subject = format!("{}: {title}", what.word());
    let ends = (&from, std::slice::from_ref(&to));
    let mut head = Fields::answer(ends, &subject, &message_id, original.as_slice(), now);
    let plain = ContentType::new("text/plain").attribute("charset", "utf-8");
    let media = ContentType::new("text/calendar")
        .attribute("charset", "utf-8")
        .attribute("method", what.method());
    let parts = vec![MimePart::new(plain, text), MimePart::new(media, reply)];
    MimePart::new("multipart/alternative", BodyPart::Multipart(parts)).write_part(&mut head.bytes);
    let message = Arc::new(finished(&head.bytes));
    Ok(Outgoing {
        mail_from: from.addr,
        recipients,
        subject,
        wire: Arc::clone(&message),
        filed: message,
        ..Outgoing::new(account.name.clone(), message_id, now)
    })
}

/// The address of ours that was invited, and as whom: the organizer's calendar knows its guests by the
/// addresses that it wrote (`me+work@`), and by no other. Else the one that the message came to.
fn invited(
    event: &Component,
    tree: &Tree<'_>,
    raw: &[u8],
    account: &Account,
) -> (Address, Option<String>) {
    let own = account.senders();
    let guests = event.all("ATTENDEE").take(500).map(calendar::person);
    let guests: Vec<Address> = guests.filter(|g| check_addr(&g.addr).is_ok()).collect();
    let as_it_is = own
        .iter()
        .find_map(|o| Some((o, guests.iter().find(|g| g.same_mailbox(o))?)));
    let nearly = || {
        guests
            .iter()
            .find_map(|g| Some((answer::ours(g, &own)?, g)))
    };
    match as_it_is.or_else(nearly) {
        Some((own, guest)) => {
            let name = match own.name.as_str() {
                "" => &account.full_name,
                _ => &own.name,
            };
            let own = Address::new(name.clone(), own.addr.clone());
            (own, Some(guest.addr.clone()))
        }
        None => {
            let e = parse::of_fields(&tree.fields);
            (answer::identity(&e, &Hints::read(raw), account), None)
        }
    }
}

/// The guest who answers.
fn attendee(addr: &str, name: &str, what: Answer) -> Property {
    let mut guest = Property::new("ATTENDEE", &format!("mailto:{addr}"));
    let mut add = |name: &str, value: &str| guest.params.push((name.to_owned(), value.to_owned()));
    add("PARTSTAT", what.standing());
    if !name.is_empty() {
        add("CN", name);
    }
    guest
}

/// The calendar that answers.
fn reply(
    calendar: &Component,
    events: &[&Component],
    what: Answer,
    guest: &Property,
    note: &str,
    now: i64,
) -> Result<String, BuildError> {
    let mut out = Component {
        name: "VCALENDAR".to_owned(),
        properties: vec![
            Property::new(
                "PRODID",
                concat!("-//postrider//", env!("CARGO_PKG_VERSION"), "//EN"),
            ),
            Property::new("VERSION", "2.0"),
            Property::new("METHOD", what.method()),
        ],
        inside: Vec::new(),
    };
    // Times that name a zone need its description beside them (RFC 5545 §3.2.19).
    let times = ["DTSTART", "DTEND", "DUE", "RECURRENCE-ID"];
    let used = |zone: &Component| {
        let id = zone.text("TZID");
        let mut all = events.iter().flat_map(|e| &e.properties);
        all.any(|p| times.contains(&p.name.as_str()) && p.param("TZID") == Some(&id))
    };
    let zones = calendar.inside.iter().filter(|c| c.name == "VTIMEZONE");
    out.inside
        .extend(zones.filter(|z| used(z)).take(20).cloned());
    for event in events {
        out.inside
            .push(answered(calendar, event, what, guest, note, now)?);
    }
    let mut text = String::new();
    ical::write(&out, &mut text);
    Ok(text)
}

fn answered(
    calendar: &Component,
    event: &Component,
    what: Answer,
    guest: &Property,
    note: &str,
    now: i64,
) -> Result<Component, BuildError> {
    let mut out = Component {
        name: event.name.clone(),
        ..Component::default()
    };
    let mut copy = |name: &str, params: &[&str]| {
        out.properties
            .extend(event.get(name).map(|p| kept(p, params)));
    };
    copy("UID", &[]);
    copy("SEQUENCE", &[]);
    copy("RECURRENCE-ID", &["TZID", "VALUE", "RANGE"]);
    copy("SUMMARY", &[]);
    copy("ORGANIZER", &["CN"]);
    match what {
        Answer::Counter(at) => {
            copy("LOCATION", &[]);
            out.properties.extend(proposed(calendar, event, at)?);
        }
        _ => {
            copy("DTSTART", &["TZID", "VALUE"]);
            copy("DTEND", &["TZID", "VALUE"]);
            copy("DUE", &["TZID", "VALUE"]);
            copy("DURATION", &[]);
        }
    }
    out.properties.push(guest.clone());
    out.properties.push(Property::new("DTSTAMP", &utc(now)));
    if !note.is_empty() {
        let note = ical::escape(note);
        out.properties.push(Property::new("COMMENT", &note));
    }
    Ok(out)
}

/// A property with only these parameters.
fn kept(p: &Property, params: &[&str]) -> Property {
    let keep = |(name, _): &&(String, String)| params.contains(&name.as_str());
    Property {
        name: p.name.clone(),
        params: p.params.iter().filter(keep).cloned().collect(),
        value: p.value.clone(),
    }
}

/// The event's begin and end, moved so that it begins at `at` and takes as long as before.
fn proposed(calendar: &Component, event: &Component, at: i64) -> Result<Vec<Property>, BuildError> {
    let bad = || BuildError::NotAMessage(tr!("its times can't be read").to_owned());
    let (begin, end) = moment::range(event, calendar).ok_or_else(bad)?;
    let long = match &end {
        Some(end) => begin.until(end).ok_or_else(bad)?.clamp(0, MAX_LENGTH),
        None => 0,
    };
    let last = if event.name == "VTODO" {
        "DUE"
    } else {
        "DTEND"
    };
    let mut out = Vec::new();
    if let Moment::Day(_) = begin {
        let home = Timestamp::from_second(at).map_err(|_| bad())?;
        let day = home.to_zoned(TimeZone::system()).date();
        let until = day
            .checked_add((long / 86_400).max(1).days())
            .map_err(|_| bad())?;
        for (name, day) in [("DTSTART", day), (last, until)] {
            let mut p = Property::new(name, &day.strftime("%Y%m%d").to_string());
            p.params.push(("VALUE".to_owned(), "DATE".to_owned()));
            out.push(p);
        }
        return Ok(out);
    }
    out.push(Property::new("DTSTART", &utc(at)));
    if long > 0 {
        out.push(Property::new(last, &utc(at.saturating_add(long))));
    }
    Ok(out)
}

/// A time as calendars write it in UTC.
fn utc(at: i64) -> String {
    let stamp = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::wire::tests::{account, sound};
    use proptest::prelude::*;

    fn mail(event: &str) -> String {
        format!(
            "From: Bob <b@y.example>\nTo: ada@x.example\nMessage-ID: <1@y>\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\n\n\
             BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n\
             BEGIN:VTIMEZONE\nTZID:Elsewhere\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nUID:u1\nSEQUENCE:3\nSUMMARY:Tea\\, and more\nORGANIZER;CN=Bob;X-A=b:mailto:bob@y.example\n\
             ATTENDEE;RSVP=TRUE:mailto:ADA@x.example\nATTENDEE:mailto:eve@y.example\n{event}\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    }

    fn text(out: &Outgoing) -> String {
        let tree = Tree::read(&out.wire);
        let part = tree.parts.iter().find(|p| p.is("text", "calendar"));
        part.unwrap().text()
    }

    #[test]
    fn an_acceptance_names_the_event_and_us_alone() {
        let raw = mail("DTSTART;TZID=Here:20250303T140000\nDURATION:PT1H");
        let raw = raw.as_bytes();
        let out = answer(raw, &account(), Answer::Accept, "Glad, to\ncome", 0).unwrap();
        assert_eq!(out.recipients, ["bob@y.example"]);
        assert_eq!(out.mail_from, "ada@x.example");
        assert_eq!(out.subject, "Accepted: Tea, and more");
        let text = text(&out);
        let lines: Vec<&str> = text.lines().collect();
        for line in [
            "METHOD:REPLY",
            "UID:u1",
            "SEQUENCE:3",
            "SUMMARY:Tea\\, and more",
            "ORGANIZER;CN=Bob:mailto:bob@y.example",
            "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ada W.:mailto:ADA@x.example",
            "DTSTAMP:19700101T000000Z",
            "DTSTART;TZID=Here:20250303T140000",
            "COMMENT:Glad\\, to\\ncome",
            "TZID:Here",
        ] {
            assert!(lines.contains(&line), "{line} in {text}");
        }
        assert_eq!(text.matches("ATTENDEE").count(), 1);
        assert!(!text.contains("Elsewhere") && !text.contains("eve"));
        let wire = String::from_utf8(out.wire.to_vec()).unwrap();
        assert!(
            wire.contains("method=\"REPLY\"") || wire.contains("method=REPLY"),
            "{wire}"
        );
        assert!(wire.contains("In-Reply-To: <1@y>"));
        let said = crate::mime::render::render(&out.wire, &Default::default());
        assert!(said.lines[0].text().starts_with("Answer: Ada W. accepts"));
    }

    #[test]
    fn who_answers_is_called_as_the_invitation_does() {
        let raw = mail("DTSTART:20250303T140000Z");
        let said = |raw: &str| {
            let out = answer(raw.as_bytes(), &account(), Answer::Accept, "", 0).unwrap();
            let text = text(&out);
            let guest = text.lines().find(|l| l.starts_with("ATTENDEE")).unwrap();
            (
                out.mail_from,
                guest.rsplit_once("mailto:").unwrap().1.to_owned(),
            )
        };
        let work = raw.replace("mailto:ADA@", "mailto:ada+work@");
        let own = "ada@x.example".to_owned();
        assert_eq!(said(&work), (own.clone(), "ada+work@x.example".to_owned()));
        // The address as it is goes before one with an addition.
        let both = work.replace("mailto:eve@y.example", "mailto:ada@x.example");
        assert_eq!(said(&both), (own.clone(), own.clone()));
        // Nobody is called by what is no address.
        let odd = raw.replace("mailto:ADA@x.example", "EMAIL=\"ada+^n@x.example\":urn:a");
        assert_eq!(said(&odd.replace("TRUE:", "TRUE;")), (own.clone(), own));
    }

    #[test]
    fn another_time_keeps_the_length() {
        let raw = mail("DTSTART:20250303T140000Z\nDTEND:20250303T153000Z");
        let counter = Answer::Counter(1_741_100_400);
        let out = answer(raw.as_bytes(), &account(), counter, "", 0).unwrap();
        let found = text(&out);
        assert!(found.contains("METHOD:COUNTER") && found.contains("PARTSTAT=TENTATIVE"));
        assert!(found.contains("DTSTART:20250304T150000Z\n"), "{found}");
        assert!(found.contains("DTEND:20250304T163000Z\n"));
        let raw = mail("DTSTART;VALUE=DATE:20250303\nDTEND;VALUE=DATE:20250305");
        let found = text(&answer(raw.as_bytes(), &account(), counter, "", 0).unwrap());
        assert!(found.contains("DTSTART;VALUE=DATE:20250304"), "{found}");
        assert!(found.contains("DTEND;VALUE=DATE:20250306"), "{found}");
        let raw = mail("SUMMARY:no times");
        assert!(answer(raw.as_bytes(), &account(), counter, "", 0).is_err());
    }

    #[test]
    fn one_day_of_a_series_is_answered_as_such() {
        let raw = mail("RECURRENCE-ID;TZID=Here;X=y:20250303T140000\nDTSTART:20250304T140000Z");
        let out = answer(raw.as_bytes(), &account(), Answer::Decline, "", 0).unwrap();
        assert!(text(&out).contains("RECURRENCE-ID;TZID=Here:20250303T140000\n"));
        assert_eq!(out.subject, "Declined: Tea, and more");
    }

    #[test]
    fn nobody_else_is_written_to() {
        let own = mail("DTSTART:20250303T140000Z").replace("bob@y", "ada@x");
        assert!(answer(own.as_bytes(), &account(), Answer::Accept, "", 0).is_err());
        let more = mail("X:1").replace(
            "mailto:bob@y.example",
            "mailto:bob@y.example?bcc=e@y.example",
        );
        assert!(answer(more.as_bytes(), &account(), Answer::Accept, "", 0).is_err());
        assert!(
            answer(
                b"From: b@y.example\n\nhi",
                &account(),
                Answer::Accept,
                "",
                0
            )
            .is_err()
        );
    }

    proptest! {
        #[test]
        fn whatever_invites_the_answer_is_sound(event in "(UID|SUMMARY|ORGANIZER|RECURRENCE-ID|DTSTART|;|:|=|\"|\\\\|\n |\n|\r|mailto:|@|\\PC|[\u{0}-\u{1f}]){0,60}", note in "(\\PC|\n|\r|\u{1b}){0,20}") {
            let raw = mail(&event);
            for what in [Answer::Tentative, Answer::Counter(0)] {
                if let Ok(out) = answer(raw.as_bytes(), &account(), what, &note, 0) {
                    sound(&out.wire)?;
                    prop_assert_eq!(&out.recipients, &["bob@y.example"]);
                    let calendar = text(&out);
                    prop_assert_eq!(calendar.lines().filter(|l| l.starts_with("ATTENDEE")).count(), 1);
                    prop_assert_eq!(calendar.lines().filter(|l| l.starts_with("METHOD")).count(), 1);
                }
            }
        }
    }
}
