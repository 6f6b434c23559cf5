//! What goes to another account and is not here yet, or may not be all of it, is fetched by the worker of
//! the account that it leaves.

use super::whole::{self, Proof};
use crate::model::{MessageKey, Op, OpId, OpKind};
use crate::net::NetError;
use crate::store::{ByKey, Local, Reader, Sent};
use crate::sync::error::SyncError;
use crate::sync::kit::{Connection, Kit};
use crate::sync::ondemand;
use std::collections::BTreeSet;

/// So many connections may end one behind the other without an answer between them.
const BARREN: u32 = 6;
/// So many messages in a row may be put off; a server that puts off more of them is in trouble.
const PUT_OFF: u32 = 4;

/// Fetches what is to go from this account to others and is not here yet, or may not be all of it, and
/// rings those.
///
/// # Errors
/// When the session ends, and not because of some message; when a database fails.
pub fn fetch(session: &mut Connection, kit: &Kit, local: &mut Local) -> Result<(), SyncError> {
    let all = local.read().carries_from(&kit.account.name)?;
    let reader = kit.reader()?;
    let mut turn = Turn::default();
    for behind in [false, true] {
        for op in &all {
            if turn.put_off > PUT_OFF {
                return Ok(());
            }
            let mut came = false;
            let outcome = turn.operation(session, kit, (local, &reader), (op, behind), &mut came);
            // What came before an error can go.
            if came && let OpKind::Carry { to, .. } = &op.kind {
                kit.peers.ring(&op.account, [to.clone()]);
            }
            outcome?;
        }
    }
    Ok(())
}

/// What is to be remembered while messages are asked for.
#[derive(Default)]
struct Turn {
    /// Those at which a connection ended another day: they come behind all others, so that the others
    /// are asked for.
    late: BTreeSet<(OpId, usize)>,
    /// Connections that ended in a row.
    barren: u32,
    /// Messages that were put off in a row.
    put_off: u32,
}

impl Turn {
    /// One operation; `behind`: only those that come behind the others. `came`: some can go now, or stay
    /// for good.
    fn operation(
        &mut self,
        session: &mut Connection,
        kit: &Kit,
        (local, reader): (&mut Local, &Reader),
        (op, behind): (&Op, bool),
        came: &mut bool,
    ) -> Result<(), SyncError> {
        let sent = local.read().sent_of(op.id)?;
        let is_settled = |s: &Sent| s.uid.is_some() || s.stays.is_some();
        for (seq, key) in op.keys.iter().enumerate() {
            if kit.stopping() {
                return Err(SyncError::Stopping);
            }
            let is_late = self.late.contains(&(op.id, seq));
            if is_late != behind || sent.get(&seq).is_some_and(is_settled) {
                continue;
            }
            self.one(session, kit, (&mut *local, reader), (op.id, seq, key), came)?;
            if self.put_off > PUT_OFF {
                break;
            }
        }
        Ok(())
    }

    /// One message; `came`: it can go now, or stays for good.
    fn one(
        &mut self,
        session: &mut Connection,
        kit: &Kit,
        (local, reader): (&mut Local, &Reader),
        (op, seq, key): (OpId, usize, &MessageKey),
        came: &mut bool,
    ) -> Result<(), SyncError> {
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
        if whole::ended_before(local, known.message)? && self.late.insert((op, seq)) {
            return Ok(());
        }
        match whole::prove(session, kit, local, &known)? {
            Proof::Unasked => {}
            Proof::PutOff => {
                self.barren = 0;
                self.put_off += 1;
            }
            Proof::Ended(error, over) => {
                if over {
                    local.carried_not(op, seq, &error.to_string())?;
                    *came = true;
                }
                self.another(session, error)?;
            }
            Proof::Whole => {
                self.answered();
                *came = true;
            }
            Proof::Short => self.answered(),
            Proof::Never(why) => {
                self.answered();
                local.carried_not(op, seq, &why)?;
                *came = true;
            }
        }
        Ok(())
    }

    /// The server told something of a message.
    fn answered(&mut self) {
        (self.barren, self.put_off) = (0, 0);
    }

    /// A connection ended at a message: the others are asked for over a new one, unless it is the server.
    fn another(&mut self, session: &mut Connection, error: NetError) -> Result<(), SyncError> {
        self.barren += 1;
        if self.barren > BARREN {
            return Err(error.into());
        }
        session.dial_again()
    }
}
