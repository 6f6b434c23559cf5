//! Alpine's address books.

use crate::migrate::alpine_options::folders;
use crate::migrate::found::{Alias, Findings, Kind, Place};
use crate::migrate::shelf::Shelf;
use crate::migrate::words;
use crate::model::Contact;
use std::path::Path;

/// Entries of an address book.
const PEOPLE: usize = 5_000;
/// Address books that are read.
const BOOKS: usize = 30;

/// The address books: those that are named, else `.addressbook`.
pub fn books(value: &str, path: &Path, shelf: &mut Shelf<'_>, place: &Place, out: &mut Findings) {
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    if value.is_empty() {
        let book = folder.join(".addressbook");
        if let Some(text) = shelf.maybe(&book, out) {
            address_book(&text, &Place::of(&book), out);
        }
        return;
    }
    for (n, book) in folders(value).iter().enumerate() {
        if n >= BOOKS {
            let why = format!("only the first {BOOKS} address books were read");
            out.note(place, "address-book", Kind::Yours, &why);
            break;
        }
        if book.contains('{') {
            let why = "an address book on a server was not read";
            out.note(place, "address-book", Kind::Yours, why);
            continue;
        }
        // `Nickname file`
        let words = words::split_quoted(book);
        let Some(file) = words.last() else { continue };
        let book = shelf.dirs.path(file, &folder);
        if let Some(text) = shelf.text(&book, place, out) {
            address_book(&text, &Place::of(&book), out);
        }
    }
}

/// `nickname TAB name TAB address TAB fcc TAB comment`; several addresses stand in brackets; a line
/// that begins with spaces goes on.
fn address_book(text: &str, whole: &Place, out: &mut Findings) {
    let mut entries: Vec<(String, u32)> = Vec::new();
    for (line, number) in text.lines().zip(1u32..) {
        match line.strip_prefix("   ") {
            Some(more) => entries
                .last_mut()
                .into_iter()
                .for_each(|(e, _)| e.push_str(more)),
            None => entries.push((line.to_owned(), number)),
        }
    }
    if entries.len() > PEOPLE {
        let why = format!("only its first {PEOPLE} entries were taken");
        out.note(whole, "address book", Kind::Yours, &why);
    }
    for (entry, number) in entries.iter().take(PEOPLE) {
        if entry.trim().is_empty() || entry.starts_with("#DELETED") {
            continue;
        }
        let mut fields = entry.split('\t').map(str::trim);
        let mut next = || fields.next().unwrap_or_default();
        let (nick, name, written) = (next(), name_of(next()), next());
        let inner = written.strip_prefix('(').map(|w| w.trim_end_matches(')'));
        let mut members = Vec::new();
        for part in words::list(inner.unwrap_or(written)) {
            members.extend(words::address(part));
        }
        if let (None, Some(only)) = (inner, members.first_mut())
            && only.name.is_empty()
        {
            only.name.clone_from(&name);
        }
        let place = whole.at(*number);
        if members.is_empty() {
            let why = "no address in it could be read";
            out.note(&place, "an entry", Kind::NotUnderstood, why);
        } else if nick.is_empty() && inner.is_none() {
            out.people
                .extend(members.into_iter().map(|address| Contact {
                    address,
                    also: String::new(),
                }));
        } else {
            let called = if nick.is_empty() { name.as_str() } else { nick };
            out.aliases.push(Alias {
                name: called.to_owned(),
                members,
                place,
            });
        }
    }
}

/// `Last, First` is how Alpine sorts them.
fn name_of(written: &str) -> String {
    let written = written.trim_matches('"');
    match written.split_once(", ") {
        Some((last, first)) => words::shown(&format!("{first} {last}")),
        None => words::shown(written),
    }
}
