//! Headers of many messages, window after window: the next window is asked for before all of the
//! present one is here, so that a server never waits for us (RFC 9051 §5.5).
//!
//! A server may answer both at once; a row counts for the window that asked for it. Whatever else is
//! asked of the session first hears out the window that was asked for ahead, and lets it go.

use crate::model::UidSet;
use crate::net::error::NetError;
use crate::net::imap::asked::{Asked, FetchReport};
use crate::net::imap::decode::{Reply, Said, Untagged};
use crate::net::imap::fail;
use crate::net::imap::headers::{HEADER, Sink, beside, hand_on_rest, header_item};
use crate::net::imap::session::Session;

impl Session {
    /// [`Session::fetch_headers`] of a set, and asks for `next` before the answer is here: to be
    /// fetched in the same way right afterwards. Rows of `next` may come already.
    ///
    /// # Errors
    /// See [`Session::fetch_headers`].
    pub fn fetch_window(
        &mut self,
        set: &UidSet,
        next: Option<&UidSet>,
        sink: &mut Sink<'_>,
    ) -> Result<FetchReport, NetError> {
        let items = self.header_items();
        let mut now = match self.ahead.take() {
            Some(ahead) if ahead.set == *set => ahead,
            other => {
                self.ahead = other;
                self.ask_for(set, &items)?
            }
        };
        let asked = now.items.clone();
        let mut next = match next {
            Some(next) => Some(self.ask_for(next, &items)?),
            None => None,
        };
        let outcome = self.hear_window(&mut now, next.as_mut(), sink);
        self.ahead = next;
        let reply = outcome?;
        let mut report = now.report;
        hand_on_rest(Some(set), &mut report, sink)?;
        let answered = match self.finish(reply, &[]) {
            Ok(_) => report.nameless == 0,
            Err(error) if fail::is_refusal(&error) => false,
            Err(error) => return Err(error),
        };
        let bad: UidSet = report.bad.iter().copied().collect();
        let rest = set.minus(&report.uids).minus(&bad);
        let doubtful = match answered || rest.is_empty() {
            true => Vec::new(),
            false => vec![rest],
        };
        self.isolate(doubtful, &asked, &mut report, sink)?;
        Ok(report)
    }

    /// Whether a window was asked for that nobody has fetched.
    pub fn has_asked(&self) -> bool {
        self.ahead.is_some()
    }

    fn ask_for(&mut self, set: &UidSet, items: &str) -> Result<Asked, NetError> {
        self.say(&format!("UID FETCH {} ({items})", set.to_wire()), true)?;
        Ok(Asked {
            tag: self.port.line().tag().to_vec(),
            set: set.clone(),
            items: items.to_owned(),
            report: FetchReport::default(),
            reply: None,
        })
    }

    /// Hears the server until it is done with `now`.
    fn hear_window(
        &mut self,
        now: &mut Asked,
        mut next: Option<&mut Asked>,
        sink: &mut Sink<'_>,
    ) -> Result<Reply, NetError> {
        if let Some(reply) = now.reply.take() {
            return Ok(reply);
        }
        self.bounds(self.budget(), HEADER);
        let notes = &mut self.notes;
        let outcome = self.port.line().hear(&mut |said| match said {
            Said::Continue(_) => Ok(None),
            Said::Tagged(tag, reply) if tag == now.tag => {
                notes.alert(&reply);
                Ok(Some(reply))
            }
            Said::Tagged(tag, reply) => match next.as_deref_mut() {
                Some(next) if next.tag == tag && next.reply.is_none() => {
                    notes.alert(&reply);
                    next.reply = Some(reply);
                    Ok(None)
                }
                _ => Err(fail::protocol("an answer to no question of ours")),
            },
            Said::Untagged(Untagged::Fetch(item))
                if item.section.is_some() || item.size.is_some() =>
            {
                let whose = match (item.uid, next.as_deref_mut()) {
                    (Some(uid), Some(next)) if !now.set.contains(uid) => next,
                    (None, _) if now.report.halves.has(item.seq) => &mut *now,
                    (None, Some(next)) if next.report.halves.has(item.seq) => next,
                    // It may be one of either.
                    (None, Some(next)) => {
                        now.report.nameless += 1;
                        next.report.nameless += 1;
                        return Ok(None);
                    }
                    _ => &mut *now,
                };
                header_item(item, Some(&whose.set), &mut whose.report, sink)?;
                Ok(None)
            }
            Said::Untagged(said) => {
                for asked in next.as_deref_mut().into_iter().chain([&mut *now]) {
                    beside(&said, Some(&asked.set), &mut asked.report);
                }
                notes.note(said);
                Ok(None)
            }
        });
        self.usual_bounds();
        outcome
    }
}
