//! What an action comes to before it is recorded, and what all plans need: which mailbox is meant by a
//! role, and how many messages there were. Reads the cache, changes nothing.

use crate::model::{AccountName, LocationId, MailboxName, MessageKey, NewOp, OpKind, Role};
use crate::store::{Reader, ResolvedTarget, Result};
use std::collections::HashSet;

/// What an action comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// The operations, each for one source mailbox of one account.
    pub ops: Vec<NewOp>,
    /// What happened, for a toast.
    pub label: String,
    /// The locations that leave their mailbox.
    pub gone: Vec<LocationId>,
    /// Whether it can be taken back.
    pub undoable: bool,
}

impl Planned {
    /// Messages that operations name, each once.
    pub fn ops_on_messages(&self) -> usize {
        let keys: HashSet<&MessageKey> = self.ops.iter().flat_map(|op| &op.keys).collect();
        keys.len()
    }
}

/// Adds what is done to one message.
pub fn add(ops: &mut Vec<NewOp>, target: &ResolvedTarget, kind: OpKind) {
    NewOp::put(ops, &target.account, kind, target.key.clone());
}

/// So many messages, in words.
pub fn messages(n: usize) -> String {
    if n == 1 {
        "1 message".to_owned()
    } else {
        format!("{n} messages")
    }
}

/// The account's mailbox of a role; with an operation that makes it where there is none.
///
/// # Errors
/// When the cache can't be read.
pub fn place(
    reader: &Reader,
    account: &AccountName,
    role: Role,
    ops: &mut Vec<NewOp>,
) -> Result<MailboxName> {
    if let Some(mailbox) = reader.role_mailbox(account, role)? {
        return Ok(mailbox.name);
    }
    // Gmail's archive is All Mail: what leaves the inbox stays there.
    if role == Role::Archive
        && let Some(all) = reader.role_mailbox(account, Role::All)?
    {
        return Ok(all.name);
    }
    let leaf = match role {
        Role::Archive => "Archive",
        Role::Junk => "Junk",
        _ => "Trash",
    };
    let name = reader.own_name(account, leaf)?;
    let kind = OpKind::CreateMailbox { name: name.clone() };
    ops.push(NewOp {
        account: account.clone(),
        kind,
        keys: Vec::new(),
    });
    Ok(name)
}

/// The account's own mailbox of that name (ASCII) at the top level; with an operation that makes it
/// where there is none.
///
/// # Errors
/// When the cache can't be read.
pub fn own_mailbox(
    reader: &Reader,
    account: &AccountName,
    leaf: &str,
    ops: &mut Vec<NewOp>,
) -> Result<MailboxName> {
    let name = reader.own_name(account, leaf)?;
    if reader.mailbox_named(account, &name)?.is_none() {
        ops.push(NewOp {
            account: account.clone(),
            kind: OpKind::CreateMailbox { name: name.clone() },
            keys: Vec::new(),
        });
    }
    Ok(name)
}
