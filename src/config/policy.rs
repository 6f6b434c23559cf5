//! What is fetched of an account, and how much of its server is used: the keys of `[[account]]`
//! and `[[account.mailbox]]` that make a [`SyncPolicy`].

use crate::config::problem::Problems;
use crate::config::section::wrong;
use crate::config::section::{Found, Section};
use crate::model::{MailboxPolicy, Reach, SyncPolicy};
use toml::de::DeValue;

/// The keys of `[[account]]` that are read here.
pub(super) const KEYS: [&str; 8] = [
    "headers",
    "bodies",
    "exclude",
    "mailbox",
    "connections",
    "daily-budget",
    "compress",
    "without-extensions",
];
const MAILBOX_KEYS: [&str; 4] = ["name", "headers", "bodies", "exclude"];
const REACHES: &str = "\"none\", \"all\", days like \"30d\", or a size like \"500 MB\"";

/// Providers that shut out who fetches too much, and what we stay under: Gmail allows 2.5 GB a day
/// over IMAP, and other clients want some of it.
const BUDGETS: [(&str, u64); 2] = [
    ("imap.gmail.com", 2_200_000_000),
    ("imap.googlemail.com", 2_200_000_000),
];

/// What an account's provider allows in a day, if it is known to bound that.
pub fn usual_budget(host: &str) -> Option<u64> {
    let host = host.to_ascii_lowercase();
    let found = BUDGETS.iter().find(|(name, _)| *name == host);
    found.map(|(_, octets)| *octets)
}

/// Reads the policy of an account on `host`. Mistakes are noted.
pub(super) fn policy(
    section: &Section<'_, '_>,
    host: &str,
    problems: &mut Problems<'_>,
) -> SyncPolicy {
    let usual = SyncPolicy::default();
    let mut mailboxes = mailboxes(section, problems);
    if let Some(patterns) = section
        .raw("exclude")
        .and(section.list("exclude", problems))
    {
        mailboxes.extend(patterns.value.into_iter().map(|pattern| MailboxPolicy {
            pattern,
            left_out: true,
            headers: None,
            bodies: None,
        }));
    }
    let connections = section.number("connections", 2..=15, problems);
    let without = section.list("without-extensions", problems);
    SyncPolicy {
        headers: headers(section, problems).unwrap_or(usual.headers),
        bodies: reach(section, "bodies", problems).unwrap_or(usual.bodies),
        mailboxes,
        connections: connections
            .and_then(|n| u8::try_from(n.value).ok())
            .unwrap_or(usual.connections),
        budget: budget(section, problems).or_else(|| usual_budget(host)),
        compress: section.flag("compress", problems),
        without: without.map_or_else(Vec::new, |names| {
            let upper = |name: String| name.to_ascii_uppercase();
            names.value.into_iter().map(upper).collect()
        }),
    }
}

fn mailboxes(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<MailboxPolicy> {
    let Some(found) = section.raw("mailbox") else {
        return Vec::new();
    };
    let wanted = "tables: [[account.mailbox]]";
    let DeValue::Array(items) = found.get_ref() else {
        wrong("mailbox", found.get_ref(), wanted, found.span(), problems);
        return Vec::new();
    };
    let mut out = Vec::new();
    for item in items {
        let DeValue::Table(table) = item.get_ref() else {
            wrong("mailbox", item.get_ref(), wanted, item.span(), problems);
            continue;
        };
        let one = Section::new(table, item.span(), &MAILBOX_KEYS, problems);
        let Some(name) = one.line("name", problems).filter(|n| !n.value.is_empty()) else {
            let hint = "add name = \"Lists/*\"".to_owned();
            problems.add(&one.span, "the mailbox has no `name`", Some(hint));
            continue;
        };
        out.push(MailboxPolicy {
            pattern: name.value,
            left_out: one.flag("exclude", problems).unwrap_or(false),
            headers: headers(&one, problems),
            bodies: reach(&one, "bodies", problems),
        });
    }
    out
}

fn headers(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Reach> {
    let reach = reach(section, "headers", problems)?;
    if reach != Reach::None {
        return Some(reach);
    }
    if let Some(found) = section.raw("headers") {
        let hint = "to leave mailboxes out, name them in `exclude`".to_owned();
        problems.add(&found.span(), "`headers` can't be \"none\"", Some(hint));
    }
    None
}

fn reach(section: &Section<'_, '_>, key: &str, problems: &mut Problems<'_>) -> Option<Reach> {
    section.raw(key)?;
    let found = section.line(key, problems)?;
    let reach = body_policy(&found.value);
    if reach.is_none() {
        let message = format!("`{key}` can't be read");
        problems.add(&found.span, message, Some(REACHES.to_owned()));
    }
    reach
}

fn budget(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<u64> {
    section.raw("daily-budget")?;
    let Found { value, span } = section.line("daily-budget", problems)?;
    let octets = octets(&value);
    if octets.is_none() {
        let hint = "a size like \"2 GB\" or \"500 MB\"".to_owned();
        problems.add(&span, "`daily-budget` can't be read", Some(hint));
    }
    octets
}

/// A size like `500 MB` or `2.5 GB`, in octets.
fn octets(text: &str) -> Option<u64> {
    let (number, unit) = match (text.strip_suffix("MB"), text.strip_suffix("GB")) {
        (Some(number), _) => (number, 1_000_000.0),
        (_, Some(number)) => (number, 1_000_000_000.0),
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    let octets = number * unit;
    (1e6..=1e15).contains(&octets).then_some(octets as u64)
}

/// `none`, `all`, a number of days like `30d`, or a size like `500 MB`; used on the command line too.
pub fn body_policy(text: &str) -> Option<Reach> {
    match text {
        "none" => Some(Reach::None),
        "all" => Some(Reach::All),
        other => match other.strip_suffix('d') {
            Some(days) => {
                let days: u32 = days.parse().ok()?;
                (1..=36_500).contains(&days).then_some(Reach::Days(days))
            }
            None => octets(other).map(Reach::Octets),
        },
    }
}

/// The policy as it is written.
pub fn body_policy_name(policy: Reach) -> String {
    match policy {
        Reach::None => "none".to_owned(),
        Reach::All => "all".to_owned(),
        Reach::Days(days) => format!("{days}d"),
        Reach::Octets(octets) => size_name(octets),
    }
}

/// A size as it is written.
pub(super) fn size_name(octets: u64) -> String {
    match octets % 1_000_000_000 {
        0 => format!("{} GB", octets / 1_000_000_000),
        _ => format!("{} MB", octets / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_days_go_round() {
        for text in ["none", "all", "7d", "500 MB", "2 GB"] {
            let policy = body_policy(text).unwrap();
            assert_eq!(body_policy_name(policy), text);
        }
        assert_eq!(body_policy("2.5 GB"), Some(Reach::Octets(2_500_000_000)));
        assert_eq!(body_policy("12MB"), Some(Reach::Octets(12_000_000)));
        for bad in [
            "", "0d", "d", "some", "5", "-3 MB", "0 MB", "1e30 GB", "NaN MB",
        ] {
            assert_eq!(body_policy(bad), None, "{bad}");
        }
    }

    #[test]
    fn gmail_has_a_budget_by_itself() {
        assert_eq!(usual_budget("IMAP.gmail.com"), Some(2_200_000_000));
        assert_eq!(usual_budget("imap.example.test"), None);
    }
}
