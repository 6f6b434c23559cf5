//! A small list over everything else, to choose one thing from: a link, an attachment, what to do
//! with a message that could not be sent.

use crate::text::{Clean, wrap};
use crate::tui::screen::paint::begin;
use crate::tui::theme::Theme;
use crate::tui::widget::bar::{Bar, Extent, Pull};
use crate::tui::widget::popup;
use crossterm::event::MouseEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Lines below the list for what is known of the selected item.
const DETAIL: u16 = 2;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<T> {
    /// What it is called.
    pub label: Clean,
    /// More about it, shown in full below the list while it is selected.
    pub detail: Clean,
    /// What choosing it means.
    pub value: T,
}

/// The list.
#[derive(Clone, Debug)]
pub struct Menu<T> {
    /// What is to be chosen.
    pub title: Clean,
    items: Vec<Item<T>>,
    cursor: usize,
    bar: Bar,
}

impl<T: Clone> Menu<T> {
    /// A menu with its first item selected.
    pub fn new(title: Clean, items: Vec<Item<T>>) -> Menu<T> {
        Menu {
            title,
            items,
            cursor: 0,
            bar: Bar::default(),
        }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.items.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Selects the item with this number, counted from 1.
    pub fn pick(&mut self, number: usize) -> bool {
        let there = (1..=self.items.len()).contains(&number);
        if there {
            self.cursor = number - 1;
        }
        there
    }

    /// Selects the first item that means this.
    pub fn select(&mut self, value: &T)
    where
        T: PartialEq,
    {
        let found = self.items.iter().position(|i| i.value == *value);
        self.cursor = found.unwrap_or(self.cursor);
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent, screen: Rect) -> bool {
        let top = match self.bar.take(mouse) {
            None => return false,
            Some(Pull::Still) => return true,
            Some(Pull::To(top)) => top,
        };
        let inside = popup::inside(self.area(screen));
        let rows = usize::from(inside.height.saturating_sub(DETAIL)).max(1);
        // The selected item is the lowest that is seen.
        self.cursor = (top + rows - 1).min(self.items.len().saturating_sub(1));
        true
    }

    /// The selected item's number, counted from 1.
    pub fn selected(&self) -> usize {
        self.cursor + 1
    }

    /// What the items mean, in order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|item| &item.value)
    }

    /// What the selected item means.
    pub fn chosen(&self) -> Option<T> {
        self.items.get(self.cursor).map(|i| i.value.clone())
    }

    /// The item at this place of the screen, counted from 1, for a click.
    pub fn hit(&self, screen: Rect, x: u16, y: u16) -> Option<usize> {
        // Above the two lines of detail.
        let inside = popup::inside(self.area(screen));
        let height = inside.height.saturating_sub(DETAIL);
        let list = Rect { height, ..inside };
        let n = usize::from(y.saturating_sub(list.y)) + self.top(usize::from(height));
        (list.contains(Position { x, y }) && n < self.items.len()).then_some(n + 1)
    }

    fn area(&self, screen: Rect) -> Rect {
        let rows = u16::try_from(self.items.len()).unwrap_or(u16::MAX);
        popup::centred(screen, 84, rows.saturating_add(2 + DETAIL))
    }

    fn top(&self, height: usize) -> usize {
        (self.cursor + 1).saturating_sub(height.max(1))
    }

    /// Draws it over the screen.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let area = self.area(screen);
        let inside = popup::frame(buf, area, &self.title, theme);
        let base = theme.style("popup.text");
        let height = usize::from(inside.height.saturating_sub(DETAIL));
        let shown = self.items.iter().enumerate().skip(self.top(height));
        for (at, (n, item)) in shown.take(height).enumerate() {
            let style = if n == self.cursor {
                base.patch(theme.style("popup.selected"))
            } else {
                base
            };
            if let Some(mut ink) = begin(buf, inside, at, style) {
                let number = Clean::line(&format!("{:>2} ", n + 1));
                ink.put(&number, style.patch(theme.style("popup.key")));
                ink.put(&item.label, style);
            }
        }
        let extent = Extent {
            whole: self.items.len(),
            top: self.top(height),
            seen: height,
        };
        let edge = popup::edge(area, 0, height);
        self.bar.draw(buf, edge.unwrap_or_default(), extent, theme);
        let Some(item) = self.items.get(self.cursor) else {
            return;
        };
        let cols = usize::from(inside.width).max(1);
        let lines = wrap::wrap(item.detail.as_str(), cols);
        let dim = base.patch(theme.style("popup.dim"));
        for (n, line) in lines.iter().take(usize::from(DETAIL)).enumerate() {
            if let Some(mut ink) = begin(buf, inside, height + n, base) {
                ink.put(&Clean::line(line), dim);
            }
        }
    }
}
