//! One line of the index and what the selection holds on to.

use crate::model::view::IndexRow;
use crate::model::{LocationId, ThreadId};

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
}
