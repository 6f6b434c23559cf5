//! A question with a few one-letter answers.
//!
//! A letter typed in the first moment was meant for what was on the screen before, so it is not
//! taken for an answer.

use crate::text::{Clean, width, wrap};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::time::{Duration, Instant};

/// So long letters are not yet answers.
pub const MOMENT: Duration = Duration::from_millis(250);

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The letter that gives it, lower case.
    pub key: char,
    /// What it does.
    pub label: Clean,
    /// What it means.
    pub value: T,
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It stays open.
    Stay,
    /// This was answered.
    Answered(T),
    /// It closes without an answer.
    Closed,
}

/// The question.
#[derive(Clone, Debug)]
pub struct Confirm<T> {
    text: Clean,
    answers: Vec<Answer<T>>,
    asked: Instant,
}

impl<T: Clone> Confirm<T> {
    /// A question asked now.
    pub fn new(text: Clean, answers: Vec<Answer<T>>, now: Instant) -> Confirm<T> {
        Confirm {
            text,
            answers,
            asked: now,
        }
    }

    /// The same question, whose answers mean something else.
    pub fn map<U>(self, mut mean: impl FnMut(T) -> U) -> Confirm<U> {
        let answers = self.answers.into_iter().map(|answer| Answer {
            key: answer.key,
            label: answer.label,
            value: mean(answer.value),
        });
        Confirm {
            text: self.text,
            answers: answers.collect(),
            asked: self.asked,
        }
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent, now: Instant) -> Outcome<T> {
        let plain = !key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match key.code {
            KeyCode::Esc => Outcome::Closed,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Outcome::Closed,
            KeyCode::Char(c) if plain && now >= self.asked + MOMENT => {
                let c = c.to_ascii_lowercase();
                match self.answers.iter().find(|a| a.key == c) {
                    Some(answer) => Outcome::Answered(answer.value.clone()),
                    None => Outcome::Stay,
                }
            }
            _ => Outcome::Stay,
        }
    }

    /// Takes a click: on an answer it gives it.
    pub fn click(&self, screen: Rect, at: Position, now: Instant) -> Outcome<T> {
        let (_, across, area) = self.shape(screen);
        let inside = popup::inside(area);
        let rows = if across { 1 } else { self.answers.len() };
        let first = usize::from(inside.height).saturating_sub(rows);
        if !inside.contains(at) || now < self.asked + MOMENT {
            return Outcome::Stay;
        }
        let row = usize::from(at.y - inside.y);
        let column = usize::from(at.x - inside.x);
        let mut before = 0;
        for (n, answer) in self.answers.iter().enumerate() {
            let wide = width::width(answer.label.as_str()) + 2;
            let hit = match across {
                true => row == first && (before..before + wide).contains(&column),
                false => row == first + n && column < wide,
            };
            if hit {
                return Outcome::Answered(answer.value.clone());
            }
            before += wide + 3;
        }
        Outcome::Stay
    }

    /// The lines of the question, whether its answers stand in one line, and where all of it stands.
    fn shape(&self, screen: Rect) -> (Vec<String>, bool, Rect) {
        let columns = screen.width.clamp(1, 64);
        let room = usize::from(columns.saturating_sub(4)).max(8);
        let mut lines = Vec::new();
        for line in self.text.as_str().lines() {
            lines.extend(wrap::wrap(line, room));
        }
        let wide: usize = self
            .answers
            .iter()
            .map(|a| width::width(a.label.as_str()) + 5)
            .sum();
        let across = wide <= room;
        let rows = lines.len() + 3 + if across { 1 } else { self.answers.len() };
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        (lines, across, popup::centred(screen, columns, rows))
    }

    /// Draws it over the screen.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let (lines, across, area) = self.shape(screen);
        let inside = popup::frame(buf, area, &Clean::default(), theme);
        let base = theme.style("popup.text");
        let answers = if across { 1 } else { self.answers.len() };
        // On a very small screen the answers matter more than the end of the question.
        let height = usize::from(inside.height);
        let text = lines.len().min(height.saturating_sub(answers));
        for (n, line) in lines.iter().take(text).enumerate() {
            if let Some(mut ink) = Ink::row(buf, inside, n) {
                ink.put(&Clean::line(line), base);
            }
        }
        let first = height.saturating_sub(answers);
        for (n, answer) in self.answers.iter().enumerate() {
            let row = if across { first } else { first + n };
            let before: usize = self
                .answers
                .iter()
                .take(n)
                .map(|a| width::width(a.label.as_str()) + 5)
                .sum();
            if let Some(mut ink) = Ink::row(buf, inside, row) {
                ink.skip(if across { before } else { 0 });
                ink.put(
                    &Clean::line(&answer.key.to_string()),
                    base.patch(theme.style("popup.key")),
                );
                ink.lit(" ", base).put(&answer.label, base);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;

    fn confirm(now: Instant) -> Confirm<u8> {
        let answer = |key, label, value| Answer {
            key,
            label: Clean::lit(label),
            value,
        };
        let text = Clean::lit(
            "This message has no subject, and speaks of an attachment that isn't there.",
        );
        Confirm::new(
            text,
            vec![
                answer('s', "send all the same", 1),
                answer('c', "go on writing", 2),
            ],
            now,
        )
    }

    #[test]
    fn early_letters_are_no_answers() {
        let now = Instant::now();
        let mut question = confirm(now);
        let key = |name| Key::parse(name).unwrap().event();
        assert_eq!(question.update(&key("s"), now), Outcome::Stay);
        assert_eq!(
            question.update(&key("s"), now + MOMENT),
            Outcome::Answered(1)
        );
        assert_eq!(
            question.update(&key("C"), now + MOMENT),
            Outcome::Answered(2)
        );
        assert_eq!(question.update(&key("ctrl-s"), now + MOMENT), Outcome::Stay);
        assert_eq!(question.update(&key("esc"), now), Outcome::Closed);
    }

    #[test]
    fn drawn_at_every_size() {
        for (columns, rows) in [(40, 12), (80, 24), (20, 5), (3, 2)] {
            let drawn = shown(columns, rows, |buf, area| {
                confirm(Instant::now()).draw(buf, area, &Theme::default());
                None
            });
            insta::assert_snapshot!(format!("confirm_{columns}x{rows}"), drawn);
        }
    }
}
