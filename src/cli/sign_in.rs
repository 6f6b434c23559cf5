//! `account sign-in`: a provider's own page in a browser, here or on another device; what it gave is
//! tried at the server, and kept if that takes it.

use super::exit::{self, Failure};
use super::home::Home;
use super::say::{aside, say};
use super::tokens::{self, Vault};
use super::{ask, json, passphrase};
use crate::config::lock::EngineLock;
use crate::config::secrets::{Kind, Secrets};
use crate::model::{
    Account, ClientSecret, Intent, OAuth, Secret, SecretSource, SignInBy, SignInStep, SignInWord,
};
use crate::net::imap::{Options, Session};
use crate::net::oauth::{Provider, Tokens, browser, device};
use crate::net::{NetError, diagnose};
use crate::text::{Clean, qr};
use anyhow::Result;
use crossbeam_channel::{Receiver, Sender, unbounded};
use serde_json::json;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

/// Whether a browser started here would be seen by whoever sits at the keyboard.
pub fn has_browser(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|v| !v.is_empty());
    let remote = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"]
        .iter()
        .any(|name| set(name));
    let shown = cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY");
    shown && !remote
}

/// Which of the two ways it is.
fn way(by: SignInBy, says: &OAuth, here: bool) -> SignInBy {
    match by {
        SignInBy::Best if !here && says.device_url.is_some() => SignInBy::Device,
        SignInBy::Best => SignInBy::Browser,
        named => named,
    }
}

/// Signs in to an account, tries what came of it at the server, and keeps it. `typed` is the client's
/// secret where the user gave one just now: it is kept once the provider took it. `tell` hears what
/// the user is to do; `words` says what the user wants, and who lets go of its other end cancels.
/// `lock` is held while it is kept, against a refresh in another process.
///
/// # Errors
/// What went wrong and what to do, in plain words, cleaned. Nothing has changed then.
pub fn carry_out(
    account: &Account,
    typed: Option<&Secret>,
    by: SignInBy,
    vault: &dyn Vault,
    lock: &Path,
    tell: &dyn Fn(SignInStep),
    words: &Receiver<SignInWord>,
) -> Result<(), String> {
    let clean = |why: String| Clean::line(&why).to_string();
    let says = says_of(account)?;
    let secret = match typed {
        Some(typed) => Some(typed.clone()),
        None => {
            let kept = tokens::client_secret(vault, account, says);
            kept.map_err(|e| clean(e.to_string()))?
        }
    };
    let brought = bring(account, secret.as_ref(), by, tell, words)?;
    tell(SignInStep::Fetching);
    is_taken(account, &brought)?;
    let refresh = brought.refresh.ok_or("the provider gave nothing to keep")?;
    let _alone = EngineLock::take(lock).map_err(|e| clean(e.to_string()))?;
    let stuck = |why| clean(format!("what the provider gave can't be kept: {why}"));
    if let Some(typed) = typed {
        let kept = vault.keep(account, Kind::ClientSecret, typed);
        kept.map_err(stuck)?;
    }
    let kept = vault.keep(account, Kind::RefreshToken, &refresh);
    kept.map_err(stuck)
}

/// What the configuration says of the account's sign-in.
fn says_of(account: &Account) -> Result<&OAuth, String> {
    match &account.secret {
        SecretSource::OAuth(says) => Ok(says),
        _ => {
            let told = format!(
                "{} is not signed in to in a browser: it has no `oauth` in the configuration (docs/oauth.md)",
                account.name
            );
            Err(Clean::line(&told).to_string())
        }
    }
}

/// Signs in at the provider's page, and keeps nothing; otherwise as [`carry_out`]. `secret` is the
/// client's, where no command prints it.
///
/// # Errors
/// What went wrong and what to do, in plain words, cleaned.
pub fn bring(
    account: &Account,
    secret: Option<&Secret>,
    by: SignInBy,
    tell: &dyn Fn(SignInStep),
    words: &Receiver<SignInWord>,
) -> Result<Tokens, String> {
    let clean = |why: String| Clean::line(&why).to_string();
    let says = says_of(account)?;
    let web = tokens::web(account).map_err(clean)?;
    let printed = match (secret, &says.client_secret) {
        (None, ClientSecret::Command(argv)) => Some(tokens::printed(argv).map_err(clean)?),
        _ => None,
    };
    let provider = Provider {
        web: &web,
        says,
        secret: secret.or(printed.as_ref()),
    };
    let here = has_browser(|name| std::env::var(name).ok());
    let open = |url: &str| here && open::that_detached(url).is_ok();
    let brought = match way(by, says, here) {
        SignInBy::Device => device::sign_in(provider, tell, words, Duration::from_secs(1)),
        _ => browser::sign_in(provider, &account.user, &open, tell, words),
    };
    brought.map_err(|e| clean(format!("{}: {e}", says.provider)))
}

/// Whether the server takes the token. Only its refusal counts: one that can't be reached may be
/// reached later.
fn is_taken(account: &Account, brought: &Tokens) -> Result<(), String> {
    match Session::connect(account, &brought.access, &Options::default()) {
        Ok(mut session) => {
            session.logout();
            Ok(())
        }
        Err(error @ NetError::Auth(_)) => {
            let advice = diagnose::explain(&error, account, diagnose::Service::Imap).line();
            Err(Clean::line(&format!(
                "the provider's page was fine, but {advice}. Nothing was kept."
            ))
            .to_string())
        }
        Err(error) => {
            tracing::warn!(account = %account.name, %error, "the new token could not be tried");
            Ok(())
        }
    }
}

/// Said where there is no [`place`].
pub(super) const PLACELESS: &str = "what keeps you signed in has to lie somewhere: there is no secret store in this session, and no passphrase for secrets.age";

/// Whether what comes of a sign-in has a place, seen to before anybody signs in: the encrypted file,
/// opened or made where somebody can be asked, or the desktop's secret store.
///
/// # Errors
/// The file can't be written; the input ends.
pub(super) fn place(secrets: &Secrets) -> Result<bool> {
    if tokens::vault(secrets).is_open() {
        return Ok(true);
    }
    if !ask::is_somebody_there() {
        return Ok(false);
    }
    if !secrets.vault().is_there() {
        aside!("There is no secret store in this session to keep the sign-in in.");
    }
    passphrase::make(secrets)
}

/// `account sign-in NAME`
///
/// # Errors
/// No such account; a sign-in that failed, was refused or can't be kept.
pub fn sign_in(home: Option<&Path>, as_json: bool, name: &str, by: SignInBy) -> Result<u8> {
    let home = Home::open(home)?;
    let account = home.account(name)?;
    passphrase::unlock(&home.secrets, std::slice::from_ref(account))?;
    if !place(&home.secrets)? {
        return Err(Failure::new(exit::REFUSED, PLACELESS).into());
    }
    let vault = tokens::vault(&home.secrets);
    let typed = ask_client_secret(account, &*vault)?;
    let (sender, words) = unbounded();
    let tell = |step: SignInStep| show(&step);
    listen(&sender);
    let (lock, typed) = (&home.paths.tokens, typed.as_ref());
    let done = carry_out(account, typed, by, &*vault, lock, &tell, &words);
    drop(sender);
    done.map_err(|why| Failure::new(exit::REFUSED, why))?;
    // Whoever talks to the servers has waited for this.
    home.carry_out(Intent::SignedIn(account.name.clone()), exit::IO)?;
    if as_json {
        // It is done, whoever can be told.
        let _ = json::print(json!({ "signed_in": account.name.as_str() }));
    } else {
        say!("Signed in to {}.", Clean::line(account.name.as_str()));
    }
    Ok(0)
}

/// The client secret as it is typed now, where it is to be kept. One that is kept already may be a
/// wrong one: who can answer is asked all the same, and types nothing to leave it.
fn ask_client_secret(account: &Account, vault: &dyn Vault) -> Result<Option<Secret>> {
    let SecretSource::OAuth(says) = &account.secret else {
        return Ok(None);
    };
    if says.client_secret != ClientSecret::Kept {
        return Ok(None);
    }
    let kept = vault.fetch(account, Kind::ClientSecret);
    let kept = kept.map_err(|e| Failure::new(exit::REFUSED, e.to_string()))?;
    let asked = match kept {
        Some(_) if !ask::is_somebody_there() => return Ok(None),
        Some(_) => "Client secret (empty: the one that is kept)",
        None => "Client secret",
    };
    let typed = passphrase::hidden(asked)?;
    let typed = typed.reveal().trim();
    match typed.is_empty() {
        true if kept.is_some() => Ok(None),
        true => Err(Failure::new(exit::DATA, "no client secret was given").into()),
        false => Ok(Some(Secret::new(typed.to_owned()))),
    }
}

/// Says what the user is to do.
pub(super) fn show(step: &SignInStep) {
    match step {
        SignInStep::Page { url, opened, .. } => {
            let begun = match opened {
                true => {
                    "A browser was started. If it does not show the provider's page, open this:"
                }
                false => "Open this page in a browser:",
            };
            aside!("{begun}\n\n{}\n", Clean::line(url));
            aside!(
                "If that browser is on another machine, it can't come back at the end: paste the address that it shows then here."
            );
        }
        SignInStep::Code {
            url, code, whole, ..
        } => {
            let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            for line in qr::half_blocks(whole).unwrap_or_default() {
                match colours {
                    true => aside!("\x1b[97;40m{line}\x1b[0m"),
                    false => aside!("{line}"),
                }
            }
            aside!(
                "\nOpen {} on any device and type this code:\n\n    {}\n\nWaiting …",
                Clean::line(url),
                Clean::line(code)
            );
        }
        SignInStep::Fetching => aside!("Trying it at the server …"),
    }
}

/// Takes what is pasted, until the program ends.
pub(super) fn listen(sender: &Sender<SignInWord>) {
    let sender = sender.clone();
    let read = move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else {
                return;
            };
            if !line.trim().is_empty() {
                let _ = sender.send(SignInWord::Pasted(Secret::new(line)));
            }
        }
    };
    // Without the thread nothing can be pasted, and that is all.
    let _ = std::thread::Builder::new().name("paste".into()).spawn(read);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_chosen_by_where_one_sits() {
        let at = |set: &'static [&'static str]| {
            has_browser(|name| set.contains(&name).then(|| "x".to_owned()))
        };
        assert!(at(&["DISPLAY"]) && at(&["WAYLAND_DISPLAY"]));
        assert!(!at(&["DISPLAY", "SSH_CONNECTION"]) && !at(&["SSH_TTY"]));
        #[cfg(not(target_os = "macos"))]
        assert!(!at(&[]));
        let mut says = OAuth::default();
        assert_eq!(way(SignInBy::Best, &says, false), SignInBy::Browser);
        says.device_url = Some("https://id.example/device".into());
        assert_eq!(way(SignInBy::Best, &says, false), SignInBy::Device);
        assert_eq!(way(SignInBy::Best, &says, true), SignInBy::Browser);
        assert_eq!(way(SignInBy::Device, &says, true), SignInBy::Device);
        assert_eq!(way(SignInBy::Browser, &says, false), SignInBy::Browser);
    }
}
