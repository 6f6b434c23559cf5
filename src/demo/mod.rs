//! An IMAP and SMTP server on loopback, in memory, for the demo.
//!
//! It is a server like any other to the rest of the program: the real worker syncs from it and the
//! real submitter sends to it, over sockets. Nothing is written to disk, and everything is gone
//! when the value is dropped.

pub mod dice;
pub mod world;
pub mod wire;
pub mod answer;
pub mod structure;
pub mod fetch;
pub mod search;
pub mod listing;
pub mod session;
pub mod changes;
pub mod commands;
pub mod imap;
pub mod smtp;
pub mod letter;
pub mod markup;
pub mod script;
pub mod teller;
pub mod seed;
pub mod drip;
pub mod server;

pub use server::{Demo, Options};

#[cfg(test)]
mod tests;
