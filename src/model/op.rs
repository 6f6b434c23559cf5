//! Operations: the only way to change mail on a server. Values first, rows in `local.db` next,
//! commands on the wire last.

use super::{AccountName, ActionId, FlagChange, MailboxName, MessageId, OpId, Uid, UidValidity};

/// The natural key of a message on a server, as `local.db` keeps it: it outlives the cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageKey {
    /// The mailbox that it was in when the user acted.
    pub mailbox: MailboxName,
    /// The UIDVALIDITY that `uid` belongs to.
    pub uidvalidity: UidValidity,
    /// Its UID there.
    pub uid: Uid,
    /// Its Message-ID, to find it again when the UID is void or was moved without COPYUID.
    pub message_id: Option<MessageId>,
    /// Its size in octets (RFC822.SIZE), a second witness beside the Message-ID.
    pub size: u64,
}

/// What an operation does to its messages (or to the account).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpKind {
    /// Sets and clears flags.
    Store(FlagChange),
    /// Moves to another mailbox of the same account.
    Move {
        /// Where to.
        to: MailboxName,
    },
    /// Copies to another mailbox of the same account.
    Copy {
        /// Where to.
        to: MailboxName,
    },
    /// Removes for good, by UID EXPUNGE only.
    Expunge,
    /// Copies here what lies in a mailbox of another account: the messages' keys are of that one.
    Carry {
        /// The account that they lie in.
        from: AccountName,
        /// Where to, in the operation's own account.
        to: MailboxName,
    },
    /// Removes for good what the [`OpKind::Carry`] before it brings elsewhere. It waits until that
    /// is proved, and is an [`OpKind::Expunge`] from then on.
    Vacate,
    /// Creates a mailbox.
    CreateMailbox {
        /// Its name on the wire.
        name: MailboxName,
    },
    /// Gives a mailbox, and those below it, another name.
    RenameMailbox {
        /// Its name on the wire.
        name: MailboxName,
        /// The new one.
        to: MailboxName,
    },
    /// Deletes a mailbox and what is in it.
    DeleteMailbox {
        /// Its name on the wire.
        name: MailboxName,
        /// As the user saw it; `None` if it was never looked at.
        seen: Option<AsSeen>,
    },
    /// Subscribes to a mailbox, or ends that.
    SubscribeMailbox {
        /// Its name on the wire.
        name: MailboxName,
        /// Whether it begins.
        on: bool,
    },
}

/// What was known of a mailbox when the user said that it is to be deleted: what is another one, or
/// has more in it, is not what was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsSeen {
    /// The generation of its UIDs.
    pub uidvalidity: UidValidity,
    /// What came later has UIDs from here on.
    pub uidnext: u32,
    /// How many messages were in it, without those that were on their way out.
    pub messages: u64,
}

impl OpKind {
    /// Whether it is about mailboxes rather than messages.
    pub fn is_about_mailboxes(&self) -> bool {
        matches!(
            self,
            OpKind::CreateMailbox { .. }
                | OpKind::RenameMailbox { .. }
                | OpKind::DeleteMailbox { .. }
                | OpKind::SubscribeMailbox { .. }
        )
    }
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpState {
    /// Waiting for the worker.
    Pending,
    /// Sent, answer not known: must be probed before it is repeated.
    InFlight,
    /// Refused for good; undone on screen, kept with its reason for 30 days.
    Failed,
}

/// An operation that a user's action asks for, before it has a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOp {
    /// On which account.
    pub account: AccountName,
    /// What to do.
    pub kind: OpKind,
    /// To which messages; empty for operations on the account.
    pub keys: Vec<MessageKey>,
}

impl NewOp {
    /// Puts a message into that one of these operations which does the same to others of its mailbox
    /// and generation, or else into a new one.
    pub fn put(ops: &mut Vec<NewOp>, account: &AccountName, kind: OpKind, key: MessageKey) {
        let same = |op: &&mut NewOp| {
            op.account == *account
                && op.kind == kind
                && op
                    .keys
                    .first()
                    .is_some_and(|k| k.mailbox == key.mailbox && k.uidvalidity == key.uidvalidity)
        };
        match ops.iter_mut().find(same) {
            Some(op) => op.keys.push(key),
            None => ops.push(NewOp {
                account: account.clone(),
                kind,
                keys: vec![key],
            }),
        }
    }
}

/// An operation with its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Its row, ascending in the order of the user's actions.
    pub id: OpId,
    /// The user action that it is a part of.
    pub action: ActionId,
    /// On which account.
    pub account: AccountName,
    /// What to do.
    pub kind: OpKind,
    /// To which messages.
    pub keys: Vec<MessageKey>,
    /// Where it stands.
    pub state: OpState,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last, in the server's words.
    pub error: Option<String>,
}
