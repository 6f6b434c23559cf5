//! What a list needs of each message. One message that the server can't give costs itself only.
//!
//! Rows go to a sink as they arrive, in constant memory. When a server refuses a set, or sends rows
//! that can't be used, the set is halved until the message that is to blame stands alone; that one
//! is asked for its plain header, then without what a server may stumble over (its date, its size,
//! what extensions add), and given up if even that fails (F-30). The number of commands beyond the
//! first is bounded, so that no server makes us ask for ever.

use crate::model::{Uid, UidSet};
use crate::net::error::NetError;
use crate::net::imap::asked::FetchReport;
use crate::net::imap::command::Command;
use crate::net::imap::decode::Untagged;
use crate::net::imap::fail;
use crate::net::imap::halves::{Half, HeaderItem};
use crate::net::imap::item::Item;
use crate::net::imap::session::Session;
use crate::net::imap::wire::Limits;

/// What is fetched for a list, always the same: a new field makes a server read every file again.
pub const HEADER_ITEMS: &str = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE \
     FROM SENDER REPLY-TO TO CC SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE \
     AUTHENTICATION-RESULTS)]";

/// Octets of one header that are kept.
pub(super) const HEADER: usize = 256 << 10;
/// Commands beyond the first that one call may cost, beside two for each halving.
const RETRIES: u32 = 64;
/// What a message that can't be had in the usual way is asked for.
const PLAIN: &str = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]";
/// What it is asked for last, where that is refused, too.
const LAST: &str = "UID FLAGS BODY.PEEK[HEADER]";

/// Which messages a header fetch is about.
#[derive(Clone, Copy, Debug)]
pub enum FetchBy<'a> {
    /// These UIDs.
    Uids(&'a UidSet),
    /// Message numbers from and to, both included. Only right after SELECT, before anything else
    /// was asked: numbers move when a message goes.
    Seq(u32, u32),
}

pub(super) type Sink<'a> = dyn FnMut(HeaderItem) -> Result<(), NetError> + 'a;

impl Session {
    /// Fetches what a list needs, each message handed to `sink` as it arrives. An error of the
    /// sink's stops the fetch and ends the session: the rest of the answer is on its way.
    ///
    /// # Errors
    /// See [`Session`]. A server that puts us off is an error; one that can't give some message is
    /// not, see [`FetchReport::bad`].
    pub fn fetch_headers(
        &mut self,
        by: FetchBy<'_>,
        sink: &mut dyn FnMut(HeaderItem) -> Result<(), NetError>,
    ) -> Result<FetchReport, NetError> {
        let items = self.header_items();
        let mut report = FetchReport::default();
        let mut doubtful = Vec::new();
        match by {
            FetchBy::Uids(set) => {
                for piece in set.split(UidSet::LINE, u64::MAX) {
                    doubtful.extend(self.try_headers(&piece, &items, &mut report, sink)?);
                }
            }
            FetchBy::Seq(lo, hi) => {
                let text = format!("FETCH {lo}:{hi} ({items})");
                if !self.header_rows(text, None, &mut report, sink)? {
                    // By now the numbers may mean other messages; these are as good.
                    let set = self.search(Command::new(format!("UID SEARCH {lo}:{hi}")))?;
                    doubtful.push(set.minus(&report.uids));
                }
            }
        }
        self.isolate(doubtful, &items, &mut report, sink)?;
        Ok(report)
    }

    /// What is asked for here: the same in every session with this server.
    pub(super) fn header_items(&self) -> String {
        let mut items = HEADER_ITEMS.to_owned();
        if self.bare {
            return items;
        }
        if self.modseqs {
            items.push_str(" MODSEQ");
        }
        items.push_str(self.identity_items());
        items
    }

    fn identity_items(&self) -> &'static str {
        match (self.bare, self.caps.gmail(), self.caps.has("OBJECTID")) {
            (false, true, _) => " X-GM-MSGID X-GM-THRID X-GM-LABELS",
            (false, false, true) => " EMAILID THREADID",
            _ => "",
        }
    }

    /// Whether it is what extensions add that is refused, and not messages: of a refused set the
    /// last and the first message are asked for with it and without it. Never at Gmail, which says
    /// "System Error" for a while now and then, and whose messages are known by what it adds.
    fn refuses_items(
        &mut self,
        set: &UidSet,
        items: &str,
        report: &mut FetchReport,
        sink: &mut Sink<'_>,
    ) -> Result<bool, NetError> {
        let ends = [set.ranges().last(), set.ranges().first()].map(|r| r.filter(|_| set.len() > 1));
        let [Some(&(_, last)), Some(&(first, _))] = ends else {
            return Ok(false);
        };
        if self.caps.gmail() {
            return Ok(false);
        }
        for uid in [last, first] {
            let one = UidSet::range(uid, uid);
            let mut ask = |session: &mut Session, items: &str, report: &mut FetchReport| {
                let text = format!("UID FETCH {uid} ({items})");
                session.header_rows(text, Some(&one), report, sink)
            };
            if ask(self, items, report)? || !ask(self, HEADER_ITEMS, report)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fetches a set; what of it must be asked for again.
    fn try_headers(
        &mut self,
        set: &UidSet,
        items: &str,
        report: &mut FetchReport,
        sink: &mut Sink<'_>,
    ) -> Result<Option<UidSet>, NetError> {
        let text = format!("UID FETCH {} ({items})", set.to_wire());
        let whole = self.header_rows(text, Some(set), report, sink)?;
        let bad: UidSet = report.bad.iter().copied().collect();
        let rest = set.minus(&report.uids).minus(&bad);
        Ok((!whole && !rest.is_empty()).then_some(rest))
    }

    /// Halves what is doubtful, and settles the messages that are left alone.
    pub(super) fn isolate(
        &mut self,
        mut doubtful: Vec<UidSet>,
        mut items: &str,
        report: &mut FetchReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), NetError> {
        if let Some(set) = doubtful.first()
            && items != HEADER_ITEMS
            && report.uids.is_empty()
            && (self.bare || self.refuses_items(&set.clone(), items, report, sink)?)
        {
            tracing::info!("what extensions add to a header is refused: it is left out");
            (self.bare, items) = (true, HEADER_ITEMS);
            for set in std::mem::take(&mut doubtful) {
                let set = set.minus(&report.uids);
                doubtful.extend(self.try_headers(&set, items, report, sink)?);
            }
        }
        doubtful
            .iter_mut()
            .for_each(|set| *set = set.minus(&report.uids));
        doubtful.retain(|set| !set.is_empty());
        let longest = doubtful.iter().map(UidSet::len).max().unwrap_or(1);
        let mut commands = RETRIES + 2 * longest.checked_ilog2().unwrap_or(0);
        while let Some(set) = doubtful.pop() {
            if let (1, Some(&(uid, _))) = (set.len(), set.ranges().first()) {
                // Whether it is there at all is asked together with its header.
                report.bad.extend(Uid::new(uid));
                continue;
            }
            let (first, second) = bisected(&set);
            for half in [first, second] {
                if commands == 0 {
                    half.ranges()
                        .iter()
                        .for_each(|&(lo, hi)| report.left.insert_range(lo, hi));
                    continue;
                }
                commands -= 1;
                doubtful.extend(self.try_headers(&half, items, report, sink)?);
            }
        }
        let alone: UidSet = std::mem::take(&mut report.bad).into_iter().collect();
        for uid in alone.iter() {
            if report.uids.contains(uid) {
                continue;
            }
            if commands == 0 {
                report.left.insert(uid);
                continue;
            }
            self.plain_header(uid, &mut commands, report, sink)?;
        }
        Ok(())
    }

    /// The last tries for one message: each asks for less than the one that was refused before.
    fn plain_header(
        &mut self,
        uid: Uid,
        commands: &mut u32,
        report: &mut FetchReport,
        sink: &mut Sink<'_>,
    ) -> Result<(), NetError> {
        let set = UidSet::range(uid.get(), uid.get());
        let bad = report.bad.len();
        let more = self.identity_items();
        // At Gmail flags without labels are half of them.
        let least = if self.caps.gmail() { more } else { "" };
        let mut tries = vec![format!("{PLAIN}{more}"), format!("{PLAIN}{least}")];
        tries.push(format!("{LAST}{least}"));
        tries.dedup();
        for items in tries {
            if *commands == 0 {
                report.left.insert(uid);
                return Ok(());
            }
            *commands -= 1;
            let text = format!("UID FETCH {uid} ({items})");
            let whole = self.header_rows(text, Some(&set), report, sink)?;
            // An OK without a row: the message is gone.
            if whole || report.uids.contains(uid) || report.bad.len() > bad {
                return Ok(());
            }
        }
        report.bad.push(uid);
        Ok(())
    }

    /// Runs one FETCH; whether it was done and every row said whose it is. Only a plain refusal is
    /// no error.
    fn header_rows(
        &mut self,
        text: String,
        asked: Option<&UidSet>,
        report: &mut FetchReport,
        sink: &mut Sink<'_>,
    ) -> Result<bool, NetError> {
        let limits = Limits {
            keep: HEADER,
            ..Limits::default()
        };
        let (budget, nameless) = (self.budget(), report.nameless);
        let outcome = self.run_within(limits, budget, &Command::new(text), &mut |said| {
            let item = match said {
                Untagged::Fetch(item) if item.section.is_some() || item.size.is_some() => item,
                other => {
                    beside(&other, asked, report);
                    return Ok(Some(other));
                }
            };
            header_item(item, asked, report, sink)?;
            Ok(None)
        });
        // Of what a cut left in the middle the rest is not known.
        if !matches!(&outcome, Err(error) if error.ends_session()) {
            hand_on_rest(asked, report, sink)?;
        }
        match outcome {
            Ok(_) => Ok(report.nameless == nameless),
            Err(error) if fail::is_refusal(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The lower and the upper half of a set of at least two.
fn bisected(set: &UidSet) -> (UidSet, UidSet) {
    let mut left = set.len() / 2;
    let (mut first, mut second) = (UidSet::new(), UidSet::new());
    for &(lo, hi) in set.ranges() {
        let here = (u64::from(hi - lo) + 1).min(left);
        left -= here;
        // It fits: it is at most the length of this range.
        let middle = lo.saturating_add(here as u32);
        if here > 0 {
            first.insert_range(lo, middle - 1);
        }
        if middle <= hi && here < u64::from(hi - lo) + 1 {
            second.insert_range(middle, hi);
        }
    }
    (first, second)
}

/// Takes one response to a fetch of headers; the message is handed on once all of it was told.
pub(super) fn header_item(
    item: Item<'_>,
    asked: Option<&UidSet>,
    report: &mut FetchReport,
    sink: &mut Sink<'_>,
) -> Result<(), NetError> {
    let ours = |uid| asked.is_none_or(|set| set.contains(uid)) && !report.uids.contains(uid);
    if item.uid.is_some_and(|uid| !ours(uid)) {
        return Ok(());
    }
    let whole = report.halves.add(item);
    for half in report.halves.ended() {
        settle(half, asked, report, sink)?;
    }
    match whole {
        Some(item) => deliver(item, report, sink),
        None => Ok(()),
    }
}

/// Takes note of what was said beside the answer, as far as it is about the messages asked for.
pub(super) fn beside(said: &Untagged<'_>, asked: Option<&UidSet>, report: &mut FetchReport) {
    match said {
        Untagged::Fetch(item) => {
            if let (Some(uid), Some(flags)) = (item.uid, &item.flags)
                && asked.is_none_or(|set| set.contains(uid))
                && !report.uids.contains(uid)
            {
                report.halves.changed(item.seq, uid, flags);
            }
        }
        Untagged::Expunge(_) | Untagged::Vanished { .. } => report.halves.renumbered(),
        _ => {}
    }
}

/// The answer is over: what is not whole by now is handed on as far as it was told.
pub(super) fn hand_on_rest(
    asked: Option<&UidSet>,
    report: &mut FetchReport,
    sink: &mut Sink<'_>,
) -> Result<(), NetError> {
    report.halves.renumbered();
    for half in report.halves.ended() {
        settle(half, asked, report, sink)?;
    }
    Ok(())
}

fn settle(
    mut half: Half,
    asked: Option<&UidSet>,
    report: &mut FetchReport,
    sink: &mut Sink<'_>,
) -> Result<(), NetError> {
    // Where one message was asked for nothing else can be meant.
    let only = asked.filter(|set| half.uid.is_none() && set.len() == 1);
    half.uid = half.uid.or(only.and_then(|set| set.iter().next()));
    let Some(uid) = half.uid else {
        report.nameless += 1;
        return Ok(());
    };
    match half.item() {
        Some(item) => deliver(item, report, sink),
        None if report.uids.contains(uid) => Ok(()),
        None => {
            report.bad.push(uid);
            Ok(())
        }
    }
}

fn deliver(
    item: HeaderItem,
    report: &mut FetchReport,
    sink: &mut Sink<'_>,
) -> Result<(), NetError> {
    // It may have been told by its number alone before it was told whose it is.
    if report.uids.contains(item.uid) {
        return Ok(());
    }
    report.delivered += 1;
    report.uids.insert(item.uid);
    sink(item)
}
