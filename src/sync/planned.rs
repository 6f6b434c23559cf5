//! What an action comes to before it is recorded, and what all plans need: which mailbox is meant by a
//! role, and what is told of so many messages. Reads the cache, changes nothing.

use crate::lang::{self, tr, trn};
use crate::model::{AccountName, LocationId, MailboxName, MessageKey, NewOp, OpKind, Role};
use crate::store::{Reader, ResolvedTarget, Result};
use std::collections::HashSet;

/// What an action comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// The operations, each for one source mailbox of one account.
    pub ops: Vec<NewOp>,
    /// What happened, for a toast and for the journal: [`kept`](lang::kept).
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

/// What is done to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// They are read from now on.
    Read,
    /// They are unread from now on.
    Unread,
    /// They get a star.
    Starred,
    /// They lose their star.
    Unstarred,
    /// They get a tag.
    Tagged,
    /// They lose a tag.
    Untagged,
    /// They get or lose other flags.
    Changed,
    /// They go to the archive.
    Archived,
    /// They go to the trash.
    Trashed,
    /// They are removed and can't be brought back.
    Deleted,
    /// They go to junk.
    Junked,
    /// They come back from junk.
    NotJunk,
    /// They get another mailbox.
    Moved,
    /// They get another mailbox, too.
    Copied,
}

impl What {
    /// So many of them, as what was done is told; [`kept`](lang::kept).
    pub fn label(self, n: usize) -> String {
        lang::kept(|| self.words(n))
    }

    /// What is told where nothing had to be done.
    fn nothing(self) -> &'static str {
        match self {
            What::Archived
            | What::Trashed
            | What::Junked
            | What::NotJunk
            | What::Moved
            | What::Copied => tr!("Nothing was moved: it is there already"),
            _ => tr!("Nothing was changed"),
        }
    }

    fn words(self, n: usize) -> String {
        if n == 0 {
            return self.nothing().to_owned();
        }
        match self {
            What::Read => trn!(n, "Marked read: {n} message", "Marked read: {n} messages"),
            What::Unread => trn!(
                n,
                "Marked unread: {n} message",
                "Marked unread: {n} messages"
            ),
            What::Starred => trn!(n, "Starred {n} message", "Starred {n} messages"),
            What::Unstarred => trn!(n, "Unstarred {n} message", "Unstarred {n} messages"),
            What::Tagged => trn!(n, "Tagged {n} message", "Tagged {n} messages"),
            What::Untagged => trn!(n, "Untagged {n} message", "Untagged {n} messages"),
            What::Changed => trn!(
                n,
                "Changed flags of {n} message",
                "Changed flags of {n} messages"
            ),
            What::Archived => trn!(n, "Archived {n} message", "Archived {n} messages"),
            What::Trashed => trn!(
                n,
                "Moved to trash: {n} message",
                "Moved to trash: {n} messages"
            ),
            What::Deleted => trn!(
                n,
                "Deleted {n} message for good",
                "Deleted {n} messages for good"
            ),
            What::Junked => trn!(
                n,
                "Moved to junk: {n} message",
                "Moved to junk: {n} messages"
            ),
            What::NotJunk => trn!(
                n,
                "Not junk, moved to the inbox: {n} message",
                "Not junk, moved to the inbox: {n} messages"
            ),
            What::Moved => trn!(n, "Moved {n} message", "Moved {n} messages"),
            What::Copied => trn!(n, "Copied {n} message", "Copied {n} messages"),
        }
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
    own_mailbox(reader, account, leaf, ops)
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
    let known = reader.mailbox_named(account, &name)?;
    if known.is_none_or(|mailbox| !mailbox.selectable) {
        ops.push(NewOp {
            account: account.clone(),
            kind: OpKind::CreateMailbox { name: name.clone() },
            keys: Vec::new(),
        });
    }
    Ok(name)
}
