//! The loop: wait for one event, take all that came with it, draw once. The only place on the
//! screen's thread that waits, and the only one that performs effects.
//!
//! Idle means asleep: there is no tick, only a deadline while something on the screen has to
//! disappear. A turn of more than 16 ms is logged with the event that began it.

use crate::lang::tr;
use crate::model::setup::Cancel;
use crate::model::{Draft, Intent, SignInWord};
use crate::signal::{Board, Posted};
use crate::text::{Clean, osc, when};
use crate::tui::app::{App, Setup};
use crate::tui::asides::{
    about_word, examine, keep, look_up, open_url, reload, remember, remember_line, remembered,
    takeout, write_down,
};
use crate::tui::bidi;
use crate::tui::clip::clip;
use crate::tui::contacts::Asker;
use crate::tui::edited::{Edited, Settled};
use crate::tui::editor;
use crate::tui::effect::{Effect, End};
use crate::tui::errand::Errand;
use crate::tui::event::{About, Event, Now};
use crate::tui::hyperlink;
use crate::tui::input::Input;
use crate::tui::layout::Layout;
use crate::tui::loading::Loader;
use crate::tui::parts::Parts;
use crate::tui::picture::Ability;
use crate::tui::ports::{Ask, Examine, KeepHow, LookUp, Ports, ReloadHow, Reply, SignInHow, Taste};
use crate::tui::reader::Readers;
use crate::tui::screen::composer::block;
use crate::tui::signing;
use crate::tui::spell::Spelling;
use crate::tui::stage::{RunError, Stage};
use crate::tui::terminal::{self, Terminal};
use crate::tui::theme::Surroundings;
use crate::tui::whole::{Lacking, Then};
use crate::tui::working::Teller;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A turn that takes longer is logged: two frames of it would be felt.
const SLOW: Duration = Duration::from_millis(16);
/// Events taken in before a frame is drawn all the same.
const BATCH: usize = 512;

/// Shows the screen until the user leaves, the terminal goes away or a signal asks to end, and says
/// why it was left. What it shows last stays.
///
/// # Errors
/// When the terminal is gone, or no thread can be started.
pub fn run(stage: &mut Stage, ports: Ports) -> Result<End, RunError> {
    let (events, inbox) = stage.anew();
    let ring = events.clone();
    // The hook runs with the board locked and must only ring: the loop takes what is written.
    ports.board.on_post(move || {
        let _ = ring.send(Event::Board(Posted::default()));
    });
    let readers = Readers::start(&ports.cache, &ports.local, &events).map_err(RunError::Start)?;
    let contacts =
        Asker::start(&ports.local, ports.books.clone(), events.clone()).map_err(RunError::Start)?;
    let layout = Layout::start(
        (&ports.cache, &ports.local),
        ports.accounts.clone(),
        ports.templates.clone(),
        events.clone(),
    )
    .map_err(RunError::Start)?;
    let teller = Teller::new(events.clone());
    let parts = Parts::new(
        (&ports.cache, &ports.local),
        ports.downloads.clone(),
        ports.programs,
        (
            Ability::new(ports.images, surroundings(&ports.taste), |name| {
                std::env::var(name).ok()
            }),
            Loader::new(ports.load),
        ),
        (events.clone(), teller.clone()),
    );
    let mouse = ports.taste.mouse;
    let shape = ports.local.with_file_name("layout.txt");
    stage.terminal.mouse(mouse).map_err(RunError::Terminal)?;
    let bidi = ports.fresh.config.as_ref().map(|c| c.look.bidi);
    let way = bidi::Way::found(bidi.unwrap_or_default(), |name| std::env::var(name).ok());
    let drawn = events.clone();
    let named = ports.spell_named;
    let spelling = Spelling::load(ports.spell, ports.words, move |lacking| {
        // A system need not have a dictionary; but who names a language expects one.
        let said = match lacking {
            [] => Event::Tick,
            _ if !named => Event::Tick,
            all => Event::Told(Err(tr!(
                "No spelling dictionary (Hunspell) is installed for {languages}",
                languages = all.join(", ")
            ))),
        };
        let _ = drawn.send(said);
    });
    // What was written before we listened rings no bell.
    let _ = events.send(Event::Board(Posted::default()));
    let ended = Loop {
        board: Arc::clone(&ports.board),
        title: titled(ports.taste.title),
        hyperlinks: hyperlink::wanted(ports.hyperlinks, |name| std::env::var(name).ok()),
        way,
        hands: Hands {
            cache: ports.cache.clone(),
            ask: ports.ask,
            readers,
            contacts,
            domains: ports.domains.clone(),
            layout,
            parts,
            input: &stage.input,
            events,
            terminal: &mut stage.terminal,
            editing: ports.editing,
            edited: Edited::default(),
            keep: ports.keep,
            reload: ports.reload,
            readings: 0,
            past: ports.past.clone(),
            shape: shape.clone(),
            sign_in: ports.sign_in,
            signing: None,
            examine: ports.examine,
            spelling: spelling.clone(),
            teller,
        },
        inbox,
        heard: &mut stage.heard,
    }
    .run(Setup {
        accounts: ports.accounts,
        theme: ports.theme,
        keys: ports.keys,
        surroundings: surroundings(&ports.taste),
        taste: ports.taste,
        spelling,
        groups: ports.books.groups,
        check_domains: ports.domains.is_some(),
        downloads: ports.downloads,
        left_open: ports.left_open,
        put_aside: ports.put_aside,
        compose: ports.compose,
        views: ports.views,
        splits: ports.splits,
        fresh: ports.fresh,
        past: remembered(&ports.past).lines().map(str::to_owned).collect(),
        shape: remembered(&shape),
        warnings: ports.warnings,
        tour: ports.tour,
    });
    write_down();
    ended
}

/// What performs effects.
struct Hands<'s> {
    cache: PathBuf,
    ask: Ask,
    readers: Readers,
    contacts: Asker,
    domains: Option<LookUp>,
    layout: Layout,
    parts: Parts,
    input: &'s Input,
    events: Sender<Event>,
    terminal: &'s mut Terminal,
    editing: PathBuf,
    edited: Edited,
    keep: KeepHow,
    reload: ReloadHow,
    /// How often the user's files were asked for.
    readings: u64,
    past: PathBuf,
    /// The file of how the panes stand.
    shape: PathBuf,
    sign_in: SignInHow,
    /// Whoever signs in hears of the user here.
    signing: Option<Sender<SignInWord>>,
    examine: Examine,
    spelling: Spelling,
    /// Where work on threads is told.
    teller: Teller,
}

struct Loop<'s> {
    board: Arc<Board>,
    /// Whether the window is given a title.
    title: bool,
    /// Whether the terminal is told of links.
    hyperlinks: bool,
    /// What the terminal does with letters that run from right to left.
    way: bidi::Way,
    hands: Hands<'s>,
    inbox: Receiver<Event>,
    /// Whether the user wants another mode than the one that it began in.
    heard: &'s mut Option<bool>,
}

/// Whether the loop goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Out(End),
}

impl Go {
    /// The first that ends it.
    fn or(self, then: Go) -> Go {
        match self {
            Go::On => then,
            Go::Out(_) => self,
        }
    }
}

impl Loop<'_> {
    fn run(mut self, setup: Setup) -> Result<End, RunError> {
        let size = self.hands.terminal.size().map_err(RunError::Terminal)?;
        let began = setup.taste.linear;
        let (mut app, first) = App::new(setup, size, now());
        let end = self.turns(&mut app, first);
        if app.is_linear() != began {
            *self.heard = Some(app.is_linear());
        }
        end
    }

    fn turns(&mut self, app: &mut App, first: Vec<Effect>) -> Result<End, RunError> {
        if let Go::Out(end) = self.perform(first)? {
            return Ok(end);
        }
        self.draw(app)?;
        loop {
            let event = match self.next(app.deadline()) {
                Some(event) => event,
                None => return Ok(End::Quit),
            };
            let began = Instant::now();
            let name = event.name();
            let mut next = Some(event);
            let mut taken = 0;
            while let Some(event) = next {
                let event = match event {
                    Event::Board(_) => Event::Board(self.board.take()),
                    other => other,
                };
                let effects = app.update(event, now());
                // What an editor wrote is saved whatever became of the terminal meanwhile, and before
                // a signal ends the program.
                let mut went = self.perform(effects);
                while let Some(event) = self.hands.edited.pop() {
                    for effect in app.update(event, now()) {
                        if matches!(effect, Effect::Ask(..)) || went.is_ok() {
                            let then = self.perform(vec![effect])?;
                            went = went.map(|first| first.or(then));
                        }
                    }
                }
                if let Go::Out(end) = went? {
                    return Ok(end);
                }
                taken += 1;
                next = (taken < BATCH)
                    .then(|| self.inbox.try_recv().ok())
                    .flatten();
            }
            self.draw(app)?;
            let took = began.elapsed();
            if took > SLOW {
                tracing::warn!(event = name, taken, ?took, "a slow turn of the screen");
            }
        }
    }

    /// The next event, or a tick at the deadline; `None` when nobody can send any more.
    fn next(&self, deadline: Option<Instant>) -> Option<Event> {
        match deadline {
            None => self.inbox.recv().ok(),
            Some(at) => match self.inbox.recv_deadline(at) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => Some(Event::Tick),
                Err(RecvTimeoutError::Disconnected) => None,
            },
        }
    }

    fn draw(&mut self, app: &App) -> Result<(), RunError> {
        let wall = when::now();
        let links = match self.hyperlinks {
            true => app.hyperlinks(),
            false => Vec::new(),
        };
        let title = match self.title {
            true => app.window_title(),
            false => Clean::default(),
        };
        let terminal = &mut self.hands.terminal;
        // Who hears the screen hears letters as they are read, which a terminal may turn as it likes.
        let way = match app.is_linear() {
            true => bidi::Way::Cells,
            false => self.way,
        };
        terminal.bidi(way).map_err(RunError::Terminal)?;
        terminal.title(&title).map_err(RunError::Terminal)?;
        terminal
            .draw(|frame| app.draw(frame, wall), app.placed(), &links)
            .map_err(RunError::Terminal)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<Go, RunError> {
        for effect in effects {
            if let Effect::WindowTitle(wanted) = effect {
                self.title = titled(wanted);
                continue;
            }
            if let Effect::Hyperlinks(wanted) = effect {
                self.hyperlinks = hyperlink::wanted(wanted, |name| std::env::var(name).ok());
                continue;
            }
            if let out @ Go::Out(_) = self.hands.perform(effect).map_err(RunError::Terminal)? {
                return Ok(out);
            }
        }
        Ok(Go::On)
    }
}

impl Hands<'_> {
    fn perform(&mut self, effect: Effect) -> io::Result<Go> {
        match effect {
            Effect::Query(question) => self.readers.ask(question),
            Effect::Layout(jobs) => self.layout.lay(jobs),
            Effect::Draft {
                from,
                message,
                late,
            } => self.layout.draft(from, message, late, None),
            Effect::Build(outward, message) => self.layout.build(outward, message, None),
            Effect::Waited {
                lacking: Lacking { message, then },
                since,
                late,
            } => match then {
                Then::Part(job) => self.parts.begin(job, Some(since)),
                Then::Draft(from) => self.layout.draft(from, message, late, Some(since)),
                Then::Build(outward) => self.layout.build(outward, message, Some(since)),
            },
            Effect::Leave(message) => self.layout.leave(message),
            Effect::Part(job) => self.parts.begin(job, None),
            Effect::Ask(intent, about) => {
                let edited = self.edited.settling(about);
                let reply = match &intent {
                    Intent::PutAside(draft) => self.rescuing(draft, about, edited),
                    _ => reply(self.events.clone(), about, edited),
                };
                (self.ask)(intent, reply);
            }
            Effect::Takeout(what, targets) => {
                let doing = Clean::lit(tr!("Writing messages to files"));
                let working = self.teller.begin(doing, Some(Cancel::default()));
                takeout(
                    self.cache.clone(),
                    what,
                    targets,
                    working,
                    self.events.clone(),
                );
            }
            Effect::OpenUrl(url) => open_url(url, self.events.clone()),
            Effect::Paths(typed) => self.layout.paths(typed),
            Effect::Errand {
                serial,
                errand: errand @ (Errand::Suggest(_) | Errand::Learn(_)),
            } => about_word(self.spelling.clone(), serial, errand, self.events.clone()),
            Effect::Complete { serial, prefix } => self.contacts.ask(serial, prefix),
            Effect::Errand {
                serial,
                errand: Errand::Domains(domains),
            } => look_up(self.domains.clone(), serial, domains, self.events.clone()),
            Effect::Errand { serial, errand } => self.layout.errand(serial, errand),
            Effect::Keep(change) => keep(Arc::clone(&self.keep), change, self.events.clone()),
            Effect::Reload { open } => {
                self.readings += 1;
                let number = self.readings;
                reload(Arc::clone(&self.reload), number, open, self.events.clone());
            }
            Effect::Remember(line) => {
                remember_line(self.past.clone(), line, self.events.clone());
            }
            Effect::Shape(text) => remember(self.shape.clone(), text, self.events.clone()),
            Effect::Mouse(on) => self.terminal.mouse(on)?,
            // These were taken before.
            Effect::Hyperlinks(_) | Effect::WindowTitle(_) | Effect::Compose(_) => {}
            Effect::SignIn {
                serial,
                account,
                by,
            } => {
                let events = self.events.clone();
                self.signing = Some(signing::begin(&self.sign_in, serial, account, by, events));
            }
            Effect::SignInWord(word) => {
                if let Some(signing) = &self.signing {
                    let _ = signing.send(word);
                }
            }
            Effect::Examine(account) => {
                examine(Arc::clone(&self.examine), account, self.events.clone());
            }
            Effect::Copy(text) => self.terminal.copy(&clip(&text).0)?,
            Effect::Announce(said) => self.terminal.announce(&said)?,
            Effect::Redraw => self.terminal.redraw()?,
            Effect::AskBackground => self.terminal.ask_ground()?,
            Effect::Editor {
                serial,
                draft,
                text,
            } => {
                let folder = self.editing.clone();
                self.away(|hands| {
                    let result = editor::edit(&folder, draft, &text);
                    hands.edited.end(serial, result);
                })?;
            }
            Effect::Suspend => self.away(|_| {
                let _ = signal_hook::low_level::raise(signal_hook::consts::SIGSTOP);
            })?,
            Effect::End(end) => return Ok(Go::Out(end)),
        }
        Ok(Go::On)
    }

    /// Keeps what is typed in a file if the ledger can't: there is no later save.
    fn rescuing(&self, draft: &Draft, about: About, edited: Settled) -> Reply {
        let (folder, id, text) = (self.editing.clone(), draft.id, block::write(draft));
        let events = self.events.clone();
        Box::new(move |result| {
            let Err(why) = result else {
                return reply(events, about, edited)(result);
            };
            // That file has every word of those that an editor left.
            let result = match editor::rescue(&folder, id, &text) {
                Ok(()) => {
                    edited.forget();
                    Err(tr!("Not saved: {why}; the next start has the text", why))
                }
                Err(_) => {
                    edited.give_back();
                    Err(tr!("Not saved: {why}", why))
                }
            };
            let _ = events.send(Event::Reply { about, result });
        })
    }

    /// Hands the terminal over while `work` runs, and takes it back.
    fn away(&mut self, work: impl FnOnce(&mut Self)) -> io::Result<()> {
        self.input.pause();
        terminal::leave();
        work(self);
        self.terminal.reenter()?;
        self.input.resume();
        // The window may have another size than before.
        if let Ok((cols, rows)) = self.terminal.size() {
            let _ = self.events.send(Event::Resize(cols, rows));
        }
        Ok(())
    }
}

/// What is known of the terminal, and how the user wants it.
fn surroundings(taste: &Taste) -> Surroundings {
    Surroundings {
        linear: taste.linear,
        ..Surroundings::of_process()
    }
}

/// Whether the window is given a title: as the user wants it, where there is such a window.
fn titled(wanted: bool) -> bool {
    wanted && osc::has_title(|name| std::env::var(name).ok())
}

fn now() -> Now {
    Now {
        wall: when::now(),
        mono: Instant::now(),
    }
}

/// A reply that comes back as an event. The files whose texts it settles go; if it fails, they stay
/// with their composer.
fn reply(events: Sender<Event>, about: About, edited: Settled) -> Reply {
    Box::new(move |result| {
        match result {
            Ok(_) => edited.forget(),
            Err(_) => edited.give_back(),
        }
        let _ = events.send(Event::Reply { about, result });
    })
}

#[cfg(test)]
mod tests;
