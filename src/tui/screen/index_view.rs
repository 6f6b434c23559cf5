//! Drawing the index: one line a message or thread, in columns that suit the width.

use crate::mime::lookalike::shown_addr;
use crate::mime::trust::{self, Level};
use crate::model::view::IndexRow;
use crate::model::{Address, Flags, System, mark, tag};
use crate::text::{Clean, when, width};
use crate::tui::found::Found;
use crate::tui::screen::index::{Index, Kind, Line};
use crate::tui::screen::paint::begin;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

mod spoken;

use spoken::spoken;

/// What the index needs to know of its surroundings.
pub struct Setting<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// Seconds since 1970.
    pub now: i64,
    /// Whether keys go here.
    pub focused: bool,
    /// Whether who it went to says more than who it came from (Sent, Drafts).
    pub outgoing: bool,
    /// Tells the user's own addresses, where mail of and to the user stands mixed (a search): who
    /// such a message went to says more.
    pub own: Option<&'a dyn Fn(&Address) -> bool>,
    /// What the list was searched for.
    pub found: Option<&'a Found>,
}

/// A subject with less room than this stands without tags.
const TAGGED: usize = 24;

/// Column widths for a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    people: usize,
    date: usize,
}

impl Columns {
    fn of(cols: usize) -> Columns {
        Columns {
            people: (cols / 5).clamp(9, 26),
            date: if cols >= 56 { 10 } else { 6 },
        }
    }
}

/// Draws the lines; the index has been told the height.
pub fn draw(index: &Index, buf: &mut Buffer, area: Rect, set: &Setting) {
    fill(buf, area, set.theme.style("index.text"));
    let shown = index.lines().iter().enumerate().skip(index.top());
    for (at, (n, line)) in shown.take(usize::from(area.height)).enumerate() {
        let selected = n == index.cursor();
        let base = base_style(line, selected, index.is_marked(line), set);
        if let Some(mut row) = begin(buf, area, at, base) {
            let excerpt = index.excerpt(line.row.message);
            if set.theme.is_linear() {
                let marked = index.is_marked(line);
                row.put(&spoken(line, marked, excerpt, row.left(), set), base);
            } else {
                draw_line(&mut row, line, (index.is_marked(line), excerpt), base, set);
            }
        }
    }
}

fn base_style(line: &Line, selected: bool, marked: bool, set: &Setting) -> Style {
    let theme = set.theme;
    let mut style = theme.style(if line.row.unread > 0 {
        "index.unread"
    } else {
        "index.text"
    });
    if marked {
        style = style.patch(theme.style("index.marked"));
    }
    if selected {
        style = style.patch(theme.style(if set.focused {
            "index.selected"
        } else {
            "index.selected.unfocused"
        }));
    }
    style
}

fn draw_line(
    row: &mut Ink,
    line: &Line,
    (marked, excerpt): (bool, Option<&str>),
    base: Style,
    set: &Setting,
) {
    let it = &line.row;
    let theme = set.theme;
    let cols = Columns::of(row.left());
    let flags = it.flags.system;
    let over = |name: &'static str| base.patch(theme.style(name));
    row.lit(if marked { "✓" } else { " " }, over("index.mark"));
    row.lit(
        if it.unread > 0 { "●" } else { " " },
        over("index.unread.mark"),
    );
    let star = flags.has(System::FLAGGED);
    row.lit(if star { "★" } else { " " }, over("index.star"));
    row.lit(answered(it), over("index.answered"));
    let mark = if set.outgoing {
        Level::Fine
    } else {
        trust::of_names(&it.from)
    };
    let people_cols = match mark {
        Level::Fine => cols.people,
        level => {
            row.lit(level.glyph(), over("notice.warning")).skip(1);
            cols.people.saturating_sub(2)
        }
    };
    let mark = set.theme.style("popup.match");
    let in_people = |text: &str| set.found.map_or_else(Vec::new, |f| f.in_people(text));
    row.spotted(
        &who(it, set),
        people_cols,
        &in_people,
        (over("index.people"), mark),
    );
    row.skip(1);
    let subject_cols = row.left().saturating_sub(cols.date + 3);
    subject(row, line, (subject_cols, excerpt), base, set);
    let clip = it.attachments == Some(true);
    row.lit(if clip { " +" } else { "  " }, over("index.attachment"));
    row.skip(1);
    row.column(
        &date(it.date, set.now, cols.date),
        cols.date,
        over("index.date"),
    );
}

fn answered(row: &IndexRow) -> &'static str {
    if mark::is_muted(&row.flags) {
        "⊘"
    } else if row.flags.system.has(System::DRAFT) {
        "✎"
    } else if row.flags.system.has(System::ANSWERED) {
        "↩"
    } else if row.flags.keywords.contains("$Forwarded") {
        "→"
    } else {
        " "
    }
}

fn subject(
    row: &mut Ink,
    line: &Line,
    (cols, excerpt): (usize, Option<&str>),
    base: Style,
    set: &Setting,
) {
    let it = &line.row;
    let over = |name: &'static str| base.patch(set.theme.style(name));
    let end = row.left().saturating_sub(cols);
    match line.kind {
        Kind::Folded | Kind::Unfolded => {
            let sign = if line.kind == Kind::Folded {
                "▸"
            } else {
                "▾"
            };
            let count = format!("{sign}{} ", it.count);
            row.put(&Clean::line(&count), over("index.count"));
        }
        Kind::Child => {
            let depth = usize::from(it.depth).clamp(1, 8);
            let tree = format!("{}└ ", " ".repeat(2 * depth - 1));
            row.put(&Clean::line(&tree), over("index.tree"));
        }
        Kind::Single => {}
    }
    let title = if it.subject.trim().is_empty() {
        Clean::lit("(no subject)")
    } else {
        Clean::line(&it.subject)
    };
    let room = row.left().saturating_sub(end);
    let tags = said_of(&it.flags, room / 3, Some(set.now)).filter(|_| room >= TAGGED);
    let keep = tags.as_ref().map_or(0, |t| width::width(t.as_str()) + 1);
    let used = width::width(title.as_str()).min(room.saturating_sub(keep));
    let mark = set.theme.style("popup.match");
    let in_subject = |text: &str| set.found.map_or_else(Vec::new, |f| f.in_subject(text));
    row.spotted(&title, used, &in_subject, (over("index.subject"), mark));
    if let Some(tags) = tags {
        row.skip(1).put(&tags, over("index.tag"));
    }
    let rest = row.left().saturating_sub(end);
    let snippet = excerpt.or(it.snippet.as_deref());
    let snippet = snippet.filter(|s| !s.trim().is_empty());
    match snippet.filter(|_| rest > 8) {
        Some(text) => {
            row.lit("  ", base);
            let in_text = |text: &str| set.found.map_or_else(Vec::new, |f| f.in_text(text));
            let looks = (over("index.snippet"), mark);
            row.spotted(&Clean::line(text), rest - 2, &in_text, looks);
        }
        None => {
            row.skip(rest);
        }
    }
}

/// A message's tags in at most so many columns, each with a `#` before it; `None` if there are none.
pub fn tags(flags: &Flags, cols: usize) -> Option<Clean> {
    said_of(flags, cols, None)
}

/// The same, and before them when it comes back if it is put off still.
fn said_of(flags: &Flags, cols: usize, now: Option<i64>) -> Option<Clean> {
    let until = mark::latest(mark::SNOOZED, flags);
    let back = until
        .zip(now)
        .filter(|(until, now)| until > now)
        .map(|(until, now)| format!("until {}", when::clock(until, now)));
    let tags = flags.keywords.iter().filter_map(|k| tag::name(k));
    let tags = tags.map(|name| format!("#{}", Clean::line(&name)));
    let names: Vec<String> = back.into_iter().chain(tags).collect();
    let text = width::cut(&names.join(" "), cols);
    (!text.is_empty()).then(|| Clean::line(&text))
}

fn who(row: &IndexRow, set: &Setting) -> Clean {
    let own = set.own.filter(|_| !set.outgoing && !row.to.is_empty());
    match own {
        Some(own) if row.from.iter().any(own) => Clean::line(&format!("To {}", people(row, true))),
        _ => people(row, set.outgoing),
    }
}

/// Who it is from, or to whom it went.
pub fn people(row: &IndexRow, outgoing: bool) -> Clean {
    let list: &[Address] = if outgoing && !row.to.is_empty() {
        &row.to
    } else {
        &row.from
    };
    let name = |a: &Address| match a.display() == a.addr {
        true => shown_addr(&a.addr).into_owned(),
        false => a.name.clone(),
    };
    let names: Vec<String> = list.iter().take(3).map(name).collect();
    if names.is_empty() {
        Clean::lit("(nobody)")
    } else {
        Clean::line(&names.join(", "))
    }
}

/// The date in the columns there are; a narrow list tells an old message's year.
fn date(date: i64, now: i64, cols: usize) -> Clean {
    let text = when::short(date, now);
    let used = width::width(&text);
    let text = if used > cols {
        text.chars().take(4).collect()
    } else {
        text
    };
    let pad = cols.saturating_sub(width::width(&text));
    Clean::line(&format!("{}{text}", " ".repeat(pad)))
}
