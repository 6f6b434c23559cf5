//! Reads `config.toml`. A problem never hides the rest: every account that is right works, and
//! every problem is told with its line, its column and what would be right.

use super::problem::{ConfigError, Problem};
use super::raw::Table;
use crate::model::{Account, AccountName, BodyPolicy, Endpoint, SecretSource, Security};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Where the reader stands beside the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReaderPlace {
    /// Right where there is room, else below.
    #[default]
    Auto,
    /// Below the index.
    Below,
    /// Right of it.
    Right,
    /// Over all of it.
    Full,
}

/// How the program looks and behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Name of a theme; `None`: after the terminal.
    pub theme: Option<String>,
    /// Whether lists begin threaded.
    pub threads: bool,
    /// Where the reader stands.
    pub reader: ReaderPlace,
    /// Seconds in which sending can be undone.
    pub undo_send: i64,
    /// Whether the mouse is used.
    pub mouse: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            theme: None,
            threads: true,
            reader: ReaderPlace::Auto,
            undo_send: 10,
            mouse: true,
        }
    }
}

/// The configuration as far as it is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The accounts that are right, in order.
    pub accounts: Vec<Account>,
    /// How it looks.
    pub look: Look,
}

/// A configuration and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// What is right.
    pub config: Config,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads the file.
///
/// # Errors
/// When there is none, or it can't be read at all.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(ConfigError::Missing {
                path: path.to_owned(),
            });
        }
        Err(source) => {
            return Err(ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            });
        }
    };
    Ok(parse(&text, path.parent().unwrap_or(Path::new("."))))
}

/// Reads a text; relative paths in it start from `folder`.
pub fn parse(text: &str, folder: &Path) -> Loaded {
    let mut loaded = Loaded::default();
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let at = error.span().map_or(0, |s| s.start);
            // Only the parser's words: its excerpt could hold a password.
            loaded.problems.push(Problem::at(
                text,
                at,
                error.message(),
                "the file is TOML; texts stand in double quotes",
            ));
            return loaded;
        }
    };
    let mut root = Table::new(text, document.get_ref(), document.span());
    accounts(&mut root, text, folder, &mut loaded);
    match root.table("ui") {
        Ok(Some(mut table)) => {
            match look(&mut table) {
                Ok(look) => loaded.config.look = look,
                Err(problem) => loaded.problems.push(problem),
            }
            loaded.problems.extend(table.unknown());
        }
        Ok(None) => {}
        Err(problem) => loaded.problems.push(problem),
    }
    loaded.problems.extend(root.unknown());
    loaded.problems.sort_by_key(|p| (p.line, p.column));
    loaded
}

fn accounts<'t>(root: &mut Table<'t>, text: &'t str, folder: &Path, loaded: &mut Loaded) {
    let Some(value) = root.get("account") else {
        return;
    };
    let DeValue::Array(items) = value.get_ref() else {
        loaded.problems.push(root.wrong(
            value,
            "`account` must be a list of tables",
            "begin each account with [[account]]",
        ));
        return;
    };
    for item in items.iter() {
        let DeValue::Table(table) = item.get_ref() else {
            loaded.problems.push(root.wrong(
                item,
                "an account must be a table",
                "begin each account with [[account]]",
            ));
            continue;
        };
        let mut table = Table::new(text, table, item.span());
        let read = account(&mut table, folder);
        let strays = table.unknown();
        match read {
            Ok(account) if strays.is_empty() => {
                if loaded
                    .config
                    .accounts
                    .iter()
                    .any(|a| a.name == account.name)
                {
                    let message = format!("there are two accounts named `{}`", account.name);
                    loaded
                        .problems
                        .push(table.problem(message, "give one of them another `name`"));
                } else {
                    loaded.config.accounts.push(account);
                }
            }
            Ok(_) => {}
            Err(problem) => loaded.problems.push(problem),
        }
        loaded.problems.extend(strays);
    }
}

fn account(table: &mut Table<'_>, folder: &Path) -> Result<Account, Problem> {
    // Every key is asked for first, so that a problem with one does not make the others unknown.
    let name = table.needed("name", "name = \"work\"");
    let email = table.needed("email", "email = \"you@example.test\"");
    let full_name = table.text("full-name");
    let user = table.text("user");
    let secret = secret(table);
    let imap = server(
        table,
        "imap",
        [(993, Security::Tls), (143, Security::StartTls)],
    );
    let smtp = server(
        table,
        "smtp",
        [(465, Security::Tls), (587, Security::StartTls)],
    );
    let ca_file = table.text("ca-file");
    let bodies = bodies(table);
    let save_sent = table.flag("save-sent");
    let signature = table.text("signature");
    let email = email?;
    if email.matches('@').count() != 1 || email.starts_with('@') || email.ends_with('@') {
        return Err(table.problem(
            format!("`{}` is not an address", email.escape_debug()),
            "email = \"you@example.test\"",
        ));
    }
    Ok(Account {
        name: AccountName(name?),
        user: user?.unwrap_or_else(|| email.clone()),
        email,
        full_name: full_name?.unwrap_or_default(),
        secret: secret?,
        imap: imap?,
        smtp: smtp?,
        ca_file: ca_file?.map(|p| relative(&p, folder)),
        bodies: bodies?,
        save_sent: save_sent?,
        signature: signature?,
    })
}

fn relative(path: &str, folder: &Path) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

fn secret(table: &mut Table<'_>) -> Result<SecretSource, Problem> {
    let command = table.texts("password-command")?;
    let Some(value) = table.get("password") else {
        return Ok(command.map_or(SecretSource::Keyring, SecretSource::Command));
    };
    if command.is_some() {
        return Err(table.wrong(
            value,
            "both `password` and `password-command` are given",
            "keep one of them",
        ));
    }
    match value.get_ref() {
        DeValue::String(word) if word == "keyring" => Ok(SecretSource::Keyring),
        DeValue::String(word) if word == "prompt" => Ok(SecretSource::Prompt),
        // Whatever stands there may be a password: it is not repeated.
        _ => Err(table.wrong(
            value,
            "a password can't stand in this file",
            "password = \"keyring\" or \"prompt\", or password-command = [\"pass\", \"show\", \"mail\"]",
        )),
    }
}

fn server(
    table: &mut Table<'_>,
    key: &'static str,
    usual: [(u16, Security); 2],
) -> Result<Endpoint, Problem> {
    let example = format!(
        "{key} = {{ host = \"{key}.example.test\", port = {}, security = \"tls\" }}",
        usual[0].0
    );
    let Some(mut server) = table.table(key)? else {
        return Err(table.problem(format!("`{key}` is missing"), example));
    };
    let host = server.needed("host", &example);
    let port = server.number("port", 1..65536);
    let port_value = server.get("port");
    let security_value = server.get("security");
    let security = server.text("security");
    let pin = server.get("pin-sha256");
    let pin_text = server.text("pin-sha256");
    if let Some(stray) = server.unknown().into_iter().next() {
        return Err(stray);
    }
    let (host, port, security) = (host?, port?.and_then(|p| u16::try_from(p).ok()), security?);
    let security = match (security.as_deref(), security_value) {
        (None, _) => port
            .and_then(|p| usual.iter().find(|(u, _)| *u == p))
            .map_or(Security::Tls, |(_, s)| *s),
        (Some("tls"), _) => Security::Tls,
        (Some("starttls"), _) => Security::StartTls,
        (Some("none"), Some(value)) if !is_this_machine(&host) => {
            return Err(server.wrong(
                value,
                "`security = \"none\"` would send the password in the clear",
                "it is allowed for this machine only; use \"tls\" or \"starttls\"",
            ));
        }
        (Some("none"), _) => Security::None,
        (Some(_), Some(value)) => {
            return Err(server.wrong(
                value,
                "unknown `security`",
                "it is \"tls\", \"starttls\" or \"none\" (this machine only)",
            ));
        }
        (Some(_), None) => Security::Tls,
    };
    let port = match port {
        Some(25) if key == "smtp" => {
            let message = "port 25 is for servers among themselves, not for submitting mail";
            let hint = "use 465 with security = \"tls\", or 587 with \"starttls\"";
            return Err(port_value.map_or_else(
                || server.problem(message, hint),
                |v| server.wrong(v, message, hint),
            ));
        }
        Some(port) => port,
        None => usual
            .iter()
            .find(|(_, s)| *s == security)
            .map_or(usual[0].0, |(p, _)| *p),
    };
    let pin_sha256 = match (pin_text?, pin) {
        (Some(text), Some(value)) => Some(pin_bytes(&text).ok_or_else(|| {
            server.wrong(
                value,
                "`pin-sha256` is not a SHA-256",
                "64 hexadecimal digits (colons allowed), or base64",
            )
        })?),
        _ => None,
    };
    Ok(Endpoint {
        host,
        port,
        security,
        pin_sha256,
    })
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn pin_bytes(text: &str) -> Option<[u8; 32]> {
    use base64::Engine as _;
    let hex: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    let bytes = if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        (0..64)
            .step_by(2)
            .map(|i| {
                hex.get(i..i + 2)
                    .and_then(|d| u8::from_str_radix(d, 16).ok())
            })
            .collect::<Option<Vec<u8>>>()?
    } else {
        base64::engine::general_purpose::STANDARD
            .decode(text.trim())
            .ok()?
    };
    bytes.try_into().ok()
}

fn bodies(table: &mut Table<'_>) -> Result<BodyPolicy, Problem> {
    let value = table.get("bodies");
    match (table.text("bodies")?, value) {
        (Some(word), Some(value)) => body_policy(&word).ok_or_else(|| {
            table.wrong(
                value,
                "unknown `bodies`",
                "it is \"none\", \"all\", or days such as \"30d\"",
            )
        }),
        _ => Ok(BodyPolicy::Days(30)),
    }
}

/// `none`, `all`, or days such as `30d`.
pub fn body_policy(word: &str) -> Option<BodyPolicy> {
    match word {
        "none" => Some(BodyPolicy::None),
        "all" => Some(BodyPolicy::All),
        days => days
            .strip_suffix('d')
            .and_then(|n| n.parse().ok())
            .map(BodyPolicy::Days),
    }
}

fn look(table: &mut Table<'_>) -> Result<Look, Problem> {
    let theme = table.text("theme");
    let threads = table.flag("threads");
    let place = table.text("reader");
    let place_value = table.get("reader");
    let undo_send = table.number("undo-send", 0..601);
    let mouse = table.flag("mouse");
    let default = Look::default();
    let reader = match (place?.as_deref(), place_value) {
        (None | Some("auto"), _) => ReaderPlace::Auto,
        (Some("below"), _) => ReaderPlace::Below,
        (Some("right"), _) => ReaderPlace::Right,
        (Some("full"), _) => ReaderPlace::Full,
        (Some(_), Some(value)) => {
            return Err(table.wrong(
                value,
                "unknown `reader`",
                "it is \"auto\", \"below\", \"right\" or \"full\"",
            ));
        }
        (Some(_), None) => ReaderPlace::Auto,
    };
    Ok(Look {
        theme: theme?.filter(|t| t != "auto"),
        threads: threads?.unwrap_or(default.threads),
        reader,
        undo_send: undo_send?.unwrap_or(default.undo_send),
        mouse: mouse?.unwrap_or(default.mouse),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/config.sample.toml");

    fn problem(text: &str) -> Problem {
        let loaded = parse(text, Path::new("/c"));
        assert_eq!(loaded.problems.len(), 1, "{:?}", loaded.problems);
        loaded.problems.into_iter().next().unwrap()
    }

    fn with(line: &str) -> String {
        format!(
            "[[account]]\nname = \"a\"\nemail = \"a@b.test\"\n{line}\nimap = {{ host = \"i.b.test\" }}\nsmtp = {{ host = \"s.b.test\" }}\n"
        )
    }

    #[test]
    fn the_sample_is_right() {
        let loaded = parse(GOOD, Path::new("/c"));
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.config.accounts.len(), 2);
        assert_eq!(loaded.config.accounts[0].imap.port, 993);
        assert_eq!(loaded.config.accounts[1].smtp.security, Security::StartTls);
    }

    #[test]
    fn little_is_needed() {
        let loaded = parse(&with(""), Path::new("/c"));
        let account = &loaded.config.accounts[0];
        assert_eq!(
            (account.user.as_str(), account.imap.port, account.smtp.port),
            ("a@b.test", 993, 465)
        );
        assert_eq!(
            (&account.secret, account.bodies),
            (&SecretSource::Keyring, BodyPolicy::Days(30))
        );
    }

    #[test]
    fn an_unknown_key_is_placed_and_a_near_one_suggested() {
        let p = problem(&with("passwrd-command = [\"x\"]"));
        assert_eq!((p.line, p.column), (4, 1));
        assert_eq!(p.hint, "did you mean `password-command`?");
        assert_eq!(problem("[uy]\n").hint, "did you mean `ui`?");
    }

    #[test]
    fn a_password_in_the_file_is_refused_and_not_repeated() {
        for line in [
            "password = \"CANARY-7f3\"",
            "password = 'CANARY-7f3",
            "password = [\"CANARY-7f3\"]",
        ] {
            let p = problem(&with(line));
            assert_eq!(p.line, 4, "{p}");
            assert!(!p.to_string().contains("CANARY"), "{p}");
        }
    }

    #[test]
    fn dangerous_servers_are_refused_with_a_reason() {
        let server = |s: &str| {
            format!(
                "[[account]]\nname = \"a\"\nemail = \"a@b.test\"\nimap = {{ host = \"i.b.test\" }}\nsmtp = {{ {s} }}\n"
            )
        };
        for (s, word) in [
            ("host = \"s.b.test\", port = 25", "port 25"),
            ("host = \"s.b.test\", security = \"none\"", "in the clear"),
            ("host = \"s.b.test\", security = \"ssl\"", "security"),
            ("host = \"s.b.test\", port = 70000", "port"),
            ("host = \"s.b.test\", pin-sha256 = \"abc\"", "SHA-256"),
            ("hots = \"s.b.test\"", "hots"),
        ] {
            let p = problem(&server(s));
            assert!(p.message.contains(word), "{s}: {p}");
            assert_eq!(p.line, 5, "{s}: {p}");
        }
        assert_eq!(
            parse(
                &server("host = \"127.0.0.1\", port = 2525, security = \"none\""),
                Path::new("/")
            )
            .problems,
            []
        );
    }

    #[test]
    fn one_broken_account_leaves_the_other() {
        let two = format!(
            "{}{}",
            with(""),
            with("bodies = \"some\"").replace("\"a\"", "\"b\"")
        );
        let loaded = parse(&two, Path::new("/c"));
        assert_eq!(
            (loaded.config.accounts.len(), loaded.problems.len()),
            (1, 1)
        );
        let twins = format!("{}{}", with(""), with(""));
        assert!(problem(&twins).message.contains("two accounts"));
    }
}
