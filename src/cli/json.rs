//! JSON for scripts: schema 1, documented in docs/json.md. One object, on one line, in which
//! no control character of any kind stands unescaped.

use crate::mime::trust::Trust;
use crate::model::view::{AttachmentRow, IndexRow, MessageRow};
use crate::model::{Address, Fact, Submission};
use crate::text::when;
use serde_json::{Map, Value, json};
use std::io::{self, Write};

/// What is to be said of who sent a message.
pub fn trust(trust: &Trust) -> Value {
    let reasons = trust.reasons.iter();
    let reasons: Vec<_> = reasons
        .map(|r| json!({"level": r.level.word(), "text": r.text.as_str()}))
        .collect();
    json!({"level": trust.level().word(), "reasons": reasons})
}

/// Prints one object with its schema number.
///
/// # Errors
/// When standard output can't be written.
pub fn print(value: Value) -> io::Result<()> {
    let mut object = Map::new();
    object.insert("schema".to_owned(), json!(1));
    if let Value::Object(fields) = value {
        object.extend(fields);
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{}", escaped(&Value::Object(object).to_string()))?;
    out.flush()
}

/// serde_json leaves DEL, the C1 controls and the bidi and separator characters as they are; inside
/// a JSON text they can only stand in strings, so they are escaped where they are found.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

fn people(list: &[Address]) -> Value {
    list.iter()
        .map(|a| json!({"name": a.name, "address": a.addr}))
        .collect()
}

fn attachments(list: Option<&Vec<AttachmentRow>>) -> Value {
    list.map_or(Value::Null, |list| {
        list.iter()
            .map(|a| json!({"part": a.part, "name": a.name, "type": a.media_type, "size": a.size}))
            .collect()
    })
}

/// A row of a list.
pub fn row(row: &IndexRow, account: &str, mailbox: &str, known: Option<&MessageRow>) -> Value {
    json!({
        "id": format!("m{}", row.message.0),
        "account": account,
        "mailbox": mailbox,
        "uid": row.uid.map(crate::model::Uid::get),
        "date": when::rfc3339(row.date),
        "from": people(&row.from),
        "to": people(&row.to),
        "subject": row.subject,
        "flags": row.flags.to_wire(),
        "thread": format!("t{}", row.thread.0),
        "count": row.count,
        "unread": row.unread,
        "attachments": attachments(known.and_then(|m| m.attachments.as_ref())),
    })
}

/// A whole message without its text.
pub fn message(message: &MessageRow) -> Value {
    let place = message.places.first();
    let envelope = &message.envelope;
    json!({
        "id": format!("m{}", message.id.0),
        "account": place.map(|p| p.account.as_str()),
        "mailbox": place.map(|p| p.path.as_str()),
        "uid": place.and_then(|p| p.uid).map(crate::model::Uid::get),
        "date": when::rfc3339(message.date),
        "from": people(&envelope.from),
        "to": people(&envelope.to),
        "cc": people(&envelope.cc),
        "subject": envelope.subject,
        "message_id": envelope.message_id.as_ref().map(ToString::to_string),
        "flags": place.map(|p| p.flags.to_wire()).unwrap_or_default(),
        "thread": format!("t{}", message.thread.0),
        "size": message.size,
        "attachments": attachments(message.attachments.as_ref()),
        "places": message.places.iter().map(|p| json!({
            "account": p.account.as_str(),
            "mailbox": p.path,
            "uid": p.uid.map(crate::model::Uid::get),
            "flags": p.flags.to_wire(),
        })).collect::<Vec<_>>(),
    })
}

/// What was reported of a message that we sent.
pub fn facts(facts: &[Fact]) -> Value {
    let each = facts.iter().map(|f| {
        json!({
            "recipient": f.recipient,
            "action": f.action,
            "status": f.status,
            "diagnostic": f.diagnostic,
            "words": f.words(),
        })
    });
    each.collect::<Vec<_>>().into()
}

/// A message in the outbox, with what was reported of it.
pub fn submission(row: &Submission, facts: &[Fact]) -> Value {
    use crate::model::SubmissionState as State;
    let now = when::now();
    json!({
        "id": format!("o{}", row.id.0),
        "account": row.account.as_str(),
        "message_id": row.message_id.to_string(),
        "subject": row.subject,
        "size": row.size,
        "state": row.state.name(),
        "attempts": row.attempts,
        "created": when::rfc3339(row.created),
        "scheduled": row.scheduled,
        "next_try": matches!(row.state, State::Queued | State::InDoubt).then(|| when::rfc3339(row.next_try)),
        "sent_at": (row.sent_at > 0).then(|| when::rfc3339(row.sent_at)),
        "words": row.words(now, &|at| when::clock(at, now)),
        "reports": self::facts(facts),
        "error": row.error,
        "recipients": row.recipients.iter().map(|r| json!({
            "address": r.address,
            "state": r.state.name(),
            "words": r.words(),
            "reply": r.reply,
        })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_is_left() {
        let hostile: String = (0u32..0xa0)
            .chain([0x2028, 0x202e, 0x2066])
            .filter_map(char::from_u32)
            .collect();
        let text = escaped(&json!({ "s": hostile }).to_string());
        assert!(!text.chars().any(char::is_control), "{text}");
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["s"], hostile);
    }
}
