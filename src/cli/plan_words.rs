//! A plan of `migrate`, for people and for scripts. No secret is in either.

use super::adopting::cards;
use crate::migrate::found::{Kind, Note};
use crate::migrate::plan::Planned;
use crate::migrate::{Client, Plan};
use crate::model::{Address, Auth, Endpoint, SecretSource, Security};
use crate::text::{Clean, width};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Groups and keys that are listed one by one.
const LISTED: usize = 40;
/// Places told of one reason.
const PLACES: usize = 12;

/// The plan in words.
pub(super) fn shown(client: Client, plan: &Plan) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "{}", Clean::line(text));
    };
    let files: Vec<String> = plan
        .files
        .iter()
        .map(|p| home_cut(&p.to_string_lossy()))
        .collect();
    line(&format!("Read of {}: {}", client.name(), files.join(", ")));
    for planned in &plan.accounts {
        line("");
        account(planned, &mut line);
    }
    if !plan.groups.is_empty() {
        line("");
        line(&format!(
            "Names for people ({}), for [groups]:",
            plan.groups.len()
        ));
    }
    for (name, members) in plan.groups.iter().take(LISTED) {
        line(&format!(
            "  {name}: {}",
            width::cut(&members.join(", "), 100)
        ));
    }
    if let Some(more) = plan.groups.len().checked_sub(LISTED).filter(|n| *n > 0) {
        line(&format!("  and {more} more"));
    }
    if !plan.people.is_empty() {
        let file = cards(client);
        line("");
        line(&format!(
            "People ({}), for a new file of cards: {file}",
            plan.people.len()
        ));
    }
    if let Some(argv) = &plan.people_command {
        line("");
        line(&format!("A program that prints people: {}", typed(argv)));
    }
    if !plan.open.is_empty() {
        line("");
        line("Programs that show attachments, for [open]:");
    }
    for (kind, argv) in &plan.open {
        line(&format!("  {kind}: {}", typed(argv)));
    }
    if let Some(preset) = plan.preset {
        line("");
        line(&format!("Keys: preset = \"{preset}\""));
    } else if !plan.keys.is_empty() {
        line("");
        line("Keys:");
    }
    for key in plan.keys.iter().take(LISTED) {
        line(&format!(
            "  [{}] {}: {}",
            key.screen,
            key.key,
            key.commands.join(", ")
        ));
    }
    if let Some(more) = plan.keys.len().checked_sub(LISTED).filter(|n| *n > 0) {
        line(&format!("  and {more} more"));
    }
    for left in &plan.left_out {
        line("");
        line(&format!("Left out: {}: {}.", left.name, left.why));
    }
    for (kind, title) in [
        (Kind::Yours, "For you to look at:"),
        (Kind::NotUnderstood, "Not understood:"),
        (Kind::NoCounterpart, "Without a counterpart here:"),
        (Kind::Otherwise, "Not needed, or done in another way:"),
    ] {
        notes(&plan.notes, kind, title, &mut line);
    }
    if plan.is_empty() {
        line("");
        line("There is nothing to be taken over.");
    }
    out
}

fn account(planned: &Planned, line: &mut dyn FnMut(&str)) {
    let account = &planned.account;
    let name = &account.full_name;
    let who = match name.is_empty() {
        true => account.email.clone(),
        false => format!("{name} <{}>", account.email),
    };
    line(&format!("Account {}: {who}", account.name));
    line(&format!("  reads    {}", place(&account.imap)));
    match &account.sendmail {
        Some(argv) => line(&format!("  sends    by {}", typed(argv))),
        None => line(&format!("  sends    {}", place(&account.smtp))),
    }
    line(&format!("  user     {}", account.user));
    let how = match account.auth {
        Auth::XOauth2 => "token (XOAUTH2)",
        Auth::OAuthBearer => "token (OAUTHBEARER)",
        _ => "password",
    };
    line(&match &account.secret {
        SecretSource::Command(argv) => format!("  {how} printed by: {}", typed(argv)),
        _ if planned.clear.is_some() => {
            "  password moved to where secrets are kept (it stands in clear text there)".to_owned()
        }
        _ => "  password asked for".to_owned(),
    });
    for identity in &account.identities {
        let who = Address::new(identity.full_name.as_str(), identity.email.as_str());
        let signed = identity.signature.as_deref().map(first_line);
        let signed = signed.map_or_else(String::new, |s| format!(", signed {s} …"));
        line(&format!("  also     {who}{signed}"));
    }
    if let Some(signature) = &account.signature {
        line(&format!("  signed   {} …", first_line(signature)));
    }
    let left_out: Vec<&str> = account
        .sync
        .mailboxes
        .iter()
        .map(|m| m.pattern.as_str())
        .collect();
    if !left_out.is_empty() {
        line(&format!("  without  {}", left_out.join(", ")));
    }
    if !account.authserv_id.is_empty() {
        line(&format!("  believes {}", account.authserv_id.join(", ")));
    }
    if let Some(file) = &account.ca_file {
        line(&format!("  trusts   {}", file.display()));
    }
    for note in &planned.notes {
        line(&format!("  note: {note}"));
    }
}

/// The first line of a signature.
fn first_line(signature: &str) -> String {
    let mut lines = signature.lines().filter(|l| !l.trim().is_empty());
    width::cut(lines.next().unwrap_or_default(), 60).to_string()
}

/// The notes of a kind, by reason: what, and where.
fn notes(all: &[Note], kind: Kind, title: &str, line: &mut dyn FnMut(&str)) {
    let mut by_reason: BTreeMap<&str, Vec<&Note>> = BTreeMap::new();
    for note in all.iter().filter(|n| n.kind == kind) {
        by_reason.entry(&note.why).or_default().push(note);
    }
    if by_reason.is_empty() {
        return;
    }
    line("");
    line(title);
    for (why, notes) in by_reason {
        line(&format!("  - {why}:"));
        for note in notes.iter().take(PLACES) {
            line(&format!("      {}  {}", spot(note), home_cut(&note.what)));
        }
        if let Some(more) = notes.len().checked_sub(PLACES).filter(|n| *n > 0) {
            line(&format!("      and {more} more (--json lists all)"));
        }
    }
}

fn spot(note: &Note) -> String {
    let file = home_cut(&note.place.file);
    match (file.is_empty(), note.place.line) {
        (true, _) => "all files".to_owned(),
        (_, 0) => file,
        (_, n) => format!("{file}:{n}"),
    }
}

/// A path with `~` for the home.
fn home_cut(path: &str) -> String {
    let home = directories::UserDirs::new();
    let below = home.and_then(|h| {
        Path::new(path)
            .strip_prefix(h.home_dir())
            .ok()
            .map(Path::to_owned)
    });
    below.map_or_else(|| path.to_owned(), |rest| format!("~/{}", rest.display()))
}

/// A program and its arguments, as one would type them.
fn typed(argv: &[String]) -> String {
    let odd = |c: char| !(c.is_alphanumeric() || "-_./:=@%+,{}".contains(c));
    let tilde = |w: &str| w.strip_prefix('~').is_some_and(|w| !w.contains(odd));
    let word = |w: &String| match w.is_empty() || (w.contains(odd) && !tilde(w)) {
        true => format!("'{}'", w.replace('\'', "'\\''")),
        false => w.clone(),
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn place(end: &Endpoint) -> String {
    let how = match end.security {
        Security::Tls => "TLS",
        Security::StartTls => "STARTTLS",
        Security::None => "on this machine",
    };
    format!("{} port {}, {how}", end.host, end.port)
}

/// The plan for scripts.
pub(super) fn told(client: Client, plan: &Plan) -> Value {
    let accounts: Vec<Value> = plan.accounts.iter().map(account_json).collect();
    let left_out = plan
        .left_out
        .iter()
        .map(|l| json!({ "name": l.name, "why": l.why, "here_already": l.is_here }));
    let groups = plan
        .groups
        .iter()
        .map(|(n, m)| json!({ "name": n, "members": m }));
    let people = plan
        .people
        .iter()
        .map(|p| json!({ "name": p.address.name, "address": p.address.addr, "nickname": p.also }));
    let keys = plan.keys.iter().map(|k| {
        json!({ "screen": k.screen, "key": k.key, "commands": k.commands,
            "file": k.place.file, "line": k.place.line })
    });
    let open = plan
        .open
        .iter()
        .map(|(k, argv)| json!({ "type": k, "command": argv }));
    let notes = plan.notes.iter().map(|n| {
        json!({ "file": n.place.file, "line": n.place.line, "what": n.what,
            "kind": n.kind.name(), "why": n.why })
    });
    json!({
        "client": client.name(),
        "read": plan.files.iter().map(|p| p.to_string_lossy()).collect::<Vec<_>>(),
        "accounts": accounts,
        "left_out": left_out.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "people": people.collect::<Vec<_>>(),
        "people_command": plan.people_command,
        "preset": plan.preset,
        "keys": keys.collect::<Vec<_>>(),
        "open": open.collect::<Vec<_>>(),
        "not_taken": notes.collect::<Vec<_>>(),
    })
}

fn account_json(planned: &Planned) -> Value {
    let account = &planned.account;
    let (secret, command) = match &account.secret {
        SecretSource::Command(argv) => ("command", Some(argv)),
        _ if planned.clear.is_some() => ("kept", None),
        _ => ("asked", None),
    };
    let smtp = account.sendmail.is_none().then(|| end(&account.smtp));
    let identities = account.identities.iter().map(|i| {
        json!({ "email": i.email, "full_name": i.full_name, "reply_to": i.reply_to,
            "signature": i.signature })
    });
    let auth = match account.auth {
        Auth::XOauth2 => "xoauth2",
        Auth::OAuthBearer => "oauthbearer",
        _ => "password",
    };
    json!({
        "name": account.name.as_str(), "email": account.email, "full_name": account.full_name,
        "user": account.user, "imap": end(&account.imap), "smtp": smtp,
        "sendmail": account.sendmail, "secret": secret, "password_command": command, "auth": auth,
        "identities": identities.collect::<Vec<_>>(), "signature": account.signature,
        "exclude": account.sync.mailboxes.iter().map(|m| &m.pattern).collect::<Vec<_>>(),
        "ca_file": account.ca_file.as_ref().map(|p| p.to_string_lossy()),
        "save_sent": account.save_sent, "notes": planned.notes,
    })
}

fn end(end: &Endpoint) -> Value {
    let security = match end.security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
        Security::None => "none",
    };
    json!({ "host": end.host, "port": end.port, "security": security })
}
