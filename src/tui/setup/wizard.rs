//! What the setting up of an account knows and does next: keys and answers in, things to do out. No
//! clock, no thread, no terminal. Nothing secret goes anywhere before the user agreed to the servers,
//! and nothing is written before everything worked.

use crate::model::setup::{Check, Found, Glimpse, Kept, Mend, Proposal, State, Step, Tried};
use crate::model::{Account, Secret};
use crate::tui::setup::form::{ByHand, Field};
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::BTreeMap;

/// What comes from those who were asked. The number is that of the question.
#[derive(Debug)]
pub enum Came {
    /// Of servers that are looked for.
    Found(u64, Found),
    /// Of an account that is tried.
    Tried(u64, Tried),
    /// Whether the desktop's secret store can be used.
    Keyring(bool),
    /// Whether the encrypted file took the passphrase.
    Opened(Result<(), String>),
    /// Whether the account was written down.
    Kept(Result<Box<Kept>, String>),
}

/// What is to be done.
#[derive(Debug)]
pub enum Deed {
    /// Look for the servers of this address, and forget who was asked before; after a moment, or now.
    Find(u64, String, bool),
    /// Try this.
    Try(u64, Box<Proposal>, String, Secret),
    /// Open or make the encrypted file.
    Open(Secret),
    /// Write this down.
    Keep(Box<Account>, Secret),
    /// Ask nobody any more.
    Cancel,
    /// Leave: nothing was done.
    Leave,
    /// Show the demo.
    Demo,
    /// Read mail with what was set up.
    Done,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The address is typed, or the servers are.
    Asking,
    /// Servers that nobody vouches for are to be agreed to.
    Agreeing,
    /// The password is typed.
    Password,
    /// It is tried.
    Trying,
    /// Something did not work.
    Broken,
    /// A place for the password is to be made.
    Safe,
    /// It is being written down.
    Keeping,
    /// It is set up.
    Done,
}

/// Everything that the screen shows.
#[derive(Debug)]
pub struct Wizard {
    /// Where it stands.
    pub phase: Phase,
    /// Whether there are accounts already: then no demo is offered.
    pub further: bool,
    /// The address.
    pub address: LineEdit,
    /// The password.
    pub password: LineEdit,
    /// Whether it is shown.
    pub revealed: bool,
    /// The servers, where they are typed.
    pub by_hand: Option<ByHand>,
    /// Passphrases.
    pub phrases: [LineEdit; 2],
    /// The field that keys go to.
    pub field: Field,
    /// What was found.
    pub found: Option<Box<Proposal>>,
    /// Who is being asked; `None`: nobody any more.
    pub looking: Option<String>,
    /// Something to say.
    pub said: Option<String>,
    /// How each step stands.
    pub checks: BTreeMap<Step, State>,
    /// The newest messages.
    pub glimpses: Vec<Glimpse>,
    /// What became of it.
    pub kept: Option<Box<Kept>>,
    /// Whether the encrypted file is there already.
    pub file_is_there: bool,
    /// Whether nothing but the passphrase is asked for.
    pub unlocking: bool,
    keyring: Option<bool>,
    file_is_open: bool,
    works: Option<Box<Account>>,
    agreed: bool,
    hurried: bool,
    serial: u64,
}

impl Wizard {
    /// Whether the secret store has not answered yet, and nothing is written before it does.
    pub fn waits_for_store(&self) -> bool {
        self.phase == Phase::Keeping && self.keyring.is_none()
    }

    /// At the beginning.
    pub fn new(further: bool, file_is_there: bool, file_is_open: bool) -> Wizard {
        Wizard {
            phase: Phase::Asking,
            further,
            address: LineEdit::default(),
            password: LineEdit::default(),
            revealed: false,
            by_hand: None,
            phrases: [LineEdit::default(), LineEdit::default()],
            field: Field::Address,
            found: None,
            looking: None,
            said: None,
            checks: BTreeMap::new(),
            glimpses: Vec::new(),
            kept: None,
            file_is_there,
            unlocking: false,
            keyring: None,
            file_is_open,
            works: None,
            agreed: false,
            hurried: false,
            serial: 0,
        }
    }

    /// Where only the passphrase of the encrypted file is asked for.
    pub fn unlocking() -> Wizard {
        let mut wizard = Wizard::new(true, true, false);
        wizard.unlocking = true;
        wizard.phase = Phase::Safe;
        wizard.field = Field::Passphrase;
        wizard
    }

    /// The address as it counts.
    pub fn email(&self) -> &str {
        self.address.text().trim()
    }

    fn is_address(&self) -> bool {
        let email = self.email();
        let parts = email.rsplit_once('@');
        parts.is_some_and(|(local, domain)| {
            let one = !email.contains(|c: char| c.is_whitespace() || c.is_control());
            one && !local.is_empty() && domain.contains('.') && !domain.ends_with('.')
        })
    }

    /// The fields that can be gone to.
    pub fn fields(&self) -> Vec<Field> {
        match self.phase {
            Phase::Asking | Phase::Broken | Phase::Password => {
                let mut all = vec![Field::Address];
                if self.by_hand.is_some() {
                    all.extend([
                        Field::Imap,
                        Field::ImapSecurity,
                        Field::Smtp,
                        Field::SmtpSecurity,
                        Field::User,
                    ]);
                }
                if self.phase != Phase::Asking || self.by_hand.is_some() {
                    all.push(Field::Password);
                }
                all
            }
            Phase::Safe if self.file_is_there => vec![Field::Passphrase],
            Phase::Safe => vec![Field::Passphrase, Field::Again],
            _ => Vec::new(),
        }
    }

    /// The line of a field.
    pub fn line(&self, field: Field) -> Option<&LineEdit> {
        let [first, again] = &self.phrases;
        Some(match field {
            Field::Address => &self.address,
            Field::Password => &self.password,
            Field::Imap => &self.by_hand.as_ref()?.imap,
            Field::Smtp => &self.by_hand.as_ref()?.smtp,
            Field::User => &self.by_hand.as_ref()?.user,
            Field::Passphrase => first,
            Field::Again => again,
            Field::ImapSecurity | Field::SmtpSecurity => return None,
        })
    }

    fn line_mut(&mut self) -> Option<&mut LineEdit> {
        let [first, again] = &mut self.phrases;
        Some(match self.field {
            Field::Address => &mut self.address,
            Field::Password => &mut self.password,
            Field::Imap => &mut self.by_hand.as_mut()?.imap,
            Field::Smtp => &mut self.by_hand.as_mut()?.smtp,
            Field::User => &mut self.by_hand.as_mut()?.user,
            Field::Passphrase => first,
            Field::Again => again,
            Field::ImapSecurity | Field::SmtpSecurity => return None,
        })
    }

    /// Takes a key.
    pub fn key(&mut self, key: &KeyEvent) -> Vec<Deed> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match (key.code, control) {
            (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => return self.escape(),
            (KeyCode::Char('r'), true) => {
                self.revealed = !self.revealed;
                return Vec::new();
            }
            (KeyCode::Char('e'), true) if !self.fields().is_empty() => return self.edit(),
            (KeyCode::Char('d'), true) if !self.further && self.phase == Phase::Asking => {
                return vec![Deed::Demo];
            }
            _ => {}
        }
        match self.phase {
            Phase::Agreeing => match key.code {
                KeyCode::Char('y' | 'Y') => {
                    self.agreed = true;
                    self.go_on()
                }
                KeyCode::Char('n' | 'N' | 'e') => self.edit(),
                _ => Vec::new(),
            },
            Phase::Trying | Phase::Keeping => Vec::new(),
            Phase::Done => match key.code {
                KeyCode::Enter => vec![Deed::Done],
                _ => Vec::new(),
            },
            _ => self.typed(key),
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) -> Vec<Deed> {
        if self.fields().is_empty() {
            return Vec::new();
        }
        let text = text.trim_end_matches(['\r', '\n']);
        let edit = self.line_mut().map(|line| line.paste(text));
        self.changed(edit == Some(Edit::Changed))
    }

    fn typed(&mut self, key: &KeyEvent) -> Vec<Deed> {
        match key.code {
            KeyCode::Enter => return self.enter(),
            KeyCode::Tab | KeyCode::Down => self.step(1),
            KeyCode::BackTab | KeyCode::Up => self.step(-1),
            KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right if self.field.is_choice() => {
                let field = self.field;
                if let Some(by_hand) = &mut self.by_hand {
                    by_hand.turn(field);
                }
            }
            _ => {
                let edit = self.line_mut().map(|line| line.update(key));
                return self.changed(edit == Some(Edit::Changed));
            }
        }
        Vec::new()
    }

    fn step(&mut self, by: isize) {
        let all = self.fields();
        let at = all.iter().position(|f| *f == self.field).unwrap_or(0);
        let to = (at.cast_signed() + by).rem_euclid(all.len().max(1).cast_signed());
        if let Some(field) = all.get(to.cast_unsigned()) {
            self.field = *field;
        }
    }

    /// Another address has other servers.
    fn changed(&mut self, changed: bool) -> Vec<Deed> {
        if !changed {
            return Vec::new();
        }
        self.said = None;
        if self.field != Field::Address {
            return Vec::new();
        }
        self.phase = Phase::Asking;
        (self.found, self.by_hand) = (None, None);
        (self.agreed, self.hurried) = (false, false);
        self.looking = None;
        self.checks.clear();
        self.serial += 1;
        match self.is_address() {
            true => vec![Deed::Find(self.serial, self.email().to_owned(), false)],
            false => vec![Deed::Cancel],
        }
    }

    fn enter(&mut self) -> Vec<Deed> {
        self.said = None;
        if self.phase == Phase::Safe {
            return self.passphrase();
        }
        if self.email().is_empty() && !self.further {
            return vec![Deed::Demo];
        }
        if !self.is_address() {
            self.field = Field::Address;
            self.said = Some("An address looks like you@example.org.".to_owned());
            return Vec::new();
        }
        if self.field != Field::Password && self.by_hand.is_some() {
            self.step(1);
            return Vec::new();
        }
        self.go_on()
    }

    /// As far as it goes with what is known.
    fn go_on(&mut self) -> Vec<Deed> {
        let wanted = match &self.by_hand {
            Some(by_hand) => match by_hand.proposal() {
                Ok(proposal) => proposal,
                Err((field, why)) => {
                    self.field = field;
                    self.said = Some(why.to_owned());
                    return Vec::new();
                }
            },
            None => match &self.found {
                Some(found) => (**found).clone(),
                None if self.looking.is_some() => {
                    self.hurried = true;
                    return Vec::new();
                }
                None => {
                    self.hurried = true;
                    self.serial += 1;
                    self.looking = Some(String::new());
                    return vec![Deed::Find(self.serial, self.email().to_owned(), true)];
                }
            },
        };
        self.hurried = false;
        if !wanted.takes_password() {
            self.phase = Phase::Asking;
            self.field = Field::Address;
            let who = wanted.provider.as_deref().unwrap_or("This provider");
            self.said = Some(format!(
                "{who} takes no passwords from mail programs, only a sign-in through the browser, and \
                 for that it has to know this program: docs/oauth.md says how to register it, which \
                 takes five minutes. ctrl-e names other servers."
            ));
            return Vec::new();
        }
        if wanted.must_ask() && !self.agreed {
            self.phase = Phase::Agreeing;
            return Vec::new();
        }
        if self.password.is_empty() || self.field != Field::Password {
            if self.phase == Phase::Asking || self.phase == Phase::Agreeing {
                self.phase = Phase::Password;
            }
            self.field = Field::Password;
            return Vec::new();
        }
        self.phase = Phase::Trying;
        self.revealed = false;
        self.checks.clear();
        self.glimpses.clear();
        self.serial += 1;
        let secret = Secret::new(self.password.text().to_owned());
        let email = self.email().to_owned();
        vec![Deed::Try(self.serial, Box::new(wanted), email, secret)]
    }

    /// Lets the user say the servers.
    fn edit(&mut self) -> Vec<Deed> {
        if self.phase == Phase::Safe || !self.is_address() {
            return Vec::new();
        }
        if self.by_hand.is_none() {
            self.by_hand = Some(ByHand::of(self.found.as_deref(), self.email()));
        }
        self.phase = Phase::Password;
        self.field = Field::Imap;
        (self.looking, self.said) = (None, None);
        self.serial += 1;
        vec![Deed::Cancel]
    }

    fn escape(&mut self) -> Vec<Deed> {
        match self.phase {
            Phase::Trying => {
                self.phase = Phase::Broken;
                self.field = Field::Password;
                self.serial += 1;
                vec![Deed::Cancel]
            }
            Phase::Done => vec![Deed::Done],
            // Nothing is being written: the secret store is waited for.
            Phase::Keeping if self.waits_for_store() => vec![Deed::Cancel, Deed::Leave],
            // What is being written down is written down.
            Phase::Keeping => Vec::new(),
            _ => vec![Deed::Cancel, Deed::Leave],
        }
    }

    fn passphrase(&mut self) -> Vec<Deed> {
        let [first, again] = &self.phrases;
        let typed = first.text();
        if typed.is_empty() && self.unlocking {
            return vec![Deed::Leave];
        }
        if typed.is_empty() {
            return self.keep();
        }
        if !self.file_is_there {
            if self.field == Field::Passphrase {
                self.field = Field::Again;
                return Vec::new();
            }
            if again.text() != typed {
                self.said = Some("These are two different ones.".to_owned());
                return Vec::new();
            }
        }
        vec![Deed::Open(Secret::new(typed.to_owned()))]
    }

    fn keep(&mut self) -> Vec<Deed> {
        let Some(account) = self.works.clone() else {
            return Vec::new();
        };
        self.phase = Phase::Keeping;
        vec![Deed::Keep(
            account,
            Secret::new(self.password.text().to_owned()),
        )]
    }

    /// Takes an answer.
    pub fn came(&mut self, came: Came) -> Vec<Deed> {
        match came {
            Came::Found(serial, found) if serial == self.serial => self.found(found),
            Came::Tried(serial, tried) if serial == self.serial => self.tried(tried),
            Came::Found(..) | Came::Tried(..) => Vec::new(),
            Came::Keyring(works) => {
                self.keyring = Some(works);
                match self.phase {
                    Phase::Keeping if self.kept.is_none() => self.store(),
                    _ => Vec::new(),
                }
            }
            // Enter was pressed twice.
            Came::Opened(_) if !self.unlocking && self.phase != Phase::Safe => Vec::new(),
            Came::Opened(Ok(())) => {
                self.file_is_open = true;
                match self.unlocking {
                    true => vec![Deed::Done],
                    false => self.keep(),
                }
            }
            Came::Opened(Err(why)) | Came::Kept(Err(why)) => {
                self.said = Some(why);
                if self.phase == Phase::Keeping {
                    self.phase = Phase::Broken;
                    self.field = Field::Password;
                }
                Vec::new()
            }
            Came::Kept(Ok(kept)) => {
                self.kept = Some(kept);
                self.phase = Phase::Done;
                Vec::new()
            }
        }
    }

    fn found(&mut self, found: Found) -> Vec<Deed> {
        match found {
            Found::Looking(whom) => self.looking = Some(whom),
            Found::Proposal(proposal) => {
                // What was agreed to was another.
                if self.phase == Phase::Asking {
                    self.found = Some(proposal);
                }
            }
            Found::Done(why) => {
                self.looking = None;
                if self.found.is_none() && self.phase == Phase::Asking {
                    let why = why.unwrap_or_else(|| "No servers were found.".to_owned());
                    let why = why.trim_end_matches('.');
                    self.said = Some(format!("{why}. ctrl-e names servers by hand."));
                    self.hurried = false;
                }
            }
        }
        match self.hurried && self.found.is_some() && self.phase == Phase::Asking {
            true => self.go_on(),
            false => Vec::new(),
        }
    }

    fn tried(&mut self, tried: Tried) -> Vec<Deed> {
        match tried {
            Tried::Check(Check { step, state }) => {
                self.checks.insert(step, state);
                Vec::new()
            }
            Tried::Newest(newest) => {
                self.glimpses = newest;
                Vec::new()
            }
            Tried::Done(Some(account)) => {
                self.works = Some(account);
                self.store()
            }
            Tried::Done(None) => {
                self.phase = Phase::Broken;
                self.field = match self.mend() {
                    Some(Mend::Server) if self.by_hand.is_some() => Field::Imap,
                    _ => Field::Password,
                };
                Vec::new()
            }
        }
    }

    /// Keeps the account where there is a place for its password, else asks for one.
    fn store(&mut self) -> Vec<Deed> {
        match self.keyring {
            // It is still being asked: that may take as long as the user unlocks it.
            None => {
                self.phase = Phase::Keeping;
                Vec::new()
            }
            Some(true) => self.keep(),
            Some(false) if self.file_is_open => self.keep(),
            Some(false) => {
                self.phase = Phase::Safe;
                self.field = Field::Passphrase;
                Vec::new()
            }
        }
    }

    /// What is to be changed about what failed.
    pub fn mend(&self) -> Option<Mend> {
        self.checks.values().find_map(|state| match state {
            State::Failed { mend, .. } => Some(*mend),
            _ => None,
        })
    }
}
