//! What a mailbox of another account has to give: listed first, and fetched as far as the mailbox
//! that it comes to lacks it.

use crate::model::{Flags, MailboxName, System, Uid, UidSet, UidValidity};
use crate::net::imap::{Addition, Mode};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::intake::{Intake, LARGEST, OCTETS, TOGETHER};
use crate::sync::kit::{Connection, Kit};
use crate::sync::known::{self, Key};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a message is known by in every mailbox of its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(u64);

/// A message that is offered.
struct Offered {
    uid: Uid,
    key: Key,
    mark: Mark,
    flags: Flags,
    date: Option<i64>,
}

/// The messages of a mailbox, listed and not fetched yet.
pub struct Offer {
    session: Connection,
    validity: UidValidity,
    listed: Vec<Offered>,
}

/// The messages that a mailbox has at this moment, without a look at any.
///
/// # Errors
/// When a session can't be had or ends.
pub fn numbers(source: &Kit, mailbox: &MailboxName) -> Result<(UidValidity, UidSet), SyncError> {
    let mut session = source.dial(Rank::OnDemand, None)?;
    let validity = session.select(mailbox, Mode::ReadOnly)?.uidvalidity;
    let uids = session.uids_from(1)?;
    session.hang_up();
    Ok((validity, uids))
}

impl Offer {
    /// Lists a mailbox. All of it: a message that stands there twice, or that looks like another, is
    /// told from the other by its octets alone, wherever the second stands.
    ///
    /// # Errors
    /// When a session can't be had or ends.
    pub fn list(source: &Kit, mailbox: &MailboxName) -> Result<Offer, SyncError> {
        let mut session = source.dial(Rank::OnDemand, None)?;
        let selected = session.select(mailbox, Mode::ReadOnly)?;
        let mut listed = Vec::new();
        known::list(&mut session, selected.exists, &mut |key, item| {
            listed.push(Offered {
                uid: item.uid,
                key,
                mark: mark(key, item.identity.as_deref()),
                flags: Flags {
                    system: item.flags.system & !System::DELETED,
                    ..item.flags
                },
                date: item.internal_date,
            });
        })?;
        Ok(Offer {
            session,
            validity: selected.uidvalidity,
            listed,
        })
    }

    /// What its messages are known by in other mailboxes.
    pub fn marks(&self) -> impl Iterator<Item = Mark> + '_ {
        self.listed.iter().map(|m| m.mark)
    }

    /// Offers only what was there then and is nowhere else: what came or was moved meanwhile is
    /// another mailbox's to give.
    pub fn only(&mut self, then: &(UidValidity, UidSet), elsewhere: &HashSet<Mark>) {
        let renumbered = then.0 != self.validity;
        self.listed
            .retain(|m| !elsewhere.contains(&m.mark) && (renumbered || then.1.contains(m.uid)));
    }

    /// Whether there is nothing to give.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Gives nothing.
    pub fn hang_up(self) {
        self.session.hang_up();
    }

    /// Fetches what is not there yet and hands it over. `told` hears how many messages are done, of
    /// how many.
    ///
    /// # Errors
    /// When a session ends.
    pub fn pour(
        mut self,
        intake: &mut Intake,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError> {
        let total = self.listed.len() as u64;
        let mut alike: HashMap<Key, u32> = HashMap::new();
        for offered in &self.listed {
            // Where sizes tell nothing, those of another size look alike, too.
            *alike.entry(intake.seen_as(offered.key)).or_insert(0) += 1;
        }
        let mut wanted: BTreeMap<Uid, (Flags, Option<i64>, u64)> = BTreeMap::new();
        for m in std::mem::take(&mut self.listed) {
            let alone = alike.get(&intake.seen_as(m.key)).is_none_or(|n| *n == 1);
            if !(alone && intake.has(m.key)) {
                wanted.insert(m.uid, (m.flags, m.date, m.key.size));
            }
        }
        drop(alike);
        while !wanted.is_empty() {
            let mut octets = 0;
            let piece: UidSet = wanted
                .iter()
                .take(TOGETHER)
                .take_while(|(_, (_, _, size))| {
                    let before = octets;
                    octets += size;
                    before == 0 || octets <= OCTETS as u64
                })
                .map(|(uid, _)| *uid)
                .collect();
            self.give(&piece, &mut wanted, intake)?;
            told(total.saturating_sub(wanted.len() as u64), total);
        }
        self.session.hang_up();
        Ok(())
    }

    /// Hands these over; none of them is wanted afterwards.
    fn give(
        &mut self,
        piece: &UidSet,
        wanted: &mut BTreeMap<Uid, (Flags, Option<i64>, u64)>,
        intake: &mut Intake,
    ) -> Result<(), SyncError> {
        let mut came = Vec::new();
        self.session
            .fetch_bodies(piece, LARGEST, &mut |uid, body| {
                came.push((uid, body));
                Ok(())
            })?;
        self.session.tally();
        let mut asked: Vec<Uid> = piece.iter().collect();
        for (uid, body) in came {
            asked.retain(|u| *u != uid);
            let Some((flags, date, _)) = wanted.remove(&uid) else {
                continue;
            };
            if body.complete {
                let bytes = body.bytes;
                intake.take(Addition { flags, date, bytes })?;
            } else {
                intake.pass_over("it is longer than 256 MB");
            }
        }
        // What is gone meanwhile needs no copy; what can't be given is told.
        let left: UidSet = asked.iter().copied().collect();
        let still = self.session.present(&left)?;
        for uid in asked {
            wanted.remove(&uid);
            if still.contains(uid) {
                intake.pass_over("the server does not give it");
            }
        }
        Ok(())
    }
}

/// Gmail's own name of a message is the same under every label. Others' names are not relied on: a
/// mailbox that shows other mailboxes may give names of its own.
fn mark(key: Key, identity: Option<&str>) -> Mark {
    let mut hash = Sha256::new();
    match identity.filter(|name| name.starts_with("gm:")) {
        Some(name) => hash.update(name),
        None => {
            hash.update(key.alike.to_le_bytes());
            hash.update(key.size.to_le_bytes());
        }
    }
    Mark(known::short(hash))
}
