//! What `update` wants done. Only the loop does it, so that screens can be tested without
//! threads and nothing on the screen thread can block.

use crate::config::Hyperlinks;
use crate::config::keep::Keep;
use crate::model::{AccountName, Draft, DraftId, Intent, MsgId, SignInBy, SignInWord, Target};
use crate::signal::Announcement;
use crate::tui::errand::Errand;
use crate::tui::event::About;
use crate::tui::part::PartJob;
use crate::tui::question::{Job, Question};
use crate::tui::takeout::Takeout;
pub use crate::tui::whole::{DraftFrom, Outward};
use crate::tui::whole::{Lacking, Since};

/// Why the screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The program is to end.
    Quit,
    /// An account is to be set up; then the screen comes back.
    AddAccount,
    /// The configuration is to be read anew; then the screen comes back.
    Reload,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask the reader thread.
    Query(Question),
    /// Ask the ledger; the answer comes as [`crate::tui::event::Event::Reply`].
    Ask(Intent, About),
    /// Lay these messages out, in this order, instead of those asked for before; each comes as
    /// [`crate::tui::event::Event::Laid`].
    Layout(Vec<Job>),
    /// Prepare a draft from a message; comes as [`crate::tui::event::Event::Drafted`].
    Draft {
        /// How.
        from: DraftFrom,
        /// Of which.
        message: MsgId,
        /// Whether who asked for it is at something else by now.
        late: bool,
    },
    /// Build what is sent of a message; comes as [`crate::tui::event::Event::Built`].
    Build(Outward, MsgId),
    /// Do what waited for attachments, some of which came. Where others are still not here it comes
    /// back as [`crate::tui::event::Event::Lacking`].
    Waited {
        /// What.
        lacking: Lacking,
        /// Since when.
        since: Since,
        /// Whether who asked for it is at something else by now.
        late: bool,
    },
    /// Find out how the list of a message is left; comes as
    /// [`crate::tui::event::Event::Parting`].
    Leave(MsgId),
    /// Show this http or https address with the desktop's program; a mailto address opens the
    /// composer instead.
    OpenUrl(String),
    /// Begin to write this: the composer takes it before anybody else sees it.
    Compose(Box<Draft>),
    /// Do something with attachments.
    Part(PartJob),
    /// Hand the screen over to `$VISUAL` or `$EDITOR` with this text; comes back as
    /// [`crate::tui::event::Event::EditorDone`].
    Editor {
        /// Of the composer that asks.
        serial: u64,
        /// The draft's row, if it has one.
        draft: Option<DraftId>,
        /// The text to edit.
        text: String,
    },
    /// Find paths that begin with what was typed; comes as
    /// [`crate::tui::event::Event::Paths`].
    Paths(String),
    /// Look something up for a composer; comes as [`crate::tui::event::Event::Brought`].
    Errand {
        /// Of the composer that asks.
        serial: u64,
        /// What.
        errand: Errand,
    },
    /// Say whom a composer may offer for what is typed; comes as
    /// [`crate::tui::event::Event::Offered`], and again if more is found later.
    Complete {
        /// Of the asking field; goes back in the answer.
        serial: u64,
        /// What was typed of the name or address.
        prefix: String,
    },
    /// Take messages out of the program; comes back as
    /// [`crate::tui::event::Event::Told`].
    Takeout(Takeout, Vec<Target>),
    /// Look an account over, step by step; each comes as
    /// [`crate::tui::event::Event::Examined`].
    Examine(AccountName),
    /// Write a view or tabs into the configuration; comes back as
    /// [`crate::tui::event::Event::Kept`].
    Keep(Keep),
    /// Read the user's files; comes back as [`crate::tui::event::Event::Fresh`].
    Reload {
        /// Whether the settings are to be shown then.
        open: bool,
    },
    /// Keep this line of the command line for later sessions.
    Remember(String),
    /// Keep for later sessions how the panes stand.
    Shape(String),
    /// Have the terminal report the mouse, or not.
    Mouse(bool),
    /// Whether the window is given a title.
    WindowTitle(bool),
    /// Whether the terminal is told of links.
    Hyperlinks(Hyperlinks),
    /// Sign in to an account in a browser; what comes of it comes as
    /// [`crate::tui::event::Event::SignIn`].
    SignIn {
        /// Goes back in what comes of it.
        serial: u64,
        /// The account.
        account: AccountName,
        /// Which way.
        by: SignInBy,
    },
    /// Say this to the sign-in that is under way.
    SignInWord(SignInWord),
    /// Put this on the terminal's clipboard (OSC 52).
    Copy(String),
    /// Let the terminal tell of new mail.
    Announce(Announcement),
    /// Stop the process as Ctrl-Z does in a shell.
    Suspend,
    /// Ask the terminal for its background.
    AskBackground,
    /// Draw everything anew.
    Redraw,
    /// Leave the screen.
    End(End),
}
