//! The rows of answers: messages, counts, mailboxes; and what APPEND does.

use super::mail::{Folder, Mail, Message};
use super::words::{Arg, set_of, spelled};

pub fn told(folder: &Folder) -> Vec<(u32, Vec<String>)> {
    let all = folder.messages.iter();
    all.map(|m| (m.uid, m.flags.clone())).collect()
}

pub fn no_messages(folder: &Folder) -> bool {
    let attributes = folder.attributes.to_ascii_lowercase();
    attributes.contains("\\noselect") || attributes.contains("\\nonexistent")
}

/// What was expunged since a modification sequence.
pub fn earlier(folder: &Folder, since: u64, out: &mut Vec<u8>) {
    let gone = folder.gone.iter().filter(|(_, at)| *at > since);
    let mut gone: Vec<u32> = gone.map(|(uid, _)| *uid).collect();
    gone.sort_unstable();
    if !gone.is_empty() {
        out.extend(format!("* VANISHED (EARLIER) {}\r\n", set_of(&gone)).bytes());
    }
}

pub fn changed(n: usize, message: &Message, out: &mut Vec<u8>) {
    let items = ["UID", "FLAGS", "MODSEQ"].map(str::to_owned);
    fetched(n, message, &items, out);
}

pub fn fetched(n: usize, message: &Message, items: &[String], out: &mut Vec<u8>) {
    let head = message.raw.windows(4).position(|w| w == b"\r\n\r\n");
    let (head, text) = message
        .raw
        .split_at(head.map_or(message.raw.len(), |at| at + 4));
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for item in items {
        let (section, range) = item.split_once(']').unwrap_or((item, ""));
        let bytes = match section.replace("BODY.PEEK[", "BODY[").as_str() {
            "UID" => {
                parts.push(format!("UID {}", message.uid).into_bytes());
                continue;
            }
            "FLAGS" => {
                parts.push(format!("FLAGS ({})", message.flags.join(" ")).into_bytes());
                continue;
            }
            "MODSEQ" => {
                parts.push(format!("MODSEQ ({})", message.modseq).into_bytes());
                continue;
            }
            "INTERNALDATE" => {
                parts.push(b"INTERNALDATE \" 2-Nov-2026 10:00:00 +0000\"".to_vec());
                continue;
            }
            "RFC822.SIZE" => {
                let size = message.claimed.unwrap_or(message.raw.len() as u64);
                parts.push(format!("RFC822.SIZE {size}").into_bytes());
                continue;
            }
            "BODY[" => &message.raw[..],
            "BODY[TEXT" | "BODY[1" => text,
            other if other.starts_with("BODY[HEADER") => head,
            _ => continue,
        };
        let ends = range.trim_matches(['<', '>']).split_once('.');
        let ends =
            ends.and_then(|(a, b)| Some((a.parse::<usize>().ok()?, b.parse::<usize>().ok()?)));
        let (from, count) = ends.unwrap_or((0, bytes.len()));
        let from = from.min(bytes.len());
        let bytes = &bytes[from..bytes.len().min(from + count)];
        let origin = ends.map_or(String::new(), |(from, _)| format!("<{from}>"));
        let name = section.replace("BODY.PEEK[", "BODY[");
        let mut part = format!("{name}]{origin} {{{}}}\r\n", bytes.len()).into_bytes();
        part.extend_from_slice(bytes);
        parts.push(part);
    }
    out.extend(format!("* {n} FETCH (").bytes());
    out.extend(parts.join(&b' '));
    out.extend(b")\r\n");
}

pub fn list(mail: &mut Mail, rest: &[Arg], out: &mut Vec<u8>) -> String {
    // LIST (SPECIAL-USE) "" "*" is the form with a selection in front.
    let names = if matches!(rest.first(), Some(Arg::List(_))) {
        &rest[1..]
    } else {
        rest
    };
    let extended = matches!(names.get(2), Some(Arg::Word(word)) if word == "RETURN");
    if extended && !mail.can("LIST-EXTENDED") {
        return "BAD not offered".to_owned();
    }
    let returns = names
        .get(3)
        .filter(|_| extended)
        .map(Arg::all)
        .unwrap_or_default();
    let counts = returns.iter().position(|r| r.word() == "STATUS");
    let counts = counts.and_then(|at| returns.get(at + 1)).map(Arg::words);
    let pattern = names.get(1).map(Arg::bytes).unwrap_or_default();
    let delimiter = mail.delimiter.clone();
    for folder in mail.folders.clone() {
        if pattern != b"*" && pattern != b"%" && pattern != folder.name {
            continue;
        }
        out.extend(format!("* LIST ({}) {delimiter} ", folder.attributes).bytes());
        out.extend(spelled(&folder.name));
        out.extend(b"\r\n");
        if let Some(counts) = counts.as_ref().filter(|_| !no_messages(&folder)) {
            status(mail, &folder.name, counts, out);
        }
    }
    "OK done".to_owned()
}

pub fn status(mail: &mut Mail, name: &[u8], items: &[String], out: &mut Vec<u8>) {
    let modseq = mail.modseq;
    let Some(folder) = mail.find(name) else {
        return;
    };
    let unseen = |m: &&Message| !m.flags.iter().any(|f| f == "\\Seen");
    let mut all = Vec::new();
    for item in items {
        let value = match item.as_str() {
            "MESSAGES" => folder.messages.len() as u64,
            "UIDNEXT" => u64::from(folder.next),
            "UIDVALIDITY" => u64::from(folder.validity),
            "UNSEEN" => folder.messages.iter().filter(unseen).count() as u64,
            "HIGHESTMODSEQ" => modseq,
            "SIZE" => folder.messages.iter().map(|m| m.raw.len() as u64).sum(),
            _ => continue,
        };
        all.push(format!("{item} {value}"));
    }
    out.extend(b"* STATUS ");
    out.extend(spelled(name));
    out.extend(format!(" ({})\r\n", all.join(" ")).bytes());
}

pub fn append(mail: &mut Mail, rest: &[Arg]) -> String {
    let (Some(to), Some(Arg::Text(raw))) = (rest.first().map(Arg::bytes), rest.last()) else {
        return "BAD what?".to_owned();
    };
    if mail.find(&to).is_none() {
        return "NO [TRYCREATE] no such mailbox".to_owned();
    }
    let flags = match rest.get(1) {
        Some(Arg::List(list)) => list
            .iter()
            .map(|f| String::from_utf8_lossy(&f.bytes()).into_owned())
            .collect(),
        _ => Vec::new(),
    };
    let (validity, uid) = mail.put(&to, raw.clone(), flags);
    match mail.can("UIDPLUS") {
        true => format!("OK [APPENDUID {validity} {uid}] done"),
        false => "OK done".to_owned(),
    }
}
