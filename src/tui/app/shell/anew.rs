//! What the user's files say now, taken up: what can act at once does, for the rest the program
//! begins anew in place. A file that became wrong changes nothing.

use super::App;
use crate::config::keep::Keep;
use crate::config::{Config, ListLook, Look, tags};
use crate::lang::tr;
use crate::mime::render::{Line, Mark, Run};
use crate::model::naming;
use crate::text::Clean;
use crate::tui::app::keys::Keys;
use crate::tui::app::layers::Layer;
use crate::tui::command::Command;
use crate::tui::effect::{Effect, End};
use crate::tui::event::Now;
use crate::tui::files::{CONFIG, Fresh, KEYS, Wrong};
use crate::tui::screen::paper::Paper;
use crate::tui::theme::Colours;
use std::sync::Arc;

/// What of the files is in use.
#[derive(Debug, Default)]
pub(super) struct Known {
    config: Config,
    keys: Option<String>,
    /// What was wrong when each file was taken up last.
    wrong: Vec<Wrong>,
    /// Everything that is wrong now, as it is listed.
    told: Vec<String>,
    /// What is right, and may surprise.
    notes: Vec<String>,
    /// Whether the program is to begin anew, once nobody is in the middle of something.
    anew: bool,
    /// Whether `config.toml` became wrong since it was taken up.
    spoilt: bool,
    /// Which reading was taken up last.
    reading: u64,
}

impl Known {
    /// What the screen begins with; `said`: what was said at the start.
    pub fn new(fresh: Fresh, said: Vec<String>) -> Known {
        Known {
            config: fresh.config.map(|c| *c).unwrap_or_default(),
            keys: fresh.keys,
            wrong: fresh.wrong,
            told: said,
            notes: noted(&fresh.notes),
            anew: false,
            spoilt: false,
            reading: 0,
        }
    }

    fn knows(&self, wrong: &Wrong) -> bool {
        // The line may be another by now.
        let marks = |w: &Wrong| (w.problem.account.clone(), w.problem.part);
        let same = |k: &Wrong| {
            k.file == wrong.file
                && k.problem.message == wrong.problem.message
                && marks(k) == marks(wrong)
        };
        self.wrong.iter().any(same)
    }
}

impl App {
    /// The files were read, for the how manieth time. What was read before the last that was taken
    /// up is older than what is known.
    pub(super) fn read_anew(
        &mut self,
        fresh: Fresh,
        number: u64,
        open: bool,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        if number >= self.known.reading {
            self.known.reading = number;
            self.fresh_came(fresh, open, now, fx);
        } else if open {
            fx.push(Effect::Reload { open });
        }
    }

    /// The files were read; `open`: for the settings, which are wanted.
    fn fresh_came(&mut self, fresh: Fresh, open: bool, now: Now, fx: &mut Vec<Effect>) {
        let known = &self.known;
        let wrong = fresh.wrong.iter();
        // What is worn stays where no theme has the name, and all else of the file holds.
        let wrong = wrong.filter(|w| fresh.themeless.as_ref() != Some(*w));
        let became: Vec<Wrong> = wrong.filter(|w| !known.knows(w)).cloned().collect();
        let fine = |file: &str| became.iter().all(|w| w.file != file);
        let was = self.known.config.look.theme.clone();
        let (mut keys, mut config) = (false, None);
        if fine(KEYS) && fresh.keys != self.known.keys {
            self.known.keys.clone_from(&fresh.keys);
            keys = true;
        }
        if fine(CONFIG)
            && let Some(new) = fresh.config
            && *new != self.known.config
        {
            keys |= new.views != self.known.config.views;
            config = Some(std::mem::replace(&mut self.known.config, *new));
        }
        if let Some(before) = config {
            self.take(&before, now, fx);
        }
        if keys {
            self.take_keys();
        }
        let themes: Vec<_> = fresh
            .themes
            .into_iter()
            .filter(|(name, _)| fine(&format!("themes/{name}.toml")))
            .collect();
        self.panes.themes = themes.iter().map(|(name, _)| name.clone()).collect();
        let another = was != self.known.config.look.theme;
        let setting = self.known.config.look.theme.clone();
        for fault in self
            .dress
            .own(themes, another.then_some(setting.as_deref()))
        {
            self.panes.alarm(&fault, now);
        }
        self.known.spoilt = !fine(CONFIG);
        // A file counts as it was taken up last: one that became wrong is no measure.
        self.known.wrong.retain(|w| !fine(&w.file));
        let taken = fresh.wrong.iter().filter(|w| fine(&w.file));
        self.known.wrong.extend(taken.cloned());
        self.known.notes = noted(&fresh.notes);
        self.tell_wrong(&fresh.wrong, &became, now);
        match self.layers.iter_mut().find_map(Layer::as_settings) {
            Some(settings) => settings.set(fresh.settings),
            None if open => self.layers.push(Layer::settings(fresh.settings)),
            None => {}
        }
    }

    /// Says what became wrong, or that everything is right again.
    fn tell_wrong(&mut self, wrong: &[Wrong], became: &[Wrong], now: Now) {
        let written = |w: &Wrong| w.problem.written(&w.file);
        let told: Vec<String> = wrong.iter().map(written).collect();
        let before = std::mem::replace(&mut self.known.told, told);
        if before == self.known.told {
            return;
        }
        let way = self.panes.way_to(Command::Problems);
        match became {
            [] if self.known.told.is_empty() && !before.is_empty() => {
                let text = tr!("The configuration is right again.");
                self.panes.tell(Clean::lit(text), now);
            }
            [] => {}
            [one] => {
                let text = tr!(
                    "{problem}. Nothing changed; {key} lists it.",
                    problem = written(one),
                    key = way
                );
                self.panes.alarm(&text, now);
            }
            [first, more @ ..] => {
                let (n, first) = (more.len(), written(first));
                let text = tr!(
                    "(and {n} more, {key} lists them) {first}",
                    n,
                    key = way,
                    first
                );
                self.panes.alarm(&text, now);
            }
        }
    }

    /// Another configuration than before holds.
    fn take(&mut self, before: &Config, now: Now, fx: &mut Vec<Effect>) {
        let config = self.known.config.clone();
        let (look, old) = (&config.look, &before.look);
        if look.threads != old.threads && look.threads != self.panes.threaded {
            self.panes.toggle_threads(now, fx);
        }
        if look.layout != old.layout {
            self.panes.shape.set(look.layout);
            // Or what a key chose before would hold again after the next start.
            fx.push(Effect::Shape(self.panes.shape.written()));
        }
        if look.linear != old.linear && look.linear != self.panes.linear {
            self.linear(look.linear, now);
        }
        if config.list != before.list {
            self.panes.list = config.list.clone();
        }
        if config.tags != before.tags {
            self.dress.tags(&config.tags);
            let names = tags::names(&config.tags);
            if names != tags::names(&before.tags) {
                // What is looked for by a name may be another tag now.
                naming::choose(names);
                self.panes.look_again(now, fx);
            }
        }
        if look.scrollbar != old.scrollbar {
            self.dress.bars(look.scrollbar);
        }
        if look.title != old.title {
            fx.push(Effect::WindowTitle(look.title));
        }
        if look.mouse != old.mouse {
            fx.push(Effect::Mouse(look.mouse));
        }
        if look.hyperlinks != old.hyperlinks {
            fx.push(Effect::Hyperlinks(look.hyperlinks));
        }
        if look.vi != old.vi {
            self.desk.set_vi(look.vi);
        }
        if config.splits != before.splits {
            let kept = (config.views.clone(), config.splits.clone());
            let change = Keep::Splits(config.splits.clone());
            self.panes.kept(&change, kept, now, fx);
        } else if config.views != before.views {
            self.panes.sort_anew(&config.views, &config.splits);
        }
        self.known.anew |= rest(&config) != rest(before);
    }

    /// Other keys than before hold.
    fn take_keys(&mut self) {
        let views = &self.known.config.views;
        self.keys = Keys::load(self.known.keys.as_deref(), views).0;
        self.panes.keymap = Arc::clone(self.keys.map());
        self.panes.status.set_keymap(Arc::clone(self.keys.map()));
    }

    /// Begins anew, if the configuration wants it, is right, and nobody is in the middle of something.
    pub(super) fn begin_anew(&mut self, fx: &mut Vec<Effect>) {
        let waits = !self.lacking.is_empty();
        let busy =
            waits || !self.layers.is_empty() || self.desk.has_keys() || self.keys.has_begun();
        if self.known.anew && !self.known.spoilt && !busy {
            self.known.anew = false;
            self.desk.last_words(fx);
            fx.push(Effect::End(End::Reload));
        }
    }

    /// What is wrong with the files, to read.
    pub(super) fn problems(&self) -> Result<Layer, &'static str> {
        if self.known.told.is_empty() && self.known.notes.is_empty() {
            return Err(tr!(
                "Nothing is wrong with the configuration, the keys and the themes."
            ));
        }
        let line = |text: &String| {
            let text = Clean::line(text);
            Line::from_runs(vec![Run::new(text.as_str(), Mark::Plain)], 0)
        };
        let all = self.known.told.iter().chain(&self.known.notes);
        let lines: Vec<Line> = all.map(line).collect();
        let title = Clean::lit(tr!("What is wrong"));
        let paper = Paper::new(&title, lines.into(), Vec::new(), Vec::new());
        Ok(Layer::Paper(paper))
    }

    pub(super) fn theme(&mut self, name: &str, now: Now) {
        let faults = self.dress.choose(name);
        if faults.is_empty() && self.dress.around().colours == Colours::None {
            let text = tr!("Colours are off: NO_COLOR is set, or the terminal has none.");
            self.panes.tell(Clean::lit(text), now);
        }
        for fault in faults {
            self.panes.alarm(&fault, now);
        }
    }
}

fn noted(notes: &[Wrong]) -> Vec<String> {
    let noted = notes.iter().map(|n| n.problem.written(&n.file));
    noted
        .map(|text| tr!("{text} (only to be known)", text))
        .collect()
}

/// What of a configuration can't be changed under a running program.
fn rest(config: &Config) -> Config {
    let Look {
        by_subject,
        icons,
        undo_send,
        spell,
        images,
        bidi,
        language,
        ..
    } = config.look.clone();
    Config {
        look: Look {
            by_subject,
            icons,
            undo_send,
            spell,
            images,
            bidi,
            language,
            ..Look::default()
        },
        list: ListLook::default(),
        tags: Vec::new(),
        views: Vec::new(),
        splits: Vec::new(),
        ..config.clone()
    }
}
