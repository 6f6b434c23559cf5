//! What taking an action back would do, in lines: which messages go where, and which stay as they
//! are, and why. Read from both databases, on the reader thread.

use crate::model::{AccountName, ActionId, FlagChange, MailboxName, MessageKey, OpKind, System};
use crate::store::{Error, Reader};
use crate::text::Clean;
use crate::tui::question::Preview;
use crate::tui::shelves::Shelves;

/// Actions that the journal shows.
pub const MOST: usize = 5_000;
/// Messages of a step that are named by their subjects.
const NAMED: usize = 4;

/// What taking an action back would do; `None` if it is forgotten.
///
/// # Errors
/// When a database can't be read.
pub fn preview(shelves: &mut Shelves, id: ActionId, now: i64) -> Result<Option<Preview>, Error> {
    let (cache, own) = shelves.both()?;
    let Some(past) = own.journal(MOST)?.into_iter().find(|p| p.id == id) else {
        return Ok(None);
    };
    let mut lines = Vec::new();
    if past.undoable {
        let is_gone =
            |account: &AccountName, key: &MessageKey| cache.is_gone(account, key).unwrap_or(false);
        let would = own.would_undo(id, &is_gone)?;
        for step in &would.steps {
            let from = step.keys.first().map(|key| &key.mailbox);
            let what = words(cache, &step.account, &step.kind, from)?;
            lines.push(Clean::line(&format!(
                "{what}: {}",
                messages(step.keys.len())
            )));
            let keys = step.keys.iter().map(|key| (&step.account, key));
            named(cache, keys.collect(), &mut lines)?;
        }
        if let Some((_, _, why)) = would.hindered.first() {
            let count = messages(would.hindered.len());
            let stay = format!("stay as they are, {}: {count}", why.words(now));
            lines.push(Clean::line(&stay));
            let keys = would
                .hindered
                .iter()
                .map(|(account, key, _)| (account, key));
            named(cache, keys.collect(), &mut lines)?;
        }
    }
    Ok(Some(Preview { past, lines }))
}

fn named(
    cache: &Reader,
    keys: Vec<(&AccountName, &MessageKey)>,
    lines: &mut Vec<Clean>,
) -> Result<(), Error> {
    for (account, key) in keys.iter().take(NAMED) {
        let message = cache.named(account, key)?;
        let message = message.map(|id| cache.message(id)).transpose()?.flatten();
        let subject = message.map_or_else(
            || "(not here any more)".to_owned(),
            |m| m.envelope.subject.clone(),
        );
        let subject = match subject.trim() {
            "" => "(no subject)",
            subject => subject,
        };
        lines.push(Clean::line(&format!("· {subject}")));
    }
    if keys.len() > NAMED {
        lines.push(Clean::line(&format!("· and {} more", keys.len() - NAMED)));
    }
    Ok(())
}

fn words(
    cache: &Reader,
    account: &AccountName,
    kind: &OpKind,
    from: Option<&MailboxName>,
) -> Result<String, Error> {
    let path = |name: &MailboxName| -> Result<String, Error> {
        let known = cache.mailbox_named(account, name)?;
        Ok(known.map_or_else(|| name.as_bytes().escape_ascii().to_string(), |m| m.path))
    };
    Ok(match kind {
        OpKind::Store(change) => flags(change),
        OpKind::Move { to } => match from.filter(|from| *from != to) {
            Some(from) => format!("{} to {}", path(from)?, path(to)?),
            None => format!("back to {}", path(to)?),
        },
        OpKind::Copy { to } => format!("no copy in {}", path(to)?),
        OpKind::Carry { to, .. } => format!("between accounts, {}", path(to)?),
        OpKind::Expunge | OpKind::Vacate => "the copies are removed".to_owned(),
        OpKind::RenameMailbox { name, to } => format!("{} to {}", path(name)?, path(to)?),
        OpKind::SubscribeMailbox { name, .. } => path(name)?,
        OpKind::CreateMailbox { .. } | OpKind::DeleteMailbox { .. } => String::new(),
    })
}

/// A change of flags in words.
fn flags(change: &FlagChange) -> String {
    let named = |add: bool, flags: &crate::model::Flags| {
        let system = [
            (System::SEEN, "mark read", "mark unread"),
            (System::FLAGGED, "set the star", "take the star away"),
            (System::ANSWERED, "mark answered", "mark unanswered"),
            (
                System::DELETED,
                "mark deleted",
                "take the mark deleted away",
            ),
            (System::DRAFT, "mark as draft", "take the mark draft away"),
        ];
        let set = system
            .into_iter()
            .filter(|(bit, ..)| flags.system.has(*bit));
        let mut words: Vec<String> = set
            .map(|(_, on, off)| if add { on } else { off }.to_owned())
            .collect();
        let tag = if add { "tag" } else { "untag" };
        words.extend(flags.keywords.iter().map(|k| format!("{tag} {k}")));
        words
    };
    let all = [named(true, &change.add), named(false, &change.remove)].concat();
    all.join(", ")
}

fn messages(n: usize) -> String {
    match n {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    }
}
