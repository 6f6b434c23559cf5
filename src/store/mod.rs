//! SQLite: no network, no MIME.
//!
//! `cache.db` holds what a server can give again: [`Cache`] writes it, on the one thread behind
//! [`Writer`]; any number of [`Reader`]s look at it meanwhile.

pub mod error;
mod open;
pub mod process;
mod migrate;
mod codec;
mod words;
mod vocabulary;
mod says;
mod insert;
mod sieve;
mod refs;
mod tally;
mod merging;
mod threads;
mod subjects;
mod rows;
mod kept;
pub mod reader;
mod texts;
mod terms;
mod together;
mod conditions;
mod sought;
pub mod mailboxes;
pub mod told;
pub mod pages;
pub mod conversation;
pub mod answered;
mod looks;
pub mod search;
mod ranked;
pub mod listed;
pub mod resolve;
pub mod marked;
pub mod arrived;
pub mod cache;
mod server_hits;
pub mod packed;
mod identity;
mod messages;
mod locations;
mod refresh;
pub mod cursor;
mod listing;
pub mod renamed;
pub mod accounts;
mod making;
pub mod namespace;
pub mod flags;
pub mod sweep;
mod joins;
mod grouping;
mod regroup;
mod families;
mod by_subject;
pub mod ingest;
pub mod asked;
pub mod bodies;
mod reread;
mod repack;
mod refill;
pub mod ops;
pub mod keyed;
pub mod stands;
pub mod among;
pub mod sorted;
pub mod picked;
mod spill;
pub mod writer;
pub mod local;
pub mod met;
pub mod intact;
pub mod books;

pub use accounts::MailboxChanges;
pub use among::Answering;
pub use arrived::{Arrived, Marks};
pub use bodies::{NewBody, PackedBody};
pub use cache::{Cache, Opened};
pub use cursor::CursorMove;
pub use error::{Error, Result};
pub use flags::Changed;
pub use ingest::Ingested;
pub use kept::Packer;
pub use keyed::{ByKey, Keyed};
pub use listed::{Counted, Listed};
pub use listing::{Contents, MailboxInfo};
pub use local::{
    Arrival, Asked, CopyId, CopyState, DraftCopy, DraftLine, End, Entry, Fate, Filed, Hindrance,
    IsGone, KeptDraft, Landed, Leaving, Local, LocalReader, Moved, Origin, Parted, Past, Place,
    Redo, Redone, Ruled, Sent, Since, Stand, Stranded, Undo, UndoOne, Undone, Whose, Would,
};
pub use mailboxes::{Cursor, Mailbox};
pub use marked::Marked;
pub use ops::Outcome;
pub use packed::{HeaderPacker, NewMessage, Packed};
pub use picked::{Picking, Stub};
pub use process::Process;
pub use reader::{Reader, ServerPlace, Shown, WantedBody};
pub use refill::Refilled;
pub use renamed::Renames;
pub use repack::Repacked;
pub use reread::Reread;
pub use resolve::ResolvedTarget;
pub use search::SearchResult;
pub use sorted::Ranks;
pub use told::ServerCounts;
pub use writer::{Priority, Writer};

#[cfg(test)]
pub(crate) mod shelf;
#[cfg(test)]
mod tests;
