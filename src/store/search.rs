//! Search: a query to SQL and FTS5, newest first.

use super::error::Result;
use super::reader::Reader;
use crate::model::Query;
use crate::model::view::IndexRow;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// All messages that match.
    pub count: u64,
    /// The newest of them, one row each.
    pub rows: Vec<IndexRow>,
}

impl Reader {
    /// The newest `limit` messages that match, and how many there are. What a user typed can't make
    /// it fail.
    ///
    /// # Errors
    /// [`super::Error::Interrupted`], or the database fails.
    pub fn search(&self, query: &Query, limit: usize) -> Result<SearchResult> {
        let _ = (query, limit);
        unimplemented!()
    }
}
