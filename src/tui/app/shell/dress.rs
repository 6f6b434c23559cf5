//! The colours that everything is shown in: those that were chosen, those that are only looked
//! at while one chooses, and what follows the terminal's own.

use crate::tui::effect::Effect;
use crate::tui::theme::{AUTO, Colours, Surroundings, Theme};

/// The colours.
pub(super) struct Dress {
    worn: Theme,
    tried: Option<(&'static str, Theme)>,
    around: Surroundings,
    /// What the user set: `auto`, a name, or a file's text.
    setting: String,
}

impl Dress {
    /// The colours that the user set, and what was wrong with that.
    pub fn new(setting: Option<&str>, around: Surroundings) -> (Dress, Vec<String>) {
        let (worn, faults) = Theme::load(setting, around);
        let dress = Dress {
            worn,
            tried: None,
            around,
            setting: setting.unwrap_or(AUTO).to_owned(),
        };
        (dress, faults)
    }

    /// What to draw with.
    pub fn theme(&self) -> &Theme {
        self.tried.as_ref().map_or(&self.worn, |(_, theme)| theme)
    }

    /// What the terminal can show.
    pub fn around(&self) -> Surroundings {
        self.around
    }

    /// What the user set: [`AUTO`], a name, or a file's text.
    pub fn setting(&self) -> &str {
        &self.setting
    }

    fn follows(&self) -> bool {
        self.setting == AUTO || self.setting.trim().is_empty()
    }

    /// The user chose; what was wrong with that.
    pub fn choose(&mut self, setting: &str) -> Vec<String> {
        let (worn, faults) = Theme::load(Some(setting), self.around);
        self.worn = worn;
        self.tried = None;
        setting.clone_into(&mut self.setting);
        faults
    }

    /// Looks at this built-in theme; `None`: at that which was chosen.
    pub fn try_on(&mut self, name: Option<&'static str>) {
        let name = name.filter(|n| !n.is_empty());
        if self.tried.as_ref().map(|(tried, _)| *tried) != name {
            self.tried = name.map(|name| (name, Theme::load(Some(name), self.around).0));
        }
    }

    /// What has to be done to know the terminal's background. A terminal of sixteen colours has
    /// one theme for both.
    pub fn asks(&self) -> Option<Effect> {
        (self.around.colours >= Colours::Many).then_some(Effect::AskBackground)
    }

    /// The terminal said whether its background is light.
    pub fn background(&mut self, light: bool) {
        if self.around.light != light {
            self.around.light = light;
            if self.follows() {
                self.worn = Theme::load(None, self.around).0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(dress: &Dress) -> Option<ratatui::style::Color> {
        dress.theme().style("screen.text").fg
    }

    fn dressed(setting: Option<&str>) -> Dress {
        let around = Surroundings::read(|name| (name == "COLORTERM").then(|| "truecolor".into()));
        let (dress, faults) = Dress::new(setting, around);
        assert_eq!(faults, [""; 0]);
        dress
    }

    #[test]
    fn only_who_leaves_it_to_the_terminal_follows_it() {
        let mut auto = dressed(None);
        let dark = text_of(&auto);
        auto.background(true);
        let light = text_of(&auto);
        assert_ne!(dark, light);
        let mut nord = dressed(Some("nord"));
        let before = text_of(&nord);
        nord.background(true);
        assert_eq!(text_of(&nord), before);
        nord.choose("auto");
        assert_eq!(text_of(&nord), light);
    }

    #[test]
    fn what_is_tried_is_taken_off_again() {
        let mut dress = dressed(None);
        let worn = text_of(&dress);
        dress.try_on(Some("gruvbox-light"));
        assert_ne!(text_of(&dress), worn);
        dress.try_on(None);
        assert_eq!(text_of(&dress), worn);
        dress.try_on(Some("nord"));
        let nord = text_of(&dress);
        dress.choose("nord");
        assert_eq!(text_of(&dress), nord);
    }
}
