//! `[ui]`: how the screen looks and behaves. A mistake here leaves the default.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::Section;
use crate::lang::{Lang, tr};
use std::ops::Range;
use toml::de::DeTable;

const IMAGES: [(&str, Images); 6] = [
    ("auto", Images::Auto),
    ("off", Images::Off),
    ("blocks", Images::Blocks),
    ("kitty", Images::Kitty),
    ("sixel", Images::Sixel),
    ("iterm2", Images::Iterm),
];
const HYPERLINKS: [(&str, Hyperlinks); 3] = [
    ("auto", Hyperlinks::Auto),
    ("on", Hyperlinks::On),
    ("off", Hyperlinks::Off),
];
const BIDI: [(&str, Bidi); 4] = [
    ("auto", Bidi::Auto),
    ("cells", Bidi::Cells),
    ("words", Bidi::Words),
    ("rows", Bidi::Rows),
];
const ICONS: [(&str, Icons); 4] = [
    ("auto", Icons::Auto),
    ("unicode", Icons::Unicode),
    ("nerd", Icons::Nerd),
    ("ascii", Icons::Ascii),
];
const LANGUAGES: [(&str, Option<Lang>); 4] = [
    ("auto", None),
    ("en", Some(Lang::English)),
    ("de", Some(Lang::German)),
    ("ja", Some(Lang::Japanese)),
];
const SCROLLBARS: [(&str, bool); 2] = [("auto", true), ("off", false)];
const EDITORS: [(&str, bool); 2] = [("plain", false), ("vi", true)];

/// How mailboxes, list and message stand. Where a terminal has no room for it, the next one that
/// needs less is shown until there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrangement {
    /// As the terminal has room.
    #[default]
    Auto,
    /// Mailboxes, list and message beside each other.
    Three,
    /// List and message beside each other; the mailboxes come when they have the keys.
    Two,
    /// The list above the message.
    Stacked,
    /// One at a time.
    Single,
}

impl Arrangement {
    /// Each with its name, in the order in which a key goes through them.
    pub const ALL: [(&'static str, Arrangement); 5] = [
        ("auto", Arrangement::Auto),
        ("three", Arrangement::Three),
        ("two", Arrangement::Two),
        ("stacked", Arrangement::Stacked),
        ("single", Arrangement::Single),
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        let mut all = Arrangement::ALL.iter();
        all.find(|(_, one)| *one == self)
            .map_or("", |(name, _)| name)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Arrangement> {
        let mut all = Arrangement::ALL.iter();
        all.find(|(known, _)| *known == name).map(|(_, one)| *one)
    }

    /// What is said of it.
    pub fn words(self) -> &'static str {
        match self {
            Arrangement::Auto => tr!("as there is room"),
            Arrangement::Three => tr!("mailboxes, list and message beside each other"),
            Arrangement::Two => tr!("list and message beside each other"),
            Arrangement::Stacked => tr!("the list above the message"),
            Arrangement::Single => tr!("one at a time"),
        }
    }
}

/// How pictures are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Images {
    /// As well as the terminal can, as far as its environment tells.
    #[default]
    Auto,
    /// Not at all.
    Off,
    /// With half blocks in colours, which every terminal has.
    Blocks,
    /// By kitty's graphics protocol.
    Kitty,
    /// As sixels.
    Sixel,
    /// By iTerm2's inline images.
    Iterm,
}

/// Whether links are written so that the terminal itself can open them (OSC 8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hyperlinks {
    /// Where the terminal is known to have them.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// What the terminal itself does with letters that run from right to left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bidi {
    /// What the terminal is known for, as far as its environment tells.
    #[default]
    Auto,
    /// It draws cells as they come.
    Cells,
    /// It turns each word.
    Words,
    /// It puts whole rows in order.
    Rows,
}

/// Which signs are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Icons {
    /// Unicode's, unless the locale is not UTF-8.
    #[default]
    Auto,
    /// Unicode's.
    Unicode,
    /// Those of a Nerd Font.
    Nerd,
    /// ASCII only, in everything.
    Ascii,
}

/// The settings of `[ui]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The theme's name; `None`: after the terminal.
    pub theme: Option<String>,
    /// Whether the index shows threads at the start.
    pub threads: bool,
    /// Whether conversations are also put together by subject.
    pub by_subject: bool,
    /// How mailboxes, list and message stand.
    pub layout: Arrangement,
    /// Whether everything is said in words, line by line, for a screen reader.
    pub linear: bool,
    /// Which signs are shown.
    pub icons: Icons,
    /// Whether a bar stands beside what is longer than its room.
    pub scrollbar: bool,
    /// Whether the window's title tells the mailbox.
    pub title: bool,
    /// Seconds in which sending can be undone.
    pub undo_send: i64,
    /// Whether the mouse is used.
    pub mouse: bool,
    /// Whether the text of a message is edited by the keys of vi.
    pub vi: bool,
    /// The languages in which spelling is looked at; `None`: that of the environment.
    pub spell: Option<Vec<String>>,
    /// How pictures are shown.
    pub images: Images,
    /// Whether the terminal itself can open links.
    pub hyperlinks: Hyperlinks,
    /// What the terminal does with letters that run from right to left.
    pub bidi: Bidi,
    /// The language of the screen; `None`: the one of the locale.
    pub language: Option<Lang>,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            theme: None,
            threads: true,
            by_subject: false,
            layout: Arrangement::Auto,
            linear: false,
            icons: Icons::Auto,
            scrollbar: true,
            title: true,
            undo_send: 10,
            mouse: true,
            vi: false,
            spell: None,
            images: Images::Auto,
            hyperlinks: Hyperlinks::Auto,
            bidi: Bidi::Auto,
            language: None,
        }
    }
}

/// Reads the table.
pub(super) fn look(table: &DeTable<'_>, span: Range<usize>, problems: &mut Problems<'_>) -> Look {
    let section = Section::new(table, span, &keys(Part::Ui), problems);
    let default = Look::default();
    Look {
        theme: section
            .line("theme", problems)
            .map(|t| t.value)
            .filter(|t| t != "auto"),
        threads: section.flag("threads", problems).unwrap_or(default.threads),
        by_subject: section
            .flag("threads-by-subject", problems)
            .unwrap_or(default.by_subject),
        layout: section
            .word("layout", &Arrangement::ALL, problems)
            .map_or(default.layout, |l| l.value),
        linear: section.flag("linear", problems).unwrap_or(default.linear),
        title: section
            .flag("window-title", problems)
            .unwrap_or(default.title),
        icons: section
            .word("icons", &ICONS, problems)
            .map_or(default.icons, |i| i.value),
        scrollbar: section
            .word("scrollbar", &SCROLLBARS, problems)
            .map_or(default.scrollbar, |s| s.value),
        undo_send: section
            .number("undo-send", 0..=600, problems)
            .map_or(default.undo_send, |n| i64::from(n.value)),
        mouse: section.flag("mouse", problems).unwrap_or(default.mouse),
        vi: section
            .word("editor-keys", &EDITORS, problems)
            .map_or(default.vi, |e| e.value),
        spell: section
            .list("spell", "[\"en_US\", \"de_DE\"]", problems)
            .map(|languages| languages.value),
        images: section
            .word("images", &IMAGES, problems)
            .map_or(default.images, |i| i.value),
        hyperlinks: section
            .word("hyperlinks", &HYPERLINKS, problems)
            .map_or(default.hyperlinks, |h| h.value),
        bidi: section
            .word("bidi", &BIDI, problems)
            .map_or(default.bidi, |b| b.value),
        language: section
            .word("language", &LANGUAGES, problems)
            .and_then(|l| l.value),
    }
}
