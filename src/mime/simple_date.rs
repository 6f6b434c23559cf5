//! Dates as nearly everybody writes them: `Mon, 3 Mar 2025 14:05:00 +0100 (CET)`.
//!
//! Whatever is not certainly of this kind is left to the whole grammar (RFC 5322 §3.3), so both
//! always say the same; a property test in `field` holds them to it.

use jiff::civil::DateTime;
use jiff::tz::Offset;

const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// Hours and minutes that a zone may be away from UTC.
const ZONE: (i32, i32) = (14, 59);

/// Seconds since 1970; `None` if it needs the whole grammar.
pub fn date(value: &[u8]) -> Option<i64> {
    let text = value.trim_ascii();
    let text = match text.split_first_chunk::<3>() {
        Some((day, rest)) if DAYS.contains(&day) => rest.strip_prefix(b", ")?,
        _ => text,
    };
    let (day, text) = match text {
        [_, b' ', ..] => text.split_first_chunk::<1>().map(|(d, t)| (number(d), t))?,
        _ => text.split_first_chunk::<2>().map(|(d, t)| (number(d), t))?,
    };
    let (month, text) = text.strip_prefix(b" ")?.split_first_chunk::<3>()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (year, text) = text.strip_prefix(b" ")?.split_first_chunk::<4>()?;
    let (hour, text) = text.strip_prefix(b" ")?.split_first_chunk::<2>()?;
    let (minute, text) = text.strip_prefix(b":")?.split_first_chunk::<2>()?;
    let (second, text) = text.strip_prefix(b":")?.split_first_chunk::<2>()?;
    let (sign, text) = match text.strip_prefix(b" ")?.split_first()? {
        (b'+', text) => (1, text),
        (b'-', text) => (-1, text),
        _ => return None,
    };
    let ([h1, h2, m1, m2], comment) = text.split_first_chunk::<4>()?;
    let zone = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    if zone.0 > ZONE.0 || zone.1 > ZONE.1 || !is_comment(comment) {
        return None;
    }
    let year = i16::try_from(number(year)?).ok()?;
    let small = |number: i32| i8::try_from(number).ok();
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let clock = (small(hour)?, small(minute)?, small(second)?);
    let month = i8::try_from(month).ok()?;
    let time = DateTime::new(year, month, small(day?)?, clock.0, clock.1, clock.2, 0).ok()?;
    let offset = Offset::from_seconds(sign * (zone.0 * 3_600 + zone.1 * 60)).ok()?;
    let seconds = offset.to_timestamp(time).ok()?.as_second();
    ((1970..2200).contains(&year) && seconds >= 0).then_some(seconds)
}

/// A number of decimal digits.
fn number(digits: &[u8]) -> Option<i32> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i32::from(digit - b'0'))
    })
}

/// Nothing, or a word in brackets that can't mean anything else.
fn is_comment(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b" (").and_then(|t| t.strip_suffix(b")"));
    text.is_empty() || inner.is_some_and(|word| word.iter().all(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_is_read_and_the_rest_is_left() {
        for same in [
            " Mon, 3 Mar 2025 14:05:00 +0100\r\n",
            "Mon, 03 Mar 2025 14:05:00 +0100 (CET)",
            "3 Mar 2025 08:05:00 -0500",
        ] {
            assert_eq!(date(same.as_bytes()), Some(1_741_007_100), "{same}");
        }
        for other in [
            "",
            "Mon, 3 Mar 25 14:05:00 +0100",
            "Mon, 3 Mar 2025 14:05 +0100",
            "Mon, 3 Mar 2025 14:05:60 +0100",
            "Mon, 30 Feb 2025 14:05:00 +0100",
            "Mon, 3 Mar 2025 14:05:00 +1500",
            "Mon, 3 Mar 2025 14:05:00 GMT",
            "Mon, 3 Mar 2025 14:05:00 +0100 (GMT+01:00)",
            "Thu, 1 Jan 1970 00:00:00 +0100",
            "Mon, 3 Mar 1025 14:05:00 +0100",
        ] {
            assert_eq!(date(other.as_bytes()), None, "{other}");
        }
    }
}
