//! The keys of vi for the editor: counts, motions, operators, visual mode, and `.`.

use super::edit::{Editor, Motion};
use super::text::Place;
use super::vi_ways::{self, Asked, Find, Operator, Way, lines};
use crate::tui::widget::line_edit::Edit;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// No count goes beyond this.
const MOST: usize = 10_000;
/// Keys of one change that `.` can repeat.
const LONGEST: usize = 10_000;

/// What keys mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Letters are text.
    #[default]
    Insert,
    /// Letters are commands.
    Normal,
    /// Motions stretch a selection.
    Visual {
        /// Of whole lines.
        lines: bool,
    },
}

/// What the next key belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaited {
    #[default]
    Command,
    /// After `g`.
    Second,
    /// After `r`.
    Replacement,
    /// After `z`.
    Third,
    /// After `f`, `F`, `t` or `T`.
    Target(Find),
}

/// What keys ask of whoever has the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Words in the place of the one at the cursor (`z=`).
    Suggest,
    /// The word at the cursor is right (`zg`).
    Learn,
    /// What was yanked can go to the clipboard.
    Yanked,
    /// A command by name (`:`).
    Colon,
}

/// The state of the keys.
#[derive(Clone, Debug, Default)]
pub struct Vi {
    mode: Mode,
    count: Option<usize>,
    operator: Option<(Operator, usize)>,
    awaited: Awaited,
    found: Option<(Find, char)>,
    /// Whether what was cut last are whole lines.
    lines_kept: bool,
    /// The keys of the command under way, and of the last one that changed something.
    keys: Vec<KeyEvent>,
    last: Vec<KeyEvent>,
    changing: bool,
    repeating: bool,
    wish: Option<Wish>,
}

impl Vi {
    /// In which mode it is.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether Escape would end something here rather than leave the editor.
    pub fn is_busy(&self) -> bool {
        self.mode != Mode::Normal
            || self.count.is_some()
            || self.operator.is_some()
            || self.awaited != Awaited::Command
    }

    /// What the last key asked for, once.
    pub fn take_wish(&mut self) -> Option<Wish> {
        self.wish.take()
    }

    /// Takes a key; `None` if it means here what it means without vi.
    pub fn key(&mut self, editor: &mut Editor, key: &KeyEvent) -> Option<Edit> {
        let had = self.keys.len();
        if !self.repeating && had < LONGEST {
            self.keys.push(*key);
        }
        let edit = match self.mode {
            Mode::Insert => return self.insert(editor, key),
            Mode::Normal | Mode::Visual { .. } => self.command(editor, key),
        };
        self.changing |= edit == Some(Edit::Changed);
        if self.mode == Mode::Normal && !self.is_busy() {
            self.settle();
        }
        edit
    }

    /// A command has ended.
    fn settle(&mut self) {
        let keys = std::mem::take(&mut self.keys);
        if std::mem::take(&mut self.changing) && !self.repeating {
            self.last = keys;
        }
    }

    fn insert(&mut self, editor: &mut Editor, key: &KeyEvent) -> Option<Edit> {
        if key.code != KeyCode::Esc {
            self.changing = true;
            return None;
        }
        self.mode = Mode::Normal;
        if editor.cursor().at > 0 {
            editor.go(Motion::Left, false);
        }
        self.settle();
        Some(Edit::Moved)
    }

    fn reset(&mut self) {
        self.count = None;
        self.operator = None;
        self.awaited = Awaited::Command;
    }

    fn command(&mut self, editor: &mut Editor, key: &KeyEvent) -> Option<Edit> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let c = match key.code {
            KeyCode::Esc if self.is_busy() => {
                self.reset();
                self.mode = Mode::Normal;
                editor.select(false);
                return Some(Edit::Moved);
            }
            KeyCode::Char('r') if ctrl => return Some(Edit::of(editor.redo())),
            KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => c,
            KeyCode::Enter => 'j',
            KeyCode::Backspace => 'h',
            _ => return None,
        };
        match std::mem::take(&mut self.awaited) {
            Awaited::Second => {
                let to = (c == 'g').then(|| Place {
                    line: self.times().saturating_sub(1),
                    at: 0,
                });
                return Some(self.act(editor, to.map(|to| lines(editor.text().clamp(to)))));
            }
            Awaited::Third => {
                self.reset();
                self.wish = match c {
                    '=' => Some(Wish::Suggest),
                    'g' => Some(Wish::Learn),
                    _ => None,
                };
                return Some(Edit::Moved);
            }
            Awaited::Replacement => return Some(self.replace_one(editor, c)),
            Awaited::Target(find) => {
                self.found = Some((find, c));
                let way = vi_ways::find(editor, find, c, self.times());
                return Some(self.act(editor, way));
            }
            Awaited::Command => {}
        }
        if c.is_ascii_digit() && (c != '0' || self.count.is_some()) {
            let digit = usize::try_from(c.to_digit(10).unwrap_or(0)).unwrap_or(0);
            self.count = Some((self.count.unwrap_or(0) * 10 + digit).min(MOST));
            return Some(Edit::Moved);
        }
        if c == ':' && self.operator.is_none() && self.mode == Mode::Normal {
            self.reset();
            self.wish = Some(Wish::Colon);
            return Some(Edit::Moved);
        }
        if let ('j' | 'k', None) = (c, self.operator) {
            return Some(self.rows(editor, if c == 'j' { Motion::Down } else { Motion::Up }));
        }
        let asked = Asked {
            times: self.times(),
            count: self.count,
            operator: self.operator.map(|(o, _)| o),
            found: self.found,
        };
        if let Some(way) = vi_ways::motion(editor, c, &asked) {
            return Some(self.act(editor, way));
        }
        Some(self.verb(editor, c))
    }

    fn times(&self) -> usize {
        let of_operator = self.operator.map_or(1, |(_, n)| n);
        (self.count.unwrap_or(1) * of_operator).clamp(1, MOST)
    }

    /// Goes by rows of the screen, in the column where that began.
    fn rows(&mut self, editor: &mut Editor, motion: Motion) -> Edit {
        let stretching = matches!(self.mode, Mode::Visual { .. });
        for _ in 0..self.times() {
            editor.go(motion, stretching);
        }
        self.count = None;
        Edit::Moved
    }

    /// Goes a way, or does to it what the operator says.
    fn act(&mut self, editor: &mut Editor, way: Option<Way>) -> Edit {
        let operator = self.operator.take();
        self.count = None;
        let Some(way) = way else {
            return Edit::Moved;
        };
        let Some((operator, _)) = operator else {
            match self.mode {
                Mode::Visual { .. } => editor.stretch(way.to),
                _ => editor.jump(way.to),
            }
            return Edit::Moved;
        };
        let (from, mut to) = (editor.cursor().min(way.to), editor.cursor().max(way.to));
        if way.inclusive {
            to = editor
                .text()
                .forth(to)
                .filter(|p| p.line == to.line)
                .unwrap_or(to);
        }
        self.operate(editor, operator, from, to, way.lines)
    }

    fn operate(
        &mut self,
        editor: &mut Editor,
        operator: Operator,
        from: Place,
        to: Place,
        whole: bool,
    ) -> Edit {
        self.lines_kept = whole;
        let (from, to) = match whole {
            true => (Place { at: 0, ..from }, editor.text().line_end(to.line)),
            false => (from, to),
        };
        match operator {
            Operator::Yank => {
                editor.keep(editor.text().between(from, to));
                self.wish = Some(Wish::Yanked);
                editor.jump(from);
                Edit::Moved
            }
            Operator::Change => {
                let edit = Edit::of(editor.cut(from, to));
                self.mode = Mode::Insert;
                self.changing = true;
                edit
            }
            Operator::Delete if whole => {
                let kept = editor.text().between(from, to);
                // With its line end, or the one before it if it is the last.
                let (from, to) = match editor.text().forth(to) {
                    Some(next) => (from, next),
                    None => (editor.text().back(from).unwrap_or(from), to),
                };
                let edit = Edit::of(editor.replace(from, to, ""));
                editor.keep(kept);
                editor.go(Motion::Indent, false);
                edit
            }
            Operator::Delete => Edit::of(editor.cut(from, to)),
        }
    }

    fn verb(&mut self, editor: &mut Editor, c: char) -> Edit {
        let visual = matches!(self.mode, Mode::Visual { .. });
        let operator = match c {
            'd' => Some(Operator::Delete),
            'c' => Some(Operator::Change),
            'y' => Some(Operator::Yank),
            'x' | 's' if visual => Some(if c == 'x' {
                Operator::Delete
            } else {
                Operator::Change
            }),
            _ => None,
        };
        if let Some(operator) = operator {
            return match (visual, self.operator) {
                (true, _) => self.on_selection(editor, operator),
                (false, Some((before, n))) if before == operator => {
                    let here = editor.cursor();
                    let line = here.line + (n * self.count.unwrap_or(1)).clamp(1, MOST) - 1;
                    let to = editor.text().clamp(Place { line, at: 0 });
                    self.reset();
                    self.operate(editor, operator, here, to, true)
                }
                (false, Some(_)) => {
                    self.reset();
                    Edit::Moved
                }
                (false, None) => {
                    self.operator = Some((operator, self.count.take().unwrap_or(1)));
                    Edit::Moved
                }
            };
        }
        let times = self.times();
        let edit = self.short(editor, c, times);
        if self.awaited == Awaited::Command {
            self.reset();
        }
        edit
    }

    fn on_selection(&mut self, editor: &mut Editor, operator: Operator) -> Edit {
        let whole = self.mode == Mode::Visual { lines: true };
        let here = editor.cursor();
        let (from, to) = editor.selection().unwrap_or((here, here));
        // The grapheme under the cursor is selected too.
        let to = match whole {
            true => to,
            false => editor
                .text()
                .forth(to)
                .filter(|p| p.line == to.line)
                .unwrap_or(to),
        };
        self.reset();
        self.mode = Mode::Normal;
        editor.select(false);
        self.operate(editor, operator, from, to, whole)
    }

    /// Commands of one key.
    fn short(&mut self, editor: &mut Editor, c: char, times: usize) -> Edit {
        let here = editor.cursor();
        let end = editor.text().line_end(here.line);
        let ahead = {
            let mut to = here;
            for _ in 0..times {
                to = editor
                    .text()
                    .forth(to)
                    .filter(|p| p.line == here.line)
                    .unwrap_or(to);
            }
            to
        };
        match c {
            'g' => self.awaited = Awaited::Second,
            'z' => self.awaited = Awaited::Third,
            'r' => self.awaited = Awaited::Replacement,
            'f' | 'F' | 't' | 'T' => {
                self.awaited = Awaited::Target(Find {
                    forward: c.is_lowercase(),
                    till: c.eq_ignore_ascii_case(&'t'),
                });
            }
            'v' | 'V' => {
                let wanted = Mode::Visual { lines: c == 'V' };
                let off = self.mode == wanted;
                self.mode = if off { Mode::Normal } else { wanted };
                editor.select(!off);
            }
            'i' => self.mode = Mode::Insert,
            'I' => return self.insert_at(editor, editor.target(Motion::Indent)),
            'a' => {
                let to = editor.text().forth(here).filter(|p| p.line == here.line);
                return self.insert_at(editor, to.unwrap_or(here));
            }
            'A' => return self.insert_at(editor, end),
            'o' => {
                editor.jump(end);
                editor.insert("\n");
                self.mode = Mode::Insert;
                return Edit::Changed;
            }
            'O' => {
                editor.jump(Place { at: 0, ..here });
                editor.insert("\n");
                editor.go(Motion::Left, false);
                self.mode = Mode::Insert;
                return Edit::Changed;
            }
            'x' => return self.operate(editor, Operator::Delete, here, ahead, false),
            'X' => {
                let to = editor.text().back(here).filter(|p| p.line == here.line);
                return self.operate(editor, Operator::Delete, to.unwrap_or(here), here, false);
            }
            's' => return self.operate(editor, Operator::Change, here, ahead, false),
            'S' => return self.operate(editor, Operator::Change, here, here, true),
            'D' => return self.operate(editor, Operator::Delete, here, end, false),
            'C' => return self.operate(editor, Operator::Change, here, end, false),
            'Y' => return self.operate(editor, Operator::Yank, here, here, true),
            'J' => return join(editor),
            '~' => return swap_case(editor, here, ahead),
            'p' | 'P' => return self.put(editor, c == 'p', times),
            'u' => {
                let mut any = false;
                for _ in 0..times {
                    any |= editor.undo();
                }
                return Edit::of(any);
            }
            '.' => return self.again(editor, times),
            _ => return Edit::Ignored,
        }
        Edit::Moved
    }

    fn insert_at(&mut self, editor: &mut Editor, place: Place) -> Edit {
        editor.jump(place);
        self.mode = Mode::Insert;
        Edit::Moved
    }

    fn replace_one(&mut self, editor: &mut Editor, c: char) -> Edit {
        self.reset();
        let here = editor.cursor();
        match editor.text().forth(here).filter(|p| p.line == here.line) {
            Some(next) => {
                editor.replace(here, next, c.encode_utf8(&mut [0; 4]));
                editor.jump(here);
                Edit::Changed
            }
            None => Edit::Moved,
        }
    }

    fn put(&mut self, editor: &mut Editor, after: bool, times: usize) -> Edit {
        let kept = editor.kept().to_owned();
        if kept.is_empty() || kept.len().saturating_mul(times) > LONGEST * MOST {
            return Edit::Moved;
        }
        let here = editor.cursor();
        if self.lines_kept {
            let all = vec![kept.as_str(); times].join("\n");
            let at = match after {
                true => editor.text().line_end(here.line),
                false => Place { at: 0, ..here },
            };
            let text = match after {
                true => format!("\n{all}"),
                false => format!("{all}\n"),
            };
            editor.replace(at, at, &text);
            let line = here.line + usize::from(after);
            editor.jump(Place { line, at: 0 });
            return Edit::Changed;
        }
        let next = editor.text().forth(here).filter(|p| p.line == here.line);
        let at = if after { next.unwrap_or(here) } else { here };
        editor.replace(at, at, &kept.repeat(times));
        Edit::Changed
    }

    /// Does the last change once more.
    fn again(&mut self, editor: &mut Editor, times: usize) -> Edit {
        if self.repeating {
            return Edit::Moved;
        }
        self.reset();
        self.repeating = true;
        let keys = self.last.clone();
        let mut any = false;
        for _ in 0..times.min(100) {
            for key in &keys {
                match self.key(editor, key) {
                    Some(edit) => any |= edit == Edit::Changed,
                    None => any |= typed(editor, key),
                }
            }
        }
        self.mode = Mode::Normal;
        self.repeating = false;
        self.keys.clear();
        self.changing = false;
        Edit::of(any)
    }
}

/// What a key in insert mode did when it was recorded, as far as `.` repeats it.
pub(super) fn typed(editor: &mut Editor, key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
            editor.insert(c.encode_utf8(&mut [0; 4]))
        }
        KeyCode::Enter => editor.insert("\n"),
        KeyCode::Backspace => editor.erase(Motion::Left),
        KeyCode::Delete => editor.erase(Motion::Right),
        _ => false,
    }
}

fn join(editor: &mut Editor) -> Edit {
    let end = editor.text().line_end(editor.cursor().line);
    let Some(next) = editor.text().forth(end) else {
        return Edit::Moved;
    };
    let line = editor.text().line(next.line);
    let at = line.len() - line.trim_start().len();
    let space = match at == line.len() || editor.text().line(end.line).ends_with(' ') {
        true => "",
        false => " ",
    };
    editor.replace(end, Place { at, ..next }, space);
    editor.jump(end);
    Edit::Changed
}

fn swap_case(editor: &mut Editor, from: Place, to: Place) -> Edit {
    let swapped: String = editor
        .text()
        .between(from, to)
        .chars()
        .flat_map(|c| match c.is_uppercase() {
            true => c.to_lowercase().collect::<Vec<_>>(),
            false => c.to_uppercase().collect(),
        })
        .collect();
    Edit::of(editor.replace(from, to, &swapped))
}
