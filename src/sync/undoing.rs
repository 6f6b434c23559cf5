//! What an undo is told as. Whoever takes something back by surprise has lost more than he wanted
//! to: what is old, or lies behind a message that is out, is named first.

use crate::lang::{tr, trn};
use crate::model::Done;
use crate::store::{Entry, Hindrance, Redo, Undo, UndoOne, Undone};
use crate::text::when;

/// What was done longer ago than this, in seconds, is named before it is taken back.
pub const OLD: i64 = 10 * 60;

/// What to tell of an undo.
///
/// # Errors
/// Why nothing can be taken back, in plain words.
pub fn done(asked: &Undo, now: i64) -> Result<Done, String> {
    let at = |entry: &Entry| when::clock(entry.at, now);
    let (label, undoable) = match asked {
        Undo::Nothing => return Err(tr!("There is nothing to undo").to_owned()),
        Undo::Named { entry, elsewhere } => {
            let (label, at) = (&entry.label, at(entry));
            let said = match elsewhere {
                true => tr!(
                    "Undo again takes back what another window did: {label} ({at})",
                    label,
                    at
                ),
                false => tr!("Undo again takes back: {label} ({at})", label, at),
            };
            (said, true)
        }
        Undo::Late { sent, next } => {
            let said = match sent {
                Some(at) => tr!("Already sent at {time}", time = when::clock(*at, now)),
                None => tr!("Too late: the message may be out").to_owned(),
            };
            match next {
                Some(entry) => {
                    let (label, at) = (&entry.label, at(entry));
                    let again = tr!(
                        "{said}; undo again takes back: {label} ({at})",
                        said,
                        label,
                        at
                    );
                    (again, true)
                }
                None => (said, false),
            }
        }
        Undo::Done(undone) => {
            return Ok(Done {
                draft: undone.draft.filter(|_| undone.sending),
                ..Done::said(said(undone, now))
            });
        }
    };
    Ok(Done {
        undoable,
        ..Done::said(label)
    })
}

/// What to tell of one action of the journal that was taken back.
///
/// # Errors
/// Why it can't be, in plain words.
pub fn one(asked: &UndoOne, now: i64) -> Result<Done, String> {
    match asked {
        UndoOne::Nothing => Err(tr!("That can't be taken back, or was before").to_owned()),
        UndoOne::Cannot(label, why) => {
            let why = words(why.as_ref(), now);
            Err(tr!("{label} can't be taken back: {why}", label, why))
        }
        UndoOne::Done(undone) => Ok(Done {
            draft: undone.draft.filter(|_| undone.sending),
            ..Done::said(format!(
                "{}{}",
                said(undone, now),
                rest(&undone.hindered, now)
            ))
        }),
    }
}

/// What to tell of all that was taken back since an action.
///
/// # Errors
/// There was nothing.
pub fn since(all: &[Undone], now: i64) -> Result<Done, String> {
    match all {
        [] => Err(tr!("Nothing that was done since can be taken back").to_owned()),
        [only] => Ok(Done::said(said(only, now))),
        all => {
            let n = all.len();
            Ok(Done::said(trn!(
                n,
                "Undone: {n} action",
                "Undone: {n} actions"
            )))
        }
    }
}

/// What to tell of a redo.
///
/// # Errors
/// Why it can't be, in plain words.
pub fn again(asked: &Redo, now: i64) -> Result<Done, String> {
    match asked {
        Redo::Nothing => Err(tr!("There is nothing to redo").to_owned()),
        Redo::Cannot(label, why) => {
            let why = words(why.as_ref(), now);
            Err(tr!("{label} can't be done again: {why}", label, why))
        }
        Redo::Done(redone) => Ok(Done {
            undoable: true,
            ..Done::said(tr!(
                "Done again: {label}{rest}",
                label = redone.label,
                rest = rest(&redone.hindered, now)
            ))
        }),
    }
}

fn said(undone: &Undone, now: i64) -> String {
    match (undone.sending, undone.draft) {
        (true, Some(_)) => tr!("Not sent: it is a draft again").to_owned(),
        (true, None) => match undone.was_for {
            Some(at) => tr!(
                "Not sent: it is held in the outbox; it was to go out {time}",
                time = when::clock(at, now)
            ),
            None => tr!("Not sent: it is held in the outbox").to_owned(),
        },
        (false, Some(_)) => tr!("The draft is back among the drafts").to_owned(),
        (false, None) => tr!("Undone: {label}", label = undone.label),
    }
}

fn words(why: Option<&Hindrance>, now: i64) -> String {
    why.map_or_else(|| tr!("it is done").to_owned(), |why| why.words(now))
}

/// What stays as it is.
fn rest<T, U>(hindered: &[(T, U, Hindrance)], now: i64) -> String {
    match hindered {
        [] => String::new(),
        [(_, _, why), ..] => trn!(
            n = hindered.len(),
            "; {n} message stays as it is: {why}",
            "; {n} messages stay as they are: {why}",
            why = why.words(now)
        ),
    }
}
