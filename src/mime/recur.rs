//! How often something of a calendar happens, in words (RFC 5545 §3.3.10). Nothing is expanded:
//! a rule of seconds costs no more than one of years.

use super::ical::Component;
use super::moment::Moment;
use crate::lang::{and, mark, of_in, tr, trc, trn};
use crate::text::when;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Days that a list of exceptions or additions names; the rest is counted.
const MOST: usize = 5;

/// The days of a week, in its order.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// How often a component happens; empty if once.
pub fn words(component: &Component, calendar: &Component, home: &TimeZone) -> String {
    let mut out = Vec::new();
    if let Some(p) = component.get("RRULE") {
        out.push(rule(&p.value, calendar, home));
    }
    let list = |name: &str| {
        let mut days = Vec::new();
        let mut count = 0usize;
        for p in component.all(name) {
            let zone = p.param("TZID").unwrap_or_default();
            for value in p.value.split(',') {
                count += 1;
                if days.len() < MOST {
                    let start = value.split('/').next().unwrap_or_default();
                    let at = Moment::of(start.trim(), zone, calendar);
                    days.extend(at.map(|m| date(m.day(home))));
                }
            }
        }
        let (more, days) = (count.saturating_sub(days.len()), days.join(tr!(", ")));
        let all = match more {
            0 => days,
            n => trn!(n, "{days} and {n} more", "{days} and {n} more", days),
        };
        (count > 0).then_some(all)
    };
    out.extend(list("RDATE").map(|days| tr!("also on {days}", days)));
    out.extend(list("EXDATE").map(|days| tr!("except on {days}", days)));
    out.join(tr!(", "))
}

fn date(day: Date) -> String {
    when::written(day.at(0, 0, 0, 0), trc!("date", "%-d %b %Y"))
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
    let every = part("INTERVAL").and_then(|n| n.parse::<u32>().ok());
    let Some(mut out) = every_so_often(part("FREQ"), every.unwrap_or(1)) else {
        return tr!("repeats").to_owned();
    };
    if let Some(list) = part("BYDAY") {
        out.push_str(&on_days(list, part("BYSETPOS").and_then(ordinal)));
    }
    let dates = part("BYMONTHDAY").map(|list| {
        let days: Vec<String> = list.split(',').take(10).map(month_day).collect();
        and(&days)
    });
    let months = part("BYMONTH").map(|list| {
        let months = list.split(',').take(12);
        let months = months.filter_map(|m| m.trim().parse::<i8>().ok());
        let months = months.filter(|m| (1..=12).contains(m)).map(when::month);
        match months.collect::<Vec<_>>().as_slice() {
            [] => "?".to_owned(),
            months => and(months),
        }
    });
    out.push_str(&match (dates, months) {
        (Some(dates), Some(months)) => tr!(" on {dates} in {months}", dates, months),
        (Some(days), None) => tr!(" on {days}", days),
        (None, Some(months)) => tr!(" in {months}", months),
        (None, None) => String::new(),
    });
    let odd = ["BYHOUR", "BYMINUTE", "BYSECOND", "BYWEEKNO", "BYYEARDAY"];
    if odd.iter().any(|name| part(name).is_some()) {
        out.push_str(tr!(", by a rule that is longer than this"));
    }
    match (
        part("COUNT").and_then(|n| n.parse::<u32>().ok()),
        part("UNTIL"),
    ) {
        (Some(n), _) => out.push_str(&trn!(n, ", once", ", {n} times")),
        (None, Some(until)) => {
            if let Some(last) = Moment::of(until, "", calendar) {
                out.push_str(&tr!(", until {day}", day = date(last.day(home))));
            }
        }
        (None, None) => {}
    }
    out
}

/// Every so many units; `None` for a unit that there is not.
fn every_so_often(unit: Option<&str>, n: u32) -> Option<String> {
    let once = n <= 1;
    Some(match unit? {
        "SECONDLY" if once => tr!("every second").to_owned(),
        "SECONDLY" => trn!(n, "every {n} second", "every {n} seconds"),
        "MINUTELY" if once => tr!("every minute").to_owned(),
        "MINUTELY" => trn!(n, "every {n} minute", "every {n} minutes"),
        "HOURLY" if once => tr!("every hour").to_owned(),
        "HOURLY" => trn!(n, "every {n} hour", "every {n} hours"),
        "DAILY" if once => tr!("every day").to_owned(),
        "DAILY" => trn!(n, "every {n} day", "every {n} days"),
        "WEEKLY" if once => tr!("every week").to_owned(),
        "WEEKLY" => trn!(n, "every {n} week", "every {n} weeks"),
        "MONTHLY" if once => tr!("every month").to_owned(),
        "MONTHLY" => trn!(n, "every {n} month", "every {n} months"),
        "YEARLY" if once => tr!("every year").to_owned(),
        "YEARLY" => trn!(n, "every {n} year", "every {n} years"),
        _ => return None,
    })
}

/// On which days, or on which of them.
fn on_days(list: &str, which: Option<String>) -> String {
    let days: Vec<(String, Option<usize>)> = list.split(',').take(10).map(day).collect();
    let has = |n: usize| days.iter().any(|(_, day)| *day == Some(n));
    let working = days.len() == 5 && (0..5).all(has);
    let days: Vec<&str> = days.iter().map(|(name, _)| name.as_str()).collect();
    match (which, working) {
        (Some(which), true) => tr!(" on the {which} working day", which),
        (Some(which), false) => tr!(" on the {which} {days}", which, days = any(&days)),
        (None, true) => tr!(" on working days").to_owned(),
        (None, false) => tr!(" on {days}", days = and(&days)),
    }
}

/// `MO`, `2TU`, `-1FR`: in words, and which day of the week it is if it is every one of these.
fn day(text: &str) -> (String, Option<usize>) {
    let text = text.trim();
    let cut = text.len().saturating_sub(2);
    let (which, name) = text.split_at_checked(cut).unwrap_or(("", text));
    let found = DAYS.iter().position(|short| *short == name);
    let number = found.and_then(|n| i8::try_from(n).ok());
    let day = number.map_or("?", when::weekday);
    match ordinal(which) {
        Some(which) => (tr!("the {which} {day}", which, day), None),
        None => (day.to_owned(), found),
    }
}

fn month_day(text: &str) -> String {
    match text.trim().parse::<i8>() {
        Ok(n @ 1..=31) => match ending(n.unsigned_abs()) {
            "st" => tr!("the {n}st", n),
            "nd" => tr!("the {n}nd", n),
            "rd" => tr!("the {n}rd", n),
            _ => tr!("the {n}th", n),
        },
        Ok(-1) => tr!("the last day").to_owned(),
        Ok(n @ -31..=-2) => tr!("the {which} last day", which = numbered(n.unsigned_abs())),
        _ => "?".to_owned(),
    }
}

/// The first of these is the first.
const WHICH: [&str; 5] = [
    mark!("which", "first"),
    mark!("which", "second"),
    mark!("which", "third"),
    mark!("which", "fourth"),
    mark!("which", "fifth"),
];

fn ordinal(text: &str) -> Option<String> {
    match text.trim().parse::<i16>().ok()? {
        -1 => Some(trc!("which", "last").to_owned()),
        -2 => Some(trc!("which", "last but one").to_owned()),
        n @ 1..=99 => {
            let n = u8::try_from(n).ok()?;
            let named = WHICH.get(usize::from(n) - 1);
            Some(named.map_or_else(|| numbered(n), |which| of_in("which", which).to_owned()))
        }
        _ => None,
    }
}

fn numbered(n: u8) -> String {
    match ending(n) {
        "st" => tr!("{n}st", n),
        "nd" => tr!("{n}nd", n),
        "rd" => tr!("{n}rd", n),
        _ => tr!("{n}th", n),
    }
}

/// What stands behind such a number in English.
fn ending(n: u8) -> &'static str {
    match (n % 10, n % 100) {
        (1, h) if h != 11 => "st",
        (2, h) if h != 12 => "nd",
        (3, h) if h != 13 => "rd",
        _ => "th",
    }
}

fn any(list: &[&str]) -> String {
    match list {
        [most @ .., last] if !most.is_empty() => {
            tr!("{before} or {last}", before = most.join(tr!(", ")), last)
        }
        list => list.concat(),
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
