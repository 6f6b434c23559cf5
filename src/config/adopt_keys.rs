//! What is taken over from another program, put into the text of `keys.toml`: comments and order
//! kept, and nothing that is bound there touched.

use super::adopt::{document, section, text};
use super::load::LONGEST;
use std::io;
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, value};

/// The preset of a file of keys, and whether a key of a screen is bound there.
#[derive(Debug, Default)]
pub struct Keys(Option<DocumentMut>);

impl Keys {
    /// What stands in this file; nothing if there is none.
    ///
    /// # Errors
    /// When it can't be read, or is no TOML.
    pub fn read(path: &Path) -> io::Result<Keys> {
        Ok(Keys(Some(document(&text(path)?)?)))
    }

    /// The preset that it names.
    pub fn preset(&self) -> Option<&str> {
        let named = self.0.as_ref()?.get("preset")?;
        Some(named.as_str().unwrap_or_default())
    }

    /// Whether a key means something on a screen: there, or everywhere. However it is written.
    pub fn has(&self, screen: &str, key: &str) -> bool {
        let key = one_form(key);
        let tables = [screen, "global"].map(|name| self.0.as_ref().and_then(|d| d.get(name)));
        let mut tables = tables.into_iter().flatten().filter_map(Item::as_table_like);
        tables.any(|t| t.iter().any(|(bound, _)| one_form(bound) == key))
    }
}

/// The text of a file of keys with a preset and keys (screen, key, commands); `None`: there is
/// nothing to be added. What is bound there stays.
///
/// # Errors
/// When it can't be read, or is not what a file of keys is; when it would be too large.
pub fn keys(
    path: &Path,
    preset: Option<&str>,
    bound: &[(&str, &str, &[String])],
) -> io::Result<Option<String>> {
    if preset.is_none() && bound.is_empty() {
        return Ok(None);
    }
    let there = Keys::read(path)?;
    let mut document = there.0.clone().unwrap_or_default();
    if let Some(preset) = preset.filter(|_| document.get("preset").is_none()) {
        document.insert("preset", value(preset));
    }
    for (screen, key, commands) in bound {
        if there.has(screen, key) {
            continue;
        }
        let first = document.is_empty();
        let table = section(&mut document, screen, first)?;
        let said = match commands {
            [one] => value(one.as_str()),
            more => value(more.iter().map(String::as_str).collect::<Array>()),
        };
        table.insert(key, said);
    }
    let new = document.to_string();
    if new.len() as u64 > LONGEST {
        let why = format!("it would be larger than {} MiB", LONGEST >> 20);
        return Err(io::Error::other(why));
    }
    Ok(Some(new))
}

/// Keys in one form, as the keymap sees them: modifiers in one order, a letter with Ctrl small, one
/// with Shift large.
fn one_form(written: &str) -> String {
    written
        .split_whitespace()
        .map(key_form)
        .collect::<Vec<_>>()
        .join(" ")
}

fn key_form(written: &str) -> String {
    let (mut held, mut rest) = ([false; 3], written);
    const NAMES: [&str; 3] = ["ctrl-", "alt-", "shift-"];
    while let Some((held, after)) = NAMES.iter().zip(&mut held).find_map(|(name, held)| {
        let after = rest.strip_prefix(name).filter(|after| !after.is_empty())?;
        Some((held, after))
    }) {
        *held = true;
        rest = after;
    }
    let mut key = rest.to_owned();
    let [ctrl, alt, mut shift] = held;
    if key.chars().count() == 1 {
        if ctrl {
            key = key.to_ascii_lowercase();
        } else if shift {
            key = key.to_ascii_uppercase();
        }
        shift = false;
    }
    let held = NAMES
        .iter()
        .zip([ctrl, alt, shift])
        .filter(|(_, held)| *held);
    held.map(|(name, _)| *name).chain([key.as_str()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_added_and_never_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let mine = "# mine\n[index] # here\n\"d\" = \"archive\" # why\n# end\n";
        std::fs::write(&path, mine).unwrap();
        let commands = ["trash".to_owned(), "down".to_owned()];
        let bound: Vec<(&str, &str, &[String])> = vec![
            ("index", "d", &commands),
            ("index", "ctrl-x", &commands),
            ("reader", "g g", &commands[..1]),
        ];
        let text = keys(&path, Some("mutt"), &bound).unwrap().unwrap();
        std::fs::write(&path, &text).unwrap();
        for kept in mine.lines() {
            assert!(text.contains(kept), "{text}");
        }
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["preset"].as_str(), Some("mutt"), "{text}");
        assert_eq!(read["index"]["d"].as_str(), Some("archive"));
        assert_eq!(read["index"]["ctrl-x"].as_array().unwrap().len(), 2);
        assert_eq!(read["reader"]["g g"].as_str(), Some("trash"));
        let keys = Keys::read(&path).unwrap();
        assert!(keys.preset().is_some() && keys.has("reader", "g g") && !keys.has("reader", "d"));
    }

    #[test]
    fn keys_are_the_same_however_they_are_written() {
        for (one, other) in [
            ("alt-ctrl-x", "ctrl-alt-x"),
            ("ctrl-X", "ctrl-x"),
            ("shift-j", "J"),
            ("g  g", "g g"),
            ("ctrl--", "ctrl--"),
            ("shift-tab", "shift-tab"),
        ] {
            assert_eq!(one_form(one), one_form(other), "{one}");
        }
        for (one, other) in [
            ("j", "J"),
            ("alt-j", "alt-J"),
            ("tab", "shift-tab"),
            ("g g", "g"),
        ] {
            assert_ne!(one_form(one), one_form(other), "{one}");
        }
        let text = "[global]\n\"ctrl-X\" = \"quit\"\n[index]\n\"shift-j\" = \"down\"\n";
        let keys = Keys(Some(document(text).unwrap()));
        assert!(keys.has("reader", "ctrl-x") && keys.has("index", "J"));
        assert!(!keys.has("reader", "J") && !keys.has("index", "j"));
    }
}
