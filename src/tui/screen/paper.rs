//! Something to read over everything else: what is in an attachment, what a program printed.
//! Lines that are too wide are not wrapped but gone along, because tables stand straight so.

use crate::lang::tr;
use crate::mime::render::{Line, Link};
use crate::text::{Clean, width};
use crate::tui::part::PartOf;
use crate::tui::screen::pager_view::marked;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::popup;
use crate::tui::widget::scroll::Scroll;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::cell::Cell;
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation;

/// Columns that one key goes to the side.
const ASIDE: usize = 8;

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It closes.
    Closed,
    /// What is attached to it is wanted.
    Inside(Vec<(Clean, PartOf)>),
    /// Its links are.
    Links(Vec<Link>),
}

/// The paper.
#[derive(Clone, Debug)]
pub struct Paper {
    title: Clean,
    lines: Arc<[Line]>,
    inside: Vec<(Clean, PartOf)>,
    links: Vec<Link>,
    at: Scroll,
    left: Cell<usize>,
    widest: usize,
}

impl Paper {
    /// Lines under a title; `inside` is what is attached to it, `links` what is numbered in it.
    pub fn new(
        title: &Clean,
        lines: Arc<[Line]>,
        inside: Vec<(Clean, PartOf)>,
        links: Vec<Link>,
    ) -> Paper {
        let keys = match (inside.is_empty(), links.is_empty()) {
            (true, true) => tr!("q closes"),
            (true, false) => tr!("o links, q closes"),
            (false, true) => tr!("v attachments, q closes"),
            (false, false) => tr!("o links, v attachments, q closes"),
        };
        let columns = |l: &Line| l.spans.iter().map(|s| width::width(s.text.as_str())).sum();
        Paper {
            title: Clean::line(&format!("{title} ({keys})")),
            widest: lines.iter().map(columns).max().unwrap_or(0),
            lines,
            inside,
            links,
            at: Scroll::default(),
            left: Cell::new(0),
        }
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Outcome::Closed,
            KeyCode::Char('c') if ctrl => return Outcome::Closed,
            KeyCode::Enter => self.at.by(1),
            KeyCode::Right | KeyCode::Char('l') => self.left.set(self.left.get() + ASIDE),
            KeyCode::Left | KeyCode::Char('h') => {
                self.left.set(self.left.get().saturating_sub(ASIDE));
            }
            KeyCode::Char('v' | 'V') if !self.inside.is_empty() => {
                return Outcome::Inside(self.inside.clone());
            }
            KeyCode::Char('o') if !self.links.is_empty() => {
                return Outcome::Links(self.links.clone());
            }
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
        let inside = popup::frame(buf, screen, &self.title, theme);
        let (rows, columns) = (usize::from(inside.height), usize::from(inside.width));
        let seen = self.at.seen(self.lines.len(), rows, theme.is_linear());
        popup::goes_on(buf, inside, seen.end < self.lines.len(), theme);
        let edge = popup::edge(screen, 0, rows);
        self.at.draw_bar(buf, edge, theme);
        let left = self.left.get().min(self.widest.saturating_sub(columns));
        self.left.set(left);
        let base = theme.style("popup.text");
        for (n, line) in self
            .lines
            .iter()
            .take(seen.end)
            .skip(seen.start)
            .enumerate()
        {
            let Some(mut ink) = Ink::row(buf, inside, n) else {
                return;
            };
            let mut before = left;
            for spans in line.spans.chunk_by(|a, b| a.style.goes_on(b.style)) {
                let from = ink.x();
                for span in spans {
                    let text = without(&span.text, &mut before);
                    ink.piece(&text, base.patch(marked(span.style, theme)));
                }
                ink.arrange(from);
            }
        }
    }
}

/// A text without its first columns; what of a wide grapheme is left stands as a blank.
fn without(text: &Clean, columns: &mut usize) -> Clean {
    if *columns == 0 {
        return text.clone();
    }
    let mut rest = String::new();
    for grapheme in text.as_str().graphemes(true) {
        let wide = width::width(grapheme);
        if *columns == 0 {
            rest.push_str(grapheme);
        } else if wide > *columns {
            rest.push(' ');
            *columns = 0;
        } else {
            *columns -= wide;
        }
    }
    Clean::line(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::render::{Mark, Run};
    use crate::tui::widget::ink::tests::shown;

    #[test]
    fn it_is_gone_along_in_both_directions_and_stops_at_the_ends() {
        let line = |n: usize| {
            let text = format!("{n:>3} 日本 {}", "x".repeat(30));
            Line::from_runs(vec![Run::new(text, Mark::Plain)], 0)
        };
        let lines: Vec<Line> = (0..20).map(line).collect();
        let mut paper = Paper::new(&Clean::lit("T"), lines.into(), Vec::new(), Vec::new());
        let draw = |paper: &Paper| {
            shown(30, 8, |buf, area| {
                paper.draw(buf, area, &Theme::default());
                None
            })
        };
        assert!(draw(&paper).contains("  0 日本"));
        paper.update(&KeyEvent::new(KeyCode::Char('G'), KeyModifiers::NONE));
        assert!(draw(&paper).contains(" 19 日本"));
        for _ in 0..9 {
            paper.update(&KeyEvent::new(KeyCode::Char('l'), KeyModifiers::NONE));
        }
        let end = draw(&paper);
        assert!(end.contains("x │\n") && !end.contains("日"), "{end}");
        let close = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        assert_eq!(paper.update(&close), Outcome::Closed);
        let (mut columns, text) = (1, Clean::lit("日本"));
        assert_eq!(without(&text, &mut columns).as_str(), " 本");
    }
}
