//! What is attached: by path, by a dropped file, from another message; sizes, names, taking off.

use super::check;
use super::fields::Field;
use super::{Composer, Decision, Outcome, Over, answer};
use crate::lang::tr;
use crate::model::DraftAttachment;
use crate::text::{Clean, size};
use crate::tui::command::Command;
use crate::tui::errand::{Brought, Errand, Found};
use crate::tui::screen::confirm::Confirm;
use crate::tui::screen::prompt::{self, Kind, Prompt};
use crossterm::event::{KeyCode, KeyEvent};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is being looked up that goes into the message.
#[derive(Debug, Default)]
pub(super) struct LookUps {
    /// So many are not here yet.
    open: usize,
    /// Whether sending waits for them.
    pub(super) waiting: bool,
}

impl Composer {
    /// Looks something up that goes into the message.
    pub(super) fn look_for(&mut self, errand: Errand, out: &mut Vec<Outcome>) {
        self.expects();
        out.push(Outcome::Errand(errand));
    }

    /// Something is looked up that goes into the message, and comes with [`Composer::brought`].
    pub fn expects(&mut self) {
        self.look_ups.open += 1;
    }

    /// What was to be attached can't be had. What waited for it is not sent without it.
    pub fn brought_nothing(&mut self) {
        self.look_ups.open = self.look_ups.open.saturating_sub(1);
        if std::mem::take(&mut self.look_ups.waiting) {
            self.notice = None;
        }
    }

    /// Whether sending has to wait for what goes into the message. Sent once more it goes without.
    pub(super) fn waits_for_files(&mut self) -> bool {
        if std::mem::take(&mut self.look_ups.waiting) {
            self.look_ups.open = 0;
        }
        if self.look_ups.open == 0 {
            return false;
        }
        self.look_ups.waiting = true;
        let text = tr!("Looking up what is to be attached; send once more to send without.");
        self.notice = Some(Clean::lit(text));
        true
    }

    /// Files whose size isn't known yet.
    pub fn unweighed(&self) -> Vec<PathBuf> {
        let path = |a: &DraftAttachment| match a {
            DraftAttachment::File { path, .. } => Some(path.clone()),
            DraftAttachment::Bytes { .. } => None,
        };
        self.draft.attachments.iter().filter_map(path).collect()
    }

    /// Octets of one attachment, where they are known.
    pub(super) fn size_of(&self, attached: &DraftAttachment) -> Option<u64> {
        match attached {
            DraftAttachment::File { path, .. } => self.sizes.get(path).copied(),
            DraftAttachment::Bytes { bytes, .. } => u64::try_from(bytes.len()).ok(),
        }
    }

    /// Octets of all that is attached, as far as they are known.
    pub(super) fn total_size(&self) -> u64 {
        let sizes = self
            .draft
            .attachments
            .iter()
            .filter_map(|a| self.size_of(a));
        sizes.fold(0, u64::saturating_add)
    }

    /// Something that was looked up is here.
    pub fn brought(&mut self, brought: Brought, now: Instant) -> Vec<Outcome> {
        let mut out = Vec::new();
        let counts = matches!(
            brought,
            Brought::Attached(_) | Brought::Taken(_) | Brought::Dropped(..)
        );
        if counts {
            self.look_ups.open = self.look_ups.open.saturating_sub(1);
        }
        if self.sending {
            return out;
        }
        // What could not be had, or is asked about, is looked at before anything is sent.
        let (waits, asks) = (self.look_ups.waiting, self.asks(&brought));
        if waits && asks {
            (self.look_ups.waiting, self.notice) = (false, None);
        }
        self.bring(brought, now, &mut out);
        if counts && waits && !asks && self.look_ups.open == 0 {
            self.look_ups.waiting = false;
            self.notice = None;
            self.send(now, &mut out);
        }
        out
    }

    /// Whether the user is to see what was brought before the message goes.
    fn asks(&self, brought: &Brought) -> bool {
        match brought {
            Brought::Attached(found) => found.is_err(),
            Brought::Taken(taken) => taken.is_err(),
            Brought::Dropped(_, found) => !found.is_empty() && matches!(self.over, Over::Nothing),
            _ => false,
        }
    }

    fn bring(&mut self, brought: Brought, now: Instant, out: &mut Vec<Outcome>) {
        match brought {
            Brought::Attached(Ok(found)) => {
                if let Over::Path(_) = self.over {
                    self.over = Over::Nothing;
                }
                self.attach(found, now);
            }
            Brought::Taken(Ok(taken)) => self.push(taken, now),
            Brought::Attached(Err(why)) | Brought::Taken(Err(why)) => match &mut self.over {
                Over::Path(prompt) => prompt.fail(&why),
                _ => self.notice = Some(Clean::line(&why)),
            },
            Brought::Weighed(found) => {
                self.sizes
                    .extend(found.into_iter().map(|f| (f.path, f.size)));
            }
            Brought::Dropped(text, found)
                if found.is_empty() || !matches!(self.over, Over::Nothing) =>
            {
                self.put_text(&text, now, out);
            }
            Brought::Dropped(text, found) => self.ask_dropped(text, found, now),
            Brought::Suggested(word, found) => self.suggested(&word, found),
            Brought::Templates(Ok(all)) => self.offer_templates(all),
            Brought::Domains(found) => self.domains_told(found, now, out),
            Brought::Templates(Err(why)) => self.notice = Some(Clean::line(&why)),
        }
    }

    fn attach(&mut self, found: Found, now: Instant) {
        self.sizes.insert(found.path.clone(), found.size);
        let same = |a: &DraftAttachment| matches!(a, DraftAttachment::File { path, .. } if *path == found.path);
        if self.draft.attachments.iter().any(same) {
            self.notice = Some(Clean::lit(tr!("It is attached already.")));
            return;
        }
        self.push(DraftAttachment::file(found.path), now);
    }

    fn push(&mut self, attached: DraftAttachment, now: Instant) {
        self.draft.attachments.push(attached);
        self.files.resize(self.draft.attachments.len());
        self.saves.changed(now);
        let doubt = check::too_large(&self.draft, self.total_size(), &self.known);
        if let Some(doubt) = doubt {
            self.notice = Some(Clean::line(&doubt));
        }
    }

    /// A file was dropped on the terminal, or a path pasted: which of both only the user knows.
    fn ask_dropped(&mut self, text: String, found: Vec<Found>, now: Instant) {
        let names: Vec<String> = found
            .iter()
            .map(|f| {
                let name = f.path.file_name().unwrap_or(f.path.as_os_str());
                format!("{} ({})", name.to_string_lossy(), size::human(f.size))
            })
            .collect();
        let answers = vec![
            answer('a', tr!("attach"), Decision::AttachDropped),
            answer('t', tr!("put in as text"), Decision::TextDropped),
            answer('c', tr!("neither"), Decision::GoOn),
        ];
        let question = Clean::line(&tr!("Attach {names}?", names = names.join(tr!(", "))));
        self.dropped = Some((text, found));
        self.over = Over::Question(Confirm::new(question, answers, now));
    }

    /// What was decided about what was dropped.
    pub(super) fn take_dropped(&mut self, attach: bool, now: Instant, out: &mut Vec<Outcome>) {
        let Some((text, found)) = self.dropped.take() else {
            return;
        };
        if !attach {
            return self.put_text(&text, now, out);
        }
        for file in found {
            self.attach(file, now);
        }
    }

    /// A key while the attachments have the keys.
    pub(super) fn file_key(&mut self, key: &KeyEvent, now: Instant, out: &mut Vec<Outcome>) {
        let at = self.files.cursor();
        match key.code {
            KeyCode::Down if at + 1 < self.files.len() => self.files.step(1),
            KeyCode::Up if at > 0 => self.files.step(-1),
            KeyCode::Down => self.go(Field::Body),
            KeyCode::Up => self.go(self.next(false)),
            KeyCode::Enter => self.run(Command::Attach, now, out),
            KeyCode::Char('r') => {
                if let Some(attached) = self.draft.attachments.get(at) {
                    let name = attached.name();
                    let label = Clean::lit(tr!("Send it under the name: "));
                    self.over = Over::Name(Prompt::new(label, Kind::Text, &name), at);
                }
            }
            KeyCode::Char('i') => self.turn_inline(at, now),
            KeyCode::Delete | KeyCode::Backspace | KeyCode::Char('d' | 'x') => {
                if at < self.draft.attachments.len() {
                    self.draft.attachments.remove(at);
                    self.saves.changed(now);
                }
                self.files.resize(self.draft.attachments.len());
                if self.draft.attachments.is_empty() {
                    self.go(Field::Body);
                }
            }
            _ => {}
        }
    }

    /// An attachment stands in the text, or no longer.
    fn turn_inline(&mut self, at: usize, now: Instant) {
        let Some(attached) = self.draft.attachments.get_mut(at) else {
            return;
        };
        let (DraftAttachment::File { inline, .. } | DraftAttachment::Bytes { inline, .. }) =
            attached;
        *inline = !*inline;
        let on = *inline;
        self.saves.changed(now);
        if on && self.draft.options.markdown {
            let name = self.draft.attachments.get(at).map(DraftAttachment::name);
            let text = tr!(
                "![…](cid:{name}) puts it into the text.",
                name = name.unwrap_or_default()
            );
            self.notice = Some(Clean::line(&text));
        }
    }

    /// What came of typing another name for an attachment.
    pub(super) fn named(&mut self, outcome: &prompt::Outcome, now: Instant) {
        let Over::Name(_, at) = &self.over else {
            return;
        };
        let at = *at;
        match outcome {
            prompt::Outcome::Stay | prompt::Outcome::Changed => return,
            prompt::Outcome::Text(text) => {
                // A name is a name: whoever gets it must not be led into a folder.
                let text = Clean::line(text).to_string();
                let new = Path::new(text.trim())
                    .file_name()
                    .map(|n| n.to_string_lossy().into_owned());
                if let (Some(new), Some(attached)) = (new, self.draft.attachments.get_mut(at)) {
                    match attached {
                        DraftAttachment::File { name, .. } => *name = Some(new),
                        DraftAttachment::Bytes { name, .. } => *name = new,
                    }
                    self.saves.changed(now);
                }
            }
            _ => {}
        }
        self.over = Over::Nothing;
    }

    /// Asks for a path.
    pub(super) fn ask_path(&mut self, begun: &str, out: &mut Vec<Outcome>) {
        self.over = Over::Path(Prompt::new(Clean::lit(tr!("Attach: ")), Kind::Path, begun));
        out.push(Outcome::PathComplete(begun.to_owned()));
    }

    /// What came of typing a path.
    pub(super) fn path(&mut self, outcome: prompt::Outcome, out: &mut Vec<Outcome>) {
        match outcome {
            prompt::Outcome::Changed => {
                if let Over::Path(prompt) = &self.over {
                    out.push(Outcome::PathComplete(prompt.text().to_owned()));
                }
            }
            // A folder: show what is in it.
            prompt::Outcome::Text(path) if path.ends_with('/') => self.ask_path(&path, out),
            // It stays open until the file is there: what is wrong with a path can be mended.
            prompt::Outcome::Text(path) if !path.trim().is_empty() => {
                self.look_for(Errand::Attach(path), out);
            }
            prompt::Outcome::Stay => {}
            _ => self.over = Over::Nothing,
        }
    }
}
