//! Drawing the reader: a gutter of our own, then what the message says.

use crate::lang::tr;
use crate::mime::render::{Link, Mark};
use crate::text::{Clean, bidi, width};
use crate::tui::hyperlink::Linked;
use crate::tui::linear;
use crate::tui::screen::pager::{Pager, Tone, drawn};
use crate::tui::screen::paint::begin;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation as _;

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
                let style = linear::theirs(style, theirs(*tone) && theme.is_linear());
                let style = if *hit {
                    style.patch(theme.style("reader.found"))
                } else {
                    style
                };
                if *tone == Tone::Waiting && offline {
                    row.piece(&Clean::lit(offline_words()), style);
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
/// place than it leads to is none. A link of which other letters stand in the middle, because some
/// run from right to left, stands in several places.
pub fn linked(pager: &Pager, area: Rect) -> Vec<Linked> {
    let mut out = Vec::new();
    for ((n, (line, _)), y) in pager.visible().enumerate().zip(area.y..area.bottom()) {
        let mut x = area.x.saturating_add(GUTTER);
        for pieces in line.chunk_by(|a, b| a.1.goes_on(b.1)) {
            let links = pieces.iter().map(|(_, tone)| match tone {
                Tone::Text(Mark::Link(number), _) => {
                    pager.link(n, *number).filter(|link| !link.deceives)
                }
                _ => None,
            });
            let links: Vec<Option<&Link>> = links.collect();
            let texts = pieces.iter().enumerate();
            let symbols = texts.flat_map(|(of, (text, _))| {
                let symbols = text.as_str().graphemes(true);
                symbols.map(move |symbol| (of, symbol))
            });
            let (of, symbols): (Vec<usize>, Vec<&str>) = symbols.unzip();
            // The piece whose link goes on in the next column.
            let mut open = None;
            for place in drawn(&symbols) {
                let piece = of.get(place.symbol).copied();
                let symbol = symbols.get(place.symbol).copied().unwrap_or_default();
                let symbol = match place.mirrored {
                    true => bidi::mirrored(symbol).unwrap_or(symbol),
                    false => symbol,
                };
                let columns = u16::try_from(width::width(symbol)).unwrap_or(u16::MAX);
                let end = x.saturating_add(columns).min(area.right());
                let link = piece.and_then(|piece| *links.get(piece)?);
                match link.filter(|_| end > x) {
                    Some(_) if open == piece => {
                        if let Some(Linked { area, text, .. }) = out.last_mut() {
                            area.width = end.saturating_sub(area.x);
                            text.push_str(symbol);
                        }
                    }
                    Some(link) => out.push(Linked {
                        area: Rect::new(x, y, end - x, 1),
                        text: symbol.to_owned(),
                        url: link.url.clone(),
                    }),
                    None => {}
                }
                open = piece.filter(|_| link.is_some());
                x = end;
            }
        }
    }
    out
}

/// Whether a piece is what the message says, and not what we draw beside that.
fn theirs(tone: Tone) -> bool {
    match tone {
        Tone::Subject | Tone::Value => true,
        Tone::Text(mark, _) => !matches!(mark, Mark::Quote(_)),
        _ => false,
    }
}

/// Instead of what is said while a message is on its way, where it can't come.
fn offline_words() -> &'static str {
    tr!("This message is not here yet. It is fetched when there is a connection.")
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::render::{Line, Rendered, Span};
    use crate::tui::question::LaidOut;
    use crate::tui::question::tests::row;
    use std::sync::Arc;

    #[test]
    fn links_stand_where_their_letters_are_drawn() {
        let span = |text: &str, style| Span {
            text: Clean::line(text),
            style,
        };
        let line = Line {
            spans: vec![
                span("שלום ", Mark::Plain),
                span("אחת", Mark::Link(1)),
                span(" וגם ", Mark::Plain),
                span("שתיים", Mark::Link(2)),
            ],
            quote: 0,
            block: None,
            pictures: Vec::new(),
        };
        let link = |name: &str| Link {
            url: format!("https://{name}.example/"),
            ..Link::default()
        };
        let rendered = Rendered {
            lines: vec![line],
            links: vec![link("one"), link("two")],
            ..Rendered::default()
        };
        let mut pager = Pager::open(&row(1, 1), 60, 1);
        for job in pager.ask(None).unwrap_or_default() {
            pager.laid(job, LaidOut::Message(Arc::new(rendered.clone())));
        }
        pager.resize(60, 10);
        let area = Rect::new(3, 2, 62, 10);
        let mut buf = Buffer::empty(Rect::new(0, 0, 70, 14));
        draw(&pager, true, false, &mut buf, area, &Theme::default());
        let linked = linked(&pager, area);
        let under = |link: &Linked| -> String {
            let cells = link.area.positions().filter_map(|at| buf.cell(at));
            cells.map(|cell| cell.symbol()).collect()
        };
        let found: Vec<_> = linked.iter().map(|l| (l.url.as_str(), under(l))).collect();
        assert_eq!(
            found,
            [
                ("https://two.example/", "םייתש".to_owned()),
                ("https://one.example/", "תחא".to_owned()),
            ]
        );
        assert!(linked.iter().all(|l| under(l) == l.text), "{linked:?}");
    }
}
