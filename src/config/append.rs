//! Adds an account to `config.toml`, leaving what the user wrote as it is.

use super::endpoint::security_name;
use super::files::replace;
use super::load;
use super::policy::{body_policy_name, size_name, usual_budget};
use crate::model::{Account, Endpoint, MailboxPolicy, SecretSource, SyncPolicy};
use std::io;
use std::path::Path;

/// Appends an account to the file (made 0600 if there is none), in one step.
///
/// # Errors
/// When there is one of that name, it can't be written, or would not be read back as the same
/// account.
pub fn append_account(path: &Path, account: &Account) -> io::Result<()> {
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
    let gap = if old.is_empty() || old.ends_with("\n\n") {
        ""
    } else if old.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let new = format!("{old}{gap}{}", text(account));
    if !load::parse(&new, folder).config.accounts.contains(account) {
        return Err(io::Error::other(
            "the file has other problems; mend them first",
        ));
    }
    super::paths::make_private(folder)?;
    replace(path, &new)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
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
            let argv: Vec<String> = argv.iter().map(|a| quoted(a)).collect();
            line("password-command", format!("[{}]", argv.join(", ")));
        }
        SecretSource::Keyring => line("password", quoted("keyring")),
        SecretSource::Prompt | SecretSource::Memory(_) => line("password", quoted("prompt")),
    }
    line("imap", endpoint(&account.imap));
    line("smtp", endpoint(&account.smtp));
    if let Some(file) = &account.ca_file {
        line("ca-file", quoted(&file.to_string_lossy()));
    }
    policy(&account.sync, &account.imap.host, &mut line);
    if let Some(save) = account.save_sent {
        line("save-sent", save.to_string());
    }
    if let Some(signature) = &account.signature {
        line("signature", quoted(signature));
    }
    for one in account
        .sync
        .mailboxes
        .iter()
        .filter(|m| !is_plain_exclusion(m))
    {
        out.push_str(&mailbox(one));
    }
    out
}

/// Only what differs from what holds anyway.
fn policy(sync: &SyncPolicy, host: &str, line: &mut dyn FnMut(&str, String)) {
    let usual = SyncPolicy::default();
    if sync.headers != usual.headers {
        line("headers", quoted(&body_policy_name(sync.headers)));
    }
    if sync.bodies != usual.bodies {
        line("bodies", quoted(&body_policy_name(sync.bodies)));
    }
    let list = |names: Vec<String>| format!("[{}]", names.join(", "));
    let excluded = sync.mailboxes.iter().filter(|m| is_plain_exclusion(m));
    let excluded: Vec<String> = excluded.map(|m| quoted(&m.pattern)).collect();
    if !excluded.is_empty() {
        line("exclude", list(excluded));
    }
    if sync.connections != usual.connections {
        line("connections", sync.connections.to_string());
    }
    if let Some(budget) = sync.budget.filter(|b| Some(*b) != usual_budget(host)) {
        line("daily-budget", quoted(&size_name(budget)));
    }
    if let Some(compress) = sync.compress {
        line("compress", compress.to_string());
    }
    if !sync.without.is_empty() {
        let names = sync.without.iter().map(|n| quoted(n)).collect();
        line("without-extensions", list(names));
    }
}

fn is_plain_exclusion(one: &MailboxPolicy) -> bool {
    one.left_out && one.headers.is_none() && one.bodies.is_none()
}

fn mailbox(one: &MailboxPolicy) -> String {
    let mut out = format!("\n[[account.mailbox]]\nname = {}\n", quoted(&one.pattern));
    for (key, reach) in [("headers", one.headers), ("bodies", one.bodies)] {
        if let Some(reach) = reach {
            out.push_str(&format!("{key} = {}\n", quoted(&body_policy_name(reach))));
        }
    }
    if one.left_out {
        out.push_str("exclude = true\n");
    }
    out
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
    use std::os::unix::fs::PermissionsExt as _;

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
}
