//! Bodies that are here already and are read once more, because this version finds more in them than
//! the one that kept them did, or packed once more, because there are enough of them by now to be packed
//! with what they have in common.

use crate::store::{Cache, Priority, Reader};
use crate::sync::bodies::{Keep, read_on};
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
            return repack(kit, &reader, cut_in);
        }
        let mut bodies = Vec::new();
        let mut done = Vec::new();
        let mut cut = false;
        for (message, hollow) in wanted {
            // What was read is kept: reading may take so long that it is always cut.
            cut = cut_in();
            if cut {
                break;
            }
            done.push(message);
            // Of one without its attachments all is known that was in them.
            let Some(raw) = reader.body(message)? else {
                continue;
            };
            let keep = match hollow {
                true => Keep::Texts,
                false => Keep::Whole,
            };
            // One that can't be read keeps what is known of it.
            let read = catch_unwind(AssertUnwindSafe(|| read_on(kit, message, raw, keep)));
            bodies.extend(read.ok());
        }
        kit.writer.run(Priority::Batch, move |cache| {
            cache.store_packed(&bodies)?;
            cache.reread_done(&done)
        })?;
        if cut {
            return Err(SyncError::Interrupted);
        }
    }
}

/// Packs messages once more, with a dictionary; makes one, where there is enough to make it of.
fn repack(kit: &Kit, reader: &Reader, cut_in: &mut dyn FnMut() -> bool) -> Result<(), SyncError> {
    if let Some(octets) = reader.make_dictionary()? {
        let keep = move |cache: &mut Cache| cache.keep_dictionary(&octets);
        kit.writer.run(Priority::Batch, keep)?;
    }
    let Some(packer) = reader.packer()? else {
        return Ok(());
    };
    let mut before = None;
    loop {
        let alone = reader.packed_alone(&kit.account.name, before, PORTION)?;
        if alone.is_empty() {
            return Ok(());
        }
        before = alone.last().copied();
        let mut repacked = Vec::new();
        for message in alone {
            if cut_in() {
                return Err(SyncError::Interrupted);
            }
            repacked.extend(reader.repacked(message, &packer)?);
        }
        kit.writer
            .run(Priority::Batch, move |cache| cache.repack(&repacked))?;
    }
}
