//! aerc: `accounts.conf`, `aerc.conf` and `binds.conf`.

use crate::migrate::aerc_keys;
use crate::migrate::aerc_servers::{credentials, elsewhere, outgoing, source_is_server, source_of};
use crate::migrate::found::{Findings, Found, Kind, Place};
use crate::migrate::ini::{self, Entry};
use crate::migrate::mutt_account::below;
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::words;
use std::path::{Path, PathBuf};

const LOOK: &str = "how lists and messages look is another screen's; `,` lists what can be set";
const OWN: &str = "connections, pauses and caches look after themselves";

/// Where aerc looks for its accounts.
pub fn places(dirs: &Dirs) -> Vec<PathBuf> {
    let old = dirs.home.join("Library/Preferences/aerc/accounts.conf");
    vec![dirs.config.join("aerc/accounts.conf"), old]
}

/// Reads the configuration whose accounts stand in this file.
pub fn read(path: &Path, shelf: &mut Shelf<'_>) -> Findings {
    let mut out = Findings {
        preset: Some("aerc"),
        ..Findings::default()
    };
    let whole = Place::of(path);
    if let Some(text) = shelf.text(path, &whole, &mut out) {
        let all = ini::entries(&text);
        let mut names: Vec<&str> = Vec::new();
        for entry in all.iter().filter(|e| e.key.is_empty()) {
            if !names.contains(&entry.section) && !entry.section.is_empty() {
                names.push(entry.section);
            }
        }
        for name in names {
            let own: Vec<&Entry<'_>> = all.iter().filter(|e| e.section == name).collect();
            account(name, &own, &whole, shelf, &mut out);
        }
        for entry in all
            .iter()
            .filter(|e| e.section.is_empty() && !e.key.is_empty())
        {
            let why = "it stands before the first account";
            out.note(&whole.at(entry.line), entry.key, Kind::NotUnderstood, why);
        }
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    if let Some(text) = shelf.maybe(&folder.join("aerc.conf"), &mut out) {
        general(&text, &Place::of(&folder.join("aerc.conf")), &mut out);
    }
    if let Some(text) = shelf.maybe(&folder.join("binds.conf"), &mut out) {
        aerc_keys::read(&text, &Place::of(&folder.join("binds.conf")), &mut out);
    }
    out
}

fn account(
    name: &str,
    own: &[&Entry<'_>],
    whole: &Place,
    shelf: &mut Shelf<'_>,
    out: &mut Findings,
) {
    let line = own.first().map_or(0, |e| e.line);
    let mut found = Found {
        name: name.to_owned(),
        place: whole.at(line),
        ..Found::default()
    };
    let get = |key: &str| own.iter().rev().find(|e| e.key == key);
    let value = |key: &str| get(key).and_then(|e| e.value).unwrap_or_default();
    let source = value("source");
    if !source_is_server(source) {
        let what = format!("[{name}] source");
        let at = whole.at(get("source").map_or(line, |e| e.line));
        let (kind, why) = elsewhere(source);
        return out.note(&at, &what, kind, why);
    }
    if let Some(from) = words::list(value("from"))
        .first()
        .and_then(|f| words::address(f))
    {
        found.email = from.addr;
        found.full_name = from.name;
    }
    // Sending goes by what reading says, wherever they stand.
    let order = |e: &&&Entry<'_>| match e.key {
        "source" => 0,
        "source-cred-cmd" => 1,
        "outgoing" => 2,
        "outgoing-cred-cmd" => 3,
        _ => 4,
    };
    let mut sorted: Vec<&&Entry<'_>> = own.iter().collect();
    sorted.sort_by_key(order);
    let starttls = value("smtp-starttls") != "no";
    for entry in sorted {
        let (place, text) = (whole.at(entry.line), entry.value.unwrap_or_default());
        match entry.key {
            "source" => {
                if let Some(url) = words::url(text) {
                    source_of(&url, &place, &mut found, out);
                }
            }
            "outgoing" => {
                let printed = value("outgoing-cred-cmd");
                outgoing(text, (starttls, printed), &place, &mut found, out);
            }
            "source-cred-cmd" | "outgoing-cred-cmd" => {
                credentials(entry.key, text, &place, &mut found, out)
            }
            key => option(key, text, &place, &mut found, shelf, out),
        }
    }
    out.accounts.push(found);
}

/// An option of an account that is about neither of its servers.
fn option(
    key: &str,
    text: &str,
    place: &Place,
    found: &mut Found,
    shelf: &mut Shelf<'_>,
    out: &mut Findings,
) {
    match key {
        "" | "from" | "smtp-starttls" => {}
        "aliases" => {
            for alias in words::list(text) {
                words::own_address(alias, place, key, found, out);
            }
        }
        "signature-file" => {
            let path = shelf.dirs.path(text, &shelf.dirs.home.clone());
            found.signature = shelf.text(&path, place, out).and_then(|t| below(&t));
        }
        "signature-cmd" => {
            let why = "a program writes it; here a signature is a text";
            out.note(place, key, Kind::Yours, why);
        }
        "address-book-cmd" => book(text, place, out),
        "folders-exclude" => {
            for pattern in words::list(text) {
                match pattern.starts_with('~') {
                    false => found.exclude.push(pattern.to_owned()),
                    true => {
                        let why = "a pattern that begins with ~; here * stands for anything";
                        out.note(place, key, Kind::Yours, why);
                    }
                }
            }
        }
        "trusted-authres" => {
            let names = words::list(text).into_iter().filter(|n| words::is_host(n));
            found.authserv_id.extend(names.map(str::to_owned));
        }
        key => {
            let (kind, why) = unused(key);
            out.note(place, key, kind, why);
        }
    }
}

fn book(text: &str, place: &Place, out: &mut Findings) {
    let argv = words::argv(text);
    if words::needs_shell(&argv) {
        let why = "it needs a shell, which could be told more than it should by what is typed: \
            name a program in [contacts] command";
        out.note(place, "address-book-cmd", Kind::Yours, why);
    } else if !argv.is_empty() && out.people_command.as_ref().is_none_or(|c| *c == argv) {
        out.people_command = Some(argv);
    } else if !argv.is_empty() {
        let why = "one program prints people for all accounts here";
        out.note(place, "address-book-cmd", Kind::Yours, why);
    }
}

fn unused(key: &str) -> (Kind, &'static str) {
    match key {
        "copy-to"
        | "archive"
        | "postpone"
        | "default"
        | "folders"
        | "folder-map"
        | "folders-sort"
        | "enable-folders-sort"
        | "copy-to-replied"
        | "strip-bcc" => (
            Kind::Otherwise,
            "mailboxes and what they are for are asked of the server",
        ),
        "cache-headers"
        | "cache-max-age"
        | "cache-state"
        | "cache-blobs"
        | "check-mail"
        | "check-mail-cmd"
        | "check-mail-timeout"
        | "idle-timeout"
        | "idle-debounce"
        | "connection-timeout"
        | "keepalive-period"
        | "keepalive-probes"
        | "keepalive-interval"
        | "reconnect-maxwait"
        | "server-ping"
        | "source-cred-cmd-cache"
        | "outgoing-cred-cmd-cache"
        | "local_name"
        | "use-gmail-ext"
        | "use-labels"
        | "all-mail"
        | "expunge-policy"
        | "multi-file-strategy" => (Kind::Otherwise, OWN),
        "headers" | "headers-exclude" | "subject-re-pattern" | "send-as-utc"
        | "send-with-hostname" | "original-to-header" => (Kind::Otherwise, LOOK),
        "pgp-key-id"
        | "pgp-auto-sign"
        | "pgp-attach-key"
        | "pgp-self-encrypt"
        | "pgp-error-level"
        | "pgp-opportunistic-encrypt" => (
            Kind::NoCounterpart,
            "messages are neither signed nor encrypted here",
        ),
        "query-map"
        | "exclude-tags"
        | "maildir-store"
        | "maildir-account-path"
        | "enable-maildir" => (
            Kind::NoCounterpart,
            "mail is searched in its own index: docs/searching.md",
        ),
        "carddav-source" | "carddav-source-cred-cmd" | "params" => (
            Kind::Yours,
            "CardDAV is not spoken here; vdirsyncer brings the cards as files for [contacts] vcards",
        ),
        _ => (Kind::NotUnderstood, "it is no option that is known"),
    }
}

/// `aerc.conf`: address book and openers; what else differs from the file that aerc installs is
/// told by its sections.
fn general(text: &str, whole: &Place, out: &mut Findings) {
    for entry in ini::entries(text).iter().filter(|e| !e.key.is_empty()) {
        let (place, value) = (whole.at(entry.line), entry.value.unwrap_or_default());
        let key = entry.key;
        match (entry.section, key) {
            ("compose", "address-book-cmd") if value.is_empty() => {}
            ("compose", "address-book-cmd") => book(value, &place, out),
            ("openers", kind) => opener(kind, value, &place, out),
            ("filters", _) => {
                let why = "HTML, calendars and pictures are shown without other programs";
                out.note(&place, key, Kind::Otherwise, why);
            }
            ("hooks", _) => {
                let why = "new mail can be told of by a program: [[notify]] (docs/views.md)";
                out.note(&place, key, Kind::Yours, why);
            }
            ("templates", _) => {
                let why = "templates are files in the folder templates: docs/writing.md";
                out.note(&place, key, Kind::Yours, why);
            }
            ("ui" | "viewer" | "statusline" | "triggers", _) => {
                let kind = match key {
                    "new-email" => Kind::Yours,
                    _ => Kind::Otherwise,
                };
                let why = match kind {
                    Kind::Yours => {
                        "new mail can be told of by a program: [[notify]] (docs/views.md)"
                    }
                    _ => LOOK,
                };
                out.note(&place, key, kind, why);
            }
            (section, _) if section.starts_with("ui:") => {
                out.note(&place, key, Kind::Otherwise, LOOK);
            }
            ("general", "pgp-provider") => {
                let why = "messages are neither signed nor encrypted here";
                out.note(&place, key, Kind::NoCounterpart, why);
            }
            ("general", _) => out.note(&place, key, Kind::Otherwise, OWN),
            ("compose", _) => {
                let why =
                    "`alt-o` in the composer and docs/writing.md tell how messages are written";
                out.note(&place, key, Kind::Otherwise, why);
            }
            _ => out.note(
                &place,
                key,
                Kind::NotUnderstood,
                "it is no option that is known",
            ),
        }
    }
}

/// A program that shows attachments of a type.
fn opener(kind: &str, value: &str, place: &Place, out: &mut Findings) {
    let mut argv = words::argv(value);
    let is_type = kind.split('/').count() == 2 && !kind.contains(char::is_whitespace);
    if kind == "mailto" || kind.starts_with("x-scheme-handler/") || !is_type {
        let why = "links are opened as the desktop does";
        return out.note(place, kind, Kind::NoCounterpart, why);
    }
    if argv.is_empty() || argv.first().is_some_and(|p| p == "sh") {
        let why = "it needs a shell; name a program in [open]";
        return out.note(place, kind, Kind::Yours, why);
    }
    if argv.iter().any(|w| w != "{}" && w.contains("{}")) {
        let why = "here {} stands for the file as a word by itself; name a program in [open]";
        return out.note(place, kind, Kind::Yours, why);
    }
    if !argv.iter().any(|w| w == "{}") {
        argv.push("{}".to_owned());
    }
    out.open.push((kind.to_ascii_lowercase(), argv));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::found::{Given, Note};

    fn read_text(accounts: &str, general: &str) -> Findings {
        let mut files = |path: &Path, _: usize| match path.file_name().and_then(|n| n.to_str()) {
            Some("accounts.conf") => Ok(accounts.as_bytes().to_vec()),
            Some("aerc.conf") => Ok(general.as_bytes().to_vec()),
            _ => Err("gone".to_owned()),
        };
        let mut shelf = Shelf::new(Dirs::under(Path::new("/h")), &mut files);
        read(Path::new("/h/accounts.conf"), &mut shelf)
    }

    #[test]
    fn sending_gets_no_login_of_reading_that_is_not_its_own() {
        let base = "[a]\nfrom = a@x.test\nsource = imaps://me@imap.x.test\n";
        for (more, smtp, given, told) in [
            ("outgoing = smtps://me@smtp.x.test\n", true, false, ""),
            (
                "outgoing = smtps://me@smtp.y.test\n",
                false,
                false,
                words::OTHER_SENDER,
            ),
            (
                "outgoing = smtps://you@smtp.y.test\n",
                false,
                false,
                words::OTHER_SENDER,
            ),
            (
                "outgoing = smtps://smtp.y.test\n",
                false,
                false,
                words::OTHER_SENDER,
            ),
            (
                "outgoing = smtps://me:p@smtp.y.test\n",
                false,
                false,
                words::OTHER_SENDER,
            ),
            (
                "outgoing = smtp+insecure://me@smtp.x.test\n",
                true,
                false,
                "in the clear",
            ),
            (
                "outgoing-cred-cmd = pass x\n",
                false,
                false,
                words::SENDING_ONLY,
            ),
            (
                "outgoing-cred-cmd = pass x\nsource-cred-cmd = pass y\n",
                false,
                true,
                "of its own",
            ),
            (
                "outgoing-cred-cmd = pass x\nsource-cred-cmd = pass x\n",
                false,
                true,
                "",
            ),
        ] {
            let found = read_text(&format!("{base}{more}"), "");
            let account = &found.accounts[0];
            let is = (account.smtp.is_some(), !account.given.is_nothing());
            assert_eq!(is, (smtp, given), "{more}");
            let notes: Vec<&str> = found.notes.iter().map(|n| n.why.as_str()).collect();
            match told {
                "" => assert!(notes.is_empty(), "{more} {notes:?}"),
                told => assert!(
                    notes.len() == 1 && notes[0].contains(told),
                    "{more} {notes:?}"
                ),
            }
        }
    }

    #[test]
    fn a_server_for_sending_with_a_secret_of_its_own_elsewhere_is_not_taken() {
        let base = "[a]\nfrom = a@x.test\nsource = imaps://a%40x.test:p@imap.x.test\n";
        for (more, taken) in [
            ("outgoing = smtps://a%40x.test@smtp.y.test", true),
            ("outgoing = smtps://a%40x.test:q@smtp.y.test", false),
            ("outgoing = smtps://a%40x.test:p@smtp.y.test", true),
            (
                "outgoing = smtps://a%40x.test@smtp.y.test\noutgoing-cred-cmd = pass y",
                false,
            ),
            (
                "outgoing = smtps://a%40x.test@smtp.x.test\noutgoing-cred-cmd = pass y",
                true,
            ),
        ] {
            let found = read_text(&format!("{base}{more}\n"), "");
            assert_eq!(found.accounts[0].smtp.is_some(), taken, "{more}");
            let told = |n: &Note| n.why == words::OTHER_SENDER;
            assert_eq!(found.notes.iter().any(told), !taken, "{more}");
        }
    }

    #[test]
    fn what_stands_first_counts_for_nothing() {
        let found = read_text(
            "[a]\noutgoing = smtps://me:p@smtp.x.test\nsource = imaps://me@imap.x.test\n\
             from = a@x.test\n",
            "",
        );
        assert!(matches!(&found.accounts[0].given, Given::Clear(p) if p.reveal() == "p"));
        assert_eq!(found.notes, []);
    }

    #[test]
    fn programs_get_whole_words() {
        let found = read_text(
            "[a]\nsource = imaps://me@imap.x.test\noutgoing = msmtp --read-recipients -a x\n\
             [b]\nsource = imaps://b@imap.x.test\noutgoing = msmtp | tee x\n",
            "[openers]\nimage/* = feh\nimage/png = show --file={}\ntext/x = y {} z\n",
        );
        let argv = found.accounts[0].sendmail.clone().unwrap_or_default();
        assert_eq!(argv, ["msmtp", "-a", "x"]);
        assert_eq!(found.accounts[1].sendmail, None);
        let open: Vec<String> = found
            .open
            .iter()
            .map(|(k, a)| format!("{k} {}", a.join(" ")))
            .collect();
        assert_eq!(open, ["image/* feh {}", "text/x y {} z"]);
        assert_eq!(found.notes.len(), 3, "{:?}", found.notes);
    }
}
