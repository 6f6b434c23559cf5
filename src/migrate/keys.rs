//! Keys as clients write them, to those of `keys.toml`; and which of them say what holds anyway.

use crate::migrate::found::Binding;
use std::collections::BTreeMap;

/// The keys that hold by default.
const DEFAULT: &str = include_str!("../../assets/keys.toml");
const MUTT: &str = include_str!("../../assets/keys/mutt.toml");
const AERC: &str = include_str!("../../assets/keys/aerc.toml");
const ALPINE: &str = include_str!("../../assets/keys/alpine.toml");

/// The names that clients give to keys, and ours.
const NAMED: [(&str, &str); 34] = [
    ("return", "enter"),
    ("enter", "enter"),
    ("keypadenter", "enter"),
    ("cr", "enter"),
    ("ret", "enter"),
    ("tab", "tab"),
    ("backtab", "shift-tab"),
    ("s-tab", "shift-tab"),
    ("space", "space"),
    ("esc", "esc"),
    ("escape", "esc"),
    ("backspace", "backspace"),
    ("bs", "backspace"),
    ("delete", "delete"),
    ("del", "delete"),
    ("insert", "insert"),
    ("ins", "insert"),
    ("home", "home"),
    ("end", "end"),
    ("pageup", "pageup"),
    ("pgup", "pageup"),
    ("prevpage", "pageup"),
    ("pagedown", "pagedown"),
    ("pgdn", "pagedown"),
    ("nextpage", "pagedown"),
    ("up", "up"),
    ("down", "down"),
    ("left", "left"),
    ("right", "right"),
    ("minus", "-"),
    ("less", "<"),
    ("lt", "<"),
    ("greater", ">"),
    ("gt", ">"),
];

/// What is a command here that holds on every screen.
const EVERYWHERE: [&str; 19] = [
    "down",
    "up",
    "page-down",
    "page-up",
    "half-page-down",
    "half-page-up",
    "first",
    "last",
    "back",
    "quit",
    "compose",
    "undo",
    "search",
    "go-mailbox",
    "check-mail",
    "run",
    "command-line",
    "help",
    "none",
];

/// A command of a client's, and ours that do the same: in lists, and where a message is read. Empty:
/// nothing does.
pub type Counterpart = (&'static str, &'static str, &'static str);

/// The command that does the same on a screen, if one does.
pub fn on(screen: &str, (_, list, reader): &Counterpart) -> Option<&'static str> {
    let command = match screen {
        "reader" => *reader,
        // What is about a message holds where messages are.
        "global" if !EVERYWHERE.contains(list) => "",
        _ => *list,
    };
    (!command.is_empty()).then_some(command)
}

/// Every screen and what commands of a client's become on it, for a test.
#[cfg(test)]
pub fn targets(
    all: &[Counterpart],
    becomes: impl Fn(&'static str, &str) -> Option<String>,
) -> Vec<(&'static str, String)> {
    let screens = ["index", "reader", "global"].into_iter();
    let both = screens.flat_map(|screen| all.iter().map(move |(name, ..)| (screen, *name)));
    both.filter_map(|(screen, name)| Some((screen, becomes(screen, name)?)))
        .collect()
}

/// Keys as mutt and aerc write them: `\Cx`, `^X`, `<f1>`, `<esc>x`, `<C-x>`, `gg`. `None` if one of
/// them has no name here.
pub fn keys(written: &str) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    let mut alt = false;
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let (key, left) = if c == '<' && after.contains('>') {
            let (name, left) = after.split_once('>')?;
            (named(name)?, left)
        } else if let Some(more) = rest.strip_prefix("\\e") {
            ("esc".to_owned(), more)
        } else if let Some(more) = rest.strip_prefix("\\C").or(rest.strip_prefix("\\c")) {
            let letter = more.chars().next()?;
            (control(letter)?, more.get(letter.len_utf8()..)?)
        } else if c == '^' && after.starts_with(|l: char| l.is_ascii_alphabetic()) {
            let letter = after.chars().next()?;
            (control(letter)?, after.get(1..)?)
        } else {
            let key = match c {
                ' ' => "space".to_owned(),
                '\t' => "tab".to_owned(),
                '\n' | '\r' => "enter".to_owned(),
                c if c.is_control() => return None,
                c => c.to_string(),
            };
            (key, after)
        };
        rest = left;
        // Terminals send alt as an escape before the key.
        if key == "esc" && !alt && !rest.is_empty() {
            alt = true;
            continue;
        }
        let alt = std::mem::take(&mut alt);
        let fits = !alt || !key.starts_with("alt-");
        all.push(if alt && fits {
            format!("alt-{key}")
        } else {
            key
        });
    }
    (!all.is_empty() && all.len() <= 4).then(|| all.join(" "))
}

fn control(letter: char) -> Option<String> {
    let letter = letter.to_ascii_lowercase();
    letter.is_ascii_graphic().then(|| format!("ctrl-{letter}"))
}

/// The key of a name between `<` and `>`.
fn named(name: &str) -> Option<String> {
    let small = name.to_ascii_lowercase();
    if let Some((_, ours)) = NAMED.iter().find(|(theirs, _)| *theirs == small) {
        return Some((*ours).to_owned());
    }
    let number = small.strip_prefix('f').and_then(|n| n.parse::<u8>().ok());
    if number.is_some_and(|n| (1..=12).contains(&n)) {
        return Some(small);
    }
    for (prefix, ours) in [
        ("c-", "ctrl-"),
        ("a-", "alt-"),
        ("m-", "alt-"),
        ("s-", "shift-"),
    ] {
        let Some(inner) = small.strip_prefix(prefix) else {
            continue;
        };
        let mut letters = inner.chars();
        if let (Some(_), None) = (letters.next(), letters.next()) {
            // Case counts with alt only.
            let inner = if ours == "alt-" {
                name.get(2..)?
            } else {
                inner
            };
            return Some(format!("{ours}{inner}"));
        }
        return Some(format!("{ours}{}", named(inner)?));
    }
    None
}

/// What each key does by a preset, laid over the default ones.
pub fn usual(preset: &str) -> BTreeMap<(String, String), Vec<String>> {
    let over = match preset {
        "mutt" => MUTT,
        "aerc" => AERC,
        "alpine" => ALPINE,
        _ => "",
    };
    let mut all = BTreeMap::new();
    for text in [DEFAULT, over] {
        let read: toml::Table = text.parse().unwrap_or_default();
        for (screen, table) in &read {
            for (key, value) in table.as_table().into_iter().flatten() {
                let commands = match value {
                    toml::Value::Array(list) => list.iter().filter_map(|v| v.as_str()).collect(),
                    one => Vec::from_iter(one.as_str()),
                };
                let commands = commands.into_iter().map(str::to_owned).collect();
                all.insert((screen.clone(), key.clone()), commands);
            }
        }
    }
    all
}

/// Leaves out keys that do by the preset that will hold what the user wants of them, and all but the
/// last word on each.
pub fn thin(keys: &mut Vec<Binding>, preset: &str) {
    let usual = usual(preset);
    let mut last = BTreeMap::new();
    for (n, binding) in keys.iter().enumerate() {
        last.insert((binding.screen, binding.key.clone()), n);
    }
    let mut n = 0;
    keys.retain(|b| {
        let newest = last.get(&(b.screen, b.key.clone())) == Some(&n);
        n += 1;
        let own = usual.get(&(b.screen.to_owned(), b.key.clone()));
        let everywhere = usual.get(&("global".to_owned(), b.key.clone()));
        newest && own.or(everywhere) != Some(&b.commands)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_get_their_names() {
        for (written, ours) in [
            ("\\Cx", "ctrl-x"),
            ("^A", "ctrl-a"),
            ("<esc>x", "alt-x"),
            ("\\ex", "alt-x"),
            ("<f12>", "f12"),
            ("gg", "g g"),
            ("<C-Up>", "ctrl-up"),
            ("<A-X>", "alt-X"),
            ("<Esc>", "esc"),
            ("<space>", "space"),
            ("<backtab>", "shift-tab"),
            ("^", "^"),
            ("<", "<"),
        ] {
            assert_eq!(keys(written).as_deref(), Some(ours), "{written}");
        }
        for written in ["", "<f99>", "<what>", "abcde", "\u{1b}[31m"] {
            assert_eq!(keys(written), None, "{written}");
        }
    }

    #[test]
    fn presets_say_what_holds() {
        let usual = usual("mutt");
        let key = |screen: &str, key: &str| usual.get(&(screen.to_owned(), key.to_owned()));
        assert_eq!(key("index", "d").unwrap(), &["trash"]);
        assert_eq!(key("global", "j").unwrap(), &["down"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in any::<String>()) {
            let _ = keys(&text);
        }
    }
}
