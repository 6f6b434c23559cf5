//! `mailbox create|rename|delete|subscribe|unsubscribe`, `empty-trash`, `empty-junk`: queued durably,
//! carried out by a running postrider or the next `sync`. What can't be undone is asked about first.

use super::change::report;
use super::exit::{self, Failure};
use super::home::Home;
use super::lists::find_mailbox;
use super::say::aside;
use super::words::{Emptying, MailboxCommand};
use crate::model::view::MailboxRow;
use crate::model::{Intent, Manage, Role, Target, Verb};
use crate::text::Clean;
use anyhow::Result;
use std::io::{IsTerminal as _, stdin};

/// `mailbox …`
///
/// # Errors
/// An unknown mailbox or account, a name that can't be, an answer that is no; a database that can't
/// be written.
pub fn mailbox(home: &Home, as_json: bool, command: &MailboxCommand) -> Result<u8> {
    let find = |name: &str, account: &Option<String>| -> Result<MailboxRow> {
        find_mailbox(home, &home.reader()?, name, account.as_deref())
    };
    let wish = match command {
        MailboxCommand::Create { name, account } => {
            let account = home.account_or_first(account.as_deref())?;
            Manage::Create(account.name.clone(), name.clone())
        }
        MailboxCommand::Rename {
            mailbox,
            to,
            account,
        } => Manage::Rename(find(mailbox, account)?.id, to.clone()),
        MailboxCommand::Delete {
            mailbox,
            account,
            yes,
        } => {
            let row = find(mailbox, account)?;
            let what = format!("Delete {}", named(&row));
            match row.there {
                None if row.selectable => {
                    agreed(&what, "It was not looked at yet: run sync first.", *yes)?;
                }
                there => sure(&what, there.unwrap_or(0), *yes)?,
            }
            Manage::Delete(row.id, row.there)
        }
        MailboxCommand::Subscribe { mailbox, account } => {
            Manage::Subscribe(find(mailbox, account)?.id, true)
        }
        MailboxCommand::Unsubscribe { mailbox, account } => {
            Manage::Subscribe(find(mailbox, account)?.id, false)
        }
    };
    report(home, as_json, Intent::Manage(wish))
}

/// `empty-trash`, `empty-junk`
///
/// # Errors
/// An account without such a mailbox, an answer that is no; a database that can't be written.
pub fn empty(home: &Home, as_json: bool, args: &Emptying, role: Role) -> Result<u8> {
    let account = home.account_or_first(args.account.as_deref())?;
    let name = account.name.as_str();
    let row = find_mailbox(home, &home.reader()?, role.name(), Some(name))?;
    sure(&format!("Empty {}", named(&row)), row.total, args.yes)?;
    let act = Intent::Act {
        verb: Verb::Expunge,
        targets: vec![Target::Mailbox(row.id)],
    };
    report(home, as_json, act)
}

fn named(row: &MailboxRow) -> String {
    format!("{} of {}", Clean::line(&row.path), row.account)
}

/// Asks whether messages are to be removed for good; an answer that is not yes is an error.
fn sure(what: &str, messages: u64, yes: bool) -> Result<()> {
    let count = match messages {
        0 => return Ok(()),
        1 => "The message in it is".to_owned(),
        n => format!("The {n} messages in it are"),
    };
    agreed(what, &format!("{count} removed for good."), yes)
}

/// Asks whether that is to be done, knowing this; an answer that is not yes is an error.
fn agreed(what: &str, knowing: &str, yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !stdin().is_terminal() {
        let told = format!("{what}? {knowing} Say --yes");
        return Err(Failure::new(exit::USAGE, told).into());
    }
    aside!("{what}? {knowing} [y/N]");
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::new(exit::USAGE, "nothing was done").into()),
    }
}
