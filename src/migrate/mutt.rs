//! mutt and neomutt: their files followed as they would, but for what runs programs. Further
//! accounts stand in hooks and in macros that source a file: each is looked at with what holds
//! before it.

use crate::migrate::found::{Binding, Findings, Kind, Place};
use crate::migrate::mutt_keys;
use crate::migrate::mutt_people::Names;
use crate::migrate::mutt_scope::{Header, Scope};
use crate::migrate::mutt_settings::why;
use crate::migrate::muttrc::{Line, Statement, Word, lines, statement};
use crate::migrate::shelf::{DEEP, Dirs, Shelf};
use crate::migrate::{keys, words};
use std::path::{Path, PathBuf};

/// Hooks and macros looked at.
const HOOKS: usize = 64;

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
        names: Names::default(),
        first: None,
    };
    reader.out.preset = Some("mutt");
    reader.source(path, &Place::of(path));
    reader.accounts();
    reader.names.settle(&mut reader.out);
    reader.out
}

/// A command that is run later, when something is chosen.
struct Hook {
    pattern: String,
    command: String,
    place: Place,
    /// Whether it was obeyed.
    used: bool,
}

struct Reader<'s, 'a> {
    shelf: &'s mut Shelf<'a>,
    out: Findings,
    scope: Scope,
    /// The files that are being read, one in another.
    stack: Vec<PathBuf>,
    hooks: Vec<Hook>,
    account_hooks: Vec<Hook>,
    names: Names,
    /// The server of what holds without hooks.
    first: Option<words::Url>,
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
            "alias" => self.names.alias(&s.raw, place),
            "group" => self.names.group(&s.raw, place, &mut self.out),
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
            "folder-hook" | "send-hook" | "startup-hook" | "account-hook" => self.hook(s, place),
            "bind" => self.bind(s, place),
            "macro" => self.keyboard_macro(s, place),
            "ifdef" => {
                let command = s.rest(1);
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
        let at = usize::from(s.word(0) == "-noregex");
        let hook = Hook {
            pattern: s.word(at).to_owned(),
            command: s.rest(at + 1),
            place: place.clone(),
            used: false,
        };
        let hooks = match s.command == "account-hook" {
            true => &mut self.account_hooks,
            false => &mut self.hooks,
        };
        if hooks.len() >= HOOKS {
            let why = "there are too many hooks; this one was not looked at";
            return self.out.note(place, &s.command, Kind::Yours, why);
        }
        hooks.push(hook);
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
            let idle = s.command != "set" && name == "tunnel";
            if idle {
                // There is none then.
            } else if Scope::takes(name) || name.starts_with("my_") {
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
            if self.hooks.len() >= HOOKS {
                let why = "there are too many hooks; this one was not looked at";
                let what = format!("source {file}");
                self.out.note(place, &what, Kind::Yours, why);
                continue;
            }
            self.hooks.push(Hook {
                pattern: String::new(),
                command: format!("source {file}"),
                place: place.clone(),
                used: false,
            });
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
        self.account(base.clone(), None);
        let mut n = 0;
        while let Some(hook) = self.hooks.get(n) {
            let (pattern, command) = (hook.pattern.clone(), hook.command.clone());
            let place = hook.place.clone();
            n += 1;
            self.scope = base.clone();
            self.scope.begin_hook();
            self.scope.names_folder(&pattern, &place);
            self.line(&command, &place);
            let scope = std::mem::take(&mut self.scope);
            scope.differs(&base, &mut self.out);
            self.account(scope, Some(&place));
        }
        let mut n = 0;
        while let Some(hook) = self.account_hooks.get(n) {
            let (pattern, place) = (hook.pattern.clone(), hook.place.clone());
            n += 1;
            let mut scope = base.clone();
            scope.begin_hook();
            if scope.names_folder(&pattern, &place) {
                self.account(scope, Some(&place));
            }
        }
        for hook in self.account_hooks.iter().filter(|h| !h.used) {
            let why = "it is for no account that was found";
            self.out.note(&hook.place, "account-hook", Kind::Yours, why);
        }
        self.scope = base;
        self.settle();
    }

    /// An account of what holds, or what it adds to one that is there.
    fn account(&mut self, scope: Scope, hook: Option<&Place>) {
        self.scope = scope;
        // Hooks by server are obeyed when it is spoken to.
        let url = self.scope.login().filter(|url| !url.host.is_empty());
        let mut n = 0;
        while let Some(other) = self.account_hooks.get_mut(n).filter(|_| url.is_some()) {
            n += 1;
            if url.as_ref().is_some_and(|url| fits(&other.pattern, url)) {
                other.used = true;
                let (command, place) = (other.command.clone(), other.place.clone());
                self.line(&command, &place);
            }
        }
        match hook {
            None => self.first = self.scope.login(),
            Some(_) => self.scope.part_from(self.first.as_ref(), &mut self.out),
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
                && (p.user.is_empty() || p.user.eq_ignore_ascii_case(&url.user))
        }
        None => plain == url.host || plain == format!("{}@{}", url.user, url.host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::found::{Given, Note};
    use crate::migrate::words;
    use crate::model::Auth;

    fn read_text(text: &str) -> Findings {
        let mut files = |path: &Path, _: usize| match path.ends_with(".muttrc") {
            true => Ok(text.as_bytes().to_vec()),
            false => Err("gone".to_owned()),
        };
        let mut shelf = Shelf::new(Dirs::under(Path::new("/h")), &mut files);
        read(Path::new("/h/.muttrc"), &mut shelf)
    }

    fn given(found: &Findings, n: usize) -> String {
        match found.accounts.get(n).map(|a| &a.given) {
            Some(Given::Command(argv)) => argv.join(" "),
            Some(Given::Clear(secret)) => format!("clear {}", secret.reveal()),
            Some(Given::Nothing) => "asked".to_owned(),
            None => "no account".to_owned(),
        }
    }

    const BASE: &str = "set from=a@x.test imap_user=a folder=imaps://imap.x.test/\n";

    #[test]
    fn what_was_set_for_one_server_does_not_go_to_another() {
        for (hook, second) in [
            ("set folder=imaps://imap.y.test/", "asked"),
            ("set folder=imaps://other.x.test/", "pass x"),
            ("set folder=imaps://imap.x.test/ imap_user=b", "asked"),
            ("set folder=imaps://imap.y.test/ imap_pass=y", "clear y"),
        ] {
            let found = read_text(&format!(
                "{BASE}set imap_pass=`pass x`\nfolder-hook y '{hook}'\n"
            ));
            assert_eq!(given(&found, 0), "pass x", "{hook}");
            assert_eq!(given(&found, 1), second, "{hook}");
            let told = found.notes.iter().any(|n| n.what == "imap_pass");
            assert_eq!(told, second == "asked", "{hook} {:?}", found.notes);
        }
    }

    #[test]
    fn hooks_keep_their_programs_in_any_order_quoted_or_not() {
        for command in [
            "\"set imap_user=me imap_pass=`pass y`\"",
            "\"set imap_pass=`pass y` imap_user=me\"",
            "\"set imap_pass=\\`pass y\\` imap_user=me\"",
            "'set imap_pass=`pass y` imap_user=me'",
            "set imap_user=me imap_pass=`pass y`",
            "\"set imap_pass=$my_y imap_user=me\"",
        ] {
            let found = read_text(&format!(
                "set my_y=`pass y`\n{BASE}account-hook imaps://imap.y.test {command}\n"
            ));
            assert_eq!(given(&found, 1), "pass y", "{command}");
            assert_eq!(found.accounts[1].user, "me", "{command}");
        }
        let found = read_text(&format!(
            "{BASE}account-hook imaps://h.test \"set imap_pass=$no imap_user=me\"\n"
        ));
        assert_eq!(
            (given(&found, 1), found.accounts[1].user.as_str()),
            ("asked".to_owned(), "me")
        );
        let found = read_text(&format!("{BASE}ifdef x set imap_pass=p\n"));
        assert_eq!(given(&found, 0), "clear p");
        let found = read_text(&format!(
            "{BASE}account-hook smtps://h.test set smtp_pass=p\n"
        ));
        assert!(found.notes.iter().any(|n| n.what == "account-hook"));
    }

    #[test]
    fn only_a_program_that_was_taken_makes_a_token_of_a_secret() {
        let both = "set imap_authenticators=oauthbearer:plain\n";
        for (more, auth, secret) in [
            ("set imap_pass=p", Auth::Password, "clear p"),
            (
                "set imap_oauth_refresh_command='tok x'",
                Auth::OAuthBearer,
                "tok x",
            ),
            (
                "set imap_oauth_refresh_command='echo x | y'",
                Auth::Password,
                "asked",
            ),
            (
                "set smtp_oauth_refresh_command='tok x'",
                Auth::Password,
                "asked",
            ),
            (
                "set smtp_oauth_refresh_command='tok x' smtp_url=smtps://a@smtp.x.test",
                Auth::OAuthBearer,
                "tok x",
            ),
        ] {
            let found = read_text(&format!("{BASE}{both}{more}\n"));
            assert_eq!(given(&found, 0), secret, "{more}");
            assert_eq!(found.accounts[0].auth, auth, "{more}");
        }
    }

    #[test]
    fn a_server_for_sending_with_a_secret_of_its_own_elsewhere_is_not_taken() {
        let base = "set from=a@x.test imap_user=a@x.test folder=imaps://imap.x.test/\n";
        for (more, taken) in [
            ("smtp_url=smtps://a@x.test@smtp.y.test", true),
            ("smtp_url=smtps://a@x.test@smtp.y.test smtp_pass=q", false),
            (
                "smtp_url=smtps://a@x.test@smtp.y.test smtp_pass=$my_no",
                false,
            ),
            ("smtp_url=smtps://a%40x.test:q@smtp.y.test", false),
            ("smtp_url=smtps://a@x.test@smtp.y.test smtp_pass=p", true),
            ("smtp_url=smtps://a@x.test@smtp.x.test smtp_pass=q", true),
        ] {
            let found = read_text(&format!("{base}set imap_pass=p\nset {more}\n"));
            assert_eq!(found.accounts[0].smtp.is_some(), taken, "{more}");
            let told = |n: &Note| n.what == "smtp_url" && n.why == words::OTHER_SENDER;
            assert_eq!(found.notes.iter().any(told), !taken, "{more}");
            assert_eq!(given(&found, 0), "clear p", "{more}");
        }
    }
}
