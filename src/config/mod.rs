//! Files, paths and secrets: from what the user wrote to model values.

pub mod paths;
pub mod files;
pub mod problem;
pub mod raw;
pub mod load;
pub mod append;
pub mod secrets;
pub mod lock;

pub use load::{Config, Loaded, Look, ReaderPlace};
pub use paths::Paths;
pub use problem::{ConfigError, Problem};
