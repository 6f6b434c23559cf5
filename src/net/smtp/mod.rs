//! Message submission (RFC 6409, RFC 5321) with lettre's commands, addresses and mechanisms over
//! our own stream: its transport can't say how far it got, can't ask all recipients before DATA,
//! and has one deadline for every stage.

pub mod reply;
pub mod data;
pub mod session;
pub mod send;

pub use reply::Reply;
pub use send::{Asked, Mail, Outcome, SendReport, Stage};
pub use session::{Pace, SmtpSession};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod hostile_tests;
