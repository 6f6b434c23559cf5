//! What the layout thread does besides: errands for the composer, and the look whether a message is here
//! with its attachments.

use super::Worker;
use crate::lang::tr;
use crate::mime::{attachment, hollow};
use crate::model::{DraftAttachment, MsgId};
use crate::tui::errand::{self, Brought, Errand};
use crate::tui::paths;
use crate::tui::whole::{Lacking, Outward, Then};

impl Worker {
    /// What has to be fetched before this can be done with a message.
    pub(super) fn lacking(&mut self, message: MsgId, then: Then) -> Option<Lacking> {
        let needs = match &then {
            Then::Draft(from) => from.needs_attachments(),
            Then::Build(Outward::Redirect(_)) => true,
            Then::Build(Outward::Receipt | Outward::Answer(..)) | Then::Part(_) => false,
        };
        // What can't be read is told by what needs it.
        let lacks = needs && self.ask(|cache| cache.is_hollow(message)) == Ok(true);
        lacks.then_some(Lacking { message, then })
    }

    /// A message that goes out: with all that is attached to it, or not at all.
    pub(super) fn whole(&mut self, message: MsgId) -> Result<Option<Vec<u8>>, String> {
        self.ask(|cache| cache.body(message))
    }

    pub(super) fn errand(&mut self, errand: &Errand) -> Brought {
        match (
            errand,
            errand::run(errand, paths::home().as_deref(), &self.templates),
        ) {
            (_, Some(brought)) => brought,
            (Errand::Take(message, part), None) => {
                Brought::Taken(self.safely(|w| w.take(*message, part)))
            }
            (_, None) => Brought::Weighed(Vec::new()),
        }
    }

    fn take(&mut self, message: MsgId, part: &[u32]) -> Result<DraftAttachment, String> {
        let raw = self
            .body(message)?
            .ok_or(tr!("this message's text is not here yet"))?;
        // What begins with zeros looks as if it were left out.
        if self.ask(|cache| cache.is_hollow(message))? && !hollow::has(&raw, part) {
            return Err(
                tr!("this attachment is not here; it is fetched when it is opened").to_owned(),
            );
        }
        let found =
            attachment::extract_within(&raw, part).ok_or(tr!("there is no such attachment"))?;
        Ok(DraftAttachment::Bytes {
            inline: false,
            name: attachment::safe_name(&found.name),
            media_type: found.media_type,
            bytes: found.bytes.into(),
        })
    }
}
