//! Adds an account or rules to `config.toml`, leaving what the user wrote as it is.

use super::endpoint::{nowhere, security_name};
use super::files::{alone, replace};
use super::load;
use super::oauth;
use super::policy::{reach_name, size_name, usual_budget};
use super::sending::auth_name;
use crate::model::{
    Account, ArchiveBy, Auth, Endpoint, MailboxPolicy, Rule, SecretSource, SyncPolicy, is_mailbox,
};
use std::io;
use std::path::Path;

/// Appends an account to the file (made 0600 if there is none), in one step.
///
/// # Errors
/// When there is one of that name, its address is none, it can't be written, or would not be read back
/// as the same account.
pub fn append_account(path: &Path, account: &Account) -> io::Result<()> {
    if !is_mailbox(&account.email) {
        let why = format!("`{}` is not a mail address", account.email.escape_debug());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let _alone = alone(path)?;
    let old = match std::fs::read_to_string(path) {
        Ok(old) => old,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(e),
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let known = load::parse(&old, folder).config.accounts;
    if known.iter().any(|a| a.name == account.name) {
        let why = format!("there already is an account `{}`", account.name);
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    let new = with_account(&old, account);
    if !load::parse(&new, folder).config.accounts.contains(account) {
        return Err(io::Error::other(
            "the file has other problems; mend them first",
        ));
    }
    replace(path, &new)
}

/// The text of a configuration with an account at its end.
pub(super) fn with_account(old: &str, account: &Account) -> String {
    let gap = if old.is_empty() || old.ends_with("\n\n") {
        ""
    } else if old.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    format!("{old}{gap}{}", text(account))
}

/// Appends rules to the file, in one step.
///
/// # Errors
/// When there is one of a name already, it can't be written, or would not be read back as the same.
pub fn append_rules(path: &Path, rules: &[Rule]) -> io::Result<()> {
    let _alone = alone(path)?;
    let old = std::fs::read_to_string(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let before = load::parse(&old, folder);
    let known = before.config.rules;
    if let Some(rule) = rules
        .iter()
        .find(|r| known.iter().any(|k| k.name == r.name))
    {
        let why = format!("there already is a rule `{}`", rule.name.escape_debug());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    let new = format!("{}\n\n{}", old.trim_end(), rules_text(rules));
    let read = load::parse(&new, folder);
    let ours = read.config.rules.get(known.len()..).unwrap_or_default();
    if !read.problems.is_empty() || ours != rules {
        return Err(io::Error::other(
            "the file has other problems; mend them first",
        ));
    }
    replace(path, &new)
}

/// Rules as they stand in the file.
pub fn rules_text(rules: &[Rule]) -> String {
    let mut out = Vec::new();
    for rule in rules {
        let deeds: Vec<String> = rule.deeds.iter().map(ToString::to_string).collect();
        let mut text = format!(
            "[[rule]]\nname = {}\nquery = {}\ndo = {}\n",
            quoted(&rule.name),
            quoted(&rule.query.to_string()),
            list(deeds.iter()).unwrap_or_else(|| "[]".to_owned()),
        );
        if !rule.on_arrival {
            text.push_str("on-arrival = false\n");
        }
        out.push(text);
    }
    out.join("\n")
}

fn text(account: &Account) -> String {
    let mut out = String::from("[[account]]\n");
    let mut line = |key: &str, value: String| out.push_str(&format!("{key} = {value}\n"));
    line("name", quoted(account.name.as_str()));
    line("email", quoted(&account.email));
    if !account.full_name.is_empty() {
        line("full-name", quoted(&account.full_name));
    }
    if account.user != account.email {
        line("user", quoted(&account.user));
    }
    match &account.secret {
        SecretSource::Command(argv) => {
            line("password-command", list(argv.iter()).unwrap_or_default());
        }
        SecretSource::OAuth(says) => line("oauth", oauth::table(says)),
        SecretSource::Keyring => line("password", quoted("keyring")),
        SecretSource::File => line("password", quoted("file")),
        SecretSource::Prompt | SecretSource::Memory(_) => line("password", quoted("prompt")),
    }
    if account.auth != Auth::Password {
        line("auth", quoted(auth_name(account.auth)));
    }
    line("imap", endpoint(&account.imap));
    let program = account.sendmail.as_ref();
    if let Some(argv) = program {
        line("sendmail", list(argv.iter()).unwrap_or_default());
    }
    if program.is_none() || account.smtp != nowhere() {
        line("smtp", endpoint(&account.smtp));
    }
    if let Some(file) = &account.ca_file {
        line("ca-file", quoted(&file.to_string_lossy()));
    }
    for (key, value) in policy(account) {
        line(key, value);
    }
    if let Some(save) = account.save_sent {
        line("save-sent", save.to_string());
    }
    if !account.sync.papers {
        line("read-pdf", "false".to_owned());
    }
    if !account.mirror_drafts {
        line("mirror-drafts", "false".to_owned());
    }
    if account.archive != ArchiveBy::default() {
        line("archive", quoted(account.archive.name()));
    }
    if account.future_release {
        line("future-release", "true".to_owned());
    }
    if !account.authserv_id.is_empty() {
        let names = list(account.authserv_id.iter());
        line("authserv-id", names.unwrap_or_default());
    }
    if let Some(signature) = &account.signature {
        line("signature", quoted(signature));
    }
    // Tables end the account's own keys: they come last.
    for identity in &account.identities {
        out.push_str("\n[[account.identity]]\n");
        let mut line = |key: &str, value: &str| {
            out.push_str(&format!("{key} = {}\n", quoted(value)));
        };
        line("email", &identity.email);
        if !identity.full_name.is_empty() {
            line("full-name", &identity.full_name);
        }
        if let Some(signature) = &identity.signature {
            line("signature", signature);
        }
        if let Some(reply_to) = &identity.reply_to {
            line("reply-to", reply_to);
        }
    }
    for mailbox in by_table(&account.sync) {
        out.push_str("\n[[account.mailbox]]\n");
        let mut line = |key: &str, value: String| out.push_str(&format!("{key} = {value}\n"));
        line("name", quoted(&mailbox.pattern));
        if let Some(reach) = mailbox.headers {
            line("headers", quoted(&reach_name(reach)));
        }
        if let Some(reach) = mailbox.bodies {
            line("bodies", quoted(&reach_name(reach)));
        }
        if mailbox.left_out {
            line("exclude", "true".to_owned());
        }
    }
    out
}

/// What differs from the usual policy.
fn policy(account: &Account) -> Vec<(&'static str, String)> {
    let (own, usual) = (&account.sync, SyncPolicy::default());
    let mut lines = Vec::new();
    if own.headers != usual.headers {
        lines.push(("headers", quoted(&reach_name(own.headers))));
    }
    if own.bodies != usual.bodies {
        lines.push(("bodies", quoted(&reach_name(own.bodies))));
    }
    if own.attachments != usual.attachments {
        lines.push(("attachments", quoted("all")));
    }
    let excluded = own.mailboxes.get(by_table(own).len()..);
    let excluded = list(excluded.unwrap_or_default().iter().map(|m| &m.pattern));
    lines.extend(excluded.map(|list| ("exclude", list)));
    if own.connections != usual.connections {
        lines.push(("connections", own.connections.to_string()));
    }
    if own.budget != usual_budget(&account.imap) {
        let size = own.budget.map_or_else(|| "unlimited".to_owned(), size_name);
        lines.push(("daily-budget", quoted(&size)));
    }
    lines.extend(own.compress.map(|flag| ("compress", flag.to_string())));
    lines.extend(list(own.without.iter()).map(|list| ("without-extensions", list)));
    lines
}

/// The mailboxes that `exclude` can't say: all up to the last that is more than left out. The
/// first that names a mailbox counts, and `exclude` is read after the tables.
fn by_table(policy: &SyncPolicy) -> &[MailboxPolicy] {
    let more = |m: &MailboxPolicy| !m.left_out || m.headers.is_some() || m.bodies.is_some();
    let end = policy.mailboxes.iter().rposition(more).map_or(0, |n| n + 1);
    policy.mailboxes.get(..end).unwrap_or_default()
}

fn list<'a>(texts: impl Iterator<Item = &'a String>) -> Option<String> {
    let texts: Vec<String> = texts.map(|t| quoted(t)).collect();
    (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn endpoint(endpoint: &Endpoint) -> String {
    let security = security_name(endpoint.security);
    let host = toml::Value::String(endpoint.host.clone());
    let pin = endpoint.pin_sha256.map_or(String::new(), |pin| {
        let hex: String = pin.iter().map(|b| format!("{b:02x}")).collect();
        format!(", pin-sha256 = \"{hex}\"")
    });
    format!(
        "{{ host = {host}, port = {}, security = \"{security}\"{pin} }}",
        endpoint.port
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Identity, Reach};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_policy_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let sample = include_str!("../../assets/config.sample.toml");
        let mut account = load::parse(sample, dir.path()).config.accounts.remove(0);
        let one = |pattern: &str, left_out, headers| MailboxPolicy {
            pattern: pattern.to_owned(),
            left_out,
            headers,
            bodies: headers,
        };
        account.sync = SyncPolicy {
            headers: Reach::Octets(11 * (1 << 30) / 5),
            bodies: Reach::All,
            attachments: true,
            papers: false,
            mailboxes: vec![
                one("a \"b\"", true, None),
                one("Lists/*", false, Some(Reach::Days(7))),
                one("Spam", true, None),
                one("c", true, None),
            ],
            connections: 15,
            budget: Some(1_234_567),
            compress: Some(true),
            without: vec!["MOVE".to_owned()],
        };
        let path = dir.path().join("config.toml");
        append_account(&path, &account).unwrap();
        account.name.0.push('2');
        account.imap.host = "imap.gmail.com".to_owned();
        account.sync = SyncPolicy::default();
        append_account(&path, &account).unwrap();
        account.name.0.push('3');
        account.sync.budget = super::usual_budget(&account.imap);
        append_account(&path, &account).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(load::parse(&text, dir.path()).problems, []);
        assert!(text.contains("exclude = [\"Spam\", \"c\"]"), "{text}");
        assert_eq!(text.matches("daily-budget").count(), 2, "{text}");
    }

    #[test]
    fn a_sender_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let sample = include_str!("../../assets/config.sample.toml");
        let mut account = load::parse(sample, dir.path()).config.accounts.remove(0);
        account.auth = Auth::OAuthBearer;
        account.future_release = true;
        account.sendmail = Some(vec!["msmtp".to_owned(), "--account=a \"b\"".to_owned()]);
        account.smtp = nowhere();
        account.identities = vec![
            Identity {
                email: "sales@example.test".to_owned(),
                full_name: "Sales \"x\"".to_owned(),
                signature: Some("two\nlines".to_owned()),
                reply_to: Some("Us <us@example.test>".to_owned()),
            },
            Identity {
                email: "other@example.test".to_owned(),
                ..Identity::default()
            },
        ];
        let path = dir.path().join("config.toml");
        append_account(&path, &account).unwrap();
        account.name.0.push('2');
        account.auth = Auth::XOauth2;
        account.smtp.host = "smtp.example.test".to_owned();
        account.smtp.port = 465;
        account.smtp.security = crate::model::Security::Tls;
        append_account(&path, &account).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(load::parse(&text, dir.path()).problems, []);
        assert_eq!(text.matches("smtp = ").count(), 1, "{text}");
    }

    #[test]
    fn an_account_is_appended_to_what_stands_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let sample = include_str!("../../assets/config.sample.toml");
        let accounts = load::parse(sample, dir.path()).config.accounts;
        for (n, account) in accounts.iter().enumerate() {
            append_account(&path, account).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(
                load::parse(&text, dir.path()).config.accounts,
                accounts[..=n]
            );
        }
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let before = std::fs::read_to_string(&path).unwrap();
        let twice = append_account(&path, &accounts[0]).unwrap_err();
        assert_eq!(twice.kind(), io::ErrorKind::AlreadyExists);
        std::fs::write(&path, "broken [").unwrap();
        assert!(append_account(&path, &accounts[0]).is_err());
        assert_ne!(before, "");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "broken [");
    }

    #[test]
    fn an_address_that_is_none_is_told_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let sample = include_str!("../../assets/config.sample.toml");
        let mut account = load::parse(sample, dir.path()).config.accounts.remove(0);
        for wrong in ["<ada@x.test>", "a;b@x.test", "ada"] {
            account.email = wrong.to_owned();
            let why = append_account(&path, &account).unwrap_err().to_string();
            assert!(why.contains(wrong) && why.contains("mail address"), "{why}");
            assert!(!path.exists());
        }
    }

    #[test]
    fn what_several_append_at_once_is_all_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/config.toml");
        let sample = include_str!("../../assets/config.sample.toml");
        let account = load::parse(sample, dir.path()).config.accounts.remove(0);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (path, mut account) = (&path, account.clone());
                account.name.0 = format!("number-{n}");
                scope.spawn(move || append_account(path, &account).unwrap());
            }
        });
        let accounts = load::load(&path).unwrap().config.accounts;
        let mut names: Vec<_> = accounts.into_iter().map(|a| a.name.0).collect();
        names.sort();
        assert_eq!(
            names,
            [0, 1, 2, 3, 4, 5, 6, 7].map(|n| format!("number-{n}"))
        );
    }
}
