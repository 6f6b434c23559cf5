//! IMAP, SMTP and TLS: no database.

pub mod error;
pub mod tls;
pub mod stream;
pub mod connect;
pub mod imap;
pub mod smtp;
pub mod diagnose;

pub use error::{Kind, NetError, Refusal, TlsFault};
