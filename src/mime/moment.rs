//! When something of a calendar happens: times, zones and lengths (RFC 5545 §3.3.4 to §3.3.6,
//! §3.6.5), told in the reader's zone.
//!
//! A zone is the system's where it has one of that name; else the file's own description of it
//! becomes a rule. A time whose zone nobody knows is told as it stands, with the zone's name.

use super::ical::{Component, Property};
use crate::lang::{tr, trc};
use crate::text::when;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};

/// When something begins or ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// A day.
    Day(Date),
    /// A time in a zone that is known.
    At(Zoned),
    /// A time on the wall, wherever one is; with the zone that is named, if nobody knows that.
    Wall(DateTime, String),
}

/// A day in words.
fn day_words(day: Date) -> String {
    when::written(day.at(0, 0, 0, 0), trc!("date", "%a, %-d %b %Y"))
}

impl Moment {
    /// Reads a DTSTART or its like. `calendar` holds the descriptions of zones.
    pub fn read(p: &Property, calendar: &Component) -> Option<Moment> {
        let zone = p.param("TZID").unwrap_or_default();
        Moment::of(p.value.trim(), zone, calendar)
    }

    /// Reads a value with the zone that is named for it.
    pub fn of(value: &str, zone: &str, calendar: &Component) -> Option<Moment> {
        if value.len() > 20 {
            return None;
        }
        if let Ok(day) = Date::strptime("%Y%m%d", value) {
            return Some(Moment::Day(day));
        }
        let (local, utc) = match value.strip_suffix(['Z', 'z']) {
            Some(local) => (local, true),
            None => (value, false),
        };
        let at = DateTime::strptime("%Y%m%dT%H%M%S", local)
            .or_else(|_| DateTime::strptime("%Y%m%dT%H%M", local))
            .ok()?;
        let known = match (utc, zone) {
            (true, _) => Some(TimeZone::UTC),
            (false, "") => None,
            (false, id) => find(id, calendar),
        };
        match known.and_then(|tz| at.to_zoned(tz).ok()) {
            Some(zoned) => Some(Moment::At(zoned)),
            None => Some(Moment::Wall(at, zone.to_owned())),
        }
    }

    /// So much later; `None` beyond what calendars hold.
    pub fn later(&self, by: Span) -> Option<Moment> {
        Some(match self {
            Moment::Day(day) => Moment::Day(day.checked_add(by).ok()?),
            Moment::At(at) => Moment::At(at.checked_add(by).ok()?),
            Moment::Wall(at, zone) => Moment::Wall(at.checked_add(by).ok()?, zone.clone()),
        })
    }

    /// Seconds from this moment to another of its kind.
    pub fn until(&self, other: &Moment) -> Option<i64> {
        match (self, other) {
            (Moment::Day(a), Moment::Day(b)) => Some(i64::from((*b - *a).get_days()) * 86_400),
            (Moment::At(a), Moment::At(b)) => {
                let seconds = b.timestamp().as_second() - a.timestamp().as_second();
                Some(seconds)
            }
            (Moment::Wall(a, x), Moment::Wall(b, y)) if x == y => {
                Some(b.duration_since(*a).as_secs())
            }
            _ => None,
        }
    }

    /// The day in the zone `home`.
    pub fn day(&self, home: &TimeZone) -> Date {
        match self {
            Moment::Day(day) => *day,
            Moment::At(at) => at.with_time_zone(home.clone()).date(),
            Moment::Wall(at, _) => at.date(),
        }
    }

    /// The time of day as `14:05` in the zone `home`; `None` for a day.
    fn clock(&self, home: &TimeZone) -> Option<String> {
        match self {
            Moment::Day(_) => None,
            Moment::At(at) => Some(
                at.with_time_zone(home.clone())
                    .strftime("%H:%M")
                    .to_string(),
            ),
            Moment::Wall(at, _) => Some(at.strftime("%H:%M").to_string()),
        }
    }

    /// In full.
    pub fn words(&self, home: &TimeZone) -> String {
        let at = match self {
            Moment::Day(day) => return day_words(*day),
            Moment::At(at) => at.with_time_zone(home.clone()).datetime(),
            Moment::Wall(at, _) => *at,
        };
        when::written(at, trc!("date", "%a, %-d %b %Y, %H:%M"))
    }
}

/// When a component begins and ends; the end of days is the first that no longer belongs to it.
pub fn range(component: &Component, calendar: &Component) -> Option<(Moment, Option<Moment>)> {
    let begin = Moment::read(component.get("DTSTART")?, calendar)?;
    let named = component.get("DTEND").or_else(|| component.get("DUE"));
    let end = match (named, component.get("DURATION")) {
        (Some(p), _) => Moment::read(p, calendar),
        (None, Some(p)) => length(&p.value).and_then(|by| begin.later(by)),
        (None, None) => None,
    };
    Some((begin, end))
}

/// A length such as `PT1H30M` (RFC 5545 §3.3.6).
pub fn length(value: &str) -> Option<Span> {
    let value = value.trim();
    (value.len() <= 40).then(|| value.parse::<Span>().ok())?
}

/// From when to when, in words, in the zone `home`.
pub fn range_words(begin: &Moment, end: Option<&Moment>, home: &TimeZone) -> String {
    let from = begin.words(home);
    let foreign = match begin {
        Moment::Wall(_, zone) if !zone.is_empty() => format!(" ({zone})"),
        Moment::At(at) => there(at, home),
        _ => String::new(),
    };
    if let Moment::Day(day) = begin {
        let last = match end {
            Some(Moment::Day(end)) => end.yesterday().ok().filter(|last| last > day),
            _ => None,
        };
        return match last {
            Some(last) => tr!("{from} – {to} (whole days)", from, to = day_words(last)),
            None => tr!("{from} (whole day)", from),
        };
    }
    let Some(end) = end.filter(|end| *end != begin) else {
        return from + &foreign;
    };
    let same_day = end.day(home) == begin.day(home);
    let to = end.clock(home).filter(|_| same_day);
    format!(
        "{from} – {}{foreign}",
        to.unwrap_or_else(|| end.words(home))
    )
}

/// What the clock says where it happens, if that is another zone than `home`.
fn there(at: &Zoned, home: &TimeZone) -> String {
    let here = at.with_time_zone(home.clone());
    let zone = at.time_zone();
    match zone.iana_name() {
        Some(name) if here.offset() != at.offset() && name != "UTC" => {
            let clock = at.strftime("%H:%M");
            tr!(" ({clock} in {zone})", clock, zone = name)
        }
        _ => String::new(),
    }
}

/// The zone of this name: the system's, else as the file describes it.
pub fn find(id: &str, calendar: &Component) -> Option<TimeZone> {
    if id.len() > 200 {
        return None;
    }
    // Some write `/mozilla.org/20070129_1/Europe/Berlin`.
    let names = std::iter::successors(Some(id.trim_matches('/')), |name| {
        name.split_once('/').map(|(_, rest)| rest)
    });
    let known = |name: &&str| name.contains('/') || matches!(*name, "UTC" | "GMT");
    let system = names
        .filter(known)
        .find_map(|name| TimeZone::get(name).ok());
    system.or_else(|| {
        let zones = calendar.inside.iter().filter(|c| c.name == "VTIMEZONE");
        let found = zones.take(50).find(|c| c.text("TZID") == id)?;
        TimeZone::posix(&rule(found)?).ok()
    })
}

/// A described zone as a POSIX rule, e.g. `<+01>-1<+02>-2,M3.5.0/2,M10.5.0/3`.
fn rule(zone: &Component) -> Option<String> {
    let newest = |name: &str| {
        let found = zone.inside.iter().filter(|c| c.name == name);
        found.max_by_key(|c| c.word("DTSTART"))
    };
    let standard = newest("STANDARD").or_else(|| newest("DAYLIGHT"))?;
    let base = posix_offset(standard)?;
    let change = |c: &Component| -> Option<String> {
        let parts = c.word("RRULE");
        let part = |name: &str| parts.split(';').find_map(|p| p.strip_prefix(name));
        let month: u8 = part("BYMONTH=")?.parse().ok()?;
        let day = part("BYDAY=")?;
        let (which, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
        let weekday = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
        let weekday = weekday.iter().position(|d| *d == name)?;
        let week = match which.parse::<i8>().ok()? {
            -1 => 5,
            n @ 1..=5 => n,
            _ => return None,
        };
        let start = c.word("DTSTART");
        let clock = start.split_once('T').map_or("020000", |(_, t)| t);
        let digits = |from: usize| clock.get(from..from + 2)?.parse::<u8>().ok();
        let (hour, minute) = (digits(0)?, digits(2)?);
        Some(format!("M{month}.{week}.{weekday}/{hour}:{minute:02}"))
    };
    let summer = newest("DAYLIGHT").filter(|c| !std::ptr::eq(*c, standard));
    let rules = summer.and_then(|s| Some((posix_offset(s)?, change(s)?, change(standard)?)));
    Some(match rules {
        Some((offset, begin, end)) => format!("<STD>{base}<DST>{offset},{begin},{end}"),
        None => format!("<STD>{base}"),
    })
}

/// TZOFFSETTO in POSIX's sense, which counts westwards.
fn posix_offset(c: &Component) -> Option<String> {
    let text = c.word("TZOFFSETTO");
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => ("-", digits),
        ("-", digits) => ("", digits),
        _ => return None,
    };
    let number = |from: usize| digits.get(from..from + 2)?.parse::<u8>().ok();
    let (hours, minutes) = (number(0)?, number(2)?);
    (hours <= 14 && minutes < 60).then(|| format!("{sign}{hours}:{minutes:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::ical::tests::component;
    use proptest::prelude::*;

    const OUTLOOK: &str = "BEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n";

    fn said(lines: &str) -> String {
        let whole = component(&format!("{OUTLOOK}BEGIN:VEVENT\n{lines}\nEND:VEVENT"));
        let event = whole.inside.iter().find(|c| c.name == "VEVENT").unwrap();
        let (begin, end) = range(event, &whole).unwrap();
        range_words(&begin, end.as_ref(), &TimeZone::UTC)
    }

    #[test]
    fn times_are_told_in_the_readers_zone() {
        for (lines, want) in [
            (
                "DTSTART:20250303T140500Z\nDTEND:20250303T150000Z",
                "Mon, 3 Mar 2025, 14:05 – 15:00",
            ),
            (
                "DTSTART;TZID=Office:20250703T140500\nDURATION:PT1H30M",
                "Thu, 3 Jul 2025, 12:05 – 13:35",
            ),
            (
                "DTSTART;TZID=Office:20250103T140500",
                "Fri, 3 Jan 2025, 13:05",
            ),
            (
                "DTSTART;TZID=/x.example/7/Europe/Berlin:20250303T140000\nDTEND:20250304T140000Z",
                "Mon, 3 Mar 2025, 13:00 – Tue, 4 Mar 2025, 14:00 (14:00 in Europe/Berlin)",
            ),
            (
                "DTSTART;TZID=Nowhere/Land:20250303T140500",
                "Mon, 3 Mar 2025, 14:05 (Nowhere/Land)",
            ),
            ("DTSTART:20250303T140500", "Mon, 3 Mar 2025, 14:05"),
            (
                "DTSTART;VALUE=DATE:20250303\nDTEND;VALUE=DATE:20250304",
                "Mon, 3 Mar 2025 (whole day)",
            ),
            (
                "DTSTART;VALUE=DATE:20250303\nDURATION:P3D",
                "Mon, 3 Mar 2025 – Wed, 5 Mar 2025 (whole days)",
            ),
        ] {
            assert_eq!(said(lines), want, "{lines}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(value in "[0-9TZPWDHMS+-]{0,24}", more in "[0-9TZPWDHMS+-]{0,24}", zone in "[a-zA-Z/+0-9-]{0,12}") {
            let whole = component(OUTLOOK);
            let event = component(&format!("DTSTART;TZID={zone}:{value}\nDURATION:{more}\nDTEND:{more}"));
            if let Some((begin, end)) = range(&event, &whole) {
                range_words(&begin, end.as_ref(), &TimeZone::UTC);
                if let Some(end) = end {
                    begin.until(&end);
                }
            }
            length(&value).and_then(|by| Moment::of(&more, &zone, &whole)?.later(by));
            rule(&component(&format!("BEGIN:STANDARD\nTZOFFSETTO:{value}\nRRULE:BYMONTH={more};BYDAY={zone}\nEND:STANDARD")));
        }
    }
}
