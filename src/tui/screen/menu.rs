//! A small list over everything else, to choose one thing from: a link, an attachment, what to do
//! with a message that could not be sent.

use crate::text::{Clean, width};
use crate::tui::screen::paint::{Row, fill};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

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
}

impl<T: Clone> Menu<T> {
    /// A menu with its first item selected.
    pub fn new(title: Clean, items: Vec<Item<T>>) -> Menu<T> {
        Menu {
            title,
            items,
            cursor: 0,
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

    /// What the selected item means.
    pub fn chosen(&self) -> Option<T> {
        self.items.get(self.cursor).map(|i| i.value.clone())
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing to choose.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item at this place of the screen, for a click.
    pub fn hit(&self, screen: Rect, x: u16, y: u16) -> Option<usize> {
        let area = self.area(screen);
        let list = self.list(area);
        let inside = list.contains(ratatui::layout::Position { x, y });
        let n = usize::from(y.saturating_sub(list.y)) + self.top(usize::from(list.height));
        (inside && n < self.items.len()).then_some(n + 1)
    }

    fn area(&self, screen: Rect) -> Rect {
        let cols = screen.width.saturating_sub(4).clamp(1, 90);
        let rows = u16::try_from(self.items.len() + 5).unwrap_or(u16::MAX);
        let rows = rows.min(screen.height.saturating_sub(2));
        Rect {
            x: screen.x + (screen.width.saturating_sub(cols)) / 2,
            y: screen.y + (screen.height.saturating_sub(rows)) / 2,
            width: cols,
            height: rows,
        }
    }

    fn list(&self, area: Rect) -> Rect {
        Rect {
            x: area.x.saturating_add(1),
            y: area.y.saturating_add(1),
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(4),
        }
    }

    fn top(&self, height: usize) -> usize {
        (self.cursor + 1).saturating_sub(height.max(1))
    }

    /// Draws it in the middle of the screen.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let area = self.area(screen);
        let base = theme.style("popup.text");
        fill(buf, area, base);
        if let Some(mut row) = Row::new(buf, area, 0, base.patch(theme.style("popup.title"))) {
            row.skip(1);
            row.text(&self.title, base.patch(theme.style("popup.title")));
        }
        let list = self.list(area);
        let height = usize::from(list.height);
        let shown = self.items.iter().enumerate().skip(self.top(height));
        for (at, (n, item)) in shown.take(height).enumerate() {
            let style = if n == self.cursor {
                base.patch(theme.style("popup.selected"))
            } else {
                base
            };
            if let Some(mut row) = Row::new(buf, list, at, style) {
                row.text(&Clean::line(&format!("{:>2} ", n + 1)), style);
                let room = row.left();
                row.column(&item.label, room, style);
            }
        }
        let Some(item) = self.items.get(self.cursor) else {
            return;
        };
        let cols = usize::from(list.width).max(1);
        let detail = item.detail.as_str();
        let lines = if width::width(detail) <= cols {
            vec![detail.to_owned()]
        } else {
            crate::text::wrap::wrap(detail, cols)
        };
        let below = usize::from(area.height.saturating_sub(3));
        for (n, line) in lines.iter().take(2).enumerate() {
            let dim = base.patch(theme.style("text.dim"));
            if let Some(mut row) = Row::new(buf, area, below + n, base) {
                row.skip(1);
                row.text(&Clean::line(line), dim);
            }
        }
    }
}
