//! What an account is doing, for the status line.

/// The state of an account's connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not tried yet.
    #[default]
    Idle,
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
    /// What is done, e.g. `headers`.
    pub what: String,
    /// So much is done.
    pub done: u64,
    /// So much there is; 0 if unknown.
    pub total: u64,
}

/// Everything the status line says of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountStatus {
    /// The connection.
    pub link: Link,
    /// The task under way.
    pub progress: Option<Progress>,
    /// Operations that the server has not confirmed.
    pub pending: u64,
}
