//! Plain columns for people at a terminal. Everything printed is clean.

use super::say::aside;
use crate::model::Address;
use crate::text::{Clean, width};
use std::io::{self, IsTerminal as _, Write as _};

/// Prints rows in columns, or says on standard error that there are none: a list that prints
/// nothing at all leaves one guessing.
///
/// # Errors
/// As [`print()`].
pub fn print_or(rows: &[Vec<Clean>], most: usize, none: &str) -> io::Result<()> {
    if rows.is_empty() {
        aside!("{none}");
    }
    print(rows, most)
}

/// Prints rows in columns; every column but the last is as wide as its widest cell, at a terminal
/// `most` at most. Into a pipe or a file nothing is cut.
///
/// # Errors
/// When standard output can't be written.
pub fn print(rows: &[Vec<Clean>], most: usize) -> io::Result<()> {
    let most = match io::stdout().is_terminal() {
        true => most,
        false => usize::MAX,
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|c| {
            rows.iter()
                .filter_map(|r| r.get(c))
                .map(|cell| width::width(cell.as_str()))
                .max()
                .unwrap_or(0)
                .min(most)
        })
        .collect();
    let mut out = io::stdout().lock();
    for row in rows {
        let last = row.len().saturating_sub(1);
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(c, (cell, w))| {
                if c == last {
                    cell.to_string()
                } else {
                    width::fit(cell.as_str(), *w)
                }
            })
            .collect();
        writeln!(out, "{}", cells.join("  "))?;
    }
    out.flush()
}

/// The first of some people, and whether there are more.
pub fn people(list: &[Address]) -> Clean {
    match list {
        [] => Clean::lit("(nobody)"),
        [one] => Clean::line(one.display()),
        [one, rest @ ..] => Clean::line(&format!("{} +{}", one.display(), rest.len())),
    }
}
