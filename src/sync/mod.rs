//! Where the network meets the store: the only floor that knows both.

pub mod rhythm;
pub mod backoff;
pub mod plan;
pub mod host;
pub mod report;
pub mod handing;
pub mod error;
pub mod guard;
pub mod news;
pub mod marks;
pub mod connections;
pub mod usage;
pub mod delivery;
pub mod kit;
pub mod intend;
pub mod leaving;
pub mod freeze;
pub mod bells;
pub mod overlay;
pub mod here;
pub mod filing;
pub mod doubt;
pub mod reported;
pub mod brought;
pub mod told;
pub mod poison;
pub mod check;
pub mod glance;
pub mod pull;
pub mod proof;
pub mod mailboxes;
pub mod bodies;
pub mod harvest;
pub mod follow;
pub mod push;
pub mod drafts;
pub mod ondemand;
pub mod reminders;
pub mod worker;
mod rounds;
pub mod watcher;
pub mod submitter;
pub mod verify;
pub mod undoing;
pub mod ledger;
mod sending;
pub mod engine;

pub use engine::{Engine, Parts};
pub use error::SyncError;
pub use host::{Host, NoSecret};
pub use kit::{Connection, Kit, Stores};
pub use ledger::Reply;

#[cfg(test)]
mod ledger_tests;
