//! Words to put in the place of the one at the cursor: a short list under it, chosen by number or by
//! arrows. What is suggested is looked up aside; the list stands at once and fills when it comes.

use super::body::Body;
use super::fields::Field;
use super::{Composer, Outcome, Over};
use crate::lang::{self, mark, tr};
use crate::text::{Clean, width};
use crate::tui::clip::{MOST, clip};
use crate::tui::errand::Errand;
use crate::tui::theme::Theme;
use crate::tui::widget::editor::vi::Wish;
use crate::tui::widget::ink::{Ink, fill};
use crate::tui::widget::list::List;
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::time::Instant;

/// The list.
#[derive(Debug)]
pub(super) struct Words {
    word: String,
    /// `None` until they are here.
    found: Option<Vec<String>>,
    list: List,
}

impl Words {
    fn new(word: String) -> Words {
        Words {
            word,
            found: None,
            list: List::new(1),
        }
    }

    fn found(&self) -> &[String] {
        self.found.as_deref().unwrap_or_default()
    }

    /// Draws the list below (else above) the cursor.
    pub(super) fn draw(
        &self,
        buf: &mut Buffer,
        screen: Rect,
        cursor: Option<Position>,
        theme: &Theme,
    ) {
        let learn = tr!("a  add \"{word}\" to my words", word = self.word);
        let said = match &self.found {
            None => Some(tr!("Looking…")),
            Some(found) if found.is_empty() => Some(tr!("Nothing like it is known.")),
            Some(_) => None,
        };
        let widths = self.found().iter().map(|w| width::width(w) + 3);
        let wide = widths.chain([width::width(&learn), 26]).max();
        let columns = u16::try_from(wide.unwrap_or(0) + 2).unwrap_or(u16::MAX);
        let lines = self.found().len() + usize::from(said.is_some()) + 1;
        let rows = u16::try_from(lines).unwrap_or(u16::MAX);
        let at = cursor.unwrap_or_default();
        let area = popup::beside(screen, at.x.saturating_sub(4), at.y, columns, rows);
        let base = theme.style("popup.text");
        fill(buf, area, base);
        let above = usize::from(said.is_some() && area.height > 1);
        if let (Some(said), 1, Some(mut ink)) = (said, above, Ink::row(buf, area, 0)) {
            let dim = base.patch(theme.style("popup.dim"));
            ink.skip(1).put(&Clean::lit(said), dim);
        }
        let height = usize::from(area.height).saturating_sub(above);
        for (row, n) in self.list.seen(height).enumerate() {
            let Some(mut ink) = Ink::row(buf, area, row + above) else {
                continue;
            };
            let mut look = base;
            if n == self.list.cursor() {
                look = base.patch(theme.style("popup.selected"));
                ink.tint(look);
            }
            let (key, text) = match self.found().get(n) {
                Some(word) => (format!("{}", n + 1), word.clone()),
                None => ("a".to_owned(), learn.chars().skip(3).collect()),
            };
            ink.skip(1)
                .put(&Clean::line(&key), look.patch(theme.style("popup.key")))
                .skip(2)
                .put(&Clean::line(&text), look);
        }
    }
}

impl Composer {
    /// Does what a key in the text asked for beyond it.
    pub(super) fn grant(&mut self, wish: Wish, out: &mut Vec<Outcome>) {
        match wish {
            Wish::Suggest => self.suggest(out),
            Wish::Colon => self.ask_colon(),
            Wish::Learn => match self.body.word() {
                Some(word) => self.learn(word, out),
                None => self.notice = Some(Clean::lit(lang::of(NO_WORD))),
            },
            Wish::Yanked => {
                let (text, cut) = clip(self.body.kept());
                if cut {
                    let said = tr!(
                        "Only the first {n} KiB are on the clipboard.",
                        n = MOST / 1024
                    );
                    self.notice = Some(Clean::line(&said));
                }
                if !text.is_empty() {
                    out.push(Outcome::Copy(text));
                }
            }
        }
    }

    /// Shows what may be meant by the word at the cursor.
    pub(super) fn suggest(&mut self, out: &mut Vec<Outcome>) {
        let word = Some(&self.body).filter(|_| self.focus == Field::Body);
        let why = match word.and_then(Body::word) {
            None => lang::of(NO_WORD),
            Some(_) if !self.body.spelling().is_ready() => {
                tr!(
                    "There is no dictionary for your language: install one (a package such as hunspell-en-us), or name another with `spell` in config.toml."
                )
            }
            Some(word) => {
                out.push(Outcome::Errand(Errand::Suggest(word.clone())));
                self.over = Over::Words(Words::new(word));
                return;
            }
        };
        self.notice = Some(Clean::lit(why));
    }

    /// What may be meant is here.
    pub(super) fn suggested(&mut self, word: &str, found: Vec<String>) {
        if let Over::Words(words) = &mut self.over
            && words.word == word
        {
            words.list = List::new(found.len() + 1);
            words.found = Some(found);
        }
    }

    /// Takes a key for the list.
    pub(super) fn words_key(&mut self, key: &KeyEvent, now: Instant, out: &mut Vec<Outcome>) {
        let Over::Words(words) = &mut self.over else {
            return;
        };
        let chosen = match key.code {
            KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => {
                words.list.turn(1);
                return;
            }
            KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => {
                words.list.turn(-1);
                return;
            }
            KeyCode::Enter => words.list.cursor(),
            KeyCode::Char('a') => usize::MAX,
            KeyCode::Char(c @ '1'..='9') => {
                let n = usize::try_from(c.to_digit(10).unwrap_or(0)).unwrap_or(0);
                match n.checked_sub(1).filter(|n| *n < words.found().len()) {
                    Some(n) => n,
                    None => return,
                }
            }
            KeyCode::Esc | KeyCode::Char('q') => {
                self.over = Over::Nothing;
                return;
            }
            _ => return,
        };
        // Nothing is chosen before there is something: Enter came too early.
        if words.found.is_none() && chosen != usize::MAX {
            return;
        }
        let (word, other) = (words.word.clone(), words.found().get(chosen).cloned());
        self.over = Over::Nothing;
        match other {
            None => self.learn(word, out),
            // Something else may stand there meanwhile.
            Some(other) if self.body.word().as_ref() == Some(&word) => {
                let edit = self.body.replace_word(&other);
                self.note(edit, now);
            }
            Some(_) => {}
        }
    }

    fn learn(&mut self, word: String, out: &mut Vec<Outcome>) {
        self.body.spelling().learn(&word);
        out.push(Outcome::Errand(Errand::Learn(word)));
    }
}

const NO_WORD: &str = mark!("There is no word at the cursor.");
