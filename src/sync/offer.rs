//! What a mailbox of another account has to give: listed first, and fetched as far as the mailbox
//! that it comes to lacks it.

use crate::model::{Flags, MailboxName, System, Uid, UidSet, UidValidity};
use crate::net::imap::{Addition, Mode};
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::giving::{self, Given};
use crate::sync::held::Held;
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

/// What a message that is to be fetched gets with it, and its octets as far as they are known.
struct Wanted {
    flags: Flags,
    date: Option<i64>,
    size: u64,
}

/// The messages of a mailbox, listed and not fetched yet.
pub struct Offer {
    session: Connection,
    mailbox: MailboxName,
    validity: UidValidity,
    listed: Vec<Offered>,
    /// Those of which the server tells nothing but that they are there.
    unlisted: UidSet,
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
        let mut held = Held::new(&mut session, mailbox, selected.uidvalidity);
        let unlisted = known::list(&mut held, selected.exists, &mut |key, item| {
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
            mailbox: mailbox.clone(),
            validity: selected.uidvalidity,
            listed,
            unlisted,
        })
    }

    /// What its messages are known by in other mailboxes, as far as the server tells that.
    pub fn marks(&self) -> impl Iterator<Item = Mark> + '_ {
        self.listed.iter().map(|m| m.mark)
    }

    /// Offers only what was there then and is nowhere else: what came or was moved meanwhile is
    /// another mailbox's to give.
    pub fn only(&mut self, then: &(UidValidity, UidSet), elsewhere: &HashSet<Mark>) {
        let renumbered = then.0 != self.validity;
        self.listed
            .retain(|m| !elsewhere.contains(&m.mark) && (renumbered || then.1.contains(m.uid)));
        // Nothing tells whether those lie elsewhere, too: twice is better than nowhere.
        if !renumbered {
            self.unlisted = self.unlisted.and(&then.1);
        }
    }

    /// Whether there is nothing to give.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted.is_empty()
    }

    /// Gives nothing.
    pub fn hang_up(self) {
        self.session.hang_up();
    }

    /// Fetches what is not there yet and hands it over. `told` hears how many messages are done, of
    /// how many. What came before an error is sent on its way.
    ///
    /// # Errors
    /// When a session ends, and not because of some message.
    pub fn pour(
        mut self,
        intake: &mut Intake,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SyncError> {
        let total = self.listed.len() as u64 + self.unlisted.len();
        let (mut wanted, brought) = self.wanted(intake);
        let mut held = Held::new(&mut self.session, &self.mailbox, self.validity);
        if let Some(uid) = brought {
            held.gives(uid);
        }
        while !wanted.is_empty() {
            let given = giving::give(&mut held, &piece(&wanted), &mut |uid, given| {
                let Some(Wanted { flags, date, .. }) = wanted.remove(&uid) else {
                    return Ok(());
                };
                match given {
                    Given::Whole(bytes) => intake.take(Addition { flags, date, bytes })?,
                    Given::Not(why) => intake.pass_over(&why),
                    // What is gone meanwhile needs no copy.
                    Given::Gone => {}
                }
                Ok(())
            });
            if let Err(error) = given {
                let _ = intake.send();
                return Err(error);
            }
            told(total.saturating_sub(wanted.len() as u64), total);
        }
        self.session.hang_up();
        Ok(())
    }

    /// What is to be fetched: all but what the mailbox has already, as its list tells, and what is too
    /// long. And what may tell whether the server still gives any: the shortest of what was brought another
    /// day, or else the newest, as what can't be had may be the first that is asked for.
    fn wanted(&mut self, intake: &mut Intake) -> (BTreeMap<Uid, Wanted>, Option<Uid>) {
        let mut brought: Option<(u64, Uid)> = None;
        let fits = self.listed.iter().filter(|m| m.key.size <= LARGEST);
        let newest = fits.map(|m| m.uid).max();
        let mut alike: HashMap<Key, u32> = HashMap::new();
        for offered in &self.listed {
            // Where sizes tell nothing, those of another size look alike, too.
            *alike.entry(intake.seen_as(offered.key)).or_insert(0) += 1;
        }
        let mut wanted = BTreeMap::new();
        for m in std::mem::take(&mut self.listed) {
            // One that is not listed may be the same.
            let alone = self.unlisted.is_empty()
                && alike.get(&intake.seen_as(m.key)).is_none_or(|n| *n == 1);
            if alone && intake.has(m.key) {
                let this = (m.key.size, m.uid);
                brought = Some(brought.map_or(this, |other| other.min(this)));
                continue;
            }
            if m.key.size > LARGEST {
                intake.pass_over(giving::TOO_LONG);
                continue;
            }
            let (flags, date, size) = (m.flags, m.date, m.key.size);
            wanted.insert(m.uid, Wanted { flags, date, size });
        }
        for uid in self.unlisted.iter() {
            // Nobody knows how long they are: each is asked for alone.
            let size = OCTETS as u64;
            let (flags, date) = (Flags::default(), None);
            wanted.insert(uid, Wanted { flags, date, size });
        }
        (wanted, brought.map(|(_, uid)| uid).or(newest))
    }
}

/// The next of these that are asked for together.
fn piece(wanted: &BTreeMap<Uid, Wanted>) -> UidSet {
    let mut octets = 0u64;
    let fits = wanted.iter().take(TOGETHER).take_while(|(_, m)| {
        let before = octets;
        octets = octets.saturating_add(m.size);
        before == 0 || octets <= OCTETS as u64
    });
    fits.map(|(uid, _)| *uid).collect()
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
