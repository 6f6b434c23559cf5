//! Colours by meaning: a screen asks for `index.unread`, a theme file says what that looks like.
//!
//! A name that a theme does not set is looked for in the theme it inherits from, then under the
//! shorter name (`index.unread.mark`, `index.unread`, `index`). A file of the user's is a patch
//! over a built-in theme; what is wrong with it is told with its line and left out.
//!
//! `NO_COLOR` (no-color.org) leaves modifiers only; terminals with 256 or 16 colours get the
//! nearest.

use crate::config::Problem;
use crate::tui::linear;
use ratatui::style::{Color, Modifier, Style};
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

mod tags;
mod unknown;

pub use unknown::unknown;

/// Every style that the program asks for. A theme has to set each or one it falls back to.
pub const NAMES: [&str; 85] = [
    "screen.back",
    "screen.text",
    "screen.rule",
    "scrollbar",
    "text.dim",
    "title",
    "title.focused",
    "sidebar.text",
    "sidebar.account",
    "sidebar.count",
    "sidebar.unread",
    "sidebar.shown",
    "sidebar.selected",
    "index.text",
    "index.people",
    "index.subject",
    "index.unread",
    "index.unread.mark",
    "index.selected",
    "index.selected.unfocused",
    "index.mark",
    "index.marked",
    "index.star",
    "index.answered",
    "index.attachment",
    "index.count",
    "index.date",
    "index.snippet",
    "index.tag",
    "index.tag.red",
    "index.tag.orange",
    "index.tag.yellow",
    "index.tag.green",
    "index.tag.cyan",
    "index.tag.blue",
    "index.tag.purple",
    "index.tag.grey",
    "index.tree",
    "reader.text",
    "reader.header.name",
    "reader.header.value",
    "reader.header.subject",
    "reader.heading",
    "reader.code",
    "reader.signature",
    "reader.rule",
    "reader.attachment",
    "reader.link",
    "reader.writer",
    "reader.writer.unread",
    "reader.found",
    "reader.gutter",
    "reader.gutter.focused",
    "quote.1",
    "quote.2",
    "quote.3",
    "quote.4",
    "quote.5",
    "diff.added",
    "diff.removed",
    "diff.hunk",
    "status.text",
    "hint.key",
    "hint.text",
    "notice.good",
    "notice.info",
    "notice.warning",
    "notice.error",
    "popup.text",
    "popup.title",
    "popup.border",
    "popup.selected",
    "popup.match",
    "popup.key",
    "popup.dim",
    "input.text",
    "input.label",
    "input.label.focused",
    "input.selection",
    "compose.text",
    "compose.attachment",
    "compose.saved",
    "compose.quote",
    "compose.misspelt",
    "compose.person.seen",
];

macro_rules! themes {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../themes/", $name, ".toml")))),*]
    };
}

/// The themes that come with the program: name and file.
pub const BUILT_IN: [(&str, &str); 14] = themes![
    "postrider-dark"
    "postrider-light"
    "postrider-16"
    "mono"
    "catppuccin-latte"
    "catppuccin-mocha"
    "colour-blind"
    "gruvbox-dark"
    "gruvbox-light"
    "high-contrast"
    "nord"
    "solarized-dark"
    "solarized-light"
    "tokyo-night"
];

/// Leaves the choice to the terminal.
pub const AUTO: &str = "auto";

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colours {
    /// None: the user wants it so.
    None,
    /// The sixteen that its own settings name.
    Sixteen,
    /// 256.
    Many,
    /// All.
    #[default]
    All,
}

/// What is known of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// How many colours it shows.
    pub colours: Colours,
    /// Whether its background is light.
    pub light: bool,
    /// Whether the screen is heard or felt, not seen ([`linear`]).
    pub linear: bool,
    /// Whether the user wants bars beside what is longer than its room.
    pub bars: bool,
}

impl Surroundings {
    /// Reads `NO_COLOR`, `COLORTERM`, `TERM` and `COLORFGBG` with this look-up.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Surroundings {
        let var = |name: &str| var(name).filter(|v| !v.is_empty());
        let term = var("TERM").unwrap_or_default();
        let depth = var("COLORTERM").unwrap_or_default();
        let has = |names: &[&str]| names.iter().any(|n| term.contains(n));
        let colours = if var("NO_COLOR").is_some() || term == "dumb" {
            Colours::None
        } else if depth == "truecolor"
            || depth == "24bit"
            || has(&["direct", "kitty", "alacritty", "foot", "ghostty", "wezterm"])
        {
            Colours::All
        } else if has(&["256"]) {
            Colours::Many
        } else {
            Colours::Sixteen
        };
        // rxvt's habit, kept by others: foreground;background, sometimes with a field between.
        let background = var("COLORFGBG").and_then(|v| {
            v.rsplit(';')
                .next()
                .and_then(|b| b.trim().parse::<u8>().ok())
        });
        Surroundings {
            colours,
            light: matches!(background, Some(7 | 9..=15)),
            linear: false,
            bars: true,
        }
    }

    /// Reads the process's environment.
    pub fn of_process() -> Surroundings {
        Surroundings::read(|name| std::env::var(name).ok())
    }

    fn usual(self) -> &'static str {
        match (self.colours, self.light) {
            (Colours::None, _) => "mono",
            (Colours::Sixteen, _) => "postrider-16",
            (_, true) => "postrider-light",
            (_, false) => "postrider-dark",
        }
    }
}

/// Styles by meaning.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    styles: BTreeMap<String, Style>,
    /// The colours that the user gave tags.
    dyes: tags::Dyes,
    /// How many there can be.
    colours: Colours,
    linear: bool,
    /// No bars stand beside what is longer than its room.
    bare: bool,
}

impl Theme {
    /// The theme that the user chose: `auto` or nothing for what suits the terminal, the name of
    /// a built-in one, or the text of a theme file. Also what was wrong with it.
    pub fn load(setting: Option<&str>, around: Surroundings) -> (Theme, Vec<String>) {
        let (theme, problems) = Theme::read(setting, around);
        (theme, problems.iter().map(said).collect())
    }

    /// What is wrong with the text of a theme file.
    pub fn check(text: &str) -> Vec<Problem> {
        let around = Surroundings {
            colours: Colours::All,
            light: false,
            linear: false,
            bars: true,
        };
        // A text without a line's end could be taken for a name.
        Theme::read(Some(&format!("{text}\n")), around).1
    }

    fn read(setting: Option<&str>, around: Surroundings) -> (Theme, Vec<Problem>) {
        let mut warnings = Vec::new();
        let mut source = Source::default();
        let wanted = setting.filter(|s| *s != AUTO && !s.trim().is_empty());
        match wanted {
            _ if around.colours == Colours::None => source.built_in("mono", &mut warnings),
            None => source.built_in(around.usual(), &mut warnings),
            Some(text) if text.contains(['=', '\n']) => {
                source.file(text, around.usual(), &mut warnings);
            }
            Some(name) => match unknown(name, std::iter::empty()) {
                None => source.built_in(name, &mut warnings),
                Some(problem) => {
                    warnings.push(problem);
                    source.built_in(around.usual(), &mut warnings);
                }
            },
        }
        let mut theme = source.theme(around.colours, &mut warnings);
        if around.linear {
            theme.make_linear();
        }
        theme.bare = !around.bars;
        (theme, warnings)
    }

    /// What is selected bears the mark that the cursor goes to.
    fn make_linear(&mut self) {
        self.linear = true;
        for name in linear::SELECTED {
            let marked = self.style(name).add_modifier(linear::HERE);
            self.styles.insert(name.to_owned(), marked);
        }
    }

    /// Whether everything is drawn for who hears or feels it.
    pub fn is_linear(&self) -> bool {
        self.linear
    }

    /// Whether bars stand beside what is longer than its room. Who hears the screen is told otherwise.
    pub fn has_bars(&self) -> bool {
        !self.bare && !self.linear
    }

    /// The style of this meaning.
    pub fn style(&self, name: &'static str) -> Style {
        self.find(name).unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<Style> {
        std::iter::successors(Some(name), |n| {
            n.rsplit_once('.').map(|(shorter, _)| shorter)
        })
        .find_map(|n| self.styles.get(n).copied())
    }
}

/// A theme's mistake in one line.
pub fn said(problem: &Problem) -> String {
    match (problem.line, problem.hint.as_str()) {
        (0, "") => problem.message.clone(),
        (0, hint) => format!("{}; {hint}", problem.message),
        _ => format!("theme, {problem}"),
    }
}

/// A theme as written, before its colours' names are looked up.
#[derive(Default)]
struct Source {
    palette: BTreeMap<String, Color>,
    styles: BTreeMap<String, Written>,
}

struct Written {
    fg: Option<String>,
    bg: Option<String>,
    modifiers: Modifier,
    /// Where it stands, without a word yet of what is wrong.
    place: Problem,
}

/// How deep themes may inherit.
const DEEPEST: usize = 4;

impl Source {
    fn built_in(&mut self, name: &str, warnings: &mut Vec<Problem>) {
        self.layer(name, 0, warnings);
    }

    fn layer(&mut self, name: &str, depth: usize, warnings: &mut Vec<Problem>) {
        match BUILT_IN.iter().find(|(n, _)| *n == name) {
            Some((_, text)) if depth < DEEPEST => {
                self.text(text, None, depth, warnings);
            }
            _ => {
                let told = format!("there is no theme `{name}` to inherit from");
                warnings.push(Problem::of_all(told));
            }
        }
    }

    /// A user's file: over what it inherits, else over the usual theme.
    fn file(&mut self, text: &str, usual: &str, warnings: &mut Vec<Problem>) {
        self.text(text, Some(usual), 0, warnings);
    }

    fn text(&mut self, text: &str, usual: Option<&str>, depth: usize, warnings: &mut Vec<Problem>) {
        let place = |at: usize| Problem::at(text, at, "");
        let told = |at: Problem, message: String| Problem { message, ..at };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |s| s.start);
            let message = error.message().lines().next().unwrap_or("");
            warnings.push(Problem::at(text, at, message));
        }
        let table = table.get_ref();
        let parent = table.get("inherits").and_then(|v| v.get_ref().as_str());
        if let Some(parent) = parent.or(usual) {
            self.layer(parent, depth + 1, warnings);
        }
        for (key, value) in table {
            let at = place(key.span().start);
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("inherits" | "name", DeValue::String(_)) => {}
                ("palette", DeValue::Table(entries)) => {
                    for (key, value) in entries {
                        let at = place(key.span().start);
                        match value.get_ref().as_str().and_then(colour) {
                            Some(c) => {
                                self.palette.insert(key.get_ref().to_string(), c);
                            }
                            None => warnings.push(told(
                                at,
                                format!(
                                    "`{}` is no colour; write \"#rrggbb\", a name or \"default\"",
                                    key.get_ref()
                                ),
                            )),
                        }
                    }
                }
                ("styles", DeValue::Table(entries)) => {
                    for (key, value) in entries {
                        let at = place(key.span().start);
                        match written(value.get_ref(), at.clone()) {
                            Ok(style) => {
                                self.styles.insert(key.get_ref().to_string(), style);
                            }
                            Err(what) => warnings.push(told(at, what)),
                        }
                    }
                }
                (other, _) => {
                    let what = "is not known; a theme has inherits, [palette] and [styles]";
                    warnings.push(told(at, format!("`{other}` {what}")));
                }
            }
        }
    }

    fn theme(self, colours: Colours, warnings: &mut Vec<Problem>) -> Theme {
        let mut theme = Theme {
            colours,
            ..Theme::default()
        };
        for (name, written) in &self.styles {
            let mut style = Style::default().add_modifier(written.modifiers);
            let mut look = |wanted: &Option<String>| {
                let wanted = wanted.as_deref()?;
                let found = self.palette.get(wanted).copied().or_else(|| colour(wanted));
                if found.is_none() {
                    let message = format!("there is no colour `{wanted}`");
                    warnings.push(Problem {
                        message,
                        ..written.place.clone()
                    });
                }
                found.and_then(|c| fewer(c, colours))
            };
            style.fg = look(&written.fg);
            style.bg = look(&written.bg);
            theme.styles.insert(name.clone(), style);
        }
        theme
    }
}

fn written(value: &DeValue<'_>, place: Problem) -> Result<Written, String> {
    let mut style = Written {
        fg: None,
        bg: None,
        modifiers: Modifier::empty(),
        place,
    };
    let table = match value {
        DeValue::String(colour) => {
            style.fg = Some(colour.to_string());
            return Ok(style);
        }
        DeValue::Table(table) => table,
        _ => return Err("a style is a colour or { fg, bg, mods }".to_owned()),
    };
    for (key, value) in table {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("fg", DeValue::String(c)) => style.fg = Some(c.to_string()),
            ("bg", DeValue::String(c)) => style.bg = Some(c.to_string()),
            ("mods", DeValue::Array(list)) => {
                for item in list.iter() {
                    let name = item.get_ref().as_str().unwrap_or("");
                    style.modifiers |= modifier(name).ok_or_else(|| {
                        format!(
                            "`{name}` is none of bold, dim, italic, underlined, reversed, struck"
                        )
                    })?;
                }
            }
            (other, _) => return Err(format!("`{other}`: a style has fg, bg and mods")),
        }
    }
    Ok(style)
}

fn modifier(name: &str) -> Option<Modifier> {
    Some(match name {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        "struck" => Modifier::CROSSED_OUT,
        _ => return None,
    })
}

fn colour(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    text.parse().ok()
}

/// The colour as the terminal can show it; `None`: not at all.
fn fewer(colour: Color, colours: Colours) -> Option<Color> {
    match (colour, colours) {
        (_, Colours::None) => None,
        (Color::Rgb(r, g, b), Colours::Many | Colours::Sixteen) => {
            Some(Color::Indexed(nearest(r, g, b)))
        }
        (colour, _) => Some(colour),
    }
}

/// The nearest of xterm's 6×6×6 cube and its 24 greys.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    const STEPS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let channel = |v: u8| {
        let near = (0u8..).zip(STEPS);
        near.min_by_key(|(_, s)| (s - i32::from(v)).abs())
            .unwrap_or((0, 0))
    };
    let far = |x: i32, v: u8| (x - i32::from(v)).pow(2);
    let ((ri, rv), (gi, gv), (bi, bv)) = (channel(r), channel(g), channel(b));
    let cube = (
        far(rv, r) + far(gv, g) + far(bv, b),
        16 + 36 * ri + 6 * gi + bi,
    );
    let grey = (0u8..24).map(|n| {
        let v = 8 + 10 * i32::from(n);
        (far(v, r) + far(v, g) + far(v, b), 232 + n)
    });
    grey.chain([cube]).min().map_or(15, |(_, index)| index)
}

#[cfg(test)]
mod tests;
