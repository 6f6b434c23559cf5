//! The composer on the screen: what it wants becomes effects, what came of them goes back to it.

use crate::mime::linked::{Said, from_mailto};
use crate::model::{Account, AccountName, Done, Draft, Intent};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::errand::{Brought, Errand};
use crate::tui::event::{About, Now};
use crate::tui::keymap::Keymap;
use crate::tui::question::Question;
use crate::tui::screen::composer::{Composer, Outcome, blank};
use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;
use std::time::Instant;

/// A composer on the screen.
#[derive(Debug)]
pub struct Writing {
    /// The composer.
    pub composer: Composer,
    serial: u64,
}

/// The number of the first question that the asker with this serial asks for people.
pub fn first_question(serial: u64) -> u64 {
    serial << 32
}

/// What became of the composer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Whether it goes.
    pub close: bool,
    /// Whether it goes and its draft stays.
    pub kept: bool,
    /// A command that is not its own.
    pub command: Option<Command>,
}

impl Writing {
    /// Opens a draft; `serial` tells its answers from those to an earlier one.
    pub fn open(draft: Draft, accounts: &[Account], serial: u64, fx: &mut Vec<Effect>) -> Writing {
        let begun = serial;
        let mut composer = Composer::open(Draft { begun, ..draft }, accounts);
        // Answers to another composer's questions must not be taken for this one's.
        composer.count_from(first_question(serial));
        let writing = Writing { composer, serial };
        fx.extend(writing.first());
        writing
    }

    /// Tells its answers from those to others.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// A new message from the account that is shown, else from the first.
    pub fn blank(accounts: &[Account], shown: Option<&AccountName>) -> Option<Draft> {
        let of_shown = accounts.iter().find(|a| Some(&a.name) == shown);
        of_shown.or_else(|| accounts.first()).map(blank)
    }

    /// What is for the composer (a draft, or a `mailto:` link that was opened, which is not for the
    /// desktop): takes it out of the effects and gives the draft, and what is to be said of it.
    pub fn linked(
        fx: &mut Vec<Effect>,
        accounts: &[Account],
        shown: Option<&AccountName>,
    ) -> Option<(Draft, Said)> {
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
            Effect::Compose(draft) => {
                found = Some(((**draft).clone(), Said::default()));
                false
            }
            _ => true,
        });
        found
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent, map: &Keymap, now: Now, fx: &mut Vec<Effect>) -> Turn {
        self.composer.set_clock(now.wall);
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
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        match mouse.kind {
            MouseEventKind::ScrollDown => self.composer.scroll(3),
            MouseEventKind::ScrollUp => self.composer.scroll(-3),
            MouseEventKind::Down(_) => self.composer.click(at),
            MouseEventKind::Drag(MouseButton::Left) => self.composer.drag(at),
            _ => {}
        }
    }

    /// Runs a command chosen from the palette.
    pub fn command(&mut self, command: Command, now: Now, fx: &mut Vec<Effect>) -> Turn {
        self.composer.set_clock(now.wall);
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

    /// The program ends: what is not saved yet is saved now, and gone on with at the next start.
    pub fn last_words(&self, fx: &mut Vec<Effect>) {
        let wish = match self.composer.id() {
            // Another window may have written on it: what was read here is not laid over that.
            Some(id) if !self.composer.is_ahead() => Intent::LeaveOpen(id),
            None if !self.composer.unsaved() => return,
            _ => Intent::PutAside(Box::new(self.composer.draft())),
        };
        fx.push(Effect::Ask(wish, About::PutAside(self.serial)));
    }

    /// The draft stands open no more.
    fn shut(&self, fx: &mut Vec<Effect>) {
        let close = self.composer.id().map(Intent::CloseDraft);
        fx.extend(close.map(|i| Effect::Ask(i, About::Quiet)));
    }

    /// The ledger answered a save.
    pub fn saved(&mut self, result: Result<Done, String>, now: Now, fx: &mut Vec<Effect>) -> Turn {
        match result {
            Ok(done) => {
                self.composer.read_as(done.rev, done.parted);
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
    pub fn submitted(&mut self, result: Result<(), &str>, now: Now, fx: &mut Vec<Effect>) -> Turn {
        match result {
            Err(why) => self.composer.send_failed(why, now.mono),
            Ok(()) => self.shut(fx),
        }
        Turn {
            close: result.is_ok(),
            ..Turn::default()
        }
    }

    /// The external editor ended.
    pub fn edited(
        &mut self,
        result: Result<String, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Turn {
        let out = self.composer.edited(result, now.mono);
        self.turn(out, fx)
    }

    /// What was looked up is here.
    pub fn brought(&mut self, brought: Brought, now: Now, fx: &mut Vec<Effect>) -> Turn {
        let out = self.composer.brought(brought, now.mono);
        self.turn(out, fx)
    }

    /// What was to be attached can't be had.
    pub fn brought_nothing(&mut self) -> Turn {
        self.composer.brought_nothing();
        Turn::default()
    }

    /// What a message wants to know as soon as it is open.
    fn first(&self) -> Vec<Effect> {
        let serial = self.serial;
        let mut first = vec![Effect::Query(Question::Known { serial })];
        let files = self.composer.unweighed();
        if !files.is_empty() {
            let errand = Errand::Weigh(files);
            first.push(Effect::Errand { serial, errand });
        }
        first
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
                Outcome::Editor(text) => fx.push(Effect::Editor {
                    serial,
                    draft: self.composer.id(),
                    text,
                }),
                Outcome::Complete { serial, prefix } => {
                    fx.push(Effect::Complete { serial, prefix });
                }
                Outcome::PathComplete(typed) => fx.push(Effect::Paths(typed)),
                Outcome::Errand(errand) => fx.push(Effect::Errand { serial, errand }),
                Outcome::Copy(text) => fx.push(Effect::Copy(text)),
                Outcome::Command(command) => turn.command = Some(command),
                Outcome::Discard(id) => {
                    // What was written on since goes with it, so that an undo brings all of it back.
                    let draft = Box::new(self.composer.draft());
                    if id.is_some() || draft.replaces.is_none() {
                        fx.push(Effect::Ask(
                            Intent::Discard(draft),
                            About::Discarded(serial),
                        ));
                    }
                    turn.close = true;
                }
                Outcome::Close => {
                    self.shut(fx);
                    turn.close = true;
                    turn.kept = self.composer.is_kept();
                }
            }
        }
        turn
    }
}
