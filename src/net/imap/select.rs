//! Opening a mailbox, and resuming one: SELECT and EXAMINE (RFC 9051 §6.3.2), CONDSTORE and QRESYNC
//! (RFC 7162), UNSELECT (RFC 3691).
//!
//! What changed goes to a sink as it arrives, in constant memory. Changes are handed on only under
//! the UIDVALIDITY that they were asked for; a server that tells them before it names one, or whose
//! modification sequences went backwards, is not believed to have told all of them.

use crate::model::{MailboxName, ModSeq, Uid, UidSet, UidValidity};
use crate::net::error::NetError;
use crate::net::imap::code::Code;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{Reply, Untagged};
use crate::net::imap::fail;
use crate::net::imap::item::Item;
use crate::net::imap::session::{Session, nothing};
use crate::net::imap::unasked::FlagItem;
use crate::net::imap::wire::Limits;

/// A mailbox with more messages is not believed: it would be asked for without end.
const LARGEST: u32 = 50_000_000;
/// The generation of UIDs where a server has none to tell.
pub(super) const STAND_IN: UidValidity = UidValidity(1);
/// Responses that one resumption may cause.
const MOST: u64 = 5_000_000;

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
    /// The highest modification sequence, if the mailbox keeps them and the server offers to be
    /// asked by them (RFC 7162 §3.1).
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
    /// Whether everything that changed since was told ([`Session::select_since`]).
    pub resynced: bool,
    /// What names the mailbox for ever (RFC 8474), if the server has such names.
    pub mailbox_id: Option<String>,
}

/// What we know of a mailbox that is opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resync {
    /// The generation of its UIDs.
    pub uidvalidity: UidValidity,
    /// The modification sequence up to which we know everything.
    pub modseq: ModSeq,
    /// The first and last UID that we hold, if only changes of those are wanted.
    pub known: Option<(Uid, Uid)>,
}

/// One change of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message's flags as they are now. It may be a message that we don't hold.
    Flags(FlagItem),
    /// Messages that are gone. There may be some among them that we never held.
    Vanished(UidSet),
}

impl Session {
    /// Opens a mailbox. On a refusal none is open.
    ///
    /// # Errors
    /// See [`Session`]; a refusal, too, if the mailbox had a UIDVALIDITY and has none any more: nothing
    /// there could be named again.
    pub fn select(&mut self, mailbox: &MailboxName, mode: Mode) -> Result<Selected, NetError> {
        let how = match self.caps.condstore() && !self.enabled.condstore {
            true => " (CONDSTORE)",
            false => "",
        };
        match self.open(mailbox, mode, how, None, &mut |_| Ok(())) {
            // Announced, not done: the plain form is always there.
            Err(error)
                if fail::is_refusal(&error) && !how.is_empty() && !error.no_such_mailbox() =>
            {
                let mut selected = self.open(mailbox, mode, "", None, &mut |_| Ok(()))?;
                self.caps.remove("CONDSTORE");
                self.caps.remove("QRESYNC");
                (selected.highestmodseq, self.modseqs) = (None, false);
                Ok(selected)
            }
            outcome => outcome,
        }
    }

    /// Opens a mailbox and hands on what changed since it was open last, where the server keeps
    /// track of that (QRESYNC); see [`Selected::resynced`]. Elsewhere the same as
    /// [`Session::select`].
    ///
    /// # Errors
    /// See [`Session::select`]. An error of the sink's ends the session.
    pub fn select_since(
        &mut self,
        mailbox: &MailboxName,
        mode: Mode,
        since: &Resync,
        sink: &mut dyn FnMut(Change) -> Result<(), NetError>,
    ) -> Result<Selected, NetError> {
        if !self.enabled.qresync || since.modseq.0 == 0 || since.uidvalidity.0 == 0 {
            return self.select(mailbox, mode);
        }
        let known = since.known.map(|(lo, hi)| format!(" {lo}:{hi}"));
        let how = format!(
            " (QRESYNC ({} {}{}))",
            since.uidvalidity.0,
            since.modseq.0,
            known.unwrap_or_default()
        );
        match self.open(mailbox, mode, &how, Some(since), sink) {
            // Announced and enabled, but not done: the plain form is always there.
            Err(error) if fail::is_refusal(&error) && !error.no_such_mailbox() => {
                let selected = self.select(mailbox, mode)?;
                self.enabled.qresync = false;
                Ok(selected)
            }
            outcome => outcome,
        }
    }

    /// Hands on what changed in the selected mailbox since `since`; whether messages that are gone
    /// were among it (QRESYNC). Where there is no CONDSTORE the flags of all messages are told.
    ///
    /// # Errors
    /// See [`Session`]. An error of the sink's ends the session.
    pub fn changes_since(
        &mut self,
        since: ModSeq,
        sink: &mut dyn FnMut(Change) -> Result<(), NetError>,
    ) -> Result<bool, NetError> {
        if self.notes.exists == 0 && !self.enabled.qresync {
            return Ok(false);
        }
        let labels = self.label_item();
        let counted = self.modseqs && since.0 > 0;
        let vanished = counted && self.enabled.qresync;
        let text = match (counted, vanished) {
            (true, true) => format!(
                "UID FETCH 1:* (UID FLAGS MODSEQ{labels}) (CHANGEDSINCE {} VANISHED)",
                since.0
            ),
            (true, false) => format!(
                "UID FETCH 1:* (UID FLAGS MODSEQ{labels}) (CHANGEDSINCE {})",
                since.0
            ),
            _ => format!("UID FETCH 1:* (UID FLAGS{labels})"),
        };
        let mut torn = false;
        let budget = self.budget();
        self.run_within(
            Limits::default(),
            budget,
            &Command::new(text),
            &mut |said| match said {
                Untagged::Torn => {
                    torn = true;
                    Ok(Some(said))
                }
                Untagged::Fetch(item) if item.uid.is_some() && item.flags.is_some() => {
                    tell(item, sink)?;
                    Ok(None)
                }
                Untagged::Vanished { earlier, uids } if vanished => {
                    sink(Change::Vanished(uids.clone()))?;
                    // Some servers tell what went just now in the same breath; it is news besides.
                    Ok((!earlier).then_some(Untagged::Vanished { earlier, uids }))
                }
                other => Ok(Some(other)),
            },
        )?;
        Ok(vanished && !torn)
    }

    /// Says which mailboxes were seen with a UIDVALIDITY. Tencent's servers for companies tell none of
    /// any mailbox, SmarterMail 0, and both keep their UIDs: what never was numbered is taken for one
    /// generation. Nothing is changed there before the Message-IDs were compared in any case.
    pub fn numbered(&mut self, mailboxes: impl IntoIterator<Item = (MailboxName, UidValidity)>) {
        let seen = mailboxes.into_iter().filter(|(_, v)| *v != STAND_IN);
        self.numbered.extend(seen.map(|(name, _)| name));
    }

    /// Leaves the mailbox that is open, without removing anything. What STATUS tells of an open one
    /// may be as old as the session's last look at it (RFC 9051 §6.3.11: Dovecot answers so), and
    /// not everywhere an open one can be renamed or deleted. Without UNSELECT (RFC 3691) INBOX is
    /// opened in its place, or INBOX itself looked at.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn leave(&mut self) -> Result<(), NetError> {
        let Some(open) = self.selected.clone() else {
            return Ok(());
        };
        if self.caps.includes("UNSELECT") {
            match self.run(&Command::new("UNSELECT"), &mut nothing) {
                // Announced, not done: there are other ways.
                Err(error) if fail::is_refusal(&error) => self.caps.remove("UNSELECT"),
                other => {
                    other?;
                    self.closed();
                    return Ok(());
                }
            }
        }
        if open.as_bytes().eq_ignore_ascii_case(b"INBOX") {
            return self.noop().map(drop);
        }
        match self.select(&MailboxName::new(*b"INBOX"), Mode::ReadOnly) {
            // A refusal closes what was open as well (RFC 9051 §6.3.2).
            Err(error) if !error.ends_session() => Ok(()),
            other => other.map(drop),
        }
    }

    /// Nothing is open any more.
    fn closed(&mut self) {
        self.selected = None;
        self.modseqs = false;
        self.followed = None;
        (self.notes.exists, self.notes.validity) = (0, 0);
    }

    fn open(
        &mut self,
        mailbox: &MailboxName,
        mode: Mode,
        how: &str,
        since: Option<&Resync>,
        sink: &mut dyn FnMut(Change) -> Result<(), NetError>,
    ) -> Result<Selected, NetError> {
        let verb = match mode {
            Mode::ReadWrite => "SELECT ",
            Mode::ReadOnly => "EXAMINE ",
        };
        let command = self.about(verb, mailbox)?.text(how);
        self.closed();
        // What was said of the mailbox that was open says nothing of this one.
        let news = &mut self.notes.unsolicited;
        (news.exists, news.expunged) = (None, 0);
        (news.vanished, news.flags) = (UidSet::new(), Vec::new());
        let mut codes = Vec::new();
        let mut exists = None;
        let mut early = false;
        let whole = Limits::default();
        let done = self.run_within(whole, MOST, &command, &mut |said| match said {
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
                        | Code::MailboxId(_)
                        | Code::ReadOnly
                        | Code::ReadWrite),
                    ),
                ..
            }) => {
                codes.push(code);
                codes.truncate(64);
                Ok(None)
            }
            Untagged::Fetch(item) => {
                match (since, same(&codes, since)) {
                    (Some(_), true) => tell(item, sink)?,
                    (Some(_), false) => early = true,
                    (None, _) => {}
                }
                Ok(None)
            }
            Untagged::Vanished { uids, .. } => {
                match (since, same(&codes, since)) {
                    (Some(_), true) => sink(Change::Vanished(uids))?,
                    (Some(_), false) => early = true,
                    (None, _) => {}
                }
                Ok(None)
            }
            Untagged::Expunge(_) => Ok(None),
            Untagged::Torn => {
                early = true;
                Ok(None)
            }
            other => Ok(Some(other)),
        })?;
        let told = same(&codes, since);
        codes.extend(done.code);
        let exists = exists.unwrap_or(0);
        if exists > LARGEST {
            return Err(fail::odd("more messages than a mailbox can hold"));
        }
        let mut selected = selected(exists, codes, mode);
        if selected.uidvalidity.0 > 0 {
            self.numbered.insert(mailbox.clone());
        } else if mode == Mode::ReadOnly {
            // Xeams tells it to SELECT alone.
            let mut told = self.open(mailbox, Mode::ReadWrite, "", None, &mut |_| Ok(()))?;
            told.read_only = true;
            return Ok(told);
        } else if self.numbered.contains(mailbox) {
            return Err(fail::odd("the mailbox has no UIDVALIDITY"));
        } else {
            selected.uidvalidity = STAND_IN;
        }
        // Some tell a number and take no question about it (quirks.rs): what counts is the offer.
        if !self.caps.condstore() {
            selected.highestmodseq = None;
        }
        // Sequences that went backwards come from a backup: nothing since then can be told.
        let forward = since.is_some_and(|s| selected.highestmodseq >= Some(s.modseq));
        selected.resynced = told && forward && !early;
        self.selected = Some(mailbox.clone());
        self.modseqs = selected.highestmodseq.is_some();
        self.notes.exists = selected.exists;
        self.notes.validity = selected.uidvalidity.0;
        Ok(selected)
    }
}

/// Whether the server named the UIDVALIDITY that was asked for.
fn same(codes: &[Code], since: Option<&Resync>) -> bool {
    let named = codes.iter().rev().find_map(|code| match code {
        Code::UidValidity(n) => Some(*n),
        _ => None,
    });
    since.is_some_and(|since| named == Some(since.uidvalidity.0))
}

fn tell(
    item: Item<'_>,
    sink: &mut dyn FnMut(Change) -> Result<(), NetError>,
) -> Result<(), NetError> {
    if let Some(uid) = item.uid
        && let Some(flags) = item.flags
    {
        let modseq = item.modseq;
        sink(Change::Flags(FlagItem { uid, flags, modseq }))?;
    }
    Ok(())
}

/// What was told; UIDVALIDITY is 0 if it was not.
fn selected(exists: u32, codes: Vec<Code>, mode: Mode) -> Selected {
    let mut out = Selected {
        exists,
        uidvalidity: UidValidity(0),
        uidnext: None,
        highestmodseq: None,
        permanent_flags: Vec::new(),
        keywords: true,
        read_only: mode == Mode::ReadOnly,
        uid_not_sticky: false,
        resynced: false,
        mailbox_id: None,
    };
    for code in codes {
        match code {
            Code::UidValidity(n) if n > 0 => out.uidvalidity = UidValidity(n),
            Code::UidNext(n) => out.uidnext = Some(n).filter(|&n| n > 0),
            Code::HighestModSeq(n) => out.highestmodseq = n,
            Code::NoModSeq => out.highestmodseq = None,
            Code::PermanentFlags(flags) => {
                out.keywords = flags.iter().any(|f| f == "\\*");
                out.permanent_flags = flags;
            }
            Code::UidNotSticky => out.uid_not_sticky = true,
            Code::ReadOnly => out.read_only = true,
            Code::MailboxId(id) => out.mailbox_id = Some(id),
            _ => {}
        }
    }
    out
}
