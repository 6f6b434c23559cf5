//! What is said of new mail: of one message who wrote and what about, of several how many and by
//! whom. Everything is cleaned, and cut to what a notification has room for.

use crate::lang::{tr, trn};
use crate::model::view::IndexRow;
use crate::text::{Clean, width};

/// Messages that are named one by one.
const NAMED: usize = 3;
/// Columns of a name, and of a subject.
const NAME: usize = 60;
const SUBJECT: usize = 160;

/// Title and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub title: Clean,
    pub body: Clean,
}

/// What is said of these, the newest first; `count` of them came.
pub(super) fn of(rows: &[IndexRow], count: usize) -> Words {
    if let ([row], 1) = (rows, count) {
        return Words {
            title: sender(row),
            body: subject(row),
        };
    }
    let named = rows.iter().take(NAMED);
    let mut told: Vec<String> = named
        .map(|row| {
            format!(
                "{}: {}",
                sender(row),
                width::cut(subject(row).as_str(), NAME)
            )
        })
        .collect();
    let rest = count.saturating_sub(told.len());
    if rest > 0 {
        told.push(trn!(n = rest, "{n} more", "{n} more"));
    }
    Words {
        title: Clean::line(&trn!(n = count, "{n} new message", "{n} new messages")),
        body: Clean::line(&told.join(" · ")),
    }
}

/// Who wrote a message.
pub(super) fn sender(row: &IndexRow) -> Clean {
    match row.from.first() {
        Some(address) => Clean::line(&width::cut(Clean::line(address.display()).as_str(), NAME)),
        None => Clean::lit(tr!("Somebody")),
    }
}

/// What it is about.
pub(super) fn subject(row: &IndexRow) -> Clean {
    let subject = Clean::line(row.subject.trim());
    match subject.is_empty() {
        true => Clean::lit(tr!("(no subject)")),
        false => Clean::line(&width::cut(subject.as_str(), SUBJECT)),
    }
}
