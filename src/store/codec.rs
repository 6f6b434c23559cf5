//! Model values to columns and back. What can't be read back (a damaged row) becomes empty: a list
//! with a hole is better than no list.

use crate::model::view::AttachmentRow;
use crate::model::{Address, Flags, MessageId, Role, System, Uid};
use std::collections::BTreeSet;

/// Adds addresses as a JSON array of `[name, addr]`; the empty list as nothing.
pub(super) fn push_addresses(json: &mut String, list: &[Address]) {
    let mut before = '[';
    for address in list {
        json.push(before);
        json.push('[');
        push_json(json, &address.name);
        json.push(',');
        push_json(json, &address.addr);
        json.push(']');
        before = ',';
    }
    if !list.is_empty() {
        json.push(']');
    }
}

/// A text as a JSON string. Nearly all have nothing to be escaped.
fn push_json(json: &mut String, text: &str) {
    // All octets are looked at, because that is done many at a time.
    let escapes = |b: u8| b < b' ' || b == b'"' || b == b'\\';
    if text.bytes().fold(false, |found, b| found | escapes(b)) {
        json.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

/// The addresses of [`push_addresses`].
pub(super) fn addresses_in(text: &str) -> Vec<Address> {
    if text.is_empty() {
        return Vec::new();
    }
    let pairs: Vec<(String, String)> = serde_json::from_str(text).unwrap_or_default();
    pairs
        .into_iter()
        .map(|(name, addr)| Address { name, addr })
        .collect()
}

/// Attachments as a JSON array.
pub(super) fn attachments_out(list: &[AttachmentRow]) -> String {
    let rows: Vec<(u32, &str, &str, u64)> = list
        .iter()
        .map(|a| (a.part, a.name.as_str(), a.media_type.as_str(), a.size))
        .collect();
    serde_json::to_string(&rows).unwrap_or_else(|_| "[]".to_owned())
}

/// The attachments of [`attachments_out`].
pub(super) fn attachments_in(text: &str) -> Vec<AttachmentRow> {
    let rows: Vec<(u32, String, String, u64)> = serde_json::from_str(text).unwrap_or_default();
    rows.into_iter()
        .map(|(part, name, media_type, size)| AttachmentRow {
            part,
            name,
            media_type,
            size,
        })
        .collect()
}

/// Message-IDs separated by spaces, which they can't contain.
pub(super) fn ids_out(list: &[MessageId]) -> String {
    let mut text = String::new();
    push_ids(&mut text, list);
    text
}

/// Adds what [`ids_out`] says.
pub(super) fn push_ids(text: &mut String, list: &[MessageId]) {
    for (n, id) in list.iter().enumerate() {
        if n > 0 {
            text.push(' ');
        }
        text.push_str(id.as_str());
    }
}

/// The Message-IDs of [`ids_out`].
pub(super) fn ids_in(text: &str) -> Vec<MessageId> {
    text.split(' ').filter_map(MessageId::new).collect()
}

/// Keywords separated by spaces, which an atom can't contain.
pub(super) fn keywords_out(keywords: &BTreeSet<String>) -> String {
    let words: Vec<&str> = keywords
        .iter()
        .map(String::as_str)
        .filter(|k| !k.contains(char::is_whitespace))
        .collect();
    words.join(" ")
}

/// Flags from their two columns.
pub(super) fn flags_in(system: i64, keywords: &str) -> Flags {
    Flags {
        system: System(u8::try_from(system & 31).unwrap_or(0)),
        keywords: keywords
            .split(' ')
            .filter(|k| !k.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// A role's column.
pub(super) fn role_out(role: Option<Role>) -> &'static str {
    role.map_or("", Role::name)
}

/// A UID from its column.
pub(super) fn uid_in(uid: Option<i64>) -> Option<Uid> {
    uid.and_then(|n| u32::try_from(n).ok()).and_then(Uid::new)
}

/// Adds names and addresses as words for the search.
pub(super) fn push_people(text: &mut String, people: &mut dyn Iterator<Item = &Address>) {
    for person in people {
        text.push_str(&person.name);
        text.push(' ');
        text.push_str(&person.addr);
        text.push('\n');
    }
}

/// What attachments are called, a line each, and the short names of their types (`pdf`), as words
/// for the search.
pub(super) fn file_words(files: &[AttachmentRow]) -> String {
    let mut words = String::new();
    for file in files {
        words.push_str(&file.name);
        words.push('\n');
        let (main, sub) = file.media_type.split_once('/').unwrap_or_default();
        let sub = sub.split('+').next().unwrap_or_default();
        let short = sub.len() <= 10 && !sub.contains(['.', '-']);
        if short && main != "text" && sub != "rfc822" {
            words.push_str(sub);
            words.push('\n');
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn addresses_come_back(list in prop::collection::vec((".*", ".*"), 0..4)) {
            let list: Vec<Address> = list.into_iter().map(|(n, a)| Address::new(n, a)).collect();
            let mut text = String::new();
            push_addresses(&mut text, &list);
            prop_assert_eq!(addresses_in(&text), list);
        }

        #[test]
        fn flags_come_back(system in 0u8..32, keywords in prop::collection::btree_set("[$a-zA-Z]{1,8}", 0..5)) {
            let flags = Flags { system: System(system), keywords };
            prop_assert_eq!(flags_in(i64::from(system), &keywords_out(&flags.keywords)), flags);
        }
    }

    #[test]
    fn damaged_text_reads_as_nothing() {
        assert!(addresses_in("[[1").is_empty());
        assert!(attachments_in("{}").is_empty());
    }
}
