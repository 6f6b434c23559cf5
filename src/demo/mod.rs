//! An IMAP and SMTP server on loopback, in memory, for the demo.
//!
//! It is a server like any other to the rest of the program: the real worker syncs from it and the
//! real submitter sends to it, over sockets. Nothing is written to disk, and everything is gone
//! when the value is dropped.

pub mod server;

pub use server::{Demo, Options};
