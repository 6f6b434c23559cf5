//! In which colour a tag is drawn: as the user says, else the five as in Thunderbird, each in the
//! theme's own red, orange, green, blue and purple, so that it can be read on the theme's ground.
//! Its name always stands there; the colour only helps to find it.

use super::{Colours, Theme, fewer};
use crate::config::{Dye, Hue, TagLook};
use crate::model::tag;
use ratatui::style::{Color, Style};
use std::collections::BTreeMap;

/// The colours of tags, by the tag's id ([`tag::id`]).
pub(super) type Dyes = BTreeMap<String, Dye>;

/// What the five have unless the user says otherwise.
const FIVE: [(&str, Hue); 5] = [
    ("$label1", Hue::Red),
    ("$label2", Hue::Orange),
    ("$label3", Hue::Green),
    ("$label4", Hue::Blue),
    ("$label5", Hue::Purple),
];

impl Theme {
    /// Draws these tags so from now on.
    pub fn set_tags(&mut self, looks: &[TagLook]) {
        let dyed = looks.iter().filter_map(|l| Some((l.id(), l.colour?)));
        self.dyes = dyed.collect();
    }

    /// The style of the tag of this id ([`tag::id`]).
    pub fn tag(&self, id: &str) -> Style {
        let usual = || {
            let mut five = FIVE.iter();
            five.find(|(known, _)| *known == id)
                .map(|(_, hue)| Dye::Hue(*hue))
        };
        match self.dyes.get(id).copied().or_else(usual) {
            None => self.style("index.tag"),
            Some(Dye::Hue(hue)) => self.style(named(hue)),
            Some(Dye::Exactly(paper)) => match self.colours {
                Colours::None => self.style("index.tag"),
                Colours::Sixteen => self.style(named(nearest(paper))),
                Colours::Many | Colours::All => {
                    let [red, green, blue] = paper;
                    let style = self.style("index.tag");
                    match fewer(Color::Rgb(red, green, blue), self.colours) {
                        Some(colour) => style.fg(colour),
                        None => style,
                    }
                }
            },
        }
    }

    /// The style of the tag that is called so.
    pub fn tag_called(&self, name: &str) -> Style {
        self.tag(&tag::id_called(name))
    }
}

/// The meaning that a hue has in themes.
fn named(hue: Hue) -> &'static str {
    match hue {
        Hue::Red => "index.tag.red",
        Hue::Orange => "index.tag.orange",
        Hue::Yellow => "index.tag.yellow",
        Hue::Green => "index.tag.green",
        Hue::Cyan => "index.tag.cyan",
        Hue::Blue => "index.tag.blue",
        Hue::Purple => "index.tag.purple",
        Hue::Grey => "index.tag.grey",
    }
}

/// The hue that is nearest to a colour.
fn nearest(paper: [u8; 3]) -> Hue {
    let far = |other: &[u8; 3]| -> i32 {
        let parts = paper.iter().zip(other);
        parts
            .map(|(a, b)| (i32::from(*a) - i32::from(*b)).pow(2))
            .sum()
    };
    let nearest = Hue::ALL.iter().min_by_key(|(_, _, other)| far(other));
    nearest.map_or(Hue::Grey, |(_, hue, _)| *hue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Surroundings;

    fn theme(name: Option<&str>, colours: Colours, colour: Dye) -> Theme {
        let around = Surroundings {
            colours,
            light: false,
            linear: false,
            bars: true,
        };
        let mut theme = Theme::load(name, around).0;
        let look = |key: &str, colour| TagLook {
            key: key.to_owned(),
            name: None,
            colour,
        };
        theme.set_tags(&[look("Rust", Some(colour)), look("work", None)]);
        theme
    }

    #[test]
    fn the_five_have_colours_of_the_theme_and_others_what_the_user_says() {
        let sand = Dye::Exactly([0xd8, 0x30, 0x2c]);
        for name in ["postrider-dark", "solarized-light", "colour-blind"] {
            let theme = theme(Some(name), Colours::All, sand);
            let five = FIVE.map(|(id, _)| theme.tag(id).fg);
            for (n, colour) in five.iter().enumerate() {
                assert!(colour.is_some() && !five[..n].contains(colour), "{name}");
            }
            assert_eq!(theme.tag_called("todo"), theme.style("index.tag.blue"));
            assert_eq!(theme.tag("rust").fg, Some(Color::Rgb(0xd8, 0x30, 0x2c)));
            assert_eq!(theme.tag("other"), theme.style("index.tag"));
        }
    }

    #[test]
    fn a_terminal_of_few_colours_has_the_nearest_and_one_of_none_none() {
        let red = Dye::Exactly([0xd8, 0x30, 0x2c]);
        let few = theme(None, Colours::Sixteen, red);
        assert_eq!(few.tag("rust"), few.style("index.tag.red"));
        assert_eq!(few.tag("rust").fg, Some(Color::Red));
        let none = theme(Some("nord"), Colours::None, red);
        for id in ["rust", "$label1", "$label5"] {
            assert_eq!((none.tag(id).fg, none.tag(id).bg), (None, None));
        }
        let many = theme(None, Colours::Many, red);
        assert!(matches!(many.tag("rust").fg, Some(Color::Indexed(_))));
    }
}
