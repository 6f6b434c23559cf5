//! The whole screen: the panes, what covers them, and where a key goes.

use crate::config::keep::Keep;
use crate::lang::tr;
use crate::model::{AccountName, Draft, Intent};
use crate::signal::Topic;
use crate::text::{Clean, bidi};
use crate::tui::app::compose::{self, Writing};
use crate::tui::app::desk::Desk;
use crate::tui::app::held::Held;
use crate::tui::app::keys::Keys;
use crate::tui::app::layers::Layer;
use crate::tui::app::sorted::Sorted;
use crate::tui::app::state::Panes;
use crate::tui::app::tour::Tour;
use crate::tui::command::{Call, Command, Context};
use crate::tui::effect::{Effect, End};
use crate::tui::errand::Brought;
use crate::tui::event::{About, Event, Now};
use crate::tui::key;
use crate::tui::screen::composer::Habits;
use crate::tui::theme::Surroundings;
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

mod anew;
mod holding;
mod paint;
mod lacking;
mod awaited;
mod clicking;
mod dress;
mod past;
mod several;
mod setup;
mod shown;
mod signing;
mod heard;
mod covering;
mod replied;

use anew::Known;
use awaited::{Awaited, Why};
use dress::Dress;
use lacking::Waiting;
pub use setup::Setup;

/// The whole screen.
pub struct App {
    panes: Panes,
    layers: Vec<Layer>,
    desk: Desk,
    awaited: Awaited,
    held: Held,
    /// What waits for attachments that are being fetched.
    lacking: Waiting,
    /// Commands in a row that are not run yet.
    rest: VecDeque<Call>,
    keys: Keys,
    dress: Dress,
    known: Known,
    passwords: VecDeque<AccountName>,
    /// How many albums were opened.
    albums: u64,
    /// How many sign-ins were begun.
    sign_ins: u64,
    tour: Tour,
    /// Where the link leads on which the mouse was pressed.
    pressed: Option<String>,
}

impl App {
    /// The screen at the start, and what is to be done first.
    pub fn new(setup: Setup, size: (u16, u16), now: Now) -> (App, Vec<Effect>) {
        let (keys, trouble) = Keys::load(setup.keys.as_deref(), &setup.views);
        let keymap = Arc::clone(keys.map());
        let sorted = Sorted::new(&setup.views, &setup.splits);
        let (vi, linear) = (setup.taste.vi, setup.taste.linear);
        let bars = setup.taste.scrollbar;
        let tags = setup.taste.tags.clone();
        let (mut panes, mut fx) =
            Panes::new(setup.accounts, setup.taste, sorted, keymap, size, now);
        panes.downloads = setup.downloads;
        panes.groups.clone_from(&setup.groups);
        panes.past = setup.past;
        panes.shape = panes.shape.with(&setup.shape);
        panes.settle(&mut fx);
        panes.themes = setup.fresh.themes.iter().map(|(n, _)| n.clone()).collect();
        let themes = setup.fresh.themes.clone();
        let around = Surroundings {
            linear,
            bars,
            ..setup.surroundings
        };
        let (mut dress, faults) = Dress::new(setup.theme.as_deref(), themes, around);
        dress.tags(&tags);
        let all = [setup.warnings, trouble, faults].concat();
        // There is one line for them: the first, because the others may follow from it.
        match all.as_slice() {
            [] => panes.greet(now),
            [first] => panes.alarm(first, now),
            [first, more @ ..] => {
                let text = tr!("(and {n} more) {first}", n = more.len(), first);
                panes.alarm(&text, now);
            }
        }
        let mut awaited = Awaited::default();
        awaited.ask(setup.left_open, Why::LeftOpen, &mut fx);
        awaited.ask(setup.put_aside, Why::PutAside, &mut fx);
        let mut app = App {
            panes,
            layers: Vec::new(),
            desk: Desk::new(Habits {
                vi,
                spelling: setup.spelling,
                groups: setup.groups,
                check_domains: setup.check_domains,
            }),
            awaited,
            held: Held::default(),
            lacking: Waiting::default(),
            rest: VecDeque::new(),
            keys,
            dress,
            known: Known::new(setup.fresh, all),
            passwords: VecDeque::new(),
            albums: 0,
            sign_ins: 0,
            tour: Tour::offered(setup.tour),
            pressed: None,
        };
        app.desk.set_linear(linear);
        bidi::as_read(linear);
        if let Some(draft) = setup.compose {
            app.write(*draft, &mut fx);
        }
        fx.extend(app.dress.asks());
        (app, fx)
    }

    /// Takes an event in; says what is to be done.
    pub fn update(&mut self, event: Event, now: Now) -> Vec<Effect> {
        let mut fx = Vec::new();
        let was_picking = self.panes.index.is_picking();
        let was = self.panes.focus;
        let by_hand = event.is_by_hand();
        if by_hand {
            self.lacking.touched();
        }
        match event {
            Event::Key(key) => self.key(key, now, &mut fx),
            Event::Mouse(mouse) if self.clicked(mouse, now, &mut fx) => {}
            Event::Mouse(mouse) => match self.layers.last_mut() {
                // What covers the one pane stands elsewhere than its own places say.
                Some(_) if self.panes.linear => {}
                Some(layer) => {
                    let (w, h) = self.panes.size;
                    let screen = Rect::new(0, 0, w, h);
                    let turn = layer.mouse(mouse, screen, &mut self.panes, now, &mut fx);
                    self.turned(turn, now, &mut fx);
                }
                None if self.desk.mouse(mouse, self.panes.size) => {}
                None => self.panes.mouse(mouse, now, &mut fx),
            },
            // Pasted text is text: over the panes it must not run as commands.
            Event::Paste(text) => {
                if let Some(layer) = self.layers.last_mut() {
                    let turn = layer.paste(&text, &mut self.panes, now, &mut fx);
                    self.turned(turn, now, &mut fx);
                } else if self.desk.has_keys() {
                    let turn = self.desk.paste(&text, now, &mut fx);
                    self.wrote(&turn, now, &mut fx);
                }
            }
            Event::Resize(w, h) => {
                self.panes.size = (w, h);
                let layers = self.layers.iter_mut();
                layers.for_each(|layer| layer.picture((w, h), &mut fx));
            }
            // Who comes back may have changed between light and dark meanwhile.
            Event::Focus(true) => fx.extend(self.dress.asks()),
            Event::Focus(false) => {}
            Event::Background { light } => self.dress.background(light),
            Event::Board(posted) => {
                for topic in &posted.topics {
                    if let Topic::PasswordWanted(name) = topic {
                        self.want_password(name, now);
                    }
                }
                self.attachments_came(&posted, now, &mut fx);
                self.panes.posted(posted, now, &mut fx);
            }
            Event::Rows(answer) => self.answered(answer, now, &mut fx),
            Event::Laid(job, result) => self.panes.laid(job, result, &mut fx),
            Event::Reply { about, result } => self.replied(about, result, now, &mut fx),
            Event::Drafted { late, draft } => self.drafted(late, draft, now, &mut fx),
            Event::Built(Err(why)) => self.panes.alarm(&why, now),
            Event::Lacking(lacking, since) => self.lacks(lacking, since, now, &mut fx),
            Event::NotHere(serial, message, part) => {
                self.attached_nothing(serial, (message, part), now, &mut fx);
            }
            // Of one that is here, all is told whoever asks, and stays.
            Event::Used(message) => fx.push(Effect::Ask(Intent::FetchBody(message), About::Quiet)),
            Event::Parting(Err(why)) => self.panes.alarm(&why, now),
            Event::Parting(Ok(list)) => self.layers.push(Layer::parting(*list, now)),
            Event::Built(Ok(built)) => fx.push(Effect::Ask(Intent::Queue(built), About::Done)),
            Event::EditorDone { serial, result } => {
                self.desk.answer(serial, |w| w.edited(result, now, &mut fx));
            }
            Event::Paths(typed, paths) => {
                if let Some(layer) = self.layers.last_mut() {
                    layer.offer(&typed, paths);
                } else if let Some(writing) = self.desk.front() {
                    writing.composer.paths(&typed, paths);
                }
            }
            Event::Offered { serial, people } => {
                let layer = self.layers.last_mut();
                layer.into_iter().for_each(|l| l.people(serial, &people));
                if let Some(writing) = self.desk.front() {
                    writing.composer.people(serial, people);
                }
            }
            Event::Brought { serial, brought } => {
                let taken = matches!(brought, Brought::Taken(Ok(_)));
                if taken && self.desk.may_take(serial) {
                    self.say_taken(now);
                }
                self.desk
                    .answer(serial, |w| w.brought(brought, now, &mut fx));
            }
            Event::Examined(cancel, progress) => self.examined(cancel, progress),
            Event::Work(news) => self.panes.works.take(news),
            Event::Part(came) => self.part_came(came, now, &mut fx),
            Event::Kept(Keep::Set(..), Ok(_)) => fx.push(Effect::Reload { open: false }),
            Event::Fresh {
                fresh,
                number,
                open,
            } => self.read_anew(*fresh, number, open, now, &mut fx),
            Event::Kept(change, Ok(kept)) => self.panes.kept(&change, kept, now, &mut fx),
            Event::Kept(_, Err(why)) => {
                let settings = self.layers.iter_mut().find_map(Layer::as_settings);
                settings.into_iter().for_each(|s| s.fail(&why));
                self.panes.alarm(&why, now);
            }
            Event::Told(Ok(text)) => self.panes.tell(Clean::line(&text), now),
            Event::Told(Err(why)) => self.panes.alarm(&why, now),
            Event::SignIn(n, account, news) => self.signing_in(n, account, news, now, &mut fx),
            Event::Tick => {
                for call in self.keys.expire(now.mono) {
                    self.call(&call, now, &mut fx);
                }
                self.desk.tick(now, &mut fx);
                self.panes.tick(now, &mut fx);
            }
            Event::Quit => {
                self.desk.last_words(&mut fx);
                fx.push(Effect::End(End::Quit));
            }
        }
        let typing = self.keys.has_begun() || self.desk.has_colon();
        if by_hand && self.layers.is_empty() && !typing {
            self.lacking.went_on();
        }
        self.catch_up(was_picking, now, &mut fx);
        self.linked(now, &mut fx);
        self.take_along(now, &mut fx);
        self.make_room();
        self.dress
            .try_on(self.layers.last().and_then(Layer::trying));
        self.panes.settle(&mut fx);
        self.say_pane(was, now);
        self.panes.age(now);
        self.panes.plan_finding(now);
        let jobs = self.layers.iter_mut().find_map(Layer::as_jobs);
        jobs.into_iter().for_each(|j| j.set(self.panes.jobs(now)));
        self.begin_anew(&mut fx);
        self.forget_meant();
        self.ask_password(now);
        for effect in &fx {
            if let Effect::Ask(intent, about) = effect {
                self.lacking.asked(intent, *about);
            }
        }
        fx
    }

    /// Writes to whom a link says.
    fn linked(&mut self, now: Now, fx: &mut Vec<Effect>) {
        let shown = self.panes.shown_account();
        let linked = Writing::linked(fx, &self.panes.accounts, shown.as_ref());
        if let Some((draft, said)) = linked {
            self.write(draft, fx);
            if let Some(text) = said.words() {
                self.panes.alarm(&text, now);
            }
        }
    }

    /// The panes have what the message in front leaves them.
    fn make_room(&mut self) {
        let cols = self.panes.size.0;
        self.desk.settle(cols);
        let taken = self.desk.columns(cols);
        self.panes.taken = if taken > 0 { taken + 1 } else { 0 };
        self.panes.writing = self.desk.note();
    }

    /// When something on the screen has to change by itself.
    pub fn deadline(&self) -> Option<Instant> {
        let toast = self.panes.status.deadline();
        let overlay = self.panes.overlay.deadline();
        let keys = self.keys.deadline();
        let writing = self.desk.deadline();
        let panes = [self.panes.aging, self.panes.finding];
        let all = [toast, overlay, keys, writing].into_iter().chain(panes);
        all.flatten().min()
    }

    /// Where keys go now.
    fn context(&self) -> Context {
        if self.desk.has_keys() {
            return Context::Composer;
        }
        self.panes.context()
    }

    fn key(&mut self, key: KeyEvent, now: Now, fx: &mut Vec<Effect>) {
        let key = self.told(key);
        self.panes.somebody_is_here(now, fx);
        self.panes.index.touch();
        if let Some(layer) = self.layers.last_mut() {
            let turn = layer.key(&key, &mut self.panes, now, fx);
            self.turned(turn, now, fx);
            return;
        }
        if self.desk.has_keys() {
            let turn = self.desk.key(&key, self.keys.map(), now, fx);
            self.wrote(&turn, now, fx);
            return;
        }
        if self.waits(&key, now) {
            return;
        }
        let context = self.context();
        let calls = self.keys.press(context, &key, now.mono);
        if calls.is_empty() && !self.keys.has_begun() {
            let said = self.keys.unknown(context, &key);
            if !said.is_empty() {
                self.panes.status.murmur(said, now.mono);
            }
        }
        for call in calls {
            self.call(&call, now, fx);
        }
    }

    /// The key as it is taken: one that only kitty's protocol tells apart from an older one is that,
    /// where nobody gave it a meaning.
    fn told(&self, key: KeyEvent) -> KeyEvent {
        let older = key::older(&key);
        let means = || self.layers.is_empty() && self.keys.means(self.context(), &key);
        older.filter(|_| !means()).unwrap_or(key)
    }

    /// Runs a command, and brings what it wants.
    fn call(&mut self, call: &Call, now: Now, fx: &mut Vec<Effect>) {
        if call.command == Command::Theme
            && let Some(name) = &call.argument
        {
            return self.theme(name, now);
        }
        if call.command == Command::Undo && self.drop_waiting(now) {
            return;
        }
        if call.command == Command::Linear {
            return self.linear(!self.panes.linear, now);
        }
        if let (Command::Do, Some(text)) = (call.command, &call.argument) {
            return self.several(text, now, fx);
        }
        if !self.desk.is_empty() {
            let cols = self.panes.size.0;
            if call.command == Command::Beside && cols < Desk::BESIDE {
                let said = tr!(
                    "Writing beside the list needs {n} columns.",
                    n = Desk::BESIDE
                );
                self.panes.tell(Clean::line(&said), now);
            }
            if call.command == Command::Writings {
                self.layers.push(Layer::writings(self.desk.items()));
                return;
            }
            if self.desk.command(call.command, self.panes.size.0) {
                return self.keys.forget();
            }
        }
        if self.desk.has_keys() && call.command.info().contexts == [Context::Composer] {
            let turn = self.desk.order(call.command, now, fx);
            return self.wrote(&turn, now, fx);
        }
        let wants = self.panes.command(call, now, fx);
        if let Some(said) = self.tour.did(call.command, self.keys.map()) {
            self.panes.tell(said, now);
        }
        self.fulfil(wants, now, fx);
        self.begin_with(call, now, fx);
    }

    /// Opens a draft in a composer.
    fn write(&mut self, draft: Draft, fx: &mut Vec<Effect>) {
        self.keys.forget();
        self.desk.write(draft, &self.panes.accounts, fx);
    }

    /// What a composer can't do by itself.
    fn wrote(&mut self, turn: &compose::Turn, now: Now, fx: &mut Vec<Effect>) {
        if turn.kept {
            let key = self.panes.way_to(Command::GoDrafts);
            let said = tr!("Kept as a draft; {key} lists the drafts.", key);
            self.panes.status.murmur(Clean::line(&said), now.mono);
        }
        if let Some(command) = turn.command {
            self.call(&command.into(), now, fx);
        }
    }
}

#[cfg(test)]
pub mod tests;
