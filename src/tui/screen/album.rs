//! The pictures of a message, one at a time, over everything else.

use crate::lang::tr;
use crate::text::Clean;
use crate::tui::part::PartOf;
use crate::tui::picture::{Inlay, Shown};
use crate::tui::screen::paint::say;
use crate::tui::theme::{Surroundings, Theme};
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It closes.
    Closed,
    /// Another picture is wanted.
    Another,
    /// This one is to be opened with a program.
    Open(PartOf),
    /// It is to be asked where this one is saved.
    Save(PartOf),
}

/// The pictures.
#[derive(Clone, Debug)]
pub struct Album {
    parts: Vec<PartOf>,
    at: usize,
    /// Which answer is waited for.
    serial: u64,
    state: Option<Result<Arc<Shown>, Clean>>,
    around: Surroundings,
}

impl Album {
    /// These pictures, the first in front; `serial` is a number that no other album has begun at.
    pub fn new(parts: Vec<PartOf>, serial: u64, around: Surroundings) -> Album {
        Album {
            parts,
            at: 0,
            serial,
            state: None,
            around,
        }
    }

    /// The picture in front is to be made ready: which, and the number of the question.
    pub fn wanted(&mut self) -> Option<(PartOf, u64)> {
        self.state = None;
        self.serial = self.serial.wrapping_add(1);
        let part = self.parts.get(self.at)?;
        Some((part.clone(), self.serial))
    }

    /// The columns and rows that a picture has on a screen of this size.
    pub fn room((columns, rows): (u16, u16)) -> (u16, u16) {
        (columns.saturating_sub(4), rows.saturating_sub(2))
    }

    /// A picture is ready, or why it isn't. What is late is not shown.
    pub fn came(&mut self, serial: u64, result: Result<Arc<Shown>, Clean>) {
        if serial == self.serial {
            self.state = Some(result);
        }
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let part = self.parts.get(self.at).cloned();
        match (key.code, part) {
            (KeyCode::Esc | KeyCode::Char('q' | 'I'), _) => Outcome::Closed,
            (KeyCode::Char('c'), _) if ctrl => Outcome::Closed,
            (KeyCode::Right | KeyCode::Down | KeyCode::Char('j' | 'n' | ' '), _) => self.turn(1),
            (KeyCode::Left | KeyCode::Up | KeyCode::Char('k' | 'p'), _) => self.turn(-1),
            (KeyCode::Enter | KeyCode::Char('o'), Some(part)) => Outcome::Open(part),
            (KeyCode::Char('s'), Some(part)) => Outcome::Save(part),
            _ => Outcome::Stay,
        }
    }

    /// Goes on to another picture, not beyond the ends.
    pub fn turn(&mut self, by: isize) -> Outcome {
        let last = self.parts.len().saturating_sub(1);
        let to = self.at.saturating_add_signed(by).min(last);
        if to == self.at {
            return Outcome::Stay;
        }
        self.at = to;
        Outcome::Another
    }

    /// Where on a screen of this size the picture stands, and which it is.
    pub fn placed(&self, size: (u16, u16)) -> Option<(u64, Rect, &Arc<Shown>)> {
        let shown = self.state.as_ref()?.as_ref().ok()?;
        let (columns, rows) = Album::room(size);
        if shown.columns > columns || shown.rows > rows {
            return None;
        }
        let area = Rect::new(
            2 + (columns - shown.columns) / 2,
            1 + (rows - shown.rows) / 2,
            shown.columns,
            shown.rows,
        );
        Some((self.serial, area, shown))
    }

    /// Draws it over the screen; a picture that is no text is left to the terminal.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let name = self.parts.get(self.at).map_or("", |p| p.name.as_str());
        let mut about = Vec::new();
        if matches!(&self.state, Some(Ok(shown)) if shown.moves) {
            about.push(tr!("it moves, this is how it begins").to_owned());
        }
        if self.parts.len() > 1 {
            let (at, all) = (self.at + 1, self.parts.len());
            about.push(tr!("{at} of {all}, n and p turn", at, all));
        }
        about.push(tr!("q closes").to_owned());
        let title = Clean::line(&format!("{name} ({})", about.join(tr!(", "))));
        let inside = popup::frame(buf, screen, &title, theme);
        let base = theme.style("popup.text");
        match &self.state {
            None => say(buf, inside, &Clean::lit("…"), base),
            Some(Err(why)) => say(buf, inside, why, base),
            Some(Ok(_)) => {}
        }
        if let Some((_, area, shown)) = self.placed((screen.width, screen.height))
            && let Some(inlay) = Inlay::of(shown, self.around)
        {
            for (n, y) in (area.y..area.bottom()).enumerate() {
                let row = Rect::new(area.x, y, area.width, 1);
                inlay.draw(u16::try_from(n).unwrap_or(u16::MAX), buf, row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MsgId;
    use crate::tui::picture::Form;
    use crate::tui::widget::ink::tests::shown;

    #[test]
    fn pictures_are_turned_and_late_ones_not_shown() {
        let part = |n: u32| PartOf {
            message: MsgId(1),
            path: vec![n],
            name: format!("p{n}.png"),
            url: None,
        };
        let around = Surroundings::read(|_| None);
        let mut album = Album::new(vec![part(1), part(2)], 0, around);
        let (_, first) = album.wanted().unwrap();
        let press = |album: &mut Album, c| {
            album.update(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))
        };
        assert_eq!(press(&mut album, 'p'), Outcome::Stay);
        assert_eq!(press(&mut album, 'n'), Outcome::Another);
        let (wanted, second) = album.wanted().unwrap();
        assert_eq!(wanted, part(2));
        let white = Shown {
            moves: true,
            columns: 4,
            rows: 2,
            form: Form::Cells(vec![([255; 3], [255; 3]); 8]),
        };
        album.came(first, Err(Clean::lit("late")));
        assert_eq!(album.placed((20, 8)), None);
        album.came(second, Ok(Arc::new(white)));
        assert_eq!(album.placed((20, 8)).unwrap().1, Rect::new(8, 3, 4, 2));
        let drawn = shown(20, 8, |buf, area| {
            album.draw(buf, area, &Theme::default());
            None
        });
        assert!(drawn.contains("│       ████       │"), "{drawn}");
        let titled = shown(80, 8, |buf, area| {
            album.draw(buf, area, &Theme::default());
            None
        });
        assert!(
            titled.contains("p2.png (it moves, this is how it begins, 2 of 2"),
            "{titled}"
        );
        assert_eq!(album.placed((5, 3)), None, "it has no room any more");
        assert_eq!(press(&mut album, 's'), Outcome::Save(part(2)));
    }
}
