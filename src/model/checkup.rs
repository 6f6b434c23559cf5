//! A check-up in nouns: what was looked at, what was found, and what to do about it. What looks
//! stands on other floors; the command line and the screen show the same steps in the same words,
//! the screen in its language. What was found is said in it where it is found; a step's name is what
//! programs know it by, and is said in it where it is drawn.

use crate::lang;

/// What to tell the user of something that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// What happened, with the server's own words. Clean.
    pub what: String,
    /// Why it usually does; empty if the first says it all.
    pub why: String,
    /// What to do.
    pub todo: String,
}

impl Advice {
    /// From its three parts.
    pub fn new(what: impl Into<String>, why: impl Into<String>, todo: impl Into<String>) -> Advice {
        Advice {
            what: what.into(),
            why: why.into(),
            todo: todo.into(),
        }
    }

    /// All of it on one line.
    pub fn line(&self) -> String {
        [self.what.as_str(), &self.why, &self.todo]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing has to be done.
    Note,
    /// It works, and something should be done.
    Careful,
    /// It does not work.
    Wrong,
}

impl Level {
    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Level::Fine => "fine",
            Level::Note => "note",
            Level::Careful => "careful",
            Level::Wrong => "wrong",
        }
    }

    /// The mark before a step, one column.
    pub fn mark(self) -> &'static str {
        match self {
            Level::Fine => "✓",
            Level::Note => "·",
            Level::Careful => "!",
            Level::Wrong => "✗",
        }
    }
}

/// What a step is called, in the language of the screen; `name` is marked with the context `step`.
pub fn called(name: &'static str) -> &'static str {
    lang::of_in("step", name)
}

/// One step and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was looked at, in a few words of English: [`called`] says it.
    pub name: &'static str,
    /// How much it matters. With advice it is at least a note.
    pub level: Level,
    /// What was found, or what to do. Clean.
    pub found: Result<String, Advice>,
    /// How long it took, in milliseconds; 0 where nothing was waited for.
    pub millis: u64,
    /// After a failure: the last lines of the conversation, without secrets. Clean.
    pub said: Vec<String>,
}

impl Step {
    /// As it should be.
    pub fn fine(name: &'static str, found: impl Into<String>) -> Step {
        Step {
            name,
            level: Level::Fine,
            found: Ok(found.into()),
            millis: 0,
            said: Vec::new(),
        }
    }

    /// Worth knowing.
    pub fn note(name: &'static str, found: impl Into<String>) -> Step {
        Step {
            level: Level::Note,
            ..Step::fine(name, found)
        }
    }

    /// Something should be done.
    pub fn careful(name: &'static str, advice: Advice) -> Step {
        Step {
            level: Level::Careful,
            ..Step::wrong(name, advice)
        }
    }

    /// It does not work.
    pub fn wrong(name: &'static str, advice: Advice) -> Step {
        Step {
            name,
            level: Level::Wrong,
            found: Err(advice),
            millis: 0,
            said: Vec::new(),
        }
    }

    /// The same, with the time that it took.
    #[must_use]
    pub fn after(self, time: std::time::Duration) -> Step {
        Step {
            millis: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            ..self
        }
    }

    /// Whether something does not work.
    pub fn is_wrong(&self) -> bool {
        self.level == Level::Wrong
    }
}

/// What comes while a check-up runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The steps that follow are about this: an account, this machine. Clean.
    Part(String),
    /// This is looked at now.
    Begun(&'static str),
    /// A step is done.
    Done(Step),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_one_line_without_what_is_not_said() {
        assert_eq!(Advice::new("a", "", "c").line(), "a; c");
        assert_eq!(Advice::new("a", "b", "").line(), "a; b");
        let step = Step::careful("x", Advice::default());
        assert!(!step.is_wrong() && step.found.is_err());
        assert!(Level::Fine < Level::Careful && Level::Careful < Level::Wrong);
    }
}
