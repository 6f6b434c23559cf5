//! Words of a command that begin with a minus and are no options: `-is:unread` of a query, `-seen` of
//! a change of flags. Options may stand behind them.

use std::ffi::OsString;

/// Commands whose words may begin with a minus.
const WITH_MINUS: [&str; 2] = ["search", "flag"];

/// For the commands that take such words: the options they know first, then `--`, then the words.
/// A parser that takes any `-word` as a word takes `--json` for one too.
pub(super) fn options_first(root: &mut clap::Command, line: Vec<OsString>) -> Vec<OsString> {
    root.build();
    let mut at = 1;
    let command = loop {
        let Some(word) = line.get(at) else {
            return line;
        };
        at += 1;
        match word
            .to_str()
            .and_then(|w| root.get_arguments().find(|a| is(a, w)))
        {
            Some(option) => at += usize::from(option.get_action().takes_values()),
            None if word.to_string_lossy().starts_with('-') => {}
            None => break root.find_subcommand(word),
        }
    };
    let Some(command) = command.filter(|c| WITH_MINUS.contains(&c.get_name())) else {
        return line;
    };
    let (before, after) = line.split_at(at);
    let (mut options, mut words) = (before.to_vec(), Vec::new());
    let mut rest = after.iter().cloned();
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy().into_owned();
        if text == "--" {
            words.extend(rest.by_ref());
            break;
        }
        let (name, joined) = text
            .split_once('=')
            .map_or((text.as_str(), false), |(n, _)| (n, true));
        match command.get_arguments().find(|a| is(a, name)) {
            Some(option) => {
                options.push(word);
                if option.get_action().takes_values() && !joined {
                    options.extend(rest.next());
                }
            }
            None if text.starts_with("--") => options.push(word),
            None => words.push(word),
        }
    }
    options.push("--".into());
    options.extend(words);
    options
}

fn is(option: &clap::Arg, word: &str) -> bool {
    option
        .get_long()
        .is_some_and(|long| word.strip_prefix("--") == Some(long))
        || option
            .get_short()
            .is_some_and(|short| word.strip_prefix('-') == Some(short.to_string().as_str()))
}
