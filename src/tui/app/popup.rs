//! The small lists over the panes: links, attachments, what to do about a message in the outbox.

use crate::lang::{tr, trc, trn};
use crate::mime::render::Link;
use crate::model::view::AttachmentRow;
use crate::model::{Intent, MsgId};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::outward::Excerpt;
use crate::tui::app::state::{Panes, View};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::errand::Errand;
use crate::tui::event::{About, Now};
use crate::tui::part::{self, PartJob, PartOf};
use crate::tui::screen::menu::{Item, Menu};
use crate::tui::screen::outbox::{Decision, Timed};
use crate::tui::theme::Theme;
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn no_message() -> &'static str {
    tr!("Open a message first.")
}

fn no_attachments() -> &'static str {
    tr!("There are no attachments in this message.")
}

/// Stands for the message in front, where the asker can't know it.
pub const IN_FRONT: u64 = 0;

/// A small list.
#[derive(Clone, Debug)]
pub enum Popup {
    /// Links of the message: Enter opens, y copies.
    Links(Menu<String>),
    /// Texts of the message: Enter copies.
    Excerpts(Menu<String>),
    /// Attachments of the message: Enter opens, p shows, s saves.
    Attachments(Menu<PartOf>),
    /// Senders whose pictures are loaded without a question: Enter takes that back.
    Senders(Menu<String>),
    /// What to do about a message in the outbox.
    Decide(Menu<Decision>),
}

/// What a key did to a popup.
#[derive(Clone, Debug)]
pub enum Done {
    /// It stays.
    Stay,
    /// It stays, and this is to be done.
    Do(Effect),
    /// It stays, and something is to be typed or shown over it.
    Want(Want),
    /// It goes, and this is to be done.
    Close(Option<Effect>),
    /// It goes, and a time is asked for.
    AskTime(Timed),
}

/// What a list of attachments can't do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// Where one is to be saved.
    Save(PartOf),
    /// Where all are to be saved.
    SaveAll(Vec<PartOf>),
    /// The program that gets one.
    Pipe(PartOf),
}

impl Popup {
    /// The links of the message that is read; why not, if there are none.
    pub fn links(panes: &Panes) -> Result<Popup, &'static str> {
        let rendered = panes
            .pager
            .as_ref()
            .and_then(|p| p.rendered())
            .ok_or_else(no_message)?;
        Popup::of_links(&rendered.links)
    }

    /// These links; why not, if none may be opened.
    pub fn of_links(links: &[Link]) -> Result<Popup, &'static str> {
        let items: Vec<_> = links
            .iter()
            .filter(|l| may_open(&l.url))
            .map(|l| Item {
                label: label(&l.text, &l.target),
                detail: l.target.clone(),
                value: l.url.clone(),
            })
            .collect();
        if items.is_empty() {
            return Err(tr!("There are no links in this message."));
        }
        Ok(Popup::Links(Menu::new(
            Clean::lit(tr!("Links: Enter opens, y copies")),
            items,
        )))
    }

    /// The same with that one selected which leads there.
    pub fn link(panes: &Panes, url: &String) -> Result<Popup, &'static str> {
        let mut popup = Popup::links(panes)?;
        if let Popup::Links(menu) = &mut popup {
            menu.select(url);
        }
        Ok(popup)
    }

    /// Where the archive and the help of the message's list are; why not, if it names none.
    pub fn archive(panes: &Panes) -> Result<Popup, &'static str> {
        let rendered = panes.pager.as_ref().and_then(|p| p.rendered());
        let list = rendered.ok_or_else(no_message)?.list.as_ref();
        let list = list.ok_or(tr!("This message came through no mailing list."))?;
        let item = |(name, url): (&'static str, &String)| Item {
            label: label(&Clean::lit(name), &Clean::line(url)),
            detail: Clean::line(url),
            value: url.clone(),
        };
        let archive = list
            .archive
            .iter()
            .map(|url| (trc!("list", "Archive"), url));
        let help = list.help.iter().map(|url| (trc!("list", "Help"), url));
        let items: Vec<_> = archive.chain(help).map(item).collect();
        if items.is_empty() {
            return Err(tr!("This list does not say where its archive is."));
        }
        let title = Clean::lit(tr!("The list: Enter opens, y copies"));
        Ok(Popup::Links(Menu::new(title, items)))
    }

    /// What can be copied out of the message, to choose from; why not, if there is nothing.
    pub fn excerpts(panes: &Panes, what: Excerpt) -> Result<Popup, &'static str> {
        let (title, none) = match what {
            Excerpt::Code => (
                tr!("Codes: Enter copies"),
                tr!("There is no one-time code here."),
            ),
            Excerpt::Block => (
                tr!("Blocks of code: Enter copies"),
                tr!("There is no block of code in this message."),
            ),
        };
        let item = |text: String| {
            let line = text.lines().find(|l| !l.trim().is_empty());
            let lines = trn!(n = text.lines().count(), "{n} line", "{n} lines");
            Item {
                label: Clean::line(line.unwrap_or_default().trim()),
                detail: Clean::line(&lines),
                value: text,
            }
        };
        let items: Vec<_> = panes.excerpts(what).into_iter().map(item).collect();
        if items.is_empty() {
            return Err(none);
        }
        Ok(Popup::Excerpts(Menu::new(Clean::lit(title), items)))
    }

    /// The attachments of the message that is read; why not, if there are none.
    pub fn attachments(panes: &Panes) -> Result<Popup, &'static str> {
        let (message, rows) = panes.attached()?;
        let rendered = panes.pager.as_ref().and_then(|p| p.rendered());
        let part = |row: &AttachmentRow| {
            let label = part::label_in(row, rendered);
            (label, PartOf::new(message, &[], row))
        };
        match rows {
            [] => Err(no_attachments()),
            rows => Ok(Popup::parts(rows.iter().map(part).collect())),
        }
    }

    /// These attachments, each with the words for it.
    pub fn parts(parts: Vec<(Clean, PartOf)>) -> Popup {
        let item = |(label, value): (Clean, PartOf)| Item {
            // What is saved or opened has this name, whatever the sender calls it.
            detail: Clean::line(&tr!(
                "{name}: p shows, | pipes, S saves all",
                name = value.name
            )),
            label,
            value,
        };
        Popup::Attachments(Menu::new(
            Clean::lit(tr!("Attachments: s saves, Enter opens, a attaches")),
            parts.into_iter().map(item).collect(),
        ))
    }

    /// These senders, whose pictures are loaded without a question.
    pub fn senders(senders: Vec<String>) -> Popup {
        let item = |sender: String| Item {
            label: Clean::line(&sender),
            detail: Clean::lit(tr!("Enter: their pictures are asked about again")),
            value: sender,
        };
        let title = Clean::lit(tr!("Pictures are loaded of: Enter takes back"));
        Popup::Senders(Menu::new(title, senders.into_iter().map(item).collect()))
    }

    /// The pictures of the message that is read; why not, if there are none.
    pub fn pictures(panes: &Panes) -> Result<Vec<PartOf>, String> {
        let (message, rows) = panes.attached()?;
        let rows = rows.iter().filter(|row| part::is_picture(row));
        let own = rows.map(|row| PartOf::new(message, &[], row));
        let loaded = panes.pager.as_ref().map_or(&[][..], |p| p.loaded());
        let parts: Vec<_> = own.chain(loaded.iter().cloned()).collect();
        let away = panes
            .pager
            .as_ref()
            .and_then(|p| p.rendered())
            .is_some_and(|r| !r.remote.pictures.is_empty());
        if parts.is_empty() && away {
            let key = panes.way_to(Command::LoadPictures);
            return Err(tr!("Its pictures lie on the web; {key} loads them.", key));
        }
        if parts.is_empty() {
            return Err(tr!("There are no pictures in this message.").to_owned());
        }
        Ok(parts)
    }

    /// What can be decided about the selected row of the outbox.
    pub fn decide(panes: &Panes, now: Now) -> Result<Popup, &'static str> {
        let View::Outbox(outbox) = &panes.view else {
            return Err("");
        };
        if outbox.selected().is_none() && outbox.reminder().is_none() {
            return Err(tr!("The outbox is empty."));
        }
        outbox
            .decisions(now.wall)
            .map(Popup::Decide)
            .ok_or(tr!("There is nothing to decide about this message."))
    }

    /// Takes a key; `width` columns has the screen.
    pub fn key(&mut self, key: KeyEvent, width: u16) -> Done {
        if let Popup::Attachments(menu) = self
            && let Some(done) = attachment_key(menu, key, width)
        {
            return done;
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') | KeyCode::Left => return Done::Close(None),
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
                if let Popup::Links(menu) | Popup::Excerpts(menu) = self {
                    return Done::Close(menu.chosen().map(Effect::Copy));
                }
            }
            _ => {}
        }
        Done::Stay
    }

    /// A click: selects the item under it. Says whether it was selected before.
    pub fn click(&mut self, screen: Rect, x: u16, y: u16) -> bool {
        let hit = match self {
            Popup::Links(m) | Popup::Excerpts(m) => m.hit(screen, x, y),
            Popup::Attachments(m) => m.hit(screen, x, y),
            Popup::Senders(m) => m.hit(screen, x, y),
            Popup::Decide(m) => m.hit(screen, x, y),
        };
        let was = self.selected();
        hit.is_some_and(|n| self.pick(n) && was == n)
    }

    /// The selected item's number, counted from 1.
    fn selected(&self) -> usize {
        match self {
            Popup::Links(m) | Popup::Excerpts(m) => m.selected(),
            Popup::Attachments(m) => m.selected(),
            Popup::Senders(m) => m.selected(),
            Popup::Decide(m) => m.selected(),
        }
    }

    /// Draws it.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        match self {
            Popup::Links(m) | Popup::Excerpts(m) => m.draw(buf, screen, theme),
            Popup::Attachments(m) => m.draw(buf, screen, theme),
            Popup::Senders(m) => m.draw(buf, screen, theme),
            Popup::Decide(m) => m.draw(buf, screen, theme),
        }
    }

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent, screen: Rect) -> bool {
        match self {
            Popup::Links(m) | Popup::Excerpts(m) => m.pull(mouse, screen),
            Popup::Attachments(m) => m.pull(mouse, screen),
            Popup::Senders(m) => m.pull(mouse, screen),
            Popup::Decide(m) => m.pull(mouse, screen),
        }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        match self {
            Popup::Links(m) | Popup::Excerpts(m) => m.step(by),
            Popup::Attachments(m) => m.step(by),
            Popup::Senders(m) => m.step(by),
            Popup::Decide(m) => m.step(by),
        }
    }

    fn pick(&mut self, n: usize) -> bool {
        match self {
            Popup::Links(m) | Popup::Excerpts(m) => m.pick(n),
            Popup::Attachments(m) => m.pick(n),
            Popup::Senders(m) => m.pick(n),
            Popup::Decide(m) => m.pick(n),
        }
    }

    fn choose(&self) -> Done {
        let effect = match self {
            Popup::Links(m) => m.chosen().map(Effect::OpenUrl),
            Popup::Excerpts(m) => m.chosen().map(Effect::Copy),
            Popup::Attachments(m) => m
                .chosen()
                .map(|part| Effect::Part(PartJob::Open { part, sure: false })),
            Popup::Senders(m) => m
                .chosen()
                .map(|sender| Effect::Ask(Intent::PicturesOf(sender, false), About::Done)),
            Popup::Decide(m) => match m.chosen() {
                None => None,
                Some(Decision::AskTime(timed)) => return Done::AskTime(timed),
                Some(Decision::Outbox(id, verb)) => {
                    let intent = Intent::Outbox(id, verb);
                    Some(Effect::Ask(intent, About::Outbox(id)))
                }
                Some(Decision::Again(id, at)) => {
                    Some(Effect::Ask(Intent::RemindAgain(id, at), About::Done))
                }
                Some(Decision::Dismiss(id)) => Some(Effect::Ask(Intent::Dismiss(id), About::Done)),
            },
        };
        Done::Close(effect)
    }
}

/// What a key means in a list of attachments and in no other.
fn attachment_key(menu: &Menu<PartOf>, key: KeyEvent, width: u16) -> Option<Done> {
    let part = menu.chosen()?;
    Some(match key.code {
        KeyCode::Char('a') => Done::Close(Some(Effect::Errand {
            serial: IN_FRONT,
            errand: Errand::Take(part.message, part.path),
        })),
        KeyCode::Char('s') => Done::Want(Want::Save(part)),
        KeyCode::Char('S') => Done::Want(Want::SaveAll(menu.values().cloned().collect())),
        KeyCode::Char('|') => Done::Want(Want::Pipe(part)),
        KeyCode::Char('p' | ' ') => Done::Do(Effect::Part(PartJob::Peek {
            part,
            width: width.saturating_sub(4),
        })),
        _ => return None,
    })
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
    /// The message that is read, and what is attached to it; else why not.
    fn attached(&self) -> Result<(MsgId, &[AttachmentRow]), &'static str> {
        let pager = self.pager.as_ref().ok_or_else(no_message)?;
        let message = pager.message().ok_or_else(no_message)?;
        Ok((message, pager.attachments()))
    }

    /// Saves every attachment of the message that is read.
    pub fn save_all(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let found = self.attached();
        let parts: Vec<_> = match found {
            Ok((_, [])) if self.focus == Pane::Reader => {
                return self.tell(Clean::lit(no_attachments()), now);
            }
            Ok((message, rows)) if self.focus == Pane::Reader => {
                let rows = rows.iter();
                rows.map(|row| PartOf::new(message, &[], row)).collect()
            }
            _ => return self.tell(Clean::lit(no_message()), now),
        };
        fx.push(Effect::Part(PartJob::Save { parts, to: None }));
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
