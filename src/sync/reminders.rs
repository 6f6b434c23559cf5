//! Reminders: looked at after mail was pulled, so that what came meanwhile counts as an answer. What
//! nobody answered in time comes back; what is answered late goes again.

use crate::model::{Account, Reminder, ReminderState};
use crate::signal::Topic;
use crate::store::{Local, Reader};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::text::{Clean, when};

/// Looks at the account's reminders that are due.
///
/// # Errors
/// When a database fails.
pub fn look(kit: &Kit, local: &mut Local, reader: &Reader) -> Result<(), SyncError> {
    let now = when::now();
    for reminder in local.read().reminders()? {
        if reminder.account != kit.account.name || reminder.due > now {
            continue;
        }
        let state = match is_answered(kit, local, reader, &reminder)? {
            true => ReminderState::Answered,
            false => ReminderState::Due,
        };
        if local.settle_reminder(reminder.id, state)? {
            if state == ReminderState::Due {
                kit.report.notice(Clean::line(&reminder.words()).as_str());
            }
            kit.changed(Topic::Reminders);
        }
    }
    Ok(())
}

fn is_answered(
    kit: &Kit,
    local: &Local,
    reader: &Reader,
    reminder: &Reminder,
) -> Result<bool, SyncError> {
    let own = own_addresses(&kit.account);
    for answer in reader.answers(&reminder.account, &reminder.message_id, &own)? {
        let report = match &answer {
            Some(id) => local.read().is_report(id)?,
            None => false,
        };
        if !report {
            return Ok(true);
        }
    }
    Ok(false)
}

fn own_addresses(account: &Account) -> Vec<String> {
    let senders = account.senders().into_iter();
    senders.map(|a| a.addr.to_lowercase()).collect()
}
