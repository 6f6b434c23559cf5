//! What is made of a message on the layout thread, and what of that needs all of the message: drafts,
//! and what goes out without one.

use super::{MOST_RUNAWAYS, RUNAWAYS, Worker};
use crate::lang::tr;
use crate::mime::answer::{self, Hints};
use crate::mime::quote::Pages;
use crate::mime::reply::{self, Way};
use crate::mime::{itip, receipt, redirect};
use crate::model::view::Place;
use crate::model::{
    Account, Address, Draft, FlagChange, Flags, MDN_SENT, MailboxId, MsgId, Outgoing, Role, System,
    Target,
};
use crate::store::ServerPlace;
use crate::text::when;
use crate::tui::effect::{DraftFrom, Outward};
use crate::tui::event::Event;
use crate::tui::whole::{Lacking, Then};
use std::sync::Arc;

impl Worker {
    /// What has to be fetched before this can be done with a message.
    pub(super) fn lacking(&mut self, message: MsgId, then: Then) -> Option<Lacking> {
        let needs = match &then {
            // One of which there is the draft here needs nothing of the server's.
            Then::Draft(DraftFrom::GoOn) => {
                let there = self.ask(|cache| cache.locate(message));
                there.is_ok_and(|there| matches!(self.copied_from(&there), Ok(None)))
            }
            Then::Draft(from) => from.needs_attachments(),
            Then::Build(Outward::Redirect(_)) => true,
            Then::Build(Outward::Receipt | Outward::Answer(..)) => false,
            // Only the attachment that it is about has to be here.
            Then::Part(_) => false,
        };
        // What can't be read is told by what needs it.
        let lacks = needs && self.ask(|cache| cache.is_hollow(message)) == Ok(true);
        lacks.then_some(Lacking { message, then })
    }

    /// A message that goes out: with all that is attached to it, or not at all.
    fn whole(&mut self, message: MsgId) -> Result<Option<Vec<u8>>, String> {
        self.ask(|cache| cache.body(message))
    }

    /// A draft that repeats a message, made on a thread of its own: if its HTML takes too long to lay
    /// out, with its bare text.
    pub(super) fn repeated(
        &self,
        make: impl Fn(Pages) -> Draft + Send + Sync + 'static,
    ) -> Result<Draft, String> {
        let make = Arc::new(make);
        let attempt = |pages: Pages, beside: usize| {
            let make = Arc::clone(&make);
            self.runaways
                .within(beside, self.budget, move || make(pages))
        };
        if let Some(draft) = attempt(Pages::LaidOut, RUNAWAYS) {
            return Ok(draft);
        }
        let bare = attempt(Pages::Bare, MOST_RUNAWAYS).ok_or(tr!(
            "this message takes too long to be quoted; it can be forwarded as an attachment"
        ))?;
        let told = tr!("This message took too long to lay out: its bare text is quoted");
        let _ = self.events.send(Event::Told(Ok(told.to_owned())));
        Ok(bare)
    }

    /// The draft here that one on the server is a copy of.
    fn copied_from(&mut self, there: &[ServerPlace]) -> Result<Option<Draft>, String> {
        let own = self.shelves.own().map_err(|e| e.to_string())?;
        for place in there {
            let at = (place.uidvalidity, place.uid);
            let copied = own.draft_copied_at(&place.account, &place.name, at);
            if let Some(draft) = copied.map_err(|e| e.to_string())? {
                let draft = own.draft(draft).map_err(|e| e.to_string())?;
                let sent = tr!("this message is in the outbox");
                return draft.map(Some).ok_or_else(|| sent.to_owned());
            }
        }
        Ok(None)
    }

    /// A draft that lies on the server, to be written on: the one here if it is a copy of that,
    /// else one made of it, which takes its place once it is saved.
    fn go_on(&mut self, id: MsgId) -> Result<Draft, String> {
        let there = self.ask(|cache| cache.locate(id))?;
        if let Some(draft) = self.copied_from(&there)? {
            return Ok(draft);
        }
        let place = there
            .iter()
            .find(|p| self.is_for(p.mailbox, &[Role::Drafts]));
        let place = place.map(|p| p.location);
        let raw = self.whole(id)?;
        let raw = raw.ok_or(tr!(
            "this draft's text is being fetched; try again in a moment"
        ))?;
        let own: Vec<Address> = self.accounts.iter().flat_map(Account::senders).collect();
        let (row, account) = self.message(id)?;
        let account = account.clone();
        // Mail that nothing calls a draft is no draft: it stays where it lies, and somebody else may
        // have written it.
        let mut flagged = row.places.iter();
        let flagged = flagged.find(|p| p.flags.system.has(System::DRAFT));
        let replaces = place.or(flagged.map(|p| p.location));
        let as_written = replaces.is_some();
        let make = move |pages| reply::edit(&raw, &account, &own, pages, as_written);
        let draft = self.repeated(make)?;
        Ok(Draft { replaces, ..draft })
    }

    /// Whether a mailbox is for one of these.
    fn is_for(&mut self, mailbox: MailboxId, roles: &[Role]) -> bool {
        let found = self.ask(|cache| cache.mailbox(mailbox));
        matches!(found, Ok(Some(m)) if m.role.is_some_and(|role| roles.contains(&role)))
    }

    pub(super) fn draft(&mut self, from: DraftFrom, id: MsgId) -> Result<Draft, String> {
        if from == DraftFrom::GoOn {
            return self.go_on(id);
        }
        let raw = match from.needs_attachments() {
            true => self.whole(id)?,
            false => self.body(id)?,
        };
        let own: Vec<Address> = self.accounts.iter().flat_map(Account::senders).collect();
        let (row, account) = self.message(id)?;
        let place = row.places.first().map(|p| p.location);
        let account = account.clone();
        let mut places = row.places.iter();
        let as_written = places.any(|p| self.is_for(p.mailbox, &[Role::Sent, Role::Drafts]));
        let needed = tr!("this message's text is not here yet; open it first");
        if raw.is_none() && !matches!(from, DraftFrom::Reply | DraftFrom::ReplyAll) {
            return Err(needed.to_owned());
        }
        let mut draft = self.repeated(move |pages| {
            let (raw, e, whole) = (raw.as_deref(), &row.envelope, raw.as_deref().unwrap_or(&[]));
            let to = |way| reply::reply(raw, e, &account, way, &own, pages);
            match from {
                DraftFrom::Reply => to(Way::Sender),
                DraftFrom::ReplyAll => to(Way::All),
                DraftFrom::ReplyList => to(Way::List),
                DraftFrom::Forward => reply::forward(whole, e, &account, pages),
                DraftFrom::ForwardWhole => reply::forward_whole(whole, e, &account),
                DraftFrom::Edit | DraftFrom::GoOn => {
                    reply::edit(whole, &account, &own, pages, as_written)
                }
            }
        })?;
        if from == DraftFrom::ReplyList && draft.to.is_empty() {
            return Err(tr!("this message came from no list that one can write to").to_owned());
        }
        draft.source = match from {
            DraftFrom::Edit => None,
            _ => place,
        };
        Ok(draft)
    }

    pub(super) fn build(&mut self, outward: &Outward, id: MsgId) -> Result<Outgoing, String> {
        let raw = match outward {
            Outward::Redirect(_) => self.whole(id)?,
            Outward::Receipt | Outward::Answer(..) => self.body(id)?,
        };
        let raw = raw.ok_or(tr!("this message's text is not here yet; open it first"))?;
        let (row, account) = self.message(id)?;
        let now = when::now();
        let (outgoing, mark) = match outward {
            Outward::Redirect(to) => (redirect::redirect(&raw, account, to, now), None),
            Outward::Answer(what, note) => {
                let outgoing = itip::answer(&raw, account, *what, note, now);
                (outgoing, Some(Flags::of(System::ANSWERED)))
            }
            Outward::Receipt => {
                let has_one = |p: &Place| p.flags.keywords.contains(MDN_SENT);
                if row.places.iter().any(has_one) {
                    return Err(tr!("the sender already has a receipt").to_owned());
                }
                if receipt::asked(&raw).is_empty() {
                    return Err(tr!("the sender did not ask for a receipt").to_owned());
                }
                let hints = Hints::read(&raw);
                let reader = answer::identity(&row.envelope, &hints, account);
                let outgoing = receipt::displayed(&raw, account, &reader, now);
                let keywords = [MDN_SENT.to_owned()].into();
                let mark = Flags {
                    keywords,
                    ..Flags::default()
                };
                (outgoing, Some(mark))
            }
        };
        let mut outgoing = outgoing.map_err(|e| e.to_string())?;
        if let Some(add) = mark {
            let place = row.places.first().ok_or(tr!("this message is gone"))?;
            let target = [Target::Location(place.location)];
            let found = self.ask(|cache| cache.resolve(&target))?.pop();
            let there = found.ok_or(tr!("this message is gone"))?;
            let remove = Flags::default();
            // Set once it is sent, in the same step: neither is there without the other.
            let own = there.account == outgoing.account;
            outgoing.source = own.then_some((there.key, FlagChange { add, remove }));
        }
        Ok(outgoing)
    }
}
