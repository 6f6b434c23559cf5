//! The outbox: what is on its way out, where each recipient stands, and what can be decided.
//!
//! "In doubt" is spelled out: the user must know that a message may have gone. The selected row is
//! unfolded: all that is known of it is there to be read, however narrow the list is.

use crate::lang::tr;
use crate::model::{RecipientState, Reminder, Submission, SubmissionState};
use crate::text::{Clean, when, wrap};
use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;
use crate::tui::screen::menu::Menu;
use crate::tui::screen::paint::{begin, say};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::Cell;

mod deciding;
mod place;

pub use deciding::{Decision, Timed};
use deciding::{about_message, about_reminder};

/// Lines that one row takes.
const TALL: usize = 3;
/// Columns before the second and the third line of a row.
const INDENT: usize = 2;

/// How a line is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Dim,
    Bad,
}

/// The outbox's list: what nobody answered in time, then what is on its way.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    reminders: Vec<Reminder>,
    rows: Vec<Submission>,
    cursor: usize,
    loaded: bool,
    /// Lines of the selected row when it was drawn last.
    unfolded: Cell<usize>,
}

impl Outbox {
    /// Takes the rows in; the selection stays on its message.
    pub fn set(&mut self, rows: Vec<Submission>, reminders: Vec<Reminder>) {
        let held = self.selected().map(|r| r.id);
        self.rows = rows;
        self.reminders = reminders;
        self.loaded = true;
        let at = held.and_then(|h| self.rows.iter().position(|r| r.id == h));
        self.cursor = at
            .map_or(self.cursor, |at| at + self.reminders.len())
            .min(self.len().saturating_sub(1));
    }

    fn len(&self) -> usize {
        self.reminders.len() + self.rows.len()
    }

    /// The selected message on its way out.
    pub fn selected(&self) -> Option<&Submission> {
        self.rows
            .get(self.cursor.checked_sub(self.reminders.len())?)
    }

    /// The selected reminder.
    pub fn reminder(&self) -> Option<&Reminder> {
        self.reminders.get(self.cursor)
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// What can be decided about the selected row.
    pub fn decisions(&self, now: i64) -> Option<Menu<Decision>> {
        if let Some(reminder) = self.reminders.get(self.cursor) {
            return Some(about_reminder(reminder, now));
        }
        about_message(self.selected()?, now)
    }

    /// Draws the list.
    pub fn draw(&self, now: i64, keymap: &Keymap, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let base = theme.style("index.text");
        fill(buf, area, base);
        if self.len() == 0 {
            let text = if self.loaded {
                tr!("The outbox is empty: nothing waits to be sent.")
            } else {
                tr!("Reading the outbox…")
            };
            say(
                buf,
                area,
                &Clean::lit(text),
                base.patch(theme.style("text.dim")),
            );
            return;
        }
        let height = usize::from(area.height);
        // A margin, as in every list.
        let inner = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            ..area
        };
        let cols = usize::from(inner.width);
        self.unfolded
            .set(self.lines(self.cursor, now, keymap, cols).len());
        let mut at = 0;
        for n in self.top(height)..self.len() {
            let style = if n == self.cursor {
                base.patch(theme.style("index.selected"))
            } else {
                base
            };
            for (text, tone) in self.lines(n, now, keymap, cols) {
                let tone = match tone {
                    Tone::Plain => style,
                    Tone::Dim => style.patch(theme.style("text.dim")),
                    Tone::Bad => style.patch(theme.style("notice.error")),
                };
                // The whole width is selected, not only what is written on.
                if begin(buf, area, at, style).is_none() {
                    return;
                }
                if let Some(mut cells) = begin(buf, inner, at, style) {
                    let room = cells.left();
                    cells.column(&text, room, tone);
                }
                at += 1;
            }
        }
    }

    /// The lines of a row, the selected one's as many as its words need.
    fn lines(&self, n: usize, now: i64, keymap: &Keymap, cols: usize) -> Vec<(Clean, Tone)> {
        let Some((texts, trouble)) = self.texts(n, now, keymap) else {
            return Vec::new();
        };
        let last = if trouble { Tone::Bad } else { Tone::Dim };
        let toned = texts.into_iter().zip([Tone::Plain, Tone::Dim, last]);
        let mut lines = Vec::new();
        for (text, tone) in toned {
            let indent = if tone == Tone::Plain { 0 } else { INDENT };
            let room = cols.saturating_sub(indent).max(1);
            let pieces = if n == self.cursor {
                wrap::wrap(text.as_str(), room)
            } else {
                vec![text.to_string()]
            };
            let line = |piece| Clean::line(&format!("{}{piece}", " ".repeat(indent)));
            lines.extend(pieces.iter().map(|piece| (line(piece), tone)));
        }
        lines
    }

    /// The lines of a row, and whether it needs somebody.
    fn texts(&self, n: usize, now: i64, keymap: &Keymap) -> Option<([Clean; TALL], bool)> {
        if let Some(r) = self.reminders.get(n) {
            let since = when::clock(r.due, now);
            let way_to = |command| keymap.way_to(Context::Index, command);
            let (open, decide) = (way_to(Command::Open), way_to(Command::Remind));
            let texts = [
                Clean::line(&format!("{}  [{}]", r.subject, r.account)),
                Clean::line(&tr!("to {people}", people = r.recipients)),
                Clean::line(&tr!(
                    "nobody answered by {since}. {open} opens it, {decide} decides",
                    since,
                    open,
                    decide
                )),
            ];
            return Some((texts, true));
        }
        let row = self.rows.get(n.checked_sub(self.reminders.len())?)?;
        let stands = row.words(now, &|at| when::clock(at, now));
        let texts = [headline(row), recipients(row), Clean::line(&stands)];
        Some((texts, is_trouble(row)))
    }
}

fn headline(row: &Submission) -> Clean {
    let subject = if row.subject.trim().is_empty() {
        tr!("(no subject)")
    } else {
        &row.subject
    };
    Clean::line(&format!("{subject}  [{}]", row.account))
}

fn recipients(row: &Submission) -> Clean {
    let each: Vec<String> = row
        .recipients
        .iter()
        .map(|r| match r.state {
            RecipientState::Pending => r.address.clone(),
            _ => format!("{} {}", r.address, r.words()),
        })
        .collect();
    Clean::line(&tr!("to {people}", people = each.join(tr!(", "))))
}

fn is_trouble(row: &Submission) -> bool {
    matches!(
        row.state,
        SubmissionState::InDoubt | SubmissionState::Refused
    ) || row.error.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standing::tests::row;
    use crate::model::{AccountName, MessageId, OutboxId, ReminderId};

    #[test]
    fn a_reminder_stands_above_and_the_selection_stays_on_its_message() {
        let reminder = Reminder {
            id: ReminderId(3),
            account: AccountName("work".to_owned()),
            message_id: MessageId::new("<2@x>").unwrap(),
            subject: "Tea".to_owned(),
            recipients: "bo@x".to_owned(),
            due: 5,
            state: crate::model::ReminderState::Due,
        };
        let waits = row(SubmissionState::Queued, &[RecipientState::Pending]);
        let mut outbox = Outbox::default();
        outbox.set(vec![waits.clone()], Vec::new());
        assert_eq!(outbox.selected(), Some(&waits));
        outbox.set(vec![waits.clone()], vec![reminder]);
        assert_eq!(outbox.selected(), Some(&waits));
        outbox.step(-1);
        assert_eq!(outbox.selected(), None);
        let menu = outbox.decisions(1_750_000_000).unwrap();
        assert!(
            matches!(menu.chosen(), Some(Decision::Again(ReminderId(3), at)) if at > 1_750_000_000)
        );
        let (texts, trouble) = outbox.texts(0, 10, &Keymap::default()).unwrap();
        assert!(trouble && texts[2].as_str().contains("nobody answered"));
        outbox.set(vec![waits.clone()], Vec::new());
        assert_eq!(outbox.selected(), Some(&waits));
    }

    #[test]
    fn the_selected_row_is_unfolded_and_a_click_knows_it() {
        let long = "the server put it off: 451 4.7.1 greylisted, try again in five minutes; next \
                    try tomorrow at 14:05";
        let mut rows = vec![row(SubmissionState::Queued, &[RecipientState::Pending]); 3];
        for (n, row) in rows.iter_mut().enumerate() {
            row.id = OutboxId(n as i64);
            row.subject = format!("Letter {n}");
            (row.attempts, row.error) = (2, Some(long.to_owned()));
        }
        let mut outbox = Outbox::default();
        outbox.set(rows, Vec::new());
        let area = Rect::new(0, 0, 40, 20);
        let mut buf = Buffer::empty(area);
        let theme = Theme::default();
        let mut drawn = |outbox: &Outbox| {
            outbox.draw(1_750_000_000, &Keymap::default(), &mut buf, area, &theme);
            let cell = |x, y| buf.cell((x, y)).map_or(" ", |c| c.symbol()).to_owned();
            let line = |y| (0..area.width).map(|x| cell(x, y)).collect::<String>();
            (0..area.height).map(line).collect::<Vec<_>>()
        };
        let lines = drawn(&outbox);
        assert!(lines[0].starts_with(" Letter 0  [work]"), "{lines:#?}");
        let whole = lines.join(" ");
        let words: Vec<&str> = whole.split_whitespace().collect();
        assert!(words.join(" ").contains(long), "{lines:#?}");
        let second = lines.iter().position(|l| l.contains("Letter 1")).unwrap();
        assert!(second > TALL, "{lines:#?}");
        outbox.click(second - 1, 20);
        assert_eq!(outbox.selected().unwrap().id, OutboxId(0));
        outbox.click(second, 20);
        assert_eq!(outbox.selected().unwrap().id, OutboxId(1));
        let lines = drawn(&outbox);
        assert!(lines[TALL].contains("Letter 1"), "{lines:#?}");
    }

    #[test]
    fn each_row_comes_to_the_top_that_the_bar_asks_for() {
        let mut outbox = Outbox::default();
        let waits = row(SubmissionState::Queued, &[RecipientState::Pending]);
        outbox.set(vec![waits; 20], Vec::new());
        outbox.unfolded.set(9);
        for height in [4, 10, 20, 31] {
            let extent = outbox.extent(height);
            assert!(extent.is_longer());
            for top in 0..=extent.whole - extent.seen {
                outbox.to(top, height);
                assert_eq!(outbox.extent(height).top, top, "{height}");
                outbox.to(top, height);
                assert_eq!(outbox.top(height), top, "{height}");
            }
            assert_eq!(outbox.cursor, 19, "the last comes into sight");
        }
    }
}
