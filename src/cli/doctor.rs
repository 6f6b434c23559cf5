//! `doctor`: each step to both servers of an account, with its result, and for the first failure
//! the cause and the remedy.

use super::exit;
use super::home::Home;
use super::host::Desk;
use super::json;
use super::say::say;
use crate::model::{Account, AccountName, Endpoint, Secret, SecretSource, Security};
use crate::net::connect::{self, Patience};
use crate::net::diagnose::{Advice, Service, explain};
use crate::net::error::NetError;
use crate::net::imap::extensions::{EXTENSIONS, Extension, Offer};
use crate::net::imap::{Options, Session};
use crate::net::sendmail;
use crate::net::smtp::{Pace, SmtpSession, Watch};
use crate::net::trace::Ring;
use crate::sync::{Host as _, NoSecret};
use crate::text::{Clean, size, width, wrap};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Instant;

/// Columns of a line, at most.
const WIDTH: usize = 96;
/// Columns for a step's name: the longest has as many.
const NAME: usize = 23;

/// One step and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was tried.
    pub name: &'static str,
    /// What was found, if it worked.
    pub found: Result<String, Advice>,
    /// How long it took.
    pub millis: u128,
    /// If it failed: the last lines of the conversation, without secrets.
    pub said: Vec<String>,
}

/// `doctor`
///
/// # Errors
/// When the account is unknown or the output can't be written.
pub fn doctor(home: &Home, as_json: bool, account: Option<&str>) -> Result<u8> {
    let accounts = home.accounts(account)?;
    let desk = Desk::new(&home.paths, false);
    let mut reports = Vec::new();
    let mut healthy = true;
    let mut shown: Vec<(Endpoint, Offers, AccountName)> = Vec::new();
    for account in &accounts {
        let secret = desk.secret(account);
        let (steps, offers) = examine(account, secret);
        healthy &= steps.iter().all(|s| s.found.is_ok());
        if as_json {
            reports.push(json!({ "name": account.name.as_str(), "steps": steps.iter().map(value).collect::<Vec<_>>(), "extensions": offers.iter().map(offered).collect::<Vec<_>>() }));
        } else {
            say!(
                "{} ({})",
                Clean::line(account.name.as_str()),
                Clean::line(&account.email)
            );
            for line in steps.iter().flat_map(told) {
                say!("{line}");
            }
            let same = |(end, there, _): &&(Endpoint, Offers, AccountName)| {
                end.host == account.imap.host && *there == offers
            };
            match shown.iter().find(same) {
                _ if offers.is_empty() => {}
                Some((.., first)) => {
                    let first = Clean::line(first.as_str());
                    say!("  the IMAP server offers the same as for {first}, above");
                }
                None => {
                    for line in table(&offers) {
                        say!("{line}");
                    }
                    shown.push((account.imap.clone(), offers, account.name.clone()));
                }
            }
        }
    }
    if as_json {
        json::print(json!({ "healthy": healthy, "accounts": reports }))?;
    }
    Ok(if healthy { 0 } else { exit::UNAVAILABLE })
}

fn state(offer: Offer) -> &'static str {
    match offer {
        Offer::Used => "used",
        Offer::Missing => "missing",
        Offer::SwitchedOff => "switched off",
        Offer::Distrusted => "distrusted",
    }
}

fn offered((extension, offer): &(Extension, Offer)) -> Value {
    json!({
        "name": extension.name(), "rfc": extension.rfc, "state": state(*offer),
        "used_for": extension.used, "without": extension.without,
    })
}

/// What the server offers and what we make of it.
fn table(offers: &Offers) -> Vec<String> {
    let names = offers.iter().map(|(e, _)| width::width(e.name()));
    let column = names.max().unwrap_or(0);
    let mut lines = vec!["  what the IMAP server offers, and what is made of it:".to_owned()];
    for (extension, offer) in offers {
        let (mark, note, words) = match offer {
            Offer::Used => ("+", "", extension.used),
            Offer::Missing => ("-", "not offered: ", extension.without),
            Offer::SwitchedOff => ("x", "switched off: ", extension.without),
            Offer::Distrusted => ("x", "known to be wrong here: ", extension.without),
        };
        let head = format!("    {mark} {:<column$} ", extension.name());
        lines.extend(hung(&head, &format!("{note}{words}")));
    }
    lines
}

/// A text in the columns behind its heading.
fn hung(head: &str, text: &str) -> Vec<String> {
    let indent = width::width(head);
    let pieces = wrap::wrap(text, WIDTH.saturating_sub(indent).max(20));
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        let before = if lines.is_empty() {
            head.to_owned()
        } else {
            " ".repeat(indent)
        };
        lines.push(format!("{before}{}", Clean::line(&piece)));
    }
    lines
}

fn value(step: &Step) -> Value {
    match &step.found {
        Ok(found) => json!({"step": step.name, "ok": true, "found": found, "ms": step.millis}),
        Err(advice) => json!({
            "step": step.name, "ok": false, "ms": step.millis,
            "what": advice.what, "why": advice.why, "todo": advice.todo, "said": step.said,
        }),
    }
}

/// A step in lines.
fn told(step: &Step) -> Vec<String> {
    let mut lines;
    match &step.found {
        Ok(found) => {
            let head = format!("  ✓ {:<NAME$} ", step.name);
            // What was only noted took no time.
            let text = match step.millis {
                0 => found.clone(),
                millis => format!("{found} ({millis} ms)"),
            };
            lines = hung(&head, &text);
        }
        Err(advice) => {
            lines = hung(&format!("  ✗ {:<NAME$} ", step.name), &advice.what);
            if !advice.why.is_empty() {
                lines.extend(hung("    probably: ", &advice.why));
            }
            if !advice.todo.is_empty() {
                lines.extend(hung("    do: ", &advice.todo));
            }
            let said = step.said.iter();
            lines.extend(said.map(|line| format!("      {}", Clean::line(line))));
        }
    }
    lines
}

/// Tries everything that an account needs; each server's steps end at its first failure.
pub fn examine(account: &Account, secret: Result<Secret, NoSecret>) -> (Vec<Step>, Offers) {
    let mut steps = Vec::new();
    let secret = match secret {
        Ok(secret) => {
            steps.push(Step {
                name: "password",
                found: Ok("found".to_owned()),
                millis: 0,
                said: Vec::new(),
            });
            Some(secret)
        }
        Err(no) => {
            let (what, todo) = match (no, &account.secret) {
                (NoSecret::Ask, _) => (
                    "the password is typed on the screen only; signing in is not tried".to_owned(),
                    "to have it tried here, set password-command or password = \"keyring\"",
                ),
                (NoSecret::Failed(why), SecretSource::Command(_)) => (
                    why,
                    "run it by hand: it must print the password on its first line, and ask nothing",
                ),
                // What keeps passwords says itself what to do.
                (NoSecret::Failed(why), _) => (why, ""),
            };
            let advice = Advice {
                what,
                why: String::new(),
                todo: todo.to_owned(),
            };
            steps.push(Step {
                name: "password",
                found: Err(advice),
                millis: 0,
                said: Vec::new(),
            });
            None
        }
    };
    let mut offers = Offers::new();
    let _ = imap(account, secret.as_ref(), &mut steps, &mut offers);
    let _ = smtp(account, secret.as_ref(), &mut steps);
    (steps, offers)
}

/// Runs one step; `None` ends this server's steps.
fn step<T>(
    steps: &mut Vec<Step>,
    name: &'static str,
    (account, service): (&Account, Service),
    ring: &Ring,
    work: impl FnOnce() -> Result<(T, String), NetError>,
) -> Option<T> {
    let began = Instant::now();
    let outcome = work();
    let millis = began.elapsed().as_millis();
    let (value, found, said) = match outcome {
        Ok((value, found)) => (Some(value), Ok(found), Vec::new()),
        Err(error) => (None, Err(explain(&error, account, service)), ring.lines()),
    };
    steps.push(Step {
        name,
        found,
        millis,
        said,
    });
    value
}

/// What a server offers and what becomes of it.
pub type Offers = Vec<(Extension, Offer)>;

fn imap(
    account: &Account,
    secret: Option<&Secret>,
    steps: &mut Vec<Step>,
    offers: &mut Offers,
) -> Option<()> {
    let at = (account, Service::Imap);
    reach(at, steps)?;
    let secret = secret?;
    let ring = Ring::default();
    let options = Options {
        ring: Some(ring.clone()),
        ..Options::default()
    };
    let mut session = step(steps, "IMAP sign in", at, &ring, || {
        let session = Session::connect(account, secret, &options)?;
        Ok((session, format!("as {}", account.user)))
    })?;
    let note = |name: &'static str, found: String| Step {
        name,
        found: Ok(found),
        millis: 0,
        said: Vec::new(),
    };
    if let Some(id) = session.server_id() {
        steps.push(note("IMAP server", id.to_owned()));
    }
    let caps: Vec<&str> = session.caps().iter().collect();
    steps.push(note("IMAP capabilities", caps.join(" ")));
    let listed = step(steps, "IMAP mailboxes", at, &ring, || {
        let listed = session.list()?;
        let told = listed.iter().filter_map(|l| l.status.as_ref());
        let (messages, octets) = told.fold((0u64, 0u64), |(messages, octets), status| {
            let here = u64::from(status.messages.unwrap_or(0));
            (messages + here, octets + status.size.unwrap_or(0))
        });
        let mut words = format!("{} mailboxes", listed.len());
        if messages > 0 {
            words.push_str(&format!(", {messages} messages"));
        }
        if octets > 0 {
            words.push_str(&format!(", {}", size::human(octets)));
        }
        Ok(((), words))
    });
    if listed.is_some() && session.compressed() {
        steps.push(note("IMAP compression", "DEFLATE".to_owned()));
    }
    *offers = EXTENSIONS
        .iter()
        .map(|e| (*e, e.offer(session.caps(), &account.sync.without)))
        .collect();
    session.logout();
    Some(())
}

fn smtp(account: &Account, secret: Option<&Secret>, steps: &mut Vec<Step>) -> Option<()> {
    let at = (account, Service::Smtp);
    if let Some(argv) = &account.sendmail {
        let ring = Ring::default();
        return step(steps, "sending program", at, &ring, || {
            let name = argv.first().map_or("", String::as_str);
            let found = sendmail::find(name);
            let found =
                found.map_err(|e| NetError::Unsendable(format!("`{name}` can't be run: {e}")))?;
            Ok(((), found.display().to_string()))
        });
    }
    reach(at, steps)?;
    let ring = Ring::default();
    let mut session = step(steps, "submission greeting", at, &ring, || {
        let session = SmtpSession::greet(account, Pace::brisk(), ring.clone(), Watch::default())?;
        let offers: Vec<String> = session
            .offers()
            .iter()
            .map(|(k, v)| format!("{k} {v}").trim().to_owned())
            .collect();
        Ok((session, offers.join(", ")))
    })?;
    if let Some(secret) = secret {
        step(steps, "submission sign in", at, &ring, || {
            session.sign_in(account, secret)?;
            Ok(((), format!("as {}", account.user)))
        })?;
    }
    session.quit();
    Some(())
}

/// The steps that both kinds of servers share.
fn reach(at: (&Account, Service), steps: &mut Vec<Step>) -> Option<()> {
    let (account, service) = at;
    let end = service.endpoint(account);
    let (lookup, port) = match service {
        Service::Imap => ("IMAP name", "IMAP port and TLS"),
        Service::Smtp => ("submission name", "submission port and TLS"),
    };
    let ring = Ring::default();
    step(steps, lookup, at, &ring, || {
        let found = connect::lookup(&end.host, end.port, Patience::default().lookup)?;
        let list: Vec<String> = found.iter().map(|a| a.ip().to_string()).collect();
        Ok(((), format!("{} is {}", end.host, list.join(", "))))
    })?;
    step(steps, port, at, &ring, || {
        connect::open(account, end, None, Patience::default())?.shut();
        let how = match end.security {
            Security::Tls => "TLS, certificate right",
            Security::StartTls => "open; TLS follows by STARTTLS",
            Security::None => "open, on this machine, without TLS",
        };
        Ok(((), format!("port {}: {how}", end.port)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_fits_its_column_and_long_lists_are_wrapped() {
        let step = |name, found: &str| Step {
            name,
            found: Ok(found.to_owned()),
            millis: 12,
            said: Vec::new(),
        };
        let short = told(&step("submission port and TLS", "port 465"));
        assert_eq!(short, ["  ✓ submission port and TLS port 465 (12 ms)"]);
        let long = told(&step("IMAP capabilities", &"CONDSTORE ".repeat(40)));
        let at = |line: &str| line.chars().count() - line.trim_start().chars().count();
        assert!(long.len() > 3, "{long:#?}");
        assert!(long.iter().all(|l| width::width(l) <= WIDTH), "{long:#?}");
        assert!(long[1..].iter().all(|l| at(l) == NAME + 5), "{long:#?}");
        let offers: Offers = EXTENSIONS.iter().map(|e| (*e, Offer::Used)).collect();
        let table = table(&offers);
        assert!(table.len() > EXTENSIONS.len());
        assert!(table.iter().all(|l| width::width(l) <= WIDTH), "{table:#?}");
    }

    #[test]
    fn whatever_is_used_can_be_switched_off_and_nothing_else() {
        let used: BTreeSet<&str> = EXTENSIONS.iter().flat_map(|e| e.names).copied().collect();
        let mut known: BTreeSet<&str> = crate::config::policy::EXTENSIONS.into();
        // Part of another row: a server that takes nothing but UTF-8.
        known.remove("UTF8=ONLY");
        assert_eq!(used, known);
    }
}
