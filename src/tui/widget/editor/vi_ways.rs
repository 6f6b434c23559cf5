//! Where the motions of vi lead.

use super::edit::{Editor, Motion};
use super::text::Place;

/// What is done to what lies between here and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Takes it out.
    Delete,
    /// Takes it out, and types in its place.
    Change,
    /// Keeps it.
    Yank,
}

/// A search for one character in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Find {
    /// Towards the end of the line.
    pub forward: bool,
    /// Up to the character rather than onto it.
    pub till: bool,
}

/// A motion's outcome: where it leads, and what an operator takes of it.
pub struct Way {
    /// Where it leads.
    pub to: Place,
    /// Whether an operator takes whole lines.
    pub lines: bool,
    /// Whether the grapheme at the end belongs to it.
    pub inclusive: bool,
}

/// What was typed before a motion.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// How often, counts multiplied.
    pub times: usize,
    /// The count that was typed, if one was.
    pub count: Option<usize>,
    /// What waits for a motion.
    pub operator: Option<Operator>,
    /// What was looked for last in a line.
    pub found: Option<(Find, char)>,
}

/// Where a motion leads; `Some(None)` if it is one and leads nowhere, `None` if it is none.
pub fn motion(editor: &Editor, c: char, asked: &Asked) -> Option<Option<Way>> {
    let text = editor.text();
    let here = editor.cursor();
    let times = asked.times;
    let repeated = |from, motion| (0..times).fold(from, |at, _| editor.target_from(at, motion));
    let repeat = |motion| repeated(here, motion);
    let way = match c {
        'h' => {
            let to = repeat(Motion::Left);
            chars(if to.line == here.line {
                to
            } else {
                Place { at: 0, ..here }
            })
        }
        'l' | ' ' => {
            let to = repeat(Motion::Right);
            let end = text.line_end(here.line);
            chars(to.min(end))
        }
        'j' | 'k' if asked.operator.is_some() => {
            let line = match c {
                'j' => (here.line + times).min(text.count().saturating_sub(1)),
                _ => here.line.saturating_sub(times),
            };
            lines(Place { line, ..here })
        }
        // Changing a word leaves the space behind it.
        'w' if asked.operator == Some(Operator::Change) => chars(repeat(Motion::WordRight)),
        'w' => {
            let to = repeat(Motion::NextWord);
            // Deleting the last word of a line leaves the line's end.
            match asked.operator {
                Some(_) if to.line > here.line => chars(text.line_end(here.line).max(here)),
                _ => chars(to),
            }
        }
        'b' => chars(repeat(Motion::WordLeft)),
        'e' => {
            let end = repeated(editor.target(Motion::Right), Motion::WordRight);
            let to = text.back(end).unwrap_or(here);
            Way {
                to,
                lines: false,
                inclusive: true,
            }
        }
        '0' => chars(editor.target(Motion::Home)),
        '^' => chars(editor.target(Motion::Indent)),
        '$' => chars(editor.target(Motion::End)),
        'G' => {
            let line = asked.count.map_or(text.count(), |n| n).saturating_sub(1);
            lines(text.clamp(Place { line, at: 0 }))
        }
        '{' | '}' => {
            let blank = |line: usize| text.line(line).trim().is_empty();
            let to = match c {
                '{' => (0..here.line).rev().find(|l| blank(*l)).unwrap_or(0),
                _ => {
                    let last = text.count().saturating_sub(1);
                    (here.line + 1..=last).find(|l| blank(*l)).unwrap_or(last)
                }
            };
            chars(Place { line: to, at: 0 })
        }
        ';' | ',' => {
            let Some((find, target)) = asked.found else {
                return Some(None);
            };
            let find = match c {
                ';' => find,
                _ => Find {
                    forward: !find.forward,
                    ..find
                },
            };
            return Some(self::find(editor, find, target, times));
        }
        _ => return None,
    };
    Some(Some(way))
}

/// Where a character stands in the line, the so many-th of its kind.
pub fn find(editor: &Editor, find: Find, target: char, times: usize) -> Option<Way> {
    let here = editor.cursor();
    let (before, behind) = editor.text().around(here);
    let mut left = times;
    let at = if find.forward {
        let mut hits = behind.char_indices().skip(1).filter(|(_, c)| *c == target);
        here.at + hits.nth(left - 1)?.0
    } else {
        let mut hits = before.char_indices().rev().filter(|(_, c)| *c == target);
        left -= 1;
        hits.nth(left)?.0
    };
    let found = Place { at, ..here };
    let to = match (find.till, find.forward) {
        (false, _) => found,
        (true, true) => editor.text().back(found)?,
        (true, false) => editor.text().forth(found)?,
    };
    Some(Way {
        to,
        lines: false,
        inclusive: find.forward,
    })
}

/// A way that takes characters.
pub fn chars(to: Place) -> Way {
    Way {
        to,
        lines: false,
        inclusive: false,
    }
}

/// A way that takes lines.
pub fn lines(to: Place) -> Way {
    Way {
        to,
        lines: true,
        inclusive: false,
    }
}
