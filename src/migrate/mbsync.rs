//! mbsync (isync): accounts and stores of its sections, and of msmtp, which usually sends for it,
//! whose addresses they are.

use crate::migrate::found::{Findings, Found, Given, Kind, Place};
use crate::migrate::msmtp;
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

/// A store, and the account that it is on.
struct Store {
    name: String,
    account: String,
}

/// What a line of a section belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Nothing,
    Account,
    Store,
    Channel,
    Files,
}

/// Reads the configuration.
pub fn read(path: &Path, shelf: &mut Shelf<'_>) -> Findings {
    let mut out = Findings::default();
    let whole = Place::of(path);
    let Some(text) = shelf.text(path, &whole, &mut out) else {
        return out;
    };
    let mut sections: Vec<Section> = Vec::new();
    let mut stores: Vec<Store> = Vec::new();
    // Patterns of a channel, and the stores that it joins.
    let mut channels: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    let mut here = In::Nothing;
    for (line, number) in text.lines().zip(1u32..) {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        if line.is_empty() {
            here = In::Nothing;
            continue;
        }
        let place = whole.at(number);
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (key, words) = (key.to_ascii_lowercase(), split_quoted(value));
        let first = words.first().cloned().unwrap_or_default();
        match key.as_str() {
            "imapaccount" | "imapstore" => {
                let mut section = Section::default();
                section.found.name.clone_from(&first);
                section.found.place = place;
                sections.push(section);
                here = In::Account;
                if key == "imapstore" {
                    here = In::Store;
                    stores.push(Store {
                        name: first.clone(),
                        account: first,
                    });
                }
                continue;
            }
            "maildirstore" | "mboxstore" => here = In::Files,
            "channel" => {
                here = In::Channel;
                channels.push((Vec::new(), Vec::new()));
            }
            "group" | "channels" => here = In::Files,
            "account" if here == In::Store => {
                // A store of an account that was told before has no server of its own.
                sections.pop();
                if let Some(store) = stores.last_mut() {
                    store.account = first;
                }
            }
            "far" | "near" | "master" | "slave" if here == In::Channel => {
                let store = first.split(':').nth(1).unwrap_or_default().to_owned();
                channels
                    .last_mut()
                    .into_iter()
                    .for_each(|c| c.1.push(store.clone()));
            }
            "pattern" | "patterns" if here == In::Channel => {
                channels
                    .last_mut()
                    .into_iter()
                    .for_each(|c| c.0.extend(words.clone()));
                if words
                    .iter()
                    .any(|w| !w.starts_with('!') && !["*", "%", "INBOX"].contains(&w.as_str()))
                {
                    let why = "every mailbox is listed here; what is left out stands in exclude";
                    out.note(&place, "Patterns", Kind::Otherwise, why);
                }
            }
            key if here == In::Account || here == In::Store => {
                let known = sections.last_mut().is_some_and(|section| {
                    server(section, key, value, &words, &place, shelf, &mut out)
                });
                if !known {
                    unknown(key, &place, &mut out);
                }
            }
            key => unknown(key, &place, &mut out),
        }
    }
    for section in sections {
        finish(section, &stores, &channels, &mut out);
    }
    let senders = msmtp::read_usual(shelf, &mut out);
    msmtp::join(&senders, &mut out);
    out
}

/// A key of a section with a server; false: it is none that is known.
fn server(
    section: &mut Section,
    key: &str,
    value: &str,
    words: &[String],
    place: &Place,
    shelf: &Shelf<'_>,
    out: &mut Findings,
) -> bool {
    let first = words.first().cloned().unwrap_or_default();
    match key {
        "host" => match words::url(&first) {
            // Older ones wrote imaps:// before it.
            Some(url) => {
                section.host = url.host;
                section.security = (url.scheme == "imaps").then_some(Security::Tls);
                section.port = url.port;
            }
            None => section.host = first,
        },
        "port" => section.port = first.parse().ok(),
        "user" => section.found.user = first,
        "usercmd" => {
            let why = "a program prints the user; name it in `user`";
            out.note(place, "UserCmd", Kind::Yours, why);
        }
        "pass" => section.found.given = Given::Clear(Secret::new(first)),
        "passcmd" => {
            // A plus before it: it may ask at the terminal, which ours has not.
            let value = value.trim();
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
            section.security = match (key, first.to_ascii_lowercase().as_str()) {
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
            if !["/etc/ssl", "/usr/", "/etc/pki"]
                .iter()
                .any(|p| first.starts_with(p))
            {
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

fn finish(
    mut section: Section,
    stores: &[Store],
    channels: &[(Vec<String>, Vec<String>)],
    out: &mut Findings,
) {
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
    let mine = |store: &String| stores.iter().any(|s| s.name == *store && s.account == name);
    for (patterns, _) in channels
        .iter()
        .filter(|(_, stores)| stores.iter().any(mine))
    {
        let left_out = patterns.iter().filter_map(|p| p.strip_prefix('!'));
        for pattern in left_out.map(str::to_owned) {
            if !section.found.exclude.contains(&pattern) {
                section.found.exclude.push(pattern);
            }
        }
    }
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
