//! `account add`: asks, tries, and writes the account down only once it works.

use super::doctor;
use super::exit::{self, Failure};
use super::say::{aside, say};
use super::{json, passphrase};
use crate::config::paths::expand;
use crate::config::secrets::{Kind, Secrets};
use crate::config::{ConfigError, Paths, append, is_loopback, load};
use crate::model::checkup::Step;
use crate::model::{
    Account, AccountName, Auth, Endpoint, Secret, SecretSource, Security, SyncPolicy,
};
use crate::text::Clean;
use anyhow::Result;
use serde_json::json;
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

/// `account add`
///
/// # Errors
/// Input that ends early; an account that does not work; a file that can't be written.
pub fn add(home: Option<&Path>, as_json: bool) -> Result<u8> {
    let paths = Paths::locate(home)?;
    paths.ensure()?;
    let kept = Secrets::at(&paths);
    // What would be in the way at the end is told before anything is asked.
    let taken: Vec<String> = match load::load(&paths.config) {
        Ok(loaded) => {
            let config = loaded.whole(&paths.config)?;
            config.accounts.into_iter().map(|a| a.name.0).collect()
        }
        Err(ConfigError::NoAccount { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let (mut account, secret) = ask(&kept, &taken)?;
    aside!("\nTrying it:");
    let steps = doctor::examine(&account, Ok(secret.clone()));
    for step in &steps {
        match &step.found {
            Ok(_) => aside!("  ✓ {}", step.name),
            Err(advice) => aside!("  ✗ {}: {}", step.name, Clean::line(&advice.line())),
        }
    }
    if steps.iter().any(Step::is_wrong) {
        return Err(Failure::new(
            exit::UNAVAILABLE,
            "nothing was written; run it again once that is mended",
        )
        .into());
    }
    if account.secret == SecretSource::Keyring
        && let Err(error) = kept.keep(&account, Kind::Password, &secret)
    {
        aside!("{}", Clean::line(&error.to_string()));
        account.secret = match passphrase::make(&kept)? {
            true => SecretSource::File,
            false => SecretSource::Prompt,
        };
        match account.secret {
            SecretSource::File => kept.keep(&account, Kind::Password, &secret)?,
            _ => aside!("The password will be asked for at each start."),
        }
    }
    append::append_account(&paths.config, &account)?;
    if as_json {
        json::print(
            json!({ "added": account.name.as_str(), "config": paths.config.to_string_lossy() }),
        )?;
    } else {
        say!(
            "{} is set up in {}. Run `postrider`.",
            Clean::line(account.name.as_str()),
            paths.config.display()
        );
    }
    Ok(0)
}

fn ask(secrets: &Secrets, taken: &[String]) -> Result<(Account, Secret)> {
    let email = loop {
        let email = question("Your address", "")?;
        if email.matches('@').count() == 1 && !email.starts_with('@') && !email.ends_with('@') {
            break email;
        }
        aside!("  an address looks like you@example.test");
    };
    let domain = email.rsplit_once('@').map_or("", |(_, d)| d).to_owned();
    let name = loop {
        let suggestion = domain.split('.').next().unwrap_or("mail");
        let name = question("A name for the account", suggestion)?;
        if !taken.contains(&name) {
            break name;
        }
        aside!("  there is an account of that name already");
    };
    let full_name = question("Your name, as others see it", "")?;
    let imap = endpoint(
        "IMAP",
        &format!("imap.{domain}"),
        &[(993, Security::Tls), (143, Security::StartTls)],
    )?;
    let smtp = endpoint(
        "Submission",
        &format!("smtp.{domain}"),
        &[
            (465, Security::Tls),
            (587, Security::StartTls),
            (2525, Security::StartTls),
        ],
    )?;
    let user = question("User name", &email)?;
    let command = question("A command that prints the password (empty: type it)", "")?;
    let auth = if command.is_empty() {
        Auth::Password
    } else {
        auth()?
    };
    let ca = question("A file with further trusted certificates (empty: none)", "")?;
    let (secret_source, secret) = if command.is_empty() {
        (SecretSource::Keyring, passphrase::hidden("Password")?)
    } else {
        let argv =
            shell_words::split(&command).map_err(|e| Failure::new(exit::DATA, e.to_string()))?;
        (SecretSource::Command(argv), Secret::new(String::new()))
    };
    let account = Account {
        name: AccountName(name),
        email,
        full_name,
        user,
        secret: secret_source,
        imap,
        smtp,
        // Typed here, read from the configuration's folder: only a whole path means the same.
        ca_file: ca_file(&ca)?,
        sync: SyncPolicy::default(),
        save_sent: None,
        mirror_drafts: true,
        archive: crate::model::ArchiveBy::default(),
        auth,
        identities: Vec::new(),
        sendmail: None,
        authserv_id: Vec::new(),
        future_release: false,
        signature: None,
    };
    let secret = match account.secret {
        SecretSource::Command(_) => secrets
            .fetch(&account, Kind::Password)
            .map_err(|e| Failure::new(exit::REFUSED, e.to_string()))?,
        _ => secret,
    };
    Ok((account, secret))
}

fn auth() -> Result<Auth> {
    loop {
        let what = "What it prints: password, or a token for xoauth2 or oauthbearer";
        match question(what, "password")?.as_str() {
            "password" => return Ok(Auth::Password),
            "xoauth2" => return Ok(Auth::XOauth2),
            "oauthbearer" => return Ok(Auth::OAuthBearer),
            _ => aside!("  password, xoauth2 or oauthbearer"),
        }
    }
}

fn ca_file(typed: &str) -> Result<Option<PathBuf>> {
    if typed.is_empty() {
        return Ok(None);
    }
    let path = std::path::absolute(expand(typed, Path::new("")))?;
    if !path.is_file() {
        let told = format!("there is no file {}", path.display());
        return Err(Failure::new(exit::NO_INPUT, told).into());
    }
    Ok(Some(path))
}

fn endpoint(what: &str, host: &str, usual: &[(u16, Security)]) -> Result<Endpoint> {
    let host = question(&format!("{what} server"), host)?;
    loop {
        let first = usual
            .first()
            .map_or(String::new(), |(port, _)| port.to_string());
        let port = question(&format!("{what} port"), &first)?;
        let Ok(port) = port.parse::<u16>() else {
            aside!("  a port is a number below 65536");
            continue;
        };
        if port == 25 {
            aside!("  port 25 is for servers among themselves; use 465 or 587");
            continue;
        }
        let suggestion = usual
            .iter()
            .find(|(p, _)| *p == port)
            .map_or(Security::Tls, |(_, s)| *s);
        let word = if suggestion == Security::StartTls {
            "starttls"
        } else {
            "tls"
        };
        let security = match question("  tls or starttls", word)?.as_str() {
            "tls" => Security::Tls,
            "starttls" => Security::StartTls,
            "none" if is_loopback(&host) => Security::None,
            _ => {
                aside!("  tls: from the first byte; starttls: after a greeting in the clear");
                continue;
            }
        };
        return Ok(Endpoint {
            host,
            port,
            security,
            pin_sha256: None,
        });
    }
}

fn question(text: &str, suggestion: &str) -> Result<String> {
    if suggestion.is_empty() {
        eprint!("{text}: ");
    } else {
        eprint!("{text} [{}]: ", Clean::line(suggestion));
    }
    let answer = line()?;
    let answer = answer.trim();
    Ok(if answer.is_empty() {
        suggestion.to_owned()
    } else {
        answer.to_owned()
    })
}

fn line() -> Result<String> {
    io::stderr().flush()?;
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        aside!();
        return Err(Failure::new(exit::DATA, "the input ended before everything was asked").into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
