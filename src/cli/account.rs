//! `account add`: an address and a password are all that has to be typed where its servers are
//! found; the rest is asked. What was found is tried step by step, and written down only once it
//! works.

use super::ask::{self, agrees, question};
use super::by_page::{self, Lasting};
use super::exit::{self, Failure};
use super::say::{aside, say};
use super::words::AddAccount;
use super::{json, passphrase};
use crate::config::Paths;
use crate::config::paths::expand;
use crate::config::secrets::{Kind, Secrets};
use crate::model::setup::{
    Attempt, Cancel, Found, Glimpse, Kept, Mend, Proposal, SignIn, Source, State, Step, Tried,
};
use crate::model::{
    Account, AccountName, Auth, Endpoint, Secret, SecretSource, Security, Service, is_mailbox,
};
use crate::net::discover::{self, Finder};
use crate::setup::{self, Stored};
use crate::text::{Clean, when};
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How often a password may be mistyped at a terminal.
const TRIES: usize = 3;

/// `account add`
///
/// # Errors
/// Input that ends early; an account that does not work; a file that can't be written.
pub fn add(home: Option<&Path>, as_json: bool, args: &AddAccount) -> Result<u8> {
    let paths = Paths::locate(home)?;
    paths.ensure()?;
    let secrets = Secrets::at(&paths);
    // What would be in the way at the end is told before anything is asked.
    let taken = setup::names(&paths.config)?;
    if let Some(name) = args
        .name
        .as_ref()
        .filter(|n| taken.iter().any(|t| t.as_str() == *n))
    {
        let told = format!("there is an account `{name}` already");
        return Err(Failure::new(exit::USAGE, told).into());
    }
    let email = address(args)?;
    let found = servers(&paths.config, &email, args)?;
    let mut wanted = wanted(&email, &found, args)?;
    let lasting = secret(&paths, &secrets, &mut wanted, &found, args)?;
    let app = found.wants_app_password();
    let report = tried(&mut wanted, app, found.app_password_page())?;
    let Some(account) = report.account else {
        let (step, code) =
            report
                .failed
                .map_or((Step::ImapName, exit::UNAVAILABLE), |(s, mend)| {
                    (
                        s,
                        if mend == Mend::SignIn {
                            exit::REFUSED
                        } else {
                            exit::UNAVAILABLE
                        },
                    )
                });
        let told = format!(
            "nothing was written: {} failed; run it again once that is mended",
            step.words()
        );
        return Err(Failure::new(code, told).into());
    };
    let kept = setup::keep(&paths, &account, &wanted.secret, &|a, s| match &lasting {
        Some(lasting) => by_page::store(&secrets, a, lasting),
        None => store(&secrets, a, s, true),
    })
    .map_err(|why| Failure::new(exit::IO, why))?;
    for note in &kept.notes {
        aside!("{note}");
    }
    tell(as_json, &paths, &kept, &found, &report.newest)
}

/// Keeps a password where this desktop keeps secrets, else in the encrypted file, else it is asked
/// for at each start. `asks`: whether the file's passphrase may be asked for; else only one that is
/// open counts.
pub(super) fn store(secrets: &Secrets, account: &Account, secret: &Secret, asks: bool) -> Stored {
    let Err(error) = secrets.keep(account, Kind::Password, secret) else {
        return Ok((SecretSource::Keyring, None));
    };
    aside!("{}", Clean::line(&error.to_string()));
    let vault = secrets.vault();
    let is_open = match asks {
        // Where the input ends nobody gives a passphrase.
        true => passphrase::make(secrets).unwrap_or(false),
        false => vault.is_there() && !vault.is_locked(),
    };
    if is_open {
        let mut account = account.clone();
        account.secret = SecretSource::File;
        let kept = secrets.keep(&account, Kind::Password, secret);
        return kept
            .map(|()| (SecretSource::File, None))
            .map_err(|e| e.to_string());
    }
    let note = "The password will be asked for at each start.".to_owned();
    Ok((SecretSource::Prompt, Some(note)))
}

fn address(args: &AddAccount) -> Result<String> {
    if let Some(typed) = &args.address {
        let read = discover::split(typed);
        return match read {
            Ok((email, _)) => Ok(email),
            // The servers are named, so the domain need not exist.
            Err(_) if args.imap.is_some() && is_named(typed.trim()) => Ok(typed.trim().to_owned()),
            Err(why) => Err(Failure::new(exit::USAGE, why).into()),
        };
    }
    loop {
        match discover::split(&question("Your address", "")?) {
            Ok((email, _)) => return Ok(email),
            Err(why) => aside!("  {why}"),
        }
    }
}

fn is_named(address: &str) -> bool {
    is_mailbox(address) && address.matches('@').count() == 1
}

/// The servers: those that were named, those that are found and agreed to, else those that the
/// user types.
fn servers(config: &Path, email: &str, args: &AddAccount) -> Result<Proposal> {
    let read = |text: &Option<String>, option: &str| -> Result<Vec<Endpoint>> {
        let read = text
            .iter()
            .map(|text| discover::server(text, option))
            .collect();
        let read: Result<Vec<Endpoint>, String> = read;
        Ok(read.map_err(|why| Failure::new(exit::USAGE, why))?)
    };
    let (imap, smtp) = (read(&args.imap, "--imap")?, read(&args.smtp, "--smtp")?);
    let mut found = match imap.is_empty() || smtp.is_empty() {
        true => find(config, email)?,
        false => None,
    };
    if let Some(proposal) = &mut found {
        typed_over(proposal, &imap, &smtp);
        show(proposal);
        let question = proposal.question();
        let no = match question {
            Some(question) => !agrees(&question)?,
            None => false,
        };
        if no {
            found = None;
        }
    }
    let mut all = found.unwrap_or_else(|| typed(email));
    if !imap.is_empty() {
        all.imap = imap;
        all.source = Source::Typed;
    }
    if !smtp.is_empty() {
        all.smtp = smtp;
    }
    let domain = email.rsplit_once('@').map_or("", |(_, d)| d);
    if all.imap.is_empty() {
        all.imap = vec![ask::server("IMAP", &format!("imap.{domain}"), 993)?];
    }
    if all.smtp.is_empty() {
        all.smtp = vec![ask::server("Submission", &format!("smtp.{domain}"), 465)?];
    }
    if all.source == Source::Typed && args.user.is_none() && args.imap.is_none() {
        all.user = question("User name", email)?;
    }
    if let Some(user) = &args.user {
        all.user.clone_from(user);
    }
    // A known provider's servers are known whoever names them.
    if all.source == Source::Typed {
        let known = finder(config)?.providers;
        let host = all.imap.first().map_or("", |end| end.host.as_str());
        if let Some(provider) = known.of_host(host) {
            all.sign_in.clone_from(&provider.sign_in);
        }
    }
    Ok(all)
}

/// Puts servers that were named in the place of those that were found. Nobody need vouch for these;
/// for the others one is asked as ever.
fn typed_over(found: &mut Proposal, imap: &[Endpoint], smtp: &[Endpoint]) {
    // How one signs in is known of the servers that were found.
    let known = |end: &Endpoint| found.imap.iter().any(|e| e.host == end.host);
    if !imap.iter().all(known) {
        found.sign_in = vec![SignIn::Password];
    }
    for (list, named) in [(&mut found.imap, imap), (&mut found.smtp, smtp)] {
        if !named.is_empty() {
            *list = named.to_vec();
        }
    }
    let named = |host: &String| imap.iter().chain(smtp).any(|end| end.host == *host);
    let used = |host: &String| {
        found
            .imap
            .iter()
            .chain(&found.smtp)
            .any(|end| end.host == *host)
    };
    found.outside.retain(|host| used(host) && !named(host));
}

fn typed(email: &str) -> Proposal {
    Proposal {
        provider: None,
        source: Source::Typed,
        imap: Vec::new(),
        smtp: Vec::new(),
        user: email.to_owned(),
        sign_in: vec![SignIn::Password],
        outside: Vec::new(),
        meant: None,
        notes: Vec::new(),
    }
}

fn finder(config: &Path) -> Result<Finder> {
    Ok(setup::finder(config).map_err(|why| Failure::new(exit::CONFIG, why))?)
}

/// What is found for the address; `None` where nobody knows, which is told.
fn find(config: &Path, email: &str) -> Result<Option<Proposal>> {
    let finder = finder(config)?;
    let (mut best, mut why) = (None, None);
    finder.find(email, &Cancel::default(), &mut |event| match event {
        Found::Looking(what) => aside!("{} …", Clean::line(&what)),
        Found::Proposal(found) => best = Some(*found),
        // The last word says so, too.
        Found::Meant(_) => {}
        Found::Done(said) => why = said,
    });
    if let Some(why) = why {
        aside!("{}", Clean::line(&why));
    }
    Ok(best)
}

/// Says what was found.
fn show(found: &Proposal) {
    let name = found.provider.as_deref().unwrap_or("Servers");
    aside!("{}, found {}:", Clean::line(name), found.source.words());
    let place = |end: &Endpoint| {
        let how = match end.security {
            Security::Tls => "TLS",
            Security::StartTls => "STARTTLS",
            Security::None => "on this machine",
        };
        format!("{} port {}, {how}", Clean::line(&end.host), end.port)
    };
    if let Some(end) = found.imap.first() {
        aside!("  reading  {}", place(end));
    }
    if let Some(end) = found.smtp.first() {
        aside!("  sending  {}", place(end));
    }
    aside!("  user     {}", Clean::line(&found.user));
    for note in &found.notes {
        aside!("  {}", Clean::line(note));
    }
}

/// The account as it would stand in the configuration.
fn sample(email: &str, found: &Proposal) {
    let quoted =
        |text: &str| Clean::line(&toml::Value::String(text.to_owned()).to_string()).to_string();
    let place = |list: &[Endpoint]| {
        let end = list.first();
        let security = match end.map(|e| e.security) {
            Some(Security::StartTls) => "starttls",
            _ => "tls",
        };
        let (host, port) = end.map_or(("", 0), |e| (e.host.as_str(), e.port));
        format!(
            "{{ host = {}, port = {port}, security = \"{security}\" }}",
            quoted(host)
        )
    };
    let provider = found.sign_in.iter().find_map(|way| match way {
        SignIn::OAuth { provider } => Some(provider.as_str()),
        _ => None,
    });
    aside!("  [[account]]");
    aside!("  name = {}", quoted(setup::name_for(email, &[]).as_str()));
    aside!("  email = {}", quoted(email));
    aside!("  imap = {}", place(&found.imap));
    aside!("  smtp = {}", place(&found.smtp));
    let provider = quoted(provider.unwrap_or_default());
    aside!("  oauth = {{ provider = {provider}, client-id = \"…\" }}");
}

/// What is to be tried, without its secret.
fn wanted(email: &str, found: &Proposal, args: &AddAccount) -> Result<Attempt> {
    let full_name = args
        .full_name
        .clone()
        .or_else(setup::person::full_name)
        .unwrap_or_default();
    let mut wanted = found.attempt(email, &full_name, Secret::new(String::new()));
    let account = &mut wanted.account;
    account.name = AccountName(args.name.clone().unwrap_or_default());
    // Typed here, read from the configuration's folder: only a whole path means the same.
    account.ca_file = args.ca_file.as_deref().map(ca_file).transpose()?;
    account.auth = args.auth.map_or(Auth::Password, Into::into);
    Ok(wanted)
}

/// Its secret: printed by a program, typed, or what a sign-in at the provider's page brings; then what
/// is to be kept of that, too.
fn secret(
    paths: &Paths,
    secrets: &Secrets,
    wanted: &mut Attempt,
    found: &Proposal,
    args: &AddAccount,
) -> Result<Option<Lasting>> {
    if let Some(command) = &args.password_command {
        let argv = shell_words::split(command);
        let argv = argv.map_err(|e| Failure::new(exit::USAGE, e.to_string()))?;
        wanted.account.secret = SecretSource::Command(argv);
        let printed = secrets.password(&wanted.account, Service::Imap);
        wanted.secret = printed.map_err(|e| Failure::new(exit::REFUSED, e.to_string()))?;
        return Ok(None);
    }
    if found.takes_password() {
        wanted.secret = password(found.wants_app_password(), found.app_password_page())?;
        return Ok(None);
    }
    let word = found.browser().unwrap_or_default();
    if let Some(lasting) = by_page::sign_in(paths, secrets, wanted, word)? {
        return Ok(Some(lasting));
    }
    let name = found.provider.as_deref().unwrap_or("This provider");
    sample(&wanted.account.email, found);
    let told = format!(
        "{} signs in through the browser only (OAuth): put the lines above into config.toml with a client id (docs/oauth.md says where to get one), then run `postrider account sign-in NAME`; or let a program print tokens: --password-command, with --auth xoauth2",
        Clean::line(name)
    );
    Err(Failure::new(exit::REFUSED, told).into())
}

fn password(app: bool, page: Option<&str>) -> Result<Secret> {
    match (app, page) {
        (true, Some(page)) => passphrase::hidden(&format!("App password (made at {page})")),
        (true, None) => passphrase::hidden("App password"),
        (false, _) => passphrase::hidden("Password"),
    }
}

fn ca_file(typed: &str) -> Result<PathBuf> {
    let path = std::path::absolute(expand(typed, Path::new("")))?;
    if !path.is_file() {
        let told = format!("there is no file {}", path.display());
        return Err(Failure::new(exit::NO_INPUT, told).into());
    }
    Ok(path)
}

/// What came of trying.
#[derive(Default)]
struct Report {
    account: Option<Account>,
    newest: Vec<Glimpse>,
    failed: Option<(Step, Mend)>,
}

/// Tries it, and again with another password where somebody can be asked for one.
fn tried(wanted: &mut Attempt, app: bool, page: Option<&str>) -> Result<Report> {
    for again in 1.. {
        let report = once(wanted);
        let mistyped = matches!(report.failed, Some((_, Mend::SignIn)))
            && wanted.account.secret == SecretSource::Keyring;
        if report.account.is_some() || !mistyped || again >= TRIES || !ask::is_somebody_there() {
            return Ok(report);
        }
        aside!("Once more, or nothing to stop.");
        let secret = password(app, page)?;
        if secret.reveal().is_empty() {
            return Ok(report);
        }
        wanted.secret = secret;
    }
    Ok(Report::default())
}

fn once(wanted: &Attempt) -> Report {
    let mut report = Report::default();
    // Where several servers are tried, a step may be told again as it was.
    let mut told = BTreeSet::new();
    setup::attempt(wanted, &Cancel::default(), &mut |event| match event {
        Tried::Check(check) => match check.state {
            State::Worked(found) => {
                let line = format!("  ✓ {}: {found}", check.step.words());
                if told.insert(line.clone()) {
                    aside!("{line}");
                }
            }
            State::Failed {
                what,
                why,
                todo,
                mend,
            } => {
                aside!("  ✗ {}: {what}", check.step.words());
                if !why.is_empty() {
                    aside!("    probably: {why}");
                }
                if !todo.is_empty() {
                    aside!("    do: {todo}");
                }
                report.failed = Some((check.step, mend));
            }
            State::Waiting | State::Running(_) | State::Skipped => {}
        },
        Tried::Newest(newest) => report.newest = newest,
        Tried::Done(account) => report.account = account.map(|a| *a),
    });
    report
}

fn tell(
    as_json: bool,
    paths: &Paths,
    kept: &Kept,
    found: &Proposal,
    newest: &[Glimpse],
) -> Result<u8> {
    let account = &kept.account;
    if as_json {
        let newest: Vec<Value> = newest.iter().map(glimpse).collect();
        // It is set up: whoever hears otherwise would set up a second one.
        let _ = json::print(json!({
            "added": account.name.as_str(), "config": paths.config.to_string_lossy(),
            "email": account.email, "found": found.source.name(), "provider": found.provider,
            "imap": end(&account.imap), "smtp": end(&account.smtp), "newest": newest,
        }));
        return Ok(0);
    }
    if !newest.is_empty() {
        say!("The newest messages:");
    }
    for one in newest {
        say!("  {}  {}", one.from, one.subject);
    }
    if account.full_name.is_empty() {
        say!(
            "Others will see no name beside your address: add `full-name` in the configuration for one."
        );
    }
    say!(
        "{} is set up in {}. Run `postrider`.",
        Clean::line(account.name.as_str()),
        paths.config.display()
    );
    Ok(0)
}

fn glimpse(one: &Glimpse) -> Value {
    let when = (one.when > 0).then(|| when::rfc3339(one.when));
    json!({ "from": one.from, "subject": one.subject, "date": when, "seen": one.seen })
}

fn end(end: &Endpoint) -> Value {
    let security = match end.security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
        Security::None => "none",
    };
    json!({ "host": end.host, "port": end.port, "security": security })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_rfc6186_s6_a_typed_server_vouches_for_no_other() {
        let server = |text: &str| discover::server(text, "test").unwrap();
        let (imap, smtp) = (server("imap.far.test:993"), server("smtp.evil.test:465"));
        let found = Proposal {
            source: Source::Srv,
            imap: vec![server("imap.evil.test:993")],
            smtp: vec![smtp.clone()],
            sign_in: vec![SignIn::OAuth {
                provider: "google".to_owned(),
            }],
            outside: vec!["imap.evil.test".to_owned(), "smtp.evil.test".to_owned()],
            ..typed("me@example.test")
        };
        let mut one = found.clone();
        typed_over(&mut one, std::slice::from_ref(&imap), &[]);
        assert_eq!(one.imap, std::slice::from_ref(&imap));
        assert_eq!(one.outside, ["smtp.evil.test"]);
        let asked = one.question().unwrap();
        assert!(
            asked.contains("smtp.evil.test") && !asked.contains("far"),
            "{asked}"
        );
        // The provider's page was for the other server.
        assert_eq!(one.sign_in, [SignIn::Password]);
        let mut both = found;
        typed_over(&mut both, &[imap], &[smtp]);
        assert_eq!(both.question(), None);
    }

    fn named(address: &str) -> AddAccount {
        let server = |port: u16| Some(format!("mail.firm.test:{port}"));
        AddAccount {
            address: Some(address.to_owned()),
            name: None,
            full_name: None,
            imap: server(993),
            smtp: server(465),
            user: Some("ada".to_owned()),
            password_command: None,
            auth: None,
            ca_file: None,
        }
    }

    #[test]
    fn f54_servers_that_are_typed_are_known_by_the_organisation_s_list() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        let text = "[[provider]]\nname = \"Firm\"\ndomains = [\"firm.test\"]\nimap = [\"mail.firm.test:993\"]\nsmtp = [\"mail.firm.test:465\"]\nsign-in = [\"oauth:firm\"]\n[oauth.firm]\nauth-url = \"https://id.firm.test/a\"\ntoken-url = \"https://id.firm.test/t\"\nscopes = [\"mail\"]\nclient-id = \"x\"\n";
        std::fs::write(folder.path().join(setup::OWN), text).unwrap();
        let found = servers(&config, "ada@elsewhere.test", &named("")).unwrap();
        assert!(!found.takes_password());
        assert_eq!(found.browser(), Some("firm"));
    }

    #[test]
    fn f21_an_address_that_no_configuration_takes_is_refused_first() {
        for wrong in ["<ada@x.test>", "a,b@intranet", "a b@intranet", "ada"] {
            assert!(address(&named(wrong)).is_err(), "{wrong}");
        }
        // Servers that are named need no domain that exists.
        assert_eq!(address(&named(" ada@intranet ")).unwrap(), "ada@intranet");
    }
}
