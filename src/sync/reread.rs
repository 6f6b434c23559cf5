//! Bodies that are here already and are read once more, because this version finds more in them than
//! the one that kept them did, or packed once more, because there are enough of them by now to be packed
//! with what they have in common.

use crate::model::MsgId;
use crate::signal::Topic;
use crate::store::{Cache, Error, PackedBody, Priority, Reader, Reread};
use crate::sync::bodies::{JOB, Keep, read_on};
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use std::collections::BTreeSet;
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
        let (mut read, mut octets) = (Vec::new(), 0);
        for (message, hollow) in wanted {
            // What was read is kept: reading may take so long that it is always cut.
            if cut_in() {
                write(kit, read)?;
                return Err(SyncError::Interrupted);
            }
            let (one, slow) = one(kit, &reader, message, hollow)?;
            octets += one.body.as_ref().map_or(0, PackedBody::octets);
            read.push(one);
            if slow || octets >= JOB {
                write(kit, std::mem::take(&mut read))?;
                octets = 0;
            }
        }
        write(kit, read)?;
    }
}

/// Reads one message; also says whether that took a while.
fn one(
    kit: &Kit,
    reader: &Reader,
    message: MsgId,
    hollow: bool,
) -> Result<(Reread, bool), SyncError> {
    let raw = match reader.body(message) {
        // It must not keep the others from being read.
        Err(error @ Error::Corrupt(_)) => {
            kit.note_damage(&error.into());
            None
        }
        other => other?,
    };
    let keep = match hollow {
        true => Keep::Texts,
        false => Keep::Whole,
    };
    // Of one without its attachments all is known that was in them, and one that can't be read keeps
    // what is known of it.
    let read = raw
        .and_then(|raw| catch_unwind(AssertUnwindSafe(|| read_on(kit, message, raw, keep))).ok());
    let (body, slow) = read.unzip();
    let one = Reread {
        message,
        hollow,
        body,
    };
    Ok((one, slow.unwrap_or(false)))
}

fn write(kit: &Kit, read: Vec<Reread>) -> Result<(), SyncError> {
    if read.is_empty() {
        return Ok(());
    }
    let less = read.iter().filter_map(|one| one.body.as_ref());
    let less: BTreeSet<MsgId> = less
        .filter(|body| body.is_hollow())
        .map(PackedBody::message)
        .collect();
    let kept = kit
        .writer
        .run(Priority::Batch, move |cache| cache.store_reread(&read))?;
    // Whoever shows one says what is here of it.
    let told = kept.iter().filter(|message| less.contains(message));
    told.for_each(|message| kit.report.post(Topic::Body(*message)));
    Ok(())
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
