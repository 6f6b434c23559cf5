//! Where the network meets the store: the only floor that knows both.

pub mod backoff;
pub mod plan;
pub mod host;
pub mod report;

pub use host::{Host, NoSecret};
