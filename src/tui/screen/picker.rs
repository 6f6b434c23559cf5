//! A list over the panes to choose one thing from by a few of its letters: a mailbox, an account,
//! a link, a file.

use crate::lang::tr;
use crate::text::{Clean, width};
use crate::tui::theme::Theme;
use crate::tui::widget::fuzzy::{self, Hit};
use crate::tui::widget::ink::Ink;
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crate::tui::widget::list::List;
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

/// The widest that a picker gets, in columns.
const WIDEST: u16 = 84;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<T> {
    /// What it is called.
    pub label: Clean,
    /// More about it; is searched too.
    pub detail: Clean,
    /// Shown at the right: its key, its count.
    pub aside: Clean,
    /// What choosing it means.
    pub value: T,
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It stays open.
    Stay,
    /// This was chosen; it closes.
    Picked(T),
    /// It closes without a choice.
    Closed,
}

/// The list and what was typed to narrow it.
#[derive(Clone, Debug)]
pub struct Picker<T> {
    title: Clean,
    items: Vec<Item<T>>,
    texts: Vec<String>,
    input: LineEdit,
    hits: Vec<Hit>,
    list: List,
    /// What was selected is not among the items any more: nothing is, until one chooses.
    lost: bool,
}

impl<T: Clone> Picker<T> {
    /// A picker with its first item selected.
    pub fn new(title: Clean, items: Vec<Item<T>>) -> Picker<T> {
        let texts = items
            .iter()
            .map(|i| format!("{} {}", i.label, i.detail))
            .collect();
        let mut picker = Picker {
            title,
            items,
            texts,
            input: LineEdit::default(),
            hits: Vec::new(),
            list: List::default(),
            lost: false,
        };
        picker.narrow();
        picker
    }

    /// The same list, in which choosing means something else.
    pub fn map<U: Clone>(self, mean: impl Fn(T) -> U) -> Picker<U> {
        let items = self.items.into_iter().map(|item| Item {
            label: item.label,
            detail: item.detail,
            aside: item.aside,
            value: mean(item.value),
        });
        Picker::new(self.title, items.collect())
    }

    /// Other items in place of these; what was typed stays, and so does what was selected, wherever
    /// it stands now (`same`). If it is gone, nothing is selected until one chooses again.
    pub fn refill(&mut self, items: Vec<Item<T>>, same: impl Fn(&T, &T) -> bool) {
        let line = self.list.cursor();
        let was = self.at_hand().cloned();
        let lost = self.lost;
        let input = std::mem::take(&mut self.input);
        *self = Picker::new(self.title.clone(), items);
        self.input = input;
        self.narrow();
        let value = |hit: &Hit| self.items.get(hit.index).map(|item| &item.value);
        let at = was.as_ref().and_then(|was| {
            let mut hits = self.hits.iter();
            hits.position(|hit| value(hit).is_some_and(|now| same(was, now)))
        });
        self.lost = lost || was.is_some() && at.is_none();
        self.list.select(at.unwrap_or(line));
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome<T> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Outcome::Closed,
            KeyCode::Char('c' | 'g') if ctrl => return Outcome::Closed,
            KeyCode::Enter => return self.chosen(),
            _ if std::mem::take(&mut self.lost) && steps(key) => {}
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

    /// Takes a click: outside it closes, on an item that is chosen.
    pub fn click(&mut self, screen: Rect, at: Position) -> Outcome<T> {
        let area = self.area(screen);
        if !area.contains(at) {
            return Outcome::Closed;
        }
        // Below the line that is typed into.
        let first = popup::inside(area).y.saturating_add(1);
        let row = at.y.checked_sub(first).map(usize::from);
        match row.and_then(|r| self.list.hit(r)) {
            Some(line) => {
                self.lost = false;
                self.list.select(line);
                self.chosen()
            }
            None => Outcome::Stay,
        }
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent) -> bool {
        let pulled = self.list.pull(mouse);
        self.lost &= !pulled;
        pulled
    }

    /// Moves the selection (the mouse wheel).
    pub fn scroll(&mut self, by: isize) {
        self.lost = false;
        self.list.step(by);
    }

    /// What would be chosen now.
    pub fn at_hand(&self) -> Option<&T> {
        let at = (!self.lost).then(|| self.list.cursor())?;
        let hit = self.hits.get(at)?;
        self.items.get(hit.index).map(|item| &item.value)
    }

    fn chosen(&self) -> Outcome<T> {
        self.at_hand()
            .map_or(Outcome::Stay, |value| Outcome::Picked(value.clone()))
    }

    fn narrow(&mut self) {
        self.hits = fuzzy::find_near(self.input.text(), self.texts.iter().map(String::as_str));
        self.list = List::new(self.hits.len());
        self.lost = false;
    }

    /// Its size depends on all items, so that it does not jump while one types.
    fn area(&self, screen: Rect) -> Rect {
        let rows = u16::try_from(self.items.len().max(1) + 3).unwrap_or(u16::MAX);
        let most = screen.height.saturating_sub(2).max(5);
        popup::centred(
            screen,
            WIDEST.min(screen.width.max(12)),
            rows.min(most).max(5),
        )
    }

    /// Draws it over the screen and says where the cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        let area = self.area(screen);
        let inside = popup::frame(buf, area, &self.title, theme);
        let base = theme.style("popup.text");
        let dim = base.patch(theme.style("popup.dim"));
        let mut ink = Ink::row(buf, inside, 0)?;
        ink.lit("› ", base.patch(theme.style("popup.key")));
        let field = Rect::new(ink.x(), inside.y, u16::try_from(ink.left()).unwrap_or(0), 1);
        let typed = base.patch(theme.style("input.text"));
        let cursor = self.input.draw(buf, field, typed, None);
        let found = Clean::line(&format!("{}/{}", self.hits.len(), self.items.len()));
        let used = width::width(self.input.text()) + 2;
        if let Some(mut ink) = Ink::row(buf, inside, 0) {
            ink.skip(used).right(&found, dim);
        }
        let rows = usize::from(inside.height.saturating_sub(1));
        for (row, n) in self.list.seen(rows).enumerate() {
            self.draw_item(buf, inside, row + 1, n, theme);
        }
        self.list.draw_bar(buf, popup::edge(area, 1, rows), theme);
        if self.hits.is_empty()
            && let Some(mut ink) = Ink::row(buf, inside, 1)
        {
            ink.skip(2).lit(tr!("Nothing matches."), dim);
        }
        cursor
    }

    fn draw_item(&self, buf: &mut Buffer, area: Rect, row: usize, n: usize, theme: &Theme) {
        let Some(hit) = self.hits.get(n) else { return };
        let Some(item) = self.items.get(hit.index) else {
            return;
        };
        let Some(mut ink) = Ink::row(buf, area, row) else {
            return;
        };
        let mut base = theme.style("popup.text");
        if n == self.list.cursor() && !self.lost {
            base = base.patch(theme.style("popup.selected"));
            ink.tint(base);
            ink.lit("▸ ", base);
        } else {
            ink.skip(2);
        }
        let mark = theme.style("popup.match");
        // What stands at the right keeps its place; the rest is cut.
        let aside = width::width(item.aside.as_str()).min(ink.left() / 2);
        let gap = if aside == 0 { 0 } else { aside + 2 };
        let label = ink.left().saturating_sub(gap);
        let shown = Clean::line(&width::cut(item.label.as_str(), label));
        let length = item.label.as_str().graphemes(true).count();
        ink.marked(&shown, &hit.marks, base, mark);
        let rest = label.saturating_sub(width::width(shown.as_str()));
        if rest > 4 && !item.detail.is_empty() {
            let detail = Clean::line(&width::cut(item.detail.as_str(), rest - 2));
            let marks: Vec<usize> = hit
                .marks
                .iter()
                .filter_map(|m| m.checked_sub(length + 1))
                .collect();
            ink.skip(2);
            ink.marked(&detail, &marks, base.patch(theme.style("popup.dim")), mark);
        }
        let key = base.patch(theme.style("popup.key"));
        ink.skip(ink.left().saturating_sub(aside));
        ink.put(&item.aside, key);
    }
}

/// Whether a key goes to the next line or the one before.
fn steps(key: &KeyEvent) -> bool {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Down | KeyCode::Up | KeyCode::Tab | KeyCode::BackTab => true,
        KeyCode::Char('n' | 'j' | 'p' | 'k') => ctrl,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;

    fn picker() -> Picker<usize> {
        let names = [
            "INBOX",
            "Archive",
            "Lists/rust-dev",
            "日本語/仕事",
            "Trash",
            "A mailbox whose name is much longer than any list on a small screen can show",
        ];
        let items = names.iter().enumerate().map(|(n, name)| Item {
            label: Clean::line(name),
            detail: Clean::lit("work"),
            aside: Clean::line(&format!("{}", n * 7)),
            value: n,
        });
        Picker::new(Clean::lit("Move to"), items.collect())
    }

    fn press(picker: &mut Picker<usize>, keys: &str) -> Outcome<usize> {
        let mut last = Outcome::Stay;
        for name in keys.split_whitespace() {
            last = picker.update(&Key::parse(name).unwrap().event());
        }
        last
    }

    #[test]
    fn typing_narrows_and_enter_chooses() {
        assert_eq!(press(&mut picker(), "enter"), Outcome::Picked(0));
        assert_eq!(press(&mut picker(), "down down enter"), Outcome::Picked(2));
        assert_eq!(press(&mut picker(), "r u s t enter"), Outcome::Picked(2));
        assert_eq!(press(&mut picker(), "up enter"), Outcome::Picked(5));
        assert_eq!(press(&mut picker(), "z z z enter"), Outcome::Stay);
        assert_eq!(press(&mut picker(), "a esc"), Outcome::Closed);
        let mut pasted = picker();
        pasted.paste("trash\n");
        assert_eq!(press(&mut pasted, "enter"), Outcome::Picked(4));
    }

    #[test]
    fn what_is_selected_stays_selected_wherever_it_stands() {
        let items = |names: &[usize]| {
            let item = |n: &usize| Item {
                label: Clean::line(&format!("job {n}")),
                detail: Clean::default(),
                aside: Clean::default(),
                value: *n,
            };
            names.iter().map(item).collect::<Vec<_>>()
        };
        let mut picker = Picker::new(Clean::lit("Jobs"), items(&[1, 2, 3]));
        press(&mut picker, "down");
        let same = |a: &usize, b: &usize| a == b;
        picker.refill(items(&[2, 3]), same);
        assert_eq!(press(&mut picker, "enter"), Outcome::Picked(2));
        picker.refill(items(&[3, 4]), same);
        assert_eq!(press(&mut picker, "enter"), Outcome::Stay, "it is gone");
        picker.refill(items(&[3, 4, 5]), same);
        assert_eq!(press(&mut picker, "enter"), Outcome::Stay, "still");
        assert_eq!(press(&mut picker, "down enter"), Outcome::Picked(3));
        picker.refill(items(&[4]), same);
        picker.refill(items(&[4, 3]), same);
        assert_eq!(press(&mut picker, "enter"), Outcome::Stay);
    }

    #[test]
    fn clicks_choose_what_is_seen() {
        let screen = Rect::new(0, 0, 40, 12);
        let mut picker = picker();
        let mut buf = Buffer::empty(screen);
        picker.draw(&mut buf, screen, &Theme::default());
        let archive = (0..12).find(|y| {
            (0..40)
                .map(|x| buf.cell((x, *y)).unwrap().symbol())
                .collect::<String>()
                .contains("Archive")
        });
        let at = Position::new(8, archive.unwrap());
        assert_eq!(picker.click(screen, at), Outcome::Picked(1));
    }

    #[test]
    fn drawn_at_every_size() {
        for (columns, rows) in [(40, 12), (80, 24), (200, 50), (10, 3), (1, 1)] {
            let mut picker = picker();
            press(&mut picker, "r down");
            let drawn = shown(columns, rows, |buf, area| {
                picker.draw(buf, area, &Theme::default())
            });
            insta::assert_snapshot!(format!("picker_{columns}x{rows}"), drawn);
        }
    }
}
