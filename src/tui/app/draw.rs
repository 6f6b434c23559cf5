//! One frame from what is remembered: no state changes here.

use crate::lang::tr;
use crate::model::{Address, Reminder};
use crate::text::{Clean, width};
use crate::tui::app::geometry::{Pane, Places, SMALLEST, Titled};
use crate::tui::app::said::Said;
use crate::tui::app::state::{Panes, View};
use crate::tui::linear;
use crate::tui::question::Listing;
use crate::tui::screen::index_view::{self, Setting};
use crate::tui::screen::paint::{begin, say};
use crate::tui::screen::sidebar::Entry;
use crate::tui::screen::status::Tone;
use crate::tui::screen::tabs::Strip;
use crate::tui::screen::{accounts, pager_view, sidebar_view};
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// A reader with fewer columns has no room for tags beside the title.
const TAGGED: usize = 40;

/// Draws the panes, the status line and the hints (key and what it does, most useful first).
/// `begun`: the hints say how to go on, and nothing stands over them.
pub fn draw(
    panes: &Panes,
    hints: &[(Clean, Clean)],
    begun: bool,
    now: i64,
    theme: &Theme,
    buf: &mut Buffer,
) {
    let screen = buf.area;
    let text = theme.style("screen.text");
    fill(buf, screen, text);
    let Some(places) = panes.places() else {
        let (cols, rows) = SMALLEST;
        let words = tr!("terminal too small (need {cols}×{rows})", cols, rows);
        say(buf, screen, &Clean::line(&words), text);
        return;
    };
    if let Some(place) = places.sidebar {
        sidebar(panes, place, buf, theme);
    }
    if let Some(place) = places.index {
        list(panes, place, now, buf, theme);
    }
    if let Some(place) = places.reader {
        reader(panes, place, buf, theme);
    }
    for (pane, place) in [
        (Pane::Sidebar, places.sidebar),
        (Pane::Index, places.index),
        (Pane::Reader, places.reader),
    ] {
        panes.draw_bar(pane, place, buf, theme);
    }
    rules(&places, buf, theme);
    match Said::of(panes, &places, begun) {
        Some(said) if said.is_long() => long(&said, buf, theme),
        said => {
            status(panes, said.as_ref(), places.status, now, buf, theme);
            hint_line(hints, places.hints, buf, theme);
        }
    }
}

fn title(
    place: Titled,
    text: &Clean,
    right: &Clean,
    focused: bool,
    buf: &mut Buffer,
    theme: &Theme,
) {
    let style = theme.style(if focused { "title.focused" } else { "title" });
    if let Some(mut row) = begin(buf, place.title, 0, style) {
        row.skip(1);
        let room = row.left().saturating_sub(width::width(right.as_str()) + 1);
        row.column(text, room, style);
        row.right(right, style);
    }
}

fn sidebar(panes: &Panes, place: Titled, buf: &mut Buffer, theme: &Theme) {
    let focused = panes.focus == Pane::Sidebar;
    title(
        place,
        &Clean::lit(tr!("Mailboxes")),
        &Clean::default(),
        focused,
        buf,
        theme,
    );
    let shown = panes.shown_entry();
    sidebar_view::draw(
        &panes.sidebar,
        shown,
        &panes.status,
        (focused, panes.signs),
        buf,
        place.inner,
        theme,
    );
}

fn list(panes: &Panes, place: Titled, now: i64, buf: &mut Buffer, theme: &Theme) {
    let focused = panes.focus == Pane::Index;
    title(
        place,
        &panes.list_title(),
        &panes.selected_words(),
        focused,
        buf,
        theme,
    );
    let area = place.inner;
    if let (Some(strip), Some(line)) = (panes.strip(place), tab_line(place)) {
        strip.draw(buf, line, theme);
    }
    if panes.is_reminding() && area.y > place.title.bottom() {
        let above = Rect {
            y: area.y - 1,
            height: 1,
            ..area
        };
        reminded(&panes.reminders, above, buf, theme);
    }
    let area = panes.beside_bar(place, theme);
    match &panes.view {
        View::Outbox(outbox) => outbox.draw(now, &panes.keymap, buf, area, theme),
        View::Drafts(drafts) => drafts.draw(now, &panes.keymap, buf, area, theme),
        View::Accounts(scroll) => {
            accounts::draw(
                &panes.accounts,
                &panes.status,
                scroll,
                now,
                buf,
                area,
                theme,
            );
        }
        View::Mail if panes.index.lines().is_empty() => {
            fill(buf, area, theme.style("index.text"));
            say(buf, area, &panes.emptiness(), theme.style("text.dim"));
        }
        View::Mail => {
            let own = |address: &Address| panes.is_own(address);
            let place = |id| match panes.sidebar.mailbox(id) {
                Some(m) => (
                    Clean::line(m.account.as_str()),
                    sidebar_view::mailbox_name(m),
                ),
                None => Default::default(),
            };
            let setting = Setting {
                theme,
                now,
                focused,
                outgoing: panes.outgoing(),
                own: panes.is_searching().then_some(&own),
                found: panes.index.found(),
                list: &panes.list,
                signs: panes.signs,
                place: &place,
            };
            index_view::draw(&panes.index, buf, area, &setting);
        }
    }
    if theme.is_linear() {
        linear::begin(buf, area);
    }
}

/// The line above an inbox: what nobody answered in time.
fn reminded(reminders: &[Reminder], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let style = theme.style("notice.error");
    let Some((first, mut row)) = reminders.first().zip(begin(buf, area, 0, style)) else {
        return;
    };
    let words = first.words();
    let text = match reminders.len() {
        1 => tr!("{words}: see the outbox", words),
        n => tr!("{words} and {n} more: see the outbox", words, n = n - 1),
    };
    let text = Clean::line(&format!(" {text}"));
    let room = row.left();
    row.column(&text, room, style);
}

fn reader(panes: &Panes, place: Titled, buf: &mut Buffer, theme: &Theme) {
    let focused = panes.focus == Pane::Reader;
    let (text, right) = panes.reader_title();
    let cols = usize::from(place.title.width);
    let tags = panes.read_tags(cols / 3).filter(|_| cols >= TAGGED);
    let style = theme.style(if focused { "title.focused" } else { "title" });
    if let Some(mut row) = begin(buf, place.title, 0, style) {
        row.skip(1);
        let keep = width::width(right.as_str()) + 1;
        let tagged = tags.as_ref().map_or(0, |t| t.width() + 1);
        let room = row.left().saturating_sub(keep + tagged);
        row.column(&text, room, style);
        if let Some(tags) = tags {
            tags.draw(row.skip(1), style, theme);
        }
        row.right(&right, style);
    }
    if let Some(pager) = &panes.pager {
        let offline = panes.status.offline();
        pager_view::draw(pager, focused, offline, buf, place.inner, theme);
    }
    if theme.is_linear() {
        let first = Rect {
            height: 1,
            ..place.inner
        };
        linear::begin(buf, first);
    }
}

/// The columns between panes.
fn rules(places: &Places, buf: &mut Buffer, theme: &Theme) {
    let style = theme.style("screen.rule");
    let mut rule = |left: Rect| {
        let line = Rect {
            x: left.right(),
            width: 1,
            ..left
        };
        for n in 0..usize::from(line.height) {
            if let Some(mut row) = begin(buf, line, n, style) {
                row.lit("│", style);
            }
        }
    };
    let beside = |a: Option<Titled>, b: Option<Titled>| match (a, b) {
        (Some(a), Some(b)) if b.title.x > a.title.right() => Some(a),
        _ => None,
    };
    let main = places.index.or(places.reader);
    for left in [
        beside(places.sidebar, main),
        beside(places.index, places.reader),
    ]
    .into_iter()
    .flatten()
    {
        rule(left.title.union(left.inner));
    }
}

fn status(
    panes: &Panes,
    said: Option<&Said>,
    area: Rect,
    now: i64,
    buf: &mut Buffer,
    theme: &Theme,
) {
    let base = theme.style("status.text");
    let Some(mut row) = begin(buf, area, 0, base) else {
        return;
    };
    row.skip(1);
    if theme.is_linear() {
        row.put(&spoken(panes, said, now), base);
        return;
    }
    if let Some((said, line)) = said.and_then(|s| Some((s, s.rows.first()?))) {
        row.put(&line.text, base.patch(tone(said.tone, theme)));
        row.put(&line.undo, base.patch(theme.style("hint.key")));
        row.lit("  ", base);
    }
    let listed = panes.places().is_some_and(|p| p.index.is_some());
    let selected = panes.selected_words();
    if !listed && !selected.is_empty() {
        row.put(&selected, base.patch(theme.style("notice.info")));
        row.lit("  ", base);
    }
    if !panes.writing.is_empty() {
        row.put(&panes.writing, base.patch(theme.style("notice.info")));
        row.lit("   ", base);
    }
    let parts = panes.status.parts(now, row.left());
    for part in parts {
        if row.left() < 4 {
            return;
        }
        row.put(&part.text, base.patch(tone(part.tone, theme)));
        row.lit("   ", base);
    }
}

/// The status line as one text: what was said last, else how everything stands.
fn spoken(panes: &Panes, said: Option<&Said>, now: i64) -> Clean {
    if let Some(row) = said.and_then(|said| said.rows.first()) {
        return Clean::line(&format!("{}{}", row.text, row.undo));
    }
    let mut parts = vec![panes.selected_words().as_str().trim().to_owned()];
    if !panes.writing.is_empty() {
        parts.push(tr!("being written: {name}", name = panes.writing));
    }
    parts.push(panes.status.spoken(now));
    parts.retain(|part| !part.is_empty());
    Clean::line(&parts.join(". "))
}

/// Draws what lies over the line of the hints and its neighbours.
fn long(said: &Said, buf: &mut Buffer, theme: &Theme) {
    let base = theme.style("status.text");
    let style = base.patch(tone(said.tone, theme));
    fill(buf, said.area, base);
    for (n, line) in said.rows.iter().enumerate() {
        if let Some(mut row) = begin(buf, said.area, n, base) {
            row.skip(1).put(&line.text, style);
            row.put(&line.undo, base.patch(theme.style("hint.key")));
        }
    }
}

fn tone(tone: Tone, theme: &Theme) -> Style {
    theme.style(match tone {
        Tone::Good => "notice.good",
        Tone::Plain => "notice.info",
        Tone::Bad => "notice.error",
    })
}

fn hint_line(hints: &[(Clean, Clean)], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let base = theme.style("hint.text");
    let Some(mut row) = begin(buf, area, 0, base) else {
        return;
    };
    row.skip(1);
    for (key, what) in hints {
        let cols = width::width(key.as_str()) + width::width(what.as_str());
        if cols + 3 > row.left() {
            return;
        }
        row.put(key, base.patch(theme.style("hint.key")));
        row.lit(" ", base);
        row.put(what, base);
        row.lit("  ", base);
    }
}

/// The line of the tabs, below the title, where there is room for one.
fn tab_line(place: Titled) -> Option<Rect> {
    let below = place.title.bottom();
    (place.inner.y > below).then_some(Rect {
        y: below,
        ..place.title
    })
}

/// Which of the hints stands at a column of their line.
pub fn hint_at(hints: &[(Clean, Clean)], cols: usize, column: usize) -> Option<usize> {
    let mut x = 1;
    for (n, (key, what)) in hints.iter().enumerate() {
        let wide = width::width(key.as_str()) + width::width(what.as_str()) + 1;
        if x + wide + 2 > cols {
            return None;
        }
        if (x..x + wide).contains(&column) {
            return Some(n);
        }
        x += wide + 2;
    }
    None
}

impl Panes {
    /// The tabs over the list in their line, if they are shown.
    fn strip(&self, place: Titled) -> Option<Strip> {
        let (tabs, shown) = self.tabs()?;
        Some(Strip::new(&tabs, shown, usize::from(place.title.width)))
    }

    /// The tab that stands at a cell of the screen.
    pub fn tab_at(&self, place: Titled, at: Position) -> Option<usize> {
        let line = tab_line(place).filter(|line| line.contains(at))?;
        self.strip(place)?
            .hit(usize::from(at.x.saturating_sub(line.x)))
    }

    /// The sidebar's line whose list is shown.
    fn shown_entry(&self) -> Option<usize> {
        self.sidebar
            .entries()
            .iter()
            .position(|e| match &self.view {
                View::Outbox(_) => matches!(e, Entry::Outbox(_)),
                View::Drafts(_) => matches!(e, Entry::Drafts(_)),
                View::Accounts(_) => false,
                View::Mail => match self.index.listing() {
                    Listing::Fitting(list) if list.scope.is_none() => {
                        matches!(e, Entry::View(view, _) if view.list == *list)
                    }
                    other => other.scope().is_some() && e.scope().as_ref() == other.scope(),
                },
            })
    }
}
