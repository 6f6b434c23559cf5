//! A script as its grammar has it (RFC 5228 §8.2), without a word of what its commands mean. Texts
//! hold line feeds for line ends and no NUL.

/// A script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its commands, in order.
    pub commands: Vec<Command>,
}

/// A command, or an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The line that it begins in, from 1; 0 for one that was not read.
    pub line: usize,
    /// The last comment line before it, without `#`.
    pub note: Option<String>,
    /// Its name in lower case.
    pub name: String,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// Its test, or its tests in parentheses.
    pub tests: Vec<Test>,
    /// Its block.
    pub block: Option<Vec<Command>>,
}

/// A test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// The line that it begins in, from 1; 0 for one that was not read.
    pub line: usize,
    /// Its name in lower case.
    pub name: String,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// The tests inside.
    pub tests: Vec<Test>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// `:contains`, without the colon, in lower case.
    Tag(String),
    /// `100K`, as a whole number.
    Number(u64),
    /// A text.
    Text(String),
    /// Texts in brackets; one alone is [`Arg::Text`], and there is at least one.
    List(Vec<String>),
}

impl Arg {
    /// Texts as an argument: one alone, or a list.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Arg {
        let mut texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        match texts.len() {
            1 => Arg::Text(texts.pop().unwrap_or_default()),
            _ => Arg::List(texts),
        }
    }

    /// A tag.
    pub fn tag(name: &str) -> Arg {
        Arg::Tag(name.to_owned())
    }

    /// Its texts, if it is one or a list of them.
    pub fn strings(&self) -> Option<&[String]> {
        match self {
            Arg::Text(text) => Some(std::slice::from_ref(text)),
            Arg::List(texts) => Some(texts),
            Arg::Tag(_) | Arg::Number(_) => None,
        }
    }
}

impl Command {
    /// A command with these arguments.
    pub fn new(name: &str, args: Vec<Arg>) -> Command {
        Command {
            name: name.to_owned(),
            args,
            ..Command::default()
        }
    }
}

impl Test {
    /// A test with these arguments.
    pub fn new(name: &str, args: Vec<Arg>) -> Test {
        Test {
            name: name.to_owned(),
            args,
            ..Test::default()
        }
    }

    /// A test of tests: `allof`, `anyof`, `not`.
    pub fn of(name: &str, tests: Vec<Test>) -> Test {
        Test {
            name: name.to_owned(),
            tests,
            ..Test::default()
        }
    }
}
