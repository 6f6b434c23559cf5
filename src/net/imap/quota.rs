//! What a user may store (RFC 9208) and where a user's mailboxes are (RFC 2342).

use crate::net::error::NetError;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{Namespace, Untagged};
use crate::net::imap::session::Session;

/// Limits that are read.
const MOST: usize = 64;

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What it is called; often empty. The server's word, bounded, not cleaned.
    pub root: String,
    /// What is limited, upper case: `STORAGE` (then `used` and `limit` are octets), `MESSAGE` ...
    pub resource: String,
    /// So much is used.
    pub used: u64,
    /// So much may be.
    pub limit: u64,
}

impl Session {
    /// The limits on the inbox; none where the server does not tell any.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn quota(&mut self) -> Result<Vec<Quota>, NetError> {
        let mut found = Vec::new();
        if !self.caps.has("QUOTA") {
            return Ok(found);
        }
        self.run(&Command::new("GETQUOTAROOT \"INBOX\""), &mut |said| {
            let Untagged::Quota(root, resources) = said else {
                return Ok(Some(said));
            };
            for (resource, used, limit) in resources {
                // Storage is counted in units of 1,024 octets.
                let unit = if resource == "STORAGE" { 1024 } else { 1 };
                if found.len() < MOST {
                    found.push(Quota {
                        root: root.clone(),
                        resource,
                        used: used.saturating_mul(unit),
                        limit: limit.saturating_mul(unit),
                    });
                }
            }
            Ok(None)
        })?;
        Ok(found)
    }

    /// Where the user's own mailboxes are, if the server says so.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn namespace(&mut self) -> Result<Option<Namespace>, NetError> {
        if !self.caps.includes("NAMESPACE") {
            return Ok(None);
        }
        let mut found = None;
        self.run(&Command::new("NAMESPACE"), &mut |said| match said {
            Untagged::Namespace(namespace) => {
                found = namespace;
                Ok(None)
            }
            other => Ok(Some(other)),
        })?;
        Ok(found)
    }
}
