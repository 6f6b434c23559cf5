//! Reminders that travel: the time of each is also a keyword on the message that it is about
//! (`$Remind-…`, `model/mark.rs`), so that every machine of the user reminds of it and none of what
//! another one dismissed.
//!
//! For each reminder the time is kept that stood on the server last. If the server says another one
//! now, somebody else has changed it, and he is followed; else what the user wants here is put there.

use crate::model::{
    FlagChange, MessageId, NewOp, OpKind, Reminder, ReminderState, Role, Target, mark,
};
use crate::signal::Topic;
use crate::store::{Local, Reader, ResolvedTarget};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::overlay::{self, Layer};
use crate::sync::planned::add;
use crate::sync::putoff::{with, without};
use crate::text::when;
use std::collections::BTreeMap;

/// How many recipients a reminder names.
const SHOWN: usize = 3;

/// What is to be done about a message's reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Both sides agree.
    Nothing,
    /// What stands on the server is what was to be there: it is noted.
    Agreed,
    /// This time is put there; 0: what is there is taken away.
    Put(i64),
    /// Somebody else set this time; 0: he wants none.
    Follow(i64),
}

/// `wanted` here, `there` on the server now, `carried` when it was looked at last; 0: no time.
fn step(wanted: i64, there: i64, carried: i64) -> Step {
    match (wanted == there, there == carried) {
        (true, true) => Step::Nothing,
        (true, false) => Step::Agreed,
        (false, true) => Step::Put(wanted),
        (false, false) => Step::Follow(there),
    }
}

/// Brings the account's reminders and the keywords on its server together. Whether there are
/// operations.
///
/// # Errors
/// When a database fails.
pub fn look(kit: &Kit, local: &mut Local, reader: &Reader) -> Result<bool, SyncError> {
    let account = &kit.account.name;
    let mut there: BTreeMap<MessageId, i64> = BTreeMap::new();
    for one in reader.marked(account, mark::REMIND)? {
        let time = mark::latest(mark::REMIND, &one.target.flags);
        if let (Some(time), Some(id)) = (time, one.target.key.message_id) {
            let known = there.entry(id).or_insert(time);
            *known = time.max(*known);
        }
    }
    let known = local.read().reminders_told(account)?;
    if there.is_empty() && known.is_empty() {
        return Ok(false);
    }
    let mut ops = Vec::new();
    for (reminder, carried) in &known {
        let id = &reminder.message_id;
        let there = there.remove(id).unwrap_or(0);
        match step(wanted(reminder), there, *carried) {
            Step::Nothing => {}
            Step::Agreed => local.reminder_told(account, id, there)?,
            Step::Put(time) => put(&mut ops, &places(reader, kit, id)?, time),
            Step::Follow(0) => {
                // It may only not be here yet, or not any more; and what the server can't keep only
                // this machine can end.
                if places(reader, kit, id)?.is_empty()
                    || local.read().keeps_reminder(account, id)?
                {
                    continue;
                }
                local.settle_reminder(reminder.id, ReminderState::Dismissed)?;
                local.reminder_told(account, id, 0)?;
                kit.changed(Topic::Reminders);
            }
            Step::Follow(time) => adopt(kit, local, reader, id, time)?,
        }
    }
    for (id, time) in there {
        adopt(kit, local, reader, &id, time)?;
    }
    if ops.is_empty() {
        return Ok(false);
    }
    let ops = local.queue(&ops, when::now())?;
    overlay::lay(&Layer::of(kit), Vec::new(), ops)?;
    Ok(true)
}

/// The time that is to stand on the server, as it is written there.
fn wanted(reminder: &Reminder) -> i64 {
    let lives = matches!(reminder.state, ReminderState::Waiting | ReminderState::Due);
    let written = mark::timed(mark::REMIND, reminder.due).filter(|_| lives);
    written
        .and_then(|keyword| mark::time(mark::REMIND, &keyword))
        .unwrap_or(0)
}

/// Where the message lies, as far as it was not thrown away.
fn places(reader: &Reader, kit: &Kit, id: &MessageId) -> Result<Vec<ResolvedTarget>, SyncError> {
    let account = &kit.account.name;
    let mut targets = Vec::new();
    for message in reader.find(account, id)? {
        let row = reader.message(message)?;
        let places = row.into_iter().flat_map(|row| row.places);
        let ours = places.filter(|place| place.account == *account);
        targets.extend(ours.map(|place| Target::Location(place.location)));
    }
    let mut found = reader.resolve(&targets)?;
    found.retain(|t| !matches!(t.role, Some(Role::Trash | Role::Junk | Role::Drafts)));
    Ok(found)
}

fn put(ops: &mut Vec<NewOp>, places: &[ResolvedTarget], time: i64) {
    let keyword = mark::timed(mark::REMIND, time).filter(|_| time > 0);
    for place in places {
        let there = mark::spelt(mark::REMIND, &place.flags);
        let old = there.iter().filter(|k| Some(*k) != keyword.as_ref());
        let change = FlagChange {
            add: with(keyword.clone().filter(|k| !there.contains(k))).add,
            remove: without(old).remove,
        };
        if change != FlagChange::default() {
            add(ops, place, OpKind::Store(change));
        }
    }
}

/// Takes over a time that another machine set.
fn adopt(
    kit: &Kit,
    local: &mut Local,
    reader: &Reader,
    id: &MessageId,
    time: i64,
) -> Result<(), SyncError> {
    let account = &kit.account.name;
    let Some(message) = reader.find(account, id)?.first().copied() else {
        return Ok(());
    };
    let Some(row) = reader.message(message)? else {
        return Ok(());
    };
    let to = row.envelope.to.iter().chain(&row.envelope.cc);
    let to: Vec<&str> = to.take(SHOWN).map(|a| a.addr.as_str()).collect();
    local.remind(account, id, (&row.envelope.subject, &to.join(", ")), time)?;
    local.reminder_told(account, id, time)?;
    kit.changed(Topic::Reminders);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_changed_it_last_is_followed() {
        assert_eq!(step(0, 0, 0), Step::Nothing);
        assert_eq!(step(60, 0, 0), Step::Put(60), "set here");
        assert_eq!(step(60, 60, 0), Step::Agreed);
        assert_eq!(step(60, 60, 60), Step::Nothing);
        assert_eq!(step(120, 60, 60), Step::Put(120), "changed here");
        assert_eq!(step(0, 60, 60), Step::Put(0), "ended here");
        assert_eq!(step(0, 0, 60), Step::Agreed);
        assert_eq!(step(60, 120, 60), Step::Follow(120), "changed elsewhere");
        assert_eq!(step(60, 0, 60), Step::Follow(0), "ended elsewhere");
        assert_eq!(step(0, 60, 0), Step::Follow(60), "set anew elsewhere");
    }
}
