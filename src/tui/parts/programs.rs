//! Programs that get an attachment or messages, and what they print.

use super::{Done, sheet};
use crate::config::command::{self, CommandError};
use crate::lang::tr;
use crate::mime::render::{Line, Mark, Run};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a program may take that gets a file.
const PROGRAM: Duration = Duration::from_secs(30);
/// What is read of what a program prints, in octets.
pub(super) const PRINTED: u64 = 1 << 20;

/// What a program printed, line by line as it stands: tables are not wrapped.
pub(super) fn text_lines(printed: Vec<u8>, quote: u8) -> Vec<Line> {
    let cut = printed.len() as u64 >= PRINTED;
    let text = crate::mime::charset::guess(&printed);
    let line = |text: &str| {
        let text = text
            .trim_end_matches(['\r', '\u{c}'])
            .replace('\t', "        ");
        Line::from_runs(vec![Run::new(text, Mark::Plain)], quote)
    };
    let mut lines: Vec<Line> = text.lines().map(line).collect();
    if cut {
        let note = tr!("It printed more than is shown.");
        lines.push(Line::from_runs(vec![Run::new(note, Mark::Dim)], 0));
    }
    lines
}

/// What a program of the user's prints that is given this. It is run as it is written: a shell is
/// only there if one is named.
pub(super) fn printed(typed: &str, input: Vec<u8>, title: &str) -> Result<Done, String> {
    let argv = shell_words::split(typed).map_err(|e| format!("`{typed}`: {e}"))?;
    if argv.is_empty() {
        return Err(tr!("no program was named").to_owned());
    }
    let printed = filter(&argv, input).map_err(|e| e.to_string())?;
    if printed.trim_ascii().is_empty() {
        return Ok(Done::Said(tr!(
            "`{typed}` succeeded and printed nothing.",
            typed
        )));
    }
    Ok(sheet(title, text_lines(printed, 0)))
}

fn filter(argv: &[String], input: Vec<u8>) -> Result<Vec<u8>, CommandError> {
    command::filter(argv, input, PROGRAM, PRINTED)
}

/// Starts a program of the user's with the file where `{}` stands, else after its arguments.
pub(super) fn run_with(argv: &[String], file: &Path) -> std::io::Result<()> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(std::io::ErrorKind::NotFound.into());
    };
    let mut command = Command::new(program);
    let mut named = false;
    for argument in arguments {
        if argument == "{}" {
            named = true;
            command.arg(file);
        } else {
            command.arg(argument);
        }
    }
    if !named {
        command.arg(file);
    }
    let nothing = || Stdio::null();
    use std::os::unix::process::CommandExt as _;
    let mut child = command
        .stdin(nothing())
        .stdout(nothing())
        .stderr(nothing())
        .process_group(0)
        .spawn()?;
    // Somebody has to take note of its end.
    let waits = std::thread::Builder::new().name("opened".into());
    let _ = waits.spawn(move || child.wait());
    Ok(())
}
