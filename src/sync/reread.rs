//! Bodies that are here already and are read once more, because this version finds more in them than
//! the one that kept them did.

use crate::model::MsgId;
use crate::store::Priority;
use crate::sync::bodies::packed;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Messages of one transaction.
const PORTION: usize = 50;

/// Reads all of the account that is to be read again.
///
/// # Errors
/// [`SyncError::Interrupted`] if `cut_in` said so; when the cache fails.
pub fn all(kit: &Kit, cut_in: &mut dyn FnMut() -> bool) -> Result<(), SyncError> {
    let reader = kit.reader()?;
    loop {
        let wanted = reader.reread_wanted(&kit.account.name, PORTION)?;
        if wanted.is_empty() {
            return Ok(());
        }
        let mut bodies = Vec::new();
        for message in &wanted {
            if cut_in() {
                return Err(SyncError::Interrupted);
            }
            let Some(raw) = reader.body(*message)? else {
                continue;
            };
            // One that can't be read keeps what is known of it.
            let read = catch_unwind(AssertUnwindSafe(|| packed(*message, raw)));
            bodies.extend(read.ok());
        }
        let done: Vec<MsgId> = wanted;
        kit.writer.run(Priority::Batch, move |cache| {
            cache.store_packed(&bodies)?;
            cache.reread_done(&done)
        })?;
    }
}
