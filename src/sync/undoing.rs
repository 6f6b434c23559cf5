//! What an undo is told as. Whoever takes something back by surprise has lost more than he wanted
//! to: what is old, or lies behind a message that is out, is named first.

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
    let again = |entry: &Entry| {
        let at = when::clock(entry.at, now);
        format!("undo again takes back: {} ({at})", entry.label)
    };
    let (label, undoable) = match asked {
        Undo::Nothing => return Err("There is nothing to undo".to_owned()),
        Undo::Named(entry) => {
            let whole = again(entry);
            (capital(&whole), true)
        }
        Undo::Late { sent, next } => {
            let said = match sent {
                Some(at) => format!("Already sent at {}", when::clock(*at, now)),
                None => "Too late: the message may be out".to_owned(),
            };
            match next {
                Some(entry) => (format!("{said}; {}", again(entry)), true),
                None => (said, false),
            }
        }
        Undo::Done(undone) => {
            return Ok(Done {
                draft: undone.draft.filter(|_| undone.sending),
                ..Done::said(said(undone))
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
        UndoOne::Nothing => Err("That can't be taken back, or was before".to_owned()),
        UndoOne::Cannot(label, why) => Err(cannot("taken back", label, why.as_ref(), now)),
        UndoOne::Done(undone) => Ok(Done {
            draft: undone.draft.filter(|_| undone.sending),
            ..Done::said(format!("{}{}", said(undone), rest(&undone.hindered, now)))
        }),
    }
}

/// What to tell of all that was taken back since an action.
///
/// # Errors
/// There was nothing.
pub fn since(all: &[Undone]) -> Result<Done, String> {
    match all {
        [] => Err("Nothing that was done since can be taken back".to_owned()),
        [only] => Ok(Done::said(said(only))),
        all => Ok(Done::said(format!("Undone: {} actions", all.len()))),
    }
}

/// What to tell of a redo.
///
/// # Errors
/// Why it can't be, in plain words.
pub fn again(asked: &Redo, now: i64) -> Result<Done, String> {
    match asked {
        Redo::Nothing => Err("There is nothing to redo".to_owned()),
        Redo::Cannot(label, why) => Err(cannot("done again", label, why.as_ref(), now)),
        Redo::Done(redone) => Ok(Done {
            undoable: true,
            ..Done::said(format!(
                "Done again: {}{}",
                redone.label,
                rest(&redone.hindered, now)
            ))
        }),
    }
}

fn said(undone: &Undone) -> String {
    match (undone.sending, undone.draft) {
        (true, Some(_)) => "Not sent: it is a draft again".to_owned(),
        (true, None) => "Not sent".to_owned(),
        (false, Some(_)) => "The draft is back among the drafts".to_owned(),
        (false, None) => format!("Undone: {}", undone.label),
    }
}

fn cannot(what: &str, label: &str, why: Option<&Hindrance>, now: i64) -> String {
    let why = why.map_or_else(|| "it is done".to_owned(), |why| why.words(now));
    format!("{label} can't be {what}: {why}")
}

/// What stays as it is.
fn rest<T, U>(hindered: &[(T, U, Hindrance)], now: i64) -> String {
    match hindered {
        [] => String::new(),
        [(_, _, why)] => format!("; 1 message stays as it is: {}", why.words(now)),
        [(_, _, why), ..] => {
            let n = hindered.len();
            format!("; {n} messages stay as they are: {}", why.words(now))
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
