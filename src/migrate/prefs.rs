//! Mozilla's `prefs.js`: a preference a line.

use crate::migrate::found::{Findings, Kind, Place};
use std::collections::BTreeMap;

/// A value of `prefs.js`, and its line.
pub type Prefs = BTreeMap<String, (String, u32)>;

/// The statements `user_pref("key", value);`, one a line. What is about other things than mail is
/// Thunderbird's own, so only what can't be read among them is told.
pub fn parse(text: &str, whole: &Place, out: &mut Findings) -> Prefs {
    let mut prefs = Prefs::new();
    for (line, number) in text.lines().zip(1u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['/', '#', '*']) {
            continue;
        }
        match pref(line) {
            Some((key, value)) => drop(prefs.insert(key, (value, number))),
            None => {
                let why = "it is no line of user_pref";
                out.note(&whole.at(number), "a line", Kind::NotUnderstood, why);
            }
        }
    }
    prefs
}

fn pref(line: &str) -> Option<(String, String)> {
    let rest = line
        .strip_prefix("user_pref")
        .or_else(|| line.strip_prefix("pref"))?;
    let rest = rest.trim_start().strip_prefix('(')?.trim_start();
    let (key, rest) = quoted(rest)?;
    let rest = rest.trim_start().strip_prefix(',')?.trim_start();
    let value = match rest.starts_with(['"', '\'']) {
        true => quoted(rest)?.0,
        false => rest.split(')').next()?.trim().to_owned(),
    };
    Some((key, value))
}

/// A JavaScript string, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut letters = text.char_indices();
    let (_, quote) = letters.next().filter(|(_, c)| *c == '"' || *c == '\'')?;
    let mut out = String::new();
    while let Some((at, c)) = letters.next() {
        match c {
            '\\' => {
                let (_, c) = letters.next()?;
                let digits = match c {
                    'x' => 2,
                    'u' => 4,
                    _ => 0,
                };
                if digits > 0 {
                    let hex: String = letters.by_ref().take(digits).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&hex, 16).ok()?;
                    out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                    continue;
                }
                out.push(match c {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    c => c,
                });
            }
            c if c == quote => return Some((out, text.get(at + 1..).unwrap_or_default())),
            c => out.push(c),
        }
    }
    None
}
