//! Every message of `tests/messages`, and one for each way to take a terminal over, opened in the
//! real program at two sizes: all that it writes is recorded and read by [`crate::whitelist`].
//!
//! What a hostile message carries stands in each of its header fields, names, texts and cards, as
//! it is and encoded; mailboxes are named so too, and so both servers talk.

use crate::program::Home;
use crate::pty::Terminal;
use crate::script::{OPEN, Script, before};
use crate::smtp::Sink;
use crate::whitelist;
use openssl::base64::encode_block;
use std::collections::BTreeSet;
use std::path::Path;

/// How the header of a laid out message begins, which no source does.
const HEAD: &str = "▏ From:  ";

/// What may not reach a terminal.
fn payloads() -> Vec<Vec<u8>> {
    let zalgo = format!("e{}", "\u{301}".repeat(300));
    let text = [
        "\x1b[31;7701mPWN\x1b[2J\x1b[1;1H",
        "\x1b]52;c;UFdOMg==\x07",
        "\x1b]0;PWN-title\x07\x1b]2;PWN\x1b\\",
        "\x1b]8;;http://pwn.example/\x1b\\PWN\x1b]8;;\x1b\\",
        "\x1bP7705q#0;2\x1b\\\x1b_Gf=100;AAAA\x1b\\\x1b^x\x1b\\\x1bXy\x1b\\",
        "\u{9b}7707mPWN\u{9d}0;PWN\u{9c}\u{90}q\u{9c}\u{85}",
        "\x1b[6n\x1b[c\x1b[>c\x1b[?1;2c\x1b[18t\x05",
        "\x07\x08\x0b\x0c\x0e\x0f\x7f",
        "\x1bc\x1b[?1049l\x1b[!p\x1b7\x1b8\x1b#8\x1b(0",
        "\u{202e}fdp.exe\u{202c}\u{2066}x\u{2069}\u{200e}\u{200f}\u{61c}",
        "a\u{200b}b\u{200c}c\u{2060}d\u{feff}e\u{ad}f\u{34f}g\u{115f}h\u{3164}",
        "\u{e0001}\u{e0041}\u{e007f}\u{fe0e}\u{180e}\u{fff9}\u{1d173}",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{1f1e9}\u{1f1ea}1\u{fe0f}\u{20e3}",
        &zalgo,
        "\x1b$B@K7A\x1b(B",
        "\t\ttabs\r\rover\u{2028}two\u{2029}",
    ];
    let octets: [&[u8]; 3] = [
        b"\x9b7718m\x9d0;x\x9c\x90q\x9c",
        b"\xed\xa0\x9b\xc0\x9b\xff\xfe",
        b"\0\0",
    ];
    let text = text.iter().map(|t| t.as_bytes().to_vec());
    text.chain(octets.iter().map(|o| o.to_vec())).collect()
}

fn percent(octets: &[u8]) -> String {
    octets.iter().map(|b| format!("%{b:02X}")).collect()
}

/// A message that carries this everywhere.
fn hostile(n: usize, payload: &[u8]) -> Vec<u8> {
    let word = format!("=?utf-8?B?{}?=", encode_block(payload).replace('\n', ""));
    let mut out = Vec::new();
    // What can't stand in a line as it is stands there all the same, but for what would end it.
    let bare: Vec<u8> = payload
        .iter()
        .copied()
        .filter(|b| !b"\r\n".contains(b))
        .collect();
    let mut put = |text: &str| {
        for (k, piece) in text.split("{bare}").enumerate() {
            if k > 0 {
                out.extend_from_slice(&bare);
            }
            let piece = piece
                .replace("{word}", &word)
                .replace("{percent}", &percent(payload));
            out.extend_from_slice(piece.as_bytes());
        }
    };
    put("From: {word} {bare} <evil@x.example>\n");
    put("To: \"{bare}\" <ada@example.test>, {word} <b{bare}@y.example>, g{bare}:;\n");
    put("Cc: {word}@mailsploit.example, c@{bare}.example\n");
    put("Reply-To: {bare} <r@z.example>\nSender: {word} <s@z.example>\n");
    put("Date: Mon, 2 Nov 2026 10:00:00 +0000 {bare}\n");
    put(&format!("Message-ID: <hostile-{n}-{{bare}}@x.example>\n"));
    put("List-Id: {word} {bare} <l{bare}.example>\nX-Mailer: {bare} {word}\nX-{bare}: y\n");
    put("Disposition-Notification-To: {word} <n{bare}@x.example>\n");
    put("List-Unsubscribe: <https://u.example/{bare}>, <mailto:u{bare}@x.example>\n");
    put("Authentication-Results: {bare}; dkim=pass header.d={bare}\n");
    put(&format!("Subject: case{n:03} {{word}} {{bare}}\n"));
    put("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"bb\"; x=\"{bare}\"\n\n");
    put("preamble {bare}\n--bb\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n");
    put("Plain {bare} https://lnk.example/{bare} and mailto:x{bare}@x.example\n> quoted {bare}\n");
    put("--bb\nContent-Type: text/plain; charset=\"{bare}\"\n\nodd charset {bare}\n");
    put("--bb\nContent-Type: text/plain; charset=utf-7\n\n+ABsAWw-2J +AJs-7703m\n");
    put("--bb\nContent-Type: text/html; charset=utf-8\n\n<title>{bare}</title><h1>{bare}</h1>");
    put(
        "<p title=\"{bare}\">{bare}&#27;[2J&#x9b;7703m&#x202e;<a href=\"https://h.example/{bare}\">",
    );
    put("x{bare}</a><img src=x alt=\"{bare}\"><a href=\"javascript:{bare}\">j</a>");
    put("<table><tr><th>{bare}<td>{bare}</table><pre>{bare}</pre><li>{bare}\n");
    put("--bb\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\n\nBEGIN:VCALENDAR\n");
    put(
        "METHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:{bare}\nLOCATION:{bare}\nDTSTART;TZID={bare}:20261102T100000\n",
    );
    put("ORGANIZER;CN=\"{bare}\":mailto:{bare}@x.example\nATTENDEE;CN={bare}:mailto:{bare}\n");
    put("DESCRIPTION:{bare}\nURL:https://{bare}\nEND:VEVENT\nEND:VCALENDAR\n");
    put(
        "--bb\nContent-Type: text/vcard; charset=utf-8\n\nBEGIN:VCARD\nFN:{bare}\nN:{bare};{bare}\n",
    );
    put("EMAIL:{bare}@x.example\nORG:{bare}\nTEL:{bare}\nNOTE:{bare}\nEND:VCARD\n");
    put("--bb\nContent-Type: text/enriched\n\n<bold>{bare}</bold>\n");
    put(
        "--bb\nContent-Type: text/x-patch\n\n--- a/{bare}\n+++ b/{bare}\n@@ -1 +1 @@\n-{bare}\n+{bare}\n",
    );
    put("--bb\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; {bare}\n\n");
    put(
        "Final-Recipient: rfc822; {bare}@x.example\nAction: {bare}\nStatus: 5.{bare}\nDiagnostic-Code: smtp; {bare}\n",
    );
    put(
        "--bb\nContent-Type: application/{bare}; name=\"{bare}.txt\"\nContent-Disposition: attachment\n\nx\n",
    );
    put(
        "--bb\nContent-Type: application/x; name*=utf-8''{percent}.pdf\nContent-Disposition: attachment\n\nx\n",
    );
    put("--bb\nContent-Type: image/png; name=\"{word}.png\"\nContent-Description: {word}\n\nx\n");
    put(
        "--bb\nContent-Type: message/rfc822\n\nSubject: {word} {bare}\nFrom: {bare} <i@x.example>\n\n{bare}\n--bb--\n",
    );
    out
}

/// Each with `caseNNN` at the beginning of its subject.
pub fn all() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "eml"));
    files.sort();
    let ours = files.iter().map(|f| std::fs::read(f).unwrap());
    let mut all: Vec<Vec<u8>> = ours
        .enumerate()
        .map(|(n, raw)| {
            // Its own subject comes behind, as a second one and where all headers are shown.
            let mut named = format!("Subject: case{n:03}\n").into_bytes();
            named.extend(raw);
            named
        })
        .collect();
    assert!(all.len() >= 15, "the messages are missing");
    for payload in payloads() {
        all.push(hostile(all.len(), &payload));
    }
    all
}

pub fn crlf(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 40);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => {
                out.extend_from_slice(text.strip_suffix(b"\r").unwrap_or(text));
                out.extend_from_slice(b"\r\n");
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

pub fn server(messages: &[Vec<u8>]) -> Script {
    let server = Script::start(|mail| {
        for raw in messages {
            mail.put(b"INBOX", crlf(raw), Vec::new());
        }
        for payload in payloads() {
            let mut name = b"box ".to_vec();
            name.extend(payload);
            mail.make(name, "");
        }
        // The same in modified UTF-7.
        mail.make("utf7 &ABs-[31;7701m&AJs-7703m&IC4-", "");
    });
    let alert = "* OK [ALERT] \x1b[31;7701mPWN \u{9b}7703m \x1b]0;PWN\x07 \u{202e}\n";
    server.always(OPEN, before(alert));
    server.always("STORE", before("* NO \x1b[31;7701m\x1b]52;c;UFdO\x07 no\n"));
    server
}

/// The case that stands in the reader: by its title, or in its header where a list stands before.
pub fn shown(screen: &str) -> Option<usize> {
    let title = screen.trim_start().strip_prefix("case");
    let subject = || {
        let (_, after) = screen.split_once("Subject:")?;
        after.trim_start().strip_prefix("case")
    };
    title.or_else(subject)?.get(..3)?.parse().ok()
}

/// Presses a key and waits until the screen is another one.
#[track_caller]
fn press(t: &mut Terminal, keys: &str) -> String {
    let before = t.screen();
    t.send(keys);
    t.wait_until(&format!("something else after {keys:?}"), |s| s != before)
}

/// What was recorded since `from`, up to the last whole frame, must be ours.
#[track_caller]
fn sound(t: &Terminal, from: &mut usize, what: &str) -> whitelist::Doings {
    let raw = t.raw();
    let end = b"\x1b[?2026l";
    let new = &raw[*from..];
    let whole = new.windows(end.len()).rposition(|w| w == end);
    let new = &new[..whole.map_or(0, |at| at + end.len())];
    *from += new.len();
    match whitelist::check(new) {
        Ok(done) => {
            // Only what is known to put rows in order itself gets these.
            assert!(done.marks == 0 && done.ordered.is_empty(), "{what}");
            done
        }
        Err(why) => panic!("{what}: {why}\n{}", t.screen()),
    }
}

/// Columns and rows: the reader alone with its header in a line, and everything beside each other.
const SIZES: [(u16, u16); 2] = [(64, 20), (150, 110)];

/// Whether the reader begins with its own header lines. Further down a source may look like them.
fn is_headed(screen: &str) -> bool {
    screen.lines().take(2).any(|line| line.contains(HEAD))
}

#[test]
fn s15_nothing_but_our_own_sequences_reaches_the_terminal() {
    let messages = all();
    let ours = messages.len() - payloads().len();
    let server = server(&messages);
    let sink = Sink::start();
    sink.refuse(
        "no@x.example",
        "550 5.1.1 \x1b[31;7701mPWN \u{9b}7703m\x1b]0;PWN\x07\u{202e} no",
    );
    let account = server.account_with("work", sink.port);
    let home = Home::new(&format!("[ui]\nhyperlinks = \"on\"\n{account}"));
    home.sync();
    let letter = "From: work@example.test\nTo: no@x.example\nSubject: s\n\nx\n";
    home.feed(&["send", "--wait"], letter.as_bytes());
    for size in SIZES {
        let mut t = Terminal::postrider(&[], &home.path, size.0, size.1);
        t.wait_for(&format!("case{:03}", messages.len() - 1));
        t.send("gg\r");
        let mut seen = BTreeSet::new();
        let (mut last, mut from) = (None, 0);
        let mut linked = BTreeSet::new();
        while seen.len() < messages.len() {
            let screen = t.wait_until(&format!("a message after {last:?}"), |s| {
                shown(s).is_some() && shown(s) != last
            });
            last = shown(&screen);
            seen.insert(last.unwrap());
            t.wait_for(HEAD);
            // What is said of it may stand there already.
            t.send("Y");
            t.wait_written(from, b"\x1b]52;c;");
            if last >= Some(ours) {
                for list in ["V", "o"] {
                    t.send(list);
                    t.wait_for("╭");
                    t.send("\x1b");
                    t.wait_gone("╭");
                }
            }
            // As its source, in its other form, with every header field, and all of it.
            t.send("\x1br");
            t.wait_until("the source", |s| !is_headed(s));
            t.send("  \x1br");
            t.wait_until("the message again", is_headed);
            t.send("\x1bh\x1bhH");
            if last >= Some(ours) {
                t.wait_for("▏ From:             ");
            }
            t.send("    Hgg");
            t.wait_for(HEAD);
            if seen.len() < messages.len() {
                t.send("J");
            }
            let done = sound(&t, &mut from, &format!("case {last:?} at {size:?}"));
            assert!(!done.copied.is_empty(), "nothing was copied of {last:?}");
            linked.extend(done.linked);
        }
        // The whitelist knows which addresses may be links.
        for kind in ["https://lnk.example/", "https://h.example/"] {
            let is = |url: &String| url.starts_with(kind);
            assert!(
                size != SIZES[1] || linked.iter().any(is),
                "{kind}: {linked:?}"
            );
        }
        t.send("r");
        t.wait_for("From     ");
        t.send("\x1b");
        t.wait_gone("From     ");
        // Two servers' words, and the names of mailboxes.
        t.send("go");
        t.wait_for("5.1.1");
        press(&mut t, "gc");
        press(&mut t, "gi");
        press(&mut t, "\x10");
        t.send("box");
        t.wait_for("› box");
        // Together the two would be one other key.
        t.send("\x1b");
        t.wait_gone("› box");
        t.send("\x03");
        assert_eq!(t.wait_exit(), 0);
        assert!(t.is_restored());
        if let Err(why) = whitelist::check(&t.raw()[from..]) {
            panic!("at the end of {size:?}: {why}");
        }
    }
    // What was noted down meanwhile is text, too.
    for entry in std::fs::read_dir(&home.path).unwrap().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().contains(".log") {
            let log = std::fs::read_to_string(entry.path()).unwrap();
            let odd = log.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(odd, None, "in {name:?}");
        }
    }
}
