//! The settings: every option with what it means, what it is, what it is by default and where that
//! is set; narrowed by typing. What is changed is written into `config.toml` by whoever asked.

use crate::config::options::{Acts, Kind, Part};
use crate::config::settings::{Group, Row, Value, Way};
use crate::lang::{self, tr};
use crate::text::{Clean, width, wrap};
use crate::tui::theme::Theme;
use crate::tui::widget::bar::{Bar, Extent, Pull};
use crate::tui::widget::ink::Ink;
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crate::tui::widget::list::List;
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::cell::Cell;

/// The widest that it gets, in columns.
const WIDEST: u16 = 120;
/// Rows below the list: what is said of the selected option.
const SAID: usize = 3;

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Stay,
    /// It closes.
    Closed,
    /// It stays, and this is to be written down.
    Set(Way, Option<Value>),
    /// One of a few values is to be chosen.
    Choose(Box<Row>),
    /// A value is to be typed.
    Type(Box<Row>),
}

/// A line of the list.
#[derive(Clone, Copy)]
enum Line {
    Heading(usize),
    /// The hit of this number.
    Row(usize),
}

/// The settings.
#[derive(Clone, Debug)]
pub struct Settings {
    groups: Vec<Group>,
    input: LineEdit,
    /// Group and row of what fits, in the order of the groups.
    hits: Vec<(usize, usize)>,
    list: List,
    /// The first line that was drawn, for a click.
    top: Cell<usize>,
    bar: Bar,
    /// Why what was wanted last could not be done.
    error: Option<Clean>,
}

impl Settings {
    /// These options.
    pub fn new(groups: Vec<Group>) -> Settings {
        let mut settings = Settings {
            groups,
            input: LineEdit::default(),
            hits: Vec::new(),
            list: List::default(),
            top: Cell::new(0),
            bar: Bar::default(),
            error: None,
        };
        settings.narrow();
        settings
    }

    /// The options as they are now; what was typed and what is selected stay.
    pub fn set(&mut self, groups: Vec<Group>) {
        let line = self.list.cursor();
        self.groups = groups;
        self.error = None;
        self.narrow();
        self.list.select(line);
    }

    /// Says why something could not be written down.
    pub fn fail(&mut self, why: &str) {
        self.error = Some(Clean::line(why));
    }

    fn narrow(&mut self) {
        let typed = self.input.text().to_lowercase();
        let words: Vec<&str> = typed.split('.').collect();
        let mut hits = Vec::new();
        for (g, group) in self.groups.iter().enumerate() {
            for (r, row) in group.rows.iter().enumerate() {
                let (title, about) = (&group.title, row.option.about);
                let said = lang::of(about);
                let text = format!("{title} {} {about} {said}", row.key).to_lowercase();
                if words.iter().all(|word| text.contains(word)) {
                    hits.push((g, r));
                }
            }
        }
        self.hits = hits;
        self.list = List::new(self.hits.len());
    }

    fn at_hand(&self) -> Option<&Row> {
        self.row(self.list.cursor())
    }

    fn row(&self, hit: usize) -> Option<&Row> {
        let (g, r) = self.hits.get(hit)?;
        self.groups.get(*g)?.rows.get(*r)
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        self.error = None;
        match key.code {
            KeyCode::Esc if !self.input.is_empty() => {
                self.input.set("");
                self.narrow();
            }
            KeyCode::Esc => return Outcome::Closed,
            KeyCode::Char('c' | 'g') if ctrl => return Outcome::Closed,
            KeyCode::Enter => return self.changed(false),
            KeyCode::Char(' ') => return self.changed(true),
            KeyCode::Delete => {
                if let Some(row) = self.at_hand().filter(|row| row.value.is_some()) {
                    let Some(why) = barred(row) else {
                        return Outcome::Set(row.way.clone(), None);
                    };
                    self.error = Some(why);
                }
            }
            KeyCode::Home => self.list.select(0),
            KeyCode::End => self.list.select(usize::MAX),
            _ => {
                if !self.list.keyed(key) && self.input.update(key) == Edit::Changed {
                    self.narrow();
                }
            }
        }
        Outcome::Stay
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if self.input.paste(text) == Edit::Changed {
            self.narrow();
        }
    }

    /// What is wanted with the selected option; `at_once`: the next of its values.
    fn changed(&mut self, at_once: bool) -> Outcome {
        let Some(row) = self.at_hand() else {
            return Outcome::Stay;
        };
        if let Some(why) = barred(row) {
            self.error = Some(why);
            return Outcome::Stay;
        }
        let holds = row.holds().trim_matches('"');
        match row.option.kind {
            Kind::Flag => {
                let on = holds == "true";
                Outcome::Set(row.way.clone(), Some(Value::Flag(!on)))
            }
            Kind::Word(words) if at_once => {
                let at = words.iter().position(|w| *w == holds);
                let next = words.get(at.map_or(0, |at| (at + 1) % words.len().max(1)));
                let value = next.map(|word| Value::Text((*word).to_owned()));
                Outcome::Set(row.way.clone(), value)
            }
            Kind::Word(_) | Kind::Theme => Outcome::Choose(Box::new(row.clone())),
            _ => Outcome::Type(Box::new(row.clone())),
        }
    }

    /// The lines of the list: headings where another section begins.
    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut before = None;
        for (hit, (group, _)) in self.hits.iter().enumerate() {
            if before != Some(*group) {
                lines.push(Line::Heading(*group));
                before = Some(*group);
            }
            lines.push(Line::Row(hit));
        }
        lines
    }

    fn area(screen: Rect) -> Rect {
        let rows = screen.height.saturating_sub(2).max(5);
        popup::centred(screen, WIDEST.min(screen.width.max(12)), rows)
    }

    /// Rows of the list in an area of so many.
    fn room(rows: usize) -> usize {
        rows.saturating_sub(1 + SAID).max(1)
    }

    /// Takes a click: outside it closes; an option is selected, and changed if it was.
    pub fn click(&mut self, screen: Rect, at: Position) -> Outcome {
        let area = Settings::area(screen);
        if !area.contains(at) {
            return Outcome::Closed;
        }
        let row = usize::from(at.y.saturating_sub(area.y));
        let line = row.checked_sub(2).map(|row| row + self.top.get());
        let lines = self.lines();
        match line.and_then(|line| lines.get(line)) {
            Some(Line::Row(hit)) if *hit == self.list.cursor() => self.changed(false),
            Some(Line::Row(hit)) => {
                self.list.select(*hit);
                Outcome::Stay
            }
            _ => Outcome::Stay,
        }
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent, screen: Rect) -> bool {
        let top = match self.bar.take(mouse) {
            None => return false,
            Some(Pull::Still) => return true,
            Some(Pull::To(top)) => top,
        };
        // What is selected stands in the middle.
        let inside = popup::inside(Settings::area(screen));
        let middle = top + Settings::room(usize::from(inside.height)) / 2;
        let lines = self.lines();
        let row = |line: &Line| match line {
            Line::Row(hit) => Some(*hit),
            Line::Heading(_) => None,
        };
        let hit = lines.iter().skip(middle).find_map(row);
        self.list.select(hit.unwrap_or(usize::MAX));
        true
    }

    /// Moves the selection (the mouse wheel).
    pub fn scroll(&mut self, by: isize) {
        self.list.step(by);
    }

    /// Draws it, and says where the cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        let title = match screen.width {
            0..80 => tr!("Settings"),
            _ => tr!("Settings: space turns, Enter changes, del: the default, Esc closes"),
        };
        let area = Settings::area(screen);
        let inside = popup::frame(buf, area, &Clean::lit(title), theme);
        let base = theme.style("popup.text");
        let dim = base.patch(theme.style("popup.dim"));
        let mut ink = Ink::row(buf, inside, 0)?;
        ink.lit("› ", base.patch(theme.style("popup.key")));
        let field = Rect::new(ink.x(), inside.y, u16::try_from(ink.left()).unwrap_or(0), 1);
        let typed = base.patch(theme.style("input.text"));
        let cursor = self.input.draw(buf, field, typed, None);
        let all: usize = self.groups.iter().map(|g| g.rows.len()).sum();
        let found = Clean::line(&format!("{}/{all}", self.hits.len()));
        if let Some(mut ink) = Ink::row(buf, inside, 0) {
            ink.skip(width::width(self.input.text()) + 2)
                .right(&found, dim);
        }
        let rows = usize::from(inside.height);
        let room = Settings::room(rows);
        self.list.seen(room);
        let lines = self.lines();
        let is_it = |line: &Line| matches!(line, Line::Row(hit) if *hit == self.list.cursor());
        let at = lines.iter().position(is_it).unwrap_or(0);
        let last = lines.len().saturating_sub(room);
        let top = at.saturating_sub(room / 2).min(last);
        self.top.set(top);
        let extent = Extent {
            whole: lines.len(),
            top,
            seen: room,
        };
        let edge = popup::edge(area, 1, room);
        self.bar.draw(buf, edge.unwrap_or_default(), extent, theme);
        for (row, line) in lines.iter().skip(top).take(room).enumerate() {
            let Some(mut ink) = Ink::row(buf, inside, row + 1) else {
                break;
            };
            match line {
                Line::Heading(group) => {
                    let title = self.groups.get(*group).map_or("", |g| g.title.as_str());
                    ink.put(&Clean::line(title), base.patch(theme.style("popup.title")));
                }
                Line::Row(hit) => self.draw_row(&mut ink, *hit, theme),
            }
        }
        if self.hits.is_empty()
            && let Some(mut ink) = Ink::row(buf, inside, 1)
        {
            ink.skip(2).lit(tr!("Nothing matches."), dim);
        }
        if rows > room + 1 {
            self.say(buf, inside, room + 1, theme);
        }
        cursor
    }

    fn draw_row(&self, ink: &mut Ink<'_>, hit: usize, theme: &Theme) {
        let Some(row) = self.row(hit) else { return };
        let mut base = theme.style("popup.text");
        if hit == self.list.cursor() {
            base = base.patch(theme.style("popup.selected"));
            ink.tint(base);
            ink.lit("▸ ", base);
        } else {
            ink.skip(2);
        }
        let columns = 20.min(ink.left() / 2);
        ink.column(&Clean::line(&row.key), columns, base);
        let holds = match &row.value {
            Some(_) => row.holds(),
            None => lang::of(row.holds()),
        };
        let holds = Clean::line(&one_line(holds));
        let value = match &row.value {
            Some(_) => base.patch(theme.style("popup.key")),
            None => base.patch(theme.style("popup.dim")),
        };
        let wide = ink.left() > 60;
        let columns = if wide {
            30
        } else {
            ink.left().saturating_sub(1)
        };
        ink.skip(1).column(&holds, columns, value);
        if wide {
            let about = Clean::lit(lang::of(row.option.about));
            ink.skip(2)
                .put(&about, base.patch(theme.style("popup.dim")));
        }
    }

    /// What the selected option means, what it can be and where it is set.
    fn say(&self, buf: &mut Buffer, inside: Rect, from: usize, theme: &Theme) {
        let base = theme.style("popup.text");
        let dim = base.patch(theme.style("popup.dim"));
        let Some(row) = self.at_hand() else { return };
        let room = usize::from(inside.width).max(8);
        let said = match &self.error {
            Some(why) => why.as_str(),
            None => lang::of(row.option.about),
        };
        if width::width(said) > room {
            // What it means, or why not, comes before everything else.
            let look = match &self.error {
                Some(_) => base.patch(theme.style("notice.error")),
                None => base,
            };
            for (n, line) in wrap::wrap(said, room).iter().take(SAID).enumerate() {
                if let Some(mut ink) = Ink::row(buf, inside, from + n) {
                    ink.put(&Clean::line(line), look);
                }
            }
            return;
        }
        if let Some(mut ink) = Ink::row(buf, inside, from) {
            match &self.error {
                Some(why) => ink.put(why, base.patch(theme.style("notice.error"))),
                None => ink.put(&Clean::lit(lang::of(row.option.about)), base),
            };
        }
        if let Some(mut ink) = Ink::row(buf, inside, from + 1) {
            let usual = lang::of(row.option.usual.words());
            let kinds = row.option.kind.words();
            let text = tr!("default: {usual}; can be: {kinds}", usual, kinds);
            ink.put(&Clean::line(&text), dim);
        }
        if let Some(mut ink) = Ink::row(buf, inside, from + 2) {
            let place = match row.line {
                Some(line) => tr!("set in config.toml, line {line}", line),
                None => tr!("not set").to_owned(),
            };
            let acts = match row.option.acts {
                Acts::Now => tr!("acts at once"),
                Acts::Anew => tr!("acts when you leave this: everything begins anew in place"),
            };
            ink.put(&Clean::line(&format!("{place}; {acts}")), dim);
        }
    }
}

/// Why this option is not changed here.
fn barred(row: &Row) -> Option<Clean> {
    if row.option.part == Part::Account && row.key == "name" {
        let why = tr!("mail, drafts and the password are kept by this name");
        return Some(Clean::lit(why));
    }
    if !matches!(row.option.kind, Kind::Secret | Kind::Table) {
        return None;
    }
    let why = match row.line {
        Some(line) => tr!(
            "secrets are changed in the file: config.toml, line {line}",
            line
        ),
        None => tr!("secrets are changed in the file: config.toml").to_owned(),
    };
    Some(Clean::line(&why))
}

/// A text of several lines as one.
fn one_line(text: &str) -> String {
    text.split('\n')
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("↵")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::{Step, read};
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;

    const SAMPLE: &str = include_str!("../../../assets/config.sample.toml");

    fn press(settings: &mut Settings, keys: &str) -> Outcome {
        let mut last = Outcome::Stay;
        for name in keys.split_whitespace() {
            last = settings.update(&Key::parse(name).unwrap().event());
        }
        last
    }

    fn ui(key: &str) -> Way {
        vec![Step::Key("ui".to_owned()), Step::Key(key.to_owned())]
    }

    #[test]
    fn space_turns_enter_changes_and_delete_is_the_default() {
        let mut settings = Settings::new(read(SAMPLE));
        assert!(
            matches!(press(&mut settings, "enter"), Outcome::Choose(row) if row.key == "theme")
        );
        let off = Outcome::Set(ui("threads"), Some(Value::Flag(false)));
        assert_eq!(press(&mut settings, "down space"), off);
        assert_eq!(
            press(&mut settings, "delete"),
            Outcome::Set(ui("threads"), None)
        );
        press(&mut settings, "down");
        let three = Value::Text("three".to_owned());
        assert_eq!(
            press(&mut settings, "down space"),
            Outcome::Set(ui("layout"), Some(three))
        );
        assert!(
            matches!(press(&mut settings, "down enter"), Outcome::Type(row) if row.key == "undo-send")
        );
        // What was typed narrows; Esc first takes that back.
        press(&mut settings, "m i r r o r");
        assert_eq!(settings.at_hand().unwrap().key, "mirror-drafts");
        assert_eq!(
            press(&mut settings, "delete"),
            Outcome::Stay,
            "it is the default"
        );
        assert_eq!(press(&mut settings, "esc"), Outcome::Stay);
        assert_eq!(press(&mut settings, "esc"), Outcome::Closed);
    }

    #[test]
    fn secrets_stay_in_the_file() {
        let mut settings = Settings::new(read(SAMPLE));
        settings.paste("password-command");
        for key in ["enter", "space", "delete"] {
            assert_eq!(press(&mut settings, key), Outcome::Stay, "{key}");
            let told = settings.error.clone().unwrap_or_default();
            assert!(told.as_str().contains("changed in the file"), "{key}");
        }
    }

    #[test]
    fn an_account_keeps_its_name() {
        let mut settings = Settings::new(read("[[account]]\nname = \"a\"\n"));
        settings.paste("kept by this name");
        let found = settings.at_hand().map(|row| row.key.as_str());
        assert_eq!(found, Some("name"));
        for key in ["enter", "delete"] {
            assert_eq!(press(&mut settings, key), Outcome::Stay, "{key}");
            assert!(settings.error.is_some(), "{key}");
        }
    }

    #[test]
    fn clicks_select_and_change() {
        let screen = Rect::new(0, 0, 80, 24);
        let mut settings = Settings::new(read(SAMPLE));
        let mut buf = Buffer::empty(screen);
        settings.draw(&mut buf, screen, &Theme::default());
        let row = |y: u16| -> String {
            (0..80)
                .map(|x| buf.cell((x, y)).unwrap().symbol())
                .collect()
        };
        let y = (0..24).find(|y| row(*y).contains("mouse")).unwrap();
        let at = Position::new(20, y);
        assert_eq!(settings.click(screen, at), Outcome::Stay);
        let off = Outcome::Set(ui("mouse"), Some(Value::Flag(false)));
        assert_eq!(settings.click(screen, at), off);
    }

    #[test]
    fn drawn_at_every_size() {
        for (columns, rows) in [(40, 12), (80, 24), (200, 50), (10, 3), (1, 1)] {
            let mut settings = Settings::new(read(SAMPLE));
            press(&mut settings, "down down");
            let drawn = shown(columns, rows, |buf, area| {
                settings.draw(buf, area, &Theme::default())
            });
            insta::assert_snapshot!(format!("settings_{columns}x{rows}"), drawn);
        }
    }
}
