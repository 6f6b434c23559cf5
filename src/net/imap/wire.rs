//! Framing: cuts a server's bytes into responses, within bounds, wherever the network splits them.
//!
//! A response is a line, or lines joined by literals (RFC 9051 §4.3). Status responses, tagged ones
//! and continuations end in free text and so never hold literals, whatever their text ends with.
//! Of a literal only the first [`Limits::keep`] octets are kept; the rest is counted and let go, so
//! that one huge header costs its message and not the session. Bare LF ends a line, too.

/// Octets that are kept room for between two responses.
const ROOM: usize = 1 << 20;

/// Bounds on one response.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of a response outside its literals.
    pub line: usize,
    /// The same of a response that lists messages: SEARCH, ESEARCH, VANISHED.
    pub list: usize,
    /// Octets in all literals of a response; more end the session.
    pub literal: u64,
    /// Octets of literals that are kept; the rest of them is passed over.
    pub keep: usize,
    /// Literals in one response.
    pub literals: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            line: 1 << 20,
            list: 16 << 20,
            literal: 64 << 20,
            keep: 1 << 20,
            literals: 1024,
        }
    }
}

/// Why a stream of bytes is not believed any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A line without an end.
    #[error("a line of the server is longer than {0} octets")]
    Line(usize),
    /// Literals too large to wait for.
    #[error("the server announced {0} octets in one response")]
    Literal(u64),
    /// `{-1}`, `{99999999999999999999}`.
    #[error("the server announced a literal whose length is not a number")]
    BadLength,
    /// Too many literals.
    #[error("a response of the server has more than {0} literals")]
    Literals(usize),
}

/// Where a literal lies in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Offset of its first octet.
    pub at: usize,
    /// How many octets are here.
    pub kept: usize,
    /// How many octets the server sent.
    pub full: u64,
}

/// One whole response without its last line break.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// All of it, literals with their `{n}` CRLF in place.
    pub bytes: &'a [u8],
    /// Its literals, in order.
    pub literals: &'a [Literal],
}

/// The state of cutting.
#[derive(Debug, Default)]
pub struct Framer {
    buf: Vec<u8>,
    /// Where the response that is being read begins.
    start: usize,
    /// Where its current line begins.
    line: usize,
    /// How far it has been looked at.
    scan: usize,
    /// Octets of the current literal that are still to be kept, then passed over.
    take: usize,
    pass: u64,
    /// Octets of it outside and inside literals so far.
    text: usize,
    kept: usize,
    full: u64,
    literals: Vec<Literal>,
    finished: bool,
    limits: Limits,
}

impl Framer {
    /// A framer with nothing in it.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Sets the bounds for responses from now on.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Adds bytes from the network.
    pub fn push(&mut self, bytes: &[u8]) {
        self.compact();
        self.buf.extend_from_slice(bytes);
    }

    /// Whether everything pushed has been taken: the stream stands between two responses.
    pub fn is_empty(&self) -> bool {
        self.buf.len() == self.start && self.take == 0 && self.pass == 0
    }

    /// Forgets what was pushed. For what came in the clear before a TLS handshake.
    pub fn clear(&mut self) {
        *self = Framer {
            limits: self.limits,
            ..Framer::default()
        };
    }

    /// Takes what was pushed and not taken yet, between two responses. For octets that turn out to
    /// belong to a compressed stream.
    pub fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.buf.get(self.start..).unwrap_or_default().to_vec();
        self.clear();
        rest
    }

    /// The next whole response, or `None` until more bytes come.
    ///
    /// # Errors
    /// When a bound is passed. The stream is out of step then for good.
    pub fn next_response(&mut self) -> Result<Option<Response<'_>>, Refused> {
        if std::mem::take(&mut self.finished) {
            self.literals.clear();
            (self.text, self.kept, self.full) = (0, 0, 0);
        }
        let Some((from, to)) = self.advance()? else {
            return Ok(None);
        };
        self.finished = true;
        Ok(Some(Response {
            bytes: self.buf.get(from..to).unwrap_or_default(),
            literals: &self.literals,
        }))
    }

    fn advance(&mut self) -> Result<Option<(usize, usize)>, Refused> {
        loop {
            if !self.skip_literal() {
                return Ok(None);
            }
            let unseen = self.buf.get(self.scan..).unwrap_or_default();
            let Some(end) = unseen.iter().position(|&b| b == b'\n') else {
                self.scan = self.buf.len();
                self.bound_line(self.scan)?;
                return Ok(None);
            };
            let end = self.scan + end;
            self.bound_line(end)?;
            self.text += end - self.line;
            let line = self.buf.get(self.line..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let length = match self.may_hold_literals() {
                true => announced(line)?,
                false => None,
            };
            let after = (self.line + line.len(), end + 1);
            (self.line, self.scan) = (after.1, after.1);
            match length {
                Some(length) => self.begin_literal(length)?,
                None => {
                    let from = std::mem::replace(&mut self.start, after.1);
                    return Ok(Some((from, after.0)));
                }
            }
        }
    }

    fn begin_literal(&mut self, length: u64) -> Result<(), Refused> {
        self.full = self.full.saturating_add(length);
        if self.full > self.limits.literal {
            return Err(Refused::Literal(self.full));
        }
        if self.literals.len() >= self.limits.literals {
            return Err(Refused::Literals(self.limits.literals));
        }
        let room = self.limits.keep.saturating_sub(self.kept);
        self.take = usize::try_from(length).unwrap_or(room).min(room);
        self.pass = length - self.take as u64;
        self.kept += self.take;
        self.literals.push(Literal {
            at: self.scan - self.start,
            kept: self.take,
            full: length,
        });
        Ok(())
    }

    /// Moves past the literal's octets that are here; whether it is behind us.
    fn skip_literal(&mut self) -> bool {
        if self.take == 0 && self.pass == 0 {
            return true;
        }
        let here = self.take.min(self.buf.len() - self.scan);
        self.scan += here;
        self.line = self.scan;
        self.take -= here;
        if self.take == 0 && self.pass > 0 {
            let here = (self.buf.len() - self.scan) as u64;
            let gone = self.pass.min(here);
            self.buf.drain(self.scan..self.scan + gone as usize);
            self.pass -= gone;
        }
        self.take == 0 && self.pass == 0
    }

    fn bound_line(&self, end: usize) -> Result<(), Refused> {
        let here = self.text + end.saturating_sub(self.line);
        if here <= self.limits.line {
            return Ok(());
        }
        let most = match self.is_any_of(&["SEARCH", "ESEARCH", "VANISHED"]) {
            true => self.limits.list.max(self.limits.line),
            false => self.limits.line,
        };
        match here > most {
            true => Err(Refused::Line(most)),
            false => Ok(()),
        }
    }

    fn may_hold_literals(&self) -> bool {
        let untagged = self.buf.get(self.start..);
        untagged.is_some_and(|rest| rest.starts_with(b"* "))
            && !self.is_any_of(&["OK", "NO", "BAD", "BYE", "PREAUTH"])
    }

    /// Whether the response is untagged and its first word one of these.
    fn is_any_of(&self, words: &[&str]) -> bool {
        let rest = self.buf.get(self.start..).unwrap_or_default();
        let Some(rest) = rest.strip_prefix(b"* ") else {
            return false;
        };
        let word = rest.split(|b| b" \r\n".contains(b)).next();
        let word = word.unwrap_or_default();
        words
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    }

    /// Lets taken responses go once they are worth a move.
    fn compact(&mut self) {
        if self.start == self.buf.len() {
            self.buf.clear();
            // One large message does not stay for the rest of the session.
            self.buf.shrink_to(ROOM);
        } else if self.start > (64 << 10) && self.start > self.buf.len() / 2 {
            self.buf.drain(..self.start);
        } else {
            return;
        }
        self.line -= self.start;
        self.scan -= self.start;
        self.start = 0;
    }
}

/// The length that a line announces at its end: `{n}`, `{n+}`, `~{n}`.
fn announced(line: &[u8]) -> Result<Option<u64>, Refused> {
    let Some(inside) = line.strip_suffix(b"}") else {
        return Ok(None);
    };
    let Some(open) = inside.iter().rposition(|&b| b == b'{') else {
        return Ok(None);
    };
    let digits = inside.get(open + 1..).unwrap_or_default();
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    let numeric = digits.strip_prefix(b"-").unwrap_or(digits);
    if numeric.is_empty() || !numeric.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let number = std::str::from_utf8(digits)
        .ok()
        .and_then(|d| d.parse().ok());
    number.map(Some).ok_or(Refused::BadLength)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = Vec<(Vec<u8>, Vec<Literal>)>;

    fn feed(chunks: &[&[u8]], limits: Limits) -> Result<Seen, Refused> {
        let mut framer = Framer::new();
        framer.limit(limits);
        let mut seen = Vec::new();
        for chunk in chunks {
            framer.push(chunk);
            while let Some(r) = framer.next_response()? {
                seen.push((r.bytes.to_vec(), r.literals.to_vec()));
            }
        }
        Ok(seen)
    }

    fn texts(wire: &[u8]) -> Vec<Vec<u8>> {
        let seen = feed(&[wire], Limits::default()).unwrap();
        seen.into_iter().map(|(bytes, _)| bytes).collect()
    }

    #[test]
    fn lines_and_literals() {
        let wire = b"* 1 FETCH (BODY[] {5}\r\na\r\n)b X ~{2+}\r\n\r\n)\r\n* OK text {5}\r\na1 OK {9}\n\r\n+ go {3}\r\n";
        let seen = texts(wire);
        assert_eq!(seen.len(), 5);
        assert_eq!(
            seen[0],
            b"* 1 FETCH (BODY[] {5}\r\na\r\n)b X ~{2+}\r\n\r\n)"
        );
        assert_eq!(seen[1], b"* OK text {5}");
        assert_eq!(seen[2], b"a1 OK {9}");
        assert_eq!(seen[3], b"");
        assert_eq!(seen[4], b"+ go {3}");
    }

    #[test]
    fn a_literal_is_kept_up_to_the_limit_and_the_stream_stays_in_step() {
        let limits = Limits {
            keep: 4,
            ..Limits::default()
        };
        let seen = feed(&[b"* 1 X {6}\r\nabcdef {3}\r\nxyz)\r\n* 2 Y\r\n"], limits).unwrap();
        assert_eq!(seen[0].0, b"* 1 X {6}\r\nabcd {3}\r\n)");
        assert_eq!(seen[0].1[0].full, 6);
        assert_eq!((seen[0].1[1].kept, seen[0].1[1].full), (0, 3));
        assert_eq!(seen[1].0, b"* 2 Y");
    }

    #[test]
    fn s43_absurd_lengths_end_the_session() {
        let refuse = |wire: &[u8]| feed(&[wire], Limits::default()).unwrap_err();
        assert_eq!(
            refuse(b"* 1 X {4294967295}\r\n"),
            Refused::Literal(4_294_967_295)
        );
        assert_eq!(refuse(b"* 1 X {-1}\r\n"), Refused::BadLength);
        assert_eq!(
            refuse(b"* 1 X {99999999999999999999}\r\n"),
            Refused::BadLength
        );
        assert_eq!(refuse(&vec![b'x'; (1 << 20) + 1]), Refused::Line(1 << 20));
        let many = b"* 1 X".to_vec();
        let many = [many, b" {0}\r\n".repeat(1025)].concat();
        assert_eq!(refuse(&many), Refused::Literals(1024));
    }

    proptest! {
        #[test]
        fn splitting_the_stream_changes_nothing(
            parts in prop::collection::vec(prop_oneof![
                Just(b"* 1 FETCH (UID 3 BODY[] {4}\r\n\r\n){ \"x{2}\")\r\n".to_vec()),
                Just(b"* OK [ALERT] {7}\r\n".to_vec()),
                Just(b"* LIST () NIL {3}\nabc\r\n".to_vec()),
                prop::collection::vec(prop::sample::select(b"*+ a1{}\r\n()\"".to_vec()), 0..24),
            ], 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let wire = parts.concat();
            let limits = Limits { keep: 3, ..Limits::default() };
            let mut at: Vec<usize> = cuts.iter().map(|c| c.index(wire.len() + 1)).collect();
            at.push(0);
            at.push(wire.len());
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|w| &wire[w[0]..w[1]]).collect();
            prop_assert_eq!(feed(&[&wire], limits), feed(&chunks, limits));
        }
    }
}
