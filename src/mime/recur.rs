//! How often something of a calendar happens, in words (RFC 5545 §3.3.10). Nothing is expanded:
//! a rule of seconds costs no more than one of years.

use super::ical::Component;
use super::moment::Moment;
use jiff::tz::TimeZone;

/// Days that a list of exceptions or additions names; the rest is counted.
const MOST: usize = 5;

const DAYS: [(&str, &str); 7] = [
    ("MO", "Monday"),
    ("TU", "Tuesday"),
    ("WE", "Wednesday"),
    ("TH", "Thursday"),
    ("FR", "Friday"),
    ("SA", "Saturday"),
    ("SU", "Sunday"),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// How often a component happens; empty if once.
pub fn words(component: &Component, calendar: &Component, home: &TimeZone) -> String {
    let mut out = Vec::new();
    if let Some(p) = component.get("RRULE") {
        out.push(rule(&p.value, calendar, home));
    }
    let mut list = |name: &str, what: &str| {
        let mut days = Vec::new();
        let mut count = 0usize;
        for p in component.all(name) {
            let zone = p.param("TZID").unwrap_or_default();
            for value in p.value.split(',') {
                count += 1;
                if days.len() < MOST {
                    let start = value.split('/').next().unwrap_or_default();
                    let at = Moment::of(start.trim(), zone, calendar);
                    days.extend(at.map(|m| m.day(home).strftime("%-d %b %Y").to_string()));
                }
            }
        }
        if count > 0 {
            let more = match count.saturating_sub(days.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            out.push(format!("{what} {}{more}", days.join(", ")));
        }
    };
    list("RDATE", "also on");
    list("EXDATE", "except on");
    out.join(", ")
}

/// One rule. What it has that there are no words for is said to be there.
fn rule(value: &str, calendar: &Component, home: &TimeZone) -> String {
    let value: String = value
        .chars()
        .take(500)
        .collect::<String>()
        .to_ascii_uppercase();
    let part = |name: &str| {
        let mut parts = value.split(';').filter_map(|p| p.split_once('='));
        parts.find(|(n, _)| n.trim() == name).map(|(_, v)| v.trim())
    };
    let (unit, adverb) = match part("FREQ") {
        Some("SECONDLY") => ("second", "every second"),
        Some("MINUTELY") => ("minute", "every minute"),
        Some("HOURLY") => ("hour", "every hour"),
        Some("DAILY") => ("day", "every day"),
        Some("WEEKLY") => ("week", "every week"),
        Some("MONTHLY") => ("month", "every month"),
        Some("YEARLY") => ("year", "every year"),
        _ => return "repeats".to_owned(),
    };
    let every = part("INTERVAL").and_then(|n| n.parse::<u32>().ok());
    let mut out = match every {
        Some(n) if n > 1 => format!("every {n} {unit}s"),
        _ => adverb.to_owned(),
    };
    let days: Option<Vec<String>> = part("BYDAY").map(|d| d.split(',').take(10).map(day).collect());
    let position = part("BYSETPOS").and_then(ordinal);
    if let Some(days) = days {
        let working = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];
        let working = days.len() == 5 && working.iter().all(|w| days.iter().any(|d| d == w));
        let on = match (&position, working) {
            (Some(which), true) => format!(" on the {which} working day"),
            (Some(which), false) => format!(" on the {which} {}", any(&days)),
            (None, true) => " on working days".to_owned(),
            (None, false) => format!(" on {}", and(&days)),
        };
        out.push_str(&on);
    }
    if let Some(list) = part("BYMONTHDAY") {
        let days: Vec<String> = list.split(',').take(10).map(month_day).collect();
        out.push_str(&format!(" on {}", and(&days)));
    }
    if let Some(list) = part("BYMONTH") {
        let months = list.split(',').take(12).filter_map(|m| {
            let at = m.trim().parse::<usize>().ok()?.checked_sub(1)?;
            MONTHS.get(at).map(|m| (*m).to_owned())
        });
        out.push_str(&format!(" in {}", and(&months.collect::<Vec<_>>())));
    }
    let odd = ["BYHOUR", "BYMINUTE", "BYSECOND", "BYWEEKNO", "BYYEARDAY"];
    if odd.iter().any(|name| part(name).is_some()) {
        out.push_str(", by a rule that is longer than this");
    }
    match (
        part("COUNT").and_then(|n| n.parse::<u32>().ok()),
        part("UNTIL"),
    ) {
        (Some(1), _) => out.push_str(", once"),
        (Some(n), _) => out.push_str(&format!(", {n} times")),
        (None, Some(until)) => {
            if let Some(last) = Moment::of(until, "", calendar) {
                out.push_str(&format!(", until {}", last.day(home).strftime("%-d %b %Y")));
            }
        }
        (None, None) => {}
    }
    out
}

/// `MO`, `2TU`, `-1FR`.
fn day(text: &str) -> String {
    let text = text.trim();
    let cut = text.len().saturating_sub(2);
    let (which, name) = text.split_at_checked(cut).unwrap_or(("", text));
    let found = DAYS.iter().find(|(short, _)| *short == name);
    let name = found.map_or("?", |(_, long)| *long);
    match ordinal(which) {
        Some(which) => format!("the {which} {name}"),
        None => name.to_owned(),
    }
}

fn month_day(text: &str) -> String {
    match text.trim().parse::<i8>() {
        Ok(n @ 1..=31) => format!("the {}", numbered(n.unsigned_abs())),
        Ok(-1) => "the last day".to_owned(),
        Ok(n @ -31..=-2) => format!("the {} last day", numbered(n.unsigned_abs())),
        _ => "?".to_owned(),
    }
}

fn ordinal(text: &str) -> Option<String> {
    match text.trim().parse::<i16>().ok()? {
        -1 => Some("last".to_owned()),
        -2 => Some("last but one".to_owned()),
        n @ 1..=99 => Some(match n {
            1 => "first".to_owned(),
            2 => "second".to_owned(),
            3 => "third".to_owned(),
            4 => "fourth".to_owned(),
            5 => "fifth".to_owned(),
            _ => numbered(u8::try_from(n).ok()?),
        }),
        _ => None,
    }
}

fn numbered(n: u8) -> String {
    let end = match (n % 10, n % 100) {
        (1, h) if h != 11 => "st",
        (2, h) if h != 12 => "nd",
        (3, h) if h != 13 => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

fn and(list: &[String]) -> String {
    joined(list, "and")
}

fn any(list: &[String]) -> String {
    joined(list, "or")
}

fn joined(list: &[String], last: &str) -> String {
    match list {
        [] => "?".to_owned(),
        [one] => one.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::ical::tests::component;
    use proptest::prelude::*;

    #[test]
    fn rules_are_told_in_words() {
        for (lines, want) in [
            ("RRULE:FREQ=WEEKLY", "every week"),
            (
                "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=10",
                "every 2 weeks on Monday and Wednesday, 10 times",
            ),
            (
                "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20250301T230000Z",
                "every week on working days, until 1 Mar 2025",
            ),
            (
                "RRULE:FREQ=MONTHLY;BYDAY=-1FR",
                "every month on the last Friday",
            ),
            (
                "RRULE:FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2",
                "every month on the second Tuesday",
            ),
            (
                "RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=22",
                "every year on the 22nd in March",
            ),
            (
                "RRULE:FREQ=DAILY;BYHOUR=1\nEXDATE:20250301,20250302\nRDATE;VALUE=PERIOD:20250601T100000Z/PT1H",
                "every day, by a rule that is longer than this, also on 1 Jun 2025, except on 1 Mar 2025, 2 Mar 2025",
            ),
            ("RRULE:SOMETIMES", "repeats"),
            ("SUMMARY:x", ""),
        ] {
            let found = words(&component(lines), &Component::default(), &TimeZone::UTC);
            assert_eq!(found, want, "{lines}");
        }
    }

    proptest! {
        #[test]
        fn words_are_few_whatever_comes(rule in "(FREQ=|DAILY|MONTHLY|INTERVAL=|BYDAY=|BYMONTHDAY=|BYMONTH=|BYSETPOS=|COUNT=|UNTIL=|-?[0-9]{1,9}|MO|,|;|é){0,30}", dates in "(20250301|,|T|/|Z){0,30}") {
            let c = component(&format!("RRULE:{rule}\nEXDATE:{dates}"));
            prop_assert!(words(&c, &c, &TimeZone::UTC).len() < 1_000);
        }
    }
}
