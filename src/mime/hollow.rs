//! A message without the octets of its attachments: what is kept of one that nobody opened.
//!
//! Each octet of a large attachment gives way to the same letter, line ends stay, and in the place of
//! its first ones stands what says which file it was. So the message has the length and the parts that
//! it had, every offset in it is right, and it packs to nothing; two that differ in a file still
//! differ. What is read with the message stays: texts, calendars, letters within it, small pictures
//! that stand in the text, and all of a message that is signed or encrypted.

use super::body::{self, Piece, Prefer};
use super::tree::{Part, Tree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};
use std::ops::Range;

/// What takes no more than this (octets, as it stands in the message) stays.
const SMALL: usize = 4 << 10;
/// The same of what is seen in the text.
const SMALL_PICTURE: usize = 64 << 10;
/// Stands for each octet that is left out.
const NOTHING: u8 = b'A';
/// So many characters say which file it was.
const NAME: usize = 43;
/// Octets behind these that are looked at to tell what is left out.
const LOOKED_AT: usize = 512;

/// Leaves the octets of attachments out. Answers how many.
pub fn hollow(raw: &mut [u8]) -> usize {
    let mut out = 0;
    for place in places(raw) {
        let Some(part) = raw.get_mut(place) else {
            continue;
        };
        out += part.len();
        stand_in(part);
    }
    out
}

/// Puts what stands for a file in its place.
fn stand_in(part: &mut [u8]) {
    let name = STANDARD_NO_PAD.encode(Sha256::digest(&*part));
    let mut name = name.bytes();
    for octet in part.iter_mut().filter(|b| !is_kept(**b)) {
        *octet = name.next().unwrap_or(NOTHING);
    }
}

/// Where the attachment behind these parts is left out of a message that is known to be hollow: the
/// octets of the message as its server has it, which has the same length. `None` if it is here.
pub fn gap(raw: &[u8], path: &[u32]) -> Option<Range<usize>> {
    let tree = Tree::read(raw);
    let part = tree.part(*path.first()?)?;
    let place = place_of(raw, part.body);
    (is_left_out(part.body) && raw.get(place.clone()) == Some(part.body)).then_some(place)
}

/// Puts octets where they were left out. What stands there says whether they are those; if they are
/// not, nothing is changed, and `false` is the answer.
pub fn fill(raw: &mut [u8], gap: Range<usize>, octets: &[u8]) -> bool {
    let Some(place) = raw.get_mut(gap) else {
        return false;
    };
    let mut name = octets.to_vec();
    stand_in(&mut name);
    let same = *place == *name;
    if same {
        place.copy_from_slice(octets);
    }
    same
}

/// A part's body is a piece of the message.
fn place_of(raw: &[u8], body: &[u8]) -> Range<usize> {
    let at = (body.as_ptr() as usize).wrapping_sub(raw.as_ptr() as usize);
    at..at.saturating_add(body.len())
}

/// Whether a part, as it stands in the message, was left out: behind a name, and at its end, there is
/// nothing. A file of nothing but zeros looks so in base64, too, but has no name. A sender may have
/// written one; then there is nothing in it that anybody misses.
pub fn is_left_out(body: &[u8]) -> bool {
    let named = letters(body).take(NAME).any(|b| *b != NOTHING);
    let behind = behind_name(body);
    let mut behind = letters(behind)
        .take(LOOKED_AT)
        .chain(letters(behind).rev().take(LOOKED_AT))
        .peekable();
    body.len() > SMALL && named && behind.peek().is_some() && behind.all(|b| *b == NOTHING)
}

/// The octets of a part that something else can stand for.
fn letters(body: &[u8]) -> impl DoubleEndedIterator<Item = &u8> {
    body.iter().filter(|b| !is_kept(**b))
}

/// Line ends stay, and what fills up the last letters of base64: it says how long the file is.
fn is_kept(octet: u8) -> bool {
    matches!(octet, b'\r' | b'\n' | b'=')
}

/// What stands behind the place for a name; nothing if there is no more than that.
fn behind_name(body: &[u8]) -> &[u8] {
    let mut places = body.iter().enumerate().filter(|(_, b)| !is_kept(**b));
    let first = places.nth(NAME).and_then(|(at, _)| body.get(at..));
    first.unwrap_or_default()
}

/// The attachments (by part) that are left out of a message that is known to be hollow: of any other
/// one can only tell what looks like it.
pub fn left_out(raw: &[u8]) -> Vec<u32> {
    let tree = Tree::read(raw);
    let rows = body::attachments(&tree);
    let is_out = |id: &u32| tree.part(*id).is_some_and(|part| is_left_out(part.body));
    rows.iter().map(|row| row.part).filter(is_out).collect()
}

/// Whether the attachment behind these parts is here, of a message as far as it is.
pub fn has(raw: &[u8], path: &[u32]) -> bool {
    let tree = Tree::read(raw);
    let part = path.first().and_then(|id| tree.part(*id));
    part.is_some_and(|part| !is_left_out(part.body))
}

/// Where what is left out lies.
fn places(raw: &[u8]) -> Vec<Range<usize>> {
    let tree = Tree::read(raw);
    if tree.parts.iter().any(is_sealed) {
        return Vec::new();
    }
    let rows = body::attachments(&tree);
    let is_large = |id: u32| tree.part(id).is_some_and(|part| part.body.len() > SMALL);
    if !rows.iter().any(|row| is_large(row.part)) {
        return Vec::new();
    }
    // Whichever form somebody chooses must be here.
    let ways = [Prefer::Best, Prefer::Plain, Prefer::Html, Prefer::Reader];
    let shown: Vec<Piece> = ways
        .into_iter()
        .flat_map(|prefer| body::choose(&tree, prefer).pieces)
        .collect();
    let is_read = |id: u32| {
        shown.iter().any(|piece| match piece {
            Piece::Plain(n) | Piece::Html(n) | Piece::Calendar(n) | Piece::Card(n) => *n == id,
            Piece::Report(n) | Piece::Message(n) => *n == id,
            Piece::Picture(_) | Piece::Note(..) => false,
        })
    };
    let inline = body::inline(&tree);
    let mut out = Vec::new();
    for row in rows {
        let Some(part) = tree.part(row.part) else {
            continue;
        };
        let small = match inline.contains(&row.part) {
            true => SMALL_PICTURE,
            false => SMALL,
        };
        let stays = part.body.len() <= small
            || behind_name(part.body).is_empty()
            || is_read(row.part)
            || body::is_message(part)
            || body::is_text(part);
        // What is left out already must not be called by another name.
        if !stays && !is_left_out(part.body) && part.media.main != "multipart" {
            let place = place_of(raw, part.body);
            out.extend((raw.get(place.clone()) == Some(part.body)).then_some(place));
        }
    }
    out
}

/// Whether a signature or an encryption holds the message together.
fn is_sealed(part: &Part<'_>) -> bool {
    let sub = part.media.sub.as_str();
    part.is("multipart", "signed")
        || part.is("multipart", "encrypted")
        || sub.contains("pkcs7")
        || sub.contains("pgp")
}

#[cfg(test)]
mod tests {
    use super::super::parse::digest;
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn letter(kind: &str, file: &[u8]) -> Vec<u8> {
        let lines = STANDARD.encode(file);
        let lines: Vec<&str> = lines
            .as_bytes()
            .chunks(76)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        format!(
            "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nthe text\r\n\
             --b\r\nContent-Type: {kind}; name=f.bin\r\nContent-Disposition: attachment\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
            lines.join("\r\n")
        )
        .into_bytes()
    }

    #[test]
    fn a_hollow_message_has_the_parts_and_lengths_that_it_had() {
        for length in [9_000, 9_001, 9_002] {
            let file: Vec<u8> = (0..length).map(|n| (n * n % 251) as u8).collect();
            let whole = letter("application/pdf", &file);
            let mut less = whole.clone();
            assert!(hollow(&mut less) > 9_000);
            assert_eq!(less.len(), whole.len());
            let (was, is) = (digest(&whole), digest(&less));
            assert_eq!((was.attachments, was.text), (is.attachments, is.text));
            let part = |raw: &[u8]| is_left_out(Tree::read(raw).parts[2].body);
            assert_eq!((part(&whole), part(&less)), (false, true));
            assert!(zstd::encode_all(less.as_slice(), 3).unwrap().len() < 700);
            let again = less.clone();
            assert_eq!((hollow(&mut less), &less), (0, &again));
            let mut other = letter("application/pdf", &file[1..]);
            hollow(&mut other);
            assert_ne!(other, less, "which file it was can be told");
        }
    }

    #[test]
    fn a_gap_is_filled_by_what_was_there_and_by_nothing_else() {
        let file: Vec<u8> = (0..9_001).map(|n| (n * n % 251) as u8).collect();
        let whole = letter("application/pdf", &file);
        let mut less = whole.clone();
        hollow(&mut less);
        let path = [left_out(&less)[0]];
        let at = gap(&less, &path).unwrap();
        assert_eq!(gap(&whole, &path), None);
        let was = less.clone();
        let mut other = whole[at.clone()].to_vec();
        other[70] = if other[70] == b'x' { b'y' } else { b'x' };
        let right = &whole[at.clone()];
        for wrong in [&other, &right[1..], &was[at.clone()], &[]] {
            assert!(!fill(&mut less, at.clone(), wrong));
            assert_eq!(less, was);
        }
        assert!(!fill(&mut less, 9..usize::MAX, right));
        assert!(fill(&mut less, at.clone(), right));
        assert_eq!(less, whole);
        assert_eq!(gap(&less, &path), None);
    }

    #[test]
    fn a_file_that_begins_with_zeros_is_here() {
        let zeros = |begin: &[u8], end: &[u8]| [begin, &[0; 9_000], end].concat();
        for file in [zeros(b"", b"x"), zeros(b"", b""), zeros(b"RIFF", &[7; 500])] {
            let whole = letter("application/pdf", &file);
            assert_eq!(left_out(&whole), [0u32; 0]);
            let path = [body::attachments(&Tree::read(&whole))[0].part];
            assert!(has(&whole, &path));
            let mut less = whole.clone();
            assert!(hollow(&mut less) > 9_000);
            assert_eq!((left_out(&less), has(&less, &path)), (path.to_vec(), false));
            let at = gap(&less, &path).unwrap();
            let octets = whole[at.clone()].to_vec();
            assert!(fill(&mut less, at, &octets));
            assert_eq!(less, whole);
        }
    }

    #[test]
    fn a_file_of_few_letters_is_left_out_or_stays() {
        let ends = "\r\n".repeat(3_000);
        for (few, out) in [(100, true), (44, true), (43, false), (9, false)] {
            let file = format!("{}{ends}", "x".repeat(few));
            let whole = format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nthe text\r\n--b\r\n\
                 Content-Type: application/pdf; name=f.pdf\r\nContent-Disposition: attachment\r\n\r\n{file}\r\n--b--\r\n"
            )
            .into_bytes();
            assert_eq!(left_out(&whole), [0u32; 0], "{few}");
            let path = [body::attachments(&Tree::read(&whole))[0].part];
            let mut less = whole.clone();
            assert_eq!(hollow(&mut less) > 0, out, "{few}");
            assert_eq!(has(&less, &path), !out, "{few}");
            let Some(at) = gap(&less, &path) else {
                assert_eq!(less, whole, "{few}");
                continue;
            };
            let octets = whole[at.clone()].to_vec();
            assert!(fill(&mut less, at, &octets));
            assert_eq!(less, whole);
        }
    }

    /// A plain text that reads best, beside a page with a name.
    fn alternative() -> Vec<u8> {
        let page = "<p>A paragraph of the page.</p>\r\n".repeat(400);
        format!(
            "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\
             A paragraph of the page, and many more that are like it in every word.\r\n\
             --b\r\nContent-Type: text/html; name=page.html\r\nContent-Disposition: inline; filename=page.html\r\n\r\n{page}\r\n--b--\r\n"
        )
        .into_bytes()
    }

    /// Two plain forms, of which no program shows the first.
    fn forms() -> Vec<u8> {
        let text = "A line of what somebody wrote.\r\n".repeat(400);
        format!(
            "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\
             {text}\r\n--b\r\n\r\nThe other form of it.\r\n--b--\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_text_that_no_form_shows_stays_and_a_file_of_text_does_not() {
        let mut text = forms();
        assert_eq!(body::attachments(&Tree::read(&text)).len(), 1);
        assert_eq!(hollow(&mut text), 0);
        assert!(hollow(&mut letter("text/plain", &[b'x'; 9_000])) > 9_000);
    }

    #[test]
    fn what_is_read_small_or_sealed_stays() {
        let file: Vec<u8> = (0..9_000).map(|n| (n * n % 251) as u8).collect();
        let signed = |raw: Vec<u8>| {
            let text = String::from_utf8(raw).unwrap();
            text.replace("multipart/mixed", "multipart/signed")
                .into_bytes()
        };
        for whole in [
            letter("application/pdf", &file[..1_000]),
            letter("message/rfc822", &file),
            letter("message/global", &file),
            alternative(),
            letter("application/pkcs7-mime", &file),
            signed(letter("application/pdf", &file)),
        ] {
            let mut less = whole.clone();
            assert_eq!(hollow(&mut less), 0);
            assert_eq!(less, whole);
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_keeps_its_length_and_lines(raw in proptest::collection::vec(0u8.., 0..400), at in 0usize..400) {
            let mut whole = letter("image/png", &[7; 9_000]);
            let at = at.min(whole.len());
            whole.splice(at..at, raw);
            let mut less = whole.clone();
            hollow(&mut less);
            proptest::prop_assert_eq!(less.len(), whole.len());
            let ends = |raw: &[u8]| raw.iter().filter(|b| **b == b'\n').count();
            proptest::prop_assert_eq!(ends(&less), ends(&whole));
        }
    }
}
