//! The status line: each account's connection and task in words, and one thing to say for a few
//! seconds.
//!
//! After a fault it tells the account, what failed and when it is tried again. A
//! retry is told as a time of day, so that nothing has to tick.

use crate::lang::tr;
use crate::model::{AccountName, AccountStatus, Link, Progress};
use crate::text::{Clean, width};
use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;
use crate::tui::screen::state::{self, Said};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use crate::tui::screen::state::Tone;

/// So long a toast stays.
pub const TOAST: Duration = Duration::from_secs(6);
/// Columns between two accounts.
const GAP: usize = 3;
/// So long a failure stays.
pub const ALARM: Duration = Duration::from_secs(12);

/// One thing said for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What.
    pub text: Clean,
    /// How.
    pub tone: Tone,
    /// Whether the last action can be taken back now.
    pub undo: bool,
    /// Whether its text counts the seconds down to its end.
    counts: bool,
    until: Instant,
    /// When it changes or goes.
    next: Instant,
}

impl Toast {
    /// What is said to who hears it: not each second of what counts down.
    pub fn spoken(&self) -> Clean {
        match self.counts {
            true => Clean::lit(tr!("Sending in a few seconds.")),
            false if self.tone == Tone::Bad => {
                Clean::line(&tr!("Failed: {text}", text = self.text))
            }
            false => self.text.clone(),
        }
    }
}

/// What one account's part of the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What.
    pub text: Clean,
    /// How.
    pub tone: Tone,
}

/// The status line.
#[derive(Debug, Default)]
pub struct Status {
    accounts: Vec<AccountName>,
    known: BTreeMap<AccountName, AccountStatus>,
    toasts: VecDeque<Toast>,
    keymap: Arc<Keymap>,
}

impl Status {
    /// Other keys are named from now on.
    pub fn set_keymap(&mut self, keymap: Arc<Keymap>) {
        self.keymap = keymap;
    }

    /// A line for these accounts, in this order.
    pub fn new(accounts: Vec<AccountName>, keymap: Arc<Keymap>) -> Status {
        Status {
            accounts,
            keymap,
            ..Status::default()
        }
    }

    /// Takes what the board says.
    pub fn update(&mut self, statuses: BTreeMap<AccountName, AccountStatus>) {
        self.known.extend(statuses);
    }

    /// How a sentence names the way to a command.
    pub fn way_to(&self, command: Command) -> String {
        self.keymap.way_to(Context::Index, command)
    }

    /// An account's status.
    pub fn of(&self, account: &AccountName) -> AccountStatus {
        self.known.get(account).cloned().unwrap_or_default()
    }

    /// Every account's status.
    pub fn all(&self) -> impl Iterator<Item = (AccountName, AccountStatus)> {
        self.accounts.iter().map(|a| (a.clone(), self.of(a)))
    }

    /// Whether no account is connected, and every one was tried.
    pub fn offline(&self) -> bool {
        !self.accounts.is_empty() && self.apart().len() == self.accounts.len()
    }

    /// Whether an account is on its way to its server.
    pub fn connecting(&self) -> bool {
        let links = self.known.values().map(|s| &s.link);
        links.into_iter().any(|l| matches!(l, Link::Connecting))
    }

    /// The accounts that wait after a failure. Those that need the user first are not among them.
    pub fn waiting(&self) -> Vec<AccountName> {
        self.whose(|link| matches!(link, Link::Waiting { .. }))
    }

    /// The accounts that are offline, for whatever reason.
    pub fn apart(&self) -> Vec<AccountName> {
        self.whose(|link| matches!(link, Link::Waiting { .. } | Link::Stopped { .. }))
    }

    fn whose(&self, is: impl Fn(&Link) -> bool) -> Vec<AccountName> {
        let whose = |a: &&AccountName| self.known.get(*a).is_some_and(|s| is(&s.link));
        self.accounts.iter().filter(whose).cloned().collect()
    }

    /// Whether everything is being fetched for a journey.
    pub fn journey(&self) -> bool {
        self.known.values().any(|s| s.journey)
    }

    /// The first task under way.
    pub fn task(&self) -> Option<&Progress> {
        self.known.values().find_map(|s| s.progress.as_ref())
    }

    /// Says something for a few seconds. A failure is not pushed away by better news.
    pub fn say(&mut self, text: Clean, tone: Tone, undo: bool, now: Instant) {
        let stay = if tone == Tone::Bad { ALARM } else { TOAST };
        self.push(Toast {
            text,
            tone,
            undo,
            counts: false,
            until: now + stay,
            next: now + stay,
        });
    }

    /// Says something that is not worth as much as what is said already.
    pub fn murmur(&mut self, text: Clean, now: Instant) {
        if self
            .toasts
            .back()
            .is_none_or(|t| t.tone != Tone::Bad && !t.undo)
        {
            self.say(text, Tone::Plain, false, now);
        }
    }

    /// Counts down the seconds in which a message can be taken back; other news may stand over it
    /// meanwhile.
    pub fn count_down(&mut self, seconds: u32, now: Instant) {
        self.push(Toast {
            text: sending_in(seconds),
            tone: Tone::Good,
            undo: true,
            counts: true,
            until: now + Duration::from_secs(seconds.into()),
            next: now + Duration::from_secs(1),
        });
    }

    /// A message that was to go out was taken back or decided about: nothing is counted any more.
    pub fn stop_counting(&mut self) {
        self.toasts.retain(|t| !t.counts);
    }

    fn push(&mut self, toast: Toast) {
        let passes = |t: &Toast| t.tone != Tone::Bad && !t.counts;
        if self.toasts.back().is_some_and(passes) {
            self.toasts.pop_back();
        }
        if self.toasts.len() >= 4 {
            self.toasts.pop_front();
        }
        // Undo takes back the newest.
        if toast.undo {
            self.toasts.iter_mut().for_each(|t| t.undo = false);
        }
        self.toasts.push_back(toast);
    }

    /// What is to be said now.
    pub fn toast(&self) -> Option<&Toast> {
        self.toasts.back()
    }

    /// Forgets what has had its time, and counts on.
    pub fn expire(&mut self, now: Instant) {
        let leaves = self.toasts.iter().any(|t| t.counts && t.until <= now);
        self.toasts.retain(|t| t.until > now);
        for toast in self.toasts.iter_mut().filter(|t| t.counts) {
            let left = toast.until.duration_since(now);
            let seconds = u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
            toast.text = sending_in(seconds);
            toast.next = toast.until - Duration::from_secs(u64::from(seconds.max(1) - 1));
        }
        if leaves {
            // What comes of it is told by whoever sends it.
            self.say(Clean::lit(tr!("Sending…")), Tone::Plain, false, now);
        }
    }

    /// When something has to go from the screen or to change there.
    pub fn deadline(&self) -> Option<Instant> {
        self.toasts.iter().map(|t| t.next).min()
    }

    /// Every account in words, for who hears the line.
    pub fn spoken(&self, now: i64) -> String {
        let spoken = |a: &AccountName| state::spoken(a.as_str(), &self.of(a), &self.keymap, now);
        let all: Vec<String> = self.accounts.iter().map(spoken).collect();
        all.join(". ")
    }

    /// Each account's part in so many columns: in full where there is room, else what is wrong
    /// first, and the rest as short as it has to be.
    pub fn parts(&self, now: i64, room: usize) -> Vec<Part> {
        let said: Vec<Said> = self
            .accounts
            .iter()
            .map(|a| state::of(a.as_str(), &self.of(a), &self.keymap, now))
            .collect();
        let cols = |s: &Said| width::width(s.shortest()) + GAP;
        let mut left = (room + GAP).saturating_sub(said.iter().map(cols).sum());
        let mut parts: Vec<Part> = Vec::new();
        let mut order: Vec<usize> = (0..said.len()).collect();
        order.sort_by_key(|n| said.get(*n).map(|s| s.tone));
        for one in order.iter().filter_map(|n| said.get(*n)) {
            let least = width::width(one.shortest());
            let text = one.within(least + left);
            left = left.saturating_sub(width::width(&text).saturating_sub(least));
            parts.push(Part {
                text: Clean::line(&text),
                tone: one.tone,
            });
        }
        let whole = said.iter().all(|s| {
            let longest = s.within(usize::MAX);
            parts.iter().any(|p| p.text == Clean::line(&longest))
        });
        if whole {
            // Nothing had to give way: as they are in the configuration.
            let mut placed: Vec<(usize, Part)> = order.into_iter().zip(parts).collect();
            placed.sort_by_key(|(n, _)| *n);
            return placed.into_iter().map(|(_, part)| part).collect();
        }
        parts
    }
}

fn sending_in(seconds: u32) -> Clean {
    Clean::line(&tr!("Sending in {seconds} s", seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, link: Link) -> (AccountName, AccountStatus) {
        let state = AccountStatus {
            link,
            ..AccountStatus::default()
        };
        (AccountName(name.into()), state)
    }

    fn status(known: Vec<(AccountName, AccountStatus)>) -> Status {
        let names = known.iter().map(|(n, _)| n.clone()).collect();
        let mut status = Status::new(names, Arc::default());
        status.update(known.into_iter().collect());
        status
    }

    fn offline(reason: &str) -> Link {
        Link::Waiting {
            reason: reason.into(),
            retry_at: 1000,
        }
    }

    fn texts(status: &Status, room: usize) -> Vec<String> {
        let parts = status.parts(90, room);
        parts.iter().map(|p| p.text.to_string()).collect()
    }

    #[test]
    fn a_fault_names_account_reason_and_next_try() {
        let s = status(vec![named("work", offline("no route to host"))]);
        let text = texts(&s, 200).join(" ");
        assert!(text.starts_with("✕ work offline, retry at "), "{text}");
        assert!(text.ends_with(": no route to host"), "{text}");
        assert!(s.offline());
    }

    #[test]
    fn what_is_wrong_comes_first_where_not_all_fits_and_keeps_its_reason() {
        let reason = "the name imap.example.test can't be found; is the network up?";
        let s = status(vec![
            named("home", Link::Online),
            named("work", offline(reason)),
        ]);
        let wide = texts(&s, 200);
        assert!(wide[0].starts_with("● home connected"), "{wide:?}");
        assert!(wide[1].contains(reason), "{wide:?}");
        let usual = texts(&s, 76);
        assert!(usual[0].contains(": the name imap"), "{usual:?}");
        assert!(usual[0].ends_with('…'), "{usual:?}");
        assert_eq!(usual[1], "● home");
        let narrow = texts(&s, 25);
        assert_eq!(narrow, ["✕ work offline", "● home"]);
        for room in 0..200 {
            let used: usize = texts(&s, room).iter().map(|t| width::width(t) + GAP).sum();
            let least = "✕ work● home".chars().count() + GAP;
            assert!(used - GAP <= room.max(least), "{room}: {used}");
        }
    }

    #[test]
    fn a_message_that_can_be_taken_back_is_counted_down_to_its_end() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut s = status(vec![named("work", Link::Online)]);
        let said = |s: &Status| s.toast().map(|t| (t.text.to_string(), t.undo));
        s.count_down(10, start);
        assert_eq!(said(&s), Some(("Sending in 10 s".into(), true)));
        assert_eq!(s.deadline(), Some(at(1)));
        s.expire(at(1));
        assert_eq!(said(&s), Some(("Sending in 9 s".into(), true)));
        // Other news stand over it, and undo is theirs.
        s.say(Clean::lit("Archived"), Tone::Good, true, at(1));
        assert_eq!(said(&s), Some(("Archived".into(), true)));
        s.expire(at(9));
        assert_eq!(said(&s), Some(("Sending in 1 s".into(), false)));
        s.expire(at(10));
        assert_eq!(said(&s), Some(("Sending…".into(), false)));
        s.count_down(10, at(10));
        s.stop_counting();
        assert_eq!(s.toast(), None);
    }

    #[test]
    fn good_news_does_not_hide_bad_news_for_ever() {
        let now = Instant::now();
        let mut s = status(vec![named("work", Link::Online)]);
        s.say(Clean::lit("bad"), Tone::Bad, false, now);
        s.say(Clean::lit("good"), Tone::Good, true, now);
        assert_eq!(s.toast().unwrap().text.as_str(), "good");
        s.expire(now + TOAST);
        assert_eq!(s.toast().unwrap().text.as_str(), "bad");
        s.expire(now + ALARM);
        assert_eq!((s.toast(), s.deadline()), (None, None));
    }
}
