//! The mailboxes that a server has at this moment. What brings mail in or copies it goes by them: the
//! cache may never have been filled, and knows nothing of what was made since.

use crate::model::{MailboxName, Role};
use crate::net::imap::Listed;
use crate::sync::connections::Rank;
use crate::sync::error::SyncError;
use crate::sync::kit::Kit;
use crate::sync::manage::on_the_wire;

/// Mailboxes of one server, and how names of new ones are spelled there.
pub struct Places {
    all: Vec<Listed>,
    delimiter: Option<char>,
    prefix: Vec<u8>,
}

impl Places {
    /// Asks the server.
    ///
    /// # Errors
    /// When the session can't be had or ends.
    pub fn ask(kit: &Kit) -> Result<Places, SyncError> {
        let mut session = kit.dial(Rank::OnDemand, None)?;
        let all = session.list()?;
        let namespace = match session.namespace() {
            Err(error) if error.ends_session() => return Err(error.into()),
            told => told.ok().flatten(),
        };
        session.hang_up();
        let inbox = all.iter().find(|l| is_inbox(l.name.as_bytes()));
        let delimiter = inbox.or(all.first()).and_then(|l| l.delimiter);
        let (prefix, told) = match namespace {
            Some(namespace) => (namespace.prefix, namespace.delimiter),
            None => (usual_prefix(&all, delimiter), None),
        };
        Ok(Places {
            delimiter: told.or(delimiter).map(char::from),
            all,
            prefix,
        })
    }

    /// Every mailbox, in the server's order.
    pub fn all(&self) -> &[Listed] {
        &self.all
    }

    /// The mailbox for something.
    pub fn of_role(&self, role: Role) -> Option<&Listed> {
        self.all
            .iter()
            .find(|l| l.role == Some(role) && l.selectable)
    }

    /// The mailboxes that a user may mean by a name or role: one, if it is clear.
    pub fn meant(&self, wanted: &str) -> Vec<&Listed> {
        if let Some(exact) = self.all.iter().find(|l| l.path == wanted) {
            return vec![exact];
        }
        let loose = |l: &&Listed| {
            let role = l
                .role
                .is_some_and(|r| r.name().eq_ignore_ascii_case(wanted));
            role || l.path.eq_ignore_ascii_case(wanted)
        };
        self.all.iter().filter(loose).collect()
    }

    /// The name on the wire of a mailbox that is there, else of one that may be made; or why there
    /// can be none.
    ///
    /// # Errors
    /// Why no mailbox can be called so.
    pub fn name(&self, path: &str) -> Result<MailboxName, String> {
        let is = |l: &&Listed| {
            l.path == path || (is_inbox(l.name.as_bytes()) && is_inbox(path.as_bytes()))
        };
        match self.all.iter().find(is) {
            Some(listed) => Ok(listed.name.clone()),
            None => on_the_wire(path, self.delimiter, &self.prefix),
        }
    }
}

fn is_inbox(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"INBOX")
}

/// `INBOX` and the delimiter if every other mailbox lies below INBOX, else nothing.
fn usual_prefix(all: &[Listed], delimiter: Option<u8>) -> Vec<u8> {
    let Some(delimiter) = delimiter else {
        return Vec::new();
    };
    let prefix = [b"INBOX".as_slice(), &[delimiter]].concat();
    let mut others = all
        .iter()
        .filter(|l| !is_inbox(l.name.as_bytes()))
        .peekable();
    let below = others.peek().is_some() && others.all(|l| l.name.as_bytes().starts_with(&prefix));
    if below { prefix } else { Vec::new() }
}
