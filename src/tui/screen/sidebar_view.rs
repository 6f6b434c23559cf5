//! Drawing the sidebar.

use crate::lang::tr;
use crate::model::view::MailboxRow;
use crate::model::{AccountStatus, Link, Role};
use crate::text::{Clean, width};
use crate::tui::screen::paint::begin;
use crate::tui::screen::sidebar::{Entry, Sidebar};
use crate::tui::screen::status::Status;
use crate::tui::screen::tabs;
use crate::tui::signs::Signs;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of the sign before a view's name.
const ICON: usize = 3;

/// Draws the lines; `shown`: the line whose list is in the index.
pub fn draw(
    sidebar: &Sidebar,
    shown: Option<usize>,
    status: &Status,
    (focused, signs): (bool, Signs),
    buf: &mut Buffer,
    area: Rect,
    theme: &Theme,
) {
    let text = theme.style("sidebar.text");
    fill(buf, area, text);
    let top = sidebar.top();
    let cursor = sidebar.cursor();
    let lines = sidebar.entries().iter().enumerate().skip(top);
    for (at, (n, entry)) in lines.take(usize::from(area.height)).enumerate() {
        let mut base = match entry {
            Entry::Account(_) => text.patch(theme.style("sidebar.account")),
            Entry::Outbox(tray) if tray.stuck > 0 => text.patch(theme.style("notice.error")),
            _ if unread(entry) > 0 => text.patch(theme.style("sidebar.unread")),
            _ => text,
        };
        if shown == Some(n) {
            base = base.patch(theme.style("sidebar.shown"));
        }
        if focused && n == cursor {
            base = base.patch(theme.style("sidebar.selected"));
        }
        let Some(mut row) = begin(buf, area, at, base) else {
            return;
        };
        if theme.is_linear() {
            row.put(&spoken(entry, shown == Some(n), status), base);
            continue;
        }
        let (name, indent) = label(entry);
        let count = unread(entry);
        let number = match entry {
            Entry::View(_, counted) => tabs::number(*counted),
            _ => (count > 0).then(|| Clean::line(&count.to_string())),
        };
        let sign = match entry {
            Entry::Account(account) => link_sign(&status.of(account)),
            Entry::Outbox(tray) if tray.stuck > 0 => "!",
            _ => " ",
        };
        let keep = number.as_ref().map_or(1, |c| c.as_str().len() + 2);
        row.lit(signs.of(sign), base);
        row.skip(usize::from(indent));
        if let Entry::Mailbox(mailbox, _) = entry
            && let Some(icon) = signs.mailbox(mailbox.role)
        {
            row.lit(icon, base).skip(1);
        }
        let room = row.left().saturating_sub(keep);
        row.column(&name, room, base);
        if let Some(number) = number {
            let style = base.patch(theme.style("sidebar.count"));
            row.skip(row.left().saturating_sub(number.as_str().len() + 1));
            row.put(&number, style);
        }
    }
}

/// The line as a sentence, for who hears it.
fn spoken(entry: &Entry, shown: bool, status: &Status) -> Clean {
    let name = match entry {
        Entry::Mailbox(row, _) => mailbox_name(row),
        Entry::View(view, _) => Clean::line(&view.name),
        Entry::Account(name) => {
            return Clean::line(&match &status.of(name).link {
                Link::Online => tr!("Account {name}, connected", name),
                Link::Idle | Link::Elsewhere => tr!("Account {name}, not connected", name),
                Link::Connecting => tr!("Account {name}, connecting", name),
                Link::Waiting { .. } | Link::Stopped { .. } => {
                    tr!("Account {name}, offline", name)
                }
            });
        }
        _ => label(entry).0,
    };
    let mut said = vec![name.to_string()];
    match (entry, unread(entry)) {
        (_, 0) => {}
        (Entry::Drafts(_) | Entry::Outbox(_), n) => said.push(n.to_string()),
        (Entry::View(_, counted), _) => {
            let n = tabs::number(*counted).unwrap_or_default();
            said.push(tr!("{n} unread", n));
        }
        (_, n) => said.push(tr!("{n} unread", n)),
    }
    if let Entry::Outbox(tray) = entry
        && tray.stuck > 0
    {
        said.push(tr!("{n} failed", n = tray.stuck));
    }
    if shown {
        said.push(tr!("shown").to_owned());
    }
    Clean::line(&said.join(tr!(", ")))
}

fn link_sign(status: &AccountStatus) -> &'static str {
    match &status.link {
        Link::Online if !status.slow => "●",
        Link::Online | Link::Idle | Link::Elsewhere | Link::Connecting => "◌",
        Link::Waiting { .. } | Link::Stopped { .. } => "✕",
    }
}

fn unread(entry: &Entry) -> u64 {
    match entry {
        Entry::Unified { unread } => *unread,
        Entry::Mailbox(row, _) => row.unread,
        Entry::Drafts(n) => *n as u64,
        Entry::Outbox(tray) => tray.all as u64,
        Entry::View(_, counted) => counted.count,
        Entry::Account(_) => 0,
    }
}

fn label(entry: &Entry) -> (Clean, u16) {
    match entry {
        Entry::Unified { .. } => (Clean::lit(tr!("All inboxes")), 0),
        Entry::Drafts(_) => (Clean::lit(tr!("Drafts")), 0),
        Entry::Outbox(_) => (Clean::lit(tr!("Outbox")), 0),
        Entry::View(view, _) if view.icon.is_empty() => (Clean::line(&view.name), 0),
        Entry::View(view, _) => {
            let icon = width::cut(Clean::line(&view.icon).as_str(), ICON);
            (Clean::line(&format!("{icon} {}", view.name)), 0)
        }
        Entry::Account(name) => (Clean::line(name.as_str()), 0),
        Entry::Mailbox(row, depth) => {
            let name = if *depth > 0 {
                row.path.rsplit('/').next().unwrap_or(&row.path)
            } else {
                return (mailbox_name(row), 1);
            };
            (Clean::line(name), (1 + 2 * depth).min(12))
        }
    }
}

/// A mailbox's name for people.
pub fn mailbox_name(row: &MailboxRow) -> Clean {
    if row.role == Some(Role::Inbox) {
        Clean::lit(tr!("Inbox"))
    } else {
        Clean::line(&row.path)
    }
}
