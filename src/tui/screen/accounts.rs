//! The accounts with their servers and how each is doing, in full sentences.

use crate::model::{Account, AccountStatus, Endpoint, Link, Security};
use crate::text::{Clean, size, when, wrap};
use crate::tui::screen::paint::{begin, say};
use crate::tui::screen::status::{self, Status};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws every account from line `scroll` on.
pub fn draw(
    accounts: &[Account],
    status: &Status,
    scroll: usize,
    buf: &mut Buffer,
    area: Rect,
    theme: &Theme,
) {
    let base = theme.style("index.text");
    fill(buf, area, base);
    if accounts.is_empty() {
        let text = "There is no account yet. Leave with q and run `postrider account add`.";
        say(buf, area, &Clean::lit(text), base);
        return;
    }
    let lines = lines(accounts, status, usize::from(area.width), base, theme);
    for (n, (text, style)) in lines.iter().skip(scroll).enumerate() {
        let Some(mut row) = begin(buf, area, n, base) else {
            return;
        };
        row.skip(1);
        row.put(text, *style);
    }
}

fn lines(
    accounts: &[Account],
    status: &Status,
    cols: usize,
    base: Style,
    theme: &Theme,
) -> Vec<(Clean, Style)> {
    let mut lines = Vec::new();
    let strong = base.patch(theme.style("sidebar.account"));
    for account in accounts {
        let state = status.of(&account.name);
        let title = format!("{}  {}", account.name, account.identity());
        lines.push((Clean::line(&title), strong));
        for (what, server) in [("IMAP", &account.imap), ("SMTP", &account.smtp)] {
            lines.push((Clean::line(&endpoint(what, server)), base));
        }
        let (words, tone) = match &state.link {
            Link::Idle => ("not tried yet".to_owned(), "text.dim"),
            Link::Connecting => ("connecting".to_owned(), "text.dim"),
            Link::Online => ("connected and current".to_owned(), "notice.good"),
            Link::Waiting { reason, .. } => {
                let since = match state.since {
                    0 => String::new(),
                    at => format!(" since {}", when::clock(at, when::now())),
                };
                let words = format!(
                    "offline{since}: {reason}. It is tried again by itself; any key tries now."
                );
                (words, "notice.error")
            }
            Link::Stopped { reason } => (
                format!("stopped: {reason}. ^r tries again."),
                "notice.error",
            ),
        };
        for line in wrap::wrap(&words, cols.saturating_sub(6).max(10)) {
            let text = Clean::line(&format!("  {line}"));
            lines.push((text, base.patch(theme.style(tone))));
        }
        if let Some(task) = &state.progress {
            let text = format!("  {}", status::progress(task));
            lines.push((Clean::line(&text), base));
        }
        if state.pending > 0 {
            let text = format!("  {} changes wait to be sent up", state.pending);
            lines.push((Clean::line(&text), base));
        }
        lines.extend(traffic(&state).iter().map(|text| (Clean::line(text), base)));
        lines.push((Clean::default(), base));
    }
    lines
}

/// What the account uses of its server, as far as that is known.
fn traffic(state: &AccountStatus) -> Vec<String> {
    let mut lines = Vec::new();
    if state.connections > 0 {
        let many = if state.connections == 1 { "" } else { "s" };
        lines.push(format!("  {} connection{many}", state.connections));
    }
    let received = size::human(state.received);
    match state.budget {
        Some(budget) => lines.push(format!(
            "  {} {received} of {} received today",
            status::bar(state.received, budget, 10),
            size::human(budget)
        )),
        None if state.received > 0 => lines.push(format!("  {received} received today")),
        None => {}
    }
    if let Some(quota) = state.quota {
        lines.push(format!(
            "  {} {} of {} used on the server",
            status::bar(quota.used, quota.limit, 10),
            size::human(quota.used),
            size::human(quota.limit)
        ));
    }
    lines
}

fn endpoint(what: &str, server: &Endpoint) -> String {
    let security = match server.security {
        Security::Tls => "TLS",
        Security::StartTls => "STARTTLS",
        Security::None => "not encrypted, loopback only",
    };
    format!("  {what}  {}:{} ({security})", server.host, server.port)
}
