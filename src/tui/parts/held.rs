//! Attachments out of a message as far as it is here: its octets and whether any are left out are read
//! in one moment, so that nothing is taken for an attachment that only stands in its place.

use super::Parts;
use crate::lang::tr;
use crate::mime::attachment::{Extracted, extract_within};
use crate::mime::hollow;
use crate::model::{MsgId, Target};
use crate::store::{Error, Reader, Shown};
use crate::tui::event::Event;
use crate::tui::part::PartOf;
use crate::tui::shelves::unreadable;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Why a job could not be done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// What is attached to this message is not here.
    Lacks(MsgId),
    /// Anything else, in plain words.
    Said(String),
}

impl From<String> for Trouble {
    fn from(why: String) -> Trouble {
        Trouble::Said(why)
    }
}

impl From<&str> for Trouble {
    fn from(why: &str) -> Trouble {
        Trouble::Said(why.to_owned())
    }
}

/// What is said of a message that is not here at all.
fn not_here() -> Trouble {
    tr!("this message's text is not here yet; open it first").into()
}

/// An attachment of a message that was read.
pub(super) fn taken(shown: &Shown, part: &PartOf) -> Result<Extracted, Trouble> {
    if shown.is_hollow && !hollow::has(&shown.raw, &part.path) {
        return Err(Trouble::Lacks(part.message));
    }
    let found = extract_within(&shown.raw, &part.path);
    found.ok_or_else(|| tr!("there is no such attachment").into())
}

impl Parts {
    /// A message of which something is used: what is here of it stays here.
    pub(super) fn held(&self, message: MsgId) -> Result<Shown, Trouble> {
        let read = |reader: &Reader| -> Result<_, Error> {
            let shown = reader.shown(message)?;
            Ok((shown, reader.will_be_hollow(message)?))
        };
        let read = Reader::open(&self.cache).and_then(|reader| read(&reader));
        let (shown, leaves) = read.map_err(|e| unreadable(&self.cache, &e))?;
        let shown = shown.ok_or_else(not_here)?;
        if leaves && !shown.is_hollow {
            let _ = self.events.send(Event::Used(message));
        }
        Ok(shown)
    }

    /// One attachment, or a picture that was loaded from the web.
    pub(super) fn extract(&self, part: &PartOf) -> Result<Extracted, Trouble> {
        match &part.url {
            Some(url) => self.loaded(part, url),
            None => taken(&self.held(part.message)?, part),
        }
    }

    fn loaded(&self, part: &PartOf, url: &str) -> Result<Extracted, Trouble> {
        let gone = tr!("this picture is not here any more; load it again");
        self.loader.kept(part, url).ok_or_else(|| gone.into())
    }

    /// All of these, one after the other, or none where any is not here.
    pub(super) fn each(
        &self,
        parts: &[PartOf],
        mut with: impl FnMut(Extracted) -> Result<(), String>,
    ) -> Result<(), Trouble> {
        let mut held: BTreeMap<MsgId, Shown> = BTreeMap::new();
        for part in parts.iter().filter(|part| part.url.is_none()) {
            let shown = match held.entry(part.message) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.held(part.message)?),
            };
            if let Err(lacks @ Trouble::Lacks(_)) = taken(shown, part) {
                return Err(lacks);
            }
        }
        for part in parts {
            let found = match (&part.url, held.get(&part.message)) {
                (Some(url), _) => self.loaded(part, url)?,
                (None, Some(shown)) => taken(shown, part)?,
                (None, None) => return Err(not_here()),
            };
            with(found)?;
        }
        Ok(())
    }

    /// The octets of these messages, each once, at most `most` of all together.
    pub(super) fn whole(
        &self,
        targets: &[Target],
        most: usize,
    ) -> Result<(usize, Vec<u8>), Trouble> {
        let failed = |e: Error| unreadable(&self.cache, &e);
        let reader = Reader::open(&self.cache).map_err(failed)?;
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for target in reader.resolve(targets).map_err(failed)? {
            let row = reader.row_at(target.location).map_err(failed)?;
            let Some(message) = row.map(|row| row.message).filter(|m| seen.insert(*m)) else {
                continue;
            };
            let shown = self.held(message)?;
            if shown.is_hollow {
                return Err(Trouble::Lacks(message));
            }
            all.extend_from_slice(&shown.raw);
            if all.len() > most {
                return Err(tr!("that is more than a program is given at once").into());
            }
        }
        Ok((seen.len(), all))
    }
}
