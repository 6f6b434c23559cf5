//! The arguments of the commands that keep accounts and mailboxes and move mail in and out.

use crate::migrate::Client;
use crate::model::Auth;
use clap::{Args as Arguments, Subcommand};
use std::path::PathBuf;

/// What to do with the configuration.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// List what is wrong with config.toml, keys.toml and the themes: file:line:column.
    Check,
}

/// What to do with a mailbox. Levels of a name are separated by `/`.
#[derive(Debug, Subcommand)]
pub enum MailboxCommand {
    /// Make one.
    Create {
        /// Its name.
        name: String,
        /// Of this account.
        #[arg(short = 'a', long)]
        account: Option<String>,
    },
    /// Give one another name.
    Rename {
        /// The mailbox.
        mailbox: String,
        /// Its new name.
        to: String,
        /// Of this account.
        #[arg(short = 'a', long)]
        account: Option<String>,
    },
    /// Delete one and what is in it; asks first.
    Delete {
        /// The mailbox.
        mailbox: String,
        /// Of this account.
        #[arg(short = 'a', long)]
        account: Option<String>,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Subscribe to one, for programs that show only those.
    Subscribe {
        /// The mailbox.
        mailbox: String,
        /// Of this account.
        #[arg(short = 'a', long)]
        account: Option<String>,
    },
    /// End the subscription to one.
    Unsubscribe {
        /// The mailbox.
        mailbox: String,
        /// Of this account.
        #[arg(short = 'a', long)]
        account: Option<String>,
    },
}

/// `empty-trash`, `empty-junk`
#[derive(Debug, Arguments)]
#[group(skip)]
pub struct Emptying {
    /// Of this account.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
}

/// `import`
#[derive(Debug, Arguments)]
#[group(skip)]
pub struct Import {
    /// mbox files, Maildirs, .eml files or folders of them.
    #[arg(required = true, num_args = 1..)]
    pub paths: Vec<PathBuf>,
    /// The mailbox that they go to; made if it isn't there.
    #[arg(long, value_name = "MAILBOX")]
    pub to: String,
    /// Of this account.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// Change nothing, only count.
    #[arg(long)]
    pub dry_run: bool,
}

/// `export`
#[derive(Debug, Arguments)]
#[group(skip)]
pub struct Export {
    /// A query; see docs/searching.md.
    pub query: Vec<String>,
    /// All of this mailbox instead.
    #[arg(short = 'm', long, conflicts_with = "query")]
    pub mailbox: Option<String>,
    /// Of this account.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// As what.
    #[command(flatten)]
    pub form: Form,
    /// Write nothing, only count.
    #[arg(long)]
    pub dry_run: bool,
}

/// As what messages are written.
#[derive(Debug, Arguments)]
#[group(required = true, multiple = false)]
pub struct Form {
    /// One file, as mboxrd.
    #[arg(long, value_name = "FILE")]
    pub mbox: Option<PathBuf>,
    /// A Maildir.
    #[arg(long, value_name = "DIR")]
    pub maildir: Option<PathBuf>,
    /// A folder with a file for each.
    #[arg(long, value_name = "DIR")]
    pub eml: Option<PathBuf>,
}

/// `copy`
#[derive(Debug, Arguments)]
#[group(skip)]
pub struct CopyArgs {
    /// The account, and the mailbox if not all of them.
    #[arg(long, required = true, num_args = 1..=2, value_names = ["ACCOUNT", "MAILBOX"])]
    pub from: Vec<String>,
    /// The account, and the mailbox if it is called otherwise there.
    #[arg(long, required = true, num_args = 1..=2, value_names = ["ACCOUNT", "MAILBOX"])]
    pub to: Vec<String>,
    /// Change nothing, only count.
    #[arg(long)]
    pub dry_run: bool,
}

/// Setting up accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Find an address's servers, try them, and write the account down once it works.
    Add(AddAccount),
    /// Sign in to an account at its provider's own page, in a browser.
    SignIn {
        /// The account.
        name: String,
        /// By a code that is typed on any other device.
        #[arg(long, conflicts_with = "browser")]
        device: bool,
        /// By a browser, even over SSH.
        #[arg(long)]
        browser: bool,
    },
    /// List the accounts.
    List,
    /// Take an account out of the configuration; what was not sent is written into files first.
    Remove(RemoveAccount),
}

/// `account add`: what is not said here is found or asked.
#[derive(Debug, Arguments)]
pub struct AddAccount {
    /// The address.
    pub address: Option<String>,
    /// The name of the account. Default: after the address's domain.
    #[arg(long)]
    pub name: Option<String>,
    /// Your name, as others see it.
    #[arg(long)]
    pub full_name: Option<String>,
    /// The server to read mail, in place of one that is found; before a port other than 993 and 143
    /// stands tls: or starttls:.
    #[arg(long, value_name = "HOST:PORT")]
    pub imap: Option<String>,
    /// The server to send mail, likewise (465, 587).
    #[arg(long, value_name = "HOST:PORT")]
    pub smtp: Option<String>,
    /// The name to sign in with. Default: the address, or what the provider wants.
    #[arg(long)]
    pub user: Option<String>,
    /// A program that prints the password, or an access token.
    #[arg(long, value_name = "COMMAND")]
    pub password_command: Option<String>,
    /// What it prints. Default: password.
    #[arg(long, value_enum, requires = "password_command")]
    pub auth: Option<Printed>,
    /// A file with further trusted certificates.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<String>,
}

/// What a password command prints.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Printed {
    /// A password.
    Password,
    /// An access token, given by XOAUTH2.
    Xoauth2,
    /// An access token, given by OAUTHBEARER.
    Oauthbearer,
}

impl From<Printed> for Auth {
    fn from(printed: Printed) -> Auth {
        match printed {
            Printed::Password => Auth::Password,
            Printed::Xoauth2 => Auth::XOauth2,
            Printed::Oauthbearer => Auth::OAuthBearer,
        }
    }
}

/// `account remove`
#[derive(Debug, Arguments)]
pub struct RemoveAccount {
    /// The account.
    pub name: String,
    /// Where drafts and unsent messages are written. Default: a new folder among the downloads.
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// Without asking.
    #[arg(long)]
    pub yes: bool,
}

/// `migrate`
#[derive(Debug, Arguments)]
#[group(skip)]
pub struct Migrate {
    /// Which program.
    #[arg(value_enum)]
    pub client: Whence,
    /// Its configuration, or the folder that has it. Default: where that program looks for it.
    #[arg(long, value_name = "PATH")]
    pub from: Option<PathBuf>,
    /// Only say what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// Do it without asking.
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
}

/// A program that one comes from.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Whence {
    /// mutt
    Mutt,
    /// neomutt
    Neomutt,
    /// aerc
    Aerc,
    /// Alpine
    Alpine,
    /// Thunderbird
    Thunderbird,
    /// mbsync, and msmtp beside it
    Mbsync,
}

impl Whence {
    /// The program's reader.
    pub fn client(self) -> Client {
        match self {
            Whence::Mutt => Client::Mutt,
            Whence::Neomutt => Client::Neomutt,
            Whence::Aerc => Client::Aerc,
            Whence::Alpine => Client::Alpine,
            Whence::Thunderbird => Client::Thunderbird,
            Whence::Mbsync => Client::Mbsync,
        }
    }
}
