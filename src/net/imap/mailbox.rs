//! Mailboxes over a session: list, count, create (RFC 9051 §6.3; LIST-EXTENDED RFC 5258,
//! LIST-STATUS RFC 5819, STATUS=SIZE RFC 8438, SPECIAL-USE RFC 6154, OBJECTID RFC 8474).

use crate::model::{MailboxName, Role, name};
use crate::net::error::NetError;
use crate::net::imap::command::{Command, Part};
use crate::net::imap::decode::{ListItem, Status, Untagged, Verdict};
use crate::net::imap::session::{Session, nothing};
use crate::net::imap::{fail, role};
use std::collections::BTreeMap;

/// Mailboxes that are read from one LIST; a server with more is not believed.
const MOST: usize = 50_000;
/// Octets of all their names and attributes together.
const MOST_OCTETS: usize = 8 << 20;

/// STATUS commands that are sent together, and octets of them.
const GROUP: usize = 40;
const GROUP_OCTETS: usize = 16 << 10;

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
    /// What names it for ever, whatever it is called (RFC 8474), if the server has such names.
    pub mailbox_id: Option<String>,
}

impl Session {
    /// All mailboxes, with roles, and with counts where the server gives them in passing.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn list(&mut self) -> Result<Vec<Listed>, NetError> {
        self.list_with(self.caps.includes("LIST-STATUS"))
    }

    /// The same without counts, for a server that stumbles over some mailbox when it counts.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn list_names(&mut self) -> Result<Vec<Listed>, NetError> {
        self.list_with(false)
    }

    fn list_with(&mut self, counts: bool) -> Result<Vec<Listed>, NetError> {
        let extended = self.caps.includes("LIST-EXTENDED");
        let special = self.caps.includes("SPECIAL-USE");
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
                Err(error) if fail::is_refusal(&error) => {}
                outcome => return outcome,
            }
        }
        self.list_by(&Command::new("LIST \"\" \"*\""))
    }

    fn list_by(&mut self, command: &Command<'_>) -> Result<Vec<Listed>, NetError> {
        let mut items: Vec<ListItem> = Vec::new();
        let mut counts: BTreeMap<MailboxName, Status> = BTreeMap::new();
        let mut octets = 0;
        self.run(command, &mut |said| {
            octets += match &said {
                Untagged::List(item) => {
                    item.name.as_bytes().len()
                        + item.attributes.iter().map(String::len).sum::<usize>()
                }
                Untagged::Status(name, _) => name.as_bytes().len(),
                _ => 0,
            };
            if octets > MOST_OCTETS {
                return Err(fail::protocol("mailboxes with names beyond all bounds"));
            }
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
        Ok(with_roles(items, &counts))
    }

    /// Status of a mailbox that is not selected.
    ///
    /// # Errors
    /// See [`Session`]; a refusal with NONEXISTENT if it isn't there.
    pub fn status(&mut self, mailbox: &MailboxName) -> Result<Status, NetError> {
        let command = self.status_command(mailbox)?;
        let told = self.notes.notifying;
        let mut counts = None;
        self.run(&command, &mut |said| match said {
            // Servers spell the name in their own way here; only one was asked for.
            Untagged::Status(name, c) if name == *mailbox || !told => {
                counts = Some(c);
                Ok(None)
            }
            other => Ok(Some(other)),
        })?;
        Ok(counts.unwrap_or_default())
    }

    /// Status of many mailboxes, several asked for at once; `None` for those that the server
    /// refuses and for the one that is selected. For servers without LIST-STATUS.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn statuses(
        &mut self,
        names: &[MailboxName],
    ) -> Result<Vec<(MailboxName, Option<Status>)>, NetError> {
        let mut all: Vec<(MailboxName, Option<Status>)> =
            names.iter().map(|name| (name.clone(), None)).collect();
        let mut group: Vec<(usize, Command<'static>)> = Vec::new();
        let mut octets = 0;
        for (at, name) in names.iter().enumerate() {
            if self.selected.as_ref() == Some(name) {
                continue;
            }
            // A name that can't be said has no status.
            let Ok(command) = self.status_command(name) else {
                continue;
            };
            let [Part::Text(text)] = command.parts() else {
                match self.status(name) {
                    Ok(status) => fill(&mut all, at, status),
                    Err(error) if !fail::is_refusal(&error) => return Err(error),
                    Err(_) => {}
                }
                continue;
            };
            octets += text.len();
            group.push((at, command));
            if group.len() >= GROUP || octets >= GROUP_OCTETS {
                self.status_group(&std::mem::take(&mut group), &mut all)?;
                octets = 0;
            }
        }
        self.status_group(&group, &mut all)?;
        Ok(all)
    }

    fn status_group(
        &mut self,
        group: &[(usize, Command<'static>)],
        all: &mut [(MailboxName, Option<Status>)],
    ) -> Result<(), NetError> {
        if group.is_empty() {
            return Ok(());
        }
        let commands: Vec<Command<'_>> = group.iter().map(|(_, c)| c.clone()).collect();
        let told = self.notes.notifying;
        let replies = self.pipeline(&commands, None, &mut |open, said| {
            let Untagged::Status(name, status) = said else {
                return Ok(Some(said));
            };
            let named = group
                .iter()
                .find(|(at, _)| all.get(*at).is_some_and(|(n, _)| *n == name));
            // Servers spell the name in their own way; their answers come in order.
            match named.or_else(|| group.get(open).filter(|_| !told)) {
                Some(&(at, _)) => {
                    fill(all, at, status);
                    Ok(None)
                }
                None => Ok(Some(Untagged::Status(name, status))),
            }
        })?;
        // One refusal is about one mailbox; a server that puts everything off is told as such.
        let mut refusals = replies.iter().zip(&commands);
        let refused = refusals.find(|(reply, _)| reply.verdict != Verdict::Ok);
        match refused {
            Some((reply, command)) if replies.iter().all(|r| r.verdict != Verdict::Ok) => {
                let error = fail::refused(reply, &command.strings());
                if !fail::is_refusal(&error) {
                    return Err(error);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn status_command(&self, mailbox: &MailboxName) -> Result<Command<'static>, NetError> {
        let items = format!(" ({})", self.status_items());
        Ok(self.about("STATUS ", mailbox)?.text(&items))
    }

    /// Makes a mailbox. One that is there already is a success.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn create(&mut self, mailbox: &MailboxName) -> Result<(), NetError> {
        let command = self.about("CREATE ", mailbox)?;
        match self.run(&command, &mut nothing) {
            Err(error) if error.already_exists() => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }

    /// Gives a mailbox, and those below it, another name.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn rename(&mut self, mailbox: &MailboxName, to: &MailboxName) -> Result<(), NetError> {
        let command = self.about("RENAME ", mailbox)?.text(" ");
        let command = match self.utf8() {
            true => command.name_in_utf8(&name::to_utf8(to)),
            false => command.mailbox(to),
        };
        let command = command.map_err(fail::unsayable)?;
        self.run(&command, &mut nothing).map(drop)
    }

    /// Deletes a mailbox with what is in it.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn delete(&mut self, mailbox: &MailboxName) -> Result<(), NetError> {
        let command = self.about("DELETE ", mailbox)?;
        self.run(&command, &mut nothing).map(drop)
    }

    /// Subscribes to a mailbox, or ends that.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn subscribe(&mut self, mailbox: &MailboxName, on: bool) -> Result<(), NetError> {
        let verb = if on { "SUBSCRIBE " } else { "UNSUBSCRIBE " };
        let command = self.about(verb, mailbox)?;
        self.run(&command, &mut nothing).map(drop)
    }

    fn status_items(&self) -> String {
        let mut items = "MESSAGES UIDNEXT UIDVALIDITY UNSEEN".to_owned();
        for (offered, item) in [
            (self.caps.condstore(), " HIGHESTMODSEQ"),
            (self.caps.includes("STATUS=SIZE"), " SIZE"),
            (self.caps.mailbox_ids(), " MAILBOXID"),
        ] {
            if offered {
                items.push_str(item);
            }
        }
        items
    }
}

fn fill(all: &mut [(MailboxName, Option<Status>)], at: usize, status: Status) {
    if let Some((_, slot)) = all.get_mut(at) {
        slot.get_or_insert_default().update(status);
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
        status: counts.get(&item.name).cloned(),
        mailbox_id: counts.get(&item.name).and_then(|c| c.mailbox_id.clone()),
    })
    .collect()
}
