//! What the cache promises, through its public face.

mod fixture;
mod syncing;
mod told;
mod identity;
mod overlaid;
mod listing;
mod keeping;
