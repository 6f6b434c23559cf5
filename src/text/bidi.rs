//! In which order the letters of a line stand where some run from right to left (Unicode's
//! bidirectional algorithm, UAX #9). Pure.
//!
//! A line is one paragraph of its own: its first strong letter says in which direction it is read, and
//! nothing around it has a part in that. So whatever a text says, it is put in order within the columns
//! that it has, and what stands beside it stays where it is. Characters that would steer the order
//! never come so far ([`super::Clean`]).

use std::cell::Cell;
use unicode_bidi::{BidiClass, ParagraphBidiInfo, bidi_class};

thread_local! {
    static AS_READ: Cell<bool> = const { Cell::new(false) };
}

/// Leaves all symbols in the order in which they are read, or not any more, on the thread that draws:
/// for who hears what stands on the screen.
pub fn as_read(on: bool) {
    AS_READ.set(on);
}

/// The first letter that runs from right to left; nothing before it does.
const FIRST: char = '\u{590}';

/// Whether a letter runs from right to left.
pub fn runs_left(c: char) -> bool {
    c >= FIRST && matches!(bidi_class(c), BidiClass::R | BidiClass::AL)
}

/// Where a symbol comes from that is drawn in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which symbol, in the order in which they are read.
    pub symbol: usize,
    /// Whether it is read from right to left, so that a bracket shows its other side.
    pub mirrored: bool,
}

/// The symbols (graphemes) of a line as they are drawn from the left; `None` where that is how they
/// are read.
pub fn order(symbols: &[&str]) -> Option<Vec<Place>> {
    let left = |symbol: &&str| symbol.chars().any(runs_left);
    if AS_READ.get() || !symbols.iter().any(left) {
        return None;
    }
    let text = symbols.concat();
    let whole = ParagraphBidiInfo::new(&text, None);
    let of_octets = whole.reordered_levels(0..text.len());
    let mut at = 0;
    let mut levels = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        levels.push(of_octets.get(at).map_or(0, |level| level.number()));
        at += symbol.len();
    }
    let place = |(symbol, level): (usize, &u8)| Place {
        symbol,
        mirrored: level % 2 == 1,
    };
    let mut drawn: Vec<(Place, u8)> = levels
        .iter()
        .enumerate()
        .map(place)
        .zip(levels.iter().copied())
        .collect();
    // Rule L2: from the deepest level up to the lowest odd one, whatever is at least as deep turns.
    let deepest = levels.iter().copied().max().unwrap_or(0);
    for level in (1..=deepest).rev() {
        let runs = drawn.chunk_by_mut(|a, b| (a.1 >= level) == (b.1 >= level));
        runs.filter(|run| run.first().is_some_and(|(_, own)| *own >= level))
            .for_each(<[_]>::reverse);
    }
    Some(drawn.into_iter().map(|(place, _)| place).collect())
}

/// The other side of a bracket (rule L4).
pub fn mirrored(symbol: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 12] = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("<", ">"),
        ("\u{ab}", "\u{bb}"),
        ("\u{2039}", "\u{203a}"),
        ("\u{2264}", "\u{2265}"),
        ("\u{27e8}", "\u{27e9}"),
        ("\u{3008}", "\u{3009}"),
        ("\u{300c}", "\u{300d}"),
        ("\u{ff08}", "\u{ff09}"),
        ("\u{2308}", "\u{2309}"),
    ];
    PAIRS.iter().find_map(|(open, close)| match symbol {
        s if s == *open => Some(*close),
        s if s == *close => Some(*open),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation as _;

    fn drawn(text: &str) -> String {
        let symbols: Vec<&str> = text.graphemes(true).collect();
        let Some(places) = order(&symbols) else {
            return text.to_owned();
        };
        let shown = places.iter().map(|place| {
            let symbol = symbols[place.symbol];
            let other = mirrored(symbol).filter(|_| place.mirrored);
            other.unwrap_or(symbol)
        });
        shown.collect()
    }

    #[test]
    fn who_hears_a_line_has_it_as_it_is_read() {
        let line = ["\u{5d0}", "\u{5d1}", " ", "1"];
        assert!(order(&line).is_some());
        as_read(true);
        assert!(order(&line).is_none());
        as_read(false);
        assert!(order(&line).is_some());
    }

    #[test]
    fn lines_are_drawn_as_they_are_read() {
        for (text, want) in [
            ("plain (text)", "plain (text)"),
            // As written in a file, the first letter first: what is drawn begins at the right.
            ("אבג", "גבא"),
            ("אב גד", "דג בא"),
            ("Re: אבג", "Re: גבא"),
            ("אבג (דה) 12:30", "12:30 (הד) גבא"),
            ("ab אב 12 גד cd", "ab דג 12 בא cd"),
            ("אב ab גד", "דג ab בא"),
            // Marks stay on their letters.
            ("שָׁלוֹם", "םוֹלשָׁ"),
            ("سلام 123", "123 مالس"),
        ] {
            assert_eq!(drawn(text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_symbol_is_drawn_once(text in "[אבגمس a-c0-9().,:\u{301}日-]{0,40}") {
            let symbols: Vec<&str> = text.graphemes(true).collect();
            if let Some(places) = order(&symbols) {
                let mut all: Vec<usize> = places.iter().map(|p| p.symbol).collect();
                all.sort_unstable();
                prop_assert_eq!(all, (0..symbols.len()).collect::<Vec<_>>());
            } else {
                prop_assert!(!text.chars().any(runs_left));
            }
        }
    }
}
