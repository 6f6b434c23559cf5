//! Compression of a connection (RFC 4978 COMPRESS=DEFLATE, RFC 1951): what goes out is packed and
//! flushed a piece at a time, what comes in is unpacked into the caller's buffer and never further.
//!
//! So the memory is the same whatever a server sends. A server that sends next to nothing which
//! unpacks to very much, or very much which unpacks to nothing, is left ([`Squeeze::read`]).

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use std::fmt;
use std::io::{self, ErrorKind, Read};

/// Octets that are read from the network at once.
const CHUNK: usize = 16 << 10;
/// A stream may unpack to so many times its length (DEFLATE itself can do about 1,030) ...
const RATIO: u64 = 250;
/// ... beyond so many octets, since real mail has runs of blanks and zeros in it.
const SLACK: u64 = 128 << 20;
/// So many octets in a row that unpack to nothing are no mail.
const BARREN: u64 = 1 << 20;

/// Both directions of a compressed connection.
pub struct Squeeze {
    unpack: Decompress,
    pack: Compress,
    /// What came from the network, and how far it has been unpacked.
    input: Vec<u8>,
    at: usize,
    /// Whether the last piece filled its buffer: there may be more of it inside.
    more: bool,
    /// Octets that came from the network.
    taken: u64,
    barren: u64,
}

impl fmt::Debug for Squeeze {
    /// Without anything that went over the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Squeeze").finish_non_exhaustive()
    }
}

impl Squeeze {
    /// Begins, with octets that were read already and belong to the compressed stream.
    pub fn new(first: Vec<u8>) -> Squeeze {
        Squeeze {
            unpack: Decompress::new(false),
            pack: Compress::new(Compression::default(), false),
            input: first,
            at: 0,
            more: false,
            taken: 0,
            barren: 0,
        }
    }

    /// Whether [`Squeeze::read`] may give octets without the network.
    pub fn has_more(&self) -> bool {
        self.more || self.at < self.input.len()
    }

    /// Octets read from the network so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Unpacks into `into`, reading from `from` when nothing is left. Zero octets are the end.
    ///
    /// # Errors
    /// Those of `from`; `InvalidData` for what is not DEFLATE, or a bomb.
    pub fn read(&mut self, from: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.has_more() {
                let rest = self.input.get(self.at..).unwrap_or_default();
                let (read, made) = (self.unpack.total_in(), self.unpack.total_out());
                let status = self.unpack.decompress(rest, into, FlushDecompress::None);
                let status = status.map_err(|_| bad("it is no compressed stream"))?;
                let (read, made) = (
                    self.unpack.total_in() - read,
                    self.unpack.total_out() - made,
                );
                // Both are lengths of buffers of ours.
                let (read, made) = (read as usize, made as usize);
                self.at += read;
                self.more = made == into.len();
                self.judge(read as u64, made as u64)?;
                if made > 0 || status == Status::StreamEnd {
                    return Ok(made);
                }
                if read == 0 && self.at < self.input.len() {
                    return Err(bad("the compressed stream makes no sense"));
                }
                continue;
            }
            self.at = 0;
            self.input.resize(CHUNK, 0);
            let n = match from.read(&mut self.input) {
                Ok(n) => n,
                Err(error) => {
                    self.input.clear();
                    return Err(error);
                }
            };
            self.input.truncate(n);
            self.taken += n as u64;
            if n == 0 {
                return Ok(0);
            }
        }
    }

    /// Packs octets so that the peer can unpack all of them at once.
    ///
    /// # Errors
    /// None that is known of; the library may say one.
    pub fn pack(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
        let mut rest = bytes;
        loop {
            let before = (self.pack.total_in(), out.len());
            self.pack
                .compress_vec(rest, &mut out, FlushCompress::Sync)
                .map_err(|e| io::Error::other(e.to_string()))?;
            let read = (self.pack.total_in() - before.0) as usize;
            rest = rest.get(read..).unwrap_or_default();
            let idle = read == 0 && out.len() == before.1;
            if rest.is_empty() && (out.len() < out.capacity() || idle) {
                return Ok(out);
            }
            out.reserve(CHUNK);
        }
    }

    /// Whether what was unpacked is still in proportion.
    fn judge(&mut self, read: u64, made: u64) -> io::Result<()> {
        self.barren = if made > 0 { 0 } else { self.barren + read };
        let most = SLACK.saturating_add(self.unpack.total_in().saturating_mul(RATIO));
        if self.unpack.total_out() > most || self.barren > BARREN {
            return Err(bad("the compressed stream is out of all proportion"));
        }
        Ok(())
    }
}

fn bad(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(squeeze: &mut Squeeze, mut wire: &[u8], buffer: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let mut buffer = vec![0; buffer];
        loop {
            match squeeze.read(&mut wire, &mut buffer)? {
                0 => return Ok(out),
                n => out.extend_from_slice(&buffer[..n]),
            }
        }
    }

    #[test]
    fn what_was_read_before_belongs_to_the_stream() {
        let packed = Squeeze::new(Vec::new()).pack(b"* OK hello\r\n").unwrap();
        let (first, rest) = packed.split_at(5);
        let mut squeeze = Squeeze::new(first.to_vec());
        assert!(squeeze.has_more());
        assert_eq!(all(&mut squeeze, rest, 64).unwrap(), b"* OK hello\r\n");
        assert_eq!(squeeze.taken(), rest.len() as u64);
    }

    #[test]
    fn s11_a_bomb_and_an_empty_flood_end_it() {
        let mut bomb = Squeeze::new(Vec::new());
        let zeros = vec![0; 4 << 20];
        let mut wire = Vec::new();
        // Beyond the slack at a ratio of about a thousand.
        for _ in 0..48 {
            wire.extend(bomb.pack(&zeros).unwrap());
        }
        assert!(wire.len() < 1 << 20);
        let mut squeeze = Squeeze::new(Vec::new());
        let error = all(&mut squeeze, &wire, 64 << 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        // Stored blocks of nothing.
        let empty = [0u8, 0, 0, 0xff, 0xff].repeat(300_000);
        let mut squeeze = Squeeze::new(Vec::new());
        let error = all(&mut squeeze, &empty, 64 << 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn what_is_not_deflate_is_refused_and_an_end_is_the_end() {
        let mut squeeze = Squeeze::new(b"* OK hello, this is plain text\r\n".to_vec());
        all(&mut squeeze, &[], 64).unwrap_err();
        // A final block.
        let mut squeeze = Squeeze::new(vec![3, 0, 9, 9, 9]);
        assert_eq!(all(&mut squeeze, &[], 64).unwrap(), b"");
    }

    proptest! {
        #[test]
        fn packing_and_unpacking(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..6),
            buffer in 1usize..5000,
        ) {
            let mut ours = Squeeze::new(Vec::new());
            let mut wire = Vec::new();
            for piece in &pieces {
                wire.extend(ours.pack(piece).unwrap());
            }
            let mut theirs = Squeeze::new(Vec::new());
            prop_assert_eq!(all(&mut theirs, &wire, buffer).unwrap(), pieces.concat());
        }

        #[test]
        fn nonsense_never_panics(wire in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = all(&mut Squeeze::new(Vec::new()), &wire, 100);
        }
    }
}
