//! What taking an action back would do, in lines: which messages go where, and which stay as they
//! are, and why. Read from both databases, on the reader thread.

use crate::lang::{tr, trn};
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
            let n = step.keys.len();
            let line = trn!(n, "{what}: {n} message", "{what}: {n} messages", what);
            lines.push(Clean::line(&line));
            let keys = step.keys.iter().map(|key| (&step.account, key));
            named(cache, keys.collect(), &mut lines)?;
        }
        if let Some((_, _, why)) = would.hindered.first() {
            let stay = trn!(
                n = would.hindered.len(),
                "stay as they are, {why}: {n} message",
                "stay as they are, {why}: {n} messages",
                why = why.words(now)
            );
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
            || tr!("(not here any more)").to_owned(),
            |m| m.envelope.subject.clone(),
        );
        let subject = match subject.trim() {
            "" => tr!("(no subject)"),
            subject => subject,
        };
        lines.push(Clean::line(&format!("· {subject}")));
    }
    if keys.len() > NAMED {
        let n = keys.len() - NAMED;
        lines.push(Clean::line(&trn!(n, "· and {n} more", "· and {n} more")));
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
            Some(from) => tr!("{from} to {to}", from = path(from)?, to = path(to)?),
            None => tr!("back to {mailbox}", mailbox = path(to)?),
        },
        OpKind::Copy { to } => tr!("no copy in {mailbox}", mailbox = path(to)?),
        OpKind::Carry { to, .. } => tr!("between accounts, {mailbox}", mailbox = path(to)?),
        OpKind::Expunge | OpKind::Vacate => tr!("the copies are removed").to_owned(),
        OpKind::RenameMailbox { name, to } => {
            tr!("{from} to {to}", from = path(name)?, to = path(to)?)
        }
        OpKind::SubscribeMailbox { name, .. } => path(name)?,
        OpKind::CreateMailbox { .. } | OpKind::DeleteMailbox { .. } => String::new(),
    })
}

/// A change of flags in words.
fn flags(change: &FlagChange) -> String {
    let named = |add: bool, flags: &crate::model::Flags| {
        let system = [
            (System::SEEN, tr!("mark read"), tr!("mark unread")),
            (
                System::FLAGGED,
                tr!("set the star"),
                tr!("take the star away"),
            ),
            (
                System::ANSWERED,
                tr!("mark answered"),
                tr!("mark unanswered"),
            ),
            (
                System::DELETED,
                tr!("mark deleted"),
                tr!("take the mark deleted away"),
            ),
            (
                System::DRAFT,
                tr!("mark as draft"),
                tr!("take the mark draft away"),
            ),
        ];
        let set = system
            .into_iter()
            .filter(|(bit, ..)| flags.system.has(*bit));
        let mut words: Vec<String> = set
            .map(|(_, on, off)| if add { on } else { off }.to_owned())
            .collect();
        words.extend(flags.keywords.iter().map(|name| match add {
            true => tr!("tag {name}", name),
            false => tr!("untag {name}", name),
        }));
        words
    };
    let all = [named(true, &change.add), named(false, &change.remove)].concat();
    all.join(tr!(", "))
}
