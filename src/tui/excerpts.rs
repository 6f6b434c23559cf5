//! What stands in messages around the words that a search found there.

use crate::mime::parse::digest;
use crate::model::MsgId;
use crate::store::{Reader, Shown};
use crate::tui::found::Found;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Octets of a text's beginning that a row has room for.
const SEEN: usize = 40;
/// Octets of a message of which an excerpt is made: a larger one takes too long to be read.
const EXCERPTED: usize = 4 << 20;

/// What stands in these messages around what was found; ends early when something newer waits.
pub fn excerpts(
    reader: &Reader,
    query: &str,
    messages: &[MsgId],
    waits: &dyn Fn() -> bool,
) -> Vec<(MsgId, String)> {
    let wanted = Found::of(query);
    let mut out = Vec::new();
    for message in messages {
        if waits() {
            break;
        }
        let Ok(Some(Shown { raw, .. })) = reader.shown(*message) else {
            continue;
        };
        if raw.len() > EXCERPTED {
            continue;
        }
        // A message that brings the parser to panic has no excerpt.
        let read = catch_unwind(AssertUnwindSafe(|| digest(&raw)));
        let Ok(digest) = read else { continue };
        // Where it stands near the beginning the row shows it already.
        let near = |place: &std::ops::Range<usize>| place.start < SEEN;
        if !wanted.in_text(&digest.snippet).iter().any(near) {
            out.extend(wanted.excerpt(&digest.text).map(|e| (*message, e)));
        }
    }
    out
}
