//! The outbox: what is on its way out, where each recipient stands, and what can be decided.
//!
//! "In doubt" is spelled out: the user must know that a message may have gone.

use crate::model::{OutboxId, OutboxVerb, RecipientState, Submission, SubmissionState};
use crate::text::{Clean, when};
use crate::tui::screen::menu::{Item, Menu};
use crate::tui::screen::paint::{begin, say};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Lines that one row takes.
const TALL: usize = 3;

/// The outbox's list.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    rows: Vec<Submission>,
    cursor: usize,
    loaded: bool,
}

impl Outbox {
    /// Takes the rows in; the selection stays on its message.
    pub fn set(&mut self, rows: Vec<Submission>) {
        let held = self.selected().map(|r| r.id);
        self.rows = rows;
        self.loaded = true;
        let at = held.and_then(|h| self.rows.iter().position(|r| r.id == h));
        self.cursor = at
            .unwrap_or(self.cursor)
            .min(self.rows.len().saturating_sub(1));
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&Submission> {
        self.rows.get(self.cursor)
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Selects the row at a line of the list (a click).
    pub fn click(&mut self, line: usize, height: usize) {
        let n = line / TALL + self.top(height);
        if n < self.rows.len() {
            self.cursor = n;
        }
    }

    /// What can be decided about the selected row.
    pub fn decisions(&self) -> Option<Menu<(OutboxId, OutboxVerb)>> {
        let row = self.selected()?;
        let items: Vec<_> = verbs(row)
            .iter()
            .map(|(verb, label, detail)| Item {
                label: Clean::lit(label),
                detail: Clean::lit(detail),
                value: (row.id, *verb),
            })
            .collect();
        let title = Clean::line(&format!("{}: what now?", row.subject));
        (!items.is_empty()).then(|| Menu::new(title, items))
    }

    fn top(&self, height: usize) -> usize {
        (self.cursor + 1).saturating_sub((height / TALL).max(1))
    }

    /// Draws the list.
    pub fn draw(&self, now: i64, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let base = theme.style("index.text");
        fill(buf, area, base);
        if self.rows.is_empty() {
            let text = if self.loaded {
                "The outbox is empty: nothing waits to be sent."
            } else {
                "Reading the outbox…"
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
        let shown = self.rows.iter().enumerate().skip(self.top(height));
        for (at, (n, row)) in shown.take(height.div_ceil(TALL)).enumerate() {
            let style = if n == self.cursor {
                base.patch(theme.style("index.selected"))
            } else {
                base
            };
            let texts = [
                headline(row),
                recipients(row),
                Clean::line(&format!("  {}", words(row, now))),
            ];
            for (i, text) in texts.iter().enumerate() {
                let tone = match i {
                    0 => style,
                    1 => style.patch(theme.style("text.dim")),
                    _ if is_trouble(row) => style.patch(theme.style("notice.error")),
                    _ => style.patch(theme.style("text.dim")),
                };
                if let Some(mut cells) = begin(buf, area, at * TALL + i, style) {
                    let room = cells.left();
                    cells.column(text, room, tone);
                }
            }
        }
    }
}

fn headline(row: &Submission) -> Clean {
    let subject = if row.subject.trim().is_empty() {
        "(no subject)"
    } else {
        &row.subject
    };
    Clean::line(&format!("{subject}  [{}]", row.account))
}

fn recipients(row: &Submission) -> Clean {
    let each: Vec<String> = row
        .recipients
        .iter()
        .map(|r| match (r.state, &r.reply) {
            (RecipientState::Pending, _) => r.address.clone(),
            (state, Some(reply)) => format!("{} {} ({reply})", r.address, state.name()),
            (state, None) => format!("{} {}", r.address, state.name()),
        })
        .collect();
    Clean::line(&format!("  to {}", each.join(", ")))
}

fn is_trouble(row: &Submission) -> bool {
    matches!(
        row.state,
        SubmissionState::InDoubt | SubmissionState::Refused
    ) || row.error.is_some()
}

/// Where it stands, in words.
fn words(row: &Submission, now: i64) -> String {
    let why = row.error.as_deref().unwrap_or("no reason was given");
    match row.state {
        SubmissionState::Queued if row.next_try > now && row.attempts == 0 => {
            format!("waiting until {}", when::short(row.next_try, now))
        }
        SubmissionState::Queued if row.attempts > 0 => format!(
            "not sent yet: {why}; tried {} times, next at {}",
            row.attempts,
            when::short(row.next_try, now)
        ),
        SubmissionState::Queued if row.error.is_some() => format!("not sent: {why}"),
        SubmissionState::Queued => "waiting for its turn".to_owned(),
        SubmissionState::Held => "held back until you say otherwise".to_owned(),
        SubmissionState::Sending => "being sent".to_owned(),
        SubmissionState::Dot => "sent, waiting for the server's word".to_owned(),
        SubmissionState::InDoubt => {
            "in doubt: the server may or may not have taken it. Enter to decide".to_owned()
        }
        SubmissionState::Refused => format!("refused: {why}. Enter to decide"),
        SubmissionState::Accepted => "sent, its copy is being filed".to_owned(),
        SubmissionState::Done => "sent".to_owned(),
    }
}

type Choice = (OutboxVerb, &'static str, &'static str);

/// What the state allows.
fn verbs(row: &Submission) -> Vec<Choice> {
    const EDIT: Choice = (
        OutboxVerb::Edit,
        "Edit",
        "Take it back into a draft; nothing is sent.",
    );
    const CANCEL: Choice = (
        OutboxVerb::Cancel,
        "Discard",
        "Drop the message; nothing (more) is sent.",
    );
    const RETRY: Choice = (
        OutboxVerb::Retry,
        "Try now",
        "Do not wait for the next try.",
    );
    const AGAIN: Choice = (
        OutboxVerb::SendAgain,
        "Send again",
        "It may arrive twice, if the first one did get through.",
    );
    const SENT: Choice = (
        OutboxVerb::AssumeSent,
        "Take it as sent",
        "File a copy and forget the doubt.",
    );
    const GIVE_UP: Choice = (
        OutboxVerb::GiveUpRefused,
        "Give up the refused ones",
        "Take the message as sent to the others.",
    );
    const HOLD: Choice = (
        OutboxVerb::Hold,
        "Hold",
        "Keep it back until you say otherwise.",
    );
    match row.state {
        SubmissionState::Queued => vec![RETRY, EDIT, HOLD, CANCEL],
        SubmissionState::Held => vec![RETRY, EDIT, CANCEL],
        SubmissionState::Sending => vec![EDIT, CANCEL],
        SubmissionState::InDoubt => vec![AGAIN, SENT, CANCEL],
        SubmissionState::Refused => {
            let some = row
                .recipients
                .iter()
                .any(|r| r.state == RecipientState::Accepted);
            if some {
                vec![GIVE_UP, RETRY, CANCEL]
            } else {
                vec![EDIT, RETRY, CANCEL]
            }
        }
        SubmissionState::Dot | SubmissionState::Accepted | SubmissionState::Done => Vec::new(),
    }
}
