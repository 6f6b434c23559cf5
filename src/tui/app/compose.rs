//! The composer on the screen: what it wants becomes effects, what came of them goes back to it.

use crate::model::{Account, AccountName, Done, Draft, Intent};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::keymap::Keymap;
use crate::tui::screen::composer::mailto::from_mailto;
use crate::tui::screen::composer::{Composer, Outcome, blank};
use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Position;
use std::path::PathBuf;
use std::time::Instant;

/// A composer on the screen.
#[derive(Debug)]
pub struct Writing {
    /// The composer.
    pub composer: Composer,
    serial: u64,
}

/// What became of the composer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Whether it goes.
    pub close: bool,
    /// A command that is not its own.
    pub command: Option<Command>,
}

impl Writing {
    /// Opens a draft; `serial` tells its answers from those to an earlier one.
    pub fn open(draft: Draft, accounts: &[Account], serial: u64) -> Writing {
        Writing {
            composer: Composer::open(draft, accounts),
            serial,
        }
    }

    /// A new message from the account that is shown, else from the first.
    pub fn blank(accounts: &[Account], shown: Option<&AccountName>) -> Option<Draft> {
        let of_shown = accounts.iter().find(|a| Some(&a.name) == shown);
        of_shown.or_else(|| accounts.first()).map(blank)
    }

    /// A `mailto:` link that was opened is for the composer, not for the desktop: takes it out of
    /// the effects and gives the draft, and the names of what the link must not set.
    pub fn linked(
        fx: &mut Vec<Effect>,
        accounts: &[Account],
        shown: Option<&AccountName>,
    ) -> Option<(Draft, Vec<String>)> {
        let of_shown = accounts.iter().find(|a| Some(&a.name) == shown);
        let account = of_shown.or_else(|| accounts.first())?;
        let mut found = None;
        fx.retain(|effect| match effect {
            Effect::OpenUrl(url) => {
                let draft = from_mailto(url, account);
                let other = draft.is_none();
                found = draft.or_else(|| found.take());
                other
            }
            _ => true,
        });
        found
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent, map: &Keymap, now: Now, fx: &mut Vec<Effect>) -> Turn {
        let out = self.composer.update(key, map, now.mono);
        self.turn(out, fx)
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str, now: Now, fx: &mut Vec<Effect>) -> Turn {
        let out = self.composer.paste(text, now.mono);
        self.turn(out, fx)
    }

    /// Takes the mouse.
    pub fn mouse(&mut self, mouse: MouseEvent) {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.composer.scroll(3),
            MouseEventKind::ScrollUp => self.composer.scroll(-3),
            MouseEventKind::Down(_) => self.composer.click(Position {
                x: mouse.column,
                y: mouse.row,
            }),
            _ => {}
        }
    }

    /// Runs a command chosen from the palette.
    pub fn command(&mut self, command: Command, now: Now, fx: &mut Vec<Effect>) -> Turn {
        let out = self.composer.command(command, now.mono);
        self.turn(out, fx)
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Now, fx: &mut Vec<Effect>) -> Turn {
        let out = self.composer.tick(now.mono);
        self.turn(out, fx)
    }

    /// When [`Writing::tick`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.composer.deadline()
    }

    /// The program ends: what is not saved yet is saved now.
    pub fn last_words(&self, fx: &mut Vec<Effect>) {
        if self.composer.unsaved() {
            let draft = Box::new(self.composer.draft());
            fx.push(Effect::Ask(Intent::SaveDraft(draft), About::Quiet));
        }
    }

    /// The ledger answered a save.
    pub fn saved(
        &mut self,
        serial: u64,
        result: Result<Done, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Turn {
        if serial != self.serial {
            return Turn::default();
        }
        match result {
            Ok(done) => {
                let out = self.composer.saved(done.draft, now.wall);
                self.turn(out, fx)
            }
            Err(why) => {
                self.composer.save_failed(&why, now.mono);
                Turn::default()
            }
        }
    }

    /// The ledger answered a submission; if it went, the composer goes.
    pub fn submitted(&mut self, serial: u64, result: Result<(), &str>) -> Turn {
        let ours = serial == self.serial;
        if let (true, Err(why)) = (ours, result) {
            self.composer.send_failed(why);
        }
        Turn {
            close: ours && result.is_ok(),
            command: None,
        }
    }

    /// The external editor ended.
    pub fn edited(&mut self, serial: u64, result: Result<String, String>, now: Now) {
        if serial == self.serial {
            self.composer.edited(result, now.mono);
        }
    }

    /// A file was looked at.
    pub fn attached(&mut self, result: Result<PathBuf, String>, now: Now) {
        self.composer.attached(result, now.mono);
    }

    fn turn(&mut self, outcomes: Vec<Outcome>, fx: &mut Vec<Effect>) -> Turn {
        let serial = self.serial;
        let mut turn = Turn::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Save(draft) => {
                    fx.push(Effect::Ask(Intent::SaveDraft(draft), About::Saved(serial)));
                }
                Outcome::Send(draft) => {
                    fx.push(Effect::Ask(Intent::Submit(draft), About::Submitted(serial)));
                }
                Outcome::Editor(text) => fx.push(Effect::Editor { serial, text }),
                Outcome::Complete { serial, prefix } => {
                    fx.push(Effect::Query(crate::tui::question::Question::People {
                        serial,
                        prefix,
                    }));
                }
                Outcome::PathComplete(typed) => fx.push(Effect::Paths(typed)),
                Outcome::Attach(typed) => fx.push(Effect::Attach(typed)),
                Outcome::Command(command) => turn.command = Some(command),
                Outcome::Discard(id) => {
                    let drop = id.map(Intent::DiscardDraft);
                    fx.extend(drop.map(|i| Effect::Ask(i, About::Quiet)));
                    turn.close = true;
                }
                Outcome::Close => turn.close = true,
            }
        }
        turn
    }
}

/// Takes recipients and subject from a mailto address (RFC 6068). Nothing else in it is obeyed: a
/// link must not attach, copy in secret or write in the user's name.
pub fn address(draft: &mut Draft, url: &str) {
    let rest = url.get(7..).unwrap_or_default();
    let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
    draft.to = one_line(to);
    for pair in query.split('&') {
        if let Some((name, value)) = pair.split_once('=')
            && name.eq_ignore_ascii_case("subject")
        {
            draft.subject = one_line(value);
        }
    }
}

/// Percent-decoded and without control characters, so that no header line can be smuggled in.
fn one_line(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        let mut ahead = rest.clone();
        let digits = (b == b'%').then(|| (ahead.next(), ahead.next()));
        let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
        match digits.and_then(|(high, low)| hex(high).zip(hex(low))) {
            Some((high, low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = ahead;
            }
            None => bytes.push(b),
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    crate::text::Clean::line(&text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailto_address_fills_recipients_and_subject_only() {
        let mut draft = Draft::new(AccountName("work".into()));
        let url = "mailto:a%40b.example,c@d.example?Subject=Hi%20%C3%BC%0D%0ABcc:x&bcc=x@y&attach=/etc/passwd&body=z%";
        address(&mut draft, url);
        assert_eq!(draft.to, "a@b.example,c@d.example");
        assert_eq!(draft.subject, "Hi üBcc:x");
        assert!(draft.bcc.is_empty() && draft.body.is_empty() && draft.attachments.is_empty());
        address(&mut draft, "mailto:%");
        assert_eq!(draft.to, "%");
    }
}
