//! Every shipped theme is whole, and files are read with patience.

use super::*;

const FULL: Surroundings = Surroundings {
    colours: Colours::All,
    light: false,
    linear: false,
    bars: true,
};

#[test]
fn every_shipped_theme_sets_every_name() {
    for (name, _) in BUILT_IN {
        let (theme, warnings) = Theme::load(Some(name), FULL);
        assert_eq!(warnings, [""; 0], "{name}");
        for style in NAMES {
            assert!(theme.find(style).is_some(), "{name} lacks {style}");
        }
    }
}

#[test]
fn themes_set_no_name_that_nobody_asks_for() {
    for (theme, text) in BUILT_IN {
        let table = DeTable::parse(text).unwrap();
        let Some(styles) = table.get_ref().get("styles") else {
            continue;
        };
        for key in styles.get_ref().as_table().unwrap().keys() {
            let key = key.get_ref().as_ref();
            let used = |n: &str| n == key || n.starts_with(&format!("{key}."));
            assert!(NAMES.iter().any(|n| used(n)), "{theme} sets {key}");
        }
    }
}

#[test]
fn every_name_in_the_sources_is_in_the_list() {
    fn visit(dir: &std::path::Path, each: &mut dyn FnMut(&str, String)) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, each);
            } else if path.extension().is_some_and(|e| e == "rs") {
                each(
                    &path.display().to_string(),
                    std::fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tui");
    let mut asked = 0;
    let mut idle: Vec<&str> = NAMES.to_vec();
    visit(&dir, &mut |file, text| {
        if !file.contains("theme") || file.ends_with("theme/tags.rs") {
            idle.retain(|n| !text.contains(&format!("\"{n}\"")));
        }
        for piece in text.split("style(\"").skip(1) {
            let name = piece.split('"').next().unwrap();
            asked += 1;
            let fine = NAMES.contains(&name) || file.ends_with("theme/tests.rs");
            assert!(
                fine,
                "{file} asks for `{name}`, which theme.rs does not list"
            );
        }
    });
    assert!(asked > 50, "the sources were not found");
    assert_eq!(
        idle, [""; 0],
        "nobody asks for these: take them out of theme.rs"
    );
}

#[test]
fn shorter_names_stand_in() {
    let (theme, _) = Theme::load(
        Some("[styles]\n\"index\" = \"#ff0000\"\n\"index.unread\" = { mods = [\"bold\"] }\n"),
        FULL,
    );
    // The inherited theme sets this one itself.
    assert_ne!(theme.style("index.star").fg, Some(Color::Rgb(255, 0, 0)));
    assert_eq!(theme.style("index.people").fg, Some(Color::Rgb(255, 0, 0)));
    assert_eq!(theme.style("index.unread").add_modifier, Modifier::BOLD);
    assert_eq!(theme.style("index.unread").fg, None);
}

#[test]
fn a_bad_file_is_told_with_its_lines_and_the_rest_holds() {
    let text = "[palette]\nred = \"#12\"\ninky = \"#123456\"\n\n[styles]\n\"quote.1\" = { fg = \"inky\" }\n\
                \"quote.2\" = { fg = \"nope\" }\n\"quote.3\" = { mods = [\"loud\"] }\n[other]\n";
    let (theme, warnings) = Theme::load(Some(text), FULL);
    assert_eq!(
        warnings,
        [
            "theme, line 9, column 2: `other` is not known; a theme has inherits, [palette] and [styles]",
            "theme, line 2, column 1: `red` is no colour; write \"#rrggbb\", a name or \"default\"",
            "theme, line 8, column 1: `loud` is none of bold, dim, italic, underlined, reversed, struck",
            "theme, line 7, column 1: there is no colour `nope`",
        ]
    );
    assert_eq!(
        theme.style("quote.1").fg,
        Some(Color::Rgb(0x12, 0x34, 0x56))
    );
    assert!(theme.style("notice.error").fg.is_some());

    let (theme, warnings) = Theme::load(Some("[styles\n\"x\" = "), FULL);
    assert!(warnings[0].starts_with("theme, line 1, "), "{warnings:?}");
    assert!(theme.style("notice.error").fg.is_some());
    let (_, warnings) = Theme::load(Some("solarized"), FULL);
    assert!(warnings[0].contains("solarized-light"));
    let (_, warnings) = Theme::load(Some("inherits = \"nobody\"\n"), FULL);
    assert_eq!(warnings, ["there is no theme `nobody` to inherit from"]);
}

#[test]
fn the_terminal_is_believed() {
    let read = |vars: &[(&str, &str)]| {
        Surroundings::read(|name| {
            let found = vars.iter().find(|(n, _)| *n == name);
            found.map(|(_, v)| (*v).to_owned())
        })
    };
    let light = read(&[("COLORFGBG", "0;15"), ("COLORTERM", "truecolor")]);
    assert_eq!((light.light, light.usual()), (true, "postrider-light"));
    let dark = read(&[("COLORFGBG", "15;default;0"), ("TERM", "xterm-256color")]);
    assert_eq!(
        (dark.colours, dark.usual()),
        (Colours::Many, "postrider-dark")
    );
    assert_eq!(read(&[("TERM", "linux")]).usual(), "postrider-16");
    let none = read(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    assert_eq!(none.usual(), "mono");
    assert_eq!(
        read(&[("NO_COLOR", ""), ("TERM", "xterm-kitty")]).colours,
        Colours::All
    );
}

#[test]
fn no_color_is_kept_even_against_a_theme() {
    let none = Surroundings {
        colours: Colours::None,
        light: false,
        linear: false,
        bars: true,
    };
    for setting in [
        None,
        Some("postrider-dark"),
        Some("[styles]\n\"quote\" = \"red\"\n"),
    ] {
        let (theme, _) = Theme::load(setting, none);
        for name in NAMES {
            let style = theme.find(name).unwrap();
            assert_eq!((style.fg, style.bg), (None, None), "{name}");
        }
        assert!(
            theme
                .style("index.selected")
                .add_modifier
                .contains(Modifier::REVERSED)
        );
    }
}

#[test]
fn fewer_colours_are_the_nearest() {
    assert_eq!(nearest(255, 0, 0), 196);
    assert_eq!(nearest(0, 0, 0), 16);
    assert_eq!(nearest(128, 128, 128), 244);
    let many = Surroundings {
        colours: Colours::Many,
        light: false,
        linear: false,
        bars: true,
    };
    let (theme, _) = Theme::load(None, many);
    assert!(matches!(theme.style("quote.1").fg, Some(Color::Indexed(_))));
}

/// How far apart two colours are for the eye, from 1 to 21 (WCAG 2.1, "contrast ratio").
fn contrast(a: Color, b: Color) -> f64 {
    let light = |colour| {
        let Color::Rgb(r, g, b) = colour else {
            panic!("{colour:?}")
        };
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.03928 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_can_be_read_on_its_ground() {
    let mut looked_at = 0;
    for (name, _) in BUILT_IN {
        let (theme, _) = Theme::load(Some(name), FULL);
        let Some(back) = theme.style("screen.back").bg.filter(|c| *c != Color::Reset) else {
            continue;
        };
        let faint = theme.style("text.dim").fg;
        let line = theme.style("screen.rule").fg;
        for style in NAMES {
            let found = theme.find(style).unwrap();
            let Some(fg) = found.fg.filter(|c| Some(*c) != line) else {
                continue;
            };
            let wanted = if Some(fg) == faint { 3.5 } else { 4.0 };
            let got = contrast(fg, found.bg.unwrap_or(back));
            assert!(got >= wanted, "{name}: {style} has {got:.1}");
            looked_at += 1;
        }
        for selected in ["index.selected", "index.selected.unfocused"] {
            let ground = theme.style(selected).bg.unwrap();
            for style in NAMES.iter().filter(|n| n.starts_with("index.")) {
                let found = theme.find(style).unwrap();
                let Some(fg) = found.fg.filter(|c| Some(*c) != line) else {
                    continue;
                };
                let got = contrast(fg, ground);
                assert!(got >= 2.6, "{name}: {style} on {selected} has {got:.1}");
            }
        }
        // A picker and a message's title draw tags, too.
        for ground in ["popup.text", "popup.selected", "title", "title.focused"] {
            let ground = (ground, theme.style(ground).bg.unwrap_or(back));
            for style in NAMES.iter().filter(|n| n.starts_with("index.tag")) {
                let got = contrast(theme.find(style).unwrap().fg.unwrap(), ground.1);
                assert!(got >= 2.6, "{name}: {style} on {} has {got:.1}", ground.0);
            }
        }
    }
    assert!(looked_at > 300, "{looked_at}");
}
