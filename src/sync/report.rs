//! What an account is doing, told to the board by whichever of its threads knows.

use crate::model::{AccountName, AccountStatus, Link, Progress, Quota, Running};
use crate::signal::{Board, Topic};
use crate::text::when;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A task that takes less than this is not worth a bar.
pub(super) const WORTH: Duration = Duration::from_millis(500);
/// A bar moves no more often.
pub(super) const STEP: Duration = Duration::from_millis(150);

/// What a bar can be about; the first under way is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// A message on its way out.
    Sending,
    /// Headers.
    Headers,
    /// Bodies.
    Bodies,
}

/// One account's voice on the board, shared by its threads.
#[derive(Clone)]
pub struct Report {
    account: AccountName,
    board: Arc<Board>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    status: AccountStatus,
    sending: Option<Progress>,
    headers: Option<Progress>,
    bodies: Option<Progress>,
    /// Since when there is each of them.
    begun: [Option<i64>; 3],
    /// Connections on which an answer is long in coming.
    slow: usize,
}

impl Report {
    /// A voice for `account`, silent so far.
    pub fn new(account: AccountName, board: Arc<Board>) -> Report {
        Report {
            account,
            board,
            state: Arc::default(),
        }
    }

    /// The connection changed.
    pub fn link(&self, link: Link) {
        self.change(|s| {
            let offline = |l: &Link| matches!(l, Link::Waiting { .. } | Link::Stopped { .. });
            // Dialling in vain does not make an account that was offline less so.
            if s.status.link != link && !(offline(&s.status.link) && link == Link::Connecting) {
                if !(offline(&s.status.link) && offline(&link)) {
                    s.status.since = when::now();
                }
                s.status.link = link;
            }
        });
    }

    /// A task moved on, or ended (`None`).
    pub fn progress(&self, task: Task, progress: Option<Progress>) {
        self.change(|s| match task {
            Task::Sending => s.sending = progress,
            Task::Headers => s.headers = progress,
            Task::Bodies => s.bodies = progress,
        });
    }

    /// On one more connection an answer is long in coming, or on one less.
    pub fn slow(&self, waiting: bool) {
        self.change(|s| {
            s.slow = match waiting {
                true => s.slow + 1,
                false => s.slow.saturating_sub(1),
            };
            s.status.slow = s.slow > 0;
        });
    }

    /// So many operations wait for the server.
    pub fn pending(&self, pending: u64) {
        self.change(|s| s.status.pending = pending);
    }

    /// So many connections are open.
    pub fn connections(&self, open: u8) {
        self.change(|s| s.status.connections = open);
    }

    /// So much was received today, of so much that may be.
    pub fn traffic(&self, received: u64, budget: Option<u64>) {
        self.change(|s| {
            (s.status.received, s.status.budget) = (received, budget);
        });
    }

    /// Everything is being fetched for a journey, or no longer.
    pub fn journey(&self, under_way: bool) {
        self.change(|s| s.status.journey = under_way);
    }

    /// All mailboxes were looked at, at this time.
    pub fn looked(&self, at: i64) {
        self.change(|s| s.status.looked = at);
    }

    /// So many messages came.
    pub fn arrived(&self, more: u64) {
        self.change(|s| s.status.arrived = s.status.arrived.saturating_add(more));
    }

    /// How full the server is.
    pub fn quota(&self, quota: Option<Quota>) {
        self.change(|s| s.status.quota = quota);
    }

    /// What was said of the account last.
    pub fn status(&self) -> AccountStatus {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.status.clone()
    }

    /// Something in the store changed.
    pub fn post(&self, topic: Topic) {
        self.board.post(topic);
    }

    /// Something to say once; `text` must be clean.
    pub fn notice(&self, text: &str) {
        self.board.notice(format!("{}: {text}", self.account));
    }

    /// Something good to say once, which needs no account's name; `text` must be clean.
    pub fn news(&self, text: String) {
        self.board.notice(text);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.status.clone();
        change(&mut state);
        let tasks = [&state.sending, &state.headers, &state.bodies];
        let first = tasks.into_iter().flatten().next().cloned();
        let tasks = tasks.map(Option::clone);
        let mut all = Vec::new();
        for (task, begun) in tasks.into_iter().zip(&mut state.begun) {
            match task {
                Some(progress) => all.push(Running {
                    since: *begun.get_or_insert_with(when::now),
                    progress,
                }),
                None => *begun = None,
            }
        }
        state.status.progress = first;
        state.status.tasks = all;
        if state.status != before {
            self.board.status(&self.account, state.status.clone());
        }
    }
}

/// Follows one task: its rate, what it still needs, and when that is worth showing. Dropping it
/// takes the bar away.
pub struct Meter<'a> {
    report: &'a Report,
    task: Task,
    what: String,
    began: Instant,
    told: Option<Instant>,
    /// Whether it is shown even if it takes no time worth speaking of.
    soon: bool,
    done: u64,
    total: u64,
    /// Done before this run: it says nothing about the rate.
    before: u64,
}

impl<'a> Meter<'a> {
    /// A task called `what` of which `before` of `total` was done earlier.
    pub fn new(report: &'a Report, task: Task, what: String, before: u64, total: u64) -> Meter<'a> {
        Meter {
            report,
            task,
            what,
            began: Instant::now(),
            told: None,
            soon: false,
            done: before,
            total,
            before,
        }
    }

    /// A task that is shown at once, because nothing else shows yet: the first look at `what`.
    pub fn at_once(report: &'a Report, task: Task, what: &str) -> Meter<'a> {
        let mut meter = Meter::new(report, task, what.to_owned(), 0, 0);
        meter.told = Some(meter.began);
        let progress = measure(what, 0, 0, 0, Duration::ZERO);
        report.progress(task, Some(progress));
        meter
    }

    /// Shows it at once, however soon it will be done: nothing else shows yet.
    pub fn show(&mut self) {
        self.soon = true;
        self.add(0);
    }

    /// Whether all of it is done.
    pub fn is_done(&self) -> bool {
        self.done >= self.total
    }

    /// So much more is done.
    pub fn add(&mut self, more: u64) {
        self.done = (self.done + more).min(self.total);
        let now = Instant::now();
        let lately = self.told.is_some_and(|t| now - t < STEP);
        if lately || (now - self.began < WORTH && !self.soon) {
            return;
        }
        self.told = Some(now);
        let progress = measure(
            &self.what,
            self.before,
            self.done,
            self.total,
            now - self.began,
        );
        self.report.progress(self.task, Some(progress));
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        if self.told.is_some() {
            self.report.progress(self.task, None);
        }
    }
}

pub(super) fn measure(what: &str, before: u64, done: u64, total: u64, took: Duration) -> Progress {
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = (done.saturating_sub(before))
        .saturating_mul(1000)
        .checked_div(millis)
        .unwrap_or(0);
    Progress {
        doing: String::new(),
        what: what.to_owned(),
        done,
        total,
        rate,
        left: total.saturating_sub(done).checked_div(rate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_look_shows_how_much_there_is_before_anything_is_done() {
        let report = Report::new(AccountName("a".into()), Arc::new(Board::new()));
        let mut meter = Meter::new(&report, Task::Headers, "headers".into(), 0, 50_000);
        meter.add(1);
        assert_eq!(report.status().progress, None, "it may be done at once");
        meter.show();
        let shown = report.status().progress.map(|p| (p.done, p.total));
        assert_eq!(shown, Some((1, 50_000)));
        drop(meter);
        assert_eq!(report.status().progress, None);
    }

    #[test]
    fn a_rate_counts_only_this_run() {
        let p = measure(
            "headers",
            10_000,
            12_000,
            50_000,
            Duration::from_millis(500),
        );
        assert_eq!((p.rate, p.left), (4_000, Some(9)));
        let begun = measure("headers", 10, 10, 50, Duration::ZERO);
        assert_eq!((begun.rate, begun.left), (0, None));
    }

    #[test]
    fn offline_keeps_its_beginning_and_headers_come_before_bodies() {
        let report = Report::new(AccountName("a".into()), Arc::new(Board::new()));
        let waiting = |reason: &str| Link::Waiting {
            reason: reason.into(),
            retry_at: 0,
        };
        report.link(waiting("one"));
        let since = report.status().since;
        assert_ne!(since, 0);
        report.link(Link::Connecting);
        assert!(matches!(report.status().link, Link::Waiting { .. }));
        report.link(waiting("two"));
        assert_eq!(report.status().since, since);
        let about = |what: &str| {
            Some(Progress {
                doing: String::new(),
                what: what.into(),
                ..Progress::default()
            })
        };
        report.progress(Task::Bodies, about("bodies"));
        report.progress(Task::Headers, about("headers"));
        assert_eq!(report.status().progress, about("headers"));
        let all = report.status().tasks.into_iter();
        let all: Vec<_> = all.map(|t| (t.progress.what, t.since > 0)).collect();
        assert_eq!(
            all,
            [("headers".to_owned(), true), ("bodies".to_owned(), true)]
        );
        report.progress(Task::Headers, None);
        assert_eq!(report.status().progress, about("bodies"));
    }

    #[test]
    fn an_answer_is_long_in_coming_until_all_have_come() {
        let report = Report::new(AccountName("a".into()), Arc::new(Board::new()));
        let slow = |waiting| {
            report.slow(waiting);
            report.status().slow
        };
        assert_eq!(
            [true, true, false, false, false].map(slow),
            [true, true, true, false, false]
        );
    }
}
