//! Several commands in a row (`"g x" = ["archive", "down"]`, `:do archive; down`), and the box that
//! shows how a begun sequence can go on.

use super::App;
use crate::lang::tr;
use crate::text::{Clean, width};
use crate::tui::app::keys::Hint;
use crate::tui::command::{Call, Command};
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::popup;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of one way to go on at least: key and what it does.
const COLUMN: usize = 30;
/// Columns of its key.
const KEY: usize = 8;
/// Columns of the frame around all of them.
const FRAME: usize = 4;

impl App {
    /// Runs commands one after the other, until one asks something: what follows could mean
    /// something else then.
    pub(super) fn several(&mut self, text: &str, now: Now, fx: &mut Vec<Effect>) {
        let calls = match Call::several(text) {
            Ok(calls) => calls,
            Err(why) => return self.panes.alarm(&why, now),
        };
        self.rest = calls.into();
        self.go_on(now, fx);
    }

    /// Runs what is left of them, as soon as it is known what is selected.
    pub(super) fn go_on(&mut self, now: Now, fx: &mut Vec<Effect>) {
        while !self.panes.index.is_picking()
            && let Some(call) = self.rest.pop_front()
        {
            self.call(&call, now, fx);
            // The next is about what this one left.
            self.forget_meant();
            if !self.layers.is_empty() || self.desk.has_keys() {
                self.rest.clear();
            }
        }
    }

    /// Draws how a begun sequence goes on, once one hesitates.
    pub(super) fn draw_choices(&self, buf: &mut Buffer, theme: &Theme) {
        let choices = self.keys.shown();
        if choices.is_empty() || !self.layers.is_empty() {
            return;
        }
        let screen = buf.area;
        // The two lines at the bottom stay free.
        let room = screen.height.saturating_sub(2);
        let across = match theme.is_linear() {
            true => 1,
            false => across(&choices, usize::from(screen.width), usize::from(room)),
        };
        let down = choices.len().div_ceil(across);
        let rows = u16::try_from(down + 2).unwrap_or(u16::MAX);
        let height = rows.min(room);
        let area = Rect::new(screen.x, screen.y + room - height, screen.width, height);
        // Those without room are in the help.
        let seen = usize::from(height.saturating_sub(2)) * across;
        let more = match choices.len().saturating_sub(seen) {
            0 => String::new(),
            n => {
                let key = self.panes.way_to(Command::Help);
                format!(" {}", tr!("and {n} more, {key} tells", n, key))
            }
        };
        let title = Clean::line(&format!("{} …{more}", self.keys.begun()));
        let inside = popup::frame(buf, area, &title, theme);
        let columns = (usize::from(inside.width) / across).max(1);
        for (n, hint) in choices.iter().enumerate() {
            let (column, row) = (n / down.max(1), n % down.max(1));
            if let Some(mut ink) = Ink::row(buf, inside, row) {
                ink.skip(column * columns);
                draw_choice(&mut ink, hint, columns, theme);
            }
        }
    }
}

/// How many stand side by side: so few that every sentence has room, unless the box would cover more
/// than half of the screen.
fn across(choices: &[Hint], columns: usize, rows: usize) -> usize {
    let columns = columns.saturating_sub(FRAME);
    let wide = |(key, what): &Hint| {
        width::width(key.as_str()).max(KEY) + 1 + width::width(what.as_str()) + 1
    };
    let widest = choices.iter().map(wide).max().unwrap_or(COLUMN);
    let low = choices.len().div_ceil((rows / 2).saturating_sub(2).max(1));
    let most = (columns / COLUMN).max(1);
    (columns / widest).max(low).clamp(1, most)
}

fn draw_choice(ink: &mut Ink<'_>, (key, what): &Hint, columns: usize, theme: &Theme) {
    let base = theme.style("popup.text");
    let wide = width::width(key.as_str()).max(KEY);
    ink.column(key, wide, base.patch(theme.style("popup.key")));
    let rest = columns.saturating_sub(wide + 2);
    ink.skip(1).column(what, rest, base);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_cut_only_where_they_would_cover_the_screen() {
        let hint = |n: usize| (Clean::lit("x"), Clean::line(&"w".repeat(n)));
        let few = vec![hint(44); 7];
        assert_eq!(across(&few, 100, 28), 1);
        assert_eq!(across(&few, 120, 28), 2);
        assert_eq!(across(&vec![hint(44); 40], 100, 28), 3);
        assert_eq!(across(&vec![hint(10); 40], 40, 10), 1);
    }
}
