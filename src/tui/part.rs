//! What is asked about a message's attachments, and what comes back. The work itself is done
//! aside, in `parts`.

use crate::lang::tr;
use crate::mime::attachment::file_name;
use crate::mime::render::{Line, Link, Rendered};
use crate::model::view::AttachmentRow;
use crate::model::{MsgId, Target};
use crate::text::Clean;
use crate::tui::picture::{Inlay, Shown};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of a message, or of a message inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// The message.
    pub message: MsgId,
    /// The parts that lead to it: each but the last is a message.
    pub path: Vec<u32>,
    /// A name that a file can have.
    pub name: String,
    /// Where it lies on the web, if it is no part but a picture that was loaded from there.
    pub url: Option<String>,
}

/// Pictures of a message that lie on the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remotely {
    /// The message.
    pub message: MsgId,
    /// Who sent it: an addr-spec; empty if it names nobody or several.
    pub sender: String,
    /// Whether the user's own server proved that.
    pub verified: bool,
    /// Where they lie: https.
    pub urls: Vec<String>,
}

impl PartOf {
    /// The attachment of a message that lies behind these parts (none: in the message itself).
    pub fn new(message: MsgId, within: &[u32], row: &AttachmentRow) -> PartOf {
        let mut path = within.to_vec();
        path.push(row.part);
        PartOf {
            message,
            path,
            name: file_name(&row.name, &row.media_type),
            url: None,
        }
    }
}

/// By whose leave pictures are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The user was asked and said so.
    Given,
    /// The user is asked, unless it was said once for all.
    Asked,
    /// Only what was said once for all; nothing is asked or told.
    Standing,
}

/// What is to be done with attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartJob {
    /// Save them: in this folder or under this name as typed, else in the downloads folder.
    Save {
        /// Which.
        parts: Vec<PartOf>,
        /// Where, as typed.
        to: Option<String>,
    },
    /// Save one and open it with a program.
    Open {
        /// Which.
        part: PartOf,
        /// Whether the user was asked about what could run something.
        sure: bool,
    },
    /// Save the message as a page that loads nothing, and open that in a web browser.
    Browse {
        /// Which.
        message: MsgId,
    },
    /// Give one to a program, and show what that prints.
    Pipe {
        /// Which.
        part: PartOf,
        /// The command line as typed.
        command: String,
    },
    /// Give messages as they came to a program, and show what that prints.
    Give {
        /// Which.
        targets: Vec<Target>,
        /// The command line as typed.
        command: String,
    },
    /// Run a program, and show what it prints.
    Run {
        /// The command line as typed.
        command: String,
    },
    /// Show what can be shown of one.
    Peek {
        /// Which.
        part: PartOf,
        /// Columns for it.
        width: u16,
    },
    /// Load pictures from the web. Those of a sender of whom the user said so, and who is proved to
    /// be the sender, and those that are here already ask nobody.
    Load {
        /// Which.
        what: Remotely,
        /// By whose leave.
        leave: Leave,
    },
    /// Make the pictures ready that stand in a message's text.
    Inlays {
        /// The message.
        message: MsgId,
        /// Their numbers, and which they are.
        pictures: Vec<(u32, PartOf)>,
        /// Columns that they can have.
        columns: u16,
    },
    /// Say whose pictures are loaded without a question.
    Senders,
    /// Make a picture ready for the terminal.
    Picture {
        /// Which.
        part: PartOf,
        /// Columns and rows that it can have.
        room: (u16, u16),
        /// Of the question; goes back in the answer.
        serial: u64,
    },
}

impl PartJob {
    /// The one attachment that it is about, where it is about no more.
    pub fn only(&self) -> Option<&PartOf> {
        match self {
            PartJob::Save { parts, .. } => match parts.as_slice() {
                [part] => Some(part),
                _ => None,
            },
            PartJob::Open { part, .. }
            | PartJob::Pipe { part, .. }
            | PartJob::Peek { part, .. }
            | PartJob::Picture { part, .. } => Some(part),
            PartJob::Browse { .. }
            | PartJob::Give { .. }
            | PartJob::Run { .. }
            | PartJob::Load { .. }
            | PartJob::Inlays { .. }
            | PartJob::Senders => None,
        }
    }

    /// What the job list says of it; `None`: it is over before anybody could look.
    pub fn words(&self) -> Option<&'static str> {
        match self {
            PartJob::Save { .. } => Some(tr!("Saving attachments")),
            PartJob::Open { .. } => Some(tr!("Opening an attachment")),
            PartJob::Browse { .. } => Some(tr!("Opening a message in a web browser")),
            PartJob::Pipe { .. } | PartJob::Give { .. } | PartJob::Run { .. } => {
                Some(tr!("A program that was started here"))
            }
            PartJob::Load { .. } => Some(tr!("Loading pictures from the web")),
            PartJob::Peek { .. } => Some(tr!("Looking into an attachment")),
            PartJob::Inlays { .. } | PartJob::Senders | PartJob::Picture { .. } => None,
        }
    }
}

/// What came of it, besides words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartCame {
    /// Opening it could run something.
    Doubt {
        /// Which.
        part: PartOf,
        /// Why.
        why: Clean,
    },
    /// A picture that was asked for, or why there is none.
    Picture {
        /// Of the question.
        serial: u64,
        /// The picture.
        result: Result<Arc<Shown>, Clean>,
    },
    /// It is to be asked whether these are loaded.
    MayLoad(Remotely),
    /// Pictures were loaded.
    Loaded {
        /// Which were to be.
        what: Remotely,
        /// Those that are here.
        here: Vec<PartOf>,
        /// Why the first is not here that isn't.
        why: Option<Clean>,
        /// Whether nobody asked for them just now.
        quiet: bool,
    },
    /// Pictures of a message's text, by their numbers: those that can be shown.
    Inlays {
        /// The message.
        message: MsgId,
        /// The columns that they could have.
        columns: u16,
        /// The pictures.
        pictures: BTreeMap<u32, Arc<Inlay>>,
    },
    /// Whose pictures are loaded without a question.
    Senders(Vec<String>),
    /// What was to be looked into is a picture.
    IsPicture(PartOf),
    /// Something to read.
    Paper {
        /// What it is.
        title: Clean,
        /// Its lines.
        lines: Arc<[Line]>,
        /// What is attached to it, with the words for each.
        inside: Vec<(Clean, PartOf)>,
        /// Its links, in the order of their numbers.
        links: Vec<Link>,
    },
}

/// Whether it is called a picture of a kind that could be shown.
pub fn is_picture(row: &AttachmentRow) -> bool {
    let named = crate::mime::media::type_of(&row.name);
    let image = |media: &str| media.starts_with("image/") && !media.contains("svg");
    image(&row.media_type) || image(named)
}

/// What a list says of an attachment of a message that was rendered so.
pub fn label_in(row: &AttachmentRow, rendered: Option<&Rendered>) -> Clean {
    let is_in = |list: &dyn Fn(&Rendered) -> bool| rendered.is_some_and(list);
    let label = label(row, is_in(&|r| r.inline.contains(&row.part)));
    match is_in(&|r| r.absent.contains(&row.part)) {
        true => Clean::line(&tr!("{label}, fetched when opened", label)),
        false => label,
    }
}

/// What a list says of an attachment. `inline`: the text means it to be seen in its place.
pub fn label(row: &AttachmentRow, inline: bool) -> Clean {
    let name = match row.name.as_str() {
        "" => tr!("unnamed"),
        name => name,
    };
    let size = crate::text::size::human(row.size);
    let inline = if inline { tr!(", in the text") } else { "" };
    Clean::line(&format!("{name}  {}, {size}{inline}", row.media_type))
}
