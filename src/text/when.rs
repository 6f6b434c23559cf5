//! Dates for people, machines and mail, in the reader's zone. Seconds since 1970 go in; a time
//! that no calendar holds shows as `?`.

use super::width;
use crate::lang::{Lang, mark, of_in, tr, trc};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The present time in seconds since 1970.
pub fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Whether it is still waited for a time that was written down (seconds since 1970). One that lies farther
/// ahead than anything waits (`longest`, seconds) was written down before the clock was put back.
pub fn still_waits(until: i64, now: i64, longest: i64) -> bool {
    until > now && until.saturating_sub(now) <= longest
}

fn local(time: i64) -> Option<Zoned> {
    Timestamp::from_second(time)
        .ok()
        .map(|t| t.to_zoned(TimeZone::system()))
}

/// For machines and other people: English whatever the screen's language.
fn format(time: i64, pattern: &str) -> String {
    local(time).map_or_else(|| "?".to_owned(), |z| z.strftime(pattern).to_string())
}

/// For the screen, by a pattern of its language.
fn said(time: i64, pattern: &str) -> String {
    local(time).map_or_else(|| "?".to_owned(), |z| written(z.datetime(), pattern))
}

const DAYS: [&str; 7] = [
    mark!("day", "Monday"),
    mark!("day", "Tuesday"),
    mark!("day", "Wednesday"),
    mark!("day", "Thursday"),
    mark!("day", "Friday"),
    mark!("day", "Saturday"),
    mark!("day", "Sunday"),
];
const SHORT_DAYS: [&str; 7] = [
    mark!("day", "Mon"),
    mark!("day", "Tue"),
    mark!("day", "Wed"),
    mark!("day", "Thu"),
    mark!("day", "Fri"),
    mark!("day", "Sat"),
    mark!("day", "Sun"),
];
const MONTHS: [&str; 12] = [
    mark!("month", "January"),
    mark!("month", "February"),
    mark!("month", "March"),
    mark!("month", "April"),
    mark!("month", "May"),
    mark!("month", "June"),
    mark!("month", "July"),
    mark!("month", "August"),
    mark!("month", "September"),
    mark!("month", "October"),
    mark!("month", "November"),
    mark!("month", "December"),
];
const SHORT_MONTHS: [&str; 12] = [
    mark!("short month", "Jan"),
    mark!("short month", "Feb"),
    mark!("short month", "Mar"),
    mark!("short month", "Apr"),
    mark!("short month", "May"),
    mark!("short month", "Jun"),
    mark!("short month", "Jul"),
    mark!("short month", "Aug"),
    mark!("short month", "Sep"),
    mark!("short month", "Oct"),
    mark!("short month", "Nov"),
    mark!("short month", "Dec"),
];

/// The name of the month of this number, from one on.
pub fn month(number: i8) -> &'static str {
    named("month", &MONTHS, number - 1)
}

/// The name of a day of the week, Monday being 0.
pub fn weekday(number: i8) -> &'static str {
    named("day", &DAYS, number)
}

fn named(context: &str, names: &[&'static str], number: i8) -> &'static str {
    let name = usize::try_from(number).ok().and_then(|n| names.get(n));
    of_in(context, name.copied().unwrap_or("?"))
}

/// A time by a pattern as `strftime` reads it (jiff's), its names of days and months in the language
/// of the screen.
pub fn written(time: DateTime, pattern: &str) -> String {
    if crate::lang::now() == Lang::English {
        return time.strftime(pattern).to_string();
    }
    let (day, number) = (time.weekday().to_monday_zero_offset(), time.month());
    let pattern = pattern
        .replace("%a", named("day", &SHORT_DAYS, day))
        .replace("%A", named("day", &DAYS, day))
        .replace("%b", named("short month", &SHORT_MONTHS, number - 1))
        .replace("%B", named("month", &MONTHS, number - 1));
    time.strftime(&pattern).to_string()
}

/// RFC 3339 with the local offset, for JSON.
pub fn rfc3339(time: i64) -> String {
    format(time, "%Y-%m-%dT%H:%M:%S%:z")
}

/// The year, and the year with the month: `2024`, `2024-03`.
pub fn year_and_month(time: i64) -> (String, String) {
    (format(time, "%Y"), format(time, "%Y-%m"))
}

/// The Date header of RFC 5322 §3.3.
pub fn rfc5322(time: i64) -> String {
    format(time, "%a, %d %b %Y %H:%M:%S %z")
}

/// At most ten columns for a list: `14:05` today, `Mon` within the last week, `3 Mar` this year,
/// else `2024-03-02`.
pub fn short(time: i64, now: i64) -> String {
    let (Some(then), Some(today)) = (local(time), local(now)) else {
        return "?".to_owned();
    };
    let pattern = if then.date() == today.date() {
        "%H:%M"
    } else if time < now && now - time < 6 * 24 * 3600 {
        "%a"
    } else if then.year() == today.year() {
        trc!("date", "%-d %b")
    } else {
        "%Y-%m-%d"
    };
    written(then.datetime(), pattern)
}

/// `2024-03-02`, and `14:05` today.
pub fn iso(time: i64, now: i64) -> String {
    match (local(time), local(now)) {
        (Some(then), Some(today)) if then.date() == today.date() => format(time, "%H:%M"),
        _ => format(time, "%Y-%m-%d"),
    }
}

/// How long one takes for each unit of [`ago`], and up to when it is told in it, in seconds.
type Told = fn(i64) -> String;
const AGES: [(i64, i64, Told); 6] = [
    (60, 3_600, |n| tr!("{n} min", n)),
    (3_600, 86_400, |n| tr!("{n} h", n)),
    (86_400, 7 * 86_400, |n| tr!("{n} d", n)),
    (7 * 86_400, 70 * 86_400, |n| tr!("{n} wk", n)),
    (30 * 86_400, 365 * 86_400, |n| tr!("{n} mo", n)),
    (365 * 86_400, i64::MAX, |n| tr!("{n} y", n)),
];

/// How long ago, in at most six columns for a time that calendars hold: `now`, `5 min`, `3 h`, `2 d`,
/// `5 wk`, `4 mo`, `2 y`; what is to come as [`short`] tells it, in its first six columns.
pub fn ago(time: i64, now: i64) -> String {
    let past = now.saturating_sub(time);
    if past < 0 {
        return width::cut(&short(time, now), 6);
    }
    let age = AGES.iter().find(|(_, end, _)| past < *end);
    match age {
        _ if past < 60 => trc!("ago", "now").to_owned(),
        Some((unit, _, told)) => told(past / unit),
        None => "?".to_owned(),
    }
}

/// After how many seconds [`ago`] tells it otherwise; at least one.
pub fn older_in(time: i64, now: i64) -> u64 {
    let past = now.saturating_sub(time);
    let age = AGES.iter().find(|(_, end, _)| past < *end);
    let left = match age {
        _ if past < 0 => past.saturating_neg(),
        Some((unit, end, _)) => (unit - past % unit).min(end.saturating_sub(past)),
        None => i64::MAX,
    };
    u64::try_from(left).unwrap_or(1).max(1)
}

/// A time of day with as much of the date as it needs: `14:05` today, `Mon 14:05` within a week,
/// else `3 Mar 14:05`; with seconds when it comes within a minute and a half.
pub fn clock(time: i64, now: i64) -> String {
    let (Some(then), Some(today)) = (local(time), local(now)) else {
        return "?".to_owned();
    };
    let away = time.abs_diff(now);
    let pattern = if time > now && away < 90 {
        "%H:%M:%S"
    } else if then.date() == today.date() || (time > now && away < 12 * 3600) {
        "%H:%M"
    } else if away < 6 * 24 * 3600 {
        trc!("date", "%a %H:%M")
    } else {
        trc!("date", "%-d %b %H:%M")
    };
    written(then.datetime(), pattern)
}

/// A length of time in seconds, in its two largest units: `40 s`, `3 min`, `2 h 5 min`.
pub fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => tr!("{seconds} s", seconds),
        (0, n) => tr!("{n} min", n),
        (n, 0) => tr!("{n} h", n),
        (hours, minutes) => tr!("{hours} h {minutes} min", hours, minutes),
    }
}

/// In full: `Mon, 3 Mar 2025, 14:05`.
pub fn long(time: i64) -> String {
    said(time, trc!("date", "%a, %-d %b %Y, %H:%M"))
}

/// In full for whoever is written to, who did not choose the language of our screen: English.
pub fn sent(time: i64) -> String {
    format(time, "%a, %-d %b %Y, %H:%M")
}

/// Its day for whoever is written to: English, as [`sent`].
pub fn sent_day(time: i64) -> String {
    format(time, "%a, %-d %b %Y")
}

/// Its day: `Mon, 3 Mar 2025`.
pub fn day(time: i64) -> String {
    said(time, trc!("date", "%a, %-d %b %Y"))
}

/// Its time of day: `14:05`.
pub fn time(time: i64) -> String {
    format(time, "%H:%M")
}

/// The day and time of an attribution line: `Mon, 3 Mar 2025 at 14:05`.
pub fn attribution(time: i64) -> String {
    format(time, "%a, %-d %b %Y at %H:%M")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::during;

    #[test]
    fn dates_are_said_in_the_language_of_the_screen() {
        let monday = "2025-03-03T14:05:00".parse::<DateTime>().unwrap();
        let long = |lang| {
            during(lang, || {
                written(monday, trc!("date", "%a, %-d %b %Y, %H:%M"))
            })
        };
        assert_eq!(long(Lang::English), "Mon, 3 Mar 2025, 14:05");
        assert_eq!(long(Lang::German), "Mo, 3. März 2025, 14:05");
        assert_eq!(long(Lang::Japanese), "2025年3月3日(月) 14:05");
        let names = during(Lang::German, || (month(5), weekday(6), month(13)));
        assert_eq!(names, ("Mai", "Sonntag", "?"));
        let now = 1_700_000_000;
        for lang in Lang::ALL {
            for past in [
                0,
                59 * 60,
                23 * 3_600,
                6 * 86_400,
                69 * 86_400,
                364 * 86_400,
            ] {
                let told = during(lang, || ago(now - past, now));
                assert!(width::width(&told) <= 6, "{told}");
            }
            assert!(width::width(&during(lang, || ago(now + 4_000_000, now))) <= 6);
            for past in [0, 86_400, 40 * 86_400, 900 * 86_400] {
                let told = during(lang, || short(now - past, now));
                assert!(width::width(&told) <= 10, "{told}");
            }
        }
        let german = during(Lang::German, || (duration(7_500), sent(now), rfc5322(now)));
        let days = during(Lang::German, || (sent_day(now), day(now)));
        assert_eq!(days.0, sent_day(now), "what is sent stays English");
        assert_ne!(days.0, days.1);
        assert_eq!(german.0, "2 Std 5 Min");
        assert_eq!(german.1, sent(now), "what is sent stays English");
        assert_eq!(german.2, rfc5322(now));
    }

    #[test]
    fn how_long_ago_fits_six_columns_and_changes_when_it_says() {
        let now = 1_700_000_000;
        for (past, told) in [
            (0, "now"),
            (59, "now"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (86_400, "1 d"),
            (7 * 86_400, "1 wk"),
            (69 * 86_400, "9 wk"),
            (70 * 86_400, "2 mo"),
            (364 * 86_400, "12 mo"),
            (365 * 86_400, "1 y"),
            (50 * 365 * 86_400, "50 y"),
        ] {
            assert_eq!(ago(now - past, now), told);
            assert!(ago(now - past, now).len() <= 6);
            let left = i64::try_from(older_in(now - past, now)).unwrap();
            assert_eq!(ago(now - past, now + left - 1), told, "{past}");
            assert_ne!(ago(now - past, now + left), told, "{past}");
        }
        assert!(older_in(now + 90, now) <= 90);
        let _ = (ago(i64::MIN, i64::MAX), older_in(i64::MAX, i64::MIN));
    }

    #[test]
    fn s48_impossible_times_do_not_panic() {
        for t in [i64::MIN, i64::MAX, -1, 0] {
            for text in [
                rfc3339(t),
                rfc5322(t),
                short(t, 0),
                short(0, t),
                long(t),
                attribution(t),
                clock(t, 0),
                clock(0, t),
            ] {
                assert!(!text.is_empty());
            }
        }
    }

    #[test]
    fn lengths_of_time_are_told_in_large_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (200, "3 min"),
            (7200, "2 h"),
            (7500, "2 h 5 min"),
        ] {
            assert_eq!(duration(seconds), text);
        }
        let now = 1_750_000_000;
        assert_eq!(clock(now, now).len(), 5);
        assert!(clock(now - 800_000, now).len() > 5);
    }

    #[test]
    fn short_dates_shrink_with_distance() {
        let now = 1_750_000_000;
        assert!(short(now, now).contains(':'));
        assert_eq!(short(now - 2 * 24 * 3600, now).len(), 3);
        assert_eq!(short(now - 800 * 24 * 3600, now).len(), 10);
        let colons = |time| clock(time, now).matches(':').count();
        assert_eq!(
            (colons(now + 20), colons(now - 20), colons(now + 300)),
            (2, 1, 1)
        );
        assert_eq!(clock(now - 3 * 24 * 3600, now).len(), "Mon 14:05".len());
    }

    #[test]
    fn a_clock_that_was_ahead_is_not_waited_for() {
        assert!(still_waits(160, 100, 60));
        assert!(!still_waits(100, 100, 60) && !still_waits(161, 100, 60));
        assert!(!still_waits(i64::MAX, i64::MIN, 60));
    }
}
