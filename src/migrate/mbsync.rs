//! mbsync (isync): accounts and stores of its sections, and of msmtp, which usually sends for it,
//! whose addresses they are.

use crate::migrate::found::{Findings, Found, Given, Kind, Place};
use crate::migrate::mbsync_patterns::{Channel, left_out};
use crate::migrate::msmtp;
use crate::migrate::mutt_scope::SYSTEM;
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::words::{self, Printed, Server, split_quoted};
use crate::model::{Auth, Secret, Security};
use std::path::{Path, PathBuf};

/// Where mbsync looks for its configuration.
pub fn places(dirs: &Dirs) -> Vec<PathBuf> {
    vec![dirs.config.join("isyncrc"), dirs.home.join(".mbsyncrc")]
}

/// A section that names a server: an account, or a store with one of its own.
#[derive(Default)]
struct Section {
    found: Found,
    host: String,
    port: Option<u16>,
    security: Option<Security>,
    tunnel: bool,
}

/// A store, the account that it is on, and what its mailboxes begin with.
struct Store {
    name: String,
    account: String,
    begins: String,
}

/// What a line of a section belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Nothing,
    Account,
    Store,
    /// A store of an account that was told before.
    Named,
    Channel,
    Files,
}

/// A line that says something.
struct Said<'t> {
    key: String,
    value: &'t str,
    words: Vec<String>,
    place: Place,
}

impl Said<'_> {
    fn first(&self) -> String {
        self.words.first().cloned().unwrap_or_default()
    }
}

/// The file, as far as it was read.
struct Reading {
    here: In,
    sections: Vec<Section>,
    stores: Vec<Store>,
    channels: Vec<Channel>,
}

/// Reads the configuration.
pub fn read(path: &Path, shelf: &mut Shelf<'_>) -> Findings {
    let mut out = Findings::default();
    let whole = Place::of(path);
    let Some(text) = shelf.text(path, &whole, &mut out) else {
        return out;
    };
    let mut reading = Reading {
        here: In::Nothing,
        sections: Vec::new(),
        stores: Vec::new(),
        channels: Vec::new(),
    };
    for (line, number) in text.lines().zip(1u32..) {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        if line.is_empty() {
            reading.here = In::Nothing;
            continue;
        }
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let said = Said {
            key: key.to_ascii_lowercase(),
            value,
            words: split_quoted(value),
            place: whole.at(number),
        };
        if !reading.begins(&said) {
            reading.within(&said, shelf, &mut out);
        }
    }
    for section in reading.sections {
        finish(section, &reading.stores, &reading.channels, &mut out);
    }
    let senders = msmtp::read_usual(shelf, &mut out);
    msmtp::join(&senders, &mut out);
    out
}

impl Reading {
    /// Begins a section; whether the line does.
    fn begins(&mut self, said: &Said<'_>) -> bool {
        let first = said.first();
        match said.key.as_str() {
            "imapaccount" | "imapstore" => {
                let mut section = Section::default();
                section.found.name.clone_from(&first);
                section.found.place = said.place.clone();
                self.sections.push(section);
                self.here = In::Account;
                if said.key == "imapstore" {
                    self.here = In::Store;
                    self.stores.push(Store {
                        name: first.clone(),
                        account: first,
                        begins: String::new(),
                    });
                }
            }
            "channel" => {
                self.here = In::Channel;
                self.channels.push(Channel {
                    place: said.place.clone(),
                    ..Channel::default()
                });
            }
            "maildirstore" | "mboxstore" | "group" | "channels" => {
                self.here = In::Files;
                // What each of them is named is told of no one.
                return said.key.ends_with("store");
            }
            _ => return false,
        }
        true
    }

    /// A line of a section.
    fn within(&mut self, said: &Said<'_>, shelf: &Shelf<'_>, out: &mut Findings) {
        match (said.key.as_str(), self.here) {
            ("group" | "channels", _) => {}
            ("account", In::Store) => {
                // A store of an account that was told before has no server of its own.
                self.sections.pop();
                self.here = In::Named;
                if let Some(store) = self.stores.last_mut() {
                    store.account = said.first();
                }
            }
            ("path", In::Store | In::Named) => {
                if let Some(store) = self.stores.last_mut() {
                    // It is written with the server's own sign between levels; patterns with ours.
                    store.begins = said.first();
                    if let Some(above) = store.begins.strip_suffix('.') {
                        store.begins = format!("{}/", above.replace('.', "/"));
                    }
                }
            }
            (key, In::Channel) => {
                let channel = self.channels.last_mut();
                if !channel.is_some_and(|channel| channel_says(channel, said, out)) {
                    unknown(key, &said.place, out);
                }
            }
            (key, In::Account | In::Store) => {
                let section = self.sections.last_mut();
                if !section.is_some_and(|section| server(section, said, shelf, out)) {
                    unknown(key, &said.place, out);
                }
            }
            (key, _) => unknown(key, &said.place, out),
        }
    }
}

/// A line of a channel; false: it is none that is known.
fn channel_says(channel: &mut Channel, said: &Said<'_>, out: &mut Findings) -> bool {
    match said.key.as_str() {
        "far" | "near" | "master" | "slave" => {
            let first = said.first();
            let mut parts = first.splitn(3, ':').skip(1);
            let name = parts.next().unwrap_or_default().to_owned();
            let behind = parts.next().unwrap_or_default().to_owned();
            channel.stores.push((name, behind));
        }
        "pattern" | "patterns" => {
            let words = said.words.iter().map(|w| (w.clone(), said.place.clone()));
            channel.words.extend(words);
            let usual =
                |w: &String| w.starts_with('!') || ["*", "%", "INBOX"].contains(&w.as_str());
            if !said.words.iter().all(usual) {
                let why = "every mailbox is listed here; what is left out stands in exclude";
                out.note(&said.place, "Patterns", Kind::Otherwise, why);
            }
        }
        _ => return false,
    }
    true
}

/// A key of a section with a server; false: it is none that is known.
fn server(section: &mut Section, said: &Said<'_>, shelf: &Shelf<'_>, out: &mut Findings) -> bool {
    let (first, words, place) = (said.first(), &said.words, &said.place);
    match said.key.as_str() {
        "host" => host(section, &first),
        "port" => section.port = first.parse().ok(),
        "user" => section.found.user = first,
        "usercmd" => {
            let why = "a program prints the user; name it in `user`";
            out.note(place, "UserCmd", Kind::Yours, why);
        }
        "pass" => section.found.given = Given::Clear(Secret::new(first)),
        "passcmd" => {
            // A plus before it: it may ask at the terminal, which ours has not.
            let value = said.value.trim();
            let command = unquoted(value.strip_prefix('+').unwrap_or(value));
            match words::printed(command.strip_prefix('+').unwrap_or(&command)) {
                Printed::Given(given) => section.found.given = given,
                Printed::Holds => {
                    let why = "the command seems to hold the password itself; it was not taken";
                    out.note(place, "PassCmd", Kind::Yours, why);
                }
            }
        }
        "usekeychain" => {
            let why = "the keychain's entry is another program's; the password is asked for";
            out.note(place, "UseKeychain", Kind::Yours, why);
        }
        "ssltype" | "tlstype" | "useimaps" | "requiressl" => {
            section.security = match (said.key.as_str(), first.to_ascii_lowercase().as_str()) {
                ("useimaps", "yes") | (_, "imaps") => Some(Security::Tls),
                (_, "none") => Some(Security::None),
                ("requiressl", _) => section.security,
                _ => Some(Security::StartTls),
            };
        }
        "authmech" | "authmechs" => {
            let says = |way: &str| words.iter().any(|w| w.eq_ignore_ascii_case(way));
            if says("oauthbearer") {
                section.found.auth = Auth::OAuthBearer;
            } else if says("xoauth2") {
                section.found.auth = Auth::XOauth2;
            }
        }
        "certificatefile" => {
            let path = shelf.dirs.path(&first, &shelf.dirs.home);
            if SYSTEM.iter().any(|s| first.starts_with(s)) {
                let why = "the system's certificates are trusted anyway";
                out.note(place, "CertificateFile", Kind::Otherwise, why);
            } else {
                section.found.ca_file = Some(path);
            }
        }
        "disableextension" | "disableextensions" => {
            let all = words.iter().map(|w| w.to_ascii_uppercase());
            section.found.without.extend(all);
        }
        "tunnel" => section.tunnel = true,
        _ => return false,
    }
    true
}

/// A host: older ones wrote `imaps:` or `imaps://` before it, and a port may stand behind.
fn host(section: &mut Section, written: &str) {
    let small = written.to_ascii_lowercase();
    let (scheme, rest) = match small.strip_prefix("imaps:").or(small.strip_prefix("imap:")) {
        Some(rest) => (small.split(':').next().unwrap_or_default(), rest),
        None => ("", written),
    };
    let rest = rest.trim_matches('/');
    if scheme == "imaps" {
        section.security = Some(Security::Tls);
    }
    let bare = rest.strip_prefix('[').and_then(|r| r.split_once(']'));
    let (host, port) = match bare {
        Some((host, port)) => (host, port.strip_prefix(':')),
        // Several colons: an address of IPv6.
        None => match rest.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (rest, None),
        },
    };
    host.clone_into(&mut section.host);
    section.port = port.and_then(|p| p.parse().ok()).or(section.port);
}

fn unknown(key: &str, place: &Place, out: &mut Findings) {
    const FILES: [&str; 23] = [
        "path",
        "inbox",
        "flatten",
        "subfolders",
        "infostore",
        "infodelimiter",
        "maildirstore",
        "mboxstore",
        "syncstate",
        "create",
        "remove",
        "expunge",
        "expungesolo",
        "sync",
        "channel",
        "group",
        "channels",
        "altmap",
        "maxsize",
        "maxmessages",
        "expireunread",
        "copyarrivaldate",
        "fsync",
    ];
    const OWN: [&str; 15] = [
        "timeout",
        "pipelinedepth",
        "systemcertificates",
        "sslversion",
        "sslversions",
        "tlsversions",
        "usesslv2",
        "usesslv3",
        "usetlsv1",
        "usetlsv1.1",
        "usetlsv1.2",
        "usenamespace",
        "pathdelimiter",
        "mapinbox",
        "expireside",
    ];
    const TRASH: [&str; 4] = ["trash", "trashnewonly", "trashremotenew", "bufferlimit"];
    let (kind, why) = if FILES.contains(&key) {
        let why = "mail comes into a database here, not into files";
        (Kind::NoCounterpart, why)
    } else if OWN.contains(&key) || TRASH.contains(&key) {
        (
            Kind::Otherwise,
            "connections and mailboxes look after themselves",
        )
    } else {
        (Kind::NotUnderstood, "it is no keyword that is known")
    };
    out.note(place, key, kind, why);
}

fn finish(mut section: Section, stores: &[Store], channels: &[Channel], out: &mut Findings) {
    let place = section.found.place.clone();
    let name = section.found.name.clone();
    if section.tunnel {
        let why = "a program stands in the server's place, which is not possible here";
        out.note(&place, "Tunnel", Kind::NoCounterpart, why);
    }
    if !words::is_host(&section.host) {
        let what = format!("IMAPAccount {name}");
        return out.note(&place, &what, Kind::Yours, "it names no server");
    }
    // Without a word mbsync goes by the port.
    let usual = match section.port {
        Some(143) => Security::StartTls,
        _ => Security::Tls,
    };
    let security = section.security.unwrap_or(usual);
    let imap = words::endpoint(Server::Imap, &section.host, section.port, security);
    if imap.security != security {
        let why = "nothing is sent in the clear to another machine: STARTTLS was chosen";
        out.note(&place, "TLSType None", Kind::Otherwise, why);
    }
    section.found.imap = Some(imap);
    if words::is_address(&section.found.user) {
        section.found.email.clone_from(&section.found.user);
    }
    let mine = stores.iter().filter(|s| s.account == name);
    let mine: Vec<(&str, &str)> = mine.map(|s| (s.name.as_str(), s.begins.as_str())).collect();
    section.found.exclude = left_out(channels, &mine, out);
    out.accounts.push(section.found);
}

/// The rest of a line that is one word: as it stands, or what its quotes hold.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    match value.starts_with('"') {
        true => split_quoted(value).into_iter().next().unwrap_or_default(),
        false => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Findings {
        let mut files = |path: &Path, _: usize| match path.ends_with(".mbsyncrc") {
            true => Ok(text.as_bytes().to_vec()),
            false => Err("gone".to_owned()),
        };
        let mut shelf = Shelf::new(Dirs::under(Path::new("/h")), &mut files);
        read(Path::new("/h/.mbsyncrc"), &mut shelf)
    }

    #[test]
    fn hosts_are_read_as_they_were_ever_written() {
        for (written, host, port, security) in [
            ("imap.x.test", "imap.x.test", 993, Security::Tls),
            ("imap.x.test:1993", "imap.x.test", 1993, Security::Tls),
            ("imaps:h.x.test", "h.x.test", 993, Security::Tls),
            ("imaps://h.x.test:1993/", "h.x.test", 1993, Security::Tls),
            ("imap:h.x.test:143", "h.x.test", 143, Security::StartTls),
            ("::1", "::1", 993, Security::Tls),
            ("[::1]:143", "::1", 143, Security::StartTls),
        ] {
            let found = read_text(&format!("IMAPAccount a\nHost {written}\nUser a@x.test\n"));
            let imap = found.accounts[0].imap.clone().unwrap();
            assert_eq!(
                (imap.host.as_str(), imap.port, imap.security),
                (host, port, security),
                "{written}"
            );
        }
    }

    #[test]
    fn what_a_store_of_another_account_says_is_not_the_accounts_before() {
        let text = "IMAPAccount one\nHost one.test\nUser a@one.test\n\n\
            IMAPAccount two\nHost two.test\nUser a@two.test\n\n\
            IMAPStore s\nAccount one\nPath INBOX.\nHost evil.test\n\n\
            Channel c\nFar :s:\nNear :l:\nPatterns * !Spam\n";
        let found = read_text(text);
        let hosts: Vec<_> = found.accounts.iter().flat_map(|a| &a.imap).collect();
        assert_eq!(hosts[0].host, "one.test");
        assert_eq!(hosts[1].host, "two.test");
        assert_eq!(found.accounts[0].exclude, ["INBOX/Spam"]);
        assert_eq!(found.accounts[1].exclude, Vec::<String>::new());
    }
}
