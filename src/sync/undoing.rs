//! What an undo is told as. Whoever takes something back by surprise has lost more than he wanted
//! to: what is old, or lies behind a message that is out, is named first.

use crate::model::Done;
use crate::store::{Entry, Undo};
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
            let label = match (undone.sending, undone.draft) {
                (true, Some(_)) => "Not sent: it is a draft again".to_owned(),
                (true, None) => "Not sent".to_owned(),
                (false, Some(_)) => "The draft is back among the drafts".to_owned(),
                (false, None) => format!("Undone: {}", undone.label),
            };
            return Ok(Done {
                draft: undone.draft.filter(|_| undone.sending),
                ..Done::said(label)
            });
        }
    };
    Ok(Done {
        undoable,
        ..Done::said(label)
    })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}
