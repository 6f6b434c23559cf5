//! `doctor`: everything that mail needs, step by step, with its result, and for what is wrong the
//! cause and the remedy. The same steps run for the command line and for the screen.

mod visit;
mod reach;
mod imap;
mod smtp;
mod sender;
mod machine;
mod account;
mod tell;
mod run;

pub use account::{Wanted, account, examine};
pub use run::{Around, doctor, for_screen};
pub use visit::Offers;
