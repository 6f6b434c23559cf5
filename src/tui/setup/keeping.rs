//! The end of the setting up: where the secret of an account that works has a place, and that it is
//! written down.

use super::deeds::{Deed, Phase};
use super::form::Field;
use super::wizard::Wizard;
use crate::lang::tr;
use crate::model::Secret;
use crate::model::setup::Keeping;

impl Wizard {
    /// Whether the secret store has not answered yet, and nothing is written before it does.
    pub fn waits_for_store(&self) -> bool {
        self.phase == Phase::Keeping && !self.writing
    }

    /// Keeps the account where there is a place for its secret, else asks for one.
    pub(super) fn store(&mut self) -> Vec<Deed> {
        // What a sign-in with a browser brings goes into the file where there is one.
        let in_file = self.by_browser() && self.file_is_there;
        match (in_file, self.keyring) {
            (true, _) | (_, Some(false)) if self.file_is_open => self.keep(),
            (true, _) | (_, Some(false)) => {
                self.phase = Phase::Safe;
                self.field = Field::Passphrase;
                Vec::new()
            }
            (false, Some(true)) => self.keep(),
            // It is still being asked: that may take as long as the user unlocks it.
            (false, None) => {
                self.phase = Phase::Keeping;
                Vec::new()
            }
        }
    }

    /// Takes the passphrase of the encrypted file, or goes on without.
    pub(super) fn passphrase(&mut self) -> Vec<Deed> {
        let [first, again] = &self.phrases;
        let typed = first.text();
        if typed.is_empty() && self.unlocking {
            return vec![Deed::Leave];
        }
        if typed.is_empty() && self.says.is_some() {
            let why = tr!("What keeps you signed in has to lie somewhere: a passphrase, please.");
            self.said = Some(why.to_owned());
            return Vec::new();
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
                self.said = Some(tr!("These are two different ones.").to_owned());
                return Vec::new();
            }
        }
        vec![Deed::Open(Secret::new(typed.to_owned()))]
    }

    /// Has the account written down that works.
    pub(super) fn keep(&mut self) -> Vec<Deed> {
        let Some(account) = self.works.clone() else {
            return Vec::new();
        };
        (self.phase, self.writing) = (Phase::Keeping, true);
        let typed = Secret::new(self.password.text().to_owned());
        let secret = self.brought.as_ref().map_or(typed, |b| b.refresh.clone());
        vec![Deed::Keep(Box::new(Keeping {
            account: *account,
            secret,
            client_secret: self.client_secret(),
        }))]
    }
}
