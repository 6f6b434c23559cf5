//! IMAP4rev1 and the extensions that we use, on the `imap` crate and a wire of our own.

pub mod name;
pub mod caps;
pub mod wire;
