//! Where the network meets the store: the only floor that knows both.

pub mod rhythm;
pub mod backoff;
pub mod last_words;
pub mod plan;
pub mod host;
pub mod report;
pub mod handing;
pub mod error;
pub mod guard;
pub mod news;
pub mod marks;
pub mod peers;
pub mod connections;
pub mod usage;
pub mod delivery;
pub mod kit;
pub mod planned;
pub mod putoff;
pub mod intend;
pub mod ruling;
pub mod manage;
pub mod leaving;
pub mod freeze;
pub mod bells;
pub mod overlay;
pub mod here;
pub mod by_id;
pub mod filing;
pub mod doubt;
pub mod reported;
pub mod brought;
pub mod told;
pub mod poison;
pub mod counted;
pub mod check;
pub mod glance;
pub mod pull;
pub mod proof;
pub mod mailboxes;
pub mod stubs;
pub mod bodies;
pub mod reread;
pub mod harvest;
pub mod follow;
pub mod deleting;
pub mod removal;
pub mod push;
pub mod drafts;
pub mod seek;
pub mod attached;
pub mod ondemand;
pub mod places;
pub mod known;
pub mod intake;
pub mod offer;
pub mod carry;
pub mod stirring;
pub mod reminding;
pub mod reminders;
pub mod rules;
pub mod worker;
mod rounds;
pub mod watcher;
pub mod submitter;
pub mod verify;
pub mod undoing;
pub mod ledger;
mod regrouping;
mod revising;
pub mod applying;
mod sending;
pub mod engine;

pub use engine::{Engine, Parts};
pub use error::SyncError;
pub use host::{Host, NoSecret};
pub use kit::{Connection, Kit, Stores};
pub use ledger::Reply;

#[cfg(test)]
mod desk;
#[cfg(test)]
mod ledger_tests;
#[cfg(test)]
mod sending_tests;
#[cfg(test)]
mod windows_tests;
