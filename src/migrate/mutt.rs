//! mutt and neomutt: their files followed as they would, but for what runs programs. Further
//! accounts stand in hooks and in macros that source a file: each is looked at with what holds
//! before it.

use crate::migrate::found::{Alias, Binding, Findings, Kind, Place};
use crate::migrate::mutt_account::{Header, Scope};
use crate::migrate::mutt_keys;
use crate::migrate::mutt_settings::why;
use crate::migrate::muttrc::{Line, Word, Words, lines};
use crate::migrate::shelf::{DEEP, Dirs, Shelf};
use crate::migrate::{keys, words};
use crate::model::Address;
use std::path::{Path, PathBuf};

/// Hooks and macros looked at.
const HOOKS: usize = 64;
/// Names for people.
const ALIASES: usize = 2_000;
/// Members of one name.
const MEMBERS: usize = 200;
/// Parts of aliases that are looked at for one: they may name themselves many times.
const PARTS: usize = 10_000;
/// Aliases that name others, one in another.
const NESTED: usize = 8;

/// Where mutt looks for its configuration.
pub fn mutt_places(dirs: &Dirs) -> Vec<PathBuf> {
    let home = &dirs.home;
    vec![
        home.join(".muttrc"),
        home.join(".mutt/muttrc"),
        dirs.config.join("mutt/muttrc"),
    ]
}

/// Where neomutt looks for it, before mutt's places.
pub fn neomutt_places(dirs: &Dirs) -> Vec<PathBuf> {
    let (home, config) = (&dirs.home, &dirs.config);
    let mut all = vec![
        config.join("neomutt/neomuttrc"),
        config.join("neomutt/muttrc"),
        config.join("mutt/neomuttrc"),
        home.join(".neomutt/neomuttrc"),
        home.join(".neomutt/muttrc"),
        home.join(".mutt/neomuttrc"),
        home.join(".neomuttrc"),
    ];
    all.extend(mutt_places(dirs));
    all
}

/// Reads the configuration that begins in this file.
pub fn read(path: &Path, shelf: &mut Shelf<'_>) -> Findings {
    let mut reader = Reader {
        shelf,
        out: Findings::default(),
        scope: Scope::default(),
        stack: Vec::new(),
        hooks: Vec::new(),
        account_hooks: Vec::new(),
        written: Vec::new(),
    };
    reader.out.preset = Some("mutt");
    reader.source(path, &Place::of(path));
    reader.accounts();
    reader.aliases();
    let mut out = reader.out;
    keys::thin(&mut out);
    out
}

/// A command that is run later, when something is chosen.
struct Hook {
    pattern: String,
    command: String,
    place: Place,
}

struct Reader<'s, 'a> {
    shelf: &'s mut Shelf<'a>,
    out: Findings,
    scope: Scope,
    /// The files that are being read, one in another.
    stack: Vec<PathBuf>,
    hooks: Vec<Hook>,
    account_hooks: Vec<Hook>,
    /// Aliases as they are written.
    written: Vec<(String, String, Place)>,
}

/// One statement.
struct Statement {
    command: String,
    pairs: Vec<(Word, Option<Word>)>,
    raw: String,
}

impl Statement {
    fn word(&self, n: usize) -> &str {
        self.pairs.get(n).map_or("", |(word, _)| word.text.as_str())
    }
}

impl Reader<'_, '_> {
    fn source(&mut self, path: &Path, from: &Place) {
        let shown = path.display().to_string();
        if self.stack.iter().any(|p| p == path) {
            let why = "the file is read within itself";
            return self.out.note(from, &shown, Kind::Yours, why);
        }
        if self.stack.len() >= DEEP {
            let why = "files are read within each other too deeply";
            return self.out.note(from, &shown, Kind::Yours, why);
        }
        let Some(text) = self.shelf.text(path, from, &mut self.out) else {
            return;
        };
        self.stack.push(path.to_owned());
        let file = Place::of(path);
        for Line { text, number } in lines(&text) {
            if !self.line(&text, &file.at(number)) {
                break;
            }
        }
        self.stack.pop();
    }

    /// Does what a line says; false: the file ends here.
    fn line(&mut self, text: &str, place: &Place) -> bool {
        let mut rest = text;
        loop {
            let (statement, left) = {
                let known = |name: &str| self.scope.value(name, &self.shelf.dirs);
                statement(rest, &known)
            };
            let Some(statement) = statement else {
                return true;
            };
            if statement.command == "finish" {
                return false;
            }
            self.obey(&statement, place);
            rest = left;
        }
    }

    fn obey(&mut self, s: &Statement, place: &Place) {
        match s.command.as_str() {
            "set" | "unset" | "reset" | "toggle" => self.set(s, place),
            "source" => self.sourced(s, place),
            "alias" => {
                let mut raw = s.raw.as_str();
                while let Some(rest) = raw.strip_prefix("-group") {
                    let rest = rest.trim_start();
                    raw = rest
                        .split_once(char::is_whitespace)
                        .map_or("", |(_, r)| r.trim_start());
                }
                if let Some((name, members)) = raw.split_once(char::is_whitespace) {
                    self.written
                        .push((name.to_owned(), members.to_owned(), place.clone()));
                }
            }
            "group" => self.group(&s.raw, place),
            "my_hdr" => {
                let Some((name, value)) = s.raw.trim_matches(['"', '\'']).split_once(':') else {
                    return;
                };
                let header = Header {
                    name: name.trim().to_ascii_lowercase(),
                    value: value.trim().to_owned(),
                    place: place.clone(),
                };
                self.scope.headers.push(header);
            }
            "alternates" => {
                let all = s.pairs.iter().map(|(w, _)| (w.text.clone(), place.clone()));
                self.scope.alternates.extend(all);
            }
            "folder-hook" | "send-hook" | "startup-hook" => self.hook(s, place),
            "account-hook" => self.account_hooks.push(Hook {
                pattern: s.word(0).to_owned(),
                command: s.word(1).to_owned(),
                place: place.clone(),
            }),
            "bind" => self.bind(s, place),
            "macro" => self.keyboard_macro(s, place),
            "ifdef" => {
                let command = s.word(1).to_owned();
                if self.stack.len() < DEEP {
                    self.stack.push(PathBuf::new());
                    self.line(&command, place);
                    self.stack.pop();
                }
            }
            other => {
                let (kind, why) = why(other, true);
                self.out.note(place, other, kind, why);
            }
        }
    }

    fn hook(&mut self, s: &Statement, place: &Place) {
        let mut words = s.pairs.iter().map(|(w, _)| w.text.as_str());
        let mut pattern = words.next().unwrap_or_default();
        if pattern == "-noregex" {
            pattern = words.next().unwrap_or_default();
        }
        // A command that stands in no quotes is the rest of the line.
        let command = words.collect::<Vec<_>>().join(" ");
        if self.hooks.len() >= HOOKS {
            let why = "there are too many hooks; this one was not looked at";
            return self.out.note(place, &s.command, Kind::Yours, why);
        }
        self.hooks.push(Hook {
            pattern: pattern.to_owned(),
            command,
            place: place.clone(),
        });
    }

    fn set(&mut self, s: &Statement, place: &Place) {
        let mut secret = false;
        for (name, value) in &s.pairs {
            let mut name = name.text.as_str();
            let mut value = value.clone();
            secret |= name.ends_with("pass");
            let add = name.ends_with('+');
            name = name.trim_end_matches(['+', '-']);
            if name.starts_with(['?', '&']) {
                continue;
            }
            if s.command != "set" {
                self.scope.vars.remove(name);
                value = Some(Word {
                    text: "no".to_owned(),
                    ..Word::default()
                });
            }
            let value = value.unwrap_or_else(|| {
                let off = name.strip_prefix("no").filter(|n| Scope::takes(n));
                let text = if off.is_some() { "no" } else { "yes" };
                name = off.unwrap_or(name);
                Word {
                    text: text.to_owned(),
                    ..Word::default()
                }
            });
            if Scope::takes(name) || name.starts_with("my_") {
                self.scope.set(name, value, add, place);
            } else if !name.is_empty() {
                let bare = ["no", "inv"].iter().find_map(|p| name.strip_prefix(p));
                let (kind, why) = match (why(name, false), bare) {
                    ((Kind::NotUnderstood, _), Some(bare)) => why(bare, false),
                    (known, _) => known,
                };
                // Behind a password that stands without quotes its other words follow as names.
                let name = if secret { "a word" } else { name };
                self.out.note(place, name, kind, why);
            }
        }
    }

    fn sourced(&mut self, s: &Statement, place: &Place) {
        for (word, _) in &s.pairs {
            let written = word.text.trim();
            if written.ends_with('|') || word.command.is_some() {
                let why = "what a program prints is read there, and no program is run here; \
                    what it says must be taken over by hand";
                self.out.note(place, "source", Kind::Yours, why);
            } else if word.unknown || written.is_empty() {
                let why = "it names a variable that nobody knows";
                self.out.note(place, "source", Kind::Yours, why);
            } else {
                let base = match self.stack.iter().rev().find_map(|p| p.parent()) {
                    Some(folder) => folder.to_owned(),
                    None => self.shelf.dirs.home.clone(),
                };
                let path = self.shelf.dirs.path(written, &base);
                self.source(&path, place);
            }
        }
    }

    /// `group -group name -addr a, b -rx …`
    fn group(&mut self, raw: &str, place: &Place) {
        let mut parts = raw.split_whitespace();
        let (mut name, mut members) = (None, Vec::new());
        let mut about = "";
        for word in parts.by_ref() {
            match word {
                "-group" | "-addr" | "-rx" => about = word,
                word if about == "-group" => name = Some(word),
                word if about == "-addr" => members.push(word),
                _ => {
                    let why = "a group is a list of addresses here";
                    self.out.note(place, "group -rx", Kind::NoCounterpart, why);
                }
            }
        }
        if let Some(name) = name.filter(|_| !members.is_empty()) {
            let members = members.join(" ").trim_matches('"').to_owned();
            self.written.push((name.to_owned(), members, place.clone()));
        }
    }

    fn bind(&mut self, s: &Statement, place: &Place) {
        for map in s.word(0).split(',') {
            let what = format!("bind {map} {}", s.word(1));
            let Some(screen) = mutt_keys::screen(map) else {
                let why = "that screen has other keys here";
                self.out.note(place, &what, Kind::NoCounterpart, why);
                continue;
            };
            let command = mutt_keys::command(screen, s.word(2));
            match command.zip(keys::keys(s.word(1))) {
                Some((command, key)) => self.out.keys.push(Binding {
                    screen,
                    key,
                    commands: vec![command.to_owned()],
                    place: place.clone(),
                }),
                None => {
                    let why = "nothing here does the same at a key of that name";
                    self.out.note(place, &what, Kind::NoCounterpart, why);
                }
            }
        }
    }

    fn keyboard_macro(&mut self, s: &Statement, place: &Place) {
        for file in mutt_keys::sources(s.word(2)) {
            if self.hooks.len() < HOOKS {
                let command = format!("source {file}");
                self.hooks.push(Hook {
                    pattern: String::new(),
                    command,
                    place: place.clone(),
                });
            }
        }
        for map in s.word(0).split(',') {
            let what = format!("macro {map} {}", s.word(1));
            let commands = mutt_keys::screen(map).and_then(|screen| {
                let commands = mutt_keys::of_macro(screen, s.word(2))?;
                Some((screen, commands, keys::keys(s.word(1))?))
            });
            match commands {
                Some((screen, commands, key)) => self.out.keys.push(Binding {
                    screen,
                    key,
                    commands,
                    place: place.clone(),
                }),
                None if !mutt_keys::sources(s.word(2)).is_empty() => {
                    let why = "accounts are beside each other here: `alt-1` to `alt-9` go to them";
                    self.out.note(place, &what, Kind::Otherwise, why);
                }
                None => {
                    let why = "it types what only mutt understands; commands can stand in a list \
                        in keys.toml";
                    self.out.note(place, &what, Kind::NoCounterpart, why);
                }
            }
        }
    }

    /// Builds the accounts: what holds without hooks, then what each hook makes of it.
    fn accounts(&mut self) {
        let base = self.scope.clone();
        self.account(&base.clone(), None);
        let mut n = 0;
        while let Some(hook) = self.hooks.get(n).filter(|_| n < HOOKS) {
            let (pattern, command) = (hook.pattern.clone(), hook.command.clone());
            let place = hook.place.clone();
            n += 1;
            self.scope = base.clone();
            self.scope.names_folder(&pattern, &place);
            self.line(&command, &place);
            let scope = self.scope.clone();
            self.account(&scope, Some(&place));
        }
        let mut n = 0;
        while let Some(hook) = self.account_hooks.get(n).filter(|_| n < HOOKS) {
            let (pattern, place) = (hook.pattern.clone(), hook.place.clone());
            n += 1;
            let mut scope = base.clone();
            if scope.names_folder(&pattern, &place) {
                self.account(&scope, Some(&place));
            }
        }
        self.scope = base;
        self.settle();
    }

    /// An account of what holds, or what it adds to one that is there.
    fn account(&mut self, scope: &Scope, hook: Option<&Place>) {
        self.scope = scope.clone();
        // Hooks by server are obeyed when it is spoken to.
        if let Some(url) = scope.imap().filter(|url| !url.host.is_empty()) {
            let fits: Vec<(String, Place)> = self
                .account_hooks
                .iter()
                .filter(|h| fits(&h.pattern, &url))
                .map(|h| (h.command.clone(), h.place.clone()))
                .take(HOOKS)
                .collect();
            for (command, place) in fits {
                self.line(&command, &place);
            }
        }
        let scope = std::mem::take(&mut self.scope);
        scope.account(hook, self.shelf, &mut self.out);
        self.scope = scope;
    }

    /// What is said once for all accounts.
    fn settle(&mut self) {
        let scope = self.scope.clone();
        scope.common(self.shelf, &mut self.out);
    }

    fn aliases(&mut self) {
        let written = std::mem::take(&mut self.written);
        if written.len() > ALIASES {
            let why = format!("only the first {ALIASES} names for people were taken");
            self.out.note(&Place::default(), "alias", Kind::Yours, &why);
        }
        for (name, text, place) in written.iter().take(ALIASES) {
            let mut members: Vec<Address> = Vec::new();
            let (mut odd, mut steps) = (false, PARTS);
            resolve(text, &written, NESTED, &mut steps, &mut members, &mut odd);
            if odd || members.is_empty() {
                let why = "something in it is no address and no other alias";
                self.out
                    .note(place, &format!("alias {name}"), Kind::NotUnderstood, why);
            }
            let known = |a: &Alias| a.name.eq_ignore_ascii_case(name);
            match self.out.aliases.iter_mut().find(|a| known(a)) {
                Some(alias) => alias.members.append(&mut members),
                None if members.is_empty() => {}
                None => self.out.aliases.push(Alias {
                    name: name.clone(),
                    members,
                    place: place.clone(),
                }),
            }
        }
    }
}

/// Whether a hook for a server is one for this account. What an expression would match besides is
/// not taken: it may hold another account's password.
fn fits(pattern: &str, url: &words::Url) -> bool {
    let plain = pattern.replace(['\\', '^', '$'], "");
    let plain = plain.trim_end_matches(".*");
    if plain.is_empty() || plain == "." {
        return true;
    }
    match words::url(plain) {
        Some(p) => {
            p.host.eq_ignore_ascii_case(&url.host)
                && (p.user.is_empty() || url.user.is_empty() || p.user == url.user)
        }
        None => plain == url.host || plain == format!("{}@{}", url.user, url.host),
    }
}

/// The addresses of an alias, of those that it names too.
fn resolve(
    text: &str,
    all: &[(String, String, Place)],
    deep: usize,
    steps: &mut usize,
    members: &mut Vec<Address>,
    odd: &mut bool,
) {
    for part in words::list(text) {
        *steps = steps.saturating_sub(1);
        if members.len() >= MEMBERS || *steps == 0 {
            *odd = true;
            return;
        }
        if let Some(address) = words::address(part) {
            members.push(address);
        } else if let Some((_, inner, _)) = all
            .iter()
            .find(|(name, ..)| name == part)
            .filter(|_| deep > 0)
        {
            resolve(inner, all, deep - 1, steps, members, odd);
        } else {
            *odd = true;
        }
    }
}

/// The first statement of a line and what follows it.
fn statement<'l>(
    line: &'l str,
    known: &dyn Fn(&str) -> Option<Word>,
) -> (Option<Statement>, &'l str) {
    let mut words = Words::new(line, known);
    if !words.next_statement() {
        return (None, "");
    }
    let Some(command) = words.word(false).map(|w| w.text).filter(|c| !c.is_empty()) else {
        return (None, "");
    };
    let mut found = Statement {
        command,
        pairs: Vec::new(),
        raw: String::new(),
    };
    match found.command.as_str() {
        "alias" | "group" | "my_hdr" => found.raw = words.rest().to_owned(),
        "set" | "unset" | "reset" | "toggle" => {
            while let Some(name) = words.word(true) {
                let value = match words.equals() {
                    true => Some(words.word(false).unwrap_or_default()),
                    false => None,
                };
                if name.text.is_empty() && value.is_none() {
                    break;
                }
                found.pairs.push((name, value));
            }
        }
        _ => {
            while let Some(word) = words.word(false) {
                found.pairs.push((word, None));
            }
        }
    }
    (Some(found), words.left())
}
