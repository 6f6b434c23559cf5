//! Sieve (RFC 5228): scripts as trees, read and printed, and rules to scripts and back. Pure.

pub mod tree;
mod fault;
mod lex;
pub mod read;
mod write;
pub mod export;
mod asked;
pub mod import;

#[cfg(test)]
mod tests;

pub use export::{Exported, Naming, export};
pub use fault::SieveError;
pub use import::{Imported, import};
pub use tree::{Arg, Command, Script, Test};
