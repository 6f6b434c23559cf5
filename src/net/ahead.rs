//! A socket that is read in large pieces once TLS is in place above it.
//!
//! OpenSSL asks for every record twice, for its head and for the rest, and a server that sends
//! records of 4 KiB makes two calls of the system of each. While the handshake lasts nothing is read
//! ahead, so that what has arrived can still be looked at in the socket.

use std::io::{self, Read, Write};

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// The socket, and what was read of it and not asked for yet.
#[derive(Debug)]
pub struct Ahead<S> {
    below: S,
    /// Empty until [`Ahead::begin`].
    buffer: Vec<u8>,
    from: usize,
    to: usize,
}

impl<S> Ahead<S> {
    /// Reads no more than what is asked for until [`Ahead::begin`].
    pub fn new(below: S) -> Ahead<S> {
        Ahead {
            below,
            buffer: Vec::new(),
            from: 0,
            to: 0,
        }
    }

    /// Reads ahead from now on.
    pub fn begin(&mut self) {
        self.buffer.resize(PIECE, 0);
    }

    /// Whether something was read that nobody asked for yet.
    pub fn has_more(&self) -> bool {
        self.from < self.to
    }

    /// What is read, to wait for it or to shut it.
    pub fn below(&self) -> &S {
        &self.below
    }
}

impl<S: Read> Read for Ahead<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.has_more() {
            if out.len() >= self.buffer.len() {
                return self.below.read(out);
            }
            // An error leaves nothing, and nothing is here.
            (self.from, self.to) = (0, 0);
            self.to = self.below.read(&mut self.buffer)?;
        }
        let here = self.buffer.get(self.from..self.to).unwrap_or_default();
        let n = here.len().min(out.len());
        if let (Some(out), Some(here)) = (out.get_mut(..n), here.get(..n)) {
            out.copy_from_slice(here);
        }
        self.from += n;
        Ok(n)
    }
}

impl<S: Write> Write for Ahead<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.below.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.below.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    /// Gives pieces as they come, and would block between two of them.
    struct Pieces(Vec<Option<&'static [u8]>>, usize);

    impl Read for Pieces {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.0.pop() {
                Some(Some(piece)) => {
                    let n = piece.len().min(out.len());
                    out[..n].copy_from_slice(&piece[..n]);
                    if n < piece.len() {
                        self.0.push(Some(&piece[n..]));
                    }
                    Ok(n)
                }
                Some(None) => Err(ErrorKind::WouldBlock.into()),
                None => Ok(0),
            }
        }
    }

    #[test]
    fn nothing_is_read_before_it_begins_and_all_that_is_there_afterwards() {
        let pieces = vec![Some(&b"ij"[..]), None, Some(&b"abcdefgh"[..])];
        let mut ahead = Ahead::new(Pieces(pieces, 0));
        let mut two = [0; 2];
        assert_eq!(ahead.read(&mut two).unwrap(), 2);
        assert!(!ahead.has_more());
        ahead.begin();
        let mut all = b"ab".to_vec();
        for calls in [2, 2, 2] {
            assert_eq!(ahead.read(&mut two).unwrap(), 2);
            all.extend_from_slice(&two);
            assert_eq!(ahead.below().1, calls);
        }
        assert!(!ahead.has_more());
        let error = ahead.read(&mut two).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(!ahead.has_more());
        let mut one = [0; 1];
        assert_eq!(ahead.read(&mut one).unwrap(), 1);
        assert!(ahead.has_more());
        assert_eq!(ahead.read(&mut two).unwrap(), 1);
        all.extend_from_slice(&[one[0], two[0]]);
        assert_eq!(all, b"abcdefghij");
        assert_eq!(ahead.read(&mut two).unwrap(), 0);
    }
}
