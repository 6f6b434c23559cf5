//! What an account is doing, for the status line.

/// The state of an account's connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not tried yet.
    #[default]
    Idle,
    /// Not ours to hold: another process on this home talks to the servers.
    Elsewhere,
    /// Dialling or signing in.
    Connecting,
    /// Connected and current.
    Online,
    /// Not connected; tried again by itself.
    Waiting {
        /// What happened, in plain words, cleaned.
        reason: String,
        /// When it is tried again, seconds since 1970.
        retry_at: i64,
    },
    /// Not connected; will not be tried until the user acts (wrong password, bad certificate).
    Stopped {
        /// What happened and what to do, in plain words, cleaned.
        reason: String,
    },
}

/// How far a long task is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What the account is at, such as `sending`; empty: syncing.
    pub doing: String,
    /// What is done, e.g. `headers`.
    pub what: String,
    /// So much is done.
    pub done: u64,
    /// So much there is; 0 if unknown.
    pub total: u64,
    /// So much in a second lately; 0 if unknown.
    pub rate: u64,
    /// Seconds that the rest will take, if it can be told.
    pub left: Option<u64>,
}

/// A task that an account is at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Since when, seconds since 1970.
    pub since: i64,
    /// How far it is.
    pub progress: Progress,
}

/// How full a server's storage is (RFC 9208).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Octets used.
    pub used: u64,
    /// Octets there are.
    pub limit: u64,
}

/// Everything the status line says of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountStatus {
    /// The connection.
    pub link: Link,
    /// Whether an answer of the server's has been long in coming.
    pub slow: bool,
    /// Since when the connection is so, seconds since 1970; 0 if unknown.
    pub since: i64,
    /// The task under way; of several the one that matters most.
    pub progress: Option<Progress>,
    /// All tasks under way, what matters most first.
    pub tasks: Vec<Running>,
    /// Operations that the server has not confirmed.
    pub pending: u64,
    /// IMAP connections that are open.
    pub connections: u8,
    /// Octets received today.
    pub received: u64,
    /// Octets that may be received in a day, if that is bounded.
    pub budget: Option<u64>,
    /// The server's storage, if it tells.
    pub quota: Option<Quota>,
    /// Whether everything is being fetched for a journey.
    pub journey: bool,
    /// When all of its mailboxes were looked at last, seconds since 1970; 0: not since the start.
    pub looked: i64,
    /// Messages that came since the start.
    pub arrived: u64,
}
