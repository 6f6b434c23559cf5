//! Files, paths and secrets: from what the user wrote to model values.

pub mod paths;
pub mod files;
mod suggest;
pub mod problem;
mod section;
mod endpoint;
pub mod policy;
mod sending;
mod accounts;
pub mod look;
mod contacts;
mod open;
pub mod cards;
pub mod load;
pub mod append;
pub mod command;
pub mod secrets;
pub mod lock;

#[cfg(test)]
mod tests;

pub use contacts::{Checks, Contacts};
pub use endpoint::is_loopback;
pub use load::{Config, Loaded};
pub use look::{Images, Look, ReaderPlace};
pub use paths::Paths;
pub use problem::{ConfigError, Problem};
