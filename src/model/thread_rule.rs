//! What the user said of threads himself: these two are one, this one begins here. Named by
//! Message-IDs, which outlive whatever is known of a server.

use super::MessageId;

/// One of the user's decisions about threads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThreadRule {
    /// The threads of these two messages are one.
    Join(MessageId, MessageId),
    /// This message and what answers it are a thread of their own.
    Split(MessageId),
}
