//! The help: every key that holds here, made from the command table and the keys as they are now,
//! narrowed by what is typed behind `/`.
//! The tests hold the README's table against the same.

use crate::lang::{self, tr};
use crate::text::{Clean, width, wrap};
use crate::tui::command::{Context, Info, Section, TABLE};
use crate::tui::keymap::Keymap;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crate::tui::widget::popup;
use crate::tui::widget::scroll::Scroll;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Columns for the keys.
const KEYS: usize = 18;

#[derive(Clone, Debug)]
enum Line {
    Heading(Clean),
    Row {
        keys: Clean,
        about: Clean,
        name: Clean,
    },
    /// Keys whose sentence stands below them.
    Keys(Clean),
    Below(Clean),
    Empty,
}

/// With fewer columns a sentence stands below its keys.
const NARROW: usize = 60;
/// Columns before a sentence there.
const INDENT: usize = 2;
/// Columns of the frame.
const FRAME: usize = 4;

/// What a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It closes.
    Closed,
}

/// The help of one context.
#[derive(Clone, Debug)]
pub struct Help {
    lines: Vec<Line>,
    /// What is looked for.
    finding: Option<LineEdit>,
    at: Scroll,
}

impl Help {
    /// The help where this context has the keys.
    pub fn new(context: Context, keymap: &Keymap) -> Help {
        let mut lines = Vec::new();
        for section in Section::ALL {
            let here = |i: &&Info| i.section == section && i.command.fits(context);
            let mut rows = TABLE.iter().filter(here).peekable();
            if rows.peek().is_none() {
                continue;
            }
            if !lines.is_empty() {
                lines.push(Line::Empty);
            }
            lines.push(Line::Heading(Clean::lit(section.title())));
            for info in rows {
                let keys = shortened(keymap.keys_of(context, info.command));
                lines.push(Line::Row {
                    keys: Clean::line(&keys),
                    about: Clean::lit(lang::of(info.about)),
                    name: Clean::line(&format!(":{}", info.name)),
                });
            }
        }
        Help {
            lines,
            finding: None,
            at: Scroll::default(),
        }
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match (key.code, &mut self.finding) {
            (KeyCode::F(1), _) => return Outcome::Closed,
            (KeyCode::Char('c'), _) if ctrl => return Outcome::Closed,
            (KeyCode::Esc, Some(_)) => {
                self.finding = None;
                self.at.to(0);
            }
            (KeyCode::Down | KeyCode::Up | KeyCode::PageDown | KeyCode::PageUp, _) => {
                self.at.update(key);
            }
            (_, Some(line)) => {
                if line.update(key) == Edit::Changed {
                    self.at.to(0);
                }
            }
            (KeyCode::Esc | KeyCode::Char('q' | '?'), None) => return Outcome::Closed,
            (KeyCode::Char('/'), None) => self.finding = Some(LineEdit::default()),
            (_, None) => self.at.update(key),
        }
        Outcome::Stay
    }

    /// Takes pasted text, if something is looked for.
    pub fn paste(&mut self, text: &str) {
        if let Some(line) = &mut self.finding {
            line.paste(text);
            self.at.to(0);
        }
    }

    /// The lines with what is looked for, below their headings. A single sign is a key.
    fn fitting(&self) -> Vec<Line> {
        let typed = self.finding.as_ref().map_or("", LineEdit::text).trim();
        if typed.is_empty() {
            return self.lines.clone();
        }
        let is_key = typed.chars().count() == 1;
        let lower = typed.to_lowercase();
        let fits = |keys: &Clean, about: &Clean, name: &Clean| {
            let text = format!("{keys} {about} {name}").to_lowercase();
            match is_key {
                true => keys.as_str().split("  ").any(|key| key == typed),
                false => lower.split_whitespace().all(|word| text.contains(word)),
            }
        };
        let (mut out, mut heading) = (Vec::new(), None);
        for line in &self.lines {
            match line {
                Line::Heading(_) => heading = Some(line.clone()),
                Line::Row { keys, about, name } if fits(keys, about, name) => {
                    if let Some(heading) = heading.take() {
                        out.extend((!out.is_empty()).then_some(Line::Empty));
                        out.push(heading);
                    }
                    out.push(line.clone());
                }
                _ => {}
            }
        }
        if out.is_empty() {
            out.push(Line::Below(Clean::lit(tr!("No key and no command."))));
        }
        out
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent) -> bool {
        self.at.pull(mouse)
    }

    /// Scrolls by lines.
    pub fn scroll(&mut self, by: isize) {
        self.at.by(by);
    }

    /// Draws it over the screen; says where the cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        let columns = usize::from(screen.width);
        // The frame stays as large as it is while one looks for something.
        let rows = narrow(&self.lines, columns).map_or(self.lines.len(), |lines| lines.len());
        let rows = u16::try_from(rows + 2).unwrap_or(u16::MAX);
        let area = popup::centred(screen, 92, rows);
        let title = match self.finding {
            None => tr!("Keys (q closes, / finds)"),
            Some(_) => tr!("Keys (esc shows all)"),
        };
        let mut inside = popup::frame(buf, area, &Clean::lit(title), theme);
        let all = self.fitting();
        let lines = narrow(&all, columns).unwrap_or(all);
        let from = u16::from(self.finding.is_some());
        let cursor = self.finding.as_ref().and_then(|line| {
            let base = theme.style("popup.text");
            let mut ink = Ink::row(buf, inside, 0)?;
            ink.lit("/", base);
            let area = Rect {
                x: ink.x(),
                width: inside.right().saturating_sub(ink.x()),
                height: 1,
                ..inside
            };
            line.draw(buf, area, base, None)
        });
        inside.y += from;
        inside.height = inside.height.saturating_sub(from);
        let seen = self
            .at
            .seen(lines.len(), usize::from(inside.height), theme.is_linear());
        popup::goes_on(buf, inside, seen.end < lines.len(), theme);
        let edge = popup::edge(area, from, seen.len());
        self.at.draw_bar(buf, edge, theme);
        let base = theme.style("popup.text");
        for (n, line) in lines.iter().take(seen.end).skip(seen.start).enumerate() {
            let Some(mut ink) = Ink::row(buf, inside, n) else {
                break;
            };
            match line {
                Line::Empty => {}
                Line::Keys(text) => {
                    ink.put(text, base.patch(theme.style("popup.key")));
                }
                Line::Below(text) => {
                    ink.skip(INDENT).put(text, base);
                }
                Line::Heading(text) => {
                    ink.put(text, base.patch(theme.style("popup.title")));
                }
                Line::Row { keys, about, name } => {
                    let columns = KEYS.min(ink.left() / 2);
                    ink.column(keys, columns, base.patch(theme.style("popup.key")));
                    ink.skip(1).put(about, base);
                    if ink.left() > width::width(name.as_str()) + 3 {
                        ink.skip(1);
                        ink.right(name, base.patch(theme.style("popup.dim")));
                    }
                }
            }
        }
        cursor
    }
}

/// Where a sentence has no room beside its keys it stands below them; `None`: it has.
fn narrow(lines: &[Line], columns: usize) -> Option<Vec<Line>> {
    if columns >= NARROW {
        return None;
    }
    let room = columns.saturating_sub(FRAME + INDENT).max(10);
    let split = |line: &Line| match line {
        Line::Row { keys, about, name } => {
            let keys = match keys.is_empty() {
                true => name.clone(),
                false => keys.clone(),
            };
            let below = wrap::wrap(about.as_str(), room).into_iter();
            let below = below.map(|text| Line::Below(Clean::line(&text)));
            std::iter::once(Line::Keys(keys)).chain(below).collect()
        }
        line => vec![line.clone()],
    };
    Some(lines.iter().flat_map(split).collect())
}

/// Keys for one cell: `alt-1 … alt-9` instead of all nine.
fn shortened(keys: Vec<String>) -> String {
    match keys.as_slice() {
        [first, _, _, .., last] if keys.len() > 5 => format!("{first} … {last}"),
        _ => keys.join("  "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;
    use std::fmt::Write as _;

    /// The README's table of keys: one row a section, each command with its first keys.
    fn markdown(keymap: &Keymap) -> String {
        let mut out = String::from("| | |\n| --- | --- |\n");
        for section in Section::ALL {
            let rows = TABLE.iter().filter(|i| i.section == section);
            let cells: Vec<String> = rows.map(|info| cell(info, keymap)).collect();
            let _ = writeln!(out, "| {} | {} |", section.title(), cells.join(" · "));
        }
        out
    }

    fn cell(info: &Info, keymap: &Keymap) -> String {
        let words = info.name.replace('-', " ");
        let context = match info.contexts.first() {
            Some(Context::Global) | None => Context::Index,
            Some(context) => *context,
        };
        let keys = keymap.keys_of(context, info.command);
        // A backquote can't stand between backquotes.
        let code = |k: &String| match k.as_str() {
            "`" => "<code>&#96;</code>".to_owned(),
            k => format!("`{}`", k.replace('|', "\\|")),
        };
        match keys.as_slice() {
            [] => words,
            [first, _, _, .., last] if keys.len() > 5 => {
                format!("{} to {} {words}", code(first), code(last))
            }
            keys => {
                let shown: Vec<String> = keys.iter().take(2).map(code).collect();
                format!("{} {words}", shown.join(" "))
            }
        }
    }

    #[test]
    fn every_context_has_its_help() {
        let (keymap, _) = Keymap::load(None);
        for (context, name) in [(Context::Index, "index"), (Context::Composer, "composer")] {
            for (columns, rows) in [(40, 12), (80, 24), (200, 50)] {
                let help = Help::new(context, &keymap);
                let drawn = shown(columns, rows, |buf, area| {
                    help.draw(buf, area, &Theme::default())
                });
                insta::assert_snapshot!(format!("help_{name}_{columns}x{rows}"), drawn);
            }
        }
    }

    #[test]
    fn scrolling_stops_at_the_ends() {
        let (keymap, _) = Keymap::load(None);
        let mut help = Help::new(Context::Index, &keymap);
        for columns in [40, 60] {
            reaches_both_ends(&mut help, columns);
        }
        let key = |name| Key::parse(name).unwrap().event();
        assert_eq!(help.update(&key("q")), Outcome::Closed);
    }

    fn reaches_both_ends(help: &mut Help, columns: u16) {
        let draw = |help: &Help| {
            shown(columns, 12, |buf, area| {
                help.draw(buf, area, &Theme::default())
            })
        };
        let first = draw(help);
        assert!(first.contains("more below"), "{first}");
        let key = |name| Key::parse(name).unwrap().event();
        for name in ["G", "pagedown", "j", "G"] {
            help.update(&key(name));
            draw(help);
        }
        let last = draw(help);
        assert!(last.contains("Close what is open, or end"), "{last}");
        assert!(!last.contains("more below"), "{last}");
        for _ in 0..200 {
            help.update(&key("pageup"));
            draw(help);
        }
        assert_eq!(draw(help), first);
    }

    #[test]
    fn what_is_typed_behind_a_slash_narrows_it() {
        let (keymap, _) = Keymap::load(None);
        let mut help = Help::new(Context::Index, &keymap);
        let draw = |help: &Help, columns| {
            shown(columns, 24, |buf, area| {
                help.draw(buf, area, &Theme::default())
            })
        };
        let press = |help: &mut Help, keys: &str| {
            for name in keys.split(' ') {
                let key = Key::parse(name).unwrap().event();
                assert_eq!(help.update(&key), Outcome::Stay, "{name}");
            }
        };
        let whole = draw(&help, 80);
        press(&mut help, "/ q u i t");
        for columns in [40, 80] {
            let seen = draw(&help, columns);
            assert!(seen.contains("/quit") && seen.contains("ctrl-c"), "{seen}");
            assert!(!seen.contains("Moving"), "{seen}");
        }
        press(&mut help, "ctrl-u M");
        let seen = draw(&help, 80);
        let is_key = seen.contains("Mute the conversation") && !seen.contains("Move the");
        assert!(is_key, "{seen}");
        press(&mut help, "x x");
        assert!(draw(&help, 80).contains("No key and no command."));
        press(&mut help, "esc");
        assert_eq!(draw(&help, 80), whole);
        assert_eq!(
            help.update(&Key::parse("esc").unwrap().event()),
            Outcome::Closed
        );
    }

    #[test]
    fn the_readme_tells_the_keys_as_they_are() {
        const BEGIN: &str = "<!-- keys -->\n";
        const END: &str = "<!-- end of keys -->";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = text.split_once(BEGIN).unwrap();
        let (told, tail) = rest.split_once(END).unwrap();
        let (keymap, _) = Keymap::load(None);
        let made = markdown(&keymap);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, format!("{head}{BEGIN}{made}{END}{tail}")).unwrap();
        } else {
            assert_eq!(
                told, made,
                "run `UPDATE_GOLDEN=1 cargo test` to make the README's table anew"
            );
        }
    }
}
