//! A table of data in columns; where there is no room for them, as a list of "Header: value".
//!
//! Columns are as wide as what is in them, if that fits; else the widest give way first, down to
//! their longest word, and cells wrap.

use super::block::{Row, Table};
use crate::mime::styled::{Mark, Run, wrap_runs};
use crate::text::width::width;

/// Columns between two columns.
const BETWEEN: usize = 2;
/// A word longer than this may be cut to make a column narrower.
const MAX_WORD: usize = 18;
/// The most rows whose width is looked at one by one.
const MAX_ROWS: usize = 20_000;

/// A cell with its text laid out as pieces, a list a line.
pub struct Ready {
    /// Its lines.
    pub lines: Vec<Vec<Run>>,
    /// Its first column.
    pub column: usize,
    /// Columns that it takes.
    pub span: usize,
    /// Whether it is set to the right.
    pub right: bool,
}

/// A row of such cells.
pub struct ReadyRow {
    /// Its cells.
    pub cells: Vec<Ready>,
    /// Whether it names the columns.
    pub header: bool,
}

/// Makes rows ready; `ready` makes a cell's text pieces, one list a line.
pub fn ready(
    table: &Table,
    mut lines: impl FnMut(&super::block::Cell) -> Vec<Vec<Run>>,
) -> Vec<ReadyRow> {
    let mut row = |row: &Row| ReadyRow {
        header: row.header,
        cells: row
            .cells
            .iter()
            .map(|cell| Ready {
                lines: lines(cell),
                column: cell.column,
                span: cell.span,
                right: cell.right,
            })
            .collect(),
    };
    table.rows.iter().take(MAX_ROWS).map(&mut row).collect()
}

/// Draws a table into `room` columns: pieces, a list a line.
pub fn draw(rows: &[ReadyRow], columns: usize, room: usize) -> Vec<Vec<Run>> {
    match widths(rows, columns, room) {
        Some(widths) => rows.iter().flat_map(|row| drawn(row, &widths)).collect(),
        None => listed(rows, room),
    }
}

/// How wide each column is to be; `None` if they don't fit.
fn widths(rows: &[ReadyRow], columns: usize, room: usize) -> Option<Vec<usize>> {
    let mut want = vec![0usize; columns];
    let mut least = vec![1usize; columns];
    for cell in rows.iter().flat_map(|r| &r.cells).filter(|c| c.span == 1) {
        let natural = cell.lines.iter().map(|l| of(l)).max().unwrap_or(0);
        let whole: String = cell
            .lines
            .iter()
            .flatten()
            .map(|r| r.text.as_str())
            .collect();
        let word = whole.split_whitespace().map(width).max().unwrap_or(0);
        let at = want.get_mut(cell.column)?;
        *at = natural.max(*at);
        let at = least.get_mut(cell.column)?;
        *at = word.min(MAX_WORD).max(*at);
    }
    let free = room.checked_sub(BETWEEN * columns.saturating_sub(1))?;
    if want.iter().sum::<usize>() > free {
        if least.iter().sum::<usize>() > free {
            return None;
        }
        // The widest give way: the largest bound under which all fit.
        let (mut low, mut high) = (0, free);
        while low < high {
            let bound = (low + high).div_ceil(2);
            let sum: usize = want
                .iter()
                .zip(&least)
                .map(|(w, l)| (*w).min(bound).max(*l))
                .sum();
            if sum <= free {
                low = bound;
            } else {
                high = bound - 1;
            }
        }
        for (w, l) in want.iter_mut().zip(&least) {
            *w = (*w).min(low).max(*l);
        }
        // Cells of a word a line are no table any more.
        if want.iter().zip(&least).any(|(w, _)| *w < 4) && low < 8 {
            return None;
        }
    }
    Some(want)
}

fn of(runs: &[Run]) -> usize {
    runs.iter().map(|r| width(&r.text)).sum()
}

/// A row in columns.
fn drawn(row: &ReadyRow, widths: &[usize]) -> Vec<Vec<Run>> {
    struct Wrapped {
        lines: Vec<Vec<Run>>,
        at: usize,
        wide: usize,
        right: bool,
    }
    let mut cells = Vec::new();
    for cell in &row.cells {
        let before: usize = widths.iter().take(cell.column).map(|w| w + BETWEEN).sum();
        let own = widths.iter().skip(cell.column).take(cell.span);
        let wide = own
            .map(|w| w + BETWEEN)
            .sum::<usize>()
            .saturating_sub(BETWEEN)
            .max(1);
        let lines = cell
            .lines
            .iter()
            .cloned()
            .flat_map(|l| wrap_runs(l, wide))
            .collect();
        cells.push(Wrapped {
            lines,
            at: before,
            wide,
            right: cell.right,
        });
    }
    let high = cells.iter().map(|c| c.lines.len()).max().unwrap_or(0);
    let mut out = Vec::new();
    for n in 0..high {
        let mut line: Vec<Run> = Vec::new();
        let mut used = 0;
        for cell in &cells {
            let Some(runs) = cell.lines.get(n) else {
                continue;
            };
            let own = of(runs);
            let push = if cell.right {
                cell.wide.saturating_sub(own)
            } else {
                0
            };
            let begin = cell.at + push;
            if begin > used {
                line.push(Run::new(" ".repeat(begin - used), Mark::Plain));
                used = begin;
            }
            line.extend_from_slice(runs);
            used += own;
        }
        out.push(line);
    }
    if row.header {
        let rules: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
        out.push(vec![Run::new(rules.join(&" ".repeat(BETWEEN)), Mark::Dim)]);
    }
    out
}

/// Each row as lines of "Header: value".
fn listed(rows: &[ReadyRow], room: usize) -> Vec<Vec<Run>> {
    let mut out: Vec<Vec<Run>> = Vec::new();
    let names = rows.first().filter(|r| r.header);
    for row in rows.iter().skip(usize::from(names.is_some())) {
        if !out.is_empty() {
            out.push(Vec::new());
        }
        for cell in &row.cells {
            let mut line: Vec<Run> = Vec::new();
            let name = names.and_then(|n| n.cells.iter().find(|c| c.column == cell.column));
            if let Some(name) = name.filter(|_| cell.span == 1) {
                line.extend(joined(&name.lines));
                let colon = line
                    .last()
                    .is_some_and(|r| r.text.trim_end().ends_with(':'));
                line.push(Run::new(if colon { " " } else { ": " }, Mark::Strong));
            }
            line.extend(joined(&cell.lines));
            out.extend(wrap_runs(line, room));
        }
    }
    out
}

fn joined(lines: &[Vec<Run>]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    for line in lines {
        if !out.is_empty() {
            out.push(Run::new(" ", Mark::Plain));
        }
        out.extend_from_slice(line);
    }
    out
}
