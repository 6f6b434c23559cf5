//! Where the network meets the store: the only floor that knows both.

pub mod backoff;
pub mod plan;
pub mod host;
pub mod report;
pub mod error;
pub mod guard;
pub mod kit;
pub mod intend;
pub mod freeze;
pub mod ledger;
pub mod pull;
pub mod bodies;
pub mod push;
pub mod filing;
pub mod worker;
pub mod watcher;
pub mod ondemand;
pub mod submitter;
pub mod engine;

pub use engine::{Engine, Parts};
pub use error::SyncError;
pub use host::{Host, NoSecret};
pub use kit::{Kit, Stores};
pub use ledger::Reply;

#[cfg(test)]
mod ledger_tests;
