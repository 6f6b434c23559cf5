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
