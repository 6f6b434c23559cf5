//! Small parts that several screens are built from. None knows a screen, a command or the store.

pub mod ink;
pub mod line_edit;
pub mod bar;
pub mod list;
pub mod scroll;
pub mod fuzzy;
pub mod popup;
pub mod editor;
