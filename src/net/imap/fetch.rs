//! Reading what is short: flags and previews.
//!
//! Rows go to a sink as they arrive, in constant memory. A row that makes no sense costs its
//! message and nothing else; a row that was not asked for is not handed out.

use crate::model::{ModSeq, Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::asked::FetchReport;
use crate::net::imap::command::Command;
use crate::net::imap::decode::Untagged;
use crate::net::imap::item::Item;
use crate::net::imap::session::Session;
use crate::net::imap::unasked::FlagItem;
use crate::net::imap::wire::Limits;

impl Session {
    /// Fetches the beginnings of messages as the server shows them (RFC 8970), each handed to `sink`
    /// as it arrives: at most 1 KiB, not cleaned. Whether the server can do it at all.
    ///
    /// # Errors
    /// See [`Session::fetch_headers`].
    pub fn fetch_previews(
        &mut self,
        uids: &UidSet,
        sink: &mut dyn FnMut(Uid, String) -> Result<(), NetError>,
    ) -> Result<bool, NetError> {
        if !self.caps.has("PREVIEW") {
            return Ok(false);
        }
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let text = format!("UID FETCH {} (UID PREVIEW)", piece.to_wire());
            let (limits, budget) = (Limits::default(), self.budget());
            self.run_within(limits, budget, &Command::new(text), &mut |said| {
                let item = match said {
                    Untagged::Fetch(item) if item.preview.is_some() => item,
                    other => return Ok(Some(other)),
                };
                if let (Some(uid), Some(preview)) = (item.uid, item.preview)
                    && piece.contains(uid)
                {
                    sink(uid, preview)?;
                }
                Ok(None)
            })?;
        }
        Ok(true)
    }

    /// Fetches the Message-ID field of messages, each handed to `sink` as the header lines that the
    /// server sent: nothing at all for a message that has none.
    ///
    /// # Errors
    /// See [`Session::fetch_headers`]; a refusal, too.
    pub fn fetch_message_ids(
        &mut self,
        uids: &UidSet,
        sink: &mut dyn FnMut(Uid, &[u8]),
    ) -> Result<(), NetError> {
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let set = piece.to_wire();
            let text = format!("UID FETCH {set} (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])");
            let (limits, budget) = (Limits::default(), self.budget());
            self.run_within(limits, budget, &Command::new(text), &mut |said| {
                let item = match said {
                    Untagged::Fetch(item) if item.section.is_some() => item,
                    other => return Ok(Some(other)),
                };
                let bytes = item.section.and_then(|section| section.bytes);
                if let Some(uid) = item.uid.filter(|uid| piece.contains(*uid)) {
                    sink(uid, bytes.as_deref().unwrap_or_default());
                }
                Ok(None)
            })?;
        }
        Ok(())
    }

    /// Fetches flags; with `changed_since`, only of messages changed after it (RFC 7162), which
    /// must not be asked of a server without CONDSTORE.
    ///
    /// # Errors
    /// See [`Session::fetch_headers`].
    pub fn fetch_flags(
        &mut self,
        uids: &UidSet,
        changed_since: Option<ModSeq>,
        sink: &mut dyn FnMut(FlagItem) -> Result<(), NetError>,
    ) -> Result<FetchReport, NetError> {
        let mut report = FetchReport::default();
        let since = changed_since
            .filter(|_| self.caps.condstore())
            .map(|ModSeq(n)| format!(" (CHANGEDSINCE {n})"))
            .unwrap_or_default();
        let labels = self.label_item();
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let text = format!("UID FETCH {} (UID FLAGS{labels}){since}", piece.to_wire());
            let budget = self.budget();
            self.run_within(
                Limits::default(),
                budget,
                &Command::new(text),
                &mut |said| {
                    let item = match said {
                        Untagged::Fetch(item) => item,
                        other => return Ok(Some(other)),
                    };
                    let Some(uid) = item.uid else {
                        // Somebody changed it just now; by its number we can't tell which it is.
                        report.nameless += 1;
                        return Ok(Some(Untagged::Fetch(item)));
                    };
                    if !uids.contains(uid) {
                        return Ok(Some(Untagged::Fetch(item)));
                    }
                    let Item { flags, modseq, .. } = item;
                    let Some(flags) = flags else {
                        report.bad.push(uid);
                        return Ok(None);
                    };
                    // The last word counts, so a second row for a message is delivered, too.
                    report.delivered += 1;
                    report.uids.insert(uid);
                    sink(FlagItem { uid, flags, modseq })?;
                    Ok(None)
                },
            )?;
        }
        Ok(report)
    }
}
