//! The seed files read: who writes to whom about what, before names and dates become headers.
//!
//! A record begins with `== account folder 40d..2d options`, has `key: value` lines, an empty line,
//! and then what was said, each turn under `-- person options`. A line `@ a | b | c` sends the
//! record once more with `{1}`, `{2}`, `{3}` filled in; `{n}` counts. Ages are in `m`, `h`, `d`.

use std::collections::BTreeMap;

/// One of the cast.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The display name.
    pub name: String,
    /// The address.
    pub addr: String,
    /// The offset from UTC of this one's clock, in hours.
    pub zone: i8,
    /// What stands under `-- ` in this one's letters; empty for nothing.
    pub signature: String,
}

/// What somebody said.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The cast's key for who says it; `me` is the owner of the account.
    pub who: String,
    /// The words after it: `>N` answers turn N, `new` quotes nothing, `attach=name`.
    pub options: Vec<String>,
    /// The text.
    pub text: String,
}

/// One conversation, or one series of notices.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The account's name.
    pub account: String,
    /// The folder that received letters lie in.
    pub folder: String,
    /// Age of the first letter in seconds.
    pub from: i64,
    /// Age of the last one in seconds.
    pub to: i64,
    /// The words after the ages: `unread`, `star`, `list`, `drafts`, `tag=$label1`.
    pub options: Vec<String>,
    /// The `key: value` lines.
    pub keys: BTreeMap<String, String>,
    /// The turns.
    pub turns: Vec<Turn>,
    /// The rows of a series.
    pub rows: Vec<Vec<String>>,
}

impl Record {
    /// The value of a key, empty if it is not there.
    pub fn key(&self, name: &str) -> &str {
        self.keys.get(name).map_or("", String::as_str)
    }

    /// Whether an option is set.
    pub fn has(&self, option: &str) -> bool {
        self.options.iter().any(|o| o == option)
    }

    /// The keywords of its last letter.
    pub fn tags(&self) -> impl Iterator<Item = String> {
        let tags = self.options.iter().filter_map(|o| o.strip_prefix("tag="));
        tags.map(str::to_owned)
    }
}

/// An age such as `40d`, in seconds.
pub fn age(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let number: i64 = digits.parse().ok()?;
    let unit = match text.get(digits.len()..)? {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// The cast, by key: `key | name | address | zone | signature` a line.
pub fn cast(text: &str) -> BTreeMap<String, Actor> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let mut cells = line.splitn(5, '|').map(str::trim);
        let (Some(key), Some(name), Some(addr)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        let actor = Actor {
            name: name.to_owned(),
            addr: addr.to_owned(),
            zone: cells.next().and_then(|z| z.parse().ok()).unwrap_or(0),
            signature: cells.next().unwrap_or_default().replace(" / ", "\n"),
        };
        all.insert(key.to_owned(), actor);
    }
    all
}

fn begin(line: &str) -> Option<Record> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let (account, folder, ages) = (words.next()?, words.next()?, words.next()?);
    let (from, to) = ages.split_once("..").unwrap_or((&ages, &ages));
    Some(Record {
        account,
        folder,
        from: age(from)?,
        to: age(to)?,
        options: words.collect(),
        ..Record::default()
    })
}

/// The records of a file; a turn's speaker must be in the cast, or the line is text.
pub fn records(text: &str, cast: &BTreeMap<String, Actor>) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    for line in text.lines() {
        if let Some(record) = line.strip_prefix("== ").and_then(begin) {
            all.push(record);
            continue;
        }
        let Some(record) = all.last_mut() else {
            continue;
        };
        let mut words = line.split_whitespace();
        let turn = words.next() == Some("--");
        let who = words
            .next()
            .filter(|w| turn && (*w == "me" || cast.contains_key(*w)));
        if let Some(who) = who {
            record.turns.push(Turn {
                who: who.to_owned(),
                options: words.map(str::to_owned).collect(),
                text: String::new(),
            });
        } else if let Some(row) = line.strip_prefix("@ ") {
            record
                .rows
                .push(row.split('|').map(|c| c.trim().to_owned()).collect());
        } else if let Some(turn) = record.turns.last_mut() {
            turn.text.push_str(line);
            turn.text.push('\n');
        } else if let Some((key, value)) = line.split_once(": ") {
            record.keys.insert(key.to_owned(), value.to_owned());
        }
    }
    for turn in all.iter_mut().flat_map(|r| &mut r.turns) {
        turn.text = turn.text.trim_matches('\n').to_owned();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let people = cast("bo | Bo Berg | bo@example.com | 2 | Bo / Office\n");
        assert_eq!(people["bo"].signature, "Bo\nOffice");
        let text = "== ada INBOX 40d..2h star\nsubject: Hi: there\n\n-- bo new\nOne\n\n--- a/file\n-- \n-- me >1\nTwo\n@ x | y\n";
        let all = records(text, &people);
        assert_eq!(all.len(), 1);
        let r = &all[0];
        assert_eq!((r.from, r.to), (40 * 86_400, 7200));
        assert_eq!(r.key("subject"), "Hi: there");
        assert_eq!(r.turns.len(), 2);
        assert_eq!(r.turns[0].text, "One\n\n--- a/file\n-- ");
        assert_eq!(r.turns[1].options, [">1"]);
        assert_eq!(r.rows, [["x", "y"]]);
        assert!(r.has("star") && !r.has("unread"));
        assert_eq!(age("3x"), None);
    }
}
