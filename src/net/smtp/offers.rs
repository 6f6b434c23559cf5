//! What a server offers in EHLO (RFC 5321 §4.1.1.1), and what that means for a message: how large
//! it may be (SIZE, RFC 1870), what it may hold (8BITMIME, RFC 6152; SMTPUTF8, RFC 6531), whether
//! it may be held back there (FUTURERELEASE, RFC 4865), how many go at once (LIMITS, RFC 9422).
//!
//! A value that can be kept and asked long after the connection has ended.

use crate::lang::{kept, tr};
use crate::text::size;
use std::collections::BTreeMap;

/// Every keyword of EHLO, in upper case, with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers(BTreeMap<String, String>);

impl Offers {
    /// From the lines of the reply after its first.
    pub(super) fn read(lines: &[String]) -> Offers {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for line in lines {
            let (keyword, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            if keyword.is_empty() {
                continue;
            }
            let rest = rest.trim().to_ascii_uppercase();
            let told = all.entry(keyword.to_ascii_uppercase()).or_default();
            // Some say AUTH twice, in the two spellings and with different mechanisms.
            if keyword.eq_ignore_ascii_case("AUTH") && !told.is_empty() {
                told.push(' ');
                told.push_str(&rest);
            } else {
                *told = rest;
            }
        }
        Offers(all)
    }

    /// The parameters of a keyword, `None` if it is not offered.
    pub fn get(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str)
    }

    /// Whether a keyword is offered.
    pub fn has(&self, keyword: &str) -> bool {
        self.0.contains_key(keyword)
    }

    /// Whether the parameters of a keyword name this word.
    pub fn lists(&self, keyword: &str, word: &str) -> bool {
        let words = self.get(keyword).unwrap_or_default();
        words.split_whitespace().any(|w| w == word)
    }

    /// Every keyword with its parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The largest message in octets that the server takes; `None` if it does not say.
    pub fn max_size(&self) -> Option<u64> {
        let size = self.get("SIZE")?.trim().parse().ok()?;
        (size > 0).then_some(size)
    }

    /// How many recipients one transaction may have (RFC 9422 §4.2); `None` if the server does not say.
    pub fn most_recipients(&self) -> Option<usize> {
        self.limit("RCPTMAX")
    }

    /// How many transactions one connection may have (RFC 9422 §4.1); `None` if it does not say.
    pub fn most_mails(&self) -> Option<usize> {
        self.limit("MAILMAX")
    }

    fn limit(&self, name: &str) -> Option<usize> {
        let all = self.get("LIMITS")?.split_whitespace();
        let mut named = all.filter_map(|word| word.split_once('='));
        let (_, value) = named.find(|(key, _)| *key == name)?;
        value.parse().ok().filter(|most| *most > 0)
    }

    /// Whether reports of delivery can be asked for (RFC 3461).
    pub fn reports(&self) -> bool {
        self.has("DSN")
    }

    /// Whether the server holds a message back until `at` (both seconds since 1970): it says for
    /// how long at most, and until when at the latest.
    pub fn may_hold(&self, now: i64, at: i64) -> bool {
        let Some(limits) = self.get("FUTURERELEASE") else {
            return false;
        };
        let mut limits = limits.split_whitespace();
        let seconds: Option<i64> = limits.next().and_then(|n| n.parse().ok());
        let latest = limits.next().map(str::parse::<jiff::Timestamp>);
        at > now
            && seconds.is_some_and(|s| at.saturating_sub(now) <= s)
            && latest.is_none_or(|t| t.is_ok_and(|t| at <= t.as_second()))
    }
}

/// Why a message of so many octets can't go to a server that takes `max` at most, in words that are
/// [`kept`].
pub fn too_large(octets: u64, max: u64) -> Option<String> {
    (octets > max).then(|| {
        kept(|| {
            let (have, may) = (size::human(octets), size::human(max));
            tr!(
                "the server takes {may}, this message has {have}: attach less",
                may,
                have
            )
        })
    })
}

#[cfg(test)]
mod unit {
    use super::*;

    fn offers(lines: &[&str]) -> Offers {
        Offers::read(&lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn keywords_are_read_in_any_spelling() {
        let told = offers(&["size 26214400", "Auth=login plain", "", "  ", "PIPELINING"]);
        assert_eq!(told.max_size(), Some(26_214_400));
        assert!(told.has("PIPELINING") && told.lists("AUTH", "PLAIN"));
        assert!(!told.lists("AUTH", "XOAUTH2") && !told.reports());
        for odd in [
            "SIZE",
            "SIZE 0",
            "SIZE x",
            "SIZE -1",
            "SIZE 99999999999999999999",
        ] {
            assert_eq!(offers(&[odd]).max_size(), None, "{odd}");
        }
    }

    #[test]
    fn limits_are_read_where_they_are_numbers() {
        let told = offers(&["limits rcptmax=20 MAILMAX=3"]);
        assert_eq!(
            (told.most_recipients(), told.most_mails()),
            (Some(20), Some(3))
        );
        for odd in [
            "LIMITS",
            "LIMITS RCPTMAX",
            "LIMITS RCPTMAX=0",
            "LIMITS RCPTMAX=x",
            "SIZE 1",
        ] {
            assert_eq!(offers(&[odd]).most_recipients(), None, "{odd}");
        }
    }

    #[test]
    fn mechanisms_on_several_lines_are_all_offered() {
        let told = offers(&[
            "AUTH LOGIN PLAIN",
            "AUTH=XOAUTH2",
            "auth",
            "SIZE 1",
            "SIZE 2",
        ]);
        for name in ["LOGIN", "PLAIN", "XOAUTH2"] {
            assert!(told.lists("AUTH", name), "{name}");
        }
        assert_eq!(told.max_size(), Some(2));
    }

    #[test]
    fn f49_the_refusal_of_a_large_message_says_both_sizes() {
        assert_eq!(too_large(10, 10), None);
        let said = too_large(31 << 20, 25 << 20).unwrap();
        assert!(said.contains("25") && said.contains("31"), "{said}");
    }

    #[test]
    fn a_message_is_held_within_both_limits() {
        let told = offers(&["FUTURERELEASE 3600 2026-11-21T12:00:00Z"]);
        let latest = "2026-11-21T12:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let latest = latest.as_second();
        assert!(told.may_hold(latest - 60, latest));
        assert!(told.may_hold(latest - 3600, latest));
        assert!(!told.may_hold(latest - 3601, latest), "for too long");
        assert!(!told.may_hold(latest - 60, latest + 1), "for too late");
        assert!(!told.may_hold(latest, latest - 1), "that is past");
        assert!(offers(&["FUTURERELEASE 60"]).may_hold(0, 60));
        for odd in [
            "FUTURERELEASE",
            "FUTURERELEASE x",
            "FUTURERELEASE 60 x",
            "SIZE",
        ] {
            assert!(!offers(&[odd]).may_hold(0, 60), "{odd}");
        }
    }
}
