//! The columns of a list: which of those that the user wants there is room for, and how wide each is.
//!
//! One of them takes what the others leave: the subject, or else who wrote. In a narrow list those
//! that say least go first, and come back where there is room.

use crate::config::{Column, Dates, Density, Field, ListLook, Width};

/// Columns before the second line of a message that has two.
pub const INDENT: usize = 4;
/// What takes the rest has at least so many columns, or others go.
const LEAST: usize = 12;
/// Lists narrower than this tell dates shorter.
const NARROW: usize = 56;
/// What takes what the others leave: the first of these that is there.
const REST: [Field; 5] = [
    Field::Subject,
    Field::From,
    Field::To,
    Field::Mailbox,
    Field::Tags,
];
/// What goes first where there is no room.
const SPARE: [Field; 7] = [
    Field::Tags,
    Field::Account,
    Field::Mailbox,
    Field::To,
    Field::Count,
    Field::Attachment,
    Field::Date,
];

/// A column as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it tells.
    pub field: Field,
    /// Blanks before it.
    pub gap: usize,
    /// Columns.
    pub cols: usize,
}

/// Whether a column is among those that there is room for.
pub fn has(lines: &[Vec<Cell>], field: Field) -> bool {
    lines.iter().flatten().any(|cell| cell.field == field)
}

/// The columns of each line of a message, in a list of so many columns.
pub fn widths(look: &ListLook, cols: usize) -> Vec<Vec<Cell>> {
    let all = &look.columns;
    match look.density {
        Density::Compact => vec![line(all, cols, look.dates)],
        Density::Comfortable => {
            let (below, above): (Vec<_>, Vec<_>) =
                all.iter().partition(|c| c.field == Field::Subject);
            vec![
                line(&above, cols, look.dates),
                line(&below, cols.saturating_sub(INDENT), look.dates),
            ]
        }
    }
}

fn line(columns: &[Column], cols: usize, dates: Dates) -> Vec<Cell> {
    let mut columns = columns.to_vec();
    // Signs lean on what stands behind them.
    let gap = |columns: &[Column], n: usize| {
        let before = n.checked_sub(1).and_then(|n| columns.get(n));
        usize::from(before.is_some_and(|c| c.field != Field::Flags))
    };
    let is = |column: &Column, field: Field| column.field == field;
    loop {
        let wanted = |usual: bool| {
            let fits = |c: &&Column| !usual || c.width == Width::Usual;
            let has = |f: &&Field| columns.iter().filter(fits).any(|c| is(c, **f));
            REST.iter().find(has).copied()
        };
        let rest = wanted(true).or_else(|| wanted(false));
        let mut cells: Vec<Cell> = Vec::new();
        for (n, column) in columns.iter().enumerate() {
            cells.push(Cell {
                field: column.field,
                gap: gap(&columns, n),
                cols: match Some(column.field) == rest {
                    true => 0,
                    false => wide(column, cols, dates),
                },
            });
        }
        let used: usize = cells.iter().map(|c| c.gap + c.cols).sum();
        let left = cols.saturating_sub(used);
        let enough = used + LEAST.min(cols / 3) <= cols || rest.is_none() && used <= cols;
        let spare = SPARE
            .iter()
            .find_map(|f| columns.iter().position(|c| is(c, *f)));
        match spare.filter(|_| !enough) {
            Some(at) => {
                columns.remove(at);
            }
            None => {
                let takes = cells.iter_mut().find(|c| Some(c.field) == rest);
                if let Some(cell) = takes {
                    cell.cols = left;
                }
                return cells;
            }
        }
    }
}

/// Columns of one in a list of so many.
fn wide(column: &Column, cols: usize, dates: Dates) -> usize {
    let n = usize::from;
    match column.width {
        Width::Exactly(exactly) => n(exactly),
        Width::Between(least, most) => (cols / 5).clamp(n(least), n(most)),
        Width::Percent(percent) => (cols * n(percent) / 100).max(1),
        Width::Usual => match column.field {
            Field::Flags => 4,
            Field::From | Field::To => (cols / 5).clamp(9, 26),
            Field::Subject => (cols / 2).max(LEAST),
            Field::Attachment => 1,
            Field::Count => 3,
            Field::Tags => (cols / 6).clamp(8, 24),
            Field::Mailbox => (cols / 8).clamp(8, 20),
            Field::Account => (cols / 10).clamp(6, 14),
            Field::Date if cols < NARROW || dates == Dates::Relative => 6,
            Field::Date => 10,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(look: &ListLook, cols: usize) -> Vec<(Field, usize)> {
        let lines = widths(look, cols);
        let all = lines.into_iter().flatten();
        all.map(|c| (c.field, c.cols)).collect()
    }

    #[test]
    fn the_subject_has_what_the_others_leave() {
        let look = ListLook::default();
        assert_eq!(
            shown(&look, 80),
            [
                (Field::Flags, 4),
                (Field::From, 16),
                (Field::Subject, 46),
                (Field::Attachment, 1),
                (Field::Date, 10),
            ]
        );
    }

    #[test]
    fn what_says_least_goes_first_and_comes_back() {
        let mut look = ListLook::default();
        for field in [Field::Tags, Field::Mailbox, Field::Account, Field::Count] {
            look.columns.push(Column::usual(field));
        }
        let has = |cols| {
            let cells = shown(&look, cols);
            move |field| cells.iter().any(|(f, _)| *f == field)
        };
        assert!(has(120)(Field::Tags) && has(120)(Field::Account));
        assert!(!has(60)(Field::Tags) && has(60)(Field::Date));
        let narrow = has(38);
        assert!(narrow(Field::Subject) && narrow(Field::From) && narrow(Field::Date));
        assert!(!narrow(Field::Account) && !narrow(Field::Mailbox));
    }

    #[test]
    fn of_two_lines_the_second_is_the_subjects() {
        let look = ListLook {
            density: Density::Comfortable,
            ..ListLook::default()
        };
        let lines = widths(&look, 60);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].iter().all(|c| c.field != Field::Subject));
        assert_eq!((lines[1][0].field, lines[1][0].cols), (Field::Subject, 56));
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_the_list(
            cols in 20usize..300,
            fields in proptest::sample::subsequence(Field::ALL.to_vec(), 1..10),
            wide in 0u16..60,
        ) {
            let width = match wide {
                0..20 => Width::Usual,
                20..40 => Width::Exactly(wide - 19),
                _ => Width::Percent(wide - 39),
            };
            let columns = fields.iter().map(|(_, field)| Column { field: *field, width }).collect();
            let look = ListLook { columns, ..ListLook::default() };
            for line in widths(&look, cols) {
                let used: usize = line.iter().map(|c| c.gap + c.cols).sum();
                prop_assert!(used <= cols || line.len() <= 3, "{line:?}");
            }
        }
    }
}
