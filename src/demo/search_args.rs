//! What SEARCH asks of extensions: what to return (RFC 4731), `$` (RFC 5182), and keys that
//! imap-codec has no words for.

use super::ask::{About, Item, Key, Returns, keyword};
use super::reader::{BAD, Read, Reader};
use super::syntax::{Piece, What};

impl Reader<'_> {
    /// Puts the numbers for `$` (RFC 5182); `false` if it stands for none.
    pub(super) fn saved(&mut self, set: &Piece, uid: bool) -> bool {
        if self.word(set) != "$" || self.offers("SEARCHRES").is_err() {
            return true;
        }
        let (uids, seqs) = &self.state.saved;
        let numbers = if uid { uids.clone() } else { seqs.clone() };
        let any = !numbers.is_empty();
        self.replace(set.at.clone(), numbers);
        any
    }

    pub(super) fn search(&mut self, args: &[Piece]) -> Result<(), Read> {
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
}
