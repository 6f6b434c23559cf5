//! Times to come, as people write them: `tomorrow 9am`, `in 2h`, `mon 8:30`, `24 dec 18:00`,
//! `2027-01-04 08:00`. Read in the reader's zone; what can be read in two ways is not read at all.

use crate::lang::tr;
use jiff::civil::{Date, Time, Weekday, time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Zoned};

/// Times as one may type them.
pub fn examples() -> &'static str {
    tr!("in 3 days, tomorrow 9am, mon 8:30, 24 dec")
}

/// What is said of a time that is none.
pub fn not_understood() -> &'static str {
    tr!("not understood; try tomorrow 9am, in 2h, mon 8:30")
}

/// The hour that a day without a time of day means.
const MORNING: Time = time(9, 0, 0, 0);
/// The longest text worth reading, in octets.
const LONGEST: usize = 100;
/// Nothing is put off longer than this, in seconds: ten years.
const FARTHEST: i64 = 10 * 366 * 24 * 3600;

/// The time that `text` names, in seconds since 1970, seen from `now` in the zone of this machine.
/// Always after `now`. A day alone means nine in the morning, a time alone the next such time.
/// `None` if it can't be read, or has passed.
pub fn parse(text: &str, now: i64) -> Option<i64> {
    let now = Timestamp::from_second(now).ok()?;
    parse_at(text, &now.to_zoned(TimeZone::system()))
}

/// A length of time in seconds: `3 days`, `2h`, `1h30`, `90 min`, `1 week`.
pub fn duration(text: &str) -> Option<u32> {
    let tokens = tokens(text)?;
    let seconds = length(&tokens)?;
    u32::try_from(seconds).ok().filter(|s| *s > 0)
}

fn parse_at(text: &str, now: &Zoned) -> Option<i64> {
    let mut tokens = tokens(text)?;
    tokens.retain(|t| !matches!(t, Token::Word(w) if w == "at" || w == "on"));
    let then = match tokens.split_first()? {
        (Token::Word(word), rest) if word == "in" => return ahead(length(rest)?, now),
        _ => match length(&tokens) {
            Some(seconds) => return ahead(seconds, now),
            None => named(&tokens, now)?,
        },
    };
    let at = then.timestamp().as_second();
    let away = at.checked_sub(now.timestamp().as_second())?;
    (away > 0 && away <= FARTHEST).then_some(at)
}

fn ahead(seconds: i64, now: &Zoned) -> Option<i64> {
    (seconds > 0).then(|| now.timestamp().as_second().checked_add(seconds))?
}

/// A run of letters or a run of digits and what glues them together.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Number(u32),
    /// Numbers with `:`, `-` or `.` between them.
    Joined(char, Vec<u32>),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.to_lowercase();
    let mut out = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || c == ',') {
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            let numeric = first.is_ascii_digit();
            let of_kind = |c: char| match numeric {
                true => c.is_ascii_digit() || matches!(c, ':' | '-' | '.'),
                false => !c.is_ascii_digit(),
            };
            let end = rest.find(|c| !of_kind(c)).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            rest = after;
            out.push(match numeric {
                true => number(piece)?,
                false => Token::Word(piece.trim_end_matches('.').to_owned()),
            });
        }
    }
    out.retain(|t| *t != Token::Word(String::new()));
    Some(out)
}

fn number(text: &str) -> Option<Token> {
    let glue = text.chars().find(|c| !c.is_ascii_digit());
    let Some(glue) = glue else {
        return Some(Token::Number(text.parse().ok()?));
    };
    // A date may end with its dot, `24.12.`; nothing else ends so.
    let whole = match glue {
        '.' => text.strip_suffix('.').unwrap_or(text),
        _ => text,
    };
    let parts = whole.split(glue).map(|part| part.parse().ok());
    Some(Token::Joined(glue, parts.collect::<Option<_>>()?))
}

/// The sum of a row of numbers with units, in seconds. A number without a unit counts minutes
/// after hours (`1h30`), and nothing elsewhere.
fn length(tokens: &[Token]) -> Option<i64> {
    let mut total = 0i64;
    let mut after_hours = false;
    let mut rest = tokens;
    while let Some((first, more)) = rest.split_first() {
        let count = match first {
            Token::Number(n) => i64::from(*n),
            Token::Word(w) if w == "a" || w == "an" => 1,
            _ => return None,
        };
        let (unit, more) = match more.split_first() {
            Some((Token::Word(word), more)) => (unit(word)?, more),
            None if after_hours => (60, more),
            _ => return None,
        };
        after_hours = unit == 3600;
        total = total.checked_add(count.checked_mul(unit)?)?;
        rest = more;
    }
    (!tokens.is_empty() && total <= FARTHEST).then_some(total)
}

fn unit(word: &str) -> Option<i64> {
    Some(match word {
        "min" | "mins" | "minute" | "minutes" | "m" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 24 * 3600,
        "w" | "wk" | "week" | "weeks" => 7 * 24 * 3600,
        _ => return None,
    })
}

/// What was said of the day.
#[derive(Clone, Copy)]
enum Day {
    Unsaid,
    Is(Date),
    Weekday(Weekday),
    /// A day and a month: this year's, or the next one's.
    Yearly(Date),
}

fn named(tokens: &[Token], now: &Zoned) -> Option<Zoned> {
    let mut day = Day::Unsaid;
    let mut clock = None;
    let mut rest = tokens;
    while !rest.is_empty() {
        if let (Day::Unsaid, Some((said, more))) = (day, day_of(rest, now)) {
            (day, rest) = (said, more);
        } else if let (None, Some((said, more))) = (clock, time_of(rest)) {
            (clock, rest) = (Some(said), more);
        } else {
            return None;
        }
    }
    let today = now.date();
    let at = |day: Date, time: Time| day.to_datetime(time).to_zoned(now.time_zone().clone()).ok();
    match (day, clock) {
        (Day::Unsaid, None) => None,
        (Day::Unsaid, Some(time)) => match at(today, time)? {
            then if then > *now => Some(then),
            _ => at(today.tomorrow().ok()?, time),
        },
        (Day::Is(day), None) if day == today => None,
        (Day::Is(day), time) => at(day, time.unwrap_or(MORNING)),
        (Day::Weekday(weekday), time) => {
            let time = time.unwrap_or(MORNING);
            if weekday == today.weekday()
                && let Some(then) = at(today, time).filter(|then| then > now)
            {
                return Some(then);
            }
            at(today.nth_weekday(1, weekday).ok()?, time)
        }
        (Day::Yearly(day), time) => {
            let time = time.unwrap_or(MORNING);
            match at(day, time)? {
                then if then > *now => Some(then),
                _ => at(day.checked_add(1.year()).ok()?, time),
            }
        }
    }
}

fn day_of<'t>(tokens: &'t [Token], now: &Zoned) -> Option<(Day, &'t [Token])> {
    let (first, rest) = tokens.split_first()?;
    let today = now.date();
    let in_days = |n: i64| today.checked_add(Span::new().days(n)).ok();
    match first {
        Token::Word(word) => match word.as_str() {
            "today" => Some((Day::Is(today), rest)),
            "tomorrow" | "tmrw" => Some((Day::Is(in_days(1)?), rest)),
            "next" => match rest.split_first()? {
                (Token::Word(word), rest) if word == "week" => {
                    let monday = today.nth_weekday(1, Weekday::Monday).ok()?;
                    Some((Day::Is(monday), rest))
                }
                (Token::Word(word), rest) => {
                    let day = today.nth_weekday(1, weekday(word)?).ok()?;
                    Some((Day::Is(day), rest))
                }
                _ => None,
            },
            word => match (weekday(word), month(word), rest.split_first()) {
                (Some(day), _, _) => Some((Day::Weekday(day), rest)),
                (_, Some(month), Some((Token::Number(day), rest))) => {
                    with_year(*day, month, rest, today)
                }
                _ => None,
            },
        },
        Token::Number(day) => match rest.split_first()? {
            (Token::Word(word), rest) => with_year(*day, month(word)?, rest, today),
            _ => None,
        },
        Token::Joined('-', parts) => match parts.as_slice() {
            [year, month, day] => Some((Day::Is(calendar(*year, *month, *day)?), rest)),
            _ => None,
        },
        Token::Joined('.', parts) => match parts.as_slice() {
            [day, month, year] => Some((Day::Is(calendar(*year, *month, *day)?), rest)),
            [day, month] => Some((Day::Yearly(this_year(*day, *month, today)?), rest)),
            _ => None,
        },
        Token::Joined(..) => None,
    }
}

fn with_year(day: u32, month: u32, rest: &[Token], today: Date) -> Option<(Day, &[Token])> {
    match rest.split_first() {
        Some((Token::Number(year), rest)) if *year > 999 => {
            Some((Day::Is(calendar(*year, month, day)?), rest))
        }
        _ => Some((Day::Yearly(this_year(day, month, today)?), rest)),
    }
}

fn calendar(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()
}

fn this_year(day: u32, month: u32, today: Date) -> Option<Date> {
    Date::new(today.year(), month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn time_of(tokens: &[Token]) -> Option<(Time, &[Token])> {
    let (first, rest) = tokens.split_first()?;
    let half = |rest: &[Token]| match rest.first() {
        Some(Token::Word(w)) if matches!(w.as_str(), "am" | "a.m") => Some(false),
        Some(Token::Word(w)) if matches!(w.as_str(), "pm" | "p.m") => Some(true),
        _ => None,
    };
    let (hour, minute) = match first {
        Token::Word(word) => {
            let hour = match word.as_str() {
                "morning" => 9,
                "noon" => 12,
                "afternoon" => 14,
                "evening" => 18,
                "tonight" => 20,
                _ => return None,
            };
            return Some((time(hour, 0, 0, 0), rest));
        }
        Token::Number(hour) => (*hour, None),
        Token::Joined(':', parts) => match parts.as_slice() {
            [hour, minute] => (*hour, Some(*minute)),
            _ => return None,
        },
        Token::Joined(..) => return None,
    };
    let (hour, rest) = match half(rest) {
        Some(_) if hour == 0 || hour > 12 => return None,
        Some(after_noon) => (
            hour % 12 + if after_noon { 12 } else { 0 },
            rest.get(1..).unwrap_or_default(),
        ),
        // A number alone could be anything.
        None if minute.is_none() => return None,
        None => (hour, rest),
    };
    let hour = hour.try_into().ok()?;
    let minute = minute.unwrap_or(0).try_into().ok()?;
    Some((Time::new(hour, minute, 0, 0).ok()?, rest))
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "mon" | "monday" => Weekday::Monday,
        "tue" | "tues" | "tuesday" => Weekday::Tuesday,
        "wed" | "wednesday" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" => Weekday::Thursday,
        "fri" | "friday" => Weekday::Friday,
        "sat" | "saturday" => Weekday::Saturday,
        "sun" | "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn month(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = if word == "sept" { "sep" } else { word };
    let fits = |name: &&str| name.get(..3) == Some(word) || *name == word;
    let at = NAMES.iter().position(fits)?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Saturday, 21 November 2026, 11:12 in Berlin.
    fn now() -> Zoned {
        "2026-11-21T11:12:13[Europe/Berlin]".parse().unwrap()
    }

    fn read(text: &str) -> Option<String> {
        let at = parse_at(text, &now())?;
        let then = Timestamp::from_second(at).unwrap();
        let then = then.to_zoned(now().time_zone().clone());
        Some(then.strftime("%a %Y-%m-%d %H:%M").to_string())
    }

    #[test]
    fn what_people_write_is_read() {
        for (text, wanted) in [
            ("tomorrow 9am", "Sun 2026-11-22 09:00"),
            ("Tomorrow", "Sun 2026-11-22 09:00"),
            ("tomorrow at 18:30", "Sun 2026-11-22 18:30"),
            ("9:30 tomorrow", "Sun 2026-11-22 09:30"),
            ("in 2h", "Sat 2026-11-21 13:12"),
            ("2 hours", "Sat 2026-11-21 13:12"),
            ("1h30", "Sat 2026-11-21 12:42"),
            ("in an hour", "Sat 2026-11-21 12:12"),
            ("in 3 days", "Tue 2026-11-24 11:12"),
            ("mon 8:30", "Mon 2026-11-23 08:30"),
            ("monday", "Mon 2026-11-23 09:00"),
            ("next mon", "Mon 2026-11-23 09:00"),
            ("next week", "Mon 2026-11-23 09:00"),
            ("sat 12:00", "Sat 2026-11-21 12:00"),
            ("sat 8:00", "Sat 2026-11-28 08:00"),
            ("next saturday 12:00", "Sat 2026-11-28 12:00"),
            ("23:00", "Sat 2026-11-21 23:00"),
            ("10:00", "Sun 2026-11-22 10:00"),
            ("12am", "Sun 2026-11-22 00:00"),
            ("12pm", "Sat 2026-11-21 12:00"),
            ("tonight", "Sat 2026-11-21 20:00"),
            ("tomorrow evening", "Sun 2026-11-22 18:00"),
            ("today 5pm", "Sat 2026-11-21 17:00"),
            ("24 dec 18:00", "Thu 2026-12-24 18:00"),
            ("Dec 24, 2027", "Fri 2027-12-24 09:00"),
            ("24.12.", "Thu 2026-12-24 09:00"),
            ("4.1. 8:00", "Mon 2027-01-04 08:00"),
            ("2027-01-04 08:00", "Mon 2027-01-04 08:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_past_or_could_mean_two_things_is_not_read() {
        for text in [
            "",
            "soon",
            "9",
            "today",
            "today 8:00",
            "2026-11-20",
            "25:00",
            "8:60",
            "13pm",
            "0am",
            "31.2.",
            "2/3",
            "in",
            "in 0 min",
            "mon tue",
            "8:00 9:00",
            "in 99999999 weeks",
            "9999-01-01",
            "yesterday 8:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_that_the_clock_skips_is_moved_and_not_lost() {
        let before: Zoned = "2027-03-27T12:00[Europe/Berlin]".parse().unwrap();
        let at = parse_at("tomorrow 2:30", &before).unwrap();
        let then = Timestamp::from_second(at).unwrap();
        let then = then.to_zoned(before.time_zone().clone());
        assert_eq!(then.strftime("%d %H:%M").to_string(), "28 03:30");
    }

    #[test]
    fn lengths_are_read() {
        for (text, wanted) in [
            ("3 days", Some(3 * 24 * 3600)),
            ("2h", Some(7200)),
            ("1h30", Some(5400)),
            ("90 min", Some(5400)),
            ("1 week", Some(7 * 24 * 3600)),
            ("0 min", None),
            ("3", None),
            ("days", None),
            ("", None),
        ] {
            assert_eq!(duration(text), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_lies_ahead(text in "[a-z0-9 :.,-]{0,24}|\\PC{0,40}") {
            if let Some(at) = parse_at(&text, &now()) {
                prop_assert!(at > now().timestamp().as_second());
            }
            duration(&text);
        }
    }
}
