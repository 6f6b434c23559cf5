//! What the user sees: one loop, one closed set of events, effects as data.
//!
//! The screen thread reads no disk and waits for no socket: rows come from the reader thread,
//! laid out messages from the layout thread, and what the user wants goes out as an `Intent`
//! whose answer comes back as an event.

pub mod borrowed;
pub mod command;
pub mod commanded;
pub mod key;
pub mod presets;
pub mod keymap;
pub mod linear;
pub mod theme;
#[cfg(test)]
pub mod golden;
pub mod files;
pub mod widget;
pub mod paths;
pub mod errand;
pub mod sixel;
pub mod picture;
pub mod hyperlink;
pub mod part;
pub mod whole;
pub mod parting;
pub mod spell;
pub mod checkup;
pub mod clip;
mod apart;
pub mod offer;
pub mod found;
pub mod ports;
pub mod question;
pub mod narrowing;
pub mod work;
pub mod event;
pub mod working;
pub mod takeout;
pub mod effect;
pub mod overlay;
pub mod arrange;
pub mod signs;
pub mod screen;
pub mod app;
pub mod backend;
pub mod ground;
pub mod bidi;
pub mod terminal;
pub mod input;
pub mod stage;
pub mod editor;
pub mod edited;
pub mod download;
pub mod shelves;
pub mod runaways;
pub mod loading;
pub mod parts;
pub mod contacts;
pub mod twice;
pub mod past;
pub mod excerpts;
pub mod picking;
pub mod sorter;
pub mod signing;
mod asides;
pub mod reader;
pub mod layout;
pub mod run;
pub mod setup;

pub use effect::End;
pub use ports::{Ports, Reply, Taste};
pub use run::run;
pub use stage::{RunError, Stage};
