//! Files, paths and secrets: from what the user wrote to model values.

pub mod paths;
pub mod files;
mod suggest;
pub mod options;
pub mod problem;
mod section;
mod endpoint;
pub mod policy;
mod sending;
pub mod oauth;
pub mod listed;
mod accounts;
pub mod look;
pub mod list;
pub mod tags;
mod contacts;
mod open;
pub mod views;
pub mod notify;
mod rules;
pub mod cards;
pub mod load;
pub mod settings;
mod set;
pub mod append;
pub mod adopt;
pub mod adopt_keys;
pub mod keep;
pub mod remove;
pub mod command;
pub mod paper;
pub mod age;
pub mod vault;
#[cfg(any(feature = "keyring", test))]
mod lasting;
pub mod secrets;
pub mod lock;
pub mod watch;

#[cfg(test)]
mod tests;

pub use contacts::{Checks, Contacts};
pub use endpoint::is_loopback;
pub use list::{Column, Dates, Density, Field, ListLook, Width};
pub use load::{Config, Loaded};
pub use look::{Arrangement, Bidi, Hyperlinks, Icons, Images, Look};
pub use notify::{How, Notify, Quiet};
pub use paths::Paths;
pub use problem::{ConfigError, Problem};
pub use tags::{Dye, Hue, TagLook};
pub use views::{SavedView, Split};
