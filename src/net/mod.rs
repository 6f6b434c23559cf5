//! IMAP, SMTP and TLS: no database.

pub mod error;
pub mod causes;
pub mod trace;
pub mod onlooker;
mod web;
mod ahead;
pub mod tls;
pub mod deflate;
pub mod stream;
pub mod connect;
pub mod reach;
pub mod http;
pub mod oauth;
pub mod roam;
mod dns;
pub mod domain;
mod sasl;
pub mod imap;
pub mod smtp;
pub mod sendmail;
pub mod sender;
pub mod discover;
pub mod diagnose;
pub mod check;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tls_tests;

pub use error::{Kind, NetError, Refusal, TlsFault};
pub use onlooker::Onlooker;
pub use trace::Ring;
