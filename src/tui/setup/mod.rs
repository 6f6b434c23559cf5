//! The screen that an account is set up on: one address, one password, and it works.

pub mod form;
pub mod deeds;
pub mod wizard;
mod browsing;
mod keeping;
mod answers;
mod page;
pub mod view;
pub mod run;
#[cfg(test)]
mod tests;

pub use run::{Outcome, SetupPorts, run, unlock};
