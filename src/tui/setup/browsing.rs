//! The part of the setting up that goes through a browser: at the provider's own page in place of a
//! password, as `account sign-in` does it, and nothing is kept before everything worked.

use super::deeds::{Deed, Phase};
use super::form::Field;
use super::wizard::Wizard;
use crate::lang::tr;
use crate::model::setup::{AtProvider, Brought, Proposal};
use crate::model::{
    AccountName, Auth, ClientSecret, OAuth, Secret, SecretSource, SignInBy, SignInStep,
};
use crate::tui::effect::Effect;
use crate::tui::screen::sign_in::{Outcome, SignIn};
use crossterm::event::KeyEvent;
use std::collections::BTreeSet;

fn hosts(proposal: &Proposal) -> BTreeSet<String> {
    let all = proposal.imap.iter().chain(&proposal.smtp);
    all.map(|end| end.host.to_ascii_lowercase()).collect()
}

impl Wizard {
    /// The servers that are meant: those that were typed, else those that were found.
    fn wanted(&self) -> Option<Proposal> {
        match &self.by_hand {
            Some(by_hand) => by_hand.proposal().ok(),
            None => self.found.as_deref().cloned(),
        }
    }

    /// What the provider is called where one signs in with a browser.
    pub fn provider(&self) -> Option<&str> {
        let found = self.found.as_ref().and_then(|f| f.provider.as_deref());
        found.or_else(|| self.says.as_ref().map(|says| says.provider.as_str()))
    }

    /// Whether one signs in at the provider's page, as far as is known now.
    pub fn by_browser(&self) -> bool {
        self.says.is_some()
    }

    /// Whether the provider has a page to sign in at, and this is the moment to go there.
    pub fn may_browse(&self) -> bool {
        let before = matches!(
            self.phase,
            Phase::Asking | Phase::Password | Phase::Broken | Phase::Client
        );
        before && self.found.as_ref().is_some_and(|f| f.browser().is_some())
    }

    /// Whether the way goes over the provider's page, to these servers.
    pub(super) fn wants_page(&self, wanted: &Proposal) -> bool {
        let wish = self.wish && self.found.as_ref().is_some_and(|f| f.browser().is_some());
        wish || self.says.is_some() || !wanted.takes_password()
    }

    /// Goes to the provider's page: asks first what is known of it.
    pub(super) fn browse(&mut self, by: SignInBy) -> Vec<Deed> {
        let word = self.found.as_ref().and_then(|f| f.browser());
        let (Some(word), Some(wanted)) = (word.map(str::to_owned), self.wanted()) else {
            return Vec::new();
        };
        self.wish = true;
        // Who is sent there by a list that nobody vouches for agrees to its servers first.
        if self.found.as_ref().is_some_and(|f| f.must_ask()) && !self.has_agreed() {
            self.phase = Phase::Agreeing;
            return Vec::new();
        }
        let serial = self.next();
        let shown = AccountName(self.email().to_owned());
        self.signing = Some(SignIn::new(shown, serial));
        (self.phase, self.said, self.by) = (Phase::Browser, None, by);
        (self.says, self.lent, self.brought) = (None, None, None);
        self.asked_of = hosts(&wanted);
        let servers = wanted.imap.into_iter().chain(wanted.smtp);
        vec![Deed::Provider(serial, word, servers.collect())]
    }

    /// Takes what is known of the provider: signs in, or asks first what it calls this program, where
    /// nobody said that yet.
    pub(super) fn known(
        &mut self,
        serial: u64,
        came: Result<Box<AtProvider>, String>,
    ) -> Vec<Deed> {
        let Some(signing) = self.signing.as_mut().filter(|s| s.serial == serial) else {
            return Vec::new();
        };
        let at = match came {
            Ok(at) => *at,
            Err(why) => {
                signing.failed(why);
                return Vec::new();
            }
        };
        (self.says, self.lent) = (Some(at.says), at.secret);
        match at.whole {
            true => self.sign_in(self.by),
            false => self.ask_client(),
        }
    }

    /// Asks what the provider calls this program; what is known of that stands there.
    fn ask_client(&mut self) -> Vec<Deed> {
        let [id, _] = &mut self.client;
        if let Some(says) = &mut self.says {
            let known = std::mem::take(&mut says.client_id);
            self.filled = !known.is_empty();
            if id.is_empty() {
                id.set(&known);
            }
        }
        self.field = match id.is_empty() {
            true => Field::Client,
            false => Field::ClientSecret,
        };
        (self.phase, self.signing) = (Phase::Client, None);
        Vec::new()
    }

    /// Leaves the question for the client: there may be another way to sign in.
    pub(super) fn leave_client(&mut self) -> Vec<Deed> {
        (self.says, self.lent, self.wish) = (None, None, false);
        (self.phase, self.field) = (Phase::Asking, Field::Address);
        self.said = None;
        self.next();
        vec![Deed::Cancel]
    }

    /// The secret of the registered client, as it was typed, else as another account has it.
    pub(super) fn client_secret(&self) -> Option<Secret> {
        let [_, secret] = &self.client;
        let typed = secret.text().trim();
        let typed = (!typed.is_empty()).then(|| Secret::new(typed.to_owned()));
        typed.or_else(|| self.lent.clone())
    }

    /// What the account will say of its provider.
    fn says(&self) -> Option<OAuth> {
        let mut says = self.says.clone()?;
        let [id, _] = &self.client;
        if says.client_id.is_empty() {
            id.text().trim().clone_into(&mut says.client_id);
        }
        if self.client_secret().is_some() {
            says.client_secret = ClientSecret::Kept;
        }
        Some(says)
    }

    /// Signs in at the provider's page.
    pub(super) fn sign_in(&mut self, by: SignInBy) -> Vec<Deed> {
        let (Some(wanted), Some(says)) = (self.wanted(), self.says()) else {
            return Vec::new();
        };
        if says.client_id.is_empty() {
            self.said = Some(tr!(
                "{provider} has to know this program: docs/oauth.md says how to register it, which takes five minutes.",
                provider = says.provider
            ));
            return self.ask_client();
        }
        let serial = self.next();
        let shown = AccountName(self.email().to_owned());
        self.signing = Some(SignIn::new(shown, serial));
        (self.phase, self.said) = (Phase::Browser, None);
        self.brought = None;
        let mut attempt = wanted.attempt(self.email(), "", Secret::new(String::new()));
        attempt.account.secret = SecretSource::OAuth(Box::new(says));
        attempt.account.auth = Auth::OAuth;
        let account = Box::new(attempt.account);
        vec![Deed::SignIn(serial, account, self.client_secret(), by)]
    }

    /// A key while the provider's page is waited for.
    pub(super) fn signing_key(&mut self, key: &KeyEvent) -> Vec<Deed> {
        let Some(signing) = &mut self.signing else {
            return Vec::new();
        };
        match signing.update(key) {
            Outcome::Stay => Vec::new(),
            Outcome::Anew(by) if self.says.is_none() => self.browse(by),
            Outcome::Anew(by) => self.sign_in(by),
            Outcome::Do(Effect::Copy(text)) => vec![Deed::Copy(text)],
            Outcome::Do(Effect::OpenUrl(url)) => vec![Deed::OpenUrl(url)],
            Outcome::Do(_) => Vec::new(),
            Outcome::Left(_) => self.left(),
        }
    }

    /// The sign-in was left: the next key decides anew where a password will do, too.
    fn left(&mut self) -> Vec<Deed> {
        self.next();
        (self.signing, self.says, self.lent) = (None, None, None);
        (self.phase, self.field) = (Phase::Asking, Field::Address);
        self.wish = false;
        let said = match self.wanted().is_some_and(|w| w.takes_password()) {
            true => tr!("The sign-in was left; ctrl-o begins it anew, enter asks for a password."),
            false => tr!("The sign-in was left; enter begins it anew."),
        };
        self.said = Some(said.to_owned());
        vec![Deed::Cancel]
    }

    /// Takes what is to be done at the page.
    pub(super) fn stepped(&mut self, serial: u64, step: SignInStep) -> Vec<Deed> {
        let signing = self.signing.as_mut().filter(|s| s.serial == serial);
        if let Some(signing) = signing {
            signing.step(step);
        }
        Vec::new()
    }

    /// Takes what came of it.
    pub(super) fn signed(&mut self, serial: u64, came: Result<Brought, String>) -> Vec<Deed> {
        let Some(signing) = self.signing.as_mut().filter(|s| s.serial == serial) else {
            return Vec::new();
        };
        match came {
            Ok(brought) => {
                self.brought = Some(brought);
                self.signing = None;
                self.attempt()
            }
            Err(why) => {
                signing.failed(why);
                Vec::new()
            }
        }
    }

    /// Tries what is known: servers, and a password or what the sign-in brought.
    pub(super) fn attempt(&mut self) -> Vec<Deed> {
        let Some(wanted) = self.wanted() else {
            return Vec::new();
        };
        // What the page brought was for the servers that were told to it.
        if self.brought.is_some() && !hosts(&wanted).is_subset(&self.asked_of) {
            return self.browse(self.by);
        }
        self.phase = Phase::Trying;
        self.revealed = false;
        self.checks.clear();
        self.glimpses.clear();
        let typed = Secret::new(self.password.text().to_owned());
        let secret = self.brought.as_ref().map_or(typed, |b| b.access.clone());
        let name = self.name.text().trim().to_owned();
        let mut attempt = wanted.attempt(self.email(), &name, secret);
        if let (Some(says), Some(_)) = (self.says(), &self.brought) {
            attempt.account.secret = SecretSource::OAuth(Box::new(says));
            attempt.account.auth = Auth::OAuth;
        }
        vec![Deed::Try(self.next(), Box::new(attempt))]
    }

    /// Takes the domain that was perhaps meant into the address.
    pub(super) fn take_meant(&mut self) -> Vec<Deed> {
        let Some(meant) = self.meant.take() else {
            return Vec::new();
        };
        let local = self.email().rsplit_once('@').map_or("", |(local, _)| local);
        let address = format!("{local}@{meant}");
        self.address.set(&address);
        self.field = Field::Address;
        self.changed(true)
    }
}
