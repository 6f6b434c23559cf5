//! Names that no theme has, and which of those that there are was meant.

use super::{AUTO, BUILT_IN};
use crate::config::Problem;
use crate::lang::tr;
use crate::tui::command::distance;

/// How many are offered at most.
const OFFERED: usize = 4;

/// What is wrong with a theme's name: there is none that is called so, neither here nor among `own`,
/// the user's; and which was meant. It has no line. `None`: nothing, or it is no name but a theme's
/// text.
pub fn unknown<'n>(name: &str, own: impl Iterator<Item = &'n str>) -> Option<Problem> {
    let all: Vec<&str> = own.chain(BUILT_IN.iter().map(|(n, _)| *n)).collect();
    let is_text = name.contains(['=', '\n']);
    if is_text || name.trim().is_empty() || name == AUTO || all.contains(&name) {
        return None;
    }
    let near = near(name, &all);
    let hint = match near.is_empty() {
        true => tr!("`:theme` alone shows them all").to_owned(),
        false => tr!("did you mean {near}?", near = near.join(", ")),
    };
    // A mistake is known again by its message: what the hint says may change with the user's themes.
    Some(Problem {
        hint,
        ..Problem::of_all(tr!("there is no theme `{name}`", name))
    })
}

/// Those that a word may have stood for, the nearest first: that have it in their names, or else
/// that are a slip or two away.
fn near<'n>(name: &str, all: &[&'n str]) -> Vec<&'n str> {
    let word = name.to_lowercase().replace([' ', '_'], "-");
    let letters: Vec<char> = word.chars().take(40).collect();
    let mut all: Vec<_> = all.iter().map(|n| (distance(&letters, n), *n)).collect();
    all.sort_unstable();
    let slip = 2.max(letters.len() / 4);
    let named = |n: &str| n.to_lowercase().contains(&word);
    let (named, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, n)| named(n));
    let found = match named.is_empty() {
        true => others.into_iter().filter(|(d, _)| *d <= slip).collect(),
        false => named,
    };
    found.into_iter().map(|(_, n)| n).take(OFFERED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_theme_has_is_told_with_those_that_were_meant() {
        let told = |name: &str| unknown(name, ["mine", "light-mine"].into_iter());
        for known in ["auto", "", "mine", "nord", "[styles]\n", "inherits = \"x\""] {
            assert!(told(known).is_none(), "{known}");
        }
        for (name, meant) in [
            (
                "light",
                "did you mean light-mine, gruvbox-light, postrider-light, solarized-light?",
            ),
            ("Gruvbox_Dark", "did you mean gruvbox-dark?"),
            ("nrod", "did you mean nord?"),
            ("zebra stripes", "`:theme` alone shows them all"),
        ] {
            let told = told(name).unwrap();
            assert_eq!(told.message, format!("there is no theme `{name}`"));
            assert_eq!(told.hint, meant);
        }
        assert!(told(&"é".repeat(9000)).is_some());
    }
}
