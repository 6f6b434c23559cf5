//! The account that is made of what holds at a moment of mutt's configuration.

use crate::migrate::found::{Findings, Found, Given, Kind, Place};
use crate::migrate::mutt_scope::{SYSTEM, Scope};
use crate::migrate::shelf::Shelf;
use crate::migrate::words::{self, Printed, Server, Url};
use crate::model::{Auth, Identity, Security};

/// The longest signature that is taken, in octets.
const SIGNATURE: usize = 8 << 10;

impl Scope {
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
        let Some(url) = self.login() else {
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
        let sender = sender.or_else(|| words::address(&url.user));
        let mut found = Found {
            email: sender.as_ref().map(|s| s.addr.clone()).unwrap_or_default(),
            full_name: sender.map(|s| s.name).unwrap_or_default(),
            user: url.user.clone(),
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
        found.ca_file = self.certificates(shelf, out);
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
        if self.token(url, found, out) {
            return;
        }
        let sends = self.smtp().is_some_and(|s| s.same_login(url));
        for name in ["imap_pass", "smtp_pass"] {
            let given = self.given(name, out);
            if name == "smtp_pass" && !given.is_nothing() && !sends {
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
        // Nothing else was left to sign in with.
        found.browser = found.given.is_nothing() && self.says_token().is_some();
    }

    /// How one signs in with a token, if it is said that one may.
    fn says_token(&self) -> Option<Auth> {
        let ways = ["imap_authenticators", "smtp_authenticators"].map(|name| self.text(name));
        let says = |way: &str| ways.iter().any(|w| w.to_ascii_lowercase().contains(way));
        match (says("oauthbearer"), says("xoauth2")) {
            (true, _) => Some(Auth::OAuthBearer),
            (false, true) => Some(Auth::XOauth2),
            (false, false) => None,
        }
    }

    fn is_set(&self, name: &str) -> bool {
        let set = self.vars.get(name);
        set.is_some_and(|(w, _)| w.command.is_some() || !["", "no"].contains(&w.text.trim()))
    }

    /// Takes the program that prints tokens; whether one is named for this login.
    fn token(&self, url: &Url, found: &mut Found, out: &mut Findings) -> bool {
        let is_set = |name: &&str| self.is_set(name);
        let sends = self.smtp().is_some_and(|s| s.same_login(url));
        let reading = Some("imap_oauth_refresh_command").filter(is_set);
        let sending = Some("smtp_oauth_refresh_command").filter(is_set);
        let (Some(auth), Some(name)) = (self.says_token(), reading.or(sending.filter(|_| sends)))
        else {
            return false;
        };
        match words::printed(self.text(name)) {
            Printed::Given(given @ Given::Command(_)) => {
                found.given = given;
                found.auth = auth;
            }
            // A token that stands somewhere runs out.
            Printed::Given(_) => found.browser = true,
            Printed::Holds => {
                self.holds(name, out);
                found.browser = true;
            }
        }
        true
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

    /// The server for sending, with the user who signs in there.
    fn smtp(&self) -> Option<Url> {
        let mut url = words::url(self.text("smtp_url")).filter(|u| words::is_host(&u.host))?;
        if url.user.is_empty() && self.text("smtp_user") != "no" {
            self.text("smtp_user").clone_into(&mut url.user);
        }
        Some(url)
    }

    /// Whether one signs in to send there with something else than what reading was given.
    fn has_own_secret(&self, url: &Url, found: &Found) -> bool {
        let written = self.vars.get("smtp_pass");
        let pass = self.given("smtp_pass", &mut Findings::default());
        let token = self.says_token().is_some() && self.is_set("smtp_oauth_refresh_command");
        let token = match words::printed(self.text("smtp_oauth_refresh_command")) {
            _ if !token => Given::Nothing,
            Printed::Given(given) => given,
            Printed::Holds => return true,
        };
        let in_url = url.password.clone().map(Given::Clear).unwrap_or_default();
        written.is_some_and(|(word, _)| word.unknown)
            || [pass, token, in_url]
                .iter()
                .any(|given| !given.is_nothing() && !given.same(&found.given))
    }

    fn sending(&self, imap: &Url, found: &mut Found, out: &mut Findings) {
        if let Some(url) = self.smtp() {
            let other = !url.same_login(imap) && self.has_own_secret(&url, found);
            if other || !url.sends_for(&imap.host, found.login()) {
                let place = self.place("smtp_url");
                return out.note(&place, "smtp_url", Kind::Yours, words::OTHER_SENDER);
            }
            let security = match (url.scheme.as_str(), self.text("ssl_starttls")) {
                ("smtps", _) => Security::Tls,
                (_, "no") => Security::None,
                _ => Security::StartTls,
            };
            found.smtp = Some(words::endpoint(Server::Smtp, &url.host, url.port, security));
            if found.given.is_nothing() && !found.browser {
                found.given = url.password.clone().map(Given::Clear).unwrap_or_default();
            }
            return;
        }
        let written = self.text("sendmail");
        if written.is_empty() || written == "no" {
            return;
        }
        let place = self.place("sendmail");
        match words::sender(written) {
            Some(sender) => {
                if sender.was_reading {
                    out.note(&place, "sendmail -t", Kind::Otherwise, words::RECIPIENTS);
                }
                found.sendmail = Some(sender.argv);
            }
            None => out.note(&place, "sendmail", Kind::Yours, words::SENDING_SHELL),
        }
    }

    /// The file of certificates that are trusted besides those of the system.
    fn certificates(&self, shelf: &Shelf<'_>, out: &mut Findings) -> Option<std::path::PathBuf> {
        let name = "ssl_ca_certificates_file";
        let written = self.text(name);
        if SYSTEM.iter().any(|s| written.starts_with(s)) {
            let why = "the system's certificates are trusted anyway";
            out.note(&self.place(name), name, Kind::Otherwise, why);
            return None;
        }
        let named = !["", "no"].contains(&written);
        named.then(|| shelf.dirs.path(written, &shelf.dirs.home))
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
                None => out.note(place, "alternates", Kind::Yours, words::PATTERN),
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

    /// What a hook says that holds for all accounts here.
    pub fn differs(&self, base: &Scope, out: &mut Findings) {
        let name = "query_command";
        if !["", "no", base.text(name)].contains(&self.text(name)) {
            let why = "one program prints people for all accounts here";
            out.note(&self.place(name), name, Kind::Yours, why);
        }
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
