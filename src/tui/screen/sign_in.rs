//! Signing in to an account at its provider's own page: what the user is to do, as an address or as
//! a code with its picture for a camera, while a thread waits for it.

use crate::lang::tr;
use crate::model::{AccountName, Secret, SignInBy, SignInStep, SignInWord};
use crate::text::{Clean, qr, wrap};
use crate::tui::effect::Effect;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::Ink;
use crate::tui::widget::popup;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// With fewer rows only what is needed is said.
const SHORT: usize = 14;

/// What a key came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It closes, and this is done: the sign-in is left.
    Left(Effect),
    /// It begins anew, this way.
    Anew(SignInBy),
    /// It stays open, and this is done.
    Do(Effect),
}

#[derive(Clone, Debug)]
enum State {
    Beginning,
    Step(SignInStep),
    Failed(String),
}

/// One sign-in.
#[derive(Clone, Debug)]
pub struct SignIn {
    account: AccountName,
    state: State,
    /// What else there is to say of the step.
    added: Option<String>,
    /// Which of those that were begun it is: what comes from others is not for it.
    pub serial: u64,
}

impl SignIn {
    /// One that begins.
    pub fn new(account: AccountName, serial: u64) -> SignIn {
        SignIn {
            account,
            state: State::Beginning,
            added: None,
            serial,
        }
    }

    /// The account.
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// What the user is to do now.
    pub fn step(&mut self, step: SignInStep) {
        self.state = State::Step(step);
        self.added = None;
    }

    /// Something else to say of what the user is to do now.
    pub fn add(&mut self, words: String) {
        self.added = Some(words);
    }

    /// It came to nothing.
    pub fn failed(&mut self, why: String) {
        self.state = State::Failed(why);
    }

    fn url(&self) -> Option<&str> {
        match &self.state {
            State::Step(SignInStep::Page { url, .. } | SignInStep::Code { url, .. }) => Some(url),
            _ => None,
        }
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let url = self.url().map(str::to_owned);
        let left = Outcome::Left(Effect::SignInWord(SignInWord::Cancel));
        match (key.code, url) {
            (KeyCode::Esc | KeyCode::Char('q'), _) => left,
            (KeyCode::Char('c'), _) if ctrl => left,
            (KeyCode::Char('d'), _) if !ctrl => Outcome::Anew(SignInBy::Device),
            (KeyCode::Char('b'), _) if !ctrl => Outcome::Anew(SignInBy::Browser),
            (KeyCode::Char('r'), None) if matches!(self.state, State::Failed(_)) => {
                Outcome::Anew(SignInBy::Best)
            }
            (KeyCode::Char('c' | 'y'), Some(url)) => Outcome::Do(Effect::Copy(url)),
            (KeyCode::Char('o') | KeyCode::Enter, Some(url)) => Outcome::Do(Effect::OpenUrl(url)),
            _ => Outcome::Stay,
        }
    }

    /// Takes what was pasted: where a browser ended that could not come back.
    pub fn paste(&self, text: &str) -> Option<SignInWord> {
        let waits = matches!(self.state, State::Step(SignInStep::Page { .. }));
        waits.then(|| SignInWord::Pasted(Secret::new(text.trim().to_owned())))
    }

    /// Draws it over the screen.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) {
        let title = Clean::line(&tr!("Sign in to {account}", account = self.account));
        let inside = popup::frame(buf, screen, &title, theme);
        let (rows, cols) = (usize::from(inside.height), usize::from(inside.width));
        let base = theme.style("popup.text");
        let dim = base.patch(theme.style("text.dim"));
        let strong = base.patch(theme.style("popup.title"));
        let mut lines: Vec<(String, Style)> = Vec::new();
        // Where there is little room, no line is empty and nothing is said at length.
        let short = rows < SHORT;
        let mut say = |text: &str, style: Style| {
            if short && text.is_empty() {
                return;
            }
            let wrapped = wrap::wrap(text, cols.max(8)).into_iter();
            lines.extend(wrapped.map(|line| (line, style)));
        };
        let mut code = None;
        match &self.state {
            State::Beginning => say(tr!("The provider is being asked …"), base),
            State::Failed(why) => {
                say(why, base.patch(theme.style("notice.error")));
                say("", base);
                say(
                    tr!(
                        "r tries again, d signs in on another device, b with a browser; esc closes."
                    ),
                    dim,
                );
            }
            State::Step(SignInStep::Fetching) => {
                say(tr!("Signed in. Trying it at the server …"), base)
            }
            State::Step(SignInStep::Page { url, opened, .. }) => {
                say(
                    match opened {
                        true => {
                            tr!(
                                "A browser was started. Sign in there; this goes on by itself then. If it shows nothing, open this:"
                            )
                        }
                        false => {
                            tr!(
                                "Open this address in a browser and sign in; this goes on by itself then:"
                            )
                        }
                    },
                    base,
                );
                say("", base);
                let letters: Vec<char> = url.chars().collect();
                for piece in letters.chunks(cols.max(8)) {
                    say(&piece.iter().collect::<String>(), strong);
                }
                say("", base);
                say(
                    match short {
                        true => tr!("Elsewhere? Paste the address that it shows at the end."),
                        false => {
                            tr!(
                                "If that browser is on another machine, it can't come back: paste the address that it shows at the end."
                            )
                        }
                    },
                    base,
                );
                say(
                    tr!(
                        "c copies the address, o opens it, d signs in on another device; esc leaves."
                    ),
                    dim,
                );
            }
            State::Step(SignInStep::Code {
                url,
                code: word,
                whole,
                ..
            }) => {
                say(
                    tr!("Open this on any device and type the code; this goes on by itself then."),
                    base,
                );
                say(url, strong);
                say(word, strong);
                say(
                    tr!(
                        "c copies the address, o opens it here, b signs in with a browser here; esc leaves."
                    ),
                    dim,
                );
                code = qr::half_blocks(whole);
            }
        }
        // Nothing added is no line, not an empty one.
        for line in self.added.iter().flat_map(|a| wrap::wrap(a, cols.max(8))) {
            lines.push((line, base.patch(theme.style("notice.warning"))));
        }
        for (n, (line, style)) in lines.iter().enumerate() {
            let Some(mut ink) = Ink::row(buf, inside, n) else {
                return;
            };
            ink.put(&Clean::line(line), *style);
        }
        let Some(code) = code else {
            return;
        };
        let wide = code.first().map_or(0, |l| l.chars().count());
        if lines.len() + code.len() > rows || wide > cols {
            return;
        }
        // A camera wants dark on light, whatever the ground is; without colours the ground decides.
        let look = match base.fg {
            Some(_) => base.fg(Color::White).bg(Color::Black),
            None => base,
        };
        for (n, line) in code.iter().enumerate() {
            if let Some(mut ink) = Ink::row(buf, inside, lines.len() + n) {
                ink.put(&Clean::line(line), look);
            }
        }
    }
}
