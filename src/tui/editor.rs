//! The external editor: which one, the file that it edits, and what came of it.
//!
//! The file lies in a private folder (0700), is 0600, and goes when the editor ends. It holds
//! only the text of the body, never a header that an editor's modeline could act on.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::Command;

/// The largest text taken back from an editor.
const MOST: u64 = 16 * 1024 * 1024;

/// The command line of the user's editor: `$VISUAL`, `$EDITOR`, else `vi`, split as a shell
/// would, so that `code --wait` works.
///
/// # Errors
/// When the variable has an unclosed quote.
pub fn command_line(
    visual: Option<OsString>,
    editor: Option<OsString>,
) -> Result<Vec<String>, String> {
    let chosen = [visual, editor]
        .into_iter()
        .flatten()
        .filter_map(|s| s.into_string().ok())
        .find(|s| !s.trim().is_empty())
        .unwrap_or_else(|| "vi".to_owned());
    match shell_words::split(&chosen) {
        Ok(words) if !words.is_empty() => Ok(words),
        _ => Err(format!(
            "the editor `{chosen}` can't be read as a command; set VISUAL or EDITOR"
        )),
    }
}

/// Runs the editor on the terminal with `text` and gives back what it left. The terminal must
/// have been left and the input thread paused.
///
/// # Errors
/// In plain words: the editor can't be started, ended with a failure, or left no readable text.
pub fn edit(text: &str) -> Result<String, String> {
    let words = command_line(std::env::var_os("VISUAL"), std::env::var_os("EDITOR"))?;
    run(&words, text)
}

fn run(words: &[String], text: &str) -> Result<String, String> {
    let Some((program, args)) = words.split_first() else {
        return Err("no editor is set".to_owned());
    };
    let trouble = |e: io::Error| format!("the text could not be handed to the editor: {e}");
    let dir = tempfile::Builder::new()
        .prefix("postrider-")
        .tempdir()
        .map_err(trouble)?;
    let path = dir.path().join("message.txt");
    let mut file = std::fs::File::create_new(&path).map_err(trouble)?;
    file.write_all(text.as_bytes()).map_err(trouble)?;
    drop(file);
    let status = Command::new(program)
        .args(args)
        .arg(&path)
        .status()
        .map_err(|e| format!("the editor `{program}` can't be started: {e}"))?;
    if !status.success() {
        return Err(format!(
            "the editor `{program}` ended with {status}; the text is as before"
        ));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(&path)
        .and_then(|f| f.take(MOST).read_to_end(&mut bytes))
        .map_err(|e| format!("the editor's text can't be read: {e}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        shell_words::split(line).unwrap()
    }

    #[test]
    fn the_first_set_variable_wins_and_is_split() {
        let some = |s: &str| Some(OsString::from(s));
        assert_eq!(
            command_line(some("code --wait"), some("vi")).unwrap(),
            ["code", "--wait"]
        );
        assert_eq!(command_line(some(" "), some("nano")).unwrap(), ["nano"]);
        assert_eq!(command_line(None, None).unwrap(), ["vi"]);
        assert!(command_line(some("a 'b"), None).is_err());
    }

    #[test]
    fn the_text_goes_through_the_program() {
        let line = words("sh -c 'printf more >> \"$1\"' sh");
        assert_eq!(run(&line, "text\n").unwrap(), "text\nmore");
    }

    #[test]
    fn a_failing_or_missing_editor_is_said() {
        assert!(run(&words("false"), "x").unwrap_err().contains("as before"));
        assert!(
            run(&words("/nowhere/editor"), "x")
                .unwrap_err()
                .contains("can't be started")
        );
    }
}
