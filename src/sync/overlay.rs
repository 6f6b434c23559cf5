//! Operations laid over the cache, so that lists show what is to be before any server knows it, and
//! taken off it again. The row in `local.db` comes first; a start lays all that is pending anew.

use crate::model::{AccountName, MailboxName, Op, OpKind};
use crate::signal::{Board, Topic};
use crate::store::{self, LocalReader, Outcome, Priority, Reader, Writer};
use crate::sync::error::SyncError;
use crate::sync::host::Host;
use crate::sync::kit::Stores;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What [`lay`] needs of its caller.
pub struct Layer<'a> {
    /// Who writes the cache.
    pub writer: &'a Writer,
    /// Where the databases are.
    pub stores: &'a Stores,
    /// Whom to tell.
    pub board: &'a Arc<Board>,
    /// The other processes.
    pub host: &'a Arc<dyn Host>,
}

/// Lays operations over the cache (and takes others off it) without waiting, then tells the board
/// and the other processes. An operation that its server has answered meanwhile is left out: its
/// effect is the server's state already.
///
/// # Errors
/// When the cache writer has ended.
pub fn lay(means: &Layer<'_>, revert: Vec<Op>, apply: Vec<Op>) -> Result<(), SyncError> {
    let (board, host) = (Arc::clone(means.board), Arc::clone(means.host));
    let local = means.stores.local.clone();
    means.writer.post(Priority::Urgent, move |cache| {
        for op in &revert {
            cache.settle(op.id, &Outcome::Reverted)?;
        }
        let local = LocalReader::open(&local)?;
        for op in &apply {
            if local.waits(op.id)? {
                cache.apply(op)?;
            }
        }
        for op in revert.iter().chain(&apply) {
            for topic in topics(cache.read(), &op.account, &touched(op))? {
                board.post(topic);
            }
        }
        host.nudge();
        host.changed();
        Ok(())
    })?;
    Ok(())
}

/// The mailboxes whose lists an operation changes.
pub fn touched(op: &Op) -> BTreeSet<MailboxName> {
    // What is carried lies in another account.
    let own = !matches!(op.kind, OpKind::Carry { .. });
    let keys = op.keys.iter().filter(|_| own);
    let mut names: BTreeSet<_> = keys.map(|k| k.mailbox.clone()).collect();
    if let OpKind::Move { to } | OpKind::Copy { to } | OpKind::Carry { to, .. } = &op.kind {
        names.insert(to.clone());
    }
    names
}

/// What has to be read again where these mailboxes of an account are shown.
///
/// # Errors
/// When the cache can't be read.
pub fn topics(
    reader: &Reader,
    account: &AccountName,
    touched: &BTreeSet<MailboxName>,
) -> store::Result<Vec<Topic>> {
    let mut topics = vec![Topic::Mailboxes];
    for name in touched {
        let mailbox = reader.mailbox_named(account, name)?;
        topics.extend(mailbox.map(|mailbox| Topic::Mailbox(mailbox.id)));
    }
    Ok(topics)
}
