//! How the composer looks: the fields, a rule, the text; at least three lines of text are seen
//! whatever happens. Small screens leave out the empty copies and the sender.

use super::fields::{FIELDS, Field};
use super::{Composer, Over, options};
use crate::lang::{self, mark, tr, trc, trn};
use crate::mime::recipients::parse_list;
use crate::model::{DraftAttachment, SendOptions};
use crate::text::{Clean, size, when, width, wrap};
use crate::tui::theme::Theme;
use crate::tui::widget::editor::vi::Mode;
use crate::tui::widget::ink::{Ink, fill};
use crate::tui::widget::line_edit::LineEdit;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Columns for a field's name.
const LABEL: usize = 10;
/// Attachments shown at once.
const FILES: usize = 3;
/// Columns of text at most: longer lines are hard to read.
const WIDEST: u16 = 100;
/// What the keys do on an attachment; fits the narrowest screen.
const FILE_KEYS: &str = mark!("d removes · r renames · i in the text");
/// Lines of text that are seen at least.
const TEXT: usize = 3;
/// So wide a title has room for how to leave a mode of vi.
const WORDY: u16 = 60;
/// Lines of what is said below the text.
const SAID: usize = 4;

/// A row above the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Title,
    Field(Field),
    File(usize),
    Options,
    Rule,
}

impl Composer {
    /// The rows above the text, for a screen of so many rows.
    fn rows(&self, height: usize) -> Vec<Row> {
        let mut rows = vec![Row::Title];
        for field in FIELDS {
            match field {
                Field::Body => {}
                Field::Attachments => {
                    let shown = self.files.seen(FILES.min(self.files.len()));
                    rows.extend(shown.map(Row::File));
                }
                Field::ReplyTo if !self.shows_reply_to() => {}
                field => rows.push(Row::Field(field)),
            }
        }
        if self.draft.options != SendOptions::default() {
            rows.push(Row::Options);
        }
        rows.push(Row::Rule);
        // What can go first, as long as the text has too little room.
        let empty = |l: &LineEdit| l.text().trim().is_empty();
        let spare = [
            (Field::Bcc, empty(&self.bcc)),
            (Field::Cc, empty(&self.cc)),
            (Field::From, true),
            (Field::Cc, true),
            (Field::Subject, true),
            (Field::To, true),
        ];
        for (field, may_go) in spare {
            if rows.len() + TEXT + 2 > height && may_go && field != self.focus {
                rows.retain(|r| *r != Row::Field(field));
            }
        }
        for row in [Row::Title, Row::Rule] {
            if rows.len() + TEXT > height {
                rows.retain(|r| *r != row);
            }
        }
        while rows.len() + 1 > height && !rows.is_empty() {
            // Hardly anything to see: only where the keys go.
            let spare = rows.iter().position(|r| !self.has_keys(*r)).unwrap_or(0);
            rows.remove(spare);
        }
        rows
    }

    fn has_keys(&self, row: Row) -> bool {
        match row {
            Row::Field(field) => field == self.focus,
            Row::File(n) => self.focus == Field::Attachments && n == self.files.cursor(),
            Row::Title | Row::Options | Row::Rule => false,
        }
    }

    /// What is said below the text, in as many lines as it needs.
    fn said(&self, area: Rect) -> Vec<String> {
        let cols = usize::from(area.width.saturating_sub(2)).max(1);
        let notice = self.notice.as_ref();
        let mut lines = notice.map_or_else(Vec::new, |n| wrap::wrap(n.as_str(), cols));
        lines.truncate(SAID);
        lines
    }

    fn text_area(area: Rect, rows: usize, said: usize) -> Rect {
        let above = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height);
        let below = u16::try_from(said).unwrap_or(u16::MAX);
        // One line of text at least.
        let below = below.min((area.height - above).saturating_sub(1));
        // A column's margin, but not where it would cost too much.
        let margin = u16::from(area.width > 20);
        Rect {
            x: area.x + margin,
            y: area.y + above,
            width: area.width.saturating_sub(2 * margin).min(WIDEST),
            height: area.height - above - below,
        }
    }

    /// Draws the composer on an area and says where the cursor stands. `now` is the time of day,
    /// seconds since 1970.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, now: i64, theme: &Theme) -> Option<Position> {
        let area = area.intersection(buf.area);
        self.drawn.set(area);
        fill(buf, area, theme.style("compose.text"));
        let rows = self.rows(usize::from(area.height));
        let mut cursor = None;
        let mut list_at = None;
        for (n, row) in rows.iter().enumerate() {
            match row {
                Row::Title => self.draw_title(buf, area, n, now, theme),
                Row::Options => self.draw_chosen(buf, area, n, now, theme),
                Row::Rule => {
                    let files = self.focus == Field::Attachments;
                    draw_rule(
                        buf,
                        area,
                        n,
                        if files { lang::of(FILE_KEYS) } else { "" },
                        theme,
                    );
                }
                Row::File(file) => self.draw_file(buf, area, n, *file, theme),
                Row::Field(field) => {
                    let at = self.draw_field(buf, area, n, *field, theme);
                    if *field == self.focus {
                        cursor = at;
                        let y = area.y.saturating_add(u16::try_from(n).unwrap_or(0));
                        let x = area.x.saturating_add(u16::try_from(LABEL).unwrap_or(0));
                        list_at = Some((x, y));
                    }
                }
            }
        }
        let said = self.said(area);
        let text = Composer::text_area(area, rows.len(), said.len());
        let focused = self.focus == Field::Body;
        cursor = cursor.or(self.body.draw(buf, text, theme, focused));
        let first = usize::from(area.height).saturating_sub(said.len());
        for (n, line) in said.iter().enumerate() {
            if let Some(mut ink) = Ink::row(buf, area, first + n) {
                let look = theme.style("notice.error");
                ink.skip(1).put(&Clean::line(line), look);
            }
        }
        if let (Some(people), Some((x, y))) = (&self.people, list_at) {
            people.draw(buf, area, x, y, theme);
        }
        match &self.over {
            Over::Nothing => cursor.filter(|_| !self.sending),
            Over::Question(question) => {
                question.draw(buf, area, theme);
                None
            }
            Over::Path(prompt)
            | Over::Name(prompt, _)
            | Over::Time(prompt, _)
            | Over::Colon(prompt) => prompt.draw(buf, area, theme),
            Over::Template(picker) => picker.draw(buf, area, theme),
            Over::Words(words) => {
                words.draw(buf, area, cursor, theme);
                None
            }
            Over::Options(list) => {
                self.draw_options(list, buf, area, now, theme);
                None
            }
        }
    }

    fn draw_title(&self, buf: &mut Buffer, area: Rect, row: usize, now: i64, theme: &Theme) {
        let Some(mut ink) = Ink::row(buf, area, row) else {
            return;
        };
        let title = match self.number {
            Some((n, of)) => format!("{} {n}/{of}", self.kind()),
            None => self.kind().to_owned(),
        };
        ink.skip(1)
            .put(&Clean::line(&title), theme.style("title.focused"));
        let mode = match self.body.mode().filter(|_| self.focus == Field::Body) {
            None | Some(Mode::Insert) => "",
            Some(Mode::Normal) if area.width >= WORDY => tr!("NORMAL (i types, :q closes)  "),
            Some(Mode::Normal) => "NORMAL  ",
            Some(Mode::Visual { .. }) => "VISUAL  ",
        };
        let state = if self.sending {
            Clean::lit(tr!("sending…"))
        } else if self.saves.running() {
            Clean::lit(tr!("saving…"))
        } else if self.saves.unsaved() {
            Clean::lit(tr!("not saved yet"))
        } else if let Some(at) = self.saves.last() {
            Clean::line(&tr!("saved {time}", time = when::short(at, now)))
        } else if self.draft.id.is_some() {
            Clean::lit(trc!("message", "draft"))
        } else {
            Clean::default()
        };
        let state = Clean::line(&format!("{mode}{}", state.as_str()));
        let room = Rect {
            width: area.width.saturating_sub(1),
            ..area
        };
        if let Some(mut ink) = Ink::row(buf, room, row) {
            ink.skip(width::width(&title) + 2)
                .right(&state, theme.style("compose.saved"));
        }
    }

    fn draw_field(
        &self,
        buf: &mut Buffer,
        area: Rect,
        row: usize,
        field: Field,
        theme: &Theme,
    ) -> Option<Position> {
        let focused = field == self.focus;
        let (label, line) = match field {
            Field::From => (trc!("field", "From"), None),
            Field::To => (trc!("field", "To"), Some(&self.to)),
            Field::Cc => (trc!("field", "Cc"), Some(&self.cc)),
            Field::Bcc => (trc!("field", "Bcc"), Some(&self.bcc)),
            Field::ReplyTo => (trc!("field", "Reply-To"), Some(&self.reply_to)),
            Field::Subject => (trc!("field", "Subject"), Some(&self.subject)),
            Field::Attachments | Field::Body => return None,
        };
        let look = if focused {
            theme.style("input.label.focused")
        } else {
            theme.style("input.label")
        };
        let text = theme.style("input.text");
        let mut ink = Ink::row(buf, area, row)?;
        ink.skip(1).column(&Clean::lit(label), LABEL - 1, look);
        let x = ink.x();
        match line {
            Some(line) if !focused => {
                match field {
                    Field::Subject => ink.put(&Clean::line(line.text()), text),
                    _ => ink.put(&people(line.text(), ink.left()), text),
                };
                None
            }
            Some(line) => {
                let right = area.right().saturating_sub(1).max(x);
                let place = Rect::new(x, area.y, right - x, area.height);
                let place = Rect {
                    y: area.y.saturating_add(u16::try_from(row).unwrap_or(0)),
                    height: 1,
                    ..place
                };
                line.draw(buf, place, text, None)
            }
            None => {
                let sender = Clean::line(&self.sender());
                if focused {
                    ink.lit("‹ ", look).put(&sender, text).lit(" ›", look);
                } else {
                    ink.put(&sender, text);
                }
                focused.then(|| {
                    let y = area.y.saturating_add(u16::try_from(row).unwrap_or(0));
                    Position::new(x, y)
                })
            }
        }
    }

    fn draw_file(&self, buf: &mut Buffer, area: Rect, row: usize, n: usize, theme: &Theme) {
        let (Some(file), Some(mut ink)) = (self.draft.attachments.get(n), Ink::row(buf, area, row))
        else {
            return;
        };
        let focused = self.focus == Field::Attachments;
        let label = theme.style(if focused {
            "input.label.focused"
        } else {
            "input.label"
        });
        let many = self.files.len();
        let name = match n {
            0 => Clean::lit(trc!("field", "Attached")),
            _ if many > FILES => Clean::line(&format!("{}/{many}", n + 1)),
            _ => Clean::default(),
        };
        ink.skip(1).column(&name, LABEL - 1, label);
        let mut look = theme.style("compose.attachment");
        if focused && n == self.files.cursor() {
            look = look.patch(theme.style("popup.selected"));
        }
        let about = match file {
            DraftAttachment::File { path, .. } => path
                .parent()
                .map(|p| p.display().to_string())
                .unwrap_or_default(),
            DraftAttachment::Bytes { media_type, .. } => {
                let bare = media_type.split(';').next().unwrap_or_default();
                bare.to_owned()
            }
        };
        let size = match self.size_of(file) {
            Some(octets) if n == 0 && many > 1 => {
                let (one, all) = (size::human(octets), size::human(self.total_size()));
                tr!("{one} ({all} in all), ", one, all)
            }
            Some(octets) => size::human(octets) + tr!(", "),
            None => String::new(),
        };
        let (DraftAttachment::File { inline, .. } | DraftAttachment::Bytes { inline, .. }) = file;
        let inline = if *inline { tr!("in the text, ") } else { "" };
        let text = format!("{}  {inline}{size}{about}", file.name());
        ink.put(&Clean::line(&text), look);
    }

    /// What is chosen of how it is sent.
    fn draw_chosen(&self, buf: &mut Buffer, area: Rect, row: usize, now: i64, theme: &Theme) {
        if let Some(mut ink) = Ink::row(buf, area, row) {
            let words = options::words(self.draft.options, now);
            ink.skip(1)
                .column(
                    &Clean::lit(trc!("field", "Options")),
                    LABEL - 1,
                    theme.style("input.label"),
                )
                .put(&Clean::line(&words), theme.style("compose.attachment"));
        }
    }

    /// Takes a click at this place of the screen.
    pub fn click(&mut self, at: Position) {
        let area = self.drawn.get();
        if self.sending || !matches!(self.over, Over::Nothing) || !area.contains(at) {
            return;
        }
        let rows = self.rows(usize::from(area.height));
        match rows.get(usize::from(at.y - area.y)) {
            Some(Row::Field(field)) => self.go(*field),
            Some(Row::File(n)) => {
                let n = *n;
                self.go(Field::Attachments);
                self.files.select(n);
            }
            Some(Row::Options) => self.show_options(),
            Some(Row::Title | Row::Rule) => {}
            None => {
                let text = Composer::text_area(area, rows.len(), self.said(area).len());
                self.go(Field::Body);
                if text.contains(at) {
                    self.body.click(at.x - text.x, at.y - text.y);
                }
            }
        }
    }

    /// The mouse is dragged over this place of the screen: text is selected.
    pub fn drag(&mut self, at: Position) {
        let area = self.drawn.get();
        if self.sending || !matches!(self.over, Over::Nothing) || self.focus != Field::Body {
            return;
        }
        let rows = self.rows(usize::from(area.height));
        let text = Composer::text_area(area, rows.len(), self.said(area).len());
        if text.contains(at) {
            self.body.drag(at.x - text.x, at.y - text.y);
        }
    }

    /// Scrolls the text by lines (the mouse wheel).
    pub fn scroll(&mut self, by: i16) {
        if matches!(self.over, Over::Nothing) && !self.sending {
            self.body.scroll(by);
        }
    }
}

/// Recipients as they fit; of those that don't, how many there are.
fn people(line: &str, room: usize) -> Clean {
    let whole = Clean::line(line);
    let all = parse_list(line).unwrap_or_default();
    if width::width(whole.as_str()) <= room || all.len() < 2 {
        return whole;
    }
    let mut shown = String::new();
    let mut left = all.len();
    for address in &all {
        let next = match shown.as_str() {
            "" => address.to_string(),
            before => format!("{before}, {address}"),
        };
        let next = Clean::line(&next).to_string();
        let more = and_more(left - 1);
        if left > 1 && width::width(&next) + width::width(&more) > room
            || width::width(&next) > room
        {
            break;
        }
        shown = next;
        left -= 1;
    }
    if shown.is_empty() {
        let more = and_more(left - 1);
        let first = Clean::line(&all.first().map(ToString::to_string).unwrap_or_default());
        let first = width::cut(first.as_str(), room.saturating_sub(width::width(&more)));
        return Clean::line(&format!("{first}{more}"));
    }
    match left {
        0 => Clean::line(&shown),
        _ => Clean::line(&(shown + &and_more(left))),
    }
}

/// How many there are beyond those that are shown.
fn and_more(left: usize) -> String {
    trn!(left, " +{left} more", " +{left} more")
}

/// A rule, with what is said of the rows above it.
fn draw_rule(buf: &mut Buffer, area: Rect, row: usize, said: &'static str, theme: &Theme) {
    let style = theme.style("screen.rule");
    if let Some(mut ink) = Ink::row(buf, area, row) {
        if !said.is_empty() {
            ink.lit("─ ", style)
                .lit(said, theme.style("text.dim"))
                .lit(" ", style);
        }
        while ink.left() > 0 {
            ink.lit("─", style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_fit_is_counted() {
        let wide = format!("a@x.example,{}b@x.example", " ".repeat(90));
        for (typed, room, shown) in [
            ("a@x.example, b@x.example", 24, "a@x.example, b@x.example"),
            ("a@x.example, b@x.example", 23, "a@x.example +1 more"),
            (
                "a@x.example, b@x.example, c@x.example",
                36,
                "a@x.example, b@x.example +1 more",
            ),
            (&wide, 30, "a@x.example, b@x.example"),
            (&wide, 20, "a@x.example +1 more"),
            (&wide, 15, "a@x.ex… +1 more"),
            ("alone@x.example", 9, "alone@x.example"),
        ] {
            assert_eq!(people(typed, room).as_str(), shown, "{room}");
        }
    }
}
