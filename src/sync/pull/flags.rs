//! Flags of a mailbox that is pulled: what changed where the server tells, or else all of them, the newest
//! first, as often as they are due.

use super::Run;
use crate::model::{ModSeq, UidSet};
use crate::net::imap::{Change, is_refusal};
use crate::sync::check;
use crate::sync::error::SyncError;
use crate::sync::told::FlagWriter;

/// Flags in one FETCH.
const FLAGS: u64 = 20_000;
/// Where no modification sequence tells which flags changed, those of so many of the newest messages
/// are asked for whenever a mailbox is looked at, and all of them now and then.
pub const NEWEST: u32 = 4_000;
/// Messages whose flags are asked for beside the newest before others may cut in.
const FLAGS_ANYWAY: u64 = 2_000;

/// The newest of these messages, whose flags are asked for whenever a mailbox is looked at, in two parts,
/// ascending: the last may be small.
pub fn newest(held: &UidSet) -> Vec<UidSet> {
    let mut parts = held.split(usize::MAX, u64::from(NEWEST));
    parts.split_off(parts.len().saturating_sub(2))
}

impl Run<'_> {
    /// A server that does not tell flags must not keep new mail away: the rest goes on, and since
    /// the cursor stays they are asked for again the next time.
    pub(super) fn flags_if_told(&mut self, since: Option<ModSeq>) -> Result<(), SyncError> {
        match self.flags(since) {
            Err(SyncError::Net(error)) if !error.ends_session() => {
                tracing::info!(mailbox = %self.here.label, %error, "flags were refused");
                self.whole = false;
                Ok(())
            }
            other => other,
        }
    }

    fn flags(&mut self, since: Option<ModSeq>) -> Result<(), SyncError> {
        let delivery = self.delivery.clone();
        let mut writer = FlagWriter::new(&delivery, self.here.id, self.selected.uidvalidity);
        if let Some(since) = since {
            let mut gone = UidSet::new();
            let told = self.session.changes_since(since, &mut |change| {
                match change {
                    Change::Flags(item) => writer.add(item.uid, item.flags),
                    Change::Vanished(uids) => gone = gone.plus(&uids),
                }
                Ok(())
            });
            match told {
                // Offered, not done: the long way is always there.
                Err(error) if is_refusal(&error) => {
                    tracing::info!(mailbox = %self.here.label, %error, "changes were refused");
                }
                other => {
                    other?;
                    self.done.flags += writer.finish()?;
                    return match gone.is_empty() {
                        true => Ok(()),
                        false => self.vanish(&gone),
                    };
                }
            }
        }
        let outcome = self.all_flags(&mut writer);
        // What was told is kept whatever stopped us.
        self.done.flags += writer.finish()?;
        outcome
    }

    /// Asks for the flags of all messages, the newest first. If that is interrupted, the next time
    /// asks for the newest again and goes on where this ended: however often we are called away,
    /// all of them are asked for in the end.
    fn all_flags(&mut self, writer: &mut FlagWriter<'_>) -> Result<(), SyncError> {
        let held = self.reader.all_uids(self.here.id)?;
        let validity = self.selected.uidvalidity;
        let before = self.checks.flags_down_to(self.here.id, validity);
        let every = self.kit.rhythm.check;
        let due = before.is_some() || self.checks.plain(self.here.id).are_flags_due(every);
        if self.plain && !due {
            return self.newest_flags(&held, writer);
        }
        let mut asked = 0;
        for (at, piece) in held.split(UidSet::LINE, FLAGS).iter().rev().enumerate() {
            let lowest = piece.ranges().first().map_or(0, |range| range.0);
            if at > 0 && before.is_some_and(|down_to| lowest >= down_to) {
                continue;
            }
            if self.kit.stopping() || (asked >= FLAGS_ANYWAY && (self.cut_in)()) {
                self.later = true;
                self.whole = false;
                return Ok(());
            }
            self.session.fetch_flags(piece, None, &mut |item| {
                writer.add(item.uid, item.flags);
                Ok(())
            })?;
            self.session.tally();
            let lowest = before.map_or(lowest, |down_to| lowest.min(down_to));
            self.checks.flags_asked(self.here.id, validity, lowest);
            if at > 0 {
                asked += piece.len();
            }
        }
        self.checks.flags_done(self.here.id);
        Ok(())
    }

    fn newest_flags(
        &mut self,
        held: &UidSet,
        writer: &mut FlagWriter<'_>,
    ) -> Result<(), SyncError> {
        for part in newest(held).iter().rev() {
            for piece in part.split(UidSet::LINE, FLAGS).iter().rev() {
                self.session.fetch_flags(piece, None, &mut |item| {
                    writer.add(item.uid, item.flags);
                    Ok(())
                })?;
            }
        }
        self.session.tally();
        Ok(())
    }

    /// Counts flags on both sides; where they differ, all of them are fetched.
    pub(super) fn check(&mut self) -> Result<(), SyncError> {
        self.settle()?;
        self.checks.done(self.here.id);
        if check::agrees(self.session, self.reader, self.here)? {
            return Ok(());
        }
        tracing::warn!(mailbox = %self.here.label, "flags differ from the server's: fetching all");
        self.checks.plain(self.here.id).want_flags();
        self.flags(None)?;
        self.compare()
    }
}
