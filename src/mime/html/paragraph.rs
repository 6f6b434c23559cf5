//! A paragraph while its words come in: white space becomes one blank as in a browser (CSS 2.2
//! §16.6), and the invisible characters with which mail fills its previews are left out.

use super::block::Bit;
use crate::mime::styled::Mark;
use crate::text::width;

/// White space that has come, and no word after it yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Space {
    #[default]
    None,
    Blank,
    /// With a line end in it: nothing, between characters that are as wide as two (CSS Text §4.1.3).
    Feed,
}

/// A paragraph that grows.
#[derive(Debug, Default)]
pub struct Paragraph {
    bits: Vec<Bit>,
    /// Pictures, each with the number of pieces before it: to the words they are nothing.
    images: Vec<(usize, usize)>,
    space: Space,
    /// Blanks that were meant to be seen, such as `&nbsp;`.
    blank: bool,
}

impl Paragraph {
    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Adds words; `pre` keeps blanks and line ends.
    pub fn add(&mut self, text: &str, mark: Mark, link: Option<usize>, pre: bool) {
        let room = text.trim_ascii().len();
        let mut word = String::with_capacity(room);
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            // Most of a text are letters without any meaning but their own.
            let plain = rest.bytes().take_while(u8::is_ascii_graphic).count();
            let (letters, after) = rest.split_at(plain.max(c.len_utf8()));
            rest = after;
            if plain > 0 {
                if word.is_empty() && self.blank_before(c, mark, link) {
                    word.push(' ');
                }
                word.push_str(letters);
                continue;
            }
            match c {
                '\n' if pre => {
                    self.put(&mut word, mark, link);
                    self.bits.push(Bit::Break);
                }
                '\r' if pre => {}
                ' ' | '\t' if pre => word.push(c),
                c if is_filler(c) => {}
                // Joiners between letters matter; after a blank they fill.
                '\u{200c}' | '\u{200d}'
                    if word.is_empty() && (self.space != Space::None || self.bits.is_empty()) => {}
                '\u{3000}' if !word.is_empty() => word.push(c),
                c if c.is_whitespace() || is_blank(c) => {
                    if !pre || c != '\u{a0}' {
                        self.put(&mut word, mark, link);
                        self.blank |= c == '\u{a0}';
                        self.space = match self.space {
                            Space::None if c == '\n' => Space::Feed,
                            Space::Feed => Space::Feed,
                            _ => Space::Blank,
                        };
                    } else {
                        word.push(' ');
                    }
                }
                c => {
                    if word.is_empty() && self.blank_before(c, mark, link) {
                        word.push(' ');
                    }
                    word.push(c);
                }
            }
        }
        self.put(&mut word, mark, link);
    }

    /// Adds a picture's words.
    pub fn picture(&mut self, alt: String, link: Option<usize>) {
        self.blank_before('x', Mark::Dim, None);
        self.bits.push(Bit::Picture { alt, link });
    }

    /// Adds a picture itself.
    pub fn image(&mut self, n: usize) {
        self.images.push((self.bits.len(), n));
    }

    /// Ends the line.
    pub fn line(&mut self) {
        self.space = Space::None;
        self.bits.push(Bit::Break);
    }

    /// Ends a link's text.
    pub fn end_link(&mut self, link: usize) {
        self.bits.push(Bit::End(link));
    }

    /// Whether any text of a link is here.
    pub fn holds(&self, link: usize) -> bool {
        self.bits.iter().rev().any(|b| is_of(b, link))
    }

    /// What came, and nothing is left. Whether there was an empty line meant, if there are no
    /// words.
    pub fn take(&mut self) -> (Vec<Bit>, bool) {
        self.space = Space::None;
        let blank = std::mem::take(&mut self.blank);
        let bits = std::mem::take(&mut self.bits);
        let broken = bits.iter().any(|b| matches!(b, Bit::Break));
        let images = std::mem::take(&mut self.images);
        if images.is_empty() {
            return (bits, blank || broken);
        }
        let mut all = Vec::with_capacity(bits.len() + images.len());
        let mut images = images.into_iter().peekable();
        for (n, bit) in bits.into_iter().enumerate() {
            while let Some((_, image)) = images.next_if(|(at, _)| *at <= n) {
                all.push(Bit::Image(image));
            }
            all.push(bit);
        }
        all.extend(images.map(|(_, image)| Bit::Image(image)));
        (all, blank || broken)
    }

    fn put(&mut self, word: &mut String, mark: Mark, link: Option<usize>) {
        while word.ends_with('\u{200c}') {
            word.pop();
        }
        if word.is_empty() {
            return;
        }
        match self.bits.last_mut() {
            Some(Bit::Text {
                text,
                mark: m,
                link: l,
            }) if *m == mark && *l == link => text.push_str(word),
            _ => self.bits.push(Bit::Text {
                text: std::mem::take(word),
                mark,
                link,
            }),
        }
        word.clear();
    }

    /// The blank before a word that begins with `next`, if there is to be one: outside of what is
    /// marked, where that can be. Whether the word itself has to begin with it.
    fn blank_before(&mut self, next: char, mark: Mark, link: Option<usize>) -> bool {
        let space = std::mem::take(&mut self.space);
        let before = self.bits.iter().rfind(|b| !matches!(b, Bit::End(_)));
        let due = match before {
            _ if space == Space::None => false,
            None | Some(Bit::Break) => false,
            Some(Bit::Text { text, .. }) => {
                let last = text.chars().next_back();
                let between_wide = last.is_some_and(is_wide) && is_wide(next);
                last != Some(' ') && !(space == Space::Feed && between_wide)
            }
            Some(_) => true,
        };
        if !due {
            return false;
        }
        if mark == Mark::Plain && link.is_none() {
            return true;
        }
        match self.bits.last_mut() {
            Some(Bit::Text {
                text,
                mark: m,
                link: l,
            }) if *m == mark && *l == link || *m == Mark::Plain && l.is_none() => text.push(' '),
            _ => self.bits.push(Bit::Text {
                text: " ".to_owned(),
                mark: Mark::Plain,
                link: None,
            }),
        }
        false
    }
}

/// Whether a piece belongs to a link.
pub fn is_of(bit: &Bit, id: usize) -> bool {
    matches!(bit, Bit::Text { link: Some(l), .. } | Bit::Picture { link: Some(l), .. } if *l == id)
}

fn is_wide(c: char) -> bool {
    !c.is_ascii() && width::of_grapheme(c.encode_utf8(&mut [0; 4])) == 2
}

/// Characters that nobody sees and that tell nothing.
pub fn is_filler(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

/// Blanks that are no white space by their class.
pub fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::block::words;
    use super::*;

    fn of(texts: &[&str]) -> String {
        let mut p = Paragraph::default();
        for (n, text) in texts.iter().enumerate() {
            let mark = if n % 2 == 0 {
                Mark::Plain
            } else {
                Mark::Strong
            };
            p.add(text, mark, None, false);
        }
        words(&p.take().0)
    }

    #[test]
    fn white_space_is_one_blank() {
        assert_eq!(of(&[" a \n b", " c", "d "]), "a b cd");
        assert_eq!(of(&["日本\n語", "\nx"]), "日本語 x");
        assert_eq!(of(&["a\u{a0}\u{200c}\u{a0}\u{34f} \u{feff}b"]), "a b");
        assert_eq!(of(&["می\u{200c}خواهم"]), "می\u{200c}خواهم");
    }
}
