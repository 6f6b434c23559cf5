//! The terminal: entering and leaving it, and giving it back whatever happens.
//!
//! Leaving is idempotent and safe from a panic hook: the shell is always left in a cooked mode
//! with a visible cursor, and the place of the log is said afterwards, never inside the screen.

use crate::signal::Announcement;
use crate::text::{Clean, osc};
use crate::tui::backend::Careful;
use crate::tui::bidi::{EXPLICIT, IMPLICIT, Way};
use crate::tui::ground;
use crate::tui::hyperlink::{END, Linked, Standing};
use crate::tui::picture::{Form, Placed, SCRUB};
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::Backend as _;
use ratatui::layout::Rect;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether this process has the terminal in its hands. One terminal, one process: the panic hook
/// has no other way to know.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// Whether the mouse is reported, for taking the terminal again after an editor had it.
static MOUSE: AtomicBool = AtomicBool::new(true);

/// Whether the terminal is told to leave the order of letters to us, for taking and leaving it.
static TOLD: AtomicBool = AtomicBool::new(false);
/// Whether the terminal said that it has kitty's keyboard protocol, and whether it is switched on.
static KITTY: AtomicBool = AtomicBool::new(false);
static KITTY_ON: AtomicBool = AtomicBool::new(false);
/// Whether the window's title is ours, and the former one kept.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Keys that look alike in the old way of telling them are told apart, all others come as before
/// (kitty's keyboard protocol, "Disambiguate escape codes"); what Shift makes of a key is told with
/// it ("Report alternate keys"). The terminal keeps what was before.
const KITTY_PUSH: &str = "\x1b[>5u";
const KITTY_POP: &str = "\x1b[<1u";

/// The window's title is kept and put back (xterm's control sequences, XTWINOPS 22 and 23).
const TITLE_KEEP: &str = "\x1b[22;2t";
const TITLE_BACK: &str = "\x1b[23;2t";

/// Clicks, the wheel and moving while a button is held, in the form that any column fits in. Not
/// crossterm's command: that asks for every other movement too, and each would wake us.
const MOUSE_ON: &str = "\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1002l";

/// The terminal while we draw on it.
pub struct Terminal {
    inner: Inner,
    /// The picture that stands there.
    pictured: Option<(u64, Rect)>,
    /// The links that stand there.
    linked: Vec<Standing>,
    /// What it does with letters that run from right to left.
    bidi: Way,
    /// The window's title, as long as it is ours.
    title: String,
}

type Inner = ratatui::Terminal<Careful<BufWriter<Stdout>>>;

impl Terminal {
    /// Takes the terminal: raw mode, alternate screen, mouse, focus and paste reports.
    ///
    /// # Errors
    /// When standard output is no terminal.
    pub fn enter(mouse: bool) -> io::Result<Terminal> {
        MOUSE.store(mouse, Ordering::SeqCst);
        take()?;
        let out = BufWriter::with_capacity(64 * 1024, io::stdout());
        let mut inner = ratatui::Terminal::new(Careful::new(out)).inspect_err(|_| {
            leave();
        })?;
        forget(&mut inner)?;
        Ok(Terminal {
            inner,
            pictured: None,
            linked: Vec::new(),
            bidi: Way::default(),
            title: String::new(),
        })
    }

    /// What the terminal does with letters that run from right to left.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn bidi(&mut self, way: Way) -> io::Result<()> {
        if self.bidi == way {
            return Ok(());
        }
        self.bidi = way;
        let told = way == Way::Told;
        if TOLD.swap(told, Ordering::SeqCst) != told {
            let say = if told { EXPLICIT } else { IMPLICIT };
            execute!(self.inner.backend_mut(), Print(say))?;
        }
        self.redraw()
    }

    /// Has the mouse reported from now on, or not.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn mouse(&mut self, mouse: bool) -> io::Result<()> {
        if MOUSE.swap(mouse, Ordering::SeqCst) == mouse {
            return Ok(());
        }
        execute!(
            self.inner.backend_mut(),
            Print(if mouse { MOUSE_ON } else { MOUSE_OFF })
        )
    }

    /// Takes the terminal again after [`leave`], and draws everything anew next time.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn reenter(&mut self) -> io::Result<()> {
        take()?;
        self.title.clear();
        self.redraw()
    }

    /// Forgets what is on the screen, so that the next frame draws all of it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn redraw(&mut self) -> io::Result<()> {
        if self.pictured.take().is_some() {
            self.inner.backend_mut().write_all(SCRUB)?;
        }
        self.linked.clear();
        forget(&mut self.inner)
    }

    /// Draws one frame, its links, and the picture over it, in a synchronized update: no half drawn
    /// frame is ever shown. A picture is written once and stays until there is another or none; then
    /// everything is drawn anew, because it may have left traces in cells that did not change.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(
        &mut self,
        draw: impl FnOnce(&mut Frame),
        picture: Option<Placed>,
        links: &[Linked],
    ) -> io::Result<()> {
        let wanted = picture.as_ref().map(|p| (p.number, p.area));
        let same = self.pictured == wanted;
        if !same && self.pictured.is_some() {
            self.redraw()?;
        }
        if KITTY.load(Ordering::SeqCst) && !KITTY_ON.swap(true, Ordering::SeqCst) {
            queue!(self.inner.backend_mut(), Print(KITTY_PUSH))?;
        }
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        let bidi = self.bidi;
        let drawn = self.inner.draw(|frame| {
            draw(frame);
            bidi.given(frame.buffer_mut());
        });
        let frame = drawn?.buffer;
        // What was a link and is none is written anew, for it may look as before.
        let now: Vec<Standing> = links.iter().filter_map(|l| l.standing(frame)).collect();
        let former = self.linked.iter().filter(|l| !now.contains(l));
        let mut pieces: Vec<_> = former.map(|l| (None, l.now(frame))).collect();
        let new = now.iter().filter(|l| !self.linked.contains(l));
        pieces.extend(new.map(|l| (Some(l.begin.clone()), l.cells.clone())));
        self.linked = now;
        if !pieces.is_empty() {
            queue!(self.inner.backend_mut(), cursor::SavePosition)?;
            for (link, cells) in &pieces {
                let (begin, end) = match link {
                    Some(begin) => (begin.as_str(), END),
                    None => ("", ""),
                };
                let backend = self.inner.backend_mut();
                backend.write_all(begin.as_bytes())?;
                backend.draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
                backend.write_all(end.as_bytes())?;
            }
            queue!(self.inner.backend_mut(), cursor::RestorePosition)?;
        }
        if let Some(placed) = picture.filter(|_| !same)
            && let Form::Octets(octets) = &placed.picture.form
        {
            queue!(
                self.inner.backend_mut(),
                cursor::SavePosition,
                cursor::MoveTo(placed.area.x, placed.area.y)
            )?;
            self.inner.backend_mut().write_all(octets)?;
            queue!(self.inner.backend_mut(), cursor::RestorePosition)?;
            self.pictured = wanted;
        }
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)
    }

    /// Gives the window this title; an empty one gives back what it had.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn title(&mut self, title: &Clean) -> io::Result<()> {
        if self.title == title.as_str() {
            return Ok(());
        }
        let first = !TITLED.swap(!title.is_empty(), Ordering::SeqCst);
        let out = self.inner.backend_mut();
        match (first, title.is_empty()) {
            (_, true) => queue!(out, Print(TITLE_BACK))?,
            (true, false) => queue!(out, Print(TITLE_KEEP), Print(osc::title(title)))?,
            (false, false) => queue!(out, Print(osc::title(title)))?,
        }
        title.as_str().clone_into(&mut self.title);
        Ok(())
    }

    /// Asks the terminal for its background; the answer comes among the keys.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn ask_ground(&mut self) -> io::Result<()> {
        execute!(self.inner.backend_mut(), Print(ground::ASK))
    }

    /// The size in columns and rows.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.inner.size().map(|s| (s.width, s.height))
    }

    /// Tells of new mail, as this terminal is known to.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn announce(&mut self, said: &Announcement) -> io::Result<()> {
        let way = match said.bell {
            true => osc::Way::Bell,
            false => osc::Way::found(|name| std::env::var(name).ok()),
        };
        // Cleaned already, and once more where it is written.
        let (title, body) = (Clean::line(&said.title), Clean::line(&said.body));
        execute!(self.inner.backend_mut(), Print(way.sequence(&title, &body)))
    }

    /// Puts text on the terminal's clipboard. OSC 52 carries it as base64, so nothing in it can
    /// act on the terminal.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(
            self.inner.backend_mut(),
            CopyToClipboard::to_clipboard_from(text)
        )
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.pictured.is_some() {
            let _ = self.redraw();
        }
        leave();
    }
}

/// The pixels of a cell, where the terminal says so.
pub fn cell() -> Option<(u16, u16)> {
    let size = crossterm::terminal::window_size().ok()?;
    let each = |pixels: u16, cells: u16| pixels.checked_div(cells).filter(|n| *n > 0);
    Some((
        each(size.width, size.columns)?,
        each(size.height, size.rows)?,
    ))
}

/// The terminal said that it has kitty's keyboard protocol: it is used from the next frame on.
pub fn has_kitty_keys() {
    KITTY.store(true, Ordering::SeqCst);
}

/// Clears, so that the next frame draws everything. Not by `clear`: that asks the terminal where
/// its cursor is and waits for the answer, which the input thread would read.
fn forget(inner: &mut Inner) -> io::Result<()> {
    let size = inner.size()?;
    inner.resize(Rect::new(0, 0, size.width, size.height))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        Print(if MOUSE.load(Ordering::SeqCst) {
            MOUSE_ON
        } else {
            ""
        }),
        Print(if TOLD.load(Ordering::SeqCst) {
            EXPLICIT
        } else {
            ""
        }),
        EnableBracketedPaste,
        EnableFocusChange,
        cursor::Hide
    )
}

/// Gives the terminal back. Does nothing if it is not ours; errors have nobody to go to.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let kitty = KITTY_ON.swap(false, Ordering::SeqCst);
    let titled = TITLED.swap(false, Ordering::SeqCst);
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Print(if kitty { KITTY_POP } else { "" }),
        Print(if titled { TITLE_BACK } else { "" }),
        DisableFocusChange,
        DisableBracketedPaste,
        Print(MOUSE_OFF),
        Print(if TOLD.load(Ordering::SeqCst) {
            IMPLICIT
        } else {
            ""
        }),
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// On a panic while the terminal is ours: gives it back first, then lets the former hook speak
/// (into the log), then says where to look. The panic's message may hold a mail's text, so it
/// does not go to the terminal.
pub fn restore_on_panic(log: &Path) {
    let log = log.display().to_string();
    std::panic::set_hook(Box::new(move |info| {
        tracing::error!(target: "panic", "{info}\n{}", std::backtrace::Backtrace::force_capture());
        if ENTERED.load(Ordering::SeqCst) && std::thread::current().name() == Some("main") {
            leave();
            let _ = writeln!(
                io::stderr(),
                "postrider stopped by a fault of its own. What you wrote is kept; \
                 the report is in {log}"
            );
        }
    }));
}
