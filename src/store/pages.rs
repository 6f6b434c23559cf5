//! Lists of messages and threads by keyset, never by offset: a page costs the same at the top of
//! a list and a million rows further down.

use super::error::Result;
use super::reader::Reader;
use crate::model::view::{IndexRow, Page, PageKey, Scope};

impl Reader {
    /// One page of a list, newest first, at most `limit` rows. Threaded lists have one row a
    /// thread, at the date of its newest message in the scope.
    pub fn page(
        &self,
        scope: &Scope,
        threaded: bool,
        page: Page,
        limit: usize,
    ) -> Result<Vec<IndexRow>> {
        let _ = (scope, threaded, page, limit);
        unimplemented!()
    }

    /// How many rows the list has.
    pub fn total(&self, scope: &Scope, threaded: bool) -> Result<u64> {
        let _ = (scope, threaded);
        unimplemented!()
    }

    /// How many rows stand before (are newer than) this key.
    pub fn position(&self, scope: &Scope, threaded: bool, key: PageKey) -> Result<u64> {
        let _ = (scope, threaded, key);
        unimplemented!()
    }

    /// The first row after `after` (older than it) that is unread or has an unread message; from
    /// the newest on with `None`.
    pub fn next_unread(
        &self,
        scope: &Scope,
        threaded: bool,
        after: Option<PageKey>,
    ) -> Result<Option<IndexRow>> {
        let _ = (scope, threaded, after);
        unimplemented!()
    }
}
