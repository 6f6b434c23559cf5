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
    let mut out = io::stdout().lock();
    for line in lines(rows, most) {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// The rows as lines. What ends a row has all the room there is, and makes no column wider.
fn lines(rows: &[Vec<Clean>], most: usize) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        let cells = rows.iter().filter(|row| column + 1 < row.len());
        let cells = cells.filter_map(|row| row.get(column));
        let widest = cells.map(|cell| width::width(cell.as_str())).max();
        widest.unwrap_or(0).min(most)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &Vec<Clean>| {
        let last = row.len().saturating_sub(1);
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(c, (cell, w))| match c == last {
            true => cell.to_string(),
            false => width::fit(cell.as_str(), *w),
        });
        cells.collect::<Vec<String>>().join("  ")
    };
    rows.iter().map(line).collect()
}

/// The first of some people, and whether there are more.
pub fn people(list: &[Address]) -> Clean {
    match list {
        [] => Clean::lit("(nobody)"),
        [one] => Clean::line(one.display()),
        [one, rest @ ..] => Clean::line(&format!("{} +{}", one.display(), rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_below_a_row_moves_no_column() {
        let row = |cells: &[&str]| cells.iter().map(|c| Clean::line(c)).collect::<Vec<_>>();
        let rows = [
            row(&["o1", "queued", "13:05", "bo@example.test"]),
            row(&["", "waits until the server is no longer busy"]),
            row(&["o10", "sent", "Fri", "a@example.test"]),
        ];
        assert_eq!(
            lines(&rows, 40),
            [
                "o1   queued  13:05  bo@example.test",
                "     waits until the server is no longer busy",
                "o10  sent    Fri    a@example.test",
            ]
        );
        assert_eq!(lines(&rows, 3)[0], "o1   qu…  13…  bo@example.test");
    }
}
