//! A backend that does not trust the terminal's idea of how wide a grapheme is.
//!
//! Terminals disagree about emoji made of several characters (variation selectors, joiners,
//! flags): some take one column, some two, some more. ratatui goes on writing where it believes
//! the cursor to be, so that a whole row shifts and remains of it stay behind. Here such a
//! grapheme gets a cleared place, and the cursor is put where it belongs before and after it:
//! whatever the terminal makes of the grapheme itself, its neighbours stand still.
//! Of people joined to families, and of hands with a colour, only the first is shown: terminals
//! that can't join them would write over what stands behind.

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use std::collections::BTreeMap;
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// crossterm's backend, made careful.
#[derive(Debug)]
pub struct Careful<W: Write> {
    inner: CrosstermBackend<W>,
    /// Row and column of each doubtful grapheme that stands now, and how wide ratatui takes each to be.
    doubtful: BTreeMap<(u16, u16), u16>,
}

impl<W: Write> Careful<W> {
    /// Writes to this terminal.
    pub fn new(writer: W) -> Careful<W> {
        Careful {
            inner: CrosstermBackend::new(writer),
            doubtful: BTreeMap::new(),
        }
    }

    /// Takes note that these columns of a row get something else. Where the last doubtful
    /// grapheme that began in them ended.
    fn overwritten(&mut self, row: u16, from: u16, to: u16) -> Option<u16> {
        let keys: Vec<_> = self
            .doubtful
            .range((row, from)..(row, to))
            .map(|(key, _)| *key)
            .collect();
        let ends = keys.into_iter().filter_map(|key| {
            let columns = self.doubtful.remove(&key)?;
            Some(key.1.saturating_add(columns))
        });
        ends.max()
    }

    /// Empties cells; the next draw begins with a cursor movement of its own.
    fn blank(&mut self, x: u16, y: u16, columns: u16) -> io::Result<()> {
        let space = Cell::new(" ");
        let cells = (x..x.saturating_add(columns)).map(|x| (x, y, &space));
        self.inner.draw(cells)
    }
}

/// The columns of a grapheme that terminals disagree about; `None`: all agree.
fn doubt(symbol: &str) -> Option<u16> {
    if symbol.is_ascii() {
        return None;
    }
    let whole = symbol.width();
    let apart: usize = symbol.chars().map(|c| c.width().unwrap_or(0)).sum();
    let flag = symbol
        .chars()
        .any(|c| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c));
    let doubtful = whole != apart || flag;
    doubtful.then(|| u16::try_from(whole.max(1)).unwrap_or(1))
}

/// What is shown of an emoji that some terminals spread over more columns than others.
fn simpler(symbol: &str) -> Option<char> {
    let mut chars = symbol.chars();
    let first = chars.next()?;
    let joined = |c: char| c == '\u{200d}' || ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
    (first.width() == Some(2) && chars.any(joined)).then_some(first)
}

impl<W: Write> Backend for Careful<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut batch: Vec<(u16, u16, &Cell)> = Vec::new();
        let mut covered = (0u16, 0u16, 0u16);
        for (x, y, cell) in content {
            // The rest of a doubtful grapheme's place is blank already; a space written there
            // would cut it in half where it is wide.
            let (from, to, row) = covered;
            if y == row && (from..to).contains(&x) {
                continue;
            }
            let end = x.saturating_add(u16::try_from(cell.symbol().width().max(1)).unwrap_or(1));
            let before = self.overwritten(y, x, end);
            let now = doubt(cell.symbol());
            let cleared = before.max(now.map(|columns| x.saturating_add(columns)));
            let Some(cleared) = cleared else {
                batch.push((x, y, cell));
                continue;
            };
            self.inner.draw(batch.drain(..))?;
            self.blank(x, y, cleared.saturating_sub(x))?;
            match simpler(cell.symbol()) {
                Some(first) => {
                    let mut only = cell.clone();
                    only.set_char(first);
                    self.inner.draw(std::iter::once((x, y, &only)))?;
                }
                None => self.inner.draw(std::iter::once((x, y, cell)))?,
            }
            if let Some(columns) = now {
                self.doubtful.insert((y, x), columns);
                covered = (x + 1, x.saturating_add(columns), y);
            }
        }
        self.inner.draw(batch.into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.doubtful.clear();
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        if matches!(region, ClearType::All) {
            self.doubtful.clear();
        }
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

impl<W: Write> Write for Careful<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut self.inner, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use ratatui::{TerminalOptions, Viewport};
    use std::cell::RefCell;
    use std::rc::Rc;

    const COLUMNS: u16 = 40;

    #[derive(Clone, Default)]
    struct Wire(Rc<RefCell<Vec<u8>>>);

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What stands in each plain cell of a terminal that was shown these texts one after another,
    /// and what should stand there.
    fn shown(texts: &[String]) -> (Vec<String>, Vec<String>) {
        let wire = Wire::default();
        let area = Rect::new(0, 0, COLUMNS, 1);
        let viewport = Viewport::Fixed(area);
        let backend = Careful::new(wire.clone());
        let options = TerminalOptions { viewport };
        let mut terminal = ratatui::Terminal::with_options(backend, options).unwrap();
        let mut last = ratatui::buffer::Buffer::empty(area);
        for text in texts {
            terminal
                .draw(|f| {
                    let buf = f.buffer_mut();
                    buf.set_stringn(0, 0, text, usize::from(COLUMNS) - 4, Style::default());
                    buf.set_string(COLUMNS - 3, 0, "End", Style::default());
                    last = buf.clone();
                })
                .unwrap();
        }
        let rows = std::num::NonZero::new(2).unwrap();
        let columns = std::num::NonZero::new(COLUMNS).unwrap();
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(&wire.0.borrow());
        let plain = |x: &u16| {
            let wide = |x: u16| last.cell((x, 0)).unwrap().symbol().width() > 1;
            let symbol = last.cell((*x, 0)).unwrap().symbol();
            let behind = *x > 0 && wide(x - 1);
            doubt(symbol).is_none() && !behind
        };
        let cells: Vec<u16> = (0..COLUMNS).filter(plain).collect();
        let text = |s: &str| if s.is_empty() { " " } else { s }.to_owned();
        let got = cells
            .iter()
            .map(|x| text(parser.screen().cell(0, *x).unwrap().contents()));
        let wanted = cells
            .iter()
            .map(|x| text(last.cell((*x, 0)).unwrap().symbol()));
        (got.collect(), wanted.collect())
    }

    proptest! {
        #[test]
        fn s19_neighbours_of_doubtful_graphemes_stand_still(
            texts in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec![
                    "a", " ", "bc", "日本", "❤\u{fe0f}", "🗺\u{fe0f}", "👩\u{200d}👩\u{200d}👧", "🇩🇪",
                    "👍🏽", "☎\u{fe0f}", "e\u{301}", "1\u{fe0f}\u{20e3}", "שלום",
                ]), 0..14),
                1..5,
            )
        ) {
            let texts: Vec<String> = texts.iter().map(|t| t.concat()).collect();
            let (got, wanted) = shown(&texts);
            prop_assert_eq!(got, wanted, "{:?}", texts);
        }
    }

    #[test]
    fn only_what_terminals_disagree_about_is_in_doubt() {
        for sure in ["a", "日", "é", "e\u{301}", "👍", "─"] {
            assert_eq!(doubt(sure), None, "{sure}");
        }
        for odd in ["❤\u{fe0f}", "🇩🇪", "👩\u{200d}👩"] {
            assert_eq!(doubt(odd), Some(2), "{odd}");
        }
    }
}
