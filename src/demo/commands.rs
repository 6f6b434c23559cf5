//! Every IMAP command that the server knows, and what it does; the others are answered BAD.

use super::answer::{Answer, capabilities};
use super::changes::{self, Flush};
use super::listing::{self, is_usable, name, spelt};
use super::session::Session;
use super::world::Person;
use imap_types::command::{Command, CommandBody};
use imap_types::core::{IString, NString, Tag};
use imap_types::extensions::binary::LiteralOrLiteral8;
use imap_types::response::{Code, Data};
use std::borrow::Cow;

/// How many wrong passwords end a connection.
const MAX_REFUSED: u32 = 3;

/// Judges a login and answers; for LOGIN and AUTHENTICATE alike.
pub fn sign_in(s: &mut Session, tag: &Tag<'_>, user: &str, password: &[u8], out: &mut Answer) {
    if s.shared.knows(user, password) {
        s.who = Some(user.to_owned());
        return out.ok(tag, Some(Code::Capability(capabilities(true))), "signed in");
    }
    s.refused += 1;
    out.no(
        tag,
        "AUTHENTICATIONFAILED",
        "user name or password is wrong",
    );
    if s.refused >= MAX_REFUSED {
        out.bye("too many wrong passwords");
        s.over = true;
    }
}

/// Does a command and gathers the answer. AUTHENTICATE and IDLE are the connection's own business.
pub fn run(s: &mut Session, command: Command<'_>, out: &mut Answer, flush: Flush<'_>) {
    let Command { tag, body } = command;
    let tag = &tag;
    match body {
        CommandBody::Capability => {
            out.data(Data::Capability(capabilities(s.who.is_some())));
            out.ok(tag, None, "CAPABILITY done");
        }
        CommandBody::Noop | CommandBody::Check => {
            s.tell(true, out);
            out.ok(tag, None, "done");
        }
        CommandBody::Logout => {
            out.bye("see you");
            out.ok(tag, None, "LOGOUT done");
            s.over = true;
        }
        CommandBody::Id { .. } => {
            let of = |k: &'static str, v: &'static str| {
                Some((
                    IString::try_from(k).ok()?,
                    NString(IString::try_from(v).ok()),
                ))
            };
            let pairs = [
                of("name", "postrider demo"),
                of("version", env!("CARGO_PKG_VERSION")),
            ];
            out.data(Data::Id {
                parameters: Some(pairs.into_iter().flatten().collect()),
            });
            out.ok(tag, None, "ID done");
        }
        CommandBody::Login { username, password } if s.who.is_none() => {
            let user = String::from_utf8_lossy(username.as_ref()).into_owned();
            sign_in(s, tag, &user, password.declassify().as_ref(), out);
        }
        body if s.who.is_none() => {
            drop(body);
            out.bad(Some(tag), "sign in first");
        }
        body => signed_in(s, tag, body, out, flush),
    }
}

fn signed_in(
    s: &mut Session,
    tag: &Tag<'_>,
    body: CommandBody<'_>,
    out: &mut Answer,
    flush: Flush<'_>,
) {
    match body {
        CommandBody::Select {
            mailbox,
            parameters,
        } => {
            open(s, tag, name(&mailbox), !parameters.is_empty(), false, out);
        }
        CommandBody::Examine {
            mailbox,
            parameters,
        } => {
            open(s, tag, name(&mailbox), !parameters.is_empty(), true, out);
        }
        CommandBody::List {
            reference,
            mailbox_wildcard,
        } => {
            with_person(s, |p| {
                listing::list(p, &reference, &mailbox_wildcard, false, out)
            });
            s.tell(true, out);
            out.ok(tag, None, "LIST done");
        }
        CommandBody::Lsub {
            reference,
            mailbox_wildcard,
        } => {
            with_person(s, |p| {
                listing::list(p, &reference, &mailbox_wildcard, true, out)
            });
            s.tell(true, out);
            out.ok(tag, None, "LSUB done");
        }
        CommandBody::Status {
            mailbox,
            item_names,
        } => {
            let of = name(&mailbox).unwrap_or_default();
            let items = with_person(s, |p| {
                p.folders.get(&of).map(|f| listing::status(f, &item_names))
            });
            match (items.flatten(), spelt(&of)) {
                (Some(items), Some(mailbox)) => {
                    out.data(Data::Status {
                        mailbox,
                        items: Cow::Owned(items),
                    });
                    out.ok(tag, None, "STATUS done");
                }
                _ => out.no(tag, "NONEXISTENT", "no such mailbox"),
            }
        }
        CommandBody::Create { mailbox } => {
            let wanted = name(&mailbox).unwrap_or_default();
            let wanted = wanted.trim_end_matches('/').to_owned();
            let made =
                is_usable(&wanted) && with_person(s, |p| p.create(&wanted, None)).unwrap_or(false);
            done(
                s,
                tag,
                made,
                "CANNOT",
                "it can't be made, or is there already",
                out,
            );
        }
        CommandBody::Delete { mailbox } => {
            let gone = name(&mailbox).filter(|n| n != "INBOX");
            let gone = gone.and_then(|n| with_person(s, |p| p.folders.remove(&n).is_some()));
            s.shared.world().ring();
            done(
                s,
                tag,
                gone == Some(true),
                "NONEXISTENT",
                "no such mailbox, or it must stay",
                out,
            );
        }
        CommandBody::Rename { from, to } => {
            let names = name(&from).zip(name(&to).filter(|n| is_usable(n)));
            let moved = names.and_then(|(from, to)| with_person(s, |p| rename(p, &from, &to)));
            s.shared.world().ring();
            done(
                s,
                tag,
                moved == Some(true),
                "CANNOT",
                "it can't be renamed to that",
                out,
            );
        }
        CommandBody::Subscribe { mailbox } => subscribe(s, tag, name(&mailbox), true, out),
        CommandBody::Unsubscribe { mailbox } => subscribe(s, tag, name(&mailbox), false, out),
        CommandBody::Append {
            mailbox,
            flags,
            date,
            message,
        } => {
            let raw = match &message {
                LiteralOrLiteral8::Literal(l) => l.data(),
                LiteralOrLiteral8::Literal8(l) => &l.data,
            };
            let date = date.map_or_else(
                || jiff::Timestamp::now().as_second(),
                |d| d.as_ref().timestamp(),
            );
            let to = name(&mailbox).unwrap_or_default();
            changes::append(s, tag, &to, &flags, date, raw, out);
        }
        body if s.view.is_none() => {
            drop(body);
            out.bad(
                Some(tag),
                "no mailbox is open, or the command is not known here",
            );
        }
        body => opened(s, tag, body, out, flush),
    }
}

fn opened(
    s: &mut Session,
    tag: &Tag<'_>,
    body: CommandBody<'_>,
    out: &mut Answer,
    flush: Flush<'_>,
) {
    match body {
        CommandBody::Close => {
            if s.view.as_ref().is_some_and(|v| !v.read_only) {
                changes::remove_deleted(s, None);
            }
            s.view = None;
            out.ok(tag, None, "CLOSE done");
        }
        CommandBody::Unselect => {
            s.view = None;
            out.ok(tag, None, "UNSELECT done");
        }
        CommandBody::Expunge => changes::expunge(s, tag, None, out),
        CommandBody::ExpungeUid { sequence_set } => {
            changes::expunge(s, tag, Some(&sequence_set), out);
        }
        CommandBody::Search { criteria, uid, .. } => {
            changes::search(s, tag, criteria.as_ref(), uid, out);
        }
        CommandBody::Fetch {
            sequence_set,
            macro_or_item_names,
            uid,
            modifiers,
        } if modifiers.is_empty() => {
            changes::fetch(s, tag, &sequence_set, macro_or_item_names, uid, out, flush);
        }
        CommandBody::Store {
            sequence_set,
            kind,
            response,
            flags,
            uid,
            modifiers,
        } if modifiers.is_empty() => {
            changes::store(s, tag, &sequence_set, (kind, response), &flags, uid, out);
        }
        CommandBody::Copy {
            sequence_set,
            mailbox,
            uid,
        } => {
            let to = name(&mailbox).unwrap_or_default();
            changes::copy(s, tag, &sequence_set, &to, (uid, false), out);
        }
        CommandBody::Move {
            sequence_set,
            mailbox,
            uid,
        } => {
            let to = name(&mailbox).unwrap_or_default();
            changes::copy(s, tag, &sequence_set, &to, (uid, true), out);
        }
        _ => out.bad(Some(tag), "that command is not offered"),
    }
}

fn with_person<T>(s: &Session, f: impl FnOnce(&mut Person) -> T) -> Option<T> {
    let mut world = s.shared.world();
    world.person(s.who.as_deref()?).map(f)
}

fn done(
    s: &mut Session,
    tag: &Tag<'_>,
    well: bool,
    code: &'static str,
    why: &str,
    out: &mut Answer,
) {
    s.tell(true, out);
    if well {
        out.ok(tag, None, "done");
    } else {
        out.no(tag, code, why);
    }
}

fn open(
    s: &mut Session,
    tag: &Tag<'_>,
    mailbox: Option<String>,
    parameters: bool,
    read_only: bool,
    out: &mut Answer,
) {
    if parameters {
        return out.bad(Some(tag), "CONDSTORE is not offered");
    }
    if !mailbox.is_some_and(|m| s.open(tag, &m, read_only, out)) {
        out.no(tag, "NONEXISTENT", "no such mailbox");
    }
}

fn subscribe(
    s: &mut Session,
    tag: &Tag<'_>,
    mailbox: Option<String>,
    wanted: bool,
    out: &mut Answer,
) {
    let there = mailbox.and_then(|m| {
        with_person(s, |p| {
            p.folders
                .get_mut(&m)
                .map(|f| f.subscribed = wanted)
                .is_some()
        })
    });
    done(
        s,
        tag,
        there == Some(true),
        "NONEXISTENT",
        "no such mailbox",
        out,
    );
}

/// RENAME with everything below; renaming INBOX moves its messages and leaves it (RFC 3501 §6.3.5).
fn rename(person: &mut Person, from: &str, to: &str) -> bool {
    let below = format!("{from}/");
    if person.folders.contains_key(to) || to.starts_with(&below) {
        return false;
    }
    if from == "INBOX" {
        let Some(uids) = person
            .folders
            .get("INBOX")
            .map(|f| f.messages.iter().map(|m| m.uid).collect::<Vec<_>>())
        else {
            return false;
        };
        let copied = person.create(to, None) && person.copy("INBOX", &uids, to).is_some();
        if copied {
            person.remove("INBOX", &uids);
        }
        return copied;
    }
    let moving: Vec<String> = person
        .folders
        .keys()
        .filter(|n| *n == from || n.starts_with(&below))
        .cloned()
        .collect();
    let target = |old: &str| format!("{to}{}", old.get(from.len()..).unwrap_or_default());
    if moving.is_empty()
        || moving
            .iter()
            .any(|n| person.folders.contains_key(&target(n)))
    {
        return false;
    }
    for old in moving {
        if let Some(folder) = person.folders.remove(&old) {
            person.folders.insert(target(&old), folder);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_takes_what_is_below_along() {
        let mut p = Person::new("a", "a@example.org", "A", 1);
        assert!(p.create("Lists", None) && p.create("Lists/x", None) && p.create("Listsy", None));
        assert!(rename(&mut p, "Lists", "Old"));
        let names: Vec<_> = p.folders.keys().cloned().collect();
        assert_eq!(names, ["INBOX", "Listsy", "Old", "Old/x"]);
        assert!(!rename(&mut p, "Old", "Old/y") && !rename(&mut p, "Old", "Listsy"));
        assert!(!rename(&mut p, "gone", "new"));
    }
}
