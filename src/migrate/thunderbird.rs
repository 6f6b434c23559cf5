//! Thunderbird: the profile that it uses, and `prefs.js` there. Passwords lie encrypted in
//! `logins.json`, which is not read; address books are databases, which whoever calls reads.

use crate::migrate::found::{Findings, Found, Kind, Place};
use crate::migrate::ini;
use crate::migrate::mutt_account::below;
use crate::migrate::prefs::{Prefs, parse};
use crate::migrate::shelf::{Dirs, Shelf};
use crate::migrate::words::{self, Server, Url};
use crate::model::{Identity, Security};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Accounts, identities and address books looked at.
const MOST: usize = 100;

/// Where Thunderbird lists its profiles.
pub fn places(dirs: &Dirs) -> Vec<PathBuf> {
    let folders = [
        ".thunderbird",
        "snap/thunderbird/common/.thunderbird",
        ".var/app/org.mozilla.Thunderbird/.thunderbird",
        ".icedove",
        "Library/Thunderbird",
    ];
    let home = &dirs.home;
    folders
        .iter()
        .map(|f| home.join(f).join("profiles.ini"))
        .collect()
}

/// Reads the configuration: `profiles.ini`, or the `prefs.js` of a profile.
pub fn read(path: &Path, shelf: &mut Shelf<'_>) -> Findings {
    let mut out = Findings::default();
    let is_profile = path.file_name().is_some_and(|n| n == "prefs.js");
    let prefs = match is_profile {
        true => Some(path.to_owned()),
        false => profile(path, shelf, &mut out),
    };
    if let Some(prefs) = prefs {
        profile_of(&prefs, shelf, &mut out);
    }
    out
}

/// The `prefs.js` of the profile that is used: what an installation says, else the default one,
/// else the first.
fn profile(path: &Path, shelf: &mut Shelf<'_>, out: &mut Findings) -> Option<PathBuf> {
    let whole = Place::of(path);
    let text = shelf.text(path, &whole, out)?;
    let all = ini::entries(&text);
    let value = |section: &str, key: &str| {
        let found = all.iter().find(|e| e.section == section && e.key == key);
        found.and_then(|e| e.value)
    };
    let sections: Vec<&str> = all
        .iter()
        .filter(|e| e.key.is_empty())
        .map(|e| e.section)
        .collect();
    let installed = sections.iter().filter(|s| s.starts_with("Install"));
    let installed = installed.filter_map(|s| value(s, "Default")).next();
    let profiles = || sections.iter().filter(|s| s.starts_with("Profile"));
    let default = profiles()
        .find(|s| value(s, "Default") == Some("1"))
        .or(profiles().next());
    let default = default.and_then(|s| value(s, "Path"));
    let Some(chosen) = installed.or(default) else {
        out.note(&whole, "profiles.ini", Kind::Yours, "it names no profile");
        return None;
    };
    if profiles().count() > 1 {
        let why = format!("there are several profiles; {chosen} was read, --from names another");
        out.note(&whole, "profiles.ini", Kind::Yours, &why);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    Some(folder.join(chosen).join("prefs.js"))
}

/// The prefs of one profile.
struct Profile<'p> {
    prefs: &'p Prefs,
    whole: Place,
}

impl Profile<'_> {
    fn text(&self, key: &str) -> &str {
        self.prefs.get(key).map_or("", |(value, _)| value.as_str())
    }

    fn place(&self, key: &str) -> Place {
        self.whole
            .at(self.prefs.get(key).map_or(0, |(_, line)| *line))
    }

    fn port(&self, key: &str) -> Option<u16> {
        self.text(key).parse().ok()
    }

    /// The names in a list; how many more there were is noted.
    fn list(&self, key: &str, out: &mut Findings) -> Vec<&str> {
        let all = self.text(key).split(',').map(str::trim);
        let mut all: Vec<&str> = all.filter(|n| !n.is_empty()).collect();
        if all.len() > MOST {
            let why = format!("only the first {MOST} of them were looked at");
            out.note(&self.place(key), key, Kind::Yours, &why);
            all.truncate(MOST);
        }
        all
    }
}

fn profile_of(path: &Path, shelf: &mut Shelf<'_>, out: &mut Findings) {
    let whole = Place::of(path);
    let Some(text) = shelf.text(path, &whole, out) else {
        return;
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut prefs = parse(&text, &whole, out);
    // What the user wrote by hand counts over it.
    if let Some(text) = shelf.maybe(&folder.join("user.js"), out) {
        prefs.extend(parse(&text, &Place::of(&folder.join("user.js")), out));
    }
    let profile = Profile {
        prefs: &prefs,
        whole,
    };
    let mut ids = profile.list("mail.accountmanager.accounts", out);
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    for id in ids {
        account(&profile, id, shelf, out);
    }
    if out.accounts.iter().any(|a| !a.browser) {
        let why = "passwords are encrypted by Thunderbird and not read: each is asked for";
        out.note(
            &Place::of(&folder.join("logins.json")),
            "logins.json",
            Kind::Yours,
            why,
        );
    }
    books(&profile, folder, out);
}

fn account(profile: &Profile<'_>, id: &str, shelf: &mut Shelf<'_>, out: &mut Findings) {
    let key = |name: &str| format!("mail.account.{id}.{name}");
    let server = profile.text(&key("server")).to_owned();
    let of_server = |name: &str| format!("mail.server.{server}.{name}");
    let kind = profile.text(&of_server("type"));
    let place = profile.place(&of_server("type"));
    let name = profile.text(&of_server("name"));
    if kind != "imap" {
        return elsewhere(kind, &place, name, out);
    }
    let real = profile.text(&of_server("realhostname"));
    let host = match real {
        "" => profile.text(&of_server("hostname")),
        real => real,
    };
    if !words::is_host(host) {
        return out.note(
            &place,
            &words::shown(name),
            Kind::Yours,
            "it names no server",
        );
    }
    let security = security(profile.text(&of_server("socketType")));
    let port = profile.port(&of_server("port"));
    let mut found = Found {
        place,
        imap: Some(words::endpoint(Server::Imap, host, port, security)),
        // The same way of signing in, for the numbers that there are: 10 is OAuth 2.0.
        browser: profile.text(&of_server("authMethod")) == "10",
        ..Found::default()
    };
    let real = profile.text(&of_server("realuserName"));
    let user = match real {
        "" => profile.text(&of_server("userName")),
        real => real,
    };
    user.clone_into(&mut found.user);
    for method in ["5", "6", "7"] {
        if profile.text(&of_server("authMethod")) == method {
            let why = "GSSAPI, NTLM and certificates are not spoken here: a password is asked for";
            out.note(
                &profile.place(&of_server("authMethod")),
                "authMethod",
                Kind::Yours,
                why,
            );
        }
    }
    for id in profile.list(&key("identities"), out) {
        identity(profile, id, &mut found, shelf, out);
    }
    // What stands for the account is usually its address.
    if !words::is_address(name) {
        found.name = words::shown(name);
    }
    if found.email.is_empty() && words::is_address(&found.user) {
        found.email.clone_from(&found.user);
    }
    out.accounts.push(found);
}

/// What is said of an account whose server speaks something else.
fn elsewhere(kind: &str, place: &Place, name: &str, out: &mut Findings) {
    match kind {
        // Local Folders.
        "none" => {
            let why = "`postrider import` brings mail of local folders to a server";
            out.note(place, "Local Folders", Kind::Otherwise, why);
        }
        "pop3" => {
            let why = "POP is not spoken here; most servers that do speak IMAP too: \
                `postrider account add`";
            out.note(place, &words::shown(name), Kind::Yours, why);
        }
        "nntp" | "rss" | "im" => {
            let why = "newsgroups, feeds and chats are no mail here";
            out.note(place, kind, Kind::NoCounterpart, why);
        }
        "" => {}
        _ => {
            let why = "such servers are not spoken to here; most speak IMAP too: \
                `postrider account add`";
            out.note(place, &words::shown(name), Kind::Yours, why);
        }
    }
}

fn identity(
    profile: &Profile<'_>,
    id: &str,
    found: &mut Found,
    shelf: &mut Shelf<'_>,
    out: &mut Findings,
) {
    let key = |name: &str| format!("mail.identity.{id}.{name}");
    let email = profile.text(&key("useremail")).to_owned();
    let full_name = words::shown(profile.text(&key("fullName")));
    let reply_to = words::shown(profile.text(&key("reply_to")));
    let reply_to = Some(reply_to).filter(|r| words::address(r).is_some());
    let signature = signature(profile, &key, shelf, out);
    for name in ["doBcc", "doCc"] {
        if profile.text(&key(name)) == "true" {
            let why = "copies of everything one writes are not made; what is sent lies in Sent";
            out.note(&profile.place(&key(name)), name, Kind::NoCounterpart, why);
        }
    }
    if !words::is_address(&email) {
        let why = "the identity has no address";
        return out.note(&profile.place(&key("useremail")), id, Kind::Yours, why);
    }
    // The first that has an address is the account's own.
    if found.email.is_empty() {
        found.email = email;
        found.full_name = full_name;
        found.signature = signature;
        if profile.text(&key("fcc")) == "false" {
            found.save_sent = Some(false);
        }
        if reply_to.is_some() {
            let why = "answers to elsewhere can be asked for by a further identity only";
            out.note(
                &profile.place(&key("reply_to")),
                "reply_to",
                Kind::Yours,
                why,
            );
        }
        sending(profile, profile.text(&key("smtpServer")), found, out);
        return;
    }
    found.also(Identity {
        email,
        full_name,
        signature,
        reply_to,
    });
}

fn sending(profile: &Profile<'_>, id: &str, found: &mut Found, out: &mut Findings) {
    let default = profile.text("mail.smtp.defaultserver");
    let first = profile.list("mail.smtpservers", out);
    let id = [id, default].into_iter().find(|id| !id.is_empty());
    let Some(id) = id.or(first.first().copied()) else {
        return;
    };
    let key = |name: &str| format!("mail.smtpserver.{id}.{name}");
    let host = profile.text(&key("hostname"));
    if !words::is_host(host) {
        return;
    }
    let url = Url {
        host: host.to_owned(),
        user: profile.text(&key("username")).to_owned(),
        ..Url::default()
    };
    let reading = found.imap.as_ref().map_or("", |imap| imap.host.as_str());
    if !url.sends_for(reading, found.login()) {
        let place = profile.place(&key("hostname"));
        return out.note(&place, "hostname", Kind::Yours, words::OTHER_SENDER);
    }
    let security = security(profile.text(&key("try_ssl")));
    let port = profile.port(&key("port"));
    found.smtp = Some(words::endpoint(Server::Smtp, host, port, security));
}

/// 1 is "STARTTLS if there is one", which is STARTTLS here.
fn security(number: &str) -> Security {
    match number {
        "3" => Security::Tls,
        "1" | "2" => Security::StartTls,
        _ => Security::None,
    }
}

fn signature(
    profile: &Profile<'_>,
    key: &dyn Fn(&str) -> String,
    shelf: &mut Shelf<'_>,
    out: &mut Findings,
) -> Option<String> {
    if profile.text(&key("attach_signature")) == "true" {
        let file = match profile.text(&key("sig_file")) {
            "" => profile.text(&key("sig_file-rel")),
            file => file,
        };
        let place = profile.place(&key("sig_file"));
        let path = PathBuf::from(file);
        let html = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("html"));
        if !path.is_absolute() || html {
            let why = "the signature is not a file of plain text";
            out.note(&place, "sig_file", Kind::Yours, why);
            return None;
        }
        return shelf.text(&path, &place, out).and_then(|text| below(&text));
    }
    let text = profile.text(&key("htmlSigText"));
    if profile.text(&key("htmlSigFormat")) == "true" && !text.is_empty() {
        let why = "the signature is HTML; a signature is plain text here";
        out.note(
            &profile.place(&key("htmlSigText")),
            "htmlSigText",
            Kind::Yours,
            why,
        );
        return None;
    }
    below(text)
}

/// The address books that lie in the profile as databases.
fn books(profile: &Profile<'_>, folder: &Path, out: &mut Findings) {
    let mut names: Vec<String> = vec!["abook.sqlite".to_owned()];
    for (key, (value, _)) in profile.prefs.iter().take(100_000) {
        let directory = key.strip_prefix("ldap_2.servers.");
        let Some((_, "filename")) = directory.and_then(|d| d.rsplit_once('.')) else {
            continue;
        };
        // Only a name: it must not lead out of the profile.
        let mut parts = Path::new(value).components();
        let plain = matches!(
            (parts.next(), parts.next()),
            (Some(Component::Normal(_)), None)
        );
        if plain && value.ends_with(".sqlite") && !names.contains(value) && names.len() < MOST {
            names.push(value.clone());
        } else if value.ends_with(".mab") {
            let why = "an address book of an old Thunderbird; a newer one makes .sqlite of it";
            out.note(&profile.place(key), &words::shown(value), Kind::Yours, why);
        }
    }
    // Gathered from what was sent; postrider remembers whom one wrote to by itself.
    names.retain(|n| n != "history.sqlite");
    out.books = names.iter().map(|n| folder.join(n)).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(prefs: &str) -> Findings {
        let mut files = |path: &Path, _: usize| match path.ends_with("prefs.js") {
            true => Ok(prefs.as_bytes().to_vec()),
            false => Err("gone".to_owned()),
        };
        let mut shelf = Shelf::new(Dirs::under(Path::new("/h")), &mut files);
        read(Path::new("/h/prefs.js"), &mut shelf)
    }

    fn prefs(all: &[(&str, &str)]) -> String {
        let line =
            |(key, value): &(&str, &str)| format!("user_pref(\"mail.{key}\", \"{value}\");\n");
        all.iter().map(line).collect()
    }

    const ACCOUNT: [(&str, &str); 6] = [
        ("accountmanager.accounts", "a"),
        ("account.a.server", "s"),
        ("account.a.identities", "empty,own,more"),
        ("server.s.type", "imap"),
        ("server.s.hostname", "imap.x.test"),
        ("server.s.userName", "ada"),
    ];

    #[test]
    fn the_first_identity_that_has_an_address_is_the_accounts_own() {
        let mut all = ACCOUNT.to_vec();
        all.push(("identity.empty.fullName", "Nobody"));
        all.push(("identity.own.useremail", "ada@x.test"));
        all.push(("identity.own.smtpServer", "out"));
        all.push(("identity.more.useremail", "more@x.test"));
        all.push(("smtpserver.out.hostname", "smtp.x.test"));
        let found = read_text(&prefs(&all));
        let account = &found.accounts[0];
        assert_eq!(account.email, "ada@x.test");
        assert_eq!(
            account.smtp.as_ref().map(|e| e.host.as_str()),
            Some("smtp.x.test")
        );
        assert_eq!(account.identities.len(), 1);
    }

    #[test]
    fn a_server_for_sending_of_another_login_is_not_taken() {
        for (host, user, taken) in [
            ("smtp.x.test", "ada", true),
            ("smtp.x.test", "", true),
            ("smtp.y.test", "ada", false),
            ("smtp.y.test", "", false),
            ("smtp.x.test", "bo", false),
        ] {
            let mut all = ACCOUNT.to_vec();
            all.push(("identity.own.useremail", "ada@x.test"));
            all.push(("smtp.defaultserver", "out"));
            all.push(("smtpserver.out.hostname", host));
            all.push(("smtpserver.out.username", user));
            let found = read_text(&prefs(&all));
            assert_eq!(found.accounts[0].smtp.is_some(), taken, "{host} {user}");
            let told = found.notes.iter().any(|n| n.why == words::OTHER_SENDER);
            assert_eq!(told, !taken, "{host} {user}");
        }
    }

    #[test]
    fn accounts_beyond_the_bound_are_told_of() {
        let names: Vec<String> = (0..MOST + 1).map(|n| format!("a{n}")).collect();
        let found = read_text(&prefs(&[("accountmanager.accounts", &names.join(","))]));
        assert!(found.notes.iter().any(|n| n.why.contains("only the first")));
    }
}
