//! The command line.
//!
//! Queries and flags have words that begin with a minus (`-is:unread`, `-seen`), and options may
//! stand behind them: `minus.rs`. The arguments of commands that write are in `written.rs`, those of
//! commands that keep accounts and mailboxes in `words.rs`.

use super::minus::options_first;
use super::words::{
    AccountCommand, ConfigCommand, CopyArgs, Emptying, Export, Import, MailboxCommand, Migrate,
};
use super::written::{Compose, Decision, Send};
use clap::{ArgGroup, Args as Arguments, CommandFactory as _, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// What stands above the options that every command has, below its own.
const EVERYWHERE: &str = "Options of every command";

/// Parses a command line, the program's name first.
///
/// # Errors
/// What is wrong with it; help and version come this way too.
pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
    let line = written_to(line.into_iter().collect());
    Args::try_parse_from(options_first(&mut Args::command(), line))
}

/// Who names somebody where a command stands writes to him: `postrider ada@example.test`, or a
/// `mailto:` link.
fn written_to(mut line: Vec<OsString>) -> Vec<OsString> {
    let word = line.get(1).and_then(|word| word.to_str()).unwrap_or("");
    let address = !word.starts_with('-') && word.contains('@') && !word.contains(['/', ':']);
    if address {
        line.splice(1..1, ["compose", "--to"].map(OsString::from));
    } else if word.starts_with("mailto:") {
        line.insert(1, OsString::from("compose"));
    }
    line
}

/// A keyboard-driven mail client for the terminal. Without a command: the screen.
#[derive(Debug, Parser)]
#[command(name = "postrider", version, about, disable_help_subcommand = true)]
pub struct Args {
    /// Keep configuration, databases, log and downloads under one folder.
    #[arg(long, global = true, env = "POSTRIDER_HOME", value_name = "DIR", help_heading = EVERYWHERE)]
    pub home: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else there.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Show everything in words, line by line, for a screen reader (`[ui] linear`).
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub linear: bool,
    /// Not so, whatever the configuration says: for a program that begins anew in its own place.
    #[arg(long, global = true, hide = true, conflicts_with = "linear")]
    pub no_linear: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try it without an account: a server of its own, in memory, on this machine.
    Demo,
    /// Bring the cache up to date and send what waits.
    Sync(Sync),
    /// List the accounts.
    Accounts,
    /// List the mailboxes with their counts.
    Mailboxes {
        /// Only this account's.
        #[arg(short = 'a', long)]
        account: Option<String>,
    },
    /// List messages, newest first.
    List(List),
    /// Search: words, "phrases", fields (from: to: subject: is: has: in: newer: and more), or, not.
    ///
    /// Fields: from: to: cc: subject: body: file: type: has: is: in: account: tag: list: larger:
    /// smaller: date: before: after: older: newer: thread: id:. Terms must all hold; `or` between two,
    /// `-` or `not` before one, parentheses around some. What each takes: docs/searching.md.
    Search {
        /// The query.
        #[arg(required = true, num_args = 1..)]
        query: Vec<String>,
        /// At most so many messages.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// What fits best first, instead of the newest.
        #[arg(long)]
        best: bool,
        /// Ask the servers too, for messages whose text is not here.
        #[arg(long)]
        server: bool,
    },
    /// Show messages.
    Show(Show),
    /// Send a message: RFC 5322 on standard input, or as these options say.
    Send(Send),
    /// Open the screen with a new message, begun as a mailto: link or these options say.
    Compose(Compose),
    /// List what waits to be sent, or was refused, and decide about it.
    Outbox {
        /// Also what was sent within the last 30 days.
        #[arg(long)]
        all: bool,
        /// What to do with one of them.
        #[command(subcommand)]
        decision: Option<Decision>,
    },
    /// Be reminded of a message that you sent if nobody answers: `remind m12 in 3d`, `remind m12 off`.
    /// Without a message: list the reminders.
    Remind {
        /// The message, or a reminder (`r3`).
        #[arg(requires = "when")]
        id: Option<String>,
        /// When: in 3d, tomorrow 9am, mon 8:30; or `off`.
        when: Vec<String>,
    },
    /// Set and clear flags: +seen, -seen, +flagged, -flagged, +answered, or any keyword.
    Flag {
        /// The message.
        id: String,
        /// The changes.
        #[arg(required = true, num_args = 1..)]
        changes: Vec<String>,
        /// In this mailbox only.
        #[arg(short = 'm', long)]
        mailbox: Option<String>,
    },
    /// Move a message to a mailbox of its account, or of another one.
    Move {
        /// The message.
        id: String,
        /// The mailbox, by name or role.
        to: String,
        /// The account of that mailbox, if it is another one.
        #[arg(short = 'a', long)]
        account: Option<String>,
        /// From this mailbox only.
        #[arg(short = 'm', long)]
        mailbox: Option<String>,
    },
    /// Archive a message.
    Archive {
        /// The message.
        id: String,
        /// From this mailbox only.
        #[arg(short = 'm', long)]
        mailbox: Option<String>,
    },
    /// Mute a message's conversation: it and its new mail leave the inbox. Again: no longer.
    Mute {
        /// The message.
        id: String,
    },
    /// Put a message's conversation off until a time: `snooze m12 tomorrow 9am`, `snooze m12 now`.
    Snooze {
        /// The message.
        id: String,
        /// When it comes back: in 3d, mon 8:30, 2027-01-04 08:00; or `now`.
        #[arg(required = true, num_args = 1..)]
        when: Vec<String>,
    },
    /// Move a message to the trash; from there, remove it for good.
    Delete {
        /// The message.
        id: String,
        /// From this mailbox only.
        #[arg(short = 'm', long)]
        mailbox: Option<String>,
    },
    /// Take the last action back, or one of the journal (`a12`).
    Undo {
        /// The action.
        #[arg(conflicts_with = "after")]
        id: Option<String>,
        /// Take back everything that was done after this action.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Do once more what was taken back last, or one of the journal (`a12`).
    Redo {
        /// The action.
        id: Option<String>,
    },
    /// List what was done, newest first, where it stands, and what servers refused.
    Journal {
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// List the rules, find out what they would change, or have them change what is here.
    Rules {
        /// What to do.
        #[command(subcommand)]
        command: Option<RulesCommand>,
    },
    /// Bring messages out of files into a mailbox, each once: mbox, Maildir, folders of .eml files.
    Import(Import),
    /// Write messages into an mbox file, a Maildir or a folder of .eml files.
    Export(Export),
    /// Copy mailboxes to another account, each message once.
    Copy(CopyArgs),
    /// Make, rename, delete, subscribe to or unsubscribe from a mailbox.
    Mailbox {
        /// What to do.
        #[command(subcommand)]
        command: MailboxCommand,
    },
    /// Remove everything in Trash for good.
    EmptyTrash(Emptying),
    /// Remove everything in Junk for good.
    EmptyJunk(Emptying),
    /// Find out what is wrong, and what to do: names, ports, TLS, signing in, sending, this machine.
    Doctor {
        /// Only this account.
        account: Option<String>,
        /// Leave the network alone: configuration, files, databases, terminal.
        #[arg(long)]
        offline: bool,
    },
    /// Compare cache and server in full: every message, every flag, every body that is here.
    Verify(Verify),
    /// Print what makes a shell complete these words.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write one for each command into a folder.
    Man {
        /// The folder.
        folder: Option<PathBuf>,
    },
    /// Look at the configuration.
    Config {
        /// What to do.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Take over what another mail program's configuration says: accounts, names for people, keys.
    Migrate(Migrate),
    /// Set up accounts.
    Account {
        /// What to do.
        #[command(subcommand)]
        command: AccountCommand,
    },
}

impl Command {
    /// Whether it has to do with anybody's mail. What is for shells and packages has not, and must
    /// leave no trace where it runs.
    pub fn wants_home(&self) -> bool {
        !matches!(
            self,
            Command::Completions { .. } | Command::Man { .. } | Command::Migrate(_)
        )
    }
}

/// What to do with rules.
#[derive(Clone, Debug, Subcommand)]
pub enum RulesCommand {
    /// Print them as a script for the server's own filter.
    Export {
        /// As Sieve (RFC 5228), the only kind there is.
        #[arg(long, required = true)]
        sieve: bool,
        /// Whose server it is for. Default: the first account.
        #[arg(short = 'a', long)]
        account: Option<String>,
        /// Into this file in place of standard output.
        file: Option<PathBuf>,
    },
    /// Make rules of a Sieve script and print them as they stand in the configuration.
    Import {
        /// The script.
        file: PathBuf,
        /// Add them to the configuration in place of printing them.
        #[arg(long)]
        add: bool,
    },
    /// List what they would change, and change nothing.
    Test {
        /// Only messages so new: 12h, 30d, 2w, 6m, 1y.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only this rule.
        #[arg(long)]
        name: Option<String>,
    },
    /// Have them do what they say to messages that are here.
    Run {
        /// Only messages so new: 12h, 30d, 2w, 6m, 1y.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Only this rule.
        #[arg(long)]
        name: Option<String>,
    },
}

/// `sync`
#[derive(Debug, Arguments)]
#[group(skip)]
#[command(group(ArgGroup::new("how").args(["once", "watch", "offline"]).required(true).multiple(true)))]
pub struct Sync {
    /// Once, then end.
    #[arg(long, conflicts_with = "watch")]
    pub once: bool,
    /// Until interrupted, with push.
    #[arg(long)]
    pub watch: bool,
    /// Only this account.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// Which bodies: none, 30d (or other days), 500 MB (or another size), all. Default: as the
    /// account says.
    #[arg(long)]
    pub bodies: Option<String>,
    /// For a journey: everything that is not left out, all bodies among it.
    #[arg(long, conflicts_with_all = ["bodies", "watch"])]
    pub offline: bool,
}

/// `verify`
#[derive(Debug, Arguments)]
pub struct Verify {
    /// Only this account.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// Only this mailbox, by its path.
    #[arg(short = 'm', long)]
    pub mailbox: Option<String>,
    /// Put right what differs.
    #[arg(long)]
    pub repair: bool,
}

/// `list`
#[derive(Debug, Arguments)]
pub struct List {
    /// The mailbox, by name or role. Default: every inbox, or the account's.
    #[arg(short = 'm', long)]
    pub mailbox: Option<String>,
    /// Of this account.
    #[arg(short = 'a', long)]
    pub account: Option<String>,
    /// At most so many rows.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// One row a thread.
    #[arg(long)]
    pub threads: bool,
}

/// `show`
#[derive(Debug, Arguments)]
#[group(multiple = false)]
pub struct ShowForm {
    /// The message byte for byte as the server has it.
    #[arg(long)]
    pub raw: bool,
    /// Its text only.
    #[arg(long)]
    pub text: bool,
    /// Its header fields only.
    #[arg(long)]
    pub headers: bool,
}

/// `show`
#[derive(Debug, Arguments)]
pub struct Show {
    /// The messages.
    #[arg(required_unless_present = "newest", conflicts_with = "newest", num_args = 1..)]
    pub ids: Vec<String>,
    /// The newest so many, of every inbox or of `--mailbox`, in place of ids.
    #[arg(long, value_name = "N")]
    pub newest: Option<usize>,
    /// Of this mailbox, by name or role.
    #[arg(short = 'm', long, requires = "newest")]
    pub mailbox: Option<String>,
    /// Of this account.
    #[arg(short = 'a', long, requires = "newest")]
    pub account: Option<String>,
    /// In which form.
    #[command(flatten)]
    pub form: ShowForm,
    /// Only from the cache: fetch nothing.
    #[arg(long)]
    pub offline: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_option_and_every_object_is_documented() {
        let (readme, json) = (
            include_str!("../../README.md"),
            include_str!("../../docs/json.md"),
        );
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            // These two open the screen.
            let screen = ["demo", "compose"].contains(&name);
            let there = json.contains(&format!("`{name}"));
            assert!(screen || there, "{name} is not in docs/json.md");
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                let there = readme.contains(&format!("--{option}"));
                assert!(there, "{name} --{option} is not in README.md");
            }
        }
    }

    #[test]
    fn how_to_sync_has_to_be_said_and_every_way_is_named() {
        let error = read(["postrider", "sync"].map(OsString::from)).unwrap_err();
        let told = error.to_string();
        for way in ["--once", "--watch", "--offline"] {
            assert!(told.contains(way), "{told}");
            let line = ["postrider", "sync", way];
            assert!(read(line.map(OsString::from)).is_ok(), "{way}");
        }
        let both = ["postrider", "sync", "--once", "--watch"];
        assert!(read(both.map(OsString::from)).is_err());
    }

    #[test]
    fn who_names_somebody_writes_to_him() {
        let Some(Command::Compose(to)) = parse("postrider ada@x.example").command else {
            panic!("nothing is written");
        };
        assert_eq!(to.written.to, ["ada@x.example"]);
        let Some(Command::Compose(to)) = parse("postrider mailto:ada@x.example").command else {
            panic!("nothing is written");
        };
        assert_eq!(to.link.as_deref(), Some("mailto:ada@x.example"));
        let away = read(["postrider", "nothing"].map(OsString::from));
        assert!(away.is_err());
    }

    fn parse(line: &str) -> Args {
        read(line.split(' ').map(OsString::from)).unwrap()
    }

    #[test]
    fn words_may_begin_with_a_minus_and_options_may_follow_them() {
        for line in [
            "postrider flag m1 -seen +flagged --json",
            "postrider --json flag m1 -seen +flagged",
            "postrider flag --json m1 -- -seen +flagged",
        ] {
            let args = parse(line);
            assert!(args.json, "{line}");
            assert!(
                matches!(args.command, Some(Command::Flag { changes, .. }) if changes == ["-seen", "+flagged"])
            );
        }
        let args = parse("postrider search lunch -is:unread --limit 5 --json");
        assert!(args.json);
        assert!(
            matches!(args.command, Some(Command::Search { query, limit: 5, best: false, server: false }) if query == ["lunch", "-is:unread"])
        );
        let args = parse("postrider --home list search lunch --limit=5");
        assert_eq!(args.home, Some(PathBuf::from("list")));
        let args = parse("postrider flag m1 -muted -m INBOX");
        assert!(
            matches!(args.command, Some(Command::Flag { changes, mailbox: Some(m), .. }) if changes == ["-muted"] && m == "INBOX")
        );
        assert!(read(["postrider", "search", "x", "--jsno"].map(OsString::from)).is_err());
        assert!(read(["postrider", "search", "--help"].map(OsString::from)).is_err());
    }
}
