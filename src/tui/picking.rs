//! What the search thread answers when rows of a whole list are to be selected: their ids, however
//! many pages of it are on no screen.

use crate::lang::tr;
use crate::store::{Error, Picking, Reader, Stub};
use crate::text::when;
use crate::tui::question::{Listing, Which};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A question that other questions interrupt is begun anew so often: each takes one key.
const TRIES: usize = 50;

/// The rows that are meant.
///
/// # Errors
/// In plain words, why they can't be told.
pub fn pick(reader: &Reader, listing: &Listing, which: &Which) -> Result<Vec<Stub>, String> {
    let mut last = Error::Interrupted;
    for _ in 0..TRIES {
        // A question that brings the store to panic must not take the thread with it.
        let found = catch_unwind(AssertUnwindSafe(|| of(reader, listing, which)))
            .unwrap_or_else(|_| Err(Error::Panicked("while selecting".to_owned())));
        match found {
            Ok(found) => return Ok(found),
            Err(Error::Interrupted) => {}
            Err(error) => {
                last = error;
                break;
            }
        }
    }
    Err(tr!("nothing was selected: {error}", error = last))
}

fn of(reader: &Reader, listing: &Listing, which: &Which) -> Result<Vec<Stub>, Error> {
    let now = when::now();
    let list = Picking {
        scope: listing.scope(),
        threaded: listing.threaded(),
        sort: listing.sort(),
        query: match listing {
            Listing::Fitting(list) => Some(&list.query),
            _ => None,
        },
        now,
    };
    match which {
        Which::All => reader.picked(&list),
        Which::Fitting(query, fits) => reader.picked_by(&list, query, *fits),
        Which::Among(places, query, fits) => reader.picked_among(places, query, *fits, now),
        Which::Between(one, other) => reader.picked_between(&list, (*one, *other)),
        Which::Of(thread) => reader.picked_of(&list, *thread),
        Which::Gone(stubs) => reader.picked_no_more(&list, stubs),
    }
}
