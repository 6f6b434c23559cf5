//! What is said at the bottom of the screen: in which rows it stands, and where the word that takes
//! the last action back. Who draws and who is clicked ask the same.

use crate::lang::tr;
use crate::text::{Clean, width, wrap};
use crate::tui::app::geometry::Places;
use crate::tui::app::state::Panes;
use crate::tui::command::Command;
use crate::tui::screen::status::{Toast, Tone};
use ratatui::layout::{Position, Rect};

/// What is said has so many lines at most.
const LINES: usize = 4;

/// What is said, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where: in the status line, or over that and its neighbours.
    pub area: Rect,
    /// Its rows; each begins in the second column.
    pub rows: Vec<Row>,
    /// How it is said.
    pub tone: Tone,
}

/// A row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is said.
    pub text: Clean,
    /// How it is taken back; in one row at most.
    pub undo: Clean,
}

/// What of it stands at a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hit {
    /// The word that takes it back.
    Undo,
    /// Anything else of it.
    Text,
}

impl Said {
    /// What is said now, if something is. What finds no room in its line goes on in that of the
    /// hints, and begins above both where that is too little; not where a sequence was `begun`,
    /// because then the hints say how it goes on.
    pub fn of(panes: &Panes, places: &Places, begun: bool) -> Option<Said> {
        let toast = panes.status.toast()?;
        let undo = undo(panes, toast);
        let text = match panes.linear {
            true => toast.spoken(),
            false => signed(toast),
        };
        let tone = toast.tone;
        let cols = usize::from(places.status.width).saturating_sub(2);
        if begun || width::width(text.as_str()) + width::width(undo.as_str()) <= cols {
            let rows = vec![Row { text, undo }];
            let area = places.status;
            return Some(Said { area, rows, tone });
        }
        let lines = wrap::wrap(&format!("{text}{undo}"), cols);
        let above = lines.len().clamp(2, LINES) - 2;
        let last = above + 1;
        let area = Rect {
            y: places
                .status
                .y
                .saturating_sub(u16::try_from(above).unwrap_or(0)),
            height: u16::try_from(last + 1).unwrap_or(2),
            ..places.status
        };
        let row = |(n, line): (usize, &String)| {
            let rest = match n == last {
                true => lines.get(n..).unwrap_or_default().join(" "),
                false => line.clone(),
            };
            let kept = rest
                .strip_suffix(undo.as_str())
                .filter(|_| !undo.is_empty());
            let said = kept.unwrap_or(&rest);
            let room = cols.saturating_sub(width::width(&rest) - width::width(said));
            Row {
                text: Clean::line(&width::cut(said, room)),
                undo: kept.map_or_else(Clean::default, |_| undo.clone()),
            }
        };
        let rows = lines.iter().enumerate().take(last + 1).map(row).collect();
        Some(Said { area, rows, tone })
    }

    /// Whether it lies over the hints.
    pub fn is_long(&self) -> bool {
        self.area.height > 1
    }

    /// What of it stands at a cell of the screen.
    pub fn at(&self, at: Position) -> Option<Hit> {
        let row = at.y.checked_sub(self.area.y).map(usize::from)?;
        if !self.area.contains(at) {
            return None;
        }
        let row = self.rows.get(row)?;
        let column = usize::from(at.x.saturating_sub(self.area.x));
        let from = 1 + width::width(row.text.as_str());
        let undo = from..from + width::width(row.undo.as_str());
        match undo.contains(&column) {
            true => Some(Hit::Undo),
            // Beside it in its line accounts are told of.
            false if self.is_long() || (1..from).contains(&column) => Some(Hit::Text),
            false => None,
        }
    }
}

/// What is said; what failed has a sign, for a colour alone tells nothing.
fn signed(toast: &Toast) -> Clean {
    match toast.tone {
        Tone::Bad => Clean::line(&format!("✕ {}", toast.text)),
        Tone::Good | Tone::Plain => toast.text.clone(),
    }
}

/// How what was done is taken back, if it can be.
fn undo(panes: &Panes, toast: &Toast) -> Clean {
    match toast.undo {
        true => {
            let undo = tr!("{key} undo", key = panes.way_to(Command::Undo));
            Clean::line(&format!("  {undo}"))
        }
        false => Clean::default(),
    }
}
