//! `flag`, `move`, `archive`, `mute`, `snooze`, `delete`: queued durably, shown at once, carried out by a
//! running postrider or the next `sync`.

use super::exit::{self, Failure};
use super::home::{self, Home};
use super::outbox::time;
use super::say::say;
use super::{json, lists};
use crate::model::{FlagChange, Flags, Intent, System, Target, Verb, is_keyword, naming, tag};
use crate::text::Clean;
use anyhow::Result;
use serde_json::json;

/// What to do to a message.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// `+seen`, `-flagged`, `+keyword` …
    Flags(&'a [String]),
    /// To a mailbox by name or role, of this account if it is another one.
    Move(&'a str, Option<&'a str>),
    /// To the archive.
    Archive,
    /// To the trash.
    Delete,
    /// Mutes its conversation, or unmutes it.
    Mute,
    /// Puts its conversation off until a time, or brings it back: `now`.
    Snooze(&'a [String]),
}

/// Changes a message wherever it lies, or only in one mailbox.
///
/// # Errors
/// An unknown message, mailbox or flag; a database that can't be written.
pub fn change(
    home: &Home,
    as_json: bool,
    id: &str,
    mailbox: Option<&str>,
    change: &Change<'_>,
) -> Result<u8> {
    let message = home::message_id(id)?;
    let reader = home.reader()?;
    let Some(row) = reader.message(message)? else {
        return Err(Failure::new(exit::NO_INPUT, format!("there is no message {id}")).into());
    };
    let mut places = row.places;
    if let Some(wanted) = mailbox {
        let is = |p: &crate::model::view::Place| p.path.eq_ignore_ascii_case(wanted);
        places.retain(is);
        if places.is_empty() {
            return Err(Failure::new(
                exit::NO_INPUT,
                format!("{id} is not in `{}`", wanted.escape_debug()),
            )
            .into());
        }
    } else if places.len() > 1
        && !matches!(change, Change::Flags(_) | Change::Mute | Change::Snooze(_))
    {
        let names: Vec<&str> = places.iter().map(|p| p.path.as_str()).collect();
        let told = format!("{id} is in {}; say which with -m", names.join(" and in "));
        return Err(Failure::new(exit::USAGE, told).into());
    }
    let verb = match change {
        Change::Flags(words) => Verb::Flag(flags(words)?),
        Change::Archive => Verb::Archive,
        Change::Delete => Verb::Trash,
        Change::Mute => Verb::Mute,
        Change::Snooze(words) => match words.join(" ").as_str() {
            "now" => Verb::Snooze(None),
            words => Verb::Snooze(Some(time(words)?)),
        },
        Change::Move(to, account) => {
            let own = places.first().map(|p| p.account.as_str());
            Verb::Move(lists::find_mailbox(home, &reader, to, account.or(own))?.id)
        }
    };
    let targets = places
        .iter()
        .map(|p| Target::Location(p.location))
        .collect();
    report(home, as_json, Intent::Act { verb, targets })
}

/// Carries an intent out, and tells what was recorded.
///
/// # Errors
/// Why it can't be done.
pub fn report(home: &Home, as_json: bool, intent: Intent) -> Result<u8> {
    let done = home.carry_out(intent, exit::NO_INPUT)?;
    if as_json {
        // It is done: whoever hears otherwise would undo the next one, too.
        let _ = json::print(json!({ "done": done.label, "undoable": done.undoable }));
    } else {
        say!("{}", Clean::line(&done.label));
    }
    Ok(0)
}

fn flags(words: &[String]) -> Result<FlagChange> {
    let mut change = FlagChange::default();
    for word in words {
        let (set, name) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
            (Some(name), _) => (&mut change.add, name),
            (_, Some(name)) => (&mut change.remove, name),
            _ => {
                let told = format!(
                    "`{}`: write +flag to set and -flag to clear",
                    word.escape_debug()
                );
                return Err(Failure::new(exit::USAGE, told).into());
            }
        };
        insert(set, name)?;
        if word.starts_with('-') && naming::five_called(name).is_some() && is_word(name) {
            change.remove.keywords.insert(name.to_owned());
        }
    }
    Ok(change)
}

fn insert(set: &mut Flags, name: &str) -> Result<()> {
    let bare = name.trim_start_matches('\\');
    let system = System::ALL
        .iter()
        .find(|(_, wire)| wire.trim_start_matches('\\').eq_ignore_ascii_case(bare));
    match system {
        Some((System::DELETED, _)) => {
            Err(Failure::new(exit::USAGE, "to delete, say `postrider delete`").into())
        }
        Some((bit, _)) => {
            set.system = set.system | *bit;
            Ok(())
        }
        None => {
            let told = || {
                let name = name.escape_debug();
                format!("`{name}` is no flag: seen, flagged, answered, draft, or a keyword")
            };
            let keyword = keyword(name).ok_or_else(|| Failure::new(exit::USAGE, told()))?;
            set.keywords.insert(keyword);
            Ok(())
        }
    }
}

/// The keyword that a word stands for, if there can be one.
fn keyword(name: &str) -> Option<String> {
    let key = naming::key_of(name);
    // A tag by its name is written as other programs do, and goes however it was written.
    let known = key.is_some() || naming::five_called(name).is_some();
    if let Some(keyword) = tag::keyword(name, false).ok().filter(|_| known) {
        return Some(keyword);
    }
    // What no keyword can be is a label.
    if let Some(key) = key {
        return Some(tag::of_label(&key));
    }
    // A label as it is listed.
    let label = || tag::label(name).is_some_and(|label| tag::of_label(&label) == name);
    let listed = name.len() <= 256 && label();
    (listed || is_word(name)).then(|| name.to_owned())
}

/// Whether a keyword can be written so.
fn is_word(name: &str) -> bool {
    name.len() <= 64 && is_keyword(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_change() {
        let words = ["+Seen", "-\\Flagged", "+label:Tax%202024"].map(str::to_owned);
        let change = flags(&words).unwrap();
        assert_eq!(change.add.to_wire(), ["\\Seen", "label:Tax%202024"]);
        assert_eq!(change.remove.to_wire(), ["\\Flagged"]);
        let words = ["+important", "+To Do", "+$Label5", "-work"].map(str::to_owned);
        let change = flags(&words).unwrap();
        assert_eq!(change.add.to_wire(), ["$label1", "$label4", "$label5"]);
        assert_eq!(change.remove.to_wire(), ["$label2", "work"]);
        let named = naming::Named {
            key: "Tax 2024".to_owned(),
            name: "Taxes".to_owned(),
        };
        let words = ["+taxes".to_owned()];
        let change = naming::during(vec![named], || flags(&words).unwrap());
        assert_eq!(change.add.to_wire(), ["label:Tax%202024"]);
        for bad in [
            "seen",
            "+",
            "+a b",
            "+\\Weird",
            "+deleted",
            "+x\r\n",
            "+é",
            "+label:%",
            "+label:a b",
        ] {
            assert!(flags(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
