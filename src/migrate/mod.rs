//! What other mail programs' configurations say, in our nouns, and what of it would be done here.
//! Pure: files are read by whoever calls.

pub mod found;
pub mod shelf;
pub mod words;
mod ini;
mod keys;
mod muttrc;
mod mutt_keys;
mod mutt_settings;
mod mutt_scope;
mod mutt_account;
mod mutt_people;
mod mutt;
mod msmtp;
mod mbsync_patterns;
mod mbsync;
mod aerc_keys;
mod aerc_servers;
mod aerc;
mod prefs;
mod thunderbird;
mod alpine_options;
mod alpine_books;
mod alpine;
pub mod client;
pub mod plan;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use found::{Findings, Found, Given, Kind, Note, Place};
pub use plan::{Here, Plan, plan};
pub use shelf::{Dirs, Shelf};
