//! What FETCH and STORE ask of extensions: items and modifiers (RFC 7162, RFC 8474, RFC 8970,
//! RFC 3516), and Gmail's labels.

use super::ask::Item;
use super::own::Own;
use super::reader::{BAD, Read, Reader};
use super::syntax::Piece;

impl Reader<'_> {
    pub(super) fn fetch(&mut self, rest: &[Piece], uid: bool) -> Result<(), Read> {
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

    pub(super) fn labels(
        &self,
        set: &Piece,
        rest: &[Piece],
        uid: bool,
    ) -> Result<Option<Own>, Read> {
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
}
