//! What the layout thread does besides: errands for the composer, and the look for what was reported of
//! a message and how its list is left.

use super::Worker;
use crate::lang::tr;
use crate::mime::{attachment, hollow, report};
use crate::model::{DraftAttachment, MsgId};
use crate::tui::errand::{self, Brought, Errand};
use crate::tui::event::Event;
use crate::tui::parting::Parting;
use crate::tui::paths;
use crate::tui::question::LaidOut;
use std::sync::Arc;

impl Worker {
    /// What was reported of a message that we sent is shown on it.
    pub(super) fn with_reports(&mut self, message: MsgId, laid: LaidOut) -> LaidOut {
        let LaidOut::Message(mut rendered) = laid else {
            return laid;
        };
        if let Ok(Some(row)) = self.ask(|cache| cache.message(message))
            && let Some(id) = &row.envelope.message_id
            && let Ok(facts) = self.shelves.own().and_then(|own| own.reports(id))
            && !facts.is_empty()
        {
            report::show(Arc::make_mut(&mut rendered), &facts);
        }
        LaidOut::Message(rendered)
    }

    pub(super) fn parting(&mut self, id: MsgId) -> Result<Parting, String> {
        let raw = self.body(id)?;
        let raw = raw.ok_or(tr!("this message's text is not here yet; open it first"))?;
        let (row, account) = self.message(id)?;
        Parting::find(&raw, &row.envelope, account)
    }

    pub(super) fn errand(&mut self, serial: u64, errand: Errand) -> Event {
        let found = errand::run(&errand, paths::home().as_deref(), &self.templates);
        let brought = match (found, &errand) {
            (Some(brought), _) => brought,
            (None, Errand::Take(message, part)) => {
                match self.safely(|w| w.take(*message, part)).transpose() {
                    Some(taken) => Brought::Taken(taken),
                    None => return Event::NotHere(serial, *message, part.clone()),
                }
            }
            (None, _) => Brought::Weighed(Vec::new()),
        };
        Event::Brought { serial, brought }
    }

    /// `None`: this attachment is not here.
    fn take(&mut self, message: MsgId, part: &[u32]) -> Result<Option<DraftAttachment>, String> {
        let shown = self.ask(|cache| cache.shown(message))?;
        let shown = shown.ok_or(tr!("this message's text is not here yet"))?;
        // What begins with zeros looks as if it were left out.
        if shown.is_hollow && !hollow::has(&shown.raw, part) {
            return Ok(None);
        }
        let found = attachment::extract_within(&shown.raw, part)
            .ok_or(tr!("there is no such attachment"))?;
        Ok(Some(DraftAttachment::Bytes {
            inline: false,
            name: attachment::safe_name(&found.name),
            media_type: match found.charset {
                Some(charset) => format!("{}; charset={charset}", found.media_type),
                None => found.media_type,
            },
            bytes: found.bytes.into(),
        }))
    }
}
