//! Shown = server ⊕ pending, for one location: the one place where that sum is made.
//!
//! The operations laid over a real (or waiting) location are replayed in order over what the
//! server said, and the rows are brought to what comes out. So nothing has to know how to take an
//! effect back: an operation's row goes, and the rest is replayed.

use crate::model::{FlagChange, Flags};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::locations::{self, Place};
use crate::store::tally::Tally;
use rusqlite::{Connection, params};

/// What an operation does to a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Store(FlagChange),
    /// Into this mailbox, if it is known.
    Move(Option<i64>),
    /// Into this mailbox, if it is known.
    Copy(Option<i64>),
    Expunge,
}

/// Lays an operation over a location; once, however often it is done.
pub(super) fn lay(conn: &Connection, op: i64, location: i64, effect: &Effect) -> Result<()> {
    let none = FlagChange::default();
    let (kind, target, change) = match effect {
        Effect::Store(change) => (1, None, change),
        Effect::Move(to) => (2, *to, &none),
        Effect::Copy(to) => (3, *to, &none),
        Effect::Expunge => (4, None, &none),
    };
    conn.prepare_cached(
        "INSERT OR REPLACE INTO overlay
             (op, location, kind, target, add_system, add_keywords, remove_system, remove_keywords)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        op,
        location,
        kind,
        target,
        change.add.system.0,
        codec::keywords_out(&change.add.keywords),
        change.remove.system.0,
        codec::keywords_out(&change.remove.keywords),
    ])?;
    Ok(())
}

/// The (operation, location, effect) rows of one operation, or those of one location in the order
/// of operations.
fn laid(conn: &Connection, by: &str, id: i64) -> Result<Vec<(i64, i64, Effect)>> {
    let sql = format!(
        "SELECT op, location, kind, target, add_system, add_keywords, remove_system, remove_keywords
         FROM overlay WHERE {by} = ?1 ORDER BY op, location"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let rows = select.query_map([id], |row| {
        let effect = match row.get(2)? {
            2 => Effect::Move(row.get(3)?),
            3 => Effect::Copy(row.get(3)?),
            4 => Effect::Expunge,
            _ => Effect::Store(FlagChange {
                add: codec::flags_in(row.get(4)?, row.get_ref(5)?.as_str()?),
                remove: codec::flags_in(row.get(6)?, row.get_ref(7)?.as_str()?),
            }),
        };
        Ok((row.get(0)?, row.get(1)?, effect))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What one operation lays over which locations.
pub(super) fn laid_by(conn: &Connection, op: i64) -> Result<Vec<(i64, Effect)>> {
    Ok(laid(conn, "op", op)?
        .into_iter()
        .map(|(_, location, effect)| (location, effect))
        .collect())
}

/// One place that comes out of the replay: the root itself, or what an operation makes of it.
struct Wanted {
    op: Option<i64>,
    mailbox: i64,
    flags: Flags,
    hidden: bool,
}

/// Replays the operations in order over the server's state.
fn replay(root: &Place, ops: &[(i64, i64, Effect)]) -> Vec<Wanted> {
    let mut now = Wanted {
        op: None,
        mailbox: root.mailbox,
        flags: root.server.clone(),
        hidden: root.gone,
    };
    let mut others = Vec::new();
    for (op, _, effect) in ops {
        match effect {
            Effect::Store(change) => {
                now.flags = now.flags.after(change);
                for other in &mut others {
                    let Wanted { flags, .. } = other;
                    *flags = flags.after(change);
                }
            }
            // To where it lies already: nothing to show.
            Effect::Move(Some(to)) if *to == now.mailbox => {}
            Effect::Move(to) => {
                now.hidden = true;
                if let Some(to) = *to {
                    let moved = Wanted {
                        op: Some(*op),
                        mailbox: to,
                        flags: now.flags.clone(),
                        hidden: false,
                    };
                    others.push(std::mem::replace(&mut now, moved));
                }
            }
            Effect::Copy(to) => {
                others.extend(to.map(|mailbox| Wanted {
                    op: Some(*op),
                    mailbox,
                    flags: now.flags.clone(),
                    hidden: false,
                }));
            }
            Effect::Expunge => now.hidden = true,
        }
    }
    others.push(now);
    others
}

/// Brings a real or waiting location, and what operations make of it, to what should be shown.
pub(super) fn refresh(conn: &Connection, tally: &mut Tally, root: i64) -> Result<()> {
    let Some(root) = locations::by_id(conn, root)? else {
        return Ok(());
    };
    let ops = laid(conn, "location", root.id)?;
    // A move or copy may have been done by the server that says it is gone: its answer tells where.
    let counts_on_it = |(_, _, effect): &(i64, i64, Effect)| {
        matches!(effect, Effect::Move(Some(_)) | Effect::Copy(Some(_)))
    };
    if root.gone && !ops.iter().any(counts_on_it) {
        return locations::delete_root(conn, tally, &root, true);
    }
    let wanted = replay(&root, &ops);
    let mut there = locations::children(conn, root.id)?;
    for want in wanted {
        let row = match want.op {
            None => Some(root.clone()),
            Some(op) => there
                .iter()
                .position(|p| p.op == Some(op) && p.mailbox == want.mailbox)
                .map(|at| there.swap_remove(at)),
        };
        match row {
            Some(row) => {
                let after = Place {
                    shown: want.flags,
                    hidden: want.hidden,
                    ..row.clone()
                };
                locations::update(conn, tally, &row, &after)?;
            }
            None => {
                let mut place = Place {
                    mailbox: want.mailbox,
                    uid: None,
                    root: Some(root.id),
                    op: want.op,
                    shown: want.flags,
                    hidden: want.hidden,
                    gone: false,
                    ..root.clone()
                };
                locations::add(conn, tally, &mut place)?;
            }
        }
    }
    for left in there {
        locations::delete(conn, tally, &left, true)?;
    }
    Ok(())
}
