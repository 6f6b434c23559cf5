//! The colours that everything is shown in: those that were chosen, those that are only looked
//! at while one chooses, and what follows the terminal's own.

use crate::config::TagLook;
use crate::tui::effect::Effect;
use crate::tui::theme::{AUTO, Colours, Surroundings, Theme};

/// The colours.
pub(super) struct Dress {
    worn: Theme,
    tried: Option<(String, Theme)>,
    /// The user's themes: name and text.
    own: Vec<(String, String)>,
    around: Surroundings,
    /// The colours that the user gave tags.
    tags: Vec<TagLook>,
    /// What the user set: `auto`, a name, or a file's text.
    setting: String,
}

impl Dress {
    /// The colours that the user set, and what was wrong with that.
    pub fn new(
        setting: Option<&str>,
        own: Vec<(String, String)>,
        around: Surroundings,
    ) -> (Dress, Vec<String>) {
        let (worn, faults) = Theme::load(meant(&own, setting), around);
        let dress = Dress {
            worn,
            tried: None,
            own,
            around,
            tags: Vec::new(),
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

    /// Tags have these colours.
    pub fn tags(&mut self, tags: &[TagLook]) {
        self.tags = tags.to_vec();
        self.worn.set_tags(tags);
        if let Some((_, tried)) = &mut self.tried {
            tried.set_tags(tags);
        }
    }

    /// A theme with the tags' colours, and what was wrong with it.
    fn made(&self, setting: Option<&str>) -> (Theme, Vec<String>) {
        let (mut theme, faults) = Theme::load(setting, self.around);
        theme.set_tags(&self.tags);
        (theme, faults)
    }

    fn follows(&self) -> bool {
        self.setting == AUTO || self.setting.trim().is_empty()
    }

    /// The user chose; what was wrong with that.
    pub fn choose(&mut self, setting: &str) -> Vec<String> {
        let (worn, faults) = self.made(meant(&self.own, Some(setting)));
        self.worn = worn;
        self.tried = None;
        setting.clone_into(&mut self.setting);
        faults
    }

    /// Other themes of the user's, and perhaps another choice among all; what was wrong with that.
    /// One that is not there any more is still worn.
    pub fn own(&mut self, own: Vec<(String, String)>, chosen: Option<Option<&str>>) -> Vec<String> {
        let text = |own: &[(String, String)], name: &str| {
            let found = own.iter().find(|(n, _)| n == name);
            found.map(|(_, text)| text.clone())
        };
        let before = text(&self.own, &self.setting);
        let after = text(&own, &self.setting);
        self.own = own;
        match chosen {
            Some(name) => self.choose(name.unwrap_or(AUTO)),
            None if after.is_some() && before != after => {
                let same = self.setting.clone();
                self.choose(&same)
            }
            None => Vec::new(),
        }
    }

    /// Looks at this theme; `None`: at that which was chosen.
    pub fn try_on(&mut self, name: Option<&str>) {
        let name = name.filter(|n| !n.is_empty());
        if self.tried.as_ref().map(|(tried, _)| tried.as_str()) != name {
            let theme = |name: &str| self.made(meant(&self.own, Some(name))).0;
            self.tried = name.map(|name| (name.to_owned(), theme(name)));
        }
    }

    /// What has to be done to know the terminal's background. A terminal of sixteen colours has
    /// one theme for both.
    pub fn asks(&self) -> Option<Effect> {
        (self.around.colours >= Colours::Many).then_some(Effect::AskBackground)
    }

    /// Whether everything is drawn for who hears or feels it.
    pub fn linear(&mut self, on: bool) {
        self.around.linear = on;
        self.tried = None;
        let same = self.setting.clone();
        // What is wrong with it was said when it was chosen.
        self.choose(&same);
    }

    /// Whether bars stand beside what is longer than its room.
    pub fn bars(&mut self, on: bool) {
        self.around.bars = on;
        self.linear(self.around.linear);
    }

    /// The terminal said whether its background is light.
    pub fn background(&mut self, light: bool) {
        if self.around.light != light {
            self.around.light = light;
            if self.follows() {
                self.worn = self.made(None).0;
            }
        }
    }
}

/// The text of the user's theme of this name, or else the name.
fn meant<'t>(own: &'t [(String, String)], setting: Option<&'t str>) -> Option<&'t str> {
    let found = own.iter().find(|(name, _)| Some(name.as_str()) == setting);
    found.map_or(setting, |(_, text)| Some(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(dress: &Dress) -> Option<ratatui::style::Color> {
        dress.theme().style("screen.text").fg
    }

    fn dressed(setting: Option<&str>) -> Dress {
        let around = Surroundings::read(|name| (name == "COLORTERM").then(|| "truecolor".into()));
        let (dress, faults) = Dress::new(setting, Vec::new(), around);
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
    fn a_theme_of_the_users_is_worn_as_it_is_now() {
        let text = |colour: &str| format!("[styles]\n\"screen.text\" = \"{colour}\"\n");
        let own = |colour: &str| vec![("mine".to_owned(), text(colour))];
        let mut dress = dressed(None);
        assert_eq!(dress.own(own("#010203"), Some(Some("mine"))), [""; 0]);
        let first = text_of(&dress);
        assert_eq!(dress.own(own("#030201"), None), [""; 0]);
        assert_ne!(text_of(&dress), first);
        let second = text_of(&dress);
        dress.own(Vec::new(), None);
        assert_eq!(text_of(&dress), second, "it is gone, and still worn");
    }

    #[test]
    fn tags_keep_their_colours_whatever_is_worn() {
        let own = crate::config::load::parse(
            "[tags.rust]\ncolour = \"#010203\"\n",
            std::path::Path::new("/c"),
        );
        let mut dress = dressed(None);
        dress.tags(&own.config.tags);
        let colour = |dress: &Dress| dress.theme().tag("rust").fg;
        let own = colour(&dress);
        assert_eq!(own, Some(ratatui::style::Color::Rgb(1, 2, 3)));
        dress.try_on(Some("nord"));
        assert_eq!(colour(&dress), own);
        dress.choose("nord");
        assert_eq!(colour(&dress), own);
        dress.choose("auto");
        dress.background(true);
        assert_eq!(colour(&dress), own);
        dress.tags(&[]);
        assert_ne!(colour(&dress), own);
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
