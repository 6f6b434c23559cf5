//! The terminal and its keys for as long as the process shows something. One screen after another
//! stands on it (the mail, the setting up of an account, the mail again), and between two of them
//! nothing flickers: the last frame of the one stays until the first of the other.

use crate::tui::event::Event;
use crate::tui::input::Input;
use crate::tui::terminal::{self, Terminal};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::io;
use std::path::Path;

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Standard input or output is no terminal, or it went away.
    #[error(
        "there is no terminal to show mail on ({0}); for scripts there are commands: postrider --help"
    )]
    Terminal(#[source] io::Error),
    /// Threads or descriptors have run out.
    #[error("the screen can't be started: {0}")]
    Start(#[source] io::Error),
}

/// The terminal while this process has it. It is as it was when this is dropped.
pub struct Stage {
    /// What is drawn on.
    pub(super) terminal: Terminal,
    /// Who reads keys.
    pub(super) input: Input,
    inbox: Receiver<Event>,
    /// Whether everything is said in words, line by line, for a screen reader.
    pub linear: bool,
    /// The same as the user had it when the last screen was left, if he changed it while that ran.
    pub heard: Option<bool>,
}

/// What nobody has heard any more of the answers to what was asked for last.
pub struct Unheard(Receiver<Event>);

impl Unheard {
    /// Why some of it was not done, in plain words.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.0.try_iter().filter_map(|event| match event {
            Event::Reply { result, .. } => result.err(),
            _ => None,
        });
        failed.collect()
    }
}

impl Stage {
    /// Takes the terminal. `log` is named after a panic.
    ///
    /// # Errors
    /// When there is no terminal, or no thread can be started.
    pub fn enter(mouse: bool, log: &Path) -> Result<Stage, RunError> {
        terminal::restore_on_panic(log);
        let (events, inbox) = unbounded();
        let terminal = Terminal::enter(mouse).map_err(RunError::Terminal)?;
        let input = Input::start(events).map_err(RunError::Start)?;
        Ok(Stage {
            terminal,
            input,
            inbox,
            linear: false,
            heard: None,
        })
    }

    /// Hands the terminal over while `work` runs, and takes it back.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn away<T>(&mut self, work: impl FnOnce() -> T) -> Result<T, RunError> {
        self.input.pause();
        terminal::leave();
        let result = work();
        self.terminal.reenter().map_err(RunError::Terminal)?;
        self.input.resume();
        Ok(result)
    }

    /// Gives the terminal back for good.
    pub fn leave(self) -> Unheard {
        Unheard(self.inbox)
    }

    /// A channel for another screen. What was typed since the last one ended comes through it;
    /// answers that threads of the last one still send do not.
    pub(super) fn anew(&mut self) -> (Sender<Event>, Receiver<Event>) {
        let (events, inbox) = unbounded();
        let before = std::mem::replace(&mut self.inbox, inbox.clone());
        self.input.hand_to(events.clone(), &before);
        (events, inbox)
    }
}
