//! New mail is told of: by the desktop, the terminal, its bell or a program of the user.
//!
//! What to tell is found in the store after something changed there (`watch.rs`), put into words
//! that are safe to show (`words.rs`), and handed to whoever tells it (`herald.rs`). Nothing of a
//! mail is ever a part of a command.

mod words;
pub mod watch;
pub mod herald;

pub use herald::start;
