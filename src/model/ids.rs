//! Row ids as newtypes: local, never reused, meaningless to any server.

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    };
}

row_id!(
    /// A mailbox of one account, in the cache.
    MailboxId
);
row_id!(
    /// A message, wherever and however often it lies on a server.
    MsgId
);
row_id!(
    /// One place where a message lies: (mailbox, UIDVALIDITY, UID), or a place it is on its way to.
    LocationId
);
row_id!(
    /// A conversation. Threads are global across accounts.
    ThreadId
);
row_id!(
    /// An operation in `local.db` that a server has not confirmed yet.
    OpId
);
row_id!(
    /// One user action (one undo step), which may be many operations.
    ActionId
);
row_id!(
    /// A draft in `local.db`.
    DraftId
);
row_id!(
    /// A message in the outbox.
    OutboxId
);
row_id!(
    /// A reminder in `local.db`.
    ReminderId
);
