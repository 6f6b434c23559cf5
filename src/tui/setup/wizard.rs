//! What the setting up of an account knows and does next: keys and answers in, things to do out. No
//! clock, no thread, no terminal. Nothing secret goes anywhere before the user agreed to the servers,
//! and nothing is written before everything worked.

use crate::lang::tr;
use crate::model::setup::Brought;
use crate::model::setup::{Glimpse, Kept, Mend, Proposal, State, Step};
use crate::model::{Account, OAuth, Secret, SignInBy, is_mailbox};
use crate::tui::key;
use crate::tui::screen::sign_in::SignIn;
use crate::tui::setup::deeds::{Deed, Phase};
use crate::tui::setup::form::{ByHand, Field};
use crate::tui::widget::line_edit::{Edit, LineEdit};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that the screen shows.
#[derive(Debug)]
pub struct Wizard {
    /// Where it stands.
    pub phase: Phase,
    /// Whether there are accounts already: then no demo is offered.
    pub further: bool,
    /// The programs whose configuration can be taken over.
    pub others: Vec<&'static str>,
    /// The address.
    pub address: LineEdit,
    /// The password.
    pub password: LineEdit,
    /// Whether it is shown.
    pub revealed: bool,
    /// The full name.
    pub name: LineEdit,
    /// What the provider calls this program, and the secret that goes with it.
    pub client: [LineEdit; 2],
    /// The sign-in at the provider's page.
    pub signing: Option<SignIn>,
    /// Whether what is set up is for real, and leads out of the demo.
    pub leaves_demo: bool,
    /// A domain that was perhaps meant.
    pub meant: Option<String>,
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
    pub(super) keyring: Option<bool>,
    pub(super) file_is_open: bool,
    pub(super) works: Option<Box<Account>>,
    /// How one signs in with a browser, where the user does.
    pub(super) says: Option<OAuth>,
    pub(super) brought: Option<Brought>,
    /// The hosts that the provider was asked about: what is brought goes to no others.
    pub(super) asked_of: BTreeSet<String>,
    /// Whether the user chose the provider's page where a password would do, and which way there.
    pub(super) wish: bool,
    pub(super) by: SignInBy,
    /// The client's secret, where another account keeps it.
    pub(super) lent: Option<Secret>,
    /// Whether the client that is shown was known, and something may be missing of it.
    pub(super) filled: bool,
    /// Whether it is being written down.
    pub(super) writing: bool,
    pub(super) agreed: bool,
    pub(super) hurried: bool,
    pub(super) serial: u64,
}

impl Wizard {
    /// The number of the next question; answers to those before it are not listened to.
    pub(super) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Whether the user agreed to the servers.
    pub(super) fn has_agreed(&self) -> bool {
        self.agreed
    }

    /// At the beginning.
    pub fn new(further: bool, file_is_there: bool, file_is_open: bool) -> Wizard {
        Wizard {
            phase: Phase::Asking,
            further,
            others: Vec::new(),
            address: LineEdit::default(),
            password: LineEdit::default(),
            revealed: false,
            name: LineEdit::default(),
            client: [LineEdit::default(), LineEdit::default()],
            signing: None,
            leaves_demo: false,
            meant: None,
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
            says: None,
            brought: None,
            asked_of: BTreeSet::new(),
            wish: false,
            by: SignInBy::Best,
            lent: None,
            filled: false,
            writing: false,
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

    /// Whether what another program has can be taken over: nothing was typed yet.
    pub fn may_take_over(&self) -> bool {
        self.phase == Phase::Asking && self.email().is_empty() && !self.others.is_empty()
    }

    fn is_address(&self) -> bool {
        let email = self.email();
        let parts = email.rsplit_once('@');
        parts.is_some_and(|(local, domain)| {
            // What the configuration would not take at the end is told before anything is tried.
            let one = is_mailbox(email) && !local.contains('@');
            one && domain.contains('.') && !domain.ends_with('.')
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
                let browser = self.says.is_some();
                if (self.phase != Phase::Asking || self.by_hand.is_some()) && !browser {
                    all.push(Field::Password);
                }
                if self.phase == Phase::Password {
                    all.push(Field::Name);
                }
                all
            }
            Phase::Client => vec![
                Field::Address,
                Field::Client,
                Field::ClientSecret,
                Field::Name,
            ],
            Phase::Safe if self.file_is_there => vec![Field::Passphrase],
            Phase::Safe => vec![Field::Passphrase, Field::Again],
            _ => Vec::new(),
        }
    }

    /// The line of a field.
    pub fn line(&self, field: Field) -> Option<&LineEdit> {
        let ([first, again], [id, secret]) = (&self.phrases, &self.client);
        Some(match field {
            Field::Address => &self.address,
            Field::Password => &self.password,
            Field::Name => &self.name,
            Field::Client => id,
            Field::ClientSecret => secret,
            Field::Imap => &self.by_hand.as_ref()?.imap,
            Field::Smtp => &self.by_hand.as_ref()?.smtp,
            Field::User => &self.by_hand.as_ref()?.user,
            Field::Passphrase => first,
            Field::Again => again,
            Field::ImapSecurity | Field::SmtpSecurity => return None,
        })
    }

    fn line_mut(&mut self) -> Option<&mut LineEdit> {
        let ([first, again], [id, secret]) = (&mut self.phrases, &mut self.client);
        Some(match self.field {
            Field::Address => &mut self.address,
            Field::Password => &mut self.password,
            Field::Name => &mut self.name,
            Field::Client => id,
            Field::ClientSecret => secret,
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
        // No key here is one that only kitty's protocol tells apart.
        let older = key::older(key);
        let key = older.as_ref().unwrap_or(key);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if self.phase == Phase::Browser {
            return self.signing_key(key);
        }
        match (key.code, control) {
            (KeyCode::Esc, _) | (KeyCode::Char('c'), true) => return self.escape(),
            (KeyCode::Char('r'), true) => {
                self.revealed = !self.revealed;
                return Vec::new();
            }
            (KeyCode::Char('e'), true) if !self.fields().is_empty() => return self.edit(),
            (KeyCode::Char('t'), true) if self.may_take_meant() => return self.take_meant(),
            (KeyCode::Char('o'), true) if self.may_browse() => {
                return self.browse(SignInBy::Best);
            }
            (KeyCode::Char('d'), true) if !self.further && self.phase == Phase::Asking => {
                return vec![Deed::Demo];
            }
            (KeyCode::Char('g'), true) if self.may_take_over() => return vec![Deed::TakeOver],
            _ => {}
        }
        match self.phase {
            Phase::Agreeing => match key.code {
                KeyCode::Char('y' | 'Y') => {
                    self.agreed = true;
                    self.go_on()
                }
                KeyCode::Char('t' | 'T') if self.meant.is_some() => self.take_meant(),
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
        if let (Phase::Browser, Some(signing)) = (self.phase, &self.signing) {
            return signing.paste(text).map(Deed::Word).into_iter().collect();
        }
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

    /// Puts the cursor into this field; where it is not shown, into the last one that is.
    pub(super) fn stand(&mut self, field: Field) {
        let all = self.fields();
        let last = || all.last().copied().unwrap_or(Field::Address);
        self.field = all
            .iter()
            .copied()
            .find(|f| *f == field)
            .unwrap_or_else(last);
    }

    /// Whether a domain was perhaps meant, and this is the moment to take it.
    fn may_take_meant(&self) -> bool {
        self.meant.is_some() && matches!(self.phase, Phase::Asking | Phase::Agreeing)
    }

    /// Another address has other servers, and what was said of its provider is for nobody else.
    pub(super) fn changed(&mut self, changed: bool) -> Vec<Deed> {
        if !changed {
            return Vec::new();
        }
        self.said = None;
        if self.field != Field::Address {
            return Vec::new();
        }
        self.phase = Phase::Asking;
        (self.found, self.by_hand) = (None, None);
        (self.meant, self.says, self.brought) = (None, None, None);
        (self.agreed, self.hurried, self.wish) = (false, false, false);
        (self.lent, self.client) = (None, [LineEdit::default(), LineEdit::default()]);
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
            self.said = Some(tr!("An address looks like you@example.org.").to_owned());
            return Vec::new();
        }
        if self.goes_through_fields() {
            self.step(1);
            return Vec::new();
        }
        match self.phase {
            Phase::Client if self.field == Field::Client => {
                self.step(1);
                Vec::new()
            }
            Phase::Client => self.sign_in(self.by),
            _ => self.go_on(),
        }
    }

    /// Whether enter goes to the next field: through those of the servers until the password is
    /// reached. Once a trial failed, whatever was put right is tried at once.
    pub(super) fn goes_through_fields(&self) -> bool {
        let last = self.is_past_servers() || self.fields().last() == Some(&self.field);
        self.by_hand.is_some() && !last && self.phase != Phase::Broken
    }

    fn is_past_servers(&self) -> bool {
        matches!(self.field, Field::Password | Field::Name)
    }

    /// As far as it goes with what is known.
    pub(super) fn go_on(&mut self) -> Vec<Deed> {
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
        if wanted.must_ask() && !self.agreed {
            self.phase = Phase::Agreeing;
            return Vec::new();
        }
        if self.wants_page(&wanted) {
            return match (&self.says, &self.brought) {
                (Some(_), Some(_)) if self.mend() != Some(Mend::SignIn) => self.attempt(),
                _ => self.browse(SignInBy::Best),
            };
        }
        let there = self.phase == Phase::Broken || self.is_past_servers();
        if self.password.is_empty() || !there {
            if self.phase == Phase::Asking || self.phase == Phase::Agreeing {
                self.phase = Phase::Password;
            }
            self.field = Field::Password;
            return Vec::new();
        }
        self.attempt()
    }

    /// Lets the user say the servers.
    fn edit(&mut self) -> Vec<Deed> {
        if self.phase == Phase::Safe || !self.is_address() {
            return Vec::new();
        }
        if self.by_hand.is_none() {
            self.by_hand = Some(ByHand::of(self.found.as_deref(), self.email()));
        }
        // Who is not signed in yet chooses anew how to.
        if self.brought.is_none() || self.mend() == Some(Mend::SignIn) {
            (self.says, self.lent, self.brought) = (None, None, None);
            self.wish = false;
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
                self.stand(Field::Password);
                self.serial += 1;
                vec![Deed::Cancel]
            }
            Phase::Client => self.leave_client(),
            Phase::Done => vec![Deed::Done],
            // Nothing is being written: the secret store is waited for.
            Phase::Keeping if self.waits_for_store() => vec![Deed::Cancel, Deed::Leave],
            // What is being written down is written down.
            Phase::Keeping => Vec::new(),
            _ => vec![Deed::Cancel, Deed::Leave],
        }
    }
}
