//! Parts that are neither text nor attachment: invitations (RFC 5545) and delivery reports
//! (RFC 3464), each as a few readable lines. Nothing is expanded, answered or fetched.

use super::field;
use super::styled::{Line, Mark, Run, lay_out, say};
use crate::text::{Clean, when};
use jiff::civil;
use jiff::tz::TimeZone;

/// Events shown of one calendar, recipients of one report.
const MAX_ITEMS: usize = 10;
/// Characters shown of one value.
const MAX_VALUE: usize = 300;

fn row(name: &str, value: &str, width: usize) -> Vec<Line> {
    let value: String = value.chars().take(MAX_VALUE).collect();
    let value = Clean::line(&value);
    let runs = [
        Run::new(format!("{name:<10}"), Mark::Dim),
        Run::new(value.as_str().trim(), Mark::Plain),
    ];
    lay_out(&runs, 0, width)
}

/// One line of iCalendar: name, parameters, value.
struct Property {
    name: String,
    params: Vec<(String, String)>,
    value: String,
}

fn property(line: &str) -> Option<Property> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(n, c)| {
        if c == '"' {
            quoted = !quoted;
        }
        (c == ':' && !quoted).then_some(n)
    })?;
    let (head, value) = line.split_at(colon);
    let mut pieces = head.split(';');
    let name = pieces.next()?.to_ascii_uppercase();
    let params = pieces
        .filter_map(|p| p.split_once('='))
        .map(|(k, v)| (k.to_ascii_uppercase(), v.trim_matches('"').to_owned()))
        .collect();
    Some(Property {
        name,
        params,
        value: value.get(1..).unwrap_or_default().to_owned(),
    })
}

/// TEXT values escape commas, semicolons and line ends (RFC 5545 §3.3.11).
fn unescape(value: &str) -> String {
    let value = value.replace("\\n", " ").replace("\\N", " ");
    value
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
}

/// A date or time as people say it, in the reader's zone where the zone is known.
fn time(p: &Property) -> String {
    let zone = p
        .params
        .iter()
        .find(|(k, _)| k == "TZID")
        .map(|(_, v)| v.as_str());
    let value = p.value.trim();
    if let Ok(date) = civil::Date::strptime("%Y%m%d", value) {
        return date.strftime("%a, %-d %b %Y").to_string();
    }
    let (local, utc) = match value.strip_suffix('Z') {
        Some(v) => (v, true),
        None => (value, false),
    };
    let Ok(at) = civil::DateTime::strptime("%Y%m%dT%H%M%S", local) else {
        return value.to_owned();
    };
    let known = match (utc, zone) {
        (true, _) => Some(TimeZone::UTC),
        (false, Some(id)) => TimeZone::get(id).ok(),
        (false, None) => None,
    };
    match known.and_then(|tz| at.to_zoned(tz).ok()) {
        Some(zoned) => when::long(zoned.timestamp().as_second()),
        None => {
            let text = at.strftime("%a, %-d %b %Y, %H:%M").to_string();
            zone.map_or_else(|| text.clone(), |z| format!("{text} ({z})"))
        }
    }
}

/// An invitation: what, when, where, by whom.
pub fn calendar(text: &str, width: usize) -> Vec<Line> {
    let unfolded = text.replace("\n ", "").replace("\n\t", "");
    let mut out = Vec::new();
    let mut method = String::new();
    let mut event: Option<Vec<Property>> = None;
    let mut nested = 0usize;
    let mut shown = 0;
    for p in unfolded.lines().take(20_000).filter_map(property) {
        match (p.name.as_str(), &mut event) {
            ("METHOD", None) => method = p.value.trim().to_ascii_uppercase(),
            ("BEGIN", None) if p.value.trim().eq_ignore_ascii_case("VEVENT") => {
                event = Some(Vec::new());
            }
            ("BEGIN", Some(_)) => nested += 1,
            ("END", Some(_)) if nested > 0 => nested -= 1,
            ("END", Some(properties)) => {
                shown += 1;
                if shown <= MAX_ITEMS {
                    out.extend(self::event(&method, properties, width));
                }
                event = None;
            }
            // Alarms inside have summaries of their own.
            (_, Some(properties)) if nested == 0 && properties.len() < 200 => properties.push(p),
            _ => {}
        }
    }
    if shown > MAX_ITEMS {
        let more = format!("… and {} more events", shown - MAX_ITEMS);
        out.extend(say(&more, Mark::Dim, width));
    }
    out
}

fn event(method: &str, properties: &[Property], width: usize) -> Vec<Line> {
    let find = |name: &str| properties.iter().find(|p| p.name == name);
    let text = |name: &str| find(name).map(|p| unescape(&p.value)).unwrap_or_default();
    let title = match (method, text("STATUS").to_ascii_uppercase().as_str()) {
        ("CANCEL", _) | (_, "CANCELLED") => "Cancelled event",
        ("REPLY", _) => "Answer to an invitation",
        ("REQUEST", _) => "Invitation",
        _ => "Event",
    };
    let mut out = say(title, Mark::Heading, width);
    let mut put = |name: &str, value: String| {
        if !value.trim().is_empty() {
            out.extend(row(name, &value, width));
        }
    };
    put("What", text("SUMMARY"));
    let mut times = find("DTSTART").map(time).unwrap_or_default();
    if let Some(end) = find("DTEND").map(time) {
        times = format!("{times} – {end}");
    }
    if find("RRULE").is_some() {
        times.push_str(" (repeats)");
    }
    put("When", times);
    put("Where", text("LOCATION"));
    if let Some(p) = find("ORGANIZER") {
        let addr = p.value.trim();
        let addr = addr
            .get(7..)
            .filter(|_| addr.to_ascii_lowercase().starts_with("mailto:"))
            .unwrap_or(addr);
        let name = p
            .params
            .iter()
            .find(|(k, _)| k == "CN")
            .map(|(_, v)| v.as_str());
        put(
            "Organizer",
            name.map_or_else(|| addr.to_owned(), |n| format!("{n} <{addr}>")),
        );
    }
    out.push(Line::default());
    out
}

/// A delivery report: for whom, what happened, and why.
pub fn report(text: &str, width: usize) -> Vec<Line> {
    let mut out = say("Delivery report", Mark::Heading, width);
    for block in text
        .split("\n\n")
        .filter(|b| !b.trim().is_empty())
        .take(MAX_ITEMS + 1)
    {
        let block = format!("{}\n\n", block.trim_start_matches('\n'));
        let (fields, _) = field::split(block.as_bytes());
        let find = |name: &str| {
            let found = fields.iter().find(|f| f.is(name));
            found.map(|f| field::unfolded(f.value)).unwrap_or_default()
        };
        // `rfc822; a@x.example`, `smtp; 550 no such user`: the type is for machines.
        let plain = |value: String| {
            let bare = value.split_once(';').map(|(_, v)| v.trim().to_owned());
            bare.unwrap_or(value)
        };
        let mut put = |name: &str, value: String| {
            if !value.is_empty() {
                out.extend(row(name, &value, width));
            }
        };
        let recipient = match plain(find("Original-Recipient")) {
            r if r.is_empty() => plain(find("Final-Recipient")),
            r => r,
        };
        put("For", recipient);
        let action = match find("Action").to_ascii_lowercase().as_str() {
            "failed" => "not delivered".to_owned(),
            "delayed" => "delayed, still being tried".to_owned(),
            "delivered" => "delivered".to_owned(),
            "relayed" => "handed on".to_owned(),
            "expanded" => "delivered to a list".to_owned(),
            other => other.to_owned(),
        };
        let status = find("Status");
        put(
            "Result",
            if status.is_empty() {
                action
            } else {
                format!("{action} ({status})")
            },
        );
        put("Said", plain(find("Diagnostic-Code")));
        put("By", plain(find("Remote-MTA")));
        put("Result", plain(find("Disposition")));
        put("From", plain(find("Reporting-MTA")));
    }
    out.push(Line::default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn an_invitation_in_four_lines() {
        let ics = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Tea\\, with\n  biscuits\nDTSTART;VALUE=DATE:20250303\nLOCATION:Room 2\nORGANIZER;CN=\"Ada: W\":mailto:ada@x.example\nRRULE:FREQ=SECONDLY\nBEGIN:VALARM\nSUMMARY:no\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n";
        let want = [
            "Invitation",
            "What      Tea, with biscuits",
            "When      Mon, 3 Mar 2025 (repeats)",
            "Where     Room 2",
            "Organizer Ada: W <ada@x.example>",
            "",
        ];
        assert_eq!(texts(&calendar(ics, 60)), want);
        let odd = "BEGIN:VEVENT\nDTSTART;TZID=Nowhere/Land:20250303T140500\nEND:VEVENT";
        assert_eq!(
            texts(&calendar(odd, 60))[1],
            "When      Mon, 3 Mar 2025, 14:05 (Nowhere/Land)"
        );
    }

    #[test]
    fn a_report_says_why() {
        let status = "Reporting-MTA: dns; mx.x.example\n\nFinal-Recipient: rfc822; a@y.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n such user\n";
        let want = [
            "Delivery report",
            "From      mx.x.example",
            "For       a@y.example",
            "Result    not delivered (5.1.1)",
            "Said      550 no such user",
            "",
        ];
        assert_eq!(texts(&report(status, 60)), want);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(BEGIN:VEVENT|END:VEVENT|DTSTART|ORGANIZER|:|;|=|\"|2025|T|Z|\n|\n\n| |\\PC){0,60}") {
            calendar(&text, 20);
            report(&text, 20);
        }
    }
}
