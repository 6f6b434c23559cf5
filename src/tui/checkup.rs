//! What a check-up says of this terminal and of what the screen uses on this machine: colours,
//! pictures, links, notices, the locale, dictionaries, helper programs. By the environment alone:
//! the terminal is asked nothing.

use crate::config::Look;
use crate::lang::{self, mark, tr};
use crate::model::checkup::{Advice, Step};
use crate::text::{Clean, osc};
use crate::tui::picture::{Ability, Way};
use crate::tui::theme::{Colours, Surroundings};
use crate::tui::{hyperlink, spell};
use std::path::Path;

/// Programs that are used where they are, and for what.
const HELPERS: [(&str, &str); 3] = [
    ("xdg-open", mark!("opens links and attachments")),
    ("pdftotext", mark!("shows the text of PDF documents")),
    ("notify-send", mark!("tells the desktop of new mail")),
];

/// All that can be told, with these settings and this environment.
pub fn around(look: &Look, var: impl Fn(&str) -> Option<String> + Copy) -> Vec<Step> {
    let mut steps = vec![terminal(look, var), locale(var)];
    let languages = match &look.spell {
        Some(named) => named.clone(),
        None => spell::of_environment(var).into_iter().collect(),
    };
    steps.push(spelling(&languages, spell::is_there));
    let path = var("PATH").unwrap_or_default();
    steps.push(helpers(|name| {
        std::env::split_paths(&path).any(|folder| is_program(&folder.join(name)))
    }));
    steps
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let about = std::fs::metadata(path);
    about.is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

fn terminal(look: &Look, var: impl Fn(&str) -> Option<String> + Copy) -> Step {
    const NAME: &str = mark!("step", "terminal");
    let term = var("TERM").filter(|t| !t.is_empty());
    let inside = [("TMUX", "tmux"), ("STY", "screen"), ("ZELLIJ", "zellij")];
    let inside = inside
        .iter()
        .find(|(name, _)| var(name).is_some_and(|v| !v.is_empty()));
    let mut words = vec![match &term {
        Some(term) => Clean::line(term).to_string(),
        None => tr!("TERM is not set").to_owned(),
    }];
    if let Some((_, program)) = inside {
        words.push(tr!("inside {program}", program));
    }
    let surroundings = Surroundings::read(var);
    words.push(match surroundings.colours {
        Colours::None => tr!("no colours").to_owned(),
        Colours::Sixteen => tr!("16 colours").to_owned(),
        Colours::Many => tr!("256 colours").to_owned(),
        Colours::All => tr!("all colours").to_owned(),
    });
    words.push(match Ability::new(look.images, surroundings, var).way {
        Way::None => tr!("no pictures").to_owned(),
        Way::Cells => tr!("pictures in half blocks").to_owned(),
        Way::Kitty => tr!("pictures by kitty's protocol").to_owned(),
        Way::Sixel => tr!("pictures by sixel").to_owned(),
        Way::Iterm => tr!("pictures by iTerm2's protocol").to_owned(),
    });
    words.push(match hyperlink::wanted(look.hyperlinks, var) {
        true => tr!("links that it opens (OSC 8)").to_owned(),
        false => tr!("links opened by keys").to_owned(),
    });
    words.push(match osc::Way::found(var) {
        osc::Way::Bell => tr!("notices by the bell").to_owned(),
        osc::Way::Nine => tr!("notices by OSC 9").to_owned(),
        osc::Way::Seven => tr!("notices by OSC 777").to_owned(),
        osc::Way::Kitty => tr!("notices by OSC 99").to_owned(),
    });
    words.push(tr!("copying by OSC 52, if it allows that").to_owned());
    let words = words.join(tr!(", "));
    match term.as_deref() {
        None | Some("dumb") => Step::careful(
            NAME,
            Advice::new(
                words,
                tr!(
                    "without a terminal that can move its cursor there is no screen, only commands"
                ),
                tr!("start it in a terminal, or set TERM to what it is"),
            ),
        ),
        // Images inside another program that draws are its limit, and nobody's fault.
        Some(_) => Step::fine(NAME, words),
    }
}

fn locale(var: impl Fn(&str) -> Option<String>) -> Step {
    const NAME: &str = mark!("step", "locale");
    let value = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| var(name).filter(|v| !v.is_empty()));
    let shown = value.as_deref().map_or_else(
        || tr!("not set").to_owned(),
        |value| Clean::line(value).to_string(),
    );
    let lower = value.unwrap_or_default().to_ascii_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        Step::fine(NAME, shown)
    } else {
        Step::careful(
            NAME,
            Advice::new(
                tr!("{locale}: not UTF-8", locale = shown),
                tr!(
                    "terminals take the locale for what a character is, and postrider writes UTF-8"
                ),
                tr!("set LANG to a UTF-8 locale, such as en_US.UTF-8 or C.UTF-8"),
            ),
        )
    }
}

fn spelling(languages: &[String], is_there: impl Fn(&str) -> bool) -> Step {
    const NAME: &str = mark!("step", "spelling");
    let (there, lacking): (Vec<&String>, Vec<&String>) =
        languages.iter().partition(|l| is_there(l));
    let list = |some: &[&String]| {
        let some: Vec<String> = some.iter().map(|l| Clean::line(l).to_string()).collect();
        some.join(tr!(", "))
    };
    match (there.is_empty(), lacking.is_empty()) {
        (true, true) => Step::note(NAME, tr!("not looked at: no language is set")),
        (false, true) => Step::fine(NAME, tr!("dictionaries: {list}", list = list(&there))),
        _ => Step::note(
            NAME,
            tr!(
                "no dictionary for {list}; install Hunspell's (such as hunspell-{name}) to have spelling looked at",
                list = list(&lacking),
                name = lacking
                    .first()
                    .map_or_else(String::new, |l| l.to_lowercase().replace('_', "-"))
            ),
        ),
    }
}

fn helpers(is_there: impl Fn(&str) -> bool) -> Step {
    const NAME: &str = mark!("step", "helper programs");
    let words = HELPERS.map(|(name, what)| match is_there(name) {
        true => tr!("{name}: there", name),
        false => tr!("{name}: not there ({what})", name, what = lang::of(what)),
    });
    Step::note(NAME, words.join(tr!(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::checkup::Level;

    fn words(step: &Step) -> String {
        match &step.found {
            Ok(found) => found.clone(),
            Err(advice) => advice.line(),
        }
    }

    #[test]
    fn a_terminal_is_told_by_its_environment() {
        let look = Look::default();
        let kitty = |name: &str| match name {
            "TERM" => Some("xterm-kitty".to_owned()),
            "LANG" => Some("de_DE.UTF-8".to_owned()),
            _ => None,
        };
        let told = words(&terminal(&look, kitty));
        for part in [
            "xterm-kitty",
            "all colours",
            "kitty's protocol",
            "OSC 8",
            "OSC 99",
        ] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(locale(kitty).level, Level::Fine);
        let tmux = |name: &str| match name {
            "TERM" => Some("tmux-256color".to_owned()),
            "TMUX" => Some("/tmp/x,1,0".to_owned()),
            "LC_ALL" => Some("C".to_owned()),
            _ => None,
        };
        let told = words(&terminal(&look, tmux));
        for part in ["inside tmux", "256 colours", "half blocks", "the bell"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(words(&locale(tmux)).contains("C: not UTF-8"));
        assert_eq!(terminal(&look, |_| None).level, Level::Careful);
    }

    #[test]
    fn what_is_lacking_is_named() {
        let languages = ["en_US".to_owned(), "de_DE".to_owned()];
        let told = spelling(&languages, |l| l == "en_US");
        assert!(words(&told).contains("hunspell-de-de"), "{told:?}");
        assert_eq!(spelling(&languages, |_| true).level, Level::Fine);
        assert!(words(&helpers(|_| false)).contains("pdftotext: not there (shows"));
    }
}
