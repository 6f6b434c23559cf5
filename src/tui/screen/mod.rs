//! The screens: what each shows and remembers.

pub mod index;
pub mod sidebar;
