//! `config check`: what is wrong with the files that the user writes, each with its place.

use super::exit;
use super::json;
use super::say::say;
use crate::config::{Paths, Problem};
use crate::text::Clean;
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;

/// `config check`: `wrong` is what is wrong with each file, by its name as seen from the folder of
/// the configuration; `notes`: what is right and may surprise. Exit code 78 if anything is wrong.
///
/// # Errors
/// When the output can't be written.
pub fn check(
    paths: &Paths,
    as_json: bool,
    wrong: &[(String, Problem)],
    notes: &[(String, Problem)],
) -> Result<u8> {
    let folder = paths.config.parent().unwrap_or(Path::new("."));
    let place = |file: &str| folder.join(file).display().to_string();
    if as_json {
        let told = |(file, p): &(String, Problem)| {
            json!({
                "file": place(file),
                "line": p.line,
                "column": p.column,
                "message": p.message,
                "hint": p.hint,
            })
        };
        let problems: Vec<Value> = wrong.iter().map(told).collect();
        let notes: Vec<Value> = notes.iter().map(told).collect();
        let right = wrong.is_empty();
        json::print(json!({ "right": right, "problems": problems, "notes": notes }))?;
    } else if wrong.is_empty() {
        say!(
            "{}: nothing is wrong, here and beside it",
            paths.config.display()
        );
    }
    for (file, problem) in wrong.iter().filter(|_| !as_json) {
        say!("{}", Clean::line(&problem.written(&place(file))));
    }
    for (file, note) in notes.iter().filter(|_| !as_json) {
        say!("{} (a note)", Clean::line(&note.written(&place(file))));
    }
    Ok(if wrong.is_empty() { 0 } else { exit::CONFIG })
}
