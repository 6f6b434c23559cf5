//! The right answers: what a decent IMAP server says to each command that we send.
//!
//! What the capabilities of the moment don't offer is answered with BAD, so that a client that
//! uses what it was not offered is found out.

use super::mail::{Mail, Message};
use super::rows::{append, changed, earlier, fetched, list, no_messages, status, told};
use super::words::{Arg, is_in, set_of};
use std::fmt::Write as _;

/// What a connection knows: the mailbox that is open in it, and what it was told of it.
#[derive(Default)]
pub struct Seat {
    open: Option<Vec<u8>>,
    told: Vec<(u32, Vec<String>)>,
    qresync: bool,
}

impl Seat {
    /// The whole answer to a command.
    pub fn answer(&mut self, mail: &mut Mail, tag: &str, words: &[Arg]) -> Vec<u8> {
        let mut out = Vec::new();
        let verb = words.first().map(Arg::word).unwrap_or_default();
        let rest = words.get(1..).unwrap_or_default();
        let end = match verb.as_str() {
            "CAPABILITY" => {
                out.extend(format!("* CAPABILITY {}\r\n", mail.caps).bytes());
                "OK done".to_owned()
            }
            "LOGIN" | "AUTHENTICATE" if mail.tells_caps => {
                format!("OK [CAPABILITY {}] in", mail.caps)
            }
            "LOGIN" | "AUTHENTICATE" => "OK in".to_owned(),
            "NOOP" | "CHECK" => {
                out = self.news(mail);
                "OK done".to_owned()
            }
            "LOGOUT" => {
                out.extend(b"* BYE see you\r\n");
                "OK done".to_owned()
            }
            "ENABLE" if mail.can("ENABLE") => {
                let known = rest.iter().map(Arg::word).filter(|w| mail.can(w));
                let known: Vec<String> = known.collect();
                self.qresync |= known.iter().any(|k| k == "QRESYNC");
                out.extend(format!("* ENABLED {}\r\n", known.join(" ")).bytes());
                "OK done".to_owned()
            }
            "ID" if mail.can("ID") => {
                out.extend(b"* ID (\"name\" \"script\")\r\n");
                "OK done".to_owned()
            }
            "LIST" => list(mail, rest, &mut out),
            "STATUS" => match rest.first().and_then(|name| mail.find(&name.bytes())) {
                Some(folder) => {
                    let now = folder.clone();
                    if mail.looks_back && self.open.as_ref() == Some(&now.name) {
                        let seen = |uid: u32| self.told.iter().any(|told| told.0 == uid);
                        let folder = mail.folder(&now.name);
                        folder.messages.retain(|m| seen(m.uid));
                        folder.next = self.told.last().map_or(1, |told| told.0 + 1);
                    }
                    status(mail, &rest[0].bytes(), &rest[1].words(), &mut out);
                    let name = now.name.clone();
                    *mail.folder(&name) = now;
                    "OK done".to_owned()
                }
                None => "NO [NONEXISTENT] no such mailbox".to_owned(),
            },
            "SELECT" | "EXAMINE" => self.select(mail, verb == "SELECT", rest, &mut out),
            "UNSELECT" if mail.can("UNSELECT") => {
                self.open = None;
                "OK done".to_owned()
            }
            "CREATE" => match rest.first().map(Arg::bytes) {
                Some(name) if mail.find(&name).is_none() => {
                    mail.make(name, "");
                    "OK done".to_owned()
                }
                _ => "NO [ALREADYEXISTS] it is there".to_owned(),
            },
            "DELETE" => match rest.first().map(Arg::bytes) {
                Some(name) if mail.find(&name).is_some() => {
                    mail.folders.retain(|folder| folder.name != name);
                    "OK done".to_owned()
                }
                _ => "NO [NONEXISTENT] no such mailbox".to_owned(),
            },
            "SUBSCRIBE" | "UNSUBSCRIBE" => "OK done".to_owned(),
            "APPEND" => append(mail, rest),
            "FETCH" | "SEARCH" | "UID" if self.open.is_some() => {
                let by_uid = verb == "UID";
                let verb = if by_uid {
                    rest.first().map(Arg::word).unwrap_or_default()
                } else {
                    verb
                };
                self.inside(
                    mail,
                    tag,
                    &verb,
                    by_uid,
                    &rest[usize::from(by_uid)..],
                    &mut out,
                )
            }
            _ => "BAD what?".to_owned(),
        };
        out.extend(format!("{tag} {end}\r\n").bytes());
        out
    }

    /// What changed in the open mailbox since it was told last.
    pub fn news(&mut self, mail: &mut Mail) -> Vec<u8> {
        let mut out = Vec::new();
        let Some(folder) = self.open.as_ref().and_then(|name| mail.find(name)) else {
            return out;
        };
        let now: Vec<(u32, Vec<String>)> = told(folder);
        let stays = |uid: &u32| now.iter().any(|(n, _)| n == uid);
        let gone: Vec<u32> = self
            .told
            .iter()
            .map(|t| t.0)
            .filter(|u| !stays(u))
            .collect();
        if self.qresync && !gone.is_empty() {
            out.extend(format!("* VANISHED {}\r\n", set_of(&gone)).bytes());
            self.told.retain(|(uid, _)| stays(uid));
        }
        while let Some(at) = self.told.iter().position(|(uid, _)| !stays(uid)) {
            self.told.remove(at);
            out.extend(format!("* {} EXPUNGE\r\n", at + 1).bytes());
        }
        if now.len() != self.told.len() {
            out.extend(format!("* {} EXISTS\r\n", now.len()).bytes());
        }
        for (n, (before, after)) in self.told.iter().zip(&now).enumerate() {
            if before != after {
                let (uid, flags) = (after.0, after.1.join(" "));
                out.extend(format!("* {} FETCH (UID {uid} FLAGS ({flags}))\r\n", n + 1).bytes());
            }
        }
        self.told = now;
        out
    }

    fn select(&mut self, mail: &mut Mail, write: bool, rest: &[Arg], out: &mut Vec<u8>) -> String {
        self.open = None;
        let counts = mail.can("CONDSTORE") || mail.can("QRESYNC");
        let Some(name) = rest.first().map(Arg::bytes) else {
            return "BAD what?".to_owned();
        };
        let modseq = mail.modseq;
        let Some(folder) = mail.find(&name).filter(|f| !no_messages(f)) else {
            return "NO [NONEXISTENT] no such mailbox".to_owned();
        };
        let mut text = String::from("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n");
        let _ = write!(
            text,
            "* {} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {}] x\r\n\
             * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] x\r\n",
            folder.messages.len(),
            folder.validity,
            folder.next
        );
        if counts {
            let _ = write!(text, "* OK [HIGHESTMODSEQ {modseq}] x\r\n");
        }
        out.extend(text.bytes());
        // (QRESYNC (validity modseq [known]))
        if let Some(Arg::List(how)) = rest.get(1)
            && let [Arg::Word(word), Arg::List(state)] = how.as_slice()
            && word == "QRESYNC"
        {
            let number = |n: usize| state.get(n).and_then(|a| a.word().parse::<u64>().ok());
            if !self.qresync {
                return "BAD it is not enabled".to_owned();
            }
            if number(0) == Some(u64::from(folder.validity)) {
                let since = number(1).unwrap_or(0);
                earlier(folder, since, out);
                for (n, message) in folder.messages.iter().enumerate() {
                    if message.modseq > since {
                        changed(n + 1, message, out);
                    }
                }
            }
        }
        (self.open, self.told) = (Some(folder.name.clone()), told(folder));
        let mode = if write && !folder.read_only {
            "READ-WRITE"
        } else {
            "READ-ONLY"
        };
        format!("OK [{mode}] open")
    }

    /// Commands about the messages of the open mailbox.
    fn inside(
        &mut self,
        mail: &mut Mail,
        tag: &str,
        verb: &str,
        by_uid: bool,
        rest: &[Arg],
        out: &mut Vec<u8>,
    ) -> String {
        let name = self.open.clone().unwrap_or_default();
        let can = |what: &str| mail.can(what);
        let offered = match verb {
            "MOVE" => can("MOVE"),
            "EXPUNGE" => can("UIDPLUS"),
            _ => true,
        };
        let uidplus = can("UIDPLUS");
        let counted = can("CONDSTORE") || can("QRESYNC");
        if mail.find(&name).is_none() {
            return "NO [NONEXISTENT] the mailbox is gone".to_owned();
        }
        if !offered {
            return "BAD not offered".to_owned();
        }
        if verb == "SEARCH" {
            return self.search(mail, &name, tag, by_uid, rest, out);
        }
        let last = if by_uid {
            self.told.last().map_or(0, |t| t.0)
        } else {
            u32::try_from(self.told.len()).unwrap()
        };
        let set = rest.first().map(Arg::word).unwrap_or_default();
        let hits: Vec<(usize, u32)> = (1..)
            .zip(&self.told)
            .filter(|(n, (uid, _))| {
                let n = u32::try_from(*n).unwrap();
                is_in(&set, if by_uid { *uid } else { n }, last)
            })
            .map(|(n, (uid, _))| (n, *uid))
            .collect();
        let uids: Vec<u32> = hits.iter().map(|(_, uid)| *uid).collect();
        match verb {
            "FETCH" => {
                let how = rest.get(2).map(Arg::words).unwrap_or_default();
                if !how.is_empty() && !counted {
                    return "BAD not offered".to_owned();
                }
                let since: Option<u64> = how
                    .iter()
                    .position(|w| w == "CHANGEDSINCE")
                    .and_then(|at| how.get(at + 1)?.parse().ok());
                let folder = mail.folder(&name);
                if how.iter().any(|w| w == "VANISHED") {
                    earlier(folder, since.unwrap_or(0), out);
                }
                let mut items = rest.get(1).map(Arg::words).unwrap_or_default();
                if by_uid && !items.iter().any(|i| i == "UID") {
                    items.push("UID".to_owned());
                }
                if since.is_some() && !items.iter().any(|i| i == "MODSEQ") {
                    items.push("MODSEQ".to_owned());
                }
                for (n, uid) in hits {
                    let found = folder.messages.iter().find(|m| m.uid == uid);
                    if let Some(message) = found.filter(|m| since.is_none_or(|s| m.modseq > s)) {
                        fetched(n, message, &items, out);
                    }
                }
                "OK done".to_owned()
            }
            "STORE" => self.store(mail, &name, &hits, &rest[1..], out),
            "COPY" | "MOVE" => {
                let to = rest.get(1).map(Arg::bytes).unwrap_or_default();
                if mail.find(&to).is_none() {
                    return "NO [TRYCREATE] no such mailbox".to_owned();
                }
                let folder = mail.find(&name).unwrap().clone();
                let all = folder.messages.iter().filter(|m| uids.contains(&m.uid));
                let put: Vec<(u32, (u32, u32))> = all
                    .map(|m| (m.uid, mail.put(&to, m.raw.clone(), m.flags.clone())))
                    .collect();
                let validity = put.first().map_or(1, |p| p.1.0);
                let from: Vec<u32> = put.iter().map(|p| p.0).collect();
                let into: Vec<u32> = put.iter().map(|p| p.1.1).collect();
                let code = match uidplus && !put.is_empty() {
                    true => format!("[COPYUID {validity} {} {}] ", set_of(&from), set_of(&into)),
                    false => String::new(),
                };
                if verb == "COPY" {
                    return format!("OK {code}done");
                }
                out.extend(format!("* OK {code}moved\r\n").bytes());
                mail.expunge(&name, &from);
                out.extend(self.news(mail));
                "OK done".to_owned()
            }
            "EXPUNGE" => {
                let folder = mail.find(&name).unwrap();
                let marked = |m: &&Message| {
                    uids.contains(&m.uid) && m.flags.iter().any(|f| f == "\\Deleted")
                };
                let gone: Vec<u32> = folder
                    .messages
                    .iter()
                    .filter(marked)
                    .map(|m| m.uid)
                    .collect();
                mail.expunge(&name, &gone);
                out.extend(self.news(mail));
                "OK done".to_owned()
            }
            _ => "BAD what?".to_owned(),
        }
    }

    fn store(
        &mut self,
        mail: &mut Mail,
        name: &[u8],
        hits: &[(usize, u32)],
        rest: &[Arg],
        out: &mut Vec<u8>,
    ) -> String {
        let (unchanged, rest) = match rest {
            [Arg::List(how), rest @ ..] => {
                (how.get(1).and_then(|a| a.word().parse::<u64>().ok()), rest)
            }
            rest => (None, rest),
        };
        let [what, flags] = rest else {
            return "BAD what?".to_owned();
        };
        let what = what.word();
        let mut modified = Vec::new();
        for (n, uid) in hits {
            let folder = mail.folder(name);
            let Some(message) = folder.messages.iter().find(|m| m.uid == *uid) else {
                continue;
            };
            if unchanged.is_some_and(|most| message.modseq > most) {
                modified.push(*uid);
                continue;
            }
            for flag in flags.all() {
                let flag = String::from_utf8_lossy(&flag.bytes()).into_owned();
                mail.flag(name, *uid, &flag, what.starts_with('+'));
            }
            let folder = mail.folder(name);
            let message = folder.messages.iter().find(|m| m.uid == *uid).unwrap();
            if let Some(told) = self.told.get_mut(n - 1) {
                told.1 = message.flags.clone();
            }
            if !what.ends_with(".SILENT") || unchanged.is_some() {
                changed(*n, message, out);
            }
        }
        match modified.as_slice() {
            [] => "OK done".to_owned(),
            some => format!("OK [MODIFIED {}] not all", set_of(some)),
        }
    }

    fn search(
        &self,
        mail: &mut Mail,
        name: &[u8],
        tag: &str,
        by_uid: bool,
        rest: &[Arg],
        out: &mut Vec<u8>,
    ) -> String {
        let can_return = mail.can("ESEARCH");
        let (returns, keys) = match rest {
            [Arg::Word(word), returns, keys @ ..] if word == "RETURN" => {
                (Some(returns.words()), keys)
            }
            keys => (None, keys),
        };
        if returns.is_some() && !can_return {
            return "BAD not offered".to_owned();
        }
        let folder = mail.find(name).unwrap();
        let last = folder.messages.last().map_or(0, |m| m.uid);
        let count = u32::try_from(folder.messages.len()).unwrap();
        let mut hits = Vec::new();
        for (n, message) in (1..).zip(&folder.messages) {
            let mut keys = keys.iter();
            let mut fits = true;
            while let Some(key) = keys.next() {
                let word = key.word();
                let has = |flag: &str| message.flags.iter().any(|f| f.eq_ignore_ascii_case(flag));
                fits &= match word.as_str() {
                    "ALL" => true,
                    "CHARSET" => keys.next().is_some(),
                    "HEADER" => {
                        let (_, id) = (keys.next(), keys.next().map(Arg::bytes));
                        let id = id.unwrap_or_default();
                        message.raw.windows(id.len().max(1)).any(|w| w == id)
                    }
                    "UID" => keys
                        .next()
                        .is_some_and(|s| is_in(&s.word(), message.uid, last)),
                    "SEEN" => has("\\Seen"),
                    "UNSEEN" => !has("\\Seen"),
                    "FLAGGED" | "ANSWERED" | "DRAFT" | "DELETED" => has(&format!("\\{word}")),
                    set => is_in(set, n, count),
                };
            }
            if fits {
                hits.push(if by_uid { message.uid } else { n });
            }
        }
        match returns {
            Some(returns) => {
                let uid = if by_uid { " UID" } else { "" };
                let mut text = format!("* ESEARCH (TAG \"{tag}\"){uid}");
                if returns.iter().any(|r| r == "COUNT") {
                    let _ = write!(text, " COUNT {}", hits.len());
                }
                if returns.iter().any(|r| r == "ALL") && !hits.is_empty() {
                    let _ = write!(text, " ALL {}", set_of(&hits));
                }
                out.extend(format!("{text}\r\n").bytes());
            }
            None => {
                let all: Vec<String> = hits.iter().map(ToString::to_string).collect();
                out.extend(format!("* SEARCH {}\r\n", all.join(" ")).bytes());
            }
        }
        "OK done".to_owned()
    }
}
