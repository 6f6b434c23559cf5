//! When something of a calendar happens: times, zones and lengths (RFC 5545 §3.3.4 to §3.3.6,
//! §3.6.5), told in the reader's zone.
//!
//! A zone is the system's where it has one of that name; else the file's own description of it
//! becomes a rule. A time whose zone nobody knows is told as it stands, with the zone's name.

use super::ical::{Component, Property};
use crate::lang::{tr, trc};
use crate::text::when;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};

/// Times of a zone, and dates of one of them, that are looked at.
const MOST_TIMES: usize = 200;
const MOST_DATES: usize = 500;
/// Days after which another time of the zone has begun, if it has several.
const LONGEST_TIME: i64 = 370;

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
            (false, id) => find(id, calendar, at),
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

/// The zone of this name: the system's, else as the file describes it for this time; `None` if
/// nobody can tell what the clock said there.
fn find(id: &str, calendar: &Component, at: DateTime) -> Option<TimeZone> {
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
        TimeZone::posix(&rule(found, at)?).ok()
    })
}

/// A described zone as a POSIX rule, e.g. `<+01>-1<+02>-2,M3.5.0/2,M10.5.0/3`, for what happens at
/// `at` or later. `None` if it has a summer time of which it can't be told when that is.
fn rule(zone: &Component, at: DateTime) -> Option<String> {
    let newest = |name: &str| {
        let found = zone.inside.iter().filter(|c| c.name == name);
        found.max_by_key(|c| c.word("DTSTART"))
    };
    let standard = newest("STANDARD").or_else(|| newest("DAYLIGHT"))?;
    let base = posix_offset(standard)?;
    let summer = newest("DAYLIGHT").filter(|c| !std::ptr::eq(*c, standard));
    let day = at.strftime("%Y%m%d").to_string();
    // Some write one that is no other time.
    let other = |s: &&Component| posix_offset(s).as_ref() != Some(&base);
    let summer = summer.filter(other);
    let Some(summer) = summer.filter(|s| !is_over(s, standard, &day)) else {
        return Some(format!("<STD>{base}"));
    };
    let offset = posix_offset(summer)?;
    if let (Some(begin), Some(end)) = (Change::of(summer), Change::of(standard)) {
        let (begin, end) = (begin.posix(), end.posix());
        return Some(format!("<STD>{base}<DST>{offset},{begin},{end}"));
    }
    let now = in_force(zone, at)?;
    Some(format!("<STD>{}", posix_offset(now)?))
}

/// When one of the two times begins each year, as POSIX counts: in a month, on a day of the week
/// (Sunday is 0) of a week (5 is the last), by the clock before.
struct Change {
    month: u8,
    week: u8,
    weekday: u8,
    hour: u8,
    minute: u8,
}

impl Change {
    /// `None` if it has no rule, or another than POSIX can say.
    fn of(c: &Component) -> Option<Change> {
        let parts = c.word("RRULE");
        let part = |name: &str| parts.split(';').find_map(|p| p.strip_prefix(name));
        let month: u8 = part("BYMONTH=")?.parse().ok()?;
        let day = part("BYDAY=")?;
        let (which, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
        let weekday = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
        let weekday = weekday.iter().position(|d| *d == name)?;
        let week = match (which, part("BYMONTHDAY=")) {
            ("", Some(days)) => week_of(days, month)?,
            (which, None) => match which.parse::<i8>().ok()? {
                -1 => 5,
                n @ 1..=5 => u8::try_from(n).ok()?,
                _ => return None,
            },
            _ => return None,
        };
        let start = c.word("DTSTART");
        let clock = start.split_once('T').map_or("020000", |(_, t)| t);
        let digits = |from: usize| clock.get(from..from + 2)?.parse::<u8>().ok();
        Some(Change {
            month,
            week,
            weekday: u8::try_from(weekday).ok()?,
            hour: digits(0)?,
            minute: digits(2)?,
        })
    }

    fn posix(&self) -> String {
        let Change {
            month,
            week,
            weekday,
            hour,
            minute,
        } = self;
        format!("M{month}.{week}.{weekday}/{hour}:{minute:02}")
    }

    fn in_year(&self, year: i16) -> Option<DateTime> {
        let signed = |n: u8| i8::try_from(n).ok();
        let first = Date::new(year, signed(self.month)?, 1).ok()?;
        let weekday = Weekday::from_sunday_zero_offset(signed(self.weekday)?).ok()?;
        let nth = match self.week {
            5 => -1,
            n => signed(n)?,
        };
        let day = first.nth_weekday_of_month(nth, weekday).ok()?;
        let clock = Time::new(signed(self.hour)?, signed(self.minute)?, 0, 0).ok()?;
        Some(day.to_datetime(clock))
    }
}

/// The time of a zone that is in force at `at`: the one that began last (RFC 5545 §3.6.5). `None`
/// if it can't be told of all of them when they begin, or if the last began so long ago that the
/// file may not tell of the next.
fn in_force(zone: &Component, at: DateTime) -> Option<&Component> {
    let times = zone.inside.iter();
    let times = times.filter(|c| matches!(c.name.as_str(), "STANDARD" | "DAYLIGHT"));
    let mut last: Option<(DateTime, &Component)> = None;
    for time in times.take(MOST_TIMES) {
        let begun = began(time, at)?;
        if let Some(begun) = begun.filter(|b| last.is_none_or(|(before, _)| *b > before)) {
            last = Some((begun, time));
        }
    }
    let (begun, time) = last?;
    let next = begun.checked_add(Span::new().days(LONGEST_TIME)).ok()?;
    (at <= next).then_some(time)
}

/// When one of a zone's times began last before `at`, in its own dates and by its rule; `None` in
/// that if it never did, and `None` at all if it can't be told.
fn began(c: &Component, at: DateTime) -> Option<Option<DateTime>> {
    let read = |text: &str| DateTime::strptime("%Y%m%dT%H%M%S", text.trim()).ok();
    let first = read(&c.word("DTSTART"))?;
    let more = c.all("RDATE").flat_map(|p| p.value.split(','));
    let mut all: Vec<DateTime> = more.take(MOST_DATES).map(read).collect::<Option<_>>()?;
    all.push(first);
    let rule = c.word("RRULE");
    if !rule.is_empty() {
        let change = Change::of(c)?;
        let until = rule.split(';').find_map(|p| p.strip_prefix("UNTIL="));
        let goes_on = |day: &DateTime| {
            let day = day.strftime("%Y%m%d").to_string();
            until.is_none_or(|until| day.as_str() <= until.get(..8).unwrap_or_default())
        };
        let years = [at.year() - 1, at.year()];
        let each = years.into_iter().filter_map(|year| change.in_year(year));
        all.extend(each.filter(|day| *day > first && goes_on(day)));
    }
    Some(all.into_iter().filter(|day| *day <= at).max())
}

/// Which week's a weekday is that falls on one of seven days in a row, as POSIX counts: 5 is the
/// last. `None` if that is always another.
fn week_of(days: &str, month: u8) -> Option<u8> {
    let mut days: Vec<i8> = days
        .split(',')
        .map(|d| d.parse().ok())
        .collect::<Option<_>>()?;
    days.sort_unstable();
    let (first, last) = (*days.first()?, *days.last()?);
    let in_a_row = days.len() == 7 && last.checked_sub(first) == Some(6);
    let length = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    match first {
        _ if !in_a_row => None,
        -7 => Some(5),
        1 | 8 | 15 | 22 => u8::try_from(first / 7 + 1).ok(),
        _ if last == length => Some(5),
        _ => None,
    }
}

/// Whether a summer time was given up before a day (`20250303`): its rule has ended, or it has none
/// and the other time has begun once more since.
fn is_over(summer: &Component, standard: &Component, day: &str) -> bool {
    let date = |text: &str| text.get(..8).unwrap_or_default().to_owned();
    let rule = summer.word("RRULE");
    let until = rule.split(';').find_map(|p| p.strip_prefix("UNTIL="));
    if !rule.is_empty() {
        return until.is_some_and(|until| date(until).as_str() < day);
    }
    let last = |c: &Component| {
        let more = c
            .all("RDATE")
            .flat_map(|p| p.value.split(','))
            .map(|d| date(d.trim()));
        more.chain([date(&c.word("DTSTART"))])
            .max()
            .unwrap_or_default()
    };
    let (summer, standard) = (last(summer), last(standard));
    summer < standard && standard.as_str() <= day
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

    /// What is told of a time on a day in a zone with this summer time.
    fn in_zone(day: &str, summer: &str, winter: &str) -> String {
        let whole = component(&format!(
            "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nTZOFFSETTO:+0100\n{winter}\nEND:STANDARD\n\
             BEGIN:DAYLIGHT\nTZOFFSETTO:+0200\n{summer}\nEND:DAYLIGHT\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nDTSTART;TZID=Own:{day}T120000\nEND:VEVENT"
        ));
        let (begin, _) = range(whole.inside.last().unwrap(), &whole).unwrap();
        range_words(&begin, None, &TimeZone::UTC)
    }

    #[test]
    fn a_summer_time_is_read_or_the_time_is_told_as_it_stands() {
        let winter = "DTSTART:20001029T030000\nRRULE:FREQ=YEARLY;BYDAY=SU;BYMONTHDAY=25,26,27,28,29,30,31;BYMONTH=10";
        let summer = |rule: &str| format!("DTSTART:20000326T020000\n{rule}");
        let (july, january) = ("20250703", "20250103");
        for rule in [
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=25,26,27,28,29,30,31",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=-1,-2,-3,-4,-5,-6,-7",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        ] {
            let rule = summer(rule);
            assert_eq!(
                in_zone(july, &rule, winter),
                "Thu, 3 Jul 2025, 10:00",
                "{rule}"
            );
            assert_eq!(in_zone(january, &rule, winter), "Fri, 3 Jan 2025, 11:00");
        }
        let ended = summer("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20100328T010000Z");
        assert_eq!(in_zone(july, &ended, winter), "Thu, 3 Jul 2025, 11:00");
        let given_up = "DTSTART:20111027T020000";
        assert_eq!(
            in_zone(july, "DTSTART:20100328T020000", given_up),
            "Thu, 3 Jul 2025, 11:00"
        );
        // One that is no other time changes nothing.
        let same = "DTSTART:19700101T000000\nTZOFFSETTO:+0100";
        let whole = in_zone(
            july,
            &format!("X:\nEND:DAYLIGHT\nBEGIN:DAYLIGHT\n{same}"),
            winter,
        );
        assert_eq!(whole, "Thu, 3 Jul 2025, 11:00");
        // What can't be read is not guessed.
        for rule in [
            summer("RDATE:20250330T020000,some day"),
            summer("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=3,4,5,6,7,8,9"),
            summer("RRULE:FREQ=YEARLY;BYYEARDAY=84"),
        ] {
            assert_eq!(
                in_zone(july, &rule, winter),
                "Thu, 3 Jul 2025, 12:00 (Own)",
                "{rule}"
            );
        }
    }

    #[test]
    fn a_summer_time_of_dates_alone_is_in_force_from_each_of_them() {
        let summer = "DTSTART:20240331T020000\nRDATE:20250330T020000,20260329T020000";
        let winter = "DTSTART:20231029T030000\nRDATE:20241027T030000\nRDATE:20251026T030000";
        let yearly = "DTSTART:20001029T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10";
        for (day, here) in [
            ("20250329", "Sat, 29 Mar 2025, 11:00"),
            ("20250703", "Thu, 3 Jul 2025, 10:00"),
            ("20251130", "Sun, 30 Nov 2025, 11:00"),
            ("20260703", "Fri, 3 Jul 2026, 10:00"),
        ] {
            assert_eq!(in_zone(day, summer, winter), here);
            assert_eq!(in_zone(day, summer, yearly), here, "by a rule and dates");
        }
        // A time for each year, as some write them.
        let each = format!(
            "{summer}\nEND:DAYLIGHT\nBEGIN:DAYLIGHT\nTZOFFSETTO:+0200\nDTSTART:20270328T020000"
        );
        assert_eq!(in_zone("20250703", &each, winter), "Thu, 3 Jul 2025, 10:00");
        // Beyond the last date nobody knows.
        let beyond = in_zone("20280703", summer, winter);
        assert_eq!(beyond, "Mon, 3 Jul 2028, 12:00 (Own)");
        assert_eq!(
            in_zone("20200703", summer, winter),
            "Fri, 3 Jul 2020, 12:00 (Own)"
        );
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
            let rules = format!("BEGIN:STANDARD\nTZOFFSETTO:{value}\nRRULE:BYMONTH={more};BYDAY={zone}\nEND:STANDARD");
            rule(&component(&format!("{rules}\n{}", rules.replace("STANDARD", "DAYLIGHT"))), DateTime::default());
            week_of(&value, 1);
        }
    }
}
