//! Text fit for a terminal: cleaning, width, wrapping, dates, sizes.

pub mod clean;
pub mod width;
pub mod wrap;
pub mod when;
pub mod size;

pub use clean::Clean;
