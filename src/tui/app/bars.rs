//! The bars at the panes' edges.

use crate::tui::app::geometry::Pane;
use crate::tui::widget::bar::Bar;

/// One a pane.
#[derive(Debug, Default)]
pub struct Bars {
    sidebar: Bar,
    index: Bar,
    reader: Bar,
}

impl Bars {
    /// That of a pane.
    pub fn of(&self, pane: Pane) -> &Bar {
        match pane {
            Pane::Sidebar => &self.sidebar,
            Pane::Index => &self.index,
            Pane::Reader => &self.reader,
        }
    }
}
