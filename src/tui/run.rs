//! The loop: wait for one event, take all that came with it, draw once. The only place on the
//! screen's thread that waits, and the only one that performs effects.
//!
//! Idle means asleep: there is no tick, only a deadline while something on the screen has to
//! disappear. A turn of more than 16 ms is logged with the event that began it.

use crate::config::files::replace;
use crate::config::keep::Keep;
use crate::model::setup::Cancel;
use crate::model::{AccountName, MailDomain, SignInWord};
use crate::signal::{Board, Posted};
use crate::text::when;
use crate::tui::app::{App, Setup};
use crate::tui::clip::clip;
use crate::tui::contacts::Asker;
use crate::tui::editor;
use crate::tui::effect::{Effect, End};
use crate::tui::errand::{Brought, Errand};
use crate::tui::event::{About, Event, Now};
use crate::tui::hyperlink;
use crate::tui::input::Input;
use crate::tui::layout::Layout;
use crate::tui::loading::Loader;
use crate::tui::parts::Parts;
use crate::tui::picture::Ability;
use crate::tui::ports::{Ask, Examine, KeepHow, LookUp, Ports, ReloadHow, Reply, SignInHow};
use crate::tui::reader::Readers;
use crate::tui::signing;
use crate::tui::spell::Spelling;
use crate::tui::stage::{RunError, Stage};
use crate::tui::takeout::take_out;
use crate::tui::terminal::{self, Terminal};
use crate::tui::theme::Surroundings;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::io;
use std::path::{Path, PathBuf};
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
    let parts = Parts::new(
        (&ports.cache, &ports.local),
        ports.downloads.clone(),
        ports.programs,
        (
            Ability::new(ports.images, Surroundings::of_process(), |name| {
                std::env::var(name).ok()
            }),
            Loader::new(ports.load),
        ),
        events.clone(),
    );
    let mouse = ports.taste.mouse;
    let shape = ports.local.with_file_name("layout.txt");
    stage.terminal.mouse(mouse).map_err(RunError::Terminal)?;
    let drawn = events.clone();
    let named = ports.spell_named;
    let spelling = Spelling::load(ports.spell, ports.words, move |lacking| {
        // A system need not have a dictionary; but who names a language expects one.
        let said = match lacking {
            [] => Event::Tick,
            _ if !named => Event::Tick,
            all => Event::Told(Err(format!(
                "No spelling dictionary (Hunspell) is installed for {}",
                all.join(", ")
            ))),
        };
        let _ = drawn.send(said);
    });
    // What was written before we listened rings no bell.
    let _ = events.send(Event::Board(Posted::default()));
    Loop {
        board: Arc::clone(&ports.board),
        hyperlinks: hyperlink::wanted(ports.hyperlinks, |name| std::env::var(name).ok()),
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
            keep: ports.keep,
            reload: ports.reload,
            past: ports.past.clone(),
            shape: shape.clone(),
            sign_in: ports.sign_in,
            signing: None,
            examine: ports.examine,
            spelling: spelling.clone(),
        },
        inbox,
    }
    .run(Setup {
        accounts: ports.accounts,
        theme: ports.theme,
        keys: ports.keys,
        surroundings: Surroundings::of_process(),
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
        past: past(&ports.past),
        shape: std::fs::read_to_string(&shape).unwrap_or_default(),
        warnings: ports.warnings,
    })
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
    keep: KeepHow,
    reload: ReloadHow,
    past: PathBuf,
    /// The file of how the panes stand.
    shape: PathBuf,
    sign_in: SignInHow,
    /// Whoever signs in hears of the user here.
    signing: Option<Sender<SignInWord>>,
    examine: Examine,
    spelling: Spelling,
}

struct Loop<'s> {
    board: Arc<Board>,
    /// Whether the terminal is told of links.
    hyperlinks: bool,
    hands: Hands<'s>,
    inbox: Receiver<Event>,
}

/// Whether the loop goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Out(End),
}

impl Loop<'_> {
    fn run(mut self, setup: Setup) -> Result<End, RunError> {
        let size = self.hands.terminal.size().map_err(RunError::Terminal)?;
        let (mut app, first) = App::new(setup, size, now());
        if let Go::Out(end) = self.perform(first)? {
            return Ok(end);
        }
        self.draw(&app)?;
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
                if let Go::Out(end) = self.perform(effects)? {
                    return Ok(end);
                }
                taken += 1;
                next = (taken < BATCH)
                    .then(|| self.inbox.try_recv().ok())
                    .flatten();
            }
            self.draw(&app)?;
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
        self.hands
            .terminal
            .draw(|frame| app.draw(frame, wall), app.placed(), &links)
            .map_err(RunError::Terminal)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<Go, RunError> {
        for effect in effects {
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
            Effect::Draft(from, message) => self.layout.draft(from, message),
            Effect::Build(outward, message) => self.layout.build(outward, message),
            Effect::Leave(message) => self.layout.leave(message),
            Effect::Part(job) => self.parts.begin(job),
            Effect::Ask(intent, about) => (self.ask)(intent, reply(self.events.clone(), about)),
            Effect::Takeout(what, targets) => {
                let (cache, events) = (self.cache.clone(), self.events.clone());
                std::thread::Builder::new()
                    .name("takeout".into())
                    .spawn(move || {
                        let told = take_out(&cache, &what, &targets);
                        let _ = events.send(Event::Told(told));
                    })?;
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
                reload(Arc::clone(&self.reload), open, self.events.clone());
            }
            Effect::Remember(lines) => remember(self.past.clone(), lines.join("\n") + "\n"),
            Effect::Shape(text) => remember(self.shape.clone(), text),
            Effect::Mouse(on) => self.terminal.mouse(on)?,
            Effect::Hyperlinks(_) => {}
            Effect::SignIn {
                serial,
                account,
                by,
            } => {
                let events = self.events.clone();
                self.signing = signing::begin(&self.sign_in, serial, account, by, events);
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
                let result = self.away(|| editor::edit(&folder, draft, &text))?;
                let _ = self.events.send(Event::EditorDone { serial, result });
            }
            Effect::Suspend => {
                self.away(|| signal_hook::low_level::raise(signal_hook::consts::SIGSTOP))?
                    .ok();
            }
            Effect::End(end) => return Ok(Go::Out(end)),
        }
        Ok(Go::On)
    }

    /// Hands the terminal over while `work` runs, and takes it back.
    fn away<T>(&mut self, work: impl FnOnce() -> T) -> io::Result<T> {
        self.input.pause();
        terminal::leave();
        let result = work();
        self.terminal.reenter()?;
        self.input.resume();
        // The window may have another size than before.
        if let Ok((cols, rows)) = self.terminal.size() {
            let _ = self.events.send(Event::Resize(cols, rows));
        }
        Ok(result)
    }
}

fn now() -> Now {
    Now {
        wall: when::now(),
        mono: Instant::now(),
    }
}

/// A reply that comes back as an event.
fn reply(events: Sender<Event>, about: About) -> Reply {
    Box::new(move |result| {
        let _ = events.send(Event::Reply { about, result });
    })
}

/// Looks a word up, or writes it down, on a thread: either may take its time.
fn about_word(spelling: Spelling, serial: u64, errand: Errand, events: Sender<Event>) {
    let work = move || {
        let event = match errand {
            Errand::Suggest(word) => {
                let found = spelling.suggest(&word);
                let brought = Brought::Suggested(word, found);
                Event::Brought { serial, brought }
            }
            Errand::Learn(word) => match spelling.keep(&word) {
                Ok(()) => return,
                Err(why) => Event::Told(Err(why)),
            },
            _ => return,
        };
        let _ = events.send(event);
    };
    let spawned = std::thread::Builder::new().name("words".into()).spawn(work);
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to look a word up");
    }
}

/// Looks domains up, on a thread: a name server may take its time. Whatever happens, each of them
/// is answered for.
fn look_up(how: Option<LookUp>, serial: u64, domains: Vec<String>, events: Sender<Event>) {
    let unknown: Vec<_> = domains
        .iter()
        .map(|d| (d.clone(), MailDomain::Unknown))
        .collect();
    let (back, fallback) = (events.clone(), unknown.clone());
    let spawned = std::thread::Builder::new()
        .name("domains".into())
        .spawn(move || {
            let found = how.map_or(fallback, |look_up| look_up(&domains));
            let brought = Brought::Domains(found);
            let _ = back.send(Event::Brought { serial, brought });
        });
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to look domains up");
        let brought = Brought::Domains(unknown);
        let _ = events.send(Event::Brought { serial, brought });
    }
}

/// Looks an account over, on a thread: servers take their time.
fn examine(how: Examine, account: AccountName, events: Sender<Event>) {
    let cancel = Cancel::default();
    let spawned = std::thread::Builder::new()
        .name("doctor".into())
        .spawn(move || {
            let tell = |progress| {
                let _ = events.send(Event::Examined(cancel.clone(), progress));
            };
            how(&account, &cancel, &mut |progress| tell(Some(progress)));
            tell(None);
        });
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to look an account over");
    }
}

/// Writes down what is to be kept, on a thread: a disk may take its time.
fn keep(how: KeepHow, change: Keep, events: Sender<Event>) {
    let spawned = std::thread::Builder::new()
        .name("keep".into())
        .spawn(move || {
            let kept = how(&change);
            let _ = events.send(Event::Kept(change, kept));
        });
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to write the configuration");
    }
}

/// Reads the user's files, on a thread: a disk may take its time.
fn reload(how: ReloadHow, open: bool, events: Sender<Event>) {
    let spawned = std::thread::Builder::new()
        .name("files".into())
        .spawn(move || drop(events.send(Event::Fresh(Box::new(how()), open))));
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to read the configuration");
    }
}

/// What was typed on the command line in earlier sessions; nothing, if that can't be read.
fn past(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Writes down what the next session begins with, on a thread: a disk may take its time.
fn remember(file: PathBuf, text: String) {
    let work = move || {
        if let Err(error) = replace(&file, &text) {
            tracing::warn!(%error, ?file, "what the next session begins with is not kept");
        }
    };
    let spawned = std::thread::Builder::new().name("past".into()).spawn(work);
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to keep what was typed");
    }
}

/// Opens an address with the desktop's program, on a thread: finding one may take a while.
fn open_url(url: String, events: Sender<Event>) {
    let spawned = std::thread::Builder::new()
        .name("open".into())
        .spawn(move || {
            let result = match open::that_detached(&url) {
                Ok(()) => Ok("Opened.".to_owned()),
                Err(e) => Err(format!("the link can't be opened: {e}")),
            };
            let _ = events.send(Event::Told(result));
        });
    if let Err(e) = spawned {
        tracing::error!(%e, "no thread to open a link");
    }
}

#[cfg(test)]
mod tests;
