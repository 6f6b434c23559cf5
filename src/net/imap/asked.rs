//! Fetches: what came of one, and one that was sent before the answer to another is here.

use crate::model::{Uid, UidSet};
use crate::net::imap::decode::Reply;
use crate::net::imap::halves::Halves;

/// How a fetch went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchReport {
    /// Rows that the sink took.
    pub delivered: u64,
    /// Which messages they were of.
    pub uids: UidSet,
    /// Messages that were asked for and that the server could not give, whatever was tried.
    pub bad: Vec<Uid>,
    /// Messages that were asked for and not settled, since enough had been tried for now. There may
    /// be some among them that don't exist.
    pub left: UidSet,
    /// Rows that could not be used and did not even say whose they are.
    pub nameless: u64,
    /// Messages of which not all was told yet.
    pub(super) halves: Halves,
}

/// A fetch that was sent and not heard out.
#[derive(Debug)]
pub(super) struct Asked {
    /// Its tag.
    pub(super) tag: Vec<u8>,
    /// Of which messages.
    pub(super) set: UidSet,
    /// What of each.
    pub(super) items: String,
    /// What came of it so far: a server may answer two fetches at once.
    pub(super) report: FetchReport,
    /// Its end, if it came.
    pub(super) reply: Option<Reply>,
}
