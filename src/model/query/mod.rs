//! The language of searches: one for the search line, scripts and saved views. `read` makes a tree of
//! a text, and the tree prints as a text that reads as the same tree.

pub mod period;
pub mod tree;
mod cut;
pub mod fields;
mod mutt;
pub mod read;
mod write;

pub use period::{Age, Period, Unit};
pub use read::QueryError;
pub use tree::{Expr, Field, Has, Is, Query, Term};

#[cfg(test)]
mod tests;
