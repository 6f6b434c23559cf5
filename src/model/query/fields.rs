//! The words before a colon, and what may stand behind it.

use crate::lang::{mark, tr};
use crate::model::query::period::{Age, Period};
use crate::model::query::tree::{Expr, Field, Has, Is, Term};

/// Every `field:` with what it takes, for help and completion; [`of`](crate::lang::of) says that.
pub const FIELDS: [(&str, &str); 25] = [
    ("from:", mark!("name or address of the sender, or me")),
    ("to:", mark!("name or address of a recipient, or me")),
    (
        "cc:",
        mark!("name or address of a recipient of a copy, or me"),
    ),
    ("subject:", mark!("words of the subject")),
    ("body:", mark!("words of the text")),
    ("file:", mark!("words in the name of an attachment")),
    (
        "type:",
        mark!("kind of an attachment: pdf, image, text/csv"),
    ),
    (
        "is:",
        mark!("unread, read, flagged, answered, draft, muted, snoozed, list"),
    ),
    ("has:", mark!("attachment, image, invite, link")),
    ("in:", mark!("a mailbox or role")),
    ("account:", mark!("an account")),
    ("tag:", mark!("a tag")),
    ("list:", mark!("a mailing list")),
    ("larger:", mark!("a size: 500k, 5M")),
    ("smaller:", mark!("a size: 500k, 5M")),
    (
        "date:",
        mark!("2026-11-21, 2026-11, 2026, today, last-week, 2024..2025"),
    ),
    ("before:", mark!("a date")),
    ("after:", mark!("a date, which counts")),
    ("older:", mark!("a time: 12h, 30d, 2w, 6m, 1y")),
    ("newer:", mark!("a time: 12h, 30d, 2w, 6m, 1y")),
    ("thread:", mark!("number of a conversation")),
    ("id:", mark!("number of a message, or its Message-ID")),
    ("or", mark!("between terms: one of them is enough")),
    ("-", mark!("before a term: must not hold")),
    ("(", mark!("terms that belong together, up to )")),
];

/// The words that a field takes, where these are known beforehand.
pub fn values(field: &str) -> Vec<&'static str> {
    match field {
        "is" => firsts(&STATES),
        "has" => firsts(&THINGS),
        "date" | "before" | "after" => Period::names().collect(),
        _ => Vec::new(),
    }
}

/// What `is:` takes, the word that is printed first.
pub(super) const STATES: [(&str, Is); 13] = [
    ("unread", Is::Unread),
    ("read", Is::Read),
    ("flagged", Is::Flagged),
    ("answered", Is::Answered),
    ("draft", Is::Draft),
    ("muted", Is::Muted),
    ("snoozed", Is::Snoozed),
    ("list", Is::List),
    ("unseen", Is::Unread),
    ("seen", Is::Read),
    ("starred", Is::Flagged),
    ("replied", Is::Answered),
    ("drafts", Is::Draft),
];

/// What `has:` takes, the word that is printed first.
pub(super) const THINGS: [(&str, Has); 7] = [
    ("attachment", Has::Attachment),
    ("image", Has::Image),
    ("invite", Has::Invite),
    ("link", Has::Link),
    ("attachments", Has::Attachment),
    ("picture", Has::Image),
    ("links", Has::Link),
];

/// What `larger:` counts in.
pub(super) const SIZES: [(&str, u64); 3] = [("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)];

/// A field that takes words. Gmail's names are taken too, here and below.
pub(super) fn of_words(name: &str) -> Option<Field> {
    Some(match name {
        "from" => Field::From,
        "to" => Field::To,
        "cc" => Field::Cc,
        "subject" => Field::Subject,
        "body" => Field::Body,
        "file" | "filename" => Field::File,
        _ => return None,
    })
}

/// The word that means the user in a field of people.
pub(super) const ME: &str = "me";

/// Whether a word in a field, without quotes, means the user.
pub(super) fn is_me(field: Field, word: &str) -> bool {
    matches!(field, Field::From | Field::To | Field::Cc) && word.eq_ignore_ascii_case(ME)
}

/// Characters of a term of which anything is looked for.
const MAX_WORDS: usize = 250;

/// Whether there is anything in a text that can be looked for.
pub(super) fn has_word(text: &str) -> bool {
    text.chars().take(MAX_WORDS).any(char::is_alphanumeric)
}

/// Why a value can't be read: nobody knows the field, or what is wrong with the value.
pub(super) enum Wrong {
    /// There is no such field.
    Field,
    /// The field takes something else.
    Value(String),
}

/// The term of a field that does not take words, with its value (not empty, without quotes).
pub(super) fn of_value(name: &str, value: &str) -> Result<Expr, Wrong> {
    let wrong = |takes: &str| Wrong::Value(tr!("`{name}:` takes {takes}", name, takes));
    let date = || {
        Period::parse(value).ok_or_else(|| {
            wrong(tr!(
                "a day (2026-11-21), a month, a year, today, last-week…"
            ))
        })
    };
    let text = || value.to_owned();
    Ok(Expr::Term(match name {
        "is" => Term::Is(one_of(&STATES, value).ok_or_else(|| wrong(&firsts(&STATES).join(", ")))?),
        "has" => {
            Term::Has(one_of(&THINGS, value).ok_or_else(|| wrong(&firsts(&THINGS).join(", ")))?)
        }
        "in" if value.eq_ignore_ascii_case("anywhere") => return Ok(Expr::all([])),
        "in" => Term::In(text()),
        "account" => Term::Account(text()),
        "tag" | "label" => Term::Tag(text()),
        "list" => Term::List(text()),
        "type" => Term::Type(text()),
        "larger" => Term::Larger(size(value).ok_or_else(|| wrong(tr!("a size: 500k, 5M")))?),
        "smaller" => Term::Smaller(size(value).ok_or_else(|| wrong(tr!("a size: 500k, 5M")))?),
        "date" => {
            return dates(value)
                .ok_or_else(|| wrong(tr!("a day, a month, a year or a range: 2024..2025")));
        }
        "before" => Term::Before(date()?),
        "after" | "since" => Term::After(date()?),
        "older" | "older_than" => match (Age::parse(value), Period::parse(value)) {
            (Some(age), _) => Term::Older(age),
            (None, Some(period)) => Term::Before(period),
            (None, None) => return Err(wrong(tr!("a time (12h, 30d, 2w, 6m, 1y) or a date"))),
        },
        "newer" | "newer_than" => match (Age::parse(value), Period::parse(value)) {
            (Some(age), _) => Term::Newer(age),
            (None, Some(period)) => Term::After(period),
            (None, None) => return Err(wrong(tr!("a time (12h, 30d, 2w, 6m, 1y) or a date"))),
        },
        "thread" => {
            // JSON writes `t12`.
            let number = value.strip_prefix('t').unwrap_or(value);
            Term::Thread(number.parse().map_err(|_| wrong(tr!("a number")))?)
        }
        "id" | "rfc822msgid" => Term::Id(text()),
        _ => return Err(Wrong::Field),
    }))
}

fn one_of<T: Copy>(words: &[(&str, T)], value: &str) -> Option<T> {
    let found = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(value));
    found.map(|(_, meaning)| *meaning)
}

/// One word for each meaning.
fn firsts<T: PartialEq>(words: &[(&'static str, T)]) -> Vec<&'static str> {
    let mut firsts = Vec::new();
    for (n, (word, meaning)) in words.iter().enumerate() {
        let mut before = words.iter().take(n);
        if before.all(|(_, other)| other != meaning) {
            firsts.push(*word);
        }
    }
    firsts
}

/// `a`, `a..b`, `a..` or `..b`.
fn dates(value: &str) -> Option<Expr> {
    let Some((first, last)) = value.split_once("..") else {
        let period = Period::parse(value)?;
        return Some(Expr::Term(Term::Within(period, period)));
    };
    Some(match (first, last) {
        ("", last) => {
            // Up to the end of it: within it, or before.
            let last = Period::parse(last)?;
            let within = Expr::Term(Term::Within(last, last));
            Expr::any([Expr::Term(Term::Before(last)), within])
        }
        (first, "") => Expr::Term(Term::After(Period::parse(first)?)),
        (first, last) => Expr::Term(Term::Within(Period::parse(first)?, Period::parse(last)?)),
    })
}

/// `5M`, `500k`, `1.5 MB`, `4000`: octets; a thousand is 1,024 here.
fn size(value: &str) -> Option<u64> {
    let value = value.trim();
    let digits = value
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(digits)?;
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let unit = unit.strip_suffix('i').unwrap_or(unit);
    let times = match unit {
        "" => 1,
        unit => {
            SIZES
                .iter()
                .find(|(letter, _)| letter.eq_ignore_ascii_case(unit))?
                .1
        }
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u64>().ok()?.checked_mul(times)?;
    let part = match part {
        "" => 0,
        part => part.get(..1)?.parse::<u64>().ok()? * times / 10,
    };
    whole.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, octets) in [
            ("5M", 5 << 20),
            ("5 mb", 5 << 20),
            ("500k", 500 << 10),
            ("1.5MiB", (1 << 20) + (5 << 20) / 10),
            ("4000", 4000),
            ("2G", 2 << 30),
        ] {
            assert_eq!(size(text), Some(octets), "{text}");
        }
        for odd in [
            "",
            "M",
            "-1",
            "1.x",
            "1.",
            "1T",
            "99999999999999999999",
            "99999999999G",
            "..1",
        ] {
            let read = size(odd);
            assert!(read.is_none() || odd == "1.", "{odd}: {read:?}");
        }
    }

    #[test]
    fn what_is_taken_is_told() {
        assert_eq!(values("has"), ["attachment", "image", "invite", "link"]);
        let told = |field: &str| FIELDS.iter().find(|(name, _)| *name == field).unwrap().1;
        for (field, words) in [("is:", values("is")), ("has:", values("has"))] {
            assert_eq!(told(field), words.join(", "));
        }
    }
}
