//! What is done once every message of a carry lies there, or stays where it is.

use super::{Carry, RECALLED};
use crate::lang::{self, trn};
use crate::model::{AccountName, MailboxName, MessageKey, Op};
use crate::store::{Local, LocalReader, Outcome, Priority};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::overlay;
use crate::text::{Clean, when};
use std::collections::BTreeMap;

impl Carry<'_> {
    /// Everything is settled: the removal on the other side is let go, the lists show what is, and
    /// what failed is told.
    pub(super) fn finish(self, local: &mut Local) -> Result<(), SyncError> {
        let (kit, op) = (self.kit, self.op.clone());
        let sent = local.read().sent_of(op.id)?;
        let failed = self.failed;
        let landed = local.landed(&op, &failed, when::now())?;
        let rest = |keys: &[MessageKey]| -> Vec<MessageKey> {
            let all = keys.iter().enumerate();
            all.filter(|(seq, _)| !failed.contains_key(seq))
                .map(|(_, key)| key.clone())
                .collect()
        };
        let arrived = Op {
            keys: rest(&op.keys),
            ..op.clone()
        };
        let copied = op.keys.iter().enumerate().filter_map(|(seq, key)| {
            let sent = sent.get(&seq).filter(|_| !failed.contains_key(&seq))?;
            Some((key.uid, sent.uidvalidity, sent.uid?))
        });
        let outcome = Outcome::Done {
            copied: copied.collect(),
        };
        let (was, vacate, inverse) = (landed.was, landed.vacate, landed.inverse);
        let touched = overlay::touched(&op);
        let sources: Vec<MailboxName> = op.keys.iter().map(|k| k.mailbox.clone()).collect();
        let (some, none) = (!failed.is_empty(), arrived.keys.is_empty());
        let from = self.from.clone();
        let source = sources.clone().into_iter().collect();
        let local = kit.stores.local.clone();
        let topics = kit.writer.run(Priority::Urgent, move |cache| {
            let local = LocalReader::open(&local)?;
            if some {
                // Only those that arrived are shown there from now on.
                cache.settle(op.id, &Outcome::Reverted)?;
                if let Some(was) = &was {
                    cache.settle(was.id, &Outcome::Reverted)?;
                }
                cache.apply(&arrived)?;
                if let Some(vacate) = vacate.as_ref().filter(|_| !none) {
                    cache.apply_waiting(vacate, |id| local.waits(id))?;
                }
            }
            cache.settle(op.id, &outcome)?;
            for op in &inverse {
                cache.apply_waiting(op, |id| local.waits(id))?;
            }
            let mut topics = overlay::topics(cache.read(), &op.account, &touched)?;
            topics.extend(overlay::topics(cache.read(), &from, &source)?);
            Ok(topics)
        })?;
        topics.into_iter().for_each(|topic| kit.changed(topic));
        kit.peers.ring(self.from, sources);
        tell(kit, self.from, &failed);
        Ok(())
    }
}

/// Says what stays where it is, and why.
fn tell(kit: &Kit, from: &AccountName, failed: &BTreeMap<usize, String>) {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for why in failed.values().filter(|why| *why != RECALLED) {
        *reasons.entry(why).or_default() += 1;
    }
    for (why, n) in reasons {
        let why = Clean::line(why);
        let line = trn!(
            n,
            "{n} message stays in {from}: {why}",
            "{n} messages stay in {from}: {why}",
            from,
            why = lang::of(why.as_str())
        );
        kit.report.notice(&line);
    }
}
