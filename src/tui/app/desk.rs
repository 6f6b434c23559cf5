//! The messages being written: several may be open, one is in front, and it covers the panes,
//! stands beside them, or is put aside while one reads on.

use crate::lang::tr;
use crate::model::{Account, Draft, DraftId};
use crate::text::{Clean, width};
use crate::tui::app::compose::{Turn, Writing, first_question};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::keymap::Keymap;
use crate::tui::screen::composer::Habits;
use crate::tui::screen::paint::begin;
use crate::tui::screen::picker::Item;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::fill;
use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::time::Instant;

/// The narrowest that the panes may be beside a message, with the rule between.
const PANES: u16 = 51;
/// The narrowest that a message may be beside the panes.
const NARROWEST: u16 = 60;
/// The widest that a message is made beside the panes.
const WIDEST: u16 = 102;
/// With fewer rows, a number in the title stands for the line of tabs.
const TABBED: u16 = 16;
/// Columns of a tab's name.
const TAB: usize = 24;

/// Where the message in front stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Standing {
    /// Not on the screen.
    #[default]
    Aside,
    /// Beside the panes, which have the keys.
    Seen,
    /// On the screen, with the keys.
    Front,
}

/// Every message that is being written.
#[derive(Debug, Default)]
pub struct Desk {
    open: Vec<Writing>,
    front: usize,
    standing: Standing,
    /// Whether the user wants it beside the panes.
    beside: bool,
    /// Whether there is one pane, and nothing beside it.
    linear: bool,
    serials: u64,
    habits: Habits,
}

impl Desk {
    /// The narrowest terminal in which a message stands beside the panes.
    pub const BESIDE: u16 = PANES + NARROWEST;

    /// A desk for somebody with these habits.
    pub fn new(habits: Habits) -> Desk {
        Desk {
            habits,
            ..Desk::default()
        }
    }

    /// Whether messages begun from now on are edited by the keys of vi.
    pub fn set_vi(&mut self, vi: bool) {
        self.habits.vi = vi;
    }

    /// Whether a message has the whole screen whatever the user chose, because there is one pane.
    pub fn set_linear(&mut self, linear: bool) {
        self.linear = linear;
    }

    /// Opens a draft and gives it the keys; one that is open already is only brought to the front.
    pub fn write(&mut self, draft: Draft, accounts: &[Account], fx: &mut Vec<Effect>) {
        self.standing = Standing::Front;
        let there = draft.id.is_some();
        let same = |w: &Writing| there && w.composer.id() == draft.id;
        if let Some(at) = self.open.iter().position(same) {
            self.front = at;
            return;
        }
        let mut writing = Writing::open(draft, accounts, self.serial(), fx);
        writing.composer.take_habits(&self.habits);
        self.open.push(writing);
        self.front = self.open.len().saturating_sub(1);
        self.number();
    }

    fn serial(&mut self) -> u64 {
        self.serials += 1;
        self.serials
    }

    /// From where somebody else who asks for people counts his questions: no message's answers are
    /// taken for his.
    pub fn questions(&mut self) -> u64 {
        first_question(self.serial())
    }

    /// Opens a draft without showing it.
    pub fn keep(&mut self, draft: Draft, accounts: &[Account], fx: &mut Vec<Effect>) {
        let (front, standing) = (self.front, self.standing);
        self.write(draft, accounts, fx);
        self.standing = standing;
        if standing != Standing::Aside {
            self.front = front;
        }
    }

    /// What the message is called that was opened last.
    pub fn last_name(&self) -> Clean {
        let last = self.open.iter().max_by_key(|w| w.serial());
        last.map_or_else(Clean::default, |w| w.composer.name())
    }

    /// The message that this draft is being written as.
    pub fn holding(&self, id: DraftId) -> Option<&Writing> {
        self.open.iter().find(|w| w.composer.id() == Some(id))
    }

    /// Whether keys go to the message in front.
    pub fn has_keys(&self) -> bool {
        self.standing == Standing::Front && !self.open.is_empty()
    }

    /// The message in front, wherever it stands.
    pub fn front(&mut self) -> Option<&mut Writing> {
        self.open.get_mut(self.front)
    }

    /// Columns that the message in front takes from the panes of so wide a terminal: none if it
    /// is aside or covers them.
    pub fn columns(&self, cols: u16) -> u16 {
        let room = cols.saturating_sub(PANES);
        if self.open.is_empty()
            || self.standing == Standing::Aside
            || !self.beside
            || self.linear
            || room < NARROWEST
        {
            return 0;
        }
        (cols / 2).clamp(NARROWEST, WIDEST).min(room)
    }

    /// Does what is asked of the desk rather than of one message; `false` if it is neither.
    pub fn command(&mut self, command: Command, cols: u16) -> bool {
        match command {
            Command::PutAside => self.put_aside(cols),
            Command::Writing => {
                if !self.open.is_empty() {
                    self.standing = Standing::Front;
                }
            }
            Command::NextWriting => self.turn(1),
            Command::PreviousWriting => self.turn(self.open.len().saturating_sub(1)),
            Command::Beside => {
                self.beside = !self.beside;
                // Beside where there is no room for it would look like nothing happened.
                if self.standing == Standing::Seen && self.columns(cols) == 0 {
                    self.standing = Standing::Front;
                }
            }
            _ => return false,
        }
        true
    }

    fn put_aside(&mut self, cols: u16) {
        self.standing = match self.standing {
            Standing::Front if self.columns(cols) > 0 => Standing::Seen,
            _ => Standing::Aside,
        };
    }

    fn turn(&mut self, by: usize) {
        if let Some(at) = (self.front + by).checked_rem(self.open.len()) {
            self.front = at;
            self.standing = Standing::Front;
        }
    }

    /// Brings the message with this serial to the front.
    pub fn bring(&mut self, serial: u64) {
        if let Some(at) = self.open.iter().position(|w| w.serial() == serial) {
            self.front = at;
            self.standing = Standing::Front;
        }
    }

    /// The terminal changed: what stood beside the panes and no longer can covers nothing.
    pub fn settle(&mut self, cols: u16) {
        if self.open.is_empty() || (self.standing == Standing::Seen && self.columns(cols) == 0) {
            self.standing = Standing::Aside;
        }
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// One line for each, for choosing among them.
    pub fn items(&self) -> Vec<Item<u64>> {
        let item = |w: &Writing| Item {
            label: w.composer.name(),
            detail: w.composer.to_whom(),
            aside: Clean::lit(if w.composer.unsaved() {
                tr!("not saved")
            } else {
                ""
            }),
            value: w.serial(),
        };
        self.open.iter().map(item).collect()
    }

    /// What the status line says of messages that are not on the screen.
    pub fn note(&self) -> Clean {
        let Some(front) = self.open.get(self.front) else {
            return Clean::default();
        };
        if self.standing != Standing::Aside {
            return Clean::default();
        }
        let name = width::cut(front.composer.name().as_str(), TAB);
        match self.open.len() {
            1 => Clean::line(&format!("✎ {name}")),
            n => Clean::line(&format!("✎ {name} +{}", n - 1)),
        }
    }

    /// Takes a key for the message in front.
    pub fn key(&mut self, key: &KeyEvent, map: &Keymap, now: Now, fx: &mut Vec<Effect>) -> Turn {
        self.run(self.front, |w| w.key(key, map, now, fx))
    }

    /// Takes pasted text for the message in front.
    pub fn paste(&mut self, text: &str, now: Now, fx: &mut Vec<Effect>) -> Turn {
        self.run(self.front, |w| w.paste(text, now, fx))
    }

    /// Runs a composer's command on the message in front.
    pub fn order(&mut self, command: Command, now: Now, fx: &mut Vec<Effect>) -> Turn {
        self.run(self.front, |w| w.command(command, now, fx))
    }

    /// Something came for the message with this serial. Nothing happens if it is gone.
    pub fn answer(&mut self, serial: u64, take: impl FnOnce(&mut Writing) -> Turn) -> Turn {
        match self.open.iter().position(|w| w.serial() == serial) {
            Some(at) => self.run(at, take),
            None => Turn::default(),
        }
    }

    /// Whether a command is being typed in the message in front.
    pub fn has_colon(&self) -> bool {
        let front = self.open.get(self.front).filter(|_| self.has_keys());
        front.is_some_and(|w| w.composer.has_colon())
    }

    /// Whether something can still be attached to the message with this serial.
    pub fn may_take(&self, serial: u64) -> bool {
        let mut open = self.open.iter().filter(|w| w.serial() == serial);
        open.any(|w| !w.composer.is_sending())
    }

    /// Whether the message with this serial is still there.
    pub fn knows(&self, serial: u64) -> bool {
        self.open.iter().any(|w| w.serial() == serial)
    }

    /// Time has passed for all of them.
    pub fn tick(&mut self, now: Now, fx: &mut Vec<Effect>) {
        for at in (0..self.open.len()).rev() {
            self.run(at, |w| w.tick(now, fx));
        }
    }

    /// When [`Desk::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.open.iter().filter_map(Writing::deadline).min()
    }

    /// The program ends: what is not saved yet is saved now.
    pub fn last_words(&self, fx: &mut Vec<Effect>) {
        self.open.iter().for_each(|w| w.last_words(fx));
    }

    fn run(&mut self, at: usize, take: impl FnOnce(&mut Writing) -> Turn) -> Turn {
        let turn = self.open.get_mut(at).map(take).unwrap_or_default();
        if turn.close && at < self.open.len() {
            self.open.remove(at);
            if at == self.front {
                self.standing = Standing::Aside;
            }
            if at < self.front || self.front >= self.open.len() {
                self.front = self.front.saturating_sub(1);
            }
            self.number();
        }
        turn
    }

    fn number(&mut self) {
        let many = self.open.len();
        for (n, writing) in self.open.iter_mut().enumerate() {
            writing
                .composer
                .set_number((many > 1).then_some((n + 1, many)));
        }
    }

    /// Whether a message stands over or beside the panes.
    pub fn is_shown(&self, size: (u16, u16)) -> bool {
        self.area(size).is_some()
    }

    /// Where the message in front stands on a terminal of this size.
    fn area(&self, size: (u16, u16)) -> Option<Rect> {
        let (cols, rows) = size;
        if self.standing == Standing::Aside || self.open.is_empty() {
            return None;
        }
        let wide = match self.columns(cols) {
            0 if self.standing == Standing::Seen => return None,
            0 => cols,
            wide => wide,
        };
        Some(Rect::new(cols - wide, 0, wide, rows.saturating_sub(2)))
    }

    /// Takes the mouse, if it is over the message in front; says whether it was.
    pub fn mouse(&mut self, mouse: MouseEvent, size: (u16, u16)) -> bool {
        let at = Position::new(mouse.column, mouse.row);
        let over = self.area(size).is_some_and(|a| a.contains(at));
        let click = matches!(mouse.kind, MouseEventKind::Down(_));
        if over {
            if click {
                self.standing = Standing::Front;
            }
            if let Some(writing) = self.front() {
                writing.mouse(mouse);
            }
        } else if click && self.columns(size.0) > 0 {
            self.standing = Standing::Seen;
        }
        over || self.has_keys()
    }

    /// Draws the message in front; says where the cursor stands.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        size: (u16, u16),
        wall: i64,
        theme: &Theme,
    ) -> Option<Position> {
        let mut area = self.area(size)?;
        if area.x > 0 {
            let style = theme.style("screen.rule");
            let rule = Rect {
                x: area.x - 1,
                width: 1,
                ..area
            };
            for n in 0..usize::from(rule.height) {
                if let Some(mut row) = begin(buf, rule, n, style) {
                    row.lit("│", style);
                }
            }
        }
        if self.open.len() > 1 && area.height >= TABBED {
            self.draw_tabs(buf, area, theme);
            area.y += 1;
            area.height -= 1;
        }
        let writing = self.open.get(self.front)?;
        let cursor = writing.composer.draw(buf, area, wall, theme);
        cursor.filter(|_| self.has_keys())
    }

    fn draw_tabs(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let plain = theme.style("title");
        fill(buf, Rect { height: 1, ..area }, plain);
        let Some(mut row) = begin(buf, area, 0, plain) else {
            return;
        };
        // The one in front is seen however many there are.
        let fits = (usize::from(area.width) / (TAB + 3)).max(1);
        let first = self.front.saturating_sub(fits.saturating_sub(1));
        for (n, writing) in self.open.iter().enumerate().skip(first) {
            let look = if n == self.front {
                theme.style("title.focused")
            } else {
                plain
            };
            let name = width::cut(writing.composer.name().as_str(), TAB);
            let mark = if writing.composer.unsaved() {
                "•"
            } else {
                " "
            };
            row.lit(mark, look)
                .put(&Clean::line(&name), look)
                .lit(" │", plain);
        }
    }
}
