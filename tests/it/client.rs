//! Another person's mail program: a small IMAP client for tests that shares no code with ours. It
//! changes mailboxes behind our back and says what a server really holds (RFC 3501, 4315, 6851).

use crate::dovecot::connect_tls;
use crate::pty::PATIENCE;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

trait Duplex: Read + Write + Send {}
impl<S: Read + Write + Send> Duplex for S {}

/// A message as a server holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter {
    /// Its flags without `\Recent`.
    pub flags: BTreeSet<String>,
    /// Its Message-ID without angle brackets.
    pub id: String,
}

/// A mailbox as a server holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its generation.
    pub validity: u32,
    /// Its messages by UID.
    pub letters: BTreeMap<u32, Letter>,
}

impl Held {
    /// The Message-IDs in it, sorted; one that is there twice is named twice.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.letters.values().map(|l| l.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// The UID of the one message with this Message-ID.
    #[track_caller]
    pub fn uid(&self, id: &str) -> u32 {
        let found: Vec<u32> = self
            .letters
            .iter()
            .filter(|(_, l)| l.id == id)
            .map(|(uid, _)| *uid)
            .collect();
        assert_eq!(found.len(), 1, "{id}: {self:?}");
        found[0]
    }
}

/// A session that is signed in. Mailboxes are named as on the wire, in modified UTF-7.
pub struct Client {
    stream: BufReader<Box<dyn Duplex>>,
    capabilities: BTreeSet<String>,
    count: u32,
}

impl Client {
    /// Signs in over an unprotected connection, with the password of every rig.
    pub fn plain(port: u16, user: &str) -> Client {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_nodelay(true).unwrap();
        Client::begin(Box::new(socket), user)
    }

    /// Signs in over TLS, checked against the CA of this run.
    pub fn tls(port: u16, user: &str) -> Client {
        Client::begin(Box::new(connect_tls(port)), user)
    }

    fn begin(stream: Box<dyn Duplex>, user: &str) -> Client {
        let mut client = Client {
            stream: BufReader::new(stream),
            capabilities: BTreeSet::new(),
            count: 0,
        };
        let greeting = client.response();
        assert!(greeting.starts_with("* OK"), "{greeting}");
        client.run(&format!("LOGIN {user} secret"));
        for line in client.run("CAPABILITY") {
            let words = line.strip_prefix("* CAPABILITY ").unwrap_or_default();
            let words = words.split_ascii_whitespace();
            client.capabilities.extend(words.map(str::to_uppercase));
        }
        client
    }

    /// Whether the server says that it can do this.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// One response with its literals; octets that are no UTF-8 are replaced.
    fn response(&mut self) -> String {
        let mut all = Vec::new();
        loop {
            let from = all.len();
            self.stream.read_until(b'\n', &mut all).unwrap();
            assert!(all.ends_with(b"\n"), "the server hung up: {all:?}");
            let line = String::from_utf8_lossy(&all[from..]).into_owned();
            let line = line.trim_end();
            let octets = line
                .strip_suffix('}')
                .and_then(|l| l.rsplit_once('{'))
                .and_then(|(_, n)| n.parse::<usize>().ok());
            let Some(octets) = octets else {
                return String::from_utf8_lossy(&all).trim_end().to_owned();
            };
            let mut literal = vec![0; octets];
            self.stream.read_exact(&mut literal).unwrap();
            all.extend(literal);
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).unwrap();
        self.stream.get_mut().flush().unwrap();
    }

    fn finish(&mut self, tag: &str) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        loop {
            let line = self.response();
            match line.strip_prefix(tag).map(str::trim_start) {
                Some(end) if end.starts_with("OK") => return Ok(lines),
                Some(end) => return Err(end.to_owned()),
                None => lines.push(line),
            }
        }
    }

    fn tag(&mut self) -> String {
        self.count += 1;
        format!("z{} ", self.count)
    }

    /// Runs a command: its untagged responses, or what a NO or BAD says.
    pub fn attempt(&mut self, command: &str) -> Result<Vec<String>, String> {
        let tag = self.tag();
        self.send(format!("{tag}{command}\r\n").as_bytes());
        self.finish(&tag)
    }

    /// Runs a command that must go well.
    #[track_caller]
    pub fn run(&mut self, command: &str) -> Vec<String> {
        self.attempt(command)
            .unwrap_or_else(|no| panic!("{command}: {no}"))
    }

    /// Puts a message into a mailbox.
    #[track_caller]
    pub fn append(&mut self, mailbox: &str, flags: &str, raw: &str) {
        let tag = self.tag();
        let octets = raw.len();
        self.send(format!("{tag}APPEND \"{mailbox}\" ({flags}) {{{octets}}}\r\n").as_bytes());
        let go = self.response();
        assert!(go.starts_with('+'), "{mailbox}: {go}");
        self.send(format!("{raw}\r\n").as_bytes());
        self.finish(&tag).unwrap();
    }

    /// Opens a mailbox: its UIDVALIDITY and how many messages it has.
    #[track_caller]
    pub fn select(&mut self, mailbox: &str) -> (u32, u32) {
        let (mut validity, mut exists) = (0, 0);
        for line in self.run(&format!("SELECT \"{mailbox}\"")) {
            if let Some((_, rest)) = line.split_once("[UIDVALIDITY ") {
                validity = digits(rest);
            } else if line.ends_with(" EXISTS") {
                exists = digits(&line[2..]);
            }
        }
        (validity, exists)
    }

    /// Changes flags: `+FLAGS (\Seen)`.
    #[track_caller]
    pub fn store(&mut self, mailbox: &str, uid: u32, change: &str) {
        self.select(mailbox);
        self.run(&format!("UID STORE {uid} {change}"));
    }

    /// Removes one message and no other.
    #[track_caller]
    pub fn expunge(&mut self, mailbox: &str, uid: u32) {
        self.store(mailbox, uid, "+FLAGS.SILENT (\\Deleted)");
        self.run(&format!("UID EXPUNGE {uid}"));
    }

    /// Copies one message.
    #[track_caller]
    pub fn copy(&mut self, from: &str, uid: u32, to: &str) {
        self.select(from);
        self.run(&format!("UID COPY {uid} \"{to}\""));
    }

    /// Moves one message, in three steps where the server knows no MOVE.
    #[track_caller]
    pub fn shift(&mut self, from: &str, uid: u32, to: &str) {
        if self.can("MOVE") {
            self.select(from);
            self.run(&format!("UID MOVE {uid} \"{to}\""));
        } else {
            self.copy(from, uid, to);
            self.expunge(from, uid);
        }
    }

    /// Makes a mailbox.
    #[track_caller]
    pub fn create(&mut self, mailbox: &str) {
        self.run(&format!("CREATE \"{mailbox}\""));
    }

    /// Removes a mailbox with what is in it.
    #[track_caller]
    pub fn delete(&mut self, mailbox: &str) {
        self.select("INBOX");
        self.run(&format!("DELETE \"{mailbox}\""));
    }

    /// Renames a mailbox.
    #[track_caller]
    pub fn rename(&mut self, from: &str, to: &str) {
        self.select("INBOX");
        self.run(&format!("RENAME \"{from}\" \"{to}\""));
    }

    /// The names of all mailboxes that can hold messages, as on the wire.
    pub fn mailboxes(&mut self) -> Vec<String> {
        let lines = self.run("LIST \"\" \"*\"");
        lines.iter().filter_map(|line| listed(line)).collect()
    }

    /// One mailbox.
    #[track_caller]
    pub fn held(&mut self, mailbox: &str) -> Held {
        let (validity, exists) = self.select(mailbox);
        let mut letters = BTreeMap::new();
        if exists > 0 {
            let items = "(UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])";
            for line in self.run(&format!("UID FETCH 1:* {items}")) {
                // What another session changed a moment ago comes without its UID or its header.
                let Some((_, uid)) = line.split_once("UID ") else {
                    continue;
                };
                let Some((_, id)) = line.split_once('<') else {
                    continue;
                };
                let (_, flags) = line.split_once("FLAGS (").unwrap();
                let flags = flags.split_once(')').unwrap().0.split_ascii_whitespace();
                letters.insert(
                    digits(uid),
                    Letter {
                        flags: flags
                            .filter(|f| *f != "\\Recent")
                            .map(str::to_owned)
                            .collect(),
                        id: id.split_once('>').unwrap().0.to_owned(),
                    },
                );
            }
            assert_eq!(letters.len(), exists as usize, "{mailbox}");
        }
        Held { validity, letters }
    }

    /// Everything that the server has, by mailbox.
    pub fn state(&mut self) -> BTreeMap<String, Held> {
        let names = self.mailboxes();
        names
            .into_iter()
            .map(|n| (n.clone(), self.held(&n)))
            .collect()
    }
}

fn digits(text: &str) -> u32 {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text[..end.unwrap_or(text.len())].parse().unwrap()
}

/// The name in a LIST response, unless it can't be selected.
fn listed(line: &str) -> Option<String> {
    let rest = line.strip_prefix("* LIST (")?;
    let (attributes, rest) = rest.split_once(") ")?;
    let attributes = attributes.to_lowercase();
    if ["\\noselect", "\\nonexistent"]
        .iter()
        .any(|a| attributes.contains(a))
    {
        return None;
    }
    let (_, name) = rest.split_once(' ')?;
    let name = match name.split_once("}\r\n") {
        Some((_, literal)) => literal,
        None => name.trim_matches('"'),
    };
    // A server may say the one name that has no case in any case.
    Some(match name.to_uppercase().as_str() {
        "INBOX" => "INBOX".to_owned(),
        _ => name.replace("\\\"", "\"").replace("\\\\", "\\"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::courier::Courier;
    use crate::cyrus::Cyrus;
    use crate::dovecot::Dovecot;

    fn letter(id: &str) -> String {
        format!("Message-ID: <{id}@example.test>\r\nSubject: {id}\r\n\r\nx\r\n")
    }

    fn tour(port: u16, tls: u16, prefix: &str) {
        let (mut here, mut there) = (Client::plain(port, "bo"), Client::tls(tls, "bo"));
        let name = |n: &str| format!("{prefix}{n}");
        let (one, two) = (name("Pl&AOQ-ne"), name("Two"));
        here.create(&one);
        here.append(&one, "", &letter("a"));
        here.append(&one, "\\Flagged", &letter("b"));
        let held = there.held(&one);
        assert_eq!(held.ids(), ["a@example.test", "b@example.test"]);
        there.store(&one, held.uid("a@example.test"), "+FLAGS (\\Seen)");
        there.rename(&one, &two);
        assert!(!here.mailboxes().contains(&one));
        let held = here.held(&two);
        let flags: Vec<_> = held
            .letters
            .values()
            .map(|l| l.flags.iter().next())
            .collect();
        assert_eq!(
            flags,
            [Some(&"\\Seen".to_owned()), Some(&"\\Flagged".to_owned())]
        );
        here.copy(&two, held.uid("b@example.test"), "INBOX");
        here.expunge(&two, held.uid("a@example.test"));
        assert_eq!(there.held(&two).ids(), ["b@example.test"]);
        // Cyrus ends the session of who has it open.
        here.select("INBOX");
        there.delete(&two);
        assert_eq!(here.state()["INBOX"].ids(), ["b@example.test"]);
        assert!(!here.mailboxes().contains(&two));
    }

    #[test]
    fn the_other_client_works_on_every_server() {
        if let Some(server) = Dovecot::start(None) {
            tour(server.imap, server.imaps, "");
        }
        if let Some(server) = Cyrus::start() {
            tour(server.imap, server.imaps, "");
        }
        if let Some(server) = Courier::start() {
            tour(server.imap, server.imaps, "INBOX.");
        }
    }
}
