//! What the program may write to a terminal, and nothing else: every octet of a recording is read
//! as a terminal would read it (ECMA-48), and each sequence must be one that our backend is known
//! to make, with the numbers that it makes it with.
//!
//! Who teaches the program a new sequence adds it here, and thereby says that it can't be made of
//! a mail's text.

use openssl::base64::decode_block;
use postrider::text::clean::is_forbidden;

/// Modes that are set and reset: mouse, focus, paste, cursor, screen, synchronized updates.
const MODES: [&str; 7] = ["25", "1002", "1004", "1006", "1049", "2004", "2026"];

/// What was done besides drawing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Doings {
    /// What was put on the clipboard.
    pub copied: Vec<String>,
    /// What the terminal was to tell of. A bell is none: who asks for it counts it himself.
    pub announced: Vec<String>,
    /// Addresses that text was made a link to.
    pub linked: Vec<String>,
    /// Whether the terminal was told to leave the order of letters to us (`true`) or not any more.
    pub ordered: Vec<bool>,
    /// Marks that stand beside letters from right to left (U+200E).
    pub marks: usize,
}

/// Reads a recording; what was done in it.
///
/// # Errors
/// The first thing that may not be there, and where.
pub fn check(octets: &[u8]) -> Result<Doings, String> {
    let text = std::str::from_utf8(octets).map_err(|e| format!("no text: {e}"))?;
    let mut done = Doings::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let wrong = |what: &str| {
            let near: String = rest.chars().take(60).collect();
            let at = text.len() - rest.len();
            format!("{what} at octet {at}: {:?}", near)
        };
        rest = match c {
            '\x1b' => {
                let sequence = &rest[1..];
                if let Some(control) = sequence.strip_prefix('[') {
                    let end = control.find(|c: char| ('@'..='~').contains(&c));
                    let end = end.ok_or_else(|| wrong("a sequence without an end"))?;
                    let (parameters, after) = control.split_at(end);
                    if parameters == "8" && after.starts_with(['h', 'l']) {
                        done.ordered.push(after.starts_with('l'));
                    } else if !is_ours(parameters, &after[..1]) {
                        return Err(wrong("a control sequence"));
                    }
                    &after[1..]
                } else if let Some(command) = sequence.strip_prefix(']') {
                    let (end, skip) = [("\x07", 1), ("\x1b\\", 2)]
                        .iter()
                        .filter_map(|(mark, len)| Some((command.find(mark)?, *len)))
                        .min()
                        .ok_or_else(|| wrong("a command without an end"))?;
                    told(&command[..end], &mut done).map_err(|why| wrong(&why))?;
                    &command[end + skip..]
                } else if let Some(after) = sequence.strip_prefix(['7', '8']) {
                    // The cursor's place kept while links are drawn, and gone back to.
                    after
                } else {
                    return Err(wrong("an escape sequence"));
                }
            }
            '\u{200d}' | '\u{fe0f}' => &rest[c.len_utf8()..],
            '\u{200e}' => {
                done.marks += 1;
                &rest[c.len_utf8()..]
            }
            c if is_forbidden(c) => return Err(wrong("a character that is not for drawing")),
            c => &rest[c.len_utf8()..],
        };
    }
    Ok(done)
}

/// Whether it is a control sequence of ours.
fn is_ours(parameters: &str, end: &str) -> bool {
    let numbers = || parameters.split(';').map(|n| n.parse::<u16>().ok());
    match end {
        // Where the next text stands: a row and a column.
        "H" => {
            numbers().count() == 2 && numbers().all(|n| n.is_some_and(|n| (1..=999).contains(&n)))
        }
        // Colours and emphasis.
        "m" => is_style(parameters),
        "h" | "l" => parameters
            .strip_prefix('?')
            .is_some_and(|mode| MODES.contains(&mode)),
        // The window's title is kept, and put back.
        "t" => matches!(parameters, "22;2" | "23;2"),
        // Everything is drawn anew.
        "J" => matches!(parameters, "" | "2"),
        _ => false,
    }
}

fn is_style(parameters: &str) -> bool {
    let mut numbers = parameters.split([';', ':']).map(|n| match n {
        "" => Some(0),
        n => n.parse::<u16>().ok(),
    });
    while let Some(number) = numbers.next() {
        let good = match number {
            Some(38 | 48 | 58) => {
                let count = match numbers.next().flatten() {
                    Some(5) => 1,
                    Some(2) => 3,
                    _ => return false,
                };
                let all: Vec<_> = numbers.by_ref().take(count).collect();
                all.len() == count && all.iter().all(|n| n.is_some_and(|n| n < 256))
            }
            Some(0..=9 | 21..=29 | 30..=37 | 39 | 40..=47 | 49 | 59 | 90..=97 | 100..=107) => true,
            _ => false,
        };
        if !good {
            return false;
        }
    }
    true
}

/// Reads a command to the terminal (OSC).
fn told(command: &str, done: &mut Doings) -> Result<(), String> {
    if let Some(encoded) = command.strip_prefix("52;c;") {
        let octets = decode_block(encoded).map_err(|_| "a clipboard that is not base64")?;
        let copied = String::from_utf8(octets).map_err(|_| "a clipboard that is no text")?;
        if copied.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(format!("a control character on the clipboard, {copied:?},"));
        }
        done.copied.push(copied);
        return Ok(());
    }
    if let Some(link) = command.strip_prefix("8;") {
        let (name, address) = link.split_once(';').ok_or("a link without an address")?;
        let hex = |id: &str| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let ours = match name.strip_prefix("id=") {
            Some(id) => hex(id) && !address.is_empty(),
            None => name.is_empty() && address.is_empty(),
        };
        if !ours {
            return Err("a link of another kind".to_owned());
        }
        let plain = address
            .bytes()
            .all(|b| (0x21..0x7f).contains(&b) && b != b';');
        let known = address.is_empty()
            || ["https://", "http://", "mailto:"]
                .iter()
                .any(|s| address.starts_with(s));
        let known = known && address.len() <= 2083;
        if !plain || !known {
            return Err("a link that may not be".to_owned());
        }
        done.linked.push(address.to_owned());
        return Ok(());
    }
    let announced = ["9;Mail: ", "777;notify;", "99;i=postrider:d=0:e=1;"];
    let encoded = "99;i=postrider:d=1:e=1:p=body;";
    if let Some(said) = announced
        .iter()
        .find_map(|begin| command.strip_prefix(begin))
    {
        done.announced.push(said.to_owned());
        return Ok(());
    }
    if let Some(said) = command.strip_prefix(encoded) {
        decode_block(said).map_err(|_| "a notification that is not base64")?;
        return Ok(());
    }
    // The window's title: ours stands first, and no control character is in it (checked above).
    if let Some(title) = command.strip_prefix("2;postrider: ") {
        return match title.chars().count() <= 80 && !title.contains(is_forbidden) {
            true => Ok(()),
            false => Err("a title that may not be".to_owned()),
        };
    }
    // The background is asked for.
    if command == "11;?" {
        return Ok(());
    }
    Err("a command".to_owned())
}

#[test]
fn only_what_is_ours_passes() {
    let drawn =
        "\x1b[?1049h\x1b[2J\x1b[12;1H\x1b[0;1;38;5;4;48;2;1;2;255mté日\u{2502}\x1b[39m\x1b[?2026l";
    assert_eq!(check(drawn.as_bytes()), Ok(Doings::default()));
    let copied = check(b"\x1b]52;c;aGk=\x1b\\").unwrap();
    assert_eq!(copied.copied, ["hi"]);
    let link = b"\x1b7\x1b]8;id=0123456789abcdef;https://x.example/\x1b\\x\x1b]8;;\x1b\\\x1b8";
    let linked = check(link).unwrap();
    assert_eq!(linked.linked, ["https://x.example/", ""]);
    let title = "\x1b[22;2t\x1b]2;postrider: Inbox\x1b\\\x1b[23;2t";
    assert_eq!(check(title.as_bytes()), Ok(Doings::default()));
    let told = check(b"\x1b]777;notify;Ada;Lunch\x1b\\\x1b]9;Mail: Ada: Lunch\x1b\\").unwrap();
    assert_eq!(told.announced, ["Ada;Lunch", "Ada: Lunch"]);
    for bad in [
        &b"\x1b[31;7701m"[..],
        b"\x1b]9;4;1;50\x1b\\",
        b"\x1b]777;preexec\x1b\\",
        b"\x1b[6n",
        b"\x1b[c",
        b"\x1b[>q",
        b"\x1b[3J",
        b"\x1b[?47h",
        b"\x1b[1;1;1H",
        b"\x1b[0;0H",
        b"\x1b[9A",
        b"\x1b[38;5m",
        b"\x1b]0;t\x07",
        b"\x1b]2;t\x1b\\",
        b"\x1b]52;c;?\x07",
        b"\x1b]52;c;Gw==\x07",
        b"\x1b]8;id=0123456789abcdef;javascript:x\x1b\\",
        b"\x1b]8;id=0123456789abcdef;https://x/ y\x1b\\",
        b"\x1b]8;;https://x.example/\x1b\\",
        b"\x1b]8;id=x:y=z;https://x.example/\x1b\\",
        b"\x1bPq\x1b\\",
        b"\x1b_Gx\x1b\\",
        b"\x1bc",
        b"\x07",
        b"\x08",
        b"\r\n",
        b"\0",
        b"\x7f",
        b"\x9b31m",
        "\u{9b}31m".as_bytes(),
        "\u{202e}".as_bytes(),
        "\u{200b}".as_bytes(),
        "\u{e0041}".as_bytes(),
    ] {
        assert!(check(bad).is_err(), "{:?}", bad.escape_ascii().to_string());
    }
}
