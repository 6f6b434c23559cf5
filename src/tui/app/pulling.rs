//! The bars at the panes' edges. A pane's last column is theirs where nothing is written in it; a list
//! of messages writes there and gives it up, unless it is narrow.

use crate::tui::app::geometry::{Pane, Places, Titled};
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::question::Listing;
use crate::tui::theme::Theme;
use crate::tui::widget::bar::{Extent, Pull};
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A list with fewer columns keeps all of them for what it lists.
const LEAST: u16 = 44;

impl Panes {
    /// How much a pane shows and which of it is seen, as far as that is known without asking.
    fn extent(&self, pane: Pane, place: Titled) -> Extent {
        let rows = usize::from(place.inner.height);
        match (pane, &self.view) {
            (Pane::Sidebar, _) => Extent {
                whole: self.sidebar.entries().len(),
                top: self.sidebar.top(),
                seen: rows,
            },
            (Pane::Reader, _) => {
                let pager = self.pager.as_ref();
                pager.map_or_else(Extent::default, |pager| pager.extent())
            }
            (Pane::Index, View::Mail) => self.index.extent(self.listed()),
            (Pane::Index, View::Outbox(outbox)) => outbox.extent(rows),
            (Pane::Index, View::Drafts(drafts)) => drafts.extent(rows),
            (Pane::Index, View::Accounts(scroll)) => scroll.extent(),
        }
    }

    /// How many messages there are where the list is of all of them.
    fn listed(&self) -> Option<u64> {
        match self.index.listing() {
            Listing::Scope { scope, .. } => Some(self.sidebar.count(scope).1),
            _ => None,
        }
    }

    /// The list's area without the column of its bar, if that is drawn there and takes one.
    pub(super) fn beside_bar(&self, place: Titled, theme: &Theme) -> Rect {
        let extent = self.extent(Pane::Index, place);
        match self.gives_up(place, extent, theme) {
            true => Rect {
                width: place.inner.width - 1,
                ..place.inner
            },
            false => place.inner,
        }
    }

    /// Whether the list gives its last column to a bar of this extent.
    fn gives_up(&self, place: Titled, extent: Extent, theme: &Theme) -> bool {
        let writes = match &self.view {
            View::Mail => !self.index.lines().is_empty(),
            View::Drafts(_) => true,
            // They leave a margin.
            View::Outbox(_) | View::Accounts(_) => false,
        };
        theme.has_bars() && extent.is_longer() && writes && place.inner.width >= LEAST
    }

    /// Draws a pane's bar over what was drawn of it; `None`: the pane is not on the screen.
    pub(super) fn draw_bar(
        &self,
        pane: Pane,
        place: Option<Titled>,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        let bar = self.bars.of(pane);
        let Some(place) = place else {
            return bar.hide();
        };
        let area = place.inner;
        let list = pane == Pane::Index && matches!(self.view, View::Mail | View::Drafts(_));
        let extent = self.extent(pane, place);
        if list && !self.gives_up(place, extent, theme) {
            return bar.hide();
        }
        let track = Rect {
            x: area.right().saturating_sub(1),
            width: area.width.min(1),
            ..area
        };
        bar.draw(buf, track, extent, theme);
    }

    /// The mouse is on a bar, or holds one. Says whether it does.
    pub(super) fn pull(
        &mut self,
        mouse: &MouseEvent,
        places: &Places,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> bool {
        let panes = [
            (Pane::Sidebar, places.sidebar),
            (Pane::Index, places.index),
            (Pane::Reader, places.reader),
        ];
        for (pane, place) in panes {
            let Some(place) = place else { continue };
            match self.bars.of(pane).take(mouse) {
                None => {}
                Some(Pull::Still) => return true,
                Some(Pull::To(top)) => {
                    self.to(pane, top, usize::from(place.inner.height), now, fx);
                    return true;
                }
            }
        }
        false
    }

    /// Shows this line of a pane at its top.
    fn to(&mut self, pane: Pane, top: usize, rows: usize, now: Now, fx: &mut Vec<Effect>) {
        let listed = self.listed();
        match (pane, &mut self.view) {
            (Pane::Sidebar, _) => self.sidebar.to(top, rows),
            (Pane::Reader, _) => {
                if let Some(pager) = &mut self.pager {
                    let at = pager.extent().top;
                    let by = match top >= at {
                        true => isize::try_from(top - at).unwrap_or(isize::MAX),
                        false => -isize::try_from(at - top).unwrap_or(isize::MAX),
                    };
                    pager.scroll_by(by);
                }
            }
            (Pane::Index, View::Mail) => self.ask(fx, |p| p.index.to(top, listed, now.mono)),
            (Pane::Index, View::Outbox(outbox)) => outbox.to(top, rows),
            (Pane::Index, View::Drafts(drafts)) => drafts.to(top, rows),
            (Pane::Index, View::Accounts(scroll)) => scroll.to(top),
        }
    }
}
