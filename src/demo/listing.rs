//! LIST, LSUB, STATUS and the names of mailboxes (RFC 3501 §6.3, RFC 6154 special use).

use super::answer::Answer;
use super::world::{Folder, Person};
use crate::model::{Role, System};
use imap_types::core::{Atom, IString, QuotedChar};
use imap_types::flag::FlagNameAttribute;
use imap_types::mailbox::{ListMailbox, Mailbox};
use imap_types::response::Data;
use imap_types::status::{StatusDataItem, StatusDataItemName};
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// The longest name that is taken.
const MAX_NAME: usize = 200;

/// The name in a command, INBOX in its one spelling; `None` for bytes that no name has.
pub fn name(mailbox: &Mailbox<'_>) -> Option<String> {
    match mailbox {
        Mailbox::Inbox => Some("INBOX".to_owned()),
        Mailbox::Other(other) => String::from_utf8(other.as_ref().to_vec()).ok(),
    }
}

/// Whether a mailbox may be made under this name: printable ASCII (modified UTF-7), no wildcard,
/// no empty level.
pub fn is_usable(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|b| (0x20..0x7f).contains(&b) && b != b'*' && b != b'%')
        && name.split('/').all(|level| !level.is_empty())
}

/// The name as a response has it.
pub fn spelt(name: &str) -> Option<Mailbox<'static>> {
    Mailbox::try_from(name.to_owned()).ok()
}

fn attribute(name: &str) -> Option<FlagNameAttribute<'static>> {
    Atom::try_from(name.to_owned())
        .ok()
        .map(FlagNameAttribute::from)
}

fn special_use(role: Role) -> Option<&'static str> {
    Some(match role {
        Role::Drafts => "Drafts",
        Role::Sent => "Sent",
        Role::Archive => "Archive",
        Role::Junk => "Junk",
        Role::Trash => "Trash",
        Role::All => "All",
        Role::Flagged => "Flagged",
        Role::Inbox => return None,
    })
}

/// Answers LIST, or LSUB when only what is subscribed is wanted.
pub fn list(
    person: &Person,
    reference: &Mailbox<'_>,
    wildcard: &ListMailbox<'_>,
    subscribed: bool,
    out: &mut Answer,
) {
    let pattern = match wildcard {
        ListMailbox::Token(t) => String::from_utf8_lossy(t.as_ref()).into_owned(),
        ListMailbox::String(IString::Literal(l)) => String::from_utf8_lossy(l.data()).into_owned(),
        ListMailbox::String(IString::Quoted(q)) => q.inner().to_owned(),
    };
    let delimiter = QuotedChar::try_from('/').ok();
    if pattern.is_empty() && !subscribed {
        if let Some(mailbox) = spelt("") {
            out.data(Data::List {
                items: vec![FlagNameAttribute::Noselect],
                delimiter,
                mailbox,
            });
        }
        return;
    }
    let pattern = name(reference).unwrap_or_default() + &pattern;
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for (own, folder) in &person.folders {
        if subscribed && !folder.subscribed {
            continue;
        }
        names.insert(own);
        if !subscribed {
            names.extend(own.match_indices('/').filter_map(|(at, _)| own.get(..at)));
        }
    }
    for own in names {
        if !matches(pattern.as_bytes(), own.as_bytes()) {
            continue;
        }
        let Some(mailbox) = spelt(own) else { continue };
        let mut items = Vec::new();
        let below = format!("{own}/");
        let children = person.folders.keys().any(|n| n.starts_with(&below));
        items.extend(attribute(if children {
            "HasChildren"
        } else {
            "HasNoChildren"
        }));
        match person.folders.get(own) {
            Some(folder) => items.extend(folder.role.and_then(special_use).and_then(attribute)),
            None => items.push(FlagNameAttribute::Noselect),
        }
        out.data(if subscribed {
            Data::Lsub {
                items,
                delimiter,
                mailbox,
            }
        } else {
            Data::List {
                items,
                delimiter,
                mailbox,
            }
        });
    }
}

/// Whether a name fits a pattern: `*` any text, `%` any text within a level. INBOX fits in any case.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // For every start in the pattern, whether the rest of the name fits: one row at a time.
    let mut row = vec![false; name.len() + 1];
    if let Some(last) = row.last_mut() {
        *last = true;
    }
    let inbox = name == b"INBOX";
    for p in pattern.iter().rev() {
        let mut next = vec![false; name.len() + 1];
        let mut later = false;
        for at in (0..=name.len()).rev() {
            let here = row.get(at).copied().unwrap_or(false);
            let after = row.get(at + 1).copied().unwrap_or(false);
            let c = name.get(at).copied();
            let fits = match p {
                b'*' => here || (c.is_some() && later),
                b'%' => here || (c.is_some_and(|c| c != b'/') && later),
                _ if inbox => after && c.is_some_and(|c| c.eq_ignore_ascii_case(p)),
                _ => after && c == Some(*p),
            };
            later = fits;
            if let Some(cell) = next.get_mut(at) {
                *cell = fits;
            }
        }
        row = next;
    }
    row.first().copied().unwrap_or(false)
}

/// The figures that STATUS gives.
pub fn status(folder: &Folder, wanted: &[StatusDataItemName]) -> Vec<StatusDataItem> {
    let count = |flag: System, set: bool| {
        let all = folder.messages.iter();
        let n = all.filter(|m| m.flags.system.has(flag) == set).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    };
    let one = |item: &StatusDataItemName| {
        Some(match item {
            StatusDataItemName::Messages => {
                StatusDataItem::Messages(u32::try_from(folder.messages.len()).unwrap_or(u32::MAX))
            }
            StatusDataItemName::Recent => StatusDataItem::Recent(0),
            StatusDataItemName::UidNext => StatusDataItem::UidNext(NonZeroU32::new(folder.next)?),
            StatusDataItemName::UidValidity => {
                StatusDataItem::UidValidity(NonZeroU32::new(folder.validity)?)
            }
            StatusDataItemName::Unseen => StatusDataItem::Unseen(count(System::SEEN, false)),
            StatusDataItemName::Deleted => StatusDataItem::Deleted(count(System::DELETED, true)),
            _ => return None,
        })
    };
    wanted.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        let fits = |p: &str, n: &str| matches(p.as_bytes(), n.as_bytes());
        assert!(fits("*", "Lists/Tessera") && fits("Li*ra", "Lists/Tessera"));
        assert!(
            !fits("%", "Lists/Tessera") && fits("%", "Lists") && fits("Lists/%", "Lists/Tessera")
        );
        assert!(fits("inbox", "INBOX") && !fits("sent", "Sent"));
        assert!(!fits("", "Sent") && fits("*%*", "Sent"));
        assert!(fits(&"*".repeat(500), &"a/".repeat(100)), "and in no time");
    }

    #[test]
    fn names_that_may_be_made() {
        for good in ["A", "Lists/x", "Re&AOc-us", "with space"] {
            assert!(is_usable(good), "{good}");
        }
        for bad in ["", "/a", "a//b", "a/", "a*", "%", "gr\u{fc}n", "a\tb"] {
            assert!(!is_usable(bad), "{bad}");
        }
    }

    #[test]
    fn roles_are_told_and_parents_are_implied() {
        let mut p = Person::new("a", "a@example.org", "A", 1);
        p.create("Sent", Some(Role::Sent));
        p.create("Lists/x", None);
        let mut out = Answer::default();
        let all = ListMailbox::try_from("*").unwrap();
        list(&p, &spelt("").unwrap(), &all, false, &mut out);
        let text = String::from_utf8(out.take()).unwrap();
        assert!(
            text.contains("* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n"),
            "{text}"
        );
        assert!(
            text.contains("* LIST (\\HasChildren \\Noselect) \"/\" Lists\r\n"),
            "{text}"
        );
    }
}
