//! The outbox: what is on its way out, where each recipient stands, and what can be decided.
//!
//! "In doubt" is spelled out: the user must know that a message may have gone. The selected row is
//! unfolded: all that is known of it is there to be read, however narrow the list is.

use crate::lang::{self, mark, tr};
use crate::model::{
    OutboxId, OutboxVerb, RecipientState, Reminder, ReminderId, Submission, SubmissionState,
};
use crate::text::{Clean, later, when, wrap};
use crate::tui::command::{Command, Context};
use crate::tui::keymap::Keymap;
use crate::tui::screen::menu::{Item, Menu};
use crate::tui::screen::paint::{begin, say};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::Cell;

/// Lines that one row takes.
const TALL: usize = 3;
/// Columns before the second and the third line of a row.
const INDENT: usize = 2;

/// What is decided about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// About a message on its way out.
    Outbox(OutboxId, OutboxVerb),
    /// A reminder comes back at this time, seconds since 1970.
    Again(ReminderId, i64),
    /// A reminder goes.
    Dismiss(ReminderId),
    /// Asks for a time of one's own.
    AskTime(Timed),
}

/// What a time is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// For a message on its way out: when it is sent.
    Send(OutboxId),
    /// For a reminder: when it comes back.
    Remind(ReminderId),
}

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

    /// Selects the row at a line of the list (a click).
    pub fn click(&mut self, line: usize, height: usize) {
        let mut below = line;
        for n in self.top(height)..self.len() {
            let tall = self.tall(n);
            if below < tall {
                self.cursor = n;
                return;
            }
            below -= tall;
        }
    }

    /// Lines that a row takes.
    fn tall(&self, n: usize) -> usize {
        if n == self.cursor {
            self.unfolded.get().max(TALL)
        } else {
            TALL
        }
    }

    /// What can be decided about the selected row.
    pub fn decisions(&self, now: i64) -> Option<Menu<Decision>> {
        if let Some(reminder) = self.reminders.get(self.cursor) {
            return Some(about_reminder(reminder, now));
        }
        let row = self.selected()?;
        let mut items: Vec<_> = verbs(row, now)
            .iter()
            .map(|(verb, label, detail)| Item {
                label: Clean::lit(lang::of(label)),
                detail: Clean::lit(lang::of(detail)),
                value: Decision::Outbox(row.id, *verb),
            })
            .collect();
        let later = |i: &Item<_>| matches!(i.value, Decision::Outbox(_, OutboxVerb::SendAt(_)));
        if let Some(at) = items.iter().rposition(later) {
            let own = Item {
                label: Clean::lit(tr!("Send at another time…")),
                detail: Clean::lit(tr!("Asks when.")),
                value: Decision::AskTime(Timed::Send(row.id)),
            };
            items.insert(at + 1, own);
        }
        let title = Clean::line(&tr!("{subject}: what now?", subject = row.subject));
        (!items.is_empty()).then(|| Menu::new(title, items))
    }

    fn top(&self, height: usize) -> usize {
        let above = height.saturating_sub(self.tall(self.cursor)) / TALL;
        self.cursor.saturating_sub(above)
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

fn about_reminder(reminder: &Reminder, now: i64) -> Menu<Decision> {
    let again = |text: &str, label| {
        let at = later::parse(text, now)?;
        Some((
            Decision::Again(reminder.id, at),
            label,
            tr!("If nobody has answered by then."),
        ))
    };
    let dismiss = Decision::Dismiss(reminder.id);
    let choices = [
        again("tomorrow 9am", tr!("Remind again tomorrow")),
        again("in 3d", tr!("Remind again in three days")),
        again("in 7d", tr!("Remind again in a week")),
        Some((
            Decision::AskTime(Timed::Remind(reminder.id)),
            tr!("Remind again at another time…"),
            tr!("Asks when."),
        )),
        Some((
            dismiss,
            tr!("Dismiss"),
            tr!("No answer is waited for any more."),
        )),
    ];
    let items = choices.into_iter().flatten();
    let items = items.map(|(value, label, detail)| Item {
        label: Clean::lit(label),
        detail: Clean::lit(detail),
        value,
    });
    let title = Clean::line(&tr!("{subject}: what now?", subject = reminder.subject));
    Menu::new(title, items.collect())
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

type Choice = (OutboxVerb, &'static str, &'static str);

/// What the state allows; what is offered first is what most will want.
fn verbs(row: &Submission, now: i64) -> Vec<Choice> {
    const EDIT: Choice = (
        OutboxVerb::Edit,
        mark!("Edit"),
        mark!("Take it back into a draft; nothing is sent."),
    );
    const EDIT_DOUBT: Choice = (
        OutboxVerb::Edit,
        mark!("Edit"),
        mark!("Take it back into a draft; the first one may have arrived."),
    );
    const CANCEL: Choice = (
        OutboxVerb::Cancel,
        mark!("Discard"),
        mark!("Drop it; nobody gets it."),
    );
    const CANCEL_REST: Choice = (
        OutboxVerb::Cancel,
        mark!("Leave the rest out"),
        mark!("Those who have it keep it; nobody else gets it."),
    );
    const CANCEL_DOUBT: Choice = (
        OutboxVerb::Cancel,
        mark!("Discard"),
        mark!("Forget it; it may have been sent."),
    );
    const RETRY: Choice = (
        OutboxVerb::Retry,
        mark!("Try now"),
        mark!("Do not wait for the next try."),
    );
    const NOW: Choice = (
        OutboxVerb::Retry,
        mark!("Send now"),
        mark!("Do not wait for its time."),
    );
    const LET_GO: Choice = (
        OutboxVerb::Retry,
        mark!("Send now"),
        mark!("Hold it back no longer."),
    );
    const AGAIN: Choice = (
        OutboxVerb::SendAgain,
        mark!("Send again"),
        mark!("It may arrive twice, if the first one did get through."),
    );
    const SENT: Choice = (
        OutboxVerb::AssumeSent,
        mark!("Take it as sent"),
        mark!("File a copy and forget the doubt."),
    );
    const GIVE_UP: Choice = (
        OutboxVerb::GiveUpRefused,
        mark!("Send to the rest"),
        mark!("Give up those who were refused; nobody gets it twice."),
    );
    const GIVE_UP_REST: Choice = (
        OutboxVerb::GiveUpRefused,
        mark!("Give up the refused ones"),
        mark!("The others have it already."),
    );
    const HOLD: Choice = (
        OutboxVerb::Hold,
        mark!("Hold"),
        mark!("Keep it back until you say otherwise."),
    );
    let at = |text: &str, label, detail| {
        later::parse(text, now).map(|at| (OutboxVerb::SendAt(at), label, detail))
    };
    let times = [
        at(
            "in 1h",
            tr!("Send in an hour"),
            tr!("It can be changed until then."),
        ),
        at(
            "tomorrow 9am",
            tr!("Send tomorrow at 9"),
            tr!("It can be changed until then."),
        ),
    ];
    let times = times.into_iter().flatten();
    let (partly, some) = (
        row.is_partly_sent(),
        row.count(RecipientState::Refused) < row.recipients.len(),
    );
    // What was not tried yet waits for its time.
    let first = if row.scheduled || row.attempts == 0 {
        NOW
    } else {
        RETRY
    };
    match row.state {
        SubmissionState::Queued if partly => vec![RETRY, HOLD, CANCEL_REST],
        SubmissionState::Held if partly => vec![LET_GO, CANCEL_REST],
        SubmissionState::Sending if partly => vec![CANCEL_REST],
        SubmissionState::Queued => [first, EDIT, HOLD]
            .into_iter()
            .chain(times)
            .chain([CANCEL])
            .collect(),
        SubmissionState::Held => [LET_GO, EDIT]
            .into_iter()
            .chain(times)
            .chain([CANCEL])
            .collect(),
        SubmissionState::Sending => vec![EDIT, CANCEL],
        SubmissionState::InDoubt if partly => vec![AGAIN, SENT, CANCEL_REST],
        SubmissionState::InDoubt => vec![AGAIN, SENT, EDIT_DOUBT, CANCEL_DOUBT],
        SubmissionState::Refused if partly => vec![GIVE_UP_REST, RETRY],
        SubmissionState::Refused if some && row.count(RecipientState::Refused) > 0 => {
            vec![EDIT, GIVE_UP, RETRY, CANCEL]
        }
        SubmissionState::Refused => vec![EDIT, RETRY, CANCEL],
        SubmissionState::Dot | SubmissionState::Accepted | SubmissionState::Done => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountName, MessageId, Recipient};

    fn row(state: SubmissionState, stands: &[RecipientState]) -> Submission {
        let recipients = stands.iter().map(|state| Recipient {
            address: "you@example.test".to_owned(),
            state: *state,
            reply: None,
        });
        Submission {
            id: OutboxId(1),
            account: AccountName("work".to_owned()),
            message_id: MessageId::new("<1@x>").unwrap(),
            mail_from: String::new(),
            recipients: recipients.collect(),
            subject: String::new(),
            size: 0,
            state,
            attempts: 0,
            next_try: 0,
            created: 0,
            first_try: 0,
            scheduled: false,
            dsn: false,
            remind: None,
            looked: 0,
            sent_at: 0,
            filed: true,
            error: None,
        }
    }

    fn offered(state: SubmissionState, stands: &[RecipientState]) -> Vec<OutboxVerb> {
        let choices = verbs(&row(state, stands), 1_750_000_000);
        choices.into_iter().map(|(verb, ..)| verb).collect()
    }

    #[test]
    fn nothing_is_offered_by_which_somebody_would_get_it_twice_unawares() {
        use RecipientState::{Accepted, Pending, Refused, TryLater, Unknown};
        for (state, _) in SubmissionState::ALL {
            for open in [Pending, Refused, TryLater, Unknown] {
                let partly = offered(state, &[Accepted, open]);
                assert!(!partly.contains(&OutboxVerb::Edit), "{state:?} {open:?}");
            }
        }
        let again = OutboxVerb::SendAgain;
        assert!(offered(SubmissionState::InDoubt, &[Unknown]).contains(&again));
        assert!(!offered(SubmissionState::Queued, &[Pending]).contains(&again));
    }

    #[test]
    fn what_was_refused_is_edited_first_or_sent_to_the_rest() {
        use RecipientState::{Accepted, Pending, Refused};
        let all = offered(SubmissionState::Refused, &[Refused, Refused]);
        assert_eq!(
            all,
            [OutboxVerb::Edit, OutboxVerb::Retry, OutboxVerb::Cancel]
        );
        let some = offered(SubmissionState::Refused, &[Pending, Refused]);
        assert_eq!(some[..2], [OutboxVerb::Edit, OutboxVerb::GiveUpRefused]);
        let rest = offered(SubmissionState::Refused, &[Accepted, Refused]);
        assert_eq!(rest, [OutboxVerb::GiveUpRefused, OutboxVerb::Retry]);
    }

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
    fn what_waits_for_its_time_is_sent_now_and_not_tried_again() {
        let first = |scheduled, attempts| {
            let mut waits = row(SubmissionState::Queued, &[RecipientState::Pending]);
            (waits.scheduled, waits.attempts) = (scheduled, attempts);
            verbs(&waits, 1_750_000_000)[0].1
        };
        assert_eq!(first(true, 1), "Send now");
        assert_eq!(first(false, 0), "Send now");
        assert_eq!(first(false, 1), "Try now");
    }

    #[test]
    fn what_waits_can_be_sent_later() {
        let waits = offered(SubmissionState::Queued, &[RecipientState::Pending]);
        let later = |v: &&OutboxVerb| matches!(v, OutboxVerb::SendAt(at) if *at > 1_750_000_000);
        assert_eq!(waits.iter().filter(later).count(), 2);
        let mut outbox = Outbox::default();
        outbox.set(
            vec![row(SubmissionState::Queued, &[RecipientState::Pending])],
            Vec::new(),
        );
        let mut menu = outbox.decisions(1_750_000_000).unwrap();
        assert!(menu.pick(6));
        let own = Decision::AskTime(Timed::Send(OutboxId(1)));
        assert_eq!(menu.chosen(), Some(own));
    }
}
