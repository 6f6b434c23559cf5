//! What a client hears of mailboxes that it has not open, once it asked with NOTIFY (RFC 5465 §5):
//! by comparing what it was told with what is there.

use super::answer::Answer;
use super::folder::Folder;
use super::listing;
use super::notify::{Asked, Events, Filter};
use super::person::Person;
use super::session::{Listening, Session, Told};
use super::spell;
use imap_types::core::Tag;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Answers NOTIFY.
pub fn listen(s: &mut Session, tag: &Tag<'_>, asked: Asked, out: &mut Answer) {
    let status = asked.status;
    s.listening = Some(Listening {
        asked,
        told: BTreeMap::new(),
    });
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let now = s
        .person(&mut world)
        .map(|p| snapshot(p))
        .unwrap_or_default();
    let open = s.view.as_ref().map(|v| v.id);
    if let (true, Some(person), Some(listening)) = (status, s.person(&mut world), &s.listening) {
        for (name, folder) in &person.folders {
            let events = wanted(person, name, folder, &listening.asked);
            if Some(folder.id) == open || !events.messages() {
                continue;
            }
            let mut items = vec!["MESSAGES", "UIDNEXT", "UIDVALIDITY"];
            if s.offers("CONDSTORE") && events.flags {
                items.push("HIGHESTMODSEQ");
            }
            tell_status(s, name, folder, &items, out);
        }
    }
    drop(world);
    if let Some(listening) = s.listening.as_mut() {
        listening.told = now;
    }
    s.tell(true, out);
    out.ok(tag, "", "NOTIFY done");
}

fn tell_status(s: &Session, name: &str, folder: &Folder, items: &[&str], out: &mut Answer) {
    let items: Vec<String> = items.iter().map(|i| (*i).to_owned()).collect();
    out.line(listing::status(name, folder, &items, s.utf8));
}

fn snapshot(person: &Person) -> BTreeMap<u64, Told> {
    let one = |(name, f): (&String, &Folder)| {
        let told = Told {
            name: name.clone(),
            subscribed: f.subscribed,
            next: f.next,
            messages: f.messages.len(),
            highest: f.highest,
            validity: f.validity,
        };
        (f.id, told)
    };
    person.folders.iter().map(one).collect()
}

/// What was asked for of a mailbox: by the first group that it is in.
fn wanted(person: &Person, name: &str, folder: &Folder, asked: &Asked) -> Events {
    let delimiter = person.shape.delimiter;
    let below = |n: &String| name == n || name.starts_with(&format!("{n}{delimiter}"));
    let meant = |filter: &Filter| match filter {
        Filter::Selected | Filter::SelectedDelayed => false,
        Filter::Inboxes => name == "INBOX",
        Filter::Personal => true,
        Filter::Subscribed => folder.subscribed,
        Filter::Subtree(names) => names.iter().any(below),
        Filter::Mailboxes(names) => names.iter().any(|n| n == name),
    };
    let mut groups = asked.groups.iter();
    let group = groups.find(|g| meant(&g.filter));
    group.map(|g| g.events.clone()).unwrap_or_default()
}

/// Tells what changed in mailboxes that are not open, if that was asked for.
pub fn tell_others(s: &mut Session, out: &mut Answer) {
    if s.over
        || s.listening
            .as_ref()
            .is_none_or(|l| l.asked.groups.is_empty())
    {
        return;
    }
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let Some(person) = s.person(&mut world) else {
        return;
    };
    let now = snapshot(person);
    let open = s.view.as_ref().map(|v| v.id);
    let Some(listening) = &s.listening else {
        return;
    };
    if now == listening.told {
        return;
    }
    for (id, told) in &listening.told {
        if now.contains_key(id) {
            continue;
        }
        // Whether it was subscribed to is all that matters of it.
        let mut gone = Folder::new(*id, None, 0);
        gone.subscribed = told.subscribed;
        let again = person.folders.contains_key(&told.name);
        if wanted(person, &told.name, &gone, &listening.asked).names && !again {
            let delimiter = person.shape.delimiter;
            let items = ["\\NonExistent"];
            out.line(listing::response(
                "LIST", &items, &told.name, delimiter, s.utf8,
            ));
        }
    }
    for (name, folder) in &person.folders {
        let events = wanted(person, name, folder, &listening.asked);
        let told = listening.told.get(&folder.id);
        tell_name(s, person, (name.as_str(), folder), told, &events, out);
        if Some(folder.id) != open {
            tell_messages(s, (name.as_str(), folder), told, &events, out);
        }
    }
    drop(world);
    if let Some(listening) = s.listening.as_mut() {
        listening.told = now;
    }
}

fn tell_name(
    s: &Session,
    person: &Person,
    (name, folder): (&str, &Folder),
    told: Option<&Told>,
    events: &Events,
    out: &mut Answer,
) {
    let more: &[&str] = match folder.subscribed {
        true => &["\\Subscribed"],
        false => &[],
    };
    let line = || listing::line(person, name, Some(folder), more, s.style());
    match told {
        None if events.names => out.line(line()),
        Some(old) if old.name != name && events.names => {
            let old = spell::mailbox(&old.name, s.utf8);
            out.line(format!("{} (\"OLDNAME\" ({old}))", line()));
        }
        Some(old) if old.subscribed != folder.subscribed && events.subscriptions => {
            out.line(line());
        }
        _ => {}
    }
}

fn tell_messages(
    s: &Session,
    (name, folder): (&str, &Folder),
    told: Option<&Told>,
    events: &Events,
    out: &mut Answer,
) {
    let moved = told.is_none_or(|t| {
        (t.next, t.messages, t.validity) != (folder.next, folder.messages.len(), folder.validity)
    });
    let changed = told.is_none_or(|t| t.highest != folder.highest);
    // A mailbox that is new and empty is told of by its name.
    let empty = told.is_none() && folder.messages.is_empty();
    let mut items = match (
        moved && !empty && events.new,
        changed && !empty && events.flags,
    ) {
        (true, _) => vec!["MESSAGES", "UIDNEXT", "UIDVALIDITY"],
        (false, true) => vec!["UIDVALIDITY", "UNSEEN"],
        (false, false) => return,
    };
    if s.condstore {
        items.push("HIGHESTMODSEQ");
    }
    tell_status(s, name, folder, &items, out);
}
