//! `[list]`: what a list of messages shows of each, and how wide. A mistake here leaves the default.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::Section;
use std::ops::Range;
use toml::de::DeTable;

/// The widest that a column can be asked for.
const WIDEST: u16 = 200;

/// One thing that is told of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The signs: selected, unread, starred, answered.
    Flags,
    /// Who it is from; where that is the user, to whom it went.
    From,
    /// To whom it went.
    To,
    /// What it is about, and the beginning of its text.
    Subject,
    /// Whether something is attached.
    Attachment,
    /// How many messages the conversation has.
    Count,
    /// Its tags.
    Tags,
    /// The mailbox that it lies in.
    Mailbox,
    /// Whose it is.
    Account,
    /// When it came.
    Date,
}

impl Field {
    /// Each with its name.
    pub const ALL: [(&'static str, Field); 10] = [
        ("flags", Field::Flags),
        ("from", Field::From),
        ("to", Field::To),
        ("subject", Field::Subject),
        ("attachment", Field::Attachment),
        ("count", Field::Count),
        ("tags", Field::Tags),
        ("mailbox", Field::Mailbox),
        ("account", Field::Account),
        ("date", Field::Date),
    ];
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// As such a column usually is.
    #[default]
    Usual,
    /// So many columns.
    Exactly(u16),
    /// A fifth of the list, within these bounds.
    Between(u16, u16),
    /// So many hundredths of the list.
    Percent(u16),
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it tells.
    pub field: Field,
    /// How wide it is.
    pub width: Width,
}

impl Column {
    /// A column as wide as usual.
    pub const fn usual(field: Field) -> Column {
        Column {
            field,
            width: Width::Usual,
        }
    }

    /// Reads `from`, `from 20`, `from 10-26` and `from 20%`.
    ///
    /// # Errors
    /// In plain words: no column is called so, or its width can't be read.
    fn parse(text: &str) -> Result<Column, String> {
        let text = text.trim();
        let (name, wide) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let mut all = Field::ALL.iter();
        let Some((_, field)) = all.find(|(known, _)| *known == name) else {
            let known = Field::ALL.map(|(name, _)| name).join(", ");
            return Err(format!("columns are {known}"));
        };
        let number = |text: &str| {
            let number = text.trim().parse::<u16>().ok();
            number.filter(|n| (1..=WIDEST).contains(n))
        };
        let wide = wide.trim();
        let width = match (wide, wide.split_once('-'), wide.strip_suffix('%')) {
            ("", ..) => Some(Width::Usual),
            (_, Some((least, most)), _) => number(least)
                .zip(number(most))
                .filter(|(least, most)| least <= most)
                .map(|(least, most)| Width::Between(least, most)),
            (_, _, Some(percent)) => number(percent).filter(|p| *p <= 100).map(Width::Percent),
            (wide, ..) => number(wide).map(Width::Exactly),
        };
        let width = width.ok_or_else(|| {
            "a width is written \"from 20\", \"from 10-26\" or \"from 20%\"".to_owned()
        })?;
        Ok(Column {
            field: *field,
            width,
        })
    }
}

/// How much room a message has in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// A line each.
    #[default]
    Compact,
    /// Two lines each.
    Comfortable,
}

impl Density {
    /// Each with its name.
    pub const ALL: [(&'static str, Density); 2] = [
        ("compact", Density::Compact),
        ("comfortable", Density::Comfortable),
    ];

    /// Lines that a message takes.
    pub fn lines(self) -> usize {
        match self {
            Density::Compact => 1,
            Density::Comfortable => 2,
        }
    }
}

/// How a list tells when a message came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// The time of today, the day of this week, else the date.
    #[default]
    Short,
    /// How long ago.
    Relative,
    /// The date, and for today the time.
    Iso,
}

const DATES: [(&str, Dates); 3] = [
    ("short", Dates::Short),
    ("relative", Dates::Relative),
    ("iso", Dates::Iso),
];

/// The settings of `[list]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListLook {
    /// The columns from left to right; never empty.
    pub columns: Vec<Column>,
    /// How much room a message has.
    pub density: Density,
    /// How it is told when it came.
    pub dates: Dates,
}

impl Default for ListLook {
    fn default() -> ListLook {
        let usual = [
            Field::Flags,
            Field::From,
            Field::Subject,
            Field::Attachment,
            Field::Date,
        ];
        ListLook {
            columns: usual.map(Column::usual).to_vec(),
            density: Density::Compact,
            dates: Dates::Short,
        }
    }
}

/// Reads the table.
pub(super) fn list(
    table: &DeTable<'_>,
    span: Range<usize>,
    problems: &mut Problems<'_>,
) -> ListLook {
    let section = Section::new(table, span, &keys(Part::List), problems);
    let default = ListLook::default();
    let example = "[\"flags\", \"from 20%\", \"subject\", \"date\"]";
    let mut columns = Vec::new();
    let named = section.list("columns", example, problems);
    if let Some(named) = named {
        let mut add = |message: String, hint: String| {
            problems.add(&named.span, message, Some(hint));
        };
        for text in named.value {
            match Column::parse(&text) {
                Ok(column) if columns.iter().any(|c: &Column| c.field == column.field) => add(
                    format!("`columns` has \"{}\" twice", text.escape_debug()),
                    "each stands once".to_owned(),
                ),
                Ok(column) => columns.push(column),
                Err(hint) => {
                    let text = text.escape_debug();
                    add(format!("`columns` can't have \"{text}\""), hint);
                }
            }
        }
    }
    ListLook {
        columns: match columns.is_empty() {
            true => default.columns,
            false => columns,
        },
        density: section
            .word("density", &Density::ALL, problems)
            .map_or(default.density, |d| d.value),
        dates: section
            .word("dates", &DATES, problems)
            .map_or(default.dates, |d| d.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::parse;
    use std::path::Path;

    fn loaded(text: &str) -> (ListLook, Vec<String>) {
        let loaded = parse(&format!("[list]\n{text}\n"), Path::new("/c"));
        let told = loaded.problems.iter();
        let told = told.map(|p| format!("{}; {}", p.message, p.hint)).collect();
        (loaded.config.list, told)
    }

    #[test]
    fn columns_have_widths() {
        let (look, told) = loaded(
            "columns = [\"date\", \"from 10-26\", \"subject\", \"tags 20%\", \"count 4\"]\ndensity = \"comfortable\"",
        );
        assert_eq!(told, [""; 0]);
        let widths: Vec<_> = look.columns.iter().map(|c| (c.field, c.width)).collect();
        assert_eq!(
            widths,
            [
                (Field::Date, Width::Usual),
                (Field::From, Width::Between(10, 26)),
                (Field::Subject, Width::Usual),
                (Field::Tags, Width::Percent(20)),
                (Field::Count, Width::Exactly(4)),
            ]
        );
        assert_eq!(look.density, Density::Comfortable);
        assert_eq!(loaded("columns = []").0, ListLook::default());
    }

    #[test]
    fn what_is_wrong_is_told_and_the_rest_holds() {
        let (look, told) = loaded(
            "columns = [\"from\", \"sender\", \"from 3\", \"to 0\", \"to 9-3\", \"to 120%\"]",
        );
        assert_eq!(look.columns, [Column::usual(Field::From)]);
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(
            told[0].contains("\"sender\"") && told[0].contains("subject"),
            "{told:?}"
        );
        assert!(told[1].contains("twice"), "{told:?}");
        assert!(told[2].contains("10-26"), "{told:?}");
    }
}
