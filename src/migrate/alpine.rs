//! Alpine (and Pine): `.pinerc` and the address books that it names.

use crate::migrate::alpine_books::books;
use crate::migrate::alpine_options::{Options, folders, options, unused};
use crate::migrate::found::{Findings, Found, Kind, Place};
use crate::migrate::mutt_account::below;
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::words::{self, Server, Url};
use crate::model::{Address, Endpoint, Identity, Security};
use std::path::{Path, PathBuf};

/// Servers looked at.
const SERVERS: usize = 30;
/// Roles looked at.
const ROLES: usize = 100;

/// Where Alpine looks for its configuration.
pub fn places(dirs: &Dirs) -> Vec<PathBuf> {
    vec![dirs.home.join(".pinerc"), dirs.home.join(".alpine/pinerc")]
}

/// A server as Alpine writes it: `{host:port/flag/user=name}folder`.
#[derive(Clone, Debug, Default)]
struct Remote {
    host: String,
    port: Option<u16>,
    user: String,
    flags: Vec<String>,
}

impl Remote {
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }

    fn endpoint(&self, server: Server) -> Endpoint {
        let security = if self.has("ssl") {
            Security::Tls
        } else if self.has("notls") {
            Security::None
        } else {
            Security::StartTls
        };
        words::endpoint(server, &self.host, self.port, security)
    }

    fn url(&self) -> Url {
        Url {
            host: self.host.clone(),
            user: self.user.clone(),
            ..Url::default()
        }
    }

    /// A server with its flags, as it stands for itself or between braces.
    fn read(text: &str) -> Option<Remote> {
        let mut parts = text.trim().split('/');
        let place = parts.next()?.trim();
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (place, None),
        };
        let mut remote = Remote {
            host: host.to_owned(),
            port,
            ..Remote::default()
        };
        for flag in parts {
            match flag.split_once('=') {
                Some((key, value)) if key.eq_ignore_ascii_case("user") => {
                    value.trim_matches('"').clone_into(&mut remote.user);
                }
                _ => remote.flags.push(flag.trim().to_ascii_lowercase()),
            }
        }
        if remote.has("submit") && remote.port.is_none() {
            remote.port = Some(587);
        }
        words::is_host(&remote.host).then_some(remote)
    }

    /// The server of a folder.
    fn of_folder(text: &str) -> Option<Remote> {
        let (_, rest) = text.split_once('{')?;
        Remote::read(rest.split_once('}')?.0)
    }
}

/// The file, as far as accounts are about it.
struct Pinerc<'p> {
    options: &'p Options,
    whole: &'p Place,
}

impl Pinerc<'_> {
    fn text(&self, key: &str) -> &str {
        self.options.get(key).map_or("", |(value, _)| value)
    }

    fn place(&self, key: &str) -> Place {
        self.whole
            .at(self.options.get(key).map_or(0, |(_, line)| *line))
    }
}

/// Reads the configuration.
pub fn read(path: &Path, shelf: &mut Shelf<'_>) -> Findings {
    let mut out = Findings {
        preset: Some("alpine"),
        ..Findings::default()
    };
    let whole = Place::of(path);
    let Some(text) = shelf.text(path, &whole, &mut out) else {
        return out;
    };
    let options = options(&text, &whole, &mut out);
    let pinerc = Pinerc {
        options: &options,
        whole: &whole,
    };
    let servers = servers(&pinerc, &mut out);
    let several = servers.len() > 1;
    let header = headers(
        pinerc.text("customized-hdrs"),
        &pinerc.place("customized-hdrs"),
        &mut out,
    );
    let signature = signature(&options, path, shelf, &whole, &mut out);
    // The first server is that of the inbox, and so the user's own.
    let own = address_of(&pinerc, pinerc.text("user-id"));
    let own = header.or_else(|| words::address(&own));
    for (n, (remote, at)) in servers.into_iter().enumerate() {
        let from = own.as_ref().filter(|_| n == 0);
        let mut found = account(&pinerc, &remote, &at, from, several);
        if n == 0 {
            found.signature.clone_from(&signature);
            also(&pinerc, &mut found, &mut out);
        }
        sending(&pinerc, &mut found, &mut out);
        if remote.has("novalidate-cert") {
            let why = "certificates are always checked; ca-file or pin-sha256 make one good";
            out.note(&at, "novalidate-cert", Kind::Yours, why);
        }
        out.accounts.push(found);
    }
    if !out.accounts.is_empty() {
        let why = "passwords that Alpine keeps are its own: each is asked for";
        out.note(&whole, "passwords", Kind::Yours, why);
    }
    let place = pinerc.place("address-book");
    books(pinerc.text("address-book"), path, shelf, &place, &mut out);
    for (key, (_, line)) in &options {
        if let Some((kind, why)) = unused(key) {
            out.note(&whole.at(*line), key, kind, why);
        }
    }
    out
}

/// The servers that folders lie on, each once.
fn servers(pinerc: &Pinerc<'_>, out: &mut Findings) -> Vec<(Remote, Place)> {
    let mut all: Vec<(Remote, Place)> = Vec::new();
    for key in ["inbox-path", "folder-collections", "incoming-folders"] {
        let place = pinerc.place(key);
        for folder in folders(pinerc.text(key)) {
            let Some(remote) = Remote::of_folder(&folder) else {
                if folder.contains('{') {
                    let why = "a server that can't be read";
                    out.note(&place, key, Kind::NotUnderstood, why);
                }
                continue;
            };
            let others = ["nntp", "pop3", "pop", "news"];
            if others.iter().any(|flag| remote.has(flag)) {
                let why = "POP and newsgroups are not spoken here";
                out.note(&place, key, Kind::NoCounterpart, why);
                continue;
            }
            let room = all.len() < SERVERS;
            let known = all.iter_mut().find(|(s, _)| {
                s.host.eq_ignore_ascii_case(&remote.host)
                    && (s.user == remote.user || s.user.is_empty() || remote.user.is_empty())
            });
            match known {
                Some((known, _)) if known.user.is_empty() => known.user = remote.user,
                Some(_) => {}
                None if room => all.push((remote, place.clone())),
                None => {
                    let why = format!("only the first {SERVERS} servers were taken");
                    out.note(&place, key, Kind::Yours, &why);
                }
            }
        }
    }
    all
}

/// What is said of the account on a server; `from`: whose address it is, where that is said.
fn account(
    pinerc: &Pinerc<'_>,
    remote: &Remote,
    at: &Place,
    from: Option<&Address>,
    several: bool,
) -> Found {
    let login = match remote.user.as_str() {
        "" => pinerc.text("user-id"),
        user => user,
    };
    let mut found = Found {
        user: login.to_owned(),
        place: at.clone(),
        imap: Some(remote.endpoint(Server::Imap)),
        // Alpine asks a browser for what XOAUTH2 wants.
        browser: remote.has("auth=xoauth2"),
        ..Found::default()
    };
    if let Some(from) = from {
        found.email.clone_from(&from.addr);
        found.full_name.clone_from(&from.name);
    } else if words::is_address(login) {
        found.email = login.to_owned();
    } else if !several {
        found.email = address_of(pinerc, login);
    }
    if found.full_name.is_empty() {
        found.full_name = words::shown(pinerc.text("personal-name").trim_matches('"'));
    }
    found
}

/// The address of a user of the domain that is named; empty if that makes none.
fn address_of(pinerc: &Pinerc<'_>, user: &str) -> String {
    let domain = words::list(pinerc.text("user-domain"));
    let address = format!("{user}@{}", domain.first().copied().unwrap_or_default());
    Some(address)
        .filter(|a| words::is_address(a))
        .unwrap_or_default()
}

/// Further addresses, and roles.
fn also(pinerc: &Pinerc<'_>, found: &mut Found, out: &mut Findings) {
    let place = pinerc.place("alt-addresses");
    for address in words::list(pinerc.text("alt-addresses")) {
        words::own_address(address, &place, "alt-addresses", found, out);
    }
    let place = pinerc.place("patterns-roles");
    roles(pinerc.text("patterns-roles"), &place, found, out);
}

/// The From of one's own headers.
fn headers(value: &str, place: &Place, out: &mut Findings) -> Option<Address> {
    let mut from = None;
    for header in words::list(value) {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "from" => from = words::address(value),
            name => {
                let what = format!("customized-hdrs {name}");
                let why = "fields of one's own can't be set";
                out.note(place, &what, Kind::NoCounterpart, why);
            }
        }
    }
    from
}

fn signature(
    options: &Options,
    path: &Path,
    shelf: &mut Shelf<'_>,
    whole: &Place,
    out: &mut Findings,
) -> Option<String> {
    if let Some((text, _)) = options.get("literal-signature") {
        return below(&text.replace("\\n", "\n"));
    }
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    let Some((file, line)) = options.get("signature-file") else {
        return shelf
            .maybe(&folder.join(".signature"), out)
            .and_then(|t| below(&t));
    };
    if file.ends_with('|') || file.starts_with('{') {
        let why = "a program or a server has it; here a signature is a text";
        out.note(&whole.at(*line), "signature-file", Kind::Yours, why);
        return None;
    }
    let path = shelf.dirs.path(file.trim_matches('"'), &folder);
    shelf
        .text(&path, &whole.at(*line), out)
        .and_then(|t| below(&t))
}

fn sending(pinerc: &Pinerc<'_>, found: &mut Found, out: &mut Findings) {
    let (list, program) = (pinerc.text("smtp-server"), pinerc.text("sendmail-path"));
    if !list.is_empty() {
        let place = pinerc.place("smtp-server");
        let servers = folders(list);
        let all: Vec<Remote> = servers
            .iter()
            .filter_map(|s| Remote::read(s.trim()))
            .collect();
        if all.is_empty() {
            let why = "it names no server";
            return out.note(&place, "smtp-server", Kind::NotUnderstood, why);
        }
        // One for each account, if there are several: one near to it, else by its user.
        let reading = Url {
            host: found
                .imap
                .as_ref()
                .map(|imap| imap.host.clone())
                .unwrap_or_default(),
            user: found.login().to_owned(),
            ..Url::default()
        };
        let near = |r: &&Remote| r.url().same_login(&reading);
        let own = |r: &&Remote| r.url().sends_for(&reading.host, &reading.user);
        match all.iter().find(near).or_else(|| all.iter().find(own)) {
            Some(remote) => found.smtp = Some(remote.endpoint(Server::Smtp)),
            None => out.note(&place, "smtp-server", Kind::Yours, words::OTHER_SENDER),
        }
    } else if !program.is_empty() {
        let place = pinerc.place("sendmail-path");
        match words::sender(program) {
            Some(sender) => {
                if sender.was_reading {
                    out.note(&place, "sendmail-path", Kind::Otherwise, words::RECIPIENTS);
                }
                found.sendmail = Some(sender.argv);
            }
            None => out.note(&place, "sendmail-path", Kind::Yours, words::SENDING_SHELL),
        }
    }
}

/// Roles that write from another address: `LIT:pattern="…" action="/FROM=…/"`.
fn roles(value: &str, place: &Place, found: &mut Found, out: &mut Findings) {
    for (n, role) in value.split("action=").skip(1).enumerate() {
        if n >= ROLES {
            let why = format!("only the first {ROLES} roles were taken");
            out.note(place, "patterns-roles", Kind::Yours, &why);
            break;
        }
        let action = role.split("pattern=").next().unwrap_or_default();
        let part = |name: &str| value_of(action, name);
        let Some(from) = part("FROM") else {
            out.note(
                place,
                "patterns-roles",
                Kind::NoCounterpart,
                "a role without an address",
            );
            continue;
        };
        match words::address(&from) {
            Some(address) => found.also(Identity {
                email: address.addr,
                full_name: address.name,
                signature: part("LSIG").and_then(|s| below(&lines_of(&s))),
                reply_to: part("REPL").filter(|r| words::address(r).is_some()),
            }),
            None => {
                let why = "a role whose address can't be read";
                out.note(place, "patterns-roles", Kind::NotUnderstood, why);
            }
        }
    }
    if value.contains("FILE:") {
        let why = "roles in a file of their own were not read";
        out.note(place, "patterns-roles", Kind::Yours, why);
    }
}

/// What stands behind `/NAME=` in an action, up to the next slash. Slashes, quotes and backslashes
/// of the value itself have a backslash before them.
fn value_of(action: &str, name: &str) -> Option<String> {
    let (_, rest) = action.split_once(&format!("/{name}="))?;
    let mut value = String::new();
    let mut letters = rest.chars();
    while let Some(c) = letters.next() {
        match c {
            '/' | '"' => break,
            '\\' => match letters.next() {
                Some(c @ ('/' | '"' | '\\' | ',')) => value.push(c),
                other => {
                    value.push('\\');
                    value.extend(other);
                }
            },
            c => value.push(c),
        }
    }
    Some(value.trim_end_matches([',', ' ']).to_owned())
}

/// A text whose line breaks are written `\n`.
fn lines_of(written: &str) -> String {
    let mut text = String::new();
    let mut letters = written.chars();
    while let Some(c) = letters.next() {
        let c = match c {
            '\\' => match letters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') | None => continue,
                Some(c) => c,
            },
            c => c,
        };
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Findings {
        let mut files = |path: &Path, _: usize| match path.ends_with(".pinerc") {
            true => Ok(text.as_bytes().to_vec()),
            false => Err("gone".to_owned()),
        };
        let mut shelf = Shelf::new(Dirs::under(Path::new("/h")), &mut files);
        read(Path::new("/h/.pinerc"), &mut shelf)
    }

    #[test]
    fn roles_keep_their_slashes_and_lines() {
        let text = r#"inbox-path={imap.x.test/ssl/user=ada}INBOX
user-domain=x.test
smtp-server=smtp.x.test
patterns-roles=LIT:pattern="/NICK=a" action="/ROLE=1/FROM=A \/ B <sales@x.test>/LSIG=Ada\nA \/ B\\nhttps:\/\/x.test/RTYPE=YES"
"#;
        let found = read_text(text);
        let identity = &found.accounts[0].identities[0];
        assert_eq!(identity.full_name, "A / B");
        assert_eq!(
            identity.signature.as_deref(),
            Some("Ada\nA / B\nhttps://x.test")
        );
    }

    #[test]
    fn each_account_gets_a_server_for_sending_of_its_own_login() {
        let folders = "inbox-path={imap.x.test/ssl/user=ada}INBOX\n\
            incoming-folders=W {mail.y.test/ssl/user=al}INBOX\n";
        let of = |smtp: &str| {
            let found = read_text(&format!("{folders}smtp-server={smtp}\n"));
            let hosts: Vec<String> = found
                .accounts
                .iter()
                .map(|a| a.smtp.as_ref().map_or("", |e| e.host.as_str()).to_owned())
                .collect();
            hosts.join(" ")
        };
        assert_eq!(of("smtp.x.test/user=ada"), "smtp.x.test ");
        assert_eq!(of("smtp.x.test"), "smtp.x.test ");
        assert_eq!(of("smtp.y.test,smtp.x.test"), "smtp.x.test smtp.y.test");
        assert_eq!(of("relay.z.test/user=al"), " ");
        assert_eq!(of("relay.z.test"), " ");
    }

    #[test]
    fn servers_beyond_the_bound_are_told_of() {
        let folder = |n: usize| format!("F{n} {{h{n}.x.test/user=a}}INBOX");
        let all: Vec<String> = (0..SERVERS + 1).map(folder).collect();
        let found = read_text(&format!("incoming-folders={}\n", all.join(",")));
        assert_eq!(found.accounts.len(), SERVERS);
        assert!(found.notes.iter().any(|n| n.why.contains("only the first")));
    }
}
