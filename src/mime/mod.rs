//! Bytes to structure and back: pure, total, fuzzable.
//!
//! Nothing here does I/O, and no input makes it panic or take more than time and memory in
//! proportion to its length. What comes in is untrusted; what goes to the screen is
//! [`crate::text::Clean`]; what goes out can't hold a line break that the writer did not mean.

pub mod parse;
pub mod render;
pub mod attachment;
pub mod recipients;
pub mod build;
pub mod reply;
