//! The setting up of an account, drawn: one column of lines, of which those around the cursor are
//! shown where there is no room for all. The cursor of the terminal stands in the field.

use crate::config::Icons;
use crate::lang::{tr, trc};
use crate::text::{Clean, width};
use crate::tui::screen::paint::ground;
use crate::tui::setup::deeds::Phase;
use crate::tui::setup::form::{Field, security_words};
use crate::tui::setup::page::{Line, failure, lines};
use crate::tui::setup::wizard::Wizard;
use crate::tui::signs::Signs;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Columns of a line of text that is read with ease.
const WIDEST: u16 = 76;
/// Columns of a field's label.
const LABEL: usize = 12;

/// Draws the screen; says where the cursor stands.
pub fn draw(wizard: &Wizard, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
    let screen = buf.area;
    fill(buf, screen, theme.style("screen.text"));
    let cols = screen.width.saturating_sub(2).min(WIDEST);
    let left = screen.x + (screen.width - cols) / 2;
    let page = |failed| lines(wizard, usize::from(cols), failed, theme.is_linear());
    let mut lines = page(true);
    let take = wizard.meant.as_ref();
    let take = take.map(|domain| tr!("take {domain}", domain));
    let keys = key_rows(&keys(wizard, take.as_deref()), usize::from(cols));
    let height = usize::from(screen.height).saturating_sub(keys.len().saturating_sub(1));
    // The last rows tell the keys, and above them stands why it failed if that has no room.
    let short = lines.len() + 1 > height;
    let pinned = match short {
        true => failure(wizard, usize::from(cols), theme.is_linear()),
        false => Vec::new(),
    };
    if !pinned.is_empty() {
        lines = page(false);
    }
    let room = height.saturating_sub(1 + pinned.len());
    for (n, text) in pinned.iter().enumerate() {
        let y = screen.y + u16::try_from(room + n).unwrap_or(0);
        if let Some(mut ink) = Ink::row(buf, Rect::new(left, y, cols, 1), 0) {
            ink.put(&Clean::line(text), theme.style("notice.error"));
        }
    }
    let top = usize::from(room > lines.len() + 4) * 2;
    let mark = focus(wizard, &lines);
    let skip = (lines.len() + top)
        .saturating_sub(room)
        .min(mark.saturating_sub(room / 2));
    let skip = if mark + 2 >= lines.len() {
        (lines.len() + top).saturating_sub(room)
    } else {
        skip
    };
    let mut cursor = None;
    for (n, line) in lines.drain(..).skip(skip).take(room - top).enumerate() {
        let row = Rect::new(
            left,
            screen.y + u16::try_from(top + n).unwrap_or(0),
            cols,
            1,
        );
        match line {
            Line::Words(text, style) => {
                if let Some(mut ink) = Ink::row(buf, row, 0) {
                    ink.put(&text, theme.style(style));
                }
            }
            Line::Field(field) => {
                let here = field == wizard.field && !wizard.fields().is_empty();
                let at = draw_field(wizard, field, here, buf, row, theme);
                cursor = cursor.or(at.filter(|_| here));
            }
        }
    }
    for (n, row) in keys.iter().rev().enumerate() {
        let y = screen
            .bottom()
            .saturating_sub(1 + u16::try_from(n).unwrap_or(0));
        if let Some(mut ink) = Ink::row(buf, Rect::new(left, y, cols, 1), 0) {
            ink.put(&Clean::line(row), theme.style("text.dim"));
        }
    }
    if let (Phase::Browser, Some(signing)) = (wizard.phase, &wizard.signing) {
        signing.draw(buf, screen, theme);
        cursor = None;
    }
    ground(buf, theme.style("screen.back"));
    Signs::of_process(Icons::Auto).finish(buf);
    cursor
}

fn draw_field(
    wizard: &Wizard,
    field: Field,
    here: bool,
    buf: &mut Buffer,
    row: Rect,
    theme: &Theme,
) -> Option<Position> {
    let label = match here {
        true => "input.label.focused",
        false => "input.label",
    };
    let mut ink = Ink::row(buf, row, 0)?;
    ink.lit(if here { "› " } else { "  " }, theme.style(label));
    let words = field.label();
    let cols = LABEL.max(width::width(words) + 1);
    ink.column(&Clean::lit(words), cols, theme.style(label));
    let x = ink.x();
    let rest = Rect::new(x, row.y, row.right().saturating_sub(x), 1);
    let style = theme.style("input.text");
    if let (true, Some(by_hand)) = (field.is_choice(), &wizard.by_hand) {
        let words = security_words(by_hand.security(field));
        ink.lit(words, style);
        return Some(Position::new(x, row.y));
    }
    if field.is_optional() && !here && wizard.line(field)?.is_empty() {
        ink.lit(tr!("may stay empty"), theme.style("text.dim"));
        return None;
    }
    let hidden = field.is_hidden() && !wizard.revealed;
    wizard
        .line(field)?
        .draw(buf, rest, style, hidden.then_some("•"))
}

/// The line that has to be seen.
fn focus(wizard: &Wizard, lines: &[Line]) -> usize {
    let here = |line: &Line| matches!(line, Line::Field(f) if *f == wizard.field);
    let typed = !wizard.fields().is_empty();
    let at = lines.iter().position(here).filter(|_| typed);
    // While it is tried the newest words are at the end.
    at.unwrap_or(lines.len())
}

/// The keys in as many rows as they take: one that is cut can't be learnt.
fn key_rows(keys: &[(&str, &str)], cols: usize) -> Vec<String> {
    const BETWEEN: &str = " · ";
    let mut rows: Vec<String> = Vec::new();
    for (key, word) in keys {
        let key = format!("{key} {word}");
        match rows.last_mut() {
            Some(row) if width::width(row) + width::width(BETWEEN) + width::width(&key) <= cols => {
                row.push_str(BETWEEN);
                row.push_str(&key);
            }
            _ => rows.push(key),
        }
    }
    rows
}

/// The keys that hold, each with what it does. `take`: what takes the domain that was perhaps meant.
fn keys<'a>(wizard: &Wizard, take: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
    let go_on = ("enter", trc!("set-up", "go on"));
    let show = ("ctrl-r", trc!("set-up", "show"));
    let servers = ("ctrl-e", trc!("set-up", "servers"));
    let next = ("tab", trc!("set-up", "next"));
    let leave = ("esc", trc!("set-up", "leave"));
    let try_it = ("enter", trc!("set-up", "try it"));
    let mut keys = match wizard.phase {
        Phase::Asking if wizard.email().is_empty() && !wizard.further => vec![
            ("enter", trc!("set-up", "demo, nothing touched")),
            ("esc", trc!("set-up", "quit")),
        ],
        Phase::Asking if let Some(take) = take => {
            vec![go_on, ("ctrl-t", take), servers, leave]
        }
        Phase::Asking if wizard.may_browse() => {
            vec![go_on, ("ctrl-o", trc!("set-up", "browser")), servers, leave]
        }
        Phase::Asking => vec![go_on, ("ctrl-e", trc!("set-up", "servers by hand")), leave],
        Phase::Agreeing if let Some(take) = take => vec![
            ("t", take),
            ("y", trc!("set-up", "it is right")),
            ("n", trc!("set-up", "name servers")),
            leave,
        ],
        Phase::Agreeing => vec![
            ("y", trc!("set-up", "yes")),
            ("n", trc!("set-up", "name other servers")),
            leave,
        ],
        Phase::Client => vec![go_on, show, servers, next, ("esc", trc!("set-up", "back"))],
        Phase::Browser => Vec::new(),
        Phase::Password | Phase::Broken if wizard.by_browser() => {
            vec![try_it, servers, next, leave]
        }
        Phase::Password if wizard.goes_through_fields() => {
            let next = trc!("set-up", "next");
            vec![("enter", next), show, servers, leave]
        }
        Phase::Password => vec![try_it, show, servers, next, leave],
        Phase::Trying => vec![("esc", trc!("set-up", "stop"))],
        Phase::Broken => vec![
            ("enter", trc!("set-up", "again")),
            servers,
            show,
            next,
            leave,
        ],
        Phase::Safe if wizard.unlocking => {
            vec![go_on, show, ("esc", trc!("set-up", "without it"))]
        }
        Phase::Safe => vec![go_on, show, leave],
        Phase::Keeping if wizard.waits_for_store() => vec![leave],
        Phase::Keeping => Vec::new(),
        Phase::Done => vec![("enter", trc!("set-up", "read mail"))],
    };
    let is_first = !wizard.further && !wizard.email().is_empty();
    if is_first && take.is_none() && wizard.phase == Phase::Asking {
        keys.insert(
            keys.len().saturating_sub(1),
            ("ctrl-d", trc!("set-up", "demo")),
        );
    }
    keys
}
