//! `local.db`: what only we have — operations that no server has confirmed, the outbox, drafts,
//! the undo journal, people. Every method that writes is one transaction, durable when it returns
//! (`synchronous=FULL`). Several processes may write; each transaction begins IMMEDIATE.

mod row;
mod meta;
pub mod connection;
pub mod ops;
pub mod carried;
pub mod deletions;
pub mod withdrawn;
mod whose;
pub mod derived;
mod thread_rules;
pub mod drafts;
mod writing;
pub mod copies;
mod sent;
mod pieces;
pub mod outbox;
pub mod decisions;
pub mod submissions;
pub mod early;
pub mod reports;
pub mod reminders;
pub mod inverse;
pub mod journal;
pub mod past;
pub mod arrivals;
pub mod people;
pub mod usage;
pub mod counts;
pub mod limits;
pub mod turns;
pub mod renamed;
pub mod strays;
pub mod leaving;
pub mod pictures;
pub mod filed;
pub mod sorting;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod outbox_tests;
#[cfg(test)]
mod undo_tests;
#[cfg(test)]
mod past_tests;
#[cfg(test)]
mod later_tests;
#[cfg(test)]
mod copies_tests;
#[cfg(test)]
mod writing_tests;
#[cfg(test)]
mod older_tests;

pub use arrivals::{Arrival, Asked, Ruled, Since};
pub use carried::{Landed, Sent};
pub use connection::{Local, LocalReader};
pub use copies::{CopyId, CopyState, DraftCopy};
pub use drafts::DraftLine;
pub use filed::Filed;
pub use inverse::{Entry, Hindrance, IsGone};
pub use journal::{Redo, Redone, Undo, UndoOne, Undone};
pub use leaving::Leaving;
pub use ops::{Moved, Place};
pub use outbox::{End, Fate};
pub use past::{Origin, Past, Stand, Would};
pub use strays::Stranded;
pub use whose::Whose;
pub use writing::{KeptDraft, Parted};
