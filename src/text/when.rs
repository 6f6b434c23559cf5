//! Dates for people, machines and mail, in the reader's zone. Seconds since 1970 go in; a time
//! that no calendar holds shows as `?`.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The present time in seconds since 1970.
pub fn now() -> i64 {
    Timestamp::now().as_second()
}

fn local(time: i64) -> Option<Zoned> {
    Timestamp::from_second(time)
        .ok()
        .map(|t| t.to_zoned(TimeZone::system()))
}

fn format(time: i64, pattern: &str) -> String {
    local(time).map_or_else(|| "?".to_owned(), |z| z.strftime(pattern).to_string())
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
        "%-d %b"
    } else {
        "%Y-%m-%d"
    };
    then.strftime(pattern).to_string()
}

/// `2024-03-02`, and `14:05` today.
pub fn iso(time: i64, now: i64) -> String {
    match (local(time), local(now)) {
        (Some(then), Some(today)) if then.date() == today.date() => format(time, "%H:%M"),
        _ => format(time, "%Y-%m-%d"),
    }
}

/// How long one takes for each unit of [`ago`], and up to when it is told in it, in seconds.
const AGES: [(i64, i64, &str); 6] = [
    (60, 3_600, "min"),
    (3_600, 86_400, "h"),
    (86_400, 7 * 86_400, "d"),
    (7 * 86_400, 70 * 86_400, "wk"),
    (30 * 86_400, 365 * 86_400, "mo"),
    (365 * 86_400, i64::MAX, "y"),
];

/// How long ago, in at most six columns for a time that calendars hold: `now`, `5 min`, `3 h`, `2 d`,
/// `5 wk`, `4 mo`, `2 y`; what is to come as [`short`] tells it, in its first six columns.
pub fn ago(time: i64, now: i64) -> String {
    let past = now.saturating_sub(time);
    if past < 0 {
        return short(time, now).chars().take(6).collect();
    }
    let age = AGES.iter().find(|(_, end, _)| past < *end);
    match age {
        _ if past < 60 => "now".to_owned(),
        Some((unit, _, name)) => format!("{} {name}", past / unit),
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
        "%a %H:%M"
    } else {
        "%-d %b %H:%M"
    };
    then.strftime(pattern).to_string()
}

/// A length of time in seconds, in its two largest units: `40 s`, `3 min`, `2 h 5 min`.
pub fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// In full: `Mon, 3 Mar 2025, 14:05`.
pub fn long(time: i64) -> String {
    format(time, "%a, %-d %b %Y, %H:%M")
}

/// Its day: `Mon, 3 Mar 2025`.
pub fn day(time: i64) -> String {
    format(time, "%a, %-d %b %Y")
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
}
