//! The screen's logic: `update` turns events into changes and effects, `draw` makes a frame.
//! Neither touches a file, a socket, a clock or the terminal.

pub mod geometry;
pub mod bars;
pub mod acts;
pub mod sorted;
pub mod looked;
pub mod meant;
pub mod state;
pub mod words;
pub mod mail;
pub mod tags;
pub mod navigate;
pub mod answers;
pub mod outward;
pub mod views;
pub mod copying;
pub mod shaping;
mod pulling;
pub mod mouse;
pub mod popup;
pub mod invited;
mod signing;
pub mod sorting;
pub mod selecting;
pub mod given;
pub mod commands;
pub mod reading;
pub mod said;
pub mod draw;
pub mod layers;
mod opening;
mod jobs;
pub mod web;
pub mod chores;
pub mod attached;
pub mod options;
pub mod typed;
pub mod held;
pub mod keys;
pub mod tour;
pub mod compose;
pub mod desk;
pub mod shell;

pub use shell::{App, Setup};
