//! Catalogues in the PO format of GNU gettext, as far as ours use it: `msgctxt`, `msgid`,
//! `msgid_plural`, `msgstr`, `msgstr[n]`, strings over several lines, comments. The first entry, of
//! the empty id, is the header.

use std::borrow::Cow;
use std::collections::HashMap;

type Text = Cow<'static, str>;

/// How one text is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The English of more than one, where the text is about a number of things.
    pub plural: Option<Text>,
    /// What is said; of a number of things in each form of the language.
    pub forms: Vec<Text>,
    /// Whether whoever translated it was not sure.
    pub fuzzy: bool,
}

/// A catalogue.
#[derive(Debug, Default)]
pub struct Book {
    contexts: HashMap<Text, HashMap<Text, Said>>,
}

/// An entry while it is read.
#[derive(Default)]
struct Entry {
    context: Text,
    id: Option<Text>,
    said: Said,
}

impl Book {
    /// Reads a catalogue.
    ///
    /// # Errors
    ///
    /// The number of the first line that can't be read, and what is wrong with it.
    pub fn read(text: &'static str) -> Result<Book, (usize, &'static str)> {
        let mut book = Book::default();
        let mut entry = Entry::default();
        let mut fuzzy = false;
        for (number, line) in text.lines().enumerate() {
            let wrong = |what| (number + 1, what);
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                fuzzy |= line.starts_with("#,") && line.contains("fuzzy");
                continue;
            }
            let (word, string) = match line.find('"') {
                Some(at) => line.split_at(at),
                None => return Err(wrong("no string")),
            };
            let string = unquoted(string).ok_or(wrong("a string that is not whole"))?;
            match word.trim() {
                "" => entry.go_on(&string).ok_or(wrong("a string of nothing"))?,
                // Each of these begins an entry.
                "msgctxt" | "msgid" if entry.is_whole() => {
                    book.take(std::mem::take(&mut entry)).map_err(wrong)?;
                    entry.said.fuzzy = std::mem::take(&mut fuzzy);
                    entry.begin(word.trim(), string);
                }
                word @ ("msgctxt" | "msgid") => {
                    entry.said.fuzzy |= std::mem::take(&mut fuzzy);
                    entry.begin(word, string);
                }
                "msgid_plural" => entry.said.plural = Some(string),
                "msgstr" | "msgstr[0]" | "msgstr[1]" => entry.said.forms.push(string),
                _ => return Err(wrong("an unknown word")),
            }
        }
        book.take(entry)
            .map_err(|what| (text.lines().count(), what))?;
        Ok(book)
    }

    fn take(&mut self, entry: Entry) -> Result<(), &'static str> {
        let Some(id) = entry.id else {
            return Ok(());
        };
        if entry.said.forms.is_empty() {
            return Err("an entry without msgstr before this");
        }
        let texts = self.contexts.entry(entry.context).or_default();
        match texts.insert(id, entry.said) {
            None => Ok(()),
            Some(_) => Err("an entry that is there twice ended here"),
        }
    }

    /// How a text is said in a context; nothing where it is not translated.
    pub fn text(&self, context: &str, text: &str) -> Option<&str> {
        self.form(context, text, 0)
    }

    /// How it is said in one of the language's forms; in the last one that there is. Of nothing there
    /// is nothing to say: the header is no text.
    pub fn form(&self, context: &str, text: &str, form: usize) -> Option<&str> {
        if text.is_empty() {
            return None;
        }
        let said = self.contexts.get(context)?.get(text)?;
        let form = said.forms.get(form).or(said.forms.last())?;
        Some(form.as_ref()).filter(|f| !f.is_empty())
    }

    /// Every entry: its context, its English, and how it is said. The header has neither.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str, &Said)> {
        let contexts = self.contexts.iter();
        contexts.flat_map(|(context, texts)| {
            let texts = texts.iter();
            texts.map(|(id, said)| (context.as_ref(), id.as_ref(), said))
        })
    }
}

impl Entry {
    fn is_whole(&self) -> bool {
        !self.said.forms.is_empty()
    }

    fn begin(&mut self, word: &str, string: Text) {
        match word {
            "msgctxt" => self.context = string,
            _ => self.id = Some(string),
        }
    }

    /// A further line of the string that was begun last.
    fn go_on(&mut self, more: &str) -> Option<()> {
        let last = match (self.said.forms.last_mut(), &mut self.said.plural) {
            (Some(form), _) => form,
            (None, Some(plural)) => plural,
            (None, None) => self.id.as_mut()?,
        };
        last.to_mut().push_str(more);
        Some(())
    }
}

/// What stands between quotation marks: a slice of the file where nothing is escaped in it.
fn unquoted(string: &'static str) -> Option<Text> {
    let inner = string.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains(['\\', '"']) {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => out.push(match letters.next()? {
                'n' => '\n',
                't' => '\t',
                same @ ('"' | '\\') => same,
                _ => return None,
            }),
            other => out.push(other),
        }
    }
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::Book;

    #[test]
    fn entries_are_read() {
        let book = Book::read(concat!(
            "msgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\n",
            "#: a.rs\nmsgid \"open\"\nmsgstr \"offen\"\n\n",
            "msgctxt \"key\"\nmsgid \"open\"\nmsgstr \"öffnen\"\n\n",
            "#, fuzzy\nmsgid \"{n} \\\"message\\\"\"\nmsgid_plural \"\"\n\"{n} \"\n\"messages\"\n",
            "msgstr[0] \"{n} Nachricht\\n\"\nmsgstr[1] \"{n} Nachrichten\"\n",
            "msgid \"later\"\nmsgstr \"\"\n",
        ))
        .unwrap();
        assert_eq!(book.text("", "open"), Some("offen"));
        assert_eq!(book.text("key", "open"), Some("öffnen"));
        assert_eq!(book.form("", "{n} \"message\"", 0), Some("{n} Nachricht\n"));
        assert_eq!(book.form("", "{n} \"message\"", 1), Some("{n} Nachrichten"));
        assert_eq!(book.text("", "later"), None, "not translated yet");
        assert_eq!(book.text("", ""), None, "the header is no text");
        let header = book.entries().find(|(_, id, _)| id.is_empty()).unwrap();
        assert_eq!(header.2.forms, ["Language: de\n"]);
        let mut fuzzy = book.entries().filter(|(_, _, said)| said.fuzzy);
        let (_, id, said) = fuzzy.next().unwrap();
        assert_eq!(id, "{n} \"message\"");
        assert_eq!(said.plural.as_deref(), Some("{n} messages"));
        assert!(fuzzy.next().is_none());
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        for (text, line) in [
            ("msgid \"a\"\nmsgstr \"b", 2),
            ("msgid \"a\"\nmsgstr \"b\\q\"", 2),
            (
                "msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"\n",
                5,
            ),
            ("\n\"a\"\n", 2),
            ("domain \"a\"\n", 1),
            ("msgid\n", 1),
            ("msgid \"a\"\n", 1),
        ] {
            let found = Book::read(text).map(|_| ()).unwrap_err();
            assert_eq!(found.0, line, "{text:?}: {}", found.1);
        }
    }
}
