//! What scripts use: one file a command. Only here is anything printed.
// Printing is what this floor is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub mod words;
pub mod written;
mod minus;
pub mod args;
pub mod exit;
mod say;
pub mod json;
pub mod tokens;
pub mod host;
pub mod passphrase;
pub mod home;
pub mod seat;
pub mod table;
pub mod lists;
pub mod show;
pub mod outbox;
pub mod change;
pub mod manage;
pub mod journal;
pub mod sieve;
pub mod rules;
pub mod remind;
pub mod compose;
pub mod send;
pub mod bars;
mod asking;
pub mod sync;
pub mod sources;
pub mod reading;
pub mod import;
mod fetcher;
mod placed;
pub mod export;
pub mod verify;
pub mod doctor;
mod ask;
pub mod sign_in;
mod by_page;
pub mod account;
mod adopting;
mod plan_words;
pub mod migrate;
mod remove;
mod papers;
pub mod check;
pub mod run;

pub use args::Args;
pub use exit::note_damage;
pub use home::Home;
pub use run::run;
