//! What an account is doing, in words: from the longest form to the shortest that is still true.
//!
//! Times are times of day, so that nothing has to tick.

use crate::lang::{tr, trn};
use crate::model::{AccountStatus, Link, Progress};
use crate::text::{gauge, size, when, width};
use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;

/// Columns of the bar in the status line.
const BAR: usize = 8;
/// A reason is cut, but not to less than this.
const REASON: usize = 16;
/// A storage that is so full (hundredths) is told of.
const FULL: u64 = 90;

/// How something is said, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Something failed.
    Bad,
    /// Worth knowing.
    Plain,
    /// As it should be.
    Good,
}

/// What can be said of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The longest first; never empty.
    forms: Vec<String>,
    /// Why it is so; stands behind any of the forms.
    reason: Option<String>,
    /// How.
    pub tone: Tone,
}

impl Said {
    /// The shortest form.
    pub fn shortest(&self) -> &str {
        self.forms.last().map_or("", String::as_str)
    }

    /// What fits into so many columns; the shortest form if nothing does.
    pub fn within(&self, cols: usize) -> String {
        let fits = |text: &String| width::width(text) <= cols;
        if let Some(reason) = &self.reason {
            let mut with = self.forms.iter().map(|form| format!("{form}: {reason}"));
            if let Some(whole) = with.find(fits) {
                return whole;
            }
            // A part of the reason says more than the time of the next try.
            let room = |form: &String| cols.checked_sub(width::width(form) + 2);
            let found = self
                .forms
                .iter()
                .find_map(|form| Some((form, room(form).filter(|r| *r >= REASON)?)));
            if let Some((form, room)) = found {
                return format!("{form}: {}", width::cut(reason, room));
            }
        }
        let form = self.forms.iter().find(|form| fits(form));
        form.map_or_else(|| self.shortest().to_owned(), Clone::clone)
    }
}

/// What is said of the account `name`, behind a sign.
pub fn of(name: &str, status: &AccountStatus, keymap: &Keymap, now: i64) -> Said {
    let sign = match (&status.link, &status.progress) {
        (Link::Stopped { .. } | Link::Waiting { .. }, _) => "✕",
        (Link::Elsewhere, _) | (Link::Connecting | Link::Idle, None) => "◌",
        (Link::Online, _) if status.slow => "◌",
        (_, Some(_)) => "⟳",
        (Link::Online, None) => "●",
    };
    let mut said = told(name, status, keymap, now);
    for form in &mut said.forms {
        *form = format!("{sign} {form}");
    }
    said
}

/// The same in words alone.
fn told(name: &str, status: &AccountStatus, keymap: &Keymap, now: i64) -> Said {
    let way_to = |command| keymap.way_to(Context::Index, command);
    let also = asides(status, &way_to);
    let only = || name.to_owned();
    let (forms, reason, tone) = match (&status.link, &status.progress) {
        (Link::Stopped { reason }, _) => (
            vec![
                tr!(
                    "{name} stopped, {key} tries again",
                    name,
                    key = way_to(Command::CheckMail)
                ),
                tr!("{name} stopped", name),
                only(),
            ],
            Some(reason.clone()),
            Tone::Bad,
        ),
        (Link::Waiting { reason, retry_at }, _) => (
            offline(name, status, *retry_at, now),
            Some(reason.clone()),
            Tone::Bad,
        ),
        (Link::Connecting, None) => (
            vec![tr!("{name} connecting", name), only()],
            None,
            Tone::Plain,
        ),
        (Link::Idle, None) => (vec![only()], None, Tone::Plain),
        (Link::Elsewhere, _) => (
            vec![
                tr!("{name}: another window talks to the server", name),
                tr!("{name}: another window", name),
                only(),
            ],
            None,
            Tone::Plain,
        ),
        (Link::Online, task) if status.slow => (slow(name, task.as_ref()), None, Tone::Plain),
        (_, Some(task)) => (under_way(name, task, &also), None, Tone::Plain),
        (Link::Online, None) => (
            vec![
                tr!("{name} connected", name) + &also,
                format!("{name}{also}"),
                only(),
            ],
            None,
            Tone::Good,
        ),
    };
    Said {
        forms,
        reason,
        tone,
    }
}

/// What is said of the account in words alone, and without numbers that change all the time.
pub fn spoken(name: &str, status: &AccountStatus, keymap: &Keymap, now: i64) -> String {
    match (&status.link, &status.progress) {
        (Link::Idle, None) => tr!("{name} not connected", name),
        (Link::Online | Link::Idle | Link::Connecting, Some(task)) if !status.slow => {
            tr!("{name} syncing {what}", name, what = task.what)
        }
        _ => told(name, status, keymap, now).within(usize::MAX),
    }
}

/// A server that could not be reached is tried again.
fn offline(name: &str, status: &AccountStatus, retry_at: i64, now: i64) -> Vec<String> {
    let retry = retry(retry_at, now);
    let waits = match status.pending {
        0 => String::new(),
        n => format!(" ({})", changes(n)),
    };
    let again = tr!("{name} offline, {retry}", name, retry);
    let alone = tr!("{name} offline", name);
    let mut forms = Vec::new();
    if let Some(since) = since(status, now) {
        let long = tr!("{name} offline {since}, {retry}", name, since, retry);
        forms.push(format!("{long}{waits}"));
    }
    if status.pending > 0 {
        forms.push(format!("{again}{waits}"));
        forms.push(format!("{alone}{waits}"));
    }
    forms.extend([again, alone, name.to_owned()]);
    forms
}

/// A server that lets us wait may be gone; that is found out later.
fn slow(name: &str, task: Option<&Progress>) -> Vec<String> {
    let long = task.map(|task| {
        let what = progress(task);
        tr!("{name} waiting for the server, {what}", name, what)
    });
    let forms = [
        tr!("{name} waiting for the server", name),
        tr!("{name} waiting", name),
        name.to_owned(),
    ];
    long.into_iter().chain(forms).collect()
}

/// `since 14:02`
pub fn since(status: &AccountStatus, now: i64) -> Option<String> {
    let known = status.since > 0;
    known.then(|| tr!("since {time}", time = when::clock(status.since, now)))
}

/// `retry at 14:07`
pub fn retry(at: i64, now: i64) -> String {
    if at <= now {
        tr!("trying again now").to_owned()
    } else {
        tr!("retry at {time}", time = when::clock(at, now))
    }
}

/// `12,400/50,000 headers of INBOX, 9,800/s, 4 s left`
pub fn progress(task: &Progress) -> String {
    let what = task.what.as_str();
    let mut text = match (task.done, task.total) {
        (0, 0) => format!("{} {what}", task.doing).trim().to_owned(),
        (done, total) => tr!("{count} {what}", count = gauge::count(done, total), what),
    };
    if task.rate > 0 {
        text.push_str(&format!("{}{}/s", tr!(", "), gauge::grouped(task.rate)));
    }
    text + &left(task)
}

fn left(task: &Progress) -> String {
    let known = task.left.filter(|_| task.total > 0);
    known.map_or_else(String::new, |s| {
        let left = tr!("{time} left", time = when::duration(s));
        format!("{}{left}", tr!(", "))
    })
}

fn under_way(name: &str, task: &Progress, also: &str) -> Vec<String> {
    let what = progress(task);
    let (words, doing) = match (task.doing.as_str(), task.total) {
        ("", _) => (tr!("syncing {what}", what), tr!("syncing")),
        // Said in the words already.
        (_, 0) => (what, ""),
        (doing, _) => (format!("{doing} {what}"), doing),
    };
    let short = format!("{}{}", gauge::count(task.done, task.total), left(task));
    let Some(percent) = gauge::percent(task.done, task.total) else {
        return vec![
            format!("{name} {words}{also}"),
            format!("{name} {words}"),
            format!("{name} {doing}").trim_end().to_owned(),
            name.to_owned(),
        ];
    };
    let bar = gauge::bar(task.done, task.total, BAR);
    vec![
        format!("{name} {bar} {words}{also}"),
        format!("{name} {bar} {words}"),
        format!("{name} {words}"),
        format!("{name} {bar} {short}"),
        format!("{name} {short}"),
        format!("{name} {percent}%"),
    ]
}

/// `5 changes wait`
pub fn changes(pending: u64) -> String {
    trn!(
        n = pending,
        "{count} change waits",
        "{count} changes wait",
        count = gauge::grouped(pending)
    )
}

/// What else is worth knowing, in brackets.
fn asides(status: &AccountStatus, way_to: &dyn Fn(Command) -> String) -> String {
    let mut also = Vec::new();
    if status.journey {
        also.push(tr!("everything, {key} stops", key = way_to(Command::Back)));
    }
    if status.pending > 0 {
        also.push(changes(status.pending));
    }
    if let Some(budget) = status.budget.filter(|b| status.received >= *b) {
        also.push(tr!(
            "today's {size} are used up",
            size = size::human(budget)
        ));
    }
    let full = status
        .quota
        .and_then(|q| gauge::percent(q.used, q.limit))
        .filter(|p| *p >= FULL);
    also.extend(full.map(|percent| tr!("storage {percent}% full", percent)));
    if also.is_empty() {
        String::new()
    } else {
        format!(" ({})", also.join(tr!(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quota;

    fn task() -> Progress {
        Progress {
            doing: String::new(),
            what: "headers of INBOX".into(),
            done: 12_400,
            total: 50_000,
            rate: 9_800,
            left: Some(4),
        }
    }

    #[test]
    fn a_task_is_told_as_the_room_allows() {
        let status = AccountStatus {
            link: Link::Online,
            progress: Some(task()),
            pending: 3,
            ..AccountStatus::default()
        };
        let said = of("work", &status, &Keymap::default(), 0);
        for (cols, text) in [
            (
                200,
                "⟳ work █▉░░░░░░ syncing 12,400/50,000 headers of INBOX, 9,800/s, 4 s left (3 changes wait)",
            ),
            (
                70,
                "⟳ work syncing 12,400/50,000 headers of INBOX, 9,800/s, 4 s left",
            ),
            (40, "⟳ work █▉░░░░░░ 12,400/50,000, 4 s left"),
            (38, "⟳ work 12,400/50,000, 4 s left"),
            (20, "⟳ work 24%"),
            (0, "⟳ work 24%"),
        ] {
            assert_eq!(said.within(cols), text, "{cols}");
        }
        let unknown = Progress {
            doing: String::new(),
            what: "mailboxes".into(),
            ..Progress::default()
        };
        assert_eq!(progress(&unknown), "mailboxes");
    }

    #[test]
    fn what_waits_for_the_server_is_counted_while_offline() {
        let link = Link::Waiting {
            reason: "server not reachable".into(),
            retry_at: 0,
        };
        let status = AccountStatus {
            link,
            pending: 5,
            ..AccountStatus::default()
        };
        let within = |cols| of("work", &status, &Keymap::default(), 9).within(cols);
        assert!(within(100).contains("(5 changes wait): server not reachable"));
        let narrow = within(56);
        assert!(narrow.contains("5 changes wait"), "{narrow}");
        assert_eq!(changes(1), "1 change waits");
    }

    #[test]
    fn a_server_that_lets_us_wait_is_not_called_connected() {
        let mut status = AccountStatus {
            link: Link::Online,
            slow: true,
            ..AccountStatus::default()
        };
        let within =
            |status: &AccountStatus, cols| of("work", status, &Keymap::default(), 0).within(cols);
        assert_eq!(within(&status, 80), "◌ work waiting for the server");
        assert_eq!(within(&status, 20), "◌ work waiting");
        status.progress = Some(task());
        assert!(within(&status, 99).contains("the server, 12,400/50,000 headers"));
        status.link = Link::Connecting;
        assert!(!within(&status, 99).contains("waiting"));
    }

    #[test]
    fn offline_tells_since_when_and_when_again() {
        let now = 1_700_000_000;
        let status = AccountStatus {
            link: Link::Waiting {
                reason: "no route to host".into(),
                retry_at: now + 300,
            },
            since: now - 120,
            ..AccountStatus::default()
        };
        let text = of("work", &status, &Keymap::default(), now).within(100);
        let clock = |t| when::clock(t, now);
        let expected = format!(
            "✕ work offline since {}, retry at {}: no route to host",
            clock(now - 120),
            clock(now + 300)
        );
        assert_eq!(text, expected);
        let late = of("work", &status, &Keymap::default(), now + 400).within(100);
        assert!(late.contains("trying again now"), "{late}");
    }

    #[test]
    fn what_runs_short_is_told() {
        let status = AccountStatus {
            link: Link::Online,
            received: 3 << 30,
            budget: Some(2 << 30),
            quota: Some(Quota {
                used: 97,
                limit: 100,
            }),
            ..AccountStatus::default()
        };
        let text = of("a", &status, &Keymap::default(), 0).within(100);
        assert_eq!(
            text,
            "● a connected (today's 2.0 GB are used up, storage 97% full)"
        );
    }
}
