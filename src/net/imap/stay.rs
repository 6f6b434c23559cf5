//! A mailbox that stays open: what happened there since the last look, without opening it again.
//!
//! A server that resumes a large mailbox (QRESYNC) does much work for little news, while the open
//! mailbox's news come by themselves: EXISTS, VANISHED, and FETCH with UID and flags (RFC 7162 §3.2).
//! They are worth something only to who heard all that came before. So a session knows whether its
//! open mailbox was followed without a gap ([`Session::stay`]): opening and closing one ends that,
//! and so does taking what was said ([`Session::take_unsolicited`]) in any other way than this.

use crate::model::{MailboxName, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::asked::FetchReport;
use crate::net::imap::command::Command;
use crate::net::imap::decode::Untagged;
use crate::net::imap::halves::HeaderItem;
use crate::net::imap::headers::{HEADER, beside, hand_on_rest, header_item};
use crate::net::imap::session::Session;
use crate::net::imap::unasked::FlagItem;

/// One thing that happened, in the order in which it was told: the last word on a message counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// A message that was asked for, as it is now.
    Header(Box<HeaderItem>),
    /// A message's flags as they are now. It may be one that we don't hold.
    Flags(FlagItem),
}

impl Session {
    /// Notes that all that was told of the open mailbox so far has been taken in, and that flags and
    /// messages are here as they were when it was opened, or newer. Without effect where the server
    /// does not tell news by UID, and where something was told that cannot be set in order any more.
    pub fn stay(&mut self) {
        let said = &self.notes.unsolicited;
        let clear =
            said.flags.is_empty() && said.expunged == 0 && !said.more && said.unnamed.is_none();
        let tells = self.enabled.qresync && self.modseqs && self.selected.is_some();
        let validity = self.notes.validity;
        self.followed = (clear && tells && validity != 0).then_some(UidValidity(validity));
    }

    /// The UIDVALIDITY of this mailbox, if it is open and [`Session::catch_up`] can tell its news.
    pub fn stays_in(&self, mailbox: &MailboxName) -> Option<UidValidity> {
        self.followed
            .filter(|_| self.selected.as_ref() == Some(mailbox) && !self.is_dead())
    }

    /// Hands on what happened in the open mailbox since [`Session::stay`], and the headers of the
    /// messages with the UIDs from `first` on, at most `most`: NOOP and FETCH in one round trip, or two.
    /// Answers which messages are gone, or nothing if the mailbox must be opened anew to be
    /// sure, whatever was handed on. Only after another [`Session::stay`] this may be asked again.
    ///
    /// # Errors
    /// See [`Session`]; a refusal is none. An error of the sink's ends the session.
    pub fn catch_up(
        &mut self,
        first: u32,
        most: u32,
        sink: &mut dyn FnMut(Fresh) -> Result<(), NetError>,
    ) -> Result<Option<UidSet>, NetError> {
        if self.followed.take().is_none() {
            return Ok(None);
        }
        for item in std::mem::take(&mut self.notes.unsolicited.flags) {
            sink(Fresh::Flags(item))?;
        }
        let asked = UidSet::range(first, first.saturating_add(most.saturating_sub(1)));
        let fetch = || {
            Command::new(format!(
                "UID FETCH {} ({})",
                asked.to_wire(),
                self.header_items()
            ))
        };
        let (noop, fetch, again) = (Command::new("NOOP"), fetch(), fetch());
        let mut report = FetchReport::default();
        let before = self.notes.exists;
        if !self.heard(&[noop, fetch], &asked, &mut report, sink)? {
            return Ok(None);
        }
        // A server may look for news only once it is done with what was sent together with NOOP, as
        // Dovecot does: then it knows now of messages that it had not when it was asked for them.
        let late = report.uids.is_empty() && self.notes.exists > before;
        if late && !self.heard(&[again], &asked, &mut report, sink)? {
            return Ok(None);
        }
        let said = &mut self.notes.unsolicited;
        let odd =
            said.more || said.unnamed.is_some() || said.expunged > 0 || !said.flags.is_empty();
        let unread = report.nameless > 0 || !report.bad.is_empty();
        said.exists = None;
        Ok((!odd && !unread).then(|| std::mem::take(&mut said.vanished)))
    }

    /// Sends commands together and hands on what is told; whether none of them was refused.
    fn heard(
        &mut self,
        commands: &[Command],
        asked: &UidSet,
        report: &mut FetchReport,
        sink: &mut dyn FnMut(Fresh) -> Result<(), NetError>,
    ) -> Result<bool, NetError> {
        let labels = self.notes.labels;
        self.bounds(self.budget(), HEADER);
        let replies = self.pipeline(commands, None, &mut |_, said| {
            let item = match said {
                Untagged::Fetch(item) => item,
                other => {
                    beside(&other, Some(asked), report);
                    return Ok(Some(other));
                }
            };
            let row = item.section.is_some() || item.size.is_some();
            let open = |uid| asked.contains(uid) && !report.uids.contains(uid);
            if row && item.uid.is_none_or(open) {
                let mut hand = |item| sink(Fresh::Header(Box::new(item)));
                header_item(item, Some(asked), report, &mut hand)?;
                return Ok(None);
            }
            match (item.uid, &item.flags) {
                (Some(uid), Some(flags)) if item.labelled || !labels => {
                    if open(uid) {
                        report.halves.changed(item.seq, uid, flags);
                    }
                    let (flags, modseq) = (flags.clone(), item.modseq);
                    sink(Fresh::Flags(FlagItem { uid, flags, modseq }))?;
                    Ok(None)
                }
                _ => Ok(Some(Untagged::Fetch(item))),
            }
        });
        self.usual_bounds();
        let replies = replies?;
        let mut hand = |item| sink(Fresh::Header(Box::new(item)));
        hand_on_rest(Some(asked), report, &mut hand)?;
        for reply in replies {
            match self.finish(reply, &[]) {
                Err(error) if !error.ends_session() => return Ok(false),
                other => other?,
            };
        }
        Ok(true)
    }
}
