//! What `doctor` looks at on the network's side. What is observed and what is made of it stand apart:
//! the judging files are pure, so that every fault can be told to them in a test.

mod spf;
mod dkim;
mod dmarc;
pub mod shown;
mod said;
mod signed;
pub mod sender;
pub mod names;
pub mod chain;
pub mod ports;
pub mod clock;
pub mod ways;

#[cfg(test)]
pub mod fake;
#[cfg(test)]
mod tongues;
