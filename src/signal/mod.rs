//! How threads wake each other: a doorbell that one waits at, and a board that many write on.
//!
//! Neither carries work. Work is rows in a database; a wake-up may be lost because a row can't be.

pub mod doorbell;
pub mod board;

pub use board::{Announcement, Board, Posted, Topic};
pub use doorbell::{Doorbell, Ringer};
