//! Keywords that machines of one user agree by (RFC 9051 §2.3.2): what is muted, what is put off and
//! until when, and when one is to be reminded.
//!
//! `$Muted` is in IANA's registry. A keyword is an atom, so a time is written as
//! `$Snoozed-20261122T0800Z`, to the minute, in UTC (the basic format of ISO 8601). Servers keep the
//! case of a keyword or don't, so none of these is compared by it.

use super::Flags;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What is muted: new mail of its conversation leaves the inbox.
pub const MUTED: &str = "$Muted";
/// What comes back into the inbox at a time; once that has passed, when it came back.
pub const SNOOZED: &str = "$Snoozed-";
/// On what was sent: when one is reminded if nobody answered.
pub const REMIND: &str = "$Remind-";

/// The keyword that begins so and names a time, in seconds since 1970, rounded up to a minute; `None`
/// where the calendar ends.
pub fn timed(begins: &str, at: i64) -> Option<String> {
    let minute = at.checked_add(59)?.div_euclid(60).checked_mul(60)?;
    let time = Timestamp::from_second(minute)
        .ok()?
        .to_zoned(TimeZone::UTC)
        .datetime();
    let shown = time.strftime("%Y%m%dT%H%MZ");
    (0..=9999)
        .contains(&time.year())
        .then(|| format!("{begins}{shown}"))
}

/// The time that a keyword with this beginning names, in seconds since 1970.
pub fn time(begins: &str, keyword: &str) -> Option<i64> {
    let (head, text) = keyword.split_at_checked(begins.len())?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !head.eq_ignore_ascii_case(begins) || (text.len(), digits) != (14, 12) {
        return None;
    }
    let time = DateTime::strptime("%Y%m%dT%H%MZ", text.to_ascii_uppercase()).ok()?;
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

/// The latest time of these flags that is written with this beginning.
pub fn latest(begins: &str, flags: &Flags) -> Option<i64> {
    let times = flags.keywords.iter().filter_map(|k| time(begins, k));
    times.max()
}

/// The keywords of these flags that name a time with this beginning, as they are spelt.
pub fn spelt(begins: &str, flags: &Flags) -> Vec<String> {
    let all = flags.keywords.iter();
    all.filter(|k| time(begins, k).is_some()).cloned().collect()
}

/// Whether these flags say that the conversation is muted.
pub fn is_muted(flags: &Flags) -> bool {
    flags.keywords.iter().any(|k| k.eq_ignore_ascii_case(MUTED))
}

/// Whether these flags carry a mark: [`MUTED`], or a time with one of the beginnings above.
pub fn carries(mark: &str, flags: &Flags) -> bool {
    match mark {
        MUTED => is_muted(flags),
        begins => latest(begins, flags).is_some(),
    }
}

/// Whether a keyword is one of those above.
pub fn is_ours(keyword: &str) -> bool {
    keyword.eq_ignore_ascii_case(MUTED)
        || time(SNOOZED, keyword).is_some()
        || time(REMIND, keyword).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_written_to_the_minute_and_read_whatever_its_case() {
        let at = 1_795_334_400;
        assert_eq!(timed(SNOOZED, at).unwrap(), "$Snoozed-20261122T0800Z");
        assert_eq!(timed(SNOOZED, at - 59).unwrap(), "$Snoozed-20261122T0800Z");
        assert_eq!(time(SNOOZED, "$snoozed-20261122t0800z"), Some(at));
        for other in [
            "$Snoozed",
            "$Snoozed-",
            "$Snoozed-20261322T0800Z",
            "$Snoozed-20261122T0800",
            "$Snoozed-+0261122T0800Z",
            "$Snoozed-20261122T0800ZZ",
            "$Remind-20261122T0800Z",
            "$Snoozé-20261122T0800Z",
            "$Muted",
        ] {
            assert_eq!(time(SNOOZED, other), None, "{other}");
        }
        assert_eq!(timed(SNOOZED, i64::MAX), None);
        assert_eq!(timed(SNOOZED, -90_000_000_000), None);
    }

    #[test]
    fn ours_are_told_from_others() {
        assert!(is_ours("$MUTED") && is_ours("$Remind-20261122T0800Z"));
        assert!(!is_ours("$Forwarded") && !is_ours("work") && !is_ours("$Snoozed-soon"));
        let mut flags = Flags::default();
        for word in ["$Snoozed-20261122T0800Z", "$snoozed-20261123T0800Z", "work"] {
            flags.insert_wire(word);
        }
        assert_eq!(latest(SNOOZED, &flags), Some(1_795_334_400 + 86_400));
        assert_eq!(spelt(SNOOZED, &flags).len(), 2);
        assert!(!is_muted(&flags));
        assert!(carries(SNOOZED, &flags) && !carries(REMIND, &flags) && !carries(MUTED, &flags));
        flags.insert_wire("$MutedX");
        assert!(!carries(MUTED, &flags));
        flags.insert_wire("$muted");
        assert!(carries(MUTED, &flags));
    }

    proptest! {
        #[test]
        fn a_time_comes_back(at in 0i64..250_000_000_000) {
            let keyword = timed(REMIND, at).unwrap();
            let read = time(REMIND, &keyword).unwrap();
            prop_assert!(read >= at && read - at < 60);
        }
    }
}
