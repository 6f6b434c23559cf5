//! One line of the index and what the selection holds on to.

use crate::model::view::IndexRow;
use crate::model::{LocationId, ThreadId};
use crate::text::Clean;

/// What the selection and the marks hold on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ident {
    /// A row that stands for a thread.
    Thread(ThreadId),
    /// A single message in a place.
    Location(LocationId),
}

/// What a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One message.
    Single,
    /// A thread, its messages not shown.
    Folded,
    /// A thread with its messages below.
    Unfolded,
    /// A message below its thread.
    Child,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The row with the overlay applied.
    pub row: IndexRow,
    /// What it stands for.
    pub kind: Kind,
    /// What the selection holds on to.
    pub ident: Ident,
    /// Of a message below its thread: lines that lead to what it answers.
    pub guide: Clean,
}

/// The deepest that answers are drawn.
const DEEPEST: u16 = 8;

/// Lines from each message of a thread to what it answers. They stand in the order of display, each
/// as deep as it is.
pub fn guides(depths: &[u16]) -> Vec<Clean> {
    // Whether something more follows at each level, seen from below.
    let mut follows = [false; DEEPEST as usize + 1];
    let mut guides = Vec::with_capacity(depths.len());
    for depth in depths.iter().rev() {
        let level = usize::from(depth.saturating_add(1).min(DEEPEST));
        let mut text = String::from(" ");
        for (at, more) in follows.iter().enumerate().take(level + 1).skip(1) {
            text.push_str(match (at == level, more) {
                (true, true) => "├ ",
                (true, false) => "└ ",
                (false, true) => "│ ",
                (false, false) => "  ",
            });
        }
        guides.push(Clean::line(&text));
        for (at, more) in follows.iter_mut().enumerate() {
            *more = at == level || (*more && at < level);
        }
    }
    guides.reverse();
    guides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lead_to_what_is_answered() {
        let drawn = guides(&[0, 1, 2, 1, 2, 2, 0]);
        let drawn: Vec<&str> = drawn.iter().map(Clean::as_str).collect();
        assert_eq!(
            drawn,
            [
                " ├ ",
                " │ ├ ",
                " │ │ └ ",
                " │ └ ",
                " │   ├ ",
                " │   └ ",
                " └ "
            ]
        );
        let deep: Vec<u16> = (0..40).collect();
        assert!(
            guides(&deep)
                .iter()
                .all(|g| g.as_str().chars().count() <= 17)
        );
        assert_eq!(guides(&[]), []);
    }
}
