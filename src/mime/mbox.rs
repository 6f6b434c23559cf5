//! Mailboxes in one file (mbox, RFC 4155): mboxrd, mboxo, mboxcl and mboxcl2, read message by message
//! and written as mboxrd.
//!
//! A line that begins with `From ` begins a message where a blank line, or nothing, stands before it
//! and a time stands in it. What a `Content-Length` covers (mboxcl2) begins none, if it ends exactly
//! where another message begins or the file ends. Who sent a message can write such a field, too: it
//! counts for nothing in what was written here, nor behind the first that was wrong. Lines end with LF in the file and with CRLF outside of it. What a
//! message is quoted with (`>From `) is taken away once, as mboxrd wants it and mboxo allows.
//!
//! Flags stand in fields of the header (`mbox/status.rs`).

use crate::model::Flags;
use std::io::{self, BufRead, Seek, SeekFrom, Write};

mod status;

/// The longest message that is read, in octets.
pub const LONGEST: usize = 256 << 20;
/// Octets of a first line that are looked at.
const FROM_LINE: usize = 4096;
/// The longest piece of a line, and the most of blank lines between two messages.
const SLACK: u64 = 1 << 20;
/// One message out of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Its octets, lines ending with CRLF.
    pub bytes: Vec<u8>,
    /// Its flags, as far as it tells them.
    pub flags: Flags,
    /// When it came, seconds since 1970, if its first line tells.
    pub date: Option<i64>,
}

/// What the next message turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A message.
    Letter(Box<Letter>),
    /// One that is longer than [`LONGEST`], with so many octets: it was passed over.
    TooLong(u64),
    /// One that Thunderbird deleted and did not remove yet, with so many octets.
    Deleted(u64),
}

/// Reads messages out of a file. Holds one at a time.
#[derive(Debug)]
pub struct Mbox<R> {
    input: R,
    /// The `From ` line that was read already.
    first: Option<Vec<u8>>,
    begun: bool,
    /// Whether a Content-Length is believed, as long as none was wrong.
    believing: bool,
}

impl<R: BufRead + Seek> Mbox<R> {
    /// A reader at the beginning of a file.
    pub fn new(input: R) -> Mbox<R> {
        Mbox {
            input,
            first: None,
            begun: false,
            believing: true,
        }
    }

    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// When the file can't be read, or is no mbox.
    pub fn read(&mut self) -> io::Result<Option<Next>> {
        if !self.begun {
            self.begun = true;
            let mut line = Vec::new();
            // Blank lines may stand before the first.
            while read_line(&mut self.input, &mut line)? > 0 && is_blank(&line) {}
            if line.is_empty() {
                return Ok(None);
            }
            if !line.starts_with(b"From ") {
                let why = "it does not begin with a `From ` line";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
            self.first = Some(line);
        }
        let Some(first) = self.first.take() else {
            return Ok(None);
        };
        let date = date_of(&first);
        let body = self.body()?;
        Ok(Some(match body {
            Ok(lines) if status::is_deleted(&lines) => Next::Deleted(lines.len() as u64),
            Ok(lines) => Next::Letter(Box::new(letter(lines, date))),
            Err(octets) => Next::TooLong(octets),
        }))
    }

    /// The lines up to the next message, as they stand in the file.
    fn body(&mut self) -> io::Result<Result<Vec<u8>, u64>> {
        let mut all = Vec::new();
        let mut octets = 0u64;
        let mut line = Vec::new();
        let mut blank = false;
        let mut ended = true;
        // Up to where a Content-Length reaches, whether a line ended exactly there, and where the first
        // line was that it covers and that looked like the beginning of another message: the position,
        // the length up to there, and how many lines stood behind the header.
        let mut covered: Option<u64> = None;
        let mut met = false;
        let mut doubt: Option<(u64, usize, u64)> = None;
        let mut in_header = true;
        // Lines behind the header.
        let mut behind = 0u64;
        loop {
            let read = read_line(&mut self.input, &mut line)?;
            let begins = blank && is_from_line(&line);
            let ends = read == 0 || begins;
            if let Some(until) = covered {
                met |= octets == until;
                let waits = met && !ends && is_blank(&line) && octets < until + SLACK;
                if (octets >= until || read == 0) && !waits {
                    covered = None;
                    if let (false, Some((position, length, lines))) = (met && ends, doubt.take()) {
                        // Whatever it is, it is no length; to try the next would cost as much again.
                        self.believing = false;
                        self.input.seek(SeekFrom::Start(position))?;
                        all.truncate(length);
                        octets = length as u64;
                        behind = lines;
                        (blank, ended) = (true, true);
                        continue;
                    }
                } else if begins && doubt.is_none() {
                    let position = self.input.stream_position()?;
                    let position = position.saturating_sub(read as u64);
                    doubt = Some((position, all.len(), behind));
                }
            }
            if ends && covered.is_none() {
                self.first = (read > 0).then(|| std::mem::take(&mut line));
                break;
            }
            octets += read as u64;
            if octets > LONGEST as u64 {
                all = Vec::new();
            } else {
                all.extend_from_slice(&line);
            }
            // The rest of a line that was read in pieces is no blank one.
            blank = ended && is_blank(&line);
            ended = line.ends_with(b"\n");
            behind += u64::from(!in_header);
            if in_header && blank {
                in_header = false;
                // All is quoted in what we wrote.
                self.believing &= !status::is_ours(&all);
                let length =
                    status::field(&all, b"content-length").and_then(|v| v.parse::<u64>().ok());
                covered = length
                    .filter(|n| self.believing && *n > 0 && *n < LONGEST as u64)
                    .map(|n| octets + n)
                    .filter(|until| until + 2 * SLACK <= LONGEST as u64);
            }
        }
        if octets > LONGEST as u64 {
            return Ok(Err(octets));
        }
        // The blank line before the next message is not of this one; the one below a header is.
        if blank && behind > 0 {
            let tail = if all.ends_with(b"\r\n") { 2 } else { 1 };
            all.truncate(all.len().saturating_sub(tail));
        }
        Ok(Ok(all))
    }
}

/// Reads a line with its end; one without an end is read in pieces.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    io::Read::take(&mut *input, SLACK).read_until(b'\n', line)
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// Whether a line begins a message: `From `, and a time of day and a year somewhere behind it.
fn is_from_line(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let text = String::from_utf8_lossy(rest.get(..rest.len().min(FROM_LINE)).unwrap_or_default());
    let time = |word: &str| word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit());
    let year = |word: &str| word.len() == 4 && word.chars().all(|c| c.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    words.iter().any(|w| time(w)) && words.iter().any(|w| year(w))
}

/// The time in a `From ` line: `Thu Jan  1 00:00:00 1970`, in UTC, with or without a zone behind it.
fn date_of(line: &[u8]) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = String::from_utf8_lossy(line.get(..line.len().min(FROM_LINE))?).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().rposition(|w| MONTHS.contains(w))?;
    let month = MONTHS.iter().position(|m| words.get(at) == Some(m))?;
    let day: i8 = words.get(at + 1)?.parse().ok()?;
    let time = words.get(at + 2)?;
    let mut parts = time.split(':').map(|p| p.parse::<i8>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().flatten().unwrap_or(0);
    let year: i16 = words
        .get(at + 3..)?
        .iter()
        .find(|w| w.len() == 4 && w.bytes().all(|b| b.is_ascii_digit()))?
        .parse()
        .ok()?;
    let month = i8::try_from(month + 1).ok()?;
    let date = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second(),
    )
}

fn letter(lines: Vec<u8>, date: Option<i64>) -> Letter {
    let flags = status::read(&lines);
    let mut bytes = Vec::with_capacity(lines.len() + lines.len() / 32);
    let mut header: Option<Vec<(usize, usize)>> = Some(Vec::new());
    for line in lines.split_inclusive(|b| *b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let ended = line.len() > text.len();
        let text = match (ended, text.strip_suffix(b"\r")) {
            (true, Some(rest)) => rest,
            _ => text,
        };
        if text.is_empty()
            && let Some(fields) = header.take()
        {
            bytes.truncate(status::without(&bytes, &fields));
        }
        if let Some(fields) = header.as_mut() {
            fields.push((bytes.len(), text.len()));
        }
        bytes.extend_from_slice(unquoted(text));
        if ended {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    Letter { bytes, flags, date }
}

fn unquoted(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|b| **b == b'>').count();
    match line.get(marks..) {
        Some(rest) if marks > 0 && rest.starts_with(b"From ") => line.get(1..).unwrap_or_default(),
        _ => line,
    }
}

/// Writes a message as mboxrd; answers how many octets that were. `sender`: an addr-spec.
///
/// # Errors
/// When it can't be written.
pub fn write(out: &mut impl Write, sender: &str, letter: &Letter) -> io::Result<u64> {
    let mut all: Vec<u8> = Vec::with_capacity(letter.bytes.len() + 256);
    let is_plain = |c: char| c.is_ascii_graphic();
    let sender: String = sender.chars().filter(|c| is_plain(*c)).take(200).collect();
    let sender = if sender.is_empty() {
        "MAILER-DAEMON"
    } else {
        &sender
    };
    let when = jiff::Timestamp::from_second(letter.date.unwrap_or(0)).unwrap_or_default();
    let when = when.strftime("%a %b %e %H:%M:%S %Y");
    all.extend_from_slice(format!("From {sender} {when}\n").as_bytes());
    let mut in_header = true;
    for line in letter.bytes.split_inclusive(|b| *b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = match line.len() > text.len() {
            true => text.strip_suffix(b"\r").unwrap_or(text),
            false => text,
        };
        // What is read as a blank line ends a header.
        if in_header && matches!(text, b"" | b"\r") {
            in_header = false;
            all.extend_from_slice(status::told(&letter.flags).as_bytes());
        }
        let marks = text.iter().take_while(|b| **b == b'>').count();
        if text
            .get(marks..)
            .is_some_and(|rest| rest.starts_with(b"From "))
        {
            all.push(b'>');
        }
        all.extend_from_slice(text);
        all.push(b'\n');
    }
    if in_header {
        all.extend_from_slice(status::told(&letter.flags).as_bytes());
        all.push(b'\n');
    }
    all.push(b'\n');
    out.write_all(&all)?;
    Ok(all.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::System;
    use proptest::prelude::*;
    use std::io::{BufReader, Cursor};

    fn read(text: &[u8]) -> Vec<Letter> {
        let mut mbox = Mbox::new(BufReader::with_capacity(64, Cursor::new(text.to_vec())));
        let mut all = Vec::new();
        while let Some(next) = mbox.read().unwrap() {
            match next {
                Next::Letter(letter) => all.push(*letter),
                other => panic!("{other:?}"),
            }
        }
        all
    }

    const FROM: &str = "From bo@example.test Thu Jan  1 00:01:40 1970\n";

    #[test]
    fn messages_of_every_kind_of_file() {
        let two = format!(
            "{FROM}Subject: one\n\n>From me\n>>From you\nFrom here on it is text.\n\nFrom there, too.\n\n{FROM}Subject: two\nStatus: RO\nX-Status: F\n\nx\n\n"
        );
        let all = read(two.as_bytes());
        assert_eq!(all.len(), 2, "{all:#?}");
        assert_eq!(
            String::from_utf8_lossy(&all[0].bytes),
            "Subject: one\r\n\r\nFrom me\r\n>From you\r\nFrom here on it is text.\r\n\r\nFrom there, too.\r\n"
        );
        assert_eq!(all[0].date, Some(100));
        let seen = System::SEEN | System::FLAGGED;
        assert_eq!(all[1].flags.system, seen);
        assert!(all[1].bytes.ends_with(b"\r\n\r\nx\r\n"));
    }

    #[test]
    fn what_thunderbird_deleted_is_no_message_and_what_it_marked_is_marked() {
        let file = |above: &str, more: &str| {
            format!(
                "{FROM}X-Account-Key: a1\n{above}X-Mozilla-Keys: a\n  b\nSubject: x\n{more}\nx\n"
            )
        };
        let next = |text: &str| {
            let mut mbox = Mbox::new(Cursor::new(text.as_bytes().to_vec()));
            mbox.read().unwrap().unwrap()
        };
        for (above, system, keywords) in [
            ("X-Mozilla-Status: 0000\n", System::default(), 0),
            (
                "X-Mozilla-Status: 0003\n",
                System::SEEN | System::ANSWERED,
                0,
            ),
            ("x-mozilla-status:1004\n", System::FLAGGED, 1),
            ("X-Mozilla-Status: -008\n", System::default(), 0),
        ] {
            let Next::Letter(letter) = next(&file(above, "")) else {
                panic!("{above}")
            };
            assert_eq!(
                (letter.flags.system, letter.flags.keywords.len()),
                (system, keywords)
            );
        }
        let deleted = file("X-Mozilla-Status: 0009\n", "");
        assert!(matches!(next(&deleted), Next::Deleted(_)));
        assert!(matches!(
            next(&deleted.replace('\n', "\r\n")),
            Next::Deleted(_)
        ));
        // Whoever sent it, and what was written here, says nothing of the kind.
        let sent = file("", "X-Mozilla-Status: 0008\n");
        let written = "Status: O\nX-Status: \nX-Keywords: \n";
        for kept in [sent, file("X-Mozilla-Status: 0008\n", written)] {
            let Next::Letter(letter) = next(&kept) else {
                panic!("{kept}")
            };
            assert_eq!(letter.flags, Flags::default());
        }
    }

    #[test]
    fn a_length_covers_what_looks_like_a_message_unless_it_is_wrong() {
        let inside = format!("a\n\n{FROM}Subject: no\n\nb\n");
        let right = format!(
            "{FROM}Subject: one\nContent-Length: {}\n\n{inside}\n{FROM}Subject: two\n\nc\n",
            inside.len()
        );
        let all = read(right.as_bytes());
        assert_eq!(all.len(), 2, "{all:#?}");
        assert!(all[0].bytes.ends_with(b"\r\n\r\nb\r\n"));
        let wrong =
            format!("{FROM}Subject: one\nContent-Length: 5\n\na\n\n{FROM}Subject: two\n\nc\n");
        assert_eq!(read(wrong.as_bytes()).len(), 2);
        let beyond =
            format!("{FROM}Subject: one\nContent-Length: 90000\n\na\n\n{FROM}Subject: two\n\nc\n");
        assert_eq!(read(beyond.as_bytes()).len(), 2);
    }

    #[test]
    fn no_length_swallows_messages() {
        let second = format!("{FROM}Subject: two\n\nfirst\n\nsecond\n\n");
        let third = format!("{FROM}Subject: three\n\nc\n");
        let whole = second.len() + third.len();
        for length in 1..whole + 20 {
            // Exactly there another begins, or the file ends: that is what the field is for.
            let right = [2, 3].map(|n| n + second.len()).contains(&length) || length == 3 + whole;
            let text = format!("{FROM}Content-Length: {length}\n\na\n\n{second}{third}");
            let found = read(text.as_bytes()).len();
            assert!(found == 3 || right, "{length}: {found}");
            let ours = format!(
                "{FROM}Content-Length: {length}\nStatus: O\nX-Status: \nX-Keywords: \n\na\n\n{second}{third}"
            );
            assert_eq!(read(ours.as_bytes()).len(), 3, "{length}");
        }
    }

    #[test]
    fn lengths_are_believed_up_to_the_first_that_is_wrong() {
        struct Counting(Cursor<Vec<u8>>, std::rc::Rc<std::cell::Cell<usize>>);
        impl io::Read for Counting {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let n = self.0.read(out)?;
                self.1.set(self.1.get() + n);
                Ok(n)
            }
        }
        impl Seek for Counting {
            fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
                self.0.seek(to)
            }
        }
        let file = format!("{FROM}Content-Length: 200000000\n\na\n\n").repeat(500);
        let octets = std::rc::Rc::default();
        let input = Counting(
            Cursor::new(file.clone().into_bytes()),
            std::rc::Rc::clone(&octets),
        );
        let mut mbox = Mbox::new(BufReader::with_capacity(64, input));
        let mut found = 0;
        while mbox.read().unwrap().is_some() {
            found += 1;
        }
        assert_eq!(found, 500);
        assert!(octets.get() < 3 * file.len(), "{} octets", octets.get());
    }

    #[test]
    fn a_long_line_has_no_blank_one_in_it() {
        let long = "x".repeat(SLACK as usize);
        let text = format!("{FROM}\n{long}\n{FROM}b\n");
        assert_eq!(read(text.as_bytes()).len(), 1);
    }

    #[test]
    fn what_is_none_is_no_mbox() {
        assert!(
            Mbox::new(Cursor::new(b"Subject: x\n\n".to_vec()))
                .read()
                .is_err()
        );
        assert_eq!(read(b""), Vec::<Letter>::new());
        assert_eq!(read(b"\n\n"), Vec::<Letter>::new());
    }

    fn lines() -> impl Strategy<Value = Vec<String>> {
        let line = prop_oneof![
            Just(String::new()),
            Just("From bo Thu Jan  1 00:00:00 1970".to_owned()),
            Just(">From x".to_owned()),
            Just(">>From x".to_owned()),
            "[ -~é]{0,20}",
        ];
        prop::collection::vec(line, 0..8)
    }

    /// Fields that a sender may have written.
    fn lengths() -> impl Strategy<Value = String> {
        let field = prop_oneof![
            (0u32..600).prop_map(|n| format!("Content-Length: {n}\r\n")),
            Just("content-length:200000000\r\n".to_owned()),
            Just("Content-Length: 18446744073709551615\r\n".to_owned()),
            Just("X-Status: \r\nX-Keywords: \r\nContent-Length: 90\r\n".to_owned()),
        ];
        prop::collection::vec(field, 0..3).prop_map(|all| all.concat())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bodies in prop::collection::vec((lengths(), lines(), 0u8..16, 0i64..4_000_000_000), 1..5)) {
            let mut letters = Vec::new();
            for (lengths, body, bits, date) in bodies {
                let mut text = format!("Subject: x\r\n{lengths}Status: mine\r\n\r\n");
                for line in body {
                    text.push_str(&line);
                    text.push_str("\r\n");
                }
                let mut flags = Flags::default();
                for (n, flag) in [System::SEEN, System::ANSWERED, System::FLAGGED, System::DRAFT].into_iter().enumerate() {
                    if bits & (1 << n) != 0 {
                        flags.system = flags.system | flag;
                    }
                }
                if bits & 1 == 1 {
                    flags.keywords.insert("$Forwarded".to_owned());
                }
                letters.push(Letter { bytes: text.into_bytes(), flags, date: Some(date) });
            }
            let mut file = Vec::new();
            for letter in &letters {
                write(&mut file, "bo@example.test", letter).unwrap();
            }
            prop_assert_eq!(read(&file), letters);
        }

        #[test]
        fn whatever_stands_in_a_file_is_read_without_harm(text in "(From bo 0:0 1970\n|Content-Length: [0-9]{1,4}\n|[a-z>]{0,5}\r?\n){0,30}") {
            let mut mbox = Mbox::new(Cursor::new(text.into_bytes()));
            for _ in 0..100 {
                if !matches!(mbox.read(), Ok(Some(_))) {
                    break;
                }
            }
        }
    }
}
