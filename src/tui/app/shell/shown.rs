//! What comes over the panes besides what a command asks for: what work on attachments brings
//! (papers, questions, pictures), and what a line begins with.

use super::App;
use crate::lang::tr;
use crate::text::Clean;
use crate::tui::app::layers::{Layer, Purpose};
use crate::tui::app::popup::IN_FRONT;
use crate::tui::command::{Call, Command};
use crate::tui::effect::Effect;
use crate::tui::errand::Errand;
use crate::tui::event::Now;
use crate::tui::hyperlink::Linked;
use crate::tui::part::{PartCame, PartOf, Remotely};
use crate::tui::picture::Placed;
use crate::tui::screen::pager_view;

impl App {
    /// What the window is called.
    pub fn window_title(&self) -> Clean {
        self.panes.signs.written(&self.panes.window_title())
    }

    /// The picture that stands on the screen, if nothing covers it.
    pub fn placed(&self) -> Option<Placed> {
        self.layers.last()?.placed(self.panes.size)
    }

    /// The links of what is read that stand on the screen, if nothing covers it.
    pub fn hyperlinks(&self) -> Vec<Linked> {
        let reader = self.panes.places().and_then(|p| p.reader);
        let covered = !self.layers.is_empty() || self.desk.is_shown(self.panes.size);
        match (&self.panes.pager, reader) {
            (Some(pager), Some(place)) if !covered => pager_view::linked(pager, place.inner),
            _ => Vec::new(),
        }
    }

    /// What is to be attached goes to the message in front.
    pub(super) fn take_along(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let front = self.desk.front().map(|w| w.serial());
        let before = fx.len();
        fx.retain_mut(|effect| match (effect, front) {
            (Effect::Errand { serial, .. }, Some(front)) if *serial == IN_FRONT => {
                *serial = front;
                true
            }
            (Effect::Errand { serial, .. }, None) => *serial != IN_FRONT,
            _ => true,
        });
        if fx.len() < before {
            let text = tr!("No message is being written that it could be attached to.");
            self.panes.tell(Clean::lit(text), now);
        }
        let asked = fx.iter().filter(|effect| is_taking(effect)).count();
        if let Some(front) = self.desk.front() {
            (0..asked).for_each(|_| front.composer.expects());
        }
    }

    /// An attachment of another message is one of the message that is being written.
    pub(super) fn say_taken(&mut self, now: Now) {
        let key = self.panes.way_to(Command::Writing);
        let text = tr!(
            "Attached to the message being written; {key} goes on with it.",
            key
        );
        self.panes.tell(Clean::line(&text), now);
    }

    /// Pictures over everything.
    pub(super) fn show_pictures(&mut self, parts: Vec<PartOf>, fx: &mut Vec<Effect>) {
        self.albums += 1;
        let serial = self.albums << 32;
        let (around, size) = (self.dress.around(), self.panes.size);
        let layer = Layer::album(parts, serial, around, size, fx);
        self.layers.push(layer);
    }

    /// What a command was given is typed into the line that it opened, where Enter still decides.
    pub(super) fn begin_with(&mut self, call: &Call, now: Now, fx: &mut Vec<Effect>) {
        if let (Command::Counter, Some(text)) = (call.command, &call.argument)
            && let Some(layer @ Layer::Prompt(_, Purpose::Answer(_))) = self.layers.last_mut()
        {
            let turn = layer.paste(text, &mut self.panes, now, fx);
            self.turned(turn, now, fx);
        }
    }

    /// Pictures on the web are here, or not.
    fn pictures_came(
        &mut self,
        what: &Remotely,
        here: Vec<PartOf>,
        why: Option<Clean>,
        quiet: bool,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        if let Some(why) = why.filter(|_| !quiet) {
            let lacking = what.urls.len() - here.len().min(what.urls.len());
            let text = tr!(
                "{lacking} of {all} pictures were not loaded: {why}",
                lacking,
                all = what.urls.len(),
                why
            );
            self.panes.alarm(&text, now);
        }
        let pager = self.panes.pager.as_mut().filter(|_| !here.is_empty());
        let Some(pager) = pager else { return };
        let read = pager.message() == Some(what.message) && !quiet;
        let stand = pager.set_loaded(what.message, here.clone());
        // Where they stand in the text they are seen there.
        if read && !stand && self.layers.is_empty() && !self.desk.has_keys() {
            self.show_pictures(here, fx);
        }
        self.panes.read_on(fx);
    }

    /// Work on an attachment ended.
    pub(super) fn part_came(&mut self, came: PartCame, now: Now, fx: &mut Vec<Effect>) {
        match came {
            PartCame::IsPicture(part) => self.show_pictures(vec![part], fx),
            PartCame::Picture { serial, result } => {
                let layers = self.layers.iter_mut();
                layers.for_each(|layer| layer.pictured(serial, &result));
            }
            PartCame::MayLoad(what) => self.layers.push(Layer::may_load(what, now)),
            PartCame::Loaded {
                what,
                here,
                why,
                quiet,
            } => self.pictures_came(&what, here, why, quiet, now, fx),
            PartCame::Inlays {
                message,
                columns,
                pictures,
            } => {
                let pager = self.panes.pager.as_mut();
                pager
                    .into_iter()
                    .for_each(|p| p.inlaid(message, columns, &pictures));
            }
            PartCame::Senders(senders) if senders.is_empty() => {
                let text = tr!("Pictures on the web are asked about, whoever sends them.");
                self.panes.tell(Clean::lit(text), now);
            }
            came => self.layers.extend(Layer::came(came, now)),
        }
    }
}

fn is_taking(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Errand {
            errand: Errand::Take(..),
            ..
        }
    )
}
