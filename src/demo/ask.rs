//! What a client may ask for that imap-codec has no words for.

/// What FETCH gives besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// EMAILID (RFC 8474).
    EmailId,
    /// THREADID (RFC 8474).
    ThreadId,
    /// PREVIEW (RFC 8970).
    Preview,
    /// X-GM-MSGID.
    GmMessage,
    /// X-GM-THRID.
    GmThread,
    /// X-GM-LABELS.
    GmLabels,
}

impl Item {
    /// The item of that name in capitals, and the capability it belongs to.
    pub fn named(word: &str) -> Option<(Item, &'static str)> {
        Some(match word {
            "EMAILID" => (Item::EmailId, "OBJECTID"),
            "THREADID" => (Item::ThreadId, "OBJECTID"),
            "PREVIEW" => (Item::Preview, "PREVIEW"),
            "X-GM-MSGID" => (Item::GmMessage, "X-GM-EXT-1"),
            "X-GM-THRID" => (Item::GmThread, "X-GM-EXT-1"),
            "X-GM-LABELS" => (Item::GmLabels, "X-GM-EXT-1"),
            _ => return None,
        })
    }
}

/// What SEARCH asks besides, with the text that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What is asked about.
    pub about: About,
    /// What it has to be.
    pub is: String,
}

/// What a [`Key`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// One of the items that FETCH gives too.
    Item(Item),
    /// X-GM-RAW: words as in Gmail's search field.
    Raw,
}

/// How SEARCH is to answer (RFC 4731, RFC 5182).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// MIN
    pub min: bool,
    /// MAX
    pub max: bool,
    /// ALL
    pub all: bool,
    /// COUNT
    pub count: bool,
    /// SAVE
    pub save: bool,
}

/// What goes with a command that imap-codec reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// More items of a FETCH.
    pub items: Vec<Item>,
    /// The keys of a SEARCH that stand as keywords `$own$0`, `$own$1` and so on.
    pub keys: Vec<Key>,
    /// RETURN of a SEARCH.
    pub returns: Option<Returns>,
}

/// The name that a [`Key`] of that place has as a keyword.
pub fn keyword(place: usize) -> String {
    format!("$own${place}")
}
