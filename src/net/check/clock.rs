//! This machine's clock beside what servers tell: the date in a greeting, and the time when the newest
//! message came in. Pure.

use crate::lang::{mark, tr};
use crate::model::checkup::Step;
use crate::net::causes;
use crate::text::when;

/// Seconds by which clocks may differ.
const MAY: i64 = 120;

/// The date in a line such as `220 mx.example.test ESMTP; Sun, 22 Nov 2026 01:02:03 +0100`, seconds
/// since 1970.
pub fn in_greeting(line: &str) -> Option<i64> {
    let days = [
        "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, ",
    ];
    let at = days.iter().find_map(|day| line.find(day))?;
    let text = line.get(at..)?;
    // Up to the zone, which may be followed by its name in brackets.
    let words: Vec<&str> = text.split_whitespace().take(6).collect();
    let time = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(words.join(" "))
        .ok()?;
    Some(time.as_second())
}

/// What to say of our clock. `told`: what a server's clock said, with ours at that moment; `newest`:
/// when the newest message came in, by the server's clock.
pub fn judge(told: Option<(i64, i64)>, newest: Option<i64>, now: i64) -> Step {
    const NAME: &str = mark!("step", "clock");
    let wrong = |words: String| {
        let cause = &causes::CLOCK;
        Step::careful(NAME, cause.advice(words))
    };
    let by = |seconds: i64| when::duration(seconds.unsigned_abs());
    match (told, newest) {
        (Some((theirs, ours)), _) => match ours.saturating_sub(theirs) {
            skew if skew.abs() <= MAY => {
                let seconds = skew.abs();
                Step::fine(NAME, tr!("as the server's, within {seconds} s", seconds))
            }
            skew if skew > 0 => wrong(tr!("{time} ahead of the server's", time = by(skew))),
            skew => wrong(tr!("{time} behind the server's", time = by(skew))),
        },
        (None, Some(newest)) if newest.saturating_sub(now) > MAY => wrong(tr!(
            "{time} behind: the newest message came in after now",
            time = by(newest.saturating_sub(now))
        )),
        (None, Some(_)) => Step::fine(NAME, tr!("no message came in after now")),
        (None, None) => Step::note(NAME, tr!("no server told the time")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;

    #[test]
    fn a_greeting_may_tell_the_time() {
        let time = 1_795_305_723;
        for line in [
            "220 mx.example.test ESMTP Exim 4.98 Sun, 22 Nov 2026 01:02:03 +0100",
            "S: 220 x ESMTP Sendmail; Sun, 22 Nov 2026 00:02:03 GMT",
            "220 x; Sun, 22 Nov 2026 01:02:03 +0100 (CET)",
        ] {
            assert_eq!(in_greeting(line), Some(time), "{line}");
        }
        for line in ["220 mx.example.test ESMTP", "220 Sun, fun", ""] {
            assert_eq!(in_greeting(line), None, "{line}");
        }
    }

    #[test]
    fn a_clock_that_is_off_is_told_by_how_much() {
        let now = 1_795_305_723;
        assert_eq!(judge(Some((now, now + 3)), None, now).level, Level::Fine);
        let line = |step: Step| step.found.unwrap_err().line();
        let ahead = line(judge(Some((now, now + 7200)), None, now));
        assert!(
            ahead.contains("ahead of the server's") && ahead.contains("set-ntp"),
            "{ahead}"
        );
        assert!(line(judge(Some((now, now - 7200)), None, now)).contains("behind the server's"));
        assert!(line(judge(None, Some(now + 7200), now)).contains("after now"));
        assert_eq!(judge(None, Some(now - 5), now).level, Level::Fine);
        assert_eq!(judge(None, None, now).level, Level::Note);
    }
}
