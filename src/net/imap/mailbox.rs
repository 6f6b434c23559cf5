//! Mailboxes over a session: list, count, select, create (RFC 9051 §6.3; LIST-EXTENDED RFC 5258,
//! LIST-STATUS RFC 5819, SPECIAL-USE RFC 6154, CONDSTORE RFC 7162).

use crate::model::{MailboxName, ModSeq, Role, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::code::Code;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{ListItem, Reply, Status, Untagged};
use crate::net::imap::session::{Session, nothing};
use crate::net::imap::{fail, name, role};
use std::collections::BTreeMap;

/// Mailboxes that are read from one LIST; a server with more is not believed.
const MOST: usize = 50_000;

/// One mailbox of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name for commands.
    pub name: MailboxName,
    /// Its place as text: levels decoded and joined by `/`. Not cleaned, not unique.
    pub path: String,
    /// What separates levels in `name`.
    pub delimiter: Option<u8>,
    /// What it is for; no two mailboxes have the same role.
    pub role: Option<Role>,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Its counts, if LIST gave them.
    pub status: Option<Status>,
}

/// How a mailbox is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// SELECT
    ReadWrite,
    /// EXAMINE
    ReadOnly,
}

/// What SELECT said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// How many messages there are.
    pub exists: u32,
    /// The generation of its UIDs.
    pub uidvalidity: UidValidity,
    /// The next UID, if told; never zero.
    pub uidnext: Option<u32>,
    /// The highest modification sequence, if the mailbox keeps them.
    pub highestmodseq: Option<ModSeq>,
    /// Flags that can be changed for good, as the wire spells them; empty if not told, which
    /// means all (RFC 9051 §7.1).
    pub permanent_flags: Vec<String>,
    /// Whether keywords of our own last.
    pub keywords: bool,
    /// Whether nothing can be changed.
    pub read_only: bool,
    /// Whether UIDs are void in the next session (RFC 4315 UIDNOTSTICKY).
    pub uid_not_sticky: bool,
}

impl Session {
    /// All mailboxes, with roles, and with counts where the server gives them in passing.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn list(&mut self) -> Result<Vec<Listed>, NetError> {
        let extended = self.caps.has("LIST-EXTENDED") || self.caps.has("IMAP4REV2");
        let counts = self.caps.has("LIST-STATUS") || self.caps.has("IMAP4REV2");
        let special = self.caps.has("SPECIAL-USE") || self.caps.has("IMAP4REV2");
        let mut returns: Vec<String> = Vec::new();
        if special {
            returns.push("SPECIAL-USE".into());
        }
        if counts {
            returns.push(format!("STATUS ({})", self.status_items()));
        }
        if extended && !returns.is_empty() {
            let text = format!("LIST \"\" \"*\" RETURN ({})", returns.join(" "));
            match self.list_by(&Command::new(text)) {
                // Announced, not done: the plain form is always there.
                Err(error) if !error.ends_session() && !error.is_transient() => {}
                outcome => return outcome,
            }
        }
        self.list_by(&Command::new("LIST \"\" \"*\""))
    }

    fn list_by(&mut self, command: &Command<'_>) -> Result<Vec<Listed>, NetError> {
        let mut items: Vec<ListItem> = Vec::new();
        let mut counts: BTreeMap<MailboxName, Status> = BTreeMap::new();
        self.run(command, &mut |said| {
            match said {
                Untagged::List(item) if items.len() < MOST => items.push(item),
                Untagged::Status(name, c) if counts.len() < MOST => {
                    counts.insert(name, c);
                }
                Untagged::List(_) | Untagged::Status(..) => {
                    return Err(fail::protocol(format!("more than {MOST} mailboxes")));
                }
                other => return Ok(Some(other)),
            }
            Ok(None)
        })?;
        // A server may name a mailbox twice (LIST-EXTENDED children); the first has the attributes.
        let mut seen: BTreeMap<MailboxName, ()> = BTreeMap::new();
        items.retain(|item| seen.insert(item.name.clone(), ()).is_none());
        if let Some(inbox) = items.iter().find(|i| i.name.as_bytes() == b"INBOX") {
            self.delimiter = inbox.delimiter;
        }
        Ok(with_roles(items, &counts))
    }

    /// Status of a mailbox that is not selected.
    ///
    /// # Errors
    /// See [`Session`]; a refusal with NONEXISTENT if it isn't there.
    pub fn status(&mut self, mailbox: &MailboxName) -> Result<Status, NetError> {
        let items = format!(" ({})", self.status_items());
        let command = Command::new("STATUS ").mailbox(mailbox);
        let command = command.map_err(fail::unsayable)?.text(&items);
        let mut counts = None;
        self.run(&command, &mut |said| match said {
            // Servers spell the name in their own way here; only one was asked for.
            Untagged::Status(_, c) => {
                counts = Some(c);
                Ok(None)
            }
            other => Ok(Some(other)),
        })?;
        Ok(counts.unwrap_or_default())
    }

    /// Opens a mailbox. On a refusal none is open.
    ///
    /// # Errors
    /// See [`Session`]; a refusal, too, if the mailbox has no UIDVALIDITY: nothing there could be
    /// named again.
    pub fn select(&mut self, mailbox: &MailboxName, mode: Mode) -> Result<Selected, NetError> {
        let verb = match mode {
            Mode::ReadWrite => "SELECT ",
            Mode::ReadOnly => "EXAMINE ",
        };
        let mut command = Command::new(verb)
            .mailbox(mailbox)
            .map_err(fail::unsayable)?;
        if self.caps.condstore() {
            command = command.text(" (CONDSTORE)");
        }
        self.selected = None;
        self.take_unsolicited();
        self.notes.exists = 0;
        let mut codes = Vec::new();
        let mut exists = None;
        let done = self.run(&command, &mut |said| match said {
            Untagged::Exists(n) => {
                exists = Some(n);
                Ok(None)
            }
            // What still comes for the mailbox that was open before (RFC 7162 §3.2.11).
            Untagged::Reply(Reply {
                code: Some(Code::Closed),
                ..
            }) => {
                exists = None;
                codes.clear();
                Ok(None)
            }
            Untagged::Reply(Reply {
                code:
                    Some(
                        code @ (Code::UidValidity(_)
                        | Code::UidNext(_)
                        | Code::HighestModSeq(_)
                        | Code::NoModSeq
                        | Code::PermanentFlags(_)
                        | Code::UidNotSticky
                        | Code::ReadOnly
                        | Code::ReadWrite),
                    ),
                ..
            }) => {
                codes.push(code);
                codes.truncate(64);
                Ok(None)
            }
            Untagged::Expunge(_) | Untagged::Vanished { .. } | Untagged::Fetch(_) => Ok(None),
            other => Ok(Some(other)),
        })?;
        codes.extend(done.code);
        let selected = selected(exists.unwrap_or(0), codes, mode)
            .ok_or_else(|| fail::odd("the mailbox has no UIDVALIDITY"))?;
        self.selected = Some(mailbox.clone());
        self.notes.exists = selected.exists;
        Ok(selected)
    }

    /// Makes a mailbox. One that is there already is a success.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn create(&mut self, mailbox: &MailboxName) -> Result<(), NetError> {
        let command = Command::new("CREATE ").mailbox(mailbox);
        let command = command.map_err(fail::unsayable)?;
        match self.run(&command, &mut nothing) {
            Err(error) if error.already_exists() => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }

    /// The name for a mailbox that shall be made at `path` (levels by `/`), in this server's
    /// delimiter and encoding. Call [`Session::list`] before, which learns the delimiter.
    pub fn name_for(&self, path: &str) -> MailboxName {
        // UTF8=ACCEPT is never enabled, so names are in modified UTF-7 unless rev2 is all there is.
        let utf8 = self.caps.has("IMAP4REV2") && !self.caps.has("IMAP4REV1");
        name::from_path(path, self.delimiter, utf8)
    }

    fn status_items(&self) -> String {
        let modseq = if self.caps.condstore() {
            " HIGHESTMODSEQ"
        } else {
            ""
        };
        format!("MESSAGES UIDNEXT UIDVALIDITY UNSEEN{modseq}")
    }
}

fn with_roles(items: Vec<ListItem>, counts: &BTreeMap<MailboxName, Status>) -> Vec<Listed> {
    let paths: Vec<String> = items
        .iter()
        .map(|item| name::path(&item.name, item.delimiter))
        .collect();
    let selectable = |item: &ListItem| {
        let none = |a: &String| a == "\\noselect" || a == "\\nonexistent";
        !item.attributes.iter().any(none)
    };
    let candidates: Vec<role::Candidate<'_>> = items
        .iter()
        .zip(&paths)
        .map(|(item, path)| role::Candidate {
            path,
            attributes: &item.attributes,
            selectable: selectable(item),
        })
        .collect();
    let roles = role::assign(&candidates);
    let rows = items.iter().zip(&paths).zip(roles);
    rows.map(|((item, path), role)| Listed {
        name: item.name.clone(),
        path: path.clone(),
        delimiter: item.delimiter,
        role,
        selectable: selectable(item),
        status: counts.get(&item.name).copied(),
    })
    .collect()
}

fn selected(exists: u32, codes: Vec<Code>, mode: Mode) -> Option<Selected> {
    let mut uidvalidity = None;
    let mut out = Selected {
        exists,
        uidvalidity: UidValidity(0),
        uidnext: None,
        highestmodseq: None,
        permanent_flags: Vec::new(),
        keywords: true,
        read_only: mode == Mode::ReadOnly,
        uid_not_sticky: false,
    };
    for code in codes {
        match code {
            Code::UidValidity(n) if n > 0 => uidvalidity = Some(UidValidity(n)),
            Code::UidNext(n) => out.uidnext = Some(n).filter(|&n| n > 0),
            Code::HighestModSeq(n) => out.highestmodseq = n,
            Code::NoModSeq => out.highestmodseq = None,
            Code::PermanentFlags(flags) => {
                out.keywords = flags.iter().any(|f| f == "\\*");
                out.permanent_flags = flags;
            }
            Code::UidNotSticky => out.uid_not_sticky = true,
            Code::ReadOnly => out.read_only = true,
            _ => {}
        }
    }
    out.uidvalidity = uidvalidity?;
    Some(out)
}
