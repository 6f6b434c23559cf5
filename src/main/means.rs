//! What the screen is given to go by: what of the command line holds, its language, and how it asks the
//! network (name servers before a message goes, web servers for pictures, providers to sign in).

use postrider::cli;
use postrider::cli::args::Args;
use postrider::config::look::{Icons, Look};
use postrider::config::secrets::Secrets;
use postrider::config::{Checks, Paths};
use postrider::lang::{self, Lang, tr};
use postrider::model::Account;
use postrider::net::domain::Resolver;
use postrider::net::http::{Client, Url};
use postrider::tui::ports::{LoadPicture, LookUp, SignInHow};
use postrider::tui::signs::Signs;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What of the command line holds as long as the program runs.
static SAID: OnceLock<Said> = OnceLock::new();

#[derive(Debug)]
struct Said {
    home: Option<PathBuf>,
    linear: Option<bool>,
}

impl Said {
    fn of(args: &Args) -> Said {
        Said {
            home: args.home.clone(),
            linear: (args.linear || args.no_linear).then_some(args.linear),
        }
    }

    fn home_passed_on(&self) -> Vec<OsString> {
        let home = self.home.clone().map(|home| ["--home".into(), home.into()]);
        home.into_iter().flatten().collect()
    }
}

/// Remembers what the command line says.
pub fn remember(args: &Args) {
    // It says it once.
    let _ = SAID.set(Said::of(args));
}

/// Whether everything is said in words: as the user has it now (`heard`), else as the command line
/// says, else as the configuration does.
pub fn linear(heard: Option<bool>, look: &Look) -> bool {
    heard.or_else(asked).unwrap_or(look.linear)
}

fn asked() -> Option<bool> {
    SAID.get().and_then(|said| said.linear)
}

/// Chooses the language of the screen: the one that is set, else the locale's. A terminal whose octets
/// are not UTF-8 shows German without its dots, but nothing of Japanese.
pub fn speak(look: &Look) {
    let var = |name: &str| std::env::var(name).ok();
    let ascii = Signs::of_process(look.icons) == Signs::Ascii;
    let octets = Signs::of_process(Icons::Auto) == Signs::Ascii;
    let lang = match look.language {
        Some(Lang::Japanese) if ascii => Lang::English,
        Some(lang) => lang,
        None if octets => Lang::English,
        None => match lang::of_environment(var) {
            Lang::Japanese if ascii => Lang::English,
            own => own,
        },
    };
    lang::choose(lang);
}

/// The home that the command line names, for a program that works on the same.
pub fn home_passed_on() -> Vec<OsString> {
    SAID.get().map(Said::home_passed_on).unwrap_or_default()
}

/// What of the command line holds for a program that begins anew in this one's place; `heard`:
/// whether the user had the linear mode, if he changed that meanwhile.
pub fn passed_on(heard: Option<bool>) -> Vec<OsString> {
    let linear = heard.or_else(asked).map(|linear| match linear {
        true => OsString::from("--linear"),
        false => OsString::from("--no-linear"),
    });
    home_passed_on().into_iter().chain(linear).collect()
}

/// How recipients' domains are looked up, if they are. Whom the system asks changes with the
/// network that it is in.
pub fn domains(checks: &Checks) -> Option<LookUp> {
    let server = checks.name_server;
    let look_up = move |domains: &[String]| {
        let resolver = server.map_or_else(Resolver::of_system, Resolver::at);
        resolver.look_up(domains)
    };
    checks.domains.then(|| Arc::new(look_up) as LookUp)
}

/// Who asks web servers.
fn web() -> Client {
    #[cfg(feature = "faults")]
    if let Some(ca) = std::env::var_os("POSTRIDER_WEB_CA") {
        // Only for tests, whose servers stand on loopback.
        let ca = std::path::PathBuf::from(ca);
        let trust = postrider::net::tls::Trust::new(Some(&ca), None);
        return trust.map(Client::anywhere).unwrap_or_default();
    }
    Client::default()
}

/// How pictures on the web are loaded.
pub fn load_picture() -> LoadPicture {
    let web = web();
    Arc::new(move |url, most, until| {
        let answer = Url::parse(url).and_then(|url| web.get(&url, most, until));
        let answer = answer.map_err(|e| e.to_string())?;
        match answer.status {
            200 => Ok(answer.body),
            other => Err(tr!("the web server answered {status}", status = other)),
        }
    })
}

/// How an account is signed in to in a browser.
pub fn sign_in(paths: &Paths, accounts: &[Account], secrets: &Secrets) -> SignInHow {
    let vault = cli::tokens::vault(secrets);
    let (lock, accounts) = (paths.tokens.clone(), accounts.to_vec());
    Arc::new(move |name, by, tell, words| {
        let found = accounts.iter().find(|a| a.name == *name);
        let account = found.ok_or_else(|| tr!("there is no account {name}", name))?;
        cli::sign_in::carry_out(account, None, by, &*vault, &lock, tell, words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use postrider::cli::args;

    #[test]
    fn what_the_command_line_says_is_passed_on() {
        let said = |line: &str| {
            let words = std::iter::once("postrider").chain(line.split_whitespace());
            Said::of(&args::read(words.map(OsString::from)).unwrap())
        };
        assert_eq!(said("").linear, None);
        assert_eq!(said("--linear").linear, Some(true));
        assert_eq!(said("--no-linear").linear, Some(false));
        let passed = said("--linear --home /h").home_passed_on();
        assert_eq!(passed, ["--home", "/h"]);
    }
}
