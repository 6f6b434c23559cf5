//! LIST, LSUB, STATUS and the names of mailboxes (RFC 3501 §6.3, RFC 5258 LIST-EXTENDED, RFC 5819
//! LIST-STATUS, RFC 6154 special use, RFC 8438 STATUS=SIZE).

use super::answer::Answer;
use super::folder::Folder;
use super::give::mailbox_id;
use super::offer::Offer;
use super::own::List;
use super::person::Person;
use super::spell;
use crate::model::{Role, System};
use imap_types::mailbox::Mailbox;
use std::collections::BTreeMap;

/// The longest name that is taken.
const MAX_NAME: usize = 200;

/// The name in a command as it is kept, INBOX in its one spelling; `None` for bytes that no name
/// has. `utf8`: the session speaks UTF-8.
pub fn name(mailbox: &Mailbox<'_>, utf8: bool) -> Option<String> {
    match mailbox {
        Mailbox::Inbox => Some("INBOX".to_owned()),
        Mailbox::Other(other) => {
            let text = String::from_utf8(other.as_ref().to_vec()).ok()?;
            Some(if utf8 { spell::encoded(&text) } else { text })
        }
    }
}

/// Whether a mailbox may be made under this name: printable ASCII (modified UTF-7), no wildcard,
/// no empty level, and in the namespace.
pub fn is_usable(name: &str, person: &Person) -> bool {
    let shape = &person.shape;
    name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|b| (0x20..0x7f).contains(&b) && b != b'*' && b != b'%')
        && name.split(shape.delimiter).all(|level| !level.is_empty())
        && name.starts_with(&shape.prefix)
}

fn special_use(role: Role) -> Option<&'static str> {
    Some(match role {
        Role::Drafts => "\\Drafts",
        Role::Sent => "\\Sent",
        Role::Archive => "\\Archive",
        Role::Junk => "\\Junk",
        Role::Trash => "\\Trash",
        Role::All => "\\All",
        Role::Flagged => "\\Flagged",
        Role::Inbox => return None,
    })
}

/// How a session wants to be answered.
#[derive(Clone, Copy)]
pub struct Style<'a> {
    /// What is offered.
    pub offer: &'a Offer,
    /// Names in UTF-8.
    pub utf8: bool,
}

/// What LIST is asked with nothing but patterns.
pub fn plain(patterns: Vec<String>) -> List {
    List {
        patterns,
        ..List::default()
    }
}

/// A LIST response of one mailbox; `None` for `folder` if it is only a level.
pub fn line(
    person: &Person,
    own: &str,
    folder: Option<&Folder>,
    more: &[&str],
    style: Style<'_>,
) -> String {
    let mut items: Vec<&str> = Vec::new();
    let below = format!("{own}{}", person.shape.delimiter);
    let children = person.folders.keys().any(|n| n.starts_with(&below));
    if style.offer.has("CHILDREN") {
        items.push(if children {
            "\\HasChildren"
        } else {
            "\\HasNoChildren"
        });
    }
    match folder {
        Some(folder) if style.offer.has("SPECIAL-USE") => {
            items.extend(folder.role.and_then(special_use));
        }
        Some(_) => {}
        None => items.push("\\Noselect"),
    }
    items.extend(more);
    response("LIST", &items, own, person.shape.delimiter, style.utf8)
}

/// A LIST or LSUB response with these attributes.
pub fn response(verb: &str, items: &[&str], own: &str, delimiter: char, utf8: bool) -> String {
    let delimiter = spell::quoted(&delimiter.to_string());
    let own = spell::mailbox(own, utf8);
    format!("{verb} ({}) {delimiter} {own}", items.join(" "))
}

/// Every name with its mailbox, and the levels above that are none themselves.
fn levels(person: &Person) -> BTreeMap<&str, Option<&Folder>> {
    let mut names: BTreeMap<&str, Option<&Folder>> = BTreeMap::new();
    for (own, folder) in &person.folders {
        names.insert(own, Some(folder));
        let above = own.match_indices(person.shape.delimiter);
        for above in above.filter_map(|(at, _)| own.get(..at)) {
            names.entry(above).or_insert(None);
        }
    }
    names
}

/// Answers LIST.
pub fn list(person: &Person, asked: &List, style: Style<'_>, out: &mut Answer) {
    let delimiter = person.shape.delimiter;
    if asked.patterns.iter().all(String::is_empty) && !asked.extended {
        out.line(response("LIST", &["\\Noselect"], "", delimiter, false));
        return;
    }
    let selects = |o: &str| asked.select.iter().any(|s| s == o);
    let subscribed_only = selects("SUBSCRIBED");
    let tell_subscribed = subscribed_only || asked.returns.iter().any(|r| r == "SUBSCRIBED");
    let fits = |name: &str| {
        let mut patterns = asked.patterns.iter().filter(|p| !p.is_empty());
        patterns.any(|p| matches(p.as_bytes(), name.as_bytes(), delimiter))
    };
    for (own, folder) in levels(person) {
        if !fits(own) {
            continue;
        }
        let subscribed = folder.is_some_and(|f| f.subscribed);
        let special = folder.is_some_and(|f| f.role.and_then(special_use).is_some());
        let below = format!("{own}{delimiter}");
        // RFC 5258 §3.5: a parent that is not subscribed is told of for what is below it.
        let child = selects("RECURSIVEMATCH")
            && person
                .folders
                .iter()
                .any(|(n, f)| n.starts_with(&below) && f.subscribed);
        let chosen = !subscribed_only || subscribed || child;
        if !chosen || (selects("SPECIAL-USE") && !special) {
            continue;
        }
        let more: &[&str] = if tell_subscribed && subscribed {
            &["\\Subscribed"]
        } else {
            &[]
        };
        let mut text = line(person, own, folder, more, style);
        if child {
            text.push_str(" (\"CHILDINFO\" (\"SUBSCRIBED\"))");
        }
        out.line(text);
        if let Some(folder) = folder.filter(|_| !asked.status.is_empty()) {
            out.line(status(own, folder, &asked.status, style.utf8));
        }
    }
}

/// Answers LSUB.
pub fn lsub(person: &Person, patterns: &[String], utf8: bool, out: &mut Answer) {
    let delimiter = person.shape.delimiter;
    for (own, folder) in &person.folders {
        let fits = |p: &String| matches(p.as_bytes(), own.as_bytes(), delimiter);
        if folder.subscribed && patterns.iter().any(fits) {
            out.line(response("LSUB", &[], own, delimiter, utf8));
        }
    }
}

/// Whether a name fits a pattern: `*` any text, `%` any text within a level. INBOX fits in any case.
fn matches(pattern: &[u8], name: &[u8], delimiter: char) -> bool {
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
                b'%' => here || (c.is_some_and(|c| char::from(c) != delimiter) && later),
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

/// A STATUS response with these items.
pub fn status(own: &str, folder: &Folder, wanted: &[String], utf8: bool) -> String {
    let all = || folder.messages.iter();
    let bytes = |deleted: bool| -> u64 {
        let counted = all().filter(|m| !deleted || m.flags.system.has(System::DELETED));
        counted.map(|m| m.raw.len() as u64).sum()
    };
    let one = |item: &String| {
        let value = match item.as_str() {
            "MESSAGES" => folder.messages.len().to_string(),
            "UIDNEXT" => folder.next.to_string(),
            "UIDVALIDITY" => folder.validity.to_string(),
            "UNSEEN" => {
                let unseen = all().filter(|m| !m.flags.system.has(System::SEEN));
                unseen.count().to_string()
            }
            "DELETED" => {
                let deleted = all().filter(|m| m.flags.system.has(System::DELETED));
                deleted.count().to_string()
            }
            "DELETED-STORAGE" => bytes(true).to_string(),
            "SIZE" => bytes(false).to_string(),
            "HIGHESTMODSEQ" => folder.highest.to_string(),
            "MAILBOXID" => format!("({})", mailbox_id(folder.id)),
            _ => "0".to_owned(),
        };
        format!("{item} {value}")
    };
    let items: Vec<String> = wanted.iter().map(one).collect();
    let own = spell::mailbox(own, utf8);
    format!("STATUS {own} ({})", items.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::offer::Shape;

    fn person(shape: Shape) -> Person {
        Person::new("a", "a@example.org", "A", 1, &shape)
    }

    #[test]
    fn patterns_fit_names() {
        let fits = |p: &str, n: &str| matches(p.as_bytes(), n.as_bytes(), '/');
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
        let p = person(Shape::default());
        let dotted = person(Shape {
            delimiter: '.',
            prefix: "INBOX.".to_owned(),
            ..Shape::default()
        });
        assert!(is_usable("INBOX.a.b", &dotted) && is_usable("INBOX.a/b", &dotted));
        assert!(!is_usable("a", &dotted) && !is_usable("INBOX.a..b", &dotted));
        for good in ["A", "Lists/x", "Re&AOc-us", "with space"] {
            assert!(is_usable(good, &p), "{good}");
        }
        for bad in ["", "/a", "a//b", "a/", "a*", "%", "gr\u{fc}n", "a\tb"] {
            assert!(!is_usable(bad, &p), "{bad}");
        }
    }

    #[test]
    fn roles_are_told_and_parents_are_implied() {
        let mut p = person(Shape::default());
        p.create("Sent", Some(Role::Sent));
        p.create("Lists/x", None);
        let mut out = Answer::default();
        let offer = Offer::new(&Default::default(), false);
        let style = Style {
            offer: &offer,
            utf8: false,
        };
        list(&p, &plain(vec!["*".to_owned()]), style, &mut out);
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
