//! The accounts with their servers, how each is doing, and what it uses of what there is, in full
//! sentences.

use crate::lang::{tr, trn};
use crate::model::{Account, AccountStatus, Endpoint, Link, SecretSource, Security};
use crate::text::{Clean, gauge, size, width, wrap};
use crate::tui::command::Command;
use crate::tui::screen::paint::{begin, say};
use crate::tui::screen::state;
use crate::tui::screen::status::Status;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use crate::tui::widget::scroll::Scroll;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Columns that lines below an account's name begin at.
const INDENT: usize = 2;
/// Bars are no longer than this.
const BAR: usize = 30;
/// Shorter bars say nothing.
const SHORTEST: usize = 8;

/// Draws every account, of their lines those that one has gone to.
pub fn draw(
    accounts: &[Account],
    status: &Status,
    scroll: &Scroll,
    now: i64,
    buf: &mut Buffer,
    area: Rect,
    theme: &Theme,
) {
    let base = theme.style("index.text");
    fill(buf, area, base);
    if accounts.is_empty() {
        let text = tr!(
            "There is no account yet. {key} sets one up.",
            key = status.way_to(Command::AddAccount)
        );
        say(buf, area, &Clean::line(&text), base);
        return;
    }
    let cols = usize::from(area.width).saturating_sub(2);
    let mut lines = Lines {
        lines: Vec::new(),
        cols,
        again: status.way_to(Command::CheckMail),
        sign_in: status.way_to(Command::SignIn),
        stop: status.way_to(Command::Back),
    };
    for account in accounts {
        lines.account(account, &status.of(&account.name), now);
    }
    let words = tr!(
        "{key} sets up one more account.",
        key = status.way_to(Command::AddAccount)
    );
    lines.say(&words, Some("text.dim"));
    let lines = lines.lines;
    let seen = scroll.seen(lines.len(), usize::from(area.height), theme.is_linear());
    for (n, (text, style)) in lines.iter().skip(seen.start).enumerate() {
        let Some(mut row) = begin(buf, area, n, base) else {
            return;
        };
        row.skip(1);
        row.put(
            text,
            base.patch(style.map_or(Style::default(), |s| theme.style(s))),
        );
    }
}

struct Lines {
    lines: Vec<(Clean, Option<&'static str>)>,
    cols: usize,
    /// The way to try again.
    again: String,
    /// The way to sign in anew.
    sign_in: String,
    /// The way to end a journey.
    stop: String,
}

impl Lines {
    fn account(&mut self, account: &Account, state: &AccountStatus, now: i64) {
        let title = format!("{}  {}", account.name, account.identity());
        self.lines
            .push((Clean::line(&title), Some("sidebar.account")));
        let (words, tone) = link(state, &self.again, now);
        self.say(&words, Some(tone));
        let browser = matches!(account.secret, SecretSource::OAuth(_));
        if browser && matches!(state.link, Link::Stopped { .. }) {
            let words = tr!("{key} signs in anew.", key = self.sign_in);
            self.say(&words, Some("notice.error"));
        }
        if let Some(task) = &state.progress {
            let words = tr!("syncing {what}", what = state::progress(task));
            self.bar(&words, task.done, task.total);
        }
        if state.journey {
            let words = tr!(
                "Everything is being fetched for reading offline; {key} or :offline stop ends that.",
                key = self.stop
            );
            self.say(&words, None);
        }
        if state.pending > 0 {
            let words = trn!(
                n = state.pending,
                "{shown} change waits to be sent up",
                "{shown} changes wait to be sent up",
                shown = gauge::grouped(state.pending)
            );
            self.say(&words, None);
        }
        if state.connections > 0 {
            let most = account.sync.connections;
            let words = trn!(
                n = state.connections,
                "{n} of at most {most} connections",
                "{n} of at most {most} connections",
                most
            );
            self.say(&words, None);
        }
        self.traffic(state);
        if let Some(quota) = state.quota.filter(|q| q.limit > 0) {
            let words = tr!(
                "{share} used on the server",
                share = gauge::share(quota.used, quota.limit)
            );
            self.bar(&words, quota.used, quota.limit);
        }
        for (what, server) in [("IMAP", &account.imap), ("SMTP", &account.smtp)] {
            self.say(&endpoint(what, server), Some("text.dim"));
        }
        self.lines.push((Clean::default(), None));
    }

    fn traffic(&mut self, state: &AccountStatus) {
        match state.budget {
            Some(budget) if budget > 0 => {
                let share = gauge::share(state.received, budget);
                let words = match state.received >= budget {
                    true => tr!(
                        "{share} received today; the rest waits until tomorrow",
                        share
                    ),
                    false => tr!("{share} received today", share),
                };
                self.bar(&words, state.received, budget);
            }
            _ if state.received > 0 => {
                let words = tr!(
                    "{share} received today",
                    share = size::human(state.received)
                );
                self.say(&words, None);
            }
            _ => {}
        }
    }

    /// Words in as many lines as they need.
    fn say(&mut self, words: &str, style: Option<&'static str>) {
        let room = self.cols.saturating_sub(INDENT).max(10);
        for line in wrap::wrap(words, room) {
            let text = format!("{}{line}", " ".repeat(INDENT));
            self.lines.push((Clean::line(&text), style));
        }
    }

    /// Words with a bar behind them, or below where there is no room behind.
    fn bar(&mut self, words: &str, done: u64, total: u64) {
        let Some(percent) = gauge::percent(done, total) else {
            return self.say(words, None);
        };
        let room = self.cols.saturating_sub(INDENT);
        let tail = format!(" {percent}%");
        let behind = room.saturating_sub(width::width(words) + 2 + tail.len());
        if behind >= SHORTEST {
            let bar = gauge::bar(done, total, behind.min(BAR));
            return self.say(&format!("{words}  {bar}{tail}"), None);
        }
        self.say(words, None);
        let below = room.saturating_sub(tail.len()).min(BAR);
        if below >= SHORTEST {
            let bar = gauge::bar(done, total, below);
            self.say(&format!("{bar}{tail}"), None);
        }
    }
}

fn link(state: &AccountStatus, again: &str, now: i64) -> (String, &'static str) {
    let since = state::since(state, now).map_or_else(String::new, |s| format!(" {s}"));
    match &state.link {
        Link::Idle => (tr!("not tried yet").to_owned(), "text.dim"),
        Link::Elsewhere => (
            tr!("another window talks to the server; this one does once that is gone").to_owned(),
            "text.dim",
        ),
        Link::Connecting => (tr!("connecting").to_owned(), "text.dim"),
        Link::Online if state.slow => {
            let words = tr!("connected{since}, waiting for the server's answer", since);
            (words, "text.dim")
        }
        Link::Online => (tr!("connected{since}", since), "notice.good"),
        Link::Waiting { reason, retry_at } => {
            let retry = state::retry(*retry_at, now);
            let words = tr!(
                "offline{since}, {retry}: {reason}. Any key or {key} tries sooner.",
                since,
                retry,
                reason,
                key = again
            );
            (words, "notice.error")
        }
        Link::Stopped { reason } => (
            tr!(
                "stopped{since}: {reason}. {key} tries again.",
                since,
                reason,
                key = again
            ),
            "notice.error",
        ),
    }
}

fn endpoint(what: &str, server: &Endpoint) -> String {
    let security = match server.security {
        Security::Tls => "TLS",
        Security::StartTls => "STARTTLS",
        Security::None => tr!("not encrypted, loopback only"),
    };
    format!("{what}  {}:{} ({security})", server.host, server.port)
}
