//! Values between separators (RFC 4180 and what people make of it) as columns that stand straight.

use super::charset;
use super::styled::{Line, Mark, Run};
use crate::lang::tr;
use crate::text::width;

/// Rows read at most.
const ROWS: usize = 5_000;
/// Columns shown at most.
const COLUMNS: usize = 60;
/// The widest that one column gets.
const WIDEST: usize = 40;
/// Octets read at most.
const MOST: usize = 2 << 20;
/// What may stand between values.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// The lines of a table; `charset` as declared. What is left out is said in the last line.
pub fn lines(bytes: &[u8], charset: Option<&str>) -> Vec<Line> {
    let part = bytes.get(..bytes.len().min(MOST)).unwrap_or_default();
    let text = charset::decode(part, charset);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut more = bytes.len() > MOST;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else { continue };
        if rows.len() >= ROWS {
            more = true;
            break;
        }
        more |= record.len() > COLUMNS;
        let cells = record.iter().take(COLUMNS).map(cell);
        rows.push(cells.collect());
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let shapes: Vec<(usize, bool)> = (0..columns).map(|n| shape(&rows, n)).collect();
    let mut lines: Vec<Line> = rows
        .iter()
        .enumerate()
        .map(|(n, row)| line(row, &shapes, n == 0))
        .collect();
    if more {
        let note = tr!("The table is larger than what is shown.");
        lines.push(Line::from_runs(vec![Run::new(note, Mark::Dim)], 0));
    }
    lines
}

/// What stands most often outside quotes in the first line.
fn separator(text: &str) -> u8 {
    let mut counts = [0usize; SEPARATORS.len()];
    let mut quoted = false;
    for byte in text.bytes().take(64 << 10) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            byte => {
                for (count, known) in counts.iter_mut().zip(SEPARATORS) {
                    *count += usize::from(byte == known);
                }
            }
        }
    }
    // The earlier one where two are as frequent.
    let best = counts.iter().zip(SEPARATORS).rev().max_by_key(|(n, _)| **n);
    best.map_or(b',', |(_, separator)| separator)
}

/// A value on one line and not too wide.
fn cell(value: &str) -> String {
    let short: String = value.chars().take(4 * WIDEST).collect();
    width::cut(crate::text::Clean::line(short.trim()).as_str(), WIDEST)
}

/// How wide a column is, and whether it holds numbers below its first row.
fn shape(rows: &[Vec<String>], n: usize) -> (usize, bool) {
    let cells = || rows.iter().filter_map(|row| row.get(n));
    let widest = cells().map(|c| width::width(c)).max().unwrap_or(0);
    let number = |c: &String| {
        let digits = c.chars().any(|c| c.is_ascii_digit());
        digits
            && c.chars()
                .all(|c| c.is_ascii_digit() || "+-.,' %€$£".contains(c))
    };
    let mut below = cells().skip(1).filter(|c| !c.is_empty()).peekable();
    let numbers = below.peek().is_some() && below.all(number);
    (widest, numbers)
}

fn line(row: &[String], shapes: &[(usize, bool)], heading: bool) -> Line {
    let mut text = String::new();
    for (n, (cell, (columns, numbers))) in row.iter().zip(shapes).enumerate() {
        if n > 0 {
            text.push_str("  ");
        }
        let pad = " ".repeat(columns.saturating_sub(width::width(cell)));
        match numbers {
            true => text.extend([pad.as_str(), cell]),
            false => text.extend([cell, pad.as_str()]),
        }
    }
    let mark = if heading { Mark::Strong } else { Mark::Plain };
    Line::from_runs(vec![Run::new(text.trim_end(), mark)], 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(bytes: &[u8], charset: Option<&str>) -> Vec<String> {
        lines(bytes, charset).iter().map(Line::text).collect()
    }

    #[test]
    fn columns_stand_straight_and_numbers_to_the_right() {
        let text = "\u{feff}Name;Sum\r\n\"日本; x\";5\r\nb;1 000,50\r\n";
        let want = [
            "Name          Sum",
            "日本; x         5",
            "b        1 000,50",
        ];
        assert_eq!(shown(text.as_bytes(), None), want);
        assert_eq!(shown(b"a\tb\n1\t2\n", None), ["a  b", "1  2"]);
        assert_eq!(shown(b"\xe4,x\n", Some("windows-1252")), ["ä  x"]);
    }

    #[test]
    fn what_is_odd_or_large_is_shown_as_far_as_it_goes() {
        assert_eq!(
            shown(b"a,\"b\nc\",d\n1\n\n\"open,2", None)[0],
            "a       b c  d"
        );
        let many = "x,y\n".repeat(ROWS + 1);
        assert_eq!(shown(many.as_bytes(), None).len(), ROWS + 1);
        let wide = ["x"; COLUMNS + 1].join(",");
        assert!(shown(wide.as_bytes(), None)[1].contains("larger"));
        assert!(shown(b"", None).is_empty());
    }

    proptest! {
        #[test]
        fn every_line_is_clean(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for line in shown(&bytes, None) {
                prop_assert!(!line.chars().any(crate::text::clean::is_forbidden), "{line:?}");
            }
        }
    }
}
