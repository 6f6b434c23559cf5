//! From a parsed command line to the command.

use super::args::{Args, Command};
use super::change::{self, Change};
use super::home::Home;
use super::say::aside;
use super::words::AccountCommand;
use super::{
    account, doctor, exit, export, import, journal, lists, manage, migrate, outbox, papers, remind,
    remove, rules, send, show, sign_in, sync, verify,
};
use crate::model::view::Order;
use crate::model::{Role, SignInBy};
use std::path::Path;

/// Runs a command other than the screen and the demo, and answers its exit code. What went wrong
/// stands on standard error. `around`: what only the screen's floor can tell of this machine.
pub fn run(args: &Args, command: &Command, around: doctor::Around<'_>) -> u8 {
    let done = match command {
        Command::Doctor { account, offline } => {
            let (home, only) = (args.home.as_deref(), account.as_deref());
            doctor::doctor(home, args.json, only, *offline, around)
        }
        _ => carry_out(args.home.as_deref(), args.json, command),
    };
    match done {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            aside!("postrider: {}", exit::words(&error));
            exit::code(&error)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn carry_out(place: Option<&Path>, json: bool, command: &Command) -> anyhow::Result<u8> {
    match command {
        Command::Account {
            command: AccountCommand::Add(args),
        } => return account::add(place, json, args),
        Command::Account {
            command:
                AccountCommand::SignIn {
                    name,
                    device,
                    browser,
                },
        } => {
            let by = match (device, browser) {
                (true, _) => SignInBy::Device,
                (_, true) => SignInBy::Browser,
                _ => SignInBy::Best,
            };
            return sign_in::sign_in(place, json, name, by);
        }
        Command::Migrate(args) => return migrate::migrate(place, json, args),
        Command::Completions { shell } => return papers::completions(*shell),
        Command::Man { folder } => return papers::man(folder.as_deref()),
        _ => {}
    }
    let home = Home::open(place)?;
    let done = on_home(&home, json, command);
    exit::note_damage(&home.paths.cache, &done);
    done
}

fn on_home(home: &Home, json: bool, command: &Command) -> anyhow::Result<u8> {
    match command {
        Command::Accounts => lists::accounts(home, json),
        Command::Mailboxes { account } => lists::mailboxes(home, json, account.as_deref()),
        Command::List(args) => lists::list(home, json, args),
        Command::Search {
            query,
            limit,
            best,
            server,
        } => {
            let order = match best {
                true => Order::Best,
                false => Order::Newest,
            };
            lists::search(home, json, &query.join(" "), (*limit, order, *server))
        }
        Command::Show(args) => show::show(home, json, args),
        Command::Send(args) => send::send(home, json, args),
        Command::Outbox { all, decision } => match decision {
            None => outbox::outbox(home, json, *all),
            Some(decision) => outbox::decide(home, json, decision),
        },
        Command::Remind { id: None, .. } => remind::list(home, json),
        Command::Remind { id: Some(id), when } => remind::remind(home, json, id, when),
        Command::Sync(args) => sync::sync(home, json, args),
        Command::Flag {
            id,
            changes,
            mailbox,
        } => change::change(home, json, id, mailbox.as_deref(), &Change::Flags(changes)),
        Command::Move {
            id,
            to,
            account,
            mailbox,
        } => {
            let to = Change::Move(to, account.as_deref());
            change::change(home, json, id, mailbox.as_deref(), &to)
        }
        Command::Mute { id } => change::change(home, json, id, None, &Change::Mute),
        Command::Snooze { id, when } => change::change(home, json, id, None, &Change::Snooze(when)),
        Command::Archive { id, mailbox } => {
            change::change(home, json, id, mailbox.as_deref(), &Change::Archive)
        }
        Command::Delete { id, mailbox } => {
            change::change(home, json, id, mailbox.as_deref(), &Change::Delete)
        }
        Command::Undo { id, after } => journal::undo(home, json, id.as_deref(), after.as_deref()),
        Command::Redo { id } => journal::redo(home, json, id.as_deref()),
        Command::Rules { command } => rules::rules(home, json, command.as_ref()),
        Command::Journal { limit } => journal::journal(home, json, *limit),
        Command::Mailbox { command } => manage::mailbox(home, json, command),
        Command::EmptyTrash(args) => manage::empty(home, json, args, Role::Trash),
        Command::EmptyJunk(args) => manage::empty(home, json, args, Role::Junk),
        Command::Import(args) => import::import(home, json, args),
        Command::Copy(args) => import::copy(home, json, args),
        Command::Export(args) => export::export(home, json, args),
        Command::Verify(args) => verify::verify(home, json, args),
        Command::Account {
            command: AccountCommand::List,
        } => lists::accounts(home, json),
        Command::Account {
            command: AccountCommand::Remove(args),
        } => remove::remove(home, json, args),
        // These want no home; the composition root takes the first three before, and `run` the others.
        Command::Demo
        | Command::Compose(_)
        | Command::Config { .. }
        | Command::Account { .. }
        | Command::Doctor { .. }
        | Command::Migrate(_)
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(exit::USAGE),
    }
}
