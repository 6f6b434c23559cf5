//! Text fit for a terminal: cleaning, width, wrapping, dates, sizes, how far something is.
//!
//! Nothing here knows mail. What the screen draws has been through [`Clean`]; how much room it
//! takes is what [`width`] says, which is what ratatui says.

pub mod symbols;
pub mod width;
pub mod clean;
pub mod bidi;
pub mod osc;
pub mod wrap;
pub mod when;
pub mod later;
pub mod size;
pub mod gauge;
pub mod fold;
pub mod subject;
pub mod tokens;
pub mod qr;
pub mod system;

pub use clean::Clean;
