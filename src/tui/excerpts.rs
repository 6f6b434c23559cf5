//! What stands in messages around the words that a search found there.

use crate::model::MsgId;
use crate::store::Reader;
use crate::tui::found::Found;

/// Octets of a text's beginning that a row has room for.
const SEEN: usize = 40;

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
        // What was searched, attachments too.
        let Ok(Some((text, snippet))) = reader.searched(*message) else {
            continue;
        };
        // Where it stands near the beginning the row shows it already.
        let near = |place: &std::ops::Range<usize>| place.start < SEEN;
        if !wanted.in_text(&snippet).iter().any(near) {
            out.extend(wanted.excerpt(&text).map(|e| (*message, e)));
        }
    }
    out
}
