//! What the screen is made from.

use crate::config::{SavedView, Split};
use crate::model::{Account, Draft, DraftId, Group};
use crate::tui::files::Fresh;
use crate::tui::ports::Taste;
use crate::tui::spell::Spelling;
use crate::tui::theme::Surroundings;
use std::path::PathBuf;

/// What the screen is made from.
#[derive(Debug)]
pub struct Setup {
    /// The accounts, in order.
    pub accounts: Vec<Account>,
    /// A built-in theme's name or a theme file's text.
    pub theme: Option<String>,
    /// A key file's text.
    pub keys: Option<String>,
    /// What the user prefers.
    pub taste: Taste,
    /// Spelling.
    pub spelling: Spelling,
    /// The groups of the configuration.
    pub groups: Vec<Group>,
    /// The saved views.
    pub views: Vec<SavedView>,
    /// The tabs over the inbox.
    pub splits: Vec<Split>,
    /// Whether recipients' domains are looked up before a message goes.
    pub check_domains: bool,
    /// Where attachments are saved if nothing else is said.
    pub downloads: PathBuf,
    /// What the terminal can show.
    pub surroundings: Surroundings,
    /// Drafts that stood open when the program died.
    pub left_open: Vec<DraftId>,
    /// Drafts that were being written when the program was ended in good order.
    pub put_aside: Vec<DraftId>,
    /// A message to begin with.
    pub compose: Option<Box<Draft>>,
    /// What the user's files say.
    pub fresh: Fresh,
    /// What was typed on the command line, the newest last.
    pub past: Vec<String>,
    /// What was changed of how the panes stand.
    pub shape: String,
    /// Things to say at the start.
    pub warnings: Vec<String>,
    /// Whether the tour is offered.
    pub tour: bool,
}
