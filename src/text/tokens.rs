//! Words as the search knows them: runs of letters and digits without case and accents.
//!
//! Languages that put no spaces between words (Chinese, Japanese, Thai), and Korean, which puts
//! particles behind its words, have each character for a word: a word of theirs is a phrase of
//! characters, and any part of it is found.

use crate::text::fold::fold;
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation as _;

/// Whether a character is a word by itself.
pub fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        // Thai, Lao, Myanmar, Khmer.
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff
        // Kana, bopomofo, ideographs, Hangul syllables, wide forms.
        | 0x3005..=0x3007 | 0x3040..=0x30ff | 0x3100..=0x312f | 0x31f0..=0x31ff | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff66..=0xff9f
        | 0x2_0000..=0x3_ffff)
}

/// Whether a text has vowels that are marks: Hebrew and Arabic points, those of India, Thai, Lao, Tibetan,
/// Myanmar, Khmer. FTS5 takes a mark for the end of a word.
pub fn has_marks(text: &str) -> bool {
    let is_mark = |c: char| match u32::from(c) {
        // The scripts of India have theirs at the same places of their blocks.
        n @ 0x0900..=0x0dff => {
            matches!(n & 0x7f, 0..=3 | 0x3a..=0x3c | 0x3e..=0x4f | 0x51..=0x57 | 0x62..=0x63)
        }
        n => matches!(n,
            0x0591..=0x05c7 | 0x0610..=0x061a | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06ed
            | 0x0e31 | 0x0e34..=0x0e3a | 0x0e47..=0x0e4e | 0x0eb1 | 0x0eb4..=0x0ebc | 0x0ec8..=0x0ece
            | 0x0f71..=0x0f84 | 0x102b..=0x103e | 0x1056..=0x1059 | 0x17b4..=0x17d3),
    };
    text.chars().any(is_mark)
}

/// The text with every character that stands alone set apart by spaces.
pub fn spaced(text: &str) -> Cow<'_, str> {
    // Nearly no text has any, and only characters from U+0E00 up begin with an octet from E0 up. All
    // octets are looked at, because that is done many at a time.
    let far = text.bytes().fold(false, |far, b| far | (b >= 0xe0));
    if !far || !text.chars().any(stands_alone) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if stands_alone(c) {
            out.push(' ');
            out.push(c);
            out.push(' ');
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The words of a text, each with the octets where it stands.
pub fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let mut out: Vec<(Range<usize>, String)> = Vec::new();
    each(text, |at| {
        let word = fold(text.get(at.clone()).unwrap_or_default());
        out.push((at, word));
    });
    out
}

/// Where each word of a text stands, from left to right.
fn each(text: &str, mut found: impl FnMut(Range<usize>)) {
    let mut begun: Option<usize> = None;
    let mut end = |from: Option<usize>, to: usize| {
        if let Some(from) = from {
            found(from..to);
        }
    };
    if text.is_ascii() {
        for (at, b) in text.bytes().enumerate() {
            match b.is_ascii_alphanumeric() {
                true => drop(begun.get_or_insert(at)),
                false => end(begun.take(), at),
            }
        }
    } else {
        for (at, c) in text.char_indices() {
            let mark = matches!(c, '\u{300}'..='\u{36f}');
            if stands_alone(c) && c.is_alphanumeric() {
                end(begun.take(), at);
                end(Some(at), at + c.len_utf8());
            } else if c.is_alphanumeric() && !stands_alone(c) {
                begun.get_or_insert(at);
            } else if !mark {
                end(begun.take(), at);
            }
        }
    }
    end(begun.take(), text.len());
}

/// A word as an index has it: without case and accents, and nothing but letters and digits.
pub fn folded(word: &str) -> Cow<'_, str> {
    if !word.is_ascii() {
        let mut word = fold(word);
        word.retain(char::is_alphanumeric);
        return Cow::Owned(word);
    }
    match word.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(word.to_ascii_lowercase()),
        false => Cow::Borrowed(word),
    }
}

/// Every word of a text once, as an index has it.
pub fn distinct(text: &str) -> HashSet<Cow<'_, str>> {
    let mut out = HashSet::with_capacity(text.len() / 12);
    each(text, |at| {
        out.insert(folded(text.get(at).unwrap_or_default()));
    });
    out.remove("");
    out
}

/// What is looked for in a text: words beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    words: Vec<String>,
    /// Whether the first may begin before, and the last go on.
    open: (bool, bool),
}

impl Wanted {
    /// The words of `text`; the first may have something before it, the last something behind it.
    /// `None` if there is no word in it.
    pub fn new(text: &str, before: bool, behind: bool) -> Option<Wanted> {
        let words: Vec<String> = words(text).into_iter().map(|(_, word)| word).collect();
        (!words.is_empty()).then_some(Wanted {
            words,
            open: (before, behind),
        })
    }

    /// Whether they stand in a text. For many texts: nothing is kept of one but how far it fits.
    pub fn is_in(&self, text: &str) -> bool {
        if let [word] = self.words.as_slice()
            && text.is_ascii()
        {
            return self.stands_in(&text.to_ascii_lowercase(), word);
        }
        // How many of the first words stand right before the one that is looked at.
        let mut begun = vec![false; self.words.len()];
        let mut found = false;
        each(text, |at| {
            if found {
                return;
            }
            let word = folded(text.get(at).unwrap_or_default());
            for n in (0..self.words.len()).rev() {
                let before = n == 0 || begun.get(n - 1).is_some_and(|before| *before);
                let fits = before && self.fits(n, &word);
                if let Some(begun) = begun.get_mut(n) {
                    *begun = fits;
                }
            }
            found = begun.last().is_some_and(|whole| *whole);
        });
        found
    }

    /// Whether the one word stands in a text of small ASCII letters: nothing is cut into words.
    fn stands_in(&self, text: &str, word: &str) -> bool {
        let goes_on = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let octets = text.as_bytes();
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(word)) {
            let (start, end) = (from + at, from + at + word.len());
            let before = start.checked_sub(1).and_then(|at| octets.get(at));
            if (self.open.0 || !goes_on(before)) && (self.open.1 || !goes_on(octets.get(end))) {
                return true;
            }
            from = start + 1;
        }
        false
    }

    /// Whether a word of a text may be the n-th of these.
    fn fits(&self, n: usize, found: &str) -> bool {
        let Some(wanted) = self.words.get(n) else {
            return false;
        };
        let last = n + 1 == self.words.len();
        match (n == 0 && self.open.0, last && self.open.1) {
            (false, false) => found == wanted,
            (false, true) => found.starts_with(wanted.as_str()),
            (true, false) => found.ends_with(wanted.as_str()),
            (true, true) => found.contains(wanted.as_str()),
        }
    }

    /// Which words of a text they begin with, each place.
    pub fn starts(&self, among: &[(Range<usize>, String)]) -> Vec<usize> {
        let stands = |window: &[(Range<usize>, String)]| {
            let mut each = window.iter().enumerate();
            each.all(|(n, (_, found))| self.fits(n, found))
        };
        let windows = among.windows(self.words.len()).enumerate();
        windows
            .filter(|(_, w)| stands(w))
            .map(|(at, _)| at)
            .collect()
    }

    /// Where they stand among the words of a text: the octets of each place, from left to right.
    pub fn places(&self, among: &[(Range<usize>, String)]) -> Vec<Range<usize>> {
        let place = |at: usize| {
            let window = among.get(at..at + self.words.len())?;
            Some(window.first()?.0.start..window.last()?.0.end)
        };
        self.starts(among).into_iter().filter_map(place).collect()
    }
}

/// Every place in a text where something of what is wanted stands, from left to right, those that
/// touch made one.
pub fn places(wanted: &[Wanted], text: &str) -> Vec<Range<usize>> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let among = words(text);
    let mut all: Vec<Range<usize>> = wanted.iter().flat_map(|w| w.places(&among)).collect();
    if !all.is_empty() && !text.is_ascii() {
        whole_graphemes(text, &mut all);
    }
    all.sort_by_key(|place| (place.start, place.end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for place in all {
        match out.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => out.push(place),
        }
    }
    out
}

/// Widens hits to whole graphemes: half of one can't be drawn.
pub fn whole_graphemes(text: &str, ranges: &mut [Range<usize>]) {
    for (at, symbol) in text.grapheme_indices(true) {
        for range in ranges.iter_mut() {
            let end = at + symbol.len();
            if (at..end).contains(&range.start) {
                range.start = at;
            }
            if at < range.end && range.end < end {
                range.end = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_without_spaces_are_set_apart() {
        assert_eq!(spaced("plain"), "plain");
        assert_eq!(spaced("a日本b"), "a 日  本 b");
        assert_eq!(spaced("Größe – наш ☎"), "Größe – наш ☎");
        assert_eq!(spaced("회의"), " 회  의 ");
        for c in ('\u{80}'..=char::MAX).filter(|c| stands_alone(*c)) {
            assert_eq!(spaced(&c.to_string()), format!(" {c} "));
        }
    }

    #[test]
    fn words_are_folded_and_have_their_places() {
        let text = "Ada Ló\u{301}pez, 日本x";
        let found: Vec<(&str, String)> = words(text)
            .into_iter()
            .map(|(at, word)| (text.get(at).unwrap(), word))
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (*a, b.as_str())).collect();
        assert_eq!(
            found,
            [
                ("Ada", "ada"),
                ("Ló\u{301}pez", "lopez"),
                ("日", "日"),
                ("本", "本"),
                ("x", "x")
            ]
        );
    }

    #[test]
    fn what_is_wanted_is_marked_where_it_stands() {
        let marked = |text: &str, wanted: &[(&str, bool, bool)]| -> Vec<String> {
            let wanted: Vec<Wanted> = wanted
                .iter()
                .filter_map(|(w, a, b)| Wanted::new(w, *a, *b))
                .collect();
            let found = places(&wanted, text).into_iter();
            found.map(|at| text.get(at).unwrap().to_owned()).collect()
        };
        assert_eq!(
            marked("An Invoice, invoiced", &[("invoice", false, false)]),
            ["Invoice"]
        );
        assert_eq!(
            marked("An Invoice, invoiced", &[("INVO", false, true)]),
            ["Invoice", "invoiced"]
        );
        assert_eq!(marked("x-y z", &[("x y", false, false)]), ["x-y"]);
        assert_eq!(marked("東京都庁", &[("京都", false, true)]), ["京都"]);
        assert_eq!(marked("회의록을", &[("의록", false, false)]), ["의록"]);
        assert_eq!(
            marked("Donaudampfschiff", &[("dampf", true, true)]),
            ["Donaudampfschiff"]
        );
        assert_eq!(
            marked(
                "Ångström b",
                &[("angstrom b", false, false), ("b", false, false)]
            ),
            ["Ångström b"]
        );
        assert!(marked("anything", &[("-", false, true)]).is_empty());
    }

    proptest! {
        #[test]
        fn a_place_is_found_or_not(text in "[aAbä日 .]{0,30}", wanted in "[ab日 ]{1,5}", open in any::<(bool, bool)>()) {
            if let Some(wanted) = Wanted::new(&wanted, open.0, open.1) {
                prop_assert_eq!(wanted.is_in(&text), !wanted.places(&words(&text)).is_empty());
            }
            let each: HashSet<String> = words(&text).into_iter().map(|(_, word)| word).collect();
            let once: HashSet<String> = distinct(&text).into_iter().map(Cow::into_owned).collect();
            prop_assert_eq!(once, each);
        }

        #[test]
        fn places_are_whole_and_in_order(text in "\\PC{0,60}", wanted in "\\PC{0,6}") {
            let wanted: Vec<Wanted> = Wanted::new(&wanted, true, true).into_iter().collect();
            let mut before = 0;
            for place in places(&wanted, &text) {
                prop_assert!(place.start >= before && text.get(place.clone()).is_some());
                before = place.end;
            }
        }
    }
}
