//! What a line or a choice over the panes is about. It is found out when that opens: while somebody types
//! or chooses, mail comes and goes below, and another message may come to stand where that one stood.

use crate::model::view::IndexRow;
use crate::model::{MsgId, Target};

/// What was at hand when something was opened over the panes.
#[derive(Clone, Debug)]
pub struct Meant {
    /// What an action is done to.
    pub targets: Vec<Target>,
    /// What an action that files mail is done to.
    pub filed: Vec<Target>,
    /// The message that is answered or sent on.
    pub hand: Option<MsgId>,
    /// The rows of the targets, as far as they were here.
    pub rows: Vec<IndexRow>,
    /// Whether that was in the list, and not in the reader.
    pub listed: bool,
    /// Whether it was what was selected.
    pub selected: bool,
}
