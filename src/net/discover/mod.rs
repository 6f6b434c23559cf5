//! From an address to the servers of its account.

pub mod providers;
pub mod autoconfig;
pub mod judge;
pub mod records;
pub mod guess;
mod finder;

pub use finder::{Finder, split};
pub use guess::Knock;
pub use providers::{Provider, Providers, server, usual};

#[cfg(test)]
mod tests;
