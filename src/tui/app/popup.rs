//! The small lists over the panes: links, attachments, what to do about a message in the outbox.

use crate::model::{Intent, MsgId};
use crate::text::Clean;
use crate::text::size;
use crate::tui::app::geometry::Pane;
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::Effect;
use crate::tui::errand::Errand;
use crate::tui::event::{About, Now};
use crate::tui::screen::menu::{Item, Menu};
use crate::tui::screen::outbox::{Decision, Timed};
use crate::tui::theme::Theme;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Stands for the message in front, where the asker can't know it.
pub const IN_FRONT: u64 = 0;

/// A small list.
#[derive(Clone, Debug)]
pub enum Popup {
    /// Links of the message: Enter opens, y copies.
    Links(Menu<String>),
    /// Attachments of the message: Enter opens, s saves.
    Attachments(Menu<(MsgId, u32)>),
    /// What to do about a message in the outbox.
    Decide(Menu<Decision>),
}

/// What a key did to a popup.
#[derive(Clone, Debug)]
pub enum Done {
    /// It stays.
    Stay,
    /// It goes, and this is to be done.
    Close(Vec<Effect>),
    /// It goes, and a time is asked for.
    AskTime(Timed),
}

impl Popup {
    /// The links of the message that is read; why not, if there are none.
    pub fn links(panes: &Panes) -> Result<Popup, &'static str> {
        let rendered = panes
            .pager
            .as_ref()
            .and_then(|p| p.rendered())
            .ok_or("Open a message first.")?;
        let items: Vec<_> = rendered
            .links
            .iter()
            .filter(|l| may_open(&l.url))
            .map(|l| Item {
                label: label(&l.text, &l.target),
                detail: l.target.clone(),
                value: l.url.clone(),
            })
            .collect();
        if items.is_empty() {
            return Err("There are no links in this message.");
        }
        Ok(Popup::Links(Menu::new(
            Clean::lit("Links: Enter opens, y copies"),
            items,
        )))
    }

    /// The attachments of the message that is read; why not, if there are none.
    pub fn attachments(panes: &Panes) -> Result<Popup, &'static str> {
        let pager = panes.pager.as_ref().ok_or("Open a message first.")?;
        let message = pager.message().ok_or("Open a message first.")?;
        let items: Vec<_> = pager
            .attachments()
            .iter()
            .map(|a| {
                let name = if a.name.is_empty() {
                    "unnamed"
                } else {
                    &a.name
                };
                let about = format!("{}, {}", a.media_type, size::human(a.size));
                Item {
                    label: Clean::line(&format!("{name}  {about}")),
                    detail: Clean::line(name),
                    value: (message, a.part),
                }
            })
            .collect();
        if items.is_empty() {
            return Err("There are no attachments in this message.");
        }
        Ok(Popup::Attachments(Menu::new(
            Clean::lit("Attachments: s saves, Enter opens, a attaches"),
            items,
        )))
    }

    /// What can be decided about the selected row of the outbox.
    pub fn decide(panes: &Panes, now: Now) -> Result<Popup, &'static str> {
        let View::Outbox(outbox) = &panes.view else {
            return Err("");
        };
        if outbox.selected().is_none() && outbox.reminder().is_none() {
            return Err("The outbox is empty.");
        }
        outbox
            .decisions(now.wall)
            .map(Popup::Decide)
            .ok_or("There is nothing to decide about this message.")
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Done {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') | KeyCode::Left => return Done::Close(Vec::new()),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::PageDown => self.step(10),
            KeyCode::PageUp => self.step(-10),
            KeyCode::Char(c @ '1'..='9') => {
                let n = usize::try_from(c.to_digit(10).unwrap_or(0)).unwrap_or(0);
                // A link can be opened or copied: there the number only selects.
                if self.pick(n) && matches!(self, Popup::Decide(_)) {
                    return self.choose();
                }
            }
            KeyCode::Enter | KeyCode::Char('o' | 'l') => return self.choose(),
            KeyCode::Char('y') => {
                if let Popup::Links(menu) = self {
                    return Done::Close(menu.chosen().map(Effect::Copy).into_iter().collect());
                }
            }
            KeyCode::Char('a') => {
                if let Popup::Attachments(menu) = self {
                    let take = menu.chosen().map(|(message, part)| Effect::Errand {
                        serial: IN_FRONT,
                        errand: Errand::Take(message, part),
                    });
                    return Done::Close(take.into_iter().collect());
                }
            }
            KeyCode::Char('s' | 'S') => {
                if let Popup::Attachments(menu) = self {
                    let save = menu.chosen().map(|(message, part)| Effect::SaveAttachment {
                        message,
                        part,
                        open: false,
                    });
                    return Done::Close(save.into_iter().collect());
                }
            }
            _ => {}
        }
        Done::Stay
    }

    /// A click: chooses the item under it.
    pub fn click(&mut self, screen: Rect, x: u16, y: u16) {
        let hit = match self {
            Popup::Links(m) => m.hit(screen, x, y),
            Popup::Attachments(m) => m.hit(screen, x, y),
            Popup::Decide(m) => m.hit(screen, x, y),
        };
        if let Some(n) = hit {
            self.pick(n);
        }
    }

    /// Draws it.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        match self {
            Popup::Links(m) => m.draw(buf, screen, theme),
            Popup::Attachments(m) => m.draw(buf, screen, theme),
            Popup::Decide(m) => m.draw(buf, screen, theme),
        }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        match self {
            Popup::Links(m) => m.step(by),
            Popup::Attachments(m) => m.step(by),
            Popup::Decide(m) => m.step(by),
        }
    }

    fn pick(&mut self, n: usize) -> bool {
        match self {
            Popup::Links(m) => m.pick(n),
            Popup::Attachments(m) => m.pick(n),
            Popup::Decide(m) => m.pick(n),
        }
    }

    fn choose(&self) -> Done {
        if let Popup::Decide(menu) = self
            && let Some(Decision::AskTime(timed)) = menu.chosen()
        {
            return Done::AskTime(timed);
        }
        Done::Close(self.open())
    }

    fn open(&self) -> Vec<Effect> {
        let effect = match self {
            Popup::Links(m) => m.chosen().map(Effect::OpenUrl),
            Popup::Attachments(m) => m.chosen().map(|(message, part)| Effect::SaveAttachment {
                message,
                part,
                open: true,
            }),
            Popup::Decide(m) => m.chosen().and_then(|decision| {
                Some(match decision {
                    Decision::Outbox(id, verb) => {
                        Effect::Ask(Intent::Outbox(id, verb), About::Outbox(id))
                    }
                    Decision::Again(id, at) => {
                        Effect::Ask(Intent::RemindAgain(id, at), About::Done)
                    }
                    Decision::Dismiss(id) => Effect::Ask(Intent::Dismiss(id), About::Done),
                    Decision::AskTime(_) => return None,
                })
            }),
        };
        effect.into_iter().collect()
    }
}

/// The text of a link, and where it really leads where the text says something else.
fn label(text: &Clean, target: &Clean) -> Clean {
    if text.is_empty() || text == target {
        target.clone()
    } else {
        Clean::line(&format!("{text}  {target}"))
    }
}

/// Only what a browser or a mail program takes is ever opened.
pub fn may_open(url: &str) -> bool {
    let scheme = url.split_once(':').map(|(s, _)| s.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
}

impl Panes {
    /// Saves every attachment of the message that is read.
    pub fn save_all(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let Some(pager) = self.pager.as_ref().filter(|_| self.focus == Pane::Reader) else {
            self.tell(Clean::lit("Open a message first."), now);
            return;
        };
        let Some(message) = pager.message() else {
            return;
        };
        let saves: Vec<_> = pager
            .attachments()
            .iter()
            .map(|a| Effect::SaveAttachment {
                message,
                part: a.part,
                open: false,
            })
            .collect();
        if saves.is_empty() {
            self.tell(Clean::lit("There are no attachments in this message."), now);
        }
        fx.extend(saves);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_and_mail_addresses_are_opened() {
        for good in ["https://example.org", "HTTP://x", "mailto:a@b"] {
            assert!(may_open(good));
        }
        for bad in [
            "file:///etc/passwd",
            "javascript:x",
            "",
            "-x",
            "x-custom://y",
        ] {
            assert!(!may_open(bad), "{bad}");
        }
    }
}
