//! Alpine (and Pine): `.pinerc` and the address books that it names.

use crate::migrate::found::{Alias, Findings, Found, Kind, Place};
use crate::migrate::mutt_account::below;
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::words::{self, Server};
use crate::model::{Contact, Endpoint, Identity, Security};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Entries of address books.
const PEOPLE: usize = 5_000;
/// Servers looked at.
const SERVERS: usize = 30;

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

/// The options, each with its lines joined, and the line of its name.
type Options = BTreeMap<String, (String, u32)>;

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
    let get = |key: &str| options.get(key).map_or("", |(value, _)| value.as_str());
    let place = |key: &str| whole.at(options.get(key).map_or(0, |(_, line)| *line));
    let domain = words::list(get("user-domain"))
        .first()
        .copied()
        .unwrap_or_default();
    let mut servers: Vec<(Remote, Place)> = Vec::new();
    for key in ["inbox-path", "folder-collections", "incoming-folders"] {
        for folder in folders(get(key)) {
            let Some(remote) = Remote::of_folder(&folder) else {
                if folder.contains('{') {
                    out.note(
                        &place(key),
                        key,
                        Kind::NotUnderstood,
                        "a server that can't be read",
                    );
                }
                continue;
            };
            if ["nntp", "pop3", "pop", "news"]
                .iter()
                .any(|f| remote.has(f))
            {
                let why = "POP and newsgroups are not spoken here";
                out.note(&place(key), key, Kind::NoCounterpart, why);
                continue;
            }
            let room = servers.len() < SERVERS;
            let known = servers.iter_mut().find(|(s, _)| {
                s.host.eq_ignore_ascii_case(&remote.host)
                    && (s.user == remote.user || s.user.is_empty() || remote.user.is_empty())
            });
            match known {
                Some((known, _)) if known.user.is_empty() => known.user = remote.user,
                Some(_) => {}
                None if room => servers.push((remote, place(key))),
                None => {}
            }
        }
    }
    let header = headers(get("customized-hdrs"), &place("customized-hdrs"), &mut out);
    let signature = signature(&options, path, shelf, &whole, &mut out);
    let several = servers.len() > 1;
    for (n, (remote, at)) in servers.into_iter().enumerate() {
        let login = match remote.user.as_str() {
            "" => get("user-id"),
            user => user,
        };
        let mut found = Found {
            user: login.to_owned(),
            place: at.clone(),
            imap: Some(remote.endpoint(Server::Imap)),
            ..Found::default()
        };
        // Alpine asks a browser for what XOAUTH2 wants.
        found.browser = remote.has("auth=xoauth2");
        if n == 0 {
            if let Some(from) = &header {
                found.email.clone_from(&from.addr);
                found.full_name.clone_from(&from.name);
            } else if !domain.is_empty() && !get("user-id").is_empty() {
                found.email = format!("{}@{domain}", get("user-id"));
            }
        }
        if !words::is_address(&found.email) {
            found.email = match words::is_address(login) {
                true => login.to_owned(),
                false if !login.is_empty() && !domain.is_empty() && !several => {
                    format!("{login}@{domain}")
                }
                false => String::new(),
            };
        }
        if found.full_name.is_empty() {
            found.full_name = words::shown(get("personal-name").trim_matches('"'));
        }
        if n == 0 {
            found.signature.clone_from(&signature);
            for address in words::list(get("alt-addresses")) {
                match words::address(address) {
                    Some(address) => found.also(Identity {
                        email: address.addr,
                        full_name: address.name,
                        ..Identity::default()
                    }),
                    None => {
                        let why = "a pattern of own addresses; each can be an identity here";
                        out.note(&place("alt-addresses"), "alt-addresses", Kind::Yours, why);
                    }
                }
            }
            roles(
                get("patterns-roles"),
                &place("patterns-roles"),
                &mut found,
                &mut out,
            );
        }
        sending(&options, &whole, several, &mut found, &mut out);
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
    books(
        get("address-book"),
        path,
        shelf,
        &place("address-book"),
        &mut out,
    );
    for (key, (_, line)) in &options {
        if let Some((kind, why)) = unused(key) {
            out.note(&whole.at(*line), key, kind, why);
        }
    }
    out
}

/// The options. A line that begins with a space goes on; an empty value is as good as none.
fn options(text: &str, whole: &Place, out: &mut Findings) -> Options {
    let mut all = Options::new();
    let mut last: Option<String> = None;
    for (line, number) in text.lines().zip(1u32..) {
        if line.starts_with('#') || line.trim().is_empty() {
            last = None;
        } else if line.starts_with([' ', '\t']) {
            let open = last.as_ref().and_then(|key| all.get_mut(key));
            if let Some((value, _)) = open {
                value.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once('=') {
            let key = key.trim().to_ascii_lowercase();
            all.insert(key.clone(), (value.trim().to_owned(), number));
            last = Some(key);
        } else {
            out.note(
                &whole.at(number),
                "a line",
                Kind::NotUnderstood,
                "it is no option",
            );
        }
    }
    all.retain(|_, (value, _)| !value.is_empty() && value != "\"\"");
    all
}

/// The folders of a list, of which each may stand in quotes and have a nickname before it.
fn folders(value: &str) -> Vec<String> {
    let (mut all, mut one, mut quoted, mut deep) = (Vec::new(), String::new(), false, false);
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            '{' => deep = true,
            '}' => deep = false,
            ',' if !quoted && !deep => {
                all.push(std::mem::take(&mut one));
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    all.push(one);
    all.retain(|f| !f.trim().is_empty());
    all
}

/// The From of one's own headers.
fn headers(value: &str, place: &Place, out: &mut Findings) -> Option<crate::model::Address> {
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

fn sending(options: &Options, whole: &Place, several: bool, found: &mut Found, out: &mut Findings) {
    let get = |key: &str| {
        options
            .get(key)
            .map(|(v, line)| (v.as_str(), whole.at(*line)))
    };
    if let Some((list, place)) = get("smtp-server") {
        let servers = folders(list);
        // One for each account, if there are several: by its user, else the first.
        let all: Vec<Remote> = servers
            .iter()
            .filter_map(|s| Remote::read(s.trim()))
            .collect();
        let own = all
            .iter()
            .find(|r| !r.user.is_empty() && r.user == found.login());
        match own.or(all.first()) {
            Some(remote) => {
                found.smtp = Some(remote.endpoint(Server::Smtp));
                if several && own.is_none() {
                    let why = "it is not said which server sends for which account: \
                        the first was taken";
                    out.note(&place, "smtp-server", Kind::Yours, why);
                }
            }
            None => out.note(
                &place,
                "smtp-server",
                Kind::NotUnderstood,
                "it names no server",
            ),
        }
    } else if let Some((program, place)) = get("sendmail-path") {
        let mut argv = words::argv(program);
        let reads = |w: &String| ["-t", "-ti", "-bs"].contains(&w.as_str());
        if argv.iter().any(reads) {
            let why = "recipients follow as arguments here: -t was left out";
            out.note(&place, "sendmail-path", Kind::Otherwise, why);
            argv.retain(|w| !reads(w));
        }
        found.sendmail = Some(argv).filter(|a| !a.is_empty());
    }
}

/// Roles that write from another address: `LIT:pattern="…" action="/FROM=…/"`.
fn roles(value: &str, place: &Place, found: &mut Found, out: &mut Findings) {
    for role in value.split("action=").skip(1).take(100) {
        let action = role.split("pattern=").next().unwrap_or_default();
        let part = |name: &str| {
            let (_, rest) = action.split_once(&format!("/{name}="))?;
            // A slash of a value is written with a backslash before it.
            let end = rest.find('/').unwrap_or(rest.len());
            let text = rest.get(..end)?.trim_end_matches(['"', ',', ' ']);
            Some(text.replace("\\", ""))
        };
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
                signature: part("LSIG").and_then(|s| below(&s.replace("\\n", "\n"))),
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

/// The address books: those that are named, else `.addressbook`.
fn books(value: &str, path: &Path, shelf: &mut Shelf<'_>, place: &Place, out: &mut Findings) {
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    if value.is_empty() {
        let book = folder.join(".addressbook");
        if let Some(text) = shelf.maybe(&book, out) {
            address_book(&text, &Place::of(&book), out);
        }
        return;
    }
    for book in folders(value).iter().take(SERVERS) {
        if book.contains('{') {
            let why = "an address book on a server was not read";
            out.note(place, "address-book", Kind::Yours, why);
            continue;
        }
        // `Nickname file`
        let words = words::split_quoted(book);
        let Some(file) = words.last() else { continue };
        let book = shelf.dirs.path(file, &folder);
        if let Some(text) = shelf.text(&book, place, out) {
            address_book(&text, &Place::of(&book), out);
        }
    }
}

/// `nickname TAB name TAB address TAB fcc TAB comment`; several addresses stand in brackets; a line
/// that begins with spaces goes on.
fn address_book(text: &str, whole: &Place, out: &mut Findings) {
    let mut entries: Vec<(String, u32)> = Vec::new();
    for (line, number) in text.lines().zip(1u32..) {
        match line.strip_prefix("   ") {
            Some(more) => entries
                .last_mut()
                .into_iter()
                .for_each(|(e, _)| e.push_str(more)),
            None => entries.push((line.to_owned(), number)),
        }
    }
    if entries.len() > PEOPLE {
        let why = format!("only its first {PEOPLE} entries were taken");
        out.note(whole, "address book", Kind::Yours, &why);
    }
    for (entry, number) in entries.iter().take(PEOPLE) {
        if entry.trim().is_empty() || entry.starts_with("#DELETED") {
            continue;
        }
        let mut fields = entry.split('\t').map(str::trim);
        let mut next = || fields.next().unwrap_or_default();
        let (nick, name, written) = (next(), name_of(next()), next());
        let inner = written.strip_prefix('(').map(|w| w.trim_end_matches(')'));
        let mut members = Vec::new();
        for part in words::list(inner.unwrap_or(written)) {
            members.extend(words::address(part));
        }
        if let (None, Some(only)) = (inner, members.first_mut())
            && only.name.is_empty()
        {
            only.name.clone_from(&name);
        }
        let place = whole.at(*number);
        if members.is_empty() {
            let why = "no address in it could be read";
            out.note(&place, "an entry", Kind::NotUnderstood, why);
        } else if nick.is_empty() && inner.is_none() {
            out.people
                .extend(members.into_iter().map(|address| Contact {
                    address,
                    also: String::new(),
                }));
        } else {
            let called = if nick.is_empty() { name.as_str() } else { nick };
            out.aliases.push(Alias {
                name: called.to_owned(),
                members,
                place,
            });
        }
    }
}

/// `Last, First` is how Alpine sorts them.
fn name_of(written: &str) -> String {
    let written = written.trim_matches('"');
    match written.split_once(", ") {
        Some((last, first)) => words::shown(&format!("{first} {last}")),
        None => words::shown(written),
    }
}

/// Why an option is not taken over; `None` where it is, or was told of.
fn unused(key: &str) -> Option<(Kind, &'static str)> {
    const TAKEN: [&str; 14] = [
        "inbox-path",
        "folder-collections",
        "incoming-folders",
        "smtp-server",
        "sendmail-path",
        "user-id",
        "user-domain",
        "personal-name",
        "customized-hdrs",
        "signature-file",
        "literal-signature",
        "address-book",
        "alt-addresses",
        "patterns-roles",
    ];
    const RULES: [&str; 5] = [
        "patterns-filters2",
        "patterns-filters",
        "patterns-scores2",
        "patterns-indexcolors",
        "patterns-other",
    ];
    const FOLDERS: [&str; 9] = [
        "default-fcc",
        "postponed-folder",
        "default-saved-msg-folder",
        "trash-folder",
        "read-message-folder",
        "form-letter-folder",
        "archived-folders",
        "pruned-folders",
        "incoming-archive-folders",
    ];
    if TAKEN.contains(&key) {
        None
    } else if RULES.contains(&key) {
        Some((Kind::Yours, "rules can do that: docs/rules.md"))
    } else if FOLDERS.contains(&key) {
        let why = "mailboxes and what they are for are asked of the server";
        Some((Kind::Otherwise, why))
    } else if key == "nntp-server" || key.starts_with("news") {
        Some((Kind::NoCounterpart, "there are no newsgroups"))
    } else if key.ends_with("-color") || key.ends_with("-style") || key.contains("color") {
        let why = "colours are themes here: `:theme` shows them (docs/configuration.md)";
        Some((Kind::Otherwise, why))
    } else if key.starts_with("ldap") {
        Some((
            Kind::Yours,
            "a program can ask it for people: [contacts] command",
        ))
    } else if key.starts_with("patterns") {
        Some((Kind::NoCounterpart, "rules can do that: docs/rules.md"))
    } else if key.contains("filter") || key.contains("view") || key == "mailcap-search-path" {
        let why = "HTML, calendars and pictures are shown without other programs";
        Some((Kind::Otherwise, why))
    } else if OTHERS.iter().any(|o| key.starts_with(o)) {
        let why = "it is seen to in another way; `,` lists what can be set";
        Some((Kind::Otherwise, why))
    } else {
        Some((Kind::NotUnderstood, "it is no option that is known"))
    }
}

/// How the other options of Alpine begin.
const OTHERS: [&str; 44] = [
    "feature-list",
    "initial-keystroke-list",
    "default-composer-hdrs",
    "viewer-hdrs",
    "saved-msg-name-rule",
    "fcc-name-rule",
    "sort-key",
    "addrbook-sort-rule",
    "folder-sort-rule",
    "goto-default-rule",
    "incoming-startup-rule",
    "pruning-rule",
    "folder-reopen-rule",
    "thread",
    "current-indexline-style",
    "titlebar",
    "character-set",
    "display-character-set",
    "keyboard-character-set",
    "posting-character-set",
    "editor",
    "speller",
    "composer-wrap-column",
    "reply-",
    "quote",
    "empty-header-message",
    "use-only-domain-name",
    "bugs-",
    "printer",
    "personal-print",
    "standard-printer",
    "last-",
    "scroll-margin",
    "status-",
    "remote-",
    "tcp-",
    "rsh-",
    "passfile",
    "ssh-",
    "index-format",
    "keyword",
    "mail-check",
    "maildrop",
    "download-command",
];
