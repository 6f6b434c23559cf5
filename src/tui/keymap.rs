//! From keys to commands: a trie of key sequences for each context.
//!
//! The default keys are `assets/keys.toml`, readable as documentation; the user's file is laid
//! over it, and below it the keys of another client if it says `preset`. A bad entry is left out and told with its line, never a failure.

use crate::config::Problem;
use crate::tui::command::{Call, Command, Context};
use crate::tui::key::{Key, written};
use crate::tui::presets;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The default keys.
pub const DEFAULT: &str = include_str!("../../assets/keys.toml");

/// So long a key that means something by itself waits for the rest of a longer sequence.
pub const WAIT: Duration = Duration::from_millis(600);

/// One place in the trie.
#[derive(Clone, Debug, Default)]
struct Node {
    call: Option<Call>,
    next: Vec<(Key, Node)>,
}

impl Node {
    fn child(&self, key: Key) -> Option<&Node> {
        self.next.iter().find(|(k, _)| *k == key).map(|(_, n)| n)
    }

    fn at(&self, keys: &[Key]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.child(*key))
    }

    fn bind(&mut self, keys: &[Key], call: Option<Call>) {
        let Some((first, rest)) = keys.split_first() else {
            self.call = call;
            return;
        };
        match self.next.iter_mut().find(|(k, _)| k == first) {
            Some((_, node)) => node.bind(rest, call),
            None => {
                let mut node = Node::default();
                node.bind(rest, call);
                self.next.push((*first, node));
            }
        }
        self.next
            .retain(|(_, n)| n.call.is_some() || !n.next.is_empty());
    }

    /// Takes away every longer sequence, and the calls of every shorter one; where it would be
    /// `nearer`, also that of the same.
    fn clear_way(&mut self, keys: &[Key], nearer: bool) {
        let Some((first, rest)) = keys.split_first() else {
            self.next.clear();
            if nearer {
                self.call = None;
            }
            return;
        };
        if let Some((_, node)) = self.next.iter_mut().find(|(k, _)| k == first) {
            if !rest.is_empty() {
                node.call = None;
            }
            node.clear_way(rest, nearer);
        }
        self.next
            .retain(|(_, n)| n.call.is_some() || !n.next.is_empty());
    }

    fn walk(&self, keys: &mut Vec<Key>, each: &mut dyn FnMut(&[Key], &Call)) {
        if let Some(call) = &self.call {
            each(keys, call);
        }
        for (key, node) in &self.next {
            keys.push(*key);
            node.walk(keys, each);
            keys.pop();
        }
    }
}

/// The keys pressed so far of a sequence that isn't complete.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    keys: Vec<Key>,
}

impl Pending {
    /// Whether nothing was begun.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Forgets what was begun.
    pub fn clear(&mut self) {
        self.keys.clear();
    }

    /// What was pressed so far, for the hint line.
    pub fn written(&self) -> String {
        written(&self.keys)
    }
}

/// One way to go on with a begun sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The next key (or keys).
    pub keys: String,
    /// What it leads to.
    pub call: Call,
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This is to be done.
    Call(Call),
    /// This is to be done, and then the same key is to be given again: it did not go on with the
    /// sequence, but what was pressed before means something by itself.
    Again(Call),
    /// More keys are needed: these go on. If [`Keymap::waits`], [`Keymap::expire`] is to be
    /// called after [`WAIT`].
    Pending(Vec<Choice>),
    /// The key means nothing here.
    None,
}

/// How a file is laid over what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// What is there and longer or shorter stays; it may make a key wait.
    Beside,
    /// What is there gives way.
    Instead,
}

/// The keys of every context.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    contexts: BTreeMap<Context, Node>,
    unbound: Vec<Command>,
}

impl Keymap {
    /// The default keys with the user's laid over them, and what was wrong with the user's, each
    /// with its line.
    pub fn load(user: Option<&str>) -> (Keymap, Vec<String>) {
        let (map, problems) = Keymap::read(user);
        let told = problems.iter().map(|p| format!("keys.toml, {p}"));
        (map, told.collect())
    }

    /// As [`Keymap::load`], with what is wrong as it can be listed.
    pub fn read(user: Option<&str>) -> (Keymap, Vec<Problem>) {
        let mut map = Keymap::default();
        let mut problems = map.patch(DEFAULT, Manner::Beside);
        if let Some(text) = user {
            problems.extend(map.lay_preset(text));
            problems.extend(map.patch(text, Manner::Beside));
        }
        (map, problems)
    }

    /// Lays the keys of another client, if the user's file asks for them.
    fn lay_preset(&mut self, user: &str) -> Vec<Problem> {
        let (table, _) = DeTable::parse_recoverable(user);
        let Some((key, value)) = table.get_ref().get_key_value("preset") else {
            return Vec::new();
        };
        let name = value.get_ref().as_str().unwrap_or_default();
        match presets::preset(name) {
            Some(text) => self.patch(text, Manner::Instead),
            None => {
                let known: Vec<_> = presets::names().collect();
                let known = known.join(", ");
                let name = name.escape_debug();
                let told = format!("there is no preset `{name}`; there are {known}");
                vec![Problem::at(user, key.span().start, told)]
            }
        }
    }

    fn patch(&mut self, text: &str, manner: Manner) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut warn = |at: usize, what: &str| problems.push(Problem::at(text, at, what));
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |s| s.start);
            warn(at, first_line(error.message()));
        }
        if manner == Manner::Instead {
            self.make_room(table.get_ref());
        }
        for (name, value) in table.get_ref() {
            let at = name.span().start;
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("unbound", DeValue::Array(list)) => {
                    for item in list.iter() {
                        match item.get_ref().as_str().and_then(Command::from_name) {
                            Some(command) => self.unbound.push(command),
                            None => warn(item.span().start, "`unbound` lists command names"),
                        }
                    }
                }
                ("preset", DeValue::String(_)) => {}
                (name, DeValue::Table(entries)) => match Context::from_name(name) {
                    Some(context) => self.entries(context, entries, &mut warn),
                    None => {
                        let known: Vec<_> = Context::ALL.iter().map(|(_, n)| *n).collect();
                        let known = known.join(", ");
                        warn(
                            at,
                            &format!("there is no context `{name}`; there are {known}"),
                        );
                    }
                },
                (name, _) => warn(at, &format!("`{name}` has to be a table such as [index]")),
            }
        }
        problems
    }

    /// Everything that this file binds can be reached by its keys alone.
    fn make_room(&mut self, file: &DeTable<'_>) {
        for (name, value) in file {
            let context = Context::from_name(name.get_ref());
            let (Some(context), Some(entries)) = (context, value.get_ref().as_table()) else {
                continue;
            };
            let keys = entries.keys();
            keys.filter_map(|k| Key::sequence(k.get_ref()).ok())
                .for_each(|keys| self.give_way(context, &keys));
        }
    }

    /// Takes away what these keys begin, and what stands on the way to them, wherever it would
    /// be reached beside this context.
    fn give_way(&mut self, context: Context, keys: &[Key]) {
        for (other, root) in &mut self.contexts {
            let nearer = other.chain().contains(&context);
            if nearer || context.chain().contains(other) {
                root.clear_way(keys, nearer);
            }
        }
    }

    fn entries(
        &mut self,
        context: Context,
        entries: &DeTable<'_>,
        warn: &mut dyn FnMut(usize, &str),
    ) {
        let root = self.contexts.entry(context).or_default();
        // In the order of the file, which is the order of the hints.
        let mut sorted: Vec<(&Spanned<_>, &Spanned<DeValue<'_>>)> = entries.iter().collect();
        sorted.sort_by_key(|(k, _)| k.span().start);
        for (name, value) in sorted {
            let bound = entry(context, name.get_ref(), value.get_ref());
            match bound {
                Ok((keys, call)) => root.bind(&keys, call),
                Err(what) => warn(name.span().start, &what),
            }
        }
    }

    /// Gives keys to a call, everywhere but in the composer and over whatever they meant.
    ///
    /// # Errors
    /// In plain words: there are no such keys.
    pub fn give(&mut self, keys: &str, call: Call) -> Result<(), String> {
        let keys = Key::sequence(keys)?;
        for (context, _) in Context::ALL {
            let root = self.contexts.entry(context).or_default();
            let wanted = context == Context::Global || root.at(&keys).is_some();
            if wanted && context != Context::Composer {
                root.bind(&keys, Some(call.clone()));
            }
        }
        Ok(())
    }

    /// Takes a key.
    pub fn step(&self, context: Context, pending: &mut Pending, key: Key) -> Step {
        if !pending.is_empty() && key.is_escape() {
            pending.clear();
            return Step::Pending(Vec::new());
        }
        let before = self.call_at(context, &pending.keys);
        pending.keys.push(key);
        let choices = self.choices(context, &pending.keys);
        if !choices.is_empty() {
            return Step::Pending(choices);
        }
        let call = self.call_at(context, &pending.keys);
        pending.clear();
        match (call, before) {
            (Some(call), _) => Step::Call(call),
            (None, Some(before)) => Step::Again(before),
            (None, None) => Step::None,
        }
    }

    /// Whether what was pressed so far means something by itself, so that it must not wait for
    /// ever.
    pub fn waits(&self, context: Context, pending: &Pending) -> bool {
        self.call_at(context, &pending.keys).is_some()
    }

    /// No key came for [`WAIT`]: what was pressed so far is all.
    pub fn expire(&self, context: Context, pending: &mut Pending) -> Option<Call> {
        let call = self.call_at(context, &pending.keys);
        if call.is_some() {
            pending.clear();
        }
        call
    }

    fn call_at(&self, context: Context, keys: &[Key]) -> Option<Call> {
        if keys.is_empty() {
            return None;
        }
        self.nodes(context, keys).find_map(|n| n.call.clone())
    }

    /// The nodes that these keys lead to, the nearest context first.
    fn nodes<'a>(&'a self, context: Context, keys: &'a [Key]) -> impl Iterator<Item = &'a Node> {
        let roots = context.chain().iter().filter_map(|c| self.contexts.get(c));
        roots.filter_map(move |root| root.at(keys))
    }

    fn choices(&self, context: Context, keys: &[Key]) -> Vec<Choice> {
        let mut choices: Vec<Choice> = Vec::new();
        for node in self.nodes(context, keys) {
            node.walk(&mut Vec::new(), &mut |more, call| {
                let keys = written(more);
                if !more.is_empty() && !choices.iter().any(|c| c.keys == keys) {
                    choices.push(Choice {
                        keys,
                        call: call.clone(),
                    });
                }
            });
        }
        choices
    }

    /// Every key sequence that leads to the command where this context has the keys, in the order
    /// of the files.
    pub fn keys_of(&self, context: Context, command: Command) -> Vec<String> {
        let mut found = Vec::new();
        for near in context.chain() {
            let Some(root) = self.contexts.get(near) else {
                continue;
            };
            root.walk(&mut Vec::new(), &mut |keys, call| {
                // A nearer context may have given the key to something else.
                let reached = self.call_at(context, keys);
                let name = written(keys);
                if call.command == command
                    && reached.as_ref() == Some(call)
                    && !found.contains(&name)
                {
                    found.push(name);
                }
            });
        }
        found
    }

    /// The shortest of [`Keymap::keys_of`], for a hint; of two as short, the first.
    pub fn key_of(&self, context: Context, command: Command) -> Option<String> {
        self.keys_of(context, command)
            .into_iter()
            .min_by_key(|k| k.chars().count())
    }

    /// How a sentence names the way to a command: its first key, or else the command as it is
    /// typed.
    pub fn way_to(&self, context: Context, command: Command) -> String {
        let key = self.keys_of(context, command).into_iter().next();
        key.unwrap_or_else(|| format!(":{}", command.name()))
    }

    /// What of these keys, as a user's file gives them, stands in the way of something else: each
    /// begins a longer sequence, or a shorter one begins it, and must wait for what follows.
    pub fn notes(&self, user: &str) -> Vec<Problem> {
        let (table, _) = DeTable::parse_recoverable(user);
        let mut notes = Vec::new();
        for (name, value) in table.get_ref() {
            let context = Context::from_name(name.get_ref());
            let (Some(context), Some(entries)) = (context, value.get_ref().as_table()) else {
                continue;
            };
            for (key, _) in entries {
                let Ok(keys) = Key::sequence(key.get_ref()) else {
                    continue;
                };
                let at = key.span().start;
                let (last, name) = (keys.len(), written(&keys));
                let means = |n: usize| self.call_at(context, keys.get(..n).unwrap_or_default());
                if let (Some(_), [first, ..]) =
                    (means(last), self.choices(context, &keys).as_slice())
                {
                    let told = format!(
                        "`{name}` waits a moment: `{name} {}` begins with it",
                        first.keys
                    );
                    notes.push(Problem::at(user, at, told));
                }
                if let Some(short) = (1..last).find(|n| means(*n).is_some()) {
                    let short = written(keys.get(..short).unwrap_or_default());
                    let told =
                        format!("`{short}` waits a moment from now on: `{name}` begins with it");
                    notes.push(Problem::at(user, at, told));
                }
            }
        }
        notes.sort_by_key(|note| (note.line, note.column));
        notes
    }

    /// The commands that are listed as having no key on purpose.
    pub fn unbound(&self) -> &[Command] {
        &self.unbound
    }
}

type Bound = (Vec<Key>, Option<Call>);

fn entry(context: Context, name: &str, value: &DeValue<'_>) -> Result<Bound, String> {
    let keys = Key::sequence(name)?;
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Array(list) => format!("do {}", several(list)?),
        _ => return Err(format!("`{name}` has to be given a command in quotes")),
    };
    if text.trim() == "none" {
        return Ok((keys, None));
    }
    let call = Call::parse(&text)?;
    let all = match (call.command, &call.argument) {
        (Command::Do, Some(text)) => Call::several(text)?,
        _ => vec![call.clone()],
    };
    let fits = |c: &Call| c.command.fits(context) || context == Context::Global;
    if let Some(odd) = all.iter().find(|c| !fits(c)) {
        let (place, odd) = (context.name(), odd.command.name());
        return Err(format!("`{odd}` can't be done in [{place}]"));
    }
    if context == Context::Composer && call.command == Command::Do {
        return Err("several commands can't be given in [composer]".to_owned());
    }
    if context == Context::Composer && keys.first().is_some_and(|k| k.is_text()) {
        return Err(format!("`{name}` writes a letter in the composer"));
    }
    Ok((keys, Some(call)))
}

/// A list of commands as one text.
fn several(list: &[Spanned<DeValue<'_>>]) -> Result<String, String> {
    let mut all = Vec::new();
    for item in list {
        match item.get_ref().as_str() {
            Some(text) if !text.contains(';') => all.push(text),
            _ => return Err("a list holds commands in quotes, without semicolons".to_owned()),
        }
    }
    Ok(all.join("; "))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

#[cfg(test)]
mod tests;
