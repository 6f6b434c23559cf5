//! From keys to calls: the begun sequence, its deadline, and what the hint line says.

use crate::config::SavedView;
use crate::lang::{self, tr};
use crate::text::Clean;
use crate::tui::command::{Call, Command, Context, TABLE};
use crate::tui::key::Key;
use crate::tui::keymap::{Choice, Keymap, Pending, Step, WAIT};
use crossterm::event::KeyEvent;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who waits so long with the next key of a sequence is shown how it can go on.
const HESITATES: Duration = Duration::from_millis(450);
/// The largest number before a command.
const MOST: usize = 999;

/// A key and what it does, for the hint line.
pub type Hint = (Clean, Clean);

/// The keys as the screen uses them.
#[derive(Debug)]
pub struct Keys {
    map: Arc<Keymap>,
    pending: Pending,
    choices: Vec<Choice>,
    begun: Option<(Context, Instant)>,
    /// The number typed before a command.
    count: Option<usize>,
    /// Whether how to go on is shown, because one hesitated.
    shown: bool,
    hints: BTreeMap<Context, Vec<(Command, Hint)>>,
}

impl Keys {
    /// The default keys with the user's over them, and what was wrong with the user's.
    ///
    /// Views have the keys that the configuration gives them.
    pub fn load(user: Option<&str>, views: &[SavedView]) -> (Keys, Vec<String>) {
        let (mut map, mut warnings) = Keymap::load(user);
        for view in views {
            let call = Call {
                command: Command::View,
                argument: Some(view.name.clone()),
            };
            let given = view.key.as_ref().map(|key| map.give(key, call));
            if let Some(Err(why)) = given {
                warnings.push(format!(
                    "config.toml: the key of the view {}: {why}",
                    view.name
                ));
            }
        }
        let hints = Context::ALL
            .iter()
            .map(|(context, _)| (*context, hints_of(&map, *context)))
            .collect();
        let keys = Keys {
            map: Arc::new(map),
            pending: Pending::default(),
            choices: Vec::new(),
            begun: None,
            count: None,
            shown: false,
            hints,
        };
        (keys, warnings)
    }

    /// The keymap, for whoever names keys.
    pub fn map(&self) -> &Arc<Keymap> {
        &self.map
    }

    /// Takes a key: what is to be done, in order. Two calls where the key did not go on with what
    /// was begun.
    pub fn press(&mut self, context: Context, key: &KeyEvent, now: Instant) -> Vec<Call> {
        // What was begun elsewhere is not gone on with here.
        if self.begun.is_some_and(|(c, _)| c != context) {
            self.forget();
        }
        let key = Key::of(key);
        if self.counts(context, key) || (key.is_escape() && self.count.take().is_some()) {
            return Vec::new();
        }
        let count = self.count;
        let mut calls = Vec::new();
        // A key is given again at most once: the sequence is empty then.
        for _ in 0..2 {
            match self.map.step(context, &mut self.pending, key) {
                Step::Again(call) => {
                    self.forget();
                    calls.push(call);
                }
                Step::Call(call) => {
                    self.forget();
                    calls.push(call);
                    break;
                }
                Step::Pending(choices) => {
                    self.begun = (!self.pending.is_empty()).then_some((context, now));
                    self.choices = choices;
                    if self.pending.is_empty() {
                        self.forget();
                    }
                    break;
                }
                Step::None => {
                    self.forget();
                    break;
                }
            }
        }
        match count {
            Some(count) => repeated(&calls, count),
            None => calls,
        }
    }

    /// Takes a digit that goes on with a number, or begins one where it means nothing else.
    fn counts(&mut self, context: Context, key: Key) -> bool {
        if !self.pending.is_empty() {
            return false;
        }
        let digit = key.letter().and_then(|c| c.to_digit(10));
        let digit = digit.and_then(|d| usize::try_from(d).ok());
        let Some(digit) = digit.filter(|d| *d > 0 || self.count.is_some()) else {
            return false;
        };
        let bound = self.map.step(context, &mut Pending::default(), key) != Step::None;
        if bound && self.count.is_none() {
            return false;
        }
        let count = self.count.unwrap_or(0) * 10 + digit;
        self.count = Some(count.min(MOST));
        true
    }

    /// Whether a key means something now, by itself or after what was begun.
    pub fn means(&self, context: Context, key: &KeyEvent) -> bool {
        let step = self
            .map
            .step(context, &mut self.pending.clone(), Key::of(key));
        matches!(step, Step::Call(_) | Step::Pending(_))
    }

    /// What is said of a key that came to nothing.
    pub fn unknown(&self, context: Context, key: &KeyEvent) -> Clean {
        if Key::of(key).is_escape() {
            return Clean::default();
        }
        let key = Key::of(key);
        let holds = |there| self.map.step(there, &mut Pending::default(), key) != Step::None;
        let way = |command| self.map.way_to(context, command);
        let there = match context {
            Context::Sidebar if holds(Context::Index) => {
                let back = way(Command::Back);
                Some(tr!("{key} is for the list; {back} goes there", key, back))
            }
            Context::Index if holds(Context::Reader) => {
                let open = way(Command::Open);
                let said = tr!(
                    "{key} is for a message that is open; {open} opens it",
                    key,
                    open
                );
                Some(said)
            }
            _ => None,
        };
        if let Some(there) = there {
            return Clean::line(&there);
        }
        Clean::line(&match self.map.key_of(context, Command::Help) {
            Some(help) => tr!("{key} is not bound here; {help} shows the keys", key, help),
            None => tr!("{key} is not bound here", key),
        })
    }

    /// Whether a sequence was begun.
    pub fn has_begun(&self) -> bool {
        !self.pending.is_empty() || self.count.is_some()
    }

    /// What was pressed of a sequence so far.
    pub fn begun(&self) -> String {
        self.pending.written()
    }

    /// How to go on, once one hesitated: the keys that follow and what they do.
    pub fn shown(&self) -> Vec<Hint> {
        let choices = self.choices.iter().filter(|_| self.shown);
        choices
            .map(|c| (Clean::line(&c.keys), sentence(&c.call)))
            .collect()
    }

    /// When what was begun has to be taken as it stands; `None` if it can wait for ever.
    pub fn deadline(&self) -> Option<Instant> {
        let (_, begun) = self.begun?;
        // What ends by itself in a moment needs no box before.
        let show = (!self.shown && !self.choices.is_empty()).then(|| begun + HESITATES);
        self.ends().or(show)
    }

    /// When what was begun is taken as it stands.
    fn ends(&self) -> Option<Instant> {
        let (context, begun) = self.begun?;
        self.map.waits(context, &self.pending).then(|| begun + WAIT)
    }

    /// What was begun means by itself, once its time has passed.
    pub fn expire(&mut self, now: Instant) -> Vec<Call> {
        if self
            .begun
            .is_some_and(|(_, begun)| now >= begun + HESITATES)
        {
            self.shown = true;
        }
        if self.ends().is_none_or(|d| now < d) {
            return Vec::new();
        }
        let Some((context, _)) = self.begun else {
            return Vec::new();
        };
        let call = self.map.expire(context, &mut self.pending);
        let count = self.count;
        self.forget();
        let calls: Vec<Call> = call.into_iter().collect();
        match count {
            Some(count) => repeated(&calls, count),
            None => calls,
        }
    }

    /// Forgets what was begun.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.choices.clear();
        self.begun = None;
        self.count = None;
        self.shown = false;
    }

    /// The hints: how to go on with what was begun, else what can be done where `fits`.
    pub fn hints(&self, context: Context, fits: impl Fn(Command) -> bool) -> Vec<Hint> {
        if let Some(count) = self.count.filter(|_| self.choices.is_empty()) {
            let way = |command| self.map.way_to(context, command);
            let (undo, last) = (way(Command::Undo), way(Command::Last));
            let how = tr!(
                "times: what moves, or {undo}; {last} goes to that line",
                undo,
                last
            );
            return vec![(Clean::line(&count.to_string()), Clean::line(&how))];
        }
        if !self.choices.is_empty() {
            let begun = self.pending.written();
            return self
                .choices
                .iter()
                .map(|c| {
                    let keys = format!("{begun} {}", c.keys);
                    (Clean::line(&keys), words(&c.call))
                })
                .collect();
        }
        let all = self.hints.get(&context).into_iter().flatten();
        all.filter(|(command, _)| fits(*command))
            .map(|(_, hint)| hint.clone())
            .collect()
    }
}

/// The calls as often as was typed. A number before `first` or `last` is that of a line.
fn repeated(calls: &[Call], count: usize) -> Vec<Call> {
    let mut all = Vec::new();
    for call in calls {
        match call.command {
            Command::First | Command::Last => {
                all.push(Command::First.into());
                all.extend(std::iter::repeat_n(Command::Down.into(), count - 1));
            }
            _ if call.repeats() => all.extend(std::iter::repeat_n(call.clone(), count)),
            _ => all.push(call.clone()),
        }
    }
    all
}

/// What a call does, in a sentence.
fn sentence(call: &Call) -> Clean {
    match call.argument {
        Some(_) => words(call),
        None => Clean::lit(lang::of(call.command.info().about)),
    }
}

fn words(call: &Call) -> Clean {
    match &call.argument {
        Some(argument) if call.command == Command::Do => Clean::line(argument),
        Some(argument) => Clean::line(&format!("{} {argument}", call.command.name())),
        None => Clean::lit(call.command.name()),
    }
}

fn hints_of(map: &Keymap, context: Context) -> Vec<(Command, Hint)> {
    let mut hints: Vec<_> = TABLE
        .iter()
        .filter(|i| !i.hint.is_empty() && i.command.fits(context))
        .filter_map(|i| {
            let key = map.key_of(context, i.command)?;
            let hint = Clean::lit(lang::of_in("key", i.hint));
            Some((i.command, (Clean::line(&key), hint)))
        })
        .collect();
    // How to find the rest must not be what is cut, nor how to be done with a message.
    hints.sort_by_key(|(c, _)| match c {
        Command::Help => 0,
        Command::Send => 1,
        Command::Leave => 2,
        Command::Palette => 3,
        _ => 4,
    });
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    /// A user's key file in which a key also begins a sequence.
    const ALSO: Option<&str> = Some("[index]\n\"z a\" = \"fold\"\n");

    fn key(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    #[test]
    fn z_waits_a_moment_and_then_means_undo() {
        let (mut keys, warnings) = Keys::load(ALSO, &[]);
        assert!(warnings.is_empty(), "{warnings:?}");
        let now = Instant::now();
        assert!(keys.press(Context::Index, &key('z'), now).is_empty());
        assert_eq!(keys.deadline(), Some(now + WAIT));
        assert_eq!(keys.expire(now), []);
        assert_eq!(keys.expire(now + WAIT), [Command::Undo.into()]);
        assert_eq!(keys.deadline(), None);
        keys.press(Context::Index, &key('z'), now);
        let calls = keys.press(Context::Index, &key('a'), now);
        assert_eq!(calls, [Command::Fold.into()]);
    }

    #[test]
    fn a_key_that_does_not_go_on_is_not_lost() {
        let (mut keys, _) = Keys::load(ALSO, &[]);
        let now = Instant::now();
        keys.press(Context::Index, &key('z'), now);
        let calls = keys.press(Context::Index, &key('e'), now);
        assert_eq!(calls, [Command::Undo.into(), Command::Archive.into()]);
    }

    #[test]
    fn a_number_repeats_what_moves_and_nothing_else() {
        let (mut keys, _) = Keys::load(None, &[]);
        let now = Instant::now();
        let mut press = |typed: &str| -> Vec<Call> {
            let calls = typed
                .chars()
                .map(|c| keys.press(Context::Index, &key(c), now));
            calls.last().unwrap()
        };
        assert_eq!(press("12j"), vec![Call::from(Command::Down); 12]);
        assert_eq!(press("j"), [Command::Down.into()]);
        assert_eq!(press("3e"), [Command::Archive.into()]);
        let third = [
            Command::First.into(),
            Command::Down.into(),
            Command::Down.into(),
        ];
        assert_eq!(press("3G"), third);
        assert_eq!(press("3gg"), third);
        assert_eq!(press("10z").len(), 10);
        assert_eq!(press("0"), []);
        assert_eq!(press("99999999999999j").len(), MOST);
    }

    #[test]
    fn who_hesitates_is_shown_how_to_go_on() {
        let (mut keys, _) = Keys::load(None, &[]);
        let now = Instant::now();
        keys.press(Context::Index, &key('g'), now);
        assert!(keys.shown().is_empty());
        assert_eq!(keys.deadline(), Some(now + HESITATES));
        assert_eq!(keys.expire(now + HESITATES), []);
        let shown = keys.shown();
        assert!(
            shown
                .iter()
                .any(|(k, w)| k.as_str() == "i" && w.as_str().contains("inbox"))
        );
        assert_eq!(keys.deadline(), None, "nothing is waited for any more");
        assert_eq!(
            keys.press(Context::Index, &key('i'), now),
            [Command::GoInbox.into()]
        );
        assert!(keys.shown().is_empty() && !keys.has_begun());
    }

    #[test]
    fn the_hints_come_from_the_table_and_show_how_to_go_on() {
        let (mut keys, _) = Keys::load(None, &[]);
        let hints = keys.hints(Context::Index, |_| true);
        let shown: Vec<_> = hints.iter().map(|(_, w)| w.as_str()).collect();
        assert_eq!(shown[..3], ["help", "commands", "archive"]);
        keys.press(Context::Index, &key('g'), Instant::now());
        let hints = keys.hints(Context::Index, |_| true);
        assert!(
            hints
                .iter()
                .any(|(k, w)| k.as_str() == "g i" && w.as_str() == "go-inbox")
        );
    }
}
