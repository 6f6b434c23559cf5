//! The frame of whatever lies over the panes.

use crate::lang::tr;
use crate::text::{Clean, width};
use crate::tui::linear;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType, Widget};

/// An area in the middle of the screen, at most so large; a little above the middle where there
/// is room, because that is where one looks.
pub fn centred(screen: Rect, columns: u16, rows: u16) -> Rect {
    let width = columns.min(screen.width);
    let height = rows.min(screen.height);
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 3,
        width,
        height,
    }
}

/// An area of this size below (else above) the row that it belongs to, moved left where it would
/// leave the screen.
pub fn beside(screen: Rect, x: u16, y: u16, columns: u16, rows: u16) -> Rect {
    let width = columns.min(screen.width);
    let x = x.clamp(screen.x, screen.right().saturating_sub(width).max(screen.x));
    let below = screen.bottom().saturating_sub(y.saturating_add(1));
    let above = y.saturating_sub(screen.y);
    let (y, height) = if below >= rows || below >= above {
        (y.saturating_add(1), rows.min(below))
    } else {
        let height = rows.min(above);
        (y - height, height)
    };
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// Empties an area, frames it and gives what is inside. Where there is hardly room, the frame is
/// left out.
pub fn frame(buf: &mut Buffer, area: Rect, title: &Clean, theme: &Theme) -> Rect {
    let style = theme.style("popup.text");
    if theme.is_linear() {
        return plain(buf, title, style);
    }
    let area = area.intersection(buf.area);
    fill(buf, area, style);
    if inside(area) == area {
        return area;
    }
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(style.patch(theme.style("popup.border")))
        .style(style)
        .render(area, buf);
    if !title.is_empty()
        && let Some(mut ink) = Ink::row(buf, area.inner(Margin::new(2, 0)), 0)
    {
        let look = style.patch(theme.style("popup.title"));
        ink.lit(" ", look).put(title, look).lit(" ", look);
    }
    inside(area)
}

/// What is inside of a frame around this area.
pub fn inside(area: Rect) -> Rect {
    match area.height < 5 || area.width < 12 {
        true => area,
        false => area.inner(Margin::new(2, 1)),
    }
}

/// The edge of the frame around this area where a bar can stand beside what begins in this row of the
/// inside and has so many; `None`: there is no frame.
pub fn edge(area: Rect, from: u16, rows: usize) -> Option<Rect> {
    let inside = inside(area);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    (inside != area).then(|| Rect {
        x: area.right() - 1,
        y: inside.y + from.min(inside.height),
        width: 1,
        height: rows.min(inside.height.saturating_sub(from)),
    })
}

/// Says in the frame around an area that there is more below what is seen, or that there is none.
pub fn goes_on(buf: &mut Buffer, inside: Rect, more: bool, theme: &Theme) {
    let below = Rect {
        y: inside.bottom(),
        height: 1,
        ..inside
    };
    if !more || theme.is_linear() || below.bottom() > buf.area.bottom() {
        return;
    }
    let look = theme.style("popup.text").patch(theme.style("popup.title"));
    if let Some(mut ink) = Ink::row(buf, below, 0) {
        let more = tr!(" more below ");
        let room = ink.left().saturating_sub(width::width(more));
        ink.skip(room).lit(more, look);
    }
}

/// In the linear mode: everything but the lines at the bottom, the title in the first row. The
/// cursor stands below it until a line is chosen.
fn plain(buf: &mut Buffer, title: &Clean, style: Style) -> Rect {
    let area = linear::body(buf.area);
    fill(buf, area, style);
    let mut inside = area;
    if !title.is_empty() && area.height > 1 {
        if let Some(mut ink) = Ink::row(buf, area, 0) {
            ink.put(title, style);
        }
        inside.y += 1;
        inside.height -= 1;
    }
    linear::begin(
        buf,
        Rect {
            height: inside.height.min(1),
            ..inside
        },
    );
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::widget::ink::tests::shown;

    #[test]
    fn frames_and_places() {
        let theme = Theme::default();
        let drawn = shown(16, 5, |buf, area| {
            frame(buf, area, &Clean::lit("Title that is long"), &theme);
            None
        });
        assert_eq!(
            drawn,
            "╭─ Title that…─╮\n│              │\n│              │\n│              │\n╰──────────────╯\n"
        );
        let screen = Rect::new(0, 0, 40, 12);
        assert_eq!(centred(screen, 100, 100), screen);
        assert_eq!(beside(screen, 38, 2, 10, 4), Rect::new(30, 3, 10, 4));
        assert_eq!(beside(screen, 3, 10, 10, 4), Rect::new(3, 6, 10, 4));
        assert_eq!(beside(Rect::new(0, 0, 4, 1), 9, 9, 10, 4).width, 4);
    }
}
