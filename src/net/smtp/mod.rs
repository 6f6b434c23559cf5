//! Message submission (RFC 6409, RFC 5321) with lettre's commands, addresses and mechanisms over
//! our own stream: its transport can't say how far it got, can't ask all recipients before DATA,
//! and has one deadline for every stage.

pub mod reply;
pub mod data;
pub mod offers;
pub mod envelope;
pub mod watch;
pub mod session;
pub mod auth;
pub mod send;
pub mod rehearse;

pub use envelope::Mail;
pub use offers::{Offers, too_large};
pub use reply::Reply;
pub use send::{Asked, Outcome, SendReport, Stage, Witness};
pub use session::{Pace, SmtpSession};
pub use watch::{Going, Watch};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod extension_tests;
#[cfg(test)]
mod auth_tests;
