//! What a client wants to hear of without asking: NOTIFY (RFC 5465), read by hand.

use super::ask::Extra;
use super::syntax::Piece;
use imap_types::fetch::MessageDataItemName;

/// The most filters of one command.
const MAX_GROUPS: usize = 200;

/// The events that can be told, as BADEVENT lists them.
pub const EVENTS: &str = "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange";

/// Which mailboxes a group is about (§6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The open one.
    Selected,
    /// The open one, expunges only when a command allows.
    SelectedDelayed,
    /// Where mail is delivered.
    Inboxes,
    /// Every one.
    Personal,
    /// Those subscribed to.
    Subscribed,
    /// These and those below.
    Subtree(Vec<String>),
    /// These.
    Mailboxes(Vec<String>),
}

/// What is to be told (§5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// MessageNew.
    pub new: bool,
    /// What is to be fetched of a new message at once, if anything.
    pub fetch: Option<(Vec<MessageDataItemName<'static>>, Extra)>,
    /// MessageExpunge.
    pub expunge: bool,
    /// FlagChange.
    pub flags: bool,
    /// MailboxName.
    pub names: bool,
    /// SubscriptionChange.
    pub subscriptions: bool,
}

impl Events {
    /// Whether there is any event of messages.
    pub fn messages(&self) -> bool {
        self.new || self.expunge || self.flags
    }
}

/// Mailboxes and what is to be told of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which mailboxes.
    pub filter: Filter,
    /// What.
    pub events: Events,
}

/// A NOTIFY command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whether a STATUS of each is wanted at once.
    pub status: bool,
    /// The groups; none for NOTIFY NONE.
    pub groups: Vec<Group>,
}

/// Why a NOTIFY can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a NOTIFY as it should be (BAD).
    Syntax,
    /// An event that can't be told (NO with BADEVENT).
    Event,
    /// Too much of it (NO with NOTIFICATIONOVERFLOW).
    Overflow,
}

/// How the items of MessageNew are read.
pub type Items<'a> = &'a dyn Fn(&Piece) -> Option<(Vec<MessageDataItemName<'static>>, Extra)>;

/// Reads what follows NOTIFY. `name` makes a mailbox's name of a piece.
///
/// # Errors
/// Says how it is to be refused.
pub fn read(
    whole: &[u8],
    pieces: &[Piece],
    name: &dyn Fn(&Piece) -> Option<String>,
    items: Items<'_>,
) -> Result<Asked, Refusal> {
    let (verb, mut rest) = pieces.split_first().ok_or(Refusal::Syntax)?;
    match verb.word(whole).as_deref() {
        Some("NONE") if rest.is_empty() => return Ok(Asked::default()),
        Some("SET") => {}
        _ => return Err(Refusal::Syntax),
    }
    let mut asked = Asked::default();
    if let Some((first, after)) = rest.split_first()
        && first.word(whole).as_deref() == Some("STATUS")
    {
        asked.status = true;
        rest = after;
    }
    if rest.is_empty() {
        return Err(Refusal::Syntax);
    }
    if rest.len() > MAX_GROUPS {
        return Err(Refusal::Overflow);
    }
    for piece in rest {
        let group = group(whole, piece.list().ok_or(Refusal::Syntax)?, name, items)?;
        asked.groups.push(group);
    }
    let selected = |g: &&Group| matches!(g.filter, Filter::Selected | Filter::SelectedDelayed);
    if asked.groups.iter().filter(selected).count() > 1 {
        return Err(Refusal::Syntax);
    }
    Ok(asked)
}

fn group(
    whole: &[u8],
    list: &[Piece],
    name: &dyn Fn(&Piece) -> Option<String>,
    items: Items<'_>,
) -> Result<Group, Refusal> {
    let (first, mut rest) = list.split_first().ok_or(Refusal::Syntax)?;
    let filter = match first.word(whole).as_deref() {
        Some("SELECTED") => Filter::Selected,
        Some("SELECTED-DELAYED") => Filter::SelectedDelayed,
        Some("INBOXES") => Filter::Inboxes,
        Some("PERSONAL") => Filter::Personal,
        Some("SUBSCRIBED") => Filter::Subscribed,
        Some(word @ ("SUBTREE" | "MAILBOXES")) => {
            let (names, after) = rest.split_first().ok_or(Refusal::Syntax)?;
            rest = after;
            let names = names.list().unwrap_or(std::slice::from_ref(names));
            let names: Option<Vec<String>> = names.iter().map(name).collect();
            let names = names.filter(|n| !n.is_empty()).ok_or(Refusal::Syntax)?;
            if names.len() > MAX_GROUPS {
                return Err(Refusal::Overflow);
            }
            match word {
                "SUBTREE" => Filter::Subtree(names),
                _ => Filter::Mailboxes(names),
            }
        }
        _ => return Err(Refusal::Syntax),
    };
    // RFC 5465 §3.1 has examples with the events in parentheses and without.
    let all = match rest {
        [one] => one.list().unwrap_or(rest),
        _ => rest,
    };
    let events = events(whole, all, items)?;
    let selected = matches!(filter, Filter::Selected | Filter::SelectedDelayed);
    if (selected && (events.names || events.subscriptions)) || (!selected && events.fetch.is_some())
    {
        return Err(Refusal::Syntax);
    }
    Ok(Group { filter, events })
}

fn events(whole: &[u8], all: &[Piece], items: Items<'_>) -> Result<Events, Refusal> {
    let mut events = Events::default();
    let mut rest = all.iter().peekable();
    if all.is_empty() {
        return Err(Refusal::Syntax);
    }
    while let Some(piece) = rest.next() {
        match piece.word(whole).as_deref() {
            Some("NONE") if all.len() == 1 => {}
            Some("MESSAGENEW") => {
                events.new = true;
                if let Some(list) = rest.next_if(|p| p.list().is_some()) {
                    events.fetch = Some(items(list).ok_or(Refusal::Syntax)?);
                }
            }
            Some("MESSAGEEXPUNGE") => events.expunge = true,
            Some("FLAGCHANGE") => events.flags = true,
            Some("MAILBOXNAME") => events.names = true,
            Some("SUBSCRIPTIONCHANGE") => events.subscriptions = true,
            Some(_) => return Err(Refusal::Event),
            None => return Err(Refusal::Syntax),
        }
    }
    // §5: the first two only together, the third only with them.
    if events.new != events.expunge || (events.flags && !events.new) {
        return Err(Refusal::Syntax);
    }
    Ok(events)
}
