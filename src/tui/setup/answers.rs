//! What the setting up makes of answers: servers that were found, steps that were tried, a store that
//! can be used or not, and an account that was written down.

use super::deeds::{Came, Deed, Phase};
use super::form::Field;
use super::wizard::Wizard;
use crate::lang::{tr, trc};
use crate::model::setup::{Check, Found, Mend, State, Tried};

impl Wizard {
    /// Takes an answer.
    pub fn came(&mut self, came: Came) -> Vec<Deed> {
        match came {
            Came::Found(serial, found) if serial == self.serial => self.found(found),
            Came::Tried(serial, tried) if serial == self.serial => self.tried(tried),
            Came::Found(..) | Came::Tried(..) => Vec::new(),
            Came::Provider(serial, known) => self.known(serial, known),
            Came::Step(serial, step) => self.stepped(serial, step),
            Came::Signed(serial, brought) => self.signed(serial, brought),
            Came::Keyring(works) => {
                let waited = self.waits_for_store();
                self.keyring = Some(works);
                match waited {
                    true => self.store(),
                    false => Vec::new(),
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
            Came::Unopened(why) => {
                if let Some(signing) = &mut self.signing {
                    signing.add(why);
                }
                Vec::new()
            }
            Came::Opened(Err(why)) | Came::Kept(Err(why)) => {
                self.said = Some(why);
                self.writing = false;
                if self.phase == Phase::Keeping {
                    self.phase = Phase::Broken;
                    self.stand(Field::Password);
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
                    let why = why.unwrap_or_else(|| tr!("No servers were found.").to_owned());
                    let whole = why.ends_with(['.', '?', '。', '？']);
                    let dot = if whole { "" } else { trc!("set-up", ".") };
                    let next = match &self.meant {
                        Some(domain) => tr!(
                            "ctrl-t takes {domain}; ctrl-e names servers by hand.",
                            domain
                        ),
                        None => tr!("ctrl-e names servers by hand.").to_owned(),
                    };
                    self.said = Some(format!("{why}{dot} {next}"));
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
                match self.mend() {
                    Some(Mend::Server) if self.by_hand.is_some() => self.stand(Field::Imap),
                    Some(_) => self.stand(Field::Password),
                    // No step says why.
                    None => {
                        self.stand(Field::Password);
                        self.said = Some(tr!("It broke off; enter tries it again.").to_owned());
                    }
                }
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
