//! An editor of many lines for a terminal: soft wrap, undo, selection, motion by graphemes and words.
//!
//! It is quick whatever the length: a key touches one line, a frame lays out what is seen.

pub mod text;
pub mod history;
pub mod rows;
pub mod window;
pub mod edit;
pub mod paint;
pub mod vi_ways;
pub mod vi;

pub use edit::{Editor, Motion};
pub use paint::Look;

#[cfg(test)]
mod vi_tests;
