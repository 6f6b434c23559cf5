//! Drawing the reader: a gutter of our own, then what the message says.

use crate::mime::render::Mark;
use crate::text::{Clean, width};
use crate::tui::hyperlink::Linked;
use crate::tui::screen::pager::{Pager, Tone};
use crate::tui::screen::paint::begin;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Columns of the gutter that no message can reach.
pub const GUTTER: u16 = 2;

/// Draws the visible lines. `offline`: nothing can be fetched now.
pub fn draw(
    pager: &Pager,
    focused: bool,
    offline: bool,
    buf: &mut Buffer,
    area: Rect,
    theme: &Theme,
) {
    let base = theme.style("reader.text");
    fill(buf, area, base);
    let gutter = theme.style(if focused {
        "reader.gutter.focused"
    } else {
        "reader.gutter"
    });
    let lines = !theme.is_linear();
    for n in (0..usize::from(area.height)).filter(|_| lines) {
        if let Some(mut row) = begin(buf, area, n, base) {
            row.lit("▏", base.patch(gutter));
        }
    }
    let inside = Rect {
        x: area.x.saturating_add(GUTTER),
        width: area.width.saturating_sub(GUTTER),
        ..area
    };
    for (n, (line, current)) in pager.visible().enumerate() {
        if pager.number().is_some()
            && current
            && lines
            && let Some(mut row) = begin(buf, area, n, base)
        {
            row.lit("▌", base.patch(gutter));
        }
        let Some(mut row) = begin(buf, inside, n, base) else {
            return;
        };
        let found = match pager.finding() {
            Some(find) => find.marked(line),
            None => line
                .iter()
                .map(|(t, tone)| (t.clone(), *tone, false))
                .collect(),
        };
        for pieces in found.chunk_by(|a, b| a.1.goes_on(b.1)) {
            let from = row.x();
            for (text, tone, hit) in pieces {
                let style = base.patch(style(*tone, theme));
                let style = if *hit {
                    style.patch(theme.style("reader.found"))
                } else {
                    style
                };
                if *tone == Tone::Waiting && offline {
                    row.piece(&Clean::lit(OFFLINE), style);
                } else {
                    row.piece(text, style);
                }
            }
            row.arrange(from);
        }
        let end = usize::from(row.x().saturating_sub(inside.x));
        if let Some((_, Tone::Picture(number, line))) = line.first()
            && let Some(inlay) = pager.inlay(n, *number)
        {
            let y = inside
                .y
                .saturating_add(u16::try_from(n).unwrap_or(u16::MAX));
            inlay.draw(*line, buf, Rect::new(inside.x, y, inside.width, 1));
        }
        if let Some(columns) = pager.selected(n) {
            let place = |column: usize| u16::try_from(column.min(end)).unwrap_or(0);
            let (from, to) = (place(columns.start), place(columns.end));
            let marked = Rect::new(
                inside.x + from,
                inside.y + u16::try_from(n).unwrap_or(0),
                to.saturating_sub(from),
                1,
            );
            buf.set_style(marked, theme.style("input.selection"));
        }
    }
}

/// Where the links of what is visible stand, if it is drawn in this area. Text that names another
/// place than it leads to is none.
pub fn linked(pager: &Pager, area: Rect) -> Vec<Linked> {
    let mut out = Vec::new();
    let left = area.x.saturating_add(GUTTER);
    for ((n, (line, _)), y) in pager.visible().enumerate().zip(area.y..area.bottom()) {
        let mut x = left;
        for (text, tone) in line {
            let columns = u16::try_from(width::width(text.as_str())).unwrap_or(u16::MAX);
            let end = x.saturating_add(columns).min(area.right());
            if let Tone::Text(Mark::Link(number), _) = tone
                && let Some(link) = pager.link(n, *number).filter(|l| !l.deceives)
                && end > x
            {
                out.push(Linked {
                    area: Rect::new(x, y, end - x, 1),
                    text: text.clone(),
                    url: link.url.clone(),
                });
            }
            x = end;
        }
    }
    out
}

/// Instead of what is said while a message is on its way, where it can't come.
const OFFLINE: &str = "This message is not here yet. It is fetched when there is a connection.";

fn style(tone: Tone, theme: &Theme) -> Style {
    match tone {
        Tone::Name => theme.style("reader.header.name"),
        Tone::Value => theme.style("reader.header.value"),
        Tone::Subject => theme.style("reader.header.subject"),
        Tone::Warning => theme.style("notice.warning"),
        Tone::Attachment => theme.style("reader.attachment"),
        Tone::Writer => theme.style("reader.writer"),
        Tone::WriterUnread => theme.style("reader.writer.unread"),
        Tone::Aside | Tone::Fold | Tone::Waiting => theme.style("text.dim"),
        Tone::Trouble => theme.style("notice.warning"),
        Tone::Picture(..) => Style::default(),
        Tone::Rule => theme.style("reader.rule"),
        Tone::Text(mark, depth) => {
            let quoted = match depth {
                0 => Style::default(),
                n => theme.style(
                    QUOTES
                        .get(usize::from(n - 1) % QUOTES.len())
                        .unwrap_or(&"quote.1"),
                ),
            };
            quoted.patch(marked(mark, theme))
        }
    }
}

/// Quotes by depth; deeper ones begin again.
const QUOTES: [&str; 5] = ["quote.1", "quote.2", "quote.3", "quote.4", "quote.5"];

/// How text of this meaning looks.
pub fn marked(mark: Mark, theme: &Theme) -> Style {
    let plain = Style::default();
    match mark {
        Mark::Plain => plain,
        Mark::Strong => plain.add_modifier(Modifier::BOLD),
        Mark::Emphasis => plain.add_modifier(Modifier::ITALIC),
        Mark::StrongEmphasis => plain.add_modifier(Modifier::BOLD | Modifier::ITALIC),
        Mark::Code => theme.style("reader.code"),
        Mark::Link(_) => theme.style("reader.link"),
        Mark::Heading => theme.style("reader.heading"),
        Mark::Quote(_) => plain,
        Mark::Signature => theme.style("reader.signature"),
        Mark::Strike => plain.add_modifier(Modifier::CROSSED_OUT),
        Mark::Added => theme.style("diff.added"),
        Mark::Removed => theme.style("diff.removed"),
        Mark::Hunk => theme.style("diff.hunk"),
        Mark::Dim => theme.style("text.dim"),
    }
}
