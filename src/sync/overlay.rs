//! Operations laid over the cache, so that lists show what is to be before any server knows it, and
//! taken off it again. The row in `local.db` comes first; a start lays all that is pending anew, and a
//! turn that brought messages what is pending of these.

use crate::model::{AccountName, MailboxName, MessageKey, Op, OpKind};
use crate::signal::{Board, Topic};
use crate::store::{self, LocalReader, Outcome, Priority, Reader, Writer};
use crate::sync::error::SyncError;
use crate::sync::host::Host;
use crate::sync::kit::{Kit, Stores};
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

impl Layer<'_> {
    /// What an account's worker has of it.
    pub fn of(kit: &Kit) -> Layer<'_> {
        Layer {
            writer: &kit.writer,
            stores: &kit.stores,
            board: &kit.board,
            host: &kit.host,
        }
    }
}

/// Messages of one operation that are laid over the cache in one transaction: others who write, and
/// whoever looks, need not wait for ten thousand.
const PIECE: usize = 500;

/// Lays operations over the cache (and takes others off it) without waiting, then tells the board
/// and the other processes. An operation that its server has answered meanwhile is left out: its
/// effect is the server's state already. What is about many messages is done in pieces, each of
/// which can be seen at once.
///
/// # Errors
/// When the cache writer has ended.
pub fn lay(means: &Layer<'_>, revert: Vec<Op>, apply: Vec<Op>) -> Result<(), SyncError> {
    let many = |op: &Op| op.keys.len() > PIECE;
    if !revert.iter().chain(&apply).any(many) {
        return piece(means, revert, apply);
    }
    for op in revert {
        // Its keys are of one mailbox.
        let first = op.keys.get(..1).unwrap_or_default();
        for _ in op.keys.chunks(PIECE).skip(1) {
            take_off(means, part(&op, first))?;
        }
        piece(means, vec![op], Vec::new())?;
    }
    for op in apply {
        if !many(&op) {
            piece(means, Vec::new(), vec![op])?;
            continue;
        }
        for keys in op.keys.chunks(PIECE) {
            piece(means, Vec::new(), vec![part(&op, keys)])?;
        }
    }
    Ok(())
}

/// The operation, of these messages alone.
fn part(op: &Op, keys: &[MessageKey]) -> Op {
    Op {
        id: op.id,
        action: op.action,
        account: op.account.clone(),
        kind: op.kind.clone(),
        keys: keys.to_vec(),
        state: op.state,
        attempts: op.attempts,
        error: op.error.clone(),
    }
}

/// Takes a piece of an operation off the cache.
fn take_off(means: &Layer<'_>, op: Op) -> Result<(), SyncError> {
    let (board, host) = (Arc::clone(means.board), Arc::clone(means.host));
    means.writer.post(Priority::Urgent, move |cache| {
        cache.take_off(op.id, PIECE)?;
        for topic in topics(cache.read(), &op.account, &touched(&op))? {
            board.post(topic);
        }
        host.changed();
        Ok(())
    })?;
    Ok(())
}

fn piece(means: &Layer<'_>, revert: Vec<Op>, apply: Vec<Op>) -> Result<(), SyncError> {
    let (board, host) = (Arc::clone(means.board), Arc::clone(means.host));
    let local = means.stores.local.clone();
    means.writer.post(Priority::Urgent, move |cache| {
        for op in &revert {
            cache.settle(op.id, &Outcome::Reverted)?;
        }
        let local = LocalReader::open(&local)?;
        for op in &apply {
            cache.apply_waiting(op, |id| local.waits(id))?;
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

/// Lays what is pending of an account over messages that came since it was laid: all of them where the
/// cache was made anew, or a mailbox read anew. Returns once that is done.
///
/// # Errors
/// When a database fails.
pub fn catch_up(means: &Layer<'_>, account: &AccountName) -> Result<(), SyncError> {
    let (local, account) = (means.stores.local.clone(), account.clone());
    let topics = means.writer.run(Priority::Batch, move |cache| {
        let local = LocalReader::open(&local)?;
        let late = cache.lay_missing(|| {
            let mut ops = local.all_pending()?;
            ops.retain(|op| op.account == account);
            Ok(ops)
        })?;
        let touched = late.iter().flat_map(touched).collect::<BTreeSet<_>>();
        match touched.is_empty() {
            true => Ok(Vec::new()),
            false => topics(cache.read(), &account, &touched),
        }
    })?;
    for topic in topics {
        means.board.post(topic);
    }
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
