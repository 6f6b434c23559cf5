//! The palette: every command that can be given here, found by a few letters, its keys beside it,
//! so that using it teaches the keys.

use crate::lang::{self, tr};
use crate::text::Clean;
use crate::tui::command::{Command, Context, TABLE};
use crate::tui::keymap::Keymap;
use crate::tui::screen::picker::{Item, Picker};

/// The palette of a context.
pub fn palette(context: Context, keymap: &Keymap) -> Picker<Command> {
    Picker::new(Clean::lit(tr!("Commands")), items(context, keymap))
}

fn items(context: Context, keymap: &Keymap) -> Vec<Item<Command>> {
    TABLE
        .iter()
        .filter(|i| i.command.fits(context) && i.command != Command::Palette)
        .map(|info| {
            let mut keys = keymap.keys_of(context, info.command);
            keys.sort_by_key(|k| k.chars().count());
            keys.truncate(2);
            Item {
                label: Clean::lit(lang::of(info.about)),
                detail: Clean::lit(info.name),
                aside: Clean::line(&keys.join("  ")),
                value: info.command,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::presets;
    use crate::tui::screen::picker::Outcome;
    use crate::tui::theme::Theme;
    use crate::tui::widget::ink::tests::shown;

    #[test]
    fn commands_are_found_by_name_and_by_what_they_do() {
        let (keymap, _) = Keymap::load(None);
        for (typed, command) in [
            ("arch", Command::Archive),
            ("repl al", Command::ReplyAll),
            ("conversation", Command::Fold),
            ("undo", Command::Undo),
            ("half page d", Command::HalfDown),
        ] {
            let mut palette = palette(Context::Index, &keymap);
            palette.paste(typed);
            let enter = Key::parse("enter").unwrap().event();
            let found = palette.update(&enter);
            if typed == "conversation" {
                assert!(matches!(found, Outcome::Picked(_)));
            } else {
                assert_eq!(found, Outcome::Picked(command), "{typed}");
            }
        }
    }

    #[test]
    fn every_command_is_in_the_palette_on_the_command_line_and_on_a_key_or_listed_without_one() {
        for preset in presets::names() {
            let (map, warnings) = Keymap::load(Some(&format!("preset = \"{preset}\"\n")));
            assert_eq!(warnings, [""; 0]);
            for info in TABLE {
                assert_eq!(Command::from_name(info.name), Some(info.command));
                for context in info.contexts {
                    let here = match context {
                        Context::Global => Context::Index,
                        context => *context,
                    };
                    let name = info.name;
                    assert!(info.command.fits(here), "{name} is not offered in {here:?}");
                    let listed = items(here, &map).iter().any(|i| i.value == info.command);
                    assert!(
                        listed || info.command == Command::Palette,
                        "{name} is not in the palette of {here:?}"
                    );
                    let bound = !map.keys_of(*context, info.command).is_empty();
                    assert!(
                        bound || map.unbound().contains(&info.command),
                        "{preset}: {name} has no key in {context:?}, and is not `unbound`"
                    );
                }
            }
        }
    }

    #[test]
    fn keys_stand_beside() {
        let (keymap, _) = Keymap::load(None);
        for (columns, rows) in [(40, 12), (80, 24), (200, 50)] {
            let mut palette = palette(Context::Reader, &keymap);
            palette.paste("re");
            let drawn = shown(columns, rows, |buf, area| {
                palette.draw(buf, area, &Theme::default())
            });
            insta::assert_snapshot!(format!("palette_{columns}x{rows}"), drawn);
        }
    }
}
