//! The commands that imap-codec has no words for, as they were read.

use super::notify::Asked;

/// LIST with everything that may be said with it (RFC 5258, RFC 5819, RFC 6154).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Selection options, in capitals.
    pub select: Vec<String>,
    /// Reference and patterns, put together.
    pub patterns: Vec<String>,
    /// Whether it was asked with the extended syntax.
    pub extended: bool,
    /// Return options but STATUS, in capitals.
    pub returns: Vec<String>,
    /// Items of RETURN (STATUS (...)).
    pub status: Vec<String>,
}

/// A command that imap-codec does not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own {
    /// LIST.
    List(List),
    /// LSUB: the patterns.
    Lsub(Vec<String>),
    /// STATUS: the mailbox and the items in capitals.
    Status(String, Vec<String>),
    /// ENABLE: what, in capitals.
    Enable(Vec<String>),
    /// NAMESPACE.
    Namespace,
    /// NOTIFY NONE, or SET with what follows it.
    Notify(Asked),
    /// GETQUOTAROOT of a mailbox.
    QuotaRoot(String),
    /// GETQUOTA of a root.
    Quota(String),
    /// COMPRESS DEFLATE.
    Compress,
    /// STORE of X-GM-LABELS.
    Labels {
        /// Which messages.
        set: String,
        /// Whether the set is of UIDs.
        uid: bool,
        /// Adds, removes, or (neither) replaces.
        add: Option<bool>,
        /// Whether the outcome is not to be told.
        silent: bool,
        /// The labels.
        labels: Vec<String>,
    },
    /// A command on no message at all (an empty `$`).
    Nothing,
}
