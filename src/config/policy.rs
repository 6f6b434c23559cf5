//! What an account fetches before anybody asks, as the configuration writes it: `headers`,
//! `bodies`, `exclude`, `[[account.mailbox]]`, `connections`, `daily-budget`, `compress` and
//! `without-extensions`.
//!
//! Sizes are powers of 1,024, as everywhere on the screen.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::{Section, wrong};
use crate::config::suggest::nearest;
use crate::model::{Endpoint, MailboxPolicy, Reach, SyncPolicy};
use std::ops::Range;
use toml::de::DeValue;

/// Providers that bound the traffic of a day: host, our budget in octets, and why so much.
const BUDGETS: [(&str, u64, &str); 2] = [
    (GMAIL, OF_GMAIL, WHY_GMAIL),
    ("imap.googlemail.com", OF_GMAIL, WHY_GMAIL),
];
const GMAIL: &str = "imap.gmail.com";
/// 2.2 GB.
const OF_GMAIL: u64 = 11 * (1 << 30) / 5;
/// <https://support.google.com/a/answer/1071518>
const WHY_GMAIL: &str = "Gmail lets 2.5 GB a day be downloaded by IMAP and locks the account for a \
     day beyond; phones and opened messages need some of it, too";

/// Extensions that can be switched off, besides ways of signing in (`AUTH=...`).
pub const EXTENSIONS: [&str; 26] = [
    "COMPRESS=DEFLATE",
    "CONDSTORE",
    "ENABLE",
    "ESEARCH",
    "ID",
    "IDLE",
    "IMAP4REV2",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "LITERAL+",
    "LITERAL-",
    "MOVE",
    "NAMESPACE",
    "NOTIFY",
    "OBJECTID",
    "PREVIEW",
    "QRESYNC",
    "QUOTA",
    "SASL-IR",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "UIDPLUS",
    "UNSELECT",
    "UTF8=ACCEPT",
    "UTF8=ONLY",
    "X-GM-EXT-1",
];

const WAYS: &str = "\"none\", \"all\", days like \"30d\", or a size like \"500 MB\"";
const WAYS_OF_HEADERS: &str = "\"all\", days like \"365d\", or a size like \"2 GB\"";

/// The budget of a day, in octets, that is kept where the account says nothing.
pub fn usual_budget(server: &Endpoint) -> Option<u64> {
    let host = server.host.to_ascii_lowercase();
    let found = BUDGETS.iter().find(|(known, ..)| *known == host);
    found.map(|(_, octets, _)| *octets)
}

/// Reads an account's policy; `imap` decides the usual budget. What is wrong is noted, and the
/// usual stands in its place.
pub(super) fn policy(
    section: &Section<'_, '_>,
    imap: Option<&Endpoint>,
    problems: &mut Problems<'_>,
) -> SyncPolicy {
    let usual = SyncPolicy::default();
    let mut mailboxes = mailboxes(section, problems);
    mailboxes.extend(left_out(section, problems));
    SyncPolicy {
        headers: headers(section, problems).unwrap_or(usual.headers),
        bodies: bodies(section, problems).unwrap_or(usual.bodies),
        attachments: attachments(section, problems).unwrap_or(usual.attachments),
        papers: section.flag("read-pdf", problems).unwrap_or(usual.papers),
        mailboxes,
        connections: section
            .number("connections", 2..=15, problems)
            .and_then(|n| u8::try_from(n.value).ok())
            .unwrap_or(usual.connections),
        budget: match budget(section, problems) {
            Some(said) => said,
            None => imap.and_then(usual_budget),
        },
        compress: section.flag("compress", problems),
        without: without(section, problems),
    }
}

fn headers(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Reach> {
    let found = section.line("headers", problems)?;
    let read = reach(&found.value);
    if read == Some(Reach::None) {
        let hint = format!("exclude the mailbox instead, or write {WAYS_OF_HEADERS}");
        problems.add(&found.span, "`headers` can't be \"none\"", Some(hint));
        return None;
    }
    if read.is_none() {
        unread(
            "headers",
            &found.value,
            WAYS_OF_HEADERS,
            &found.span,
            problems,
        );
    }
    read
}

fn bodies(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Reach> {
    let found = section.line("bodies", problems)?;
    let read = reach(&found.value);
    if read.is_none() {
        unread("bodies", &found.value, WAYS, &found.span, problems);
    }
    read
}

/// Whether all attachments are kept.
fn attachments(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<bool> {
    let found = section.line("attachments", problems)?;
    match found.value.as_str() {
        "opened" => Some(false),
        "all" => Some(true),
        _ => {
            let hint = "\"opened\" or \"all\"".to_owned();
            problems.add(
                &found.span,
                "`attachments` is none of its words",
                Some(hint),
            );
            None
        }
    }
}

/// A value of a few forms that is none of them. It is not repeated.
fn unread(key: &str, text: &str, ways: &str, span: &Range<usize>, problems: &mut Problems<'_>) {
    let hint = match nearest(text, &["none", "all"]) {
        Some(near) => format!("did you mean \"{near}\"? It can be {ways}"),
        None => ways.to_owned(),
    };
    problems.add(span, format!("`{key}` can't be read"), Some(hint));
}

fn budget(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Option<u64>> {
    let found = section.line("daily-budget", problems)?;
    if found.value == "unlimited" {
        return Some(None);
    }
    let read = octets(&found.value);
    if read.is_none() {
        let hint = "a size like \"2 GB\", or \"unlimited\"".to_owned();
        problems.add(&found.span, "`daily-budget` can't be read", Some(hint));
    }
    read.map(Some)
}

fn left_out(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<MailboxPolicy> {
    let Some(found) = section.list("exclude", "[\"Spam\", \"Lists/*\"]", problems) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for pattern in found.value {
        if usable(&pattern, true, &found.span, problems) {
            out.push(MailboxPolicy {
                pattern,
                left_out: true,
                headers: None,
                bodies: None,
            });
        }
    }
    out
}

fn mailboxes(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<MailboxPolicy> {
    let mut out = Vec::new();
    let Some(found) = section.raw("mailbox") else {
        return out;
    };
    let wanted = "a section for each mailbox: [[account.mailbox]]";
    let DeValue::Array(tables) = found.get_ref() else {
        wrong("mailbox", found.get_ref(), wanted, found.span(), problems);
        return out;
    };
    for item in tables {
        let DeValue::Table(table) = item.get_ref() else {
            wrong("mailbox", item.get_ref(), wanted, item.span(), problems);
            continue;
        };
        let one = Section::new(table, item.span(), &keys(Part::Mailbox), problems);
        let headers = headers(&one, problems);
        let bodies = bodies(&one, problems);
        let left_out = one.flag("exclude", problems).unwrap_or(false);
        let Some(name) = one.line("name", problems) else {
            if one.raw("name").is_none() {
                let hint = "add name = \"Lists/*\"; * stands for anything".to_owned();
                problems.add(&one.span, "the mailbox has no `name`", Some(hint));
            }
            continue;
        };
        if usable(&name.value, left_out, &name.span, problems) {
            out.push(MailboxPolicy {
                pattern: name.value,
                left_out,
                headers,
                bodies,
            });
        }
    }
    out
}

fn usable(pattern: &str, left_out: bool, span: &Range<usize>, problems: &mut Problems<'_>) -> bool {
    let told = if pattern.trim().is_empty() || pattern.chars().any(char::is_control) {
        Some((
            "a mailbox needs a name",
            "like \"Lists/*\"; * stands for anything",
        ))
    } else if left_out && pattern.eq_ignore_ascii_case("INBOX") {
        Some((
            "the inbox can't be left out",
            "what must not be fetched can be: bodies = \"none\"",
        ))
    } else {
        None
    };
    if let Some((message, hint)) = told {
        problems.add(span, message, Some(hint.to_owned()));
    }
    told.is_none()
}

fn without(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<String> {
    let Some(found) = section.list("without-extensions", "[\"MOVE\"]", problems) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for name in found.value {
        let name = name.to_ascii_uppercase();
        let way = name.strip_prefix("AUTH=").is_some_and(|n| !n.is_empty());
        if way || EXTENSIONS.contains(&name.as_str()) {
            out.push(name);
            continue;
        }
        let known: Vec<String> = EXTENSIONS.iter().map(|e| e.to_lowercase()).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match nearest(&name, &known) {
            Some(near) => format!("did you mean \"{}\"?", near.to_uppercase()),
            None => "docs/imap.md lists them".to_owned(),
        };
        let message = "`without-extensions` names an extension that is not used";
        problems.add(&found.span, message, Some(hint));
    }
    out
}

/// `none`, `all`, a number of days like `30d`, or a size like `500 MB`; used on the command line
/// too.
pub fn reach(text: &str) -> Option<Reach> {
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

/// The reach as it is written; what [`reach`] reads back.
pub fn reach_name(reach: Reach) -> String {
    match reach {
        Reach::None => "none".to_owned(),
        Reach::All => "all".to_owned(),
        Reach::Days(days) => format!("{days}d"),
        Reach::Octets(octets) => size_name(octets),
    }
}

const UNITS: [(&str, u64); 5] = [
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("KB", 1 << 10),
    ("B", 1),
];

/// A size like `500 MB` or `2.2GB` in octets; 1 at least.
fn octets(text: &str) -> Option<u64> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    let (whole, part) = match number.trim_end().split_once('.') {
        Some((whole, part)) => (whole, part),
        None => (number.trim_end(), "0"),
    };
    let digits = |s: &str, longest: usize| {
        (1..=longest).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    let longest = if unit == 1 { 18 } else { 6 };
    if !digits(whole, longest) || !digits(part, 6) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let scale = 10u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let part: u64 = part.parse().ok()?;
    let octets = whole
        .checked_mul(unit)?
        .checked_add(part.checked_mul(unit)? / scale)?;
    (octets > 0).then_some(octets)
}

/// A size as it is written; what [`octets`] reads back.
pub(super) fn size_name(size: u64) -> String {
    let written = UNITS
        .iter()
        .filter(|(_, unit)| size >= *unit)
        .find_map(|(name, unit)| {
            let tenths = (u128::from(size) * 10).div_ceil(u128::from(*unit));
            let text = match (tenths / 10, tenths % 10) {
                (whole, 0) => format!("{whole} {name}"),
                (whole, part) => format!("{whole}.{part} {name}"),
            };
            (octets(&text) == Some(size)).then_some(text)
        });
    written.unwrap_or_else(|| format!("{size} B"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reaches_are_read_as_they_are_written() {
        for (text, read) in [
            ("none", Some(Reach::None)),
            ("all", Some(Reach::All)),
            ("30d", Some(Reach::Days(30))),
            ("500 MB", Some(Reach::Octets(500 << 20))),
            ("2GB", Some(Reach::Octets(2 << 30))),
            ("1.5 GB", Some(Reach::Octets(3 << 29))),
            ("2.2 GB", Some(Reach::Octets(OF_GMAIL))),
            ("0d", None),
            ("0 MB", None),
            ("-1 MB", None),
            ("1.MB", None),
            (" MB", None),
            ("99999999 TB", None),
            ("1e3 MB", None),
            ("d", None),
            ("some", None),
        ] {
            assert_eq!(reach(text), read, "{text}");
        }
        assert_eq!(size_name(OF_GMAIL), "2.2 GB");
    }

    proptest! {
        #[test]
        fn every_size_comes_back(size in 1u64..(1 << 50)) {
            prop_assert_eq!(octets(&size_name(size)), Some(size));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Some(read) = reach(&text) {
                prop_assert_eq!(reach(&reach_name(read)), Some(read));
            }
        }
    }

    #[test]
    fn every_budget_has_a_reason() {
        for (host, octets, why) in BUDGETS {
            assert!(host.contains('.') && octets > 0 && !why.is_empty());
        }
    }
}
