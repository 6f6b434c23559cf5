//! IMAP4rev1 and the extensions that we use, on the `imap` crate and a wire of our own.

pub mod name;
pub mod role;
pub mod caps;
pub mod quirks;
pub mod wire;
pub mod token;
pub mod code;
pub mod decode;
pub mod command;
mod fail;
mod shim;
mod session;
mod login;
mod mailbox;
mod fetch;
mod change;
mod idle;

pub use caps::Caps;
pub use change::{Copied, Expunged, Moved};
pub use code::Code;
pub use decode::Status;
pub use fetch::{Body, FetchBy, FetchReport, HEADER_ITEMS, HeaderItem};
pub use idle::IdleEnd;
pub use login::Options;
pub use mailbox::{Listed, Mode, Selected};
pub use session::{FlagItem, Session, Unsolicited};
pub use shim::Pace;

#[cfg(test)]
mod decode_tests;
#[cfg(test)]
mod script;
#[cfg(test)]
mod sign_in_tests;
#[cfg(test)]
mod command_tests;
