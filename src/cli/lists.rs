//! `accounts`, `mailboxes`, `list`, `search`: what the cache knows, without the network.

use super::args::List;
use super::exit::{self, Failure};
use super::home::Home;
use super::passphrase;
use super::say::aside;
use super::{json, table};
use crate::model::view::{IndexRow, MailboxRow, Order, Page, Scope};
use crate::model::{Query, Role, Security};
use crate::signal::Board;
use crate::store::Reader;
use crate::sync::{engine, seek};
use crate::text::{Clean, when, width};
use anyhow::Result;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is said where there can be nothing to list.
const NOTHING_YET: &str = "nothing was fetched yet: `postrider sync --once` does it";
/// Rows read at once.
const PAGE: usize = 200;

/// `accounts`
///
/// # Errors
/// When the output can't be written.
pub fn accounts(home: &Home, as_json: bool) -> Result<u8> {
    let list = &home.config.accounts;
    if as_json {
        let server = |e: &crate::model::Endpoint| {
            let security = match e.security {
                Security::Tls => "tls",
                Security::StartTls => "starttls",
                Security::None => "none",
            };
            json!({"host": e.host, "port": e.port, "security": security})
        };
        let rows: Vec<_> = list
            .iter()
            .map(|a| json!({"name": a.name.as_str(), "email": a.email, "user": a.user, "imap": server(&a.imap), "smtp": server(&a.smtp)}))
            .collect();
        json::print(json!({ "accounts": rows }))?;
    } else {
        let rows: Vec<_> = list
            .iter()
            .map(|a| {
                vec![
                    Clean::line(a.name.as_str()),
                    Clean::line(&a.email),
                    Clean::line(&a.imap.host),
                    Clean::line(&a.smtp.host),
                ]
            })
            .collect();
        table::print(&rows, 40)?;
    }
    Ok(0)
}

/// `mailboxes`
///
/// # Errors
/// When the cache can't be read or the account is unknown.
pub fn mailboxes(home: &Home, as_json: bool, account: Option<&str>) -> Result<u8> {
    if let Some(name) = account {
        home.account(name)?;
    }
    let mut rows = home.reader()?.mailboxes()?;
    rows.retain(|m| account.is_none_or(|name| m.account.as_str() == name));
    let accounts = &home.config.accounts;
    rows.sort_by_cached_key(|m| {
        let account = accounts.iter().position(|a| a.name == m.account);
        let account = account.unwrap_or(accounts.len());
        (account, Role::place(m.role), m.path.to_lowercase())
    });
    if as_json {
        let list: Vec<_> = rows
            .iter()
            .map(|m| {
                json!({
                    "account": m.account.as_str(),
                    "name": m.path,
                    "role": m.role.map(Role::name),
                    "total": m.total,
                    "unread": m.unread,
                })
            })
            .collect();
        json::print(json!({ "mailboxes": list }))?;
    } else {
        let list: Vec<_> = rows
            .iter()
            .map(|m| {
                let counts = Clean::line(&format!("{} unread of {}", m.unread, m.total));
                vec![
                    Clean::line(m.account.as_str()),
                    Clean::line(&m.path),
                    Clean::lit(m.role.map_or("", Role::name)),
                    counts,
                ]
            })
            .collect();
        table::print(&list, 40)?;
        if list.is_empty() {
            aside!("{NOTHING_YET}");
        }
    }
    Ok(0)
}

/// The mailbox that a user means by a name or role.
///
/// # Errors
/// When there is none, or several.
pub fn find_mailbox(
    home: &Home,
    reader: &Reader,
    wanted: &str,
    account: Option<&str>,
) -> Result<MailboxRow> {
    if let Some(name) = account {
        home.account(name)?;
    }
    let of_account = |m: &MailboxRow| account.is_none_or(|name| m.account.as_str() == name);
    let all: Vec<MailboxRow> = reader.mailboxes()?.into_iter().filter(of_account).collect();
    let exact: Vec<&MailboxRow> = all.iter().filter(|m| m.path == wanted).collect();
    let loose = |m: &&MailboxRow| {
        m.path.eq_ignore_ascii_case(wanted)
            || m.role
                .is_some_and(|r| r.name().eq_ignore_ascii_case(wanted))
    };
    let found = if exact.is_empty() {
        all.iter().filter(loose).collect()
    } else {
        exact
    };
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::new(
            exit::NO_INPUT,
            format!(
                "there is no mailbox `{}`; `postrider mailboxes` lists those that there are",
                wanted.escape_debug()
            ),
        )
        .into()),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|m| format!("{} of {}", m.path, m.account))
                .collect();
            let told = format!(
                "`{}` could be {}; say --account",
                wanted.escape_debug(),
                names.join(" or ")
            );
            Err(Failure::new(exit::USAGE, told).into())
        }
    }
}

/// `list`
///
/// # Errors
/// When the cache can't be read or something named is unknown.
pub fn list(home: &Home, as_json: bool, args: &List) -> Result<u8> {
    let reader = home.reader()?;
    let scope = scope(
        home,
        &reader,
        args.mailbox.as_deref(),
        args.account.as_deref(),
    )?;
    let count = reader.total(&scope, args.threads)?;
    let rows = newest(&reader, &scope, args.threads, args.limit)?;
    print(&reader, as_json, count, &rows)
}

/// What these options name: a mailbox, or every inbox.
///
/// # Errors
/// As [`find_mailbox`].
pub fn scope(
    home: &Home,
    reader: &Reader,
    mailbox: Option<&str>,
    account: Option<&str>,
) -> Result<Scope> {
    if mailbox.is_none() && account.is_none() {
        return Ok(Scope::UnifiedInbox);
    }
    let wanted = mailbox.unwrap_or("inbox");
    Ok(Scope::Mailbox(
        find_mailbox(home, reader, wanted, account)?.id,
    ))
}

/// The newest rows of a list, at most so many.
///
/// # Errors
/// When the cache can't be read.
pub fn newest(
    reader: &Reader,
    scope: &Scope,
    threads: bool,
    limit: usize,
) -> Result<Vec<IndexRow>> {
    let mut rows: Vec<IndexRow> = Vec::new();
    while rows.len() < limit {
        let page = rows
            .last()
            .map_or(Page::Newest, |last: &IndexRow| Page::After(last.key));
        let more = reader.page(scope, threads, page, PAGE.min(limit - rows.len()))?;
        if more.is_empty() {
            break;
        }
        rows.extend(more);
    }
    Ok(rows)
}

/// `search`
///
/// # Errors
/// A query that can't be read; the cache can't be read.
pub fn search(
    home: &Home,
    as_json: bool,
    text: &str,
    (limit, order, servers): (usize, Order, bool),
) -> Result<u8> {
    let query = Query::parse(text).map_err(|e| {
        let before = width::width(text.get(..e.at).unwrap_or_default());
        let here = " ".repeat(before);
        Failure::new(exit::USAGE, format!("{e}\n  {text}\n  {here}^"))
    })?;
    let reader = home.reader()?;
    let now = when::now();
    let found = match order {
        Order::Best => reader.search_ranked(&query, now, limit)?,
        Order::Newest => reader.search(&query, now, limit)?,
    };
    let (mut count, mut rows) = (found.count, found.rows);
    if servers {
        ask_servers(home, text)?;
        let mut hits = reader.server_hits(text, &query, now, limit)?;
        hits.retain(|hit| rows.iter().all(|row| row.message != hit.message));
        let named = hits.len();
        count += named as u64;
        rows.append(&mut hits);
        if named > 0 {
            aside!("the last {named} were found by the server; their text is not here yet");
        }
    }
    print(&reader, as_json, count, &rows)
}

/// Has every account's server asked for a search. One that can't be asked is told.
fn ask_servers(home: &Home, text: &str) -> Result<()> {
    // Without it only the accounts that want it can't be asked.
    let _ = passphrase::unlock(&home.secrets, &home.config.accounts);
    for account in &home.config.accounts {
        let parts = home.parts(vec![account.clone()], Arc::new(Board::new()), false)?;
        let kit = engine::kit(&parts, account, &Arc::new(AtomicBool::new(false)));
        let mut session = None;
        let asked = seek::ask(&kit, &mut session, text, &|| false);
        if let Some(session) = session {
            session.hang_up();
        }
        if let Err(error) = asked {
            let why = Clean::line(&error.to_string());
            aside!(
                "{}: only mail that is here was searched: {why}",
                account.name
            );
        }
    }
    Ok(())
}

fn print(reader: &Reader, as_json: bool, count: u64, rows: &[IndexRow]) -> Result<u8> {
    let mailboxes = reader.mailboxes()?;
    let place = |row: &IndexRow| {
        let found = mailboxes.iter().find(|m| m.id == row.mailbox);
        found.map_or((String::new(), String::new()), |m| {
            (m.account.to_string(), m.path.clone())
        })
    };
    if as_json {
        let mut messages = Vec::new();
        for row in rows {
            let (account, mailbox) = place(row);
            messages.push(json::row(
                row,
                &account,
                &mailbox,
                reader.message(row.message)?.as_ref(),
            ));
        }
        json::print(json!({ "count": count, "messages": messages }))?;
        return Ok(0);
    }
    let now = when::now();
    let lines: Vec<Vec<Clean>> = rows
        .iter()
        .map(|row| {
            let marks = format!(
                "{}{}",
                if row.unread > 0 { "●" } else { " " },
                if row.flags.system.has(crate::model::System::FLAGGED) {
                    "★"
                } else {
                    " "
                }
            );
            let subject = match row.subject.trim() {
                "" => "(no subject)",
                subject => subject,
            };
            let subject = match row.count {
                0 | 1 => subject.to_owned(),
                count => format!("{subject} ({count})"),
            };
            vec![
                Clean::line(&format!("m{}", row.message.0)),
                Clean::line(&marks),
                Clean::line(&when::short(row.date, now)),
                table::people(&row.from),
                Clean::line(&subject),
            ]
        })
        .collect();
    table::print(&lines, 24)?;
    if mailboxes.is_empty() {
        aside!("{NOTHING_YET}");
    }
    if count > rows.len() as u64 {
        aside!("{} of {count}; --limit shows more", rows.len());
    }
    Ok(0)
}
