//! From servers that were found to an account that works: tried step by step, and written down only
//! then. The screen and the command line hear the same events.
//!
//! Finding is `finder(config)?.find(address, ..)`, trying is [`attempt()`], keeping is [`keep()`]; the
//! composition root makes the screen's ports of them.

pub mod words;
pub mod person;
mod attempt;
mod keep;
mod provider;

pub use attempt::{NEWEST, attempt};
pub use keep::{OWN, Stored, adding, finder, keep, name_for, names};
pub use provider::at_provider;

#[cfg(test)]
mod tests;
