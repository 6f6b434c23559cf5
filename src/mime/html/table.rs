//! Which tables hold data and which only lay out, and what the former are made of.
//!
//! Most tables in mail place things; read as tables they are unreadable. A table holds data if all
//! its cells are simple (a few short lines, no table, list, quotation or picture inside), at least
//! two columns are used, and
//! - it says so (`<th>`, `<thead>`, `<caption>`) in two rows or more, or
//! - it says nothing, and at least two rows and at least half of them have two cells or more with
//!   text, forty characters in the middle at most, and links are the lesser part, or
//! - it says that it only lays out (`role=presentation`), but what stands last in its rows are
//!   numbers, as in an invoice.
//!
//! Everything else is read cell by cell; a row of a few words stays on one line.

use super::block::{Bit, Block, Body, Cell, Row, Table, words};
use crate::mime::styled::Mark;
use crate::text::width;
use std::ops::Range;

/// The most columns of a table of data.
const MAX_COLUMNS: usize = 32;
/// The most characters of a cell of data.
const MAX_CELL: usize = 240;
/// The most lines of a cell of data.
const MAX_LINES: usize = 4;
/// Columns of the longest row that is kept on one line.
const MAX_JOINED: usize = 72;
/// Rows over which a cell may reach.
const MAX_REACH: usize = 1_000;

/// A table as the page has it; the cells' text is blocks.
#[derive(Debug, Default)]
pub struct Found {
    /// From top to bottom.
    rows: Vec<FoundRow>,
    /// It says that it only lays out.
    pub presentation: bool,
    /// It says that it has a head.
    pub said: bool,
    /// How many more rows each column is taken by a cell above.
    busy: Vec<usize>,
}

/// A row as the page has it.
#[derive(Debug, Default)]
struct FoundRow {
    cells: Vec<FoundCell>,
    /// It stands in the table's head.
    head: bool,
}

/// A cell as the page has it.
#[derive(Debug)]
struct FoundCell {
    /// Which blocks are in it.
    blocks: Range<usize>,
    column: usize,
    span: usize,
    th: bool,
    right: bool,
}

impl Found {
    /// Begins a row.
    pub fn row(&mut self, head: bool) {
        for rows in &mut self.busy {
            *rows = rows.saturating_sub(1);
        }
        self.rows.push(FoundRow {
            cells: Vec::new(),
            head,
        });
    }

    /// Adds a cell to the row. Spans are as the page says.
    pub fn cell(&mut self, blocks: Range<usize>, th: bool, right: bool, span: usize, reach: usize) {
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        let span = span.clamp(1, MAX_COLUMNS);
        let mut column = row.cells.last().map_or(0, |c| c.column + c.span);
        while self.busy.get(column).is_some_and(|rows| *rows > 0) {
            column += 1;
        }
        if reach > 1 && column + span <= 2 * MAX_COLUMNS {
            self.busy.resize(self.busy.len().max(column + span), 0);
            for rows in self.busy.iter_mut().skip(column).take(span) {
                *rows = reach.min(MAX_REACH);
            }
        }
        self.said |= th;
        row.cells.push(FoundCell {
            blocks,
            column,
            span,
            th,
            right,
        });
    }

    /// The table, if it holds data. `blocks` is what its cells are made of, `start` the number of
    /// the first.
    pub fn data(&self, blocks: &[Block], start: usize) -> Option<Table> {
        let of = |c: &FoundCell| {
            let range = c.blocks.start.saturating_sub(start)..c.blocks.end.saturating_sub(start);
            blocks.get(range).unwrap_or_default()
        };
        // Most tables are none; that is seen before anything of them is copied.
        let mut full = 0usize;
        let mut filled = 0usize;
        for row in &self.rows {
            let mut cells = 0usize;
            for cell in &row.cells {
                cells += usize::from(is_simple(of(cell))?);
            }
            full += usize::from(cells > 1);
            filled += usize::from(cells > 0);
        }
        let says = self.said && !self.presentation;
        if full == 0 || filled < 2 || !says && (full < 2 || full * 2 < filled) {
            return None;
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut heads: Vec<bool> = Vec::new();
        for row in &self.rows {
            let mut cells = Vec::new();
            let mut all_th = !row.cells.is_empty();
            for cell in &row.cells {
                let inside = of(cell);
                if !is_simple(inside)? {
                    continue;
                }
                let bits = simple(inside);
                all_th &= cell.th;
                cells.push(Cell {
                    bits: if cell.th { strong(bits) } else { bits },
                    column: cell.column,
                    span: cell.span,
                    right: cell.right,
                });
            }
            if !cells.is_empty() {
                heads.push(row.head || all_th && cells.len() > 1);
                rows.push(Row {
                    cells,
                    header: false,
                });
            }
        }
        let columns = squeeze(&mut rows)?;
        let numbers = numbers_last(&rows);
        if !says && !numbers && (self.presentation || !reads_as_data(&rows)) {
            return None;
        }
        let bold_first = !self.said && first_alone_is_strong(&rows);
        let headed = heads.first().copied().unwrap_or(false) || bold_first;
        if let Some(first) = rows.first_mut().filter(|_| headed) {
            first.header = first.cells.len() > 1;
            for cell in &mut first.cells {
                cell.bits = strong(std::mem::take(&mut cell.bits));
            }
        }
        align(&mut rows, columns);
        Some(Table { rows, columns })
    }

    /// Puts rows of a few words on one line each; gives nothing if there are none.
    pub fn joined(&self, blocks: &[Block], start: usize) -> Option<Vec<Block>> {
        let mut out: Vec<Block> = Vec::new();
        let mut at = start;
        let mut any = false;
        let slice = |from: usize, to: usize| {
            blocks
                .get(from.saturating_sub(start)..to.saturating_sub(start))
                .unwrap_or_default()
        };
        for row in &self.rows {
            let (Some(first), Some(last)) = (row.cells.first(), row.cells.last()) else {
                continue;
            };
            let Some(line) = one_line(row, &slice) else {
                continue;
            };
            out.extend_from_slice(slice(at, first.blocks.start));
            out.push(line);
            at = last.blocks.end;
            any = true;
        }
        out.extend_from_slice(slice(at, start + blocks.len()));
        any.then_some(out)
    }
}

/// A row on one line, if it is of two cells or more, each of a few words.
fn one_line<'a>(row: &FoundRow, slice: &impl Fn(usize, usize) -> &'a [Block]) -> Option<Block> {
    let mut texts: Vec<&[Bit]> = Vec::new();
    let mut place = None;
    let mut used = 0;
    let mut menu = true;
    for cell in &row.cells {
        let inside = slice(cell.blocks.start, cell.blocks.end);
        let [block] = inside else {
            if inside.is_empty() {
                continue;
            }
            return None;
        };
        let Body::Text(own) = &block.body else {
            return None;
        };
        if is_bar(own) {
            continue;
        }
        if !block.place.label.is_empty() || own.iter().any(|b| matches!(b, Bit::Break)) {
            return None;
        }
        menu &= own.iter().all(|b| match b {
            Bit::Text { text, link, .. } => link.is_some() || text.trim().is_empty(),
            _ => true,
        });
        used += width::width(&words(own)) + 2;
        place.get_or_insert_with(|| block.place.clone());
        texts.push(own);
    }
    if texts.len() < 2 || used > MAX_JOINED {
        return None;
    }
    let between = [Bit::Text {
        text: if menu { " · " } else { "  " }.to_owned(),
        mark: Mark::Plain,
        link: None,
    }];
    Some(Block {
        place: place?,
        body: Body::Text(texts.join(between.as_slice())),
    })
}

/// Whether a text only stands between others.
fn is_bar(bits: &[Bit]) -> bool {
    let mut chars = bits.iter().flat_map(|b| b.words().chars());
    chars.all(|c| c.is_whitespace() || "|•·│/".contains(c)) && words(bits).chars().count() <= 3
}

/// Whether there is text in a simple cell; `None` if it is not simple.
fn is_simple(blocks: &[Block]) -> Option<bool> {
    let mut lines = 0;
    let mut octets = 0;
    for block in blocks {
        let Body::Text(bits) = &block.body else {
            return None;
        };
        let breaks = bits.iter().filter(|b| matches!(b, Bit::Break)).count();
        lines += 1 + breaks;
        octets += bits.iter().map(|b| b.words().len()).sum::<usize>() + 1;
        let pictured = bits.iter().any(|b| matches!(b, Bit::Picture { .. }));
        if lines > MAX_LINES || pictured || !block.place.label.is_empty() {
            return None;
        }
    }
    if let [one] = blocks
        && let Body::Text(bits) = &one.body
        && octets <= MAX_CELL
    {
        return Some(!is_bar(bits));
    }
    let bits = simple(blocks);
    let is_short = || words(&bits).chars().count() <= MAX_CELL;
    match is_bar(&bits) {
        true => Some(false),
        false => is_short().then_some(true),
    }
}

/// The text of a simple cell.
fn simple(blocks: &[Block]) -> Vec<Bit> {
    let texts = blocks.iter().filter_map(|b| match &b.body {
        Body::Text(bits) => Some(bits.as_slice()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(&Bit::Break)
}

/// Takes columns out that nobody uses, and gives how many are left; `None` if those are less than
/// two or too many.
fn squeeze(rows: &mut [Row]) -> Option<usize> {
    let mut used = vec![false; 3 * MAX_COLUMNS];
    for cell in rows.iter().flat_map(|r| &r.cells) {
        *used.get_mut(cell.column)? = true;
    }
    let mut place = Vec::with_capacity(used.len());
    let mut columns = 0;
    for used in &used {
        place.push(columns);
        columns += usize::from(*used);
    }
    for cell in rows.iter_mut().flat_map(|r| &mut r.cells) {
        let from = place.get(cell.column).copied().unwrap_or(0);
        let end = place
            .get(cell.column + cell.span)
            .copied()
            .unwrap_or(columns);
        cell.column = from;
        cell.span = end.saturating_sub(from).max(1);
    }
    (2..=MAX_COLUMNS).contains(&columns).then_some(columns)
}

fn strong(bits: Vec<Bit>) -> Vec<Bit> {
    let strong = |bit| match bit {
        Bit::Text {
            text,
            mark: Mark::Plain,
            link,
        } => Bit::Text {
            text,
            mark: Mark::Strong,
            link,
        },
        other => other,
    };
    bits.into_iter().map(strong).collect()
}

fn is_strong(cell: &Cell) -> bool {
    cell.bits.iter().all(|b| match b {
        Bit::Text { text, mark, .. } => {
            text.trim().is_empty() || matches!(mark, Mark::Strong | Mark::Heading)
        }
        _ => true,
    })
}

/// Whether the first row names the columns by being the only one in bold.
fn first_alone_is_strong(rows: &[Row]) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    let all_strong = |row: &Row| row.cells.iter().all(is_strong);
    first.cells.len() > 1
        && rest.len() > 1
        && all_strong(first)
        && !rest.iter().take(2).any(all_strong)
}

/// A number, a price, a share: digits and hardly a letter.
fn is_number(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    digits > 0 && letters <= 3 && text.chars().count() <= 20
}

/// Whether at least two rows, and half of those of two cells or more, end in a number.
fn numbers_last(rows: &[Row]) -> bool {
    let full = rows.iter().filter(|r| r.cells.len() > 1);
    let (mut all, mut ending) = (0, 0);
    for row in full {
        all += 1;
        ending += usize::from(row.cells.last().is_some_and(|c| is_number(&words(&c.bits))));
    }
    ending >= 2 && ending * 2 >= all
}

fn reads_as_data(rows: &[Row]) -> bool {
    let (mut cells, mut length, mut links) = (0, 0, 0);
    for cell in rows.iter().flat_map(|r| &r.cells) {
        cells += 1;
        length += words(&cell.bits).chars().count();
        let is_link = |b: &Bit| matches!(b, Bit::Text { link: Some(_), .. });
        links += usize::from(cell.bits.iter().any(is_link));
    }
    length <= cells * 40 && links * 2 <= cells
}

/// Sets columns of numbers to the right.
fn align(rows: &mut [Row], columns: usize) {
    let mut numbers = vec![(0usize, 0usize); columns];
    for cell in rows.iter().filter(|r| !r.header).flat_map(|r| &r.cells) {
        if let Some((good, all)) = numbers.get_mut(cell.column).filter(|_| cell.span == 1) {
            *all += 1;
            *good += usize::from(is_number(&words(&cell.bits)));
        }
    }
    for cell in rows.iter_mut().flat_map(|r| &mut r.cells) {
        let (good, all) = numbers.get(cell.column).copied().unwrap_or_default();
        if all > 0 && good * 4 >= all * 3 && cell.span == 1 {
            cell.right = true;
        }
    }
}
