//! The colours that everything is shown in: those that were chosen, those that are only looked
//! at while one chooses, and what follows the terminal's own.

use crate::config::TagLook;
use crate::tui::effect::Effect;
use crate::tui::theme::{AUTO, Colours, Surroundings, Theme, said, unknown};

/// The colours.
pub(super) struct Dress {
    worn: Theme,
    /// What it was made of: a name, or the text of a file as it was then. `None`: the terminal.
    cut: Option<String>,
    tried: Option<(String, Theme)>,
    /// The user's themes: name and text.
    own: Vec<(String, String)>,
    around: Surroundings,
    /// The colours that the user gave tags.
    tags: Vec<TagLook>,
    /// What the user set: `auto`, a name, or a file's text. There may be nothing of that name, yet or
    /// any more.
    setting: String,
}

impl Dress {
    /// The colours that the user set, and what was wrong with that.
    pub fn new(
        setting: Option<&str>,
        own: Vec<(String, String)>,
        around: Surroundings,
    ) -> (Dress, Vec<String>) {
        let mut dress = Dress {
            worn: Theme::load(None, around).0,
            cut: None,
            tried: None,
            own,
            around,
            tags: Vec::new(),
            setting: AUTO.to_owned(),
        };
        let faults = dress.set(setting);
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

    /// The user chose; what was wrong with that. A name that no theme has changes nothing.
    pub fn choose(&mut self, setting: &str) -> Vec<String> {
        let own = self.own.iter().map(|(name, _)| name.as_str());
        if let Some(problem) = unknown(setting, own) {
            return vec![said(&problem)];
        }
        let cut = meant(&self.own, Some(setting)).filter(|s| *s != AUTO);
        self.cut = cut.map(str::to_owned);
        setting.clone_into(&mut self.setting);
        self.again()
    }

    /// The configuration says so; what is wrong with that. What is not there is worn as soon as it is.
    fn set(&mut self, setting: Option<&str>) -> Vec<String> {
        let setting = setting.unwrap_or(AUTO);
        let faults = self.choose(setting);
        setting.clone_into(&mut self.setting);
        faults
    }

    /// What is worn, made once more of the same: something else may be around. What is wrong with it.
    fn again(&mut self) -> Vec<String> {
        let (worn, faults) = self.made(self.cut.as_deref());
        self.worn = worn;
        self.tried = None;
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
            Some(name) => self.set(name),
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
        // What is wrong with it was said when it was chosen.
        self.again();
    }

    /// Whether bars stand beside what is longer than its room.
    pub fn bars(&mut self, on: bool) {
        self.around.bars = on;
        self.again();
    }

    /// The terminal said whether its background is light. A file of the user's that inherits nothing
    /// follows it, too: it lies over what suits the terminal.
    pub fn background(&mut self, light: bool) {
        if self.around.light != light {
            self.around.light = light;
            self.again();
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
    fn a_name_that_no_theme_has_changes_nothing() {
        let mut dress = dressed(Some("nord"));
        let nord = text_of(&dress);
        let told = dress.choose("light").concat();
        assert!(told.contains("no theme `light`; did you mean"), "{told}");
        assert_eq!((dress.setting(), text_of(&dress)), ("nord", nord));
        dress.bars(false);
        assert_eq!(text_of(&dress), nord);
        // Without colours a wrong name is one, too.
        let mut none = Dress::new(None, Vec::new(), Surroundings::read(|_| Some("1".into()))).0;
        assert_eq!(none.around().colours, Colours::None);
        assert_eq!(none.choose("light"), [told]);
        // The configuration may name one before it is there.
        assert_eq!(dress.own(Vec::new(), Some(Some("mine"))).len(), 1);
        assert_eq!(text_of(&dress), nord);
        let mine = "[styles]\n\"screen.text\" = \"#010203\"\n".to_owned();
        dress.own(vec![("mine".to_owned(), mine)], None);
        assert_ne!(text_of(&dress), nord);
    }

    #[test]
    fn what_is_worn_stays_whatever_else_changes() {
        let mine = "[styles]\n\"title\" = \"#010203\"\n".to_owned();
        let title = |dress: &Dress| dress.theme().style("title").fg;
        let mut dress = dressed(None);
        dress.own(vec![("mine".to_owned(), mine)], Some(Some("mine")));
        let (worn, dark) = (title(&dress), text_of(&dress));
        // The file became wrong, or is gone.
        dress.own(Vec::new(), None);
        dress.linear(true);
        assert_eq!(title(&dress), worn);
        dress.bars(false);
        assert_eq!((title(&dress), text_of(&dress)), (worn, dark));
        // It inherits nothing: what lies below follows the terminal, and goes on doing so.
        dress.background(true);
        let light = text_of(&dress);
        assert_ne!(light, dark);
        dress.linear(false);
        assert_eq!((title(&dress), text_of(&dress)), (worn, light));
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
