//! A man in the middle who makes a server poorer: capabilities vanish from every list that it
//! tells, and commands that need them get the BAD of a server that never heard of them. He writes
//! down every command, and can shut the door, or cut a connection behind a command.
//!
//! He reads plain IMAP, so COMPRESS is always among what vanishes.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// Everything that may vanish alone.
pub const ALL: [&str; 17] = [
    "CONDSTORE",
    "QRESYNC",
    "ESEARCH",
    "SPECIAL-USE",
    "IDLE",
    "LITERAL+",
    "NAMESPACE",
    "ID",
    "ENABLE",
    "UIDPLUS",
    "MOVE",
    "LIST-STATUS",
    "LIST-EXTENDED",
    "NOTIFY",
    "COMPRESS=DEFLATE",
    "UNSELECT",
    "SASL-IR",
];

#[derive(Default)]
struct Inside {
    log: Vec<String>,
    refused: Vec<String>,
    sockets: Vec<TcpStream>,
    closed: bool,
    cut: Option<Cut>,
}

/// Where a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// After so many more commands.
    pub commands: usize,
    /// Whether the server still gets the last one, and only its answer is lost.
    pub arrives: bool,
}

/// A running proxy; it lives as long as the process.
pub struct Strip {
    /// Its port.
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
}

/// What vanishes on one proxy.
#[derive(Clone)]
struct Without {
    names: BTreeSet<String>,
    /// Everything that is not named here vanishes.
    all: bool,
}

impl Without {
    fn gone(&self, capability: &str) -> bool {
        let name = capability.to_uppercase();
        let basic = name == "IMAP4REV1" || name.starts_with("AUTH=");
        // Who has QRESYNC has CONDSTORE (RFC 7162 section 3.2.3).
        self.names.contains(&name)
            || (name == "QRESYNC" && self.names.contains("CONDSTORE"))
            || (self.all && !basic)
    }

    /// Whether the server would have to know something that vanished.
    fn refuses(&self, command: &str) -> bool {
        let line = command.to_uppercase();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let verb = match words.as_slice() {
            ["UID", second, ..] => *second,
            [first, ..] => *first,
            [] => return false,
        };
        let has = |part: &str| line.contains(part);
        let needed: &[&str] = match verb {
            "IDLE" | "NAMESPACE" | "ID" | "ENABLE" | "MOVE" | "NOTIFY" | "UNSELECT" => &[verb],
            "COMPRESS" => &["COMPRESS=DEFLATE"],
            "EXPUNGE" if words[0] == "UID" => &["UIDPLUS"],
            "SELECT" | "EXAMINE" if has("(QRESYNC") => &["QRESYNC"],
            "SELECT" | "EXAMINE" if has("(CONDSTORE") => &["CONDSTORE"],
            "FETCH" if has("VANISHED") => &["QRESYNC"],
            "FETCH" if has("CHANGEDSINCE") || has("MODSEQ") => &["CONDSTORE"],
            "STORE" if has("UNCHANGEDSINCE") => &["CONDSTORE"],
            "STATUS" if has("HIGHESTMODSEQ") => &["CONDSTORE"],
            "SEARCH" if has("RETURN (") => &["ESEARCH"],
            "LIST" if has("STATUS (") => &["LIST-STATUS", "LIST-EXTENDED"],
            "LIST" if has("RETURN (SPECIAL-USE)") => &["SPECIAL-USE"],
            "LIST" if has("RETURN (") || has("LIST (") => &["LIST-EXTENDED"],
            "CREATE" if has("(USE") => &["CREATE-SPECIAL-USE"],
            "AUTHENTICATE" if words.len() > 2 => &["SASL-IR"],
            _ => &[],
        };
        needed.iter().any(|name| self.gone(name))
    }

    /// A line of the server with the vanished taken out.
    fn edit(&self, line: &str) -> String {
        let mut line = line.to_owned();
        let upper = line.to_ascii_uppercase();
        if let Some(at) = upper.find("CAPABILITY ")
            && (upper.starts_with("* CAPABILITY ") || upper.contains("[CAPABILITY "))
        {
            let from = at + "CAPABILITY ".len();
            let end = line[from..]
                .find([']', '\r'])
                .map_or(line.len(), |n| from + n);
            let left: Vec<&str> = line[from..end]
                .split(' ')
                .filter(|word| !self.gone(word))
                .collect();
            line = format!("{}{}{}", &line[..from], left.join(" "), &line[end..]);
        }
        let codes = [
            ("UIDPLUS", "[APPENDUID "),
            ("UIDPLUS", "[COPYUID "),
            ("CONDSTORE", "[HIGHESTMODSEQ "),
        ];
        for (name, code) in codes {
            if self.gone(name)
                && let Some(from) = line.find(code)
                && let Some(to) = line[from..].find(']')
            {
                line.replace_range(from..=from + to, "");
            }
        }
        if self.gone("SPECIAL-USE") && upper.starts_with("* LIST (") {
            let (attributes, name) = line.split_once(')').unwrap();
            let kept: Vec<&str> = attributes["* LIST (".len()..]
                .split(' ')
                .filter(|a| !is_use(a))
                .collect();
            line = format!("* LIST ({}){name}", kept.join(" "));
        }
        line
    }
}

fn is_use(attribute: &str) -> bool {
    let uses = [
        "all",
        "archive",
        "drafts",
        "flagged",
        "junk",
        "sent",
        "trash",
        "important",
    ];
    uses.iter()
        .any(|u| attribute.to_lowercase() == format!("\\{u}"))
}

impl Strip {
    /// Stands before a port on 127.0.0.1 and lets these vanish; `"*"` is everything.
    pub fn start(to: u16, without: &[&str]) -> Strip {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Inside::default()));
        let shared = Arc::clone(&inside);
        let mut names: BTreeSet<String> = without.iter().map(|w| (*w).to_owned()).collect();
        names.insert("COMPRESS=DEFLATE".to_owned());
        let all = without.contains(&"*");
        let without = Without { names, all };
        std::thread::spawn(move || {
            for client in door.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", to));
                let mut now = shared.lock().unwrap();
                let Some(server) = server.ok().filter(|_| !now.closed) else {
                    let _ = client.shutdown(Shutdown::Both);
                    continue;
                };
                for socket in [&client, &server] {
                    let _ = socket.set_nodelay(true);
                    now.sockets.push(socket.try_clone().unwrap());
                }
                drop(now);
                let teller = Arc::new(Mutex::new(client.try_clone().unwrap()));
                let (down, words) = (Arc::clone(&teller), without.clone());
                let source = server.try_clone().unwrap();
                std::thread::spawn(move || tell(source, &down, &words));
                let (shared, words) = (Arc::clone(&shared), without.clone());
                std::thread::spawn(move || hear(client, server, &teller, &words, &shared));
            }
        });
        Strip { port, inside }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// The commands since the last time, without their tags.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().log)
    }

    /// The commands that got a BAD because what they need has vanished.
    pub fn refused(&self) -> Vec<String> {
        self.lock().refused.clone()
    }

    /// Shuts the door on who is inside and on who comes, or opens it.
    pub fn shut(&self, closed: bool) {
        let mut now = self.lock();
        now.closed = closed;
        now.cut = None;
        for socket in now.sockets.drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Cuts a connection once, behind a command.
    pub fn cut(&self, cut: Cut) {
        self.lock().cut = Some(cut);
    }

    /// Whether a cut still waits for its command; it does not happen any more.
    pub fn forget_cut(&self) -> bool {
        self.lock().cut.take().is_some()
    }
}

/// A line with its line end, without one if the stream ended; `None` at the end.
fn line(from: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    let n = from.read_until(b'\n', &mut bytes).ok()?;
    // Octets above ASCII occur in literals, which are carried past this.
    (n > 0).then(|| bytes.iter().map(|b| char::from(*b)).collect())
}

fn octets(line: &str) -> Vec<u8> {
    line.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
}

/// How many octets of a literal follow, and whether they come without waiting.
fn literal(line: &str) -> Option<(u64, bool)> {
    let (_, count) = line.trim_end().strip_suffix('}')?.rsplit_once('{')?;
    let bare = count.trim_end_matches(['+', '-']);
    Some((bare.parse().ok()?, bare != count))
}

fn carry(from: &mut impl Read, count: u64, to: &mut Vec<u8>) -> bool {
    from.take(count)
        .read_to_end(to)
        .is_ok_and(|n| n as u64 == count)
}

/// From the server to the program.
fn tell(server: TcpStream, client: &Mutex<TcpStream>, without: &Without) {
    let mut server = BufReader::new(server);
    let mut response = Vec::new();
    while let Some(said) = line(&mut server) {
        response.extend(octets(&without.edit(&said)));
        let follows = literal(&said).map_or(0, |(n, _)| n);
        if follows > 0 && !carry(&mut server, follows, &mut response) {
            break;
        }
        // A response goes out as one, so that no refusal of ours gets into it.
        if literal(&said).is_none() {
            if client.lock().unwrap().write_all(&response).is_err() {
                break;
            }
            response.clear();
        }
    }
    let _ = client.lock().unwrap().shutdown(Shutdown::Both);
}

/// From the program to the server.
fn hear(
    client: TcpStream,
    mut server: TcpStream,
    teller: &Mutex<TcpStream>,
    without: &Without,
    shared: &Mutex<Inside>,
) {
    let mut client = BufReader::new(client);
    // Between the parts of a command that holds literals.
    let mut inside = false;
    while let Some(said) = line(&mut client) {
        let text = said.trim_end();
        let (tag, command) = text.split_once(' ').unwrap_or(("", text));
        let mut bytes = octets(&said);
        let literal = literal(&said);
        let at_once = literal.is_some_and(|(_, now)| now);
        if at_once && !carry(&mut client, literal.map_or(0, |(n, _)| n), &mut bytes) {
            break;
        }
        if !inside {
            let mut now = shared.lock().unwrap();
            now.log.push(command.to_owned());
            if let Some(cut) = &mut now.cut {
                cut.commands = cut.commands.saturating_sub(1);
            }
            if now.cut.is_some_and(|c| c.commands == 0) {
                let arrives = now.cut.take().is_some_and(|c| c.arrives);
                // Nothing that the server says to it may come through any more.
                let _ = teller.lock().unwrap().shutdown(Shutdown::Both);
                if arrives {
                    let _ = server.write_all(&bytes);
                }
                let _ = server.shutdown(Shutdown::Write);
                return;
            }
        }
        if without.refuses(command) && !inside || at_once && without.gone("LITERAL+") {
            shared.lock().unwrap().refused.push(command.to_owned());
            let no = format!("{tag} BAD Unknown command\r\n");
            if teller.lock().unwrap().write_all(no.as_bytes()).is_err() {
                break;
            }
            continue;
        }
        if server.write_all(&bytes).is_err() {
            break;
        }
        inside = literal.is_some();
        if inside && !at_once {
            let mut bytes = Vec::new();
            if !carry(&mut client, literal.map_or(0, |(n, _)| n), &mut bytes)
                || server.write_all(&bytes).is_err()
            {
                break;
            }
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

#[test]
fn what_vanishes_is_gone_from_lists_codes_and_commands() {
    let without = |names: &[&str], all| Without {
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        all,
    };
    let some = without(&["UIDPLUS", "CONDSTORE", "SPECIAL-USE"], false);
    assert_eq!(
        some.edit("* OK [CAPABILITY IMAP4rev1 UIDPLUS QRESYNC MOVE] hello\r\n"),
        "* OK [CAPABILITY IMAP4rev1 MOVE] hello\r\n"
    );
    assert_eq!(some.edit("a OK [COPYUID 1 2 3] x\r\n"), "a OK  x\r\n");
    assert_eq!(
        some.edit("* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n"),
        "* LIST (\\HasNoChildren) \"/\" Sent\r\n"
    );
    assert!(some.refuses("UID EXPUNGE 1") && !some.refuses("EXPUNGE"));
    assert!(some.refuses("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 5)") && !some.refuses("IDLE"));
    let all = without(&[], true);
    assert_eq!(
        all.edit("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR X\r\n"),
        "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"
    );
    assert!(all.refuses("idle") && all.refuses("ENABLE QRESYNC") && !all.refuses("NOOP"));
    assert_eq!(literal("a APPEND x {12+}\r\n"), Some((12, true)));
    assert_eq!(literal("a LOGIN {2}\r\n"), Some((2, false)));
    assert_eq!(literal("a NOOP\r\n"), None);
}
