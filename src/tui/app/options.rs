//! The settings over the panes: what their keys lead to, and the choice among values. Colours are
//! shown while one chooses.

use crate::config::keep::Keep;
use crate::config::options::Kind;
use crate::config::settings::{Group, Row, Step, Value, Way};
use crate::lang::{self, tr, trc};
use crate::text::Clean;
use crate::tui::app::layers::{Choice, Layer, Purpose, Turn};
use crate::tui::app::state::Panes;
use crate::tui::effect::Effect;
use crate::tui::screen::picker::{Item, Picker};
use crate::tui::screen::prompt::{Kind as Typed, Prompt};
use crate::tui::screen::settings::{Outcome, Settings};
use crate::tui::theme::{AUTO, BUILT_IN};

impl Layer {
    /// Every option.
    pub fn settings(groups: Vec<Group>) -> Layer {
        Layer::Settings(Settings::new(groups))
    }

    /// The settings, if it is they.
    pub fn as_settings(&mut self) -> Option<&mut Settings> {
        match self {
            Layer::Settings(settings) => Some(settings),
            _ => None,
        }
    }

    /// Other colours. Those that were set stand first, so that nothing changes before a key says so.
    pub fn theme(set: &str, own: &[String]) -> Layer {
        let mean = |name: &str| Choice::Theme(name.to_owned());
        Layer::Choose(Picker::new(
            Clean::lit(tr!("Colours")),
            themes(set, own, mean),
        ))
    }

    /// One of the values that an option can have.
    fn value(row: &Row, panes: &Panes) -> Layer {
        let title = Clean::line(&row.key);
        let holds = row.holds().trim_matches('"');
        let mean = |word: &str| Choice::Set(row.way.clone(), Some(Value::Text(word.to_owned())));
        let items = match row.option.kind {
            Kind::Word(words) => {
                let item = |word: &&str| Item {
                    label: Clean::line(word),
                    detail: match *word == holds {
                        true => Clean::lit(tr!("as it is")),
                        false => Clean::default(),
                    },
                    aside: Clean::default(),
                    value: mean(word),
                };
                words.iter().map(item).collect()
            }
            _ => themes(holds, &panes.themes, mean),
        };
        Layer::Choose(Picker::new(title, items))
    }

    /// The theme that would be chosen now.
    pub fn trying(&self) -> Option<&str> {
        let Layer::Choose(picker) = self else {
            return None;
        };
        match picker.at_hand()? {
            Choice::Theme(name) => Some(name),
            Choice::Set(way, Some(Value::Text(name))) if is_theme(way) => Some(name),
            _ => None,
        }
    }

    /// What is wanted with an option.
    pub(super) fn optioned(outcome: Outcome, panes: &Panes, fx: &mut Vec<Effect>) -> Turn {
        match outcome {
            Outcome::Stay => Turn::stay(),
            Outcome::Closed => Turn::closed(),
            Outcome::Set(way, value) => {
                fx.push(Effect::Keep(Keep::Set(way, value)));
                Turn::stay()
            }
            Outcome::Choose(row) => Turn::covered(Layer::value(&row, panes)),
            Outcome::Type(row) => {
                let label = Clean::line(&format!("{}: ", row.key));
                let mut prompt = Prompt::new(label, Typed::Text, &row.typed());
                let can = match row.option.kind {
                    Kind::Texts | Kind::Program => {
                        tr!("words, those with a space in quotes").to_owned()
                    }
                    Kind::Text => tr!("\\n ends a line").to_owned(),
                    kind => kind.words(),
                };
                prompt.remark(Clean::line(&format!(
                    "{} ({can})",
                    lang::of(row.option.about)
                )));
                Turn::covered(Layer::asking(prompt, Purpose::Setting(row)))
            }
        }
    }
}

fn is_theme(way: &Way) -> bool {
    let keys = ["ui", "theme"].map(|key| Step::Key(key.to_owned()));
    *way == keys
}

fn themes(set: &str, own: &[String], mean: impl Fn(&str) -> Choice) -> Vec<Item<Choice>> {
    let item = |name: &str, detail| Item {
        label: Clean::line(name),
        detail: Clean::lit(detail),
        aside: Clean::default(),
        value: mean(name),
    };
    let names = || {
        let built_in = BUILT_IN.iter().map(|(name, _)| *name);
        let own = own.iter().map(String::as_str);
        std::iter::once(AUTO).chain(own).chain(built_in)
    };
    let about = |name: &str| match name {
        AUTO => tr!("after the terminal"),
        name if own.iter().any(|n| n == name) => trc!("theme", "yours"),
        _ => "",
    };
    let first = match names().find(|name| *name == set) {
        Some(name) => item(name, tr!("as it is")),
        None => Item {
            label: Clean::lit(tr!("your own")),
            ..item("", tr!("as it is"))
        },
    };
    let others = names().filter(|name| *name != set);
    std::iter::once(first)
        .chain(others.map(|name| item(name, about(name))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Lang, during};

    #[test]
    fn what_is_said_of_colours_is_in_the_language_of_the_screen() {
        let told = |lang| {
            during(lang, || {
                let own = ["mine".to_owned()];
                let all = themes("nothing known", &own, |_| Choice::Theme(String::new()));
                all.into_iter()
                    .map(|item| item.detail.to_string())
                    .collect::<Vec<_>>()
            })
        };
        let (english, german) = (told(Lang::English), told(Lang::German));
        for (one, other) in english
            .iter()
            .zip(&german)
            .filter(|(one, _)| !one.is_empty())
        {
            assert_ne!(one, other);
        }
        assert_eq!(english.iter().filter(|told| !told.is_empty()).count(), 3);
    }
}
