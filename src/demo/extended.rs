//! A command before imap-codec sees it: the one place where the syntax of extensions is read.
//!
//! What imap-codec can't read is either read here in full ([`Own`]), or taken out of the command
//! and handed on beside what is left ([`Extra`]). What is not offered is refused here, before
//! anybody could honour it.

use super::ask::Extra;
use super::notify::{self, Refusal};
use super::own::Own;
use super::reader::{BAD, Read, Reader, State};
use super::syntax::{Piece, What, pieces};
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_types::IntoStatic;
use imap_types::command::CommandBody;
use imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItemName};

/// The verb of a command as it is counted: in capitals, `UID` before it if that was said.
pub fn verb(whole: &[u8], all: &[Piece]) -> String {
    let word = |n: usize| all.get(n).and_then(|p| p.word(whole)).unwrap_or_default();
    match word(1).as_str() {
        "UID" => format!("UID {}", word(2)),
        other => other.to_owned(),
    }
}

/// Reads a command whole: its verb for counting, and how it is to be taken.
pub fn read(whole: &[u8], state: &State<'_>) -> (String, Read) {
    let Some(all) = pieces(whole) else {
        // imap-codec finds the words for what is wrong with it.
        return (String::new(), Read::Core(whole.to_vec(), Extra::default()));
    };
    let verb = verb(whole, &all);
    let reader = Reader::new(whole, state);
    let read = reader.command(&verb, &all);
    (verb, read.unwrap_or_else(|refusal| refusal))
}

/// What a command needs to be known at all.
fn needed(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "ID" => "ID",
        "ENABLE" => "ENABLE",
        "IDLE" => "IDLE",
        "NAMESPACE" => "NAMESPACE",
        "UID EXPUNGE" => "UIDPLUS",
        "MOVE" | "UID MOVE" => "MOVE",
        "UNSELECT" => "UNSELECT",
        "NOTIFY" => "NOTIFY",
        "COMPRESS" => "COMPRESS=DEFLATE",
        "GETQUOTA" | "GETQUOTAROOT" => "QUOTA",
        _ => return None,
    })
}

impl Reader<'_> {
    fn command(mut self, verb: &str, all: &[Piece]) -> Result<Read, Read> {
        if let Some(name) = needed(verb) {
            self.offers(name)?;
        }
        let uid = verb.starts_with("UID ");
        let args = all.get(if uid { 3 } else { 2 }..).unwrap_or_default();
        let own = match (verb, args) {
            ("LIST", args) => Own::List(self.list(args)?),
            ("LSUB", [reference, pattern]) => {
                Own::Lsub(self.patterns(reference, pattern).ok_or(BAD)?)
            }
            ("STATUS", [mailbox, items]) => {
                let items = self.status(items)?;
                Own::Status(self.name(mailbox).ok_or(BAD)?, items)
            }
            ("ENABLE", [_, ..]) => Own::Enable(args.iter().map(|p| self.word(p)).collect()),
            ("NAMESPACE", []) => Own::Namespace,
            ("NOTIFY", args) => self.notify(args)?,
            ("GETQUOTAROOT", [mailbox]) => Own::QuotaRoot(self.name(mailbox).ok_or(BAD)?),
            ("GETQUOTA", [root]) => Own::Quota(root.text(self.whole).ok_or(BAD)?),
            ("COMPRESS", [how]) if self.word(how) == "DEFLATE" => Own::Compress,
            ("AUTHENTICATE", [_, _, ..]) => {
                self.offers("SASL-IR")?;
                return Ok(self.core(all));
            }
            ("SELECT" | "EXAMINE", [_, parameters]) => {
                self.select(parameters)?;
                return Ok(self.core(all));
            }
            ("APPEND", args) => {
                self.append(args)?;
                return Ok(self.core(all));
            }
            ("FETCH" | "UID FETCH", [set, rest @ ..]) => {
                self.fetch(rest, uid)?;
                match self.saved(set, uid) {
                    true => return Ok(self.core(all)),
                    false => Own::Nothing,
                }
            }
            ("STORE" | "UID STORE", [set, rest @ ..]) => {
                if let Some(own) = self.labels(set, rest, uid)? {
                    return Ok(Read::Own(own));
                }
                if rest.first().is_some_and(|p| p.list().is_some()) {
                    self.offers("CONDSTORE")?;
                }
                match self.saved(set, uid) {
                    true => return Ok(self.core(all)),
                    false => Own::Nothing,
                }
            }
            ("COPY" | "UID COPY" | "MOVE" | "UID MOVE" | "UID EXPUNGE", [set, ..]) => {
                match self.saved(set, uid) {
                    true => return Ok(self.core(all)),
                    false => Own::Nothing,
                }
            }
            ("SEARCH" | "UID SEARCH", args) => {
                self.search(args)?;
                return Ok(self.core(all));
            }
            _ => return Ok(self.core(all)),
        };
        Ok(Read::Own(own))
    }

    fn select(&self, parameters: &Piece) -> Result<(), Read> {
        for parameter in parameters.list().ok_or(BAD)? {
            match self.word(parameter).as_str() {
                "CONDSTORE" => self.offers("CONDSTORE")?,
                "QRESYNC" => {
                    self.offers("QRESYNC")?;
                    if !self.state.qresync {
                        return Err(Read::Bad("QRESYNC is not enabled"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `UTF8 (~{n}...)` becomes a literal as any other (RFC 6855 §4).
    fn append(&mut self, args: &[Piece]) -> Result<(), Read> {
        if let [.., word, data] = args
            && self.word(word) == "UTF8"
            && let Some([message]) = data.list()
            && let What::Text(text) = &message.what
        {
            if !self.state.utf8 {
                return Err(Read::Bad("UTF8=ACCEPT is not enabled"));
            }
            let mut literal = format!("{{{}+}}\r\n", text.len()).into_bytes();
            literal.extend_from_slice(text);
            self.replace(word.at.start..data.at.end, literal);
        } else if let Some(last) = args.last()
            && self.whole.get(last.at.start) == Some(&b'~')
        {
            self.offers("BINARY")?;
        }
        Ok(())
    }

    fn notify(&self, args: &[Piece]) -> Result<Own, Read> {
        let items = |list: &Piece| {
            let text = self.whole.get(list.at.clone())?;
            fetch_items(text, self.state)
        };
        match notify::read(self.whole, args, &|p| self.name(p), &items) {
            Ok(asked) => Ok(Own::Notify(asked)),
            Err(Refusal::Syntax) => Err(BAD),
            Err(Refusal::Event) => Err(Read::No(
                format!("BADEVENT ({})", notify::EVENTS),
                "not all of these events can be told",
            )),
            Err(Refusal::Overflow) => Err(Read::No(
                "NOTIFICATIONOVERFLOW".to_owned(),
                "that is too much",
            )),
        }
    }
}

/// The items of a list as FETCH has them.
fn fetch_items(
    list: &[u8],
    state: &State<'_>,
) -> Option<(Vec<MessageDataItemName<'static>>, Extra)> {
    let command = [b"t UID FETCH 1 ", list, b"\r\n"].concat();
    let Read::Core(bytes, extra) = read(&command, state).1 else {
        return None;
    };
    let (_, command) = CommandCodec::default().decode(&bytes).ok()?;
    match command.body {
        CommandBody::Fetch {
            macro_or_item_names: MacroOrMessageDataItemNames::MessageDataItemNames(names),
            ..
        } => Some((names.into_static(), extra)),
        _ => None,
    }
}
