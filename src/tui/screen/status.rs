//! The status line: each account's connection and task in words, and one thing to say for a few
//! seconds.
//!
//! After a fault it tells the account, what failed and when it is tried again (FAULTS I-15). A
//! retry is told as a time of day, so that nothing has to tick.

use crate::model::{AccountName, AccountStatus, Link, Progress};
use crate::text::{Clean, when, width};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// So long a toast stays.
pub const TOAST: Duration = Duration::from_secs(6);
/// So long a failure stays.
pub const ALARM: Duration = Duration::from_secs(12);

/// How something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Worth knowing.
    Plain,
    /// Something failed.
    Bad,
}

/// One thing said for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What.
    pub text: Clean,
    /// How.
    pub tone: Tone,
    /// Whether the last action can be taken back now.
    pub undo: bool,
    until: Instant,
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
}

impl Status {
    /// A line for these accounts, in this order.
    pub fn new(accounts: Vec<AccountName>) -> Status {
        Status {
            accounts,
            ..Status::default()
        }
    }

    /// Takes what the board says.
    pub fn update(&mut self, statuses: BTreeMap<AccountName, AccountStatus>) {
        self.known.extend(statuses);
    }

    /// An account's status.
    pub fn of(&self, account: &AccountName) -> AccountStatus {
        self.known.get(account).cloned().unwrap_or_default()
    }

    /// Whether no account is connected, and every one was tried.
    pub fn offline(&self) -> bool {
        !self.accounts.is_empty()
            && self.accounts.iter().all(|a| {
                matches!(
                    self.known.get(a).map(|s| &s.link),
                    Some(Link::Waiting { .. } | Link::Stopped { .. })
                )
            })
    }

    /// The first task under way.
    pub fn task(&self) -> Option<&Progress> {
        self.known.values().find_map(|s| s.progress.as_ref())
    }

    /// Says something for a few seconds. A failure is not pushed away by better news.
    pub fn say(&mut self, text: Clean, tone: Tone, undo: bool, now: Instant) {
        let stay = if tone == Tone::Bad { ALARM } else { TOAST };
        if self.toasts.back().is_some_and(|t| t.tone != Tone::Bad) {
            self.toasts.pop_back();
        }
        if self.toasts.len() >= 4 {
            self.toasts.pop_front();
        }
        self.toasts.push_back(Toast {
            text,
            tone,
            undo,
            until: now + stay,
        });
    }

    /// Takes what is said away (an answer to a key).
    pub fn hush(&mut self) {
        self.toasts.clear();
    }

    /// What is to be said now.
    pub fn toast(&self) -> Option<&Toast> {
        self.toasts.back()
    }

    /// Forgets what has had its time.
    pub fn expire(&mut self, now: Instant) {
        self.toasts.retain(|t| t.until > now);
    }

    /// When something has to go from the screen.
    pub fn deadline(&self) -> Option<Instant> {
        self.toasts.iter().map(|t| t.until).min()
    }

    /// Each account's part. `room`: in so many columns, the troubled ones in full.
    pub fn parts(&self, now: i64, room: usize) -> Vec<Part> {
        let long: Vec<Part> = self
            .accounts
            .iter()
            .map(|a| self.part(a, now, true))
            .collect();
        let total: usize = long.iter().map(|p| width::width(p.text.as_str()) + 3).sum();
        if total <= room {
            return long;
        }
        let mut short: Vec<Part> = self
            .accounts
            .iter()
            .map(|a| self.part(a, now, false))
            .collect();
        // What is wrong is worth more than the names of what is right.
        short.sort_by_key(|p| p.tone != Tone::Bad);
        short
    }

    fn part(&self, account: &AccountName, now: i64, long: bool) -> Part {
        let status = self.of(account);
        let name = account.as_str();
        let (text, tone) = match (&status.link, &status.progress) {
            (Link::Stopped { reason }, _) => (format!("✕ {name}: {reason}"), Tone::Bad),
            (Link::Waiting { reason, retry_at }, _) => {
                let since = since(status.since, now);
                let next = again(*retry_at, now);
                let text = format!("✕ {name} offline{since}: {reason}, again {next}");
                (text, Tone::Bad)
            }
            (Link::Connecting, None) => (format!("◌ {name} connecting"), Tone::Plain),
            (Link::Idle, None) => (format!("◌ {name}"), Tone::Plain),
            (_, Some(task)) => {
                let words = if long { progress(task) } else { short(task) };
                (format!("⟳ {name} {words}"), Tone::Plain)
            }
            (Link::Online, None) => {
                let word = if long { " online" } else { "" };
                (format!("● {name}{word}"), Tone::Good)
            }
        };
        let pending = match status.pending {
            0 => String::new(),
            n => format!(" ({n} to send up)"),
        };
        Part {
            text: Clean::line(&(text + &pending)),
            tone,
        }
    }
}

/// When a retry comes: a time of day with seconds where it is near.
fn again(at: i64, now: i64) -> String {
    if at <= now {
        "now".to_owned()
    } else {
        let zoned = jiff::Timestamp::from_second(at).map(|t| {
            t.to_zoned(jiff::tz::TimeZone::system())
                .strftime("%H:%M:%S")
                .to_string()
        });
        zoned.map_or_else(|_| "later".to_owned(), |clock| format!("at {clock}"))
    }
}

/// Since when, for an account that is offline.
fn since(at: i64, now: i64) -> String {
    match at {
        0 => String::new(),
        at => format!(" since {}", when::clock(at, now)),
    }
}

/// `syncing ▕███▏ 12,000/50,000 headers, 9,800/s, 4 s left`
pub fn progress(task: &Progress) -> String {
    let what = &task.what;
    let mut text = match (task.done, task.total) {
        (0, 0) => format!("syncing {what}"),
        (done, 0) => format!("syncing {} {what}", grouped(done)),
        (done, total) => format!(
            "syncing {} {}/{} {what}",
            bar(done, total, 8),
            grouped(done),
            grouped(total)
        ),
    };
    if task.rate > 0 {
        text.push_str(&format!(", {}/s", grouped(task.rate)));
    }
    if let Some(left) = task.left {
        text.push_str(&format!(", {} left", when::duration(left)));
    }
    text
}

/// The same where there is no room: `24% of 50,000`.
fn short(task: &Progress) -> String {
    match (task.done * 100).checked_div(task.total) {
        Some(percent) => format!("{percent}% of {}", grouped(task.total)),
        None => grouped(task.done),
    }
}

/// A bar of so many columns, filled by eighths of a column.
pub fn bar(done: u64, total: u64, cols: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let filled = (done.min(total) * cols * 8).checked_div(total).unwrap_or(0);
    let whole = usize::try_from(filled / 8).unwrap_or(0);
    let part = usize::try_from(filled % 8).unwrap_or(0);
    let part = EIGHTHS.get(part).copied().unwrap_or_default();
    let drawn = format!("{}{part}", "█".repeat(whole));
    format!(
        "▕{}▏",
        width::fit(&drawn, usize::try_from(cols).unwrap_or(0))
    )
}

/// A number with its thousands apart.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(link: Link) -> Status {
        let name = AccountName("work".into());
        let mut status = Status::new(vec![name.clone()]);
        let state = AccountStatus {
            link,
            ..AccountStatus::default()
        };
        status.update(BTreeMap::from([(name, state)]));
        status
    }

    #[test]
    fn a_fault_names_account_reason_and_next_try() {
        let s = status(Link::Waiting {
            reason: "no route to host".into(),
            retry_at: 100,
        });
        let text = s.parts(90, 200)[0].text.to_string();
        assert!(
            text.contains("work") && text.contains("no route to host"),
            "{text}"
        );
        assert!(text.contains("again at"), "{text}");
        assert!(s.offline());
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        let task = Progress {
            what: "headers".into(),
            done: 12_000,
            total: 50_000,
            ..Progress::default()
        };
        assert_eq!(progress(&task), "syncing ▕█▉      ▏ 12,000/50,000 headers");
        let timed = Progress {
            rate: 9800,
            left: Some(4),
            ..task.clone()
        };
        assert!(progress(&timed).ends_with("headers, 9,800/s, 4 s left"));
        assert_eq!(short(&task), "24% of 50,000");
        assert_eq!(bar(7, 7, 3), "▕███▏");
        assert_eq!(bar(1, 0, 3), "▕   ▏");
    }

    #[test]
    fn good_news_does_not_hide_bad_news_for_ever() {
        let now = Instant::now();
        let mut s = status(Link::Online);
        s.say(Clean::lit("bad"), Tone::Bad, false, now);
        s.say(Clean::lit("good"), Tone::Good, true, now);
        assert_eq!(s.toast().unwrap().text.as_str(), "good");
        s.expire(now + TOAST);
        assert_eq!(s.toast().unwrap().text.as_str(), "bad");
        s.expire(now + ALARM);
        assert_eq!((s.toast(), s.deadline()), (None, None));
    }
}
