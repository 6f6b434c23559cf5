//! A message as the cache keeps it: its text, what its attachments are called, and the message byte
//! for byte, packed into one piece (Zstandard, RFC 8878).
//!
//! The text comes first, so that it is read without what follows, and what follows hardly takes room
//! for it again. It is packed by whoever read it: the one thread that writes has only to write. What is
//! unpacked is bounded by the lengths that stand beside it, and by what a message can be at all.

use crate::store::error::{Error, Result};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{BufRead, BufReader, Read as _};
use zstd::stream::raw::{Decoder, InBuffer, Operation as _, OutBuffer};
use zstd::zstd_safe::DParameter;

/// Packs some 300 MB a second.
const LEVEL: i32 = 3;
/// Where a dictionary helps, which is done while nobody waits: some 10 MB a second.
const THOROUGH: i32 = 15;
/// More than any message that is fetched has; a length beyond it is damage.
const MOST: u64 = 1 << 30;
/// The largest window (a power of two) that is unpacked with: what a frame asks for is not believed.
const WINDOW: u32 = 23;
/// Octets that are read, and room that is made, at once.
const STEP: usize = 32 << 10;
/// What is no longer than this is read from the database as one value.
const SHORT: i64 = 256 << 10;
/// Octets of a dictionary at most.
const DICTIONARY: usize = 256 << 10;

/// How a message is packed, as its row says: not at all, by itself, or with the dictionary of that id.
const AS_IT_IS: i64 = 0;
const ALONE: i64 = 1;

/// A message, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub octets: Vec<u8>,
    pub packing: i64,
    pub lengths: Lengths,
}

/// Octets of what lies one behind the other, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    pub text: u64,
    pub files: u64,
    pub raw: u64,
}

impl Lengths {
    fn are_sane(self) -> bool {
        let all = [self.text, self.files, self.raw];
        all.iter().all(|length| *length <= MOST)
    }
}

impl Kept {
    /// Packs a message; `dictionary` has an id and what it helps to pack with.
    pub(super) fn new(text: &str, files: &str, raw: &[u8], dictionary: Option<&Packer>) -> Kept {
        let lengths = Lengths {
            text: text.len() as u64,
            files: files.len() as u64,
            raw: raw.len() as u64,
        };
        Kept::of(
            &[text.as_bytes(), files.as_bytes(), raw],
            lengths,
            dictionary,
        )
    }

    /// Packs pieces that have these lengths together.
    pub(super) fn of(pieces: &[&[u8]], lengths: Lengths, dictionary: Option<&Packer>) -> Kept {
        let all = pieces.iter().map(|piece| piece.len()).sum();
        let (packing, packed) = match dictionary {
            Some(packer) => (packer.id, pack(pieces, all, Some(packer))),
            None => (ALONE, pack(pieces, all, None)),
        };
        match packed {
            Ok(octets) if octets.len() < all => Kept {
                octets,
                packing,
                lengths,
            },
            _ => Kept {
                octets: pieces.concat(),
                packing: AS_IT_IS,
                lengths,
            },
        }
    }
}

fn pack(pieces: &[&[u8]], all: usize, packer: Option<&Packer>) -> std::io::Result<Vec<u8>> {
    use std::io::Write as _;
    use zstd::stream::write::Encoder;
    let out = Vec::with_capacity(all / 3);
    let mut encoder = match packer {
        Some(packer) => Encoder::with_prepared_dictionary(out, &packer.prepared)?,
        None => Encoder::new(out, LEVEL)?,
    };
    encoder.set_pledged_src_size(Some(all as u64))?;
    for piece in pieces {
        encoder.write_all(piece)?;
    }
    encoder.finish()
}

/// A dictionary to pack with.
pub struct Packer {
    id: i64,
    prepared: zstd::dict::EncoderDictionary<'static>,
}

impl Packer {
    pub(super) fn new(id: i64, octets: &[u8]) -> Option<Packer> {
        let prepared = zstd::dict::EncoderDictionary::try_copy(octets, THOROUGH).ok()?;
        (id > ALONE).then_some(Packer { id, prepared })
    }
}

/// What is wanted of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The text, and what attachments are called, a line each.
    Text,
    /// So many octets of the message, from its beginning.
    Raw(u64),
    /// Everything, one behind the other.
    All,
}

/// Unpacks messages, one after the other.
pub(super) struct Unpacker<'c> {
    conn: &'c Connection,
    decoders: BTreeMap<i64, Decoder<'static>>,
}

const ROW: &str =
    "SELECT packing, text, files, raw, coalesce((SELECT length(p.octets) FROM pressed p
     WHERE p.id = kept.pressed), length(octets)), pressed FROM kept WHERE message = ?1";
/// Where the octets of a message lie: in its row, or with those that were packed once more.
const HERE: (&str, &str) = ("kept", "SELECT octets FROM kept WHERE message = ?1");
const PRESSED: (&str, &str) = ("pressed", "SELECT octets FROM pressed WHERE id = ?1");

impl<'c> Unpacker<'c> {
    pub(super) fn new(conn: &'c Connection) -> Unpacker<'c> {
        Unpacker {
            conn,
            decoders: BTreeMap::new(),
        }
    }

    /// Octets of a message, and how many what is wanted has at most, and of that the text; `None` if it
    /// is not here.
    pub(super) fn read(
        &mut self,
        message: i64,
        wanted: Wanted,
    ) -> Result<Option<(Vec<u8>, Lengths)>> {
        let row = self
            .conn
            .prepare_cached(ROW)?
            .query_row([message], |row| {
                let lengths = Lengths {
                    text: row.get(1)?,
                    files: row.get(2)?,
                    raw: row.get(3)?,
                };
                Ok((row.get(0)?, lengths, row.get(4)?, row.get(5)?))
            })
            .optional()?;
        let Some((packing, lengths, length, pressed)) = row else {
            return Ok(None);
        };
        let ((table, sql), id) = match pressed {
            Some(id) => (PRESSED, id),
            None => (HERE, message),
        };
        if !lengths.are_sane() {
            return Err(damaged());
        }
        let before = lengths.text + lengths.files;
        let (skip, take) = match wanted {
            Wanted::Text => (0, before),
            Wanted::Raw(most) => (before, most.min(lengths.raw)),
            Wanted::All => (0, before + lengths.raw),
        };
        let octets: i64 = length;
        let out = if octets <= SHORT {
            let mut select = self.conn.prepare_cached(sql)?;
            let mut rows = select.query([id])?;
            let row = rows.next()?.ok_or_else(damaged)?;
            let mut octets = row.get_ref(0)?.as_blob().map_err(|_| damaged())?;
            unpack(
                &mut self.decoders,
                self.conn,
                packing,
                &mut octets,
                skip,
                take,
            )?
        } else {
            let blob = self
                .conn
                .blob_open(rusqlite::MAIN_DB, table, "octets", id, true)?;
            let mut blob = BufReader::with_capacity(STEP, blob);
            unpack(
                &mut self.decoders,
                self.conn,
                packing,
                &mut blob,
                skip,
                take,
            )?
        };
        Ok(Some((out, lengths)))
    }
}

/// `take` octets behind the first `skip`.
fn unpack(
    decoders: &mut BTreeMap<i64, Decoder<'static>>,
    conn: &Connection,
    packing: i64,
    source: &mut dyn BufRead,
    skip: u64,
    take: u64,
) -> Result<Vec<u8>> {
    let wrong = |_| damaged();
    let mut out = Vec::new();
    if packing == AS_IT_IS {
        let skipped = std::io::copy(&mut source.take(skip), &mut std::io::sink()).map_err(wrong)?;
        let taken = source.take(take).read_to_end(&mut out).map_err(wrong)?;
        return match (skipped, taken as u64) == (skip, take) {
            true => Ok(out),
            false => Err(damaged()),
        };
    }
    let decoder = match decoders.entry(packing) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(decoder(conn, packing)?),
    };
    decoder.reinit().map_err(wrong)?;
    let mut stream = Stream { decoder, source };
    stream.until(&mut out, skip).map_err(wrong)?;
    out.clear();
    stream.until(&mut out, take).map_err(wrong)?;
    Ok(out)
}

fn decoder(conn: &Connection, packing: i64) -> Result<Decoder<'static>> {
    let wrong = |_| damaged();
    let mut decoder = match packing {
        ALONE => Decoder::new().map_err(wrong)?,
        id => {
            let octets = dictionary(conn, id)?.ok_or_else(damaged)?;
            Decoder::with_dictionary(&octets).map_err(wrong)?
        }
    };
    let window = DParameter::WindowLogMax(WINDOW);
    decoder.set_parameter(window).map_err(wrong)?;
    Ok(decoder)
}

/// A dictionary's octets.
pub(super) fn dictionary(conn: &Connection, id: i64) -> Result<Option<Vec<u8>>> {
    let octets: Option<Vec<u8>> = conn
        .prepare_cached("SELECT octets FROM dictionary WHERE id = ?1 AND length(octets) <= ?2")?
        .query_row((id, DICTIONARY), |row| row.get(0))
        .optional()?;
    Ok(octets)
}

fn damaged() -> Error {
    Error::Corrupt("a message can't be unpacked".to_owned())
}

/// A packed message on its way out.
struct Stream<'a> {
    decoder: &'a mut Decoder<'static>,
    source: &'a mut dyn BufRead,
}

impl Stream<'_> {
    /// Unpacks until there are exactly so many octets.
    fn until(&mut self, out: &mut Vec<u8>, length: u64) -> std::io::Result<()> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        while out.len() < length {
            let before = out.len();
            // A wrong length must not be believed before there is anything to it.
            let room = (length - before).min(STEP.max(before));
            out.resize(before + room, 0);
            let Some(free) = out.get_mut(before..) else {
                break;
            };
            let packed = self.source.fill_buf()?;
            let ended = packed.is_empty();
            let mut input = InBuffer::around(packed);
            let mut output = OutBuffer::around(free);
            let left = self.decoder.run(&mut input, &mut output);
            let (taken, made) = (input.pos(), output.pos());
            out.truncate(before + made);
            self.source.consume(taken);
            let stuck = made == 0 && taken == 0 && ended;
            if stuck || (left? == 0 && out.len() < length) {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keep(conn: &Connection, id: i64, kept: &Kept) {
        let Lengths { text, files, raw } = kept.lengths;
        conn.execute(
            "INSERT INTO kept VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)",
            rusqlite::params![id, kept.packing, text, files, raw, kept.octets],
        )
        .unwrap();
    }

    fn cache() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE kept (message INTEGER PRIMARY KEY, packing, text, files, raw, octets, pressed);
             CREATE TABLE pressed (id INTEGER PRIMARY KEY, octets);
             CREATE TABLE dictionary (id INTEGER PRIMARY KEY, octets)",
        )
        .unwrap();
        conn
    }

    fn both(conn: &Connection, id: i64) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut unpacker = Unpacker::new(conn);
        let text = unpacker.read(id, Wanted::Text)?.unwrap().0;
        let raw = unpacker.read(id, Wanted::Raw(u64::MAX))?.unwrap().0;
        Ok((text, raw))
    }

    fn dictionary(samples: usize) -> Vec<u8> {
        let samples: Vec<String> = (0..samples)
            .map(|n| format!("Received: from mx.example.org by mail.example.net\r\nSubject: number {n}\r\n\r\nDear {n}, kind regards, {}", n * n))
            .collect();
        zstd::dict::from_samples(&samples, 4_096).unwrap()
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(
            words in prop::collection::vec("[a-zä]{0,9} ?", 0..400),
            noise in prop::collection::vec(any::<u8>(), 0..400),
            times in 1usize..40,
            most in 0u64..2_000,
        ) {
            let conn = cache();
            let octets = dictionary(300);
            conn.execute("INSERT INTO dictionary VALUES (2, ?1)", [&octets]).unwrap();
            let packer = Packer::new(2, &octets).unwrap();
            let text = words.concat();
            let raw = [text.clone().into_bytes(), noise].concat().repeat(times);
            for (id, packer) in [(1, None), (2, Some(&packer))] {
                let kept = Kept::new(&text, "a.pdf\n", &raw, packer);
                prop_assert!(kept.octets.len() <= text.len() + 6 + raw.len());
                keep(&conn, id, &kept);
                let (found, whole) = both(&conn, id).unwrap();
                prop_assert_eq!(found, format!("{text}a.pdf\n").into_bytes());
                prop_assert_eq!(&whole, &raw);
                let begins = Unpacker::new(&conn).read(id, Wanted::Raw(most)).unwrap().unwrap().0;
                prop_assert_eq!(begins.as_slice(), &raw[..raw.len().min(most as usize)]);
            }
        }

        #[test]
        fn damage_is_told_or_of_the_same_length(at in any::<prop::sample::Index>(), by in 1u8..) {
            let conn = cache();
            let raw = b"Subject: the same\r\n".repeat(50);
            let mut kept = Kept::new("the same", "", &raw, None);
            let at = at.index(kept.octets.len());
            kept.octets[at] ^= by;
            keep(&conn, 1, &kept);
            // There is no checksum: another message of the same length may come of it.
            if let Ok((text, found)) = both(&conn, 1) {
                prop_assert_eq!((text.len(), found.len()), (8, raw.len()));
            }
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        let conn = cache();
        let raw = b"Subject: the same\r\n".repeat(50);
        let kept = Kept::new("", "", &raw, None);
        for (id, length) in (1..).zip([951, MOST, MOST + 1, i64::MAX as u64]) {
            let mut kept = kept.clone();
            kept.lengths.raw = length;
            keep(&conn, id, &kept);
            assert!(
                matches!(both(&conn, id), Err(Error::Corrupt(_))),
                "{length}"
            );
        }
        // Packed with what is not there, and never packed at all.
        for (id, packing) in [(11, 7), (12, -1)] {
            keep(
                &conn,
                id,
                &Kept {
                    packing,
                    ..kept.clone()
                },
            );
            assert!(
                matches!(both(&conn, id), Err(Error::Corrupt(_))),
                "{packing}"
            );
        }
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_it_says() {
        let conn = cache();
        let mut kept = Kept::new("", "", &vec![0; 300 << 20], None);
        assert!(kept.octets.len() < 100 << 10);
        kept.lengths.raw = 1_000;
        keep(&conn, 1, &kept);
        let read = || Unpacker::new(&conn).read(1, Wanted::Raw(u64::MAX)).unwrap();
        let cost = allocation_counter::measure(|| assert_eq!(read().unwrap().0.len(), 1_000));
        assert!(cost.bytes_max < 20 << 20, "{cost:?}");
    }

    #[test]
    fn the_text_is_hardly_kept_twice() {
        let text: String = (0..2_000)
            .map(|n| format!("word{} ", n * n % 7_919))
            .collect();
        let alone = Kept::new("", "", text.as_bytes(), None);
        let kept = Kept::new(&text, "", text.as_bytes(), None);
        assert!(kept.octets.len() < alone.octets.len() * 11 / 10);
    }
}
