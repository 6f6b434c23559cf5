//! A command before imap-codec sees it: the one place where the syntax of extensions is read.
//!
//! What imap-codec can't read is either read here in full ([`Own`]), or taken out of the command
//! and handed on beside what is left ([`Extra`]). What is not offered is refused here, before
//! anybody could honour it.

use super::ask::{About, Extra, Item, Key, Returns, keyword};
use super::notify::{self, Refusal};
use super::offer::Offer;
use super::own::{List, Own};
use super::spell;
use super::syntax::{Piece, What, pieces};
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_types::IntoStatic;
use imap_types::command::CommandBody;
use imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItemName};
use std::ops::Range;

/// What of the session a command's meaning depends on.
pub struct State<'a> {
    /// What is offered.
    pub offer: &'a Offer,
    /// Whether strings may be UTF-8.
    pub utf8: bool,
    /// Whether QRESYNC is enabled.
    pub qresync: bool,
    /// What `$` stands for: as UIDs, and as sequence numbers.
    pub saved: (String, String),
}

/// How a command is to be taken.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// By imap-codec, from these bytes, with what goes beside.
    Core(Vec<u8>, Extra),
    /// As it was read here.
    Own(Own),
    /// Not at all: BAD, with this text.
    Bad(&'static str),
    /// Not at all: NO, with this code and text.
    No(String, &'static str),
}

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
    let reader = Reader {
        whole,
        state,
        edits: Vec::new(),
        extra: Extra::default(),
    };
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

const BAD: Read = Read::Bad("that can't be read");
const NOT_OFFERED: Read = Read::Bad("that is not offered");

struct Reader<'a> {
    whole: &'a [u8],
    state: &'a State<'a>,
    edits: Vec<(Range<usize>, Vec<u8>)>,
    extra: Extra,
}

impl Reader<'_> {
    fn offers(&self, name: &str) -> Result<(), Read> {
        match self.state.offer.has(name) {
            true => Ok(()),
            false => Err(NOT_OFFERED),
        }
    }

    fn word(&self, piece: &Piece) -> String {
        piece.word(self.whole).unwrap_or_default()
    }

    /// A mailbox's name as it is kept; INBOX in its one spelling.
    fn name(&self, piece: &Piece) -> Option<String> {
        let text = piece.text(self.whole)?;
        Some(match text {
            t if t.eq_ignore_ascii_case("INBOX") => "INBOX".to_owned(),
            t if self.state.utf8 => spell::encoded(&t),
            t => t,
        })
    }

    fn replace(&mut self, at: Range<usize>, with: impl Into<Vec<u8>>) {
        self.edits.push((at, with.into()));
    }

    /// What is left for imap-codec.
    fn core(mut self, all: &[Piece]) -> Read {
        if self.state.utf8 {
            self.literals(all);
        }
        self.edits.sort_by_key(|(at, _)| at.start);
        let mut bytes = Vec::with_capacity(self.whole.len());
        let mut from = 0;
        for (at, with) in &self.edits {
            bytes.extend_from_slice(self.whole.get(from..at.start).unwrap_or_default());
            bytes.extend_from_slice(with);
            from = at.end;
        }
        bytes.extend_from_slice(self.whole.get(from..).unwrap_or_default());
        Read::Core(bytes, self.extra)
    }

    /// Quoted strings in UTF-8 become literals, which imap-codec takes (RFC 6855 §3).
    fn literals(&mut self, all: &[Piece]) {
        for piece in all {
            match &piece.what {
                What::List(list) => self.literals(list),
                What::Text(text) if self.whole.get(piece.at.start) == Some(&b'"') => {
                    let inside = |(at, _): &(Range<usize>, _)| {
                        at.start <= piece.at.start && piece.at.end <= at.end
                    };
                    if !text.is_ascii() && !self.edits.iter().any(inside) {
                        let mut literal = format!("{{{}+}}\r\n", text.len()).into_bytes();
                        literal.extend_from_slice(text);
                        self.edits.push((piece.at.clone(), literal));
                    }
                }
                _ => {}
            }
        }
    }

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

    /// Puts the numbers for `$` (RFC 5182); `false` if it stands for none.
    fn saved(&mut self, set: &Piece, uid: bool) -> bool {
        if self.word(set) != "$" || self.offers("SEARCHRES").is_err() {
            return true;
        }
        let (uids, seqs) = &self.state.saved;
        let numbers = if uid { uids.clone() } else { seqs.clone() };
        let any = !numbers.is_empty();
        self.replace(set.at.clone(), numbers);
        any
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

    fn fetch(&mut self, rest: &[Piece], uid: bool) -> Result<(), Read> {
        let (items, mut rest) = rest.split_first().ok_or(BAD)?;
        if let Some(list) = items.list() {
            let mut core: Vec<&[u8]> = Vec::new();
            let mut left = list.iter().peekable();
            while let Some(piece) = left.next() {
                if !self.item(&self.word(piece))? {
                    core.push(self.whole.get(piece.at.clone()).unwrap_or_default());
                } else if let Some(how) = left.next_if(|p| p.list().is_some()) {
                    self.lazy(how)?;
                }
            }
            let core = core.join(&b' ');
            self.replace(items.at.clone(), [b"(", &core[..], b")"].concat());
        } else if self.item(&self.word(items))? {
            let mut end = items.at.end;
            if let Some((how, after)) = rest.split_first()
                && self.lazy(how).is_ok()
            {
                (rest, end) = (after, how.at.end);
            }
            self.replace(items.at.start..end, "()");
        }
        for modifier in rest.iter().flat_map(|p| p.list().unwrap_or_default()) {
            match self.word(modifier).as_str() {
                "CHANGEDSINCE" => self.offers("CONDSTORE")?,
                "VANISHED" => {
                    self.offers("QRESYNC")?;
                    if !uid || !self.state.qresync {
                        return Err(Read::Bad("VANISHED is for UID FETCH, with QRESYNC enabled"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether this is an item of an extension, which is then taken down.
    fn item(&mut self, word: &str) -> Result<bool, Read> {
        if word == "MODSEQ" {
            self.offers("CONDSTORE")?;
        }
        if word.starts_with("BINARY") {
            self.offers("BINARY")?;
        }
        let Some((item, capability)) = Item::named(word) else {
            return Ok(false);
        };
        self.offers(capability)?;
        if !self.extra.items.contains(&item) {
            self.extra.items.push(item);
        }
        Ok(true)
    }

    fn lazy(&self, how: &Piece) -> Result<(), Read> {
        match how.list() {
            Some([one]) if self.word(one) == "LAZY" => Ok(()),
            _ => Err(BAD),
        }
    }

    fn labels(&self, set: &Piece, rest: &[Piece], uid: bool) -> Result<Option<Own>, Read> {
        let [what, values @ ..] = rest else {
            return Ok(None);
        };
        let word = self.word(what);
        let (add, name) = match word.strip_prefix('+') {
            Some(name) => (Some(true), name),
            None => match word.strip_prefix('-') {
                Some(name) => (Some(false), name),
                None => (None, word.as_str()),
            },
        };
        let silent = name == "X-GM-LABELS.SILENT";
        if !silent && name != "X-GM-LABELS" {
            return Ok(None);
        }
        self.offers("X-GM-EXT-1")?;
        let values = match values {
            [one] => one.list().unwrap_or(values),
            _ => values,
        };
        let labels: Option<Vec<String>> = values.iter().map(|p| self.name(p)).collect();
        Ok(Some(Own::Labels {
            set: set.text(self.whole).ok_or(BAD)?,
            uid,
            add,
            silent,
            labels: labels.ok_or(BAD)?,
        }))
    }

    fn search(&mut self, args: &[Piece]) -> Result<(), Read> {
        let mut keys = args;
        if let [word, options, after @ ..] = args
            && self.word(word) == "RETURN"
        {
            self.offers("ESEARCH")?;
            let mut returns = Returns::default();
            for option in options.list().ok_or(BAD)? {
                match self.word(option).as_str() {
                    "MIN" => returns.min = true,
                    "MAX" => returns.max = true,
                    "ALL" => returns.all = true,
                    "COUNT" => returns.count = true,
                    "SAVE" => {
                        self.offers("SEARCHRES")?;
                        returns.save = true;
                    }
                    _ => return Err(BAD),
                }
            }
            if returns == Returns::default() {
                returns.all = true;
            }
            self.extra.returns = Some(returns);
            let end = after.first().ok_or(BAD)?.at.start;
            self.replace(word.at.start..end, "");
            keys = after;
        }
        if let [word, _, after @ ..] = keys
            && self.word(word) == "CHARSET"
        {
            keys = after;
        }
        self.keys(keys)
    }

    fn keys(&mut self, all: &[Piece]) -> Result<(), Read> {
        let mut rest = all.iter();
        while let Some(piece) = rest.next() {
            if let Some(list) = piece.list() {
                self.keys(list)?;
                continue;
            }
            let word = self.word(piece);
            let about = match (word.as_str(), Item::named(&word)) {
                ("X-GM-RAW", _) => Some((About::Raw, "X-GM-EXT-1")),
                (_, Some((Item::Preview, _)) | None) => None,
                (_, Some((item, capability))) => Some((About::Item(item), capability)),
            };
            if let Some((about, capability)) = about {
                self.offers(capability)?;
                let value = rest.next().ok_or(BAD)?;
                let is = match about {
                    About::Item(Item::GmLabels) => self.name(value),
                    _ => value.text(self.whole),
                };
                let key = format!("KEYWORD {}", keyword(self.extra.keys.len()));
                self.replace(piece.at.start..value.at.end, key);
                let is = is.ok_or(BAD)?;
                self.extra.keys.push(Key { about, is });
                continue;
            }
            match word.as_str() {
                "$" if self.state.offer.has("SEARCHRES") => {
                    let key = match self.state.saved.0.as_str() {
                        "" => "NOT ALL".to_owned(),
                        uids => format!("UID {uids}"),
                    };
                    self.replace(piece.at.clone(), key);
                }
                "MODSEQ" => {
                    self.offers("CONDSTORE")?;
                    // A number, or an entry, its kind and a number.
                    if rest.next().is_some_and(|p| matches!(p.what, What::Text(_))) {
                        rest.nth(1);
                    }
                }
                "HEADER" => {
                    rest.nth(1);
                }
                "BCC" | "BEFORE" | "BODY" | "CC" | "FROM" | "KEYWORD" | "LARGER" | "ON"
                | "SENTBEFORE" | "SENTON" | "SENTSINCE" | "SINCE" | "SMALLER" | "SUBJECT"
                | "TEXT" | "TO" | "UID" | "UNKEYWORD" => {
                    rest.next();
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn status(&self, items: &Piece) -> Result<Vec<String>, Read> {
        let list = items.list().filter(|l| !l.is_empty()).ok_or(BAD)?;
        let words: Vec<String> = list.iter().map(|p| self.word(p)).collect();
        for word in &words {
            match word.as_str() {
                "MESSAGES" | "RECENT" | "UIDNEXT" | "UIDVALIDITY" | "UNSEEN" => {}
                "SIZE" => self.offers("STATUS=SIZE")?,
                "HIGHESTMODSEQ" => self.offers("CONDSTORE")?,
                "MAILBOXID" => self.offers("OBJECTID")?,
                "DELETED" | "DELETED-STORAGE" => self.offers("QUOTA")?,
                _ => return Err(BAD),
            }
        }
        Ok(words)
    }

    /// A mailbox pattern, as it is kept.
    fn patterns(&self, reference: &Piece, pattern: &Piece) -> Option<Vec<String>> {
        let reference = reference.text(self.whole)?;
        let all = pattern.list().unwrap_or(std::slice::from_ref(pattern));
        let put = |p: &Piece| {
            let text = p.text(self.whole)?;
            if text.is_empty() {
                return Some(text);
            }
            let text = format!("{reference}{text}");
            Some(if self.state.utf8 {
                spell::encoded(&text)
            } else {
                text
            })
        };
        all.iter().map(put).collect()
    }

    fn list(&self, args: &[Piece]) -> Result<List, Read> {
        let mut list = List::default();
        let mut args = args;
        if let [select, after @ ..] = args
            && let Some(options) = select.list()
        {
            list.extended = true;
            list.select = options.iter().map(|p| self.word(p)).collect();
            args = after;
        }
        let [reference, pattern, after @ ..] = args else {
            return Err(BAD);
        };
        list.extended |= pattern.list().is_some() || !after.is_empty();
        list.patterns = self.patterns(reference, pattern).ok_or(BAD)?;
        match after {
            [] => {}
            [word, options] if self.word(word) == "RETURN" => {
                let mut options = options.list().ok_or(BAD)?.iter();
                while let Some(option) = options.next() {
                    match self.word(option).as_str() {
                        "STATUS" => {
                            self.offers("LIST-STATUS")?;
                            list.status = self.status(options.next().ok_or(BAD)?)?;
                        }
                        other => list.returns.push(other.to_owned()),
                    }
                }
            }
            _ => return Err(BAD),
        }
        if list.extended {
            self.offers("LIST-EXTENDED")?;
        }
        for option in &list.select {
            match option.as_str() {
                "SUBSCRIBED" | "REMOTE" => {}
                "RECURSIVEMATCH" if list.select.iter().any(|o| o == "SUBSCRIBED") => {}
                "SPECIAL-USE" => self.offers("SPECIAL-USE")?,
                _ => return Err(BAD),
            }
        }
        for option in &list.returns {
            match option.as_str() {
                "SUBSCRIBED" | "CHILDREN" => {}
                "SPECIAL-USE" => self.offers("SPECIAL-USE")?,
                _ => return Err(BAD),
            }
        }
        Ok(list)
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
