//! A check-up that runs: its steps as they are done, each with its cause and its remedy. Going away
//! ends it.

use crate::lang::{tr, trn};
use crate::model::checkup::{Level, Progress, called};
use crate::model::setup::Cancel;
use crate::text::{Clean, wrap};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::popup;
use crate::tui::widget::scroll::Scroll;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns before a step's own words.
const INDENT: usize = 2;
/// Texts are never wrapped narrower, in columns.
const NARROWEST: usize = 10;

/// What a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It closes.
    Closed,
}

/// The check-up.
#[derive(Debug)]
pub struct Doctor {
    /// What came, in that order; steps that are only begun are not in it.
    told: Vec<Progress>,
    running: Option<&'static str>,
    over: bool,
    at: Scroll,
    cancel: Cancel,
}

impl Drop for Doctor {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Doctor {
    /// One that ends by this.
    pub fn new(cancel: Cancel) -> Doctor {
        Doctor {
            told: Vec::new(),
            running: None,
            over: false,
            at: Scroll::default(),
            cancel,
        }
    }

    /// Takes what came; nothing more comes after `None`.
    pub fn take(&mut self, progress: Option<Progress>) {
        self.running = None;
        match progress {
            None => self.over = true,
            Some(Progress::Begun(name)) => self.running = Some(name),
            Some(other) => self.told.push(other),
        }
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Outcome::Closed,
            KeyCode::Char('c') if ctrl => return Outcome::Closed,
            KeyCode::Enter => self.at.by(1),
            _ => self.at.update(key),
        }
        Outcome::Stay
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent) -> bool {
        self.at.pull(mouse)
    }

    /// Scrolls by lines.
    pub fn scroll(&mut self, by: isize) {
        self.at.by(by);
    }

    /// Draws it over the screen.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let inside = popup::frame(buf, screen, &self.title(), theme);
        let (rows, columns) = (usize::from(inside.height), usize::from(inside.width));
        let lines = self.lines(columns, theme.is_linear());
        let seen = self.at.seen(lines.len(), rows, theme.is_linear());
        popup::goes_on(buf, inside, seen.end < lines.len(), theme);
        let edge = popup::edge(screen, 0, rows);
        self.at.draw_bar(buf, edge, theme);
        let base = theme.style("popup.text");
        for (n, (text, style)) in lines.iter().take(seen.end).skip(seen.start).enumerate() {
            let Some(mut ink) = Ink::row(buf, inside, n) else {
                return;
            };
            ink.put(text, style.map_or(base, |s| base.patch(theme.style(s))));
        }
    }

    fn title(&self) -> Clean {
        let wrong = self.count(Level::Wrong);
        let careful = self.count(Level::Careful);
        let words = match (self.over, wrong, careful) {
            (false, ..) => tr!("Doctor: looking (q closes)").to_owned(),
            (true, 0, 0) => tr!("Doctor: all is well (q closes)").to_owned(),
            (true, 0, n) => trn!(
                n,
                "Doctor: works; {n} to look at (q closes)",
                "Doctor: works; {n} to look at (q closes)"
            ),
            (true, n, _) => trn!(
                n,
                "Doctor: {n} wrong (q closes)",
                "Doctor: {n} wrong (q closes)"
            ),
        };
        Clean::line(&words)
    }

    fn count(&self, level: Level) -> usize {
        let is = |p: &&Progress| matches!(p, Progress::Done(step) if step.level == level);
        self.told.iter().filter(is).count()
    }

    fn lines(&self, columns: usize, linear: bool) -> Vec<(Clean, Option<&'static str>)> {
        let mut lines = Vec::new();
        let mut say = |text: &str, indent: usize, style: Option<&'static str>| {
            let room = columns.saturating_sub(indent).max(NARROWEST);
            for piece in wrap::wrap(text, room) {
                let line = format!("{}{piece}", " ".repeat(indent));
                lines.push((Clean::line(&line), style));
            }
        };
        for progress in &self.told {
            match progress {
                Progress::Begun(_) => {}
                Progress::Part(title) => say(title, 0, Some("sidebar.account")),
                Progress::Done(step) => {
                    let style = match step.level {
                        Level::Fine | Level::Note => None,
                        Level::Careful => Some("notice.warning"),
                        Level::Wrong => Some("notice.error"),
                    };
                    let name = called(step.name);
                    let head = match (linear, step.level) {
                        (false, level) => format!("{} {name}", level.mark()),
                        (true, Level::Fine) => tr!("{name}: fine", name),
                        (true, Level::Note) => tr!("{name}: to be known", name),
                        (true, Level::Careful) => tr!("{name}: to look at", name),
                        (true, Level::Wrong) => tr!("{name}: wrong", name),
                    };
                    match &step.found {
                        Ok(found) => {
                            say(&head, 0, style);
                            say(found, INDENT, Some("popup.dim"));
                        }
                        Err(advice) => {
                            say(&head, 0, style);
                            say(&advice.what, INDENT, None);
                            if !advice.why.is_empty() {
                                say(&tr!("probably: {why}", why = advice.why), INDENT, None);
                            }
                            if !advice.todo.is_empty() {
                                say(&tr!("do: {todo}", todo = advice.todo), INDENT, style);
                            }
                        }
                    }
                }
            }
        }
        if let Some(name) = self.running {
            say(&format!("… {}", called(name)), 0, Some("popup.dim"));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::{Advice, Step};

    fn drawn(doctor: &Doctor, columns: u16, rows: u16) -> String {
        let screen = Rect::new(0, 0, columns, rows);
        let mut buf = Buffer::empty(screen);
        doctor.draw(&mut buf, screen, &Theme::default());
        let row = |y: u16| {
            let cells = (0..columns).map(|x| buf[(x, y)].symbol().to_owned());
            cells.collect::<String>().trim_end().to_owned()
        };
        (0..rows).map(row).collect::<Vec<_>>().join("\n")
    }

    fn told() -> Doctor {
        let mut doctor = Doctor::new(Cancel::default());
        doctor.take(Some(Progress::Part("work (me@example.test)".into())));
        doctor.take(Some(Progress::Done(Step::fine(
            "IMAP name",
            "x is 192.0.2.1",
        ))));
        let advice = Advice::new(
            "no \u{1b}[2J secure connection",
            "the clock is wrong",
            "set the clock",
        );
        doctor.take(Some(Progress::Done(Step::wrong(
            "IMAP port and TLS",
            advice,
        ))));
        doctor
    }

    #[test]
    fn steps_stand_with_their_remedies_in_any_room() {
        let mut doctor = told();
        doctor.take(Some(Progress::Begun("IMAP ports")));
        for (columns, rows) in [(80, 24), (40, 12), (200, 50)] {
            let text = drawn(&doctor, columns, rows);
            for part in [
                "Doctor: looking",
                "work (me@example.test)",
                "✗ IMAP port and TLS",
                "do: set the clock",
            ] {
                assert!(text.contains(part), "{part} in\n{text}");
            }
            assert!(text.contains("… IMAP ports") || rows < 13, "{text}");
            assert!(!text.contains('\u{1b}'));
        }
        doctor.take(None);
        assert!(drawn(&doctor, 80, 24).contains("Doctor: 1 wrong"));
        assert!(!drawn(&doctor, 80, 24).contains("… IMAP ports"));
        for (columns, rows) in [(1, 1), (5, 2), (12, 4)] {
            drawn(&doctor, columns, rows);
        }
    }

    #[test]
    fn going_away_ends_it() {
        let cancel = Cancel::default();
        let mut doctor = Doctor::new(cancel.clone());
        let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
        assert_eq!(doctor.update(&key(KeyCode::Down)), Outcome::Stay);
        assert_eq!(doctor.update(&key(KeyCode::Esc)), Outcome::Closed);
        drop(doctor);
        assert!(cancel.is_cancelled());
    }
}
