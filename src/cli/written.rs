//! The arguments of the commands that write messages and decide about those on their way.

use clap::{Args as Arguments, Subcommand};
use std::path::PathBuf;

/// What to do with a message in the outbox (`o12`, or `12`).
#[derive(Clone, Debug, Subcommand)]
pub enum Decision {
    /// Drop it; those who have it keep it.
    Cancel {
        /// The message.
        id: String,
    },
    /// Take it back into the drafts.
    Edit {
        /// The message.
        id: String,
    },
    /// Keep it back until told otherwise.
    Hold {
        /// The message.
        id: String,
    },
    /// Try now.
    Retry {
        /// The message.
        id: String,
    },
    /// Send it at a time: tomorrow 9am, in 2h, mon 8:30, 2026-12-24 18:00.
    SendAt {
        /// The message.
        id: String,
        /// When.
        #[arg(required = true, num_args = 1..)]
        when: Vec<String>,
    },
    /// In doubt: send it again although it may arrive twice.
    Again {
        /// The message.
        id: String,
    },
    /// In doubt: take it as sent.
    AssumeSent {
        /// The message.
        id: String,
    },
    /// Give up those who were refused, or put off for too long; send to the rest.
    GiveUp {
        /// The message.
        id: String,
    },
}

/// What of a message can be said in options.
#[derive(Debug, Default, Arguments)]
#[group(skip)]
pub struct Written {
    /// From this account. Default: the one whose address is in From, else the first.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// To whom.
    #[arg(long)]
    pub to: Vec<String>,
    /// Copies.
    #[arg(long)]
    pub cc: Vec<String>,
    /// Blind copies.
    #[arg(long)]
    pub bcc: Vec<String>,
    /// Subject.
    #[arg(long)]
    pub subject: Option<String>,
    /// A file with the text; `-` is standard input, where nobody types.
    #[arg(long, value_name = "FILE")]
    pub body_file: Option<PathBuf>,
    /// A file to attach.
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
}

/// `send`
#[derive(Debug, Arguments)]
pub struct Send {
    /// What is sent, unless it stands on standard input.
    #[command(flatten)]
    pub written: Written,
    /// Send now and wait for the outcome.
    #[arg(long, conflicts_with = "at")]
    pub wait: bool,
    /// Send it at a time: `tomorrow 9am`, `in 2h`, `mon 8:30`, `2026-12-24 18:00`.
    #[arg(long, value_name = "WHEN")]
    pub at: Option<String>,
    /// Remind if nobody has answered so long after sending: `3 days`.
    #[arg(long, value_name = "TIME")]
    pub remind: Option<String>,
}

/// `compose`
#[derive(Debug, Default, Arguments)]
pub struct Compose {
    /// A mailto: link. It sets recipients, subject and text, and attaches nothing.
    pub link: Option<String>,
    /// What else it begins with.
    #[command(flatten)]
    pub written: Written,
}
