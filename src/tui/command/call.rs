//! A command with what it was given, read as it is typed on the command line or written in a key file.

use super::{Argument, Command, Section, TABLE};
use crate::lang::tr;
use crate::tui::borrowed;

/// A command with what it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The command.
    pub command: Command,
    /// Its argument, trimmed; `None`: it has to ask, or needs none.
    pub argument: Option<String>,
}

impl Command {
    /// The command of that name, or of that name in another program.
    pub fn meant(name: &str) -> Option<Command> {
        let ours = Command::from_name(name);
        ours.or_else(|| Some(Call::parse(borrowed::meant(name)?).ok()?.command))
    }
}

impl From<Command> for Call {
    fn from(command: Command) -> Call {
        Call {
            command,
            argument: None,
        }
    }
}

impl std::fmt::Display for Call {
    /// As it is typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.argument {
            Some(argument) => write!(f, "{} {argument}", self.command.name()),
            None => f.write_str(self.command.name()),
        }
    }
}

impl Call {
    /// Reads `name` or `name argument`, as typed on the command line or written in a key file.
    ///
    /// # Errors
    /// In plain words: there is no such command, or it takes no argument.
    pub fn parse(text: &str) -> Result<Call, String> {
        let text = text.trim();
        let signs = [('!', Command::Run.name()), ('|', Command::Pipe.name())];
        let sign = signs
            .iter()
            .find_map(|(s, name)| Some((*name, text.strip_prefix(*s)?)));
        let words = || text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (name, rest) = sign.unwrap_or_else(words);
        let Some(command) = Command::from_name(name) else {
            if let Some(known) = borrowed::meant(name) {
                let command = Command::from_name(known);
                let alone = command.filter(|c| c.info().argument == Argument::No);
                return match alone {
                    Some(command) if !rest.trim().is_empty() => Err(too_much(command, name)),
                    _ => Call::parse(&format!("{known} {rest}")),
                };
            }
            return Err(match nearest(name) {
                Some(near) => tr!(
                    "there is no command `{name}`; did you mean `{near}`?",
                    name,
                    near
                ),
                None => tr!("there is no command `{name}`", name),
            });
        };
        let rest = rest.trim();
        if !rest.is_empty() && command.info().argument == Argument::No {
            return Err(too_much(command, name));
        }
        if command == Command::Do {
            Call::several(rest)?;
        }
        Ok(Call {
            command,
            argument: (!rest.is_empty()).then(|| rest.to_owned()),
        })
    }

    /// Reads commands with semicolons between them.
    ///
    /// # Errors
    /// In plain words: there is none, or one of them can't be read.
    pub fn several(text: &str) -> Result<Vec<Call>, String> {
        let mut calls = Vec::new();
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            if part.split_whitespace().next() == Some(Command::Do.name()) {
                return Err(tr!("`do` can't stand within `do`").to_owned());
            }
            calls.push(Call::parse(part)?);
        }
        match calls.is_empty() {
            true => Err(tr!("`do` wants commands: archive; down").to_owned()),
            false => Ok(calls),
        }
    }

    /// How often it may be done for a number typed before it: moving about and taking back may.
    pub fn repeats(&self) -> bool {
        let command = self.command;
        let moves = command.info().section == Section::Moving
            && !matches!(command, Command::Open | Command::Back | Command::NextPane);
        moves
            || matches!(
                command,
                Command::Undo | Command::Redo | Command::NextTab | Command::PreviousTab
            )
    }
}

/// That something follows a command that takes nothing, by the word that was typed for it.
fn too_much(command: Command, name: &str) -> String {
    match command {
        Command::Settings => tr!(
            "`{name}` alone shows every option, and changes it there",
            name
        ),
        _ => tr!("`{name}` takes no argument", name),
    }
}

/// The command name that a mistyped one was probably meant to be.
fn nearest(name: &str) -> Option<&'static str> {
    let letters: Vec<char> = name.chars().take(40).collect();
    TABLE
        .iter()
        .map(|i| (distance(&letters, i.name), i.name))
        .min()
        .filter(|(d, n)| *d <= 2.max(n.len() / 3) && *d < letters.len())
        .map(|(_, n)| n)
}

/// Letters to insert, remove or change (Levenshtein).
pub(in crate::tui) fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (n, b) in to.chars().enumerate() {
        let mut next = vec![n + 1];
        for (pair, a) in row.windows(2).zip(from) {
            let [diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or(0);
            next.push(
                (left + 1)
                    .min(above + 1)
                    .min(diagonal + usize::from(*a != b)),
            );
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn calls_are_read_and_mistakes_explained() {
        let call = Call::parse("  move  Lists/Rust ").unwrap();
        assert_eq!(call.command, Command::Move);
        assert_eq!(call.argument.as_deref(), Some("Lists/Rust"));
        assert_eq!(Call::parse("archive").unwrap(), Command::Archive.into());
        let run = Call::parse("!wc -l").unwrap();
        assert_eq!(
            (run.command, run.argument.as_deref()),
            (Command::Run, Some("wc -l"))
        );
        assert_eq!(Call::parse("|less").unwrap().command, Command::Pipe);
        let both = Call::several("archive; move Lists ;").unwrap();
        assert_eq!(both[0], Command::Archive.into());
        assert_eq!(both[1].argument.as_deref(), Some("Lists"));
        for wrong in ["do", "do ;", "do archve", "do do archive"] {
            assert!(Call::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            Call::parse("archve").unwrap_err(),
            "there is no command `archve`; did you mean `archive`?"
        );
        assert_eq!(
            Call::parse("star x").unwrap_err(),
            "`star` takes no argument"
        );
        assert_eq!(Call::parse("").unwrap_err(), "there is no command ``");
        assert!(Call::parse(&"é".repeat(9000)).is_err());
    }

    #[test]
    fn words_of_other_programs_stand_for_what_they_mean() {
        let mut seen = BTreeSet::new();
        for (word, meant) in borrowed::WORDS {
            assert!(Call::parse(meant).is_ok(), "{word} stands for {meant}");
            assert_eq!(Command::from_name(word), None, "{word} is ours");
            assert!(seen.insert(word), "{word} stands there twice");
        }
        assert_eq!(Command::meant("mv"), Some(Command::Move));
        assert_eq!(Command::meant("move"), Some(Command::Move));
        assert_eq!((Command::meant("mo"), Command::meant("")), (None, None));
        let moved = Call::parse("mv Lists/Rust").unwrap();
        assert_eq!(moved.to_string(), "move Lists/Rust");
        for (typed, told) in [
            (
                "set x=y",
                "`set` alone shows every option, and changes it there",
            ),
            (
                "settings x",
                "`settings` alone shows every option, and changes it there",
            ),
            ("flag x", "`flag` takes no argument"),
        ] {
            assert_eq!(Call::parse(typed).unwrap_err(), told);
        }
        let now = Call::parse("unsnooze").unwrap();
        assert_eq!(now.to_string(), "snooze now");
    }
}
