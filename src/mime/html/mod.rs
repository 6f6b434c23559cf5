//! HTML for the reader.
//!
//! html5ever reads the page into a tree of ours; the layout is ours, too, because a letter is no
//! web page: it has a reader's width, its tables mostly only place things, and half of what it
//! holds is not meant for people. Nothing is fetched; what the page hides stays hidden.

pub mod tree;
pub mod sink;
pub mod style;
pub mod tags;
pub mod block;
pub mod state;
pub mod paragraph;
pub mod scan;
pub mod guard;
pub mod crude;
pub mod table;
pub mod walk;
pub mod litter;
pub mod grid;
pub mod show;
pub mod read;

pub use crude::strip;
pub use read::{bare, lay_out, lines};
pub use show::Extras;
pub use tags::NOT_DRAWN;
