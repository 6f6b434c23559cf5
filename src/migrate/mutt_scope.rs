//! What holds at a moment of mutt's configuration, and which of it was set for one server and must
//! not go to another.

use crate::migrate::found::{Findings, Kind, Place};
use crate::migrate::muttrc::Word;
use crate::migrate::shelf::Dirs;
use crate::migrate::words::{self, Url};
use std::collections::{BTreeMap, BTreeSet};

/// Options that become something here, and whether each is meant for one server.
const TAKEN: [(&str, bool); 22] = [
    ("from", false),
    ("realname", false),
    ("folder", false),
    ("spoolfile", false),
    ("record", false),
    ("copy", false),
    ("imap_user", false),
    ("imap_login", false),
    ("imap_pass", true),
    ("imap_authenticators", true),
    ("imap_oauth_refresh_command", true),
    ("smtp_url", true),
    ("smtp_user", true),
    ("smtp_pass", true),
    ("smtp_authenticators", true),
    ("smtp_oauth_refresh_command", true),
    ("sendmail", false),
    ("signature", false),
    ("ssl_starttls", false),
    ("ssl_ca_certificates_file", true),
    ("query_command", false),
    ("alias_file", false),
];

/// Where certificates lie that the system trusts anyway.
pub const SYSTEM: [&str; 3] = ["/etc/ssl", "/usr/share", "/etc/pki"];

/// A `my_hdr` line.
#[derive(Clone, Debug)]
pub struct Header {
    /// In small letters.
    pub name: String,
    /// Behind the colon.
    pub value: String,
    /// Where it stands.
    pub place: Place,
}

/// What is set.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Options and the user's own variables.
    pub vars: BTreeMap<String, (Word, Place)>,
    /// Fields that every message gets.
    pub headers: Vec<Header>,
    /// Patterns of the user's own addresses.
    pub alternates: Vec<(String, Place)>,
    /// What is meant for one server and stands there since before the hook.
    inherited: BTreeSet<&'static str>,
}

impl Scope {
    /// Whether an option becomes something here.
    pub fn takes(name: &str) -> bool {
        TAKEN.iter().any(|(taken, _)| *taken == canonical(name))
    }

    /// Sets an option, or adds to it.
    pub fn set(&mut self, name: &str, value: Word, add: bool, place: &Place) {
        let name = canonical(name).to_owned();
        self.inherited.remove(name.as_str());
        match self.vars.get_mut(&name).filter(|_| add) {
            Some((word, _)) if word.text.len() < 4096 => word.text.push_str(&value.text),
            Some(_) => {}
            None => drop(self.vars.insert(name, (value, place.clone()))),
        }
    }

    /// What `$name` stands for.
    pub fn value(&self, name: &str, dirs: &Dirs) -> Option<Word> {
        let set = self.vars.get(canonical(name)).map(|(word, _)| word.clone());
        set.or_else(|| {
            let text = dirs.variable(name)?;
            Some(Word {
                text,
                ..Word::default()
            })
        })
    }

    /// The text of an option; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.vars.get(name).map_or("", |(word, _)| word.text.trim())
    }

    /// Where an option was set.
    pub fn place(&self, name: &str) -> Place {
        self.vars
            .get(name)
            .map(|(_, place)| place.clone())
            .unwrap_or_default()
    }

    /// Takes a pattern of a hook that is a server's URL as the folder; whether it is one.
    pub fn names_folder(&mut self, pattern: &str, place: &Place) -> bool {
        let plain = pattern.replace(['\\', '^', '$'], "");
        let plain = plain.trim_end_matches(".*");
        let named = words::url(plain).is_some_and(|url| is_imap(&url));
        if named {
            let text = plain.to_owned();
            let word = Word {
                text,
                ..Word::default()
            };
            self.set("folder", word, false, place);
        }
        named
    }

    /// The server for reading, as it is written.
    pub fn imap(&self) -> Option<Url> {
        let mut all = ["folder", "spoolfile"].into_iter();
        all.find_map(|name| words::url(self.text(name)).filter(is_imap))
    }

    /// The same with the user who signs in there.
    pub fn login(&self) -> Option<Url> {
        let mut url = self.imap()?;
        // What stands in the address comes before `imap_user`, and `imap_login` before both.
        let own = url.user.clone();
        let users = [
            self.text("imap_login"),
            own.as_str(),
            self.text("imap_user"),
        ];
        if let Some(user) = users.into_iter().find(|u| !u.is_empty() && *u != "no") {
            user.clone_into(&mut url.user);
        }
        Some(url)
    }

    /// From here on a hook is obeyed.
    pub fn begin_hook(&mut self) {
        let there = TAKEN
            .iter()
            .filter(|(name, one)| *one && self.vars.contains_key(*name));
        self.inherited = there.map(|(name, _)| *name).collect();
    }

    /// After a hook: forgets what was set before it for `first`, unless its server is for the same
    /// login.
    pub fn part_from(&mut self, first: Option<&Url>, out: &mut Findings) {
        let Some(url) = self
            .login()
            .filter(|url| !first.is_some_and(|f| f.same_login(url)))
        else {
            return;
        };
        let sends = words::url(self.text("smtp_url"));
        let sends = sends.is_some_and(|s| s.sends_for(&url.host, &url.user));
        for name in std::mem::take(&mut self.inherited) {
            // It says itself whom it is for.
            if name == "smtp_url" && sends {
                continue;
            }
            let Some((word, place)) = self.vars.remove(name) else {
                continue;
            };
            let text = word.text.trim();
            let says = word.command.is_some() || word.unknown || !["", "no"].contains(&text);
            if says && !SYSTEM.iter().any(|s| text.starts_with(s)) {
                let first = first.map_or_else(|| "no server in particular".to_owned(), named);
                let why = format!("it was set for {first} and does not go to {}", named(&url));
                out.note(&place, name, Kind::Yours, &why);
            }
        }
    }
}

fn named(url: &Url) -> String {
    match url.user.as_str() {
        "" => url.host.clone(),
        user => format!("{user} at {}", url.host),
    }
}

fn is_imap(url: &Url) -> bool {
    ["imap", "imaps"].contains(&url.scheme.as_str()) && words::is_host(&url.host)
}

/// neomutt gave some options other names.
fn canonical(name: &str) -> &str {
    match name {
        "real_name" => "realname",
        "spool_file" => "spoolfile",
        other => other,
    }
}
