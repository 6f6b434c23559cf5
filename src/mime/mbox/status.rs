//! The fields that a message's flags stand in: `Status`, `X-Status` and `X-Keywords`, as mutt, Dovecot
//! and others write them, and Thunderbird's `X-Mozilla-Status`. What was written here ends with the first
//! three, always, so that they are taken away again.

use crate::model::{Flags, System, is_keyword};

/// Bits of Thunderbird's (its `nsMsgMessageFlags`) and what they are called here.
const MOZILLA: [(u16, System); 3] = [
    (1, System::SEEN),
    (2, System::ANSWERED),
    (4, System::FLAGGED),
];
/// Deleted there, and not removed from the file before it is compacted.
const EXPUNGED: u16 = 8;
const FORWARDED: u16 = 0x1000;

/// The fields that a header ends with that was written here.
const OURS: [&[u8]; 3] = [b"Status: ", b"X-Status: ", b"X-Keywords: "];

/// The value of a header field in the first lines of a message; the last of that name counts.
pub fn field(message: &[u8], name: &[u8]) -> Option<String> {
    let mut value = None;
    for line in message.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let found = line
            .get(..name.len())
            .is_some_and(|n| n.eq_ignore_ascii_case(name));
        if found && line.get(name.len()) == Some(&b':') {
            let rest = line.get(name.len() + 1..).unwrap_or_default();
            value = Some(String::from_utf8_lossy(rest).trim().to_owned());
        }
    }
    value
}

/// The flags that the header of these lines tells.
pub fn read(lines: &[u8]) -> Flags {
    let status = field(lines, b"status");
    let more = field(lines, b"x-status");
    let words = field(lines, b"x-keywords");
    let mut flags = Flags::default();
    for letter in status.iter().chain(&more).flat_map(|s| s.chars()) {
        let flag = match letter {
            'R' => System::SEEN,
            'A' => System::ANSWERED,
            'F' => System::FLAGGED,
            'T' => System::DRAFT,
            // D: about to be removed; O: seen by a client, if not by anybody.
            _ => continue,
        };
        flags.system = flags.system | flag;
    }
    let keyword = |w: &&str| w.len() <= 64 && is_keyword(w);
    let words = words.unwrap_or_default();
    flags.keywords = words
        .split_whitespace()
        .filter(keyword)
        .take(50)
        .map(str::to_owned)
        .collect();
    let bits = mozilla(lines);
    for (bit, flag) in MOZILLA {
        if bits & bit != 0 {
            flags.system = flags.system | flag;
        }
    }
    if bits & FORWARDED != 0 {
        flags.keywords.insert("$Forwarded".to_owned());
    }
    flags
}

/// Whether Thunderbird deleted the message of these lines, and only did not remove it yet.
pub fn is_deleted(lines: &[u8]) -> bool {
    mozilla(lines) & EXPUNGED != 0
}

/// What Thunderbird wrote above a header. Who sent the message can write such a field, too, but below
/// those of the servers that it came by: so only fields `X-…` may stand before it.
fn mozilla(lines: &[u8]) -> u16 {
    let mut end = 0;
    let mut bits = None;
    let mut above = true;
    for line in lines.split_inclusive(|b| *b == b'\n') {
        end += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
        let text = line.trim_ascii_end();
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        if !above || folded {
            continue;
        }
        let (name, value) = match text.iter().position(|b| *b == b':') {
            Some(at) => text.split_at(at),
            None => (text, b"".as_slice()),
        };
        if name.eq_ignore_ascii_case(b"x-mozilla-status") {
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let value = std::str::from_utf8(value).ok();
            bits = value.and_then(|v| u16::from_str_radix(v, 16).ok());
            above = false;
        }
        above &= name.get(..2).is_some_and(|x| x.eq_ignore_ascii_case(b"x-"));
    }
    let ours = lines.get(..end).is_some_and(is_ours);
    bits.filter(|_| !ours).unwrap_or(0)
}

/// Whether a header, with the blank line below, was written here.
pub fn is_ours(header: &[u8]) -> bool {
    let mut lines = header.rsplit(|b| *b == b'\n').skip(2);
    OURS.iter().rev().all(|name| {
        let line = lines.next();
        line.is_some_and(|line| line.starts_with(name))
    })
}

/// Where a header ends without the three fields that we wrote behind it, if we did.
pub fn without(bytes: &[u8], fields: &[(usize, usize)]) -> usize {
    let Some(last) = fields.len().checked_sub(3).and_then(|at| fields.get(at..)) else {
        return bytes.len();
    };
    let is = |((at, len), name): (&(usize, usize), &[u8])| {
        bytes
            .get(*at..at + len)
            .is_some_and(|line| line.starts_with(name))
    };
    match last.first() {
        Some((at, _)) if last.iter().zip(OURS).all(is) => *at,
        _ => bytes.len(),
    }
}

/// The lines that tell these flags.
pub fn told(flags: &Flags) -> String {
    let mut out = String::from("Status: ");
    out.push_str(if flags.system.has(System::SEEN) {
        "RO"
    } else {
        "O"
    });
    out.push_str("\nX-Status: ");
    for (flag, letter) in [
        (System::ANSWERED, 'A'),
        (System::FLAGGED, 'F'),
        (System::DRAFT, 'T'),
    ] {
        if flags.system.has(flag) {
            out.push(letter);
        }
    }
    out.push_str("\nX-Keywords: ");
    let words: Vec<&str> = flags.keywords.iter().map(String::as_str).collect();
    out.push_str(&words.join(" "));
    out.push('\n');
    out
}
