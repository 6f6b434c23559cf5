//! The loop of the setting up: waits for keys and answers, draws, and has things done on threads of
//! their own. What was cancelled is left behind; its answers are no longer listened to.

use crate::lang::tr;
use crate::model::setup::{Cancel, Found, Tried};
use crate::model::{Secret, SignInStep, SignInWord};
use crate::text::Clean;
use crate::tui::apart::apart;
use crate::tui::clip::clip;
use crate::tui::event::Event;
use crate::tui::linear;
use crate::tui::ports::SetUp;
use crate::tui::setup::deeds::{Came, Deed};
use crate::tui::setup::view;
use crate::tui::setup::wizard::Wizard;
use crate::tui::stage::{RunError, Stage};
use crate::tui::theme::{Colours, Surroundings, Theme};
use crossbeam_channel::{Sender, never, select, unbounded};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So long nothing is typed before servers are looked for.
const PAUSE: Duration = Duration::from_millis(350);

/// How the setting up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An account was written down.
    Added,
    /// The demo is wanted.
    Demo,
    /// What another program has is to be taken over.
    TakeOver,
    /// Nothing was done.
    Left,
    /// The program is to end.
    Quit,
}

/// Opens the encrypted file by its passphrase, or makes it; what went wrong in plain words. Called on
/// a thread of its own.
pub type OpenFile = Arc<dyn Fn(&Secret) -> Result<(), String> + Send + Sync>;

/// What the screen needs from outside.
pub struct SetupPorts {
    /// Finds servers, tries and keeps an account.
    pub set_up: SetUp,
    /// Whether the desktop's secret store can be used. Called on a thread of its own.
    pub keyring: Arc<dyn Fn() -> bool + Send + Sync>,
    /// The encrypted file.
    pub open: OpenFile,
    /// Whether it is there, and whether it is open.
    pub file: (bool, bool),
    /// Whether there are accounts already, or it is begun from the demo: that is not offered then.
    pub further: bool,
    /// The programs whose configuration can be taken over; none where that is not offered.
    pub others: Vec<&'static str>,
    /// Whether it is begun from the demo, and leads out of it.
    pub leaves_demo: bool,
    /// The full name, as far as it is known.
    pub full_name: String,
    /// Whether a browser that is started here would be seen by whoever sits at the keyboard.
    pub browser_here: bool,
    /// The theme, as in [`crate::tui::Ports`].
    pub theme: Option<String>,
}

/// Sets an account up.
///
/// # Errors
/// When the terminal is gone.
pub fn run(stage: &mut Stage, ports: &SetupPorts) -> Result<Outcome, RunError> {
    let mut wizard = Wizard::new(ports.further, ports.file.0, ports.file.1);
    wizard.leaves_demo = ports.leaves_demo;
    wizard.others.clone_from(&ports.others);
    wizard.name.set(&ports.full_name);
    let (tell, heard) = unbounded();
    let keyring = Arc::clone(&ports.keyring);
    answered(
        "keyring",
        &tell,
        move || Came::Keyring(keyring()),
        |_| Came::Keyring(false),
    );
    let hands = Hands {
        set_up: Some(ports.set_up.clone()),
        open: Arc::clone(&ports.open),
        tell,
        cancel: Cancel::default(),
        due: None,
        words: None,
        browser_here: ports.browser_here,
    };
    turn(stage, wizard, hands, &heard, ports.theme.as_deref())
}

/// Asks for the passphrase of the encrypted file. `Left`: it was not told.
///
/// # Errors
/// When the terminal is gone.
pub fn unlock(
    stage: &mut Stage,
    open: &OpenFile,
    theme: Option<&str>,
) -> Result<Outcome, RunError> {
    let (tell, heard) = unbounded();
    let hands = Hands {
        set_up: None,
        open: Arc::clone(open),
        tell,
        cancel: Cancel::default(),
        due: None,
        words: None,
        browser_here: false,
    };
    turn(stage, Wizard::unlocking(), hands, &heard, theme)
}

/// What does deeds.
struct Hands {
    set_up: Option<SetUp>,
    open: OpenFile,
    tell: Sender<Came>,
    cancel: Cancel,
    /// Servers that are looked for when nothing is typed any more.
    due: Option<(Instant, u64, String)>,
    /// Where the user's words to a sign-in go; who lets go of it ends that.
    words: Option<Sender<SignInWord>>,
    browser_here: bool,
}

fn turn(
    stage: &mut Stage,
    mut wizard: Wizard,
    mut hands: Hands,
    heard: &crossbeam_channel::Receiver<Came>,
    theme: Option<&str>,
) -> Result<Outcome, RunError> {
    let (_events, inbox) = stage.anew();
    let mut around = Surroundings {
        linear: stage.linear,
        ..Surroundings::of_process()
    };
    let mut worn = Theme::load(theme, around).0;
    stage.terminal.redraw().map_err(RunError::Terminal)?;
    if around.colours >= Colours::Many {
        stage.terminal.ask_ground().map_err(RunError::Terminal)?;
    }
    loop {
        let drawn = |frame: &mut ratatui::Frame| {
            let cursor = view::draw(&wizard, frame.buffer_mut(), &worn);
            let cursor = match worn.is_linear() {
                true => linear::settle(frame.buffer_mut(), cursor),
                false => cursor,
            };
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        };
        stage
            .terminal
            .draw(drawn, None, &[])
            .map_err(RunError::Terminal)?;
        let wake = hands.due.as_ref().map(|(at, ..)| *at);
        let wait = wake.map_or_else(never, crossbeam_channel::at);
        let deeds = select! {
            recv(heard) -> came => came.map_or_else(|_| Vec::new(), |came| wizard.came(came)),
            recv(wait) -> _ => {
                hands.find();
                Vec::new()
            }
            recv(inbox) -> event => match event {
                Ok(Event::Key(key)) => wizard.key(&key),
                Ok(Event::Paste(text)) => wizard.paste(&text),
                Ok(Event::Background { light }) => {
                    around.light = light;
                    worn = Theme::load(theme, around).0;
                    Vec::new()
                }
                Ok(Event::Quit) | Err(_) => {
                    hands.cancel.cancel();
                    return Ok(Outcome::Quit);
                }
                Ok(_) => Vec::new(),
            },
        };
        for deed in deeds {
            if let Deed::Copy(text) = &deed {
                let copied = stage.terminal.copy(&clip(text).0);
                copied.map_err(RunError::Terminal)?;
            }
            if let Some(outcome) = hands.perform(deed) {
                return Ok(outcome);
            }
        }
    }
}

impl Hands {
    fn perform(&mut self, deed: Deed) -> Option<Outcome> {
        let tell = self.tell.clone();
        match deed {
            Deed::Leave => return Some(Outcome::Left),
            Deed::Demo => {
                self.anew();
                return Some(Outcome::Demo);
            }
            Deed::TakeOver => {
                self.anew();
                return Some(Outcome::TakeOver);
            }
            Deed::Done => return Some(Outcome::Added),
            Deed::Cancel => drop(self.anew()),
            Deed::Find(serial, address, now) => {
                self.anew();
                self.due = Some((Instant::now() + PAUSE, serial, address));
                if now {
                    self.find();
                }
            }
            Deed::Try(serial, attempt) => {
                let (cancel, set_up) = (self.anew(), self.set_up.clone()?);
                let lost = tell.clone();
                let work = move || {
                    (set_up.attempt)(&attempt, &cancel, &mut |tried| {
                        let _ = tell.send(Came::Tried(serial, tried));
                    });
                };
                apart("try", work, move |why| {
                    tracing::error!(%why, "an account that is tried");
                    let _ = lost.send(Came::Tried(serial, Tried::Done(None)));
                });
            }
            Deed::Provider(serial, word, servers) => {
                self.anew();
                let set_up = self.set_up.clone()?;
                let came = move |known| Came::Provider(serial, known);
                let work = move || {
                    let known = (set_up.provider)(&word, &servers).map(Box::new);
                    came(known.map_err(|why| Clean::line(&why).to_string()))
                };
                answered("provider", &tell, work, move |why| came(Err(why)));
            }
            Deed::SignIn(serial, account, secret, by) => {
                self.anew();
                let set_up = self.set_up.clone()?;
                let (sender, words) = unbounded();
                self.words = Some(sender);
                let back = tell.clone();
                let work = move || {
                    let step = |step: SignInStep| drop(back.send(Came::Step(serial, step)));
                    let came = (set_up.sign_in)(&account, secret.as_ref(), by, &step, &words);
                    Came::Signed(serial, came.map_err(|why| Clean::line(&why).to_string()))
                };
                answered("sign-in", &tell, work, move |why| {
                    Came::Signed(serial, Err(why))
                });
            }
            Deed::Word(word) => {
                if let Some(words) = &self.words {
                    let _ = words.send(word);
                }
            }
            // The terminal takes it.
            Deed::Copy(_) => {}
            Deed::OpenUrl(_) if !self.browser_here => {
                let why = tr!("No browser can be started here: open the address elsewhere.");
                let _ = tell.send(Came::Unopened(why.to_owned()));
            }
            Deed::OpenUrl(url) => {
                let lost = tell.clone();
                let failed = |why: String| Came::Unopened(tr!("It can't be opened: {why}", why));
                let work = move || {
                    if let Err(error) = open::that_detached(&url) {
                        let _ = tell.send(failed(error.to_string()));
                    }
                };
                apart("open", work, move |why| drop(lost.send(failed(why))));
            }
            Deed::Open(passphrase) => {
                let open = Arc::clone(&self.open);
                let work = move || Came::Opened(open(&passphrase));
                answered("open", &tell, work, |why| Came::Opened(Err(why)));
            }
            Deed::Keep(keeping) => {
                let set_up = self.set_up.clone()?;
                let work = move || {
                    let kept = (set_up.keep)(&keeping).map(Box::new);
                    Came::Kept(kept.map_err(|why| Clean::line(&why).to_string()))
                };
                answered("keep", &tell, work, |why| Came::Kept(Err(why)));
            }
        }
        None
    }

    /// Nobody who was asked before is listened to.
    fn anew(&mut self) -> Cancel {
        self.cancel.cancel();
        (self.due, self.words) = (None, None);
        self.cancel = Cancel::default();
        self.cancel.clone()
    }

    fn find(&mut self) {
        let (Some((_, serial, address)), Some(set_up)) = (self.due.take(), self.set_up.clone())
        else {
            return;
        };
        let (cancel, tell) = (self.cancel.clone(), self.tell.clone());
        let lost = tell.clone();
        let work = move || {
            (set_up.find)(&address, &cancel, &mut |found| {
                let _ = tell.send(Came::Found(serial, found));
            });
        };
        apart("find", work, move |why| {
            let why = tr!("Looking for servers: {why}", why);
            let _ = lost.send(Came::Found(serial, Found::Done(Some(why))));
        });
    }
}

/// Does work whose answer is awaited, on a thread of its own; `lost` is the answer where it broke off.
fn answered(
    name: &str,
    tell: &Sender<Came>,
    work: impl FnOnce() -> Came + Send + 'static,
    lost: impl FnOnce(String) -> Came + Clone + Send + 'static,
) {
    let (tell, otherwise) = (tell.clone(), tell.clone());
    let work = move || drop(tell.send(work()));
    apart(name, work, move |why| drop(otherwise.send(lost(why))));
}
