//! The recipients' domains, looked up before a message goes, where the user wants that.
//!
//! They are asked for as soon as the recipients' fields are left, so that the answers are usually
//! here when one sends. If they are not, sending waits for them, a few seconds at most: whoever
//! looks them up answers in time, with [`MailDomain::Unknown`] if need be, and unknown is no
//! reason to ask anything. Sending once more doesn't wait.

use super::fields::Field;
use super::{Composer, Outcome};
use crate::lang::tr;
use crate::mime::recipients::parse_list;
use crate::model::{Draft, MailDomain};
use crate::text::Clean;
use crate::tui::errand::Errand;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Domains looked up for one message.
const MOST: usize = 24;

/// What is known of the recipients' domains.
#[derive(Debug, Default)]
pub(super) struct Domains {
    /// Whether they are looked up at all.
    pub(super) wanted: bool,
    /// What was said of them, in lower case.
    pub(super) told: BTreeMap<String, MailDomain>,
    asked: BTreeSet<String>,
    /// Whether sending waits for answers.
    waiting: bool,
    /// Whether recipients may have changed since they were looked at.
    pub(super) stale: bool,
}

impl Domains {
    /// A key other than those that send goes on with the message: it is not sent any more.
    pub(super) fn stop_waiting(&mut self) {
        self.waiting = false;
    }

    /// Whether sending waits for answers.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting
    }
}

/// The domains that a draft goes to, in lower case.
fn domains(draft: &Draft) -> BTreeSet<String> {
    let lists = [&draft.to, &draft.cc, &draft.bcc];
    let all = lists
        .into_iter()
        .flat_map(|l| parse_list(l).unwrap_or_default());
    let domains = all.map(|a| a.domain().to_lowercase());
    // An address of a machine (`[192.0.2.1]`) or a name without a dot is for no name server.
    domains
        .filter(|d| d.contains('.') && !d.starts_with('['))
        .take(MOST)
        .collect()
}

impl Composer {
    /// Asks for domains that were not asked for yet, once nobody types recipients.
    pub(super) fn look_up_early(&mut self, out: &mut Vec<Outcome>) {
        let typing = matches!(
            self.focus,
            Field::To | Field::Cc | Field::Bcc | Field::ReplyTo
        );
        if self.domains.wanted && self.domains.stale && !typing {
            self.domains.stale = false;
            self.look_up(out);
        }
    }

    fn look_up(&mut self, out: &mut Vec<Outcome>) {
        let new: Vec<String> = domains(&self.draft())
            .into_iter()
            .filter(|d| self.domains.asked.insert(d.clone()))
            .collect();
        if !new.is_empty() {
            out.push(Outcome::Errand(Errand::Domains(new)));
        }
    }

    /// Whether sending has to wait for what is said of the domains; asks for it if need be.
    pub(super) fn waits_for_domains(&mut self, out: &mut Vec<Outcome>) -> bool {
        // Sent twice: without them.
        let again = std::mem::take(&mut self.domains.waiting);
        if !self.domains.wanted || again {
            return false;
        }
        self.look_up(out);
        let all = domains(&self.draft());
        self.domains.waiting = all.iter().any(|d| !self.domains.told.contains_key(d));
        if self.domains.waiting {
            let text = tr!("Looking the recipients' domains up; send once more to send without.");
            self.notice = Some(Clean::lit(text));
        }
        self.domains.waiting
    }

    /// Something was said of domains. What waited for it goes on.
    pub(super) fn domains_told(
        &mut self,
        found: Vec<(String, MailDomain)>,
        now: Instant,
        out: &mut Vec<Outcome>,
    ) {
        self.domains.told.extend(found);
        let all = domains(&self.draft());
        let here = all.iter().all(|d| self.domains.told.contains_key(d));
        if here && std::mem::take(&mut self.domains.waiting) {
            self.notice = None;
            self.send(now, out);
        }
    }
}
