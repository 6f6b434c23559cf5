//! What LIST and STATUS ask: selections, what to return, patterns and items (RFC 5258, RFC 5819,
//! RFC 6154, RFC 8438).

use super::own::List;
use super::reader::{BAD, Read, Reader};
use super::spell;
use super::syntax::Piece;

impl Reader<'_> {
    pub(super) fn status(&self, items: &Piece) -> Result<Vec<String>, Read> {
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
    pub(super) fn patterns(&self, reference: &Piece, pattern: &Piece) -> Option<Vec<String>> {
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

    pub(super) fn list(&self, args: &[Piece]) -> Result<List, Read> {
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
}
