//! How a message is to be sent: the list of options over the composer, the lines that ask for a
//! time, and the words for what is chosen.

use super::fields::Field;
use super::{Composer, Over};
use crate::lang::{self, mark, tr, trc, trn};
use crate::model::SendOptions;
use crate::text::{Clean, later, when, width};
use crate::tui::screen::prompt::{Kind, Outcome as Typed, Prompt};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::list::List;
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Instant;

/// Something that can be chosen for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Sender,
    ReplyTo,
    Markdown,
    Receipt,
    Report,
    Remind,
    Later,
}

/// Each with its key and its name.
const CHOICES: [(Choice, char, &str); 7] = [
    (Choice::Sender, 'f', mark!("field", "From")),
    (Choice::ReplyTo, 'a', mark!("Answers go to")),
    (Choice::Markdown, 'm', mark!("The text is Markdown")),
    (Choice::Receipt, 'r', mark!("Ask for a read receipt")),
    (Choice::Report, 'd', mark!("Ask for a delivery report")),
    (Choice::Remind, 'n', mark!("Remind me if nobody answers")),
    (Choice::Later, 'l', mark!("Send later")),
];

/// A time that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// When it is sent.
    Later,
    /// After how long one is reminded.
    Remind,
}

impl Wanted {
    fn label(self) -> &'static str {
        match self {
            Wanted::Later => tr!("Send: "),
            Wanted::Remind => tr!("Remind me if nobody answers in: "),
        }
    }

    fn examples(self) -> String {
        match self {
            Wanted::Later => tr!("{times}; nothing: at once", times = later::examples()),
            Wanted::Remind => tr!("3 days, 2h, 1 week; nothing: never").to_owned(),
        }
    }

    /// What is understood of what is typed.
    fn understood(self, text: &str, now: i64) -> Result<Option<i64>, &'static str> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        match self {
            Wanted::Later => later::parse(text, now)
                .map(Some)
                .ok_or_else(later::not_understood),
            Wanted::Remind => {
                let length = later::duration(text.trim().trim_start_matches("in "));
                length
                    .map(|s| Some(i64::from(s)))
                    .ok_or(tr!("not understood; try 3 days, 2h, 1 week"))
            }
        }
    }

    fn words(self, value: Option<i64>, now: i64) -> String {
        match (self, value) {
            (Wanted::Later, None) => tr!("sent at once").to_owned(),
            (Wanted::Remind, None) => tr!("no reminder").to_owned(),
            (Wanted::Later, Some(at)) => {
                let away = u64::try_from(at - now).unwrap_or(0);
                tr!(
                    "{time}, in {length}",
                    time = when::long(at),
                    length = length(away)
                )
            }
            (Wanted::Remind, Some(after)) => {
                let length = length(u64::try_from(after).unwrap_or(0));
                tr!("in {length}, counted from when it is sent", length)
            }
        }
    }
}

/// A length of time, in days where it is long.
fn length(seconds: u64) -> String {
    const DAY: u64 = 24 * 3600;
    match (seconds / DAY, seconds % DAY) {
        (0 | 1, _) => when::duration(seconds),
        (days, 0) => trn!(days, "{days} day", "{days} days"),
        (days, rest) => trn!(
            days,
            "{days} day {rest}",
            "{days} days {rest}",
            rest = when::duration(rest / 3600 * 3600)
        ),
    }
}

/// What is chosen beyond the usual, in words; empty if nothing is.
pub(super) fn words(options: SendOptions, now: i64) -> String {
    let mut all = Vec::new();
    if let Some(at) = options.send_at {
        all.push(if at > now {
            tr!("sends {time}", time = when::clock(at, now))
        } else {
            tr!("sends at once, its time has passed").to_owned()
        });
    }
    if options.markdown {
        all.push("Markdown".to_owned());
    }
    if options.receipt {
        all.push(tr!("read receipt").to_owned());
    }
    if options.dsn {
        all.push(tr!("delivery report").to_owned());
    }
    if let Some(after) = options.remind {
        all.push(tr!(
            "reminder in {length}",
            length = length(u64::from(after))
        ));
    }
    all.join(" · ")
}

impl Composer {
    /// The time of day, seconds since 1970; for times that are typed.
    pub fn set_clock(&mut self, wall: i64) {
        self.clock = wall;
    }

    /// Shows the list of options.
    pub(super) fn show_options(&mut self) {
        self.over = Over::Options(List::new(CHOICES.len()));
    }

    /// Takes a key for the list of options.
    pub(super) fn options_key(&mut self, key: &KeyEvent, now: Instant) {
        let Over::Options(list) = &mut self.over else {
            return;
        };
        match key.code {
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => list.turn(1),
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => list.turn(-1),
            KeyCode::Esc | KeyCode::Char('q') => self.over = Over::Nothing,
            KeyCode::Enter | KeyCode::Char(' ') | KeyCode::Right => {
                let at = list.cursor();
                if let Some((choice, _, _)) = CHOICES.get(at) {
                    self.choose(*choice, 1, now);
                }
            }
            KeyCode::Left => {
                if let Some((choice, _, _)) = CHOICES.get(list.cursor()) {
                    self.choose(*choice, -1, now);
                }
            }
            KeyCode::Char(c) => {
                if let Some(at) = CHOICES.iter().position(|(_, key, _)| *key == c) {
                    list.select(at);
                    if let Some((choice, _, _)) = CHOICES.get(at) {
                        self.choose(*choice, 1, now);
                    }
                }
            }
            _ => {}
        }
    }

    fn choose(&mut self, choice: Choice, by: isize, now: Instant) {
        let options = &mut self.draft.options;
        match choice {
            Choice::Sender => return self.turn_sender(by, now),
            Choice::ReplyTo => {
                self.over = Over::Nothing;
                return self.go(Field::ReplyTo);
            }
            Choice::Markdown => options.markdown = !options.markdown,
            Choice::Receipt => options.receipt = !options.receipt,
            Choice::Report => options.dsn = !options.dsn,
            Choice::Remind => return self.ask_time(Wanted::Remind),
            Choice::Later => return self.ask_time(Wanted::Later),
        }
        self.saves.changed(now);
    }

    /// Asks for a time.
    pub(super) fn ask_time(&mut self, wanted: Wanted) {
        let mut prompt = Prompt::new(Clean::lit(wanted.label()), Kind::Text, "");
        prompt.remark(Clean::line(&wanted.examples()));
        self.over = Over::Time(prompt, wanted);
    }

    /// What came of typing a time.
    pub(super) fn time_typed(&mut self, outcome: &Typed, now: Instant) {
        let Over::Time(prompt, wanted) = &mut self.over else {
            return;
        };
        let wanted = *wanted;
        let understood = wanted.understood(prompt.text(), self.clock);
        match (outcome, understood) {
            (Typed::Stay, _) => {}
            (Typed::Changed, Ok(None)) => prompt.remark(Clean::line(&wanted.examples())),
            (Typed::Changed, Ok(value)) => {
                prompt.remark(Clean::line(&wanted.words(value, self.clock)));
            }
            (Typed::Changed | Typed::Text(_), Err(why)) => prompt.remark(Clean::lit(why)),
            (Typed::Text(_), Ok(value)) => {
                match wanted {
                    Wanted::Later => self.draft.options.send_at = value,
                    Wanted::Remind => {
                        let after = value.and_then(|v| u32::try_from(v).ok());
                        self.draft.options.remind = after;
                    }
                }
                self.over = Over::Nothing;
                self.saves.changed(now);
            }
            _ => self.over = Over::Nothing,
        }
    }

    fn value(&self, choice: Choice, now: i64) -> String {
        let options = &self.draft.options;
        let no = || trc!("set", "no").to_owned();
        let yes = |on: bool| {
            if on {
                trc!("set", "yes").to_owned()
            } else {
                no()
            }
        };
        match choice {
            Choice::Sender => self.sender(),
            Choice::ReplyTo => match self.reply_to.text().trim() {
                "" => tr!("the sender").to_owned(),
                text => text.to_owned(),
            },
            Choice::Markdown => yes(options.markdown),
            Choice::Receipt => yes(options.receipt),
            Choice::Report => yes(options.dsn),
            Choice::Remind => options
                .remind
                .map_or_else(no, |s| tr!("in {length}", length = length(u64::from(s)))),
            Choice::Later => options.send_at.map_or_else(no, |at| when::clock(at, now)),
        }
    }

    /// Draws the list of options.
    pub(super) fn draw_options(
        &self,
        list: &List,
        buf: &mut Buffer,
        area: Rect,
        now: i64,
        theme: &Theme,
    ) {
        let rows = u16::try_from(CHOICES.len() + 2).unwrap_or(u16::MAX);
        let place = popup::centred(area, 66, rows);
        let inside = popup::frame(buf, place, &Clean::lit(tr!("Options")), theme);
        let base = theme.style("popup.text");
        let seen = list.seen(usize::from(inside.height));
        for (row, n) in seen.enumerate() {
            let (Some((choice, key, name)), Some(mut ink)) =
                (CHOICES.get(n), Ink::row(buf, inside, row))
            else {
                continue;
            };
            let name = match choice {
                Choice::Sender => lang::of_in("field", name),
                _ => lang::of(name),
            };
            let mut look = base;
            if n == list.cursor() {
                look = base.patch(theme.style("popup.selected"));
                ink.tint(look);
            }
            let value = self.value(*choice, now);
            let room = ink.left().saturating_sub(width::width(name) + 6);
            ink.skip(1)
                .put(
                    &Clean::line(&key.to_string()),
                    look.patch(theme.style("popup.key")),
                )
                .skip(2)
                .lit(name, look)
                .right(
                    &Clean::line(&format!("{} ", width::cut(&value, room))),
                    look,
                );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn every_language_gives_examples_that_are_understood() {
        let understood = |wanted: Wanted, example: &str| {
            let read = wanted.understood(example.trim(), 1_750_000_000);
            assert!(matches!(read, Ok(Some(_))), "{example}");
        };
        for lang in Lang::ALL {
            lang::during(lang, || {
                for wanted in [Wanted::Later, Wanted::Remind] {
                    let examples = wanted.examples();
                    let (examples, _) = examples.split_once(';').unwrap();
                    examples.split(',').for_each(|e| understood(wanted, e));
                    let why = wanted.understood("never ever", 0).unwrap_err();
                    let last = why.rsplit(", ").next().unwrap();
                    understood(wanted, last);
                }
            });
        }
    }
}
