//! Mailboxes that are made, renamed and deleted: from what a user calls one to its name on the wire,
//! and to the operations. Reads the cache, changes nothing.
//!
//! A user's `/` separates levels, whatever the server's delimiter is (RFC 9051 §5.1.1); a name may
//! have any character beyond control characters. INBOX stays what it is.

use crate::lang::{self, mark, tr};
use crate::model::name::encode;
use crate::model::{AccountName, AsSeen, MailboxId, MailboxName, Manage, NewOp, OpKind};
use crate::store::{Mailbox, Reader, Result};
use crate::sync::planned::Planned;
use crate::text::Clean;

/// Octets of a name on the wire that a server may be asked for.
const LONGEST: usize = 1000;

/// Plans it; or why it can't be done, in plain words.
///
/// # Errors
/// When the cache can't be read.
pub fn ops(reader: &Reader, wish: &Manage) -> Result<std::result::Result<Planned, String>> {
    Ok(match wish {
        Manage::Create(account, path) => create(reader, account, path)?,
        Manage::Rename(id, path) => match reader.mailbox(*id)? {
            Some(mailbox) => rename(reader, &mailbox, path)?,
            None => Err(lang::of(GONE).to_owned()),
        },
        Manage::Delete(id, told) => match of(reader, *id)? {
            Ok(mailbox) => delete(&mailbox, seen(reader, *id, *told)?),
            Err(why) => Err(why),
        },
        Manage::Subscribe(id, on) => of(reader, *id)?.map(|mailbox| {
            let path = shown(&mailbox.path);
            let label = lang::kept(|| match on {
                true => tr!("Subscribed to {path}", path),
                false => tr!("Unsubscribed from {path}", path),
            });
            let kind = OpKind::SubscribeMailbox {
                name: mailbox.name.clone(),
                on: *on,
            };
            planned(&mailbox.account, label, vec![kind], true)
        }),
    })
}

/// What is said of a mailbox that is not here any more.
const GONE: &str = mark!("That mailbox is gone");

fn of(reader: &Reader, id: MailboxId) -> Result<std::result::Result<Mailbox, String>> {
    Ok(reader.mailbox(id)?.ok_or_else(|| lang::of(GONE).to_owned()))
}

fn shown(path: &str) -> String {
    Clean::line(path).to_string()
}

fn planned(account: &AccountName, label: String, kinds: Vec<OpKind>, undoable: bool) -> Planned {
    let op = |kind| NewOp {
        account: account.clone(),
        kind,
        keys: Vec::new(),
    };
    Planned {
        ops: kinds.into_iter().map(op).collect(),
        label,
        gone: Vec::new(),
        undoable,
    }
}

fn create(
    reader: &Reader,
    account: &AccountName,
    path: &str,
) -> Result<std::result::Result<Planned, String>> {
    let name = match free_name(reader, account, path)? {
        Ok(name) => name,
        Err(why) => return Ok(Err(why)),
    };
    let kinds = vec![
        OpKind::CreateMailbox { name: name.clone() },
        // Other clients may show only those.
        OpKind::SubscribeMailbox { name, on: true },
    ];
    let label = lang::kept(|| tr!("Making the mailbox {path}", path = shown(path)));
    Ok(Ok(planned(account, label, kinds, false)))
}

fn rename(
    reader: &Reader,
    mailbox: &Mailbox,
    path: &str,
) -> Result<std::result::Result<Planned, String>> {
    if is_inbox(mailbox) {
        return Ok(Err(tr!("The inbox keeps its name").to_owned()));
    }
    let to = match free_name(reader, &mailbox.account, path)? {
        Ok(to) => to,
        Err(why) => return Ok(Err(why)),
    };
    if let Some(delimiter) = mailbox.delimiter {
        let below = [mailbox.name.as_bytes(), delimiter.to_string().as_bytes()].concat();
        if to.as_bytes().starts_with(&below) {
            return Ok(Err(tr!("A mailbox can't go below itself").to_owned()));
        }
    }
    let (old, new) = (shown(&mailbox.path), shown(path));
    let label = lang::kept(|| tr!("Renaming {path} to {new}", path = old, new));
    let kind = OpKind::RenameMailbox {
        name: mailbox.name.clone(),
        to,
    };
    Ok(Ok(planned(&mailbox.account, label, vec![kind], true)))
}

/// A mailbox as it is known, with no more in it than the user was told.
fn seen(reader: &Reader, id: MailboxId, told: Option<u64>) -> Result<Option<AsSeen>> {
    let seen = reader.as_seen(id)?;
    Ok(seen.zip(told).map(|(seen, told)| AsSeen {
        messages: seen.messages.min(told),
        ..seen
    }))
}

fn delete(mailbox: &Mailbox, seen: Option<AsSeen>) -> std::result::Result<Planned, String> {
    if is_inbox(mailbox) {
        return Err(tr!("The inbox can't be deleted").to_owned());
    }
    let kind = OpKind::DeleteMailbox {
        name: mailbox.name.clone(),
        seen,
    };
    let path = shown(&mailbox.path);
    let label = lang::kept(|| tr!("Deleting the mailbox {path}", path));
    Ok(planned(&mailbox.account, label, vec![kind], false))
}

fn is_inbox(mailbox: &Mailbox) -> bool {
    mailbox.name.as_bytes().eq_ignore_ascii_case(b"INBOX")
}

/// The name on the wire of a mailbox that is not there yet; or why there can be none.
fn free_name(
    reader: &Reader,
    account: &AccountName,
    path: &str,
) -> Result<std::result::Result<MailboxName, String>> {
    let all = reader.mailboxes_of(account)?;
    let (prefix, told) = match reader.namespace(account)? {
        Some(told) => told,
        None => (reader.own_name(account, "")?.as_bytes().to_vec(), None),
    };
    let delimiter = told.or_else(|| all.iter().find_map(|m| m.delimiter));
    let name = match on_the_wire(path, delimiter, &prefix) {
        Ok(name) => name,
        Err(why) => return Ok(Err(why)),
    };
    let taken = all.iter().find(|m| m.name == name);
    Ok(match taken {
        Some(mailbox) => Err(tr!("{path} is there already", path = shown(&mailbox.path))),
        None if name.as_bytes().eq_ignore_ascii_case(b"INBOX") => {
            Err(tr!("There is an inbox already").to_owned())
        }
        None => Ok(name),
    })
}

/// A mailbox's name on the wire, of its place as text: levels separated by `/`, below `prefix`
/// unless it says so itself; or why it can't be one.
pub fn on_the_wire(
    path: &str,
    delimiter: Option<char>,
    prefix: &[u8],
) -> std::result::Result<MailboxName, String> {
    let path = path.trim();
    if path.is_empty() {
        return Err(tr!("A mailbox needs a name").to_owned());
    }
    if path.chars().any(char::is_control) {
        return Err(tr!("A mailbox's name has no control characters").to_owned());
    }
    let levels: Vec<&str> = match delimiter {
        Some(_) => path.split('/').collect(),
        None => vec![path],
    };
    if levels.iter().any(|level| level.trim().is_empty()) {
        return Err(tr!(
            "`{path}` has a level without a name",
            path = shown(path)
        ));
    }
    let mut name: Vec<u8> = Vec::new();
    for (n, level) in levels.iter().enumerate() {
        // As it is shown where a level holds the sign itself.
        let level = level.replace('\u{2215}', "/");
        if let Some(delimiter) = delimiter {
            if level.contains(delimiter) {
                return Err(tr!(
                    "`{delimiter}` separates levels on this server; write / for that",
                    delimiter
                ));
            }
            if n > 0 {
                name.extend(delimiter.to_string().into_bytes());
            }
        }
        name.extend(encode(&level));
    }
    let below = name
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if !below {
        name = [prefix, &name].concat();
    }
    if name.len() > LONGEST {
        return Err(tr!("That name is too long").to_owned());
    }
    Ok(MailboxName::new(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name;
    use proptest::prelude::*;

    fn wire(path: &str, delimiter: Option<char>, prefix: &str) -> Option<String> {
        let name = on_the_wire(path, delimiter, prefix.as_bytes()).ok()?;
        Some(String::from_utf8_lossy(name.as_bytes()).into_owned())
    }

    #[test]
    fn names_as_servers_spell_them() {
        for (path, delimiter, prefix, expected) in [
            ("Work", Some('/'), "", Some("Work")),
            ("Work/2024", Some('.'), "", Some("Work.2024")),
            ("Work/2024", Some('.'), "INBOX.", Some("INBOX.Work.2024")),
            ("INBOX/Work", Some('.'), "INBOX.", Some("INBOX.Work")),
            ("Entwürfe", Some('/'), "", Some("Entw&APw-rfe")),
            ("仕事/A&B", Some('/'), "", Some("&TtVOiw-/A&-B")),
            ("a/b", None, "", Some("a/b")),
            ("v1.2", Some('.'), "", None),
            ("a\u{2215}b", Some('.'), "", Some("a/b")),
            ("a\u{2215}b", Some('/'), "", None),
            ("", Some('/'), "", None),
            ("a//b", Some('/'), "", None),
            ("/a", Some('/'), "", None),
            ("a\r\nb", Some('/'), "", None),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(wire(path, delimiter, prefix), expected, "{path}");
        }
        assert_eq!(wire(&"a".repeat(1001), None, ""), None);
    }

    proptest! {
        #[test]
        fn what_is_made_is_shown_as_it_was_asked_for(path in "[a-zé仕& .!%*]{1,12}(/[a-zé仕&]{1,8}){0,2}") {
            if let Ok(name) = on_the_wire(&path, Some('/'), b"") {
                prop_assert_eq!(name::path(&name, Some(b'/')), path.trim());
            }
        }
    }
}
