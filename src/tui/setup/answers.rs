//! What the setting up makes of answers: servers that were found, steps that were tried, a store that
//! can be used or not, and an account that was written down.

use super::deeds::{Came, Deed, Phase};
use super::form::Field;
use super::wizard::Wizard;
use crate::model::setup::{Check, Found, Mend, State, Tried};

impl Wizard {
    /// Takes an answer.
    pub fn came(&mut self, came: Came) -> Vec<Deed> {
        match came {
            Came::Found(serial, found) if serial == self.serial => self.found(found),
            Came::Tried(serial, tried) if serial == self.serial => self.tried(tried),
            Came::Found(..) | Came::Tried(..) => Vec::new(),
            Came::Step(serial, step) => self.stepped(serial, step),
            Came::Signed(serial, brought) => self.signed(serial, brought),
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
                    self.meant.clone_from(&proposal.meant);
                    self.found = Some(proposal);
                }
            }
            Found::Meant(domain) => self.meant = Some(domain),
            Found::Done(why) => {
                self.looking = None;
                if self.found.is_none() && self.phase == Phase::Asking {
                    let why = why.unwrap_or_else(|| "No servers were found.".to_owned());
                    let dot = if why.ends_with(['.', '?']) { "" } else { "." };
                    let take = self.meant.as_ref();
                    let take = take.map_or_else(String::new, |d| format!(" ctrl-t takes {d};"));
                    self.said = Some(format!("{why}{dot}{take} ctrl-e names servers by hand."));
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
