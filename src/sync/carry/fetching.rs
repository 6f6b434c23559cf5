//! What goes to another account and is not here yet, or may not be all of it, is fetched by the worker of
//! the account that it leaves.

use super::whole::{self, Proof};
use crate::model::{MessageKey, OpId, OpKind};
use crate::store::{ByKey, Local, Sent};
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use crate::sync::ondemand;

/// Fetches what is to go from this account to others and is not here yet, or may not be all of it, and
/// rings those.
///
/// # Errors
/// When the session ends or a database fails.
pub fn fetch(session: &mut Connection, kit: &Kit, local: &mut Local) -> Result<(), SyncError> {
    for op in local.read().carries_from(&kit.account.name)? {
        let sent = local.read().sent_of(op.id)?;
        let is_settled = |s: &Sent| s.uid.is_some() || s.stays.is_some();
        let (mut came, mut outcome) = (false, Ok(()));
        for (seq, key) in op.keys.iter().enumerate() {
            if kit.stopping() {
                return Err(SyncError::Stopping);
            }
            if sent.get(&seq).is_some_and(is_settled) {
                continue;
            }
            outcome = fetch_one(session, kit, local, (op.id, seq, key), &mut came);
            if outcome.is_err() {
                break;
            }
        }
        // What came before an error can go.
        if came && let OpKind::Carry { to, .. } = &op.kind {
            kit.peers.ring(&op.account, [to.clone()]);
        }
        outcome?;
    }
    Ok(())
}

/// The same of one message; `came`: it can go now, or stays for good.
fn fetch_one(
    session: &mut Connection,
    kit: &Kit,
    local: &mut Local,
    (op, seq, key): (OpId, usize, &MessageKey),
    came: &mut bool,
) -> Result<(), SyncError> {
    let reader = kit.reader()?;
    let here = || reader.by_key(&kit.account.name, key);
    if let ByKey::Here(known) = here()?
        && !known.is_whole
        && known.body_error.is_none()
    {
        ondemand::fetch(kit, session, known.message)?;
        *came = true;
    }
    let known = match here()? {
        ByKey::Here(known) if whole::is_short(&known) => known,
        _ => return Ok(()),
    };
    match whole::prove(session, kit, local, &known)? {
        Proof::Whole => *came = true,
        Proof::Later => {}
        Proof::Never(why, ended) => {
            local.carried_not(op, seq, &why)?;
            *came = true;
            if let Some(error) = ended {
                return Err(error.into());
            }
        }
    }
    Ok(())
}
