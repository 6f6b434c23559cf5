//! The journal: what was done, newest first, narrowed by typing. Enter tells what taking it back
//! would do and asks.

use crate::lang::tr;
use crate::model::ActionId;
use crate::store::{Origin, Past};
use crate::text::{Clean, when};
use crate::tui::question::Preview;
use crate::tui::screen::confirm::{Answer, Confirm};
use crate::tui::screen::picker::{self, Item, Picker};
use crate::tui::theme::Theme;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::time::Instant;

/// What the user wants with a past action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To be told first what taking it back would do.
    Look(ActionId),
    /// Take it back.
    Undo(ActionId),
    /// Take back all that was done after it.
    Since(ActionId),
    /// Do it once more.
    Redo(ActionId),
}

/// What a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Stay,
    /// It closes.
    Closed,
    /// It stays, and this is wanted.
    Wish(Wish),
}

/// The list.
#[derive(Clone, Debug)]
pub struct Journal {
    picker: Picker<ActionId>,
}

impl Journal {
    /// These actions.
    pub fn new(rows: &[Past], now: i64) -> Journal {
        let title = Clean::lit(tr!("Journal: Enter looks and asks, alt-u takes back"));
        Journal {
            picker: Picker::new(title, items(rows, now)),
        }
    }

    /// The same as it is now.
    pub fn set(&mut self, rows: &[Past], now: i64) {
        self.picker.refill(items(rows, now), |a, b| a == b);
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        if key.code == KeyCode::Char('u') && key.modifiers.contains(KeyModifiers::ALT) {
            let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
            return match self.picker.update(&enter) {
                picker::Outcome::Picked(id) => Outcome::Wish(Wish::Undo(id)),
                _ => Outcome::Stay,
            };
        }
        outcome(self.picker.update(key))
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.picker.paste(text);
    }

    /// Takes a click.
    pub fn click(&mut self, screen: Rect, at: Position) -> Outcome {
        outcome(self.picker.click(screen, at))
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent) -> bool {
        self.picker.pull(mouse)
    }

    /// Moves the selection (the mouse wheel).
    pub fn scroll(&mut self, by: isize) {
        self.picker.scroll(by);
    }

    /// Draws it, and says where the cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        self.picker.draw(buf, screen, theme)
    }
}

fn outcome(outcome: picker::Outcome<ActionId>) -> Outcome {
    match outcome {
        picker::Outcome::Stay => Outcome::Stay,
        picker::Outcome::Closed => Outcome::Closed,
        picker::Outcome::Picked(id) => Outcome::Wish(Wish::Look(id)),
    }
}

fn items(rows: &[Past], now: i64) -> Vec<Item<ActionId>> {
    let item = |past: &Past| Item {
        // Where it stands may find no room behind it; what is not as usual has to be seen.
        label: Clean::line(&match (&past.undone, past.stand.refused) {
            (Some(_), _) => tr!("(undone) {what}", what = headline(past)),
            (None, 1..) => tr!("(refused) {what}", what = headline(past)),
            (None, 0) => headline(past),
        }),
        detail: Clean::line(&past.words()),
        aside: Clean::line(&when::short(past.at, now)),
        value: past.id,
    };
    rows.iter().map(item).collect()
}

/// What was done, and to what.
fn headline(past: &Past) -> String {
    let label = match past.origin {
        Origin::Program => tr!("After sending: a mark on what was answered"),
        _ => &past.label,
    };
    match past.about.trim() {
        "" => label.to_owned(),
        about => format!("{label}: {about}"),
    }
}

/// What taking an action back would do, and what is to be done.
pub fn question(preview: &Preview, wall: i64, now: Instant) -> Confirm<Wish> {
    let past = &preview.past;
    let at = when::clock(past.at, wall);
    let mut text = format!("{}\n{at}, {}\n", headline(past), past.words());
    if past.undoable && preview.lines.is_empty() {
        text.push('\n');
        text.push_str(tr!("Nothing of it can be shown beforehand."));
    } else if past.undoable {
        text.push('\n');
        text.push_str(tr!("Taking it back:"));
    }
    for line in &preview.lines {
        text.push('\n');
        text.push_str(line.as_str());
    }
    let answer = |key, label, value| Answer {
        key,
        label: Clean::lit(label),
        value,
    };
    let mut answers = Vec::new();
    if past.undoable {
        answers.push(answer('u', tr!("take it back"), Wish::Undo(past.id)));
    }
    if past.undone.is_some() {
        answers.push(answer('r', tr!("do it again"), Wish::Redo(past.id)));
    }
    let since = tr!("take back all after it");
    answers.push(answer('b', since, Wish::Since(past.id)));
    Confirm::new(Clean::block(&text), answers, now)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::AccountName;
    use crate::store::Stand;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;

    /// Three actions of that account, before that time: done, refused, undone.
    pub fn sample(account: &str, now: i64) -> Vec<Past> {
        let row = |id, label: &str, about: &str, stand| Past {
            id: ActionId(id),
            label: label.to_owned(),
            about: about.to_owned(),
            at: now - 600 * id,
            origin: Origin::User,
            accounts: vec![AccountName(account.to_owned())],
            stand,
            undone: None,
            undoable: true,
            sending: None,
        };
        let done = Stand {
            done: 2,
            ..Stand::default()
        };
        let refused = Stand {
            refused: 1,
            reasons: vec!["Lists is gone there".to_owned()],
            ..Stand::default()
        };
        let mut undone = row(3, "Starred 1 message", "Lunch", done.clone());
        (undone.undone, undone.undoable) = (Some(done.clone()), false);
        vec![
            row(1, "Archived 12 messages", "Minutes of Monday", done),
            row(2, "Moved 1 message", "Re: [rust] patterns", refused),
            undone,
        ]
    }

    fn rows() -> Vec<Past> {
        sample("work", 1_750_000_000)
    }

    fn press(journal: &mut Journal, name: &str) -> Outcome {
        journal.update(&Key::parse(name).unwrap().event())
    }

    #[test]
    fn typing_narrows_and_keys_wish() {
        let mut journal = Journal::new(&rows(), 1_750_000_000);
        assert_eq!(
            press(&mut journal, "enter"),
            Outcome::Wish(Wish::Look(ActionId(1)))
        );
        journal.paste("patterns");
        assert_eq!(
            press(&mut journal, "alt-u"),
            Outcome::Wish(Wish::Undo(ActionId(2)))
        );
        // Brought up to date, it stays where it was.
        journal.set(&rows(), 1_750_000_000);
        assert_eq!(
            press(&mut journal, "enter"),
            Outcome::Wish(Wish::Look(ActionId(2)))
        );
        assert_eq!(press(&mut journal, "esc"), Outcome::Closed);
    }

    #[test]
    fn drawn_at_every_size() {
        for (columns, rows_) in [(40, 12), (80, 24), (200, 30)] {
            let journal = Journal::new(&rows(), 1_750_000_000);
            let drawn = shown(columns, rows_, |buf, area| {
                journal.draw(buf, area, &Theme::default())
            });
            insta::assert_snapshot!(format!("journal_{columns}x{rows_}"), drawn);
        }
    }

    #[test]
    fn what_would_be_done_is_told_before_it_is_asked() {
        let lines = [
            "Archive to INBOX: 12 messages",
            "· Minutes of Monday",
            "· and 11 more",
        ];
        let mut preview = Preview {
            past: rows().remove(0),
            lines: lines.iter().map(|line| Clean::line(line)).collect(),
        };
        let now = Instant::now();
        let asked = question(&preview, 1_750_000_000, now);
        let drawn = shown(64, 16, |buf, area| {
            asked.draw(buf, area, &Theme::default());
            None
        });
        insta::assert_snapshot!("journal_question", drawn);
        preview.past = rows().remove(2);
        let mut asked = question(&preview, 1_750_000_000, now);
        let later = now + std::time::Duration::from_secs(1);
        let key = |name| Key::parse(name).unwrap().event();
        use crate::tui::screen::confirm::Outcome;
        assert_eq!(
            asked.update(&key("u"), later),
            Outcome::Stay,
            "it was taken back before"
        );
        let again = Outcome::Answered(Wish::Redo(ActionId(3)));
        assert_eq!(asked.update(&key("r"), later), again);
    }
}
