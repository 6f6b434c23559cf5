//! The screens: what each shows and remembers.

pub mod paint;
pub mod index;
pub mod tabs;
pub mod sidebar;
pub mod pager;
pub mod state;
pub mod status;
pub mod index_view;
pub mod sidebar_view;
pub mod pager_view;
pub mod paper;
pub mod sign_in;
pub mod album;
pub mod menu;
pub mod outbox;
pub mod drafts;
pub mod accounts;
pub mod picker;
pub mod palette;
pub mod confirm;
pub mod prompt;
pub mod help;
pub mod journal;
pub mod settings;
pub mod doctor;
pub mod composer;
