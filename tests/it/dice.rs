//! Dice that fall the same way in every run, and what they make of octets: bits flipped, pieces
//! taken out, put in, doubled and exchanged, and words that parsers stumble over.

/// Words that mean something to one parser or another.
const WORDS: [&[u8]; 44] = [
    b"\x1b[2J",
    b"\x1b]0;t\x07",
    b"\x1bP1q\x1b\\",
    b"\x9b31m",
    b"\xc2\x9b31m",
    b"\0",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\n ",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{fe0f}\u{20e3}".as_bytes(),
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".as_bytes(),
    "\u{1f468}\u{200d}\u{1f469}".as_bytes(),
    b"=?utf-8?B?G1sySg==?=",
    b"=?utf-8?Q?=1b=5b2J?=",
    b"=?",
    b"?=",
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    b"Content-Type: text/html\n\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"; name*0*=utf-8''%1b%5b",
    b"--b\n",
    b"--b--\n",
    b"<table><tr><td rowspan=9>",
    b"</table>",
    b"<blockquote>",
    b"<a href=\"https://x.example/\">",
    b"&#x1b;",
    b"<!--",
    b"<style>*{display:none}</style>",
    b"BEGIN:VEVENT\n",
    b"END:VCARD\n",
    b"(((((",
    b"\"",
    b"{7}\r\n",
    b"* ",
    b"2147483648",
    b"99999999999999999999",
];

/// A generator of numbers (splitmix64): small, and the same everywhere.
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.any() % end as u64).unwrap()
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A part of a text that has so many octets.
    fn range(&mut self, len: usize) -> std::ops::Range<usize> {
        let from = self.below(len + 1);
        from..from + self.below(len - from + 1).min(200)
    }

    /// A few changes; `other` is what pieces are borrowed from. At most `most` octets.
    pub fn mutate(&mut self, octets: &mut Vec<u8>, other: &[u8], most: usize) {
        for _ in 0..=self.below(6) {
            let (part, at) = (self.range(octets.len()), self.below(octets.len() + 1));
            match self.below(8) {
                0 if !octets.is_empty() => {
                    let bit = 1 << self.below(8);
                    let at = self.below(octets.len());
                    octets[at] ^= bit;
                }
                1 => octets.truncate(at),
                2 => drop(octets.drain(part)),
                3 => {
                    // A block again and again.
                    let block = octets[part].repeat(1 + self.below(50));
                    octets.splice(at..at, block);
                }
                4 => {
                    let borrowed = self.range(other.len());
                    octets.splice(part, other[borrowed].iter().copied());
                }
                5 if !octets.is_empty() => {
                    let at = self.below(octets.len());
                    octets[at] = u8::try_from(self.below(256)).unwrap();
                }
                _ => {
                    let word = *self.one(&WORDS);
                    octets.splice(at..at, word.iter().copied());
                }
            }
            octets.truncate(most);
        }
    }
}
