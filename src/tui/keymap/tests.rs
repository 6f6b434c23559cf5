//! The default keys are complete, and files are read with patience.

use super::*;
use crate::tui::command::TABLE;

fn press(map: &Keymap, context: Context, keys: &str) -> Vec<Step> {
    let mut pending = Pending::default();
    Key::sequence(keys)
        .unwrap()
        .into_iter()
        .map(|k| map.step(context, &mut pending, k))
        .collect()
}

fn call(command: Command) -> Step {
    Step::Call(command.into())
}

#[test]
fn every_command_has_a_key_or_is_listed_without() {
    let (map, warnings) = Keymap::load(None);
    assert_eq!(warnings, [""; 0]);
    for info in TABLE {
        for context in info.contexts {
            let bound = !map.keys_of(*context, info.command).is_empty();
            let listed = map.unbound().contains(&info.command);
            assert!(
                bound != listed,
                "`{}` in [{}] must either have a key in assets/keys.toml or stand under `unbound`",
                info.name,
                context.name()
            );
        }
    }
}

#[test]
fn no_default_key_is_bound_twice_in_another_spelling() {
    let table = DeTable::parse(DEFAULT).unwrap();
    for (name, value) in table.get_ref() {
        let Some(entries) = value.get_ref().as_table() else {
            continue;
        };
        let mut seen = Vec::new();
        for key in entries.keys() {
            let keys = Key::sequence(key.get_ref()).unwrap();
            assert_eq!(written(&keys), key.get_ref().as_ref(), "write it so");
            assert!(!seen.contains(&keys), "[{}] {key:?} twice", name.get_ref());
            seen.push(keys);
        }
    }
}

#[test]
fn sequences_and_nearer_contexts() {
    let (map, _) = Keymap::load(None);
    assert_eq!(press(&map, Context::Index, "e"), [call(Command::Archive)]);
    let steps = press(&map, Context::Reader, "g g");
    assert!(matches!(&steps[0], Step::Pending(c) if c.iter().any(|c| c.keys == "i")));
    assert_eq!(steps[1], call(Command::First));
    assert_eq!(press(&map, Context::Index, "o"), [call(Command::Open)]);
    assert_eq!(press(&map, Context::Reader, "o"), [call(Command::Links)]);
    assert_eq!(
        press(&map, Context::Reader, "right"),
        [call(Command::NextMessage)]
    );
    assert_eq!(press(&map, Context::Composer, "e"), [Step::None]);
    assert_eq!(press(&map, Context::Index, "g x")[1], Step::None);
    let one = press(&map, Context::Index, "alt-3");
    assert!(matches!(&one[0], Step::Call(c) if c.argument.as_deref() == Some("3")));
}

#[test]
fn a_key_that_also_begins_a_sequence_waits() {
    let (map, _) = Keymap::load(Some("[index]\n\"z a\" = \"fold\"\n"));
    let mut pending = Pending::default();
    let z = Key::parse("z").unwrap();
    assert!(matches!(
        map.step(Context::Index, &mut pending, z),
        Step::Pending(_)
    ));
    assert!(map.waits(Context::Index, &pending));
    assert_eq!(
        map.expire(Context::Index, &mut pending),
        Some(Command::Undo.into())
    );
    assert!(pending.is_empty());

    assert_eq!(press(&map, Context::Index, "z a")[1], call(Command::Fold));
    let steps = press(&map, Context::Index, "z j");
    assert_eq!(steps[1], Step::Again(Command::Undo.into()));
    // Undo twice in a row is undo twice.
    assert_eq!(
        press(&map, Context::Index, "z z")[1],
        Step::Again(Command::Undo.into())
    );
    // Where nothing longer begins with it, it does not wait.
    assert_eq!(press(&map, Context::Reader, "z"), [call(Command::Undo)]);
    // Escape takes it back.
    assert_eq!(
        press(&map, Context::Index, "z esc a")[2],
        call(Command::ReplyAll)
    );
    // A prefix that means nothing waits without a deadline.
    map.step(Context::Index, &mut pending, Key::parse("g").unwrap());
    assert!(!map.waits(Context::Index, &pending));
    assert_eq!(map.expire(Context::Index, &mut pending), None);
}

#[test]
fn a_users_file_is_a_patch_and_mistakes_are_told_with_their_line() {
    let user = "[index]\n\"d\" = \"none\"\n\"D\" = \"trash\"\n\"w\" = \"tarsh\"\n\"n\" = 3\n\n[reader]\n\
                \"hyper-x\" = \"raw\"\n\"g w\" = \"go-mailbox Lists/a b\"\n[composer]\n\"x\" = \"send\"\n\
                [pager]\n[sidebar]\n\"x\" = \"archive\"\n";
    let (map, warnings) = Keymap::load(Some(user));
    assert_eq!(
        warnings,
        [
            "keys.toml, line 11, column 1: `x` writes a letter in the composer",
            "keys.toml, line 4, column 1: there is no command `tarsh`; did you mean `trash`?",
            "keys.toml, line 5, column 1: `n` has to be given a command in quotes",
            "keys.toml, line 12, column 2: there is no context `pager`; there are global, sidebar, index, reader, composer",
            "keys.toml, line 8, column 1: there is no key `hyper-x`",
            "keys.toml, line 14, column 1: `archive` can't be done in [sidebar]",
        ]
    );
    assert_eq!(press(&map, Context::Index, "d"), [Step::None]);
    assert_eq!(press(&map, Context::Index, "D"), [call(Command::Trash)]);
    assert_eq!(
        map.keys_of(Context::Index, Command::Trash),
        ["#", "delete", "D"]
    );
    let go = press(&map, Context::Reader, "g w");
    assert!(matches!(&go[1], Step::Call(c) if c.argument.as_deref() == Some("Lists/a b")));
    assert_eq!(press(&map, Context::Index, "e"), [call(Command::Archive)]);

    let (map, warnings) = Keymap::load(Some("[index\n\"e\" = "));
    assert!(
        warnings[0].starts_with("keys.toml, line 1, "),
        "{warnings:?}"
    );
    assert_eq!(press(&map, Context::Index, "e"), [call(Command::Archive)]);
}

#[test]
fn shown_keys_are_those_that_work() {
    let (map, _) = Keymap::load(None);
    assert_eq!(
        map.keys_of(Context::Reader, Command::PageDown),
        ["space", "ctrl-f", "pagedown"]
    );
    assert_eq!(map.key_of(Context::Index, Command::Trash).unwrap(), "#");
    assert_eq!(
        map.keys_of(Context::Index, Command::Back),
        ["esc", "h", "left"]
    );
    // `left` is taken away from `back` only where a nearer context has it.
    let (map, _) = Keymap::load(Some("[index]\n\"h\" = \"open\"\n"));
    assert_eq!(map.keys_of(Context::Index, Command::Back), ["esc", "left"]);
    assert_eq!(
        map.keys_of(Context::Sidebar, Command::Back),
        ["esc", "h", "left"]
    );
}

#[test]
fn undo_never_waits_for_another_key() {
    let (map, _) = Keymap::load(None);
    for context in [Context::Sidebar, Context::Index, Context::Reader] {
        assert_eq!(press(&map, context, "z"), [call(Command::Undo)]);
    }
}

fn with(preset: &str) -> Keymap {
    let (map, warnings) = Keymap::load(Some(&format!("preset = \"{preset}\"\n")));
    assert_eq!(warnings, [""; 0], "{preset}");
    map
}

#[test]
fn a_preset_leaves_no_command_without_a_key_and_no_key_waiting() {
    let (usual, _) = Keymap::load(None);
    for preset in presets::names() {
        let map = with(preset);
        for info in TABLE {
            for context in info.contexts {
                assert!(
                    usual.keys_of(*context, info.command).is_empty()
                        || !map.keys_of(*context, info.command).is_empty(),
                    "{preset}: `{}` has no key in [{}]",
                    info.name,
                    context.name()
                );
                for keys in map.keys_of(*context, info.command) {
                    let keys = Key::sequence(&keys).unwrap();
                    let more = map.choices(*context, &keys);
                    assert!(
                        more.is_empty(),
                        "{preset}: {} waits for {more:?} in [{}]",
                        written(&keys),
                        context.name()
                    );
                }
            }
        }
    }
}

#[test]
fn what_a_preset_binds_is_what_the_key_does() {
    for (preset, text) in presets::PRESETS {
        let map = with(preset);
        let table = DeTable::parse(text).unwrap();
        for (name, value) in table.get_ref() {
            let context = Context::from_name(name.get_ref()).unwrap();
            for (key, value) in value.get_ref().as_table().unwrap() {
                let keys = Key::sequence(key.get_ref()).unwrap();
                assert_eq!(written(&keys), key.get_ref().as_ref(), "write it so");
                let (_, wanted) = entry(context, key.get_ref(), value.get_ref()).unwrap();
                for (place, _) in Context::ALL {
                    // A nearer context may give the key to something else by the preset's word.
                    let nearer = place.chain().iter().take_while(|c| **c != context);
                    let own = nearer
                        .filter_map(|c| table.get_ref().get(c.name()))
                        .filter_map(|v| v.get_ref().as_table())
                        .any(|entries| entries.contains_key(key.get_ref().as_ref()));
                    if place.chain().contains(&context) && !own {
                        let found = map.call_at(place, &keys);
                        assert_eq!(found, wanted, "{preset}: {key:?} in [{}]", place.name());
                    }
                }
            }
        }
    }
}

#[test]
fn a_preset_is_below_what_is_the_users_and_one_that_is_not_there_is_told() {
    let (map, warnings) = Keymap::load(Some("preset = \"mutt\"\n[index]\n\"d\" = \"archive\"\n"));
    assert_eq!(warnings, [""; 0]);
    assert_eq!(press(&map, Context::Index, "d"), [call(Command::Archive)]);
    assert_eq!(press(&map, Context::Index, "g"), [call(Command::ReplyAll)]);
    assert_eq!(press(&map, Context::Index, "="), [call(Command::First)]);
    let (map, warnings) = Keymap::load(Some("preset = \"elm\"\n"));
    assert_eq!(
        warnings,
        [
            "keys.toml, line 1, column 1: there is no preset `elm`; there are gmail, mutt, aerc, alpine, emacs"
        ]
    );
    assert_eq!(press(&map, Context::Index, "e"), [call(Command::Archive)]);
}

#[test]
fn a_list_of_commands_is_one_call_and_each_is_looked_at() {
    let user = "[index]\n\"g x\" = [\"archive\", \"down\"]\n\"g y\" = [\"send\"]\n\"g z\" = [3]\n\"g w\" = []\n";
    let (map, warnings) = Keymap::load(Some(user));
    let g_x = Key::sequence("g x").unwrap();
    let call = map.call_at(Context::Index, &g_x).unwrap();
    assert_eq!(call.command, Command::Do);
    assert_eq!(call.argument.as_deref(), Some("archive; down"));
    assert_eq!(warnings.len(), 3, "{warnings:?}");
}

#[test]
fn what_stands_in_the_way_is_noted() {
    let user = "[index]\n\"g\" = \"archive\"\n\"e e\" = \"trash\"\n\"f9\" = \"undo\"\n";
    let (map, warnings) = Keymap::load(Some(user));
    assert_eq!(warnings, [""; 0]);
    let notes = map.notes(user);
    let told: Vec<_> = notes.iter().map(|n| (n.line, n.message.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].0 == 2 && told[0].1.starts_with("`g` waits"),
        "{told:?}"
    );
    assert!(
        told[1].0 == 3 && told[1].1.starts_with("`e` waits"),
        "{told:?}"
    );
}
