//! The external editor: which one, the file that it edits, and what came of it.
//!
//! The file lies in a folder of its own (0700) beside the databases, is made anew (`O_EXCL`, 0600)
//! and goes when its text was taken back and saved. Where an editor fails after it changed the text, or the
//! program dies meanwhile, the file stays and is found by [`left`] at the next start.

use crate::lang::tr;
use crate::mime::charset;
use crate::model::DraftId;
use crate::store::Process;
use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The largest text taken back from an editor: more than any that is given to one.
const MOST: u64 = 256 << 20;

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
        _ => Err(tr!(
            "the editor `{chosen}` can't be read as a command; set VISUAL or EDITOR",
            chosen
        )),
    }
}

/// The file's name in its folder; editors know by it what it is.
const NAME: &str = "message.eml";

/// A file whose text was taken back, until that is kept elsewhere: else [`left`] finds it.
#[derive(Debug)]
pub struct Kept(PathBuf);

impl Kept {
    /// Its text is kept elsewhere now.
    pub fn forget(self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the editor on the terminal with `text` and gives back what it left, and where that lies until
/// it is kept elsewhere; nothing lies there if it is as before. The terminal must have been left and
/// the input thread paused. `folder` is where the file's own folder is made.
///
/// # Errors
/// In plain words: the editor can't be started, ended with a failure, or left no readable text.
/// What it wrote before it failed is kept, and the words say where.
pub fn edit(
    folder: &Path,
    draft: Option<DraftId>,
    text: &str,
) -> Result<(String, Option<Kept>), String> {
    let words = command_line(std::env::var_os("VISUAL"), std::env::var_os("EDITOR"))?;
    run(&words, folder, draft, text)
}

pub(super) fn run(
    words: &[String],
    folder: &Path,
    draft: Option<DraftId>,
    text: &str,
) -> Result<(String, Option<Kept>), String> {
    let Some((program, args)) = words.split_first() else {
        return Err(tr!("no editor is set").to_owned());
    };
    let trouble = |e: io::Error| {
        tr!(
            "the text could not be handed to the editor: {error}",
            error = e
        )
    };
    let own = make(folder, draft, text).map_err(trouble)?;
    let path = own.join(NAME);
    let status = Command::new(program).args(args).arg(&path).status();
    let left = take(&path);
    let failed = match status {
        Ok(status) if status.success() => None,
        Ok(status) => Some(tr!(
            "the editor `{program}` ended with {status}",
            program,
            status
        )),
        Err(e) => Some(tr!(
            "the editor `{program}` can't be started: {error}",
            program,
            error = e
        )),
    };
    match (failed, left) {
        (None, Ok(left)) if left != text => {
            // On the disk as well, until the draft is.
            let _ = std::fs::File::open(&path).and_then(|file| file.sync_all());
            Ok((left, Some(Kept(own))))
        }
        (None, Ok(left)) => {
            Kept(own).forget();
            Ok((left, None))
        }
        (Some(why), Ok(left)) if left != text => Err(tr!(
            "{why}; the text is as before, what it wrote is in {path}",
            why,
            path = path.display()
        )),
        (Some(why), _) => {
            let _ = std::fs::remove_dir_all(&own);
            Err(tr!("{why}; the text is as before", why))
        }
        (None, Err(e)) => Err(tr!(
            "the editor's text in {path} can't be read: {error}",
            path = path.display(),
            error = e
        )),
    }
}

/// Makes the file; gives its folder, which says which process and which draft it belongs to.
fn make(folder: &Path, draft: Option<DraftId>, text: &str) -> io::Result<PathBuf> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let (process, id) = (Process::own().number(), draft.map_or(0, |d| d.0));
    let prefix = format!("{process}-{id}-");
    let own = tempfile::Builder::new()
        .prefix(&prefix)
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(own.path().join(NAME))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(own.keep())
}

/// Keeps a text that can't be saved: the next start has it as it has what an editor left.
///
/// # Errors
/// When it can't be written either.
pub fn rescue(folder: &Path, draft: Option<DraftId>, text: &str) -> io::Result<()> {
    make(folder, draft, text).map(drop)
}

fn take(path: &Path) -> io::Result<String> {
    // Only a file: an editor may have put another in its place, but nothing that leads elsewhere.
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other(tr!("it is no ordinary file any more")));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(MOST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        let n = MOST >> 20;
        return Err(io::Error::other(tr!("it is larger than {n} MB", n)));
    }
    // An editor in a locale of another character set writes that.
    Ok(String::from_utf8(bytes).unwrap_or_else(|other| charset::guess(other.as_bytes())))
}

/// A text that an editor left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The draft that it was written from, if that had a row.
    pub draft: Option<DraftId>,
    /// What was written.
    pub text: String,
    /// When, seconds since 1970.
    pub at: i64,
    folder: PathBuf,
}

impl Left {
    /// Its text is kept elsewhere now, but for what nobody but a person can make out: the file stays and
    /// is not found again.
    pub fn put_away(&self) {
        let _ = std::fs::rename(self.folder.join(NAME), self.folder.join(READ));
    }

    /// Its text is kept elsewhere now.
    pub fn forget(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The name of a file that stays although its text is kept elsewhere.
const READ: &str = "read.eml";

/// What editors left in `folder` whose program is gone.
pub fn left(folder: &Path) -> Vec<Left> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let mut parts = name.splitn(3, '-');
        let process = Process::numbered(parts.next()?.parse().ok()?);
        let draft: i64 = parts.next()?.parse().ok()?;
        if process.is_other_running() {
            return None;
        }
        let path = entry.path().join(NAME);
        let about = std::fs::symlink_metadata(&path).ok()?;
        let at = about
            .modified()
            .ok()?
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?;
        Some(Left {
            draft: (draft > 0).then_some(DraftId(draft)),
            text: take(&path).ok()?,
            at: i64::try_from(at.as_secs()).ok()?,
            folder: entry.path(),
        })
    };
    entries.filter_map(read).take(100).collect()
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
    fn the_text_goes_through_the_program_and_nothing_stays() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("editing");
        let line = words("sh -c 'stat -c %a \"$1\" \"$(dirname \"$1\")\" >> \"$1\"' sh");
        let (got, kept) = run(&line, &folder, None, "text\n").unwrap();
        assert_eq!(got, "text\n600\n700\n");
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        // A crash before the draft is saved loses nothing.
        let found = left(&folder);
        assert_eq!(found[0].text, got);
        kept.unwrap().forget();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        let long = "text\n".repeat(4 << 20);
        for text in ["text\n", &long] {
            let (got, kept) = run(&words("true"), &folder, None, text).unwrap();
            assert!(got == text && kept.is_none());
        }
        let latin1 = words("sh -c 'printf \"caf\\351\" >> \"$1\"' sh");
        let (got, kept) = run(&latin1, &folder, None, "text\n").unwrap();
        assert_eq!(got, "text\ncafé");
        kept.unwrap().forget();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn a_failing_or_missing_editor_is_said_and_what_it_wrote_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let run = |line: &str| run(&words(line), dir.path(), Some(DraftId(7)), "x").unwrap_err();
        assert!(run("false").contains("as before"));
        assert!(run("/nowhere/editor").contains("can't be started"));
        assert_eq!(left(dir.path()), []);
        assert!(run("sh -c 'echo more > \"$1\"; kill -9 $$' sh").contains("what it wrote is in"));
        let kept = left(dir.path());
        assert_eq!(
            (kept[0].draft, kept[0].text.as_str()),
            (Some(DraftId(7)), "more\n")
        );
        kept[0].forget();
        assert_eq!(left(dir.path()), []);
        // So is what could not be saved.
        rescue(dir.path(), None, "Subject: Tea\n\nAt four?\n").unwrap();
        let kept = left(dir.path());
        assert_eq!((kept[0].draft, kept[0].text.contains("four")), (None, true));
        // One that a person has to look at stays and is not found again.
        kept[0].put_away();
        assert_eq!(left(dir.path()), []);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        kept[0].forget();
        // A link in place of the file leads nowhere.
        assert!(run("sh -c 'ln -sf /etc/passwd \"$1\"' sh").contains("can't be read"));
    }
}
