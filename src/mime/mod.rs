//! Bytes to structure and back: pure, total, fuzzable.
//!
//! Nothing here does I/O, and no input makes it panic or take more than time and memory in
//! proportion to its length. What comes in is untrusted; what goes to the screen is
//! [`crate::text::Clean`]; what goes out can't hold a line break that the writer did not mean.

pub mod media;
pub mod transfer;
pub mod seven;
pub mod charset;
pub mod simple;
pub mod words;
pub mod field;
pub mod twin;
pub mod params;
pub mod tree;
pub mod rich;
pub mod ical;
pub mod moment;
pub mod recur;
pub mod flowed;
pub mod reflow;
pub mod recipients;
pub mod mailto;
pub mod roster;
pub mod vcard;
pub mod styled;
pub mod fence;
pub mod one_time;
pub mod tracker;
pub mod link;
pub mod plain;
pub mod html;
pub mod body;
pub mod within;
pub mod parse;
pub mod attachment;
pub mod danger;
pub mod archive;
pub mod picture;
pub mod lookalike;
pub mod authres;
pub mod list;
pub mod head;
pub mod diff;
pub mod trust;
pub mod notice;
pub mod card;
pub mod calendar;
pub mod invite;
pub mod render;
pub mod table;
pub mod peek;
pub mod wire;
pub mod seven_bit;
pub mod verbatim;
pub mod redirect;
pub mod receipt;
pub mod bounce;
pub mod report;
pub mod markdown;
pub mod build;
pub mod draft_copy;
pub mod quote;
pub mod answer;
pub mod itip;
pub mod reply;
pub mod linked;
