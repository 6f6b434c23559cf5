//! What covers the panes, one on top of the other; the topmost takes the keys.

use crate::config::Split;
use crate::config::keep::Keep;
use crate::config::settings::{Row, Value, Way};
use crate::model::view::Scope;
use crate::model::{AccountName, MailboxId, SignInBy};
use crate::tui::app::invited::Asked;
use crate::tui::app::popup::{self, Popup};
use crate::tui::app::state::Panes;
use crate::tui::command::{Call, Command};
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::part::PartOf;
use crate::tui::screen::album::{self, Album};
use crate::tui::screen::confirm::{self, Confirm, MOMENT};
use crate::tui::screen::doctor::{self, Doctor};
use crate::tui::screen::help::{self, Help};
use crate::tui::screen::jobs::Jobs;
use crate::tui::screen::journal::{self, Journal};
use crate::tui::screen::outbox::Timed;
use crate::tui::screen::paper::{self, Paper};
use crate::tui::screen::picker::{self, Picker};
use crate::tui::screen::prompt::Prompt;
use crate::tui::screen::settings::Settings;
use crate::tui::screen::sign_in::{self, SignIn};
use crate::tui::theme::Theme;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::time::Instant;

/// What a mailbox is chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// To go there.
    Going,
    /// To move messages there.
    Moving,
    /// To copy messages there.
    Copying,
}

/// What a name is typed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// One more mailbox of this account.
    New(AccountName),
    /// Another name of this one.
    Other(MailboxId),
}

/// What a line is typed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A command.
    Command,
    /// A search that follows the typing; the number of the last question for people.
    Search(u64),
    /// Words in what is read; they are found while they are typed.
    Find,
    /// What the list is narrowed to; the number of the last question for people.
    Narrow(u64),
    /// A tag.
    Tag,
    /// A name for what is searched for.
    ViewName,
    /// People to send a message on to; the number of the last question for them.
    Redirect(u64),
    /// When one is reminded of a message.
    Remind,
    /// Until when a conversation is put off.
    Snooze,
    /// When a message in the outbox is sent, or a reminder comes back.
    Time(Timed),
    /// What is said with an answer to an invitation.
    Answer(Asked),
    /// The password of an account, and when it was asked for or the last key came that was too early.
    Password(AccountName, Instant),
    /// What a mailbox is called.
    Naming(Naming),
    /// Where attachments are to be saved.
    SaveTo(Vec<PartOf>),
    /// The program that gets an attachment.
    Pipe(PartOf),
    /// What this command is given.
    Given(Command),
    /// What an option is to be.
    Setting(Box<Row>),
}

/// What is chosen from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A command.
    Command(Command),
    /// A mailbox.
    Mailbox(MailboxId, For),
    /// An account.
    Account(AccountName),
    /// A theme.
    Theme(String),
    /// The message that is being written with this serial.
    Writing(u64),
    /// A saved view.
    View(String),
    /// Tabs for the inbox.
    Splits(Vec<Split>),
    /// This option is to be so.
    Set(Way, Option<Value>),
}

/// One thing that covers the panes.
#[derive(Debug)]
pub enum Layer {
    /// Links, attachments, a decision.
    Popup(Popup),
    /// One thing of many.
    Choose(Picker<Choice>),
    /// A line.
    Prompt(Box<Prompt>, Purpose),
    /// The help.
    Help(Help),
    /// Something to read.
    Paper(Paper),
    /// A sign-in that is waited for.
    SignIn(SignIn),
    /// Pictures.
    Album(Album),
    /// What was done.
    Journal(Journal),
    /// What runs.
    Jobs(Jobs),
    /// Every option.
    Settings(Settings),
    /// A check-up that runs.
    Doctor(Doctor),
    /// A question, and what its answers do.
    Question(Confirm<Vec<Effect>>),
}

/// What a layer asks of the shell.
#[derive(Debug)]
pub enum Ask {
    /// Run a command where the keys went before.
    Call(Call),
    /// Show other colours.
    Theme(String),
    /// Go on with the message that has this serial.
    Writing(u64),
    /// Ask for a time.
    Time(Timed),
    /// Begin to sign in anew, this way.
    SignIn(AccountName, SignInBy),
    /// Lay this over everything.
    Cover(Box<Layer>),
}

/// What an event did to a layer.
#[derive(Debug, Default)]
pub struct Turn {
    /// Whether it goes.
    pub close: bool,
    /// What the shell has to do then.
    pub ask: Option<Ask>,
}

impl Turn {
    /// Nothing is to be done.
    pub fn stay() -> Turn {
        Turn::default()
    }

    /// It goes.
    pub fn closed() -> Turn {
        Turn {
            close: true,
            ask: None,
        }
    }

    /// It stays below another.
    pub fn covered(layer: Layer) -> Turn {
        Turn {
            close: false,
            ask: Some(Ask::Cover(Box::new(layer))),
        }
    }

    /// It goes, and this is asked of the shell.
    pub fn asking(ask: Ask) -> Turn {
        Turn {
            close: true,
            ask: Some(ask),
        }
    }
}

impl Layer {
    /// Asks for a line.
    pub(super) fn asking(prompt: Prompt, purpose: Purpose) -> Layer {
        Layer::Prompt(Box::new(prompt), purpose)
    }

    /// Takes a key.
    pub fn key(
        &mut self,
        key: &KeyEvent,
        panes: &mut Panes,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Turn {
        if key.code != KeyCode::Esc && self.is_early(now) {
            return Turn::stay();
        }
        match self {
            Layer::Popup(popup) => match popup.key(*key, panes.size.0) {
                popup::Done::Stay => Turn::stay(),
                popup::Done::AskTime(timed) => Turn::asking(Ask::Time(timed)),
                popup::Done::Do(effect) => {
                    fx.push(effect);
                    Turn::stay()
                }
                popup::Done::Want(want) => Turn::covered(Layer::wanted(want, panes, fx)),
                popup::Done::Close(effect) => {
                    fx.extend(effect);
                    Turn::closed()
                }
            },
            Layer::Choose(picker) => chose(picker.update(key), panes, now, fx),
            Layer::Help(h) => match h.update(key) {
                help::Outcome::Stay => Turn::stay(),
                help::Outcome::Closed => Turn::closed(),
            },
            Layer::Paper(paper) => match paper.update(key) {
                paper::Outcome::Stay => Turn::stay(),
                paper::Outcome::Closed => Turn::closed(),
                paper::Outcome::Inside(parts) => Turn::covered(Layer::Popup(Popup::parts(parts))),
                paper::Outcome::Links(links) => match Popup::of_links(&links) {
                    Ok(popup) => Turn::covered(Layer::Popup(popup)),
                    Err(_) => Turn::stay(),
                },
            },
            Layer::SignIn(signing) => {
                let account = signing.account().clone();
                match signing.update(key) {
                    sign_in::Outcome::Stay => Turn::stay(),
                    sign_in::Outcome::Do(effect) => {
                        fx.push(effect);
                        Turn::stay()
                    }
                    sign_in::Outcome::Left(effect) => {
                        fx.push(effect);
                        Turn::closed()
                    }
                    sign_in::Outcome::Anew(by) => Turn::asking(Ask::SignIn(account, by)),
                }
            }
            Layer::Album(_) => self.album_key(key, panes, fx),
            Layer::Journal(journal) => wished(journal.update(key), fx),
            Layer::Jobs(jobs) => Layer::jobbed(jobs.update(key), fx),
            Layer::Settings(settings) => Layer::optioned(settings.update(key), panes, fx),
            Layer::Doctor(doctor) => match doctor.update(key) {
                doctor::Outcome::Stay => Turn::stay(),
                doctor::Outcome::Closed => Turn::closed(),
            },
            Layer::Question(question) => Layer::answered(question.update(key, now.mono), fx),
            Layer::Prompt(prompt, _) => {
                let outcome = prompt.update(key);
                self.typed(outcome, panes, now, fx)
            }
        }
    }

    /// Whether what is typed was meant for what was on the screen before a password was asked for: it
    /// comes in the first moment, or in one go with what did.
    fn is_early(&mut self, now: Now) -> bool {
        let Layer::Prompt(_, Purpose::Password(_, since)) = self else {
            return false;
        };
        let early = now.mono < *since + MOMENT;
        if early {
            *since = now.mono;
        }
        early
    }

    /// What was answered is done.
    fn answered(outcome: confirm::Outcome<Vec<Effect>>, fx: &mut Vec<Effect>) -> Turn {
        match outcome {
            confirm::Outcome::Stay => Turn::stay(),
            confirm::Outcome::Closed => Turn::closed(),
            confirm::Outcome::Answered(effects) => {
                fx.extend(effects);
                Turn::closed()
            }
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str, panes: &mut Panes, now: Now, fx: &mut Vec<Effect>) -> Turn {
        if self.is_early(now) {
            return Turn::stay();
        }
        match self {
            Layer::Choose(picker) => picker.paste(text),
            Layer::Journal(journal) => journal.paste(text),
            Layer::Jobs(jobs) => jobs.paste(text),
            Layer::Settings(settings) => settings.paste(text),
            Layer::Help(help) => help.paste(text),
            Layer::Prompt(prompt, _) => {
                let outcome = prompt.paste(text);
                return self.typed(outcome, panes, now, fx);
            }
            Layer::SignIn(s) => fx.extend(s.paste(text).map(Effect::SignInWord)),
            Layer::Popup(_)
            | Layer::Paper(_)
            | Layer::Doctor(_)
            | Layer::Album(_)
            | Layer::Question(_) => {}
        }
        Turn::stay()
    }

    /// Takes the mouse.
    pub fn mouse(
        &mut self,
        mouse: MouseEvent,
        screen: Rect,
        panes: &mut Panes,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Turn {
        if self.pull(&mouse, screen) {
            return Turn::stay();
        }
        let at = Position {
            x: mouse.column,
            y: mouse.row,
        };
        let by = match mouse.kind {
            MouseEventKind::ScrollDown => 3,
            MouseEventKind::ScrollUp => -3,
            MouseEventKind::Down(MouseButton::Left) => 0,
            _ => return Turn::stay(),
        };
        match self {
            Layer::Popup(p) if by != 0 => p.step(by),
            // As in a list: a click selects, one on what is selected chooses.
            Layer::Popup(popup) => {
                let again = popup.click(screen, at.x, at.y);
                let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
                return match again {
                    true => self.key(&enter, panes, now, fx),
                    false => Turn::stay(),
                };
            }
            Layer::Help(h) => h.scroll(by),
            Layer::Paper(p) => p.scroll(by),
            Layer::Doctor(d) => d.scroll(by),
            Layer::Album(a) if by != 0 => {
                if a.turn(by.signum()) == album::Outcome::Another {
                    self.picture(panes.size, fx);
                }
            }
            Layer::Question(question) if by == 0 => {
                let outcome = question.click(screen, at, now.mono);
                return Layer::answered(outcome, fx);
            }
            Layer::Prompt(prompt, _) if by == 0 => {
                let outcome = prompt.click(screen, at);
                return self.typed(outcome, panes, now, fx);
            }
            Layer::Prompt(..) | Layer::Question(_) | Layer::Album(_) | Layer::SignIn(_) => {}
            Layer::Choose(picker) if by != 0 => picker.scroll(by),
            Layer::Journal(journal) if by != 0 => journal.scroll(by),
            Layer::Jobs(jobs) if by != 0 => jobs.scroll(by),
            Layer::Jobs(jobs) => return Layer::jobbed(jobs.click(screen, at), fx),
            Layer::Settings(settings) if by != 0 => settings.scroll(by),
            Layer::Settings(settings) => {
                return Layer::optioned(settings.click(screen, at), panes, fx);
            }
            Layer::Journal(journal) => return wished(journal.click(screen, at), fx),
            Layer::Choose(picker) => return chose(picker.click(screen, at), panes, now, fx),
        }
        Turn::stay()
    }

    /// The mouse is on the bar beside a list, or holds it.
    fn pull(&mut self, mouse: &MouseEvent, screen: Rect) -> bool {
        match self {
            Layer::Popup(popup) => popup.pull(mouse, screen),
            Layer::Choose(picker) => picker.pull(mouse),
            Layer::Help(help) => help.pull(mouse),
            Layer::Paper(paper) => paper.pull(mouse),
            Layer::Journal(journal) => journal.pull(mouse),
            Layer::Jobs(jobs) => jobs.pull(mouse),
            Layer::Settings(settings) => settings.pull(mouse, screen),
            Layer::Doctor(doctor) => doctor.pull(mouse),
            Layer::Album(_) | Layer::Question(_) | Layer::Prompt(..) | Layer::SignIn(_) => false,
        }
    }

    /// Draws it; says where the cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        match self {
            Layer::Popup(p) => p.draw(buf, screen, theme),
            Layer::Paper(p) => p.draw(buf, screen, theme),
            Layer::Doctor(d) => d.draw(buf, screen, theme),
            Layer::Question(c) => c.draw(buf, screen, theme),
            Layer::Album(a) => a.draw(buf, screen, theme),
            Layer::SignIn(s) => s.draw(buf, screen, theme),
            Layer::Help(h) => return h.draw(buf, screen, theme),
            Layer::Choose(p) => return p.draw(buf, screen, theme),
            Layer::Journal(j) => return j.draw(buf, screen, theme),
            Layer::Jobs(j) => return j.draw(buf, screen, theme),
            Layer::Settings(s) => return s.draw(buf, screen, theme),
            Layer::Prompt(p, _) => return p.draw(buf, screen, theme),
        }
        None
    }
}

/// What is wanted with a past action.
fn wished(outcome: journal::Outcome, fx: &mut Vec<Effect>) -> Turn {
    match outcome {
        journal::Outcome::Stay => {}
        journal::Outcome::Closed => return Turn::closed(),
        journal::Outcome::Wish(wish) => fx.push(Panes::wish(wish)),
    }
    Turn::stay()
}

fn chose(
    outcome: picker::Outcome<Choice>,
    panes: &mut Panes,
    now: Now,
    fx: &mut Vec<Effect>,
) -> Turn {
    let choice = match outcome {
        picker::Outcome::Stay => return Turn::stay(),
        picker::Outcome::Closed => return Turn::closed(),
        picker::Outcome::Picked(choice) => choice,
    };
    match choice {
        Choice::Command(command) => return Turn::asking(Ask::Call(command.into())),
        Choice::Theme(name) if name.is_empty() => {}
        Choice::Set(_, Some(Value::Text(word))) if word.is_empty() => {}
        Choice::Set(way, value) => fx.push(Effect::Keep(Keep::Set(way, value))),
        Choice::Theme(name) => return Turn::asking(Ask::Theme(name)),
        Choice::Writing(serial) => return Turn::asking(Ask::Writing(serial)),
        Choice::Mailbox(id, For::Going) => panes.show_scope(Scope::Mailbox(id), now, fx),
        Choice::Mailbox(id, what) => panes.file(id, what == For::Copying, now, fx),
        Choice::Account(name) => panes.go_account(&name, now, fx),
        Choice::View(name) => {
            panes.show_view(&name, now, fx);
        }
        Choice::Splits(splits) => fx.push(Effect::Keep(Keep::Splits(splits))),
    }
    Turn::closed()
}
