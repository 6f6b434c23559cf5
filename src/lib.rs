//! postrider: a keyboard-driven mail client for the terminal.
//!
//! ARCHITECTURE.md says what the floors are and who may know whom.

pub mod lang;
pub mod model;
pub mod text;
pub mod signal;
pub mod config;
pub mod mime;
pub mod sieve;
pub mod migrate;
pub mod net;
pub mod store;
pub mod notify;
pub mod demo;
pub mod sync;
pub mod setup;
pub mod tui;
pub mod cli;
