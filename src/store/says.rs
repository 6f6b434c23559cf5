//! Functions of our own in SQL, for what an index of words does not tell: whom a copy went to, what
//! attachments are called, which tags a message has. They cut words as the tokenizer does.

use crate::model::{mark, tag};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::vocabulary;
use crate::text::fold::fold;
use crate::text::tokens::{self, Wanted};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use std::fmt::Write as _;

/// Puts them into a connection: `people_say`, `files_say`, `text_says` (a column, words, whether the
/// last may go on), `people_are` (a column, addresses in lines), `types_say` (a column, a part of a media type), `tagged`, `flagged_with` (a
/// column, a name), `has_part` (a word, a folded part, whether more may follow it), `snoozed_until` (a
/// column; the time that it names, if any).
pub(super) fn add(conn: &Connection) -> Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    add_sorting(conn)?;
    conn.create_scalar_function("people_say", 3, pure, |values| {
        says(values, |column| {
            let mut people = String::new();
            codec::push_people(&mut people, &mut codec::addresses_in(column).iter());
            people
        })
    })?;
    conn.create_scalar_function("people_are", 2, pure, |values| {
        let wanted = values.get_raw(1).as_str().unwrap_or_default();
        let people = codec::addresses_in(values.get_raw(0).as_str().unwrap_or_default());
        let is = |own: &str| people.iter().any(|a| a.addr.eq_ignore_ascii_case(own));
        Ok(wanted.lines().any(is))
    })?;
    conn.create_scalar_function("files_say", 3, pure, |values| {
        says(values, |column| {
            let mut names = String::new();
            for file in codec::attachments_in(column) {
                // Writing to a string can't fail.
                let _ = writeln!(names, "{}", file.name);
            }
            names
        })
    })?;
    conn.create_scalar_function("text_says", 3, pure, |values| {
        says(values, |column| column.replace(['\n', '\r'], " "))
    })?;
    conn.create_scalar_function("types_say", 2, pure, |values| {
        let wanted = values.get::<String>(1)?.to_lowercase();
        let files = codec::attachments_in(values.get_raw(0).as_str().unwrap_or_default());
        Ok(files
            .iter()
            .any(|file| is_of_type(&file.media_type, &file.name, &wanted)))
    })?;
    conn.create_scalar_function("tagged", 2, pure, |values| {
        let called = values.get::<String>(1)?;
        let (sought, wanted) = (tag::Sought::new(&called), fold(&called));
        let is = |keyword: &str| {
            sought.is(keyword) || tag::name(keyword).is_some_and(|name| fold(&name) == wanted)
        };
        Ok(values
            .get_raw(0)
            .as_str()
            .unwrap_or_default()
            .split(' ')
            .any(is))
    })?;
    conn.create_scalar_function("has_part", 3, pure, |values| {
        let word = values.get_raw(0).as_str().unwrap_or_default();
        let part = values.get_raw(1).as_str().unwrap_or_default();
        Ok(vocabulary::has_part(word, part, values.get(2)?))
    })?;
    conn.create_scalar_function("flagged_with", 2, pure, |values| {
        let wanted = values.get::<String>(1)?;
        let mut keywords = values.get_raw(0).as_str().unwrap_or_default().split(' ');
        Ok(keywords.any(|keyword| keyword.eq_ignore_ascii_case(&wanted)))
    })?;
    conn.create_scalar_function("snoozed_until", 1, pure, |values| {
        let keywords = values.get_raw(0).as_str().unwrap_or_default().split(' ');
        let times = keywords.filter_map(|keyword| mark::time(mark::SNOOZED, keyword));
        Ok(times.max())
    })?;
    Ok(())
}

/// Whether a column's text holds these words side by side.
fn says(values: &Context<'_>, text: impl Fn(&str) -> String) -> rusqlite::Result<bool> {
    let (wanted, prefix) = (values.get::<String>(1)?, values.get::<bool>(2)?);
    let column = values.get_raw(0).as_str().unwrap_or_default();
    Ok(!column.is_empty() && holds(&text(column), &wanted, prefix))
}

/// Whether the words stand in the text side by side, the last perhaps as the beginning of one, the
/// first behind a `*` as the end of one. Lines are not put together.
pub(super) fn holds(text: &str, wanted: &str, prefix: bool) -> bool {
    let Some(wanted) = Wanted::new(wanted, wanted.starts_with('*'), prefix) else {
        return true;
    };
    let in_line = |line: &str| !wanted.places(&tokens::words(line)).is_empty();
    text.lines().any(in_line)
}

/// `image`, `application/pdf`, `pdf`: a part of the type up to its parts' ends, or the name's ending.
fn is_of_type(media_type: &str, name: &str, wanted: &str) -> bool {
    let kind = media_type.split(['/', '+', '.', '-']);
    let mut kinds = kind.chain(name.rsplit_once('.').map(|(_, ending)| ending));
    media_type == wanted || kinds.any(|kind| kind.eq_ignore_ascii_case(wanted))
}

/// Octets of a text that decide where it stands.
const DECIDES: usize = 60;

/// Teaches a connection what names and subjects are sorted by.
fn add_sorting(conn: &Connection) -> rusqlite::Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    conn.create_scalar_function("sorts_as_name", 1, pure, |values| {
        let from = codec::addresses_in(values.get_raw(0).as_str().unwrap_or_default());
        Ok(from
            .first()
            .map_or_else(String::new, |a| sorts_as(a.display())))
    })?;
    conn.create_scalar_function("sorts_as_subject", 1, pure, |values| {
        Ok(sorts_as(bare(
            values.get_raw(0).as_str().unwrap_or_default(),
        )))
    })
}

/// Without regard to case, accents and what stands before the first letter; what has no letter comes
/// last.
fn sorts_as(text: &str) -> String {
    let mut folded = fold(text);
    let from = folded.find(char::is_alphanumeric);
    folded.drain(..from.unwrap_or(folded.len()));
    if folded.is_empty() {
        return char::MAX.to_string();
    }
    folded.truncate(folded.floor_char_boundary(DECIDES));
    folded
}

/// The subject without what answers and forwards put before it.
fn bare(subject: &str) -> &str {
    const LEADS: [&str; 7] = ["re:", "fwd:", "fw:", "aw:", "wg:", "sv:", "antw:"];
    let mut rest = subject.trim_start();
    loop {
        let lead = LEADS.iter().find(|lead| {
            let head = rest.get(..lead.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(lead))
        });
        match lead.and_then(|lead| rest.get(lead.len()..)) {
            Some(after) => rest = after.trim_start(),
            None => return rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_side_by_side_in_a_line() {
        let text = "Ada López <ada.l@x.example>\nBo 日本語 Li";
        for (wanted, prefix) in [
            ("lopez", false),
            ("ADA lópez", false),
            ("ada lo", true),
            ("x.example", false),
            ("本語", false),
            ("bo", true),
            ("*pez", false),
            ("*ope", true),
            ("", false),
        ] {
            assert!(holds(text, wanted, prefix), "{wanted}");
        }
        for (wanted, prefix) in [
            ("lo", false),
            ("example bo", false),
            ("l ada", false),
            ("日語", true),
            ("*ope", false),
        ] {
            assert!(!holds(text, wanted, prefix), "{wanted}");
        }
    }

    #[test]
    fn a_type_is_named_by_its_parts_or_by_an_ending() {
        for wanted in ["image", "image/svg+xml", "svg", "xml", "gz"] {
            assert!(is_of_type("image/svg+xml", "a.b.GZ", wanted), "{wanted}");
        }
        for wanted in ["imag", "b", "", "text"] {
            assert!(!is_of_type("image/svg+xml", "a.b.gz", wanted), "{wanted}");
        }
    }
}
