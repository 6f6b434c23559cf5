//! What terminals do themselves with letters that run from right to left, and what they are given so
//! that what is seen is what was drawn.
//!
//! Most draw cells as they come: they are given the frame as it is. kitty turns each word. Others put
//! whole rows in order (UAX #9), by which a sender's name could move the date beside it: GNOME's (VTE)
//! are told not to (ECMA-48 BDSM, as "BiDi in Terminal Emulators" has it), the rest are given each run
//! of such letters as it is read, with a mark on both sides (U+200E) beyond which nothing moves.

use crate::config::Bidi;
use crate::text::bidi::runs_left;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Tells a terminal to draw cells as they come.
pub const EXPLICIT: &str = "\x1b[8l";
/// Tells it to go back to its own ways.
pub const IMPLICIT: &str = "\x1b[8h";

/// Stands for nothing and is read from left to right (LRM).
const MARK: char = '\u{200e}';
/// VTE obeys from this version on.
const VTE: u32 = 5800;

/// What a terminal does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// It draws cells as they come.
    #[default]
    Cells,
    /// The same, once it is told to.
    Told,
    /// It turns each word.
    Words,
    /// It puts whole rows in order.
    Rows,
}

impl Way {
    /// As the user says, or as the environment (by this look-up) names a terminal.
    pub fn found(wanted: Bidi, var: impl Fn(&str) -> Option<String>) -> Way {
        let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
        match wanted {
            Bidi::Cells => return Way::Cells,
            Bidi::Words => return Way::Words,
            Bidi::Rows => return Way::Rows,
            Bidi::Auto => {}
        }
        let vte = var("VTE_VERSION").and_then(|v| v.parse::<u32>().ok());
        // What is between it and us keeps the sequence to itself.
        let between = ["TMUX", "STY", "ZELLIJ"].into_iter().any(set);
        if set("KITTY_WINDOW_ID") || var("TERM").is_some_and(|t| t == "xterm-kitty") {
            Way::Words
        } else if vte.is_some_and(|v| v >= VTE) {
            if between { Way::Rows } else { Way::Told }
        } else if set("KONSOLE_VERSION")
            || set("MLTERM")
            || var("TERM_PROGRAM").is_some_and(|p| p == "Apple_Terminal")
        {
            Way::Rows
        } else {
            Way::Cells
        }
    }

    /// Turns a frame into what this terminal makes that frame of.
    pub fn given(self, frame: &mut Buffer) {
        if matches!(self, Way::Words | Way::Rows) {
            for y in frame.area.top()..frame.area.bottom() {
                let row = Rect::new(frame.area.x, y, frame.area.width, 1);
                self.given_row(frame, row);
            }
        }
    }

    fn given_row(self, frame: &mut Buffer, row: Rect) {
        let mut x = row.left();
        while x < row.right() {
            let Some(end) = self.run(frame, x, row) else {
                x += 1;
                continue;
            };
            let symbols: Vec<_> = (x..end)
                .filter_map(|x| frame.cell((x, row.y)).cloned())
                .collect();
            for (to, cell) in (x..end).zip(symbols.into_iter().rev()) {
                if let Some(there) = frame.cell_mut((to, row.y)) {
                    *there = cell;
                }
            }
            if self == Way::Rows {
                // Behind a letter, because what takes no room belongs to the cell before it.
                for at in [x.checked_sub(1), end.checked_sub(1)].into_iter().flatten() {
                    if let Some(cell) = frame.cell_mut((at, row.y)).filter(|_| at >= row.left()) {
                        let marked = format!("{}{MARK}", cell.symbol().trim_end_matches(MARK));
                        cell.set_symbol(&marked);
                    }
                }
            }
            x = end;
        }
    }

    /// Where letters that run from right to left end, if some begin here: of a row with the blanks
    /// between their words.
    fn run(self, frame: &Buffer, from: u16, row: Rect) -> Option<u16> {
        let symbol = |x: u16| frame.cell((x, row.y)).map_or("", |cell| cell.symbol());
        let left = |x: u16| symbol(x).chars().any(runs_left);
        let mut end = None;
        for x in from..row.right() {
            if left(x) {
                end = Some(x + 1);
            } else if end.is_none() || self == Way::Words || symbol(x) != " " {
                break;
            }
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::bidi::order;
    use proptest::prelude::*;
    use ratatui::style::Style;

    fn given(way: Way, drawn: &str) -> String {
        let columns = u16::try_from(drawn.chars().count()).unwrap();
        let mut frame = Buffer::empty(Rect::new(0, 0, columns, 1));
        frame.set_string(0, 0, drawn, Style::default());
        way.given(&mut frame);
        frame.content.iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn each_terminal_is_given_what_it_draws_so() {
        let drawn = "Ada  12 הד גבא  (הד)";
        assert_eq!(given(Way::Cells, drawn), drawn);
        assert_eq!(given(Way::Told, drawn), drawn);
        assert_eq!(given(Way::Words, drawn), "Ada  12 דה אבג  (דה)");
        assert_eq!(
            given(Way::Rows, drawn),
            "Ada  12 \u{200e}אבג דה\u{200e}  (\u{200e}דה\u{200e})"
        );
    }

    #[test]
    fn terminals_are_told_by_their_environment() {
        let found = |wanted, vars: &[(&str, &str)]| {
            Way::found(wanted, |name| {
                let found = vars.iter().find(|(n, _)| *n == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        for (vars, way) in [
            (&[("TERM", "xterm-256color")][..], Way::Cells),
            (&[("VTE_VERSION", "7600")], Way::Told),
            (&[("VTE_VERSION", "5200")], Way::Cells),
            (&[("VTE_VERSION", "7600"), ("TMUX", "/tmp/x")], Way::Rows),
            (&[("TERM", "xterm-kitty")], Way::Words),
            (&[("KONSOLE_VERSION", "230800")], Way::Rows),
            (&[("TERM_PROGRAM", "Apple_Terminal")], Way::Rows),
        ] {
            assert_eq!(found(Bidi::Auto, vars), way, "{vars:?}");
        }
        assert_eq!(found(Bidi::Cells, &[("TERM", "xterm-kitty")]), Way::Cells);
    }

    proptest! {
        /// A terminal that puts rows in order makes of what it is given what was drawn.
        #[test]
        fn whole_rows_are_seen_as_they_were_drawn(drawn in "[אבגד a-c0-9|]{1,30}") {
            // The row begins from the left, as rows do.
            let drawn = format!("x {drawn}");
            let given = given(Way::Rows, &drawn);
            let chars: Vec<String> = given.chars().map(String::from).collect();
            let symbols: Vec<&str> = chars.iter().map(String::as_str).collect();
            let seen: String = match order(&symbols) {
                Some(places) => places.iter().map(|p| symbols[p.symbol]).collect(),
                None => given.clone(),
            };
            prop_assert_eq!(seen.replace(MARK, ""), drawn);
        }
    }
}
