//! One line to type something: a command, a query, a file, a password. Stands on one row, with
//! what it could become listed above.

use crate::config::Arrangement;
use crate::lang::{self, tr};
use crate::mime::recipients::format_list;
use crate::model::view::Sort;
use crate::model::{Query, Secret};
use crate::text::Clean;
use crate::text::system::numberless;
use crate::tui::command::{Argument, Call, Command, Context, Info, TABLE};
use crate::tui::offer::{Offered, split};
use crate::tui::theme::{AUTO, BUILT_IN};
use crate::tui::widget::fuzzy;
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crate::tui::widget::list::List;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::BTreeSet;

mod past;
mod paths;
mod view;
mod terms;

pub use terms::Known;

/// Completions listed at once.
const LISTED: usize = 8;
/// Names of files listed at once, where there is room.
const PATHS: usize = 14;

/// The names that a command line can complete.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Mailboxes as the sidebar calls them.
    pub mailboxes: Vec<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Saved views.
    pub views: Vec<String>,
    /// The user's themes.
    pub themes: Vec<String>,
    /// What was typed before, the newest last.
    pub past: Vec<String>,
}

impl Words {
    fn known(&self) -> Known {
        Known {
            mailboxes: self.mailboxes.clone(),
            accounts: self.accounts.clone(),
            tags: self.tags.clone(),
            lists: Vec::new(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A command by name, for this context.
    Command(Context, Words),
    /// A query of the search language; people in it are brought by [`Prompt::people`].
    Query(Known),
    /// A tag; these are known.
    Tag(Vec<String>),
    /// Anything.
    Text,
    /// A file's path; its completions are brought by [`Prompt::offer`].
    Path,
    /// People, as in a line of recipients; they are brought by [`Prompt::people`].
    People,
    /// A secret: what is typed is not shown.
    Password,
}

/// What a key came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It stays open, and its text is another (for a search that follows the typing).
    Changed,
    /// This text was given.
    Text(String),
    /// This command was given.
    Call(Call),
    /// This secret was given.
    Secret(Secret),
    /// It closes without anything.
    Closed,
}

#[derive(Clone, Debug, Default)]
struct Candidate {
    /// The line up to the cursor, were it chosen.
    line: String,
    label: Clean,
    about: Clean,
    /// The tag that it is, by name: it has a colour.
    tag: Option<String>,
}

/// The line.
#[derive(Clone, Debug)]
pub struct Prompt {
    label: Clean,
    kind: Kind,
    input: LineEdit,
    error: Option<Clean>,
    /// What is said of what is typed.
    remark: Option<Clean>,
    found: Vec<Candidate>,
    list: List,
    /// Whether the line is what the list's selection says.
    taken: bool,
    /// Which of the lines typed before is shown, from the newest.
    recalled: Option<usize>,
}

impl Prompt {
    /// A line after this label, with a text to begin with.
    pub fn new(label: Clean, kind: Kind, text: &str) -> Prompt {
        let mut prompt = Prompt {
            label,
            kind,
            input: LineEdit::new(text),
            error: None,
            remark: None,
            found: Vec::new(),
            list: List::default(),
            taken: false,
            recalled: None,
        };
        prompt.complete();
        prompt
    }

    /// The command line, with a text to begin with.
    pub fn command(context: Context, words: Words, text: &str) -> Prompt {
        Prompt::new(Clean::lit(":"), Kind::Command(context, words), text)
    }

    /// The search line.
    pub fn search(text: &str, known: Known) -> Prompt {
        Prompt::new(Clean::lit("/"), Kind::Query(known), text)
    }

    /// What is typed so far; for a password this is the password.
    pub fn text(&self) -> &str {
        self.input.text()
    }

    /// Says what is understood of what is typed, or why nothing is.
    pub fn remark(&mut self, text: Clean) {
        self.remark = Some(text);
    }

    /// Says why what was given can't be taken; it stays open.
    pub fn fail(&mut self, why: &str) {
        self.error = Some(Clean::line(&numberless(why)));
    }

    /// Brings what the path typed so far could become.
    pub fn offer(&mut self, paths: Vec<String>) {
        self.remark = Some(paths::said(paths.len(), self.text()));
        self.found = paths
            .into_iter()
            .map(|line| Candidate {
                // The folder stands in the line already.
                label: Clean::line(paths::last_name(&line)),
                line,
                ..Candidate::default()
            })
            .collect();
        self.list = List::new(self.found.len());
        self.taken = false;
    }

    /// What is typed of a name or address, to be looked for.
    pub fn unfinished(&self) -> &str {
        if let Kind::Query(_) = self.kind {
            return terms::person(self.input.before()).map_or("", |(_, typed)| typed);
        }
        split(self.input.before()).1
    }

    /// Brings who may be meant by that.
    pub fn people(&mut self, people: Vec<Offered>) {
        if let Kind::Query(_) = self.kind {
            return self.people_found(people);
        }
        let done = split(self.input.before()).0;
        let gap = if done.is_empty() { "" } else { " " };
        let fitting = people.into_iter().filter_map(Offered::fit);
        self.found = fitting
            .map(|offered| Candidate {
                line: format!("{done}{gap}{}, ", format_list(&offered.addresses)),
                label: Clean::line(&offered.label()),
                about: Clean::line(&offered.mark()),
                ..Candidate::default()
            })
            .collect();
        self.list = List::new(self.found.len());
        self.taken = false;
    }

    /// In a query one address stands for somebody.
    fn people_found(&mut self, people: Vec<Offered>) {
        let Some((head, _)) = terms::person(self.input.before()) else {
            return;
        };
        let fitting = people.into_iter().filter_map(Offered::fit);
        let fitting = fitting.filter(|offered| offered.group.is_none());
        self.found = fitting
            .filter_map(|offered| {
                let address = offered.addresses.first()?;
                Some(Candidate {
                    line: format!("{head}{} ", terms::quoted(&address.addr)),
                    label: Clean::line(&offered.label()),
                    about: Clean::line(&offered.mark()),
                    ..Candidate::default()
                })
            })
            .collect();
        self.list = List::new(self.found.len());
        self.taken = false;
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Outcome::Closed,
            KeyCode::Char('c' | 'g') if ctrl => return Outcome::Closed,
            // As in a shell's line editor and in vim: past the beginning is out.
            KeyCode::Backspace if self.input.is_empty() => return Outcome::Closed,
            KeyCode::Enter => return self.enter(),
            KeyCode::Up if self.recalls() => return self.recall(1),
            KeyCode::Down if self.recalled.is_some() => return self.recall(-1),
            KeyCode::Tab | KeyCode::Down => return self.turn(1),
            KeyCode::BackTab | KeyCode::Up => return self.turn(-1),
            KeyCode::Char('n') if ctrl => return self.turn(1),
            KeyCode::Char('p') if ctrl => return self.turn(-1),
            _ => {}
        }
        if let KeyCode::Char(c) = key.code
            && !ctrl
            && !key.modifiers.contains(KeyModifiers::ALT)
        {
            self.begin_anew(c);
        }
        let edit = self.input.update(key);
        self.edited(edit)
    }

    /// A path that is typed from the root, or from the home folder, takes the place of the folder
    /// that stands there.
    fn begin_anew(&mut self, typed: char) {
        let folder = self.input.before().ends_with('/');
        if matches!(self.kind, Kind::Path) && folder && matches!(typed, '/' | '~') {
            self.input.set_before("");
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) -> Outcome {
        if let Some(first) = text.chars().next() {
            self.begin_anew(first);
        }
        let edit = self.input.paste(text);
        self.edited(edit)
    }

    fn edited(&mut self, edit: Edit) -> Outcome {
        match edit {
            Edit::Changed => {
                self.error = None;
                self.recalled = None;
                self.complete();
                Outcome::Changed
            }
            Edit::Moved => {
                self.complete();
                Outcome::Stay
            }
            Edit::Ignored => Outcome::Stay,
        }
    }

    fn enter(&mut self) -> Outcome {
        let text = self.input.text();
        let result = match &self.kind {
            Kind::Command(..) if text.trim().is_empty() => return Outcome::Closed,
            Kind::Command(context, _) => self.call(text, *context).map(Outcome::Call),
            Kind::Query(_) => Query::parse(text)
                .map(|_| Outcome::Text(text.to_owned()))
                .map_err(|e| e.to_string()),
            Kind::Text | Kind::Path | Kind::People | Kind::Tag(_) => {
                Ok(Outcome::Text(text.to_owned()))
            }
            Kind::Password => {
                let text = std::mem::take(&mut self.input);
                return Outcome::Secret(Secret::new(text.into_text()));
            }
        };
        result.unwrap_or_else(|what| {
            self.error = Some(Clean::line(&what));
            Outcome::Stay
        })
    }

    /// Reads a command; the beginning of a name stands for it where no other begins so.
    fn call(&self, text: &str, context: Context) -> Result<Call, String> {
        let (name, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let fits =
            |c: Command| c.fits(context) || c.fits(Context::Index) || c.fits(Context::Reader);
        let mut begin = TABLE
            .iter()
            .filter(|i| i.name.starts_with(name) && fits(i.command));
        let call = match (Command::meant(name), begin.next(), begin.next()) {
            (None, Some(only), None) => Call::parse(&format!("{} {rest}", only.name)),
            _ => Call::parse(text),
        }?;
        if fits(call.command) {
            Ok(call)
        } else {
            let name = call.command.name();
            Err(tr!("`{name}` can't be done here", name))
        }
    }

    /// As a shell does: what all the paths have in common, and the one path if there is but one.
    fn extend_path(&mut self) -> Outcome {
        let mut lines = self.found.iter().map(|c| c.line.as_str());
        let first = lines.next().unwrap_or("");
        let common = lines.fold(first, |common, line| {
            let same = common
                .char_indices()
                .zip(line.chars())
                .find(|((_, a), b)| a != b)
                .map_or(common.len().min(line.len()), |((at, _), _)| at);
            common.get(..same).unwrap_or("")
        });
        if common.len() <= self.input.before().len() {
            return Outcome::Stay;
        }
        let common = common.to_owned();
        self.input.set_before(&common);
        self.found.clear();
        Outcome::Changed
    }

    fn turn(&mut self, by: isize) -> Outcome {
        if self.found.is_empty() {
            return Outcome::Stay;
        }
        if matches!(self.kind, Kind::Path) {
            if let Outcome::Changed = self.extend_path() {
                return Outcome::Changed;
            }
            if self.found.len() == 1 {
                return Outcome::Stay;
            }
        }
        if self.taken {
            self.list.turn(by);
        } else if by < 0 {
            self.list.select(usize::MAX);
        }
        self.take()
    }

    /// What the list's selection says stands in the line.
    fn take(&mut self) -> Outcome {
        self.taken = true;
        if let Some(candidate) = self.found.get(self.list.cursor()) {
            let line = candidate.line.clone();
            self.input.set_before(&line);
        }
        if matches!(self.kind, Kind::Path) {
            // Going through a folder's names does not ask for what is in each.
            return Outcome::Stay;
        }
        if let [only] = self.found.as_slice() {
            // Nothing to choose among: go on with what follows (a command's argument).
            let more = !only.line.ends_with(':');
            self.complete();
            return if more {
                Outcome::Changed
            } else {
                Outcome::Stay
            };
        }
        Outcome::Changed
    }

    fn complete(&mut self) {
        let before = self.input.before();
        self.found = match &self.kind {
            Kind::Command(context, words) => commands(before, *context, words),
            Kind::Query(known) => terms(before, known),
            Kind::Tag(known) => terms::tags(before, known),
            Kind::Text | Kind::Path | Kind::People | Kind::Password => Vec::new(),
        };
        if let [only] = self.found.as_slice()
            && only.line.trim_end() == before
        {
            self.found.clear();
        }
        self.list = List::new(self.found.len());
        self.taken = false;
    }
}

/// Names of commands, or what the named one can be given.
fn commands(before: &str, context: Context, words: &Words) -> Vec<Candidate> {
    let before = before.trim_start();
    let Some((name, typed)) = before.split_once(' ') else {
        return names(before, context);
    };
    let argument = Command::meant(name).map_or(Argument::No, |c| c.info().argument);
    let behind = |all: Vec<Candidate>| {
        let line = |c: &Candidate| format!("{name} {}", c.line);
        all.into_iter()
            .map(|c| Candidate {
                line: line(&c),
                ..c
            })
            .collect()
    };
    let (themes, journeys, orders): (Vec<String>, Vec<String>, Vec<String>);
    let choices = match argument {
        Argument::No | Argument::People | Argument::Time | Argument::Words | Argument::Name => {
            return Vec::new();
        }
        Argument::View => &words.views,
        Argument::Sort => {
            orders = Sort::spelled();
            &orders
        }
        Argument::Layout => {
            let names = Arrangement::ALL.iter().map(|(name, _)| *name);
            orders = names.chain(["reset"]).map(str::to_owned).collect();
            &orders
        }
        Argument::Query => {
            return behind(terms(typed, &words.known()));
        }
        Argument::Mailbox => &words.mailboxes,
        Argument::Account => &words.accounts,
        Argument::Journey => {
            let stop = std::iter::once("stop".to_owned());
            journeys = words.accounts.iter().cloned().chain(stop).collect();
            &journeys
        }
        Argument::Tag => {
            return behind(terms::tags(typed.trim_start(), &words.tags));
        }
        Argument::Theme => {
            let built_in = BUILT_IN.iter().map(|(name, _)| *name);
            let own = words.themes.iter().map(String::as_str);
            let mut all: Vec<&str> = std::iter::once(AUTO).chain(own).chain(built_in).collect();
            let mut seen = BTreeSet::new();
            all.retain(|name| seen.insert(*name));
            themes = all.into_iter().map(str::to_owned).collect();
            &themes
        }
    };
    fuzzy::find(typed.trim_start(), choices.iter().map(String::as_str))
        .iter()
        .filter_map(|hit| choices.get(hit.index))
        .map(|choice| Candidate {
            line: format!("{name} {choice}"),
            label: Clean::line(choice),
            ..Candidate::default()
        })
        .collect()
}

/// Names of commands that fit what was typed.
fn names(before: &str, context: Context) -> Vec<Candidate> {
    if before.is_empty() {
        return Vec::new();
    }
    let rows: Vec<_> = TABLE.iter().filter(|i| i.command.fits(context)).collect();
    let hits = fuzzy::find(before, rows.iter().map(|i| i.name));
    let found = hits.iter().filter_map(|hit| rows.get(hit.index).copied());
    // What is called just so comes first, in another program, too: its name here is what is typed then.
    let meant = Command::meant(before).filter(|c| c.fits(context));
    let first = meant.map(Command::info);
    let others = found.filter(|info| first.is_none_or(|first| first.name != info.name));
    let candidate = |info: &Info| Candidate {
        line: match info.argument {
            Argument::No => info.name.to_owned(),
            _ => format!("{} ", info.name),
        },
        label: Clean::lit(info.name),
        about: Clean::lit(lang::of(info.about)),
        ..Candidate::default()
    };
    first.into_iter().chain(others).map(candidate).collect()
}

/// What the last word of a search may become.
fn terms(before: &str, known: &Known) -> Vec<Candidate> {
    let ways = terms::ways(before, known).into_iter();
    ways.map(|way| Candidate {
        line: way.line,
        label: Clean::line(&way.term),
        about: Clean::lit(lang::of(way.about)),
        ..Candidate::default()
    })
    .collect()
}

#[cfg(test)]
mod tests;
