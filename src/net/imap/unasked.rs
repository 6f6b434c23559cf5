//! What a server says without being asked, kept until somebody takes it: within bounds, beyond which
//! only that there was more is known.

use crate::model::{Flags, MailboxName, ModSeq, Uid, UidSet};
use crate::net::imap::code::Code;
use crate::net::imap::decode::{Reply, Status, Untagged};
use std::collections::BTreeMap;

/// Flag changes that are kept until somebody takes them.
const MOST_FLAGS: usize = 10_000;
/// Mailboxes whose counts are kept until somebody takes them.
const MOST_STATUSES: usize = 10_000;
/// Ranges of vanished messages that are kept until somebody takes them.
const MOST_RANGES: usize = 50_000;
/// Octets of a mailbox's name that is kept with its status.
const LONGEST_NAME: usize = 4096;
/// Alerts that are kept.
const MOST_ALERTS: usize = 8;

/// The flags of one message as the server told them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagItem {
    /// Whose.
    pub uid: Uid,
    /// All of its flags.
    pub flags: Flags,
    /// Its modification sequence, if the server keeps any.
    pub modseq: Option<ModSeq>,
}

/// What the server said without being asked, since it was taken last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsolicited {
    /// The last EXISTS.
    pub exists: Option<u32>,
    /// How many messages were expunged by number.
    pub expunged: u32,
    /// Which messages were expunged by UID (RFC 7162).
    pub vanished: UidSet,
    /// Changed flags of messages named by UID.
    pub flags: Vec<FlagItem>,
    /// Counts of mailboxes that are not selected, as far as told: after
    /// [`notify`](super::Session::notify).
    pub statuses: BTreeMap<MailboxName, Status>,
    /// A mailbox was made, renamed or removed.
    pub mailboxes: bool,
    /// The lowest number of a message of the open mailbox whose flags changed and are not among
    /// `flags`: it was named by no UID, or without Gmail's labels.
    pub unnamed: Option<u32>,
    /// More happened than is kept, or than the server cares to tell. Look yourself, everywhere.
    pub more: bool,
}

impl Unsolicited {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Unsolicited::default()
    }
}

/// What is kept of the things nobody asked for.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) unsolicited: Unsolicited,
    pub(super) alerts: Vec<String>,
    /// How many messages the selected mailbox holds, as far as the server told.
    pub(super) exists: u32,
    /// Rises with each word of messages that went, or that could not be read and may have been one:
    /// numbers mean other messages then. What is kept of such words has an end, this has none.
    pub(super) gone: u64,
    /// The generation of its UIDs; 0 if none is open.
    pub(super) validity: u32,
    /// Whether the server named another generation since: no UID means what it did.
    pub(super) renumbered: bool,
    /// Whether NOTIFY is in force.
    pub(super) notifying: bool,
    /// Whether flags without Gmail's labels are half of what they should be.
    pub(super) labels: bool,
}

impl Notes {
    pub(super) fn note(&mut self, said: Untagged<'_>) {
        match said {
            Untagged::Exists(n) => {
                self.exists = n;
                self.unsolicited.exists = Some(n);
            }
            Untagged::Expunge(_) => {
                self.gone += 1;
                self.exists = self.exists.saturating_sub(1);
                self.unsolicited.expunged = self.unsolicited.expunged.saturating_add(1);
            }
            Untagged::Vanished {
                earlier: false,
                uids,
            } => {
                self.gone += 1;
                let gone = u32::try_from(uids.len()).unwrap_or(u32::MAX);
                self.exists = self.exists.saturating_sub(gone);
                for &(lo, hi) in uids.ranges() {
                    if self.unsolicited.vanished.ranges().len() >= MOST_RANGES {
                        self.unsolicited.more = true;
                        break;
                    }
                    self.unsolicited.vanished.insert_range(lo, hi);
                }
            }
            Untagged::Fetch(item) => {
                let room = self.unsolicited.flags.len() < MOST_FLAGS;
                let whole = item.labelled || !self.labels;
                match (item.uid, item.flags) {
                    (Some(uid), Some(flags)) if room && whole => {
                        self.unsolicited.flags.push(FlagItem {
                            uid,
                            flags,
                            modseq: item.modseq,
                        })
                    }
                    (_, Some(_)) if !room => self.unsolicited.more = true,
                    (_, Some(_)) => {
                        let lowest = self.unsolicited.unnamed.unwrap_or(item.seq);
                        self.unsolicited.unnamed = Some(lowest.min(item.seq));
                    }
                    (_, None) => {}
                }
            }
            Untagged::Status(name, status) => {
                let kept = &mut self.unsolicited.statuses;
                let room = kept.len() < MOST_STATUSES && name.as_bytes().len() <= LONGEST_NAME;
                if room || kept.contains_key(&name) {
                    kept.entry(name).or_default().update(status);
                } else {
                    self.unsolicited.more = true;
                }
            }
            Untagged::List(_) => self.unsolicited.mailboxes = true,
            Untagged::Torn => {
                self.gone += 1;
                self.unsolicited.more = true;
            }
            Untagged::Reply(status) => {
                match status.code {
                    Some(Code::NotificationOverflow) => {
                        self.notifying = false;
                        self.unsolicited.more = true;
                    }
                    Some(Code::UidValidity(n)) => {
                        self.renumbered |= self.validity != 0 && n != self.validity;
                    }
                    _ => {}
                }
                self.alert(&status);
            }
            _ => {}
        }
    }

    pub(super) fn alert(&mut self, status: &Reply) {
        if status.code == Some(Code::Alert) && self.alerts.len() < MOST_ALERTS {
            self.alerts.push(status.text.clone());
        }
    }
}
