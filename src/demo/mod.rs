//! An IMAP and SMTP server on loopback, in memory, for the demo.
//!
//! It is a server like any other to the rest of the program: the real worker syncs from it and the
//! real submitter sends to it, over sockets. Nothing is written to disk, and everything is gone
//! when the value is dropped.

pub mod dice;
pub mod offer;
pub mod spell;
pub mod folder;
pub mod person;
pub mod gmail;
pub mod world;
pub mod wire;
pub mod answer;
pub mod structure;
pub mod fetch;
pub mod syntax;
pub mod ask;
pub mod notify;
pub mod own;
pub mod reader;
pub mod list_args;
pub mod fetch_args;
pub mod search_args;
pub mod extended;
pub mod give;
pub mod search;
pub mod listing;
pub mod session;
pub mod opening;
pub mod events;
pub mod reading;
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
pub mod hand;
pub mod server;

pub use hand::{Hand, Letter, MailboxShot};
pub use server::{Demo, Options};

#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_sync;
#[cfg(test)]
mod tests_notify;
#[cfg(test)]
mod tests_gmail;
#[cfg(test)]
mod tests_more;
