//! Putting text on cells: never outside the area, never more columns than there are, and never a
//! character that is not fit for a terminal (S-15). Each text is put in order within its own columns
//! where letters of it run from right to left (UAX #9), so that none can move what stands beside it.

use crate::text::{Clean, bidi, width};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Octets behind what is shown that belong to a word that is cut there.
const BEHIND: usize = 100;

/// A row of cells, written from left to right.
#[derive(Debug)]
pub struct Ink<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Ink<'a> {
    /// The row `line` of an area; `None` if it lies outside the area or the buffer.
    pub fn row(buf: &'a mut Buffer, area: Rect, line: usize) -> Option<Ink<'a>> {
        let area = area.intersection(buf.area);
        let line = u16::try_from(line).ok().filter(|l| *l < area.height)?;
        (area.width > 0).then(|| Ink {
            buf,
            x: area.x,
            y: area.y.saturating_add(line),
            end: area.right(),
        })
    }

    /// Columns left.
    pub fn left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// The column of the screen that is written next.
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Styles the rest of the row, whatever stands there.
    pub fn tint(&mut self, style: Style) -> &mut Self {
        let rest = Rect::new(self.x, self.y, self.end.saturating_sub(self.x), 1);
        self.buf.set_style(rest, style);
        self
    }

    /// Writes as much of a text as fits, with an ellipsis where it was cut.
    pub fn put(&mut self, text: &Clean, style: Style) -> &mut Self {
        let from = self.x;
        self.piece(text, style).arrange(from)
    }

    /// [`Ink::put`] of a text that others belong to: [`Ink::arrange`] puts all of them in order.
    pub fn piece(&mut self, text: &Clean, style: Style) -> &mut Self {
        let text = width::cut(text.as_str(), self.left());
        self.raw(&text, style)
    }

    /// Puts what was written from this column on in the order in which it is read.
    pub fn arrange(&mut self, from: u16) -> &mut Self {
        let columns = self.x.saturating_sub(from);
        arrange(self.buf, Rect::new(from, self.y, columns, 1));
        self
    }

    /// Writes a text of our own.
    pub fn lit(&mut self, text: &'static str, style: Style) -> &mut Self {
        self.raw(text, style)
    }

    /// Writes a text in exactly so many columns.
    pub fn column(&mut self, text: &Clean, columns: usize, style: Style) -> &mut Self {
        let columns = columns.min(self.left());
        let next = self.x.saturating_add(u16::try_from(columns).unwrap_or(0));
        let from = self.x;
        self.raw(&width::fit(text.as_str(), columns), style)
            .arrange(from);
        self.x = next.min(self.end);
        self
    }

    /// Writes a text with some of its graphemes (by number) in another style.
    pub fn marked(
        &mut self,
        text: &Clean,
        marks: &[usize],
        style: Style,
        mark: Style,
    ) -> &mut Self {
        let from = self.x;
        let text = width::cut(text.as_str(), self.left());
        for (n, grapheme) in text.graphemes(true).enumerate() {
            let look = if marks.contains(&n) {
                style.patch(mark)
            } else {
                style
            };
            self.raw(grapheme, look);
        }
        self.arrange(from)
    }

    /// [`Ink::column`], with the places that `find` names in the text (octets, in order) in another
    /// style.
    pub fn spotted(
        &mut self,
        text: &Clean,
        columns: usize,
        find: &dyn Fn(&str) -> Vec<Range<usize>>,
        (style, mark): (Style, Style),
    ) -> &mut Self {
        let columns = columns.min(self.left());
        let from = self.x;
        let next = self.x.saturating_add(u16::try_from(columns).unwrap_or(0));
        let shown = width::fit(text.as_str(), columns);
        // Looked for in all of it: a word may be cut at the edge.
        let same = |(a, b): &(char, char)| a == b;
        let both = shown.chars().zip(text.as_str().chars());
        let kept: usize = both.take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let head = text.as_str();
        let head = head.split_at(head.floor_char_boundary(kept + BEHIND)).0;
        let mut done = 0;
        let places = find(head)
            .into_iter()
            .take_while(|place| place.start < kept);
        for place in places {
            let place = place.start..place.end.min(kept);
            self.raw(shown.get(done..place.start).unwrap_or_default(), style);
            self.raw(
                shown.get(place.clone()).unwrap_or_default(),
                style.patch(mark),
            );
            done = place.end;
        }
        self.raw(shown.get(done..).unwrap_or_default(), style)
            .arrange(from);
        self.x = next.min(self.end);
        self
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, columns: usize) -> &mut Self {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        self.x = self.x.saturating_add(columns).min(self.end);
        self
    }

    /// Writes a text at the right end if it fits with a column to spare.
    pub fn right(&mut self, text: &Clean, style: Style) -> &mut Self {
        let columns = width::width(text.as_str());
        if columns < self.left() {
            self.skip(self.left() - columns);
            self.put(text, style);
        }
        self
    }

    fn raw(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.left();
        if room > 0 {
            let (x, _) = self.buf.set_stringn(self.x, self.y, text, room, style);
            self.x = x.min(self.end);
        }
        self
    }
}

/// Puts the symbols of a row's cells in order, if any of them run from right to left. What is blank at
/// the end stays there.
fn arrange(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    let left =
        |cell: &Cell| !cell.symbol().is_ascii() && cell.symbol().chars().any(bidi::runs_left);
    if !area.positions().any(|at| buf.cell(at).is_some_and(left)) {
        return;
    }
    // A wide one has the cells behind it, too.
    let mut groups: Vec<Vec<Cell>> = Vec::new();
    let mut covered = 0;
    for cell in area.positions().filter_map(|at| buf.cell(at)) {
        match groups.last_mut().filter(|_| covered > 0) {
            Some(group) => group.push(cell.clone()),
            None => {
                covered = width::width(cell.symbol()).max(1);
                groups.push(vec![cell.clone()]);
            }
        }
        covered -= 1;
    }
    let symbol = |group: &Vec<Cell>| group.first().map_or("", Cell::symbol).to_owned();
    while groups
        .last()
        .is_some_and(|group| symbol(group).trim().is_empty())
    {
        groups.pop();
    }
    let symbols: Vec<String> = groups.iter().map(symbol).collect();
    let symbols: Vec<&str> = symbols.iter().map(String::as_str).collect();
    let places = bidi::order(&symbols).unwrap_or_default();
    let mut to = area.positions();
    for place in places {
        let mut group = groups.get(place.symbol).cloned().unwrap_or_default();
        if place.mirrored
            && let Some(first) = group.first_mut()
            && let Some(other) = bidi::mirrored(first.symbol())
        {
            first.set_symbol(other);
        }
        for (cell, at) in group.into_iter().zip(to.by_ref()) {
            if let Some(there) = buf.cell_mut(at) {
                *there = cell;
            }
        }
    }
}

/// Empties an area and gives it a style.
pub fn fill(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.reset();
            cell.set_style(style);
        }
    }
}

#[cfg(test)]
pub mod tests {
    //! What a buffer shows, as text, for the tests of whatever draws.

    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Position;

    /// Draws on so many columns and rows and gives the rows back, trailing spaces cut; a `▏`
    /// stands where the cursor is.
    pub fn shown(
        columns: u16,
        rows: u16,
        draw: impl FnOnce(&mut Buffer, Rect) -> Option<Position>,
    ) -> String {
        let area = Rect::new(0, 0, columns, rows);
        let mut buf = Buffer::empty(area);
        let cursor = draw(&mut buf, area);
        let mut out = String::new();
        for y in 0..rows {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..columns {
                let symbol = buf.cell((x, y)).unwrap().symbol();
                if cursor == Some(Position::new(x, y)) {
                    line.push('▏');
                }
                if skip == 0 {
                    line.push_str(symbol);
                    skip = width::width(symbol).max(1);
                }
                skip -= 1;
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    #[test]
    fn s18_letters_from_the_right_stay_in_their_columns() {
        // A subject between others, as in a list; the last is cut.
        for (subject, want) in [
            ("אבג דה", "who | הד גבא     |12:30"),
            ("אבג (2024) 12:30", "who | …(2024) גבא|12:30"),
            ("Re: אבג", "who | Re: גבא    |12:30"),
            ("日אב", "who | 日בא       |12:30"),
        ] {
            let drawn = shown(23, 1, |buf, area| {
                let style = Style::default();
                let mut row = Ink::row(buf, area, 0)?;
                row.column(&Clean::line("who"), 4, style).lit("| ", style);
                row.column(&Clean::line(subject), 11, style);
                row.lit("|", style).put(&Clean::line("12:30"), style);
                None
            });
            assert_eq!(drawn.trim_end(), want, "{subject}");
        }
    }

    proptest! {
        #[test]
        fn s18_no_text_moves_its_neighbours(
            text in "[אבגمسع\u{202e}\u{2067}\u{200f}(\\[)a-d0-9: ,日\u{301}]{0,24}",
            columns in 1usize..14,
        ) {
            let style = Style::default();
            let area = Rect::new(0, 0, 20, 1);
            let mut buf = Buffer::empty(area);
            let mut row = Ink::row(&mut buf, area, 0).unwrap();
            row.lit("ab", style).column(&Clean::line(&text), columns, style).lit("12", style);
            let symbol = |x: usize| buf.cell((x as u16, 0)).unwrap().symbol().to_owned();
            prop_assert_eq!((symbol(0), symbol(1)), ("a".to_owned(), "b".to_owned()));
            prop_assert_eq!((symbol(2 + columns), symbol(3 + columns)), ("1".to_owned(), "2".to_owned()));
            // As many columns as they were.
            let mut x = 2;
            while x < 2 + columns {
                x += width::width(&symbol(x)).max(1);
            }
            prop_assert_eq!(x, 2 + columns);
        }
    }

    #[test]
    fn places_are_marked_even_where_they_are_cut() {
        let area = Rect::new(0, 0, 8, 1);
        let mut buf = Buffer::empty(area);
        let mark = Style::default().fg(ratatui::style::Color::Red);
        let text = Clean::line("a Library b");
        let find = |text: &str| vec![text.find("Library").map_or(0..0, |at| at..at + 7)];
        Ink::row(&mut buf, area, 0)
            .unwrap()
            .spotted(&text, 8, &find, (Style::default(), mark));
        let marked = |x| buf.cell((x, 0)).unwrap().style().fg == Some(ratatui::style::Color::Red);
        assert_eq!(buf.cell((7, 0)).unwrap().symbol(), "…");
        assert_eq!(
            (0..8).filter(|x| marked(*x)).collect::<Vec<u16>>(),
            [2, 3, 4, 5, 6]
        );
    }

    #[test]
    fn nothing_is_written_outside_and_columns_do_not_shift() {
        let area = Rect::new(2, 1, 8, 1);
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 3));
        assert!(Ink::row(&mut buf, area, 1).is_none());
        for text in [
            "日本語日本語",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
            "abcdefghijk",
            "",
        ] {
            let mut ink = Ink::row(&mut buf, area, 0).unwrap();
            ink.column(&Clean::line(text), 5, Style::default());
            ink.lit("|xyzabc", Style::default());
            assert_eq!(buf.cell((7, 1)).unwrap().symbol(), "|", "{text:?}");
            assert_eq!(buf.cell((10, 1)).unwrap().symbol(), " ");
        }
    }
}
