//! What the cache promises, through its public face.

mod fixture;
mod syncing;
mod told;
mod identity;
mod renaming;
mod making;
mod overlaid;
mod arrived;
mod marked;
mod listing;
mod sought;
mod looks;
mod older;
mod upgraded;
mod listed;
mod keeping;
mod hollow;
mod met;
mod merging;
mod regroup;
mod by_subject;
