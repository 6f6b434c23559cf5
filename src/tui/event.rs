//! Everything that can happen to the screen, in one closed enum: whoever reads it knows all that
//! ever triggers work there.

use crate::config::keep::Keep;
use crate::config::{SavedView, Split};
use crate::model::checkup;
use crate::model::setup::Cancel;
use crate::model::{AccountName, Done, Draft, MsgId, OutboxId, Outgoing, SignInStep};
use crate::signal::Posted;
use crate::tui::errand::Brought;
use crate::tui::files::Fresh;
use crate::tui::offer::Offered;
use crate::tui::part::PartCame;
use crate::tui::parting::Parting;
use crate::tui::question::{Answer, Job, LaidOut};
use crate::tui::whole::{Lacking, Since};
use crate::tui::work::WorkNews;
use crossterm::event::{KeyEvent, MouseEvent, MouseEventKind};
use std::time::Instant;

/// The time, handed to `update` so that it needs no clock.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Seconds since 1970, for dates.
    pub wall: i64,
    /// For deadlines.
    pub mono: Instant,
}

/// What an intent was about, so that its answer finds its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The action on mail (or the undo) with this ticket: a toast, and the overlay.
    Action(u64),
    /// An action of the journal was taken back or done again.
    Revised,
    /// What rules would change was asked.
    Rules,
    /// Nothing to say unless it fails (marking seen, fetching a body, checking mail).
    Quiet,
    /// A draft of the composer with this serial was saved.
    Saved(u64),
    /// The composer with this serial submitted its draft.
    Submitted(u64),
    /// The draft of the composer with this serial was put aside: nothing to say unless it fails.
    PutAside(u64),
    /// The draft of the composer with this serial was thrown away.
    Discarded(u64),
    /// Something whose success is told, and that no other kind fits.
    Done,
    /// A decision about a row of the outbox.
    Outbox(OutboxId),
}

impl About {
    /// The composer whose draft is settled by it, with every word that stands there.
    pub fn settles(self) -> Option<u64> {
        match self {
            About::Saved(serial)
            | About::Submitted(serial)
            | About::PutAside(serial)
            | About::Discarded(serial) => Some(serial),
            _ => None,
        }
    }
}

/// What comes of a sign-in.
#[derive(Debug)]
pub enum SignInNews {
    /// The user is to do this.
    Step(SignInStep),
    /// It is over: done, or why not.
    Ended(Result<(), String>),
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed (never released).
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted as one.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The terminal's window got (or lost) the focus.
    Focus(bool),
    /// The terminal said how bright its background is.
    Background {
        /// Whether it is light.
        light: bool,
    },
    /// Somebody wrote on the board.
    Board(Posted),
    /// The reader thread answered.
    Rows(Answer),
    /// The ledger answered.
    Reply {
        /// What was asked.
        about: About,
        /// What came of it.
        result: Result<Done, String>,
    },
    /// The layout thread answered.
    Laid(Job, LaidOut),
    /// A reply, forward or edit was prepared for the composer.
    Drafted {
        /// Whether who asked for it was at something else when it was begun.
        late: bool,
        /// The draft, or why there is none.
        draft: Result<Box<Draft>, String>,
    },
    /// A message to be queued was built.
    Built(Result<Box<Outgoing>, String>),
    /// How the list of a message is left, or why that is not known.
    Parting(Result<Box<Parting>, String>),
    /// The external editor ended: the text, or why there is none.
    EditorDone {
        /// Of the composer that asked.
        serial: u64,
        /// The new text, or what went wrong.
        result: Result<String, String>,
    },
    /// What was typed of a path, and the paths that begin so.
    Paths(String, Vec<String>),
    /// Whom a composer may offer, best first.
    Offered {
        /// Of the asking field.
        serial: u64,
        /// They.
        people: Vec<Offered>,
    },
    /// What a composer wanted looked up.
    Brought {
        /// Of the composer that asked.
        serial: u64,
        /// What was found.
        brought: Brought,
    },
    /// Work on an attachment ended with something to show or to ask.
    Part(PartCame),
    /// Attachments are not here that something needs; since when, if that waited for them already.
    Lacking(Lacking, Option<Since>),
    /// The attachment behind these parts of a message was not attached to what is written with this
    /// serial, for it is not here.
    NotHere(u64, MsgId, Vec<u32>),
    /// What is attached to this message is used: all of it is to be here, and stays.
    Used(MsgId),
    /// Something done aside ended: what to say, or what went wrong.
    Told(Result<String, String>),
    /// What was to be kept was written down, and what is kept from now on; or why not.
    Kept(Keep, Result<(Vec<SavedView>, Vec<Split>), String>),
    /// What the user's files say.
    Fresh {
        /// It.
        fresh: Box<Fresh>,
        /// Which reading it is: one that was begun later may be done before.
        number: u64,
        /// Whether it was asked for the settings.
        open: bool,
    },
    /// The sign-in of this number goes on, of this account.
    SignIn(u64, AccountName, SignInNews),
    /// A step of a check-up that this ends; `None`: there are no more.
    Examined(Cancel, Option<checkup::Progress>),
    /// Work on a thread of the screen's own began, went on, or ended.
    Work(WorkNews),
    /// A deadline passed (a toast's, a pending chord's).
    Tick,
    /// The terminal went away, or somebody asked the process to end.
    Quit,
}

impl Event {
    /// Whether somebody did something: pressed a key or a button, pasted.
    pub fn is_by_hand(&self) -> bool {
        match self {
            Event::Key(_) | Event::Paste(_) => true,
            Event::Mouse(mouse) => matches!(mouse.kind, MouseEventKind::Down(_)),
            _ => false,
        }
    }

    /// Whether it comes from the terminal or a signal, and not from a thread that was asked.
    pub fn is_typed(&self) -> bool {
        matches!(
            self,
            Event::Key(_)
                | Event::Mouse(_)
                | Event::Paste(_)
                | Event::Resize(..)
                | Event::Focus(_)
                | Event::Background { .. }
                | Event::Quit
        )
    }

    /// The kind of event, for the log: never what was typed.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Key(_) => "key",
            Event::Mouse(_) => "mouse",
            Event::Paste(_) => "paste",
            Event::Resize(..) => "resize",
            Event::Focus(_) => "focus",
            Event::Background { .. } => "background",
            Event::Board(_) => "board",
            Event::Rows(_) => "rows",
            Event::Reply { .. } => "reply",
            Event::Laid(..) => "laid",
            Event::Drafted { .. } => "drafted",
            Event::Built(_) => "built",
            Event::Parting(_) => "parting",
            Event::EditorDone { .. } => "editor",
            Event::Paths(..) => "paths",
            Event::Offered { .. } => "offered",
            Event::Brought { .. } => "brought",
            Event::Part(_) => "part",
            Event::Lacking(..) => "lacking",
            Event::NotHere(..) => "not here",
            Event::Used(_) => "used",
            Event::Told(_) => "told",
            Event::Kept(..) => "kept",
            Event::Fresh { .. } => "files",
            Event::SignIn(..) => "sign-in",
            Event::Examined(..) => "examined",
            Event::Work(_) => "work",
            Event::Tick => "tick",
            Event::Quit => "quit",
        }
    }
}
