//! The arguments of the commands that keep accounts and mailboxes and move mail in and out.

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
    /// Ask for an account, try it, and write it down once it works.
    Add,
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
}
