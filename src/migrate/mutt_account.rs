//! What holds at a moment of mutt's configuration, and the account that it makes.

use crate::migrate::found::{Findings, Found, Given, Kind, Place};
use crate::migrate::muttrc::Word;
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::words::{self, Printed, Server, Url};
use crate::model::{Auth, Identity, Security};
use std::collections::BTreeMap;

/// Options that become something here.
const TAKEN: [&str; 24] = [
    "from",
    "realname",
    "folder",
    "spoolfile",
    "record",
    "copy",
    "imap_user",
    "imap_login",
    "imap_pass",
    "imap_authenticators",
    "imap_oauth_refresh_command",
    "smtp_url",
    "smtp_user",
    "smtp_pass",
    "smtp_authenticators",
    "smtp_oauth_refresh_command",
    "sendmail",
    "signature",
    "ssl_starttls",
    "ssl_ca_certificates_file",
    "query_command",
    "alias_file",
    "hostname",
    "reverse_name",
];

/// The longest signature that is taken, in octets.
const SIGNATURE: usize = 8 << 10;

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
}

impl Scope {
    /// Whether an option becomes something here.
    pub fn takes(name: &str) -> bool {
        TAKEN.contains(&canonical(name))
    }

    /// Sets an option, or adds to it.
    pub fn set(&mut self, name: &str, value: Word, add: bool, place: &Place) {
        let name = canonical(name).to_owned();
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

    fn text(&self, name: &str) -> &str {
        self.vars.get(name).map_or("", |(word, _)| word.text.trim())
    }

    fn place(&self, name: &str) -> Place {
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

    /// The address and name that mail is sent from.
    fn sender(&self) -> Option<crate::model::Address> {
        let header = self.headers.iter().rev().find(|h| h.name == "from");
        let from = header.and_then(|h| words::address(&h.value));
        let mut from = from.or_else(|| words::address(self.text("from")))?;
        if from.name.is_empty() {
            from.name = words::shown(self.text("realname"));
        }
        Some(from)
    }

    fn reply_to(&self) -> Option<String> {
        let header = self.headers.iter().rev().find(|h| h.name == "reply-to")?;
        let clean = words::shown(&header.value);
        words::list(&clean)
            .iter()
            .all(|a| words::address(a).is_some())
            .then_some(clean)
    }

    /// Adds the account that holds now; `hook`: where it is made one, if not for all.
    pub fn account(&self, hook: Option<&Place>, shelf: &mut Shelf<'_>, out: &mut Findings) {
        let sender = self.sender();
        let Some(url) = self.imap() else {
            self.elsewhere(hook.is_some(), out);
            if let (Some(_), Some(sender), Some(account)) = (hook, sender, out.accounts.first_mut())
            {
                account.also(Identity {
                    email: sender.addr,
                    full_name: sender.name,
                    signature: None,
                    reply_to: None,
                });
            }
            return;
        };
        let user = [self.text("imap_login"), self.text("imap_user"), &url.user];
        let user = user.into_iter().find(|u| !u.is_empty() && *u != "no");
        let user = user.unwrap_or_default().to_owned();
        let sender = sender.or_else(|| words::address(&user));
        let mut found = Found {
            email: sender.as_ref().map(|s| s.addr.clone()).unwrap_or_default(),
            full_name: sender.map(|s| s.name).unwrap_or_default(),
            user,
            place: hook.cloned().unwrap_or_else(|| self.place("folder")),
            ..Found::default()
        };
        if found.full_name.is_empty() {
            found.full_name = words::shown(self.text("realname"));
        }
        let same = |a: &Found| {
            let host = a.imap.as_ref().map(|e| e.host.as_str());
            host == Some(url.host.as_str()) && a.login().eq_ignore_ascii_case(found.login())
        };
        let signature = self.signature(shelf, out);
        if let Some(known) = out.accounts.iter_mut().find(|a| same(a)) {
            if !found.email.is_empty() {
                known.also(Identity {
                    email: found.email,
                    full_name: found.full_name,
                    signature: signature.filter(|s| known.signature.as_ref() != Some(s)),
                    reply_to: None,
                });
            }
            return;
        }
        found.signature = signature;
        self.connect(&url, &mut found, out);
        self.sending(&url, &mut found, out);
        // They are the user's, whichever account it is.
        if out.accounts.is_empty() {
            self.alternates(&mut found, out);
        }
        if let Some(reply_to) = self.reply_to().filter(|_| !found.email.is_empty()) {
            let header = self.headers.iter().rev().find(|h| h.name == "reply-to");
            let place = header.map(|h| h.place.clone()).unwrap_or_default();
            let why = format!(
                "answers to {}: an identity can say so (docs/writing.md)",
                reply_to
            );
            out.note(&place, "my_hdr Reply-To", Kind::Yours, &why);
        }
        if ["no", ""].contains(&self.text("record")) && self.vars.contains_key("record")
            || self.text("copy") == "no"
        {
            found.save_sent = Some(false);
        }
        out.accounts.push(found);
    }

    /// Mail that is fetched by another program.
    fn elsewhere(&self, hook: bool, out: &mut Findings) {
        let folder = self.text("folder");
        if hook || folder.is_empty() {
            return;
        }
        let why = "the mail lies in files here: `postrider migrate mbsync` takes the server over \
            that they come from, `postrider import` the files";
        out.note(&self.place("folder"), "folder", Kind::Yours, why);
    }

    fn connect(&self, url: &Url, found: &mut Found, out: &mut Findings) {
        let security = match (url.scheme.as_str(), self.text("ssl_starttls")) {
            ("imaps", _) => Security::Tls,
            (_, "no") => Security::None,
            _ => Security::StartTls,
        };
        found.imap = Some(words::endpoint(Server::Imap, &url.host, url.port, security));
        let ways = [
            self.text("imap_authenticators"),
            self.text("smtp_authenticators"),
        ];
        let says = |way: &str| ways.iter().any(|w| w.to_ascii_lowercase().contains(way));
        let token = ["imap_oauth_refresh_command", "smtp_oauth_refresh_command"];
        let token = token.into_iter().find(|name| !self.text(name).is_empty());
        if says("oauthbearer") || says("xoauth2") {
            found.auth = match says("oauthbearer") {
                true => Auth::OAuthBearer,
                false => Auth::XOauth2,
            };
            if let Some(name) = token {
                let command = self.text(name);
                match words::printed(command) {
                    Printed::Given(given) => found.given = given,
                    Printed::Holds => self.holds(name, out),
                }
                return;
            }
        }
        for name in ["imap_pass", "smtp_pass"] {
            let given = self.given(name, out);
            let smtp = words::url(self.text("smtp_url"));
            if name == "smtp_pass"
                && !given.is_nothing()
                && !smtp.is_some_and(|s| s.same_login(url))
            {
                self.for_sending_only(name, found, out);
            } else if found.given.is_nothing() {
                found.given = given;
            } else if !given.is_nothing() && !given.same(&found.given) {
                let why = "sending has a password of its own there; here one serves for both: \
                    that of imap_pass was taken";
                out.note(&self.place(name), name, Kind::Yours, why);
            }
        }
        if let (Given::Nothing, Some(password)) = (&found.given, &url.password) {
            found.given = Given::Clear(password.clone());
        }
    }

    /// What is said of a password that another server than that of the mailboxes knows.
    fn for_sending_only(&self, name: &str, found: &Found, out: &mut Findings) {
        if found.given.is_nothing() {
            out.note(&self.place(name), name, Kind::Yours, words::SENDING_ONLY);
        } else {
            let why = "sending has a password of its own there; here one serves for both: \
                that of imap_pass was taken";
            out.note(&self.place(name), name, Kind::Yours, why);
        }
    }

    fn holds(&self, name: &str, out: &mut Findings) {
        let why = "the command seems to hold the password itself; it was not taken";
        out.note(&self.place(name), name, Kind::Yours, why);
    }

    fn given(&self, name: &str, out: &mut Findings) -> Given {
        let Some((word, place)) = self.vars.get(name) else {
            return Given::Nothing;
        };
        if let Some(command) = &word.command {
            return match words::printed(command) {
                Printed::Given(given) => given,
                Printed::Holds => {
                    self.holds(name, out);
                    Given::Nothing
                }
            };
        }
        if word.unknown {
            let why = "it comes from a variable that a program sets; the password is asked for, or \
                name the program in password-command";
            out.note(place, name, Kind::Yours, why);
            return Given::Nothing;
        }
        match word.text.as_str() {
            "" | "no" => Given::Nothing,
            text => Given::Clear(crate::model::Secret::new(text.to_owned())),
        }
    }

    fn sending(&self, imap: &Url, found: &mut Found, out: &mut Findings) {
        if let Some(url) = words::url(self.text("smtp_url")).filter(|u| words::is_host(&u.host)) {
            let security = match (url.scheme.as_str(), self.text("ssl_starttls")) {
                ("smtps", _) => Security::Tls,
                (_, "no") => Security::None,
                _ => Security::StartTls,
            };
            found.smtp = Some(words::endpoint(Server::Smtp, &url.host, url.port, security));
            let given = url.password.clone().map(Given::Clear).unwrap_or_default();
            if !given.is_nothing() && !url.same_login(imap) {
                self.for_sending_only("smtp_url", found, out);
            } else if found.given.is_nothing() {
                found.given = given;
            }
            if !url.user.is_empty() && url.user != found.login() && imap.host != url.host {
                let why = "sending has a user of its own there; here one serves for both";
                out.note(&self.place("smtp_url"), "smtp_url", Kind::Yours, why);
            }
            return;
        }
        let mut argv = words::argv(self.text("sendmail"));
        if argv.is_empty() || self.text("sendmail") == "no" {
            return;
        }
        let reads = |w: &String| ["-t", "-ti", "--read-recipients"].contains(&w.as_str());
        if argv.iter().any(reads) {
            let why = "recipients follow as arguments here: -t was left out";
            out.note(&self.place("sendmail"), "sendmail -t", Kind::Otherwise, why);
            argv.retain(|w| !reads(w));
        }
        found.sendmail = Some(argv);
    }

    /// Own addresses that are written out, not as patterns.
    fn alternates(&self, found: &mut Found, out: &mut Findings) {
        for (pattern, place) in &self.alternates {
            let plain = pattern.replace('\\', "");
            let plain = plain.trim_start_matches('^').trim_end_matches('$');
            let address = words::address(plain);
            let odd = |c: char| "[]|?+{}".contains(c);
            match address.filter(|a| !a.addr.contains(odd)) {
                Some(address) => found.also(Identity {
                    email: address.addr,
                    ..Identity::default()
                }),
                None => {
                    let why = "a pattern of own addresses; each can be an identity here";
                    out.note(place, "alternates", Kind::Yours, why);
                }
            }
        }
    }

    fn signature(&self, shelf: &mut Shelf<'_>, out: &mut Findings) -> Option<String> {
        let written = self.text("signature");
        let place = self.place("signature");
        if written.ends_with('|')
            || self
                .vars
                .get("signature")
                .is_some_and(|v| v.0.command.is_some())
        {
            let why = "a program writes it; here a signature is a text";
            out.note(&place, "signature", Kind::Yours, why);
            return None;
        }
        let home = shelf.dirs.home.clone();
        let text = match written {
            "no" => None,
            "" if self.vars.contains_key("signature") => None,
            "" => shelf.maybe(&home.join(".signature"), out),
            written => shelf.text(&shelf.dirs.path(written, &home), &place, out),
        };
        text.and_then(|text| below(&text))
    }

    /// What is said once, whatever accounts there are.
    pub fn common(&self, shelf: &mut Shelf<'_>, out: &mut Findings) {
        let command = self.text("query_command");
        if !command.is_empty() && command != "no" {
            let argv = words::argv(command);
            let place = self.place("query_command");
            if words::needs_shell(&argv) {
                let why = "it needs a shell, which could be told more than it should by what is \
                    typed: name a program in [contacts] command";
                out.note(&place, "query_command", Kind::Yours, why);
            } else {
                out.people_command = Some(argv);
            }
        }
        let file = self.text("alias_file");
        if !file.is_empty() && file != "no" {
            let path = shelf.dirs.path(file, &shelf.dirs.home.clone());
            if !out.files.contains(&path) {
                let why = "names for people in it count only where it is sourced too";
                out.note(&self.place("alias_file"), "alias_file", Kind::Yours, why);
            }
        }
        let ca = self.text("ssl_ca_certificates_file");
        if ca.starts_with("/etc/ssl") || ca.starts_with("/usr/share") || ca.starts_with("/etc/pki")
        {
            let why = "the system's certificates are trusted anyway";
            let place = self.place("ssl_ca_certificates_file");
            out.note(&place, "ssl_ca_certificates_file", Kind::Otherwise, why);
        } else if !ca.is_empty() && ca != "no" {
            let path = shelf.dirs.path(ca, &shelf.dirs.home.clone());
            for account in &mut out.accounts {
                account.ca_file = Some(path.clone());
            }
        }
        for header in &self.headers {
            if !["from", "reply-to"].contains(&header.name.as_str()) {
                let what = format!("my_hdr {}", header.name);
                let why = "fields of one's own can't be set";
                out.note(&header.place, &what, Kind::NoCounterpart, why);
            }
        }
    }
}

/// A signature of a file: without the line that divides it from the text.
pub fn below(text: &str) -> Option<String> {
    let text = text.strip_prefix("-- \n").unwrap_or(text).trim_end();
    let keep = |c: &char| !c.is_control() || *c == '\n' || *c == '\t';
    let kept: String = text.chars().filter(keep).take(SIGNATURE).collect();
    (!kept.trim().is_empty()).then_some(kept)
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
