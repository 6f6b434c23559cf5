//! The drafts, newest first: those kept here, each once however many copies of it lie on a server,
//! and those that other programs left on servers.

use crate::lang::{tr, trc};
use crate::text::{Clean, when, width};
use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;
use crate::tui::question::{DraftAt, DraftRow};
use crate::tui::screen::paint::{begin, say};
use crate::tui::theme::Theme;
use crate::tui::widget::bar::Extent;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// With fewer columns notes are short.
const NARROW: usize = 60;

/// The list of drafts.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    rows: Vec<DraftRow>,
    cursor: usize,
    loaded: bool,
}

impl Drafts {
    /// Takes the rows in; the selection stays on its draft.
    pub fn set(&mut self, rows: Vec<DraftRow>) {
        let held = self.selected().map(|r| r.at);
        self.rows = rows;
        self.loaded = true;
        let at = held.and_then(|h| self.rows.iter().position(|r| r.at == h));
        self.cursor = at
            .unwrap_or(self.cursor)
            .min(self.rows.len().saturating_sub(1));
    }

    /// The selected draft.
    pub fn selected(&self) -> Option<&DraftRow> {
        self.rows.get(self.cursor)
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Selects the draft at a line of the list (a click).
    pub fn click(&mut self, line: usize, height: usize) {
        let n = line + self.top(height);
        if n < self.rows.len() {
            self.cursor = n;
        }
    }

    fn top(&self, height: usize) -> usize {
        (self.cursor + 1).saturating_sub(height.max(1))
    }

    /// All rows, and which of them are seen in so many lines.
    pub fn extent(&self, height: usize) -> Extent {
        Extent {
            whole: self.rows.len(),
            top: self.top(height),
            seen: height,
        }
    }

    /// Shows this row at the top of so many lines, and selects the last that is seen then.
    pub fn to(&mut self, top: usize, height: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = (top + height.max(1) - 1).min(last);
    }

    /// Draws the list.
    pub fn draw(&self, now: i64, keymap: &Keymap, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let base = theme.style("index.text");
        fill(buf, area, base);
        if self.rows.is_empty() {
            let text = if self.loaded {
                let key = keymap.way_to(Context::Index, Command::Compose);
                tr!(
                    "No drafts. Press {key} to write a message; what you type is kept here.",
                    key
                )
            } else {
                tr!("Reading the drafts…").to_owned()
            };
            let dim = base.patch(theme.style("text.dim"));
            say(buf, area, &Clean::line(&text), dim);
            return;
        }
        let height = usize::from(area.height);
        let shown = self.rows.iter().enumerate().skip(self.top(height));
        for (at, (n, draft)) in shown.take(height).enumerate() {
            let style = if n == self.cursor {
                base.patch(theme.style("index.selected"))
            } else {
                base
            };
            let Some(mut row) = begin(buf, area, at, style) else {
                return;
            };
            let to = if draft.to.trim().is_empty() {
                tr!("(to nobody yet)")
            } else {
                &draft.to
            };
            let subject = if draft.subject.trim().is_empty() {
                tr!("(no subject)")
            } else {
                &draft.subject
            };
            let mut date = when::short(draft.date, now);
            let narrow = row.left() < NARROW;
            let note = match draft.at {
                DraftAt::Here(_) if draft.removed && narrow => tr!("removed"),
                DraftAt::Here(_) if draft.removed => tr!("removed elsewhere"),
                DraftAt::Here(_) => "",
                DraftAt::There(..) if narrow => trc!("draft", "server"),
                DraftAt::There(..) => tr!("on the server"),
            };
            if !note.is_empty() {
                date = format!("{note}  {date}");
            }
            let people = match narrow {
                // What it is about says more than that it is for nobody yet.
                true if draft.to.trim().is_empty() => 0,
                _ => (row.left() / 4).clamp(10, 30),
            };
            row.skip(1);
            row.column(&Clean::line(to), people, style);
            row.skip(1);
            let room = row.left().saturating_sub(width::width(&date) + 2);
            row.column(&Clean::line(subject), room, style);
            row.right(&Clean::line(&date), style.patch(theme.style("index.date")));
        }
    }
}
