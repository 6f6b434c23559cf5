//! What came of a look for new mail: whoever asks for one is told, also where nothing came.

use crate::lang::{tr, trn};
use crate::model::{AccountName, AccountStatus, Link};
use crate::text::when;
use crate::tui::screen::status::Status;
use std::collections::BTreeMap;

/// An answer that took longer is told to nobody: he has long gone on.
const PATIENCE: i64 = 120;

/// A look that somebody asked for.
#[derive(Debug)]
pub struct Looking {
    /// Seconds since 1970.
    since: i64,
    before: BTreeMap<AccountName, AccountStatus>,
}

impl Looking {
    /// A look that begins at `now`, seconds since 1970.
    pub fn new(status: &Status, now: i64) -> Looking {
        Looking {
            since: now,
            before: status.all().collect(),
        }
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_over(&self, now: i64) -> bool {
        now > self.since.saturating_add(PATIENCE)
    }

    /// What came of it, once every account has answered or failed to.
    pub fn outcome(&self, status: &Status, now: i64) -> Option<String> {
        let (mut came, mut looked, mut apart) = (0, None, Vec::new());
        for (name, account) in status.all() {
            let before = self.before.get(&name).cloned().unwrap_or_default();
            match account.link {
                Link::Online if account.looked >= self.since => {
                    came += account.arrived.saturating_sub(before.arrived);
                    looked = looked.max(Some(account.looked));
                }
                // One that waits tries again now, and what it says after that counts.
                Link::Waiting { .. } if account.link == before.link => return None,
                Link::Waiting { .. } | Link::Stopped { .. } => apart.push(name.0),
                // It answers to another window.
                Link::Elsewhere => {}
                Link::Online | Link::Idle | Link::Connecting => return None,
            }
        }
        let Some(at) = looked else {
            let none = tr!("Nothing could be looked for: there is no connection.");
            return (!apart.is_empty()).then(|| none.to_owned());
        };
        let at = when::clock(at, now);
        let found = match came {
            0 => tr!("Looked at {at}: nothing new.", at),
            came => trn!(
                n = came,
                "Looked at {at}: {n} message came.",
                "Looked at {at}: {n} messages came.",
                at
            ),
        };
        Some(match apart.is_empty() {
            true => found,
            false => tr!(
                "{found} Not connected: {names}.",
                found,
                names = apart.join(", ")
            ),
        })
    }
}
