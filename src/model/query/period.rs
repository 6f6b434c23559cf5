//! Days, weeks and years as a query names them, and lengths of time. They stay as they were written,
//! so that a saved view for `date:today` means each day anew; weeks begin on Monday (ISO 8601).

use jiff::civil::{Date, Weekday};
use jiff::{Span, Timestamp, ToSpan as _, Zoned};
use std::fmt;
use std::ops::Range;

/// A stretch of days, seen from a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// `2026-11-21`
    Day(Date),
    /// `2026-11`: the month that begins on this day.
    Month(Date),
    /// `2026`
    Year(i16),
    /// `today`
    Today,
    /// `yesterday`
    Yesterday,
    /// `this-week`
    ThisWeek,
    /// `last-week`: the seven days before this week's Monday.
    LastWeek,
    /// `this-month`
    ThisMonth,
    /// `last-month`
    LastMonth,
    /// `this-year`
    ThisYear,
    /// `last-year`
    LastYear,
    /// `monday`: the last one, which may be today.
    Last(Weekday),
}

/// The periods that have names.
const NAMED: [(&str, Period); 15] = [
    ("today", Period::Today),
    ("yesterday", Period::Yesterday),
    ("this-week", Period::ThisWeek),
    ("last-week", Period::LastWeek),
    ("this-month", Period::ThisMonth),
    ("last-month", Period::LastMonth),
    ("this-year", Period::ThisYear),
    ("last-year", Period::LastYear),
    ("monday", Period::Last(Weekday::Monday)),
    ("tuesday", Period::Last(Weekday::Tuesday)),
    ("wednesday", Period::Last(Weekday::Wednesday)),
    ("thursday", Period::Last(Weekday::Thursday)),
    ("friday", Period::Last(Weekday::Friday)),
    ("saturday", Period::Last(Weekday::Saturday)),
    ("sunday", Period::Last(Weekday::Sunday)),
];

impl Period {
    /// Reads `2026-11-21`, `2026/11/21`, `21.11.2026`, `2026-11`, `2026`, or a name such as
    /// `last-week` or `monday`, without regard to case.
    pub fn parse(text: &str) -> Option<Period> {
        let lower = text.to_ascii_lowercase();
        if let Some((_, period)) = NAMED.iter().find(|(name, _)| *name == lower) {
            return Some(*period);
        }
        let separator = ['-', '/', '.'].into_iter().find(|c| text.contains(*c));
        let Some(separator) = separator else {
            return number(text, 4).map(Period::Year);
        };
        let parts: Vec<&str> = text.split(separator).collect();
        match (separator, parts.as_slice()) {
            ('.', [day, month, year]) | (_, [year, month, day]) => {
                date(number(year, 4)?, month, day).map(Period::Day)
            }
            ('-' | '/', [year, month]) => date(number(year, 4)?, month, "1").map(Period::Month),
            _ => None,
        }
    }

    /// The names that can be read besides dates.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, _)| *name)
    }

    /// From its first second to the one behind its last, in seconds since 1970, as seen from `now`
    /// and in its zone. `None` where the calendar ends.
    pub fn range(self, now: &Zoned) -> Option<Range<i64>> {
        let today = now.date();
        let monday = || {
            let past = i64::from(today.weekday().to_monday_zero_offset());
            today.checked_sub(past.days()).ok()
        };
        let month = today.first_of_month();
        let year = |year: i16| Date::new(year, 1, 1).ok();
        let (first, length): (Date, Span) = match self {
            Period::Day(day) => (day, 1.day()),
            Period::Month(first) => (first, 1.month()),
            Period::Year(n) => (year(n)?, 1.year()),
            Period::Today => (today, 1.day()),
            Period::Yesterday => (today.yesterday().ok()?, 1.day()),
            Period::ThisWeek => (monday()?, 1.week()),
            Period::LastWeek => (monday()?.checked_sub(1.week()).ok()?, 1.week()),
            Period::ThisMonth => (month, 1.month()),
            Period::LastMonth => (month.checked_sub(1.month()).ok()?, 1.month()),
            Period::ThisYear => (year(today.year())?, 1.year()),
            Period::LastYear => (year(today.year().checked_sub(1)?)?, 1.year()),
            Period::Last(weekday) => {
                let offset = |day: Weekday| i64::from(day.to_monday_zero_offset());
                let past = (offset(today.weekday()) - offset(weekday)).rem_euclid(7);
                (today.checked_sub(past.days()).ok()?, 1.day())
            }
        };
        let second = |day: Date| {
            let midnight = day.to_zoned(now.time_zone().clone()).ok()?;
            Some(midnight.timestamp().as_second())
        };
        Some(second(first)?..second(first.checked_add(length).ok()?)?)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Period::Day(day) => write!(f, "{day}"),
            Period::Month(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Period::Year(year) => write!(f, "{year:04}"),
            named => {
                let name = NAMED.iter().find(|(_, period)| period == named);
                f.write_str(name.map_or("", |(name, _)| name))
            }
        }
    }
}

fn date(year: i16, month: &str, day: &str) -> Option<Date> {
    let part = |text: &str| i8::try_from(number(text, 2)?).ok();
    Date::new(year, part(month)?, part(day)?).ok()
}

/// Digits only, and no more than these; a year has all of them.
fn number(text: &str, digits: usize) -> Option<i16> {
    let right = match digits {
        4 => text.len() == 4,
        most => (1..=most).contains(&text.len()),
    };
    (right && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// What lengths of time are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `h`
    Hours,
    /// `d`
    Days,
    /// `w`
    Weeks,
    /// `m`: of the calendar.
    Months,
    /// `y`: of the calendar.
    Years,
}

const UNITS: [(char, Unit); 5] = [
    ('h', Unit::Hours),
    ('d', Unit::Days),
    ('w', Unit::Weeks),
    ('m', Unit::Months),
    ('y', Unit::Years),
];

/// A length of time, counted back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// How many.
    pub count: u16,
    /// Of what.
    pub unit: Unit,
}

impl Age {
    /// Reads `12h`, `30d`, `2w`, `6m`, `1y`, without regard to case.
    pub fn parse(text: &str) -> Option<Age> {
        let unit = text.chars().last()?.to_ascii_lowercase();
        let (_, unit) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
        let digits = text.get(..text.len() - 1)?;
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| {
            let count = digits.parse().ok()?;
            Some(Age { count, unit: *unit })
        })?
    }

    /// The moment so long before `now`, in seconds since 1970. `None` where the calendar ends.
    pub fn before(self, now: &Zoned) -> Option<i64> {
        let n = i64::from(self.count);
        let span = match self.unit {
            Unit::Hours => n.hours(),
            Unit::Days => n.days(),
            Unit::Weeks => n.weeks(),
            Unit::Months => n.months(),
            Unit::Years => Span::new().try_years(n).ok()?,
        };
        Some(now.checked_sub(span).ok()?.timestamp().as_second())
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = UNITS.iter().find(|(_, unit)| *unit == self.unit);
        write!(
            f,
            "{}{}",
            self.count,
            letter.map_or('d', |(letter, _)| *letter)
        )
    }
}

/// A moment in the zone of this machine.
pub fn in_zone(now: i64) -> Zoned {
    let now = Timestamp::from_second(now).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::system())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(text: &str) -> Option<(String, String)> {
        // A Saturday, late in the evening.
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let now = date(2026, 11, 21).at(23, 30, 0, 0).to_zoned(zone).unwrap();
        let range = Period::parse(text)?.range(&now)?;
        let day = |second: i64| {
            let at = Timestamp::from_second(second).unwrap();
            at.to_zoned(now.time_zone().clone()).datetime().to_string()
        };
        Some((day(range.start), day(range.end)))
    }

    #[test]
    fn periods_are_whole_days_in_the_readers_zone() {
        for (text, first, end) in [
            ("2026-11-21", "2026-11-21", "2026-11-22"),
            ("1.2.2024", "2024-02-01", "2024-02-02"),
            ("2024/02/29", "2024-02-29", "2024-03-01"),
            ("2026-10", "2026-10-01", "2026-11-01"),
            ("2025", "2025-01-01", "2026-01-01"),
            ("Today", "2026-11-21", "2026-11-22"),
            ("yesterday", "2026-11-20", "2026-11-21"),
            ("this-week", "2026-11-16", "2026-11-23"),
            ("last-week", "2026-11-09", "2026-11-16"),
            ("last-month", "2026-10-01", "2026-11-01"),
            ("this-year", "2026-01-01", "2027-01-01"),
            ("last-year", "2025-01-01", "2026-01-01"),
            ("Saturday", "2026-11-21", "2026-11-22"),
            ("sunday", "2026-11-15", "2026-11-16"),
            ("monday", "2026-11-16", "2026-11-17"),
        ] {
            let midnight = |day: &str| format!("{day}T00:00:00");
            assert_eq!(days(text), Some((midnight(first), midnight(end))), "{text}");
        }
        for odd in [
            "",
            "26",
            "20266",
            "2026-13",
            "2026-02-30",
            "-1-1-1",
            "1-1",
            "2026-1-1-1",
            "soon",
            "１",
        ] {
            assert_eq!(Period::parse(odd), None, "{odd}");
        }
        // Nothing overflows where the calendar ends.
        assert_eq!(days("9999-12-31"), None);
        assert_eq!(days("9999"), None);
    }

    #[test]
    fn ages_are_counted_back() {
        let now = in_zone(1_000_000_000);
        let back = |text: &str| 1_000_000_000 - Age::parse(text).unwrap().before(&now).unwrap();
        assert_eq!(back("2h"), 7200);
        assert_eq!(back("0d"), 0);
        assert!((29..32).contains(&(back("1m") / 86400)));
        for odd in ["", "d", "-1d", "1.5d", "1", "99999d", "1ü"] {
            assert_eq!(Age::parse(odd), None, "{odd}");
        }
        let farthest = Age::parse("65535y").unwrap();
        assert_eq!(farthest.before(&now), None);
    }
}
