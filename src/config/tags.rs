//! `[tags.NAME]`: what a tag is called, and its colour. A mistake leaves the rest of it as it is.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::{Section, wrong};
use crate::config::suggest::nearest;
use crate::model::naming::{self, Named};
use crate::model::tag;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The longest name, in characters.
const LONGEST: usize = 40;
/// More than anybody tells apart.
const MOST: usize = 200;

/// A colour that every theme draws in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// Red.
    Red,
    /// Orange.
    Orange,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Cyan.
    Cyan,
    /// Blue.
    Blue,
    /// Purple.
    Purple,
    /// Grey.
    Grey,
}

impl Hue {
    /// Each with its name and with what it is on paper: red, green and blue from 0 to 255.
    pub const ALL: [(&'static str, Hue, [u8; 3]); 8] = [
        ("red", Hue::Red, [220, 40, 40]),
        ("orange", Hue::Orange, [240, 140, 40]),
        ("yellow", Hue::Yellow, [230, 210, 60]),
        ("green", Hue::Green, [50, 160, 60]),
        ("cyan", Hue::Cyan, [60, 190, 190]),
        ("blue", Hue::Blue, [60, 90, 230]),
        ("purple", Hue::Purple, [150, 60, 170]),
        ("grey", Hue::Grey, [130, 130, 130]),
    ];
}

/// In which colour a tag is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dye {
    /// As the theme draws this.
    Hue(Hue),
    /// Just so, where the terminal can: red, green and blue.
    Exactly([u8; 3]),
}

impl Dye {
    fn parse(text: &str) -> Option<Dye> {
        let named = Hue::ALL.iter().find(|(name, ..)| *name == text);
        if let Some((_, hue, _)) = named {
            return Some(Dye::Hue(*hue));
        }
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6)?;
        let digits = digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then_some(digits)?;
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Dye::Exactly([red, green, blue]))
    }
}

/// What the user says of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagLook {
    /// The tag as it is written: a keyword, or what it is called without this.
    pub key: String,
    /// What it is called.
    pub name: Option<String>,
    /// Its colour.
    pub colour: Option<Dye>,
}

impl TagLook {
    /// By what the tag is known ([`naming::id`]).
    pub fn id(&self) -> String {
        naming::id(&self.key)
    }
}

/// The names among them, for [`naming::choose`].
pub fn names(tags: &[TagLook]) -> Vec<Named> {
    let named = |look: &TagLook| {
        Some(Named {
            key: look.key.clone(),
            name: look.name.clone()?,
        })
    };
    tags.iter().filter_map(named).collect()
}

/// Reads the tables, in the order of the file.
pub(super) fn tags(table: &DeTable<'_>, problems: &mut Problems<'_>) -> Vec<TagLook> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut all: Vec<TagLook> = Vec::new();
    for (key, value) in entries {
        let written: &str = key.get_ref();
        if all.len() == MOST {
            problems.add(
                &key.span(),
                format!("there are more than {MOST} tags"),
                None,
            );
            break;
        }
        let DeValue::Table(table) = value.get_ref() else {
            let wanted = "a section: [tags.NAME] with name, colour or both";
            let shown = written.escape_debug().to_string();
            wrong(&shown, value.get_ref(), wanted, value.span(), problems);
            continue;
        };
        let section = Section::new(table, value.span(), &keys(Part::Tags), problems);
        let Some(key) = known(written, key.span(), &all, problems) else {
            continue;
        };
        let mut look = TagLook {
            key,
            ..TagLook::default()
        };
        look.name = name(&section, &look, &all, problems);
        look.colour = colour(&section, problems);
        all.push(look);
    }
    all
}

/// The tag that a table is about.
fn known(
    written: &str,
    span: Range<usize>,
    before: &[TagLook],
    problems: &mut Problems<'_>,
) -> Option<String> {
    let shown = written.escape_debug();
    let label = written.strip_prefix(tag::PREFIX);
    let key = match label {
        Some(_) => tag::label(written).unwrap_or_default(),
        None => written.trim().to_owned(),
    };
    let example = || Some("a tag's name or keyword: work, \"$label1\", \"Tax 2024\"".to_owned());
    if key.is_empty() || key.chars().any(char::is_control) {
        problems.add(&span, format!("`{shown}` is no tag"), example());
        return None;
    }
    if tag::is_kept(&key) {
        problems.add(&span, format!("`{shown}` is kept for programs"), example());
        return None;
    }
    let look = TagLook {
        key,
        ..TagLook::default()
    };
    if before.iter().any(|other| other.id() == look.id()) {
        let message = format!("there is another section for the tag `{shown}`");
        let hint = "one of the five is known by its keyword and by its name".to_owned();
        problems.add(&span, message, Some(hint));
        return None;
    }
    let called = |other: &TagLook| {
        let name = other.name.as_deref().map(str::to_lowercase);
        name.is_some_and(|name| name == look.key.to_lowercase())
    };
    if before.iter().any(called) {
        let message = format!("another tag is called `{shown}`");
        let hint = "what a tag is called stands for it in searches and rules".to_owned();
        problems.add(&span, message, Some(hint));
        return None;
    }
    Some(look.key)
}

/// The name that it gets, which no other tag may have.
fn name(
    section: &Section<'_, '_>,
    look: &TagLook,
    before: &[TagLook],
    problems: &mut Problems<'_>,
) -> Option<String> {
    let found = section.line("name", problems)?;
    let name = found.value.trim();
    let message = if name.is_empty() {
        "`name` is empty".to_owned()
    } else if name.chars().count() > LONGEST {
        format!("`name` has more than {LONGEST} characters")
    } else if name.starts_with(['+', '-']) {
        "`name` begins with a sign that puts tags on or takes them away".to_owned()
    } else {
        let id = look.id();
        let five = naming::five_called(name).is_some_and(|known| known != id);
        let same = |other: &TagLook| {
            let called = other.name.as_deref().unwrap_or(&other.key);
            called.to_lowercase() == name.to_lowercase()
        };
        if !five && !before.iter().any(same) {
            return Some(name.to_owned());
        }
        format!("another tag is called \"{}\"", name.escape_debug())
    };
    let hint = "what a tag is called stands for it in searches and rules".to_owned();
    problems.add(&found.span, message, Some(hint));
    None
}

fn colour(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Dye> {
    let found = section.line("colour", problems)?;
    let dye = Dye::parse(&found.value);
    if dye.is_none() {
        let known = Hue::ALL.map(|(name, ..)| name);
        let hint = match nearest(&found.value, &known) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("\"#rrggbb\", or one of: {}", known.join(", ")),
        };
        let shown = found.value.escape_debug();
        problems.add(
            &found.span,
            format!("`colour` can't be \"{shown}\""),
            Some(hint),
        );
    }
    dye
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::parse;
    use std::path::Path;

    fn read(text: &str) -> (Vec<TagLook>, Vec<(usize, usize, String)>) {
        let loaded = parse(text, Path::new("/c"));
        let told = loaded.problems.iter();
        let told = told.map(|p| (p.line, p.column, format!("{}; {}", p.message, p.hint)));
        (loaded.config.tags, told.collect())
    }

    #[test]
    fn a_name_is_no_other_tag_in_whichever_order_they_stand() {
        for text in [
            "[tags.work]\nname = \"Now\"\n[tags.now]\ncolour = \"red\"\n",
            "[tags.now]\ncolour = \"red\"\n[tags.work]\nname = \"Now\"\n",
        ] {
            let (_, told) = read(text);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].2.contains("another tag is called"), "{told:?}");
        }
        // A label that is called as one of the five is in another language is itself.
        let (tags, told) = read("[tags.Arbeit]\nname = \"Job\"\n");
        assert_eq!((tags[0].id(), told), ("arbeit".to_owned(), Vec::new()));
    }

    #[test]
    fn tags_have_names_and_colours() {
        let (tags, told) = read(
            "[tags.important]\nname = \"Now\"\ncolour = \"red\"\n\
             [tags.\"$label2\"]\ncolour = \"#1a58D6\"\n\
             [tags]\nurgent = { name = \"Fire\" }\n\"label:Tax%202024\" = { colour = \"grey\" }\n",
        );
        assert_eq!(told, []);
        let look = |key: &str, name: Option<&str>, colour| TagLook {
            key: key.to_owned(),
            name: name.map(str::to_owned),
            colour,
        };
        assert_eq!(
            tags,
            [
                look("important", Some("Now"), Some(Dye::Hue(Hue::Red))),
                look("$label2", None, Some(Dye::Exactly([0x1a, 0x58, 0xd6]))),
                look("urgent", Some("Fire"), None),
                look("Tax 2024", None, Some(Dye::Hue(Hue::Grey))),
            ]
        );
        assert_eq!(tags[0].id(), "$label1");
        assert_eq!(names(&tags).len(), 2);
    }

    #[test]
    fn what_is_wrong_is_told_where_it_stands_and_the_rest_holds() {
        let (tags, told) = read(
            "[tags.work]\nname = \"Now\"\ncolour = \"blu\"\n\
             [tags.\"$label2\"]\nname = \"x\"\n\
             [tags.\"$Junk\"]\ncolour = \"red\"\n\
             [tags.urgent]\nname = \"now\"\n\
             [tags.rust]\nname = \"to do\"\ncolor = \"red\"\n\
             [tags.sign]\nname = \"-x\"\ncolour = \"#12\"\n\
             [tags]\nplain = 1\n",
        );
        let kept: Vec<_> = tags
            .iter()
            .map(|t| (t.key.as_str(), t.name.as_deref()))
            .collect();
        assert_eq!(
            kept,
            [
                ("work", Some("Now")),
                ("urgent", None),
                ("rust", None),
                ("sign", None)
            ]
        );
        let places: Vec<_> = told
            .iter()
            .map(|(line, column, _)| (*line, *column))
            .collect();
        assert_eq!(
            places,
            [
                (3, 10),
                (4, 7),
                (6, 7),
                (9, 8),
                (11, 8),
                (12, 1),
                (14, 8),
                (15, 10),
                (17, 9)
            ],
            "{told:#?}"
        );
        for (n, words) in [
            (0, "did you mean \"blue\"?"),
            (1, "another section"),
            (2, "kept for programs"),
            (3, "another tag is called \"now\""),
            (4, "another tag is called \"to do\""),
            (5, "did you mean `colour`?"),
            (7, "#rrggbb"),
            (8, "[tags.NAME]"),
        ] {
            assert!(told[n].2.contains(words), "{told:#?}");
        }
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let docs = std::fs::read_to_string(path).unwrap();
        let mut examples = docs.split("```toml\n").skip(1);
        let example = examples.find(|e| e.starts_with("[tags.")).unwrap();
        let (tags, told) = read(example.split("```").next().unwrap());
        assert_eq!(told, []);
        assert_eq!(tags.len(), 4);
    }
}
