//! Why an operation can't be done, in words: the server's, or what it said beforehand of what it keeps.

use super::destination;
use crate::lang::{self, mark, tr};
use crate::model::{FlagChange, MailboxName, Op, OpKind, mark, tag};
use crate::net::error::NetError;
use crate::net::imap::{Selected, Session};
use crate::sync::kit::Kit;
use crate::text::Clean;
use std::collections::BTreeSet;

pub(super) fn told(kind: &OpKind, why: &str) -> String {
    match kind {
        OpKind::Store(_) => tr!("the server refused to change flags: {why}", why),
        OpKind::Move { .. } => tr!("the server refused to move: {why}", why),
        OpKind::Copy { .. } => tr!("the server refused to copy: {why}", why),
        OpKind::Expunge | OpKind::Vacate => tr!("the server refused to delete: {why}", why),
        OpKind::Carry { .. } => tr!("the server refused to take: {why}", why),
        OpKind::CreateMailbox { .. } => tr!("the server refused to create the mailbox: {why}", why),
        OpKind::RenameMailbox { .. } => tr!("the server refused to rename the mailbox: {why}", why),
        OpKind::DeleteMailbox { .. } => tr!("the mailbox was not deleted: {why}", why),
        OpKind::SubscribeMailbox { .. } => {
            tr!("the server refused to change the subscription: {why}", why)
        }
    }
}

/// Why an operation can't be done: the server's words, unless it is that a mailbox is gone.
pub(super) fn refusal(kit: &Kit, op: &Op, error: &NetError) -> String {
    let named = op
        .keys
        .iter()
        .map(|key| &key.mailbox)
        .chain(destination(op));
    let names: BTreeSet<String> = named.map(|name| label(kit, name)).collect();
    match error.no_such_mailbox() && !names.is_empty() {
        true => lang::kept(|| {
            let names = names.iter().cloned();
            let names = names.reduce(|before, last| tr!("{before} or {last}", before, last));
            tr!("{names} is gone there", names = names.unwrap_or_default())
        }),
        false => match error {
            // It is kept in two languages already.
            NetError::Unsendable(why) => why.clone(),
            _ => error.to_string(),
        },
    }
}

fn label(kit: &Kit, mailbox: &MailboxName) -> String {
    let reader = kit.reader().ok();
    let known = reader.and_then(|r| r.mailbox_named(&kit.account.name, mailbox).ok()?);
    known.map_or_else(
        || mailbox.as_bytes().escape_ascii().to_string(),
        |m| Clean::line(&m.path).to_string(),
    )
}

/// Why the mailbox would not keep the change, if the server said so beforehand.
pub(super) fn forbidden(session: &Session, selected: &Selected, op: &Op) -> Option<String> {
    let changes = matches!(
        &op.kind,
        OpKind::Store(_) | OpKind::Move { .. } | OpKind::Expunge
    );
    if selected.read_only && changes {
        return Some(mark!("the mailbox can only be read").to_owned());
    }
    let OpKind::Store(FlagChange { add, remove }) = &op.kind else {
        return None;
    };
    if selected.keywords || selected.permanent_flags.is_empty() {
        return None;
    }
    let kept = |keyword: &&String| {
        let label = keyword.starts_with("label:") && session.caps().has("X-GM-EXT-1");
        label
            || selected
                .permanent_flags
                .iter()
                .any(|f| f.eq_ignore_ascii_case(keyword))
    };
    // What was kept here is taken away here.
    let mine = remove.keywords.iter().filter(|word| mark::is_ours(word));
    let lost = add
        .keywords
        .iter()
        .chain(mine)
        .find(|keyword| !kept(keyword))?;
    Some(lang::kept(|| {
        let lost = tag::name(lost).unwrap_or_else(|| lost.clone());
        tr!("the server can't keep the tag {lost} there", lost)
    }))
}
