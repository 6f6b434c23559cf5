//! `[[notify]]`: of which new mail one is told, when not, and how.

use crate::config::options::{Part, keys};
use crate::config::problem::Problems;
use crate::config::section::Section;
use crate::config::sending::argv;
use crate::config::views;
use crate::model::AccountName;
use std::path::Path;
use toml::Spanned;
use toml::de::DeValue;

const WAYS: [(&str, Way); 4] = [
    ("desktop", Way::Desktop),
    ("terminal", Way::Terminal),
    ("bell", Way::Bell),
    ("command", Way::Command),
];
/// Minutes of a day.
const DAY: u16 = 24 * 60;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Desktop,
    Terminal,
    Bell,
    Command,
}

/// How one is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// By the desktop's notifications.
    Desktop,
    /// By the terminal's, if it is known to have them; else by its bell.
    Terminal,
    /// By the terminal's bell.
    Bell,
    /// By a program of the user: its arguments.
    Command(Vec<String>),
}

/// Hours in which nothing is told, on the clock of the user's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Minutes since midnight when they begin.
    pub from: u16,
    /// Minutes since midnight when they are over; before `from`: on the next day.
    pub to: u16,
}

impl Quiet {
    /// Whether this minute of a day is among them.
    pub fn holds(self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// Of which new mail one is told, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// What the mail must be, in the language of searches; `None`: whatever comes into an inbox.
    pub query: Option<String>,
    /// Whose mail; `None`: everybody's.
    pub account: Option<AccountName>,
    /// When not.
    pub quiet: Option<Quiet>,
    /// How.
    pub how: How,
}

/// Reads `[[notify]]`; `accounts` are those of the file.
pub(super) fn notify(
    found: Option<&Spanned<DeValue<'_>>>,
    accounts: &[AccountName],
    base: &Path,
    problems: &mut Problems<'_>,
) -> Vec<Notify> {
    let mut all = Vec::new();
    for (table, span) in views::tables("notify", found, problems) {
        let before = problems.found.len();
        let section = Section::new(table, span, &keys(Part::Notify), problems);
        let query = section.raw("query").is_some();
        let query = query.then(|| views::query(&section, "notification", problems));
        let account = views::account(&section, accounts, problems);
        let quiet = quiet(&section, problems);
        let command = argv(&section, "command", base, problems);
        let way = section
            .word("how", &WAYS, problems)
            .map(|w| (w.value, w.span));
        let how = match (way, command) {
            (Some((Way::Desktop, _)), None) => Some(How::Desktop),
            (Some((Way::Terminal, _)), None) => Some(How::Terminal),
            (Some((Way::Bell, _)), None) => Some(How::Bell),
            (None | Some((Way::Command, _)), Some(argv)) => Some(How::Command(argv.value)),
            (Some((Way::Command, span)), None) => {
                if section.raw("command").is_none() {
                    let hint = "add command = [\"program\", \"argument\"]".to_owned();
                    problems.add(&span, "there is no `command` to run", Some(hint));
                }
                None
            }
            (Some(_), Some(argv)) => {
                let hint = "`command` goes with how = \"command\", or without `how`".to_owned();
                problems.add(&argv.span, "`command` would not be run", Some(hint));
                None
            }
            (None, None) => {
                if section.raw("how").is_none() && section.raw("command").is_none() {
                    let hint = "add how = \"desktop\", \"terminal\", \"bell\" or \"command\"";
                    let message = "the notification has no `how`";
                    problems.add(&section.span, message, Some(hint.to_owned()));
                }
                None
            }
        };
        // One with a mistake would tell of other mail than was meant.
        if let Some(how) = how.filter(|_| problems.found.len() == before) {
            all.push(Notify {
                query: query.flatten().map(|q| q.value),
                account,
                quiet,
                how,
            });
        }
    }
    all
}

/// `22:00-07:00`.
fn quiet(section: &Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Quiet> {
    let found = section.line("quiet", problems)?;
    let both = found.value.split_once('-');
    let both = both.and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
    match both {
        Some((from, to)) if from != to => Some(Quiet { from, to }),
        _ => {
            let hint = "such as \"22:00-07:00\"".to_owned();
            problems.add(&found.span, "`quiet` is no span of hours", Some(hint));
            None
        }
    }
}

/// Minutes since midnight of `7:30`; 24:00 is the end of a day.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours, 1..=2)?, number(minutes, 2..=2)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::parse;

    #[test]
    fn notifications_are_read() {
        let text = "[[notify]]\nhow = \"desktop\"\nquiet = \"22:00-7:30\"\n\
                    [[notify]]\nquery = \"from:boss\"\ncommand = [\"play\", \"ding.wav\"]\n\
                    [[notify]]\nhow = \"bell\"\n";
        let loaded = parse(text, Path::new("/c"));
        assert_eq!(loaded.problems, []);
        let [first, second, third] = loaded.config.notify.as_slice() else {
            panic!("{:?}", loaded.config.notify)
        };
        assert_eq!(first.how, How::Desktop);
        let quiet = first.quiet.unwrap();
        assert_eq!((quiet.from, quiet.to), (1320, 450));
        let argv = ["play", "ding.wav"].map(str::to_owned).to_vec();
        assert_eq!(second.how, How::Command(argv));
        assert_eq!(second.query.as_deref(), Some("from:boss"));
        assert_eq!(third.how, How::Bell);
    }

    #[test]
    fn quiet_hours_may_go_over_midnight() {
        let night = Quiet {
            from: 1320,
            to: 450,
        };
        let held: Vec<bool> = [1319, 1320, 0, 449, 450].map(|m| night.holds(m)).to_vec();
        assert_eq!(held, [false, true, true, true, false]);
        let noon = Quiet { from: 720, to: 780 };
        assert!(noon.holds(720) && !noon.holds(780) && !noon.holds(0));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, said) in [
            ("[[notify]]\n", "has no `how`"),
            ("[[notify]]\nhow = \"email\"\n", "can't be \"email\""),
            ("[[notify]]\nhow = \"command\"\n", "no `command`"),
            (
                "[[notify]]\nhow = \"bell\"\ncommand = [\"x\"]\n",
                "not be run",
            ),
            ("[[notify]]\nhow = \"bell\"\nquiet = \"22-7\"\n", "no span"),
            (
                "[[notify]]\nhow = \"bell\"\nquiet = \"7:00-7:00\"\n",
                "no span",
            ),
            (
                "[[notify]]\nhow = \"bell\"\nquiet = \"7:00-25:00\"\n",
                "no span",
            ),
            (
                "[[notify]]\nhow = \"bell\"\nquery = \"larger:x\"\n",
                "the query",
            ),
            (
                "[[notify]]\nhow = \"bell\"\naccount = \"x\"\n",
                "no account",
            ),
        ] {
            let loaded = parse(text, Path::new("/c"));
            let told: Vec<_> = loaded.problems.iter().map(|p| &p.message).collect();
            assert!(
                told.len() == 1 && told[0].contains(said),
                "{text}: {told:?}"
            );
            assert_eq!(loaded.config.notify, []);
        }
    }
}
